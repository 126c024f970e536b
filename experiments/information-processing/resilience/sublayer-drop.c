/*
# Attention is cheaper to lose than MLPs, and MLPs than whole layers

A finished transformer misses whole layers and MLPs, which work on each place alone, more
than attention, which moves information between places. He, Sun, Shen and Li took half of
the attention layers from an 80-layer model for 2.4 % of its score, and it ran 48 % faster
[@he2024attention]. Which ones, they read off the stream: a part that hardly turns it can
go. Men and others measure layers so [@men2024shortgpt], Gromov and others runs of layers
[@gromov2024deeper].

We drop one to all of the parts of the [reference model](reference-model.html). What could
fool us: parts that suit one text, so we choose on one and judge on another; a model that
has nothing to lose, so the same is done at four moments of the training; and that any
choice would do, so we also choose at random, and the worst.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "sublayer-drop",
    .run = run,
    .needs = { "reference-model" },
    .tables = { { "curves", "percent, removed, attention, MLP, layers" },
                { "both", "removed, work left, loss increase [nat]" },
                { "choices", "removed, random, most turning" },
                { "angles", "from, layers, distance" } },
    ABOUT(.title = "Dropped attention, dropped MLPs",
          .section = "information-processing/resilience",
          .cites = "he2024attention, men2024shortgpt, gromov2024deeper", .seeds = 3,
          .core_s = 85,
          .carries = { "Llama-2, 13 B and 70 B parameters, 40 and 80 layers; Mistral",
                       "Eight layers, 1.9 M parameters, 64 windows of held-out text",
                       "The order attention, MLP, layer; that cosines choose well",
                       "Half of the attention for nothing; the gain in time" }),
    .claims = CLAIMS(
        { .id = "attention-cheapest",
          .text = "half of the attention costs less than of the MLPs, of the layers",
          .value = "smaller step of the order",
          .side = OVER,
          .bound = 0,
          .also = { { "rise without half of the layers", OVER, 0.1 } },
          .expect = MIXED,
          .why = "the order that the source found; one pilot 0.06, another -0.02",
          .controls = { { "smaller step of the order untrained",
                          "before training, when nothing is lost",
                          { "rise without half of the layers untrained" } } } },
        { .id = "cosine-knows",
          .text = "attention chosen by cosine costs less than at random (half, nat)",
          .value = "random less cosine",
          .side = OVER,
          .bound = 0,
          .why = "the source's criterion; two pilots found 0.19 and 0.09",
          .controls = { { "random less most turning", "the most turning half" } } },
        { .id = "half-attention-free",
          .text = "half of the attention costs at most 2.4 % of the right answers",
          .value = "relative loss of right answers without half of the attention",
          .side = BELOW,
          .bound = 0.024,
          .expect = REFUTED,
          .tier = REPORT,
          .why = "the source's figure for 80 layers; with eight it is out of reach",
          .controls = { { "relative loss of right answers without half of the layers",
                          "half of the layers dropped" } } },
        { .id = "speed-up",
          .text = "without half of the attention the layers run faster (operations; the "
                  "source's figure is of time, for 80 layers)",
          .value = "gain without half of the attention",
          .tier = REPORT,
          .reference = 0.484,
          .reference_key = "he2024attention" },
        { .id = "through-training",
          .text = "rank correlation of the importance of attention, 10 % and 100 %",
          .value = "rank correlation at 10 %",
          .tier = REPORT }),
};

/*
## What turns the stream

If $x$ is the stream before a part and $y$ after, the part's **importance** is $1 -
\cos(x, y)$, on average over all places: zero for one that adds nothing, or only
stretches. The parts are ranked once, on the intact model and the calibration text, and
the least important ones dropped: what they would add is set to zero.
*/
enum { MOST = 48, DRAWS = 10 };
static const char *const part_name[PARTS] = { "attention", "MLPs", "layers" };

typedef struct {
    Surgery *held;
    int L;
    Outcome clean;
    double importance[PARTS * MOST]; /* (PARTS,L), of the calibration text */
} Patient;

