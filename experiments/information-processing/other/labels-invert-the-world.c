/*
# Learning the names of things recovers where they are

Five hidden coordinates pass through a tangled map. A network sees only what comes out,
and learns to name which of a hundred classes a point belongs to. Nothing asks for the
coordinates, and yet its last layer comes to hold them, up to a linear map. Reizinger,
Bizeul, Juhos, Vogt, Balestriero, Brendel and Klindt prove it for points on a sphere that
scatter about the centre of their class, if cross-entropy is at its least
[@reizinger2024crossentropy]. It may be why classifiers have features of use elsewhere.

What could fool us: a map so mild that the coordinates can be read off the observations,
or a network that unfolds it by chance. So both are measured, and the same network trains
on labels that are drawn by lot.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "labels-invert-the-world",
    .run = run,
    .tables = { { "bars", "what, place, R2" },
                { "points", "true, raw, trained, by lot" },
                { "clusters", "clusters, trained, untrained, raw" } },
    ABOUT(.title = "Labels invert the world", .section = "information-processing/other",
          .cites = "reizinger2024crossentropy", .seeds = 5, .core_s = 26,
          .carries = { "A theorem; synthetic worlds, DisLib, ImageNet-X",
                       "Five coordinates on a sphere, 100 classes, 10 observations",
                       "The coordinates come back, up to a linear map; how many classes",
                       "Images; unknown dimensions; points that scatter otherwise" }),
    .claims = CLAIMS(
        { .id = "latents-recovered",
          .text = "a classifier's last layer holds the hidden coordinates (linear R2)",
          .value = "R2 trained",
          .side = ABOVE,
          .bound = 0.90,
          .why = "the theorem says 1, for endless data and a network that is perfect",
          .controls = { { "R2 untrained", "before training" },
                        { "R2 by lot", "trained on labels drawn by lot" },
                        { "R2 lumped", "labels that lump ten classes" } } },
        { .id = "beyond-raw",
          .text = "it tells more of them than the observations do (difference of R2)",
          .value = "gain trained",
          .side = ABOVE,
          .bound = 0.15,
          .why = "what is linear in the observations is not the network's work",
          .controls = { { "gain untrained", "before training" },
                        { "gain by lot", "trained on labels drawn by lot" },
                        { "gain lumped", "labels that lump ten classes" } } },
        { .id = "cluster-count",
          .text = "with three classes, whose centres do not span the space (linear R2)",
          .value = "R2 of 3 clusters",
          .tier = REPORT }),
};

/*
~~~gnuplot points "A hidden coordinate (across) and what the best linear map finds of it
(upwards) in the observations, in a trained network, and in one trained on labels by lot"
@BARE; eval height(260); set size ratio -1; set xrange [-1.1:6.3]; set yrange [-1.15:1.45]
do for [i=0:2] { set arrow from 2.6*i-1, -1 to 2.6*i+1, 1 nohead back @THEORY
  set label word("observations trained 'by lot'", i + 1) at 2.6 * i, 1.3 center }
plot for [i=0:2] table("points") using (2.6 * i + column("true")):i + 2 with points \
  ls i + 1 ps 0.3
~~~

## A world

A class $c$ has a centre $v_c$ on the unit sphere in five dimensions. A point of the class
has the density $e^{\kappa v_c \cdot z}$ on the sphere (von Mises and Fisher's law), with
$\kappa = 20$: the classes overlap, and a point tells its class only by chance. With
$t = 1 - v_c \cdot z$ this density is $e^{-\kappa t}\, t\, (2 - t)$; its first two factors
are those of a sum of two exponential times, and the third is met by rejection.
*/
enum { D = 5, SEEN = 10, MOST = 100, FOLDS = 3 };
static const double kappa = 20;

typedef struct {
    int classes;
    double centre[MOST * D], turn[FOLDS * D * D], show[SEEN * D];
} World;

static void unit_length(double *v)
{
    double length = sqrt(vmath_dot_f64(D, v, v));
    for (int i = 0; i < D; i++) v[i] /= length;
}

