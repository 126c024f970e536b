/*
# The answer takes shape layer by layer

Read the stream of a language model after each layer as if it were the last, and one sees
the prediction form: *nostalgebraist* called it the logit lens
[@nostalgebraist2020logitlens]. Belrose and others found that a small linear correction
for each layer reads it better [@belrose2023tunedlens]. Lad, Gurnee and Tegmark see four
stages: early layers gather the tokens nearby, the next build features, from about half
way on predictions are formed, and the last layers sharpen them [@lad2024robustness].

We measure the [reference model](reference-model.html). What could fool us: a lens that
predicts by itself, a distance that shrinks for any reading, stages drawn where one
expects them. So a lens is trained on other windows' predictions, streams and words are
scrambled, and our stages begin where the measured curves bend.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "stages-of-inference",
    .run = run,
    .needs = { "reference-model" },
    .tables = { { "lens", "percent, layers run, KL [nat], entropy [bit], input [nat]" },
                { "tuned", "layers run, logit, tuned, mispaired, shuffled, turned" },
                { "layers", "percent, layer, near, attention, MLP" } },
    ABOUT(.title = "Stages of inference", .section = "information-processing/resilience",
          .cites = "lad2024robustness, nostalgebraist2020logitlens, belrose2023tunedlens",
          .seeds = 3, .core_s = 70,
          .carries = { "GPT-2, Pythia, up to 20 B parameters, 12 layers and more",
                       "Eight layers, 1.9 M parameters, 64 windows of held-out text",
                       "Predictions form step by step; a tuned lens reads better",
                       "The four stages; word sense as the mark of the second" }),
    .claims = CLAIMS(
        { .id = "tuned-beats-logit",
          .text =
              "a tuned lens is nearer to the prediction at every layer (mean reduction)",
          .value = "reduction, tuned",
          .side = ABOVE,
          .bound = 0.1,
          .also = { { "share of layers nearer, tuned", ABOVE, 1 } },
          .why = "the source's finding; the size is our judgement",
          .controls = { { "reduction, mispaired",
                          "a lens trained on the predictions of other windows",
                          { "share of layers nearer, mispaired" } } } },
        { .id = "converges",
          .text = "the reading approaches the prediction (rank correlation with layers)",
          .value = "rank correlation, logit",
          .side = BELOW,
          .bound = -0.9,
          .also = { { "distance left, logit", BELOW, 0.5 } },
          .why = "-1 is monotone; under half of the first layer's distance may be left",
          .controls = { { "rank correlation, shuffled",
                          "the words of the reading permuted",
                          { "distance left, shuffled" } },
                        { "rank correlation, turned",
                          "streams turned by a random rotation",
                          { "distance left, turned" } } } },
        { .id = "local-first",
          .text =
              "the first third of the layers attends nearer than the last (difference)",
          .value = "near, first less last",
          .side = ABOVE,
          .bound = 0.1,
          .expect = REFUTED,
          .why = "the source's first stage; in two pilots the layers between attend most",
          .controls = { { "near, first less last, untrained", "before training" } } },
        { .id = "knees",
          .text = "where the distance bends, as a share of the depth; source: about half",
          .value = "knee of the distance",
          .tier = REPORT,
          .reference = 0.5,
          .reference_key = "lad2024robustness" }),
};

/*
## Five readings of one stream

The **logit lens** applies the last norm and the unembedding to the stream after $l$
layers. The **tuned lens** first adds $A_l x + b_l$, trained to bring the reading near the
final prediction. The other three are controls: a lens trained on the predictions of other
windows, the words of the reading permuted, the stream turned by a random rotation.
*/
enum { LOGIT, TUNED, MISPAIRED, SHUFFLED, TURNED, READINGS, BATCH = 16, MOST = 48 };

typedef struct {
    Surgery *surgery;
    Model *model;
    int L;
    Params lens[2]; /* tuned, mispaired */
    int *word;      /* (V), a permutation */
    double *turn;   /* (D,D), orthogonal */
} Patient;

