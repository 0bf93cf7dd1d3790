#include "host/tune/knob.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/beneath.h"
#include "base/cleanup.h"
#include "base/cpulist.h"
#include "base/file.h"
#include "base/text.h"

/* --- names -------------------------------------------------------------------------------------------------------- */

#define CPU_DIR  "/sys/devices/system/cpu"
#define POLICIES CPU_DIR "/cpufreq"

/* Every file that tune_plan.c writes or notes: it names them. after: NULL for one file; else a number is between before
 * and after. */
static const struct named {
    const char *name, *before, *after;
    enum knob_kind kind;
} NAMED[] = {
    {"default_irq", "/proc/irq/default_smp_affinity", NULL, KNOB_MASK},
    {"irq", "/proc/irq/", "/smp_affinity_list", KNOB_LIST},
    {"governor", POLICIES "/policy", "/scaling_governor", KNOB_VALUE},
    {"energy_preference", POLICIES "/policy", "/energy_performance_preference", KNOB_VALUE},
    {"no_turbo", CPU_DIR "/intel_pstate/no_turbo", NULL, KNOB_VALUE},
    {"boost", POLICIES "/boost", NULL, KNOB_VALUE},
    {"policy_boost", POLICIES "/policy", "/boost", KNOB_VALUE},
    {"thp", "/sys/kernel/mm/transparent_hugepage/enabled", NULL, KNOB_CHOICE},
    {"ksm", "/sys/kernel/mm/ksm/run", NULL, KNOB_VALUE},
    {"numa_balancing", "/proc/sys/kernel/numa_balancing", NULL, KNOB_VALUE},
    {"swappiness", "/proc/sys/vm/swappiness", NULL, KNOB_VALUE},
    {"stat_interval", "/proc/sys/vm/stat_interval", NULL, KNOB_VALUE},
    {"nmi_watchdog", "/proc/sys/kernel/nmi_watchdog", NULL, KNOB_VALUE},
    {"soft_watchdog", "/proc/sys/kernel/soft_watchdog", NULL, KNOB_VALUE},
    {"watchdog", "/proc/sys/kernel/watchdog", NULL, KNOB_VALUE},
    {"aslr", "/proc/sys/kernel/randomize_va_space", NULL, KNOB_VALUE},
    {"smt", CPU_DIR "/smt/control", NULL, KNOB_VALUE},
};

/* The number of leading digits that form a number as the kernel writes it; 0: none. */
static size_t number_length(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits > 9 || (digits > 1 && *text == '0') ? 0 : digits;
}

int knob_name_of(const char *path, char *name, size_t cap)
{
    for (size_t i = 0; i < ARRAY_LEN(NAMED); i++) {
        const struct named *k = &NAMED[i];
        size_t len = strlen(k->before);
        if (strncmp(path, k->before, len) != 0)
            continue;
        size_t digits = number_length(path + len);
        if (!k->after && path[len] == '\0')
            text_format(name, cap, "%s", k->name);
        else if (k->after && digits > 0 && strcmp(path + len + digits, k->after) == 0)
            text_format(name, cap, "%s:%.*s", k->name, (int)digits, path + len);
        else
            continue;
        return 0;
    }
    return -ENOENT;
}

int knob_find(const char *name, char *path, size_t cap, enum knob_kind *ret)
{
    size_t len = strcspn(name, ":");
    const char *number = name[len] ? name + len + 1 : NULL;
    for (size_t i = 0; i < ARRAY_LEN(NAMED); i++) {
        const struct named *k = &NAMED[i];
        if (strlen(k->name) != len || strncmp(k->name, name, len) != 0 || !k->after != !number)
            continue;
        if (number && (!*number || number_length(number) != strlen(number)))
            return -ENOENT;
        text_format(path, cap, "%s%s%s", k->before, number ? number : "", k->after ? k->after : "");
        *ret = k->kind;
        return 0;
    }
    return -ENOENT;
}

/* --- bytes -------------------------------------------------------------------------------------------------------- */

ssize_t knob_read(const char *root, const char *path, char *buf, size_t cap)
{
    cleanup_close int fd = beneath_open_root(root, path, O_RDONLY);
    ssize_t len = fd < 0 ? fd : file_read_fd(fd, -1, buf, cap);
    if (len == (ssize_t)cap)
        return -EFBIG;
    if (len >= 0)
        buf[len] = '\0';
    return len;
}

