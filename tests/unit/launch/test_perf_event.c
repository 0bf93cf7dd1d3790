#include "launch/perf_event.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "tests/unit/fixture.h"

#define FIRST_NAMESPACE "         0          0 4294967295\n"

static struct perf_event_rights rights_of(const char *status, const char *uid_map, const char *paranoid)
{
    struct perf_event_rights r;
    fixture_write(fixture_root, "/proc/self/status", status);
    fixture_write(fixture_root, "/proc/self/uid_map", uid_map);
    if (paranoid)
        fixture_write(fixture_root, "/proc/sys/kernel/perf_event_paranoid", paranoid);
    perf_event_rights_read(fixture_root, &r);
    return r;
}

/* Checks that what is said has these words. */
static void said(const struct perf_event_rights *r, uint32_t type, unsigned long flags, int code, const char *words)
{
    struct perf_event_attr attr = {.type = type};
    cleanup_text struct text reason = {0};
    perf_event_reason(r, &attr, flags, code, &reason);
    assert_non_null(reason.data);
    if (!strstr(reason.data, words))
        fail_msg("'%s' lacks '%s'", reason.data, words);
}

static void perfmon_or_sys_admin_is_the_capability(void **state)
{
    (void)state;
    assert_true(rights_of("CapEff:\t0000004000000000\nSeccomp:\t0\n", FIRST_NAMESPACE, "2\n").has_capability);
    assert_true(rights_of("CapEff:\t0000000000200000\n", FIRST_NAMESPACE, NULL).has_capability);
    assert_false(
        rights_of("CapInh:\t0000004000000000\nCapEff:\t0000000000000001\n", FIRST_NAMESPACE, NULL).has_capability);
}

static void root_of_another_user_namespace_lacks_the_capability(void **state)
{
    (void)state;
    assert_false(rights_of("CapEff:\t000001ffffffffff\n", "0 1000 1\n", "2\n").has_capability);
}

static void a_refusal_names_what_is_missing_and_the_remedy(void **state)
{
    (void)state;
    struct perf_event_rights r = rights_of("CapEff:\t0000000000000000\nSeccomp:\t0\n", FIRST_NAMESPACE, "2\n");
    said(&r, PERF_TYPE_SOFTWARE, 0, -EACCES, "CAP_PERFMON, and /proc/sys/kernel/perf_event_paranoid is 2 (run as root");
    r = rights_of("CapEff:\t0000000000000000\nSeccomp:\t2\n", FIRST_NAMESPACE, "3\n");
    said(&r, PERF_TYPE_SOFTWARE, 0, -EPERM, "--cap-add PERFMON");
    r = rights_of("CapEff:\t000001ffffffffff\nSeccomp:\t2\n", FIRST_NAMESPACE, "2\n");
    said(&r, PERF_TYPE_SOFTWARE, 0, -EPERM, "seccomp");
    said(&r, PERF_TYPE_SOFTWARE, 0, -ENOSYS, "seccomp");
    r = rights_of("CapEff:\t000001ffffffffff\nSeccomp:\t0\n", FIRST_NAMESPACE, "2\n");
    said(&r, PERF_TYPE_SOFTWARE, 0, -EPERM, "lockdown");
    said(&r, PERF_TYPE_SOFTWARE, 0, -ENOSYS, "CONFIG_PERF_EVENTS");
    said(&r, PERF_TYPE_HARDWARE, 0, -ENOENT, "virtual machines");
    said(&r, PERF_TYPE_HARDWARE, PERF_FLAG_PID_CGROUP, -EOPNOTSUPP, "virtual machines");
    said(&r, PERF_TYPE_SOFTWARE, PERF_FLAG_PID_CGROUP, -ENOENT, "v1 hierarchy");
    said(&r, PERF_TYPE_SOFTWARE, 0, -EMFILE, "ulimit -n");
    said(&r, PERF_TYPE_SOFTWARE, 0, -EDQUOT, "ulimit -l");
}

static void a_pmu_is_found_by_its_name_and_a_missing_one_is_told(void **state)
{
    (void)state;
    uint32_t type = 0;
    unsigned bit = 77;
    fixture_write(fixture_root, "/sys/bus/event_source/devices/uprobe/type", "8\n");
    fixture_write(fixture_root, "/sys/bus/event_source/devices/uprobe/format/retprobe", "config:0\n");
    fixture_write(fixture_root, "/sys/bus/event_source/devices/uprobe/format/ref_ctr_offset", "config:32-63\n");
    assert_int_equal(perf_event_pmu(fixture_root, "uprobe", &type), 0);
    assert_int_equal(type, 8);
    assert_int_equal(perf_event_pmu(fixture_root, "kprobe", &type), -ENOENT);
    assert_int_equal(perf_event_format_bit(fixture_root, "uprobe", "retprobe", &bit), 0);
    assert_int_equal(bit, 0);
    assert_int_equal(perf_event_format_bit(fixture_root, "uprobe", "ref_ctr_offset", &bit), -EPROTO);
}

