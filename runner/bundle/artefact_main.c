/* tare-artefact: the commands that read and write bundles; `tare` executes it. It measures nothing. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/command.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json_put.h"
#include "base/terminal.h"
#include "base/text.h"
#include "bundle/attest.h"
#include "bundle/pack.h"
#include "bundle/pool.h"
#include "bundle/push.h"
#include "bundle/reproduce.h"
#include "bundle/reproduction.h"
#include "bundle/sign.h"
#include "bundle/verify.h"
#include "cell/config.h"
#include "cell/manual.h"

/* Each returns the exit code, or a negative errno with e filled in. Results go to stdout, messages to stderr. */
typedef int run_fn(const struct config *c, struct err *e);

/* Prints lines for people. One that does not fit goes on in the next, indented. */
static void print_lines(const char *lines)
{
    cleanup_text struct text shown = {0};
    terminal_wrap_lines(lines, terminal_width(STDOUT_FILENO), 4, &shown);
    (void)fputs(shown.data ? shown.data : "", stdout);
}

static int run_pack(const struct config *c, struct err *e)
{
    struct packed packed;
    cleanup_text struct text said = {0}, out = {0};
    char size[32];
    TRY(pack(c->positional, &c->artefact, &packed, &said, e));
    text_add(&out, "%s: %zu files, %s\nsha256 %s\n%s", c->artefact.output, packed.files,
             text_bytes(packed.bytes, size, sizeof(size)), packed.sha256, said.data);
    print_lines(out.data);
    return 0;
}

/* The attestation replaces nothing that is read. */
static int check_attestation(const struct artefact_options *a, const char *bundle, struct err *e)
{
    const char *const read[] = {bundle, a->key, a->paper, a->sign};
    for (size_t i = 0; a->attestation && i < ARRAY_LEN(read); i++)
        TRY(file_refuse_input("--attestation", a->attestation, read[i], e));
    return 0;
}

static int run_verify(const struct config *c, struct err *e)
{
    struct verification v;
    cleanup_text struct text out = {0};
    const char *path = c->positional;
    if (c->artefact.sign && !c->artefact.attestation)
        return err_set(e, ERR_USAGE, -EINVAL, "--sign is for --attestation, which was not asked for");
    if (c->artefact.sign)
        TRY(sign_check("--sign", c->artefact.sign, e));
    TRY(check_attestation(&c->artefact, path, e));
    TRY(verify(path, c->artefact.key, c->artefact.paper, &v, e));
    int failed = c->artefact.attestation ? attest_write(&v, c->artefact.attestation, c->artefact.sign, e) : 0;
    if (failed != 0) {
        verification_free(&v);
        return failed;
    }
    if (c->host.json == 1) {
        verify_json(&v, path, &out);
        (void)fputs(out.data, stdout);
    } else {
        verify_text(&v, path, &out);
        print_lines(out.data);
    }
    bool broken = verification_failed(&v, FINDING_INTEGRITY) || verification_failed(&v, FINDING_DERIVATION);
    verification_free(&v);
    return broken ? ERR_SAID_NO : 0;
}

static int run_sign(const struct config *c, struct err *e)
{
    TRY(sign(c->positional, c->artefact.key, e));
    (void)printf("%s: signed\n", c->positional);
    return 0;
}

static int run_push(const struct config *c, struct err *e)
{
    struct pushed pushed;
    cleanup_text struct text said = {0};
    TRY(push(c->positional, c->second, c->artefact.subject, &pushed, &said, e));
    (void)printf("sha256 %s\n", pushed.bundle_sha256);
    print_lines(said.data);
    return 0;
}

static int run_pull(const struct config *c, struct err *e)
{
    struct pushed pulled;
    cleanup_text struct text said = {0};
    TRY(pull(c->positional, c->artefact.output, &pulled, &said, e));
    (void)printf("sha256 %s\n", pulled.bundle_sha256);
    print_lines(said.data);
    return 0;
}

/* --- pool -------------------------------------------------------------------------------------------------------- */

static int write_page(const struct pool_result *r, const char *path, struct err *e)
{
    struct err no_plot = {0};
    cleanup_text struct text page = {0};
    TRY(pool_page(r, &page, &no_plot, e));
    if (*no_plot.text)
        terminal_say("pool: %s; the page has the data in place of the plots", no_plot.text);
    return file_replace(path, page.data, page.len, e);
}

static int print_pool(const struct pool_result *r, const struct config *c, struct err *e)
{
    cleanup_text struct text out = {0};
    if (c->artefact.output)
        TRY(write_page(r, c->artefact.output, e));
    if (c->host.json == 1)
        pool_json(r, &out);
    else
        pool_text(r, terminal_width(STDOUT_FILENO), &out);
    (void)fputs(out.data, stdout);
    return pool_status(r);
}

/* The page replaces nothing that is read. */
static int check_page(const struct config *c, const char *page, struct err *e)
{
    for (size_t i = 0; page && c->names[i]; i++)
        TRY(file_refuse_input("--output", page, c->names[i], e));
    for (size_t i = 0; page && i < c->artefact.keys.count; i++)
        TRY(file_refuse_input("--output", page, c->artefact.keys.word[i], e));
    return 0;
}

