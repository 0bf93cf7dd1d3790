#include "launch/symbols.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"

/* The file may come from the weighed program: what is made of it stays within bounds. */
#define FILE_BYTES_MAX ((size_t)1 << 30)
#define NAME_MAX_BYTES ((size_t)512) /* of a symbol; longer ones are cut off */
#define SYMBOLS_MAX    ((size_t)4 << 20)
#define SEGMENTS_MAX   256

struct function {
    uint64_t place, size;
    char *name;
};

struct symbols {
    struct text held; /* a copy: whoever shortens the file meanwhile breaks nothing */
    const unsigned char *file;
    size_t bytes;
    bool are_exports;
    struct function *list; /* by place */
    size_t count;
};

/* The part of the file at an offset, or NULL if it does not lie within. */
static const void *part(const struct symbols *s, uint64_t offset, uint64_t len)
{
    return offset <= s->bytes && len <= s->bytes - offset ? s->file + offset : NULL;
}

static int read_header(const struct symbols *s, Elf64_Ehdr *ret)
{
    const void *head = part(s, 0, sizeof(*ret));
    const unsigned char order = __BYTE_ORDER == __LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB;
    if (!head)
        return -ENOEXEC;
    memcpy(ret, head, sizeof(*ret));
    if (memcmp(ret->e_ident, ELFMAG, SELFMAG) != 0 || ret->e_ident[EI_CLASS] != ELFCLASS64 ||
        ret->e_ident[EI_DATA] != order || ret->e_shentsize != sizeof(Elf64_Shdr) || ret->e_phnum > SEGMENTS_MAX ||
        !part(s, ret->e_shoff, (uint64_t)ret->e_shnum * sizeof(Elf64_Shdr)))
        return -ENOEXEC;
    return 0;
}

static Elf64_Shdr section(const struct symbols *s, const Elf64_Ehdr *head, size_t n)
{
    Elf64_Shdr ret;
    memcpy(&ret, s->file + head->e_shoff + n * sizeof(ret), sizeof(ret));
    return ret;
}

/* An address of the running program as an offset in the file, by the segments that are loaded. */
static bool place_of(const struct symbols *s, const Elf64_Ehdr *head, uint64_t address, uint64_t *ret)
{
    for (size_t i = 0; i < head->e_phnum; i++) {
        Elf64_Phdr p;
        const void *from = part(s, head->e_phoff + i * sizeof(p), sizeof(p));
        if (!from)
            return false;
        memcpy(&p, from, sizeof(p));
        if (p.p_type != PT_LOAD || address < p.p_vaddr || address - p.p_vaddr >= p.p_filesz)
            continue;
        *ret = address - p.p_vaddr + p.p_offset;
        return true;
    }
    return false;
}

/* "f.constprop.0" is f, and so is "f@@GLIBC_2.2.5". A name that begins with a dot stays. */
static char *plain_name(const char *name, size_t cap)
{
    size_t len = strnlen(name, cap < NAME_MAX_BYTES ? cap : NAME_MAX_BYTES), end = 1;
    while (end < len && name[end] != '.' && name[end] != '@')
        end++;
    return strndup(name, end < len ? end : len);
}

static void add_table(struct symbols *s, const Elf64_Ehdr *head, const Elf64_Shdr *table, const Elf64_Shdr *names)
{
    const unsigned char *from = part(s, table->sh_offset, table->sh_size);
    const char *strings = part(s, names->sh_offset, names->sh_size);
    for (size_t i = 0; from && strings && i < table->sh_size / sizeof(Elf64_Sym) && s->count < SYMBOLS_MAX; i++) {
        Elf64_Sym sym;
        uint64_t place;
        memcpy(&sym, from + i * sizeof(sym), sizeof(sym));
        const int type = ELF64_ST_TYPE(sym.st_info);
        if ((type != STT_FUNC && type != STT_GNU_IFUNC) || sym.st_shndx == SHN_UNDEF || sym.st_name >= names->sh_size ||
            !place_of(s, head, sym.st_value, &place))
            continue;
        char *name = plain_name(strings + sym.st_name, names->sh_size - sym.st_name);
        if (!name)
            abort();
        s->list = xgrow(s->list, s->count, sizeof(*s->list));
        s->list[s->count++] = (struct function){place, sym.st_size, name};
    }
}

static int by_place(const void *a, const void *b)
{
    const struct function *x = a, *y = b;
    return (x->place > y->place) - (x->place < y->place);
}

