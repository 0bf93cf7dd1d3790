#include "cell/manual.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cell/config_internal.h"

/* Those of 1.15, by its --help, and of later releases, by its CHANGELOG.md up to 1.20. */
const char manual_hyperfine[] =
    "--warmup NUM  # --warmup N\n"
    "--min-runs NUM, --max-runs NUM  # --repeat N: how many is decided beforehand, since a number that follows from "
    "the times biases them; tare plan-size tells how many are enough, and tare matrix --until-precise adds whole "
    "blocks\n"
    "--runs NUM  # --repeat N\n"
    "--setup CMD, --cleanup CMD  # the line before tare exec, and the line after it: hyperfine runs them once a "
    "command, and the commands here are run by turns\n"
    "--prepare CMD  # --prepare COMMAND, before every invocation of every command\n"
    "--conclude CMD  # --cleanup COMMAND, after every invocation\n"
    "--parameter-scan VAR MIN MAX, --parameter-step-size DELTA  # --parameter VAR=MIN..MAX..DELTA\n"
    "--parameter-list VAR VALUES  # --parameter VAR=VALUES\n"
    "--shell SHELL  # --shell PROGRAM with --command; its start is not subtracted: what is not measured is not "
    "guessed\n"
    "-N  # the usual way here: a command behind the options has no shell\n"
    "--ignore-failure  # --ignore-failure, of every exit status, and of these alone\n"
    "--time-unit UNIT  # the table takes ms or s by itself, --export has seconds\n"
    "--export-csv FILE, --export-json FILE, --export-markdown FILE  # --export FILE, by the name's end .csv, .json or "
    ".md\n"
    "--export-asciidoc FILE, --export-orgmode FILE  # --export FILE.md or FILE.csv, which pandoc(1) turns into them\n"
    "--show-output  # --output inherit\n"
    "--output WHERE  # --output WHERE; what goes to standard error follows it; in place of pipe: --command 'CMD | "
    "cat'\n"
    "--input WHERE  # standard input: < FILE, which every invocation gets whole; at a terminal they get nothing\n"
    "--command-name NAME  # --name NAME\n"
    "--reference CMD, --reference-name NAME  # the first command is what the others are compared with\n"
    "--sort METHOD  # the table has the order that the commands were given in\n"
    "--style TYPE  # --color WHEN, --quiet, and NO_COLOR\n";

bool manual_answers_hyperfine(const char *option, char *ret, size_t cap)
{
    cleanup_free char *asked = text_printf("--%s ", option);
    for (const char *line = manual_hyperfine, *end; *line; line = end + 1) {
        end = strchr(line, '\n');
        const char *at = strstr(line, asked), *answer = strstr(line, "  # ");
        if (!at || at > answer || strncmp(answer, "  # --", 6) != 0)
            continue;
        answer += 6;
        text_format(ret, cap, "%.*s", (int)strcspn(answer, " ,;"), answer);
        return true;
    }
    return false;
}

