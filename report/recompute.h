/* recompute.h - runs units anew, as many as a budget of minutes allows. */
#ifndef GLASSBOX_RECOMPUTE_H
#define GLASSBOX_RECOMPUTE_H

#include "report/suite.h"

typedef struct {
    const char *units, *inputs; /* folders: build/unit, build/inputs */
    const char *out;            /* where results go: build/verify */
    const char *only;           /* patterns of findings; NULL: all */
    const char *compiler;       /* that built the units, as provenance names it */
    const char *rotation;       /* decides whose turn it is: the commit's hash */
    double seconds;             /* the budget, by the clock; below 0: none */
    int jobs;                   /* units side by side, each single-threaded */
} RecomputeOptions;

typedef enum {
    UNIT_NOT_REACHED, /* the budget ended, or a unit that it needs failed */
    /* not recomputed, but another unit reads the artefact of build/run's current run */
    UNIT_REUSED,
    UNIT_CHOSEN,
    UNIT_RUNNING,
    UNIT_DONE,
    UNIT_CRASHED,
} UnitState;

typedef struct {
    const Finding *finding;
    int seed, row; /* row: of the finding's record and index */
    bool suspect;  /* its published values do not match their hash */
    bool stale;    /* its executable is not the one that the index names */
    double cost;   /* recorded [core s] */
    UnitState state;
    SeedRun fresh; /* of UNIT_DONE */
    double took;   /* [s] by the clock */
    char *trouble; /* of UNIT_CRASHED: one line, then the end of its log */
    /* of the schedule */
    int rank, level;
    Hash turn;
    int pid;
    double started;
} Unit;

/* One unit per published seed of every finding, in the order in which they deserve to
 * be recomputed: suspect, stale, then in rotation, every finding once before any a
 * second time. Those that the budget allows are UNIT_CHOSEN, with all that they need. */
Unit *recompute_plan(const Suite *, const RecomputeOptions *, int *n);
/* Runs the chosen units in the plan's order, among equals the longest first, and prints a
 * line for each that ends.
 * False: interrupted; what had ended is kept. */
bool recompute_run(Unit *, int n, const RecomputeOptions *);
void recompute_free(Unit *, int n);

/* Do these published values, and of seed 1 these tables, match the index's hashes? */
bool recompute_values_match(const Finding *, int row);
bool recompute_tables_match(const Finding *, int row);

#endif
