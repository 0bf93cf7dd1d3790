/* Numbers in a LaTeX text that no macro of numbers.tex gave. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "archive/files.h"
#include "archive/findings.h"
#include "base/err.h"
#include "base/source.h"
#include "base/text.h"
#include "bundle/verify_derived.h"

#define PAPER_MAX (16U << 20)
#define GIVEN     "tare: given" /* in a comment: this line's numbers are the author's own */

/* What of a text is looked at. */
struct reading {
    const char *path, *p;
    size_t line;
    struct findings *findings;
    bool given; /* the line has the comment */
};

/* Commands whose arguments are names and lengths, not what is read. */
static bool is_structural(const char *name, size_t len)
{
    static const char NAMES[] =
        " documentclass usepackage input include includegraphics label ref eqref pageref autoref cref Cref cite citep "
        "citet bibliography bibliographystyle url href begin end vspace hspace setlength addtolength setcounter "
        "hypersetup pgfplotsset newcommand renewcommand providecommand addplot rule resizebox fontsize cmidrule "
        "multicolumn date geometry definecolor bibitem addbibresource ";
    char word[40];
    (void)snprintf(word, sizeof(word), " %.*s ", (int)(len < 36 ? len : 36), name);
    return strstr(NAMES, word) != NULL;
}

static void look_for_given(struct reading *r)
{
    const char *end = r->p + strcspn(r->p, "\n"), *at = strstr(r->p, GIVEN);
    r->given = at && at < end;
}

static void step(struct reading *r)
{
    if (*r->p++ == '\n') {
        r->line++;
        look_for_given(r);
    }
}

/* A comment runs to the line's end. */
static void skip_comment(struct reading *r)
{
    while (*r->p && *r->p != '\n')
        step(r);
}

/* "[...]" and "{...}", nested, after a command; blanks between them. */
static void skip_arguments(struct reading *r)
{
    for (;;) {
        size_t depth = 0;
        const char *next = r->p + strspn(r->p, " \t*");
        if (*next != '[' && *next != '{')
            return;
        do {
            if (*r->p == '\\' && r->p[1])
                step(r);
            else if (*r->p == '[' || *r->p == '{')
                depth++;
            else if (*r->p == ']' || *r->p == '}')
                depth--;
            if (*r->p)
                step(r);
        } while (*r->p && (depth > 0 || r->p <= next));
    }
}

static void skip_command(struct reading *r)
{
    const char *name = ++r->p;
    size_t len = 0;
    while (isalpha((unsigned char)name[len]))
        len++;
    if (len == 0) { /* \% and the like */
        if (*r->p)
            step(r);
        return;
    }
    r->p += len;
    if (is_structural(name, len))
        skip_arguments(r);
}

/* Digits with points, commas and exponents between them: "1,000", "2.31". A single digit is a word ("8 workers"). */
static size_t number_length(const char *p, size_t *digits)
{
    size_t len = 0;
    *digits = 0;
    while (isdigit((unsigned char)p[len]) || ((p[len] == '.' || p[len] == ',') && isdigit((unsigned char)p[len + 1]))) {
        *digits += isdigit((unsigned char)p[len]) != 0;
        len++;
    }
    return len;
}

static void take_number(struct reading *r, char before)
{
    size_t digits, len = number_length(r->p, &digits);
    if (digits > 1 && !r->given && !isalpha((unsigned char)before) && before != '#')
        findings_add(r->findings, FINDING_DERIVATION, r->path,
                     "line %zu: '%.*s' is typed by hand: no macro of numbers.tex gave it (%% " GIVEN
                     " at the line's end says that it is no measured one)",
                     r->line, (int)(len < 40 ? len : 40), r->p);
    r->p += len;
}

static void scan(struct reading *r)
{
    char before = '\n';
    look_for_given(r);
    while (*r->p) {
        const char *at = r->p;
        if (*r->p == '%' && before != '\\')
            skip_comment(r);
        else if (*r->p == '\\')
            skip_command(r);
        else if (isdigit((unsigned char)*r->p))
            take_number(r, before);
        else
            step(r);
        if (r->p > at)
            before = r->p[-1];
    }
}

int verify_paper(const char *path, int data_fd, struct findings *f, struct err *e)
{
    cleanup_text struct text t = {0}, numbers = {0};
    int failed = files_read(AT_FDCWD, path, PAPER_MAX, &t);
    if (failed != 0)
        return err_set(e, ERR_USAGE, failed, "--paper '%s': %s", path,
                       failed == -EFBIG ? "it is larger than 16 MiB" : source_fault(failed));
    if (files_read(data_fd, "paper/numbers.tex", PAPER_MAX, &numbers) != 0) {
        findings_add(f, FINDING_DERIVATION, "paper/numbers.tex", "it is not there: no number of '%s' can come from it",
                     path);
        return 0;
    }
    const char *body = strstr(t.data, "\\begin{document}");
    struct reading r = {.path = path, .p = body ? body : t.data, .line = 1, .findings = f};
    for (const char *p = t.data; p < r.p; p++)
        r.line += *p == '\n';
    if (strlen(t.data) != t.len)
        findings_add(f, FINDING_DERIVATION, path, "it has a NUL byte: what is behind it is not looked at");
    if (!strstr(t.data, "numbers"))
        findings_add(f, FINDING_DERIVATION, path, "it does not read numbers.tex (\\input{numbers})");
    scan(&r);
    return 0;
}
