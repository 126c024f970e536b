/* test_hook.c - every kind of hook against what it promises, element by element, on one
 * point without a model around it; then what a model adds: patterns. */
#include "tests/check.h"
#include "core/net/hook.h"
#include "core/net/model.h"

enum { B = 2, T = 3, D = 4, SIZE = B * T * D };

static Tensor *some(Tape *t)
{
    Tensor *x = tape_constant(t, 3, (int[]){ B, T, D });
    for (int i = 0; i < SIZE; i++) x->v[i] = (real)(i + 1);
    x->wants = true;
    return x;
}

/* What each element of `some` becomes at the point, hooks as added before. */
static void check_becomes(Tape *t, double (*want)(int b, int p, int d))
{
    Tensor *x = some(t), *y = hook_point(t, "x", x);
    for (int i = 0; i < SIZE; i++) {
        double expected = want(i / (T * D), i / D % T, i % D);
        if ((double)y->v[i] != expected)
            fail_msg("(%d,%d,%d) is %g, not %g", i / (T * D), i / D % T, i % D,
                     (double)y->v[i], expected);
        assert_true(x->v[i] == (real)(i + 1));
    }
    tape_reset(t);
}

static double old(int b, int p, int d) { return (b * T + p) * D + d + 1; }
static double nothing(int b, int p, int d) { return 0 * old(b, p, d); }
static double without_d2(int b, int p, int d) { return d == 2 ? 0 : old(b, p, d); }
static double without_p1(int b, int p, int d) { return p == 1 ? 0 : old(b, p, d); }
static double without_b0(int b, int p, int d) { return b == 0 ? 0 : old(b, p, d); }
static double without_head_1(int b, int p, int d) { return d >= 2 ? 0 : old(b, p, d); }

static void zeros_fall_where_they_are_asked_for(void **state)
{
    (void)state;
    Tape *t = tape_new();
    hook_zero(t, "x", -1, 2), check_becomes(t, without_d2);
    hook_zero(t, "x", 2, 2), check_becomes(t, without_d2);
    hook_zero(t, "x", 1, 1), check_becomes(t, without_p1);
    hook_zero(t, "x", 0, 0), check_becomes(t, without_b0);
    hook_zero(t, "x", 0, -1), check_becomes(t, nothing);
    hook_zero_head(t, "x", 1, 2), check_becomes(t, without_head_1);
    tape_free(t);
}

static double hundreds(int b, int p, int d) { return 100 * old(b, p, d); }
static double hundreds_at_2(int b, int p, int d)
{
    return p == 2 ? hundreds(b, p, d) : old(b, p, d);
}

static void patches_replace_all_or_one_position(void **state)
{
    (void)state;
    real v[SIZE];
    for (int i = 0; i < SIZE; i++) v[i] = (real)(100 * (i + 1));
    Tensor with = { .rank = 3, .n = { B, T, D }, .v = v };
    Tape *t = tape_new();
    hook_patch(t, "x", &with, -1), check_becomes(t, hundreds);
    hook_patch(t, "x", &with, 2), check_becomes(t, hundreds_at_2);
    tape_free(t);
}

/* Rows 1 2 3 4 and 3 4 5 6 of another run: means 2 3 4 5. */
static double means(int b, int p, int d) { return 0 * old(b, p, 0) + d + 2; }
static double means_from_1(int b, int p, int d)
{
    return d == 1 || d == 2 ? d + 2 : old(b, p, d);
}

static void means_are_those_of_the_given_rows(void **state)
{
    (void)state;
    real v[] = { 1, 2, 3, 4, 3, 4, 5, 6 };
    Tensor of = { .rank = 2, .n = { 2, D }, .v = v };
    Tape *t = tape_new();
    hook_mean(t, "x", &of, 0, 0), check_becomes(t, means);
    hook_mean(t, "x", &of, 1, 2), check_becomes(t, means_from_1);
    tape_free(t);
}

static double swapped(int b, int p, int d) { return old(1 - b, p, d); }
static double last_from_sample_0(int b, int p, int d)
{
    return d == 3 ? old(0, p, d) : old(b, p, d);
}

