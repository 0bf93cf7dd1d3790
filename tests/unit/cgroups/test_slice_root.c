/* slice_root_find: the search for the root on captured hosts, and what it says of each controller. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "cgroups/mounts.h"
#include "cgroups/slice.h"
#include "tests/unit/fixture.h"

#ifndef FIXTURES
#define FIXTURES "tests/fixtures"
#endif

static struct slice_root found;
static struct err err;

static int find(const char *name, const char *given)
{
    char sysroot[PATH_MAX];
    (void)snprintf(sysroot, sizeof(sysroot), FIXTURES "/cgroup/%s", name);
    memset(&found, 0xee, sizeof(found));
    memset(&err, 0, sizeof(err));
    return slice_root_find(sysroot, given, &found, &err);
}

static void assert_found(const char *name, enum slice_provenance provenance, const char *path)
{
    assert_int_equal(find(name, NULL), 0);
    assert_string_equal(slice_provenance_names[found.provenance], slice_provenance_names[provenance]);
    assert_string_equal(found.path, path);
}

static void assert_says(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' does not say '%s'", text, part);
}

static void assert_available(enum slice_controller c)
{
    assert_string_equal(found.controller[c].reason, "");
    assert_true(found.controller[c].available);
}

static void assert_missing(enum slice_controller c, const char *why)
{
    assert_false(found.controller[c].available);
    assert_says(found.controller[c].reason, why);
}

static void a_hybrid_host_without_systemd_gives_a_created_root_on_the_unified_mount(void **state)
{
    (void)state;
    assert_found("hybrid", SLICE_CREATED, "/sys/fs/cgroup/unified/tare.slice");
    assert_string_equal(found.mount, "/sys/fs/cgroup/unified");
    assert_string_equal(found.own, "/sys/fs/cgroup/unified");
    assert_says(found.reason, "delegated: we are in the hierarchy's root");
}

static void a_hybrid_host_says_that_v1_holds_the_controllers(void **state)
{
    (void)state;
    assert_int_equal(find("hybrid", NULL), 0);
    assert_missing(SLICE_MEMORY, "v1 holds it; boot with cgroup_no_v1=all");
    assert_missing(SLICE_CPUSET, "v1 holds it; boot with cgroup_no_v1=all");
    assert_missing(SLICE_CPU, "v1 holds it; boot with cgroup_no_v1=all");
    assert_missing(SLICE_PIDS, "v1 holds it; boot with cgroup_no_v1=all");
    assert_missing(SLICE_IO, "v1 holds it; boot with cgroup_no_v1=all");
}

static void a_pure_v2_host_without_systemd_gives_a_created_root_with_every_controller(void **state)
{
    (void)state;
    assert_found("pure_v2", SLICE_CREATED, "/sys/fs/cgroup/tare.slice");
    for (int c = 0; c < SLICE_CONTROLLERS; c++)
        assert_available((enum slice_controller)c);
}

static void a_user_on_a_pure_v2_host_gets_none_because_nothing_is_theirs(void **state)
{
    (void)state;
    assert_found("pure_v2_user", SLICE_NONE, "");
    assert_string_equal(found.mount, "/sys/fs/cgroup");
    assert_string_equal(found.own, "/sys/fs/cgroup/login");
    assert_says(found.reason, "created: not run as root; borrowed: our cgroup '/login' is not the root");
    assert_missing(SLICE_MEMORY, "no directory of a cgroup v2 hierarchy is ours");
}

static void where_systemd_runs_nothing_is_written_and_the_remedy_is_a_scope(void **state)
{
    (void)state;
    assert_found("systemd", SLICE_NONE, "");
    assert_says(found.reason, "created: systemd owns the tree (systemd-run --scope -p Delegate=yes");
    assert_says(found.reason, "--cgroup-root /sys/fs/cgroup$(");
    assert_says(found.reason, "; borrowed: our cgroup '/system.slice/ssh.service'");
}

static void where_systemd_runs_a_user_is_told_of_a_user_scope(void **state)
{
    (void)state;
    assert_found("systemd_user", SLICE_NONE, "");
    assert_says(found.reason, "systemd-run --user --scope -p Delegate=yes");
}

static void where_systemd_has_a_bus_it_can_be_asked_for_a_scope_and_is_not_yet(void **state)
{
    (void)state;
    assert_found("systemd_bus", SLICE_SCOPE, "");
    assert_available(SLICE_CPUSET);
    assert_found("systemd_bus_user", SLICE_SCOPE, "");
    assert_available(SLICE_MEMORY);
    assert_missing(SLICE_CPUSET, "Delegate=cpuset cpu io memory pids of user@.service, as tare's drop-in has it");
    assert_int_equal(find("systemd", NULL), 0);
    assert_says(found.reason, "scope: no system bus (/run/dbus/system_bus_socket)");
    assert_int_equal(find("systemd_user", NULL), 0);
    assert_says(found.reason, "scope: no user bus (/run/user/1000/bus: log in, or as root: loginctl enable-linger)");
}

static void a_container_with_a_read_only_cgroupfs_is_borrowed(void **state)
{
    (void)state;
    assert_found("docker", SLICE_BORROWED, "/sys/fs/cgroup");
    assert_says(found.reason, "created: /sys/fs/cgroup is not the hierarchy's root");
    for (int c = 0; c < SLICE_CONTROLLERS; c++)
        assert_available((enum slice_controller)c);
}

static void a_container_with_a_writable_cgroupfs_is_delegated(void **state)
{
    (void)state;
    assert_found("docker_writable", SLICE_DELEGATED, "/sys/fs/cgroup");
    assert_string_equal(found.reason, "");
    assert_available(SLICE_MEMORY);
}

#define USER_SERVICE "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service"

static void a_unit_that_systemd_marks_as_delegated_is_ours(void **state)
{
    (void)state;
    assert_found("systemd_delegated", SLICE_DELEGATED, "/sys/fs/cgroup/system.slice/ssh.service");
    assert_found("systemd_user_delegated", SLICE_DELEGATED, USER_SERVICE "/app.slice/b.scope");
    assert_available(SLICE_MEMORY);
    assert_missing(SLICE_CPUSET, "Delegate=cpuset");
}

static void a_unit_of_the_user_s_systemd_is_not_ours_although_we_can_write_it(void **state)
{
    (void)state;
    assert_found("systemd_user_not_delegated", SLICE_NONE, "");
    assert_says(found.reason, "b.scope' belongs to the user's systemd (Delegate=no)");
}

static void in_a_leaf_of_what_is_delegated_the_parent_is_the_root(void **state)
{
    (void)state;
    assert_found("systemd_user_subgroup", SLICE_DELEGATED, USER_SERVICE "/app.slice/b.scope");
}

static void a_directory_that_was_handed_to_a_user_without_systemd_is_theirs(void **state)
{
    (void)state;
    assert_found("pure_v2_user_delegated", SLICE_DELEGATED, "/sys/fs/cgroup/login");
    assert_int_equal(find("pure_v2_user", NULL), 0);
    assert_says(found.reason, "delegated: our cgroup '/login' cannot be written");
}

static void a_container_in_the_host_s_cgroup_namespace_is_not_taken_for_one_of_its_own(void **state)
{
    (void)state;
    assert_found("docker_host_namespace", SLICE_NONE, "");
    assert_says(found.reason, "created: /sys/fs/cgroup is read-only");
    assert_says(found.reason, "borrowed: our cgroup '/system.slice/docker-1.scope'");
}

/* On a tree of its own, unpacked. */
static void assert_found_in(const char *tree, enum slice_provenance provenance, const char *path)
{
    char root[PATH_MAX];
    assert_int_equal(fixture_open(tree, root, sizeof(root)), 0);
    memset(&found, 0xee, sizeof(found));
    assert_int_equal(slice_root_find(root, NULL, &found, &err), 0);
    fixture_close(root);
    assert_string_equal(slice_provenance_names[found.provenance], slice_provenance_names[provenance]);
    assert_string_equal(found.path, path);
}

