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

/* The value's side of the bound: >=, <=, >, <, or bound .. upper. 0 (no side): a number
 * that is shown and gets no verdict. */
typedef enum { ABOVE = 1, BELOW, OVER, UNDER, WITHIN } Side;
typedef enum { HOLDS, REFUTED, MIXED, BLIND, VOID, NOT_RUN } Verdict;
/* GATE: any verdict but the expected one fails CI. REPORT: it is shown, and that is all. */
typedef enum { GATE, REPORT } Tier;

typedef struct {
    const char *value; /* a name given to record() */
    Side side;
    double bound, upper; /* upper: for WITHIN only */
} Check;

typedef struct {
    /* what takes the place of the claim's value, on an artefact where the claim's check
     * must fail; text says which artefact that is */
    const char *value, *text;
    /* what takes the place of the values of the claim's `also` checks, in their order */
    const char *also[3];
    /* optional: a condition of its own that the control must meet besides */
    Side side;
    double bound, upper;
    /* a positive control: it must clear the claim's check, not fail it */
    bool must_pass;
} Control;

typedef struct {
    const char *id, *text; /* cited as finding/id: never renamed */
    const char *value;
    Side side;
    double bound, upper;
    /* a conjunction: the claim clears iff all checks do; a control fails iff one does */
    Check also[3];
    Control controls[4]; /* at least one negative one wherever side is set */
    Verdict expect;
    Tier tier;
    const char *variant; /* judged in that variant only; NULL: both */
    const char *why;     /* why this bound: literature, theory, pilot */
    /* a source's figure, shown beside the value and deciding nothing; 0: none */
    double reference;
    const char *reference_key;
} Claim;

typedef struct Run Run;

/* Only the describer sees what stands in these two. */
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
    const char *id; /* the file's name without .c */
#ifdef UNIT
    bool unit;
#else /* for readers and planners, declared in ABOUT(...) */
    /* section: the folder below experiments/; cites: "key, key" */
    const char *title, *section, *cites;
    int seeds; /* the record holds 1 .. seeds */
    /* core-seconds of one seed, in the default variant and in the long one (0: none) */
    double core_s, long_core_s;
    bool quick; /* part of `make quick` */
    /* the box on its page: source setting, here, what carries over, what does not */
    const char *carries[4];
#endif
    void (*run)(Run *, Rng); /* one seed: records, and judges nothing */
    bool has_long;           /* knows the variant "long" beside the default */
    const char *needs[4];    /* findings whose artefact it reads, same seed */
    /* "data/facts/x.csv", "package:dict-gcide", "user:MODEL" */
    const char *inputs[12];
    const char *artefact; /* a file that it leaves for others, or NULL */
    struct {
        const char *id, *columns; /* "curve", "step, loss [nat/token]" */
    } tables[12];
    Claim claims[16];
} Experiment;

extern const Experiment experiment;

/* What the finding measured. One name is recorded once; NaN and Inf are bugs and die. A
 * name is one line of text that does not start with a question mark. */
void record(Run *, const char *name, double x);
/* The same under a composed name: record_as(run, x, "loss at step %d", step). */
void record_as(Run *, double x, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* A quantity that does not exist in this seed, say a crossing that never came: it clears
 * no check and is shown as "none". */
void record_absent(Run *, const char *name);
/* Wall-clock and the like: kept in run.json, shown, never judged or compared. */
void observe(Run *, const char *name, double x);

/* One row of a declared table; label, if not NULL, is the first cell. NaN and Inf die. */
void row_n(Run *, const char *table, const char *label, int n, const double *x);
#define row(run, table, ...)                                                           \
    row_n(run, table, NULL, (int)(sizeof((double[]){ __VA_ARGS__ }) / sizeof(double)), \
          (double[]){ __VA_ARGS__ })
#define row_label(run, table, label, ...)                                               \
    row_n(run, table, label, (int)(sizeof((double[]){ __VA_ARGS__ }) / sizeof(double)), \
          (double[]){ __VA_ARGS__ })
/* A text for the page: samples, a synthesised program. One name is written once. */
void listing(Run *, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The file that finding `id` (one of .needs) has left as its artefact in the same seed;
 * with the own id, the path at which to leave it. The Run owns the text. */
const char *artefact_path(Run *, const char *id);
/* The file of a declared data/ or user: input (of a package: input, its name). Die if it
 * is not declared. */
const char *input_path(Run *, const char *input);

/* Is this a run of the variant "long"? Die on a name that the experiment does not have. */
bool variant(Run *, const char *name);
/* `full`, or in a smoke run `smoke`. Every size that costs time goes through it; a smoke
 * run shows that the code runs, and is never judged. */
int scaled(Run *, int full, int smoke);
/* Not ok: the claim of that id is VOID in this seed, or all claims if it is NULL. */
void precondition(Run *, const char *claim_or_null, bool ok, const char *text);
/* The share that is done, 0 .. 1: for the status line, costs nothing if called often. */
void progress(Run *, double done);
/* For core/lab/resume: OUT-folder's name with `ending`, and a hash of all that this run's
 * results depend on if it .needs no other finding, whose artefacts are left out: executable,
 * inputs, BLIS, variant, size, seed. The caller frees. */
char *run_place(Run *, const char *ending);
char *run_identity(Run *);
/* The user's or the data's fault: the message goes to stderr, the exit status is 2, and
 * nothing is left of the run. */
_Noreturn void bad_input(Run *, const char *message);

#endif
