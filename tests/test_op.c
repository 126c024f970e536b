/* test_op.c - the gradient of every op against central differences, one record an op.
 *
 * Each record builds a small graph from up to four inputs and reduces it to a number by a
 * fixed random weighting, so that no symmetry hides a wrong factor. Differences need
 * double precision; the single-precision build checks the same records loosely. A planted
 * error of one per cent must be found, or the tolerance would be worth nothing. */
#include "tests/check.h"
#include "core/core.h"
#include "core/net/op.h"

enum { MOST = 4 };

typedef struct {
    const char *op, *what;
    Tensor *(*build)(Tape *, Tensor **in);
    struct {
        int rank, n[4];
    } in[MOST]; /* rank 0: no more */
    bool positive;
} Record;

static const int IDS[] = { 2, 0, 4, 2, 1, 3 };
static const int TARGETS[] = { 1, -1, 0, 3 };

static Tensor *linear_gelu(Tape *t, Tensor **x)
{
    return op_linear(t, x[0], x[1], x[2], ACT_GELU);
}
static Tensor *linear_relu(Tape *t, Tensor **x)
{
    return op_linear(t, x[0], x[1], NULL, ACT_RELU);
}
static Tensor *linear_t(Tape *t, Tensor **x)
{
    return op_linear_t(t, x[0], x[1], x[2], ACT_TANH);
}
static Tensor *add(Tape *t, Tensor **x) { return op_add(t, x[0], x[1]); }
static Tensor *sub(Tape *t, Tensor **x) { return op_sub(t, x[0], x[1]); }
static Tensor *mul(Tape *t, Tensor **x) { return op_mul(t, x[0], x[1]); }
static Tensor *square(Tape *t, Tensor **x) { return op_mul(t, x[0], x[0]); }
static Tensor *scale(Tape *t, Tensor **x) { return op_scale(t, x[0], -1.7); }
static Tensor *gelu(Tape *t, Tensor **x) { return op_act(t, x[0], ACT_GELU); }
static Tensor *sigmoid(Tape *t, Tensor **x) { return op_act(t, x[0], ACT_SIGMOID); }
static Tensor *tanh_twice(Tape *t, Tensor **x)
{
    Tensor *y = op_act(t, x[0], ACT_TANH);
    return op_add(t, y, op_act(t, x[0], ACT_TANH));
}
static Tensor *embedding(Tape *t, Tensor **x) { return op_embedding(t, x[0], IDS, 2, 3); }
static Tensor *layernorm(Tape *t, Tensor **x)
{
    return op_layernorm(t, x[0], x[1], x[2], 1e-5);
}
static Tensor *layernorm_bare(Tape *t, Tensor **x)
{
    return op_layernorm(t, x[0], NULL, NULL, 1e-2);
}
static Tensor *softmax(Tape *t, Tensor **x) { return op_softmax(t, x[0]); }
static Tensor *topk(Tape *t, Tensor **x) { return op_topk(t, x[0], 2); }
static Tensor *columns(Tape *t, Tensor **x) { return op_columns(t, x[0], 1, 2); }
static Tensor *join(Tape *t, Tensor **x) { return op_join(t, 3, x); }
static Tensor *position(Tape *t, Tensor **x) { return op_position(t, x[0], 1); }
static Tensor *shift(Tape *t, Tensor **x) { return op_shift(t, x[0]); }
static Tensor *reshape(Tape *t, Tensor **x)
{
    return op_reshape(t, x[0], 2, (int[]){ 6, 2 });
}
static Tensor *causal(Tape *t, Tensor **x)
{
    return op_attention(t, x[0], x[1], x[2], &(AttnSpec){ .heads = 2 });
}
static Tensor *both_ways(Tape *t, Tensor **x)
{
    return op_attention(t, x[0], x[1], x[2],
                        &(AttnSpec){ .heads = 1, .bidirectional = true });
}
static Tensor *rotary(Tape *t, Tensor **x)
{
    return op_attention(t, x[0], x[1], x[2],
                        &(AttnSpec){ .heads = 2, .rotary = true, .scale = 0.9 });
}
static Tensor *all_ones(Tape *t, Tensor **x)
{
    return op_attention(t, x[0], x[1], x[2], &(AttnSpec){ .heads = 2, .uniform = true });
}
static Tensor *self(Tape *t, Tensor **x)
{
    return op_attention(t, x[0], x[0], x[0], &(AttnSpec){ .heads = 2 });
}
static Tensor *conv(Tape *t, Tensor **x)
{
    return op_conv(t, x[0], x[1], x[2], 3, 1, 1, ACT_TANH);
}
static Tensor *conv_stride(Tape *t, Tensor **x)
{
    return op_conv(t, x[0], x[1], NULL, 2, 2, 0, ACT_NONE);
}
static Tensor *pool(Tape *t, Tensor **x) { return op_pool(t, x[0], 2); }
static Tensor *xent(Tape *t, Tensor **x) { return op_xent(t, x[0], TARGETS); }
static Tensor *xent_soft(Tape *t, Tensor **x)
{
    real p[8] = { .1, .2, .3, .4, 0, 0, 1, 0 };
    return op_xent_soft(t, x[0], tape_input(t, p, 2, (int[]){ 2, 4 }));
}
static Tensor *square_error(Tape *t, Tensor **x)
{
    real target[6] = { 1, -2, .5, 0, 3, 1 }, weight[3] = { 1, .5, 2 };
    return op_square_error(t, x[0], tape_input(t, target, 2, (int[]){ 2, 3 }), weight);
}
static Tensor *sum_abs(Tape *t, Tensor **x) { return op_sum_abs(t, x[0]); }
static Tensor *total(Tape *t, Tensor **x) { return op_total(t, op_mul(t, x[0], x[0])); }

