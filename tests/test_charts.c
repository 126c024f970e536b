/* test_charts.c - charts of every kind from the fixture's tables; what is wrong in a
 * script; colours in both themes. */
#include "report/charts.h"
#include "report/tool.h"
#include "tests/check.h"
#include "tests/weave_fixture.h"
#include <ctype.h>

static const char lines[] = "plot table(\"curve\") using \"step\":\"loss\" with lines "
                            "title \"a < b\" at end\n",
                  heat[] = "plot table(\"map\") using \"width\":\"stored\":\"accuracy\" "
                           "with image pixels\n";

static Chart draw(const char *table, const char *body, char **error)
{
    Finding f = fixture("x.c");
    ChartBlock block = { .table = table,
                         .caption = "one < two & \"three\"",
                         .body = body,
                         .number = 1,
                         .line = 10,
                         .body_line = 11 };
    Chart chart;
    *error = NULL;
    charts_draw(&f, &block, FIXTURE "/tables", &chart, error);
    return chart;
}

static Chart drawn(const char *table, const char *body)
{
    char *error;
    Chart chart = draw(table, body, &error);
    if (error) fail_msg("%s", error);
    assert_non_null(chart.svg);
    return chart;
}

static void assert_refused(const char *table, const char *body, const char *place,
                           const char *words)
{
    char *error;
    Chart chart = draw(table, body, &error);
    if (!error) fail_msg("accepted: %s", body);
    assert_contains(error, place);
    assert_contains(error, words);
    free(error);
    charts_free(&chart);
}

static void assert_well_formed(const char *xml)
{
    const char *const xmllint[] = { "xmllint", "--noout", "-", NULL };
    char *error = NULL, *out = tool_run(xmllint, NULL, xml, strlen(xml), &error);
    if (error) fail_msg("%s", error);
    free(out);
}

static int count(const char *text, const char *part)
{
    int n = 0;
    for (; (text = strstr(text, part)) != NULL; text += strlen(part)) n++;
    return n;
}

static void a_drawing_is_well_formed_inline_and_alone(void **state)
{
    (void)state;
    Chart c = drawn("curve", lines);
    assert_well_formed(c.svg);
    assert_well_formed(c.alone);
    assert_int_equal(strncmp(c.svg, "<svg xmlns=", 11), 0);
    assert_contains(c.svg, "role=\"img\"");
    assert_contains(c.svg, "<title>one &lt; two &amp; &quot;three&quot;</title>");
    assert_contains(c.svg, "<desc>Chart 1 of \u201cA planted finding\u201d.");
    charts_free(&c);
}

static void every_id_is_prefixed_and_every_reference_is_inside(void **state)
{
    (void)state;
    Chart c = drawn("curve",
                    "plot table(\"curve\") using \"step\":\"loss\" with points pt 7\n");
    assert_true(count(c.svg, " id=\"") > 1);
    assert_int_equal(count(c.svg, " id=\""), count(c.svg, " id=\"planted-chart-1-"));
    assert_true(count(c.svg, "href=\"") > 50);
    assert_int_equal(count(c.svg, "href=\""),
                     count(c.svg, "href=\"#planted-chart-1-gpPt"));
    assert_int_equal(count(c.svg, "xlink"), 0);
    /* the symbol, the one that it is made of, and no other */
    assert_contains(c.svg, "id=\"planted-chart-1-gpPt5\"");
    assert_contains(c.svg, "id=\"planted-chart-1-gpPt6\"");
    assert_null(strstr(c.svg, "gpPt4"));
    charts_free(&c);
}

static void no_fixed_colour_is_left(void **state)
{
    (void)state;
    Chart c =
        drawn("curve", "eval bound({{share.bound}}, \"bound\")\n"
                       "eval control({{share.control}}, \"control\")\n"
                       "eval theory_x(500, \"theory\")\n"
                       "set style fill transparent solid 0.2\n"
                       "plot for [i=2:4] table(\"curve\") using 1:i with linespoints, "
                       "for [i=2:4] \"\" using 1:i with boxes, "
                       "\"\" using \"step\":\"loss\" with points linestyle 9\n");
    assert_int_equal(count(c.svg, "rgb("), 0);
    assert_int_equal(count(c.svg, "=\"#"), count(c.svg, "href=\"#"));
    assert_int_equal(count(c.svg, "\"black\""), 0);
    assert_int_equal(count(c.svg, "\"white\""), 0);
    assert_int_equal(count(c.svg, "font-family"), 0);
    assert_int_equal(count(c.svg, "style="), 0);
    for (int i = 1; i <= 6; i++) {
        char name[24];
        snprintf(name, sizeof name, "var(--c%d)", i);
        assert_contains(c.svg, name);
    }
    assert_contains(c.svg, "var(--quiet)");
    assert_contains(c.svg, "var(--grid)");
    assert_contains(c.svg, "currentColor");
    charts_free(&c);
}

