/* fuzz_coder.c - any bytes as a code, under shares that the bytes themselves name.
 *
 * Decoding never crashes and never ends, so it is stopped; what was decoded, coded again
 * under the same shares, decodes to the same symbols. */
#include "core/text/coder.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SYMBOLS = 400 };

/* Two symbols: one owns `split` parts, the other the rest. */
static uint32_t split_at(const uint8_t *data, size_t size, int i)
{
    uint32_t x = size ? data[(size_t)i % size] : 0;
    return 1 + (x * x * 257 + x) % (CODER_TOTAL - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool second[SYMBOLS];
    Decoder d = coder_open(data, size);
    Encoder e = coder_new();
    for (int i = 0; i < SYMBOLS; i++) {
        uint32_t split = split_at(data, size, i);
        second[i] = coder_part(&d) >= split;
        uint32_t from = second[i] ? split : 0,
                 n = second[i] ? CODER_TOTAL - split : split;
        coder_take(&d, from, n);
        coder_encode(&e, from, n);
    }
    Buffer code = coder_finish(&e);
    Decoder again = coder_open(code.s, code.n);
    for (int i = 0; i < SYMBOLS; i++) {
        uint32_t split = split_at(data, size, i);
        require((coder_part(&again) >= split) == second[i], "symbol %d differs", i);
        coder_take(&again, second[i] ? split : 0,
                   second[i] ? CODER_TOTAL - split : split);
    }
    require(!coder_is_short(&again), "the code is short of itself");
    free(code.s);
    return 0;
}
