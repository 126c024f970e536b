/* test_sgns.c - vectors by prediction: they learn what a planted world contains, learn
 * nothing without steps, and come out the same every time. */
#include "core/text/sgns.h"
#include "core/num/stats.h"
#include "tests/planted_words.h"

enum { K = FAMILIES + KINDS - 1 };

static const SgnsSpec spec = {
    .negatives = 5, .epochs = 3, .rate = 0.05, .noise_power = 1
};

static Embedding *trained(Damage damage, SgnsSpec with, Rng r)
{
    PlantedPairs *p = planted_pairs(damage, r);
    Embedding *e = embedding_new(WORDS, CONTEXTS, K, rng_named(r, "init"));
    sgns_pairs(e, with, PAIRS, p->word, p->context, rng_named(r, "train"));
    free(p);
    return e;
}

/* Correlation of the vectors' products with PMI, over pairs that met at least 20 times,
 * and the mean difference of the two. */
static double agreement(const Embedding *e, Rng r, double *shift)
{
    PlantedPairs *p = planted_pairs(INTACT, r);
    Sparse *a = wordvec_pair_counts(PAIRS, p->word, p->context, WORDS, CONTEXTS);
    static double product[WORDS * CONTEXTS], pmi[WORDS * CONTEXTS];
    double met[CONTEXTS] = { 0 };
    int n = 0;
    for (size_t i = 0; i < a->first[WORDS]; i++) met[a->column[i]] += (double)a->value[i];
    for (int w = 0; w < WORDS; w++)
        for (size_t i = a->first[w]; i < a->first[w + 1]; i++) {
            if (a->value[i] < 20) continue;
            product[n] =
                (double)vmath_dot(K, e->word + w * K, e->context + a->column[i] * K);
            pmi[n++] = log((double)a->value[i] * WORDS / met[a->column[i]]);
        }
    *shift = stats_mean(n, product) - stats_mean(n, pmi);
    sparse_free(a), free(p);
    return stats_correlation(n, product, pmi);
}

static void products_come_to_be_shifted_mutual_information(void **state)
{
    (void)state;
    Embedding *e = trained(INTACT, spec, rng_seed(31));
    double shift, r = agreement(e, rng_seed(31), &shift);
    assert_true(r >= 0.9);
    assert_near(shift, -log(5), 0.25);
    embedding_free(e);
}

static void more_noise_shifts_the_products_further_down(void **state)
{
    (void)state;
    SgnsSpec two = spec, ten = spec;
    two.negatives = 2, ten.negatives = 10;
    double shift_two, shift_ten;
    Embedding *a = trained(INTACT, two, rng_seed(31)),
              *b = trained(INTACT, ten, rng_seed(31));
    agreement(a, rng_seed(31), &shift_two), agreement(b, rng_seed(31), &shift_ten);
    assert_near(shift_two - shift_ten, log(5), 0.35);
    embedding_free(a), embedding_free(b);
}

static void trained_vectors_answer_and_untrained_ones_do_not(void **state)
{
    (void)state;
    SgnsSpec none = spec;
    none.epochs = 0;
    Embedding *e = trained(INTACT, spec, rng_seed(31)),
              *before = trained(INTACT, none, rng_seed(31));
    wordvec_normalise(WORDS, K, e->word), wordvec_normalise(WORDS, K, before->word);
    assert_true(planted_share(K, e->word, ANALOGY_ADD) >= 0.95);
    assert_true(planted_share(K, before->word, ANALOGY_ADD) <= 0.2);
    embedding_free(e), embedding_free(before);
}

static void without_the_relation_trained_vectors_fail(void **state)
{
    (void)state;
    Embedding *e = trained(NO_KINDS, spec, rng_seed(31));
    wordvec_normalise(WORDS, K, e->word);
    assert_true(planted_share(K, e->word, ANALOGY_ADD) <= 0.4);
    embedding_free(e);
}

static void no_epochs_change_nothing(void **state)
{
    (void)state;
    SgnsSpec none = spec;
    none.epochs = 0;
    Embedding *e = trained(INTACT, none, rng_seed(31)),
              *fresh = embedding_new(WORDS, CONTEXTS, K, rng_named(rng_seed(31), "init"));
    assert_memory_equal(e->word, fresh->word, WORDS * K * sizeof(real));
    assert_memory_equal(e->context, fresh->context, CONTEXTS * K * sizeof(real));
    embedding_free(e), embedding_free(fresh);
}

static void the_same_seed_gives_the_same_bits_and_another_does_not(void **state)
{
    (void)state;
    Embedding *a = trained(INTACT, spec, rng_seed(31)),
              *b = trained(INTACT, spec, rng_seed(31)),
              *c = trained(INTACT, spec, rng_seed(32));
    assert_memory_equal(a->word, b->word, WORDS * K * sizeof(real));
    assert_memory_not_equal(a->word, c->word, WORDS * K * sizeof(real));
    embedding_free(a), embedding_free(b), embedding_free(c);
}

