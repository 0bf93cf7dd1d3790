#include "plan/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "cell/scenarios.h"
#include "plan/plan.h"
#include "plan/plan_file.h"

#define SAID_MAX 100 /* lines; the others are counted */

/* --- whose it is ------------------------------------------------------------------------------------------------- */

bool trust_is_own(const struct stat *st, char *why, size_t cap)
{
    if (st->st_uid != geteuid())
        (void)snprintf(why, cap, "the user %u owns it", (unsigned)st->st_uid);
    else if (st->st_mode & (S_IWGRP | S_IWOTH))
        (void)snprintf(why, cap, "others may write to it (mode %04o)", (unsigned)st->st_mode & 07777);
    else
        return true;
    return false;
}

bool trust_is_bundled(const char *plan_path)
{
    char path[PATH_MAX];
    const char *slash = strrchr(plan_path, '/');
    int n = snprintf(path, sizeof(path), "%.*s../bagit.txt", slash ? (int)(slash - plan_path) + 1 : 0, plan_path);
    return n > 0 && (size_t)n < sizeof(path) && faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* --- what it says of the host ------------------------------------------------------------------------------------ */

static void add(struct trust_grants *g, const char *place, const char *option, const char *value, const char *why)
{
    cleanup_free char *shown = text_printable(value);
    if (g->count++ < SAID_MAX)
        text_add(&g->lines, "%s: %s: %.200s: %s\n", place, option, shown, why);
}

/* A plan on its way through. */
struct looking {
    const struct trust_plan *plan;
    const struct plan_file *file;
    const struct plan_options *options;
    struct trust_grants *grants;
};

static void look_at(const struct looking *l, const char *path, size_t option, const char *value)
{
    char where[320];
    const char *name = l->options->name[option], *why = value ? config_grant(name, value) : NULL;
    if (!why || (strcmp(name, "scenario") == 0 && carried_find(l->plan->carried, value)))
        return;
    const struct place *place = places_find(&l->file->places, path);
    if (place)
        (void)snprintf(where, sizeof(where), "%.200s:%zu:%zu", l->plan->label, place->line, place->column);
    else
        (void)snprintf(where, sizeof(where), "%.200s", l->plan->label);
    add(l->grants, where, name, value, why);
}

static void look_at_entry(const struct looking *l, const char *at, const struct plan_entry *entry)
{
    char path[160];
    for (size_t o = 0; o < l->options->count; o++) {
        text_format(path, sizeof(path), "%s.%s", at, l->options->name[o]);
        look_at(l, path, o, entry->value[o]);
        for (unsigned i = 0; entry->each && i < entry->each->of[o].count; i++) {
            text_format(path, sizeof(path), "%s.each.%s[%u]", at, l->options->name[o], i);
            look_at(l, path, o, entry->each->of[o].value[i]);
        }
    }
}

/* The defaults of a scenario are options of its cells. */
static int look_at_copy(const struct looking *l, const struct carried_scenario *one, struct err *e)
{
    char place[160], in[128];
    const struct scenario *s = NULL;
    int failed = scenarios_find_carried(l->plan->carried, one->word, &s, e);
    if (failed != 0)
        return failed;
    text_format(place, sizeof(place), "%s/%s", carried_place(one, in, sizeof(in)), one->file);
    for (size_t p = 0; p < PROFILES_COUNT; p++)
        for (size_t i = 0; i < s->profile[p].count; i++) {
            const struct scenario_default *d = &s->profile[p].otherwise[i];
            const char *why = config_grant(d->option, d->value);
            if (why)
                add(l->grants, place, d->option, d->value, why);
        }
    return 0;
}

int trust_of_plan(const struct trust_plan *p, struct trust_grants *ret, struct err *e)
{
    char at[32];
    struct plan_file file;
    struct plan_options options;
    struct text copy = {0};
    int failed = plan_options_list(&options, e);
    if (failed != 0)
        return failed;
    options.others = true; /* knobs: what is weighed */
    text_add_bytes(&copy, p->bytes->data ? p->bytes->data : "", p->bytes->len);
    failed = plan_file_parse(p->label, &copy, &options, &file, e);
    if (failed != 0)
        return failed;
    const struct looking l = {.plan = p, .file = &file, .options = &options, .grants = ret};
    if (file.said->defaults)
        look_at_entry(&l, "defaults", file.said->defaults);
    for (unsigned i = 0; i < file.said->cells_count; i++) {
        text_format(at, sizeof(at), "cells[%u]", i);
        look_at_entry(&l, at, &file.said->cells[i]);
    }
    for (size_t i = 0; failed == 0 && p->carried && i < p->carried->count; i++)
        failed = look_at_copy(&l, &p->carried->of[i], e);
    plan_file_free(&file);
    return failed;
}

void trust_of_options(const char *label, const struct config_given *given, struct trust_grants *ret)
{
    for (size_t i = 0; i < given->count; i++) {
        const char *name = given->option[i].name, *value = given->option[i].value, *why = config_grant(name, value);
        if (why)
            add(ret, label, name, value, why);
    }
}

/* --- what becomes of it ------------------------------------------------------------------------------------------ */

int trust_settle(const struct trust_grants *g, const char *command, const char *plan, const char *why, bool trusted,
                 struct err *e)
{
    const char *line = g->lines.data ? g->lines.data : "";
    for (size_t len; *line; line += len + 1) {
        len = strcspn(line, "\n");
        (void)fprintf(stderr, "tare: %s: %s: %.*s\n", command, trusted ? "taken" : "not taken", (int)len, line);
    }
    if (g->count > SAID_MAX)
        (void)fprintf(stderr, "tare: %s: and %zu more\n", command, g->count - SAID_MAX);
    if (trusted || g->count == 0)
        return 0;
    return err_set(
        e, ERR_USAGE, -EPERM,
        "'%s' is not one's own plan (%s), and %s of it %s the host's to grant: nothing was run (--trust-plan "
        "takes what is listed above)",
        plan, why, g->count == 1 ? "a setting" : "settings", g->count == 1 ? "is" : "are");
}
