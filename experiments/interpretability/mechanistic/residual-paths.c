/*
# A transformer is a sum over paths

Freeze where an attention-only transformer looks, and all else that it does is linear: its
output is a sum over the ways on which a token can reach it, past all heads, through one,
or through one after another. Each term can be read, weighed and removed. Elhage, Nanda,
Olsson and others put this down as a mathematical framework [@elhage2021framework]. From
it follow things that one can check: a model without layers is a table of bigrams; the
paths add up to the logits; the two heads that copy what came next
([induction heads](induction-heads.html)) must meet in the second one's keys.

What could fool us: an identity that holds because something is counted twice, and scores
that any matrices would get. So a path is left out, a layer norm put in, and every score
stands beside that of random matrices and of the model before training.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "residual-paths",
    .run = run,
    .tables = { { "bigrams", "from, to, true, learned, two dimensions" },
                { "paths", "model, direct, layer 0, layer 1, both" },
                { "composition", "part, trained, untrained, random, sd" } },
    ABOUT(.title = "Residual paths", .section = "interpretability/mechanistic",
          .cites = "elhage2021framework", .seeds = 5, .core_s = 13, .quick = true,
          .carries = { "Attention-only models of up to two layers, trained on text",
                       "The same without biases, 32 dimensions, trained to copy",
                       "The identities, exactly; how two heads compose",
                       "Which skip-trigrams a model of language learns" }),
    .claims = CLAIMS(
        { .id = "zero-layer-is-a-bigram",
          .text = "a model without layers learns the table of bigrams (KL distance, nat)",
          .value = "distance with 16 dimensions",
          .side = BELOW,
          .bound = 0.01,
          .why = "16 dimensions can hold any table on 16 tokens",
          .controls = { { "distance with 2 dimensions", "a bottleneck of two dimensions",
                          .side = OVER, .bound = 0.05 } } },
        { .id = "path-expansion-is-exact",
          .text = "the paths add up to the logits (largest error, relative)",
          .value = "error",
          .side = BELOW,
          .bound = 1e-4,
          .why = "an identity, up to rounding to 24 bits",
          .controls = { { "error without two heads in a row", "one class of paths less",
                          .side = OVER, .bound = 0.05 },
                        { "error with layer norms", "a model with layer norms" } } },
        { .id = "k-composition",
          .text = "layer 1 reads what layer 0 writes by its keys (sd above random)",
          .value = "K score",
          .side = ABOVE,
          .bound = 5,
          .also = { { "K lead", ABOVE, 2 } },
          .why = "far outside what random matrices score; and ahead of queries, values",
          .controls = { { "K score untrained",
                          "before training",
                          { "K lead untrained" } } } },
        { .id = "ov-copies",
          .text = "what the head of layer 1 looks at, it says: share of tokens",
          .value = "copied",
          .side = ABOVE,
          .bound = 0.8,
          .why = "set by judgement; chance is 1/16",
          .controls = { { "copied untrained", "before training" } } },
        { .id = "path-shares",
          .text = "share of the gain in loss that goes by the head of layer 1 alone",
          .value = "share of layer 1 in two layers",
          .tier = REPORT }),
};

/*
## Without layers, a table

Sixteen tokens follow each other by a Markov chain whose rows are random laws (Dirichlet,
parameter 0.3). A model without layers has the logits $W_E W_U$, a row for each token.
With 16 dimensions it can be any table; with two it cannot.

~~~gnuplot bigrams "Probability of each token (across) after each (down): the chain; a
model with 16 dimensions; one with two."
eval height(260); unset grid; unset border; unset tics; unset colorbox; set lmargin 1
set bmargin 0.5; set rmargin 1; set yrange [16:-3]; set cbrange [0:0.7]
set label "true" at 0, -1.5; set label "16 dimensions" at 18, -1.5
set label "2 dimensions" at 36, -1.5
plot table("bigrams") using "to":"from":"true" with image pixels, \
  "" using (18 + column("to")):"from":"learned" with image pixels, \
  "" using (36 + column("to")):"from":"two dimensions" with image pixels
~~~
*/
enum { V = 16, T = 40, B = 32, D = 32, TESTS = 64, PAIRS = 100 };

/*
One loop trains on walks along a chain, or, without one, on the permutations of
[induction heads](induction-heads.html), with the same seed and the same result.
*/
static void train(Run *run, Model *m, double lr, const double *chain, Rng data)
{
    OptimSpec adam = { .lr = lr, .beta2 = chain ? 0.999 : 0.98, .warmup = 100 };
    Optim *o = optim_new(adam, model_params(m));
    Task *k = task_new(B, T);
    Tape *t = tape_new();
    for (int step = 0, steps = scaled(run, 3000, 50); step < steps; step++) {
        Rng now = rng_child(data, (uint64_t)step);
        if (chain) task_walks(k, V, chain, now);
        else task_permutations(k, V, 0.7, now);
        Tensor *loss = op_xent(t, model_logits(m, t, k->tok, B, T), k->target);
        tape_backward(t, loss);
        optim_step(o);
        tape_reset(t);
    }
    tape_free(t), task_free(k), optim_free(o);
}

