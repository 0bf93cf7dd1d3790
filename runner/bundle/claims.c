#include "bundle/claims.h"

#include <cyaml/cyaml.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "cell/schema.h"
#include "plan/plan.h"

#define CLAIMS_MAX      1000
#define CLAIM_CELLS_MAX 256
#define WORD_MAX        200
#define CLAIM_TEXT_MAX  400

/* What a kind's own mapping says. */
struct said_of {
    char *of, *to, *figure, *by;
    char **cells;
    unsigned cells_count;
};

struct said_expect {
    char *min, *max;
};

struct said_claim {
    char *id, *text, *tolerance;
    struct said_of *kind[CLAIM_VALUE + 1];
    struct said_expect *expect;
    const char *pair[2]; /* of and to, as a list: ours */
};

struct said_claims {
    char *schema;
    struct said_claim *claims;
    unsigned claims_count;
};

#define OPTIONAL (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
/* NOLINTBEGIN(bugprone-macro-parentheses): their arguments are types and members' names */
#define WORD(key, of, name)  CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, of, name, 1, WORD_MAX)
#define MAYBE(key, of, name) CYAML_FIELD_STRING_PTR(key, OPTIONAL, of, name, 1, WORD_MAX)
/* NOLINTEND(bugprone-macro-parentheses) */

static const cyaml_schema_value_t CELL_ENTRY = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, WORD_MAX)};

