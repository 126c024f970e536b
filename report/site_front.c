/* site_front.c - the front page: a map of the field.
 *
 * Parts, sections and entries stand in the order of the mirrored page, done or open, so
 * that a gap is as visible as a result. Findings show their main chart under the heading
 * to which they belong; an entry says what became of it. */
#include "report/site.h"
#include <stdlib.h>
#include <string.h>

/* In this order, as far as they exist: each needs only what those before it explain. */
static const char *const start_here[] = { "king-queen",        "toy-superposition",
                                          "induction-heads",   "grokked-addition",
                                          "layer-surgery",     "belief-fractal",
                                          "sushi-pizza",       "criticality",
                                          "associative-memory" };
enum { START_AT_MOST = 6 };

/* --- scoreboard ------------------------------------------------------------------ */

static bool in_part(const Site *site, const Finding *f, const char *part)
{
    const OutlineRow *row = site_heading(site, f);
    return !part || (row && !strcmp(row->part, part));
}

static void count_cell(Html *h, int n)
{
    html_open(h, "td", "class", n ? "number" : "number nil", NULL);
    html_format(h, "%d", n);
    html_close(h, "td");
}

/* part NULL: the sum over all. */
static void score_row(Html *h, const Site *site, const char *part)
{
    int verdict[NOT_RUN + 1] = { 0 }, numbers = 0, findings = 0, claims = 0;
    for (int i = 0; i < site->suite->n; i++) {
        const Finding *f = &site->suite->findings[i];
        if (!in_part(site, f, part)) continue;
        findings++;
        claims += f->n_claims;
        for (int v = 0; v <= NOT_RUN; v++)
            verdict[v] += site_count(f, (Verdict)v, v ? NULL : &numbers);
    }
    html_open(h, "tr", NULL);
    html_leaf(h, "th", part ? part : "All", "scope", "row", NULL);
    count_cell(h, findings);
    count_cell(h, claims);
    for (int v = 0; v <= NOT_RUN; v++) count_cell(h, verdict[v]);
    count_cell(h, numbers);
    html_close(h, "tr");
}

static bool has_entries(const Site *site, int part)
{
    const OutlineRow *rows = site->outline->rows;
    for (int i = part; i < site->outline->n; i++)
        if (rows[i].kind == OUTLINE_ENTRY && !strcmp(rows[i].part, rows[part].part))
            return true;
    return false;
}

/* Is this heading the first of its part? */
static bool opens_part(const Site *site, int row)
{
    for (int i = row - 1; i >= 0; i--)
        if (site->outline->rows[i].kind == OUTLINE_HEADING)
            return strcmp(site->outline->rows[i].part, site->outline->rows[row].part);
    return true;
}

static void scoreboard(Html *h, Site *site)
{
    html_open(h, "div", "class", "scroll", "tabindex", "0", "role", "region",
              "aria-label", "Claims by verdict and part", NULL);
    html_open(h, "table", "class", "scoreboard", NULL);
    html_open(h, "thead", NULL);
    html_open(h, "tr", NULL);
    html_leaf(h, "th", "Part", "scope", "col", NULL);
    html_leaf(h, "th", "findings", "scope", "col", "class", "number", NULL);
    html_leaf(h, "th", "claims", "scope", "col", "class", "number", NULL);
    const Claim judged = { .side = ABOVE }, plain = { 0 };
    for (int v = 0; v <= NOT_RUN + 1; v++) {
        Judgement j = { .verdict = v > NOT_RUN ? NOT_RUN : (Verdict)v, .seeds = 1 };
        html_open(h, "th", "scope", "col", "class", "number", NULL);
        site_verdict(h, v > NOT_RUN ? &plain : &judged, &j);
        html_close(h, "th");
    }
    html_close(h, "tr");
    html_close(h, "thead");
    html_open(h, "tbody", NULL);
    for (int i = 0; i < site->outline->n; i++) {
        const OutlineRow *row = &site->outline->rows[i];
        if (row->kind == OUTLINE_HEADING && opens_part(site, i) && has_entries(site, i))
            score_row(h, site, row->part);
    }
    html_close(h, "tbody");
    html_open(h, "tfoot", NULL);
    score_row(h, site, NULL);
    html_close(h, "tfoot");
    html_close(h, "table");
    html_close(h, "div");
}

