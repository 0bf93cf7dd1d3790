/* compile_manual: writes the commands' man pages and the completion of three shells, from the tables that `tare COMMAND
 * --help` prints, and the page on tare's JSON, from its schemas. `make man` builds and runs it; it is not part of tare.
 *
 *     compile-manual DIR VERSION DATE SCHEMA...
 *
 * DIR gets tare.1, tare-COMMAND.1, tare-json.5, tare.bash, _tare (zsh) and tare.fish. SCHEMA: a JSON Schema, draft 7,
 * with the words that the files in runner/ use. Man pages: man-pages(7), groff_man(7). */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_put.h"
#include "base/text.h"
#include "cell/manual.h"
#include "cell/scenario.h"
#include "record/verdict.h"

struct destination {
    const char *dir, *version, *date;
};

static void write_file(const struct destination *o, const char *name, const struct text *t)
{
    cleanup_free char *path = text_printf("%s/%s", o->dir, name);
    FILE *f = fopen(path, "w");
    if (!f || fwrite(t->data, 1, t->len, f) != t->len || fclose(f) != 0) {
        (void)fprintf(stderr, "compile-manual: '%s': %s\n", path, strerror(errno));
        exit(5);
    }
}

/* Adds text for roff: escapes backslashes, real hyphens, and a dot or quote that would begin a request. */
static void add_roff(const char *words, struct text *out)
{
    static const char SPECIAL[] = "\\-'~", *const ESCAPED[] = {"\\e", "\\-", "\\(aq", "\\(ti"};
    bool first = true;
    for (const char *c = words; *c; first = *c++ == '\n') {
        const char *special = strchr(SPECIAL, *c);
        if (first && (*c == '.' || *c == '\''))
            text_add(out, "\\&");
        if (special)
            text_add(out, "%s", ESCAPED[special - SPECIAL]);
        else
            text_add(out, "%c", *c);
    }
}

static void add_line(const char *words, struct text *out)
{
    add_roff(words, out);
    text_add(out, "\n");
}

static void add_paragraphs(const char *words, struct text *out)
{
    cleanup_free char *copy = xstrdup(words);
    char *rest = copy;
    for (char *line; (line = text_line(&rest));) {
        text_add(out, "%s", line == copy ? "" : ".PP\n");
        add_line(line, out);
    }
}

static void begin_page(const struct destination *o, const char *name, int section, const char *summary,
                       struct text *out)
{
    text_add(out, ".\\\" Written by compile-manual.\n.TH %s %d %s \"tare %s\" \"tare\"\n.SH NAME\n", name, section,
             o->date, o->version);
    add_roff(name, out);
    text_add(out, " \\- ");
    add_line(summary, out);
}

static void add_usage(const struct manual *m, struct text *out)
{
    cleanup_free char *copy = xstrdup(m->usage);
    char *rest = copy;
    text_add(out, ".SH SYNOPSIS\n.nf\n");
    for (char *line; (line = text_line(&rest));) {
        text_add(out, ".B ");
        add_line(line, out);
    }
    text_add(out, ".fi\n");
}

static void add_options(const struct manual *m, struct text *out)
{
    struct manual_option o = {0};
    text_add(out, ".SH OPTIONS\n");
    for (size_t n = 0; manual_option(m->command, n, &o); n++) {
        text_add(out, ".TP\n\\fB\\-\\-");
        add_roff(o.name, out);
        text_add(out, *o.value ? "\\fR \\fI" : "");
        add_roff(o.value, out);
        text_add(out, "\\fR\n");
        add_line(o.does.data, out);
    }
}

/* Adds lines of the form "COMMAND  # WHAT". */
static void add_pairs(const char *lines, struct text *out)
{
    cleanup_free char *copy = xstrdup(lines);
    char *rest = copy;
    for (char *line; (line = text_line(&rest));) {
        char *what = strchr(line, '#');
        what[-2] = '\0';
        text_add(out, ".TP\n.B ");
        add_line(line, out);
        add_line(what + 2, out);
    }
}

