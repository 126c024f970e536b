/* The toys against the tape, which knows nothing of lanes; and their geometry on vectors
 * whose answers are known. */
#include "tests/check.h"
#include "core/net/op.h"
#include "core/net/toy.h"

enum { N = 6, M = 3, MODELS = 11 };

static Toys *some_toys(ToyKind *kind)
{
    for (int l = 0; l < MODELS; l++)
        kind[l] = (ToyKind){ 1 - 0.07 * l, 0.8 + 0.05 * l, l % 3 == 0 };
    Toys *t = toy_new(N, M, MODELS, kind, rng_seed(1));
    Tensor *b = params_get(toy_params(t), "b");
    for (size_t i = 0; i < tensor_size(b); i++)
        b->v[i] = (real)(0.2 * rng_normal(rng_seed(2), i));
    return t;
}

/* The same batch as toy.h describes it. */
static Tensor *batch_of(Tape *tape, double p, Rng batch)
{
    Tensor *x = tape_constant(tape, 2, (int[]){ TOY_BATCH, N });
    for (int i = 0; i < TOY_BATCH * N; i += 2) {
        double u[2];
        rng_uniform_pair(batch, (uint64_t)i, u);
        for (int j = 0; j < 2; j++)
            x->v[i + j] = (real)u[j] < (real)p ? (real)u[j] * (real)(1 / p) : 0;
    }
    return x;
}

/* Where weight k, i of model l lies: models in vectors of 32 bytes. */
static size_t place(int l, int rows, int row, int i)
{
    size_t lanes = 32 / sizeof(real), at = (size_t)l;
    return (((at / lanes) * (size_t)rows + (size_t)row) * N + (size_t)i) * lanes +
           at % lanes;
}

static void assert_as_the_tape(Toys *t, const ToyKind *kind, int l, double loss,
                               Rng batch)
{
    Tape *tape = tape_new();
    Tensor *W = params_get(toy_params(t), "W"), *b = params_get(toy_params(t), "b");
    real w[M * N], bias[N], weight[N], importance = (real)(1.0 / N);
    double column[N * M];
    toy_columns(t, l, column);
    for (int i = 0; i < N; i++) {
        for (int k = 0; k < M; k++) w[k * N + i] = (real)column[i * M + k];
        bias[i] = b->v[place(l, 1, 0, i)];
        weight[i] = importance, importance *= (real)kind[l].ratio;
    }
    Tensor *x = batch_of(tape, kind[l].p, batch),
           *w1 = tape_variable(tape, w, 2, (int[]){ M, N }),
           *b1 = tape_variable(tape, bias, 1, (int[]){ N });
    Tensor *y = op_linear(tape, op_linear_t(tape, x, w1, NULL, ACT_NONE), w1, b1,
                          kind[l].linear ? ACT_NONE : ACT_RELU);
    Tensor *want = op_square_error(tape, y, x, weight);
    tape_backward(tape, want);
    assert_near(loss, (double)want->v[0], 1e-6);
    for (int i = 0; i < N; i++) {
        for (int k = 0; k < M; k++)
            assert_near((double)W->g[place(l, M, k, i)], (double)w1->g[k * N + i], 1e-6);
        assert_near((double)b->g[place(l, 1, 0, i)], (double)b1->g[i], 1e-6);
    }
    tape_free(tape);
}

static void every_model_has_the_gradients_and_the_loss_of_the_tape(void **state)
{
    (void)state;
    ToyKind kind[MODELS];
    double loss[MODELS] = { 0 };
    Toys *t = some_toys(kind);
    toy_gradients(t, rng_seed(3), loss);
    for (int l = 0; l < MODELS; l++) assert_as_the_tape(t, kind, l, loss[l], rng_seed(3));
    toy_free(t);
}

static void a_model_does_not_depend_on_its_neighbours(void **state)
{
    (void)state;
    ToyKind kind[MODELS];
    Toys *t = some_toys(kind), *same = some_toys(kind);
    params_get(toy_params(t), "W")->v[place(4, M, 1, 2)] += 1;
    toy_gradients(t, rng_seed(3), NULL);
    toy_gradients(same, rng_seed(3), NULL);
    const real *g = params_get(toy_params(t), "W")->g,
               *h = params_get(toy_params(same), "W")->g;
    for (int l = 0; l < MODELS; l++) {
        int differ = 0;
        for (int i = 0; i < M * N; i++)
            differ += g[place(l, M, i / N, i % N)] != h[place(l, M, i / N, i % N)];
        assert_int_equal(differ > 0, l == 4);
    }
    toy_free(t), toy_free(same);
}

static void a_pentagon_has_two_fifths_of_a_dimension_for_each_corner(void **state)
{
    (void)state;
    double w[10], length2[5], D[5];
    for (int i = 0; i < 5; i++)
        w[2 * i] = cos(1.2566370614359172 * i),
              w[2 * i + 1] = sin(1.2566370614359172 * i);
    assert_int_equal(toy_geometry(5, 2, w, length2, D), 5);
    for (int i = 0; i < 5; i++) {
        assert_near(length2[i], 1, 1e-12);
        assert_near(D[i], 0.4, 1e-12);
    }
    assert_near(toy_polygon_error(5, w), 0, 1e-6);
}

static void a_turned_corner_is_off_by_its_turn(void **state)
{
    (void)state;
    double w[] = { 1, 0, -1, 1, -3, 0, 0, -2 }; /* 0, 135, 180, 270 degrees */
    assert_near(toy_polygon_error(4, w), 45, 1e-6);
}

static void opposite_features_have_halves_and_lone_ones_wholes(void **state)
{
    (void)state;
    double w[] = { 1, 0, -1, 0, 0, 2, 0, 0 }, length2[4], D[4];
    assert_int_equal(toy_geometry(4, 2, w, length2, D), 3);
    assert_near(D[0], 0.5, 1e-12);
    assert_near(D[1], 0.5, 1e-12);
    assert_near(D[2], 1, 1e-12);
    assert_same_double(D[3], 0);
}

static void what_cannot_be_a_model_dies(void **state)
{
    (void)state;
    ToyKind never = { 0, 1, false };
    assert_dies(toy_new(2, 1, 1, &never, rng_seed(1)), "a probability of 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_model_has_the_gradients_and_the_loss_of_the_tape),
        cmocka_unit_test(a_model_does_not_depend_on_its_neighbours),
        cmocka_unit_test(a_pentagon_has_two_fifths_of_a_dimension_for_each_corner),
        cmocka_unit_test(a_turned_corner_is_off_by_its_turn),
        cmocka_unit_test(opposite_features_have_halves_and_lone_ones_wholes),
        cmocka_unit_test(what_cannot_be_a_model_dies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
