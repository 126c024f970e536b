/* tool.c - filters without a shell.
 *
 * Input, output and messages are anonymous files in memory rather than pipes: a program
 * that writes before it has read everything cannot deadlock with us, and no thread or
 * poll loop is needed. The child gets PATH and a UTF-8 locale and nothing else, so that
 * no user's settings change a page.
 *
 * A page costs 0.3 s of pandoc and as much of gnuplot; almost always nothing changed.
 * So the output of a successful run is kept under the hash of program, arguments, input
 * and the files that it reads. The program stands in the hash by path, size and time,
 * which an upgrade changes. An entry is written under a name of its own and renamed:
 * processes that weave side by side see whole entries only. Nothing expires; `make
 * clean` clears. */
#define _GNU_SOURCE
#include "report/tool.h"
#include "core/base/file.h"
#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int memory_file(const char *bytes, size_t n)
{
    int fd = memfd_create("filter", MFD_CLOEXEC);
    require(fd >= 0, "no anonymous file: %s", strerror(errno));
    for (size_t done = 0; done < n;) {
        ssize_t got = write(fd, bytes + done, n - done);
        require(got > 0, "an anonymous file of %zu bytes: %s", n, strerror(errno));
        done += (size_t)got;
    }
    require(lseek(fd, 0, SEEK_SET) == 0, "an anonymous file has no start");
    return fd;
}

static char *memory_contents(int fd, size_t *n)
{
    off_t size = lseek(fd, 0, SEEK_END);
    require(size >= 0, "an anonymous file has no end");
    char *bytes = alloc((size_t)size + 1, 1);
    for (off_t done = 0; done < size;) {
        ssize_t got = pread(fd, bytes + done, (size_t)(size - done), done);
        require(got > 0, "an anonymous file cannot be read: %s", strerror(errno));
        done += got;
    }
    *n = (size_t)size;
    return bytes;
}

/* What the child inherits: the way to its programs and a locale. */
static char **environment(char *storage[3])
{
    const char *path = getenv("PATH");
    storage[0] = text_format("PATH=%s", path ? path : "/usr/bin:/bin");
    storage[1] = text_copy("LC_ALL=C.UTF-8");
    storage[2] = NULL;
    return storage;
}

/* Exit status, or -1 with errno set if the program could not be started. */
static int spawn(const char *const argv[], const char *cwd, int in, int out, int err)
{
    posix_spawn_file_actions_t actions;
    require(posix_spawn_file_actions_init(&actions) == 0, "no memory to start a program");
    posix_spawn_file_actions_adddup2(&actions, in, 0);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    posix_spawn_file_actions_adddup2(&actions, err, 2);
    if (cwd) posix_spawn_file_actions_addchdir_np(&actions, cwd);
    char *storage[3], **env = environment(storage);
    pid_t child;
    int failed = posix_spawnp(&child, argv[0], &actions, NULL, (char *const *)argv, env);
    posix_spawn_file_actions_destroy(&actions);
    for (int i = 0; storage[i]; i++) free(storage[i]);
    if (failed) return errno = failed, -1;
    int status;
    while (waitpid(child, &status, 0) < 0) require(errno == EINTR, "a child was lost");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static char *trimmed(char *s)
{
    size_t n = strlen(s);
    while (n && (s[n - 1] == '\n' || s[n - 1] == ' ')) s[--n] = 0;
    char *start = s + strspn(s, " \n");
    return memmove(s, start, strlen(start) + 1);
}

char *tool_run(const char *const argv[], const char *cwd, const char *input, size_t n,
               char **error)
{
    int in = memory_file(input, n), out = memory_file("", 0), err = memory_file("", 0);
    int status = spawn(argv, cwd, in, out, err), failed = errno;
    size_t out_n, err_n;
    char *result = memory_contents(out, &out_n),
         *complaint = trimmed(memory_contents(err, &err_n));
    close(in), close(out), close(err);

    if (status == -1)
        *error = text_format("%s cannot be started: %s; ./setup installs it", argv[0],
                             strerror(failed));
    else if (*complaint) *error = text_copy(complaint);
    else if (status) *error = text_format("%s ended with status %d", argv[0], status);
    else if (strlen(result) != out_n)
        *error = text_format("%s wrote zero bytes", argv[0]);
    else return free(complaint), result;
    free(result), free(complaint);
    return NULL;
}

/* Path, size and time of the program as PATH finds it. */
static void hash_program(HashState *h, const char *name)
{
    char *path = text_copy(getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin"),
         *rest = path;
    for (char *folder; (folder = strsep(&rest, ":")) != NULL;) {
        char *file = text_format("%s/%s", folder, name);
        struct stat info;
        if (stat(file, &info) == 0 && S_ISREG(info.st_mode)) {
            char *stamp = text_format("%s %lld %lld", file, (long long)info.st_size,
                                      (long long)info.st_mtime);
            hash_add(h, stamp, strlen(stamp) + 1);
            free(stamp), free(file);
            break;
        }
        free(file);
    }
    free(path);
}

char *tool_cached(const char *const argv[], const char *cwd, const char *input, size_t n,
                  const char *files, char **error)
{
    HashState *h = hash_new();
    hash_program(h, argv[0]);
    for (int i = 0; argv[i]; i++) hash_add(h, argv[i], strlen(argv[i]) + 1);
    hash_add(h, files ? files : "", files ? strlen(files) + 1 : 1);
    hash_add(h, input, n);
    Hash hash = hash_end(h);

    char *path = text_format("%s/%s", TOOL_CACHE, hash.hex),
         *mine = text_format("%s/%s.%ld", TOOL_CACHE, hash.hex, (long)getpid()),
         *result = file_read(path, NULL);
    if (!result) {
        result = tool_run(argv, cwd, input, n, error);
        /* A cache that cannot be written costs time, not the page. */
        if (result && folder_make(TOOL_CACHE) &&
            file_write(mine, result, strlen(result)) && rename(mine, path))
            unlink(mine);
    }
    free(path), free(mine);
    return result;
}
