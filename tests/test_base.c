/* test_base.c - memory, strings, and files that are there whole or not at all. */
#include "core/base/base.h"
#include "tests/check.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <zlib.h>

/* --- memory and strings --- */

static void memory_is_zeroed_aligned_and_never_null(void **state)
{
    (void)state;
    const size_t sizes[] = { 0, 1, 63, 64, 65, 100000 };
    for (int i = 0; i < COUNT(sizes); i++) {
        unsigned char *p = alloc(sizes[i], 1);
        assert_non_null(p);
        assert_true((uintptr_t)p % 64 == 0);
        for (size_t j = 0; j < sizes[i]; j++) assert_int_equal(p[j], 0);
        memset(p, 0xff, sizes[i]);
        free(p);
    }
}

static void what_does_not_fit_in_memory_dies(void **state)
{
    (void)state;
    assert_dies(alloc(SIZE_MAX / 2, 3), "do not fit in memory");
    assert_dies(alloc(SIZE_MAX, 1), "do not fit in memory");
    assert_dies(grow(NULL, 5, 4, 1), "from 5 to 4 items is no growth");
}

static void growing_keeps_the_old_and_zeroes_the_new(void **state)
{
    (void)state;
    int *a = grow(NULL, 0, 3, sizeof *a);
    for (int i = 0; i < 3; i++) a[i] = i + 1;
    a = grow(a, 3, 100, sizeof *a);
    for (int i = 0; i < 100; i++) assert_int_equal(a[i], i < 3 ? i + 1 : 0);
    free(a);
}

static void strings_of_any_length_are_formatted(void **state)
{
    (void)state;
    char *a = text_format("%s-%d", "x", 7), *b = text_copy(a),
         *c = text_format("%5000d", 1);
    assert_string_equal(a, "x-7");
    assert_string_equal(b, "x-7");
    assert_int_equal(strlen(c), 5000);
    free(a), free(b), free(c);
}

static void a_buffer_grows_and_stays_terminated(void **state)
{
    (void)state;
    Buffer b = { 0 };
    buffer_put(&b, "");
    assert_string_equal(b.s, "");
    for (int i = 0; i < 1000; i++) {
        buffer_format(&b, "%d,", i % 10);
        assert_int_equal(strlen(b.s), b.n);
    }
    buffer_add(&b, "a\0b", 3);
    assert_int_equal(b.n, 2003);
    assert_memory_equal(b.s + 1998, "9,a\0b", 6);
    free(b.s);
}

/* --- files --- */

/* Each of these tests works in a folder of its own, which its teardown removes. */
static int open_folder(void **state) { return *state = check_folder(), 0; }

static int close_folder(void **state)
{
    bool ok = folder_remove(*state);
    free(*state);
    return ok ? 0 : -1;
}

static void assert_holds(const char *path, const char *want)
{
    size_t n;
    char *bytes = file_read(path, &n);
    assert_non_null(bytes);
    assert_int_equal(n, strlen(want));
    assert_string_equal(bytes, want);
    free(bytes);
}

static int entries(const char *folder)
{
    int n;
    char **names = folder_list(folder, "", &n);
    folder_list_free(names, n);
    return n;
}

static void a_file_comes_back_byte_for_byte(void **state)
{
    char *path = check_path(*state, "a");
    char bytes[5000];
    for (int i = 0; i < 5000; i++) bytes[i] = (char)(i * 7);
    const size_t sizes[] = { 0, 1, 4096, 5000 };
    for (int i = 0; i < COUNT(sizes); i++) {
        size_t n;
        assert_true(file_write(path, bytes, sizes[i]));
        char *back = file_read(path, &n);
        assert_int_equal(n, sizes[i]);
        assert_memory_equal(back, bytes, n);
        assert_int_equal(back[n], 0);
        free(back);
    }
    assert_int_equal(entries(*state), 1);
    free(path);
}

static void a_file_without_a_size_is_read_to_its_end(void **state)
{
    (void)state;
    size_t n;
    char *status = file_read("/proc/self/status", &n);
    assert_contains(status, "Name:");
    assert_int_equal(strlen(status), n);
    free(status);
}

static void what_cannot_be_read_says_why(void **state)
{
    char *none = check_path(*state, "none");
    assert_null(file_read(none, NULL));
    assert_int_equal(errno, ENOENT);
    assert_null(file_read(*state, NULL));
    assert_int_equal(errno, EISDIR);
    assert_null(file_read_gzip(none, NULL));
    assert_int_equal(errno, ENOENT);
    assert_null(file_read_gzip(*state, NULL));
    assert_int_equal(errno, EISDIR);
    assert_false(file_copy(none, none));
    assert_false(file_exists(none));
    free(none);
}

