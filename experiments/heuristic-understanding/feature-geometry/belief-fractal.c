/*
# A transformer that predicts a hidden process carries an observer's beliefs

Whoever hears a machine but cannot see its state can at best hold a belief, a probability
for each state. A small transformer that has only learnt to predict the next word of such
a machine carries this belief in its activations: one linear map reads it, even where the
beliefs form a fractal. Shai and colleagues found it [@shai2024transformers].

What could fool us is that most of a belief is easy: ten words in a linear table give
{{=R2 of ten words*100|%.0f}} % of its variance. The fractal's detail is in the rest, and
only the rest counts here.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "belief-fractal",
    .run = run,
    .has_long = true,
    .tables = { { "fractal", "belief 1 [‰], belief 2 [‰], net 1 [‰], net 2 [‰]" },
                { "growth", "belief 1 [‰], belief 2 [‰], 0 1 [‰], 0 2 [‰], 100 1 [‰], "
                            "100 2 [‰], 200 1 [‰], 200 2 [‰], 1000 1 [‰], 1000 2 [‰]" },
                { "blocks", "blocks, trained, untrained, deaf" },
                { "losses", "words, observer [nat], net [nat], deaf [nat]" } },
    ABOUT(.title = "Belief fractal",
          .section = "heuristic-understanding/feature-geometry",
          .cites = "shai2024transformers", .seeds = 3, .core_s = 50, .long_core_s = 75,
          .carries = { "Several processes, nets of up to 8 blocks and width 64",
                       "Mess3, all 88,572 contexts; 2 blocks of width 32",
                       "The fractal, linear in the activations, and how it grows",
                       "That language models hold beliefs about what texts describe" }),
    .claims = CLAIMS(
        { .id = "loss-optimal",
          .text = "the net predicts as well as the ideal observer (nats above it)",
          .value = "excess loss",
          .side = BELOW,
          .bound = 0.005,
          .why = "only a net that has learnt the process can show anything",
          .controls = { { "excess loss deaf", "trained on independent words" },
                        { "excess loss untrained", "the net before training" } } },
        { .id = "beats-recent-tokens",
          .text = "a linear map reads the belief beyond what ten words give (share)",
          .value = "R2x",
          .side = ABOVE,
          .bound = 0.5,
          .why = "the words alone give 0; a pilot gave .9",
          .controls = { { "R2x untrained", "before training", .side = BELOW, .bound = 0 },
                        { "R2 of others' beliefs", "beliefs of other contexts",
                          .side = BELOW, .bound = 0.02 },
                        { "R2x deaf", "trained on independent words", .side = BELOW,
                          .bound = 0.1 } } },
        { .id = "belief-linear",
          .text = "the same as a share of the belief's whole variance",
          .value = "R2",
          .tier = REPORT },
        { .id = "grows-with-depth",
          .text = "how much more of the variance the second block holds than the first",
          .value = "gain of last block",
          .tier = REPORT },
        { .id = "needs-all-layers",
          .text = "random-random-XOR: what all layers hold of the belief beyond the last",
          .value = "gain of all layers RRXOR",
          .tier = REPORT,
          .variant = "long" }),
};

/*
~~~gnuplot fractal "Left: the ideal observer's beliefs after the 2,187 sequences of
seven words. A corner is certainty of one state; colour mixes the three. Right: the same
sequences in the same colours, as a linear map reads them from the net."
@BARE; eval svg(640, 300); set size ratio -1
v(n, i) = column(sprintf("%s %d [‰]", n, i))
x(n) = (v(n, 1) + v(n, 2) / 2) / 1000; y(n) = v(n, 2) / 1155
b(p) = int(p * 0.255); c(p, q) = b(p) * 65536 + b(q) * 256 + b(1000 - p - q)
rgb(n) = c(v("belief", 1), v("belief", 2))
set xrange [-0.03:2.15]; set yrange [-0.04:0.92]
set label "observer" at 0, 0.8; set label "net" at 1.12, 0.8
plot table("fractal") using (x("belief")):(y("belief")):(rgb(0)) with points \
  pointtype 7 pointsize 0.22 linecolor rgb variable, \
  "" using (x("net") + 1.12):(y("net")):(rgb(0)) with points \
  pointtype 7 pointsize 0.22 linecolor rgb variable
~~~

## A machine and its ideal observer

**Mess3** has three states. Each turn it stays with probability 0.9 or else goes to one of
the others; then it says the name of its state, in 15 of 100 cases a wrong one. Let
$T_s(i,j)$ be the probability of going from $i$ to $j$ and saying $s$. Who believes $b$
and hears $s$ then believes $b\,T_s$, scaled to sum to one. Each word maps the triangle of
beliefs into a smaller, bent one, so what is left after many words is a fractal. Through
all 88,572 contexts of one to ten words we follow the observer, and weigh them by their
probability. The long variant adds **random-random-XOR**: a random bit, another, then
whether they differ, and so on, starting anywhere.
*/
static const double mess3[3][3][3] = {
    { { .765, .00375, .00375 }, { .0425, .0675, .00375 }, { .0425, .00375, .0675 } },
    { { .0675, .0425, .00375 }, { .00375, .765, .00375 }, { .00375, .0425, .0675 } },
    { { .0675, .00375, .0425 }, { .00375, .0675, .0425 }, { .00375, .00375, .765 } },
}, third[3] = { 1 / 3., 1 / 3., 1 / 3. };
/* State 0: nothing is known; 1, 2: the first bit; 3, 4: what will be said. */
static const double rrxor[2][5][5] = {
    { [0][1] = .5, [1][3] = .5, [2][4] = .5, [3][0] = 1 },
    { [0][2] = .5, [1][4] = .5, [2][3] = .5, [4][0] = 1 },
}, any[5] = { 1 / 3., 1 / 6., 1 / 6., 1 / 6., 1 / 6. };