static int run_pool(const struct config *c, struct err *e)
{
    struct pool_result r;
    TRY(check_page(c, c->artefact.output, e));
    TRY(pool_bundles(c->names, &c->artefact.keys, &r, e));
    int status = print_pool(&r, c, e);
    pool_result_free(&r);
    return status;
}

/* --- reproduce --------------------------------------------------------------------------------------------------- */

static int take_where(const struct artefact_options *a, enum reproduce_where *ret, struct err *e)
{
    if ((a->host == 1) + (a->in_image == 1) + (a->in_vm == 1) > 1)
        return err_set(e, ERR_USAGE, -EINVAL, "what is allowed is one of --host, --in-image, --in-vm");
    *ret = a->in_image == 1 ? REPRODUCE_IMAGE : a->in_vm == 1 ? REPRODUCE_VM : REPRODUCE_HOST;
    return 0;
}

static int print_result(const struct reproduction *r, bool json, struct err *e)
{
    cleanup_text struct text out = {0};
    json_t *o = NULL;
    if (json) {
        TRY(reproduction_json(r, &o, e));
        json_text(o, &out);
        (void)fputs(out.data, stdout);
    } else {
        reproduction_text(r, &out);
        text_add(&out, "%s/" REPRODUCTION_FILE "\n", r->out);
        print_lines(out.data);
    }
    return 0;
}

/* What is wrong with a bundle that is refused. */
static void print_findings(const struct findings *f)
{
    char line[1400];
    for (size_t i = 0; i < f->count; i++)
        if (f->list[i].verdict == FINDING_INTEGRITY)
            print_lines(finding_line(&f->list[i], line, sizeof(line)));
}

static int finish(const struct reproduction *r, const struct config *c, struct err *e)
{
    char path[PATH_MAX];
    size_t of[CLAIM_VERDICTS];
    const size_t claims = r->verified.at.bundle.claims.count;
    text_format(path, sizeof(path), "%s/" REPRODUCTION_FILE, r->out);
    TRY(reproduction_write(r, e));
    if (c->artefact.sign)
        TRY(sign_file(path, REPRODUCTION_FILE, c->artefact.sign, e));
    TRY(print_result(r, c->host.json == 1, e));
    claims_count(r->judgement, claims, of);
    return claims_status(claims, of);
}

static int run_reproduce(const struct config *c, struct err *e)
{
    struct reproduction r;
    enum reproduce_where where = REPRODUCE_HOST;
    const struct artefact_options *a = &c->artefact;
    TRY(take_where(a, &where, e));
    if (c->campaign.sbatch.count > 0 && c->campaign.engine != ENGINE_SLURM)
        return err_set(e, ERR_USAGE, -EINVAL, "--sbatch is for --engine slurm, which was not asked for");
    if (a->sign)
        TRY(sign_check("--sign", a->sign, e));
    int status = reproduce(c, where, &r, e);
    if (status == -EBADMSG)
        print_findings(&r.verified.at.findings);
    if (status == 0)
        status = finish(&r, c, e);
    reproduction_free(&r);
    return status;
}

/* --- all of them ------------------------------------------------------------------------------------------------- */

static const struct command {
    const char *name;
    enum config_command command;
    run_fn *fn;
    bool second, output, key; /* that it cannot do without */
    const char *takes;
} COMMANDS[] = {
    {"pack", CONFIG_PACK, run_pack, false, true, false, "a plan's folder and -o FILE.tar"},
    {"verify", CONFIG_VERIFY, run_verify, false, false, false, "a bundle"},
    {"sign", CONFIG_SIGN, run_sign, false, false, true, "a bundle and --key FILE"},
    {"reproduce", CONFIG_REPRODUCE, run_reproduce, false, false, false, "a bundle"},
    {"pool", CONFIG_POOL, run_pool, false, false, false, "reproductions of one bundle"},
    {"push", CONFIG_PUSH, run_push, true, false, false, "a bundle and where it goes"},
    {"pull", CONFIG_PULL, run_pull, false, true, false, "where the bundle is, and -o FILE.tar"},
};

static int run(const struct command *command, int argc, char **argv, struct err *e)
{
    struct config c;
    TRY(config_begin(command->command, argc, argv, &c, e));
    if (c.help)
        return manual_print(command->command, NULL, NULL);
    if (!c.positional || (command->second && !c.second) || (command->output && !c.artefact.output) ||
        (command->key && !c.artefact.key))
        return err_set(e, ERR_USAGE, -EINVAL, "it takes %s ('tare %s --help')", command->takes, command->name);
    return command->fn(&c, e);
}

int main(int argc, char **argv)
{
    struct err e = {0};
    TRY(command_begin());
    for (size_t i = 0; argc > 1 && i < ARRAY_LEN(COMMANDS); i++)
        if (strcmp(argv[1], COMMANDS[i].name) == 0)
            return command_end(argv[1], run(&COMMANDS[i], argc - 1, argv + 1, &e), &e);
    (void)fputs("tare-artefact is a part of tare: 'tare --help' lists the commands\n", stderr);
    return ERR_USAGE;
}
