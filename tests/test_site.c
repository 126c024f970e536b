/* test_site.c - the miniature suite as a site: what its pages say, that every promise of
 * a site is kept, and that a planted fault is found. */
#define _GNU_SOURCE
#include "report/check_site.h"
#include "report/site.h"
#include "tests/check.h"
#include "tests/mini.h"
#include <fcntl.h>
#include <sys/stat.h>

static const char OUT[] = BUILD "/site";

static const char wiki[] =
    "kind,part,section,subsection,folder,key,label,status,findings,reason\n"
    "note,,,,,,The outline is certain.,,,\n"
    "heading,Part,,,,,,,,\n"
    "heading,Part,One,,part/one,,,,,\n"
    "entry,Part,One,,part/one,byron1843notes,Notes <on> the Engine "
    "(1843-08),listed,alpha,"
    "planned: alpha\n"
    "entry,Part,One,,part/one,,f(a) - f(b),reconstructed,gamma,needs a pretrained model\n"
    "heading,Part,Two,,part/two,,,,,\n"
    "note,Part,Two,,part/two,,One image. Its content is unknown.,,,\n"
    "entry,Part,Two,,part/two,newman1939seven,Seven,added,beta,planned: beta\n";

static const char bibliography[] =
    "@article{byron1843notes, title={{Notes <on> the Engine}}, author={Byron, Ada},\n"
    " year={1843}, month=aug, url={https://example.org/notes?a=1&b=2}}\n"
    "@misc{newman1939seven, title={{Seven}}, author={Newman, Max and Byron, Ada},\n"
    " year={1939}}\n"
    "@misc{leavitt2020falsifiable, title={{Falsifiable}}, author={Leavitt, Matthew L.},\n"
    " year={2020}}\n";

static const char alpha_source[] =
    "/*\n# Alpha scores high\n\nThe score is {{high}} & the control < it "
    "[@byron1843notes].\n"
    "\nA second paragraph.\n*/\n#include \"core/core.h\"\n\n/*\n## What we find\n\n"
    "~~~gnuplot curve \"The loss falls to {{=gap}}\"\n"
    "plot table(\"curve\") using \"step\":\"loss\" with lines title \"loss\"\n~~~\n*/\n";

static const char beta_source[] = "/*\n# Beta falls\n\nIt falls.\n*/\nint x;\n";

/* The fixture of mini.c with what a site needs besides; the assets are those of the
 * tree. */
static int enter(void **state)
{
    char *tree = getcwd(NULL, 0), *assets = text_format("%s/report", tree);
    mini_setup_published(state);
    mini_write("data/wiki.csv", wiki);
    mini_write("data/references.bib", bibliography);
    mini_write("experiments/part/one/alpha.c", alpha_source);
    mini_write("experiments/part/two/beta.c", beta_source);
    mini_replace(BUILD "/desc/alpha.json", "0123abcd",
                 "0123456789012345678901234567890123456789");
    mini_replace(BUILD "/desc/beta.json", "4567ef01",
                 "4567456745674567456745674567456745674567");
    int bad = symlink(assets, "report");
    free(tree), free(assets);
    return bad;
}

static int warnings_of_build(void)
{
    Site site = { .root = ".", .run_dir = BUILD "/run", .out = OUT };
    bool ok = site_build(&site);
    int warnings = site.warnings;
    if (!ok) fail_msg("%s", site.error);
    site_free(&site);
    return warnings;
}

static void build(void) { assert_int_equal(warnings_of_build(), 0); }

static void assert_shows(const char *page, const char *part)
{
    char *path = check_path(OUT, page);
    mini_expect(path, part);
    free(path);
}

static void assert_hides(const char *page, const char *part)
{
    char *path = check_path(OUT, page), *text = mini_read(path);
    if (strstr(text, part)) fail_msg("%s has \"%s\"", page, part);
    free(path), free(text);
}

static int faults(void)
{
    int pages;
    fflush(stderr);
    return check_site(OUT, &pages);
}

/* --- what pages say -------------------------------------------------------------- */

