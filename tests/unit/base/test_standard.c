#include "base/standard.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* In a child, which closes those of 0, 1 and 2 whose bit is set: 0 where all three are open afterwards and the closed
 * ones are /dev/null. */
static int after_closing(unsigned bits)
{
    struct stat null, st;
    if (stat("/dev/null", &null) != 0)
        return 1;
    for (int fd = 0; fd < 3; fd++)
        if (bits & 1U << fd)
            (void)close(fd);
    if (standard_open() != 0)
        return 2;
    for (int fd = 0; fd < 3; fd++)
        if (fstat(fd, &st) != 0 || ((bits & 1U << fd) && st.st_rdev != null.st_rdev))
            return 3;
    return fcntl(open("/", O_RDONLY), F_GETFD) >= 0 ? 0 : 4;
}

static void whichever_is_closed_is_opened_on_null(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 8; bits++) {
        int status = -1;
        pid_t pid = fork();
        if (pid == 0)
            _exit(after_closing(bits));
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(whichever_is_closed_is_opened_on_null)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
