/*
# A patch that works may have woken a sleeping path

To learn where a network keeps a feature, one takes a direction of its activity, puts the
value that it has on one input into the run on another, and looks whether the output
follows. Makelov, Lange and Nanda showed that it can follow although the network keeps the
feature elsewhere [@makelov2023subspace]: one half of the direction reads a copy that
nothing listens to, the other half writes where the output listens but the feature never
speaks. Each half alone does nothing.

What could fool us: that any direction would do, so random ones must fail; or that all
paths look so, hence a direction found on the path in use must go on working in parts.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "subspace-illusion",
    .run = run,
    .tables = { { "bars", "direction, whole, row part, null part" },
                { "cartoon", "column, neuron, value, moved" },
                { "cloud", "copy, heard, patched copy, patched heard" } },
    ABOUT(.title = "Subspace illusion", .section = "interpretability/challenges",
          .cites = "makelov2023subspace, wu2024reply", .seeds = 5, .core_s = 2,
          .carries = { "A distilled example; GPT-2", "The example; a small network",
                       "The illusion, its anatomy, a test", "How common it is" }),
    .claims = CLAIMS(
        { .id = "exact-illusion",
          .text =
              "a patch of a dead and a dormant neuron brings the input (largest error)",
          .value = "error along v",
          .side = BELOW,
          .bound = 0,
          .why = "algebra; the inputs are binary fractions, so nothing is rounded",
          .controls = { { "error along e1", "the dead neuron alone" },
                        { "error along e2", "the dormant neuron alone" } } },
        { .id = "true-path-too",
          .text = "so does a patch of the neuron that carries it (largest error)",
          .value = "error along e3",
          .side = BELOW,
          .bound = 0,
          .why = "algebra",
          .controls = { { "error along e1", "the dead neuron alone" } } },
        { .id = "learned-illusion",
          .text =
              "patches along a direction work, along the part that is read they do not",
          .value = "row part of found",
          .side = BELOW,
          .bound = 0.3,
          .also = { { "found", ABOVE, 0.9 }, { "null part of found", BELOW, 0.1 } },
          .why = "the source's diagnosis; pilots 0, 1 and 0",
          .controls = { { "row part of genuine",
                          "a direction found the same way on the path in use",
                          { "genuine", "null part of genuine" },
                          .side = ABOVE,
                          .bound = 0.9 },
                        { "row part of random",
                          "the best of as many random directions",
                          { "random", "null part of random" } } } }),
};

/*
## Three neurons

The input $x$ makes $h = (x, 0, x)$, and the output is $y = 2 h_2 + h_3 = x$. Nothing reads
$h_1$; $h_2$ would be heard, but never says anything; $h_3$ does the work. A **patch** of
a base run along a unit direction $v$ moves $h$ to $h + v\, v \cdot (h' - h)$, with the
activity $h'$ of a source run. Along $v = (1, 1, 0) / \sqrt 2$, half the difference goes
to $h_1$ and half to $h_2$, which counts twice.
*/
typedef struct {
    double h[4]; /* and y */
} Three;

static Three three(double x) { return (Three){ { x, 0, x, x } }; }

/* Along the sum of the neurons in `along`, of which there are one or two. */
static Three patched(Three base, Three source, const bool along[3])
{
    double sum = 0, n = along[0] + along[1] + along[2];
    for (int i = 0; i < 3; i++) sum += along[i] * (source.h[i] - base.h[i]);
    for (int i = 0; i < 3; i++) base.h[i] += along[i] * sum / n;
    base.h[3] = 2 * base.h[1] + base.h[2];
    return base;
}

static void three_neurons(Run *run)
{
    static const char *const name[] = { "v", "e3", "e1", "e2" };
    static const bool along[][3] = { { 1, 1 }, { 0, 0, 1 }, { 1 }, { 0, 1 } };
    for (int p = 0; p < COUNT(name); p++) {
        double error = 0;
        for (int i = 0; i < 33 * 33; i++) {
            Three base = three(i % 33 / 8. - 2), source = three(i / 33 / 8. - 2);
            double y = patched(base, source, along[p]).h[3];
            if (fabs(y - source.h[3]) > error) error = fabs(y - source.h[3]);
        }
        record_as(run, error, "error along %s", name[p]);
        Three base = three(1), source = three(3), after = patched(base, source, along[p]);
        for (int i = 0; i < 4 && p < 2; i++) {
            row(run, "cartoon", p, i, p ? source.h[i] : base.h[i], 0);
            row(run, "cartoon", 2 + p, i, after.h[i], after.h[i] != base.h[i]);
        }
    }
}