static void a_spec_beyond_its_range_dies(void **state)
{
    (void)state;
    SgnsSpec many = spec;
    many.negatives = 1000;
    assert_dies(trained(INTACT, many, rng_seed(1)), "1000 negatives");
}

/* --- text --------------------------------------------------------------------------- */

/* Two topics of ten words each; a sentence of 20 words stays with one. */
enum { TOPIC = 10, V = 2 * TOPIC, TOKENS = 40000 };

static int *two_topics(void)
{
    int *token = alloc(TOKENS, sizeof *token);
    for (int i = 0; i < TOKENS; i++)
        token[i] = TOPIC * rng_below(rng_seed(8), (uint64_t)(i / 20), 2) +
                   rng_below(rng_seed(9), (uint64_t)i, TOPIC);
    return token;
}

/* Mean cosine within a topic less that across. */
static double separation(int dim, real *w)
{
    wordvec_normalise(V, dim, w);
    double within = 0, across = 0;
    int n_within = 0, n_across = 0;
    for (int i = 0; i < V; i++)
        for (int j = 0; j < i; j++) {
            double cosine = (double)vmath_dot(dim, w + i * dim, w + j * dim);
            if (i / TOPIC == j / TOPIC) within += cosine, n_within++;
            else across += cosine, n_across++;
        }
    return within / n_within - across / n_across;
}

static double separation_by_glove(const int *token)
{
    Sparse *near = wordvec_counts(token, TOKENS, V, 5);
    real *w = glove_vectors(near, 8, 200, rng_seed(5));
    double apart = separation(8, w);
    free(w), sparse_free(near);
    return apart;
}

static double separation_by_sgns(const int *token)
{
    SgnsSpec windows = spec;
    windows.window = 5;
    real *w = sgns_text(V, 8, windows, TOKENS, token, rng_seed(5));
    double apart = separation(8, w);
    free(w);
    return apart;
}

static void words_of_one_topic_come_to_lie_together_unless_shuffled(void **state)
{
    (void)state;
    int *token = two_topics();
    assert_true(separation_by_sgns(token) > 0.5);
    assert_true(separation_by_glove(token) > 0.3);
    rng_shuffle(rng_seed(6), token, TOKENS);
    assert_true(fabs(separation_by_sgns(token)) < 0.15);
    assert_true(fabs(separation_by_glove(token)) < 0.15);
    free(token);
}

/* In 0 1 2 3 0 1 ... the words 0 and 2 have the neighbours 1 and 3, and the reverse; a
 * word that was its own neighbour would share one with the words beside it. */
static void a_word_is_no_neighbour_of_itself(void **state)
{
    (void)state;
    int *token = alloc(TOKENS, sizeof *token);
    for (int i = 0; i < TOKENS; i++) token[i] = i % 4;
    SgnsSpec next = spec;
    next.window = 1;
    real *w = sgns_text(4, 8, next, TOKENS, token, rng_seed(5));
    wordvec_normalise(4, 8, w);
    assert_true((double)vmath_dot(8, w, w + 2 * 8) > 0.9);
    assert_true((double)vmath_dot(8, w, w + 8) < 0.5);
    free(w), free(token);
}

static void text_vectors_are_the_same_every_time(void **state)
{
    (void)state;
    int *token = two_topics();
    SgnsSpec windows = spec;
    windows.window = 5;
    Sparse *near = wordvec_counts(token, TOKENS, V, 5);
    real *a = sgns_text(V, 8, windows, TOKENS, token, rng_seed(5)),
         *b = sgns_text(V, 8, windows, TOKENS, token, rng_seed(5)),
         *c = glove_vectors(near, 8, 3, rng_seed(5)),
         *d = glove_vectors(near, 8, 3, rng_seed(5));
    assert_memory_equal(a, b, V * 8 * sizeof *a);
    assert_memory_equal(c, d, V * 8 * sizeof *c);
    free(a), free(b), free(c), free(d), sparse_free(near), free(token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_come_to_be_shifted_mutual_information),
        cmocka_unit_test(more_noise_shifts_the_products_further_down),
        cmocka_unit_test(trained_vectors_answer_and_untrained_ones_do_not),
        cmocka_unit_test(without_the_relation_trained_vectors_fail),
        cmocka_unit_test(no_epochs_change_nothing),
        cmocka_unit_test(the_same_seed_gives_the_same_bits_and_another_does_not),
        cmocka_unit_test(a_spec_beyond_its_range_dies),
        cmocka_unit_test(words_of_one_topic_come_to_lie_together_unless_shuffled),
        cmocka_unit_test(a_word_is_no_neighbour_of_itself),
        cmocka_unit_test(text_vectors_are_the_same_every_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
