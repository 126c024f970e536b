/*
# A smooth loss is made of skills that come suddenly

A network with many skills to learn learns each of them suddenly, the most used first, and
the mean over all of them falls smoothly: at every moment the loss is what the missing
skills cost. If skills are used by a power law, so the loss falls. Michaud, Liu, Girit and
Tegmark propose this as an explanation of scaling laws; the skills are their quanta
[@michaud2023quantization].

One network learns 64 unrelated tasks; each is the parity of three out of twelve bits, and
task $k$ is met in proportion to $k^{-1.4}$. What could fool us is that whatever is drawn
over the rank of the tasks may look like a law. So another network meets all tasks equally
often and must learn them in no order, and the loss is also held against what would be
missing if the frequencies were dealt to the tasks anew.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "quanta",
    .run = run,
    .has_long = true,
    .tables = { { "course", "step, loss [nat], missing [nat], reshuffled [nat], learned, "
                            "task 1, task 2, task 4, task 8, task 16" } },
    ABOUT(.title = "Quanta of skill", .section = "information-processing/scaling-laws",
          .cites = "michaud2023quantization", .seeds = 5, .core_s = 12, .quick = true,
          .long_core_s = 36,
          .carries = { "Multitask sparse parity with 100 bits; language models",
                       "64 tasks on 12 bits, 256 units in one layer, 16,384 steps",
                       "Sudden skills by order of use; a loss that is what is missing",
                       "That text is made of such quanta" }),
    .claims = CLAIMS(
        { .id = "order-of-use",
          .text = "skills are learned in the order of their use (rank correlation)",
          .value = "order",
          .side = ABOVE,
          .bound = 0.8,
          .why = "a task's gradient is in proportion to its use; a pilot found 0.96",
          .controls = { { "order if equal", "all tasks are used equally" } } },
        { .id = "time-to-skill",
          .text =
              "the time to a skill grows about in proportion to its rarity (exponent)",
          .value = "time exponent",
          .side = WITHIN,
          .bound = 0.8,
          .upper = 1.5,
          .why = "theory says 1; a pilot found 1.23",
          .controls = { { "time exponent if equal",
                          "all used equally, against the use they would have had" } } },
        { .id = "loss-is-the-unlearned-tail",
          .text = "the loss is what is missing, ln 2 times the use of the skills not yet "
                  "learned (least and largest ratio at any test from step 512 on)",
          .value = "least ratio",
          .side = WITHIN,
          .bound = 0.75,
          .upper = 1.3,
          .also = { { "largest ratio", WITHIN, 0.75, 1.3 } },
          .why = "an unknown parity costs ln 2; nothing is fitted",
          .controls = { { "least ratio, reshuffled",
                          "their use dealt to the tasks anew",
                          { "largest ratio, reshuffled" } } } },
        { .id = "skills-grow",
          .text = "the number of skills grows as a power of the steps (exponent)",
          .value = "growth exponent",
          .side = WITHIN,
          .bound = 0.45,
          .upper = 0.85,
          .why = "1/1.4 if time is in proportion to use; pilots found 0.52 to 0.69",
          .controls = { { "growth exponent if equal", "all tasks are used equally" } } },
        { .id = "width-scan",
          .text = "skills after all steps, by width from 8 to 256 (exponent)",
          .value = "width exponent",
          .variant = "long",
          .tier = REPORT }),
};

/*
## Sixty-four parities

The input is the number of a task and twelve random bits; the answer is whether an odd
number of the task's three bits is set. No two tasks have the same three. Two of a
parity's bits say nothing, so a task is known or it is not, and guessing costs $\ln 2$.
*/

enum { BITS = 12, TASKS = 64, TRIPLES = 220 };
typedef struct {
    uint64_t set[TRIPLES]; /* the bits of task k, and those of no task */
    double use[TASKS];     /* share of the examples */
} World;

static World draw_world(double exponent, Rng r)
{
    World w;
    double sum = 0;
    int order[TRIPLES], n = 0;
    rng_permutation(r, order, TRIPLES);
    for (uint64_t set = 0; set < 1 << BITS; set++)
        if (__builtin_popcountll(set) == 3) w.set[order[n++]] = set;
    for (int k = 0; k < TASKS; k++) sum += w.use[k] = vmath_pow(k + 1, -exponent);
    for (int k = 0; k < TASKS; k++) w.use[k] /= sum;
    return w;
}

static int answer(const World *w, int task, uint64_t bits)
{
    return __builtin_popcountll(bits & w->set[task]) % 2;
}

/*
## One hidden layer

Rectified units see the bits as $\pm 1$ and have a bias for each task. A product of
matrices would spend its time on the zeros of 63 tasks, so both passes are written out for
one example; Adam, at a rate of 0.003, takes the mean over 1024.
*/

enum { WIDEST = 256, BATCH = 1024 };
typedef struct {
    int width;
    Params params;
    Tensor *in, *out; /* (BITS + TASKS, width), (width) */
} Net;

