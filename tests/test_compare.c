/* test_compare.c - differences by value, cell, line and digit; the command diff. */
#define _GNU_SOURCE
#include "report/command.h"
#include "report/compare.h"
#include "tests/mini.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static void the_first_digit_that_differs_is_counted_from_one(void **state)
{
    (void)state;
    assert_int_equal(compare_digit("0.125", "0.126"), 3);
    assert_int_equal(compare_digit("0.75", "0.75000000000000011"), 16);
    assert_int_equal(compare_digit("1", "-1"), 1);
    assert_int_equal(compare_digit("1", "10"), 1);
    assert_int_equal(compare_digit("1.5e300", "1.25e300"), 2);
    assert_int_equal(compare_digit("0.5", "0.5"), 0);
    assert_int_equal(compare_digit("none", "0.5"), 0);
}

static void zero_and_minus_zero_are_other_bits(void **state)
{
    (void)state;
    Value a = { "x", 0.0, false }, b = { "x", -0.0, false };
    Replicate was = { 1, 1, &a }, is = { 1, 1, &b };
    Differences d = { 0 };
    compare_values(&d, &was, &is, 0);
    assert_int_equal(d.n, 1);
    compare_free(&d);
}

static void values_are_compared_by_name_and_absence_counts(void **state)
{
    (void)state;
    Value a[] = { { "x", 1, false }, { "y", 0, true }, { "z", 3, false } },
          b[] = { { "z", 3, false }, { "y", 2, false }, { "w", 1, false } };
    Replicate was = { 1, 3, a }, is = { 1, 3, b };
    Differences d = { 0 };
    compare_values(&d, &was, &is, 0);
    assert_int_equal(d.n, 3);
    static const char *const sentences[] = { "x: A 1, B missing", "y: A none, B 2",
                                             "w: A missing, B 1" };
    for (int i = 0; i < 3; i++) {
        char *sentence = compare_sentence(&d.d[i], "A", "B");
        assert_string_equal(sentence, sentences[i]);
        free(sentence);
    }
    assert_int_equal(d.d[1].row, 1);
    compare_free(&d);
}

static void a_tolerance_is_relative_to_the_larger(void **state)
{
    (void)state;
    Value a = { "x", 1000, false }, b = { "x", 1001, false };
    Replicate was = { 1, 1, &a }, is = { 1, 1, &b };
    Differences d = { 0 };
    compare_values(&d, &was, &is, 1e-3);
    assert_int_equal(d.n, 0);
    b.x = 1001.1;
    compare_values(&d, &was, &is, 1e-3);
    assert_int_equal(d.n, 1);
    compare_free(&d);
}

static void assert_text_difference(const char *name, const char *was, const char *is,
                                   const char *sentence)
{
    Differences d = { 0 };
    compare_texts(&d, name, was, is);
    if (!sentence) {
        assert_int_equal(d.n, 0);
        return;
    }
    assert_int_equal(d.n, 1);
    char *got = compare_sentence(&d.d[0], "A", "B");
    assert_string_equal(got, sentence);
    free(got);
    compare_free(&d);
}

static void tables_differ_by_row_and_column_and_listings_by_line(void **state)
{
    (void)state;
    assert_text_difference("t.csv", "a,b\n1,2\n3,4\n", "a,b\n1,2\n3,5\n",
                           "t.csv, row 2, column b: A 4, B 5 (digit 1 differs)");
    assert_text_difference("t.csv", "a\n1\n2\n", "a\n1\n", "t.csv: A 2 rows, B 1 rows");
    assert_text_difference("t.csv", "a\n1\n", "a\n1\n2\n", "t.csv: A 1 rows, B 2 rows");
    assert_text_difference("t.csv", "a,b\n1,2\n", "a,c\n1,2\n",
                           "t.csv, line 1: A a,b, B a,c");
    assert_text_difference("t.txt", "one\ntwo\n", "one\ntwo",
                           "t.txt, line 3: A , B missing");
    assert_text_difference("t.txt", "one\ntwo\n", "one\ntoo\n",
                           "t.txt, line 2: A two, B too");
    assert_text_difference("t.txt", "one", NULL, "t.txt: A a file, B missing");
    assert_text_difference("t.txt", "one", "one", NULL);
    assert_text_difference("t.txt", NULL, NULL, NULL);
}

static int diff_command(char *a, char *b)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        char *argv[] = { "diff", a, b, NULL };
        if (!freopen("out.txt", "w", stdout)) _exit(9);
        _exit(command_diff(3, argv));
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

static void equal_folders_differ_in_nothing(void **state)
{
    (void)state;
    mini_run_into("alpha", 1, "again"), mini_run_into("alpha", 2, "again");
    mini_run("alpha", 1), mini_run("alpha", 2);
    assert_int_equal(diff_command("again", BUILD "/run"), EXIT_AS_EXPECTED);
    mini_expect("out.txt", "4 files with 10 values compared: 0 differences");
}

static void differences_are_named_with_path_value_and_digit(void **state)
{
    (void)state;
    mini_run("alpha", 1), mini_run("alpha", 2);
    mini_replace("world/alpha/seed-1/values.csv", "0.75", "0.7500001");
    mini_replace("world/alpha/seed-1/curve.csv", "2.25", "2.5");
    mini_run_into("alpha", 1, "again");
    assert_int_equal(diff_command(BUILD "/run", "again"), EXIT_CHANGED);
    mini_expect("out.txt", "alpha/seed-1/values.csv: score: A 0.75, B "
                           "0.75000009999999995 (digit 8 differs)\n");
    mini_expect("out.txt",
                "alpha/seed-1/curve.csv: curve.csv, row 2, column loss: A 2.25, "
                "B 2.5 (digit 2 differs)\n");
    mini_expect("out.txt", "alpha/seed-2/values.csv: only in " BUILD "/run\n");
}

static void what_is_no_folder_of_results_is_status_2(void **state)
{
    (void)state;
    assert_int_equal(diff_command("world", "no-such-folder"), EXIT_USAGE);
    assert_int_equal(diff_command("experiments", "experiments"), EXIT_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_digit_that_differs_is_counted_from_one),
        cmocka_unit_test(zero_and_minus_zero_are_other_bits),
        cmocka_unit_test(values_are_compared_by_name_and_absence_counts),
        cmocka_unit_test(a_tolerance_is_relative_to_the_larger),
        cmocka_unit_test(tables_differ_by_row_and_column_and_listings_by_line),
        cmocka_unit_test_setup_teardown(equal_folders_differ_in_nothing, mini_setup,
                                        mini_teardown),
        cmocka_unit_test_setup_teardown(differences_are_named_with_path_value_and_digit,
                                        mini_setup, mini_teardown),
        cmocka_unit_test_setup_teardown(what_is_no_folder_of_results_is_status_2,
                                        mini_setup, mini_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
