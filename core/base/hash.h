/* hash.h - SHA-256 (libcrypto), as lower-case hexadecimal. */
#ifndef GLASSBOX_HASH_H
#define GLASSBOX_HASH_H

#include "core/base/base.h"

typedef struct {
    char hex[65];
} Hash;
typedef struct HashState HashState;

HashState *hash_new(void);
void hash_add(HashState *, const void *bytes, size_t n);
Hash hash_end(HashState *); /* the digest; frees the state */

Hash hash_bytes(const void *bytes, size_t n);
/* SHA-1 as `git hash-object` prints it: 40 digits. */
Hash hash_git_blob(const void *bytes, size_t n);
/* False, errno set: the file cannot be read. */
bool hash_file(const char *path, Hash *out);

#endif
