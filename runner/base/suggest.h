/* suggest: "did you mean": of names that there are, the one that a mistyped word is nearest to. For whoever refuses a
 * word: commands, options, scenarios, plans, keys of YAML files. Pure. */
#ifndef TARE_SUGGEST_H
#define TARE_SUGGEST_H

#include <stddef.h>

#define SUGGEST_WORD_MAX 63  /* longer words are near to nothing */
#define SUGGEST_TEXT_MAX 160 /* of suggest_text() */

struct suggest {
    const char *word;                   /* as it was typed; borrowed */
    char nearest[SUGGEST_WORD_MAX + 1]; /* "": none is near */
    size_t distance;                    /* of the nearest */
};

#define SUGGEST(typed) ((struct suggest){.word = (typed)})

/* Looks at one more name. It is near where the word is its beginning (of three letters or more), or where the optimal
 * string alignment distance, letters added, taken away, changed or swapped with the next, is at most a third of the
 * word's length and at least one (Damerau, CACM 7(3), 1964, with each part edited once). The first of equals stays. */
void suggest_offer(struct suggest *s, const char *name);

/* The same of each name in a list as messages have it: "a, b or c". */
void suggest_offer_list(struct suggest *s, const char *names);

/* "; did you mean '--mode'?" of the prefix "--" and the name "mode", or "" where none is near. Returns buf. */
const char *suggest_text(const struct suggest *s, const char *prefix, char buf[SUGGEST_TEXT_MAX]);

#endif
