/* test_verdict.c - every verdict from hand-made replicates, and what outranks what. */
#include "report/verdict.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { SEEDS = 3, VALUES = 8 };

/* Three seeds of named values; ABSENT marks one that does not exist. */
#define ABSENT (-1e300)
typedef struct {
    Value v[SEEDS][VALUES];
    Replicate r[SEEDS];
} Replicates;

static void put(Replicates *p, const char *name, double a, double b, double c)
{
    const double x[SEEDS] = { a, b, c };
    for (int s = 0; s < SEEDS; s++) {
        Replicate *r = &p->r[s];
        assert_true(r->n < VALUES);
        r->v = p->v[s];
        r->seed = s + 1;
        r->v[r->n++] = (Value){ (char *)name, x[s], x[s] == ABSENT };
    }
}

static Claim claim_above(double bound)
{
    return (Claim){ .id = "score",
                    .text = "x is large",
                    .value = "x",
                    .side = ABOVE,
                    .bound = bound,
                    .why = "theory",
                    .controls = { { .value = "y", .text = "untrained" } } };
}

static Verdict judged(const Claim *c, const Replicates *p)
{
    return verdict_judge(c, SEEDS, p->r).verdict;
}

static void a_claim_holds_if_every_seed_clears_and_no_control_does(void **state)
{
    (void)state;
    Replicates p = { 0 };
    put(&p, "x", 0.7, 0.6, 0.9), put(&p, "y", 0.1, 0.5, 0.59);
    Claim c = claim_above(0.6);
    Judgement j = verdict_judge(&c, SEEDS, p.r);
    assert_int_equal(j.verdict, HOLDS);
    assert_int_equal(j.cleared, 3);
    assert_int_equal(j.seeds, 3);
    assert_int_equal(j.blind_control, -1);
    assert_null(j.void_reason);
}

static void a_claim_is_refuted_if_no_seed_clears_and_mixed_if_some_do(void **state)
{
    (void)state;
    Replicates p = { 0 };
    put(&p, "x", 0.7, 0.6, 0.9), put(&p, "y", 0, 0, 0);
    Claim c = claim_above(0.95);
    assert_int_equal(judged(&c, &p), REFUTED);
    c.bound = 0.65;
    Judgement j = verdict_judge(&c, SEEDS, p.r);
    assert_int_equal(j.verdict, MIXED);
    assert_int_equal(j.cleared, 2);
}

static void a_control_that_clears_in_one_seed_makes_the_claim_blind(void **state)
{
    (void)state;
    Replicates p = { 0 };
    put(&p, "x", 0.7, 0.6, 0.9), put(&p, "y", 0, 0.6, 0);
    Claim c = claim_above(0.6);
    Judgement j = verdict_judge(&c, SEEDS, p.r);
    assert_int_equal(j.verdict, BLIND);
    assert_int_equal(j.blind_control, 0);
    assert_int_equal(j.blind_seed, 2);
    /* BLIND outranks REFUTED and MIXED too */
    p.r[0].v[0].x = p.r[1].v[0].x = p.r[2].v[0].x = 0;
    assert_int_equal(judged(&c, &p), BLIND);
}

static void swapping_value_and_control_flips_the_verdict(void **state)
{
    (void)state;
    Replicates p = { 0 };
    put(&p, "x", 0.7, 0.6, 0.9), put(&p, "y", 0, 0.1, 0);
    Claim c = claim_above(0.6);
    assert_int_equal(judged(&c, &p), HOLDS);
    c.value = "y", c.controls[0].value = "x";
    assert_int_equal(judged(&c, &p), BLIND);
    c = claim_above(0.6);
    c.side = BELOW, c.bound = 0.1;
    assert_int_equal(judged(&c, &p), BLIND);
    c.value = "y", c.controls[0].value = "x";
    assert_int_equal(judged(&c, &p), HOLDS);
}

static void without_replicates_or_side_nothing_is_judged(void **state)
{
    (void)state;
    Claim c = claim_above(0.6);
    assert_int_equal(verdict_judge(&c, 0, NULL).verdict, NOT_RUN);
    Replicates p = { 0 };
    put(&p, "x", 1, 1, 1);
    c.side = 0;
    assert_int_equal(judged(&c, &p), NOT_RUN);
}

