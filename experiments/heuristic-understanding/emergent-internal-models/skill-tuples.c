/*
# Skills that are learnt one by one work together at once

A network that knows its skills one by one uses them in combinations that it never saw. It
need not see them all: of sixteen skills there are 43,680 ordered choices of four. Arora
and Goyal derive it from a graph that ties each text to skills at random: errors on texts
cannot gather on few skills, and even less if a text needs more [@arora2023theory]. Okawa,
Lubana, Dick and Tanaka saw that accuracy on a combination is the product of those on its
parts, which is why it appears suddenly [@okawa2023compositional].

What could fool us: where the parts of a text are independent, the product is almost a
matter of course; that training gives parts is not. So another network is given texts
whose answers depend on the combination, and the graph has a twin with skills in blocks.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "skill-tuples",
    .run = run,
    .tables = { { "cells", "block, k, alpha, theta, ratio" },
                { "tuples", "k, alpha, theta, t, tuples, copies" },
                { "curves", "net, step, loss [nat], one, two, three, four, unseen" },
                { "powers", "entangled, k, power, measured" } },
    ABOUT(.title = "Tuples of skills",
          .section = "heuristic-understanding/emergent-internal-models",
          .cites = "arora2023theory, okawa2023compositional", .seeds = 3, .core_s = 37,
          .carries = { "A theory of language models; diffusion models that draw shapes",
                       "Random graphs; small transformers, sixteen skills of one form",
                       "The bound, what tuples do to it; products; unseen tuples",
                       "That real text is such a graph; laws over scale" }),
    .claims = CLAIMS(
        { .id = "random-graph-bound",
          .text = "errors gather on skills no more than the theorem allows (worst ratio)",
          .value = "worst random graph",
          .side = BELOW,
          .bound = 1,
          .why = "a theorem, up to chance; a pilot found .88",
          .controls = { { "mildest block graph", "skills in blocks of 25" } } },
        { .id = "tuples-slingshot",
          .text = "they gather less on texts that need more skills (worst ratio)",
          .value = "worst tuples",
          .side = BELOW,
          .bound = 0.95,
          .why = "the theorem says at most 1, a pilot .92",
          .controls = { { "mildest copies", "as many edges, by repeating a text" } } },
        { .id = "accuracy-multiplies",
          .text = "accuracy on k skills is a power of that on one (slope of logarithms)",
          .value = "slope",
          .side = WITHIN,
          .bound = 0.85,
          .upper = 1.15,
          .also = { { "R2", ABOVE, 0.95 } },
          .why = "the source's product says 1",
          .controls = { { "slope entangled", "entangled texts", { "R2 entangled" } } } },
        { .id = "unseen-tuples-as-good",
          .text = "four skills that never came together are used together (share right)",
          .value = "unseen",
          .side = ABOVE,
          .bound = 0.8,
          .also = { { "gap", BELOW, 0.03 } },
          .why = "as good as seen tuples; entangled ones are learnt in neither",
          .controls = { { "unseen entangled", "entangled", { "gap entangled" } } } }),
};

/*
~~~gnuplot curves "A network of width 32: one skill right, and two, three, four in a row,
as the loss falls. Circles: four skills that never came together in training"
set xrange [3.3:-0.02]; set yrange [0:1.02]; eval room(6); set xlabel "loss [nat]"
set ylabel "share right"; names = "one two three four"
do for [i=1:4] { set label word(names, i) at -0.06, 1.01 - 0.105 * i tc ls i }
plot for [i=4:7] table("curves") every ::52::77 using 3:i with lines ls i - 3, \
  "" every ::52::77 using 3:"unseen" with points pt 6 ps 0.9 lc rgb "#777777"
~~~

## Errors on a graph

A text needs $k$ of 500 skills, drawn at random. A model is wrong on a share $\theta$ of
40,000 texts. Could these errors fall on few skills? The worst it can do to a share
$\alpha$ of the skills is to be wrong on the texts that need them most. Of these texts'
edges a share $\beta \alpha$ then goes to those skills. A union bound over all choices
allows only $\beta$ for which $H(\theta) \ge k \theta D$, where $H$ is the entropy of
$\theta$ and $D$ the divergence of $\beta \alpha$ from $\alpha$ [@arora2023theory].

A *tuple* of $t$ texts, each wrong on a share $\theta / t$, is wrong on nearly $\theta$,
but needs $kt$ skills. A tuple of copies has as many edges, and no more skills.
*/
enum { TEXTS = 40000, SKILLS = 500, BLOCK = 25, CELLS = 18 };

