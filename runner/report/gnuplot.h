/* gnuplot: writes drawings as files: data, commands, and with gnuplot SVG, PDF and PNG. */
#ifndef TARE_GNUPLOT_H
#define TARE_GNUPLOT_H

#include "base/text.h"
#include "report/drawing.h"

struct err;

enum gnuplot_formats { GNUPLOT_DATA = 0, GNUPLOT_SVG = 1, GNUPLOT_PDF = 2, GNUPLOT_PNG = 4 };

/* Writes each drawing's NAME.dat and NAME.gp below dirfd, and the other formats that are asked for. None of the files
 * may exist. They contain no date, path or user setting; *dated: some PDF keeps the time of its drawing, because
 * gnuplot_undate() did not find it. -ENOENT (host): no gnuplot. -EIO (ours): gnuplot failed; the message has its words.
 */
int gnuplot_files(const struct drawings *d, int dirfd, unsigned formats, bool *dated, struct err *e);

/* Replaces the time of drawing, which cairo writes into every PDF, by the start of 1970. false: it was not found in
 * plain text, and the PDF is unchanged. */
bool gnuplot_undate(struct text *pdf);

/* Draws each as SVG text, by way of a temporary folder in $TMPDIR. 0 also without gnuplot: then none is drawn, and
 * *no_plot says why. -EIO as above. */
int gnuplot_svg(struct drawings *d, struct err *no_plot, struct err *e);

#endif
