/* drawn_by: identifies what draws the figures on this host. Hosts that draw equal bytes give equal results: pack
 * records it, and verify compares drawings only if it is equal. */
#ifndef TARE_DRAWN_BY_H
#define TARE_DRAWN_BY_H

struct err;
struct json_t;

/* {gnuplot: "5.4 patchlevel 4", probe_sha256: of a small drawing as SVG, PDF and PNG, which also depends on cairo and
 * the fonts}. If cairo's PDFs keep the time of drawing, no two of them are equal: probe_sha256 is null and `why` says
 * so. The caller owns *ret. -ENOENT (host): no gnuplot. */
int drawn_by(struct json_t **ret, struct err *e);

#endif