static void scatter(const double *v, Rng r, double *z)
{
    double t = 2, u[2] = { 0 };
    for (uint64_t i = 0; 2 * u[0] >= 2 - t; i++) {
        rng_uniform_pair(rng_child(r, i), 0, u);
        t = -(vmath_log(1 - u[0]) + vmath_log(1 - u[1])) / kappa;
        u[0] = rng_uniform(rng_child(r, i), 1);
    }
    Rng side = rng_named(r, "side");
    for (int i = 0; i < D; i++) z[i] = rng_normal(side, (uint64_t)i);
    double along = vmath_dot_f64(D, z, v), across = sqrt(t * (2 - t));
    for (int i = 0; i < D; i++) z[i] -= along * v[i];
    unit_length(z);
    for (int i = 0; i < D; i++) z[i] = (1 - t) * v[i] + across * z[i];
}

/*
The map turns the space and folds it, three times: a random rotation, then a leaky ReLU,
which shrinks what is negative to a tenth. A last random map without folds shows the five
numbers as ten. No fold loses anything, so the map can be inverted; but what it shows is
no longer linear in the coordinates.
*/
static World world_new(int classes, Rng rng)
{
    World w = { .classes = classes };
    Rng r[] = { rng_named(rng, "centre"), rng_named(rng, "turn"),
                rng_named(rng, "show") };
    double *fill[] = { w.centre, w.turn, w.show };
    int n[] = { COUNT(w.centre), COUNT(w.turn), COUNT(w.show) };
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < n[k]; i++) fill[k][i] = rng_normal(r[k], (uint64_t)i);
    for (int c = 0; c < classes; c++) unit_length(w.centre + c * D);
    for (int k = 0; k < FOLDS; k++) linalg_orthonormalise(D, D, w.turn + k * D * D);
    linalg_orthonormalise(SEEN, D, w.show);
    return w;
}

static void show(const World *w, const double *z, real *x)
{
    double h[D], g[D];
    memcpy(h, z, sizeof h);
    for (int k = 0; k < FOLDS; k++) {
        for (int i = 0; i < D; i++) g[i] = vmath_dot_f64(D, w->turn + (k * D + i) * D, h);
        for (int i = 0; i < D; i++) h[i] = g[i] > 0 ? g[i] : 0.1 * g[i];
    }
    for (int i = 0; i < SEEN; i++)
        x[i] = (real)(5 * vmath_dot_f64(D, w->show + i * D, h));
}

/*
## Labels

Besides the true classes there are labels by lot, which say nothing about the point, and
labels that *lump* ten classes together that have nothing to do with each other: these can
be learnt, but the world behind them is not that of the theorem.
*/
typedef enum { TRUE_LABELS, BY_LOT, LUMPED } Labels;
enum { TEST = 4000 };
typedef struct {
    int n, label[TEST];
    double z[TEST * D];
    real x[TEST * SEEN];
} Batch;

static void draw(Batch *b, const World *w, Labels labels, Rng rng)
{
    for (int i = 0; i < b->n; i++) {
        Rng r = rng_child(rng, (uint64_t)i), lot = rng_named(r, "lot");
        int c = rng_below(rng_named(r, "class"), 0, w->classes);
        scatter(w->centre + c * D, r, b->z + i * D);
        show(w, b->z + i * D, b->x + i * SEEN);
        b->label[i] = labels == LUMPED   ? c % 10
                      : labels == BY_LOT ? rng_below(lot, 0, w->classes)
                                         : c;
    }
}

/*
## A classifier

Three hidden layers of 128 units lead to five outputs, which are scaled to length one: the
theorem asks for this, since the coordinates have it. A linear layer without bias gives
the logits. Every batch is fresh, so that nothing can be learnt by heart.

No operation scales a row to length one; but $(f, -f)$ has mean zero and variance
$|f|^2 / 5$, so a layer norm does it.
*/
typedef struct {
    Params p;
    Mlp encoder;
    Tensor *classes; /* (D,classes) */
} Net;

