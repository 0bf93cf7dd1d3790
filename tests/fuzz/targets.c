#include "tests/fuzz/targets.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "artefact/claims.h"
#include "artefact/evidence.h"
#include "artefact/findings.h"
#include "artefact/minisig.h"
#include "artefact/pack_info.h"
#include "artefact/verify.h"
#include "base/err.h"
#include "base/text.h"
#include "plan/plan.h"
#include "report/records.h"

/* A file of these bytes that has no place on a disk. */
static int file_of(const uint8_t *data, size_t size, char path[64])
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    text_format(path, 64, "/proc/self/fd/%d", fd);
    return fd;
}

static struct text text_of(const uint8_t *data, size_t size)
{
    struct text t = {0};
    text_add_bytes(&t, (const char *)data, size);
    return t;
}

int fuzz_bundle(const uint8_t *data, size_t size)
{
    char path[64], id[MINISIG_KEY_ID];
    struct err e = {0};
    struct verification v;
    struct text out = {0}, signature = text_of(data, size);
    struct minisig_key key;
    int fd = file_of(data, size, path);
    const struct verify_options o = {path, NULL, NULL};
    if (verify(&o, &v, &e) == 0) {
        verify_text(&v, "bundle", &out);
        verify_json(&v, "bundle", &out);
        verification_free(&v);
    } else if (e.code == 0 || !*e.text) {
        abort(); /* an error without a word */
    }
    (void)minisig_verify("x", 1, signature.data, minisig_key_read(signature.data, &key) == 0 ? &key : NULL, id);
    text_free(&out);
    text_free(&signature);
    (void)close(fd);
    return 0;
}

int fuzz_record(const uint8_t *data, size_t size)
{
    char path[64];
    struct err e = {0};
    struct findings f = {0};
    struct records records = {
        .with_iterations = true, .with_steady = true, .with_details = true, .with_points = true, .with_sections = true};
    struct text text = text_of(data, size);
    int fd = file_of(data, size, path);
    if (records_read(&records, path, &e) != 0 && (e.code == 0 || !*e.text))
        abort();
    evidence_derive("record", (struct json_span){text.data, text.len}, &f);
    records_free(&records);
    findings_free(&f);
    text_free(&text);
    (void)close(fd);
    return 0;
}

int fuzz_plan(const uint8_t *data, size_t size)
{
    static const struct config_given NONE;
    struct text plan_text = text_of(data, size), claims_text = text_of(data, size), json = text_of(data, size);
    struct plan plan;
    struct claims claims;
    json_t *pack = NULL;
    struct err e = {0};
    int failed = plan_parse("plan.yml", &plan_text, &NONE, NULL, &plan, &e);
    if (failed != 0 && (e.code == 0 || !*e.text))
        abort();
    if (claims_parse("claims.yml", &claims_text, &claims, &e) == 0) {
        if (failed == 0)
            (void)claims_check(&claims, &plan, &e);
        claims_free(&claims);
    }
    if (failed == 0)
        plan_free(&plan);
    if (pack_info_parse(json.data, json.len, &pack, &e) == 0)
        json_decref(pack);
    text_free(&json);
    return 0;
}

#ifdef FUZZ_TARGET
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* No program is run, and what is unpacked lies in memory. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    (void)setenv("PATH", "/nonexistent", 1);
    (void)setenv("TMPDIR", "/dev/shm", 0);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return FUZZ_TARGET(data, size);
}
#endif
