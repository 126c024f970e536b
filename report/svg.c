/* svg.c - one pass over the tags of an SVG.
 *
 * gnuplot writes a file for itself: a fixed palette, black axes, ids that are the same
 * in every file, a dozen point symbols whether used or not. A page needs the opposite.
 * The alternative, a DOM, would need an XML library for what is a rewriting of
 * attributes: we copy tag after tag, rename, recolour and leave out.
 *
 * Colours: each colour of a line style has a name. On lines and areas it becomes
 * var(--c1), in text var(--k1), the same hue dark enough to read. Black is the ink of
 * the page. Every other colour stays, since it can only come from a palette (heat
 * maps). */
#include "report/svg.h"
#include "report/html.h"
#include "report/tags.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 32, MAX_USED = 32 };

/* The line styles of report/assets/chart.gp. */
static const struct {
    unsigned rgb;
    const char *line, *text;
} colours[] = {
    { 0x0072b2, "var(--c1)", "var(--k1)" },
    { 0xd55e00, "var(--c2)", "var(--k2)" },
    { 0x009e73, "var(--c3)", "var(--k3)" },
    { 0xcc79a7, "var(--c4)", "var(--k4)" },
    { 0xe69f00, "var(--c5)", "var(--k5)" },
    { 0x56b4e9, "var(--c6)", "var(--k6)" },
    { 0x777777, "var(--quiet)", "var(--quiet)" },
    { 0xcccccc, "var(--grid)", "var(--grid)" },
    { 0x000000, "currentColor", "currentColor" },
};

typedef struct {
    Buffer out;
    const char *prefix;
    const char *used[MAX_USED]; /* ids that something refers to */
    size_t used_n[MAX_USED];
    int n_used;
    struct {
        size_t at;    /* where its tag begins in out */
        bool written; /* false: its tags were left out */
        bool drop;    /* nothing but space inside: the element goes */
    } open[MAX_DEPTH];
    int depth;
    char *error;
} Rewriter;

static void fail(Rewriter *r, const char *what)
{
    if (!r->error) r->error = text_copy(what);
}

/* --- colours ---------------------------------------------------------------------- */

/* "rgb( 12, 3,4)", "#0c0304" or "black" as a number; false: another kind of paint. */
static bool read_colour(const char *s, size_t n, unsigned *rgb)
{
    unsigned r, g, b;
    char copy[40];
    if (n >= sizeof copy) return false;
    memcpy(copy, s, n);
    copy[n] = 0;
    if (!strcmp(copy, "black")) *rgb = 0;
    else if (sscanf(copy, " rgb( %u , %u , %u", &r, &g, &b) == 3)
        *rgb = r << 16 | g << 8 | b;
    else return n == 7 && sscanf(copy, "#%6x", rgb) == 1;
    return true;
}

static bool is_paint(const Attribute *a)
{
    static const char *const paints[] = { "fill", "stroke", "color" };
    for (int i = 0; i < COUNT(paints); i++)
        if (tags_named(a, paints[i])) return true;
    return false;
}

/* The paint in the page's terms; NULL: it stays as it is. A black area may be a value
 * of a palette, a black line is ink. */
static const char *recoloured(const Tag *t, const Attribute *a)
{
    unsigned rgb;
    if (a->value_n == 5 && !strncmp(a->value, "white", 5)) return "var(--paper)";
    if (!read_colour(a->value, a->value_n, &rgb)) return NULL;
    if (!rgb && tags_is(t, "polygon") && a->value_n > 5) return NULL;
    for (int i = 0; i < COUNT(colours); i++)
        if (colours[i].rgb == rgb)
            return tags_find(t, "font-size") ? colours[i].text : colours[i].line;
    return NULL;
}

/* --- writing ---------------------------------------------------------------------- */

/* gnuplot's coordinates have two decimals for a canvas that is 640 wide: trailing zeros
 * and double spaces are a tenth of the file. */
static void put_value(Buffer *b, const char *s, size_t n)
{
    while (n && isspace((unsigned char)s[n - 1])) n--;
    for (size_t i = 0; i < n; i++) {
        bool space = isspace((unsigned char)s[i]);
        if (space && (i == 0 || isspace((unsigned char)s[i - 1]))) continue;
        buffer_add(b, space ? " " : s + i, 1);
    }
}