static void a_container_in_the_host_s_namespace_that_can_write_its_own_cgroup_is_delegated(void **state)
{
    (void)state;
    assert_found_in("containers/host-namespace-writable", SLICE_DELEGATED, "/sys/fs/cgroup/docker/f00");
    assert_available(SLICE_MEMORY);
}

static void a_container_in_the_host_s_namespace_that_cannot_is_borrowed(void **state)
{
    (void)state;
    assert_found_in("containers/host-namespace", SLICE_BORROWED, "/sys/fs/cgroup/docker/f00");
    assert_says(found.reason, "delegated: the container's cgroupfs is read-only (Docker Engine 28: --security-opt "
                              "writable-cgroups=true; Podman: --security-opt unmask=/sys/fs/cgroup --cgroups=split)");
    assert_says(found.reason, "created: the hierarchy is that of the container's host");
    assert_available(SLICE_CPUSET);
    assert_missing(SLICE_MEMORY, "memory > /sys/fs/cgroup/cgroup.subtree_control)");
}

static void a_hierarchy_from_outside_of_our_namespace_is_not_ours_although_we_can_write_it(void **state)
{
    (void)state;
    assert_found_in("containers/outside-mount", SLICE_NONE, "");
    assert_says(found.reason, "delegated: /sys/fs/cgroup shows what is outside of our cgroup namespace (docker run "
                              "--cgroupns host)");
    assert_says(found.reason, "created: /sys/fs/cgroup shows what is outside");
}

