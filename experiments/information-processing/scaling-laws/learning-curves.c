/*
# Small samples foretell what a large one will bring

As a classifier sees more examples, its error on new ones falls and its error on those it
has seen rises, toward the same value from either side and by the same power law. So cheap
trainings on small samples tell how well a costly one on a large sample will do, and which
of two classifiers to spend it on. Cortes, Jackel, Solla, Vapnik and Denker proposed it to
spare the training of poor classifiers on large databases [@cortes1993learning]; the
scaling laws of language models serve the same end.

Two classifiers learn the same noisy rule from 64 to 16,384 examples, and we forecast the
error after the most from those after 1024 and fewer. What could fool us: a curve that is
flat is foretold by any of its points, and a winner that leads from the start needs no
forecast. So an early error is carried forward too, and must do badly, and the procedure
is asked about labels dealt by a coin.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

static const char curves[] = "examples, linear test, linear training, linear middle, "
                             "linear forecast, quadratic test, quadratic training, "
                             "quadratic middle, quadratic forecast";

const Experiment experiment = {
    .id = "learning-curves",
    .run = run,
    .tables = { { "curves", curves }, { "coins", curves } },
    ABOUT(.title = "Learning curves", .section = "information-processing/scaling-laws",
          .cites = "cortes1993learning", .seeds = 5, .core_s = 20,
          .carries = { "Single- and multi-layer networks, a large database of characters",
                       "Logistic regression on 13 or 91 features, in twenty worlds",
                       "The power law on both sides of a, forecasting and choosing by it",
                       "Their networks and their data; how deep networks scale" }),
    .claims = CLAIMS(
        { .id = "forecast",
          .text = "trainings on at most 1024 examples foretell the test error after "
                  "16,384 (relative error of the worse of two classifiers)",
          .value = "miss of the forecast",
          .side = BELOW,
          .bound = 0.08,
          .why = "the curve's power-law form; a pilot was 3 % off",
          .controls = { { "miss of the error at 128", "the error after 128 examples" },
                        { "miss of the error at 1024", "the error after 1024" } } },
        { .id = "pick-the-winner",
          .text = "the forecast chooses the better of the two classifiers, which their "
                  "errors after 128 examples take for the worse (share of worlds)",
          .value = "winners by the forecast",
          .side = ABOVE,
          .bound = 0.8,
          .why = "the curves cross after 128 examples; guessing is .5",
          .controls = { { "winners by the error at 128", "the error after 128 examples",
                          .side = BELOW, .bound = 0.2 },
                        { "winners by the forecast of coins",
                          "labels dealt by a coin" } } },
        { .id = "mirror",
          .text = "the middle between test and training error stands still from 512 "
                  "examples on (relative spread of the worse classifier)",
          .value = "spread of the middle",
          .side = BELOW,
          .bound = 0.1,
          .why = "if the errors are a + b/l^c and a - b/l^c, the middle is a",
          .controls = { { "spread of the middle of coins",
                          "labels dealt by a coin" } } }),
};

/*
## A rule that one classifier can learn and the other cannot

A **world** scores a point $x$, normal in twelve dimensions, by a linear and a quadratic
part, $s(x) = \sum_i w_i x_i + \sum_{i \le j} q_{ij} \phi_{ij}(x)$. The $\phi_{ij}$ are
products $x_i x_j$ and centred squares of variance one, the weights normal, so large that
the parts have variances of 1 and 0.17 on average. The label is the sign of the score and
of a normal noise of 0.51 together. The first classifier sees a constant and the 12 linear
terms; the second all 91. So the first is soon as good as it can be, and the second better
in the end. A world of coins has no weights: its labels are the sign of the noise alone.
*/

enum { D = 12, LINEAR = 1 + D, QUADRATIC = LINEAR + D * (D + 1) / 2, KINDS = 2 };
static const int features[KINDS] = { LINEAR, QUADRATIC };

typedef struct {
    int n;
    double *phi, *label; /* (n)(QUADRATIC); (n), 0 or 1 */
} Sample;

static void draw_point(double *phi, Rng r)
{
    double *x = phi + 1, *product = phi + LINEAR;
    phi[0] = 1;
    for (int i = 0; i < D; i++) x[i] = rng_normal(r, (uint64_t)i);
    for (int i = 0; i < D; i++)
        for (int j = i; j < D; j++)
            *product++ = i < j ? x[i] * x[j] : (x[i] * x[i] - 1) / sqrt(2);
}

