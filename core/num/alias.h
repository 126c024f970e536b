/* alias.h - draws from a fixed discrete law in constant time. */
#ifndef GLASSBOX_ALIAS_H
#define GLASSBOX_ALIAS_H

#include "core/base/base.h"

typedef struct {
    int n, *other; /* (n) */
    double *keep;  /* (n) */
} Alias;

/* Law proportional to weight (n): none negative, not all 0. Release with alias_free. */
Alias alias_new(int n, const double *weight);
void alias_free(Alias);
/* One draw from 64 uniform bits, as rng_u64() gives them. */
int alias_draw(const Alias *, uint64_t bits);

#endif
