/* test_corpus.c - what counts as a word, which files are read, and that the numbering of
 * words depends on the text alone. */
#include "core/text/corpus.h"
#include "core/base/file.h"
#include "tests/check.h"
#include <math.h>

/* --- normalisation ------------------------------------------------------------------ */

static char *lines_of(const char *text, CorpusFormat format)
{
    Buffer lines = { 0 };
    buffer_put(&lines, "");
    corpus_normalise(&lines, text, strlen(text), format);
    return lines.s;
}

static void check_lines(const char *text, CorpusFormat format, const char *want)
{
    char *got = lines_of(text, format);
    assert_string_equal(got, want);
    free(got);
}

static void a_word_is_a_run_of_letters_in_lower_case(void **state)
{
    (void)state;
    check_lines("The King's 2 crowns, O.K.?", CORPUS_PLAIN,
                "the\nking\ns\ncrowns\no\nk\n");
    check_lines("end", CORPUS_PLAIN, "end\n");
    check_lines("", CORPUS_PLAIN, "");
    check_lines(" 12 -- \n\n", CORPUS_PLAIN, "");
}

static void letters_beyond_a_to_z_separate(void **state)
{
    (void)state;
    check_lines("na\xc3\xafve \x80\xff@[`{z", CORPUS_PLAIN, "na\nve\nz\n");
}

static void bytes_of_value_0_separate(void **state)
{
    (void)state;
    Buffer lines = { 0 };
    corpus_normalise(&lines, "a\0b", 3, CORPUS_PLAIN);
    assert_string_equal(lines.s, "a\nb\n");
    free(lines.s);
}

static void two_files_never_make_one_word(void **state)
{
    (void)state;
    Buffer lines = { 0 };
    corpus_normalise(&lines, "sea", 3, CORPUS_PLAIN);
    corpus_normalise(&lines, "horse", 5, CORPUS_PLAIN);
    assert_string_equal(lines.s, "sea\nhorse\n");
    free(lines.s);
}

static void a_tag_reads_as_a_space(void **state)
{
    (void)state;
    check_lines("one<br>two <a href=\"three\">four</a>", CORPUS_HTML, "one\ntwo\nfour\n");
    check_lines("one<br>two", CORPUS_PLAIN, "one\nbr\ntwo\n");
}

static void a_bracket_that_its_line_does_not_close_is_text(void **state)
{
    (void)state;
    check_lines("a < b\nc > d <i>e", CORPUS_HTML, "a\nb\nc\nd\ne\n");
    check_lines("x <img\nsrc=y> z", CORPUS_HTML, "x\nimg\nsrc\ny\nz\n");
    check_lines("<", CORPUS_HTML, "");
    check_lines("a <b <c> d", CORPUS_HTML, "a\nd\n");
}

static void a_gloss_is_what_follows_the_first_bar_of_its_line(void **state)
{
    (void)state;
    check_lines("  1 licence text\n00 n 01 dog 0 | a pet; \"good | dog\"\n01 cat\n|x",
                CORPUS_GLOSS, "a\npet\ngood\ndog\nx\n");
}

/* --- words and numbers -------------------------------------------------------------- */

static Corpus *corpus_of(const char *lines)
{
    return corpus_from_lines(lines, strlen(lines));
}

static void words_are_numbered_by_count_and_ties_alphabetically(void **state)
{
    (void)state;
    Corpus *c = corpus_of("pear\nfig\nnut\nfig\napple\nnut\nfig\n");
    static const char *const want[] = { "fig", "nut", "apple", "pear" };
    static const size_t count[] = { 3, 2, 1, 1 };
    assert_int_equal(c->n, 7);
    assert_int_equal(c->words, 4);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(c->word[i], want[i]);
        assert_int_equal(c->count[i], count[i]);
        assert_int_equal(corpus_id(c, want[i]), i);
    }
    static const int token[] = { 3, 0, 1, 0, 2, 1, 0 };
    assert_memory_equal(c->token, token, sizeof token);
    assert_int_equal(corpus_id(c, "figs"), -1);
    assert_int_equal(corpus_id(c, "fi"), -1);
    corpus_free(c);
}

static void the_order_of_the_text_changes_no_number(void **state)
{
    (void)state;
    Corpus *a = corpus_of("b\na\nc\nb\n"), *b = corpus_of("c\nb\nb\na\n");
    assert_int_equal(a->words, b->words);
    for (int i = 0; i < a->words; i++) assert_string_equal(a->word[i], b->word[i]);
    corpus_free(a), corpus_free(b);
}

static void the_hash_is_that_of_the_stream(void **state)
{
    (void)state;
    Corpus *c = corpus_of("abc\n");
    assert_string_equal(
        c->sha256.hex,
        "edeaaff3f1774ad2888673770c6d64097e391bc362d7d6fb34982ddf0efd18cb");
    corpus_free(c);
}

