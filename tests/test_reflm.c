/* test_reflm.c - what the reference model's file holds comes back, is scored as a plain
 * loop scores it, and a file that holds something else is refused. */
#define UNIT
#include "tests/check.h"
#include "core/base/file.h"
#include "core/lab/reflm.h"

/* reflm_open() is a unit's; here nobody runs one. */
const char *artefact_path(Run *run, const char *id) { return (void)run, id; }
void bad_input(Run *run, const char *message)
{
    (void)run;
    die("%s", message);
}

enum { V = 300, CTX = 16, N = 5 };

typedef struct {
    char *folder, *path;
    Model *model[2];
    int held[N * CTX + 1], calibration[N * CTX + 1];
    Params file;
} World;

static World world_new(void)
{
    World w = { .folder = check_folder() };
    w.path = check_path(w.folder, "model.safetensors");
    static const char text[] = "the cat sat on the mat, and the rat ate that";
    Bpe *b = bpe_train(text, sizeof text - 1, V);
    ModelSpec spec = { .vocab = V,
                       .ctx = CTX,
                       .layers = 2,
                       .heads = 2,
                       .width = 8,
                       .tied = true,
                       .init_sd = 0.3 };
    for (int i = 0; i < 2; i++)
        w.model[i] = model_new(spec, rng_child(rng_seed(1), (uint64_t)i));
    for (int i = 0; i <= N * CTX; i++) {
        w.held[i] = rng_below(rng_seed(2), (uint64_t)i, bpe_vocab(b));
        w.calibration[i] = rng_below(rng_seed(3), (uint64_t)i, bpe_vocab(b));
    }
    w.file = reflm_new(w.model[0], b, N, w.held, w.calibration);
    for (int k = 0; k < REFLM_MOMENTS; k++)
        reflm_keep(&w.file, w.model[k == 3], reflm_percent[k]);
    bpe_free(b);
    return w;
}

static void world_free(World w)
{
    for (int i = 0; i < 2; i++) model_free(w.model[i]);
    params_free(&w.file);
    assert_true(folder_remove(w.folder));
    free(w.folder), free(w.path);
}

static Reflm *read_back(World *w)
{
    assert_true(checkpoint_save_weights(w->path, &w->file));
    char *error = NULL;
    Reflm *lm = reflm_read(w->path, &error);
    if (!lm) fail_msg("%s", error);
    return lm;
}

static void weights_tokens_and_merges_come_back(void **state)
{
    (void)state;
    World w = world_new();
    Reflm *lm = read_back(&w);
    assert_int_equal(lm->held.n, N);
    assert_int_equal(lm->held.T, CTX);
    for (int i = 0; i < N * CTX; i++) {
        assert_int_equal(lm->held.tok[i], w.held[i]);
        assert_int_equal(lm->held.target[i], w.held[i + 1]);
        assert_int_equal(lm->calibration.target[i], w.calibration[i + 1]);
    }
    for (int k = 0; k < REFLM_MOMENTS; k++) {
        Model *m = reflm_model(lm, reflm_percent[k]);
        const Tensor *got = model_weight(m, "blocks.1.mlp.W_out"),
                     *want = model_weight(w.model[k == 3], "blocks.1.mlp.W_out");
        assert_memory_equal(got->v, want->v, tensor_size(got) * sizeof(real));
        model_free(m);
    }
    size_t n;
    free(bpe_encode(lm->bpe, "that", 4, &n));
    assert_true(n < 4);
    assert_dies(reflm_model(lm, 50), "no weights at 50 %");
    reflm_free(lm), world_free(w);
}

/* -log p of a target by its definition, in long double. */
static double plain_nat(const real *logits, int target)
{
    long double sum = 0;
    for (int v = 0; v < V; v++) sum += expl((long double)logits[v]);
    return (double)(logl(sum) - (long double)logits[target]);
}

