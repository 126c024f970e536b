/* test_hash.c - digests that others published. */
#include "core/base/hash.h"
#include "tests/check.h"
#include <errno.h>

/* FIPS 180-2, appendix B. */
static const char ABC[] =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char MILLION[] =
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
static const char EMPTY[] =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

static void sha256_gives_the_published_digests(void **state)
{
    (void)state;
    assert_string_equal(hash_bytes("", 0).hex, EMPTY);
    assert_string_equal(hash_bytes("abc", 3).hex, ABC);
}

static void the_pieces_do_not_matter(void **state)
{
    (void)state;
    HashState *h = hash_new();
    char run[1000];
    memset(run, 'a', sizeof run);
    for (int i = 0; i < 999; i++) hash_add(h, run, sizeof run);
    for (int i = 0; i < 1000; i++) hash_add(h, run, 1);
    assert_string_equal(hash_end(h).hex, MILLION);
}

static void a_blob_has_the_name_that_git_gives_it(void **state)
{
    (void)state;
    assert_string_equal(hash_git_blob("", 0).hex,
                        "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
    assert_string_equal(hash_git_blob("test content\n", 13).hex,
                        "d670460b4b4aece5915caf5c68d12f560a9fe3e4");
}

static void a_file_has_the_digest_of_its_bytes(void **state)
{
    (void)state;
    char *folder = check_folder(), *path = check_path(folder, "a");
    size_t n = 200001;
    char *bytes = alloc(n, 1);
    for (size_t i = 0; i < n; i++) bytes[i] = (char)(i * 31);
    Hash hash;
    assert_true(file_write(path, bytes, n));
    assert_true(hash_file(path, &hash));
    assert_string_equal(hash.hex, hash_bytes(bytes, n).hex);
    assert_true(folder_remove(folder));
    free(bytes), free(path), free(folder);
}

static void a_file_that_cannot_be_read_has_none(void **state)
{
    (void)state;
    Hash hash;
    assert_false(hash_file("/nowhere/at/all", &hash));
    assert_int_equal(errno, ENOENT);
    assert_false(hash_file("/", &hash));
    assert_int_not_equal(errno, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_published_digests),
        cmocka_unit_test(the_pieces_do_not_matter),
        cmocka_unit_test(a_blob_has_the_name_that_git_gives_it),
        cmocka_unit_test(a_file_has_the_digest_of_its_bytes),
        cmocka_unit_test(a_file_that_cannot_be_read_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
