#include "launch/symbols.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "tests/unit/fixture.h"

/* A program of one segment at 0x400000, whose functions are named by a table. */
struct made {
    Elf64_Ehdr head;
    Elf64_Phdr segment;
    Elf64_Shdr section[3]; /* none, symbols, names */
    Elf64_Sym symbol[4];   /* none, f, g.constprop.0, a variable */
    char names[32];
    unsigned char code[64];
};

static const char NAMES[] = "\0f\0g.constprop.0\0variable";

static struct made make(uint32_t table)
{
    const unsigned char function = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), object = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT);
    struct made m = {.head = {.e_phoff = offsetof(struct made, segment),
                              .e_phnum = 1,
                              .e_shoff = offsetof(struct made, section),
                              .e_shentsize = sizeof(Elf64_Shdr),
                              .e_shnum = 3}};
    memcpy(m.head.e_ident, ELFMAG, SELFMAG);
    m.head.e_ident[EI_CLASS] = ELFCLASS64;
    m.head.e_ident[EI_DATA] = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
    m.segment = (Elf64_Phdr){.p_type = PT_LOAD, .p_vaddr = 0x400000, .p_filesz = sizeof(m)};
    m.section[1] = (Elf64_Shdr){
        .sh_type = table, .sh_offset = offsetof(struct made, symbol), .sh_size = sizeof(m.symbol), .sh_link = 2};
    m.section[2] =
        (Elf64_Shdr){.sh_type = SHT_STRTAB, .sh_offset = offsetof(struct made, names), .sh_size = sizeof(m.names)};
    const uint64_t code = 0x400000 + offsetof(struct made, code);
    m.symbol[1] = (Elf64_Sym){.st_name = 1, .st_info = function, .st_shndx = 1, .st_value = code, .st_size = 16};
    m.symbol[2] = (Elf64_Sym){.st_name = 3, .st_info = function, .st_shndx = 1, .st_value = code + 32, .st_size = 8};
    m.symbol[3] = (Elf64_Sym){.st_name = 17, .st_info = object, .st_shndx = 1, .st_value = code + 48, .st_size = 8};
    memcpy(m.names, NAMES, sizeof(NAMES));
    return m;
}

static int read_made(const void *bytes, size_t len, struct symbols **ret)
{
    const char *path = fixture_in_root("/program");
    assert_int_equal(file_replace(path, bytes, len, NULL), 0);
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    return symbols_read(fd, ret);
}

static void a_function_is_found_by_name_and_by_place(void **state)
{
    (void)state;
    const struct made m = make(SHT_SYMTAB);
    struct symbols *s;
    uint64_t place = 0;
    assert_int_equal(read_made(&m, sizeof(m), &s), 0);
    assert_false(symbols_are_exports(s));
    assert_true(symbols_place(s, "f", &place));
    assert_int_equal(place, offsetof(struct made, code));
    assert_true(symbols_place(s, "g", &place));
    assert_int_equal(place, offsetof(struct made, code) + 32);
    assert_false(symbols_place(s, "variable", &place));
    assert_string_equal(symbols_name(s, offsetof(struct made, code) + 15), "f");
    assert_null(symbols_name(s, offsetof(struct made, code) + 16));
    assert_string_equal(symbols_name(s, offsetof(struct made, code) + 32), "g");
    assert_null(symbols_name(s, 0));
    symbols_free(s);
}

static void a_stripped_file_is_known_by_its_exports_and_says_so(void **state)
{
    (void)state;
    const struct made m = make(SHT_DYNSYM);
    struct symbols *s;
    assert_int_equal(read_made(&m, sizeof(m), &s), 0);
    assert_true(symbols_are_exports(s));
    symbols_free(s);
}

static void a_file_without_a_table_is_told_apart_from_one_that_is_no_program(void **state)
{
    (void)state;
    const struct made m = make(SHT_PROGBITS);
    struct symbols *s;
    assert_int_equal(read_made(&m, sizeof(m), &s), -ENODATA);
    assert_int_equal(read_made("#!/bin/sh\n", 10, &s), -ENOEXEC);
    assert_int_equal(read_made("", 0, &s), -ENOEXEC);
}

static void a_file_cut_off_anywhere_is_read_or_refused(void **state)
{
    (void)state;
    const struct made m = make(SHT_SYMTAB);
    for (size_t len = 0; len < sizeof(m); len++) {
        struct symbols *s = NULL;
        int status = read_made(&m, len, &s);
        assert_true(status == 0 || status == -ENOEXEC || status == -ENODATA);
        if (status == 0)
            symbols_free(s);
    }
}

