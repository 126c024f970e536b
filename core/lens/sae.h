/* sae.h - sparse autoencoders: codes c = f((x - b_dec) W_enc + b_enc), f ReLU and then, in
 * TopK, the k largest of a row; result c W_dec + b_dec [cunningham2023sae, gao2024scaling].
 * A training step is sae_loss, tape_backward, sae_step, tape_reset. Rows (N,D), n latents. */
#ifndef GLASSBOX_SAE_H
#define GLASSBOX_SAE_H

#include "core/net/op.h"
#include "core/net/optim.h"

typedef struct {
    int width, latents; /* D, n */
    int k;              /* TopK; 0: L1 */
    double l1;          /* weight of the sum of a row's codes */
    double aux;         /* weight of AuxK, 1/32 in [gao2024scaling]; 0: none */
    int aux_k;          /* dead latents that rebuild a row's error; 0: D / 2 */
    int dead_after;     /* a latent is dead after so many rows without it; aux needs it */
} SaeSpec;

typedef struct Sae Sae;
Sae *sae_new(SaeSpec, Rng init);
void sae_free(Sae *);
/* Borrowed: "W_enc" (D,n), "b_enc" (n), "W_dec" (n,D) of unit rows, "b_dec" (D), and
 * "silent" (n), the rows since each latent fired, so that a checkpoint has it too. */
Params *sae_params(Sae *);

Tensor *sae_codes(Sae *, Tape *, Tensor *x);      /* (N,n) */
Tensor *sae_decode(Sae *, Tape *, Tensor *codes); /* (N,D) */
/* Mean over rows of |x - result|^2 + l1 |c|_1, and AuxK. x is a constant. Counts who
 * fired: for training only. */
Tensor *sae_loss(Sae *, Tape *, Tensor *x);
void sae_step(Sae *,
              Optim *); /* optim_step that keeps the decoder's rows on the sphere */

typedef struct {
    double fvu;  /* sum of |x - result|^2 over sum of |x - mean|^2 */
    double l0;   /* active latents a row */
    double dead; /* share of latents that no row activates */
} SaeFit;
SaeFit sae_measure(Sae *, int N, const real *x, bool *alive); /* alive (n) or NULL */

#endif
