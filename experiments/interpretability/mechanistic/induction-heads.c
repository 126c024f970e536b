/*
# Two heads learn to look up what came next

Show a small transformer sequences that each obey a rule of their own. For a while it
learns nothing; then, within a few hundred steps, two of its parts lock together and read
the rule off the sequence. One, an attention head in the first layer, notes at each place
which token came before it. The other, in the second layer, searches these notes: after `A
B ... A` it attends to `B`, and copies it. Elhage, Nanda, Olsson and others explained such
**induction heads** [@elhage2021framework], tied their birth to the start of learning in
context [@olsson2022induction], and Edelman and others saw them form on Markov chains
[@edelman2024statistical].

What could fool us: a task that is easier than it looks, a score that any model gets, a
head that is there but not needed. So one layer trains on the same task, two layers on
tokens without a rule, and heads are removed.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "induction-heads",
    .run = run,
    .tables = { { "curve", "step, accuracy, prefix matching, previous token, in-context "
                           "[nat], loss, one layer" },
                { "maps", "stage, layer, query, key, attention [%]" },
                { "ablation", "head, zero, mean" },
                { "places", "place, 600, 750, 900, 1050, 1200, 3000" },
                { "phases", "step, uniform, unigram, bigram" } },
    ABOUT(.title = "Induction heads", .section = "interpretability/mechanistic",
          .cites = "elhage2021framework, olsson2022induction, edelman2024statistical",
          .seeds = 3, .core_s = 55, .quick = true,
          .carries = { "Attention-only models and language models, trained on text",
                       "Attention only, 32 dimensions, 16 tokens, a rule per sequence",
                       "The circuit, what breaks it, what replaces it, its sudden birth",
                       "That large models learn in context by this and nothing else" }),
    .claims = CLAIMS(
        { .id = "two-layers-solve",
          .text = "two layers with a head each name the token that followed (share)",
          .value = "accuracy two layers",
          .side = ABOVE,
          .bound = 0.85,
          .why = "a pilot gave .90; the noise in the sequences costs the rest",
          .controls = { { "accuracy one layer", "one layer", .side = BELOW,
                          .bound = 0.25 },
                        { "accuracy no rule", "trained without a rule" } } },
        { .id = "prefix-matching",
          .text = "the head of layer 1 attends to what followed before (share)",
          .value = "prefix matching two layers",
          .side = ABOVE,
          .bound = 0.6,
          .why = "amid the gap between a pilot's .77 and chance",
          .controls = { { "prefix matching no rule", "trained without a rule",
                          .side = BELOW, .bound = 0.15 },
                        { "prefix matching untrained", "before training" } } },
        { .id = "previous-token-head",
          .text = "the head of layer 0 attends to the token before (share)",
          .value = "previous token two layers",
          .side = ABOVE,
          .bound = 0.5,
          .why = "amid the gap between a pilot's .68 and chance",
          .controls = { { "previous token untrained", "before training" },
                        { "previous token no rule", "trained without a rule" } } },
        { .id = "both-heads-needed",
          .text = "without either head the ability is gone: the better share of the two",
          .value = "accuracy without a head",
          .side = BELOW,
          .bound = 0.25,
          .also = { { "accuracy with a head at its mean", BELOW, 0.25 } },
          .why = "the level of one layer; heads replaced by zeros, and by their means",
          .controls = { { "accuracy without one of four",
                          "one of four heads a layer",
                          { "accuracy with one of four at its mean" } } } },
        { .id = "smear-replaces-a-layer",
          .text = "keys that mix in the token before let one layer do it (share)",
          .value = "accuracy smeared keys",
          .side = ABOVE,
          .bound = 0.75,
          .why = "amid the gap: a pilot gave .85 with and .13 without",
          .controls = { { "accuracy one layer", "one layer, plain keys" } } },
        { .id = "co-timing",
          .text = "head and ability reach half their height together (share of the run)",
          .value = "delay two layers",
          .side = BELOW,
          .bound = 0.05,
          .why = "three times a pilot; the control's is absent, since nothing rises",
          .controls = { { "delay no rule", "trained without a rule" } } },
        { .id = "abrupt",
          .text = "no ability for 450 steps (share), then a rise within 15 % of the run",
          .value = "early accuracy two layers",
          .side = BELOW,
          .bound = 0.15,
          .also = { { "rise two layers", BELOW, 0.15 } },
          .why = "pilots rose within 10 %; one layer's rise is absent, as it should be",
          .controls = { { "early accuracy one layer", "one layer", { "rise one layer" } },
                        { "early accuracy one rule",
                          "one rule",
                          { "rise one rule" } } } },
        { .id = "periodic-transfer",
          .text = "the model goes on with repeats, which it never trained on (share)",
          .value = "accuracy on repeats two layers",
          .side = ABOVE,
          .bound = 0.6,
          .tier = REPORT,
          .why = "set by judgement",
          .controls = { { "accuracy on repeats one layer", "one layer" } } },
        { .id = "markov-phases",
          .text = "on Markov chains frequencies rule the predictions: share of the run",
          .value = "unigram phase",
          .tier = REPORT }),
};

/*
~~~gnuplot curve "Two layers in training. Both heads, the accuracy and the gain by context
(in nat) rise together where the loss (as a share of ln 16) bends; one layer stays low."
eval room(17); set xlabel "training step"; set yrange [-.02:1]; y=".9 .97 .76 .6 .83 .15"
names = "accuracy 'prefix matching' 'previous token' in-context loss 'one layer'"
do for [i=1:6] { set label word(names, i) at 3050, word(y, i) + 0 textcolor linestyle i }
plot for [i=2:7] table("curve") using 1:i with lines
~~~

## A task that only comparison solves

A sequence draws a random permutation $f$ of 16 tokens. The next token is $f(x)$ with
probability 0.7, else any. Each sequence has a new $f$, so nothing can be learnt by heart.
The noise matters: a purely periodic sequence can be continued without finding the exact
place. We judge where the step from $x$ to $f(x)$ was seen before and comes again; chance
is 1/16. In control worlds there is no rule, or one for all.
*/
enum { V = 16, T = 40, B = 32, EVERY = 50, CHECKS = 61, EARLY = 450 };
typedef enum { OWN_RULE, NO_RULE, ONE_RULE, CHAINS } Law;
typedef struct {
    const char *name;
    int layers, heads;
    Law law;
    Keys keys;
} World;