static const Record RECORDS[] = {
    { "linear",
      "GELU and bias",
      linear_gelu,
      { { 3, { 2, 3, 5 } }, { 2, { 5, 4 } }, { 1, { 4 } } } },
    { "linear", "ReLU", linear_relu, { { 2, { 3, 5 } }, { 2, { 5, 4 } } } },
    { "linear_t",
      "tanh and bias",
      linear_t,
      { { 2, { 3, 5 } }, { 2, { 4, 5 } }, { 1, { 4 } } } },
    { "add", "one shape", add, { { 2, { 3, 4 } }, { 2, { 3, 4 } } } },
    { "add", "rows repeat", add, { { 3, { 2, 3, 4 } }, { 2, { 3, 4 } } } },
    { "sub", "a row repeats", sub, { { 3, { 2, 3, 4 } }, { 1, { 4 } } } },
    { "mul", "a row repeats", mul, { { 3, { 2, 3, 4 } }, { 1, { 4 } } } },
    { "mul", "a number repeats", mul, { { 2, { 3, 4 } }, { 1, { 1 } } } },
    { "mul", "with itself", square, { { 2, { 3, 4 } } } },
    { "scale", "", scale, { { 2, { 3, 4 } } } },
    { "act", "GELU", gelu, { { 2, { 3, 4 } } } },
    { "act", "sigmoid", sigmoid, { { 2, { 3, 4 } } } },
    { "act", "tanh, twice from one input", tanh_twice, { { 2, { 3, 4 } } } },
    { "embedding", "a token twice", embedding, { { 2, { 5, 3 } } } },
    { "layernorm",
      "gain and bias",
      layernorm,
      { { 2, { 3, 6 } }, { 1, { 6 } }, { 1, { 6 } } } },
    { "layernorm", "bare", layernorm_bare, { { 2, { 3, 6 } } } },
    { "softmax", "", softmax, { { 2, { 3, 5 } } } },
    { "topk", "", topk, { { 2, { 3, 5 } } } },
    { "columns", "", columns, { { 2, { 3, 5 } } } },
    { "join", "of three", join, { { 2, { 3, 2 } }, { 2, { 3, 4 } }, { 2, { 3, 1 } } } },
    { "position", "", position, { { 3, { 2, 3, 4 } } } },
    { "shift", "", shift, { { 3, { 2, 3, 4 } } } },
    { "reshape", "", reshape, { { 3, { 2, 3, 2 } } } },
    { "attention",
      "causal",
      causal,
      { { 3, { 2, 7, 6 } }, { 3, { 2, 7, 6 } }, { 3, { 2, 7, 6 } } } },
    { "attention",
      "both ways",
      both_ways,
      { { 3, { 2, 5, 3 } }, { 3, { 2, 5, 3 } }, { 3, { 2, 5, 3 } } } },
    { "attention",
      "rotary",
      rotary,
      { { 3, { 1, 9, 8 } }, { 3, { 1, 9, 8 } }, { 3, { 1, 9, 8 } } } },
    { "attention",
      "all ones",
      all_ones,
      { { 3, { 1, 5, 4 } }, { 3, { 1, 5, 4 } }, { 3, { 1, 5, 4 } } } },
    { "attention", "one input thrice", self, { { 3, { 1, 6, 4 } } } },
    { "conv",
      "padded, tanh and bias",
      conv,
      { { 4, { 2, 2, 4, 4 } }, { 2, { 18, 3 } }, { 1, { 3 } } } },
    { "conv", "strided", conv_stride, { { 4, { 1, 2, 4, 4 } }, { 2, { 8, 3 } } } },
    { "pool", "", pool, { { 4, { 1, 2, 4, 4 } } } },
    { "xent", "a row unscored", xent, { { 2, { 4, 5 } } } },
    { "xent_soft", "", xent_soft, { { 2, { 2, 4 } } } },
    { "square_error", "weighted", square_error, { { 2, { 2, 3 } } } },
    { "sum_abs", "", sum_abs, { { 2, { 2, 3 } } } },
    { "total", "", total, { { 2, { 2, 3 } } } },
};

