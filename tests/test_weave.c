/* test_weave.c - the planted experiment as an article, and sources that must not become
 * one. */
#include "report/weave.h"
#include "report/bibtex.h"
#include "report/polish.h"
#include "report/tool.h"
#include "tests/check.h"
#include "tests/weave_fixture.h"
#include <ctype.h>

static Article *weave(const char *path, char **error)
{
    Suite suite = { 0 };
    Finding f = fixture(path);
    *error = NULL;
    return weave_article(&suite, &f, error);
}

static Article *planted(void)
{
    char *error;
    Article *a = weave(FIXTURE "/planted.c", &error);
    if (!a) fail_msg("%s", error);
    return a;
}

/* Weaves a source of our own. */
static Article *woven(const char *source, char **error)
{
    char *folder = check_folder(), *path = check_path(folder, "x.c");
    assert_true(file_write(path, source, strlen(source)));
    Article *a = weave(path, error);
    assert_true(folder_remove(folder));
    free(folder), free(path);
    return a;
}

static void assert_refused(const char *source, const char *place, const char *words)
{
    char *error;
    Article *a = woven(source, &error);
    if (a) fail_msg("accepted: %s", source);
    assert_contains(error, place);
    assert_contains(error, words);
    free(error);
}

static char *woven_html(const char *source)
{
    char *error;
    Article *a = woven(source, &error);
    if (!a) fail_msg("%s", error);
    char *html = text_copy(a->html);
    weave_free(a);
    return html;
}

static int count(const char *text, const char *part)
{
    int n = 0;
    for (; (text = strstr(text, part)) != NULL; text += strlen(part)) n++;
    return n;
}

/* Text of markup: tags gone, the entities that pandoc writes resolved. */
static char *text_of(const char *from, const char *to)
{
    static const char *const entity[][2] = { { "&lt;", "<" },
                                             { "&gt;", ">" },
                                             { "&amp;", "&" },
                                             { "&quot;", "\"" },
                                             { "&#39;", "'" } };
    Buffer b = { 0 };
    buffer_put(&b, "");
    while (from < to) {
        size_t skip = 0;
        if (*from == '<') skip = strcspn(from, ">") + 1;
        for (int i = 0; i < COUNT(entity) && !skip; i++)
            if (!strncmp(from, entity[i][0], strlen(entity[i][0]))) {
                skip = strlen(entity[i][0]);
                buffer_put(&b, entity[i][1]);
            }
        if (!skip) buffer_add(&b, from, 1);
        from += skip ? skip : 1;
    }
    return b.s;
}

static char *line_of(const char *text, int line)
{
    while (--line > 0) text = strchr(text, '\n') + 1;
    return text_format("%.*s", (int)strcspn(text, "\n"), text);
}

static void title_lead_and_contents_are_taken_out(void **state)
{
    (void)state;
    Article *a = planted();
    assert_string_equal(a->title, "A planted finding");
    assert_string_equal(
        a->lead, "The offset answers 75 % of the questions & the neighbour < 0.151; "
                 "that is no accident.");
    assert_contains(a->toc, "<li><a href=\"#s-heat-map\">Heat map</a></li>");
    assert_null(strstr(a->toc, "middle of a function"));
    assert_null(strstr(a->html, "<h1"));
    assert_contains(a->html, "<h2 id=\"s-heat-map\">");
    assert_string_equal(a->folder, FIXTURE "/tables");
    assert_true(a->fresh);
    assert_int_equal(a->n_charts, 6);
    weave_free(a);
}

static void every_line_of_code_has_its_anchor_and_its_text(void **state)
{
    (void)state;
    Article *a = planted();
    char *source = file_read(FIXTURE "/planted.c", NULL);
    int anchors = 0, last = 0;
    for (const char *p = a->html; (p = strstr(p, "<span id=\"L")) != NULL; p++) {
        int line = atoi(p + strlen("<span id=\"L"));
        const char *from = strchr(p, '>') + 1, *newline = strchr(from, '\n'),
                   *end = strstr(from, "</code>");
        char *got = text_of(from, newline && newline < end ? newline : end),
             *want = line_of(source, line);
        assert_string_equal(got, want);
        assert_true(line > last);
        char *number = text_format("href=\"#L%d\" data-n=\"%d\"", line, line);
        assert_contains(p, number);
        last = line, anchors++;
        free(got), free(want), free(number);
    }
    assert_true(anchors > 20);
    free(source);
    weave_free(a);
}

