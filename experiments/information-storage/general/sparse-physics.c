/*
# Every assumption about a law saves the samples that it makes redundant

Twelve magnets on a ring, each up or down, have 4096 states, and whoever assumes nothing
about their energy must be told all 4096. If only pairs interact, 79 samples tell it; if
only neighbours do, 25; if all places are alike, 3. Roberts argues that this is why
physics is simple: locality and symmetry leave few parameters, which few samples fix; of a
function of which nothing is assumed, nothing can be learned [@roberts2021physics].

We count the samples until four classes of laws predict states that were not seen. What
could fool us is that few parameters are quickly found, right or wrong. So the same
classes face an energy that couples every pair, and labels without any law.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "sparse-physics",
    .run = run,
    .has_long = true,
    .tables = { { "curve", "samples, all, two-body, local, invariant, two-body coupled, "
                           "local coupled, invariant coupled" } },
    ABOUT(.title = "Sparse physics", .section = "information-storage/general",
          .cites = "roberts2021physics", .seeds = 5, .core_s = 8, .quick = true,
          .long_core_s = 14,
          .carries = { "An essay: the parameters of spin models under each assumption",
                       "Rings of 12 spins, least squares in four classes of laws",
                       "Samples that equal parameters; nothing without assumptions",
                       "Whether what networks learn is sparse in this sense" }),
    .claims = CLAIMS(
        { .id = "samples-equal-parameters",
          .text = "as many samples as parameters suffice (needed beyond 25, 3 and 79)",
          .value = "excess of local",
          .side = WITHIN,
          .bound = -1,
          .upper = 6,
          .also = { { "excess of invariant", WITHIN, -1, 6 },
                    { "excess of two-body", WITHIN, -1, 6 } },
          .why = "a few equations may repeat others; two controls should be absent",
          .controls = { { "excess of local, coupled",
                          "random couplings of all pairs",
                          { "excess of invariant, coupled",
                            "excess of two-body, coupled" } } } },
        { .id = "no-free-lunch",
          .text = "of states labelled at random, half tell nothing of the labels of the "
                  "others (share right: local, two-body, all products)",
          .value = "right of random, local",
          .side = WITHIN,
          .bound = 0.47,
          .upper = 0.53,
          .also = { { "right of random, two-body", WITHIN, 0.47, 0.53 },
                    { "right of random, all products", WITHIN, 0.47, 0.53 } },
          .why = "labels that were not seen are coins, whatever was seen",
          .controls = { { .value = "right of sign, local",
                          .text = "the sign of the lawful energy as label",
                          .also = { "right of sign, two-body",
                                    "right of sign, all products" },
                          .side = OVER,
                          .bound = 0.53 } } },
        { .id = "cnn-vs-mlp",
          .text = "samples for a plain network, over those for a local, invariant one",
          .value = "plain over periodic",
          .variant = "long",
          .tier = REPORT }),
};

/*
## Laws and classes of laws

A state is a set of spins $s_i = \pm 1$ on a ring. Any function of $n$ spins is a sum of
products $\prod_{i \in S} s_i$, one for each of the $2^n$ sets $S$. A class of laws says
which of them may occur: **all products**; **two-body**, which has $1 + n + n(n-1)/2$;
**local**, neighbours only, $1 + 2n$; **invariant**, the same everywhere, which leaves a
constant, $\sum_i s_i$ and $\sum_i s_i s_{i+1}$.
*/

enum { N = 12, STATES = 1 << N, PAIRS = 1 + N + N * (N - 1) / 2 };
typedef enum { ALL, TWO_BODY, LOCAL, INVARIANT, CLASSES } Class;
static const char *const names[] = { "all products", "two-body", "local", "invariant" };

static double spin(int state, int i) { return state >> i & 1 ? 1 : -1; }