static Tensor *reading(Patient *p, Tape *t, int kind, int l, Tensor *x)
{
    if (kind == TUNED || kind == MISPAIRED)
        return lens_read(p->model, t, &p->lens[kind == MISPAIRED], l, x);
    if (kind == TURNED) {
        int D = tensor_width(x);
        Tensor *Q = tape_constant(t, 2, (int[]){ D, D });
        for (int i = 0; i < D * D; i++) Q->v[i] = (real)p->turn[i];
        x = op_linear(t, x, Q, NULL, ACT_NONE);
    }
    Tensor *y = lens_read(p->model, t, NULL, l, x);
    if (kind != SHUFFLED) return y;
    Tensor *mixed = tape_constant(t, y->rank, y->n);
    for (size_t i = 0, V = (size_t)tensor_width(y); i < tensor_size(y); i++)
        mixed->v[i] = y->v[i - i % V + (size_t)p->word[i % V]];
    return mixed;
}

/* The lenses are trained on the calibration text. */
static void tune(Run *run, Patient *p, const Windows *text)
{
    int steps = scaled(run, 60, 2), batches = text->n / BATCH;
    OptimSpec adam = { .lr = 2e-3, .steps = steps, .decay = DECAY_LINEAR };
    Optim *o[] = { optim_new(adam, &p->lens[0]), optim_new(adam, &p->lens[1]) };
    Tape *t = tape_new();
    tape_pause(t);
    for (int step = 0; step < steps; step++, tape_reset(t)) {
        const int *tok = text->tok + step % batches * BATCH * text->T;
        lens_keep(t, p->L);
        Tensor *law = op_softmax(t, model_logits(p->model, t, tok, BATCH, text->T)),
               *next = tape_constant(t, law->rank, law->n);
        size_t all = tensor_size(law), one = all / BATCH;
        for (size_t i = 0; i < all; i++) next->v[i] = law->v[(i + one) % all];
        for (int k = 0; k < 2; k++) {
            lens_gradients(p->model, &p->lens[k], t, k ? next : law);
            optim_step(o[k]);
        }
        progress(run, 0.2 + 0.7 * step / steps);
    }
    tape_free(t), optim_free(o[0]), optim_free(o[1]);
}

/*
## What each layer does

Beside the readings: the attention on the five tokens before the present one, the length
of what attention and MLP add, as a share of the stream's, and the surprise of the logit
lens at the token that was the input.
*/
typedef struct {
    Outcome lens[READINGS][MOST + 1];
    double input[MOST + 1]; /* [nat] */
    double near[MOST], attention[MOST], mlp[MOST];
} Stages;

static void look(Patient *p, int readings, Stages *s)
{
    static const char *const part[] = { "pattern", "attn_out", "mlp_out", "resid_mid" };
    int batches = surgery_batches(p->surgery);
    Tape *t = tape_new();
    tape_pause(t);
    char name[4 * MOST][32];
    for (int b = 0; b < batches; b++, tape_reset(t)) {
        const int *tok;
        surgery_tokens(p->surgery, b, &tok);
        lens_keep(t, p->L);
        for (int i = 0; i < 4 * p->L; i++) {
            snprintf(name[i], sizeof name[i], "blocks.%d.%s", i / 4, part[i % 4]);
            hook_keep(t, name[i]);
        }
        surgery_logits(p->surgery, t, b);
        for (int i = 0; i < readings * (p->L + 1); i++) {
            int kind = i % readings, l = i / readings;
            Tensor *y = reading(p, t, kind, l, lens_stream(t, l, p->L));
            surgery_add(p->surgery, b, y, &s->lens[kind][l]);
            if (kind == LOGIT) s->input[l] += (double)op_xent(t, y, tok)->v[0] / batches;
        }
        for (int l = 0; l < p->L; l++) {
            const Tensor *v[4], *pre = lens_stream(t, l, p->L);
            for (int i = 0; i < 4; i++) v[i] = hook_value(t, name[4 * l + i]);
            double near[MOST];
            surgery_near(v[0], 5, REFLM_FROM, near);
            s->near[l] += stats_mean(v[0]->n[1], near) / batches;
            s->attention[l] += surgery_length(v[1], pre) / batches;
            s->mlp[l] += surgery_length(v[2], v[3]) / batches;
        }
    }
    tape_free(t);
}

static void add_word(Buffer *out, const Bpe *bpe, int token)
{
    int bytes;
    const char *s = bpe_token(bpe, token, &bytes);
    for (int c = 0; c < 9; c++)
        buffer_add(out, c >= bytes || c == 8 ? " " : s[c] > ' ' ? s + c : "_", 1);
}

