/* test_automaton.c - machines are found in planted heaps and nowhere else, shrunk to the
 * smallest, and printed so that the program does what the machine did. */
#include "core/core.h"
#include "tests/check.h"

enum { B = 20, T = 20, N = B * T, F = 2 };

typedef struct {
    int x[N], said[N];
    real h[N * F];
    Trace trace;
} PlantedRun;

/* Parity held twice: heap 2 s + (the last input), at the corners of a square, scattered by
 * `noise`. */
static void plant(PlantedRun *p, double noise, uint64_t seed)
{
    Rng r = rng_seed(seed);
    for (int i = 0, s = 0; i < N; i++) {
        if (i % T == 0) s = 0;
        p->x[i] = rng_below(r, (uint64_t)i, 2);
        s ^= p->x[i];
        p->said[i] = s;
        for (int k = 0; k < F; k++)
            p->h[i * F + k] =
                (real)((k ? p->x[i] : s) * 2 - 1 +
                       noise * rng_normal(rng_named(r, "h"), (uint64_t)(i * F + k)));
    }
    p->trace = (Trace){ B, T, F, p->x, p->said, p->h };
}

static Automaton parity(void)
{
    return (Automaton){ .n = 2,
                        .inputs = 2,
                        .next = { { 0, 1 }, { 1, 0 } },
                        .said = { { 0, 1 }, { 1, 0 } } };
}

static void planted_heaps_are_a_machine_and_shrink_to_parity(void **state)
{
    (void)state;
    PlantedRun a, b;
    Automaton m, two = parity();
    int heap[N], which[AUTOMATON_MOST];
    plant(&a, 0.02, 1), plant(&b, 0.02, 2);
    assert_true(automaton_find(&a.trace, &b.trace, 2, &m, heap));
    assert_int_equal(m.n, 5); /* four corners and the start */
    Automaton least = automaton_smallest(&m, which);
    assert_memory_equal(&least, &two, sizeof two);
    for (int i = 0; i < N; i++) assert_int_equal(which[heap[i]], b.said[i]);
}

static void heaps_that_run_into_each_other_are_no_machine(void **state)
{
    (void)state;
    PlantedRun a, b;
    Automaton m;
    plant(&a, 1, 1), plant(&b, 1, 2);
    assert_false(automaton_find(&a.trace, &b.trace, 2, &m, NULL));
}

/* Each heap a bar that is longer than the gap to the next. */
static void long_heaps_are_found_whole(void **state)
{
    (void)state;
    PlantedRun p[2];
    Automaton m;
    for (int k = 0; k < 2; k++) {
        plant(&p[k], 0, (uint64_t)k + 1);
        for (int i = 0; i < N; i++) {
            p[k].h[i * F] = p[k].said[i] ? (real)0.6 : (real)-0.6;
            p[k].h[i * F + 1] = (real)(i * 37 % N * 4.0 / N);
        }
    }
    assert_true(automaton_find(&p[0].trace, &p[1].trace, 2, &m, NULL));
    assert_in_range(m.n, 2, 3);
}

static void one_wrong_answer_or_one_stray_state_is_noticed(void **state)
{
    (void)state;
    PlantedRun a, b;
    Automaton m;
    plant(&a, 0.02, 1), plant(&b, 0.02, 2);
    b.said[77] ^= 1;
    assert_false(automaton_find(&a.trace, &b.trace, 2, &m, NULL));
    b.said[77] ^= 1, b.h[77 * F] = 5;
    assert_false(automaton_find(&a.trace, &b.trace, 2, &m, NULL));
    plant(&b, 0.02, 2);
    a.said[77] ^= 1;
    assert_false(automaton_find(&a.trace, &b.trace, 2, &m, NULL));
}

static int parity_step(int s, int x, int *said) { return *said = s ^ x; }
static int runaway_step(int s, int x, int *said) { return *said = s + x; }

static void the_search_finds_what_is_there_and_errors_are_counted(void **state)
{
    (void)state;
    PlantedRun a, b;
    Automaton m, two = automaton_of(parity_step, 2, 2), is = parity();
    int heap[N];
    plant(&a, 0.02, 1), plant(&b, 0.02, 2);
    assert_memory_equal(&two, &is, sizeof is);
    assert_true(automaton_find(&a.trace, &b.trace, 2, &m, heap));
    assert_int_equal(automaton_errors(&m, B, T, b.x, b.said), 0);
    m.said[m.next[0][0]][0] ^= 1;
    assert_true(automaton_errors(&m, B, T, b.x, b.said) > 0);
    b.said[77] ^= 1;
    assert_int_equal(automaton_errors(&two, B, T, b.x, b.said), 1);
    assert_false(automaton_find(&a.trace, &b.trace, 2, &m, heap));
    assert_dies(automaton_of(runaway_step, 2, 2), "state 2 of 2");
}

