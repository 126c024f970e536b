/*
# A sparse dictionary finds features that outnumber the dimensions

Sixty-four directions in a space of thirty-two dimensions, a few of them on at a time:
nobody can read them off the coordinates, or off the principal components. A network that
must rebuild each point from few words of a large dictionary finds nearly all of them,
without being told that they exist. Sharkey, Braun and Millidge saw it on such toy data
[@sharkey2022interim], Cunningham and others used it to take language models apart
[@cunningham2023sae], Gao and others made it scale [@gao2024scaling].

What could fool us: among 128 directions in 32 dimensions one is always near, so a random
dictionary sets the zero. And dictionaries always find *something*, so we train the same
ones on data of the same covariance in which nothing is sparse. There, what they find must
not be the directions.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "sparse-dictionary",
    .run = run,
    .tables = { { "penalty", "lambda, MMCS, L0, FVU, dead, code ratio" },
                { "topk", "k, MMCS, L0, FVU, dead, code ratio" },
                { "cosines", "cosine, L1, random" },
                { "matrix", "direction, word, cosine [%]" } },
    ABOUT(.title = "Sparse dictionaries", .section = "interpretability/semanticity",
          .cites = "sharkey2022interim, cunningham2023sae, gao2024scaling", .seeds = 3,
          .core_s = 31,
          .carries = { "Toy data (512 directions in 256 dimensions), then language "
                       "models",
                       "64 directions in 32 dimensions; ReLU with L1, and TopK",
                       "Recovery, the penalty's optimum, shrinkage, TopK against L1",
                       "That the features of a language model are sparse directions" }),
    .claims = CLAIMS(
        { .id = "l1-recovers",
          .text =
              "an L1 dictionary finds the true directions: mean largest cosine (MMCS)",
          .value = "MMCS of L1",
          .side = ABOVE,
          .bound = 0.95,
          .also = { { "recovered by L1", ABOVE, 0.95 } },
          .why = "a pilot had .99 and all of 64; before training .45",
          .controls = { { "MMCS of L1 Gaussian",
                          "Gaussian data, the same covariance",
                          { "recovered by L1 Gaussian" } },
                        { "MMCS of L1 dense",
                          "each direction on 40 % of the time",
                          { "recovered by L1 dense" } },
                        { "MMCS untrained",
                          "before training",
                          { "recovered untrained" } } } },
        { .id = "topk-recovers",
          .text = "so does a TopK dictionary, for k of 2 and 4 (MMCS)",
          .value = "MMCS of TopK",
          .side = ABOVE,
          .bound = 0.95,
          .why = "a pilot had .998",
          .controls = { { "MMCS of TopK Gaussian", "Gaussian data, the same covariance" },
                        { "MMCS of TopK dense", "each direction on 40 % of the time" },
                        { "MMCS untrained", "before training" } } },
        { .id = "topk-pareto",
          .text = "as many words, a better copy: unexplained variance, TopK over L1",
          .value = "FVU ratio",
          .side = BELOW,
          .bound = 0.85,
          .why = "a pilot had .68; in language models .59 was seen",
          .controls = { { "FVU ratio of restarts", "L1 over L1, another start" } } },
        { .id = "goldilocks",
          .text = "too small a penalty finds fewer (MMCS at 0.03)",
          .value = "MMCS at lambda 0.03",
          .side = BELOW,
          .bound = 0.95,
          .why = "a pilot had .88, with twenty words a point",
          .controls = { { "MMCS of L1", "penalties of 0.1 and 0.2" } } },
        { .id = "l1-shrinks",
          .text = "L1 codes are too small: active code over true coefficient",
          .value = "code ratio of L1",
          .side = UNDER,
          .bound = 0.82,
          .why = "the penalty pulls each code down; between pilots' .76 and .88",
          .controls = { { "code ratio of TopK", "TopK, for k of 2 and 4" } } },
        { .id = "pca-does-not",
          .text = "principal components are not the directions (MMCS)",
          .value = "MMCS of PCA",
          .side = BELOW,
          .bound = 0.6,
          .tier = REPORT,
          .why = "a baseline that knows nothing of sparsity",
          .controls = { { "MMCS of L1", "the trained dictionaries" } } }),
};

/*
## A world of sparse directions

A point is $x = \sum_g c_g f_g$, where each of $G$ unit directions $f_g$ is on with
probability $p = 0.03$, and then $c_g$ is uniform in $(0, 1)$: two are on, on average. In
the *Gaussian* world the $c_g$ are normal numbers of the same mean and variance, so that
mean and covariance of $x$ are unchanged; in the *dense* world $p = 0.4$.

## Two ways to be sparse

The code of $x$ is $c = \operatorname{ReLU}((x - b_d) W_e + b_e)$, the copy $c W_d + b_d$;
the rows of $W_d$, of unit length, are the dictionary's words. **L1** adds $\lambda |c|_1$
to the squared error. **TopK** keeps the $k$ largest codes of a point and needs no
penalty. Both have twice as many words as there are directions: with just as many, one in
four would end in a poor place, as the words cannot trade places.
*/
enum { BATCH = 256 };
typedef struct {
    int steps;
    Rng init, data;
} Course;

