/*
# A program can be read out of a small network

A recurrent network that has learnt to add two numbers bit by bit must hold a carry. Its
hidden states lie in heaps, and heap and input tell which heap comes next. So the heaps
are the states of a machine, which can be shrunk to the smallest, written as a program and
run without the network. Michaud, Liao, Lad and others did so for 32 of 62 tasks
[@michaud2024opening].

What could fool us: any points fall into heaps if looked at coarsely, and a machine that
is mostly right is easy to find. So heaps must hold on sequences that did not form them,
and a program must never err on sequences fifty times as long as those of the training.
Untrained networks, and networks trained on answers to other sequences, are read alike.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "programs-from-networks",
    .run = run,
    .tables = { { "tasks", "task, units, heaps, states, program right, network right" },
                { "heaps", "panel, x, y, state" },
                { "arrows", "panel, x, y, dx, dy, input" } },
    ABOUT(.title = "Programs from networks",
          .section = "heuristic-understanding/feature-geometry",
          .cites = "michaud2024opening", .seeds = 3, .core_s = 54,
          .carries = { "62 tasks, recurrent networks trained to be simple, Python",
                       "10 tasks on streams of bits, 2 to 8 hidden units",
                       "Networks to automata to programs, for most of the tasks",
                       "Integers: their encoder and their symbolic regression" }),
    .claims = CLAIMS(
        { .id = "automata-run",
          .text = "a program read from the network never errs (tasks of 10)",
          .value = "programs right",
          .side = ABOVE,
          .bound = 8,
          .why = "the source has 32 of 62, of harder tasks; 100,000 fresh inputs",
          .controls = { { "programs right, untrained", "untrained, all eight tries" },
                        { "programs right, shuffled", "answers to other sequences" } } },
        { .id = "minimal-machines",
          .text = "the program read is the smallest machine of its task (of 10)",
          .value = "machines minimal",
          .side = ABOVE,
          .bound = 8,
          .why = "the source has 32 of 62, of harder tasks",
          .controls = { { "machines minimal, untrained", "untrained, all eight tries" },
                        { "machines minimal, shuffled",
                          "answers to other sequences" } } }),
};

/*
## Ten tasks

Each is a machine itself: from its state $s$, at first 0, and an input $x$ it makes an
answer and the next state. Two tasks read two bits at a time.
*/
static int parity(int s, int x, int *y) { return *y = s ^ x; }
static int sum_mod_3(int s, int x, int *y) { return *y = (s + x) % 3; }
static int add(int s, int x, int *y)
{
    int sum = s + (x & 1) + (x >> 1);
    return *y = sum & 1, sum >> 1;
}
static int one_back(int s, int x, int *y) { return *y = s, x; }
static int two_back(int s, int x, int *y) { return *y = s >> 1, (s & 1) << 1 | x; }
static int seen_11(int s, int x, int *y)
{
    if (s < 2) s = x ? s + 1 : 0;
    return *y = s == 2, s;
}
static int largest(int s, int x, int *y) { return *y = s > x ? s : x; }
static int xor_last(int s, int x, int *y) { return *y = s ^ x, x; }
static int fours(int s, int x, int *y) { return s = (s + x) % 4, *y = s == 0, s; }
static int zigzag(int s, int x, int *y)
{
    return *y = x != (s & 1) && (s == 1 || s == 2), (s & 1) << 1 | x;
}

typedef struct {
    const char *name;
    int bits, answers; /* of an input; how many there are */
    AutomatonStep *step;
} Stream;
enum { TASKS = 10, TRIES = 8, LENGTH = 20, LONG = 1000 };
static const Stream tasks[TASKS] = {
    { "parity", 1, 2, parity },           { "sum mod 3", 1, 3, sum_mod_3 },
    { "binary addition", 2, 2, add },     { "previous bit", 1, 2, one_back },
    { "bit two back", 1, 2, two_back },   { "seen 11", 1, 2, seen_11 },
    { "running maximum", 2, 4, largest }, { "xor of the last two", 1, 2, xor_last },
    { "ones mod 4 = 0", 1, 2, fours },    { "last three alternate", 1, 2, zigzag },
};
static const int size[TRIES] = { 2, 2, 3, 3, 4, 4, 8, 8 };

