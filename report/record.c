/* record.c - publishes what was computed.
 *
 * Every seed of a finding costs its core-seconds, but after a change of the core most
 * findings give the bits that they gave before. So seed 1 is the scout: if a new
 * executable computes seed 1's values and tables as they are published, the other seeds
 * are kept under the new executable's hash, and the index says which seeds were computed
 * or confirmed when. Any differing bit, other inputs or another BLIS, and every seed has
 * to be computed again. Rejected: trusting the scout less, say two seeds; a unit is one
 * code path, and `make verify` recomputes the rest in rotation.
 *
 * The record can only be published from full runs of today's executable: what cannot be
 * recomputed from this tree is no record. All new files are complete under a partial
 * name before the first is renamed, the index last: a full disk leaves the old record,
 * a kill between two renames leaves values that do not match the index's hashes, which
 * `make verify` says. */
#include "report/record.h"
#include "core/base/file.h"
#include "core/base/sheet.h"
#include "report/command.h"
#include "report/compare.h"
#include "report/plan.h"
#include "report/result.h"
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- what is there ------------------------------------------------------------------ */

static const SeedRun *run_of(const Finding *f, int seed, bool longer)
{
    const SeedRun *runs = longer ? f->runs_long : f->runs;
    for (int i = 0; i < (longer ? f->n_runs_long : f->n_runs); i++)
        if (runs[i].values.seed == seed) return &runs[i];
    return NULL;
}

static int row_of(const Finding *f, int seed)
{
    for (int i = 0; i < f->n_record; i++)
        if (f->record[i].values.seed == seed) return i;
    return -1;
}

static bool usable(const Finding *f, const Here *here, int seed, bool longer)
{
    const SeedRun *r = run_of(f, seed, longer);
    char *refusal = r ? result_refusal(f, r, here) : NULL;
    bool ok = r && !refusal;
    free(refusal);
    return ok;
}

/* May values of the record stand beside values that are computed here? */
static bool same_ground(const IndexRow *row, const Here *here)
{
    return !strcmp(row->inputs, here->inputs.hex) && result_same_blis(row->blis, here);
}

/* A run against the record's seed: bits of the values and, of seed 1, of the tables. */
static bool same_bits(const Finding *f, int seed, const SeedRun *r)
{
    Differences d = { 0 };
    Texts was, is;
    compare_values(&d, &f->record[row_of(f, seed)].values, &r->values, 0);
    if (seed == 1 && result_texts(f->record_folder, &was)) {
        if (result_texts(r->folder, &is)) {
            Hash a = result_texts_hash(&was), b = result_texts_hash(&is);
            if (strcmp(a.hex, b.hex)) compare_texts(&d, "tables", a.hex, b.hex);
            result_texts_free(&is);
        }
        result_texts_free(&was);
    }
    bool same = d.n == 0;
    compare_free(&d);
    return same;
}

/* --- how a finding's record can be renewed ------------------------------------------ */

typedef enum {
    RECORD_CURRENT, /* nothing to do */
    RECORD_SCOUT,   /* seed 1 decides, and has not been computed yet */
    RECORD_CONFIRM, /* seed 1 has the published bits: keep the seeds that are there */
    RECORD_REPLACE, /* all seeds have to be computed */
} Renewal;

static bool is_current(const Finding *f, const Here *here)
{
    if (!here->executable) return false;
    for (int seed = 1; seed <= f->seeds; seed++) {
        int i = row_of(f, seed);
        if (i < 0 || strcmp(f->index[i].executable, here->executable) ||
            !same_ground(&f->index[i], here))
            return false;
    }
    return f->n_record == f->seeds;
}

static Renewal renewal(const Finding *f, const Here *here, const RecordOptions *o)
{
    if (o->longer || o->all || row_of(f, 1) < 0) return RECORD_REPLACE;
    if (is_current(f, here)) return RECORD_CURRENT;
    for (int i = 0; i < f->n_record; i++)
        if (!same_ground(&f->index[i], here)) return RECORD_REPLACE;
    for (int i = 0; i < f->n_record; i++) {
        int seed = f->record[i].values.seed;
        if (usable(f, here, seed, false) && !same_bits(f, seed, run_of(f, seed, false)))
            return RECORD_REPLACE;
    }
    return usable(f, here, 1, false) ? RECORD_CONFIRM : RECORD_SCOUT;
}

