/* site_methodology.c - how claims are judged, and the negative controls of the whole
 * suite in one table. Its prose lies in report/assets/pages/methodology.html. */
#include "report/site.h"
#include <stdlib.h>
#include <string.h>

static void mean_of(Html *h, const Finding *f, const Claim *c, const char *name)
{
    Spread spread;
    html_open(h, "td", "class", "number", NULL);
    if (site_value(f, c, name, &spread)) site_number(h, spread.mean.mean);
    else html_text(h, "–");
    html_close(h, "td");
}

static void control_row(Html *h, const Site *site, const Finding *f, int claim, int k)
{
    const Claim *c = &f->claims[claim];
    const Control *control = &c->controls[k];
    char *href = text_format("%s.html#%s", f->id, c->id),
         *label = text_format("%s/%s", f->id, c->id),
         *bound = site_bound_sign(c->side, c->bound, c->upper);
    html_open(h, "tr", NULL);
    html_open(h, "th", "scope", "row", NULL);
    html_leaf(h, "a", label, "href", href, NULL);
    html_close(h, "th");
    mean_of(h, f, c, c->value);
    html_leaf(h, "td", bound, "class", "number", NULL);
    html_open(h, "td", NULL);
    site_prose(h, site, control->text);
    if (control->must_pass) html_text(h, " (positive: must clear)");
    html_close(h, "td");
    mean_of(h, f, c, control->value);
    html_open(h, "td", NULL);
    site_verdict(h, c, &f->judged[claim]);
    html_close(h, "td");
    html_close(h, "tr");
    free(href), free(label), free(bound);
}

static void controls(Html *h, Site *site)
{
    static const char *const columns[] = { "claim",   "value",         "bound",
                                           "control", "control value", "verdict" };
    html_open(h, "div", "class", "scroll wide", "tabindex", "0", "role", "region",
              "aria-label", "Negative controls", NULL);
    html_open(h, "table", "class", "controls", NULL);
    html_leaf(h, "caption",
              "Means over the published seeds. Further checks of a claim, and each seed, "
              "stand on its card.",
              NULL);
    html_open(h, "thead", NULL);
    html_open(h, "tr", NULL);
    for (int i = 0; i < COUNT(columns); i++)
        html_leaf(h, "th", columns[i], "scope", "col", "class",
                  i == 1 || i == 2 || i == 4 ? "number" : NULL, NULL);
    html_close(h, "tr");
    html_close(h, "thead");
    html_open(h, "tbody", NULL);
    for (int i = 0; i < site->suite->n; i++) {
        const Finding *f = &site->suite->findings[i];
        for (int c = 0; c < f->n_claims; c++)
            for (int k = 0; k < COUNT(f->claims[c].controls); k++)
                if (f->claims[c].controls[k].value) control_row(h, site, f, c, k);
    }
    html_close(h, "tbody");
    html_close(h, "table");
    html_close(h, "div");
}

static void count_controls(Html *h, Site *site)
{
    int claims = 0, n = 0;
    for (int i = 0; i < site->suite->n; i++) {
        const Finding *f = &site->suite->findings[i];
        for (int c = 0; c < f->n_claims; c++) {
            claims += f->claims[c].side != 0;
            for (int k = 0; k < COUNT(f->claims[c].controls); k++)
                n += f->claims[c].controls[k].value != NULL;
        }
    }
    html_format(h, "%d claims with a bound, %d controls", claims, n);
}

/* The six verdicts as they are printed on cards. */
static void glyph(Html *h, const char *mark)
{
    const Claim judged = { .side = ABOVE }, number = { 0 };
    Judgement j = { .verdict = NOT_RUN, .seeds = 1 };
    bool known = verdict_parse(mark, &j.verdict);
    require(known || !strcmp(mark, "NUMBER"), "no mark {{%s}} on the methodology page",
            mark);
    site_verdict(h, known ? &judged : &number, &j);
}

static void fill(Html *h, Site *site, const char *mark)
{
    if (!strcmp(mark, "controls")) controls(h, site);
    else if (!strcmp(mark, "count")) count_controls(h, site);
    else glyph(h, mark);
}

void site_put_methodology(Site *site)
{
    Html h = { 0 };
    site_begin(&h, "How claims are judged · Glassbox",
               "Verdicts, seeds, bits and every negative control of the suite.", "method",
               "methodology.html");
    site_fragment(&h, site, "methodology.html", fill);
    site_end(&h, site);
    site_put_page(site, "methodology.html", NULL, &h);
}
