/* analogy.h - questions "a is to a' as b is to ?" and ways to answer them by vectors.
 *
 * A category is a list of pairs (a, a') that stand in one relation. Its questions are
 * all ordered pairs of different pairs: n pairs make n (n - 1) questions. Vectors are
 * the rows of w (V,K), length 1, so a product of rows is a cosine. */
#ifndef GLASSBOX_ANALOGY_H
#define GLASSBOX_ANALOGY_H

#include "core/base/base.h"
#include "core/base/rng.h"
#include "core/text/corpus.h"

typedef struct {
    int a, b; /* ids below V */
} Pair;
typedef struct {
    char *name;
    int n; /* pairs */
    Pair *pair;
} Category;
typedef struct {
    int n;
    Category *category;
} Analogies;

/* data/facts/analogy.csv (columns category, a, b; a category's rows together); pairs
 * with a word that is not among the V most frequent are left out. NULL with *error. */
Analogies *analogy_read(const char *path, const Corpus *, int V, char **error);
/* The same lists with the b of each pair moved to another pair, round a random cycle
 * through the category: as many questions, no relation. */
Analogies *analogy_shuffled(const Analogies *, Rng);
/* Of n pairs each: pair (categories, n). */
Analogies *analogy_from_pairs(int categories, int n, const Pair *pair);
void analogy_free(Analogies *);

/* Ways to answer. The first four take one pair as the example, the last two all the
 * other pairs of the category. All but the OPEN one leave out words that the question
 * contains. */
typedef enum {
    ANALOGY_ADD,      /* argmax cos(x, a' - a + b) [mikolov2013linguistic] */
    ANALOGY_ADD_OPEN, /* the same among all words */
    ANALOGY_MUL,      /* argmax cos(x,a') cos(x,b) / cos(x,a) [levy2014linguistic] */
    ANALOGY_ONLY_B,   /* argmax cos(x, b): no relation is asked for */
    ANALOGY_AVERAGE,  /* argmax cos(x, b + mean offset) [drozd2016word] */
    ANALOGY_CLASS,    /* argmax P(x among the a') cos(x, b): LRCos [drozd2016word] */
    ANALOGY_METHODS
} AnalogyMethod;

typedef struct {
    int questions;
    int right[ANALOGY_METHODS]; /* questions answered with the pair's own b' */
} Score;

/* Methods up to ANALOGY_ONLY_B; with `pooled` also the last two, whose answer to a b
 * counts for each of its n - 1 questions. r chooses the words that are not in the
 * class. */
Score analogy_score(const Category *, int V, int K, const real *w, bool pooled, Rng r);
/* Of all categories (n); the caller frees. */
Score *analogy_scores(const Analogies *, int V, int K, const real *w, bool pooled, Rng r);
/* Shares of right answers by method, all 0 if nothing was asked. */
void analogy_shares(const Score *, double share[ANALOGY_METHODS]);
/* Share of questions that a method answers, over the categories whose bit is set in
 * `which` (-1: all). 0 if they have no questions. */
double analogy_total(int n, const Score *, AnalogyMethod, int which);

/* What the better pooled method adds to the share of 3CosAdd. Which one is better could be
 * luck: the even categories choose, the odd ones judge. */
double analogy_pooling_gain(int n, const Score *);

/* Place of `answer` among all words by cos(x, a' - a + b), 1 is first; `open` counts
 * the question's own words too. */
int analogy_rank(Pair example, int b, int answer, int V, int K, const real *w, bool open);

/* The n words with the largest cos(x, a' - a + b), the question's own among them, one a
 * line with its cosine; `name` (V) are the words. Caller frees. */
char *analogy_listing(Pair example, int b, int V, int K, const real *w, int n,
                      char *const *name);

#endif
