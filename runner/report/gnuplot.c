#include "report/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/temporary.h"
#include "base/trust.h"
#include "launch/spawn.h"

#define TIMEOUT_MS (300 * 1000)
#define SCRIPT     "draw.gp" /* removed at the end */
#define FONT       "DejaVu Sans"
#define END_MAX    16 /* the last bytes of a file among which its end mark must be */

struct format {
    enum gnuplot_formats bit;
    const char *ending;
    const char *last; /* the mark at the end of a complete file: for PNG its last chunk without CRC (RFC 2083, 4.1.4) */
};

static const struct format FORMATS[] = {
    {GNUPLOT_SVG, "svg", "</svg>"}, {GNUPLOT_PDF, "pdf", "%%EOF"}, {GNUPLOT_PNG, "png", "IEND"}};

static void file_name(char name[NAME_MAX], const struct drawing *d, const char *ending)
{
    text_format(name, NAME_MAX, "%s.%s", d->name, ending);
}

/* Sizes in cm fit a text width of 15 cm, sizes in pixels a phone's 390: text that is legible there grows with a wider
 * figure. */
static void set_terminal(const struct drawing *d, enum gnuplot_formats format, struct text *script)
{
    double w = d->width_cm, h = d->height_cm;
    if (format == GNUPLOT_SVG)
        text_add(script, "set terminal svg size %.0f,%.0f dynamic noenhanced background '#ffffff' font '" FONT ",13'\n",
                 27.2 * w, 42 * h);
    else if (format == GNUPLOT_PDF)
        text_add(script, "set terminal pdfcairo size %.2fcm,%.2fcm noenhanced font '" FONT ",8'\n", w, h);
    else
        text_add(script,
                 "set terminal pngcairo size %.0f,%.0f noenhanced font '" FONT ",20' linewidth 2.5 pointscale 2.5\n",
                 100 * w, 100 * h);
}

static void add_script(const struct drawing *d, unsigned formats, struct text *script)
{
    for (size_t i = 0; i < ARRAY_LEN(FORMATS); i++) {
        if (!(formats & FORMATS[i].bit))
            continue;
        set_terminal(d, FORMATS[i].bit, script);
        text_add(script, "set output '%s.%s'\nload '%s.gp'\nunset output\n", d->name, FORMATS[i].ending, d->name);
    }
}

static int write_sources(const struct drawings *d, int dirfd, struct err *e)
{
    char name[NAME_MAX];
    for (size_t i = 0; i < d->count; i++) {
        const struct drawing *one = &d->list[i];
        file_name(name, one, "dat");
        TRY(file_create_at(dirfd, name, one->data.data, one->data.len, e));
        file_name(name, one, "gp");
        TRY(file_create_at(dirfd, name, one->plot.data, one->plot.len, e));
    }
    return 0;
}

/* Runs gnuplot in the folder, with only PATH of the user's environment. CAIRO_DEBUG_PDF stops cairo's compression,
 * which since 1.17.6 would include the date (cairo's src/cairo-pdf-surface.c). */
static int run_gnuplot(int dirfd, struct err *e)
{
    static const char LINE[] = "cd \"$1\" && umask 022 && exec env -i PATH=\"$PATH\" LC_ALL=C.UTF-8 TZ=UTC "
                               "GNUTERM=dumb CAIRO_DEBUG_PDF=1 \"$2\" -d " SCRIPT " 2>&1";
    char dir[64], program[PATH_MAX];
    struct err why = {0};
    cleanup_text struct text said = {0};
    if (trust_find_program("gnuplot", program, sizeof(program), &why) != 0)
        return err_set(e, ERR_HOST, -ENOENT, "no gnuplot on the PATH for the figures (%s)",
                       why.code == -EPERM ? why.text : "apt-get install gnuplot-nox");
    text_format(dir, sizeof(dir), "/proc/%d/fd/%d", (int)getpid(), dirfd);
    char *const argv[] = {(char *)"/bin/sh", (char *)"-c", (char *)LINE, (char *)"sh", dir, program, NULL};
    int failed = spawn_capture(argv, TIMEOUT_MS, &said);
    const char *words = said.data ? said.data : "";
    if (failed == 0)
        return 0;
    for (const char *next = words; *next; next += strcspn(next, "\n"), next += strspn(next, "\n"))
        words = next; /* gnuplot prints the command first and the fault last */
    if (failed == -ETIMEDOUT)
        return err_set(e, ERR_OURS, -EIO, "gnuplot did not end within %d s", TIMEOUT_MS / 1000);
    return err_set(e, ERR_OURS, -EIO, "gnuplot failed: %.*s", (int)strcspn(words, "\n"), words);
}

/* --- what is not the same twice --------------------------------------------------------------------------------- */

