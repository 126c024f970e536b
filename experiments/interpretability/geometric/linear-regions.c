/*
# Depth can fold a line exponentially often, but chance and training do not

A network of rectifiers is a broken line: straight pieces that meet at kinks. Each layer
can fold what those before have folded, so the pieces can double with every layer. That is
what weights set by hand do. Hanin and Rolnick found that a network of random weights has
about as many pieces as neurons, whatever its depth [@hanin2019regions]; so a theory like
that of Ma and Shi, which asserts exponential capacity [@ma2024manifold], states a limit
and not a habit.

What could fool us: kinks that a grid does not see, so we count exactly; kinks of neurons
that nothing hears, so only the output's slope counts; and a lack of room, so trained
networks are four times as wide as the one that is set by hand and makes no error.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "linear-regions",
    .run = run,
    .tables = { { "folded", "layers, pieces by hand, one layer at most" },
                { "random", "layers, width 8, width 16, width 32, width 64" },
                { "trained", "pieces asked, pieces, pieces before, error, best error" },
                { "curves", "pieces asked, place, asked, trained" } },
    ABOUT(.title = "Linear regions", .section = "interpretability/geometric",
          .cites = "hanin2019regions, ma2024manifold, telgarsky2016benefits", .seeds = 5,
          .core_s = 27,
          .carries = { "Image classifiers along lines; a theory of capacity",
                       "Networks of one input, 1 to 16 layers, at most 64 wide",
                       "2^L by hand, one per neuron by chance, the cap of one layer",
                       "Many inputs; what else the theory of manifolds asserts" }),
    .claims = CLAIMS(
        { .id = "depth-can-be-exponential",
          .text = "L layers of two neurons, set by hand, make 2^L pieces (worst error)",
          .value = "off by, tent",
          .side = BELOW,
          .bound = 0,
          .why = "a tent map put into itself; exact",
          .controls = { { "off by, random", "random weights, the best of 200" } } },
        { .id = "random-nets-are-linear",
          .text = "random networks have a piece for each neuron (least, largest mean)",
          .value = "least pieces per neuron",
          .side = WITHIN,
          .bound = 0.6,
          .upper = 1.3,
          .also = { { "most pieces per neuron", WITHIN, 0.6, 1.3 } },
          .why = "the source finds them linear in the neurons; a pilot .72 to 1.08",
          .controls = { { "pieces per neuron, tent",
                          "eight layers set by hand",
                          { "pieces per neuron, tent" } } } },
        { .id = "shallow-cap",
          .text = "one hidden layer has at most a piece more than neurons (excess)",
          .value = "excess, one layer",
          .side = BELOW,
          .bound = 0,
          .why = "a theorem: each neuron has one kink",
          .controls = { { "excess, tent", "three layers or more, as many neurons" } } },
        { .id = "training-does-not-find-it",
          .text = "trained for 256 pieces, networks keep within four times those they "
                  "began with, and miss (largest ratio; least share of variance left)",
          .value = "pieces to pieces before",
          .side = BELOW,
          .bound = 4,
          .also = { { "least error", ABOVE, 0.05 } },
          .tier = REPORT,
          .why = "weights that make no error exist in this shape",
          .controls = { { "pieces to pieces before, tent",
                          "the weights set by hand",
                          { "error, tent" } } } }),
};

/*
## A network on a line

It has $L$ layers of $N$ rectifiers between one input and one output. Random weights have
He's deviation, $\sqrt{2/n}$ for $n$ inputs, and biases one of a half.

By hand, the tent $t(u) = 2 \max(u, 0) - 4 \max(u - 1/2, 0)$ goes up from 0 to 1 and back
while $u$ goes from 0 to 1. Put into itself $L$ times it is a sawtooth of $2^L$ pieces, in
$L$ layers of two neurons [@telgarsky2016benefits].
*/
enum { DEEPEST = 16, WIDEST = 64 };
static const double low = -8, high = 8; /* powers of two: the tent is exact */

typedef struct {
    int L;
    Params p;
    Tensor *W[DEEPEST + 1], *b[DEEPEST + 1];
} Net;

