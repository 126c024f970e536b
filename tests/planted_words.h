/* planted_words.h - a small log-linear world whose analogies are known: 8 families of 5
 * kinds, word = family * 5 + kind, each family and each kind a factor of its own on 240
 * contexts. Pairs are drawn from it as counts. */
#ifndef GLASSBOX_PLANTED_WORDS_H
#define GLASSBOX_PLANTED_WORDS_H

#include "core/num/alias.h"
#include "core/num/vmath.h"
#include "core/text/analogy.h"
#include "core/text/wordvec.h"
#include "tests/check.h"

enum {
    FAMILIES = 8,
    KINDS = 5,
    WORDS = FAMILIES * KINDS,
    CONTEXTS = 240,
    PAIRS = 400000
};

/* What to break: nothing; the factor of the kinds, so that a word is its family and
 * noise of its own; or the pairing of words with contexts. */
typedef enum { INTACT, NO_KINDS, SHUFFLED } Damage;

typedef struct {
    int word[PAIRS], context[PAIRS];
} PlantedPairs;

static inline double planted_factor(Rng r, int a, int context)
{
    return 1.2 * rng_normal(rng_child(r, (uint64_t)a), (uint64_t)context);
}

static inline PlantedPairs *planted_pairs(Damage damage, Rng r)
{
    PlantedPairs *p = alloc(1, sizeof *p);
    Rng family = rng_named(r, "family"), kind = rng_named(r, "kind"),
        draw = rng_named(r, "draw");
    for (int w = 0; w < WORDS; w++) {
        double law[CONTEXTS];
        int second = damage == NO_KINDS ? 100 + w : w % KINDS;
        for (int c = 0; c < CONTEXTS; c++)
            law[c] = vmath_exp(planted_factor(family, w / KINDS, c) +
                               planted_factor(kind, second, c));
        Alias a = alias_new(CONTEXTS, law);
        for (int i = w; i < PAIRS; i += WORDS) {
            p->word[i] = w;
            p->context[i] = alias_draw(&a, rng_u64(draw, (uint64_t)i));
        }
        alias_free(a);
    }
    if (damage == SHUFFLED) rng_shuffle(rng_named(r, "shuffle"), p->context, PAIRS);
    return p;
}

/* Kind 0 of a family is to its kind k as in every other family. */
static inline Analogies *planted_questions(void)
{
    Pair pair[(KINDS - 1) * FAMILIES];
    for (int k = 1; k < KINDS; k++)
        for (int f = 0; f < FAMILIES; f++)
            pair[(k - 1) * FAMILIES + f] = (Pair){ f * KINDS, f * KINDS + k };
    return analogy_from_pairs(KINDS - 1, FAMILIES, pair);
}

static inline double planted_share(int K, const real *w, AnalogyMethod how)
{
    Analogies *q = planted_questions();
    Score *s = analogy_scores(q, WORDS, K, w, true, rng_seed(1));
    double share = analogy_total(q->n, s, how, -1);
    free(s), analogy_free(q);
    return share;
}

#endif
