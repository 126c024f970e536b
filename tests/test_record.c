/* test_record.c - publishing: what is refused, what is kept, and that nothing is lost. */
#define _GNU_SOURCE
#include "core/base/file.h"
#include "report/command.h"
#include "report/record.h"
#include "report/result.h"
#include "tests/mini.h"
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static const RecordOptions options = { "data/record", BUILD "/unit", BUILD "/inputs",
                                       BUILD "/run",  false,         false };

static void add_target(void *to, const char *target)
{
    const char *name = target + strlen(BUILD "/run/");
    buffer_format(to, "%.*s ", (int)strlen(name) - (int)strlen("/run.json"), name);
}

static void assert_plan(const char *id, const char *wanted)
{
    Buffer b = { 0 };
    buffer_put(&b, "");
    Suite *s = mini_suite();
    record_plan(suite_find(s, id), &options, add_target, &b);
    assert_string_equal(b.s, wanted);
    suite_free(s), free(b.s);
}

/* Refused, for a reason that holds `part`; data/record is as it was. */
static void assert_refused(const char *id, const char *part)
{
    char *path = text_format("data/record/%s.csv", id), *before = file_read(path, NULL),
         *said = NULL;
    Suite *s = mini_suite();
    assert_false(record_publish(suite_find(s, id), &options, &said));
    if (!strstr(said, part)) fail_msg("\"%s\" has no \"%s\"", said, part);
    char *after = file_read(path, NULL);
    assert_true(before ? after && !strcmp(before, after) : !after);
    assert_false(file_exists("data/record/alpha.partial"));
    suite_free(s), free(path), free(before), free(after), free(said);
}

static void run_all_of_alpha(void)
{
    for (int seed = 1; seed <= 3; seed++) mini_run("alpha", seed);
}

/* --- the plan ----------------------------------------------------------------------- */

static void without_a_record_every_seed_is_planned(void **state)
{
    (void)state;
    assert_plan("alpha", "alpha/seed-1 alpha/seed-2 alpha/seed-3 ");
    mini_run("alpha", 2);
    assert_plan("alpha", "alpha/seed-1 alpha/seed-3 ");
}

static void a_current_record_needs_nothing(void **state)
{
    (void)state;
    assert_plan("alpha", "");
    folder_remove(BUILD "/run");
    assert_plan("alpha", "");
}

static void a_new_executable_sends_seed_1_ahead(void **state)
{
    (void)state;
    mini_new_executable("alpha", "second");
    assert_plan("alpha", "alpha/seed-1 ");
    mini_run("alpha", 1);
    assert_plan("alpha", "");
}

static void other_bits_of_seed_1_call_for_every_seed(void **state)
{
    (void)state;
    mini_new_executable("alpha", "second");
    mini_replace("world/alpha/seed-1/values.csv", "0.75", "0.7500000000000001");
    mini_run("alpha", 1);
    assert_plan("alpha", "alpha/seed-2 alpha/seed-3 ");
    assert_refused("alpha", "seed 2: its executable changed");
}

static void another_table_of_seed_1_calls_for_every_seed(void **state)
{
    (void)state;
    mini_new_executable("alpha", "second");
    mini_replace("world/alpha/seed-1/curve.csv", "1.125", "1.126");
    mini_run("alpha", 1);
    assert_plan("alpha", "alpha/seed-2 alpha/seed-3 ");
}

static void other_inputs_call_for_every_seed(void **state)
{
    (void)state;
    mini_new_input("x\n2\n");
    assert_plan("alpha", "alpha/seed-1 alpha/seed-2 alpha/seed-3 ");
    assert_plan("beta", "");
}

static void another_blis_calls_for_every_seed(void **state)
{
    (void)state;
    mini_replace(BUILD "/inputs/lib-blis.sha256", "b115", "b116");
    assert_plan("alpha", "alpha/seed-1 alpha/seed-2 alpha/seed-3 ");
}

static void more_declared_seeds_are_added_to_those_that_are_confirmed(void **state)
{
    (void)state;
    mini_replace(BUILD "/desc/beta.json", "\"seeds\":2", "\"seeds\":3");
    mini_write("world/beta/seed-3/values.csv",
               "name,value\n\"fall, total\",3\nnull fall,0\n");
    folder_remove(BUILD "/run");
    assert_plan("beta", "beta/seed-1 ");
    mini_run("beta", 1);
    assert_plan("beta", "beta/seed-3 ");
    mini_run("beta", 3);
    mini_publish("beta");
    mini_expect("data/record/beta.csv", "2,\"fall, total\",2.75\n");
    mini_expect("data/record/beta.csv", "3,\"fall, total\",3\n");
}

