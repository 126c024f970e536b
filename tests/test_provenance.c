/* test_provenance.c - where a result says that it comes from. */
#include "core/lab/provenance.h"
#include "core/base/hash.h"
#include "core/num/gemm.h"
#include "tests/check.h"

static const char HEX[] =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static InputStamp stamp_of(const char *text)
{
    char *folder = check_folder(), *path = check_path(folder, "package-words.sha256");
    if (text) assert_true(file_write(path, text, strlen(text)));
    InputStamp stamp = provenance_input(folder, "package:words");
    assert_true(folder_remove(folder));
    free(folder), free(path);
    return stamp;
}

static void assert_absent(const char *text, const char *why)
{
    InputStamp stamp = stamp_of(text);
    assert_contains(stamp.absent, why);
    assert_string_equal(stamp.sha256, "unstamped");
    free(stamp.absent);
}

static void a_stamp_is_a_hash_and_a_version(void **state)
{
    (void)state;
    char *both = text_format("%s\n1.2-3\n", HEX), *bare = text_format("%s", HEX);
    InputStamp stamp = stamp_of(both);
    assert_null(stamp.absent);
    assert_string_equal(stamp.sha256, HEX);
    assert_string_equal(stamp.version, "1.2-3");
    stamp = stamp_of(bare);
    assert_string_equal(stamp.sha256, HEX);
    assert_string_equal(stamp.version, "");
    free(both), free(bare);
}

static void an_absent_input_says_why(void **state)
{
    (void)state;
    assert_absent("absent\nwords is not installed: apt-get install words\n",
                  "words is not installed: apt-get install words");
    assert_absent("absent\n", "package:words");
}

static void a_stamp_that_is_missing_or_malformed_makes_the_input_absent(void **state)
{
    (void)state;
    assert_absent(NULL, "package:words has no stamp");
    assert_absent("", "expected a SHA-256");
    assert_absent("0123\n1.0\n", ":1:1: \"0123\", expected a SHA-256 or \"absent\"");
    char *upper = text_format("A%s", HEX + 1);
    assert_absent(upper, "expected a SHA-256");
    free(upper);
}

static void a_stamps_name_is_a_file_name(void **state)
{
    (void)state;
    char *name = provenance_stamp_name("package:dict-gcide");
    assert_string_equal(name, "package-dict-gcide.sha256");
    free(name);
    name = provenance_stamp_name("data/facts/x.csv");
    assert_string_equal(name, "data-facts-x.csv.sha256");
    free(name);
}

static void without_stamps_only_data_files_are_hashed(void **state)
{
    (void)state;
    Hash hash;
    assert_true(hash_file("data/references.bib", &hash));
    InputStamp stamp = provenance_input(NULL, "data/references.bib");
    assert_string_equal(stamp.sha256, hash.hex);
    stamp = provenance_input(NULL, "package:words");
    assert_string_equal(stamp.sha256, "unstamped");
    assert_null(stamp.absent);
}

static json_t *provenance(char *argument)
{
    static const char *const inputs[] = { "data/references.bib", "package:words" };
    char program[] = "build/unit/planted", *argv[] = { program, argument, NULL };
    return provenance_json(NULL, inputs, COUNT(inputs), argument ? 2 : 1, argv);
}

static const char *text_of(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    if (!s) fail_msg("no text \"%s\"", key);
    return s;
}

static void the_executable_is_the_one_that_runs(void **state)
{
    (void)state;
    Hash self;
    assert_true(hash_file("/proc/self/exe", &self));
    char seed[] = "--seed=1";
    json_t *o = provenance(seed);
    assert_string_equal(text_of(o, "executable"), self.hex);
    assert_string_equal(text_of(o, "command"), "build/unit/planted --seed=1");
    json_t *bib = json_object_get(json_object_get(o, "inputs"), "data/references.bib");
    assert_int_equal(strlen(text_of(bib, "sha256")), 64);
    assert_string_equal(text_of(o, "real"), sizeof(real) == 4 ? "float" : "double");
    assert_contains(text_of(o, "flags"), "-ffp-contract=off");
    assert_int_equal(strlen(text_of(o, "date")), strlen("2024-11-25T12:40:00Z"));
    assert_true(json_real_value(json_object_get(o, "core_s")) > 0);
    assert_true(json_integer_value(json_object_get(o, "peak_rss_kb")) > 100);
    json_decref(o);
}

static void the_library_in_use_is_named_with_its_hash(void **state)
{
    (void)state;
    json_t *o = provenance(NULL), *blis = json_object_get(o, "blis");
    char *library = gemm_library();
    Hash hash;
    assert_true(hash_file(library, &hash));
    assert_string_equal(text_of(blis, "sha256"), hash.hex);
    assert_string_equal(text_of(blis, "version"), gemm_version());
    assert_contains(library, text_of(blis, "library"));
    assert_true(json_is_true(json_object_get(o, "selftest")));
    free(library), json_decref(o);
}

static void outside_a_checkout_the_commit_is_null(void **state)
{
    (void)state;
    char *here = getcwd(NULL, 0), *folder = check_folder();
    assert_int_equal(chdir(folder), 0);
    json_t *o = provenance(NULL);
    assert_int_equal(chdir(here), 0);
    assert_true(json_is_null(json_object_get(o, "commit")));
    assert_true(json_is_null(json_object_get(o, "dirty")));
    json_decref(o), folder_remove(folder), free(folder), free(here);
}

static void a_changed_file_makes_the_checkout_dirty(void **state)
{
    (void)state;
    char *here = getcwd(NULL, 0), *folder = check_folder();
    assert_int_equal(chdir(folder), 0);
    bool made =
        file_write("a", "1", 1) &&
        system("git init -q . && git add a && git -c user.name=t -c user.email=t@t "
               "commit -q -m a") == 0;
    json_t *clean = provenance(NULL);
    bool changed = file_write("a", "22", 2);
    json_t *dirty = provenance(NULL);
    assert_int_equal(chdir(here), 0);
    assert_true(made && changed);
    assert_int_equal(strlen(text_of(clean, "commit")), 40);
    assert_true(json_is_false(json_object_get(clean, "dirty")));
    assert_true(json_is_true(json_object_get(dirty, "dirty")));
    json_decref(clean), json_decref(dirty), folder_remove(folder), free(folder),
        free(here);
}

static void bytes_that_are_no_text_do_not_stop_it(void **state)
{
    (void)state;
    char latin[] = "caf\xe9";
    json_t *o = provenance(latin);
    assert_string_equal(text_of(o, "command"), "not UTF-8");
    json_decref(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stamp_is_a_hash_and_a_version),
        cmocka_unit_test(an_absent_input_says_why),
        cmocka_unit_test(a_stamp_that_is_missing_or_malformed_makes_the_input_absent),
        cmocka_unit_test(a_stamps_name_is_a_file_name),
        cmocka_unit_test(without_stamps_only_data_files_are_hashed),
        cmocka_unit_test(the_executable_is_the_one_that_runs),
        cmocka_unit_test(the_library_in_use_is_named_with_its_hash),
        cmocka_unit_test(outside_a_checkout_the_commit_is_null),
        cmocka_unit_test(a_changed_file_makes_the_checkout_dirty),
        cmocka_unit_test(bytes_that_are_no_text_do_not_stop_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
