/* The hand-assembled transformers: what they answer, and that damage shows. */
#include "tests/check.h"
#include "core/lens/rasp.h"

static void every_program_is_right_on_every_sequence(void **state)
{
    (void)state;
    for (int p = 0; p < RASP_PROGRAMS; p++) {
        Model *m = rasp_compile((RaspProgram)p);
        assert_true(rasp_exact(m, (RaspProgram)p) == 1);
        model_free(m);
    }
}

static void no_program_passes_for_another(void **state)
{
    (void)state;
    for (int p = 0; p < RASP_PROGRAMS; p++) {
        Model *m = rasp_compile((RaspProgram)p);
        for (int q = 0; q < RASP_PROGRAMS; q++)
            if (q != p) assert_true(rasp_exact(m, (RaspProgram)q) < 0.6);
        model_free(m);
    }
}

static void a_single_wrong_weight_is_seen(void **state)
{
    (void)state;
    Model *m = rasp_compile(RASP_REVERSE);
    rasp_put(m, 2, "attn.W_K", RASP_POS + 1, 1, 0);
    assert_true(rasp_exact(m, RASP_REVERSE) < 1);
    model_free(m);
}

static void the_interpreter_says_what_the_programs_mean(void **state)
{
    (void)state;
    const int tok[] = { 2, 0, 3, 0 };
    double out[RASP_OUTPUTS];
    rasp_interpret(RASP_HIST, 4, tok, 1, out);
    assert_true(out[2] == 1 && out[1] == 0);
    rasp_interpret(RASP_REVERSE, 4, tok, 1, out);
    assert_true(out[3] == 1 && out[0] == 0);
    rasp_interpret(RASP_FRAC_PREVS, 4, tok, 3, out);
    assert_near(out[0], 0.5, 1e-12);
    rasp_interpret(RASP_SORT_UNIQUE, 4, tok, 0, out);
    assert_true(out[0] == 1);
    rasp_interpret(RASP_SORT_UNIQUE, 4, tok, 1, out); /* both zeros are at 0 */
    for (int i = 0; i < RASP_OUTPUTS; i++) assert_true(out[i] == 0);
    rasp_interpret(RASP_SORT_UNIQUE, 4, tok, 2, out);
    assert_true(out[2] == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_program_is_right_on_every_sequence),
        cmocka_unit_test(no_program_passes_for_another),
        cmocka_unit_test(a_single_wrong_weight_is_seen),
        cmocka_unit_test(the_interpreter_says_what_the_programs_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
