/* planted.h - points that are sums of known directions, for dictionaries to find
 * [sharkey2022interim]: x = sum_g c_g f_g, where each c_g is on with probability p, and
 * then uniform in (0, 1). */
#ifndef GLASSBOX_PLANTED_H
#define GLASSBOX_PLANTED_H

#include "core/base/base.h"
#include "core/base/rng.h"

typedef struct {
    int G, D; /* G even */
    double p;
    bool
        gaussian; /* c_g normal instead, of the same mean and variance: nothing is sparse */
    real *f;      /* (G,D), rows of unit length */
} Planted;

Planted planted_new(int G, int D, double p, Rng); /* uniform directions */
void planted_free(Planted);
/* N points: x (N,D), their coefficients c (N,G). */
void planted_draw(const Planted *, int N, Rng, real *c, real *x);

#endif