/*
## A network that was trained

Its input has 32 numbers, $x = 3 (a f_a + b f_b)$ and a little noise, with random unit
vectors $f$, $a = \pm 1$ and $b$ uniform in $(-1, 1)$. It shall answer $a + 5 b^2$. Beside
one hidden layer of 64 units, $h$, there is a **skip**: $y = u \cdot x + w \cdot h$. The
skip learns first, alone, and finds $a$; $b^2$ is left to the layer. But all units of the
layer see $a$ too: they hold a copy of it, in directions to which $w$ is deaf.
*/
enum { D = 32, F = 64, BATCH = 256, EXAM = 2000, CANDIDATES = 8 };
typedef struct {
    Params params;
    Tensor *W, *c, *w, *u; /* (D,F), (F), (F,1), (D,1) */
    real fa[D], fb[D];
} Net;

static void unit(int n, real *v)
{
    double length = sqrt((double)vmath_dot(n, v, v));
    for (int i = 0; i < n; i++) v[i] /= (real)length;
}

/* x (n,D), and the two summands of its answer. */
static Tensor *draw(const Net *net, Tape *tape, int n, real *a, real *b, Rng rng)
{
    Tensor *x = tape_constant(tape, 2, (int[]){ n, D });
    for (int i = 0; i < n; i++) {
        Rng own = rng_child(rng, (uint64_t)i);
        real at = (real)(2 * rng_uniform(own, 1) - 1);
        a[i] = rng_below(own, 0, 2) ? 1 : -1, b[i] = 5 * at * at;
        for (int j = 0; j < D; j++)
            x->v[i * D + j] = 3 * (a[i] * net->fa[j] + at * net->fb[j]) +
                              (real)(0.05 * rng_normal(own, (uint64_t)(2 + j)));
    }
    return x;
}

static Tensor *answer(const Net *net, Tape *tape, Tensor *x, Tensor **h)
{ /* h NULL: by the skip alone */
    Tensor *skip = op_linear(tape, x, net->u, NULL, ACT_NONE);
    if (!h) return skip;
    *h = op_linear(tape, x, net->W, net->c, ACT_GELU);
    return op_add(tape, skip, op_linear(tape, *h, net->w, NULL, ACT_NONE));
}

static void train(Net *net, int steps, Rng rng)
{
    net->W = params_add(&net->params, "W", true, 2, (int[]){ D, F });
    net->c = params_add(&net->params, "c", false, 1, (int[]){ F });
    net->w = params_add(&net->params, "w", true, 2, (int[]){ F, 1 });
    net->u = params_add(&net->params, "u", true, 2, (int[]){ D, 1 });
    params_normal(net->W, rng_named(rng, "W"), 1 / sqrt(D));
    rng_normals(rng_named(rng, "fa"), net->fa, D), unit(D, net->fa);
    rng_normals(rng_named(rng, "fb"), net->fb, D), unit(D, net->fb);
    OptimSpec rate = { .lr = 3e-3, .steps = steps, .decay = DECAY_LINEAR };
    Optim *adam = optim_new(rate, &net->params);
    Tape *tape = tape_new();
    for (int step = 0; step < steps; step++, tape_reset(tape)) {
        real a[BATCH], b[BATCH];
        Tensor *x = draw(net, tape, BATCH, a, b, rng_child(rng, (uint64_t)step)), *h,
               *y = answer(net, tape, x, step < steps / 6 ? NULL : &h),
               *aim = tape_constant(tape, 2, (int[]){ BATCH, 1 });
        for (int i = 0; i < BATCH; i++) aim->v[i] = a[i] + b[i];
        tape_backward(tape, op_square_error(tape, y, aim, NULL));
        optim_step(adam);
    }
    optim_free(adam), tape_free(tape);
}

/*
## Patches, and how one is found

The source of a base is the same input with the other $a$. A patch along a unit vector $v$
adds $(w \cdot v)\,(v \cdot (h' - h))$ to the output; it **works** if the output, less $5
b^2$, then has the sign of the source's $a$. Gradients look for $v$ on one set of pairs, and
it is judged on another; on the skip, the same with $u$ and $x$. Then we take $v$ apart: its
**row** part is parallel to what the output reads, its **null** part is the rest.
*/
typedef struct {       /* at one place, the layer or the skip */
    int n;             /* width */
    const real *reads; /* (n): w or u */
    real y[EXAM], a[EXAM], b[EXAM], base[EXAM * F], change[EXAM * F]; /* (EXAM,n) */
} Pairs;

