/* test_repair.c - what a cut changes is the sum of its parts, whichever head is cut, and it
 * is what the model's own logits say; a cut that changes nothing, and one whose answer is
 * frozen, are found to be unrepaired. */
#include "tests/check.h"
#include "core/lens/repair.h"
#include "core/net/hook.h"

enum { B = 4, T = 9, V = 23, L = 3, H = 2, D = 16, K = D / H };

static Model *random_model(void)
{
    Model *m = model_new((ModelSpec){ .vocab = V,
                                      .ctx = T,
                                      .layers = L,
                                      .heads = H,
                                      .width = D,
                                      .tied = true,
                                      .init_sd = 0.5 },
                         rng_seed(1));
    for (int i = 0; i < model_params(m)->n; i++) { /* gains and biases that matter */
        Param *p = model_params(m)->p[i];
        for (size_t k = 0; p->t.rank == 1 && k < tensor_size(&p->t); k++)
            p->t.v[k] += (real)(0.2 * rng_normal(rng_named(rng_seed(2), p->name), k));
    }
    return m;
}

typedef struct {
    Model *whole, *m;
    int tok[B * T], target[B * T];
    Repair *r;
} Fixture;

static Fixture fixture(void)
{
    Fixture f = { .whole = random_model() };
    f.m = surgery_folded(f.whole);
    return f;
}

static void start(Fixture *f)
{
    for (int i = 0; i < B * T; i++) f->tok[i] = rng_below(rng_seed(3), (uint64_t)i, V);
    for (int i = 0; i < B * T; i++) f->target[i] = i % V;
    f->r = repair_new(f->m, f->tok, f->target, B, T);
}

static void end(Fixture *f)
{
    repair_free(f->r);
    model_free(f->m), model_free(f->whole);
}

typedef struct {
    Repaired all;
    double heads, mlp, part[2 * L];
} Parts;

static Parts measure(const Fixture *f, Cut c, int row, int token)
{
    Parts p = { 0 };
    real u[D];
    repair_unembedding(f->m, token, u);
    p.all = repair_measure(f->r, c, row, u, p.part);
    for (int l = 0; l < L; l++) p.heads += p.part[2 * l], p.mlp += p.part[2 * l + 1];
    return p;
}

static void the_self_repair_is_the_sum_of_its_parts_for_every_head(void **state)
{
    (void)state;
    Fixture f = fixture();
    start(&f);
    double most = 0;
    for (int i = 0; i < L * (H + 1); i++) {
        Cut c = { .layer = i / (H + 1), .head = i % (H + 1) - 1, .shift = 1 };
        repair_cut(f.r, c);
        for (int row = 0; row < B * T; row++) {
            Parts p = measure(&f, c, row, (row * 7 + i) % V);
            double repair = p.all.logit - p.all.direct;
            assert_near(p.heads + p.mlp + p.all.norm, repair, 1e-4);
            most = fmax(most, fabs(repair));
            for (int k = 0; k <= 2 * c.layer; k++) assert_true(p.part[k] == 0);
            if (c.layer == L - 1) assert_true(p.heads == 0);
        }
    }
    assert_true(most > 0.1);
    end(&f);
}

/* Logit of a token at a row, centred and without the bias, as the whole model has it. */
static double logit_of(const Fixture *f, const Tensor *logits, int row, int token)
{
    double mean = 0;
    for (int v = 0; v < V; v++) mean += (double)logits->v[row * V + v] / V;
    return (double)logits->v[row * V + token] - mean -
           (double)model_weight(f->m, "unembed.b_U")->v[token];
}

static void the_change_of_a_logit_is_that_of_the_unfolded_model(void **state)
{
    (void)state;
    Fixture f = fixture();
    start(&f);
    Tape *t = tape_new();
    Tensor *clean = model_logits(f.whole, t, f.tok, B, T);
    Cut c = { .layer = 1, .head = 1, .shift = 3 };
    hook_resample(t, "blocks.1.z", (int[]){ 3, 0, 1, 2 }, K, K);
    Tensor *cut = model_logits(f.whole, t, f.tok, B, T);
    repair_cut(f.r, c);
    for (int row = 0; row < B * T; row++) {
        Parts p = measure(&f, c, row, row % V);
        double change =
            logit_of(&f, cut, row, row % V) - logit_of(&f, clean, row, row % V);
        assert_near(p.all.logit, change, 1e-4);
    }
    tape_free(t);
    end(&f);
}