static Sae *train(const Planted *w, SaeSpec spec, Course by)
{
    spec.width = w->D, spec.latents = 2 * w->G;
    Sae *sae = sae_new(spec, by.init);
    OptimSpec rate = { .lr = 3e-3, .decay = DECAY_LINEAR, .decay_from = 0.5 };
    rate.steps = by.steps;
    Optim *adam = optim_new(rate, sae_params(sae));
    Tape *tape = tape_new();
    real *c = alloc((size_t)(BATCH * w->G), sizeof *c);
    for (int step = 0; step < by.steps; step++) {
        Tensor *x = tape_constant(tape, 2, (int[]){ BATCH, w->D });
        planted_draw(w, BATCH, rng_child(by.data, (uint64_t)step), c, x->v);
        tape_backward(tape, sae_loss(sae, tape, x));
        sae_step(sae, adam);
        tape_reset(tape);
    }
    tape_free(tape), optim_free(adam), free(c);
    return sae;
}

/*
## What it has found

For each true direction we take the largest cosine with a word that is in use; **MMCS** is
the mean of these, and a direction is **recovered** if its own is above 0.9. On fresh data
we count the active words of a point (**L0**) and the share of the variance that the copy
misses (**FVU**). The **code ratio** is that of all codes along a direction to
its true coefficient, where both are on.
*/
enum { EXAM = 4096, MOST = 512 };
typedef struct {
    double mmcs, recovered, ratio, best[MOST];
    SaeFit fit;
} Found;

static double code_ratio(Sae *sae, const Planted *w, const real *x, const real *c)
{
    const Tensor *words = params_get(sae_params(sae), "W_dec");
    double *cosine = alloc((size_t)(w->G * 2 * w->G), sizeof *cosine), code = 0,
           truth = 0;
    feature_cosines(w->G, 2 * w->G, w->D, w->f, words->v, cosine);
    Tape *tape = tape_new();
    tape_pause(tape);
    const Tensor *codes =
        sae_codes(sae, tape, tape_input(tape, x, 2, (int[]){ EXAM, w->D }));
    for (int g = 0; g < w->G; g++)
        for (int i = 0; i < EXAM; i++) {
            double own = 0, true_c = (double)c[i * w->G + g];
            for (int j = 0; j < 2 * w->G; j++)
                if (cosine[g * 2 * w->G + j] > 0.9)
                    own += (double)codes->v[i * 2 * w->G + j];
            if (own > 0 && true_c > 0) code += own, truth += true_c;
        }
    tape_free(tape), free(cosine);
    return truth > 0 ? code / truth : 0;
}

static Found look(const Planted *w, Sae *sae, Rng rng)
{
    Found found = { 0 };
    real *c = alloc((size_t)(EXAM * w->G), sizeof *c),
         *x = alloc((size_t)(EXAM * w->D), sizeof *x);
    bool *alive = alloc((size_t)(2 * w->G), sizeof *alive);
    planted_draw(w, EXAM, rng, c, x);
    found.fit = sae_measure(sae, EXAM, x, alive);
    found.mmcs = feature_mmcs(w->G, 2 * w->G, w->D, w->f,
                              params_get(sae_params(sae), "W_dec")->v, alive, found.best);
    for (int g = 0; g < w->G; g++)
        found.recovered += (found.best[g] > 0.9) / (double)w->G;
    found.ratio = code_ratio(sae, w, x, c);
    free(c), free(x), free(alive);
    return found;
}