static bool is_dropped(const Tag *t, const Attribute *a)
{
    static const char *const dropped[] = { "font-family", "style", "xmlns:xlink" };
    for (int i = 0; i < COUNT(dropped); i++)
        if (tags_named(a, dropped[i])) return true;
    /* A group's colour would hide the page's from currentColor. */
    return tags_named(a, "color") && tags_is(t, "g");
}

static void put_attribute(Rewriter *r, const Tag *t, const Attribute *a)
{
    if (is_dropped(t, a)) return;
    Buffer *b = &r->out;
    const char *paint = is_paint(a) ? recoloured(t, a) : NULL;
    bool href = tags_named(a, "xlink:href");
    if (href) buffer_put(b, " href=\"");
    else buffer_format(b, " %.*s=\"", (int)a->name_n, a->name);
    if (paint) {
        buffer_put(b, paint);
    } else if (tags_named(a, "id")) {
        buffer_format(b, "%s-%.*s", r->prefix, (int)a->value_n, a->value);
    } else if (href && *a->value == '#') {
        buffer_format(b, "#%s-%.*s", r->prefix, (int)a->value_n - 1, a->value + 1);
    } else if (!strncmp(a->value, "url(#", 5)) {
        buffer_format(b, "url(#%s-%.*s", r->prefix, (int)a->value_n - 5, a->value + 5);
    } else {
        if (href) fail(r, "it refers to another file, expected \"with image pixels\"");
        put_value(b, a->value, a->value_n);
    }
    buffer_put(b, "\"");
}

static void put_tag(Rewriter *r, const Tag *t)
{
    buffer_format(&r->out, "<%.*s", (int)t->name_n, t->name);
    for (int i = 0; i < t->n; i++) put_attribute(r, t, &t->attribute[i]);
    buffer_put(&r->out, t->empty ? "/>" : ">");
}

static bool is_blank(const char *s) { return s[strspn(s, " \t\r\n")] == 0; }

static void open_element(Rewriter *r, const Tag *t)
{
    if (r->depth == MAX_DEPTH) {
        fail(r, "its elements are nested too deeply");
        return;
    }
    size_t at = r->out.n;
    put_tag(r, t);
    bool bare = tags_is(t, "tspan") && r->out.s[r->out.n - 1] == '>' &&
                r->out.n - at == strlen("<tspan>");
    if (bare) r->out.s[r->out.n = at] = 0;
    r->open[r->depth].at = at;
    r->open[r->depth].written = !bare;
    r->open[r->depth++].drop = tags_is(t, "g") || tags_is(t, "defs");
}

static void close_element(Rewriter *r, const Tag *t)
{
    if (!r->depth) {
        fail(r, "an element is closed that was not opened");
        return;
    }
    r->depth--;
    size_t at = r->open[r->depth].at;
    if (!r->open[r->depth].written) return;
    const char *inside = strchr(r->out.s + at, '>') + 1;
    if (r->open[r->depth].drop && is_blank(inside)) r->out.s[r->out.n = at] = 0;
    else buffer_format(&r->out, "</%.*s>", (int)t->name_n, t->name);
}

/* --- which symbols are needed ----------------------------------------------------- */

static bool is_used(const Rewriter *r, const Attribute *id)
{
    for (int i = 0; i < r->n_used; i++)
        if (r->used_n[i] == id->value_n && !strncmp(r->used[i], id->value, id->value_n))
            return true;
    return false;
}

static void add_use(Rewriter *r, const char *id)
{
    Attribute a = { .value = id, .value_n = strcspn(id, "'\")") };
    if (is_used(r, &a) || r->n_used == MAX_USED) return;
    r->used[r->n_used] = id;
    r->used_n[r->n_used++] = a.value_n;
}

/* References in the drawing, then those of the symbols that they name, which gnuplot
 * defines before their users: one walk back through the definitions suffices. */
