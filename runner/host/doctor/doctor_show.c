/* Prints the doctor's findings as text and JSON. */
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/facts.h"
#include "base/json_put.h"
#include "base/terminal.h"
#include "base/text.h"
#include "host/doctor/doctor.h"

enum { LABEL_AT = 9, WORDS_AT = 14 }; /* columns of "why:" and "do:", and of what follows them */

static void add_row(const struct finding *f, const char *name, int width, const char *found,
                    const struct terminal_look *look, struct text *out)
{
    static const enum hue OF[] = {[DOCTOR_FAILS] = HUE_BAD,
                                  [DOCTOR_WARNS] = HUE_MIDDLING,
                                  [DOCTOR_UNKNOWN] = HUE_MIDDLING,
                                  [DOCTOR_OK] = HUE_GOOD};
    const char *verdict = doctor_verdict_names[f->verdict];
    cleanup_free char *rest = text_printf("%*s %-12s %-*s %s", 8 - (int)strlen(verdict), "",
                                          doctor_level_names[f->level], width, name, found);
    if (f->verdict == DOCTOR_NOTED)
        text_add(out, "%s", verdict);
    else
        terminal_hued(look, OF[f->verdict], verdict, out);
    terminal_wrap(rest, strlen(verdict), look->width, WORDS_AT, out);
}

static void add_reason(const char *label, const char *words, const struct terminal_look *look, struct text *out)
{
    text_add(out, "%*s%-*s", LABEL_AT, "", WORDS_AT - LABEL_AT, label);
    terminal_wrap(words, WORDS_AT, look->width, WORDS_AT, out);
}

static void add_finding(const struct finding *f, const struct terminal_look *look, struct text *out)
{
    cleanup_free char *reason =
        text_printf("%s (%s)", f->verdict == DOCTOR_OK ? "not there" : "unavailable", f->reason);
    add_row(f, f->id, 21, f->value ? f->value : reason, look, out);
    if (f->verdict == DOCTOR_OK || f->verdict == DOCTOR_NOTED)
        return;
    add_reason("why:", f->why, look, out);
    if (f->remedy)
        add_reason("do:", f->remedy, look, out);
}

/* Sorted by verdict, then level, the worst first, then in table order. */
static void add_all(const struct diagnosis *d, bool flags,
                    void (*add)(const struct finding *, const struct terminal_look *, struct text *),
                    const struct terminal_look *look, struct text *out)
{
    for (int v = 0; v < DOCTOR_VERDICTS; v++)
        for (int l = DOCTOR_REQUIRED; l <= DOCTOR_RECORDED; l++)
            for (size_t i = 0; i < d->findings; i++)
                if ((int)d->finding[i].verdict == v && (int)d->finding[i].level == l && !d->finding[i].flag == !flags)
                    add(&d->finding[i], look, out);
}

static void add_flag(const struct finding *f, const struct terminal_look *look, struct text *out)
{
    add_row(f, f->flag, 29, f->verdict == DOCTOR_OK ? "as locked" : f->value ? f->value : f->reason, look, out);
    if (f->verdict != DOCTOR_WARNS)
        return;
    add_reason("why:", f->why, look, out);
    add_reason("do:", f->remedy, look, out);
}

static void add_flags(const struct diagnosis *d, const struct terminal_look *look, struct text *out)
{
    size_t flags = 0;
    for (size_t i = 0; i < d->findings; i++)
        flags += d->finding[i].flag != NULL;
    if (flags == 0)
        return;
    text_add(out, "\nKernel command line, beside the locked one of the VM image:\n\n");
    add_all(d, true, add_flag, look, out);
}

void doctor_text(const struct diagnosis *d, const struct facts *facts, const struct terminal_look *look,
                 struct text *out)
{
    const char *kernel = facts_word(facts, "kernel_release"), *model = facts_word(facts, "cpu_model");
    text_add(out, "Linux %s on %s\n\n", *kernel ? kernel : "(release unknown)", *model ? model : "an unnamed CPU");
    add_all(d, false, add_finding, look, out);
    add_flags(d, look, out);
    text_add(out, "\ntare doctor:");
    for (int v = 0; v < DOCTOR_VERDICTS; v++)
        text_add(out, "%s %zu %s", v == 0 ? "" : ",", d->count[v], doctor_verdict_names[v]);
    text_add(out, "\n");
}

static json_t *text_or_null(const char *text)
{
    return text ? json_of_bytes(text) : json_null();
}

static json_t *json_of_finding(const struct finding *f)
{
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:s, s:o, s:o}", "id", f->id, "level", doctor_level_names[f->level],
                     "verdict", doctor_verdict_names[f->verdict], "value", text_or_null(f->value), "reason",
                     text_or_null(f->reason), "why", f->why, "remedy", text_or_null(f->remedy), "tune",
                     text_or_null(f->tune));
}

static json_t *json_of_host(const struct facts *facts)
{
    static const char *const KEYS[] = {"kernel_release",   "os",         "cpu_model", "machine_vendor",
                                       "machine_product",  "hypervisor", "container", "benchmark_cpus",
                                       "housekeeping_cpus"};
    json_t *host = json_object();
    for (size_t i = 0; i < ARRAY_LEN(KEYS); i++) {
        const char *text = facts_word(facts, KEYS[i]);
        (void)json_object_set_new(host, KEYS[i], text_or_null(*text ? text : NULL));
    }
    return host;
}

int doctor_json(const struct diagnosis *d, const struct facts *facts, FILE *out, struct err *e)
{
    json_t *counts = json_object(), *checks = json_array();
    for (int v = 0; v < DOCTOR_VERDICTS; v++)
        (void)json_object_set_new(counts, doctor_verdict_names[v], json_integer((json_int_t)d->count[v]));
    for (size_t i = 0; i < d->findings; i++)
        (void)json_array_append_new(checks, json_of_finding(&d->finding[i]));
    cleanup_json json_t *whole = json_pack("{s:s, s:o, s:o, s:o}", "schema", "tare.doctor/1", "host",
                                           json_of_host(facts), "counts", counts, "checks", checks);
    int failed = !whole || json_dumpf(whole, out, JSON_INDENT(2)) != 0 || fputc('\n', out) == EOF;
    return failed ? err_set(e, ERR_OURS, -EIO, "cannot write the findings") : 0;
}
