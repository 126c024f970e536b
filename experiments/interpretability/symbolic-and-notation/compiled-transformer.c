/*
# A program can be compiled into a transformer, and bounds what training finds

RASP is a language whose means are those of a transformer: *select* positions by comparing,
*aggregate* what they hold, map each position on its own [@weiss2021rasp]. Lindner and
others compile its programs into weights [@lindner2023tracr]: networks whose inner workings
are known, on which tools of interpretation can be tried [@conmy2023acdc].

What could fool us: a network may be right by chance, a squeezed one because half its space
was empty, a deep one by its size. Hence a shifted matrix, random squeezes, a shallow task.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "compiled-transformer",
    .run = run,
    .tables = { { "pattern", "query, key, weight" },
                { "squeezed", "dimensions, learned, random" },
                { "gram", "row, column, product" },
                { "layers", "task, one, two" } },
    ABOUT(.title = "Compiled programs",
          .section = "interpretability/symbolic-and-notation", .seeds = 3, .core_s = 38,
          .cites = "lindner2023tracr, weiss2021rasp, conmy2023acdc",
          .carries = { "Tracr's compiler; RASP", "Four programs; two trained tasks",
                       "Exactness, squeezing, layers", "What trained models do" }),
    .claims = CLAIMS(
        { .id = "compiled-is-exact",
          .text = "four programs as weights are right on all inputs (least share)",
          .value = "exact",
          .side = ABOVE,
          .bound = 1,
          .why = "all 1364 sequences of up to five of four tokens",
          .controls = { { "exact when shuffled", "one W_O with its columns shifted",
                          .side = BELOW, .bound = 0.6 } } },
        { .id = "compresses",
          .text = "ten dimensions hold twelve features (error over variance)",
          .value = "squeezed",
          .side = BELOW,
          .bound = 0.01,
          .also = { { "squeezed to random", BELOW, 0.2 } },
          .why = "the source's result; pilots had 0.0004, random ones 0.5",
          .controls = { { "squeezed at random",
                          "the best of 100 random ones",
                          { "random to random" },
                          .side = OVER,
                          .bound = 0.01 } } },
        { .id = "unread-features-drop",
          .text =
              "what is never read is dropped (largest squared length over the median)",
          .value = "unread",
          .side = BELOW,
          .bound = 0.1,
          .tier = REPORT,
          .expect = MIXED,
          .why = "nothing in the loss keeps it, and weight decay takes it",
          .controls = { { "unread at random", "the best of 100 random ones" } } },
        { .id = "layers-bound",
          .text = "a task for two layers gains by the second (accuracy)",
          .value = "gain of double histogram",
          .side = ABOVE,
          .bound = 0.1,
          .why = "RASP needs two layers for it, and one for the histogram",
          .controls = { { "gain of histogram", "a task for one layer", .side = WITHIN,
                          .bound = -0.03, .upper = 0.03 } } }),
};

/*
## Four programs

Each feature of a program has a dimension of its own. A head compares one of the query with
one of the key and copies what matches; an MLP is a table. `hist` tells how often a token
occurs, `reverse` turns the sequence round, `frac_prevs` gives the share of one token so
far, `sort_unique` sorts. The core holds the few weights. Does a shift of one `W_O` show?
*/
static void programs(Run *run)
{
    static const int last_head[] = { 0, 2, 1, 1 };
    double least = 1, most = 0;
    for (int p = 0; p < RASP_PROGRAMS; p++) {
        Model *m = rasp_compile((RaspProgram)p);
        double exact = rasp_exact(m, (RaspProgram)p);
        least = exact < least ? exact : least;
        char *name = text_format("blocks.%d.attn.W_O", last_head[p]);
        Tensor *w = model_weight(m, name);
        memmove(w->v + 1, w->v, (tensor_size(w) - 1) * sizeof *w->v);
        exact = rasp_exact(m, (RaspProgram)p);
        most = exact > most ? exact : most;
        free(name), model_free(m);
    }
    record(run, "exact", least);
    record(run, "exact when shuffled", most);
}

static void show_pattern(Run *run)
{
    static const int tok[] = { RASP_TOKENS, 2, 0, 1, 0, 3 };
    Model *m = rasp_compile(RASP_REVERSE);
    Tape *tape = tape_new();
    hook_keep(tape, "blocks.2.pattern");
    model_logits(m, tape, tok, 1, RASP_LONGEST + 1);
    const Tensor *p = hook_value(tape, "blocks.2.pattern");
    for (int i = 0; i < 36; i++) row(run, "pattern", i / 6, i % 6, (double)p->v[i]);
    tape_free(tape), model_free(m);
}

