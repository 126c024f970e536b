/* hmm.h - machines whose states are hidden and whose words are heard, and the ideal
 * observer of them: what can be believed of the state after each context of words. */
#ifndef GLASSBOX_HMM_H
#define GLASSBOX_HMM_H

#include "core/base/base.h"
#include "core/base/rng.h"

/* All contexts of up to L words, as a tree: 0 is the empty one, and context a followed by
 * word s is K a + 1 + s. Those from `full` on have L words. */
typedef struct {
    int S, K, L, n, full; /* states, words */
    int *length;          /* (n) */
    double *p;            /* (n): probability that L words begin so */
    double *next;         /* (n,K): law of the next word; zeros for what cannot occur */
    double *belief;       /* (n,S): law of the state now */
} HmmTree;
/* start (S): law of the first state; T (K,S,S): T[s][i][j] is the probability of going from
 * i to j and saying s. */
HmmTree *hmm_tree(int S, int K, const double *start, const double *T, int L);
void hmm_free(HmmTree *);
/* The L+1 words of a run of the machine. */
void hmm_draw(const HmmTree *, Rng, int *word);
/* A coin puts each full context in one of two halves; fit[a] and test[a] (n) are the
 * probabilities of the full contexts of either half that begin with a (0 for a = 0). */
void hmm_split(const HmmTree *, Rng, double *fit, double *test);
/* x (n,L*K): the words of each context, the last one first, one-hot. */
void hmm_words(const HmmTree *, real *x);

#endif