static void words_have_their_own_darker_colours(void **state)
{
    (void)state;
    Chart c = drawn("curve", lines);
    assert_contains(c.svg, "fill=\"var(--k1)\"");
    assert_contains(c.svg, "stroke=\"var(--c1)\"");
    assert_contains(c.svg, "\u2002a &lt; b");
    charts_free(&c);
}

static void the_pixels_of_a_heat_map_keep_their_colours(void **state)
{
    (void)state;
    Chart c = drawn("map", heat);
    assert_true(count(c.svg, "fill=\"rgb(") >= 16 * 12);
    assert_well_formed(c.svg);
    charts_free(&c);
}

static void a_drawing_that_needs_another_file_is_refused(void **state)
{
    (void)state;
    assert_refused(
        "map", "plot table(\"map\") using \"width\":\"stored\":\"accuracy\" with image\n",
        "x.c:10: ", "image pixels");
}

static void the_unit_of_a_column_may_be_left_out(void **state)
{
    (void)state;
    Chart c =
        drawn("accuracy", "plot table(\"accuracy\") using 0:\"offset\":\"lo\":\"hi\" "
                          "with yerrorbars, \"\" using 0:(column(\"neighbour\")*2)\n");
    assert_contains(c.gnuplot, "0:\"offset [share]\":\"lo\":\"hi\" with");
    assert_contains(c.gnuplot, "column(\"neighbour [share]\")*2");
    charts_free(&c);
}

static void unknown_columns_and_tables_are_errors_with_their_line(void **state)
{
    (void)state;
    assert_refused("curve", "set grid\nplot table(\"curve\") using \"step\":\"los\"\n",
                   "x.c:12: ", "\"loss [nat/token]\"");
    assert_refused("curve", "plot table(\"curve\") using 1:(log(column('layers')))\n",
                   "x.c:11: ", "\"two layers\"");
    assert_refused("curve", "\n\nplot table(\"curves\") using 1:2\n",
                   "x.c:13: ", "\"decay\"");
    assert_refused("carve", "plot x\n", "x.c:10: ", "\"curve\"");
    assert_refused("curve",
                   "plot table(\"curve\") using \"step\":\"loss\", \\\n"
                   "  table(\"map\") using \"step\":\"stored\"\n",
                   "x.c:12: ", "table \"map\" has no column \"step\"");
}

static void words_that_are_no_columns_are_left_alone(void **state)
{
    (void)state;
    Chart c =
        drawn("accuracy",
              "# using \"nonsense\"\n"
              "set title \"using \\\"step\\\"\"\n"
              "plot table(\"accuracy\") using 0:(sprintf(\"%s\", \"x\") eq \"x\" ? 1 : "
              "0):xtic(\"category\") with boxes title \"using\", \\\n"
              "  \"\" using 0:\"hi\" title 'x' at beginning with lines\n");
    assert_contains(c.gnuplot, "xtic(stringcolumn(\"category\"))");
    assert_contains(c.gnuplot, "title 'x\u2002' at beginning");
    assert_contains(c.svg, ">plural</");
    charts_free(&c);
}

static void gnuplots_complaints_carry_the_line_of_the_block(void **state)
{
    (void)state;
    assert_refused("curve", "set grid\n\nplot table(\"curve\") using 1:2 with lins\n",
                   "x.c:13: gnuplot: ", "");
    assert_refused("curve", "plot table(\"curve\") using 1:(f($2))\n",
                   "x.c:11: gnuplot: ", "undefined function: f");
    assert_refused("curve", "set grid\n", "x.c:10: ", "plot command");
    assert_refused("curve", "x = {{share.nothing}}\n", "x.c:11: ", "\"nothing\"");
}

