/* list.c - `glassbox list`: one line per finding, for people and for cut(1). */
#include "core/base/base.h"
#include "report/command.h"
#include "report/plan.h"
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *only;
} Options;

static error_t parse(int key, char *arg, struct argp_state *state)
{
    Options *o = state->input;
    switch (key) {
    case 'o':
        o->only = arg;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument \"%s\"", arg);
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* "4 HOLDS, 1 MIXED": the verdicts that occur, in their order. */
static char *verdict_counts(const Finding *f)
{
    Buffer b = { 0 };
    buffer_put(&b, "");
    for (int v = HOLDS; v <= NOT_RUN; v++) {
        int n = 0;
        for (int i = 0; i < f->n_claims; i++)
            n += f->claims[i].side && f->judged[i].verdict == (Verdict)v;
        if (n) buffer_format(&b, "%s%d %s", b.n ? ", " : "", n, verdict_name((Verdict)v));
    }
    return b.s;
}

static void print(const Finding *f, int width)
{
    if (f->broken) {
        printf("%-*s  broken: %s\n", width, f->id, f->broken);
        return;
    }
    char *counts = verdict_counts(f), *cost = plan_duration(f->core_s);
    printf("%-*s  %2d seeds of %-8s %-28s %s\n", width, f->id, f->seeds, cost, counts,
           f->title);
    free(counts), free(cost);
}

int command_list(int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "only", 'o', "PATTERNS", 0,
          "globs on the id or on any trailing part of section/id, separated by spaces",
          0 },
        { 0 }
    };
    static const struct argp argp = {
        options,
        parse,
        NULL,
        "Lists the findings in the order of the page: seeds, "
        "core-seconds a seed, verdicts, title.",
        NULL,
        NULL,
        NULL
    };
    Options o = { 0 };
    argp_parse(&argp, argc, argv, 0, NULL, &o);
    Suite *s = suite_open();
    if (!s) return EXIT_USAGE;
    if (!plan_known(s, o.only)) return suite_free(s), EXIT_USAGE;

    int width = 0;
    for (int i = 0; i < s->n; i++) {
        int n = (int)strlen(s->findings[i].id);
        width = n > width ? n : width;
    }
    const char *section = "";
    for (int i = 0; i < s->n; i++) {
        const Finding *f = &s->findings[i];
        if (!suite_matches(f, o.only)) continue;
        if (strcmp(section, f->section)) printf("# %s\n", section = f->section);
        print(f, width);
    }
    suite_free(s);
    return EXIT_AS_EXPECTED;
}