static Net *net_new(int classes, Rng init)
{
    Net *net = alloc(1, sizeof *net);
    static const int width[] = { SEEN, 128, 128, 128, D };
    net->encoder = mlp_new(&net->p, "encoder", 4, width, ACT_GELU, 1.4, init);
    net->classes = params_add(&net->p, "classes", true, 2, (int[]){ D, classes });
    params_normal(net->classes, rng_named(init, "classes"), 0.02);
    return net;
}

static Tensor *encode(Tape *t, const Net *net, const Batch *b)
{
    Tensor *x = tape_input(t, b->x, 2, (int[]){ b->n, SEEN });
    Tensor *f = mlp_run(&net->encoder, t, x);
    f = op_join(t, 2, (Tensor *[]){ f, op_scale(t, f, -1) });
    f = op_layernorm(t, f, NULL, NULL, 1e-9);
    return op_scale(t, op_columns(t, f, 0, D), 1 / sqrt(D));
}

static double step(Tape *t, Net *net, const Batch *b, Optim *o)
{
    Tensor *f = op_scale(t, encode(t, net, b), kappa);
    Tensor *loss = op_xent(t, op_linear(t, f, net->classes, NULL, ACT_NONE), b->label);
    double before = loss->v[0];
    tape_backward(t, loss), optim_step(o), tape_reset(t);
    return before;
}

/*
## What is recovered

A linear map from the last layer to the coordinates is fitted to one half of 4000 new
points and judged on the other; $R^2$ is the share of the variance that it explains. The
same is done with the ten observations.
*/
static double recover(int p, const real *f, const Batch *b, double *found)
{
    double fit[TEST], test[TEST];
    for (int i = 0; i < b->n; i++) fit[i] = i % 2, test[i] = 1 - fit[i];
    Probe probe = probe_ridge(b->n, p, D, f, b->z, fit, 1e-6);
    if (found) probe_apply(&probe, b->n, f, found);
    double r2 = probe_r2(&probe, b->n, f, b->z, test);
    free(probe.w);
    return r2;
}

static double recover_from(Tape *t, const Net *net, const Batch *b, double *found)
{
    double r2 = recover(D, encode(t, net, b)->v, b, found);
    tape_reset(t);
    return r2;
}

typedef struct {
    double before, after;   /* R2 */
    double loss;            /* [nat], the mean of the last steps */
    double found[TEST * D]; /* coordinates of the test points */
} Trained;

static Trained *train(Run *run, const World *w, Labels labels, const Batch *test, Rng rng)
{
    enum { LAST = 100 };
    Trained *x = alloc(1, sizeof *x);
    int steps = scaled(run, 3000, LAST);
    Net *net = net_new(w->classes, rng_named(rng, "init"));
    OptimSpec adam = { .lr = 0.01, .warmup = 50, .steps = steps, .decay = DECAY_COSINE };
    Optim *o = optim_new(adam, &net->p);
    Tape *t = tape_new();
    Batch *b = alloc(1, sizeof *b);
    b->n = scaled(run, 256, 16);
    x->before = recover_from(t, net, test, NULL);
    for (int s = 0; s < steps; s++) {
        draw(b, w, labels, rng_child(rng_named(rng, "data"), (uint64_t)s));
        double loss = step(t, net, b, o);
        if (s >= steps - LAST) x->loss += loss / LAST;
    }
    x->after = recover_from(t, net, test, x->found);
    free(b), tape_free(t), optim_free(o), params_free(&net->p), free(net);
    return x;
}

/* What a reader who knows the centres would lose [nat]. */
static double least_loss(const World *w, const Batch *b)
{
    double mean = 0;
    for (int i = 0; i < b->n; i++) {
        const double *z = b->z + i * D, *own = w->centre + b->label[i] * D;
        double sum = 0, logit = kappa * vmath_dot_f64(D, own, z);
        for (int c = 0; c < w->classes; c++)
            sum += vmath_exp(kappa * vmath_dot_f64(D, w->centre + c * D, z) - logit);
        mean += vmath_log(sum) / b->n;
    }
    return mean;
}