const struct manual manuals[] = {
    {CONFIG_RUN, "run", "SCENARIO", "one cell in its slice: its text and its record", "tare run SCENARIO [OPTION]...\n",
     "Runs one cell in a fresh slice, prints it and writes its record. SCENARIO is the name of one that came with "
     "tare, or the path of a folder with a scenario.yml. Without a scenario: lists them; with one before --help: tells "
     "its own options too.\n",
     "tare run scenario1 --mode processes --mp-start spawn  # what spawned workers cost\n"
     "tare run scenario1 --profile memory --json r.json  # memory, with its record\n"
     "tare run scenario1 --runtime .venv/bin/python  # a venv's interpreter, with its packages\n"
     "tare run ./f --profile growth --until-slope 1%/1000  # how memory grows, of what 'tare bench' kept\n"
     "tare run scenario1 --isolation strict  # a full slice, or exit 3 before anything runs\n"},
    {CONFIG_EXEC, "exec", "-- COMMAND", "the same for any commands, beside each other",
     "tare exec [OPTION]... [--] COMMAND [ARG]... [-- COMMAND [ARG]...]...\n"
     "tare exec [OPTION]... --command STRING [--command STRING]...\n",
     "Runs each command in a fresh slice. The standard input is the caller's. Of one command standard output and error "
     "are, too, and its exit status is tare's (128+n where signal n ended it); a summary goes to standard error.\n\n"
     "Several commands, which '--' parts, are run in blocks of one invocation each, shuffled, so that what drifts "
     "meanwhile meets all of them alike. Each is compared with the first by the ratio of the geometric means within "
     "the blocks; the 95% intervals of all comparisons hold together. Below 5 blocks there is no interval. The time is "
     "from exec to the end, a shell's start too.\n\n"
     "The first invocation that fails is the last, unless --ignore-failure is given. Exit 4: --timeout, --memory-max "
     "or --pids-max ended it, or it left processes behind. With --repeat or --warmup each invocation gets the whole of "
     "standard input: a file, or up to 256 MiB of a pipe; of a terminal they get nothing, as from /dev/null. --json "
     "FILE is for one invocation: the records of several go to --out DIR.\n\n"
     "--prepare and --cleanup run outside of the slice; what they print goes to standard error, what they leave in the "
     "background is not waited for, and a signal ends them as it ends a command. Once --prepare has succeeded "
     "--cleanup runs, whether or not the command could be started, ended well or was interrupted. A limit that was "
     "asked for and that the host could not give is said after the summary (--isolation strict refuses to run). "
     "Without --json and --out nothing is looked at that nobody will read, and the runner stays in its own cgroup, so "
     "that it starts in a few milliseconds.\n\n"
     "A command sees a /tmp, /dev/shm and /run of its own. --rw PATH shows it what is there, as --confine off does "
     "everything.\n",
     "tare exec --repeat 20 --warmup 2 --out records -- ./bench  # twenty records\n"
     "tare exec --memory-max 512M -- python3 job.py  # ended above 512 MiB\n"
     "tare exec --repeat 20 -- ./old -- ./new  # which is faster, by how much\n"
     "tare exec --parameter n=1..8 --export n.csv -- ./bench '{n}'  # each of eight values\n"
     "tare exec --command 'sort f | uniq' --command 'sort -u f'  # two shell lines\n"},
    {CONFIG_BENCH, "bench", "FUNCTION", "threads or processes for a Python function of yours",
     "tare bench FILE.py:FUNCTION [OPTION]...\ntare bench MODULE:FUNCTION [OPTION]...\n",
     "Calls the function in every mode with every number of workers, in blocks of one invocation each, shuffled, each "
     "in a fresh slice, and says how many calls a second each makes, how much faster more workers are, what memory "
     "each mode takes, and which mode wins here, by how much. MODULE is looked for in the working folder and among the "
     "interpreter's packages.\n\n"
     "An iteration is one call of each worker (--calls: more). What the calls return goes back to the caller inside "
     "the clock. A function 'setup' of the module, which takes nothing, is called before the clock: once in the "
     "process that starts the workers, in its fork server and in each worker of a pool; a fresh interpreter, and a "
     "spawned process, calls it on its own clock, as it imports the module.\n\n"
     "The function is called beforehand, for 0.2 s and 20 times at most and once at least, in a slice with the same "
     "limits and confinement: what fails there is told with its traceback, and 'a call takes' is the shortest of them. "
     "What it imports and opens below its module's folder is copied into a scenario's folder, in which it then runs; "
     "that folder is its working folder.\n",
     "tare bench mypkg/work.py:encode --workers 1,2,4 --python .venv/bin/python --arg size=1000000  # packages of a "
     "venv\n"
     "tare bench mymodule:work --modes threads,processes,interpreters --lifecycle pool  # workers that are kept\n"
     "tare bench work.py:f --mp-start forkserver,spawn --modes processes  # what a start method costs\n"
     "tare bench work.py:f --keep f  # a scenario to go on from, also for how its memory grows\n"},
    {CONFIG_SCALE, "scale", "SCENARIO", "how threads scale, and where their speed-up is lost",
     "tare scale SCENARIO [OPTION]... [--KNOB VALUE]...\ntare scale FILE.py:FUNCTION [OPTION]...\ntare scale "
     "MODULE:FUNCTION [OPTION]...\n",
     "Runs the scenario, or calls the function, with 1, 2, 4, ... workers in every mode, on the same CPUs and one "
     "interpreter, in blocks of one invocation each, shuffled, each in a fresh slice. Prints how many workers' worth "
     "of work each mode does, and takes apart what threads lose:\n\n"
     "ceiling: what independent processes of the same work lose too: memory bandwidth, frequency, SMT siblings, too "
     "few CPUs. sharing tax: what threads lose beyond processes; by the fit of the universal scalability law (Gunther "
     "2007), from four numbers of workers on and where it holds, of it serial: what one thread does at a time; and "
     "coherency: what each has to settle with each other. start: creating and joining the threads, as the same program "
     "tells it with nothing to do in its workers, run in the same blocks, of each mode and number of workers (a "
     "scenario without a knob for that: scenario0, and the text says so). What is got and the parts add up to the "
     "number of threads, exactly; intervals hold together in 95 of 100.\n\n"
     "Where the processes of a scenario share something, too (scenario2, scenario3), the ceiling is what they lose by "
     "that. An invocation of a scenario has 50 iterations at most, if --iterations says nothing else.\n\n"
     "A scenario's knobs are options. So are those of a function: --calls N of each worker in an iteration (without it "
     "as many as take 0.1 s, so that starting is the smaller part), --lifecycle pool (workers that are there already), "
     "and --results returned (what the calls return goes to the caller, inside the clock; without it they are "
     "discarded).\n",
     "tare scale scenario1 --strong work-iters  # the workers share the steps that one would do\n"
     "tare scale work.py:encode --workers 1,2,3,4 --out out/encode  # 'tare report out/encode' draws it\n"
     "tare scale work.py:encode --arg size=12000 --strong size --workers 1,2,3  # they share what size says\n"
     "tare scale scenario4 --python 3.14 --json -  # the same on a build with the GIL\n"
     "tare scale work.py:encode --why --out out/encode  # and which lock, object or line it is that they lose it to\n"},
    {CONFIG_MATRIX, "matrix", "PLAN", "a plan's cells, in random blocks, resumable", "tare matrix PLAN [OPTION]...\n",
     "Runs the plan's cells in blocks of one invocation each, shuffled, each in a fresh slice, writes a record of each "
     "into the plan's folder and prints one table. What is in the folder already is not run again; a folder in place "
     "of PLAN goes on with its own. Options of cells hold for every cell, and override the plan's.\n\n"
     "PLAN is a file (its schema: tare.plan/1) or the name of one that came with tare.\n",
     "tare matrix quick --out out/quick  # every mode once\n"
     "tare matrix quick --dry-run  # what would be run, and for how long\n"
     "tare matrix out/quick  # go on where it was interrupted\n"},
    {CONFIG_BISECT, "bisect", "GOOD BAD", "which interpreter, build or command made it slower",
     "tare bisect [OPTION]... GOOD [NEXT]... BAD -- PLAN\n"
     "tare bisect [OPTION]... --git DIR --build COMMAND GOOD BAD -- PLAN\n"
     "tare bisect [OPTION]... --command GOOD [--command NEXT]... --command BAD\n",
     "Finds the first of a list of which a claim holds against the list's first: first it looks at the last, then at "
     "halves. The list are interpreters in order, as 'tare run --runtime list' shows them or by their paths; commits "
     "of a checkout; or commands. Each step runs the plan's cells with both sides in the same shuffled blocks, looks "
     "at the ratio within the blocks at --invocations a side, at twice as many and so on, and decides once the whole "
     "interval lies on one side of the claim's share, in one cell for bad, in every cell for good.\n\n"
     "--error is the probability of a wrong decision in the whole bisection: it is parted among the steps, the looks "
     "and the cells (Bonferroni). A step that cannot tell with --max-invocations decides nothing: tare says so, and "
     "about how many would do, in another --out. That the list turns from good to bad once is taken for granted.\n\n"
     "What is run is kept: the same command goes on where it was interrupted, and decides by what is there.\n\n"
     "Exit codes: 0 the first bad one was found; 1 the claim does not hold of the last, so there is none; 3 it cannot "
     "tell; 4 a build or an invocation failed.\n",
     "tare bisect 3.13t 3.14t 3.15t -- seed  # since which version\n"
     "tare bisect builds/*/bin/python3 --claim memory:10% --out b -- ./plan.yml  # builds in the shell's order\n"
     "tare bisect 3.13t 3.14t 3.15t --claim growth:64K -- ./leak.yml  # of profile growth: since which it leaks\n"
     "tare bisect --git ~/cpython --build './configure -q && make -j8' v3.14.0 main -- seed  # commits\n"},
    {CONFIG_COMPARE, "compare", "A B", "the ratio B/A of each cell, and the verdict",
     "tare compare [OPTION]... A B\ntare compare --between KEY=A,B [OPTION]... DIR\ntare compare --noise [OPTION]... "
     "A1 [A2]\n",
     "A and B are records, folders of records or a plan's folder. First what the two ran in differs in, then for each "
     "cell the ratio B/A of the geometric means over invocations with its interval, and the verdict that this interval "
     "gives: the same (it lies within the margin; from 15 invocations on), more or less (it leaves 1 out), or that it "
     "cannot tell. The intervals of all rows hold together in 95 of 100 comparisons (Bonferroni), and have this host's "
     "noise in them, if any was measured. Below 5 invocations there is no interval. Where --why left its records on "
     "both sides, a table tells which cause costs less and which more.\n\n"
     "A slope of profile growth can be 0 and below: of those the row has the difference B - A of the arithmetic means, "
     "the same within --growth-margin, more or less where the interval leaves 0 out.\n\n"
     "As the gate of a pull request both sides have to be run by turns on one machine: scripts/ci-gate of tare's "
     "sources does that in a CI job, and ends with 1 where a --fail-if holds.\n",
     "tare compare before after --fail-if slower:2%  # exit 1 where it is shown to be slower\n"
     "tare compare --format json before after  # for a script: tare-json(5)\n"},
    {CONFIG_PLAN_SIZE, "plan-size", "DIR", "how much to run for a wanted precision", "tare plan-size [OPTION]... DIR\n",
     "From a pilot's records: how far invocations differ and how far the iterations of one do, and so how many of both "
     "give the wanted precision for the least time (Kalibera and Jones 2013), in 80 of 100 such plans. And how many a "
     "side it takes to tell two such cells the same or apart within it, again in 80 of 100.\n",
     "tare plan-size out/quick --precision 1%  # how much to run for that\n"},
    {CONFIG_REPORT, "report", "DIR", "an HTML page, tables, what a paper takes in",
     "tare report [OPTION]... RECORD|DIR...\n",
     "What these records say, and those in these folders: as one page, DIR/report.html, with the answer first, every "
     "figure drawn, and no need of a network or of another file; as text, Markdown, LaTeX or JSON; as CSV with a row a "
     "record: what it is, the keys of its cell, every figure (one that the record does not have is empty, and the last "
     "column says why). The same records give the same bytes. Figures are drawn by gnuplot.\n",
     "tare report out/quick  # out/quick/report.html\n"
     "tare report --text out/quick  # the tables and the answer\n"
     "tare report out/quick --paper out/paper  # numbers.tex, tables and figures to \\input\n"
     "tare report --format csv out/quick  # a row a record, for pandas or R\n"
     "tare report --format github-smaller -o bench.json out/quick  # for github-action-benchmark\n"},
    {CONFIG_PACK, "pack", "DIR", "the bundle that a paper carries, one tar", "tare pack [OPTION]... DIR -o FILE.tar\n",
     "A plan's folder as the bundle that a paper carries: a BagIt bag whose payload is an RO-Crate, with the records, "
     "what --why found of them, their plan, what is claimed of them, the tables and figures made from them, and who "
     "made it. The same records give the same bytes. Claims are those of --claims, of DIR/claims.yml, or those that "
     "came with the plan (tare-claims(5)). --with-image puts the image into it that the records were made in, which "
     "'tare reproduce --in-image' then runs in; one that the records contradict is refused.\n",
     "tare pack out/quick -o quick.tar --author 'Doe, Jane <0000-0002-1825-0097>'  # the artefact, to archive\n"
     "tare pack out/quick -o quick.tar --claims claims.yml  # tare-claims(5)\n"},
    {CONFIG_VERIFY, "verify", "BUNDLE", "whether a bundle is whole, offline", "tare verify [OPTION]... BUNDLE\n",
     "BUNDLE is a tar, a tar.zst or a folder. Offline, and nothing in it is executed. Four verdicts, kept apart: "
     "integrity (the files are those that were packed), derivation (tables, figures and claims follow from the raw "
     "samples), environment (how far this machine is from theirs), and re-run, which is reproduce's. Exit 1 where "
     "integrity or derivation is broken; each finding names its file.\n",
     "tare verify quick.tar  # before anything else is done with it\n"},
    {CONFIG_SIGN, "sign", "BUNDLE", "a minisign signature inside a bundle", "tare sign --key FILE BUNDLE\n",
     "Signs a bundle, a tar or a folder, by minisign: over its tagmanifest-sha256.txt, so that the signature survives "
     "packing it again. minisign asks for the key's password.\n",
     "tare sign --key ~/.minisign/minisign.key quick.tar  # asks for its password\n"},
    {CONFIG_REPRODUCE, "reproduce", "BUNDLE", "a bundle's plan run again, its claims judged",
     "tare reproduce [OPTION]... BUNDLE\n",
     "Runs a bundle's plan again here, as 'tare matrix' does, and judges each of its claims by the new records: "
     "SUPPORTED (the whole interval lies within what was claimed), CONTRADICTED (it lies outside), INCONCLUSIVE (it "
     "lies across an edge, or there is none) or NOT RUN, each with both intervals and why; never one pass for all. "
     "First the bundle is verified, and one that is not whole is not run; then in what this machine differs from "
     "theirs is told. All of it goes into reproduction.json beside the new records. Run again with the same --out it "
     "goes on.\n\n"
     "Exit 0 where a claim was judged and all that were are SUPPORTED, or nothing is claimed; 1 where one is "
     "CONTRADICTED or INCONCLUSIVE, none could be judged, or the bundle is not whole.\n",
     "tare reproduce quick.tar --smoke  # a short subset, some minutes\n"
     "tare reproduce quick.tar --in-vm  # of a stranger's bundle\n"},
    {CONFIG_POOL, "pool", "BUNDLE...", "many reproductions of one, one verdict a claim",
     "tare pool [OPTION]... BUNDLE|REF...\n",
     "Takes many reproductions of one bundle to one verdict for each claim and class of hardware (CPU model, "
     "architecture, hypervisor). Each BUNDLE is a tar or a folder, as 'tare pack' makes them of what 'tare reproduce' "
     "wrote. REF is an OCI layout or registry (oci:FOLDER[:TAG], docker://HOST/REPO:TAG): the bundle there and all "
     "that is attached to it. Each is verified first, offline. The original may be among them: it does not count.\n\n"
     "Runs of one machine count as one. Machines weigh alike; the mean has Student's interval over machines, and the "
     "prediction interval says where the next machine's effect is expected. A claim is SUPPORTED where this interval "
     "lies within what was claimed, CONTRADICTED where it lies outside, else INCONCLUSIVE; below three machines "
     "nothing is predicted. Where classes differ the verdict is BY MACHINE CLASS. tau2, I2 and Q say how far machines "
     "differ.\n\n"
     "A reproduction whose records are those of another is left out, however it was packed or named. One that is "
     "damaged, that reproduces another bundle or that holds the original's records is refused with its reason, and the "
     "others go on. Exit 0 where nothing was refused, a claim was judged and all that were are SUPPORTED, in each "
     "class if by class; 1 otherwise.\n",
     "tare pool one.tar two.tar three.tar -o pool.html  # with a forest plot\n"
     "tare pool oci:layout:v1 --key alice.pub --key bob.pub  # what is attached to v1\n"},
    {CONFIG_PUSH, "push", "BUNDLE REF", "a bundle into a registry or an OCI layout",
     "tare push BUNDLE oci:FOLDER[:TAG] | docker://HOST/REPO:TAG [OPTION]...\n",
     "Puts a bundle's tar into an OCI layout, which is made where it is not there, or by skopeo into a registry, as an "
     "artefact of the type application/vnd.tare.bundle.v1+tar. Who may is skopeo's business (skopeo login); a registry "
     "on the loopback is spoken to without TLS. An attestation, as 'tare verify --attestation' writes it, is pushed in "
     "the same way, with --subject: it is attached to the bundle that it is about.\n",
     "tare push quick.tar oci:layout:quick  # into a folder\n"},
    {CONFIG_PULL, "pull", "REF", "a bundle out of one, its digests checked",
     "tare pull oci:FOLDER[:TAG] -o FILE.tar\ntare pull docker://HOST/REPO:TAG -o FILE.tar\n"
     "tare pull docker://HOST/REPO@sha256:DIGEST -o FILE.tar\n",
     "Gets a bundle out of an OCI layout or, by skopeo, out of a registry, checks its digests, writes it and tells "
     "which reproductions are attached to it. Whether it is good is what 'tare verify' says.\n",
     "tare pull oci:layout:quick -o quick.tar  # out of a folder\n"},
    {CONFIG_DOCTOR, "doctor", "", "what of this host biases a benchmark", "tare doctor [OPTION]...\n",
     "Says what of this host biases a benchmark, why, and the remedy. Required: without it there is no full slice "
     "(exit 3). Recommended: it biases figures or widens their spread. Recorded: figures of two hosts differ by it. "
     "Then the kernel's command line, flag by flag, beside the locked one that the VM image boots with "
     "(images/vm/cmdline): what differs is said, and fails nothing.\n",
     "tare doctor --json  # for a script\n"},
    {CONFIG_TUNE, "tune", "", "set what can be set while the machine runs", "tare tune [OPTION]...\n",
     "Sets the host for a fair run, as far as it can be while it runs. What was there is noted first in "
     "$TARE_STATE/tune.journal (/var/lib/tare), and 'tare restore' puts it back.\n",
     "tare tune --dry-run  # what would be changed\n"},
    {CONFIG_RESTORE, "restore", "", "put back what tune changed", "tare restore [OPTION]...\n",
     "Puts back what 'tare tune' changed since this boot, the last change first. What could not be put back stays in "
     "the journal, and the exit code is 3; so it is where the journal is damaged.\n",
     "tare restore  # after tare tune\n"},
    {CONFIG_SELFTEST, "selftest", "", "prove the instrument on known loads", "tare selftest [OPTION]...\n",
     "Proves the instrument on known loads, in the slices that a run would get, and says for each figure what was "
     "expected, what was measured and whether that is within its tolerance (exit 1: one is not). The records of later "
     "runs name it (instrument.selftest): it is kept as selftest.json in $TARE_STATE, /var/lib/tare (root) or the "
     "cache.\n\n"
     "--why proves what 'tare run --why' says: eleven pieces of work, nine of whose threads lose their speed-up to one "
     "cause that is planted, and two whose threads lose nothing that processes would not. A row is ok where that cause "
     "is named first and is 60 % of what is lost, or where none is planted and none is named; unavailable where this "
     "host cannot show it, and why; else MISNAMED (exit 1). --json: schema tare.selftest-why/1.\n",
     "tare selftest  # once on a new machine\n"
     "tare selftest --why  # whether causes are named here as they are planted\n"},
    {CONFIG_CLEAN, "clean", "", "remove what killed runs left behind", "tare clean [OPTION]... [FOLDER]\n",
     "Ends the processes and removes the cgroups and temporary folders that runs left which were killed, and puts back "
     "what those had changed in the hierarchy. A run that is alive holds a lock on what is its own, and is left alone, "
     "as is what another user made. The cgroups are looked for in the root that a run would have here: --cgroup-root "
     "or $TARE_CGROUP_ROOT, with all that is below it, else the one that is found; the folders in $TMPDIR or /tmp, and "
     "where tare keeps its own (TARE_STATE). In FOLDER, where something was being written by a run, a 'tare matrix' or "
     "a 'tare pack' that was killed, what they left beside it is looked for too: .tare-PID-N.tmp whose process is "
     "gone, .tare-XXXXXX that nobody has locked; and NAME.tmp.PID of an earlier tare's, where its JSON says so.\n",
     "tare clean --dry-run  # what would be removed\n"},
};
const size_t manual_count = ARRAY_LEN(manuals);

