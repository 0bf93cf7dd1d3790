/* tables: what a summary says, table by table. */
#ifndef TARE_TABLES_H
#define TARE_TABLES_H

#include "analysis/summary.h"
#include "report/table.h"

enum tables_of {
    TABLES_TIME,        /* a row a cell whose times count: mean, median, p95, ratio to threads */
    TABLES_MEMORY,      /* a row a cell of profile memory */
    TABLES_SPEED_UP,    /* a row a mode and number of workers */
    TABLES_LOSSES,      /* a row a number of threads and part of what they lose */
    TABLES_OWN,         /* a row a cell and figure that its scenario reports */
    TABLES_FIGURES,     /* a row a cell and figure: all there is */
    TABLES_EXPERIMENTS, /* a row a cell: what it took */
    TABLES_VERDICTS,    /* a row a cell: the grade of its isolation */
    TABLES_ISOLATION,   /* a row a cell and check that does not hold */
    TABLES_FAILED,      /* a row a record that gives no figure */
    TABLES_DIFFERENCES, /* a row a field of the environment and value, where cells differ in it */
    TABLES_ENVIRONMENT, /* a row a field that all share */
    TABLES,
};

/* All of them, in that order; those that have no rows too. The summary has to outlive them. */
struct tables {
    struct table of[TABLES];
};

struct tables tables_make(const struct summary *s);
void tables_free(struct tables *t);

#endif
