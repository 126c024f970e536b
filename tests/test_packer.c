/* test_packer.c - the sizes are those that the programs gzip, bzip2 and xz make. */
#include "tests/check.h"
#include "core/base/rng.h"
#include "core/text/packer.h"

static double program(const char *command, const char *path)
{
    char *line = text_format("%s -9 -c %s 2>/dev/null | wc -c", command, path);
    FILE *p = popen(line, "r");
    double n = 0;
    assert_non_null(p);
    assert_int_equal(fscanf(p, "%lf", &n), 1);
    assert_true(n > 0); /* 0: not installed, though build-essential brings all three */
    pclose(p), free(line);
    return n;
}

static void sizes_are_those_of_the_programs(void **state)
{
    (void)state;
    enum { N = 30000 };
    static char text[N];
    char *folder = check_folder(), *path = check_path(folder, "text");
    for (int kind = 0; kind < 3; kind++) {
        for (int i = 0; i < N; i++) {
            int below = kind == 0 ? 1 : kind == 1 ? 256 : 2 + i % 60;
            text[i] = (char)(32 + rng_below(rng_seed(kind + 1), (uint64_t)i, below));
        }
        assert_true(file_write(path, text, N));
        double gzip = program("gzip -n", path), bzip2 = program("bzip2", path),
               xz = program("xz", path);
        assert_near((double)packer_gzip(text, N), gzip, 0.01 * gzip + 8);
        assert_near((double)packer_bzip2(text, N), bzip2, 0);
        assert_near((double)packer_xz(text, N), xz, 8);
        double whole = kind == 1 ? N : 0;
        assert_true((double)packer_gzip(text, N) >= whole);
        assert_true((double)packer_bzip2(text, N) >= whole);
        assert_true((double)packer_xz(text, N) >= whole);
    }
    assert_true(packer_gzip("", 0) < 30 && packer_xz("", 0) < 60);
    assert_true(folder_remove(folder));
    free(folder), free(path);
}

/* Pixels that rise along each row and return only after 256: gzip finds little. */
static void the_filter_packs_what_gzip_alone_cannot(void **state)
{
    (void)state;
    enum { WIDTH = 200, N = 64 * WIDTH };
    static unsigned char image[N];
    for (int i = 0; i < N; i++) {
        int x = i % WIDTH, y = i / WIDTH;
        image[i] =
            (unsigned char)(x * (1 + y % 7) + rng_below(rng_seed(2), (uint64_t)y, 256));
    }
    assert_true(packer_png(image, WIDTH, N) * 2 < packer_gzip(image, N));
}

static double plain_order_2(const unsigned char *s, int n)
{
    double bits = 0;
    for (int i = 0; i < n; i++) {
        double p = 1.0 / 256;
        for (int k = 0; k < 3; k++) { /* bytes before the text are zeros */
            double all = 0, same = 0, kinds = 0;
            bool seen[256] = { false };
            for (int j = 0; j < i; j++) {
                bool fits = true;
                for (int b = 1; b <= k; b++)
                    fits = fits && (j >= b ? s[j - b] : 0) == (i >= b ? s[i - b] : 0);
                if (!fits) continue;
                all++, same += s[j] == s[i], kinds += !seen[s[j]];
                seen[s[j]] = true;
            }
            if (all > 0) p = (same + kinds * p) / (all + kinds);
        }
        bits -= log2(p);
    }
    return bits / 8;
}

static void counts_of_order_2_are_those_of_a_plain_loop(void **state)
{
    (void)state;
    unsigned char s[400];
    for (int i = 0; i < 400; i++)
        s[i] = (unsigned char)rng_below(rng_seed(5), (uint64_t)i, i < 200 ? 3 : 200);
    assert_near(packer_order_2(s, 400), plain_order_2(s, 400), 1e-9);
    assert_near(packer_order_2(s, 1), 1, 1e-12);
}

/* Where a count can grow no further, what is certain stays so. */
static void full_counts_stay_full(void **state)
{
    (void)state;
    enum { LONG = 200000, SHORT = 60000 };
    char *zeros = alloc(LONG, 1);
    double more = packer_order_2(zeros, LONG) - packer_order_2(zeros, SHORT);
    assert_true(more > 0 && more < 0.01);
    free(zeros);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_those_of_the_programs),
        cmocka_unit_test(the_filter_packs_what_gzip_alone_cannot),
        cmocka_unit_test(counts_of_order_2_are_those_of_a_plain_loop),
        cmocka_unit_test(full_counts_stay_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