/* --- the differences --------------------------------------------------------------- */

static const double STEP = sizeof(real) == 8 ? 1e-5 : 1e-2;
static const double TOLERANCE = sizeof(real) == 8 ? 1e-7 : 2e-2;

typedef struct {
    Params params;
    Tensor *in[MOST];
    int n;
} Inputs;

static Inputs inputs_of(const Record *r)
{
    Inputs all = { 0 };
    for (; all.n < MOST && r->in[all.n].rank; all.n++) {
        char name[16];
        snprintf(name, sizeof name, "x%d", all.n);
        all.in[all.n] =
            params_add(&all.params, name, false, r->in[all.n].rank, r->in[all.n].n);
        params_normal(all.in[all.n], rng_named(rng_seed(5), name), 1);
    }
    return all;
}

/* The op's result, weighted: sum of w_i y_i. */
static double value(const Record *r, Inputs *all, Tape *t, bool backward)
{
    Tensor *y = r->build(t, all->in);
    Tensor *weight = tape_constant(t, y->rank, y->n);
    rng_normals(rng_named(rng_seed(6), "weights"), weight->v, tensor_size(weight));
    double sum = 0;
    for (size_t i = 0; i < tensor_size(y); i++)
        sum += (double)y->v[i] * (double)weight->v[i];
    if (backward) tape_backward(t, op_total(t, op_mul(t, y, weight)));
    tape_reset(t);
    return sum;
}

/* The largest difference between gradient and quotient, relative to the gradient's size;
 * the gradient is multiplied by `plant` first. */
