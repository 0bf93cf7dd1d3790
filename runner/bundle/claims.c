#include "bundle/claims.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"
#include "base/yaml.h"
#include "plan/plan.h"

#define CLAIMS_MAX      1000
#define CLAIM_CELLS_MAX 256

/* --- what a file may say ----------------------------------------------------------------------------------------- */

static const struct yaml_shape WORD = {.kind = YAML_TEXT, .max = 200};
static const struct yaml_shape LINE = {.kind = YAML_TEXT, .max = 400};
static const struct yaml_shape CELLS = {.kind = YAML_LIST, .min = 2, .max = CLAIM_CELLS_MAX, .entry = &WORD};

static const struct yaml_shape RATIO =
    YAML_KEYS(YAML_NEEDS("of", WORD), YAML_NEEDS("to", WORD), YAML_NEEDS("figure", WORD));
static const struct yaml_shape ONE = YAML_KEYS(YAML_NEEDS("of", WORD), YAML_NEEDS("figure", WORD));
static const struct yaml_shape ORDER = YAML_KEYS(YAML_NEEDS("cells", CELLS), YAML_NEEDS("figure", WORD));
static const struct yaml_shape SCALING =
    YAML_KEYS(YAML_NEEDS("cells", CELLS), YAML_NEEDS("by", WORD), YAML_NEEDS("figure", WORD));
static const struct yaml_shape EXPECT = YAML_KEYS(YAML_MAY("min", WORD), YAML_MAY("max", WORD));
static const struct yaml_shape CLAIM =
    YAML_KEYS(YAML_NEEDS("id", WORD), YAML_NEEDS("text", LINE), YAML_MAY("ratio", RATIO), YAML_MAY("order", ORDER),
              YAML_MAY("bound", ONE), YAML_MAY("scaling", SCALING), YAML_MAY("value", ONE), YAML_MAY("expect", EXPECT),
              YAML_MAY("tolerance", WORD));
static const struct yaml_shape CLAIMS = {.kind = YAML_LIST, .max = CLAIMS_MAX, .entry = &CLAIM};
static const struct yaml_shape TOP = YAML_KEYS(YAML_NEEDS("schema", WORD), YAML_NEEDS("claims", CLAIMS));

const char *const claim_kind_names[] = {"ratio", "order", "bound", "scaling", "value"};

/* --- one claim --------------------------------------------------------------------------------------------------- */

