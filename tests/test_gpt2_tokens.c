/* test_gpt2_tokens.c - a vocabulary and merges made by hand: what joins, what must not join
 * although a merge would, the way back, and files that are wrong. */
#include "tests/check.h"
#include "core/text/gpt2_tokens.h"

/* Every byte's letter in the order of the bytes, then one token for each merge. */
static const char *const MERGES[] = {
    "\xc4\xa0 t",         /* 256 " t" */
    "h e",                /* 257 "he" */
    "\xc4\xa0t he",       /* 258 " the" */
    "h er",               /* 260, once "er" is there */
    "e r",                /* "er" comes later than "he" */
    "n '",                /* over the edge of a contraction */
    "' t",                /* within one */
    "a 1",                /* over the edge of letters and digits */
    "\xc3\x83 \xc2\xa9",  /* e acute, two bytes */
    "\xc3\x83\xc2\xa9 a", /* .. is a letter, so it joins one */
    "\xc3\x82 \xc2\xbd",  /* one half */
    "\xc3\x82\xc2\xbd a", /* .. is a number, so it does not */
    "\xc4\xa0 \xc4\xa0",  /* two blanks */
    "\xc4\x8a \xc4\x8a",  /* two ends of line */
    ". .",
};
enum { JOINED = COUNT(MERGES) };

static void put_quoted(Buffer *b, const char *s)
{
    buffer_put(b, "\"");
    for (; *s; s++) {
        if (*s == '"' || *s == '\\') buffer_put(b, "\\");
        buffer_add(b, s, 1);
    }
    buffer_put(b, "\"");
}

static void letter(int b, char out[3])
{
    int c = b, other = 256;
    for (int i = 0; i <= b; i++) {
        bool prints = (i >= '!' && i <= '~') || (i >= 0xa1 && i <= 0xac) || i >= 0xae;
        c = prints ? i : other++;
    }
    memset(out, 0, 3);
    if (c < 128) out[0] = (char)c;
    else out[0] = (char)(0xc0 | c >> 6), out[1] = (char)(0x80 | (c & 63));
}

static char *joined(const char *merge)
{
    char *s = text_copy(merge), *space = strchr(s, ' ');
    memmove(space, space + 1, strlen(space));
    return s;
}

static char *vocab_text(void)
{
    Buffer b = { 0 };
    for (int i = 0; i < 256; i++) {
        char s[3];
        letter(i, s);
        buffer_put(&b, i ? "," : "{");
        put_quoted(&b, s), buffer_format(&b, ":%d", i);
    }
    for (int i = 0; i < JOINED; i++) {
        char *s = joined(MERGES[i]);
        buffer_put(&b, ","), put_quoted(&b, s), buffer_format(&b, ":%d", 256 + i);
        free(s);
    }
    buffer_format(&b, ",\"<|endoftext|>\":%d}", 256 + JOINED);
    return b.s;
}

static char *merges_text(void)
{
    Buffer b = { 0 };
    buffer_put(&b, "#version: 0.2\n");
    for (int i = 0; i < JOINED; i++) buffer_format(&b, "%s\n", MERGES[i]);
    return b.s;
}

static Gpt2Tokens *read_texts(const char *vocab, const char *merges, char **error)
{
    char *folder = check_folder(), *v = check_path(folder, "vocab.json"),
         *m = check_path(folder, "merges.txt");
    if (vocab) assert_true(file_write(v, vocab, strlen(vocab)));
    if (merges) assert_true(file_write(m, merges, strlen(merges)));
    Gpt2Tokens *t = gpt2_tokens_read(v, m, error);
    if (!t) { /* without the folder */
        assert_ptr_equal(strstr(*error, folder), *error);
        size_t n = strlen(folder) + 1;
        memmove(*error, *error + n, strlen(*error + n) + 1);
    }
    folder_remove(folder);
    free(folder), free(v), free(m);
    return t;
}

static Gpt2Tokens *tokens(void)
{
    char *vocab = vocab_text(), *merges = merges_text(), *error = NULL;
    Gpt2Tokens *t = read_texts(vocab, merges, &error);
    if (!t) fail_msg("%s", error);
    free(vocab), free(merges);
    return t;
}

typedef struct {
    const char *text;
    int n, id[12];
} Case;

/* By hand. T is a byte's own number. */
static const Case CASES[] = {
    { "the the", 3, { 't', 257, 258 } },
    { "her", 2, { 257, 'r' } }, /* the earlier pair first, though "h er" would take all */
    { "er", 1, { 260 } },
    { "n't", 2, { 'n', 262 } }, /* not "n'" and "t" */
    { "n'", 2, { 'n', '\'' } },
    { "a1", 2, { 'a', '1' } },
    { "\xc3\xa9"
      "a",
      1,
      { 265 } },
    { "\xc2\xbd"
      "a",
      2,
      { 266, 'a' } },
    { "  the", 2, { ' ', 258 } }, /* the last blank goes with the word */
    { "a   ", 3, { 'a', 268, ' ' } },
    { "\n\n\nthe", 4, { 269, '\n', 't', 257 } }, /* of white space, the last one apart */
    { "a..", 2, { 'a', 270 } },
    { " ..", 2, { ' ', 270 } },
    { "\xff"
      "er\x80",
      3,
      { 0xff, 260, 0x80 } }, /* no UTF-8 */
    { "\xc3"
      "er",
      2,
      { 0xc3, 260 } },
    { "", 0, { 0 } },
};