static void the_script_runs_alone_beside_its_tables(void **state)
{
    (void)state;
    Chart c = drawn("curve", lines);
    char *folder = check_folder(), *table = check_path(folder, "curve.csv"),
         *error = NULL;
    assert_true(file_copy(FIXTURE "/tables/curve.csv", table));
    const char *const gnuplot[] = { "gnuplot", "-d", "/dev/stdin", NULL };
    char *svg = tool_run(gnuplot, folder, c.gnuplot, strlen(c.gnuplot), &error);
    if (error) fail_msg("%s", error);
    assert_well_formed(svg);
    assert_true(folder_remove(folder));
    free(svg), free(folder), free(table);
    charts_free(&c);
}

static void the_tables_that_are_read_are_known(void **state)
{
    (void)state;
    Chart c = drawn("curve", "plot table(\"decay\") using 1:2, table('pairs') using 1:2, "
                             "table(\"decay\") using 1:3\n");
    assert_int_equal(c.n_tables, 3);
    assert_string_equal(c.tables[0], "curve");
    assert_string_equal(c.tables[1], "decay");
    assert_string_equal(c.tables[2], "pairs");
    charts_free(&c);
}

static void a_figure_shows_part_of_a_long_table_and_says_so(void **state)
{
    (void)state;
    Finding f = fixture("x.c");
    Chart c = drawn("pairs", "plot table(\"pairs\") using 1:2\n");
    char *error = NULL,
         *html = charts_figure(&f, &c, "<p>seen</p>", FIXTURE "/tables", &error);
    assert_well_formed(html);
    assert_contains(html, "<figcaption><p>seen</p></figcaption>");
    assert_contains(html, "400 rows");
    assert_contains(html, "Part of the table");
    assert_int_equal(count(html, "<tr>"), 1 + 200);
    assert_contains(html, "href=\"data/planted/pairs.csv\"");
    assert_contains(html, "href=\"data/planted/chart-1.gp\"");
    free(html);
    charts_free(&c);
}

static void without_a_run_there_is_a_script_and_no_drawing(void **state)
{
    (void)state;
    Finding f = fixture("x.c");
    ChartBlock block = { .table = "curve", .caption = "", .body = lines, .number = 1 };
    Chart c;
    char *error = NULL;
    f.n_runs = 0;
    assert_null(charts_folder(&f, NULL));
    assert_true(charts_draw(&f, &block, NULL, &c, &error));
    assert_null(c.svg);
    assert_contains(c.gnuplot, "plot table(");
    char *html = charts_figure(&f, &c, "", NULL, &error);
    assert_contains(html, "have not been computed");
    assert_null(strstr(html, "href"));
    free(html);
    charts_free(&c);
}

static void this_machines_run_comes_before_the_record(void **state)
{
    (void)state;
    Finding f = fixture("x.c");
    bool fresh = false;
    f.record_folder = "data/record/planted";
    assert_string_equal(charts_folder(&f, &fresh), FIXTURE "/tables");
    assert_true(fresh);
    SeedRun stale = fixture_runs[0];
    stale.current = false;
    f.runs = &stale;
    f.n_runs = 1;
    assert_string_equal(charts_folder(&f, &fresh), "data/record/planted");
    assert_false(fresh);
}

static void a_run_that_lacked_an_input_does_not_hide_the_record(void **state)
{
    (void)state;
    Finding f = fixture("x.c");
    bool fresh = true;
    SeedRun absent = fixture_runs[0];
    absent.run = json_pack("{s:s}", "not_run", "no such package");
    f.runs = &absent;
    f.n_runs = 1;
    f.record_folder = "data/record/planted";
    assert_string_equal(charts_folder(&f, &fresh), "data/record/planted");
    assert_false(fresh);
    json_decref(absent.run);
}

static void tables_of_another_shape_are_not_drawn(void **state)
{
    (void)state;
    Finding f = fixture("x.c");
    bool fresh = true;
    Table renamed[] = { { "curve", fixture_columns[1], 4 } };
    f.tables = renamed;
    f.n_tables = 1;
    f.record_folder = FIXTURE "/tables";
    assert_null(charts_folder(&f, &fresh));
    assert_false(fresh);
}

/* --- contrast ----------------------------------------------------------------------- */

