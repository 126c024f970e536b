/* test_coder.c - what is coded comes back, whatever the shares; the code is as short as the
 * shares say; damage is survived. */
#include "tests/check.h"
#include "core/base/rng.h"
#include "core/text/coder.h"

/* Tables of shares: how many symbols, and the parts of each. */
enum { MOST = 300 };
typedef struct {
    int n;
    uint32_t size[MOST];
} Shares;

static uint32_t before(const Shares *s, int symbol)
{
    uint32_t from = 0;
    for (int i = 0; i < symbol; i++) from += s->size[i];
    return from;
}

/* The rarest symbols there can be beside an almost certain one; even shares; one symbol. */
static Shares adversarial(int which)
{
    Shares s = { .n = which == 3 ? 1 : MOST };
    for (int i = 0; i < s.n; i++) s.size[i] = which == 2 ? CODER_TOTAL / MOST : 1;
    int rest = which == 0 ? 0 : which == 1 ? s.n - 1 : s.n / 2;
    s.size[rest] = 0;
    s.size[rest] = CODER_TOTAL - before(&s, s.n);
    return s;
}

static int drawn(const Shares *s, Rng r, uint64_t i, bool unlikely)
{
    if (unlikely) return rng_below(r, i, s->n);
    uint32_t part = (uint32_t)rng_below(r, i, CODER_TOTAL);
    int symbol = 0;
    while (before(s, symbol + 1) <= part) symbol++;
    return symbol;
}

static int decoded(const Shares *s, Decoder *d)
{
    uint32_t part = coder_part(d);
    int symbol = 0;
    while (before(s, symbol + 1) <= part) symbol++;
    coder_take(d, before(s, symbol), s->size[symbol]);
    return symbol;
}

static void all_symbols_come_back_and_cost_what_their_shares_say(void **state)
{
    (void)state;
    enum { N = 2000 };
    for (int round = 0; round < 8; round++) {
        Shares s = adversarial(round / 2);
        Encoder e = coder_new();
        int symbol[N];
        double bits = 0;
        for (int i = 0; i < N; i++) {
            symbol[i] = drawn(&s, rng_seed(7), (uint64_t)(round * N + i), round % 2);
            coder_encode(&e, before(&s, symbol[i]), s.size[symbol[i]]);
            bits += 16 - log2(s.size[symbol[i]]);
        }
        Buffer code = coder_finish(&e);
        assert_true((double)code.n * 8 <= bits * 1.0001 + 10);
        assert_true((double)code.n * 8 >= bits);
        Decoder d = coder_open(code.s, code.n);
        for (int i = 0; i < N; i++) assert_int_equal(decoded(&s, &d), symbol[i]);
        assert_false(coder_is_short(&d));
        free(code.s);
    }
}

/* Ends that close in on the middle owe their bits for long. */
static void bits_that_are_owed_are_paid(void **state)
{
    (void)state;
    Encoder e = coder_new();
    for (int i = 0; i < 500; i++) coder_encode(&e, CODER_TOTAL / 3, CODER_TOTAL / 3 + 1);
    for (int i = 0; i < 500; i++) coder_encode(&e, CODER_TOTAL / 2 - 1, 2);
    Buffer code = coder_finish(&e);
    Decoder d = coder_open(code.s, code.n);
    for (int i = 0; i < 500; i++) {
        assert_in_range(coder_part(&d), CODER_TOTAL / 3, 2 * (CODER_TOTAL / 3));
        coder_take(&d, CODER_TOTAL / 3, CODER_TOTAL / 3 + 1);
    }
    for (int i = 0; i < 500; i++) {
        assert_in_range(coder_part(&d), CODER_TOTAL / 2 - 1, CODER_TOTAL / 2);
        coder_take(&d, CODER_TOTAL / 2 - 1, 2);
    }
    free(code.s);
}

static void an_empty_text_has_a_code(void **state)
{
    (void)state;
    Encoder e = coder_new();
    Buffer code = coder_finish(&e);
    assert_int_equal(code.n, 1);
    free(code.s);
    Decoder d = coder_open("", 0);
    assert_false(coder_is_short(&d));
}

static void any_bytes_decode_to_something_and_what_was_cut_off_is_noticed(void **state)
{
    (void)state;
    Shares s = adversarial(2);
    unsigned char bytes[40];
    for (int i = 0; i < 40; i++)
        bytes[i] = (unsigned char)rng_u64(rng_seed(3), (uint64_t)i);
    for (size_t n = 0; n <= 40; n += 8) {
        Decoder d = coder_open(bytes, n);
        for (int i = 0; i < 100; i++) assert_in_range(decoded(&s, &d), 0, s.n - 1);
        assert_true(coder_is_short(&d)); /* 100 symbols of 8.2 bits */
    }
}

static void a_code_without_its_last_two_bytes_is_short(void **state)
{
    (void)state;
    Shares s = adversarial(2);
    for (int length = 10; length < 60; length++) {
        Encoder e = coder_new();
        for (int i = 0; i < length; i++) {
            int symbol = drawn(&s, rng_seed(11), (uint64_t)(100 * length + i), true);
            coder_encode(&e, before(&s, symbol), s.size[symbol]);
        }
        Buffer code = coder_finish(&e);
        for (size_t cut = 0; cut <= 2; cut += 2) {
            Decoder d = coder_open(code.s, code.n - cut);
            for (int i = 0; i < length; i++) decoded(&s, &d);
            assert_int_equal(coder_is_short(&d), cut > 0);
        }
        free(code.s);
    }
}

static void shares_that_are_none_die(void **state)
{
    (void)state;
    Encoder e = coder_new();
    assert_dies(coder_encode(&e, 5, 0), "parts 5 to 5");
    assert_dies(coder_encode(&e, 1, CODER_TOTAL), "parts 1 to 65537");
    Decoder d = coder_open("\xff\xff\xff\xff", 4);
    assert_dies(coder_take(&d, 0, 1), "a symbol that was not coded");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_symbols_come_back_and_cost_what_their_shares_say),
        cmocka_unit_test(bits_that_are_owed_are_paid),
        cmocka_unit_test(an_empty_text_has_a_code),
        cmocka_unit_test(any_bytes_decode_to_something_and_what_was_cut_off_is_noticed),
        cmocka_unit_test(a_code_without_its_last_two_bytes_is_short),
        cmocka_unit_test(shares_that_are_none_die),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
