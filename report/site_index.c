/* site_index.c - the site for machines: index.json, its schema, the badge. */
#include "report/site.h"
#include <stdlib.h>
#include <string.h>

static void set_text(json_t *o, const char *key, const char *text)
{
    json_object_set_new(o, key, text ? json_string(text) : json_null());
}

static json_t *texts(char *const *list, int n)
{
    json_t *a = json_array();
    for (int i = 0; i < n; i++) json_array_append_new(a, json_string(list[i]));
    return a;
}

/* {"name", "mean", "lo", "hi", "min", "max", "n"}; the numbers are null where no seed
 * has the value. */
static json_t *value_json(const Finding *f, const Claim *c, const char *name)
{
    Spread x = { 0 };
    bool any = site_value(f, c, name, &x);
    const double number[] = { x.mean.mean, x.mean.lo, x.mean.hi, x.min, x.max };
    static const char *const keys[] = { "mean", "lo", "hi", "min", "max" };
    json_t *o = json_object();
    set_text(o, "name", name);
    for (int i = 0; i < COUNT(keys); i++)
        json_object_set_new(o, keys[i], any ? json_real(number[i]) : json_null());
    json_object_set_new(o, "n", json_integer(any ? x.mean.n : 0));
    return o;
}

/* {"side", "bound", "upper"}; null: no bound. */
static json_t *bound_json(Side side, double bound, double upper)
{
    if (!side) return json_null();
    json_t *o = json_object();
    set_text(o, "side", side_name(side));
    json_object_set_new(o, "bound", json_real(bound));
    if (side == WITHIN) json_object_set_new(o, "upper", json_real(upper));
    return o;
}

static json_t *control_json(const Finding *f, const Claim *c, const Control *k)
{
    json_t *o = value_json(f, c, k->value), *also = json_array();
    set_text(o, "text", k->text);
    json_object_set_new(o, "must_pass", json_boolean(k->must_pass));
    json_object_set_new(o, "own", bound_json(k->side, k->bound, k->upper));
    for (int i = 0; i < COUNT(k->also) && k->also[i]; i++)
        json_array_append_new(also, value_json(f, c, k->also[i]));
    json_object_set_new(o, "also", also);
    return o;
}

static json_t *claim_json(const Site *site, const Finding *f, int i)
{
    const Claim *c = &f->claims[i];
    const Judgement *j = &f->judged[i];
    json_t *o = json_object(), *also = json_array(), *controls = json_array();
    char *page = text_format("%s.html#%s", f->id, c->id);
    Citation cite = cite_claim(&site->work, f, i);
    set_text(o, "id", c->id);
    set_text(o, "text", c->text);
    set_text(o, "page", page);
    set_text(o, "citation", cite.hash);
    set_text(o, "verdict",
             c->side || j->verdict >= VOID ? verdict_name(j->verdict) : NULL);
    set_text(o, "expect", c->side ? verdict_name(c->expect) : NULL);
    set_text(o, "tier", c->tier == GATE ? "gate" : "report");
    set_text(o, "variant", c->variant);
    json_object_set_new(o, "cleared", json_integer(j->cleared));
    json_object_set_new(o, "seeds", json_integer(j->seeds));
    json_object_set_new(o, "value", value_json(f, c, c->value));
    json_object_set_new(o, "bound", bound_json(c->side, c->bound, c->upper));
    for (int a = 0; a < COUNT(c->also) && c->also[a].value; a++) {
        json_t *one = value_json(f, c, c->also[a].value);
        json_object_set_new(
            one, "bound",
            bound_json(c->also[a].side, c->also[a].bound, c->also[a].upper));
        json_array_append_new(also, one);
    }
    json_object_set_new(o, "also", also);
    for (int k = 0; k < COUNT(c->controls) && c->controls[k].value; k++)
        json_array_append_new(controls, control_json(f, c, &c->controls[k]));
    json_object_set_new(o, "controls", controls);
    set_text(o, "why", c->why);
    json_object_set_new(o, "reference",
                        c->reference_key ? json_real(c->reference) : json_null());
    set_text(o, "reference_key", c->reference_key);
    cite_free(&cite), free(page);
    return o;
}

static json_t *standing_json(const Finding *f, const Standing *here)
{
    static const char *const kinds[] = {
        [STANDING_NONE] = "recorded",           [STANDING_NOT_RUN] = "not run",
        [STANDING_UNPUBLISHED] = "unpublished", [STANDING_SAME] = "identical",
        [STANDING_DIFFERS] = "different",       [STANDING_OTHER_INPUTS] = "other inputs",
        [STANDING_OTHER_BITS] = "other bits",
    };
    json_t *o = json_object();
    bool nothing = here->kind == STANDING_NONE && !f->n_record;
    set_text(o, "kind", nothing ? "not run" : kinds[here->kind]);
    json_object_set_new(o, "seeds", json_integer(here->seeds));
    json_object_set_new(o, "values", json_integer(here->values));
    json_object_set_new(o, "identical", json_integer(here->identical));
    set_text(o, "why", here->why);
    return o;
}

static json_t *files_json(const Site *site, const Finding *f)
{
    json_t *a = json_array();
    for (int i = 0; i < site->n_files; i++) {
        const SiteFile *file = &site->files[i];
        if (file->f != f || !file->what) continue;
        json_t *o = json_object();
        set_text(o, "path", file->path);
        set_text(o, "what", file->what);
        json_object_set_new(o, "bytes", json_integer((json_int_t)file->size));
        set_text(o, "sha256", file->hash.hex);
        json_array_append_new(a, o);
    }
    return a;
}