static void learn_table(Run *run, int width, const double *chain, Rng rng, double *p)
{
    ModelSpec spec = { .vocab = V,
                       .ctx = T,
                       .width = width,
                       .no_bias = true,
                       .positions = POS_NONE,
                       .init_sd = 1 / sqrt(width) };
    Model *m = model_new(spec, rng_named(rng, "init"));
    train(run, m, 1e-2, chain, rng_named(rng, "walks"));
    int all[V];
    for (int v = 0; v < V; v++) all[v] = v;
    Tape *t = tape_new();
    Tensor *law = op_softmax(t, model_logits(m, t, all, V, 1));
    for (int i = 0; i < V * V; i++) p[i] = (double)law->v[i];
    tape_free(t), model_free(m);
}

/* We average the distance over the tokens of new walks, so frequent ones count more. */
static double distance(const double *chain, const double *p, Rng rng)
{
    Task *k = task_new(TESTS, T);
    task_walks(k, V, chain, rng);
    double sum = 0;
    for (int i = 0; i < TESTS * T; i++)
        for (int v = k->tok[i] * V; v < (k->tok[i] + 1) * V; v++)
            if (chain[v] > 0) sum += chain[v] * vmath_log(chain[v] / p[v]);
    task_free(k);
    return sum / (TESTS * T);
}

static void zero_layers(Run *run, Rng rng)
{
    double chain[V * V], wide[V * V], narrow[V * V];
    for (int v = 0; v < V; v++)
        task_law(V, 0.3, rng_child(rng_named(rng, "chain"), (uint64_t)v), chain + v * V);
    learn_table(run, V, chain, rng, wide);
    learn_table(run, 2, chain, rng, narrow);
    record(run, "distance with 16 dimensions",
           distance(chain, wide, rng_named(rng, "test")));
    record(run, "distance with 2 dimensions",
           distance(chain, narrow, rng_named(rng, "test")));
    for (int i = 0; i < V * V; i++)
        row(run, "bigrams", i / V, i % V, chain[i], wide[i], narrow[i]);
}

/*
## With layers, a sum

Let $x$ be the embeddings of a sequence, tokens and places, $A^1$ and $A^2$ the patterns
of the heads of both layers, $W^1$ and $W^2$ their products $W_V W_O$. The logits are
$$x W_U + A^1 x W^1 W_U + A^2 x W^2 W_U + A^2 A^1 x W^1 W^2 W_U .$$
The last term is what the source calls a virtual head: two heads in a row act as one. We
take the patterns from the model's run and compute all four terms from the weights, in
double precision, by other code than the model's.

## What each path earns

A class of paths is replaced by its mean over all places, and the loss rises. Each class
gets its share of the sum of these rises.

~~~gnuplot paths "What the loss rises by if a class of paths becomes its mean."
eval height(300); set ylabel "rise of the loss [nat]"; set style data histograms
set style histogram rowstacked; set boxwidth 0.5; set xrange [-0.6:1.6]; set yrange [0:*]
set key left top reverse Left; set style fill solid 0.6 noborder
plot for [c in "'layer 1' both 'layer 0' direct"] table("paths") using c:xtic(1) title c
~~~
*/
static double loss_of(const Task *k, const real *logits)
{
    double place[T];
    task_losses(k, V, logits, place);
    return stats_mean(T, place);
}

static void shares(Run *run, const char *who, const Paths *e, const Task *k)
{
    static const char *const name[] = { "direct", "layer 0", "layer 1", "both" };
    real *logits = alloc(TESTS * T * V, sizeof *logits);
    double rise[PATHS], sum = 0;
    for (int i = 0; i < TESTS * T * V; i++) logits[i] = (real)e->logits[i];
    double whole = loss_of(k, logits);
    for (int c = 0; c < PATHS; c++) {
        paths_without(e, (PathClass)c, logits);
        sum += rise[c] = loss_of(k, logits) - whole;
    }
    row_n(run, "paths", who, PATHS, rise);
    for (int c = 0; c < PATHS; c++)
        record_as(run, rise[c] / sum, "share of %s in %s", name[c], who);
    free(logits);
}

