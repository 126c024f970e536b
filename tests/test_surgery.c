/* test_surgery.c - the identities that catch an intervention which does not do what it says:
 * on a small random model of the reference model's kind, whose norms have gains and biases
 * of their own, so that nothing holds by chance. */
#include "tests/check.h"
#include "core/core.h"

enum { L = 4, D = 16, H = 2, K = 8, V = 23, T = 12, N = 6, FROM = 3, ROWS = N * T };
static const double TIGHT = sizeof(real) == 8 ? 1e-12 : 2e-5;

static Model *small(bool tied)
{
    ModelSpec spec = { .vocab = V,
                       .ctx = T,
                       .layers = L,
                       .heads = H,
                       .width = D,
                       .tied = tied,
                       .init_sd = 0.3 };
    Model *m = model_new(spec, rng_seed(1));
    Params *p = model_params(m);
    for (int i = 0; i < p->n; i++)
        for (size_t j = 0; !p->p[i]->decay && j < tensor_size(&p->p[i]->t); j++)
            p->p[i]->t.v[j] +=
                (real)(0.3 * rng_normal(rng_child(rng_seed(2), (uint64_t)i), j));
    return m;
}

static const int *some_tokens(void)
{
    static const int tok[ROWS] = { 0, 3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2,
                                   3, 8, 4, 6, 2, 6, 4, 3, 3, 8, 3, 2, 7, 9, 5, 0, 2, 8,
                                   8, 4, 1, 9, 7, 1, 6, 9, 3, 9, 9, 3, 7, 5, 1, 0, 5, 8,
                                   2, 0, 9, 7, 4, 9, 4, 4, 5, 9, 2, 3, 0, 7, 8, 1, 6, 4 };
    return tok;
}

static Surgery *surgery_of(Model *m)
{
    return surgery_new(m, N, T, FROM, some_tokens(), some_tokens());
}

static void check_clean(Surgery *s, Outcome o)
{
    Outcome c = surgery_clean(s);
    assert_true(o.loss == c.loss && o.entropy == c.entropy && o.accuracy == c.accuracy);
    assert_true(o.agreement > 1 - 1e-12 && fabs(o.kl) < 1e-6);
}

/* --- orders --------------------------------------------------------------------------- */

static void the_plain_order_changes_no_bit(void **state)
{
    (void)state;
    Model *m = small(true);
    Surgery *s = surgery_of(m);
    check_clean(s, surgery_run(s, (int[]){ 0, 1, 2, 3 }, L, NULL, NULL));
    Outcome swapped = surgery_run(s, (int[]){ 0, 2, 1, 3 }, L, NULL, NULL);
    assert_true(swapped.kl > 1e-4 && swapped.agreement < 1);
    check_clean(s, surgery_run(s, NULL, 0, NULL, NULL)); /* the order was put back */
    surgery_free(s), model_free(m);
}

static void exchange(Model *m, int a, int b)
{
    Params *p = model_params(m);
    char from[16], name[64];
    snprintf(from, sizeof from, "blocks.%d.", a);
    for (int i = 0; i < p->n; i++) {
        if (strncmp(p->p[i]->name, from, 9)) continue;
        snprintf(name, sizeof name, "blocks.%d.%s", b, p->p[i]->name + 9);
        Tensor *x = &p->p[i]->t, *y = model_weight(m, name);
        for (size_t j = 0; j < tensor_size(x); j++) {
            real keep = x->v[j];
            x->v[j] = y->v[j], y->v[j] = keep;
        }
    }
}

static void a_swapped_order_is_an_exchange_of_weights_and_twice_is_none(void **state)
{
    (void)state;
    Model *m = small(true);
    Surgery *s = surgery_of(m);
    Outcome order = surgery_run(s, (int[]){ 0, 2, 1, 3 }, L, NULL, NULL);
    exchange(m, 1, 2);
    Outcome weights = surgery_run(s, NULL, 0, NULL, NULL);
    assert_true(order.loss == weights.loss && order.kl == weights.kl);
    exchange(m, 1, 2);
    check_clean(s, surgery_run(s, NULL, 0, NULL, NULL));
    surgery_free(s), model_free(m);
}

