/*
# What a policy was rewarded for can be read from its behaviour

A writer who is fined for certain words, and for certain pairs of words, soon avoids them.
Who compares his texts with those from before the fines can tell what was fined, and can
train another writer with it. Joselowitz and others did so for language models that had
been trained against toxic text [@joselowitz2024insights]. But the reward itself is not
found: many rewards make the same writer [@ng1999policy].

What could fool us: words that became rarer by chance look like aims. So the same search
runs on two samples of the *same* writer, and on pairs of texts whose order was tossed.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "reward-from-behaviour",
    .run = run,
    .tables = { { "demonstrations", "pairs, recovered, tossed" },
                { "tokens", "token, true, recovered" } },
    ABOUT(.title = "Reading rewards", .section = "interpretability/reward-functions",
          .cites = "joselowitz2024insights, ng1999policy", .seeds = 5, .core_s = 1,
          .carries = { "Detoxified language models", "Chains of twelve tokens",
                       "Recovery, retraining, ambiguity", "Human preferences; size" }),
    .claims = CLAIMS(
        { .id = "reward-recovered",
          .text = "the recovered reward says which of two texts is better (accuracy)",
          .value = "accuracy",
          .side = ABOVE,
          .bound = 0.85,
          .why = "the source reached 0.80, later 0.85; pilots 0.97",
          .controls = { { "accuracy without reward", "both samples of the untuned writer",
                          .side = WITHIN, .bound = 0.4, .upper = 0.6 },
                        { "accuracy of tossed", "pairs tossed, mean of 8 tosses",
                          .side = WITHIN, .bound = 0.4, .upper = 0.6 } } },
        { .id = "more-demonstrations-help",
          .text = "ten times as many demonstrations help (gain in accuracy over 500)",
          .value = "gain",
          .side = OVER,
          .bound = 0.04,
          .tier = REPORT,
          .why = "pilots gained 0.07 to 0.09, tosses 0.01",
          .controls = { { "gain of tossed", "pairs tossed, mean of 8 tosses" } } },
        { .id = "not-identifiable",
          .text = "another reward has the same optimum (distance of the policies [nat])",
          .value = "distance of finished",
          .side = BELOW,
          .bound = 1e-6,
          .also = { { "correlation of steps", BELOW, 0.7 } },
          .why = "exact: a potential that ends at zero cancels; the rest is rounding",
          .controls = { { "distance of unfinished",
                          "a potential that ends elsewhere",
                          { "correlation of steps" } } } },
        { .id = "retraining-works",
          .text = "training on it removes toxicity (share of what the true one does)",
          .value = "retrained",
          .side = ABOVE,
          .bound = 0.7,
          .why = "most of the effect; a pilot had 0.92",
          .controls = { { "retrained by tossed", "the order of each pair tossed" } } },
        { .id = "ambiguity-across-features",
          .text = "rewards from other features or texts agree (least share of pairs)",
          .value = "least agreement",
          .tier = REPORT }),
};

/*
## A world with fines

A text has twelve tokens of 32 kinds. The untuned writer $\pi_0$ draws each after the one
before, from a random table of squared normal numbers. A reward is a weight for each token
and each pair of neighbours, 32 + 1024; the true one, $r$, is $-1$ for four tokens and
forty pairs. To each step it may add $\phi(s') - \phi(s)$, with a *potential* $\phi$.
*/
enum { V = 32, T = 12, W = V + V * V, DEMOS = 5000, EXAM = 4000 };
#define BETA 0.5
typedef struct {
    double w[W], phi[V];
    bool unfinished; /* phi counts at the last position too */
} Reward;
typedef struct {
    double p[T][V][V]; /* [t][s][x]: x at t, after s; at t = 0 s plays no part */
} Policy;
typedef struct {
    int8_t x[T];
} Text;
typedef struct {
    Policy base, best;
    Reward truth;
    Text *bad, *good, *exam;
} World;