/*
~~~gnuplot matrix "Cosines of all true directions (down) with the words that were matched
to them (across), for L1 at a penalty of 0.1"
@BARE; eval height(470); set size ratio -1; set palette @DIVERGING; set cbrange [-100:100]
set xrange [-0.5:63.5]; set yrange [63.5:-0.5]; unset colorbox
plot table("matrix") using "word":"direction":"cosine" with image pixels
~~~
*/
static void show_matching(Run *run, const Planted *w, Sae *sae)
{
    double *cosine = alloc((size_t)(w->G * 2 * w->G), sizeof *cosine);
    int match[MOST];
    feature_cosines(w->G, 2 * w->G, w->D, w->f, params_get(sae_params(sae), "W_dec")->v,
                    cosine);
    feature_match(w->G, 2 * w->G, cosine, match);
    for (int i = 0; i < w->G * w->G; i++)
        row(run, "matrix", i / w->G, i % w->G,
            rint(100 * cosine[i / w->G * 2 * w->G + match[i % w->G]]));
    free(cosine);
}

static Found learn(Run *run, const Planted *w, SaeSpec spec, Course by)
{
    Sae *sae = train(w, spec, by);
    Found found = look(w, sae, rng_named(by.data, "exam"));
    if (run) show_matching(run, w, sae);
    sae_free(sae);
    return found;
}

static double mmcs_of_pca(const Planted *w, Rng rng)
{
    real *c = alloc((size_t)(EXAM * w->G), sizeof *c),
         *x = alloc((size_t)(EXAM * w->D), sizeof *x),
         *both = alloc((size_t)(2 * w->D * w->D), sizeof *both);
    double *axis = alloc((size_t)(w->D * w->D), sizeof *axis);
    planted_draw(w, EXAM, rng, c, x);
    feature_pca(EXAM, w->D, x, w->D, NULL, axis, NULL);
    for (int i = 0; i < w->D * w->D; i++) /* each with both signs */
        both[i] = (real)axis[i], both[w->D * w->D + i] = (real)-axis[i];
    double mmcs = feature_mmcs(w->G, 2 * w->D, w->D, w->f, both, NULL, NULL);
    free(c), free(x), free(both), free(axis);
    return mmcs;
}

static void show(Run *run, const char *table, double x, const Found *f)
{
    row(run, table, x, f->mmcs, f->fit.l0, f->fit.fvu, f->fit.dead, f->ratio);
}

static double least(double a, double b) { return a < b ? a : b; }
static double most(double a, double b) { return a > b ? a : b; }

static void show_cosines(Run *run, int G, const Found *l1, const Found *raw)
{
    enum { BINS = 40 };
    double n[2][BINS + 1] = { { 0 } };
    for (int g = 0; g < G; g++)
        n[0][(int)(BINS * most(0, l1->best[g]))]++,
            n[1][(int)(BINS * most(0, raw->best[g]))]++;
    for (int i = 0; i < BINS; i++)
        row(run, "cosines", (i + 0.5) / BINS, n[0][i], n[1][i]);
}

/* FVU is compared at as many words, on a line between two penalties, in logarithms. */
static double fvu_at(const Found *at, const Found *a, const Found *b)
{
    double x = vmath_log(at->fit.l0 / a->fit.l0) / vmath_log(b->fit.l0 / a->fit.l0);
    return a->fit.fvu * vmath_pow(b->fit.fvu / a->fit.fvu, x);
}

/* In worlds without sparse directions the better of two settings counts. */
static void try_in_vain(Run *run, const Planted *w, const char *world, Course by)
{
    Found l1[2], top[2];
    for (int i = 0; i < 2; i++) {
        l1[i] = learn(NULL, w, (SaeSpec){ .l1 = 0.1 * (i + 1) }, by);
        top[i] = learn(NULL, w, (SaeSpec){ .k = 2 * (i + 1) }, by);
    }
    record_as(run, most(l1[0].mmcs, l1[1].mmcs), "MMCS of L1 %s", world);
    record_as(run, most(l1[0].recovered, l1[1].recovered), "recovered by L1 %s", world);
    record_as(run, most(top[0].mmcs, top[1].mmcs), "MMCS of TopK %s", world);
}