static void to_delete_a_layer_is_to_leave_it_out_or_to_drop_what_it_writes(void **state)
{
    (void)state;
    Model *m = small(true);
    Surgery *s = surgery_of(m);
    int order[L], n = surgery_without(L, 2, 3, order);
    assert_int_equal(n, 3);
    assert_true(order[0] == 0 && order[1] == 1 && order[2] == 3);
    assert_int_equal(surgery_without(L, 1, 4, order), 1);
    assert_int_equal(surgery_without(L, 0, 0, order), L);
    Outcome omitted = surgery_run(s, (int[]){ 0, 1, 3 }, 3, NULL, NULL);
    assert_true(omitted.kl > 1e-4);
    static const char *const writer[] = { "attn.W_O", "attn.b_O", "mlp.W_out",
                                          "mlp.b_out" };
    for (int i = 0; i < 4; i++) {
        char name[64];
        snprintf(name, sizeof name, "blocks.2.%s", writer[i]);
        Tensor *w = model_weight(m, name);
        memset(w->v, 0, tensor_size(w) * sizeof *w->v);
    }
    Outcome idle = surgery_run(s, NULL, 0, NULL, NULL);
    assert_near(idle.loss, omitted.loss, 1e-12);
    Surgery *after = surgery_of(m); /* there, to delete it changes nothing */
    check_clean(after, surgery_run(after, (int[]){ 0, 1, 3 }, 3, NULL, NULL));
    surgery_free(after), surgery_free(s), model_free(m);
}

/* --- hooks ---------------------------------------------------------------------------- */

typedef struct {
    Part part;
    int layer;
} Drop;

static void drop(Tape *t, void *ctx)
{
    const Drop *d = ctx;
    surgery_drop(t, d->part, d->layer);
}

static void parts_dropped_by_hooks_are_the_layers_own(void **state)
{
    (void)state;
    Model *m = small(true);
    Surgery *s = surgery_of(m);
    Outcome out[PARTS], omitted = surgery_run(s, (int[]){ 0, 1, 3 }, 3, NULL, NULL);
    for (int p = 0; p < PARTS; p++)
        out[p] = surgery_run(s, NULL, 0, drop, &(Drop){ (Part)p, 2 });
    assert_near(out[PART_BLOCK].loss, omitted.loss, 1e-12);
    assert_true(out[PART_ATTENTION].kl > 1e-5 && out[PART_MLP].kl > 1e-5);
    assert_true(out[PART_ATTENTION].kl != out[PART_MLP].kl);
    surgery_free(s), model_free(m);
}

static void resample_own(Tape *t, void *ctx)
{
    (void)ctx;
    static const int own[] = { 0, 1, 2, 3, 4, 5 };
    hook_resample(t, "blocks.1.z", own, K, K);
}

static void rolled(Tape *t, void *ctx)
{
    (void)ctx;
    static const int next[] = { 1, 2, 3, 4, 5, 0 };
    hook_resample(t, "blocks.1.z", next, K, K);
}

static void resampling_from_the_same_window_changes_nothing(void **state)
{
    (void)state;
    Model *m = small(true);
    Surgery *s = surgery_of(m);
    Outcome own = surgery_run(s, NULL, 0, resample_own, NULL);
    check_clean(s, own);
    assert_true(surgery_run(s, NULL, 0, rolled, NULL).kl > 1e-5);
    surgery_free(s), model_free(m);
}

/* --- outcomes ------------------------------------------------------------------------- */

