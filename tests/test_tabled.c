/* test_tabled.c - the fast way gives the model's own logits and gradients. */
#include "core/net/tabled.h"
#include "tests/check.h"

enum { V = 6, T = 3, B = 9, OUT = 5 };
static const ModelSpec SPEC = { V,
                                T,
                                1,
                                2,
                                8,
                                .outputs = OUT,
                                .no_layernorm = true,
                                .no_bias = true,
                                .act = ACT_RELU,
                                .init_sd = 0.5 };

static void draw(int tok[B * T], int target[B])
{
    for (int i = 0; i < B * T; i++) tok[i] = rng_below(rng_seed(4), (uint64_t)i, V);
    for (int b = 0; b < B; b++) target[b] = b % OUT;
}

static void logits_and_gradients_are_those_of_the_model(void **state)
{
    (void)state;
    int tok[B * T], target[B];
    draw(tok, target);
    Model *m[2] = { model_new(SPEC, rng_seed(1)), model_new(SPEC, rng_seed(1)) };
    Tape *t = tape_new();
    Tensor *plain = model_last_logits(m[0], t, tok, B, T),
           *fast = tabled_logits(m[1], t, tok, B, T);
    double tiny = sizeof(real) == 8 ? 1e-12 : 1e-5, largest = 0;
    for (int i = 0; i < B * OUT; i++) {
        assert_near((double)fast->v[i], (double)plain->v[i], tiny);
        largest = fmax(largest, fabs((double)plain->v[i]));
    }
    assert_true(largest > 0.1);
    tape_backward(t, op_xent(t, plain, target));
    tape_backward(t, op_xent(t, fast, target));
    for (int p = 0; p < model_params(m[0])->n; p++) {
        const Tensor *a = &model_params(m[0])->p[p]->t, *b = &model_params(m[1])->p[p]->t;
        double square = 0;
        for (size_t i = 0; i < tensor_size(a); i++) {
            assert_near((double)b->g[i], (double)a->g[i], tiny);
            square += (double)a->g[i] * (double)a->g[i];
        }
        assert_true(square > 0);
    }
    tape_free(t);
    model_free(m[0]), model_free(m[1]);
}

static void another_token_gives_other_logits(void **state)
{
    (void)state;
    int tok[B * T], target[B];
    draw(tok, target);
    Model *m = model_new(SPEC, rng_seed(1));
    Tape *t = tape_new();
    Tensor *before = tabled_logits(m, t, tok, B, T);
    tok[0] = (tok[0] + 1) % V;
    Tensor *after = tabled_logits(m, t, tok, B, T);
    assert_true(after->v[0] != before->v[0]);
    for (int i = OUT; i < B * OUT; i++) assert_true(after->v[i] == before->v[i]);
    tape_free(t), model_free(m);
}

/* Each has one thing that the table knows nothing of. */
static void every_other_model_is_refused(void **state)
{
    (void)state;
    int tok[B * T], target[B];
    draw(tok, target);
    ModelSpec other[9];
    for (int i = 0; i < COUNT(other); i++) other[i] = SPEC;
    other[0].layers = 2;
    other[1].no_layernorm = false;
    other[2].no_bias = false;
    other[3].attention_only = true;
    other[4].tied = true, other[4].outputs = V;
    other[5].bidirectional = true;
    other[6].uniform_attention = true;
    other[7].positions = POS_ROTARY;
    other[8].keys = KEYS_SMEARED_LEARNED;
    for (int i = 0; i < COUNT(other); i++) {
        Model *m = model_new(other[i], rng_seed(1));
        Tape *t = tape_new();
        assert_dies(tabled_logits(m, t, tok, B, T),
                    "a table cannot stand for this model");
        tape_free(t), model_free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logits_and_gradients_are_those_of_the_model),
        cmocka_unit_test(another_token_gives_other_logits),
        cmocka_unit_test(every_other_model_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
