/* test_bpe.c - any bytes come back exactly, merges are those that counting by hand gives,
 * and what a foreign file can get wrong is refused. */
#include "tests/check.h"
#include "core/base/rng.h"
#include "core/text/bpe.h"

static const char TEXT[] = "low low low low low lower lower newest newest newest newest "
                           "newest newest widest widest widest\n";

static void assert_round_trip(const Bpe *b, const char *s, size_t n)
{
    size_t count;
    int *token = bpe_encode(b, s, n, &count);
    Buffer out = { 0 };
    buffer_add(&out, "", 0);
    bpe_decode(b, token, count, &out);
    assert_int_equal(out.n, n);
    assert_memory_equal(out.s, s, n);
    for (size_t i = 0; i < count; i++) assert_in_range(token[i], 0, bpe_vocab(b) - 1);
    free(token), free(out.s);
}

static void assert_token(const Bpe *b, int id, const char *text)
{
    int n;
    const char *s = bpe_token(b, id, &n);
    assert_int_equal(n, strlen(text));
    assert_memory_equal(s, text, (size_t)n);
}

/* Pairs within words: "es" 9 ("st" as often, but of higher ids), "es" "t" 9, "lo" 7 before
 * "ow", "lo" "w" 7; then five pairs stand 6 times, and " n" has the lowest ids. */
static void the_first_merges_are_those_of_counting_by_hand(void **state)
{
    (void)state;
    Bpe *b = bpe_train(TEXT, sizeof TEXT - 1, 256 + 5);
    assert_int_equal(bpe_vocab(b), 261);
    assert_token(b, 256, "es");
    assert_token(b, 257, "est");
    assert_token(b, 258, "lo");
    assert_token(b, 259, "low");
    assert_token(b, 260, " n");
    bpe_free(b);
}

static void training_stops_when_every_pair_is_alone(void **state)
{
    (void)state;
    Bpe *b = bpe_train("abcd", 4, 300);
    assert_int_equal(bpe_vocab(b), 256);
    bpe_free(b);
    b = bpe_train("", 0, 300);
    assert_int_equal(bpe_vocab(b), 256);
    assert_round_trip(b, "anything", 8);
    bpe_free(b);
}

/* Overlaps: of five a, two pairs merge; counts must not go below zero. */
static void runs_of_one_letter_merge_from_the_left(void **state)
{
    (void)state;
    Bpe *b = bpe_train("aaaaa aaaaa aaaaa", 17, 260);
    assert_token(b, 256, "aa");
    assert_token(b, 257, "aaa");
    assert_token(b, 258, "aaaaa");
    size_t n;
    int *token = bpe_encode(b, "aaaa", 4, &n);
    assert_int_equal(n, 2);
    assert_int_equal(token[0], 256);
    free(token), bpe_free(b);
}

static void no_token_reaches_over_the_end_of_a_word(void **state)
{
    (void)state;
    Buffer text = { 0 };
    for (int i = 0; i < 50; i++) buffer_put(&text, "in 1999, in 1999,\n");
    Bpe *b = bpe_train(text.s, text.n, 300);
    for (int id = 256; id < bpe_vocab(b); id++) {
        int n;
        const char *s = bpe_token(b, id, &n);
        bool letter = false, digit = false, mark = false, space = false;
        for (int i = 0; i < n; i++) {
            letter |= s[i] == 'i' || s[i] == 'n', digit |= s[i] == '1' || s[i] == '9';
            mark |= s[i] == ',', space |= s[i] == ' ' && i > 0;
        }
        assert_true(letter + digit + mark + space <= 1);
    }
    bpe_free(b), free(text.s);
}

static bool has_token(const Bpe *b, const char *text)
{
    bool found = false;
    for (int id = 256, n; id < bpe_vocab(b); id++) {
        const char *s = bpe_token(b, id, &n);
        found |= (size_t)n == strlen(text) && !memcmp(s, text, (size_t)n);
    }
    return found;
}

static void of_several_blanks_the_last_goes_with_the_word(void **state)
{
    (void)state;
    Buffer text = { 0 };
    for (int i = 0; i < 20; i++) buffer_put(&text, "x  yy");
    Bpe *b = bpe_train(text.s, text.n, 260);
    assert_true(has_token(b, " yy"));
    assert_false(has_token(b, "  "));
    bpe_free(b), free(text.s);
}

