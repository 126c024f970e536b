/* site_finding.c - the page of one finding.
 *
 * First screen: what was found, the claims with their verdicts, the main chart. Then the
 * article, then what a reader who wants to check needs: what carries over, how to repeat
 * it, the files, where the numbers come from. A finding that is broken or was never run
 * has the same page with the reason in the place of what is missing. */
#include "report/adapt.h"
#include "report/site.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- opening --------------------------------------------------------------------- */

static void crumbs(Html *h, const Site *site, const Finding *f)
{
    const OutlineRow *row = site_heading(site, f);
    if (!row) return;
    const char *levels[] = { row->part, row->section, row->subsection };
    html_open(h, "p", "class", "crumbs", NULL);
    html_leaf(h, "a", "Map", "href", "index.html", NULL);
    for (int i = 0; i < COUNT(levels); i++) {
        if (!*levels[i]) continue;
        char *anchor = site_anchor(row->part, i > 0 ? row->section : "",
                                   i > 1 ? row->subsection : "");
        char *href = text_format("index.html#%s", anchor);
        html_text(h, " › ");
        html_leaf(h, "a", levels[i], "href", href, NULL);
        free(anchor), free(href);
    }
    html_close(h, "p");
}

static void cited(Html *h, const Site *site, const char *const *keys, int n)
{
    for (int i = 0; i < n; i++) {
        if (i) html_text(h, ", ");
        site_prose(h, site, keys[i]);
    }
}

static void facts(Html *h, const Site *site, const Page *page)
{
    const Finding *f = page->f;
    html_open(h, "p", "class", "facts", NULL);
    html_format(h, "%d claim%s · %d seed%s · ", f->n_claims, f->n_claims == 1 ? "" : "s",
                f->seeds, f->seeds == 1 ? "" : "s");
    char *cost = site_seconds(site_cost(f));
    html_format(h, "%s a seed", cost);
    free(cost);
    if (f->n_cites) {
        html_text(h, " · after ");
        cited(h, site, (const char *const *)f->cites, f->n_cites);
    }
    html_void(h, "br", NULL);
    char *here = standing_sentence(&page->here, f);
    html_leaf(h, "span", here, "class", "standing", NULL);
    free(here);
    html_close(h, "p");
}

static void banner(Html *h, const char *title, const char *text)
{
    html_open(h, "div", "class", "banner", "role", "note", NULL);
    html_leaf(h, "strong", title, NULL);
    html_format(h, " %s", text);
    html_close(h, "div");
}

static void banners(Html *h, const Page *page)
{
    const Finding *f = page->f;
    if (f->broken) banner(h, "Broken.", f->broken);
    else if (page->trouble) banner(h, "The article cannot be woven.", page->trouble);
    int seeds = 0;
    if (!f->broken) free(suite_replicates(f, false, &seeds));
    if (!f->broken && !seeds)
        banner(h, "Not run.",
               "No values have been published and none were computed here, so nothing "
               "on this page is judged.");
    else if (page->here.kind == STANDING_DIFFERS)
        banner(h, "Not the published bits.", page->here.why);
    else if (page->here.kind == STANDING_OTHER_INPUTS)
        banner(h, "Other inputs.", page->here.why);
}

/* --- claims and main chart ------------------------------------------------------- */

/* Rough heights [px] at the width of a column, for balancing the two. */
enum { CHART = 390, CARD = 155, LINE = 25, CONTROL_ROW = 45, ALSO = 55, LEAD_LINE = 28 };

static int lines(const char *text, int letters)
{
    return text ? 1 + (int)strlen(text) / letters : 0;
}

static int card_height(const Claim *c)
{
    int controls = 0;
    while (controls < COUNT(c->controls) && c->controls[controls].value) controls++;
    int rows = controls + (c->reference_key != NULL);
    int height = CARD + LINE * lines(c->text, 56) + CONTROL_ROW * rows;
    if (c->why) height += LINE * (lines(c->why, 68) + 1) - LINE / 2;
    for (int a = 0; a < COUNT(c->also) && c->also[a].value; a++)
        height += ALSO + CONTROL_ROW * controls;
    return height;
}

/* The drawing once more, so its ids get a prefix of their own: every id of a chart starts
 * with "FINDING-CHART-". */
static void hero(Html *h, const Page *page)
{
    const Chart *chart = site_main_chart(page);
    if (!chart) return;
    char *href = text_format("#%s", chart->id),
         *prefix = text_format("%s-%s-", page->f->id, chart->id);
    html_open(h, "figure", "class", "chart hero", NULL);
    const char *rest = chart->svg;
    for (const char *at; (at = strstr(rest, prefix)) != NULL;
         rest = at + strlen(prefix)) {
        buffer_add(&h->out, rest, (size_t)(at - rest));
        html_raw(h, "main-");
    }
    html_raw(h, rest);
    html_open(h, "figcaption", NULL);
    html_leaf(h, "a", chart->caption, "href", href, NULL);
    html_close(h, "figcaption");
    html_close(h, "figure");
    free(href), free(prefix);
}

