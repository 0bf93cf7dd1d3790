/* records_internal: between the reader of files and the collection (records.c), a file's sections as trees
 * (records_load.c), and what is made of them (records_pairs.c, records_sections.c, records_details.c). */
#ifndef TARE_RECORDS_INTERNAL_H
#define TARE_RECORDS_INTERNAL_H

#include <jansson.h>
#include <stdbool.h>

#include "base/json_scan.h"
#include "base/text.h"
#include "record/records.h"

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

/* The sections that are read as trees; what was not loaded is NULL. */
struct loaded {
    json_t *section[SECTIONS];
};

/* Loads what analyses look at, with what they take beside the iterations where these are wanted, and nothing else.
 * -EINVAL with the place in *e. record_unload() also after a failure. */
int record_load(const struct record_text *text, bool with_iterations, struct loaded *l, struct err *e);
void record_unload(struct loaded *l);

/* Whether the record has no such section, or null for it. */
bool record_lacks(struct json_span span);

/* A member of a section that is a text, null or missing: "" then. -EINVAL with the place in *e where it is neither. */
int record_take_text(struct records *r, const struct record_text *text, enum section s, const json_t *from,
                     const char *key, const char **ret, struct err *e);

/* The same of a member of the record itself. */
int record_take_top(struct records *r, const struct record_text *text, enum section s, const char **ret, struct err *e);

/* "'path': line 12: section.key is <what>". Returns -EINVAL. */
int record_refuse_at(const struct record_text *text, enum section s, const char *key, const char *what, struct err *e);

/* What the cell is: scenario and runtime, without what two runs of it may differ in; the pool's. */
const struct pairs *record_cell(struct records *r, const struct loaded *l);

/* What it ran in, and how: everything that is not of the moment; the pool's. */
const struct pairs *record_environment(struct records *r, const struct loaded *l);

/* Keeps the text of the sections that documents quote. */
void record_quote(struct records *r, const struct record_text *text, struct invocation *ret);

/* Fills in *ret from the sections. -EINVAL with the place in *e. */
int record_take(struct records *r, const struct record_text *text, struct invocation *ret, struct err *e);

/* records_details.c: fills in ret->details. What a record does not tell is absent there; only what is of a wrong type
 * is an error. */
int record_take_details(struct records *r, const struct record_text *text, const struct loaded *l,
                        struct invocation *ret, struct err *e);

/* "'path': line 12: why", the line of `at` (NULL: no line). Returns -EINVAL. */
int record_refuse(const struct record_text *text, const char *at, const char *why, struct err *e);

/* Appends the invocation, which is the collection's from then on. */
void records_add(struct records *r, struct invocation one);

/* The index of this figure, which is added where it is new. */
size_t records_name(struct records *r, const char *name);

#endif
