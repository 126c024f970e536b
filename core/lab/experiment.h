/* experiment.h - what an experiment declares, and what it may do while it runs.
 *
 * An experiment file holds one `const Experiment experiment`. It is compiled twice. With -DUNIT, CLAIMS(...) and
 * ABOUT(...) are nothing: the program that computes cannot see the bounds that it will be judged by, and no change of wording or
 * bound changes its bytes. Without, it becomes the describer, which prints all of this as JSON and as make rules. */
#ifndef GLASSBOX_EXPERIMENT_H
#define GLASSBOX_EXPERIMENT_H

#include "core/base/base.h"
#include "core/base/rng.h"

typedef enum { ABOVE = 1, BELOW, OVER, UNDER, WITHIN } Side; /* >=, <=, >, <, bound..upper; 0: a shown number, no verdict */
typedef enum { HOLDS, REFUTED, MIXED, BLIND, VOID, NOT_RUN } Verdict;
typedef enum { GATE, REPORT } Tier; /* GATE: a verdict other than the expected one fails CI */

typedef struct {
    const char *value; /* a name given to record() */
    Side side;
    double bound, upper;
} Check;

typedef struct {
    const char *value, *text; /* the claim's own check, on an artefact where it must fail */
    const char *also[3];      /* the values that stand for the claim's `also` checks, in their order */
    Side side;                /* an optional stricter condition that the control must meet */
    double bound, upper;
    bool must_pass;           /* a positive control: must clear the check */
} Control;

typedef struct {
    const char *id, *text; /* cited as finding/id: never renamed */
    const char *value;
    Side side;
    double bound, upper;
    Check also[3];       /* a conjunction: the claim clears iff all checks do; a control fails iff one does */
    Control controls[4]; /* at least one wherever side is set */
    Verdict expect;
    Tier tier;
    const char *variant; /* judged in that variant only; NULL: both */
    const char *why;     /* why this bound: literature, theory, pilot */
    double reference;    /* a source's figure, shown beside the value and deciding nothing; 0: none */
    const char *reference_key;
} Claim;

typedef struct Run Run;

#ifdef UNIT
#define CLAIMS(...) { { 0 } }
#define ABOUT(...) .unit = true
#else
#define CLAIMS(...) { __VA_ARGS__ }
#define ABOUT(...) __VA_ARGS__
#endif

typedef struct {
    const char *id;
#ifdef UNIT
    bool unit;
#else /* what only readers and planners need stands in ABOUT(...), and is not there in a unit */
    const char *title, *section, *cites; /* section: the folder below experiments/; cites: "key, key" */
    int seeds;                           /* that the record holds: 1 .. seeds */
    double core_s;                       /* core-seconds per seed of the default variant */
    bool quick;                          /* part of `make quick` */
    const char *carries[4];              /* the box: source setting, here, what carries over, what does not */
#endif
    void (*run)(Run *, Rng);             /* one seed: records, and judges nothing */
    const char *needs[4];                /* findings whose artefact it reads */
    const char *inputs[12];              /* "data/facts/x.csv", "package:dict-gcide", "user:MODEL" */
    const char *artefact;                /* a file that it leaves for others, or NULL */
    struct {
        const char *id, *columns;        /* "curve", "step, loss [nat/token]" */
    } tables[12];
    Claim claims[16];
} Experiment;

extern const Experiment experiment;

void record(Run *, const char *name, double x);    /* once per name; dies on NaN and Inf */
void record_absent(Run *, const char *name);       /* a quantity that does not exist (no crossing): clears no check, prints "none" */
void observe(Run *, const char *name, double x);   /* wall-clock and the like: run.json, shown, never judged or compared */
void row_n(Run *, const char *table, const char *label, int n, const double *x); /* label NULL: all columns are numbers */
#define row(run, table, ...) \
    row_n(run, table, NULL, (int)(sizeof((double[]){ __VA_ARGS__ }) / sizeof(double)), (double[]){ __VA_ARGS__ })
#define row_label(run, table, label, ...) \
    row_n(run, table, label, (int)(sizeof((double[]){ __VA_ARGS__ }) / sizeof(double)), (double[]){ __VA_ARGS__ })
void listing(Run *, const char *name, const char *fmt, ...) __attribute__((format(printf, 3, 4))); /* text for the page */
const char *artefact_path(Run *, const char *id);  /* where finding id left its artefact; the own id: where to leave it */
const char *input_path(Run *, const char *input);  /* a declared data/ or user: input; die if undeclared */
bool variant(Run *, const char *name);
int scaled(Run *, int full, int smoke);            /* every size that costs time goes through it; a smoke run judges nothing */
void precondition(Run *, const char *claim_or_null, bool ok, const char *text); /* not ok: VOID for that claim, or for all */
void progress(Run *, double done);                 /* 0 .. 1 */
_Noreturn void bad_input(Run *, const char *message); /* the message on stderr, exit 2, nothing left half-written */

#endif
