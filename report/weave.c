/* weave.c - an article is its experiment, read from top to bottom.
 *
 * The source is split into prose and code and reassembled as one Markdown document:
 * prose with its numbers filled in, code as fenced blocks that keep their line numbers,
 * charts and listings as empty places that carry their captions. Pandoc turns it into
 * HTML once per page, with citations, mathematics and highlighting; then the places are
 * filled and the markup polished. One document rather than one per piece, because
 * footnotes, ids and the list of references belong to the page.
 *
 * Order in the page is order in the file. That is the point of the format: an author
 * who wants a chart first writes it first. The invariant: whatever is wrong (an unknown
 * number, table, column, citation key) is said with the line of the source, and no page
 * is made. */
#include "report/weave.h"
#include "core/base/file.h"
#include "report/bibtex.h"
#include "report/charts.h"
#include "report/html.h"
#include "report/numbers.h"
#include "report/polish.h"
#include "report/split.h"
#include "report/tool.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BIBLIOGRAPHY "data/references.bib"

typedef struct {
    const Finding *f;
    Article *article;
    Buffer md;      /* the document for pandoc */
    Buffer cited;   /* the entries that it cites, each once */
    Buffer keys;    /* " key key ", those in `cited` */
    char *bib;      /* the bibliography; NULL: there is none */
    char **listing; /* markup of listing k */
    int n_listings;
    char *error;
} Weaver;

static void fail(Weaver *w, int line, char *what)
{
    if (!w->error) w->error = text_format("%s:%d: %s", w->f->source, line, what);
    free(what);
}

/* --- citations -------------------------------------------------------------------- */

/* Without a bibliography keys stay as they are written; with one, each must be in
 * it. */
static void collect_citations(Weaver *w, const char *text, int line)
{
    const char *p = text, *counted = text;
    size_t n;
    while (w->bib && !w->error && (p = bibtex_citation(p, &n)) != NULL) {
        for (; counted < p; counted++) line += *counted == '\n';
        char *key = text_format("%.*s", (int)n, p), *word = text_format(" %s ", key);
        size_t length;
        const char *entry = bibtex_entry(w->bib, key, &length);
        if (!entry) {
            fail(w, line,
                 text_format("@%s is cited, expected a key of " BIBLIOGRAPHY, key));
        } else if (!w->keys.s || !strstr(w->keys.s, word)) {
            buffer_put(&w->keys, word);
            buffer_add(&w->cited, entry, length);
            buffer_put(&w->cited, "\n");
        }
        free(key), free(word);
        p += n;
    }
}

/* --- directives: ~~~gnuplot, ~~~listing ------------------------------------------- */

typedef struct {
    char *name;    /* the table or listing */
    char *caption; /* as written; "" if there is none */
    char *body;    /* between the fences */
    int line, body_line;
} Directive;

static void directive_free(Directive *d)
{
    free(d->name), free(d->caption), free(d->body);
}

/* Reads `~~~kind NAME "caption"` at p and what follows up to the closing fence; returns
 * what stands behind it. NULL: an error was reported. */
static const char *read_directive(Weaver *w, const char *p, int line, Directive *d)
{
    *d = (Directive){ .line = line };
    p += 3 + strcspn(p + 3, " \n");
    p += strspn(p, " ");
    size_t n = strcspn(p, " \n");
    d->name = text_format("%.*s", (int)n, p);
    p += n + strspn(p + n, " ");
    const char *quote = *p == '"' ? strchr(p + 1, '"') : NULL;
    if (*p == '"' && !quote) {
        fail(w, line, text_copy("the caption has no end, expected a closing quote"));
        return NULL;
    }
    d->caption = quote ? text_format("%.*s", (int)(quote - p - 1), p + 1) : text_copy("");
    for (const char *c = d->caption; *c; c++) line += *c == '\n';
    p = quote ? quote + 1 : p;
    const char *body = p + strspn(p, " "), *end = NULL;
    if (*body == '\n') end = strstr(body, "\n~~~");
    if (!*d->name || !end) {
        fail(w, line,
             text_copy(*d->name ? "a block without its end, expected a line ~~~ after "
                                  "the opening line ~~~kind NAME \"caption\""
                                : "a block without a name, expected ~~~kind NAME "
                                  "\"caption\""));
        return NULL;
    }
    d->body = text_format("%.*s", (int)(end - body), body + 1);
    d->body_line = line + 1;
    end += 4;
    return end + strcspn(end, "\n");
}