/*
## How two heads meet

A head of layer 1 can read what layer 0 wrote in its queries, its keys or its values. The
source weighs each by $|W^1 M|/(|W^1| |M|)$, with $M$ the product through which the later
head reads. Thin or not, random matrices overlap too: the band shows a hundred pairs.

~~~gnuplot composition "Composition of layer 0 with queries, keys and values of layer 1.
Band: random matrices, two standard deviations each way. Crosses: before training."
set ylabel "score"; set yrange [0:*]; set xrange [-0.6:2.6]; set boxwidth 0.5
plot table("composition") using 0:"trained":xtic(1) with boxes ls 1 fs solid 0.35, \
  "" using 0:"random":(0.35):(2 * column("sd")) with boxxyerror ls 9 fs solid 0.4, \
  "" using 0:"untrained" with points ls 2 pt 2 ps 1.2
~~~
*/
/* score: Q, K, V. */
static void compose(Model *m, double score[3])
{
    double writer[D * D], qk[D * D], ov[D * D];
    circuit_ov(m, 0, 0, writer), circuit_qk(m, 1, 0, qk), circuit_ov(m, 1, 0, ov);
    score[0] = circuit_composition(D, writer, qk, false);
    score[1] = circuit_composition(D, writer, qk, true);
    score[2] = circuit_composition(D, writer, ov, false);
}

static void composition(Run *run, Model *trained, Model *untrained, Rng rng)
{
    static const char *const name[] = { "Q", "K", "V" };
    double random[PAIRS], score[2][3];
    for (int i = 0; i < PAIRS; i++)
        random[i] = circuit_composition_random(D, D, rng_child(rng, (uint64_t)i));
    double mean = stats_mean(PAIRS, random), sd = sqrt(stats_variance(PAIRS, random));
    compose(trained, score[0]), compose(untrained, score[1]);
    for (int i = 0; i < 2; i++) {
        const double *s = score[i], other = s[0] > s[2] ? s[0] : s[2];
        record(run, i ? "K score untrained" : "K score", (s[1] - mean) / sd);
        record(run, i ? "K lead untrained" : "K lead", (s[1] - other) / sd);
    }
    for (int p = 0; p < 3; p++)
        row_label(run, "composition", name[p], score[0][p], score[1][p], mean, sd);
}

static void run(Run *run, Rng rng)
{
    zero_layers(run, rng_named(rng, "bigrams"));
    progress(run, 0.2);
    Task *test = task_new(TESTS, T);
    task_permutations(test, V, 0.7, rng_named(rng, "test"));
    double worst = 0;
    for (int layers = 1; layers <= 2; layers++) {
        Rng init = rng_named(rng, "init");
        Model *m = induction_model(V, T, layers, 1, KEYS_PLAIN, init),
              *untrained = induction_model(V, T, layers, 1, KEYS_PLAIN, init);
        train(run, m, 3e-3, NULL, rng_named(rng, "data"));
        Paths *e = paths_new(m, test->tok, TESTS, T);
        double error = paths_error(e, PATHS);
        worst = error > worst ? error : worst;
        record_as(run, induction_accuracy(m, test), "accuracy of %d", layers);
        shares(run, layers > 1 ? "two layers" : "one layer", e, test);
        if (layers == 2) {
            record(run, "error without two heads in a row", paths_error(e, PATH_BOTH));
            composition(run, m, untrained, rng_named(rng, "random"));
            record(run, "copied", paths_copied(m, 1, 0));
            record(run, "copied untrained", paths_copied(untrained, 1, 0));
        }
        paths_free(e), model_free(m), model_free(untrained);
        progress(run, 0.2 + 0.4 * layers);
    }
    record(run, "error", worst);
    ModelSpec spec = { .vocab = V,
                       .ctx = T,
                       .width = D,
                       .layers = 2,
                       .heads = 1,
                       .attention_only = true,
                       .no_bias = true,
                       .init_sd = 1 / sqrt(D) };
    Model *normed = model_new(spec, rng_named(rng, "init"));
    Paths *e = paths_new(normed, test->tok, TESTS, T);
    record(run, "error with layer norms", paths_error(e, PATHS));
    paths_free(e), model_free(normed), task_free(test);
}

/*
## What we find

Without layers the model is {{zero-layer-is-a-bigram}} nat from the chain, with two
dimensions {{zero-layer-is-a-bigram.control}} nat. With layers the paths miss the logits
by {{path-expansion-is-exact|%.0e}} of the largest at most; without the paths through two
heads by {{path-expansion-is-exact.control*100|%.0f}} %, under layer norms by
{{path-expansion-is-exact.control2*100|%.0f}} %. The keys of layer 1 read layer 0 at
{{k-composition|%.0f}} standard deviations above random pairs, the larger of queries and
values lies {{k-composition.also|%.0f}} lower; before training the keys are at
{{k-composition.control|%.1f}}. Its values copy {{ov-copies*100|%.0f}} % of the tokens.

Of what the paths earn, {{path-shares*100|%.0f}} % goes through the head of layer 1 alone,
and {{=share of both in two layers*100|%.0f}} % through both heads in a row. It looks as
if layer 0 hardly mattered, but its work is in the pattern that we froze: it tells the
later head where to look, and what is found there needs no second head. So shares of terms
say what is carried, not what is needed.

What our scale cannot show: the skip-trigrams of natural text, for there is no text; and a
path expansion of models with MLPs or layer norms, which are not linear. Nor do we repeat
the claim, often read off the factors of one head, that one head cannot compute an
exclusive or: it is not a theorem, and to test it takes dozens of trainings more.
*/