static void add_examples(const struct manual *m, struct text *out)
{
    text_add(out, ".SH EXAMPLES\n");
    add_pairs(m->examples, out);
    if (m->command != CONFIG_EXEC)
        return;
    text_add(out, ".SH BESIDE HYPERFINE\nWhat answers each option of\n.BR hyperfine (1):\n");
    add_pairs(manual_hyperfine, out);
}

#define FORMATS                                                                                                        \
    ".BR tare\\-record (5),\n.BR tare\\-plan (5),\n.BR tare\\-scenario (5),\n.BR tare\\-claims (5),\n.BR tare\\-json " \
    "(5)"

static void add_ends(const char *also, struct text *out)
{
    text_add(out, ".SH EXIT STATUS\n");
    add_line(MANUAL_EXIT_CODES, out);
    text_add(out, ".SH SEE ALSO\n%s\n", also);
}

static void write_command(const struct destination *o, const struct manual *m)
{
    cleanup_text struct text out = {0};
    cleanup_free char *name = text_printf("tare-%s", m->name), *file = text_printf("tare-%s.1", m->name);
    begin_page(o, name, 1, m->summary, &out);
    add_usage(m, &out);
    text_add(&out, ".SH DESCRIPTION\n");
    add_paragraphs(m->text, &out);
    add_options(m, &out);
    add_examples(m, &out);
    add_ends(".BR tare (1),\n" FORMATS, &out);
    write_file(o, file, &out);
}

static void write_overview(const struct destination *o)
{
    cleanup_text struct text out = {0};
    begin_page(o, "tare", 1, "weighs what threads, processes and interpreters cost", &out);
    text_add(&out, ".SH SYNOPSIS\n.B tare\n.I COMMAND\n.RI [ OPTION ].\\|.\\|.\n.br\n.B tare help\n.I COMMAND\n"
                   ".SH DESCRIPTION\n");
    add_paragraphs(
        "Each mode of a benchmark is run in a cgroup v2 slice of its own, with a fixed set of CPUs and its memory "
        "accounted by the kernel. Each invocation leaves a record, from which every figure that is printed "
        "can be derived again.\n\n"
        "A lone - as an option's value is standard output where the option says so, as FILE|-. Elsewhere it is "
        "refused: a file or folder of that name is ./-.\n",
        &out);
    text_add(&out, ".SH COMMANDS\n");
    for (size_t i = 0; i < manual_count; i++) {
        text_add(&out, ".TP\n.BR tare\\-");
        add_roff(manuals[i].name, &out);
        text_add(&out, " (1)\n");
        add_line(manuals[i].summary, &out);
    }
    text_add(&out, ".SH ISOLATION\nA run ends with the grade of its isolation, and with what is missing and why:\n");
    for (int g = GRADE_FULL; g >= GRADE_NONE; g--) {
        text_add(&out, ".TP\n.B %s\n", verdict_grades[g].name);
        add_line(verdict_grades[g].meaning, &out);
    }
    add_ends(FORMATS, &out);
    write_file(o, "tare.1", &out);
}

/* --- what is printed as JSON -------------------------------------------------------------------------------------- */

static const json_t *resolved(const json_t *schema, const json_t *node)
{
    const char *named = json_string_value(json_object_get(node, "$ref"));
    const json_t *all = json_object_get(schema, "definitions");
    const json_t *definition = named ? json_object_get(all, strrchr(named, '/') + 1) : NULL;
    return definition ? definition : node;
}

static void add_type(const json_t *schema, const json_t *node, struct text *out);

/* "string or null", "\"good\", \"broken\" or null" */
static void add_alternatives(const json_t *schema, const json_t *list, struct text *out)
{
    size_t i;
    const json_t *one;
    json_array_foreach(list, i, one)
    {
        text_add(out, "%s", i == 0 ? "" : i + 1 == json_array_size(list) ? " or " : ", ");
        add_type(schema, one, out);
    }
}

