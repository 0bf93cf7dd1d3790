#include "tests/fuzz/targets.h"

#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analysis/noise.h"
#include "archive/findings.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/facts.h"
#include "base/file.h"
#include "base/text.h"
#include "base/yaml.h"
#include "bundle/attest.h"
#include "bundle/claims.h"
#include "bundle/minisig.h"
#include "bundle/pack_info.h"
#include "bundle/rederive.h"
#include "bundle/reproduction.h"
#include "bundle/verify.h"
#include "cell/scenario.h"
#include "cgroups/profile.h"
#include "cgroups/slice.h"
#include "host/disturbance.h"
#include "host/host.h"
#include "host/image.h"
#include "host/last_selftest.h"
#include "host/topology.h"
#include "host/tune/journal.h"
#include "host/tune/tune.h"
#include "launch/ledger.h"
#include "oci/image.h"
#include "oci/layout.h"
#include "plan/folder.h"
#include "plan/plan.h"
#include "record/records.h"
#include "selftest/selftest.h"

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
    if (verify(path, NULL, NULL, &v, &e) == 0) {
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
    struct records records = {.reader.with_iterations = true,
                              .reader.with_steady = true,
                              .reader.with_details = true,
                              .reader.with_points = true,
                              .reader.with_sections = true};
    struct text text = text_of(data, size);
    int fd = file_of(data, size, path);
    if (records_read(&records, path, &e) != 0 && (e.code == 0 || !*e.text))
        abort();
    rederive_record("record", (struct json_span){text.data, text.len}, &f);
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

/* A folder in memory that is made once and removed at the end. */
static char place[] = "/dev/shm/tare-fuzz-XXXXXX";

static void remove_place(void)
{
    (void)file_remove_tree(AT_FDCWD, place);
}

static const char *in_place(void)
{
    static bool made;
    if (made)
        return place;
    if (!mkdtemp(place) || atexit(remove_place) != 0)
        abort();
    made = true;
    return place;
}

/* Writes a file below it; the folders above are made. */
static void put(const char *name, const void *data, size_t size)
{
    char path[PATH_MAX];
    text_format(path, sizeof(path), "%s/%s", in_place(), name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) {
        *strrchr(path, '/') = '\0';
        if (file_make_dirs(path) != 0)
            abort();
        put(name, data, size);
        return;
    }
    if (write(fd, data, size) != (ssize_t)size)
        abort();
    (void)close(fd);
}

/* An error has to have a code and words. */
static int said(int failed, const struct err *e)
{
    if (failed != 0 && (e->code == 0 || !*e->text))
        abort();
    return failed;
}

/* Every value lies within the bounds, and each reader takes it or says why not. */
static void read_values(const struct yaml_node *n, unsigned depth)
{
    static const char *const NAMES[] = {"blocks", "listed", NULL};
    struct err e = {0};
    int64_t integer = 1;
    double number = 0;
    unsigned choice = 0;
    if (n->line < 1 || n->column < 1 || depth > YAML_DEPTH_MAX || (n->kind == YAML_TEXT) != (n->text != NULL))
        abort();
    if (said(yaml_integer(n, 1, 9, &integer, &e), &e) == 0 && (integer < 1 || integer > 9))
        abort();
    (void)said(yaml_number(n, &number, &e), &e);
    (void)said(yaml_choice(n, NAMES, &choice, &e), &e);
    for (size_t i = 0; i < n->count; i++) {
        if (n->kind == YAML_MAPPING && yaml_get(n, n->child[i].key) != &n->child[i])
            abort();
        read_values(&n->child[i], depth + 1);
    }
}

static const struct yaml_shape A_WORD = {.kind = YAML_TEXT, .max = 8};
static const struct yaml_shape A_LIST = {.kind = YAML_LIST, .min = 1, .max = 4, .entry = &A_WORD};
static const struct yaml_shape A_FILE =
    YAML_KEYS(YAML_MAY("schema", A_WORD), YAML_MAY("a", A_LIST), YAML_MAY("cells", A_LIST), YAML_NEEDS("b", A_WORD));

int fuzz_yaml(const uint8_t *data, size_t size)
{
    struct err e = {0};
    struct yaml *y = NULL;
    if (said(yaml_read("a.yml", (const char *)data, size, &y, &e), &e) != 0)
        return 0;
    read_values(yaml_root(y), 0);
    (void)said(yaml_check_schema(yaml_root(y), "tare.plan/1", &e), &e);
    (void)said(yaml_check(yaml_root(y), &A_FILE, &e), &e);
    yaml_end(y);
    return 0;
}

int fuzz_scenario(const uint8_t *data, size_t size)
{
    static const char *const VALUES[] = {"", "0", "-1", "1e400", "9223372036854775808", "fresh"};
    struct err e = {0};
    struct scenario *s = NULL;
    struct text out = {0};
    if (said(scenario_parse("scenario.yml", (const char *)data, size, &s, &e), &e) != 0)
        return 0;
    for (size_t i = 0; i < s->knobs; i++) {
        scenario_knob_allowed(&s->knob[i], &out);
        for (size_t k = 0; k < ARRAY_LEN(VALUES); k++)
            (void)said(scenario_knob_check(&s->knob[i], VALUES[k], &e), &e);
        if (!scenario_knob_find(s, s->knob[i].name))
            abort();
    }
    for (int kind = 0; kind < RUNTIME_KINDS_COUNT; kind++)
        for (char **word = s->command[kind]; *word; word++)
            free(scenario_word(s, *word, NULL));
    (void)scenario_profile_default(s);
    text_free(&out);
    scenario_free(s);
    return 0;
}

int fuzz_profile(const uint8_t *data, size_t size)
{
    struct limit_profile profile;
    struct err e = {0};
    struct text text = text_of(data, size);
    text_add_bytes(&text, "", 0);
    (void)said(profile_parse(text.data, &profile, &e), &e);
    text_free(&text);
    return 0;
}

static int write_nothing(void *context, const char *root, const char *path, enum knob_kind kind, const char *content)
{
    (void)context, (void)root, (void)path, (void)kind, (void)content;
    return 0;
}

/* Each line with the checksum that it should have (journal.c: FNV-1a, 32 bits), which no fuzzer guesses. */
static struct text with_checksums(const uint8_t *data, size_t size)
{
    struct text out = {0};
    while (size > 0) {
        const uint8_t *end = memchr(data, '\n', size);
        size_t len = end ? (size_t)(end - data) : size, kept = len > 8 ? len - 8 : len;
        uint32_t sum = 2166136261U;
        for (size_t i = 0; i < kept; i++)
            sum = (sum ^ data[i]) * 16777619U;
        text_add_bytes(&out, (const char *)data, kept);
        text_add(&out, "%08x\n", sum);
        data += end ? len + 1 : len;
        size -= end ? len + 1 : len;
    }
    return out;
}

static void restore_from(const void *data, size_t size)
{
    char path[PATH_MAX];
    struct err e = {0};
    struct journal j;
    struct tune_steps steps = {0};
    put("state/tune.journal", data, size);
    text_format(path, sizeof(path), "%s/state/tune.journal", in_place());
    if (said(journal_open(path, "boot", false, &j, &e), &e) == 0) {
        const struct tune_host host = {.root = in_place(), .write = write_nothing};
        (void)said(tune_restore(&host, &j, true, &steps, &e), &e);
        tune_steps_free(&steps);
        journal_close(&j);
    }
    text_format(path, sizeof(path), "%s/state", in_place());
    (void)file_remove_tree(AT_FDCWD, path); /* what was set aside, too */
}

int fuzz_journal(const uint8_t *data, size_t size)
{
    struct text right = with_checksums(data, size);
    restore_from(data, size);
    restore_from(right.data ? right.data : "", right.len);
    text_free(&right);
    return 0;
}

int fuzz_minisign(const uint8_t *data, size_t size)
{
    struct text text = text_of(data, size);
    struct minisig_key key;
    char id[MINISIG_KEY_ID];
    text_add_bytes(&text, "", 1); /* both end, also where there is but one */
    bool has_key = minisig_key_read(text.data, &key) == 0;
    (void)minisig_is_secret_key(text.data);
    size_t first = strlen(text.data) + 1;
    if (first < text.len)
        (void)minisig_verify("message", 7, text.data + first, has_key ? &key : NULL, id);
    (void)minisig_verify("message", 7, text.data, NULL, id);
    text_free(&text);
    return 0;
}

int fuzz_layout(const uint8_t *data, size_t size)
{
    static const char *const TAGS[] = {NULL, "v1",
                                       "sha256:0000000000000000000000000000000000000000000000000000000000000000"};
    char path[PATH_MAX];
    struct err e = {0};
    int layout = -1;
    put("layout/oci-layout", OCI_LAYOUT_TEXT, strlen(OCI_LAYOUT_TEXT));
    put("layout/index.json", data, size);
    put("layout/blobs/sha256/0", "", 0);
    text_format(path, sizeof(path), "%s/layout", in_place());
    if (said(oci_layout_open(path, false, &layout, &e), &e) != 0)
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(TAGS); i++) {
        json_t *found = NULL;
        struct text manifest = {0};
        if (said(oci_find(layout, TAGS[i], &found, &e), &e) != 0)
            continue;
        const char *digest = json_string_value(json_object_get(found, "digest"));
        (void)said(oci_get_bytes(layout, digest ? digest : "", &manifest, &e), &e);
        text_free(&manifest);
        json_decref(found);
    }
    (void)close(layout);
    struct oci_image image = {.there = true};
    json_t *o = json_loadb((const char *)data, size, 0, NULL);
    (void)(o && oci_image_leads_to(o, &image, NULL));
    json_decref(o);
    return 0;
}

