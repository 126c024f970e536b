/* plan.c - from a request (patterns, seeds, variant) to units in the order in which they
 * should start, and the commands `plan` and `units` that print it.
 *
 * Make runs goals in the order given, so the longest chain of needs comes first: with
 * few units and few cores the last long chain decides when the whole ends. Costs come
 * from the record, where this machine or another has measured them, else from the
 * declaration. Rejected: a scheduler of our own; make already waits for needs, keeps all
 * cores busy and skips what is current. */
#define _GNU_SOURCE
#include "report/plan.h"
#include "report/command.h"
#include "report/why.h"
#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- what a user may type ----------------------------------------------------------- */

bool plan_known(const Suite *s, const char *patterns)
{
    char *copy = text_copy(patterns ? patterns : ""), *rest = copy;
    bool known = true;
    for (char *pattern; known && (pattern = strsep(&rest, " "));) {
        bool any = !*pattern;
        for (int i = 0; i < s->n && !any; i++)
            any = suite_matches(&s->findings[i], pattern);
        if (any) continue;
        known = false;
        fprintf(stderr, "no finding matches \"%s\"; there are:\n", pattern);
        for (int i = 0; i < s->n; i++)
            fprintf(stderr, "  %s/%s\n", s->findings[i].section, s->findings[i].id);
    }
    free(copy);
    return known;
}

/* Reads "3" or "1-3" up to a comma or the end; NULL: neither. */
static const char *read_range(const char *p, long *from, long *to)
{
    char *end;
    if (*p < '0' || *p > '9') return NULL;
    *from = *to = strtol(p, &end, 10);
    if (*end == '-') {
        p = end + 1;
        if (*p < '0' || *p > '9') return NULL;
        *to = strtol(p, &end, 10);
    }
    bool sane = *from >= 1 && *to >= *from && *to <= 1000000;
    return sane && (*end == ',' || !*end) ? end : NULL;
}

/* Is `seed` among `spec`, "all" (1 .. declared), "7" or "1-3,9"? */
static bool has_seed(const char *spec, int seed, int declared)
{
    if (!strcmp(spec, "all")) return seed >= 1 && seed <= declared;
    long from, to;
    for (const char *p = spec; p && (p = read_range(p, &from, &to));
         p = *p == ',' ? p + 1 : NULL)
        if (seed >= from && seed <= to) return true;
    return false;
}

bool plan_seeds_valid(const char *spec)
{
    if (!strcmp(spec, "all")) return true;
    long from, to;
    const char *p = spec;
    while ((p = read_range(p, &from, &to)) && *p) p++;
    if (!p)
        fprintf(stderr,
                "SEEDS=\"%s\": expected all, one seed such as 7, or a list such as "
                "1-3,9\n",
                spec);
    return p != NULL;
}

static int highest_seed(const char *spec, int declared)
{
    if (!strcmp(spec, "all")) return declared;
    long from, to, most = 0;
    for (const char *p = spec; p && (p = read_range(p, &from, &to));
         p = *p == ',' ? p + 1 : NULL)
        if (to > most) most = to;
    return (int)most;
}

/* --- the units of a request --------------------------------------------------------- */

static double cost_of(const Finding *f, int seed, bool longer)
{
    if (longer) return f->long_core_s;
    double sum = 0;
    for (int i = 0; i < f->n_record; i++) {
        if (f->index[i].seed == seed) return f->index[i].core_s;
        sum += f->index[i].core_s;
    }
    return f->n_record ? sum / f->n_record : f->core_s;
}

typedef struct {
    PlanUnit *unit;
    int n, room;
} Units;

static bool has_unit(const Units *u, const Finding *f, int seed, bool longer)
{
    for (int i = 0; i < u->n; i++)
        if (u->unit[i].finding == f && u->unit[i].seed == seed &&
            u->unit[i].longer == longer)
            return true;
    return false;
}

