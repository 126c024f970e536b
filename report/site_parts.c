/* site_parts.c - what all pages have in common: frame, verdict words, prose, fragments.
 *
 * Longer prose of the site itself lies in report/assets/pages as HTML fragments with
 * {{marks}}: a writer edits it without meeting C, and every number in it is put there by
 * a mark. */
#include "report/site.h"
#include "core/base/file.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- frame ----------------------------------------------------------------------- */

static void nav_link(Html *h, const char *page, const char *text, const char *here)
{
    bool current = !strcmp(page, here);
    html_leaf(h, current ? "b" : "a", text, "href", current ? NULL : page, NULL);
}

void site_begin(Html *h, const char *title, const char *description, const char *kind,
                const char *here)
{
    html_raw(h, "<!DOCTYPE html>\n");
    html_open(h, "html", "lang", "en", NULL);
    html_open(h, "head", NULL);
    html_void(h, "meta", "charset", "utf-8", NULL);
    html_void(h, "meta", "name", "viewport", "content",
              "width=device-width, initial-scale=1", NULL);
    html_leaf(h, "title", title, NULL);
    html_void(h, "meta", "name", "description", "content", description, NULL);
    html_void(h, "link", "rel", "stylesheet", "href", "style.css", NULL);
    html_void(h, "link", "rel", "stylesheet", "href", "chart.css", NULL);
    html_void(h, "link", "rel", "stylesheet", "href", "code.css", NULL);
    html_leaf(h, "script", NULL, "src", "site.js", NULL);
    html_close(h, "head");
    html_open(h, "body", "class", kind, NULL);
    html_leaf(h, "a", "Skip to the content", "class", "skip", "href", "#main", NULL);

    html_open(h, "header", "class", "site-head", NULL);
    html_leaf(h, "a", "Glassbox", "class", "mark", "href", "index.html", NULL);
    html_open(h, "nav", "aria-label", "Site", NULL);
    nav_link(h, "index.html", "Map", here);
    nav_link(h, "methodology.html", "How claims are judged", here);
    nav_link(h, "sources.html", "Sources", here);
    html_close(h, "nav");
    /* Both need scripts, which reveal them. */
    html_open(h, "div", "class", "tools", NULL);
    html_open(h, "form", "class", "search", "role", "search", "hidden", "hidden", NULL);
    html_void(h, "input", "type", "search", "placeholder", "Search", "aria-label",
              "Search findings, claims and sources", "autocomplete", "off", NULL);
    html_leaf(h, "ol", NULL, "hidden", "hidden", "aria-label", "Search results", NULL);
    html_leaf(h, "span", NULL, "class", "hidden", "role", "status", NULL);
    html_close(h, "form");
    html_leaf(h, "button", "Theme: auto", "type", "button", "class", "theme", "hidden",
              "hidden", NULL);
    html_close(h, "div");
    html_close(h, "header");
    html_open(h, "main", "id", "main", NULL);
}

void site_end(Html *h, const Site *site)
{
    html_close(h, "main");
    html_open(h, "footer", "class", "site-foot", NULL);
    html_open(h, "p", NULL);
    html_text(h, "Code MIT, text and figures CC-BY-4.0, outputs CC0-1.0. For machines: ");
    html_leaf(h, "a", "index.json", "href", "index.json", NULL);
    html_text(h, " with its ");
    html_leaf(h, "a", "schema", "href", "index.schema.json", NULL);
    html_text(h, ", ");
    html_leaf(h, "a", "SHA256SUMS", "href", "SHA256SUMS", NULL);
    html_text(h, " of this site, ");
    html_leaf(h, "a", "SHA256SUMS", "href", "data/SHA256SUMS", NULL);
    html_text(h, " of all values, ");
    html_leaf(h, "a", "badge", "href", "badge.svg", NULL);
    html_text(h, ".");
    html_close(h, "p");
    html_open(h, "p", NULL);
    html_text(h, "The map mirrors headings, order and links of the wiki page ");
    const Reference *wiki = bibliography_find(site->sources, "gisaxs2024understanding");
    html_leaf(h, wiki && wiki->url ? "a" : "i", "AI understanding", "href",
              wiki ? wiki->url : NULL, NULL);
    html_text(h, " (GISAXS wiki, revision of 25 November 2024); every sentence here is "
                 "our own.");
    html_close(h, "p");
    html_close(h, "footer");
    html_close(h, "body");
    html_close(h, "html");
}

