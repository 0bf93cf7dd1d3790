/* facts: an ordered list of named readings: each a number, a boolean, a text, or absent with the reason. */
#ifndef TARE_FACTS_H
#define TARE_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fact_kind { FACT_ABSENT, FACT_INT, FACT_REAL, FACT_BOOL, FACT_TEXT };

struct fact {
    char key[64]; /* snake_case, the unit in the name; "a.b" nests b in the object a when written as JSON */
    enum fact_kind kind;
    int64_t integer;
    double real;
    bool truth;
    char *text; /* FACT_TEXT: the value; FACT_ABSENT: the reason. Owned; NULL otherwise */
};

/* Starts as {0}; the owner ends it with facts_free(). Out of memory aborts. */
struct facts {
    struct fact *list;
    size_t count;
};

void facts_int(struct facts *f, const char *key, int64_t value);
void facts_real(struct facts *f, const char *key, double value);
void facts_bool(struct facts *f, const char *key, bool value);
void facts_text(struct facts *f, const char *key, const char *value);
void facts_absent(struct facts *f, const char *key, const char *reason_fmt, ...) __attribute__((format(printf, 3, 4)));

/* The fact of this key, or NULL. The list keeps it. */
const struct fact *facts_find(const struct facts *f, const char *key);

/* The fact's text; "": it has none. The list keeps it. */
const char *facts_word(const struct facts *f, const char *key);

/* The fact's integer, or what stands for it if it has none. */
int64_t facts_integer(const struct facts *f, const char *key, int64_t otherwise);

/* Whether the fact is a boolean and true. */
bool facts_truth(const struct facts *f, const char *key);

void facts_free(struct facts *f);
#define cleanup_facts __attribute__((cleanup(facts_free)))

#endif