void record_plan(const Finding *f, const RecordOptions *o,
                 void (*print)(void *to, const char *target), void *to)
{
    if (o->longer && f->long_core_s <= 0) return;
    Here here = result_here(f, o->units, o->inputs);
    Renewal how = renewal(f, &here, o);
    for (int seed = 1; how != RECORD_CURRENT && seed <= f->seeds; seed++) {
        bool wanted = how == RECORD_REPLACE ||
                      (how == RECORD_SCOUT ? seed == 1 : row_of(f, seed) < 0);
        if (!wanted || usable(f, &here, seed, o->longer)) continue;
        char *target = text_format("%s/%s%s/seed-%d/run.json", o->runs, f->id,
                                   o->longer ? "@long" : "", seed);
        print(to, target);
        free(target);
    }
    result_here_free(&here);
}

/* --- the new files ------------------------------------------------------------------ */

typedef struct {
    const Replicate *values; /* (seeds), seed 1 first */
    const IndexRow *index;
    int seeds;
    Texts texts; /* of seed 1 */
} Publication;

static char *values_text(const Publication *p)
{
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    require(f, "no memory for the record");
    fputs("seed,name,value\n", f);
    for (int s = 0; s < p->seeds; s++)
        for (int i = 0; i < p->values[s].n; i++) {
            const Value *v = &p->values[s].v[i];
            fprintf(f, "%d,", p->values[s].seed);
            sheet_write_text(f, v->name);
            fputc(',', f);
            if (v->absent) fputs("none", f);
            else sheet_write_number(f, v->x);
            fputc('\n', f);
        }
    require(file_close(f), "no memory for the record");
    return text;
}

static char *index_text(const Publication *p)
{
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    require(f, "no memory for the index");
    fputs("seed,executable,compiler,inputs,blis,cpu,date,recomputed,core_s,peak_rss_kb,"
          "values,tables\n",
          f);
    for (int s = 0; s < p->seeds; s++) {
        const IndexRow *x = &p->index[s];
        const char *before[] = { x->executable, x->compiler, x->inputs,    x->blis,
                                 x->cpu,        x->date,     x->recomputed };
        fprintf(f, "%d", x->seed);
        for (int i = 0; i < COUNT(before); i++)
            fputc(',', f), sheet_write_text(f, before[i]);
        fprintf(f, ",%.2f,%.0f,%s,%s\n", x->core_s, x->peak_rss_kb, x->values, x->tables);
    }
    require(file_close(f), "no memory for the index");
    return text;
}

static bool write_text(const char *path, char *text)
{
    bool ok = file_write(path, text, strlen(text));
    free(text);
    return ok;
}

/* Everything under `partial`, nothing at its place yet. */
static bool write_partial(const char *partial, const Publication *p)
{
    char *values = text_format("%s/values.csv", partial),
         *index = text_format("%s/index.csv", partial),
         *tables = text_format("%s/tables", partial);
    bool ok = folder_remove(partial) && folder_make(tables) &&
              write_text(values, values_text(p)) &&
              (!p->index || write_text(index, index_text(p)));
    for (int i = 0; ok && i < p->texts.n; i++) {
        char *path = text_format("%s/%s", tables, p->texts.name[i]);
        ok = file_write(path, p->texts.text[i], strlen(p->texts.text[i]));
        free(path);
    }
    free(values), free(index), free(tables);
    return ok;
}

static bool move(const char *folder, const char *name, char *to)
{
    char *from = text_format("%s/%s", folder, name);
    bool ok = rename(from, to) == 0;
    free(from), free(to);
    return ok;
}

/* Renames; the index, which vouches for the rest, comes last. */
static bool move_partial(const Finding *f, const char *partial, const RecordOptions *o,
                         const Publication *p)
{
    if (o->longer)
        return move(partial, "values.csv",
                    text_format("%s/%s.long.csv", o->record, f->id));
    char *tables = text_format("%s/tables", partial),
         *to = text_format("%s/%s", o->record, f->id);
    bool ok = p->texts.n ? folder_publish(tables, to) : folder_remove(to);
    free(tables), free(to);
    return ok &&
           move(partial, "values.csv", text_format("%s/%s.csv", o->record, f->id)) &&
           move(partial, "index.csv", text_format("%s/%s.index.csv", o->record, f->id));
}

static bool write_publication(const Finding *f, const RecordOptions *o,
                              const Publication *p, char **said)
{
    char *partial = text_format("%s/%s.partial", o->record, f->id);
    bool ok = folder_make(o->record) && write_partial(partial, p) &&
              move_partial(f, partial, o, p);
    if (!ok) *said = text_format("%s: %s", o->record, strerror(errno));
    folder_remove(partial);
    free(partial);
    return ok;
}

