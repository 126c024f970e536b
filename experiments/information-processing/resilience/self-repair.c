/*
# Cut a head out, and the rest makes up for some of it

If the output of one attention head of a language model is replaced by noise, the answer
suffers less than what the head had contributed to it: later layers, which were never
trained with a head missing, say some of what it would have said. McGrath and others found
it and called it the Hydra effect [@mcgrath2023hydra]; Rushing and Nanda took it apart: it
is real, incomplete, noisy, and in part a by-product of the last normalisation
[@rushing2024selfrepair].

What could fool us: words chosen for what the damaged run does, so ours are chosen in the
clean run. And a mistake of bookkeeping looks like repair, so the same sums are made with
all behind the cut frozen, with random words, before training, and with a planted answer.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "self-repair",
    .run = run,
    .needs = { "reference-model" },
    .tables = { { "heads", "layer, head, effect [nat], lost directly [nat], lost [nat], "
                           "repaired, norm, heads, MLPs, spread, lost frozen [nat]" },
                { "layers", "layer, norm, heads, MLPs, repaired, slope" },
                { "words", "lost directly [nat], lost [nat]" },
                { "answers", "cut, component, share" } },
    ABOUT(.title = "Self-repair", .section = "information-processing/resilience",
          .cites = "rushing2024selfrepair, mcgrath2023hydra", .seeds = 3, .core_s = 93,
          .carries = { "Pythia, GPT-2, Llama and others; Chinchilla, 7 billion weights",
                       "The reference model, all 32 heads, 16 thousand words",
                       "Repair that nothing was trained for, its noise, the norm's share",
                       "Backup heads, copy suppression, what a large model repairs" }),
    .claims = CLAIMS(
        { .id = "later-layers-repair",
          .text =
              "a late head, cut, is made up for (share of its direct effect, lower end "
              "of a 95 % interval over heads)",
          .value = "repair, lower end",
          .side = ABOVE,
          .bound = 0.05,
          .why = "the source finds more than none; a twentieth is far beyond rounding",
          .controls = { { "repair frozen, lower end", "all behind is frozen" },
                        { "repair of a random word", "a random word's logit" },
                        { "repair at 0 %", "before training" } } },
        { .id = "imperfect",
          .text = "the repair is incomplete (the same share, mean over heads)",
          .value = "repair",
          .side = UNDER,
          .bound = 1,
          .why = "the source: direct effects are not fully restored; 1 is all of it",
          .controls = { { "repair planted", "frozen, and twice the effect put back" } } },
        { .id = "noisy",
          .text = "it varies from word to word by more than its mean (share of heads)",
          .value = "noisy heads",
          .side = OVER,
          .bound = 0.5,
          .also = { { "overcorrected", OVER, 0 } },
          .why = "the source: it varies with the prompt, may overcorrect; half is most",
          .controls = { { "noisy heads frozen",
                          "all behind is frozen",
                          { "overcorrected frozen" } } } },
        { .id = "random-target",
          .text = "the same for the logit of a random word, in the same places",
          .value = "repair of a random word",
          .tier = REPORT },
        { .id = "layernorm-share",
          .text = "share of the direct effect that the last norm's scale restores",
          .value = "repair by norm",
          .tier = REPORT,
          .reference = 0.3,
          .reference_key = "rushing2024selfrepair" },
        { .id = "anti-erasure",
          .text = "of what the last MLP's neurons repair, ten hold this share",
          .value = "top 10 neurons",
          .tier = REPORT },
        { .id = "hydra",
          .text = "a late attention layer cut: what the likeliest word loses of the "
                  "layer's direct effect (slope)",
          .value = "hydra slope",
          .tier = REPORT }),
};

/*
~~~gnuplot heads "Each dot is a cut head of layers 4 to 7: what its direct effect loses,
and what the right word's logit loses, where the head matters most. On the line nothing
is repaired; crosses are the same heads with all behind them frozen"
set xlabel "lost directly [nat]"; set ylabel "lost by the logit [nat]"; set xrange [0:2.3]
set yrange [0:2.3]; set label "no repair" at 1.55, 1.7 right
late(x) = column("layer") > 3 ? x : NaN; plot x with lines @THEORY, table("heads") \
  using (late(column("lost directly"))):"lost frozen" with points ls 2 pt 2, \
  "" using (late(column("lost directly"))):"lost" with points ls 1 pt 7
~~~

## Direct effects

The last stream of the [reference model](reference-model.html) is a sum of what embedding,
heads and MLPs have added to it. With the gains of the norms folded into the weights
behind them, the logit of the word $y$ is $x \cdot u_y / \sigma + b_y$, where $\sigma$ is
the scale by which the last norm divides. The **direct effect** of a component $c$ of $x$
is $c \cdot u_y / \sigma$ in the clean run, with $y$ the word that does follow. If nobody
reacted to the loss of $c$, the logit would lose exactly that.

A head is **cut** by giving it what it did at the same place of another window, so that it
stays in its usual range. Direct effects change by $\Delta_c$, the logit by $\Delta$, and
the **self-repair** is what the head's own change leaves unexplained. With $x'$ and
$\sigma'$ of the cut run it is, exactly,

$$ \Delta - \Delta_h = \sum_{c \ne h} \Delta_c + \frac{x' \cdot u_y}{\sigma'} \left(
1 - \frac{\sigma'}{\sigma} \right): $$

other heads, MLPs, and the norm. In each batch the 2 % of the places count where the clean
head's direct effect is largest; means come first and ratios after. Each head is cut
twice, with two other windows.
*/

