#include "cell/config.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/standard.h"
#include "base/suggest.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cell/config_internal.h"

#define SYSROOT_MAX (PATH_MAX - 512) /* every path below it fits into PATH_MAX */

int config_sysroot(const struct config *c, const char **ret, struct err *e)
{
    const char *dir = c->host.sysroot;
    struct stat st;
    *ret = dir && strspn(dir, "/") != strlen(dir) ? dir : "";
    if (!**ret)
        return 0;
    bool there = stat(dir, &st) == 0;
    if (there && S_ISDIR(st.st_mode) && strlen(dir) > SYSROOT_MAX)
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "--sysroot: what is allowed are %d bytes", SYSROOT_MAX);
    if (there && S_ISDIR(st.st_mode))
        return 0;
    if (there)
        errno = ENOTDIR;
    return err_sys(e, ERR_USAGE, "--sysroot '%s'", dir);
}

#define ROW_BASE 256 /* above any letter, so that optopt distinguishes rows and letters */

/* What getopt_long(3) needs: a command's rows, and the words of argv that look like options without a row, since they
 * may be knobs of a scenario that is not known yet. val distinguishes them. */
struct known {
    struct option option[CONFIG_OPTIONS_MAX + SCENARIO_KNOBS_MAX + 1];
    size_t options, knobs;
};

/* Their names without "=VALUE". Static, because a process has one command line. */
static char knob_names[SCENARIO_KNOBS_MAX][SCENARIO_WORD_MAX];

#define KNOB_BASE (ROW_BASE + CONFIG_OPTIONS_MAX)

static bool is_known(const struct known *known, const char *name, size_t len)
{
    for (size_t i = 0; i < known->options; i++)
        if (strlen(known->option[i].name) == len && strncmp(known->option[i].name, name, len) == 0)
            return true;
    return false;
}

static void add_known_knob(struct known *known, const char *word)
{
    size_t len = strcspn(word + 2, "=");
    if (len == 0 || len >= SCENARIO_WORD_MAX || known->knobs == SCENARIO_KNOBS_MAX || is_known(known, word + 2, len))
        return;
    char *name = knob_names[known->knobs];
    text_format(name, SCENARIO_WORD_MAX, "%.*s", (int)len, word + 2);
    if (config_is_no_knob(name))
        return;
    known->option[known->options++] = (struct option){name, required_argument, NULL, KNOB_BASE + (int)known->knobs++};
}

static void fill_known(enum config_command command, int argc, char **argv, struct known *known)
{
    *known = (struct known){0};
    for (size_t i = 0; i < config_row_count; i++)
        if (config_rows[i].commands & command)
            known->option[known->options++] = (struct option){
                config_rows[i].name, config_takes_value(config_rows[i].kind) ? required_argument : no_argument, NULL,
                ROW_BASE + (int)i};
    if (!(command & (CONFIG_RUN | CONFIG_MATRIX | CONFIG_SCALE | CONFIG_BISECT)))
        return;
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strncmp(argv[i], "--", 2) == 0)
            add_known_knob(known, argv[i]);
}

static int no_value(const char *word, const char *command, struct err *e)
{
    return err_set(e, ERR_USAGE, -EINVAL,
                   "'%s' takes a value if it is an option at all ('tare %s --help' lists those that there are; with a "
                   "scenario before --help its own, too)",
                   word, command);
}

static int no_option(enum config_command command, const char *word, const char *argv0, struct err *e)
{
    char near[SUGGEST_TEXT_MAX];
    cleanup_free char *typed = text_printf("%.*s", (int)strcspn(word, "="), word);
    struct suggest s = SUGGEST(typed + strspn(typed, "-"));
    config_offer(command, &s);
    return err_set(e, ERR_USAGE, -EINVAL, "'%s' is no option of 'tare %s' ('tare %s --help' lists them)%s", word, argv0,
                   argv0, suggest_text(&s, "--", near));
}