static void a_file_that_lies_about_its_parts_is_read_or_refused(void **state)
{
    (void)state;
    for (size_t at = sizeof(((Elf64_Ehdr *)0)->e_ident); at < offsetof(struct made, code); at++) {
        struct made m = make(SHT_SYMTAB);
        struct symbols *s = NULL;
        ((unsigned char *)&m)[at] = 0xff;
        int status = read_made(&m, sizeof(m), &s);
        assert_true(status == 0 || status == -ENOEXEC || status == -ENODATA);
        if (status == 0) {
            (void)symbols_name(s, at);
            symbols_free(s);
        }
    }
}

static void long_names_in_one_string_cost_no_more_than_short_ones(void **state)
{
    (void)state;
    enum { SYMBOLS = 300, LONG = 5000 };
    struct {
        struct made m;
        Elf64_Sym symbol[SYMBOLS];
        char names[LONG + 1];
    } f = {.m = make(SHT_SYMTAB)};
    f.m.segment.p_filesz = sizeof(f);
    f.m.section[1].sh_offset = (Elf64_Off)((char *)f.symbol - (char *)&f);
    f.m.section[1].sh_size = sizeof(f.symbol);
    f.m.section[2].sh_offset = (Elf64_Off)((char *)f.names - (char *)&f);
    f.m.section[2].sh_size = sizeof(f.names);
    memset(f.names, 'x', LONG);
    for (size_t i = 0; i < SYMBOLS; i++) {
        f.symbol[i] = f.m.symbol[1];
        f.symbol[i].st_name = (Elf64_Word)i;
    }
    struct symbols *s;
    assert_int_equal(read_made(&f, sizeof(f), &s), 0);
    assert_int_equal(strlen(symbols_name(s, offsetof(struct made, code))), 512);
    symbols_free(s);
}

static void a_file_of_very_many_segments_or_tables_is_not_walked_through(void **state)
{
    (void)state;
    struct made m = make(SHT_SYMTAB);
    struct symbols *s;
    m.head.e_phnum = 257;
    assert_int_equal(read_made(&m, sizeof(m), &s), -ENOEXEC);
    m.head.e_phnum = 1;
    m.section[0] = m.section[1]; /* the first table counts; it names nothing of another one */
    m.section[0].sh_size = 2 * sizeof(Elf64_Sym);
    assert_int_equal(read_made(&m, sizeof(m), &s), 0);
    uint64_t place;
    assert_true(symbols_place(s, "f", &place));
    assert_false(symbols_place(s, "g", &place));
    symbols_free(s);
}

static void an_instruction_with_a_lock_prefix_is_seen_before_where_the_cpu_stands(void **state)
{
    (void)state;
#ifndef __x86_64__
    fixture_skip("instructions are decoded on x86-64 alone");
#else
    static const unsigned char CODE[] = {
        0x48, 0x89, 0xd0,                   /* mov %rdx,%rax */
        0xf0, 0x48, 0x0f, 0xb1, 0x4f, 0x10, /* lock cmpxchg %rcx,0x10(%rdi) */
        0x75, 0xf0,                         /* jne */
        0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90,
    };
    static const unsigned char FRAME[] = {0x48, 0x8b, 0x85, 0xf0, 0xff, 0xff, 0xff}; /* mov -0x10(%rbp),%rax */
    static const unsigned char COUNT[] = {0xf0, 0x48, 0x83, 0x44, 0x24, 0x08, 0x04}; /* lock addq $4,0x8(%rsp) */
    struct made m = make(SHT_SYMTAB);
    struct symbols *s;
    memcpy(m.code, CODE, sizeof(CODE));
    memcpy(m.code + 32, FRAME, sizeof(FRAME));
    memcpy(m.code + 48, COUNT, sizeof(COUNT));
    const uint64_t from = offsetof(struct made, code);
    assert_int_equal(read_made(&m, sizeof(m), &s), 0);
    assert_true(symbols_atomic_before(s, from + 9));
    assert_false(symbols_atomic_before(s, from + 3));
    assert_false(symbols_atomic_before(s, from + 22));
    for (size_t i = 1; i < sizeof(FRAME) + 1; i++)
        assert_false(symbols_atomic_before(s, from + 32 + i));
    assert_true(symbols_atomic_before(s, from + 48 + sizeof(COUNT)));
    assert_false(symbols_atomic_before(s, from + 48 + sizeof(COUNT) - 1));
    assert_false(symbols_atomic_before(s, UINT64_MAX));
    symbols_free(s);
#endif
}