static void run(Run *run, Rng rng)
{
    static const double lambda[] = { 0.03, 0.1, 0.2, 0.3 };
    Planted w = planted_new(64, 32, 0.03, rng_named(rng, "directions"));
    Course by = { scaled(run, 3000, 5), rng_named(rng, "init"), rng_named(rng, "data") };
    Found l1[4], top[4], again[2];
    for (int i = 0; i < 4; i++) {
        l1[i] = learn(i == 1 ? run : NULL, &w, (SaeSpec){ .l1 = lambda[i] }, by);
        top[i] = learn(NULL, &w, (SaeSpec){ .k = 1 << i }, by);
        show(run, "penalty", lambda[i], &l1[i]);
        show(run, "topk", 1 << i, &top[i]);
    }
    Course other = { by.steps, rng_named(rng, "another init"), by.data };
    for (int i = 0; i < 2; i++)
        again[i] = learn(NULL, &w, (SaeSpec){ .l1 = lambda[i + 1] }, other);
    Sae *raw = sae_new((SaeSpec){ .width = w.D, .latents = 2 * w.G }, by.init);
    Found untrained = look(&w, raw, rng_named(by.data, "exam"));
    sae_free(raw);
    record(run, "MMCS of L1", least(l1[1].mmcs, l1[2].mmcs));
    record(run, "recovered by L1", least(l1[1].recovered, l1[2].recovered));
    record(run, "MMCS of TopK", least(top[1].mmcs, top[2].mmcs));
    record(run, "MMCS at lambda 0.03", l1[0].mmcs);
    record(run, "MMCS untrained", untrained.mmcs);
    record(run, "recovered untrained", untrained.recovered);
    record(run, "MMCS of PCA", mmcs_of_pca(&w, rng_named(by.data, "exam")));
    show_cosines(run, w.G, &l1[1], &untrained);
    double l1_fvu = fvu_at(&top[2], &l1[1], &l1[2]);
    record(run, "FVU ratio", top[2].fit.fvu / l1_fvu);
    record(run, "FVU ratio of restarts", fvu_at(&top[2], &again[0], &again[1]) / l1_fvu);
    record(run, "code ratio of L1", most(l1[1].ratio, l1[2].ratio));
    record(run, "code ratio of TopK", least(top[1].ratio, top[2].ratio));
    Planted gaussian = w, dense = w;
    gaussian.gaussian = true, dense.p = 0.4;
    try_in_vain(run, &gaussian, "Gaussian", by);
    try_in_vain(run, &dense, "dense", by);
    planted_free(w);
}

/*
## What we find

~~~gnuplot penalty "Too small a penalty finds fewer directions, with more words"
set logscale x; set xtics (0.03, 0.1, 0.2, 0.3); set xrange [.027:.42]; set yrange [0:1.1]
y = {{=MMCS untrained}}; at(x) = sprintf("first %g, first %g", x, y); eval room(6)
eval rule(at(.027), at(.42), CONTROL, "MMCS of random words", "0.14, 0.5")
set xlabel "penalty"; set ylabel "MMCS, and L0 / 25"
plot table("penalty") using "lambda":"MMCS" with linespoints title "MMCS" at end, \
  "" using "lambda":(column("L0")/25) with linespoints title "L0 / 25" at end
~~~

Both kinds find what was planted: MMCS {{l1-recovers|%.3f}} and {{topk-recovers|%.3f}}. In
the Gaussian world they reach {{l1-recovers.control|%.2f}} and
{{topk-recovers.control|%.2f}}, a random dictionary {{l1-recovers.control3|%.2f}},
principal components {{pca-does-not|%.2f}}: words settle near the data, on no direction.

~~~gnuplot cosines "Largest cosine of each true direction with a word"
set style fill solid 0.6 noborder; set boxwidth 0.02; set xrange [0:1]
set xlabel "largest cosine with a word"; set ylabel "directions"
set label "random words" at 0.45, 15 center textcolor linestyle 2
set label "L1" at 0.95, 30 right textcolor linestyle 1
plot table("cosines") using "cosine":"random" with boxes ls 2, \
  "" using "cosine":"L1" with boxes ls 1
~~~

~~~gnuplot topk "Unexplained variance against words a point"
set logscale xy; set xlabel "active words, L0"; set ylabel "FVU"; set xrange [.9:25]
set xtics (1,2,4,8,16); set yrange [.015:.5]; set ytics (.02,.05,.1,.2,.5)
set label "TopK" at 1.2, 0.11 textcolor ls 1; set label "L1" at 3, 0.12 textcolor ls 2
plot table("topk") using "L0":"FVU" with linespoints ls 1, \
  table("penalty") using "L0":"FVU" with linespoints ls 2
~~~

With as many words TopK leaves {{topk-pareto|%.2f}} of what L1 leaves. L1's codes are
{{l1-shrinks|%.2f}} of the true coefficients, TopK's {{l1-shrinks.control|%.2f}}: not 1
either, as words beyond the two that are due take a part of each.

None of this shows that a language model's features are sparse directions.
*/