enum { BATCH = 32, BATCHES = 4, PASSES = 2, MOST = 16, MOST_F = 1024 };

typedef struct {
    RepairSums free, frozen, planted, other;
    double neuron[2][MOST_F]; /* effects in the first batches, in the last */
} Head;

static int top_rows(const Repair *r) { return r->B * (r->T - REFLM_FROM) / 50; }

/* What each neuron of the last MLP does about the last cut. */
static void add_neurons(const Repair *r, const int *rows, double *sum)
{
    const ModelSpec *s = model_spec(r->m);
    char name[32];
    snprintf(name, sizeof name, "blocks.%d.mlp_post", s->layers - 1);
    const real *now = hook_value(r->cut, name)->v, *was = hook_value(r->clean, name)->v;
    snprintf(name, sizeof name, "blocks.%d.mlp.W_out", s->layers - 1);
    const real *w = model_weight(r->m, name)->v;
    for (int k = 0; k < top_rows(r) * s->hidden; k++) {
        int row = rows[k / s->hidden], i = k % s->hidden, at = row * s->hidden + i;
        double effect =
            (double)vmath_dot(s->width, w + i * s->width, r->u + row * s->width);
        sum[i] += ((double)now[at] - (double)was[at]) * effect / r->sigma[row];
    }
}

/* Cuts head i; other (B*T,D): towards random words. shown: where its words are to go. */
static void cut_head(Repair *r, int i, int shift, const real *other, Head *to,
                     double *neuron, Run *shown)
{
    int H = model_spec(r->m)->heads, n = top_rows(r);
    Cut c = { .layer = i / H, .head = i % H, .shift = shift };
    int *rows = repair_rows(r, c.layer, c.head, REFLM_FROM, n);
    repair_cut(r, c);
    repair_add(r, c, n, rows, r->u, &to->free);
    if (other) repair_add(r, c, n, rows, other, &to->other);
    if (neuron) add_neurons(r, rows, neuron);
    for (int k = 0; shown && k < n; k++) {
        double part[2 * MOST];
        const real *u = r->u + rows[k] * model_spec(r->m)->width;
        Repaired x = repair_measure(r, c, rows[k], u, part);
        row(shown, "words", -x.direct, -x.logit);
    }
    if (other && shift == 1) {
        c.frozen = true;
        repair_cut(r, c);
        repair_add(r, c, n, rows, r->u, &to->frozen);
        c.back = 2, repair_cut(r, c);
        repair_add(r, c, n, rows, r->u, &to->planted);
    }
    free(rows);
}

/*
## All heads

All are cut and shown, those of the later half are judged: what early heads do goes
through later layers, and their direct effects are too small to divide by. The interval is
one over heads, drawn with replacement. A head is noisy if the standard deviation of its
repair over places exceeds the size of the mean, and rounding. Whole layers are cut as
McGrath and others do: how much does the word that the clean run thinks likeliest lose
against the layer's direct effect, over every eighth place? A slope below 1 is
compensation.
*/

static double lower_end(int n, const double *x, Rng rng)
{
    double mean[2000] = { 0 };
    for (int i = 0; i < COUNT(mean) * n; i++)
        mean[i / n] += x[rng_below(rng, (uint64_t)i, n)] / n;
    return stats_quantile(COUNT(mean), mean, 0.025);
}

static double spread(const RepairSums *s)
{
    double mean = s->repair / s->n, variance = s->square / s->n - mean * mean;
    return variance > 0 ? sqrt(variance) : 0;
}

