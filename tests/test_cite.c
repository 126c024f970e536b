/* test_cite.c - citations: their parts, and what their hash does and does not follow. */
#define _GNU_SOURCE
#include "report/cite.h"
#include "report/command.h"
#include "tests/mini.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static CiteWork the_work(void)
{
    CiteWork w;
    char *error = NULL;
    if (!cite_work(".", &w, &error)) fail_msg("%s", error);
    return w;
}

static void assert_part(const char *text, const char *part)
{
    if (!strstr(text, part)) fail_msg("no \"%s\" in:\n%s", part, text);
}

/* The citation of alpha/high, or of alpha as a whole. */
static Citation of_alpha(int claim)
{
    CiteWork w = the_work();
    Suite *s = mini_suite();
    Finding *f = suite_find(s, "alpha");
    Citation c = claim < 0 ? cite_finding(&w, f) : cite_claim(&w, f, claim);
    suite_free(s), cite_work_free(&w);
    return c;
}

static void a_claim_is_cited_by_sentence_verdict_hash_and_link(void **state)
{
    (void)state;
    Citation c = of_alpha(0);
    assert_part(c.hash, "alpha/high@");
    assert_int_equal(strlen(c.hash), strlen("alpha/high@01234567"));
    assert_string_equal(c.permalink, "alpha.html#high");
    assert_part(c.plain, "Mini contributors (2026). the score is high & <clear>. ");
    assert_part(c.plain, "Claim alpha/high: HOLDS, cleared in 3 of 3 seeds.");
    assert_part(c.plain, "In: Mini: a suite, version 1.2.3. ");
    assert_part(c.plain, c.hash);
    cite_free(&c);
}

static void bibtex_escapes_what_tex_would_read(void **state)
{
    (void)state;
    Citation c = of_alpha(0);
    assert_part(c.bibtex, "@misc{glassbox-alpha-high,\n");
    assert_part(c.bibtex, "title = {{the score is high \\& <clear>}},");
    assert_part(c.bibtex, "year = {2026},");
    assert_part(c.bibtex, c.hash);
    assert_null(strstr(c.bibtex, "doi"));
    int open = 0;
    for (const char *p = c.bibtex; *p; p++) open += (*p == '{') - (*p == '}');
    assert_int_equal(open, 0);
    cite_free(&c);
}

static void csl_is_json_with_the_fields_of_its_schema(void **state)
{
    (void)state;
    Citation c = of_alpha(0);
    json_t *list = json_loads(c.csl, 0, NULL), *item = json_array_get(list, 0);
    assert_string_equal(json_string_value(json_object_get(item, "id")), "alpha/high");
    assert_string_equal(json_string_value(json_object_get(item, "type")), "dataset");
    const char *author = NULL;
    int year, month, day;
    assert_int_equal(json_unpack(item, "{s:[{s:s}], s:{s:[[iii]]}}", "author", "literal",
                                 &author, "issued", "date-parts", &year, &month, &day),
                     0);
    assert_string_equal(author, "Mini contributors");
    assert_int_equal(year * 10000 + month * 100 + day, 20261124);
    json_decref(list);
    cite_free(&c);
}

static void an_address_of_the_suite_makes_links_absolute(void **state)
{
    (void)state;
    mini_replace("CITATION.cff", "version: 1.2.3",
                 "version: 1.2.3\nurl: \"https://a.example\"");
    Citation c = of_alpha(-1);
    assert_string_equal(c.permalink, "https://a.example/alpha.html");
    assert_part(c.bibtex, "url = {https://a.example/alpha.html}");
    assert_part(c.csl, "\"URL\": \"https://a.example/alpha.html\"");
    cite_free(&c);
}

static void the_hash_follows_values_bounds_and_sentence_and_nothing_else(void **state)
{
    (void)state;
    static const char *const files[] = { BUILD "/desc/alpha.json",
                                         "data/record/alpha.csv" };
    static const struct {
        int file;
        const char *old, *fresh;
        bool moves;
    } edits[] = {
        { 0, "\"bound\":0.6", "\"bound\":0.7", true },
        { 0, "the score is high", "the score is higher", true },
        { 0, "Alpha scores", "Alpha still scores", false },
        { 0, "\"pilot\"", "\"another reason\"", false },
        { 0, "\"bound\":0.1", "\"bound\":0.11", false },
        { 1, "1,score,0.75", "1,score,0.76", true },
        { 1, "1,null score,0.125", "1,null score,0.126", true },
        { 1, "1,gap,0.1499", "1,gap,0.1599", false },
    };
    Citation before = of_alpha(0);
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        const char *path = files[edits[i].file];
        mini_replace(path, edits[i].old, edits[i].fresh);
        Citation c = of_alpha(0);
        if (edits[i].moves == !strcmp(c.hash, before.hash))
            fail_msg("%s to %s: %s", edits[i].old, edits[i].fresh, c.hash);
        cite_free(&c);
        mini_replace(path, edits[i].fresh, edits[i].old);
    }
    cite_free(&before);
}

