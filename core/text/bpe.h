/* bpe.h - byte-level byte-pair encoding [sennrich2016neural, radford2019language]: every
 * byte is a token, and each merge makes one of two. Any bytes are encoded, and decoding
 * gives back exactly those. */
#ifndef GLASSBOX_BPE_H
#define GLASSBOX_BPE_H

#include "core/base/base.h"

typedef struct Bpe Bpe;

/* Merges, until there are `vocab` tokens, the pair of neighbours that is most frequent
 * within the pieces of the text (a word with the space before it, a number, ...); of
 * equals the one of lower ids. vocab 256 .. 16384. Stops early if every pair is alone. */
Bpe *bpe_train(const char *text, size_t n, int vocab);
/* n merges (n,2): merge i makes token 256 + i of two earlier ones; NULL with *error
 * (caller frees) if one does not. */
Bpe *bpe_from_merges(int n, const int *merge, char **error);
void bpe_free(Bpe *);

int bpe_vocab(const Bpe *);
const int *bpe_merges(const Bpe *); /* (vocab - 256, 2), borrowed */
/* The n bytes of a token, borrowed; not terminated. */
const char *bpe_token(const Bpe *, int id, int *n);
/* The tokens of a text, *count of them; the caller frees. */
int *bpe_encode(const Bpe *, const char *text, size_t n, size_t *count);
/* A piece that the caller cut by rules of its own: id (n) holds its bytes, and then its
 * tokens; returns how many. */
int bpe_encode_piece(const Bpe *, int *id, int n);
void bpe_decode(const Bpe *, const int *token, size_t n, Buffer *out);

#endif