static Sample draw_sample(const double *world, int n, Rng r)
{
    Sample s = { n, alloc((size_t)n * QUADRATIC, sizeof *s.phi),
                 alloc((size_t)n, sizeof *s.label) };
    for (int i = 0; i < n; i++) {
        Rng one = rng_child(r, (uint64_t)i);
        double *phi = s.phi + (size_t)i * QUADRATIC;
        draw_point(phi, one);
        s.label[i] = vmath_dot_f64(QUADRATIC, world, phi) + 0.51 * rng_normal(one, D) > 0;
    }
    return s;
}

/*
## Training

Logistic regression by Newton's method. A small sample can often be parted without an
error, and then no weights are large enough; a penalty of $|w|^2/20$ keeps them finite
there and matters nowhere else.
*/

static void train(const Sample *s, int p, double *w)
{
    enum { ROWS = 128 };
    double hessian[QUADRATIC * QUADRATIC], x[ROWS * QUADRATIC], step[QUADRATIC];
    const double penalty = 0.1;
    for (int it = 0; it < 15; it++) {
        memset(hessian, 0, sizeof hessian);
        for (int j = 0; j < p; j++)
            hessian[j * p + j] = penalty, step[j] = -penalty * w[j];
        for (int from = 0, rows; from < s->n; from += rows) {
            rows = s->n - from < ROWS ? s->n - from : ROWS;
            for (int i = 0; i < rows; i++) {
                const double *phi = s->phi + (size_t)(from + i) * QUADRATIC;
                double q = vmath_sigmoid(vmath_dot_f64(p, w, phi)),
                       root = sqrt(q * (1 - q)), miss = s->label[from + i] - q;
                for (int j = 0; j < p; j++)
                    x[i * p + j] = root * phi[j], step[j] += miss * phi[j];
            }
            gemm_f64(true, false, p, p, rows, x, p, x, p, hessian, p, GEMM_ADD);
        }
        require(linalg_cholesky(p, hessian), "a Hessian that is not positive");
        linalg_solve_lower(p, 1, hessian, step);
        linalg_solve_upper(p, 1, hessian, step);
        for (int j = 0; j < p; j++) w[j] += step[j];
        if (vmath_dot_f64(p, step, step) < 1e-3 * vmath_dot_f64(p, w, w)) break;
    }
}

/* The shares of wrong answers of n classifiers w (n)(QUADRATIC). */
static void errors_of(const Sample *s, int n, const double *w, double *wrong)
{
    double *score = alloc((size_t)s->n * (size_t)n, sizeof *score);
    gemm_f64(false, true, s->n, n, QUADRATIC, s->phi, QUADRATIC, w, QUADRATIC, score, n,
             GEMM_SET);
    memset(wrong, 0, (size_t)n * sizeof *wrong);
    for (int i = 0; i < s->n * n; i++)
        if ((score[i] > 0) != (s->label[i / n] > 0)) wrong[i % n] += 1.0 / s->n;
    free(score);
}

/*
Small samples are drawn several times, until eight thousand examples stand behind a
training error; test errors are taken on the same 20,000 points throughout.
*/

enum { SIZES = 11, AT_128 = 1, AT_512 = 4, AT_1024 = 6, LAST = SIZES - 1, MOST = 32 };
static const struct {
    int n, repeats;
} sizes[SIZES] = { { 64, MOST }, { 128, MOST }, { 256, MOST }, { 362, 22 },
                   { 512, 16 },  { 724, 11 },   { 1024, 8 },   { 2048, 4 },
                   { 4096, 2 },  { 8192, 1 },   { 16384, 1 } };

typedef struct {
    double test[SIZES], training[SIZES];   /* measured */
    double middle[SIZES], forecast[SIZES]; /* of the test error */
} Curve;