static Net net_new(int L, int N, Rng r)
{
    Net n = { .L = L };
    for (int l = 0; l <= L; l++) {
        int in = l ? N : 1, out = l < L ? N : 1;
        char w[] = { 'W', (char)('a' + l), 0 }, b[] = { 'b', (char)('a' + l), 0 };
        n.W[l] = params_add(&n.p, w, true, 2, (int[]){ in, out });
        n.b[l] = params_add(&n.p, b, false, 1, &out);
        params_normal(n.W[l], rng_named(r, w), sqrt(2.0 / in));
        params_normal(n.b[l], rng_named(r, b), 0.5);
    }
    return n;
}

static Net net_tent(int L)
{
    Net n = net_new(L, 2, rng_seed(0));
    for (int l = 0; l <= L; l++)
        for (int j = 0, out = n.b[l]->n[0]; j < out; j++) {
            if (l == 0) n.W[l]->v[j] = (real)(1 / (high - low));
            else n.W[l]->v[j] = 2, n.W[l]->v[out + j] = -4;
            n.b[l]->v[j] = (real)((l ? 0 : 0.5) - 0.5 * j);
        }
    return n;
}

/*
## Counting pieces

Where the layers before are straight, each neuron crosses zero at most once. The crossings
cut the interval into parts on which its layer is straight too, and the next one goes on
with them. Behind the last, neighbours of the same slope are one piece. What only rounding
has parted is cut once.
*/
static void cut(const Net *n, int l, double a, double b, const double *slope,
                const double *at, int *pieces, double *last)
{
    double s[WIDEST] = { 0 }, c[WIDEST], hs[WIDEST], hc[WIDEST], where[WIDEST + 1];
    int in = n->W[l]->n[0], out = n->W[l]->n[1], cuts = 0;
    const real *w = n->W[l]->v;
    for (int j = 0; j < out; j++) c[j] = (double)n->b[l]->v[j];
    for (int i = 0; i < in; i++)
        for (int j = 0; j < out; j++, w++)
            s[j] += slope[i] * (double)*w, c[j] += at[i] * (double)*w;
    if (l == n->L) {
        *pieces += *pieces == 0 || fabs(s[0] - *last) > 1e-10 * fabs(s[0]);
        *last = s[0];
        return;
    }
    for (int j = 0; j < out; j++) {
        double x = s[j] != 0 ? -c[j] / s[j] : a;
        if (x <= a || x >= b) continue;
        int k = cuts++;
        for (; k > 0 && where[k - 1] > x; k--) where[k] = where[k - 1];
        where[k] = x;
    }
    where[cuts] = b;
    for (int k = 0; k <= cuts; k++) {
        if (where[k] - a < 1e-12) continue;
        for (int j = 0; j < out; j++) {
            bool on = s[j] * (a + where[k]) / 2 + c[j] > 0;
            hs[j] = on ? s[j] : 0, hc[j] = on ? c[j] : 0;
        }
        cut(n, l + 1, a, where[k], hs, hc, pieces, last);
        a = where[k];
    }
}

static int count(Net *n, bool done)
{
    int pieces = 0;
    cut(n, 0, low, high, &(double){ 1 }, &(double){ 0 }, &pieces, &(double){ 0 });
    if (done) params_free(&n->p);
    return pieces;
}

static void by_hand(Run *run, Rng r)
{
    int off = 0, excess = 1 << DEEPEST, least = excess;
    for (int L = 1; L <= DEEPEST; L++) {
        Net n = net_tent(L);
        int pieces = count(&n, true), over = pieces - 2 * L - 1;
        if (abs(pieces - (1 << L)) > off) off = abs(pieces - (1 << L));
        if (L >= 3 && over < excess) excess = over;
        if (L == 8) record(run, "pieces per neuron, tent", pieces / (2.0 * L));
        row(run, "folded", L, pieces, 2 * L + 1);
    }
    for (int t = 0; t < scaled(run, 200, 2); t++) {
        Net n = net_new(DEEPEST, 2, rng_child(r, (uint64_t)t));
        int miss = (1 << DEEPEST) - count(&n, true);
        if (abs(miss) < least) least = abs(miss);
    }
    record(run, "off by, tent", off);
    record(run, "off by, random", least);
    record(run, "excess, tent", excess);
}

