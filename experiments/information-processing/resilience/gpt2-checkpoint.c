/*
# The same surgery on GPT-2

The findings of this section come from models that others have trained, and are rerun here
on a [reference model](reference-model.html) a hundredth their size. Whoever has GPT-2
[@radford2019language], or anything of its shape, can hold the two against each other:
`make gpt2 MODEL=folder/model.safetensors`, with `vocab.json` and `merges.txt` beside it.

**It has not been run here on the real weights: the suite brings none, and no number below
is GPT-2's until you run it.** What is checked without them: the loader against a second
network in plain loops, the tokenizer on a vocabulary made by hand, every intervention on
models of our own. What could fool a reader is a figure that any network of the shape
gives; so an untrained one stands beside each, and must fail.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

static const char columns[] = "layer, depth, deleted, swapped, near, lens [nat], "
                              "kurtosis above 10, for words, repaired, by norm";

const Experiment experiment = {
    .id = "gpt2-checkpoint",
    .run = run,
    .needs = { "reference-model" },
    .inputs = { "user:MODEL", "user:VOCAB", "user:MERGES" },
    .tables = { { "file", columns }, { "random", columns }, { "reference", columns } },
    ABOUT(.title = "GPT-2, if you have it",
          .section = "information-processing/resilience",
          .cites = "radford2019language, lad2024robustness, rushing2024selfrepair, "
                   "gurnee2024universal, he2024attention, wang2022ioi, mcdougall2023copy",
          .seeds = 1, .core_s = 900,
          .carries = { "GPT-2 small to XL, Pythia, Llama", "A file that you supply",
                       "Everything, if it is GPT-2", "Other architectures" }),
    .claims = CLAIMS(
        { .id = "deletion",
          .text = "one middle layer can be deleted, the first cannot (predictions kept)",
          .value = "deletion, file",
          .side = ABOVE,
          .bound = 0.72,
          .also = { { "first deleted, file", BELOW, 0.47 } },
          .tier = REPORT,
          .why = "the source's floor; the first layer .25 below it, as in layer-surgery",
          .reference = 0.72,
          .reference_key = "lad2024robustness",
          .controls = { { "deletion, random",
                          "untrained",
                          { "first deleted, random" } } } },
        { .id = "layernorm-share",
          .text = "the last norm restores some of a late head's effect (share, mean)",
          .value = "norm, file",
          .side = ABOVE,
          .bound = 0.05,
          .tier = REPORT,
          .why = "the source has up to .30; the bound is that of self-repair",
          .reference = 0.3,
          .reference_key = "rushing2024selfrepair",
          .controls = { { "norm, random", "untrained" } } }),
};

/*
## Three models, one text

The file's model, a random one of its shape, and the reference model read the same
held-out text, each in its own tokens. The surgery is that of
[layer surgery](layer-surgery.html), [sub-layers](sublayer-drop.html),
[stages](stages-of-inference.html), [self-repair](self-repair.html) and
[prediction neurons](prediction-neurons.html), on fewer windows.
*/

enum { LENGTH = 128, FROM = 8, MOST_L = 64, MOST_H = 64 };

typedef struct {
    const char *name; /* and its table's */
    Model *m;         /* folded */
    int L, n, T;
    const int *tok, *target; /* (n,T) */
} Patient;

enum { DELETED, SWAPPED, NEAR, LENS, LITERAL, FOR, REPAIRED, NORM, FIELDS };
typedef double Layer[FIELDS];

static void name_of(char name[32], int layer, const char *part)
{
    snprintf(name, 32, "blocks.%d.%s", layer, part);
}

static void record_of(Run *run, const Patient *p, const char *what, double x)
{
    record_as(run, x, "%s, %s", what, p->name);
}

/* Over the layers from .. to-1. */
static double mean_of(Layer *x, int field, int from, int to)
{
    double sum = 0;
    for (int l = from; l < to; l++) sum += x[l][field] / (to - from);
    return sum;
}

static void cut_layers(Run *run, const Patient *p, Surgery *s, Layer *x)
{
    int order[MOST_L];
    for (int l = 0; l < p->L; l++) {
        int n = surgery_without(p->L, l, l + 1, order);
        x[l][DELETED] = surgery_run(s, order, n, NULL, NULL).agreement;
        for (int k = 0; k < p->L; k++) order[k] = k == l ? l + 1 : k == l + 1 ? l : k;
        if (l + 1 < p->L)
            x[l][SWAPPED] = surgery_run(s, order, p->L, NULL, NULL).agreement;
    }
    record_of(run, p, "deletion", mean_of(x, DELETED, 1, p->L - 1));
    record_of(run, p, "swap", mean_of(x, SWAPPED, 1, p->L - 2));
    record_of(run, p, "first deleted", x[0][DELETED]);
}