/* --- start here, this machine ---------------------------------------------------- */

/* The main chart and a name, both one link to the finding. */
static void thumb_link(Html *h, const Page *page, const char *name)
{
    const Finding *f = page->f;
    const Chart *chart = site_main_chart(page);
    char *href = text_format("%s.html", f->id);
    html_open(h, "a", "href", href, NULL);
    html_open(h, "span", "class", "frame", NULL);
    if (chart) {
        char *src = text_format("data/%s/%s.svg", f->id, chart->id);
        html_void(h, "img", "src", src, "alt", "", NULL);
        free(src);
    } else html_leaf(h, "span", f->broken ? "broken" : "no chart", "class", "none", NULL);
    html_close(h, "span");
    html_leaf(h, "span", name ? name : f->id, "class", "name", NULL);
    html_close(h, "a");
    free(href);
}

static void start_list(Html *h, Site *site)
{
    html_open(h, "ol", "class", "thumbs start", NULL);
    for (int i = 0, shown = 0; i < COUNT(start_here) && shown < START_AT_MOST; i++) {
        const Page *page = site_page(site, start_here[i]);
        if (!page || page->f->broken) continue;
        html_open(h, "li", "class", "thumb", NULL);
        thumb_link(h, page, page->article ? page->article->title : page->f->title);
        if (page->article) html_leaf(h, "p", page->article->lead, NULL);
        html_close(h, "li");
        shown++;
    }
    html_close(h, "ol");
}

/* One sentence over all findings: what this machine has recomputed. */
static void this_machine(Html *h, Site *site)
{
    int findings = 0, seeds = 0, values = 0, identical = 0, other = 0;
    for (int i = 0; i < site->suite->n; i++) {
        const Standing *here = &site->pages[i].here;
        if (here->kind == STANDING_SAME || here->kind == STANDING_DIFFERS) {
            findings++;
            seeds += here->seeds;
            values += here->values;
            identical += here->identical;
        } else other += here->kind != STANDING_NONE;
    }
    html_format(h, "This machine has recomputed %d of %d findings", findings,
                site->suite->n);
    if (seeds)
        html_format(h,
                    " (%d seed%s): %d of %d values are identical, bit for bit, to the "
                    "published record",
                    seeds, seeds == 1 ? "" : "s", identical, values);
    html_text(h, ".");
    if (other)
        html_format(h, " %d more ran without being comparable; their pages say why.",
                    other);
}

/* The parts with their sections, as a way into the long map below. */
static void parts_list(Html *h, Site *site)
{
    html_open(h, "ul", "class", "parts", NULL);
    bool open = false;
    for (int i = 0, sections = 0; i < site->outline->n; i++) {
        const OutlineRow *row = &site->outline->rows[i];
        if (row->kind != OUTLINE_HEADING || *row->subsection) continue;
        char *anchor = site_anchor(row->part, row->section, ""),
             *href = text_format("#%s", anchor);
        if (opens_part(site, i)) {
            if (open) html_close(h, "li");
            open = true;
            sections = 0;
            html_open(h, "li", NULL);
            char *top = site_anchor(row->part, "", ""), *to = text_format("#%s", top);
            html_leaf(h, "a", row->part, "href", to, "class", "whole", NULL);
            free(top), free(to);
        }
        if (*row->section) {
            html_text(h, sections++ ? ", " : ": ");
            html_leaf(h, "a", row->section, "href", href, NULL);
        }
        free(anchor), free(href);
    }
    if (open) html_close(h, "li");
    html_close(h, "ul");
}

/* --- the map --------------------------------------------------------------------- */

/* Each verdict among the claims once, with how often it occurs. */
static void tally(Html *h, const Finding *f)
{
    html_open(h, "span", "class", "tally", NULL);
    for (int i = 0; i < f->n_claims; i++) {
        const char *word = site_word(&f->claims[i], &f->judged[i]);
        int before = 0, n = 0;
        for (int k = 0; k < f->n_claims; k++) {
            bool same = !strcmp(word, site_word(&f->claims[k], &f->judged[k]));
            before += same && k < i;
            n += same;
        }
        if (before) continue;
        if (i) html_text(h, "  ");
        site_verdict(h, &f->claims[i], &f->judged[i]);
        if (n > 1) html_format(h, " × %d", n);
    }
    html_close(h, "span");
}

