/* test_verify.c - faults of every kind are planted in a miniature suite; each must be
 * found, named, and reach the exit status. */
#define _GNU_SOURCE
#include "core/base/file.h"
#include "report/command.h"
#include "report/verify.h"
#include "tests/mini.h"
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* Verifies everything; the exit status is `status`, the case has this outcome and a
 * reason that holds `part`. */
static void assert_found(int status, const char *name, Outcome outcome, const char *part)
{
    MiniVerification r = mini_verify(-1);
    const Case *c = mini_case(&r.v, name);
    if (c->outcome != outcome)
        fail_msg("%s is %s: %s", name, verify_word(c->outcome), c->n ? c->reason[0] : "");
    mini_reason(c, part);
    assert_int_equal(verify_status(&r.v), status);
    mini_verify_free(&r);
}

/* --- nothing is wrong --------------------------------------------------------------- */

static void an_untouched_suite_passes_with_every_bit_compared(void **state)
{
    (void)state;
    MiniVerification r = mini_verify(-1);
    Tally t = verify_tally(&r.v);
    assert_int_equal(t.passed, 5);
    assert_int_equal(t.failed + t.skipped, 0);
    assert_int_equal(verify_status(&r.v), EXIT_AS_EXPECTED);
    assert_int_equal(r.v.n_warnings, 0);
    mini_reason(mini_case(&r.v, "alpha record"),
                "3 of 3 seeds recomputed: 15 values and 2 tables as published");
    mini_verify_free(&r);
}

static void nothing_is_taken_from_the_cache_of_runs(void **state)
{
    (void)state;
    MiniVerification r = mini_verify(-1);
    mini_verify_free(&r);
    assert_true(file_exists(BUILD "/verify/alpha/seed-3/values.csv"));
    mini_replace("world/beta/seed-2/values.csv", "2.75", "2.5");
    assert_found(EXIT_CHANGED, "beta record", CASE_FAILED,
                 "seed 2: fall, total: published 2.75, recomputed 2.5");
}

/* --- planted faults ----------------------------------------------------------------- */

static void one_changed_digit_is_named_with_its_seed_value_and_line(void **state)
{
    (void)state;
    mini_replace("data/record/alpha.csv", "2,score,0.7265625", "2,score,0.7265635");
    MiniVerification r = mini_verify(-1);
    const Case *c = mini_case(&r.v, "alpha record");
    assert_int_equal(c->outcome, CASE_FAILED);
    mini_reason(c, "seed 2: score: published 0.72656350000000003, recomputed 0.7265625 "
                   "(digit 6 differs)");
    assert_string_equal(c->file, "data/record/alpha.csv");
    assert_int_equal(c->line, 7);
    assert_int_equal(mini_case(&r.v, "alpha/high")->outcome, CASE_PASSED);
    assert_int_equal(verify_status(&r.v), EXIT_CHANGED);
    mini_verify_free(&r);
}

static void a_changed_digit_is_found_even_if_the_budget_reaches_nothing(void **state)
{
    (void)state;
    mini_replace("data/record/alpha.csv", "2,score,0.7265625", "2,score,0.7265635");
    MiniVerification r = mini_verify(0);
    mini_reason(mini_case(&r.v, "alpha record"), "seed 2: the values are not those");
    assert_int_equal(verify_status(&r.v), EXIT_CHANGED);
    mini_verify_free(&r);
}

static void a_flipped_bound_names_the_claim_and_both_bounds(void **state)
{
    (void)state;
    mini_replace(BUILD "/desc/alpha.json", "\"side\":\"above\",\"bound\":0.6",
                 "\"side\":\"below\",\"bound\":0.6");
    MiniVerification r = mini_verify(-1);
    const Case *c = mini_case(&r.v, "alpha/high");
    assert_int_equal(c->outcome, CASE_FAILED);
    mini_reason(c, "BLIND, expected HOLDS");
    mini_reason(c, "alpha/high: the bound of claim was >= 0.6 and is <= 0.6");
    assert_string_equal(c->file, "experiments/part/one/alpha.c");
    assert_int_equal(c->line, 7);
    assert_int_equal(verify_status(&r.v), EXIT_CHANGED);
    mini_verify_free(&r);
}

static void a_bound_that_moved_without_changing_a_verdict_fails_too(void **state)
{
    (void)state;
    mini_replace(BUILD "/desc/alpha.json", "\"bound\":0.6", "\"bound\":0.5");
    assert_found(EXIT_CHANGED, "alpha/high", CASE_FAILED, "was >= 0.6 and is >= 0.5");
}

