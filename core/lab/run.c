/* run.c - main() of every unit: one finding, one seed, one folder of results.
 *
 * All output goes to DIR.partial and becomes DIR by rename at the very end, so a killed
 * run leaves nothing that looks like a result, and the next run clears what it left. The
 * alternative, to write in place and mark the end, would ask every reader to look for the
 * mark. Values are kept in memory, tables stream to disk; every write is checked, because
 * a full disk must be an error and not a short file. Nothing is printed: the report reads
 * the folder.
 *
 * Invariant: what is recorded depends on the seed, the variant, the declared inputs and
 * the executable. Time, cost, machine and checkout are looked at only after the
 * experiment is done, and go to run.json. */
#define _GNU_SOURCE
#include "core/base/file.h"
#include "core/base/hash.h"
#include "core/base/sheet.h"
#include "core/lab/experiment.h"
#include "core/lab/provenance.h"
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

typedef struct {
    char *name;
    double x;
    bool absent;
} Recorded;

struct Run {
    int seed;
    bool longer, smoke;
    char *out, *partial; /* the folder of results, and where it is filled */
    const char *inputs;  /* folder of the inputs' stamps; NULL: none */
    int argc;
    char **argv;
    Recorded *values; /* in the order of recording */
    int n, room;
    FILE *table[COUNT(experiment.tables)]; /* NULL: not a row yet */
    int columns[COUNT(experiment.tables)];
    char *artefact[COUNT(experiment.needs) + 1]; /* paths handed out; the own one last */
    json_t *observed;
    double shown; /* progress as last written */
    struct timespec start;
};

static void usage(FILE *f)
{
    fprintf(
        f,
        "usage: %s --seed N --out DIR [--variant default%s] [--inputs DIR] [--smoke]\n"
        "Computes one seed of the finding and publishes its values and tables as DIR.\n",
        experiment.id, experiment.has_long ? "|long" : "");
}

/* _exit: what the open tables still hold has no file left to go to. */
void bad_input(Run *run, const char *message)
{
    fprintf(stderr, "%s: %s\n", experiment.id, message);
    folder_remove(run->partial);
    _exit(2);
}

/* The disk is full, or something stands in the way. */
_Noreturn static void cannot_write(Run *run, const char *path, int error)
{
    char *message = text_format("%s: %s", path, strerror(error));
    bad_input(run, message);
}

static char *result_path(Run *run, const char *name, const char *ending)
{
    return text_format("%s/%s%s", run->partial, name, ending);
}

/* --- what an experiment may call ---------------------------------------------------- */

/* One line of text: names are CSV cells, JSON keys and {{...}} in prose. */
static bool is_line(const char *s)
{
    for (const char *c = s; *c; c++)
        if (iscntrl((unsigned char)*c)) return false;
    return *s != 0;
}

