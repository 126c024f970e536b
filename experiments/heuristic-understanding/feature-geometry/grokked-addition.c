/*
# A network that groks addition has turned numbers into angles

A small network that must add the hours of a clock first learns its exercises by heart and
fails at all others. Long after, with no new exercise, it can add: it *groks*. By then the
numbers lie on circles, and it adds by turning [@nanda2023progress]. That networks
generalise when their numbers fall in order was seen by Liu and others [@liu2022grokking].

What may fool us: $b + a$ is $a + b$, so a sum whose mirror image was trained is no test;
and any table of numbers has strongest frequencies, so the controls choose theirs.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "grokked-addition",
    .run = run,
    .tables = { { "life", "step, train, mirrored, test, no decay, test loss [nat], "
                          "restricted [nat], excluded [nat], random [nat]" },
                { "spectrum", "frequency, trained, random answers, untrained" },
                { "circle", "panel, k, token, x, y" },
                { "logits", "a, c, trained, random answers" } },
    ABOUT(.title = "Grokked addition",
          .section = "heuristic-understanding/feature-geometry",
          .cites = "nanda2023progress, liu2022grokking", .seeds = 3, .core_s = 120,
          .carries = { "Addition modulo 113, 30 % of the pairs, width 128",
                       "Modulo 59, 55 % of the pairs, width 64",
                       "Late generalisation, circles, cosines as logits, hidden progress",
                       "That language models grok" }),
    .claims = CLAIMS(
        { .id = "delayed-generalisation",
          .text = "it can add so many times later than it knows its exercises",
          .value = "t2/t1",
          .side = ABOVE,
          .bound = 3,
          .also = { { "new sums", OVER, 0.5 } },
          .why = "the source's delay; without decay it is expected to be absent",
          .controls = { { "t2/t1 lax", "no weight decay", { "new sums lax" } } } },
        { .id = "few-frequencies",
          .text = "five frequencies of 29 hold the embedding (share of its power)",
          .value = "top five",
          .side = ABOVE,
          .bound = 0.8,
          .why = "the source has a few; the best five of noise hold a fifth",
          .controls = { { "top five random", "trained on random answers", .side = BELOW,
                          .bound = 0.4 },
                        { "top five untrained", "before training", .side = BELOW,
                          .bound = 0.4 } } },
        { .id = "trig-logits",
          .text = "the logits are cosines of a + b - c (share of their variance)",
          .value = "cosines",
          .side = ABOVE,
          .bound = 0.85,
          .why = "the source's form; pilots gave .96 and more",
          .controls = { { "cosines random", "random answers, as many frequencies",
                          .side = BELOW, .bound = 0.1 } } },
        { .id = "hidden-progress",
          .text = "excluded loss, risen while under a fifth of new sums is right (nats)",
          .value = "hidden rise",
          .side = ABOVE,
          .bound = 1,
          .tier = REPORT,
          .why = "the source's progress measure; a nat is far above noise",
          .controls = { { "hidden rise random", "as many other frequencies" } } }),
};

/*
~~~gnuplot life "Share of right answers: exercises, new sums (thick), and new sums without
weight decay (dotted). Thin: sums mirrored in an exercise."
set logscale x; set xrange [10:3200]; set yrange [0:1.05]; set xlabel "step"
set ylabel "right answers"; set label "exercises" at 110, 0.5 right tc ls 1
set label "new sums" at 650, 0.4 tc ls 2; set label "mirrored" at 175, 0.6 tc ls 9
plot table("life") using "step":"mirrored" with lines ls 9, \
  "" using "step":"no decay" with lines @CONTROL, \
  "" using "step":"train" with lines ls 1, "" using "step":"test" with lines ls 2
~~~

## Exercises and their mirror images

The network reads $a$, $b$ and a sign, and must answer $a + b$ modulo 59. Of the 3,481
pairs 55 % are exercises. **New** sums are no exercise in the order $b, a$ either. Where
answers are random there is as much to learn by heart, and nothing to understand.
*/
enum { P = 59, HALF = P / 2, PAIRS = P * P, TRAIN = PAIRS * 11 / 20, WIDTH = 64 };
enum { TRAINED, MIRRORED, NEW, KINDS, SHOTS = 120 };
typedef struct {
    int token[PAIRS][3], sum[PAIRS], answer[PAIRS], from[KINDS + 1]; /* by kind */
    bool ask[PAIRS];
} World;