static void direct_effects_of_all_components_are_the_logit(void **state)
{
    (void)state;
    Fixture f = fixture();
    start(&f);
    const Tensor *logits = hook_value(f.r->clean, "logits"),
                 *embed = hook_value(f.r->clean, "blocks.0.resid_pre");
    for (int row = 0; row < B * T; row++) {
        int token = (3 * row + 1) % V;
        real u[D];
        double sum = 0, heads = 0;
        repair_unembedding(f.m, token, u);
        for (int d = 0; d < D; d++) sum += (double)embed->v[row * D + d] * (double)u[d];
        for (int l = 0; l < L; l++) {
            char name[32];
            snprintf(name, sizeof name, "blocks.%d.attn.b_O", l);
            const real *bias = model_weight(f.m, name)->v;
            for (int d = 0; d < D; d++) sum += (double)bias[d] * (double)u[d];
        }
        sum /= f.r->sigma[row];
        for (int l = 0; l < L; l++) {
            for (int h = 0; h <= H; h++) sum += repair_direct(f.r, l, h, row, u);
            heads = repair_direct(f.r, l, 0, row, u) + repair_direct(f.r, l, 1, row, u);
            assert_near(repair_direct(f.r, l, -1, row, u), heads, 1e-5);
        }
        double want = (double)logits->v[row * V + token] -
                      (double)model_weight(f.m, "unembed.b_U")->v[token];
        assert_near(sum, want, 1e-4);
    }
    end(&f);
}

static void the_rows_of_the_largest_effects_come_in_order_and_none_is_missed(void **state)
{
    (void)state;
    Fixture f = fixture();
    start(&f);
    const real *u = f.r->u;
    int *rows = repair_rows(f.r, 1, 0, 2, 10), above = 0;
    double last = repair_direct(f.r, 1, 0, rows[9], u + rows[9] * D);
    for (int row = 0; row < B * T; row++)
        above += row % T >= 2 && repair_direct(f.r, 1, 0, row, u + row * D) >= last;
    assert_int_equal(above, 10);
    for (int i = 1; i < 10; i++)
        assert_true(repair_direct(f.r, 1, 0, rows[i - 1], u + rows[i - 1] * D) >=
                    repair_direct(f.r, 1, 0, rows[i], u + rows[i] * D));
    free(rows);
    assert_dies(repair_rows(f.r, 1, 0, 2, B * T), "36 of 28 rows");
    end(&f);
}

static void sums_are_over_the_rows_that_are_given(void **state)
{
    (void)state;
    Fixture f = fixture();
    start(&f);
    Cut c = { .layer = 1, .head = 0, .shift = 2 };
    repair_cut(f.r, c);
    int rows[] = { 5, 11, 5 };
    RepairSums s = { 0 };
    repair_add(f.r, c, 2, rows, f.r->u, &s), repair_add(f.r, c, 1, rows + 2, f.r->u, &s);
    Parts a = measure(&f, c, 5, 5), b = measure(&f, c, 11, 11);
    double ra = a.all.logit - a.all.direct, rb = b.all.logit - b.all.direct;
    assert_true(s.n == 3);
    assert_near(s.logit, 2 * a.all.logit + b.all.logit, 1e-9);
    assert_near(s.direct, 2 * a.all.direct + b.all.direct, 1e-9);
    assert_near(s.repair, 2 * ra + rb, 1e-9);
    assert_near(s.square, 2 * ra * ra + rb * rb, 1e-9);
    assert_near(s.heads + s.mlps + s.norm, s.repair, 3e-4);
    assert_near(s.heads, 2 * a.heads + b.heads, 1e-9);
    assert_near(s.overshoot, 2 * (a.all.logit > 0) + (b.all.logit > 0), 0);
    assert_near(s.effect,
                2 * repair_direct(f.r, 1, 0, 5, f.r->u + 5 * D) +
                    repair_direct(f.r, 1, 0, 11, f.r->u + 11 * D),
                1e-9);
    end(&f);
}

static void what_answers_a_cut_layer_is_summed_over_places_and_components(void **state)
{
    (void)state;
    Fixture f = fixture();
    start(&f);
    double part[2 * L] = { 0 };
    RepairLayer y = { .part = part };
    repair_layer(f.r, 1, 8, &y);
    assert_true(y.n == B);
    const Tensor *logits = hook_value(f.r->clean, "logits");
    double xx = 0, xy = 0, next = 0;
    for (int b = 0; b < B; b++) { /* the same, by the pieces */
        int row = b * T + 8, best = 0;
        for (int v = 1; v < V; v++)
            if (logits->v[row * V + v] > logits->v[row * V + best]) best = v;
        real u[D];
        repair_unembedding(f.m, best, u);
        Parts p = measure(&f, (Cut){ 1, -1, 1, false }, row, best);
        double x = repair_direct(f.r, 1, -1, row, u);
        xx += x * x, xy -= x * p.all.logit, next += x * p.part[3];
    }
    assert_near(y.xy / y.xx, xy / xx, 1e-9);
    assert_near(part[3] / y.xx, next / xx, 1e-9);
    assert_true(part[0] == 0 && part[1] == 0 && part[2] == 0 && part[4] != 0);
    end(&f);
}