static void scores_are_those_of_a_plain_loop(void **state)
{
    (void)state;
    World w = world_new();
    Reflm *lm = read_back(&w);
    Model *m = reflm_model(lm, 100);
    Tape *t = tape_new();
    const Tensor *logits = model_logits(m, t, lm->held.tok + CTX, 3, CTX);
    double nats = 0, bytes = 0, right = 0, each[3 * CTX] = { 0 };
    int n = 0;
    for (int i = 0; i < 3 * CTX; i++) {
        if (i % CTX < REFLM_FROM) continue;
        const real *row = logits->v + i * V;
        int target = lm->held.target[CTX + i], length;
        bpe_token(lm->bpe, target, &length);
        bool best = true;
        for (int v = 0; v < V; v++) best = best && row[v] <= row[target];
        nats += each[i] = plain_nat(row, target);
        bytes += length, right += best, n++;
    }
    real nat[3 * CTX];
    ReflmScore s = reflm_score(lm, m, t, &lm->held, 1, 3, NULL, NULL, nat);
    assert_near(s.loss, nats / n, 1e-9);
    assert_near(s.bits_per_byte, nats / log(2) / bytes, 1e-9);
    assert_near(s.top1, right / n, 1e-12);
    for (int i = 0; i < 3 * CTX; i++) assert_near((double)nat[i], each[i], 1e-5);
    tape_free(t), model_free(m), reflm_free(lm), world_free(w);
}

static void mute(Tape *t, void *ctx) { hook_zero(t, ctx, -1, -1); }

static void what_prepare_hooks_acts_in_every_batch(void **state)
{
    (void)state;
    World w = world_new();
    Reflm *lm = read_back(&w);
    Model *m = reflm_model(lm, 100);
    Tape *t = tape_new();
    ReflmScore s = reflm_score(lm, m, t, &lm->held, 0, N, mute, (void *)"logits", NULL);
    assert_near(s.loss, log(V), 1e-6);
    tape_free(t), model_free(m), reflm_free(lm), world_free(w);
}

/* Only of the last moment: wherever it is, the model says token 97, which is all the text. */
static void
a_model_has_learned_if_its_last_weights_foretell_the_held_out_text(void **state)
{
    (void)state;
    World w = world_new();
    Reflm *lm = read_back(&w);
    assert_false(reflm_learned(lm));
    reflm_free(lm);
    memset(model_weight(w.model[0], "ln_final.w")->v, 0, 8 * sizeof(real));
    memset(model_weight(w.model[0], "ln_final.b")->v, 0, 8 * sizeof(real));
    memset(model_weight(w.model[0], "embed.W_E")->v, 0, V * 8 * sizeof(real));
    model_weight(w.model[0], "ln_final.b")->v[3] = 1;
    model_weight(w.model[0], "embed.W_E")->v[97 * 8 + 3] = 20;
    Tensor *held = params_get(&w.file, "held");
    for (int i = 0; i <= N * CTX; i++) held->v[i] = 97;
    for (int k = 0; k < 2; k++) {
        reflm_keep(&w.file, w.model[0], k ? 100 : 30);
        lm = read_back(&w);
        assert_int_equal(reflm_learned(lm), k);
        reflm_free(lm);
    }
    for (int i = CTX + REFLM_FROM + 1; i <= N * CTX; i++) held->v[i] = 98;
    lm = read_back(&w);
    assert_false(reflm_learned(lm)); /* the first window alone is not enough */
    reflm_free(lm), world_free(w);
}

/* A packer asks for many tokens at once, the unpacker for one after the other. */
static void logits_have_the_same_bits_however_many_are_asked_for(void **state)
{
    (void)state;
    ModelSpec spec = { .vocab = 500,
                       .ctx = 128,
                       .layers = 2,
                       .heads = 4,
                       .width = 128,
                       .tied = true,
                       .init_sd = 0.1 };
    Model *m = model_new(spec, rng_seed(6));
    int tok[3 * 128];
    for (int i = 0; i < 3 * 128; i++) tok[i] = rng_below(rng_seed(8), (uint64_t)i, 500);
    Tape *t = tape_new(), *u = tape_new();
    tape_pause(t), tape_pause(u);
    const Tensor *all = model_logits(m, t, tok, 3, 128);
    for (int b = 0; b < 3; b++)
        for (int n = 1; n <= 128; n += 1 + 6 * b, tape_reset(u)) {
            const Tensor *one = model_last_logits(m, u, tok + b * 128, 1, n);
            assert_memory_equal(one->v, all->v + (b * 128 + n - 1) * 500,
                                500 * sizeof(real));
        }
    tape_free(t), tape_free(u), model_free(m);
}