/* v NULL: everything at that place is patched. */
static double works(const Pairs *p, const real *v)
{
    real reach = v ? vmath_dot(p->n, p->reads, v) : 1, n = 0;
    for (int i = 0; i < EXAM; i++) {
        real y =
            p->y[i] + reach * vmath_dot(p->n, p->change + i * p->n, v ? v : p->reads);
        n += (y - p->b[i]) * p->a[i] < 0;
    }
    return (double)n / EXAM;
}

static void parts(const Pairs *p, const real *v, real *row, real *null)
{
    memcpy(row, p->reads, (size_t)p->n * sizeof *row), unit(p->n, row);
    memcpy(null, v, (size_t)p->n * sizeof *null);
    vmath_axpy(p->n, -vmath_dot(p->n, v, row), row, null), unit(p->n, null);
}

/* v: the best on p of some random directions, each improved for so many steps. */
static void find(const Pairs *p, int steps, real *v, Rng rng)
{
    double most = -1;
    for (int c = 0; c < CANDIDATES; c++) {
        Params params = { 0 };
        Tensor *own = params_add(&params, "v", false, 2, (int[]){ p->n, 1 });
        params_normal(own, rng_child(rng, (uint64_t)c), 1), unit(p->n, own->v);
        OptimSpec rate = { .lr = 0.03, .steps = steps + 1, .decay = DECAY_LINEAR };
        Optim *adam = optim_new(rate, &params);
        Tape *tape = tape_new();
        for (int step = 0; step < steps; step++, tape_reset(tape)) {
            Tensor *change = tape_input(tape, p->change, 2, (int[]){ EXAM, p->n }),
                   *reads = tape_input(tape, p->reads, 2, (int[]){ 1, p->n }),
                   *aim = tape_constant(tape, 2, (int[]){ EXAM, 1 });
            for (int i = 0; i < EXAM; i++) aim->v[i] = p->b[i] - p->a[i] - p->y[i];
            Tensor *reach = op_linear(tape, reads, own, NULL, ACT_NONE),
                   *moved = op_linear(tape, change, own, NULL, ACT_NONE);
            moved = op_mul(tape, moved, op_reshape(tape, reach, 1, (int[]){ 1 }));
            tape_backward(tape, op_square_error(tape, moved, aim, NULL));
            optim_step(adam), unit(p->n, own->v);
        }
        double share = works(p, own->v);
        if (share > most) most = share, memcpy(v, own->v, (size_t)p->n * sizeof *v);
        optim_free(adam), tape_free(tape), params_free(&params);
    }
}

static Pairs *pair_up(const Net *net, bool layer, Rng rng)
{
    Pairs *p = alloc(1, sizeof *p);
    *p = (Pairs){ .n = layer ? F : D, .reads = layer ? net->w->v : net->u->v };
    Tape *tape = tape_new();
    Tensor *x = draw(net, tape, EXAM, p->a, p->b, rng), *h, *other,
           *source = tape_input(tape, x->v, 2, x->n);
    for (int i = 0; i < EXAM * D; i++) source->v[i] -= 6 * p->a[i / D] * net->fa[i % D];
    memcpy(p->y, answer(net, tape, x, &h)->v, sizeof p->y);
    answer(net, tape, source, &other);
    const Tensor *from = layer ? h : x, *to = layer ? other : source;
    memcpy(p->base, from->v, tensor_size(from) * sizeof *from->v);
    for (int i = 0; i < EXAM * p->n; i++) p->change[i] = to->v[i] - from->v[i];
    tape_free(tape);
    return p;
}

static void judge(Run *run, const Pairs *p, const real *v, const char *name)
{
    real row[F], null[F];
    parts(p, v, row, null);
    double share[] = { works(p, v), works(p, row), works(p, null) };
    record_as(run, share[0], "%s", name);
    record_as(run, share[1], "row part of %s", name);
    record_as(run, share[2], "null part of %s", name);
    row_n(run, "bars", name, 3, share);
}

