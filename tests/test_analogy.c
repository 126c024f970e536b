/* test_analogy.c - answers to questions whose right answer can be seen: vectors on a
 * grid, with each way of being wrong planted once. */
#include "core/text/analogy.h"
#include "core/base/sheet.h"
#include "core/text/wordvec.h"
#include "tests/check.h"

/* Eight words: family f in 0..3, kind k in 0..1, word = 2 f + k; one axis for each
 * family, one for the kind, one that each word of kind 1 has to itself. `step` is the
 * length of the kind's axis, `own` that of the word's. */
enum {
    FAMILIES = 4,
    WORDS = 2 * FAMILIES + 1,
    STRANGER = WORDS - 1,
    K = 2 * FAMILIES + 2
};

static real *grid(double step, double own)
{
    real *w = alloc(WORDS * K, sizeof *w);
    for (int i = 0; i < STRANGER; i++) {
        w[i * K + i / 2] = 1;
        w[i * K + FAMILIES] = (real)(i % 2 ? step : 0);
        w[i * K + FAMILIES + 1 + i / 2] = (real)(i % 2 ? own : 0);
    }
    w[STRANGER * K + K - 1] = 1;
    wordvec_normalise(WORDS, K, w);
    return w;
}

static const Pair pairs[] = { { 0, 1 }, { 2, 3 }, { 4, 5 }, { 6, 7 } };

static Score score_of(const real *w, bool pooled)
{
    Category c = { "kind", FAMILIES, (Pair *)pairs };
    return analogy_score(&c, WORDS, K, w, pooled, rng_seed(1));
}

static void every_ordered_pair_of_pairs_is_a_question(void **state)
{
    (void)state;
    real *w = grid(1, 0);
    Score s = score_of(w, true);
    assert_int_equal(s.questions, 12);
    for (int m = 0; m < ANALOGY_METHODS; m++) assert_true(s.right[m] <= 12);
    free(w);
}

static void a_clean_step_is_found_with_and_without_the_inputs(void **state)
{
    (void)state;
    real *w = grid(1.5, 0);
    Score s = score_of(w, true);
    assert_int_equal(s.right[ANALOGY_ADD], 12);
    assert_int_equal(s.right[ANALOGY_ADD_OPEN], 12);
    assert_int_equal(s.right[ANALOGY_MUL], 12);
    assert_int_equal(s.right[ANALOGY_AVERAGE], 12);
    assert_int_equal(s.right[ANALOGY_CLASS], 12);
    free(w);
}

/* Beside what a word has to itself a tiny step is nothing: the nearest neighbour of b
 * answers, and b itself is nearer. */
static void a_tiny_step_succeeds_by_exclusion_alone(void **state)
{
    (void)state;
    real *w = grid(0.05, 0.3);
    Score s = score_of(w, false);
    assert_int_equal(s.right[ANALOGY_ADD], 12);
    assert_int_equal(s.right[ANALOGY_ONLY_B], 12);
    assert_int_equal(s.right[ANALOGY_ADD_OPEN], 0);
    free(w);
}

/* The relation turned round in one pair: of its six questions, three as example and three
 * as answer, none is right. */
static void a_pair_that_runs_the_other_way_fails_and_the_others_stay(void **state)
{
    (void)state;
    real *w = grid(1.5, 0);
    for (int k = 0; k < K; k++) {
        real swap = w[6 * K + k];
        w[6 * K + k] = w[7 * K + k];
        w[7 * K + k] = swap;
    }
    assert_int_equal(score_of(w, false).right[ANALOGY_ADD_OPEN], 6);
    free(w);
}

/* The one other pair steps far enough to the answer; half its step ends at the decoy, and
 * with the tested pair's own step beside it, the example's second word wins. */
static void the_mean_step_is_that_of_the_other_pairs(void **state)
{
    (void)state;
    enum { A, A2, B, B2, DECOY, N, D = 4 };
    static const real w[N * D] = { 1, 0, 0, 0,      0,    1.1f, 0, 0, 0,     0,
                                   1, 0, 0, 0.866f, 0.5f, 0,    0, 0, 0.99f, 0.1f };
    Category c = { "kind", 2, (Pair[]){ { A, A2 }, { B, B2 } } };
    Score s = analogy_score(&c, N, D, w, true, rng_seed(1));
    assert_int_equal(s.right[ANALOGY_AVERAGE], 2);
}

/* Answers with nothing in common, each beside a decoy that is a little nearer to the
 * question: only a class that has seen the answer itself would prefer it. */
