/* optim.h - Adam, AdamW and SGD with schedules and clipping [kingma2014adam,
 * loshchilov2017decoupled]. The first non-finite gradient or weight dies, naming the
 * parameter and the step. */
#ifndef GLASSBOX_OPTIM_H
#define GLASSBOX_OPTIM_H

#include "core/net/tape.h"

typedef enum { OPTIM_ADAM, OPTIM_SGD } OptimKind;
typedef enum { DECAY_NONE, DECAY_LINEAR, DECAY_COSINE } Decay;
typedef struct {
    OptimKind kind;
    double lr;           /* at its highest */
    double beta1, beta2; /* 0: .9, .999; SGD: beta1 is the momentum, 0 is none */
    double eps;          /* 0: 1e-8 */
    double weight_decay; /* decoupled, on Param.decay weights only */
    double clip;         /* of the global norm; 0: none */
    int warmup, steps;   /* linear warm-up; steps until the decay ends (0: no decay) */
    Decay decay;
    double decay_from; /* share of the steps at which the decay starts */
    double floor;      /* the last lr as a share of the highest */
} OptimSpec;

typedef struct Optim Optim;
Optim *optim_new(OptimSpec, Params *); /* borrows the params */
void optim_free(Optim *);
void optim_step(Optim *);       /* applies and clears the gradients */
int optim_count(const Optim *); /* steps done */
double optim_lr(const Optim *, int step);
double optim_norm(const Optim *); /* of the last step's gradient, before clipping */

/* The moments, in the order of the params, for checkpoints: first (0) or second (1). */
real *optim_moment(Optim *, int which, int param);
void optim_set_count(Optim *, int steps);

#endif
