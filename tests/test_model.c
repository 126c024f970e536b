/* test_model.c - the transformer as its parts: a plain loop computes the same logits, a
 * hand-wired induction circuit is found and loses its ability when one weight is zeroed,
 * hooks reach every name, training is deterministic and goes on after a kill. */
#include "tests/check.h"
#include "core/core.h"
#include "core/net/checkpoint.h"
#include "core/net/hook.h"
#include "core/net/model.h"
#include "tests/wired.h"

static const ModelSpec SMALL = {
    .vocab = 11, .ctx = 9, .layers = 2, .heads = 2, .width = 16
};

static void some_tokens(int *tok, int n, int vocab, uint64_t seed)
{
    for (int i = 0; i < n; i++) tok[i] = rng_below(rng_seed(seed), (uint64_t)i, vocab);
}

/* --- a second implementation, in plain double loops -------------------------------- */

static double w2(Model *m, const char *name, int i, int j)
{
    Tensor *w = model_weight(m, name);
    return (double)w->v[i * w->n[1] + j];
}

static double w1(Model *m, const char *name, int i)
{
    return (double)model_weight(m, name)->v[i];
}

static void plain_norm(Model *m, const char *w, const char *b, int D, const double *x,
                       double *y)
{
    double mean = 0, square = 0;
    for (int i = 0; i < D; i++) mean += x[i] / D;
    for (int i = 0; i < D; i++) square += (x[i] - mean) * (x[i] - mean) / D;
    for (int i = 0; i < D; i++)
        y[i] = (x[i] - mean) / sqrt(square + 1e-5) * w1(m, w, i) + w1(m, b, i);
}

/* y (F) := x (D) W + b */
static void plain_linear(Model *m, const char *w, const char *b, const double *x,
                         double *y)
{
    Tensor *t = model_weight(m, w);
    for (int j = 0; j < t->n[1]; j++) {
        y[j] = w1(m, b, j);
        for (int i = 0; i < t->n[0]; i++) y[j] += x[i] * w2(m, w, i, j);
    }
}

static double plain_gelu(double x)
{
    return 0.5 * x * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)));
}

static void plain_block(Model *m, int l, int T, int D, int H, double x[][16])
{
    int K = D / H;
    double q[9][16], k[9][16], v[9][16], z[9][16], y[64], h[64];
    char n[16][64];
    static const char *const part[] = {
        "ln1.w",    "ln1.b",    "attn.W_Q",  "attn.b_Q", "attn.W_K", "attn.b_K",
        "attn.W_V", "attn.b_V", "attn.W_O",  "attn.b_O", "ln2.w",    "ln2.b",
        "mlp.W_in", "mlp.b_in", "mlp.W_out", "mlp.b_out"
    };
    for (int i = 0; i < 16; i++) snprintf(n[i], 64, "blocks.%d.%s", l, part[i]);
    for (int t = 0; t < T; t++) {
        plain_norm(m, n[0], n[1], D, x[t], y);
        plain_linear(m, n[2], n[3], y, q[t]);
        plain_linear(m, n[4], n[5], y, k[t]);
        plain_linear(m, n[6], n[7], y, v[t]);
    }
    for (int t = 0; t < T; t++)
        for (int a = 0; a < H; a++) {
            double p[9], sum = 0;
            for (int j = 0; j <= t; j++) {
                p[j] = 0;
                for (int i = a * K; i < (a + 1) * K; i++) p[j] += q[t][i] * k[j][i];
                sum += p[j] = exp(p[j] / sqrt(K));
            }
            for (int i = a * K; i < (a + 1) * K; i++) {
                z[t][i] = 0;
                for (int j = 0; j <= t; j++) z[t][i] += p[j] / sum * v[j][i];
            }
        }
    for (int t = 0; t < T; t++) {
        plain_linear(m, n[8], n[9], z[t], y);
        for (int i = 0; i < D; i++) x[t][i] += y[i];
        plain_norm(m, n[10], n[11], D, x[t], y);
        plain_linear(m, n[12], n[13], y, h);
        for (int i = 0; i < 4 * D; i++) h[i] = plain_gelu(h[i]);
        plain_linear(m, n[14], n[15], h, y);
        for (int i = 0; i < D; i++) x[t][i] += y[i];
    }
}

