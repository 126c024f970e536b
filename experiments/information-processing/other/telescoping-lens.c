/*
# Training is a sum of small linear steps

A trained network is its start plus what every step added, and each addition is almost
linear in the change of the weights. So a plain sum describes all of training, if the
gradients are taken anew for each step; with those of the start, as in the theory of very
wide networks, it goes wrong. Jeffares, Curth and van der Schaar look at learning through
this **telescoping** sum, and count parameters with it [@jeffares2024telescoping].

What could fool us: a network that hardly moves is described by anything. So frozen
gradients must fail on the same run, and so must the right gradients in the wrong order.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "telescoping-lens",
    .run = run,
    .tables = { { "slow", "step, telescoped, frozen" },
                { "medium", "step, telescoped, frozen" },
                { "fast", "step, telescoped, frozen" },
                { "adamw", "step, telescoped, frozen" },
                { "refresh", "steps, in order, shuffled" },
                { "width", "width, train error, test error, seen, unseen" } },
    ABOUT(.title = "The telescoping lens", .section = "information-processing/other",
          .cites = "jeffares2024telescoping", .seeds = 5, .core_s = 18,
          .carries = { "Networks on images and tables; grokking, gradient boosting",
                       "11,301 weights, 400 noisy values of a small teacher",
                       "The sum and its error; frozen gradients; effective parameters",
                       "Grokking, boosted trees, minibatches, data from the world" }),
    .claims = CLAIMS(
        { .id = "telescopes",
          .text = "the sum of small linear steps is the trained network (mean error)",
          .value = "telescoped, slow",
          .side = BELOW,
          .bound = 0.02,
          .why = "a first-order expansion is exact as the step shrinks",
          .controls = { { "frozen, slow", "the gradients of the first step" },
                        { "shuffled", "the same gradients in random order" } } },
        { .id = "beats-linearisation",
          .text = "new gradients err less than those of the first step (ratio)",
          .value = "frozen to telescoped, slow",
          .side = ABOVE,
          .bound = 5,
          .why = "gradients move during training; a pilot found hundreds",
          .controls = { { "frozen to shuffled", "the same gradients, shuffled" } } },
        { .id = "step-size",
          .text = "with steps a hundred times as large the sum errs (mean error)",
          .value = "telescoped, fast",
          .tier = REPORT },
        { .id = "effective-parameters",
          .text = "excess of parameters on new inputs ranks as the test error (Spearman)",
          .value = "excess and test error",
          .tier = REPORT }),
};

/*
~~~gnuplot slow "The error of both sums in training, for three step sizes. Blue: new
gradients at each step. Orange: those of the first step. Dashed: the bound"
set logscale y; set format y "10^{%T}"; eval room(9); set yrange [1e-4:1.5]
set xlabel "training step"; set xtics 500; set ylabel "error [deviation of output]"
eval bound({{telescopes.bound}}, ""); set label "frozen" at 2040, .6 tc ls 2
set label "rate 0.1" at 2040, .2 tc ls 1; set label "rate 0.01" at 2040, .0025 tc ls 1
set label "rate 0.001" at 2040, .0003 tc ls 1
plot for [r in "fast medium slow"] table(r) using "step":"frozen" with lines ls 2, \
  for [r in "fast medium slow"] table(r) using "step":"telescoped" with lines ls 1
~~~

## A network and a teacher

An input is normal in ten dimensions; its value is that of a random network of 30 hidden
units, of variance about one, plus noise. The student has two hidden layers of 100 tanh
units, and small weights, since with large ones it would hardly move.
*/
enum { D = 10, HIDDEN = 100, N = 400, M = 200, EVERY = 20, STOPS = 100 };
typedef struct {
    Params p;
    Mlp mlp;
} Net;

static Net *net_new(int layers, const int *width, double gain, Rng init)
{
    Net *net = alloc(1, sizeof *net);
    net->mlp = mlp_new(&net->p, "net", layers, width, ACT_TANH, gain, init);
    return net;
}

static const int student[] = { D, HIDDEN, HIDDEN, 1 };
static Net *copy_of(const Net *net)
{
    Net *copy = net_new(3, student, 0, rng_seed(0));
    params_copy(&copy->p, &net->p);
    return copy;
}

static void net_free(Net *net) { params_free(&net->p), free(net); }

typedef struct {
    real x[(N + M) * D], y[N + M]; /* the examples come first, test inputs behind them */
} World;

