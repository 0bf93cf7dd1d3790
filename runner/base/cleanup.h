/* cleanup: attributes that release a resource at the end of its scope, and STEAL to hand it over. */
#ifndef TARE_CLEANUP_H
#define TARE_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Evaluates to the pointer and sets it to NULL, so that its cleanup attribute does nothing. */
#define STEAL(p)                                                                                                       \
    __extension__({                                                                                                    \
        __typeof__(p) steal_taken_ = (p);                                                                              \
        (p) = NULL;                                                                                                    \
        steal_taken_;                                                                                                  \
    })

/* The same for a descriptor, set to -1. */
#define STEAL_FD(fd)                                                                                                   \
    __extension__({                                                                                                    \
        int steal_taken_ = (fd);                                                                                       \
        (fd) = -1;                                                                                                     \
        steal_taken_;                                                                                                  \
    })

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static inline void cleanup_free_(void *p)
{
    free(*(void **)p);
}

/* Closes a descriptor, unless it is below 0, and sets it to -1. */
static inline void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

static inline void cleanup_file_(FILE **f)
{
    if (*f)
        (void)fclose(*f);
}

static inline void cleanup_dir_(DIR **d)
{
    if (*d)
        (void)closedir(*d);
}

#define cleanup_free  __attribute__((cleanup(cleanup_free_)))
#define cleanup_close __attribute__((cleanup(close_fd)))
#define cleanup_file  __attribute__((cleanup(cleanup_file_)))
#define cleanup_dir   __attribute__((cleanup(cleanup_dir_)))

#endif