static const struct manual *manual_of(enum config_command command)
{
    for (size_t i = 0; i < manual_count; i++)
        if (manuals[i].command == command)
            return &manuals[i];
    return NULL;
}

/* Adds paragraphs, wrapped. */
static void add_paragraphs(const char *words, struct text *out)
{
    while (*words) {
        size_t len = strcspn(words, "\n");
        cleanup_free char *paragraph = text_printf("%.*s", (int)len, words);
        if (len)
            terminal_wrap(paragraph, 0, MANUAL_WIDTH, 0, out);
        else
            text_add(out, "\n");
        words += len + (words[len] == '\n');
    }
}

void manual_help(enum config_command command, const struct scenario *scenario, struct text *out)
{
    const struct manual *m = manual_of(command);
    if (scenario) {
        text_add(out, "tare %s %s [OPTION]...\n", m->name, scenario->name);
        cleanup_free char *summary = text_printf("%s.\n", scenario->summary);
        add_paragraphs(summary, out);
    } else {
        text_add(out, "%s", m->usage);
        add_paragraphs(m->text, out);
    }
    text_add(out, "\n");
    config_help(command, scenario, out);
}

int manual_print(enum config_command command, const struct scenario *scenario, const char *more)
{
    cleanup_text struct text help = {0};
    manual_help(command, scenario, &help);
    terminal_wrap_columns(more, MANUAL_WIDTH, &help);
    (void)fputs(help.data, stdout);
    return 0;
}

bool manual_option(enum config_command command, size_t n, struct manual_option *ret)
{
    text_free(&ret->does);
    *ret = (struct manual_option){0};
    for (const struct option_row *row = config_rows; row < config_rows + config_row_count; row++) {
        if (!(row->commands & command) || n-- > 0)
            continue;
        ret->name = row->name;
        ret->value = row->value ? row->value : "";
        ret->choices = row->kind == CHOICE ? row->choices : NULL;
        ret->is_place = config_names_place(row->value);
        config_does(row, &ret->does);
        return true;
    }
    return false;
}
