/* test_rnn.c - recurrent layers against plain loops, their gradients against differences;
 * they learn what needs a memory, and cannot where the memory is cut. */
#include "tests/check.h"
#include "core/net/optim.h"
#include "core/net/rnn.h"

enum { B = 3, T = 5, D = 2, F = 4 };
static const RnnKind KINDS[] = { RNN_TANH, RNN_GRU };

typedef struct {
    Params params;
    Rnn rnn;
    Tensor *x, *h;
} Layer;

static Layer layer_new(RnnKind kind)
{
    Layer l = { 0 };
    l.rnn = rnn_new(&l.params, "rnn", kind, D, F, rng_seed(1));
    l.x = params_add(&l.params, "x", false, 3, (int[]){ B, T, D });
    l.h = params_add(&l.params, "h", false, 2, (int[]){ B, F });
    params_normal(l.x, rng_seed(2), 1), params_normal(l.h, rng_seed(3), 1);
    params_normal(l.rnn.b, rng_seed(4), 0.5);
    return l;
}

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

/* Column j of v (n) times w (n,G). */
static double column(const Tensor *w, int n, const double *v, int j)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += v[i] * (double)w->v[i * w->n[1] + j];
    return sum;
}

static void plain_step(const Rnn *r, const double *x, const double *h, double *next)
{
    for (int j = 0; j < F; j++) {
        double a[3], back[3];
        for (int g = 0; g < (r->kind == RNN_GRU ? 3 : 1); g++) {
            a[g] = column(r->W, D, x, g * F + j) + (double)r->b->v[g * F + j];
            back[g] = column(r->U, F, h, g * F + j);
        }
        double reset = sigmoid(a[0] + back[0]), keep = sigmoid(a[1] + back[1]);
        if (r->kind == RNN_TANH) next[j] = tanh(a[0] + back[0]);
        else next[j] = (1 - keep) * tanh(a[2] + reset * back[2]) + keep * h[j];
    }
}

static void states_are_those_of_plain_loops(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        Layer l = layer_new(KINDS[k]);
        Tape *t = tape_new();
        Tensor *y = rnn_run(&l.rnn, t, l.x, l.h);
        assert_int_equal(y->rank, 3);
        for (int b = 0; b < B; b++) {
            double h[F], next[F], x[D];
            for (int j = 0; j < F; j++) h[j] = (double)l.h->v[b * F + j];
            for (int p = 0; p < T; p++) {
                for (int i = 0; i < D; i++) x[i] = (double)l.x->v[(b * T + p) * D + i];
                plain_step(&l.rnn, x, h, next);
                memcpy(h, next, sizeof h);
                for (int j = 0; j < F; j++)
                    assert_near((double)y->v[(b * T + p) * F + j], h[j],
                                sizeof(real) == 8 ? 1e-14 : 1e-6);
            }
        }
        tape_free(t);
        params_free(&l.params);
    }
}

static void positions_one_by_one_give_the_bits_of_all_at_once(void **state)
{
    (void)state;
    Layer l = layer_new(RNN_GRU);
    Tape *t = tape_new();
    Tensor *y = rnn_run(&l.rnn, t, l.x, NULL), *h = NULL;
    for (int p = 0; p < T; p++) {
        Tensor *x = op_reshape(t, op_position(t, l.x, p), 3, (int[]){ B, 1, D });
        h = op_reshape(t, rnn_run(&l.rnn, t, x, h), 2, (int[]){ B, F });
        for (int b = 0; b < B; b++)
            assert_memory_equal(h->v + b * F, y->v + (b * T + p) * F, F * sizeof(real));
    }
    tape_free(t);
    params_free(&l.params);
}

/* Sum of all states, each times a fixed number. */
static double weighted(const Layer *l, Tape *t, bool backward)
{
    Tensor *y = rnn_run(&l->rnn, t, l->x, l->h), *w = tape_constant(t, 3, y->n);
    rng_normals(rng_seed(5), w->v, tensor_size(w));
    Tensor *sum = op_total(t, op_mul(t, y, w));
    double value = (double)sum->v[0];
    if (backward) tape_backward(t, sum);
    tape_reset(t);
    return value;
}