static int read_tables(struct symbols *s)
{
    Elf64_Ehdr head;
    TRY(read_header(s, &head));
    const uint32_t wanted[] = {SHT_SYMTAB, SHT_DYNSYM};
    for (size_t w = 0; w < ARRAY_LEN(wanted) && s->count == 0; w++)
        for (size_t i = 0; i < head.e_shnum; i++) {
            const Elf64_Shdr table = section(s, &head, i);
            if (table.sh_type != wanted[w] || table.sh_link >= head.e_shnum)
                continue;
            const Elf64_Shdr names = section(s, &head, table.sh_link);
            s->are_exports = wanted[w] == SHT_DYNSYM;
            add_table(s, &head, &table, &names);
            break; /* a file has one of each (ELF, "Sections") */
        }
    if (s->count == 0)
        return -ENODATA;
    qsort(s->list, s->count, sizeof(*s->list), by_place);
    return 0;
}

int symbols_read(int fd, struct symbols **ret)
{
    struct symbols *s = xcalloc(1, sizeof(*s));
    int failed = file_append_fd(fd, FILE_BYTES_MAX, &s->held);
    s->file = (const unsigned char *)s->held.data;
    s->bytes = s->held.len;
    if (failed == 0)
        failed = read_tables(s);
    if (failed != 0)
        symbols_free(s);
    else
        *ret = s;
    return failed;
}

void symbols_free(struct symbols *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->count; i++)
        free(s->list[i].name);
    free(s->list);
    text_free(&s->held);
    free(s);
}

bool symbols_are_exports(const struct symbols *s)
{
    return s->are_exports;
}

bool symbols_place(const struct symbols *s, const char *name, uint64_t *ret)
{
    const struct function *found = NULL; /* the largest: f.cold is one too */
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->list[i].name, name) == 0 && (!found || s->list[i].size > found->size))
            found = &s->list[i];
    if (found)
        *ret = found->place;
    return found != NULL;
}

