/* test_recompute.c - what a budget is spent on, in which order, and how it can end. */
#define _GNU_SOURCE
#include "core/base/file.h"
#include "report/command.h"
#include "report/verify.h"
#include "tests/mini.h"
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* The units of the plan as "alpha 1, beta 2". */
static char *order(const char *rotation, double seconds, bool chosen_only)
{
    Suite *s = mini_suite();
    char *compiler = mini_compiler();
    VerifyOptions o = mini_options(compiler, seconds);
    o.recompute.rotation = rotation;
    int n;
    Unit *units = recompute_plan(s, &o.recompute, &n);
    Buffer b = { 0 };
    buffer_put(&b, "");
    for (int i = 0; i < n; i++)
        if (!chosen_only || units[i].state == UNIT_CHOSEN)
            buffer_format(&b, "%s%s %d", b.n ? ", " : "", units[i].finding->id,
                          units[i].seed);
    recompute_free(units, n), suite_free(s), free(compiler);
    return b.s;
}

static void suspect_seeds_come_first_then_stale_ones(void **state)
{
    (void)state;
    mini_new_executable("alpha", "second");
    mini_replace("data/record/beta.csv", "2.75", "2.76");
    char *all = order("a commit", -1, false);
    assert_int_equal(strncmp(all, "beta 2, alpha 1, ", 17), 0);
    free(all);
}

/* beta costs more, but alpha is stale; one core, so that the order shows. */
static void stale_units_start_before_longer_ones_of_the_rotation(void **state)
{
    (void)state;
    mini_replace("data/record/beta.index.csv", ",0.25,", ",0.35,");
    mini_new_executable("alpha", "second");
    Suite *s = mini_suite();
    char *compiler = mini_compiler();
    VerifyOptions o = mini_options(compiler, -1);
    o.recompute.jobs = 1;
    int n;
    Unit *units = recompute_plan(s, &o.recompute, &n);
    assert_true(recompute_run(units, n, &o.recompute));
    double last_stale = 0, first_other = 1e300;
    for (int i = 0; i < n; i++)
        if (units[i].stale && units[i].started > last_stale)
            last_stale = units[i].started;
        else if (!units[i].stale && units[i].started < first_other)
            first_other = units[i].started;
    assert_true(last_stale > 0 && last_stale < first_other);
    recompute_free(units, n), suite_free(s), free(compiler);
}

static void the_rotation_serves_every_finding_before_any_twice(void **state)
{
    (void)state;
    bool other_orders = false;
    char *first = order("commit 0", -1, false);
    for (int i = 0; i < 20; i++) {
        char *commit = text_format("commit %d", i), *all = order(commit, -1, false);
        assert_true(all[0] != strstr(all, ", ")[2]);
        other_orders = other_orders || strcmp(all, first);
        free(all), free(commit);
    }
    assert_true(other_orders);
    char *again = order("commit 0", -1, false);
    assert_string_equal(first, again);
    free(first), free(again);
}

static void the_budget_is_kept_and_the_rest_listed(void **state)
{
    (void)state;
    char *chosen = order("a commit", 0.3, true);
    assert_int_equal(strlen(chosen), strlen("alpha 1, beta 2"));
    free(chosen);
    MiniVerification r = mini_verify(0);
    assert_int_equal(r.v.n_warnings, 2);
    assert_string_equal(r.v.warning[0],
                        "alpha: not reached: seed 1, 2, 3; last confirmed 2026-11-24");
    assert_int_equal(mini_case(&r.v, "alpha record")->outcome, CASE_SKIPPED);
    assert_int_equal(mini_case(&r.v, "alpha/high")->outcome, CASE_PASSED);
    assert_int_equal(verify_status(&r.v), EXIT_AS_EXPECTED);
    mini_verify_free(&r);
}

static void a_stale_finding_that_is_not_reached_is_named_so(void **state)
{
    (void)state;
    mini_new_executable("alpha", "second");
    MiniVerification r = mini_verify(0);
    assert_non_null(strstr(r.v.warning[0], "the executable has changed since"));
    mini_verify_free(&r);
}

static void needed_units_run_before_those_that_need_them(void **state)
{
    (void)state;
    mini_replace(BUILD "/desc/alpha.json", "\"needs\":[]", "\"needs\":[\"beta\"]");
    folder_remove(BUILD "/run");
    MiniVerification r = mini_verify(-1);
    const Unit *user = NULL, *needed = NULL;
    for (int i = 0; i < r.n; i++) {
        if (r.units[i].seed != 1) continue;
        if (!strcmp(r.units[i].finding->id, "alpha")) user = &r.units[i];
        else needed = &r.units[i];
    }
    assert_int_equal(user->state, UNIT_DONE);
    assert_int_equal(needed->state, UNIT_DONE);
    assert_true(user->started >= needed->started + needed->took);
    mini_verify_free(&r);
}

static void a_current_artefact_of_a_needed_finding_is_reused(void **state)
{
    (void)state;
    mini_replace(BUILD "/desc/alpha.json", "\"needs\":[]", "\"needs\":[\"beta\"]");
    mini_new_executable("alpha", "second");
    MiniVerification r = mini_verify(0.3);
    int reused = 0;
    for (int i = 0; i < r.n; i++) reused += r.units[i].state == UNIT_REUSED;
    assert_true(reused >= 1);
    assert_true(file_exists(BUILD "/verify/beta/seed-1/values.csv"));
    mini_verify_free(&r);
}

static void an_interrupt_ends_with_130_and_leaves_no_unit_behind(void **state)
{
    (void)state;
    mini_write("world/sleep", "");
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        char *argv[] = { "verify", "--jobs", "2", NULL };
        if (!freopen("/dev/null", "w", stderr)) _exit(9);
        setpgid(0, 0);
        _exit(command_verify(3, argv));
    }
    usleep(500000);
    kill(child, SIGINT);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), EXIT_INTERRUPTED);
    assert_int_equal(kill(-child, 0), -1);
}

#define PLANTED(test) \
    cmocka_unit_test_setup_teardown(test, mini_setup_published, mini_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLANTED(suspect_seeds_come_first_then_stale_ones),
        PLANTED(stale_units_start_before_longer_ones_of_the_rotation),
        PLANTED(the_rotation_serves_every_finding_before_any_twice),
        PLANTED(the_budget_is_kept_and_the_rest_listed),
        PLANTED(a_stale_finding_that_is_not_reached_is_named_so),
        PLANTED(needed_units_run_before_those_that_need_them),
        PLANTED(a_current_artefact_of_a_needed_finding_is_reused),
        PLANTED(an_interrupt_ends_with_130_and_leaves_no_unit_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
