/* test_sae.c - a sparse autoencoder finds planted directions and finds none in noise; its
 * loss, its gradients and its step are held against plain loops in double, so that the
 * faults known from public code would show. */
#include "tests/check.h"
#include "core/lens/feature.h"
#include "core/lens/sae.h"

/* --- planted features --------------------------------------------------------------- */

enum { D = 16, G = 24, LATENTS = 48, B = 256 };

static void true_features(real *f)
{
    rng_normals(rng_seed(1), f, G * D);
    for (int g = 0; g < G; g++) {
        double norm = 0;
        for (int j = 0; j < D; j++) norm += (double)f[g * D + j] * (double)f[g * D + j];
        for (int j = 0; j < D; j++) f[g * D + j] /= (real)sqrt(norm);
    }
}

/* Rows (B,D): sums of few features; or, `noise`, normal numbers of the same spread. */
static void draw(Rng rng, const real *f, bool noise, real *x)
{
    memset(x, 0, B * D * sizeof *x);
    for (int i = 0; i < B * G && !noise; i++) {
        double u[2];
        rng_uniform_pair(rng, (uint64_t)i, u);
        if (u[0] >= 0.06) continue;
        for (int j = 0; j < D; j++) x[i / G * D + j] += (real)u[1] * f[i % G * D + j];
    }
    if (noise) rng_normals(rng, x, B * D);
    for (int i = 0; i < B * D && noise; i++) x[i] *= (real)0.2;
}

static double trained_mmcs(SaeSpec spec, bool noise, int steps, SaeFit *fit)
{
    real f[G * D], x[B * D];
    bool alive[LATENTS];
    true_features(f);
    Sae *s = sae_new(spec, rng_seed(2));
    Optim *o = optim_new(
        (OptimSpec){
            .lr = 3e-3, .decay = DECAY_LINEAR, .steps = 1500, .decay_from = 0.5 },
        sae_params(s));
    Tape *t = tape_new();
    for (int step = 0; step < steps; step++, tape_reset(t)) {
        draw(rng_child(rng_seed(3), (uint64_t)step), f, noise, x);
        tape_backward(t, sae_loss(s, t, tape_input(t, x, 2, (int[]){ B, D })));
        sae_step(s, o);
    }
    draw(rng_seed(4), f, noise, x);
    *fit = sae_measure(s, B, x, alive);
    double found = feature_mmcs(G, LATENTS, D, f, params_get(sae_params(s), "W_dec")->v,
                                alive, NULL);
    tape_free(t), optim_free(o), sae_free(s);
    return found;
}

static const SaeSpec L1 = { .width = D, .latents = LATENTS, .l1 = 0.1 };
static const SaeSpec TOPK = { .width = D, .latents = LATENTS, .k = 3 };

static void both_kinds_find_the_planted_features(void **state)
{
    (void)state;
    SaeFit fit;
    assert_true(trained_mmcs(L1, false, 1500, &fit) > 0.95);
    assert_true(fit.fvu < 0.1 && fit.l0 < 8);
    assert_true(trained_mmcs(TOPK, false, 1500, &fit) > 0.95);
    assert_true(fit.fvu < 0.1 && fit.l0 <= 3);
}

static void neither_noise_nor_the_untrained_have_them(void **state)
{
    (void)state;
    SaeFit fit;
    assert_true(trained_mmcs(L1, true, 1500, &fit) < 0.75);
    assert_true(fit.l0 > 12);
    assert_true(trained_mmcs(TOPK, true, 1500, &fit) < 0.75);
    assert_true(fit.fvu > 0.2);
    assert_true(trained_mmcs(L1, false, 0, &fit) < 0.75);
}

/* --- the loss in plain loops -------------------------------------------------------- */

enum { ROWS = 5, WIDTH = 6, N = 9, K = 2 };
#define L1_WEIGHT 0.3
#define AUX_WEIGHT 0.5

typedef struct {
    double W_enc[WIDTH * N], b_enc[N], W_dec[N * WIDTH], b_dec[WIDTH];
} Plain;

static void plain_of(Sae *s, Plain *p)
{
    double *to[] = { p->W_enc, p->b_enc, p->W_dec, p->b_dec };
    for (int k = 0; k < 4; k++) {
        const Tensor *w = &sae_params(s)->p[k]->t;
        for (size_t i = 0; i < tensor_size(w); i++) to[k][i] = (double)w->v[i];
    }
}

/* c := the k largest of h that are allowed (all: NULL), the others 0 */
static void keep_largest(const double *h, int k, const bool *allowed, double *c)
{
    memset(c, 0, N * sizeof *c);
    for (; k > 0; k--) {
        int best = -1;
        for (int i = 0; i < N; i++)
            if (c[i] == 0 && (!allowed || allowed[i]) && (best < 0 || h[i] > h[best]))
                best = i;
        if (best >= 0) c[best] = h[best];
    }
}

static void plain_decode(const Plain *p, const double *c, bool bias, double *y)
{
    for (int j = 0; j < WIDTH; j++) {
        y[j] = bias ? p->b_dec[j] : 0;
        for (int i = 0; i < N; i++) y[j] += c[i] * p->W_dec[i * WIDTH + j];
    }
}

