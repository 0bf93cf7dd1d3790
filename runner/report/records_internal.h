/* records_internal: between the reader of one file (records_file.c), what it makes of the sections (records_sections.c)
 * and the collection (records.c). */
#ifndef TARE_RECORDS_INTERNAL_H
#define TARE_RECORDS_INTERNAL_H

#include "base/text.h"
#include "report/json_scan.h"
#include "report/records.h"

/* The members of a record that are looked at. */
enum section {
    SECTION_SCHEMA,
    SECTION_ID,
    SECTION_STARTED_AT,
    SECTION_NODE,
    SECTION_TOOL,
    SECTION_SCENARIO,
    SECTION_RUNTIME,
    SECTION_HOST,
    SECTION_IMAGE,
    SECTION_SLICE,
    SECTION_CONFINEMENT,
    SECTION_ISOLATION,
    SECTION_TIMING,
    SECTION_PLAN,
    SECTION_ITERATIONS,
    SECTION_RESULT,
    SECTION_MEMORY,
    SECTION_CPU,
    SECTION_TERMINATION,
    SECTION_INSTRUMENT,
    SECTIONS,
};

extern const char *const section_names[SECTIONS];

/* One file: its text and where its sections are in it. */
struct record_text {
    const char *path;
    struct json_span whole;
    struct json_span section[SECTIONS];
};

/* Fills in *ret from the sections. -EINVAL with the place in *e. */
int record_take(struct records *r, const struct record_text *text, struct invocation *ret, struct err *e);

/* records_details.c: fills in ret->details. What a record does not tell is absent there; only what is of a wrong type
 * is an error. */
int record_take_details(struct records *r, const struct record_text *text, struct invocation *ret, struct err *e);

/* "'path': line 12: why", the line of `at` (NULL: no line). Returns -EINVAL. */
int record_refuse(const struct record_text *text, const char *at, const char *why, struct err *e);

/* Appends the invocation, which is the collection's from then on. */
void records_add(struct records *r, struct invocation one);

/* The index of this figure, which is added where it is new. */
size_t records_name(struct records *r, const char *name);

#endif