/* What the logit lens reads in one text, a line a layer, the last one on top. */
static void show_sentence(Run *run, Patient *p, const Reflm *lm)
{
    enum { WINDOW = 13, SHOWN = 8 };
    int T = lm->held.T, V = lm->spec.vocab, from = T / 3;
    const int *tok = lm->held.tok + WINDOW * T;
    Buffer out = { 0 };
    Tape *t = tape_new();
    tape_pause(t);
    lens_keep(t, p->L);
    model_logits(p->model, t, tok, 1, T);
    for (int l = p->L; l >= -1; l--, buffer_put(&out, "\n")) {
        Tensor *y = l < 0 ? NULL : reading(p, t, LOGIT, l, lens_stream(t, l, p->L));
        buffer_format(&out, y ? "after %d  " : "input    ", l);
        for (int i = from; i < from + SHOWN; i++) {
            int best = y ? 0 : tok[i];
            for (int v = 1; y && v < V; v++)
                if (y->v[i * V + v] > y->v[i * V + best]) best = v;
            add_word(&out, lm->bpe, best);
        }
    }
    listing(run, "sentence", "%s", out.s);
    free(out.s), tape_free(t);
}

static void record_trained(Run *run, int L, const Stages *s)
{
    const char *const who[] = { "logit", "tuned", "mispaired", "shuffled", "turned" };
    double at[MOST + 1], entropy[MOST + 1], kl[READINGS][MOST + 1];
    for (int k = 0; k < READINGS; k++) {
        double gain = 0, nearer = 0;
        for (int l = 0; l <= L; l++)
            at[l] = l, kl[k][l] = s->lens[k][l].kl, entropy[l] = s->lens[0][l].entropy;
        for (int l = 0; l < L; l++)
            gain += 1 - kl[k][l] / kl[LOGIT][l], nearer += kl[k][l] <= kl[LOGIT][l];
        record_as(run, gain / L, "reduction, %s", who[k]);
        record_as(run, nearer / L, "share of layers nearer, %s", who[k]);
        record_as(run, stats_spearman(L + 1, at, kl[k]), "rank correlation, %s", who[k]);
        record_as(run, kl[k][L - 1] / kl[k][1], "distance left, %s", who[k]);
    }
    for (int l = 0; l <= L; l++)
        row(run, "tuned", l, kl[0][l], kl[1][l], kl[2][l], kl[3][l], kl[4][l]);
    record(run, "knee of the distance", lens_knee(L, at + 1, kl[LOGIT] + 1) / L);
    record(run, "knee of near attention", lens_knee(L, at, s->near) / L);
    record(run, "knee of what MLPs add", lens_knee(L - 1, at + 1, s->mlp + 1) / L);
    record(run, "knee of entropy", lens_knee(L, at + 1, entropy + 1) / L);
    record(run, "surprise at the input before layers", s->input[0]);
    record(run, "surprise at the input after one layer", s->input[1]);
}

static void read_moment(Run *run, Patient *p, const Reflm *lm, int i)
{
    static const char *const when[] = { ", untrained", " at 10 %", " at 30 %", "" };
    int L = p->L, third = (L + 2) / 3, windows = scaled(run, REFLM_WINDOWS, 8);
    const Windows *w = &lm->held;
    bool trained = i == REFLM_MOMENTS - 1;
    Params *weights = model_params(p->model); /* the lens is trained, not the model */
    for (int j = 0; j < weights->n; j++) weights->p[j]->t.wants = false;
    p->surgery = surgery_new(p->model, windows, w->T, REFLM_FROM, w->tok, w->target);
    Stages *s = alloc(1, sizeof *s);
    if (trained) tune(run, p, &lm->calibration);
    look(p, trained ? READINGS : 1, s);
    for (int l = 0; l <= L; l++) {
        const Outcome *o = &s->lens[LOGIT][l];
        row(run, "lens", reflm_percent[i], l, o->kl, o->entropy, s->input[l]);
    }
    for (int l = 0; l < L; l++)
        row(run, "layers", reflm_percent[i], l, s->near[l], s->attention[l], s->mlp[l]);
    record_as(run, stats_mean(third, s->near) - stats_mean(third, s->near + L - third),
              "near, first less last%s", when[i]);
    if (trained) {
        precondition(run, NULL, reflm_learned(lm), "the model knows no English");
        record_trained(run, L, s), show_sentence(run, p, lm);
    }
    surgery_free(p->surgery), free(s);
}

