/* automaton.c - from heaps of hidden states to the smallest machine and its program.
 *
 * Heaps are what single linkage makes at a distance. Linking all pairs of states would be
 * slow, so members a quarter of that distance apart stand for those around them; they are
 * few where there is anything to be found. Shrinking parts states by their answers, then by
 * where they lead, until nothing more parts (Moore's way: quadratic, where Hopcroft's is
 * faster and longer; there are at most 64). */
#include "core/lens/automaton.h"
#include <stdlib.h>
#include <string.h>

enum { MOST = AUTOMATON_MOST, INPUTS = AUTOMATON_INPUTS, MEMBERS = 1024 };

typedef struct {
    int n, F, heap[MEMBERS];
    double eps;
    real *member; /* (MEMBERS,F) */
} Heaps;

static double distance2(int F, const real *a, const real *b)
{
    double sum = 0;
    for (int k = 0; k < F; k++) sum += (double)((a[k] - b[k]) * (a[k] - b[k]));
    return sum;
}

/* The member nearest to h, and how far it is. */
static int nearest(const Heaps *heaps, const real *h, double *far2)
{
    int best = 0;
    *far2 = distance2(heaps->F, h, heaps->member);
    for (int i = 1; i<heaps->n && * far2> 0; i++) {
        double d = distance2(heaps->F, h, heaps->member + i * heaps->F);
        if (d < *far2) *far2 = d, best = i;
    }
    return best;
}

static const real *state_at(const Trace *t, int i)
{
    return t->h + (size_t)i * (size_t)t->F;
}

/* The number of heaps; 0: too many members. The state before all input is in heap 0. */
static int pile(Heaps *heaps, const Trace *t)
{
    int n = 0;
    double near2 = heaps->eps * heaps->eps / 16, far2;
    memset(heaps->member, 0, (size_t)heaps->F * sizeof *heaps->member);
    heaps->n = 1;
    for (int i = 0; i < t->B * t->T; i++) {
        nearest(heaps, state_at(t, i), &far2);
        if (far2 <= near2) continue;
        if (heaps->n == MEMBERS) return 0;
        memcpy(heaps->member + heaps->n++ * heaps->F, state_at(t, i),
               (size_t)heaps->F * sizeof *heaps->member);
    }
    int *stack = alloc(MEMBERS, sizeof *stack), depth = 0;
    for (int i = 0; i < heaps->n; i++) heaps->heap[i] = -1;
    for (int i = 0; i < heaps->n; i++) {
        if (heaps->heap[i] < 0) heaps->heap[stack[depth++] = i] = n++;
        while (depth > 0) {
            int at = stack[--depth];
            for (int j = 0; j < heaps->n; j++)
                if (heaps->heap[j] < 0 &&
                    distance2(heaps->F, heaps->member + at * heaps->F,
                              heaps->member + j * heaps->F) <= heaps->eps * heaps->eps)
                    heaps->heap[stack[depth++] = j] = n - 1;
        }
    }
    free(stack);
    return n;
}

/* Walks through a trace. unseen: the machine is being written down, and says true where
 * it has not been yet; NULL: it must agree. */
static bool walk(const Heaps *heaps, const Trace *t, Automaton *m,
                 bool unseen[MOST][INPUTS], int *heap)
{
    for (int i = 0, from = 0; i < t->B * t->T; i++) {
        double far2;
        int x = t->x[i], to = heaps->heap[nearest(heaps, state_at(t, i), &far2)];
        if (far2 > heaps->eps * heaps->eps) return false;
        if (i % t->T == 0) from = 0;
        if (unseen && unseen[from][x]) {
            m->next[from][x] = to, m->said[from][x] = t->said[i];
            unseen[from][x] = false;
        }
        if (m->next[from][x] != to || m->said[from][x] != t->said[i]) return false;
        if (heap) heap[i] = to;
        from = to;
    }
    return true;
}

static bool read_machine(Heaps *heaps, const Trace *t, int inputs, Automaton *m)
{
    bool unseen[MOST][INPUTS];
    *m = (Automaton){ .n = pile(heaps, t), .inputs = inputs };
    if (m->n == 0 || m->n > MOST) return false;
    memset(unseen, true, sizeof unseen);
    if (!walk(heaps, t, m, unseen, NULL)) return false;
    for (int i = 0; i < m->n * inputs; i++)
        if (unseen[i / inputs][i % inputs]) return false;
    return true;
}

bool automaton_find(const Trace *first, const Trace *second, int inputs, Automaton *m,
                    int *heap)
{
    require(inputs == 2 || inputs == 4, "%d inputs", inputs);
    require(first->F == second->F, "states of %d and of %d", first->F, second->F);
    Heaps *heaps = alloc(1, sizeof *heaps);
    *heaps = (Heaps){ .F = first->F,
                      .eps = 1.6,
                      .member = alloc((size_t)(MEMBERS * first->F), sizeof(real)) };
    bool found = false;
    for (int k = 0; k < 11 && !found; k++, heaps->eps /= 1.4142135623730951)
        found =
            read_machine(heaps, first, inputs, m) && walk(heaps, second, m, NULL, heap);
    free(heaps->member), free(heaps);
    return found;
}

Automaton automaton_of(AutomatonStep *step, int n, int inputs)
{
    Automaton m = { .n = n, .inputs = inputs };
    for (int s = 0; s < n; s++)
        for (int x = 0; x < inputs; x++) {
            m.next[s][x] = step(s, x, &m.said[s][x]);
            require(m.next[s][x] >= 0 && m.next[s][x] < n, "state %d of %d", m.next[s][x],
                    n);
        }
    return m;
}