static void by_chance(Run *run, Rng r)
{
    enum { WIDTHS = 4, DEPTHS = 8 };
    double least = 1e9, most = 0, excess = -1e9;
    for (int L = 1; L <= DEPTHS; L++) {
        double cell[1 + WIDTHS] = { L };
        for (int k = 0; k < WIDTHS; k++) {
            int N = 8 << k, draws = scaled(run, k < 3 ? 200 : 50, 2);
            Rng here = rng_child(rng_child(r, (uint64_t)L), (uint64_t)N);
            for (int d = 0; d < draws; d++) {
                Net n = net_new(L, N, rng_child(here, (uint64_t)d));
                int pieces = count(&n, true);
                cell[1 + k] += (double)pieces / draws;
                if (L == 1 && pieces - N - 1 > excess) excess = pieces - N - 1;
            }
            double ratio = k < 3 ? cell[1 + k] / (L * N) : least;
            least = ratio < least ? ratio : least, most = ratio > most ? ratio : most;
        }
        row_n(run, "random", NULL, 1 + WIDTHS, cell);
    }
    record(run, "least pieces per neuron", least);
    record(run, "most pieces per neuron", most);
    record(run, "excess, one layer", excess);
}

/*
## Weights by training

Eight layers of eight, so four sawtooths of $2^8$ pieces would fit beside each other,
learn those of $2^k$ pieces by Adam, on fresh points of the line.
*/
enum { L = 8, N = 8, BATCH = 256, TRIES = 4, GRID = 8192 };

static double sawtooth(int k, double x)
{
    double u = (x - low) / (high - low);
    for (int i = 0; i < k; i++) u = 1 - fabs(2 * u - 1);
    return u;
}

/* The mean square error on points drawn from r, or on a grid; *y: the answers there. */
static Tensor *error(Tape *t, const Net *n, int k, int points, const Rng *r, Tensor **y)
{
    Tensor *x = tape_constant(t, 2, (int[]){ points, 1 }),
           *asked = tape_constant(t, 2, (int[]){ points, 1 });
    for (int i = 0; i < points; i++) {
        double u = r ? rng_uniform(*r, (uint64_t)i) : (i + 0.5) / points;
        x->v[i] = (real)(low + (high - low) * u);
        asked->v[i] = (real)sawtooth(k, low + (high - low) * u);
    }
    for (int l = 0; l <= n->L; l++)
        x = op_linear(t, x, n->W[l], n->b[l], l < n->L ? ACT_RELU : ACT_NONE);
    if (y) *y = x;
    return op_square_error(t, x, asked, NULL);
}

static void train(Net *n, Tape *t, int k, int steps, Rng r)
{
    OptimSpec spec = { .lr = 1e-3, .decay = DECAY_LINEAR, .steps = steps };
    Optim *adam = optim_new(spec, &n->p);
    for (int step = 0; step < steps; step++) {
        Rng points = rng_child(r, (uint64_t)step);
        tape_backward(t, error(t, n, k, BATCH, &points, NULL));
        optim_step(adam);
        tape_reset(t);
    }
    optim_free(adam);
}

/* The error as a share of the variance, a twelfth; drawn on every 16th point. */
static double judge(Run *run, const Net *n, Tape *t, int k, bool drawn)
{
    Tensor *y, *e = error(t, n, k, GRID, NULL, &y);
    for (int i = 8; i < GRID && drawn; i += 16) {
        double x = low + (high - low) * (i + 0.5) / GRID;
        row(run, "curves", 1 << k, x, sawtooth(k, x), (double)y->v[i]);
    }
    double share = 12 * (double)e->v[0];
    tape_reset(t);
    return share;
}