/* In a word or a few. A definition with members has a heading of its own, and is named by it. */
static void add_type(const json_t *schema, const json_t *node, struct text *out)
{
    const json_t *is = resolved(schema, node), *constant = json_object_get(is, "const");
    const json_t *items = json_object_get(is, "items"), *type = json_object_get(is, "type");
    if (is != node && json_object_get(is, "properties")) {
        text_add(out, "%s", strrchr(json_string_value(json_object_get(node, "$ref")), '/') + 1);
    } else if (json_is_string(node)) {
        text_add(out, "%s", json_string_value(node));
    } else if (json_is_null(node)) {
        text_add(out, "null");
    } else if (constant) {
        text_add(out, "%s", json_string_value(constant));
    } else if (json_object_get(is, "enum")) {
        add_alternatives(schema, json_object_get(is, "enum"), out);
    } else if (json_object_get(is, "anyOf")) {
        add_alternatives(schema, json_object_get(is, "anyOf"), out);
    } else if (items && !json_object_get(items, "properties")) {
        text_add(out, "array, each ");
        add_type(schema, items, out);
    } else if (json_is_array(type)) {
        add_alternatives(schema, type, out);
    } else if (type) {
        text_add(out, "%s", json_string_value(type));
    }
}

/* What has members in this one; suffix: of its name before theirs. NULL: nothing has. */
static const json_t *inner_of(const json_t *node, const char **suffix)
{
    const json_t *items = json_object_get(node, "items"), *one;
    size_t i;
    *suffix = ".";
    if (json_object_get(node, "properties"))
        return node;
    json_array_foreach(json_object_get(node, "anyOf"), i, one)
    {
        if (json_object_get(one, "properties"))
            return one;
    }
    *suffix = "[].";
    return json_object_get(items, "properties") ? items : NULL;
}

/* Whether it is the reason of the member beside it, which the page's head explains. */
static bool is_reason(const json_t *members, const char *key)
{
    cleanup_free char *of = text_printf("%.*s", (int)strlen(key) - (int)strlen("_reason"), key);
    return text_ends_with(key, "_reason") && json_object_get(members, of) != NULL;
}

static bool is_required(const json_t *node, const char *key)
{
    size_t i;
    const json_t *one;
    json_array_foreach(json_object_get(node, "required"), i, one)
    {
        if (strcmp(json_string_value(one), key) == 0)
            return true;
    }
    return false;
}

static void add_members(const json_t *schema, const json_t *node, const char *before, struct text *out)
{
    const json_t *members = json_object_get(node, "properties"), *one;
    const char *key, *suffix;
    json_object_foreach((json_t *)members, key, one)
    {
        const char *about = json_string_value(json_object_get(one, "description"));
        cleanup_text struct text line = {0};
        if (is_reason(members, key))
            continue;
        text_add(out, ".TP\n.B ");
        cleanup_free char *name = text_printf("%s%s", before, key);
        add_roff(name, out);
        add_type(schema, one, &line);
        text_add(&line, "%s%s%s", is_required(node, key) ? "" : ", where there is one", about ? ": " : "",
                 about ? about : "");
        text_add(out, "\n");
        add_line(line.data, out);
        const json_t *inner = inner_of(one, &suffix);
        cleanup_free char *path = text_printf("%s%s", name, suffix);
        if (inner)
            add_members(schema, inner, path, out);
    }
}

static void add_schema(const char *path, struct text *out)
{
    json_error_t why;
    const char *key;
    const json_t *one;
    cleanup_json json_t *schema = json_load_file(path, 0, &why);
    if (!schema) {
        (void)fprintf(stderr, "compile-manual: '%s': line %d: %s\n", path, why.line, why.text);
        exit(5);
    }
    text_add(out, ".SH %s\n", json_string_value(json_object_get(schema, "title")));
    add_line(json_string_value(json_object_get(schema, "description")), out);
    add_members(schema, schema, "", out);
    json_object_foreach(json_object_get(schema, "definitions"), key, one)
    {
        if (!json_object_get(one, "properties"))
            continue;
        text_add(out, ".SS %s\n", key);
        add_members(schema, one, "", out);
    }
}