static void draw(World *w, double noise, Rng rng)
{
    rng_normals(rng_named(rng, "inputs"), w->x, COUNT(w->x));
    rng_normals(rng_named(rng, "noise"), w->y, COUNT(w->y));
    Net *teacher = net_new(2, (int[]){ D, 30, 1 }, 2, rng_named(rng, "teacher"));
    Tape *t = tape_new();
    Tensor *f = mlp_run(&teacher->mlp, t, tape_input(t, w->x, 2, (int[]){ N + M, D }));
    for (int i = 0; i < N + M; i++)
        w->y[i] = (real)(0.65 * (double)f->v[i] + noise * (double)w->y[i]);
    tape_free(t), net_free(teacher);
}

/* One step on the mean square error of n examples, which is returned. */
static double descend(Tape *t, Net *net, Optim *o, int n, const World *w)
{
    Tensor *f = mlp_run(&net->mlp, t, tape_input(t, w->x, 2, (int[]){ n, D }));
    Tensor *loss = op_square_error(t, f, tape_input(t, w->y, 2, (int[]){ n, 1 }), NULL);
    double before = loss->v[0];
    tape_backward(t, loss), optim_step(o), tape_reset(t);
    return before;
}

/*
## The two sums

The telescoped output is
$f_0(x) + \sum_t \nabla f_t(x) \cdot (\theta_{t+1} - \theta_t)$; the frozen one has
$\nabla f_0$ throughout. Both need only the *tangent*: how the output moves if the weights
do, carried through the layers beside the output itself.
*/
static Tensor *tangent(Tape *t, const Mlp *at, const Mlp *step, Tensor *x)
{
    Tensor *h = x, *dh = NULL;
    for (int i = 0;; i++) {
        Tensor *dz = op_linear(t, h, step->W[i], step->b[i], ACT_NONE);
        if (dh) dz = op_add(t, dz, op_linear(t, dh, at->W[i], NULL, ACT_NONE));
        if (i == at->n - 1) return dz;
        h = op_linear(t, h, at->W[i], at->b[i], ACT_TANH);
        dh = op_sub(t, dz, op_mul(t, dz, op_mul(t, h, h)));
    }
}

/* Adds to sum (M) the gradients at `at` times the way from a to b, which `step` holds. */
static void add_step(Tape *t, const Net *at, const Net *a, const Net *b, Net *step,
                     const real *x, double *sum)
{
    params_copy(&step->p, &b->p);
    for (int i = 0; i < a->p.n; i++)
        vmath_axpy((int)tensor_size(&a->p.p[i]->t), -1, a->p.p[i]->t.v,
                   step->p.p[i]->t.v);
    tape_pause(t);
    Tensor *in = tape_input(t, x, 2, (int[]){ M, D });
    Tensor *moved = tangent(t, &at->mlp, &step->mlp, in);
    for (int i = 0; i < M; i++) sum[i] += moved->v[i];
    tape_resume(t), tape_reset(t);
}

static void outputs(Tape *t, const Net *net, int rows, const real *x, double *f)
{
    Tensor *y = mlp_run(&net->mlp, t, tape_input(t, x, 2, (int[]){ rows, D }));
    for (int i = 0; i < rows; i++) f[i] = y->v[i];
}

static double distance(int n, const double *f, const double *sum)
{
    double mean = 0;
    for (int i = 0; i < n; i++) mean += fabs(f[i] - sum[i]) / n;
    return mean / sqrt(stats_variance(n, f));
}

/*
## How long gradients can be kept

Between the two sums lie those that take new gradients every 20 steps or more. The control
multiplies the same changes of the weights with the same gradients in random order.

~~~gnuplot refresh "Rate 0.001: the error grows with the time that gradients are kept.
In random order even fresh ones stay far above the bound (dashed)"
set logscale xy; set format y "10^{%T}"; set xrange [15:6000]; set yrange [1e-3:1]
set xlabel "steps between gradients"; set ylabel "error [deviation of output]"
eval bound({{telescopes.bound}}, ""); set label "in order" at 45, 0.006 tc ls 1
set label "in random order" at 20, 0.4 tc ls 2; set label "frozen" at 2300, .35 tc ls 9
plot table("refresh") using "steps":"shuffled" with linespoints ls 2, \
  "" using "steps":"in order" with linespoints ls 1
~~~
*/
static double refresh(Run *run, Tape *t, Net *const *stop, int stops, Net *step,
                      const real *x, const double *start, const double *end, Rng rng)
{
    static const int every[] = { 100, 20, 4, 2, 1 };
    double error = 0;
    for (int k = 0; k < COUNT(every); k++) {
        double right[M], wrong[M];
        int order[STOPS], e = every[k], n = stops / e;
        memcpy(right, start, sizeof right), memcpy(wrong, start, sizeof wrong);
        rng_permutation(rng, order, n);
        for (int i = 0; i < n; i++) {
            const Net *a = stop[i * e], *b = stop[(i + 1) * e];
            add_step(t, a, a, b, step, x, right);
            add_step(t, stop[order[i] * e], a, b, step, x, wrong);
        }
        error = distance(M, end, wrong);
        row(run, "refresh", e * EVERY, distance(M, end, right), error);
    }
    return error;
}