typedef struct {
    double importance;
    Part part;
    int layer;
} Place;
typedef struct {
    int n; /* the first n are dropped */
    const Place *place;
} Drops;

static void drop(Tape *t, void *ctx)
{
    const Drops *d = ctx;
    for (int i = 0; i < d->n; i++) surgery_drop(t, d->place[i].part, d->place[i].layer);
}

static Outcome without(Patient *p, int n, const Place *place)
{
    return surgery_run(p->held, NULL, 0, drop, &(Drops){ n, place });
}

/* place: all parts of the kinds first to last, from the least important on. */
static void rank(const Patient *p, int first, int last, Place *place)
{
    for (int i = first * p->L, n = 0; i < (last + 1) * p->L; i++, n++) {
        int at = n;
        for (; at > 0 && place[at - 1].importance > p->importance[i]; at--)
            place[at] = place[at - 1];
        place[at] = (Place){ p->importance[i], (Part)(i / p->L), i % p->L };
    }
}

typedef Outcome Curves[PARTS][MOST + 1];

static void drop_in_turn(Run *run, Patient *p, int percent, Curves out)
{
    Place place[MOST];
    for (int part = 0; part < PARTS; part++) {
        rank(p, part, part, place);
        for (int k = 0; k <= p->L; k++) {
            out[part][k] = k ? without(p, k, place) : p->clean;
            out[part][k].loss -= p->clean.loss;
        }
    }
    for (int k = 0; k <= p->L; k++)
        row(run, "curves", percent, k, out[0][k].loss, out[1][k].loss, out[2][k].loss);
}

static void record_half(Run *run, const Patient *p, Curves o, const char *when)
{
    double rise[PARTS], right = p->clean.accuracy;
    record_as(run, p->clean.loss, "loss%s", when);
    for (int part = 0; part < PARTS; part++) {
        const char *name = part_name[part];
        const Outcome *half = &o[part][p->L / 2];
        rise[part] = half->loss;
        record_as(run, half->loss, "rise without half of the %s%s", name, when);
        record_as(run, right > 0 ? 1 - half->accuracy / right : 0,
                  "relative loss of right answers without half of the %s%s", name, when);
        record_as(run, o[part][p->L].loss, "rise without all %s%s", name, when);
    }
    record_as(run, fmin(rise[1] - rise[0], rise[2] - rise[1]),
              "smaller step of the order%s", when);
}

/*
## Other choices

A random half of the attention layers is dropped ten times, and once the half that turns
the stream most. Attention and MLPs in one list are dropped part by part. The work is
counted in operations a token: of attention four projections and two products with all
places, of the MLP two matrices of four times the width.
*/
static void other_choices(Run *run, Patient *p, double by_cosine, Rng rng)
{
    int half = p->L / 2, order[MOST];
    Place place[MOST], random[MOST];
    double sum = 0, clean = p->clean.loss;
    rank(p, PART_ATTENTION, PART_ATTENTION, place);
    double most = without(p, half, place + p->L - half).loss - clean;
    for (int draw = 0; draw < DRAWS; draw++) {
        rng_permutation(rng_child(rng, (uint64_t)draw), order, p->L);
        for (int i = 0; i < half; i++) random[i] = (Place){ 0, PART_ATTENTION, order[i] };
        double rise = without(p, half, random).loss - clean;
        sum += rise;
        row(run, "choices", half, rise, most);
    }
    record(run, "random less cosine", sum / DRAWS - by_cosine);
    record(run, "random less most turning", sum / DRAWS - most);
}

static void both(Run *run, Patient *p, const ModelSpec *spec)
{
    double D = spec->width, T = spec->ctx, work[] = { 8 * D * D + 4 * T * D, 16 * D * D },
           share = work[0] / (work[0] + work[1]), left = p->L;
    Place place[2 * MOST];
    rank(p, PART_ATTENTION, PART_MLP, place);
    for (int k = 1; k <= 3 * p->L / 2; k++) {
        left -= place[k - 1].part == PART_ATTENTION ? share : 1 - share;
        row(run, "both", k, left / p->L, without(p, k, place).loss - p->clean.loss);
    }
    record(run, "share of attention in the work", share);
    record(run, "gain without half of the attention", 1 / (1 - share / 2) - 1);
    record(run, "gain without anything dropped", 0);
}

