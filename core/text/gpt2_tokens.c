/* gpt2_tokens.c - a text is cut into pieces by a regular expression, the bytes of a piece
 * are written as letters, and neighbours are joined, the earliest pair of merges.txt first.
 *
 * Our own bpe.c has numbers for pairs and its own rule for pieces. Here both rules are given,
 * the pairs as strings, and the pieces by Unicode's classes of characters; so strings stay
 * strings, both files become tables of the JSON library, and libpcre2 knows the classes. It
 * is slow, a few hundred thousand tokens a second, and short. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "core/text/gpt2_tokens.h"
#include "core/base/file.h"
#include <errno.h>
#include <jansson.h>
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

/* Letters and digits each with the space before them, endings of contractions, the rest;
 * white space up to the last blank before something else [radford2019language]. */
#define PIECES                                    \
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+" \
    "| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"

struct Gpt2Tokens {
    json_t *id, *rank; /* of "token"; of "left right" */
    const char **word; /* (n), the keys of id */
    int n;
    char letter[256][3]; /* UTF-8 of a byte's letter */
    pcre2_code *pieces;
};

/* Bytes that print, but for the space, are their own letter in Latin-1; the others follow
 * from 256 on, in order. */
static void make_letters(Gpt2Tokens *t)
{
    for (int b = 0, other = 256; b < 256; b++) {
        bool prints = (b > ' ' && b <= '~') || (b > 160 && b != 173);
        int c = prints ? b : other++;
        char *s = t->letter[b];
        if (c < 128) s[0] = (char)c;
        else s[0] = (char)(0xc0 | c >> 6), s[1] = (char)(0x80 | (c & 63));
    }
}

static int number_of(const json_t *table, const char *key)
{
    json_t *x = json_object_get(table, key);
    return x ? (int)json_integer_value(x) : -1;
}

static char *take_vocab(Gpt2Tokens *t, const char *path)
{
    json_error_t error;
    const char *key;
    json_t *value;
    t->id = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(t->id))
        return text_format("%s:%d: %s", path, t->id ? 1 : error.line,
                           t->id ? "expected an object of numbers" : error.text);
    t->n = (int)json_object_size(t->id);
    t->word = alloc((size_t)t->n + 1, sizeof *t->word);
    json_object_foreach(t->id, key, value)
    {
        json_int_t i = json_is_integer(value) ? json_integer_value(value) : -1;
        if (i < 0 || i >= t->n || t->word[i])
            return text_format("%s: \"%s\": expected a number below %d of its own", path,
                               key, t->n);
        t->word[i] = key;
    }
    for (int b = 0; b < 256; b++)
        if (number_of(t->id, t->letter[b]) < 0)
            return text_format("%s: no token \"%s\", which stands for byte %d", path,
                               t->letter[b], b);
    return NULL;
}

static char *take_merges(Gpt2Tokens *t, const char *path)
{
    size_t size;
    char *bytes = file_read(path, &size), *rest = bytes, *wrong = NULL, *line;
    if (!bytes) return text_format("%s: %s", path, strerror(errno));
    if (strlen(bytes) != size)
        wrong =
            text_format("%s: expected a text, and byte %zu is 0", path, strlen(bytes));
    t->rank = json_object();
    for (int row = 1; !wrong && (line = strsep(&rest, "\n")); row++) {
        if (!*line || (row == 1 && !strncmp(line, "#version", 8))) continue;
        char *space = strchr(line, ' '),
             *both = text_format("%.*s%s", (int)strcspn(line, " "), line,
                                 space ? space + 1 : "");
        char *left = text_format("%.*s", (int)strcspn(line, " "), line);
        if (!space || number_of(t->id, left) < 0 || number_of(t->id, space + 1) < 0 ||
            number_of(t->id, both) < 0 || json_object_get(t->rank, line))
            wrong = text_format("%s:%d: expected a new pair of tokens, with a space "
                                "between, whose union is a token",
                                path, row);
        else json_object_set_new(t->rank, line, json_integer(row));
        free(both), free(left);
    }
    free(bytes);
    return wrong;
}