static void outcomes_are_those_of_plain_sums(void **state)
{
    (void)state;
    Model *m = small(true);
    Surgery *s = surgery_of(m);
    Tape *t = tape_new();
    assert_int_equal(surgery_batches(s), 1);
    Tensor *y = surgery_logits(s, t, 0), *flat = tape_constant(t, 3, y->n);
    Outcome o = { 0 };
    surgery_add(s, 0, flat, &o); /* all words alike */
    double kl = 0, entropy = 0, loss = 0, places = N * (T - FROM);
    for (int i = 0; i < ROWS; i++) {
        if (i % T < FROM) continue;
        double sum = 0, e = 0;
        for (int v = 0; v < V; v++) sum += exp((double)y->v[i * V + v]);
        for (int v = 0; v < V; v++) {
            double log_p = (double)y->v[i * V + v] - log(sum);
            e -= exp(log_p) * log_p;
        }
        entropy += e / log(2) / places, kl += (log(V) - e) / places;
        loss += (log(sum) - (double)y->v[i * V + some_tokens()[i]]) / places;
    }
    assert_near(o.loss, log(V), 1e-6);
    assert_near(o.entropy, log(V) / log(2), 1e-6);
    assert_near(o.kl, kl, 1e-5);
    assert_near(surgery_clean(s).entropy, entropy, 1e-5);
    assert_near(surgery_clean(s).loss, loss, 1e-5);
    assert_dies(surgery_logits(s, t, 1), "no batch 1");
    tape_free(t), surgery_free(s), model_free(m);
}

static void batches_add_up_to_the_mean_over_all_windows(void **state)
{
    (void)state;
    enum { WORDS = 60000, LONG = 40 }; /* two windows a batch */
    ModelSpec spec = {
        .vocab = WORDS, .ctx = LONG, .layers = 1, .heads = 1, .width = 4, .init_sd = 0.5
    };
    Model *m = model_new(spec, rng_seed(3));
    int tok[3 * LONG];
    for (int i = 0; i < 3 * LONG; i++)
        tok[i] = rng_below(rng_seed(4), (uint64_t)i, WORDS);
    Surgery *all = surgery_new(m, 3, LONG, 30, tok, tok);
    assert_int_equal(surgery_batches(all), 2);
    const int *of;
    assert_int_equal(surgery_tokens(all, 1, &of), 1);
    assert_ptr_equal(of, tok + 2 * LONG);
    check_clean(all, surgery_run(all, NULL, 0, NULL, NULL));
    double loss = 0, kl = 0;
    for (int i = 0; i < 3; i++) {
        Surgery *one = surgery_new(m, 1, LONG, 30, tok + i * LONG, tok + i * LONG);
        loss += surgery_clean(one).loss / 3;
        kl += surgery_run(one, NULL, 0, drop, &(Drop){ PART_MLP, 0 }).kl / 3;
        surgery_free(one);
    }
    assert_near(surgery_clean(all).loss, loss, 1e-4);
    assert_near(surgery_run(all, NULL, 0, drop, &(Drop){ PART_MLP, 0 }).kl, kl, 1e-4);
    surgery_free(all), model_free(m);
}

/* --- what a part turns, where attention falls ------------------------------------------ */

static void cosines_see_idle_and_reversing_parts(void **state)
{
    (void)state;
    real x[] = { 1, 2, 3, 0, -1, 1 }, y[] = { -1, -2, -3, 0, 2, 2 };
    Tensor a = { .rank = 2, .n = { 2, 3 }, .v = x },
           b = { .rank = 2, .n = { 2, 3 }, .v = y };
    double c[2];
    surgery_cosines(&a, &a, c);
    assert_near(c[0], 1, 1e-12);
    surgery_cosines(&a, &b, c); /* x - 2x, and a right angle */
    assert_near(c[0], -1, 1e-12);
    assert_near(c[1], 0, 1e-12);
    assert_near(surgery_length(&a, &b), (1 + 0.5) / 2, 1e-6);
}

static void importance_of_an_idle_part_is_zero_and_only_its_own(void **state)
{
    (void)state;
    Model *m = small(true);
    Tensor *w = model_weight(m, "blocks.1.mlp.W_out"),
           *b = model_weight(m, "blocks.1.mlp.b_out");
    memset(w->v, 0, tensor_size(w) * sizeof *w->v);
    memset(b->v, 0, tensor_size(b) * sizeof *b->v);
    Surgery *s = surgery_of(m);
    double turn[PARTS * L];
    surgery_importance(s, turn);
    for (int i = 0; i < PARTS * L; i++)
        if (i == PART_MLP * L + 1) assert_near(turn[i], 0, 1e-12);
        else assert_true(turn[i] > 1e-4 && turn[i] <= 2);
    assert_near(turn[PART_BLOCK * L + 1], turn[PART_ATTENTION * L + 1], 1e-12);
    surgery_free(s), model_free(m);
}

