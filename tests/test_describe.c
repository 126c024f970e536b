/* test_describe.c - an experiment's declarations on their way to the report and to make.
 *
 * describe.c is included around a declaration that each test spoils in one place; what it
 * complains of must be that place, and nothing else. Its output is read from a child: the
 * describer closes stdout when it is done, to see a full disk. */
#include "tests/check.h"
#include "core/lab/experiment.h"

static const Experiment *declared;
#define experiment (*declared)
#define main describe_main
int describe_main(int argc, char **argv);
#include "report/describe.c"
#undef main
#undef experiment

static void nothing(Run *run, Rng rng) { (void)run, (void)rng; }

static const char SOURCE[] = "experiments/part/section/planted.c";

static Experiment sound(void)
{
    return (Experiment){
        .id = "planted",
        .run = nothing,
        .needs = { "giver" },
        .inputs = { "data/facts/x.csv", "package:dict-gcide" },
        .tables = { { "curve", "step, loss [nat/token]" } },
        .title = "Planted",
        .section = "part/section",
        .cites = "one2020a, two2021b",
        .seeds = 5,
        .core_s = 2,
        .carries = { "there", "here", "this", "not that" },
        .claims = { { .id = "score",
                      .text = "it scores",
                      .value = "score",
                      .side = ABOVE,
                      .bound = 0.6,
                      .why = "theory",
                      .also = { { "loss", BELOW, 2 } },
                      .controls = { { "score before",
                                      "before training",
                                      { "loss before" } },
                                    { "score of a ruler",
                                      "a hand-built circuit",
                                      { "loss of a ruler" },
                                      .must_pass = true } } },
                    { .id = "size",
                      .text = "how large it is",
                      .value = "size",
                      .tier = REPORT } },
    };
}

/* Number of complaints, and all of them as one text; the caller frees it. */
static int complaints(const Experiment *e, const char *source, char **said)
{
    FILE *log = tmpfile();
    assert_non_null(log);
    fflush(stderr);
    int keep = dup(STDERR_FILENO);
    dup2(fileno(log), STDERR_FILENO);
    declared = e;
    int wrong = check(source);
    fflush(stderr);
    dup2(keep, STDERR_FILENO), close(keep);

    *said = alloc(4096, 1);
    rewind(log);
    size_t n = fread(*said, 1, 4095, log);
    assert_true(n < 4095);
    fclose(log);
    return wrong;
}

static void assert_complaint(const Experiment *e, const char *source, const char *what)
{
    char *said;
    int wrong = complaints(e, source, &said);
    if (wrong != 1) fail_msg("%d complaints, not one of \"%s\": %s", wrong, what, said);
    assert_contains(said, what);
    assert_contains(said, source);
    free(said);
}

static void a_sound_declaration_is_not_complained_of(void **state)
{
    (void)state;
    Experiment e = sound();
    char *said;
    assert_int_equal(complaints(&e, SOURCE, &said), 0);
    assert_string_equal(said, "");
    free(said);
}

/* Each case spoils a copy of the sound declaration in one place. */
#define SPOILT(what, ...)                   \
    do {                                    \
        Experiment e = sound();             \
        Claim *c = &e.claims[0];            \
        Control *control = &c->controls[0]; \
        (void)c, (void)control;             \
        __VA_ARGS__;                        \
        assert_complaint(&e, SOURCE, what); \
    } while (0)

static void an_identity_that_is_not_the_files_is_caught(void **state)
{
    (void)state;
    Experiment moved = sound();
    assert_complaint(&moved, "experiments/part/other/planted.c",
                     ".section is not the file's");
    char *said;
    assert_int_equal(complaints(&moved, "experiments/part/section/plant.c", &said), 2);
    assert_contains(said, "planted: .id is not the file's name");
    free(said);
    moved.id = NULL;
    assert_int_equal(complaints(&moved, SOURCE, &said), 3);
    assert_contains(said, "?: no .id of a-z, 0-9 and hyphens");
    free(said);
    SPOILT("no .title", e.title = NULL);
    SPOILT("no .section", e.section = NULL);
    SPOILT("no .cites", e.cites = NULL);
    SPOILT("no .run", e.run = NULL);
    SPOILT("no .seeds", e.seeds = 0);
    SPOILT("no .core_s", e.core_s = 0);
    SPOILT("no .carries", e.carries[3] = NULL);
    SPOILT(".has_long and .long_core_s", e.has_long = true);
    SPOILT(".has_long and .long_core_s", e.long_core_s = 60);
}

