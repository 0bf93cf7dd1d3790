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
#include "base/terminal.h"
#include "base/yaml.h"
#include "cell/scenarios.h"
#include "plan/plan.h"

#define SAID_MAX 100 /* lines; further ones are only counted */

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

bool trust_is_bundled(int dirfd, const char *plan_path)
{
    char path[PATH_MAX];
    const char *slash = strrchr(plan_path, '/');
    return text_fits(path, sizeof(path), "%.*s../bagit.txt", slash ? (int)(slash - plan_path) + 1 : 0, plan_path) &&
           faccessat(dirfd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* --- what it says of the host ------------------------------------------------------------------------------------ */

static void add(struct trust_grants *g, const char *place, const char *option, const char *value, const char *why)
{
    cleanup_free char *shown = text_printable(value);
    if (g->count++ < SAID_MAX)
        text_add(&g->lines, "%s: %s: %.200s: %s\n", place, option, shown, why);
}

/* Looks at an entry's value by its key. The plan's reader refuses unknown options. */
static void look_at(const struct trust_plan *p, const struct yaml_node *n, const char *key, struct trust_grants *grants)
{
    char where[320];
    if (n->kind == YAML_LIST && strcmp(key, "command") == 0 && n->count > 0 && n->child[0].text) {
        if (!carried_find(p->carried, n->child[0].text, true))
            look_at(p, &n->child[0], key, grants); /* the program; the other words are its arguments */
        return;
    }
    for (size_t i = 0; i < n->count; i++)
        look_at(p, &n->child[i], n->child[i].key ? n->child[i].key : key, grants);
    const char *why = n->text ? config_grant(key, n->text) : NULL;
    if (!why || (strcmp(key, "scenario") == 0 && carried_find(p->carried, n->text, false)))
        return;
    (void)snprintf(where, sizeof(where), "%.200s:%zu:%zu", p->label, n->line, n->column);
    add(grants, where, key, n->text, why);
}

/* A scenario's defaults become options of its cells. */
static int look_at_copy(const struct trust_plan *plan, const struct carried_one *one, struct trust_grants *grants,
                        struct err *e)
{
    char place[160], in[128];
    const struct scenario *s = NULL;
    TRY(scenarios_find_carried(plan->carried, one->word, &s, e));
    text_format(place, sizeof(place), "%s/%s", carried_place(one, in, sizeof(in)), one->file);
    for (size_t p = 0; p < PROFILES_COUNT; p++)
        for (size_t i = 0; i < s->profile[p].count; i++) {
            const struct scenario_default *d = &s->profile[p].fallback[i];
            const char *why = config_grant(d->option, d->value);
            if (why)
                add(grants, place, d->option, d->value, why);
        }
    return 0;
}

int trust_of_plan(const struct trust_plan *p, struct trust_grants *ret, struct err *e)
{
    cleanup_yaml struct yaml *y = NULL;
    TRY(yaml_read(p->label, p->bytes->data, p->bytes->len, &y, e));
    const struct yaml_node *root = yaml_root(y), *of[] = {yaml_get(root, "defaults"), yaml_get(root, "cells")};
    TRY(yaml_check_schema(root, PLAN_SCHEMA, e));
    for (size_t i = 0; i < ARRAY_LEN(of); i++)
        if (of[i])
            look_at(p, of[i], "", ret);
    for (size_t i = 0; p->carried && i < p->carried->count; i++)
        if (!p->carried->of[i].of_command)
            TRY(look_at_copy(p, &p->carried->of[i], ret, e));
    return 0;
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
    char *rest = g->lines.data;
    for (char *line; rest && (line = text_line(&rest));)
        terminal_say("%s: %s: %s", command, trusted ? "taken" : "not taken", line);
    if (g->count > SAID_MAX)
        terminal_say("%s: and %zu more", command, g->count - SAID_MAX);
    if (trusted || g->count == 0)
        return 0;
    return err_set(
        e, ERR_USAGE, -EPERM,
        "'%s' is not one's own plan (%s), and %s of it %s the host's to grant: nothing was run (--trust-plan "
        "takes what is listed above)",
        plan, why, g->count == 1 ? "a setting" : "settings", g->count == 1 ? "is" : "are");
}
