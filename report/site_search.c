/* site_search.c - search.js: what the browser's index is built from.
 *
 * The index itself is made in the browser, when somebody first types: that takes lunr a
 * moment, and spares the build a JavaScript engine. A script and not JSON, because a page
 * opened by file:// may load the one and not the other. */
#include "report/site.h"
#include <stdlib.h>
#include <string.h>

/* Elements whose content nobody searches for. */
static const char *const silent[] = { "pre", "svg", "math", "table", "script", "style" };

/* Past the end of the silent element that starts at `s`, or `s` itself. */
static const char *skip_silent(const char *s)
{
    for (int i = 0; i < COUNT(silent); i++) {
        size_t n = strlen(silent[i]);
        if (strncmp(s + 1, silent[i], n) || !strchr(" >\n", s[n + 1])) continue;
        char *close = text_format("</%s>", silent[i]);
        const char *end = strstr(s, close);
        free(close);
        return end ? end + n + 3 : s + strlen(s);
    }
    return s;
}

char *site_plain_text(const char *markup)
{
    Buffer b = { 0 };
    buffer_put(&b, "");
    for (const char *s = markup; *s;) {
        if (*s == '<') {
            const char *past = skip_silent(s);
            s = past != s ? past : s + strcspn(s, ">");
            if (*s == '>') s++;
            buffer_put(&b, " ");
        } else {
            size_t n = strcspn(s, "<");
            buffer_add(&b, s, n);
            s += n;
        }
    }
    static const char *const entities[][2] = {
        { "&lt;", "<" }, { "&gt;", ">" }, { "&quot;", "\"" }, { "&amp;", "&" }
    };
    size_t out = 0;
    for (size_t i = 0; i < b.n; out++) {
        int e = 0;
        while (e < COUNT(entities) &&
               strncmp(b.s + i, entities[e][0], strlen(entities[e][0])))
            e++;
        b.s[out] = e < COUNT(entities) ? entities[e][1][0] : b.s[i];
        i += e < COUNT(entities) ? strlen(entities[e][0]) : 1;
    }
    b.s[out] = 0;
    return b.s;
}

static void add(json_t *list, const char *kind, const char *title, const char *page,
                const char *summary, const char *body)
{
    json_t *o = json_object();
    json_object_set_new(o, "kind", json_string(kind));
    json_object_set_new(o, "title", json_string(title));
    json_object_set_new(o, "page", json_string(page));
    json_object_set_new(o, "summary", json_string(summary));
    json_object_set_new(o, "body", json_string(body));
    json_array_append_new(list, o);
}

static void add_finding(json_t *list, const Page *page)
{
    const Finding *f = page->f;
    char *address = text_format("%s.html", f->id),
         *body = site_plain_text(page->article ? page->article->html : "");
    add(list, "finding", f->title ? f->title : f->id, address,
        page->article ? page->article->lead : "", body);
    for (int i = 0; i < f->n_claims; i++) {
        char *claim = text_format("%s.html#%s", f->id, f->claims[i].id);
        add(list, "claim", f->claims[i].text, claim, f->title, f->claims[i].id);
        free(claim);
    }
    free(address), free(body);
}

void site_put_search(Site *site)
{
    json_t *list = json_array();
    for (int i = 0; i < site->suite->n; i++) add_finding(list, &site->pages[i]);
    for (int i = 0; i < site->sources->n; i++) {
        const Reference *r = &site->sources->references[i];
        char *address = text_format("sources.html#%s", r->key);
        add(list, "source", r->title, address, r->brief, r->authors);
        free(address);
    }
    char *text = json_dumps(list, JSON_COMPACT | JSON_ENSURE_ASCII);
    require(text, "search.js cannot be formed");
    Buffer b = { 0 };
    buffer_format(&b, "window.glassboxPages=%s;\n", text);
    site_put(site, "search.js", NULL, NULL, b.s, b.n);
    free(b.s), free(text), json_decref(list);
}
