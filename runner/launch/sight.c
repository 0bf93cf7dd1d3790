#include "launch/sight.h"

#include <linux/perf_event.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "launch/perf_event.h"

#define PERIOD_NS  50000
#define ROUNDS     200000 /* of the loop between two looks: a millisecond, emulated some tens */
#define RING_ORDER 4
#define LASTS_NS   (500 * NS_PER_MS)

void sight_judge(unsigned samples, unsigned behind, struct text *why)
{
    if (samples < SIGHT_SAMPLES)
        text_add(why, "%u samples of a loop around an atomic instruction are too few to know whether they tell of it",
                 samples);
    else if (behind < SIGHT_SHARE * samples)
        text_add(why,
                 "of %u samples of a loop around an atomic instruction %u lay behind it (a CPU that is emulated is "
                 "interrupted between blocks of instructions alone)",
                 samples, behind);
}

#ifdef __x86_64__
/* Where a loop begins, where its atomic change has just been made, and where it ends. */
struct loop {
    uint64_t begin, behind, end;
};

struct seen {
    struct loop loop;
    unsigned samples, behind;
};

/* Goes round the loop. Nothing but the change takes any time. */
static struct loop go_round(uint64_t rounds)
{
    uint64_t word = 0;
    struct loop l;
    __asm__ volatile(
        "leaq 1f(%%rip), %[begin]\n\t"
        "leaq 2f(%%rip), %[behind]\n\t"
        "leaq 3f(%%rip), %[end]\n"
        "1:\tnop\n\t"
        "nop\n\t"
        "lock; incq %[word]\n"
        "2:\tnop\n\t"
        "nop\n\t"
        "decq %[rounds]\n\t"
        "jnz 1b\n"
        "3:"
        : [word] "+m"(word), [rounds] "+r"(rounds), [begin] "=&r"(l.begin), [behind] "=&r"(l.behind), [end] "=&r"(l.end)
        :
        : "cc");
    return l;
}

static void take(const struct perf_event_header *record, void *context)
{
    struct seen *s = context;
    uint64_t at;
    if (record->type != PERF_RECORD_SAMPLE || record->size < sizeof(*record) + sizeof(at))
        return;
    memcpy(&at, record + 1, sizeof(at));
    s->samples += at >= s->loop.begin && at < s->loop.end;
    s->behind += at == s->loop.behind;
}

static void look(int fd, struct perf_ring *ring, struct seen *s)
{
    const int64_t until_ns = clock_now_ns() + LASTS_NS;
    while (s->samples < 2 * SIGHT_SAMPLES && clock_now_ns() < until_ns) {
        (void)ioctl(fd, PERF_EVENT_IOC_ENABLE, 0);
        s->loop = go_round(ROUNDS);
        (void)ioctl(fd, PERF_EVENT_IOC_DISABLE, 0);
        (void)perf_ring_drain(ring, take, s);
    }
}

void sight_of_atomics(struct text *why)
{
    struct perf_event_attr attr = {
        .type = PERF_TYPE_SOFTWARE,
        .config = PERF_COUNT_SW_CPU_CLOCK,
        .sample_type = PERF_SAMPLE_IP,
        .sample_period = PERIOD_NS,
        .disabled = 1,
        .exclude_kernel = 1,
    };
    struct perf_ring ring = {.base = NULL};
    struct seen s = {0};
    cleanup_close int fd = perf_event_open(&attr, 0, -1, -1, 0);
    const int failed = fd < 0 ? fd : perf_ring_open(fd, RING_ORDER, &ring);
    if (failed != 0) {
        text_add(why, "whether samples tell of an atomic instruction is not known: %s", strerror(-failed));
        return;
    }
    look(fd, &ring, &s);
    perf_ring_close(&ring);
    sight_judge(s.samples, s.behind, why);
}
#else
void sight_of_atomics(struct text *why)
{
    text_add(why, "atomic instructions are told by their bytes on x86-64 alone");
}
#endif