/* The loss with the error that AuxK rebuilds either made here (error, ROWS x WIDTH) or
 * given: it is a constant. */
static double plain_loss(const Plain *p, const real *x, int topk, double l1, double aux,
                         const bool *dead, double *error, bool given)
{
    double loss = 0;
    for (int r = 0; r < ROWS; r++) {
        double h[N], c[N], y[WIDTH];
        for (int i = 0; i < N; i++) {
            h[i] = p->b_enc[i];
            for (int j = 0; j < WIDTH; j++)
                h[i] += ((double)x[r * WIDTH + j] - p->b_dec[j]) * p->W_enc[j * N + i];
            if (h[i] < 0) h[i] = 0;
        }
        if (topk) keep_largest(h, topk, NULL, c);
        else memcpy(c, h, sizeof c);
        plain_decode(p, c, true, y);
        for (int j = 0; j < WIDTH; j++) {
            double e = (double)x[r * WIDTH + j] - y[j];
            loss += e * e / ROWS;
            if (!given) error[r * WIDTH + j] = e;
        }
        for (int i = 0; i < N; i++) loss += l1 * c[i] / ROWS;
        if (aux == 0) continue;
        keep_largest(h, WIDTH / 2, dead, c);
        plain_decode(p, c, false, y);
        for (int j = 0; j < WIDTH; j++) {
            double e = error[r * WIDTH + j] - y[j];
            loss += aux * e * e / ROWS;
        }
    }
    return loss;
}

static void check_loss(SaeSpec spec, int n_dead)
{
    real x[ROWS * WIDTH];
    double error[ROWS * WIDTH], h = 1e-6;
    bool dead[N] = { false };
    Plain p;
    spec.width = WIDTH, spec.latents = N, spec.dead_after = 100;
    Sae *s = sae_new(spec, rng_seed(5));
    rng_normals(rng_seed(6), x, ROWS * WIDTH);
    for (int i = 0; i < N; i++) params_get(sae_params(s), "b_enc")->v[i] = (real)(.1 * i);
    for (int j = 0; j < WIDTH; j++) params_get(sae_params(s), "b_dec")->v[j] = (real).2;
    plain_of(s, &p);

    /* Latents that never fire among the K largest are declared dead. */
    Tape *t = tape_new();
    Tensor *c = sae_codes(s, t, tape_input(t, x, 2, (int[]){ ROWS, WIDTH }));
    for (int i = 0, left = n_dead; i < N && left; i++) {
        bool fires = false;
        for (int r = 0; r < ROWS; r++) fires |= c->v[r * N + i] > 0;
        if (fires) continue;
        dead[i] = true, left--;
        params_get(sae_params(s), "silent")->v[i] = 200;
    }
    tape_reset(t);

    Tensor *loss = sae_loss(s, t, tape_input(t, x, 2, (int[]){ ROWS, WIDTH }));
    double want = plain_loss(&p, x, spec.k, spec.l1, spec.aux, dead, error, false);
    assert_near((double)loss->v[0], want, (sizeof(real) == 8 ? 1e-12 : 1e-5) * want);
    tape_backward(t, loss);
    double *part[] = { p.W_enc, p.b_enc, p.W_dec, p.b_dec };
    for (int k = 0; k < 4; k++) {
        const Tensor *w = &sae_params(s)->p[k]->t;
        for (size_t i = 0; i < tensor_size(w); i++) {
            double old = part[k][i], up, down;
            part[k][i] = old + h;
            up = plain_loss(&p, x, spec.k, spec.l1, spec.aux, dead, error, true);
            part[k][i] = old - h;
            down = plain_loss(&p, x, spec.k, spec.l1, spec.aux, dead, error, true);
            part[k][i] = old;
            assert_near((double)w->g[i], (up - down) / (2 * h),
                        sizeof(real) == 8 ? 1e-7 : 1e-4);
        }
    }
    tape_free(t), sae_free(s);
}

static void loss_and_gradients_are_those_of_plain_loops(void **state)
{
    (void)state;
    check_loss((SaeSpec){ .l1 = L1_WEIGHT }, 0);
    check_loss((SaeSpec){ .k = K }, 0);
    check_loss((SaeSpec){ .k = K, .aux = AUX_WEIGHT }, 1); /* fewer dead than aux_k */
    check_loss((SaeSpec){ .k = 1, .aux = AUX_WEIGHT }, 5); /* more */
}

/* --- the step ----------------------------------------------------------------------- */

