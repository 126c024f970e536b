/* suite_read.c - reads what describers, the record and the units have written.
 *
 * All three are files that somebody else may have touched, the record even lies in git;
 * so every field is checked and the first fault becomes one message with its place. The
 * JSON of a describer stays in memory as long as its finding, and claims borrow their
 * strings from it. */
#define _GNU_SOURCE
#include "report/suite_read.h"
#include "core/base/file.h"
#include "core/base/sheet.h"
#include <stdlib.h>
#include <string.h>

/* --- describers' JSON --------------------------------------------------------------- */

static bool wrong(const char *path, const char *what, char **error)
{
    *error = text_format("%s:1:1: %s, expected what a describer prints", path, what);
    return false;
}

static json_t *read_json(const char *path, char **error)
{
    json_error_t at;
    json_t *o = json_load_file(path, 0, &at);
    if (!o)
        *error =
            text_format("%s:%d:%d: %s, expected JSON", path, at.line, at.column, at.text);
    return o;
}

static char *copy_or_null(const char *s) { return s ? text_copy(s) : NULL; }

/* An array of strings, copied; entries that are no strings are left out. */
static char **copy_texts(const json_t *array, int *n)
{
    char **list = alloc(json_array_size(array) + 1, sizeof *list);
    size_t i;
    json_t *item;
    *n = 0;
    json_array_foreach(array, i, item) if (json_is_string(item)) list[(*n)++] =
        text_copy(json_string_value(item));
    return list;
}

/* The part that claims, their also-checks and controls share. */
static bool read_check(json_t *o, const char **value, Side *side, double *bound,
                       double *upper, json_error_t *at)
{
    const char *side_text;
    if (json_unpack_ex(o, at, 0, "{s:s, s:s, s:F, s:F}", "value", value, "side",
                       &side_text, "bound", bound, "upper", upper))
        return false;
    if (side_parse(side_text, side)) return true;
    snprintf(at->text, sizeof at->text, "side \"%.40s\"", side_text);
    return false;
}

static bool read_control(json_t *o, Control *k, json_error_t *at)
{
    json_t *also;
    int must_pass;
    if (!read_check(o, &k->value, &k->side, &k->bound, &k->upper, at) ||
        json_unpack_ex(o, at, 0, "{s:s, s:o, s:b}", "text", &k->text, "also", &also,
                       "must_pass", &must_pass))
        return false;
    for (int i = 0; i < COUNT(k->also); i++)
        k->also[i] = json_string_value(json_array_get(also, (size_t)i));
    k->must_pass = must_pass;
    return true;
}

static bool read_claim(json_t *o, Claim *c, int *line, json_error_t *at)
{
    const char *expect, *tier;
    json_t *also, *controls, *reference, *item;
    size_t i;
    if (!read_check(o, &c->value, &c->side, &c->bound, &c->upper, at) ||
        json_unpack_ex(o, at, 0, "{s:s, s:s, s:i, s:o, s:o, s:s, s:s, s:o}", "id", &c->id,
                       "text", &c->text, "line", line, "also", &also, "controls",
                       &controls, "expect", &expect, "tier", &tier, "reference",
                       &reference))
        return false;
    /* null where the claim says nothing */
    c->variant = json_string_value(json_object_get(o, "variant"));
    c->why = json_string_value(json_object_get(o, "why"));
    c->reference = json_number_value(reference);
    c->reference_key = json_string_value(json_object_get(o, "reference_key"));
    c->tier = strcmp(tier, "gate") ? REPORT : GATE;
    if (!verdict_parse(expect, &c->expect)) {
        snprintf(at->text, sizeof at->text, "verdict \"%.40s\"", expect);
        return false;
    }
    json_array_foreach(also, i, item)
    {
        Check *k = &c->also[i];
        if (i < COUNT(c->also) &&
            !read_check(item, &k->value, &k->side, &k->bound, &k->upper, at))
            return false;
    }
    json_array_foreach(controls, i, item)
    {
        if (i < COUNT(c->controls) && !read_control(item, &c->controls[i], at))
            return false;
    }
    return true;
}

