/*
# One matrix, as many memories as weights

A matrix that is no more than a sum of outer products, one for each question and its
answer, holds pairs in proportion to its weights if every question has an answer of its
own, but only in proportion to its width if the questions share a handful of answers.
Cabannes, Dohmatob and Bietti derive such laws for memories built from embeddings, as the
inner layers of a transformer are thought to be [@cabannes2023memories].

We store random pairs, ask for them back, and look for the number at which one answer in
twenty is wrong. What could fool us is the search: it might find growth wherever it looks.
So the same search also runs on embeddings that fill only 16 of the dimensions, however
wide the matrix: more weights, nothing more to tell questions apart. There it must find no
growth.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "associative-memory",
    .run = run,
    .tables = { { "capacity", "width, pairs, pairs theory, classes, classes theory, "
                              "pairs rank 16, classes rank 16, pairs rank d/4" },
                { "accuracy", "width, stored, accuracy" },
                { "tail", "width, pairs, classes" } },
    ABOUT(.title = "Associative memories", .section = "information-storage/general",
          .cites = "cabannes2023memories", .seeds = 5, .core_s = 8,
          .carries = { "Sums of outer products of embeddings, data by Zipf's law: laws "
                       "in "
                       "dimension and samples, gradient descent among the estimators",
                       "The same sums of random Gaussian embeddings, widths 64 to 512, "
                       "the "
                       "best of all answers wins",
                       "Both exponents, in width and number of pairs",
                       "Memories that gradient descent learns; laws in samples" }),
    .claims = CLAIMS(
        { .id = "pairs-scale-with-weights",
          .text =
              "pairs with answers of their own: the capacity grows with the number of "
              "weights, as the square of the width",
          .value = "slope of pairs",
          .side = WITHIN,
          .bound = 1.8,
          .upper = 2.3,
          .why = "signal to noise gives width^2 / (2 ln N): 2, less a logarithm; small "
                 "widths add a little",
          .controls = { { "slope of pairs, rank 16",
                          "embeddings in 16 of the dimensions, whatever the width" } } },
        { .id = "classes-scale-with-width",
          .text = "questions that share five answers: the capacity grows with the width",
          .value = "slope of classes",
          .side = WITHIN,
          .bound = 0.8,
          .upper = 1.25,
          .why = "crosstalk grows as the number of questions over the width: 1",
          .controls = { { "slope of classes, rank 16",
                          "embeddings in 16 of the dimensions, whatever the width" } } },
        { .id = "rank-costs-capacity",
          .text =
              "embeddings in a quarter of the dimensions: pairs per weight, as a share "
              "of what full embeddings allow",
          .value = "share kept at rank d/4",
          .tier = REPORT },
        { .id = "zipf-tail",
          .text = "store the most frequent questions of a Zipf law that share five "
                  "answers: the exponent in the width of what is left unstored",
          .value = "tail slope of classes",
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

enum { CLASSES = 5 };

typedef struct {
    int width, rank; /* embeddings lie in `rank` of `width` dimensions */
    bool shared;     /* CLASSES answers for all; else one for each question */
} Kind;

static int answer(Kind kind, int x) { return kind.shared ? x % CLASSES : x; }

/* (n, width). All laws here are blind to rotations, so the subspace may as well be that
 * of the first axes. */
static real *embeddings(Kind kind, int n, Rng rng)
{
    real *v = alloc((size_t)n * (size_t)kind.width, sizeof *v);
    double length = sqrt(kind.rank);
    for (int x = 0; x < n; x++)
        for (int j = 0; j < kind.rank; j++) {
            uint64_t draw = (uint64_t)x * (uint64_t)kind.rank + (uint64_t)j;
            v[(size_t)x * (size_t)kind.width + (size_t)j] =
                (real)(rng_normal(rng, draw) / length);
        }
    return v;
}

/*
## Fill and ask

A memory is filled in steps and asked on the way. We ask the first few hundred of the
questions stored: all are drawn alike, so the first tell as much as any others.
*/

enum { STEPS = 24, ASKED = 400 };

typedef struct {
    int n, stored[STEPS];   /* ascending */
    double accuracy[STEPS]; /* share of right answers, mean over memories */
} Curve;

