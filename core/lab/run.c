/* run.c - main() of every unit: one finding, one seed, one folder of results.
 *
 * All output goes to DIR.partial and becomes DIR by rename at the very end, so a
 * killed run leaves nothing that looks like a result. Values are kept in memory and
 * tables stream to disk; every write is checked, because a full disk must be an error
 * and not a short file. Nothing is printed: the report reads the folder. */
#define _GNU_SOURCE
#include "core/base/file.h"
#include "core/base/hash.h"
#include "core/base/sheet.h"
#include "core/lab/experiment.h"
#include "core/lab/provenance.h"
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef struct {
    char *name;
    double x;
    bool absent;
} Recorded;

struct Run {
    int seed;
    const char *variant, *out, *inputs; /* inputs: folder of stamps; NULL: none */
    char *partial;
    bool smoke;
    int argc;
    char **argv;
    Recorded *values;
    int n, room;
    FILE *table[COUNT(experiment.tables)];
    int columns[COUNT(experiment.tables)];
    json_t *observed;
    double shown; /* progress as last written */
    struct timespec start;
};

static void usage(FILE *f)
{
    fprintf(
        f,
        "usage: %s --seed N --out DIR [--variant NAME] [--inputs DIR] [--smoke]\n"
        "Computes one seed of the finding and publishes its values and tables as DIR.\n",
        experiment.id);
}

/* The machine or the user is at fault, not the program: one message, exit 2, nothing
 * left. */
_Noreturn static void quit(Run *run, const char *path, int error)
{
    fprintf(stderr, "%s: %s: %s\n", experiment.id, path, strerror(error));
    folder_remove(run->partial);
    exit(2);
}

void bad_input(Run *run, const char *message)
{
    fprintf(stderr, "%s: %s\n", experiment.id, message);
    folder_remove(run->partial);
    exit(2);
}

static char *result_path(Run *run, const char *name, const char *ending)
{
    return text_format("%s/%s%s", run->partial, name, ending);
}

/* --- what an experiment may call ---------------------------------------------------- */

static void keep(Run *run, char *name, double x, bool absent)
{
    for (int i = 0; i < run->n; i++)
        require(strcmp(run->values[i].name, name), "\"%s\" is recorded twice", name);
    if (run->n == run->room) {
        int room = run->room ? 2 * run->room : 64;
        run->values =
            grow(run->values, (size_t)run->room, (size_t)room, sizeof *run->values);
        run->room = room;
    }
    run->values[run->n++] = (Recorded){ name, x, absent };
}

void record(Run *run, const char *name, double x)
{
    require(isfinite(x), "\"%s\" is %g", name, x);
    keep(run, text_copy(name), x, false);
}

void record_absent(Run *run, const char *name) { keep(run, text_copy(name), 0, true); }

void precondition(Run *run, const char *claim, bool ok, const char *text)
{
    keep(run, text_format("?%s: %s", claim ? claim : "", text), ok, false);
}

void observe(Run *run, const char *name, double x)
{
    json_object_set_new(run->observed, name, json_real(x));
}

bool variant(Run *run, const char *name)
{
    return run->variant && !strcmp(run->variant, name);
}

int scaled(Run *run, int full, int smoke) { return run->smoke ? smoke : full; }

static int table_index(const char *id)
{
    for (int i = 0; i < COUNT(experiment.tables) && experiment.tables[i].id; i++)
        if (!strcmp(experiment.tables[i].id, id)) return i;
    die("table \"%s\" is not declared", id);
}

static void open_table(Run *run, int t)
{
    char *path = result_path(run, experiment.tables[t].id, ".csv");
    FILE *f = run->table[t] = fopen(path, "w");
    if (!f) quit(run, path, errno);
    char *columns = text_copy(experiment.tables[t].columns), *rest = columns;
    for (char *name; (name = strsep(&rest, ",")) != NULL; run->columns[t]++) {
        if (run->columns[t]) fputc(',', f);
        sheet_write_text(f, name + strspn(name, " "));
    }
    fputc('\n', f);
    free(columns), free(path);
}

void row_n(Run *run, const char *table, const char *label, int n, const double *x)
{
    int t = table_index(table);
    if (!run->table[t]) open_table(run, t);
    require(n + (label != NULL) == run->columns[t],
            "a row of %d cells in table \"%s\" of %d columns", n + (label != NULL), table,
            run->columns[t]);
    if (label) sheet_write_text(run->table[t], label);
    for (int i = 0; i < n; i++) {
        if (i || label) fputc(',', run->table[t]);
        require(isfinite(x[i]), "cell %d of a row in table \"%s\" is %g", i, table, x[i]);
        sheet_write_number(run->table[t], x[i]);
    }
    fputc('\n', run->table[t]);
}

void listing(Run *run, const char *name, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *path = result_path(run, name, ".txt");
    require(!file_exists(path), "listing \"%s\" is written twice", name);
    FILE *f = fopen(path, "w");
    if (!f) quit(run, path, errno);
    vfprintf(f, fmt, args);
    va_end(args);
    if (!file_close(f)) quit(run, path, errno);
    free(path);
}

const char *input_path(Run *run, const char *input)
{
    (void)run;
    for (int i = 0; i < COUNT(experiment.inputs) && experiment.inputs[i]; i++) {
        if (strcmp(experiment.inputs[i], input)) continue;
        if (strncmp(input, "user:", 5)) return input;
        return getenv(input + 5);
    }
    die("input \"%s\" is not declared", input);
}

/* Artefacts lie beside the values; another finding's, in the folder of the same seed.
 * The caller keeps the path for the run's life. */