static void measure(Run *run, bool coins, Curve curve[KINDS], Rng rng)
{
    double world[QUADRATIC] = { 0 };
    for (int j = 1; j < QUADRATIC && !coins; j++)
        world[j] = rng_normal(rng_named(rng, "world"), (uint64_t)j) *
                   sqrt(j < LINEAR ? 1.0 / D : 0.17 / (QUADRATIC - LINEAR));
    Sample test = draw_sample(world, scaled(run, 20000, 500), rng_named(rng, "test"));
    for (int k = 0; k < SIZES; k++) {
        int n = scaled(run, sizes[k].n, 99), repeats = scaled(run, sizes[k].repeats, 2);
        double w[MOST * KINDS][QUADRATIC] = { 0 }, wrong[MOST * KINDS];
        for (int t = 0; t < repeats; t++) {
            Rng r = rng_child(rng_child(rng, (uint64_t)k), (uint64_t)t);
            Sample seen = draw_sample(world, n, r);
            for (int i = 0; i < KINDS; i++) train(&seen, features[i], w[KINDS * t + i]);
            errors_of(&seen, KINDS, w[KINDS * t], wrong);
            for (int i = 0; i < KINDS; i++) curve[i].training[k] += wrong[i] / repeats;
            free(seen.phi), free(seen.label);
        }
        errors_of(&test, KINDS * repeats, w[0], wrong);
        for (int i = 0; i < KINDS * repeats; i++)
            curve[i % KINDS].test[k] += wrong[i] / repeats;
    }
    free(test.phi), free(test.label);
}

/*
## The forecast

If the errors are $a + b\,l^{-c}$ and $a - b\,l^{-c}$, their middle is $a$ at every size,
and half their difference gives $b$ and $c$ by least squares. We use the sizes up to 1024
that are at least five times the number of features: a smaller sample is learned by heart,
its training error is zero or nearly so, and the power law has not begun.
*/

static void forecast(Curve *curve, int p)
{
    int first = 0;
    while (sizes[first].n < 5 * p - 1) first++;
    for (int k = 0; k < SIZES; k++)
        curve->middle[k] = (curve->test[k] + curve->training[k]) / 2;
    double a = stats_mean(AT_1024 + 1 - first, curve->middle + first);

    /* Given c, the best b is a quotient: only c has to be searched for. */
    double b = 0, c = 0, least = INFINITY;
    for (double trial = 0.25; trial < 2; trial += 0.01) {
        double zz = 0, zh = 0, hh = 0;
        for (int k = first; k <= AT_1024; k++) {
            double z = vmath_pow(sizes[k].n, -trial),
                   h = curve->test[k] - curve->middle[k];
            zz += z * z, zh += z * h, hh += h * h;
        }
        if (hh - zh * zh / zz >= least) continue;
        least = hh - zh * zh / zz, b = zh / zz, c = trial;
    }
    for (int k = 0; k < SIZES; k++)
        curve->forecast[k] = a + b * vmath_pow(sizes[k].n, -c);
}

/*
## Twenty worlds

A seed draws twenty worlds and twenty of coins. A coin that names winners reaches our
bound of 80 % in one of 170 such seeds; with ten worlds it would in one of 18.
*/

static double larger(double x, double y) { return x > y ? x : y; }

static double spread_of_middle(const Curve *c)
{
    const double *m = c->middle + AT_512;
    int n = SIZES - AT_512;
    return (stats_quantile(n, m, 1) - stats_quantile(n, m, 0)) / stats_mean(n, m);
}

static void survey(Run *run, bool coins, const char *table, const char *of, Rng rng)
{
    enum { WORLDS = 20, WAYS = 3 };
    static const char *const ways[] = { "forecast", "error at 128", "error at 1024" };
    int worlds = scaled(run, WORLDS, 2);
    double miss[WAYS][WORLDS], spread[WORLDS], lean[WORLDS], winners[WAYS] = { 0 };
    for (int i = 0; i < worlds; i++) {
        Curve c[KINDS] = { 0 };
        measure(run, coins, c, rng_child(rng, (uint64_t)i));
        for (int k = 0; k < KINDS; k++) forecast(&c[k], features[k]);
        double truth[] = { c[0].test[LAST], c[1].test[LAST] },
               guess[WAYS][KINDS] = { { c[0].forecast[LAST], c[1].forecast[LAST] },
                                      { c[0].test[AT_128], c[1].test[AT_128] },
                                      { c[0].test[AT_1024], c[1].test[AT_1024] } };
        for (int way = 0; way < WAYS; way++) {
            const double *g = guess[way];
            miss[way][i] = larger(fabs(g[0] / truth[0] - 1), fabs(g[1] / truth[1] - 1));
            winners[way] += (g[0] > g[1]) == (truth[0] > truth[1]);
        }
        lean[i] = guess[0][1] / truth[1] - 1;
        spread[i] = larger(spread_of_middle(&c[0]), spread_of_middle(&c[1]));
        for (int k = 0; i == 0 && k < SIZES; k++)
            row(run, table, sizes[k].n, c[0].test[k], c[0].training[k], c[0].middle[k],
                c[0].forecast[k], c[1].test[k], c[1].training[k], c[1].middle[k],
                c[1].forecast[k]);
        progress(run, (coins + (i + 1.0) / worlds) / 2);
    }
    for (int way = 0; way < WAYS; way++) {
        record_as(run, stats_quantile(worlds, miss[way], 0.5), "miss of the %s%s",
                  ways[way], of);
        record_as(run, winners[way] / worlds, "winners by the %s%s", ways[way], of);
    }
    record_as(run, stats_quantile(worlds, spread, 0.5), "spread of the middle%s", of);
    record_as(run, stats_mean(worlds, lean), "lean of the quadratic forecast%s", of);
}