/* Where the article's first paragraph ends; 0: it does not begin with one. */
static size_t opening_length(const Page *page)
{
    const char *html = page->article ? page->article->html : "";
    const char *end = strncmp(html, "<p>", 3) ? NULL : strstr(html, "</p>");
    return end ? (size_t)(end - html) + strlen("</p>") : 0;
}

/* The first paragraph says what was found, so it opens the page and not the article. */
static void opening(Html *h, const Page *page)
{
    size_t n = opening_length(page);
    if (!n) return;
    html_open(h, "div", "class", "lead", NULL);
    buffer_add(&h->out, page->article->html, n);
    html_close(h, "div");
}

static void article(Html *h, const Page *page)
{
    if (!page->article) return;
    char *noted = adapt_notes(page->article->html + opening_length(page)),
         *html = adapt_formulas(noted);
    html_open(h, "article", NULL);
    html_raw(h, html);
    html_close(h, "article");
    free(noted), free(html);
}

static int opening_height(const Page *page)
{
    char *html = page->article
                     ? text_format("%.*s", (int)opening_length(page), page->article->html)
                     : text_copy(""),
         *text = site_plain_text(html);
    int height = *html ? LEAD_LINE * lines(text, 56) : 0;
    free(html), free(text);
    return height;
}

/* Opening and claims fill the left column, then the space below the chart on the
 * right. */
static int claims_on_the_left(const Page *page)
{
    const Finding *f = page->f;
    int left = opening_height(page), n = 0;
    int total = left + (site_main_chart(page) ? CHART : 0);
    for (int i = 0; i < f->n_claims; i++) total += card_height(&f->claims[i]);
    while (n < f->n_claims && left + card_height(&f->claims[n]) / 2 < total / 2)
        left += card_height(&f->claims[n++]);
    return n;
}

static void overview(Html *h, Site *site, const Page *page)
{
    const Finding *f = page->f;
    int left = claims_on_the_left(page);
    html_open(h, "section", "class", "overview", "aria-label", "Claims", NULL);
    html_open(h, "div", "class", "column", NULL);
    opening(h, page);
    for (int i = 0; i < left; i++) site_claim_card(h, site, page, i);
    html_close(h, "div");
    html_open(h, "div", "class", "column", NULL);
    hero(h, page);
    for (int i = left; i < f->n_claims; i++) site_claim_card(h, site, page, i);
    html_close(h, "div");
    html_close(h, "section");
}

/* --- after the article ----------------------------------------------------------- */

static void carries(Html *h, Site *site, const Finding *f)
{
    static const char *const names[] = { "Source setting", "Here", "What carries over",
                                         "What does not" };
    bool any = false;
    for (int i = 0; i < COUNT(names); i++) any = any || f->carries[i];
    if (!any) return;
    html_leaf(h, "h2", "From the source to here", "class", "hidden", NULL);
    html_open(h, "div", "class", "carries wide", "id", "carries-over", NULL);
    for (int i = 0; i < COUNT(names); i++) {
        char *text = f->carries[i] ? site_woven(site, f, f->carries[i]) : text_copy("–");
        html_open(h, "div", NULL);
        html_leaf(h, "h3", names[i], NULL);
        html_open(h, "p", NULL);
        site_prose(h, site, text);
        html_close(h, "p");
        html_close(h, "div");
        free(text);
    }
    html_close(h, "div");
}

static void command(Html *h, const char *line, const char *what)
{
    html_leaf(h, "p", what, "class", "label", NULL);
    html_open(h, "div", "class", "command", NULL);
    html_leaf(h, "pre", line, "class", "command", "tabindex", "0", NULL);
    html_close(h, "div");
}

static void repeat_it(Html *h, const Finding *f)
{
    char *cost = site_seconds(site_cost(f)), *all = site_seconds(f->seeds * site_cost(f)),
         *line = text_format("make report ONLY=%s", f->id),
         *every = text_format("make report ONLY=%s SEEDS=all", f->id),
         *unit = text_format("build/unit/%s --seed 1 --out result --inputs build/inputs",
                             f->id),
         *ram = site_memory(f), *one = text_format("seed 1: %s%s", cost, ram),
         *many = text_format("seeds 1 to %d: %s", f->seeds, all);
    html_leaf(h, "h2", "Repeat it", "id", "repeat-it", NULL);
    command(h, line, one);
    if (f->seeds > 1) command(h, every, many);
    command(h, unit, "the computation alone, once make has built it");
    if (f->n_needs) {
        html_open(h, "p", NULL);
        html_text(h, "It reads what these findings leave, which make runs first: ");
        for (int i = 0; i < f->n_needs; i++) {
            char *href = text_format("%s.html", f->needs[i]);
            html_text(h, i ? ", " : "");
            html_leaf(h, "a", f->needs[i], "href", href, NULL);
            free(href);
        }
        html_text(h, ".");
        html_close(h, "p");
    }
    free(cost), free(all), free(line), free(every), free(unit), free(ram), free(one);
    free(many);
}

