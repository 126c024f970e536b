/*
# Grammars that grow like trees remember by a power law

What one letter of a text tells about another fades exponentially with their distance if
a machine with finitely many states wrote the text letter by letter, but only as a power
law, like correlations in a magnet at its critical point, if the text grew from a tree of
rules. Lin and Tegmark showed it for regular and for context-free grammars
[@lin2016criticality]. It bears on every model that reads with a state of fixed size:
such a model is a chain, and a chain must in the end forget how a sentence began.

We grow trees and walk chains with the same coin, and lay two rulers on both texts, one
for power laws and one for exponentials. What could fool us is a ruler that is content
with anything, so each is also laid on the other source, where it must be wrong. The
other danger is the bias of every estimate of information; its size is known, and we stay
clear of it.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

static const char columns[] = "distance, tree [bit], chain [bit], bigram [bit], "
                              "tree theory [bit], chain theory [bit]";

const Experiment experiment = {
    .id = "criticality",
    .run = run,
    .tables = { { "five", columns }, { "ten", columns } },
    ABOUT(.title = "Criticality in grammars", .section = "information-storage/general",
          .cites = "lin2016criticality", .seeds = 5, .core_s = 1.7, .quick = true,
          .carries = { "Theorems on probabilistic regular and context-free grammars, and "
                       "the information at a distance in real texts, music and genomes",
                       "The smallest tree grammar and the smallest chain: two letters, "
                       "four million of them, flips of 5 % and 10 %",
                       "Both laws, with the exponents that theory gives for this grammar",
                       "That natural language is context-free; what a network that was "
                       "trained on a tree keeps of its law" }),
    .claims = CLAIMS(
        { .id = "tree-power-law",
          .text = "in a text grown from a tree, information falls with distance by the "
                  "power law that theory gives",
          .value = "tree exponent error at 5 %",
          .side = BELOW,
          .bound = 0.07,
          .also = { { "tree exponent error at 10 %", BELOW, 0.07 },
                    { "tree exponent R2 at 5 %", OVER, 0.99 },
                    { "tree exponent R2 at 10 %", OVER, 0.99 } },
          .why = "theory gives the exponent; pilots were up to 4 % off",
          .controls = { { "chain exponent error at 5 %",
                          "the chain's text, measured as if a tree had written it",
                          { "chain exponent error at 10 %", "chain exponent R2 at 5 %",
                            "chain exponent R2 at 10 %" } } } },
        { .id = "chain-exponential",
          .text = "in a text written by a chain, every letter of distance costs the same "
                  "share of the information, at the rate that theory gives",
          .value = "chain rate error at 5 %",
          .side = BELOW,
          .bound = 0.08,
          .also = { { "chain rate error at 10 %", BELOW, 0.08 } },
          .why = "theory gives the rate; pilots were up to 5 % off",
          .controls = { { "tree rate error at 5 %",
                          "the tree's text, measured as if a chain had written it",
                          { "tree rate error at 10 %" } } } },
        { .id = "bigram-sample",
          .text = "a bigram model of the tree's text writes a text that forgets "
                  "exponentially: the rate in bits per letter",
          .value = "bigram rate at 5 %",
          .tier = REPORT }),
};

/*
## Two texts from one coin

There are two letters. In the **tree**, the letter at the root has two children, each of
them two more, for sixteen generations. A child copies its parent, or flips with
probability $\epsilon$; the last generation, read from left to right, is the text. In the
language of grammars: $A \to AA \mid AB \mid BA \mid BB$, and the same for $B$. In the
**chain**, each letter copies the one before it, or flips with the same $\epsilon$.

Both letters are equally frequent in both texts, and one coin weakens a correlation by
$\lambda = 1 - 2\epsilon$ in both. What differs is the number of coins between two
letters: $d$ in the chain, but in the tree only those on the way up to the last common
ancestor and down again, about $2 \log_2 d$.
*/

typedef struct {
    int blocks, length; /* independent pieces; letters in each */
    uint8_t *letter;    /* (blocks)(length), 0 or 1 */
} Text;