static void draw(const Stream *t, int B, int T, Rng r, int *x, int *y)
{
    for (int b = 0; b < B; b++)
        for (int p = 0, s = 0; p < T; p++) {
            int i = b * T + p;
            x[i] = rng_below(r, (uint64_t)i, 1 << t->bits);
            s = t->step(s, x[i], y + i);
        }
}

/*
## The network

$h' = \tanh(W h + U x + b)$, answers read linearly from $h'$; 64 fresh sequences of 20 a
step. Of two tries with 2, 3, 4 and 8 hidden units each, the first that makes no error on
10,000 inputs is taken.
*/
typedef struct {
    const Stream *task;
    int F;
    Params p;
    Rnn rnn;
    Mlp out;
    Tape *tape;
} Net;

static Net net_new(const Stream *task, int F, Rng init)
{
    Net n = { .task = task, .F = F, .tape = tape_new() };
    n.rnn = rnn_new(&n.p, "rnn", RNN_TANH, task->bits, F, init);
    n.out = mlp_new(&n.p, "out", 1, (int[]){ F, task->answers }, ACT_NONE, 1, init);
    return n;
}

static void net_free(Net n) { tape_free(n.tape), params_free(&n.p); }

/* Logits (B,T,answers), *h the states (B,T,F). */
static Tensor *net_run(Net *n, int B, int T, const int *x, Tensor **h)
{
    int bits = n->task->bits;
    Tensor *in = tape_constant(n->tape, 3, (int[]){ B, T, bits });
    for (int i = 0; i < B * T * bits; i++)
        in->v[i] = (real)(x[i / bits] >> i % bits & 1 ? 1 : -1);
    *h = rnn_run(&n->rnn, n->tape, in, NULL);
    return mlp_run(&n->out, n->tape, *h);
}

static void train(Net *n, bool shuffled, int steps, Rng r)
{
    enum { B = 64, N = B * LENGTH };
    int x[N], y[N], other[N];
    Tensor *h;
    OptimSpec spec = { .lr = 0.01, .clip = 1, .decay = DECAY_LINEAR, .steps = steps };
    Optim *adam = optim_new(spec, &n->p);
    for (int step = 0; step < steps; step++) {
        draw(n->task, B, LENGTH, rng_child(r, (uint64_t)step), x, y);
        for (int i = 0; i < N; i++) other[i] = y[(i + LENGTH) % N];
        Tensor *logits = net_run(n, B, LENGTH, x, &h);
        tape_backward(n->tape, op_xent(n->tape, logits, shuffled ? other : y));
        optim_step(adam);
        tape_reset(n->tape);
    }
    optim_free(adam);
}

/* What it does on fresh sequences, with the right answers y. */
typedef struct {
    Trace trace;
    int *x, *y; /* (B,T); x is followed by what was said, then by y */
    real *h;
    bool right; /* always */
} Sample;

static Sample look(Net *n, int B, int T, Rng r)
{
    int N = B * T, F = n->F, C = n->task->answers;
    int *x = alloc(3 * (size_t)N, sizeof *x), *said = x + N;
    Sample s = { .x = x, .y = x + 2 * N, .h = alloc((size_t)(N * F), sizeof(real)) };
    Tensor *h;
    draw(n->task, B, T, r, x, s.y);
    tape_pause(n->tape);
    const real *logit = net_run(n, B, T, x, &h)->v;
    memcpy(s.h, h->v, (size_t)(N * F) * sizeof(real));
    for (int i = 0; i < N; i++, logit += C)
        for (int c = 1; c < C; c++)
            if (logit[c] > logit[said[i]]) said[i] = c;
    tape_resume(n->tape), tape_reset(n->tape);
    s.trace = (Trace){ B, T, F, x, said, s.h };
    s.right = !memcmp(said, s.y, (size_t)N * sizeof *said);
    return s;
}