static double worst(const Record *r, double plant)
{
    Inputs all = inputs_of(r);
    Tape *t = tape_new();
    value(r, &all, t, true);
    double most = 0, size = 1e-3;
    for (int k = 0; k < all.n; k++)
        for (size_t i = 0; i < tensor_size(all.in[k]); i++) {
            real *x = &all.in[k]->v[i], old = *x;
            *x = (real)((double)old + STEP);
            double up = value(r, &all, t, false), high = (double)*x;
            *x = (real)((double)old - STEP);
            double down = value(r, &all, t, false), low = (double)*x;
            *x = old;
            double quotient = (up - down) / (high - low);
            double got = all.in[k]->got ? plant * (double)all.in[k]->g[i] : 0;
            if (fabs(quotient - got) > most) most = fabs(quotient - got);
            if (fabs(quotient) > size) size = fabs(quotient);
        }
    tape_free(t);
    params_free(&all.params);
    return most / size;
}

static void every_gradient_agrees_with_central_differences(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(RECORDS); i++) {
        double error = worst(&RECORDS[i], 1);
        if (!(error <= TOLERANCE))
            fail_msg("%s (%s): off by %g", RECORDS[i].op, RECORDS[i].what, error);
    }
}

static void a_planted_error_of_one_per_cent_is_found(void **state)
{
    (void)state;
    if (sizeof(real) == sizeof(double))
        for (int i = 0; i < COUNT(RECORDS); i++)
            if (worst(&RECORDS[i], 1.01) <= TOLERANCE)
                fail_msg("%s: the error went unseen", RECORDS[i].op);
    assert_true(worst(&RECORDS[0], 1.1) > TOLERANCE);
}

static void no_op_is_left_out(void **state)
{
    (void)state;
    for (const char *const *name = op_names(); *name; name++) {
        bool found = false;
        for (int i = 0; i < COUNT(RECORDS); i++) found |= !strcmp(RECORDS[i].op, *name);
        if (!found) fail_msg("no record for %s", *name);
    }
    for (int i = 0; i < COUNT(RECORDS); i++) {
        bool known = false;
        for (const char *const *name = op_names(); *name; name++)
            known |= !strcmp(RECORDS[i].op, *name);
        assert_true(known);
    }
}

/* --- what gradients do not show ---------------------------------------------------- */

static void a_pattern_from_outside_gives_what_the_op_itself_would(void **state)
{
    (void)state;
    Tape *t = tape_new();
    int n[] = { 2, 11, 8 };
    Tensor *x[3], *pattern;
    for (int i = 0; i < 3; i++) {
        x[i] = tape_constant(t, 3, n);
        rng_normals(rng_child(rng_seed(3), (uint64_t)i), x[i]->v, tensor_size(x[i]));
    }
    Tensor *z =
        op_attention(t, x[0], x[1], x[2], &(AttnSpec){ .heads = 2, .pattern = &pattern });
    Tensor *again =
        op_attention(t, x[0], x[1], x[2], &(AttnSpec){ .heads = 2, .with = pattern });
    for (size_t i = 0; i < tensor_size(z); i++)
        assert_same_double((double)again->v[i], (double)z->v[i]);
    for (int r = 0; r < 2 * 2 * 11; r++) {
        double sum = 0;
        for (int j = 0; j < 11; j++) {
            double p = (double)pattern->v[r * 11 + j];
            sum += p;
            if (j > r % 11) assert_true(p == 0);
        }
        assert_near(sum, 1, 1e-6);
    }
    tape_free(t);
}

static void two_losses_of_one_graph_give_the_sum_of_their_gradients(void **state)
{
    (void)state;
    real v[] = { 1, 2, 3 };
    Tape *t = tape_new();
    Tensor *x = tape_variable(t, v, 1, (int[]){ 3 });
    Tensor *middle = op_mul(t, x, x), *one = op_total(t, middle),
           *other = op_total(t, op_scale(t, middle, 10));
    tape_backward(t, one);
    for (int i = 0; i < 3; i++) assert_true(x->g[i] == 2 * v[i]);
    tape_backward(t, other);
    for (int i = 0; i < 3; i++) assert_true(x->g[i] == 22 * v[i]);
    tape_free(t);

    t = tape_new(); /* the same where a sum hands its gradient on */
    x = tape_variable(t, v, 1, (int[]){ 3 });
    Tensor *y = op_scale(t, x, 1), *z = op_add(t, op_scale(t, x, 0), y),
           *w = op_add(t, op_add(t, z, y), x);
    one = op_total(t, op_mul(t, w, w));
    for (int times = 1; times <= 2; times++) {
        tape_backward(t, one);
        for (int i = 0; i < 3; i++) {
            assert_true(x->g[i] == times * 18 * v[i]);
            assert_true(w->g[i] == 6 * v[i] && z->g[i] == w->g[i]);
            assert_true(y->g[i] == 2 * w->g[i]);
        }
    }
    tape_free(t);
}