/* The unit and, before it, those that it needs. */
static void add_unit(Suite *s, Units *u, Finding *f, int seed, bool longer)
{
    if (f->broken || has_unit(u, f, seed, longer)) return;
    if (u->n == u->room) {
        int room = u->room ? 2 * u->room : 64;
        u->unit = grow(u->unit, (size_t)u->room, (size_t)room, sizeof *u->unit);
        u->room = room;
    }
    u->unit[u->n++] = (PlanUnit){ f, seed, longer, cost_of(f, seed, longer), 0 };
    for (int i = 0; i < f->n_needs; i++) {
        Finding *needed = suite_find(s, f->needs[i]);
        if (needed) add_unit(s, u, needed, seed, false);
    }
}

static bool needs(const PlanUnit *user, const PlanUnit *needed)
{
    if (needed->longer || user->seed != needed->seed) return false;
    for (int i = 0; i < user->finding->n_needs; i++)
        if (!strcmp(user->finding->needs[i], needed->finding->id)) return true;
    return false;
}

/* `depth` ends a circle of needs, which make reports by itself. */
static double longest_chain(const Units *u, const PlanUnit *from, int depth)
{
    double longest = 0;
    for (int i = 0; i < u->n && depth < u->n; i++)
        if (needs(&u->unit[i], from)) {
            double chain = longest_chain(u, &u->unit[i], depth + 1);
            if (chain > longest) longest = chain;
        }
    return from->cost + longest;
}

static int by_chain(const void *a, const void *b)
{
    const PlanUnit *x = a, *y = b;
    if (x->chain != y->chain) return x->chain > y->chain ? -1 : 1;
    if (x->finding != y->finding) return x->finding < y->finding ? -1 : 1;
    return x->seed != y->seed ? x->seed - y->seed : x->longer - y->longer;
}

PlanUnit *plan_units(Suite *s, const char *only, const char *seeds, bool longer,
                     bool quick, int *n)
{
    Units u = { 0 };
    for (int i = 0; i < s->n; i++) {
        Finding *f = &s->findings[i];
        bool wanted = suite_matches(f, only) && (!quick || f->quick) &&
                      (!longer || f->long_core_s > 0);
        int last = wanted ? highest_seed(seeds, f->seeds) : 0;
        for (int seed = 1; seed <= last; seed++)
            if (has_seed(seeds, seed, f->seeds)) add_unit(s, &u, f, seed, longer);
    }
    for (int i = 0; i < u.n; i++) u.unit[i].chain = longest_chain(&u, &u.unit[i], 0);
    if (u.n) qsort(u.unit, (size_t)u.n, sizeof *u.unit, by_chain);
    *n = u.n;
    return u.unit ? u.unit : alloc(1, sizeof *u.unit);
}

char *plan_unit_name(const PlanUnit *u)
{
    return text_format("%s%s/seed-%d", u->finding->id, u->longer ? "@long" : "", u->seed);
}

bool plan_unit_parse(Suite *s, const char *name, PlanUnit *u)
{
    char *id = text_format("%.*s", (int)strcspn(name, "@/"), name);
    const char *slash = strchr(name, '/');
    *u =
        (PlanUnit){ .finding = suite_find(s, id),
                    .longer = name[strlen(id)] == '@',
                    .seed = slash && !strncmp(slash, "/seed-", 6) ? atoi(slash + 6) : 0 };
    free(id);
    if (!u->finding || u->seed < 1) return false;
    u->cost = u->chain = cost_of(u->finding, u->seed, u->longer);
    return true;
}

char *plan_duration(double seconds)
{
    if (seconds < 9.95) return text_format("%.2g s", seconds);
    if (seconds < 100) return text_format("%.0f s", seconds);
    int minutes = (int)rint(seconds / 60);
    if (minutes < 120) return text_format("%d min", minutes);
    return text_format("%d h %02d min", minutes / 60, minutes % 60);
}

/* --- commands ----------------------------------------------------------------------- */

typedef struct {
    const char *only, *seeds, *variant;
    bool quick;
    int jobs;
} Options;

