/* site_provenance.c - where a finding's numbers come from, and what they cost: the
 * published record and this machine side by side. */
#include "report/result.h"
#include "report/site.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const SeedRun *current_run(const Finding *f)
{
    for (int i = 0; i < f->n_runs; i++)
        if (f->runs[i].current && suite_has_run(&f->runs[i])) return &f->runs[i];
    return NULL;
}

/* --- cost ------------------------------------------------------------------------ */

/* Mean of the record's seeds, else of a run here, else as declared. */
double site_cost(const Finding *f)
{
    double sum = 0;
    for (int i = 0; i < f->n_record; i++) sum += f->index[i].core_s;
    if (sum > 0) return sum / f->n_record;
    const SeedRun *run = current_run(f);
    double here = run ? json_number_value(json_object_get(run->run, "core_s")) : 0;
    return here > 0 ? here : f->core_s;
}

char *site_seconds(double s)
{
    if (s < 1) return text_format("%.2f core-seconds", s);
    if (s < 10) return text_format("%.1f core-seconds", s);
    return s < 600 ? text_format("%.0f core-seconds", s)
                   : text_format("%.0f core-minutes", s / 60);
}

/* ", 120 MB of memory" of seed 1, or "". */
char *site_memory(const Finding *f)
{
    const SeedRun *run = current_run(f);
    double kb = f->n_record ? f->index[0].peak_rss_kb
                : run       ? json_number_value(json_object_get(run->run, "peak_rss_kb"))
                            : 0;
    if (kb <= 0) return text_copy("");
    return text_format(", %.0f MB of memory", ceil(kb / 1024));
}

/* --- the table ------------------------------------------------------------------- */

typedef struct {
    Html *h;
    const IndexRow *record; /* NULL: nothing is published */
    const json_t *run;      /* NULL: nothing was computed here */
} Facts;

static void cell(Html *h, const char *kind, const char *text)
{
    html_leaf(h, "td", text && *text ? text : "–", "class", kind, NULL);
}

/* A row of what the record and this machine say; none if neither says anything. */
static void fact(const Facts *t, const char *name, const char *kind, const char *record,
                 const char *here)
{
    if ((!record || !*record) && (!here || !*here)) return;
    html_open(t->h, "tr", NULL);
    html_leaf(t->h, "th", name, "scope", "row", NULL);
    if (t->record) cell(t->h, kind, record);
    if (t->run) cell(t->h, kind, here);
    html_close(t->h, "tr");
}

/* The record keeps one hash over all inputs, a run each of them. */
static void input_facts(const Facts *t, const Finding *f)
{
    if (!f->n_inputs) return;
    Hash all = { "" };
    if (t->run) all = result_inputs(f, t->run);
    fact(t, "inputs, together", "hash", t->record ? t->record->inputs : NULL, all.hex);
    const json_t *inputs = json_object_get(t->run, "inputs");
    for (int i = 0; i < f->n_inputs; i++) {
        const json_t *input = json_object_get(inputs, f->inputs[i]);
        if (!input) continue;
        const char *version = result_text(input, "version");
        char *here = text_format("%s%s%s", version, *version ? ", " : "",
                                 result_text(input, "sha256"));
        fact(t, f->inputs[i], "hash", NULL, here);
        free(here);
    }
}

static void facts(const Facts *t, const Finding *f)
{
    static const IndexRow none = { 0 };
    const IndexRow *r = t->record ? t->record : &none;
    const json_t *run = t->run;
    char *blis = run ? result_blis(run) : NULL;
    char *commit = run ? text_format("%s%s", result_text(run, "commit"),
                                     json_is_true(json_object_get(run, "dirty"))
                                         ? ", with uncommitted changes"
                                         : "")
                       : NULL;
    fact(t, "computed", NULL, r->date, result_text(run, "date"));
    fact(t, "confirmed", NULL, r->recomputed, NULL);
    fact(t, "compiler", NULL, r->compiler, result_text(run, "compiler"));
    fact(t, "flags", "hash", NULL, result_text(run, "flags"));
    fact(t, "CPU", NULL, r->cpu, result_text(run, "cpu"));
    fact(t, "BLIS", "hash", r->blis, blis);
    fact(t, "executable", "hash", r->executable, result_text(run, "executable"));
    input_facts(t, f);
    fact(t, "values of the seed", "hash", r->values, NULL);
    fact(t, "commit", "hash", NULL, commit);
    free(blis), free(commit);
}

static void facts_table(Html *h, const Finding *f, const SeedRun *here)
{
    Facts t = { h, f->n_record ? &f->index[0] : NULL, here ? here->run : NULL };
    html_open(h, "div", "class", "scroll wide", "tabindex", "0", "role", "region",
              "aria-label", "Provenance", NULL);
    html_open(h, "table", "class", "facts-table", NULL);
    html_open(h, "thead", NULL);
    html_open(h, "tr", NULL);
    html_leaf(h, "td", NULL, NULL);
    if (t.record) {
        html_open(h, "th", "scope", "col", NULL);
        html_format(h, "record, seed %d", t.record->seed);
        html_close(h, "th");
    }
    if (t.run) {
        html_open(h, "th", "scope", "col", NULL);
        html_format(h, "this machine, seed %d", here->values.seed);
        html_close(h, "th");
    }
    html_close(h, "tr");
    html_close(h, "thead");
    html_open(h, "tbody", NULL);
    facts(&t, f);
    html_close(h, "tbody");
    html_close(h, "table");
    html_close(h, "div");
}

void site_provenance(Html *h, const Finding *f)
{
    const SeedRun *here = current_run(f);
    char *source = text_format("swh:1:cnt:%s", f->source_sha1);
    html_leaf(h, "h2", "Provenance", "id", "provenance", NULL);
    html_open(h, "p", NULL);
    html_text(h, "Source ");
    html_leaf(h, "code", f->source, NULL);
    html_text(h, ", SWHID ");
    html_leaf(h, "span", source, "class", "hash", NULL);
    html_text(h, ". The cards and the numbers in the text are from ");
    html_text(h, f->from_record ? "the published record of all seeds"
                                : "this machine's runs, since nothing is published yet");
    html_text(h, "; the charts show seed 1.");
    html_close(h, "p");
    if (f->n_record || here) facts_table(h, f, here);
    free(source);
}
