/* transport: how scenario3's requests and acknowledgements travel in C: through pipes, or a ring with futexes. */
#ifndef TARE_WORKLOADS_SCENARIO3_TRANSPORT_H
#define TARE_WORKLOADS_SCENARIO3_TRANSPORT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PRODUCERS_MAX 256
#define WRITERS_MAX   64
#define RING_SLOTS    512 /* a power of two; more than all producers and the main process can have on their way */

#define REQUEST_END (UINT32_MAX - 1) /* as a producer: the writer is to end */

struct request {
    uint32_t producer;
    uint32_t id;
};

/* Of a writer. Many put in, one takes out. */
struct ring {
    _Alignas(128) _Atomic uint64_t tail;             /* the next place to put into */
    _Alignas(128) _Atomic uint32_t asleep;           /* a futex: 1 while the writer waits for a request */
    uint64_t head;                                   /* the writer's own: the next place to take from */
    _Alignas(128) _Atomic uint64_t slot[RING_SLOTS]; /* 0: empty */
};

/* Of a producer: the answer to its one request, a futex. */
struct answer {
    _Alignas(128) _Atomic uint32_t word;
};

/* In memory that all share, zeroed before each iteration. */
struct channels {
    int request_r[WRITERS_MAX], request_w[WRITERS_MAX];
    int answer_r[PRODUCERS_MAX], answer_w[PRODUCERS_MAX];
    struct ring ring[WRITERS_MAX];
    struct answer answer[PRODUCERS_MAX];
};

/* Each returns false where the other side is not there any more, and with errno for a reason. */
struct transport {
    /* Gives a writer a request. */
    bool (*put)(struct channels *c, size_t writer, struct request request);
    /* The writer's next one; waits for it. */
    bool (*get)(struct channels *c, size_t writer, struct request *request);
    /* Answers a producer. */
    bool (*answer)(struct channels *c, size_t producer, bool is_new);
    /* The answer to the producer's request; waits for it. */
    bool (*await)(struct channels *c, size_t producer, bool *is_new);
};

extern const struct transport transport_pipe;
extern const struct transport transport_ring;

#endif
