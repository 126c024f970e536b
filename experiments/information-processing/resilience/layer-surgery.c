/*
# Middle layers can be deleted, swapped and run side by side

Take a layer out of a trained language model, or let two neighbours trade places, and it
mostly still says what it said before. Lad, Gurnee and Tegmark found it in eight models of
12 to 48 layers, which kept 72 to 95 % of their likeliest next words; only the first
layers and the last could not be touched [@lad2024robustness]. Sun, Pickett, Nain and
Jones compare the middle layers to painters at an assembly line: skip some, reverse or
shuffle them, let all paint at once, and the picture suffers little; but let one painter
do the work of all, and it is lost [@sun2024painters].

We cut the [reference model](reference-model.html). What could fool us: a network whose
layers do nothing survives every surgery. An untrained one is like that: cuts cannot raise
its loss. So beside each cut stands the loss, at four moments of the training; and since
layers could be idle one by one, we also delete all the middle ones together, which must
hurt.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "layer-surgery",
    .run = run,
    .needs = { "reference-model" },
    .tables = { { "layers", "layer, agreement, loss increase [nat], importance" },
                { "pairs", "a, b, agreement, loss increase [nat]" },
                { "painters", "way, agreement, after 10 %, loss increase [nat]" },
                { "training", "percent, loss [nat], one deleted, neighbours swapped, "
                              "layer 0 deleted, all middle deleted" } },
    ABOUT(.title = "Deleted and swapped layers",
          .section = "information-processing/resilience",
          .cites = "lad2024robustness, sun2024painters", .seeds = 3, .core_s = 78,
          .carries = { "GPT-2 and Pythia, 124 M to 6.9 B parameters, 12 to 48 layers",
                       "Eight layers, 1.9 M parameters, 64 windows of held-out text",
                       "Which layers can go or trade places; what painters may do",
                       "The band of 72 to 95 %; that more layers are more robust" }),
    .claims = CLAIMS(
        { .id = "middle-deletion",
          .text = "without any one middle layer the likeliest token stays (mean share)",
          .value = "agreement without a middle layer",
          .side = ABOVE,
          .bound = 0.6,
          .why = "below the source's floor of 0.72, for robustness grows with depth",
          .controls = { { "agreement without layer 0", "the first layer deleted" } } },
        { .id = "first-layer-differs",
          .text = "the first layer is needed more (difference of the shares)",
          .value = "middle less first",
          .side = ABOVE,
          .bound = 0.25,
          .why = "the first layers are the most sensitive in the source",
          .controls = { { "middle less first untrained",
                          "before training, when layers are alike" } } },
        { .id = "middle-swap",
          .text = "middle neighbours can trade places (mean share that stays)",
          .value = "agreement of swapped neighbours",
          .side = ABOVE,
          .bound = 0.6,
          .why = "as for deletions",
          .controls = { { "agreement of swapped ends", "first and last layer swapped" },
                        { "agreement of shuffled layers",
                          "all layers in random order, mean of ten" } } },
        { .id = "needed-together",
          .text = "all middle layers deleted cost several times one (ratio of rises)",
          .value = "rise without all to rise without one",
          .side = ABOVE,
          .bound = 6,
          .also = { { "agreement without all middle layers", BELOW, 0.45 },
                    { "rise without all middle layers", ABOVE, 0.1 } },
          .why = "six that add up cost six times one; pilots 11. 0.1 nat, or it is noise",
          .controls = { { "rise without all to rise without one untrained",
                          "before training, when they are idle",
                          { "agreement without all middle layers untrained",
                            "rise without all middle layers untrained" } } } },
        { .id = "band",
          .text = "agreement over both surgeries; the source's band begins at 0.72",
          .value = "agreement of middle surgery",
          .tier = REPORT,
          .reference = 0.72,
          .reference_key = "lad2024robustness" },
        { .id = "edges-and-painters",
          .text = "the middle reversed keeps more than one layer repeated (difference)",
          .value = "reversed less repeated",
          .tier = REPORT }),
};

/*
## A cut is an order

Layers only add to a stream that all of them share, so one can run them in any order, or
leave some out. We call a middle layer every one but the first and the last. The outcome
of a cut is the share of places where the likeliest next token is still that of the uncut
model, its **agreement**, and what the loss rises by. It is taken over {{=places|%.0f}}
places of held-out text, each with eight tokens or more before it.
*/
enum { MOST = 48 };