/*
## Squeezing

`frac_prevs` uses twelve features and two parts: an MLP and, in the next layer, a head. A
matrix $W$ squeezes the stream into $d$ dimensions; both parts read $z W^T$ and write
through $W$. It learns to leave what they write and the output as they were, with soft
attention at first and weight decay. All tokens but the first, three features, are unread.
*/
enum { USED = 12, UNREAD = 3, SHOWN = 10, EXAM = 512, SQUEEZE_BATCH = 32 };
static const int used[USED] = { RASP_TOK + 1, RASP_TOK + 2, RASP_TOK + 3, RASP_BOS,
                                RASP_TOK,     RASP_POS,     RASP_POS + 1, RASP_POS + 2,
                                RASP_POS + 3, RASP_POS + 4, RASP_NUM,     RASP_OUT };

/* W NULL: not squeezed; own (2): what both parts write */
static Tensor *in(Tape *t, Tensor *x, Tensor *W)
{
    return W ? op_linear(t, x, W, NULL, ACT_NONE) : x;
}

static Tensor *out(Tape *t, Tensor *z, Tensor *W)
{
    return W ? op_linear_t(t, z, W, NULL, ACT_NONE) : z;
}

static Tensor *by(Model *m, Tape *t, Tensor *x, const char *weight)
{
    return op_linear(t, x, model_weight(m, weight), NULL, ACT_NONE);
}

static Tensor *squeeze(Model *m, Tape *t, Tensor *W, double hard, Tensor *x, Tensor **own)
{
    AttnSpec spec = { .heads = 1, .bidirectional = true, .scale = hard / sqrt(RASP_K) };
    Tensor *z = in(t, x, W), *h = by(m, t, out(t, z, W), "blocks.0.mlp.W_in");
    own[0] = by(m, t, op_act(t, h, ACT_RELU), "blocks.0.mlp.W_out");
    z = op_add(t, z, in(t, own[0], W)), h = out(t, z, W);
    Tensor *q = by(m, t, h, "blocks.1.attn.W_Q"), *k = by(m, t, h, "blocks.1.attn.W_K"),
           *v = by(m, t, h, "blocks.1.attn.W_V");
    q = op_add(t, q, model_weight(m, "blocks.1.attn.b_Q"));
    own[1] = by(m, t, op_attention(t, q, k, v, &spec), "blocks.1.attn.W_O");
    z = op_add(t, z, in(t, own[1], W));
    return by(m, t, out(t, z, W), "unembed.W_U");
}

static Tensor *embedded(Tape *t, int B, Rng rng)
{
    Tensor *x = tape_constant(t, 3, (int[]){ B, RASP_LONGEST + 1, RASP_D });
    for (int i = 0; i < B * (RASP_LONGEST + 1); i++) {
        int at = i % (RASP_LONGEST + 1) - 1;
        real *own = x->v + i * RASP_D;
        if (at < 0) own[RASP_BOS] = 1;
        else own[RASP_POS + at] = 1, own[RASP_TOK + rng_below(rng, (uint64_t)i, 4)] = 1;
    }
    return x;
}

static void random_squeeze(int d, Rng rng, real *W)
{
    double w[USED * USED];
    for (int i = 0; i < USED * d; i++) w[i] = rng_normal(rng, (uint64_t)i);
    linalg_orthonormalise(USED, d, w);
    memset(W, 0, (size_t)(RASP_D * d) * sizeof *W);
    for (int i = 0; i < USED * d; i++) W[used[i / d] * d + i % d] = (real)w[i];
}

/* The squared error of the output over its variance. */
static double squeezed_error(Model *m, int d, const real *W, Rng rng)
{
    Tape *t = tape_new();
    tape_pause(t);
    Tensor *wrote[2], *x = embedded(t, EXAM, rng), *want, *got;
    want = squeeze(m, t, NULL, 1, x, wrote);
    got = squeeze(m, t, tape_input(t, W, 2, (int[]){ RASP_D, d }), 1, x, wrote);
    double sum[3] = { 0 };
    for (int i = 0; i < EXAM * (RASP_LONGEST + 1); i++) {
        double y = (double)want->v[i * 6], e = (double)got->v[i * 6] - y;
        sum[0] += e * e, sum[1] += y, sum[2] += y * y;
    }
    tape_free(t);
    return sum[0] / (sum[2] - sum[1] * sum[1] / (EXAM * (RASP_LONGEST + 1)));
}