/*
The angle between the stream before and after a run of layers is a distance, too
[@gromov2024deeper]. We take it at the last place of each window, and delete for each
number of layers the run that turns the stream least.
*/
static void angles(Run *run, Patient *p, Model *m, const Windows *w, int windows)
{
    int L = p->L;
    Tensor *at[MOST + 1];
    double cosine[REFLM_WINDOWS];
    Tape *t = tape_new();
    tape_pause(t);
    lens_keep(t, L);
    model_logits(m, t, w->tok, windows, w->T);
    for (int l = 0; l <= L; l++) at[l] = op_position(t, lens_stream(t, l, L), w->T - 1);
    for (int n = 1; n < L; n++) {
        double least = 1;
        int best = 0, order[MOST];
        for (int l = 0; l + n <= L; l++) {
            double d = 0;
            surgery_cosines(at[l], at[l + n], cosine);
            for (int i = 0; i < windows; i++)
                d += vmath_acos(cosine[i]) / 3.141592653589793 / windows;
            if (d < least) least = d, best = l;
            row(run, "angles", l, n, d);
        }
        int left = surgery_without(L, best, best + n, order);
        double rise = surgery_run(p->held, order, left, NULL, NULL).loss - p->clean.loss;
        record_as(run, rise, "rise without %d layers in a row", n);
    }
    tape_free(t);
}

static void run(Run *run, Rng rng)
{
    Reflm *lm = reflm_open(run);
    int windows = scaled(run, REFLM_WINDOWS, 8), L = lm->spec.layers;
    double attention[REFLM_MOMENTS][MOST];
    for (int i = 0; i < REFLM_MOMENTS; i++) {
        static const char *const when[] = { " untrained", " at 10 %", " at 30 %", "" };
        const Windows *c = &lm->calibration, *h = &lm->held;
        Model *m = reflm_model(lm, reflm_percent[i]);
        Surgery *s = surgery_new(m, windows, c->T, REFLM_FROM, c->tok, c->target);
        Patient p = { .L = L };
        surgery_importance(s, p.importance);
        surgery_free(s);
        p.held = surgery_new(m, windows, h->T, REFLM_FROM, h->tok, h->target);
        p.clean = surgery_clean(p.held);
        Curves o;
        drop_in_turn(run, &p, reflm_percent[i], o);
        record_half(run, &p, o, when[i]);
        memcpy(attention[i], p.importance, sizeof attention[i]);
        if (i == 3) {
            other_choices(run, &p, o[0][L / 2].loss, rng_named(rng, "choices"));
            both(run, &p, &lm->spec);
            angles(run, &p, m, c, windows);
        }
        surgery_free(p.held), model_free(m);
        progress(run, (i + 1) / 4.);
    }
    double kept = stats_spearman(L, attention[1], attention[3]);
    record(run, "rank correlation at 10 %", kept);
    precondition(run, NULL, reflm_learned(lm), "the model knows no English");
    reflm_free(lm);
}

