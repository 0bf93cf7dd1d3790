#include "bundle/derive.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/study.h"
#include "archive/scratch.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/json_put.h"
#include "bundle/bundle.h"
#include "report/paper.h"

#define WORDS_MAX 160

static int write_text(int dirfd, const char *path, struct text *t, struct err *e)
{
    int failed = scratch_write(dirfd, path, t->data, t->len, e);
    text_free(t);
    return failed;
}

static int derive_environments(const struct bundle *b, int dirfd, struct err *e)
{
    struct text host = {0}, components = {0};
    json_t *environments = NULL, *sbom = NULL;
    int failed = environments_of(b, &environments, e);
    if (failed == 0)
        failed = sbom_of(b, environments, &sbom, e);
    if (failed == 0) {
        json_text(json_incref(environments), &host);
        json_text(json_incref(sbom), &components);
        failed = write_text(dirfd, "env/host.json", &host, e);
    }
    if (failed == 0)
        failed = write_text(dirfd, "env/sbom.cdx.json", &components, e);
    text_free(&components);
    json_decref(environments);
    json_decref(sbom);
    return failed;
}

static int derive_texts(const struct bundle *b, int dirfd, struct err *e)
{
    static const struct {
        const char *path;
        void (*fn)(const struct bundle *b, struct text *out);
    } TEXTS[] = {{"README.md", bundle_readme}, {"CITATION.cff", citation_cff}, {".zenodo.json", zenodo_json}};
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        struct text t = {0};
        TEXTS[i].fn(b, &t);
        failed = write_text(dirfd, TEXTS[i].path, &t, e);
    }
    return failed;
}

/* --- paper/ ------------------------------------------------------------------------------------------------------ */

/* A claim's words, which paper_write() borrows. */
struct words {
    char expected[WORDS_MAX], found[WORDS_MAX];
};

static void put_into_words(const struct bundle *b, struct words *words, struct paper_claim *claims)
{
    for (size_t i = 0; i < b->claims.count; i++) {
        const struct claim *c = &b->claims.list[i];
        claims[i] = (struct paper_claim){c->id, c->text, claim_expected(c, &b->records, words[i].expected, WORDS_MAX),
                                         claim_found(c, &b->judgement[i], &b->records, words[i].found, WORDS_MAX),
                                         claim_verdict_name(b->judgement[i].verdict)};
    }
}

static int derive_paper(const struct bundle *b, int dirfd, bool draw, struct err *e)
{
    cleanup_free struct words *words = calloc(b->claims.count + 1, sizeof(*words));
    cleanup_free struct paper_claim *claims = calloc(b->claims.count + 1, sizeof(*claims));
    if (!words || !claims)
        abort();
    put_into_words(b, words, claims);
    cleanup_close int fd =
        mkdirat(dirfd, "paper", 0755) == 0 ? openat(dirfd, "paper", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd < 0)
        return err_sys(e, ERR_OURS, "paper");
    const struct paper_options o = {.claim = claims,
                                    .claims = b->claims.count,
                                    .judged = true,
                                    .title = json_string_value(json_object_get(b->pack, "title")),
                                    .draw = draw};
    struct study study;
    struct records records = b->records; /* sorted already: the study borrows them */
    study_make(&records, &study);
    int failed = paper_write(&study, &o, fd, e);
    study_free(&study);
    return failed;
}

int derive_documents(const struct bundle *b, int dirfd, bool draw, struct err *e)
{
    int failed = derive_environments(b, dirfd, e);
    if (failed == 0)
        failed = derive_texts(b, dirfd, e);
    return failed == 0 ? derive_paper(b, dirfd, draw, e) : failed;
}