static void a_built_site_keeps_every_promise(void **state)
{
    (void)state;
    build();
    assert_int_equal(faults(), 0);
    const char *const files[] = { "index.html",
                                  "alpha.html",
                                  "beta.html",
                                  "methodology.html",
                                  "sources.html",
                                  "index.json",
                                  "index.schema.json",
                                  "badge.svg",
                                  "search.js",
                                  "style.css",
                                  "site.js",
                                  "data/alpha/alpha.c",
                                  "data/alpha/values.csv",
                                  "data/alpha/curve.csv",
                                  "data/alpha/words.txt",
                                  "data/alpha/chart-1.gp",
                                  "data/alpha/chart-1.svg",
                                  "data/alpha/seed-2/values.csv" };
    for (int i = 0; i < COUNT(files); i++) {
        char *path = check_path(OUT, files[i]);
        if (!file_exists(path)) fail_msg("no %s", path);
        free(path);
    }
}

static void what_authors_write_is_escaped(void **state)
{
    (void)state;
    build();
    assert_shows("alpha.html", "the score is high &amp; &lt;clear&gt;");
    assert_shows("index.html", "Notes &lt;on&gt; the Engine");
    assert_hides("index.html", "Notes <on>");
}

static void the_map_shows_every_entry_with_its_fate(void **state)
{
    (void)state;
    build();
    assert_shows("index.html", "The outline is certain.");
    assert_shows("index.html", "href=\"https://example.org/notes?a=1&amp;b=2\"");
    assert_shows("index.html", "→ <a href=\"alpha.html\">Alpha scores</a>");
    assert_shows("index.html", "open: needs a pretrained model");
    assert_shows("index.html", "One image. Its content is unknown.");
    assert_shows("index.html", "Byron, 1843-08");
}

static void a_card_shows_verdict_seeds_values_bound_and_control(void **state)
{
    (void)state;
    build();
    assert_shows("alpha.html", "HOLDS</span><span class=\"label\">3 of 3 seeds");
    assert_shows("alpha.html",
                 "aria-label=\"seed 1: 0.750, seed 2: 0.727, seed 3: 0.781\"");
    assert_shows("alpha.html", "aria-label=\"seed 1: 0.125, seed 2: 0.250; none in 1\"");
    assert_shows("alpha.html", "≥\u00a00.6");
    assert_shows("alpha.html", "shuffled<small>control, must fail</small>");
    assert_shows("alpha.html", "control, must fail and be ≤\u00a00.01");
    assert_shows("alpha.html", "alpha/high@");
    assert_shows("methodology.html", "alpha.html#high");
}

static void the_opening_paragraph_stands_once(void **state)
{
    (void)state;
    build();
    char *text = mini_read(BUILD "/site/alpha.html"), *at = strstr(text, "<main");
    assert_non_null(at);
    at = strstr(at, "The score is ");
    assert_non_null(at);
    assert_null(strstr(at + 1, "The score is "));
    free(text);
}

static void identical_values_are_counted(void **state)
{
    (void)state;
    build();
    assert_shows("alpha.html", "this machine: 15 of 15 values identical to the record");
    assert_shows("index.html", "19 of 19 values are identical");
}

static void one_other_value_is_named(void **state)
{
    (void)state;
    mini_replace("world/alpha/seed-2/values.csv", "score,0.7265625", "score,0.7265626");
    mini_run("alpha", 2);
    build();
    assert_shows("alpha.html", "only 14 of 15 values identical");
    assert_shows("alpha.html", "seed 2, score: published 0.7265625");
}

static void other_inputs_are_no_difference(void **state)
{
    (void)state;
    mini_new_input("x\n2\n");
    for (int seed = 1; seed <= 3; seed++) mini_run("alpha", seed);
    build();
    assert_shows("alpha.html", "other inputs, so values are not compared");
    assert_hides("alpha.html", "Not the published bits");
}

static void a_run_of_another_executable_is_not_this_machines(void **state)
{
    (void)state;
    mini_new_executable("alpha", "second");
    build();
    assert_shows("alpha.html", "recorded, not recomputed here");
}

