/* pool: many reproductions of one bundle as one verdict for each claim and class of hardware. Each reproduction is
 * verified as `tare verify` does, offline. None counts twice, and no copy of the original counts. */
#ifndef TARE_BUNDLE_POOL_H
#define TARE_BUNDLE_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/stats_effects.h"
#include "base/digest.h"
#include "base/text.h"
#include "bundle/claims.h"
#include "bundle/minisig.h"
#include "bundle/verify.h"

struct config_words;
struct err;
struct json_t;

#define POOL_SCHEMA        "tare.pool/1"
#define POOL_MEMBERS_MAX   10000
#define POOL_SEVERAL_KINDS "several kinds of hardware" /* of a member whose records are not of one class */

enum pool_state {
    POOL_COUNTED,
    POOL_ORIGINAL, /* the bundle that the others reproduce */
    POOL_TWIN,     /* shares a record with one that is counted already */
    POOL_REFUSED,
};

extern const char *const pool_state_names[]; /* "counted", "original", "twin", "refused" */

/* What a bundle says of a claim. */
struct pool_said {
    char *expected, *unit; /* as `tare verify` prints it; the figure's unit */
    enum figure_kind kind; /* of the figure */
    bool withheld;         /* an absolute value that reproduction.json says was not run */
};

/* One bundle that was given, or is attached to one. Every text is owned, unless said otherwise, and printable. */
struct pool_member {
    char *name; /* its path, or "sha256:…" of its manifest */
    enum pool_state state;
    char *why;        /* why it is not counted; NULL for a counted one */
    bool is_repeated; /* it is the file of an earlier member, byte for byte, and was not read again: */
    size_t repeats;   /* that member */
    char sha256[DIGEST_HEX];
    char *of;                       /* the SHA-256 of the bundle that it reproduces; NULL: none */
    char claims_sha256[DIGEST_HEX]; /* of claims.yml */
    enum verify_signature signature;
    size_t signer; /* of VERIFY_SIGNED: the key's place among those given */
    char key_id[MINISIG_KEY_ID];
    const char *role, *where; /* constant words: "different-team", "host"; as its reproduction.json declares them */
    bool smoke;
    char *date; /* of its newest record */
    size_t records;
    struct json_t *prints;       /* a set: what tells each record, see pool.c */
    struct json_t *machines;     /* a set: what tells the machines that it ran on */
    struct json_t *programs;     /* of each cell, what it weighed: "cpython", "native" */
    char *hardware;              /* "AMD EPYC 7B13, x86_64, kvm" */
    size_t machine, class_;      /* indexes; of counted ones */
    struct text claims;          /* claims.yml */
    struct claim_effect *effect; /* each claim's claim_effects(), one after the other */
    size_t effects;
    struct pool_said *said; /* of each claim */
    size_t claim_count;
};

/* One estimate: of a class of hardware or of all machines. */
struct pool_estimate {
    struct pooled p;                        /* on the scale of the effects */
    struct stats_interval mean, prediction; /* in the figure's unit */
    enum claim_verdict verdict;             /* by the prediction interval */
    bool of_runs;                           /* of runs of one machine: it tells nothing of another machine */
    char why[240];                          /* for INCONCLUSIVE and NOT RUN, else "" */
};

/* One of a claim's effects (claim_effects()). */
struct pool_part {
    struct pool_estimate all;
    struct pool_estimate *of_class;
    double classes_p; /* of all classes having one mean (stats_effects_classes_p()) */
    bool differ;      /* the classes do, at 5 %, or in their verdicts */
};

struct pool_claim {
    struct pool_part *part;
    size_t parts, shown;        /* shown: the part that decides */
    bool by_class;              /* the verdict is each class's own */
    enum claim_verdict verdict; /* unless by_class */
    enum claim_verdict *of_class;
    const char *why; /* of the shown part, or ""; not owned */
};

/* Starts as {0}; the owner ends it with pool_result_free(). */
struct pool_result {
    struct pool_member *member;
    size_t members, counted, refused;
    char original[DIGEST_HEX];
    size_t machines;
    char **class_; /* each class of hardware; not owned */
    size_t classes;
    struct claims claims;
    const struct pool_member *reference; /* whose claims they are */
    struct pool_claim *claim;
    const char *const *key; /* the files of the keys, as given; not owned */
};

/* names: bundles and references, ended by NULL. keys: the files of public keys. Reads, sorts out and judges. A bundle
 * that is damaged, or is no reproduction of the same original, is a member that is refused, and none may be left that
 * counts. -ENOENT and the like (usage): a path does not exist, a key or a reference cannot be read. */
int pool_bundles(char *const *names, const struct config_words *keys, struct pool_result *ret, struct err *e);
void pool_result_free(struct pool_result *r);

/* 0: no bundle was refused, at least one claim was judged and each one that was is SUPPORTED, in each class if by
 * class; or there are no claims. Else 1 (ERR_SAID_NO). */
int pool_status(const struct pool_result *r);

/* --- steps of pool_bundles(), for tests; pure ------------------------------------------------------------------- */

/* Decides which members count: state, why, machine, class_, and ret's original, machines, classes, reference. Those
 * whose signature holds go before the others, whatever the order: none of the others can put them out. */
void pool_sort_out(struct pool_result *r);

/* Pools the effects of the counted members for each claim. An absolute value is of the original's hardware alone: where
 * the original was given the records tell whose is, else what each member withholds. */
void pool_judge(struct pool_result *r);

/* --- what is printed --------------------------------------------------------------------------------------------- */

/* "SUPPORTED", …, "BY MACHINE CLASS". */
const char *pool_verdict_name(const struct pool_claim *c);

/* Lines of `width` characters. */
void pool_text(const struct pool_result *r, size_t width, struct text *out);
void pool_json(const struct pool_result *r, struct text *out);

/* One page of HTML with a forest plot for each claim; without gnuplot it has their data, and *no_plot says why.
 * -EIO (ours): gnuplot failed. */
int pool_page(const struct pool_result *r, struct text *out, struct err *no_plot, struct err *e);

#endif
