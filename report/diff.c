/* diff.c - `glassbox diff A B`: two folders of results, value by value.
 *
 * Works on single runs (build/run/ID/seed-1), on whole trees of them (build/run) and on
 * records, because it compares whatever tables and texts both folders hold under the
 * same path. Provenance, logs and indexes are passed over: dates differ between any two
 * runs. Where values differ it says in which digit, since a difference in digit 15 and
 * one in digit 1 have different causes. */
#include "core/base/file.h"
#include "core/base/sheet.h"
#include "report/command.h"
#include "report/compare.h"
#include <argp.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct {
    char **path; /* relative, sorted */
    int n;
} Paths;

static bool is_result(const char *name)
{
    size_t n = strlen(name);
    bool text = n > 4 && (!strcmp(name + n - 4, ".csv") || !strcmp(name + n - 4, ".txt"));
    return text && !strstr(name, ".index.csv");
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* Results under root/below; folders in the making and set aside are none. */
static void gather(const char *root, const char *below, Paths *out)
{
    char *folder = text_format("%s/%s", root, below);
    int n;
    char **names = folder_list(folder, "", &n);
    for (int i = 0; i < n; i++) {
        char *path = text_format("%s%s%s", below, *below ? "/" : "", names[i]),
             *full = text_format("%s/%s", root, path);
        bool unfinished = strstr(names[i], ".partial") || strstr(names[i], ".stale");
        if (is_folder(full) && !unfinished) gather(root, path, out);
        else if (!is_folder(full) && is_result(names[i])) {
            out->path =
                grow(out->path, (size_t)out->n, (size_t)out->n + 1, sizeof *out->path);
            out->path[out->n++] = text_copy(path);
        }
        free(path), free(full);
    }
    folder_list_free(names, n);
    free(folder);
}

static bool holds(const Paths *p, const char *path)
{
    for (int i = 0; i < p->n; i++)
        if (!strcmp(p->path[i], path)) return true;
    return false;
}

/* --- values.csv and the record's files, by name instead of by row ------------------- */

/* seed,name,value or name,value as one replicate whose names carry the seed; NULL: this
 * is no table of values. */
static Replicate *read_values(const char *path)
{
    char *error = NULL;
    Sheet *s = sheet_read(path, "name, value", &error);
    free(error);
    if (!s) return NULL;
    int seed = sheet_column(s, "seed"), name = sheet_column(s, "name"),
        value = sheet_column(s, "value");
    if (s->columns != (seed < 0 ? 2 : 3)) return sheet_free(s), NULL;
    Replicate *r = alloc(1, sizeof *r);
    r->v = alloc((size_t)s->rows, sizeof *r->v);
    bool ok = true;
    for (int i = 0; ok && i < s->rows; i++) {
        Value *v = &r->v[r->n++];
        const char *text = sheet_text(s, i, name);
        v->name = seed < 0 ? text_copy(text)
                           : text_format("seed %s, %s", sheet_text(s, i, seed), text);
        v->absent = !strcmp(sheet_text(s, i, value), "none");
        ok = v->absent || sheet_number(s, i, value, &v->x, &error);
    }
    sheet_free(s), free(error);
    if (ok) return r;
    for (int i = 0; i < r->n; i++) free(r->v[i].name);
    free(r->v), free(r);
    return NULL;
}

static void free_values(Replicate *r)
{
    if (!r) return;
    for (int i = 0; i < r->n; i++) free(r->v[i].name);
    free(r->v), free(r);
}

/* How many differ in this file; -1: a file cannot be read. */
static int diff_file(const char *a, const char *b, const char *path, int *values)
{
    Differences d = { 0 };
    char *pa = text_format("%s/%s", a, path), *pb = text_format("%s/%s", b, path);
    Replicate *was = read_values(pa), *is = read_values(pb);
    int differ = -1;
    if (was && is) {
        compare_values(&d, was, is, 0);
        *values += was->n;
        differ = d.n;
    } else {
        char *ta = file_read(pa, NULL), *tb = file_read(pb, NULL);
        const char *base = strrchr(path, '/');
        if (ta && tb) {
            compare_texts(&d, base ? base + 1 : path, ta, tb);
            differ = d.n;
        } else fprintf(stderr, "diff: %s: %s\n", ta ? pb : pa, strerror(errno));
        free(ta), free(tb);
    }
    for (int i = 0; i < d.n; i++) {
        char *sentence = compare_sentence(&d.d[i], "A", "B");
        printf("%s: %s\n", path, sentence);
        free(sentence);
    }
    compare_free(&d);
    free_values(was), free_values(is), free(pa), free(pb);
    return differ;
}

static int diff(const char *a, const char *b)
{
    Paths in_a = { 0 }, in_b = { 0 };
    gather(a, "", &in_a), gather(b, "", &in_b);
    int files = 0, values = 0, differ = 0, alone = 0;
    bool readable = true;
    for (int i = 0; i < in_a.n; i++) {
        if (!holds(&in_b, in_a.path[i])) {
            printf("%s: only in %s\n", in_a.path[i], a), alone++;
            continue;
        }
        int n = diff_file(a, b, in_a.path[i], &values);
        if (n < 0) readable = false;
        else differ += n, files++;
    }
    for (int i = 0; i < in_b.n; i++)
        if (!holds(&in_a, in_b.path[i]))
            printf("%s: only in %s\n", in_b.path[i], b), alone++;
    folder_list_free(in_a.path, in_a.n), folder_list_free(in_b.path, in_b.n);

    if (!files && !alone) {
        fprintf(stderr, "diff: no tables and no values in %s and %s\n", a, b);
        return EXIT_USAGE;
    }
    printf(
        "%d files with %d values compared: %d differences, %d files on one side only\n",
        files, values, differ, alone);
    if (!readable || fflush(stdout)) return EXIT_USAGE;
    return differ || alone ? EXIT_CHANGED : EXIT_AS_EXPECTED;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    const char **folder = state->input;
    if (key != ARGP_KEY_ARG || state->arg_num > 1) return ARGP_ERR_UNKNOWN;
    folder[state->arg_num] = arg;
    return 0;
}

int command_diff(int argc, char **argv)
{
    static const struct argp argp = { NULL,
                                      parse,
                                      "FOLDER FOLDER",
                                      "Compares two folders of results value by value "
                                      "and cell by cell.\vExit status 1 if "
                                      "anything differs.",
                                      NULL,
                                      NULL,
                                      NULL };
    const char *folder[2] = { NULL, NULL };
    if (argp_parse(&argp, argc, argv, 0, NULL, folder)) return EXIT_USAGE;
    for (int i = 0; i < 2; i++) {
        if (folder[i] && is_folder(folder[i])) continue;
        fprintf(stderr, "diff: %s is no folder, expected two folders of results\n",
                folder[i] && *folder[i] ? folder[i] : "(nothing)");
        return EXIT_USAGE;
    }
    return diff(folder[0], folder[1]);
}