/* Half of the attention layers, those that turn the stream least; the model stays so. */
static void drop_half(Run *run, const Patient *p, Surgery *s)
{
    double turns[PARTS * MOST_L], *of = turns + PART_ATTENTION * p->L;
    char name[32];
    surgery_importance(s, turns);
    for (int l = 0, most = p->L / 2, n = 0; l < p->L && n < most; l++) {
        if (of[l] > stats_quantile(p->L, of, 0.5)) continue;
        Tensor *w = model_weight(p->m, (name_of(name, l, "attn.W_O"), name));
        memset(w->v, 0, tensor_size(w) * sizeof *w->v), n++;
        w = model_weight(p->m, (name_of(name, l, "attn.b_O"), name));
        memset(w->v, 0, tensor_size(w) * sizeof *w->v);
    }
    double clean = surgery_clean(s).accuracy,
           cut = surgery_run(s, NULL, 0, NULL, NULL).accuracy;
    record_of(run, p, "half of attention", clean > 0 ? 1 - cut / clean : 0);
}

/* What each layer looks at, and what the logit lens reads before it. */
static void look_inside(Run *run, const Patient *p, Surgery *s, Layer *x)
{
    char name[32];
    double share[MOST_H];
    int H = model_spec(p->m)->heads, L = p->L, third = (L + 2) / 3, batches = 0;
    Outcome lens[MOST_L] = { 0 };
    Tape *t = tape_new();
    tape_pause(t);
    for (int b = 0; b < surgery_batches(s); b++, tape_reset(t)) {
        for (int l = 0; l < L; l++) {
            name_of(name, l, "pattern"), hook_keep(t, name);
            name_of(name, l, "resid_pre"), hook_keep(t, name);
        }
        surgery_logits(s, t, b), batches++;
        for (int l = 0; l < L; l++) {
            name_of(name, l, "pattern");
            surgery_near(hook_value(t, name), 5, FROM, share);
            for (int h = 0; h < H; h++) x[l][NEAR] += share[h] / H;
            name_of(name, l, "resid_pre");
            const Tensor *stream = hook_value(t, name);
            Tensor *in = tape_input(t, stream->v, stream->rank, stream->n);
            surgery_add(s, b, model_unembed(p->m, t, in), &lens[l]);
        }
    }
    for (int l = 0; l < L; l++) x[l][NEAR] /= batches, x[l][LENS] = lens[l].kl;
    tape_free(t);
    record_of(run, p, "near",
              mean_of(x, NEAR, 0, third) - mean_of(x, NEAR, L - third, L));
    record_of(run, p, "lens", x[0][LENS] > 0 ? x[L / 2][LENS] / x[0][LENS] : 0);
}

static void weigh_neurons(Run *run, const Patient *p, Layer *x)
{
    const ModelSpec *s = model_spec(p->m);
    real *readers = neuron_readers(p->m);
    Moments *m = alloc((size_t)s->hidden, sizeof *m);
    for (int l = 0; l < p->L; l++) {
        char name[32];
        name_of(name, l, "mlp.W_out");
        neuron_moments(s->hidden, s->vocab, s->width, model_weight(p->m, name)->v,
                       readers, m);
        for (int i = 0; i < s->hidden; i++)
            if (m[i].kurtosis > 10) x[l][LITERAL]++, x[l][FOR] += m[i].skew > 0;
    }
    record_of(run, p, "literal", mean_of(x, LITERAL, p->L / 2, p->L) / s->hidden);
    free(readers), free(m);
}

static void cut_heads(Run *run, const Patient *p, Layer *x)
{
    int H = model_spec(p->m)->heads, n = p->n / 2 * (p->T - FROM) / 50;
    Repair *r = repair_new(p->m, p->tok, p->target, p->n / 2, p->T);
    for (int i = p->L / 2 * H; i < p->L * H; i++) {
        Cut c = { .layer = i / H, .head = i % H, .shift = 1 };
        RepairSums s = { 0 };
        int *rows = repair_rows(r, c.layer, c.head, FROM, n);
        repair_cut(r, c);
        repair_add(r, c, n, rows, r->u, &s);
        x[c.layer][REPAIRED] += s.repair / s.effect / H;
        x[c.layer][NORM] += s.norm / s.effect / H;
        free(rows);
    }
    repair_free(r);
    record_of(run, p, "repair", mean_of(x, REPAIRED, p->L / 2, p->L));
    record_of(run, p, "norm", mean_of(x, NORM, p->L / 2, p->L));
}