static void draw(Task *k, Law law, Rng rule, Rng rng)
{
    if (law == CHAINS) task_chains(k, 3, 1, rng);
    else if (law == ONE_RULE) task_one_permutation(k, V, 0.7, rule, rng);
    else task_permutations(k, V, law == NO_RULE ? 0 : 0.7, rng);
}

/*
## What we measure

**Prefix matching** is the attention that goes to all tokens that followed earlier
occurrences of the present one, **previous token** the attention to the place before, and
the gain by context the mean loss at places 5 to 10 less that beyond 30. All is judged
every 50 steps on sequences that no model trains on; one head a layer leaves no choice.

~~~gnuplot places "The loss at each place of the sequence, at six steps of the training."
set xlabel "place in the sequence"; set ylabel "loss [nat]"; eval room(5)
plot for [c in "600 750 900 1050 1200 3000"] table("places") using 1:c w l t c at end
~~~
*/
typedef struct {
    Model *model;
    int n, unigram; /* checks; those at which mere frequencies describe it best */
    Induction at[CHECKS];
} Trained;

/*
On Markov chains of three states we compare with three ways to count, since models may
pass through phases of knowing nothing, frequencies, and pairs [@edelman2024statistical].

~~~gnuplot phases "Markov chains: how far the predictions are from those of counting."
set xlabel "training step"; set ylabel "KL distance [nat]"; set yrange [0:*]; eval room(7)
plot for [c in "uniform unigram bigram"] table("phases") using "step":c w l t c at end
~~~
*/
static void judge_phase(Run *run, Trained *x, const Task *k)
{
    double far[3];
    for (int order = 0; order < 3; order++)
        far[order] = induction_distance(x->model, k, order);
    row(run, "phases", EVERY * x->n++, far[0], far[1], far[2]);
    x->unigram += far[1] < far[0] && far[1] < far[2];
}