static World *world_new(bool random, Rng rng)
{
    World *w = alloc(1, sizeof *w);
    Rng answers = rng_named(rng, "answers");
    int order[PAIRS], n = 0;
    bool trained[PAIRS] = { 0 };
    rng_permutation(rng_named(rng, "exercises"), order, PAIRS);
    for (int j = 0; j < TRAIN; j++) trained[order[j]] = true;
    for (int kind = 0; kind < KINDS; w->from[++kind] = n)
        for (int j = 0; j < PAIRS; j++) {
            int pair = order[j], a = pair / P, b = pair % P;
            if (kind != (trained[pair] ? TRAINED : trained[b * P + a] ? MIRRORED : NEW))
                continue;
            w->ask[n] = true, w->token[n][0] = a, w->token[n][1] = b, w->token[n][2] = P;
            w->sum[n] = w->answer[n] = (a + b) % P;
            if (random) w->answer[n] = rng_below(answers, (uint64_t)pair, P);
            n++;
        }
    return w;
}

typedef struct {
    double loss[KINDS], right[KINDS];
} Marks;

static Marks judge(World *w, const real *logit)
{
    Marks s;
    for (int k = 0; k < KINDS; k++) {
        int from = w->from[k], n = w->from[k + 1] - from;
        Task part = { n, 1, .target = w->answer + from, .ask = w->ask + from };
        s.right[k] = task_accuracy(&part, P, logit + from * P);
        task_losses(&part, P, logit + from * P, &s.loss[k]);
    }
    return s;
}

/*
A transformer of one layer, four heads and 256 neurons, without biases and layer norms,
takes all exercises at each of 3,000 steps of AdamW (rate 0.001, weight decay 1). In the
end it is so sure that $1 - p$ of the answer would be rounded away; so the slope there
sums the wrong answers' $p$. Below $10^{-30}$ they would be subnormal, and slow: dropped.
*/
static Tensor *slope(Tape *t, const Tensor *logits, const int *right)
{
    Tensor *p = op_softmax(t, tape_input(t, logits->v, 2, logits->n));
    for (int i = 0; i < TRAIN * P; i++) p->v[i] *= p->v[i] > (real)1e-30;
    for (int j = 0; j < TRAIN; j++) {
        p->v[j * P + right[j]] = 0;
        p->v[j * P + right[j]] = -vmath_sum(P, p->v + j * P);
    }
    return op_scale(t, p, 1. / TRAIN);
}

typedef struct {
    int t1, t2, n, step[SHOTS]; /* t1, t2: exercises known, addition known; or 0 */
    Model *model[SHOTS], *end;  /* end: the last of them */
    Marks marks[SHOTS];
} Life;

static const real *all_logits(Model *m, Tape *t, World *w)
{
    tape_pause(t);
    return model_last_logits(m, t, w->token[0], PAIRS, 3)->v;
}

static Life *live(Run *run, World *w, double decay, double done, Rng rng)
{
    int steps = scaled(run, 3000, 20), next = 0;
    ModelSpec spec = { P + 1, 3, 1, 4, WIDTH, .outputs = P, .no_layernorm = true };
    spec.no_bias = true, spec.act = ACT_RELU, spec.init_sd = 1 / sqrt(WIDTH);
    OptimSpec adamw = { OPTIM_ADAM, 1e-3, 0.9, 0.98, .weight_decay = decay };
    Life *l = alloc(1, sizeof *l);
    Model *m = model_new(spec, rng_named(rng, "init"));
    Optim *optim = optim_new(adamw, model_params(m));
    Tape *t = tape_new();
    for (int step = 0; step <= steps; step++) {
        if (step == next || step == steps) {
            Marks s = l->marks[l->n] = judge(w, all_logits(m, t, w));
            if (!l->t1 && s.right[TRAINED] >= 0.99) l->t1 = step;
            if (!l->t2 && s.right[NEW] >= 0.95) l->t2 = step;
            tape_resume(t), tape_reset(t), progress(run, done + step / 3. / steps);
            l->step[l->n] = step, l->end = l->model[l->n++] = model_new(spec, rng);
            params_copy(model_params(l->end), model_params(m));
            next = step < 200 ? step + 10 : step * 21 / 20;
        }
        Tensor *y = tabled_logits(m, t, w->token[0], TRAIN, 3);
        tape_backward(t, op_total(t, op_mul(t, y, slope(t, y, w->answer))));
        optim_step(optim), tape_reset(t);
    }
    return optim_free(optim), tape_free(t), model_free(m), l;
}

