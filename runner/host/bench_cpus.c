#include "host/bench_cpus.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "cell/config.h"
#include "host/topology.h"

static int read_request(const struct cell *cell, struct cpu_request *ret, struct err *e)
{
    if (!cell)
        return 0;
    if (cpu_request_parse(cell->cpus, ret) != 0)
        return err_set(e, ERR_USAGE, -EINVAL, "--cpus '%s': what is allowed is " CPU_REQUEST_ALLOWED, cell->cpus);
    ret->avoid_smt = cell->smt == SMT_AVOID;
    ret->has_node = cell->numa >= 0;
    ret->node = ret->has_node ? (int)cell->numa : 0;
    return 0;
}

/* Puts the options before the message. */
static int blame_options(const struct cell *cell, int failed, struct err *e)
{
    cleanup_text struct text options = {0};
    if (!cell)
        return failed;
    if (cell->cpus)
        text_add(&options, "--cpus '%s'%s", cell->cpus, cell->profile_file ? " (or the profile's cpuset.cpus)" : "");
    if (cell->smt == SMT_AVOID)
        text_add(&options, "%s--smt avoid", options.len ? " " : "");
    if (cell->numa >= 0)
        text_add(&options, "%s--numa %d", options.len ? " " : "", (int)cell->numa);
    return options.len ? err_wrap(e, "%s", options.data) : failed;
}

static int read_allowed(const char *sysroot, const struct topology *t, struct cpulist *ret, struct err *e)
{
    if (sysroot[0] != '\0') {
        *ret = t->online;
        return 0;
    }
    return err_code(e, ERR_OURS, cpulist_of_task(0, ret), "cannot read our CPU affinity (sched_getaffinity)");
}

int bench_cpus_choose(const char *sysroot, const struct cell *cell, struct topology *topology,
                      struct topology_choice *ret, struct err *e)
{
    struct topology t = {0};
    struct cpu_request request = {0};
    struct cpulist allowed = {0};
    TRY(read_request(cell, &request, e));
    TRY(topology_read(sysroot, &t, e));
    int failed = read_allowed(sysroot, &t, &allowed, e);
    if (failed == 0 && (failed = topology_choose(&t, &allowed, &request, ret, e)) != 0)
        failed = blame_options(cell, failed, e);
    if (failed == 0 && topology)
        *topology = t;
    else
        topology_free(&t);
    return failed;
}
