#include "archive/filelist.h"
#include "archive/tar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/findings.h"
#include "archive/spool.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/text.h"

/* A tar built by hand, header for header (POSIX.1-1988 ustar): what no writer of archives would write. */
struct tar {
    struct text bytes;
};

static void add_header(struct tar *t, const char *path, char type, const char *link, size_t size)
{
    char h[512] = "";
    unsigned sum = 0;
    (void)snprintf(h, 100, "%s", path);
    (void)snprintf(h + 100, 8, "%07o", 0644U);
    (void)snprintf(h + 108, 8, "%07o", 0U);
    (void)snprintf(h + 116, 8, "%07o", 0U);
    (void)snprintf(h + 124, 12, "%011llo", (unsigned long long)size & 077777777777);
    (void)snprintf(h + 136, 12, "%011o", 0U);
    memset(h + 148, ' ', 8);
    h[156] = type;
    (void)snprintf(h + 157, 100, "%s", link);
    memcpy(h + 257, "ustar\00000", 8);
    for (size_t i = 0; i < sizeof(h); i++)
        sum += (unsigned char)h[i];
    (void)snprintf(h + 148, 8, "%06o", sum);
    text_add_bytes(&t->bytes, h, sizeof(h));
}

static void add_body(struct tar *t, const char *body, size_t len)
{
    static const char ZEROS[512];
    text_add_bytes(&t->bytes, body, len);
    text_add_bytes(&t->bytes, ZEROS, (512 - len % 512) % 512);
}

static void add_file(struct tar *t, const char *path, const char *body)
{
    add_header(t, path, '0', "", strlen(body));
    add_body(t, body, strlen(body));
}

static void end_tar(struct tar *t)
{
    static const char ZEROS[1024];
    text_add_bytes(&t->bytes, ZEROS, sizeof(ZEROS));
}

/* --- unpacking into a folder that is gone with the test --------------------------------------------------------- */

struct place {
    char outer[64]; /* holds the folder: what is written beside it shows a way out */
    int dirfd;
    char top[FILELIST_PATH_MAX + 1];
    struct findings findings;
    struct err err;
    const struct tar_spooling *spooling; /* NULL: all is unpacked into the folder */
};

