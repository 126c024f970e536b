/* bpe.c - merges are learnt on the distinct pieces of a text, and applied within pieces.
 *
 * A text has far fewer distinct pieces than pieces, so training counts each once, with
 * its weight, and then passes over all of them for each merge: a linear sweep of some
 * million ids, a few milliseconds. The usual heap of pairs with lists of their places is
 * faster and three times as long. Counts of pairs lie in a full V x V table, which the
 * sweep mends as it merges.
 *
 * Encoding merges, in a piece, the pair that was learnt first until none is left. Pieces
 * end after MOST_PIECE bytes, so that no text costs more than linear time.
 *
 * Invariant: no token reaches over the end of a piece, so a text may be cut between
 * pieces and encoded in parts. */
#include "core/text/bpe.h"
#include <stdlib.h>
#include <string.h>

enum { BYTES = 256, MOST_VOCAB = 1 << 14, MOST_PIECE = 64, MOST_TOKEN = 1 << 10 };

struct Bpe {
    int n, *merge; /* (n,2) */
    int *slot;     /* (slots): open addressing over pairs, merge + 1 */
    int slots;     /* a power of two, at most half full */
    char *bytes;   /* of all tokens, one after the other */
    int *at;       /* (vocab + 1): where each begins */
};

/* --- tokens ------------------------------------------------------------------------- */

static int *find_slot(const Bpe *b, int left, int right)
{
    uint64_t hash = ((uint64_t)left << 32 | (uint64_t)right) * 0x9e3779b97f4a7c15u;
    for (uint64_t i = hash >> 40;; i++) {
        int *slot = &b->slot[i & (uint64_t)(b->slots - 1)];
        if (!*slot) return slot;
        const int *pair = b->merge + 2 * (*slot - 1);
        if (pair[0] == left && pair[1] == right) return slot;
    }
}

/* The bytes of every token, and which pair makes which. */
static void complete(Bpe *b)
{
    int vocab = BYTES + b->n;
    Buffer all = { 0 };
    b->at = alloc((size_t)vocab + 1, sizeof *b->at);
    for (int i = 0; i < BYTES; i++) buffer_add(&all, (char[]){ (char)i }, 1);
    for (int i = 0; i <= BYTES; i++) b->at[i] = i;
    for (b->slots = 1; b->slots < 2 * b->n + 2;) b->slots *= 2;
    b->slot = alloc((size_t)b->slots, sizeof *b->slot);
    for (int i = 0; i < b->n; i++) {
        for (int side = 0; side < 2; side++) {
            int id = b->merge[2 * i + side], n = b->at[id + 1] - b->at[id];
            char part[MOST_TOKEN];
            memcpy(part, all.s + b->at[id], (size_t)n);
            buffer_add(&all, part, (size_t)n);
        }
        b->at[BYTES + i + 1] = (int)all.n;
        *find_slot(b, b->merge[2 * i], b->merge[2 * i + 1]) = i + 1;
    }
    b->bytes = all.s;
}

/* NULL, or what is wrong with the merges. */
static char *check_merges(int n, const int *merge)
{
    int *length = alloc((size_t)(BYTES + n), sizeof *length);
    for (int i = 0; i < BYTES; i++) length[i] = 1;
    char *wrong = NULL;
    for (int i = 0; i < n && !wrong; i++) {
        const int *pair = merge + 2 * i;
        bool known = true;
        for (int side = 0; side < 2; side++)
            known = known && pair[side] >= 0 && pair[side] < BYTES + i;
        if (known) length[BYTES + i] = length[pair[0]] + length[pair[1]];
        if (!known || length[BYTES + i] > MOST_TOKEN)
            wrong = text_format("merge %d is of %d and %d, expected two earlier tokens "
                                "of together at most %d bytes",
                                i, pair[0], pair[1], MOST_TOKEN);
    }
    free(length);
    return wrong;
}

