/*
# One transformer computes whatever its prompt describes

There is a transformer of fixed size that computes every function that can be computed:
which one, the prompt says. Qiu, Xu, Bao and Tong proved it [@qiu2024turing]. The prompt
is program and input, the chain of thought is the computation, attention is the memory.

We wire one by hand, two layers of one head each, and give it five programs as prompts.
What could fool us is code around it that does the computing. So every token is held
against a Turing machine's step, and must go wrong when one rule of the prompt is changed,
or when attention no longer prefers what was written last.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "turing-prompt",
    .run = run,
    .tables = { { "tape", "step, place, symbol" },
                { "sharpness", "beta, prompts, busy beaver" } },
    ABOUT(.title = "Prompts are programs", .section = "information-processing/general",
          .cites = "qiu2024turing", .seeds = 5, .core_s = 0.7, .quick = true,
          .carries = { "A proof, by way of two-tape Post machines",
                       "One-tape Turing machines; two layers wired by hand, run exactly",
                       "One set of weights for all programs; a token for each step",
                       "Short chains of thought; that training finds such weights" }),
    .claims = CLAIMS(
        { .id = "exact-trace",
          .text = "the chain of thought of every prompt is a Turing machine's course, "
                  "a token a step (tokens that differ, are missing or too many)",
          .value = "wrong tokens",
          .side = BELOW,
          .bound = 0,
          .why = "the wiring is exact",
          .controls = { { "wrong tokens, a rule changed",
                          "a rule that the run uses moves the other way" },
                        { "wrong tokens, no recency",
                          "the weight that prefers the last write is 0" } } },
        { .id = "rule-order",
          .text = "the rules may stand in any order (tokens that differ)",
          .value = "wrong tokens, rules shuffled",
          .side = BELOW,
          .bound = 0,
          .tier = REPORT,
          .why = "attention finds a rule by what it says, not by where it stands",
          .controls = { { "wrong tokens, right sides shuffled",
                          "only the right sides change places" } } },
        { .id = "finite-precision",
          .text = "sharpness of softmax from which on the busy beaver is exact",
          .value = "beta for busy beaver",
          .tier = REPORT }),
};

/*
## Programs

A machine has a state and a head over a tape. A rule says, for a state and the symbol
under the head, the next state, what to write and where to move. `A0B_R`: in A, at a 0,
go to B, write a blank, move right. H halts. The prompt has a token for each rule and
each symbol of the input. A step is a token: new state, new place, what was written where.
*/

enum { STATES = 8, SYMBOLS = 6, RULES = 18, INPUT = 12, STEPS = 240 };
typedef struct {
    int n, length;
    char rule[RULES][6], input[INPUT];
} Prompt;
typedef struct {
    int state, place, symbol, at; /* symbol was written at place `at` */
} Step;
typedef struct {
    int n, rule[STEPS]; /* which one was used: the machine's chain knows */
    Step step[STEPS];
} Chain;
typedef enum { ADD, INCREMENT, PALINDROME, BRACKETS, BEAVER } Program;

static const char symbols[] = "_01()x", *const programs[] = {
    [ADD] = "A1A1R A0B1R B1B1R B_C_L C1H_R",
    [INCREMENT] = "A0A0R A1A1R A_B_L B1B0L B0H1L B_H1L",
    [PALINDROME] = ("A0B_R A1C_R A_H1R B0B0R B1B1R B_D_L C0C0R C1C1R C_F_L "
                    "D0E_L D1H0R D_H1R F1E_L F0H0R F_H1R E0E0L E1E1L E_A_R"),
    [BRACKETS] = "A(A(R AxAxR A)BxL A_C_L BxBxL B(AxR B_H0R CxCxL C(H0L C_H1R",
    [BEAVER] = "A_B1R A1B1L B_A1L B1C_L C_H1R C1D1L D_D1R D1A_R"
};

static Prompt prompt(Program program, Rng r)
{
    Prompt p = { .n = ((int)strlen(programs[program]) + 1) / (int)sizeof *p.rule };
    const char *letters = program == ADD ? "11" : program == BRACKETS ? "()" : "01";
    memcpy(p.rule, programs[program], strlen(programs[program]));
    if (program < BEAVER) p.length = 1 + rng_below(r, 0, program == ADD ? INPUT : 8);
    for (int i = 0; i < p.length; i++)
        p.input[i] = letters[rng_below(r, (uint64_t)i + 2, 2)];
    if (program == ADD) p.input[rng_below(r, 1, p.length)] = '0';
    return p;
}

