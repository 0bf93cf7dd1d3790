#include <errno.h>
#include <stdio.h>

#include "base/command.h"
#include "base/err.h"
#include "base/text.h"
#include "bundle/pack.h"
#include "cell/config.h"
#include "cell/manual.h"

int cmd_pack(int argc, char **argv, struct err *e)
{
    struct config c;
    struct packed packed;
    struct text said = {0};
    char size[32];
    int failed = config_begin(CONFIG_PACK, argc, argv, &c, e);
    if (failed != 0)
        return failed;
    if (c.help)
        return manual_print(CONFIG_PACK, NULL, NULL);
    if (!c.positional || !c.artefact.output)
        return err_set(e, ERR_USAGE, -EINVAL, "it takes a plan's folder and -o FILE.tar ('tare pack --help')");
    const struct pack_options o = {c.positional,
                                   c.artefact.output,
                                   c.artefact.author.word,
                                   c.artefact.author.count,
                                   c.artefact.title,
                                   c.artefact.license,
                                   c.artefact.license_file,
                                   c.artefact.claims,
                                   c.artefact.image,
                                   c.artefact.allow_incomplete == 1};
    failed = pack(&o, &packed, &said, e);
    if (failed == 0)
        (void)printf("%s: %zu files, %s\nsha256 %s\n%s", o.output, packed.files,
                     text_bytes(packed.bytes, size, sizeof(size)), packed.sha256, said.data);
    text_free(&said);
    return failed;
}
