#include "plan/slurm.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "base/trust.h"
#include "launch/spawn.h"

#define ANSWER_MS         30000
#define MAX_ARRAY_DEFAULT 1001 /* slurm.conf(5), MaxArraySize */
#define ARGS_MAX          8
#define NODES_SAID_MAX    200

/* --- the script -------------------------------------------------------------------------------------------------- */

/* Adds a path for an option of sbatch(1) that takes a filename pattern. */
static void add_pattern(const char *path, struct text *out)
{
    for (const char *c = path; *c; c++)
        text_add(out, "%s%c", *c == '%' ? "%" : *c == '"' || *c == '\\' ? "\\" : "", *c);
}

/* Adds "0-3,7": the tasks from base to below base + most, as offsets. */
static void add_indices(const struct slurm_array *a, uint64_t base, uint64_t most, struct text *out)
{
    bool first = true;
    for (size_t i = 0; i < a->tasks; i++) {
        if (a->task[i] < base || a->task[i] - base >= most)
            continue;
        size_t last = i;
        while (last + 1 < a->tasks && a->task[last + 1] == a->task[last] + 1 && a->task[last + 1] - base < most)
            last++;
        text_add(out, "%s%llu", first ? "" : ",", (unsigned long long)(a->task[i] - base));
        if (last > i)
            text_add(out, "-%llu", (unsigned long long)(a->task[last] - base));
        first = false;
        i = last;
    }
}

static void write_script(const struct slurm_array *a, uint64_t base, uint64_t most, struct text *out)
{
    text_add(out,
             "#!/bin/sh\n"
             "# The plan '%s': one invocation a task, alone on its node; a task whose node is lost is run again.\n"
             "#SBATCH --job-name=tare-%s\n"
             "#SBATCH --array=",
             a->plan, a->plan);
    add_indices(a, base, most, out);
    text_add(out, "\n#SBATCH --ntasks=1\n"
                  "#SBATCH --exclusive\n"
                  "#SBATCH --requeue\n"
                  "#SBATCH --open-mode=append\n"
                  "#SBATCH --output=\"");
    add_pattern(a->folder, out);
    text_add(out, "/slurm/%%A_%%a.out\"\n");
    for (size_t i = 0; i < a->options->count; i++)
        text_add(out, "#SBATCH %s\n", a->options->word[i]);
    text_add(out, "exec ");
    text_add_shell_word(out, a->tare);
    if (base)
        text_add(out, " matrix --task $((%llu + SLURM_ARRAY_TASK_ID)) ", (unsigned long long)base);
    else
        text_add(out, " matrix --task $SLURM_ARRAY_TASK_ID ");
    text_add_shell_word(out, a->folder);
    text_add(out, "\n");
}

void slurm_script(const struct slurm_array *a, uint64_t base, struct text *out)
{
    write_script(a, base, UINT32_MAX, out);
}

/* --- Slurm's own commands ---------------------------------------------------------------------------------------- */

/* Runs a command and takes its output, with its errors. */
static int ask(const char *const *words, struct text *answer)
{
    char program[PATH_MAX];
    struct err why = {0};
    const char *argv[ARGS_MAX + 5] = {"/bin/sh", "-c", "exec \"$@\" 2>&1", "sh"};
    size_t n = 4;
    if (trust_find_program(*words, program, sizeof(program), &why) != 0) {
        text_add(answer, "%s", why.text + strlen(*words) + strlen(": ")); /* the caller names the command */
        return -ENOENT;
    }
    argv[n++] = program;
    for (words++; *words; words++)
        argv[n++] = *words;
    int failed = spawn_capture((char *const *)(void *)argv, ANSWER_MS, answer);
    if (failed != 0 && answer->data) /* a message shows one line */
        answer->data[strcspn(answer->data, "\n")] = '\0';
    return failed;
}

int slurm_find(struct err *e)
{
    char program[PATH_MAX];
    int failed = trust_find_program("sbatch", program, sizeof(program), e);
    return failed == 0 ? 0 : err_remedy(e, "--engine local runs the plan here");
}

