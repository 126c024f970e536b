/* verify_cases.c - from a suite and fresh results to cases.
 *
 * Two questions are kept apart. The claims' cases ask whether the published values still
 * mean what is expected of them: verdict against .expect, bounds against the golden
 * file. The record's case, one per finding, asks whether the published values are what
 * the units compute. A digit that somebody changed in the record fails the second even
 * if every verdict stays; a bound that somebody moved fails the first though every bit
 * is right.
 *
 * A finding without a record fails: its claims have nothing to stand on, and a record
 * that got lost must not look like an input that is absent. So does a record without a
 * finding, since papers cite findings by their ids. Only where an input has to come from
 * the user is a missing record no fault. */
#include "core/base/file.h"
#include "report/compare.h"
#include "report/golden.h"
#include "report/result.h"
#include "report/verify.h"
#include <stdlib.h>
#include <string.h>

enum { MOST_REASONS = 20 }; /* a broken unit differs in every value */

/* --- cases -------------------------------------------------------------------------- */

static Case *add_case(Verification *v, char *name, const Finding *f, int claim,
                      char *file, int line)
{
    v->c = grow(v->c, (size_t)v->n, (size_t)v->n + 1, sizeof *v->c);
    Case *c = &v->c[v->n++];
    *c = (Case){ .name = name, .finding = f, .claim = claim, .file = file, .line = line };
    c->judgement = (Judgement){ .verdict = NOT_RUN, .blind_control = -1 };
    return c;
}

static void reason(Case *c, char *text)
{
    if (c->n == MOST_REASONS) {
        free(text);
        text = text_copy("and more");
    }
    if (c->n > MOST_REASONS) {
        free(text);
        return;
    }
    c->reason = grow(c->reason, (size_t)c->n, (size_t)c->n + 1, sizeof *c->reason);
    c->reason[c->n++] = text;
}

static void worsen(Case *c, Outcome to, char *text)
{
    if (to > c->outcome) c->outcome = to;
    reason(c, text);
}

static void look_at(Case *c, char *file, int line)
{
    free(c->file);
    c->file = file;
    c->line = line;
}

static void warn(Verification *v, char *text)
{
    v->warning = grow(v->warning, (size_t)v->n_warnings, (size_t)v->n_warnings + 1,
                      sizeof *v->warning);
    v->warning[v->n_warnings++] = text;
}

/* The case of a claim, or the record's where a number without a bound has none. */
static Case *case_of(Verification *v, const Finding *f, int claim)
{
    Case *record = NULL;
    for (int i = 0; i < v->n; i++) {
        if (v->c[i].finding != f) continue;
        if (v->c[i].claim == claim) return &v->c[i];
        if (v->c[i].claim < 0) record = &v->c[i];
    }
    return record;
}

void verify_free(Verification *v)
{
    for (int i = 0; i < v->n; i++) {
        folder_list_free(v->c[i].reason, v->c[i].n);
        free(v->c[i].name), free(v->c[i].file);
    }
    folder_list_free(v->warning, v->n_warnings);
    free(v->c);
    *v = (Verification){ 0 };
}

/* --- claims against what is expected ------------------------------------------------ */

static bool is_long(const Claim *c) { return c->variant && !strcmp(c->variant, "long"); }

static Judgement judge(const Finding *f, const Claim *c)
{
    if (is_long(c)) return verdict_judge(c, f->n_record_long, f->record_long);
    Replicate *r = alloc((size_t)f->n_record + 1, sizeof *r);
    for (int i = 0; i < f->n_record; i++) r[i] = f->record[i].values;
    Judgement j = verdict_judge(c, f->n_record, r);
    free(r);
    return j;
}

/* Why the verdict is what it is. */
static char *because(const Claim *c, const Judgement *j)
{
    if (j->verdict == VOID) return verdict_reason(j);
    if (j->verdict == BLIND && j->blind_control >= 0) {
        const Control *k = &c->controls[j->blind_control];
        return text_format("the %s \"%s\" %s in seed %d",
                           k->must_pass ? "positive control" : "control", k->value,
                           k->must_pass ? "misses its check"
                                        : "clears the claim's check or misses its own",
                           j->blind_seed);
    }
    return text_format("cleared in %d of %d seeds", j->cleared, j->seeds);
}

