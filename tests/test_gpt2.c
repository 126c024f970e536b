/* test_gpt2.c - a file of GPT-2's shape computes what plain loops over it compute, in every
 * type and with or without a prefix; a damaged one is refused with one line that names the
 * damage. */
#include "tests/check.h"
#include "core/net/gpt2.h"
#include "tests/gpt2_file.h"

static Model *written_and_read(const GptFile *f, int heads, char **error)
{
    char *folder = check_folder(), *path = check_path(folder, "model.safetensors");
    gpt_write(f, path);
    Model *m = gpt2_read(path, heads, error);
    folder_remove(folder);
    if (!m) {
        assert_ptr_equal(strstr(*error, path), *error);
        memmove(*error, *error + strlen(path), strlen(*error + strlen(path)) + 1);
    }
    free(folder), free(path);
    return m;
}

static const int TOKENS[2 * GPT_T] = { 3, 1, 4, 1, 5, 9, 2, 18, 0, 7, 7, 11, 16, 6 };

/* The largest difference of a logit. */
static double distance(Model *m, GptFile *f)
{
    double want[GPT_T * GPT_V], worst = 0;
    Tape *t = tape_new();
    Tensor *got = model_logits(m, t, TOKENS, 2, GPT_T);
    for (int b = 0; b < 2; b++) {
        gpt_logits(f, GPT_T, TOKENS + b * GPT_T, want);
        for (int i = 0; i < GPT_T * GPT_V; i++) {
            double d = fabs((double)got->v[b * GPT_T * GPT_V + i] - want[i]);
            if (d > worst) worst = d;
        }
    }
    tape_free(t);
    return worst;
}

static void the_logits_are_those_of_plain_loops_in_every_type_and_prefix(void **state)
{
    (void)state;
    static const char *const types[] = { "F32", "F16", "BF16" };
    for (int i = 0; i < 2 * COUNT(types); i++) {
        char *error = NULL;
        GptFile *f = gpt_new(types[i / 2], i % 2 ? "transformer." : "");
        Model *m = written_and_read(f, GPT_H, &error);
        if (!m) fail_msg("%s", error);
        assert_true(distance(m, f) < 1e-3);
        model_free(m), gpt_free(f);
    }
}

static void
the_comparison_sees_a_transposed_square_and_another_number_of_heads(void **state)
{
    (void)state;
    char *error = NULL;
    GptFile *f = gpt_new("F32", "");
    Model *m = written_and_read(f, 2 * GPT_H, &error);
    assert_true(distance(m, f) > 0.1);
    model_free(m);
    m = written_and_read(f, GPT_H, &error);
    float *w = gpt_find(f, "h.1.attn.c_proj.weight")->v;
    for (int i = 0; i < GPT_D; i++)
        for (int j = 0; j < i; j++) {
            float x = w[i * GPT_D + j];
            w[i * GPT_D + j] = w[j * GPT_D + i], w[j * GPT_D + i] = x;
        }
    assert_true(distance(m, f) > 0.1);
    model_free(m), gpt_free(f);
}

static void the_sizes_are_those_of_the_tensors(void **state)
{
    (void)state;
    char *error = NULL;
    GptFile *f = gpt_new("F16", "transformer.");
    Model *m = written_and_read(f, GPT_H, &error);
    const ModelSpec *s = model_spec(m);
    assert_int_equal(s->vocab, GPT_V);
    assert_int_equal(s->ctx, GPT_T);
    assert_int_equal(s->layers, GPT_L);
    assert_int_equal(s->width, GPT_D);
    assert_int_equal(s->hidden, GPT_F);
    assert_true(s->tied);
    model_free(m);
    assert_null(written_and_read(f, 0, &error)); /* one head for 64 */
    assert_string_equal(error, ": a width of 8 for 0 heads");
    free(error);
    assert_null(written_and_read(f, 3, &error));
    assert_string_equal(error, ": a width of 8 for 3 heads");
    free(error), gpt_free(f);
}

/* --- damage --------------------------------------------------------------------------- */

typedef struct {
    const char *tensor; /* the damaged one, by the end of its name */
    const char *name;   /* its new name, or NULL */
    int rank, n0, n1;   /* its new shape of as many numbers; rank 0: the old one */
    bool lost, nan;
    const char *why;
} Damage;