static json_t *finding_json(const Site *site, const Page *page)
{
    const Finding *f = page->f;
    json_t *o = json_object(), *claims = json_array();
    char *address = text_format("%s.html", f->id),
         *swhid = f->source_sha1 ? text_format("swh:1:cnt:%s", f->source_sha1) : NULL;
    set_text(o, "id", f->id);
    set_text(o, "title", f->title ? f->title : f->id);
    set_text(o, "page", address);
    set_text(o, "section", f->section);
    set_text(o, "source", f->source);
    set_text(o, "swhid", swhid);
    set_text(o, "broken", f->broken);
    json_object_set_new(o, "cites", texts(f->cites, f->n_cites));
    json_object_set_new(o, "needs", texts(f->needs, f->n_needs));
    json_object_set_new(o, "inputs", texts(f->inputs, f->n_inputs));
    json_object_set_new(o, "seeds", json_integer(f->seeds));
    json_object_set_new(o, "core_s", json_real(f->broken ? 0 : site_cost(f)));
    json_object_set_new(o, "published", json_boolean(f->n_record > 0));
    json_object_set_new(o, "here", standing_json(f, &page->here));
    for (int i = 0; i < f->n_claims; i++)
        json_array_append_new(claims, claim_json(site, f, i));
    json_object_set_new(o, "claims", claims);
    json_object_set_new(o, "files", files_json(site, f));
    free(address), free(swhid);
    return o;
}

static json_t *outline_json(const Site *site)
{
    json_t *a = json_array();
    for (int i = 0; i < site->outline->n; i++) {
        const OutlineRow *row = &site->outline->rows[i];
        if (row->kind != OUTLINE_ENTRY) continue;
        json_t *o = json_object(), *done = json_array();
        for (int k = 0; k < row->n_findings; k++)
            if (site_page(site, row->findings[k]))
                json_array_append_new(done, json_string(row->findings[k]));
        bool open = json_array_size(done) == 0;
        set_text(o, "part", row->part);
        set_text(o, "section", row->section);
        set_text(o, "subsection", row->subsection);
        set_text(o, "label", row->label);
        set_text(o, "status", outline_origin(row->origin));
        json_object_set_new(o, "keys", texts(row->keys, row->n_keys));
        json_object_set_new(o, "findings", done);
        set_text(o, "open", open ? row->reason : NULL);
        json_array_append_new(a, o);
    }
    return a;
}

/* --- badge ----------------------------------------------------------------------- */

/* Claims with a bound, and how many of them came out as their authors expect. */
static void count_expected(const Site *site, int *expected, int *claims)
{
    *expected = *claims = 0;
    for (int i = 0; i < site->suite->n; i++) {
        const Finding *f = &site->suite->findings[i];
        for (int c = 0; c < f->n_claims; c++) {
            if (!f->claims[c].side) continue;
            ++*claims;
            *expected += f->judged[c].verdict == f->claims[c].expect;
        }
    }
}

static void put_badge(Site *site)
{
    int expected, claims;
    count_expected(site, &expected, &claims);
    char *right = text_format("%d of %d claims as expected", expected, claims),
         *label = text_format("Glassbox: %s", right);
    Html h = { 0 };
    html_open(&h, "svg", "xmlns", "http://www.w3.org/2000/svg", "width", "258", "height",
              "20", "role", "img", "aria-label", label, NULL);
    html_void(&h, "rect", "width", "70", "height", "20", "fill", "#1d1d1b", NULL);
    html_void(&h, "rect", "x", "70", "width", "188", "height", "20", "fill",
              expected == claims ? "#1b6843" : "#7a5400", NULL);
    html_open(&h, "g", "fill", "#fff", "font-family", "DejaVu Sans, Verdana, sans-serif",
              "font-size", "11", "text-anchor", "middle", NULL);
    html_leaf(&h, "text", "Glassbox", "x", "35", "y", "14", "textLength", "56", NULL);
    html_leaf(&h, "text", right, "x", "164", "y", "14", "textLength", "174", NULL);
    html_close(&h, "g");
    html_close(&h, "svg");
    char *svg = html_end(&h);
    site_put(site, "badge.svg", NULL, NULL, svg, strlen(svg));
    free(svg), free(right), free(label);
}

void site_put_index(Site *site)
{
    json_t *o = json_object(), *suite = json_object(), *findings = json_array();
    set_text(o, "$schema", "index.schema.json");
    set_text(suite, "title", site->work.title);
    set_text(suite, "author", site->work.author);
    set_text(suite, "version", site->work.version);
    set_text(suite, "date", site->work.date);
    json_object_set_new(o, "suite", suite);
    for (int i = 0; i < site->suite->n; i++)
        json_array_append_new(findings, finding_json(site, &site->pages[i]));
    json_object_set_new(o, "findings", findings);
    json_object_set_new(o, "entries", outline_json(site));
    char *text = json_dumps(o, JSON_INDENT(1) | JSON_REAL_PRECISION(17));
    require(text, "index.json cannot be formed");
    site_put(site, "index.json", NULL, NULL, text, strlen(text));
    free(text), json_decref(o);
    put_badge(site);
}
