/* experiment.h - what an experiment declares, and what it may do while it runs.
 *
 * An experiment file holds one `const Experiment experiment`. It is compiled twice.
 * With -DUNIT, CLAIMS(...) and ABOUT(...) are nothing: the program that computes
 * cannot see the bounds that it will be judged by, and no change of wording or bound
 * changes its bytes. Without, it becomes the describer, which prints all of this as
 * JSON and as make rules. */
#ifndef GLASSBOX_EXPERIMENT_H
#define GLASSBOX_EXPERIMENT_H

#include "core/base/base.h"
#include "core/base/rng.h"

/* >=, <=, >, <, bound..upper; 0: a shown number, no verdict */
typedef enum { ABOVE = 1, BELOW, OVER, UNDER, WITHIN } Side;
typedef enum { HOLDS, REFUTED, MIXED, BLIND, VOID, NOT_RUN } Verdict;
/* GATE: a verdict other than the expected one fails CI */
typedef enum { GATE, REPORT } Tier;

typedef struct {
    const char *value; /* a name given to record() */
    Side side;
    double bound, upper;
} Check;

typedef struct {
    /* the claim's own check, on an artefact where it must fail */
    const char *value, *text;
    /* the values that stand for the claim's `also` checks, in their order */
    const char *also[3];
    /* an optional stricter condition that the control must meet */
    Side side;
    double bound, upper;
    bool must_pass; /* a positive control: must clear the check */
} Control;

typedef struct {
    const char *id, *text; /* cited as finding/id: never renamed */
    const char *value;
    Side side;
    double bound, upper;
    /* a conjunction: the claim clears iff all checks do; a control fails iff one does */
    Check also[3];
    Control controls[4]; /* at least one wherever side is set */
    Verdict expect;
    Tier tier;
    const char *variant; /* judged in that variant only; NULL: both */
    const char *why;     /* why this bound: literature, theory, pilot */
    /* a source's figure, shown beside the value and deciding nothing; 0: none */
    double reference;
    const char *reference_key;
} Claim;

typedef struct Run Run;

/* clang-format off */
#ifdef UNIT
#define CLAIMS(...) { { 0 } }
#define ABOUT(...) .unit = true
#else
#define CLAIMS(...) { __VA_ARGS__ }
#define ABOUT(...) __VA_ARGS__
#endif
/* clang-format on */

typedef struct {
    const char *id;
#ifdef UNIT
    bool unit;
#else /* for readers and planners, declared in ABOUT(...): not there in a unit */
    /* section: the folder below experiments/; cites: "key, key" */
    const char *title, *section, *cites;
    int seeds; /* that the record holds: 1 .. seeds */
    /* core-seconds per seed of the default variant */
    double core_s;
    /* the same of the long variant; 0: there is none */
    double long_core_s;
    bool quick; /* part of `make quick` */
    /* the box: source setting, here, what carries over, what does not */
    const char *carries[4];
#endif
    void (*run)(Run *, Rng); /* one seed: records, and judges nothing */
    const char *needs[4];    /* findings whose artefact it reads */
    /* "data/facts/x.csv", "package:dict-gcide", "user:MODEL" */
    const char *inputs[12];
    const char *artefact; /* a file that it leaves for others, or NULL */
    struct {
        const char *id, *columns; /* "curve", "step, loss [nat/token]" */
    } tables[12];
    Claim claims[16];
} Experiment;

extern const Experiment experiment;

/* once per name; dies on NaN and Inf */
void record(Run *, const char *name, double x);
/* a quantity that does not exist (no crossing): clears no check, prints "none" */
void record_absent(Run *, const char *name);
/* wall-clock and the like: run.json, shown, never judged or compared */
void observe(Run *, const char *name, double x);
/* label NULL: all columns are numbers */
void row_n(Run *, const char *table, const char *label, int n, const double *x);
#define row(run, table, ...)                                                           \
    row_n(run, table, NULL, (int)(sizeof((double[]){ __VA_ARGS__ }) / sizeof(double)), \
          (double[]){ __VA_ARGS__ })
#define row_label(run, table, label, ...)                                               \
    row_n(run, table, label, (int)(sizeof((double[]){ __VA_ARGS__ }) / sizeof(double)), \
          (double[]){ __VA_ARGS__ })
/* text for the page */
void listing(Run *, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* where finding id left its artefact; the own id: where to leave it */
const char *artefact_path(Run *, const char *id);
/* a declared data/ or user: input; die if undeclared */
const char *input_path(Run *, const char *input);
bool variant(Run *, const char *name);
/* every size that costs time goes through it; a smoke run judges nothing */
int scaled(Run *, int full, int smoke);
/* not ok: VOID for that claim, or for all */
void precondition(Run *, const char *claim_or_null, bool ok, const char *text);
void progress(Run *, double done); /* 0 .. 1 */
/* the message on stderr, exit 2, nothing left half-written */
_Noreturn void bad_input(Run *, const char *message);

#endif