typedef struct {
    Surgery *surgery;
    int L;
    Outcome clean;
} Patient;

static Outcome deleted(Patient *p, int from, int to)
{
    int order[MOST], n = surgery_without(p->L, from, to, order);
    return surgery_run(p->surgery, order, n, NULL, NULL);
}

static Outcome swapped(Patient *p, int a, int b)
{
    int order[MOST], n = surgery_without(p->L, 0, 0, order);
    order[a] = b, order[b] = a;
    return surgery_run(p->surgery, order, n, NULL, NULL);
}

/*
## Painters

The source's painters are the middle of the middle, here layers 2 to 5. They are skipped;
the third of them does the work of all; they work in reverse; in random order. Or all
paint on the same canvas: each gets the stream as it was before the first of them, and the
mean of what they make of it goes on. Three rounds of this are the looped variant.
*/
typedef struct {
    int from, n, side_by_side; /* so many of the n layers run on one canvas */
    int arrival;               /* of the stream at a layer, counted from 0 */
    Tensor *canvas, *sum;      /* sum: of what those before the present one made of it */
} Workshop;

static Tensor *arrive(Tape *t, Tensor *x, void *ctx)
{
    Workshop *w = ctx;
    int at = w->arrival++ - w->from;
    if (at < 0 || at > w->n) return x;
    if (at > 0) w->sum = w->sum ? op_add(t, w->sum, x) : x;
    if (at % w->side_by_side) return w->canvas;
    if (at > 0) x = op_scale(t, w->sum, 1.0 / w->side_by_side);
    w->sum = NULL;
    return w->canvas = x;
}

static void open_workshop(Tape *t, void *ctx)
{
    ((Workshop *)ctx)->arrival = 0;
    hook_add(t, "blocks.*.resid_pre", arrive, ctx);
}

enum { SKIPPED, REPEATED, REVERSED, SHUFFLED, PARALLEL, LOOPED, WAYS, DRAWS = 10 };
static const char *const way_name[WAYS] = { "skipped",  "one repeated", "reversed",
                                            "shuffled", "side by side", "three rounds" };

static Outcome one_way(Patient *p, int way, Rng rng)
{
    int from = p->L / 4, n = p->L - 2 * from, order[MOST], at = from;
    int rounds = way == SKIPPED ? 0 : way == LOOPED ? 3 : 1;
    surgery_without(p->L, 0, 0, order);
    if (way == SHUFFLED) rng_permutation(rng, order + from, n);
    for (int i = 0; i < rounds * n; i++)
        order[at++] = way == REPEATED   ? p->L / 2
                      : way == REVERSED ? from + n - 1 - i
                      : way == SHUFFLED ? from + order[from + i]
                                        : from + i % n;
    for (int l = from + n; l < p->L; l++) order[at++] = l;
    Workshop shop = { .from = from, .n = rounds * n, .side_by_side = n };
    return surgery_run(p->surgery, order, at, way < PARALLEL ? NULL : open_workshop,
                       &shop);
}

static void paint(Patient *p, double agreement[WAYS], double rise[WAYS], Rng rng)
{
    for (int way = 0; way < WAYS; way++) {
        int draws = way == SHUFFLED ? DRAWS : 1;
        agreement[way] = 0, rise[way] = -p->clean.loss;
        for (int i = 0; i < draws; i++) {
            Outcome o = one_way(p, way, rng_child(rng, (uint64_t)i));
            agreement[way] += o.agreement / draws, rise[way] += o.loss / draws;
        }
    }
}

/* The same is cut before training and after 10, 30 and 100 % of it. */
typedef struct {
    Outcome one[MOST], all;       /* without each layer; without all middle ones */
    double agreement, rise, swap; /* means over the middle */
} Cuts;

static Cuts cut(Patient *p)
{
    Cuts c = { .all = deleted(p, 1, p->L - 1) };
    for (int l = 0, n = p->L - 2; l < p->L; l++) {
        c.one[l] = deleted(p, l, l + 1);
        if (l == 0 || l > n) continue;
        c.agreement += c.one[l].agreement / n;
        c.rise += (c.one[l].loss - p->clean.loss) / n;
        if (l < n) c.swap += swapped(p, l, l + 1).agreement / (n - 1);
    }
    return c;
}

