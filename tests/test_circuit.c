/* test_circuit.c - the detectors on a hand-wired induction circuit, which they must find,
 * on the same with one part cut, and on random weights, where they must not; and the
 * identities that make attributions trustworthy. */
#include "tests/check.h"
#include "core/lens/circuit.h"
#include "core/net/hook.h"
#include "tests/wired.h"

enum { T = 8, WORDS = 11 };
static const int TOKENS[T] = { 3, 1, 4, 6, 2, 7, 5, 1 };

/* Scores of the one head of each layer: previous token of layer 0, prefix of layer 1. */
static void scores_of(Model *m, double *previous, double *prefix)
{
    Tape *t = tape_new();
    hook_keep(t, "blocks.0.pattern"), hook_keep(t, "blocks.1.pattern");
    model_logits(m, t, TOKENS, 1, T);
    circuit_previous_token(hook_value(t, "blocks.0.pattern"), previous);
    circuit_prefix_matching(hook_value(t, "blocks.1.pattern"), TOKENS, NULL, prefix);
    tape_free(t);
}

static void the_wired_circuit_scores_one_and_fails_with_a_part_cut(void **state)
{
    (void)state;
    double previous, prefix;
    Model *m = wired();
    scores_of(m, &previous, &prefix);
    assert_true(previous > 0.99);
    assert_true(prefix > 0.99);
    model_weight(m, "blocks.0.attn.W_V")->v[1 * WIDE + 1] = 0; /* the note of token 1 */
    scores_of(m, &previous, &prefix);
    assert_true(previous > 0.99);
    assert_true(prefix < 0.3);
    Tensor *k = model_weight(m, "blocks.0.attn.W_K"); /* layer 0 does not see positions */
    memset(k->v, 0, tensor_size(k) * sizeof(real));
    scores_of(m, &previous, &prefix);
    assert_true(previous < 0.5);
    model_free(m);
}

static void prefix_matching_counts_all_successors_and_only_where_asked(void **state)
{
    (void)state;
    real p[4 * 4] = { 0 };
    Tensor pattern = { .rank = 4, .n = { 1, 1, 4, 4 }, .v = p };
    int tok[] = { 5, 5, 9, 5 };
    p[1 * 4 + 1] = (real)0.25; /* from 1, after the 5 at 0 */
    p[3 * 4 + 1] = (real)0.5,
              p[3 * 4 + 2] = (real)0.125; /* from 3, after 0 and after 1 */
    p[3 * 4 + 0] = (real)0.375;
    double score;
    circuit_prefix_matching(&pattern, tok, NULL, &score);
    assert_near(score, (0.25 + 0.625) / 2, 1e-12);
    circuit_prefix_matching(&pattern, tok, (bool[]){ 0, 0, 1, 1 }, &score);
    assert_near(score, 0.625, 1e-12);
    assert_dies(circuit_prefix_matching(&pattern, (int[]){ 1, 2, 3, 4 }, NULL, &score),
                "no position whose token occurred before");
    circuit_previous_token(&pattern, &score);
    assert_near(score, 0.125 / 3, 1e-12);
}

/* Q, K and V composition of head 0 of layer 1 with head 0 of layer 0. */
static void compositions(Model *m, double score[3])
{
    int D = model_spec(m)->width;
    double *ov = alloc((size_t)(D * D), sizeof *ov),
           *w = alloc((size_t)(D * D), sizeof *w);
    circuit_ov(m, 0, 0, ov);
    circuit_qk(m, 1, 0, w);
    score[0] = circuit_composition(D, ov, w, false);
    score[1] = circuit_composition(D, ov, w, true);
    circuit_ov(m, 1, 0, w);
    score[2] = circuit_composition(D, ov, w, false);
    free(ov), free(w);
}

static void the_wired_heads_compose_through_keys_alone_and_random_ones_not(void **state)
{
    (void)state;
    double score[3], chance = 0, square = 0;
    Model *m = wired();
    compositions(m, score);
    for (int i = 0; i < 50; i++) {
        double s =
            circuit_composition_random(WIDE, V, rng_child(rng_seed(1), (uint64_t)i));
        chance += s / 50, square += s * s / 50;
    }
    assert_true((score[1] - chance) / sqrt(square - chance * chance) > 5);
    assert_true(score[0] < 1e-12 && score[2] < 1e-12);
    model_free(m);
    m = model_new((ModelSpec){ .vocab = V,
                               .ctx = T,
                               .layers = 2,
                               .heads = WIDE / V,
                               .head_width = V,
                               .width = WIDE },
                  rng_seed(2));
    compositions(m, score);
    for (int i = 0; i < 3; i++) assert_near(score[i], chance, 0.05);
    assert_dies(circuit_ov(m, 2, 0, score), "no head 2.0");
    model_free(m);
}