static void seeds_of_an_older_executable_are_not_mixed_in(void **state)
{
    (void)state;
    unlink("data/record/alpha.csv"), unlink("data/record/alpha.index.csv");
    build();
    assert_shows("alpha.html", "3 of 3 seeds");
    mini_new_executable("alpha", "second");
    mini_run("alpha", 1);
    build();
    assert_shows("alpha.html", "1 of 1 seed");
    assert_hides("alpha.html", "of 3 seeds");
}

static void a_failed_self_test_is_said(void **state)
{
    (void)state;
    mini_replace("world/run.json", "\"selftest\":true", "\"selftest\":false");
    for (int seed = 1; seed <= 3; seed++) mini_run("alpha", seed);
    build();
    assert_shows("alpha.html", "its arithmetic fails the self-test");
}

static void a_refuted_claim_is_shown_as_such(void **state)
{
    (void)state;
    mini_replace(BUILD "/desc/alpha.json", "\"bound\":0.6", "\"bound\":0.9");
    build();
    assert_shows("alpha.html", "REFUTED</span><span class=\"label\">0 of 3 seeds, "
                               "expected: HOLDS");
    assert_shows("badge.svg", "2 of 3 claims as expected");
}

static void a_broken_finding_costs_only_its_own_page(void **state)
{
    (void)state;
    mini_write(BUILD "/desc/beta.json",
               "{\"id\":\"beta\",\"source\":\"experiments/part/two/beta.c\","
               "\"broken\":\"it does not compile, see beta.log\"}\n");
    build();
    assert_shows("beta.html", "it does not compile, see beta.log");
    assert_shows("alpha.html", "HOLDS");
    assert_int_equal(faults(), 0);
}

static void a_finding_without_values_is_not_run(void **state)
{
    (void)state;
    folder_remove(BUILD "/run/beta");
    unlink("data/record/beta.csv"), unlink("data/record/beta.index.csv");
    build();
    assert_shows("beta.html", "NOT RUN");
    assert_shows("beta.html", "No values have been published");
    assert_int_equal(faults(), 0);
}

static void an_article_that_cannot_be_woven_is_a_warning_on_its_page(void **state)
{
    (void)state;
    mini_replace("experiments/part/two/beta.c", "It falls.", "It falls by {{nothing}}.");
    assert_int_equal(warnings_of_build(), 1);
    assert_shows("beta.html", "The article cannot be woven.");
    assert_shows("beta.html", "experiments/part/two/beta.c:4");
    assert_int_equal(faults(), 0);
}

static void a_malformed_outline_builds_nothing(void **state)
{
    (void)state;
    mini_replace("data/wiki.csv", "listed", "invented");
    Site site = { .root = ".", .run_dir = BUILD "/run", .out = OUT };
    assert_false(site_build(&site));
    assert_contains(site.error, "data/wiki.csv:5:8: \"invented\"");
    site_free(&site);
    assert_false(file_exists(OUT));
}

/* --- hashes ---------------------------------------------------------------------- */

static void hashes_of_values_know_no_time(void **state)
{
    (void)state;
    build();
    char *before = mini_read(BUILD "/site/data/SHA256SUMS");
    assert_contains(before, "  alpha/seed-3/values.csv\n");
    assert_contains(before, "  alpha/curve.csv\n");
    mini_replace("world/run.json", "2026-11-24T12:00:00Z", "2027-01-01T00:00:00Z");
    for (int seed = 1; seed <= 3; seed++) mini_run("alpha", seed);
    build();
    char *after = mini_read(BUILD "/site/data/SHA256SUMS");
    assert_string_equal(before, after);
    free(before), free(after);
}

static void a_second_build_is_the_same_and_writes_nothing(void **state)
{
    (void)state;
    build();
    char *before = mini_read(BUILD "/site/SHA256SUMS");
    struct stat first, second;
    assert_int_equal(stat(BUILD "/site/alpha.html", &first), 0);
    build();
    char *after = mini_read(BUILD "/site/SHA256SUMS");
    assert_string_equal(before, after);
    assert_int_equal(stat(BUILD "/site/alpha.html", &second), 0);
    assert_int_equal(first.st_ino, second.st_ino);
    free(before), free(after);
}