static void forget(Sample s) { free(s.x), free(s.h); }

/*
## From heaps to a program

A heap is a set of hidden states of which each has another within $\varepsilon$; that is a
machine if heap and input always lead to the same heap and the same answer. Of eleven
$\varepsilon$, from coarse to fine, the first is taken whose machine also holds on other
sequences. States that no inputs can tell apart become one; what is left is run without
the network, and compared with the smallest machine of the task.
*/
typedef struct {
    Automaton heaps, least;
    int heap[500 * LENGTH], state[AUTOMATON_MOST];
    bool right, minimal, network; /* network: is it right at that length itself? */
} Program;

static void read_program(Net *n, int B, Program *p, Rng r)
{
    Sample first = look(n, B, LENGTH, rng_named(r, "first")),
           second = look(n, B, LENGTH, rng_named(r, "second")),
           fresh = look(n, B / 5, LONG, rng_named(r, "fresh"));
    int inputs = 1 << n->task->bits;
    *p = (Program){ .network = fresh.right };
    if (automaton_find(&first.trace, &second.trace, inputs, &p->heaps, p->heap)) {
        Automaton rule = automaton_of(n->task->step, 4, inputs),
                  wanted = automaton_smallest(&rule, NULL);
        p->least = automaton_smallest(&p->heaps, p->state);
        p->minimal = !memcmp(&p->least, &wanted, sizeof wanted);
        p->right = !automaton_errors(&p->least, B / 5, LONG, fresh.x, fresh.y);
    }
    forget(first), forget(second), forget(fresh);
}

/* Hidden states along their two widest axes, and the ways between the states' means. */
static void show(Run *run, Net *n, const Program *p, int panel, int B, Rng r)
{
    Sample s = look(n, B, LENGTH, rng_named(r, "second"));
    int N = B * LENGTH, F = n->F, inputs = p->least.inputs;
    double mean[8], axis[16], at[AUTOMATON_MOST][3] = { { 0 } };
    feature_pca(N, F, s.h, 2, mean, axis, NULL);
    for (int i = 0; i < N; i++) {
        double x[2] = { 0 }, *to = at[p->state[p->heap[i]]];
        for (int k = 0; k < 2 * F; k++)
            x[k / F] += ((double)s.h[i * F + k % F] - mean[k % F]) * axis[k];
        to[0] += x[0], to[1] += x[1], to[2]++;
        if (i < 200) row(run, "heaps", panel, x[0], x[1], p->state[p->heap[i]]);
    }
    for (int i = 0; i < p->least.n * inputs; i++) {
        int x = i % inputs;
        const double *a = at[i / inputs], *b = at[p->least.next[i / inputs][x]];
        if (a != b && a[2] > 0 && b[2] > 0)
            row(run, "arrows", panel, a[0] / a[2], a[1] / a[2], b[0] / b[2] - a[0] / a[2],
                b[1] / b[2] - a[1] / a[2], x);
    }
    forget(s);
}

typedef struct {
    int right[3], minimal[3], outlived; /* trained, untrained, shuffled */
} Tally;

