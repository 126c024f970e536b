/* test_prose.c - each format, on a text small enough to read. */
#include "tests/check.h"
#include "core/text/prose.h"

static void assert_entries(const char *text, ProseFormat format, int n,
                           const char *const *want)
{
    Prose p = { 0 };
    prose_add(&p, text, strlen(text), format, 3);
    assert_int_equal(p.entries, n);
    for (int i = 0; i < n; i++) {
        char *got = text_format("%.*s", (int)p.entry[i].n, p.text.s + p.entry[i].at);
        assert_string_equal(got, want[i]);
        assert_int_equal(p.entry[i].package, 3);
        free(got);
    }
    free(p.text.s), free(p.entry);
}

static void a_dictionary_gives_entries_without_marks_of_edition_and_sound(void **state)
{
    (void)state;
    const char *const want[] = {
        "Bridge, n. [OE. brig.] 1. A structure over a river. --Shak.\n",
        "Bridged, imp. Having a bridge [a stone one].\n"
    };
    assert_entries(
        "00-database-short\n     Some dictionary\nof old\n\nBridge \\Bri\"dge\\, n. "
        "[OE. brig.]\n   1. A structure\n      over a river. --Shak.\n"
        "      [1913 Webster +PJC]\n\nBridged \\Brid*ged\\, imp.\n"
        "   Having a bridge [a stone one].\n   [PJC]\n\nA\n   b\n",
        PROSE_DICT, 2, want);
}

static void a_gloss_follows_its_first_word(void **state)
{
    (void)state;
    const char *const want[] = { "living thing: a living entity; \"it grew\"\n" };
    assert_entries(
        "  1 This software is licensed | indeed so it is  \n"
        "00004258 03 n 02 living_thing 0 animate_thing 0 000 | a living entity; "
        "\"it grew\"  \n",
        PROSE_GLOSSES, 1, want);
}

static void fortunes_are_parted_by_percent_signs(void **state)
{
    (void)state;
    const char *const want[] = { "Time flies like an arrow.\n",
                                 "100 % of us laughed at it.\n" };
    assert_entries("Time flies\n\tlike an arrow.\n%\n%\n100 % of us\nlaughed at it.\n",
                   PROSE_FORTUNES, 2, want);
}

static void html_gives_sections_with_a_line_for_each_paragraph(void **state)
{
    (void)state;
    const char *const want[] = { "A.1 What is it?\nIt is <i> & more.\nAnd 1 < 2.\n",
                                 "A.2 What is it not?\nNothing else.\n" };
    assert_entries(
        "<html><title>no</title><body>\n<h1>A.1 What is it?</h1><p>It <b>is</b>\n"
        "&lt;i&gt; &amp; more.</p><p>And 1 < 2.</p><h2>A.2 What is\nit not?</h2>"
        "<p>Nothing<a\nhref=\"x\"> else.</a></p>\n"
        "<div id=\"book-navigation-1\"><p>next page and so on</p></div></body>",
        PROSE_HTML, 2, want);
}

static void malformed_text_gives_no_more_than_itself(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",          "%",
        "<",         "<p",
        "[",         "\\",
        "[x PJC],y", "|",
        "a | b",     "1 2 |",
        "&",         "</",
        "<body",     "a\\b\nc [d",
        "\\\\;",     "x 1 2 3 y | z and so it goes on for long enough"
    };
    for (int i = 0; i < COUNT(texts); i++)
        for (ProseFormat f = PROSE_DICT; f <= PROSE_HTML; f++) {
            Prose p = { 0 };
            prose_add(&p, texts[i], strlen(texts[i]), f, 0);
            assert_true(p.text.n <= strlen(texts[i]) + 2);
            for (int k = 0; k < p.entries; k++)
                assert_true(p.entry[k].at + p.entry[k].n <= p.text.n);
            free(p.text.s), free(p.entry);
        }
}

static void the_packages_give_millions_of_bytes_and_no_entry_twice(void **state)
{
    (void)state;
    const char *const packages[] = { "fortunes", "package:dict-jargon" };
    char *error;
    Prose *p = prose_read(packages, 2, &error);
    assert_non_null(p);
    double bytes[2] = { 0 }, held[2] = { 0 };
    for (int i = 0; i < p->entries; i++) {
        const ProseEntry *e = &p->entry[i];
        assert_int_equal(p->text.s[e->at + e->n - 1], '\n');
        bytes[e->package] += (double)e->n;
        if (e->held) held[e->package] += (double)e->n;
    }
    for (int k = 0; k < 2; k++) {
        assert_true(bytes[k] > 1e6);
        assert_near(held[k] / bytes[k], 0.05, 0.02);
    }
    assert_true(p->copies[0] > 0);
    prose_free(p);
    assert_null(prose_read((const char *const[]){ "no-such" }, 1, &error));
    assert_contains(error, "package no-such");
    free(error);
}

static void a_draw_keeps_to_its_side_and_its_shares(void **state)
{
    (void)state;
    Prose p = { 0 };
    for (int i = 0; i < 2000; i++) {
        char *text = text_format("%c fortune number %d%s\n%%\n", 'a' + i % 2, i,
                                 i % 10 ? "" : " held");
        prose_add(&p, text, strlen(text), PROSE_FORTUNES, i % 2);
        p.entry[i].held = i % 10 == 0;
        free(text);
    }
    double n[2] = { 0 };
    Buffer b = prose_draw(&p, (double[]){ 1, 0.25 }, false, SIZE_MAX, rng_seed(1));
    assert_null(strstr(b.s, "held"));
    for (char *rest = b.s, *line; (line = strsep(&rest, "\n"));)
        if (*line) n[*line - 'a']++;
    assert_near(n[0], 800, 0);
    assert_near(n[1], 250, 40);
    Buffer few = prose_draw(&p, (double[]){ 1, 1 }, true, 100, rng_seed(1));
    assert_in_range(few.n, 100, 140);
    free(b.s), free(few.s), free(p.text.s), free(p.entry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dictionary_gives_entries_without_marks_of_edition_and_sound),
        cmocka_unit_test(a_gloss_follows_its_first_word),
        cmocka_unit_test(fortunes_are_parted_by_percent_signs),
        cmocka_unit_test(html_gives_sections_with_a_line_for_each_paragraph),
        cmocka_unit_test(malformed_text_gives_no_more_than_itself),
        cmocka_unit_test(a_draw_keeps_to_its_side_and_its_shares),
        cmocka_unit_test(the_packages_give_millions_of_bytes_and_no_entry_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