static uint64_t max_array_size(void)
{
    cleanup_text struct text answer = {0};
    const char *const words[] = {"scontrol", "show", "config", NULL};
    unsigned long long size = MAX_ARRAY_DEFAULT;
    int failed = ask(words, &answer);
    const char *line = failed == 0 && answer.data ? strstr(answer.data, "MaxArraySize") : NULL;
    if (!line || sscanf(line, "MaxArraySize = %llu", &size) != 1 || size < 1)
        size = MAX_ARRAY_DEFAULT;
    return size;
}

static int save_script(const struct slurm_array *a, uint64_t base, uint64_t most, char path[PATH_MAX], struct err *e)
{
    cleanup_text struct text script = {0};
    char name[32];
    cleanup_close int fd = beneath_open(a->folder_fd, "slurm", O_RDONLY | O_DIRECTORY, 0);
    TRY(err_code(e, ERR_USAGE, fd, "'%s/slurm'", a->folder));
    write_script(a, base, most, &script);
    text_format(name, sizeof(name), "%llu.sh", (unsigned long long)base);
    text_format(path, PATH_MAX, "%s/slurm/%s", a->folder, name);
    return file_replace_at(fd, name, path, script.data, script.len, e);
}

static int submit_one(const struct slurm_array *a, uint64_t base, uint64_t most, struct text *jobs, struct err *e)
{
    char path[PATH_MAX];
    cleanup_text struct text answer = {0};
    unsigned long long job = 0;
    TRY(save_script(a, base, most, path, e));
    const char *const words[] = {"sbatch", "--parsable", path, NULL};
    int failed = ask(words, &answer);
    if (failed == 0 && (!answer.data || sscanf(answer.data, "%llu", &job) != 1))
        failed = -EIO;
    if (failed != 0)
        return err_set(e, ERR_HOST, -EIO, "sbatch: %s (--engine local runs the plan here)",
                       answer.data && *answer.data ? answer.data : strerror(-failed));
    text_add(jobs, "%s%llu", jobs->len ? " " : "", job);
    return 0;
}

int slurm_submit(const struct slurm_array *a, struct text *jobs, struct err *e)
{
    TRY(err_code(e, ERR_USAGE, beneath_make_folders(a->folder_fd, "slurm"), "'%s/slurm'", a->folder));
    uint64_t most = max_array_size();
    for (size_t i = 0; i < a->tasks;) {
        uint64_t base = a->task[i] < most ? 0 : a->task[i];
        TRY(submit_one(a, base, most, jobs, e));
        while (i < a->tasks && a->task[i] - base < most)
            i++;
    }
    return 0;
}

/* --- what has become of them ------------------------------------------------------------------------------------- */

/* Counts lines such as "RUNNING n1". */
static void count_states(char *answer, bool *alive, struct text *said)
{
    size_t running = 0, pending = 0, others = 0;
    cleanup_text struct text nodes = {0};
    for (char *line; (line = text_line(&answer));) {
        char state[32] = "", node[64] = "";
        if (sscanf(line, "%31s %63s", state, node) < 1)
            continue;
        bool runs = strcmp(state, "RUNNING") == 0;
        running += runs ? 1 : 0;
        pending += strcmp(state, "PENDING") == 0 ? 1 : 0;
        others += !runs && strcmp(state, "PENDING") != 0 ? 1 : 0;
        if (runs && nodes.len < NODES_SAID_MAX)
            text_add(&nodes, " %s", node);
    }
    *alive = running + pending + others > 0;
    text_add(said, "%zu running%s%s, %zu pending", running, nodes.len ? " on" : "", nodes.len ? nodes.data : "",
             pending + others);
}

int slurm_jobs(const char *jobs, bool *alive, struct text *said, struct err *e)
{
    cleanup_text struct text list = {0}, answer = {0};
    *alive = false;
    if (!*jobs)
        return 0;
    for (const char *c = jobs; *c; c++)
        text_add(&list, "%c", *c == ' ' ? ',' : *c);
    const char *const words[] = {"squeue", "-h", "-r", "-o", "%T %N", "-j", list.data, NULL};
    int failed = ask(words, &answer);
    bool forgotten = failed != 0 && answer.data && strstr(answer.data, "Invalid job id");
    if (failed == 0 && answer.data)
        count_states(answer.data, alive, said);
    return failed == 0 || forgotten ? 0
                                    : err_set(e, ERR_HOST, -EAGAIN, "squeue: %s",
                                              answer.data && *answer.data ? answer.data : strerror(-failed));
}
