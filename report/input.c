/* input.c - `glassbox input NAME`: the stamp of an input, its hash and its version on two
 * lines, or "absent" and the reason.
 *
 * Make keeps these stamps and reruns a unit only if one has changed, so an input is known
 * by what it contains and never by its time. A package is hashed file by file, as its
 * reader lists them; the BLIS library, which every product passes through, counts as an
 * input of every unit. */
#include "core/base/file.h"
#include "core/base/hash.h"
#include "core/num/gemm.h"
#include "core/text/corpus.h"
#include "report/command.h"
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Owned strings; absent: the reason, and then there is nothing else. */
typedef struct {
    char *sha256, *version, *absent;
} Stamp;

static Stamp stamp_file(const char *path, char *version)
{
    Hash hash;
    if (hash_file(path, &hash)) return (Stamp){ text_copy(hash.hex), version, NULL };
    Stamp s = { .absent = text_format("%s: %s", path, strerror(errno)) };
    free(version);
    return s;
}

/* The "Version:" of an installed package in dpkg's own list, or "unknown". */
static char *package_version(const char *package)
{
    char *list = file_read("/var/lib/dpkg/status", NULL),
         *head = text_format("\nPackage: %s\n", package);
    char *entry = list ? strstr(list, head) : NULL;
    char *end = entry ? strstr(entry + 1, "\n\n") : NULL;
    if (end) *end = 0;
    char *version = entry ? strstr(entry, "\nVersion: ") : NULL;
    if (version) version += strlen("\nVersion: ");
    char *copy = version ? text_format("%.*s", (int)strcspn(version, "\n"), version)
                         : text_copy("unknown");
    free(list), free(head);
    return copy;
}

/* sha256 over the lines "sha256  path". */
static Stamp stamp_package(const char *package)
{
    Stamp s = { 0 };
    int n;
    char **files = corpus_files(package, &n, &s.absent);
    if (!files) return s;
    HashState *all = hash_new();
    for (int i = 0; i < n && !s.absent; i++) {
        Hash one = { "" };
        if (!hash_file(files[i], &one))
            s.absent = text_format("%s: %s", files[i], strerror(errno));
        char *line = text_format("%s  %s\n", one.hex, files[i]);
        hash_add(all, line, strlen(line));
        free(line);
    }
    Hash hash = hash_end(all);
    if (!s.absent) s = (Stamp){ text_copy(hash.hex), package_version(package), NULL };
    folder_list_free(files, n);
    return s;
}

static Stamp stamp_library(const char *name)
{
    if (strcmp(name, "blis"))
        return (Stamp){ .absent = text_format("lib:%s: expected lib:blis", name) };
    char *path = gemm_library();
    Stamp s = stamp_file(path, text_copy(gemm_version()));
    free(path);
    return s;
}

static Stamp stamp_user(const char *variable)
{
    const char *path = getenv(variable);
    if (path && *path) return stamp_file(path, text_copy(""));
    return (Stamp){ .absent = text_format("not set: export %s=FILE", variable) };
}

static Stamp stamp_input(const char *name)
{
    if (!strncmp(name, "data/", 5)) return stamp_file(name, text_copy(""));
    if (!strncmp(name, "package:", 8)) return stamp_package(name + 8);
    if (!strncmp(name, "lib:", 4)) return stamp_library(name + 4);
    if (!strncmp(name, "user:", 5)) return stamp_user(name + 5);
    return (Stamp){ 0 };
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    const char **name = state->input;
    switch (key) {
    case ARGP_KEY_ARG:
        if (*name) argp_error(state, "one input at a time");
        *name = arg;
        return 0;
    case ARGP_KEY_END:
        if (!*name) argp_error(state, "no input given");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int command_input(int argc, char **argv)
{
    static const struct argp argp = {
        NULL,
        parse,
        "INPUT",
        "Prints the hash and the version of an input on two lines, or \"absent\" and the "
        "reason.\vINPUT is data/FILE, package:NAME, lib:blis or user:VARIABLE.",
        NULL,
        NULL,
        NULL
    };
    const char *name = NULL;
    argp_parse(&argp, argc, argv, 0, NULL, &name);
    Stamp s = stamp_input(name);
    if (!s.sha256 && !s.absent) {
        fprintf(stderr,
                "%s: no such kind of input, expected data/FILE, package:NAME, lib:blis "
                "or user:VARIABLE\n",
                name);
        return EXIT_USAGE;
    }
    if (s.absent) printf("absent\n%s\n", s.absent);
    else printf("%s\n%s\n", s.sha256, s.version);
    free(s.sha256), free(s.version), free(s.absent);
    return EXIT_AS_EXPECTED;
}