static Net net_new(int width, Rng r)
{
    Net net = { .width = width };
    net.in = params_add(&net.params, "in", false, 2, (int[]){ BITS + TASKS, width });
    net.out = params_add(&net.params, "out", false, 1, &width);
    params_uniform(net.in, rng_named(r, "in"), 1 / sqrt(BITS + TASKS));
    params_uniform(net.out, rng_named(r, "out"), 1 / sqrt(width));
    return net;
}

static real sign(uint64_t bits, int b) { return bits >> b & 1 ? 1 : -1; }

/* The logarithm of the odds that the answer is 1; h (width) receives the units. */
static double log_odds(const Net *net, int task, uint64_t bits, real *restrict h)
{
    int n = net->width;
    const real *w = net->in->v, *bias = w + (BITS + task) * n;
#pragma omp simd
    for (int j = 0; j < n; j++) {
        real sum = bias[j];
        for (int b = 0; b < BITS; b++) sum += sign(bits, b) * w[b * n + j];
        h[j] = sum > 0 ? sum : 0;
    }
    return (double)vmath_dot(n, h, net->out->v);
}

static void add_gradient(Net *net, int task, uint64_t bits, int answer)
{
    int n = net->width;
    real h[WIDEST], odds = (real)log_odds(net, task, bits, h),
                    miss = (real)((vmath_sigmoid(odds) - answer) / BATCH);
    real *restrict w = net->in->g, *restrict bias = w + (BITS + task) * n,
                   *restrict out = net->out->g;
    const real *restrict v = net->out->v;
#pragma omp simd
    for (int j = 0; j < n; j++) {
        real back = h[j] > 0 ? miss * v[j] : 0;
        out[j] += miss * h[j], bias[j] += back;
        for (int b = 0; b < BITS; b++) w[b * n + j] += sign(bits, b) * back;
    }
}

/*
## The course of learning

At steps an eighth of an octave apart, each task is tested on 256 inputs, always the same.
It counts as learned from the first test with 95 % of right answers. What is missing is
the use of the tasks that are not, times $\ln 2$; and once more with their use dealt anew.
*/

enum { TESTED = 256, TIMES = 80 };
typedef struct {
    int n;
    double step[TIMES], loss[TIMES], missing[2][TIMES], learned[TIMES];
    double at[TASKS]; /* the step at which a task was learned; 0: never */
} Course;

static double task_loss(const Net *net, const World *world, int task, Rng r, int *right)
{
    double loss = 0;
    for (uint64_t i = 0; i < TESTED; i++) {
        real h[WIDEST];
        uint64_t bits = rng_u64(r, i);
        double odds = log_odds(net, task, bits, h) * (answer(world, task, bits) ? 1 : -1);
        *right += odds > 0;
        loss -= vmath_log(vmath_sigmoid(odds)) / TESTED;
    }
    return loss;
}

static void test(Run *run, const Net *net, const World *world, int step, Course *c, Rng r)
{
    double loss[TASKS];
    int i = c->n++, other[TASKS];
    rng_permutation(rng_named(r, "other"), other, TASKS);
    c->step[i] = step;
    for (int k = 0; k < TASKS; k++) {
        int right = 0;
        loss[k] = task_loss(net, world, k, rng_child(r, (uint64_t)k), &right);
        c->loss[i] += world->use[k] * loss[k];
        if (!c->at[k] && right >= 0.95 * TESTED) c->at[k] = step;
        c->learned[i] += c->at[k] > 0;
        if (c->at[k]) continue;
        c->missing[0][i] += world->use[k] * vmath_log(2);
        c->missing[1][i] += world->use[other[k]] * vmath_log(2);
    }
    if (run)
        row(run, "course", step, c->loss[i], c->missing[0][i], c->missing[1][i],
            c->learned[i], loss[0], loss[1], loss[3], loss[7], loss[15]);
}

/* Writes the course into its table if `show` is not NULL. */
static Course learn(Run *run, Run *show, double exponent, int width, Rng rng)
{
    World world = draw_world(exponent, rng_named(rng, "world"));
    Net net = net_new(width, rng_named(rng, "net"));
    Optim *optim = optim_new((OptimSpec){ .lr = 3e-3 }, &net.params);
    Alias law = alias_new(TASKS, world.use);
    Course c = { 0 };
    double next = 32;
    for (int step = 1, last = scaled(run, 16384, 64); step <= last; step++) {
        Rng r = rng_child(rng, (uint64_t)step);
        tape_gradient_zeroed(NULL, net.in), tape_gradient_zeroed(NULL, net.out);
        for (uint64_t i = 0; i < BATCH; i++) {
            int task = alias_draw(&law, rng_u64(r, 2 * i));
            uint64_t bits = rng_u64(r, 2 * i + 1);
            add_gradient(&net, task, bits, answer(&world, task, bits));
        }
        optim_step(optim);
        if (step + 0.5 < next) continue;
        test(show, &net, &world, step, &c, rng_named(rng, "tests"));
        next *= vmath_exp(vmath_log(2) / 8);
    }
    optim_free(optim), params_free(&net.params), alias_free(law);
    return c;
}

static void record_law(Run *run, const char *of, int n, const double *x, const double *y)
{
    Line line;
    if (fit_power(n, x, y, &line)) record(run, of, line.slope);
    else record_absent(run, of);
}