/* What the ten neurons that repair most in the first batches hold in the others. */
static double held_by_ten(int F, const Head *h)
{
    double all = 0, top = 0, least = stats_quantile(F, h->neuron[0], 1 - 9.5 / F);
    for (int i = 0; i < F; i++) {
        if (h->neuron[0][i] >= least) top += h->neuron[1][i];
        if (h->neuron[1][i] > 0) all += h->neuron[1][i];
    }
    return all > 0 ? top / all : 0;
}

static void report_heads(Run *run, const ModelSpec *s, const Head *heads,
                         const RepairLayer *layers, Rng rng)
{
    int H = s->heads, all = s->layers * H, late = s->layers / 2 * H, n = all - late;
    double repair[2][MOST * MOST], noisy[2] = { 0 }, over[2] = { 0 }, layer[4] = { 0 },
                                   norm = 0, other = 0, top = 0, slope = 0, back = 0;
    for (int i = 0; i < all; i++) {
        const RepairSums *a = &heads[i].free, *f = &heads[i].frozen;
        const RepairLayer *y = &layers[i / H];
        double e = a->effect, x[] = { a->norm, a->heads, a->mlps, a->repair };
        row(run, "heads", i / H, i % H, e / a->n, -a->direct / a->n, -a->logit / a->n,
            x[3] / e, x[0] / e, x[1] / e, x[2] / e, spread(a) / fabs(a->repair / a->n),
            -f->logit / f->n);
        for (int k = 0; k < 4; k++) layer[k] = (i % H ? layer[k] : 0) + x[k] / e / H;
        if (i % H == H - 1)
            row(run, "layers", i / H, layer[0], layer[1], layer[2], layer[3],
                y->xy / y->xx);
        for (int k = 0; k < 2 && i >= late; k++) {
            const RepairSums *sum = k ? f : a;
            repair[k][i - late] = sum->repair / sum->effect;
            noisy[k] += spread(sum) > fabs(sum->repair / sum->n) && spread(sum) > 1e-3;
            over[k] += sum->overshoot / sum->n / n;
        }
        if (i < late) continue;
        norm += a->norm / e / n, other += heads[i].other.repair / e / n;
        back += heads[i].planted.repair / heads[i].planted.effect / n;
        top += held_by_ten(s->hidden, &heads[i]) / n, slope += y->xy / y->xx / n;
    }
    record(run, "repair", stats_mean(n, repair[0]));
    record(run, "repair planted", back);
    record(run, "repair, least", stats_quantile(n, repair[0], 0));
    record(run, "repair, most", stats_quantile(n, repair[0], 1));
    record(run, "repair, lower end", lower_end(n, repair[0], rng));
    record(run, "repair frozen, lower end", lower_end(n, repair[1], rng));
    record(run, "repair by norm", norm), record(run, "repair of a random word", other);
    record(run, "noisy heads", noisy[0] / n);
    record(run, "noisy heads frozen", noisy[1] / n);
    record(run, "overcorrected", over[0]), record(run, "overcorrected frozen", over[1]);
    record(run, "top 10 neurons", top), record(run, "hydra slope", slope);
}

/* The late heads at one moment of the training, on one batch. */
static void report_moment(Run *run, const Reflm *lm, int percent, int windows)
{
    Model *whole = reflm_model(lm, percent), *m = surgery_folded(whole);
    const ModelSpec *s = model_spec(m);
    int from = s->layers / 2 * s->heads, n = s->layers * s->heads - from;
    double repair = 0, effect = 0;
    Repair *r = repair_new(m, lm->held.tok, lm->held.target, windows, s->ctx);
    Head *h = alloc((size_t)n, sizeof *h);
    for (int i = 0; i < n; i++) {
        cut_head(r, from + i, 1, NULL, &h[i], NULL, NULL);
        repair += h[i].free.repair / h[i].free.effect / n;
        effect += h[i].free.effect / h[i].free.n / n;
    }
    record_as(run, repair, "repair at %d %%", percent);
    record_as(run, effect, "effect at %d %%", percent);
    repair_free(r), free(h), model_free(m), model_free(whole);
}

