/* toy.h - thousands of autoencoders of a few weights each, trained side by side on sparse
 * inputs [elhage2022toy]: h = W x, y = ReLU(W^T h + b), with n features x_i that are on with
 * probability p, and then uniform in (0, 1), in m dimensions. */
#ifndef GLASSBOX_TOY_H
#define GLASSBOX_TOY_H

#include "core/net/tape.h"

enum { TOY_BATCH = 256 };
typedef struct {
    double p, ratio; /* feature i has the importance I_i = ratio^i */
    bool linear;     /* without the ReLU */
} ToyKind;

typedef struct Toys Toys;
/* One model for each kind, all of n features and m dimensions; Xavier-normal W, b 0. */
Toys *toy_new(int n, int m, int models, const ToyKind *, Rng init);
void toy_free(Toys *);
Params *toy_params(Toys *); /* borrowed; of all models at once, for one optimiser */

/* Draws a batch and sets all gradients of the mean over it of 1/n sum_i I_i (y_i - x_i)^2;
 * loss (models), if not NULL, gets the losses added. The uniform u of number i is the same
 * for all models: where u < p the feature is on, and u / p its value. */
void toy_gradients(Toys *, Rng batch, double *loss);
/* w (n,m): row i is where feature i lives in model l. */
void toy_columns(const Toys *, int l, double *w);

/* Of w (n,m): |w_i|^2 and the dimensionality |w_i|^4 / sum_j (w_i . w_j)^2 of each feature
 * [elhage2022toy], 0 for a zero vector; both (n). Returns how many |w_i|^2 exceed 1/4. */
int toy_geometry(int n, int m, const double *w, double *length2, double *dimensionality);
/* The directions of w (n,2) as corners of a polygon: the largest departure [degree] of an
 * angle between neighbours from 360/n. None is zero. */
double toy_polygon_error(int n, const double *w);

#endif