static void record_course(Run *run, const Course *c, const char *which)
{
    double rank[TASKS], at[TASKS], rare[TASKS];
    int n = 0;
    for (int k = 0; k < TASKS; k++) {
        rare[k] = vmath_pow(k + 1, 1.4);
        if (c->at[k]) rank[n] = k, at[n++] = c->at[k];
    }
    char *time = text_format("time exponent%s", which),
         *growth = text_format("growth exponent%s", which);
    record_as(run, n > 2 ? stats_spearman(n, rank, at) : 0, "order%s", which);
    record_as(run, n, "learned%s", which);
    record_law(run, time, TASKS, rare, c->at);
    record_law(run, growth, c->n, c->step, c->learned);
    free(time), free(growth);
}

static void record_ratios(Run *run, const Course *c, const double *tail, const char *of)
{
    double ratio[TIMES];
    int n = 0;
    for (int i = 0; i < c->n; i++)
        if (c->step[i] >= scaled(run, 512, 32)) ratio[n++] = c->loss[i] / tail[i];
    record_as(run, stats_quantile(n, ratio, 0), "least ratio%s", of);
    record_as(run, stats_quantile(n, ratio, 0.5), "median ratio%s", of);
    record_as(run, stats_quantile(n, ratio, 1), "largest ratio%s", of);
}

static void run(Run *run, Rng rng)
{
    Course zipf = learn(run, run, 1.4, WIDEST, rng_named(rng, "zipf")),
           equal = learn(run, NULL, 0, WIDEST, rng_named(rng, "equal"));
    record_course(run, &zipf, ""), record_course(run, &equal, " if equal");
    record_ratios(run, &zipf, zipf.missing[0], "");
    record_ratios(run, &zipf, zipf.missing[1], ", reshuffled");

    if (!variant(run, "long")) return;
    double width[6], learned[6];
    for (int i = 0; i < 6; i++) {
        Course c = learn(run, NULL, 1.4, 8 << i, rng_child(rng, (uint64_t)i));
        width[i] = 8 << i, learned[i] = c.learned[c.n - 1];
        record_as(run, learned[i], "learned at width %d", 8 << i);
    }
    record_law(run, "width exponent", 6, width, learned);
}

/*
## What we find

~~~gnuplot course "Single tasks, by rank of use, fall suddenly; the mean, by use, smoothly"
set logscale x
set xlabel "step"
set ylabel "loss [nat]"
set xrange [30:20000]; set yrange [0:0.85]
set label "rank 1" at 90, 0.45 right; set label "2" at 222, 0.45
set label "4" at 620, 0.45; set label "8" at 2150, 0.45; set label "16" at 6000, 0.65
set label "mean" at 8500, 0.165 textcolor linestyle 1
plot table("course") using "step":"task 1" with lines linestyle 9, \
  "" using "step":"task 2" with lines linestyle 9, \
  "" using "step":"task 4" with lines linestyle 9, \
  "" using "step":"task 8" with lines linestyle 9, \
  "" using "step":"task 16" with lines linestyle 9, \
  "" using "step":"loss" with lines linestyle 1
~~~

Of the 64 skills the network learns {{=learned|%.1f}}, and the orders of learning and of
use correlate by {{order-of-use|%.2f}}; used equally, it learns {{=learned if equal|%.1f}}
in no order ({{order-of-use.control|%.2f}}). The time to a skill grows with the power
{{time-to-skill|%.2f}} of its inverse use ({{time-to-skill.control|%.2f}} where that is a
mere label), more than in proportion; so the number of skills grows with the power
{{skills-grow|%.2f}} of the steps, less than $1/1.4$. Used equally, they come late and at
once ({{skills-grow.control|%.2f}}).

From step 512 on, at every test, the loss is {{loss-is-the-unlearned-tail.min|%.2f}} to
{{loss-is-the-unlearned-tail.also.max|%.2f}} times what is missing in all seeds, at the
median test {{=median ratio|%.2f}} times, and nothing was fitted. With the use dealt anew,
it is {{loss-is-the-unlearned-tail.control.min|%.2f}} to
{{loss-is-the-unlearned-tail.control.also.max|%.2f}} times. The ratio is a saw: a skill counts
once its answers are right, before they are sure, and is largest just then.

~~~gnuplot course "The loss, and ln 2 times the use of what is not learned"
set logscale xy
set xlabel "step"
set ylabel "loss [nat]"
set xrange [30:20000]; set yrange [0.06:1]
set label "loss" at 300, 0.41 textcolor linestyle 1
set label "missing" at 72, 0.35
set label "missing, use dealt anew" at 900, 0.75 textcolor linestyle 3
plot table("course") using "step":"missing" with steps @THEORY, \
  "" using "step":"reshuffled" with steps linestyle 3, \
  "" using "step":"loss" with lines linestyle 1
~~~

## What our scale cannot show

That language is made of quanta. Our tasks are many, and used by a power law, because we
made them so; what follows is all that is tested. The same steps teach narrower networks
fewer skills ({{width-scan|%.2f}} is the power of the width), and why is not asked here.
*/
