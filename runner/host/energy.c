#include "host/energy.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/facts.h"
#include "base/file.h"
#include "base/text.h"

#define POWERCAP   "/sys/class/powercap"
#define MOST_WATTS 1000 /* of a package */

/* The kinds of zones that become figures; of a package's others, "core" and "uncore", it has the sum. */
static const struct {
    const char *begins, *figure;
} KINDS[] = {{"package", "energy_package_uj"}, {"dram", "energy_dram_uj"}};

static int read_number(const char *root, const char *zone, const char *file, uint64_t *ret)
{
    char path[256], said[64];
    text_format(path, sizeof(path), POWERCAP "/%s/%s", zone, file);
    ssize_t n = file_read(root, path, said, sizeof(said));
    return n < 0 ? (int)n : text_to_u64(said, ret);
}

static void read_zone(const char *root, const char *zone, struct energy_reading *ret)
{
    char path[256];
    struct energy_zone *z = &ret->zone[ret->zones];
    if (ret->zones == ENERGY_ZONES_MAX || strlen(zone) >= sizeof(z->zone)) {
        ret->lost++;
        return;
    }
    *z = (struct energy_zone){0};
    text_format(path, sizeof(path), POWERCAP "/%s/name", zone);
    if (file_read(root, path, z->name, sizeof(z->name)) <= 0) {
        ret->lost++;
        return;
    }
    text_format(z->zone, sizeof(z->zone), "%s", zone);
    z->failed = read_number(root, zone, "energy_uj", &z->uj);
    if (z->failed == 0)
        z->failed = read_number(root, zone, "max_energy_range_uj", &z->range_uj);
    ret->zones++;
}

void energy_read(const char *root, struct energy_reading *ret)
{
    cleanup_free char *path = text_printf("%s" POWERCAP, root);
    cleanup_dir DIR *dir = opendir(path);
    const struct dirent *d;
    const bool is_closed = !dir && errno != ENOENT;
    *ret = (struct energy_reading){.at_ns = clock_now_ns(), .lost = is_closed ? 1 : 0};
    /* intel-rapl:0, intel-rapl:0:1, …, of AMD's processors too; intel-rapl-mmio has the same meters by another way. */
    while (dir && (d = readdir(dir)))
        if (strncmp(d->d_name, "intel-rapl:", 11) == 0)
            read_zone(root, d->d_name, ret);
}

static const struct energy_zone *find(const struct energy_reading *r, const char *zone)
{
    for (size_t i = 0; i < r->zones; i++)
        if (strcmp(r->zone[i].zone, zone) == 0)
            return &r->zone[i];
    return NULL;
}

/* Why one zone's difference cannot be told; NULL: it is added to *sum. */
static const char *add_zone(const struct energy_zone *a, const struct energy_zone *b, int64_t window_ns, uint64_t *sum)
{
    int failed = !b ? -ENOENT : a->failed ? a->failed : b->failed;
    if (failed == -EACCES || failed == -EPERM)
        return "reading it takes root (energy_uj, since CVE-2020-8694)";
    if (failed != 0 || a->range_uj == 0 || a->range_uj != b->range_uj || a->uj > a->range_uj || b->uj > a->range_uj)
        return "its meter in " POWERCAP " does not read as the kernel says it does";
    if ((double)window_ns / NS_PER_S * MOST_WATTS * 1e6 >= (double)a->range_uj)
        return "the run took so long that its meter may have gone around more than once";
    *sum += b->uj >= a->uj ? b->uj - a->uj : a->range_uj - a->uj + b->uj;
    return NULL;
}

static void describe_kind(const struct energy_reading *before, const struct energy_reading *after, size_t kind,
                          struct facts *ret)
{
    const char *figure = KINDS[kind].figure, *begins = KINDS[kind].begins, *why = NULL;
    uint64_t sum = 0;
    size_t found = 0;
    for (size_t i = 0; !why && i < before->zones; i++) {
        const struct energy_zone *z = &before->zone[i];
        if (strncmp(z->name, begins, strlen(begins)) != 0)
            continue;
        why = add_zone(z, find(after, z->zone), after->at_ns - before->at_ns, &sum);
        found++;
    }
    const size_t lost = before->lost > after->lost ? before->lost : after->lost;
    if (lost > 0)
        facts_absent(ret, figure,
                     "%zu of the meters in " POWERCAP " cannot be read (container runtimes hide them), so that the sum "
                     "would not be the whole",
                     lost);
    else if (why)
        facts_absent(ret, figure, "%s", why);
    else if (!found)
        facts_absent(ret, figure,
                     "there is no meter of it in " POWERCAP " (RAPL), as in most virtual machines (modprobe "
                     "intel_rapl_msr on a bare one)");
    else
        facts_int(ret, figure, (int64_t)sum);
}

void energy_describe(const struct energy_reading *before, const struct energy_reading *after, struct facts *ret)
{
    for (size_t kind = 0; kind < ARRAY_LEN(KINDS); kind++)
        describe_kind(before, after, kind, ret);
    facts_int(ret, "energy_window_ns", after->at_ns - before->at_ns);
}
