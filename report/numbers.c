/* numbers.c - measured numbers reach a page here and nowhere else.
 *
 * A number typed into prose is wrong after the next change, and nobody notices. So
 * prose names a claim or a recorded value, and a name that nobody declared is an error
 * with the line on which it stands. A value that is declared but has not been computed
 * is none: a new finding must be readable before its first run.
 *
 * Typography belongs to the number: a true minus sign, and a power of ten instead of
 * 1.2e-07. Scripts get seventeen digits in ASCII. */
#define _GNU_SOURCE
#include "report/numbers.h"
#include "core/num/stats.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    enum { KNOWN, ABSENT, NOT_COMPUTED, UNKNOWN } state;
    double x;
    char *expected; /* UNKNOWN: what would have been right */
} Number;

/* --- formatting ------------------------------------------------------------------- */

static bool is_format(const char *format)
{
    if (*format++ != '%') return false;
    format += strspn(format, "-+ #0");
    format += strspn(format, "0123456789");
    if (*format == '.') format += 1 + strspn(format + 1, "0123456789");
    return *format && strchr("efgEG", *format) && !format[1];
}

static char *printed(double x, const char *format)
{
    require(is_format(format), "\"%s\" is no format of one number", format);
    int n = snprintf(NULL, 0, format, x);
    require(n >= 0, "\"%s\" prints nothing", format);
    char *s = alloc((size_t)n + 1, 1);
    snprintf(s, (size_t)n + 1, format, x);
    return s;
}

static void put_exponent(Buffer *b, const char *digits)
{
    static const char *const raised[] = {
        "⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"
    };
    int e = atoi(digits);
    char plain[16];
    snprintf(plain, sizeof plain, "%d", abs(e));
    buffer_put(b, e < 0 ? "\u00a0×\u00a010⁻" : "\u00a0×\u00a010");
    for (const char *p = plain; *p; p++) buffer_put(b, raised[*p - '0']);
}

/* "-1.2e-07" as a reader expects it. */
static char *typeset(const char *plain)
{
    Buffer b = { 0 };
    const char *p = plain + strspn(plain, " ");
    if (*p == '-') buffer_put(&b, "−"), p++;
    size_t mantissa = strcspn(p, "eE");
    buffer_add(&b, p, mantissa);
    if (p[mantissa]) put_exponent(&b, p + mantissa + 1);
    return b.s;
}

/* 20000 -> 20,000; below 10,000 as it is. */
static char *whole(double x)
{
    char *plain = printed(fabs(x), "%.0f");
    size_t n = strlen(plain);
    Buffer b = { 0 };
    if (x < 0) buffer_put(&b, "-");
    for (size_t i = 0; i < n; i++) {
        if (i && n > 4 && (n - i) % 3 == 0) buffer_put(&b, ",");
        buffer_add(&b, plain + i, 1);
    }
    free(plain);
    return b.s;
}

static char *three_digits(double x)
{
    double size = fabs(x);
    if (!isfinite(x)) return printed(x, "%g");
    if (size < 1e9 && x == rint(x)) return whole(x);
    if (size >= 99.95 && size < 1e9) return whole(rint(x));
    if (size < 1e-4 || size >= 1e9) return printed(x, "%.2e");
    return printed(x, "%#.3g");
}

char *numbers_format(double x, const char *format)
{
    char *plain = format ? printed(x, format) : three_digits(x), *text = typeset(plain);
    free(plain);
    return text;
}

/* --- which number ----------------------------------------------------------------- */

static const Replicate *replicate(const Finding *f, bool of_long, int i)
{
    if (of_long) return &f->record_long[i];
    return f->n_record ? &f->record[i].values : &f->runs[i].values;
}

