/* compare.c - value by value, and the first digit that differs.
 *
 * Results are compared as they are written: %.17g is the same text if and only if the
 * bits are the same, so a text comparison of cells is a comparison of bits and needs no
 * opinion about rounding. The rejected alternative, a hash of the whole file, would say
 * that something differs and leave the reader to find out what. Where other bits are
 * allowed (a machine that fails the self-test) a relative tolerance decides instead.
 *
 * Of a table only the first difference is kept: one early step that went another way
 * changes every later row, and a list of these tells nothing. */
#include "report/compare.h"
#include "core/base/sheet.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char MISSING[] = "missing";

static void add(Differences *l, char *what, const char *was, const char *is, int row)
{
    if (l->n == l->room) {
        int room = l->room ? 2 * l->room : 8;
        l->d = grow(l->d, (size_t)l->room, (size_t)room, sizeof *l->d);
        l->room = room;
    }
    l->d[l->n++] = (Difference){ .what = what,
                                 .was = text_copy(was),
                                 .is = text_copy(is),
                                 .row = row,
                                 .digit = compare_digit(was, is) };
}

void compare_free(Differences *l)
{
    for (int i = 0; i < l->n; i++)
        free(l->d[i].what), free(l->d[i].was), free(l->d[i].is);
    free(l->d);
    *l = (Differences){ 0 };
}

/* --- digits ------------------------------------------------------------------------- */

static bool number(const char *s, double *x)
{
    char *end;
    if (!*s || strspn(s, "0123456789+-.eE") != strlen(s)) return false;
    *x = strtod(s, &end);
    return end != s && !*end && isfinite(*x);
}

int compare_digit(const char *a, const char *b)
{
    double x, y;
    char p[40], q[40];
    if (!number(a, &x) || !number(b, &y) || !strcmp(a, b)) return 0;

    /* A different sign or power of ten is a difference in the first digit. */
    snprintf(p, sizeof p, "%+.16e", x), snprintf(q, sizeof q, "%+.16e", y);
    if (p[0] != q[0] || strcmp(strchr(p, 'e'), strchr(q, 'e'))) return 1;
    int digit = 0;
    for (int i = 1; p[i] != 'e'; i++) {
        digit += p[i] != '.';
        if (p[i] != q[i]) return digit;
    }
    return 17;
}

char *compare_sentence(const Difference *d, const char *was, const char *is)
{
    char *digit = d->digit ? text_format(" (digit %d differs)", d->digit) : text_copy("");
    char *sentence =
        text_format("%s: %s %s, %s %s%s", d->what, was, d->was, is, d->is, digit);
    free(digit);
    return sentence;
}

/* --- values ------------------------------------------------------------------------- */

static void show(const Value *v, char text[static 40])
{
    snprintf(text, 40, v->absent ? "none" : "%.17g", v->x);
}

static bool agree(const Value *a, const Value *b, double tolerance)
{
    if (a->absent || b->absent) return a->absent && b->absent;
    if (tolerance > 0)
        return fabs(a->x - b->x) <= tolerance * fmax(fabs(a->x), fabs(b->x));
    return memcmp(&a->x, &b->x, sizeof a->x) == 0;
}

void compare_values(Differences *l, const Replicate *was, const Replicate *is,
                    double tolerance)
{
    char p[40], q[40];
    for (int i = 0; i < was->n; i++) {
        const Value *a = &was->v[i], *b = verdict_value(is, a->name);
        show(a, p);
        if (b) show(b, q);
        if (!b) add(l, text_copy(a->name), p, MISSING, i);
        else if (!agree(a, b, tolerance)) add(l, text_copy(a->name), p, q, i);
    }
    for (int i = 0; i < is->n; i++) {
        if (verdict_value(was, is->v[i].name)) continue;
        show(&is->v[i], q);
        add(l, text_copy(is->v[i].name), MISSING, q, -1);
    }
}

/* --- tables and other texts --------------------------------------------------------- */

static char *line_copy(const char *at)
{
    size_t n = strcspn(at, "\r\n");
    char *line = alloc(n + 1, 1);
    return memcpy(line, at, n);
}

static void compare_lines(Differences *l, const char *name, const char *was,
                          const char *is)
{
    const char *line[2] = { was, is };
    int row = 0;
    for (; line[0] && line[1]; row++) {
        size_t n = strcspn(line[0], "\n"), m = strcspn(line[1], "\n");
        if (n != m || memcmp(line[0], line[1], n)) break;
        for (int i = 0; i < 2; i++) line[i] = line[i][n] ? line[i] + n + 1 : NULL;
    }
    char *a = line[0] ? line_copy(line[0]) : text_copy(MISSING),
         *b = line[1] ? line_copy(line[1]) : text_copy(MISSING);
    add(l, text_format("%s, line %d", name, row + 1), a, b, row);
    free(a), free(b);
}

/* The first cell that differs; false: the sheets agree in all cells that both have. */
static bool compare_cells(Differences *l, const char *name, const Sheet *was,
                          const Sheet *is)
{
    for (int r = 0; r < was->rows && r < is->rows; r++)
        for (int c = 0; c < was->columns; c++) {
            const char *a = sheet_text(was, r, c), *b = sheet_text(is, r, c);
            if (!strcmp(a, b)) continue;
            add(l, text_format("%s, row %d, column %s", name, r + 1, was->header[c]), a,
                b, r);
            return true;
        }
    return false;
}

static bool same_header(const Sheet *a, const Sheet *b)
{
    bool same = a->columns == b->columns;
    for (int c = 0; same && c < a->columns; c++)
        same = !strcmp(a->header[c], b->header[c]);
    return same;
}

static bool compare_sheets(Differences *l, const char *name, const char *was,
                           const char *is)
{
    char *error = NULL, *error2 = NULL;
    Sheet *a = sheet_parse(name, was, strlen(was), NULL, &error),
          *b = sheet_parse(name, is, strlen(is), NULL, &error2);
    bool told = a && b && same_header(a, b) && compare_cells(l, name, a, b);
    if (a && b && !told && a->rows != b->rows && same_header(a, b)) {
        char *p = text_format("%d rows", a->rows), *q = text_format("%d rows", b->rows);
        add(l, text_copy(name), p, q, -1);
        free(p), free(q);
        told = true;
    }
    sheet_free(a), sheet_free(b), free(error), free(error2);
    return told;
}

void compare_texts(Differences *l, const char *name, const char *was, const char *is)
{
    if (!was && !is) return;
    if (!was || !is) {
        add(l, text_copy(name), was ? "a file" : MISSING, is ? "a file" : MISSING, -1);
        return;
    }
    if (!strcmp(was, is)) return;
    size_t n = strlen(name);
    bool table = n > 4 && !strcmp(name + n - 4, ".csv");
    if (!table || !compare_sheets(l, name, was, is)) compare_lines(l, name, was, is);
}