/*
## Numbers on circles

A column of the embedding is a function of the number, a sum of waves that go round the
clock $k = 1$ to 29 times. A frequency's **share** is what its cosine and sine hold of the
embedding's power; **key** frequencies hold 5 % or more.

~~~gnuplot spectrum "Shares of the frequencies: grokked (bars), random answers (squares),
untrained (dots)"
set xlabel "frequency"; set ylabel "share of power"; set xrange [0:30]; set yrange [0:]
plot table("spectrum") using "frequency":"trained" with impulses ls 1 lw 9, \
  "" using "frequency":"random answers" with points linestyle 2, \
  "" using "frequency":"untrained" with points linestyle 9
~~~

~~~gnuplot circle "Numbers in the plane of their strongest frequency k, each joined to the
next in turn. Left: grokked. Right: random answers."
@BARE; eval height(340); set size ratio -1; set xrange [-1.8:4.6]; set yrange [-1.7:1.7]
s(i) = 1.25 - i * 0.6; out(x) = x * (1.38 + int(column(0)) % 2 * 0.17)
plot for [i = 0:1] table("circle") every ::60*i::60*i+59 using (column("x")*s(i)+3.3*i): \
  (column("y")*s(i)) with lines ls i+1, "" every ::0::58 using (out(column("x"))): \
  (out(column("y"))):"token" with labels font ",11", "" every 60 using \
  (3.3*column("panel")):(1.5*column("panel")):(sprintf("k = %d", column("k"))) with labels
~~~

## Cosines as logits

If it turns by $a$, then by $b$, and compares with $c$, its logits are sums of
$\cos(2 \pi k (a + b - c) / 59)$. How much of the logits' variance, centred over $c$, do
they hold for the key frequencies? The mean logit for each $a + b - c$ says it.

~~~gnuplot logits "Logits of $c$ (up) for $a$ (across), $b = 0$. Right: random answers."
@BARE; eval height(330); set size ratio -1; unset colorbox; set palette @DIVERGING
set xrange [-1:129]; set yrange [-1:66]; set cbrange [-20:20]
plot table("logits") using "a":"c":"trained" with image pixels, \
  "" using (69 + column("a")):"c":"random answers" with image pixels
~~~
*/
static double cosines(World *w, const real *logit, int n, const int *key)
{
    double all = 0, held = 0, mean[P] = { 0 }, basis[P * P];
    for (int i = 0; i < PAIRS * P; i++) {
        int c = i % P;
        double x = (double)(logit[i] - vmath_sum(P, logit + i - c) / P);
        all += x * x;
        mean[(w->sum[i / P] + P - c) % P] += x / PAIRS;
    }
    fourier_basis(P, basis);
    for (int i = 0; i < n; i++) {
        double part = vmath_dot_f64(P, mean, basis + (2 * key[i] - 1) * P);
        held += part * part * PAIRS;
    }
    return held / all;
}

/*
## What grows before it shows

Averaged over the pairs of a sum, a logit is a function of the sum, with frequencies. The
**restricted** loss, on new sums, is that of the key frequencies alone; the **excluded**
loss, on exercises, is that of all the rest.

~~~gnuplot life "Key frequencies alone can add (restricted, dashed), exercises need them
(excluded, solid) before the test loss (thin) falls. Dotted: excluded at random."
set logscale x; set xrange [10:3200]; set xlabel "step"; set ylabel "loss [nat]"
set label "excluded" at 1250, 9.8 tc ls 1; set label "restricted" at 330, 1.1 tc ls 2
plot table("life") using "step":"test loss" with lines linestyle 9, \
  "" using "step":"random" with lines @CONTROL, \
  "" using "step":"restricted" with lines ls 2, "" using "step":"excluded" with lines ls 1
~~~
*/
static Marks cut(World *w, Tape *t, const real *logit, bool keep, int n, const int *key)
{
    real mean[P * P] = { 0 }, *y = tape_alloc(t, PAIRS * P, sizeof *y);
    for (int i = 0; i < PAIRS * P; i++) mean[w->sum[i / P] * P + i % P] += logit[i] / P;
    fourier_filter(P, P, mean, n, key, true);
    for (int i = 0; i < PAIRS * P; i++) {
        real part = mean[w->sum[i / P] * P + i % P];
        y[i] = keep ? part : logit[i] - part;
    }
    return judge(w, y);
}

