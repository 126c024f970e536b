/*
# A dictionary's words are not atoms

A sparse dictionary is asked for as few words as possible. If children are always people,
it saves a word by falling silent about the person wherever it says *child*, and by
hiding a person inside that word: the word for people then looks right and has holes.
Chanin and others call it absorption [@chanin2024absorption]. Bussmann and others took a
dictionary's words apart with a second, smaller one [@bussmann2024meta]; Anders and others
had found that words are often compositions [@anders2024composed].

What could fool us: rare children may just be forgotten, and a second dictionary always
finds some pattern. So in a twin world the child is as frequent but needs no parent, and
the second dictionary is also given 64 random words.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "latents-are-not-atomic",
    .run = run,
    .tables = { { "arrows", "world, word, parent, child" },
                { "penalty", "lambda, alone, with child, strength, twin" },
                { "topk", "k, alone, with child, strength, twin" },
                { "size", "words, alone, with child, strength, twin" },
                { "meta", "rows, explained [%]" } },
    ABOUT(.title = "Latents are not atomic", .section = "interpretability/semanticity",
          .cites = "chanin2024absorption, bussmann2024meta, anders2024composed",
          .seeds = 5, .core_s = 16,
          .carries = { "Toy data; language models", "Ten features; eight by eight pairs",
                       "Absorption; splitting of words", "Absorption in language" }),
    .claims = CLAIMS(
        { .id = "parent-goes-silent",
          .text = "the parent's word falls silent where the child is (loss of its rate)",
          .value = "loss of rate",
          .side = ABOVE,
          .bound = 0.25,
          .also = { { "rate with child", BELOW, 0.7 } },
          .why = "half of the pilots' gap, 1.00 against 0.47",
          .controls = { { "loss of rate in the twin",
                          "a child that needs no parent",
                          { "rate with child in the twin" } } } },
        { .id = "child-carries-parent",
          .text = "the child's word contains the parent (cosine)",
          .value = "parent in child",
          .side = ABOVE,
          .bound = 0.5,
          .why = "pilots had 0.67, and 0.00 in the twin world",
          .controls = { { "parent in child of the twin", "the twin world" } } },
        { .id = "child-not-pure",
          .text = "and so it is not the child's direction (cosine)",
          .value = "child in child",
          .side = BELOW,
          .bound = 0.85,
          .why = "pilots had 0.74, and 1.00 in the twin world",
          .controls = { { "child in child of the twin", "the twin world" } } },
        { .id = "dose-curve",
          .text =
              "no size or penalty cures it (largest strength with the child; true: 1)",
          .value = "most strength",
          .tier = REPORT },
        { .id = "pairs-decompose",
          .text = "a dictionary of its words splits pairs (explained variance)",
          .value = "explained",
          .side = ABOVE,
          .bound = 0.85,
          .also = { { "explained beyond random", ABOVE, 0.25 } },
          .why = "random words reach 0.5 in pilots, these 0.90 to 0.95",
          .controls = { { "explained of random",
                          "random",
                          { "none beyond random" },
                          .side = UNDER,
                          .bound = 0.85 } } },
        { .id = "meta-match-small",
          .text = "its words resemble those of a small dictionary of the data (MMCS)",
          .value = "match",
          .side = ABOVE,
          .bound = 0.7,
          .tier = REPORT,
          .expect = REFUTED,
          .why = "the source saw it in language models; pilots had 0.5",
          .controls = { { "match of random", "64 random words" } } }),
};

/*
## Two worlds and their twin

In the first, each of ten orthonormal directions of a space of fifty is a feature, on with
strength $1 \pm 0.1$: the *parent* a quarter of the time, the *child* in 30 % of these, the
others 5 % of the time. In the twin world the child is on as often, whatever the parent
does. In the second, every point is one of eight shapes and one of eight colours, of
independent strengths; some of the 64 pairs are much more frequent (Zipf).
*/
enum { D = 50, G = 16, HALF = 8, WORDS = 64, BATCH = 256, EXAM = 20000 };
typedef struct {
    real f[G * D];
    bool of_pairs, twin;
    Alias pairs;
} World;