/*
## How to look into a net

We run a net on all full sequences and keep 32 numbers a context before, between and after
its two blocks. Its loss is an exact mean; with the observer's own predictions in place of
the net's, it is the least possible one.

~~~gnuplot losses "Loss after so many words. Line: the least possible one."
set xlabel "words heard"; set ylabel "cross-entropy [nat]"; set xtics 1
set xrange [0.7:10.3]; set yrange [0.785:0.865]
set label "ideal observer" at 1.4, 0.845 textcolor rgb "#777777"
set label "net" at 2.15, 0.817 textcolor linestyle 1
plot table("losses") using "words":"observer" with lines @THEORY, \
  "" using "words":"net" with points linestyle 1
~~~

A linear map from these numbers to beliefs is fitted on one half of the sequences and
judged on the other by $R^2$, its share of the beliefs' variance. So is a map that needs
no net, from the ten words, each in its place. What counts is how much of the rest is
explained, $R^2_x = 1 - (1 - R^2) / (1 - R^2_\text{words})$.
*/
enum { CONTEXT = 10, WIDTH = 32, VIEWS = 3, LAST = VIEWS - 1, CHUNK = 729 };
typedef struct {
    HmmTree *tree;
    double *fit, *test; /* (n): weights of the contexts in either half */
    double *others;     /* (n,S): each full context has the belief of another one */
    double words;       /* R^2 of the ten words */
} World;
typedef struct {
    double excess, loss[CONTEXT + 1], least[CONTEXT + 1];
    double r2[VIEWS], all, others; /* R^2 of each view, of all; of others' beliefs */
    double *read;                  /* (n,S): the beliefs as read after the last block */
} Look;

static double explained(const World *w, int first, int p, const real *x, const double *y,
                        double *read)
{
    int n = w->tree->n - first, S = w->tree->S;
    x += first * p, y += first * S;
    Probe map = probe_ridge(n, p, S, x, y, w->fit + first, 1e-12);
    double r2 = probe_r2(&map, n, x, y, w->test + first);
    if (read) probe_apply(&map, n, x, read);
    free(map.w);
    return r2;
}

