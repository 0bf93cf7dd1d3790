/* stats_modes: whether values have one mode or several. Pure. */
#ifndef TARE_STATS_MODES_H
#define TARE_STATS_MODES_H

#include <stddef.h>
#include <stdint.h>

/* The dip: the greatest distance between the empirical distribution of n >= 1 ascending values and the unimodal
 * distribution nearest to it; from 1/(2n) to 1/4 (Hartigan and Hartigan, The Dip Test of Unimodality, Annals of
 * Statistics 13(1), 1985, section 5). */
double stats_dip(const double *sorted, size_t n);

/* How often a sample of n from a uniform distribution, the least favourable unimodal one, has a dip at least as great:
 * (1 + greater) / (1 + draws), by simulation with this seed. Of n above 200 by sqrt(n) times the dip, whose
 * distribution changes little from there on (its 95% quantile by 3% up to 1000; R's diptest interpolates it). n below 4
 * has no other dip than its least: 1. */
double stats_dip_p(double dip, size_t n, size_t draws, uint64_t seed);

/* The dip of rounded values, such as memory in pages: ties are steps of the distribution, which the dip would take for
 * modes. Each group of equal values is first spread evenly over the least step between two different values, which
 * undoes the rounding; it only makes the dip smaller. */
double stats_dip_of_rounded(const double *sorted, size_t n);

/* The least difference between two different ones of n ascending values; 0: all are equal. */
double stats_least_step(const double *sorted, size_t n);

#endif