static void the_likeliest_continuation_is_what_the_model_would_choose(void **state)
{
    (void)state;
    World w = world_new();
    Reflm *lm = read_back(&w);
    Model *m = reflm_model(lm, 100);
    size_t n;
    int *tok = bpe_encode(lm->bpe, "the", 3, &n), known = bpe_vocab(lm->bpe);
    tok = grow(tok, n, CTX, sizeof *tok);
    Tape *t = tape_new();
    for (; n < CTX; n++, tape_reset(t)) {
        const real *x = model_last_logits(m, t, tok, 1, (int)n)->v;
        int best = 0;
        for (int v = 1; v < known; v++) best = x[v] > x[best] ? v : best;
        tok[n] = best;
    }
    Buffer want = { 0 };
    bpe_decode(lm->bpe, tok, n, &want);
    char *got = reflm_continue(lm, m, "the", CTX, 1000, rng_seed(1));
    assert_int_equal(strlen(got), want.n);
    for (size_t i = 0; i < want.n; i++)
        if (want.s[i] >= ' ' && want.s[i] <= '~') assert_int_equal(got[i], want.s[i]);
        else assert_int_equal(got[i], want.s[i] == '\n' ? '|' : '?');
    free(got), free(want.s), free(tok), tape_free(t);
    model_free(m), reflm_free(lm), world_free(w);
}

/* Each fault: a tensor, one of its numbers, and what is put there. */
static void a_file_with_a_number_out_of_place_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *tensor, *why;
        int at;
        double x;
    } faults[] = {
        { "spec", "describes no model", 3, 0 },
        { "spec", "describes no model", 3, 3 },
        { "spec", "of the model's shape", 2, 3 },
        { "spec", "of the model's shape", 4, 16 },
        { "spec", "whole number", 0, -1 },
        { "spec", "whole number", 4, 1e9 },
        { "merges", "whole number", 0, 0.5 },
        { "merges", "merge 0 is of", 1, 290 },
        { "held", "whole number below 300", 7, 300 },
        { "calibration", "whole number", 0, -2 },
        { "spec", "holds no window", 1, 4000 },
        { "held", "whole number", 3, NAN },
    };
    for (int i = 0; i < COUNT(faults); i++) {
        World w = world_new();
        params_get(&w.file, faults[i].tensor)->v[faults[i].at] = (real)faults[i].x;
        assert_true(checkpoint_save_weights(w.path, &w.file));
        char *error = NULL;
        Reflm *lm = reflm_read(w.path, &error);
        if (lm) fail_msg("fault %d is overlooked", i);
        assert_contains(error, faults[i].why);
        free(error), world_free(w);
    }
}

static void another_file_is_refused(void **state)
{
    (void)state;
    World w = world_new();
    char *error = NULL;
    assert_null(reflm_read(w.path, &error));
    assert_contains(error, "No such file");
    free(error);
    assert_true(checkpoint_save_weights(w.path, model_params(w.model[0])));
    assert_null(reflm_read(w.path, &error));
    assert_contains(error, "no row of numbers \"spec\"");
    free(error);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_tokens_and_merges_come_back),
        cmocka_unit_test(scores_are_those_of_a_plain_loop),
        cmocka_unit_test(what_prepare_hooks_acts_in_every_batch),
        cmocka_unit_test(
            a_model_has_learned_if_its_last_weights_foretell_the_held_out_text),
        cmocka_unit_test(logits_have_the_same_bits_however_many_are_asked_for),
        cmocka_unit_test(the_likeliest_continuation_is_what_the_model_would_choose),
        cmocka_unit_test(a_file_with_a_number_out_of_place_is_refused),
        cmocka_unit_test(another_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
