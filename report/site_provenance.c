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
        if (f->runs[i].current) return &f->runs[i];
    return NULL;
}

/* --- cost ----------------------------------------------------------------------------- */

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

/* --- the table ------------------------------------------------------------------------- */

static void fact(Html *h, const char *name, const char *kind, const char *record,
                 const char *here)
{
    if ((!record || !*record) && (!here || !*here)) return;
    html_open(h, "tr", NULL);
    html_leaf(h, "th", name, "scope", "row", NULL);
    html_leaf(h, "td", record && *record ? record : "–", "class", kind, NULL);
    html_leaf(h, "td", here && *here ? here : "–", "class", kind, NULL);
    html_close(h, "tr");
}

static void input_rows(Html *h, const Finding *f, const json_t *run)
{
    const json_t *inputs = json_object_get(run, "inputs");
    for (int i = 0; i < f->n_inputs; i++) {
        const json_t *input = json_object_get(inputs, f->inputs[i]);
        const char *version = result_text(input, "version");
        char *here = input ? text_format("%s%s%s", version, *version ? ", " : "",
                                         result_text(input, "sha256"))
                           : NULL;
        fact(h, f->inputs[i], "hash", f->n_record ? "in the hash above" : NULL,
             here ? here : NULL);
        free(here);
    }
}

static void table_rows(Html *h, const Finding *f, const IndexRow *r, const json_t *run)
{
    char *blis = run ? result_blis(run) : NULL;
    Hash inputs = { "" };
    if (run && f->n_inputs) inputs = result_inputs(f, run);
    bool dirty = run && json_is_true(json_object_get(run, "dirty"));
    char *commit = run ? text_format("%s%s", result_text(run, "commit"),
                                     dirty ? ", with uncommitted changes" : "")
                       : NULL;
    fact(h, "computed", NULL, r ? r->date : NULL, run ? result_text(run, "date") : NULL);
    fact(h, "confirmed", NULL, r ? r->recomputed : NULL, NULL);
    fact(h, "compiler", NULL, r ? r->compiler : NULL,
         run ? result_text(run, "compiler") : NULL);
    fact(h, "flags", "hash", NULL, run ? result_text(run, "flags") : NULL);
    fact(h, "CPU", NULL, r ? r->cpu : NULL, run ? result_text(run, "cpu") : NULL);
    fact(h, "BLIS", "hash", r ? r->blis : NULL, blis);
    fact(h, "executable", "hash", r ? r->executable : NULL,
         run ? result_text(run, "executable") : NULL);
    fact(h, "inputs", "hash", r && f->n_inputs ? r->inputs : NULL, inputs.hex);
    if (run) input_rows(h, f, run);
    fact(h, "values of the seed", "hash", r ? r->values : NULL, NULL);
    fact(h, "commit", "hash", NULL, commit);
    free(blis), free(commit);
}

void site_provenance(Html *h, const Finding *f)
{
    const SeedRun *here = current_run(f);
    html_leaf(h, "h2", "Provenance", "id", "provenance", NULL);
    char *source = text_format("swh:1:cnt:%s", f->source_sha1);
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
    free(source);
    if (!f->n_record && !here) return;
    html_open(h, "div", "class", "scroll wide", "tabindex", "0", "role", "region",
              "aria-label", "Provenance", NULL);
    html_open(h, "table", "class", "facts-table", NULL);
    html_open(h, "thead", NULL);
    html_open(h, "tr", NULL);
    html_leaf(h, "td", NULL, NULL);
    char *first = f->n_record ? text_format("record, seed %d", f->index[0].seed)
                              : text_copy("record"),
         *second = here ? text_format("this machine, seed %d", here->values.seed)
                        : text_copy("this machine");
    html_leaf(h, "th", first, "scope", "col", NULL);
    html_leaf(h, "th", second, "scope", "col", NULL);
    free(first), free(second);
    html_close(h, "tr");
    html_close(h, "thead");
    html_open(h, "tbody", NULL);
    table_rows(h, f, f->n_record ? &f->index[0] : NULL, here ? here->run : NULL);
    html_close(h, "tbody");
    html_close(h, "table");
    html_close(h, "div");
}
