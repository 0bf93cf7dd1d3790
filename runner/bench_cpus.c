#include "bench_cpus.h"

#include <errno.h>

#include "base/err.h"
#include "topology.h"

int bench_cpus_choose(const char *sysroot, const char *list, struct topology_choice *ret, struct err *e)
{
    struct topology t = {0};
    struct cpulist allowed = {0}, requested = {0};
    if (list && (cpulist_parse(list, &requested) != 0 || cpulist_count(&requested) == 0))
        return err_set(e, ERR_USAGE, -EINVAL, "--cpus '%s': what is allowed is a list of CPUs such as 0-3,8", list);
    int failed = topology_read(sysroot, &t, e);
    if (failed != 0)
        return failed;
    if (sysroot[0] != '\0' || cpulist_of_task(0, &allowed) != 0)
        allowed = t.online;
    failed = topology_choose(&t, &allowed, list ? &requested : NULL, ret, e);
    topology_free(&t);
    return failed == 0 || !list ? failed : err_wrap(e, "--cpus '%s'", list);
}