static void count_classes(Run *run, Batch *test, Rng rng)
{
    static const int counts[] = { 2, 3, 6, 10, 30 };
    for (int k = 0; k < COUNT(counts); k++) {
        World w = world_new(counts[k], rng);
        draw(test, &w, TRUE_LABELS, rng_named(rng, "test"));
        Trained *x = train(run, &w, TRUE_LABELS, test, rng_named(rng, "net"));
        double raw = recover(SEEN, test->x, test, NULL);
        row(run, "clusters", counts[k], x->after, x->before, raw);
        record_as(run, x->after, "R2 of %d clusters", counts[k]);
        progress(run, 0.4 + 0.12 * (k + 1));
        free(x);
    }
}

static void run(Run *run, Rng rng)
{
    static const char *const name[] = { "trained", "by lot", "lumped", "untrained" };
    World w = world_new(MOST, rng);
    Batch *test = alloc(1, sizeof *test);
    test->n = scaled(run, TEST, 40);
    draw(test, &w, TRUE_LABELS, rng_named(rng, "test"));
    record(run, "least loss", least_loss(&w, test));
    double seen[TEST * D], r2[4];
    double raw = recover(SEEN, test->x, test, seen);
    Trained *x[3];
    for (int k = 0; k < 3; k++) {
        x[k] = train(run, &w, (Labels)k, test, rng_named(rng, "net"));
        r2[k] = x[k]->after, r2[3] = x[k]->before;
        record_as(run, x[k]->loss, "loss %s", name[k]);
        progress(run, 0.13 * (k + 1));
    }
    record(run, "R2 raw", raw);
    row_label(run, "bars", "observations", 0, raw);
    for (int k = 0; k < 4; k++) {
        record_as(run, r2[k], "R2 %s", name[k]);
        record_as(run, r2[k] - raw, "gain %s", name[k]);
        row_label(run, "bars", name[k], k + 1, r2[k]);
    }
    for (int i = 0; i < test->n && i < 600; i += 2)
        row(run, "points", test->z[i * D], seen[i * D], x[0]->found[i * D],
            x[1]->found[i * D]);
    for (int k = 0; k < 3; k++) free(x[k]);
    count_classes(run, test, rng);
    free(test);
}

/*
## What we find

The trained network holds {{latents-recovered*100|%.0f}} % of the variance of the
coordinates, the observations {{=R2 raw*100|%.0f}} %, the untrained network
{{latents-recovered.control*100|%.0f}} %, one that trained by lot
{{latents-recovered.control2*100|%.0f}} %. Its loss is {{=loss trained|%.2f}} nat, where
who knows the centres has {{=least loss|%.2f}}. Lumped labels are learnt too, but leave
{{latents-recovered.control3*100|%.0f}} %: not any labels invert the world.

~~~gnuplot bars "How much of the hidden coordinates a linear map finds, and where"
eval height(300); set yrange [0:1.05]; set xrange [-0.6:4.6]; set boxwidth 0.6
eval bound({{latents-recovered.bound}}, "bound"); set ylabel "linear R^2"
plot table("bars") using "place":"R2":xtic(1) with boxes ls 1 fs solid 0.35
~~~

With three classes it is {{cluster-count*100|%.0f}} %; the observations give nearly as much:

~~~gnuplot clusters "The more classes, the more a trained network adds to what is observed"
set logscale x; set xrange [1.8:45]; set yrange [0:1.02]; eval room(11)
set xlabel "classes"; set ylabel "linear R^2"; set xtics (2, 3, 6, 10, 30)
plot table("clusters") using 1:2 with linespoints ls 1 title "trained" at end, \
  "" using 1:4 with linespoints ls 9 title "observations" at end, \
  "" using 1:3 with linespoints ls 2 title "untrained" at end
~~~

What our scale cannot show: images, scatter of another form, unknown dimensions.
*/