static void run(Run *run, Rng rng)
{
    Reflm *lm = reflm_open(run);
    Model *whole = reflm_model(lm, 100), *m = surgery_folded(whole);
    const ModelSpec *s = model_spec(m);
    require(s->layers <= MOST && s->heads <= MOST && s->hidden <= MOST_F, "too large");
    int all = s->layers * s->heads, batches = scaled(run, BATCHES, 2), best = all / 2,
        windows = scaled(run, BATCH, 4), rows = windows * s->ctx;
    Head *heads = alloc((size_t)all, sizeof *heads);
    double part[MOST][2 * MOST] = { { 0 } };
    RepairLayer layers[MOST] = { 0 };
    real *other = alloc((size_t)(rows * s->width), sizeof *other), *o = other;
    for (int i = 0; i < rows; i++, o += s->width)
        repair_unembedding(m, rng_below(rng, (uint64_t)i, s->vocab), o);
    for (int k = 0; k < batches; k++) {
        const int *tok = lm->held.tok + k * rows, *target = lm->held.target + k * rows;
        Repair *r = repair_new(m, tok, target, windows, s->ctx);
        for (int i = 0; i < all; i++) {
            for (int pass = 1; pass <= PASSES; pass++)
                cut_head(r, i, pass, other, &heads[i], heads[i].neuron[2 * k / batches],
                         k == batches - 1 && pass == 1 && i == best ? run : NULL);
            progress(run, 0.9 * (k * all + i + 1) / (batches * all));
        }
        for (int i = all / 2; i < all; i++)
            if (heads[i].free.effect > heads[best].free.effect) best = i;
        for (int l = 0; l < s->layers; l++)
            layers[l].part = part[l], repair_layer(r, l, REFLM_FROM, &layers[l]);
        repair_free(r);
    }
    report_heads(run, s, heads, layers, rng_named(rng, "interval"));
    for (int l = 0; l < s->layers; l++)
        for (int k = 0; k < 2 * s->layers; k++)
            row(run, "answers", l, k / 2.0, part[l][k] / layers[l].xx);
    for (int k = 0; k < REFLM_MOMENTS; k++)
        report_moment(run, lm, reflm_percent[k], windows);
    precondition(run, NULL, reflm_learned(lm), "it has not learned English");
    free(heads), free(other);
    model_free(m), model_free(whole), reflm_free(lm);
}

/*
## What we find

Of what a late head contributes, the rest makes up for {{imperfect|%.2f}} when it is cut,
{{=repair, least|%.2f}} to {{=repair, most|%.2f}} from head to head; with all behind
frozen, nothing; for a random word's logit {{random-target|%.3f}}: the answer returns.

~~~gnuplot layers "What makes up for a cut head, as a share of its direct effect"
set xlabel "layer of the cut head"; set ylabel "share of the direct effect"; eval room(8)
set xrange [1.8:7.2]; plot table("layers") every ::2 using "layer":"repaired" with \
  linespoints ls 1 lw 3 title "  all" at end, "" every ::2 using "layer":"norm" with \
  linespoints ls 2 title "  norm" at end, "" every ::2 using "layer":"heads" with \
  linespoints ls 3 title "  heads" at end, "" every ::2 using "layer":"MLPs" with \
  linespoints ls 4 title "  MLPs" at end
~~~

The norm alone restores {{layernorm-share|%.2f}}: the stream loses length with the head,
and all that is left is scaled up. Heads answer heads in the middle layers. Ten neurons,
picked in other batches, hold {{anti-erasure*100|%.0f}} % of what the last MLP's restore.

~~~gnuplot words "One head, word by word: each dot is a place where it matters"
set xlabel "lost directly [nat]"; set ylabel "lost by the logit [nat]"; eval height(330)
set label "no repair" at graph 0.9, graph 0.93 right; plot x with lines @THEORY, \
  table("words") using "lost directly":"lost" with points ls 1 pt 7 ps 0.5
~~~

No single word shows it cleanly. {{noisy*100|%.0f}} % of the heads vary by more than their
mean. In {{=overcorrected*100|%.0f}} % of the places the logit even rises, with all frozen
in {{=overcorrected frozen*100|%.0f}} %, where the other window says the word more.

~~~gnuplot answers "A whole attention layer cut: what each later component adds (orange)
or takes (blue), as a share of its effect. Heads at whole numbers, MLPs between"
set palette @DIVERGING; set cbrange [-0.3:0.3]; set xlabel "component"; eval height(300)
set ylabel "cut layer"; set xrange [1.7:7.8]; set yrange [1.5:7.5]; unset grid
plot table("answers") using "component":"cut":"share" with image pixels
~~~

A whole layer's loss is felt to {{hydra|%.2f}}. After 0, 10, 30 and 100 % of the training
{{=repair at 0 %|%.2f}}, {{=repair at 10 %|%.2f}}, {{=repair at 30 %|%.2f}} and
{{=repair at 100 %|%.2f}} are repaired, of effects of {{=effect at 0 %|%.2f}},
{{=effect at 10 %|%.2f}}, {{=effect at 30 %|%.2f}} and {{=effect at 100 %|%.2f}} nat: it
comes before there is much to lose. Backup heads and copy suppression, which
[GPT-2](gpt2-checkpoint.html) has, are not looked for. Early heads are outside the method.
*/
