/* packer.h - how small zlib, bzip2 and xz make some bytes, each at its level 9: the
 * programs gzip, bzip2 and xz without what they write around the data of a file. */
#ifndef GLASSBOX_PACKER_H
#define GLASSBOX_PACKER_H

#include "core/base/base.h"

size_t packer_gzip(const void *bytes, size_t n); /* with gzip's 18 bytes */
size_t packer_bzip2(const void *bytes, size_t n);
size_t packer_xz(const void *bytes, size_t n);

#endif