/* --- ways to the logits ------------------------------------------------------------------- */

static const double TINY = sizeof(real) == 8 ? 1e-12 : 2e-5;

static Model *random_model(bool tied, bool norm)
{
    Model *m = model_new((ModelSpec){ .vocab = WORDS,
                                      .ctx = T,
                                      .layers = 2,
                                      .heads = 2,
                                      .width = 16,
                                      .tied = tied,
                                      .no_layernorm = !norm,
                                      .init_sd = 0.3 },
                         rng_seed(3));
    for (int i = 0; i < model_params(m)->n; i++) { /* gains and biases that matter */
        Param *p = model_params(m)->p[i];
        for (size_t k = 0; p->t.rank == 1 && k < tensor_size(&p->t); k++)
            p->t.v[k] += (real)(0.1 * rng_normal(rng_named(rng_seed(4), p->name), k));
    }
    return m;
}

/* The attributions of all that was added to the stream, and a constant, are the logits. */
static void check_attributions(Model *m)
{
    static const char *const parts[] = { "embed", "blocks.0.attn_out", "blocks.0.mlp_out",
                                         "blocks.1.attn_out", "blocks.1.mlp_out" };
    Tape *t = tape_new();
    for (int i = 0; i < COUNT(parts); i++) hook_keep(t, parts[i]);
    hook_keep(t, "blocks.1.resid_post");
    int tok[T] = { 3, 1, 4, 6, 2, 7, 5, 10 };
    Tensor *logits = model_logits(m, t, tok, 1, T);
    const Tensor *resid = hook_value(t, "blocks.1.resid_post");
    double sum[T * WORDS] = { 0 }, constant[WORDS];
    for (int i = 0; i < COUNT(parts); i++) {
        Tensor *a = circuit_attribution(m, t, hook_value(t, parts[i]), resid);
        for (int j = 0; j < T * WORDS; j++) sum[j] += (double)a->v[j];
    }
    Tensor *whole = circuit_attribution(m, t, resid, resid);
    for (int v = 0; v < WORDS; v++)
        constant[v] = (double)logits->v[v] - (double)whole->v[v];
    for (int j = 0; j < T * WORDS; j++)
        assert_near(sum[j] + constant[j % WORDS], (double)logits->v[j], 10 * TINY);
    Tensor *lens = model_unembed(m, t, tape_input(t, resid->v, 3, resid->n));
    assert_memory_equal(lens->v, logits->v, tensor_size(lens) * sizeof(real));
    tape_free(t);
}

static void the_attributions_of_all_parts_are_the_logits(void **state)
{
    (void)state;
    for (int form = 0; form < 4; form++) {
        Model *m = random_model(form & 1, form & 2);
        check_attributions(m);
        model_free(m);
    }
}

static void what_the_heads_add_and_the_bias_are_the_attention_layer(void **state)
{
    (void)state;
    Model *m = random_model(false, true);
    Tape *t = tape_new();
    hook_keep(t, "blocks.1.z"), hook_keep(t, "blocks.1.attn_out");
    model_logits(m, t, TOKENS, 1, T);
    const Tensor *z = hook_value(t, "blocks.1.z"),
                 *b = model_weight(m, "blocks.1.attn.b_O");
    Tensor *h0 = circuit_head_out(m, t, z, 1, 0), *h1 = circuit_head_out(m, t, z, 1, 1);
    for (int i = 0; i < T * 16; i++)
        assert_near((double)h0->v[i] + (double)h1->v[i] + (double)b->v[i % 16],
                    (double)hook_value(t, "blocks.1.attn_out")->v[i], TINY);
    assert_dies(circuit_head_out(m, t, h0, 1, 2), "no head 1.2");
    tape_free(t);
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wired_circuit_scores_one_and_fails_with_a_part_cut),
        cmocka_unit_test(prefix_matching_counts_all_successors_and_only_where_asked),
        cmocka_unit_test(the_wired_heads_compose_through_keys_alone_and_random_ones_not),
        cmocka_unit_test(the_attributions_of_all_parts_are_the_logits),
        cmocka_unit_test(what_the_heads_add_and_the_bias_are_the_attention_layer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
