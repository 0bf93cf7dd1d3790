#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/suggest.h"
#include "base/text.h"
#include "cell/config_internal.h"
#include "cell/manual.h"
#include "cell/request.h"
#include "launch/allowance.h"
#include "launch/ledger.h"

bool config_is_of_cell(const struct option_row *row)
{
    return row->offset < offsetof(struct config, cell) + sizeof(struct cell);
}

struct cell cell_unset(void)
{
    struct cell cell = {0};
    for (size_t i = 0; i < config_row_count; i++)
        if (config_is_number(config_rows[i].kind) && config_is_of_cell(&config_rows[i]))
            *config_number(&cell, &config_rows[i]) = UNSET;
    return cell;
}

const char *config_cell_option(size_t n)
{
    for (size_t i = 0; i < config_row_count; i++) {
        const struct option_row *row = &config_rows[i];
        if ((row->commands & CONFIG_PLAN) && config_is_of_cell(row) && row->kind != NO && n-- == 0)
            return row->name;
    }
    return NULL;
}

const struct option_row *config_find(enum config_command command, const char *name)
{
    for (size_t i = 0; i < config_row_count; i++)
        if ((config_rows[i].commands & command) && strcmp(config_rows[i].name, name) == 0)
            return &config_rows[i];
    return NULL;
}

static const struct option_row *row_of_cell(const char *option)
{
    const struct option_row *row = config_find(CONFIG_PLAN, option);
    return row && config_is_of_cell(row) ? row : NULL;
}

/* Whether the value asks nothing of the host. A malformed value does not either: the cell refuses it later. */
static bool is_harmless(const struct option_row *row, const char *value)
{
    int64_t n = 0;
    uint64_t bytes = 0;
    if (row->kind == TEXT)
        return row->harmless && !strchr(value, '/');
    if (row->kind == INTEGER)
        return text_to_i64(value, &n) != 0 || n <= row->harmless;
    if (row->kind == BYTES)
        return text_to_bytes(value, &bytes) != 0 || bytes <= (uint64_t)row->harmless;
    const int choice = row->kind == CHOICE ? text_index(value, row->choices) : -1;
    return choice >= 0 ? row->harmless >> choice & 1 : row->kind == CHOICE;
}

const char *config_grant(const char *option, const char *value)
{
    const struct option_row *row = row_of_cell(strcmp(option, CONFIG_EACH_RUNTIME) == 0 ? "runtime" : option);
    if (strcmp(option, "scenario") == 0)
        return scenario_is_path(value) ? "it names a folder of this host, whose programs would be run" : NULL;
    if (strcmp(option, "command") == 0)
        return strchr(value, '/') ? "it names a program of this host" : NULL;
    if (!row || row->plan == WEIGHED || (row->plan == GRANTED && is_harmless(row, value)))
        return NULL;
    return row->reaches ? row->reaches : "it is not decided whose to say it is";
}

bool config_has_option(enum config_command command, const char *name)
{
    return config_find(command, name);
}

/* What another command calls an option. */
static const char *const OTHERS_WORDS[][2] = {
    {"python", "runtime"},     {"runtime", "python"},   {"repeat", "invocations"},
    {"invocations", "repeat"}, {"runs", "invocations"},
};

void config_offer(enum config_command command, struct suggest *s)
{
    char answer[SUGGEST_WORD_MAX + 1];
    for (size_t i = 0; i < ARRAY_LEN(OTHERS_WORDS); i++)
        if (strcmp(s->word, OTHERS_WORDS[i][0]) == 0 && config_has_option(command, OTHERS_WORDS[i][1]))
            suggest_take(s, OTHERS_WORDS[i][1]);
    if (command == CONFIG_EXEC && manual_answers_hyperfine(s->word, answer, sizeof(answer)))
        suggest_take(s, answer);
    for (size_t i = 0; i < config_row_count; i++)
        if (config_rows[i].commands & command)
            suggest_offer(s, config_rows[i].name);
}

bool config_is_no_knob(const char *name)
{
    return config_has_option((enum config_command) ~(unsigned)CONFIG_BENCH, name);
}

