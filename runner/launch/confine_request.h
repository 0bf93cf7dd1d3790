/* confine_request: what is asked of a confinement, the layers that it is made of, and what came of each. */
#ifndef TARE_CONFINE_REQUEST_H
#define TARE_CONFINE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What it is made of. Each can be refused by the host on its own, and is then a line in the verdict. */
enum confine_layer {
    CONFINE_NAMESPACES, /* pid, mount, ipc, uts and, without the host's network, net */
    CONFINE_NETWORK,    /* the loopback is up */
    CONFINE_ROOT,       /* everything that is mounted is read-only but for what was named */
    CONFINE_PRIVATE,    /* /tmp, /dev and /dev/shm of its own; what was named is shown below them */
    CONFINE_PROC,       /* /proc of its own pid namespace, read-only */
    CONFINE_SOCKETS,    /* the host's sockets that have a path */
    CONFINE_STREAMS,    /* standard input that is a file, read-only */
    CONFINE_WRITES,     /* nothing else is opened for writing: Landlock */
    CONFINE_HOSTNAME,
    CONFINE_USER,
    CONFINE_CAPABILITIES,
    CONFINE_PRIVILEGES, /* no_new_privs */
    CONFINE_SECCOMP,    /* the filter */
    CONFINE_COUNTING,   /* what the filter refuses is told to the runner */
    CONFINE_LAYERS
};

#define CONFINE_HOSTNAME_IS "tare"
#define CONFINE_NOBODY      65534

/* What is asked for. Paths are absolute. */
struct confine_request {
    bool read_only_root;
    bool filter;
    unsigned allowed; /* a bit for each enum allowance */
    bool host_network;
    bool has_user; /* --user; root only */
    uid_t uid;
    gid_t gid;
    const char *const *writable; /* shown read-write; they must exist */
    size_t writable_count;
    int64_t tmp_bytes;         /* of the private /tmp and of /dev/shm, each */
    bool has_streams;          /* descriptors 0 to 2 are handed on: they may be no folders */
    const char *scratch;       /* a folder of its own, writable, given to its user; NULL: none */
    const char *const *needed; /* what has to be readable: shown also where a private folder hides it */
    size_t needed_count;
};

/* What the host refused: an errno by layer, 0 where it was applied or not asked for. */
struct confine_outcome {
    int refused[CONFINE_LAYERS];
    int nesting_refused; /* errno; 0: no namespace can be made in the user namespace, or there is none */
    int landlock_abi;    /* 0: the kernel has no Landlock */
    int landlock_fd;     /* the rules, until they hold; -1: none */
};

#define CONFINE_NO_OUTCOME ((struct confine_outcome){.landlock_fd = -1})

#endif
