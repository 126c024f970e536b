/*
# A matrix remembers in proportion to its weights

A matrix that is no more than a sum of outer products, one for each question and its
answer, holds pairs in proportion to the number of its weights if every question has an
answer of its own, but only in proportion to its width if the questions share a handful of
answers. Cabannes, Dohmatob and Bietti derive laws for such memories, which they take for
models of a transformer's inner layers [@cabannes2023memories].

We store random pairs, ask for them back, and look for the number at which one answer in
twenty is wrong. What could fool us is the search, if it found growth wherever it looked.
So the same search runs on embeddings that fill 16 of the dimensions, however wide the
matrix is: more weights, but nothing more to tell questions apart. There it must find no
growth.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "associative-memory",
    .run = run,
    .tables = { { "capacity", "width, pairs, classes, pairs rank 16, classes rank 16, "
                              "pairs rank d/4, pairs unstored, classes unstored" },
                { "accuracy", "width, stored, accuracy" } },
    ABOUT(.title = "Associative memories", .section = "information-storage/general",
          .cites = "cabannes2023memories", .seeds = 5, .core_s = 9.8, .quick = true,
          .carries = { "Sums of outer products, data by Zipf's law: laws in dimension "
                       "and "
                       "in samples, for several estimators",
                       "Plain sums with random Gaussian embeddings, widths 64 to 512",
                       "Both exponents in the width, and what they make of a Zipf law",
                       "Memories that gradient descent learns; laws in samples" }),
    .claims = CLAIMS(
        { .id = "pairs-scale-with-weights",
          .text = "pairs with answers of their own: the capacity grows as the number of "
                  "weights, the square of the width",
          .value = "exponent of pairs",
          .side = WITHIN,
          .bound = 1.8,
          .upper = 2.3,
          .why = "one pair per weight is 2; logarithms and small widths move it",
          .controls = { { "exponent of pairs at rank 16", "embeddings of rank 16" } } },
        { .id = "classes-scale-with-width",
          .text = "questions that share five answers: the capacity grows as the width",
          .value = "exponent of classes",
          .side = WITHIN,
          .bound = 0.8,
          .upper = 1.25,
          .why = "crosstalk grows as questions per dimension, so theory says 1",
          .controls = { { "exponent of classes at rank 16", "embeddings of rank 16" } } },
        { .id = "rank-costs-capacity",
          .text = "embeddings in a quarter of the dimensions: the share of the capacity "
                  "for pairs that is left at width 512",
          .value = "share left at rank d/4",
          .tier = REPORT },
        { .id = "zipf-tail",
          .text = "the most frequent questions of a Zipf law are stored, five answers: "
                  "the exponent in the width of the share that is left unstored",
          .value = "tail exponent of classes",
          .tier = REPORT }),
};

/*
## A sum of outer products

Question $x$ has the embedding $e_x$, answer $y$ the embedding $u_y$, all Gaussian and of
length about one in $d$ dimensions. The memory of $N$ pairs is
$$W = \sum_{x \le N} u_{y(x)} e_x^T .$$
To recall, multiply by the question and take the answer that fits best,
$\arg\max_y u_y \cdot W e_x$. The answers are numbered in one of two ways: each question
has **its own**, $y = x$, or all share **five**, $y = x \bmod 5$.

The right answer scores about 1; all else is crosstalk. Among answers of their own, each
other pair adds a product of two random cosines, about $1/d$, to the score of a wrong
answer; $N$ of them add up to $\sqrt{N}/d$, and the largest of $N$ wrong scores is
$\sqrt{2 \ln N}$ times as high. It reaches 1 at $N = d^2 / (2 \ln N)$. Among $M$ shared
answers, the $N/M$ questions of one answer add their cosines without a second factor to
weaken them; the sum reaches 1 at about $N = M d / (2 \ln M)$.
*/

typedef struct {
    int width, rank; /* embeddings lie in `rank` of `width` dimensions */
    bool shared;     /* five answers for all; else each question has its own */
} Kind;