static bool flips(Rng coin, int i, double epsilon)
{
    return rng_uniform(coin, (uint64_t)i) < epsilon;
}

/* The nodes of a tree are numbered as in a heap: $n$ has the children $2n$, $2n + 1$. */
static Text grow_trees(int trees, int generations, double epsilon, Rng rng)
{
    int leaves = 1 << generations;
    Text text = { trees, leaves, alloc((size_t)trees * (size_t)leaves, 1) };
    uint8_t *node = alloc(2 * (size_t)leaves, 1);
    for (int t = 0; t < trees; t++) {
        Rng coin = rng_child(rng, (uint64_t)t);
        node[1] = flips(coin, 1, 0.5);
        for (int n = 2; n < 2 * leaves; n++)
            node[n] = node[n / 2] ^ flips(coin, n, epsilon);
        memcpy(text.letter + (size_t)t * (size_t)leaves, node + leaves, (size_t)leaves);
    }
    free(node);
    return text;
}

static Text walk_chain(int length, const double flip[2], Rng coin)
{
    Text text = { 1, length, alloc((size_t)length, 1) };
    text.letter[0] = flips(coin, 0, 0.5);
    for (int i = 1; i < length; i++) {
        uint8_t last = text.letter[i - 1];
        text.letter[i] = last ^ flips(coin, i, flip[last]);
    }
    return text;
}

/* A bigram model learns how often a letter follows a letter, and then writes as many. */
static Text bigram_sample(Text text, Rng coin)
{
    double follows[2][2] = { { 0 } };
    for (int i = 1; i < text.blocks * text.length; i++)
        if (i % text.length) follows[text.letter[i - 1]][text.letter[i]]++;
    double flip[2] = { follows[0][1] / (follows[0][0] + follows[0][1]),
                       follows[1][0] / (follows[1][0] + follows[1][1]) };
    return walk_chain(text.blocks * text.length, flip, coin);
}

/*
## Information at a distance

The mutual information of two letters $d$ apart comes from the counts of the four
possible pairs over all places of the text. Such an estimate is never zero: $N$ pairs of
independent letters out of an alphabet of $K$ show $(K-1)^2 / (2 N \ln 2)$ bits on
average, the bias of Miller and Madow. We do not subtract it, because neighbouring pairs
of a correlated text count for fewer than they are; we leave out every distance at which
the estimate is below twenty times this floor.
*/

enum { FLOORS = 20 };

static double bias_floor(int letters) { return 1 / (2.0 * letters * vmath_log(2)); }

static double information(Text text, int d)
{
    double joint[2][2] = { { 0 } }, bits = 0;
    for (int b = 0; b < text.blocks; b++) {
        const uint8_t *letter = text.letter + (size_t)b * (size_t)text.length;
        int pairs[4] = { 0 };
        for (int i = 0; i + d < text.length; i++) pairs[2 * letter[i] + letter[i + d]]++;
        for (int p = 0; p < 4; p++) joint[p / 2][p % 2] += pairs[p];
    }
    double n = joint[0][0] + joint[0][1] + joint[1][0] + joint[1][1];
    for (int p = 0; p < 4; p++) {
        double pair = joint[p / 2][p % 2], first = joint[p / 2][0] + joint[p / 2][1],
               second = joint[0][p % 2] + joint[1][p % 2];
        if (pair > 0) bits += pair / n * vmath_log2(pair * n / (first * second));
    }
    return bits;
}

/*
Theory knows the answer. Two letters of correlation $c$ share $\sum_k c^{2k} / (2k (2k-1)
\ln 2)$ bits, about $c^2 / (2 \ln 2)$ when $c$ is small. In the chain $c = \lambda^d$, so
$\log_2$ of the information falls by $2 \log_2(1/\lambda)$ per letter. In the tree, the
last common ancestor is at most $h$ generations up at a fraction $1 - d/2^h$ of all
places, and with an ancestor just $h$ up $c = \lambda^{2h}$. On average over the places
$$c(d) = \sum_h \lambda^{2h} \left[ (1 - d/2^h)_+ - (1 - d/2^{h-1})_+ \right]
\propto d^{-2 \log_2 (1/\lambda)},$$
so the information falls with the exponent $4 \log_2 (1/\lambda)$.
*/

