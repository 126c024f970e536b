/* test_adapt.c - notes beside their lines, formulas that scroll. */
#include "report/adapt.h"
#include "tests/check.h"

#define MARK(n) \
    "<a href=\"#fn" n "\" class=\"footnote-ref\" id=\"fnref" n "\"><sup>" n "</sup></a>"
#define BACK(n) "<a href=\"#fnref" n "\" class=\"footnote-back\">back</a>"

static void a_note_of_one_paragraph_stands_behind_its_mark(void **state)
{
    (void)state;
    char *got = adapt_notes("<p>One" MARK("1") " and two" MARK(
        "2") ".</p><ol>"
             "<li id=\"fn1\"><p>First <b>note</b>. " BACK(
                 "1") "</p></li>"
                      "<li id=\"fn2\"><p>Second." BACK("2") "</p></li></ol>");
    assert_contains(got, "</a><small class=\"sidenote\"><sup>1</sup> First <b>note</b>. "
                         "</small> and two");
    assert_contains(got, "<sup>2</sup> Second.</small>.</p>");
    assert_contains(got, "<li id=\"fn1\"><p>First");
    free(got);
}

static void a_note_of_two_paragraphs_stays_at_the_end(void **state)
{
    (void)state;
    char *got = adapt_notes(
        "<p>One" MARK("1") "</p><li id=\"fn1\"><p>a</p><p>b" BACK("1") "</p></li>");
    assert_null(strstr(got, "sidenote"));
    free(got);
}

static void a_mark_without_a_note_is_left_alone(void **state)
{
    (void)state;
    const char *article = "<p>One" MARK("7") "</p>";
    char *got = adapt_notes(article);
    assert_string_equal(got, article);
    free(got);
}

static void a_displayed_formula_gets_a_frame_and_an_inline_one_does_not(void **state)
{
    (void)state;
    char *got = adapt_formulas("<p><math display=\"block\"><mi>x</mi></math>, "
                               "<math display=\"inline\"><mi>y</mi></math></p>");
    assert_contains(got,
                    "tabindex=\"0\"><math display=\"block\"><mi>x</mi></math></span>, "
                    "<math display=\"inline\">");
    assert_null(strstr(strstr(got, "</span>") + 1, "formula"));
    free(got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_note_of_one_paragraph_stands_behind_its_mark),
        cmocka_unit_test(a_note_of_two_paragraphs_stays_at_the_end),
        cmocka_unit_test(a_mark_without_a_note_is_left_alone),
        cmocka_unit_test(a_displayed_formula_gets_a_frame_and_an_inline_one_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
