/* test_mlp.c - the stack against plain loops, its hook points, and what a hidden layer is
 * for. */
#include "tests/check.h"
#include "core/net/hook.h"
#include "core/net/mlp.h"
#include "core/net/optim.h"

static void the_stack_is_that_of_plain_loops(void **state)
{
    (void)state;
    enum { N = 3, WIDE = 5 };
    const int width[] = { 2, 4, WIDE, 3 };
    Params p = { 0 };
    Mlp m = mlp_new(&p, "net", 3, width, ACT_TANH, 1.5, rng_seed(1));
    for (int i = 0; i < 3; i++) params_normal(m.b[i], rng_seed(2), 1);
    Tensor *x = params_add(&p, "x", false, 2, (int[]){ N, 2 });
    params_normal(x, rng_seed(3), 1);
    Tape *t = tape_new();
    hook_keep(t, "net.0"), hook_keep(t, "net.2");
    Tensor *y = mlp_run(&m, t, x);
    assert_ptr_equal(hook_value(t, "net.2"), y);
    for (int r = 0; r < N; r++) {
        double a[WIDE] = { (double)x->v[2 * r], (double)x->v[2 * r + 1] }, next[WIDE];
        for (int l = 0; l < 3; l++) {
            for (int j = 0; j < width[l + 1]; j++) {
                next[j] = (double)m.b[l]->v[j];
                for (int i = 0; i < width[l]; i++)
                    next[j] += a[i] * (double)m.W[l]->v[i * width[l + 1] + j];
                if (l < 2) next[j] = tanh(next[j]);
            }
            memcpy(a, next, sizeof a);
            for (int j = 0; l == 0 && j < 4; j++)
                assert_near((double)hook_value(t, "net.0")->v[4 * r + j], a[j], 1e-6);
        }
        for (int j = 0; j < 3; j++)
            assert_near((double)y->v[3 * r + j], a[j], sizeof(real) == 8 ? 1e-14 : 1e-5);
    }
    tape_free(t);
    params_free(&p);
    assert_dies(mlp_new(&p, "net", 9, width, ACT_TANH, 1, rng_seed(1)), "9 layers");
}

static void initial_weights_keep_the_size_of_what_passes(void **state)
{
    (void)state;
    const int width[] = { 400, 300 };
    Params p = { 0 };
    Mlp m = mlp_new(&p, "net", 1, width, ACT_NONE, 2, rng_seed(1));
    double square = 0;
    for (size_t i = 0; i < tensor_size(m.W[0]); i++)
        square += (double)m.W[0]->v[i] * (double)m.W[0]->v[i];
    assert_near(sqrt(square / 120000), 2 / sqrt(400), 1e-3);
    params_free(&p);
}

/* Share of right answers to "exclusive or" after training. */
static double solves(int layers, const int *width)
{
    Params p = { 0 };
    Mlp m = mlp_new(&p, "net", layers, width, ACT_RELU, 1.4, rng_seed(5));
    Optim *o = optim_new((OptimSpec){ .lr = 2e-2 }, &p);
    real x[] = { 0, 0, 0, 1, 1, 0, 1, 1 };
    int target[] = { 0, 1, 1, 0 };
    Tape *t = tape_new();
    double right = 0;
    for (int s = 0; s < 500; s++) {
        Tensor *y = mlp_run(&m, t, tape_input(t, x, 2, (int[]){ 4, 2 }));
        for (int i = 0; i < 4 && s == 499; i++)
            right += ((y->v[2 * i + 1] > y->v[2 * i]) == target[i]) / 4.;
        tape_backward(t, op_xent(t, y, target));
        optim_step(o);
        tape_reset(t);
    }
    tape_free(t), optim_free(o), params_free(&p);
    return right;
}

static void a_hidden_layer_solves_what_a_single_one_cannot(void **state)
{
    (void)state;
    assert_near(solves(2, (int[]){ 2, 16, 2 }), 1, 0);
    assert_true(solves(1, (int[]){ 2, 2 }) < 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_stack_is_that_of_plain_loops),
        cmocka_unit_test(initial_weights_keep_the_size_of_what_passes),
        cmocka_unit_test(a_hidden_layer_solves_what_a_single_one_cannot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