static void examine(Run *run, const Patient *p)
{
    Layer x[MOST_L] = { { 0 } };
    Surgery *s = surgery_new(p->m, p->n, p->T, FROM, p->tok, p->target);
    record_of(run, p, "loss", surgery_clean(s).loss);
    record_of(run, p, "right", surgery_clean(s).accuracy);
    cut_layers(run, p, s, x);
    look_inside(run, p, s, x);
    weigh_neurons(run, p, x);
    cut_heads(run, p, x);
    drop_half(run, p, s);
    surgery_free(s);
    for (int l = 0; l < p->L; l++)
        row(run, p->name, l, (l + 0.5) / p->L, x[l][DELETED], x[l][SWAPPED], x[l][NEAR],
            x[l][LENS], x[l][LITERAL], x[l][FOR], x[l][REPAIRED], x[l][NORM]);
}

/*
## Who gets it?

In "When Mary and John went to the store, John gave a drink to", the next word is the name
that came once [@wang2022ioi]. The head with the largest direct effect on its logit, less
that of the other name, is found with half of the pairs of names and cut with the others.
What the difference does not lose of that effect is self-repair, in a task for which large
models are known to have backup heads.
*/

enum { NAMES = 12, PROMPTS = 16 };
static const char *const names[NAMES] = { " Mary",  " John",  " Tom",   " Anna",
                                          " Paul",  " Sarah", " Mark",  " Jane",
                                          " David", " Lisa",  " Peter", " Kate" };

/* The token that a name is, -1 if it is several. Prompt i gives to i, not to 5 i + 1. */
static int name_token(const Gpt2Tokens *t, int i)
{
    int n, *id = gpt2_tokens_encode(t, names[i % NAMES], strlen(names[i % NAMES]), &n);
    int token = n == 1 ? *id : -1;
    free(id);
    return token;
}

static void give_away(Run *run, const Patient *p, const Gpt2Tokens *t)
{
    int T = 0, *tok = NULL, H = model_spec(p->m)->heads, D = model_spec(p->m)->width;
    for (int i = 0; i < NAMES; i++)
        if (name_token(t, i) < 0) return;
    for (int i = 0; i < PROMPTS; i++) {
        const char *a = names[i % NAMES], *b = names[(5 * i + 1) % NAMES];
        char *s = text_format("When%s and%s went to the store,%s gave a drink to",
                              i % 4 > 1 ? b : a, i % 4 > 1 ? a : b, b);
        int *id = gpt2_tokens_encode(t, s, strlen(s), &T);
        if (i == 0) tok = alloc((size_t)(PROMPTS * T), sizeof *tok);
        memcpy(tok + i * T, id, (size_t)T * sizeof *id);
        free(s), free(id);
    }
    /* At the last places, u is towards the name that came once, from the other. */
    Repair *r = repair_new(p->m, tok, tok, PROMPTS, T);
    real *other = alloc((size_t)D, sizeof *other);
    const Tensor *logits = hook_value(r->clean, "logits");
    int row[PROMPTS];
    double likelier = 0, difference = 0, most = -INFINITY;
    for (int i = 0; i < PROMPTS; i++) {
        row[i] = i * T + T - 1;
        int once = name_token(t, i), twice = name_token(t, 5 * i + 1);
        const real *at = logits->v + (size_t)row[i] * (size_t)tensor_width(logits);
        repair_unembedding(p->m, once, r->u + row[i] * D);
        repair_unembedding(p->m, twice, other);
        for (int d = 0; d < D; d++) r->u[row[i] * D + d] -= other[d];
        difference += ((double)at[once] - (double)at[twice]) / PROMPTS;
        likelier += (at[once] > at[twice] ? 1. : 0.) / PROMPTS;
    }
    Cut best = { .shift = 1 };
    RepairSums sums = { 0 };
    for (int i = 0; i < p->L * H; i++) {
        double effect = 0;
        for (int k = 0; k < PROMPTS; k += 2)
            effect += repair_direct(r, i / H, i % H, row[k], r->u + row[k] * D);
        if (effect > most) most = effect, best.layer = i / H, best.head = i % H;
    }
    repair_cut(r, best);
    for (int k = 1; k < PROMPTS; k += 2) repair_add(r, best, 1, &row[k], r->u, &sums);
    record_of(run, p, "names", likelier), record_of(run, p, "difference", difference);
    record_of(run, p, "names repaired", sums.repair / sums.effect);
    repair_free(r), free(other), free(tok);
}

