/* compare.h - two results side by side: values bit for bit, tables cell by cell. */
#ifndef GLASSBOX_COMPARE_H
#define GLASSBOX_COMPARE_H

#include "report/verdict.h"

typedef struct {
    char *what;     /* the value's name, or "curve.csv, row 12, column loss" */
    char *was, *is; /* as the files show them; "missing" on the side that lacks it */
    int row;        /* position in the older result, from 0; -1: it lacks it */
    /* the first significant digit that differs, from 1; 0: these are no two numbers */
    int digit;
} Difference;

/* Zero is an empty list; compare_free() releases what it holds. */
typedef struct {
    Difference *d;
    int n, room;
} Differences;
void compare_free(Differences *);

/* Appends what differs. tolerance 0 compares bits; otherwise |was - is| may reach
 * tolerance times the larger of the two. */
void compare_values(Differences *, const Replicate *was, const Replicate *is,
                    double tolerance);
/* Appends at most one difference: the first cell (CSV) or line (any other text) that
 * differs. The texts may be NULL: that side lacks the file. `name` with its ending. */
void compare_texts(Differences *, const char *name, const char *was, const char *is);
/* The first significant digit, from 1, in which two decimal numbers differ; 0: they are
 * equal, or one is no number. */
int compare_digit(const char *a, const char *b);
/* "loss: published 0.123, recomputed 0.124 (digit 3 differs)", with these names of the
 * two sides; caller frees. */
char *compare_sentence(const Difference *, const char *was, const char *is);

#endif