static void many_words_keep_their_numbers_through_growth(void **state)
{
    (void)state;
    enum { WORDS = 9000 };
    Buffer lines = { 0 };
    for (int i = 0; i < WORDS; i++) {
        char word[6] = { 0 };
        for (int k = 0, rest = i; k < 5; k++, rest /= 26)
            word[k] = (char)('a' + rest % 26);
        buffer_format(&lines, "%s\n", word);
    }
    Corpus *c = corpus_from_lines(lines.s, lines.n);
    assert_int_equal(c->words, WORDS);
    for (int i = 0; i < WORDS; i++) assert_int_equal(corpus_id(c, c->word[i]), i);
    for (int i = 1; i < WORDS; i++) assert_true(strcmp(c->word[i - 1], c->word[i]) < 0);
    corpus_free(c), free(lines.s);
}

static void an_empty_text_has_no_words(void **state)
{
    (void)state;
    Corpus *c = corpus_of("");
    assert_int_equal(c->n, 0);
    assert_int_equal(c->words, 0);
    assert_int_equal(corpus_id(c, "word"), -1);
    corpus_free(c);
}

/* --- sampling ----------------------------------------------------------------------- */

static Corpus *skewed_text(void)
{
    Buffer lines = { 0 };
    for (int i = 0; i < 90000; i++) buffer_put(&lines, i % 9 ? "the\n" : "king\n");
    for (int i = 0; i < 10000; i++) buffer_put(&lines, i % 10 ? "queen\n" : "rare\n");
    Corpus *c = corpus_from_lines(lines.s, lines.n);
    free(lines.s);
    return c;
}

static void thinning_keeps_the_share_that_the_formula_says(void **state)
{
    (void)state;
    Corpus *c = skewed_text();
    size_t n, kept[4] = { 0 };
    int *token = corpus_sample(c, 4, 0.05, rng_seed(5), &n);
    for (size_t i = 0; i < n; i++) kept[token[i]]++;
    for (int w = 0; w < 4; w++) {
        double f = (double)c->count[w] / (double)c->n,
               share = f > 0.05 ? sqrt(0.05 / f) : 1;
        double deviation = sqrt((double)c->count[w] * share * (1 - share));
        assert_near((double)kept[w], share * (double)c->count[w], 4 * deviation + 1e-9);
    }
    free(token), corpus_free(c);
}

static void words_beyond_the_vocabulary_are_left_out(void **state)
{
    (void)state;
    Corpus *c = skewed_text();
    size_t n;
    int *token = corpus_sample(c, 2, 0, rng_seed(5), &n);
    assert_int_equal(n, c->count[0] + c->count[1]);
    for (size_t i = 0; i < n; i++) assert_true(token[i] < 2);
    free(token), corpus_free(c);
}

static void the_same_stream_keeps_the_same_tokens(void **state)
{
    (void)state;
    Corpus *c = skewed_text();
    size_t n, m, other;
    int *a = corpus_sample(c, 4, 0.01, rng_seed(5), &n),
        *b = corpus_sample(c, 4, 0.01, rng_seed(5), &m),
        *d = corpus_sample(c, 4, 0.01, rng_seed(6), &other);
    assert_int_equal(n, m);
    assert_memory_equal(a, b, n * sizeof *a);
    assert_true(other != n || memcmp(a, d, n * sizeof *a));
    free(a), free(b), free(d), corpus_free(c);
}

/* --- packages ----------------------------------------------------------------------- */

static void plant(const char *folder, const char *path, const char *text)
{
    char *file = text_format("%s%s", folder, path), *parent = text_copy(file);
    *strrchr(parent, '/') = 0;
    assert_true(folder_make(parent));
    assert_true(file_write(file, text, strlen(text)));
    free(file), free(parent);
}

static void a_missing_package_is_one_line_that_says_what_to_type(void **state)
{
    (void)state;
    static const char *const packages[] = { "dict-gcide",   "dict-foldoc", "dict-jargon",
                                            "wordnet-base", "fortunes",    "anarchism" };
    char *folder = check_folder();
    for (int i = 0; i < COUNT(packages); i++) {
        int n;
        char *error = NULL;
        assert_null(corpus_files_below(folder, packages[i], &n, &error));
        assert_contains(error, packages[i]);
        assert_contains(error, "apt-get install");
        assert_null(strchr(error, '\n'));
        free(error);
    }
    folder_remove(folder), free(folder);
}