/* The number of functions that begin at or before an offset. */
static size_t count_before(const struct symbols *s, uint64_t offset)
{
    size_t low = 0, high = s->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (s->list[mid].place <= offset)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

const char *symbols_name(const struct symbols *s, uint64_t offset)
{
    /* Several names may begin at one place, some without a size: written in assembler. */
    for (size_t i = count_before(s, offset); i > 0 && i + 8 > count_before(s, offset); i--) {
        const struct function *f = &s->list[i - 1];
        if (offset - f->place < f->size)
            return f->name;
    }
    return NULL;
}

#ifdef __x86_64__
/* The bytes of an operand in memory: ModRM, SIB, displacement (Intel SDM, volume 2, "Instruction Format"). 0: it is a
 * register, which no lock prefix goes with, or the bytes end before. */
static size_t operand_bytes(const unsigned char *at, size_t len)
{
    if (len < 1 || at[0] >> 6 == 3)
        return 0;
    const unsigned mod = at[0] >> 6, rm = at[0] & 7;
    const size_t sib = rm == 4;
    if (len < 1 + sib)
        return 0;
    const bool is_wide = mod == 2 || (mod == 0 && (rm == 5 || (sib && (at[1] & 7) == 5)));
    return 1 + sib + (is_wide ? 4 : mod == 1);
}

/* Whether these bytes are one instruction with a lock prefix, no more and no less. */
static bool is_locked(const unsigned char *at, size_t len)
{
    static const unsigned char ONE[] = {0x00, 0x01, 0x08, 0x09, 0x20, 0x21, 0x28,
                                        0x29, 0x30, 0x31, 0x86, 0x87, 0xfe, 0xff};
    static const unsigned char TWO[] = {0xab, 0xb0, 0xb1, 0xb3, 0xbb, 0xc0, 0xc1, 0xc7};
    size_t n = 1, immediate = 0;
    if (at[0] != 0xf0)
        return false;
    n += n < len && (at[n] & 0xf0) == 0x40; /* REX */
    const bool two = n + 1 < len && at[n] == 0x0f;
    n += two;
    if (n + 1 >= len)
        return false;
    const unsigned char op = at[n], reg = at[n + 1] >> 3 & 7;
    if (!two && op >= 0x80 && op <= 0x83)
        immediate = op == 0x81 ? 4 : 1;
    else if (!memchr(two ? TWO : ONE, op, two ? sizeof(TWO) : sizeof(ONE)) || ((op == 0xfe || op == 0xff) && reg > 1))
        return false;
    const size_t operand = operand_bytes(at + n + 1, len - n - 1);
    return operand > 0 && n + 1 + operand + immediate == len;
}

#define REG_NONE     0xff
#define OB_REF_LOCAL 12

/* Whether these bytes are mov ob_ref_local(base),reg of 32 bits, no more and no less. */
static bool reads_count(const unsigned char *at, size_t len, unsigned *reg)
{
    const unsigned rex = (at[0] & 0xf8) == 0x40 ? at[0] : 0;
    const size_t n = 1 + (rex != 0);
    if (n >= len || at[n - 1] != 0x8b || at[n] >> 6 != 1 || at[len - 1] != OB_REF_LOCAL)
        return false;
    *reg = (at[n] >> 3 & 7) | (rex & 4) << 1;
    return n + operand_bytes(at + n, len - n) == len;
}

/* cmp $-1,reg or add $1,reg, whose result is 0 of an immortal object; within some instructions, as a compiler orders
 * them. */
static bool looks_for_immortal(const unsigned char *at, size_t len, unsigned reg)
{
    for (size_t i = 0; i + 3 <= len; i++) {
        const bool is_reg = (at[i + 1] & 7) == (reg & 7) && (reg < 8 || (i > 0 && at[i - 1] == 0x41));
        if (at[i] == 0x83 && is_reg &&
            ((at[i + 1] >> 3 == 0x1f && at[i + 2] == 0xff) || (at[i + 1] >> 3 == 0x18 && at[i + 2] == 1)))
            return true;
    }
    return false;
}

#define OB_GC_BITS  11
#define GC_DEFERRED 0x40

/* Whether these bytes are movzbl ob_gc_bits(base),reg, or testb of its deferred bit in memory, no more and no less. */
static bool reads_deferred(const unsigned char *at, size_t len, unsigned *reg)
{
    const unsigned rex = (at[0] & 0xf8) == 0x40 ? at[0] : 0;
    const size_t n = rex != 0;
    const bool tests = len > n + 1 && at[n] == 0xf6 && (at[n + 1] >> 3 & 7) == 0 && at[len - 1] == GC_DEFERRED;
    const bool loads = len > n + 2 && at[n] == 0x0f && at[n + 1] == 0xb6;
    const size_t operand = n + 1 + loads, end = len - tests;
    *reg = tests ? REG_NONE : (at[operand] >> 3 & 7) | (rex & 4) << 1;
    return (tests || loads) && at[operand] >> 6 == 1 && at[end - 1] == OB_GC_BITS &&
           operand + operand_bytes(at + operand, end - operand) == end;
}

/* test $0x40,reg of 8 bits, the next but for one instruction at most. */
static bool looks_for_deferred(const unsigned char *at, size_t len, unsigned reg)
{
    for (size_t i = 0; reg != REG_NONE && i + 4 <= len; i++) {
        if (reg == 0 && at[i] == 0xa8 && at[i + 1] == GC_DEFERRED)
            return true;
        const bool is_reg = (at[i + 1] & 7) == (reg & 7) && (reg < 8 || (i > 0 && at[i - 1] == 0x41));
        if (at[i] == 0xf6 && is_reg && at[i + 1] >> 3 == 0x18 && at[i + 2] == GC_DEFERRED)
            return true;
    }
    return reg == REG_NONE;
}
#endif

bool symbols_counts_before(const struct symbols *s, uint64_t offset)
{
#ifdef __x86_64__
    const size_t ahead = 16;
    const unsigned char *next = part(s, offset, ahead);
    for (uint64_t len = 3; next && len <= 6 && len <= offset; len++) {
        unsigned reg = 0;
        const unsigned char *at = part(s, offset - len, len);
        const bool is_whole = len > 3 || !part(s, offset - 4, 1) || (at[-1] & 0xf8) != 0x48; /* REX.W belongs to it */
        if (at && is_whole &&
            ((reads_count(at, (size_t)len, &reg) && looks_for_immortal(next, ahead, reg)) ||
             (len > 3 && reads_deferred(at, (size_t)len, &reg) && looks_for_deferred(next, 8, reg))))
            return true;
    }
#else
    (void)s;
    (void)offset;
#endif
    return false;
}

bool symbols_atomic_before(const struct symbols *s, uint64_t offset)
{
#ifdef __x86_64__
    for (uint64_t len = 3; len <= 14 && len <= offset; len++) {
        const unsigned char *at = part(s, offset - len, len);
        if (at && is_locked(at, (size_t)len))
            return true;
    }
#else
    (void)s;
    (void)offset;
#endif
    return false;
}