static void the_own_window_as_source_changes_nothing_at_all(void **state)
{
    (void)state;
    Fixture f = fixture();
    start(&f);
    Cut c = { .layer = 0, .head = 1, .shift = B };
    repair_cut(f.r, c);
    for (int row = 0; row < B * T; row++) {
        Parts p = measure(&f, c, row, row % V);
        assert_true(p.all.logit == 0 && p.all.direct == 0 && p.all.norm == 0);
        for (int k = 0; k < 2 * L; k++) assert_true(p.part[k] == 0);
    }
    end(&f);
}

static void where_all_behind_is_frozen_nothing_is_repaired(void **state)
{
    (void)state;
    Fixture f = fixture();
    start(&f);
    for (int l = 0; l < L; l++) {
        Cut c = { .layer = l, .head = 0, .shift = 1, .frozen = true };
        repair_cut(f.r, c);
        for (int row = 0; row < B * T; row++) {
            Parts p = measure(&f, c, row, row % V);
            assert_true(p.all.norm == 0 && p.heads == 0 && p.mlp == 0);
            assert_near(p.all.logit - p.all.direct, 0, 1e-4);
        }
    }
    end(&f);
}

static void what_is_put_back_is_found_as_repair_of_that_size(void **state)
{
    (void)state;
    Fixture f = fixture();
    start(&f);
    Cut c = { .layer = 0, .head = 0, .shift = 1, .frozen = true, .back = 2 };
    repair_cut(f.r, c);
    for (int row = 0; row < B * T; row++) {
        Parts p = measure(&f, c, row, row % V);
        repair_unembedding(f.r->m, row % V, f.r->u + row * D);
        double own = repair_direct(f.r, 0, 0, row, f.r->u + row * D);
        assert_near(p.all.logit - p.all.direct, 2 * own, 1e-4);
    }
    end(&f);
}

static void a_planted_answer_of_the_next_layer_is_found_there(void **state)
{
    (void)state;
    Fixture f = fixture();
    /* layer 1 attends evenly and reads nothing; layer 0's MLP is off */
    static const char *const off[] = { "blocks.0.mlp.W_out", "blocks.1.attn.W_O",
                                       "blocks.2.attn.W_O", "blocks.2.mlp.W_out" };
    for (int i = 0; i < COUNT(off); i++) {
        Tensor *w = model_weight(f.m, off[i]);
        memset(w->v, 0, tensor_size(w) * sizeof(real));
    }
    start(&f);
    Cut c = { .layer = 0, .head = 0, .shift = 1 };
    repair_cut(f.r, c);
    double mlp = 0;
    for (int row = 0; row < B * T; row++) {
        Parts p = measure(&f, c, row, row % V);
        for (int k = 0; k < 2 * L; k++)
            assert_true(k == 3 || p.part[k] == 0); /* only layer 1's MLP can answer */
        mlp = fmax(mlp, fabs(p.part[3]));
    }
    assert_true(mlp > 0.01);
    assert_dies(repair_cut(f.r, (Cut){ .layer = L }), "no head 3.0");
    assert_dies(repair_cut(f.r, (Cut){ .head = H }), "no head 0.2");
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_self_repair_is_the_sum_of_its_parts_for_every_head),
        cmocka_unit_test(the_change_of_a_logit_is_that_of_the_unfolded_model),
        cmocka_unit_test(direct_effects_of_all_components_are_the_logit),
        cmocka_unit_test(
            the_rows_of_the_largest_effects_come_in_order_and_none_is_missed),
        cmocka_unit_test(sums_are_over_the_rows_that_are_given),
        cmocka_unit_test(what_answers_a_cut_layer_is_summed_over_places_and_components),
        cmocka_unit_test(the_own_window_as_source_changes_nothing_at_all),
        cmocka_unit_test(where_all_behind_is_frozen_nothing_is_repaired),
        cmocka_unit_test(what_is_put_back_is_found_as_repair_of_that_size),
        cmocka_unit_test(a_planted_answer_of_the_next_layer_is_found_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