static void near_attention_counts_the_tokens_before_and_not_the_first(void **state)
{
    (void)state;
    enum { P = 8 };
    real p[P * P] = { 0 };
    Tensor pattern = { .rank = 4, .n = { 1, 1, P, P }, .v = p };
    for (int t = 0; t < P; t++)
        for (int j = 0; j <= t; j++) p[t * P + j] = 1 / (real)(t + 1);
    double share;
    surgery_near(&pattern, 5, 6, &share); /* even attention: 5 of t + 1 */
    assert_near(share, (5. / 7 + 5. / 8) / 2, 1e-6);
    surgery_near(&pattern, 5, 4, &share); /* place 0 is out of reach of none */
    assert_near(share, (3. / 5 + 4. / 6 + 5. / 7 + 5. / 8) / 4, 1e-6);
    memset(p, 0, sizeof p);
    for (int t = 0; t < P; t++) p[t * P + t] = 1; /* itself only */
    surgery_near(&pattern, 5, 4, &share);
    assert_near(share, 0, 1e-12);
    real two[2 * P * P] = { 0 }; /* a step back, wholly and by a quarter */
    Tensor heads = { .rank = 4, .n = { 1, 2, P, P }, .v = two };
    for (int t = 1; t < P; t++) two[t * P + t - 1] = 1, two[P * P + t * P + t - 1] = 0.25;
    double each[2];
    surgery_near(&heads, 5, 4, each);
    assert_near(each[0], 1, 1e-12);
    assert_near(each[1], 0.25, 1e-12);
}

/* --- the folded model ------------------------------------------------------------------ */

static void folding_leaves_the_distributions(void **state)
{
    (void)state;
    for (int tied = 0; tied < 2; tied++) {
        Model *m = small(tied), *f = surgery_folded(m);
        Tape *t = tape_new();
        Tensor *p = op_softmax(t, model_logits(m, t, some_tokens(), N, T)),
               *y = model_logits(f, t, some_tokens(), N, T), *q = op_softmax(t, y);
        for (int i = 0; i < ROWS * V; i++)
            assert_near((double)p->v[i], (double)q->v[i], TIGHT);
        for (int r = 0; r < ROWS; r++) {
            double mean = 0;
            for (int v = 0; v < V; v++) mean += (double)y->v[r * V + v] / V;
            assert_near(mean, 0, TIGHT);
        }
        tape_free(t), model_free(m), model_free(f);
    }
}

/* Everything that is written into the stream, (n,N,T,D) in order. */
enum { WRITERS = 1 + 2 * L };
static const Tensor *written(Tape *t, int i)
{
    char name[32];
    snprintf(name, sizeof name, "blocks.%d.%s", (i - 1) / 2,
             i % 2 ? "attn_out" : "mlp_out");
    return hook_value(t, i ? name : "embed");
}

static void keep_all(Tape *t)
{
    hook_keep(t, "embed");
    for (int l = 0; l < L; l++) {
        static const char *const part[] = { "attn_out", "mlp_out", "resid_post", "z" };
        char name[32];
        for (int i = 0; i < 4; i++) {
            snprintf(name, sizeof name, "blocks.%d.%s", l, part[i]);
            hook_keep(t, name);
        }
    }
}

/* The part of logit v at row r that x writes, under sigma. */
static double direct(Model *f, const Tensor *x, int r, int v, double sigma)
{
    const Tensor *W_U = model_weight(f, "unembed.W_U");
    double sum = 0;
    for (int d = 0; d < D; d++)
        sum += (double)x->v[r * D + d] * (double)W_U->v[d * V + v];
    return sum / sigma;
}

static void the_parts_of_a_folded_model_add_up_to_its_logits(void **state)
{
    (void)state;
    Model *m = small(true), *f = surgery_folded(m);
    Tape *t = tape_new();
    keep_all(t);
    Tensor *y = model_logits(f, t, some_tokens(), N, T);
    double sigma[ROWS];
    surgery_sigma(hook_value(t, "blocks.3.resid_post"), sigma);
    const real *b_U = model_weight(f, "unembed.b_U")->v;
    for (int i = 0; i < ROWS * V; i++) {
        double sum = (double)b_U[i % V];
        for (int w = 0; w < WRITERS; w++)
            sum += direct(f, written(t, w), i / V, i % V, sigma[i / V]);
        assert_near(sum, (double)y->v[i], 10 * TIGHT);
    }
    tape_free(t), model_free(m), model_free(f);
}

