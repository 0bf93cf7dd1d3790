/* Checks a bundle's counter-record. */
#include <math.h>
#include <string.h>

#include "archive/filelist.h"
#include "archive/findings.h"
#include "base/cleanup.h"
#include "base/json_put.h"
#include "base/text.h"
#include "bundle/bundle.h"
#include "bundle/claims.h"
#include "bundle/reproduction.h"

#define WRONG(f, ...) findings_add(f, FINDING_DERIVATION, REPRODUCTION_FILE, __VA_ARGS__)

static const json_t *entry(const json_t *list, const char *key, const char *value)
{
    size_t i;
    const json_t *one = NULL;
    json_array_foreach(list, i, one) if (strcmp(json_word(one, key), value) == 0) return one;
    return NULL;
}

static void check_records(const struct bundle *b, const struct filelist *payload, struct findings *f)
{
    const json_t *list = json_object_get(b->reproduction, "records");
    for (size_t i = 0; i < b->records.count; i++) {
        const struct listed_file *file = filelist_find(payload, b->records.list[i].path);
        const json_t *one = entry(list, "path", b->records.list[i].path);
        if (!one)
            WRONG(f, "it does not name the record %s", b->records.list[i].path);
        else if (!file || strcmp(file->sha256, json_word(one, "sha256")) != 0)
            WRONG(f, "it has another digest of the record %s", b->records.list[i].path);
    }
    if (json_array_size(list) != b->records.count)
        WRONG(f, "it names %zu records, and there are %zu", json_array_size(list), b->records.count);
}

/* Whether two numbers are equal but for rounding: sums in another order may differ in the 12th digit. */
static bool is_near(const json_t *a, const json_t *b)
{
    double x = json_number_value(a), y = json_number_value(b);
    return json_is_null(a) == json_is_null(b) && json_is_number(a) == json_is_number(b) &&
           fabs(x - y) <= 1e-9 * fabs(y);
}

static bool is_same(const json_t *a, const json_t *b)
{
    return json_is_number(a) && json_is_number(b) && json_number_value(a) == json_number_value(b);
}

/* Whether the time is the original's to the last digit, which no second measurement gives. */
static bool is_originals(const struct claim *c, const json_t *theirs, const json_t *here)
{
    const char *end = strrchr(c->figure, '_');
    return end && strcmp(end, "_s") == 0 && is_same(json_object_get(theirs, "at"), json_object_get(here, "at"));
}

/* Whether it is not run because a cell weighed another program than the original, and the cell's records are of the
 * program that it names. What the original weighed is not known here; `tare pool`, which has it, counts by the records.
 */
static bool weighed_another(const struct records *r, const char *why)
{
    for (size_t i = 0; i < r->count; i++) {
        const char *program = reproduction_program(&r->list[i]);
        cleanup_free char *begin = text_printf("%s: " REPRODUCTION_WEIGHED, r->list[i].plan_cell, program);
        cleanup_free char *same = text_printf("%s: " REPRODUCTION_ANOTHER, r->list[i].plan_cell, program, program);
        if (strncmp(why, begin, strlen(begin)) == 0 && strcmp(why, same) != 0)
            return true;
    }
    return false;
}

static void check_claims(const struct bundle *b, struct findings *f)
{
    const json_t *list = json_object_get(b->reproduction, "claims");
    for (size_t i = 0; i < b->claims.count; i++) {
        const char *id = b->claims.list[i].id;
        const json_t *one = entry(list, "id", id), *here = json_object_get(one, "here");
        cleanup_json json_t *ours = reproduction_judgement(&b->judgement[i]);
        /* reproduce withholds an absolute value on other hardware; that cannot be checked here. */
        bool withheld = strcmp(json_word(here, "verdict"), "NOT RUN") == 0 &&
                        (b->claims.list[i].kind == CLAIM_VALUE || weighed_another(&b->records, json_word(here, "why")));
        if (!withheld && strcmp(json_word(here, "verdict"), json_word(ours, "verdict")) != 0)
            WRONG(f, "the claim '%s' is %s by it, and %s by the records", id,
                  *json_word(here, "verdict") ? json_word(here, "verdict") : "not there", json_word(ours, "verdict"));
        else if (!is_near(json_object_get(here, "at"), json_object_get(ours, "at")) ||
                 !is_near(json_object_get(here, "low"), json_object_get(ours, "low")) ||
                 !is_near(json_object_get(here, "high"), json_object_get(ours, "high")))
            WRONG(f, "what it found of the claim '%s' is not what the records give", id);
        else if (is_originals(&b->claims.list[i], json_object_get(one, "theirs"), here))
            WRONG(f,
                  "what it found of the claim '%s' is the original's time to the last digit: it is of the "
                  "original's records, and nothing was run again",
                  id);
    }
    if (json_array_size(list) != b->claims.count)
        WRONG(f, "it judges %zu claims, and there are %zu", json_array_size(list), b->claims.count);
}

void reproduction_check(const struct bundle *b, const struct filelist *payload, struct findings *f)
{
    check_records(b, payload, f);
    check_claims(b, f);
}