static void expect(Case *c, const Claim *claim)
{
    const Judgement *j = &c->judgement;
    if (j->verdict == NOT_RUN) {
        worsen(c, CASE_SKIPPED,
               text_copy(is_long(claim) ? "no record of the long variant" : "no record"));
        return;
    }
    if (j->verdict == claim->expect) return;
    Outcome outcome = claim->tier == REPORT                           ? CASE_SKIPPED
                      : j->verdict == MIXED && claim->expect == HOLDS ? CASE_INCONCLUSIVE
                                                                      : CASE_FAILED;
    char *why = because(claim, j);
    worsen(c, outcome,
           text_format("%s, expected %s%s: %s", verdict_name(j->verdict),
                       verdict_name(claim->expect),
                       claim->tier == REPORT ? " (reported only)" : "", why));
    free(why);
}

static void judge_claims(Verification *v, const Finding *f)
{
    for (int i = 0; i < f->n_claims; i++) {
        const Claim *claim = &f->claims[i];
        if (!claim->side) continue;
        Case *c = add_case(v, text_format("%s/%s", f->id, claim->id), f, i,
                           text_copy(f->source), f->claim_line[i]);
        c->judgement = judge(f, claim);
        expect(c, claim);
    }
}

static void judge_bounds(Verification *v, const Finding *f, const char *golden)
{
    GoldenChange *changes;
    int n;
    char *error = NULL;
    if (!golden_compare(f, golden, &changes, &n, &error))
        worsen(case_of(v, f, -1), CASE_CRASHED, error);
    for (int i = 0; i < n; i++)
        worsen(case_of(v, f, changes[i].claim), CASE_FAILED,
               text_copy(changes[i].message));
    golden_free(changes, n);
}

/* --- the record by itself ----------------------------------------------------------- */

static bool needs_user_input(const Finding *f)
{
    for (int i = 0; i < f->n_inputs; i++)
        if (!strncmp(f->inputs[i], "user:", 5)) return true;
    return false;
}

static void check_seeds(Case *c, const Finding *f)
{
    for (int seed = 1; seed <= f->seeds; seed++) {
        int i = 0;
        while (i < f->n_record && f->record[i].values.seed != seed) i++;
        if (i == f->n_record)
            worsen(c, CASE_FAILED, text_format("seed %d is missing in the record", seed));
    }
    for (int i = 0; i < f->n_record; i++)
        if (f->record[i].values.seed > f->seeds)
            worsen(c, CASE_FAILED,
                   text_format("seed %d is in the record, expected 1 .. %d",
                               f->record[i].values.seed, f->seeds));
}

/* What most seeds record, every seed records. */
static int seeds_with(const Finding *f, const char *name)
{
    int n = 0;
    for (int i = 0; i < f->n_record; i++)
        n += verdict_value(&f->record[i].values, name) != NULL;
    return n;
}

static void check_names(Case *c, const Finding *f)
{
    for (int a = 0; a < f->n_record; a++)
        for (int i = 0; i < f->record[a].values.n; i++) {
            const char *name = f->record[a].values.v[i].name;
            int with = seeds_with(f, name), first = 0;
            if (with == f->n_record) continue;
            while (!verdict_value(&f->record[first].values, name)) first++;
            if (first != a) continue;
            for (int b = 0; b < f->n_record; b++) {
                bool has = verdict_value(&f->record[b].values, name) != NULL;
                if (has != (2 * with < f->n_record)) continue;
                worsen(c, CASE_FAILED,
                       text_format("seed %d: \"%s\" is %s the record", f->index[b].seed,
                                   name, has ? "an extra row of" : "missing in"));
            }
        }
}

