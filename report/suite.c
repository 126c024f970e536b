/* suite.c - the loaded suite: finding things in it, pooling seeds, judging, hashing.
 *
 * One load per command reads every small text file once and judges every claim, so all
 * commands and all pages speak of the same verdicts; nothing is cached between commands,
 * because 75 findings load in well under a tenth of a second. A citation's hash covers
 * what the claim says and the numbers that decide it, and nothing that may change
 * without touching either, such as dates, executables or other claims. */
#define _GNU_SOURCE
#include "report/suite.h"
#include "core/base/file.h"
#include "core/num/stats.h"
#include "report/outline.h"
#include "report/suite_read.h"
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/* --- seeds and verdicts ------------------------------------------------------------- */

bool suite_has_run(const SeedRun *r)
{
    return !r->run || !json_object_get(r->run, "not_run");
}

/* Seeds that an older executable ran are not of one kind with those of the present one;
 * they count only as long as it has run none. */
static Replicate *pool(const SeedRun *runs, int n_runs, int *n)
{
    Replicate *r = alloc((size_t)n_runs + 1, sizeof *r);
    bool current = false;
    for (int i = 0; i < n_runs; i++) current = current || runs[i].current;
    *n = 0;
    for (int i = 0; i < n_runs; i++)
        if (suite_has_run(&runs[i]) && runs[i].current == current)
            r[(*n)++] = runs[i].values;
    return r;
}

Replicate *suite_replicates(const Finding *f, bool longer, int *n)
{
    if (!longer)
        return f->n_record ? pool(f->record, f->n_record, n)
                           : pool(f->runs, f->n_runs, n);
    if (!f->n_record_long) return pool(f->runs_long, f->n_runs_long, n);
    Replicate *r = alloc((size_t)f->n_record_long, sizeof *r);
    memcpy(r, f->record_long, (size_t)f->n_record_long * sizeof *r);
    *n = f->n_record_long;
    return r;
}

static bool is_long(const Claim *c) { return c->variant && !strcmp(c->variant, "long"); }

static void judge(Finding *f)
{
    int n[2];
    Replicate *r[2] = { suite_replicates(f, false, &n[0]),
                        suite_replicates(f, true, &n[1]) };
    f->from_record = f->n_record > 0;
    f->judged = alloc((size_t)f->n_claims + 1, sizeof *f->judged);
    for (int i = 0; i < f->n_claims; i++) {
        int v = is_long(&f->claims[i]);
        f->judged[i] = verdict_judge(&f->claims[i], n[v], r[v]);
    }
    free(r[0]), free(r[1]);
}

bool suite_value(const Finding *f, const char *name, double *mean, double *lo, double *hi,
                 double *min, double *max, int *n)
{
    int seeds;
    Replicate *r = suite_replicates(f, false, &seeds);
    double *x = alloc((size_t)seeds + 1, sizeof *x);
    *n = 0;
    for (int s = 0; s < seeds; s++) {
        const Value *v = verdict_value(&r[s], name);
        if (v && !v->absent) x[(*n)++] = v->x;
    }
    if (*n) {
        Estimate e = stats_estimate(*n, x);
        *mean = e.mean, *lo = e.lo, *hi = e.hi, *min = *max = x[0];
        for (int i = 1; i < *n; i++) {
            if (x[i] < *min) *min = x[i];
            if (x[i] > *max) *max = x[i];
        }
    }
    free(x), free(r);
    return *n > 0;
}

/* --- citations ---------------------------------------------------------------------- */