static void record_cuts(Run *run, const Patient *p, const Cuts *c, const char *when)
{
    double all = c->all.loss - p->clean.loss;
    record_as(run, p->clean.loss, "loss%s", when);
    record_as(run, c->agreement, "agreement without a middle layer%s", when);
    record_as(run, c->rise, "rise without a middle layer%s", when);
    record_as(run, c->agreement - c->one[0].agreement, "middle less first%s", when);
    record_as(run, c->swap, "agreement of swapped neighbours%s", when);
    record_as(run, c->all.agreement, "agreement without all middle layers%s", when);
    record_as(run, all, "rise without all middle layers%s", when);
    record_as(run, c->rise != 0 ? all / c->rise : 0,
              "rise without all to rise without one%s", when);
}

static void whole_surgery(Run *run, Patient *p, const Cuts *c, Rng rng)
{
    int L = p->L;
    double turn[PARTS * MOST], rise[MOST], shuffled = 0;
    surgery_importance(p->surgery, turn);
    for (int l = 0; l < L; l++) {
        rise[l] = c->one[l].loss - p->clean.loss;
        row(run, "layers", l, c->one[l].agreement, rise[l], turn[PART_BLOCK * L + l]);
    }
    record(run, "agreement without layer 0", c->one[0].agreement);
    record(run, "agreement without the last layer", c->one[L - 1].agreement);
    record(run, "agreement of middle surgery", (c->agreement + c->swap) / 2);
    record(run, "rank correlation of rise and importance",
           stats_spearman(L, rise, turn + PART_BLOCK * L));
    for (int draw = 0; draw < DRAWS; draw++) {
        int order[MOST];
        rng_permutation(rng_child(rng, (uint64_t)draw), order, L);
        shuffled += surgery_run(p->surgery, order, L, NULL, NULL).agreement / DRAWS;
    }
    record(run, "agreement of shuffled layers", shuffled);
    for (int i = 0; i < L * L; i++) {
        int a = i / L, b = i % L;
        Outcome o = a < b ? swapped(p, a, b) : p->clean;
        if (a <= b) row(run, "pairs", a, b, o.agreement, o.loss - p->clean.loss);
        if (b - a == L - 1) record(run, "agreement of swapped ends", o.agreement);
    }
}

static void run(Run *run, Rng rng)
{
    Reflm *lm = reflm_open(run);
    const Windows *w = &lm->held;
    int windows = scaled(run, REFLM_WINDOWS, 8);
    double early[WAYS], late[WAYS], rise[WAYS];
    record(run, "places", windows * (w->T - REFLM_FROM));
    for (int i = 0; i < REFLM_MOMENTS; i++) {
        static const char *const when[] = { " untrained", " at 10 %", " at 30 %", "" };
        Model *m = reflm_model(lm, reflm_percent[i]);
        Surgery *s = surgery_new(m, windows, w->T, REFLM_FROM, w->tok, w->target);
        Patient p = { s, lm->spec.layers, surgery_clean(s) };
        Cuts c = cut(&p);
        record_cuts(run, &p, &c, when[i]);
        row(run, "training", reflm_percent[i], p.clean.loss, c.agreement, c.swap,
            c.one[0].agreement, c.all.agreement);
        if (i == 1) paint(&p, early, rise, rng_named(rng, "painters"));
        if (i == 3) paint(&p, late, rise, rng_named(rng, "painters"));
        if (i == 3) whole_surgery(run, &p, &c, rng_named(rng, "order of all"));
        surgery_free(s), model_free(m);
        progress(run, i < 3 ? 0.2 * (i + 1) : 1);
    }
    for (int way = 0; way < WAYS; way++) {
        record_as(run, late[way], "agreement %s", way_name[way]);
        row_label(run, "painters", way_name[way], late[way], early[way], rise[way]);
    }
    record(run, "reversed less repeated", late[REVERSED] - late[REPEATED]);
    precondition(run, NULL, reflm_learned(lm), "the model knows no English");
    reflm_free(lm);
}