/* Products go backward in blocks of rows; more rows than a block holds, and no multiple. */
static void many_rows_give_the_sum_of_the_gradients_of_few(void **state)
{
    (void)state;
    enum { N = 600, D = 3, F = 2, FEW = 60 };
    real x[N * D], w[D * F], b[F];
    rng_normals(rng_seed(1), x, N * D), rng_normals(rng_seed(2), w, D * F);
    rng_normals(rng_seed(3), b, F);
    for (int f = 0; f < 2; f++) {
        Act act = f ? ACT_GELU : ACT_NONE;
        Tape *t = tape_new();
        Tensor *g[2][2]; /* of all rows, of few; W and b */
        for (int i = 0; i < 2; i++) {
            g[i][0] = tape_variable(t, w, 2, (int[]){ D, F });
            g[i][1] = tape_variable(t, b, 1, (int[]){ F });
            for (int r = 0, rows = i ? FEW : N; r < N; r += rows) {
                Tensor *part = tape_input(t, x + r * D, 2, (int[]){ rows, D });
                part = op_linear(t, part, g[i][0], g[i][1], act);
                tape_backward(t, op_total(t, op_mul(t, part, part)));
            }
        }
        for (int k = 0; k < D * F + F; k++) {
            int which = k >= D * F, at = which ? k - D * F : k;
            double all = (double)g[0][which]->g[at], few = (double)g[1][which]->g[at];
            assert_true(fabs(all) > 1);
            assert_near(all / few, 1, sizeof(real) == 8 ? 1e-12 : 1e-4);
        }
        tape_free(t);
    }
}

static void a_norm_without_gain_or_bias_has_ones_or_zeros(void **state)
{
    (void)state;
    enum { N = 2, D = 5 };
    real x[N * D], some[D], ones[D] = { 1, 1, 1, 1, 1 }, zeros[D] = { 0 };
    rng_normals(rng_seed(1), x, N * D), rng_normals(rng_seed(2), some, D);
    Tape *t = tape_new();
    Tensor *in = tape_input(t, x, 2, (int[]){ N, D }),
           *s = tape_input(t, some, 1, (int[]){ D }),
           *one = tape_input(t, ones, 1, (int[]){ D }),
           *zero = tape_input(t, zeros, 1, (int[]){ D });
    Tensor *const short_form[] = { op_layernorm(t, in, NULL, NULL, 1e-5),
                                   op_layernorm(t, in, s, NULL, 1e-5),
                                   op_layernorm(t, in, NULL, s, 1e-5) },
                  *const full[] = { op_layernorm(t, in, one, zero, 1e-5),
                                    op_layernorm(t, in, s, zero, 1e-5),
                                    op_layernorm(t, in, one, s, 1e-5) };
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < N * D; i++)
            assert_near((double)short_form[k]->v[i], (double)full[k]->v[i], 1e-6);
    tape_free(t);
}

static void twice_a_distribution_gives_twice_the_loss_and_slope(void **state)
{
    (void)state;
    real x[] = { 1, -2, 0.5, 0, 3, 1 }, p[2][6] = { { 0.2, 0.3, 0.5, 0.1, 0.8, 0.1 } };
    Tape *t = tape_new();
    Tensor *logits[2], *loss[2];
    for (int i = 0; i < 6; i++) p[1][i] = 2 * p[0][i];
    for (int k = 0; k < 2; k++) {
        logits[k] = tape_variable(t, x, 2, (int[]){ 2, 3 });
        loss[k] = op_xent_soft(t, logits[k], tape_input(t, p[k], 2, (int[]){ 2, 3 }));
        tape_backward(t, loss[k]);
    }
    assert_near((double)loss[1]->v[0], 2 * (double)loss[0]->v[0], 1e-6);
    for (int i = 0; i < 6; i++)
        assert_near((double)logits[1]->g[i], 2 * (double)logits[0]->g[i], 1e-6);
    tape_free(t);
}

