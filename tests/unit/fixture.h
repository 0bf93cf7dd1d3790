/* fixture: a captured machine as a directory that a sysroot can name, unpacked from one text file and removed after.
 *
 * tests/fixtures/NAME.tree, a line each:
 *
 *     # a remark
 *     /proc/sys/vm/swappiness: 60            the file's content; a newline is added, as the kernel does
 *     /sys/devices/system/cpu/isolated:      an empty line
 *     /proc/meminfo:                         more lines: each begins with "| ", which is taken off
 *     | MemTotal:       16000000 kB
 *     /sys/devices/system/cpu/cpu{0-3,8}/cpufreq/scaling_governor: performance
 *                                            the same file for every number of the list (one list a path)
 *     /proc/self/ns/pid -> pid:[4026531836]  a symbolic link
 *     /proc/pressure/                        a directory
 */
#ifndef TARE_TESTS_FIXTURE_H
#define TARE_TESTS_FIXTURE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#ifndef TESTS_DIR
#define TESTS_DIR "tests"
#endif

/* The tests' folder: $TARE_TESTS_DIR, else TESTS_DIR. */
const char *fixture_tests_dir(void);

/* Unpacks fixtures/NAME.tree ("machines/smt2-desktop") into a new directory below $TMPDIR or /tmp and writes its path
 * into root; name NULL gives an empty one. cap: PATH_MAX will do. Returns 0, or a negative errno after saying on stderr
 * which line is at fault. End it with fixture_close(); one that a failed assertion left open goes at exit. */
int fixture_open(const char *name, char *root, size_t cap);

/* Changes an open fixture: writes a file (folders made as needed, no newline added) or removes a file. Both abort where
 * that fails. path begins with '/'. */
void fixture_write(const char *root, const char *path, const char *content);
void fixture_remove(const char *root, const char *path);

/* Removes the directory and all below it, makes root "". */
void fixture_close(char *root);

/* A folder of a test's own, new for each: fixture_rooted() in the list of tests. */
extern char fixture_root[PATH_MAX];
int fixture_open_root(void **state);
int fixture_close_root(void **state);
#define fixture_rooted(test) cmocka_unit_test_setup_teardown(test, fixture_open_root, fixture_close_root)

/* A path in it, good until the fourth call after this one. */
const char *fixture_in_root(const char *path);

/* Makes a link to a device, a terminal of its own, which tells afterwards whether anybody opened it: opening a device
 * may do something, as with a watchdog or a tape. Returns what to ask and to close. */
int fixture_device(const char *path);
bool fixture_device_was_opened(int device);

/* Leaves a test out, and says why: the host lacks what it takes, in printf(3)'s words. */
#define fixture_skip(...)                                                                                              \
    do {                                                                                                               \
        print_message("skipped: " __VA_ARGS__);                                                                        \
        print_message("\n");                                                                                           \
        skip();                                                                                                        \
    } while (0)

#endif
