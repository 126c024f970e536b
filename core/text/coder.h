/* coder.h - arithmetic coding with 32-bit integers [witten1987arithmetic]: a symbol to
 * which the caller gives `size` of 2^16 parts costs 16 - log2 size bits, and all symbols
 * together hardly more than the sum. What is decoded must be given the same parts. */
#ifndef GLASSBOX_CODER_H
#define GLASSBOX_CODER_H

#include "core/base/base.h"

enum { CODER_TOTAL = 1 << 16 };

typedef struct {
    Buffer out;
    uint32_t low, high;
    int bit;      /* of the last byte of out that comes next */
    uint64_t due; /* bits that will be the opposite of the next one */
} Encoder;
Encoder coder_new(void);
/* The symbol that owns the parts from .. from+size-1, size > 0, of CODER_TOTAL. */
void coder_encode(Encoder *, uint32_t from, uint32_t size);
Buffer coder_finish(Encoder *); /* the code; the caller frees .s */

typedef struct {
    const unsigned char *code;
    size_t n, read; /* bytes; bits that were read, past the end as zeros */
    uint32_t low, high, value;
} Decoder;
/* Any bytes are a code of something; they are borrowed. */
Decoder coder_open(const void *code, size_t n);
/* The part that the next symbol owns, 0 .. CODER_TOTAL-1; then say which symbol it was. */
uint32_t coder_part(const Decoder *);
void coder_take(Decoder *, uint32_t from, uint32_t size);
/* More was read than any code of these bytes can need: it was cut off. */
bool coder_is_short(const Decoder *);

#endif
