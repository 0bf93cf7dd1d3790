#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"
#include "config_table.h"
#include "cpu_request.h"

static bool is_of_cell(const struct option_row *row)
{
    return row->offset < offsetof(struct config, cell) + sizeof(struct cell);
}

struct cell cell_unset(void)
{
    struct config c = {0};
    for (size_t i = 0; i < config_row_count; i++)
        if (config_is_number(config_rows[i].kind) && is_of_cell(&config_rows[i]))
            *config_number(&c, &config_rows[i]) = UNSET;
    return c.cell;
}

static const struct option_row *row_of_cell(const char *option)
{
    for (size_t i = 0; i < config_row_count; i++)
        if (is_of_cell(&config_rows[i]) && strcmp(config_rows[i].name, option) == 0)
            return &config_rows[i];
    return NULL;
}

static int take_switch(struct config *c, const struct option_row *row, const char *value, struct err *e)
{
    bool yes = strcmp(value, "true") == 0;
    if (!yes && strcmp(value, "false") != 0)
        return err_set(e, ERR_USAGE, -EINVAL, "--%s '%s': what is allowed is true or false", row->name, value);
    *config_number(c, row) = yes == (row->kind == YES);
    return 0;
}

int cell_set(struct cell *cell, const char *option, const char *value, struct err *e)
{
    struct config c = {.cell = *cell};
    const struct option_row *row = row_of_cell(option);
    if (!row)
        return err_set(e, ERR_USAGE, -EINVAL, "'%s' is no option of a cell ('tare run --help' lists them)", option);
    bool is_switch = row->kind == YES || row->kind == NO;
    int failed = is_switch ? take_switch(&c, row, value, e) : config_take(&c, row, value, e);
    if (failed == 0)
        *cell = c.cell;
    return failed;
}

/* "UID" or "UID:GID", numbers both. */
static int parse_user(struct cell *cell, struct err *e)
{
    char uid[16] = "";
    uint64_t u = 0, g = 0;
    const char *colon = cell->user ? strchr(cell->user, ':') : NULL;
    size_t len = !cell->user ? 0 : colon ? (size_t)(colon - cell->user) : strlen(cell->user);
    if (!cell->user)
        return 0;
    if (len < sizeof(uid))
        memcpy(uid, cell->user, len);
    bool ok = text_to_u64(uid, &u) == 0 && text_to_u64(colon ? colon + 1 : uid, &g) == 0;
    if (!ok || u >= UINT32_MAX || g >= UINT32_MAX)
        return err_set(e, ERR_USAGE, -EINVAL, "--user '%s': what is allowed is UID or UID:GID, in numbers", cell->user);
    cell->uid = (uint32_t)u;
    cell->gid = (uint32_t)g;
    return 0;
}

static int check_confinement(struct cell *cell, struct err *e)
{
    for (size_t i = 0; i < cell->environment.count; i++)
        if (strcspn(cell->environment.word[i], "=") == 0 || !strchr(cell->environment.word[i], '='))
            return err_set(e, ERR_USAGE, -EINVAL, "--env '%s': what is allowed is NAME=VALUE",
                           cell->environment.word[i]);
    const char *what = cell->user ? "--user" : cell->writable.count ? "--rw" : NULL;
    if (what && cell->confinement == CONFINEMENT_OFF)
        return err_set(e, ERR_USAGE, -EINVAL, "%s goes with --confine full or light; it is off", what);
    return parse_user(cell, e);
}

/* What the options contradict each other in. */
static int check_cell(const struct cell *cell, struct err *e)
{
    if (cell->start_method != START_OWN && cell->mode != MODE_PROCESSES)
        return err_set(e, ERR_USAGE, -EINVAL, "--mp-start '%s' goes with --mode processes; the mode is %s",
                       start_method_name((enum start_method)cell->start_method), mode_name((enum mode)cell->mode));
    if (cell->mode == MODE_INTERPRETERS && strcmp(cell->runtime, "native") == 0)
        return err_set(
            e, ERR_USAGE, -EINVAL,
            "--runtime 'native' has no interpreters; what is allowed with it is --mode threads or processes");
    if (cell->profile == PROFILE_OVERHEAD && cell->hold_ms != 0)
        return err_set(e, ERR_USAGE, -EINVAL, "--hold-ms '%lld' goes with --profile memory; the profile is overhead",
                       (long long)cell->hold_ms);
    if (cell->cgroup_root && cell->isolation == ISOLATION_OFF)
        return err_set(e, ERR_USAGE, -EINVAL, "--cgroup-root '%s' contradicts --isolation off", cell->cgroup_root);
    if (cpu_request_parse(cell->cpus, &(struct cpu_request){0}) != 0)
        return err_set(e, ERR_USAGE, -EINVAL, "--cpus '%s': what is allowed is " CPU_REQUEST_ALLOWED, cell->cpus);
    return 0;
}