static bool read_claims(json_t *claims, Finding *f, json_error_t *at)
{
    size_t i;
    json_t *item;
    f->claims = alloc(json_array_size(claims) + 1, sizeof *f->claims);
    f->claim_line = alloc(json_array_size(claims) + 1, sizeof *f->claim_line);
    json_array_foreach(claims, i, item)
    {
        if (!read_claim(item, &f->claims[i], &f->claim_line[i], at)) return false;
        f->n_claims++;
    }
    return true;
}

static bool read_tables(json_t *tables, Finding *f, json_error_t *at)
{
    size_t i;
    json_t *item;
    f->tables = alloc(json_array_size(tables) + 1, sizeof *f->tables);
    json_array_foreach(tables, i, item)
    {
        const char *id;
        json_t *columns;
        if (json_unpack_ex(item, at, 0, "{s:s, s:o}", "id", &id, "columns", &columns))
            return false;
        Table *t = &f->tables[f->n_tables++];
        t->id = text_copy(id);
        t->columns = copy_texts(columns, &t->n_columns);
    }
    return true;
}

/* "experiments/a/b/id.c" -> "a/b": also a finding that does not compile has its place. */
static char *section_of(const char *source)
{
    const char *from = strchr(source, '/'), *to = strrchr(source, '/');
    if (!from || from == to) return text_copy("");
    return text_format("%.*s", (int)(to - from - 1), from + 1);
}

bool suite_read_description(const char *path, Finding *f, char **error)
{
    json_error_t at;
    json_t *o = f->description = read_json(path, error);
    const char *id, *source;
    if (!o) return false;
    if (json_unpack_ex(o, &at, 0, "{s:s, s:s}", "id", &id, "source", &source))
        return wrong(path, at.text, error);
    f->id = text_copy(id);
    f->source = text_copy(source);
    f->section = section_of(source);
    f->broken = copy_or_null(json_string_value(json_object_get(o, "broken")));
    if (f->broken) return true;

    const char *title, *sha1;
    json_t *cites, *needs, *inputs, *carries, *tables, *claims;
    int quick;
    if (json_unpack_ex(o, &at, 0,
                       "{s:s, s:s, s:o, s:i, s:F, s:F, s:b, s:o, s:o, s:o, s:o, s:o}",
                       "title", &title, "source_sha1", &sha1, "cites", &cites, "seeds",
                       &f->seeds, "core_s", &f->core_s, "long_core_s", &f->long_core_s,
                       "quick", &quick, "needs", &needs, "inputs", &inputs, "carries",
                       &carries, "tables", &tables, "claims", &claims))
        return wrong(path, at.text, error);
    f->title = text_copy(title);
    f->source_sha1 = text_copy(sha1);
    f->artefact = copy_or_null(json_string_value(json_object_get(o, "artefact")));
    f->quick = quick;
    f->cites = copy_texts(cites, &f->n_cites);
    f->needs = copy_texts(needs, &f->n_needs);
    f->inputs = copy_texts(inputs, &f->n_inputs);
    for (int i = 0; i < COUNT(f->carries); i++)
        f->carries[i] =
            copy_or_null(json_string_value(json_array_get(carries, (size_t)i)));
    if (!read_tables(tables, f, &at) || !read_claims(claims, f, &at))
        return wrong(path, at.text, error);
    return true;
}

/* --- values ------------------------------------------------------------------------- */

static bool fault(const Sheet *s, int row, int column, const char *what, char **error)
{
    *error = text_format("%s:%d:%d: %s", s->path, s->line[row], column + 1, what);
    return false;
}

static bool read_seed(const Sheet *s, int row, int column, int *seed, char **error)
{
    const char *cell = sheet_text(s, row, column);
    char *end;
    long x = strtol(cell, &end, 10);
    if (*cell < '0' || *cell > '9' || *end || x < 1 || x > INT32_MAX)
        return fault(s, row, column, "not a seed, expected a whole number from 1", error);
    return *seed = (int)x, true;
}

