/* verdict.h - from claims and recorded values to verdicts. A pure function: no files,
 * no printing. */
#ifndef GLASSBOX_VERDICT_H
#define GLASSBOX_VERDICT_H

#include "core/lab/experiment.h"

typedef struct {
    char *name;
    double x;
    bool absent; /* record_absent: clears no check */
} Value;

typedef struct {
    int seed, n;
    /* (n), in the order of recording; preconditions are values named "?claim: text" or
     * "?: text" */
    Value *v;
} Replicate;

typedef struct {
    Verdict verdict;
    int cleared;       /* seeds in which the claim clears all its checks */
    int seeds;         /* seeds judged */
    int blind_control; /* index of a control that behaved as it must not, -1: none */
    int blind_seed;
    /* the failed precondition or absent control, borrowed from a Value or static; NULL */
    const char *void_reason;
} Judgement;

/* Judges one claim over n replicates. n = 0: NOT_RUN. A value or control that was
 * never recorded is fatal for the claim: VOID with the reason "name was not recorded".
 * Precedence NOT_RUN > VOID > BLIND > REFUTED, MIXED, HOLDS. */
Judgement verdict_judge(const Claim *, int n, const Replicate *);

bool verdict_clears(Side, double bound, double upper, double x);
const Value *verdict_value(const Replicate *, const char *name); /* NULL: not recorded */
const char *verdict_name(Verdict);                               /* "HOLDS" */
const char *side_name(Side);                                     /* "above" ... "none" */
const char *side_sign(Side);                                     /* ">=" ... */
bool verdict_parse(const char *, Verdict *);
bool side_parse(const char *, Side *);

#endif