/* An empty place in the document that carries its caption through pandoc. */
static void put_place(Weaver *w, const char *kind, int number, const char *caption)
{
    buffer_format(&w->md, "\n\n::: {#place-%s-%d}\n%s\n:::\n\n", kind, number, caption);
}

static void add_chart(Weaver *w, const Directive *d, const char *caption)
{
    Article *a = w->article;
    char *plain = polish_plain(caption);
    ChartBlock block = { .table = d->name,
                         .caption = plain,
                         .body = d->body,
                         .number = a->n_charts + 1,
                         .line = d->line,
                         .body_line = d->body_line };
    if (!*d->caption)
        fail(w, d->line,
             text_copy("a chart without a caption, expected ~~~gnuplot TABLE "
                       "\"what there is to see\""));
    a->charts =
        grow(a->charts, (size_t)a->n_charts, (size_t)a->n_charts + 1, sizeof *a->charts);
    char *error = NULL;
    if (!charts_draw(w->f, &block, a->folder, &a->charts[a->n_charts++], &error)) {
        if (w->error) free(error);
        else w->error = error;
    }
    put_place(w, "chart", a->n_charts, caption);
    free(plain);
}

static void add_listing(Weaver *w, const Directive *d, const char *caption)
{
    Html h = { 0 };
    char *path = text_format("%s/%s.txt", w->article->folder ? w->article->folder : "",
                             d->name),
         *text = w->article->folder ? file_read(path, NULL) : NULL;
    if (w->article->folder && !text)
        fail(w, d->line,
             text_format("%s: %s, expected the text that listing(\"%s\") "
                         "writes",
                         path, strerror(errno), d->name));
    html_leaf(&h, "pre", text ? text : "No run has written this yet.", "class", "listing",
              "tabindex", "0", NULL);
    int k = w->n_listings++;
    w->listing = grow(w->listing, (size_t)k, (size_t)k + 1, sizeof *w->listing);
    w->listing[k] = html_end(&h);
    put_place(w, "listing", k + 1, caption);
    free(path), free(text);
}

static bool is_directive(const char *p, const char *kind)
{
    size_t n = strlen(kind);
    return !strncmp(p, "~~~", 3) && !strncmp(p + 3, kind, n) &&
           (isspace((unsigned char)p[3 + n]) || !p[3 + n]);
}

static const char *take_directive(Weaver *w, const char *p, int line)
{
    Directive d;
    bool chart = is_directive(p, "gnuplot");
    p = read_directive(w, p, line, &d);
    char *caption =
        p ? numbers_fill(w->f, d.caption, line, NUMBERS_PROSE, &w->error) : NULL;
    if (caption) collect_citations(w, caption, line);
    if (caption && chart) add_chart(w, &d, caption);
    else if (caption) add_listing(w, &d, caption);
    directive_free(&d);
    free(caption);
    return p;
}

/* --- prose and code --------------------------------------------------------------- */

static int newlines(const char *from, const char *to)
{
    int n = 0;
    for (; from < to; from++) n += *from == '\n';
    return n;
}

/* The end of an author's own fenced block, which is left alone. */
static const char *skip_fence(const char *p)
{
    char *fence = text_format("\n%.*s", (int)strspn(p, "~"), p);
    const char *end = strstr(p, fence);
    end = end ? end + strlen(fence) : p + strlen(p);
    free(fence);
    return end + strcspn(end, "\n");
}

static void add_text(Weaver *w, const char *from, const char *to, int line)
{
    char *text = text_format("%.*s", (int)(to - from), from),
         *filled =
             w->error ? NULL : numbers_fill(w->f, text, line, NUMBERS_PROSE, &w->error);
    if (filled) {
        collect_citations(w, filled, line);
        buffer_put(&w->md, filled);
    }
    free(text), free(filled);
}