static double luminance(unsigned rgb)
{
    double sum = 0;
    static const double weight[] = { .0722, .7152, .2126 };
    for (int i = 0; i < 3; i++) {
        double c = (rgb >> 8 * i & 255) / 255.0;
        sum += weight[i] * (c <= .04045 ? c / 12.92 : pow((c + .055) / 1.055, 2.4));
    }
    return sum;
}

static double contrast(unsigned a, unsigned b)
{
    double x = luminance(a), y = luminance(b);
    return (fmax(x, y) + .05) / (fmin(x, y) + .05);
}

/* The k-th definition of a variable in a style sheet: light, dark by preference, dark by
 * choice, print. */
static unsigned colour(const char *css, const char *name, int k)
{
    char *definition = text_format("%s: #", name);
    unsigned rgb = 0;
    for (; k >= 0; k--) {
        css = strstr(css, definition);
        if (!css) fail_msg("%s is defined too seldom", name);
        css += strlen(definition);
    }
    size_t n = strspn(css, "0123456789abcdef");
    assert_true(n == 3 || n == 6);
    assert_int_equal(sscanf(css, "%x", &rgb), 1);
    if (n == 3)
        rgb = (rgb >> 8) * 0x110000 | (rgb >> 4 & 15) * 0x1100 | (rgb & 15) * 0x11;
    free(definition);
    return rgb;
}

static void lines_and_words_stand_out_in_every_theme(void **state)
{
    (void)state;
    static const unsigned paper[] = { 0xfffefb, 0x15171a, 0x15171a, 0xffffff };
    char *css = file_read("report/assets/chart.css", NULL);
    assert_non_null(css);
    for (int theme = 0; theme < 4; theme++) {
        for (int i = 1; i <= 6; i++) {
            char line[16], word[16];
            snprintf(line, sizeof line, "--c%d", i);
            snprintf(word, sizeof word, "--k%d", i);
            double c = contrast(colour(css, line, theme), paper[theme]),
                   k = contrast(colour(css, word, theme), paper[theme]);
            if (c < 3 || k < 4.5)
                fail_msg("style %d, theme %d: %.2f, %.2f", i, theme, c, k);
        }
        assert_true(contrast(colour(css, "--quiet", theme), paper[theme]) >= 4.5);
    }
    free(css);
}

static void code_is_readable_in_every_theme(void **state)
{
    (void)state;
    static const char *const names[] = { "--code-ink",    "--code-line", "--code-comment",
                                         "--code-type",   "--code-flow", "--code-number",
                                         "--code-string", "--code-macro" };
    char *css = file_read("report/assets/code.css", NULL);
    assert_non_null(css);
    for (int theme = 0; theme < 4; theme++)
        for (int i = 0; i < COUNT(names); i++) {
            double c = contrast(colour(css, names[i], theme),
                                colour(css, "--code-paper", theme));
            if (c < 4.5) fail_msg("%s, theme %d: %.2f", names[i], theme, c);
        }
    free(css);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_drawing_is_well_formed_inline_and_alone),
        cmocka_unit_test(every_id_is_prefixed_and_every_reference_is_inside),
        cmocka_unit_test(no_fixed_colour_is_left),
        cmocka_unit_test(words_have_their_own_darker_colours),
        cmocka_unit_test(the_pixels_of_a_heat_map_keep_their_colours),
        cmocka_unit_test(a_drawing_that_needs_another_file_is_refused),
        cmocka_unit_test(the_unit_of_a_column_may_be_left_out),
        cmocka_unit_test(unknown_columns_and_tables_are_errors_with_their_line),
        cmocka_unit_test(words_that_are_no_columns_are_left_alone),
        cmocka_unit_test(gnuplots_complaints_carry_the_line_of_the_block),
        cmocka_unit_test(the_script_runs_alone_beside_its_tables),
        cmocka_unit_test(the_tables_that_are_read_are_known),
        cmocka_unit_test(a_figure_shows_part_of_a_long_table_and_says_so),
        cmocka_unit_test(without_a_run_there_is_a_script_and_no_drawing),
        cmocka_unit_test(this_machines_run_comes_before_the_record),
        cmocka_unit_test(a_run_that_lacked_an_input_does_not_hide_the_record),
        cmocka_unit_test(tables_of_another_shape_are_not_drawn),
        cmocka_unit_test(lines_and_words_stand_out_in_every_theme),
        cmocka_unit_test(code_is_readable_in_every_theme),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
