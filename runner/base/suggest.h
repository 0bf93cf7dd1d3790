/* suggest: "did you mean": finds the known name nearest to a mistyped word. For messages that refuse a command, option,
 * scenario, plan or YAML key. Pure. */
#ifndef TARE_SUGGEST_H
#define TARE_SUGGEST_H

#include <stddef.h>

#define SUGGEST_WORD_MAX 63  /* longer words get no suggestion */
#define SUGGEST_TEXT_MAX 160 /* of suggest_text() */

struct suggest {
    const char *word;                   /* as typed; not owned */
    char nearest[SUGGEST_WORD_MAX + 1]; /* "": none is near */
    size_t distance;                    /* of the nearest */
};

#define SUGGEST(typed) ((struct suggest){.word = (typed)})

/* Considers one more name. It is near if the word (of three letters or more) is its beginning, or if the optimal string
 * alignment distance (letters inserted, deleted, changed or swapped; Damerau, CACM 7(3), 1964, each part edited once)
 * is at most a third of the word's length, and at least one is allowed. Of equal names the first stays. */
void suggest_offer(struct suggest *s, const char *name);

/* Considers each name of a list as messages write it: "a, b or c". */
void suggest_offer_list(struct suggest *s, const char *names);

/* Takes this name, however far it is from the word: another's word for the same. */
void suggest_take(struct suggest *s, const char *name);

/* "; did you mean '--mode'?" for the prefix "--" and the name "mode"; "" if none is near. Returns buf. */
const char *suggest_text(const struct suggest *s, const char *prefix, char buf[SUGGEST_TEXT_MAX]);

#endif