static void plain_loops_compute_the_same_logits(void **state)
{
    (void)state;
    enum { T = 9, D = 16 };
    ModelSpec spec = SMALL;
    spec.init_sd = 0.3;
    Model *m = model_new(spec, rng_seed(4));
    int tok[T];
    some_tokens(tok, T, SMALL.vocab, 7);
    double x[T][D], y[D], logits[11];
    for (int t = 0; t < T; t++)
        for (int i = 0; i < D; i++)
            x[t][i] = w2(m, "embed.W_E", tok[t], i) + w2(m, "pos.W_pos", t, i);
    plain_block(m, 0, T, D, 2, x);
    plain_block(m, 1, T, D, 2, x);
    Tape *tape = tape_new();
    Tensor *got = model_logits(m, tape, tok, 1, T),
           *last = model_last_logits(m, tape, tok, 1, T);
    for (int t = 0; t < T; t++) {
        plain_norm(m, "ln_final.w", "ln_final.b", D, x[t], y);
        plain_linear(m, "unembed.W_U", "unembed.b_U", y, logits);
        for (int v = 0; v < 11; v++)
            assert_near((double)got->v[t * 11 + v], logits[v],
                        sizeof(real) == 8 ? 1e-12 : 3e-5);
    }
    for (int v = 0; v < 11; v++)
        assert_near((double)last->v[v], (double)got->v[(T - 1) * 11 + v], 1e-5);
    tape_free(tape);
    model_free(m);
}

/* --- an induction circuit, wired by hand ------------------------------------------- */

/* What the model predicts after 3 1 4 1 .. : after the second 1, the 4. */
static int predicted(Model *m)
{
    int tok[CTX] = { 3, 1, 4, 6, 2, 7, 5, 1 }, best = 0;
    Tape *t = tape_new();
    Tensor *y = model_logits(m, t, tok, 1, 8);
    for (int v = 0; v < V; v++)
        if (y->v[7 * V + v] > y->v[7 * V + best]) best = v;
    double top = (double)y->v[7 * V + best];
    tape_free(t);
    return top > 0.5 ? best : -1;
}

static void
a_hand_wired_induction_circuit_works_and_one_zeroed_weight_breaks_it(void **state)
{
    (void)state;
    Model *m = wired();
    assert_int_equal(predicted(m), 4);
    model_weight(m, "blocks.0.attn.W_V")->v[1 * WIDE + 1] =
        0; /* token 1 leaves no note */
    assert_int_not_equal(predicted(m), 4);
    model_free(m);
}

static void ablations_and_patches_act_where_they_are_asked_to(void **state)
{
    (void)state;
    Model *m = wired();
    int tok[] = { 3, 1, 4, 6, 2, 7, 5, 1 };
    Tape *t = tape_new();
    hook_keep(t, "blocks.1.pattern");
    hook_keep(t, "blocks.0.z");
    Tensor *clean = model_logits(m, t, tok, 1, 8);
    assert_true((double)hook_value(t, "blocks.1.pattern")->v[7 * 8 + 2] > 0.99);
    double logit = (double)clean->v[7 * V + 4];
    real z[8 * WIDE];
    memcpy(z, hook_value(t, "blocks.0.z")->v, sizeof z);
    tape_reset(t);

    hook_zero_head(t, "blocks.0.z", 0, WIDE);
    Tensor *cut = model_logits(m, t, tok, 1, 8);
    assert_true((double)cut->v[7 * V + 4] < 0.5 * logit);
    tape_reset(t);

    int other[] = { 3, 5, 4, 6, 2, 7, 5, 1 }; /* nothing follows a 1 */
    Tensor keep = { .rank = 3, .n = { 1, 8, WIDE }, .v = z };
    Tensor *without = model_logits(m, t, other, 1, 8);
    assert_true((double)without->v[7 * V + 4] < 0.5);
    hook_patch(t, "blocks.0.z", &keep, 2);
    Tensor *patched = model_logits(m, t, other, 1, 8);
    assert_near((double)patched->v[7 * V + 4], logit, 1e-3);
    tape_free(t);
    model_free(m);
}

static void a_hook_that_never_fires_dies(void **state)
{
    (void)state;
    Model *m = model_new(SMALL, rng_seed(1));
    Tape *t = tape_new();
    hook_keep(t, "blocks.7.z");
    int tok[] = { 1, 2 };
    Tensor *y = model_logits(m, t, tok, 1, 2);
    assert_dies(tape_reset(t), "blocks.7.z\" has not fired");
    hook_point(t, "blocks.7.z", y);
    tape_free(t);
    model_free(m);
}

static Tensor *count_points(Tape *t, Tensor *x, void *ctx)
{
    (void)t, (void)x;
    ++*(int *)ctx;
    return NULL;
}