/*
~~~gnuplot maps "Attention on a sequence of period ten, from each place (down) to earlier
ones (across). After training layer 0 looks one place back; layer 1 looks at what followed
the present token one, two and three periods ago."
eval height(660); unset grid; unset border; unset tics; unset colorbox; set lmargin 2
set bmargin 0.5; set tmargin 0.5; set rmargin 2; set cbrange [0:100]; set yrange [72:-6]
do for [i=0:3] { set label sprintf("layer %d, step %s", i % 2, i / 2 ? "3000" : "450") \
  at 38 * (i % 2), 38 * (i / 2) - 3 }
plot for [i=0:3] table("maps") every ::1024*i::1024*i+1023 using \
  (38 * (i % 2) + column("key")):(38 * (i / 2) + column("query")):5 with image pixels
~~~
*/
static void draw_maps(Run *run, Model *m, int stage, Rng rng)
{
    double p[32 * 32];
    Task *k = task_new(1, 32);
    task_repeats(k, V, 10, 10, rng);
    for (int layer = 0; layer < 2; layer++) {
        induction_pattern(m, k, layer, p);
        for (int i = 0; i < 32 * 32; i++)
            row(run, "maps", stage, layer, i / 32, i % 32, rint(100 * p[i]));
    }
    task_free(k);
}

/*
## Training

Attention only, no layer norms, no biases, width 32. Smeared keys are the source's own
test: a key that mixes in the key before it needs no note, so one layer should do.
*/
static Trained *train(Run *run, World w, Rng rng)
{
    Trained *x = alloc(1, sizeof *x);
    Task *k = task_new(B, T), *test = task_new(scaled(run, 256, 16), T);
    Rng rule = rng_named(rng, "rule"), data = rng_named(rng, "data");
    draw(test, w.law == NO_RULE ? OWN_RULE : w.law, rule, rng_named(rng, "test"));
    x->model = induction_model(w.law == CHAINS ? 3 : V, T, w.layers, w.heads, w.keys,
                               rng_named(rng, "init"));
    OptimSpec adam = { .lr = 3e-3, .beta2 = 0.98, .warmup = 100 };
    Optim *o = optim_new(adam, model_params(x->model));
    Tape *t = tape_new();
    int steps = scaled(run, 3000, 50);
    for (int step = 0; step <= steps; step++) {
        if (step % EVERY == 0 && w.law == CHAINS) judge_phase(run, x, test);
        else if (step % EVERY == 0) x->at[x->n++] = induction_judge(x->model, t, test);
        if (!strcmp(w.name, "two layers") && (step == EARLY || step == steps))
            draw_maps(run, x->model, step > EARLY, rng);
        if (step == steps) break;
        draw(k, w.law, rule, rng_child(data, (uint64_t)step));
        Tensor *loss = op_xent(t, model_logits(x->model, t, k->tok, B, T), k->target);
        tape_backward(t, loss);
        optim_step(o);
        tape_reset(t);
    }
    tape_free(t), optim_free(o), task_free(k), task_free(test);
    return x;
}

/*
A quantity *rises* through a share of its last value if it starts below; one that starts
above, or never moves, does not.
*/
static void note(Run *run, const char *who, const Trained *x, const Task *repeats)
{
    double y[CHECKS], prefix[CHECKS];
    int n = x->n, early = n < EARLY / EVERY ? n : EARLY / EVERY;
    for (int c = 0; c < n; c++) y[c] = x->at[c].accuracy, prefix[c] = x->at[c].prefix;
    int from[] = { stats_rise(n, y, 0.25), stats_rise(n, prefix, 0.5) };
    int to[] = { stats_rise(n, y, 0.75), stats_rise(n, y, 0.5) };
    for (int i = 0; i < 2; i++) {
        char *name = text_format("%s %s", i ? "delay" : "rise", who);
        if (from[i] < 0 || to[i] < 0) record_absent(run, name);
        else record(run, name, fabs((double)(to[i] - from[i])) / (CHECKS - 1));
        free(name);
    }
    record_as(run, stats_quantile(early, y, 1), "early accuracy %s", who);
    record_as(run, induction_accuracy(x->model, repeats), "accuracy on repeats %s", who);
    record_as(run, x->at[n - 1].accuracy, "accuracy %s", who);
    record_as(run, x->at[n - 1].prefix, "prefix matching %s", who);
    record_as(run, x->at[n - 1].previous, "previous token %s", who);
}

