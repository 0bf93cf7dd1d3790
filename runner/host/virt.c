#include "host/virt.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "base/beneath.h"
#include "base/cleanup.h"
#include "base/facts.h"
#include "base/file.h"
#include "base/namespaces.h"
#include "base/text.h"

#define TCG "QEMU TCG"

/* The usual name for a signature; NULL: unknown. */
static const char *known_signature(const char *signature)
{
    static const struct {
        const char *signature, *name;
    } NAMES[] = {
        {"KVMKVMKVM", "KVM"},       {"Linux KVM Hv", "KVM"}, {"TCGTCGTCGTCG", TCG},     {"Microsoft Hv", "Hyper-V"},
        {"VMwareVMware", "VMware"}, {"XenVMMXenVMM", "Xen"}, {"bhyve bhyve ", "bhyve"}, {"VBoxVBoxVBox", "VirtualBox"},
    };
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++)
        if (strcmp(signature, NAMES[i].signature) == 0)
            return NAMES[i].name;
    return NULL;
}

/* The signature in CPUID leaf 0x40000000, in the range reserved for hypervisors (Documentation/virt/kvm/x86/cpuid.rst).
 * Only valid if the CPU has the flag "hypervisor". */
static bool hypervisor_signature(char name[13])
{
#if defined(__x86_64__) || defined(__i386__)
    unsigned eax = 0, part[3] = {0};
    __cpuid(0x40000000, eax, part[0], part[1], part[2]);
    memcpy(name, part, sizeof(part));
    name[12] = '\0';
    for (size_t i = 0; name[i]; i++)
        if ((unsigned char)name[i] < ' ' || (unsigned char)name[i] > '~')
            return false;
    return name[0] != '\0';
#else
    (void)name;
    return false;
#endif
}

/* Leaf 1, ECX bit 31 is the kernel's flag "hypervisor", and leaves 0x80000002 to 4 are its model name
 * (arch/x86/kernel/cpu/common.c, get_model_name). */
bool virt_is_hardware(void)
{
#if defined(__x86_64__) || defined(__i386__)
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0, model[13] = {0};
    char signature[13];
    const char *vm = getenv("TARE_VM");
    if (vm && *vm)
        return false;
    __cpuid(1, eax, ebx, ecx, edx);
    if (ecx >> 31 & 1) {
        const char *name = hypervisor_signature(signature) ? known_signature(signature) : NULL;
        return name && strcmp(name, TCG) != 0;
    }
    for (unsigned i = 0; i < 3; i++)
        __cpuid(0x80000002 + i, model[i * 4], model[i * 4 + 1], model[i * 4 + 2], model[i * 4 + 3]);
    return !strstr((const char *)model, TCG);
#else
    return false;
#endif
}

/* By DMI product names, not vendors: cloud vendors also offer bare metal. */
static bool is_virtual_product(const char *product)
{
    static const char *const PARTS[] = {"KVM", "QEMU", "Virtual", "VMware", "Standard PC", "Bochs", "Google Compute"};
    for (size_t i = 0; i < ARRAY_LEN(PARTS); i++)
        if (strstr(product, PARTS[i]))
            return true;
    return false;
}

static void capture_hypervisor(const char *sysroot, const char *cpu_flags, struct facts *ret)
{
    static const char KEY[] = "hypervisor";
    const char *product = facts_word(ret, "machine_product");
    const bool is_flagged = cpu_flags && text_has_word(cpu_flags, " ", KEY);
    char name[64];
    if (file_read(sysroot, "/sys/hypervisor/type", name, sizeof(name)) > 0)
        facts_text(ret, KEY, name);
    else if (is_flagged && sysroot[0] == '\0' && hypervisor_signature(name))
        facts_text(ret, KEY, known_signature(name) ? known_signature(name) : name);
    else if (is_virtual_product(product))
        facts_text(ret, KEY, product);
    else if (is_flagged)
        facts_text(ret, KEY, "unnamed");
    else if (cpu_flags)
        facts_text(ret, KEY, "none");
    else
        facts_absent(ret, KEY, "neither /proc/cpuinfo nor /sys/hypervisor nor DMI tells");
}

static void capture_emulation(const char *sysroot, struct facts *ret)
{
    const char *vm = sysroot[0] == '\0' ? getenv("TARE_VM") : NULL;
    const char *by = NULL;
    if (vm && strcmp(vm, "tcg") == 0)
        by = "QEMU TCG (TARE_VM=tcg)";
    else if (strstr(facts_word(ret, "cpu_model"), TCG)) /* target/i386/cpu.c of QEMU: -cpu max without KVM */
        by = "QEMU TCG (the CPU's model name)";
    else if (strstr(facts_word(ret, "hypervisor"), TCG)) /* the same file, for any -cpu */
        by = "QEMU TCG (the CPU's hypervisor signature)";
    facts_bool(ret, "emulated", by != NULL);
    if (by)
        facts_text(ret, "emulated_by", by);
    else
        facts_absent(ret, "emulated_by", "nothing says that it is");
}

/* Whether those of our namespaces that tell a container are the initial ones. */
static bool is_of_the_host(const char *sysroot)
{
    static const char *const KINDS[] = {"ipc", "uts", "pid", "cgroup"};
    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++)
        if (namespaces_look(sysroot, KINDS[i]) != NAMESPACES_INITIAL)
            return false;
    return true;
}

static void capture_container(const char *sysroot, struct facts *ret)
{
    char named[64];
    const bool own_pids = namespaces_look(sysroot, "pid") == NAMESPACES_OTHER;
    /* systemd.io/CONTAINER_INTERFACE. A tmpfs on /run can hide podman's file. */
    const char *said = own_pids && sysroot[0] == '\0' ? getenv("container") : NULL;
    if (is_of_the_host(sysroot)) /* first: a container image booted as a machine still has the files below */
        facts_text(ret, "container", "none");
    else if (beneath_exists(sysroot, "/run/.containerenv"))
        facts_text(ret, "container", "podman");
    else if (beneath_exists(sysroot, "/.dockerenv"))
        facts_text(ret, "container", "docker");
    else if (file_read(sysroot, "/run/systemd/container", named, sizeof(named)) > 0)
        facts_text(ret, "container", named);
    else if (said && *said)
        facts_text(ret, "container", said);
    else
        facts_text(ret, "container", own_pids ? "unnamed" : "none");
}

void virt_capture_emulation(const char *sysroot, const char *cpu_flags, struct facts *ret)
{
    capture_hypervisor(sysroot, cpu_flags, ret);
    capture_emulation(sysroot, ret);
}

void virt_capture(const char *sysroot, const char *cpu_flags, struct facts *ret)
{
    virt_capture_emulation(sysroot, cpu_flags, ret);
    capture_container(sysroot, ret);
}