static void a_changed_expectation_fails_by_verdict_and_by_golden_file(void **state)
{
    (void)state;
    mini_replace(BUILD "/desc/beta.json", "\"expect\":\"HOLDS\"",
                 "\"expect\":\"REFUTED\"");
    assert_found(EXIT_CHANGED, "beta/falls", CASE_FAILED, "HOLDS, expected REFUTED");
    assert_found(EXIT_CHANGED, "beta/falls", CASE_FAILED,
                 "expected HOLDS (gate) and now REFUTED (gate)");
}

static void a_missing_row_is_named(void **state)
{
    (void)state;
    mini_replace("data/record/alpha.csv", "3,gap,0.1875\n", "");
    assert_found(EXIT_CHANGED, "alpha record", CASE_FAILED,
                 "seed 3: \"gap\" is missing in the record");
    assert_found(EXIT_CHANGED, "alpha record", CASE_FAILED,
                 "seed 3: gap: published missing, recomputed 0.1875");
}

static void an_extra_row_is_named(void **state)
{
    (void)state;
    mini_replace("data/record/alpha.csv", "2,score,", "2,sore,1\n2,score,");
    assert_found(EXIT_CHANGED, "alpha record", CASE_FAILED,
                 "seed 2: \"sore\" is an extra row of the record");
    assert_found(EXIT_CHANGED, "alpha record", CASE_FAILED,
                 "seed 2: sore: published 1, recomputed missing");
}

static void a_precondition_of_no_claim_is_named(void **state)
{
    (void)state;
    mini_replace("data/record/alpha.csv", "1,score,", "1,?gpa: it fell,1\n1,score,");
    assert_found(EXIT_CHANGED, "alpha record", CASE_FAILED,
                 "the precondition \"gpa: it fell\" names no claim of this finding");
    mini_replace("data/record/alpha.csv", "1,?gpa:", "1,?hig:"); /* of "high" */
    assert_found(EXIT_CHANGED, "alpha record", CASE_FAILED,
                 "the precondition \"hig: it fell\" names no claim of this finding");
}

static void a_changed_table_cell_is_named_by_row_and_column(void **state)
{
    (void)state;
    mini_replace("data/record/alpha/curve.csv", "1,2.25", "1,2.35");
    assert_found(
        EXIT_CHANGED, "alpha record", CASE_FAILED,
        "seed 1: curve.csv, row 2, column loss: published 2.35, recomputed 2.25");
    assert_found(EXIT_CHANGED, "alpha record", CASE_FAILED,
                 "the tables are not those that the index's hash was taken of");
}

static void a_lost_table_and_a_changed_listing_are_named(void **state)
{
    (void)state;
    unlink("data/record/alpha/curve.csv");
    mini_replace("data/record/alpha/words.txt", "another", "an other");
    assert_found(EXIT_CHANGED, "alpha record", CASE_FAILED,
                 "curve.csv: published missing, recomputed a file");
    assert_found(EXIT_CHANGED, "alpha record", CASE_FAILED,
                 "words.txt, line 2: published an other, recomputed another");
}

static void a_lost_seed_is_named(void **state)
{
    (void)state;
    mini_replace(BUILD "/desc/beta.json", "\"seeds\":2", "\"seeds\":3");
    assert_found(EXIT_CHANGED, "beta record", CASE_FAILED,
                 "seed 3 is missing in the record");
}

static void a_seed_beyond_the_declared_ones_is_named(void **state)
{
    (void)state;
    mini_replace(BUILD "/desc/beta.json", "\"seeds\":2", "\"seeds\":1");
    assert_found(EXIT_CHANGED, "beta record", CASE_FAILED,
                 "seed 2 is in the record, expected 1 .. 1");
}

static void a_broken_mechanism_names_the_values_and_the_claims_that_fall(void **state)
{
    (void)state;
    mini_new_executable("alpha", "without its mechanism");
    for (int seed = 1; seed <= 3; seed++) {
        char *path = text_format("world/alpha/seed-%d/values.csv", seed);
        mini_replace(path, "score,0.7", "score,0.1");
        free(path);
    }
    MiniVerification r = mini_verify(-1);
    const Case *claim = mini_case(&r.v, "alpha/high");
    assert_int_equal(claim->outcome, CASE_FAILED);
    mini_reason(claim, "recomputed 3 seeds: REFUTED (cleared in 0 of 3 seeds), "
                       "published: HOLDS");
    assert_int_equal(claim->judgement.verdict, REFUTED);
    mini_reason(mini_case(&r.v, "alpha record"),
                "seed 1: score: published 0.75, recomputed 0.1499999");
    assert_int_equal(mini_case(&r.v, "alpha/gap")->outcome, CASE_PASSED);
    assert_int_equal(verify_status(&r.v), EXIT_CHANGED);
    mini_verify_free(&r);
}