/* c (N,G): who is on, and how much. */
static void draw_family(const World *w, int N, Rng rng, real *c)
{
    for (int i = 0; i < N * G; i++) {
        double u[2], p = 0.05;
        rng_uniform_pair(rng, (uint64_t)i, u);
        if (i % G == 0) p = 0.25;
        if (i % G == 1) p = w->twin ? 0.075 : c[i - 1] > 0 ? 0.3 : 0;
        c[i] = i % G < 10 && u[0] < p ? (real)(0.9 + 0.2 * u[1]) : 0;
    }
}

static void draw_pairs(const World *w, int N, Rng rng, real *c)
{
    memset(c, 0, (size_t)(N * G) * sizeof *c);
    for (int i = 0; i < N; i++) {
        int pair = alias_draw(&w->pairs, rng_u64(rng, (uint64_t)(3 * i)));
        c[i * G + pair / HALF] = (real)(0.5 + rng_uniform(rng, (uint64_t)(3 * i + 1)));
        c[i * G + HALF + pair % HALF] =
            (real)(0.5 + rng_uniform(rng, (uint64_t)(3 * i + 2)));
    }
}

static void points(const World *w, int N, Rng rng, real *c, real *x)
{
    (w->of_pairs ? draw_pairs : draw_family)(w, N, rng, c);
    gemm(false, false, N, D, G, c, G, w->f, D, x, D, GEMM_SET);
}

static World world_new(bool of_pairs, Rng rng)
{
    World w = { .of_pairs = of_pairs };
    double basis[D * G], zipf[WORDS];
    int order[WORDS];
    for (int i = 0; i < D * G; i++) basis[i] = rng_normal(rng, (uint64_t)i);
    linalg_orthonormalise(D, G, basis);
    for (int i = 0; i < D * G; i++) w.f[i] = (real)basis[i % D * G + i / D];
    rng_permutation(rng_named(rng, "order"), order, WORDS);
    for (int i = 0; i < WORDS; i++) zipf[order[i]] = 1. / (i + 1);
    w.pairs = alias_new(WORDS, zipf);
    return w;
}

/*
## Dictionaries

The code of $x$ is $c = \operatorname{ReLU}((x - b) W_e + b_e)$, the copy $c W_d + b$; the
rows of $W_d$, of unit length, are the words. A penalty $\lambda |c|_1$ or a limit of $k$
words a point makes codes sparse. It learns from fresh points, or from given `rows`.
*/
static Sae *learn(const World *w, const real *rows, SaeSpec spec, int steps, Rng rng)
{
    spec.width = D;
    Sae *sae = sae_new(spec, rng_named(rng, "init"));
    OptimSpec rate = { .lr = 3e-3, .decay = DECAY_LINEAR, .decay_from = 0.5 };
    rate.steps = steps;
    Optim *adam = optim_new(rate, sae_params(sae));
    Tape *tape = tape_new();
    real *c = alloc(BATCH * G, sizeof *c);
    for (int step = 0; step < steps; step++, tape_reset(tape)) {
        Tensor *x = tape_constant(tape, 2, (int[]){ rows ? WORDS : BATCH, D });
        if (rows) memcpy(x->v, rows, WORDS * D * sizeof *rows);
        else points(w, BATCH, rng_child(rng, (uint64_t)step), c, x->v);
        tape_backward(tape, sae_loss(sae, tape, x));
        sae_step(sae, adam);
    }
    free(c), tape_free(tape), optim_free(adam);
    return sae;
}

static const real *words(Sae *sae) { return params_get(sae_params(sae), "W_dec")->v; }

/*
## Whose word is whose

The child's word is the nearest to the child's direction, the parent's the nearest other
to the parent's. How often is it used where the parent is on, and how strongly?
*/
typedef struct {
    double alone, with, strength, parent_in_child, child_in_child;
} Family;

