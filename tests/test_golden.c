/* test_golden.c - frozen bounds: every move is named with both bounds. */
#define _GNU_SOURCE
#include "report/command.h"
#include "report/golden.h"
#include "tests/mini.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char folder[] = "tests/golden";

/* The only change of `id` belongs to this claim and its message holds both parts. */
static void assert_change(const char *id, int claim, const char *part, const char *other)
{
    Suite *s = mini_suite();
    GoldenChange *changes;
    int n;
    char *error = NULL;
    assert_true(golden_compare(suite_find(s, id), folder, &changes, &n, &error));
    assert_int_equal(n, 1);
    assert_int_equal(changes[0].claim, claim);
    if (!strstr(changes[0].message, part) || !strstr(changes[0].message, other))
        fail_msg("\"%s\", expected \"%s\" and \"%s\"", changes[0].message, part, other);
    golden_free(changes, n);
    assert_int_equal(golden_check(s, folder), EXIT_CHANGED);
    suite_free(s);
}

static void claims_also_checks_and_controls_have_a_row_each(void **state)
{
    (void)state;
    mini_expect(
        "tests/golden/alpha.csv",
        "claim,part,value,side,bound,upper,expect,tier\n"
        "high,claim,score,above,0.59999999999999998,0,HOLDS,gate\n"
        "high,control1,null score,above,0.59999999999999998,0,HOLDS,gate\n"
        "gap,claim,gap,within,0.10000000000000001,0.20000000000000001,HOLDS,gate\n"
        "gap,control1,null gap,below,0.01,0,HOLDS,gate\n");
    mini_replace(BUILD "/desc/beta.json", "\"also\":[]",
                 "\"also\":[{\"value\":\"slope\",\"side\":\"under\",\"bound\":2.0,"
                 "\"upper\":0.0}]");
    mini_replace(BUILD "/desc/beta.json", "\"must_pass\":false", "\"must_pass\":true");
    Suite *s = mini_suite();
    char *text = golden_text(suite_find(s, "beta"));
    assert_non_null(strstr(text, "falls,also1,slope,under,2,0,HOLDS,gate\n"));
    assert_non_null(strstr(text, "falls,positive1,null fall,over,1,0,HOLDS,gate\n"));
    assert_non_null(strstr(text, "falls,claim,\"fall, total\",over,1,0,HOLDS,gate\n"));
    free(text), suite_free(s);
}

static void untouched_bounds_pass(void **state)
{
    (void)state;
    Suite *s = mini_suite();
    assert_int_equal(golden_check(s, folder), EXIT_AS_EXPECTED);
    suite_free(s);
}

static void a_moved_bound_of_a_control_is_named_with_both(void **state)
{
    (void)state;
    mini_replace(BUILD "/desc/alpha.json", "\"bound\":0.01", "\"bound\":0.02");
    assert_change("alpha", 1, "alpha/gap: the bound of control1",
                  "was <= 0.01 and is <= 0.02");
}

static void a_moved_upper_bound_is_named_with_both(void **state)
{
    (void)state;
    mini_replace("tests/golden/alpha.csv", "0.20000000000000001", "0.25");
    assert_change("alpha", 1, "was in 0.1 .. 0.25", "is in 0.1 .. 0.2");
}

static void another_value_of_a_claim_is_named(void **state)
{
    (void)state;
    mini_replace(BUILD "/desc/beta.json", "fall, total", "fall, half");
    assert_change("beta", 0, "the value of claim was \"fall, total\"",
                  "is \"fall, half\"");
}

static void a_changed_tier_is_named(void **state)
{
    (void)state;
    mini_replace("tests/golden/beta.csv", "control1,null fall,over,1,0,HOLDS,gate",
                 "control1,null fall,over,1,0,HOLDS,report");
    assert_change("beta", 0, "beta/falls",
                  "expected HOLDS (report) and now HOLDS (gate)");
}

static void a_claim_that_is_no_longer_declared_is_named(void **state)
{
    (void)state;
    mini_replace("tests/golden/beta.csv", "falls,claim,",
                 "rises,claim,rise,above,3,0,HOLDS,gate\nfalls,claim,");
    assert_change("beta", -1, "beta/rises: claim (rise, >= 3)", "no longer declared");
}

static void a_new_control_is_named(void **state)
{
    (void)state;
    mini_replace("tests/golden/beta.csv",
                 "falls,control1,null fall,over,1,0,HOLDS,gate\n", "");
    assert_change("beta", 0, "beta/falls: control1 (null fall, > 1)",
                  "is not in tests/golden");
}

static void files_of_findings_that_are_gone_fail_the_check(void **state)
{
    (void)state;
    mini_write("tests/golden/gamma.csv",
               "claim,part,value,side,bound,upper,expect,tier\n");
    Suite *s = mini_suite();
    assert_int_equal(golden_check(s, folder), EXIT_CHANGED);
    suite_free(s);
}

static void a_malformed_golden_file_is_status_2(void **state)
{
    (void)state;
    mini_replace("tests/golden/beta.csv", "upper", "lower");
    Suite *s = mini_suite();
    GoldenChange *changes;
    int n;
    char *error = NULL;
    assert_false(golden_compare(suite_find(s, "beta"), folder, &changes, &n, &error));
    assert_non_null(strstr(error, "tests/golden/beta.csv:1:"));
    assert_int_equal(golden_check(s, folder), EXIT_USAGE);
    free(error);
    suite_free(s);
}

#define FROZEN(test) \
    cmocka_unit_test_setup_teardown(test, mini_setup_published, mini_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FROZEN(claims_also_checks_and_controls_have_a_row_each),
        FROZEN(untouched_bounds_pass),
        FROZEN(a_moved_bound_of_a_control_is_named_with_both),
        FROZEN(a_moved_upper_bound_is_named_with_both),
        FROZEN(another_value_of_a_claim_is_named),
        FROZEN(a_changed_tier_is_named),
        FROZEN(a_claim_that_is_no_longer_declared_is_named),
        FROZEN(a_new_control_is_named),
        FROZEN(files_of_findings_that_are_gone_fail_the_check),
        FROZEN(a_malformed_golden_file_is_status_2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
