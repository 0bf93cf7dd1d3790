#include <errno.h>
#include <stdio.h>

#include "base/command.h"
#include "base/err.h"
#include "base/text.h"
#include "bundle/push.h"
#include "cell/config.h"

static int print_help(enum config_command command, const char *words)
{
    struct text help = {0};
    text_add(&help, "%s", words);
    config_help(command, NULL, &help);
    (void)fputs(help.data, stdout);
    text_free(&help);
    return 0;
}

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
        return print_help(CONFIG_PUSH,
                          "tare push BUNDLE oci:FOLDER[:TAG] | docker://HOST/REPO:TAG [OPTION]...\n"
                          "Puts a bundle's tar into an OCI layout, which is made where it is not there, or by skopeo "
                          "into a registry,\n"
                          "as an artefact of the type " PUSH_TYPE ". Who may is skopeo's business (skopeo\n"
                          "login); a registry on the loopback is spoken to without TLS.\n\n");
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
        return print_help(
            CONFIG_PULL,
            "tare pull oci:FOLDER[:TAG] | docker://HOST/REPO:TAG | docker://HOST/REPO@sha256:DIGEST -o FILE.tar\n"
            "Gets a bundle out of an OCI layout or, by skopeo, out of a registry, checks its digests, writes it and\n"
            "tells which reproductions are attached to it. Whether it is good is what 'tare verify' says.\n\n");
    if (!c.positional || !c.artefact.output)
        return err_set(e, ERR_USAGE, -EINVAL, "it takes where the bundle is, and -o FILE.tar ('tare pull --help')");
    failed = pull(c.positional, c.artefact.output, &pulled, &said, e);
    if (failed == 0)
        print(&pulled, &said);
    return failed;
}