static void the_class_has_not_seen_the_answer(void **state)
{
    (void)state;
    enum { PAIRS = 6, N = 6000, D = 3 * PAIRS };
    real *w = alloc(N * D, sizeof *w);
    Pair pair[PAIRS];
    for (int i = 0; i < PAIRS; i++) {
        real *a = w + 3 * i * D, *b = a + D, *decoy = b + D;
        pair[i] = (Pair){ 3 * i, 3 * i + 1 };
        a[i] = 1;
        b[i] = 0.6f, b[PAIRS + i] = 0.8f;
        decoy[i] = 0.605f, decoy[2 * PAIRS + i] = 0.796f;
    }
    Category c = { "kind", PAIRS, pair };
    assert_int_equal(analogy_score(&c, N, D, w, true, rng_seed(1)).right[ANALOGY_CLASS],
                     0);
    free(w);
}

static void one_pair_asks_nothing(void **state)
{
    (void)state;
    real *w = grid(1, 0);
    Category c = { "kind", 1, (Pair *)pairs };
    Score s = analogy_score(&c, WORDS, K, w, true, rng_seed(1));
    assert_int_equal(s.questions, 0);
    double share[ANALOGY_METHODS];
    analogy_shares(&s, share);
    for (int m = 0; m < ANALOGY_METHODS; m++) assert_true(share[m] == 0);
    assert_true(analogy_total(1, &s, ANALOGY_ADD, -1) == 0);
    free(w);
}

static void ranks_count_the_inputs_only_when_they_may_answer(void **state)
{
    (void)state;
    real *w = grid(0.05, 0.3);
    assert_int_equal(analogy_rank(pairs[0], 2, 3, WORDS, K, w, false), 1);
    assert_int_equal(analogy_rank(pairs[0], 2, 3, WORDS, K, w, true), 2);
    assert_int_equal(analogy_rank(pairs[0], 2, STRANGER, WORDS, K, w, false), 6);
    free(w);
}

static void a_listing_is_the_nearest_words_with_their_cosines(void **state)
{
    (void)state;
    real *w = grid(1.5, 0);
    char *names[WORDS] = { "a", "a2", "b", "b2", "c", "c2", "d", "d2", "stranger" };
    char *list = analogy_listing(pairs[0], 2, WORDS, K, w, 2, names);
    assert_true(!strncmp(list, "b2 ", 3));
    assert_contains(list, "\n");
    int lines = 0;
    for (const char *c = list; *c; c++) lines += *c == '\n';
    assert_int_equal(lines, 2);
    free(list), free(w);
}

static void totals_weigh_categories_by_their_questions(void **state)
{
    (void)state;
    Score s[] = { { 10, { 5 } }, { 30, { 3 } }, { 60, { 60 } } };
    assert_near(analogy_total(3, s, ANALOGY_ADD, -1), 0.68, 1e-12);
    assert_near(analogy_total(3, s, ANALOGY_ADD, 1), 0.5, 1e-12);
    assert_near(analogy_total(3, s, ANALOGY_ADD, 2 | 4), 0.7, 1e-12);
}

/* The average is better where it is chosen and worse where it is judged: the gain must
 * show the loss, not pick the better of the two. */
static void the_gain_of_pooling_is_judged_where_it_was_not_chosen(void **state)
{
    (void)state;
    Score s[2] = { { .questions = 10 }, { .questions = 10 } };
    s[0].right[ANALOGY_AVERAGE] = 9, s[0].right[ANALOGY_CLASS] = 1;
    s[1].right[ANALOGY_AVERAGE] = 2, s[1].right[ANALOGY_CLASS] = 8;
    s[1].right[ANALOGY_ADD] = 4;
    assert_near(analogy_pooling_gain(2, s), -0.2, 1e-12);
    s[0].right[ANALOGY_CLASS] = 10;
    assert_near(analogy_pooling_gain(2, s), 0.4, 1e-12);
}

static void a_shuffled_list_keeps_the_words_and_no_pair(void **state)
{
    (void)state;
    enum { N = 23 };
    Pair pair[N];
    for (int i = 0; i < N; i++) pair[i] = (Pair){ i, 100 + i };
    Analogies *q = analogy_from_pairs(1, N, pair);
    for (uint64_t seed = 1; seed < 20; seed++) {
        Analogies *mixed = analogy_shuffled(q, rng_seed(seed));
        bool seen[N] = { false };
        for (int i = 0; i < N; i++) {
            Pair p = mixed->category[0].pair[i];
            assert_int_equal(p.a, i);
            assert_int_not_equal(p.b, 100 + i);
            seen[p.b - 100] = true;
        }
        for (int i = 0; i < N; i++) assert_true(seen[i]);
        analogy_free(mixed);
    }
    analogy_free(q);
}

/* --- files -------------------------------------------------------------------------- */

static Corpus *text_of(const char *lines)
{
    return corpus_from_lines(lines, strlen(lines));
}