static void the_front_page_is_as_young_as_the_build(void **state)
{
    (void)state;
    build();
    const struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
    assert_int_equal(utimensat(AT_FDCWD, BUILD "/site/index.html", old, 0), 0);
    build();
    struct stat info;
    assert_int_equal(stat(BUILD "/site/index.html", &info), 0);
    assert_true(info.st_mtime > 1000);
}

static void a_page_whose_finding_is_gone_is_removed(void **state)
{
    (void)state;
    build();
    mini_write(BUILD "/site/own.txt", "not ours\n");
    unlink("experiments/part/two/beta.c");
    mini_replace("data/wiki.csv", "added,beta", "added,");
    build();
    assert_false(file_exists(BUILD "/site/beta.html"));
    assert_false(file_exists(BUILD "/site/data/beta/values.csv"));
    assert_true(file_exists(BUILD "/site/own.txt"));
    assert_int_equal(faults(), 0);
}

/* --- planted faults -------------------------------------------------------------- */

static void each_planted_fault_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *page, *old, *fresh;
        int faults; /* with the hash of the changed file */
    } planted[] = {
        { "index.html", "href=\"alpha.html\"", "href=\"alpah.html\"", 2 },
        { "index.html", "href=\"#main\"", "href=\"#mian\"", 2 },
        { "alpha.html", "href=\"#high\"", "href=\"beta.html#high\"", 2 },
        { "alpha.html", "id=\"files\"", "id=\"cite\"", 3 },
        { "beta.html", "src=\"site.js\"", "src=\"https://example.org/x.js\"", 2 },
        { "beta.html", "href=\"style.css\"", "href=\"//example.org/x.css\"", 2 },
        { "style.css", "body {", "body { background: url(x.png);", 2 },
        { "data/alpha/values.csv", "0.75", "0.76", 1 },
        { "index.json", "\"verdict\": \"HOLDS\"", "\"verdict\": \"SURE\"", 2 },
    };
    for (int i = 0; i < COUNT(planted); i++) {
        build();
        assert_int_equal(faults(), 0);
        char *path = check_path(OUT, planted[i].page);
        mini_replace(path, planted[i].old, planted[i].fresh);
        int found = faults();
        if (found != planted[i].faults)
            fail_msg("%s with %s: %d faults, not %d", planted[i].page, planted[i].fresh,
                     found, planted[i].faults);
        free(path);
    }
}

static void a_missing_file_is_found(void **state)
{
    (void)state;
    build();
    unlink(BUILD "/site/data/alpha/chart-1.gp");
    assert_true(faults() >= 2);
}

static void an_empty_folder_is_no_site(void **state)
{
    (void)state;
    assert_int_equal(faults(), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, enter, mini_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_built_site_keeps_every_promise),
        TEST(what_authors_write_is_escaped),
        TEST(the_map_shows_every_entry_with_its_fate),
        TEST(a_card_shows_verdict_seeds_values_bound_and_control),
        TEST(the_opening_paragraph_stands_once),
        TEST(identical_values_are_counted),
        TEST(one_other_value_is_named),
        TEST(other_inputs_are_no_difference),
        TEST(a_run_of_another_executable_is_not_this_machines),
        TEST(seeds_of_an_older_executable_are_not_mixed_in),
        TEST(a_failed_self_test_is_said),
        TEST(a_refuted_claim_is_shown_as_such),
        TEST(a_broken_finding_costs_only_its_own_page),
        TEST(a_finding_without_values_is_not_run),
        TEST(an_article_that_cannot_be_woven_is_a_warning_on_its_page),
        TEST(a_malformed_outline_builds_nothing),
        TEST(hashes_of_values_know_no_time),
        TEST(a_second_build_is_the_same_and_writes_nothing),
        TEST(the_front_page_is_as_young_as_the_build),
        TEST(a_page_whose_finding_is_gone_is_removed),
        TEST(each_planted_fault_is_found),
        TEST(a_missing_file_is_found),
        TEST(an_empty_folder_is_no_site),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