int cell_complete(struct cell *cell, struct err *e)
{
    struct config c = {.cell = *cell};
    if (c.cell.profile == UNSET)
        c.cell.profile = PROFILE_OVERHEAD;
    for (size_t i = 0; i < config_row_count; i++) {
        const struct option_row *row = &config_rows[i];
        if (config_is_number(row->kind) && is_of_cell(row) && *config_number(&c, row) == UNSET)
            *config_number(&c, row) = c.cell.profile == PROFILE_MEMORY ? row->if_memory : row->if_overhead;
    }
    c.cell.has_memory_max = c.cell.memory_max_bytes != UNSET;
    c.cell.has_pids_max = c.cell.pids_max != UNSET;
    if (c.cell.pids_max == UNSET)
        c.cell.pids_max = 4 * c.cell.workers + 256;
    if (!c.cell.runtime)
        c.cell.runtime = "auto";
    int r = check_cell(&c.cell, e);
    if (r == 0)
        r = check_confinement(&c.cell, e);
    if (r == 0)
        *cell = c.cell;
    return r;
}

const char *config_sysroot(const struct config *c)
{
    const char *dir = c->host.sysroot;
    return dir && strspn(dir, "/") != strlen(dir) ? dir : "";
}

#define ROW_BASE 256 /* above any letter: by that optopt tells a row from one */

/* The rows of a command as getopt_long(3) wants them; val is the row's index. */
static void fill_getopt(enum config_command command, struct option *options)
{
    size_t n = 0;
    for (size_t i = 0; i < config_row_count; i++)
        if (config_rows[i].commands & command)
            options[n++] = (struct option){config_rows[i].name,
                                           config_takes_value(config_rows[i].kind) ? required_argument : no_argument,
                                           NULL, ROW_BASE + (int)i};
    options[n] = (struct option){0};
}

/* getopt_long(3) sorts argv as it goes, so the word is not where optind stood before the call: a long option is the
 * last that it took; of short ones, which tare has none of, optopt is the letter. */
static int unknown_option(char **argv, bool known, struct err *e)
{
    const char letter[] = {'-', (char)optopt, '\0'};
    const char *word = optopt != 0 && optopt < ROW_BASE ? letter : argv[optind - 1];
    if (known)
        return err_set(e, ERR_USAGE, -EINVAL, "%s: it takes a value ('tare %s --help' lists the options)", word,
                       argv[0]);
    return err_set(e, ERR_USAGE, -EINVAL, "'%s' is no option of 'tare %s' ('tare %s --help' lists them)", word, argv[0],
                   argv[0]);
}

int config_parse(enum config_command command, int argc, char **argv, struct config *ret, struct err *e)
{
    struct option options[CONFIG_OPTIONS_MAX + 1];
    struct config c = {.cell = cell_unset(), .invocations = {.repeat = 1}};
    fill_getopt(command, options);
    opterr = 0;
    optind = 0; /* GNU: start anew */
    for (;;) {
        int row = getopt_long(argc, argv, command == CONFIG_EXEC ? "+:" : ":", options, NULL);
        if (row == -1)
            break;
        if (row == '?' || row == ':')
            return unknown_option(argv, row == ':', e);
        int r = config_take(&c, &config_rows[row - ROW_BASE], optarg, e);
        if (r != 0)
            return r;
    }
    if (command == CONFIG_EXEC)
        c.invocations.argv = optind < argc ? argv + optind : NULL;
    else if (optind < argc)
        c.positional = argv[optind++];
    if (command != CONFIG_EXEC && optind < argc)
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': 'tare %s' takes one name, and '%s' is it", argv[optind], argv[0],
                       c.positional);
    if (command != CONFIG_MATRIX && !c.help) {
        if (command == CONFIG_EXEC && c.cell.pids_max == UNSET)
            c.cell.pids_max = 0;
        int r = cell_complete(&c.cell, e);
        if (r != 0)
            return r;
    }
    *ret = c;
    return 0;
}