static void show_cloud(Run *run, const Pairs *p, const real *v)
{
    real reads[F], null[F];
    parts(p, v, reads, null);
    for (int i = 0; i < 150; i++) {
        const real *h = p->base + i * F;
        real copy = vmath_dot(F, null, h), says = vmath_dot(F, p->reads, h) - p->b[i],
             moved = vmath_dot(F, v, p->change + i * F);
        row(run, "cloud", (double)copy, (double)says,
            (double)(copy + moved * vmath_dot(F, null, v)),
            (double)(says + moved * vmath_dot(F, p->reads, v)));
    }
}

static void run(Run *run, Rng rng)
{
    Net net = { 0 };
    Rng start = rng_named(rng, "candidates");
    three_neurons(run);
    train(&net, scaled(run, 3000, 6), rng);
    for (int layer = 0; layer < 2; layer++) {
        Pairs *p = pair_up(&net, layer, rng_named(rng, "pairs")),
              *exam = pair_up(&net, layer, rng_named(rng, "exam"));
        real v[F], none[F] = { 0 };
        find(p, scaled(run, 300, 2), v, start);
        judge(run, exam, v, layer ? "found" : "genuine");
        if (layer) {
            show_cloud(run, exam, v);
            find(p, 0, v, start);
            judge(run, exam, v, "random");
            record(run, "whole layer", works(exam, NULL));
            record(run, "unpatched", works(exam, none));
            precondition(run, "learned-illusion", works(exam, none) < 0.05,
                         "the network did not learn");
        }
        free(p), free(exam);
    }
    params_free(&net.params);
}

/*
## What we find

~~~gnuplot bars "Patches along a direction found on the skip (genuine), one found in the layer,
and the best random one; each whole and in parts"
set style data histogram; set style histogram cluster gap 1; set style fill solid 0.75 noborder
set yrange [0:115]; set ylabel "patches that work [%]"; set xrange [-0.6:2.6]; set grid noxtics
do for [i=1:3] { set label word("whole 'row part' 'null part'", i) at 1.75, 100 - 10 * i tc ls i }
plot for [i=2:4] table("bars") using (100 * column(i)):xtic(1) ls i - 1, for [i=2:4] "" using \
  ($0 + i / 4. - 0.75):(100 * column(i)):(sprintf("%.0f", 100 * column(i))) with labels \
  offset 0,0.5 textcolor ls i - 1
~~~

Along $v$ the three neurons obey the source to the last bit; along its halves, not at all.
~~~gnuplot cartoon "A base, a source, and the base patched along v, and along the neuron that
works. Orange: what the patch has moved"
@BARE; eval height(300); set xrange [-0.9:3.5]; set yrange [3.5:-1]; moved(yes, y) = \
  (column("moved") == yes) ? y : NaN; do for [i=1:4] { set label word("h_1 h_2 h_3 y", i) at \
  -0.6, i - 1 center; set label word("base source 'along v' 'along h_3'", i) at i - 1, -0.85 center }
plot for [k=0:1] table("cartoon") using "column":(moved(k, column("neuron"))) with points \
  ls (k ? 2 : 9) pt 6 ps 4.5, "" using "column":"neuron":(sprintf("%g", column("value"))) with labels
~~~

In the trained network, too, there is such a direction: patches along it work in
{{=found*100|%.1f}} % of the pairs, along its row part in {{learned-illusion*100|%.1f}} %,
along its null part in {{=null part of found*100|%.1f}} %. A patch of the *whole* layer works
in {{=whole layer*100|%.1f}} %: it does not carry $a$.

~~~gnuplot cloud "What the layer tells the output, less b's share, against the copy of a to
which the output is deaf. Crosses: the same runs, patched along the direction"
set xlabel "copy of a"; set ylabel "heard by the output"; set yrange [-3:3]
set label "a = −1" at graph 0.06, first 0.7; set label "a = 1" at graph 0.8, first 0.7
set label "patched" at graph 0.45, first 2.6 textcolor ls 2
plot table("cloud") using "copy":"heard" with points ls 1, \
  "" using "patched copy":"patched heard" with points ls 2 pt 2
~~~

What is found on the skip works by its row part alone ({{learned-illusion.control*100|%.1f}}
%). To *have* a null part proves nothing: good explanations have one too [@wu2024reply].

## What our scale cannot show

How often it happens. Our skip learnt first; where a layer carries some of $a$, parts mix.
*/
