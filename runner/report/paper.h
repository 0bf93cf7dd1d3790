/* paper: what a paper takes in, from records alone, so that no hand copies a figure.
 *
 *   numbers.tex          a macro a figure
 *   tables/NAME.tex      a tabular in booktabs style; NAME.csv the same in full
 *   figures/NAME.pdf     and .svg, .png; NAME.dat their data (for pgfplots too), NAME.gp gnuplot's commands
 *   appendix.tex         claims and experiments, as artefact committees ask for them */
#ifndef TARE_PAPER_H
#define TARE_PAPER_H

#include <stdbool.h>
#include <stddef.h>

struct err;

/* A claim in words. */
struct paper_claim {
    const char *id, *text, *expected, *found, *verdict;
};

struct paper_options {
    const struct paper_claim *claim;
    size_t claims;
    bool judged;       /* whether claims were looked for: a bundle's are */
    const char *title; /* of what the artefact is to; NULL: the plan's name */
    bool draw;         /* SVG, PDF and PNG by gnuplot; false: their data and commands alone */
    bool *dated;       /* is told whether PDFs hold the time of their drawing (report/draw.h); NULL is allowed */
};

struct summary;

/* Writes all of it below dirfd, which exists and is empty, from the summary alone, which was made for drawings: the
 * same bytes from the same records on any path, time zone, locale and umask, and with the same gnuplot and fonts.
 * -EEXIST: the folder is not empty. -ENOENT (host): no gnuplot. What was written before an error stays. */
int paper_write(const struct summary *s, const struct paper_options *o, int dirfd, struct err *e);

struct tables;
struct text;

/* The tables of a summary as LaTeX, each under its title as a remark: what `tare report --format tex` prints. */
void paper_tables(const struct summary *s, const struct tables *t, struct text *out);

#endif