static World world_new(HmmTree *t, Rng rng)
{
    int lags = CONTEXT * t->K, full = t->n - t->full;
    size_t n = (size_t)t->n, S = (size_t)t->S, d = sizeof(double);
    World w = { t, alloc(n, d), alloc(n, d), alloc(n * S, d), 0 };
    hmm_split(t, rng_named(rng, "halves"), w.fit, w.test);
    int *order = alloc(n, sizeof *order);
    rng_permutation(rng_named(rng, "others"), order, full);
    for (int a = t->full, of; a < t->n; a++)
        of = t->full + order[a - t->full],
        memcpy(w.others + a * t->S, t->belief + of * t->S, S * d);
    real *x = alloc(n * (size_t)lags, sizeof *x);
    hmm_words(t, x);
    w.words = explained(&w, 0, lags, x, t->belief, NULL);
    free(x), free(order);
    return w;
}

static Look look(Model *model, Tape *tape, const World *w)
{
    static const char *const at[VIEWS] = { "blocks.0.resid_pre", "blocks.0.resid_post",
                                           "blocks.1.resid_post" };
    const HmmTree *t = w->tree;
    size_t n = (size_t)t->n;
    Look l = { .read = alloc(n * (size_t)t->S, sizeof *l.read) };
    real *all = alloc(n * VIEWS * WIDTH, sizeof *all), *view[VIEWS];
    for (int v = 0; v < VIEWS; v++) view[v] = alloc(n * WIDTH, sizeof(real));
    for (int first = t->full; first < t->n; first += CHUNK) {
        int in[CHUNK * CONTEXT], B = t->n - first < CHUNK ? t->n - first : CHUNK;
        for (int b = 0; b < B; b++)
            for (int i = CONTEXT, a = first + b; i--; a = (a - 1) / t->K)
                in[b * CONTEXT + i] = (a - 1) % t->K;
        tape_pause(tape);
        for (int v = 0; v < VIEWS; v++) hook_keep(tape, at[v]);
        const Tensor *logits = model_logits(model, tape, in, B, CONTEXT);
        for (int row = 0; row < B * CONTEXT; row++) {
            int a = first + row / CONTEXT, heard = row % CONTEXT + 1;
            double share = t->p[a], sum = 0;
            while (t->length[a] > heard) a = (a - 1) / t->K;
            for (int v = 0; v < VIEWS; v++) {
                const real *x = hook_value(tape, at[v])->v + row * WIDTH;
                memcpy(view[v] + a * WIDTH, x, WIDTH * sizeof *x);
                memcpy(all + (a * VIEWS + v) * WIDTH, x, WIDTH * sizeof *x);
            }
            const real *logit = logits->v + row * t->K;
            for (int s = 0; s < t->K; s++) sum += vmath_exp((double)logit[s]);
            for (int s = 0; s < t->K; s++) {
                double p = t->next[a * t->K + s];
                l.loss[heard] += share * p * (vmath_log(sum) - (double)logit[s]);
                if (p > 0) l.least[heard] -= share * p * vmath_log(p);
            }
        }
        tape_resume(tape), tape_reset(tape);
    }
    for (int i = 1; i <= CONTEXT; i++) l.excess += (l.loss[i] - l.least[i]) / CONTEXT;
    for (int v = 0; v < VIEWS; v++)
        l.r2[v] = explained(w, 0, WIDTH, view[v], t->belief, l.read);
    l.all = explained(w, 0, VIEWS * WIDTH, all, t->belief, NULL);
    l.others = explained(w, t->full, WIDTH, view[LAST], w->others, NULL);
    for (int v = 0; v < VIEWS; v++) free(view[v]);
    free(all);
    return l;
}

