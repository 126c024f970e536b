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
/* Sequence b is a walk on a chain of its own: p (B,V,V), from row to column, every row a
 * law; it starts anywhere. Nothing is asked. */
void task_walks(Task *, int V, const double *p, Rng);

#endif
