#include "artefact/derive.h"

#include <jansson.h>

#include "artefact/bundle.h"
#include "artefact/scratch.h"

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
        derive_json(json_incref(environments), &host);
        derive_json(json_incref(sbom), &components);
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

int derive_documents(const struct bundle *b, int dirfd, bool draw, struct err *e)
{
    (void)draw;
    int failed = derive_environments(b, dirfd, e);
    return failed == 0 ? derive_texts(b, dirfd, e) : failed;
}
