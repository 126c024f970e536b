/* test_paths.c - paths add up where theory says so and nowhere else; a head that copies is
 * told from one that does not. */
#include "core/lens/paths.h"
#include "core/core.h"
#include "tests/check.h"

enum { V = 7, T = 9, B = 3 };

static Model *random_model(int layers, bool norms)
{
    ModelSpec s = { .vocab = V,
                    .ctx = T,
                    .layers = layers,
                    .heads = 2,
                    .width = 8,
                    .attention_only = true,
                    .no_layernorm = !norms,
                    .no_bias = true,
                    .init_sd = 0.6 };
    return model_new(s, rng_seed(3));
}

static Paths *paths_of(Model *m)
{
    int tok[B * T];
    for (int i = 0; i < B * T; i++) tok[i] = rng_below(rng_seed(4), (uint64_t)i, V);
    return paths_new(m, tok, B, T);
}

static void all_paths_add_up_to_the_logits_and_fewer_do_not(void **state)
{
    (void)state;
    for (int layers = 1; layers <= 2; layers++) {
        Model *m = random_model(layers, false);
        Paths *p = paths_of(m);
        assert_true(paths_error(p, PATHS) < 1e-5);
        assert_true(paths_error(p, layers > 1 ? PATH_BOTH : PATH_FIRST) > 1e-2);
        paths_free(p), model_free(m);
    }
}

static void a_layer_norm_breaks_the_sum(void **state)
{
    (void)state;
    Model *m = random_model(2, true);
    Paths *p = paths_of(m);
    assert_true(paths_error(p, PATHS) > 1e-2);
    paths_free(p), model_free(m);
}

static void a_class_at_its_mean_leaves_the_mean_of_the_logits(void **state)
{
    (void)state;
    Model *m = random_model(1, false);
    Paths *p = paths_of(m);
    real *y = alloc(B * T * V, sizeof *y);
    paths_without(p, PATH_SECOND, y);
    for (int i = 0; i < B * T * V; i++) assert_near((double)y[i], p->logits[i], 1e-6);
    paths_without(p, PATH_FIRST, y);
    double change = 0, moved = 0;
    for (int i = 0; i < B * T * V; i++) {
        change += (double)y[i] - p->logits[i];
        moved += fabs((double)y[i] - p->logits[i]);
    }
    assert_near(change, 0, 1e-4);
    assert_true(moved > 0.1);
    free(y), paths_free(p), model_free(m);
}

/* Embedding, value, output and unembedding are unit matrices, so the head copies; with one
 * sign turned one token is the least likely. */
static void a_wired_copier_copies_and_a_turned_sign_shows(void **state)
{
    (void)state;
    ModelSpec s = { .vocab = 4,
                    .ctx = T,
                    .layers = 1,
                    .heads = 1,
                    .width = 4,
                    .attention_only = true,
                    .no_layernorm = true,
                    .no_bias = true };
    Model *m = model_new(s, rng_seed(5));
    static const char *const name[] = { "embed.W_E", "blocks.0.attn.W_V",
                                        "blocks.0.attn.W_O", "unembed.W_U" };
    for (int w = 0; w < 4; w++)
        for (int i = 0; i < 16; i++) model_weight(m, name[w])->v[i] = i % 5 == 0;
    assert_near(paths_copied(m, 0, 0), 1, 0);
    model_weight(m, name[1])->v[5] = -1;
    assert_near(paths_copied(m, 0, 0), 0.75, 0);
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_paths_add_up_to_the_logits_and_fewer_do_not),
        cmocka_unit_test(a_layer_norm_breaks_the_sum),
        cmocka_unit_test(a_class_at_its_mean_leaves_the_mean_of_the_logits),
        cmocka_unit_test(a_wired_copier_copies_and_a_turned_sign_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
