/* test_numbers.c - which number stands for {{...}}, and how it is set. */
#include "report/numbers.h"
#include "tests/check.h"
#include "tests/weave_fixture.h"

static void assert_set(double x, const char *format, const char *want)
{
    char *got = numbers_format(x, format);
    assert_string_equal(got, want);
    free(got);
}

static void assert_filled_as(NumbersStyle style, const char *text, const char *want)
{
    Finding f = fixture("x.c");
    char *error = NULL, *got = numbers_fill(&f, text, 1, style, &error);
    if (error) fail_msg("%s: %s", text, error);
    assert_string_equal(got, want);
    free(got);
}

static void assert_filled(const char *text, const char *want)
{
    assert_filled_as(NUMBERS_PROSE, text, want);
}

static void assert_refused(const char *text, int line, const char *place,
                           const char *word)
{
    Finding f = fixture("x.c");
    char *error = NULL;
    assert_null(numbers_fill(&f, text, line, NUMBERS_PROSE, &error));
    assert_contains(error, place);
    assert_contains(error, word);
    free(error);
}

static void three_digits_unless_the_number_is_whole(void **state)
{
    (void)state;
    assert_set(0.6, NULL, "0.600");
    assert_set(0.12345, NULL, "0.123");
    assert_set(2.0 / 3, NULL, "0.667");
    assert_set(12.345, NULL, "12.3");
    assert_set(99.96, NULL, "100");
    assert_set(2052.4, NULL, "2052");
    assert_set(1, NULL, "1");
    assert_set(0, NULL, "0");
    assert_set(20000, NULL, "20,000");
    assert_set(10234567, NULL, "10,234,567");
}

static void minus_and_powers_are_typeset(void **state)
{
    (void)state;
    assert_set(-0.6188, NULL, "−0.619");
    assert_set(-20000, NULL, "−20,000");
    assert_set(1.25e-7, NULL, "1.25\u00a0×\u00a010⁻⁷");
    assert_set(-6.4e10 - .5, NULL, "−6.40\u00a0×\u00a010¹⁰");
}

static void a_format_is_obeyed_and_a_bad_one_dies(void **state)
{
    (void)state;
    assert_set(0.75, "%.1f", "0.8");
    assert_set(1234.5, "%.1e", "1.2\u00a0×\u00a010³");
    assert_dies(numbers_format(1, "%s"), "no format");
    assert_dies(numbers_format(1, "%d"), "no format");
    assert_dies(numbers_format(1, "%f%f"), "no format");
    assert_dies(numbers_format(1, "%*f"), "no format");
}

static void a_claim_is_the_mean_of_its_value(void **state)
{
    (void)state;
    assert_filled("is {{share}}, not {{ share.control }}.", "is 0.750, not 0.151.");
    assert_filled("{{share.min}} {{share.max}} {{share.seeds}} {{share.cleared}}",
                  "0.710 0.790 3 3");
    assert_filled("{{share.bound}} {{share.control.max}}", "0.600 0.154");
}

static void the_interval_is_around_the_mean(void **state)
{
    (void)state;
    /* t(2) = 4.3027, s = .04: .75 -+ 4.3027 .04 / sqrt 3 */
    assert_filled("{{share.lo|%.4f}} {{share.hi|%.4f}}", "0.6506 0.8494");
}

static void recorded_values_factors_and_formats(void **state)
{
    (void)state;
    assert_filled("{{=steps}} {{=rate}} {{=one layer.max}}",
                  "20,000 1.25\u00a0×\u00a010⁻⁷ 0.154");
    assert_filled("{{share*100|%.0f}} %", "75 %");
    assert_filled("{{=one layer * 1e3}}", "151");
}

static void what_does_not_exist_reads_none(void **state)
{
    (void)state;
    assert_filled("{{=never}}", "none");
    assert_filled_as(NUMBERS_SCRIPT, "{{=never}}", "NaN");
}

static void scripts_get_all_digits(void **state)
{
    (void)state;
    assert_filled_as(NUMBERS_SCRIPT, "{{share.bound}} {{=rate}} {{share|%.2f}}",
                     "0.59999999999999998 1.2499999999999999e-07 0.75");
}

static void before_the_first_run_prose_stays_readable(void **state)
{
    (void)state;
    Finding f = fixture("x.c");
    f.n_runs = 0;
    char *error = NULL, *got = numbers_fill(&f, "{{share}} {{=steps}} {{share.bound}}", 1,
                                            NUMBERS_PROSE, &error);
    assert_string_equal(got, "(not run) (not run) 0.600");
    free(got);
}

static void a_run_that_lacked_an_input_knows_no_names(void **state)
{
    (void)state;
    Finding f = fixture("x.c");
    SeedRun lacking = { .values = { .seed = 1 } };
    f.runs = &lacking, f.n_runs = 1;
    char *error = NULL, *got = numbers_fill(&f, "{{=steps}}", 1, NUMBERS_PROSE, &error);
    assert_string_equal(got, "(not run)");
    free(got);
}

static void unknown_names_are_errors_with_their_line(void **state)
{
    (void)state;
    assert_refused("one\ntwo {{shore}}", 7, "x.c:8: ", "one of the claims share");
    assert_refused("{{=step}}", 1, "x.c:1: ", "record()");
    assert_refused("{{share.middle}}", 1, "x.c:1: ", "\"middle\"");
    assert_refused("{{share.lo.control}}", 1, "x.c:1: ", "\"lo\"");
    assert_refused("{{share.control2}}", 1, "x.c:1: ", "\"control2\"");
    assert_refused("{{share|%s}}", 1, "x.c:1: ", "no format");
    assert_refused("a {{share", 3, "x.c:3: ", "without");
    assert_refused("a {{share\n}}", 3, "x.c:3: ", "without");
}

static void the_record_comes_before_the_runs(void **state)
{
    (void)state;
    Finding f = fixture("x.c");
    Value published = { "share", .5, false };
    SeedRun record = { .values = { 1, 1, &published } };
    f.record = &record;
    f.n_record = 1;
    char *error = NULL, *got = numbers_fill(&f, "{{share}}", 1, NUMBERS_PROSE, &error);
    assert_string_equal(got, "0.500");
    free(got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_digits_unless_the_number_is_whole),
        cmocka_unit_test(minus_and_powers_are_typeset),
        cmocka_unit_test(a_format_is_obeyed_and_a_bad_one_dies),
        cmocka_unit_test(a_claim_is_the_mean_of_its_value),
        cmocka_unit_test(the_interval_is_around_the_mean),
        cmocka_unit_test(recorded_values_factors_and_formats),
        cmocka_unit_test(what_does_not_exist_reads_none),
        cmocka_unit_test(scripts_get_all_digits),
        cmocka_unit_test(before_the_first_run_prose_stays_readable),
        cmocka_unit_test(a_run_that_lacked_an_input_knows_no_names),
        cmocka_unit_test(unknown_names_are_errors_with_their_line),
        cmocka_unit_test(the_record_comes_before_the_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
