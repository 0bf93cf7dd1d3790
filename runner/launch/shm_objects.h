/* shm_objects: removes the shared memory and semaphores that an ended workload left in the host's /dev/shm
 * (shm_overview(7), sem_overview(7)), where they would outlive the run. (A private /dev/shm disappears by itself.) It
 * removes a file that
 *   - lies directly in /dev/shm, belongs to the workload's user and did not exist when the run began;
 *   - was mapped by a process of the run just before the end (a file that is only written, as cp does, is output and
 *     stays);
 *   - still has the same name, device and inode after the end of all of them;
 *   - no other process has mapped or open, as far as the caller can see. */
#ifndef TARE_SHM_OBJECTS_H
#define TARE_SHM_OBJECTS_H

#include <sys/types.h>

struct err;
struct text;

struct shm_objects;

/* Lists /dev/shm before the workload starts; uid: the workload's user. The caller ends *ret with shm_objects_free();
 * *ret is NULL, with 0, if /dev/shm is no tmpfs. -ENOMEM, -EMFILE, … */
int shm_objects_begin(uid_t uid, struct shm_objects **ret, struct err *e);

/* Notes what the run's processes have mapped: those in slice_dirfd (frozen meanwhile), or for -1 all descendants of the
 * caller. Does nothing if /dev/shm has no new file. */
void shm_objects_note(struct shm_objects *s, int slice_dirfd);

/* After the end of all of them: removes what was noted and appends the first names to removed, each after a blank.
 * Returns how many. */
int shm_objects_remove(struct shm_objects *s, struct text *removed);

void shm_objects_free(struct shm_objects **s);

#endif