static void follow(Run *run, Life *net, Life *lax, World *w, int n, const int *key)
{
    double least[2], loss[2], rise[2] = { 0 };
    Tape *t = tape_new();
    for (int i = 0; i < net->n; i++) {
        const Marks *s = &net->marks[i];
        const real *logit = all_logits(net->model[i], t, w);
        for (int j = 0; j < 2; j++) {
            loss[j] = cut(w, t, logit, false, n, key + j * n).loss[TRAINED];
            least[j] = i == 0 || loss[j] < least[j] ? loss[j] : least[j];
            if (s->right[NEW] < 0.2) rise[j] = loss[j] - least[j];
        }
        double kept = cut(w, t, logit, true, n, key).loss[NEW];
        row(run, "life", net->step[i], s->right[TRAINED], s->right[MIRRORED],
            s->right[NEW], lax->marks[i].right[NEW], s->loss[NEW], kept, loss[0],
            loss[1]);
        tape_resume(t), tape_reset(t);
    }
    record(run, "hidden rise", rise[0]), record(run, "hidden rise random", rise[1]);
    tape_free(t);
}

static void note(Run *run, const Life *l, const char *ratio, const char *who)
{
    if (l->t1 && l->t2) record(run, ratio, (double)l->t2 / l->t1);
    else record_absent(run, ratio);
    record_as(run, l->marks[l->n - 1].right[NEW], "new sums%s", who);
    record_as(run, l->t1, "t1%s", who), record_as(run, l->t2, "t2%s", who);
}

static void run(Run *run, Rng rng)
{
    static const char *const who[3] = { "", " random", " untrained" };
    World *w[2] = { world_new(false, rng), world_new(true, rng) };
    Life *life[3] = { live(run, w[0], 1, 0, rng), live(run, w[1], 1, 1 / 3., rng),
                      live(run, w[0], 0, 2 / 3., rng) };
    Model *of[3] = { life[0]->end, life[1]->end, life[0]->model[0] };
    double share[3][HALF + 1], xy[P * 2];
    int order[3][HALF], n = 0, zero[P][3];
    const real *y[2];
    Tape *t = tape_new();
    for (int a = 0; a < P; a++) zero[a][0] = a, zero[a][1] = 0, zero[a][2] = P;
    for (int i = 0; i < 3; i++) {
        const real *e = model_weight(of[i], "embed.W_E")->v;
        double five = 0;
        fourier_shares(P, WIDTH, e, share[i], order[i]);
        for (int k = 0; k < 5; k++) five += share[i][order[i][k]];
        record_as(run, five, "top five%s", who[i]);
        while (n < HALF && share[0][order[0][n]] >= 0.05) n++;
        if (i == 2) continue;
        y[i] = all_logits(of[i], t, w[i]);
        record_as(run, cosines(w[i], y[i], n, order[i]), "cosines%s", who[i]);
        y[i] = model_last_logits(of[i], t, zero[0], P, 3)->v;
        fourier_plane(P, WIDTH, e, order[i][0], xy);
        for (int turn = 0, a = 0; turn <= P; turn++) {
            row(run, "circle", i, order[i][0], a, xy[2 * a], xy[2 * a + 1]);
            while (order[i][0] * a % P != (turn + 1) % P) a = (a + 1) % P;
        }
    }
    note(run, life[0], "t2/t1", ""), note(run, life[2], "t2/t1 lax", " lax");
    rng_shuffle(rng_named(rng, "others"), order[0] + n, HALF - n);
    follow(run, life[0], life[2], w[0], n, order[0]);
    for (int k = 1; k <= HALF; k++)
        row(run, "spectrum", k, share[0][k], share[1][k], share[2][k]);
    for (int i = 0; i < P * P; i++)
        row(run, "logits", i / P, i % P, rint((double)y[0][i]), rint((double)y[1][i]));
    for (int i = 0; i < 3; free(life[i++]))
        for (int j = 0; j < life[i]->n; j++) model_free(life[i]->model[j]);
    tape_free(t), free(w[0]), free(w[1]);
}

/*
## What we find

The exercises are known after {{=t1|%.0f}} steps, addition after {{=t2|%.0f}}; without
weight decay {{=new sums lax*100|%.1f}} % of the new sums are right at the end. Five
frequencies hold {{few-frequencies*100|%.0f}} % of the embedding, and
{{few-frequencies.control*100|%.0f}} % where answers are random. Cosines make up
{{trig-logits*100|%.0f}} % of the logits' variance, against
{{trig-logits.control*100|%.1f}} %. While fewer than a fifth of the new sums are right, the
excluded loss rises by {{hidden-progress|%.1f}} nats: the late jump is the end of a long
way. That language models grok does not follow.
*/
