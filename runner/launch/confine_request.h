/* confine_request: the request for a confinement, its layers, and the outcome of each. */
#ifndef TARE_CONFINE_REQUEST_H
#define TARE_CONFINE_REQUEST_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The host can refuse each layer on its own; the verdict then has a line for it. */
enum confine_layer {
    CONFINE_NAMESPACES, /* pid, mount, ipc, uts and, without the host's network, net */
    CONFINE_NETWORK,    /* own network: the loopback is up */
    CONFINE_ROOT,       /* all mounts are read-only except the named ones */
    CONFINE_PRIVATE,    /* own /tmp, /dev and /dev/shm, with named paths shown below */
    CONFINE_PROC,       /* /proc of its own pid namespace, read-only */
    CONFINE_SOCKETS,    /* the host's sockets with a path are masked */
    CONFINE_STREAMS,    /* a file as standard input is read-only */
    CONFINE_WRITES,     /* Landlock: no other file can be opened for writing */
    CONFINE_HOSTNAME,
    CONFINE_USER,
    CONFINE_CAPABILITIES,
    CONFINE_PRIVILEGES, /* no_new_privs */
    CONFINE_SECCOMP,    /* the filter */
    CONFINE_COUNTING,   /* the runner counts what the filter refuses */
    CONFINE_LAYERS
};

#define CONFINE_HOSTNAME_IS "tare"
#define CONFINE_NOBODY      65534

/* Paths are absolute. */
struct confine_request {
    bool read_only_root;
    bool filter;
    unsigned allowed; /* one bit per enum allowance */
    bool host_network;
    bool has_user; /* --user; root only */
    uid_t uid;
    gid_t gid;
    const char *const *writable; /* shown read-write; they must exist */
    size_t writable_count;
    int64_t tmp_bytes;         /* of the private /tmp and of /dev/shm, each */
    bool has_streams;          /* descriptors 0 to 2 are inherited: folders are refused */
    const char *scratch;       /* a private writable folder, chowned to the user; NULL: none */
    const char *const *needed; /* must be readable: shown even inside a private folder */
    size_t needed_count;
};

/* What the host refused: errno by layer; 0: applied, or not asked for. */
struct confine_outcome {
    int refused[CONFINE_LAYERS];
    int nesting_refused; /* errno; 0: nested namespaces are forbidden, or there is no user namespace */
    int landlock_abi;    /* 0: the kernel has no Landlock */
    int landlock_fd;     /* the rules, until they are enforced; -1: none */
};

/* Notes errno if the result, as of a system call, says that the layer was refused. The first errno stays. */
static inline void confine_note(struct confine_outcome *o, enum confine_layer layer, long result)
{
    if (result < 0 && o->refused[layer] == 0)
        o->refused[layer] = errno;
}

#define CONFINE_NO_OUTCOME ((struct confine_outcome){.landlock_fd = -1})

#endif