static void a_count_that_shared_the_hardware_is_extrapolated(void **state)
{
    (void)state;
    double scaled = 0;
    assert_true(perf_count_scaled(&(struct perf_count){100, 1000, 250}, &scaled));
    assert_true(scaled > 399.9 && scaled < 400.1);
    assert_false(perf_count_scaled(&(struct perf_count){0, 1000, 0}, &scaled));
}

/* --- rings: made by hand, as the kernel writes them -------------------------------------------------------------- */

struct seen {
    size_t count;
    uint32_t type[8];
    unsigned char last[8]; /* of each record */
};

static void see(const struct perf_event_header *record, void *context)
{
    struct seen *s = context;
    assert_true(s->count < ARRAY_LEN(s->type));
    s->type[s->count] = record->type;
    s->last[s->count++] = ((const unsigned char *)record)[record->size - 1];
}

static struct perf_ring ring_of(uint64_t tail, uint64_t head)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    struct perf_ring r = {aligned_alloc(page, 2 * page), 2 * page, xcalloc(1, (size_t)UINT16_MAX + 1)};
    assert_non_null(r.base);
    memset(r.base, 0, 2 * page);
    r.base->data_tail = tail;
    r.base->data_head = head;
    return r;
}

static void put(struct perf_ring *r, uint64_t at, uint32_t type, uint16_t size, unsigned char last)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char bytes[64] = {0}, *data = (unsigned char *)r->base + page;
    struct perf_event_header header = {.type = type, .size = size};
    memcpy(bytes, &header, sizeof(header));
    bytes[(size ? size : sizeof(header)) - 1] = last;
    for (size_t i = 0; i < (size ? size : sizeof(header)); i++)
        data[(at + i) % page] = bytes[i];
}

static void end_ring(struct perf_ring *r)
{
    free(r->base);
    free(r->copy);
}

static void a_record_that_goes_over_the_rings_end_is_made_whole(void **state)
{
    (void)state;
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), tail = 3 * page - 8;
    struct perf_ring r = ring_of(tail, tail + 56);
    struct seen s = {0};
    put(&r, tail, PERF_RECORD_SAMPLE, 32, 11);
    put(&r, tail + 32, PERF_RECORD_SWITCH, 24, 22);
    assert_int_equal(perf_ring_drain(&r, see, &s), 0);
    assert_int_equal(s.count, 2);
    assert_int_equal(s.type[0], PERF_RECORD_SAMPLE);
    assert_int_equal(s.last[0], 11);
    assert_int_equal(s.type[1], PERF_RECORD_SWITCH);
    assert_int_equal(s.last[1], 22);
    assert_int_equal(r.base->data_tail, tail + 56);
    end_ring(&r);
}

static void a_record_of_no_size_or_past_the_head_ends_the_reading(void **state)
{
    (void)state;
    struct perf_ring r = ring_of(0, 64);
    struct seen s = {0};
    put(&r, 0, PERF_RECORD_SAMPLE, 32, 1);
    put(&r, 32, PERF_RECORD_SAMPLE, 0, 2);
    assert_int_equal(perf_ring_drain(&r, see, &s), -EPROTO);
    assert_int_equal(s.count, 1);
    assert_int_equal(r.base->data_tail, 64);
    put(&r, 64, PERF_RECORD_SAMPLE, 40, 3);
    r.base->data_head = 96;
    assert_int_equal(perf_ring_drain(&r, see, &s), -EPROTO);
    assert_int_equal(s.count, 1);
    end_ring(&r);
}

/* --- the kernel's own ------------------------------------------------------------------------------------------- */

static void the_kernel_counts_this_threads_time_or_says_why_not(void **state)
{
    (void)state;
    struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE,
                                   .config = PERF_COUNT_SW_TASK_CLOCK,
                                   .exclude_kernel = 1,
                                   .read_format = PERF_EVENT_COUNT_FORMAT};
    struct perf_count c = {0};
    int fd = perf_event_open(&attr, 0, -1, -1, 0);
    if (fd < 0) {
        struct perf_event_rights r;
        cleanup_text struct text reason = {0};
        perf_event_rights_read("", &r);
        perf_event_reason(&r, &attr, 0, fd, &reason);
        fixture_skip("no event can be opened: %s", reason.data);
    }
    for (volatile unsigned i = 0; i < 1000000; i++)
        ;
    assert_int_equal(perf_event_read(fd, &c), 0);
    assert_true(c.value > 0);
    assert_true(c.enabled_ns >= c.running_ns);
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_rooted(perfmon_or_sys_admin_is_the_capability),
        fixture_rooted(root_of_another_user_namespace_lacks_the_capability),
        fixture_rooted(a_refusal_names_what_is_missing_and_the_remedy),
        fixture_rooted(a_pmu_is_found_by_its_name_and_a_missing_one_is_told),
        cmocka_unit_test(a_count_that_shared_the_hardware_is_extrapolated),
        cmocka_unit_test(a_record_that_goes_over_the_rings_end_is_made_whole),
        cmocka_unit_test(a_record_of_no_size_or_past_the_head_ends_the_reading),
        cmocka_unit_test(the_kernel_counts_this_threads_time_or_says_why_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
