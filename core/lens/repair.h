/* repair.h - what a model does about a head that is cut out [rushing2024selfrepair].
 *
 * The last stream is a sum of what the embedding, the heads and the MLPs have added, and a
 * logit, less its token's bias, is linear in it once the scale sigma of the last layer norm
 * is known. The direct effect of a component on a token's logit is its term of that sum,
 * under the clean run's sigma. All on a model that surgery_folded() made.
 *
 * A cut head gets its z from the same place of another window. Then, but for rounding,
 *
 *     logit - direct = sum of part + norm
 *
 * where all are changes: of the logit, of the head's own direct effect, of that of every
 * other component behind it, and what the new sigma makes of all of them. The left side is
 * the self-repair. Rows are b T + t. */
#ifndef GLASSBOX_REPAIR_H
#define GLASSBOX_REPAIR_H

#include "core/lens/surgery.h"

typedef struct {
    Model *m;
    const int *tok;
    int B, T;
    Tape *clean;   /* the clean run; hook_value() has each layer's "resid_pre", "z" and
                    "mlp_out", the last one's "mlp_post" and "resid_post", and "logits" */
    double *sigma; /* (B*T) */
    real *u;       /* (B*T,D), each row's towards its target */
    Tape *cut;     /* the last cut run */
} Repair;
/* Runs the model on tok (B,T); both are borrowed, target is not needed any more. */
Repair *repair_new(Model *, const int *tok, const int *target, int B, int T);
void repair_free(Repair *);
/* u (D): the token's logit is x . u / sigma for a last stream x. */
void repair_unembedding(Model *, int token, real *u);
/* The direct effect at a row of a head (-1: of all of the layer; H: of its MLP) along u. */
double repair_direct(const Repair *, int layer, int head, int row, const real *u);
/* The n rows, from place `first` of each window on, where the head's direct effect on the
 * target is largest, descending; the caller frees. */
int *repair_rows(const Repair *, int layer, int head, int first, int n);

typedef struct {
    int layer, head; /* -1: all of the layer */
    int shift;       /* window b gets z from window (b + shift) % B */
    bool frozen; /* what comes later adds what it did in the clean run; so does sigma */
    /* so many times what the head wrote in the clean run is added to the last stream */
    double back;
} Cut;
/* The cut run, with the same values kept from the cut on; valid until the next. */
const Tape *repair_cut(Repair *, Cut);
typedef struct {
    double logit, direct, norm;
} Repaired; /* changes, see above */
/* Along u at a row of the last cut run, made by that Cut. part (2L): each layer's heads, at
 * 2 l, without the cut layer's, and its MLP, at 2 l + 1. */
Repaired repair_measure(const Repair *, Cut, int row, const real *u, double *part);

/* Sums over rows, for means and ratios of means. */
typedef struct {
    double n, effect;           /* rows; the head's direct effect in the clean run */
    double direct, logit, norm; /* changes, as above */
    double heads, mlps;         /* the parts */
    double repair, square, overshoot; /* logit - direct; its square; rows of a logit that
                                         rises */
} RepairSums;
/* Adds these rows of the last cut run, row r along u + r D, u (B*T,D). */
void repair_add(const Repair *, Cut, int n, const int *rows, const real *u, RepairSums *);

/* A whole layer cut, at every `step`th place from `step` on, and the word that the clean run
 * thinks likeliest [mcgrath2023hydra]: sums of the layer's direct effect x and of what its
 * logit loses. xy / xx is 1 if nobody answers; part[k] / xx is component k's answer. */
typedef struct {
    double n, xx, xy, mlp; /* mlp: the direct effect of the layer's MLP */
    double *part;          /* (2L), the caller's */
} RepairLayer;
void repair_layer(Repair *, int layer, int step, RepairLayer *);

#endif
