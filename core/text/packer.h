/* packer.h - how small zlib, bzip2 and xz make some bytes, each at its level 9: the
 * programs gzip, bzip2 and xz without what they write around the data of a file. */
#ifndef GLASSBOX_PACKER_H
#define GLASSBOX_PACKER_H

#include "core/base/base.h"

size_t packer_gzip(const void *bytes, size_t n); /* with gzip's 18 bytes */
size_t packer_bzip2(const void *bytes, size_t n);
size_t packer_xz(const void *bytes, size_t n);
/* An image of that width by PNG's filter "Sub" (each pixel less the one before it in its
 * row), then zlib; without PNG's own headers. */
size_t packer_png(const void *pixels, size_t width, size_t n);
/* By counts that start empty: what followed the last two bytes, mixed with what followed
 * the last one, and with how often each byte came [witten1991zero]; a count stays at 65535.
 * The surprise in bytes, to which an arithmetic coder adds a byte at most. */
double packer_order_2(const void *bytes, size_t n);

#endif
