#include <errno.h>
#include <stdio.h>

#include "base/command.h"
#include "base/err.h"
#include "base/text.h"
#include "bundle/push.h"
#include "cell/config.h"
#include "cell/manual.h"

static void print(const struct pushed *p, struct text *said)
{
    (void)printf("sha256 %s\n%s", p->bundle_sha256, said->data ? said->data : "");
    text_free(said);
}

int cmd_push(int argc, char **argv, struct err *e)
{
    struct config c;
    struct pushed pushed;
    struct text said = {0};
    int failed = config_begin(CONFIG_PUSH, argc, argv, &c, e);
    if (failed != 0)
        return failed;
    if (c.help)
        return manual_print(CONFIG_PUSH, NULL, NULL);
    if (!c.second)
        return err_set(e, ERR_USAGE, -EINVAL, "it takes a bundle and where it goes ('tare push --help')");
    failed = push(c.positional, c.second, c.artefact.subject, &pushed, &said, e);
    if (failed == 0)
        print(&pushed, &said);
    return failed;
}

int cmd_pull(int argc, char **argv, struct err *e)
{
    struct config c;
    struct pushed pulled;
    struct text said = {0};
    int failed = config_begin(CONFIG_PULL, argc, argv, &c, e);
    if (failed != 0)
        return failed;
    if (c.help)
        return manual_print(CONFIG_PULL, NULL, NULL);
    if (!c.positional || !c.artefact.output)
        return err_set(e, ERR_USAGE, -EINVAL, "it takes where the bundle is, and -o FILE.tar ('tare pull --help')");
    failed = pull(c.positional, c.artefact.output, &pulled, &said, e);
    if (failed == 0)
        print(&pulled, &said);
    return failed;
}
