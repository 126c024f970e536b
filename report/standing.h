/* standing.h - this machine's runs of a finding against its published record. */
#ifndef GLASSBOX_STANDING_H
#define GLASSBOX_STANDING_H

#include "report/suite.h"

typedef enum {
    STANDING_NONE,         /* nothing computed here (or by another executable) */
    STANDING_NOT_RUN,      /* an input is absent; `why` says which */
    STANDING_UNPUBLISHED,  /* computed here, nothing in the record to compare with */
    STANDING_SAME,         /* every value bit for bit that of the record */
    STANDING_DIFFERS,      /* same inputs, other values: `why` names the first */
    STANDING_OTHER_INPUTS, /* other inputs or another BLIS: values are not comparable */
    STANDING_OTHER_BITS,   /* the self-test of the arithmetic fails on this machine */
} StandingKind;

typedef struct {
    StandingKind kind;
    int seeds;             /* compared, or computed here */
    int values, identical; /* over those seeds */
    char *why;             /* NULL if there is nothing to say */
} Standing;

/* Of the default variant. A run counts as this machine's only if the present executable
 * made it. */
Standing standing_compare(const Finding *);
void standing_free(Standing *);
/* "this machine: 14 of 14 values identical to the record"; the caller frees. */
char *standing_sentence(const Standing *, const Finding *);

#endif
