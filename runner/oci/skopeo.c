#include "oci/skopeo.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "archive/files.h"
#include "archive/tmpdir.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"
#include "base/trust.h"
#include "launch/spawn.h"

#define WAIT_MS   (60 * 60 * 1000)
#define ASK_MS    (60 * 1000)
#define SAID      "said"
#define SAID_MAX  (1U << 16)
#define WORDS_MAX 12

static const char DOCKER[] = "docker://";

bool skopeo_is_loopback(const char *ref)
{
    static const char *const HOSTS[] = {"localhost", "127.0.0.1", "[::1]"};
    if (strncmp(ref, DOCKER, strlen(DOCKER)) != 0)
        return false;
    const char *host = ref + strlen(DOCKER);
    for (size_t i = 0; i < ARRAY_LEN(HOSTS); i++) {
        size_t len = strlen(HOSTS[i]);
        if (strncmp(host, HOSTS[i], len) == 0 && (host[len] == '/' || host[len] == ':'))
            return true;
    }
    return false;
}

/* The last line; from a log line `time="…" level=fatal msg="…"` only the message. Works in place. */
static const char *last_line(struct text *said)
{
    while (said->len > 0 && said->data[said->len - 1] == '\n')
        said->data[--said->len] = '\0';
    char *line = strrchr(said->data, '\n');
    line = line ? line + 1 : said->data;
    char *msg = strstr(line, "msg=\"");
    if (!msg)
        return line;
    msg += strlen("msg=\"");
    char *to = msg;
    for (const char *p = msg; *p && *p != '"'; p++) {
        p += *p == '\\' && p[1];
        *to++ = *p;
    }
    *to = '\0';
    return msg;
}

static int refuse(const char *command, const char *ref, int code, const char *said, struct err *e)
{
    bool unknown = strstr(said, "manifest unknown") || strstr(said, "name unknown") || strstr(said, "not found");
    if (unknown && strncmp(ref, DOCKER, strlen(DOCKER)) == 0)
        return err_set(e, ERR_USAGE, -ENOENT, "'%s': not found in the registry", ref);
    return err_set(e, ERR_USAGE, -EREMOTEIO, "'%s': skopeo %s: %s", ref, command, *said ? said : strerror(-code));
}

/* Appends its standard output to ret. The last line of its standard error becomes the message, with ref. Its temporary
 * files are in a folder in `beside` (NULL: $TMPDIR or /tmp), which is always removed. */
static int run(const char *words[], const char *ref, const char *beside, int wait_ms, struct text *ret, struct err *e)
{
    static const char LINE[] = "said=$1; shift; exec \"$@\" 2>\"$said\"";
    char program[PATH_MAX] = "";
    struct err why = {0};
    char *version[] = {program, (char *)"--version", NULL};
    cleanup_text struct text ignored = {0}, said = {0};
    cleanup_tmpdir struct temporary s = {.fd = -1};
    if (trust_find_program("skopeo", program, sizeof(program), &why) != 0 ||
        spawn_capture(version, ASK_MS, &ignored) != 0)
        return err_set(e, ERR_HOST, -ENOENT, "'%s': skopeo is not on the PATH (%s)", ref,
                       why.code == -EPERM ? why.text : "apt-get install skopeo");
    TRY(tmpdir_make(beside, &s, e));
    char path[sizeof(s.path) + 8];
    text_format(path, sizeof(path), "%s/" SAID, s.path);
    char *argv[WORDS_MAX + 9] = {(char *)"/bin/sh", (char *)"-c",       (char *)LINE, (char *)"sh", path,
                                 program,           (char *)"--tmpdir", s.path};
    for (size_t i = 0; i < WORDS_MAX && words[i]; i++)
        argv[8 + i] = (char *)words[i];
    int code = spawn_capture(argv, wait_ms, ret);
    if (code == 0)
        return 0;
    (void)files_read(s.fd, SAID, SAID_MAX, &said);
    return refuse(words[0], ref, code, last_line(&said), e);
}

/* skopeo(1) looks for the engine only at its usual socket; passes $DOCKER_HOST to it. */
static size_t add_engine(const char *words[], size_t n, const char *option, const char *ref)
{
    static const char DAEMON[] = "docker-daemon:";
    const char *host = getenv("DOCKER_HOST");
    if (strncmp(ref, DAEMON, strlen(DAEMON)) != 0 || !host || !*host)
        return n;
    words[n++] = option;
    words[n++] = host;
    return n;
}

int skopeo_copy(const char *from, const char *to, bool index_only, struct err *e)
{
    /* skopeo rewrites an index, and refuses that with --preserve-digests. */
    const char *words[WORDS_MAX] = {"copy", index_only ? "--multi-arch=index-only" : "--preserve-digests"};
    cleanup_text struct text ignored = {0};
    size_t n = 2;
    if (skopeo_is_loopback(from))
        words[n++] = "--src-tls-verify=false";
    if (skopeo_is_loopback(to))
        words[n++] = "--dest-tls-verify=false";
    words[n++] = "--";
    words[n++] = from;
    words[n] = to;
    return run(words, to, NULL, WAIT_MS, &ignored, e);
}

int skopeo_fetch(const char *ref, const char *beside, const char *folder, struct err *e)
{
    const char *words[WORDS_MAX] = {"copy", "--remove-signatures"};
    char to[PATH_MAX];
    cleanup_text struct text ignored = {0};
    size_t n = add_engine(words, 2, "--src-daemon-host", ref);
    if (skopeo_is_loopback(ref))
        words[n++] = "--src-tls-verify=false";
    words[n++] = "--";
    words[n++] = ref;
    text_format(to, sizeof(to), "dir:%s", folder);
    words[n] = to;
    return run(words, ref, beside, WAIT_MS, &ignored, e);
}

int skopeo_manifest(const char *ref, const char *beside, struct text *ret, struct err *e)
{
    const char *words[WORDS_MAX] = {"inspect", "--raw"};
    size_t n = add_engine(words, 2, "--daemon-host", ref);
    if (skopeo_is_loopback(ref))
        words[n++] = "--tls-verify=false";
    words[n++] = "--";
    words[n] = ref;
    text_add_bytes(ret, "", 0);
    return run(words, ref, beside, WAIT_MS, ret, e);
}
