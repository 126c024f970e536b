/* test_resume.c - a training that is killed at any moment ends with the bits of one that
 * was not, and one whose circumstances changed starts over.
 *
 * The unit under test is this very program, as in test_run.c: called with `unit` it trains
 * a small network, and dies at the step that the environment names ("f8": fails there), or
 * whenever it is killed from outside. */
#define UNIT
#define _GNU_SOURCE
#include "tests/check.h"
#include "core/lab/resume.h"
#include "core/net/model.h"
#include <signal.h>
#include <sys/stat.h>

#define main unit_main
int unit_main(int argc, char **argv);
#include "core/lab/run.c"
#undef main

enum { STEPS = 60, EVERY = 7, B = 4, T = 8, V = 16 };
static void planted(Run *run, Rng rng);

const Experiment experiment = { .id = "trained",
                                .run = planted,
                                .inputs = { "user:TEXT" },
                                .artefact = "weights.safetensors",
                                .tables = { { "curve", "step, loss" } } };

/* --- the child ---------------------------------------------------------------------- */

static double train_step(Model *m, Tape *t, Optim *o, Rng rng)
{
    int tok[B * T], target[B * T];
    for (int i = 0; i < B * T; i++) tok[i] = rng_below(rng, (uint64_t)i, V);
    for (int i = 0; i < B * T; i++) target[i] = (tok[i] + 1) % V;
    Tensor *loss = op_xent(t, model_logits(m, t, tok, B, T), target);
    double x = (double)loss->v[0];
    tape_backward(t, loss);
    optim_step(o);
    tape_reset(t);
    return x;
}

static void planted(Run *run, Rng rng)
{
    const char *last = getenv("DIES_AT");
    Model *m = model_new((ModelSpec){ V, T, .layers = 1, .heads = 2, .width = 8 }, rng);
    Optim *o = optim_new((OptimSpec){ .lr = 0.01 }, model_params(m));
    Tape *t = tape_new();
    Params kept = { 0 };
    Tensor *losses = params_add(&kept, "losses", false, 1, (int[]){ STEPS });
    resume_take(run, model_params(m), o, &kept);
    observe(run, "from", optim_count(o));
    for (int s = optim_count(o); s < STEPS; s++) {
        losses->v[s] = (real)train_step(m, t, o, rng_child(rng, (uint64_t)s));
        if ((s + 1) % EVERY == 0) resume_save(run, model_params(m), o, &kept);
        if (last && *last == 'f' && s == atoi(last + 1)) bad_input(run, "planted");
        if (last && *last != 'f' && s == atoi(last)) raise(SIGKILL);
    }
    for (int s = 0; s < STEPS; s++) row(run, "curve", s, (double)losses->v[s]);
    record(run, "last loss", (double)losses->v[STEPS - 1]);
    checkpoint_save_weights(artefact_path(run, "trained"), model_params(m));
    if (last && *last != 'f' && atoi(last) == STEPS) raise(SIGKILL);
    params_free(&kept), tape_free(t), optim_free(o), model_free(m);
}

/* --- the parent --------------------------------------------------------------------- */

typedef struct {
    char *folder, *out, *stamps;
} Place;

static void put(Place p, const char *path, const char *text)
{
    char *full = check_path(p.folder, path);
    assert_true(file_write(full, text, strlen(text)));
    free(full);
}

static const char STAMP[] =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n1.0\n";

static Place place_new(void)
{
    Place p = { .folder = check_folder() };
    p.out = check_path(p.folder, "trained/seed-1");
    p.stamps = check_path(p.folder, "inputs");
    assert_true(folder_make(p.stamps));
    put(p, "inputs/user-TEXT.sha256", STAMP);
    return p;
}

static void place_free(Place p)
{
    assert_true(folder_remove(p.folder));
    free(p.folder), free(p.out), free(p.stamps);
}

static pid_t start(Place p, const char *dies_at)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child) return child;
    if (dies_at) setenv("DIES_AT", dies_at, 1);
    execl("/proc/self/exe", "test", "unit", "--seed", "1", "--out", p.out, "--inputs",
          p.stamps, (char *)NULL);
    _exit(127);
}

/* True: it ended well; else it was killed. */
static bool ended(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status)) assert_int_equal(WTERMSIG(status), SIGKILL);
    else assert_int_equal(WEXITSTATUS(status), 0);
    return WIFEXITED(status);
}

static bool there(Place p, const char *ending)
{
    char *path = text_format("%s%s", p.out, ending);
    bool is = file_exists(path);
    free(path);
    return is;
}