/*
## What we find

Without one middle layer the model's first choice stays at {{middle-deletion*100|%.0f}} %
of the places, and the loss rises by {{=rise without a middle layer|%.2f}} nat; when two
middle neighbours trade places, {{middle-swap*100|%.0f}} % stay. The last layer is a
little more sensitive ({{=agreement without the last layer*100|%.0f}} %). The first is of
another kind: without it {{middle-deletion.control*100|%.0f}} % are left.

~~~gnuplot layers "Share of places whose likeliest token stays, without each layer (bars)
and with two neighbours swapped (dots, between them)"
eval bound({{middle-deletion.bound}}, "bound"); set yrange [0:1]; set xrange [-.6:7.6]
set ylabel "agreement"; set xlabel "layer"; set xtics 1; set boxwidth 0.6; unset key
is_next(x) = column(2) - column(1) == 1 ? x : NaN
plot table("layers") using "layer":"agreement" with boxes ls 1 fs solid 0.35, \
  table("pairs") using ($1 + .5):(is_next(column("agreement"))) with points ls 2 ps 1.2
~~~

The farther apart two layers are, the more their swap costs: between neighbours order
matters little. The ends swapped leave {{middle-swap.control*100|%.0f}} %, all layers in
random order {{middle-swap.control2*100|%.0f}} %.

~~~gnuplot pairs "Any two layers trade places: share of likeliest tokens that stay"
eval height(420); unset grid; set size ratio -1; set xtics 1; set ytics 1; unset key
set xrange [-.5:7.5]; set yrange [7.5:-.5]; set cbrange [0:1]; set cblabel "agreement"
set xlabel "layer"; set ylabel "layer"
plot table("pairs") using 2:1:(.5):(.5):3 with boxxyerror fs solid lc palette, \
  "" using 1:2:(.5):(.5):3 with boxxyerror fs solid lc palette
~~~

Which layers are needed can in part be told without surgery: how much a layer turns the
stream, by the cosine, ranks them somewhat as the rise of the loss does, with a rank
correlation of {{=rank correlation of rise and importance.min|%.2f}} to
{{=rank correlation of rise and importance.max|%.2f}}, by seed.

The painters behave as in the source. In random order they keep
{{=agreement shuffled*100|%.0f}} %, in reverse {{=agreement reversed*100|%.0f}} %; side by
side {{=agreement side by side*100|%.0f}} %, in three such rounds
{{=agreement three rounds*100|%.0f}} %. One painter who does the work of all is as bad as
none: {{=agreement one repeated*100|%.0f}} and {{=agreement skipped*100|%.0f}} %.

~~~gnuplot painters "The four middle layers at other work. Bars: the trained model. Dots:
the same after a tenth of the training, when there is less to lose"
eval height(330); set yrange [5.6:-.6]; set xrange [0:1]; set lmargin 15; unset key
set xlabel "agreement"; set ytics scale 0; set border 1
plot table("painters") using ($2 / 2):0:($2 / 2):(.3):ytic(1) w boxxyerror ls 1 fs solid .35, \
  "" using "after 10 %":0 with points ls 2 ps 1.2
~~~

## Redundant, not idle

All middle layers deleted together raise the loss by
{{=rise without all middle layers|%.2f}} nat, {{needed-together|%.0f}} times as much as
one of them, and leave {{needed-together.also*100|%.0f}} % of the first choices. Six that
did not fill in for each other would cost six times as much.

Training makes the model less robust. After a tenth of it, one layer deleted costs
{{=rise without a middle layer at 10 %|%.3f}} nat, for the layers have learned little; as
the loss falls, they come to be needed. Before training nothing can be lost: all middle
layers deleted change the loss by {{=rise without all middle layers untrained|%.2f}} nat.
The first choice does change then, but among words that are all as unlikely.

~~~gnuplot training "What survives, against training: share of places whose likeliest token
stays. Grey: the loss, as a share of what it was before training"
eval height(420); set xrange [-.1:3]; set yrange [0:1.02]; eval room(20)
set xtics ("0 %%" 0, "10 %%" 1, "30 %%" 2, "100 %%" 3); set xlabel "share of the training"
set ylabel "agreement"; first = 0
plot table("training") using 0:(first = first > 0 ? first : $2, $2 / first) with lines ls 9 \
  title "  loss" at end, for [i=1:4] \
  "" using 0:i + 2 with linespoints ls i title "  ".columnhead(i + 2) at end
~~~

What our scale cannot show: the band of 72 to 95 %, which was measured on models of 124
million to 6.9 billion parameters and is not a target here; over deletions and swaps of
the middle we stand at {{band*100|%.0f}} %. Nor that more layers make a model more robust.
The direction replicates in a model of eight layers and 1.9 million parameters.
*/