const char *artefact_path(Run *run, const char *id)
{
    if (!strcmp(id, experiment.id)) {
        require(experiment.artefact, "no artefact is declared");
        return result_path(run, experiment.artefact, "");
    }
    for (int i = 0; i < COUNT(experiment.needs) && experiment.needs[i]; i++)
        if (!strcmp(experiment.needs[i], id))
            return text_format("%s/../../%s/seed-%d", run->out, id, run->seed);
    die("finding \"%s\" is not among the needs", id);
}

void progress(Run *run, double done)
{
    if (done < run->shown + 0.005) return;
    run->shown = done;
    char *path = result_path(run, "progress", ""), *text = text_format("%.3f\n", done);
    FILE *f = fopen(path, "w");
    if (f) fputs(text, f), fclose(f); /* a missing status line is no error */
    free(text), free(path);
}

/* --- publishing --------------------------------------------------------------------- */

static void write_values(Run *run)
{
    char *path = result_path(run, "values", ".csv");
    FILE *f = fopen(path, "w");
    if (!f) quit(run, path, errno);
    fputs("name,value\n", f);
    for (int i = 0; i < run->n; i++) {
        sheet_write_text(f, run->values[i].name);
        fputc(',', f);
        if (run->values[i].absent) fputs("none", f);
        else sheet_write_number(f, run->values[i].x);
        fputc('\n', f);
    }
    if (!file_close(f)) quit(run, path, errno);
    free(path);
}

static json_t *hash_files(Run *run)
{
    json_t *files = json_object();
    static const char *const endings[] = { ".csv", ".txt" };
    for (int e = 0; e < COUNT(endings); e++) {
        int n;
        char **names = folder_list(run->partial, endings[e], &n);
        for (int i = 0; i < n; i++) {
            char *path = result_path(run, names[i], "");
            Hash hash;
            if (!hash_file(path, &hash)) quit(run, path, errno);
            json_object_set_new(files, names[i], json_string(hash.hex));
            free(path);
        }
        folder_list_free(names, n);
    }
    return files;
}

static int count_inputs(void)
{
    int n = 0;
    while (n < COUNT(experiment.inputs) && experiment.inputs[n]) n++;
    return n;
}

static void publish(Run *run, const char *not_run)
{
    for (int t = 0; t < COUNT(run->table); t++)
        if (run->table[t] && !file_close(run->table[t]))
            quit(run, experiment.tables[t].id, errno);
    write_values(run);

    json_t *o = provenance_json(run->inputs, experiment.inputs, count_inputs(), run->argc,
                                run->argv);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    json_object_set_new(o, "wall_s",
                        json_real((double)(now.tv_sec - run->start.tv_sec) +
                                  1e-9 * (double)(now.tv_nsec - run->start.tv_nsec)));
    json_object_set_new(o, "finding", json_string(experiment.id));
    json_object_set_new(o, "seed", json_integer(run->seed));
    json_object_set_new(o, "variant",
                        run->variant ? json_string(run->variant) : json_null());
    json_object_set_new(o, "smoke", json_boolean(run->smoke));
    if (not_run) json_object_set_new(o, "not_run", json_string(not_run));
    json_object_set_new(o, "observed", run->observed);
    json_object_set_new(o, "files", hash_files(run));

    char *text = json_dumps(o, JSON_INDENT(1) | JSON_SORT_KEYS),
         *path = result_path(run, "run", ".json");
    require(text, "run.json cannot be formed");
    if (!file_write(path, text, strlen(text))) quit(run, path, errno);
    char *status = result_path(run, "progress", "");
    unlink(status);
    if (!folder_publish(run->partial, run->out)) quit(run, run->out, errno);
    free(status), free(path), free(text), json_decref(o);
}

/* --- main --------------------------------------------------------------------------- */

static bool parse(Run *run, int argc, char **argv)
{
    static const struct option options[] = { { "seed", 1, 0, 's' },
                                             { "out", 1, 0, 'o' },
                                             { "variant", 1, 0, 'v' },
                                             { "inputs", 1, 0, 'i' },
                                             { "smoke", 0, 0, 'k' },
                                             { "help", 0, 0, 'h' },
                                             { 0 } };
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        char *end;
        switch (c) {
        case 's':
            run->seed = (int)strtol(optarg, &end, 10);
            if (*end || run->seed < 1)
                return fprintf(stderr, "--seed %s: expected a whole number from 1\n",
                               optarg),
                       false;
            break;
        case 'o':
            run->out = optarg;
            break;
        case 'v':
            run->variant = strcmp(optarg, "default") ? optarg : NULL;
            break;
        case 'i':
            run->inputs = optarg;
            break;
        case 'k':
            run->smoke = true;
            break;
        case 'h':
            usage(stdout);
            exit(0);
        default:
            return false;
        }
    }
    return optind == argc && run->seed && run->out;
}

/* The reason of the first absent input, or NULL. The caller frees. */
static char *absent_input(const Run *run)
{
    for (int i = 0; i < count_inputs(); i++) {
        InputStamp stamp = provenance_input(run->inputs, experiment.inputs[i]);
        if (stamp.absent) return stamp.absent;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    Run run = { .argc = argc, .argv = argv, .observed = json_object() };
    if (!parse(&run, argc, argv)) return usage(stderr), 2;
    clock_gettime(CLOCK_MONOTONIC, &run.start);
    run.partial = text_format("%s.partial", run.out);
    if (!folder_remove(run.partial) || !folder_make(run.partial))
        quit(&run, run.partial, errno);

    char *absent = absent_input(&run);
    if (absent) fprintf(stderr, "%s: not run: %s\n", experiment.id, absent);
    else experiment.run(&run, rng_seed((uint64_t)run.seed));
    publish(&run, absent);

    for (int i = 0; i < run.n; i++) free(run.values[i].name);
    free(run.values), free(run.partial), free(absent);
    return 0;
}