static void write_formats(const struct destination *o, char *const *schemas)
{
    cleanup_text struct text out = {0};
    begin_page(o, "tare-json", 5, "what tare prints and writes as JSON", &out);
    text_add(&out, ".SH DESCRIPTION\n");
    add_paragraphs(
        "Each document names its schema in its member schema. The schemas are JSON Schemas (draft 7), the files "
        "tare-NAME.schema.json in share/tare/schemas below the prefix; this page is made of them.\n\n"
        "A member stands under what holds it: rows[].figure is the member figure of each element of rows. One "
        "that is null and could be a number has its reason beside it, in KEY_reason.\n\n"
        "A record has a page of its own, tare-record(5), as have the files that are read: tare-plan(5), "
        "tare-scenario(5), tare-claims(5).\n",
        &out);
    for (size_t i = 0; schemas[i]; i++)
        add_schema(schemas[i], &out);
    text_add(&out, ".SH SEE ALSO\n.BR tare (1),\n" FORMATS "\n");
    write_file(o, "tare-json.5", &out);
}

/* --- completion -------------------------------------------------------------------------------------------------- */

static void add_choices(const struct manual_option *o, struct text *out)
{
    for (size_t i = 0; o->choices[i]; i++)
        text_add(out, "%s%s", i ? " " : "", o->choices[i]);
}

static void write_bash(const struct destination *to)
{
    cleanup_text struct text out = {0};
    struct manual_option o = {0};
    text_add(&out,
             "# bash completion of tare, written by compile-manual\n_tare() {\n    local cur=${COMP_WORDS[COMP_CWORD]} "
             "prev=${COMP_WORDS[COMP_CWORD-1]} options= choices=\n    COMPREPLY=()\n    if ((COMP_CWORD == 1)); "
             "then\n        mapfile -t COMPREPLY < <(compgen -W \"help");
    for (size_t i = 0; i < manual_count; i++)
        text_add(&out, " %s", manuals[i].name);
    text_add(&out, "\" -- \"$cur\")\n        return\n    fi\n    case ${COMP_WORDS[1]} in\n");
    for (size_t i = 0; i < manual_count; i++) {
        cleanup_text struct text options = {0}, cases = {0};
        for (size_t n = 0; manual_option(manuals[i].command, n, &o); n++) {
            text_add(&options, "%s--%s", n ? " " : "", o.name);
            if (!o.choices)
                continue;
            text_add(&cases, "                --%s) choices=\"", o.name);
            add_choices(&o, &cases);
            text_add(&cases, "\" ;;\n");
        }
        text_add(&out, "        %s)\n            options=\"%s\"\n            case $prev in\n%s            esac ;;\n",
                 manuals[i].name, options.data, cases.data ? cases.data : "");
    }
    text_add(
        &out,
        "    esac\n    if [[ -n $choices ]]; then\n        mapfile -t COMPREPLY < <(compgen -W \"$choices\" -- "
        "\"$cur\")\n"
        "    elif [[ $cur == -* ]]; then\n        mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\")\n    "
        "elif [[ ${COMP_WORDS[1]} == run && $COMP_CWORD == 2 ]]; then\n        mapfile -t COMPREPLY < <(compgen -W "
        "\"$(tare run 2>/dev/null | sed -n 's/^\\([a-z0-9][a-z0-9-]*\\) .*/\\1/p')\" -- \"$cur\")\n    elif [[ "
        "${COMP_WORDS[1]} "
        "== matrix && $COMP_CWORD == 2 ]]; then\n        mapfile -t COMPREPLY < <(compgen -f -W \"$(tare matrix "
        "2>/dev/null | sed -n 's/^\\([a-z0-9][a-z0-9-]*\\) .*/\\1/p')\" -- \"$cur\")\n    else\n        compopt -o "
        "default\n "
        "   "
        "fi\n}\ncomplete -F _tare tare\n");
    write_file(to, "tare.bash", &out);
}

