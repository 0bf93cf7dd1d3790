/* What has to be said with the figures. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/study.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"

#define MISSED_SHARE 0.05 /* of the ticks, from which on it is said */

/* What is said of several things for one reason: their names, each once. */
struct note {
    char *reason; /* owned */
    struct text names;
};

struct notes {
    struct note *list;
    size_t count;
};

static struct note *note_of(struct notes *n, const char *reason)
{
    cleanup_free char *printable = text_printable(reason);
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->list[i].reason, printable) == 0)
            return &n->list[i];
    n->list = xgrow(n->list, n->count, sizeof(*n->list));
    n->list[n->count] = (struct note){.reason = STEAL(printable)};
    return &n->list[n->count++];
}

/* Whether the names, which commas part, hold this one. */
static bool holds(const struct text *names, const char *name)
{
    size_t len = strlen(name);
    for (const char *p = names->data; p && (p = strstr(p, name)); p += len)
        if ((p == names->data || p[-1] == ' ') && (p[len] == ',' || p[len] == '\0'))
            return true;
    return false;
}

static void add_note(struct notes *n, const char *name, const char *reason)
{
    cleanup_free char *printable = text_printable(name);
    struct note *note = note_of(n, reason);
    if (*printable && !holds(&note->names, printable))
        text_add(&note->names, "%s%s", note->names.len ? ", " : "", printable);
}

/* --- what there is to say -------------------------------------------------------------------------------------------
 */

static void note_isolation(struct notes *n, const struct invocation *one)
{
    char line[200];
    for (size_t i = 0; i < one->details.unmets; i++)
        if (strcmp(one->details.unmet[i].level, "recorded") != 0)
            add_note(n, one->details.unmet[i].name, one->details.unmet[i].reason);
    if (!*one->grade || strcmp(one->grade, "full") == 0)
        return;
    text_format(line, sizeof(line),
                "isolation is %.20s on this host, for the reasons above; 'make run-vm' weighs the same cells in a VM "
                "with a full slice",
                one->grade);
    add_note(n, "", line);
}

static void note_emulation(struct notes *n, const struct study_cell *c, const struct invocation *one)
{
    cleanup_text struct text line = {0};
    if (study_is_memory(c) || one->kind != RECORD_EMULATED)
        return;
    text_add(&line,
             "the times are emulated, by %.80s: they show order, not size, and no ratio is made of them (memory is not "
             "emulated)",
             one->emulated_by);
    add_note(n, "", line.data);
}

static void note_failure(struct notes *n, const struct study_cell *c, const struct invocation *one)
{
    cleanup_text struct text name = {0}, why = {0};
    if (one->ok)
        return;
    text_add(&name, "%s %s", c->label, c->profile);
    text_add(&why, "%s%s%s", *one->termination ? one->termination : "it does not say how it ended",
             *one->detail ? ": " : "", one->detail);
    add_note(n, name.data, why.data);
}

/* Ticks are missed when the machine is busiest: averages over the rest are not of the whole. */
static void note_missed(struct notes *n, const struct study_cell *c)
{
    double most = 0;
    char line[200];
    for (size_t i = 0; i < c->count; i++)
        most = fmax(most, c->invocation[i]->details.missed_share); /* fmax leaves NaN out */
    if (most <= MISSED_SHARE)
        return;
    text_format(line, sizeof(line), "up to %.0f%% of the moments at which memory is sampled were missed in a run",
                100 * most);
    add_note(n, c->label, line);
}

static void note_nodes(struct notes *n, const struct study *s)
{
    size_t nodes = 0;
    char line[80];
    const char **node = xcalloc(s->records.count + 1, sizeof(*node)); /* NOLINT(bugprone-sizeof-expression): pointers */
    for (size_t i = 0; i < s->records.count; i++) {
        size_t k = 0;
        while (k < nodes && node[k] != s->records.list[i].node) /* texts of a pool: equal ones are one */
            k++;
        if (k == nodes && *s->records.list[i].node)
            node[nodes++] = s->records.list[i].node;
    }
    free(node);
    text_format(line, sizeof(line), "the records are of %zu nodes", nodes);
    if (nodes > 1)
        add_note(n, "", line);
}

void study_notes(const struct study *s, struct text *out)
{
    struct notes n = {NULL, 0};
    for (size_t i = 0; i < s->cells; i++) {
        const struct study_cell *c = &s->cell[i];
        for (size_t k = 0; k < c->count; k++) {
            note_emulation(&n, c, c->invocation[k]);
            note_failure(&n, c, c->invocation[k]);
        }
        note_missed(&n, c);
    }
    note_nodes(&n, s);
    for (size_t i = 0; i < s->records.count; i++)
        note_isolation(&n, &s->records.list[i]);
    for (size_t i = 0; i < n.count; i++) {
        struct note *one = &n.list[i];
        text_add(out, "* %s%s%s\n", one->names.len ? one->names.data : "", one->names.len ? ": " : "", one->reason);
        free(one->reason);
        text_free(&one->names);
    }
    free(n.list);
}
