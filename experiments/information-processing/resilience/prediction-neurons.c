/*
# Some late neurons speak for a few words

Each neuron of a transformer's MLP adds one direction to the stream, and each word is read
from it along another. Most point a little at every word. In the second half of a language
model some point at few: **prediction neurons** raise a set of related words, and at the
end **suppression neurons** lower one. Gurnee and others found them in GPT-2 by the
moments of these alignments [@gurnee2024universal]; Lad and others see in them the stage
where a model settles on its answer [@lad2024robustness].

What could fool us: how large a kurtosis, by which the sources count, can get depends on
the size of the vocabulary. So ours must beat random directions distributed like the
neurons of their layer; the control turns all of a layer at random: aimed at nothing.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "prediction-neurons",
    .run = run,
    .needs = { "reference-model" },
    .tables = { { "layers", "layer, selective [%], turned [%], untrained [%], threshold, "
                            "for [%], against [%]" },
                { "top", "layer, rank, kurtosis, skew" },
                { "clamped", "neuron, activation, entropy [bit], loss [nat]" } },
    ABOUT(.title = "Prediction neurons", .section = "information-processing/resilience",
          .cites = "lad2024robustness, gurnee2024universal, stolfo2024confidence",
          .seeds = 3, .core_s = 31,
          .carries = { "GPT-2 and Pythia up to 7 billion weights, 50,000 words",
                       "The reference model: 4096 neurons, 2048 words",
                       "Neurons that speak for a few related words",
                       "The shift from prediction to suppression, entropy neurons" }),
    .claims = CLAIMS(
        { .id = "late-neurons-select",
          .text = "late neurons point at few words more often than chance and early ones",
          .value = "late selective",
          .side = ABOVE,
          .bound = 0.002,
          .also = { { "late less early", OVER, 0 } },
          .expect = MIXED,
          .why = "twice chance; the sources find them late; a pilot has as many early",
          .controls = { { "late turned",
                          "turned, mean of 8",
                          { "less early turned" } } } },
        { .id = "beyond-chance",
          .text = "late neurons point at few words more often than chance (share)",
          .value = "late selective",
          .side = ABOVE,
          .bound = 0.002,
          .why = "the first half of the claim above",
          .controls = { { "late turned", "turned, mean of 8 turns" },
                        { "late untrained", "before training" } } },
        { .id = "literal-kurtosis",
          .text = "neurons with a kurtosis above 10, as the sources count",
          .value = "literal",
          .side = OVER,
          .bound = 0,
          .expect = REFUTED,
          .tier = REPORT,
          .why = "the sources' threshold, for vocabularies of 50,000",
          .controls = { { "literal, turned", "neurons turned at random" } } },
        { .id = "predict-then-suppress",
          .text = "selective neurons against words: share in the last layer less before",
          .value = "suppression at the end",
          .tier = REPORT },
        { .id = "clamp",
          .text = "the most selective neuron of a late layer off: loss [nat], mean",
          .value = "loss without a selective neuron",
          .tier = REPORT }),
};

/*
~~~gnuplot top "The forty most selective neurons of each layer; above zero they speak for
words, below against. Bars: what one random direction in a thousand reaches there"
set xlabel "layer"; set ylabel "kurtosis beyond 3, for and against"; eval height(360)
set xrange [-0.6:7.9]; side(x, s) = s < 0 ? 3 - x : x - 3
plot table("layers") using "layer":(column("threshold") - 3):(0.4) with xerrorbars ls 9 \
  lw 2 pt 0, "" using "layer":(3 - column("threshold")):(0.4) with xerrorbars ls 9 lw 2 \
  pt 0, table("top") using (column("layer") + (column("rank") - 20) / 60): \
  (side(column("kurtosis"), column("skew"))) with points ls 1 pt 7 ps 0.4
~~~

## Alignments and their moments

The gains of the norms are folded into the weights behind them. Let $w$ be a neuron's
output weights, $u_v$ the column of the unembedding that reads the word $v$, $c_v$ their
cosine, and $z$ that standardised over all words. The kurtosis $E z^4$ is 3 for normal
$c_v$ and large if a few words stand out; the sign of $E z^3$, the skew, says on which
side. A layer's null are 5000 random directions with the covariance of its neurons. A
neuron is **selective** if its kurtosis exceeds what one in a thousand of them exceeds.
Layer 0, whose neurons see single words, counts as neither early nor late.
*/