/* What a law of the class may weigh, f (at most PAIRS). Not for ALL. */
static int features(Class c, int state, double *f)
{
    int p = c == INVARIANT ? 3 : 1;
    f[0] = 1, f[1] = 0, f[2] = 0;
    for (int i = 0; i < N; i++)
        if (c == INVARIANT) f[1] += spin(state, i);
        else f[p++] = spin(state, i);
    for (int i = 0; i < N; i++)
        for (int j = i + 1; j < N; j++) {
            double bond = spin(state, i) * spin(state, j);
            bool near = j - i == 1 || j - i == N - 1;
            if (c == TWO_BODY || (c == LOCAL && near)) f[p++] = bond;
            else if (near) f[2] += bond;
        }
    return p;
}

/*
The **lawful** energy is $-J \sum_i s_i s_{i+1} - h \sum_i s_i$. In the **coupled** one
every pair, near or far, has a normal coupling of its own.
*/

static void energies(bool lawful, Rng r, double energy[STATES])
{
    double w[PAIRS] = { 0 }, f[PAIRS];
    for (uint64_t k = 1; k < PAIRS; k++)
        w[k] = lawful ? -0.5 - rng_uniform(r, k) : k > N ? rng_normal(r, k) : 0;
    for (int state = 0; state < STATES; state++) {
        int p = features(lawful ? INVARIANT : TWO_BODY, state, f);
        energy[state] = vmath_dot_f64(p, w, f);
    }
}

/*
## The fit

Least squares with a ridge of $10^{-6}$, so that too few samples give an answer too. With
all products there is nothing to solve: the products of two states $s$ and $t$, multiplied
and summed over all sets, are $\prod_i (1 + s_i t_i)$, which is $2^n$ if the states are
the same, and else 0. No sample speaks for another state.
*/

enum { DRAWS = 20, TESTED = 512 };
static const double ridge = 1e-6;

static double from_all(const double *value, int m, const int *order, int state)
{
    double sum = 0;
    for (int i = 0; i < m; i++) {
        double product = value[order[i]];
        for (int k = 0; k < N && product != 0; k++)
            product *= 1 + spin(state, k) * spin(order[i], k);
        sum += product;
    }
    return sum / (STATES + ridge);
}

/* What the first m states say of the next ones, TESTED at most: the share of the variance
 * that is explained; *right, of the signs. A guess of 0 is half right. */
static double judge(Class c, const double *value, int m, const int *order, double *right)
{
    double w[PAIRS], f[PAIRS], was[TESTED], error = 0, signs = 0;
    double *x = alloc((size_t)m * PAIRS, sizeof *x), *y = alloc((size_t)m, sizeof *y);
    int n = STATES - m < TESTED ? STATES - m : TESTED;
    for (int i = 0; i < m && c != ALL; i++) {
        size_t p = (size_t)features(c, order[i], f);
        memcpy(x + (size_t)i * p, f, p * sizeof *f);
        y[i] = value[order[i]];
    }
    if (c != ALL) linalg_ridge(m, features(c, 0, f), 1, x, y, ridge, w);
    for (int i = 0; i < n; i++) {
        int state = order[m + i];
        double guess = c == ALL ? from_all(value, m, order, state)
                                : vmath_dot_f64(features(c, state, f), w, f);
        was[i] = value[state];
        error += (guess - was[i]) * (guess - was[i]);
        signs += guess == 0 ? 0.5 : guess * was[i] > 0;
    }
    free(x), free(y);
    if (right) *right = signs / n;
    return 1 - error / (n - 1) / stats_variance(n, was);
}

/*
## Counting samples

Twenty draws show the states in orders of their own. A class **needs** as many samples as
make the median draw explain 99.9 % of the variance of states that were not seen; we look
from eight below the number of its parameters to forty above.
*/

typedef int Orders[DRAWS][STATES];

static double median(Class c, const double *value, int m, Orders order)
{
    double r2[DRAWS];
    for (int d = 0; d < DRAWS; d++) r2[d] = judge(c, value, m, order[d], NULL);
    return stats_quantile(DRAWS, r2, 0.5);
}