static double step_reward(const Reward *r, int t, int s, int x)
{
    double sum = r->w[x] + (t ? r->w[V + s * V + x] - r->phi[s] : 0);
    return t < T - 1 || r->unfinished ? sum + r->phi[x] : sum;
}

static double worth(const Reward *r, const Text *text)
{
    double sum = 0;
    for (int t = 0; t < T; t++)
        sum += step_reward(r, t, t ? text->x[t - 1] : 0, text->x[t]);
    return sum;
}

static Reward fines(Rng rng)
{
    Reward r = { 0 };
    int order[V * V];
    for (int part = 0; part < 2; part++) {
        rng_permutation(rng_child(rng, (uint64_t)part), order, part ? V * V : V);
        for (int i = 0; i < (part ? 40 : 4); i++) r.w[part * V + order[i]] = -1;
    }
    return r;
}

static double normalise(double p[V])
{
    double sum = 0;
    for (int x = 0; x < V; x++) sum += p[x];
    for (int x = 0; x < V; x++) p[x] /= sum;
    return sum;
}

static void untuned(Policy *base, Rng rng)
{
    for (int i = 0; i < T * V * V; i++) {
        double z = rng_normal(rng, (uint64_t)(i < V * V ? i % V : V + i % (V * V)));
        base->p[i / V / V][i / V % V][i % V] = z * z;
    }
    for (int i = 0; i < T * V; i++) normalise(base->p[i / V][i % V]);
}

static Text *write_texts(const Policy *policy, int n, Rng rng)
{
    Text *text = alloc((size_t)n, sizeof *text);
    for (int i = 0; i < n * T; i++) {
        int t = i % T, x = 0;
        const double *p = policy->p[t][t ? text[i / T].x[t - 1] : 0];
        double u = rng_uniform(rng, (uint64_t)i);
        for (; x < V - 1 && u >= p[x]; x++) u -= p[x];
        text[i / T].x[t] = (int8_t)x;
    }
    return text;
}

/*
## The best writer under fines

Tuning seeks the largest mean reward less $\beta$ times the distance (Kullback and
Leibler's) from $\pi_0$. For chains the answer is exact, backwards from the last token:
$\pi_t(x|s) \propto \pi_0(x|s) \exp((r_t(s, x) + V_{t+1}(x)) / \beta)$, and $\beta$ times the
logarithm of the sum over $x$ is $V_t(s)$.
*/
static void tune(const Policy *base, const Reward *r, double beta, Policy *best)
{
    double value[T + 1][V] = { { 0 } };
    for (int i = T * V - 1; i >= 0; i--) {
        int t = i / V, s = i % V;
        double *p = best->p[t][s];
        for (int x = 0; x < V; x++) {
            double gain = step_reward(r, t, s, x) + value[t + 1][x];
            p[x] = base->p[t][s][x] * vmath_exp(gain / beta);
        }
        value[t][s] = beta * vmath_log(normalise(p));
    }
}

/* The mean over p's texts of log p/q or, if q is NULL, of r. */
static double expect(const Policy *p, const Policy *q, const Reward *r)
{
    double at[T + 1][V] = { { 1 } }, sum = 0;
    for (int i = 0; i < T * V * V; i++) {
        int t = i / V / V, s = i / V % V, x = i % V;
        double own = p->p[t][s][x], m = at[t][s] * own;
        at[t + 1][x] += m;
        if (!q) sum += m * step_reward(r, t, s, x);
        else if (m > 0) sum += m * vmath_log(own / q->p[t][s][x]);
    }
    return sum;
}

/*
## Reading the aim from the texts

We see texts of both writers, nothing else. A reward $R$ shall put each text $x_+$ of the
tuned one above one of the untuned by a margin: the least mean of $\max(0, 1 - R(x_+) +
R(x_-))$ plus a little $|w|^2$, a convex problem that small steps solve. All texts are of
one length, so $R$ cannot count tokens.
*/
typedef enum { BOTH, TOKENS, PAIRS } Features;