enum { NULLS = 5000, TURNS = 8, MOST_L = 16, SHOWN = 40 };

typedef struct {
    Model *m;
    ModelSpec s;
    real *readers;
    Moments *moments;                        /* (L,F) */
    double least[MOST_L], selective[MOST_L]; /* thresholds; shares of the neurons */
    double late, less_early, literal;
} Neurons;

static const real *weights(const Neurons *n, int layer)
{
    char name[32];
    snprintf(name, sizeof name, "blocks.%d.mlp.W_out", layer);
    return model_weight(n->m, name)->v;
}

static bool is_selective(const Neurons *n, int k)
{
    return n->moments[k].kurtosis > n->least[k / n->s.hidden];
}

/* w (F,D) after a random rotation; the caller frees. */
static real *turned(int F, int D, const real *w, Rng rng)
{
    double *q = alloc((size_t)(D * D), sizeof *q);
    real *r = alloc((size_t)(D * D), sizeof *r), *x = alloc((size_t)(F * D), sizeof *x);
    for (int i = 0; i < D * D; i++) q[i] = rng_normal(rng, (uint64_t)i);
    linalg_orthonormalise(D, D, q);
    for (int i = 0; i < D * D; i++) r[i] = (real)q[i];
    gemm(false, false, F, D, D, w, D, r, D, x, D, GEMM_SET);
    free(q), free(r);
    return x;
}

static Neurons *neurons_new(Model *folded, int nulls, bool turn, Rng rng)
{
    Neurons *n = alloc(1, sizeof *n);
    *n = (Neurons){ .m = folded, .s = *model_spec(folded) };
    int L = n->s.layers, F = n->s.hidden, D = n->s.width, V = n->s.vocab;
    n->readers = neuron_readers(folded);
    n->moments = alloc((size_t)(L * F), sizeof *n->moments);
    double early = 0;
    for (int l = 0; l < L; l++) {
        Rng r = rng_child(rng, (uint64_t)l);
        real *w = turn ? turned(F, D, weights(n, l), rng_named(r, "turn")) : NULL;
        const real *use = turn ? w : weights(n, l);
        n->least[l] = neuron_threshold(0.999, nulls, F, V, D, use, n->readers,
                                       rng_named(r, "null"));
        neuron_moments(F, V, D, use, n->readers, n->moments + l * F);
        for (int k = l * F; k < l * F + F; k++) {
            n->selective[l] += (double)is_selective(n, k) / F;
            n->literal += n->moments[k].kurtosis > 10;
        }
        if (l >= L / 2) n->late += n->selective[l] / (L - L / 2);
        else if (l > 0) early += n->selective[l] / (L / 2 - 1);
        free(w);
    }
    n->less_early = n->late - early;
    return n;
}

static void neurons_free(Neurons *n) { free(n->readers), free(n->moments), free(n); }

/* The neuron of rank k by kurtosis in one layer, 0 the largest. */
static int ranked(const Neurons *n, int layer, int k)
{
    const Moments *m = n->moments + layer * n->s.hidden;
    for (int i = 0; i < n->s.hidden; i++) {
        int above = 0;
        for (int j = 0; j < n->s.hidden; j++)
            above += m[j].kurtosis > m[i].kurtosis ||
                     (m[j].kurtosis == m[i].kurtosis && j < i);
        if (above == k) return i;
    }
    die("no neuron of rank %d", k);
}

/*
## What the loss says

The most selective neuron of each late layer is switched off, and as a yardstick one of
the middle. An *entropy neuron* acts through the norm alone [@stolfo2024confidence]: large
weights that no word reads more than another lengthen the stream, and the norm shortens
the answer. The best candidate, by squared length over variance, is held at a value.
*/