static void try_task(Run *run, int t, Program *p, Tally *score, Buffer *formulas, Rng r)
{
    int steps = scaled(run, 3000, 3), B = scaled(run, 500, 50), k = 0;
    bool right = false, minimal = false;
    Net n;
    for (int i = 0; i < TRIES; i++) {
        n = net_new(&tasks[t], size[i], rng_child(r, (uint64_t)i));
        read_program(&n, B, p, r);
        right |= p->right, minimal |= p->minimal;
        net_free(n);
    }
    score->right[1] += right, score->minimal[1] += minimal;

    for (;; k++) {
        n = net_new(&tasks[t], size[k], rng_child(r, (uint64_t)k));
        train(&n, false, steps, rng_child(r, (uint64_t)k));
        Sample s = look(&n, B, LENGTH, rng_named(r, "check"));
        forget(s);
        if (s.right || k == TRIES - 1) break;
        net_free(n);
    }
    read_program(&n, B, p, r);
    score->right[0] += p->right, score->minimal[0] += p->minimal;
    score->outlived += p->right && !p->network;
    row_label(run, "tasks", tasks[t].name, n.F, p->heaps.n, p->least.n, p->right,
              p->network);
    buffer_format(formulas, "%-21s ", tasks[t].name);
    if (p->right) automaton_print_formula(formulas, &p->least);
    else buffer_put(formulas, "no program");
    buffer_put(formulas, "\n");
    if (p->right && (t == 1 || t == 2 || t == 4 || t == 8)) show(run, &n, p, t, B, r);
    if (t == 2) {
        Buffer text = { 0 };
        automaton_print_switch(&text, &p->least, "add");
        listing(run, "addition", "%s", text.s);
        free(text.s);
    }
    net_free(n);

    n = net_new(&tasks[t], size[k], rng_child(r, (uint64_t)k));
    train(&n, true, steps, rng_child(r, (uint64_t)k));
    read_program(&n, B, p, r);
    score->right[2] += p->right, score->minimal[2] += p->minimal;
    net_free(n);
}

static void run(Run *run, Rng rng)
{
    static const char *const which[] = { "", ", untrained", ", shuffled" };
    Buffer formulas = { 0 };
    Tally score = { 0 };
    Program *p = alloc(1, sizeof *p);
    for (int t = 0; t < TASKS; t++) {
        try_task(run, t, p, &score, &formulas, rng_named(rng, tasks[t].name));
        progress(run, (t + 1.0) / TASKS);
    }
    for (int k = 0; k < 3; k++) {
        record_as(run, score.right[k], "programs right%s", which[k]);
        record_as(run, score.minimal[k], "machines minimal%s", which[k]);
    }
    record(run, "programs that outlive their network", score.outlived);
    listing(run, "formulas", "%s", formulas.s);
    free(formulas.s), free(p);
}

/*
## What we find

~~~gnuplot heaps "Hidden states along two axes, coloured by the state of the machine;
arrows: ten sequences, step by step"
@BARE; eval svg(640, 600); set multiplot layout 2, 2; set tmargin 2; set rmargin 3
names = "'sum mod 3' 'binary addition' 'bit two back' 'ones mod 4 = 0'"; x = 0; y = 0
do for [i=1:4] { at = 200 * (i - 1)
  set label 1 word(names, i) at graph 0.5, graph 1.07 center
  plot for [j=0:9] table("heaps") every ::at+20*j::at+20*j+19 using \
    (o = x, x = column("x"), column(0) < 1 ? NaN : o):(p = y, y = column("y"), p): \
    (x - o):(y - p) with vectors head filled size graph 0.035,16 \
    linecolor rgb "#999999" linewidth 0.7, "" every ::at::at+199 using "x":"y": \
    (1 + column("state")) with points pt 7 ps 0.8 linecolor variable }
unset multiplot
~~~

{{automata-run|%.1f}} of ten networks (a mean) give a program that never errs, and
{{minimal-machines|%.1f}} the smallest machine of their task, which is right on inputs of
any length. Untrained ones give {{automata-run.control|%.1f}}, those trained on other
answers {{automata-run.control2|%.1f}}. At a thousand inputs,
{{=programs that outlive their network|%.1f}} of the programs are right where the network
that they were read from is not: it drifts, and they cannot.

~~~listing formulas "In arithmetic modulo 2: ^ is exclusive or, & is and; x, or a and b,
are the input, s and t the state, s' and t' the next one, y is the answer"
~~~
~~~listing addition "Binary addition as C: s is the carry, x the two bits"
~~~

## What our scale cannot show

Integers, for which the source searches for formulas; networks without heaps. Ten tasks of
at most four states were picked by hand.
*/
