/* standing.c - does this machine get the published bits?
 *
 * The comparison is of values, not of files, so that the page can say how many of how
 * many agree and name the first that does not. Whether they ought to agree is decided
 * first: other inputs or another BLIS make other numbers legitimate, and an executable
 * that is not the present one says nothing about the present source. */
#include "report/standing.h"
#include "report/compare.h"
#include "report/result.h"
#include <stdlib.h>
#include <string.h>

static const IndexRow *index_row(const Finding *f, int seed)
{
    for (int i = 0; i < f->n_record; i++)
        if (f->index && f->index[i].seed == seed) return &f->index[i];
    return NULL;
}

static const SeedRun *record_of(const Finding *f, int seed)
{
    for (int i = 0; i < f->n_record; i++)
        if (f->record[i].values.seed == seed) return &f->record[i];
    return NULL;
}

/* Why the values of this run need not be those of the record; NULL: they must be. */
static char *incomparable(const Finding *f, const json_t *run, const IndexRow *row)
{
    char *blis = result_blis(run), *mine = strrchr(blis, ' '),
         *theirs = row->blis ? strrchr(row->blis, ' ') : NULL;
    char *why = NULL;
    if (row->inputs && strcmp(result_inputs(f, run).hex, row->inputs))
        why = text_copy("the inputs here are other versions than those of the record");
    else if (mine && theirs && strcmp(mine, theirs))
        why = text_format("BLIS here is %.*s, another library than the record's",
                          (int)(mine - blis), blis);
    free(blis);
    return why;
}

/* Adds one seed's values to the counts; the first difference becomes `why`. */
static void count_values(Standing *here, const Replicate *mine,
                         const Replicate *published)
{
    Differences d = { 0 };
    compare_values(&d, published, mine, 0);
    int missed = 0;
    for (int i = 0; i < d.n; i++) missed += d.d[i].row >= 0;
    here->seeds++;
    here->values += published->n;
    here->identical += published->n - missed;
    if (d.n && !here->why) {
        char *first = compare_sentence(&d.d[0], "published", "here");
        here->why = text_format("seed %d, %s", mine->seed, first);
        free(first);
    }
    compare_free(&d);
}

static void compare_seed(Standing *here, const Finding *f, const SeedRun *mine)
{
    const json_t *run = mine->run;
    const SeedRun *published = record_of(f, mine->values.seed);
    const IndexRow *row = index_row(f, mine->values.seed);
    if (*result_text(run, "not_run")) {
        here->kind = STANDING_NOT_RUN;
        if (!here->why) here->why = text_copy(result_text(run, "not_run"));
    } else if (!published) {
        if (here->kind == STANDING_NONE) here->kind = STANDING_UNPUBLISHED;
        if (here->kind != STANDING_UNPUBLISHED) return;
        here->seeds++;
        here->values += mine->values.n;
    } else {
        char *other = row ? incomparable(f, run, row) : NULL;
        if (here->kind == STANDING_UNPUBLISHED) *here = (Standing){ 0 };
        count_values(here, &mine->values, &published->values);
        if (other) {
            free(here->why);
            here->why = other;
            here->kind = STANDING_OTHER_INPUTS;
        } else if (json_is_false(json_object_get(run, "selftest")))
            here->kind = STANDING_OTHER_BITS;
        else if (here->kind != STANDING_OTHER_INPUTS && here->kind != STANDING_OTHER_BITS)
            here->kind = here->why ? STANDING_DIFFERS : STANDING_SAME;
    }
}

Standing standing_compare(const Finding *f)
{
    Standing here = { 0 };
    for (int i = 0; i < f->n_runs; i++)
        if (f->runs[i].current) compare_seed(&here, f, &f->runs[i]);
    return here;
}

void standing_free(Standing *here)
{
    free(here->why);
    *here = (Standing){ 0 };
}

char *standing_sentence(const Standing *here, const Finding *f)
{
    const char *plural = here->seeds == 1 ? "" : "s";
    switch (here->kind) {
    case STANDING_NOT_RUN:
        return text_format("not run on this machine: %s", here->why);
    case STANDING_UNPUBLISHED:
        return text_format("computed on this machine (%d seed%s), not yet published",
                           here->seeds, plural);
    case STANDING_SAME:
        return text_format("this machine: %d of %d values identical to the record",
                           here->identical, here->values);
    case STANDING_DIFFERS:
        return text_format(
            "this machine: only %d of %d values identical to the record; %s",
            here->identical, here->values, here->why);
    case STANDING_OTHER_INPUTS:
        return text_format("this machine: other inputs, so values are not compared; %s",
                           here->why);
    case STANDING_OTHER_BITS:
        return text_format("this machine: its arithmetic fails the self-test; %d of %d "
                           "values identical to the record",
                           here->identical, here->values);
    case STANDING_NONE:
        break;
    }
    return text_copy(f->n_record ? "recorded, not recomputed here" : "not run");
}