static void an_input_that_a_heap_never_met_makes_no_machine(void **state)
{
    (void)state;
    PlantedRun a;
    Automaton m;
    plant(&a, 0.02, 1);
    a.trace.B = a.trace.T = 1;
    assert_false(automaton_find(&a.trace, &a.trace, 2, &m, NULL));
}

static void the_smallest_machine_forgets_the_unreached_and_renames_the_rest(void **state)
{
    (void)state;
    /* parity, its states doubled and in another order, and one that nothing leads to */
    Automaton m = { .n = 5,
                    .inputs = 2,
                    .next = { { 3, 2 }, { 1, 1 }, { 4, 0 }, { 0, 4 }, { 2, 3 } },
                    .said = { { 0, 1 }, { 1, 1 }, { 1, 0 }, { 0, 1 }, { 1, 0 } } };
    Automaton two = parity();
    int which[AUTOMATON_MOST];
    Automaton least = automaton_smallest(&m, which);
    assert_memory_equal(&least, &two, sizeof two);
    assert_int_equal(which[1], -1);
    m.said[4][0] = 0; /* one answer of one copy differs: nothing merges into two */
    assert_true(automaton_smallest(&m, NULL).n > 2);
}

static void programs_say_what_the_machine_does(void **state)
{
    (void)state;
    Automaton two = parity();
    Buffer b = { 0 };
    automaton_print_formula(&b, &two);
    assert_string_equal(b.s, "y = x ^ s, s' = x ^ s");
    b.n = 0;
    automaton_print_switch(&b, &two, "parity");
    assert_contains(b.s, "int parity(int *s, int x)");
    assert_contains(b.s, "switch (2 * *s + x)");
    assert_contains(b.s, "case 3: *s = 0; return 0;");
    free(b.s);
}

static void the_formula_of_addition_is_the_full_adder(void **state)
{
    (void)state;
    Automaton m = { .n = 2, .inputs = 4 };
    for (int i = 0; i < 8; i++) {
        int sum = (i >> 2) + (i & 1) + (i >> 1 & 1);
        m.next[i >> 2][i & 3] = sum >> 1, m.said[i >> 2][i & 3] = sum & 1;
    }
    Buffer b = { 0 };
    automaton_print_formula(&b, &m);
    assert_string_equal(b.s, "y = a ^ b ^ s, s' = a&b ^ a&s ^ b&s");
    free(b.s);
}

static void a_code_is_chosen_that_makes_the_formula_short(void **state)
{
    (void)state;
    /* two back, its states numbered so that the bits are mixed */
    static const int mixed[] = { 0, 2, 3, 1 };
    Automaton m = { .n = 4, .inputs = 2 };
    for (int s = 0; s < 4; s++)
        for (int x = 0; x < 2; x++) {
            m.next[mixed[s]][x] = mixed[(s & 1) << 1 | x];
            m.said[mixed[s]][x] = s >> 1;
        }
    Buffer b = { 0 };
    automaton_print_formula(&b, &m);
    assert_string_equal(b.s, "y = s, s' = t, t' = x");
    free(b.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planted_heaps_are_a_machine_and_shrink_to_parity),
        cmocka_unit_test(heaps_that_run_into_each_other_are_no_machine),
        cmocka_unit_test(long_heaps_are_found_whole),
        cmocka_unit_test(one_wrong_answer_or_one_stray_state_is_noticed),
        cmocka_unit_test(the_search_finds_what_is_there_and_errors_are_counted),
        cmocka_unit_test(an_input_that_a_heap_never_met_makes_no_machine),
        cmocka_unit_test(the_smallest_machine_forgets_the_unreached_and_renames_the_rest),
        cmocka_unit_test(programs_say_what_the_machine_does),
        cmocka_unit_test(the_formula_of_addition_is_the_full_adder),
        cmocka_unit_test(a_code_is_chosen_that_makes_the_formula_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
