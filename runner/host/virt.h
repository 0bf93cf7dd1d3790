/* virt: detects a hypervisor, an emulator and a container. host.c calls it. */
#ifndef TARE_VIRT_H
#define TARE_VIRT_H

#include <stdbool.h>

struct facts;

/* Appends to ret, which already has cpu_model and machine_product (host_capture()):
 *
 *   hypervisor   text: "none"; or its name as the CPU, the kernel or DMI gives it ("KVM", "xen"), "unnamed" if
 *                the CPU only reports that there is one; absent if nothing tells
 *   emulated     bool: the CPU is emulated in software: good for tests, but times mean nothing
 *   emulated_by  text: what says so; absent if not emulated
 *   container    text: "none", "docker", "podman", the name in /run/systemd/container or $container, or "unnamed" in a
 *                pid namespace other than the initial one
 *
 * cpu_flags: the flags of /proc/cpuinfo; NULL: none. sysroot as for host_capture(); only if it is "" does this ask the
 * CPU itself and $TARE_VM ("tcg" in our test VM). */
void virt_capture(const char *sysroot, const char *cpu_flags, struct facts *ret);

/* The same without the container. Without machine_product a hypervisor that only DMI names is "none". */
void virt_capture_emulation(const char *sysroot, const char *cpu_flags, struct facts *ret);

/* Whether the CPU itself says that nothing emulates it: some microseconds. false: unknown, as $TARE_VM is set, or the
 * hypervisor has no known name, or this is no x86; virt_capture_emulation() tells. */
bool virt_is_hardware(void);

#endif
