/* test_wordvec.c - counts against a loop over all pairs, PPMI against numbers worked out
 * by hand, the decomposition against Jacobi's, and vectors of a world whose analogies
 * are known. */
#include "core/text/wordvec.h"
#include "core/num/linalg.h"
#include "tests/planted_words.h"

static double cell(const Sparse *a, int row, int column)
{
    for (size_t e = a->first[row]; e < a->first[row + 1]; e++)
        if (a->column[e] == column) return (double)a->value[e];
    return 0;
}

/* --- counting ----------------------------------------------------------------------- */

static void neighbours_count_more_the_nearer_they_stand(void **state)
{
    (void)state;
    static const int token[] = { 0, 1, 2, 0 };
    Sparse *a = wordvec_counts(token, 4, 3, 2);
    static const double want[3][3] = { { 0, 3, 3 }, { 3, 0, 2 }, { 3, 2, 0 } };
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) assert_same_double(cell(a, i, j), want[i][j]);
    assert_int_equal(a->first[3], 6);
    sparse_free(a);
}

static void a_word_can_be_its_own_neighbour(void **state)
{
    (void)state;
    static const int token[] = { 0, 0, 0 };
    Sparse *a = wordvec_counts(token, 3, 1, 1);
    assert_same_double(cell(a, 0, 0), 4);
    sparse_free(a);
}

static void counts_are_those_of_a_loop_over_all_pairs(void **state)
{
    (void)state;
    enum { N = 3000, V = 130, WINDOW = 5 };
    int token[N];
    for (int i = 0; i < N; i++) token[i] = rng_below(rng_seed(3), (uint64_t)i, V);
    double *want = alloc(V * V, sizeof *want);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            if (i != j && abs(i - j) <= WINDOW)
                want[token[i] * V + token[j]] += WINDOW + 1 - abs(i - j);

    Sparse *a = wordvec_counts(token, N, V, WINDOW);
    size_t filled = 0;
    for (int i = 0; i < V; i++)
        for (int j = 0; j < V; j++) {
            assert_same_double(cell(a, i, j), want[i * V + j]);
            filled += want[i * V + j] > 0;
        }
    assert_int_equal(a->first[V], filled);
    for (int i = 0; i < V; i++)
        for (size_t e = a->first[i] + 1; e < a->first[i + 1]; e++)
            assert_true(a->column[e - 1] < a->column[e]);
    sparse_free(a), free(want);
}

static void pairs_are_counted_as_often_as_they_come(void **state)
{
    (void)state;
    static const int word[] = { 1, 0, 1, 1 }, context[] = { 2, 0, 2, 1 };
    Sparse *a = wordvec_pair_counts(4, word, context, 3, 4);
    assert_same_double(cell(a, 1, 2), 2);
    assert_same_double(cell(a, 1, 1), 1);
    assert_same_double(cell(a, 0, 0), 1);
    assert_int_equal(a->first[2], a->first[3]);
    sparse_free(a);
}

static void an_id_beyond_the_vocabulary_dies(void **state)
{
    (void)state;
    static const int token[] = { 0, 7 };
    assert_dies(wordvec_counts(token, 2, 7, 1), "id 7");
}

/* --- PPMI --------------------------------------------------------------------------- */

static void ppmi_of_three_words_is_what_paper_and_pencil_give(void **state)
{
    (void)state;
    /* "a b c" with window 1: b meets a and c once each, of four counts in all. */
    static const int token[] = { 0, 1, 2 };
    Sparse *plain = wordvec_counts(token, 3, 3, 1),
           *smooth = wordvec_counts(token, 3, 3, 1);
    wordvec_ppmi(plain, 1);
    wordvec_ppmi(smooth, 0.75);
    double b = pow(2, 0.75), tolerance = sizeof(real) == 4 ? 1e-7 : 1e-15;
    assert_near(cell(plain, 0, 1), log(2), tolerance);
    assert_near(cell(plain, 1, 2), log(2), tolerance);
    assert_near(cell(smooth, 0, 1), log((2 + b) / b), tolerance);
    assert_near(cell(smooth, 1, 0), log((2 + b) / 2), tolerance);
    sparse_free(plain), sparse_free(smooth);
}

static void what_meets_more_rarely_than_by_chance_is_dropped(void **state)
{
    (void)state;
    static const int word[] = { 0, 0, 0, 0, 1, 1, 1, 1 },
                     context[] = { 0, 0, 0, 1, 0, 1, 1, 1 };
    Sparse *a = wordvec_pair_counts(8, word, context, 2, 2);
    wordvec_ppmi(a, 1);
    assert_int_equal(a->first[2], 2);
    assert_near(cell(a, 0, 0), log(1.5), 1e-7);
    assert_near(cell(a, 1, 1), log(1.5), 1e-7);
    sparse_free(a);
}

