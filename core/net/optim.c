/* optim.c - Adam, AdamW and SGD [kingma2014adam, loshchilov2017decoupled].
 *
 * One pass over each weight does moments, correction, decay and update; at our sizes the
 * weights stay in cache and a second pass would cost as much as the first. The bias
 * corrections are folded into the step size and eps, so the inner loop divides once.
 * A gradient whose square overflows counts as not finite: Adam would stand still. */
#include "core/net/optim.h"
#include "core/num/vmath.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct Optim {
    OptimSpec spec;
    Params *params; /* borrowed */
    real **moment[2];
    int n, count; /* weights; steps done */
    double norm;
};

Optim *optim_new(OptimSpec spec, Params *params)
{
    require(spec.lr > 0, "a learning rate of %g", spec.lr);
    require(spec.decay == DECAY_NONE || spec.steps > 0, "a decay without .steps");
    Optim *o = alloc(1, sizeof *o);
    if (spec.kind == OPTIM_ADAM) {
        if (spec.beta1 == 0) spec.beta1 = 0.9;
        if (spec.beta2 == 0) spec.beta2 = 0.999;
        if (spec.eps == 0) spec.eps = 1e-8;
    }
    o->spec = spec;
    o->params = params;
    o->n = params->n;
    for (int w = 0; w < 2; w++) {
        o->moment[w] = alloc((size_t)params->n, sizeof *o->moment[w]);
        for (int i = 0; i < params->n; i++)
            o->moment[w][i] = alloc(tensor_size(&params->p[i]->t), sizeof(real));
    }
    return o;
}

void optim_free(Optim *o)
{
    if (!o) return;
    for (int w = 0; w < 2; w++) {
        for (int i = 0; i < o->n; i++) free(o->moment[w][i]);
        free(o->moment[w]);
    }
    free(o);
}

int optim_count(const Optim *o) { return o->count; }
void optim_set_count(Optim *o, int steps) { o->count = steps; }
double optim_norm(const Optim *o) { return o->norm; }
real *optim_moment(Optim *o, int which, int param) { return o->moment[which][param]; }

static double larger(double a, double b) { return a > b ? a : b; }

double optim_lr(const Optim *o, int step)
{
    const OptimSpec *s = &o->spec;
    if (step < s->warmup) return s->lr * (step + 1) / s->warmup;
    double start = larger(s->warmup, s->decay_from * s->steps);
    if (s->decay == DECAY_NONE || step < start) return s->lr;
    double done = (step - start) / larger(s->steps - start, 1);
    if (done > 1) done = 1;
    double left = s->decay == DECAY_LINEAR
                      ? 1 - done
                      : 0.5 + 0.5 * vmath_cos(3.141592653589793 * done);
    return s->lr * (s->floor + (1 - s->floor) * left);
}

static double square_norm(const Params *p, int step)
{
    double sum = 0;
    for (int i = 0; i < p->n; i++) {
        const Tensor *w = &p->p[i]->t;
        if (!w->got) continue;
        double own = (double)vmath_dot((int)tensor_size(w), w->g, w->g);
        require(isfinite(own), "the gradient of \"%s\" is not finite at step %d",
                p->p[i]->name, step);
        sum += own;
    }
    return sum;
}

/* Each returns 0, or NaN if a number that it wrote is not finite: 0 x is cheaper than a
 * test, and its sum may be taken in any order. */
static real adam(const Optim *o, Param *p, real *m, real *v, double lr, double scale)
{
    const OptimSpec *s = &o->spec;
    int t = o->count + 1;
    double c1 = 1 - vmath_pow(s->beta1, t), c2 = 1 - vmath_pow(s->beta2, t);
    real b1 = (real)s->beta1, a1 = (real)(1 - s->beta1), b2 = (real)s->beta2,
         a2 = (real)(1 - s->beta2), bad = 0;
    real rate = (real)(lr * sqrt(c2) / c1), eps = (real)(s->eps * sqrt(c2));
    real keep = (real)(1 - (p->decay ? lr * s->weight_decay : 0)), by = (real)scale;
    real *w = p->t.v;
    const real *gradient = p->t.g;
    size_t n = tensor_size(&p->t);
#pragma omp simd reduction(+ : bad)
    for (size_t i = 0; i < n; i++) {
        real g = gradient[i] * by;
        m[i] = b1 * m[i] + a1 * g;
        v[i] = b2 * v[i] + a2 * g * g;
#ifdef REAL_IS_DOUBLE
        w[i] = keep * w[i] - rate * m[i] / (sqrt(v[i]) + eps);
#else
        w[i] = keep * w[i] - rate * m[i] / (sqrtf(v[i]) + eps);
#endif
        bad += 0 * (w[i] + v[i]);
    }
    return bad;
}

static real sgd(const Optim *o, Param *p, real *m, double lr, double scale)
{
    const OptimSpec *s = &o->spec;
    real momentum = (real)s->beta1, rate = (real)lr, by = (real)scale, bad = 0;
    real keep = (real)(1 - (p->decay ? lr * s->weight_decay : 0));
    real *w = p->t.v;
    const real *gradient = p->t.g;
    size_t n = tensor_size(&p->t);
#pragma omp simd reduction(+ : bad)
    for (size_t i = 0; i < n; i++) {
        m[i] = momentum * m[i] + by * gradient[i];
        w[i] = keep * w[i] - rate * m[i];
        bad += 0 * w[i];
    }
    return bad;
}

void optim_step(Optim *o)
{
    const OptimSpec *s = &o->spec;
    require(o->params->n == o->n, "an optimiser of %d weights, now %d", o->n,
            o->params->n);
    o->norm = sqrt(square_norm(o->params, o->count));
    double scale = s->clip > 0 && o->norm > s->clip ? s->clip / o->norm : 1;
    double lr = optim_lr(o, o->count);
    for (int i = 0; i < o->n; i++) {
        Param *p = o->params->p[i];
        if (!p->t.got) continue;
        real *m = o->moment[0][i], *v = o->moment[1][i];
        real bad =
            s->kind == OPTIM_ADAM ? adam(o, p, m, v, lr, scale) : sgd(o, p, m, lr, scale);
        require(bad == 0, "\"%s\" is not finite at step %d", p->name, o->count);
    }
    params_clear_gradients(o->params);
    o->count++;
}