static void a_claim_that_says_or_measures_nothing_is_caught(void **state)
{
    (void)state;
    SPOILT("planted/score: a claim without a sentence", c->text = NULL);
    SPOILT("planted/score: a claim without a value", c->value = NULL);
    SPOILT("planted/Score_1: not an id", c->id = "Score_1");
    SPOILT("planted/score: two claims of this name", e.claims[1].id = "score");
    SPOILT("planted: a claim without an id",
           e.claims[2] = (Claim){ .text = "x", .value = "size", .tier = REPORT });
    SPOILT("planted: no claims", memset(e.claims, 0, sizeof e.claims));
}

static void a_bound_that_cannot_judge_is_caught(void **state)
{
    (void)state;
    SPOILT("planted/score: a bound without a reason", c->why = NULL);
    SPOILT("planted/size: a gate without a bound", e.claims[1].tier = GATE);
    SPOILT("planted/size: a .bound or .also without a .side", e.claims[1].bound = 3);
    SPOILT("planted/score: a wrong .upper", c->side = WITHIN);
    SPOILT("planted/score: a wrong .upper", c->upper = 0.7);
    SPOILT("planted/score: a .reference without its source", c->reference = 0.8);
    SPOILT("planted/score: a .variant that the finding does not", c->variant = "long");
    SPOILT("planted/score: an .also check without a side", c->also[0].side = 0);
    SPOILT("planted/score: an .also check with a wrong .upper", c->also[0].side = WITHIN);
    SPOILT("planted/score: a gap in .also", c->also[2] = (Check){ "x", ABOVE, 1, 0 },
           control[0].also[2] = control[1].also[2] = "y");
}

static void a_bound_without_a_negative_control_is_caught(void **state)
{
    (void)state;
    static const char what[] = "planted/score: a bound without a negative control";
    SPOILT(what, memset(c->controls, 0, sizeof c->controls));
    SPOILT(what, control->must_pass = true);
}

static void a_control_that_cannot_fail_or_is_lost_is_caught(void **state)
{
    (void)state;
    SPOILT("planted/score: a control that is the claim itself", control->value = "score",
           control->also[0] = "loss");
    SPOILT("planted/score: a control without words", control->text = NULL);
    SPOILT("planted/score: a control whose .also does not match",
           control->also[0] = NULL);
    SPOILT("planted/score: a control whose .also does not match", control->also[1] = "x");
    SPOILT("planted/score: a control with a bound and no side", control->bound = 1);
    SPOILT("planted/score: a control with a wrong .upper", control->side = WITHIN);
    SPOILT("planted/score: a control without a value", control[1].value = NULL);
    SPOILT("planted/score: a gap in .controls", control[3] = control[1]);
}

static void a_table_that_nobody_can_read_is_caught(void **state)
{
    (void)state;
    SPOILT("planted/curve: a table without columns", e.tables[0].columns = NULL);
    SPOILT("planted/values: not a table's id", e.tables[0].id = "values");
    SPOILT("planted/a/b: not a table's id", e.tables[0].id = "a/b");
    SPOILT("planted/curve: two tables of this name", e.tables[1] = e.tables[0]);
    SPOILT("planted: a table without an id", e.tables[1].columns = "a, b");
}

static void all_complaints_come_at_once(void **state)
{
    (void)state;
    Experiment e = sound();
    e.title = NULL;
    e.claims[0].why = NULL;
    e.claims[1].text = NULL;
    char *said;
    assert_int_equal(complaints(&e, SOURCE, &said), 3);
    assert_contains(said, "no .title");
    assert_contains(said, "planted/score: a bound without a reason");
    assert_contains(said, "planted/size: a claim without a sentence");
    free(said);
}