static void run(Run *run, Rng rng)
{
    static const char *const name[] = { "file", "random", "reference" };
    Reflm *lm = reflm_open(run);
    char *error = NULL;
    const char *vocab = input_path(run, "user:VOCAB");
    Gpt2Tokens *t = gpt2_tokens_read(vocab, input_path(run, "user:MERGES"), &error);
    if (!t) bad_input(run, error);
    Model *file = gpt2_read(input_path(run, "user:MODEL"), 0, &error);
    if (!file) bad_input(run, error);
    ModelSpec spec = *model_spec(file);
    if (spec.layers < 4 || spec.layers > MOST_L || spec.heads > MOST_H ||
        spec.ctx < LENGTH || gpt2_tokens_count(t) > spec.vocab)
        bad_input(run, "MODEL: expected 4 to 64 layers, at most 64 heads, 128 places or "
                       "more, and a row for each token of VOCAB");
    Buffer text = { 0 };
    bpe_decode(lm->bpe, lm->held.tok, (size_t)(scaled(run, 128, 16) * lm->held.T), &text);
    int n, *stream = gpt2_tokens_encode(t, text.s, text.n, &n),
           windows = scaled(run, 16, 4);
    if (n <= windows * LENGTH) bad_input(run, "VOCAB: its tokens are too long");
    Model *whole[3] = { file, model_new(spec, rng), reflm_model(lm, 100) };
    for (int k = 0; k < 3; k++) {
        Model *m = surgery_folded(whole[k]);
        Patient p = { name[k], m, model_spec(m)->layers, windows, .T = LENGTH };
        p.tok = stream, p.target = stream + 1;
        if (k == 2) p.T = lm->held.T, p.tok = lm->held.tok, p.target = lm->held.target;
        model_free(whole[k]);
        if (k < 2) give_away(run, &p, t);
        examine(run, &p);
        model_free(m), progress(run, (k + 1) / 3.);
    }
    free(text.s), free(stream), gpt2_tokens_free(t), reflm_free(lm);
}

/*
## What there is to compare

Published figures that nobody here has read in their source are not printed.

| what | published | your file | random | reference model |
|---|---|---|---|---|
| one middle layer deleted, predictions kept | .72 to .95 [@lad2024robustness] | {{deletion|%.2f}} | {{=deletion, random|%.2f}} | {{=deletion, reference|%.2f}} |
| two neighbours swapped | the same | {{=swap, file|%.2f}} | {{=swap, random|%.2f}} | {{=swap, reference|%.2f}} |
| first layer deleted | less | {{=first deleted, file|%.2f}} | {{=first deleted, random|%.2f}} | {{=first deleted, reference|%.2f}} |
| attention to five tokens before, first less last third | above 0 | {{=near, file|%.2f}} | {{=near, random|%.2f}} | {{=near, reference|%.2f}} |
| logit lens at half depth, of its start | most of it | {{=lens, file|%.2f}} | {{=lens, random|%.2f}} | {{=lens, reference|%.2f}} |
| neurons of kurtosis above 10, second half [share] | source figure not verified | {{=literal, file|%.4f}} | {{=literal, random|%.4f}} | {{=literal, reference|%.4f}} |
| half of attention dropped, right answers lost | none known | {{=half of attention, file|%.2f}} | {{=half of attention, random|%.2f}} | {{=half of attention, reference|%.2f}} |
| late heads, self-repair | below 1, noisy | {{=repair, file|%.2f}} | {{=repair, random|%.2f}} | {{=repair, reference|%.2f}} |
| of it the norm's | up to .3 [@rushing2024selfrepair] | {{layernorm-share|%.2f}} | {{=norm, random|%.2f}} | {{=norm, reference|%.2f}} |
| the name that came once is likelier [share] | source figure not verified | {{=names, file|%.2f}} | {{=names, random|%.2f}} | |
| logit of it less the other [nat] | source figure not verified | {{=difference, file|%.2f}} | {{=difference, random|%.2f}} | |
| its strongest head, self-repair | source figure not verified | {{=names repaired, file|%.2f}} | {{=names repaired, random|%.2f}} | |

~~~gnuplot file "One layer deleted, at its depth: predictions kept"
set xlabel "depth"; set ylabel "predictions kept"; eval room(10); set yrange [0:1]
plot table("file") using "depth":"deleted" with linespoints ls 1 title "  file" at end, \
  table("random") using "depth":"deleted" with linespoints ls 2 title "  random" at end, \
  table("reference") using "depth":"deleted" with linespoints ls 3 title "  reference" at end
~~~

Pythia and Llama are of another shape, and stay outside.
*/