static void a_finding_without_a_record_fails_and_its_claims_are_skipped(void **state)
{
    (void)state;
    unlink("data/record/beta.csv"), unlink("data/record/beta.index.csv");
    assert_found(EXIT_CHANGED, "beta record", CASE_FAILED, "make record ONLY=beta");
    assert_found(EXIT_CHANGED, "beta/falls", CASE_SKIPPED, "no record");
}

static void a_record_without_its_finding_fails(void **state)
{
    (void)state;
    unlink("experiments/part/two/beta.c");
    assert_found(EXIT_CHANGED, "beta record", CASE_FAILED,
                 "a record without its finding");
}

static void a_finding_without_golden_bounds_fails(void **state)
{
    (void)state;
    unlink("tests/golden/beta.csv");
    assert_found(EXIT_CHANGED, "beta record", CASE_FAILED, "run make golden");
}

static void a_crash_is_status_2_and_shows_the_log(void **state)
{
    (void)state;
    mini_write("world/beta/crash", "");
    assert_found(EXIT_USAGE, "beta record", CASE_CRASHED, "beta: the planted crash");
}

static void a_source_that_does_not_compile_is_status_2(void **state)
{
    (void)state;
    mini_write(BUILD "/desc/beta.json", "{\"id\":\"beta\",\"source\":"
                                        "\"experiments/part/two/beta.c\","
                                        "\"broken\":\"it does not compile\"}\n");
    assert_found(EXIT_USAGE, "beta", CASE_CRASHED, "it does not compile");
}

/* --- verdicts that fail nothing, or half -------------------------------------------- */

/* One seed below the bound, published as it was computed. */
static void mix_alpha(void)
{
    mini_replace("world/alpha/seed-2/values.csv", "0.7265625", "0.5");
    mini_new_executable("alpha", "mixed");
    mini_replace("world/alpha/seed-1/values.csv", "0.75", "0.76");
    for (int seed = 1; seed <= 3; seed++) mini_run("alpha", seed);
    mini_publish("alpha");
}

static void only_mixed_where_holds_was_expected_is_inconclusive(void **state)
{
    (void)state;
    mix_alpha();
    assert_found(EXIT_INCONCLUSIVE, "alpha/high", CASE_INCONCLUSIVE,
                 "MIXED, expected HOLDS: cleared in 2 of 3 seeds");
    mini_replace(BUILD "/desc/alpha.json", "\"expect\":\"HOLDS\"",
                 "\"expect\":\"BLIND\"");
    assert_found(EXIT_CHANGED, "alpha/high", CASE_FAILED, "MIXED, expected BLIND");
}

static void a_claim_that_is_only_reported_fails_nothing(void **state)
{
    (void)state;
    mix_alpha();
    mini_replace(BUILD "/desc/alpha.json", "\"gate\"", "\"report\"");
    mini_replace("tests/golden/alpha.csv", "HOLDS,gate", "HOLDS,report");
    mini_replace("tests/golden/alpha.csv", "HOLDS,gate", "HOLDS,report");
    assert_found(EXIT_AS_EXPECTED, "alpha/high", CASE_SKIPPED, "(reported only)");
}

static void a_refuted_claim_that_was_expected_so_passes(void **state)
{
    (void)state;
    mini_replace(BUILD "/desc/beta.json", "\"bound\":1.0", "\"bound\":5");
    mini_replace(BUILD "/desc/beta.json", "\"HOLDS\"", "\"REFUTED\"");
    mini_replace("tests/golden/beta.csv", "over,1,0,HOLDS", "over,5,0,REFUTED");
    mini_replace("tests/golden/beta.csv", "over,1,0,HOLDS", "over,5,0,REFUTED");
    MiniVerification r = mini_verify(-1);
    assert_int_equal(mini_case(&r.v, "beta/falls")->outcome, CASE_PASSED);
    assert_int_equal(verify_status(&r.v), EXIT_AS_EXPECTED);
    mini_verify_free(&r);
}

/* --- other machines ----------------------------------------------------------------- */