static int take_id(const struct claims *c, const struct yaml_node *id, struct err *e)
{
    static const char ALLOWED[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    if (strlen(id->text) > 40 || id->text[strspn(id->text, ALLOWED)])
        return yaml_refuse(id, -EINVAL, e, "'%s': what is allowed is letters, digits, '.', '_' and '-', at most 40",
                           id->text);
    for (size_t k = 0; k < c->count; k++)
        if (strcmp(c->list[k].id, id->text) == 0)
            return yaml_refuse(id, -EINVAL, e, "'%s' is a claim already", id->text);
    return 0;
}

static int take_kind(const struct yaml_node *said, struct claim *ret, struct err *e)
{
    size_t kinds = 0;
    for (unsigned k = CLAIM_RATIO; k <= CLAIM_VALUE; k++) {
        const struct yaml_node *of = yaml_get(said, claim_kind_names[k]);
        if (!of)
            continue;
        ret->kind = (enum claim_kind)k;
        ret->place = of;
        kinds++;
    }
    if (kinds != 1)
        return yaml_refuse(said, -EINVAL, e,
                           "the claim '%s' is of %s: what is allowed is one of ratio, order, bound, scaling, value",
                           ret->id, kinds ? "several kinds" : "no kind");
    const struct yaml_node *cells = yaml_get(ret->place, "cells"), *by = yaml_get(ret->place, "by");
    ret->cells = cells ? cells->count : ret->kind == CLAIM_RATIO ? 2 : 1;
    ret->cell = xcalloc(ret->cells, sizeof(*ret->cell)); /* NOLINT(bugprone-sizeof-expression): pointers */
    for (size_t i = 0; i < ret->cells; i++)
        ret->cell[i] = cells ? cells->child[i].text : yaml_text(ret->place, i == 0 ? "of" : "to");
    ret->figure = yaml_text(ret->place, "figure");
    ret->by = by ? by->text : NULL;
    return 0;
}

static int take_expect(const struct yaml_node *said, struct claim *ret, struct err *e)
{
    const struct yaml_node *expect = yaml_get(said, "expect"), *place = expect ? expect : said;
    ret->min = ret->max = NAN;
    TRY(yaml_number(yaml_get(expect, "min"), &ret->min, e));
    TRY(yaml_number(yaml_get(expect, "max"), &ret->max, e));
    bool given = !isnan(ret->min) || !isnan(ret->max);
    if (given && ret->kind == CLAIM_ORDER)
        return yaml_refuse(place, -EINVAL, e, "the claim '%s': an order expects nothing else; leave 'expect' out",
                           ret->id);
    if (!given && ret->kind != CLAIM_ORDER)
        return yaml_refuse(place, -EINVAL, e, "the claim '%s' expects nothing: 'expect' with 'min' or 'max' is missing",
                           ret->id);
    if (ret->min > ret->max)
        return yaml_refuse(place, -EINVAL, e, "the claim '%s' expects a min above its max", ret->id);
    return 0;
}

static int take_claim(const struct claims *c, const struct yaml_node *said, struct claim *ret, struct err *e)
{
    const struct yaml_node *id = yaml_get(said, "id"), *tolerance = yaml_get(said, "tolerance");
    *ret = (struct claim){.id = id->text, .text = yaml_text(said, "text"), .tolerance = NAN};
    TRY(take_id(c, id, e));
    TRY(take_kind(said, ret, e));
    TRY(take_expect(said, ret, e));
    TRY(yaml_number(tolerance, &ret->tolerance, e));
    if (tolerance && !(ret->tolerance >= 0 && ret->tolerance <= 10))
        return yaml_refuse(tolerance, -EINVAL, e, "'%s': what is allowed is a share from 0 to 10, as 0.10",
                           tolerance->text);
    return 0;
}

/* --- the file ---------------------------------------------------------------------------------------------------- */

static int read_claims(const char *name, const struct text *bytes, struct claims *c, struct err *e)
{
    TRY(yaml_read(name, bytes->data, bytes->len, &c->file, e));
    TRY(yaml_check_schema(yaml_root(c->file), CLAIMS_SCHEMA, e));
    TRY(yaml_check(yaml_root(c->file), &TOP, e));
    const struct yaml_node *said = yaml_get(yaml_root(c->file), "claims");
    c->list = xcalloc(said->count, sizeof(*c->list));
    for (; c->count < said->count; c->count++) {
        struct claim *one = &c->list[c->count];
        int failed = take_claim(c, &said->child[c->count], one, e);
        if (failed != 0) {
            free(STEAL(one->cell));
            return failed;
        }
    }
    return 0;
}

int claims_parse(const char *name, struct text *bytes, struct claims *ret, struct err *e)
{
    struct claims c = {.bytes = *bytes};
    *bytes = (struct text){0};
    int failed = read_claims(name, &c.bytes, &c, e);
    if (failed != 0)
        claims_free(&c);
    else
        *ret = c;
    return failed;
}

static int refuse_cell(const struct claim *c, const char *cell, const struct plan *plan, struct err *e)
{
    cleanup_text struct text known = {0};
    for (size_t k = 0; k < plan->cells; k++)
        text_add(&known, "%s%s", k ? ", " : "", plan->cell[k].id);
    return yaml_refuse(c->place, -EINVAL, e, "the claim '%s' names '%s', which is no cell of the plan '%s': it has %s",
                       c->id, cell, plan->name, known.data ? known.data : "none");
}

int claims_check(const struct claims *c, const struct plan *plan, struct err *e)
{
    for (size_t i = 0; i < c->count; i++)
        for (size_t n = 0; n < c->list[i].cells; n++) {
            size_t k = 0;
            while (k < plan->cells && strcmp(plan->cell[k].id, c->list[i].cell[n]) != 0)
                k++;
            if (k == plan->cells)
                return refuse_cell(&c->list[i], c->list[i].cell[n], plan, e);
        }
    return 0;
}

void claims_free(struct claims *c)
{
    for (size_t i = 0; i < c->count; i++)
        free(c->list[i].cell);
    free(c->list);
    yaml_end(c->file);
    text_free(&c->bytes);
    *c = (struct claims){0};
}