static void resampling_takes_columns_from_another_sample(void **state)
{
    (void)state;
    Tape *t = tape_new();
    hook_resample(t, "x", (int[]){ 0, 1 }, 0, 0), check_becomes(t, old);
    int swap[] = { 1, 0 }, first[] = { 0, 0 };
    hook_resample(t, "x", swap, 0, 0), check_becomes(t, swapped);
    hook_resample(t, "x", first, 3, 1), check_becomes(t, last_from_sample_0);
    tape_free(t);
}

static void what_does_not_fit_dies(void **state)
{
    (void)state;
    static const char *const why[] = { "axis 1",       "axis 3", "axis -1",
                                       "another size", "axis 1", "another width",
                                       "no sample 2",  "axis -1" };
    real v[SIZE] = { 0 };
    Tensor small = { .rank = 3, .n = { B, T, D - 1 }, .v = v };
    int beyond[] = { 0, 2 }, order[] = { 0, 1 };
    Tape *t = tape_new();
    Tensor *x = some(t);
    hook_zero(t, "a", 1, T), hook_zero(t, "b", 3, 0), hook_zero_head(t, "c", 2, 2);
    hook_patch(t, "d", &small, -1), hook_patch(t, "e", x, T);
    hook_mean(t, "f", &small, 0, 0), hook_resample(t, "g", beyond, 0, 0);
    hook_resample(t, "h", order, 2, 3);
    for (int i = 0; i < COUNT(why); i++)
        assert_dies(hook_point(t, (char[]){ (char)('a' + i), 0 }, x), why[i]);
    tape_reset(t);
    tape_free(t);
}

/* --- order, names, values ----------------------------------------------------------- */

static Tensor *twice(Tape *t, Tensor *x, void *ctx)
{
    (void)ctx;
    return op_scale(t, x, 2);
}

static Tensor *plus_one(Tape *t, Tensor *x, void *ctx)
{
    Tensor *one = tape_constant(t, 1, (int[]){ D });
    for (int i = 0; i < D; i++) one->v[i] = *(real *)ctx;
    return op_add(t, x, one);
}

static double twice_plus_one(int b, int p, int d) { return 2 * old(b, p, d) + 1; }
static double plus_one_twice(int b, int p, int d) { return 2 * (old(b, p, d) + 1); }

static void hooks_of_one_point_run_in_the_order_of_their_coming(void **state)
{
    (void)state;
    real one = 1;
    Tape *t = tape_new();
    hook_add(t, "x", twice, NULL), hook_add(t, "x", plus_one, &one);
    check_becomes(t, twice_plus_one);
    hook_add(t, "x", plus_one, &one), hook_add(t, "x", twice, NULL);
    check_becomes(t, plus_one_twice);
    tape_free(t);
}

static void a_kept_value_is_the_one_after_all_edits(void **state)
{
    (void)state;
    Tape *t = tape_new();
    hook_keep(t, "x");
    hook_add(t, "x", twice, NULL);
    hook_zero(t, "x", -1, 0);
    Tensor *y = hook_point(t, "x", some(t));
    assert_ptr_equal(hook_value(t, "x"), y);
    assert_true(y->v[0] == 0 && y->v[1] == 4);
    tape_free(t);
}

static Tensor *narrower(Tape *t, Tensor *x, void *ctx)
{
    (void)ctx;
    return op_columns(t, x, 0, 2);
}

static void names_match_whole_and_a_star_stands_for_digits(void **state)
{
    (void)state;
    Tape *t = tape_new();
    hook_keep(t, "blocks.*.z");
    assert_true(hook_wanted(t, "blocks.0.z") && hook_wanted(t, "blocks.12.z"));
    assert_false(hook_wanted(t, "blocks..z") || hook_wanted(t, "blocks.1.zz") ||
                 hook_wanted(t, "blocks.a.z") || hook_wanted(t, "blocks.1") ||
                 hook_wanted(t, "xblocks.1.z"));
    Tensor *x = some(t);
    assert_ptr_equal(hook_point(t, "blocks.3.z", x), x);
    assert_ptr_equal(hook_value(t, "blocks.*.z"), x);
    assert_dies(hook_point(t, "blocks.4.z", x), "would keep several values");
    assert_dies(hook_value(t, "blocks.3.z"), "was not kept in this run");
    hook_add(t, "y", narrower, NULL);
    assert_dies(hook_point(t, "y", x), "returned another shape");
    tape_free(t);
}

