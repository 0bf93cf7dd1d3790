/* namespaces: whether a namespace of ours is the one that the kernel started with. For the search for the cgroups' root
 * and the description of the host. */
#ifndef TARE_NAMESPACES_H
#define TARE_NAMESPACES_H

enum namespaces_are { NAMESPACES_UNKNOWN, NAMESPACES_INITIAL, NAMESPACES_OTHER };

/* kind: "ipc", "uts", "pid" or "cgroup", as below /proc/self/ns of the sysroot ("" or NULL: the real one). UNKNOWN: the
 * link cannot be read, or the kind is another. */
enum namespaces_are namespaces_look(const char *sysroot, const char *kind);

#endif
