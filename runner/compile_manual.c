/* compile_manual: writes the commands' man pages and the completion of three shells, from the tables that `tare COMMAND
 * --help` prints. `make man` builds and runs it; it is not part of tare. Usage: compile-manual DIR VERSION DATE. DIR
 * gets tare.1, tare-COMMAND.1, tare.bash, _tare (zsh) and tare.fish. Man pages: man-pages(7), groff_man(7). */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cell/manual.h"
#include "cell/scenario.h"

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
    bool first = true;
    for (const char *c = words; *c; first = *c++ == '\n') {
        if (first && (*c == '.' || *c == '\''))
            text_add(out, "\\&");
        if (*c == '\\')
            text_add(out, "\\e");
        else if (*c == '-')
            text_add(out, "\\-");
        else if (*c == '\'')
            text_add(out, "\\(aq");
        else if (*c == '~')
            text_add(out, "\\(ti");
        else
            text_add(out, "%c", *c);
    }
}

static void add_paragraphs(const char *words, struct text *out)
{
    for (bool first = true; *words; first = false) {
        size_t len = strcspn(words, "\n");
        cleanup_free char *paragraph = text_printf("%.*s", (int)len, words);
        if (len) {
            text_add(out, "%s", first ? "" : ".PP\n");
            add_roff(paragraph, out);
            text_add(out, "\n");
        }
        words += len + (words[len] == '\n');
    }
}

static void begin_page(const struct destination *o, const char *name, const char *summary, struct text *out)
{
    text_add(out,
             ".\\\" Written by compile-manual, of the tables of options.\n.TH %s 1 %s \"tare %s\" \"tare\"\n.SH NAME\n",
             name, o->date, o->version);
    add_roff(name, out);
    text_add(out, " \\- ");
    add_roff(summary, out);
    text_add(out, "\n");
}

static void add_usage(const struct manual *m, struct text *out)
{
    text_add(out, ".SH SYNOPSIS\n.nf\n");
    for (const char *line = m->usage; *line; line += strcspn(line, "\n") + 1) {
        cleanup_free char *one = text_printf("%.*s", (int)strcspn(line, "\n"), line);
        text_add(out, ".B ");
        add_roff(one, out);
        text_add(out, "\n");
    }
    text_add(out, ".fi\n");
}

static void add_options(const struct manual *m, struct text *out)
{
    const char *name, *value;
    text_add(out, ".SH OPTIONS\n");
    for (size_t n = 0;; n++) {
        cleanup_text struct text does = {0};
        if (!manual_option(m->command, n, &name, &value, &does))
            return;
        text_add(out, ".TP\n\\fB\\-\\-");
        add_roff(name, out);
        text_add(out, "\\fR");
        if (*value) {
            text_add(out, " \\fI");
            add_roff(value, out);
            text_add(out, "\\fR");
        }
        text_add(out, "\n");
        add_roff(does.data, out);
        text_add(out, "\n");
    }
}

