/* hook.h - read, replace or ablate a named value while a model runs. Names after
 * TransformerLens with less noise: "embed", "blocks.0.resid_pre" (B,T,D), "blocks.1.q",
 * "blocks.1.pattern" (B,H,T,T), "blocks.1.z" (B,T,H*K), "blocks.1.attn_out",
 * "blocks.1.resid_mid", "blocks.1.mlp_pre", "blocks.1.mlp_post", "blocks.1.mlp_out",
 * "blocks.1.resid_post", "resid_final", "logits"; "blocks.*.z" is every block's.
 * Hooks die with tape_reset(), and one that has not fired by then dies loudly. */
#ifndef GLASSBOX_HOOK_H
#define GLASSBOX_HOOK_H

#include "core/net/tape.h"

/* Returns NULL to leave x, or a tensor of x's shape to go on with; never writes x->v. */
typedef Tensor *HookFn(Tape *, Tensor *x, void *ctx);
void hook_add(Tape *, const char *name, HookFn *, void *ctx);
void hook_keep(Tape *, const char *name); /* so that hook_value() has it after the run */
/* The value of that name in this run; the name was kept. A pattern exists only where a hook
 * asks for it; one that a hook replaces is a constant: gradients reach v, not q and k. */
const Tensor *hook_value(const Tape *, const char *name);

/* x := 0 at index i of axis (-1: the last); i < 0: all of it. */
void hook_zero(Tape *, const char *name, int axis, int i);
/* One head of "blocks.l.z": columns h*K .. (h+1)*K. */
void hook_zero_head(Tape *, const char *name, int head, int head_width);
/* x := with, whole or at one position t of (B,T,D) (t < 0: all). `with` must outlive
 * the run. */
void hook_patch(Tape *, const char *name, const Tensor *with, int t);
/* x := the mean over all rows (N) of `of`, at the columns from .. from+n (n 0: all). */
void hook_mean(Tape *, const char *name, const Tensor *of, int from, int n);
/* Columns of sample b come from sample order[b] of the same run (resample ablation). */
void hook_resample(Tape *, const char *name, const int *order, int from, int n);

/* --- for models -------------------------------------------------------------------- */
Tensor *hook_point(Tape *, const char *name, Tensor *x); /* runs what is hooked there */
bool hook_wanted(const Tape *, const char *name);
void hook_clear(Tape *);   /* by tape_reset() */
void **tape_hooks(Tape *); /* where the tape keeps them; in tape.c */

#endif