/* The step that the run began at, as run.json has it. */
static int began_at(Place p)
{
    char *path = check_path(p.out, "run.json");
    json_t *o = json_load_file(path, 0, NULL);
    double from =
        json_real_value(json_object_get(json_object_get(o, "observed"), "from"));
    json_decref(o), free(path);
    return (int)from;
}

static void assert_same_results(Place p, Place q)
{
    static const char *const files[] = { "values.csv", "curve.csv",
                                         "weights.safetensors" };
    for (int i = 0; i < COUNT(files); i++) {
        char *a = check_path(p.out, files[i]), *b = check_path(q.out, files[i]);
        Hash x, y;
        assert_true(hash_file(a, &x) && hash_file(b, &y));
        assert_string_equal(x.hex, y.hex);
        free(a), free(b);
    }
}

static Place uninterrupted(void)
{
    Place p = place_new();
    assert_true(ended(start(p, NULL)));
    assert_int_equal(began_at(p), 0);
    assert_false(there(p, ".resume"));
    return p;
}

/* --- tests -------------------------------------------------------------------------- */

static void killed_after_a_checkpoint_it_goes_on_from_there_to_the_same_bits(void **state)
{
    (void)state;
    Place whole = uninterrupted(), p = place_new();
    assert_false(ended(start(p, "3")));
    assert_false(there(p, ".resume"));
    assert_false(ended(start(p, "8")));
    assert_true(there(p, ".resume"));
    assert_false(ended(start(p, "30")));
    assert_false(ended(start(p, "60"))); /* all is written, nothing published */
    assert_false(there(p, ""));
    assert_true(ended(start(p, NULL)));
    assert_int_equal(began_at(p), 56);
    assert_same_results(whole, p);
    assert_false(there(p, ".resume"));
    place_free(whole), place_free(p);
}

static void killed_at_random_moments_it_ends_with_the_same_bits(void **state)
{
    (void)state;
    Place whole = uninterrupted();
    Rng r = rng_seed(5);
    int kills = 0;
    for (int round = 0; round < 5; round++) {
        Place p = place_new();
        for (int i = 0;; i++) {
            pid_t child = start(p, NULL);
            usleep((useconds_t)rng_below(rng_child(r, (uint64_t)round), (uint64_t)i,
                                         20000 + 2000 * i));
            kill(child, SIGKILL);
            if (ended(child)) break;
            kills++;
        }
        assert_same_results(whole, p);
        place_free(p);
    }
    assert_true(kills > 0);
    place_free(whole);
}

static void another_input_or_a_broken_checkpoint_starts_over(void **state)
{
    (void)state;
    Place whole = uninterrupted();
    for (int how = 0; how < 2; how++) {
        Place p = place_new();
        assert_false(ended(start(p, "40")));
        if (how == 0) {
            char *other = text_copy(STAMP);
            other[0] = 'f';
            put(p, "inputs/user-TEXT.sha256", other);
            free(other);
        } else put(p, "trained/seed-1.resume/state.safetensors", "not weights");
        assert_false(ended(start(p, "3")));
        assert_false(there(p, ".resume")); /* before it has one of its own */
        assert_true(ended(start(p, NULL)));
        assert_int_equal(began_at(p), 0);
        assert_same_results(whole, p);
        place_free(p);
    }
    place_free(whole);
}

static void a_run_that_fails_keeps_its_checkpoint(void **state)
{
    (void)state;
    Place p = place_new();
    int status;
    pid_t child = start(p, "f30");
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 2);
    assert_true(there(p, ".resume") && !there(p, ""));
    assert_true(ended(start(p, NULL)));
    assert_int_equal(began_at(p), 28);
    place_free(p);
}

static void another_seed_variant_or_size_has_another_identity(void **state)
{
    (void)state;
    Run a = { .seed = 1 }, b = a, c = a, d = a;
    b.seed = 2, c.longer = true, d.smoke = true;
    char *own = run_identity(&a);
    Run *const others[] = { &b, &c, &d };
    for (int i = 0; i < COUNT(others); i++) {
        char *other = run_identity(others[i]);
        assert_string_not_equal(own, other);
        free(other);
    }
    char *again = run_identity(&a);
    assert_string_equal(own, again);
    free(own), free(again);
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "unit")) return unit_main(argc - 1, argv + 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            killed_after_a_checkpoint_it_goes_on_from_there_to_the_same_bits),
        cmocka_unit_test(killed_at_random_moments_it_ends_with_the_same_bits),
        cmocka_unit_test(another_input_or_a_broken_checkpoint_starts_over),
        cmocka_unit_test(a_run_that_fails_keeps_its_checkpoint),
        cmocka_unit_test(another_seed_variant_or_size_has_another_identity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