/*
Row $x$ of a table of embeddings is vector $x \bmod m$ of $m$ different ones. The laws are
blind to rotations, so a subspace may as well be that of the first axes.
*/

static real *embeddings(Kind kind, real *table, int from, int to, int different, Rng rng)
{
    size_t d = (size_t)kind.width, r = (size_t)kind.rank, m = (size_t)different;
    real *v = grow(table, (size_t)from * d, (size_t)to * d, sizeof *v);
    for (size_t x = (size_t)from; x < (size_t)to; x++)
        for (size_t j = 0; j < r; j++)
            v[x * d + j] = (real)(rng_normal(rng, x % m * r + j) / sqrt(kind.rank));
    return v;
}

/*
## Fill and ask

A memory is filled in steps and asked on the way: the first few hundred questions, which
tell as much as any others. It is given up, and keeps its last share of right answers,
once it has missed twenty more than one in twenty. New memories are drawn, six at least,
until a number of pairs was stored in all, so small ones are drawn more often.
*/

enum { STEPS = 40, ASKED = 400, SPARE = 20, FEWEST = 6, FIVE = 5 };

typedef struct {
    int n, stored[STEPS];   /* ascending */
    double accuracy[STEPS]; /* share of right answers, mean over memories */
} Curve;

static int recall(int d, const real *w, const real *e, const real *u, int asked,
                  int answers)
{
    real *reply = alloc((size_t)asked * (size_t)d, sizeof *reply);
    real *score = alloc((size_t)asked * (size_t)answers, sizeof *score);
    gemm(false, true, asked, d, d, e, d, w, d, reply, d, GEMM_SET);
    gemm(false, true, asked, answers, d, reply, d, u, d, score, answers, GEMM_SET);
    int right = 0;
    for (int x = 0; x < asked; x++) {
        const real *s = score + (size_t)x * (size_t)answers;
        int best = 0;
        for (int y = 1; y < answers; y++)
            if (s[y] > s[best]) best = y;
        right += best == x % answers;
    }
    free(reply), free(score);
    return right;
}

static void fill_and_ask(Kind kind, Curve *curve, int pairs, Rng rng)
{
    int d = kind.width, memories = 0, fewest = pairs ? FEWEST : 1;
    for (int stored = 0; memories < fewest || stored < pairs; memories++) {
        Rng draw = rng_child(rng, (uint64_t)memories);
        real *w = alloc((size_t)d * (size_t)d, sizeof *w), *e = NULL, *u = NULL;
        double wrong = 0, asked = 0;
        int had = 0;
        for (int k = 0; k < curve->n; k++) {
            int n = curve->stored[k], answers = kind.shared && n > FIVE ? FIVE : n;
            if (!pairs || wrong <= 0.05 * asked + SPARE) {
                size_t from = (size_t)had * (size_t)d;
                e = embeddings(kind, e, had, n, n, rng_named(draw, "questions"));
                u = embeddings(kind, u, had, n, answers, rng_named(draw, "answers"));
                gemm(true, false, d, d, n - had, u + from, d, e + from, d, w, d,
                     GEMM_ADD);
                asked = n < ASKED ? n : ASKED;
                wrong = asked - recall(d, w, e, u, (int)asked, answers);
                had = n;
            }
            curve->accuracy[k] += 1 - wrong / asked;
        }
        stored += had;
        free(w), free(e), free(u);
    }
    for (int k = 0; k < curve->n; k++) curve->accuracy[k] /= memories;
}

/*
## How many is too many

The capacity is the number of stored pairs at which the mean accuracy crosses 95 %, on a
line between two steps of a third of an octave. The search starts with two pairs at every
width and rank, and knows nothing of the laws: one that started near the expected capacity
would find the expected law even in a memory that forgets. An accuracy of 95 % from $n$
answers is uncertain by $\sqrt{0.05 \cdot 0.95 / n}$; what luck is left shows in the
scatter of the seeds.
*/

