/* alias.c - the alias method [walker1977efficient].
 *
 * The law is cut into n equal slots. Slot i keeps its own number with probability
 * keep[i] and stands for other[i] otherwise, so a draw is one choice of a slot and one
 * comparison. Searching the cumulative law instead takes log2 n steps, each a likely
 * cache miss. Resolution of the probabilities: 2^-32. */
#include "core/num/alias.h"
#include <math.h>
#include <stdlib.h>

Alias alias_new(int n, const double *weight)
{
    Alias a = { n, alloc((size_t)n, sizeof(int)), alloc((size_t)n, sizeof(double)) };
    int *poor = alloc((size_t)n, sizeof *poor), *rich = alloc((size_t)n, sizeof *rich),
        poors = 0, riches = 0;
    double total = 0;
    for (int i = 0; i < n; i++) {
        require(weight[i] >= 0 && weight[i] < INFINITY, "weight %d is %g", i, weight[i]);
        total += weight[i];
    }
    require(total > 0, "a law without a possible outcome");

    for (int i = 0; i < n; i++) {
        a.keep[i] = weight[i] * n / total;
        a.other[i] = i;
        if (a.keep[i] < 1) poor[poors++] = i;
        else rich[riches++] = i;
    }
    /* A rich slot fills up a poor one, and may become poor by that. What is left over at
     * the end misses 1 by rounding alone. */
    while (poors && riches) {
        int p = poor[--poors], r = rich[riches - 1];
        a.other[p] = r;
        a.keep[r] -= 1 - a.keep[p];
        if (a.keep[r] < 1) riches--, poor[poors++] = r;
    }
    while (poors) a.keep[poor[--poors]] = 1;
    free(poor), free(rich);
    return a;
}

void alias_free(Alias a) { free(a.other), free(a.keep); }

int alias_draw(const Alias *a, uint64_t bits)
{
    int slot = (int)((bits >> 32) * (uint64_t)a->n >> 32);
    return (double)(uint32_t)bits * 0x1p-32 < a->keep[slot] ? slot : a->other[slot];
}