/*
## What we find

Half of the attention dropped raises the loss by
{{=rise without half of the attention|%.2f}} nat, half of the MLPs by
{{=rise without half of the MLPs|%.2f}}, half of the layers by
{{=rise without half of the layers|%.2f}}. Up to here attention and MLPs are close, and
the seed can decide; beyond, they part. All attention costs
{{=rise without all attention|%.2f}} nat, all MLPs {{=rise without all MLPs|%.2f}}, all
layers {{=rise without all layers|%.1f}}: no part is idle, and in the long run the order
is the source's.

~~~gnuplot curves "Rise of the loss with the parts dropped, those first that turn the
stream least. At four: attention at random (dots), the most turning half (cross)"
eval height(440); set xrange [0:8.4]; set yrange [-.1:2.7]; unset key
set xlabel "parts dropped, of eight of their kind"; set ylabel "rise of the loss [nat]"
set label "layers" at 3, .5 right textcolor ls 3; set label "MLPs" at 7.5, 2.45 tc ls 2
set label "attention" at 7.2, .65 textcolor ls 1
trained(x) = column(1) == 100 ? x : NaN
plot for [i=1:3] table("curves") using 2:(trained(column(i + 2))) with linespoints ls i, \
  table("choices") using 1:2 with points ls 1 pt 6 ps .7, \
  "" using 1:"most turning" every 10 with points ls 1 pt 2 ps 1.4
~~~

The cosine knows which to drop: a random half of the attention costs {{cosine-knows|%.2f}}
nat more than its choice, the half that it would keep {{cosine-knows.control*-1|%.2f}}
more than a random one. But beyond the first layer all are nearly alike, and single draws
may do better.

The source's half costs 2.4 % of the score [@he2024attention]; ours {{half-attention-free*100|%.0f}} % of the
right answers. Nor is there much time to win: attention is
{{=share of attention in the work*100|%.0f}} % of the work of a layer here, so without
half of it the layers run {{speed-up*100|%.0f}} % faster, by operations counted.

~~~gnuplot both "What is paid for the work that is saved: parts of one kind, or both kinds
in one list"
eval height(380); set xrange [0:60]; set yrange [0:1.2]; set key top left reverse Left
set xlabel "work saved [%]"; set ylabel "rise of the loss [nat]"
trained(x) = column(1) == 100 ? x : NaN; a = 12.5 * {{=share of attention in the work}}
plot table("curves") using (a * $2):(trained($3)) with linespoints title "attention", \
  "" using ((12.5 - a) * $2):(trained($4)) with linespoints title "MLPs", \
  "" using (12.5 * $2):(trained($5)) with linespoints title "layers", \
  table("both") using (100 - 100 * $2):3 with linespoints title "attention and MLPs"
~~~

## Against training

After a tenth of the training half of the attention costs
{{=rise without half of the attention at 10 %|%.3f}} nat, half of the MLPs
{{=rise without half of the MLPs at 10 %|%.3f}}: little has been learned that could be
lost. Which attention turns the stream least changes on the way (rank correlation
{{through-training|%.2f}}); the source finds it redundant throughout.

~~~gnuplot curves "The same at four moments of the training: rise of the loss"
eval height(330); set xrange [-.7:39]; set yrange [-.1:2.2]; eval room(9); unset key
set ylabel "rise of the loss [nat]"; set xlabel "parts dropped"
set xtics ("0" 0, "8" 8, "0" 10, "8" 18, "0" 20, "8" 28, "0" 30, "8" 38)
at(p) = (p == 10 ? 10 : p == 30 ? 20 : p == 100 ? 30 : 0) + $2
set label "attention" at 38.3, 1.08 tc ls 1; set label "MLPs" at 18.2, 1.2 tc ls 2
set label "layers" at 17, 1.6 right tc ls 3; names = "untrained '10 %' '30 %' trained"
do for [m=0:3] { set label word(names, m + 1) at 10 * m, 2.05 }
plot for [m=0:3] for [i=1:3] table("curves") every ::9*m::9*m+8 using (at($1)):i + 2 w l ls i
~~~

~~~gnuplot angles "How far runs of layers turn the stream, by their first layer and length"
eval height(340); unset grid; set xrange [-.5:7.5]; set yrange [.5:7.5]; set xtics 1
set ytics 1; set xlabel "first layer of the run"; set ylabel "layers in the run"
set cblabel "angle, as a share of 180°"
plot table("angles") using 1:2:(.5):(.5):3 with boxxyerror fs solid lc palette
~~~

Without the two layers in a row that turn the stream least the loss rises by
{{=rise without 2 layers in a row|%.2f}} nat, without four by
{{=rise without 4 layers in a row|%.2f}}: there is no edge up to which it is flat.

What our scale cannot show: half of the attention for nothing, which took the source 80
layers; answers to questions, which large models keep up to a sharp edge
[@gromov2024deeper]; and what further training would heal.
*/
