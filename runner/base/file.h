/* file: reads files whole, optionally in the tree at a root; writes files whole or not at all. Everything that tare
 * writes for its user goes through here. */
#ifndef TARE_FILE_H
#define TARE_FILE_H

#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

struct err;
struct text;

#define FILE_TEMPORARY_PREFIX ".tare-"
#define FILE_TEMPORARY_MAX    40

/* Reads fd until its end or until buf is full, retrying EINTR. from: the offset to start at (pread(2)); -1: where fd
 * stands (read(2)). Returns the bytes read, cap if there may be more, or a negative errno. Adds no NUL. */
ssize_t file_read_fd(int fd, off_t from, char *buf, size_t cap);

/* Writes all of it where fd stands, retrying EINTR. 0 or a negative errno. */
int file_write_fd(int fd, const char *bytes, size_t len);

/* Waits until the names in a folder are on the disk. 0 also on a file system that cannot sync folders (fsync(2),
 * EINVAL); else a negative errno. */
int file_sync_folder(int dirfd);

/* Appends what fd has up to its end. -EFBIG: more than max bytes. 0 or a negative errno. */
int file_append_fd(int fd, size_t max, struct text *ret);

/* Reads path in the tree at root ("" or NULL: the real root; beneath_open_root()) into buf, without one final newline,
 * ended by NUL. Returns the length or a negative errno; -EFBIG: it does not fit. */
ssize_t file_read(const char *root, const char *path, char *buf, size_t cap);

/* The same for a name below an open directory. */
ssize_t file_read_at(int dirfd, const char *name, char *buf, size_t cap);

/* Appends a file of any size to ret. 0 or a negative errno. */
int file_read_all(const char *root, const char *path, struct text *ret);

/* Finds the names below a folder that match a pattern (glob(7), with the flags of glob(3)). The folder's own characters
 * stand for themselves. false: none matches, or the folder cannot be read. After true the caller ends *ret with
 * globfree(). */
bool file_glob(const char *folder, const char *pattern, int flags, glob_t *ret);
#define cleanup_glob __attribute__((cleanup(globfree))) /* of a glob_t that starts as {0} */

/* Writes a kernel file with one write call, without creating it. 0 or a negative errno. */
int file_write_at(int dirfd, const char *name, const char *value);

/* A file being written. It has no name until it is complete (O_TMPFILE, then linkat), or a temporary one beside its
 * place if the file system cannot do that. It is synced, then renamed over the old file (rename(2): a reader sees the
 * old file or the new). Until then, and after a failure, the old file is untouched. The folder is held open from the
 * beginning, so that moving it or replacing it by a link cannot redirect the file.
 *
 * Temporary names of files and folders are FILE_TEMPORARY_PREFIX PID "-" N ".tmp": ".tare-4711-0.tmp", N from 0. The
 * process PID holds a flock(2) on it while it writes. If the pid is dead (in this pid namespace) and the lock is free
 * (in any), a killed process left it: file_sweep() removes it. It also removes NAME.tmp.PID, as an older tare named
 * them, if the content begins as tare's JSON does. */
struct file_draft {
    FILE *stream;
    int dirfd;
    char name[NAME_MAX + 1];
    char path[PATH_MAX];                /* for messages */
    char temporary[FILE_TEMPORARY_MAX]; /* "": no name yet */
};

/* Opens a draft for a path given by the user; for a link, beside its target (see beneath_resolve()). -EINVAL (usage):
 * not a regular file, or in /dev or /proc. -ENAMETOOLONG, -EACCES, -ENOENT, … On success the caller ends it with commit
 * or abandon. */
int file_draft_open(const char *path, struct file_draft *ret, struct err *e);
/* The same for a name in an open folder; messages call it `said`. A link of this name is replaced, not followed: it
 * appeared after the folder was opened. */
int file_draft_open_at(int dirfd, const char *name, const char *said, struct file_draft *ret, struct err *e);
/* Syncs and renames the file, and syncs the folder. On failure nothing of the draft is left. */
int file_draft_commit(struct file_draft *draft, struct err *e);
void file_draft_abandon(struct file_draft *draft);
/* Commits it; after a failure abandons it, and returns `failed`. */
int file_draft_end(struct file_draft *draft, int failed, struct err *e);

/* A folder that is made beside its place and moved there when it is complete. */
struct file_folder {
    int parent, fd; /* fd: to write into */
    char name[NAME_MAX + 1], draft[FILE_TEMPORARY_MAX];
};

/* Begins a folder at a path of the user's; makes the folders above it. On success the caller ends it by commit or
 * abandon. */
int file_folder_open(const char *path, struct file_folder *ret, struct err *e);
/* -EEXIST (usage): its place holds something other than an empty folder. On failure nothing of it is left. */
int file_folder_commit(struct file_folder *f, struct err *e);
void file_folder_abandon(struct file_folder *f);

/* Removes dirfd/name if a killed process left it as a temporary (of this user; root: of any). 0: removed. -ENOENT: not
 * such a name, or gone. -EBUSY: its process lives. -EPERM: another user's. */
int file_sweep(int dirfd, const char *name);
/* Whether file_sweep() would remove it. */
bool file_is_left(int dirfd, const char *name);

/* Refuses to write `output`, which `option` named, over what is read: it is the file `input` itself, by whatever path,
 * or lies in the folder `input`. -EINVAL (usage): what, and the remedy. 0, too, if there is no input, or it is NULL. */
int file_refuse_input(const char *option, const char *output, const char *input, struct err *e);

/* Opens a draft, writes the bytes and commits it. */
int file_replace(const char *path, const char *bytes, size_t len, struct err *e);
int file_replace_at(int dirfd, const char *name, const char *said, const char *bytes, size_t len, struct err *e);

/* Removes dirfd/name (AT_FDCWD: the working directory), a folder with all its content. Links are never followed, also
 * if swapped in meanwhile. 0, also if it does not exist, or a negative errno; -ELOOP: more than 256 levels. It
 * allocates nothing, so that a signal handler may call it. */
int file_remove_tree(int dirfd, const char *name);

/* Creates a file of mode 0644, whatever the umask, below an open directory. name may have folders in it, but no link
 * (beneath_open()). -EEXIST: the name exists. On failure the file is removed. */
int file_create_at(int dirfd, const char *name, const char *bytes, size_t len, struct err *e);

/* How many descriptors this process may have at once (RLIMIT_NOFILE, the soft limit); 0: unknown. tare does not raise
 * it, because the workload would inherit that: code that opens many takes a share of it. */
size_t file_descriptors_max(void);

/* Finds FOLDER/name in the first of these folders that has it. They are relative to the folder of this program, as in a
 * build tree and an installation. 0; -ENOENT; or why the program's own place is unknown. */
int file_beside_program(const char *const *folder, size_t folders, const char *name, char *buf, size_t cap);

/* The length of the longest leading part of a path that exists. */
size_t file_part_there(const char *path);
/* Removes the empty folders of a path after its first `there` bytes, innermost first. */
void file_take_back(const char *path, size_t there);

/* mkdir -p, as beneath_open_folder(). 0 or a negative errno. */
int file_make_dirs(const char *path);

#endif