int fuzz_lock(const uint8_t *data, size_t size)
{
    static const char PLAN[] = "schema: tare.plan/1\nname: p\ncells:\n  - {scenario: scenario1}\n";
    char path[PATH_MAX];
    struct err e = {0};
    struct folder folder;
    struct folder_plan plan = {0};
    struct text bytes = {0};
    put("plan/plan.yml", PLAN, strlen(PLAN));
    put("plan/plan.lock", data, size);
    text_format(path, sizeof(path), "%s/plan", in_place());
    if (said(folder_look(path, &folder, &e), &e) != 0)
        return 0;
    if (said(folder_read(&folder, &plan, &bytes, &e), &e) == 0)
        folder_plan_free(&plan);
    text_free(&bytes);
    folder_close(&folder);
    return 0;
}

int fuzz_reproduction(const uint8_t *data, size_t size)
{
    struct err e = {0};
    json_t *o = NULL;
    char sha256[DIGEST_HEX];
    if (said(attest_parse((const char *)data, size, &o, sha256, &e), &e) == 0)
        json_decref(o);
    if (said(reproduction_parse((const char *)data, size, &o, &e), &e) != 0)
        return 0;
    (void)reproduction_of(o);
    (void)reproduction_is_smoke(o);
    json_decref(o);
    return 0;
}