bool gnuplot_undate(struct text *pdf)
{
    static const char KEY[] = "/CreationDate (D:";
    static const char THEN[] = "19700101000000";
    char *at = pdf->data ? memmem(pdf->data, pdf->len, KEY, strlen(KEY)) : NULL;
    if (!at || (size_t)(at - pdf->data) + strlen(KEY) + strlen(THEN) > pdf->len)
        return false;
    for (size_t i = 0; THEN[i]; i++)
        at[strlen(KEY) + i] = THEN[i];
    return true;
}

/* gnuplot ignores failed writes and exits with 0. The cause shows when we write there ourselves. */
static int say_cut(int dirfd, const char *name, struct err *e)
{
    static const char PROBE[] = ".probe";
    static const char BLOCKS[1 << 16];
    int failed = file_create_at(dirfd, PROBE, BLOCKS, sizeof(BLOCKS), NULL);
    (void)unlinkat(dirfd, PROBE, 0);
    TRY(err_code(e, ERR_OURS, failed, "gnuplot could not write '%s'", name));
    return err_set(e, ERR_OURS, -EIO, "gnuplot wrote no whole '%s'", name);
}

static int read_drawn(int dirfd, const char *name, const char *last, struct text *ret, struct err *e)
{
    cleanup_close int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    char path[64];
    text_format(path, sizeof(path), "/proc/self/fd/%d", fd);
    int failed = fd < 0 ? -errno : file_read_all("", path, ret);
    size_t end = ret->len > END_MAX ? ret->len - END_MAX : 0;
    bool whole = failed == 0 && ret->len > 0 && memmem(ret->data + end, ret->len - end, last, strlen(last));
    return whole ? 0 : say_cut(dirfd, name, e);
}

/* *dated: set if the PDF keeps the time of its drawing. */
static int settle_pdf(int dirfd, const char *name, struct text *bytes, bool *dated, struct err *e)
{
    if (!gnuplot_undate(bytes)) {
        *dated = true;
        return 0;
    }
    if (unlinkat(dirfd, name, 0) != 0)
        return err_sys(e, ERR_OURS, "cannot replace '%s'", name);
    return file_create_at(dirfd, name, bytes->data, bytes->len, e);
}

static int settle(const struct drawing *d, const struct format *f, int dirfd, bool *dated, struct err *e)
{
    char name[NAME_MAX];
    cleanup_text struct text bytes = {0};
    file_name(name, d, f->ending);
    TRY(read_drawn(dirfd, name, f->last, &bytes, e));
    return f->bit == GNUPLOT_PDF ? settle_pdf(dirfd, name, &bytes, dated, e) : 0;
}

int gnuplot_files(const struct drawings *d, int dirfd, unsigned formats, bool *dated, struct err *e)
{
    cleanup_text struct text script = {0};
    *dated = false;
    TRY(write_sources(d, dirfd, e));
    for (size_t i = 0; i < d->count; i++)
        add_script(&d->list[i], formats, &script);
    if (script.len == 0)
        return 0;
    TRY(file_create_at(dirfd, SCRIPT, script.data, script.len, e));
    int failed = run_gnuplot(dirfd, e);
    (void)unlinkat(dirfd, SCRIPT, 0);
    TRY(failed);
    for (size_t i = 0; i < d->count; i++)
        for (size_t k = 0; k < ARRAY_LEN(FORMATS); k++)
            if (formats & FORMATS[k].bit)
                TRY(settle(&d->list[i], &FORMATS[k], dirfd, dated, e));
    return 0;
}

/* --- SVG as text ------------------------------------------------------------------------------------------------ */

static int draw_svg(struct drawings *d, struct err *e)
{
    char name[NAME_MAX];
    struct temporary folder;
    bool dated = false; /* unused: no PDF is drawn */
    int failed = temporary_make(temporary_base(), ".tare-", &folder, e);
    if (failed != 0)
        return failed;
    failed = gnuplot_files(d, folder.fd, GNUPLOT_SVG, &dated, e);
    for (size_t i = 0; failed == 0 && i < d->count; i++) {
        file_name(name, &d->list[i], "svg");
        failed = read_drawn(folder.fd, name, FORMATS[0].last, &d->list[i].svg, e);
    }
    if (failed != 0 && failed != -ENOENT) /* no gnuplot has nothing to do with the folder */
        (void)err_wrap(e, "drawing in '%s'", folder.path);
    temporary_remove(&folder);
    return failed;
}

int gnuplot_svg(struct drawings *d, struct err *no_plot, struct err *e)
{
    int failed = d->count ? draw_svg(d, no_plot) : 0;
    if (failed == 0 || (failed == -ENOENT && no_plot->kind == ERR_HOST))
        return 0;
    return err_set(e, no_plot->kind, no_plot->code, "%s", no_plot->text);
}
