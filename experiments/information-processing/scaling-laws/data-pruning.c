/*
# Chosen examples beat the power law of random ones

The error of a learner falls only as a power of the number of its examples because most of
them tell it what it knows. If something can tell in advance which examples are hard, and
there are plenty, keeping the hardest makes the error fall faster than any power of the
number that is kept; if there are few, the easiest are worth more. Sorscher, Geirhos,
Shekhar, Ganguli and Morcos showed it for perceptrons in theory, and for image classifiers
in practice [@sorscher2022pruning].

We prune the examples of a perceptron by a probe that knows the teacher, by one that is 20
degrees off, and by one at a right angle to it, which knows nothing and is our control: it
ranks as strictly, keeps as many, and must gain nothing. What could fool us is a student
that has not converged; it is solved until it has.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

static const char columns[] = "pool, all, random half, random quarter, hard half, "
                              "hard quarter, hard eighth, easy half";

const Experiment experiment = {
    .id = "data-pruning",
    .run = run,
    .tables = { { "perfect", columns }, { "tilted", columns }, { "useless", columns } },
    ABOUT(.title = "Data pruning", .section = "information-processing/scaling-laws",
          .cites = "sorscher2022pruning", .seeds = 5, .core_s = 12,
          .carries = { "Theory of perceptrons; ResNets on CIFAR-10, SVHN and ImageNet, "
                       "ten metrics of difficulty",
                       "Perceptrons in 100 dimensions, pools of 50 to 3200 examples, "
                       "three probes",
                       "Hard or easy by the size of the pool; an error that falls while "
                       "the number kept does not grow",
                       "Images, and metrics that have to be found" }),
    .claims = CLAIMS(
        { .id = "easy-when-scarce",
          .text = "of one example per dimension, the harder half teaches less than the "
                  "easier (difference of the errors)",
          .value = "hard less easy half at 0 degrees",
          .side = ABOVE,
          .bound = 0.05,
          .why = "the source's theory; a pilot found 0.15",
          .controls = { { "hard less easy half at 90 degrees",
                          "a probe at a right angle" } } },
        { .id = "hard-when-abundant",
          .text =
              "of sixteen examples per dimension, the harder half teaches more than a "
              "random half (ratio of the errors)",
          .value = "hard to random half at 0 degrees",
          .side = BELOW,
          .bound = 0.65,
          .why = "the source's theory; a pilot found 0.5",
          .controls = { { "hard to random half at 90 degrees",
                          "a probe at a right angle" } } },
        { .id = "beats-power-law",
          .text = "four examples per dimension teach more if they are the hardest of "
                  "sixteen, which no law of their number allows (ratio of the errors)",
          .value = "hard to random quarter at 0 degrees",
          .side = BELOW,
          .bound = 0.4,
          .why = "the source's theory; a pilot found 0.3",
          .controls = { { "hard to random quarter at 90 degrees",
                          "a probe at a right angle" } } },
        { .id = "imperfect-probe",
          .text = "a probe 20 degrees off: four examples per dimension, the hardest of "
                  "sixteen (ratio of the errors)",
          .value = "hard to random quarter at 20 degrees",
          .tier = REPORT }),
};

/*
## Teacher, probe, student

An example $x$ is normal in 100 dimensions; its label is the sign of $T \cdot x$, with a
**teacher** $T$. The labels have no noise, so the two classes can be parted, and the
**student** $w$ does it with the widest margin; its error on new examples is the angle
between $w$ and $T$, divided by $\pi$. A **probe** $J$ calls an example hard if it lies
near its own boundary, $|J \cdot x|$ being small. As everything else is blind to
rotations, $T$ may be the first axis and $J$ lie in the plane of the first two.

An example with the label $-1$ says the same as its mirror image with the label $+1$, so
all are mirrored to the teacher's side and the labels forgotten.
*/

enum { D = 100 };