/* The truth: a Turing machine as it stands in the books. */
static void machine(const Prompt *p, Chain *c)
{
    char tape[2 * STEPS], state = 'A';
    memset(tape, '_', sizeof tape), memcpy(tape + STEPS, p->input, (size_t)p->length);
    for (int k, at = STEPS, n = c->n = 0; n < STEPS / 2 && state != 'H'; n = ++c->n) {
        for (k = 0; p->rule[k][0] != state || p->rule[k][1] != tape[at];)
            require(++k < p->n, "no rule for %c%c", state, tape[at]);
        state = p->rule[k][2], tape[at] = p->rule[k][3], c->rule[n] = k;
        int to = p->rule[k][4] == 'R' ? at + 1 : at - 1;
        c->step[n] = (Step){ state, to - STEPS, tape[at], at - STEPS }, at = to;
    }
}

/*
## The wiring

A token is a vector of 44 numbers, most of them zero. A rule fills IF and THEN, an input
WROTE and AT; a step has its state in IF, its place in HEAD, and what it wrote. Places
come with their squares. A head of attention scores pairs of tokens by $q_i \cdot k_j$;
`ask` adds to it one number of the asking token times one of the other.

**Head 0 reads the tape**: what was written at its place $h$ scores
$2 h a_j - a_j^2 = h^2$, elsewhere at most $h^2 - 1$, and the first token, which stands
for the blank, $h^2 - 1/2$. Of several writes at one place the last one counts, by
$2^{-11}$ for each token of age. The symbol goes where a rule keeps what it is about.
**Head 1 fetches the rule**: the step now looks like a left side, and of all rules the one
that agrees in state and symbol wins. Its right side is added to the step.
*/

enum { ONE, BEGIN, WRITES, IS_RULE, INDEX, HEAD, HEAD2, AT, AT2, MOVE, IF_STATE };
enum { IF_SYMBOL = IF_STATE + STATES, WROTE = IF_SYMBOL + SYMBOLS };
enum { THEN_STATE = WROTE + SYMBOLS, THEN_SYMBOL = THEN_STATE + STATES };
enum { D = THEN_SYMBOL + SYMBOLS, K = 16, QKV = K + K + D };
typedef double Head[D][QKV]; /* what a token asks, what it answers to, what it says */
static const double age = 1 / 2048., never = 1 << 20;

static void ask(Head h, int *k, int here, int there, double weight)
{
    h[here][*k] = weight, h[there][K + (*k)++] = 1;
}

static void wire(Head tape, Head rule)
{
    int k = 0;
    ask(tape, &k, HEAD, AT, 2), ask(tape, &k, ONE, AT2, -1);
    ask(tape, &k, HEAD2, BEGIN, 1), ask(tape, &k, ONE, BEGIN, -0.5);
    ask(tape, &k, ONE, WRITES, never), ask(tape, &k, IS_RULE, WRITES, -2 * never);
    ask(tape, &k, ONE, INDEX, age);
    for (int s = 0; s < SYMBOLS; s++) tape[WROTE + s][2 * K + IF_SYMBOL + s] = 1;

    k = 0;
    for (int i = IF_STATE; i < WROTE; i++) ask(rule, &k, i, i, 1);
    ask(rule, &k, ONE, IS_RULE, 4);
    for (int i = MOVE; i < D; i++) rule[i][2 * K + i] = i == MOVE || i >= THEN_STATE;
}

/*
## The transformer

Attention takes the token of the highest score, or, with a sharpness $\beta$, the softmax
of $\beta$ times the scores, and adds what it finds. There is nothing else. The next token
is read off linearly: THEN, HEAD plus MOVE, and HEAD for the place that was written.
*/

typedef struct {
    int n; /* tokens */
    double qkv[2][STEPS][QKV];
} Memory;

static int largest(int n, const double *x)
{
    int best = 0;
    for (int i = 1; i < n; i++) best = x[i] > x[best] ? i : best;
    return best;
}

