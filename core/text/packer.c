/* packer.c - the only user of libbz2 and liblzma; sizes only, nothing is kept. */
#include "core/text/packer.h"
#include "core/num/vmath.h"
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

size_t packer_png(const void *pixels, size_t width, size_t n)
{
    const unsigned char *in = pixels;
    unsigned char *left = alloc(n + 1, 1);
    for (size_t i = 0; i < n; i++)
        left[i] = (unsigned char)(in[i] - (i % width ? in[i - 1] : 0));
    size_t size = packer_gzip(left, n);
    free(left);
    return size;
}

double packer_order_2(const void *bytes, size_t n)
{
    const unsigned char *s = bytes;
    uint16_t *seen = alloc((size_t)3 << 24, sizeof *seen); /* order, context, byte */
    uint32_t(*total)[2] = alloc((size_t)3 << 16, sizeof *total); /* bytes, their kinds */
    double bits = 0;
    for (size_t i = 0; i < n; i++) {
        double p = 1.0 / 256;
        size_t one = i > 0 ? s[i - 1] : 0, two = i > 1 ? s[i - 2] : 0;
        size_t context[3] = { 0, one, two << 8 | one };
        for (size_t k = 0; k < 3; k++) {
            uint16_t *c = seen + (k << 24) + (context[k] << 8) + s[i];
            uint32_t *t = total[(k << 16) + context[k]];
            if (t[0]) p = (*c + t[1] * p) / (t[0] + t[1]);
            if (*c == UINT16_MAX) continue;
            t[0]++, t[1] += *c == 0, ++*c;
        }
        bits -= vmath_log2(p);
    }
    free(seen), free(total);
    return bits / 8;
}
