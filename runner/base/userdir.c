#include "base/userdir.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "base/trust.h"

/* The caller's line of /etc/passwd; NULL: it has none. Not getpwuid(3): it loads libraries, which a static program can
 * do only with the C library that it was linked with. */
static const struct passwd *own_account(void)
{
    cleanup_file FILE *accounts = fopen("/etc/passwd", "re");
    const struct passwd *account = accounts ? fgetpwent(accounts) : NULL;
    while (account && account->pw_uid != geteuid())
        account = fgetpwent(accounts);
    return account;
}

const char *userdir_home(void)
{
    const char *home = trust_variable("HOME");
    const struct passwd *account = home ? NULL : own_account();
    return home ? home
           : account && strlen(account->pw_dir) <= TRUST_VALUE_MAX && trust_path(account->pw_dir, NULL) == 0
               ? account->pw_dir
               : "";
}

const char *userdir_cache(char *buf, size_t cap)
{
    const char *cache = trust_variable("TARE_CACHE");
    const char *xdg = trust_variable("XDG_CACHE_HOME");
    if (cache && *cache)
        text_format(buf, cap, "%s", cache);
    else if (xdg && *xdg)
        text_format(buf, cap, "%s/tare", xdg);
    else
        text_format(buf, cap, "%s/.cache/tare", userdir_home());
    return buf;
}

void userdir_state(char *buf, size_t cap)
{
    const char *state = trust_variable("TARE_STATE");
    if (state)
        text_format(buf, cap, "%s", state);
    else if (geteuid() == 0)
        text_format(buf, cap, USERDIR_STATE_OF_ROOT);
    else
        (void)userdir_cache(buf, cap);
}