static bool read_value(const Sheet *s, int row, int name, int value, Replicate *r,
                       char **error)
{
    Value v = { .absent = !strcmp(sheet_text(s, row, value), "none") };
    if (!*sheet_text(s, row, name))
        return fault(s, row, name, "an empty name, expected that of a value", error);
    if (verdict_value(r, sheet_text(s, row, name)))
        return fault(s, row, name, "the same name twice in one seed, expected it once",
                     error);
    if (!v.absent && !sheet_number(s, row, value, &v.x, error)) return false;
    v.name = text_copy(sheet_text(s, row, name));
    r->v[r->n++] = v;
    return true;
}

/* Rows from..to-1 as one replicate. */
static bool read_values(const Sheet *s, int from, int to, Replicate *r, char **error)
{
    int name = sheet_column(s, "name"), value = sheet_column(s, "value");
    r->v = alloc((size_t)(to - from) + 1, sizeof *r->v);
    for (int row = from; row < to; row++)
        if (!read_value(s, row, name, value, r, error)) return false;
    return true;
}

/* Rows of one seed lie together, seeds ascend. */
static bool next_seed(const Sheet *s, int from, int previous, int *to, int *seed,
                      char **error)
{
    int column = sheet_column(s, "seed");
    if (!read_seed(s, from, column, seed, error)) return false;
    if (*seed <= previous)
        return fault(s, from, column, "out of order, expected ascending seeds", error);
    for (*to = from + 1; *to < s->rows; (*to)++) {
        int other;
        if (!read_seed(s, *to, column, &other, error)) return false;
        if (other != *seed) break;
    }
    return true;
}

/* seed,name,value as replicates in *out, which grows with *n. */
static bool read_replicates(const char *path, Replicate **out, int *n, char **error)
{
    Sheet *s = sheet_read(path, "seed, name, value", error);
    if (!s) return false;
    *out = alloc((size_t)s->rows + 1, sizeof **out);
    bool ok = true;
    for (int from = 0, to = 0, seed = 0; ok && from < s->rows; from = to) {
        ok = next_seed(s, from, seed, &to, &seed, error);
        if (!ok) break;
        Replicate *r = &(*out)[(*n)++];
        r->seed = seed;
        ok = read_values(s, from, to, r, error);
    }
    sheet_free(s);
    return ok;
}

/* --- the record --------------------------------------------------------------------- */

static bool read_index_row(const Sheet *s, int row, int expected, IndexRow *x,
                           char **error)
{
    int seed = sheet_column(s, "seed");
    char **const texts[] = { &x->executable, &x->compiler, &x->inputs,
                             &x->blis,       &x->cpu,      &x->date,
                             &x->recomputed, &x->values,   &x->tables };
    static const char *const names[] = { "executable", "compiler", "inputs",
                                         "blis",       "cpu",      "date",
                                         "recomputed", "values",   "tables" };
    if (!read_seed(s, row, seed, &x->seed, error)) return false;
    if (x->seed != expected)
        return fault(s, row, seed, "not the seed of the record's values in this place",
                     error);
    for (int i = 0; i < COUNT(names); i++)
        *texts[i] = text_copy(sheet_text(s, row, sheet_column(s, names[i])));
    return sheet_number(s, row, sheet_column(s, "core_s"), &x->core_s, error) &&
           sheet_number(s, row, sheet_column(s, "peak_rss_kb"), &x->peak_rss_kb, error);
}

static bool read_index(const char *path, Finding *f, char **error)
{
    Sheet *s = sheet_read(path,
                          "seed, executable, compiler, inputs, blis, cpu, date, "
                          "recomputed, core_s, peak_rss_kb, values, tables",
                          error);
    if (!s) return false;
    bool ok = s->rows == f->n_record;
    if (!ok)
        *error =
            text_format("%s:%d:1: %d rows, expected one for each of the record's %d "
                        "seeds",
                        path, s->rows ? s->line[s->rows - 1] : 1, s->rows, f->n_record);
    f->index = alloc((size_t)f->n_record + 1, sizeof *f->index);
    for (int i = 0; ok && i < s->rows; i++)
        ok = read_index_row(s, i, f->record[i].values.seed, &f->index[i], error);
    sheet_free(s);
    return ok;
}