static void add(Reward *r, Features f, const Text *text, double by)
{
    for (int t = 0; t < T; t++) {
        if (f != PAIRS) r->w[text->x[t]] += by;
        if (t && f != TOKENS) r->w[V + text->x[t - 1] * V + text->x[t]] += by;
    }
}

static Reward recover(Run *run, Features f, bool tossed, int n, const Text *good,
                      const Text *bad, Rng rng)
{
    const int steps = scaled(run, 128000, 100);
    Reward r = { 0 };
    for (int step = 0; step < steps; step++) {
        int i = rng_below(rng, (uint64_t)step, n);
        double rate = 0.01 * (1 - step / (double)steps);
        if (tossed && rng_below(rng_named(rng, "toss"), (uint64_t)i, 2)) rate = -rate;
        if ((worth(&r, &good[i]) - worth(&r, &bad[i])) * (rate < 0 ? -1 : 1) < 1)
            add(&r, f, &good[i], rate), add(&r, f, &bad[i], -rate);
        for (int k = 0; k < W && step % 64 == 0; k++) r.w[k] *= 1 - 0.128 * fabs(rate);
    }
    return r;
}

/* The exam: new texts of the untuned writer, in pairs that differ to a judge. */
static double agreement(const World *w, const Reward *judge, const Reward *r)
{
    double right = 0, asked = 0;
    for (int i = 0; i < EXAM; i++) {
        const Text *a = &w->exam[i], *b = &w->exam[(i * 7 + 1) % EXAM];
        double gap = worth(judge, a) - worth(judge, b);
        if (fabs(gap) < 0.5) continue;
        asked++, right += (worth(r, a) - worth(r, b)) * gap > 0;
    }
    return right / asked;
}

/* R has no scale of its own: beta is what takes a writer as far from pi_0 as the tuned. */
static double retrained(const World *w, const Reward *R)
{
    Policy p;
    double before = expect(&w->base, NULL, &w->truth), beta = 1,
           far = expect(&w->best, &w->base, NULL);
    for (double by = 64; by > 1.0001; by = sqrt(by)) {
        tune(&w->base, R, beta, &p);
        beta *= expect(&p, &w->base, NULL) > far ? by : 1 / by;
    }
    return (expect(&p, NULL, &w->truth) - before) /
           (expect(&w->best, NULL, &w->truth) - before);
}

/*
A potential that is zero before the first token and at the last adds nothing to any text:
it cannot change the optimum, however it changes single steps.
*/
static void shape_reward(Run *run, const World *w, Rng rng)
{
    Policy p;
    Reward r = w->truth;
    double step[2][V * V];
    for (int s = 0; s < V; s++) r.phi[s] = rng_normal(rng, (uint64_t)s);
    for (int i = 0; i < V * V; i++) {
        step[0][i] = step_reward(&w->truth, 1, i / V, i % V);
        step[1][i] = step_reward(&r, 1, i / V, i % V);
    }
    record(run, "correlation of steps", stats_correlation(V * V, step[0], step[1]));
    tune(&w->base, &r, BETA, &p);
    record(run, "distance of finished", fabs(expect(&w->best, &p, NULL)));
    r.unfinished = true;
    tune(&w->base, &r, BETA, &p);
    record(run, "distance of unfinished", expect(&w->best, &p, NULL));
}

