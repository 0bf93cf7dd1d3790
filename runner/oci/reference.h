/* reference: parses the place of a bundle: "oci:FOLDER[:TAG]", "docker://HOST/REPO:TAG" or
 * "docker://HOST/REPO@sha256:…". place.h opens it. */
#ifndef TARE_REFERENCE_H
#define TARE_REFERENCE_H

#include <stdbool.h>

struct err;

struct oci_reference {
    char place[1024]; /* the folder, or "docker://HOST/REPO" */
    char tag[160];    /* or "sha256:…"; "": none given */
    bool registry;
};

/* -EINVAL (usage): none of these forms; the message lists them. Pure. */
int oci_reference_parse(const char *text, struct oci_reference *ret, struct err *e);

#endif
