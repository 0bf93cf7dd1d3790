#include "analysis/noise.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/figure.h"
#include "base/file.h"
#include "base/json_put.h"
#include "base/source.h"
#include "record/record.h"

#define NOISE_BYTES ((size_t)16 << 20) /* a row takes some 200 */

void noise_free(struct noise *n)
{
    for (size_t i = 0; i < n->rows; i++) {
        free(n->row[i].cell);
        free(n->row[i].figure);
    }
    free(n->row);
    free(n->kernel);
    free(n->cpu);
    free(n->node);
    *n = (struct noise){0};
}

/* --- measured -------------------------------------------------------------------------------------------------- */

void noise_add(struct noise *n, struct noise_row row)
{
    n->row = xgrow(n->row, n->rows, sizeof(*n->row));
    n->row[n->rows++] = row;
}

struct analysis_noise noise_of(const struct noise *n, const char *figure)
{
    cleanup_free struct analysis_ratio *aa = xcalloc(n->rows, sizeof(*aa));
    size_t count = 0;
    for (size_t i = 0; i < n->rows; i++)
        if (strcmp(n->row[i].figure, figure) == 0)
            aa[count++] = (struct analysis_ratio){
                .method = ANALYSIS_WELCH, .log = n->row[i].log, .variance = n->row[i].variance, .df = n->row[i].df};
    return analysis_noise_of(aa, count);
}

const char *noise_other_host(const struct noise *n, const struct invocation *of)
{
    if (strcmp(n->node, of->node) != 0)
        return "node";
    if (strcmp(n->cpu, keyset_word(of->environment, "host.cpu_model")) != 0)
        return "CPU model";
    return strcmp(n->kernel, keyset_word(of->environment, "host.kernel_release")) != 0 ? "kernel" : NULL;
}

/* --- its file --------------------------------------------------------------------------------------------------- */

/* The name of what a row holds. */
static const char *effect_of(const char *figure)
{
    return figure_is_slope(figure) ? "difference" : "log_ratio";
}

static json_t *row_json(const struct noise_row *row)
{
    return json_pack("{s:s, s:s, s:[I,I], s:f, s:f, s:f}", "cell", row->cell, "figure", row->figure, "invocations",
                     (json_int_t)row->a, (json_int_t)row->b, effect_of(row->figure), row->log, "variance",
                     row->variance, "df", row->df);
}

int noise_write(const struct noise *n, const char *path, struct err *e)
{
    char id[RECORD_ID_MAX], at[32];
    cleanup_json json_t *rows = json_array();
    cleanup_text struct text text = {0};
    for (size_t i = 0; i < n->rows; i++)
        if (json_array_append_new(rows, row_json(&n->row[i])) != 0)
            return err_set(e, ERR_OURS, -EINVAL, "'%s': the row of '%s' has a text or a number that JSON has not", path,
                           n->row[i].cell);
    record_make_id(id, at);
    json_t *whole = json_pack("{s:s, s:s, s:{s:s, s:s, s:s}, s:b, s:O}", "schema", NOISE_SCHEMA, "measured_at", at,
                              "host", "kernel_release", n->kernel, "cpu_model", n->cpu, "node", n->node, "within_run",
                              n->within_run, "rows", rows);
    if (!whole)
        return err_set(e, ERR_OURS, -ENOMEM, "'%s': a text in it is no UTF-8", path);
    json_text_indented(whole, 0, &text);
    return file_replace(path, text.data, text.len, e);
}

static int take_row(const json_t *from, struct noise *ret)
{
    const char *cell = NULL, *figure = NULL;
    struct noise_row row = {0};
    json_int_t a = 0, b = 0;
    if (json_unpack((json_t *)from, "{s:s, s:s}", "cell", &cell, "figure", &figure) != 0)
        return -EINVAL;
    if (figure_is_slope(figure) && json_object_get(from, "log_ratio")) {
        ret->left_out++;
        return 0;
    }
    const double most = figure_is_slope(figure) ? 1e18 : 1e3; /* bytes; a logarithm: more is no ratio of two times */
    if (json_unpack((json_t *)from, "{s:[I,I], s:F, s:F, s:F}", "invocations", &a, &b, effect_of(figure), &row.log,
                    "variance", &row.variance, "df", &row.df) != 0 ||
        a < 0 || b < 0 || !(fabs(row.log) <= most) || !(row.variance >= 0 && row.variance <= most * most) ||
        !(row.df >= 0.1 && row.df <= 1e9))
        return -EINVAL;
    row.cell = xstrdup(cell);
    row.figure = xstrdup(figure);
    row.a = (size_t)a;
    row.b = (size_t)b;
    noise_add(ret, row);
    return 0;
}

static int take_noise(const json_t *whole, struct noise *ret)
{
    const char *schema = NULL, *kernel = NULL, *cpu = NULL, *node = NULL;
    const json_t *rows = NULL, *row = NULL;
    int within_run = 0;
    size_t i;
    if (json_unpack((json_t *)whole, "{s:s}", "schema", &schema) == 0 && strcmp(schema, "tare.noise/1") == 0)
        return -ENOTSUP;
    if (json_unpack((json_t *)whole, "{s:s, s:{s:s, s:s, s:s}, s:b, s:o}", "schema", &schema, "host", "kernel_release",
                    &kernel, "cpu_model", &cpu, "node", &node, "within_run", &within_run, "rows", &rows) != 0 ||
        strcmp(schema, NOISE_SCHEMA) != 0)
        return -EINVAL;
    ret->within_run = within_run != 0;
    ret->kernel = xstrdup(kernel);
    ret->cpu = xstrdup(cpu);
    ret->node = xstrdup(node);
    json_array_foreach(rows, i, row)
    {
        if (take_row(row, ret) != 0)
            return -EINVAL;
    }
    return json_is_array(rows) ? 0 : -EINVAL;
}

int noise_read(const char *path, struct noise *ret, struct err *e)
{
    json_error_t why;
    cleanup_text struct text text = {0};
    *ret = (struct noise){0};
    int failed = source_read(AT_FDCWD, path, true, NOISE_BYTES, &text, NULL);
    if (failed != 0)
        return err_set(e, ERR_USAGE, failed == -ENOTSUP ? -EINVAL : failed, "'%s': %s", path, source_fault(failed));
    cleanup_json json_t *whole = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, &why);
    if (!whole)
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': line %d: %s", path, why.line, why.text);
    failed = take_noise(whole, ret);
    if (failed == 0)
        return 0;
    noise_free(ret);
    return err_set(e, ERR_USAGE, failed,
                   failed == -ENOTSUP
                       ? "'%s': it is of tare.noise/1, which kept a floor and no variance: measure it again ('tare "
                         "compare --noise' over the same records)"
                       : "'%s': it is no noise of schema " NOISE_SCHEMA " ('tare compare --noise' writes it)",
                   path);
}