static void record_needed(Run *run, const double *value, Orders order, const char *of)
{
    for (Class c = TWO_BODY; c < CLASSES; c++) {
        double f[PAIRS];
        int p = features(c, 0, f), m = p > 8 ? p - 8 : 1;
        while (m <= p + 40 && median(c, value, m, order) <= 0.999) m++;
        char *excess = text_format("excess of %s%s", names[c], of);
        if (m <= p + 40) record(run, excess, m - p);
        else record_absent(run, excess);
        free(excess);
    }
}

static void curve(Run *run, double energy[2][STATES], Orders order)
{
    for (int k = 0, last = 0, m; k < 96; k += scaled(run, 1, 16), last = m) {
        if ((m = (int)vmath_pow(2, k / 8.0)) == last) continue;
        double x[2 * CLASSES] = { m };
        for (Class c = ALL; c < CLASSES; c++) {
            x[1 + c] = median(c, energy[0], m, order);
            if (c > ALL) x[CLASSES + c] = median(c, energy[1], m, order);
        }
        row_n(run, "curve", NULL, COUNT(x), x);
        progress(run, 0.5 + k / 200.0);
    }
}

/*
## Labels

Half of the states are shown with a label of $\pm 1$, the sign of the lawful energy, or
one that is drawn, anew for each draw. The guess is the sign of the fit.
*/

static void labels(Run *run, const double *energy, Orders order, Rng rng)
{
    double label[STATES];
    for (Class c = ALL; c < INVARIANT; c++)
        for (int lawful = 0; lawful < 2; lawful++) {
            double right[DRAWS];
            for (int d = 0; d < DRAWS; d++) {
                Rng r = rng_child(rng, (uint64_t)d);
                for (int s = 0; s < STATES; s++)
                    label[s] =
                        (lawful ? energy[s] : rng_normal(r, (uint64_t)s)) > 0 ? 1 : -1;
                judge(c, label, STATES / 2, order[d], &right[d]);
            }
            record_as(run, stats_mean(DRAWS, right), "right of %s, %s",
                      lawful ? "sign" : "random", names[c]);
        }
}

/*
## Two networks

The long variant asks networks of two hidden layers. A **plain** one sees all spins. A
**periodic** one shows each spin and its neighbours to the same small network and adds up
what that says: locality and invariance are built in, the law is not. We double the
samples, from 4, until 99 % is explained.
*/

static double network(Run *run, bool periodic, const double *energy, int m,
                      const int *order, Rng rng)
{
    int places = periodic ? N : 1, see = periodic ? 3 : N, hidden = periodic ? 32 : 128;
    int rows = (m + TESTED) * places;
    real *x = alloc((size_t)(rows * see), sizeof *x), y[STATES];
    for (int i = 0; i < rows * see; i++)
        x[i] = (real)spin(order[i / see / places], (i / see % places + i % see) % N);
    for (int i = 0; i < m + TESTED; i++) y[i] = (real)(energy[order[i]] / N);

    Params params = { 0 };
    Mlp mlp =
        mlp_new(&params, "mlp", 3, (int[]){ see, hidden, hidden, 1 }, ACT_GELU, 1, rng);
    int steps = scaled(run, 1500, 2);
    Optim *adam = optim_new(
        (OptimSpec){ .lr = 3e-3, .decay = DECAY_COSINE, .steps = steps }, &params);
    Tape *tape = tape_new();
    double error = 0, was[TESTED];
    for (int step = 0; step <= steps; step++) {
        int from = step < steps ? 0 : m, n = step < steps ? m : TESTED;
        Tensor *h = tape_input(tape, x + from * places * see, 2,
                               (int[]){ n * places, see }),
               *ones = tape_constant(tape, 2, (int[]){ places, 1 }),
               *target = tape_input(tape, y + from, 2, (int[]){ n, 1 });
        for (int i = 0; i < places; i++) ones->v[i] = 1;
        h = op_reshape(tape, mlp_run(&mlp, tape, h), 2, (int[]){ n, places });
        h = op_linear(tape, h, ones, NULL, ACT_NONE);
        Tensor *loss = op_square_error(tape, h, target, NULL);
        if (step < steps) tape_backward(tape, loss), optim_step(adam);
        else error = (double)*loss->v;
        tape_reset(tape);
    }
    for (int i = 0; i < TESTED; i++) was[i] = (double)y[m + i];
    tape_free(tape), optim_free(adam), params_free(&params), free(x);
    return 1 - error / stats_variance(TESTED, was);
}

