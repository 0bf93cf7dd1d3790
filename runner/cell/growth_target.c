#include "cell/growth_target.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/percent.h"
#include "base/text.h"

int growth_target_parse(const char *text, struct growth_target *ret)
{
    const char *slash = strchr(text, '/');
    char width[32];
    double share = 0;
    uint64_t bytes = 0;
    if (!slash || strcmp(slash + 1, "1000") != 0 || (size_t)(slash - text) >= sizeof(width))
        return -EINVAL;
    text_format(width, sizeof(width), "%.*s", (int)(slash - text), text);
    if (text_ends_with(width, "%")) {
        if (percent_parse(width, 1e-6, 1, &share) != 0)
            return -EINVAL;
    } else if (text_to_bytes(width, &bytes) != 0 || bytes == 0 || bytes > INT64_MAX) {
        return -EINVAL;
    }
    *ret = (struct growth_target){share, (double)bytes};
    return 0;
}