/* --- publishing --------------------------------------------------------------------- */

/* What an index row owns, released with free_row(). */
static IndexRow row_of_run(const Finding *f, const SeedRun *r)
{
    Hash inputs = result_inputs(f, r->run), values = result_values_hash(&r->values);
    const char *date = result_text(r->run, "date");
    return (IndexRow){
        .seed = r->values.seed,
        .executable = text_copy(result_text(r->run, "executable")),
        .compiler = text_copy(result_text(r->run, "compiler")),
        .inputs = text_copy(inputs.hex),
        .blis = result_blis(r->run),
        .cpu = text_copy(result_text(r->run, "cpu")),
        .date = text_copy(date),
        .recomputed = text_copy(date),
        .core_s = json_number_value(json_object_get(r->run, "core_s")),
        .peak_rss_kb = json_number_value(json_object_get(r->run, "peak_rss_kb")),
        .values = text_copy(values.hex),
        .tables = text_copy(""),
    };
}

static IndexRow kept_row(const IndexRow *old, const Replicate *values,
                         const SeedRun *scout)
{
    Hash hash = result_values_hash(values);
    return (IndexRow){
        .seed = old->seed,
        .executable = text_copy(result_text(scout->run, "executable")),
        .compiler = text_copy(result_text(scout->run, "compiler")),
        .inputs = text_copy(old->inputs),
        .blis = text_copy(old->blis),
        .cpu = text_copy(old->cpu),
        .date = text_copy(old->date),
        .recomputed = text_copy(old->recomputed),
        .core_s = old->core_s,
        .peak_rss_kb = old->peak_rss_kb,
        .values = text_copy(hash.hex),
        .tables = text_copy(""),
    };
}

static void free_row(IndexRow *x)
{
    free(x->executable), free(x->compiler), free(x->inputs), free(x->blis), free(x->cpu);
    free(x->date), free(x->recomputed), free(x->values), free(x->tables);
}

/* Seed by seed: a run of today's executable, or, under RECORD_CONFIRM, what is
 * published. False with the reason: a seed has neither. */
static bool collect(const Finding *f, const Here *here, const RecordOptions *o,
                    Renewal how, Replicate *values, IndexRow *index, int *computed,
                    char **said)
{
    for (int seed = 1; seed <= f->seeds; seed++) {
        const SeedRun *r = run_of(f, seed, o->longer);
        int old = how == RECORD_CONFIRM ? row_of(f, seed) : -1;
        char *refusal = r ? result_refusal(f, r, here) : text_copy("it has not been run");
        if (!refusal) {
            values[seed - 1] = r->values;
            index[seed - 1] = row_of_run(f, r);
            if (old >= 0) {
                free(index[seed - 1].date);
                index[seed - 1].date = text_copy(f->index[old].date);
            }
            ++*computed;
        } else if (old >= 0) {
            values[seed - 1] = f->record[old].values;
            index[seed - 1] =
                kept_row(&f->index[old], &values[seed - 1], run_of(f, 1, false));
        } else {
            *said = text_format("seed %d: %s", seed, refusal);
            free(refusal);
            return false;
        }
        free(refusal);
    }
    return true;
}

/* All seeds record the same names, or the unit is at fault. */
static bool same_names(const Finding *f, const Replicate *values, char **said)
{
    for (int s = 1; s < f->seeds; s++)
        for (int i = 0; i < values[0].n || i < values[s].n; i++) {
            const char *a = i < values[0].n ? values[0].v[i].name : "nothing",
                       *b = i < values[s].n ? values[s].v[i].name : "nothing";
            if (!strcmp(a, b)) continue;
            *said = text_format("seed %d records \"%s\" where seed 1 records \"%s\"",
                                s + 1, b, a);
            return false;
        }
    return true;
}

