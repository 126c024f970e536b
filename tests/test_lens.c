/* test_lens.c - a lens that nobody trained is the logit lens, at the end it is the model,
 * and training brings a reading nearer to what it is trained on. */
#include "tests/check.h"
#include "core/core.h"

enum { L = 3, D = 16, V = 19, T = 6, B = 4, SIZE = B * T * V };

static Model *small(void)
{
    ModelSpec spec = {
        .vocab = V, .ctx = T, .layers = L, .heads = 2, .width = D, .init_sd = 0.3
    };
    return model_new(spec, rng_seed(1));
}

static void run_on(Model *m, Tape *t)
{
    int tok[B * T];
    for (int i = 0; i < B * T; i++) tok[i] = rng_below(rng_seed(2), (uint64_t)i, V);
    lens_keep(t, L);
    hook_keep(t, "logits");
    model_logits(m, t, tok, B, T);
}

static void an_untrained_lens_is_the_logit_lens(void **state)
{
    (void)state;
    Model *m = small();
    Params lens = lens_new(L, D);
    Tape *t = tape_new();
    run_on(m, t);
    for (int l = 0; l <= L; l++) {
        Tensor *x = lens_stream(t, l, L), *plain = lens_read(m, t, NULL, l, x);
        assert_memory_equal(lens_read(m, t, &lens, l, x)->v, plain->v,
                            SIZE * sizeof(real));
        bool end = !memcmp(plain->v, hook_value(t, "logits")->v, SIZE * sizeof(real));
        assert_true(end == (l == L));
    }
    tape_free(t), params_free(&lens), model_free(m);
}

/* The cross-entropy from the model's own predictions to the reading after l layers. */
static double distance(Model *m, Tape *t, const Params *lens, int l)
{
    Tensor *law = op_softmax(t, (Tensor *)hook_value(t, "logits"));
    return (double)op_xent_soft(t, lens_read(m, t, lens, l, lens_stream(t, l, L)), law)
        ->v[0];
}

static void training_brings_every_reading_nearer(void **state)
{
    (void)state;
    Model *m = small();
    Params lens = lens_new(L, D);
    Optim *o = optim_new((OptimSpec){ .lr = 1e-2 }, &lens);
    Tape *t = tape_new();
    tape_pause(t);
    run_on(m, t);
    double before[L], end = distance(m, t, &lens, L);
    for (int l = 0; l < L; l++) before[l] = distance(m, t, &lens, l);
    Tensor *law = op_softmax(t, (Tensor *)hook_value(t, "logits"));
    for (int step = 0; step < 50; step++) {
        lens_gradients(m, &lens, t, law);
        optim_step(o);
    }
    for (int l = 0; l < L; l++) {
        double after = distance(m, t, &lens, l);
        assert_true(after - end < 0.5 * (before[l] - end));
        assert_true(after > end - 1e-6); /* the entropy of the law is the least */
    }
    tape_free(t), optim_free(o), params_free(&lens), model_free(m);
}

static void a_knee_is_found_where_it_was_put(void **state)
{
    (void)state;
    double x[9], y[9];
    for (int bend = 1; bend < 8; bend++) {
        for (int i = 0; i < 9; i++)
            x[i] = 2 * i, y[i] = 5 - x[i] + 3 * fmax(0, x[i] - 2 * bend);
        assert_near(lens_knee(9, x, y), 2 * bend, 1e-12);
    }
    assert_dies(lens_knee(2, x, y), "a knee in 2 points");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_untrained_lens_is_the_logit_lens),
        cmocka_unit_test(training_brings_every_reading_nearer),
        cmocka_unit_test(a_knee_is_found_where_it_was_put),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
