#include "base/userdir.h"

#include <pwd.h>
#include <unistd.h>

#include "base/text.h"
#include "base/trust.h"

const char *userdir_home(void)
{
    const char *home = trust_variable("HOME");
    const struct passwd *account = home ? NULL : getpwuid(geteuid());
    return home ? home : account && trust_path(account->pw_dir, NULL) == 0 ? account->pw_dir : "";
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
