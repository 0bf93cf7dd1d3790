/* Runs a bundle's plan with tare matrix: on this host, in the image, or in the VM image. */
#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/filelist.h"
#include "archive/findings.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json_put.h"
#include "base/signals.h"
#include "base/source.h"
#include "base/text.h"
#include "bundle/reproduce.h"
#include "launch/spawn.h"
#include "oci/image.h"
#include "oci/layout.h"

#define WORDS_MAX 256

/* A command line; it owns its words. */
struct command_line {
    char *word[WORDS_MAX + 1];
    size_t count;
};

__attribute__((format(printf, 2, 3))) static void add(struct command_line *c, const char *fmt, ...)
{
    va_list ap;
    if (c->count == WORDS_MAX)
        abort();
    va_start(ap, fmt);
    c->word[c->count++] = text_vprintf(fmt, ap);
    va_end(ap);
}

static void end(struct command_line *c)
{
    for (size_t i = 0; i < c->count; i++)
        free(c->word[i]);
}
#define cleanup_command __attribute__((cleanup(end)))

/* --- what tare matrix is told ------------------------------------------------------------------------------------ */

/* The largest number of iterations of any cell, as far as a smoke run has so many. */
static int64_t smoke_iterations(const struct plan *plan)
{
    int64_t most = 1;
    for (size_t i = 0; i < plan->cells; i++)
        if (plan->cell[i].cell.iterations > most)
            most = plan->cell[i].cell.iterations;
    return most < SMOKE_ITERATIONS ? most : SMOKE_ITERATIONS;
}

/* Adds the options of the original's folder, so that the plan is the same. A smoke run sets two of them itself. */
static void add_given(struct command_line *c, const struct reproduction *r)
{
    const struct config_given *given = &r->verified.at.bundle.bound.given;
    for (size_t i = 0; i < given->count; i++) {
        const char *name = given->option[i].name, *value = given->option[i].value;
        if (r->smoke && (strcmp(name, "iterations") == 0 || strcmp(name, "warmup") == 0))
            continue;
        if (strcmp(value, "true") == 0)
            add(c, "--%s", name);
        else
            add(c, "--%s=%s", name, value);
    }
}

static void add_options(struct command_line *c, const struct reproduction *r)
{
    const struct bundle *b = &r->verified.at.bundle;
    add(c, "--invocations=%lld", (long long)r->invocations);
    if (b->bound.seed >= 0)
        add(c, "--seed=%lld", (long long)b->bound.seed);
    if (b->noise)
        add(c, "--aa");
    add_given(c, r);
    if (r->smoke) {
        add(c, "--iterations=%lld", (long long)smoke_iterations(&b->plan));
        add(c, "--warmup=%d", SMOKE_WARMUP);
    }
}

static void add_matrix(struct command_line *c, const struct reproduction *r, const char *plan, const char *out)
{
    add(c, "matrix");
    add(c, "%s", plan);
    add(c, "--out=%s", out);
    add_options(c, r);
}

/* --- where it runs ----------------------------------------------------------------------------------------------- */

static int on_host(struct command_line *c, const struct reproduction *r, struct err *e)
{
    static const char *const WHERE[] = {".", "../../bin"};
    char tare[PATH_MAX + 32], plan[PATH_MAX + 32];
    int failed = file_beside_program(WHERE, ARRAY_LEN(WHERE), "tare", tare, sizeof(tare));
    if (failed != 0)
        return err_set(e, ERR_OURS, failed, "no program tare beside this one ('make' builds both)");
    add(c, "%s", tare);
    text_format(plan, sizeof(plan), "%s/" BUNDLE_DATA "/" BUNDLE_PLAN, r->staged.path);
    add_matrix(c, r, plan, r->out);
    if (r->trust)
        add(c, "--trust-plan");
    if (r->is_slurm)
        add(c, "--engine=slurm");
    for (size_t i = 0; i < r->c->campaign.sbatch.count; i++)
        add(c, "--sbatch=%s", r->c->campaign.sbatch.word[i]);
    return 0;
}

