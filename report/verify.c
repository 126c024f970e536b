/* verify.c - `glassbox verify`: does the published record still stand?
 *
 * First every claim is judged on the published values, which takes no time; then units
 * are run anew for as long as the reader allows, and their bits are compared with the
 * published ones. What was not reached is listed: a budget may shorten a check, it must
 * not make a short check look like a full one. */
#include "report/verify.h"
#include "core/base/file.h"
#include "core/lab/provenance.h"
#include "report/command.h"
#include "report/plan.h"
#include "report/result.h"
#include <argp.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- what is printed ---------------------------------------------------------------- */

static void print_reasons(const Case *c)
{
    for (int i = 0; i < c->n; i++) printf("%20s%s\n", "", c->reason[i]);
}

static void print_claims(const Verification *v)
{
    printf("\n%-9s %-9s %s\n", "EXPECTED", "GOT", "CLAIM");
    for (int i = 0; i < v->n; i++) {
        const Case *c = &v->c[i];
        if (c->claim < 0) continue;
        const Claim *claim = &c->finding->claims[c->claim];
        printf("%-9s %-9s %s%s%s\n", verdict_name(claim->expect),
               verdict_name(c->judgement.verdict), c->name,
               c->outcome > CASE_SKIPPED ? "  " : "",
               c->outcome > CASE_SKIPPED ? verify_word(c->outcome) : "");
        print_reasons(c);
    }
}

static void print_records(const Verification *v)
{
    puts("");
    for (int i = 0; i < v->n; i++) {
        if (v->c[i].claim >= 0) continue;
        printf("%-19s %s\n", verify_word(v->c[i].outcome), v->c[i].name);
        print_reasons(&v->c[i]);
    }
    for (int i = 0; i < v->n_warnings; i++) printf("warning: %s\n", v->warning[i]);
}

static void print_plan(const Unit *units, int n, const RecomputeOptions *o)
{
    int chosen = 0, stale = 0;
    double cost = 0, longest = 0;
    for (int i = 0; i < n; i++) {
        stale += units[i].stale;
        if (units[i].state != UNIT_CHOSEN) continue;
        chosen++;
        cost += units[i].cost;
        longest = fmax(longest, units[i].cost);
    }
    char *time = plan_duration(fmax(longest, cost / o->jobs));
    printf("recomputing %d of %d published units (%d stale), %d at a time: about %s\n",
           chosen, n, stale, o->jobs, time);
    fflush(stdout);
    free(time);
}

/* --- files -------------------------------------------------------------------------- */

static bool write_junit(const Verification *v, const char *folder)
{
    char *xml = verify_junit(v), *path = text_format("%s/junit.xml", folder);
    bool ok = folder_make(folder) && file_write(path, xml, strlen(xml));
    if (!ok) fprintf(stderr, "verify: %s: %s\n", path, strerror(errno));
    free(xml), free(path);
    return ok;
}

/* GitHub appends the summaries of all steps to one file. */
static bool write_summary(const Verification *v)
{
    const char *path = getenv("GITHUB_STEP_SUMMARY");
    if (!path || !*path) return true;
    char *text = verify_markdown(v);
    FILE *f = fopen(path, "a");
    bool ok = f && fputs(text, f) >= 0;
    if (f) ok = file_close(f) && ok;
    if (!ok) fprintf(stderr, "verify: %s: %s\n", path, strerror(errno));
    free(text);
    return ok;
}

/* --- the command -------------------------------------------------------------------- */

static int conclude(const Verification *v, const VerifyOptions *o)
{
    print_claims(v), print_records(v);
    char *annotations = verify_annotations(v);
    fputs(annotations, stdout);
    free(annotations);
    bool written = write_junit(v, o->recompute.out);
    written = write_summary(v) && written;
    Tally t = verify_tally(v);
    printf("%d passed, %d failed, %d skipped\n", t.passed, t.failed, t.skipped);
    int status = verify_status(v);
    return status || written ? status : EXIT_USAGE;
}

static int verify(const Suite *suite, const VerifyOptions *o)
{
    Verification v = verify_judge(suite, o);
    int n;
    Unit *units = recompute_plan(suite, &o->recompute, &n);
    print_plan(units, n, &o->recompute);
    bool whole = recompute_run(units, n, &o->recompute);
    int status = EXIT_INTERRUPTED;
    if (whole) {
        verify_compare(&v, suite, units, n);
        status = conclude(&v, o);
    } else
        fprintf(stderr, "verify: interrupted; what was recomputed is in %s\n",
                o->recompute.out);
    recompute_free(units, n), verify_free(&v);
    return status;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    RecomputeOptions *o = &((VerifyOptions *)state->input)->recompute;
    char *end;
    switch (key) {
    case 'm':
        o->seconds = strcmp(arg, "all") ? 60 * strtod(arg, &end) : -1;
        if (strcmp(arg, "all") && (!*arg || *end || !(o->seconds >= 0)))
            argp_error(state, "--minutes %s: expected a number from 0, or all", arg);
        return 0;
    case 'j':
        o->jobs = atoi(arg);
        if (o->jobs < 1) argp_error(state, "--jobs %s: expected a number from 1", arg);
        return 0;
    case 'i':
        o->inputs = arg;
        return 0;
    case 'o':
        o->only = arg;
        return 0;
    case 'r':
        o->rotation = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int command_verify(int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "minutes", 'm', "N", 0, "recompute for about so long (10), or all", 0 },
        { "jobs", 'j', "N", 0, "units side by side (the number of cores)", 0 },
        { "inputs", 'i', "FOLDER", 0, "the stamps of the inputs", 0 },
        { "only", 'o', "PATTERNS", 0, "findings, by globs on id or section/id", 0 },
        { "rotation", 'r', "TEXT", 0, "whose turn it is (the commit's hash)", 0 },
        { 0 }
    };
    static const struct argp argp = {
        options,
        parse,
        NULL,
        "Judges all claims on the published record, then recomputes units and compares "
        "the "
        "bits.\vExit status: 0 all as expected, 1 a verdict, a bound or a bit changed, 2 "
        "crash or malformed file, 3 only MIXED where HOLDS was expected, 130 "
        "interrupted.",
        NULL,
        NULL,
        NULL
    };
    json_t *here = provenance_json(NULL, NULL, 0, argc, argv);
    VerifyOptions o = {
        "data/record",
        "tests/golden",
        { .units = BUILD "/unit",
          .inputs = BUILD "/inputs",
          .out = BUILD "/verify",
          .compiler = result_text(here, "compiler"),
          .rotation = result_text(here, "commit"),
          .seconds = 600,
          .jobs = (int)sysconf(_SC_NPROCESSORS_ONLN) },
    };
    int status = EXIT_USAGE;
    if (argp_parse(&argp, argc, argv, 0, NULL, &o) == 0) {
        Suite *suite = suite_open();
        if (suite && plan_known(suite, o.recompute.only)) status = verify(suite, &o);
        suite_free(suite);
    }
    json_decref(here);
    return status;
}