bool suite_read_record(const char *folder, Finding *f, char **error)
{
    char *values = text_format("%s/%s.csv", folder, f->id),
         *index = text_format("%s/%s.index.csv", folder, f->id),
         *longer = text_format("%s/%s.long.csv", folder, f->id);
    bool ok = true;
    if (file_exists(values)) {
        Replicate *r = NULL;
        ok = read_replicates(values, &r, &f->n_record, error);
        f->record = alloc((size_t)f->n_record + 1, sizeof *f->record);
        for (int i = 0; i < f->n_record; i++) f->record[i].values = r[i];
        free(r);
        ok = ok && read_index(index, f, error);
        f->record_folder = text_format("%s/%s", folder, f->id);
        for (int i = 0; i < f->n_record; i++)
            if (f->record[i].values.seed == 1)
                f->record[i].folder = text_copy(f->record_folder);
    }
    if (ok && file_exists(longer))
        ok = read_replicates(longer, &f->record_long, &f->n_record_long, error);
    free(values), free(index), free(longer);
    return ok;
}

/* --- this machine's runs ------------------------------------------------------------ */

/* "seed-12" -> 12; anything else, such as "seed-12.partial" -> 0 */
static int seed_of_folder(const char *name)
{
    int seed = 0, used = 0;
    if (sscanf(name, "seed-%9d%n", &seed, &used) != 1 || name[used]) return 0;
    return seed > 0 ? seed : 0;
}

static bool read_run(const char *folder, int seed, const char *executable, SeedRun *out,
                     bool *usable, char **error)
{
    char *run = text_format("%s/run.json", folder),
         *values = text_format("%s/values.csv", folder);
    bool ok = true;
    *usable = file_exists(run);
    if (*usable) {
        json_t *o = read_json(run, error);
        ok = o != NULL;
        *usable = ok && !json_is_true(json_object_get(o, "smoke"));
        const char *by = json_string_value(json_object_get(o, "executable"));
        *out = (SeedRun){ .run = o,
                          .folder = text_copy(folder),
                          .values.seed = seed,
                          .current = by && !strcmp(by, executable) };
        Sheet *s = ok ? sheet_read(values, "name, value", error) : NULL;
        ok = s && read_values(s, 0, s->rows, &out->values, error);
        sheet_free(s);
    }
    free(run), free(values);
    return ok;
}

static int by_seed(const void *a, const void *b)
{
    return ((const SeedRun *)a)->values.seed - ((const SeedRun *)b)->values.seed;
}

static bool read_variant(const char *folder, const char *executable, SeedRun **runs,
                         int *n, char **error)
{
    int n_names;
    char **names = folder_list(folder, "", &n_names);
    *runs = alloc((size_t)n_names + 1, sizeof **runs);
    bool ok = true;
    for (int i = 0; ok && i < n_names; i++) {
        int seed = seed_of_folder(names[i]);
        if (!seed) continue;
        char *path = text_format("%s/%s", folder, names[i]);
        bool usable;
        ok = read_run(path, seed, executable, &(*runs)[*n], &usable, error);
        if (usable || !ok) (*n)++;
        else suite_free_run(&(*runs)[*n]);
        free(path);
    }
    folder_list_free(names, n_names);
    qsort(*runs, (size_t)*n, sizeof **runs, by_seed);
    return ok;
}

bool suite_read_runs(const char *run_dir, const char *unit_dir, Finding *f, char **error)
{
    char *unit = text_format("%s/%s", unit_dir, f->id),
         *usual = text_format("%s/%s", run_dir, f->id),
         *longer = text_format("%s/%s@long", run_dir, f->id);
    Hash executable = { "" };
    hash_file(unit, &executable);
    bool ok = read_variant(usual, executable.hex, &f->runs, &f->n_runs, error) &&
              read_variant(longer, executable.hex, &f->runs_long, &f->n_runs_long, error);
    free(unit), free(usual), free(longer);
    return ok;
}
