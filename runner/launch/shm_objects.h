/* shm_objects: the shared memory and semaphores that an ended workload leaves in the host's /dev/shm (shm_overview(7),
 * sem_overview(7)). Where its /dev/shm is one of its own they go with that; where it is the host's they outlive
 * everybody. What is removed is a file that
 *   - lies in /dev/shm itself, belongs to the workload's user and was not there when the run began;
 *   - a process of the run had mapped when that was about to be ended (a file that is written there and not shared,
 *     as cp does, is somebody's output and stays);
 *   - has the same name, device and inode still, once all of them are gone;
 *   - nobody else has mapped or open, as far as the caller may look. */
#ifndef TARE_SHM_OBJECTS_H
#define TARE_SHM_OBJECTS_H

#include <sys/types.h>

struct err;
struct text;

struct shm_objects;

/* Takes down what is in /dev/shm, before the workload starts; uid: whom it runs as. The caller ends *ret with
 * shm_objects_free(); NULL, and 0, where there is no tmpfs. -ENOMEM, -EMFILE, … */
int shm_objects_begin(uid_t uid, struct shm_objects **ret, struct err *e);

/* Takes down what the run's processes have mapped: of slice_dirfd (stopped meanwhile), or where that is -1 all that
 * descend from the caller. Where nothing is new in /dev/shm nobody is looked at. */
void shm_objects_note(struct shm_objects *s, int slice_dirfd);

/* Removes what was noted, once all of them are gone, and appends the first names to removed, a blank before
 * each. Returns how many. */
int shm_objects_remove(struct shm_objects *s, struct text *removed);

void shm_objects_free(struct shm_objects **s);

#endif
