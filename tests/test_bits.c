/* test_bits.c - three small trainings end in the published weights, whatever the compiler,
 * the vectors it may use, BLIS's kernels and its threads. What a finding reports is made of
 * such weights: a digest that moves here moves every record. */
#include "tests/check.h"
#include "core/base/hash.h"
#include "core/net/model.h"
#include "core/net/optim.h"
#include "core/num/gemm.h"

typedef struct {
    ModelSpec model;
    OptimSpec optim;
    int B, T;
    const char *single, *twice; /* the digests in float and in double */
} Case;

static const Case CASES[] = {
    { { .vocab = 64, .ctx = 16, .layers = 1, .heads = 4, .width = 64 },
      { .lr = 1e-3, .warmup = 3 },
      8,
      16,
      "c79661015b86f46cefd6e5f9520621d4b579ce503ad29f89015a2df1d4d44fa4",
      "c60d30c951b948fc6c9f73141279903e4ee168d5f20c369cbff1ef7f539d1f5d" },
    { { .vocab = 23,
        .ctx = 21,
        .layers = 2,
        .heads = 3,
        .width = 30,
        .tied = true,
        .positions = POS_ROTARY,
        .keys = KEYS_SMEARED_LEARNED,
        .act = ACT_RELU },
      { .lr = 3e-3, .weight_decay = 0.1, .clip = 0.5, .decay = DECAY_COSINE, .steps = 8 },
      13,
      21,
      "fb5f8c4cbc764acc05906ef613edbfd42cbc0bff58854887fdb5f081a75e4fd7",
      "1bd4460a46f0bc969031d0f242119037ab7cf066a165adbd20006e47a5c780bb" },
    { { .vocab = 11,
        .ctx = 3,
        .layers = 2,
        .heads = 1,
        .width = 20,
        .head_width = 12,
        .attention_only = true,
        .no_layernorm = true,
        .bidirectional = true,
        .init_sd = 0.3 },
      { .kind = OPTIM_SGD, .lr = 0.05, .beta1 = 0.9 },
      300,
      3,
      "1ace782d46808f3e11103b78eebb1a6ed30b9c89de686014574dfad49acd9960",
      "ca96f256f355f4e1b7a0bf16fa5d66f9db7d691774179f6a928e21315775cb46" },
};

static Hash trained(const Case *c)
{
    Model *m = model_new(c->model, rng_seed(1));
    Optim *o = optim_new(c->optim, model_params(m));
    Tape *t = tape_new();
    int n = c->B * c->T;
    int *tok = alloc((size_t)n, sizeof *tok), *target = alloc((size_t)n, sizeof *target);
    for (int step = 0; step < 8; step++) {
        for (int i = 0; i < n; i++) {
            tok[i] = rng_below(rng_child(rng_seed(2), (uint64_t)step), (uint64_t)i,
                               c->model.vocab);
            target[i] = i % 5 ? (tok[i] + i % c->T) % c->model.vocab : -1;
        }
        tape_backward(t, op_xent(t, model_logits(m, t, tok, c->B, c->T), target));
        optim_step(o);
        tape_reset(t);
    }
    HashState *h = hash_new();
    for (int i = 0; i < model_params(m)->n; i++) {
        const Tensor *w = &model_params(m)->p[i]->t;
        hash_add(h, w->v, tensor_size(w) * sizeof(real));
    }
    free(tok), free(target), tape_free(t), optim_free(o), model_free(m);
    return hash_end(h);
}

static void the_weights_are_the_published_ones(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(CASES); i++)
        assert_string_equal(trained(&CASES[i]).hex, sizeof(real) == sizeof(float)
                                                        ? CASES[i].single
                                                        : CASES[i].twice);
}

/* "FAMILY DIGESTS", what the children print */
static void print_digests(void)
{
    printf("%s ", gemm_kernel());
    for (int i = 0; i < COUNT(CASES); i++) printf(" %s", trained(&CASES[i]).hex);
    fflush(stdout);
}

static void another_run_other_kernels_and_threads_do_not_move_a_bit(void **state)
{
    (void)state;
    static const struct {
        const char *variable, *family;
    } runs[] = { { NULL, NULL },
                 { "BLIS_ARCH_TYPE=3", "haswell " },
                 { "BLIS_ARCH_TYPE=6", "zen3 " },
                 { "BLIS_NUM_THREADS=2", NULL } };
    char *here = check_output_again("--digests", NULL);
    for (int i = 0; i < COUNT(runs); i++) {
        char *there = check_output_again("--digests", runs[i].variable);
        if (runs[i].family) assert_ptr_equal(strstr(there, runs[i].family), there);
        assert_string_equal(strstr(there, "  "), strstr(here, "  "));
        free(there);
    }
    free(here);
}

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "--digests")) return print_digests(), 0;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_weights_are_the_published_ones),
        cmocka_unit_test(another_run_other_kernels_and_threads_do_not_move_a_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