static void find_uses(Rewriter *r, const char *svg)
{
    const char *defs = strstr(svg, "<defs>"),
               *body = defs ? strstr(defs, "</defs>") : svg;
    for (const char *p = body; p && (p = strstr(p, "href='#")) != NULL; p++)
        add_use(r, p + strlen("href='#"));
    if (!defs || !body) return;
    for (int known = 0; known < r->n_used; known++)
        for (const char *p = defs; (p = strstr(p, "href='#")) != NULL && p < body; p++) {
            const char *id = strstr(p, "id='");
            Attribute user = { .value = id ? id + 4 : "", .value_n = 0 };
            user.value_n = strcspn(user.value, "'");
            if (id && is_used(r, &user)) add_use(r, p + strlen("href='#"));
        }
}

/* --- the pass --------------------------------------------------------------------- */

static void put_head(Rewriter *r, const Tag *t, const char *title,
                     const char *description)
{
    const Attribute *box = tags_find(t, "viewBox");
    if (!box) {
        fail(r, "it has no viewBox, expected \"set term svg dynamic\"");
        return;
    }
    Buffer *b = &r->out;
    buffer_format(b,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"%.*s\" "
                  "class=\"drawing\" role=\"img\">\n<title>",
                  (int)box->value_n, box->value);
    html_escape(b, title, strlen(title));
    buffer_put(b, "</title>\n<desc>");
    html_escape(b, description, strlen(description));
    buffer_put(b, "</desc>\n");
}

/* Elements that are left out with all they hold. */
static bool is_left_out(const Rewriter *r, const Tag *t, bool in_defs)
{
    const Attribute *id = tags_find(t, "id"), *fill = tags_find(t, "fill");
    if (tags_is(t, "title") || tags_is(t, "desc") || tags_is(t, "filter")) return true;
    if (in_defs && id) return !is_used(r, id);
    /* the discs that gnuplot lays under the points of error bars */
    if (tags_is(t, "use") && tags_has(t, "color", "white")) return true;
    return tags_is(t, "rect") && fill && !tags_find(t, "stroke") &&
           !strncmp(fill->value, "none", 4);
}

static void put_text(Rewriter *r, const char *from, const char *to)
{
    Buffer text = { 0 };
    buffer_add(&text, from, (size_t)(to - from));
    if (is_blank(text.s)) {
        /* one newline keeps the file readable */
        if (r->out.n && r->out.s[r->out.n - 1] != '\n' && strchr(text.s, '\n'))
            buffer_put(&r->out, "\n");
    } else {
        buffer_put(&r->out, text.s);
    }
    free(text.s);
}

static void rewrite(Rewriter *r, const char *p, const char *title,
                    const char *description)
{
    bool in_defs = false;
    while (p && *p && !r->error) {
        if (*p != '<') {
            const char *end = p + strcspn(p, "<");
            put_text(r, p, end);
            p = end;
            continue;
        }
        if (p[1] == '!' || p[1] == '?') {
            p = strchr(p, '>');
            p = p ? p + 1 : NULL;
            continue;
        }
        Tag t;
        p = tags_read(p, &t);
        if (!p) break;
        if (tags_is(&t, "defs")) in_defs = !t.closing;
        if (t.closing && tags_is(&t, "svg")) {
            buffer_put(&r->out, "</svg>\n");
            return;
        }
        if (t.closing) close_element(r, &t);
        else if (tags_is(&t, "svg")) put_head(r, &t, title, description);
        else if (is_left_out(r, &t, in_defs)) p = tags_skip(p, &t);
        else if (t.empty) put_tag(r, &t);
        else open_element(r, &t);
    }
    fail(r, "its SVG ends too early");
}

char *svg_inline(const char *svg, const char *prefix, const char *title,
                 const char *description, char **error)
{
    Rewriter r = { .prefix = prefix };
    const char *start = strstr(svg, "<svg");
    buffer_put(&r.out, "");
    if (!start) fail(&r, "no SVG came out, expected a plot command");
    else find_uses(&r, start), rewrite(&r, start, title, description);
    if (!r.error) return r.out.s;
    free(r.out.s);
    *error = r.error;
    return NULL;
}

char *svg_alone(const char *inlined, const char *css)
{
    const char *body = strchr(inlined, '>') + 1;
    return text_format("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n%.*s\n"
                       "<style><![CDATA[\n%s]]></style>%s",
                       (int)(body - inlined), inlined, css, body);
}
