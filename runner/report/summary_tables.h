/* summary_tables: the tables of a summary. */
#ifndef TARE_SUMMARY_TABLES_H
#define TARE_SUMMARY_TABLES_H

#include "analysis/summary.h"
#include "report/table.h"

enum tables_of {
    TABLES_TIME,        /* a row per cell whose times count: mean, median, p95, ratio to threads */
    TABLES_MEMORY,      /* a row per cell of profile memory */
    TABLES_SPEED_UP,    /* a row per mode and number of workers */
    TABLES_LOSSES,      /* a row per number of threads and part of their loss */
    TABLES_OWN,         /* a row per cell and figure of its scenario */
    TABLES_FIGURES,     /* a row per cell and figure: all of them */
    TABLES_EXPERIMENTS, /* a row per cell: its cost */
    TABLES_VERDICTS,    /* a row per cell: its isolation grade */
    TABLES_ISOLATION,   /* a row per cell and failed check */
    TABLES_FAILED,      /* a row per record without a figure */
    TABLES_DIFFERENCES, /* a row per field of the environment and value, if cells differ in it */
    TABLES_ENVIRONMENT, /* a row per field that all cells share */
    TABLES,
};

#define TABLES_BIT(t) (1U << (t))
#define TABLES_ALL    (TABLES_BIT(TABLES) - 1)
#define TABLES_TEXT   (TABLES_BIT(TABLES_TIME) | TABLES_BIT(TABLES_MEMORY) | TABLES_BIT(TABLES_OWN))

/* In that order. */
struct tables {
    struct table of[TABLES];
};

/* Makes the tables of these bits, also those without rows; the others are empty. TABLES_TEXT: what summary_text()
 * shows. The summary must outlive them. */
struct tables summary_tables_make(const struct summary *s, unsigned which);
void tables_free(struct tables *t);
#define cleanup_tables __attribute__((cleanup(tables_free)))

#endif
