/* test_run.c - a unit from its command line to its folder of results.
 *
 * The unit under test is this very program: it includes run.c around a planted experiment
 * and, called as `test_run unit ...`, is that unit. So its deaths, kills and full disks
 * happen in a child, and what needs no child is called here, with a Run made by hand. */
#define UNIT
#define _GNU_SOURCE
#include "tests/check.h"
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define main unit_main
int unit_main(int argc, char **argv);
#include "core/lab/run.c"
#undef main

static void planted(Run *run, Rng rng);

const Experiment experiment = {
    .id = "planted",
    .run = planted,
    .has_long = true,
    .needs = { "giver" },
    .inputs = { "data/planted.csv", "user:PLANTED_FILE" },
    .artefact = "weights.bin",
    .tables = { { "curve", "step, loss [nat/token]" },
                { "word", "word, \"quoted\", count" },
                { "empty", "a, b" } },
};

static void leave_artefact(Run *run)
{
    const char *path = artefact_path(run, "planted");
    assert_true(file_write(path, "four", 4));
}

/* What the child does besides stands in the environment. */
static void planted(Run *run, Rng rng)
{
    const char *deed = getenv("DEED") ? getenv("DEED") : "";
    progress(run, 0.25);
    record(run, "third", 1.0 / 3);
    record_absent(run, "crossing, late");
    precondition(run, "score", true, "the loss fell");
    precondition(run, NULL, false, "the text is long enough");
    record(run, "uniform", rng_uniform(rng, 0));
    record(run, "size", scaled(run, 1000, 10));
    observe(run, "seconds", 1.5);
    for (int i = 0; i < scaled(run, 3, 1); i++) row(run, "curve", i, 1 / (1.0 + i));
    row_label(run, "word", "a, \"b\"", 1, 2);
    listing(run, "sample", "%s is %d\n", "seven", 7);
    leave_artefact(run);
    if (variant(run, "long")) record(run, "longer", 1);
    if (!strcmp(deed, "kill")) raise(SIGKILL);
    if (!strcmp(deed, "bad")) bad_input(run, "data/x.csv:2:3: a word, expected a number");
    if (!strcmp(deed, "long"))
        for (int i = 0; i < 100000; i++) row(run, "curve", i, i);
}

/* --- the child ---------------------------------------------------------------------- */

typedef struct {
    char *folder, *out, *stamps; /* out is folder/planted/seed-1 */
} Place;

static void put(const char *folder, const char *name, const char *text)
{
    char *path = check_path(folder, name);
    assert_true(file_write(path, text, strlen(text)));
    free(path);
}

static const char HASH[] =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n1.0\n";

/* A finding that gives, with its artefact, and stamps of both inputs. */
static Place place_new(void)
{
    Place p = { .folder = check_folder() };
    p.out = check_path(p.folder, "planted/seed-1");
    p.stamps = check_path(p.folder, "inputs");
    char *giver = check_path(p.folder, "giver/seed-1");
    assert_true(folder_make(giver) && folder_make(p.stamps));
    put(giver, "run.json", "{\"artefact\": \"gift.bin\"}");
    put(giver, "gift.bin", "gift");
    put(p.stamps, "data-planted.csv.sha256", HASH);
    put(p.stamps, "user-PLANTED_FILE.sha256", HASH);
    free(giver);
    return p;
}

static void place_free(Place p)
{
    assert_true(folder_remove(p.folder));
    free(p.folder), free(p.out), free(p.stamps);
}

typedef struct {
    int status; /* as waitpid gives it */
    char *said; /* stdout and stderr; caller frees */
} Outcome;

/* Runs the unit with the arguments (NULL at the end) and the environment's DEED; no file
 * may grow beyond `most` bytes, 0: as it likes. */
