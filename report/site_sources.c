/* site_sources.c - every source, by author, with what it has become here. */
#include "report/citations.h"
#include "report/site.h"
#include <stdlib.h>
#include <string.h>

static int by_author(const void *a, const void *b)
{
    const Reference *p = *(const Reference *const *)a, *q = *(const Reference *const *)b;
    int order = strcasecmp(p->brief, q->brief);
    return order ? order : strcmp(p->key, q->key);
}

static bool cites(const Finding *f, const char *key)
{
    for (int i = 0; i < f->n_cites; i++)
        if (!strcmp(f->cites[i], key)) return true;
    return false;
}

static bool entry_names(const OutlineRow *row, const char *key)
{
    for (int i = 0; i < row->n_keys; i++)
        if (!strcmp(row->keys[i], key)) return true;
    return false;
}

/* The findings that the outline or their own declaration ties to the source. */
static int serving(Html *h, const Site *site, const char *key)
{
    int n = 0;
    for (int i = 0; i < site->suite->n; i++) {
        const Finding *f = &site->suite->findings[i];
        bool serves = cites(f, key);
        for (int r = 0; r < site->outline->n && !serves; r++)
            serves = entry_names(&site->outline->rows[r], key) &&
                     outline_serves(&site->outline->rows[r], f->id);
        if (!serves) continue;
        char *href = text_format("%s.html", f->id);
        html_text(h, n++ ? ", " : "→ ");
        html_leaf(h, "a", f->title ? f->title : f->id, "href", href, NULL);
        free(href);
    }
    return n;
}

/* What became of it: findings, a page that answers it, its role, or why it is open. */
static void fate(Html *h, const Site *site, const Reference *r)
{
    html_open(h, "span", "class", "fate", NULL);
    int n = serving(h, site, r->key);
    const char *role = citations_role(r);
    if (!strcmp(r->key, "leavitt2020falsifiable")) {
        html_text(h, n++ ? ", " : "→ ");
        html_leaf(h, "a", "How claims are judged", "href", "methodology.html", NULL);
    }
    for (int i = 0; i < site->outline->n && !n; i++) {
        const OutlineRow *row = &site->outline->rows[i];
        if (row->kind != OUTLINE_ENTRY || !entry_names(row, r->key)) continue;
        html_open(h, "span", "class", "soft", NULL);
        html_format(h, "%s; ", outline_origin(row->origin));
        site_open_reason(h, row);
        html_close(h, "span");
        n++;
    }
    if (!n && *role) html_leaf(h, "span", role, "class", "soft", NULL);
    html_close(h, "span");
}

static void source(Html *h, const Site *site, const Reference *r)
{
    html_open(h, "li", "id", r->key, NULL);
    if (*r->authors) html_format(h, "%s. ", r->authors);
    html_leaf(h, r->url ? "a" : "i", r->title, "href", r->url, NULL);
    html_text(h, ". ");
    if (*r->venue) {
        html_leaf(h, "i", r->venue, NULL);
        html_text(h, *r->date ? ", " : ".");
    }
    if (*r->date) html_format(h, "%s.", r->date);
    html_text(h, " ");
    html_leaf(h, "code", r->key, "class", "key", NULL);
    html_void(h, "br", NULL);
    fate(h, site, r);
    html_close(h, "li");
}

void site_put_sources(Site *site)
{
    Html h = { 0 };
    const Bibliography *b = site->sources;
    const Reference **order = alloc((size_t)b->n + 1, sizeof *order);
    for (int i = 0; i < b->n; i++) order[i] = &b->references[i];
    qsort(order, (size_t)b->n, sizeof *order, by_author);
    site_begin(&h, "Sources · Glassbox", "Every source, with the findings that serve it.",
               "sources-page", "sources.html");
    html_open(&h, "div", "class", "title-block", NULL);
    html_leaf(&h, "h1", "Sources", NULL);
    html_open(&h, "p", "class", "lead", NULL);
    html_format(&h,
                "All %d sources that the map, the findings and the program cite, by "
                "first author, each with what became of it here.",
                b->n);
    html_close(&h, "p");
    html_close(&h, "div");
    html_open(&h, "ul", "class", "sources", NULL);
    for (int i = 0; i < b->n; i++) source(&h, site, order[i]);
    html_close(&h, "ul");
    site_end(&h, site);
    site_put_page(site, "sources.html", NULL, &h);
    free(order);
}
