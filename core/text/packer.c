/* packer.c - the only user of libbz2 and liblzma; sizes only, nothing is kept. */
#include "core/text/packer.h"
#include <bzlib.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { ROOM = 4096 }; /* more than any of the three adds to what it cannot pack */

size_t packer_gzip(const void *bytes, size_t n)
{
    uLongf size = compressBound((uLong)n);
    void *out = alloc(size, 1);
    require(compress2(out, &size, bytes, (uLong)n, 9) == Z_OK, "zlib failed");
    free(out);
    return size + 12; /* gzip's head and tail are 18 bytes, zlib's 6 */
}

size_t packer_bzip2(const void *bytes, size_t n)
{
    unsigned size = (unsigned)(n + n / 100 + ROOM);
    char *out = alloc(size, 1), *in = alloc(n + 1, 1);
    memcpy(in, bytes, n); /* its interface is older than const */
    int state = BZ2_bzBuffToBuffCompress(out, &size, in, (unsigned)n, 9, 0, 0);
    require(state == BZ_OK, "bzip2 failed: %d", state);
    free(out), free(in);
    return size;
}

size_t packer_xz(const void *bytes, size_t n)
{
    size_t size = 0, room = n + n / 100 + ROOM;
    uint8_t *out = alloc(room, 1);
    lzma_ret state =
        lzma_easy_buffer_encode(9, LZMA_CHECK_CRC32, NULL, bytes, n, out, &size, room);
    require(state == LZMA_OK, "xz failed: %d", (int)state);
    free(out);
    return size;
}