static void a_container_that_was_handed_no_memory_controller_says_that_its_host_has_to(void **state)
{
    (void)state;
    assert_found_in("containers/no-memory-controller", SLICE_BORROWED, "/sys/fs/cgroup");
    assert_missing(SLICE_MEMORY, "not handed down to this container (on its host: +memory in every");
    assert_available(SLICE_CPU);
}

static void a_v1_only_host_gives_none_and_says_who_holds_them(void **state)
{
    (void)state;
    assert_found("v1_only", SLICE_NONE, "");
    assert_string_equal(found.mount, "");
    assert_string_equal(found.own, "");
    assert_says(found.reason, "no cgroup2 file system is mounted");
    assert_missing(SLICE_MEMORY, "v1 holds it; boot with cgroup_no_v1=all");
}

static void controllers_that_v1_mounts_together_are_told_apart(void **state)
{
    (void)state;
    assert_found("v1_co_mounted", SLICE_NONE, "");
    assert_missing(SLICE_CPU, "v1 holds it; boot with cgroup_no_v1=all");
    assert_missing(SLICE_CPUSET, "no directory of a cgroup v2 hierarchy is ours");
}

static void where_nothing_is_mounted_the_remedy_is_to_mount_it(void **state)
{
    (void)state;
    assert_found("nothing_mounted", SLICE_NONE, "");
    assert_says(found.reason, "mount -t cgroup2 none /sys/fs/cgroup");
}

static void a_hierarchy_without_controllers_is_still_a_root(void **state)
{
    (void)state;
    assert_found("no_controllers", SLICE_CREATED, "/sys/fs/cgroup/tare.slice");
    assert_missing(SLICE_MEMORY, "disabled at boot (boot without cgroup_disable=memory, or with cgroup_enable=memory)");
    assert_missing(SLICE_PIDS, "the kernel was built without it");
    assert_missing(SLICE_CPU, "the kernel does not offer it in v2");
}

static void escaped_mount_points_are_decoded_and_hidden_and_partial_mounts_passed_over(void **state)
{
    (void)state;
    assert_found("odd_mounts", SLICE_CREATED, "/srv/my c\\g/tare.slice");
    assert_string_equal(found.own, "/srv/my c\\g/part/of");
}

static void a_given_directory_is_the_root_whatever_else_there_is(void **state)
{
    (void)state;
    assert_int_equal(find("pure_v2", "/sys/fs/cgroup/outer"), 0);
    assert_int_equal(found.provenance, SLICE_GIVEN);
    assert_string_equal(found.path, "/sys/fs/cgroup/outer");
    assert_string_equal(found.mount, "/sys/fs/cgroup");
    assert_string_equal(found.reason, "");
    assert_available(SLICE_CPUSET);
}

