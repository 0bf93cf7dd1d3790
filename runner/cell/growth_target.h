/* growth_target: the precision of the slope that --until-slope asks for. Pure. */
#ifndef TARE_GROWTH_TARGET_H
#define TARE_GROWTH_TARGET_H

#define GROWTH_TARGET_PER 1000 /* iterations */

/* The wanted half-width of the slope's interval, per GROWTH_TARGET_PER iterations. */
struct growth_target {
    double share; /* of the mean PSS, from 1e-6 to 1; 0: it is bytes */
    double bytes; /* above 0; 0: it is a share */
};

/* What is allowed, for a message. */
#define GROWTH_TARGET_ALLOWED "a share of PSS or a size, for 1000 iterations, as 1%/1000 or 64K/1000"

/* Reads "1%/1000" or "64K/1000". -EINVAL: neither; *ret is untouched. */
int growth_target_parse(const char *text, struct growth_target *ret);

#endif