static void texts_become_the_tokens_that_were_found_by_hand_and_come_back(void **state)
{
    (void)state;
    Gpt2Tokens *t = tokens();
    for (int i = 0; i < COUNT(CASES); i++) {
        int n;
        size_t length = strlen(CASES[i].text);
        int *id = gpt2_tokens_encode(t, CASES[i].text, length, &n);
        Buffer back = { 0 };
        buffer_put(&back, "");
        bool same = n == CASES[i].n;
        for (int k = 0; k < n; k++) {
            same = same && id[k] == CASES[i].id[k];
            gpt2_tokens_decode(t, id[k], &back);
        }
        if (!same) fail_msg("\"%s\": %d tokens, the first %d", CASES[i].text, n, *id);
        assert_string_equal(back.s, CASES[i].text);
        free(id), free(back.s);
    }
    assert_int_equal(gpt2_tokens_count(t), 257 + JOINED);
    Buffer b = { 0 };
    gpt2_tokens_decode(t, 256 + JOINED, &b);
    assert_string_equal(b.s, "<|endoftext|>");
    free(b.s);
    assert_dies(gpt2_tokens_decode(t, 257 + JOINED, &b), "token 272 of 272");
    gpt2_tokens_free(t);
}

static void all_bytes_come_back(void **state)
{
    (void)state;
    Gpt2Tokens *t = tokens();
    char text[512];
    for (int i = 0; i < 512; i++) text[i] = (char)(i * 37 + i / 256);
    int n, *id = gpt2_tokens_encode(t, text, sizeof text, &n);
    Buffer back = { 0 };
    for (int i = 0; i < n; i++) gpt2_tokens_decode(t, id[i], &back);
    assert_int_equal(back.n, sizeof text);
    assert_memory_equal(back.s, text, sizeof text);
    free(id), free(back.s);
    gpt2_tokens_free(t);
}

typedef struct {
    const char *vocab, *merges; /* NULL: the good one; "": no file */
    const char *why;
} Wrong;

static const Wrong WRONGS[] = {
    { "", NULL, "vocab.json" },
    { "[1]", NULL, "vocab.json:1: expected an object of numbers" },
    { "{\"a\":0,", NULL, "vocab.json:1: " },
    { "{\"a\":0,\"a\":1}", NULL, "vocab.json:1: duplicate" },
    { "{\"a\":0,\"b\":0}", NULL,
      "vocab.json: \"b\": expected a number below 2 of its own" },
    { "{\"a\":7}", NULL, "vocab.json: \"a\": expected a number below 1" },
    { "{\"a\\nb\":7}", NULL, "vocab.json: \"a?b\": expected a number" },
    { "{\"a\":\"0\"}", NULL, "vocab.json: \"a\": expected a number" },
    { "{\"a\":0}", NULL, "no token \"\xc4\x80\", which stands for byte 0" },
    { NULL, "", "merges.txt: No such file" },
    { NULL, "#version: 0.2\nhe\n", "merges.txt:2: expected a new pair of tokens" },
    { NULL, "h e\nh e\n", "merges.txt:2: expected a new pair" },
    { NULL, "h x\n", "merges.txt:1: expected a new pair" },
    { NULL, "h e\n\nhe hex\n", "merges.txt:3: expected a new pair" },
};

static void wrong_files_are_refused_with_their_row(void **state)
{
    (void)state;
    char *vocab = vocab_text(), *merges = merges_text();
    for (int i = 0; i < COUNT(WRONGS); i++) {
        const Wrong *w = &WRONGS[i];
        char *error = NULL;
        const char *v = w->vocab ? w->vocab : vocab, *m = w->merges ? w->merges : merges;
        Gpt2Tokens *t = read_texts(*v ? v : NULL, *m ? m : NULL, &error);
        if (t) fail_msg("not refused: %s", w->why);
        assert_contains(error, w->why);
        for (const char *c = error; *c; c++) assert_true((unsigned char)*c >= ' ');
        free(error);
    }
    free(vocab), free(merges);
}

static void a_zero_byte_does_not_hide_the_merges_behind_it(void **state)
{
    (void)state;
    char *folder = check_folder(), *v = check_path(folder, "vocab.json"),
         *m = check_path(folder, "merges.txt"), *vocab = vocab_text(), *error = NULL;
    assert_true(file_write(v, vocab, strlen(vocab)));
    assert_true(file_write(m, "h e\n\0h x\n", 9));
    assert_null(gpt2_tokens_read(v, m, &error));
    assert_non_null(strstr(error, "merges.txt: expected a text, and byte 4 is 0"));
    folder_remove(folder);
    free(folder), free(v), free(m), free(vocab), free(error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_become_the_tokens_that_were_found_by_hand_and_come_back),
        cmocka_unit_test(all_bytes_come_back),
        cmocka_unit_test(wrong_files_are_refused_with_their_row),
        cmocka_unit_test(a_zero_byte_does_not_hide_the_merges_behind_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