/* Adds words for single quotes of a shell; for zsh it also escapes what _arguments would interpret. */
static void add_quoted(const char *words, bool zsh, struct text *out)
{
    for (const char *c = words; *c; c++) {
        if (*c == '\'')
            text_add(out, zsh ? "'\\''" : "\\'");
        else if (zsh && strchr("[]:\\", *c))
            text_add(out, "\\%c", *c);
        else if (!zsh && *c == '\\')
            text_add(out, "\\\\");
        else
            text_add(out, "%c", *c);
    }
}

static void write_zsh(const struct destination *to)
{
    cleanup_text struct text out = {0};
    struct manual_option o = {0};
    text_add(&out,
             "#compdef tare\n# zsh completion of tare, written by compile-manual\nlocal -a commands\ncommands=(\n");
    for (size_t i = 0; i < manual_count; i++) {
        text_add(&out, "    '%s:", manuals[i].name);
        add_quoted(manuals[i].summary, true, &out);
        text_add(&out, "'\n");
    }
    text_add(&out,
             "    'help:the options of a command'\n)\nif (( CURRENT == 2 )); then\n    _describe command commands\n    "
             "return\nfi\nlocal command=$words[2]\nshift words\n(( CURRENT-- ))\ncase $command in\n");
    for (size_t i = 0; i < manual_count; i++) {
        text_add(&out, "    %s)\n        _arguments \\\n", manuals[i].name);
        for (size_t n = 0; manual_option(manuals[i].command, n, &o); n++) {
            text_add(&out, "            '*--%s[", o.name);
            o.does.data[strcspn(o.does.data, ":;(")] = '\0';
            add_quoted(o.does.data, true, &out);
            text_add(&out, "]");
            if (o.choices) {
                text_add(&out, ":%s:(", o.value);
                add_choices(&o, &out);
                text_add(&out, ")");
            } else if (*o.value) {
                text_add(&out, ":");
                add_quoted(o.value, true, &out);
                text_add(&out, o.is_place ? ":_files" : ":");
            }
            text_add(&out, "' \\\n");
        }
        text_add(&out, "            '*:file:_files' ;;\n");
    }
    text_add(&out, "esac\n");
    write_file(to, "_tare", &out);
}

static void write_fish(const struct destination *to)
{
    cleanup_text struct text out = {0};
    struct manual_option o = {0};
    text_add(&out,
             "# fish completion of tare, written by compile-manual\ncomplete -c tare -n __fish_use_subcommand -f\n"
             "complete -c tare -n __fish_use_subcommand -a help -d 'the options of a command'\n");
    for (size_t i = 0; i < manual_count; i++) {
        const struct manual *m = &manuals[i];
        text_add(&out, "complete -c tare -n __fish_use_subcommand -a %s -d '", m->name);
        add_quoted(m->summary, false, &out);
        text_add(&out, "'\n");
        for (size_t n = 0; manual_option(m->command, n, &o); n++) {
            text_add(&out, "complete -c tare -n '__fish_seen_subcommand_from %s' -l %s -d '", m->name, o.name);
            o.does.data[strcspn(o.does.data, ":;(")] = '\0';
            add_quoted(o.does.data, false, &out);
            text_add(&out, "'");
            if (o.choices) {
                text_add(&out, " -x -a '");
                add_choices(&o, &out);
                text_add(&out, "'");
            } else if (*o.value) {
                text_add(&out, o.is_place ? " -r -F" : " -x");
            }
            text_add(&out, "\n");
        }
    }
    write_file(to, "tare.fish", &out);
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        (void)fputs("compile-manual DIR VERSION DATE SCHEMA...\n", stderr);
        return 2;
    }
    const struct destination o = {argv[1], argv[2], argv[3]};
    write_overview(&o);
    for (size_t i = 0; i < manual_count; i++)
        write_command(&o, &manuals[i]);
    write_formats(&o, argv + 4);
    write_bash(&o);
    write_zsh(&o);
    write_fish(&o);
    return 0;
}