static void a_given_directory_may_be_spelt_in_a_roundabout_way(void **state)
{
    (void)state;
    assert_int_equal(find("pure_v2", "/sys/fs/cgroup/../cgroup/outer/./inner/"), 0);
    assert_string_equal(found.path, "/sys/fs/cgroup/outer/inner");
}

static void a_given_directory_under_systemd_is_taken(void **state)
{
    (void)state;
    assert_int_equal(find("systemd", "/sys/fs/cgroup/system.slice/ssh.service"), 0);
    assert_int_equal(found.provenance, SLICE_GIVEN);
    assert_available(SLICE_MEMORY);
}

static void the_ancestor_that_does_not_hand_a_controller_down_is_named(void **state)
{
    (void)state;
    assert_int_equal(find("pure_v2", "/sys/fs/cgroup/outer/inner"), 0);
    assert_available(SLICE_MEMORY);
    assert_missing(SLICE_CPUSET, "echo +cpuset > /sys/fs/cgroup/outer/cgroup.subtree_control");
    assert_missing(SLICE_IO, "echo +io > /sys/fs/cgroup/cgroup.subtree_control");
}

static void a_given_directory_of_a_partial_mount_is_found_below_that_mount(void **state)
{
    (void)state;
    assert_int_equal(find("odd_mounts", "/srv/part"), -EACCES);
    assert_int_equal(err.kind, ERR_HOST);
    assert_says(err.text, "--cgroup-root '/srv/part': cannot be written (");
}

static void a_given_directory_elsewhere_is_a_usage_error_that_names_the_mount(void **state)
{
    (void)state;
    assert_int_equal(find("pure_v2", "/proc"), -EINVAL);
    assert_int_equal(err.kind, ERR_USAGE);
    assert_says(err.text, "not a directory on a cgroup2 file system (cgroup2 is mounted at /sys/fs/cgroup)");
    assert_int_equal(find("v1_only", "/proc"), -EINVAL);
}

static void a_given_directory_that_is_not_there_is_a_usage_error(void **state)
{
    (void)state;
    assert_int_equal(find("pure_v2", "/sys/fs/cgroup/nowhere"), -EINVAL);
    assert_int_equal(err.kind, ERR_USAGE);
    assert_says(err.text, "No such file or directory");
    assert_int_equal(find("pure_v2", "/sys/fs/cgroup/cgroup.controllers"), -EINVAL);
    assert_int_equal(find("pure_v2", "/../../.."), -EINVAL);
    assert_int_equal(find("pure_v2", ""), -EINVAL);
}

static void a_given_directory_on_a_read_only_mount_is_the_host_s_fault(void **state)
{
    (void)state;
    assert_int_equal(find("docker", "/sys/fs/cgroup"), -EACCES);
    assert_int_equal(err.kind, ERR_HOST);
}

/* With a prefix the mounts' list is read; without one the usual places come first. */
static void the_root_of_this_machine_is_the_same_by_place_and_by_the_list_of_mounts(void **state)
{
    (void)state;
    static struct slice_root listed;
    assert_int_equal(slice_root_find("/", NULL, &listed, &err), 0);
    assert_int_equal(slice_root_find("", NULL, &found, &err), 0);
    assert_string_equal(found.mount, listed.mount);
    assert_string_equal(found.own, listed.own);
    for (size_t i = 0; i < SLICE_CONTROLLERS; i++)
        assert_int_equal(found.controller[i].available, listed.controller[i].available);
}

static void a_host_that_shows_nothing_at_all_gives_none(void **state)
{
    (void)state;
    assert_found("no such capture", SLICE_NONE, "");
}