static void where_a_reference_is_taken_or_dropped_is_seen(void **state)
{
    (void)state;
#ifndef __x86_64__
    fixture_skip("instructions are decoded on x86-64 alone");
#else
    /* As gcc compiles Py_INCREF(), Py_DECREF() and _PyObject_HasDeferredRefcount(). */
    static const unsigned char TAKES[] = {0x8b, 0x50, 0x0c,        /* mov 0xc(%rax),%edx */
                                          0x83, 0xc2, 0x01,        /* add $1,%edx */
                                          0x74, 0x10},             /* je */
        DROPS[] = {0x45, 0x8b, 0x44, 0x24, 0x0c,                   /* mov 0xc(%r12),%r8d */
                   0x48, 0x89, 0xc6,                               /* mov %rax,%rsi */
                   0x41, 0x83, 0xf8, 0xff},                        /* cmp $-1,%r8d */
        LENGTH[] = {0x8b, 0x50, 0x0c, 0x83, 0xc1, 0x01, 0x74, 1},  /* of another register */
        WIDE[] = {0x4c, 0x8b, 0x50, 0x0c, 0x83, 0xc2, 0x01, 0x74}, /* of 64 bits */
        NEXT[] = {0x8b, 0x50, 0x10, 0x83, 0xc2, 0x01, 0x74, 0x10}, /* of another place */
        DEFERS[] = {0x0f, 0xb6, 0x47, 0x0b,                        /* movzbl 0xb(%rdi),%eax */
                    0xa8, 0x40},                                   /* test $0x40,%al */
        DEFERS_R9[] = {0x45, 0x0f, 0xb6, 0x4c, 0x24, 0x0b,         /* movzbl 0xb(%r12),%r9d */
                       0x41, 0xf6, 0xc1, 0x40},                    /* test $0x40,%r9b */
        DEFERS_AT[] = {0xf6, 0x47, 0x0b, 0x40, 0x75, 0x10},        /* testb $0x40,0xb(%rdi) */
        MARKED[] = {0x0f, 0xb6, 0x47, 0x0b, 0xa8, 0x20, 0x75, 1},  /* another bit */
        BYTE[] = {0x0f, 0xb6, 0x47, 0x0c, 0xa8, 0x40, 0x75, 0x10}; /* of another byte */
    const struct {
        const unsigned char *code;
        size_t bytes, at; /* where the reading ends */
        bool counts;
    } CASES[] = {{TAKES, sizeof(TAKES), 3, true},         {DROPS, sizeof(DROPS), 5, true},
                 {LENGTH, sizeof(LENGTH), 3, false},      {WIDE, sizeof(WIDE), 4, false},
                 {NEXT, sizeof(NEXT), 3, false},          {DEFERS, sizeof(DEFERS), 4, true},
                 {DEFERS_R9, sizeof(DEFERS_R9), 6, true}, {DEFERS_AT, sizeof(DEFERS_AT), 4, true},
                 {MARKED, sizeof(MARKED), 4, false},      {BYTE, sizeof(BYTE), 4, false}};
    const uint64_t from = offsetof(struct made, code);
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        struct made m = make(SHT_SYMTAB);
        struct symbols *s;
        memset(m.code, 0x90, sizeof(m.code));
        memcpy(m.code, CASES[i].code, CASES[i].bytes);
        assert_int_equal(read_made(&m, sizeof(m), &s), 0);
        for (size_t at = 1; at <= CASES[i].at; at++)
            assert_int_equal(symbols_counts_before(s, from + at), CASES[i].counts && at == CASES[i].at);
        assert_false(symbols_counts_before(s, sizeof(m) - 2));
        assert_false(symbols_counts_before(s, UINT64_MAX));
        symbols_free(s);
    }
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_rooted(a_function_is_found_by_name_and_by_place),
        fixture_rooted(a_stripped_file_is_known_by_its_exports_and_says_so),
        fixture_rooted(a_file_without_a_table_is_told_apart_from_one_that_is_no_program),
        fixture_rooted(a_file_cut_off_anywhere_is_read_or_refused),
        fixture_rooted(a_file_that_lies_about_its_parts_is_read_or_refused),
        fixture_rooted(long_names_in_one_string_cost_no_more_than_short_ones),
        fixture_rooted(a_file_of_very_many_segments_or_tables_is_not_walked_through),
        fixture_rooted(an_instruction_with_a_lock_prefix_is_seen_before_where_the_cpu_stands),
        fixture_rooted(where_a_reference_is_taken_or_dropped_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