/* How many edges of each text, all to one block, go to the first `chosen` skills. */
static void draw_edges(int k, int block, int chosen, Rng rng, int *edges)
{
    for (int i = 0; i < TEXTS; i++) {
        Rng r = rng_child(rng, (uint64_t)i);
        int from = block * rng_below(rng_named(r, "block"), 0, SKILLS / block);
        edges[i] = 0;
        for (int j = 0; j < k; j++)
            edges[i] += from + rng_below(r, (uint64_t)j, block) < chosen;
    }
}

/* beta for tuples of t texts, a share theta of which is wrong */
static double gather(int k, int t, bool copies, const int *edges, double theta,
                     double alpha, Rng rng)
{
    enum { MOST = 64 };
    int number[MOST + 1] = { 0 }, left = (int)rint(theta * TEXTS);
    double sum = 0, all = alpha * k * t * left;
    for (int i = 0; i < TEXTS; i++) {
        int e = copies ? t * edges[i] : 0;
        for (int j = 0; j < t && !copies; j++)
            e += edges[t == 1 ? i : rng_below(rng, (uint64_t)(t * i + j), TEXTS)];
        number[e]++;
    }
    for (int e = k * t; e > 0 && left > 0; left -= number[e--])
        sum += (double)e * (number[e] < left ? number[e] : left);
    return sum / all;
}

static double allowed(int k, double theta, double alpha)
{
    double low = 1, high = 1 / alpha, other = 1 - theta;
    double entropy = -theta * vmath_log(theta) - other * vmath_log(other);
    for (int i = 0; i < 50; i++) {
        double beta = (low + high) / 2, p = beta * alpha;
        double D = p * vmath_log(beta) + (1 - p) * vmath_log((1 - p) / (1 - alpha));
        if (entropy < k * theta * D) high = beta;
        else low = beta;
    }
    return high;
}

static void theorem(Run *run, Rng rng)
{
    double ratio[2][CELLS], to[2][2 * CELLS], beta = 0;
    int edges[TEXTS];
    for (int c = 0; c < CELLS; c++) {
        int k = c < CELLS / 2 ? 8 : 16;
        double alpha = 0.1 * (1 << c % 3), theta = 0.05 * (1 << c / 3 % 3);
        for (int block = 1; block >= 0; block--) {
            draw_edges(k, block ? BLOCK : SKILLS, (int)rint(alpha * SKILLS), rng, edges);
            beta = gather(k, 1, false, edges, theta, alpha, rng);
            ratio[block][c] = beta / allowed(k, theta, alpha);
            row(run, "cells", block, k, alpha, theta, ratio[block][c]);
        }
        for (int t = 2; t <= 4; t += 2) {
            double wrong = 1 - vmath_pow(1 - theta / t, t);
            int at = 2 * c + t / 4;
            for (int i = 0; i < 2; i++)
                to[i][at] = gather(k, t, i, edges, wrong, alpha, rng) / beta;
            row(run, "tuples", k, alpha, theta, t, to[0][at], to[1][at]);
        }
    }
    record(run, "worst random graph", stats_quantile(CELLS, ratio[0], 1));
    record(run, "mildest block graph", stats_quantile(CELLS, ratio[1], 0));
    record(run, "worst tuples", stats_quantile(2 * CELLS, to[0], 1));
    record(run, "mildest copies", stats_quantile(2 * CELLS, to[1], 0));
}

/*
## Sixteen skills for a network

A skill is a random table from sixteen symbols to sixteen. A text shows four different
skills $s$, each with a symbol $x$, and asks what its table makes of it, $y$. Training
shows about 20,000 of the ordered tuples, by lot, with all symbols. In *entangled* texts
the second to fourth $y$ are shifted by a random number that depends on all skills so far.
*/
enum { S = 16, ITEMS = 4, T = 3 * ITEMS, TEST = 1024, TRAIN = 20000, ORDERED = 43680 };
typedef struct {
    int table[S][S];
    bool entangled;
    Rng seen, shift;
} World;