static Family look(Run *run, const World *w, Sae *sae, int n, Rng rng)
{
    double cosine[2 * 64];
    int child = 0, parent = -1;
    feature_cosines(2, n, D, w->f, words(sae), cosine);
    for (int i = 0; i < n; i++)
        if (cosine[n + i] > cosine[n + child]) child = i;
    for (int i = 0; i < n; i++)
        if (i != child && (parent < 0 || cosine[i] > cosine[parent])) parent = i;
    for (int i = 0; i < n && run; i++)
        row(run, "arrows", w->twin, 2 - 2 * (i == parent) - (i == child), cosine[i],
            cosine[n + i]);
    real *c = alloc(EXAM * G, sizeof *c), *x = alloc(EXAM * D, sizeof *x);
    points(w, EXAM, rng, c, x);
    Tape *tape = tape_new();
    tape_pause(tape);
    const Tensor *code = sae_codes(sae, tape, tape_input(tape, x, 2, (int[]){ EXAM, D }));
    double seen[2] = { 0 }, fires[2] = { 0 }, sum = 0;
    for (int i = 0; i < EXAM; i++) {
        if (c[i * G] == 0) continue;
        int both = c[i * G + 1] > 0;
        double own = (double)code->v[i * n + parent];
        seen[both]++, fires[both] += own > 0, sum += both ? own : 0;
    }
    tape_free(tape), free(c), free(x);
    return (Family){ fires[0] / seen[0], fires[1] / seen[1], sum / seen[1], cosine[child],
                     cosine[n + child] };
}

static Family raise(Run *run, World *w, SaeSpec spec, bool twin, bool show, Rng rng)
{
    w->twin = twin;
    Sae *sae = learn(w, NULL, spec, scaled(run, 3000, 4), rng);
    Family f = look(show ? run : NULL, w, sae, spec.latents, rng_named(rng, "exam"));
    sae_free(sae);
    return f;
}

static void absorption(Run *run, Rng rng)
{
    static const char *const table[] = { "penalty", "topk", "size" };
    static const double dose[] = { 0.05, 0.1, 0.2, 0.4, 2, 3, 4, 5, 10, 15, 20, 40 };
    World w = world_new(false, rng_named(rng, "family"));
    double most[2] = { 0 };
    for (int i = 0; i < 12; i++) {
        SaeSpec spec = { .latents = 10, .l1 = 0.2 };
        if (i < 4) spec.l1 = dose[i];
        else if (i < 8) spec.k = (int)dose[i], spec.l1 = 0;
        else spec.latents = (int)dose[i];
        Family own = raise(run, &w, spec, false, i == 2, rng),
               twin = raise(run, &w, spec, true, i == 2, rng);
        row(run, table[i / 4], dose[i], own.alone, own.with, own.strength, twin.with);
        double *top = &most[i / 4 == 1];
        *top = own.strength > *top ? own.strength : *top;
        progress(run, i / 16.);
        if (i != 2) continue;
        precondition(run, "parent-goes-silent", own.alone >= 0.95, "no word for parents");
        record(run, "loss of rate", own.alone - own.with);
        record(run, "loss of rate in the twin", twin.alone - twin.with);
        record(run, "rate with child", own.with);
        record(run, "rate with child in the twin", twin.with);
        record(run, "strength with child in the twin", twin.strength);
        record(run, "parent in child", own.parent_in_child);
        record(run, "parent in child of the twin", twin.parent_in_child);
        record(run, "child in child", own.child_in_child);
        record(run, "child in child of the twin", twin.child_in_child);
    }
    record(run, "most strength", most[0]);
    record(run, "most strength of limits", most[1]);
    alias_free(w.pairs);
}

/*
## Words of words

A dictionary of 64 words, one for each point, learns the world of pairs. Another, of 16
words, two for each point, learns its 64 words; the best of eight starts counts, also for
random ones. A third, of 16 words, learns the points themselves.
*/
static double explain(Run *run, const real *rows, const real *small, double *match,
                      Rng rng)
{
    double best = -1;
    for (int i = 0; i < 8; i++) {
        Sae *sae = learn(NULL, rows, (SaeSpec){ .latents = G, .k = 2 },
                         scaled(run, 3000, 4), rng_child(rng, (uint64_t)i));
        double explained = 1 - sae_measure(sae, WORDS, rows, NULL).fvu;
        if (explained > best) {
            best = explained;
            *match = feature_mmcs(G, G, D, small, words(sae), NULL, NULL);
        }
        sae_free(sae);
    }
    return best;
}