static const struct {
    const char *name;
    OptimSpec how;
} ways[] = { { "slow", { .kind = OPTIM_SGD, .lr = 1e-3 } },
             { "medium", { .kind = OPTIM_SGD, .lr = 1e-2 } },
             { "fast", { .kind = OPTIM_SGD, .lr = 1e-1 } },
             { "adamw", { .lr = 1e-3, .weight_decay = 0.01 } } };

static void train(Run *run, int way, const World *w, Rng rng)
{
    double start[M], f[M], sum[M], frozen[M], error = 0, linear = 0;
    const real *x = w->x + N * D;
    Net *net = net_new(3, student, 0.5, rng_named(rng, "init")), *stop[STOPS + 1];
    Net *before = copy_of(net), *step = copy_of(net);
    Optim *o = optim_new(ways[way].how, &net->p);
    Tape *t = tape_new();
    int steps = scaled(run, EVERY * STOPS, 2 * EVERY), stops = 0;
    outputs(t, net, M, x, start);
    memcpy(sum, start, sizeof sum);
    for (int s = 0;; s++) {
        if (s % EVERY == 0) {
            stop[stops++] = copy_of(net);
            outputs(t, net, M, x, f);
            memcpy(frozen, start, sizeof frozen);
            add_step(t, stop[0], stop[0], net, step, x, frozen);
            error = distance(M, f, sum), linear = distance(M, f, frozen);
            if (s) row(run, ways[way].name, s, error, linear);
        }
        if (s == steps) break;
        params_copy(&before->p, &net->p);
        descend(t, net, o, N, w);
        add_step(t, before, before, net, step, x, sum);
    }
    record_as(run, error, "telescoped, %s", ways[way].name);
    record_as(run, linear, "frozen, %s", ways[way].name);
    record_as(run, linear / error, "frozen to telescoped, %s", ways[way].name);
    if (way == 0) {
        rng = rng_named(rng, "order");
        error = refresh(run, t, stop, stops - 1, step, x, start, f, rng);
        record(run, "shuffled", error), record(run, "frozen to shuffled", linear / error);
    }
    for (int i = 0; i < stops; i++) net_free(stop[i]);
    tape_free(t), optim_free(o), net_free(net), net_free(before), net_free(step);
}

/*
## How many parameters a network uses

Descent moves weights by gradients times residuals. So what the telescoped output adds to
$f_0$ is a sum over examples, $S(x) \cdot (y - f_0)$, and products of gradients $K_t$ give
$S_{t+1}(x) = S_t(x) + \frac{2\eta}{n} K_t(x, X) (1 - S_t(X))$ at the rate $\eta$. As
$\sum_i |S(x_i)|^2 = p$ in a regression on $p$ features, it counts **effective
parameters** on the examples, and $n$ times the mean of $|S|^2$ those on new inputs
[@jeffares2024telescoping]. We take one hidden layer, and 100 examples with much noise.
*/
enum { FEW = 100, NEW = 200, ALL = FEW + NEW, SIZE = ALL * FEW, WIDTHS = 10 };
static const int widths[WIDTHS] = { 1, 2, 4, 6, 8, 10, 14, 20, 40, HIDDEN };
static const double rate = 0.05;
/* S (ALL,FEW) takes a step: x (ALL,D), h (ALL,width), a (width) the weights behind h. */
static void smooth(int width, const real *x, const real *h, const real *a, real *S)
{
    real xx[SIZE], K[SIZE], hh[SIZE], left[FEW * FEW], g[ALL * HIDDEN];
    for (int i = 0; i < ALL * width; i++) g[i] = a[i % width] * (1 - h[i] * h[i]);
    gemm(false, true, ALL, FEW, D, x, D, x, D, xx, FEW, GEMM_SET);
    gemm(false, true, ALL, FEW, width, g, width, g, width, K, FEW, GEMM_SET);
    gemm(false, true, ALL, FEW, width, h, width, h, width, hh, FEW, GEMM_SET);
    for (int i = 0; i < SIZE; i++)
        K[i] = (real)(2 * rate / FEW) * (K[i] * (xx[i] + 1) + hh[i] + 1);
    for (int i = 0; i < FEW * FEW; i++) left[i] = (i % (FEW + 1) == 0) - S[i];
    gemm(false, false, ALL, FEW, FEW, K, FEW, left, FEW, S, FEW, GEMM_ADD);
}

