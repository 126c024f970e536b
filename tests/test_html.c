/* test_html.c - markup that cannot be malformed. */
#include "report/html.h"
#include "tests/check.h"

static char *escaped(const char *text, size_t n)
{
    Buffer b = { 0 };
    buffer_put(&b, "");
    html_escape(&b, text, n);
    return b.s;
}

static void assert_escapes(const char *text, const char *want)
{
    char *got = escaped(text, strlen(text));
    assert_string_equal(got, want);
    free(got);
}

static void text_and_attributes_are_escaped(void **state)
{
    (void)state;
    Html h = { 0 };
    html_open(&h, "a", "href", "x?a=1&b=\"2\"", "title", "<&>", NULL);
    html_text(&h, "1 < 2 & \"3\" > 2");
    html_close(&h, "a");
    char *got = html_end(&h);
    assert_string_equal(got,
                        "<a href=\"x?a=1&amp;b=&quot;2&quot;\" title=\"&lt;&amp;&gt;\">"
                        "1 &lt; 2 &amp; &quot;3&quot; &gt; 2</a>");
    free(got);
}

static void formatted_text_is_escaped_after_formatting(void **state)
{
    (void)state;
    Html h = { 0 };
    html_format(&h, "%s & %d", "<b>", 3);
    char *got = html_end(&h);
    assert_string_equal(got, "&lt;b&gt; &amp; 3");
    free(got);
}

static void raw_markup_is_left_alone(void **state)
{
    (void)state;
    Html h = { 0 };
    html_raw(&h, "<svg/>");
    char *got = html_end(&h);
    assert_string_equal(got, "<svg/>");
    free(got);
}

static void an_attribute_without_a_value_is_left_out(void **state)
{
    (void)state;
    Html h = { 0 };
    html_leaf(&h, "b", "x", "class", NULL, "id", "", NULL);
    html_void(&h, "i", "class", NULL, NULL);
    char *got = html_end(&h);
    assert_string_equal(got, "<b id=\"\">x</b><i />");
    free(got);
}

static void unicode_passes_and_what_is_none_becomes_the_replacement(void **state)
{
    (void)state;
    assert_escapes("Józefowicz ✓ \xf0\x9d\x9c\x86", "Józefowicz ✓ \xf0\x9d\x9c\x86");
    assert_escapes("a\x01z", "a\xef\xbf\xbdz");                 /* control */
    assert_escapes("a\xc0\xafz", "a\xef\xbf\xbd\xef\xbf\xbdz"); /* overlong */
    assert_escapes("a\xed\xa0\x80z",
                   "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz"); /* surrogate */
    assert_escapes("\xef\xbf\xbe", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* U+FFFE */
    assert_escapes("cut \xe2\x9c", "cut \xef\xbf\xbd\xef\xbf\xbd");
    assert_escapes("tab\tand\nline", "tab\tand\nline");
}

static void a_zero_byte_is_no_character(void **state)
{
    (void)state;
    char *got = escaped("a\0b", 3);
    assert_string_equal(got, "a\xef\xbf\xbd"
                             "b");
    free(got);
}

static void closing_another_element_dies(void **state)
{
    (void)state;
    Html h = { 0 };
    html_open(&h, "p", NULL);
    assert_dies(html_close(&h, "div"), "</div> where <p> is open");
    html_close(&h, "p");
    assert_dies(html_close(&h, "p"), "</p> closes nothing");
    free(html_end(&h));
}

static void an_element_that_is_never_closed_dies(void **state)
{
    (void)state;
    Html h = { 0 };
    html_open(&h, "section", NULL);
    assert_dies(html_end(&h), "<section> is never closed");
    html_close(&h, "section");
    free(html_end(&h));
}

static void an_empty_document_is_an_empty_text(void **state)
{
    (void)state;
    Html h = { 0 };
    char *got = html_end(&h);
    assert_string_equal(got, "");
    free(got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_and_attributes_are_escaped),
        cmocka_unit_test(formatted_text_is_escaped_after_formatting),
        cmocka_unit_test(raw_markup_is_left_alone),
        cmocka_unit_test(an_attribute_without_a_value_is_left_out),
        cmocka_unit_test(unicode_passes_and_what_is_none_becomes_the_replacement),
        cmocka_unit_test(a_zero_byte_is_no_character),
        cmocka_unit_test(closing_another_element_dies),
        cmocka_unit_test(an_element_that_is_never_closed_dies),
        cmocka_unit_test(an_empty_document_is_an_empty_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
