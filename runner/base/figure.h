/* figure: describes a figure: unit, kind, and which direction is better. A table has tare's own figures; a scenario
 * declares its own (scenario.yml); for the rest the end of the name decides. Pure. */
#ifndef TARE_FIGURE_H
#define TARE_FIGURE_H

#include <stdbool.h>
#include <stddef.h>

struct text;

enum figure_kind { FIGURE_TIME, FIGURE_MEMORY, FIGURE_RATE, FIGURE_COUNT };
enum figure_better { BETTER_NONE, BETTER_LESS, BETTER_MORE };

#define FIGURE_KINDS 4

/* "time", "memory", "rate", "count"; "none", "less", "more". Each ends with NULL. */
extern const char *const figure_kind_names[], *const figure_better_names[];

struct figure_about {
    const char *name;  /* as in the record, with the unit at its end; not owned */
    const char *title; /* "mean time of an iteration"; for an unknown figure its name */
    const char *unit;  /* of the record's number: "s", "B", "1/s", "1", … */
    enum figure_kind kind;
    enum figure_better better;
    const char *shown; /* the unit to print: "ms", "MiB"; "" for none */
    double scale;      /* from unit to shown */
    double resolution; /* the smallest step of the record's number, in unit; 0: unknown */
    const char *path;  /* tare's own: the place in the record, "memory.slice.anon"; NULL: in result, or computed */
};

/* Describes a figure: tare's own by the table, others by the end of the name:
 *     _per_s        rate, 1/s, more           _mb_s         rate, MB/s, more
 *     _ns, _usec, _us, _ms, _s   time, less   _bytes        memory, less
 *     _pct          count, %, none            anything else count, none */
struct figure_about figure_about(const char *name);

/* The same, but a declared value replaces the default; NULL or "": not declared. name, title and unit must outlive the
 * result. Unknown words count as not declared: whoever reads the declaration refuses them. */
struct figure_about figure_about_declared(const char *name, const char *title, const char *unit, const char *kind,
                                          const char *better);

/* Whether both have the same unit, kind and better direction, so that their numbers compare. */
bool figure_is_like(const struct figure_about *a, const struct figure_about *b);

/* Writes "a time in s, less is better" into buf. Returns buf. */
const char *figure_says(const struct figure_about *a, char *buf, size_t cap);

/* Whether it is a slope of profile growth, bytes per 1,000 iterations. A slope can be 0 or negative, so two of them
 * have a difference and no ratio. */
bool figure_is_slope(const char *name);

/* The unit in which to show so many bytes: 1.5e6 in MiB, of 1048576 bytes. */
struct figure_unit {
    const char *name;
    double bytes;
};
struct figure_unit figure_unit_of(double bytes);

/* Whether it is memory in bytes, to be printed as KiB, MiB, … */
bool figure_is_of_bytes(const struct figure_about *about);

/* The i-th of tare's own figures, which every record has; NULL after the last. */
const struct figure_about *figure_of_records(size_t i);

/* Adds the names of them all: "avg_iter_s, p50_iter_s, …, with --counters instructions, …". */
void figure_list(struct text *out);

/* Whether it is one of them. */
bool figure_is_of_every_record(const char *name);

#endif