static void composition(Run *run, Rng rng)
{
    World w = world_new(true, rng_named(rng, "pairs"));
    int steps = scaled(run, 6000, 4);
    Sae *large = learn(
            &w, NULL,
            (SaeSpec){ .latents = WORDS, .k = 1, .aux = 1. / 32, .dead_after = 20000 },
            steps, rng_named(rng, "large")),
        *small = learn(&w, NULL, (SaeSpec){ .latents = G, .l1 = 0.1 }, steps,
                       rng_named(rng, "small"));
    real random[WORDS * D];
    rng_normals(rng_named(rng, "random"), random, WORDS * D);
    double match[2], explained[2];
    explained[0] = explain(run, words(large), words(small), &match[0], rng);
    explained[1] = explain(run, random, words(small), &match[1], rng);
    record(run, "explained", explained[0]);
    record(run, "explained of random", explained[1]);
    record(run, "explained beyond random", explained[0] - explained[1]);
    record(run, "none beyond random", 0);
    record(run, "match", match[0]);
    record(run, "match of random", match[1]);
    row_label(run, "meta", "words of the dictionary", 100 * explained[0]);
    row_label(run, "meta", "random words", 100 * explained[1]);
    sae_free(large), sae_free(small), alias_free(w.pairs);
}

static void run(Run *run, Rng rng)
{
    absorption(run, rng_named(rng, "absorption"));
    composition(run, rng_named(rng, "composition"));
}

/*
## What we find

~~~gnuplot arrows "Words of ten directions, seen in the plane of parent (across) and child (up).
Left: children are always people. Right: the twin world"
@BARE; eval height(300); set size ratio -1; set xrange [-0.2:3.4]; set yrange [-0.2:1.35]
do for [i=0:1] { set label "parent" at 2*i+1.05, -0.1 center; set label "child" at 2*i, 1.15 \
  center; set label "the child's word" at i ? 2.1 : 0.72, 0.78 textcolor ls 2 }
plot for [k=0:2] table("arrows") using (2 * column("world")):(0): \
  (column("word") == k ? column("parent") : NaN):"child" with vectors arrowstyle k + 1
~~~

Alone, the parent's word is always used; with the child, in {{=rate with child*100|%.0f}} %
of the cases, and faintly. The child's word stands in for it: its cosine with the parent is
{{child-carries-parent|%.2f}}, with the child {{child-not-pure|%.2f}}; in the twin world
{{child-carries-parent.control|%.2f}} and {{child-not-pure.control|%.2f}}.
~~~gnuplot penalty "The parent's word: how often it is used, and its strength with the child"
set logscale x; set xtics (0.05, 0.1, 0.2, 0.4); set xrange [0.045:0.44]; set yrange [0:1.1]
set xlabel "penalty"; set ylabel "rate, strength"; eval room(10)
plot table("penalty") using 1:"alone" with linespoints title "alone" at end, \
  "" using 1:"with child" with linespoints title "with child" at end, \
  "" using 1:"strength" with linespoints title "strength" at end
~~~
No penalty and no number of words brings its strength above {{dose-curve.max|%.2f}}; the twin
world has {{=strength with child in the twin|%.2f}}. Limits of two to five words a point,
where points have fewer features, press less: {{=most strength of limits.min|%.1f}} to {{=most strength of limits.max|%.1f}}.

Words for pairs come apart: sixteen words of words explain {{pairs-decompose*100|%.0f}} % of
them, and of random ones {{pairs-decompose.control*100|%.0f}} %, as they can of anything.
~~~gnuplot meta "What sixteen words explain of sixty-four"
set style fill solid 0.75 noborder; set boxwidth 0.5; set yrange [0:100]
set xrange [-0.6:1.6]; set ylabel "explained variance [%]"; plot table("meta") using 0:2:xtic(1) with boxes ls 1
~~~
Yet they are not a small dictionary's words: MMCS {{meta-match-small|%.2f}}, random
{{meta-match-small.control|%.2f}}. What all shapes share can move to the offset.

## What our scale cannot show

Absorption in a language model. And if parts always rose together, pairs would be right.
*/
