/* site_strip.c - a claim's values as a small forest plot inside a table.
 *
 * One row for the claim, one for each control, all on one scale; the bound runs through
 * the rows and what clears it is tinted. The numbers stand beside the dots, so nothing is
 * in the picture alone. Positions are percentages: a strip is as wide as its cell while
 * dots and letters keep their size, on a phone as on paper. */
#include "report/site.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SEEDS = 64, MAX_ROWS = 8 };

typedef enum { ROW_CLAIM, ROW_CONTROL, ROW_REFERENCE } RowKind;

typedef struct {
    RowKind kind;
    const char *name, *text; /* what is measured; the control's own words */
    char *note;              /* owned; NULL: none */
    int n, absent, seed[MAX_SEEDS];
    double x[MAX_SEEDS];
    Side own; /* the control's own condition */
    double own_bound, own_upper;
} Row;

typedef struct {
    const Replicate *replicates;
    int seeds;
    Side side;
    double bound, upper;
    int n;
    Row row[MAX_ROWS];
    double lo, hi; /* of the scale, in log10 if `log` */
    bool log;
} Strips;

/* --- gathering ------------------------------------------------------------------- */

static Row *add_row(Strips *s, RowKind kind, const char *name)
{
    require(s->n < MAX_ROWS, "more than %d rows", MAX_ROWS);
    Row *r = &s->row[s->n++];
    r->kind = kind;
    r->name = name;
    for (int i = 0; i < s->seeds && r->n < MAX_SEEDS; i++) {
        const Value *v = verdict_value(&s->replicates[i], name);
        if (v && v->absent) r->absent++;
        if (!v || v->absent) continue;
        r->seed[r->n] = s->replicates[i].seed;
        r->x[r->n++] = v->x;
    }
    return r;
}

static void add_control(Strips *s, const Control *k, const char *name, bool own)
{
    Row *r = add_row(s, ROW_CONTROL, name);
    r->text = own ? k->text : NULL;
    char *condition =
        own && k->side ? site_bound_sign(k->side, k->bound, k->upper) : NULL;
    r->note = text_format(k->must_pass ? "positive control, must clear%s%s"
                                       : "control, must fail%s%s",
                          condition ? " and be " : "", condition ? condition : "");
    if (condition) r->own = k->side, r->own_bound = k->bound, r->own_upper = k->upper;
    free(condition);
}

/* also: index of the claim's further check; -1: its own. */
static Strips gather(const Claim *c, int also, int seeds, const Replicate *replicates)
{
    const Check check =
        also < 0 ? (Check){ c->value, c->side, c->bound, c->upper } : c->also[also];
    Strips s = { .replicates = replicates,
                 .seeds = seeds,
                 .side = check.side,
                 .bound = check.bound,
                 .upper = check.upper };
    add_row(&s, ROW_CLAIM, check.value);
    for (int k = 0; k < COUNT(c->controls) && c->controls[k].value; k++) {
        const char *name = also < 0 ? c->controls[k].value : c->controls[k].also[also];
        if (name) add_control(&s, &c->controls[k], name, also < 0);
    }
    if (also < 0 && c->reference_key) {
        Row *r = &s.row[s.n++];
        *r = (Row){ .kind = ROW_REFERENCE, .name = c->reference_key, .n = 1 };
        r->x[0] = c->reference;
    }
    return s;
}

/* --- scale ----------------------------------------------------------------------- */

static void widen(double *lo, double *hi, double x)
{
    if (x < *lo) *lo = x;
    if (x > *hi) *hi = x;
}