static void thumb(Html *h, const Page *page)
{
    html_open(h, "li", "class", "thumb", NULL);
    thumb_link(h, page, page->f->title);
    tally(h, page->f);
    html_close(h, "li");
}

static bool under(const OutlineRow *row, const OutlineRow *heading)
{
    return !strcmp(row->part, heading->part) && !strcmp(row->section, heading->section) &&
           !strcmp(row->subsection, heading->subsection);
}

/* The findings whose file lies in the heading's folder. */
static void thumbs(Html *h, const Site *site, const OutlineRow *heading)
{
    int n = 0;
    for (int i = 0; i < site->suite->n && *heading->folder; i++) {
        const Page *page = &site->pages[i];
        if (!page->f->section || strcmp(page->f->section, heading->folder)) continue;
        if (n++ == 0) html_open(h, "ul", "class", "thumbs", NULL);
        thumb(h, page);
    }
    if (n) html_close(h, "ul");
}

static const char *origin_mark(Origin o)
{
    return o == OUTLINE_LISTED ? "●" : o == OUTLINE_RECONSTRUCTED ? "◐" : "○";
}

/* Where the date "(2024-06)" at the end of a label begins; its length: there is none. */
static size_t date_at(const char *label)
{
    const char *open = strrchr(label, '(');
    size_t n = open ? strspn(open + 1, "0123456789-") : 0;
    bool date = n >= 4 && !strcmp(open + 1 + n, ")") && open > label;
    return date ? (size_t)(open - label) - 1 : strlen(label);
}

/* Title, linked; then who and when, in a line that does not break. */
static void entry_title(Html *h, const Site *site, const OutlineRow *row)
{
    const Reference *r =
        row->n_keys ? bibliography_find(site->sources, row->keys[0]) : NULL;
    size_t at = date_at(row->label);
    char *title = text_format("%.*s", (int)at, row->label);
    const char *date = row->label[at] ? row->label + at + 2 : "";
    html_open(h, "span", "class", "what", NULL);
    html_leaf(h, r && r->url ? "a" : "span", title, "href", r ? r->url : NULL, NULL);
    html_close(h, "span");
    for (int i = 0; i < row->n_keys; i++) {
        r = bibliography_find(site->sources, row->keys[i]);
        if (!r) continue;
        const char *space = *r->date ? strrchr(r->brief, ' ') : NULL;
        size_t year = space ? (size_t)(space - r->brief) : strlen(r->brief);
        char *href = text_format("sources.html#%s", r->key),
             *by = row->n_keys == 1 && *date
                       ? text_format("%.*s, %.*s", (int)year, r->brief,
                                     (int)strlen(date) - 1, date)
                       : text_copy(r->brief);
        html_text(h, i ? "; " : " ");
        html_open(h, "span", "class", "by", NULL);
        html_leaf(h, "a", by, "href", href, NULL);
        html_close(h, "span");
        free(href), free(by);
    }
    free(title);
}

static void entry(Html *h, const Site *site, const OutlineRow *row)
{
    int served = 0;
    for (int i = 0; i < row->n_findings; i++)
        served += site_page(site, row->findings[i]) != NULL;
    html_open(h, "li", "class", served ? NULL : "is-open", NULL);
    html_open(h, "span", NULL);
    html_leaf(h, "span", origin_mark(row->origin), "class", "origin", "aria-hidden",
              "true", NULL);
    html_open(h, "span", "class", "hidden", NULL);
    html_format(h, "%s: ", outline_origin(row->origin));
    html_close(h, "span");
    entry_title(h, site, row);
    html_close(h, "span");
    html_open(h, "span", "class", "fate", NULL);
    for (int i = 0, n = 0; i < row->n_findings; i++) {
        const Page *page = site_page(site, row->findings[i]);
        if (!page) continue;
        char *href = text_format("%s.html", page->f->id);
        html_text(h, n++ ? ", " : "→ ");
        html_leaf(h, "a", page->f->title ? page->f->title : page->f->id, "href", href,
                  NULL);
        free(href);
    }
    if (!served) {
        html_open(h, "span", "class", "open", NULL);
        site_open_reason(h, row);
        html_close(h, "span");
    }
    html_close(h, "span");
    html_close(h, "li");
}

