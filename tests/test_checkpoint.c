/* test_checkpoint.c - what is written is read back bit for bit, what is malformed is
 * refused with one line that says why, and a training that is killed at any moment goes
 * on to the same weights. */
#include "tests/check.h"
#include "core/net/checkpoint.h"
#include "core/net/model.h"
#include <signal.h>

/* --- files that are wrong ----------------------------------------------------------- */

typedef struct {
    const char *header;
    int data;        /* bytes after the header */
    const char *why; /* NULL: it is right */
} Case;

#define T(name, dtype, shape, from, to)                                                  \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" #from \
    "," #to "]}"

static const Case CASES[] = {
    { "{}", 0, NULL },
    { "{" T("a", "F32", "[2]", 0, 8) "}", 8, NULL },
    { "{" T("a", "F32", "[]", 0, 4) "}  ", 4, NULL },
    { "{" T("b", "F16", "[1,1,3]", 4, 10) "," T("a", "BF16", "[2]", 0, 4) "}", 10, NULL },
    { "{\"__metadata__\":{\"k\":\"v\"}," T("a", "F64", "[1]", 0, 8) "}", 8, NULL },

    { "", 0, "the header is no JSON object" },
    { "[]", 0, "the header is no JSON object" },
    { "{\"a\":", 0, "the header is no JSON object" },
    { "{} x", 0, "the header is no JSON object" },
    { "{\"a\":7}", 0, "tensor \"a\": dtype missing" },
    { "{" T("a", "I64", "[1]", 0, 8) "}", 8, "tensor \"a\": dtype I64, expected F32" },
    { "{" T("a", "F32\\nx", "[1]", 0, 8) "}", 8, "dtype F32?x, expected" },
    { "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, "expected a shape" },
    { "{" T("a", "F32", "[1,1,1,1,1]", 0, 4) "}", 4, "at most 4 dimensions" },
    { "{" T("a", "F32", "[1,-1]", 0, 4) "}", 4, "dimension 1 is no positive number" },
    { "{" T("a", "F32", "[0]", 0, 0) "}", 0, "dimension 0 is no positive number" },
    { "{" T("a", "F32", "[1.0]", 0, 4) "}", 4, "dimension 0 is no positive number" },
    { "{" T("a", "F32", "[4294967296]", 0, 4) "}", 4, "dimension 0 is no positive" },
    { "{" T("a", "F32", "[2147483647,2147483647,2147483647]", 0, 4) "}", 4,
      "dimension 2 is no positive number that fits" },
    { "{" T("a", "F64", "[2147483647,2147483647,2]", 0, 8) "}", 8, "8 bytes for" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "expected two data_offsets" },
    { "{" T("a", "F32", "[1]", 0.5, 4) "}", 4, "expected two data_offsets" },
    { "{" T("a", "F32", "[1]", -4, 0) "}", 4, "offsets -4 to 0, expected within 4" },
    { "{" T("a", "F32", "[1]", 4, 0) "}", 4, "offsets 4 to 0" },
    { "{" T("a", "F32", "[2]", 0, 8) "}", 7, "offsets 0 to 8, expected within 7 bytes" },
    { "{" T("a", "F32", "[2]", 0, 4) "}", 4, "4 bytes for 2 numbers of type F32" },
    { "{" T("a", "F32", "[1]", 0, 4) "," T("b", "F32", "[1]", 2, 6) "}", 6, "overlap" },
    { "{" T("a", "F32", "[1]", 0, 4) "," T("b", "F32", "[1]", 0, 4) "}", 4, "overlap" },
    { "{" T("a", "F32", "[1]", 0, 4) "," T("b", "F32", "[1]", 8, 12) "}", 12, "a gap" },
    { "{" T("a", "F32", "[1]", 4, 8) "}", 8, "starts at 4, expected 0" },
    { "{" T("a", "F32", "[1]", 0, 4) "}", 9, "end at 4 of 9 bytes" },
    { "{" T("a", "F32", "[1]", 0, 4) "," T("a", "F32", "[1]", 4, 8) "}", 8, "duplicate" },
    { "{\"__metadata__\":{\"k\":7}}", 0, "metadata \"k\" is no string" },
    { "{\"__metadata__\":[]}", 0, "the metadata are no JSON object" },
};

static Safetensors *parse(const char *header, int data, char **error)
{
    Buffer b = { 0 };
    uint64_t n = strlen(header);
    buffer_add(&b, (const char *)&n, sizeof n);
    buffer_put(&b, header);
    for (int i = 0; i < data; i++) buffer_add(&b, "\x01", 1);
    Safetensors *s = safetensors_parse("x.safetensors", b.s, b.n, error);
    free(b.s);
    return s;
}

static void every_malformed_header_gives_one_line_that_says_why(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(CASES); i++) {
        char *error = NULL;
        Safetensors *s = parse(CASES[i].header, CASES[i].data, &error);
        if ((s != NULL) != !CASES[i].why) fail_msg("%s: %s", CASES[i].header, error);
        if (!CASES[i].why) {
            safetensors_free(s);
            continue;
        }
        assert_ptr_equal(strstr(error, "x.safetensors: "), error);
        assert_contains(error, CASES[i].why);
        for (const char *c = error; *c; c++) assert_true((unsigned char)*c >= ' ');
        free(error);
    }
}