static Curve steps(double from, double to, double octaves)
{
    Curve curve = { 0 };
    for (double n = from; n < to * 1.001; n *= vmath_exp(octaves * vmath_log(2))) {
        int whole = (int)rint(n);
        if (curve.n && curve.stored[curve.n - 1] == whole) continue;
        require(curve.n < STEPS, "more than %d steps", STEPS);
        curve.stored[curve.n++] = whole;
    }
    return curve;
}

static double capacity(Run *run, Kind kind, Rng rng)
{
    Curve curve = steps(2, 16384, 1 / 3.0);
    fill_and_ask(kind, &curve, scaled(run, 10000, 100), rng);
    for (int k = 1; k < curve.n; k++) {
        double before = curve.accuracy[k - 1], after = curve.accuracy[k];
        if (before < 0.95 || after >= 0.95) continue;
        double from = vmath_log(curve.stored[k - 1]), to = vmath_log(curve.stored[k]);
        return vmath_exp(from + (to - from) * (before - 0.95) / (before - after));
    }
    return 0; /* it never crosses */
}

/*
## Both laws, and what a capacity is worth

What a capacity is worth depends on what is asked. Let the $x$-th most frequent of a
million questions be asked in proportion to $x^{-2}$, a Zipf law. Storing the $N$ most
frequent leaves a share of about $1/N$ unstored, so the tail inherits the law of the
capacity: the exponent in the width is $-1$ with shared answers, $-2$ without.
*/

static double unstored(double capacity)
{
    double all = 0, rest = 0;
    for (int x = 1 << 20; x >= 1; x--) {
        if (x > capacity) rest += 1 / ((double)x * x);
        all += 1 / ((double)x * x);
    }
    return capacity > 0 ? rest / all : 0;
}

enum { WIDTHS = 4, KINDS = 5, LAWS = 7 };

static void record_slope(Run *run, const char *name, const double *x, const double *y)
{
    bool complete = true;
    for (int k = 0; k < WIDTHS; k++) complete = complete && isfinite(y[k]);
    if (complete) record(run, name, stats_line(WIDTHS, x, y).slope);
    else record_absent(run, name);
}

static void both_laws(Run *run, Rng rng)
{
    static const char *const law[LAWS] = { "exponent of pairs",
                                           "exponent of classes",
                                           "exponent of pairs at rank 16",
                                           "exponent of classes at rank 16",
                                           "exponent of pairs at rank d/4",
                                           "tail exponent of pairs",
                                           "tail exponent of classes" };
    double n[LAWS], x[WIDTHS], y[LAWS][WIDTHS];
    for (int k = 0; k < WIDTHS; k++) {
        int d = scaled(run, 64, 32) << k;
        Kind kinds[KINDS] = {
            { d, d, 0 }, { d, d, 1 }, { d, 16, 0 }, { d, 16, 1 }, { d, d / 4, 0 }
        };
        for (int i = 0; i < KINDS; i++)
            n[i] = capacity(run, kinds[i], rng_child(rng, (uint64_t)(KINDS * k + i)));
        for (int i = 0; i < 2; i++) n[KINDS + i] = unstored(n[i]);
        row(run, "capacity", d, n[0], n[1], n[2], n[3], n[4], n[5], n[6]);
        x[k] = vmath_log(d);
        for (int i = 0; i < LAWS; i++) y[i][k] = vmath_log(n[i]);
        progress(run, 0.2 * (k + 1));
    }
    for (int i = 0; i < LAWS; i++) record_slope(run, law[i], x, y[i]);
    record(run, "pairs at width 512", n[0]);
    record(run, "classes at width 512", n[1]);
    record(run, "share left at rank d/4", n[0] > 0 ? n[4] / n[0] : 0);
}