/* x (D) goes in as the next token and comes out of the last layer. beta 0: infinite. */
static void take(Memory *m, Head w[2], double beta, double x[D])
{
    x[ONE] = 1, x[INDEX] = m->n++;
    for (int l = 0; l < 2; l++) {
        double score[STEPS], sum = 0, found[D] = { 0 }, *own = m->qkv[l][m->n - 1];
        for (int d = 0; d < D; d++)
            for (int i = 0; i < QKV; i++) own[i] += x[d] * w[l][d][i];
        for (int j = 0; j < m->n; j++) score[j] = vmath_dot_f64(K, own, m->qkv[l][j] + K);
        double best = score[largest(m->n, score)];
        for (int j = 0; j < m->n; j++) {
            double p = beta > 0 ? vmath_exp(beta * (score[j] - best)) : score[j] == best;
            sum += p;
            for (int d = 0; d < D; d++) found[d] += p * m->qkv[l][j][2 * K + d];
        }
        for (int d = 0; d < D; d++) x[d] += found[d] / sum;
    }
}

static int index_of(char symbol) { return (int)(strchr(symbols, symbol) - symbols); }

static void write_at(int symbol, int at, double x[D])
{
    x[WRITES] = 1, x[WROTE + index_of((char)symbol)] = 1, x[AT] = at, x[AT2] = at * at;
}

/* Reads the prompt, then thinks, `limit` tokens at most. */
static void think(Head w[2], double beta, const Prompt *p, int limit, Chain *c)
{
    Memory m = { 0 };
    double begin[D] = { [BEGIN] = 1 };
    write_at('_', 0, begin), take(&m, w, beta, begin);
    for (int i = 0; i < p->n; i++) {
        const char *r = p->rule[i];
        double x[D] = { [IS_RULE] = 1, [MOVE] = r[4] == 'R' ? 1 : -1 };
        x[IF_STATE + r[0] - 'A'] = x[IF_SYMBOL + index_of(r[1])] = 1;
        x[THEN_STATE + r[2] - 'A'] = x[THEN_SYMBOL + index_of(r[3])] = 1;
        take(&m, w, beta, x);
    }
    for (int i = 0; i < p->length; i++) {
        double x[D] = { 0 };
        write_at(p->input[i], i, x), take(&m, w, beta, x);
    }
    Step s = { .state = 'A' };
    for (c->n = 0; c->n < limit && s.state != 'H'; c->step[c->n++] = s) {
        double x[D] = { [HEAD] = s.place, [HEAD2] = s.place * s.place };
        x[IF_STATE + s.state - 'A'] = 1;
        if (s.symbol) write_at(s.symbol, s.at, x);
        take(&m, w, beta, x);
        s = (Step){ 'A' + largest(STATES, x + THEN_STATE), (int)rint(x[HEAD] + x[MOVE]),
                    symbols[largest(SYMBOLS, x + THEN_SYMBOL)], (int)x[HEAD] };
    }
}

/*
## Five programs, fifty inputs

The seed draws the inputs; the busy beaver, of four states, has none. A changed rule is
one that the run uses.
*/

typedef enum { AS_IS, CHANGED, NO_RECENCY, ORDER, RIGHT_SIDES, KINDS } Kind;
static const char *const kinds[] = { "", ", a rule changed", ", no recency",
                                     ", rules shuffled", ", right sides shuffled" };

static void change(Prompt *p, Kind kind, const Chain *truth, Rng r)
{
    Prompt was = *p;
    int order[RULES];
    rng_permutation(rng_named(r, "order"), order, p->n);
    for (int i = 0; i < p->n && kind >= ORDER; i++) {
        int kept = kind == ORDER ? 0 : 2;
        memcpy(p->rule[i] + kept, was.rule[order[i]] + kept, (size_t)(5 - kept));
    }
    char *move = &p->rule[truth->rule[rng_below(r, 0, truth->n)]][4];
    if (kind == CHANGED) *move = *move == 'R' ? 'L' : 'R';
}

typedef struct {
    int prompts, exact, tokens, wrong;
    int steps,
        good; /* of the last prompt, the beaver's: in all, before the first error */
    Chain chain;
} Survey;