/* Adds lines of the form "COMMAND  # WHAT". */
static void add_pairs(const char *lines, struct text *out)
{
    for (const char *line = lines; *line; line += strcspn(line, "\n") + 1) {
        size_t len = strcspn(line, "#"), end = strcspn(line, "\n");
        cleanup_free char *what = text_printf("%.*s", (int)(end - len - 2), line + len + 2);
        cleanup_free char *command = text_printf("%.*s", (int)(len - 2), line);
        text_add(out, ".TP\n.B ");
        add_roff(command, out);
        text_add(out, "\n");
        add_roff(what, out);
        text_add(out, "\n");
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

static void add_ends(const char *also, struct text *out)
{
    text_add(out, ".SH EXIT STATUS\n");
    add_roff(MANUAL_EXIT_CODES, out);
    text_add(out, "\n.SH SEE ALSO\n%s\n", also);
}

static void write_command(const struct destination *o, const struct manual *m)
{
    cleanup_text struct text out = {0};
    cleanup_free char *name = text_printf("tare-%s", m->name), *file = text_printf("tare-%s.1", m->name);
    begin_page(o, name, m->summary, &out);
    add_usage(m, &out);
    text_add(&out, ".SH DESCRIPTION\n");
    add_paragraphs(m->text, &out);
    add_options(m, &out);
    add_examples(m, &out);
    add_ends(".BR tare (1),\n.BR tare\\-record (5),\n.BR tare\\-plan (5),\n.BR tare\\-scenario (5)", &out);
    write_file(o, file, &out);
}

static void write_overview(const struct destination *o)
{
    cleanup_text struct text out = {0};
    begin_page(o, "tare", "weighs what threads, processes and interpreters cost", &out);
    text_add(&out, ".SH SYNOPSIS\n.B tare\n.I COMMAND\n.RI [ OPTION ].\\|.\\|.\n.br\n.B tare help\n.I COMMAND\n"
                   ".SH DESCRIPTION\n");
    add_paragraphs(
        "Each mode of a benchmark is run in a cgroup v2 slice of its own, with a fixed set of CPUs and its memory "
        "accounted by the kernel. Each invocation leaves a record, from which every figure that is printed "
        "can be derived again.\n",
        &out);
    text_add(&out, ".SH COMMANDS\n");
    for (size_t i = 0; i < manual_count; i++) {
        text_add(&out, ".TP\n.BR tare\\-");
        add_roff(manuals[i].name, &out);
        text_add(&out, " (1)\n");
        add_roff(manuals[i].summary, &out);
        text_add(&out, "\n");
    }
    add_ends(".BR tare\\-record (5),\n.BR tare\\-plan (5),\n.BR tare\\-scenario (5)", &out);
    write_file(o, "tare.1", &out);
}

/* --- completion -------------------------------------------------------------------------------------------------- */

/* Whether an option's value is completed with files. */
static bool is_file(const char *value)
{
    static const char *const FILES[] = {"FILE", "DIR", "PATH", "FOLDER", "MAIN.TEX", NULL};
    return text_is_among(value, FILES);
}

static void write_bash(const struct destination *o)
{
    cleanup_text struct text out = {0};
    const char *name, *value;
    text_add(&out,
             "# bash completion of tare, written by compile-manual\n_tare() {\n    local cur=${COMP_WORDS[COMP_CWORD]} "
             "prev=${COMP_WORDS[COMP_CWORD-1]} options= choices=\n    COMPREPLY=()\n    if ((COMP_CWORD == 1)); "
             "then\n        mapfile -t COMPREPLY < <(compgen -W \"help");
    for (size_t i = 0; i < manual_count; i++)
        text_add(&out, " %s", manuals[i].name);
    text_add(&out, "\" -- \"$cur\")\n        return\n    fi\n    case ${COMP_WORDS[1]} in\n");
    for (size_t i = 0; i < manual_count; i++) {
        text_add(&out, "        %s)\n            options=\"", manuals[i].name);
        for (size_t n = 0;; n++) {
            cleanup_text struct text does = {0};
            if (!manual_option(manuals[i].command, n, &name, &value, &does))
                break;
            text_add(&out, "%s--%s", n ? " " : "", name);
        }
        text_add(&out, "\"\n            case $prev in\n");
        for (size_t n = 0;; n++) {
            cleanup_text struct text does = {0};
            const char *const *choices = manual_choices(manuals[i].command, n);
            if (!manual_option(manuals[i].command, n, &name, &value, &does))
                break;
            if (!choices)
                continue;
            text_add(&out, "                --%s) choices=\"", name);
            for (size_t c = 0; choices[c]; c++)
                text_add(&out, "%s%s", c ? " " : "", choices[c]);
            text_add(&out, "\" ;;\n");
        }
        text_add(&out, "            esac ;;\n");
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
    write_file(o, "tare.bash", &out);
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

static void write_zsh(const struct destination *o)
{
    cleanup_text struct text out = {0};
    const char *name, *value;
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
        for (size_t n = 0;; n++) {
            cleanup_text struct text does = {0};
            const char *const *choices = manual_choices(manuals[i].command, n);
            if (!manual_option(manuals[i].command, n, &name, &value, &does))
                break;
            text_add(&out, "            '*--%s[", name);
            does.data[strcspn(does.data, ":;(")] = '\0';
            add_quoted(does.data, true, &out);
            text_add(&out, "]");
            if (choices) {
                text_add(&out, ":%s:(", value);
                for (size_t c = 0; choices[c]; c++)
                    text_add(&out, "%s%s", c ? " " : "", choices[c]);
                text_add(&out, ")");
            } else if (*value) {
                text_add(&out, ":");
                add_quoted(value, true, &out);
                text_add(&out, is_file(value) ? ":_files" : ":");
            }
            text_add(&out, "' \\\n");
        }
        text_add(&out, "            '*:file:_files' ;;\n");
    }
    text_add(&out, "esac\n");
    write_file(o, "_tare", &out);
}

static void write_fish(const struct destination *o)
{
    cleanup_text struct text out = {0};
    const char *name, *value;
    text_add(&out,
             "# fish completion of tare, written by compile-manual\ncomplete -c tare -n __fish_use_subcommand -f\n"
             "complete -c tare -n __fish_use_subcommand -a help -d 'the options of a command'\n");
    for (size_t i = 0; i < manual_count; i++) {
        const struct manual *m = &manuals[i];
        text_add(&out, "complete -c tare -n __fish_use_subcommand -a %s -d '", m->name);
        add_quoted(m->summary, false, &out);
        text_add(&out, "'\n");
        for (size_t n = 0;; n++) {
            cleanup_text struct text does = {0};
            const char *const *choices = manual_choices(m->command, n);
            if (!manual_option(m->command, n, &name, &value, &does))
                break;
            text_add(&out, "complete -c tare -n '__fish_seen_subcommand_from %s' -l %s -d '", m->name, name);
            does.data[strcspn(does.data, ":;(")] = '\0';
            add_quoted(does.data, false, &out);
            text_add(&out, "'");
            if (choices) {
                text_add(&out, " -x -a '");
                for (size_t c = 0; choices[c]; c++)
                    text_add(&out, "%s%s", c ? " " : "", choices[c]);
                text_add(&out, "'");
            } else if (*value) {
                text_add(&out, is_file(value) ? " -r -F" : " -x");
            }
            text_add(&out, "\n");
        }
    }
    write_file(o, "tare.fish", &out);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        (void)fputs("compile-manual DIR VERSION DATE\n", stderr);
        return 2;
    }
    const struct destination o = {argv[1], argv[2], argv[3]};
    write_overview(&o);
    for (size_t i = 0; i < manual_count; i++)
        write_command(&o, &manuals[i]);
    write_bash(&o);
    write_zsh(&o);
    write_fish(&o);
    return 0;
}
