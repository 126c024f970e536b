/* test_wordplot.c - a parallelogram is drawn as one, and words that lie in heaps are
 * listed heap by heap. */
#include "core/text/wordplot.h"
#include "core/text/wordvec.h"
#include "tests/check.h"

static void a_parallelogram_is_drawn_with_its_step_to_the_right(void **state)
{
    (void)state;
    enum { K = 5 };
    /* a, a + step, b, b + step, in a space with directions to spare */
    static const double origin[2][K] = { { 0.3, 1, 0, -2, 0 }, { 0.3, -1, 0, 1, 0 } },
                        step[K] = { 0, 0, 3, 0, 4 };
    real w[4 * K];
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < K; k++)
            w[i * K + k] = (real)(origin[i / 2][k] + (i % 2) * step[k]);
    Pair pair[] = { { 0, 1 }, { 2, 3 } };
    Drawn d[4];
    wordplot_pairs(&(Category){ "", 2, pair }, 2, K, w, d);
    for (int i = 0; i < 4; i += 2) {
        assert_near(d[i].dx, 5, 1e-5);
        assert_near(d[i].dy, 0, 1e-5);
        assert_near(d[i + 1].dx, 0, 0);
        assert_int_equal(d[i].word, i);
    }
    assert_near(fabs(d[2].y - d[0].y), sqrt(4 + 9), 1e-5);
    assert_near(d[2].x, d[0].x, 1e-5);
}

/* A step that is the mean of two different ones: neither arrow is horizontal. */
static void arrows_that_differ_are_drawn_different(void **state)
{
    (void)state;
    enum { K = 3 };
    static const real w[] = { 0, 0, 0, 1, 1, 0, 0, 2, 0, 1, 1, 0 };
    Pair pair[] = { { 0, 1 }, { 2, 3 } };
    Drawn d[4];
    wordplot_pairs(&(Category){ "", 2, pair }, 2, K, w, d);
    assert_near(d[0].dx, 1, 1e-6);
    assert_near(d[2].dx, 1, 1e-6);
    assert_near(fabs(d[0].dy), 1, 1e-6);
    assert_near(d[0].dy, -d[2].dy, 1e-6);
}

/* Three heaps of eight words in twelve dimensions; word i is in heap i % 3. */
enum { HEAPS = 3, EACH = 8, N = HEAPS * EACH, K_HEAP = 12 };

static Corpus *named_words(void)
{
    Buffer lines = { 0 };
    for (int i = 0; i < N; i++)
        for (int k = 0; k < N - i; k++) buffer_format(&lines, "w%c\n", 'a' + i);
    Corpus *c = corpus_from_lines(lines.s, lines.n);
    free(lines.s);
    return c;
}

static void heaps(real *w)
{
    for (int i = 0; i < N * K_HEAP; i++)
        w[i] = (real)(0.1 * rng_normal(rng_seed(2), (uint64_t)i) +
                      (i % K_HEAP == i / K_HEAP % HEAPS));
    wordvec_normalise(N, K_HEAP, w);
}

static void words_of_one_heap_are_listed_together(void **state)
{
    (void)state;
    real w[N * K_HEAP];
    heaps(w);
    Corpus *c = named_words();
    Drawn d[HEAPS * EACH];
    int n = 0;
    /* k-means may start with two centres in one heap: some start of a few finds all. */
    bool found = false;
    for (uint64_t seed = 1; seed <= 5 && !found; seed++) {
        n = wordplot_clusters((ClusterPlot){ 0, N, HEAPS, 20, EACH }, c, "wa wb wc",
                              K_HEAP, w, rng_seed(seed), d);
        found = n == HEAPS * EACH;
        for (int i = 0; i < n; i++) found = found && d[i].word % HEAPS == i / EACH;
    }
    assert_true(found);
    for (int i = 0; i < n; i++) {
        assert_int_equal(d[i].place, i % EACH);
        assert_true(d[i].x == d[i / EACH * EACH].x);
    }
    assert_true(fabs(d[0].x - d[EACH].x) + fabs(d[0].y - d[EACH].y) > 0.5);
    corpus_free(c);
}

static void a_list_is_no_longer_than_asked_for(void **state)
{
    (void)state;
    real w[N * K_HEAP];
    heaps(w);
    Corpus *c = named_words();
    Drawn d[2 * 3];
    int n = wordplot_clusters((ClusterPlot){ 0, N, 2, 10, 3 }, c, "wa wb", K_HEAP, w,
                              rng_seed(1), d);
    assert_true(n <= 6 && n >= 3);
    corpus_free(c);
}

static void a_word_outside_the_parted_ones_dies(void **state)
{
    (void)state;
    real w[N * K_HEAP];
    heaps(w);
    Corpus *c = named_words();
    Drawn d[8];
    assert_dies(wordplot_clusters((ClusterPlot){ 4, 10, 2, 5, 4 }, c, "wa", K_HEAP, w,
                                  rng_seed(1), d),
                "\"wa\"");
    corpus_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_parallelogram_is_drawn_with_its_step_to_the_right),
        cmocka_unit_test(arrows_that_differ_are_drawn_different),
        cmocka_unit_test(words_of_one_heap_are_listed_together),
        cmocka_unit_test(a_list_is_no_longer_than_asked_for),
        cmocka_unit_test(a_word_outside_the_parted_ones_dies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