static double information_of(double correlation)
{
    double square = correlation * correlation, power = 1, sum = 0;
    for (int k = 1; k <= 200; k++) sum += (power *= square) / (2 * k * (2 * k - 1));
    return sum / vmath_log(2);
}

static double tree_correlation(double lambda, int generations, int d)
{
    double sum = 0, below = 0, way = 1, leaves = 1;
    for (int h = 1; h <= generations; h++) {
        way *= lambda * lambda, leaves *= 2;
        double within = d < leaves ? 1 - d / leaves : 0;
        sum += way * (within - below);
        below = within;
    }
    return sum / below; /* pairs across two trees are not counted */
}

/*
## Two rulers

The ruler for power laws is a line through $\log_2 I$ over $\log_2 d$ at the nine
distances 2, 4 ... 512. The ruler for exponentials is a line through $\log_2 I$ over $d$
from 5, where $c$ is small enough for the law, to 17, where the chain still stands clear
of the floor; the bigram model forgets faster and is measured from 2 to 7.
*/

typedef enum { POWER_LAW, EXPONENTIAL } Law;
typedef struct {
    int n;
    double x[16], y[16];
} Points;

/* What a ruler is laid on: for a power law, `from` and `to` are exponents of 2. */
static Points points_of(Text text, Law law, int from, int to)
{
    Points points = { 0 };
    for (int x = from; x <= to; x++) {
        double bits = information(text, law == POWER_LAW ? 1 << x : x);
        if (bits < FLOORS * bias_floor(text.blocks * text.length)) continue;
        points.x[points.n] = x;
        points.y[points.n++] = vmath_log2(bits);
    }
    return points;
}

static void record_line(Run *run, const char *what, const char *flips, Points points,
                        double theory)
{
    char *name[3] = { text_format("%s at %s", what, flips),
                      text_format("%s error at %s", what, flips),
                      text_format("%s R2 at %s", what, flips) };
    if (points.n >= 3) {
        Line line = stats_line(points.n, points.x, points.y);
        record(run, name[0], line.slope);
        record(run, name[1], fabs(line.slope / theory - 1));
        record(run, name[2], line.r2);
    }
    for (int i = 0; i < 3; i++) {
        if (points.n < 3) record_absent(run, name[i]);
        free(name[i]);
    }
}

/*
## Each ruler on each text
*/

static void both_laws(Run *run, const char *table, double epsilon, int trees,
                      int generations, Rng rng)
{
    Text tree = grow_trees(trees, generations, epsilon, rng_named(rng, "tree"));
    Text chain = walk_chain(trees << generations, (double[]){ epsilon, epsilon },
                            rng_named(rng, "chain"));
    Text bigram = bigram_sample(tree, rng_named(rng, "bigram"));

    double lambda = 1 - 2 * epsilon, rate = 2 * vmath_log2(lambda);
    double bigram_rate = 2 * vmath_log2(tree_correlation(lambda, generations, 1));
    char *name = text_format("%.0f %%", 100 * epsilon);
    record_line(run, "tree exponent", name, points_of(tree, POWER_LAW, 1, 9), 2 * rate);
    record_line(run, "chain exponent", name, points_of(chain, POWER_LAW, 1, 9), 2 * rate);
    record_line(run, "chain rate", name, points_of(chain, EXPONENTIAL, 5, 17), rate);
    record_line(run, "tree rate", name, points_of(tree, EXPONENTIAL, 5, 17), rate);
    record_line(run, "bigram rate", name, points_of(bigram, EXPONENTIAL, 2, 7),
                bigram_rate);

    for (int d = 1; d <= tree.length / 16; d = d < 24 ? d + 1 : d + d / 3)
        row(run, table, d, information(tree, d), information(chain, d),
            information(bigram, d),
            information_of(tree_correlation(lambda, generations, d)),
            information_of(vmath_pow(lambda, d)));
    free(tree.letter), free(chain.letter), free(bigram.letter), free(name);
}