static const Damage DAMAGES[] = {
    { .tensor = "h.1.ln_2.bias", .lost = true, .why = "no tensor \"h.1.ln_2.bias\"" },
    { .tensor = "ln_f.weight", .lost = true, .why = "no tensor \"ln_f.weight\"" },
    { .tensor = "wpe.weight",
      .lost = true,
      .why = "expected wte.weight, wpe.weight (matrices) " },
    { .tensor = "wte.weight",
      .rank = 1,
      .n0 = GPT_V * GPT_D,
      .why = "expected wte.weight, " },
    { .tensor = "h.0.mlp.c_fc.weight",
      .rank = 2,
      .n0 = GPT_F,
      .n1 = GPT_D,
      .why = "tensor \"h.0.mlp.c_fc.weight\": expected the shape (8,20)" },
    { .tensor = "h.1.mlp.c_fc.weight",
      .rank = 2,
      .n0 = GPT_F,
      .n1 = GPT_D,
      .why = "tensor \"h.1.mlp.c_fc.weight\": expected the shape (8,20)" },
    { .tensor = "h.1.attn.c_attn.weight",
      .rank = 2,
      .n0 = 3 * GPT_D,
      .n1 = GPT_D,
      .why = "tensor \"h.1.attn.c_attn.weight\": expected the shape (8,24)" },
    { .tensor = "h.0.attn.c_attn.bias",
      .rank = 2,
      .n0 = 1,
      .n1 = 3 * GPT_D,
      .why = "tensor \"h.0.attn.c_attn.bias\": expected the shape (24)" },
    { .tensor = "wpe.weight",
      .rank = 2,
      .n0 = GPT_D,
      .n1 = GPT_T,
      .why = "tensor \"wpe.weight\": expected the shape (8,8)" },
    { .tensor = "h.0.mlp.c_proj.weight",
      .nan = true,
      .why = "tensor \"h.0.mlp.c_proj.weight\": number 3 is not finite" },
    { .tensor = "h.0.attn.bias",
      .name = "h.0.attn.extra",
      .why = "tensor \"h.0.attn.extra\": a GPT-2 of 2 layers has none such" },
    { .tensor = "h.0.attn.bias",
      .name = "h.0.mlp.bias",
      .why = "tensor \"h.0.mlp.bias\": a GPT-2 of 2 layers has none such" },
    { .tensor = "h.0.attn.bias",
      .name = "h.7.ln_1.bias",
      .why = "tensor \"h.7.ln_1.bias\": a GPT-2 of 2 layers has none such" },
    { .tensor = "h.0.attn.bias",
      .name = "transformer.wpe.weight",
      .why = "tensor \"transformer.wpe.weight\": a GPT-2 of 2 layers has none such" },
    { .tensor = "h.0.attn.bias",
      .name = "two\\nlines",
      .why = "tensor \"two?lines\": a GPT-2 of 2 layers has none such" },
    { .tensor = "h.0.attn.bias", .name = "wpe.weight", .why = "duplicate object key" },
    { .tensor = "h.0.attn.bias",
      .name = "lm_head.weight",
      .why = "tensor \"lm_head.weight\": expected wte.weight again" },
};

static void every_damage_is_named_in_one_line(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(DAMAGES); i++) {
        const Damage *d = &DAMAGES[i];
        char *error = NULL;
        GptFile *f = gpt_new("F32", "");
        GptTensor *t = gpt_find(f, d->tensor);
        if (d->name) snprintf(t->name, sizeof t->name, "%s", d->name);
        if (d->rank) t->rank = d->rank, t->n[0] = d->n0, t->n[1] = d->n1;
        if (d->nan) t->v[3] = NAN;
        if (d->lost) free(t->v), *t = f->t[--f->n];
        Model *m = written_and_read(f, GPT_H, &error);
        if (m) fail_msg("not refused: %s", d->why);
        assert_contains(error, d->why);
        for (const char *c = error; *c; c++) assert_true((unsigned char)*c >= ' ');
        free(error), gpt_free(f);
    }
}

static void masks_and_the_unembedding_once_more_are_no_damage(void **state)
{
    (void)state;
    char *error = NULL;
    GptFile *f = gpt_new("F32", "transformer.");
    GptTensor *head = gpt_add(f, "lm_head.weight", "F32", 2, GPT_V, GPT_D);
    memcpy(head->v, gpt_find(f, "wte.weight")->v, gpt_count(head) * sizeof *head->v);
    gpt_add(f, "transformer.h.1.attn.masked_bias", "F32", 1, 1, 0);
    gpt_find(f, "h.0.attn.bias")->v[0] = NAN;
    Model *m = written_and_read(f, GPT_H, &error);
    assert_non_null(m);
    assert_true(distance(m, f) < 1e-3);
    model_free(m);
    head->n[0] = GPT_D, head->n[1] = GPT_V; /* the same numbers in another shape */
    assert_null(written_and_read(f, GPT_H, &error));
    assert_string_equal(error, ": tensor \"lm_head.weight\": expected wte.weight again");
    free(error);
    head->n[0] = GPT_V, head->n[1] = GPT_D, head->v[5] += 1;
    assert_null(written_and_read(f, GPT_H, &error));
    assert_string_equal(error, ": tensor \"lm_head.weight\": expected wte.weight again");
    free(error), gpt_free(f);
}

static void a_file_that_is_not_there_is_named(void **state)
{
    (void)state;
    char *error = NULL;
    assert_null(gpt2_read("no/such/model.safetensors", 0, &error));
    assert_string_equal(error, "no/such/model.safetensors: No such file or directory");
    free(error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_logits_are_those_of_plain_loops_in_every_type_and_prefix),
        cmocka_unit_test(
            the_comparison_sees_a_transposed_square_and_another_number_of_heads),
        cmocka_unit_test(the_sizes_are_those_of_the_tensors),
        cmocka_unit_test(every_damage_is_named_in_one_line),
        cmocka_unit_test(masks_and_the_unembedding_once_more_are_no_damage),
        cmocka_unit_test(a_file_that_is_not_there_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