static void every_named_value_passes_a_hook_point(void **state)
{
    (void)state;
    static const char *const names[] = { "embed",
                                         "blocks.*.resid_pre",
                                         "blocks.*.q",
                                         "blocks.*.k",
                                         "blocks.*.v",
                                         "blocks.*.pattern",
                                         "blocks.*.z",
                                         "blocks.*.attn_out",
                                         "blocks.*.resid_mid",
                                         "blocks.*.mlp_pre",
                                         "blocks.*.mlp_post",
                                         "blocks.*.mlp_out",
                                         "blocks.*.resid_post",
                                         "resid_final",
                                         "logits" };
    Model *m = model_new(SMALL, rng_seed(1));
    Tape *t = tape_new();
    int tok[] = { 1, 2, 3 };
    for (int i = 0; i < COUNT(names); i++) {
        int fired = 0;
        hook_add(t, names[i], count_points, &fired);
        model_logits(m, t, tok, 1, 3);
        tape_reset(t);
        assert_int_equal(fired, strchr(names[i], '*') ? 2 : 1);
    }
    tape_free(t);
    model_free(m);
}

/* --- training ---------------------------------------------------------------------- */

static double train(Model *m, Optim *o, int steps)
{
    Tape *t = tape_new();
    double loss = 0;
    for (int s = optim_count(o); s < steps; s++) {
        int tok[4 * 9];
        some_tokens(tok, 36, SMALL.vocab, 100 + (uint64_t)s);
        for (int b = 0; b < 4; b++) /* every token twice: there is something to learn */
            for (int i = 1; i < 9; i += 2) tok[b * 9 + i] = tok[b * 9 + i - 1];
        int target[36];
        for (int i = 0; i < 36; i++) target[i] = i % 9 < 8 ? tok[i + 1] : -1;
        Tensor *l = op_xent(t, model_logits(m, t, tok, 4, 9), target);
        loss = (double)l->v[0];
        tape_backward(t, l);
        optim_step(o);
        tape_reset(t);
    }
    tape_free(t);
    return loss;
}

static const OptimSpec ADAM = { .lr = 1e-2,
                                .weight_decay = 0.01,
                                .clip = 1,
                                .warmup = 5,
                                .decay = DECAY_COSINE,
                                .steps = 60,
                                .floor = 0.1 };

static void
training_interrupted_and_resumed_has_the_bits_of_the_uninterrupted(void **state)
{
    (void)state;
    char *folder = check_folder(), *path = check_path(folder, "train.safetensors");
    Model *a = model_new(SMALL, rng_seed(2)), *b = model_new(SMALL, rng_seed(2)),
          *c = model_new(SMALL, rng_seed(3));
    Optim *oa = optim_new(ADAM, model_params(a)), *ob = optim_new(ADAM, model_params(b)),
          *oc = optim_new(ADAM, model_params(c));
    double first = train(a, oa, 1), last = train(a, oa, 60);
    assert_true(last < 0.9 * first);
    train(b, ob, 23);
    assert_true(checkpoint_save(path, "tag", model_params(b), ob));
    assert_false(checkpoint_load(path, "another tag", model_params(c), oc));
    assert_true(checkpoint_load(path, "tag", model_params(c), oc));
    assert_int_equal(optim_count(oc), 23);
    train(c, oc, 60);
    for (int i = 0; i < model_params(a)->n; i++) {
        const Tensor *x = &model_params(a)->p[i]->t, *y = &model_params(c)->p[i]->t;
        assert_memory_equal(x->v, y->v, tensor_size(x) * sizeof(real));
    }
    optim_free(oa), optim_free(ob), optim_free(oc);
    model_free(a), model_free(b), model_free(c);
    folder_remove(folder);
    free(path), free(folder);
}

/* Each has weights or a path of its own. */
static void every_part_that_a_spec_can_choose_learns(void **state)
{
    (void)state;
    static const ModelSpec parts[] = {
        { .positions = POS_ROTARY },    { .positions = POS_NONE, .act = ACT_RELU },
        { .keys = KEYS_SMEARED_HALF },  { .keys = KEYS_SMEARED_LEARNED },
        { .attention_only = true },     { .no_layernorm = true, .no_bias = true },
        { .tied = true, .hidden = 24 }, { .uniform_attention = true },
        { .bidirectional = true },      { .head_width = 5, .outputs = 11 },
    };
    for (int i = 0; i < COUNT(parts); i++) {
        ModelSpec s = parts[i];
        s.vocab = 11, s.ctx = 9, s.layers = 2, s.heads = 2, s.width = 16;
        Model *m = model_new(s, rng_seed(2));
        Params *p = model_params(m);
        real *first = alloc((size_t)p->n, sizeof *first);
        for (int k = 0; k < p->n; k++)
            first[k] = p->p[k]->t.v[tensor_size(&p->p[k]->t) - 1];
        Optim *o = optim_new(ADAM, p);
        double before = train(m, o, 1), after = train(m, o, 60);
        if (!(after < 0.95 * before)) fail_msg("spec %d: %g, then %g", i, before, after);
        for (int k = 0; k < p->n; k++)
            if (p->p[k]->t.v[tensor_size(&p->p[k]->t) - 1] == first[k] &&
                !(s.uniform_attention && strpbrk(p->p[k]->name, "QK")))
                fail_msg("spec %d: \"%s\" has not moved", i, p->p[k]->name);
        free(first), optim_free(o), model_free(m);
    }
}