static void a_finding_is_cited_by_a_hash_over_its_claims(void **state)
{
    (void)state;
    Citation before = of_alpha(-1);
    assert_part(before.plain, "Alpha scores. Finding alpha, 2 claims.");
    assert_string_equal(before.permalink, "alpha.html");
    mini_replace("data/record/alpha.csv", "1,gap,0.1499", "1,gap,0.1599");
    Citation after = of_alpha(-1);
    assert_string_not_equal(before.hash, after.hash);
    cite_free(&before), cite_free(&after);
}

static void a_chart_is_cited_by_its_anchor_and_the_findings_hash(void **state)
{
    (void)state;
    CiteWork w = the_work();
    Suite *s = mini_suite();
    Finding *f = suite_find(s, "alpha");
    Citation finding = cite_finding(&w, f),
             c = cite_chart(&w, f, "chart-1", "The loss falls by 50 %");
    assert_string_equal(c.hash, finding.hash);
    assert_string_equal(c.permalink, "alpha.html#chart-1");
    assert_part(c.bibtex, "title = {{The loss falls by 50 \\%}}");
    cite_free(&finding), cite_free(&c), suite_free(s), cite_work_free(&w);
}

static void an_incomplete_citation_file_is_one_message(void **state)
{
    (void)state;
    mini_replace("CITATION.cff", "date-released: 2026-11-24\n", "");
    CiteWork w;
    char *error = NULL;
    assert_false(cite_work(".", &w, &error));
    assert_part(error, "CITATION.cff:1:1: ");
    free(error);
}

static int cite_command(char *id)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        char *argv[] = { "cite", id, NULL };
        if (!freopen("out.txt", "w", stdout) || !freopen("err.txt", "w", stderr))
            _exit(9);
        int status = command_cite(2, argv);
        fflush(stderr);
        _exit(status);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

static void the_command_prints_all_forms(void **state)
{
    (void)state;
    assert_int_equal(cite_command("alpha/gap"), EXIT_AS_EXPECTED);
    mini_expect("out.txt", "Short hash  alpha/gap@");
    mini_expect("out.txt", "Permalink   alpha.html#gap\n");
    mini_expect("out.txt", "@misc{glassbox-alpha-gap,");
    mini_expect("out.txt", "\"id\": \"alpha/gap\"");
}

static void an_unknown_id_lists_the_valid_ones(void **state)
{
    (void)state;
    assert_int_equal(cite_command("alpha/low"), EXIT_USAGE);
    mini_expect("err.txt", "\"alpha/low\" is no finding and no claim");
    mini_expect("err.txt", "expected one of:\n  alpha/high\n  alpha/gap\n");
    assert_int_equal(cite_command("gamma/low"), EXIT_USAGE);
    mini_expect("err.txt", "or finding/claim:\n  alpha\n  beta\n");
}

#define PUBLISHED(test) \
    cmocka_unit_test_setup_teardown(test, mini_setup_published, mini_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PUBLISHED(a_claim_is_cited_by_sentence_verdict_hash_and_link),
        PUBLISHED(bibtex_escapes_what_tex_would_read),
        PUBLISHED(csl_is_json_with_the_fields_of_its_schema),
        PUBLISHED(an_address_of_the_suite_makes_links_absolute),
        PUBLISHED(the_hash_follows_values_bounds_and_sentence_and_nothing_else),
        PUBLISHED(a_finding_is_cited_by_a_hash_over_its_claims),
        PUBLISHED(a_chart_is_cited_by_its_anchor_and_the_findings_hash),
        PUBLISHED(an_incomplete_citation_file_is_one_message),
        PUBLISHED(the_command_prints_all_forms),
        PUBLISHED(an_unknown_id_lists_the_valid_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