/*
## A net that hears only words

Two blocks of two heads learn to predict the next word at every place of fresh sequences.
The net sees neither states nor beliefs. Its **deaf** twin gets words as frequent, but
independent. We look before the training, in it and after it.
*/
enum { STAGES = 5, END = STAGES - 1, BATCH = 256 };
static void learn(Run *run, const World *w, bool deaf, int k, Look seen[STAGES], Rng rng)
{
    static const int stage[STAGES] = { 0, 100, 200, 1000, 2000 };
    int K = w->tree->K, steps = scaled(run, stage[END], END);
    ModelSpec spec = { K, CONTEXT, .layers = 2, .heads = 2, WIDTH, .act = ACT_RELU };
    OptimSpec adam = { .lr = 1e-3, .warmup = 100, .decay = DECAY_LINEAR, .steps = steps };
    Model *model = model_new(spec, rng_named(rng, "init"));
    Optim *optim = optim_new(adam, model_params(model));
    Tape *tape = tape_new();
    for (int step = 0;; step++) {
        if (step == scaled(run, stage[k], k)) seen[k++] = look(model, tape, w);
        if (step == steps) break;
        int word[CONTEXT + 1], in[BATCH * CONTEXT], next[BATCH * CONTEXT];
        for (int b = 0; b < BATCH; b++) {
            Rng one = rng_child(rng, (uint64_t)(step * BATCH + b));
            hmm_draw(w->tree, one, word);
            for (int i = 0; deaf && i <= CONTEXT; i++)
                word[i] = rng_below(one, (uint64_t)i, K);
            memcpy(in + b * CONTEXT, word, CONTEXT * sizeof *in);
            memcpy(next + b * CONTEXT, word + 1, CONTEXT * sizeof *next);
        }
        Tensor *logits = model_logits(model, tape, in, BATCH, CONTEXT);
        tape_backward(tape, op_xent(tape, logits, next));
        optim_step(optim);
        tape_reset(tape);
    }
    model_free(model), optim_free(optim), tape_free(tape);
}

static void note(Run *run, const World *w, const Look *l, const char *who)
{
    record_as(run, l->excess, "excess loss%s", who);
    record_as(run, l->r2[LAST], "R2%s", who);
    record_as(run, 1 - (1 - l->r2[LAST]) / (1 - w->words), "R2x%s", who);
    record_as(run, l->r2[LAST] - l->r2[LAST - 1], "gain of last block%s", who);
    record_as(run, l->all - l->r2[LAST], "gain of all layers%s", who);
}

static void draw(Run *run, const HmmTree *t, const Look *l)
{
    for (int a = 0; a < t->n; a++) {
        double x[2 + 2 * STAGES];
        for (int i = 0; i < COUNT(x); i++)
            x[i] = rint(1000 * (i < 2 ? t->belief : l[i / 2 - 1].read)[a * 3 + i % 2]);
        if (t->length[a] == 6) row_n(run, "growth", NULL, 2 * STAGES, x);
        if (t->length[a] == 7)
            row(run, "fractal", x[0], x[1], x[2 * END + 2], x[2 * END + 3]);
    }
}

static void run(Run *run, Rng rng)
{
    World w[2] = { world_new(hmm_tree(3, 3, third, mess3[0][0], CONTEXT), rng),
                   world_new(hmm_tree(5, 2, any, rrxor[0][0], CONTEXT), rng) };
    Look net[STAGES], deaf[STAGES] = { 0 }, bits[STAGES] = { 0 };
    learn(run, w, false, 0, net, rng_named(rng, "net"));
    progress(run, 0.5);
    learn(run, w, true, END, deaf, rng_named(rng, "net"));
    if (variant(run, "long")) {
        learn(run, w + 1, false, END, bits, rng_named(rng, "rrxor"));
        note(run, w + 1, bits + END, " RRXOR");
    }
    record(run, "R2 of ten words", w->words);
    record(run, "R2 of last word", net[0].r2[0]);
    record(run, "R2 of others' beliefs", net[END].others);
    note(run, w, net + END, "");
    note(run, w, net, " untrained");
    note(run, w, net + 2, " after 200 steps");
    note(run, w, deaf + END, " deaf");
    draw(run, w->tree, net);
    for (int v = 0; v < VIEWS; v++)
        row(run, "blocks", v, net[END].r2[v], net[0].r2[v], deaf[END].r2[v]);
    for (int i = 1; i <= CONTEXT; i++)
        row(run, "losses", i, net->least[i], net[END].loss[i], deaf[END].loss[i]);
    for (int i = 0; i < STAGES; i++) free(net[i].read);
    free(deaf[END].read), free(bits[END].read);
    for (int i = 0; i < 2; i++)
        hmm_free(w[i].tree), free(w[i].fit), free(w[i].test), free(w[i].others);
}

