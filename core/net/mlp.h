/* mlp.h - a stack of linear layers with an activation between them. */
#ifndef GLASSBOX_MLP_H
#define GLASSBOX_MLP_H

#include "core/net/op.h"

enum { MLP_MOST = 8 };
typedef struct {
    int n; /* layers */
    Act act;
    const char *name;                  /* borrowed */
    Tensor *W[MLP_MOST], *b[MLP_MOST]; /* borrowed from the params */
} Mlp;

/* n layers of width[0] -> width[1] -> .. -> width[n]: adds "NAME.0.W" (D,F), normal with
 * deviation gain / sqrt(D), and "NAME.0.b", zero; and so on. The name must live on. */
Mlp mlp_new(Params *, const char *name, int n, const int *width, Act, double gain,
            Rng init);
/* (N,D) -> (N,F). What leaves layer i passes the hook point "NAME.i", the last one without
 * an activation. */
Tensor *mlp_run(const Mlp *, Tape *, Tensor *x);

#endif
