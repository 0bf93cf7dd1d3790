#include "host/state.h"

#include <unistd.h>

#include "base/text.h"
#include "base/trust.h"
#include "base/userdir.h"

void state_dir(char *buf, size_t cap)
{
    const char *state = trust_variable("TARE_STATE");
    if (state)
        text_format(buf, cap, "%s", state);
    else if (geteuid() == 0)
        text_format(buf, cap, STATE_SYSTEM_DIR);
    else
        (void)userdir_cache(buf, cap);
}
