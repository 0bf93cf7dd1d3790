#include "workloads/scenario3/transport.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

/* --- pipes: a message is shorter than PIPE_BUF, so it goes through in one piece ----------------------------------- */

static bool pipe_put(struct channels *c, size_t writer, struct request request)
{
    return TEMP_FAILURE_RETRY(write(c->request_w[writer], &request, sizeof(request))) == (ssize_t)sizeof(request);
}

static bool pipe_get(struct channels *c, size_t writer, struct request *request)
{
    return TEMP_FAILURE_RETRY(read(c->request_r[writer], request, sizeof(*request))) == (ssize_t)sizeof(*request);
}

static bool pipe_answer(struct channels *c, size_t producer, bool is_new)
{
    return TEMP_FAILURE_RETRY(write(c->answer_w[producer], &is_new, sizeof(is_new))) == (ssize_t)sizeof(is_new);
}

static bool pipe_await(struct channels *c, size_t producer, bool *is_new)
{
    return TEMP_FAILURE_RETRY(read(c->answer_r[producer], is_new, sizeof(*is_new))) == (ssize_t)sizeof(*is_new);
}

const struct transport transport_pipe = {pipe_put, pipe_get, pipe_answer, pipe_await};

/* --- the ring ------------------------------------------------------------------------------------------------------
 *
 * A producer reserves a place (tail) and fills its slot; the writer empties slots in order. A producer has at most one
 * pending request, so the ring is never full. A reader that finds nothing sets its futex's word, looks once more, and
 * sleeps; a sender that sees the word wakes it (futex(2); both accesses are sequentially consistent, or they could miss
 * each other). */

static void futex_sleep(_Atomic uint32_t *word, uint32_t while_it_is)
{
    (void)syscall(SYS_futex, word, FUTEX_WAIT, while_it_is, NULL, NULL, 0); /* EAGAIN, EINTR: the caller looks again */
}

static void futex_wake(_Atomic uint32_t *word)
{
    (void)syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static bool ring_put(struct channels *c, size_t writer, struct request request)
{
    struct ring *ring = &c->ring[writer];
    uint64_t entry = ((uint64_t)request.producer + 1) << 32 | request.id; /* never 0 */
    uint64_t place = atomic_fetch_add(&ring->tail, 1);
    atomic_store(&ring->slot[place % RING_SLOTS], entry);
    if (atomic_load(&ring->asleep) && atomic_exchange(&ring->asleep, 0))
        futex_wake(&ring->asleep);
    return true;
}

static bool ring_get(struct channels *c, size_t writer, struct request *request)
{
    struct ring *ring = &c->ring[writer];
    _Atomic uint64_t *slot = &ring->slot[ring->head % RING_SLOTS];
    uint64_t entry;
    while (!(entry = atomic_load_explicit(slot, memory_order_acquire))) {
        atomic_store(&ring->asleep, 1);
        if (atomic_load(slot) == 0)
            futex_sleep(&ring->asleep, 1);
        atomic_store(&ring->asleep, 0);
    }
    atomic_store_explicit(slot, 0, memory_order_relaxed);
    ring->head++;
    *request = (struct request){.producer = (uint32_t)((entry >> 32) - 1), .id = (uint32_t)entry};
    return true;
}

enum { ANSWER_NONE, ANSWER_AWAITED, ANSWER_KNOWN, ANSWER_NEW };

static bool ring_answer(struct channels *c, size_t producer, bool is_new)
{
    _Atomic uint32_t *word = &c->answer[producer].word;
    if (atomic_exchange(word, is_new ? ANSWER_NEW : ANSWER_KNOWN) == ANSWER_AWAITED)
        futex_wake(word);
    return true;
}

static bool ring_await(struct channels *c, size_t producer, bool *is_new)
{
    _Atomic uint32_t *word = &c->answer[producer].word;
    uint32_t seen = ANSWER_NONE;
    if (atomic_compare_exchange_strong(word, &seen, ANSWER_AWAITED))
        seen = ANSWER_AWAITED;
    while (seen == ANSWER_AWAITED) {
        futex_sleep(word, ANSWER_AWAITED);
        seen = atomic_load(word);
    }
    atomic_store(word, ANSWER_NONE); /* no other thread writes it before the next request */
    *is_new = seen == ANSWER_NEW;
    return true;
}

const struct transport transport_ring = {ring_put, ring_get, ring_answer, ring_await};
