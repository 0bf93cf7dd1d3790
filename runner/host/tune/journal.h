/* journal: what each setting was before tare changed it, on disk before it is changed.
 *
 * One record a line, each with a checksum at its end, so that a line that a crash cut short is known:
 *
 *     tare-tune/2 BOOT_ID set|keep NAME "OLD BYTES" "NEW BYTES" CHECKSUM
 *
 * NAME is a setting's of the table in knob.c: a journal names no path, and what another could have written is not
 * believed. tare-tune/1 had KIND "PATH" in the place of NAME, and is read where the path is that of a setting. Within
 * the quotes \n, \" and \\ are escaped, other control characters as \xNN. The settings live as long as the boot does,
 * and so does the journal: another boot's is set aside. */
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
    char *new_bytes; /* what was asked for, or what the kernel made of it */
    enum knob_kind kind;
    bool keep; /* never written by tare, but another write may change it as well: its old value is to hold afterwards */
};

struct journal {
    char path[PATH_MAX];
    char boot_id[64];
    int dir_fd, fd; /* fd -1: there is no file */
    struct journal_record *record;
    size_t records;
    unsigned damaged;         /* whole lines that are none of ours, or name no setting */
    bool torn;                /* the last line was cut short: what it announced was never done */
    off_t whole_bytes;        /* where it is, behind the whole ones */
    bool other_boot;          /* it has records of another boot */
    char set_aside[PATH_MAX]; /* where another boot's journal, or one that cannot be read, went; "" there was none */
};

/* The journal's place: $TARE_STATE is its folder, else root + /var/lib/tare; its name there is tune.journal. -EPERM and
 * the like (host): $TARE_STATE is not trusted (trust_path()); another place would be one where restore does not look.
 */
int journal_place(const char *root, char *buf, size_t cap, struct err *e);

/* Opens the journal of this boot and locks its folder (flock) until it is closed. With create the folder and the file
 * are made and can be written to, or it fails; without, that there is none is no error and records is 0.
 * -EBUSY (host): another tare has held it for 3 s. -EPERM (host): the file is not the caller's or root's, others may
 * write to it, or root does not trust its folder (trust_path()). -EROFS, -EACCES, …: it cannot be kept there. */
int journal_open(const char *path, const char *boot_id, bool create, struct journal *ret, struct err *e);

/* Appends and syncs: once it returns 0 the record survives whatever happens. On failure the file is as it was. -ENOENT
 * (ours): the path is no setting's. */
int journal_append(struct journal *j, const struct journal_record *r, struct err *e);

/* The record of this path that holds its first old value, or NULL. */
const struct journal_record *journal_first(const struct journal *j, const char *path);

/* Keeps on disk the records whose mark is true, in one step (rename); with none of them the file goes. */
int journal_reduce(struct journal *j, const bool *marks, struct err *e);

void journal_close(struct journal *j);

#endif
