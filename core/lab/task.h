/* task.h - tasks that several findings train on: sequences whose rule must be read from
 * the sequence itself. A batch is drawn whole from one Rng; the caller gives each step a
 * stream of its own. */
#ifndef GLASSBOX_TASK_H
#define GLASSBOX_TASK_H

#include "core/base/base.h"
#include "core/base/rng.h"

typedef struct {
    int B, T;
    int *tok, *target; /* (B,T): target[t] is the token after tok[t] */
    /* (B,T): what follows can be known: the same step was seen before, tok[t] to
     * target[t], and target[t] is what the rule demands */
    bool *ask;
} Task;

Task *task_new(int B, int T); /* empty; a task_...() below fills it, again and again */
void task_free(Task *);

/* Each sequence draws a permutation f of the V tokens; x_(t+1) = f(x_t) with probability
 * `follow`, else uniform [olsson2022induction]. follow 0: independent tokens. */
void task_permutations(Task *, int V, double follow, Rng);
/* The same with one f for all sequences, which can be learnt by heart. */
void task_one_permutation(Task *, int V, double follow, Rng f, Rng);
/* Each sequence repeats `period` different tokens, period from shortest to longest. */
void task_repeats(Task *, int V, int shortest, int longest, Rng);
/* Walks on one chain p (V,V), from row to column, every row a law; they start anywhere.
 * Nothing is asked. */
void task_walks(Task *, int V, const double *p, Rng);
/* Each sequence is a walk on a chain of its own, whose rows task_law() drew. */
void task_chains(Task *, int V, double alpha, Rng);
/* A random law p (V): Dirichlet with all parameters alpha > 0; 1: even over all laws. */
void task_law(int V, double alpha, Rng, double *p);

/* What logits (B*T,V) are worth: the share of right answers where something is asked, and
 * the mean loss at each place, loss (T) [nat]. */
double task_accuracy(const Task *, int V, const real *logits);
void task_losses(const Task *, int V, const real *logits, double *loss);
/* What counting predicts at place i of B*T, p (V): order 0 knows nothing, 1 how often
 * each token came, 2 how often it came after tok[i]. One is added to each count. */
void task_counts(const Task *, int V, int order, int i, double *p);
/* The mean Kullback-Leibler distance [nat] from these to softmax(logits). */
double task_distance(const Task *, int V, int order, const real *logits);

#endif