/* Pages of this process that are in memory. */
static long resident(void)
{
    long all = 0, here = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%ld %ld", &all, &here), 2);
    fclose(f);
    return here;
}

static void the_memory_of_a_training_loop_does_not_grow(void **state)
{
    (void)state;
    ModelSpec s = SMALL;
    s.width = 64;
    Model *m = model_new(s, rng_seed(2));
    Optim *o = optim_new(ADAM, model_params(m));
    int tok[16 * 9], target[16 * 9];
    some_tokens(tok, 144, 11, 1), some_tokens(target, 144, 11, 2);
    Tape *t = tape_new();
    size_t bytes = 0;
    long pages = 0;
    for (int step = 0; step < 100; step++) {
        tape_backward(t, op_xent(t, model_logits(m, t, tok, 16, 9), target));
        optim_step(o);
        tape_reset(t);
        if (step == 1) bytes = tape_bytes(t), pages = resident();
    }
    assert_int_equal(tape_bytes(t), bytes);
    assert_in_range(resident() - pages + 1000, 0, 1000 + 64); /* of 678 a step */
    tape_free(t), optim_free(o);
    model_free(m);
}

static void the_first_value_that_is_not_finite_dies_by_name_and_step(void **state)
{
    (void)state;
    Model *m = model_new(SMALL, rng_seed(2));
    Optim *o = optim_new(ADAM, model_params(m));
    train(m, o, 3);
    model_weight(m, "blocks.1.mlp.W_in")->v[5] = INFINITY;
    check_leaks_allowed(true);
    assert_dies(train(m, o, 4), "is not finite at step 3");
    check_leaks_allowed(false);
    optim_free(o);
    model_free(m);
}

static void layers_run_in_the_order_that_is_asked_for(void **state)
{
    (void)state;
    Model *m = model_new(SMALL, rng_seed(2));
    int tok[] = { 1, 2, 3 };
    Tape *t = tape_new();
    Tensor *plain = model_logits(m, t, tok, 1, 3);
    model_order(m, (int[]){ 0, 1 }, 2);
    Tensor *same = model_logits(m, t, tok, 1, 3);
    model_order(m, (int[]){ 1, 0 }, 2);
    Tensor *swapped = model_logits(m, t, tok, 1, 3);
    assert_memory_equal(plain->v, same->v, tensor_size(plain) * sizeof(real));
    assert_memory_not_equal(plain->v, swapped->v, tensor_size(plain) * sizeof(real));
    tape_free(t);
    model_free(m);
}

static void a_learnt_smear_starts_as_the_half_one_and_learns(void **state)
{
    (void)state;
    int tok[2 * 9];
    some_tokens(tok, COUNT(tok), 11, 21);
    Tape *t = tape_new();
    Tensor *y[2];
    Model *m[2];
    for (int i = 0; i < 2; i++) {
        ModelSpec s = SMALL;
        s.keys = i ? KEYS_SMEARED_LEARNED : KEYS_SMEARED_HALF;
        m[i] = model_new(s, rng_seed(22));
        y[i] = model_logits(m[i], t, tok, 2, 9);
    }
    for (int i = 0; i < 2 * 9 * 11; i++)
        assert_near((double)y[1]->v[i], (double)y[0]->v[i], 1e-6);
    tape_backward(t, op_xent(t, y[1], tok));
    Tensor *smear = model_weight(m[1], "blocks.0.attn.smear");
    assert_true(smear->got && smear->g[0] != 0);
    tape_free(t), model_free(m[0]), model_free(m[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_loops_compute_the_same_logits),
        cmocka_unit_test(
            a_hand_wired_induction_circuit_works_and_one_zeroed_weight_breaks_it),
        cmocka_unit_test(ablations_and_patches_act_where_they_are_asked_to),
        cmocka_unit_test(a_hook_that_never_fires_dies),
        cmocka_unit_test(every_named_value_passes_a_hook_point),
        cmocka_unit_test(
            training_interrupted_and_resumed_has_the_bits_of_the_uninterrupted),
        cmocka_unit_test(every_part_that_a_spec_can_choose_learns),
        cmocka_unit_test(the_memory_of_a_training_loop_does_not_grow),
        cmocka_unit_test(the_first_value_that_is_not_finite_dies_by_name_and_step),
        cmocka_unit_test(layers_run_in_the_order_that_is_asked_for),
        cmocka_unit_test(a_learnt_smear_starts_as_the_half_one_and_learns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