/* getopt_long(3) reorders argv, so the word is not at the old optind: a long option is the last word it took; for short
 * ones optopt has the letter. */
static int unknown_option(enum config_command command, char **argv, bool known, struct err *e)
{
    const char letter[] = {'-', (char)optopt, '\0'};
    const char *word = optopt != 0 && optopt < ROW_BASE ? letter : argv[optind - 1];
    if (known && optopt >= KNOB_BASE)
        return no_value(word, argv[0], e);
    if (known)
        return err_set(e, ERR_USAGE, -EINVAL, "%s: it takes a value ('tare %s --help' lists the options)", word,
                       argv[0]);
    return no_option(command, word, argv[0], e);
}

/* getopt_long(3) accepts an unambiguous abbreviation. It is refused: new options and a scenario's knobs would change
 * what it means. */
static int refuse_abbreviation(enum config_command command, char **argv, const char *name, struct err *e)
{
    const char *word = argv[optind - 1];
    if (optarg && optarg == word)
        word = argv[optind - 2];
    if (!name || strncmp(word, "--", 2) != 0 || strcspn(word + 2, "=") == strlen(name))
        return 0;
    return no_option(command, word, argv[0], e);
}

/* Keeps the cell options of `tare matrix`, `bench` and `scale` as given: each of the plan's cells takes them. */
static int note_given(struct config_given *given, const char *name, const char *value, struct err *e)
{
    if (given->count == CONFIG_GIVEN_MAX)
        return err_set(e, ERR_USAGE, -E2BIG, "--%s: %d options of cells can be given", name, CONFIG_GIVEN_MAX);
    given->option[given->count++] = (struct config_option){name, value ? value : "true"};
    return 0;
}

/* Keeps an option that may be a knob. */
static int take_knob(enum config_command command, struct config *c, const char *name, const char *value,
                     const char *argv0, struct err *e)
{
    char word[SCENARIO_WORD_MAX + 2];
    text_format(word, sizeof(word), "--%s", name);
    if (strncmp(value, "--", 2) == 0)
        return no_value(word, argv0, e);
    return command & (CONFIG_MATRIX | CONFIG_SCALE | CONFIG_BISECT) ? note_given(&c->given, name, value, e)
                                                                    : cell_set_later(&c->cell, name, value, e);
}

static int take_val(enum config_command command, int val, const char *argv0, struct config *c, struct err *e)
{
    if (val >= KNOB_BASE)
        return take_knob(command, c, knob_names[val - KNOB_BASE], optarg, argv0, e);
    const struct option_row *row = &config_rows[val - ROW_BASE];
    TRY(config_take(c, row, optarg, e));
    const bool is_of_cells = config_is_of_cell(row) || row->offset == offsetof(struct config, campaign.each_runtime);
    if ((command & (CONFIG_MATRIX | CONFIG_BENCH | CONFIG_SCALE | CONFIG_BISECT)) && is_of_cells)
        TRY(note_given(&c->given, row->name, optarg, e));
    return 0;
}

static const struct {
    char letter;
    const char *option;
} LETTERS[] = {{'h', "help"}, {'o', "output"}, {'q', "quiet"}, {'v', "verbose"}};

/* The row of a letter in this command; NULL: none. */
static const struct option_row *row_of_letter(enum config_command command, int letter)
{
    for (size_t l = 0; l < ARRAY_LEN(LETTERS); l++)
        if (LETTERS[l].letter == letter)
            return config_find(command, LETTERS[l].option);
    return NULL;
}

/* Lists the command's letters for getopt_long(3); a colon follows one with a value. */
static void list_letters(enum config_command command, struct text *out)
{
    text_add(out, "%s:", command == CONFIG_EXEC ? "+" : "");
    for (size_t l = 0; l < ARRAY_LEN(LETTERS); l++) {
        const struct option_row *row = config_find(command, LETTERS[l].option);
        if (row)
            text_add(out, "%c%s", LETTERS[l].letter, config_takes_value(row->kind) ? ":" : "");
    }
}