int automaton_errors(const Automaton *m, int B, int T, const int *x, const int *said)
{
    int errors = 0;
    for (int i = 0, s = 0; i < B * T; i++) {
        if (i % T == 0) s = 0;
        errors += m->said[s][x[i]] != said[i];
        s = m->next[s][x[i]];
    }
    return errors;
}

/* class (n): states that no sequence of inputs tells apart have the same. */
static void part(const Automaton *m, int *class)
{
    memset(class, 0, MOST * sizeof *class);
    for (int was = 0, n = 1; n > was;) {
        int finer[MOST] = { 0 };
        was = n, n = 0;
        for (int s = 0; s < m->n; s++) {
            int like = 0;
            for (; like < s; like++) {
                bool same = class[like] == class[s];
                for (int x = 0; x < m->inputs; x++)
                    same &= m->said[like][x] == m->said[s][x] &&
                            class[m->next[like][x]] == class[m->next[s][x]];
                if (same) break;
            }
            finer[s] = like < s ? finer[like] : n++;
        }
        memcpy(class, finer, sizeof finer);
    }
}

Automaton automaton_smallest(const Automaton *m, int *state)
{
    Automaton least = { .n = 1, .inputs = m->inputs };
    int class[MOST], number[MOST], order[MOST] = { 0 };
    part(m, class);
    for (int c = 0; c < MOST; c++) number[c] = -1;
    number[class[0]] = 0;
    for (int s = 0; s < least.n; s++)
        for (int x = 0; x < m->inputs; x++) {
            int to = m->next[order[s]][x], *known = &number[class[to]];
            if (*known < 0) order[least.n] = to, *known = least.n++;
            least.next[s][x] = *known;
            least.said[s][x] = m->said[order[s]][x];
        }
    for (int s = 0; s < m->n && state; s++) state[s] = number[class[s]];
    return least;
}

void automaton_print_switch(Buffer *b, const Automaton *m, const char *name)
{
    buffer_format(b, "int %s(int *s, int x)\n{\n    switch (%d * *s + x) {\n", name,
                  m->inputs);
    for (int i = 0; i < m->n * m->inputs; i++) {
        int s = i / m->inputs, x = i % m->inputs;
        buffer_format(b, "    case %d: *s = %d; return %d;\n", i, m->next[s][x],
                      m->said[s][x]);
    }
    buffer_put(b, "    }\n}\n");
}

static int bits_of(int n)
{
    int bits = 0;
    while (1 << bits < n) bits++;
    return bits;
}

/* Polynomials (functions) of the variables input bits, then state bits; term (1 << vars)
 * has bit f where function f has that product. Functions: answer bits, then state bits. */
static int polynomials(const Automaton *m, const int *code, int answer_bits, int *term)
{
    int in = bits_of(m->inputs), vars = in + bits_of(m->n), terms = 0;
    memset(term, 0, sizeof *term << vars);
    for (int s = 0; s < m->n; s++)
        for (int x = 0; x < m->inputs; x++)
            term[code[s] << in | x] = m->said[s][x] | code[m->next[s][x]] << answer_bits;
    for (int v = 0; v < vars; v++)
        for (int i = 0; i < 1 << vars; i++)
            if (i >> v & 1) term[i] ^= term[i ^ 1 << v];
    for (int i = 0; i < 1 << vars; i++) terms += __builtin_popcount((unsigned)term[i]);
    return terms;
}

static void choose_code(const Automaton *m, int answer_bits, int *term, int *best)
{
    int codes = 1 << bits_of(m->n), tries = 1, least = 0;
    for (int s = 0; s < m->n; s++) best[s] = s;
    for (int s = 1; s < m->n && m->n <= 4; s++) tries *= codes;
    for (int t = 0; t < tries; t++) {
        int code[8] = { 0 }, used = 1;
        for (int s = 1, rest = t; s < m->n; s++, rest /= codes)
            code[s] = m->n <= 4 ? rest % codes : s, used |= 1 << code[s];
        if (__builtin_popcount((unsigned)used) < m->n) continue;
        int terms = polynomials(m, code, answer_bits, term);
        if (least && terms >= least) continue;
        least = terms;
        memcpy(best, code, sizeof code);
    }
    polynomials(m, best, answer_bits, term);
}

void automaton_print_formula(Buffer *b, const Automaton *m)
{
    require(m->n <= 8, "a formula of %d states", m->n);
    static const char *const names[2][5] = { { "x", "s", "t", "u" },
                                             { "a", "b", "s", "t", "u" } };
    const char *const *name = names[m->inputs == 4];
    int in = bits_of(m->inputs), state = bits_of(m->n), most = 1, term[32], code[8];
    for (int i = 0; i < m->n * m->inputs; i++)
        if (m->said[i / m->inputs][i % m->inputs] > most)
            most = m->said[i / m->inputs][i % m->inputs];
    int answer = bits_of(most + 1);
    choose_code(m, answer, term, code);
    for (int f = 0; f < answer + state; f++) {
        int n = 0;
        if (f) buffer_put(b, ", ");
        if (f >= answer) buffer_format(b, "%s' = ", name[in + f - answer]);
        else if (answer > 1) buffer_format(b, "y%d = ", f);
        else buffer_put(b, "y = ");
        for (int i = 0; i < 1 << (in + state); i++) {
            if (!(term[i] >> f & 1)) continue;
            if (n++) buffer_put(b, " ^ ");
            if (i == 0) buffer_put(b, "1");
            for (int v = 0, first = 1; v < in + state; v++)
                if (i >> v & 1) {
                    buffer_format(b, "%s%s", first ? "" : "&", name[v]);
                    first = 0;
                }
        }
        if (n == 0) buffer_put(b, "0");
    }
}
