/* file: small files read whole, in the tree at a root where one is given; files written whole or not at all. All that
 * tare writes for its user goes through here. */
#ifndef TARE_FILE_H
#define TARE_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

struct err;
struct text;

#define FILE_TEMPORARY_PREFIX ".tare-"
#define FILE_TEMPORARY_MAX    40

/* Reads path in the tree at root ("" or NULL: the real one; beneath_open_root()) into buf, ended by NUL, one newline at
 * the end taken off. Returns the length, or a negative errno; -EFBIG where it does not fit. */
ssize_t file_read(const char *root, const char *path, char *buf, size_t cap);

/* The same below an open directory. */
ssize_t file_read_at(int dirfd, const char *name, char *buf, size_t cap);

/* Reads a file of any size and appends it to ret. Returns 0 or a negative errno. */
int file_read_all(const char *root, const char *path, struct text *ret);

/* Writes a kernel file: one write call, no creation. Returns 0 or a negative errno. */
int file_write_at(int dirfd, const char *name, const char *value);

/* A file in the making: it has no name until it is whole (O_TMPFILE, then linkat), or where the file system cannot do
 * that, a temporary one beside its place; it is synced, and renamed over what was there (rename(2): a reader sees the
 * old file or the new). Until then, and after a failure, its place is untouched. The folder is held from the beginning:
 * whoever moves it, or puts a link in its place, does not lead the file anywhere else.
 *
 * Temporary names, files' and folders' alike, are FILE_TEMPORARY_PREFIX PID "-" N ".tmp": ".tare-4711-0.tmp", N
 * counting from 0. The process PID holds a flock(2) on it for as long as it writes. One whose pid is dead (in this pid
 * namespace) and whose lock is free (in whichever) was left by a process that was killed: file_sweep() removes it, and
 * NAME.tmp.PID, as a draft was called before, where what is in it begins as tare's JSON does. */
struct file_draft {
    FILE *stream;
    int dirfd;
    char name[NAME_MAX + 1];
    char path[PATH_MAX];                /* as it is said in messages */
    char temporary[FILE_TEMPORARY_MAX]; /* "": it has no name yet */
};

/* Opens the draft of a path of the user's; of a link, beside the file that it leads to (beneath_resolve() says whose
 * links). -EINVAL (usage): no regular file, or something in /dev or /proc. -ENAMETOOLONG, -EACCES, -ENOENT, … On
 * success it is ended by commit or abandon. */
int file_draft_open(const char *path, struct file_draft *ret, struct err *e);
/* The same of a name in a folder that is held, said as `said` in messages. A link of this name is replaced and not
 * followed: somebody put it there since the folder was opened. */
int file_draft_open_at(int dirfd, const char *name, const char *said, struct file_draft *ret, struct err *e);
/* Syncs, closes, renames and syncs the folder. On failure nothing of it is left. */
int file_draft_commit(struct file_draft *draft, struct err *e);
void file_draft_abandon(struct file_draft *draft);

/* A new folder of a temporary name below dirfd, mode 0755, locked while it is made. *ret is its descriptor, which holds
 * the lock. -EACCES, -ENOSPC, … */
int file_draft_folder(int dirfd, char name[FILE_TEMPORARY_MAX], int *ret, struct err *e);

/* A folder that is made beside its place, and put there when it is whole. */
struct file_folder {
    int parent, fd; /* fd: to write into */
    char name[NAME_MAX + 1], draft[FILE_TEMPORARY_MAX];
};

/* Begins the folder of a path of the user's; those above it are made. On success it is ended by commit or abandon. */
int file_folder_open(const char *path, struct file_folder *ret, struct err *e);
/* -EEXIST (usage): there is something in its place other than an empty folder. On failure nothing of it is left. */
int file_folder_commit(struct file_folder *f, struct err *e);
void file_folder_abandon(struct file_folder *f);

/* Removes dirfd/name where it is a temporary of ours (of this user's, or anybody's if we are root) that a killed
 * process left. 0 removed; -ENOENT: its name is not of that form, or it is gone; -EBUSY: its process lives; -EPERM: it
 * is another user's. */
int file_sweep(int dirfd, const char *name);
/* Whether it would. */
bool file_is_left(int dirfd, const char *name);

/* A draft of these bytes, opened, written and committed. */
int file_replace(const char *path, const char *bytes, size_t len, struct err *e);
int file_replace_at(int dirfd, const char *name, const char *said, const char *bytes, size_t len, struct err *e);

/* Removes what name is below dirfd (AT_FDCWD: the working directory), a folder with all that is in it; links are not
 * followed, not even one that its owner swaps in meanwhile. Returns 0, also where there is none, or a negative errno;
 * -ELOOP: nested deeper than 256 folders. */
int file_remove_tree(int dirfd, const char *name);

/* The same for a temporary folder of tare's own, at the end of its use: tries twice, and says on standard error what
 * stays, since the work itself is done. */
void file_remove_temporary(const char *path);

/* A new file of mode 0644, whatever the umask, below an open directory; name may lead through folders, and through no
 * link (beneath_open()). -EEXIST: there is something of that name. What was begun and failed is gone. */
int file_create_at(int dirfd, const char *name, const char *bytes, size_t len, struct err *e);

/* FOLDER/name in the first of these folders that has it; they are relative to the folder that this program is in, as a
 * build tree and an installation have them. Returns 0, -ENOENT, or why the program's own place is not known. */
int file_beside_program(const char *const *folder, size_t folders, const char *name, char *buf, size_t cap);

/* How much of a path is there: the length of its longest part that is. */
size_t file_part_there(const char *path);
/* Removes the folders of a path behind its first `there` bytes, from the inside out, as far as they are empty. */
void file_take_back(const char *path, size_t there);

/* mkdir -p, as beneath_open_folder() makes it. Returns 0 or a negative errno. */
int file_make_dirs(const char *path);

#endif