void knob_value(enum knob_kind kind, const char *content, char *buf, size_t cap)
{
    const char *open = kind == KNOB_CHOICE ? strchr(content, '[') : NULL;
    const char *close = open ? strchr(open, ']') : NULL;
    const char *from = close ? open + 1 : content + strspn(content, " \t\n");
    size_t len = close ? (size_t)(close - from) : strlen(from);
    while (!close && len > 0 && strchr(" \t\n", from[len - 1]))
        len--;
    (void)snprintf(buf, cap, "%.*s", (int)len, from);
}

int knob_mask_parse(const char *text, struct cpulist *ret)
{
    static const char DIGITS[] = "0123456789abcdef";
    struct cpulist set = {0};
    unsigned bit = 0;
    size_t len = strcspn(text, "\n");
    if (len == 0)
        return -EINVAL;
    while (len-- > 0) {
        if (text[len] == ',')
            continue;
        const char *digit = strchr(DIGITS, tolower((unsigned char)text[len]));
        if (!digit || bit + 4 > CPULIST_MAX)
            return -EINVAL;
        for (unsigned i = 0; i < 4; i++)
            if ((digit - DIGITS) >> i & 1)
                cpulist_add(&set, bit + i);
        bit += 4;
    }
    *ret = set;
    return 0;
}

void knob_mask_format(const struct cpulist *set, char *buf, size_t cap)
{
    cleanup_text struct text out = {0};
    for (size_t w = CPULIST_MAX / 32; w-- > 0;) {
        unsigned bits = (unsigned)(set->word[w / 2] >> (w % 2 * 32) & 0xffffffffU);
        if (out.len > 0)
            text_add(&out, ",%08x", bits);
        else if (bits != 0 || w == 0)
            text_add(&out, "%x", bits);
    }
    (void)snprintf(buf, cap, "%s", out.data);
}

bool knob_same(enum knob_kind kind, const char *a, const char *b)
{
    char left[KNOB_MAX], right[KNOB_MAX];
    struct cpulist l, r;
    knob_value(kind, a, left, sizeof(left));
    knob_value(kind, b, right, sizeof(right));
    if (kind == KNOB_LIST && cpulist_parse(left, &l) == 0 && cpulist_parse(right, &r) == 0)
        return cpulist_equal(&l, &r);
    if (kind == KNOB_MASK && knob_mask_parse(left, &l) == 0 && knob_mask_parse(right, &r) == 0)
        return cpulist_equal(&l, &r);
    return strcmp(left, right) == 0;
}

/* Rewrites a choice with the brackets around value; false: not one of its words. */
static bool move_brackets(const char *content, const char *value, struct text *ret)
{
    bool found = false;
    for (const char *p = content; *p && *p != '\n'; p += strspn(p, " ")) {
        size_t len = strcspn(p, " \n");
        bool marked = len > 2 && p[0] == '[' && p[len - 1] == ']';
        const char *word = marked ? p + 1 : p;
        size_t word_len = marked ? len - 2 : len;
        bool chosen = strlen(value) == word_len && strncmp(word, value, word_len) == 0;
        text_add(ret, "%s%s%.*s%s", ret->len ? " " : "", chosen ? "[" : "", (int)word_len, word, chosen ? "]" : "");
        found = found || chosen;
        p += len;
    }
    text_add(ret, "\n");
    return found;
}

static int write_whole(const char *root, const char *path, const char *bytes, size_t len)
{
    cleanup_close int fd = beneath_open_root(root, path, O_WRONLY);
    if (fd < 0)
        return fd;
    ssize_t n = write(fd, bytes, len);
    if (n < 0)
        return -errno;
    if ((size_t)n != len)
        return -EIO;
    return root[0] != '\0' && ftruncate(fd, (off_t)len) != 0 ? -errno : 0;
}

static int write_choice(const char *root, const char *path, const char *value)
{
    char now[KNOB_MAX];
    cleanup_text struct text then = {0};
    ssize_t n = knob_read(root, path, now, sizeof(now));
    if (n < 0)
        return (int)n;
    return move_brackets(now, value, &then) ? write_whole(root, path, then.data, then.len) : -EINVAL;
}

int knob_write(const char *root, const char *path, enum knob_kind kind, const char *content)
{
    char value[KNOB_MAX];
    knob_value(kind, content, value, sizeof(value));
    if (root[0] == '\0')
        return write_whole(root, path, value, strlen(value));
    if (kind == KNOB_CHOICE && !strchr(content, '['))
        return write_choice(root, path, value);
    return write_whole(root, path, content, strlen(content));
}
