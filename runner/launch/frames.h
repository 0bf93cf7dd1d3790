/* frames: what lies at an address of a child that is traced: which function of C, of Python or of the kernel, in which
 * file. From what it has mapped, the files' symbols, the map that an interpreter with -X perf writes, and
 * /proc/kallsyms. */
#ifndef TARE_FRAMES_H
#define TARE_FRAMES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct frames;

/* A file, or a part of it, that the child mapped. */
struct frames_mapping {
    uint64_t from, size, offset, inode;
    char *path;
};

enum frame_place { FRAME_UNKNOWN, FRAME_C, FRAME_PYTHON, FRAME_KERNEL };

/* Of the innermost frame of C, by symbols.h: an atomic change of memory; the reading of an object's reference count
 * before that is changed; anything else. */
enum frame_did { FRAME_WORKED, FRAME_ATOMIC, FRAME_READ_COUNT };

/* What a frame is: the name of the function, and of a Python one its file too; both live as long as the frames. An
 * unknown one has the file that it lies in, or NULL. Names are foreign bytes. */
struct frame {
    enum frame_place place;
    const char *name, *file;
    enum frame_did did; /* the last instruction */
};

/* What the child, which stands still, has mapped (proc_pid_maps(5)), and its /tmp. Ended with frames_free(). */
struct frames *frames_open(pid_t pid);
void frames_free(struct frames *f); /* NULL is allowed */

/* Something that was mapped later; copied. false: there are too many. */
bool frames_keep(struct frames *f, const struct frames_mapping *m);

/* The file, of these (one path a line, the interpreter first), that has the function; the caller frees it. *offset:
 * where in the file. NULL: none has. */
char *frames_find(struct frames *f, const char *files, const char *symbol, uint64_t *offset);

/* Reads what the interpreter called its functions, once the child has ended or is about to. */
void frames_read_python(struct frames *f);

/* After frames_read_python(). */
struct frame frames_at(struct frames *f, uint64_t address, bool in_kernel);

/* Why no function of Python, or of the kernel, has a name: one line, static. NULL: they have. */
const char *frames_no_python(const struct frames *f);
const char *frames_no_kernel(struct frames *f);

/* The files whose stripped or missing symbols were asked for, one path a line; "": none. */
const char *frames_strangers(const struct frames *f);

#endif
