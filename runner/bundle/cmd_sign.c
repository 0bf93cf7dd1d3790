#include <errno.h>
#include <stdio.h>

#include "base/command.h"
#include "base/err.h"
#include "base/text.h"
#include "bundle/sign.h"
#include "cell/config.h"

static int print_help(void)
{
    struct text help = {0};
    text_add(&help,
             "tare sign --key FILE BUNDLE\n"
             "Signs a bundle, a tar or a folder, by minisign: over its tagmanifest-sha256.txt, so that the signature\n"
             "survives packing it again. minisign asks for the key's password.\n\n");
    config_help(CONFIG_SIGN, NULL, &help);
    (void)fputs(help.data, stdout);
    text_free(&help);
    return 0;
}

int cmd_sign(int argc, char **argv, struct err *e)
{
    struct config c;
    int failed = config_begin(CONFIG_SIGN, argc, argv, &c, e);
    if (failed != 0)
        return failed;
    if (c.help)
        return print_help();
    if (!c.positional || !c.artefact.key)
        return err_set(e, ERR_USAGE, -EINVAL, "it takes a bundle and --key FILE ('tare sign --help')");
    failed = sign(c.positional, c.artefact.key, e);
    if (failed == 0)
        (void)printf("%s: signed\n", c.positional);
    return failed;
}