/* Four skills of a tuple that training shows, or of one that it does not. */
static void draw_tuple(const World *w, bool seen, Rng r, int *s)
{
    for (uint64_t i = 0;; i += ITEMS) {
        int all = 0;
        uint64_t code = 0;
        for (uint64_t j = 0; j < ITEMS; j++) {
            s[j] = rng_below(r, i + j, S);
            all |= 1 << s[j], code = code * S + (uint64_t)s[j];
        }
        if (__builtin_popcount((unsigned)all) < ITEMS) continue;
        if ((rng_below(w->seen, code, ORDERED) < TRAIN) == seen) return;
    }
}

static void write_texts(const World *w, Task *k, bool seen, Rng rng)
{
    for (int i = 0; i < k->B; i++) {
        Rng r = rng_child(rng, (uint64_t)i), shift = w->shift;
        int s[ITEMS], *tok = k->tok + i * T, *target = k->target + i * T;
        draw_tuple(w, seen, rng_named(r, "tuple"), s);
        for (int j = 0; j < ITEMS; j++, tok += 3, target += 3) {
            int x = rng_below(r, (uint64_t)j, S), y = w->table[s[j]][x];
            shift = rng_child(shift, (uint64_t)s[j]);
            if (w->entangled && j > 0) y = (y + rng_below(shift, 0, S)) % S;
            tok[0] = S + s[j], tok[1] = x, tok[2] = y;
            target[0] = target[2] = -1, target[1] = y;
        }
    }
}

/*
## Right once, and right in a row

We count single answers that are right, and texts whose first $k$ answers are.
*/
typedef struct {
    double loss, one, first[ITEMS]; /* [nat]; first[k-1]: the first k are right */
} Marks;

static Marks judge(Model *m, Tape *t, const Task *k)
{
    tape_pause(t);
    Tensor *y = model_logits(m, t, k->tok, k->B, T);
    Marks x = { .loss = op_xent(t, y, k->target)->v[0] };
    for (int i = 0; i < k->B; i++) {
        bool all = true;
        for (int j = 0; j < ITEMS; j++) {
            int at = i * T + 3 * j + 1, best = 0;
            const real *logit = y->v + (size_t)at * 2 * S;
            for (int v = 1; v < 2 * S; v++) best = logit[v] > logit[best] ? v : best;
            all = all && best == k->target[at];
            x.one += (best == k->target[at]) / (double)(ITEMS * k->B);
            x.first[j] += (double)all / k->B;
        }
    }
    tape_resume(t), tape_reset(t);
    return x;
}

/*
## Training

Transformers of two layers. A check counts for the product if one answer is right in 5 to
99.9 % of the cases, and if the product promises at least ten texts.
*/
enum { EVERY = 20, STEPS = 500, WIDEST = 64, POINTS = 4 * 3 * (STEPS / EVERY + 1) };
typedef struct {
    int n;
    double x[POINTS], y[POINTS];
} Cloud;

static void add_points(Run *run, Cloud *c, bool entangled, const Marks *a)
{
    for (int k = 2; k <= ITEMS; k++) {
        double power = vmath_pow(a->one, k), got = a->first[k - 1];
        if (a->one < 0.05 || a->one > 0.999 || power * TEST < 10) continue;
        got = got > 0 ? got : 0.5 / TEST;
        c->x[c->n] = k * vmath_log(a->one), c->y[c->n++] = vmath_log(got);
        row(run, "powers", entangled, k, power, got);
    }
}

/* end: the last marks on seen and on unseen tuples */
static void train(Run *run, const char *name, const World *w, int width, Task *test[2],
                  Cloud *cloud, Marks end[2], Rng rng)
{
    ModelSpec spec = { 2 * S, .ctx = T, .layers = 2, .heads = width / 8, .width = width };
    Model *m = model_new(spec, rng_named(rng, "init"));
    int steps = scaled(run, STEPS, 2 * EVERY);
    OptimSpec adam = { .lr = 1e-3, .beta2 = 0.98, .weight_decay = 0.01, .warmup = 100 };
    adam.decay = DECAY_LINEAR, adam.decay_from = 0.5, adam.steps = steps;
    Optim *o = optim_new(adam, model_params(m));
    Tape *t = tape_new();
    Task *b = task_new(scaled(run, 128, 8), T);
    for (int s = 0; s <= steps; s++) {
        if (s % EVERY == 0) {
            for (int i = 0; i < 2; i++) end[i] = judge(m, t, test[i]);
            const double *f = end[0].first;
            row_label(run, "curves", name, s, end[0].loss, end[0].one, f[1], f[2], f[3],
                      end[1].first[3]);
            add_points(run, cloud, w->entangled, end);
        }
        if (s == steps) break;
        write_texts(w, b, true, rng_child(rng_named(rng, "batch"), (uint64_t)s));
        tape_backward(t, op_xent(t, model_logits(m, t, b->tok, b->B, T), b->target));
        optim_step(o), tape_reset(t);
    }
    task_free(b), tape_free(t), optim_free(o), model_free(m);
}