/* The files that the readers of a host look at, in the order in which the input fills them. */
static const char *const MACHINE[] = {
    "sys/devices/system/cpu/online",
    "sys/devices/system/cpu/present",
    "sys/devices/system/cpu/isolated",
    "sys/devices/cpu_core/cpus",
    "sys/devices/cpu_atom/cpus",
    "sys/devices/system/node/online",
    "sys/devices/system/node/node0/cpulist",
    "sys/devices/system/cpu/cpu0/topology/core_cpus_list",
    "sys/devices/system/cpu/cpu0/topology/physical_package_id",
    "sys/devices/system/cpu/cpu0/cpu_capacity",
    "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
    "sys/devices/system/cpu/cpu1/topology/core_cpus_list",
    "sys/devices/system/cpu/smt/control",
    "sys/kernel/mm/transparent_hugepage/enabled",
    "sys/hypervisor/type",
    "sys/class/dmi/id/sys_vendor",
    "proc/cpuinfo",
    "proc/meminfo",
    "proc/stat",
    "proc/interrupts",
    "proc/cmdline",
    "proc/self/status",
    "proc/self/cgroup",
    "proc/self/mountinfo",
    "proc/sys/kernel/osrelease",
    "proc/sys/vm/swappiness",
    "proc/irq/0/smp_affinity_list",
    "usr/local/share/tare/image/image.json",
    "usr/local/share/tare/image/content.sha256",
};

