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
    /* VOID: the failed precondition, borrowed from a Value, or a static text about
     * void_value, borrowed from the claim; verdict_reason() joins them */
    const char *void_reason, *void_value;
} Judgement;

/* Judges one claim over n replicates. n = 0: NOT_RUN, and so is a claim without a side,
 * which is a shown number: callers pass over it. A value or control that was not
 * recorded in some seed makes the claim VOID, and so does a control that is absent in
 * all, unless `why` says "absent". A negative control with a side of its own must fail
 * the claim's checks and meet it; a positive one must clear its own check instead of the
 * claim's. Precedence NOT_RUN > VOID > BLIND > REFUTED, MIXED, HOLDS. */
Judgement verdict_judge(const Claim *, int n, const Replicate *);
/* why it is VOID, as one line; "" if it is not. The caller frees. */
char *verdict_reason(const Judgement *);

bool verdict_clears(Side, double bound, double upper, double x);
const Value *verdict_value(const Replicate *, const char *name); /* NULL: not recorded */
const char *verdict_name(Verdict);                               /* "HOLDS" */
const char *side_name(Side);                                     /* "above" ... "none" */
const char *side_sign(Side);                                     /* ">=" ... */
bool verdict_parse(const char *, Verdict *);
bool side_parse(const char *, Side *);

#endif