/* A precondition "?claim: text" of a claim that does not exist could fail unseen. */
static bool names_a_claim(const Finding *f, const char *name)
{
    size_t id = strcspn(name + 1, ":");
    for (int i = 0; i < f->n_claims; i++)
        if (strlen(f->claims[i].id) == id && !strncmp(f->claims[i].id, name + 1, id))
            return true;
    return id == 0;
}

static void check_preconditions(Case *c, const Finding *f)
{
    const Replicate *r = &f->record[0].values;
    for (int i = 0; i < r->n; i++)
        if (*r->v[i].name == '?' && !names_a_claim(f, r->v[i].name))
            worsen(c, CASE_FAILED,
                   text_format("the precondition \"%s\" names no claim of this finding",
                               r->v[i].name + 1));
}

static void check_hashes(Case *c, const Finding *f)
{
    for (int i = 0; i < f->n_record; i++) {
        if (!recompute_values_match(f, i))
            worsen(c, CASE_FAILED,
                   text_format("seed %d: the values are not those that the index's hash "
                               "was taken of",
                               f->index[i].seed));
        if (!recompute_tables_match(f, i))
            worsen(c, CASE_FAILED,
                   text_copy("seed 1: the tables are not those that the index's hash was "
                             "taken of"));
    }
}

static void judge_record(Verification *v, const Finding *f, const VerifyOptions *o)
{
    Case *c = add_case(v, text_format("%s record", f->id), f, -1,
                       text_format("%s/%s.csv", o->record, f->id), 1);
    if (f->n_record) {
        check_seeds(c, f), check_names(c, f);
        check_preconditions(c, f), check_hashes(c, f);
        return;
    }
    bool user = needs_user_input(f);
    look_at(c, text_copy(f->source), 1);
    worsen(c, user ? CASE_SKIPPED : CASE_FAILED,
           text_format("no record of this finding: make record ONLY=%s%s", f->id,
                       user ? ", with its input" : ""));
}

/* Files of the record that belong to no finding. */
static void judge_orphans(Verification *v, const Suite *suite, const char *record)
{
    int n;
    char **names = folder_list(record, ".csv", &n);
    for (int i = 0; i < n; i++) {
        size_t length = strcspn(names[i], ".");
        bool known = false;
        for (int k = 0; k < suite->n && !known; k++)
            known = strlen(suite->findings[k].id) == length &&
                    !strncmp(suite->findings[k].id, names[i], length);
        if (known || strcmp(names[i] + length, ".csv")) continue;
        Case *c = add_case(v, text_format("%.*s record", (int)length, names[i]), NULL, -1,
                           text_format("%s/%s", record, names[i]), 1);
        worsen(c, CASE_FAILED,
               text_copy("a record without its finding: findings are cited by their ids "
                         "and do not go"));
    }
    folder_list_free(names, n);
}

Verification verify_judge(const Suite *suite, const VerifyOptions *o)
{
    Verification v = { 0 };
    for (int i = 0; i < suite->n; i++) {
        const Finding *f = &suite->findings[i];
        if (!suite_matches(f, o->recompute.only)) continue;
        if (f->broken) {
            Case *c = add_case(&v, text_copy(f->id), f, -1, text_copy(f->source), 1);
            worsen(c, CASE_CRASHED, text_copy(f->broken));
            continue;
        }
        judge_claims(&v, f);
        judge_record(&v, f, o);
        judge_bounds(&v, f, o->golden);
    }
    if (!o->recompute.only || !*o->recompute.only) judge_orphans(&v, suite, o->record);
    return v;
}

/* --- fresh results against the record ----------------------------------------------- */

typedef enum { SAME_BITS, OTHER_BITS, OTHER_INPUTS, OTHER_BLIS, DID_NOT_RUN } Ground;

static const double TOLERANCE = 1e-3; /* relative, for machines with other bits */

