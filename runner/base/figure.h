/* figure: what a figure is: its unit, its kind, and which direction of it is the better one. One table for those of
 * every record; a scenario declares its own (scenario.yml); what nobody declared goes by the end of its name. Pure. */
#ifndef TARE_FIGURE_H
#define TARE_FIGURE_H

#include <stdbool.h>
#include <stddef.h>

enum figure_kind { FIGURE_TIME, FIGURE_MEMORY, FIGURE_RATE, FIGURE_COUNT };
enum figure_better { BETTER_NONE, BETTER_LESS, BETTER_MORE };

#define FIGURE_KINDS   4
#define FIGURE_BETTERS 3

/* "time", "memory", "rate", "count"; "none", "less", "more". */
const char *figure_kind_name(enum figure_kind k);
const char *figure_better_name(enum figure_better b);

/* false: no such word. */
bool figure_kind_of(const char *word, enum figure_kind *ret);
bool figure_better_of(const char *word, enum figure_better *ret);

struct figure_about {
    const char *name;  /* the record's, its unit at the end; not owned */
    const char *title; /* "mean time of an iteration"; of an unknown figure its name */
    const char *unit;  /* of the record's number: "s", "B", "1/s", "1", … */
    enum figure_kind kind;
    enum figure_better better;
    const char *shown; /* the unit that people read: "ms", "MiB"; "" none */
    double scale;      /* from unit to shown */
    double resolution; /* the last place of the record's number, in unit: its clock's, its counter's; 0: not known */
};

/* Of tare's own figures by the table, of all others by the end of the name:
 *     _per_s        rate, 1/s, more           _mb_s         rate, MB/s, more
 *     _ns, _usec, _us, _ms, _s   time, less   _bytes        memory, less
 *     _pct          count, %, none            anything else count, none */
struct figure_about figure_about(const char *name);

/* The same, with what was declared of it in place of the defaults; each may be NULL: not declared. name, title and unit
 * have to outlive the result. A word that is none counts as not declared: who reads the declaration refuses it. */
struct figure_about figure_about_declared(const char *name, const char *title, const char *unit, const char *kind,
                                          const char *better);

/* Whether a number of the one is a number of the other: unit, kind and better direction are the same. */
bool figure_is_like(const struct figure_about *a, const struct figure_about *b);

/* "a time in s, less is better", in a buffer of the caller's. Returns buf. */
const char *figure_says(const struct figure_about *a, char *buf, size_t cap);

/* Whether the record's number is one of bytes, which people read as KiB, MiB, …; memory in another unit is not. */
bool figure_is_of_bytes(const struct figure_about *about);

/* Whether it is one of tare's own, which every record has; else a scenario reports it. */
bool figure_is_of_every_record(const char *name);

#endif
