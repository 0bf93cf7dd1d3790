#include <errno.h>
#include <stdio.h>

#include "base/command.h"
#include "base/err.h"
#include "base/text.h"
#include "bundle/verify.h"
#include "cell/config.h"

static int print_help(void)
{
    struct text help = {0};
    text_add(
        &help,
        "tare verify [OPTION]... BUNDLE\n"
        "BUNDLE is a tar, a tar.zst or a folder. Offline, and nothing in it is executed. Four verdicts, kept apart:\n"
        "integrity (the files are those that were packed), derivation (tables, figures and claims follow from the\n"
        "raw samples), environment (how far this machine is from theirs), and re-run, which is reproduce's.\n"
        "Exit 1 where integrity or derivation is broken; each finding names its file.\n\n");
    config_help(CONFIG_VERIFY, NULL, &help);
    (void)fputs(help.data, stdout);
    text_free(&help);
    return 0;
}

int cmd_verify(int argc, char **argv, struct err *e)
{
    struct config c;
    struct verification v;
    struct text out = {0};
    int failed = config_begin(CONFIG_VERIFY, argc, argv, &c, e);
    if (failed != 0)
        return failed;
    if (c.help)
        return print_help();
    if (!c.positional)
        return err_set(e, ERR_USAGE, -EINVAL, "it takes a bundle ('tare verify --help')");
    const struct verify_options o = {c.positional, c.artefact.key, c.artefact.paper};
    failed = verify(&o, &v, e);
    if (failed != 0)
        return failed;
    (c.host.json == 1 ? verify_json : verify_text)(&v, o.path, &out);
    (void)fputs(out.data, stdout);
    text_free(&out);
    bool broken = verification_failed(&v, FINDING_INTEGRITY) || verification_failed(&v, FINDING_DERIVATION);
    verification_free(&v);
    return broken ? ERR_SAID_NO : 0;
}
