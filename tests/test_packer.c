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
        if (gzip > 0) assert_near((double)packer_gzip(text, N), gzip, 0.01 * gzip + 8);
        if (bzip2 > 0) assert_near((double)packer_bzip2(text, N), bzip2, 0);
        if (xz > 0) assert_near((double)packer_xz(text, N), xz, 8);
        double whole = kind == 1 ? N : 0;
        assert_true((double)packer_gzip(text, N) >= whole);
        assert_true((double)packer_bzip2(text, N) >= whole);
        assert_true((double)packer_xz(text, N) >= whole);
    }
    assert_true(packer_gzip("", 0) < 30 && packer_xz("", 0) < 60);
    assert_true(folder_remove(folder));
    free(folder), free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(
        sizes_are_those_of_the_programs) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
