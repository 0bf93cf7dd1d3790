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

/* A claim as text. */
struct paper_claim {
    const char *id, *text, *expected, *found, *verdict;
};

struct paper_options {
    const struct paper_claim *claim;
    size_t claims;
    bool judged;       /* whether claims were looked for, as for a bundle */
    const char *title; /* the artefact's title; NULL: the plan's name */
    bool draw;         /* draw SVG, PDF and PNG with gnuplot; false: write only data and commands */
    bool *dated;       /* set if a PDF keeps the time of its drawing (report/gnuplot.h); NULL is allowed */
};

struct summary;

/* Writes all files into the empty folder dirfd, from a summary that was read for drawings. Equal records give equal
 * bytes for any path, time zone, locale and umask, with the same gnuplot and fonts. -EEXIST: the folder is not empty.
 * -ENOENT (host): no gnuplot. Files written before an error stay. */
int paper_write(const struct summary *s, const struct paper_options *o, int dirfd, struct err *e);

struct tables;
struct text;

/* Adds the tables as LaTeX, each below a comment with its title, for `tare report --format tex`. */
void paper_tables(const struct summary *s, const struct tables *t, struct text *out);

#endif