static void run(Run *run, Rng rng)
{
    Reflm *lm = reflm_open(run);
    int D = lm->spec.width, V = lm->spec.vocab, L = lm->spec.layers;
    Patient p = { .L = L, .lens = { lens_new(L, D), lens_new(L, D) } };
    p.word = alloc((size_t)V, sizeof *p.word),
    p.turn = alloc((size_t)(D * D), sizeof *p.turn);
    rng_permutation(rng_named(rng, "words"), p.word, V);
    for (int i = 0; i < D * D; i++)
        p.turn[i] = rng_normal(rng_named(rng, "turn"), (uint64_t)i);
    linalg_orthonormalise(D, D, p.turn);
    for (int i = 0; i < REFLM_MOMENTS; i++) {
        p.model = reflm_model(lm, reflm_percent[i]);
        read_moment(run, &p, lm, i);
        model_free(p.model);
        progress(run, i < 3 ? 0.05 * (i + 1) : 1);
    }
    params_free(&p.lens[0]), params_free(&p.lens[1]), reflm_free(lm);
    free(p.word), free(p.turn);
}

/*
## What we find

The logit lens comes nearer to the final prediction layer by layer (rank correlation
{{converges|%.2f}}); before the last one {{converges.also*100|%.0f}} % of the distance
after the first is left, with permuted words {{=distance left, shuffled*100|%.0f}} %. The
tuned lens is nearer at every layer, by {{tuned-beats-logit*100|%.0f}} % on average. The
input is discarded at once: the surprise at it rises from
{{=surprise at the input before layers|%.1f}} to
{{=surprise at the input after one layer|%.1f}} nat in the first layer.

~~~gnuplot tuned "Distance from the final prediction to five readings, logarithmic"
eval height(430); set logscale y; set yrange [.04:20]; set xrange [0:8.2]; eval room(10)
set xlabel "layers run"; set ylabel "KL distance [nat]"
plot for [c in "logit tuned mispaired shuffled turned"] table("tuned") \
  using "layers run":(column(c) > 0 ? column(c) : NaN) with linespoints title "  ".c at end
~~~

One text, read at eight tokens: what follows each is guessed early, and settles late.

~~~listing sentence
~~~

## Stages, where they are measured

Attention on the five tokens before is strongest in the middle, not at the start (first
third less last: {{local-first|%.2f}}), and bends at {{=knee of near attention*100|%.0f}}
% of the depth; the distance bends at {{knees*100|%.0f}} %, and what MLPs add at
{{=knee of what MLPs add*100|%.0f}} %. So the reading changes little in a first half and
becomes the prediction in a second; but the gathering of neighbours is no stage before the
others.

~~~gnuplot layers "After so many layers: attention on the five tokens before; what the MLP
adds; distance and entropy of the logit lens. Own scales; bars: mean bends of seeds"
eval height(540); unset grid; unset ytics; set yrange [-.1:4.1]; set xrange [0:8.2]
set border 1; set xtics 1; set xlabel "layers run"
set label "near attention" at 5.6, .95; set label "MLP" at 1.2, 1.9
set label "distance" at 5.2, 2.75; set label "entropy" at 1.2, 3.75
bend(i, x) = sprintf("set arrow from %g,%g to %g,%g nohead ls 9 lw 5", 8*x, i, 8*x, i + .9)
eval bend(0, {{=knee of near attention}}); eval bend(1, {{=knee of what MLPs add}})
eval bend(2, {{=knee of the distance}}); eval bend(3, {{=knee of entropy}})
is(x) = column(1) == 100 && column(2) > 0 ? x : NaN
plot table("layers") using 2:(column(1) == 100 ? $3 / .55 : NaN) with linespoints ls 1, \
  "" using 2:(is(1 + $5 / .32)) with linespoints ls 2, \
  table("lens") using 2:(is(2 + $3 / 1.9)) with linespoints ls 3, \
  "" using 2:(is(3 + ($4 - 4) / 2.2)) with linespoints ls 4
~~~

~~~gnuplot lens "The logit lens in training: after a tenth of it two layers say most"
set logscale y; set yrange [.001:20]; set xrange [0:8.2]; eval height(340); eval room(12)
set xlabel "layers run"; set ylabel "KL distance [nat]"; set lmargin 11
plot for [m=1:3] table("lens") every ::9*m::9*m+7 using 2:3 with linespoints ls m \
  title "  ".word("'after 10 %' 'after 30 %' trained", m) at end
~~~

What our scale cannot show: that the bands are stages rather than a smooth change, and
word sense, the source's mark of the second.
*/
