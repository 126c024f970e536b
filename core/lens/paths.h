/* paths.h - the logits of an attention-only transformer of one or two layers, a sum over
 * the paths from the embeddings to the output [elhage2021framework]: with the patterns
 * frozen, each term is linear. Exact without layer norms and biases, and only then. */
#ifndef GLASSBOX_PATHS_H
#define GLASSBOX_PATHS_H

#include "core/net/model.h"

/* Past all heads; through heads of layer 0 or of layer 1; through one of each. */
typedef enum { PATH_DIRECT, PATH_FIRST, PATH_SECOND, PATH_BOTH, PATHS } PathClass;
typedef struct {
    int n, V;
    double *logits, *term[PATHS]; /* (n,V), n = B*T; a class without paths is zero */
} Paths;

/* Terms from the weights, in double; patterns and logits from the model's run. */
Paths *paths_new(Model *, const int *tok, int B, int T);
void paths_free(Paths *);
/* The largest difference between the logits and the first `classes` terms, as a share of
 * the largest logit. */
double paths_error(const Paths *, int classes);
/* logits (n,V): the model's, with the term of a class at its mean over all rows. */
void paths_without(const Paths *, PathClass, real *logits);
/* The share of tokens that a head, looking at them, makes the likeliest: argmax of their
 * own row of W_E W_V W_O W_U. */
double paths_copied(Model *, int layer, int head);

#endif
