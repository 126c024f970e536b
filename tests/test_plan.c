/* test_plan.c - requests and the units that they mean, on a hand-made suite. */
#include "report/plan.h"
#include "report/watch.h"
#include "tests/check.h"

static char *need_words[] = { (char *)"words" }, *need_vectors[] = { (char *)"vectors" };

/* words <- vectors <- analogies, each needing the one before; lone needs nobody; broken
 * does not compile. */
static Finding findings[] = {
    { .id = (char *)"words", .section = (char *)"a", .seeds = 2, .core_s = 10 },
    { .id = (char *)"vectors",
      .section = (char *)"a",
      .seeds = 3,
      .core_s = 5,
      .long_core_s = 50,
      .needs = need_words,
      .n_needs = 1 },
    { .id = (char *)"analogies",
      .section = (char *)"b",
      .seeds = 2,
      .core_s = 1,
      .quick = true,
      .needs = need_vectors,
      .n_needs = 1 },
    { .id = (char *)"lone", .section = (char *)"b", .seeds = 5, .core_s = 12 },
    { .id = (char *)"broken", .section = (char *)"b", .broken = (char *)"why" },
};
static Suite suite = { findings, COUNT(findings) };

/* "words/seed-1 lone/seed-1": the plan's units in their order; caller frees. */
static char *planned(const char *only, const char *seeds, bool longer, bool quick)
{
    int n;
    PlanUnit *units = plan_units(&suite, only, seeds, longer, quick, &n);
    Buffer b = { 0 };
    buffer_put(&b, "");
    for (int i = 0; i < n; i++) {
        char *name = plan_unit_name(&units[i]);
        buffer_format(&b, "%s%s", i ? " " : "", name);
        free(name);
    }
    free(units);
    return b.s;
}

static void check_planned(const char *only, const char *seeds, bool longer, bool quick,
                          const char *expected)
{
    char *got = planned(only, seeds, longer, quick);
    assert_string_equal(got, expected);
    free(got);
}

static void the_longest_chain_of_needs_comes_first(void **state)
{
    (void)state;
    /* chains: words 16, lone 12, vectors 6, analogies 1 */
    check_planned("", "1", false, false,
                  "words/seed-1 lone/seed-1 vectors/seed-1 analogies/seed-1");
}

static void what_a_unit_needs_is_planned_with_it(void **state)
{
    (void)state;
    check_planned("analogies", "2", false, false,
                  "words/seed-2 vectors/seed-2 analogies/seed-2");
    check_planned("lone", "1", false, false, "lone/seed-1");
    check_planned("broken", "1", false, false, "");
    check_planned("", "1", false, true, "words/seed-1 vectors/seed-1 analogies/seed-1");
}

static void the_long_variant_needs_the_default_one(void **state)
{
    (void)state;
    check_planned("", "1", true, false, "words/seed-1 vectors@long/seed-1");
}

static void seeds_are_all_or_one_or_a_list(void **state)
{
    (void)state;
    check_planned("lone", "all", false, false,
                  "lone/seed-1 lone/seed-2 lone/seed-3 lone/seed-4 lone/seed-5");
    check_planned("lone", "7", false, false, "lone/seed-7");
    check_planned("lone", "2-3,9", false, false, "lone/seed-2 lone/seed-3 lone/seed-9");
    static const char *const good[] = { "all", "1", "1-3", "1-3,9", "2,1" },
                             *const bad[] = { "",     "0",   "3-1", "1,",
                                              "a",    "1-",  "-1",  "1;2",
                                              "alle", "1 2", ",1",  "9999999999" };
    for (int i = 0; i < COUNT(good); i++)
        if (!plan_seeds_valid(good[i])) fail_msg("%s", good[i]);
    for (int i = 0; i < COUNT(bad); i++)
        if (plan_seeds_valid(bad[i])) fail_msg("%s", bad[i]);
}

