/* Draws a small figure to tell by it what draws here. */
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "archive/files.h"
#include "archive/tmpdir.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/text.h"
#include "bundle/pack_info.h"
#include "launch/spawn.h"
#include "report/gnuplot.h"

#define PROBE     "probe"
#define FILE_MAX  (1U << 20)
#define WAIT_MS   (30 * 1000)
#define ANNOUNCES "gnuplot "

/* "5.4 patchlevel 4" */
static int ask_version(struct text *ret, struct err *e)
{
    char *const argv[] = {(char *)"gnuplot", (char *)"--version", NULL};
    int failed = spawn_capture(argv, WAIT_MS, ret);
    if (failed != 0 || !ret->data || strncmp(ret->data, ANNOUNCES, strlen(ANNOUNCES)) != 0)
        return err_set(e, ERR_HOST, -ENOENT, "no gnuplot on the PATH for the figures (apt-get install gnuplot-nox)");
    ret->data[strcspn(ret->data, "\n")] = '\0';
    return 0;
}

static int digest_probe(int dirfd, char hex[DIGEST_HEX], struct err *e)
{
    static const char *const NAMES[] = {PROBE ".svg", PROBE ".pdf", PROBE ".png"};
    cleanup_text struct text all = {0};
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++)
        TRY(err_code(e, ERR_OURS, files_read(dirfd, NAMES[i], FILE_MAX, &all), "%s", NAMES[i]));
    digest_bytes(all.data, all.len, hex);
    return 0;
}

/* Digits, letters, a line, a fill: what figures are made of. */
static int draw_probe(char hex[DIGEST_HEX], bool *dated, struct err *e)
{
    cleanup_tmpdir struct temporary s = {.fd = -1};
    cleanup_drawings struct drawings d = {0};
    TRY(tmpdir_make(NULL, &s, e));
    struct drawing *one = drawing_add(&d, PROBE, "0123456789 The quick brown fox jumps over the lazy dog");
    one->width_cm = 8;
    one->height_cm = 5;
    text_add(&one->data, "x y\n1 1\n2 4\n3 9\n");
    text_add(&one->plot,
             "plot '" PROBE ".dat' using 1:2 with filledcurves title 'Probe', '' using 1:2 with linespoints\n");
    TRY(gnuplot_files(&d, s.fd, GNUPLOT_SVG | GNUPLOT_PDF | GNUPLOT_PNG, dated, e));
    return digest_probe(s.fd, hex, e);
}

int drawn_by(json_t **ret, struct err *e)
{
    cleanup_text struct text version = {0};
    char hex[DIGEST_HEX];
    TRY(ask_version(&version, e));
    bool dated = false;
    TRY(draw_probe(hex, &dated, e));
    *ret = json_pack("{s:s, s:s?, s:s*}", "gnuplot", version.data + strlen(ANNOUNCES), "probe_sha256",
                     dated ? NULL : hex, "why",
                     dated ? "the cairo that drew writes the time into its PDFs where it cannot be taken out" : NULL);
    return *ret ? 0 : err_set(e, ERR_OURS, -ENOMEM, "no memory");
}