static void a_write_that_fails_leaves_nothing_behind(void **state)
{
    char *path = check_path(*state, "missing/a");
    assert_false(file_write(path, "x", 1));
    assert_int_equal(errno, ENOENT);
    assert_int_equal(entries(*state), 0);
    free(path);
    char *folder = check_path(*state, "folder"), *inside = check_path(folder, "b");
    assert_true(folder_make(folder) && file_write(inside, "kept", 4));
    assert_false(file_write(folder, "x", 1));
    assert_int_equal(errno, EISDIR);
    assert_int_equal(entries(*state), 1);
    assert_holds(inside, "kept");
    free(folder), free(inside);
}

/* In a child, because the limit can only be lowered. */
static void on_a_full_disk_the_old_file_survives(void **state)
{
    char *path = check_path(*state, "a");
    assert_true(file_write(path, "old", 3));
    pid_t child = fork();
    if (child == 0) {
        signal(SIGXFSZ, SIG_IGN);
        struct rlimit limit = { 4096, 4096 };
        char *large = alloc(100000, 1);
        bool full = setrlimit(RLIMIT_FSIZE, &limit) == 0 &&
                    !file_write(path, large, 100000) && errno == EFBIG;
        _exit(full ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_holds(path, "old");
    assert_int_equal(entries(*state), 1);
    free(path);
}

static void closing_tells_of_a_full_disk(void **state)
{
    (void)state;
    FILE *f = fopen("/dev/full", "w");
    assert_non_null(f);
    fputs("lost", f);
    assert_false(file_close(f));
    assert_int_equal(errno, ENOSPC);
    f = fopen("/dev/null", "w");
    fputs("fine", f);
    assert_true(file_close(f));
}

static void an_unchanged_file_keeps_its_time(void **state)
{
    char *path = check_path(*state, "a");
    const struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };
    struct stat info;
    assert_true(file_write(path, "same", 4));
    assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
    assert_true(file_write_if_changed(path, "same", 4));
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mtime, 1000);
    assert_true(file_write_if_changed(path, "sane", 4));
    assert_int_equal(stat(path, &info), 0);
    assert_true(info.st_mtime != 1000);
    assert_holds(path, "sane");
    free(path);
}

static void a_copy_has_the_same_bytes(void **state)
{
    char *a = check_path(*state, "a"), *b = check_path(*state, "b");
    assert_true(file_write(a, "one\ntwo\n", 8) && file_copy(a, b));
    assert_holds(b, "one\ntwo\n");
    free(a), free(b);
}

static void gzip_and_plain_files_read_alike(void **state)
{
    enum { N = 300000 };
    char *plain = check_path(*state, "plain"), *packed = check_path(*state, "packed.gz");
    char *bytes = alloc(N + 1, 1);
    for (int i = 0; i < N; i++) bytes[i] = "abcdefghij\n"[i % 97 * i % 11];
    assert_true(file_write(plain, bytes, N));
    gzFile f = gzopen(packed, "wb");
    assert_int_equal(gzwrite(f, bytes, N), N);
    assert_int_equal(gzclose(f), Z_OK);
    const char *paths[] = { plain, packed };
    for (int i = 0; i < 2; i++) {
        size_t n;
        char *back = file_read_gzip(paths[i], &n);
        assert_int_equal(n, N);
        assert_memory_equal(back, bytes, N + 1);
        free(back);
    }
    free(plain), free(packed), free(bytes);
}

static void a_damaged_gzip_file_is_refused(void **state)
{
    char *path = check_path(*state, "a.gz");
    gzFile f = gzopen(path, "wb");
    for (int i = 0; i < 5000; i++) gzprintf(f, "%d\n", i * i);
    assert_int_equal(gzclose(f), Z_OK);
    size_t n;
    char *bytes = file_read(path, &n);
    assert_true(file_write(path, bytes, n / 2));
    assert_null(file_read_gzip(path, NULL));
    assert_int_equal(errno, EIO);
    bytes[n / 2] ^= 0x55;
    assert_true(file_write(path, bytes, n));
    assert_null(file_read_gzip(path, NULL));
    assert_int_equal(errno, EIO);
    free(path), free(bytes);
}

/* --- folders --- */