static double *draw_pool(int n, Rng r)
{
    double *x = alloc((size_t)n * D, sizeof *x);
    for (int i = 0; i < n * D; i++) x[i] = rng_normal(r, (uint64_t)i);
    for (int i = 0; i < n; i++) {
        double *xi = x + (size_t)i * D, side = xi[0] < 0 ? -1 : 1;
        for (int j = 0; j < D; j++) xi[j] *= side;
    }
    return x;
}

typedef struct {
    double difficulty;
    int i;
} Ranked;

static int hardest_first(const void *a, const void *b)
{
    double x = ((const Ranked *)a)->difficulty, y = ((const Ranked *)b)->difficulty;
    return (x > y) - (x < y);
}

static double *rank_by(const double probe[2], int n, const double *x)
{
    double *sorted = alloc((size_t)n * D, sizeof *sorted);
    Ranked *order = alloc((size_t)n, sizeof *order);
    for (int i = 0; i < n; i++) {
        double across = probe[0] * x[i * D] + probe[1] * x[i * D + 1];
        order[i] = (Ranked){ fabs(across), i };
    }
    qsort(order, (size_t)n, sizeof *order, hardest_first);
    for (int i = 0; i < n; i++)
        memcpy(sorted + (size_t)i * D, x + order[i].i * D, D * sizeof *x);
    free(order);
    return sorted;
}

/*
## The widest margin

The student is $w = \sum_i \alpha_i x_i$ with the least $|w|^2/2 - \sum_i \alpha_i$ over
$\alpha_i \ge 0$. Coordinate descent mends one $\alpha_i$ after the other, going a little
farther than it should, which halves the time. A pass over all examples finds those that
are violated; twenty passes over those in use then settle them. It is done when no example
with $\alpha_i > 0$ is off its margin, and no other inside, by more than a thousandth of
it.
*/

static double descend(int n, const double *x, bool all, double *alpha, double *w)
{
    double worst = 0;
    for (int i = 0; i < n; i++) {
        if (!all && alpha[i] == 0) continue;
        const double *xi = x + (size_t)i * D;
        double gap = 1 - vmath_dot_f64(D, w, xi),
               violation = alpha[i] > 0 ? fabs(gap) : gap;
        double step = 1.7 * gap / vmath_dot_f64(D, xi, xi);
        if (alpha[i] + step < 0) step = -alpha[i];
        if (violation > worst) worst = violation;
        alpha[i] += step;
        for (int j = 0; j < D; j++) w[j] = fma(step, xi[j], w[j]);
    }
    return worst;
}

/* The error of the student of the n examples; *worst grows to its worst violation. */
static double learn(int n, const double *x, double *worst)
{
    double w[D] = { 0 }, *alpha = alloc((size_t)n, sizeof *alpha), violation = 1;
    for (int pass = 0; pass < 20000 && violation > 1e-3; pass++) {
        for (int k = 0; pass > 0 && k < 20; k++)
            if (descend(n, x, false, alpha, w) <= 5e-4) break;
        violation = descend(n, x, true, alpha, w);
    }
    if (violation > *worst) *worst = violation;
    free(alpha);
    return vmath_acos(w[0] / sqrt(vmath_dot_f64(D, w, w))) / 3.141592653589793;
}

/*
## Pools and probes

Pools hold from half an example per dimension to 32; of each size there are several, fewer
of the large ones, which differ less. All three probes, and chance, choose from the same
pools: chance takes the examples that came first.
*/

enum { POOLS = 7, AT_1 = 1, AT_16 = 5, AT_32 = 6, PROBES = 3 };
enum {
    ALL,
    RANDOM_HALF,
    RANDOM_QUARTER,
    HARD_HALF,
    HARD_QUARTER,
    HARD_EIGHTH,
    EASY_HALF
};
typedef double Errors[EASY_HALF + 1];
static const int draws[POOLS] = { 16, 16, 16, 16, 12, 8, 3 };
static const struct {
    const char *table;
    int degrees;
    double axis[2];
} probes[PROBES] = { { "perfect", 0, { 1, 0 } },
                     { "tilted", 20, { 0.9396926, 0.3420201 } },
                     { "useless", 90, { 0, 1 } } };