/* The statistic `what` ("" the mean) of a recorded value over its seeds. */
static Number statistic(const Finding *f, bool of_long, const char *name,
                        const char *what)
{
    int seeds = of_long ? f->n_record_long : f->n_record ? f->n_record : f->n_runs;
    if (!seeds) return (Number){ .state = NOT_COMPUTED };
    double *x = alloc((size_t)seeds, sizeof *x);
    int n = 0, found = 0, recorded = 0;
    for (int i = 0; i < seeds; i++) {
        const Value *v = verdict_value(replicate(f, of_long, i), name);
        recorded += replicate(f, of_long, i)->n; /* none where an input is absent */
        if (v) found++;
        if (v && !v->absent) x[n++] = v->x;
    }
    Number number = { .state = found ? ABSENT : recorded ? UNKNOWN : NOT_COMPUTED };
    if (n) {
        Estimate e = stats_estimate(n, x);
        double min = x[0], max = x[0];
        for (int i = 1; i < n; i++) min = fmin(min, x[i]), max = fmax(max, x[i]);
        number.state = KNOWN;
        number.x = !strcmp(what, "lo")      ? e.lo
                   : !strcmp(what, "hi")    ? e.hi
                   : !strcmp(what, "min")   ? min
                   : !strcmp(what, "max")   ? max
                   : !strcmp(what, "seeds") ? n
                                            : e.mean;
    }
    free(x);
    return number;
}

static bool is_statistic(const char *s)
{
    static const char *const names[] = { "lo", "hi", "min", "max", "seeds" };
    for (int i = 0; i < COUNT(names); i++)
        if (!strcmp(s, names[i])) return true;
    return false;
}

/* `=name`: the whole as a name first, since names may contain points. */
static Number recorded(const Finding *f, const char *name)
{
    Number number = statistic(f, false, name, "");
    const char *point = strrchr(name, '.');
    if (number.state == UNKNOWN && point && is_statistic(point + 1)) {
        char *stem = text_format("%.*s", (int)(point - name), name);
        number = statistic(f, false, stem, point + 1);
        free(stem);
    }
    if (number.state == UNKNOWN) number.expected = text_copy("a name given to record()");
    return number;
}

/* "control" is 0, "control2" 1; -1: the part is something else. */
static int ordinal(const char *part, const char *stem)
{
    size_t n = strlen(stem);
    if (strncmp(part, stem, n)) return -1;
    if (!part[n]) return 0;
    return part[n] >= '1' && part[n] <= '9' && !part[n + 1] ? part[n] - '1' : -1;
}

static Number known(double x) { return (Number){ .state = KNOWN, .x = x }; }

static Number unknown_part(const char *part)
{
    return (Number){ .state = UNKNOWN,
                     .expected = text_format(
                         "\"%s\" to be one of control, control2, also, lo, hi, min, "
                         "max, bound, upper, seeds, cleared, reference",
                         part) };
}

/* Follows the parts after a claim's id: which check, then which number of it. */
static Number claim_number(const Finding *f, int index, char *parts)
{
    const Claim *c = &f->claims[index];
    Check check = { c->value, c->side, c->bound, c->upper };
    const Control *control = NULL;
    bool of_long = c->variant && !strcmp(c->variant, "long");
    for (char *part; (part = strsep(&parts, ".")) != NULL;) {
        int k = ordinal(part, "control"), a = ordinal(part, "also");
        if (k >= 0 && k < COUNT(c->controls) && c->controls[k].value && !control) {
            control = &c->controls[k];
            check.value = control->value;
            if (control->side)
                check = (Check){ control->value, control->side, control->bound,
                                 control->upper };
        } else if (a >= 0 && a < COUNT(c->also) && c->also[a].value) {
            check = c->also[a];
            if (control) check.value = control->also[a];
        } else if (parts) {
            return unknown_part(part);
        } else if (is_statistic(part) && strcmp(part, "seeds")) {
            return statistic(f, of_long, check.value, part);
        } else if (!strcmp(part, "bound") && check.side) {
            return known(check.bound);
        } else if (!strcmp(part, "upper") && check.side == WITHIN) {
            return known(check.upper);
        } else if (!strcmp(part, "reference") && c->reference_key) {
            return known(c->reference);
        } else if (!strcmp(part, "seeds") && f->judged) {
            return known(f->judged[index].seeds);
        } else if (!strcmp(part, "cleared") && f->judged) {
            return known(f->judged[index].cleared);
        } else {
            return unknown_part(part);
        }
    }
    Number number = statistic(f, of_long, check.value, "");
    /* A claim's value that was never recorded makes the claim VOID; prose only says
     * so. */
    if (number.state == UNKNOWN) number.state = ABSENT;
    return number;
}