static void fewer_declared_seeds_leave_the_record(void **state)
{
    (void)state;
    mini_replace(BUILD "/desc/alpha.json", "\"seeds\":3", "\"seeds\":2");
    assert_plan("alpha", "");
    mini_run("alpha", 1);
    mini_publish("alpha");
    Suite *s = mini_suite();
    assert_int_equal(suite_find(s, "alpha")->n_record, 2);
    suite_free(s);
}

/* --- publishing --------------------------------------------------------------------- */

static void a_full_run_is_published_with_all_its_seeds(void **state)
{
    (void)state;
    run_all_of_alpha();
    mini_publish("alpha");
    mini_expect("data/record/alpha.csv", "seed,name,value\n1,score,0.75\n");
    mini_expect("data/record/alpha.csv", "3,null score,none\n");
    mini_expect("data/record/alpha.index.csv", "\"a CPU, with a comma\"");
    mini_expect("data/record/alpha/curve.csv", "2,1.125\n");
    mini_expect("data/record/alpha/words.txt", "another\n");
    assert_false(file_exists("data/record/alpha/values.csv"));
    Suite *s = mini_suite();
    Finding *f = suite_find(s, "alpha");
    assert_int_equal(f->n_record, 3);
    assert_true(f->from_record);
    assert_int_equal(f->judged[0].verdict, HOLDS);
    assert_string_equal(f->index[1].tables, "");
    assert_string_equal(f->index[1].values, result_values_hash(&f->record[1].values).hex);
    suite_free(s);
}

static void after_the_same_bits_the_other_seeds_are_kept_with_their_dates(void **state)
{
    (void)state;
    mini_new_executable("alpha", "second");
    mini_replace("world/run.json", "2026-11-24T12", "2027-01-02T12");
    mini_run("alpha", 1);
    mini_publish("alpha");
    Suite *s = mini_suite();
    Finding *f = suite_find(s, "alpha");
    Hash executable;
    assert_true(hash_file(BUILD "/unit/alpha", &executable));
    for (int i = 0; i < 3; i++) {
        assert_string_equal(f->index[i].executable, executable.hex);
        assert_string_equal(f->index[i].date, "2026-11-24T12:00:00Z");
    }
    assert_string_equal(f->index[0].recomputed, "2027-01-02T12:00:00Z");
    assert_string_equal(f->index[2].recomputed, "2026-11-24T12:00:00Z");
    assert_string_equal(f->record[2].values.v[0].name, "score");
    suite_free(s);
    assert_plan("alpha", "");
}

static void other_bits_replace_every_seed(void **state)
{
    (void)state;
    mini_new_executable("alpha", "second");
    mini_replace("world/alpha/seed-1/values.csv", "0.75", "0.8125");
    run_all_of_alpha();
    mini_publish("alpha");
    mini_expect("data/record/alpha.csv", "1,score,0.8125\n");
}

static void an_incomplete_run_is_refused(void **state)
{
    (void)state;
    mini_run("alpha", 1), mini_run("alpha", 3);
    assert_refused("alpha", "seed 2: it has not been run");
}

static void a_run_of_a_stale_executable_is_refused(void **state)
{
    (void)state;
    run_all_of_alpha();
    mini_new_executable("alpha", "second");
    assert_refused("alpha", "seed 1: its executable changed");
}

static void runs_of_other_flavours_and_sizes_are_refused(void **state)
{
    (void)state;
    static const char *const faults[][3] = {
        { "\"real\":\"float\"", "\"real\":\"double\"", "double precision" },
        { "\"-O3\"", "\"-O3 -fsanitize=address\"", "sanitizers" },
        { "\"selftest\":true", "\"selftest\":false", "self-test failed" },
        { "\"smoke\":false", "\"smoke\":false,\"not_run\":\"no such package\"",
          "no such package" },
        { "\"sha256\":\"b115", "\"sha256\":\"b116", "input lib:blis changed" },
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        mini_replace("world/run.json", faults[i][0], faults[i][1]);
        run_all_of_alpha();
        assert_refused("alpha", faults[i][2]);
        mini_replace("world/run.json", faults[i][1], faults[i][0]);
    }
    mini_replace("world/run.json", "\"smoke\":false", "\"smoke\":true");
    run_all_of_alpha();
    assert_refused("alpha", "it has not been run");
}