static void pairs_with_a_word_beyond_the_vocabulary_are_left_out(void **state)
{
    (void)state;
    char *folder = check_folder(), *path = check_path(folder, "pairs.csv"), *error = NULL;
    static const char csv[] = "category,a,b\nx,man,woman\nx,king,queen\nx,duke,duchess\n"
                              "y,man,men\n";
    assert_true(file_write(path, csv, sizeof csv - 1));
    Corpus *c = text_of("man\nman\nwoman\nwoman\nking\nking\nqueen\nqueen\nmen\n");
    Analogies *q = analogy_read(path, c, 4, &error);
    assert_int_equal(q->n, 2);
    assert_string_equal(q->category[0].name, "x");
    assert_int_equal(q->category[0].n, 2);
    assert_int_equal(q->category[0].pair[1].a, corpus_id(c, "king"));
    assert_int_equal(q->category[0].pair[1].b, corpus_id(c, "queen"));
    assert_int_equal(q->category[1].n, 0);
    analogy_free(q), corpus_free(c);
    folder_remove(folder), free(path), free(folder);
}

static void a_file_without_the_columns_is_refused_with_its_place(void **state)
{
    (void)state;
    char *folder = check_folder(), *path = check_path(folder, "pairs.csv"), *error = NULL;
    assert_true(file_write(path, "category,a\nx,man\n", 17));
    Corpus *c = text_of("man\n");
    assert_null(analogy_read(path, c, 4, &error));
    assert_contains(error, "pairs.csv:1:");
    assert_contains(error, "\"b\"");
    corpus_free(c), free(error);
    folder_remove(folder), free(path), free(folder);
}

static void a_cell_that_can_be_no_word_is_refused_with_its_place(void **state)
{
    (void)state;
    static const char *const cells[] = { "NaN", "3.5", "", "qu een" };
    char *folder = check_folder(), *path = check_path(folder, "pairs.csv");
    Corpus *c = text_of("man\nking\n");
    for (int i = 0; i < COUNT(cells); i++) {
        char *error = NULL,
             *text = text_format("category,a,b\nx,man,king\nx,king,%s\n", cells[i]);
        assert_true(file_write(path, text, strlen(text)));
        assert_null(analogy_read(path, c, 4, &error));
        assert_contains(error, "pairs.csv:3:3: ");
        assert_contains(error, "expected a word");
        free(text), free(error);
    }
    corpus_free(c);
    folder_remove(folder), free(path), free(folder);
}

static void the_facts_name_every_word_once_a_category(void **state)
{
    (void)state;
    char *error = NULL;
    Sheet *s = sheet_read("data/facts/analogy.csv", "category, a, b", &error);
    assert_non_null(s);
    for (int i = 0; i < s->rows; i++) {
        for (int column = 1; column < 3; column++) {
            const char *word = sheet_text(s, i, column);
            assert_true(word[strspn(word, "abcdefghijklmnopqrstuvwxyz")] == 0);
        }
        for (int j = 0; j < i; j++) {
            if (strcmp(sheet_text(s, i, 0), sheet_text(s, j, 0))) continue;
            for (int mine = 1; mine < 3; mine++)
                for (int other = 1; other < 3; other++)
                    assert_string_not_equal(sheet_text(s, i, mine),
                                            sheet_text(s, j, other));
        }
    }
    sheet_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_ordered_pair_of_pairs_is_a_question),
        cmocka_unit_test(a_clean_step_is_found_with_and_without_the_inputs),
        cmocka_unit_test(a_tiny_step_succeeds_by_exclusion_alone),
        cmocka_unit_test(a_pair_that_runs_the_other_way_fails_and_the_others_stay),
        cmocka_unit_test(the_mean_step_is_that_of_the_other_pairs),
        cmocka_unit_test(the_class_has_not_seen_the_answer),
        cmocka_unit_test(one_pair_asks_nothing),
        cmocka_unit_test(ranks_count_the_inputs_only_when_they_may_answer),
        cmocka_unit_test(a_listing_is_the_nearest_words_with_their_cosines),
        cmocka_unit_test(totals_weigh_categories_by_their_questions),
        cmocka_unit_test(the_gain_of_pooling_is_judged_where_it_was_not_chosen),
        cmocka_unit_test(a_shuffled_list_keeps_the_words_and_no_pair),
        cmocka_unit_test(pairs_with_a_word_beyond_the_vocabulary_are_left_out),
        cmocka_unit_test(a_file_without_the_columns_is_refused_with_its_place),
        cmocka_unit_test(a_cell_that_can_be_no_word_is_refused_with_its_place),
        cmocka_unit_test(the_facts_name_every_word_once_a_category),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