static void folders_are_made_with_their_parents(void **state)
{
    char *deep = check_path(*state, "a/b/c"), *file = check_path(*state, "a/b/c/f");
    assert_true(folder_make(deep));
    assert_true(folder_make(deep));
    assert_true(file_write(file, "x", 1));
    assert_false(folder_make(file));
    char *below = check_path(file, "g");
    assert_false(folder_make(below));
    assert_int_equal(errno, ENOTDIR);
    free(deep), free(file), free(below);
}

static void removing_takes_the_contents_but_follows_no_link(void **state)
{
    char *doomed = check_path(*state, "doomed"), *kept = check_path(*state, "kept");
    char *inside = check_path(kept, "f"), *link = check_path(doomed, "link");
    char *deep = check_path(doomed, "x/y");
    assert_true(folder_make(deep) && folder_make(kept) && file_write(inside, "x", 1));
    assert_int_equal(symlink(kept, link), 0);
    assert_true(folder_remove(doomed));
    assert_false(file_exists(doomed));
    assert_holds(inside, "x");
    assert_true(folder_remove(doomed));
    free(doomed), free(kept), free(inside), free(link), free(deep);
}

static void a_published_folder_replaces_the_old_one(void **state)
{
    char *partial = check_path(*state, "r.partial"), *path = check_path(*state, "r");
    char *new_file = check_path(partial, "new"), *old_file = check_path(path, "old");
    char *published = check_path(path, "new");
    assert_true(folder_make(partial) && file_write(new_file, "1", 1));
    assert_true(folder_publish(partial, path));
    assert_holds(published, "1");
    assert_true(file_write(old_file, "x", 1));
    assert_true(folder_make(partial) && file_write(new_file, "2", 1));
    assert_true(folder_publish(partial, path));
    assert_holds(published, "2");
    assert_false(file_exists(old_file));
    assert_int_equal(entries(*state), 1);
    free(partial), free(path), free(new_file), free(old_file), free(published);
}

static void a_publication_that_fails_leaves_the_old_result(void **state)
{
    char *partial = check_path(*state, "r.partial"), *path = check_path(*state, "r");
    char *file = check_path(path, "old");
    assert_true(folder_make(path) && file_write(file, "x", 1));
    assert_false(folder_publish(partial, path));
    assert_int_equal(errno, ENOENT);
    assert_holds(file, "x");
    assert_int_equal(entries(*state), 1);
    free(partial), free(path), free(file);
}

static void a_listing_is_sorted_and_filtered(void **state)
{
    const char *names[] = { "b.csv", "a.csv", "c.txt", ".hidden.csv", "csv" };
    for (int i = 0; i < COUNT(names); i++) {
        char *path = check_path(*state, names[i]);
        assert_true(file_write(path, "", 0));
        free(path);
    }
    int n;
    char **list = folder_list(*state, ".csv", &n);
    assert_int_equal(n, 2);
    assert_string_equal(list[0], "a.csv");
    assert_string_equal(list[1], "b.csv");
    folder_list_free(list, n);
    assert_null(folder_list("/nowhere/at/all", "", &n));
    assert_int_equal(n, 0);
    folder_list_free(NULL, 0);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, open_folder, close_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_aligned_and_never_null),
        cmocka_unit_test(what_does_not_fit_in_memory_dies),
        cmocka_unit_test(growing_keeps_the_old_and_zeroes_the_new),
        cmocka_unit_test(strings_of_any_length_are_formatted),
        cmocka_unit_test(a_buffer_grows_and_stays_terminated),
        in_folder(a_file_comes_back_byte_for_byte),
        cmocka_unit_test(a_file_without_a_size_is_read_to_its_end),
        in_folder(what_cannot_be_read_says_why),
        in_folder(a_write_that_fails_leaves_nothing_behind),
        in_folder(on_a_full_disk_the_old_file_survives),
        cmocka_unit_test(closing_tells_of_a_full_disk),
        in_folder(an_unchanged_file_keeps_its_time),
        in_folder(a_copy_has_the_same_bytes),
        in_folder(gzip_and_plain_files_read_alike),
        in_folder(a_damaged_gzip_file_is_refused),
        in_folder(folders_are_made_with_their_parents),
        in_folder(removing_takes_the_contents_but_follows_no_link),
        in_folder(a_published_folder_replaces_the_old_one),
        in_folder(a_publication_that_fails_leaves_the_old_result),
        in_folder(a_listing_is_sorted_and_filtered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