static Ground ground_of(const Unit *u)
{
    const IndexRow *x = &u->finding->index[u->row];
    if (*result_text(u->fresh.run, "not_run")) return DID_NOT_RUN;
    if (strcmp(result_inputs(u->finding, u->fresh.run).hex, x->inputs))
        return OTHER_INPUTS;
    char *blis = result_blis(u->fresh.run);
    bool same = !strcmp(blis, x->blis);
    free(blis);
    if (!same) return OTHER_BLIS;
    return json_is_true(json_object_get(u->fresh.run, "selftest")) ? SAME_BITS
                                                                   : OTHER_BITS;
}

/* The line of the record's file that holds value i of a seed. */
static int line_of(const Unit *u, int i)
{
    int line = 2;
    for (int row = 0; row < u->row; row++) line += u->finding->record[row].values.n;
    return line + (i < 0 ? 0 : i);
}

static void add_differences(Case *c, const Unit *u, const Differences *d, bool values)
{
    for (int i = 0; i < d->n; i++) {
        char *sentence = compare_sentence(&d->d[i], "published", "recomputed");
        if (values && c->line == 1)
            look_at(c, text_copy(c->file), line_of(u, d->d[i].row));
        worsen(c, CASE_FAILED, text_format("seed %d: %s", u->seed, sentence));
        free(sentence);
    }
}

static void compare_tables(Case *c, const Unit *u, int *tables)
{
    Texts was, is;
    Differences d = { 0 };
    if (!result_texts(u->finding->record_folder, &was) ||
        !result_texts(u->fresh.folder, &is)) {
        worsen(c, CASE_CRASHED, text_copy("seed 1: a table cannot be read"));
        return;
    }
    for (int i = 0; i < was.n; i++)
        compare_texts(&d, was.name[i], was.text[i], result_text_named(&is, was.name[i]));
    for (int i = 0; i < is.n; i++)
        if (!result_text_named(&was, is.name[i]))
            compare_texts(&d, is.name[i], NULL, is.text[i]);
    *tables = was.n;
    add_differences(c, u, &d, false);
    compare_free(&d);
    result_texts_free(&was), result_texts_free(&is);
}

typedef struct {
    int seeds, compared, values, tables;
} Checked;

static void compare_unit(Case *c, const Unit *u, Checked *checked)
{
    static const char *const other[] = {
        [OTHER_BITS] = "other bits (the start-up self-test fails here): within 1e-3, "
                       "verdicts compared",
        [OTHER_INPUTS] = "other inputs: values not compared, verdicts compared",
        [OTHER_BLIS] = "other BLIS: values not compared, verdicts compared",
    };
    Ground ground = ground_of(u);
    const Replicate *was = &u->finding->record[u->row].values, *is = &u->fresh.values;
    Differences d = { 0 };
    checked->seeds++;
    if (ground == DID_NOT_RUN)
        worsen(c, CASE_SKIPPED,
               text_format("seed %d: not run: %s", u->seed,
                           result_text(u->fresh.run, "not_run")));
    else if (ground != SAME_BITS)
        worsen(c, ground == OTHER_BITS ? CASE_PASSED : CASE_SKIPPED,
               text_format("seed %d: %s", u->seed, other[ground]));
    if (ground != SAME_BITS && ground != OTHER_BITS) return;
    compare_values(&d, was, is, ground == OTHER_BITS ? TOLERANCE : 0);
    add_differences(c, u, &d, true);
    compare_free(&d);
    checked->compared++;
    checked->values += was->n;
    if (u->seed == 1 && ground == SAME_BITS) compare_tables(c, u, &checked->tables);
}