/* --- what it prints ------------------------------------------------------------------ */

static void json_holds_what_was_declared(void **state)
{
    (void)state;
    char *text = check_output_again("json", NULL);
    json_t *o = json_loads(text, 0, NULL);
    assert_non_null(o);
    assert_string_equal(json_string_value(json_object_get(o, "id")), "planted");
    json_t *cites = json_object_get(o, "cites"), *claims = json_object_get(o, "claims"),
           *score = json_array_get(claims, 0), *table;
    assert_int_equal(json_array_size(cites), 2);
    assert_string_equal(json_string_value(json_array_get(cites, 1)), "two2021b");
    table = json_array_get(json_object_get(o, "tables"), 0);
    assert_string_equal(
        json_string_value(json_array_get(json_object_get(table, "columns"), 1)),
        "loss [nat/token]");
    assert_int_equal(json_array_size(claims), 2);
    assert_string_equal(json_string_value(json_object_get(score, "side")), "above");
    assert_same_double(json_real_value(json_object_get(score, "bound")), 0.6);
    assert_int_equal(json_integer_value(json_object_get(score, "line")), 4);
    assert_int_equal(json_array_size(json_object_get(score, "controls")), 2);
    assert_true(json_is_null(json_object_get(score, "reference")));
    json_decref(o), free(text);
}

static void rules_wait_for_inputs_and_for_the_same_seed_of_every_need(void **state)
{
    (void)state;
    char *usual = check_output_again("rules", NULL),
         *longer = check_output_again("rules-long", NULL);
    assert_string_equal(
        usual, "$(B)/run/planted/seed-%/run.json: $(B)/unit/planted "
               "$(B)/inputs/lib-blis.sha256 $(B)/inputs/data-facts-x.csv.sha256 "
               "$(B)/inputs/package-dict-gcide.sha256 $(B)/run/giver/seed-%/run.json\n"
               "\t$(call run-unit,planted,)\n"
               "smoke-planted: smoke-giver\n"
               "INPUT.data-facts-x.csv.sha256 := data/facts/x.csv\n"
               "INPUT.package-dict-gcide.sha256 := package:dict-gcide\n");
    assert_contains(longer, "$(B)/run/planted@long/seed-%/run.json: $(B)/unit/planted");
    assert_contains(longer, "\t$(call run-unit,planted,--variant long)\n");
    free(usual), free(longer);
}

/* The source whose claim stands on line 4, behind the finding's own id of that name. */
static int print(const char *what)
{
    static const char text[] = "a\n.id = \"score\"\nCLAIMS(\n    { .id = \"score\" })\n";
    Experiment e = sound();
    declared = &e;
    e.has_long = !strcmp(what, "rules-long");
    if (strcmp(what, "json")) return print_rules();
    char *folder = check_folder(), *path = check_path(folder, "planted.c");
    int status = file_write(path, text, strlen(text)) ? print_json(path) : 1;
    folder_remove(folder);
    free(folder), free(path);
    return status;
}

int main(int argc, char **argv)
{
    if (argc > 1) return print(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_declaration_is_not_complained_of),
        cmocka_unit_test(an_identity_that_is_not_the_files_is_caught),
        cmocka_unit_test(a_claim_that_says_or_measures_nothing_is_caught),
        cmocka_unit_test(a_bound_that_cannot_judge_is_caught),
        cmocka_unit_test(a_bound_without_a_negative_control_is_caught),
        cmocka_unit_test(a_control_that_cannot_fail_or_is_lost_is_caught),
        cmocka_unit_test(a_table_that_nobody_can_read_is_caught),
        cmocka_unit_test(all_complaints_come_at_once),
        cmocka_unit_test(json_holds_what_was_declared),
        cmocka_unit_test(rules_wait_for_inputs_and_for_the_same_seed_of_every_need),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
