/* reproduce_words: what a reproduction may be called, by ACM's Artifact Review and Badging, and that it is no badge. */
#ifndef TARE_REPRODUCE_WORDS_H
#define TARE_REPRODUCE_WORDS_H

#include <stdint.h>

#define REPRODUCE_TERMS_SOURCE "ACM Artifact Review and Badging, version 1.1 (24 August 2020)"
#define REPRODUCE_TERMS_NOTE                                                                                           \
    "The role is declared and nothing checked it. Replicability takes another team and another setup without the "     \
    "author's artefacts, which running a bundle again can never show. This is evidence, not a badge."

/* "same-team", "different-team", "undeclared"; of an enum role. */
const char *reproduce_role_name(int64_t role);

/* "repeatability (same team, same experimental setup)", … */
const char *reproduce_term(int64_t role);

#endif