/* --- verdicts -------------------------------------------------------------------- */

/* Glyph, word and class; the last row is a number that has no bound. */
static const struct {
    const char *glyph, *word, *kind;
} verdicts[] = {
    [HOLDS] = { "✓", "HOLDS", "v-holds" },
    [REFUTED] = { "✗", "REFUTED", "v-refuted" },
    [MIXED] = { "◐", "MIXED", "v-mixed" },
    [BLIND] = { "≈", "BLIND", "v-blind" },
    [VOID] = { "∅", "VOID", "v-void" },
    [NOT_RUN] = { "–", "NOT RUN", "v-not-run" },
    [NOT_RUN + 1] = { "#", "NUMBER", "v-number" },
};

static int verdict_row(const Claim *c, const Judgement *j)
{
    bool number = !c->side && j->seeds > 0;
    return number ? NOT_RUN + 1 : (int)j->verdict;
}

const char *site_word(const Claim *c, const Judgement *j)
{
    return verdicts[verdict_row(c, j)].word;
}

void site_verdict(Html *h, const Claim *c, const Judgement *j)
{
    int row = verdict_row(c, j);
    char *kind = text_format("verdict %s", verdicts[row].kind);
    html_open(h, "span", "class", kind, NULL);
    html_leaf(h, "span", verdicts[row].glyph, "class", "glyph", "aria-hidden", "true",
              NULL);
    html_text(h, verdicts[row].word);
    html_close(h, "span");
    free(kind);
}

int site_count(const Finding *f, Verdict verdict, int *numbers)
{
    int n = 0;
    for (int i = 0; i < f->n_claims && f->judged; i++) {
        int row = verdict_row(&f->claims[i], &f->judged[i]);
        if (row == (int)verdict) n++;
        if (numbers && row == NOT_RUN + 1) ++*numbers;
    }
    return n;
}

/* --- numbers and bounds ---------------------------------------------------------- */

void site_number(Html *h, double x)
{
    char *text = weave_number(x, NULL);
    html_text(h, text);
    free(text);
}

/* `form` holds one %s, or two for an interval. */
static char *bound_text(Side side, double bound, double upper, const char *const forms[])
{
    char *low = weave_number(bound, "%.6g"), *high = weave_number(upper, "%.6g"), *text;
    if (side == WITHIN)
        text = text_format("%s%s%s%s", forms[WITHIN], low, forms[0], high);
    else text = text_format("%s%s", side ? forms[side] : "", side ? low : "");
    free(low), free(high);
    return text;
}

char *site_bound_words(Side side, double bound, double upper)
{
    static const char *const words[] = { " and ",      "at least ",  "at most ",
                                         "more than ", "less than ", "between " };
    return side ? bound_text(side, bound, upper, words) : text_copy("no bound");
}

char *site_bound_sign(Side side, double bound, double upper)
{
    /* No-break spaces: a bound does not leave its sign. */
    static const char *const signs[] = { " – ", "≥ ", "≤ ", "> ", "< ", "" };
    return bound_text(side, bound, upper, signs);
}

Replicate *site_replicates(const Finding *f, const Claim *c, int *n)
{
    return suite_replicates(f, c->variant && !strcmp(c->variant, "long"), n);
}

bool site_value(const Finding *f, const Claim *c, const char *name, Spread *out)
{
    int seeds, n = 0;
    Replicate *r = site_replicates(f, c, &seeds);
    double *x = alloc((size_t)seeds + 1, sizeof *x);
    for (int s = 0; s < seeds; s++) {
        const Value *v = verdict_value(&r[s], name);
        if (v && !v->absent) x[n++] = v->x;
    }
    if (n) {
        *out = (Spread){ stats_estimate(n, x), x[0], x[0] };
        for (int i = 1; i < n; i++) {
            if (x[i] < out->min) out->min = x[i];
            if (x[i] > out->max) out->max = x[i];
        }
    }
    free(x), free(r);
    return n > 0;
}

/* --- prose ----------------------------------------------------------------------- */

static size_t token_length(const char *s)
{
    size_t n = 0;
    while (isalnum((unsigned char)s[n]) ||
           (s[n] == '-' && isalnum((unsigned char)s[n + 1])))
        n++;
    return n;
}