static void runs_on_inputs_that_have_changed_since_are_refused(void **state)
{
    (void)state;
    run_all_of_alpha();
    mini_new_input("x\n2\n");
    assert_refused("alpha", "input data/facts/x.csv changed");
}

static void seeds_that_record_different_names_are_refused(void **state)
{
    (void)state;
    mini_replace("world/alpha/seed-2/values.csv", "gap,0.125", "gab,0.125");
    run_all_of_alpha();
    assert_refused("alpha", "seed 2 records \"gab\" where seed 1 records \"gap\"");
    mini_replace("world/alpha/seed-2/values.csv", "gab,0.125", "gaz,0.125");
    run_all_of_alpha();
    assert_refused("alpha", "seed 2 records \"gaz\" where seed 1 records \"gap\"");
}

/* A limit on the size of files stands for the full disk: the write comes back short. */
static void a_full_disk_leaves_the_old_record(void **state)
{
    (void)state;
    mini_new_executable("alpha", "second");
    mini_replace("world/alpha/seed-1/values.csv", "0.75", "0.8125");
    run_all_of_alpha();
    char *tables = mini_read("data/record/alpha/curve.csv"),
         *index = mini_read("data/record/alpha.index.csv");
    struct rlimit before, small = { 40, 40 };
    getrlimit(RLIMIT_FSIZE, &before);
    small.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    Suite *s = mini_suite();
    char *said = NULL;
    setrlimit(RLIMIT_FSIZE, &small);
    bool published = record_publish(suite_find(s, "alpha"), &options, &said);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_DFL);
    assert_false(published);
    assert_non_null(strstr(said, "data/record: "));
    mini_expect("data/record/alpha.csv", "1,score,0.75\n");
    mini_expect("data/record/alpha/curve.csv", tables);
    mini_expect("data/record/alpha.index.csv", index);
    assert_false(file_exists("data/record/alpha.partial"));
    free(said), free(tables), free(index);
    suite_free(s);
    mini_publish("alpha");
    mini_expect("data/record/alpha.csv", "1,score,0.8125\n");
}

static void the_long_variant_has_a_record_of_its_own(void **state)
{
    (void)state;
    RecordOptions longer = options;
    longer.longer = true;
    mini_replace(BUILD "/desc/beta.json", "\"long_core_s\":0.0", "\"long_core_s\":9.0");
    for (int seed = 1; seed <= 2; seed++) mini_run("beta", seed);
    assert_int_equal(rename(BUILD "/run/beta", BUILD "/run/beta@long"), 0);
    Suite *s = mini_suite();
    char *said = NULL;
    assert_true(record_publish(suite_find(s, "beta"), &longer, &said));
    free(said);
    suite_free(s);
    mini_expect("data/record/beta.long.csv", "seed,name,value\n1,\"fall, total\",2.5\n");
    assert_false(file_exists("data/record/beta.csv"));
    s = mini_suite();
    assert_int_equal(suite_find(s, "beta")->n_record_long, 2);
    suite_free(s);
}

/* --- the command -------------------------------------------------------------------- */

static int record_command(char *option, char *patterns)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        char *argv[] = { "record", option ? option : patterns, patterns, NULL };
        if (!freopen("out.txt", "w", stdout) || !freopen("err.txt", "w", stderr))
            _exit(9);
        int status = command_record(option ? 3 : 2, argv);
        fflush(NULL);
        _exit(status);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

static void the_plan_prints_targets_of_make(void **state)
{
    (void)state;
    assert_int_equal(record_command("--plan", "part/two/beta"), EXIT_AS_EXPECTED);
    char *out = mini_read("out.txt");
    assert_string_equal(out, BUILD "/run/beta/seed-1/run.json\n" BUILD
                                   "/run/beta/seed-2/run.json\n");
    free(out);
}

static void one_refusal_is_status_2_and_the_others_are_published(void **state)
{
    (void)state;
    mini_run("beta", 1), mini_run("beta", 2);
    assert_int_equal(record_command(NULL, ""), EXIT_USAGE);
    mini_expect("err.txt", "record: alpha: not published: seed 1: it has not been run\n");
    mini_expect("out.txt", "record: beta: 2 seeds published, 2 of them computed by this "
                           "executable, 0 kept\n");
    mini_expect("data/record/beta.csv", "1,\"fall, total\",2.5\n");
}

static void an_unknown_variant_is_refused(void **state)
{
    (void)state;
    assert_int_not_equal(record_command("--variant=longer", ""), EXIT_AS_EXPECTED);
    mini_expect("err.txt", "VARIANT=longer: expected default or long");
}