static void a_file_that_ends_early_is_refused_wherever_it_ends(void **state)
{
    (void)state;
    Buffer b = { 0 };
    const char *header = "{" T("a", "F32", "[2]", 0, 8) "}";
    uint64_t n = strlen(header);
    buffer_add(&b, (const char *)&n, sizeof n);
    buffer_put(&b, header);
    buffer_add(&b, "abcdefgh", 8);
    for (size_t end = 0; end <= b.n; end++) {
        char *error = NULL, *copy = memcpy(alloc(end + 1, 1), b.s, end);
        Safetensors *s = safetensors_parse("x", copy, end, &error);
        assert_true((s != NULL) == (end == b.n));
        safetensors_free(s), free(error), free(copy);
    }
    uint64_t lies[] = { UINT64_MAX, UINT64_MAX - 7, (uint64_t)1 << 40, b.n - 7 };
    for (int i = 0; i < COUNT(lies); i++) {
        char *error = NULL;
        memcpy(b.s, &lies[i], sizeof lies[i]);
        assert_null(safetensors_parse("x", b.s, b.n, &error));
        assert_contains(error, "a header of ");
        free(error);
    }
    free(b.s);
    char *error = NULL;
    assert_null(safetensors_read("no/such/file", &error));
    assert_string_equal(error, "no/such/file: No such file or directory");
    free(error);
}

/* --- numbers ------------------------------------------------------------------------ */

/* All 65536 patterns as one tensor of that type. */
static Safetensors *all_halves(const char *dtype)
{
    char *header = text_format("{\"a\":{\"dtype\":\"%s\",\"shape\":[65536],"
                               "\"data_offsets\":[0,131072]}}",
                               dtype),
         *error = NULL;
    Buffer b = { 0 };
    uint64_t n = strlen(header);
    buffer_add(&b, (const char *)&n, sizeof n);
    buffer_put(&b, header);
    for (int i = 0; i < 65536; i++)
        buffer_add(&b, (char[]){ (char)i, (char)(i >> 8) }, 2);
    Safetensors *s = safetensors_parse("x", b.s, b.n, &error);
    assert_non_null(s);
    free(b.s), free(header);
    return s;
}

static void every_half_and_every_bfloat_has_its_value(void **state)
{
    (void)state;
    Safetensors *half = all_halves("F16"), *brain = all_halves("BF16");
    for (int i = 0; i < 65536; i++) {
        int e = i >> 10 & 31, m = i & 1023;
        double want = e == 31 ? m ? NAN : INFINITY
                      : e     ? ldexp(1024 + m, e - 25)
                              : ldexp(m, -24);
        assert_same_double((double)half->t[0].v[i], i >> 15 ? -want : want);
        e = i >> 7 & 255, m = i & 127;
        want = e == 255 ? m ? NAN : INFINITY
               : e      ? ldexp(128 + m, e - 134)
                        : ldexp(m, -133);
        assert_same_double((double)brain->t[0].v[i], i >> 15 ? -want : want);
    }
    safetensors_free(half), safetensors_free(brain);
}

/* --- round trips -------------------------------------------------------------------- */

static const ModelSpec SPEC = {
    .vocab = 11, .ctx = 6, .layers = 1, .heads = 2, .width = 8
};

static bool same_weights(Model *a, Model *b)
{
    bool same = true;
    for (int i = 0; i < model_params(a)->n; i++) {
        const Tensor *x = &model_params(a)->p[i]->t, *y = &model_params(b)->p[i]->t;
        same &= !memcmp(x->v, y->v, tensor_size(x) * sizeof(real));
    }
    return same;
}

static void weights_come_back_bit_for_bit_into_the_same_shapes_only(void **state)
{
    (void)state;
    char *folder = check_folder(), *path = check_path(folder, "w.safetensors"),
         *lost = check_path(folder, "no/w.safetensors"), *error = NULL;
    ModelSpec wider = SPEC, deeper = SPEC;
    wider.width = 16, deeper.layers = 2;
    Model *a = model_new(SPEC, rng_seed(1)), *b = model_new(SPEC, rng_seed(2)),
          *c = model_new(wider, rng_seed(3)), *d = model_new(deeper, rng_seed(4));
    real *w = model_weight(a, "embed.W_E")->v;
    w[0] = -0.f, w[1] = (real)0x1p-149, w[2] = (real)0x1.fffffep127;
    assert_true(checkpoint_save_weights(path, model_params(a)));
    assert_true(checkpoint_load_weights(path, model_params(b), &error));
    assert_true(same_weights(a, b));
    assert_false(checkpoint_load_weights(path, model_params(c), &error));
    assert_contains(error, "tensor \"embed.W_E\" has another shape than the model's");
    free(error);
    assert_false(checkpoint_load_weights(path, model_params(d), &error));
    assert_contains(error, "no tensor \"blocks.1.");
    free(error);
    assert_false(checkpoint_save_weights(lost, model_params(a)));
    model_free(a), model_free(b), model_free(c), model_free(d);
    folder_remove(folder);
    free(folder), free(path), free(lost);
}