static void add_prose(Weaver *w, const char *text, int line)
{
    const char *from = text, *p = text;
    while (*p && !w->error) {
        const char *end = p + strcspn(p, "\n");
        bool ours = is_directive(p, "gnuplot") || is_directive(p, "listing");
        if (ours || !strncmp(p, "~~~", 3)) {
            add_text(w, from, p, line);
            line += newlines(from, p);
            end = ours ? take_directive(w, p, line) : skip_fence(p);
            if (!end) return;
            if (!ours) buffer_add(&w->md, p, (size_t)(end - p));
            line += newlines(p, end);
            from = end;
        }
        p = *end ? end + 1 : end;
    }
    if (from < p) add_text(w, from, p, line);
    buffer_put(&w->md, "\n\n");
}

static void put_summary(Html *h, const Part *code)
{
    char *names = text_copy(code->names), *rest = names;
    html_open(h, "summary", NULL);
    if (code->declares) html_text(h, "Claims as data");
    else if (!*names) html_text(h, "Declarations");
    else
        for (char *name; (name = strsep(&rest, ",")) != NULL;) {
            html_leaf(h, "code", name + strspn(name, " "), NULL);
            if (rest) html_text(h, ", ");
        }
    html_text(h, " ");
    html_open(h, "span", "class", "lines", NULL);
    html_format(h, code->lines > 1 ? "lines %d\u2013%d" : "line %d", code->line,
                code->line + code->lines - 1);
    html_close(h, "span");
    html_close(h, "summary");
    free(names);
}

/* A raw block of Markdown cannot hold its own fence, so markup of ours is kept clear of
 * tildes, and the code's fence is longer than any run of them inside. */
static void add_code(Weaver *w, const Part *code)
{
    Html h = { 0 };
    put_summary(&h, code);
    char *summary = html_end(&h);
    size_t longest = 0, run = 0;
    for (const char *p = code->text; *p; p++) {
        run = *p == '~' ? run + 1 : 0;
        if (run > longest) longest = run;
    }
    char *fence = alloc(longest + 5, 1);
    memset(fence, '~', longest + 4);
    buffer_format(&w->md, "~~~~{=html}\n<details class=\"code\"%s>%s~~~~\n\n",
                  code->declares ? "" : " open=\"\"", summary);
    buffer_format(&w->md,
                  "%s {.c .numberLines startFrom=%d #" POLISH_CODE "}\n%s\n%s\n\n", fence,
                  code->line, code->text, fence);
    buffer_put(&w->md, "~~~~{=html}\n</details>\n~~~~\n\n");
    free(summary), free(fence);
}

/* The first prose must open with "# Title"; the rest of it is prose like any other. */
static void add_opening(Weaver *w, const Part *p)
{
    const char *title = p->text + strspn(p->text, " \n");
    if (strncmp(title, "# ", 2)) {
        fail(w, p->line,
             text_copy("the first comment must open with a line \"# Title\""));
        return;
    }
    const char *rest = title + strcspn(title, "\n");
    char *line = text_format("%.*s", (int)(rest - title - 2), title + 2),
         *filled = numbers_fill(w->f, rest, p->line + newlines(p->text, rest),
                                NUMBERS_PROSE, &w->error);
    w->article->title = polish_plain(line);
    if (filled) w->article->lead = polish_sentence(filled);
    free(line), free(filled);
    add_prose(w, rest, p->line + newlines(p->text, rest));
}

static void add_parts(Weaver *w, const char *source)
{
    int n;
    Part *part = split_source(source, &n);
    if (!n || part[0].kind != PROSE)
        fail(w, 1,
             text_copy("no prose, expected a comment in column 0 that opens with "
                       "\"# Title\""));
    for (int i = 0; i < n && !w->error; i++) {
        if (part[i].kind == CODE) add_code(w, &part[i]);
        else if (i == 0) add_opening(w, &part[i]);
        else add_prose(w, part[i].text, part[i].line);
    }
    split_free(part, n);
}

/* --- pandoc and after ------------------------------------------------------------- */