static Outcome unit(const char *deed, rlim_t most, const char *const *arguments)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char *argv[16] = { "test", "unit" };
        for (int i = 0; arguments[i]; i++) argv[2 + i] = text_copy(arguments[i]);
        dup2(ends[1], STDOUT_FILENO), dup2(ends[1], STDERR_FILENO);
        close(ends[0]), close(ends[1]);
        setenv("DEED", deed, 1), setenv("PLANTED_FILE", "/no/such/file", 1);
        struct rlimit limit = { most, most };
        signal(SIGXFSZ, SIG_IGN); /* the write fails, as on a full disk */
        if (most) setrlimit(RLIMIT_FSIZE, &limit);
        execv("/proc/self/exe", argv);
        _exit(127);
    }
    close(ends[1]);
    Buffer said = { 0 };
    buffer_put(&said, "");
    char chunk[4096];
    for (ssize_t n; (n = read(ends[0], chunk, sizeof chunk)) > 0;)
        buffer_add(&said, chunk, (size_t)n);
    close(ends[0]);
    Outcome o = { .said = said.s };
    assert_int_equal(waitpid(child, &o.status, 0), child);
    return o;
}

static Outcome seed_1(Place p, const char *deed)
{
    return unit(
        deed, 0,
        (const char *[]){ "--seed", "1", "--out", p.out, "--inputs", p.stamps, NULL });
}

static void assert_exit(Outcome o, int code, const char *said)
{
    if (!WIFEXITED(o.status) || WEXITSTATUS(o.status) != code)
        fail_msg("status %d, not exit %d; it said: %s", o.status, code, o.said);
    if (*said) assert_contains(o.said, said);
    else assert_string_equal(o.said, "");
    free(o.said);
}

static char *result(Place p, const char *name)
{
    char *path = check_path(p.out, name), *text = file_read(path, NULL);
    if (!text) fail_msg("%s cannot be read", path);
    free(path);
    return text;
}

static void assert_result(Place p, const char *name, const char *expected)
{
    char *text = result(p, name);
    assert_string_equal(text, expected);
    free(text);
}

static bool there(Place p, const char *ending)
{
    char *path = text_format("%s%s", p.out, ending);
    bool is = file_exists(path);
    free(path);
    return is;
}

/* --- what a run leaves --------------------------------------------------------------- */

static void values_stand_in_the_order_of_recording_to_the_last_bit(void **state)
{
    (void)state;
    Place p = place_new();
    assert_exit(seed_1(p, ""), 0, "");
    char *expected = text_format("name,value\n"
                                 "third,0.33333333333333331\n"
                                 "\"crossing, late\",none\n"
                                 "?score: the loss fell,1\n"
                                 "?: the text is long enough,0\n"
                                 "uniform,%.17g\n"
                                 "size,1000\n",
                                 rng_uniform(rng_seed(1), 0));
    assert_result(p, "values.csv", expected);
    free(expected);
    place_free(p);
}

static void tables_have_their_header_and_rows_and_are_there_when_empty(void **state)
{
    (void)state;
    Place p = place_new();
    assert_exit(seed_1(p, ""), 0, "");
    assert_result(p, "curve.csv",
                  "step,loss [nat/token]\n0,1\n1,0.5\n2,0.33333333333333331\n");
    assert_result(p, "word.csv", "word,\"\"\"quoted\"\"\",count\n\"a, \"\"b\"\"\",1,2\n");
    assert_result(p, "empty.csv", "a,b\n");
    assert_result(p, "sample.txt", "seven is 7\n");
    place_free(p);
}

static void run_json_says_where_the_bits_come_from(void **state)
{
    (void)state;
    Place p = place_new();
    assert_exit(seed_1(p, ""), 0, "");
    char *text = result(p, "run.json");
    json_t *o = json_loads(text, 0, NULL), *files = json_object_get(o, "files");
    assert_non_null(o);
    assert_int_equal(json_integer_value(json_object_get(o, "seed")), 1);
    assert_true(json_is_null(json_object_get(o, "variant")));
    assert_string_equal(json_string_value(json_object_get(o, "artefact")), "weights.bin");
    assert_same_double(
        json_real_value(json_object_get(json_object_get(o, "observed"), "seconds")), 1.5);
    static const char *const names[] = { "values.csv", "curve.csv",  "word.csv",
                                         "empty.csv",  "sample.txt", "weights.bin" };
    assert_int_equal(json_object_size(files), COUNT(names));
    for (int i = 0; i < COUNT(names); i++) {
        char *bytes = result(p, names[i]);
        assert_string_equal(json_string_value(json_object_get(files, names[i])),
                            hash_bytes(bytes, strlen(bytes)).hex);
        free(bytes);
    }
    assert_false(there(p, "/progress"));
    json_decref(o), free(text);
    place_free(p);
}

