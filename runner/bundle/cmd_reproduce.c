#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/command.h"
#include "base/err.h"
#include "base/json_put.h"
#include "base/text.h"
#include "bundle/reproduce.h"
#include "bundle/reproduction.h"
#include "bundle/sign.h"
#include "cell/config.h"
#include "cell/manual.h"

static int take_where(const struct artefact_options *a, enum reproduce_where *ret, struct err *e)
{
    if ((a->host == 1) + (a->in_image == 1) + (a->in_vm == 1) > 1)
        return err_set(e, ERR_USAGE, -EINVAL, "what is allowed is one of --host, --in-image, --in-vm");
    *ret = a->in_image == 1 ? REPRODUCE_IMAGE : a->in_vm == 1 ? REPRODUCE_VM : REPRODUCE_HOST;
    return 0;
}

static int sign_result(const struct reproduction *r, const char *key, struct err *e)
{
    char path[PATH_MAX];
    text_format(path, sizeof(path), "%s/" REPRODUCTION_FILE, r->out);
    return sign_file(path, REPRODUCTION_FILE, key, e);
}

static int print_result(const struct reproduction *r, bool json, struct err *e)
{
    struct text out = {0};
    json_t *o = NULL;
    int failed = json ? reproduction_json(r, &o, e) : 0;
    if (failed != 0)
        return failed;
    if (json)
        json_text(o, &out);
    else
        reproduction_text(r, &out);
    (void)fputs(out.data, stdout);
    if (!json)
        (void)printf("%s/" REPRODUCTION_FILE "\n", r->out);
    text_free(&out);
    return 0;
}

/* What is wrong with a bundle that is refused. */
static void print_findings(const struct verification *v)
{
    char line[1400];
    for (size_t i = 0; i < v->findings.count; i++)
        if (v->findings.list[i].verdict == FINDING_INTEGRITY)
            (void)printf("%s\n", finding_line(&v->findings.list[i], line, sizeof(line)));
}

int cmd_reproduce(int argc, char **argv, struct err *e)
{
    struct config c;
    struct reproduction r;
    enum reproduce_where where = REPRODUCE_HOST;
    int failed = config_begin(CONFIG_REPRODUCE, argc, argv, &c, e);
    if (failed != 0)
        return failed;
    if (c.help)
        return manual_print(CONFIG_REPRODUCE, NULL, NULL);
    if (!c.positional)
        return err_set(e, ERR_USAGE, -EINVAL, "it takes a bundle ('tare reproduce --help')");
    failed = take_where(&c.artefact, &where, e);
    if (failed == 0 && c.campaign.sbatch.count > 0 && c.campaign.engine != ENGINE_SLURM)
        failed = err_set(e, ERR_USAGE, -EINVAL, "--sbatch is for --engine slurm, which was not asked for");
    if (failed == 0 && c.artefact.sign)
        failed = sign_check("--sign", c.artefact.sign, e);
    if (failed != 0)
        return failed;
    const struct reproduce_options o = {
        c.positional,      where,           c.artefact.smoke == 1, c.artefact.force == 1, c.campaign.trust == 1,
        c.campaign.engine, c.artefact.role, &c.campaign.sbatch,    c.artefact.out};
    failed = reproduce(&o, &r, e);
    if (failed == -EBADMSG)
        print_findings(&r.verified);
    if (failed == 0)
        failed = reproduction_write(&r, e);
    if (failed == 0 && c.artefact.sign)
        failed = sign_result(&r, c.artefact.sign, e);
    if (failed == 0)
        failed = print_result(&r, c.host.json == 1, e);
    int status = failed == 0 ? reproduction_status(&r) : failed;
    reproduction_free(&r);
    return status;
}