/*
## What we find

The trained net predicts within {{loss-optimal|%.5f}} nats of the ideal observer. Its last
block holds {{belief-linear*100|%.1f}} % of the beliefs' variance on one plane; but the
words alone hold {{=R2 of ten words*100|%.1f}} %, the untrained net
{{=R2 untrained*100|%.1f}} %. Of the rest it holds {{beats-recent-tokens*100|%.0f}} %, and
already {{=R2x after 200 steps*100|%.0f}} % after 200 steps. The deaf twin stays where it
began.

~~~gnuplot growth "All sequences of six words, read before training and after 100, 200 and
1,000 of the 2,000 steps. Colours are the observer's, as above."
@BARE; eval svg(640, 560); set size ratio -1
v(n, i) = column(sprintf("%s %d [‰]", n, i))
x(n) = (v(n, 1) + v(n, 2) / 2) / 1000; y(n) = v(n, 2) / 1155
b(p) = int(p * 0.255); c(p, q) = b(p) * 65536 + b(q) * 256 + b(1000 - p - q)
rgb(n) = c(v("belief", 1), v("belief", 2))
set xrange [-0.05:2.2]; set yrange [-1.05:0.92]
set label "untrained" at 0, 0.75; set label "100 steps" at 1.12, 0.75
set label "200 steps" at 0, -0.25; set label "1,000 steps" at 1.12, -0.25
s(i) = word("0 100 200 1000", i + 1)
plot for [i = 0:3] table("growth") using (x(s(i)) + i % 2 * 1.12):(y(s(i)) - i / 2): \
  (rgb(0)) with points pointtype 7 pointsize 0.25 linecolor rgb variable
~~~

~~~gnuplot blocks "Share of the beliefs' variance that a linear map explains. Grey: a map
from the words themselves."
set ylabel "R^2"; set xrange [-0.1:2.6]; set yrange [0.79:1.02]
set xtics ("words in" 0, "block 1" 1, "block 2" 2)
eval control({{=R2 of ten words}}, "ten words"); eval control({{=R2 of last word}}, "")
set label "last word" at 1.5, {{=R2 of last word}} offset 0,0.5 textcolor rgb "#777777"
set label "trained" at 2.06, 0.997 textcolor linestyle 1
set label "untrained" at 2.06, 0.938 tc ls 2; set label "deaf" at 2.06, 0.92 tc ls 3
plot table("blocks") using "blocks":"trained" with linespoints linestyle 1, \
  "" using "blocks":"untrained" with linespoints linestyle 2, \
  "" using "blocks":"deaf" with linespoints linestyle 3
~~~

The first block does nearly all of it, the second adds {{grows-with-depth|%.4f}}. The
fractal is the observer's, and any good predictor that can be read has it. In Mess3 the
belief is even a linear map of the next word's probabilities, so this net cannot show that
it holds *more* than the next word. Random-random-XOR can: there different beliefs predict
the same next bit. The long variant asks what all layers together hold of them beyond the
last one; in Mess3 it is {{=gain of all layers|%.3f}}. And nothing here is about language,
whose states nobody knows.
*/