static void run(Run *run, Rng rng)
{
    int trees = scaled(run, 64, 2), generations = scaled(run, 16, 11);
    record(run, "bias floor", bias_floor(trees << generations));
    both_laws(run, "five", 0.05, trees, generations, rng_named(rng, "five"));
    progress(run, 0.5);
    both_laws(run, "ten", 0.10, trees, generations, rng_named(rng, "ten"));
}

/*
## What we find

With flips of 5 % the tree's information falls with the exponent
{{=tree exponent at 5 %}}; theory says $-0.608$. With 10 % it is
{{=tree exponent at 10 %}}; theory says $-1.288$. On the chain the same ruler reads
{{=chain exponent at 5 %}} and {{=chain exponent at 10 %}}, and the line bends away: $R^2$
is {{=chain exponent R2 at 5 %|%.3f}} and {{=chain exponent R2 at 10 %|%.3f}}, on the tree
{{=tree exponent R2 at 5 %|%.4f}} and {{=tree exponent R2 at 10 %|%.4f}}.

~~~gnuplot five "Flips of 5 %, both axes logarithmic: the tree is straight. Lines: theory"
set logscale xy
set format y "10^{%T}"
set xlabel "distance [letters]"
set ylabel "mutual information [bit]"
set yrange [5e-8:2]
eval control({{=bias floor}}, "bias floor")
set label "tree" at 500, 0.02 textcolor linestyle 1
set label "chain" at 32, 3e-3 textcolor linestyle 2
set label "bigram model" at 1.2, 1e-4 textcolor linestyle 3
plot table("five") using "distance":"tree" with points linestyle 1, \
  "" using "distance":"tree theory" with lines linestyle 1, \
  "" using "distance":"chain" with points linestyle 2, \
  "" using "distance":"chain theory" with lines linestyle 2, \
  "" using "distance":"bigram" with points linestyle 3
~~~

In the chain $\log_2 I$ changes by {{=chain rate at 5 %}} and {{=chain rate at 10 %}} per
letter; theory says $-0.304$ and $-0.644$. Over the same letters the tree changes by
{{=tree rate at 5 %}} and {{=tree rate at 10 %}}, and ever less farther out.

~~~gnuplot five "The same with a linear distance: chain and bigram model are straight"
set logscale y
set format y "10^{%T}"
set xlabel "distance [letters]"
set ylabel "mutual information [bit]"
set xrange [0:60]
set yrange [5e-8:2]
eval control({{=bias floor}}, "bias floor")
set label "tree" at 50, 0.08 textcolor linestyle 1
set label "chain" at 32, 3e-3 textcolor linestyle 2
set label "bigram model" at 16, 1.5e-5 textcolor linestyle 3
plot table("five") using "distance":"tree" with points linestyle 1, \
  "" using "distance":"tree theory" with lines linestyle 1, \
  "" using "distance":"chain" with points linestyle 2, \
  "" using "distance":"chain theory" with lines linestyle 2, \
  "" using "distance":"bigram" with points linestyle 3
~~~

The bigram model has read the tree and has all its pairs of neighbours right. Its own
text changes by {{bigram-sample}} per letter, as the correlation of neighbours alone
demands, and nothing of the tree's law is left.

Counting letters overstates what we know. The 64 trees are 64 independent pieces, not four
million, since all letters of a tree hang on its root: what its far points miss, they miss
together. And beyond its memory the chain lies above the floor of independent letters,
because runs of equal letters are one observation and not many.

## What our scale cannot show

A sum of many exponentials looks like a power law, and a tree is such a sum, one term for
each generation: beyond the sixteenth there is nothing. Nor does a power law prove a tree,
and none of this says that natural language is context-free. Two comparisons are missing
that need a trained network: the text of a small transformer that has read the tree, which
should keep the power law as far as its context reaches, and a real book beside samples of
a language model.
*/