static int no_knob(const struct scenario *s, const char *name, struct err *e)
{
    char near[SUGGEST_TEXT_MAX];
    struct suggest known = SUGGEST(name);
    for (size_t i = 0; s && i < s->knobs; i++)
        suggest_offer(&known, s->knob[i].name);
    config_offer(CONFIG_RUN, &known);
    cleanup_text struct text place = {0};
    text_add_shell_word(&place, !s ? "SCENARIO" : s->installed ? s->name : s->dir);
    return err_set(e, ERR_USAGE, -EINVAL, "'--%s' is no option of '%s' ('tare run %s --help' lists them)%s", name,
                   s ? s->name : "tare run", place.data, suggest_text(&known, "--", near));
}

/* Sets an option outside the table: a knob of the cell's scenario. */
static int set_knob(struct cell *cell, const char *name, const char *value, struct err *e)
{
    const struct scenario *s = cell->scenario;
    const struct scenario_knob *k = s ? scenario_knob_find(s, name) : NULL;
    if (!k)
        return no_knob(s, name, e);
    TRY(scenario_knob_check(k, value, e));
    cell->knob[k - s->knob] = value;
    return 0;
}

int cell_set_later(struct cell *cell, const char *name, const char *value, struct err *e)
{
    struct config_knobs *later = &cell->later;
    if (strlen(name) >= sizeof(later->item[0].name) || later->count == ARRAY_LEN(later->item))
        return err_set(e, ERR_USAGE, -EINVAL, "'--%s' is no option of 'tare run' ('tare run --help' lists them)", name);
    text_format(later->item[later->count].name, sizeof(later->item[0].name), "%s", name);
    later->item[later->count++].value = value;
    return 0;
}

int cell_set(struct cell *cell, const char *option, const char *value, struct err *e)
{
    const struct option_row *row = row_of_cell(option);
    if (!row && config_is_no_knob(option))
        return err_set(e, ERR_USAGE, -EINVAL, "'%s' is no option of a cell ('tare run --help' lists them)", option);
    if (!row)
        return cell->scenario ? set_knob(cell, option, value, e) : cell_set_later(cell, option, value, e);
    if (row->kind != YES && row->kind != NO)
        return config_take(cell, row, value, e);
    const bool yes = strcmp(value, "true") == 0;
    if (!yes && strcmp(value, "false") != 0)
        return err_set(e, ERR_USAGE, -EINVAL, "--%s '%s': what is allowed is true or false", row->name, value);
    *config_number(cell, row) = yes == (row->kind == YES);
    return 0;
}

/* Reads "UID" or "UID:GID", in digits. */
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
    for (size_t i = 0; cell->gil != GIL_DEFAULT && i < cell->environment.count; i++)
        if (strncmp(cell->environment.word[i], "PYTHON_GIL=", strlen("PYTHON_GIL=")) == 0)
            return err_set(e, ERR_USAGE, -EINVAL, "--env '%s' and --gil %s: one of them is allowed",
                           cell->environment.word[i], gil_names[cell->gil]);
    for (size_t i = 0; i < cell->allowed.count; i++)
        if (text_index(cell->allowed.word[i], allowance_names) < 0)
            return err_set(e, ERR_USAGE, -EINVAL, "--allow '%s': what is allowed is " ALLOWANCE_NAMES,
                           cell->allowed.word[i]);
    if (cell->allowed.count && cell->confinement != CONFINEMENT_FULL)
        return err_set(e, ERR_USAGE, -EINVAL, "--allow goes with --confine full; there is no filter with %s",
                       confinement_names[cell->confinement]);
    const char *what = cell->user ? "--user" : cell->writable.count ? "--rw" : NULL;
    if (what && cell->confinement == CONFINEMENT_OFF)
        return err_set(e, ERR_USAGE, -EINVAL, "%s goes with --confine full or light; it is off", what);
    return parse_user(cell, e);
}

int64_t config_default(const struct option_row *row, enum profile profile)
{
    if (profile == PROFILE_GROWTH && strcmp(row->name, "iterations") == 0)
        return 10 * LEDGER_READINGS;
    if (profile == PROFILE_GROWTH && strcmp(row->name, "warmup") == 0)
        return 64;
    return profile == PROFILE_OVERHEAD ? row->if_overhead : row->if_memory;
}