/*
## Taking heads away

What a head writes becomes zero, or its mean over other sequences. On these, the control
chooses the head of layer 1 that matches prefixes best, out of four, and loses it.

~~~gnuplot ablation "What is left without each head, by zeros (bars) and by means (dots).
Left: one head a layer. Right: four. A head is named by its layer and its number."
eval bound({{both-heads-needed.bound}}, "bound"); set yrange [0:1.05]
set xrange [-.6:9.6]; set ylabel "accuracy"; set xlabel "removed head"; set boxwidth 0.6
plot table("ablation") using 0:"zero":xtic(1) with boxes ls 1 fs solid 0.35, \
  "" using 0:"mean" with points ls 2 ps 1
~~~
*/
static void remove_heads(Run *run, Model *m, const char *which, Task *pick, Task *test)
{
    int H = model_spec(m)->heads, best = induction_best(m, pick);
    double most[2] = { 0 };
    for (int i = 0; i < 2 * H; i++) {
        double left[] = { induction_without(m, test, NULL, i / H, i % H),
                          induction_without(m, test, pick, i / H, i % H) };
        char head[] = { (char)('0' + i / H), '.', (char)('0' + i % H), 0 };
        row_n(run, "ablation", head, 2, left);
        for (int j = 0; j < 2 && (H == 1 || i == H + best); j++)
            most[j] = left[j] > most[j] ? left[j] : most[j];
    }
    record_as(run, most[0], "accuracy without %s", which);
    record_as(run, most[1], "accuracy with %s at its mean", which);
}

enum { TWO, ONE, FOUR = 5, MARKOV, ALL };
static const World world[ALL] = { { "two layers", 2, 1, OWN_RULE, 0 },
                                  { "one layer", 1, 1, OWN_RULE, 0 },
                                  { "smeared keys", 1, 1, OWN_RULE, KEYS_SMEARED_HALF },
                                  { "no rule", 2, 1, NO_RULE, 0 },
                                  { "one rule", 2, 1, ONE_RULE, 0 },
                                  { "four heads", 2, 4, OWN_RULE, 0 },
                                  { "chains", 2, 1, CHAINS, 0 } };

static void run(Run *run, Rng rng)
{
    Trained *x[ALL];
    int n = scaled(run, 512, 16);
    Task *repeats = task_new(n, T), *pick = task_new(n, T), *test = task_new(n, T);
    task_repeats(repeats, V, 5, 15, rng_named(rng, "repeats"));
    task_permutations(pick, V, 0.7, rng_named(rng, "pick"));
    task_permutations(test, V, 0.7, rng_named(rng, "without"));
    for (int i = 0; i < ALL; i++) {
        x[i] = train(run, world[i], rng);
        if (i != MARKOV) note(run, world[i].name, x[i], repeats);
        progress(run, (i + 1.) / ALL);
    }
    const Induction *at = x[TWO]->at;
    record(run, "prefix matching untrained", at[0].prefix);
    record(run, "previous token untrained", at[0].previous);
    record(run, "unigram phase", (double)x[MARKOV]->unigram / x[MARKOV]->n);
    remove_heads(run, x[TWO]->model, "a head", pick, test);
    remove_heads(run, x[FOUR]->model, "one of four", pick, test);
    for (int c = 0; c < x[TWO]->n; c++)
        row(run, "curve", c * EVERY, at[c].accuracy, at[c].prefix, at[c].previous,
            at[c].gain, at[c].loss / vmath_log(V), x[ONE]->at[c].accuracy);
    for (int p = 0; p < T; p++)
        row(run, "places", p, at[12].place[p], at[15].place[p], at[18].place[p],
            at[21].place[p], at[24].place[p], at[60].place[p]);
    for (int i = 0; i < ALL; i++) model_free(x[i]->model), free(x[i]);
    task_free(repeats), task_free(pick), task_free(test);
}

/*
## What we find

Two layers name {{two-layers-solve*100|%.0f}} % of the tokens that can be known, one layer
{{two-layers-solve.control*100|%.0f}} %, one with smeared keys
{{smear-replaces-a-layer*100|%.0f}} %. The second head gives
{{prefix-matching*100|%.0f}} % of its attention to what followed before, the first
{{previous-token-head*100|%.0f}} % to the token before; without one of them at most
{{both-heads-needed.max*100|%.0f}} % are right. Between a quarter and three quarters of the
height lie {{abrupt.also*100|%.0f}} % of the run, between the two at half of it
{{co-timing*100|%.1f}} %. Repeats are continued in {{periodic-transfer*100|%.0f}} % of the
cases, and on Markov chains frequencies describe {{markov-phases*100|%.0f}} % of the run
best. Of four heads in layer 1, losing the best leaves
{{both-heads-needed.control*100|%.0f}} %: others do the same. To remove one in vain proves nothing.

What our scale cannot show is that large models learn in context by this and nothing else.
*/