static void gradients_pass_what_is_left_and_stop_at_what_is_replaced(void **state)
{
    (void)state;
    int order[] = { 1, 0 };
    real v[SIZE] = { 0 };
    Tensor with = { .rank = 3, .n = { B, T, D }, .v = v };
    for (int kind = 0; kind < 4; kind++) {
        Tape *t = tape_new();
        if (kind == 0) hook_zero(t, "x", -1, 2);
        if (kind == 1) hook_patch(t, "x", &with, 1);
        if (kind == 2) hook_mean(t, "x", &with, 2, 1);
        if (kind == 3) hook_resample(t, "x", order, 2, 1);
        Tensor *x = some(t);
        tape_backward(t, op_total(t, op_scale(t, hook_point(t, "x", x), 3)));
        for (int i = 0; i < SIZE; i++) {
            bool replaced = kind == 1 ? i / D % T == 1 : i % D == 2;
            assert_true(x->g[i] == (replaced ? 0 : 3));
        }
        tape_free(t);
    }
}

/* --- patterns ----------------------------------------------------------------------- */

static void a_replaced_pattern_moves_values_and_lets_their_gradient_through(void **state)
{
    (void)state;
    enum { V = 7, CTX = 4 };
    Model *m = model_new((ModelSpec){ .vocab = V,
                                      .ctx = CTX,
                                      .layers = 1,
                                      .heads = 2,
                                      .width = 8,
                                      .attention_only = true },
                         rng_seed(1));
    int tok[CTX] = { 3, 1, 4, 6 }, target[CTX] = { 1, 4, 6, 0 };
    real back[2 * CTX * CTX] = { 0 }; /* both heads look at position 0 */
    for (int r = 0; r < 2 * CTX; r++) back[r * CTX] = 1;
    Tensor with = { .rank = 4, .n = { 1, 2, CTX, CTX }, .v = back };
    Tape *t = tape_new();
    hook_patch(t, "blocks.0.pattern", &with, -1);
    hook_keep(t, "blocks.0.pattern"), hook_keep(t, "blocks.0.z"),
        hook_keep(t, "blocks.0.v");
    Tensor *logits = model_logits(m, t, tok, 1, CTX);
    assert_memory_equal(hook_value(t, "blocks.0.pattern")->v, back, sizeof back);
    const real *z = hook_value(t, "blocks.0.z")->v, *v = hook_value(t, "blocks.0.v")->v;
    for (int p = 0; p < CTX; p++) assert_memory_equal(z + 8 * p, v, 8 * sizeof(real));
    tape_backward(t, op_xent(t, logits, target));
    assert_true(model_weight(m, "blocks.0.attn.W_V")->got);
    assert_false(model_weight(m, "blocks.0.attn.W_Q")->got);
    tape_free(t);
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeros_fall_where_they_are_asked_for),
        cmocka_unit_test(patches_replace_all_or_one_position),
        cmocka_unit_test(means_are_those_of_the_given_rows),
        cmocka_unit_test(resampling_takes_columns_from_another_sample),
        cmocka_unit_test(what_does_not_fit_dies),
        cmocka_unit_test(hooks_of_one_point_run_in_the_order_of_their_coming),
        cmocka_unit_test(a_kept_value_is_the_one_after_all_edits),
        cmocka_unit_test(names_match_whole_and_a_star_stands_for_digits),
        cmocka_unit_test(gradients_pass_what_is_left_and_stop_at_what_is_replaced),
        cmocka_unit_test(a_replaced_pattern_moves_values_and_lets_their_gradient_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