static void learn_squeeze(Model *m, int d, int steps, real *W, Rng rng)
{
    Params params = { 0 };
    Tensor *own = params_add(&params, "W", true, 2, (int[]){ RASP_D, d });
    Tensor *want[2], *got[2];
    random_squeeze(d, rng_named(rng, "init"), own->v);
    OptimSpec rate = { .lr = 3e-3, .weight_decay = 0.3, .decay = DECAY_LINEAR };
    rate.steps = steps;
    Optim *adam = optim_new(rate, &params);
    Tape *t = tape_new();
    for (int step = 0; step < steps; step++, tape_reset(t)) {
        double hard = step < 0.65 * steps ? 0.03 + 1.5 * step / steps : 1;
        Tensor *x = embedded(t, SQUEEZE_BATCH, rng_child(rng, (uint64_t)step));
        Tensor *y = squeeze(m, t, NULL, 1, x, want);
        Tensor *loss = op_square_error(t, squeeze(m, t, own, hard, x, got), y, NULL);
        for (int i = 0; i < 2; i++)
            loss = op_add(t, loss, op_square_error(t, got[i], want[i], NULL));
        tape_backward(t, loss);
        optim_step(adam);
    }
    memcpy(W, own->v, (size_t)(RASP_D * d) * sizeof *W);
    optim_free(adam), tape_free(t), params_free(&params);
}

static double unread(int d, const real *W)
{
    double length[USED];
    for (int i = 0; i < USED; i++)
        length[i] = (double)vmath_dot(d, W + used[i] * d, W + used[i] * d);
    return stats_quantile(UNREAD, length, 1) /
           stats_quantile(USED - UNREAD, length + UNREAD, 0.5);
}

static void squeezing(Run *run, Rng rng)
{
    static const int dims[] = { 4, 6, 8, SHOWN };
    Model *m = rasp_compile(RASP_FRAC_PREVS);
    for (int i = 0; i < model_params(m)->n; i++) model_params(m)->p[i]->t.wants = false;
    for (int k = 0; k < COUNT(dims); k++) {
        int d = dims[k];
        real W[RASP_D * USED], other[RASP_D * USED];
        double least = 1e30, shortest = 1e30;
        learn_squeeze(m, d, scaled(run, 8000, 3), W, rng_child(rng, (uint64_t)d));
        double error = squeezed_error(m, d, W, rng);
        for (int i = 0; i < 100; i++) {
            random_squeeze(d, rng_child(rng_named(rng, "random"), (uint64_t)i), other);
            double e = squeezed_error(m, d, other, rng), u = unread(d, other);
            least = e < least ? e : least, shortest = u < shortest ? u : shortest;
        }
        row(run, "squeezed", d, error, least);
        if (d != SHOWN) continue;
        record(run, "squeezed", error), record(run, "squeezed at random", least);
        record(run, "squeezed to random", error / least);
        record(run, "random to random", 1);
        record(run, "unread", unread(d, W)), record(run, "unread at random", shortest);
        for (int i = 0; i < USED * USED; i++)
            row(run, "gram", i / USED, i % USED,
                (double)vmath_dot(d, W + used[i / USED] * d, W + used[i % USED] * d));
    }
    model_free(m);
}

/*
## What training finds

The histogram asks at each of sixteen places how often its token occurs; the double one,
at how many places a token occurs as often. A program counts, and then counts the counts.
*/
enum { LONG = 16, KINDS = 8, TRAIN_BATCH = 16 };

static void draw_counts(int B, bool twice, int *tok, int *target, Rng rng)
{
    for (int i = 0; i < B * LONG; i++) tok[i] = rng_below(rng, (uint64_t)i, KINDS);
    for (int b = 0; b < B; b++) {
        int n[KINDS] = { 0 }, own[LONG + 1] = { 0 };
        for (int i = b * LONG; i < (b + 1) * LONG; i++) n[tok[i]]++;
        for (int i = b * LONG; i < (b + 1) * LONG; i++) own[n[tok[i]]]++;
        for (int i = b * LONG; i < (b + 1) * LONG; i++)
            target[i] = twice ? own[n[tok[i]]] : n[tok[i]];
    }
}

