/* coder.c - an interval, halved until it names a text.
 *
 * All texts lie side by side in an interval, each as wide as it is likely. Coding a symbol
 * keeps its share of what is left; a leading bit on which both ends agree is written and
 * shifted out. If the ends close in on the middle from both sides, the next bit is owed
 * rather than known: it will be the opposite of the one after. So the width never falls
 * below a quarter of 2^32, and with shares of 2^16 the rounding costs below 10^-4 bit a
 * symbol. Range coders, which move whole bytes, are faster; beside a network that is
 * asked before each symbol the coder's time does not show. */
#include "core/text/coder.h"

#define QUARTER (1u << 30)
#define HALF (1u << 31)

/* What is left of the interval. */
static void narrow(uint32_t *low, uint32_t *high, uint32_t from, uint32_t size)
{
    require(size > 0 && size <= CODER_TOTAL && from <= CODER_TOTAL - size,
            "parts %u to %u of %d", from, from + size, CODER_TOTAL);
    uint64_t width = (uint64_t)*high - *low + 1;
    *high = *low + (uint32_t)(width * (from + size) / CODER_TOTAL) - 1;
    *low += (uint32_t)(width * from / CODER_TOTAL);
}

/* Doubles the interval about its lower, middle or upper part if it lies there: 0, 1, 2;
 * -1: it is wide enough. */
static int widen(uint32_t *low, uint32_t *high)
{
    uint32_t off;
    int where;
    if (*high < HALF) off = 0, where = 0;
    else if (*low >= HALF) off = HALF, where = 2;
    else if (*low >= QUARTER && *high < HALF + QUARTER) off = QUARTER, where = 1;
    else return -1;
    *low = (*low - off) * 2;
    *high = (*high - off) * 2 + 1;
    return where;
}

/* --- encoding ----------------------------------------------------------------------- */

Encoder coder_new(void) { return (Encoder){ .high = UINT32_MAX, .bit = -1 }; }

static void put_bit(Encoder *e, bool one)
{
    if (e->bit < 0) buffer_add(&e->out, "\0", 1), e->bit = 7;
    if (one) e->out.s[e->out.n - 1] |= (char)(1 << e->bit);
    e->bit--;
}

static void put(Encoder *e, bool one)
{
    put_bit(e, one);
    for (; e->due; e->due--) put_bit(e, !one);
}

void coder_encode(Encoder *e, uint32_t from, uint32_t size)
{
    narrow(&e->low, &e->high, from, size);
    for (int where; (where = widen(&e->low, &e->high)) >= 0;)
        if (where == 1) e->due++;
        else put(e, where == 2);
}

Buffer coder_finish(Encoder *e)
{
    e->due++; /* two bits name a quarter that lies within the interval */
    put(e, e->low >= QUARTER);
    return e->out;
}

/* --- decoding ----------------------------------------------------------------------- */

static uint32_t next_bit(Decoder *d)
{
    size_t i = d->read++;
    return i / 8 < d->n ? d->code[i / 8] >> (7 - i % 8) & 1u : 0;
}

Decoder coder_open(const void *code, size_t n)
{
    Decoder d = { .code = code, .n = n, .high = UINT32_MAX };
    for (int i = 0; i < 32; i++) d.value = d.value << 1 | next_bit(&d);
    return d;
}

uint32_t coder_part(const Decoder *d)
{
    uint64_t width = (uint64_t)d->high - d->low + 1, at = (uint64_t)d->value - d->low;
    return (uint32_t)(((at + 1) * CODER_TOTAL - 1) / width);
}

void coder_take(Decoder *d, uint32_t from, uint32_t size)
{
    narrow(&d->low, &d->high, from, size);
    require(d->value >= d->low && d->value <= d->high, "a symbol that was not coded");
    for (int where; (where = widen(&d->low, &d->high)) >= 0;) {
        uint32_t off = where == 0 ? 0 : where == 1 ? QUARTER : HALF;
        d->value = (d->value - off) << 1 | next_bit(d);
    }
}

bool coder_is_short(const Decoder *d) { return d->read > 8 * d->n + 32; }
