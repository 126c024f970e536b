/* hmm.c - hidden Markov processes and their filter.
 *
 * The observer's belief after a context is a function of the context alone, and there are
 * few contexts of few words; so the filter walks the tree of all of them once, and every
 * expectation over the process is a weighted sum instead of a sample. */
#include "core/num/hmm.h"
#include <stdlib.h>
#include <string.h>

/* What is believed after context a and word s, by Bayes. */
static void extend(HmmTree *t, const double *T, int a, int s)
{
    int S = t->S, b = t->K * a + 1 + s;
    double *after = t->belief + b * S, sum = 0;
    memset(after, 0, (size_t)S * sizeof *after);
    for (int i = 0; i < S * S; i++) {
        double x = t->belief[a * S + i / S] * T[s * S * S + i];
        after[i % S] += x, sum += x;
    }
    t->next[a * t->K + s] = sum;
    t->p[b] = t->p[a] * sum;
    t->length[b] = t->length[a] + 1;
    for (int j = 0; sum > 0 && j < S; j++) after[j] /= sum;
}

HmmTree *hmm_tree(int S, int K, const double *start, const double *T, int L)
{
    require(S >= 1 && K >= 1 && L >= 1, "%d states, %d words, contexts of %d", S, K, L);
    HmmTree *t = alloc(1, sizeof *t);
    *t = (HmmTree){ .S = S, .K = K, .L = L, .n = 1 };
    for (int l = 0; l < L; l++) t->full = t->n, t->n = t->n * K + 1;
    /* the last predictions need beliefs that nobody asks for, one level deeper */
    size_t n = (size_t)(t->n * K + 1);
    t->length = alloc(n, sizeof *t->length);
    t->p = alloc(n, sizeof *t->p);
    t->next = alloc(n * (size_t)K, sizeof *t->next);
    t->belief = alloc(n * (size_t)S, sizeof *t->belief);
    t->p[0] = 1;
    memcpy(t->belief, start, (size_t)S * sizeof *start);
    for (int a = 0; a < t->n; a++)
        for (int s = 0; s < K; s++) extend(t, T, a, s);
    return t;
}

void hmm_free(HmmTree *t)
{
    if (!t) return;
    free(t->length), free(t->p), free(t->next), free(t->belief), free(t);
}

/* Drawing each word from the observer's own prediction gives the machine's law. */
void hmm_draw(const HmmTree *t, Rng rng, int *word)
{
    for (int l = 0, a = 0; l <= t->L; l++) {
        double u = rng_uniform(rng, (uint64_t)l);
        int s = 0;
        while (s < t->K - 1 && (u -= t->next[a * t->K + s]) >= 0) s++;
        word[l] = s;
        a = t->K * a + 1 + s;
    }
}

void hmm_split(const HmmTree *t, Rng rng, double *fit, double *test)
{
    memset(fit, 0, (size_t)t->n * sizeof *fit);
    memset(test, 0, (size_t)t->n * sizeof *test);
    for (int a = t->full; a < t->n; a++) {
        double *half = rng_below(rng, (uint64_t)a, 2) ? fit : test;
        for (int b = a; b > 0; b = (b - 1) / t->K) half[b] += t->p[a];
    }
}

void hmm_words(const HmmTree *t, real *x)
{
    memset(x, 0, (size_t)(t->n * t->L * t->K) * sizeof *x);
    for (int a = 0; a < t->n; a++, x += t->L * t->K)
        for (int b = a, lag = 0; b > 0; b = (b - 1) / t->K, lag++)
            x[lag * t->K + (b - 1) % t->K] = 1;
}
