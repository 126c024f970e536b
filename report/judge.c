/* judge.c - `glassbox judge`: every claim's verdict, on the record and on what this
 * machine has computed, beside the expected one.
 *
 * The record decides the exit status as long as there is one. Runs are often of one seed
 * only, and one seed cannot be MIXED; so a verdict here counts as changed only where
 * every subset of seeds would have had to agree: HOLDS and REFUTED. */
#include "report/command.h"
#include "report/plan.h"
#include <stdlib.h>
#include <string.h>

typedef struct {
    int as_expected, changed, mixed, not_run;
} Tally;

/* Verdict over this machine's current runs. */
static Judgement judge_runs(const Finding *f, const Claim *c)
{
    bool longer = c->variant && !strcmp(c->variant, "long");
    const SeedRun *runs = longer ? f->runs_long : f->runs;
    int n_runs = longer ? f->n_runs_long : f->n_runs, n = 0;
    Replicate *r = alloc((size_t)n_runs + 1, sizeof *r);
    for (int i = 0; i < n_runs; i++)
        if (runs[i].current && suite_has_run(&runs[i])) r[n++] = runs[i].values;
    Judgement j = verdict_judge(c, n, r);
    /* its reason points into the values, which the suite owns */
    free(r);
    return j;
}

static bool run_agrees(Verdict expected, Verdict got)
{
    if (got == NOT_RUN || got == expected) return true;
    return expected != HOLDS && expected != REFUTED;
}

static void count(Tally *t, const Claim *c, Verdict got, bool agrees)
{
    if (got == NOT_RUN && c->expect != NOT_RUN) t->not_run++;
    else if (agrees || c->tier == REPORT) t->as_expected++;
    else if (got == MIXED && c->expect == HOLDS) t->mixed++;
    else t->changed++;
}

static void print_claim(const Finding *f, int i, Tally *t)
{
    const Claim *c = &f->claims[i];
    Judgement here = judge_runs(f, c), recorded = f->judged[i];
    bool known = f->from_record;
    Judgement *decides = known ? &recorded : &here;
    bool agrees =
        (known ? recorded.verdict == c->expect : run_agrees(c->expect, here.verdict)) &&
        run_agrees(c->expect, here.verdict);
    Verdict got =
        known && run_agrees(c->expect, here.verdict) ? recorded.verdict : here.verdict;
    char *reason = verdict_reason(decides);
    printf("%-8s %-8s %-8s %s/%s%s%s%s%s\n", verdict_name(c->expect),
           known ? verdict_name(recorded.verdict) : "-",
           here.verdict == NOT_RUN ? "-" : verdict_name(here.verdict), f->id, c->id,
           agrees || c->tier == GATE ? "" : " (no gate)", *reason ? ": " : "", reason,
           agrees ? "" : "  <-");
    count(t, c, got, agrees);
    free(reason);
}

int command_judge(int argc, char **argv)
{
    const char *only;
    Suite *s = plan_only(
        argc, argv,
        "Prints each claim's expected verdict, that of the record, and that of this "
        "machine's current runs.\vExit status: 0 as expected, 1 a gate's verdict "
        "changed, 3 only MIXED where HOLDS was expected.",
        &only);
    if (!s) return EXIT_USAGE;

    Tally t = { 0 };
    printf("%-8s %-8s %-8s %s\n", "EXPECTED", "RECORD", "HERE", "CLAIM");
    for (int i = 0; i < s->n; i++) {
        const Finding *f = &s->findings[i];
        if (!suite_matches(f, only)) continue;
        if (f->broken) {
            printf("%-8s %-8s %-8s %s: %s  <-\n", "-", "-", "-", f->id, f->broken);
            t.changed++;
        }
        for (int k = 0; k < f->n_claims; k++)
            if (f->claims[k].side) print_claim(f, k, &t);
    }
    printf("%d as expected, %d changed, %d only MIXED, %d not run\n", t.as_expected,
           t.changed, t.mixed, t.not_run);
    suite_free(s);
    return t.changed ? EXIT_CHANGED : t.mixed ? EXIT_INCONCLUSIVE : EXIT_AS_EXPECTED;
}