static void add_errors(int n, Errors sum[PROBES], double *worst, Rng r)
{
    double *pool = draw_pool(n, r), blind[3];
    for (int c = 0; c < 3; c++) blind[c] = learn(n >> c, pool, worst);
    for (int p = 0; p < PROBES; p++) {
        double *sorted = rank_by(probes[p].axis, n, pool);
        for (int c = 0; c < 3; c++) {
            sum[p][ALL + c] += blind[c];
            sum[p][HARD_HALF + c] += learn(n / 2 >> c, sorted, worst);
        }
        sum[p][EASY_HALF] += learn(n / 2, sorted + (size_t)(n - n / 2) * D, worst);
        free(sorted);
    }
    free(pool);
}

static void record_probe(Run *run, int degrees, Errors e[POOLS])
{
    record_as(run, e[AT_1][HARD_HALF] - e[AT_1][EASY_HALF],
              "hard less easy half at %d degrees", degrees);
    record_as(run, e[AT_16][HARD_HALF] / e[AT_16][RANDOM_HALF],
              "hard to random half at %d degrees", degrees);
    record_as(run, e[AT_16][HARD_QUARTER] / e[AT_16][RANDOM_QUARTER],
              "hard to random quarter at %d degrees", degrees);
    record_as(run, e[AT_32][EASY_HALF], "easy half of 32 at %d degrees", degrees);
}

static void run(Run *run, Rng rng)
{
    Errors error[PROBES][POOLS] = { 0 };
    double worst = 0;
    for (int k = 0; k < POOLS; k++) {
        int n = scaled(run, D / 2 << k, 20), times = scaled(run, draws[k], 1);
        Errors sum[PROBES] = { 0 };
        for (int t = 0; t < times; t++)
            add_errors(n, sum, &worst,
                       rng_child(rng_child(rng, (uint64_t)k), (uint64_t)t));
        for (int p = 0; p < PROBES; p++) {
            double *e = error[p][k];
            for (int c = ALL; c <= EASY_HALF; c++) e[c] = sum[p][c] / times;
            row(run, probes[p].table, n / (double)D, e[ALL], e[RANDOM_HALF],
                e[RANDOM_QUARTER], e[HARD_HALF], e[HARD_QUARTER], e[HARD_EIGHTH],
                e[EASY_HALF]);
        }
        progress(run, (k + 1.0) / POOLS);
    }
    for (int p = 0; p < PROBES; p++) record_probe(run, probes[p].degrees, error[p]);
    record(run, "all of 32", error[0][AT_32][ALL]);
    record(run, "quarter of 16", error[0][AT_16][HARD_QUARTER]);
    record(run, "eighth of 32", error[0][AT_32][HARD_EIGHTH]);
    record(run, "random quarter of 16", error[0][AT_16][RANDOM_QUARTER]);
    precondition(run, NULL, worst <= 1e-3, "a student did not converge");
}

