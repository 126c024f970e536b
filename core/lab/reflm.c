/* reflm.c - everything that a finding needs of the reference model in one file.
 *
 * Tokens and merges are stored as numbers among the weights, so one format and one reader
 * serve: a token id is far below the integers that a float holds exactly. That a finding
 * gets text and weights from the same file means that no release of a package can slip
 * between training and judging. */
#include "core/lab/reflm.h"
#include "core/num/vmath.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 16, NAME = 96 };
const int reflm_percent[REFLM_MOMENTS] = { 0, 10, 30, 100 };

/* --- writing ------------------------------------------------------------------------ */

static const char *named(char name[NAME], int percent, const char *weight)
{
    snprintf(name, NAME, "at-%d.%s", percent, weight);
    return name;
}

static void add_numbers(Params *a, const char *name, int n, const int *x)
{
    Tensor *t = params_add(a, name, false, 1, &n);
    for (int i = 0; i < n; i++) t->v[i] = (real)x[i];
}

Params reflm_new(Model *m, const Bpe *bpe, int n, const int *held, const int *calibration)
{
    const ModelSpec *s = model_spec(m);
    const Params *weights = model_params(m);
    Params a = { 0 };
    char name[NAME];
    require(bpe_vocab(bpe) <= s->vocab, "%d tokens for a model of %d", bpe_vocab(bpe),
            s->vocab);
    add_numbers(&a, "spec", 5,
                (int[]){ s->vocab, s->ctx, s->layers, s->heads, s->width });
    add_numbers(&a, "merges", 2 * (bpe_vocab(bpe) - 256), bpe_merges(bpe));
    add_numbers(&a, "held", n * s->ctx + 1, held);
    add_numbers(&a, "calibration", n * s->ctx + 1, calibration);
    for (int k = 0; k < REFLM_MOMENTS; k++)
        for (int i = 0; i < weights->n; i++) {
            const Param *p = weights->p[i];
            params_add(&a, named(name, reflm_percent[k], p->name), false, p->t.rank,
                       p->t.n);
        }
    return a;
}

void reflm_keep(Params *a, Model *m, int percent)
{
    const Params *weights = model_params(m);
    char name[NAME];
    for (int i = 0; i < weights->n; i++) {
        const Param *p = weights->p[i];
        Tensor *to = params_get(a, named(name, percent, p->name));
        memcpy(to->v, p->t.v, tensor_size(to) * sizeof(real));
    }
}

/* --- reading ------------------------------------------------------------------------ */

/* The numbers of that name, each 0 .. below-1, *n of them; NULL with *wrong. */
static int *take_numbers(const Safetensors *f, const char *name, int below, int *n,
                         char **wrong)
{
    const Stored *t = *wrong ? NULL : safetensors_find(f, name);
    if (!t || t->rank != 1) {
        if (!*wrong) *wrong = text_format("no row of numbers \"%s\"", name);
        return NULL;
    }
    int *x = alloc((size_t)t->n[0], sizeof *x);
    *n = t->n[0];
    for (int i = 0; i < *n && !*wrong; i++) {
        bool whole = t->v[i] >= 0 && t->v[i] < (real)below;
        x[i] = whole ? (int)t->v[i] : 0;
        if (!whole || (real)x[i] != t->v[i])
            *wrong = text_format("\"%s\", number %d: expected a whole number below %d",
                                 name, i, below);
    }
    return x;
}

static Windows take_windows(const Safetensors *f, const char *name, const ModelSpec *s,
                            char **wrong)
{
    Windows w = { .T = s->ctx };
    int n = 0, *stream = take_numbers(f, name, s->vocab, &n, wrong);
    if (!*wrong && n <= w.T) *wrong = text_format("\"%s\" holds no window", name);
    if (!*wrong) {
        w.n = (n - 1) / w.T;
        size_t count = (size_t)w.n * (size_t)w.T;
        w.tok = alloc(count, sizeof *w.tok), w.target = alloc(count, sizeof *w.target);
        memcpy(w.tok, stream, count * sizeof *stream);
        memcpy(w.target, stream + 1, count * sizeof *stream);
    }
    free(stream);
    return w;
}