static bool publish(const Finding *f, const Here *here, const RecordOptions *o,
                    Renewal how, char **said)
{
    Replicate *values = alloc((size_t)f->seeds, sizeof *values);
    IndexRow *index = alloc((size_t)f->seeds, sizeof *index);
    Publication p = { values, o->longer ? NULL : index, f->seeds, { 0 } };
    int computed = 0;
    bool ok = collect(f, here, o, how, values, index, &computed, said) &&
              same_names(f, values, said);
    if (ok && !o->longer) {
        const SeedRun *first = run_of(f, 1, false);
        ok = result_texts(first->folder, &p.texts);
        if (!ok) *said = text_format("%s: %s", first->folder, strerror(errno));
        free(index[0].tables);
        index[0].tables = text_copy(result_texts_hash(&p.texts).hex);
    }
    ok = ok && write_publication(f, o, &p, said);
    if (ok)
        *said = text_format("%d seeds published, %d of them computed by this executable, "
                            "%d kept",
                            f->seeds, computed, f->seeds - computed);
    result_texts_free(&p.texts);
    for (int s = 0; s < f->seeds; s++) free_row(&index[s]);
    free(values), free(index);
    return ok;
}

bool record_publish(const Finding *f, const RecordOptions *o, char **said)
{
    if (f->broken) return *said = text_copy(f->broken), false;
    if (o->longer && f->long_core_s <= 0)
        return *said = text_copy("it has no long variant"), true;
    Here here = result_here(f, o->units, o->inputs);
    Renewal how = renewal(f, &here, o);
    bool ok = true;
    if (how == RECORD_CURRENT) *said = text_copy("the record is current");
    else if (here.absent) ok = false, *said = text_format("not run: %s", here.absent);
    else if (how == RECORD_SCOUT) {
        const SeedRun *r = run_of(f, 1, false);
        char *refusal =
            r ? result_refusal(f, r, &here) : text_copy("it has not been run");
        *said = text_format("seed 1: %s", refusal);
        free(refusal);
        ok = false;
    } else ok = publish(f, &here, o, how, said);
    result_here_free(&here);
    return ok;
}

/* --- the command -------------------------------------------------------------------- */

typedef struct {
    RecordOptions record;
    const char *patterns;
    bool plan;
} Options;

static error_t parse(int key, char *arg, struct argp_state *state)
{
    Options *o = state->input;
    if (key == 'p') o->plan = true;
    else if (key == 'a') o->record.all = true;
    else if (key == 'v') {
        o->record.longer = !strcmp(arg, "long");
        if (!o->record.longer && *arg && strcmp(arg, "default"))
            argp_error(state, "VARIANT=%s: expected default or long", arg);
    } else if (key == ARGP_KEY_ARG && !o->patterns) o->patterns = arg;
    else return ARGP_ERR_UNKNOWN;
    return 0;
}

static void print_target(void *to, const char *target) { fprintf(to, "%s\n", target); }

static int plan_all(const Suite *suite, const Options *o)
{
    for (int i = 0; i < suite->n; i++)
        if (suite_matches(&suite->findings[i], o->patterns) && !suite->findings[i].broken)
            record_plan(&suite->findings[i], &o->record, print_target, stdout);
    return fflush(stdout) ? EXIT_USAGE : EXIT_AS_EXPECTED;
}

static int publish_all(const Suite *suite, const Options *o)
{
    int refused = 0;
    for (int i = 0; i < suite->n; i++) {
        const Finding *f = &suite->findings[i];
        if (!suite_matches(f, o->patterns)) continue;
        char *said = NULL;
        bool ok = record_publish(f, &o->record, &said);
        fprintf(ok ? stdout : stderr, "record: %s%s: %s%s\n", f->id,
                o->record.longer ? " (long)" : "", ok ? "" : "not published: ", said);
        refused += !ok;
        free(said);
    }
    return refused ? EXIT_USAGE : EXIT_AS_EXPECTED;
}

int command_record(int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "plan", 'p', NULL, 0, "print the units that have to be run first", 0 },
        { "all", 'a', NULL, 0, "all seeds anew, also where the record is current", 0 },
        { "variant", 'v', "NAME", 0, "long: publish the long variant", 0 },
        { 0 }
    };
    static const struct argp argp = {
        options,
        parse,
        "[PATTERNS]",
        "Publishes full runs into data/record.\vAfter a change of the executable seed 1 "
        "is "
        "computed first: with the published bits the other seeds are kept.",
        NULL,
        NULL,
        NULL
    };
    Options o = { .record = { "data/record", BUILD "/unit", BUILD "/inputs", BUILD "/run",
                              false, false },
                  .patterns = NULL };
    if (argp_parse(&argp, argc, argv, 0, NULL, &o)) return EXIT_USAGE;
    Suite *suite = suite_open();
    if (!suite) return EXIT_USAGE;
    int status = EXIT_USAGE;
    if (plan_known(suite, o.patterns))
        status = o.plan ? plan_all(suite, &o) : publish_all(suite, &o);
    suite_free(suite);
    return status;
}