int fuzz_machine(const uint8_t *data, size_t size)
{
    struct err e = {0};
    struct topology t = {0};
    struct topology_choice cpus = {0};
    struct facts facts = {0};
    struct tune_steps steps = {0};
    struct disturbance_reading reading;
    struct slice_root root;
    char name[PATH_MAX], machine[PATH_MAX];
    for (size_t i = 0; i < ARRAY_LEN(MACHINE); i++) {
        const uint8_t *end = size > 0 ? memchr(data, 0x1e, size) : NULL;
        size_t len = end ? (size_t)(end - data) : size;
        text_format(name, sizeof(name), "machine/%s", MACHINE[i]);
        put(name, data ? data : (const uint8_t *)"", len);
        data = end ? end + 1 : data + len;
        size -= end ? len + 1 : len;
    }
    text_format(machine, sizeof(machine), "%s/machine", in_place());
    if (said(topology_read(machine, &t, &e), &e) == 0) {
        (void)said(topology_choose(&t, &t.online, NULL, &cpus, &e), &e);
        topology_free(&t);
    }
    host_capture(machine, &facts);
    host_capture_emulation(machine, &facts);
    image_capture(machine, NULL, &facts);
    facts_free(&facts);
    disturbance_read(machine, &cpus, &reading);
    (void)said(slice_root_find(machine, NULL, &root, &e), &e);
    if (said(tune_plan(machine, &cpus, NULL, &steps, &e), &e) == 0)
        tune_preview(machine, &steps);
    tune_steps_free(&steps);
    return 0;
}

int fuzz_kept(const uint8_t *data, size_t size)
{
    char path[PATH_MAX];
    struct err e = {0};
    struct noise noise = {0};
    struct facts facts = {0};
    put("kept/selftest.json", data, size);
    text_format(path, sizeof(path), "%s/kept/selftest.json", in_place());
    if (said(noise_read(path, &noise, &e), &e) == 0)
        noise_free(&noise);
    *strrchr(path, '/') = '\0';
    (void)setenv("TARE_STATE", path, 1);
    last_selftest_tell(&facts);
    facts_free(&facts);
    return 0;
}

int fuzz_ledger(const uint8_t *data, size_t size)
{
    enum { ITERATIONS = 6, WORKERS = 4 };
    struct err e = {0};
    struct ledger_map map;
    struct ledger_figure figure[LEDGER_FIGURES];
    int pids[WORKERS + 1];
    int64_t sum = 0;
    if (ledger_create(ITERATIONS, WORKERS, false, &map, &e) != 0)
        abort();
    /* All of it, the head too: it lies in the workload's memory. */
    memcpy(map.page, data, size < map.size_bytes ? size : map.size_bytes);
    const struct ledger_run run = {.from_ns = 0, .to_ns = INT64_MAX};
    (void)said(ledger_check(&map, ITERATIONS, &run, &e), &e);
    (void)ledger_phase(&map);
    (void)ledger_warmup_done(&map);
    uint64_t done = ledger_iterations_done(&map);
    for (uint64_t i = 0; i < done; i++)
        sum ^= ledger_starts(&map)[i] ^ ledger_ends(&map)[i] ^ ledger_readies(&map)[i];
    size_t members = ledger_members(&map, pids, ARRAY_LEN(pids));
    if (done > ITERATIONS || members > ARRAY_LEN(pids) || ledger_figures(&map, figure) > LEDGER_FIGURES)
        abort();
    ledger_close(&map);
    return sum == 1 ? 0 : 0;
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