static void a_step_moves_the_decoder_along_the_sphere_only(void **state)
{
    (void)state;
    real x[ROWS * WIDTH];
    double lr = 0.05;
    Sae *s =
        sae_new((SaeSpec){ .width = WIDTH, .latents = N, .l1 = L1_WEIGHT }, rng_seed(7));
    Optim *o = optim_new((OptimSpec){ .kind = OPTIM_SGD, .lr = lr }, sae_params(s));
    Tensor *w = params_get(sae_params(s), "W_dec");
    rng_normals(rng_seed(8), x, ROWS * WIDTH);
    Tape *t = tape_new();
    tape_backward(t, sae_loss(s, t, tape_input(t, x, 2, (int[]){ ROWS, WIDTH })));
    double want[N * WIDTH];
    for (int i = 0; i < N; i++) {
        double along = 0, norm = 0;
        for (int j = i * WIDTH; j < (i + 1) * WIDTH; j++)
            along += (double)w->g[j] * (double)w->v[j];
        for (int j = i * WIDTH; j < (i + 1) * WIDTH; j++) {
            want[j] = (double)w->v[j] - lr * ((double)w->g[j] - along * (double)w->v[j]);
            norm += want[j] * want[j];
        }
        for (int j = i * WIDTH; j < (i + 1) * WIDTH; j++) want[j] /= sqrt(norm);
    }
    sae_step(s, o);
    for (int i = 0; i < N * WIDTH; i++)
        assert_near((double)w->v[i], want[i], sizeof(real) == 8 ? 1e-13 : 1e-6);
    tape_free(t), optim_free(o), sae_free(s);
}

static void the_encoder_begins_as_the_decoder_transposed_and_rows_are_units(void **state)
{
    (void)state;
    Sae *s = sae_new(L1, rng_seed(9));
    const Tensor *e = params_get(sae_params(s), "W_enc"),
                 *d = params_get(sae_params(s), "W_dec");
    for (int i = 0; i < LATENTS; i++) {
        double norm = 0;
        for (int j = 0; j < D; j++) {
            norm += (double)d->v[i * D + j] * (double)d->v[i * D + j];
            assert_true(e->v[j * LATENTS + i] == d->v[i * D + j]);
        }
        assert_near(norm, 1, 1e-6);
    }
    sae_free(s);
    assert_dies(
        sae_new((SaeSpec){ .width = 4, .latents = 8, .k = 2, .l1 = 1 }, rng_seed(1)),
        "both TopK and L1");
    assert_dies(
        sae_new((SaeSpec){ .width = 4, .latents = 8, .k = 2, .aux = 1 }, rng_seed(1)),
        "AuxK without .dead_after");
}

/* --- the measures ------------------------------------------------------------------- */

/* Latent i copies axis i: nothing is lost where axes 0 and 1 are used, one latent a row. */
static void measures_of_a_hand_made_dictionary_are_known(void **state)
{
    (void)state;
    Sae *s = sae_new((SaeSpec){ .width = 3, .latents = 3, .k = 1 }, rng_seed(1));
    for (int i = 0; i < 9; i++)
        params_get(sae_params(s), "W_enc")->v[i] =
            params_get(sae_params(s), "W_dec")->v[i] = i % 4 == 0;
    real x[] = { 2, 0, 0, 0, 1, 0, 4, 0, 0, 0, 0, 0 };
    bool alive[3];
    SaeFit fit = sae_measure(s, 4, x, alive);
    assert_near(fit.fvu, 0, 1e-12);
    assert_near(fit.l0, 0.75, 1e-12);
    assert_near(fit.dead, 1 / 3., 1e-12);
    assert_true(alive[0] && alive[1] && !alive[2]);
    real negative[] = { -1, 0, 0, 1, 0, 0 }; /* -1 cannot be coded: half of the spread */
    assert_near(sae_measure(s, 2, negative, NULL).fvu, 0.5, 1e-6);
    assert_dies(sae_measure(s, 2, (real[6]){ 0 }, NULL), "all alike");
    sae_free(s);
}

static void a_latent_that_fires_again_is_not_dead_any_more(void **state)
{
    (void)state;
    Sae *s =
        sae_new((SaeSpec){ .width = 2, .latents = 2, .k = 1, .aux = 1, .dead_after = 4 },
                rng_seed(1));
    for (int i = 0; i < 4; i++)
        params_get(sae_params(s), "W_enc")->v[i] =
            params_get(sae_params(s), "W_dec")->v[i] = i % 3 == 0;
    const real *silent = params_get(sae_params(s), "silent")->v;
    Tape *t = tape_new();
    real first[] = { 3, 0, 2, 0 }, second[] = { 3, 0, 0, 5 };
    sae_loss(s, t, tape_input(t, first, 2, (int[]){ 2, 2 }));
    sae_loss(s, t, tape_input(t, first, 2, (int[]){ 2, 2 }));
    assert_true(silent[0] == 0 && silent[1] == 4);
    sae_loss(s, t, tape_input(t, second, 2, (int[]){ 2, 2 }));
    assert_true(silent[0] == 0 && silent[1] == 0);
    tape_free(t), sae_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_kinds_find_the_planted_features),
        cmocka_unit_test(neither_noise_nor_the_untrained_have_them),
        cmocka_unit_test(loss_and_gradients_are_those_of_plain_loops),
        cmocka_unit_test(a_step_moves_the_decoder_along_the_sphere_only),
        cmocka_unit_test(the_encoder_begins_as_the_decoder_transposed_and_rows_are_units),
        cmocka_unit_test(measures_of_a_hand_made_dictionary_are_known),
        cmocka_unit_test(a_latent_that_fires_again_is_not_dead_any_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