/* Refuses options that contradict each other. */
static int check_cell(const struct cell *cell, struct err *e)
{
    if (cell->start_method != START_OWN && cell->mode != MODE_PROCESSES)
        return err_set(e, ERR_USAGE, -EINVAL, "--mp-start '%s' goes with --mode processes; the mode is %s",
                       start_method_name((enum start_method)cell->start_method), mode_names[cell->mode]);
    if (cell->mode == MODE_INTERPRETERS && strcmp(cell->runtime, "native") == 0)
        return err_set(
            e, ERR_USAGE, -EINVAL,
            "--runtime 'native' has no interpreters; what is allowed with it is --mode threads or processes");
    if (cell->gil != GIL_DEFAULT && cell_runtime_kind(cell) == RUNTIME_NATIVE)
        return err_set(e, ERR_USAGE, -EINVAL,
                       "--gil '%s': the native runtime has no GIL; what is allowed with it is default",
                       gil_names[cell->gil]);
    if (cell->cgroup_root && cell->isolation == ISOLATION_OFF)
        return err_set(e, ERR_USAGE, -EINVAL, "--cgroup-root '%s' contradicts --isolation off", cell->cgroup_root);
    const char *limit = cell->cpu_max ? "cpu-max" : cell->has_memory_high ? "memory-high" : NULL;
    if (limit && cell->isolation == ISOLATION_OFF)
        return err_set(e, ERR_USAGE, -EINVAL, "--%s is the slice's, and contradicts --isolation off", limit);
    if (cell->until_slope && cell->profile != PROFILE_GROWTH)
        return err_set(e, ERR_USAGE, -EINVAL, "--until-slope '%s' goes with --profile growth; the profile is %s",
                       cell->until_slope, profile_names[cell->profile]);
    if (cell->until_slope && growth_target_parse(cell->until_slope, &(struct growth_target){0}) != 0)
        return err_set(e, ERR_USAGE, -EINVAL, "--until-slope '%s': what is allowed is %s", cell->until_slope,
                       GROWTH_TARGET_ALLOWED);
    if (cpu_request_parse(cell->cpus, &(struct cpu_request){0}) != 0)
        return err_set(e, ERR_USAGE, -EINVAL, "--cpus '%s': what is allowed is " CPU_REQUEST_ALLOWED, cell->cpus);
    return 0;
}

enum runtime_kind cell_runtime_kind(const struct cell *cell)
{
    return strcmp(cell->runtime, "native") == 0 ? RUNTIME_NATIVE : RUNTIME_PYTHON;
}

/* Without --mp-start the interpreter decides, so nobody knows yet. */
static bool goes_with_start(const struct scenario_knob *k, const struct cell *cell)
{
    return cell->mode != MODE_PROCESSES || cell->start_method <= START_OWN ||
           (k->starts >> (cell->start_method - START_OWN - 1) & 1);
}

bool cell_knob_counts(const struct cell *cell, size_t knob)
{
    const struct scenario_knob *k = &cell->scenario->knob[knob];
    return (k->modes >> cell->mode & 1) && (k->kinds >> cell_runtime_kind(cell) & 1) && goes_with_start(k, cell);
}

int64_t cell_knobs_ms(const struct cell *cell)
{
    int64_t sum_ms = 0, ms = 0;
    for (size_t i = 0; cell->scenario && i < cell->scenario->knobs; i++)
        if (strcmp(cell->scenario->knob[i].unit, "ms") == 0 && cell_knob_counts(cell, i) &&
            text_to_i64(cell->knob[i], &ms) == 0)
            sum_ms += ms;
    return sum_ms;
}

/* --- what the scenario says --------------------------------------------------------------------------------------- */

static int refuse_company(const struct scenario_knob *k, const char *value, const char *option,
                          const char *const *names, unsigned bits, const char *is, struct err *e)
{
    cleanup_text struct text with = {0};
    text_add_names(&with, names, bits);
    return err_set(e, ERR_USAGE, -EINVAL, "--%s '%s' goes with --%s %s; the %s is %s", k->name, value, option,
                   with.data, option, is);
}

/* A given knob must apply to the cell, unless it has its default. */
static int check_knob(const struct cell *cell, size_t i, struct err *e)
{
    const struct scenario_knob *k = &cell->scenario->knob[i];
    const char *value = cell->knob[i];
    enum runtime_kind kind = cell_runtime_kind(cell);
    if (strcmp(value, k->fallback[cell->profile]) == 0)
        return 0;
    if (!(k->profiles >> cell->profile & 1))
        return refuse_company(k, value, "profile", profile_names, k->profiles, profile_names[cell->profile], e);
    if (!(k->modes >> cell->mode & 1))
        return refuse_company(k, value, "mode", mode_names, k->modes, mode_names[cell->mode], e);
    if (!(k->kinds >> kind & 1))
        return refuse_company(k, value, "runtime", runtime_kind_names, k->kinds, runtime_kind_names[kind], e);
    if (!goes_with_start(k, cell))
        return refuse_company(k, value, "mp-start", start_names, k->starts,
                              start_method_name((enum start_method)cell->start_method), e);
    return 0;
}

