/* list.c - `glassbox list`: one line per finding, for people and for cut(1). */
#include "core/base/base.h"
#include "report/command.h"
#include "report/plan.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    const char *only;
    Suite *s = plan_only(argc, argv,
                         "Lists the findings in the order of the page: seeds, "
                         "core-seconds a seed, verdicts, title.",
                         &only);
    if (!s) return EXIT_USAGE;

    int width = 0;
    for (int i = 0; i < s->n; i++) {
        int n = (int)strlen(s->findings[i].id);
        width = n > width ? n : width;
    }
    const char *section = "";
    for (int i = 0; i < s->n; i++) {
        const Finding *f = &s->findings[i];
        if (!suite_matches(f, only)) continue;
        if (strcmp(section, f->section)) printf("# %s\n", section = f->section);
        print(f, width);
    }
    suite_free(s);
    return EXIT_AS_EXPECTED;
}
