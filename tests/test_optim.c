/* test_optim.c - the optimiser against plain loops in double, its schedules at their
 * corners, and what it refuses. */
#include "tests/check.h"
#include "core/base/rng.h"
#include "core/net/optim.h"

enum { WEIGHTS = 2, SIZE = 37 };
static const double TINY = sizeof(real) == 8 ? 1e-13 : 2e-5;

/* "matrix" is decayed, "vector" is not; both start from normal numbers. */
static Params two_weights(void)
{
    Params p = { 0 };
    params_normal(params_add(&p, "matrix", true, 2, (int[]){ SIZE, 1 }), rng_seed(1), 1);
    params_normal(params_add(&p, "vector", false, 1, (int[]){ SIZE }), rng_seed(2), 1);
    return p;
}

/* Element i of weight k's gradient at a step. The vector has none at steps 3, 7, 11. */
static double slope(int k, int i, int step)
{
    return rng_normal(rng_child(rng_seed(3), (uint64_t)(step * WEIGHTS + k)),
                      (uint64_t)i);
}

static bool has_slope(int k, int step) { return k == 0 || step % 4 != 3; }

static void give_slopes(Params *p, int step, double factor)
{
    for (int k = 0; k < WEIGHTS; k++) {
        Tensor *w = &p->p[k]->t;
        w->got = has_slope(k, step);
        for (int i = 0; i < SIZE && w->got; i++)
            w->g[i] = (real)(factor * slope(k, i, step));
    }
}

typedef struct {
    double w[WEIGHTS][SIZE], m[WEIGHTS][SIZE], v[WEIGHTS][SIZE];
} Plain;

/* Algorithms 1 and 2 of the sources, as printed there, the weight decay decoupled. */
static void plain_step(const OptimSpec *s, double lr, int step, Plain *p)
{
    double norm = 0, scale = 1;
    for (int k = 0; k < WEIGHTS; k++)
        for (int i = 0; i < SIZE && has_slope(k, step); i++)
            norm += slope(k, i, step) * slope(k, i, step);
    if (s->clip > 0 && sqrt(norm) > s->clip) scale = s->clip / sqrt(norm);
    for (int k = 0; k < WEIGHTS; k++)
        for (int i = 0; i < SIZE && has_slope(k, step); i++) {
            double g = scale * slope(k, i, step), *m = &p->m[k][i], *v = &p->v[k][i];
            double decay = k == 0 ? lr * s->weight_decay * p->w[k][i] : 0;
            if (s->kind == OPTIM_SGD) {
                *m = s->beta1 * *m + g;
                p->w[k][i] -= lr * *m + decay;
                continue;
            }
            *m = s->beta1 * *m + (1 - s->beta1) * g;
            *v = s->beta2 * *v + (1 - s->beta2) * g * g;
            double mean = *m / (1 - pow(s->beta1, step + 1)),
                   square = *v / (1 - pow(s->beta2, step + 1));
            p->w[k][i] -= lr * mean / (sqrt(square) + s->eps) + decay;
        }
}

static void check_against_plain(OptimSpec spec, OptimSpec meant)
{
    Params p = two_weights();
    Plain plain = { 0 };
    for (int k = 0; k < WEIGHTS; k++)
        for (int i = 0; i < SIZE; i++) plain.w[k][i] = (double)p.p[k]->t.v[i];
    Optim *o = optim_new(spec, &p);
    for (int step = 0; step < 40; step++) {
        give_slopes(&p, step, 1);
        plain_step(&meant, optim_lr(o, step), step, &plain);
        optim_step(o);
        assert_int_equal(optim_count(o), step + 1);
        for (int k = 0; k < WEIGHTS; k++) {
            assert_false(p.p[k]->t.got);
            for (int i = 0; i < SIZE; i++)
                assert_near((double)p.p[k]->t.v[i], plain.w[k][i], TINY);
        }
    }
    optim_free(o);
    params_free(&p);
}

static void steps_are_those_of_plain_double_loops(void **state)
{
    (void)state;
    OptimSpec adam = { .lr = 0.01, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8 };
    check_against_plain((OptimSpec){ .lr = 0.01 }, adam); /* the zeros stand for these */
    adam.beta2 = 0.98, adam.eps = 1e-3, adam.weight_decay = 0.3, adam.clip = 5;
    adam.warmup = 7, adam.decay = DECAY_COSINE, adam.steps = 30, adam.floor = 0.1;
    check_against_plain(adam, adam);
    OptimSpec sgd = { .kind = OPTIM_SGD, .lr = 0.01 };
    check_against_plain(sgd, sgd);
    sgd.beta1 = 0.9, sgd.weight_decay = 0.3, sgd.clip = 3;
    check_against_plain(sgd, sgd);
}