/* --- products and directions -------------------------------------------------------- */

/* (rows,columns) with about one whole number in eight cells, and the same as dense. */
static Sparse *random_sparse(int rows, int columns, double *dense)
{
    int n = rows * columns / 8, *word = alloc((size_t)n, sizeof *word),
        *context = alloc((size_t)n, sizeof *context);
    for (int i = 0; i < n; i++) {
        word[i] = rng_below(rng_seed(11), (uint64_t)i, rows);
        context[i] = rng_below(rng_seed(12), (uint64_t)i, columns);
        dense[word[i] * columns + context[i]]++;
    }
    Sparse *a = wordvec_pair_counts((size_t)n, word, context, rows, columns);
    free(word), free(context);
    return a;
}

static void products_across_blocks_are_those_of_the_dense_matrix(void **state)
{
    (void)state;
    enum { ROWS = 40, COLUMNS = 3000, K = 96 };
    double *dense = alloc(ROWS * COLUMNS, sizeof *dense);
    real *x = alloc(COLUMNS * K, sizeof *x), *y = alloc(ROWS * K, sizeof *y),
         *back = alloc(COLUMNS * K, sizeof *back);
    Sparse *a = random_sparse(ROWS, COLUMNS, dense);
    for (int i = 0; i < COLUMNS * K; i++)
        x[i] = (real)(rng_below(rng_seed(13), (uint64_t)i, 9) - 4);
    sparse_times(a, K, x, y);
    sparse_transposed_times(a, K, y, back);
    for (int k = 0; k < K; k++) {
        for (int i = 0; i < ROWS; i++) {
            double want = 0;
            for (int j = 0; j < COLUMNS; j++)
                want += dense[i * COLUMNS + j] * (double)x[j * K + k];
            assert_same_double((double)y[i * K + k], want + 0.0);
        }
        for (int j = 0; j < COLUMNS; j += 371) {
            double want = 0;
            for (int i = 0; i < ROWS; i++)
                want += dense[i * COLUMNS + j] * (double)y[i * K + k];
            assert_same_double((double)back[j * K + k], want + 0.0);
        }
    }
    sparse_free(a), free(dense), free(x), free(y), free(back);
}

static void the_first_directions_are_those_of_a_full_decomposition(void **state)
{
    (void)state;
    enum { ROWS = 90, COLUMNS = 70, K = 8 };
    double *dense = alloc(ROWS * COLUMNS, sizeof *dense), s[COLUMNS], got[K],
           *u = alloc(ROWS * COLUMNS, sizeof *u),
           *v = alloc(COLUMNS * COLUMNS, sizeof *v);
    Sparse *a = random_sparse(ROWS, COLUMNS, dense);
    linalg_svd(ROWS, COLUMNS, dense, u, s, v);
    SvdSpec spec = { K, .iterations = 30, .power = 1 };
    real *w = wordvec_svd(a, spec, rng_seed(4), got);
    for (int k = 0; k < K; k++) assert_near(got[k], s[k], 1e-3 * s[0]);
    /* Products of rows do not depend on the sign of a direction. */
    for (int i = 0; i < ROWS; i += 7)
        for (int j = 0; j < ROWS; j += 5) {
            double want = 0, have = 0;
            for (int k = 0; k < K; k++) {
                want += u[i * COLUMNS + k] * s[k] * s[k] * u[j * COLUMNS + k];
                have += (double)w[i * K + k] * (double)w[j * K + k];
            }
            assert_near(have, want, 2e-3 * s[0] * s[0] / ROWS * 10);
        }
    sparse_free(a), free(dense), free(u), free(v), free(w);
}

static void the_power_scales_the_directions_and_nothing_else(void **state)
{
    (void)state;
    enum { ROWS = 60, COLUMNS = 50, K = 4 };
    double *dense = alloc(ROWS * COLUMNS, sizeof *dense), s[K];
    Sparse *a = random_sparse(ROWS, COLUMNS, dense);
    real *full = wordvec_svd(a, (SvdSpec){ K, 5, 1 }, rng_seed(4), s),
         *root = wordvec_svd(a, (SvdSpec){ K, 5, 0.5 }, rng_seed(4), NULL);
    for (int i = 0; i < ROWS; i++)
        for (int k = 0; k < K; k++)
            assert_near((double)full[i * K + k], (double)root[i * K + k] * sqrt(s[k]),
                        1e-5 * s[0]);
    sparse_free(a), free(dense), free(full), free(root);
}