static void take_spec(Reflm *lm, char **wrong)
{
    int n = 0, *x = take_numbers(lm->file, "spec", 1 << 16, &n, wrong);
    if (!*wrong && (n != 5 || !x[0] || !x[1] || !x[2] || !x[3] || !x[4] || x[4] % x[3]))
        *wrong = text_copy("\"spec\" describes no model");
    if (!*wrong)
        lm->spec = (ModelSpec){ .vocab = x[0],
                                .ctx = x[1],
                                .layers = x[2],
                                .heads = x[3],
                                .width = x[4],
                                .tied = true };
    free(x);
}

/* Every weight of every moment must be there with its shape. */
static void check_weights(const Reflm *lm, char **wrong)
{
    if (*wrong) return;
    Model *m = model_new(lm->spec, (Rng){ 0 });
    const Params *weights = model_params(m);
    char name[NAME];
    for (int i = 0; i < REFLM_MOMENTS * weights->n && !*wrong; i++) {
        const Param *p = weights->p[i / REFLM_MOMENTS];
        named(name, reflm_percent[i % REFLM_MOMENTS], p->name);
        const Stored *t = safetensors_find(lm->file, name);
        if (!t || t->rank != p->t.rank ||
            memcmp(t->n, p->t.n, (size_t)t->rank * sizeof *t->n))
            *wrong = text_format("no tensor \"%s\" of the model's shape", name);
    }
    model_free(m);
}

Reflm *reflm_read(const char *path, char **error)
{
    Safetensors *file = safetensors_read(path, error);
    if (!file) return NULL;
    Reflm *lm = alloc(1, sizeof *lm);
    char *wrong = NULL;
    int n = 0;
    lm->file = file;
    take_spec(lm, &wrong);
    int *merge = take_numbers(file, "merges", lm->spec.vocab, &n, &wrong);
    if (!wrong) lm->bpe = bpe_from_merges(n / 2, merge, &wrong);
    free(merge);
    lm->held = take_windows(file, "held", &lm->spec, &wrong);
    lm->calibration = take_windows(file, "calibration", &lm->spec, &wrong);
    check_weights(lm, &wrong);
    if (!wrong && bpe_vocab(lm->bpe) > lm->spec.vocab)
        wrong = text_copy("more merges than the model has tokens");
    if (!wrong) return lm;
    *error = text_format("%s: %s", path, wrong);
    free(wrong);
    reflm_free(lm);
    return NULL;
}

Reflm *reflm_open(Run *run)
{
    char *error;
    Reflm *lm = reflm_read(artefact_path(run, "reference-model"), &error);
    if (!lm) bad_input(run, error);
    return lm;
}

Reflm *reflm_leave(Run *run, const Params *artefact)
{
    const char *path = artefact_path(run, "reference-model");
    if (!checkpoint_save_weights(path, artefact)) bad_input(run, strerror(errno));
    return reflm_open(run);
}

void reflm_free(Reflm *lm)
{
    if (!lm) return;
    free(lm->held.tok), free(lm->held.target);
    free(lm->calibration.tok), free(lm->calibration.target);
    bpe_free(lm->bpe), safetensors_free(lm->file), free(lm);
}

Model *reflm_model(const Reflm *lm, int percent)
{
    Model *m = model_new(lm->spec, (Rng){ 0 });
    const Params *weights = model_params(m);
    char name[NAME];
    for (int i = 0; i < weights->n; i++) {
        Param *p = weights->p[i];
        const Stored *t = safetensors_find(lm->file, named(name, percent, p->name));
        require(t, "no weights at %d %% of the training", percent);
        memcpy(p->t.v, t->v, tensor_size(&p->t) * sizeof(real));
    }
    return m;
}

