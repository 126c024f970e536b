/* verdict.c - from claims and recorded values to verdicts.
 *
 * A claim is judged in every seed by itself, and the verdict says how the seeds agree.
 * The rejected alternative is one test on the mean over seeds: a mean hides the seed in
 * which the effect is missing, and the seed is the replicate that a reader can rerun.
 * A control goes through the very same checks as the claim, so a measure that finds its
 * effect everywhere shows itself: it is BLIND, however well the claim's own value did.
 *
 * Invariant: swapping a claim's value with that of a negative control turns HOLDS into
 * BLIND or REFUTED, never into HOLDS. Cost: seeds x checks name look-ups. */
#include "report/verdict.h"
#include <string.h>

/* --- names -------------------------------------------------------------------------- */

static const char *const verdict_names[] = { "HOLDS", "REFUTED", "MIXED",
                                             "BLIND", "VOID",    "NOT_RUN" };
static const char *const side_names[] = { "none", "above", "below",
                                          "over", "under", "within" };
static const char *const side_signs[] = { "", ">=", "<=", ">", "<", "in" };

static bool parse(const char *name, const char *const *names, int n, int *out)
{
    for (int i = 0; i < n; i++)
        if (!strcmp(names[i], name)) return *out = i, true;
    return false;
}

const char *verdict_name(Verdict v)
{
    require((int)v >= 0 && (int)v < COUNT(verdict_names), "no verdict %d", (int)v);
    return verdict_names[v];
}

const char *side_name(Side s)
{
    require((int)s >= 0 && (int)s < COUNT(side_names), "no side %d", (int)s);
    return side_names[s];
}

const char *side_sign(Side s)
{
    require((int)s >= 0 && (int)s < COUNT(side_signs), "no side %d", (int)s);
    return side_signs[s];
}

bool verdict_parse(const char *name, Verdict *v)
{
    int i;
    if (!parse(name, verdict_names, COUNT(verdict_names), &i)) return false;
    return *v = (Verdict)i, true;
}

bool side_parse(const char *name, Side *s)
{
    int i;
    if (!parse(name, side_names, COUNT(side_names), &i)) return false;
    return *s = (Side)i, true;
}

/* --- one check in one seed ---------------------------------------------------------- */

bool verdict_clears(Side side, double bound, double upper, double x)
{
    switch ((int)side) {
    case ABOVE:
        return x >= bound;
    case BELOW:
        return x <= bound;
    case OVER:
        return x > bound;
    case UNDER:
        return x < bound;
    case WITHIN:
        return bound <= x && x <= upper;
    default:
        return false;
    }
}

const Value *verdict_value(const Replicate *r, const char *name)
{
    for (int i = 0; i < r->n; i++)
        if (!strcmp(r->v[i].name, name)) return &r->v[i];
    return NULL;
}

/* The value has been recorded: verdict_judge() has seen to it. */
static bool clears(const Replicate *r, const char *value, Side side, double bound,
                   double upper)
{
    const Value *v = verdict_value(r, value);
    return !v->absent && verdict_clears(side, bound, upper, v->x);
}

/* All checks of the claim, on `value` and on the also-values given. */
static bool claim_clears(const Claim *c, const Replicate *r, const char *value,
                         const char *const also[])
{
    bool all = clears(r, value, c->side, c->bound, c->upper);
    for (int i = 0; i < COUNT(c->also) && c->also[i].value; i++)
        all = all &&
              clears(r, also[i], c->also[i].side, c->also[i].bound, c->also[i].upper);
    return all;
}

static void also_values(const Claim *c, const char *also[])
{
    for (int i = 0; i < COUNT(c->also); i++) also[i] = c->also[i].value;
}

/* A negative control fails the claim's checks and meets its own condition, if it has
 * one; an absent value meets it, since it is no number that could miss it. A positive
 * control clears its own check, or else the claim's. */