static void two_runs_differ_in_nothing_but_run_json(void **state)
{
    (void)state;
    Place p = place_new(), q = place_new();
    assert_exit(seed_1(p, ""), 0, "");
    assert_exit(seed_1(q, ""), 0, "");
    static const char *const names[] = { "values.csv", "curve.csv", "word.csv",
                                         "sample.txt" };
    for (int i = 0; i < COUNT(names); i++) {
        char *first = result(p, names[i]);
        assert_result(q, names[i], first);
        free(first);
    }
    place_free(p), place_free(q);
}

static void smoke_is_small_and_long_is_longer(void **state)
{
    (void)state;
    Place p = place_new();
    assert_exit(unit("", 0,
                     (const char *[]){ "--seed", "1", "--out", p.out, "--inputs",
                                       p.stamps, "--smoke", "--variant", "long", NULL }),
                0, "");
    char *values = result(p, "values.csv"), *json = result(p, "run.json");
    assert_contains(values, "\nsize,10\nlonger,1\n");
    assert_contains(json, "\"smoke\": true");
    assert_contains(json, "\"variant\": \"long\"");
    assert_result(p, "curve.csv", "step,loss [nat/token]\n0,1\n");
    free(values), free(json);
    place_free(p);
}

/* --- what goes wrong ----------------------------------------------------------------- */

static void a_killed_run_leaves_no_result_and_the_next_one_clears_up(void **state)
{
    (void)state;
    Place p = place_new();
    Outcome o = seed_1(p, "kill");
    assert_true(WIFSIGNALED(o.status) && WTERMSIG(o.status) == SIGKILL);
    free(o.said);
    assert_false(there(p, ""));
    assert_true(there(p, ".partial"));
    char *left = text_format("%s.partial", p.out);
    put(left, "stray.csv", "of the killed run\n");
    assert_exit(seed_1(p, ""), 0, "");
    assert_false(there(p, ".partial"));
    assert_false(there(p, "/stray.csv"));
    free(left);
    place_free(p);
}

static void a_killed_run_keeps_the_result_before_it(void **state)
{
    (void)state;
    Place p = place_new();
    assert_exit(seed_1(p, ""), 0, "");
    char *before = result(p, "run.json");
    free(seed_1(p, "kill").said);
    assert_result(p, "run.json", before);
    free(before);
    place_free(p);
}

static void a_full_disk_is_one_message_and_leaves_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *deed;
        rlim_t most;
    } cases[] = { { "", 1 }, { "", 60 }, { "", 100 }, { "", 300 }, { "long", 65536 } };
    for (int i = 0; i < COUNT(cases); i++) {
        Place p = place_new();
        Outcome o = unit(cases[i].deed, cases[i].most,
                         (const char *[]){ "--seed", "1", "--out", p.out, "--inputs",
                                           p.stamps, NULL });
        char *newline = strchr(o.said, '\n');
        assert_true(newline && !newline[1]);
        assert_exit(o, 2, "File too large");
        assert_false(there(p, ""));
        assert_false(there(p, ".partial"));
        place_free(p);
    }
}

static void bad_input_is_its_message_and_leaves_nothing(void **state)
{
    (void)state;
    Place p = place_new();
    assert_exit(seed_1(p, "bad"), 2,
                "planted: data/x.csv:2:3: a word, expected a number\n");
    assert_false(there(p, ""));
    assert_false(there(p, ".partial"));
    place_free(p);
}

static void an_absent_input_is_not_run_and_says_why(void **state)
{
    (void)state;
    Place p = place_new();
    put(p.stamps, "user-PLANTED_FILE.sha256", "absent\nPLANTED_FILE is not set\n");
    assert_exit(seed_1(p, ""), 0, "not run: PLANTED_FILE is not set\n");
    char *json = result(p, "run.json");
    assert_contains(json, "\"not_run\": \"PLANTED_FILE is not set\"");
    assert_result(p, "values.csv", "name,value\n");
    free(json);
    place_free(p);
}

