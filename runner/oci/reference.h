/* reference: where bundles are, in words: "oci:FOLDER[:TAG]", "docker://HOST/REPO:TAG" or
 * "docker://HOST/REPO@sha256:…". Only reads the words; place.h opens what they name. */
#ifndef TARE_REFERENCE_H
#define TARE_REFERENCE_H

#include <stdbool.h>

struct err;

struct oci_reference {
    char place[1024]; /* the folder, or "docker://HOST/REPO" */
    char tag[160];    /* or "sha256:…"; "": none was named */
    bool registry;
};

/* -EINVAL (usage): it is none of these; the message says what is allowed. Pure. */
int oci_reference_parse(const char *text, struct oci_reference *ret, struct err *e);

#endif