static void gradients_of_weights_inputs_and_state_agree_with_differences(void **state)
{
    (void)state;
    double step = sizeof(real) == 8 ? 1e-5 : 1e-2, most = sizeof(real) == 8 ? 1e-8 : 5e-2;
    for (int k = 0; k < 2; k++) {
        Layer l = layer_new(KINDS[k]);
        Tape *t = tape_new();
        weighted(&l, t, true);
        for (int i = 0; i < l.params.n; i++)
            for (size_t j = 0; j < tensor_size(&l.params.p[i]->t); j++) {
                real *x = &l.params.p[i]->t.v[j], old = *x;
                *x = (real)((double)old + step);
                double up = weighted(&l, t, false);
                *x = (real)((double)old - step);
                double down = weighted(&l, t, false);
                *x = old;
                assert_near((double)l.params.p[i]->t.g[j], (up - down) / (2 * step),
                            most);
            }
        tape_free(t);
        params_free(&l.params);
    }
}

static void one_input_and_one_unit_are_a_layer_too(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        Params p = { 0 };
        Rnn r = rnn_new(&p, "r", KINDS[k], 1, 1, rng_seed(1));
        Tape *t = tape_new();
        Tensor *y = rnn_run(&r, t, tape_constant(t, 3, (int[]){ 2, 3, 1 }), NULL);
        assert_int_equal(tensor_size(y), 6);
        assert_true(p.p[0]->decay && p.p[1]->decay && !p.p[2]->decay);
        tape_free(t);
        params_free(&p);
    }
}

/* No step hears of the state before it: h U is gone, and a gate keeps nothing of h. */
static void forget(Rnn *r)
{
    int wide = r->U->n[0];
    memset(r->U->v, 0, tensor_size(r->U) * sizeof(real));
    for (int j = wide; j < 2 * wide && r->kind == RNN_GRU; j++) r->b->v[j] = -100;
}

/* Share of right answers to "which was the first bit?" at the end of 8 positions; cut: the
 * state between them is lost. */
static double remembers(RnnKind kind, bool cut)
{
    enum { N = 64, LENGTH = 8, WIDE = 12 };
    Params p = { 0 };
    Rnn r = rnn_new(&p, "rnn", kind, 2, WIDE, rng_seed(6));
    Tensor *out = params_add(&p, "out", true, 2, (int[]){ WIDE, 2 });
    params_normal(out, rng_seed(7), 0.3);
    Optim *o = optim_new((OptimSpec){ .lr = 1e-2 }, &p);
    Tape *t = tape_new();
    double right = 0;
    for (int s = 0; s < 400; s++) {
        if (cut) forget(&r);
        Tensor *x = tape_constant(t, 3, (int[]){ N, LENGTH, 2 });
        int first[N];
        for (int i = 0; i < N * LENGTH; i++) {
            int bit = rng_below(rng_child(rng_seed(8), (uint64_t)s), (uint64_t)i, 2);
            x->v[2 * i + bit] = 1;
            if (i % LENGTH == 0) first[i / LENGTH] = bit;
        }
        Tensor *h = op_position(t, rnn_run(&r, t, x, NULL), LENGTH - 1);
        Tensor *y = op_linear(t, h, out, NULL, ACT_NONE);
        for (int i = 0; i < N && s >= 380; i++)
            right += ((y->v[2 * i + 1] > y->v[2 * i]) == first[i]) / (20. * N);
        tape_backward(t, op_xent(t, y, first));
        optim_step(o);
        tape_reset(t);
    }
    tape_free(t), optim_free(o), params_free(&p);
    return right;
}

static void both_kinds_remember_the_first_bit_and_without_a_state_none_does(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        assert_true(remembers(KINDS[k], false) > 0.95);
        assert_true(remembers(KINDS[k], true) < 0.6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_are_those_of_plain_loops),
        cmocka_unit_test(positions_one_by_one_give_the_bits_of_all_at_once),
        cmocka_unit_test(gradients_of_weights_inputs_and_state_agree_with_differences),
        cmocka_unit_test(one_input_and_one_unit_are_a_layer_too),
        cmocka_unit_test(both_kinds_remember_the_first_bit_and_without_a_state_none_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
