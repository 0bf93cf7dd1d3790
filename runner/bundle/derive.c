#include "bundle/derive.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "analysis/summary.h"
#include "archive/files.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/json_put.h"
#include "base/text.h"
#include "bundle/bag.h"
#include "bundle/bundle.h"
#include "bundle/claims.h"
#include "report/paper.h"

#define WORDS_MAX 160

/* Takes the reference. */
static int write_json(int dirfd, const char *path, json_t *o, struct err *e)
{
    cleanup_text struct text t = {0};
    json_text(o, &t);
    return files_write(dirfd, path, t.data, t.len, e);
}

static int derive_texts(const struct bundle *b, int dirfd, struct err *e)
{
    static const struct {
        const char *path;
        void (*fn)(const struct bundle *b, struct text *out);
    } TEXTS[] = {{"README.md", bundle_readme},
                 {"CITATION.cff", citation_cff},
                 {".zenodo.json", zenodo_json},
                 {"codemeta.json", codemeta_json}};
    for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
        cleanup_text struct text t = {0};
        TEXTS[i].fn(b, &t);
        TRY(files_write(dirfd, TEXTS[i].path, t.data, t.len, e));
    }
    return 0;
}

/* --- paper/ ------------------------------------------------------------------------------------------------------ */

/* A claim's texts, which paper_write() borrows. */
struct words {
    char expected[WORDS_MAX], found[WORDS_MAX];
};

static int derive_paper(const struct bundle *b, int dirfd, bool draw, struct err *e)
{
    cleanup_free struct words *words = xcalloc(b->claims.count, sizeof(*words));
    cleanup_free struct paper_claim *claims = xcalloc(b->claims.count, sizeof(*claims));
    for (size_t i = 0; i < b->claims.count; i++) {
        const struct claim *c = &b->claims.list[i];
        claims[i] = (struct paper_claim){c->id, c->text, claim_expected(c, &b->records, words[i].expected, WORDS_MAX),
                                         claim_found(c, &b->judgement[i], &b->records, words[i].found, WORDS_MAX),
                                         claim_verdict_names[b->judgement[i].verdict]};
    }
    cleanup_close int fd =
        mkdirat(dirfd, "paper", 0755) == 0 ? openat(dirfd, "paper", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd < 0)
        return err_sys(e, ERR_OURS, "paper");
    const struct paper_options o = {.claim = claims,
                                    .claims = b->claims.count,
                                    .judged = true,
                                    .title = json_string_value(json_object_get(b->pack, "title")),
                                    .draw = draw};
    cleanup_summary struct summary summary;
    struct records records = b->records; /* sorted already: the summary borrows them */
    summary_make(&records, &summary);
    return paper_write(&summary, &o, fd, e);
}

int derive_documents(const struct bundle *b, int dirfd, bool draw, struct err *e)
{
    cleanup_json json_t *environments = environments_of(b);
    json_t *sbom = NULL;
    TRY(sbom_of(b, environments, &sbom, e));
    TRY(write_json(dirfd, "env/sbom.cdx.json", sbom, e));
    TRY(write_json(dirfd, "env/host.json", json_incref(environments), e));
    TRY(derive_texts(b, dirfd, e));
    return derive_paper(b, dirfd, draw, e);
}

int derive_bag(const struct bundle *b, const struct filelist *payload, int dirfd, struct err *e)
{
    char software[80], date[32];
    (void)snprintf(software, sizeof(software), "tare %s", json_word(json_object_get(b->pack, "tool"), "version"));
    for (char *p = software; *p; p++)
        if ((unsigned char)*p < ' ')
            *p = ' ';
    return bag_write(dirfd, payload, software, derive_date(b->date_s, date), e);
}