/* Resamples head 1 of `layer`, with what comes after it frozen or not, and returns the
 * largest gap in: repair = change by other writers + change by the last norm. *largest:
 * the largest repair. */
static double repair_gap(Model *f, int layer, bool frozen, double *largest)
{
    static const int roll[] = { 1, 2, 3, 4, 5, 0 };
    char name[32];
    Tape *a = tape_new(), *b = tape_new();
    keep_all(a);
    Tensor *clean = model_logits(f, a, some_tokens(), N, T);
    keep_all(b);
    snprintf(name, sizeof name, "blocks.%d.z", layer);
    hook_resample(b, name, roll, K, K);
    for (int i = 2 * layer + 2; frozen && i < WRITERS; i++) {
        snprintf(name, sizeof name, "blocks.%d.%s", (i - 1) / 2,
                 i % 2 ? "attn_out" : "mlp_out");
        hook_patch(b, name, written(a, i), -1);
    }
    Tensor *cut = model_logits(f, b, some_tokens(), N, T);
    double before[ROWS], after[ROWS], gap = 0;
    surgery_sigma(hook_value(a, "blocks.3.resid_post"), before);
    surgery_sigma(hook_value(b, "blocks.3.resid_post"), after);
    *largest = 0;
    const real *b_U = model_weight(f, "unembed.b_U")->v;
    for (int i = 0; i < ROWS * V; i++) {
        int r = i / V, v = i % V, own = 2 * layer + 1;
        double y = (double)cut->v[i] - (double)b_U[v], others = 0,
               head = direct(f, written(b, own), r, v, before[r]) -
                      direct(f, written(a, own), r, v, before[r]);
        for (int w = own + 1; w < WRITERS; w++)
            others += direct(f, written(b, w), r, v, before[r]) -
                      direct(f, written(a, w), r, v, before[r]);
        double repair = (double)cut->v[i] - (double)clean->v[i] - head,
               norm = y * (1 - after[r] / before[r]);
        gap = fmax(gap, fabs(repair - others - norm));
        /* under a frozen sigma the norm does not repair */
        *largest = fmax(*largest, fabs(repair - norm));
    }
    tape_free(a), tape_free(b);
    return gap;
}

static void repair_is_heads_and_mlps_and_the_last_norm(void **state)
{
    (void)state;
    Model *m = small(true), *f = surgery_folded(m);
    double repair;
    for (int layer = 0; layer < L; layer++) {
        assert_near(repair_gap(f, layer, false, &repair), 0, 10 * TIGHT);
        assert_true(repair > 1e-3);
        assert_near(repair_gap(f, layer, true, &repair), 0, 10 * TIGHT);
        assert_near(repair, 0, 10 * TIGHT); /* nothing downstream moved */
    }
    model_free(m), model_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plain_order_changes_no_bit),
        cmocka_unit_test(a_swapped_order_is_an_exchange_of_weights_and_twice_is_none),
        cmocka_unit_test(to_delete_a_layer_is_to_leave_it_out_or_to_drop_what_it_writes),
        cmocka_unit_test(parts_dropped_by_hooks_are_the_layers_own),
        cmocka_unit_test(resampling_from_the_same_window_changes_nothing),
        cmocka_unit_test(outcomes_are_those_of_plain_sums),
        cmocka_unit_test(batches_add_up_to_the_mean_over_all_windows),
        cmocka_unit_test(cosines_see_idle_and_reversing_parts),
        cmocka_unit_test(importance_of_an_idle_part_is_zero_and_only_its_own),
        cmocka_unit_test(near_attention_counts_the_tokens_before_and_not_the_first),
        cmocka_unit_test(folding_leaves_the_distributions),
        cmocka_unit_test(the_parts_of_a_folded_model_add_up_to_its_logits),
        cmocka_unit_test(repair_is_heads_and_mlps_and_the_last_norm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
