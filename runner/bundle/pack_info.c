#include "bundle/pack_info.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/json_put.h"
#include "base/text.h"

#define AUTHOR_MAX 200

static int check_authors(const json_t *authors, struct err *e)
{
    size_t i;
    const json_t *one;
    json_array_foreach(authors, i, one)
    {
        bool named = json_is_string(json_object_get(one, "name"));
        bool person = json_is_string(json_object_get(one, "family")) && json_is_string(json_object_get(one, "given"));
        if (!named && !person)
            return err_set(e, ERR_USAGE, -EINVAL, BUNDLE_PACK ": authors[%zu] has neither a name nor family and given",
                           i);
    }
    return json_array_size(authors) ? 0 : err_set(e, ERR_USAGE, -EINVAL, BUNDLE_PACK ": it names no author");
}

bool pack_info_is_url(const char *text)
{
    static const char ALLOWED[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/?#@!&*+,;=%";
    return strncmp(text, "https://", 8) == 0 && text[8] && strlen(text) <= PACK_URL_MAX &&
           text[strspn(text, ALLOWED)] == '\0';
}

/* What newer bundles tell besides. */
static int check_newer(const json_t *o, struct err *e)
{
    static const char *const CRATES[] = {CRATE_1_1, CRATE_1_2, CRATE_1_3, NULL};
    const json_t *url = json_object_get(o, "source_url"), *crate = json_object_get(o, "crate");
    if (url && !json_is_null(url) && (!json_is_string(url) || !pack_info_is_url(json_string_value(url))))
        return err_set(e, ERR_USAGE, -EINVAL, BUNDLE_PACK ": source_url is no https address");
    if (crate && (!json_is_string(crate) || !text_is_among(json_string_value(crate), CRATES)))
        return err_set(e, ERR_USAGE, -EINVAL, BUNDLE_PACK ": crate is none of 1.1, 1.2 and 1.3");
    return 0;
}

int pack_info_parse(const char *bytes, size_t len, json_t **ret, struct err *e)
{
    json_error_t why;
    const char *schema = NULL, *title = NULL, *license = NULL, *version = NULL, *claims = NULL;
    json_int_t date = 0;
    int incomplete = 0;
    json_t *authors = NULL, *drawn = NULL;
    cleanup_json json_t *o = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &why);
    if (!o)
        return err_set(e, ERR_USAGE, -EINVAL, BUNDLE_PACK ": line %d: %s", why.line, why.text);
    if (json_unpack_ex(o, &why, 0, "{s:s, s:s, s:s, s:I, s:b, s:s, s:o, s:o, s:{s:s}}", "schema", &schema, "title",
                       &title, "license", &license, "date_s", &date, "incomplete", &incomplete, "claims", &claims,
                       "authors", &authors, "drawn_by", &drawn, "tool", "version", &version) != 0)
        return err_set(e, ERR_USAGE, -EINVAL, BUNDLE_PACK ": %s", why.text);
    if (strcmp(schema, PACK_SCHEMA) != 0)
        return err_set(e, ERR_USAGE, -EINVAL, BUNDLE_PACK ": its schema is '%.40s'; this tare reads " PACK_SCHEMA,
                       schema);
    if (!json_is_array(authors) || date < 0 || date > 253402300799LL) /* 9999-12-31 */
        return err_set(e, ERR_USAGE, -EINVAL, BUNDLE_PACK ": authors is no list, or date_s is no date");
    TRY(check_authors(authors, e));
    TRY(check_newer(o, e));
    *ret = json_incref(o);
    return 0;
}

/* --- authors ----------------------------------------------------------------------------------------------------- */

/* The last of 16 digits by ISO 7064, MOD 11-2, of the 15 before it (https://support.orcid.org, "Structure of the ORCID
 * Identifier"). */
static bool is_orcid(const char *text)
{
    unsigned total = 0;
    if (strlen(text) != 19 || text[4] != '-' || text[9] != '-' || text[14] != '-')
        return false;
    for (size_t i = 0; i < 18; i++) {
        if (text[i] == '-' && i % 5 == 4)
            continue;
        if (!isdigit((unsigned char)text[i]))
            return false;
        total = (total + (unsigned)(text[i] - '0')) * 2;
    }
    unsigned check = (12 - total % 11) % 11;
    return text[18] == (check == 10 ? 'X' : (char)('0' + check));
}

static bool is_email(const char *text)
{
    const char *at = strchr(text, '@');
    return at && at > text && strchr(at, '.') && !strpbrk(text, " \t<>\"");
}

/* A stretch without the blanks around it; the caller's. */
static char *trimmed(const char *begin, size_t len)
{
    while (len > 0 && isspace((unsigned char)*begin)) {
        begin++;
        len--;
    }
    while (len > 0 && isspace((unsigned char)begin[len - 1]))
        len--;
    return text_printf("%.*s", (int)len, begin);
}

static int refuse(const char *text, const char *why, struct err *e)
{
    return err_set(e, ERR_USAGE, -EINVAL,
                   "--author '%s': %s; what is allowed is \"Family, Given\", or a group's name, with <ORCID iD> or "
                   "<e-mail> behind it",
                   text, why);
}

static int take_contact(json_t *o, const char *text, const char *open, struct err *e)
{
    size_t len = strcspn(open + 1, ">");
    if (open[1 + len] != '>' || open[2 + len])
        return refuse(text, "it does not end with '>'", e);
    cleanup_free char *contact = trimmed(open + 1, len);
    const char *orcid = strncmp(contact, "https://orcid.org/", 18) == 0 ? contact + 18 : contact;
    if (is_orcid(orcid))
        return json_object_set_new(o, "orcid", json_string(orcid));
    if (is_email(contact))
        return json_object_set_new(o, "email", json_string(contact));
    return refuse(text, "what is in <> is neither an ORCID iD (is its last digit right?) nor an e-mail", e);
}

static int take_names(json_t *o, const char *text, size_t len, struct err *e)
{
    const char *comma = memchr(text, ',', len);
    if (!comma) {
        cleanup_free char *name = trimmed(text, len);
        return *name && json_object_set_new(o, "name", json_string(name)) == 0 ? 0 : refuse(text, "no name", e);
    }
    cleanup_free char *family = trimmed(text, (size_t)(comma - text));
    cleanup_free char *given = trimmed(comma + 1, len - (size_t)(comma - text) - 1);
    if (!*family || !*given || strchr(given, ','))
        return refuse(text, "the family or the given name is missing", e);
    /* json_string() gives nothing for what is no UTF-8. */
    if (json_object_set_new(o, "family", json_string(family)) != 0 ||
        json_object_set_new(o, "given", json_string(given)) != 0)
        return refuse(text, "it is no UTF-8", e);
    return 0;
}

int pack_info_author(const char *text, json_t **ret, struct err *e)
{
    cleanup_json json_t *o = json_object();
    const char *open = strchr(text, '<');
    if (strlen(text) > AUTHOR_MAX)
        return refuse(text, "it is longer than 200 bytes", e);
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20)
            return refuse(text, "it has a control character", e);
    TRY(take_names(o, text, open ? (size_t)(open - text) : strlen(text), e));
    if (open)
        TRY(take_contact(o, text, open, e));
    *ret = json_incref(o);
    return 0;
}

const char *pack_info_name(const json_t *author, char *buf, size_t cap)
{
    const char *name = json_string_value(json_object_get(author, "name"));
    (void)snprintf(buf, cap, "%s%s%s", name ? name : json_word(author, "given"), name ? "" : " ",
                   name ? "" : json_word(author, "family"));
    return buf;
}