static const cyaml_schema_field_t RATIO_FIELDS[] = {
    WORD("of", struct said_of, of),
    WORD("to", struct said_of, to),
    WORD("figure", struct said_of, figure),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t ONE_FIELDS[] = {
    WORD("of", struct said_of, of),
    WORD("figure", struct said_of, figure),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t ORDER_FIELDS[] = {
    CYAML_FIELD_SEQUENCE("cells", CYAML_FLAG_POINTER, struct said_of, cells, &CELL_ENTRY, 2, CLAIM_CELLS_MAX),
    WORD("figure", struct said_of, figure),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t SCALING_FIELDS[] = {
    CYAML_FIELD_SEQUENCE("cells", CYAML_FLAG_POINTER, struct said_of, cells, &CELL_ENTRY, 2, CLAIM_CELLS_MAX),
    WORD("by", struct said_of, by),
    WORD("figure", struct said_of, figure),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t EXPECT_FIELDS[] = {
    MAYBE("min", struct said_expect, min),
    MAYBE("max", struct said_expect, max),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t CLAIM_FIELDS[] = {
    WORD("id", struct said_claim, id),
    CYAML_FIELD_STRING_PTR("text", CYAML_FLAG_POINTER, struct said_claim, text, 1, CLAIM_TEXT_MAX),
    CYAML_FIELD_MAPPING_PTR("ratio", OPTIONAL, struct said_claim, kind[CLAIM_RATIO], RATIO_FIELDS),
    CYAML_FIELD_MAPPING_PTR("order", OPTIONAL, struct said_claim, kind[CLAIM_ORDER], ORDER_FIELDS),
    CYAML_FIELD_MAPPING_PTR("bound", OPTIONAL, struct said_claim, kind[CLAIM_BOUND], ONE_FIELDS),
    CYAML_FIELD_MAPPING_PTR("scaling", OPTIONAL, struct said_claim, kind[CLAIM_SCALING], SCALING_FIELDS),
    CYAML_FIELD_MAPPING_PTR("value", OPTIONAL, struct said_claim, kind[CLAIM_VALUE], ONE_FIELDS),
    CYAML_FIELD_MAPPING_PTR("expect", OPTIONAL, struct said_claim, expect, EXPECT_FIELDS),
    MAYBE("tolerance", struct said_claim, tolerance),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t CLAIM = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct said_claim, CLAIM_FIELDS)};

static const cyaml_schema_field_t TOP_FIELDS[] = {
    WORD("schema", struct said_claims, schema),
    CYAML_FIELD_SEQUENCE("claims", CYAML_FLAG_POINTER, struct said_claims, claims, &CLAIM, 0, CLAIMS_MAX),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t TOP = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct said_claims, TOP_FIELDS)};

const char *claim_kind_name(enum claim_kind k)
{
    static const char *const NAMES[] = {"ratio", "order", "bound", "scaling", "value"};
    return NAMES[k];
}

/* --- one claim --------------------------------------------------------------------------------------------------- */

/* Puts claim i's place before the message. */
static int blame(const struct claims *c, size_t i, const char *key, struct err *e)
{
    char path[80];
    text_format(path, sizeof(path), "claims[%zu]%s%s", i, *key ? "." : "", key);
    return places_blame(&c->places, path, e);
}

static bool is_id(const char *id)
{
    static const char ALLOWED[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return strlen(id) <= 40 && id[strspn(id, ALLOWED)] == '\0';
}

static int take_number(const struct claims *c, size_t i, const char *key, const char *text, double *ret, struct err *e)
{
    char *end = NULL;
    *ret = NAN;
    if (!text)
        return 0;
    *ret = strtod(text, &end);
    if (end != text && !*end && isfinite(*ret))
        return 0;
    (void)err_set(e, ERR_USAGE, -EINVAL, "'%s': what is allowed is a number, as 1.5", text);
    return blame(c, i, key, e);
}

static int take_kind(const struct claims *c, size_t i, struct said_claim *said, struct claim *ret, struct err *e)
{
    size_t kinds = 0;
    for (int k = CLAIM_RATIO; k <= CLAIM_VALUE; k++)
        if (said->kind[k]) {
            ret->kind = (enum claim_kind)k;
            kinds++;
        }
    if (kinds != 1) {
        (void)err_set(e, ERR_USAGE, -EINVAL,
                      "the claim '%s' is %s: what is allowed is one of ratio, order, bound, scaling, value", said->id,
                      kinds ? "of several kinds" : "of no kind");
        return blame(c, i, "", e);
    }
    const struct said_of *of = said->kind[ret->kind];
    said->pair[0] = of->of;
    said->pair[1] = of->to;
    ret->cell = of->cells ? (const char *const *)of->cells : said->pair;
    ret->cells = of->cells ? of->cells_count : ret->kind == CLAIM_RATIO ? 2 : 1;
    ret->figure = of->figure;
    ret->by = of->by;
    return 0;
}

static int take_expect(const struct claims *c, size_t i, const struct said_claim *said, struct claim *ret,
                       struct err *e)
{
    const struct said_expect *expect = said->expect;
    int failed = take_number(c, i, "expect.min", expect ? expect->min : NULL, &ret->min, e);
    if (failed == 0)
        failed = take_number(c, i, "expect.max", expect ? expect->max : NULL, &ret->max, e);
    if (failed != 0)
        return failed;
    bool given = !isnan(ret->min) || !isnan(ret->max);
    if (given == (ret->kind == CLAIM_ORDER))
        (void)err_set(e, ERR_USAGE, -EINVAL,
                      given ? "the claim '%s': an order expects nothing else; leave 'expect' out"
                            : "the claim '%s' expects nothing: 'expect' with 'min' or 'max' is missing",
                      said->id);
    else if (ret->min > ret->max)
        (void)err_set(e, ERR_USAGE, -EINVAL, "the claim '%s' expects a min above its max", said->id);
    else
        return 0;
    return blame(c, i, expect ? "expect" : "", e);
}

static int take_claim(const struct claims *c, size_t i, struct said_claim *said, struct claim *ret, struct err *e)
{
    *ret = (struct claim){.id = said->id, .text = said->text};
    if (!is_id(said->id)) {
        (void)err_set(e, ERR_USAGE, -EINVAL, "'%s': what is allowed is letters, digits, '.', '_' and '-', at most 40",
                      said->id);
        return blame(c, i, "id", e);
    }
    for (size_t k = 0; k < i; k++)
        if (strcmp(c->list[k].id, said->id) == 0) {
            (void)err_set(e, ERR_USAGE, -EINVAL, "'%s' is a claim already", said->id);
            return blame(c, i, "id", e);
        }
    int failed = take_kind(c, i, said, ret, e);
    if (failed == 0)
        failed = take_expect(c, i, said, ret, e);
    if (failed == 0)
        failed = take_number(c, i, "tolerance", said->tolerance, &ret->tolerance, e);
    if (failed == 0 && said->tolerance && !(ret->tolerance >= 0 && ret->tolerance <= 10)) {
        (void)err_set(e, ERR_USAGE, -EINVAL, "'%s': what is allowed is a share from 0 to 10, as 0.10", said->tolerance);
        failed = blame(c, i, "tolerance", e);
    }
    return failed;
}

/* --- the file ---------------------------------------------------------------------------------------------------- */

static int take_all(struct claims *c, struct err *e)
{
    struct said_claims *said = c->said;
    if (strcmp(said->schema, CLAIMS_SCHEMA) != 0) {
        (void)err_set(e, ERR_USAGE, -EINVAL, "schema '%s': this tare reads " CLAIMS_SCHEMA, said->schema);
        return places_blame(&c->places, "schema", e);
    }
    c->list = calloc(said->claims_count + 1, sizeof(*c->list));
    if (!c->list)
        abort();
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < said->claims_count; i++) {
        failed = take_claim(c, i, &said->claims[i], &c->list[i], e);
        c->count = i + 1;
    }
    return failed;
}

int claims_parse(const char *name, struct text *bytes, struct claims *ret, struct err *e)
{
    struct claims c = {.bytes = *bytes, .name = strdup(name)};
    *bytes = (struct text){0};
    if (!c.name)
        abort();
    const char *data = c.bytes.data ? c.bytes.data : "";
    int failed = places_read(c.name, data, c.bytes.len, &c.places, e);
    if (failed == 0)
        failed = schema_load(&c.places, data, c.bytes.len, &TOP, &c.said, e);
    if (failed == 0)
        failed = take_all(&c, e);
    if (failed != 0)
        claims_free(&c);
    else
        *ret = c;
    return failed;
}

static int refuse_cell(const struct claims *c, size_t i, const char *cell, const struct plan *plan, struct err *e)
{
    struct text known = {0};
    for (size_t k = 0; k < plan->cells; k++)
        text_add(&known, "%s%s", k ? ", " : "", plan->cell[k].id);
    (void)err_set(e, ERR_USAGE, -EINVAL, "the claim '%s' names '%s', which is no cell of the plan '%s': it has %s",
                  c->list[i].id, cell, plan->name, known.data ? known.data : "none");
    text_free(&known);
    return blame(c, i, claim_kind_name(c->list[i].kind), e);
}

int claims_check(const struct claims *c, const struct plan *plan, struct err *e)
{
    for (size_t i = 0; i < c->count; i++)
        for (size_t n = 0; n < c->list[i].cells; n++) {
            size_t k = 0;
            while (k < plan->cells && strcmp(plan->cell[k].id, c->list[i].cell[n]) != 0)
                k++;
            if (k == plan->cells)
                return refuse_cell(c, i, c->list[i].cell[n], plan, e);
        }
    return 0;
}

void claims_free(struct claims *c)
{
    if (c->said)
        schema_free(&TOP, c->said);
    free(c->list);
    places_free(&c->places);
    text_free(&c->bytes);
    free(c->name);
    *c = (struct claims){0};
}