static void every_pattern_must_match_something(void **state)
{
    (void)state;
    assert_true(plan_known(&suite, NULL));
    assert_true(plan_known(&suite, "lone b/*"));
    assert_true(plan_known(&suite, "broken"));
    assert_false(plan_known(&suite, "lone nothing"));
}

static void units_are_known_by_their_names(void **state)
{
    (void)state;
    PlanUnit u;
    assert_true(plan_unit_parse(&suite, "vectors@long/seed-12", &u));
    assert_ptr_equal(u.finding, &findings[1]);
    assert_true(u.longer);
    assert_int_equal(u.seed, 12);
    assert_near(u.cost, 50, 0);
    assert_true(plan_unit_parse(&suite, "vectors/seed-1", &u));
    assert_false(u.longer);
    assert_false(plan_unit_parse(&suite, "vector/seed-1", &u));
    assert_false(plan_unit_parse(&suite, "vectors", &u));
    assert_false(plan_unit_parse(&suite, "vectors/seed-x", &u));
}

static void recorded_costs_replace_declared_ones(void **state)
{
    (void)state;
    SeedRun record[2] = { { .values.seed = 1 }, { .values.seed = 2 } };
    IndexRow index[2] = { { .seed = 1, .core_s = 20 }, { .seed = 2, .core_s = 30 } };
    Finding f = findings[3];
    f.record = record, f.index = index, f.n_record = 2;
    Suite one = { &f, 1 };
    int n;
    PlanUnit *units = plan_units(&one, "", "1-3", false, false, &n);
    assert_int_equal(n, 3);
    assert_near(units[0].cost, 30, 0);
    assert_near(units[1].cost, 25, 0);
    assert_near(units[2].cost, 20, 0);
    free(units);
}

static void durations_read_like_those_of_people(void **state)
{
    (void)state;
    static const struct {
        double seconds;
        const char *text;
    } cases[] = { { 0, "0 s" },          { 0.25, "0.25 s" }, { 9, "9 s" },
                  { 59.6, "60 s" },      { 240, "4 min" },   { 7100, "118 min" },
                  { 7800, "2 h 10 min" } };
    for (int i = 0; i < COUNT(cases); i++) {
        char *text = plan_duration(cases[i].seconds);
        assert_string_equal(text, cases[i].text);
        free(text);
    }
}

/* --- the estimate of the units that run --------------------------------------------- */

static void the_estimate_follows_the_speed_of_what_has_run(void **state)
{
    (void)state;
    WatchUnit units[] = {
        { .state = UNIT_DONE, .cost = 10, .took = 20 },
        { .state = UNIT_RUNNING, .cost = 10, .progress = 0.5, .started = 90 },
        { .state = UNIT_WAITING, .cost = 7 },
        { .state = UNIT_WAITING, .cost = 100, .current = true },
    };
    Watch w = { .unit = units, .n = 4, .jobs = 2, .now = 100 };
    /* 5 + 7 core-s are left on 2 jobs, each takes (20 + 10) / (10 + 5) s; but the last
     * unit alone takes 14 s */
    assert_near(watch_eta(&w), 14, 1e-12);
    w.jobs = 1;
    assert_near(watch_eta(&w), 24, 1e-12);
    assert_near(watch_share(&w), 15. / 27, 1e-12);
    units[1].state = UNIT_FAILED, units[2].state = UNIT_DONE;
    assert_near(watch_eta(&w), 0, 0);
    assert_near(watch_share(&w), 1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_chain_of_needs_comes_first),
        cmocka_unit_test(what_a_unit_needs_is_planned_with_it),
        cmocka_unit_test(the_long_variant_needs_the_default_one),
        cmocka_unit_test(seeds_are_all_or_one_or_a_list),
        cmocka_unit_test(every_pattern_must_match_something),
        cmocka_unit_test(units_are_known_by_their_names),
        cmocka_unit_test(recorded_costs_replace_declared_ones),
        cmocka_unit_test(durations_read_like_those_of_people),
        cmocka_unit_test(the_estimate_follows_the_speed_of_what_has_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
