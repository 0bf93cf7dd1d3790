#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/command.h"
#include "base/userdir.h"
#include "cell/config.h"
#include "cell/workload.h"
#include "cgroups/leftovers.h"
#include "cgroups/slice.h"

struct tally {
    int found;
    int stuck;
    int first_failed; /* why the first one remains: a negative errno */
    bool dry_run;
};

static void note_stuck(struct tally *t, const char *path, int failed)
{
    (void)printf("left     %s (%s)\n", path, strerror(-failed));
    if (t->stuck++ == 0)
        t->first_failed = failed;
}

static const char *removed(const struct tally *t)
{
    return t->dry_run ? "would remove" : "removed";
}

static void note_cgroup(const struct leftover *l, void *context)
{
    struct tally *t = context;
    t->found++;
    switch (l->state) {
    case LEFTOVER_ALIVE:
        (void)printf("in use   %s\n", l->path);
        break;
    case LEFTOVER_STUCK:
        note_stuck(t, l->path, l->failed);
        break;
    case LEFTOVER_FOREIGN:
        (void)printf("left     %s (uid %u made it)\n", l->path, (unsigned)l->owner);
        break;
    case LEFTOVER_REMOVED:
        (void)printf("%s  %s (%d process%s ended)\n", removed(t), l->path, l->processes, l->processes == 1 ? "" : "es");
        break;
    }
}

static void note_folder(const char *path, int failed, void *context)
{
    struct tally *t = context;
    t->found++;
    if (failed != 0)
        note_stuck(t, path, failed);
    else
        (void)printf("%s  %s\n", removed(t), path);
}

int cmd_clean(struct config *c, struct err *e)
{
    struct slice_root root;
    struct tally t = {0};
    struct stat st;
    char state[PATH_MAX];
    if (c->positional && (stat(c->positional, &st) != 0 || !S_ISDIR(st.st_mode)))
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': what is allowed is a folder", c->positional);
    TRY(slice_root_find("", c->cell.cgroup_root, &root, e));
    t.dry_run = c->host.dry_run;
    leftovers_clean(&root, t.dry_run, note_cgroup, &t);
    workload_tmpdirs_clean(t.dry_run, note_folder, &t);
    userdir_state(state, sizeof(state));
    workload_folder_clean(state, t.dry_run, note_folder, &t);
    if (c->positional)
        workload_folder_clean(c->positional, t.dry_run, note_folder, &t);
    if (t.found == 0)
        (void)printf("nothing was left behind\n");
    if (t.stuck == 0)
        return 0;
    bool denied = t.first_failed == -EACCES || t.first_failed == -EPERM || t.first_failed == -EROFS;
    return err_set(e, denied ? ERR_HOST : ERR_OURS, t.first_failed, "%d could not be removed%s", t.stuck,
                   denied ? " (run as the user who made it, or as root)" : "");
}