static void set_scale(Strips *s)
{
    double lo = INFINITY, hi = -INFINITY, nearest = INFINITY;
    for (int r = 0; r < s->n; r++)
        for (int i = 0; i < s->row[r].n; i++) {
            widen(&lo, &hi, s->row[r].x[i]);
            if (r == 0 && s->row[0].x[i] != s->bound)
                nearest = fmin(nearest, fabs(s->row[0].x[i] - s->bound));
        }
    if (s->side) widen(&lo, &hi, s->bound);
    if (s->side == WITHIN) widen(&lo, &hi, s->upper);
    if (!(lo <= hi)) lo = 0, hi = 1;
    /* Logarithmic only where a linear scale would print value and bound on one spot. */
    s->log = s->side && lo > 0 && hi > 30 * lo && nearest < 0.03 * (hi - lo);
    if (s->log) lo = log10(lo), hi = log10(hi);
    double pad = hi > lo ? 0.06 * (hi - lo) : fmax(0.5 * fabs(hi), 0.5);
    s->lo = lo - pad;
    s->hi = hi + pad;
}

static double percent(const Strips *s, double x)
{
    double at = s->log ? log10(fmax(x, 1e-300)) : x;
    return 100 * fmin(fmax((at - s->lo) / (s->hi - s->lo), 0), 1);
}

typedef struct {
    char s[24];
} Length;

static Length at(double p)
{
    Length l;
    snprintf(l.s, sizeof l.s, "%.2f%%", p);
    return l;
}

/* --- drawing --------------------------------------------------------------------- */

static void vertical(Html *h, const Strips *s, double x, const char *kind)
{
    Length p = at(percent(s, x));
    html_void(h, "line", "class", kind, "x1", p.s, "x2", p.s, "y1", "0", "y2", "100%",
              NULL);
}

static void draw_ground(Html *h, const Strips *s)
{
    double from = 0, to = 100;
    if (s->side == ABOVE || s->side == OVER || s->side == WITHIN)
        from = percent(s, s->bound);
    if (s->side == BELOW || s->side == UNDER) to = percent(s, s->bound);
    if (s->side == WITHIN) to = percent(s, s->upper);
    if (s->side)
        html_void(h, "rect", "class", "passes", "x", at(from).s, "width", at(to - from).s,
                  "y", "0", "height", "100%", NULL);
    html_void(h, "line", "class", "ground", "x1", "0", "x2", "100%", "y1", "50%", "y2",
              "50%", NULL);
    if (s->side) vertical(h, s, s->bound, "bound");
    if (s->side == WITHIN) vertical(h, s, s->upper, "bound");
}

/* All values of the row in words, for those who do not see the dots. */
static char *row_words(const Row *r)
{
    Buffer b = { 0 };
    buffer_put(&b, r->n ? "" : "no value");
    for (int i = 0; i < r->n; i++) {
        char *x = weave_number(r->x[i], NULL);
        if (r->kind == ROW_REFERENCE) buffer_format(&b, "the source's figure: %s", x);
        else buffer_format(&b, "%sseed %d: %s", i ? ", " : "", r->seed[i], x);
        free(x);
    }
    if (r->absent) buffer_format(&b, "; none in %d", r->absent);
    return b.s;
}

static void draw_row(Html *h, const Strips *s, const Row *r, const Estimate *e)
{
    char *words = row_words(r);
    html_open(h, "svg", "class", "strip", "role", "img", "aria-label", words, NULL);
    draw_ground(h, s);
    if (r->own) vertical(h, s, r->own_bound, "own");
    if (r->own == WITHIN) vertical(h, s, r->own_upper, "own");
    if (r->kind == ROW_CLAIM && r->n > 1)
        html_void(h, "line", "class", "interval", "x1", at(percent(s, e->lo)).s, "x2",
                  at(percent(s, e->hi)).s, "y1", "50%", "y2", "50%", NULL);
    for (int i = 0; i < r->n; i++) {
        const char *kind = r->kind == ROW_CLAIM     ? "seed"
                           : r->kind == ROW_CONTROL ? "control-dot"
                                                    : "given-mark";
        html_void(h, "circle", "class", kind, "cx", at(percent(s, r->x[i])).s, "cy",
                  "50%", "r", r->kind == ROW_REFERENCE ? "5.5" : "4", NULL);
    }
    html_close(h, "svg");
    free(words);
}