static void the_page_is_well_formed_with_unique_ids_and_no_inline_style(void **state)
{
    (void)state;
    const char *const xmllint[] = { "xmllint", "--noout", "-", NULL };
    Article *a = planted();
    char *page = text_format("<!DOCTYPE html>\n<body>%s%s</body>", a->toc, a->html),
         *error = NULL, *out = tool_run(xmllint, NULL, page, strlen(page), &error);
    if (error) fail_msg("%s", error);
    for (const char *p = page; (p = strstr(p, " id=\"")) != NULL; p++) {
        char *id = text_format("%.*s", (int)strcspn(p + 5, "\"") + 6, p);
        if (strstr(p + 5, id)) fail_msg("%s stands twice", id);
        free(id);
    }
    assert_null(strstr(page, " style="));
    assert_null(strstr(page, "place-"));
    free(page), free(out);
    weave_free(a);
}

static void code_folds_and_is_named(void **state)
{
    (void)state;
    Article *a = planted();
    assert_contains(a->html, "<details class=\"code\"><summary>Claims as data");
    assert_contains(a->html, "<details class=\"code\" open=\"\"><summary><code>helper"
                             "</code>");
    assert_contains(a->html, "<code>run...</code>");
    assert_contains(
        a->html, "<pre class=\"sourceCode numberSource c numberLines\" tabindex=\"0\"");
    assert_contains(a->html, "<span class=\"cf\">return</span>");
    weave_free(a);
}

static void numbers_code_and_listings_are_escaped(void **state)
{
    (void)state;
    Article *a = planted();
    assert_contains(a->html,
                    "answers 75 % of the questions &amp; the neighbour &lt; 0.151");
    assert_contains(a->html, "woman = queen &amp; &lt;more&gt;\n&quot;quoted&quot;");
    assert_contains(a->html, "20,000 steps");
    assert_contains(a->html, "none of them for nothing");
    assert_contains(a->html, "<p>What it wrote: 3 seeds</p>");
    weave_free(a);
}

static void citations_lead_to_their_reference_and_on_to_its_address(void **state)
{
    (void)state;
    Article *a = planted();
    assert_contains(a->html, "href=\"#ref-mikolov2013linguistic\"");
    assert_contains(a->html, "<h2 id=\"s-references\">References</h2>");
    const char *reference = strstr(a->html, "id=\"ref-mikolov2013linguistic\"");
    assert_non_null(reference);
    assert_contains(reference, "<a href=\"https://");
    assert_contains(a->html, "<math display=\"inline\"");
    weave_free(a);
}

static void weaving_twice_gives_the_same_bytes(void **state)
{
    (void)state;
    Article *a = planted(), *b = planted();
    assert_string_equal(a->html, b->html);
    assert_string_equal(a->charts[4].svg, b->charts[4].svg);
    weave_free(a), weave_free(b);
}

static void errors_carry_the_line_of_the_source(void **state)
{
    (void)state;
    assert_refused("/*\n# T\n\nA line.\nThen {{nothing}}.\n*/\n",
                   "x.c:5: ", "{{nothing}}");
    assert_refused("/*\n# T\n*/\nint x;\n/*\nSee [@nobody1999nothing].\n*/\n",
                   "x.c:6: ", "@nobody1999nothing");
    assert_refused("/*\n# T\n\n~~~gnuplot curve \"c {{x}}\"\nplot x\n~~~\n*/\n",
                   "x.c:4: ", "{{x}}");
    assert_refused("/*\n# T\n\n~~~gnuplot curve \"two\nlines\"\nplot f(x)\n~~~\n*/\n",
                   "x.c:6: gnuplot: ", "undefined function");
    assert_refused("/*\n# T\n\n~~~gnuplot curve\nplot x\n~~~\n*/\n",
                   "x.c:4: ", "caption");
    assert_refused("/*\n# T\n\n~~~gnuplot curve \"open\nplot x\n~~~\n*/\n",
                   "x.c:4: ", "closing quote");
    assert_refused("/*\n# T\n\n~~~gnuplot curve \"c\"\nplot x\n*/\n",
                   "x.c:4: ", "without its end");
    assert_refused("/*\n# T\n\ntext\n\n~~~listing absent\n~~~\n*/\n",
                   "x.c:6: ", "listing(\"absent\")");
    assert_refused("/*\nno title\n*/\n", "x.c:1: ", "# Title");
    assert_refused("int x;\n", "x.c:1: ", "no prose");
}