static error_t parse(int key, char *arg, struct argp_state *state)
{
    Options *o = state->input;
    switch (key) {
    case 'o':
        o->only = arg;
        return 0;
    case 's':
        o->seeds = *arg ? arg : "1";
        return 0;
    case 'v':
        if (*arg && strcmp(arg, "default") && strcmp(arg, "long"))
            argp_error(state, "VARIANT=%s: expected default or long", arg);
        o->variant = arg;
        return 0;
    case 'q':
        o->quick = true;
        return 0;
    case 'j':
        o->jobs = atoi(arg);
        if (o->jobs < 1) argp_error(state, "--jobs %s: expected a number from 1", arg);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument \"%s\"", arg);
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    { "only", 'o', "PATTERNS", 0,
      "globs on the id or on any trailing part of section/id, separated by spaces", 0 },
    { "seeds", 's', "SEEDS", 0, "all, 7, or 1-3,9 (default: 1)", 0 },
    { "variant", 'v', "NAME", 0, "default or long", 0 },
    { "quick", 'q', NULL, 0, "only the findings that are marked quick", 0 },
    { "jobs", 'j', "N", 0, "units side by side, for the estimate of `plan`", 0 },
    { 0 }
};

Suite *plan_request(int argc, char **argv, const char *purpose, PlanUnit **units, int *n,
                    int *jobs)
{
    const struct argp argp = { options, parse, NULL, purpose, NULL, NULL, NULL };
    Options o = { .seeds = "1", .jobs = 1 };
    argp_parse(&argp, argc, argv, 0, NULL, &o);
    if (!plan_seeds_valid(o.seeds)) return NULL;
    Suite *s = suite_open();
    if (!s) return NULL;
    if (!plan_known(s, o.only)) return suite_free(s), NULL;
    bool longer = o.variant && !strcmp(o.variant, "long");
    *units = plan_units(s, o.only, o.seeds, longer, o.quick, n);
    if (jobs) *jobs = o.jobs;
    return s;
}

Suite *plan_only(int argc, char **argv, const char *purpose, const char **only)
{
    const struct argp_option one[] = { options[0], { 0 } };
    const struct argp argp = { one, parse, NULL, purpose, NULL, NULL, NULL };
    Options o = { 0 };
    argp_parse(&argp, argc, argv, 0, NULL, &o);
    Suite *s = suite_open();
    if (s && !plan_known(s, o.only)) return suite_free(s), NULL;
    *only = o.only;
    return s;
}

int command_units(int argc, char **argv)
{
    PlanUnit *units;
    int n;
    Suite *s = plan_request(argc, argv,
                            "Prints make's targets for the units of a request, longest "
                            "chain first.",
                            &units, &n, NULL);
    if (!s) return EXIT_USAGE;
    for (int i = 0; i < n; i++) {
        char *name = plan_unit_name(&units[i]);
        printf(BUILD "/run/%s/run.json\n", name);
        free(name);
    }
    free(units), suite_free(s);
    return EXIT_AS_EXPECTED;
}

int command_plan(int argc, char **argv)
{
    PlanUnit *units;
    int n, jobs, left = 0;
    Suite *s =
        plan_request(argc, argv,
                     "Prints the units of a request, what they cost, and which are "
                     "done.",
                     &units, &n, &jobs);
    if (!s) return EXIT_USAGE;
    double sum = 0, longest = 0;
    for (int i = 0; i < n; i++) {
        char *name = plan_unit_name(&units[i]), *cost = plan_duration(units[i].cost),
             *reason = why_unit(&units[i]);
        printf("%-40s %10s  %s%s\n", name, cost, reason ? "to run: " : "done",
               reason ? reason : "");
        if (reason) {
            left++, sum += units[i].cost;
            if (units[i].chain > longest) longest = units[i].chain;
        }
        free(name), free(cost), free(reason);
    }
    for (int i = 0; i < s->n; i++)
        if (s->findings[i].broken)
            printf("%-40s %10s  broken: %s\n", s->findings[i].id, "",
                   s->findings[i].broken);
    char *core = plan_duration(sum), *wall = plan_duration(fmax(sum / jobs, longest));
    printf("%d units, %d to run: %s of one core, about %s with %d at a time\n", n, left,
           core, wall, jobs);
    free(core), free(wall), free(units), suite_free(s);
    return EXIT_AS_EXPECTED;
}