static char *run_pandoc(Weaver *w)
{
    char *bibliography = NULL, *error = NULL;
    const char *argv[16] = { "pandoc", "--from=markdown", "--to=html5", "--mathml",
                             "--wrap=none" };
    int n = 5;
    if (w->cited.n) {
        Hash hash = hash_bytes(w->cited.s, w->cited.n);
        bibliography = text_format(TOOL_CACHE "/%s.bib", hash.hex);
        if (!folder_make(TOOL_CACHE) ||
            (!file_exists(bibliography) &&
             !file_write(bibliography, w->cited.s, w->cited.n)))
            fail(w, 1, text_format("%s: %s", bibliography, strerror(errno)));
        argv[n++] = "--citeproc";
        argv[n++] = "--metadata=link-citations:true";
        argv[n++] = "--bibliography";
        argv[n++] = bibliography;
        buffer_put(&w->md, "\n\n## References {#references}\n\n::: {#refs}\n:::\n");
    }
    char *html =
        w->error ? NULL : tool_cached(argv, NULL, w->md.s, w->md.n, NULL, &error);
    if (error) fail(w, 1, text_format("pandoc: %s", error));
    free(bibliography), free(error);
    return html;
}

/* What goes into the place of chart or listing k, given its caption's markup. */
static char *fill_place(Weaver *w, bool chart, int k, const char *caption)
{
    if (chart)
        return charts_figure(w->f, &w->article->charts[k], caption, w->article->folder,
                             &w->error);
    return text_format("<figure class=\"listing\">%s%s%s%s</figure>\n", w->listing[k],
                       *caption ? "<figcaption>" : "", caption,
                       *caption ? "</figcaption>" : "");
}

/* Replaces <div id="place-KIND-N">caption</div> by the figure. */
static char *fill_places(Weaver *w, const char *html)
{
    static const char mark[] = "<div id=\"place-";
    Buffer out = { 0 };
    buffer_put(&out, "");
    const char *p = html;
    for (const char *at; !w->error && (at = strstr(p, mark)) != NULL;) {
        bool chart = !strncmp(at + strlen(mark), "chart-", 6);
        const char *number = strchr(at + strlen(mark), '-') + 1,
                   *inside = strchr(number, '>') + 1, *end = strstr(inside, "</div>");
        require(end, "pandoc left a place open");
        buffer_add(&out, p, (size_t)(at - p));
        size_t n = (size_t)(end - inside);
        while (n && isspace((unsigned char)*inside)) inside++, n--;
        while (n && isspace((unsigned char)inside[n - 1])) n--;
        char *caption = text_format("%.*s", (int)n, inside),
             *figure = fill_place(w, chart, atoi(number) - 1, caption);
        if (figure) buffer_put(&out, figure);
        free(caption), free(figure);
        p = end + strlen("</div>");
    }
    buffer_put(&out, p);
    return out.s;
}

static void finish(Weaver *w)
{
    char *html = run_pandoc(w);
    if (!html) return;
    char *polished = polish_html(html, &w->article->toc);
    w->article->html = fill_places(w, polished);
    free(html), free(polished);
}

Article *weave_article(const Suite *suite, const Finding *f, char **error)
{
    (void)suite;
    Weaver w = { .f = f, .article = alloc(1, sizeof(Article)) };
    char *source = file_read(f->source, NULL);
    const char *folder = charts_folder(f, &w.article->fresh);
    w.article->folder = folder ? text_copy(folder) : NULL;
    w.bib = file_read(BIBLIOGRAPHY, NULL);
    if (!source) fail(&w, 1, text_copy(strerror(errno)));
    else if (f->broken) fail(&w, 1, text_copy(f->broken));
    else add_parts(&w, source);
    if (!w.error) finish(&w);

    for (int i = 0; i < w.n_listings; i++) free(w.listing[i]);
    free(w.listing), free(w.bib), free(w.md.s), free(w.cited.s), free(w.keys.s);
    free(source);
    if (!w.error) return w.article;
    weave_free(w.article);
    *error = w.error;
    return NULL;
}

void weave_free(Article *a)
{
    if (!a) return;
    for (int i = 0; i < a->n_charts; i++) charts_free(&a->charts[i]);
    free(a->charts), free(a->title), free(a->lead), free(a->html), free(a->toc);
    free(a->folder), free(a);
}

char *weave_numbers(const Finding *f, const char *text, char **error)
{
    return numbers_fill(f, text, 1, NUMBERS_PROSE, error);
}

char *weave_number(double x, const char *format) { return numbers_format(x, format); }