static int find_script(const char *name, char *buf, size_t cap, struct err *e)
{
    static const char *const WHERE[] = {"../scripts"};
    int failed = file_beside_program(WHERE, ARRAY_LEN(WHERE), name, buf, cap);
    if (failed == 0)
        return 0;
    return err_set(
        e, ERR_HOST, failed,
        "scripts/%s is not beside this program: it comes with tare's source tree, not with an installed tare", name);
}

/* Whether it is "[NAME@]sha256:HEX", and nothing that an engine or docker-run would read as an option, a path or
 * another image. */
static bool is_image_name(const char *text)
{
    static const char NAME[] = "abcdefghijklmnopqrstuvwxyz0123456789._:/-";
    const char *at = strrchr(text, '@');
    size_t len = at ? (size_t)(at - text) : 0;
    return (!at || (len > 0 && strspn(text, NAME) == len && text[0] != '-' && text[0] != '.' && text[0] != '/')) &&
           oci_digest_hex(at ? at + 1 : text);
}

/* Finds the image for docker-run: "oci:DIR" for the bundle's own, or "[NAME@]sha256:…" from the first record made in an
 * image. The caller frees *ret. */
static int find_image(const struct reproduction *r, char **ret, struct err *e)
{
    const struct bundle *b = &r->verified.at.bundle;
    struct oci_image held;
    TRY(oci_image_read(b->fd, &held, e));
    *ret = held.there ? text_printf("oci:%s/" IMAGE_LAYOUT, r->verified.at.data) : NULL;
    for (size_t i = 0; !*ret && i < b->records.count; i++) {
        cleanup_json json_t *image = invocation_section(&b->records.list[i], "image");
        const char *text = json_string_value(json_object_get(image, "digest"));
        if (text && !is_image_name(text))
            return err_set(e, ERR_USAGE, -EINVAL, "--in-image: %s names no image by its digest",
                           b->records.list[i].path);
        *ret = xstrdup(text);
    }
    return *ret ? 0
                : err_set(e, ERR_HOST, -ENOENT,
                          "--in-image: the bundle holds no image, and no record of it names the digest of one");
}

/* scripts/docker-run --plan FILE --out DIR IMAGE -- OPTION of tare matrix... */
static int in_image(struct command_line *c, const struct reproduction *r, struct err *e)
{
    char script[PATH_MAX + 80];
    cleanup_free char *image = NULL;
    TRY(find_image(r, &image, e));
    TRY(find_script("docker-run", script, sizeof(script), e));
    add(c, "%s", script);
    add(c, "--plan");
    add(c, "%s/" BUNDLE_DATA "/" BUNDLE_PLAN, r->staged.path);
    add(c, "--out");
    add(c, "%s", r->out);
    add(c, "%s", image);
    add(c, "--");
    if (r->granted) /* an old tare in the image may not know the option */
        add(c, "--trust-plan");
    add_options(c, r); /* the script itself adds matrix, the plan and --out */
    return 0;
}

#define IN_VM      "/tmp/bundle"
#define IN_VM_MOST (96U << 10) /* bytes in one word of a command; MAX_ARG_STRLEN is 128 KiB (execve(2)) */

/* A file of what is run, made anew by a shell. */
static int add_made(struct text *t, int fd, const char *path, struct err *e)
{
    cleanup_text struct text bytes = {0};
    int failed = source_read(fd, path, false, IN_VM_MOST, &bytes, NULL);
    if (failed == -EFBIG || (failed == 0 && t->len + 4 * bytes.len / 3 > IN_VM_MOST))
        return err_set(
            e, ERR_HOST, -EFBIG,
            "--in-vm: '%s': the bundle's plan, scenarios and programs are more than a VM's command holds (--in-image, "
            "or this host)",
            path);
    if (failed != 0)
        return err_set(e, ERR_USAGE, failed, "%s: %s", path, source_fault(failed));
    cleanup_free unsigned char *encoded = xcalloc(4 * (bytes.len / 3 + 1) + 1, 1);
    (void)EVP_EncodeBlock(encoded, (const unsigned char *)bytes.data, (int)bytes.len);
    text_add(t, "mkdir -p " IN_VM "/\"$(dirname %s)\" && echo %s | base64 -d >" IN_VM "/%s && ", path, (char *)encoded,
             path);
    return 0;
}