static void what_pandoc_complains_about_is_no_page(void **state)
{
    (void)state;
    assert_refused("/*\n# T\n\n$\\frac{1$\n*/\n", "x.c:1: pandoc: ", "TeX");
}

static void a_source_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    char *error;
    assert_null(weave("tests/weave/absent.c", &error));
    assert_contains(error, "absent.c:1: No such file");
    free(error);
}

static void an_authors_own_block_is_left_alone(void **state)
{
    (void)state;
    char *html =
        woven_html("/*\n# T\n\n~~~\n{{share}} ~ @nobody\n~~~\n\n{{share}}\n*/\n");
    assert_contains(html, "<pre tabindex=\"0\"><code>{{share}} ~ @nobody</code></pre>");
    assert_contains(html, "<p>0.750</p>");
    free(html);
}

static void fences_and_markup_in_code_do_not_end_it(void **state)
{
    (void)state;
    char *html = woven_html("/*\n# T\n*/\nchar *s = \"\\\n~~~~~~\\\n</code>\";\n");
    assert_contains(html, "~~~~~~");
    assert_contains(html, "&lt;/code&gt;");
    assert_contains(html, "id=\"L6\"");
    free(html);
}

static void tables_and_headings_of_prose_suit_the_page(void **state)
{
    (void)state;
    char *html =
        woven_html("/*\n# T\n\n## L42\n\n### share\n\n|a|b|\n|:-|-:|\n|1|2|\n\nA&nbsp;b "
                   "e.g.\\ c.\n*/\n");
    assert_contains(html, "<h2 id=\"s-l42\">");
    assert_contains(html, "<h3 id=\"s-share\">");
    assert_contains(html, "<div class=\"scroll\" tabindex=\"0\"><table>");
    assert_null(strstr(html, "&nbsp;"));
    assert_null(strstr(html, "style="));
    free(html);
}

static void wide_formulas_scroll_and_short_ones_do_not_grow(void **state)
{
    (void)state;
    char *html =
        woven_html("/*\n# T\n\n$(a)$ and $\\sum_{k=1}^{n} c^{2k} / (2k (2k-1))$:\n\n"
                   "$$ (b) $$\n*/\n");
    assert_contains(html, "<p><math display=\"inline\"");
    assert_contains(
        html, "<span class=\"long-formula\" tabindex=\"0\"><math display=\"inline\"");
    assert_contains(html,
                    "<span class=\"formula\" tabindex=\"0\"><math display=\"block\"");
    assert_int_equal(count(html, "<span"), 2);
    assert_int_equal(count(html, "</math></span>"), 2);
    assert_contains(html, "stretchy=\"false\" form=\"prefix\">(</mo><mi>a");
    assert_contains(html, "stretchy=\"true\" form=\"prefix\">(</mo><mi>b");
    free(html);
}

static void plain_text_is_free_of_marks(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "A `B` *c* $N^2$", "A B c N^2" },
        { "so it is [@key2020, p. 3; @b].", "so it is." },
        { "see [the page](x.html) here", "see the page here" },
        { "line\n  two\\*", "line two*" },
    };
    for (int i = 0; i < COUNT(cases); i++) {
        char *plain = polish_plain(cases[i][0]);
        assert_string_equal(plain, cases[i][1]);
        free(plain);
    }
}

static void a_sentence_ends_at_its_stop_or_its_paragraph(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "One holds. Two does not.", "One holds." },
        { "\nOf 0.5 and e.g. this one. Next", "Of 0.5 and e.g. this one." },
        { "No stop\n\nnext", "No stop" },
        { "Cited [@a]. Then", "Cited." },
    };
    for (int i = 0; i < COUNT(cases); i++) {
        char *sentence = polish_sentence(cases[i][0]);
        assert_string_equal(sentence, cases[i][1]);
        free(sentence);
    }
}

