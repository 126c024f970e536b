/* gpt2_tokens.h - GPT-2's own tokenizer, from the two files that come with its weights
 * [radford2019language]: vocab.json, a number for each token, and merges.txt, pairs of tokens
 * in the order in which they are joined. Bytes are written there as letters. */
#ifndef GLASSBOX_GPT2_TOKENS_H
#define GLASSBOX_GPT2_TOKENS_H

#include "core/base/base.h"

typedef struct Gpt2Tokens Gpt2Tokens;
/* NULL with *error (caller frees), one line: a file that cannot be read, no JSON object of
 * the numbers 0 .. n-1, a byte without a token, a line of merges.txt that is no pair of
 * tokens whose union is one. */
Gpt2Tokens *gpt2_tokens_read(const char *vocab, const char *merges, char **error);
void gpt2_tokens_free(Gpt2Tokens *);
int gpt2_tokens_count(const Gpt2Tokens *);
/* The tokens of a text, *count of them; the caller frees. Bytes that are no UTF-8 stand
 * alone. */
int *gpt2_tokens_encode(const Gpt2Tokens *, const char *text, size_t n, int *count);
/* Adds the bytes of a token. */
void gpt2_tokens_decode(const Gpt2Tokens *, int id, Buffer *out);

#endif