static void run(Run *run, Rng rng)
{
    static const int sizes[] = { 50, 125, 250, 500, 1250, 2500, DEMOS };
    World w = { .truth = fines(rng_named(rng, "fines")) };
    Rng fit = rng_named(rng, "fit");
    Reward R, chance, ratio = { 0 };
    double right[COUNT(sizes)], tossed[COUNT(sizes)] = { 0 }, least = 1;
    untuned(&w.base, rng_named(rng, "base"));
    tune(&w.base, &w.truth, BETA, &w.best);
    w.bad = write_texts(&w.base, 2 * DEMOS, rng_named(rng, "bad"));
    w.good = write_texts(&w.best, 2 * DEMOS, rng_named(rng, "good"));
    w.exam = write_texts(&w.base, EXAM, rng_named(rng, "exam"));
    for (int k = 0; k < COUNT(sizes); k++) {
        R = recover(run, BOTH, false, sizes[k], w.good, w.bad, fit);
        right[k] = agreement(&w, &w.truth, &R);
        for (int i = 0; i < 8; i++) {
            Rng toss = rng_child(fit, (uint64_t)i);
            chance = recover(run, BOTH, true, sizes[k], w.good, w.bad, toss);
            tossed[k] += agreement(&w, &w.truth, &chance) / 8;
        }
        row(run, "demonstrations", sizes[k], right[k], tossed[k]);
    }
    Reward none = recover(run, BOTH, false, DEMOS, w.bad + DEMOS, w.bad, fit);
    record(run, "accuracy", right[6]);
    record(run, "accuracy of tossed", tossed[6]);
    record(run, "accuracy without reward", agreement(&w, &w.truth, &none));
    record(run, "gain", right[6] - right[3]);
    record(run, "gain of tossed", tossed[6] - tossed[3]);
    record(run, "retrained", retrained(&w, &R));
    record(run, "retrained by tossed", retrained(&w, &chance));
    for (int x = 0; x < V; x++) {
        Reward one = { 0 };
        one.w[x] = 1;
        ratio.w[x] = vmath_log(expect(&w.best, NULL, &one) / expect(&w.base, NULL, &one));
        row(run, "tokens", x, w.truth.w[x], R.w[x]);
    }
    record(run, "accuracy of frequencies", agreement(&w, &w.truth, &ratio));
    for (int i = 0; i < 3; i++) { /* from other texts */
        Reward r =
            recover(run, (Features)i, false, DEMOS, w.good + DEMOS, w.bad + DEMOS, fit);
        double same = agreement(&w, &R, &r);
        least = same < least ? same : least;
    }
    record(run, "least agreement", least);
    shape_reward(run, &w, rng_named(rng, "potential"));
    free(w.good), free(w.bad), free(w.exam);
}

/*
## What we find

~~~gnuplot demonstrations "How often the recovered reward orders two new texts rightly"
set logscale x; set xrange [45:5500]; set yrange [0.4:1]; eval room(9)
set xlabel "pairs of texts"; set ylabel "pairs in the right order"
eval control({{=accuracy of frequencies}}, "token frequencies alone")
eval bound({{reward-recovered.bound}}, "bound")
plot table("demonstrations") using 1:"recovered" with linespoints title "recovered" at end, \
  "" using 1:"tossed" with linespoints title "tossed" at end
~~~

The recovered reward is right in {{reward-recovered*100|%.1f}} % of the pairs; one from two
samples of one writer in {{reward-recovered.control*100|%.0f}} %, from tossed pairs in
{{reward-recovered.control2*100|%.0f}} %. But counting goes far: the logarithm of how much
rarer each token became is right in {{=accuracy of frequencies*100|%.1f}} %. Training on
$R$ removes {{retraining-works*100|%.0f}} % of what training on $r$ does.

~~~gnuplot tokens "The weights of single tokens: true (grey) and recovered"
set xlabel "token"; set ylabel "weight"; set xrange [-1:32]; set style fill solid 0.7 noborder
set boxwidth 0.9; plot table("tokens") using 1:"true" with boxes lc rgb "#cccccc", \
  "" using 1:"recovered" with impulses ls 1 lw 5
~~~

Yet it is not *the* reward. A potential makes the steps of another correlate with those of
$r$ by {{=correlation of steps|%.2f}} only; the distance of their optima is
{{not-identifiable|%.0e}} nat. If it does not end at zero, it is
{{not-identifiable.control|%.1f}} nat. Texts tell what is rewarded on the whole, not when.
And features may be exchanged for others: rewards of tokens alone, or of pairs alone, from
other texts, order at least {{ambiguity-across-features.min*100|%.0f}} % of the pairs alike.

## What our scale cannot show

Human preferences, language, and a writer who stopped short of the optimum: ours is exact.
*/
