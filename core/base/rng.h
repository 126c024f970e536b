/* rng.h - counter-based random numbers, Philox4x32-10 [salmon2011parallel].
 * rng_u64(r, i) is number i of stream r, whoever asks and in whatever order: a draw added
 * here cannot shift a draw there. An Rng is a value; nothing advances. Give every purpose
 * its own stream: rng_named(rng, "shuffle"). */
#ifndef GLASSBOX_RNG_H
#define GLASSBOX_RNG_H

#include "core/base/base.h"

typedef struct {
    uint64_t key;
} Rng;

Rng rng_seed(uint64_t seed);
Rng rng_named(Rng, const char *what); /* the stream of that purpose */
/* Stream i of many alike: a layer, a trial, an epoch. */
Rng rng_child(Rng, uint64_t i);

uint64_t rng_u64(Rng, uint64_t i);
double rng_uniform(Rng, uint64_t i);   /* [0, 1), 53 bits */
int rng_below(Rng, uint64_t i, int n); /* 0 .. n-1, n > 0; bias below n / 2^64 */
/* Two independent ones from index i; the first is rng_uniform's. */
void rng_uniform_pair(Rng, uint64_t i, double u[2]);
/* N(0, 1) by Box and Muller; defined in num/normal.c, which knows log and cos. */
double rng_normal(Rng, uint64_t i);
void rng_shuffle(Rng, int *a, int n); /* Fisher-Yates, in place */
void rng_shuffle_f64(Rng, double *a, int n);
void rng_permutation(Rng, int *a, int n); /* a := a random order of 0 .. n-1 */
void rng_normals(Rng, real *v, size_t n); /* v[i] := rng_normal(r, i) */

#endif