static void a_value_or_control_that_was_not_recorded_is_void(void **state)
{
    (void)state;
    Replicates p = { 0 };
    put(&p, "x", 1, 1, 1);
    Claim c = claim_above(0.6);
    Judgement j = verdict_judge(&c, SEEDS, p.r);
    assert_int_equal(j.verdict, VOID);
    char *reason = verdict_reason(&j);
    assert_string_equal(reason, "\"y\" was not recorded");
    free(reason);
    /* in one seed only */
    put(&p, "y", 0, 0, 0);
    assert_int_equal(judged(&c, &p), HOLDS);
    p.r[1].n--;
    assert_int_equal(judged(&c, &p), VOID);
}

static void a_failed_precondition_is_void_for_its_claim_or_for_all(void **state)
{
    (void)state;
    Replicates p = { 0 };
    put(&p, "x", 1, 1, 1), put(&p, "y", 1, 1, 1);
    put(&p, "?score: the loss fell", 1, 0, 1);
    Claim c = claim_above(0.6);
    Judgement j = verdict_judge(&c, SEEDS, p.r);
    /* it outranks the blind control */
    assert_int_equal(j.verdict, VOID);
    assert_string_equal(j.void_reason, "the loss fell");
    c.id = "scores", assert_int_equal(judged(&c, &p), BLIND);
    c.id = "scor", assert_int_equal(judged(&c, &p), BLIND);
    p.v[2][2].name = (char *)"?: the corpus is whole";
    p.v[2][2].x = 0;
    j = verdict_judge(&c, SEEDS, p.r);
    assert_int_equal(j.verdict, VOID);
    assert_string_equal(j.void_reason, "the corpus is whole");
    p.v[2][2].x = 1;
    assert_int_equal(judged(&c, &p), BLIND);
}

static void an_absent_value_clears_no_check(void **state)
{
    (void)state;
    Replicates p = { 0 };
    put(&p, "x", 1, ABSENT, 1), put(&p, "y", 9, ABSENT, 9);
    /* whatever number lies in its place: ABSENT's would clear this one */
    Claim c = claim_above(0);
    c.side = BELOW, c.bound = 5;
    Judgement j = verdict_judge(&c, SEEDS, p.r);
    assert_int_equal(j.verdict, MIXED);
    assert_int_equal(j.cleared, 2);
}

static void a_control_absent_in_every_seed_is_void_unless_the_reason_says_so(void **state)
{
    (void)state;
    Replicates p = { 0 };
    put(&p, "x", 1, 1, 1), put(&p, "y", ABSENT, ABSENT, ABSENT);
    Claim c = claim_above(0.6);
    Judgement j = verdict_judge(&c, SEEDS, p.r);
    assert_int_equal(j.verdict, VOID);
    assert_string_equal(j.void_value, "y");
    c.why = "theory; the crossing of the control is absent, as it must be";
    assert_int_equal(judged(&c, &p), HOLDS);
}

static void a_control_must_meet_its_own_stricter_condition(void **state)
{
    (void)state;
    Replicates p = { 0 };
    put(&p, "x", 1, 1, 1), put(&p, "y", 0.1, 0.2, 0.4);
    Claim c = claim_above(0.6);
    c.controls[0].side = BELOW, c.controls[0].bound = 0.4;
    assert_int_equal(judged(&c, &p), HOLDS);
    c.controls[0].side = UNDER;
    Judgement j = verdict_judge(&c, SEEDS, p.r);
    assert_int_equal(j.verdict, BLIND);
    assert_int_equal(j.blind_seed, 3);
    /* an own condition cannot excuse a control that clears the claim's check */
    c.controls[0].side = ABOVE, c.controls[0].bound = 0;
    p.v[0][1].x = 0.7;
    assert_int_equal(judged(&c, &p), BLIND);
}

static void a_positive_control_must_clear(void **state)
{
    (void)state;
    Replicates p = { 0 };
    put(&p, "x", 1, 1, 1), put(&p, "y", 0, 0, 0), put(&p, "planted", 0.9, 0.9, 0.7);
    Claim c = claim_above(0.6);
    c.controls[1] = (Control){ .value = "planted", .text = "planted", .must_pass = true };
    assert_int_equal(judged(&c, &p), HOLDS);
    p.v[1][2].x = 0.5;
    Judgement j = verdict_judge(&c, SEEDS, p.r);
    assert_int_equal(j.verdict, BLIND);
    assert_int_equal(j.blind_control, 1);
    assert_int_equal(j.blind_seed, 2);
    /* its own check stands in for the claim's */
    c.controls[1].side = WITHIN, c.controls[1].bound = 0.4, c.controls[1].upper = 1;
    assert_int_equal(judged(&c, &p), HOLDS);
    c.controls[1].upper = 0.8;
    assert_int_equal(judged(&c, &p), BLIND);
}