double reflm_bytes(const Reflm *lm, const int *tok, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) {
        int length = 0;
        if (tok[i] >= 0 && tok[i] < bpe_vocab(lm->bpe))
            bpe_token(lm->bpe, tok[i], &length);
        sum += length;
    }
    return sum;
}

/* --- scores ------------------------------------------------------------------------- */

typedef struct {
    double nats, right, bytes;
    int n;
} Sums;

/* What one row of logits (V) says of the token that came. */
static double add_row(Sums *sums, int V, const real *logits, int target)
{
    real most = vmath_max(V, logits);
    double total = 0;
    for (int v = 0; v < V; v++) total += vmath_exp((double)logits[v] - (double)most);
    double nat = vmath_log(total) - ((double)logits[target] - (double)most);
    sums->nats += nat, sums->right += logits[target] == most, sums->n++;
    return nat;
}

ReflmScore reflm_score(const Reflm *lm, Model *m, Tape *t, const Windows *w, int from,
                       int n, ReflmPrepare *prepare, void *ctx, real *nat)
{
    require(from >= 0 && n > 0 && from + n <= w->n && w->T > REFLM_FROM,
            "windows %d to %d of %d", from, from + n, w->n);
    int V = lm->spec.vocab, T = w->T;
    Sums sums = { 0 };
    for (int b = 0; b < n; b += BATCH) {
        int B = n - b < BATCH ? n - b : BATCH;
        const int *tok = w->tok + (from + b) * T, *target = w->target + (from + b) * T;
        tape_reset(t), tape_pause(t);
        if (prepare) prepare(t, ctx);
        const Tensor *logits = model_logits(m, t, tok, B, T);
        for (int i = 0; i < B * T; i++) {
            bool scored = i % T >= REFLM_FROM;
            double x =
                scored ? add_row(&sums, V, logits->v + (size_t)i * (size_t)V, target[i])
                       : 0;
            if (scored) sums.bytes += reflm_bytes(lm, &target[i], 1);
            if (nat) nat[b * T + i] = (real)x;
        }
        tape_resume(t);
    }
    tape_reset(t);
    return (ReflmScore){ sums.nats / sums.n, sums.nats / sums.bytes / 0.6931471805599453,
                         sums.right / sums.n };
}

ReflmScore reflm_evaluate(const Reflm *lm, Model *m, Tape *t)
{
    return reflm_score(lm, m, t, &lm->held, 0, REFLM_WINDOWS, NULL, NULL, NULL);
}

/* One of V by p^power, u uniform. */
static int draw(int V, const real *logits, double power, double u)
{
    double most = (double)vmath_max(V, logits), sum = 0, p = 0;
    for (int v = 0; v < V; v++) sum += vmath_exp(power * ((double)logits[v] - most));
    for (int v = 0; v < V; v++) {
        p += vmath_exp(power * ((double)logits[v] - most)) / sum;
        if (p > u) return v;
    }
    return V - 1;
}

char *reflm_continue(const Reflm *lm, Model *m, const char *start, int T, double power,
                     Rng r)
{
    size_t n;
    int *tok = bpe_encode(lm->bpe, start, strlen(start), &n);
    tok = grow(tok, n, n + (size_t)T, sizeof *tok);
    Tape *t = tape_new();
    for (tape_pause(t); n < (size_t)T && T <= lm->spec.ctx; n++, tape_reset(t)) {
        const Tensor *logits = model_last_logits(m, t, tok, 1, (int)n);
        tok[n] = draw(bpe_vocab(lm->bpe), logits->v, power, rng_uniform(r, n));
    }
    Buffer out = { 0 };
    buffer_put(&out, "");
    bpe_decode(lm->bpe, tok, n, &out);
    for (char *c = out.s; c < out.s + out.n; c++)
        if (*c < ' ' || *c > '~') *c = *c == '\n' ? '|' : '?';
    free(tok), tape_free(t);
    return out.s;
}