/* --- training ----------------------------------------------------------------------- */

enum { STEPS = 80, BATCH = 3 };

typedef struct {
    Model *m;
    Optim *o;
} Training;

static Training training_new(uint64_t seed)
{
    Training t = { model_new(SPEC, rng_seed(seed)), NULL };
    t.o = optim_new((OptimSpec){ .lr = 1e-2,
                                 .warmup = 4,
                                 .decay = DECAY_COSINE,
                                 .steps = STEPS,
                                 .weight_decay = 0.1 },
                    model_params(t.m));
    return t;
}

static void training_free(Training t)
{
    optim_free(t.o);
    model_free(t.m);
}

/* From where it stands; path not NULL: a checkpoint after each step. */
static void go_on(Training t, const char *path)
{
    Tape *tape = tape_new();
    while (optim_count(t.o) < STEPS) {
        int tok[BATCH * 6], target[BATCH * 6];
        Rng batch = rng_child(rng_seed(9), (uint64_t)optim_count(t.o));
        for (int i = 0; i < BATCH * 6; i++) {
            tok[i] = rng_below(batch, (uint64_t)i, 11);
            target[i] = (3 * tok[i] + 1) % 11;
        }
        tape_backward(tape,
                      op_xent(tape, model_logits(t.m, tape, tok, BATCH, 6), target));
        optim_step(t.o);
        tape_reset(tape);
        if (path && !checkpoint_save(path, "tag", model_params(t.m), t.o)) _exit(1);
    }
    tape_free(tape);
}

/* A child trains and is killed some time after its first checkpoint. */
static void train_and_kill(const char *path, useconds_t after)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        go_on(training_new(1), path);
        _exit(0);
    }
    for (int i = 0; i < 20000 && !file_exists(path); i++) usleep(500);
    usleep(after);
    kill(child, SIGKILL);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
}

static void a_training_that_is_killed_goes_on_to_the_same_bits(void **state)
{
    (void)state;
    Training whole = training_new(1);
    go_on(whole, NULL);
    for (uint64_t trial = 0; trial < 6; trial++) {
        char *folder = check_folder(), *path = check_path(folder, "t.safetensors");
        train_and_kill(path, (useconds_t)rng_below(rng_seed(5), trial, 12000));
        Training t = training_new(7 + trial); /* another start: nothing of it may stay */
        assert_true(checkpoint_load(path, "tag", model_params(t.m), t.o));
        assert_in_range(optim_count(t.o), 1, STEPS);
        go_on(t, NULL);
        assert_true(same_weights(whole.m, t.m));
        training_free(t);
        folder_remove(folder);
        free(folder), free(path);
    }
    training_free(whole);
}

static void a_checkpoint_that_does_not_fit_changes_nothing(void **state)
{
    (void)state;
    char *folder = check_folder(), *path = check_path(folder, "t.safetensors"),
         *none = check_path(folder, "none");
    size_t n;
    Training t = training_new(1), u = training_new(2), untouched = training_new(2);
    go_on(t, path);
    assert_false(checkpoint_load(none, "tag", model_params(u.m), u.o));
    assert_false(checkpoint_load(path, "other tag", model_params(u.m), u.o));
    assert_true(
        checkpoint_save_weights(none, model_params(t.m))); /* no moments, no tag */
    assert_false(checkpoint_load(none, "", model_params(u.m), u.o));
    char *bytes = file_read(path, &n), *count = strstr(bytes + 8, "\"count\":\"80\"");
    assert_non_null(count);
    memcpy(count + 9, "-1", 2);
    assert_true(file_write(none, bytes, n));
    assert_false(checkpoint_load(none, "tag", model_params(u.m), u.o));
    memcpy(count + 9, "80", 2);
    assert_true(file_write(none, bytes, n - 1));
    assert_false(checkpoint_load(none, "tag", model_params(u.m), u.o));
    assert_true(same_weights(u.m, untouched.m));
    assert_int_equal(optim_count(u.o), 0);
    for (int i = 0; i < model_params(u.m)->n; i++)
        assert_true(*optim_moment(u.o, 0, i) == 0);
    assert_true(file_write(none, bytes, n));
    assert_true(checkpoint_load(none, "tag", model_params(u.m), u.o));
    assert_true(same_weights(u.m, t.m));
    training_free(t), training_free(u), training_free(untouched);
    folder_remove(folder);
    free(folder), free(path), free(none), free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_malformed_header_gives_one_line_that_says_why),
        cmocka_unit_test(a_file_that_ends_early_is_refused_wherever_it_ends),
        cmocka_unit_test(every_half_and_every_bfloat_has_its_value),
        cmocka_unit_test(weights_come_back_bit_for_bit_into_the_same_shapes_only),
        cmocka_unit_test(a_training_that_is_killed_goes_on_to_the_same_bits),
        cmocka_unit_test(a_checkpoint_that_does_not_fit_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