static Survey survey(Run *run, Head w[2], double beta, Kind kind, Rng rng)
{
    Survey s = { 0 };
    for (Program program = ADD; program <= BEAVER; program++)
        for (int i = 0; i < (program == BEAVER ? 1 : scaled(run, 50, 2)); i++) {
            Rng r = rng_child(rng_child(rng, program), (uint64_t)i);
            Prompt p = prompt(program, r);
            Chain truth, *c = &s.chain;
            machine(&p, &truth), change(&p, kind, &truth, rng_named(r, "change"));
            think(w, beta, &p, 2 * truth.n, c);
            int longer = c->n > truth.n ? c->n : truth.n, wrong = 0;
            s.good = s.steps = truth.n;
            for (int k = longer - 1; k >= 0; k--)
                if (k >= c->n || k >= truth.n ||
                    memcmp(&c->step[k], &truth.step[k], sizeof(Step)))
                    wrong++, s.good = k;
            s.prompts++, s.exact += !wrong, s.wrong += wrong, s.tokens += truth.n;
        }
    return s;
}

static void run(Run *run, Rng rng)
{
    Head w[2] = { 0 }, other[2];
    wire(w[0], w[1]);
    Hash hash = hash_bytes(w, sizeof w);
    for (Kind kind = AS_IS; kind < KINDS; kind++) {
        memcpy(other, w, sizeof w);
        for (int k = 0; k < K && kind == NO_RECENCY; k++) other[0][INDEX][K + k] = 0;
        Survey s = survey(run, other, 0, kind, rng);
        record_as(run, s.wrong, "wrong tokens%s", kinds[kind]);
        int tape[32] = { 0 };
        for (int i = 0; i < s.chain.n && kind == AS_IS; i++) {
            for (int at = -11, head = s.chain.step[i].at; at <= 4; at++)
                row(run, "tape", i, at, tape[16 + at] + 2 * (head == at));
            tape[16 + s.chain.step[i].at] = s.chain.step[i].symbol == '1';
        }
        if (kind == AS_IS) record(run, "tokens", s.tokens);
    }
    double from = 0;
    for (int k = 0; k <= 48; k += scaled(run, 1, 8)) {
        double beta = vmath_pow(2, k / 4.0);
        Survey s = survey(run, w, beta, AS_IS, rng);
        row(run, "sharpness", beta, 100.0 * s.exact / s.prompts, s.good);
        from = s.good < s.steps ? 0 : from > 0 ? from : beta;
    }
    record(run, "beta for busy beaver", from);
    precondition(run, NULL, !strcmp(hash.hex, hash_bytes(w, sizeof w).hex),
                 "one set of weights for all programs");
    listing(run, "weights", "sha256 of the weights\n%s\n", hash.hex);
}

/*
## What we find

~~~gnuplot tape "The busy beaver thinks: its tape (blue) and head (orange, dark on a 1)"
eval height(250); unset grid; unset colorbox; set cbrange [0:3]; set tics scale 0
set palette defined (0 '#f3f0e6', 1 '#5b9bc4', 2 '#e69f00', 3 '#a03d00')
set xlabel "step"; set ylabel "place"; set xrange [-1:107]; set yrange [-11.5:4.5]
plot table("tape") using "step":"place":"symbol" with image pixels
~~~

Unary addition, binary increment, palindromes, balanced brackets and the busy beaver take
{{=tokens|%.0f}} steps, and {{exact-trace|%.0f}} tokens are wrong. With one rule changed,
{{exact-trace.control|%.0f}} are, with those too many; without recency,
{{exact-trace.control2|%.0f}}. Rules may stand in any order ({{rule-order|%.0f}}), right
sides may not ({{rule-order.control|%.0f}}). All prompts meet the same weights:

~~~listing weights
~~~

~~~gnuplot sharpness "With softmax for the maximum: prompts whose every token is right"
set logscale x 2; set xrange [1:16384]; set yrange [0:108]
set xlabel "sharpness"; set ylabel "exact [%]"; set label "prompts" at 24, 72 tc ls 1
set label "busy beaver, share of its steps" at 3.2, 17 textcolor linestyle 2
eval rule("first 710,graph 0", "first 710,graph 1", THEORY, "last write wins", "800,50")
plot table("sharpness") using "beta":"prompts" with lines ls 1, \
  "" using "beta":(column("busy beaver") / 1.07) with lines ls 2
~~~

Softmax mixes into each symbol what stood there before. The beaver is exact from a
sharpness of {{finite-precision|%.0f}} on; from $2^{11} \ln(2) / 2$ on the last write
outweighs all before it. Longer thoughts need finer steps of age, so more precision.

## What our scale cannot show

That training finds such weights; how short a chain may be, for which the source has
bounds. Ours fails after 1024 tokens, when age outweighs a missing place: no fixed
precision is enough for all computations.
*/
