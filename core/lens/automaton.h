/* automaton.h - machines of a few states, read out of a recurrent network
 * [michaud2024opening], shrunk, compared and printed as programs. */
#ifndef GLASSBOX_AUTOMATON_H
#define GLASSBOX_AUTOMATON_H

#include "core/base/base.h"

enum { AUTOMATON_MOST = 64, AUTOMATON_INPUTS = 4 };

/* In state s, input x leads to state next[s][x] with the answer said[s][x], both >= 0; it
 * starts in state 0. inputs is 2 or 4. What lies beyond n and inputs is zero. */
typedef struct {
    int n, inputs;
    int next[AUTOMATON_MOST][AUTOMATON_INPUTS], said[AUTOMATON_MOST][AUTOMATON_INPUTS];
} Automaton;

/* What a network did with B sequences of T inputs x (B,T): its hidden states after each,
 * h (B,T,F), and its answers said (B,T). Before the first input the state is zero. */
typedef struct {
    int B, T, F;
    const int *x, *said;
    const real *h;
} Trace;

/* Heaps: hidden states of which each is within eps of another one of its heap, and of none
 * of another. A machine is found where heap and input always lead to the same heap and the
 * same answer, and each heap has met each input. Of eleven eps, from 1.6 down to 0.05, the
 * first whose machine, found in one trace, describes the other too, with the same heaps;
 * heap (B,T), if not NULL, says where that one's states lie. False: none does. */
bool automaton_find(const Trace *first, const Trace *second, int inputs, Automaton *,
                    int *heap);

/* A machine from its rule, which returns the next state of n and sets *said. */
typedef int AutomatonStep(int state, int x, int *said);
Automaton automaton_of(AutomatonStep *, int n, int inputs);
/* How often it answers otherwise than said (B,T) to x (B,T). */
int automaton_errors(const Automaton *, int B, int T, const int *x, const int *said);

/* The smallest machine of the same behaviour, its states numbered in the order in which
 * they are reached: two of the same behaviour are the same bytes. state (n), if not NULL:
 * which of its states each old one is, -1 if it is never reached. */
Automaton automaton_smallest(const Automaton *, int *state);

/* A C function of one switch. */
void automaton_print_switch(Buffer *, const Automaton *, const char *name);
/* Polynomials modulo 2 of the bits of input and state, for up to 8 states: "^" is
 * exclusive or, "&" and. Of all codes with 0 for the start, up to 4 states, the one of the
 * fewest terms; a code that no state has may lead anywhere. */
void automaton_print_formula(Buffer *, const Automaton *);

#endif
