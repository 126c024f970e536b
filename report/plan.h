/* plan.h - which units a request means: patterns of findings, seeds, variant. */
#ifndef GLASSBOX_PLAN_H
#define GLASSBOX_PLAN_H

#include "report/suite.h"

/* Every pattern matches some finding; else the message with the valid ids is printed. */
bool plan_known(const Suite *, const char *patterns);

/* "7", "1-3,9" or "all"; else the message with the expected form is printed. */
bool plan_seeds_valid(const char *spec);

typedef struct {
    Finding *finding;
    int seed;
    bool longer; /* the long variant */
    /* [core s] of this unit, and of the longest chain of needs that starts with it */
    double cost, chain;
} PlanUnit;

/* The units of all findings that match, with the units that they need, longest chain
 * first. `quick` keeps only quick findings. A finding without a long variant has no unit
 * in it, except as a need, which is always of the default variant. The caller frees the
 * array. */
PlanUnit *plan_units(Suite *, const char *only, const char *seeds, bool longer,
                     bool quick, int *n);
/* "king-queen/seed-1", "king-queen@long/seed-1"; the caller frees */
char *plan_unit_name(const PlanUnit *);
/* The unit of that name; false: there is no such finding. */
bool plan_unit_parse(Suite *, const char *name, PlanUnit *);
/* Parses the options of a command that takes a request, --only to --jobs, and plans it.
 * NULL after a message. jobs may be NULL. */
Suite *plan_request(int argc, char **argv, const char *purpose, PlanUnit **, int *n,
                    int *jobs);
/* The same of a command that takes --only and nothing else; *only may become NULL. */
Suite *plan_only(int argc, char **argv, const char *purpose, const char **only);
/* "9 s", "4 min", "2 h 10 min"; the caller frees */
char *plan_duration(double seconds);

#endif