static void what_needs_a_finding_that_was_not_run_is_not_run(void **state)
{
    (void)state;
    Place p = place_new();
    char *giver = check_path(p.folder, "giver/seed-1");
    put(giver, "run.json", "{\"not_run\": \"no model\"}");
    assert_exit(seed_1(p, ""), 0, "not run: giver: no model\n");
    folder_remove(giver);
    assert_exit(seed_1(p, ""), 2, "expected the result of giver");
    free(giver);
    place_free(p);
}

static void the_command_line_is_checked_word_by_word(void **state)
{
    (void)state;
    static const struct {
        const char *words[6], *said;
    } cases[] = {
        { { "--seed", "0", "--out", "x" }, "--seed 0, expected a whole number" },
        { { "--seed", "-1", "--out", "x" }, "--seed -1, expected a whole number" },
        { { "--seed", "1x", "--out", "x" }, "--seed 1x, expected" },
        { { "--seed", "", "--out", "x" }, "--seed , expected" },
        { { "--seed", "4294967297", "--out", "x" }, "--seed 4294967297, expected" },
        { { "--seed", "1", "--out", "x", "--variant", "big" },
          "expected default or long" },
        { { "--seed", "1" }, "usage: planted" },
        { { "--out", "x" }, "usage: planted" },
        { { "--seed", "1", "--out", "" }, "usage: planted" },
        { { "--seed", "1", "--out", "x", "more" }, "usage: planted" },
        { { "--sead", "1" }, "usage: planted" },
    };
    for (int i = 0; i < COUNT(cases); i++) {
        const char *words[7] = { 0 };
        memcpy(words, cases[i].words, sizeof cases[i].words);
        assert_exit(unit("", 0, words), 2, cases[i].said);
    }
    assert_false(file_exists("x.partial"));
    assert_exit(unit("", 0, (const char *[]){ "--help", NULL }), 0, "usage: planted");
}

/* --- what dies ----------------------------------------------------------------------- */

static Run run_new(Place p)
{
    Run run = { .seed = 1, .observed = json_object(), .inputs = p.stamps };
    run.out = text_copy(p.out);
    run.partial = text_format("%s.partial", p.out);
    assert_true(folder_make(run.partial));
    return run;
}

static void run_free(Run *run)
{
    for (int i = 0; i < run->n; i++) free(run->values[i].name);
    for (int i = 0; i < COUNT(run->artefact); i++) free(run->artefact[i]);
    for (int t = 0; t < COUNT(run->table); t++)
        if (run->table[t]) fclose(run->table[t]);
    free(run->values), free(run->out), free(run->partial), json_decref(run->observed);
}

static void a_name_is_recorded_once_and_is_one_line(void **state)
{
    (void)state;
    Place p = place_new();
    Run run = run_new(p);
    record(&run, "score", 1);
    assert_dies(record(&run, "score", 1), "\"score\" is recorded twice");
    assert_dies(record_absent(&run, "score"), "\"score\" is recorded twice");
    assert_dies(record(&run, "", 1), "is no name");
    assert_dies(record(&run, "two\nlines", 1), "is no name");
    assert_dies(record(&run, "?score: x", 1), "question mark");
    observe(&run, "seconds", 1);
    assert_dies(observe(&run, "seconds", 1), "observed twice");
    assert_int_equal(run.n, 1);
    run_free(&run), place_free(p);
}

static void a_composed_name_is_recorded_whole_or_not_at_all(void **state)
{
    (void)state;
    Place p = place_new();
    Run run = run_new(p);
    record_as(&run, 2, "loss at step %d", 10);
    assert_string_equal(run.values[0].name, "loss at step 10");
    assert_same_double(run.values[0].x, 2);
    assert_dies(record_as(&run, 2, "%0200d", 1), "a name of 200 letters");
    assert_int_equal(run.n, 1);
    run_free(&run), place_free(p);
}