typedef struct {
    int layer, i;
    real to;
} Clamp;

static Tensor *set_neuron(Tape *t, Tensor *x, void *ctx)
{
    const Clamp *c = ctx;
    Tensor *y = tape_input(t, x->v, x->rank, x->n);
    for (int r = 0; r < tensor_rows(y); r++) y->v[r * tensor_width(y) + c->i] = c->to;
    return y;
}

static void add_clamp(Tape *t, void *ctx)
{
    char name[32];
    snprintf(name, sizeof name, "blocks.%d.mlp_post", ((const Clamp *)ctx)->layer);
    hook_add(t, name, set_neuron, ctx);
}

/* Of the last layer's: the most evenly aligned for its length, and the longest. */
static void pick_even(const Neurons *n, int pick[2])
{
    int F = n->s.hidden, D = n->s.width, l = n->s.layers - 1;
    double most[2] = { 0 };
    for (int i = 0; i < F; i++) {
        const real *w = weights(n, l) + i * D;
        double square = (double)vmath_dot(D, w, w),
               score[] = { square / n->moments[l * F + i].variance, square };
        for (int k = 0; k < 2; k++)
            if (score[k] > most[k]) most[k] = score[k], pick[k] = i;
    }
}

static void clamp_neurons(Run *run, Surgery *s, const Neurons *n)
{
    int L = n->s.layers, even[2];
    Outcome clean = surgery_clean(s);
    double cost[2] = { 0 };
    pick_even(n, even);
    for (int i = L / 2 * 2; i < 2 * L; i++) {
        Clamp off = { i / 2, ranked(n, i / 2, i % 2 * n->s.hidden / 2), 0 };
        double more = surgery_run(s, NULL, 0, add_clamp, &off).loss - clean.loss;
        cost[i % 2] += more / (L - L / 2);
    }
    record(run, "loss without a selective neuron", cost[0]);
    record(run, "loss without a common neuron", cost[1]);
    for (int i = 0; i < 8; i++) {
        Clamp c = { L - 1, even[i % 2], (real)(i / 2 * 2) };
        Outcome o = surgery_run(s, NULL, 0, add_clamp, &c);
        row(run, "clamped", i % 2, c.to, o.entropy, o.loss);
        if (i > 5) record(run, i % 2 ? "entropy, longest" : "entropy, even", o.entropy);
    }
    record(run, "entropy", clean.entropy);
}

/* The words that stand out on the side of the skew. */
static void add_neuron(Buffer *b, const Neurons *n, const Bpe *bpe, int layer, int i)
{
    const Moments *m = &n->moments[layer * n->s.hidden + i];
    int D = n->s.width, V = n->s.vocab, length;
    real *c = alloc((size_t)V, sizeof *c), side = m->skew < 0 ? -1 : 1;
    for (int v = 0; v < V; v++)
        c[v] = side * vmath_dot(D, weights(n, layer) + i * D, n->readers + v * D);
    buffer_format(b, "layer %d %s  kurtosis %.1f ", layer,
                  side < 0 ? "against" : "for    ", m->kurtosis);
    for (int k = 0; k < 7; k++) {
        int best = 0;
        for (int v = 1; v < V; v++) best = c[v] > c[best] ? v : best;
        const char *word = bpe_token(bpe, best, &length);
        buffer_format(b, *word < ' ' ? " [?]" : " [%.*s]", length, word);
        c[best] = -INFINITY;
    }
    buffer_put(b, "\n");
    free(c);
}

/* Of the selective neurons of layers from .. to-1, those against words; 0 of none. */
static double against(const Neurons *n, int from, int to)
{
    double all = 0, found = 0;
    for (int k = from * n->s.hidden; k < to * n->s.hidden; k++)
        if (is_selective(n, k)) all++, found += n->moments[k].skew < 0;
    return all > 0 ? found / all : 0;
}

