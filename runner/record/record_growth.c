/* The growth section of a record. */
#include <math.h>

#include "base/json_put.h"
#include "record/record_internal.h"

/* One value per reading; null: unknown. */
static json_t *column_json(const struct growth *g, enum ledger_memory m)
{
    json_t *list = json_array();
    for (size_t i = 0; i < g->readings; i++) {
        const int64_t bytes = g->reading[i].bytes[m];
        (void)json_array_append_new(list, bytes == LEDGER_UNKNOWN ? json_null() : json_integer(bytes));
    }
    return list;
}

static json_t *readings_json(const struct growth *g)
{
    json_t *o = json_object(), *iteration = json_array(), *at_ns = json_array();
    for (size_t i = 0; i < g->readings; i++) {
        (void)json_array_append_new(iteration, json_integer(g->reading[i].iteration));
        (void)json_array_append_new(at_ns, json_integer(g->reading[i].at_ns));
    }
    json_put(o, "iteration", iteration);
    json_put(o, "at_ns", at_ns);
    for (int m = 0; m < LEDGER_MEMORIES; m++)
        json_put(o, ledger_memory_names[m], column_json(g, (enum ledger_memory)m));
    return o;
}

static json_t *interval_json(const struct growth_slope *s)
{
    json_t *o = json_object();
    json_put_real(o, "low", s->low, s->why_not);
    json_put_real(o, "high", s->high, s->why_not);
    return o;
}

static json_t *growth_json(const struct growth *g)
{
    json_t *o = json_object(), *slopes = json_object(), *intervals = json_object();
    for (int f = 0; f < GROWTH_FIGURES; f++) {
        const struct growth_slope *s = &g->slope[f];
        json_put_real(slopes, growth_figure_keys[f], s->bytes, s->why_not);
        json_put(intervals, growth_figure_keys[f], interval_json(s));
    }
    json_put_int(o, "per_iterations", GROWTH_PER);
    json_put_real(o, "confidence", GROWTH_CONFIDENCE, NULL);
    json_put_text(o, "shape", growth_shape_name(g->shape));
    json_put(o, "slopes", slopes);
    json_put(o, "intervals", intervals);
    json_put_real(o, "rose_before_bytes", g->rose_bytes, "the first half has no readings of PSS");
    json_put_real(o, "wanted_half_width_bytes", g->wanted_bytes, "no width was asked for (--until-slope)");
    json_put_int(o, "first_reading_of_slopes", (int64_t)g->from);
    json_put_int(o, "iterations_between_readings", g->stride);
    json_put(o, "readings", readings_json(g));
    return o;
}

void record_write_growth(const struct record *r, FILE *out)
{
    if (!r->growth.has_been_asked)
        return;
    (void)fputs(",\n\"growth\": ", out);
    record_write_value(out, growth_json(&r->growth), JSON_COMPACT);
}