static void a_package_with_one_file_gone_is_missing(void **state)
{
    (void)state;
    char *folder = check_folder(), *error = NULL;
    int n;
    plant(folder, "/usr/share/wordnet/data.adj", "");
    plant(folder, "/usr/share/wordnet/data.adv", "");
    plant(folder, "/usr/share/wordnet/data.verb", "");
    assert_null(corpus_files_below(folder, "wordnet-base", &n, &error));
    assert_contains(error, "data.noun");
    free(error);
    plant(folder, "/usr/share/wordnet/data.noun", "");
    char **path = corpus_files_below(folder, "wordnet-base", &n, &error);
    assert_int_equal(n, 4);
    assert_contains(path[2], "data.noun");
    folder_list_free(path, n), folder_remove(folder), free(folder);
}

static void of_fortunes_only_the_texts_on_its_own_list_are_read(void **state)
{
    (void)state;
    char *folder = check_folder(), *error = NULL;
    int n;
    plant(folder, "/var/lib/dpkg/info/fortunes.list",
          "/.\n/usr/share/games/fortunes\n/usr/share/games/fortunes/zippy\n"
          "/usr/share/games/fortunes/men-women\n"
          "/usr/share/games/fortunes/zippy.dat\n/usr/share/games/fortunes/zippy.u8\n");
    plant(folder, "/usr/share/games/fortunes/zippy", "");
    plant(folder, "/usr/share/games/fortunes/men-women", "");
    plant(folder, "/usr/share/games/fortunes/literature", "of another package");
    char **path = corpus_files_below(folder, "fortunes", &n, &error);
    assert_int_equal(n, 2);
    assert_contains(path[0], "/men-women");
    assert_contains(path[1], "/zippy");
    folder_list_free(path, n), folder_remove(folder), free(folder);
}

static void html_files_come_in_the_order_of_their_names(void **state)
{
    (void)state;
    char *folder = check_folder(), *error = NULL;
    int n;
    plant(folder, "/usr/share/doc/anarchism/html/secB.html", "");
    plant(folder, "/usr/share/doc/anarchism/html/append1.html", "");
    plant(folder, "/usr/share/doc/anarchism/html/style.css", "");
    char **path = corpus_files_below(folder, "anarchism", &n, &error);
    assert_int_equal(n, 2);
    assert_contains(path[0], "append1.html");
    folder_list_free(path, n), folder_remove(folder), free(folder);
}

static void an_unknown_package_names_those_that_can_be_read(void **state)
{
    (void)state;
    int n;
    char *error = NULL;
    static const char *const package[] = { "package:bible-kjv" };
    assert_null(corpus_files("bible-kjv", &n, &error));
    assert_contains(error, "dict-gcide");
    free(error);
    assert_null(corpus_read(package, 1, &error));
    assert_contains(error, "bible-kjv");
    free(error);
}

/* Two spellings of one declaration, on a package that is small; where it is not
 * installed, both fail alike. */
static void a_package_may_be_named_as_an_input_is(void **state)
{
    (void)state;
    static const char *const bare[] = { "dict-jargon" }, *const input[] = {
        "package:dict-jargon"
    };
    char *error_a = NULL, *error_b = NULL;
    Corpus *a = corpus_read(bare, 1, &error_a), *b = corpus_read(input, 1, &error_b);
    assert_true(!a == !b);
    if (a) assert_string_equal(a->sha256.hex, b->sha256.hex);
    else assert_string_equal(error_a, error_b);
    corpus_free(a), corpus_free(b), free(error_a), free(error_b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_is_a_run_of_letters_in_lower_case),
        cmocka_unit_test(letters_beyond_a_to_z_separate),
        cmocka_unit_test(bytes_of_value_0_separate),
        cmocka_unit_test(two_files_never_make_one_word),
        cmocka_unit_test(a_tag_reads_as_a_space),
        cmocka_unit_test(a_bracket_that_its_line_does_not_close_is_text),
        cmocka_unit_test(a_gloss_is_what_follows_the_first_bar_of_its_line),
        cmocka_unit_test(words_are_numbered_by_count_and_ties_alphabetically),
        cmocka_unit_test(the_order_of_the_text_changes_no_number),
        cmocka_unit_test(the_hash_is_that_of_the_stream),
        cmocka_unit_test(many_words_keep_their_numbers_through_growth),
        cmocka_unit_test(an_empty_text_has_no_words),
        cmocka_unit_test(thinning_keeps_the_share_that_the_formula_says),
        cmocka_unit_test(words_beyond_the_vocabulary_are_left_out),
        cmocka_unit_test(the_same_stream_keeps_the_same_tokens),
        cmocka_unit_test(a_missing_package_is_one_line_that_says_what_to_type),
        cmocka_unit_test(a_package_with_one_file_gone_is_missing),
        cmocka_unit_test(of_fortunes_only_the_texts_on_its_own_list_are_read),
        cmocka_unit_test(html_files_come_in_the_order_of_their_names),
        cmocka_unit_test(an_unknown_package_names_those_that_can_be_read),
        cmocka_unit_test(a_package_may_be_named_as_an_input_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
