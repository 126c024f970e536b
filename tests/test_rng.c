/* test_rng.c - Philox's known answers, and that streams, choices, shuffles and normals
 * are what their names say. Seeds are fixed, so nothing here passes by luck twice. */
#include "core/base/rng.h"
#include "core/base/hash.h"
#include "tests/check.h"
#include <Random123/philox.h>

/* The answers of Random123's kat_vectors for philox4x32, 10 rounds. */
static void philox_gives_its_known_answers(void **state)
{
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } known[] = {
        { { 0, 0, 0, 0 }, { 0, 0 }, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
        { { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff },
          { 0xffffffff, 0xffffffff },
          { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
        { { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 },
          { 0xa4093822, 0x299f31d0 },
          { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
    };
    for (int i = 0; i < COUNT(known); i++) {
        philox4x32_ctr_t counter;
        philox4x32_key_t key;
        memcpy(counter.v, known[i].counter, sizeof counter.v);
        memcpy(key.v, known[i].key, sizeof key.v);
        philox4x32_ctr_t out = philox4x32(counter, key);
        assert_memory_equal(out.v, known[i].out, sizeof out.v);
    }
}

static void a_draw_is_the_low_half_of_its_block(void **state)
{
    (void)state;
    Rng zero = { 0 };
    assert_true(rng_u64(zero, 0) == 0xe169c58d6627e8d5u);
    double u[2];
    rng_uniform_pair(zero, 0, u);
    assert_same_double(u[0], (double)(0xe169c58d6627e8d5u >> 11) * 0x1p-53);
    assert_same_double(u[1], (double)(0x9b00dbd8bc57ac4cu >> 11) * 0x1p-53);
    assert_same_double(rng_uniform(zero, 0), u[0]);
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static bool all_differ(int n, uint64_t *x)
{
    qsort(x, (size_t)n, sizeof *x, by_size);
    for (int i = 1; i < n; i++)
        if (x[i] == x[i - 1]) return false;
    return true;
}

/* Among 80,000 numbers of 64 bits an accidental pair has probability 2e-10. */
static void keys_and_draws_of_related_streams_never_meet(void **state)
{
    (void)state;
    enum { N = 20000 };
    uint64_t *x = alloc(4 * N, sizeof *x);
    Rng root = rng_seed(1), named = rng_named(root, "init");
    for (int i = 0; i < N; i++) {
        x[4 * i] = rng_seed((uint64_t)i).key;
        x[4 * i + 1] = rng_child(root, (uint64_t)i).key;
        x[4 * i + 2] = rng_child(named, (uint64_t)i).key;
        x[4 * i + 3] = rng_u64(root, (uint64_t)i);
    }
    assert_true(all_differ(4 * N, x));
    free(x);
}

static void a_name_is_a_stream_of_its_own(void **state)
{
    (void)state;
    Rng root = rng_seed(3);
    const char *names[] = { "", "a", "b", "ab", "ba", "shuffle", "shuffle ", "Shuffle" };
    uint64_t keys[COUNT(names)];
    for (int i = 0; i < COUNT(names); i++) keys[i] = rng_named(root, names[i]).key;
    assert_true(all_differ(COUNT(names), keys));
    assert_true(rng_named(root, "a").key == rng_named(rng_seed(3), "a").key);
    assert_true(rng_named(root, "a").key != rng_named(rng_seed(4), "a").key);
}

/* Sum of (seen - expected)^2 / expected over cells of equal expectation. */
static double chi_square(int cells, const int *seen, int total)
{
    double expected = (double)total / cells, sum = 0;
    for (int i = 0; i < cells; i++)
        sum += (seen[i] - expected) * (seen[i] - expected) / expected;
    return sum;
}

static void every_order_of_four_is_as_likely(void **state)
{
    (void)state;
    enum { ORDERS = 256, TRIALS = 24000 };
    int seen[ORDERS] = { 0 }, packed[24], orders = 0;
    for (int t = 0; t < TRIALS; t++) {
        int a[4];
        rng_permutation(rng_child(rng_seed(5), (uint64_t)t), a, 4);
        seen[a[0] * 64 + a[1] * 16 + a[2] * 4 + a[3]]++;
    }
    for (int i = 0; i < ORDERS; i++)
        if (seen[i] && orders < 24) packed[orders++] = seen[i];
    assert_int_equal(orders, 24);
    /* 23 degrees of freedom: above 49.7 with probability 0.001 */
    assert_true(chi_square(24, packed, TRIALS) < 49.7);
}

static void a_shuffle_keeps_what_it_shuffles(void **state)
{
    (void)state;
    enum { N = 1000 };
    int a[N], seen[N] = { 0 }, fixed = 0;
    for (int i = 0; i < N; i++) a[i] = i;
    rng_shuffle(rng_seed(6), a, N);
    for (int i = 0; i < N; i++) seen[a[i]]++, fixed += a[i] == i;
    for (int i = 0; i < N; i++) assert_int_equal(seen[i], 1);
    assert_true(fixed < 8);
    int one = 7;
    rng_shuffle(rng_seed(6), &one, 1);
    rng_shuffle(rng_seed(6), NULL, 0);
    assert_int_equal(one, 7);
}

__extension__ typedef unsigned __int128 Wide;

static void below_is_even_and_stays_below(void **state)
{
    (void)state;
    enum { CELLS = 10, TRIALS = 100000 };
    int seen[CELLS] = { 0 };
    Rng r = rng_seed(7);
    for (int i = 0; i < TRIALS; i++) {
        int k = rng_below(r, (uint64_t)i, CELLS);
        assert_in_range(k, 0, CELLS - 1);
        seen[k]++;
    }
    /* 9 degrees of freedom: above 27.9 with probability 0.001 */
    assert_true(chi_square(CELLS, seen, TRIALS) < 27.9);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(rng_below(r, (uint64_t)i, 1), 0);
        int big = rng_below(r, (uint64_t)i, INT32_MAX);
        uint64_t u = rng_u64(r, (uint64_t)i);
        assert_int_equal(big, (int)((Wide)u * INT32_MAX >> 64));
    }
    assert_dies(rng_below(r, 0, 0), "a choice among 0");
    assert_dies(rng_below(r, 0, -3), "a choice among -3");
}

static void uniforms_fill_the_interval_and_pairs_are_independent(void **state)
{
    (void)state;
    enum { N = 100000 };
    double mean = 0, square = 0, cross = 0;
    for (int i = 0; i < N; i++) {
        double u[2];
        rng_uniform_pair(rng_seed(8), (uint64_t)i, u);
        assert_true(u[0] >= 0 && u[0] < 1 && u[1] >= 0 && u[1] < 1);
        mean += u[0] / N;
        square += (u[0] - 0.5) * (u[0] - 0.5) / N;
        cross += (u[0] - 0.5) * (u[1] - 0.5) / N;
    }
    /* four standard errors each */
    assert_near(mean, 0.5, 4 * 0.2887 / sqrt(N));
    assert_near(square, 1.0 / 12, 4 * 0.0745 / sqrt(N));
    assert_near(cross, 0, 4 * 0.0833 / sqrt(N));
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Kolmogorov's distance from the normal distribution; 1.95 / sqrt(n) is passed with
 * probability 0.001. */
static void normals_follow_the_normal_distribution(void **state)
{
    (void)state;
    enum { N = 100000 };
    double *x = alloc(N, sizeof *x), worst = 0;
    for (int i = 0; i < N; i++) x[i] = rng_normal(rng_seed(9), (uint64_t)i);
    qsort(x, N, sizeof *x, ascending);
    for (int i = 0; i < N; i++) {
        double below = 0.5 * erfc(-x[i] / sqrt(2));
        worst = fmax(
            worst, fmax(fabs(below - (double)i / N), fabs(below - (double)(i + 1) / N)));
    }
    free(x);
    assert_true(worst < 1.95 / sqrt(N));
}

static void a_row_of_normals_holds_the_same_numbers(void **state)
{
    (void)state;
    real v[100];
    rng_normals(rng_seed(10), v, 100);
    for (int i = 0; i < 100; i++)
        assert_same_double(v[i], (real)rng_normal(rng_seed(10), (uint64_t)i));
}

/* What every record rests on: these bits may never change. */
static void the_numbers_are_the_published_ones(void **state)
{
    (void)state;
    HashState *h = hash_new();
    for (uint64_t i = 0; i < 1000; i++) {
        Rng r = rng_child(rng_named(rng_seed(i), "golden"), i);
        uint64_t u = rng_u64(r, i);
        double x = rng_normal(r, i);
        hash_add(h, &u, sizeof u);
        hash_add(h, &x, sizeof x);
    }
    assert_string_equal(
        hash_end(h).hex,
        "48575e16ab37f3f22f15697f8c2a8ac3156a3ea59608811d8217cf4dffd5e051");
}

static void numbers_are_shuffled_as_whole_numbers_are(void **state)
{
    (void)state;
    enum { N = 40 };
    int a[N];
    double b[N];
    for (int i = 0; i < N; i++) a[i] = i, b[i] = i;
    rng_shuffle(rng_seed(3), a, N);
    rng_shuffle_f64(rng_seed(3), b, N);
    for (int i = 0; i < N; i++) assert_same_double(b[i], a[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_its_known_answers),
        cmocka_unit_test(a_draw_is_the_low_half_of_its_block),
        cmocka_unit_test(keys_and_draws_of_related_streams_never_meet),
        cmocka_unit_test(a_name_is_a_stream_of_its_own),
        cmocka_unit_test(every_order_of_four_is_as_likely),
        cmocka_unit_test(a_shuffle_keeps_what_it_shuffles),
        cmocka_unit_test(numbers_are_shuffled_as_whole_numbers_are),
        cmocka_unit_test(below_is_even_and_stays_below),
        cmocka_unit_test(uniforms_fill_the_interval_and_pairs_are_independent),
        cmocka_unit_test(normals_follow_the_normal_distribution),
        cmocka_unit_test(a_row_of_normals_holds_the_same_numbers),
        cmocka_unit_test(the_numbers_are_the_published_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