static void a_piece_ends_after_64_bytes(void **state)
{
    (void)state;
    char text[1024];
    int longest = 0;
    memset(text, 'a', sizeof text);
    Bpe *b = bpe_train(text, sizeof text, 300);
    for (int id = 256, n; id < bpe_vocab(b); id++)
        bpe_token(b, id, &n), longest = n > longest ? n : longest;
    assert_int_equal(longest, 64);
    bpe_free(b);
}

static void any_bytes_come_back_exactly(void **state)
{
    (void)state;
    Bpe *b = bpe_train(TEXT, sizeof TEXT - 1, 280);
    Rng r = rng_seed(1);
    for (int round = 0; round < 200; round++) {
        char s[300];
        int n = rng_below(r, (uint64_t)round << 32, 300), kinds = 1 + round % 7;
        for (int i = 0; i < n; i++) {
            uint64_t at = (uint64_t)round << 32 | (uint64_t)(i + 1);
            s[i] =
                kinds == 7 ? (char)rng_u64(r, at) : " e\nst0,"[rng_below(r, at, kinds)];
        }
        assert_round_trip(b, s, (size_t)n);
    }
    for (int c = 0; c < 256; c++) assert_round_trip(b, (char[]){ (char)c }, 1);
    bpe_free(b);
}

static void
the_same_text_gives_the_same_merges_and_they_rebuild_the_tokenizer(void **state)
{
    (void)state;
    Bpe *a = bpe_train(TEXT, sizeof TEXT - 1, 275),
        *b = bpe_train(TEXT, sizeof TEXT - 1, 275);
    char *error = NULL;
    Bpe *c = bpe_from_merges(bpe_vocab(a) - 256, bpe_merges(a), &error);
    assert_non_null(c);
    assert_memory_equal(bpe_merges(a), bpe_merges(b),
                        2 * sizeof(int) * (size_t)(bpe_vocab(a) - 256));
    size_t n, m;
    int *x = bpe_encode(a, TEXT, sizeof TEXT - 1, &n),
        *y = bpe_encode(c, TEXT, sizeof TEXT - 1, &m);
    assert_int_equal(n, m);
    assert_memory_equal(x, y, n * sizeof *x);
    assert_true(n < sizeof TEXT / 2);
    free(x), free(y), bpe_free(a), bpe_free(b), bpe_free(c);
}

static void merges_that_make_no_tokens_are_refused(void **state)
{
    (void)state;
    const int bad[][2] = { { 256, 97 }, { 97, 256 }, { -1, 97 }, { 97, 1 << 30 } };
    for (int i = 0; i < COUNT(bad); i++) {
        char *error = NULL;
        assert_null(bpe_from_merges(1, bad[i], &error));
        assert_contains(error, "merge 0 is of ");
        free(error);
    }
    int doubled[2 * 40];
    for (int i = 0; i < 40; i++) doubled[2 * i] = doubled[2 * i + 1] = i ? 255 + i : 97;
    char *error = NULL;
    assert_null(bpe_from_merges(40, doubled, &error));
    assert_contains(error, "merge 10 is of 265 and 265, expected");
    free(error);
}

static void a_vocabulary_below_the_bytes_dies(void **state)
{
    (void)state;
    assert_dies(bpe_train("a", 1, 255), "a vocabulary of 255");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_merges_are_those_of_counting_by_hand),
        cmocka_unit_test(training_stops_when_every_pair_is_alone),
        cmocka_unit_test(runs_of_one_letter_merge_from_the_left),
        cmocka_unit_test(no_token_reaches_over_the_end_of_a_word),
        cmocka_unit_test(of_several_blanks_the_last_goes_with_the_word),
        cmocka_unit_test(a_piece_ends_after_64_bytes),
        cmocka_unit_test(any_bytes_come_back_exactly),
        cmocka_unit_test(
            the_same_text_gives_the_same_merges_and_they_rebuild_the_tokenizer),
        cmocka_unit_test(merges_that_make_no_tokens_are_refused),
        cmocka_unit_test(a_vocabulary_below_the_bytes_dies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