Bpe *bpe_from_merges(int n, const int *merge, char **error)
{
    require(n >= 0, "%d merges", n);
    if ((*error = check_merges(n, merge))) return NULL;
    Bpe *b = alloc(1, sizeof *b);
    b->n = n;
    b->merge = alloc(2 * (size_t)n + 1, sizeof *b->merge);
    memcpy(b->merge, merge, 2 * (size_t)n * sizeof *merge);
    complete(b);
    return b;
}

void bpe_free(Bpe *b)
{
    if (!b) return;
    free(b->merge), free(b->slot), free(b->bytes), free(b->at), free(b);
}

int bpe_vocab(const Bpe *b) { return BYTES + b->n; }
const int *bpe_merges(const Bpe *b) { return b->merge; }

const char *bpe_token(const Bpe *b, int id, int *n)
{
    require(id >= 0 && id < bpe_vocab(b), "token %d of %d", id, bpe_vocab(b));
    *n = b->at[id + 1] - b->at[id];
    return b->bytes + b->at[id];
}

/* --- pieces ------------------------------------------------------------------------- */

typedef enum { LETTER, DIGIT, SPACE, MARK } Kind;

static Kind kind_of(char c)
{
    unsigned char u = (unsigned char)c;
    if ((u | 32) >= 'a' && (u | 32) <= 'z') return LETTER;
    if (u >= 128) return LETTER; /* part of a letter, or of a mark, in UTF-8 */
    if (u >= '0' && u <= '9') return DIGIT;
    return u == ' ' || (u >= '\t' && u <= '\r') ? SPACE : MARK;
}

/* How long the first piece of n > 0 bytes is: letters, digits, marks or white space; one
 * space before another kind goes with what follows it. */
static size_t piece(const char *s, size_t n)
{
    if (n > MOST_PIECE) n = MOST_PIECE;
    bool led = *s == ' ' && n > 1 && kind_of(s[1]) != SPACE;
    Kind kind = kind_of(s[led]);
    size_t i = led;
    while (i < n && kind_of(s[i]) == kind) i++;
    bool leads = kind == SPACE && i > 1 && i < n && s[i - 1] == ' ';
    return i - leads;
}

/* --- training ----------------------------------------------------------------------- */

typedef struct {
    const char *s;
    uint32_t n, count;
} Word;

typedef struct {
    int n, room;
    Word *word;
} Words;

/* The distinct pieces, in the order of the text. */
static Words count_pieces(const char *text, size_t n)
{
    size_t slots = 1;
    while (slots < n + 2) slots *= 2; /* there are at most n pieces */
    uint32_t *slot = alloc(slots, sizeof *slot);
    Words w = { .room = 1 << 10 };
    w.word = alloc((size_t)w.room, sizeof *w.word);
    for (size_t at = 0, length; at < n; at += length) {
        length = piece(text + at, n - at);
        uint64_t h = 0xcbf29ce484222325u;
        for (size_t i = 0; i < length; i++)
            h = (h ^ (unsigned char)text[at + i]) * 0x100000001b3u;
        Word *known;
        for (h ^= h >> 29;; h++) {
            uint32_t *here = &slot[h & (slots - 1)];
            if (!*here) {
                if (w.n == w.room) {
                    w.word = grow(w.word, (size_t)w.n, 2 * (size_t)w.n, sizeof *w.word);
                    w.room *= 2;
                }
                w.word[w.n] = (Word){ text + at, (uint32_t)length, 0 };
                *here = (uint32_t)++w.n;
            }
            known = &w.word[*here - 1];
            if (known->n == length && !memcmp(known->s, text + at, length)) break;
        }
        known->count++;
    }
    free(slot);
    return w;
}

typedef struct {
    int V, *id;       /* all pieces as ids, -1 after each */
    size_t n;         /* of them */
    const Words *w;   /* their counts, in the same order */
    uint32_t *beside; /* (V,V): how often one follows the other */
} Sweep;

static void count_pair(Sweep *s, int left, int right, uint32_t by)
{
    if (left >= 0 && right >= 0) s->beside[(size_t)left * (size_t)s->V + right] += by;
}