/* The bound above its line; near an edge the words lean inwards. */
static void draw_head(Html *h, const Strips *s)
{
    html_open(h, "svg", "class", "strip", "aria-hidden", "true", NULL);
    if (s->side) {
        char *sign = site_bound_sign(s->side, s->bound, s->upper);
        double p = percent(s, s->bound);
        if (s->side == WITHIN) p = (p + percent(s, s->upper)) / 2;
        html_leaf(h, "text", sign, "x", at(p).s, "y", "12", "text-anchor",
                  p < 20   ? "start"
                  : p > 80 ? "end"
                           : "middle",
                  NULL);
        free(sign);
    }
    html_close(h, "svg");
}

static void number_cell(Html *h, const Row *r, const Estimate *e)
{
    html_open(h, "td", "class", "number", NULL);
    if (r->n == 0) html_text(h, r->absent ? "none" : "\u2013");
    else {
        site_number(h, e->mean);
        html_open(h, "small", NULL);
        if (r->n > 1 && e->hi > e->lo) {
            html_text(h, "[");
            site_number(h, e->lo);
            html_text(h, ", ");
            site_number(h, e->hi);
            html_text(h, "]");
        }
        if (r->absent) html_format(h, " none in %d", r->absent);
        html_close(h, "small");
    }
    html_close(h, "td");
}

static void write_row(Html *h, const Site *site, const Strips *s, const Row *r)
{
    Estimate e = r->n ? stats_estimate(r->n, r->x) : (Estimate){ 0 };
    static const char *const kinds[] = { "here", "control", "given" };
    html_open(h, "tr", "class", kinds[r->kind], NULL);
    html_open(h, "th", "scope", "row", NULL);
    if (r->kind == ROW_REFERENCE) {
        html_text(h, "the source, ");
        site_prose(h, site, r->name);
    } else site_prose(h, site, r->text ? r->text : r->name);
    if (r->note) html_leaf(h, "small", r->note, NULL);
    html_close(h, "th");
    html_open(h, "td", "class", "dots", NULL);
    bool alone = s->n == 1 && r->n < 2 && !s->side; /* a dot without anything beside it */
    if (!alone) draw_row(h, s, r, &e);
    html_close(h, "td");
    number_cell(h, r, &e);
    html_close(h, "tr");
}

static void write_table(Html *h, const Site *site, Strips *s, bool first)
{
    set_scale(s);
    html_open(h, "table", "class", "strips", NULL);
    html_open(h, "thead", NULL);
    html_open(h, "tr", NULL);
    html_open(h, "th", "scope", "col", NULL);
    html_text(h, first ? "measured" : "and also");
    html_close(h, "th");
    html_open(h, "th", "scope", "col", "class", "axis", NULL);
    char *words = site_bound_words(s->side, s->bound, s->upper);
    html_open(h, "span", "class", "hidden", NULL);
    html_format(h, "each seed against the bound, %s%s", words,
                s->log ? ", on a logarithmic scale" : "");
    html_close(h, "span");
    free(words);
    draw_head(h, s);
    html_close(h, "th");
    html_leaf(h, "th", s->seeds > 1 ? "mean, 95 %" : "value", "scope", "col", "class",
              "number", NULL);
    html_close(h, "tr");
    html_close(h, "thead");
    html_open(h, "tbody", NULL);
    for (int r = 0; r < s->n; r++) write_row(h, site, s, &s->row[r]);
    html_close(h, "tbody");
    html_close(h, "table");
    for (int r = 0; r < s->n; r++) free(s->row[r].note);
}

void site_strips(Html *h, const Site *site, const Page *page, int claim)
{
    const Claim *c = &page->f->claims[claim];
    int seeds;
    Replicate *replicates = site_replicates(page->f, c, &seeds);
    Strips s = gather(c, -1, seeds, replicates);
    write_table(h, site, &s, true);
    for (int a = 0; a < COUNT(c->also) && c->also[a].value; a++) {
        s = gather(c, a, seeds, replicates);
        write_table(h, site, &s, false);
    }
    free(replicates);
}