static char *claim_list(const Finding *f)
{
    Buffer b = { 0 };
    buffer_put(&b, "one of the claims");
    for (int i = 0; i < f->n_claims; i++)
        buffer_format(&b, "%s %s", i ? "," : "", f->claims[i].id);
    buffer_put(&b, ", or =name for a recorded value");
    return b.s;
}

static Number look_up(const Finding *f, const char *name)
{
    if (*name == '=') return recorded(f, name + 1);
    size_t n = strcspn(name, ".");
    for (int i = 0; i < f->n_claims; i++) {
        if (strncmp(f->claims[i].id, name, n) || f->claims[i].id[n]) continue;
        char *parts = name[n] ? text_copy(name + n + 1) : NULL;
        Number number = claim_number(f, i, parts);
        free(parts);
        return number;
    }
    return (Number){ .state = UNKNOWN, .expected = claim_list(f) };
}

/* --- filling ---------------------------------------------------------------------- */

static char *trimmed(const char *from, const char *to)
{
    while (from < to && isspace((unsigned char)*from)) from++;
    while (to > from && isspace((unsigned char)to[-1])) to--;
    return text_format("%.*s", (int)(to - from), from);
}

static char *shown(Number number, const char *format, NumbersStyle style)
{
    if (number.state == ABSENT || number.state == NOT_COMPUTED) {
        if (style == NUMBERS_SCRIPT) return text_copy("NaN");
        return text_copy(number.state == ABSENT ? "none" : "(not run)");
    }
    if (style == NUMBERS_PROSE) return numbers_format(number.x, format);
    return printed(number.x, format ? format : "%.17g");
}

/* What stands for one `{{inner}}`; NULL with *what saying what is wrong. */
static char *fill_one(const Finding *f, const char *inner, NumbersStyle style,
                      char **what)
{
    const char *end = inner + strlen(inner), *bar = strrchr(inner, '|');
    char *format = bar ? trimmed(bar + 1, end) : NULL;
    const char *stop = bar ? bar : end,
               *star = memrchr(inner, '*', (size_t)(stop - inner));
    double factor = 1;
    char *after = NULL;
    if (star) factor = strtod(star + 1, &after);
    if (star && (after == star + 1 || after + strspn(after, " ") != stop)) star = NULL;
    char *name = trimmed(inner, star ? star : stop), *text = NULL;

    Number number = look_up(f, name);
    number.x *= star ? factor : 1;
    if (number.state == UNKNOWN)
        *what = text_format("{{%s}} is unknown, expected %s", inner, number.expected);
    else if (format && !is_format(format))
        *what = text_format("{{%s}}: \"%s\" is no format, expected one like %%.2f, %%.3g "
                            "or %%.1e",
                            inner, format);
    else text = shown(number, format, style);
    free(number.expected), free(format), free(name);
    return text;
}

char *numbers_fill(const Finding *f, const char *text, int line, NumbersStyle style,
                   char **error)
{
    Buffer out = { 0 };
    buffer_put(&out, "");
    for (const char *p = text; *p;) {
        const char *open = strstr(p, "{{"), *close = open ? strstr(open, "}}") : NULL;
        size_t n = open ? (size_t)(open - p) : strlen(p);
        for (size_t i = 0; i < n; i++) line += p[i] == '\n';
        buffer_add(&out, p, n);
        if (!open) break;
        char *inner = NULL, *filled = NULL, *what = NULL;
        if (close) inner = text_format("%.*s", (int)(close - open - 2), open + 2);
        if (!close || strchr(inner, '\n'))
            what = text_copy("\"{{\" without \"}}\" on the same line");
        else filled = fill_one(f, inner, style, &what);
        if (filled) buffer_put(&out, filled);
        free(inner), free(filled);
        if (what) {
            *error = text_format("%s:%d: %s", f->source, line, what);
            free(what), free(out.s);
            return NULL;
        }
        p = close + 2;
    }
    return out.s;
}
