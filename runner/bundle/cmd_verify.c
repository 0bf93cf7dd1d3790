#include <errno.h>
#include <stdio.h>

#include "base/command.h"
#include "base/err.h"
#include "base/text.h"
#include "bundle/verify.h"
#include "cell/config.h"
#include "cell/manual.h"

int cmd_verify(int argc, char **argv, struct err *e)
{
    struct config c;
    struct verification v;
    struct text out = {0};
    int failed = config_begin(CONFIG_VERIFY, argc, argv, &c, e);
    if (failed != 0)
        return failed;
    if (c.help)
        return manual_print(CONFIG_VERIFY, NULL, NULL);
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
