#include <errno.h>
#include <stdio.h>

#include "base/command.h"
#include "base/err.h"
#include "base/text.h"
#include "bundle/sign.h"
#include "cell/config.h"
#include "cell/manual.h"

int cmd_sign(int argc, char **argv, struct err *e)
{
    struct config c;
    int failed = config_begin(CONFIG_SIGN, argc, argv, &c, e);
    if (failed != 0)
        return failed;
    if (c.help)
        return manual_print(CONFIG_SIGN, NULL, NULL);
    if (!c.positional || !c.artefact.key)
        return err_set(e, ERR_USAGE, -EINVAL, "it takes a bundle and --key FILE ('tare sign --help')");
    failed = sign(c.positional, c.artefact.key, e);
    if (failed == 0)
        (void)printf("%s: signed\n", c.positional);
    return failed;
}
