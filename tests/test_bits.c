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
      "542591d3fa2e3a5512d75ea1f590f0a817bb2d7dfa5bc1039f5295804558ae79",
      "88961d048e868f0c670898faa31f052d9f5e2754ae94e6f67343202d4daf824a" },
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
      "59a5b3ead5a33f5f66b1640874306c588a0106ba6a6a6279c064504aa807082b",
      "7c6fd146d6ccd9ce86a609b12c15981438306fe1df08f57055b3a85c4d6b6115" },
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
      "038f86a309dc2f0677861922fee93df665894a2be9f0a4ca8559f0028a79ec14",
      "84ca392debdb6c8bc560da140132c036a831f7c383568f97c901d6eded8b92d6" },
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
