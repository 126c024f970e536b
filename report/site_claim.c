/* site_claim.c - a claim as a card: verdict, sentence, values, reasons, citation.
 *
 * The order is that of a sceptical reader: what is claimed, how it came out, against
 * which bound and control, why that bound; how to cite it comes last and folded. */
#include "report/site.h"
#include <stdlib.h>
#include <string.h>

static void citation_item(Html *h, const char *name, const char *text)
{
    html_open(h, "dt", NULL);
    html_text(h, name);
    html_close(h, "dt");
    html_open(h, "dd", NULL);
    html_leaf(h, "pre", text, "tabindex", "0", NULL);
    html_close(h, "dd");
}

void site_citation(Html *h, const char *what, const Citation *c)
{
    html_open(h, "details", "class", "cite", NULL);
    html_open(h, "summary", NULL);
    html_text(h, "Cite");
    html_leaf(h, "span", what, "class", "hidden", NULL);
    html_close(h, "summary");
    html_open(h, "dl", NULL);
    citation_item(h, "Text", c->plain);
    citation_item(h, "BibTeX", c->bibtex);
    citation_item(h, "CSL-JSON", c->csl);
    citation_item(h, "Permalink", c->permalink);
    citation_item(h, "Hash of the values", c->hash);
    html_close(h, "dl");
    html_close(h, "details");
}

/* Adds a part to a list that reads "this, that". */
static void add_part(Buffer *b, const char *part)
{
    buffer_format(b, "%s%s", b->n ? ", " : "", part);
}

/* "5 of 5 seeds", and what is remarkable about the verdict. */
static void verdict_line(Html *h, const Claim *c, const Judgement *j)
{
    Buffer b = { 0 };
    buffer_put(&b, "");
    const char *seeds = j->seeds == 1 ? "seed" : "seeds";
    if (c->side && j->seeds)
        buffer_format(&b, "%d of %d %s", j->cleared, j->seeds, seeds);
    else if (j->seeds) buffer_format(&b, "%d %s", j->seeds, seeds);
    if (c->side && j->verdict != NOT_RUN && j->verdict != c->expect) {
        add_part(&b, "expected: ");
        buffer_put(&b, verdict_name(c->expect));
    } else if (c->side && c->expect != HOLDS) add_part(&b, "as expected");
    if (c->tier == REPORT && c->side) add_part(&b, "gates nothing");
    if (c->variant) {
        add_part(&b, c->variant);
        buffer_put(&b, " variant");
    }
    html_text(h, b.s);
    free(b.s);
}

static void reason(Html *h, Site *site, const Page *page, const char *name,
                   const char *text)
{
    if (!text) return;
    char *woven = site_woven(site, page->f, text);
    html_open(h, "p", "class", "why", NULL);
    html_leaf(h, "b", name, NULL);
    html_text(h, " ");
    site_prose(h, site, woven);
    html_close(h, "p");
    free(woven);
}

static void trouble(Html *h, Site *site, const Page *page, const Claim *c,
                    const Judgement *j)
{
    char *why = verdict_reason(j);
    if (j->verdict == VOID) reason(h, site, page, "Void:", why);
    free(why);
    if (j->verdict != BLIND || j->blind_control < 0) return;
    why = text_format("in seed %d the control \"%s\" did not behave as it must, so "
                      "the check cannot tell the two apart",
                      j->blind_seed, c->controls[j->blind_control].text);
    reason(h, site, page, "Blind:", why);
    free(why);
}

void site_claim_card(Html *h, Site *site, const Page *page, int claim)
{
    const Finding *f = page->f;
    const Claim *c = &f->claims[claim];
    const Judgement *j = &f->judged[claim];
    char *permalink = text_format("#%s", c->id), *text = site_woven(site, f, c->text),
         *heading = text_format("%s-claim", c->id);
    html_open(h, "section", "class", "claim", "id", c->id, "aria-labelledby", heading,
              NULL);
    html_open(h, "p", "class", "line", NULL);
    site_verdict(h, c, j);
    html_open(h, "span", "class", "label", NULL);
    verdict_line(h, c, j);
    html_close(h, "span");
    html_leaf(h, "a", c->id, "class", "permalink", "href", permalink, NULL);
    html_close(h, "p");

    html_open(h, "h2", "id", heading, NULL);
    site_prose(h, site, text);
    html_close(h, "h2");
    trouble(h, site, page, c, j);
    site_strips(h, site, page, claim);
    reason(h, site, page, c->side ? "Why this bound:" : "Note:", c->why);

    Citation citation = cite_claim(&site->work, f, claim);
    char *what = text_format(" the claim %s", c->id);
    site_citation(h, what, &citation);
    html_close(h, "section");
    cite_free(&citation);
    free(permalink), free(text), free(heading), free(what);
}
