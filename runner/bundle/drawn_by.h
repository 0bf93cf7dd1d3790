/* drawn_by: what draws the figures here, told so that two hosts that draw the same bytes say the same. */
#ifndef TARE_DRAWN_BY_H
#define TARE_DRAWN_BY_H

struct err;
struct json_t;

/* {gnuplot: "5.4 patchlevel 4", probe_sha256: of a small drawing's SVG, PDF and PNG, in which cairo and the fonts show
 * too}. The caller's. -ENOENT (host): no gnuplot. */
int drawn_by(struct json_t **ret, struct err *e);

#endif
