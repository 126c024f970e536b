/* reflm.h - the reference model as other findings use it: a GPT-2 of our own training at
 * four moments of that training, its tokenizer, and text that it has never seen. They say
 * .needs = { "reference-model" }, and then
 *
 *     Reflm *lm = reflm_open(run);
 *     Model *m = reflm_model(lm, 100);
 *     Tensor *logits = model_logits(m, tape, lm->held.tok, 16, lm->held.T); */
#ifndef GLASSBOX_REFLM_H
#define GLASSBOX_REFLM_H

#include "core/lab/experiment.h"
#include "core/net/checkpoint.h"
#include "core/net/hook.h"
#include "core/net/model.h"
#include "core/text/bpe.h"

enum {
    REFLM_MOMENTS = 4,
    REFLM_WINDOWS = 64, /* of `held`, the first ones: what a figure is measured on */
    REFLM_FROM = 8, /* the first position that is scored: before, there is no context */
};
extern const int reflm_percent[REFLM_MOMENTS]; /* of the training: 0, 10, 30, 100 */

/* Consecutive windows of one stream of tokens. */
typedef struct {
    int n, T;
    int *tok, *target; /* (n,T): target[i] is the token after tok[i] in the stream */
} Windows;

typedef struct {
    ModelSpec spec;
    Bpe *bpe;
    /* Two disjoint parts of the held-out text: choose (heads, layers, probes) on
     * calibration, judge on held. Of REFLM_WINDOWS windows or more in what the finding
     * leaves; a reader refuses only a stream without any. */
    Windows held, calibration;
    Safetensors *file; /* the weights */
} Reflm;

/* What the same seed's reference-model left; a malformed file ends the run. */
Reflm *reflm_open(Run *);
Reflm *reflm_read(const char *path, char **error); /* NULL with *error (caller frees) */
void reflm_free(Reflm *);
/* At one of reflm_percent; the caller's. */
Model *reflm_model(const Reflm *, int percent);
/* The bytes of text that these tokens are; those below 0 are none. */
double reflm_bytes(const Reflm *, const int *tok, int n);

/* What a model makes of windows from .. from+n of w, at positions REFLM_FROM on. */
typedef struct {
    double loss;          /* [nat/token] */
    double bits_per_byte; /* over the bytes of the scored tokens */
    double top1;          /* share of the tokens that were thought likeliest */
} ReflmScore;
/* Adds hooks; called before each run of the model, on the tape of that run. */
typedef void ReflmPrepare(Tape *, void *ctx);
/* Resets the tape, several times. nat (n,T), if not NULL: the loss at each position, 0
 * where it is not scored. prepare may be NULL. */
ReflmScore reflm_score(const Reflm *, Model *, Tape *, const Windows *w, int from, int n,
                       ReflmPrepare *prepare, void *ctx, real *nat);
/* The same of the evaluation set, untouched. */
ReflmScore reflm_evaluate(const Reflm *, Model *, Tape *);

/* Has it learned English? At most 2.2 bits per byte on all held-out windows after the whole
 * training; the evaluation set is an eighth of them, and texts differ. A precondition of
 * every finding that cuts into it. */
bool reflm_learned(const Reflm *);

/* What the model says after `start`, up to T tokens with it, drawn with probabilities raised
 * to `power` (1000: the likeliest). One line of ASCII: a newline is shown as |, another byte
 * as ?. Nothing is added if T exceeds the model's context; `start` has a token at least. The
 * caller frees. */
char *reflm_continue(const Reflm *, Model *, const char *start, int T, double power, Rng);

/* --- for the finding that trains it ------------------------------------------------- */

/* The artefact in the making, for checkpoint_save_weights(): weights at all moments, zero
 * until reflm_keep(); both streams, of n windows and a token more; the merges. The caller
 * frees with params_free(). */
Params reflm_new(Model *, const Bpe *, int n, const int *held, const int *calibration);
void reflm_keep(Params *artefact, Model *, int percent);
/* Leaves it as the artefact of the run, and reads it back; reflm_free(). */
Reflm *reflm_leave(Run *, const Params *artefact);

#endif