/* W += sum of u_y(x) e_x^T over from <= x < to */
static void store(Kind kind, real *w, const real *e, const real *u, int from, int to)
{
    size_t d = (size_t)kind.width;
    real *value = alloc((size_t)(to - from) * d, sizeof *value);
    for (int x = from; x < to; x++)
        memcpy(value + (size_t)(x - from) * d, u + (size_t)answer(kind, x) * d,
               d * sizeof *value);
    gemm(true, false, kind.width, kind.width, to - from, value, kind.width,
         e + (size_t)from * d, kind.width, w, kind.width, GEMM_ADD);
    free(value);
}

/* The share of the questions 0 .. asked-1 that find their answer among `answers`. */
static double recall(Kind kind, const real *w, const real *e, const real *u, int asked,
                     int answers)
{
    int d = kind.width, right = 0;
    real *reply = alloc((size_t)asked * (size_t)d, sizeof *reply);
    real *score = alloc((size_t)asked * (size_t)answers, sizeof *score);
    gemm(false, true, asked, d, d, e, d, w, d, reply, d, GEMM_SET);
    gemm(false, true, asked, answers, d, reply, d, u, d, score, answers, GEMM_SET);
    for (int x = 0; x < asked; x++) {
        const real *s = score + (size_t)x * (size_t)answers;
        int best = 0;
        for (int y = 1; y < answers; y++)
            if (s[y] > s[best]) best = y;
        right += best == answer(kind, x);
    }
    free(reply), free(score);
    return (double)right / asked;
}

static void fill_and_ask(Kind kind, Curve *curve, int memories, Rng rng)
{
    int most = curve->stored[curve->n - 1], fixed = kind.shared ? CLASSES : 0;
    for (int m = 0; m < memories; m++) {
        Rng draw = rng_child(rng, (uint64_t)m);
        real *e = embeddings(kind, most, rng_named(draw, "questions"));
        real *u = embeddings(kind, fixed ? fixed : most, rng_named(draw, "answers"));
        real *w = alloc((size_t)kind.width * (size_t)kind.width, sizeof *w);
        for (int k = 0, had = 0; k < curve->n; had = curve->stored[k++]) {
            int n = curve->stored[k], asked = n < ASKED ? n : ASKED;
            store(kind, w, e, u, had, n);
            curve->accuracy[k] +=
                recall(kind, w, e, u, asked, fixed ? fixed : n) / memories;
        }
        free(e), free(u), free(w);
    }
}

/*
## How many is too many

The capacity is the number of stored pairs at which the mean accuracy over several
memories crosses 95 %, on a line between two steps of a third of an octave. An accuracy of
95 % from $n$ answers is uncertain by $\sqrt{0.05 \cdot 0.95 / n}$, so small memories are
drawn more often than large ones, until some thousands of answers stand behind every point.
The search spans three octaves and ends near twice what we expect, for the controls as for
the rest. Whatever is then left of luck shows in the scatter of the seeds.
*/

/* from, from*ratio, ... to, rounded, each once */
static Curve steps(double from, double to, double ratio)
{
    Curve curve = { 0 };
    for (double n = from; n < to * 1.001; n *= ratio) {
        int whole = (int)rint(n);
        if (curve.n && curve.stored[curve.n - 1] == whole) continue;
        require(curve.n < STEPS, "more than %d steps", STEPS);
        curve.stored[curve.n++] = whole;
    }
    return curve;
}

static double octaves(double x) { return vmath_exp(x * vmath_log(2)); }

enum { ANSWERS = 6000, FEWEST = 6, MOST = 400 };

/* 0: the accuracy never crosses 95 % */
static double capacity(Run *run, Kind kind, Rng rng)
{
    double most = kind.shared ? kind.rank : kind.rank * kind.rank / 20.0;
    double wanted = ceil(ANSWERS / most);
    int memories = (int)(wanted < FEWEST ? FEWEST : wanted > MOST ? MOST : wanted);
    Curve curve = steps(most / 8 < 2 ? 2 : most / 8, most, octaves(1 / 3.0));
    fill_and_ask(kind, &curve, scaled(run, memories, 3), rng);
    for (int k = 1; k < curve.n; k++) {
        double before = curve.accuracy[k - 1], after = curve.accuracy[k];
        if (before < 0.95 || after >= 0.95) continue;
        double from = vmath_log(curve.stored[k - 1]), to = vmath_log(curve.stored[k]);
        return vmath_exp(from + (to - from) * (before - 0.95) / (before - after));
    }
    return 0;
}

/*
## Both laws, over three octaves of width
*/

enum { WIDTHS = 4, NARROWEST = 64, CONFINED = 16 };