static int open_place(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    char inner[80];
    if (!p)
        return -1;
    (void)snprintf(p->outer, sizeof(p->outer), "/tmp/tare-filelist-XXXXXX");
    if (!mkdtemp(p->outer))
        return -1;
    (void)snprintf(inner, sizeof(inner), "%s/in", p->outer);
    if (mkdir(inner, 0700) != 0)
        return -1;
    p->dirfd = open(inner, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *state = p;
    return p->dirfd < 0 ? -1 : 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static int close_place(void **state)
{
    struct place *p = *state;
    (void)close(p->dirfd);
    findings_free(&p->findings);
    (void)nftw(p->outer, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(p);
    return 0;
}

static int memory_file(const char *bytes, size_t len)
{
    int fd = memfd_create("tar", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static int unpack_bytes(struct place *p, const char *bytes, size_t len)
{
    int fd = memory_file(bytes, len);
    int failed = tar_unpack(fd, p->dirfd, p->spooling, p->top, &p->findings, &p->err);
    (void)close(fd);
    return failed;
}

static int unpack_tar(struct place *p, struct tar *t)
{
    end_tar(t);
    int failed = unpack_bytes(p, t->bytes.data, t->bytes.len);
    text_free(&t->bytes);
    return failed;
}

/* One finding, of this file, with these words. */
static void assert_found(const struct place *p, const char *file, const char *words)
{
    assert_int_equal(p->findings.count, 1);
    assert_int_equal(p->findings.list[0].verdict, FINDING_INTEGRITY);
    assert_string_equal(p->findings.list[0].file, file);
    if (!strstr(p->findings.list[0].text, words))
        fail_msg("'%s' is not in '%s'", words, p->findings.list[0].text);
}

static size_t files_in(const struct place *p)
{
    struct filelist list = {0};
    struct findings f = {0};
    assert_int_equal(filelist_read(p->dirfd, &list, &f, NULL), 0);
    size_t n = list.count;
    filelist_free(&list);
    findings_free(&f);
    return n;
}

static void a_tar_is_unpacked_without_its_top_folder(void **state)
{
    struct place *p = *state;
    struct tar t = {0};
    struct filelist list = {0};
    add_file(&t, "quick/bagit.txt", "abc");
    add_file(&t, "quick/data/records/a/1.json", "");
    assert_int_equal(unpack_tar(p, &t), 0);
    assert_int_equal(p->findings.count, 0);
    assert_string_equal(p->top, "quick");
    assert_int_equal(filelist_read(p->dirfd, &list, &p->findings, &p->err), 0);
    assert_int_equal(list.count, 2);
    const struct listed_file *file = filelist_find(&list, "bagit.txt");
    assert_non_null(file);
    assert_int_equal(file->size_bytes, 3);
    /* FIPS 180-2, appendix B.1 */
    assert_string_equal(file->sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_null(filelist_find(&list, "quick/bagit.txt"));
    filelist_free(&list);
}

static void paths_that_lead_out_are_refused(void **state)
{
    static const char *const BAD[][2] = {
        {"../evil", "'.' or '..'"},
        {"top/../../evil", "'.' or '..'"},
        {"/etc/evil", "absolute"},
        {"top//evil", "an empty part"},
        {"top/./evil", "'.' or '..'"},
        {"top/a b", "a character other"},
        {"top/na\xc3\xafve", "a character other"},
        {"top/x\xff", "a character other"},
        {"evil", "top folder"},
        {"top/evil/", "readable name"},
    };
    struct place *p = *state;
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        struct tar t = {0};
        add_file(&t, BAD[i][0], "x");
        assert_int_equal(unpack_tar(p, &t), 0);
        assert_true(p->findings.count >= 1); /* a folder with a body: libarchive takes that for the next header */
        if (!strstr(p->findings.list[0].text, BAD[i][1]))
            fail_msg("%s: %s", BAD[i][0], p->findings.list[0].text);
        findings_free(&p->findings);
    }
    assert_int_equal(files_in(p), 0);
    assert_int_equal(access("/etc/evil", F_OK), -1);
}

static void what_steers_a_terminal_is_told_in_hexadecimal(void **state)
{
    struct place *p = *state;
    struct tar t = {0};
    add_file(&t, "top/\033[2J", "x");
    assert_int_equal(unpack_tar(p, &t), 0);
    assert_found(p, "top/\\x1b[2J", "a character other");
}

static void links_and_devices_are_refused(void **state)
{
    static const struct {
        char type;
        const char *words;
    } BAD[] = {{'1', "a link"},
               {'2', "a link"},
               {'3', "neither a file nor a folder"},
               {'4', "neither a file nor a folder"},
               {'6', "neither a file nor a folder"}};
    struct place *p = *state;
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        struct tar t = {0};
        add_header(&t, "top/x", BAD[i].type, BAD[i].type <= '2' ? "/etc/passwd" : "", 0);
        add_file(&t, "top/x/through", "x"); /* through the link, were it there */
        assert_int_equal(unpack_tar(p, &t), 0);
        assert_found(p, "top/x", BAD[i].words);
        assert_int_equal(unlinkat(p->dirfd, "x/through", 0), 0);
        assert_int_equal(unlinkat(p->dirfd, "x", AT_REMOVEDIR), 0);
        findings_free(&p->findings);
    }
}

static void a_path_of_an_extended_header_is_looked_at_as_any_other(void **state)
{
    static const char PAX[] = "26 path=top/../../x/evil1\n";
    struct place *p = *state;
    struct tar t = {0};
    add_header(&t, "top/PaxHeaders/x", 'x', "", strlen(PAX));
    add_body(&t, PAX, strlen(PAX));
    add_file(&t, "top/x", "x");
    assert_int_equal(unpack_tar(p, &t), 0);
    assert_int_equal(p->findings.count, 1);
    assert_non_null(strstr(p->findings.list[0].text, "'.' or '..' in its path"));
    assert_int_equal(files_in(p), 0);
}

static void an_entry_that_comes_twice_is_found_and_the_first_one_stays(void **state)
{
    struct place *p = *state;
    struct tar t = {0};
    char buf[8] = "";
    add_file(&t, "top/a", "one");
    add_file(&t, "top/a", "two");
    assert_int_equal(unpack_tar(p, &t), 0);
    assert_found(p, "a", "it occurs twice");
    cleanup_close int fd = openat(p->dirfd, "a", O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, buf, sizeof(buf)), 3);
    assert_memory_equal(buf, "one", 3);
}

static void a_file_where_a_folder_is_wanted_is_found(void **state)
{
    struct place *p = *state;
    struct tar t = {0};
    add_file(&t, "top/a", "one");
    add_file(&t, "top/a/b", "two");
    assert_int_equal(unpack_tar(p, &t), 0);
    assert_found(p, "a/b", "both as a file and as a folder");
}

static void a_second_top_folder_is_refused(void **state)
{
    struct place *p = *state;
    struct tar t = {0};
    add_file(&t, "top/a", "one");
    add_file(&t, "topping/a", "two");
    assert_int_equal(unpack_tar(p, &t), 0);
    assert_found(p, "topping/a", "a second top folder");
}

static void more_entries_than_the_limit_are_not_read(void **state)
{
    struct place *p = *state;
    struct tar t = {0};
    for (int i = 0; i < FILELIST_COUNT_MAX + 10; i++)
        add_header(&t, "top/x", '2', "y", 0);
    assert_int_equal(unpack_tar(p, &t), 0);
    assert_int_equal(p->findings.found[FINDING_INTEGRITY], FILELIST_COUNT_MAX + 1); /* each, and the limit once */
    assert_int_equal(p->findings.count, FINDINGS_KEPT);
}

/* 2 GiB of zeros in 66 KiB: zstd's frame of RLE blocks of 128 KiB each (RFC 8878 §3.1.1.2), 4 bytes a block. */
static void add_zeros(struct text *z, uint64_t bytes)
{
    for (; bytes > 0; bytes -= 131072) {
        const uint32_t head = (uint32_t)(131072U << 3 | 1U << 1);
        const char block[4] = {(char)(head & 0xff), (char)(head >> 8 & 0xff), (char)(head >> 16), 0};
        text_add_bytes(z, block, sizeof(block));
    }
}

/* A file of 2 GiB of zeros, compressed, with so many bytes behind it that are never read. */
static void unpack_zeros(struct place *p, size_t behind)
{
    static const char FRAME[] = {0x28, (char)0xb5, 0x2f, (char)0xfd, 0x00, 0x38}; /* no size; a window of 128 KiB */
    struct tar t = {0};
    struct text z = {0};
    add_header(&t, "top/bomb", '0', "", 2 * FILELIST_FILE_MAX);
    text_add_bytes(&z, FRAME, sizeof(FRAME));
    const char raw[3] = {(char)(512 << 3 & 0xff), (char)(512 << 3 >> 8), 0};
    text_add_bytes(&z, raw, sizeof(raw));
    text_add_bytes(&z, t.bytes.data, t.bytes.len);
    add_zeros(&z, 2 * FILELIST_FILE_MAX);
    cleanup_free char *rest = calloc(behind + 1, 1);
    text_add_bytes(&z, rest, behind);
    assert_int_equal(unpack_bytes(p, z.data, z.len), 0);
    text_free(&z);
    text_free(&t.bytes);
}

static void a_compression_bomb_is_not_unpacked(void **state)
{
    struct place *p = *state;
    struct stat st;
    unpack_zeros(p, 0);
    assert_found(p, "bomb", "more than 200 times the size of the archive file");
    assert_int_equal(fstatat(p->dirfd, "bomb", &st, 0), -1);
}

static void a_file_above_the_limit_stops_there(void **state)
{
    struct place *p = *state;
    struct stat st;
    unpack_zeros(p, 2 * FILELIST_FILE_MAX / TAR_RATIO_MAX);
    assert_found(p, "bomb", "more than 1 GiB in one file");
    assert_int_equal(fstatat(p->dirfd, "bomb", &st, 0), 0);
    assert_true((uint64_t)st.st_size <= FILELIST_FILE_MAX);
}

static void what_breaks_off_is_an_error_that_says_where(void **state)
{
    struct place *p = *state;
    struct tar t = {0};
    add_file(&t, "top/a", "one");
    assert_int_equal(unpack_bytes(p, t.bytes.data, 700), -EBADMSG);
    assert_int_equal(p->err.kind, ERR_USAGE);
    assert_int_equal(unpack_bytes(p, "no tar at all, whatever its name", 32), -EBADMSG);
    assert_non_null(strstr(p->err.text, "not a tar"));
    text_free(&t.bytes);
}

static void a_folder_with_links_and_odd_names_is_told_of_each(void **state)
{
    struct place *p = *state;
    struct filelist list = {0};
    assert_int_equal(symlinkat("/etc/passwd", p->dirfd, "link"), 0);
    assert_int_equal(mkdirat(p->dirfd, "sub", 0700), 0);
    assert_int_equal(mkfifoat(p->dirfd, "sub/fifo", 0600), 0);
    (void)close(openat(p->dirfd, "sub/a b", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    (void)close(openat(p->dirfd, "sub/good", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    assert_int_equal(filelist_read(p->dirfd, &list, &p->findings, &p->err), 0);
    assert_int_equal(p->findings.count, 3);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.file[0].path, "sub/good");
    filelist_free(&list);
}

static void the_tar_of_the_same_files_is_the_same_to_the_byte(void **state)
{
    struct place *p = *state;
    struct filelist list = {0};
    char hex[2][DIGEST_HEX];
    (void)mkdirat(p->dirfd, "b", 0700);
    (void)close(openat(p->dirfd, "b/2", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    (void)close(openat(p->dirfd, "b-1", O_WRONLY | O_CREAT | O_CLOEXEC, 0755));
    assert_int_equal(filelist_read(p->dirfd, &list, &p->findings, &p->err), 0);
    for (int i = 0; i < 2; i++) {
        const mode_t mask = umask(i ? 0077 : 0022);
        cleanup_close int fd = memfd_create("tar", MFD_CLOEXEC);
        assert_int_equal(setenv("TZ", i ? "Asia/Tokyo" : "UTC", 1), 0);
        assert_int_equal(tar_write(&(struct tar_spec){&list, p->dirfd, "top", 1234567890}, fd, NULL, &p->err), 0);
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        assert_int_equal(digest_fd(fd, hex[i]), 0);
        (void)umask(mask);
        assert_int_equal(fchmodat(p->dirfd, "b-1", 0600, 0), 0);
    }
    assert_string_equal(hex[0], hex[1]);
    filelist_free(&list);
}

/* Sorted bytewise, '-' stands before '/': not as a walk through the folders gives them. */
static void a_written_tar_reads_back_sorted(void **state)
{
    struct place *p = *state;
    struct filelist list = {0};
    char block[512];
    (void)mkdirat(p->dirfd, "b", 0700);
    (void)close(openat(p->dirfd, "b/2", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    (void)close(openat(p->dirfd, "b-1", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    assert_int_equal(filelist_read(p->dirfd, &list, &p->findings, &p->err), 0);
    assert_string_equal(list.file[0].path, "b-1");
    cleanup_close int fd = memfd_create("tar", MFD_CLOEXEC);
    assert_int_equal(tar_write(&(struct tar_spec){&list, p->dirfd, "top", 0}, fd, NULL, &p->err), 0);
    assert_int_equal(pread(fd, block, sizeof(block), 0), sizeof(block));
    assert_string_equal(block, "top/b-1");
    assert_memory_equal(block + 100, "000644 ", 7);
    assert_int_equal(block[265], '\0');                /* no user's name */
    assert_int_equal(lseek(fd, 0, SEEK_END), 4 * 512); /* two headers, two empty blocks */
    filelist_free(&list);
}

static void a_file_that_changed_after_it_was_listed_is_not_packed(void **state)
{
    struct place *p = *state;
    struct filelist list = {0};
    cleanup_close int file = openat(p->dirfd, "a", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(filelist_read(p->dirfd, &list, &p->findings, &p->err), 0);
    assert_int_equal(write(file, "x", 1), 1);
    cleanup_close int fd = memfd_create("tar", MFD_CLOEXEC);
    assert_int_equal(tar_write(&(struct tar_spec){&list, p->dirfd, "top", 0}, fd, NULL, &p->err), -ESTALE);
    filelist_free(&list);
}

/* --- what lies in a spool ----------------------------------------------------------------------------------------- */

/* Unpacks the tar, the files below records/ into the spool, and lists all of them. */
static void spool_tar(struct place *p, struct tar *t, struct spool *spool, struct filelist *list)
{
    const struct tar_spooling spooling = {"records/", ".why.json", spool, list};
    assert_int_equal(spool_open(p->dirfd, spool, &p->err), 0);
    p->spooling = &spooling;
    assert_int_equal(unpack_tar(p, t), 0);
    p->spooling = NULL;
    assert_int_equal(filelist_read(p->dirfd, list, &p->findings, &p->err), 0);
}

static void records_are_listed_beside_the_folders_files_and_are_in_no_file(void **state)
{
    struct place *p = *state;
    struct tar t = {0};
    struct spool spool = SPOOL_UNOPENED;
    struct filelist list = {0}, records = {0};
    cleanup_text struct text bytes = {0};
    add_file(&t, "top/records/b/2.json", "abc");
    add_file(&t, "top/readme", "to be read");
    add_file(&t, "top/records/b/2.why.json", "why");
    add_file(&t, "top/records/a/1.json", "");
    spool_tar(p, &t, &spool, &list);
    assert_int_equal(p->findings.count, 0);
    assert_int_equal(files_in(p), 2); /* nor is the spool */
    assert_int_equal(list.count, 4);
    assert_int_equal(faccessat(p->dirfd, "records/b/2.why.json", F_OK, 0), 0); /* what lies beside one is one */
    const struct listed_file *file = filelist_find(&list, "records/b/2.json");
    assert_non_null(file);
    /* FIPS 180-2, appendix B.1 */
    assert_string_equal(file->sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(filelist_bytes(file, p->dirfd, &bytes), 0);
    assert_string_equal(bytes.data, "abc");
    assert_int_equal(filelist_bytes(filelist_find(&list, "records/a/1.json"), p->dirfd, &bytes), 0);
    assert_string_equal(bytes.data, "");
    assert_int_equal(filelist_bytes(filelist_find(&list, "readme"), p->dirfd, &bytes), 0);
    assert_string_equal(bytes.data, "to be read");
    filelist_below(&list, "records/", &records);
    assert_int_equal(records.count, 3);
    assert_int_equal(filelist_bytes(filelist_find(&records, "b/2.json"), p->dirfd, &bytes), 0);
    assert_string_equal(bytes.data, "abc");
    filelist_free(&records);
    filelist_free(&list);
    spool_close(&spool);
}

static void a_record_that_comes_twice_is_found(void **state)
{
    struct place *p = *state;
    struct tar t = {0};
    struct spool spool = SPOOL_UNOPENED;
    struct filelist list = {0};
    add_file(&t, "top/records/a", "one");
    add_file(&t, "top/records/a", "two");
    spool_tar(p, &t, &spool, &list);
    assert_found(p, "records/a", "it occurs twice");
    assert_int_equal(list.count, 1);
    filelist_free(&list);
    spool_close(&spool);
}

static void a_record_where_another_ones_folder_is_wanted_is_found(void **state)
{
    struct place *p = *state;
    struct tar t = {0};
    struct spool spool = SPOOL_UNOPENED;
    struct filelist list = {0};
    add_file(&t, "top/records/a/b/c", "two");
    add_file(&t, "top/records/a-b", "between them in the order of bytes");
    add_file(&t, "top/records/a", "one");
    spool_tar(p, &t, &spool, &list);
    assert_found(p, "records/a/b/c", "both as a file and as a folder");
    filelist_free(&list);
    spool_close(&spool);
}

static void the_limit_of_files_counts_those_of_a_spool(void **state)
{
    struct place *p = *state;
    struct spool spool = SPOOL_UNOPENED;
    struct filelist list = {0};
    assert_int_equal(spool_open(p->dirfd, &spool, &p->err), 0);
    for (int i = 0; i <= FILELIST_COUNT_MAX; i++) {
        char path[16];
        text_format(path, sizeof(path), "r%d", i);
        filelist_add_spooled(&list, path, &spool, 0, "");
    }
    (void)close(openat(p->dirfd, "a", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    assert_int_equal(filelist_read(p->dirfd, &list, &p->findings, &p->err), 0);
    assert_found(p, "a", "more than 100000 files");
    filelist_free(&list);
    spool_close(&spool);
}

static void the_tar_of_spooled_files_is_that_of_a_folders(void **state)
{
    struct place *p = *state;
    struct spool spool = SPOOL_UNOPENED;
    struct filelist list = {0}, other = {0};
    char hex[2][DIGEST_HEX];
    for (int i = 0; i < 2; i++) {
        struct tar t = {0};
        add_file(&t, "top/a", "one");
        add_file(&t, "top/records/b", "two");
        if (i == 0)
            spool_tar(p, &t, &spool, &list);
        else
            assert_int_equal(unpack_tar(p, &t), 0);
        if (i == 0)
            assert_int_equal(unlinkat(p->dirfd, "a", 0), 0);
    }
    assert_int_equal(filelist_read(p->dirfd, &other, &p->findings, &p->err), 0);
    assert_int_equal(other.count, 2);
    assert_int_equal(tar_write(&(struct tar_spec){&list, p->dirfd, "top", 0}, -1, hex[0], &p->err), 0);
    assert_int_equal(tar_write(&(struct tar_spec){&other, p->dirfd, "top", 0}, -1, hex[1], &p->err), 0);
    assert_string_equal(hex[0], hex[1]);
    filelist_free(&list);
    filelist_free(&other);
    spool_close(&spool);
}

static void a_tar_is_compared_byte_for_byte(void **state)
{
    struct place *p = *state;
    struct filelist list = {0};
    bool same = false;
    cleanup_close int file = openat(p->dirfd, "a", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(file, "x", 1), 1);
    assert_int_equal(filelist_read(p->dirfd, &list, &p->findings, &p->err), 0);
    const struct tar_spec tar = {&list, p->dirfd, "top", 0};
    cleanup_close int fd = memfd_create("tar", MFD_CLOEXEC);
    assert_int_equal(tar_write(&tar, fd, NULL, &p->err), 0);
    assert_int_equal(tar_compare(&tar, fd, &same, &p->err), 0);
    assert_true(same);
    assert_int_equal(pwrite(fd, "\0", 1, 512 + 1024), 1); /* as it is */
    assert_int_equal(tar_compare(&tar, fd, &same, &p->err), 0);
    assert_true(same);
    assert_int_equal(pwrite(fd, "y", 1, 512), 1);
    assert_int_equal(tar_compare(&tar, fd, &same, &p->err), 0);
    assert_false(same);
    assert_int_equal(pwrite(fd, "x", 1, 512), 1);
    assert_int_equal(lseek(fd, 0, SEEK_END), 4 * 512);
    assert_int_equal(pwrite(fd, "", 1, 4 * 512), 1); /* a byte behind its end */
    assert_int_equal(tar_compare(&tar, fd, &same, &p->err), 0);
    assert_false(same);
    assert_int_equal(ftruncate(fd, 3 * 512), 0);
    assert_int_equal(tar_compare(&tar, fd, &same, &p->err), 0);
    assert_false(same);
    filelist_free(&list);
}

static void a_file_that_is_added_is_listed_in_its_place_and_once(void **state)
{
    struct place *p = *state;
    struct filelist list = {0};
    (void)close(openat(p->dirfd, "c", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    assert_int_equal(filelist_read(p->dirfd, &list, &p->findings, &p->err), 0);
    cleanup_close int file = openat(p->dirfd, "b", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(filelist_add(&list, p->dirfd, "b", &p->err), 0);
    assert_int_equal(write(file, "abc", 3), 3);
    assert_int_equal(filelist_add(&list, p->dirfd, "b", &p->err), 0);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.file[0].path, "b");
    assert_int_equal(list.file[0].size_bytes, 3);
    assert_int_equal(filelist_add(&list, p->dirfd, "none", &p->err), -ENOENT);
    filelist_free(&list);
}

#define in_place(f) cmocka_unit_test_setup_teardown(f, open_place, close_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_place(a_tar_is_unpacked_without_its_top_folder),
        in_place(paths_that_lead_out_are_refused),
        in_place(what_steers_a_terminal_is_told_in_hexadecimal),
        in_place(links_and_devices_are_refused),
        in_place(a_path_of_an_extended_header_is_looked_at_as_any_other),
        in_place(an_entry_that_comes_twice_is_found_and_the_first_one_stays),
        in_place(a_file_where_a_folder_is_wanted_is_found),
        in_place(a_second_top_folder_is_refused),
        in_place(more_entries_than_the_limit_are_not_read),
        in_place(a_compression_bomb_is_not_unpacked),
        in_place(a_file_above_the_limit_stops_there),
        in_place(what_breaks_off_is_an_error_that_says_where),
        in_place(a_folder_with_links_and_odd_names_is_told_of_each),
        in_place(the_tar_of_the_same_files_is_the_same_to_the_byte),
        in_place(a_written_tar_reads_back_sorted),
        in_place(a_file_that_changed_after_it_was_listed_is_not_packed),
        in_place(records_are_listed_beside_the_folders_files_and_are_in_no_file),
        in_place(a_record_that_comes_twice_is_found),
        in_place(a_record_where_another_ones_folder_is_wanted_is_found),
        in_place(the_limit_of_files_counts_those_of_a_spool),
        in_place(the_tar_of_spooled_files_is_that_of_a_folders),
        in_place(a_tar_is_compared_byte_for_byte),
        in_place(a_file_that_is_added_is_listed_in_its_place_and_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