static void report_count(Run *run, const Neurons *n, const double *turn,
                         const Neurons *untrained, const Bpe *bpe)
{
    int L = n->s.layers, F = n->s.hidden;
    Buffer words = { 0 };
    for (int l = 0; l < L; l++) {
        double all = 100 * n->selective[l], share = against(n, l, l + 1);
        row(run, "layers", l, all, 100 * turn[l], 100 * untrained->selective[l],
            n->least[l], all * (1 - share), all * share);
        for (int k = 0; k < SHOWN && k < F; k++) {
            const Moments *m = &n->moments[l * F + ranked(n, l, k)];
            row(run, "top", l, k, m->kurtosis, m->skew);
        }
        for (int k = 0; k < 3 && l >= L / 2; k++)
            add_neuron(&words, n, bpe, l, ranked(n, l, k));
    }
    listing(run, "words", "%s", words.s), free(words.s);
    record(run, "late selective", n->late), record(run, "late less early", n->less_early);
    record(run, "early selective", n->late - n->less_early);
    record(run, "late untrained", untrained->late), record(run, "literal", n->literal);
    double last = against(n, L - 1, L);
    record(run, "suppression at the end", last - against(n, L / 2, L - 1));
}

static void run(Run *run, Rng rng)
{
    Reflm *lm = reflm_open(run);
    int nulls = scaled(run, NULLS, 1000), turns = scaled(run, TURNS, 2);
    Model *m[2];
    Neurons *at[2];
    for (int k = 0; k < 2; k++) {
        Model *whole = reflm_model(lm, 100 * k);
        m[k] = surgery_folded(whole), model_free(whole);
        at[k] = neurons_new(m[k], nulls, false, rng_named(rng, "plain"));
    }
    double turn[MOST_L] = { 0 }, late = 0, less_early = 0, literal = 0;
    for (int k = 0; k < turns; k++) {
        Neurons *t = neurons_new(m[1], nulls, true, rng_child(rng, (uint64_t)k));
        for (int l = 0; l < t->s.layers; l++) turn[l] += t->selective[l] / turns;
        late += t->late / turns, less_early += t->less_early / turns;
        literal += t->literal / turns;
        neurons_free(t);
        progress(run, 0.2 + 0.5 * k / turns);
    }
    record(run, "late turned", late), record(run, "less early turned", less_early);
    record(run, "literal, turned", literal);
    report_count(run, at[1], turn, at[0], lm->bpe);
    const Windows *w = &lm->held;
    Surgery *s = surgery_new(m[1], scaled(run, REFLM_WINDOWS, 4), w->T, REFLM_FROM,
                             w->tok, w->target);
    clamp_neurons(run, s, at[1]);
    precondition(run, NULL, reflm_learned(lm), "it has not learned English");
    surgery_free(s);
    for (int k = 0; k < 2; k++) neurons_free(at[k]), model_free(m[k]);
    reflm_free(lm);
}

/*
## What we find

{{beyond-chance*100|%.2f}} % of the late neurons are selective, turned at random
{{beyond-chance.control*100|%.2f}} %, untrained {{=late untrained*100|%.2f}} %. They say:

~~~listing words
~~~

~~~gnuplot layers "Selective neurons by layer; grey: one in a thousand, chance"
set xlabel "layer"; set ylabel "selective [%]"; eval room(9); set xrange [-0.2:7.2]
plot 0.1 with lines @THEORY, table("layers") using 1:"selective" with linespoints ls 1 \
  title "  trained" at end, "" using 1:3 with linespoints ls 2 title "  turned" at end
~~~

Whether they come late depends on the seed: early layers have {{=early selective*100|%.2f}}
%. The share of suppression changes by {{predict-then-suppress|%.2f}} in the last layer;
{{=literal|%.0f}} have a kurtosis above 10. Without a selective neuron the loss moves by
{{clamp|%.5f}} nat, without a common one by {{=loss without a common neuron|%.5f}}: none is
missed. Clamped to 6, the candidate for an entropy neuron takes {{=entropy|%.2f}} bit to
{{=entropy, even|%.2f}}, the longest neuron to {{=entropy, longest|%.2f}}: it is none.
*/