static void clipping_scales_to_the_norm_and_leaves_small_gradients_alone(void **state)
{
    (void)state;
    for (int large = 0; large < 2; large++) {
        Params p = two_weights();
        real before[SIZE];
        memcpy(before, p.p[0]->t.v, sizeof before);
        Optim *o = optim_new((OptimSpec){ .kind = OPTIM_SGD, .lr = 1, .clip = 2 }, &p);
        give_slopes(&p, 0, large ? 100 : 0.01);
        optim_step(o);
        double moved = 0, norm = optim_norm(o);
        for (int i = 0; i < SIZE; i++)
            moved += pow((double)(p.p[0]->t.v[i] - before[i]), 2);
        for (int i = 0; i < SIZE; i++) before[i] = 0;
        params_normal(&(Tensor){ .rank = 1, .n = { SIZE }, .v = before }, rng_seed(2), 1);
        for (int i = 0; i < SIZE; i++)
            moved += pow((double)(p.p[1]->t.v[i] - before[i]), 2);
        assert_near(sqrt(moved), large ? 2 : norm, 1e-4);
        assert_true(large ? norm > 500 : norm < 0.2);
        optim_free(o);
        params_free(&p);
    }
}

static double lr_at(OptimSpec s, int step)
{
    Params p = two_weights();
    s.lr = 8;
    Optim *o = optim_new(s, &p);
    double lr = optim_lr(o, step);
    optim_free(o);
    params_free(&p);
    return lr;
}

static void schedules_are_exact_at_their_corners(void **state)
{
    (void)state;
    OptimSpec s = { .warmup = 4 };
    assert_near(lr_at(s, 0), 2, 0);
    assert_near(lr_at(s, 3), 8, 0);
    assert_near(lr_at(s, 1000000), 8, 0);
    s = (OptimSpec){ .decay = DECAY_LINEAR, .steps = 100 };
    assert_near(lr_at(s, 0), 8, 0);
    assert_near(lr_at(s, 50), 4, 1e-12);
    assert_near(lr_at(s, 100), 0, 0);
    assert_near(lr_at(s, 101), 0, 0);
    s.warmup = 20, s.floor = 0.25;
    assert_near(lr_at(s, 19), 8, 0);
    assert_near(lr_at(s, 20), 8, 0);
    assert_near(lr_at(s, 60), 5, 1e-12);
    assert_near(lr_at(s, 100), 2, 0);
    s.decay_from = 0.7;
    assert_near(lr_at(s, 70), 8, 0);
    assert_near(lr_at(s, 85), 5, 1e-12);
    s = (OptimSpec){ .decay = DECAY_COSINE, .steps = 100, .floor = 0.5 };
    assert_near(lr_at(s, 0), 8, 0);
    assert_near(lr_at(s, 50), 6, 1e-12);
    assert_near(lr_at(s, 25), 4 + 4 * (0.5 + sqrt(0.125)), 1e-12);
    assert_near(lr_at(s, 200), 4, 1e-12);
}

/* A step on the second of two weights with one bad number in its gradient or itself. */
static void check_bad_number(real slope_5, real weight_5)
{
    Params p = two_weights();
    Optim *o = optim_new((OptimSpec){ .lr = 0.01 }, &p);
    give_slopes(&p, 0, 1);
    optim_step(o);
    give_slopes(&p, 1, 1);
    p.p[1]->t.g[5] = slope_5, p.p[1]->t.v[5] = weight_5;
    assert_dies(optim_step(o), "\"vector\" is not finite at step 1");
    optim_free(o);
    params_free(&p);
}

static void what_is_not_finite_dies_by_name_and_step(void **state)
{
    (void)state;
    check_bad_number(NAN, 0);
    check_bad_number(-INFINITY, 0);
    check_bad_number(0, INFINITY);
    /* its square overflows, after which Adam would never move the weight again */
    check_bad_number((real)(sizeof(real) == 8 ? 1e200 : 1e30), 0);
}

static void specs_without_sense_die_and_weights_cannot_come_later(void **state)
{
    (void)state;
    Params p = two_weights();
    assert_dies(optim_new((OptimSpec){ 0 }, &p), "a learning rate of 0");
    assert_dies(optim_new((OptimSpec){ .lr = 1, .decay = DECAY_LINEAR }, &p),
                "without .steps");
    Optim *o = optim_new((OptimSpec){ .lr = 1 }, &p);
    params_add(&p, "late", false, 1, (int[]){ 1 });
    assert_dies(optim_step(o), "2 weights, now 3");
    params_free(&p); /* in whichever order they are freed */
    optim_free(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_those_of_plain_double_loops),
        cmocka_unit_test(clipping_scales_to_the_norm_and_leaves_small_gradients_alone),
        cmocka_unit_test(schedules_are_exact_at_their_corners),
        cmocka_unit_test(what_is_not_finite_dies_by_name_and_step),
        cmocka_unit_test(specs_without_sense_die_and_weights_cannot_come_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
