/* test_experiment.c - what experiment.h promises of its two compilations: the unit cannot
 * see a claim, so no wording and no bound can change its bytes.
 *
 * A source is compiled as it is and with its claims altered, each under the same name in a
 * folder of its own, and the objects are compared. That the comparison can fail is shown
 * by altering the run, and by compiling the describer's form. */
#include "core/lab/experiment.h"
#include "core/base/hash.h"
#include "tests/check.h"

#define REAL_SOURCE "experiments/information-storage/general/criticality.c"

static const char PLANTED[] =
    "#include \"core/lab/experiment.h\"\n"
    "static void run(Run *run, Rng rng);\n"
    "const Experiment experiment = {\n"
    "    .id = \"planted\", .run = run,\n"
    "    .tables = { { \"curve\", \"step, loss\" } },\n"
    "    ABOUT(.title = \"Planted\", .section = \"a/b\", .cites = \"one\", .seeds = 5,\n"
    "          .core_s = 2),\n"
    "    .claims = CLAIMS({ .id = \"score\", .text = \"it scores\", .value = \"score\",\n"
    "                       .side = ABOVE, .bound = 0.5, .why = \"theory\",\n"
    "                       .controls = { { \"blank\", \"no text\" } } }),\n"
    "};\n"
    "static void run(Run *run, Rng rng)\n"
    "{\n"
    "    if (rng_below(rng, 0, 7) > 7) die(\"no such number\");\n"
    "    record(run, \"score\", rng_uniform(rng, 1));\n"
    "    record(run, \"blank\", 0);\n"
    "}\n";

/* Every `from` becomes `to`; dies if there is none. The caller frees it. */
static char *with(const char *text, const char *from, const char *to)
{
    Buffer out = { 0 };
    const char *at = strstr(text, from);
    require(at, "no \"%s\" in the source", from);
    for (; at; at = strstr(text, from)) {
        buffer_add(&out, text, (size_t)(at - text));
        buffer_put(&out, to);
        text = at + strlen(from);
    }
    buffer_put(&out, text);
    return out.s;
}

/* SHA-256 of the object that a source becomes. */
static Hash compiled(const char *source, const char *options)
{
    char *root = getcwd(NULL, 0), *folder = check_folder(),
         *path = check_path(folder, "planted.c"),
         *object = check_path(folder, "planted.o");
    assert_true(file_write(path, source, strlen(source)));
    const char *compiler = getenv("CC") ? getenv("CC") : "gcc";
    char *command =
        text_format("cd '%s' && %s -std=gnu11 -O3 -march=x86-64-v3 -w -I'%s' %s "
                    "-c planted.c -o planted.o",
                    folder, compiler, root, options);
    assert_int_equal(system(command), 0);
    Hash hash;
    assert_true(hash_file(object, &hash));
    assert_true(folder_remove(folder));
    free(root), free(folder), free(path), free(object), free(command);
    return hash;
}

static void assert_unit(const char *source, const char *from, const char *to, bool same)
{
    char *altered = with(source, from, to);
    Hash before = compiled(source, "-DUNIT"), after = compiled(altered, "-DUNIT");
    if (same != !strcmp(before.hex, after.hex))
        fail_msg("\"%s\" for \"%s\": the unit is %s", to, from,
                 same ? "another" : "the same");
    free(altered);
}

static void no_word_or_bound_of_a_claim_reaches_the_unit(void **state)
{
    (void)state;
    assert_unit(PLANTED, ".bound = 0.5", ".bound = 0.875", true);
    assert_unit(PLANTED, ".side = ABOVE", ".side = WITHIN, .upper = 3", true);
    assert_unit(PLANTED, "it scores", "it scores, and more than that", true);
    assert_unit(PLANTED, "\"blank\", \"no text\"", "\"score\", \"the same\"", true);
    assert_unit(PLANTED, "\"Planted\"", "\"Sown\"", true);
    assert_unit(PLANTED, ".seeds = 5", ".seeds = 9, .quick = true", true);
}

static void prose_that_moves_the_code_does_not_reach_the_unit(void **state)
{
    (void)state;
    assert_unit(PLANTED, "static void run(Run *run, Rng rng)\n{",
                "/*\n## A word\n\nor two\n*/\n\nstatic void run(Run *run, Rng rng)\n{",
                true);
}

static void what_the_run_does_reaches_the_unit(void **state)
{
    (void)state;
    assert_unit(PLANTED, "rng_uniform(rng, 1)", "rng_uniform(rng, 2)", false);
    assert_unit(PLANTED, "record(run, \"blank\", 0)", "record(run, \"blanc\", 0)", false);
    assert_unit(PLANTED, "\"step, loss\"", "\"step, loss [nat]\"", false);
}

static void the_describer_sees_what_the_unit_does_not(void **state)
{
    (void)state;
    char *altered = with(PLANTED, ".bound = 0.5", ".bound = 0.875");
    Hash before = compiled(PLANTED, ""), after = compiled(altered, "");
    assert_string_not_equal(before.hex, after.hex);
    free(altered);
}

static void a_real_finding_keeps_its_unit_when_all_its_claims_change(void **state)
{
    (void)state;
    char *source = file_read(REAL_SOURCE, NULL);
    assert_non_null(source);
    char *bounds = with(source, ".bound = ", ".bound = 1 + "),
         *texts = with(bounds, ".text = \"", ".text = \"it is not so that "),
         *whys = with(texts, ".why = \"", ".why = \"because ");
    assert_string_equal(compiled(source, "-DUNIT").hex, compiled(whys, "-DUNIT").hex);
    free(source), free(bounds), free(texts), free(whys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_word_or_bound_of_a_claim_reaches_the_unit),
        cmocka_unit_test(prose_that_moves_the_code_does_not_reach_the_unit),
        cmocka_unit_test(what_the_run_does_reaches_the_unit),
        cmocka_unit_test(the_describer_sees_what_the_unit_does_not),
        cmocka_unit_test(a_real_finding_keeps_its_unit_when_all_its_claims_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
