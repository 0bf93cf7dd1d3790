/* journal: keeps the old value of each setting on disk before tare changes it. tune.c writes it, restore reads it.
 *
 * One record per line, with a checksum that detects torn lines:
 *
 *     tare-tune/2 BOOT_ID set|keep NAME "OLD BYTES" "NEW BYTES" CHECKSUM
 *
 * NAME is a setting of the table in knob.c: a forged journal cannot name other files. tare-tune/1 had KIND "PATH"
 * instead of NAME; it is read if the path is a setting's. In quotes, \n, \" and \\ are escaped, other control
 * characters are \xNN. Settings last until the next boot, and so does the journal: that of another boot is set aside.
 */
#ifndef TARE_JOURNAL_H
#define TARE_JOURNAL_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "host/tune/knob.h"

struct err;

struct journal_record {
    char *path;
    char *old_bytes;
    char *new_bytes; /* as requested, or as the kernel changed it */
    enum knob_kind kind;
    bool keep; /* not written by tare, but changed by another write: to be restored too */
};

struct journal {
    char path[PATH_MAX];
    char boot_id[64];
    int dir_fd, fd; /* fd -1: no file */
    struct journal_record *record;
    size_t records;
    unsigned damaged;         /* complete lines that are invalid */
    bool torn;                /* the last line is incomplete: its change was never made */
    off_t whole_bytes;        /* offset of the torn line */
    bool other_boot;          /* it has records of another boot */
    char set_aside[PATH_MAX]; /* new name of another boot's or an invalid journal; "": none */
};

/* The journal's path: tune.journal in $TARE_STATE, else in root + /var/lib/tare. -EPERM and the like (host):
 * $TARE_STATE is not trusted (trust_path()). There is no fallback, because restore would not look there. */
int journal_place(const char *root, char *buf, size_t cap, struct err *e);

/* Opens the journal of this boot and locks its folder (flock) until it is closed. create: makes folder and file.
 * Without create a missing journal is no error, and records is 0.
 * -EBUSY (host): another tare has held it for 3 s. -EPERM (host): the file is not the caller's or root's, others may
 * write to it, or root does not trust its folder (trust_path()). -EROFS, -EACCES, …: it cannot be written. */
int journal_open(const char *path, const char *boot_id, bool create, struct journal *ret, struct err *e);

/* Appends and syncs: after 0 the record survives a crash. On failure the file is unchanged. -ENOENT (ours): the path is
 * not a setting's. */
int journal_append(struct journal *j, const struct journal_record *r, struct err *e);

/* The first record of this path, which has its original value; or NULL. */
const struct journal_record *journal_first(const struct journal *j, const char *path);

/* Keeps only the records whose mark is true, atomically (rename); without any the file is removed. */
int journal_reduce(struct journal *j, const bool *marks, struct err *e);

void journal_close(struct journal *j);

#endif