static void citation(Html *h, const Reference *r)
{
    char *href = text_format("sources.html#%s", r->key);
    html_leaf(h, "a", r->brief, "href", href, NULL);
    free(href);
}

/* One token: a citation key becomes a link, all else is text. */
static void prose_token(Html *h, const Site *site, const char *s, size_t n)
{
    char *token = text_format("%.*s", (int)n, s);
    const Reference *r = bibliography_find(site->sources, token);
    if (r) citation(h, r);
    else html_text(h, token);
    free(token);
}

void site_prose(Html *h, const Site *site, const char *text)
{
    for (const char *s = text; *s;) {
        const char *end = *s == '`' ? strchr(s + 1, '`') : NULL;
        size_t n = token_length(s);
        bool bracket = !strncmp(s, "[@", 2);
        if (end) {
            char *code = text_format("%.*s", (int)(end - s - 1), s + 1);
            html_leaf(h, "code", code, NULL);
            free(code);
            s = end + 1;
        } else if (bracket && (end = strchr(s, ']')) != NULL) {
            html_text(h, "(");
            prose_token(h, site, s + 2, (size_t)(end - s - 2));
            html_text(h, ")");
            s = end + 1;
        } else if (n) {
            prose_token(h, site, s, n);
            s += n;
        } else {
            n = 1;
            while (s[n] && s[n] != '`' && s[n] != '[' && !isalnum((unsigned char)s[n]))
                n++;
            html_escape(&h->out, s, n);
            s += n;
        }
    }
}

char *site_woven(Site *site, const Finding *f, const char *text)
{
    char *error = NULL, *woven = weave_numbers(f, text, &error);
    if (woven) return woven;
    site_warn(site, error);
    free(error);
    return text_copy(text);
}

void site_fragment(Html *h, Site *site, const char *name,
                   void (*fill)(Html *, Site *, const char *))
{
    char *path = text_format("%s/report/assets/pages/%s", site->root, name);
    char *text = file_read(path, NULL);
    if (!text) {
        if (!site->error)
            site->error = text_format("%s:1:1: %s, expected a fragment of HTML", path,
                                      strerror(errno));
        free(path);
        return;
    }
    char *rest = text;
    for (char *mark; (mark = strstr(rest, "{{")) != NULL;) {
        char *end = strstr(mark, "}}");
        require(end, "%s: a mark is never closed", path);
        *mark = *end = 0;
        html_raw(h, rest);
        fill(h, site, mark + 2);
        rest = end + 2;
    }
    html_raw(h, rest);
    free(text), free(path);
}

/* --- looking up ------------------------------------------------------------------ */

Page *site_page(const Site *site, const char *id)
{
    for (int i = 0; i < site->suite->n; i++)
        if (!strcmp(site->pages[i].f->id, id)) return &site->pages[i];
    return NULL;
}

const Chart *site_main_chart(const Page *page)
{
    for (int i = 0; page->article && i < page->article->n_charts; i++)
        if (page->article->charts[i].svg) return &page->article->charts[i];
    return NULL;
}

const OutlineRow *site_heading(const Site *site, const Finding *f)
{
    for (int i = 0; i < site->outline->n; i++) {
        const OutlineRow *r = &site->outline->rows[i];
        if (r->kind == OUTLINE_HEADING && f->section && !strcmp(r->folder, f->section))
            return r;
    }
    return NULL;
}

void site_open_reason(Html *h, const OutlineRow *row)
{
    bool planned = !strncmp(row->reason, "planned", strlen("planned"));
    html_format(h, planned ? "open, %s" : "open: %s", row->reason);
}

void site_warn(Site *site, const char *message)
{
    site->warnings++;
    fprintf(stderr, "site: %s\n", message);
}

char *site_anchor(const char *part, const char *section, const char *subsection)
{
    const char *levels[] = { part, section, subsection };
    Buffer b = { 0 };
    buffer_put(&b, "");
    for (int i = 0; i < COUNT(levels); i++)
        for (const char *s = levels[i]; *s; s++) {
            bool start = s == levels[i], letter = isalnum((unsigned char)*s);
            bool dash = b.n && b.s[b.n - 1] != '-' && (start || !letter);
            if (dash) buffer_put(&b, "-");
            char c = (char)tolower((unsigned char)*s);
            if (letter) buffer_add(&b, &c, 1);
        }
    while (b.n && b.s[b.n - 1] == '-') b.s[--b.n] = 0;
    return b.s;
}