static void a_matrix_of_lower_rank_than_asked_for_gives_zeros(void **state)
{
    (void)state;
    static const int word[] = { 0, 1, 2, 3 }, context[] = { 0, 0, 0, 0 };
    double s[3];
    Sparse *a = wordvec_pair_counts(4, word, context, 4, 3);
    real *w = wordvec_svd(a, (SvdSpec){ 3, 2, 1 }, rng_seed(4), s);
    assert_near(s[0], 2, 1e-5);
    assert_near(s[1], 0, 1e-3);
    for (int i = 0; i < 4; i++) assert_near(fabs((double)w[i * 3]), 1, 1e-5);
    sparse_free(a), free(w);
}

static void more_directions_than_the_smaller_side_die(void **state)
{
    (void)state;
    static const int one[] = { 0 };
    Sparse *a = wordvec_pair_counts(1, one, one, 4, 3);
    assert_dies(wordvec_svd(a, (SvdSpec){ 4, 1, 1 }, rng_seed(1), NULL), "4 directions");
    sparse_free(a);
}

static void rows_get_length_1_and_zero_rows_stay(void **state)
{
    (void)state;
    real w[] = { 3, 4, 0, 0 };
    wordvec_normalise(2, 2, w);
    assert_near((double)w[0], 0.6, 1e-7);
    assert_near((double)w[1], 0.8, 1e-7);
    assert_true(w[2] == 0 && w[3] == 0);
}

/* --- the whole way ------------------------------------------------------------------ */

/* As many directions as the world has: more would be the noise of the draws. */
enum { K_PLANTED = FAMILIES + KINDS - 1 };

static real *planted_vectors(Damage damage, Rng r)
{
    PlantedPairs *p = planted_pairs(damage, r);
    Sparse *a = wordvec_pair_counts(PAIRS, p->word, p->context, WORDS, CONTEXTS);
    wordvec_ppmi(a, 1);
    real *w =
        wordvec_svd(a, (SvdSpec){ K_PLANTED, 5, 0.5 }, rng_named(r, "sketch"), NULL);
    wordvec_normalise(WORDS, K_PLANTED, w);
    sparse_free(a), free(p);
    return w;
}

static void vectors_of_a_world_of_factors_answer_its_analogies(void **state)
{
    (void)state;
    real *w = planted_vectors(INTACT, rng_seed(21));
    double offset = planted_share(K_PLANTED, w, ANALOGY_ADD);
    assert_true(offset >= 0.95);
    assert_true(planted_share(K_PLANTED, w, ANALOGY_MUL) >= 0.95);
    assert_true(planted_share(K_PLANTED, w, ANALOGY_AVERAGE) >= 0.95);
    free(w);
}

static void with_the_offset_left_out_the_same_vectors_fail(void **state)
{
    (void)state;
    real *w = planted_vectors(INTACT, rng_seed(21));
    assert_true(planted_share(K_PLANTED, w, ANALOGY_ONLY_B) <= 0.5);
    free(w);
}

static void without_the_relation_or_with_shuffled_pairs_they_fail(void **state)
{
    (void)state;
    static const Damage damage[] = { NO_KINDS, SHUFFLED };
    for (int i = 0; i < COUNT(damage); i++) {
        real *w = planted_vectors(damage[i], rng_seed(21));
        assert_true(planted_share(K_PLANTED, w, ANALOGY_ADD) <= 0.35);
        free(w);
    }
}

static void the_same_seed_gives_the_same_bits(void **state)
{
    (void)state;
    real *a = planted_vectors(INTACT, rng_seed(22)),
         *b = planted_vectors(INTACT, rng_seed(22));
    assert_memory_equal(a, b, WORDS * K_PLANTED * sizeof *a);
    free(a), free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours_count_more_the_nearer_they_stand),
        cmocka_unit_test(a_word_can_be_its_own_neighbour),
        cmocka_unit_test(counts_are_those_of_a_loop_over_all_pairs),
        cmocka_unit_test(pairs_are_counted_as_often_as_they_come),
        cmocka_unit_test(an_id_beyond_the_vocabulary_dies),
        cmocka_unit_test(ppmi_of_three_words_is_what_paper_and_pencil_give),
        cmocka_unit_test(what_meets_more_rarely_than_by_chance_is_dropped),
        cmocka_unit_test(products_across_blocks_are_those_of_the_dense_matrix),
        cmocka_unit_test(the_first_directions_are_those_of_a_full_decomposition),
        cmocka_unit_test(the_power_scales_the_directions_and_nothing_else),
        cmocka_unit_test(a_matrix_of_lower_rank_than_asked_for_gives_zeros),
        cmocka_unit_test(more_directions_than_the_smaller_side_die),
        cmocka_unit_test(rows_get_length_1_and_zero_rows_stay),
        cmocka_unit_test(vectors_of_a_world_of_factors_answer_its_analogies),
        cmocka_unit_test(with_the_offset_left_out_the_same_vectors_fail),
        cmocka_unit_test(without_the_relation_or_with_shuffled_pairs_they_fail),
        cmocka_unit_test(the_same_seed_gives_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