/* Every left, right becomes `whole`; counts of pairs follow. */
static void merge_all(Sweep *s, int left, int right, int whole)
{
    size_t out = 0;
    const Word *word = s->w->word;
    int last = -1;
    for (size_t i = 0; i < s->n; i++) {
        int id = s->id[i];
        if (id == left && s->id[i + 1] == right) {
            uint32_t c = word->count;
            count_pair(s, last, left, -c), count_pair(s, left, right, -c);
            count_pair(s, right, s->id[i + 2], -c);
            count_pair(s, last, whole, c), count_pair(s, whole, s->id[i + 2], c);
            id = whole, i++;
        }
        word += id < 0;
        s->id[out++] = last = id;
    }
    s->n = out;
}

/* The most frequent pair, or false if none occurs twice. */
static bool best_pair(const Sweep *s, int known, int pair[2])
{
    uint32_t most = 1;
    for (int a = 0; a < known; a++) {
        const uint32_t *row = s->beside + (size_t)a * (size_t)s->V;
        for (int b = 0; b < known; b++)
            if (row[b] > most) most = row[b], pair[0] = a, pair[1] = b;
    }
    return most > 1;
}

Bpe *bpe_train(const char *text, size_t n, int vocab)
{
    require(vocab >= BYTES && vocab <= MOST_VOCAB, "a vocabulary of %d", vocab);
    require(n < UINT32_MAX, "a text of %zu bytes", n);
    Words w = count_pieces(text, n);
    Sweep s = { .V = vocab, .w = &w };
    for (int i = 0; i < w.n; i++) s.n += w.word[i].n + 1;
    s.id = alloc(s.n + 1, sizeof *s.id);
    s.beside = alloc((size_t)vocab * (size_t)vocab, sizeof *s.beside);
    int *to = s.id;
    for (int i = 0; i < w.n; i++, *to++ = -1)
        for (uint32_t k = 0; k < w.word[i].n; k++, to++) {
            *to = (unsigned char)w.word[i].s[k];
            if (k) count_pair(&s, to[-1], to[0], w.word[i].count);
        }

    Bpe *b = alloc(1, sizeof *b);
    b->merge = alloc(2 * (size_t)(vocab - BYTES) + 1, sizeof *b->merge);
    while (BYTES + b->n < vocab) {
        int *pair = b->merge + 2 * b->n;
        if (!best_pair(&s, BYTES + b->n, pair)) break;
        merge_all(&s, pair[0], pair[1], BYTES + b->n++);
    }
    complete(b);
    free(s.id), free(s.beside), free(w.word);
    return b;
}

/* --- encoding ----------------------------------------------------------------------- */

int bpe_encode_piece(const Bpe *b, int *id, int n)
{
    for (;;) {
        int first = b->n, at = -1;
        for (int i = 0; i + 1 < n; i++) {
            int merge = *find_slot(b, id[i], id[i + 1]) - 1;
            if (merge >= 0 && merge < first) first = merge, at = i;
        }
        if (at < 0) return n;
        id[at] = BYTES + first, n--;
        memmove(id + at + 1, id + at + 2, (size_t)(n - at - 1) * sizeof *id);
    }
}

int *bpe_encode(const Bpe *b, const char *text, size_t n, size_t *count)
{
    int *out = alloc(n + 1, sizeof *out);
    *count = 0;
    for (size_t at = 0, length; at < n; at += length) {
        length = piece(text + at, n - at);
        int *id = out + *count;
        for (size_t i = 0; i < length; i++) id[i] = (unsigned char)text[at + i];
        *count += (size_t)bpe_encode_piece(b, id, (int)length);
    }
    return out;
}

void bpe_decode(const Bpe *b, const int *token, size_t n, Buffer *out)
{
    for (size_t i = 0; i < n; i++) {
        int length;
        const char *s = bpe_token(b, token[i], &length);
        buffer_add(out, s, (size_t)length);
    }
}