static void add_check(Buffer *b, Side side, double bound, double upper)
{
    buffer_format(b, "%s %.17g %.17g\n", side_name(side), bound, upper);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines "seed,name,value" of the named values, sorted bytewise, each once. */
static void add_values(Buffer *b, int n_names, const char *const *names, int seeds,
                       const Replicate *r)
{
    char **lines = alloc((size_t)(n_names * seeds) + 1, sizeof *lines);
    int n = 0;
    for (int i = 0; i < n_names; i++)
        for (int s = 0; s < seeds; s++) {
            const Value *v = verdict_value(&r[s], names[i]);
            if (!v) continue;
            lines[n++] = v->absent
                             ? text_format("%d,%s,none\n", r[s].seed, names[i])
                             : text_format("%d,%s,%.17g\n", r[s].seed, names[i], v->x);
        }
    qsort(lines, (size_t)n, sizeof *lines, by_text);
    for (int i = 0; i < n; i++)
        if (i == 0 || strcmp(lines[i], lines[i - 1])) buffer_put(b, lines[i]);
    for (int i = 0; i < n; i++) free(lines[i]);
    free(lines);
}

Hash suite_claim_hash(const Finding *f, int claim)
{
    require(claim >= 0 && claim < f->n_claims, "%s has no claim %d", f->id, claim);
    const Claim *c = &f->claims[claim];
    enum { MOST = (1 + COUNT(c->also)) * (1 + COUNT(c->controls)) };
    const char *names[MOST];
    int n_names = 0;
    Buffer b = { 0 };

    /* What it says. */
    buffer_format(&b, "%s/%s\n%s\n", f->id, c->id, c->text);
    add_check(&b, c->side, c->bound, c->upper);
    names[n_names++] = c->value;
    for (int i = 0; i < COUNT(c->also) && c->also[i].value; i++) {
        add_check(&b, c->also[i].side, c->also[i].bound, c->also[i].upper);
        names[n_names++] = c->also[i].value;
    }
    for (int k = 0; k < COUNT(c->controls) && c->controls[k].value; k++) {
        const Control *control = &c->controls[k];
        add_check(&b, control->side, control->bound, control->upper);
        names[n_names++] = control->value;
        for (int i = 0; i < COUNT(control->also) && control->also[i]; i++)
            names[n_names++] = control->also[i];
    }

    /* What decides it. */
    int seeds;
    Replicate *r = suite_replicates(f, is_long(c), &seeds);
    add_values(&b, n_names, names, seeds, r);
    Hash h = hash_bytes(b.s, b.n);
    free(r), free(b.s);
    return h;
}

/* --- finding things ----------------------------------------------------------------- */

Finding *suite_find(Suite *s, const char *id)
{
    for (int i = 0; i < s->n; i++)
        if (!strcmp(s->findings[i].id, id)) return &s->findings[i];
    return NULL;
}

Claim *suite_claim(Suite *s, const char *name, Finding **finding)
{
    for (int i = 0; i < s->n; i++) {
        Finding *f = &s->findings[i];
        size_t n = strlen(f->id);
        if (strncmp(name, f->id, n) || name[n] != '/') continue;
        for (int k = 0; k < f->n_claims; k++)
            if (!strcmp(f->claims[k].id, name + n + 1)) {
                if (finding) *finding = f;
                return &f->claims[k];
            }
    }
    return NULL;
}

/* A star also matches slashes, so "interpretability/" and a star is the whole part. */
static bool matches_one(const Finding *f, const char *pattern)
{
    char *path = text_format("%s/%s", f->section, f->id);
    bool found = false;
    for (const char *tail = path; tail && !found;) {
        found = fnmatch(pattern, tail, 0) == 0;
        tail = strchr(tail, '/');
        if (tail) tail++;
    }
    free(path);
    return found;
}

bool suite_matches(const Finding *f, const char *patterns)
{
    if (!patterns || !patterns[strspn(patterns, " ")]) return true;
    char *copy = text_copy(patterns), *rest = copy;
    bool found = false;
    for (char *pattern; !found && (pattern = strsep(&rest, " "));)
        found = *pattern && matches_one(f, pattern);
    free(copy);
    return found;
}

/* --- loading ------------------------------------------------------------------------ */

/* By the wiki's headings in the order of the page, if there is one; then by name. */
static int place(const Outline *o, const Finding *f)
{
    int i = 0;
    while (
        o && i < o->n &&
        !(o->rows[i].kind == OUTLINE_HEADING && !strcmp(o->rows[i].folder, f->section)))
        i++;
    return i;
}

static int by_place(const void *a, const void *b, void *outline)
{
    const Finding *x = a, *y = b;
    int d = place(outline, x) - place(outline, y);
    if (!d) d = strcmp(x->section, y->section);
    return d ? d : strcmp(x->id, y->id);
}

static void free_finding(Finding *);

/* Descriptions outlive a source that was moved or removed; its record is then no part
 * of the suite. */
static bool source_exists(const char *root, const Finding *f)
{
    char *path = text_format("%s/%s", root, f->source);
    bool there = file_exists(path);
    free(path);
    return there;
}

static bool load_finding(Suite *s, const char *root, const char *build, const char *name,
                         char **error)
{
    char *description = text_format("%s/desc/%s", build, name),
         *record = text_format("%s/data/record", root),
         *runs = text_format("%s/run", build), *units = text_format("%s/unit", build);
    Finding *f = &s->findings[s->n++];
    bool ok = suite_read_description(description, f, error);
    if (ok && !source_exists(root, f)) free_finding(&s->findings[--s->n]);
    else if (ok) {
        ok =
            suite_read_record(record, f, error) && suite_read_runs(runs, units, f, error);
        if (ok) judge(f);
    }
    free(description), free(record), free(runs), free(units);
    return ok;
}

/* "." + "build/run" -> "build": the folder around run_dir, as messages should name it. */
static char *build_folder(const char *root, const char *run_dir)
{
    char *path = *run_dir == '/' || !strcmp(root, ".")
                     ? text_copy(run_dir)
                     : text_format("%s/%s", root, run_dir);
    char *slash = strrchr(path, '/');
    if (slash) *slash = 0;
    return path;
}

Suite *suite_load(const char *root, const char *run_dir, char **error)
{
    Suite *s = alloc(1, sizeof *s);
    char *build = build_folder(root, run_dir), *desc = text_format("%s/desc", build);
    int n_names;
    char **names = folder_list(desc, ".json", &n_names);
    s->findings = alloc((size_t)n_names + 1, sizeof *s->findings);

    char *wiki = text_format("%s/data/wiki.csv", root);
    Outline *outline = NULL;
    bool ok = !file_exists(wiki) || (outline = outline_read(wiki, error));
    for (int i = 0; ok && i < n_names; i++)
        ok = load_finding(s, root, build, names[i], error);
    if (ok) qsort_r(s->findings, (size_t)s->n, sizeof *s->findings, by_place, outline);

    folder_list_free(names, n_names);
    outline_free(outline);
    free(wiki), free(desc), free(build);
    if (ok) return s;
    suite_free(s);
    return NULL;
}

Suite *suite_open(void)
{
    char *error;
    Suite *s = suite_load(".", BUILD "/run", &error);
    if (!s) fprintf(stderr, "%s\n", error), free(error);
    return s;
}

/* --- freeing ------------------------------------------------------------------------ */

static void free_replicate(Replicate *r)
{
    for (int i = 0; i < r->n; i++) free(r->v[i].name);
    free(r->v);
}

void suite_free_run(SeedRun *r)
{
    free_replicate(&r->values);
    free(r->folder);
    json_decref(r->run);
}

static void free_runs(SeedRun *runs, int n)
{
    for (int i = 0; i < n; i++) suite_free_run(&runs[i]);
    free(runs);
}

static void free_index(IndexRow *x)
{
    free(x->executable), free(x->compiler), free(x->inputs), free(x->blis);
    free(x->cpu), free(x->date), free(x->recomputed), free(x->values), free(x->tables);
}

static void free_finding(Finding *f)
{
    free(f->id), free(f->title), free(f->section), free(f->source);
    free(f->source_sha1), free(f->artefact), free(f->broken), free(f->record_folder);
    folder_list_free(f->cites, f->n_cites);
    folder_list_free(f->needs, f->n_needs);
    folder_list_free(f->inputs, f->n_inputs);
    for (int i = 0; i < COUNT(f->carries); i++) free(f->carries[i]);
    for (int i = 0; i < f->n_tables; i++) {
        free(f->tables[i].id);
        folder_list_free(f->tables[i].columns, f->tables[i].n_columns);
    }
    for (int i = 0; f->index && i < f->n_record; i++) free_index(&f->index[i]);
    free_runs(f->record, f->n_record);
    free_runs(f->runs, f->n_runs);
    free_runs(f->runs_long, f->n_runs_long);
    for (int i = 0; i < f->n_record_long; i++) free_replicate(&f->record_long[i]);
    free(f->tables), free(f->claims), free(f->claim_line), free(f->judged);
    free(f->index), free(f->record_long);
    json_decref(f->description);
    *f = (Finding){ 0 };
}

void suite_free(Suite *s)
{
    if (!s) return;
    for (int i = 0; i < s->n; i++) free_finding(&s->findings[i]);
    free(s->findings), free(s);
}