static void entries(Html *h, const Site *site, int heading)
{
    const OutlineRow *head = &site->outline->rows[heading];
    int n = 0;
    for (int i = heading + 1; i < site->outline->n; i++) {
        const OutlineRow *row = &site->outline->rows[i];
        if (row->kind == OUTLINE_HEADING || !under(row, head)) break;
        if (n++ == 0) html_open(h, "ul", "class", "entries", NULL);
        if (row->kind == OUTLINE_NOTE) {
            html_open(h, "li", "class", "note", NULL);
            html_text(h, row->label);
            html_close(h, "li");
        } else entry(h, site, row);
    }
    if (n) html_close(h, "ul");
}

static void heading_counts(Html *h, const Site *site, int heading)
{
    const OutlineRow *head = &site->outline->rows[heading];
    int done = 0, open = 0;
    for (int i = heading + 1; i < site->outline->n; i++) {
        const OutlineRow *row = &site->outline->rows[i];
        if (row->kind == OUTLINE_HEADING) break;
        if (row->kind != OUTLINE_ENTRY || !under(row, head)) continue;
        bool served = false;
        for (int k = 0; k < row->n_findings; k++)
            served = served || site_page(site, row->findings[k]);
        done += served;
        open += !served;
    }
    if (!done && !open) return;
    html_open(h, "p", "class", "label", NULL);
    if (done) html_format(h, "%d served%s", done, open ? ", " : "");
    if (open) html_format(h, "%d open", open);
    html_close(h, "p");
}

/* A section: its name, the findings that live there, its entries. The part's own head
 * has no name of its own. */
static void map_section(Html *h, const Site *site, int heading)
{
    const OutlineRow *head = &site->outline->rows[heading];
    const char *name = *head->subsection ? head->subsection : head->section;
    char *anchor = site_anchor(head->part, head->section, head->subsection);
    html_open(h, "section", "class", "part-section", "id", *name ? anchor : NULL, NULL);
    html_open(h, "div", "class", "heading", NULL);
    if (*head->subsection) {
        html_open(h, "h3", NULL);
        html_leaf(h, "span", head->section, "class", "above", NULL);
        html_text(h, " ");
        html_text(h, name);
        html_close(h, "h3");
    } else if (*name) html_leaf(h, "h3", name, NULL);
    heading_counts(h, site, heading);
    html_close(h, "div");
    html_open(h, "div", NULL);
    thumbs(h, site, head);
    entries(h, site, heading);
    html_close(h, "div");
    html_close(h, "section");
    free(anchor);
}

static void map(Html *h, Site *site)
{
    bool open = false;
    for (int i = 0; i < site->outline->n; i++) {
        const OutlineRow *row = &site->outline->rows[i];
        if (row->kind != OUTLINE_HEADING) continue;
        if (opens_part(site, i)) {
            if (open) html_close(h, "section");
            char *anchor = site_anchor(row->part, "", "");
            html_open(h, "section", "class", "part", "id", anchor, NULL);
            html_leaf(h, "h2", row->part, NULL);
            free(anchor);
            open = true;
        }
        map_section(h, site, i);
    }
    if (open) html_close(h, "section");
}

/* --- page ------------------------------------------------------------------------ */

static void outline_note(Html *h, Site *site)
{
    for (int i = 0; i < site->outline->n; i++) {
        const OutlineRow *row = &site->outline->rows[i];
        if (row->kind == OUTLINE_NOTE && !*row->part) html_text(h, row->label);
    }
}

static void fill(Html *h, Site *site, const char *mark)
{
    static const struct {
        const char *mark;
        void (*write)(Html *, Site *);
    } marks[] = { { "scoreboard", scoreboard },     { "start", start_list },
                  { "parts", parts_list },          { "this-machine", this_machine },
                  { "outline-note", outline_note }, { "map", map } };
    for (int i = 0; i < COUNT(marks); i++)
        if (!strcmp(mark, marks[i].mark)) {
            marks[i].write(h, site);
            return;
        }
    die("no mark {{%s}} on the front page", mark);
}

void site_put_front(Site *site)
{
    Html h = { 0 };
    site_begin(&h, "Glassbox",
               "What is known about how neural networks work inside, rerun and judged.",
               "front", "index.html");
    site_fragment(&h, site, "front.html", fill);
    site_end(&h, site);
    site_put_page(site, "index.html", NULL, &h);
}