/* Nothing if one of the widths has no capacity to show. */
static void record_slope(Run *run, const char *name, const double width[WIDTHS],
                         const double y[WIDTHS])
{
    double log_width[WIDTHS], log_y[WIDTHS];
    for (int k = 0; k < WIDTHS; k++) {
        if (y[k] <= 0) {
            record_absent(run, name);
            return;
        }
        log_width[k] = vmath_log(width[k]), log_y[k] = vmath_log(y[k]);
    }
    record(run, name, stats_line(WIDTHS, log_width, log_y).slope);
}

/* the N of N = d^2 / (2 ln N) */
static double pairs_theory(double d)
{
    double n = d;
    for (int i = 0; i < 50; i++) n = d * d / (2 * vmath_log(n));
    return n;
}

/* The Zipf law x^-2: a million questions, the `stored` most frequent of them in memory. */
static double unstored(double stored)
{
    enum { QUESTIONS = 1 << 20 };
    double all = 0, rest = 0;
    for (int x = QUESTIONS; x >= 1; x--) {
        double share = 1 / ((double)x * x);
        all += share;
        if (x > stored) rest += share;
    }
    return rest / all;
}

static void capacities(Run *run, Rng rng)
{
    enum { PAIRS, SHARED, PAIRS_CONFINED, SHARED_CONFINED, PAIRS_QUARTER, KINDS };
    double width[WIDTHS], n[KINDS][WIDTHS], tail[2][WIDTHS];
    for (int k = 0; k < WIDTHS; k++) {
        int d = scaled(run, NARROWEST, 16) << k;
        Kind kind[KINDS] = { { d, d, false },
                             { d, d, true },
                             { d, CONFINED, false },
                             { d, CONFINED, true },
                             { d, d / 4, false } };
        width[k] = d;
        for (int i = 0; i < KINDS; i++)
            n[i][k] = capacity(run, kind[i],
                               rng_child(rng_child(rng, (uint64_t)d), (uint64_t)i));
        for (int i = 0; i < 2; i++) tail[i][k] = unstored(n[i][k]);
        row(run, "capacity", d, n[PAIRS][k], pairs_theory(d), n[SHARED][k],
            CLASSES * d / (2 * vmath_log(CLASSES)), n[PAIRS_CONFINED][k],
            n[SHARED_CONFINED][k], n[PAIRS_QUARTER][k]);
        row(run, "tail", d, tail[PAIRS][k], tail[SHARED][k]);
        progress(run, 0.9 * d * d / (512.0 * 512));
    }
    record_slope(run, "slope of pairs", width, n[PAIRS]);
    record_slope(run, "slope of pairs, rank 16", width, n[PAIRS_CONFINED]);
    record_slope(run, "slope of classes", width, n[SHARED]);
    record_slope(run, "slope of classes, rank 16", width, n[SHARED_CONFINED]);
    record_slope(run, "slope of pairs, rank d/4", width, n[PAIRS_QUARTER]);
    record_slope(run, "tail slope of pairs", width, tail[PAIRS]);
    record_slope(run, "tail slope of classes", width, tail[SHARED]);
    double widest = width[WIDTHS - 1], full = n[PAIRS][WIDTHS - 1];
    record(run, "pairs at the widest", full);
    record(run, "classes at the widest", n[SHARED][WIDTHS - 1]);
    record(run, "pairs per weight", full / (widest * widest));
    if (full > 0)
        record(run, "share kept at rank d/4", n[PAIRS_QUARTER][WIDTHS - 1] / full);
    else record_absent(run, "share kept at rank d/4");
}

/* One memory of each width, filled far beyond its capacity. */
static void accuracy_map(Run *run, Rng rng)
{
    int most = scaled(run, 8192, 256), widest = scaled(run, 256, 64);
    for (double d = 32; d < widest * 1.001; d *= octaves(0.5)) {
        Kind kind = { (int)rint(d), (int)rint(d), false };
        Curve curve = steps(8, most, octaves(0.5));
        fill_and_ask(kind, &curve, 1, rng_child(rng, (uint64_t)kind.width));
        for (int k = 0; k < curve.n; k++)
            row(run, "accuracy", kind.width, curve.stored[k], curve.accuracy[k]);
    }
}

static void run(Run *run, Rng rng)
{
    capacities(run, rng_named(rng, "capacities"));
    accuracy_map(run, rng_named(rng, "map"));
}
