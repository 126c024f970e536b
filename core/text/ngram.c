/* ngram.c - all places of a text, sorted by the tokens that stand there.
 *
 * Where a phrase stands is then one interval of the sorted places, found by two binary
 * searches, whatever its length; the followers of a context are the steps within its
 * interval. A hash table for each length would answer faster and hold five times as much.
 * Cost: sorting five million places takes about 4 s, a probability some microseconds. */
#include "core/text/ngram.h"
#include <stdlib.h>

struct Ngrams {
    int n, V;
    const int **place; /* (n): by the NGRAM_MOST tokens that stand there */
    int *followers;    /* (V): d of one token, which would be slow to count each time */
};

static int by_tokens(const void *a, const void *b)
{
    const int *x = *(const int *const *)a, *y = *(const int *const *)b;
    int k = 0;
    while (k < NGRAM_MOST - 1 && x[k] == y[k]) k++;
    return (x[k] > y[k]) - (x[k] < y[k]);
}

/* The first of the places lo .. hi-1 that is not below s (k), or `past` all equal to it. */
static int find(const Ngrams *g, const int *s, int k, bool past, int lo, int hi)
{
    while (lo < hi) {
        int middle = (lo + hi) / 2, i = 0;
        const int *x = g->place[middle];
        while (i < k && x[i] == s[i]) i++;
        if (i < k ? x[i] < s[i] : past) lo = middle + 1;
        else hi = middle;
    }
    return lo;
}

static int followers(const Ngrams *g, int k, int lo, int hi)
{
    int n = 0;
    for (; lo < hi; n++) lo = find(g, g->place[lo], k + 1, true, lo, hi);
    return n;
}

Ngrams *ngram_new(const int *text, int n, int V)
{
    require(n > NGRAM_MOST && V > 0, "%d tokens of %d kinds", n, V);
    Ngrams *g = alloc(1, sizeof *g);
    g->n = n - NGRAM_MOST, g->V = V;
    g->place = alloc((size_t)g->n, sizeof *g->place);
    g->followers = alloc((size_t)V, sizeof *g->followers);
    for (int i = 0; i < g->n; i++) g->place[i] = text + i;
    qsort(g->place, (size_t)g->n, sizeof *g->place, by_tokens);
    for (int v = 0, at = 0, end; v < V; v++, at = end) {
        end = find(g, &v, 1, true, at, g->n);
        g->followers[v] = followers(g, 1, at, end);
    }
    return g;
}

void ngram_free(Ngrams *g)
{
    if (!g) return;
    free(g->place), free(g->followers), free(g);
}

int ngram_count(const Ngrams *g, const int *s, int k)
{
    require(k > 0 && k <= NGRAM_MOST, "a phrase of %d tokens", k);
    int from = find(g, s, k, false, 0, g->n);
    return find(g, s, k, true, from, g->n) - from;
}

double ngram_probability(const Ngrams *g, const int *w, int order)
{
    require(order >= 0 && order <= NGRAM_MOST, "an order of %d", order);
    if (order == 0) return 1.0 / g->V;
    int k = order - 1, lo = find(g, w - k, k, false, 0, g->n),
        hi = find(g, w - k, k, true, lo, g->n),
        from = find(g, w - k, order, false, lo, hi),
        to = find(g, w - k, order, true, from, hi);
    double d = k == 0 ? g->V : k == 1 ? g->followers[w[-1]] : followers(g, k, lo, hi);
    double shorter = ngram_probability(g, w, k);
    return d > 0 ? (to - from + d * shorter) / (hi - lo + d) : shorter;
}