Gpt2Tokens *gpt2_tokens_read(const char *vocab, const char *merges, char **error)
{
    Gpt2Tokens *t = alloc(1, sizeof *t);
    int number;
    size_t at;
    make_letters(t);
    t->pieces = pcre2_compile((PCRE2_SPTR)PIECES, PCRE2_ZERO_TERMINATED,
                              PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF, &number,
                              &at, NULL);
    require(t->pieces, "libpcre2 refuses the pattern at %zu", at);
    char *wrong = take_vocab(t, vocab);
    if (!wrong) wrong = take_merges(t, merges);
    if (!wrong) return t;
    for (char *c = wrong; *c; c++) /* tokens of a file may hold anything */
        if ((unsigned char)*c < ' ') *c = '?';
    *error = wrong;
    gpt2_tokens_free(t);
    return NULL;
}

void gpt2_tokens_free(Gpt2Tokens *t)
{
    if (!t) return;
    json_decref(t->id), json_decref(t->rank), pcre2_code_free(t->pieces);
    free(t->word), free(t);
}

int gpt2_tokens_count(const Gpt2Tokens *t) { return t->n; }

/* The tokens of one piece of n bytes to out (n); how many. */
static int encode_piece(const Gpt2Tokens *t, const char *piece, size_t n, int *out)
{
    char **part = alloc(n + 1, sizeof *part);
    int parts = (int)n;
    for (int i = 0; i < parts; i++) part[i] = text_copy(t->letter[(uint8_t)piece[i]]);
    for (;;) {
        int first = INT32_MAX, at = -1;
        for (int i = 0; i + 1 < parts; i++) {
            char *pair = text_format("%s %s", part[i], part[i + 1]);
            int rank = number_of(t->rank, pair);
            if (rank >= 0 && rank < first) first = rank, at = i;
            free(pair);
        }
        if (at < 0) break;
        char *both = text_format("%s%s", part[at], part[at + 1]);
        free(part[at]), free(part[at + 1]);
        part[at] = both, parts--;
        memmove(part + at + 1, part + at + 2, (size_t)(parts - at - 1) * sizeof *part);
    }
    for (int i = 0; i < parts; i++) out[i] = number_of(t->id, part[i]), free(part[i]);
    free(part);
    return parts;
}

int *gpt2_tokens_encode(const Gpt2Tokens *t, const char *text, size_t n, int *count)
{
    int *out = alloc(n + 1, sizeof *out);
    pcre2_match_data *match = pcre2_match_data_create(1, NULL);
    *count = 0;
    for (size_t at = 0; at < n;) {
        bool found = pcre2_match(t->pieces, (PCRE2_SPTR)text, n, at, 0, match, NULL) > 0;
        const size_t *span = pcre2_get_ovector_pointer(match);
        size_t from = found ? span[0] : n, to = found ? span[1] : n;
        for (; at < from; at++) /* no UTF-8 */
            *count += encode_piece(t, text + at, 1, out + *count);
        *count += encode_piece(t, text + from, to - from, out + *count);
        at = to;
    }
    pcre2_match_data_free(match);
    return out;
}

void gpt2_tokens_decode(const Gpt2Tokens *t, int id, Buffer *out)
{
    require(id >= 0 && id < t->n, "token %d of %d", id, t->n);
    for (const char *s = t->word[id]; *s;) {
        int b = 0;
        while (b < 256 && strncmp(s, t->letter[b], strlen(t->letter[b]))) b++;
        if (b < 256) buffer_add(out, (char[]){ (char)b }, 1), s += strlen(t->letter[b]);
        else buffer_add(out, s++, 1); /* <|endoftext|> has letters only; others may not */
    }
}