/* Takes the scenario's defaults of the profile, which override the table's. */
static int take_defaults(struct cell *cell, struct err *e)
{
    const struct scenario_profile *p = &cell->scenario->profile[cell->profile];
    for (size_t i = 0; i < p->count; i++) {
        const struct option_row *row = row_of_cell(p->fallback[i].option);
        if (!row || *config_number(cell, row) != UNSET)
            continue;
        TRY(cell_set(cell, p->fallback[i].option, p->fallback[i].value, e));
    }
    return 0;
}

static int refuse_mode(const struct scenario *s, const char *option, const char *const *names, unsigned bits,
                       const char *is, struct err *e)
{
    cleanup_text struct text allowed = {0};
    text_add_names(&allowed, names, bits);
    return err_set(e, ERR_USAGE, -EINVAL, "--%s '%s': what is allowed with %s is %s", option, is, s->name,
                   allowed.data);
}

static int check_scenario(const struct cell *cell, struct err *e)
{
    const struct scenario *s = cell->scenario;
    enum runtime_kind kind = cell_runtime_kind(cell);
    const unsigned profiles = scenario_profiles(s);
    if (!(s->modes >> cell->mode & 1))
        return refuse_mode(s, "mode", mode_names, s->modes, mode_names[cell->mode], e);
    if (!(profiles >> cell->profile & 1))
        return refuse_mode(s, "profile", profile_names, profiles, profile_names[cell->profile], e);
    if (!s->command[kind][0])
        return err_set(e, ERR_USAGE, -EINVAL, "--runtime '%s': %s has no command for %s%s", cell->runtime, s->name,
                       runtime_kind_names[kind],
                       kind == RUNTIME_PYTHON ? " (what is allowed is --runtime native)" : "");
    return 0;
}

/* Decides mode, profile, and what depends on them and on the scenario. */
static int take_scenario(struct cell *cell, struct err *e)
{
    const struct config_knobs later = cell->later;
    cell->later = (struct config_knobs){0};
    for (size_t i = 0; i < later.count; i++)
        TRY(set_knob(cell, later.item[i].name, later.item[i].value, e));
    if (!cell->runtime)
        cell->runtime = "auto";
    if (cell->mode == UNSET && cell->scenario)
        cell->mode = cell->scenario->mode;
    if (cell->profile == UNSET)
        cell->profile = cell->scenario ? scenario_profile_default(cell->scenario) : PROFILE_OVERHEAD;
    if (!cell->scenario)
        return 0;
    TRY(check_scenario(cell, e));
    return take_defaults(cell, e);
}

/* The default of a command: no build needs more tasks, and it stops a fork bomb. */
#define COMMAND_PIDS_MAX 4096

int cell_complete(struct cell *cell, struct err *e)
{
    TRY(take_scenario(cell, e));
    for (size_t i = 0; i < config_row_count; i++) {
        const struct option_row *row = &config_rows[i];
        if (config_is_number(row->kind) && config_is_of_cell(row) && *config_number(cell, row) == UNSET)
            *config_number(cell, row) = config_default(row, (enum profile)cell->profile);
    }
    cell->has_memory_max = cell->memory_max_bytes != UNSET;
    cell->has_memory_high = cell->memory_high_bytes != UNSET;
    cell->has_pids_max = cell->pids_max != UNSET;
    if (cell->pids_max == UNSET)
        cell->pids_max = cell->scenario ? CONFIG_PIDS(cell->workers) : COMMAND_PIDS_MAX;
    if (quota_parse(cell->cpu_max, &cell->quota) != 0)
        return err_set(e, ERR_USAGE, -EINVAL, "--cpu-max '%s': what is allowed is %s", cell->cpu_max, QUOTA_ALLOWED);
    TRY(check_cell(cell, e));
    TRY(check_confinement(cell, e));
    for (size_t i = 0; cell->scenario && i < cell->scenario->knobs; i++) {
        if (!cell->knob[i])
            cell->knob[i] = cell->scenario->knob[i].fallback[cell->profile];
        TRY(check_knob(cell, i, e));
    }
    return 0;
}