static void other_inputs_compare_verdicts_and_no_values(void **state)
{
    (void)state;
    mini_new_input("x\n2\n");
    mini_replace("world/alpha/seed-1/values.csv", "0.75", "0.74");
    assert_found(EXIT_AS_EXPECTED, "alpha record", CASE_SKIPPED, "other inputs");
    mini_replace("world/alpha/seed-1/values.csv", "0.74", "0.04");
    assert_found(EXIT_CHANGED, "alpha/high", CASE_FAILED, "published: HOLDS");
}

static void another_blis_compares_verdicts_and_no_values(void **state)
{
    (void)state;
    mini_replace("world/run.json", "b115", "b116");
    mini_replace("world/alpha/seed-1/values.csv", "0.75", "0.74");
    assert_found(EXIT_AS_EXPECTED, "alpha record", CASE_SKIPPED, "other BLIS");
}

static void a_failed_self_test_allows_a_thousandth(void **state)
{
    (void)state;
    mini_replace("world/run.json", "\"selftest\":true", "\"selftest\":false");
    mini_replace("world/alpha/seed-1/values.csv", "0.75", "0.7501");
    mini_replace("world/alpha/seed-1/curve.csv", "2.25", "2.26");
    assert_found(EXIT_AS_EXPECTED, "alpha record", CASE_PASSED, "other bits");
    mini_replace("world/alpha/seed-1/values.csv", "0.7501", "0.751");
    assert_found(EXIT_CHANGED, "alpha record", CASE_FAILED,
                 "published 0.75, recomputed 0.751");
}

static void an_absent_input_skips_and_fails_nothing(void **state)
{
    (void)state;
    mini_replace("world/run.json", "\"smoke\":false",
                 "\"smoke\":false,\"not_run\":\"package x is not installed\"");
    assert_found(EXIT_AS_EXPECTED, "alpha record", CASE_SKIPPED,
                 "not run: package x is not installed");
}

static void another_compiler_makes_nothing_stale_but_bits_must_match(void **state)
{
    (void)state;
    mini_new_executable("alpha", "from another compiler");
    Suite *s = mini_suite();
    VerifyOptions o = mini_options("some other compiler", -1);
    int n;
    Unit *units = recompute_plan(s, &o.recompute, &n);
    for (int i = 0; i < n; i++) assert_false(units[i].stale);
    recompute_free(units, n), suite_free(s);
    mini_replace("world/alpha/seed-1/values.csv", "0.75", "0.76");
    assert_found(EXIT_CHANGED, "alpha record", CASE_FAILED,
                 "published 0.75, recomputed 0.76");
}

#define PLANTED(test) \
    cmocka_unit_test_setup_teardown(test, mini_setup_published, mini_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLANTED(an_untouched_suite_passes_with_every_bit_compared),
        PLANTED(nothing_is_taken_from_the_cache_of_runs),
        PLANTED(one_changed_digit_is_named_with_its_seed_value_and_line),
        PLANTED(a_changed_digit_is_found_even_if_the_budget_reaches_nothing),
        PLANTED(a_flipped_bound_names_the_claim_and_both_bounds),
        PLANTED(a_bound_that_moved_without_changing_a_verdict_fails_too),
        PLANTED(a_changed_expectation_fails_by_verdict_and_by_golden_file),
        PLANTED(a_missing_row_is_named),
        PLANTED(an_extra_row_is_named),
        PLANTED(a_precondition_of_no_claim_is_named),
        PLANTED(a_changed_table_cell_is_named_by_row_and_column),
        PLANTED(a_lost_table_and_a_changed_listing_are_named),
        PLANTED(a_lost_seed_is_named),
        PLANTED(a_seed_beyond_the_declared_ones_is_named),
        PLANTED(a_broken_mechanism_names_the_values_and_the_claims_that_fall),
        PLANTED(a_finding_without_a_record_fails_and_its_claims_are_skipped),
        PLANTED(a_record_without_its_finding_fails),
        PLANTED(a_finding_without_golden_bounds_fails),
        PLANTED(a_crash_is_status_2_and_shows_the_log),
        PLANTED(a_source_that_does_not_compile_is_status_2),
        PLANTED(only_mixed_where_holds_was_expected_is_inconclusive),
        PLANTED(a_claim_that_is_only_reported_fails_nothing),
        PLANTED(a_refuted_claim_that_was_expected_so_passes),
        PLANTED(other_inputs_compare_verdicts_and_no_values),
        PLANTED(another_blis_compares_verdicts_and_no_values),
        PLANTED(a_failed_self_test_allows_a_thousandth),
        PLANTED(an_absent_input_skips_and_fails_nothing),
        PLANTED(another_compiler_makes_nothing_stale_but_bits_must_match),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