/* The excess of effective parameters on new inputs; *test becomes the test error. */
static double fit_width(Run *run, int width, const World *w, Rng init, double *test)
{
    Net *net = net_new(2, (int[]){ D, width, 1 }, 1, init);
    Optim *o = optim_new((OptimSpec){ .kind = OPTIM_SGD, .lr = rate }, &net->p);
    Tape *t = tape_new();
    double start[ALL], f[ALL], sum[ALL], loss = 0, used[2] = { 0 };
    real S[SIZE] = { 0 };
    outputs(t, net, ALL, w->x, start);
    for (int s = 0; s < scaled(run, 6000, 5); s++) {
        tape_reset(t), hook_keep(t, "net.0");
        outputs(t, net, ALL, w->x, f);
        smooth(width, w->x, hook_value(t, "net.0")->v, net->mlp.W[1]->v, S);
        tape_reset(t);
        loss = descend(t, net, o, FEW, w);
    }
    outputs(t, net, ALL, w->x, f);
    for (int i = 0; i < ALL; i++) {
        const real *s = S + i * FEW;
        sum[i] = start[i];
        for (int j = 0; j < FEW; j++) sum[i] += s[j] * (w->y[j] - start[j]);
        used[i >= FEW] += vmath_dot(FEW, s, s) / (i < FEW ? FEW : NEW);
        if (i >= FEW) *test += (f[i] - w->y[i]) * (f[i] - w->y[i]) / NEW;
    }
    row(run, "width", width, loss, *test, used[0], used[1]);
    record_as(run, distance(ALL, f, sum), "distance at width %d", width);
    optim_free(o), tape_free(t), net_free(net);
    return used[1] - used[0];
}

static void run(Run *run, Rng rng)
{
    World w;
    double excess[WIDTHS], test[WIDTHS] = { 0 };
    draw(&w, 0.3, rng_named(rng, "world"));
    for (int i = 0; i < COUNT(ways); progress(run, 0.15 * ++i)) train(run, i, &w, rng);
    draw(&w, 0.5, rng_named(rng, "few"));
    for (int k = 0; k < WIDTHS; progress(run, 0.6 + 0.04 * ++k))
        excess[k] = fit_width(run, widths[k], &w, rng, test + k);
    record(run, "excess and test error", stats_spearman(WIDTHS, excess, test));
}

/*
## What we find

At the rate 0.001 the sum misses the network by {{telescopes|%.4f}} deviations of its
output, with frozen gradients by {{telescopes.control|%.2f}}, and in random order by
{{telescopes.control2|%.2f}}: gradients must be those of the moment. At the rates 0.01 and
0.1 it misses by {{=telescoped, medium|%.4f}} and {{step-size|%.2f}}, with AdamW by
{{=telescoped, adamw|%.3f}}: large steps bend.

~~~gnuplot width "With as many weights as examples, near 8 units, the test error peaks;
so do the effective parameters on new inputs; on the examples they only rise"
set logscale x; set xrange [0.9:450]; set yrange [0:*]; set xlabel "hidden units"
set ylabel "error [variance], parameters per example"
set label "on new inputs" at 15, 3 tc ls 2; set label "on examples" at 105, 1.12 tc ls 3
set label "test error" at 105, .5 tc ls 1; set label "training error" at 105, .08 tc ls 9
plot table("width") using "width":"train error" with lines ls 9, \
  "" using "width":"test error" with linespoints ls 1, \
  "" using "width":"seen" with linespoints ls 3, \
  "" using "width":"unseen" with linespoints ls 2
~~~

The test error ranks over the widths as the excess of the parameters on new inputs does
({{effective-parameters|%.2f}}). The widest network has the most weights, but on new
inputs it is a calm sum of the examples again. At the peak $S$ misses the output by only
{{=distance at width 8|%.3f}}; with one unit it can run away (to
{{=distance at width 1.max}}), and then its rank is luck. Beyond us: grokking, trees.
*/