/* The claims on the seeds that were recomputed, fresh and published. */
static void compare_verdicts(Verification *v, const Finding *f, const Unit *units, int n)
{
    Replicate *was = alloc((size_t)n + 1, sizeof *was),
              *is = alloc((size_t)n + 1, sizeof *is);
    int seeds = 0;
    for (int i = 0; i < n; i++) {
        const Unit *u = &units[i];
        if (u->finding != f || u->state != UNIT_DONE || ground_of(u) == DID_NOT_RUN)
            continue;
        was[seeds] = f->record[u->row].values;
        is[seeds++] = u->fresh.values;
    }
    for (int i = 0; i < f->n_claims && seeds; i++) {
        const Claim *claim = &f->claims[i];
        if (!claim->side || is_long(claim)) continue;
        Judgement before = verdict_judge(claim, seeds, was),
                  here = verdict_judge(claim, seeds, is);
        if (before.verdict == here.verdict) continue;
        char *why = because(claim, &here);
        Case *c = case_of(v, f, i);
        c->judgement = here;
        worsen(c, claim->tier == REPORT ? CASE_SKIPPED : CASE_FAILED,
               text_format("recomputed %d seed%s: %s (%s), published: %s", seeds,
                           seeds == 1 ? "" : "s", verdict_name(here.verdict), why,
                           verdict_name(before.verdict)));
        free(why);
    }
    free(was), free(is);
}

/* Which seeds of a finding nobody recomputed now, and when somebody last did. */
static void warn_of_rest(Verification *v, const Finding *f, const Unit *units, int n)
{
    Buffer seeds = { 0 };
    const char *oldest = NULL;
    bool stale = false;
    for (int row = 0; row < f->n_record; row++)
        for (int i = 0; i < n; i++) {
            const Unit *u = &units[i];
            if (u->finding != f || u->row != row || u->state == UNIT_DONE ||
                u->state == UNIT_CRASHED)
                continue;
            buffer_format(&seeds, "%s%d", seeds.n ? ", " : "", u->seed);
            stale = stale || u->stale;
            const char *date = f->index[row].recomputed;
            if (!oldest || strcmp(date, oldest) < 0) oldest = date;
        }
    if (seeds.n)
        warn(v, text_format("%s: not reached: seed %s; last confirmed %.10s%s", f->id,
                            seeds.s, oldest,
                            stale ? ", and the executable has changed since" : ""));
    free(seeds.s);
}

static void compare_finding(Verification *v, Case *c, const Unit *units, int n)
{
    const Finding *f = c->finding;
    Checked checked = { 0 };
    for (int i = 0; i < n; i++) {
        const Unit *u = &units[i];
        if (u->finding != f) continue;
        c->took += u->took;
        if (u->state == UNIT_DONE) compare_unit(c, u, &checked);
        if (u->state == UNIT_CRASHED)
            worsen(c, CASE_CRASHED, text_format("seed %d: %s", u->seed, u->trouble));
    }
    if (checked.compared && c->outcome <= CASE_SKIPPED)
        reason(c, text_format("%d of %d seeds recomputed: %d values and %d tables as "
                              "published",
                              checked.compared, f->n_record, checked.values,
                              checked.tables));
    if (!checked.seeds && f->n_record && c->outcome == CASE_PASSED)
        worsen(c, CASE_SKIPPED, text_copy("complete, nothing of it recomputed"));
    compare_verdicts(v, f, units, n);
    warn_of_rest(v, f, units, n);
}

void verify_compare(Verification *v, const Suite *suite, const Unit *units, int n)
{
    for (int i = 0; i < suite->n; i++) {
        const Finding *f = &suite->findings[i];
        Case *c = f->broken ? NULL : case_of(v, f, -1);
        if (c) compare_finding(v, c, units, n);
    }
}

/* --- sums --------------------------------------------------------------------------- */

const char *verify_word(Outcome o)
{
    static const char *const words[] = { "passed", "skipped", "inconclusive", "crashed",
                                         "failed" };
    return words[o];
}

Tally verify_tally(const Verification *v)
{
    Tally t = { 0 };
    for (int i = 0; i < v->n; i++) {
        t.passed += v->c[i].outcome == CASE_PASSED;
        t.skipped += v->c[i].outcome == CASE_SKIPPED;
        t.failed += v->c[i].outcome > CASE_SKIPPED;
    }
    return t;
}

int verify_status(const Verification *v)
{
    static const int status[] = { 0, 0, 3, 2, 1 };
    Outcome worst = CASE_PASSED;
    for (int i = 0; i < v->n; i++)
        if (v->c[i].outcome > worst) worst = v->c[i].outcome;
    return status[worst];
}
