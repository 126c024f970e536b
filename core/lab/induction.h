/* induction.h - the small attention-only models of induction-heads and residual-paths, and
 * what is measured on them. The training loop is the experiments' own. */
#ifndef GLASSBOX_INDUCTION_H
#define GLASSBOX_INDUCTION_H

#include "core/lab/task.h"
#include "core/net/model.h"

enum { INDUCTION_HEADS = 8, INDUCTION_PLACES = 64 }; /* at most */

/* Width 32, no MLP, no layer norms, no biases, learned places [elhage2021framework]. */
Model *induction_model(int vocab, int ctx, int layers, int heads, Keys, Rng init);

typedef struct {
    double accuracy;         /* where the task asks */
    double prefix, previous; /* circuit.h, of the last layer's and of layer 0's head 0 */
    double loss, gain;       /* [nat]; gain: loss at places 5..10 less that beyond 30 */
    double place[INDUCTION_PLACES]; /* loss at each [nat], T of them */
} Induction;
/* Leaves the tape reset. T above 31. */
Induction induction_judge(Model *, Tape *, const Task *);

/* The head of a two-layer model's layer 1 that matches prefixes best on `choice`. */
int induction_best(Model *, const Task *choice);
/* The accuracy on `test` with a head's output replaced by zero or, if `choice` is not NULL,
 * by its mean over `choice`. */
double induction_without(Model *, const Task *test, const Task *choice, int layer,
                         int head);
double induction_accuracy(Model *, const Task *);
/* The pattern (T,T) of head 0 of a layer on the first sequence. */
void induction_pattern(Model *, const Task *, int layer, double *p);
/* task_distance() of the model's predictions. */
double induction_distance(Model *, const Task *, int order);

#endif
