/* fuzz_gpt2_tokens.c - any bytes at all as vocab.json, or, after a first byte that is even,
 * as merges.txt, a zero and a text. A file is read or refused in one line that begins with
 * its name; what was read gives back every text exactly. */
#define _GNU_SOURCE
#include "core/text/gpt2_tokens.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int file_of(const void *bytes, size_t n, char path[32])
{
    int file = memfd_create("fuzz", 0);
    require(file >= 0 && write(file, bytes, n) == (ssize_t)n, "no file in memory");
    snprintf(path, 32, "/proc/self/fd/%d", file);
    return file;
}

/* Every byte, and all words of a and b of two to four letters, so that pairs can join. */
static char *good_vocab(void)
{
    Buffer b = { 0 };
    int n = 0;
    for (int i = 0, other = 256; i < 256; i++) {
        bool prints = (i > ' ' && i <= '~') || (i > 160 && i != 173);
        buffer_format(&b, "%s\"\\u%04x\":%d", i ? "," : "{", prints ? i : other++, n++);
    }
    for (int length = 2; length <= 4; length++)
        for (int word = 0; word < 1 << length; word++) {
            buffer_put(&b, ",\"");
            for (int k = 0; k < length; k++) buffer_put(&b, word >> k & 1 ? "b" : "a");
            buffer_format(&b, "\":%d", n++);
        }
    buffer_put(&b, "}");
    return b.s;
}

static void check_round_trip(const Gpt2Tokens *t, const char *text, size_t n)
{
    int count, *id = gpt2_tokens_encode(t, text, n, &count);
    Buffer back = { 0 };
    buffer_put(&back, "");
    for (int i = 0; i < count; i++) gpt2_tokens_decode(t, id[i], &back);
    require(back.n == n && !memcmp(back.s, text, n), "another text comes back");
    free(id), free(back.s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    bool whole = *data++ % 2; /* the rest is a vocabulary */
    const uint8_t *zero = whole ? NULL : memchr(data, 0, --size);
    size_t n = whole ? size - 1 : zero ? (size_t)(zero - data) : size;
    char *good = good_vocab(), vocab[32], merges[32], *error = NULL;
    int v = whole ? file_of(data, n, vocab) : file_of(good, strlen(good), vocab),
        m = whole ? file_of("", 0, merges) : file_of(data, n, merges);
    Gpt2Tokens *t = gpt2_tokens_read(vocab, merges, &error);
    require(!t == !!error, "tokens and an error, or neither");
    const char *named = whole ? vocab : merges;
    require(t || !strncmp(error, named, strlen(named)), "no name: %s", error);
    for (const char *s = error; s && *s; s++)
        require((unsigned char)*s >= ' ', "a message of more than one line: %s", error);
    if (t && zero) check_round_trip(t, (const char *)zero + 1, size - n - 1);
    gpt2_tokens_free(t);
    close(v), close(m);
    free(good), free(error);
    return 0;
}