static void a_conjunction_clears_only_whole_and_its_control_fails_by_one(void **state)
{
    (void)state;
    Replicates p = { 0 };
    put(&p, "x", 1, 1, 1), put(&p, "y", 1, 1, 1);
    put(&p, "x2", 3, 3, 3), put(&p, "y2", 9, 9, 9);
    Claim c = claim_above(0.6);
    c.also[0] = (Check){ .value = "x2", .side = UNDER, .bound = 4 };
    c.controls[0].also[0] = "y2";
    assert_int_equal(judged(&c, &p), HOLDS);
    c.also[0].bound = 3;
    assert_int_equal(judged(&c, &p), REFUTED);
    c.also[0].bound = 10;
    assert_int_equal(judged(&c, &p), BLIND);
    p.v[2][3].absent = true, p.v[2][3].x = 0;
    p.v[1][3].x = p.v[0][3].x = 11;
    assert_int_equal(judged(&c, &p), HOLDS);
    c.also[1] = (Check){ .value = "never", .side = ABOVE, .bound = 0 };
    c.controls[0].also[1] = "y";
    assert_int_equal(judged(&c, &p), VOID);
    /* nor does a control stand whose part was not recorded */
    c.also[1].value = "x";
    assert_int_equal(judged(&c, &p), HOLDS);
    c.controls[0].also[1] = "never";
    assert_int_equal(judged(&c, &p), VOID);
}

static void every_side_has_both_its_ends(void **state)
{
    (void)state;
    static const struct {
        Side side;
        bool below, at, between, upper, beyond;
    } cases[] = { { ABOVE, 0, 1, 1, 1, 1 },  { BELOW, 1, 1, 0, 0, 0 },
                  { OVER, 0, 0, 1, 1, 1 },   { UNDER, 1, 0, 0, 0, 0 },
                  { WITHIN, 0, 1, 1, 1, 0 }, { 0, 0, 0, 0, 0, 0 } };
    for (int i = 0; i < COUNT(cases); i++) {
        Side s = cases[i].side;
        assert_int_equal(verdict_clears(s, 1, 2, 0.99), cases[i].below);
        assert_int_equal(verdict_clears(s, 1, 2, 1), cases[i].at);
        assert_int_equal(verdict_clears(s, 1, 2, 1.5), cases[i].between);
        assert_int_equal(verdict_clears(s, 1, 2, 2), cases[i].upper);
        assert_int_equal(verdict_clears(s, 1, 2, 2.01), cases[i].beyond);
    }
}

static void names_and_their_parsers_agree(void **state)
{
    (void)state;
    for (int v = HOLDS; v <= NOT_RUN; v++) {
        Verdict back;
        assert_true(verdict_parse(verdict_name((Verdict)v), &back));
        assert_int_equal(back, v);
    }
    for (int s = 0; s <= WITHIN; s++) {
        Side back;
        assert_true(side_parse(side_name((Side)s), &back));
        assert_int_equal(back, s);
    }
    Verdict v;
    Side s;
    assert_false(verdict_parse("PASSED", &v));
    assert_false(side_parse(">=", &s));
    assert_string_equal(side_sign(WITHIN), "in");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_claim_holds_if_every_seed_clears_and_no_control_does),
        cmocka_unit_test(a_claim_is_refuted_if_no_seed_clears_and_mixed_if_some_do),
        cmocka_unit_test(a_control_that_clears_in_one_seed_makes_the_claim_blind),
        cmocka_unit_test(swapping_value_and_control_flips_the_verdict),
        cmocka_unit_test(without_replicates_or_side_nothing_is_judged),
        cmocka_unit_test(a_value_or_control_that_was_not_recorded_is_void),
        cmocka_unit_test(a_failed_precondition_is_void_for_its_claim_or_for_all),
        cmocka_unit_test(an_absent_value_clears_no_check),
        cmocka_unit_test(
            a_control_absent_in_every_seed_is_void_unless_the_reason_says_so),
        cmocka_unit_test(a_control_must_meet_its_own_stricter_condition),
        cmocka_unit_test(a_positive_control_must_clear),
        cmocka_unit_test(a_conjunction_clears_only_whole_and_its_control_fails_by_one),
        cmocka_unit_test(every_side_has_both_its_ends),
        cmocka_unit_test(names_and_their_parsers_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