static void keep(Run *run, char *name, double x, bool absent)
{
    require(is_line(name), "\"%s\" is no name: expected one line of text", name);
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

static void keep_value(Run *run, const char *name, double x, bool absent)
{
    require(*name != '?', "\"%s\": names with a question mark are preconditions", name);
    keep(run, text_copy(name), x, absent);
}

void record(Run *run, const char *name, double x)
{
    require(isfinite(x), "\"%s\" is %g", name, x);
    keep_value(run, name, x, false);
}

void record_absent(Run *run, const char *name) { keep_value(run, name, 0, true); }

void precondition(Run *run, const char *claim, bool ok, const char *text)
{
    keep(run, text_format("?%s: %s", claim ? claim : "", text), ok, false);
}

void observe(Run *run, const char *name, double x)
{
    require(isfinite(x), "\"%s\" is %g", name, x);
    require(!json_object_get(run->observed, name), "\"%s\" is observed twice", name);
    json_object_set_new(run->observed, name, json_real(x));
}

bool variant(Run *run, const char *name)
{
    require(!strcmp(name, "long") && experiment.has_long,
            "variant \"%s\" is not declared (.has_long)", name);
    return run->longer;
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
    if (!f) cannot_write(run, path, errno);
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
    FILE *f = run->table[t];
    require(n + (label != NULL) == run->columns[t],
            "a row of %d cells in table \"%s\" of %d columns", n + (label != NULL), table,
            run->columns[t]);

    errno = 0;
    if (label) sheet_write_text(f, label);
    for (int i = 0; i < n; i++) {
        require(isfinite(x[i]), "cell %d of a row in table \"%s\" is %g",
                i + (label != NULL), table, x[i]);
        if (i || label) fputc(',', f);
        sheet_write_number(f, x[i]);
    }
    fputc('\n', f);
    if (ferror(f)) cannot_write(run, result_path(run, table, ".csv"), errno);
}

void listing(Run *run, const char *name, const char *fmt, ...)
{
    char *path = result_path(run, name, ".txt");
    require(is_line(name) && !strchr(name, '/'), "\"%s\" is no name of a listing", name);
    require(!file_exists(path), "listing \"%s\" is written twice", name);
    FILE *f = fopen(path, "w");
    if (!f) cannot_write(run, path, errno);
    va_list args;
    va_start(args, fmt);
    vfprintf(f, fmt, args);
    va_end(args);
    if (!file_close(f)) cannot_write(run, path, errno);
    free(path);
}

const char *input_path(Run *run, const char *input)
{
    for (int i = 0; i < COUNT(experiment.inputs) && experiment.inputs[i]; i++) {
        if (strcmp(experiment.inputs[i], input)) continue;
        if (strncmp(input, "user:", 5)) return input;
        const char *path = getenv(input + 5);
        if (path) return path;
        char *message =
            text_format("%s is not set, expected the path of a file", input + 5);
        bad_input(run, message);
    }
    die("input \"%s\" is not declared", input);
}

void progress(Run *run, double done)
{
    if (done < run->shown + 0.005) return;
    run->shown = done;
    char *path = result_path(run, "progress", ""), *text = text_format("%.3f\n", done);
    file_write(path, text, strlen(text)); /* a missing status line is no error */
    free(text), free(path);
}

/* --- artefacts of other findings ---------------------------------------------------- */

/* Findings lie side by side, whatever the folder above: with OUT = .../ID/seed-N, a need
 * is at .../NEED/seed-N, in its default variant. The way leads through the .partial folder
 * because OUT does not exist yet. */
static char *need_path(const Run *run, const char *id, const char *file)
{
    return text_format("%s/../../%s/seed-%d/%s", run->partial, id, run->seed, file);
}

/* run.json of a finding that this one needs. It must have been computed before. */
static json_t *need_json(Run *run, const char *id)
{
    char *path = need_path(run, id, "run.json");
    json_error_t error;
    json_t *o = json_load_file(path, 0, &error);
    if (!o) {
        char *message =
            text_format("%s; expected the result of %s, which is needed first: "
                        "make report ONLY=%s SEEDS=%d",
                        error.text, id, id, run->seed);
        bad_input(run, message);
    }
    free(path);
    return o;
}

const char *artefact_path(Run *run, const char *id)
{
    int own = COUNT(run->artefact) - 1;
    if (!strcmp(id, experiment.id)) {
        require(experiment.artefact, "no artefact is declared");
        if (!run->artefact[own])
            run->artefact[own] = result_path(run, experiment.artefact, "");
        return run->artefact[own];
    }
    for (int i = 0; i < own && experiment.needs[i]; i++) {
        if (strcmp(experiment.needs[i], id)) continue;
        if (run->artefact[i]) return run->artefact[i];
        json_t *o = need_json(run, id);
        const char *name = json_string_value(json_object_get(o, "artefact"));
        require(name, "%s leaves no artefact, but %s needs it", id, experiment.id);
        run->artefact[i] = need_path(run, id, name);
        json_decref(o);
        return run->artefact[i];
    }
    die("finding \"%s\" is not among the needs", id);
}

/* --- publishing --------------------------------------------------------------------- */

static void write_values(Run *run)
{
    char *path = result_path(run, "values", ".csv");
    FILE *f = fopen(path, "w");
    if (!f) cannot_write(run, path, errno);
    fputs("name,value\n", f);
    for (int i = 0; i < run->n; i++) {
        sheet_write_text(f, run->values[i].name);
        fputc(',', f);
        if (run->values[i].absent) fputs("none", f);
        else sheet_write_number(f, run->values[i].x);
        fputc('\n', f);
    }
    if (!file_close(f)) cannot_write(run, path, errno);
    free(path);
}

/* A declared table is always there, be it empty: a page can rely on it. */
static void close_tables(Run *run)
{
    for (int t = 0; t < COUNT(run->table) && experiment.tables[t].id; t++) {
        if (!run->table[t]) open_table(run, t);
        if (!file_close(run->table[t]))
            cannot_write(run, result_path(run, experiment.tables[t].id, ".csv"), errno);
    }
}

static void add_hash(Run *run, json_t *files, const char *name)
{
    char *path = result_path(run, name, "");
    Hash hash;
    if (!hash_file(path, &hash)) cannot_write(run, path, errno);
    json_object_set_new(files, name, json_string(hash.hex));
    free(path);
}

static json_t *hash_files(Run *run)
{
    json_t *files = json_object();
    static const char *const endings[] = { ".csv", ".txt" };
    for (int e = 0; e < COUNT(endings); e++) {
        int n;
        char **names = folder_list(run->partial, endings[e], &n);
        for (int i = 0; i < n; i++) add_hash(run, files, names[i]);
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

char *run_place(Run *run, const char *ending)
{
    return text_format("%s%s", run->out, ending);
}

char *run_identity(Run *run)
{
    HashState *h = hash_new();
    char *which =
        text_format("%s %d %d %d", experiment.id, run->seed, run->longer, run->smoke);
    Hash executable;
    if (!hash_file("/proc/self/exe", &executable))
        cannot_write(run, "/proc/self/exe", errno);
    hash_add(h, which, strlen(which)), hash_add(h, &executable, sizeof executable);
    for (int i = -1; i < count_inputs(); i++) {
        InputStamp stamp =
            provenance_input(run->inputs, i < 0 ? "lib:blis" : experiment.inputs[i]);
        hash_add(h, stamp.sha256, sizeof stamp.sha256);
        free(stamp.absent);
    }
    free(which);
    return text_copy(hash_end(h).hex);
}

static json_t *text_or_null(const char *s) { return s ? json_string(s) : json_null(); }

/* The hash of every artefact that was read, by finding. */
static json_t *needs_json(Run *run)
{
    json_t *o = json_object();
    for (int i = 0; i < COUNT(experiment.needs) && experiment.needs[i]; i++) {
        if (!run->artefact[i]) continue;
        Hash hash;
        if (!hash_file(run->artefact[i], &hash))
            cannot_write(run, run->artefact[i], errno);
        json_object_set_new(o, experiment.needs[i], json_string(hash.hex));
    }
    return o;
}

static json_t *run_json(Run *run, const char *not_run)
{
    json_t *o = provenance_json(run->inputs, experiment.inputs, count_inputs(), run->argc,
                                run->argv);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double wall = (double)(now.tv_sec - run->start.tv_sec) +
                  1e-9 * (double)(now.tv_nsec - run->start.tv_nsec);
    json_object_set_new(o, "wall_s", json_real(wall));
    json_object_set_new(o, "finding", json_string(experiment.id));
    json_object_set_new(o, "seed", json_integer(run->seed));
    json_object_set_new(o, "variant", text_or_null(run->longer ? "long" : NULL));
    json_object_set_new(o, "smoke", json_boolean(run->smoke));
    if (not_run) json_object_set_new(o, "not_run", json_string(not_run));
    json_object_set_new(o, "observed", json_incref(run->observed));
    json_object_set_new(o, "needs", needs_json(run));
    json_object_set_new(o, "artefact", text_or_null(experiment.artefact));

    json_t *files = hash_files(run);
    if (experiment.artefact && !not_run) add_hash(run, files, experiment.artefact);
    json_object_set_new(o, "files", files);
    return o;
}

static void publish(Run *run, const char *not_run)
{
    if (!not_run) close_tables(run);
    write_values(run);
    json_t *o = run_json(run, not_run);
    char *text = json_dumps(o, JSON_INDENT(1) | JSON_SORT_KEYS),
         *path = result_path(run, "run", ".json"),
         *status = result_path(run, "progress", "");
    require(text, "run.json cannot be formed");
    if (!file_write(path, text, strlen(text))) cannot_write(run, path, errno);
    unlink(status);
    if (!folder_publish(run->partial, run->out)) cannot_write(run, run->out, errno);
    free(status), free(path), free(text), json_decref(o);
}

/* --- main --------------------------------------------------------------------------- */

static bool parse_seed(const char *s, int *seed)
{
    char *end;
    errno = 0;
    long n = strtol(s, &end, 10);
    bool ok = isdigit((unsigned char)*s) && !*end && !errno && n >= 1 && n <= INT_MAX;
    if (!ok)
        fprintf(stderr, "%s: --seed %s, expected a whole number from 1 to %d\n",
                experiment.id, s, INT_MAX);
    *seed = (int)n;
    return ok;
}

static bool parse_variant(const char *s, bool *longer)
{
    *longer = !strcmp(s, "long");
    if (!strcmp(s, "default") || (*longer && experiment.has_long)) return true;
    fprintf(stderr, "%s: --variant %s, expected %s\n", experiment.id, s,
            experiment.has_long ? "default or long" : "default: there is no other");
    return false;
}

/* False: said what is wrong. */
static bool parse(Run *run, int argc, char **argv)
{
    static const struct option options[] = { { "seed", 1, 0, 's' },
                                             { "out", 1, 0, 'o' },
                                             { "variant", 1, 0, 'v' },
                                             { "inputs", 1, 0, 'i' },
                                             { "smoke", 0, 0, 'k' },
                                             { "help", 0, 0, 'h' },
                                             { 0 } };
    const char *out = NULL;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 's' && !parse_seed(optarg, &run->seed)) return false;
        if (c == 'v' && !parse_variant(optarg, &run->longer)) return false;
        if (c == 'o') out = optarg;
        if (c == 'i') run->inputs = optarg;
        if (c == 'k') run->smoke = true;
        if (c == 'h') usage(stdout), exit(0);
        if (c == '?') return usage(stderr), false;
    }
    if (optind < argc || !run->seed || !out || !*out) return usage(stderr), false;

    run->out = text_copy(out);
    for (size_t n = strlen(out); n > 1 && out[n - 1] == '/'; n--) run->out[n - 1] = 0;
    run->partial = text_format("%s.partial", run->out);
    return true;
}

/* Why the finding cannot be computed here: an input is absent, or a finding that it needs
 * was not run for such a reason. NULL: it can. The caller frees. */
static char *absent_input(Run *run)
{
    for (int i = 0; i < count_inputs(); i++) {
        InputStamp stamp = provenance_input(run->inputs, experiment.inputs[i]);
        if (stamp.absent) return stamp.absent;
    }
    for (int i = 0; i < COUNT(experiment.needs) && experiment.needs[i]; i++) {
        json_t *o = need_json(run, experiment.needs[i]);
        const char *why = json_string_value(json_object_get(o, "not_run"));
        char *absent = why ? text_format("%s: %s", experiment.needs[i], why) : NULL;
        json_decref(o);
        if (absent) return absent;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    Run run = { .argc = argc, .argv = argv };
    clock_gettime(CLOCK_MONOTONIC, &run.start);
    /* a unit that outlives the make that wanted it would share its folder with the next */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (!parse(&run, argc, argv)) return 2;
    run.observed = json_object();
    if (!folder_remove(run.partial) || !folder_make(run.partial))
        cannot_write(&run, run.partial, errno);

    char *absent = absent_input(&run);
    if (absent) fprintf(stderr, "%s: not run: %s\n", experiment.id, absent);
    else experiment.run(&run, rng_seed((uint64_t)run.seed));
    publish(&run, absent);

    for (int i = 0; i < run.n; i++) free(run.values[i].name);
    for (int i = 0; i < COUNT(run.artefact); i++) free(run.artefact[i]);
    free(run.values), free(run.out), free(run.partial), free(absent);
    json_decref(run.observed);
    return 0;
}