static double trained(Run *run, int layers, bool twice, Rng rng)
{
    ModelSpec spec = { .vocab = KINDS, .ctx = LONG, .heads = 4, .width = 64 };
    spec.layers = layers, spec.outputs = LONG + 1, spec.bidirectional = true;
    Model *m = model_new(spec, rng_named(rng, "init"));
    OptimSpec rate = { .lr = 1e-3, .warmup = 100, .decay = DECAY_LINEAR };
    rate.beta1 = 0.9, rate.beta2 = 0.98, rate.weight_decay = 0.01;
    rate.steps = scaled(run, 2500, 110);
    Optim *adam = optim_new(rate, model_params(m));
    Tape *t = tape_new();
    int tok[EXAM * LONG], target[EXAM * LONG], right = 0;
    for (int step = 0; step < rate.steps; step++, tape_reset(t)) {
        draw_counts(TRAIN_BATCH, twice, tok, target, rng_child(rng, (uint64_t)step));
        Tensor *y = model_logits(m, t, tok, TRAIN_BATCH, LONG);
        tape_backward(t, op_xent(t, y, target));
        optim_step(adam);
    }
    draw_counts(EXAM, twice, tok, target, rng_named(rng, "exam"));
    tape_pause(t);
    const Tensor *y = model_logits(m, t, tok, EXAM, LONG);
    for (int i = 0, best = 0; i < EXAM * LONG; i++, best = 0) {
        const real *own = y->v + i * (LONG + 1);
        for (int c = 1; c <= LONG; c++) best = own[c] > own[best] ? c : best;
        right += best == target[i];
    }
    optim_free(adam), tape_free(t), model_free(m);
    return right / (double)(EXAM * LONG);
}

static void run(Run *run, Rng rng)
{
    programs(run), show_pattern(run);
    squeezing(run, rng_named(rng, "squeezing"));
    for (int twice = 0; twice < 2; twice++) {
        double a[2];
        for (int l = 0; l < 2; l++)
            a[l] = trained(run, l + 1, twice, rng_named(rng, "training"));
        row_label(run, "layers", twice ? "double histogram" : "histogram", a[0], a[1]);
        record_as(run, a[1] - a[0], "gain of %shistogram", twice ? "double " : "");
    }
}

/*
## What we find

~~~gnuplot layers "Accuracy of trained transformers of one and of two layers"
set style data histogram; set style histogram cluster gap 1; set style fill solid 0.75 noborder
set yrange [0:1.15]; set xrange [-0.6:1.6]; set ylabel "accuracy"; set label "one layer" at \
  0.45, 1.08 textcolor ls 1; set label "two layers" at 0.95, 1.08 textcolor ls 2
plot table("layers") using "one":xtic("task") ls 1, "" using "two" ls 2
~~~

All programs are right on all 1364 sequences; shifted, on at most
{{compiled-is-exact.control*100|%.0f}} %. Training agrees about depth: a second layer brings
{{layers-bound|%.2f}} where programs need it, {{layers-bound.control|%.3f}} where not.
~~~gnuplot pattern "The last head of `reverse`: who (down) looks at whom (across); 0 is BOS"
eval height(300); set yrange [5.5:-0.5]; set xrange [-0.5:5.5]; set size ratio -1; unset grid
set xlabel "key"; set ylabel "query"; unset colorbox; set cbrange [0:1]
plot table("pattern") using "key":"query":"weight" with image pixels
~~~
~~~gnuplot squeezed "Error of the squeezed program; random: the best of a hundred"
set logscale y; set format y "10^{%T}"; set xlabel "dimensions"; set xrange [3.8:10.2]; eval room(8)
set ylabel "error over variance"; eval bound({{compresses.bound}}, "bound")
plot table("squeezed") using 1:2 with linespoints title "learned" at end, \
  "" using 1:3 with linespoints title "random" at end
~~~
Ten dimensions leave {{compresses|%.1e}}, random ones {{compresses.control|%.1f}}. The
longest unread feature keeps {{unread-features-drop.min|%.2f}} to
{{unread-features-drop.max|%.2f}} of the median squared length, at random
{{unread-features-drop.control.min|%.1f}} at least: little, but not always below a tenth.
~~~gnuplot gram "Products of the squeezed features; the first three are never read"
set yrange [11.5:-0.5]; set xrange [-0.5:11.5]; set size ratio -1; unset grid; unset colorbox
set palette @DIVERGING; set cbrange [-1.5:1.5]; set xlabel "feature"; set ylabel "feature"
plot table("gram") using "column":"row":"product" with image pixels
~~~

## What our scale cannot show

That trained models implement these programs: they may do otherwise with as many layers.
*/