static void nan_and_infinity_die_with_the_name_of_the_value(void **state)
{
    (void)state;
    Place p = place_new();
    Run run = run_new(p);
    assert_dies(record(&run, "accuracy of nothing", NAN), "\"accuracy of nothing\" is");
    assert_dies(record(&run, "accuracy of nothing", -INFINITY), "is -inf");
    assert_dies(observe(&run, "speed", INFINITY), "\"speed\" is inf");
    assert_dies(row(&run, "curve", 1, NAN), "cell 1 of a row in table \"curve\" is");
    assert_dies(row_label(&run, "word", "a", 1, NAN),
                "cell 2 of a row in table \"word\"");
    run_free(&run), place_free(p);
}

static void what_is_not_declared_dies(void **state)
{
    (void)state;
    Place p = place_new();
    Run run = run_new(p);
    assert_dies(row(&run, "kurve", 1, 2), "table \"kurve\" is not declared");
    assert_dies(row(&run, "curve", 1),
                "a row of 1 cells in table \"curve\" of 2 columns");
    assert_dies(row_label(&run, "curve", "a", 1, 2), "a row of 3 cells");
    assert_dies(input_path(&run, "data/other.csv"), "\"data/other.csv\" is not declared");
    assert_dies(artefact_path(&run, "taker"), "\"taker\" is not among the needs");
    assert_dies(variant(&run, "lang"), "variant \"lang\" is not declared");
    listing(&run, "text", "once");
    assert_dies(listing(&run, "text", "twice"), "listing \"text\" is written twice");
    assert_dies(listing(&run, "../text", "out"), "is no name of a listing");
    run_free(&run), place_free(p);
}

static void artefacts_are_found_by_the_name_that_their_finding_gave_them(void **state)
{
    (void)state;
    Place p = place_new();
    Run run = run_new(p);
    char *gift = file_read(artefact_path(&run, "giver"), NULL);
    assert_string_equal(gift, "gift");
    assert_ptr_equal(artefact_path(&run, "giver"), artefact_path(&run, "giver"));
    assert_contains(artefact_path(&run, "planted"), "seed-1.partial/weights.bin");
    assert_string_equal(input_path(&run, "data/planted.csv"), "data/planted.csv");
    free(gift), run_free(&run), place_free(p);
}

static void progress_is_written_whenever_half_a_percent_was_done(void **state)
{
    (void)state;
    Place p = place_new();
    Run run = run_new(p);
    char *path = check_path(run.partial, "progress");
    progress(&run, 0.001);
    assert_false(file_exists(path));
    progress(&run, 0.5);
    progress(&run, 0.501);
    char *text = file_read(path, NULL);
    assert_string_equal(text, "0.500\n");
    free(text), free(path), run_free(&run), place_free(p);
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "unit")) return unit_main(argc - 1, argv + 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_stand_in_the_order_of_recording_to_the_last_bit),
        cmocka_unit_test(tables_have_their_header_and_rows_and_are_there_when_empty),
        cmocka_unit_test(run_json_says_where_the_bits_come_from),
        cmocka_unit_test(two_runs_differ_in_nothing_but_run_json),
        cmocka_unit_test(smoke_is_small_and_long_is_longer),
        cmocka_unit_test(a_killed_run_leaves_no_result_and_the_next_one_clears_up),
        cmocka_unit_test(a_killed_run_keeps_the_result_before_it),
        cmocka_unit_test(a_full_disk_is_one_message_and_leaves_nothing),
        cmocka_unit_test(bad_input_is_its_message_and_leaves_nothing),
        cmocka_unit_test(an_absent_input_is_not_run_and_says_why),
        cmocka_unit_test(what_needs_a_finding_that_was_not_run_is_not_run),
        cmocka_unit_test(the_command_line_is_checked_word_by_word),
        cmocka_unit_test(a_name_is_recorded_once_and_is_one_line),
        cmocka_unit_test(a_composed_name_is_recorded_whole_or_not_at_all),
        cmocka_unit_test(nan_and_infinity_die_with_the_name_of_the_value),
        cmocka_unit_test(what_is_not_declared_dies),
        cmocka_unit_test(artefacts_are_found_by_the_name_that_their_finding_gave_them),
        cmocka_unit_test(progress_is_written_whenever_half_a_percent_was_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
