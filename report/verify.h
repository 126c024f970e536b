/* verify.h - what a verification has found, one case per claim and one per record. */
#ifndef GLASSBOX_VERIFY_H
#define GLASSBOX_VERIFY_H

#include "report/recompute.h"
#include "report/suite.h"

typedef enum { /* a case only ever gets worse */
               CASE_PASSED,
               CASE_SKIPPED, /* nothing to judge it by, or reported without deciding */
               CASE_INCONCLUSIVE, /* MIXED where HOLDS was expected */
               CASE_CRASHED,      /* could not be judged: broken, crashed */
               CASE_FAILED,       /* a verdict, a bound or a bit changed */
} Outcome;

typedef struct {
    char *name;             /* "criticality/peak", "criticality record" */
    const Finding *finding; /* NULL: a record without a finding */
    int claim;              /* -1: the record as a whole */
    Judgement judgement;    /* of a claim */
    Outcome outcome;
    char **reason; /* (n) why it is not passed, or what was checked */
    int n;
    char *file; /* where a reader should look */
    int line;
    double took; /* [s] spent on recomputing, on the record's case */
} Case;

typedef struct {
    Case *c;
    int n;
    char **warning; /* (n_warnings) what was not checked */
    int n_warnings;
} Verification;

typedef struct {
    const char *record, *golden; /* folders: data/record, tests/golden */
    RecomputeOptions recompute;
} VerifyOptions;

/* Judges all claims on the record and the record itself. Malformed golden files are
 * cases that crashed. */
Verification verify_judge(const Suite *, const VerifyOptions *);
/* Holds what was recomputed against the record, and adds warnings for what was not. */
void verify_compare(Verification *, const Suite *, const Unit *, int n);
void verify_free(Verification *);

/* passed, failed (also crashed and inconclusive), skipped */
typedef struct {
    int passed, failed, skipped;
} Tally;
Tally verify_tally(const Verification *);
int verify_status(const Verification *); /* the exit status of the command */
const char *verify_word(Outcome);        /* "passed" ... */

/* Caller frees. */
char *verify_junit(const Verification *);
char *verify_markdown(const Verification *);
/* At most 8 lines for GitHub's annotations. */
char *verify_annotations(const Verification *);

#endif