static void citations_are_found_and_code_and_mail_are_not(void **state)
{
    (void)state;
    size_t n;
    const char *p = bibtex_citation("x@y.org `@code` [see @lin2016; -@b.]", &n);
    assert_int_equal(n, strlen("lin2016"));
    assert_int_equal(strncmp(p, "lin2016;", 8), 0);
    p = bibtex_citation(p + n, &n);
    assert_int_equal(n, 1);
    assert_null(bibtex_citation(p + n, &n));
}

static void an_entry_is_cut_out_whole(void **state)
{
    (void)state;
    static const char bib[] =
        "% @comment\n@book{ab, title = {x}}\n"
        "@article{a,\n title = {A {B} \\{ c},\n year = 2020}\n@misc{c}";
    size_t n;
    const char *entry = bibtex_entry(bib, "a", &n);
    assert_non_null(entry);
    assert_int_equal(strncmp(entry, "@article{a,", 11), 0);
    assert_int_equal(strncmp(entry + n, "\n@misc", 6), 0);
    assert_null(bibtex_entry(bib, "b", &n));
}

static void a_tools_output_is_kept_by_what_went_in(void **state)
{
    (void)state;
    const char *const argv[] = { "sh", "-c", "cat; date +%N; echo $$", NULL };
    char *error = NULL;
    char *a = tool_cached(argv, NULL, "x", 1, "1", &error),
         *b = tool_cached(argv, NULL, "x", 1, "1", &error),
         *other_file = tool_cached(argv, NULL, "x", 1, "2", &error),
         *other_input = tool_cached(argv, NULL, "y", 1, "1", &error);
    assert_null(error);
    assert_string_equal(a, b);
    assert_string_not_equal(a, other_file);
    assert_string_not_equal(a, other_input);
    free(a), free(b), free(other_file), free(other_input);
}

static void a_tools_failure_and_its_warnings_are_errors(void **state)
{
    (void)state;
    static const struct {
        const char *argv[4], *words;
    } cases[] = {
        { { "sh", "-c", "echo out; echo beware >&2" }, "beware" },
        { { "sh", "-c", "exit 3" }, "status 3" },
        { { "no-such-program" }, "cannot be started" },
    };
    for (int i = 0; i < COUNT(cases); i++) {
        char *error = NULL;
        assert_null(tool_run(cases[i].argv, NULL, "", 0, &error));
        assert_contains(error, cases[i].words);
        free(error);
    }
}

static void a_tool_may_write_before_it_has_read_everything(void **state)
{
    (void)state;
    enum { N = 4 << 20 };
    const char *const argv[] = { "cat", NULL };
    char *input = alloc(N + 1, 1), *error = NULL;
    memset(input, 'x', N);
    char *output = tool_run(argv, NULL, input, N, &error);
    assert_string_equal(output, input);
    free(input), free(output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(title_lead_and_contents_are_taken_out),
        cmocka_unit_test(every_line_of_code_has_its_anchor_and_its_text),
        cmocka_unit_test(the_page_is_well_formed_with_unique_ids_and_no_inline_style),
        cmocka_unit_test(code_folds_and_is_named),
        cmocka_unit_test(numbers_code_and_listings_are_escaped),
        cmocka_unit_test(citations_lead_to_their_reference_and_on_to_its_address),
        cmocka_unit_test(weaving_twice_gives_the_same_bytes),
        cmocka_unit_test(errors_carry_the_line_of_the_source),
        cmocka_unit_test(what_pandoc_complains_about_is_no_page),
        cmocka_unit_test(a_source_that_is_not_there_is_an_error),
        cmocka_unit_test(an_authors_own_block_is_left_alone),
        cmocka_unit_test(fences_and_markup_in_code_do_not_end_it),
        cmocka_unit_test(tables_and_headings_of_prose_suit_the_page),
        cmocka_unit_test(wide_formulas_scroll_and_short_ones_do_not_grow),
        cmocka_unit_test(plain_text_is_free_of_marks),
        cmocka_unit_test(a_sentence_ends_at_its_stop_or_its_paragraph),
        cmocka_unit_test(citations_are_found_and_code_and_mail_are_not),
        cmocka_unit_test(an_entry_is_cut_out_whole),
        cmocka_unit_test(a_tools_output_is_kept_by_what_went_in),
        cmocka_unit_test(a_tools_failure_and_its_warnings_are_errors),
        cmocka_unit_test(a_tool_may_write_before_it_has_read_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
