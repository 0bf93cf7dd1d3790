#include <errno.h>
#include <stdio.h>

#include "base/command.h"
#include "base/err.h"
#include "base/text.h"
#include "bundle/pack.h"
#include "cell/config.h"

static int print_help(void)
{
    struct text help = {0};
    text_add(&help,
             "tare pack [OPTION]... DIR -o FILE.tar\n"
             "A plan's folder as the bundle that a paper carries: a BagIt bag whose payload is an RO-Crate, with the\n"
             "records, their plan, what is claimed of them, the tables and figures made from them, and who made it.\n"
             "The same records give the same bytes. Claims are those of --claims, of DIR/claims.yml, or those that\n"
             "came with the plan. --with-image puts the image into it that the records were made in, which 'tare\n"
             "reproduce --in-image' then runs in; one that the records contradict is refused.\n\n");
    config_help(CONFIG_PACK, NULL, &help);
    (void)fputs(help.data, stdout);
    text_free(&help);
    return 0;
}

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
        return print_help();
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