static bool control_behaves(const Claim *c, const Control *k, const Replicate *r)
{
    bool own = k->side && clears(r, k->value, k->side, k->bound, k->upper);
    if (k->must_pass) return k->side ? own : claim_clears(c, r, k->value, k->also);
    if (claim_clears(c, r, k->value, k->also)) return false;
    return !k->side || own || verdict_value(r, k->value)->absent;
}

/* --- what makes a claim void -------------------------------------------------------- */

/* The text of a failed precondition "?claim: text" or "?: text"; NULL: none failed. */
static const char *failed_precondition(const Claim *c, const Replicate *r)
{
    size_t id = strlen(c->id);
    for (int i = 0; i < r->n; i++) {
        const char *name = r->v[i].name;
        if (*name != '?' || r->v[i].x != 0) continue;
        if (!strncmp(name, "?: ", 3)) return name + 3;
        if (!strncmp(name + 1, c->id, id) && !strncmp(name + 1 + id, ": ", 2))
            return name + 1 + id + 2;
    }
    return NULL;
}

/* Every name that the claim's checks or its controls refer to, in a fixed order; those
 * from *first_control on belong to controls. */
static int names_of(const Claim *c, const char *names[], int *first_control)
{
    int n = 0;
    names[n++] = c->value;
    for (int i = 0; i < COUNT(c->also) && c->also[i].value; i++)
        names[n++] = c->also[i].value;
    *first_control = n;
    for (int k = 0; k < COUNT(c->controls) && c->controls[k].value; k++) {
        names[n++] = c->controls[k].value;
        for (int i = 0; i < COUNT(c->also) && c->also[i].value; i++)
            if (c->controls[k].also[i]) names[n++] = c->controls[k].also[i];
    }
    return n;
}

static bool absent_in_all(int n, const Replicate *r, const char *name)
{
    for (int s = 0; s < n; s++)
        if (!verdict_value(&r[s], name)->absent) return false;
    return true;
}

static bool void_claim(const Claim *c, int n, const Replicate *r, Judgement *j)
{
    enum { MOST = 1 + COUNT(c->also) + COUNT(c->controls) * (1 + COUNT(c->also)) };
    const char *names[MOST];
    int first_control, n_names = names_of(c, names, &first_control);

    for (int s = 0; s < n; s++)
        if ((j->void_reason = failed_precondition(c, &r[s]))) return true;
    for (int i = 0; i < n_names; i++)
        for (int s = 0; s < n; s++)
            if (!verdict_value(&r[s], names[i])) {
                j->void_value = names[i];
                j->void_reason = "was not recorded";
                return true;
            }
    for (int i = first_control; i < n_names; i++)
        if (absent_in_all(n, r, names[i]) && !(c->why && strstr(c->why, "absent"))) {
            j->void_value = names[i];
            j->void_reason = "is absent in every seed, a control that cannot fail";
            return true;
        }
    return false;
}

/* --- the verdict -------------------------------------------------------------------- */

Judgement verdict_judge(const Claim *c, int n, const Replicate *r)
{
    Judgement j = { .verdict = NOT_RUN, .seeds = n, .blind_control = -1 };
    if (n == 0 || !c->side) return j;
    if (void_claim(c, n, r, &j)) return j.verdict = VOID, j;

    const char *also[COUNT(c->also)];
    also_values(c, also);
    for (int s = 0; s < n; s++) {
        j.cleared += claim_clears(c, &r[s], c->value, also);
        for (int k = 0; k < COUNT(c->controls) && c->controls[k].value; k++)
            if (j.blind_control < 0 && !control_behaves(c, &c->controls[k], &r[s]))
                j.blind_control = k, j.blind_seed = r[s].seed;
    }
    j.verdict = j.blind_control >= 0 ? BLIND
                : j.cleared == n     ? HOLDS
                : j.cleared == 0     ? REFUTED
                                     : MIXED;
    return j;
}

char *verdict_reason(const Judgement *j)
{
    if (!j->void_reason) return text_copy("");
    if (!j->void_value) return text_copy(j->void_reason);
    return text_format("\"%s\" %s", j->void_value, j->void_reason);
}
