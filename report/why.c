/* why.c - why units run again: `why` for people, `current` for make.
 *
 * Make compares times, and times move without reason: a check-out, a change that was
 * taken back, a copied folder. So before a unit runs again its last result is asked
 * which executable, inputs and BLIS made it; if all are those of today the result is
 * touched and kept. What remains to explain is then always a change of content. */
#include "report/why.h"
#include "core/base/file.h"
#include "core/lab/provenance.h"
#include "report/command.h"
#include <argp.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* --- by content --------------------------------------------------------------------- */

static const char *text_of(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static char *stale_executable(const json_t *run, const char *unit)
{
    Hash now;
    if (!hash_file(unit, &now)) return text_format("%s has not been built", unit);
    if (!strcmp(now.hex, text_of(run, "executable"))) return NULL;
    return text_format("its executable changed (%.8s, was %.8s)", now.hex,
                       text_of(run, "executable"));
}

static char *stale_input(const json_t *recorded, const char *name, const char *stamps)
{
    InputStamp now = provenance_input(stamps, name);
    bool same = !strcmp(now.sha256, text_of(recorded, "sha256"));
    char *reason = NULL;
    if (!same)
        reason = text_format("input %s changed (%.8s %s, was %.8s %s)", name, now.sha256,
                             now.version, text_of(recorded, "sha256"),
                             text_of(recorded, "version"));
    free(now.absent);
    return reason;
}

/* The artefact that was read, against the one that lies there now. */
static char *stale_need(const char *folder, int seed, const char *need,
                        const char *sha256)
{
    char *path = text_format("%s/../../%s/seed-%d/run.json", folder, need, seed);
    json_t *run = json_load_file(path, 0, NULL);
    const char *now = text_of(json_object_get(run, "files"), text_of(run, "artefact"));
    char *reason = NULL;
    if (strcmp(now, sha256))
        reason = text_format("what it needs of %s changed (%.8s, was %.8s)", need,
                             *now ? now : "nothing", sha256);
    json_decref(run);
    free(path);
    return reason;
}

char *why_stale(const char *folder, const char *unit, const char *stamps)
{
    char *path = text_format("%s/run.json", folder), *reason = NULL;
    json_t *run = json_load_file(path, 0, NULL), *inputs = json_object_get(run, "inputs"),
           *needs = json_object_get(run, "needs"), *blis = json_object_get(run, "blis"),
           *one;
    int seed = (int)json_integer_value(json_object_get(run, "seed"));
    const char *name;
    if (!run) reason = text_copy("it has no result here");
    else if (json_is_true(json_object_get(run, "smoke")))
        reason = text_copy("its result is a smoke run's");
    else reason = stale_executable(run, unit);
    if (!reason) json_object_foreach(inputs, name, one)
        {
            reason = stale_input(one, name, stamps);
            if (reason) break;
        }
    if (!reason) json_object_foreach(needs, name, one)
        {
            reason = stale_need(folder, seed, name, json_string_value(one));
            if (reason) break;
        }
    if (!reason && json_is_object(blis)) reason = stale_input(blis, "lib:blis", stamps);
    json_decref(run);
    free(path);
    return reason;
}

char *why_unit(const PlanUnit *u)
{
    char *name = plan_unit_name(u), *folder = text_format(BUILD "/run/%s", name),
         *unit = text_format(BUILD "/unit/%s", u->finding->id);
    char *reason = why_stale(folder, unit, BUILD "/inputs");
    free(name), free(folder), free(unit);
    return reason;
}

/* --- for people ---------------------------------------------------------------------- */

static bool newer(const char *path, const struct stat *than)
{
    struct stat info;
    if (stat(path, &info)) return false;
    return info.st_mtim.tv_sec != than->st_mtim.tv_sec
               ? info.st_mtim.tv_sec > than->st_mtim.tv_sec
               : info.st_mtim.tv_nsec > than->st_mtim.tv_nsec;
}

/* Sources changed since: among them is the reason for another executable. */
static void print_newer_sources(const PlanUnit *u, const struct stat *result)
{
    glob_t sources = { 0 };
    glob("core/*.h", 0, NULL, &sources);
    glob("core/*/*.[ch]", GLOB_APPEND, NULL, &sources);
    glob(u->finding->source, GLOB_APPEND, NULL, &sources);
    for (size_t i = 0; i < sources.gl_pathc; i++)
        if (newer(sources.gl_pathv[i], result))
            printf("    changed since: %s\n", sources.gl_pathv[i]);
    globfree(&sources);
}

static void explain(const PlanUnit *u)
{
    char *name = plan_unit_name(u), *path = text_format(BUILD "/run/%s/run.json", name),
         *reason = why_unit(u);
    struct stat result;
    if (!reason) printf("%s is current: nothing that it depends on changed\n", name);
    else printf("%s runs again: %s\n", name, reason);
    if (reason && stat(path, &result) == 0) print_newer_sources(u, &result);
    free(name), free(path), free(reason);
}

/* --- commands ----------------------------------------------------------------------- */

int command_why(int argc, char **argv)
{
    PlanUnit *units;
    int n;
    Suite *s = plan_request(argc, argv, "Says why the units of a request run again.",
                            &units, &n, NULL);
    if (!s) return EXIT_USAGE;
    for (int i = 0; i < n; i++) explain(&units[i]);
    free(units), suite_free(s);
    return EXIT_AS_EXPECTED;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    const char **target = state->input;
    switch (key) {
    case ARGP_KEY_ARG:
        if (*target) argp_error(state, "one target at a time");
        *target = arg;
        return 0;
    case ARGP_KEY_END:
        if (!*target) argp_error(state, "no target given");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* "build/run/a@long/seed-1/run.json" -> "build/unit/a"; NULL: another form */
static char *unit_of(const char *target)
{
    const char *runs = BUILD "/run/";
    size_t n = strlen(runs);
    if (strncmp(target, runs, n)) return NULL;
    return text_format(BUILD "/unit/%.*s", (int)strcspn(target + n, "@/"), target + n);
}

int command_current(int argc, char **argv)
{
    static const struct argp argp = {
        NULL,
        parse,
        "RUN.JSON",
        "Exit status 0 if this result is what its unit would compute today, else 1.",
        NULL,
        NULL,
        NULL
    };
    const char *target = NULL;
    argp_parse(&argp, argc, argv, 0, NULL, &target);
    char *unit = unit_of(target), *slash = strrchr(target, '/');
    if (!unit || !slash) {
        fprintf(stderr, "%s: expected " BUILD "/run/ID/seed-N/run.json\n", target);
        return free(unit), EXIT_USAGE;
    }
    char *folder = text_format("%.*s", (int)(slash - target), target),
         *reason = why_stale(folder, unit, BUILD "/inputs");
    json_t *run = json_load_file(target, 0, NULL);
    /* what could not run is tried again whenever make thinks that something moved */
    bool current = !reason && !json_object_get(run, "not_run");
    json_decref(run);
    free(unit), free(folder), free(reason);
    return current ? EXIT_AS_EXPECTED : EXIT_CHANGED;
}