/* Reads all options. */
static int take_options(enum config_command command, int argc, char **argv, struct config *c, struct err *e)
{
    struct known known;
    cleanup_text struct text letters = {0};
    fill_known(command, argc, argv, &known);
    list_letters(command, &letters);
    opterr = 0;
    optind = 0; /* GNU: restarts the scan */
    for (;;) {
        int at = -1, val = getopt_long(argc, argv, letters.data, known.option, &at);
        const struct option_row *of_letter = row_of_letter(command, val);
        if (of_letter)
            val = ROW_BASE + (int)(of_letter - config_rows);
        if (val == -1)
            return 0;
        if (val == '?' || val == ':')
            return unknown_option(command, argv, val == ':', e);
        if (at >= 0)
            TRY(refuse_abbreviation(command, argv, known.option[at].name, e));
        TRY(take_val(command, val, argv[0], c, e));
    }
}

/* The first option that only a knob could take; NULL: none. */
static const char *first_knob(enum config_command command, const struct config *c)
{
    for (size_t i = 0; i < c->given.count; i++)
        if (!config_has_option(command, c->given.option[i].name))
            return c->given.option[i].name;
    return c->cell.later.count ? c->cell.later.item[0].name : NULL;
}

/* Nothing given: the table's defaults. cell_complete() takes a cell's. */
static void config_unset(struct config *c)
{
    memset(c, 0, sizeof(*c));
    c->cell = cell_unset();
    c->invocations.seed = c->campaign.seed = c->campaign.task = -1;
    for (const struct option_row *row = config_rows; row < config_rows + config_row_count; row++)
        if (config_is_number(row->kind) && !config_is_of_cell(row) && row->if_overhead != UNSET)
            *config_number(c, row) = row->if_overhead;
}

int config_parse(enum config_command command, int argc, char **argv, struct config *ret, struct err *e)
{
    struct config *c = ret;
    config_unset(c);
    c->is_bare = argc == 1;
    bool has_scenario = command & (CONFIG_RUN | CONFIG_MATRIX | CONFIG_BENCH | CONFIG_SCALE | CONFIG_BISECT);
    TRY(take_options(command, argc, argv, c, e));
    if (command == CONFIG_EXEC)
        c->invocations.argv = optind < argc ? argv + optind : NULL;
    else if (optind < argc)
        c->positional = argv[optind++];
    if ((command & (CONFIG_COMPARE | CONFIG_PUSH)) && optind < argc)
        c->second = argv[optind++];
    if ((command & (CONFIG_REPORT | CONFIG_POOL | CONFIG_BISECT)) && c->positional) {
        c->names = argv + optind - 1;
        optind = argc;
    }
    if (command != CONFIG_EXEC && optind < argc)
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': 'tare %s' takes %s, and '%s' is it", argv[optind], argv[0],
                       c->second ? "two names" : "one name", c->second ? c->second : c->positional);
    if (!has_scenario && !c->help)
        return cell_complete(&c->cell, e);
    if (!c->positional && !c->help && first_knob(command, c)) {
        char word[SCENARIO_WORD_MAX + 2];
        text_format(word, sizeof(word), "--%s", first_knob(command, c));
        return no_option(command, word, argv[0], e);
    }
    return 0;
}

int config_begin(enum config_command command, int argc, char **argv, struct config *ret, struct err *e)
{
    TRY(config_parse(command, argc, argv, ret, e));
    bool is_own = command == CONFIG_EXEC || (ret->output.json && strcmp(ret->output.json, "-") == 0);
    terminal_begin((enum terminal_color)ret->shown.color, ret->shown.quiet, ret->shown.verbose);
    return ret->shown.quiet && !is_own ? standard_silence(e) : 0;
}