static void run(Run *run, Rng rng)
{
    double(*energy)[STATES] = alloc(2, sizeof *energy), explained;
    int(*order)[STATES] = alloc(DRAWS, sizeof *order);
    energies(true, rng_named(rng, "lawful"), energy[0]);
    energies(false, rng_named(rng, "coupled"), energy[1]);
    for (int d = 0; d < DRAWS; d++)
        rng_permutation(rng_child(rng, (uint64_t)d), order[d], STATES);
    record_needed(run, energy[0], order, "");
    record_needed(run, energy[1], order, ", coupled");
    explained = median(LOCAL, energy[1], STATES / 2, order);
    record(run, "explained by local, coupled", explained);
    precondition(run, "samples-equal-parameters", explained < 0.5,
                 "neighbours explain half of an energy that couples all pairs");
    labels(run, energy[0], order, rng_named(rng, "labels"));
    curve(run, energy, order);
    if (variant(run, "long")) {
        double m[2] = { 4, 4 };
        for (int i = 0; i < 2; i++) {
            while (m[i] < 4096 && network(run, i, energy[0], (int)m[i], order[0],
                                          rng_named(rng, "network")) < 0.99)
                m[i] *= 2;
            record_as(run, m[i], "samples of %s network", i ? "periodic" : "plain");
        }
        record(run, "plain over periodic", m[0] / m[1]);
    }
    free(energy), free(order);
}

/*
## What we find

~~~gnuplot curve "The lawful energy: each class is right once samples equal parameters"
set logscale x; set xrange [1:6000]; set yrange [-0.12:1.12]; set xlabel "samples"
set ylabel "explained, of states not seen"
set label "invariant: 3" at 3.3, 1.06 textcolor linestyle 1
set label "local: 25" at 11.5, 0.62 right textcolor linestyle 2
set label "two-body: 79" at 68, 0.7 textcolor linestyle 3
set label "all products: 4096" at 400, 0.08 textcolor linestyle 4
plot for [k=1:4] table("curve") using 1:(column(6-k)) with lines linestyle k
~~~

Beyond its 25 parameters the local class needs {{samples-equal-parameters}} samples, the
invariant one {{samples-equal-parameters.also}} beyond 3, the two-body one
{{samples-equal-parameters.also2}} beyond 79. All products explain nothing until nothing
is left to explain. A wrong assumption saves nothing: where every pair is coupled,
half of all states leave local laws at {{=explained by local, coupled|%.2f}}, and where
samples equal their parameters they are worse than no guess.

~~~gnuplot curve "Every pair coupled: only the class that may say so is ever right"
set logscale x; set xrange [1:6000]; set yrange [-2.4:1.2]; set xlabel "samples"
set ylabel "explained, of states not seen"
set label "two-body" at 130, 0.85 textcolor linestyle 3
set label "local" at 60, -0.9 textcolor linestyle 2
set label "invariant" at 400, -0.2 textcolor linestyle 1
plot for [k=1:3] table("curve") using 1:(column(9-k)) with lines linestyle k
~~~

Half of all random labels tell local laws {{no-free-lunch|%.3f}} of the others: a coin's
share. Of a lawful sign they tell {{no-free-lunch.control|%.2f}}. A plain network needs at
least {{cnn-vs-mlp.min|%.0f}} times the samples of a periodic one (we begin with four).

## What our scale cannot show

Whether the targets of artificial intelligence are sparse, and in which terms. Ours was
made so, the classes were nested around it, and without noise a sample is an equation.
*/
