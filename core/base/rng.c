/* rng.c - Philox4x32-10 through Random123 [salmon2011parallel].
 *
 * A block cipher turned generator: 10 rounds over a 128-bit counter under a 64-bit
 * key. We use the counter's low half for the index and its third word for the purpose
 * (draw, name, child), so that a stream's numbers and the keys of its descendants
 * never come from the same input. A generator that advances would be faster by a
 * little and would make every result depend on who drew before. */
#include "core/base/rng.h"
#include <Random123/philox.h>

typedef enum { DRAW, SEED, NAME, CHILD } Purpose;

static philox4x32_ctr_t block(Rng r, uint64_t i, Purpose purpose)
{
    philox4x32_ctr_t counter = { { (uint32_t)i, (uint32_t)(i >> 32), purpose, 0 } };
    philox4x32_key_t key = { { (uint32_t)r.key, (uint32_t)(r.key >> 32) } };
    return philox4x32(counter, key);
}

static uint64_t low(philox4x32_ctr_t b) { return (uint64_t)b.v[1] << 32 | b.v[0]; }

static uint64_t high(philox4x32_ctr_t b) { return (uint64_t)b.v[3] << 32 | b.v[2]; }

static double unit(uint64_t bits) { return (double)(bits >> 11) * 0x1p-53; }

/* FNV-1a: spreads names enough; Philox does the rest. */
static uint64_t name_number(const char *s)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *s; s++) h = (h ^ (unsigned char)*s) * 0x100000001b3u;
    return h;
}

Rng rng_seed(uint64_t seed) { return (Rng){ low(block((Rng){ 0 }, seed, SEED)) }; }

Rng rng_named(Rng r, const char *what)
{
    return (Rng){ low(block(r, name_number(what), NAME)) };
}

Rng rng_child(Rng r, uint64_t i) { return (Rng){ low(block(r, i, CHILD)) }; }

uint64_t rng_u64(Rng r, uint64_t i) { return low(block(r, i, DRAW)); }

double rng_uniform(Rng r, uint64_t i) { return unit(rng_u64(r, i)); }

void rng_uniform_pair(Rng r, uint64_t i, double u[2])
{
    philox4x32_ctr_t b = block(r, i, DRAW);
    u[0] = unit(low(b));
    u[1] = unit(high(b));
}

int rng_below(Rng r, uint64_t i, int n)
{
    require(n > 0, "a choice among %d", n);
    uint64_t u = rng_u64(r, i), m = (uint64_t)n;
    /* the bits of the 96-bit product u m above 2^64 */
    return (int)(((u >> 32) * m + ((u & 0xffffffffu) * m >> 32)) >> 32);
}

void rng_shuffle(Rng r, int *a, int n)
{
    for (int i = n - 1; i > 0; i--) {
        int j = rng_below(r, (uint64_t)i, i + 1), swap = a[i];
        a[i] = a[j];
        a[j] = swap;
    }
}

void rng_shuffle_f64(Rng r, double *a, int n)
{
    for (int i = n - 1; i > 0; i--) {
        int j = rng_below(r, (uint64_t)i, i + 1);
        double swap = a[i];
        a[i] = a[j];
        a[j] = swap;
    }
}

void rng_permutation(Rng r, int *a, int n)
{
    for (int i = 0; i < n; i++) a[i] = i;
    rng_shuffle(r, a, n);
}