static void run(Run *run, Rng rng)
{
    int n = scaled(run, TEST, 64);
    Task *test[] = { task_new(n, T), task_new(n, T) };
    theorem(run, rng_named(rng, "graphs"));
    for (int entangled = 0; entangled < 2; entangled++) {
        const char *who = entangled ? " entangled" : "";
        World w = { .entangled = entangled,
                    .seen = rng_named(rng, "seen tuples"),
                    .shift = rng_named(rng, "shift") };
        for (int i = 0; i < S * S; i++)
            w.table[i / S][i % S] = rng_below(rng_named(rng, "tables"), (uint64_t)i, S);
        Cloud cloud = { 0 };
        Marks end[2];
        write_texts(&w, test[0], true, rng_named(rng, "seen"));
        write_texts(&w, test[1], false, rng_named(rng, "unseen"));
        for (int width = entangled ? WIDEST : 8; width <= WIDEST; width *= 2) {
            char *name = text_format(entangled ? "entangled" : "width %d", width);
            train(run, name, &w, width, test, &cloud, end, rng_named(rng, "net"));
            progress(run, entangled / 2. + width / 128.);
            free(name);
        }
        Line line = { 0 }; /* a smoke run has no points */
        if (cloud.n > 2) line = stats_line(cloud.n, cloud.x, cloud.y);
        record_as(run, line.slope, "slope%s", who), record_as(run, line.r2, "R2%s", who);
        record_as(run, end[1].first[3], "unseen%s", who);
        record_as(run, fabs(end[0].first[3] - end[1].first[3]), "gap%s", who);
    }
    task_free(test[0]), task_free(test[1]);
}

/*
## What we find

On the random graph errors gather at most {{random-graph-bound.max|%.2f}} times as much
as the theorem allows, on blocks at least {{random-graph-bound.control.min|%.2f}} times,
and on tuples at most {{tuples-slingshot.max|%.2f}} times as much as on texts.

~~~gnuplot cells "How much errors gather, in units of what the theorem allows, for three
shares of texts (down) and of skills (across)"
@BARE; eval height(230); set xrange [-1:15.7]; set yrange [2.7:-1.4]; set cbrange [0:3]
set palette defined (0 '#6ba5cf', 1 '#f5f3ee', 3 '#e2803f'); unset colorbox
X = "8*$1 + $2/2 - 4 + log(10*$3) / log(2)"; Y = "log(20*$4) / log(2)"
do for [i=0:3] { set label sprintf("%s, k = %d", i > 1 ? "blocks" : "random", \
  8 + 8 * (i % 2)) at 4 * i + 1, -1 center }
plot table("cells") using (@X):(@Y):(.5):(.5):5 with boxxyerror fc palette fs solid 1 \
  noborder, "" using (@X):(@Y):(sprintf("%.1f", $5)) with labels
~~~

The widest network solves {{unseen-tuples-as-good*100|%.0f}} % of the texts whose four
skills never met; {{unseen-tuples-as-good.control*100|%.0f}} % if they are entangled, but
then of the seen ones too. The product has a slope of {{accuracy-multiplies|%.2f}}.

~~~gnuplot powers "The share of k right answers in a row, against that of single ones to
the power k. Blue: plain texts, all widths. Orange: entangled ones"
set logscale xy; set xrange [8e-3:1.1]; set yrange [7e-4:1.3]; set format "10^{%T}"
set xlabel "one right, to the power k"; set ylabel "k right in a row"
plot x with lines @THEORY, table("powers") using 3:($1 > 0 ? $4 : NaN) with points ls 2, \
  "" using 3:($1 > 0 ? NaN : $4) with points ls 1
~~~

That parts multiply is built in, that they are learnt is not. Beyond our scale: that real
text mixes its skills as the graph does, and laws over scale.
*/