static void run(Run *run, Rng rng)
{
    both_laws(run, rng_named(rng, "laws"));
    for (int k = 0; k <= scaled(run, 6, 2); k++) {
        int d = (int)rint(32 * vmath_exp(k * vmath_log(2) / 2));
        Curve curve = steps(8, scaled(run, 8192, 256), 0.5);
        fill_and_ask((Kind){ d, d, false }, &curve, 0,
                     rng_child(rng_named(rng, "map"), (uint64_t)d));
        for (int i = 0; i < curve.n; i++)
            row(run, "accuracy", d, curve.stored[i], curve.accuracy[i]);
    }
}

/*
## What we find

With answers of their own, the capacity grows with the exponent
{{pairs-scale-with-weights}} in the width, to {{=pairs at width 512|%.0f}} pairs at width
512; with five shared answers with {{classes-scale-with-width}}, to
{{=classes at width 512|%.0f}}. Confined to 16 dimensions, the same search finds
{{pairs-scale-with-weights.control}} and {{classes-scale-with-width.control}}.

~~~gnuplot capacity "Capacity at 95 % right answers. Grey: theory, which asks for less"
set logscale xy
set format y "10^{%T}"
set xtics (64, 128, 256, 512)
set xrange [58:560]
set xlabel "width d"
set ylabel "stored pairs"
set label "answers of their own" at 210, 850 textcolor linestyle 1
set label "five shared answers" at 210, 70 textcolor linestyle 2
plot table("capacity") \
  using "width":(column("width")**2 / 2 / log(column("pairs"))) with lines @THEORY, \
  "" using "width":(5 * column("width") / 2 / log(5)) with lines @THEORY, \
  "" using "width":"pairs" with linespoints linestyle 1, \
  "" using "width":"classes" with linespoints linestyle 2
~~~

~~~gnuplot accuracy "Answers of their own: the edge climbs two octaves per octave"
eval height(440)
eval room(9)
unset grid
set xlabel "log_2 width"
set ylabel "log_2 stored pairs"
set cblabel "share of right answers"
set xrange [4.75:8.25]; set yrange [2.75:13.25]; set cbrange [0:1]
log2(x) = log(x) / log(2)
plot table("accuracy") using (log2(column("width"))):(log2(column("stored"))):"accuracy" \
  with image pixels
~~~

Embeddings in a quarter of the dimensions make the memory of a quarter of the width:
{{rank-costs-capacity}} of the capacity is left, about a sixteenth. The exponent does not
fall; it reads {{=exponent of pairs at rank d/4}}, as the smallest memories gain fastest.
So a fixed share of the dimensions is no control for a law, but a fixed number is.

~~~gnuplot capacity "A quarter of the rank costs the constant, not the law"
set logscale xy
set format y "10^{%T}"
set xtics (64, 128, 256, 512)
set xrange [58:560]; set yrange [2:20000]
set xlabel "width d"; set ylabel "stored pairs"
set label "full rank" at 150, 400 textcolor linestyle 1
set label "rank d/4" at 150, 16 textcolor linestyle 2
set label "rank 16" at 350, 7 textcolor linestyle 3
plot table("capacity") using "width":"pairs" with linespoints linestyle 1, \
  "" using "width":"pairs rank d/4" with linespoints linestyle 2, \
  "" using "width":"pairs rank 16" with linespoints linestyle 3
~~~

Under the Zipf law the unstored share falls with {{zipf-tail}} for shared answers and
{{=tail exponent of pairs}} for answers of their own.

~~~gnuplot capacity "What a full memory leaves unstored under a Zipf law"
set logscale xy
set format y "10^{%T}"
set xtics (64, 128, 256, 512)
set xrange [58:560]
set xlabel "width d"
set ylabel "share of questions unstored"
set label "answers of their own" at 68, 0.0006 textcolor linestyle 1
set label "five shared answers" at 150, 0.011 textcolor linestyle 2
plot table("capacity") using "width":"pairs unstored" with linespoints linestyle 1, \
  "" using "width":"classes unstored" with linespoints linestyle 2
~~~

## What our scale cannot show

What gradient descent stores: it can weigh pairs and bend embeddings. Nor do we know
whether facts in a language model have embeddings as random as ours. And three octaves
cannot tell a power of the width from a power with a logarithm.
*/