static void downloads(Html *h, const Site *site, const Finding *f)
{
    html_leaf(h, "h2", "Files", "id", "files", NULL);
    html_open(h, "div", "class", "scroll wide", "tabindex", "0", "role", "region",
              "aria-label", "Files", NULL);
    html_open(h, "table", "class", "facts-table", NULL);
    html_open(h, "thead", NULL);
    html_open(h, "tr", NULL);
    html_leaf(h, "th", "file", "scope", "col", NULL);
    html_leaf(h, "th", "what it is", "scope", "col", NULL);
    html_leaf(h, "th", "bytes", "scope", "col", "class", "number", NULL);
    html_leaf(h, "th", "SHA-256", "scope", "col", NULL);
    html_close(h, "tr");
    html_close(h, "thead");
    html_open(h, "tbody", NULL);
    for (int i = 0; i < site->n_files; i++) {
        const SiteFile *file = &site->files[i];
        if (file->f != f || !file->what) continue;
        html_open(h, "tr", NULL);
        html_open(h, "th", "scope", "row", NULL);
        html_leaf(h, "a", file->path + strlen("data/") + strlen(f->id) + 1, "href",
                  file->path, NULL);
        html_close(h, "th");
        html_leaf(h, "td", file->what, NULL);
        html_open(h, "td", "class", "number", NULL);
        html_format(h, "%zu", file->size);
        html_close(h, "td");
        html_leaf(h, "td", file->hash.hex, "class", "hash", NULL);
        html_close(h, "tr");
    }
    html_close(h, "tbody");
    html_close(h, "table");
    html_close(h, "div");
}

/* --- page ------------------------------------------------------------------------ */

static void contents(Html *h, const Page *page)
{
    static const char *const ends[][2] = { { "repeat-it", "Repeat it" },
                                           { "files", "Files" },
                                           { "provenance", "Provenance" } };
    html_open(h, "nav", "class", "toc", "aria-label", "Contents", NULL);
    html_leaf(h, "p", "Contents", NULL);
    if (page->article && page->article->toc) html_raw(h, page->article->toc);
    html_open(h, "ol", NULL);
    for (int i = 0; i < COUNT(ends); i++) {
        char *href = text_format("#%s", ends[i][0]);
        html_open(h, "li", NULL);
        html_leaf(h, "a", ends[i][1], "href", href, NULL);
        html_close(h, "li");
        free(href);
    }
    html_close(h, "ol");
    html_close(h, "nav");
}

static void cite_charts(Html *h, const Site *site, const Page *page)
{
    html_leaf(h, "h2", "Cite", "id", "cite", NULL);
    html_open(h, "ul", "class", "citations", NULL);
    html_open(h, "li", NULL);
    html_text(h, "The finding");
    Citation all = cite_finding(&site->work, page->f);
    site_citation(h, " the finding", &all);
    cite_free(&all);
    html_close(h, "li");
    for (int i = 0; page->article && i < page->article->n_charts; i++) {
        const Chart *chart = &page->article->charts[i];
        Citation c = cite_chart(&site->work, page->f, chart->id, chart->caption);
        char *href = text_format("#%s", chart->id), *what = text_format(" %s", chart->id);
        html_open(h, "li", NULL);
        html_leaf(h, "a", chart->caption, "href", href, NULL);
        site_citation(h, what, &c);
        html_close(h, "li");
        cite_free(&c), free(href), free(what);
    }
    html_close(h, "ul");
}

void site_put_finding(Site *site, Page *page)
{
    const Finding *f = page->f;
    Html h = { 0 };
    const char *name = f->title ? f->title : f->id;
    const char *lead = page->article ? page->article->lead : NULL;
    char *title = text_format("%s · Glassbox", name),
         *path = text_format("%s.html", f->id);
    site_begin(&h, title, lead ? lead : name, "finding", path);
    crumbs(&h, site, f);
    html_open(&h, "div", "class", "title-block", NULL);
    html_leaf(&h, "h1", page->article ? page->article->title : name, NULL);
    if (!f->broken) facts(&h, site, page);
    html_close(&h, "div");
    banners(&h, page);
    if (!f->broken) {
        overview(&h, site, page);
        html_open(&h, "div", "class", "article-frame", NULL);
        contents(&h, page);
        article(&h, page);
        carries(&h, site, f);
        repeat_it(&h, f);
        cite_charts(&h, site, page);
        downloads(&h, site, f);
        site_provenance(&h, f);
        html_close(&h, "div");
    } else downloads(&h, site, f);
    site_end(&h, site);
    site_put_page(site, path, f, &h);
    free(title), free(path);
}
