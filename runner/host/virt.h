/* virt: what stands between us and the machine: a hypervisor, an emulator, a container. */
#ifndef TARE_VIRT_H
#define TARE_VIRT_H

struct facts;

/* Appends to ret, which already has cpu_model and machine_product (host_capture()):
 *
 *   hypervisor   text: "none"; or its name as the CPU, the kernel or DMI gives it ("KVM", "xen"), "unnamed" where
 *                the CPU only says that there is one; absent where nothing tells
 *   emulated     bool: the CPU is emulated in software: function can be tested, no time measured here means anything
 *   emulated_by  text: what says so; absent where it is not
 *   container    text: "none", "docker", "podman", what /run/systemd/container or $container says, or "unnamed" for a
 *                PID namespace that is not the initial one
 *
 * cpu_flags: the flags of /proc/cpuinfo, NULL where there are none. sysroot as for host_capture(); the CPU itself and
 * $TARE_VM ("tcg" in our own test VM) are asked only where it is "". */
void virt_capture(const char *sysroot, const char *cpu_flags, struct facts *ret);

#endif