static void by_training(Run *run, Rng r)
{
    Tape *tape = tape_new();
    double ratio = 0, before, after, mean, best;
    for (int k = 1; k <= L; k++) {
        before = after = mean = 0, best = 1e9;
        for (int t = 0; t < TRIES; t++) {
            Rng here = rng_child(rng_child(r, (uint64_t)k), (uint64_t)t);
            Net n = net_new(L, N, rng_named(here, "init"));
            double first = count(&n, false);
            train(&n, tape, k, scaled(run, 5000, 5), rng_named(here, "points"));
            double e = judge(run, &n, tape, k, t == 0 && (k == 3 || k == 5));
            double last = count(&n, true);
            before += first / TRIES, after += last / TRIES, mean += e / TRIES;
            if (e < best) best = e;
            if (k == L && last / first > ratio) ratio = last / first;
        }
        record_as(run, mean, "error at %d pieces", 1 << k);
        row(run, "trained", 1 << k, after, before, mean, best);
        progress(run, 0.3 + 0.7 * k / L);
    }
    record(run, "pieces to pieces before", ratio);
    record(run, "pieces to pieces before, tent", (1 << L) / before);
    record(run, "least error", best);
    Net tent = net_tent(L);
    record(run, "error, tent", judge(run, &tent, tape, L, false));
    params_free(&tent.p), tape_free(tape);
}

static void run(Run *run, Rng rng)
{
    by_hand(run, rng_named(rng, "by hand"));
    by_chance(run, rng_named(rng, "by chance"));
    by_training(run, rng_named(rng, "by training"));
}

/*
## What we find

~~~gnuplot random "Layers set by hand double the pieces, layers set by chance add to them.
Square: eight layers of eight, trained on a sawtooth of 256 pieces"
set logscale y; set format y "10^{%T}"; set yrange [1.5:1.5e5]; set xrange [0.8:16.2]
set xlabel "layers"; set ylabel "linear pieces"
set label "by hand, 2 neurons a layer" at 11.6, 9000 right textcolor linestyle 1
set label "by chance: 32, 16 and 8 a layer" at 8.4, 120 textcolor linestyle 3
set label "at most, one layer of as many neurons as by hand" at 16.2, 6 right \
  textcolor linestyle 2
plot table("folded") using "layers":"pieces by hand" with linespoints ls 1, \
  "" using "layers":"one layer at most" with lines ls 2, \
  table("random") using "layers":"width 32" with linespoints ls 3, \
  "" using "layers":"width 16" with linespoints ls 4, \
  "" using "layers":"width 8" with linespoints ls 6, \
  table("trained") every ::7::7 using (8):"pieces" with points ls 5 pt 5 ps 1.2
~~~

By hand, two neurons a layer make $2^L$ pieces at every depth. By chance, it is
{{random-nets-are-linear.min|%.2f}} to {{random-nets-are-linear.also.max|%.2f}} pieces for
each neuron at all depths and widths of 8 to 32, where eight layers set by hand make
{{random-nets-are-linear.control|%.0f}}: depth adds pieces as width does. One layer keeps
to its cap, which some random ones reach; from three layers on, the tent is above it.

~~~gnuplot curves "Sawtooths of 8 and of 32 pieces (grey), and what the first of four
networks, not chosen, has learnt of them (blue)"
eval height(400); set multiplot layout 2, 1; unset xtics; set ytics 0.5; set bmargin 0.6
set tmargin 1.6; set xrange [-8:8]; set yrange [-0.1:1.1]; set border 2
do for [k=0:1] { plot \
  table("curves") every ::512*k::512*k+511 using "place":"asked" with lines @THEORY, \
  "" every ::512*k::512*k+511 using "place":"trained" with lines ls 1 }; unset multiplot
~~~

Training finds few folds. Of 2 pieces, {{=error at 2 pieces|%.0e}} of the variance is left
(mean of four tries), of 8 {{=error at 8 pieces|%.2f}}, of 32 {{=error at 32 pieces|%.2f}},
and of 256 the best leaves {{training-does-not-find-it.also.min|%.3f}}, where weights that
leave nothing would fit in; pieces grow {{training-does-not-find-it.max|%.2f}}-fold at most.

## What our scale cannot show

Networks of many inputs; longer training; a task for which depth is found. Of the theory
of manifolds we test one sentence: its exponential capacity is right as an upper limit.
*/