static void an_unknown_pattern_lists_what_there_is(void **state)
{
    (void)state;
    assert_int_equal(record_command(NULL, "gamma"), EXIT_USAGE);
    mini_expect("err.txt", "part/one/alpha");
}

/* --- long tables -------------------------------------------------------------------- */

static char *long_table(int rows)
{
    Buffer b = { 0 };
    buffer_put(&b, "step,loss\n");
    for (int i = 0; i < rows; i++) buffer_format(&b, "%d,0.125\n", i);
    return b.s;
}

static void a_long_table_keeps_every_kth_row_and_the_last(void **state)
{
    (void)state;
    char *text = long_table(10000), *kept = result_shorten("curve.csv", text);
    assert_true(strlen(text) > RESULT_KEPT && strlen(text) < 2 * RESULT_KEPT);
    assert_true(strlen(kept) <= RESULT_KEPT);
    assert_int_equal(strncmp(kept, "step,loss\n0,0.125\n2,0.125\n4,", 27), 0);
    assert_string_equal(strstr(kept, "9998,"), "9998,0.125\n9999,0.125\n");
    char *again = result_shorten("curve.csv", kept);
    assert_string_equal(kept, again);
    free(text), free(kept), free(again);
}

static void a_table_of_the_limit_is_kept_whole(void **state)
{
    (void)state;
    char *text = long_table(100), *kept = result_shorten("curve.csv", text);
    assert_string_equal(text, kept);
    free(text), free(kept);
}

static void a_line_break_inside_quotes_ends_no_row(void **state)
{
    (void)state;
    Buffer b = { 0 };
    buffer_put(&b, "label,x\n");
    for (int i = 0; i < 8000; i++) buffer_format(&b, "\"two\nlines\",%d\n", i);
    char *kept = result_shorten("t.csv", b.s);
    assert_int_equal(strncmp(kept, "label,x\n\"two\nlines\",0\n\"two\nlines\",", 34), 0);
    assert_true(strlen(kept) <= RESULT_KEPT);
    free(b.s), free(kept);
}

static void a_long_listing_keeps_whole_first_lines(void **state)
{
    (void)state;
    char *text = long_table(10000), *kept = result_shorten("log.txt", text);
    size_t n = strlen(kept);
    assert_true(n <= RESULT_KEPT && n > RESULT_KEPT - 100 && kept[n - 1] == '\n');
    assert_int_equal(strncmp(text, kept, n), 0);
    free(text), free(kept);
}

#define EMPTY(test) cmocka_unit_test_setup_teardown(test, mini_setup, mini_teardown)
#define PUBLISHED(test) \
    cmocka_unit_test_setup_teardown(test, mini_setup_published, mini_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EMPTY(without_a_record_every_seed_is_planned),
        PUBLISHED(a_current_record_needs_nothing),
        PUBLISHED(a_new_executable_sends_seed_1_ahead),
        PUBLISHED(other_bits_of_seed_1_call_for_every_seed),
        PUBLISHED(another_table_of_seed_1_calls_for_every_seed),
        PUBLISHED(other_inputs_call_for_every_seed),
        PUBLISHED(another_blis_calls_for_every_seed),
        PUBLISHED(more_declared_seeds_are_added_to_those_that_are_confirmed),
        PUBLISHED(fewer_declared_seeds_leave_the_record),
        EMPTY(a_full_run_is_published_with_all_its_seeds),
        PUBLISHED(after_the_same_bits_the_other_seeds_are_kept_with_their_dates),
        PUBLISHED(other_bits_replace_every_seed),
        EMPTY(an_incomplete_run_is_refused),
        EMPTY(a_run_of_a_stale_executable_is_refused),
        EMPTY(runs_of_other_flavours_and_sizes_are_refused),
        EMPTY(runs_on_inputs_that_have_changed_since_are_refused),
        EMPTY(seeds_that_record_different_names_are_refused),
        PUBLISHED(a_full_disk_leaves_the_old_record),
        EMPTY(the_long_variant_has_a_record_of_its_own),
        EMPTY(the_plan_prints_targets_of_make),
        EMPTY(one_refusal_is_status_2_and_the_others_are_published),
        EMPTY(an_unknown_variant_is_refused),
        EMPTY(an_unknown_pattern_lists_what_there_is),
        cmocka_unit_test(a_long_table_keeps_every_kth_row_and_the_last),
        cmocka_unit_test(a_table_of_the_limit_is_kept_whole),
        cmocka_unit_test(a_line_break_inside_quotes_ends_no_row),
        cmocka_unit_test(a_long_listing_keeps_whole_first_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
