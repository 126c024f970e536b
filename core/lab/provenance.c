/* provenance.c - reads the machine, the executable and the inputs' stamps.
 *
 * The BLIS facts come through weak references: a unit that multiplies no matrices does
 * not link gemm.o, and then has no BLIS to name. The inputs' hashes come from the stamps
 * that make keeps, not from the inputs: a unit must not spend seconds on hashing a corpus
 * that make has just hashed, and what is written down is what make decided by. The rest
 * is asked of the machine after the experiment is done, so it cannot touch a value; what
 * cannot be learned is "unknown" or null, never a reason to fail. */
#define _GNU_SOURCE
#include "core/lab/provenance.h"
#include "core/base/file.h"
#include "core/base/hash.h"
#include "core/num/gemm.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#pragma weak gemm_selftest
#pragma weak gemm_kernel
#pragma weak gemm_version
#pragma weak gemm_library

#ifndef COMPILE_FLAGS
#define COMPILE_FLAGS "unknown"
#endif

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

char *provenance_stamp_name(const char *input)
{
    char *name = text_format("%s.sha256", input);
    for (char *c = name; *c; c++)
        if (*c == ':' || *c == '/') *c = '-';
    return name;
}

/* Two lines, "HASH" and "VERSION" or "absent" and "REASON". */
static void read_stamp(InputStamp *stamp, const char *input, const char *path, char *text)
{
    char *rest = text, *first = strsep(&rest, "\n"),
         *second = rest ? strsep(&rest, "\n") : NULL;
    bool hash = strlen(first) == 64 && strspn(first, "0123456789abcdef") == 64;
    if (hash) memcpy(stamp->sha256, first, 65);
    else if (!strcmp(first, "absent"))
        stamp->absent = text_copy(second && *second ? second : input);
    else
        stamp->absent = text_format("%s:1:1: \"%.20s\", expected a SHA-256 or \"absent\"",
                                    path, first);
    if (hash && second) snprintf(stamp->version, sizeof stamp->version, "%s", second);
}

InputStamp provenance_input(const char *stamp_folder, const char *input)
{
    InputStamp stamp = { .sha256 = "unstamped" };
    if (!stamp_folder) {
        Hash hash;
        if (!strncmp(input, "data/", 5) && hash_file(input, &hash))
            memcpy(stamp.sha256, hash.hex, 65);
        return stamp;
    }
    char *name = provenance_stamp_name(input),
         *path = text_format("%s/%s", stamp_folder, name);
    char *text = file_read(path, NULL);
    if (!text)
        stamp.absent = text_format("%s has no stamp %s, expected make to have written it",
                                   input, path);
    else read_stamp(&stamp, input, path, text);
    free(text), free(path), free(name);
    return stamp;
}

/* What follows the colon on the first line of `path` that starts with `key`. */
static char *line_of(const char *path, const char *key)
{
    char *text = file_read(path, NULL), *found = NULL;
    char *at = text ? strstr(text, key) : NULL;
    if (at && (at = strchr(at, ':'))) {
        at += 1 + strspn(at + 1, " \t");
        at[strcspn(at, "\n")] = 0;
        found = text_copy(at);
    }
    free(text);
    return found ? found : text_copy("unknown");
}

/* False: there is no such command, or it failed. */
static bool first_line_of_command(const char *command, char line[128])
{
    FILE *p = popen(command, "r");
    if (!p) return false;
    if (!fgets(line, 128, p)) *line = 0;
    line[strcspn(line, "\n")] = 0;
    for (char rest[256]; fgets(rest, sizeof rest, p);) continue; /* no broken pipe */
    return pclose(p) == 0;
}

/* Commit and uncommitted changes, both null outside a checkout. No optional locks: units
 * run while people commit. */
static void set_checkout(json_t *o)
{
    char commit[128], change[128];
    bool known = first_line_of_command("git rev-parse HEAD 2>/dev/null", commit) &&
                 first_line_of_command("git --no-optional-locks status --porcelain "
                                       "--untracked-files=no 2>/dev/null",
                                       change);
    json_object_set_new(o, "commit", known ? json_string(commit) : json_null());
    json_object_set_new(o, "dirty", known ? json_boolean(*change != 0) : json_null());
}

/* Command lines and CPU names may hold any bytes; JSON holds UTF-8. */
static void set_text(json_t *o, const char *key, char *owned)
{
    json_t *text = json_string(owned);
    json_object_set_new(o, key, text ? text : json_string("not UTF-8"));
    free(owned);
}

static json_t *blis_json(void)
{
    if (!gemm_library) return json_null();
    json_t *o = json_object();
    char *library = gemm_library();
    Hash hash = { "unknown" };
    hash_file(library, &hash);
    json_object_set_new(o, "version", json_string(gemm_version()));
    json_object_set_new(o, "kernel", json_string(gemm_kernel()));
    const char *base = strrchr(library, '/');
    json_object_set_new(o, "library", json_string(base ? base + 1 : library));
    json_object_set_new(o, "sha256", json_string(hash.hex));
    free(library);
    return o;
}

static void set_cost(json_t *o)
{
    struct rusage use;
    struct timespec now, cpu;
    getrusage(RUSAGE_SELF, &use);
    clock_gettime(CLOCK_REALTIME, &now);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    struct tm utc;
    gmtime_r(&now.tv_sec, &utc);
    char date[32];
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &utc);
    json_object_set_new(o, "date", json_string(date));
    json_object_set_new(o, "core_s",
                        json_real((double)cpu.tv_sec + 1e-9 * (double)cpu.tv_nsec));
    json_object_set_new(o, "peak_rss_kb", json_integer(use.ru_maxrss));
}

json_t *provenance_json(const char *stamp_folder, const char *const *inputs, int n_inputs,
                        int argc, char **argv)
{
    json_t *o = json_object(), *in = json_object();
    Buffer command = { 0 };
    for (int i = 0; i < argc; i++) buffer_format(&command, "%s%s", i ? " " : "", argv[i]);
    set_text(o, "command", command.s);

    Hash self = { "unknown" };
    hash_file("/proc/self/exe", &self);
    json_object_set_new(o, "executable", json_string(self.hex));
    for (int i = 0; i < n_inputs; i++) {
        InputStamp stamp = provenance_input(stamp_folder, inputs[i]);
        json_t *one = json_object();
        json_object_set_new(one, "sha256", json_string(stamp.sha256));
        if (*stamp.version) set_text(one, "version", text_copy(stamp.version));
        json_object_set_new(in, inputs[i], one);
        free(stamp.absent);
    }
    json_object_set_new(o, "inputs", in);

    json_object_set_new(o, "compiler", json_string(COMPILER));
    json_object_set_new(o, "flags", json_string(COMPILE_FLAGS));
    json_object_set_new(o, "real",
                        json_string(sizeof(real) == sizeof(float) ? "float" : "double"));
    json_object_set_new(o, "blis", blis_json());
    json_object_set_new(o, "selftest", json_boolean(!gemm_selftest || gemm_selftest()));
    set_text(o, "cpu", line_of("/proc/cpuinfo", "model name"));
    set_checkout(o);
    set_cost(o);
    return o;
}
