/* energy: what the processor's packages took, by their own meters (RAPL): /sys/class/powercap
 * (Documentation/power/powercap/powercap.rst). They are of the whole package, with all that ran on it, and not of a
 * slice. */
#ifndef TARE_ENERGY_H
#define TARE_ENERGY_H

#include <stddef.h>
#include <stdint.h>

struct facts;

#define ENERGY_ZONES_MAX 64

/* A zone's meter: microjoules since some moment, which begin at 0 again behind `range`. */
struct energy_zone {
    char name[32]; /* its file name: "package-0", "dram" */
    char zone[64]; /* its folder's */
    uint64_t uj, range_uj;
    int failed; /* a negative errno of its reading; 0: uj is valid */
};

struct energy_reading {
    int64_t at_ns; /* CLOCK_MONOTONIC */
    struct energy_zone zone[ENERGY_ZONES_MAX];
    size_t zones;
    size_t lost; /* meters that are not among them: beyond ENERGY_ZONES_MAX, or it cannot be read of what they are */
};

/* Reads them in the tree at root ("": the real one). */
void energy_read(const char *root, struct energy_reading *ret);

/* Adds what went in between: energy_package_uj (all packages) and energy_dram_uj, and energy_window_ns. A meter that
 * went around once is carried on; where it could have gone around more than once (a package is taken to draw no more
 * than 1 kW) the figure is absent, as it is where reading takes root or there is no such meter, and where a meter could
 * not be read, of this kind or perhaps of it: the sum would not be the whole. */
void energy_describe(const struct energy_reading *before, const struct energy_reading *after, struct facts *ret);

#endif