static void run(Run *run, Rng rng)
{
    survey(run, false, "curves", "", rng_named(rng, "worlds"));
    survey(run, true, "coins", " of coins", rng_named(rng, "coins"));
}

/*
## What we find

The worse of the two forecasts misses the error after 16,384 examples by
{{forecast*100|%.1f}} % in the median world. Carried forward as they are, the errors after
128 examples miss it by {{forecast.control*100|%.0f}} %, those after 1024 by
{{forecast.control2*100|%.0f}} %. Most of our miss is the quadratic forecast's,
which lies {{=lean of the quadratic forecast*-100|%.1f}} % too low on average: at five
examples per feature the curve still falls faster than its power law will.

~~~gnuplot curves "The test errors cross. The forecasts (lines) know what is left of 1024"
set logscale x
set xlabel "training examples"
set ylabel "share of wrong answers"
set xrange [220:19000]; set yrange [0.13:0.29]
eval bound_x(1024, "1024")
set label "linear" at 5000, 0.231 textcolor linestyle 1
set label "quadratic" at 5000, 0.179 textcolor linestyle 2
plot table("curves") using "examples":"linear test" with points linestyle 1, \
  "" using "examples":"linear forecast" with lines linestyle 1, \
  "" using "examples":"quadratic test" with points linestyle 2, \
  "" using "examples":"quadratic forecast" with lines linestyle 2
~~~

The forecast names the better classifier in {{pick-the-winner*100|%.0f}} % of the worlds,
the errors after 128 examples in {{pick-the-winner.control*100|%.0f}} %, and the forecast
of coins in {{pick-the-winner.control2*100|%.0f}} %. By 1024, the last it knows, the
curves have crossed, and the errors name it themselves, in
{{=winners by the error at 1024*100|%.0f}} %: the forecast adds by how much it wins.

~~~gnuplot curves "Test and training errors meet in the middle (grey), but not with coins"
eval height(460)
set logscale x
set xlabel "training examples"
set ylabel "share of wrong answers"
set xrange [56:19000]; set yrange [0:0.55]
set label "linear" at 74, 0.3 textcolor linestyle 1
set label "quadratic" at 100, 0.37 textcolor linestyle 2
set label "quadratic, labels dealt by a coin" at 62, 0.525 textcolor linestyle 3
plot table("coins") using "examples":"quadratic middle" with lines @THEORY, \
  "" using "examples":"quadratic test" with linespoints linestyle 3, \
  "" using "examples":"quadratic training" with linespoints linestyle 3, \
  table("curves") using "examples":"linear middle" with lines @THEORY, \
  "" using "examples":"quadratic middle" with lines @THEORY, \
  "" using "examples":"linear test" with linespoints linestyle 1, \
  "" using "examples":"linear training" with linespoints linestyle 1, \
  "" using "examples":"quadratic test" with linespoints linestyle 2, \
  "" using "examples":"quadratic training" with linespoints linestyle 2
~~~

From 512 examples on the middle moves by {{mirror*100|%.1f}} % of itself, as the luck of
eight thousand labels has it. With coins it moves by {{mirror.control*100|%.0f}} %: the
test error cannot fall, while there is ever more to learn by heart.

## What our scale cannot show

Their networks and their data. A convex problem with a fixed number of features has such
curves by theory; a deep network has them by experience, and where its curve takes a step,
nothing before foretells it. Nor do we reach farther than a factor of 16 in examples.
*/