/* The bundle's plan, and what tare matrix looks for beside it. */
static int add_staged(struct text *t, const struct reproduction *r, struct err *e)
{
    cleanup_filelist struct filelist staged = {0};
    cleanup_findings struct findings f = {0};
    TRY(filelist_read(r->staged.fd, &staged, &f, e));
    for (size_t i = 0; i < staged.count; i++)
        TRY(add_made(t, r->staged.fd, staged.file[i].path, e));
    text_add(t, "chmod -R 755 " IN_VM " && ");
    return 0;
}

/* The VM image has no files of this host, so the command carries the plan. The results come back when the VM ends. */
static int in_vm(struct command_line *c, const struct reproduction *r, struct err *e)
{
    char script[PATH_MAX + 80];
    cleanup_text struct text t = {0};
    cleanup_command struct command_line matrix = {.count = 0};
    TRY(find_script("vm", script, sizeof(script), e));
    TRY(add_staged(&t, r, e));
    text_add(&t, "exec tare");
    add_matrix(&matrix, r, IN_VM "/" BUNDLE_DATA "/" BUNDLE_PLAN, "/out");
    if (r->granted)
        add(&matrix, "--trust-plan");
    for (size_t i = 0; i < matrix.count; i++) {
        text_add(&t, " ");
        text_add_shell_word(&t, matrix.word[i]);
    }
    const char *const words[] = {script, "--image", "--out", r->out, "--", "sh", "-c", t.data};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        add(c, "%s", words[i]);
    return 0;
}

/* --- running it -------------------------------------------------------------------------------------------------- */

static volatile sig_atomic_t running; /* the running process; 0: none */

/* The terminal signals the process itself, which is in our group; other signals are passed on. We end after it has
 * ended. */
static void hand_on(int signal)
{
    if (signal != SIGINT && signal != SIGQUIT && running > 0)
        (void)kill((pid_t)running, signal);
}

/* Runs the command with its output on stderr. Returns the exit status as a shell gives it, or a negative errno if it
 * cannot be started. */
static int run(struct command_line *c)
{
    struct sigaction before[NSIG];
    const struct sigaction act = {.sa_handler = hand_on};
    struct child child;
    struct child_end end;
    sigset_t ends;
    signals_of_end(&ends);
    for (int n = 1; n < NSIG; n++)
        if (sigismember(&ends, n) == 1)
            (void)sigaction(n, &act, &before[n]);
    int failed = spawn_companion(c->word, STDERR_FILENO, &child);
    running = failed == 0 ? child.pid : 0;
    if (failed == 0)
        failed = spawn_wait(&child, &end, NULL);
    running = 0;
    for (int n = 1; n < NSIG; n++)
        if (sigismember(&ends, n) == 1)
            (void)sigaction(n, &before[n], NULL);
    return failed != 0 ? failed : end.signalled ? 128 + end.signal : end.exit_status;
}

static int compose(struct command_line *c, const struct reproduction *r, struct err *e)
{
    if (r->where != REPRODUCE_HOST && r->is_slurm)
        return err_set(e, ERR_USAGE, -EINVAL, "--engine slurm runs on the nodes themselves: leave --in-image, --in-vm");
    return r->where == REPRODUCE_HOST ? on_host(c, r, e)
           : r->where == REPRODUCE_VM ? in_vm(c, r, e)
                                      : in_image(c, r, e);
}

int reproduce_run(struct reproduction *r, struct err *e)
{
    cleanup_command struct command_line c = {.count = 0};
    TRY(compose(&c, r, e));
    int status = run(&c);
    TRY(err_code(e, ERR_OURS, status, "'%s'", c.word[0]));
    /* 4: invocations failed. Their records say why, and their claims count as not run. */
    if (status == 0 || status == ERR_WORKLOAD)
        return 0;
    if (status == ERR_USAGE || status == ERR_HOST)
        return status; /* the plan was refused; stderr already says why */
    return err_set(
        e, ERR_OURS, -ECANCELED,
        "the plan was not run to its end (exit status %d, see above); the same command with --out %s goes on", status,
        r->out);
}
