/* hash.c - SHA-256 by libcrypto. */
#include "core/base/hash.h"
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct HashState {
    EVP_MD_CTX *ctx;
};

HashState *hash_new(void)
{
    HashState *h = alloc(1, sizeof *h);
    h->ctx = EVP_MD_CTX_new();
    require(h->ctx && EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL),
            "libcrypto offers no SHA-256");
    return h;
}

void hash_add(HashState *h, const void *bytes, size_t n)
{
    require(EVP_DigestUpdate(h->ctx, bytes, n), "SHA-256 failed");
}

static Hash hexadecimal(const unsigned char *digest, unsigned n)
{
    Hash out = { { 0 } };
    for (unsigned i = 0; i < n; i++) snprintf(out.hex + 2 * i, 3, "%02x", digest[i]);
    return out;
}

Hash hash_end(HashState *h)
{
    unsigned char digest[32];
    require(EVP_DigestFinal_ex(h->ctx, digest, NULL), "SHA-256 failed");
    EVP_MD_CTX_free(h->ctx);
    free(h);
    return hexadecimal(digest, sizeof digest);
}

Hash hash_git_blob(const void *bytes, size_t n)
{
    char *head = text_format("blob %zu", n);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char digest[20];
    bool ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha1(), NULL) &&
              EVP_DigestUpdate(ctx, head, strlen(head) + 1) &&
              EVP_DigestUpdate(ctx, bytes, n) && EVP_DigestFinal_ex(ctx, digest, NULL);
    require(ok, "libcrypto offers no SHA-1");
    EVP_MD_CTX_free(ctx);
    free(head);
    return hexadecimal(digest, sizeof digest);
}

Hash hash_bytes(const void *bytes, size_t n)
{
    HashState *h = hash_new();
    hash_add(h, bytes, n);
    return hash_end(h);
}

bool hash_file(const char *path, Hash *out)
{
    enum { CHUNK = 1 << 16 };
    FILE *f = fopen(path, "rb");
    if (!f) return false;
    char *chunk = alloc(CHUNK, 1);
    HashState *h = hash_new();
    for (size_t n; (n = fread(chunk, 1, CHUNK, f)) > 0;) hash_add(h, chunk, n);
    int error = ferror(f) ? EIO : 0;
    *out = hash_end(h);
    free(chunk);
    fclose(f);
    errno = error;
    return !error;
}