static void a_cgroup_is_found_below_the_mount_that_shows_it_and_below_no_other(void **state)
{
    (void)state;
    char dir[64];
    struct cgmount m = {.root = "/a/b", .point = "/mnt"};
    assert_int_equal(mounts_directory(&m, "/a/b/c", dir, sizeof(dir)), 0);
    assert_string_equal(dir, "/mnt/c");
    assert_int_equal(mounts_directory(&m, "/a/b", dir, sizeof(dir)), 0);
    assert_string_equal(dir, "/mnt");
    assert_int_equal(mounts_directory(&m, "/a/bc", dir, sizeof(dir)), -ENOENT);
    assert_int_equal(mounts_directory(&m, "/", dir, sizeof(dir)), -ENOENT);
    assert_int_equal(mounts_directory(&m, "", dir, sizeof(dir)), -ENOENT);
    assert_int_equal(mounts_directory(&m, "/a/b/c", dir, 4), -ENAMETOOLONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hybrid_host_without_systemd_gives_a_created_root_on_the_unified_mount),
        cmocka_unit_test(a_hybrid_host_says_that_v1_holds_the_controllers),
        cmocka_unit_test(a_pure_v2_host_without_systemd_gives_a_created_root_with_every_controller),
        cmocka_unit_test(a_user_on_a_pure_v2_host_gets_none_because_nothing_is_theirs),
        cmocka_unit_test(where_systemd_runs_nothing_is_written_and_the_remedy_is_a_scope),
        cmocka_unit_test(where_systemd_runs_a_user_is_told_of_a_user_scope),
        cmocka_unit_test(where_systemd_has_a_bus_it_can_be_asked_for_a_scope_and_is_not_yet),
        cmocka_unit_test(a_container_with_a_read_only_cgroupfs_is_borrowed),
        cmocka_unit_test(a_container_with_a_writable_cgroupfs_is_delegated),
        cmocka_unit_test(a_unit_that_systemd_marks_as_delegated_is_ours),
        cmocka_unit_test(a_unit_of_the_user_s_systemd_is_not_ours_although_we_can_write_it),
        cmocka_unit_test(in_a_leaf_of_what_is_delegated_the_parent_is_the_root),
        cmocka_unit_test(a_directory_that_was_handed_to_a_user_without_systemd_is_theirs),
        cmocka_unit_test(a_container_in_the_host_s_cgroup_namespace_is_not_taken_for_one_of_its_own),
        cmocka_unit_test(a_container_in_the_host_s_namespace_that_can_write_its_own_cgroup_is_delegated),
        cmocka_unit_test(a_container_in_the_host_s_namespace_that_cannot_is_borrowed),
        cmocka_unit_test(a_hierarchy_from_outside_of_our_namespace_is_not_ours_although_we_can_write_it),
        cmocka_unit_test(a_container_that_was_handed_no_memory_controller_says_that_its_host_has_to),
        cmocka_unit_test(a_v1_only_host_gives_none_and_says_who_holds_them),
        cmocka_unit_test(controllers_that_v1_mounts_together_are_told_apart),
        cmocka_unit_test(where_nothing_is_mounted_the_remedy_is_to_mount_it),
        cmocka_unit_test(a_hierarchy_without_controllers_is_still_a_root),
        cmocka_unit_test(escaped_mount_points_are_decoded_and_hidden_and_partial_mounts_passed_over),
        cmocka_unit_test(a_given_directory_is_the_root_whatever_else_there_is),
        cmocka_unit_test(a_given_directory_may_be_spelt_in_a_roundabout_way),
        cmocka_unit_test(a_given_directory_under_systemd_is_taken),
        cmocka_unit_test(the_ancestor_that_does_not_hand_a_controller_down_is_named),
        cmocka_unit_test(a_given_directory_of_a_partial_mount_is_found_below_that_mount),
        cmocka_unit_test(a_given_directory_elsewhere_is_a_usage_error_that_names_the_mount),
        cmocka_unit_test(a_given_directory_that_is_not_there_is_a_usage_error),
        cmocka_unit_test(a_given_directory_on_a_read_only_mount_is_the_host_s_fault),
        cmocka_unit_test(the_root_of_this_machine_is_the_same_by_place_and_by_the_list_of_mounts),
        cmocka_unit_test(a_host_that_shows_nothing_at_all_gives_none),
        cmocka_unit_test(a_cgroup_is_found_below_the_mount_that_shows_it_and_below_no_other),
    };
    return cmocka_run_group_tests_name("slice_root", tests, NULL, NULL);
}