static void no_op_hides_what_is_not_a_number(void **state)
{
    (void)state;
    static const Act acts[] = { ACT_NONE, ACT_RELU, ACT_GELU, ACT_TANH, ACT_SIGMOID };
    real v[] = { 1, -2, NAN, 3 };
    Tape *t = tape_new();
    for (int i = 0; i < COUNT(acts); i++) {
        Tensor *y = op_act(t, tape_input(t, v, 2, (int[]){ 1, 4 }), acts[i]);
        for (int j = 0; j < 4; j++) assert_int_equal(isnan(y->v[j]) != 0, j == 2);
    }
    Tensor *x = tape_input(t, v, 2, (int[]){ 1, 4 });
    assert_true(isnan(op_softmax(t, x)->v[0]) &&
                isnan(op_layernorm(t, x, 0, 0, 1)->v[0]));
    assert_true(isnan(op_xent(t, x, (int[]){ 0 })->v[0]) && isnan(op_total(t, x)->v[0]));
    tape_free(t);
}

static void nothing_is_recorded_while_the_tape_is_paused(void **state)
{
    (void)state;
    real v[] = { 1, 2 };
    Tape *t = tape_new();
    Tensor *x = tape_variable(t, v, 1, (int[]){ 2 });
    tape_pause(t);
    Tensor *y = op_scale(t, x, 3);
    tape_resume(t);
    assert_false(y->wants);
    assert_dies(tape_backward(t, op_total(t, y)), "depends on nothing");
    tape_backward(t, op_total(t, op_mul(t, x, y))); /* y is a constant by now */
    assert_true(x->g[0] == 3 && x->g[1] == 6);
    assert_dies(tape_resume(t), "not paused");
    tape_free(t);
}

static void shapes_that_do_not_fit_die(void **state)
{
    (void)state;
    Tape *t = tape_new();
    Tensor *x = tape_constant(t, 2, (int[]){ 3, 4 }),
           *w = tape_constant(t, 2, (int[]){ 5, 2 });
    assert_dies(op_linear(t, x, w, NULL, ACT_NONE), "a product of (3,4) and (5,2)");
    assert_dies(op_add(t, x, w), "elementwise (3,4) and (5,2)");
    assert_dies(op_reshape(t, x, 2, (int[]){ 5, 2 }), "12 elements reshaped to 10");
    assert_dies(op_join(t, 2, (Tensor *[]){ x, w }), "3 rows joined with 5");
    assert_dies(op_embedding(t, w, (int[]){ 5 }, 1, 1), "token 5 of a vocabulary of 5");
    tape_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_gradient_agrees_with_central_differences),
        cmocka_unit_test(a_planted_error_of_one_per_cent_is_found),
        cmocka_unit_test(no_op_is_left_out),
        cmocka_unit_test(a_pattern_from_outside_gives_what_the_op_itself_would),
        cmocka_unit_test(two_losses_of_one_graph_give_the_sum_of_their_gradients),
        cmocka_unit_test(many_rows_give_the_sum_of_the_gradients_of_few),
        cmocka_unit_test(a_norm_without_gain_or_bias_has_ones_or_zeros),
        cmocka_unit_test(twice_a_distribution_gives_twice_the_loss_and_slope),
        cmocka_unit_test(no_op_hides_what_is_not_a_number),
        cmocka_unit_test(nothing_is_recorded_while_the_tape_is_paused),
        cmocka_unit_test(shapes_that_do_not_fit_die),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
