/* rasp.h - transformers whose weights are written by hand, to be the ground truth of what
 * looks into networks: an assembler for programs of RASP [weiss2021rasp] after Tracr
 * [lindner2023tracr], four programs, and what each of them should answer. */
#ifndef GLASSBOX_RASP_H
#define GLASSBOX_RASP_H

#include "core/net/model.h"

/* The columns of the stream: each feature has its own. S is a number 1 / (1 + n), CNT a
 * count n of 0 to 5, OPP the opposite place, NUM another number. */
enum {
    RASP_BOS,
    RASP_TOK,
    RASP_POS = RASP_TOK + 4,
    RASP_S = RASP_POS + 5,
    RASP_CNT,
    RASP_OPP = RASP_CNT + 6,
    RASP_NUM = RASP_OPP + 5,
    RASP_OUT,
    RASP_D = RASP_OUT + 6
};
enum { RASP_TOKENS = 4, RASP_LONGEST = 5, RASP_LAYERS = 3, RASP_K = 8, RASP_OUTPUTS = 6 };

/* How often does this token occur; the sequence backwards; the share of tokens up to here
 * that are token 0 (output 0); the tokens in order, each at the place that it takes, equal
 * ones sharing theirs. Their last head is in layer 0, 2, 1, 1. */
typedef enum {
    RASP_HIST,
    RASP_REVERSE,
    RASP_FRAC_PREVS,
    RASP_SORT_UNIQUE,
    RASP_PROGRAMS
} RaspProgram;

/* One head a layer, bidirectional, ReLU, no norms; the caller frees it. It reads token
 * RASP_TOKENS, which begins every sequence, and then 1 to RASP_LONGEST tokens. */
Model *rasp_compile(RaspProgram);
/* out (RASP_OUTPUTS): the answer at place `at` of the n tokens, by the program's meaning. */
void rasp_interpret(RaspProgram, int n, const int *tok, int at, double *out);
/* The share of all sequences on which every output is right to 1e-3. */
double rasp_exact(Model *, RaspProgram);

/* weight[row][column] of a part of a layer ("mlp.W_in") := x. */
void rasp_put(Model *, int layer, const char *part, int row, int column, double x);

#endif