/*
## What we find

Of one example per dimension, the harder half leaves an error higher by
{{easy-when-scarce|%.2f}} than the easier half. Of sixteen, the harder half leaves
{{hard-when-abundant|%.2f}} of the error of a random half. It even leaves what all sixteen
leave: the examples that hold the margin are all in it. But the easier half beats a random
one as well (chart), and falls a little behind the harder: of thirty-two it leaves
{{=easy half of 32 at 0 degrees}}, where all leave {{=all of 32}}.

~~~gnuplot perfect "Half of the examples, kept by a perfect probe or at random: the hard half is
the worst choice from a small pool and the best from a large one"
set logscale xy
set xlabel "examples per dimension in the pool"
set ylabel "error of the student"
set xrange [0.4:60]; set yrange [0.01:0.6]
set label "hard half" at 2.2, 0.42 textcolor linestyle 1
set label "easy half" at 0.42, 0.2 textcolor linestyle 2
set label "random half" at 13, 0.1 textcolor linestyle 3
plot table("perfect") using "pool":"random half" with linespoints linestyle 3, \
  "" using "pool":"easy half" with linespoints linestyle 2, \
  "" using "pool":"hard half" with linespoints linestyle 1
~~~

Four examples per dimension, drawn at random, leave an error of {{=random quarter of 16}};
the hardest four of sixteen leave {{=quarter of 16}}, which is {{beats-power-law|%.2f}} of
it, and the hardest four of thirty-two {{=eighth of 32}}. The error falls while the number
of examples stays: only the pool grows, and ranking is cheaper than learning. The lower
edge of the curves, for each number the best share to keep, falls faster than one over the
number, up to where the pools end.

~~~gnuplot perfect "A perfect probe: the smaller the share that is kept, the later the gain
and the larger. Grey: one over the number of examples"
set logscale xy
set xlabel "examples per dimension that are kept"
set ylabel "error of the student"
set xrange [0.05:80]; set yrange [0.01:0.7]
set label "all" at 37, 0.0155 textcolor linestyle 3
set label "half" at 15.5, 0.0117 right textcolor linestyle 1
set label "quarter" at 7.4, 0.0117 right textcolor linestyle 2
set label "hardest eighth" at 3.4, 0.0155 right textcolor linestyle 4
plot {{=all of 32}} * 32 / x with lines @THEORY, \
  table("perfect") using "pool":"all" with linespoints linestyle 3, \
  "" using (column("pool") / 2):"hard half" with linespoints linestyle 1, \
  "" using (column("pool") / 4):"hard quarter" with linespoints linestyle 2, \
  "" using (column("pool") / 8):"hard eighth" with linespoints linestyle 4
~~~

The probe at a right angle keeps the same numbers and gains nothing: differences of
{{easy-when-scarce.control|%.3f}}, ratios of {{hard-when-abundant.control|%.2f}} and
{{beats-power-law.control|%.2f}}.

A probe that is 20 degrees off still gains by halving
({{=hard to random half at 20 degrees|%.2f}}), but hardly by quartering
({{imperfect-probe|%.2f}}): what it calls hardest is a band around the wrong boundary. And
whoever keeps the easy half by it stays at an error of {{=easy half of 32 at 20 degrees}},
however large the pool: the student learns the probe.

~~~gnuplot tilted "A probe that is 20 degrees off: the more is thrown away, the worse"
set logscale xy
set xlabel "examples per dimension that are kept"
set ylabel "error of the student"
set xrange [0.05:80]; set yrange [0.01:0.7]
set label "all" at 37, 0.0155 textcolor linestyle 3
set label "hardest half" at 14, 0.015 right textcolor linestyle 1
set label "quarter" at 6.8, 0.028 right textcolor linestyle 2
set label "eighth" at 4.8, 0.3 textcolor linestyle 4
set label "easy half" at 18, 0.115 textcolor linestyle 5
plot table("tilted") using "pool":"all" with linespoints linestyle 3, \
  "" using (column("pool") / 2):"hard half" with linespoints linestyle 1, \
  "" using (column("pool") / 4):"hard quarter" with linespoints linestyle 2, \
  "" using (column("pool") / 8):"hard eighth" with linespoints linestyle 4, \
  "" using (column("pool") / 2):"easy half" with linespoints linestyle 5
~~~

## What our scale cannot show

Images, networks, and where a probe comes from: ours is handed over by the teacher. Nor
have our labels any noise, with which the hardest examples may just be the wrong ones. And
we did not look for the best share to keep at each size; the theory does, and finds that
the error can then fall exponentially [@sorscher2022pruning].
*/
