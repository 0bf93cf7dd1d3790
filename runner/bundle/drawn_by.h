/* drawn_by: identifies what draws the figures on this host. Two hosts that draw the same bytes give the same answer:
 * pack records it, and verify compares drawings only where it is equal. */
#ifndef TARE_DRAWN_BY_H
#define TARE_DRAWN_BY_H

struct err;
struct json_t;

/* {gnuplot: "5.4 patchlevel 4", probe_sha256: of a small drawing's SVG, PDF and PNG, in which cairo and the fonts show
 * too}. With a cairo that leaves the time in a PDF, probe_sha256 is null, and why says so: no two of its drawings are
 * the same. The caller's. -ENOENT (host): no gnuplot. */
int drawn_by(struct json_t **ret, struct err *e);

#endif
