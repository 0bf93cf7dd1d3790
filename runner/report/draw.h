/* draw: writes drawings as files: data, commands, and with gnuplot SVG, PDF and PNG. */
#ifndef TARE_DRAW_H
#define TARE_DRAW_H

#include "base/text.h"
#include "report/drawing.h"

struct err;

enum draw_formats { DRAW_DATA = 0, DRAW_SVG = 1, DRAW_PDF = 2, DRAW_PNG = 4 };

/* Writes each drawing's NAME.dat and NAME.gp below dirfd, and the other formats that are asked for. None of the files
 * may exist. They contain no date, path or user setting; *dated: some PDF keeps the time of its drawing, because
 * draw_undate() did not find it. -ENOENT (host): no gnuplot. -EIO (ours): gnuplot failed; the message has its words. */
int draw_files(const struct drawings *d, int dirfd, unsigned formats, bool *dated, struct err *e);

/* Replaces the time of drawing, which cairo writes into every PDF, by the start of 1970. false: it was not found in
 * plain text, and the PDF is unchanged. */
bool draw_undate(struct text *pdf);

/* Draws each as SVG text, by way of a temporary folder in $TMPDIR. svg has room for d->count; the caller ends each with
 * text_free(), also after an error. Errors as above. */
int draw_svg(const struct drawings *d, struct text *svg, struct err *e);

#endif
