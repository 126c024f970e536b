/* citations.c - writes CITATIONS.md from the bibliography, the outline and the suite.
 *
 * A list of sources that people keep by hand drifts from what the experiments do. So the
 * list is a view: the outline says where a source stands and which findings should serve
 * it, the suite says which of them exist, the bibliography says what it is called. A
 * source stands once, at the first entry that is about it alone; an entry that quotes
 * several (a statement of the page) names their keys and takes none away. */
#define _GNU_SOURCE
#include "report/citations.h"
#include "core/base/file.h"
#include "report/cited.h"
#include "report/command.h"
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char FILE_NAME[] = "CITATIONS.md";

typedef struct {
    Suite *suite;
    const Outline *outline;
    const Bibliography *bibliography;
    Cited *core; /* (n_core) */
    int n_core;
    Buffer out;
} Writer;

const char *citations_role(const Reference *r)
{
    const char *role = json_string_value(json_object_get(r->csl, "keyword"));
    return role ? role : "";
}

static bool has_role(const Reference *r, const char *kind)
{
    const char *role = citations_role(r);
    size_t n = strlen(kind);
    return !strncmp(role, kind, n) && (!role[n] || role[n] == ':');
}

static bool is_apparatus(const Reference *r)
{
    return has_role(r, "method of the core") || has_role(r, "the mirrored page");
}

/* --- where a source stands ---------------------------------------------------------- */

static bool names(const OutlineRow *r, const char *key)
{
    for (int i = 0; r->kind == OUTLINE_ENTRY && i < r->n_keys; i++)
        if (!strcmp(r->keys[i], key)) return true;
    return false;
}

/* The row that prints the source; NULL: no entry of the page. */
static const OutlineRow *home(const Outline *o, const char *key)
{
    for (int i = 0; i < o->n; i++)
        if (o->rows[i].n_keys == 1 && names(&o->rows[i], key)) return &o->rows[i];
    for (int i = 0; i < o->n; i++)
        if (names(&o->rows[i], key)) return &o->rows[i];
    return NULL;
}

static const char *heading(const OutlineRow *r)
{
    return *r->subsection ? r->subsection : *r->section ? r->section : r->part;
}

/* --- one source --------------------------------------------------------------------- */

/* Characters that Markdown would take for its own. */
static void put_text(Buffer *b, const char *s)
{
    for (; *s; s++) {
        if (strchr("*_[]<>`|\\", *s)) buffer_put(b, "\\");
        buffer_add(b, s, 1);
    }
}

static void put_links(Buffer *b, const Reference *r)
{
    static const char arxiv[] = "https://arxiv.org/abs/";
    const char *doi = json_string_value(json_object_get(r->csl, "DOI"));
    bool at_arxiv = r->url && !strncmp(r->url, arxiv, strlen(arxiv));
    if (at_arxiv) buffer_format(b, " [arXiv:%s](%s)", r->url + strlen(arxiv), r->url);
    if (doi) buffer_format(b, " [doi:%s](https://doi.org/%s)", doi, doi);
    /* without a URL of its own the bibliography makes one from the DOI */
    bool made = doi && r->url && strstr(r->url, "doi.org/");
    if (r->url && !at_arxiv && !made) buffer_format(b, " <%s>", r->url);
}

static void put_source(Buffer *b, const Reference *r)
{
    const char *note = json_string_value(json_object_get(r->csl, "note"));
    size_t n = strlen(r->title);
    buffer_put(b, "- **");
    put_text(b, r->title);
    buffer_put(b, n && strchr("?!.", r->title[n - 1]) ? "** " : ".** ");
    if (*r->authors) {
        put_text(b, r->authors);
        buffer_put(b, r->authors[strlen(r->authors) - 1] == '.' ? " " : ". ");
    }
    if (*r->venue) {
        buffer_put(b, "*");
        put_text(b, r->venue);
        buffer_put(b, "*. ");
    }
    buffer_put(b, *r->date ? r->date : "Undated");
    buffer_put(b, ".");
    put_links(b, r);
    buffer_format(b, " `%s`", r->key);
    if (note) buffer_format(b, " (%s)", note);
    buffer_put(b, "\n");
}

/* `king-queen` done, `quanta` open */
static void put_finding(Writer *w, const char *id)
{
    const Finding *f = suite_find(w->suite, id);
    buffer_format(&w->out, "`%s` %s", id, f && !f->broken ? "done" : "open");
}

static void put_words(Writer *w, const char *ids)
{
    char *copy = text_copy(ids), *rest = copy;
    const char *comma = "";
    for (char *id; (id = strsep(&rest, " "));) {
        if (!*id) continue;
        buffer_put(&w->out, comma);
        put_finding(w, id);
        comma = ", ";
    }
    free(copy);
}

static bool serves_elsewhere(const Outline *o, const char *key, const char *finding)
{
    for (int i = 0; i < o->n; i++)
        if (names(&o->rows[i], key) && outline_serves(&o->rows[i], finding)) return true;
    return false;
}

/* Findings that cite the source without being listed as serving it, parts of the core
 * that use it. */
static void put_citing(Writer *w, const char *key)
{
    const char *before = "; cited by ";
    for (int i = 0; i < w->suite->n; i++) {
        const Finding *f = &w->suite->findings[i];
        for (int c = 0; c < f->n_cites; c++) {
            if (strcmp(f->cites[c], key) || serves_elsewhere(w->outline, key, f->id))
                continue;
            buffer_format(&w->out, "%s`%s`", before, f->id);
            before = ", ";
        }
    }
    before = "; used in ";
    for (int i = 0; i < w->n_core; i++) {
        if (strcmp(w->core[i].key, key)) continue;
        buffer_format(&w->out, "%s`%s`", before, w->core[i].unit);
        before = ", ";
    }
}

static void put_status(Writer *w, const OutlineRow *r)
{
    buffer_format(&w->out, "  %s", outline_origin(r->origin));
    for (int i = 0; i < r->n_findings; i++) {
        buffer_put(&w->out, i ? ", " : "; served by ");
        put_finding(w, r->findings[i]);
    }
    if (!r->n_findings) buffer_format(&w->out, "; open: %s", r->reason);
}

/* Later entries about the same source. */
static void put_repeats(Writer *w, const OutlineRow *first, const char *key)
{
    for (int i = 0; i < w->outline->n; i++) {
        const OutlineRow *r = &w->outline->rows[i];
        if (r == first || r->n_keys != 1 || !names(r, key)) continue;
        buffer_format(&w->out, "; also under %s (%s", heading(r),
                      outline_origin(r->origin));
        for (int f = 0; f < r->n_findings; f++) {
            buffer_put(&w->out, ", ");
            put_finding(w, r->findings[f]);
        }
        buffer_put(&w->out, ")");
    }
}

/* --- the page ----------------------------------------------------------------------- */

/* An entry that is no single source: a formula, a statement, a shared part. */
static void put_statement(Writer *w, const OutlineRow *r)
{
    buffer_put(&w->out, "- ");
    put_text(&w->out, r->label);
    for (int i = 0; i < r->n_keys; i++)
        buffer_format(&w->out, "%s`%s`", i ? ", " : "; sources: ", r->keys[i]);
    buffer_put(&w->out, "\n");
    put_status(w, r);
    buffer_put(&w->out, "\n");
}

static void put_entry(Writer *w, const OutlineRow *r)
{
    if (r->n_keys != 1) put_statement(w, r);
    for (int i = 0; i < r->n_keys; i++) {
        const Reference *source = bibliography_find(w->bibliography, r->keys[i]);
        if (!source || home(w->outline, r->keys[i]) != r) continue;
        put_source(&w->out, source);
        put_status(w, r);
        put_repeats(w, r, source->key);
        put_citing(w, source->key);
        buffer_put(&w->out, "\n");
    }
}

static void put_outline(Writer *w)
{
    for (int i = 0; i < w->outline->n; i++) {
        const OutlineRow *r = &w->outline->rows[i];
        if (r->kind == OUTLINE_HEADING) {
            int level = 2 + (*r->section != 0) + (*r->subsection != 0);
            buffer_format(&w->out, "\n%.*s %s\n\n", level, "####", heading(r));
        } else if (r->kind == OUTLINE_ENTRY) put_entry(w, r);
        else if (*r->part) {
            buffer_put(&w->out, "\n");
            put_text(&w->out, r->label);
            buffer_put(&w->out, "\n\n");
        }
    }
}

/* --- what is no entry of the page --------------------------------------------------- */

static const struct {
    const char *kind, *words;
} uses[] = {
    { "dissent", "dissent that belongs beside" },
    { "reply", "reply that belongs beside" },
    { "caveat", "caveat to" },
    { "method", "method of" },
    { "related", "related to" },
};

static void put_supporting(Writer *w)
{
    buffer_put(&w->out, "\n## Supporting sources, caveats and dissent\n\n");
    for (int i = 0; i < w->bibliography->n; i++) {
        const Reference *r = &w->bibliography->references[i];
        if (home(w->outline, r->key) || is_apparatus(r)) continue;
        put_source(&w->out, r);
        buffer_put(&w->out, "  ");
        for (int u = 0; u < COUNT(uses); u++) {
            if (!has_role(r, uses[u].kind)) continue;
            buffer_format(&w->out, "%s ", uses[u].words);
            put_words(w, strchr(citations_role(r), ':') + 1);
        }
        put_citing(w, r->key);
        buffer_put(&w->out, "\n");
    }
}

static void put_tools(Writer *w)
{
    buffer_put(&w->out, "\n## The mirrored page, and methods that the core uses\n\n");
    for (int i = 0; i < w->bibliography->n; i++) {
        const Reference *r = &w->bibliography->references[i];
        if (!is_apparatus(r)) continue;
        put_source(&w->out, r);
        buffer_format(&w->out, "  %s", citations_role(r));
        put_citing(w, r->key);
        buffer_put(&w->out, "\n");
    }
    buffer_put(&w->out, "\nLibraries, programs and texts, with versions and licences: "
                        "[data/SOURCES.md](data/SOURCES.md).\n");
}

static void put_head(Writer *w)
{
    int entries[4] = { 0 }, open = 0, done = 0;
    for (int i = 0; i < w->outline->n; i++) {
        const OutlineRow *r = &w->outline->rows[i];
        if (r->kind != OUTLINE_ENTRY) continue;
        entries[r->origin]++;
        bool served = false;
        for (int f = 0; f < r->n_findings; f++) {
            const Finding *finding = suite_find(w->suite, r->findings[f]);
            served |= finding && !finding->broken;
        }
        if (served) done++;
        else open++;
    }
    buffer_format(
        &w->out,
        "# Citations\n\n"
        "Written by `make citations` from `data/references.bib`, `data/wiki.csv` and "
        "the\n"
        "experiments; `make check` fails if it is not current.\n\n"
        "%d sources; %d entries of the mirrored page: %d listed, %d reconstructed, %d "
        "added;\n%d served by a finding that exists, %d open.\n\n"
        "*listed*: the surviving copy of the page or a dated revision of it names the "
        "source.\n"
        "*reconstructed*: recollected; whether the page listed it is not certain.\n"
        "*added*: belongs here and was public on 25 November 2024.\n"
        "*done*: the finding exists in this suite. *open*: it does not yet.\n"
        "Each source stands once, under the first heading that is about it.\n",
        w->bibliography->n,
        entries[OUTLINE_LISTED] + entries[OUTLINE_RECONSTRUCTED] + entries[OUTLINE_ADDED],
        entries[OUTLINE_LISTED], entries[OUTLINE_RECONSTRUCTED], entries[OUTLINE_ADDED],
        done, open);
}

/* No two blank lines in a row and none at the end: a heading without entries leaves
 * some. */
static char *squeeze(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++)
        if (*from != '\n' || to - text < 2 || to[-1] != '\n' || to[-2] != '\n')
            *to++ = *from;
    *to = 0;
    return text;
}

char *citations_text(Suite *s, const Outline *o, const Bibliography *b)
{
    Writer w = { .suite = s, .outline = o, .bibliography = b };
    w.core = cited_scan(".", &w.n_core);
    put_head(&w);
    put_outline(&w);
    put_supporting(&w);
    put_tools(&w);
    cited_free(w.core, w.n_core);
    return squeeze(w.out.s);
}

/* --- the command -------------------------------------------------------------------- */

char *citations_difference(const char *path, const char *is, const char *expected)
{
    if (!strcmp(is, expected)) return NULL;
    int line = 1;
    const char *a = is, *b = expected;
    for (;;) {
        size_t n = strcspn(a, "\n"), m = strcspn(b, "\n");
        if (n != m || strncmp(a, b, n) || !a[n] || !b[m])
            return text_format("%s:%d: holds \"%.*s\", expected \"%.*s\"; run make "
                               "citations",
                               path, line, (int)(n > 160 ? 160 : n), a,
                               (int)(m > 160 ? 160 : m), b);
        a += n + 1, b += m + 1, line++;
    }
}

static int check(const char *expected)
{
    char *is = file_read(FILE_NAME, NULL);
    if (!is) {
        fprintf(stderr, "%s: cannot be read: %s; run make citations\n", FILE_NAME,
                strerror(errno));
        return EXIT_USAGE;
    }
    char *difference = citations_difference(FILE_NAME, is, expected);
    free(is);
    if (!difference) {
        printf("%s is current\n", FILE_NAME);
        return EXIT_AS_EXPECTED;
    }
    fprintf(stderr, "%s\n", difference);
    free(difference);
    return EXIT_CHANGED;
}

static int write(const char *text)
{
    if (file_write_if_changed(FILE_NAME, text, strlen(text))) return EXIT_AS_EXPECTED;
    fprintf(stderr, "%s: cannot be written: %s\n", FILE_NAME, strerror(errno));
    return EXIT_USAGE;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    bool *only_check = state->input;
    switch (key) {
    case 'c':
        *only_check = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument \"%s\"", arg);
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int command_citations(int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "check", 'c', NULL, 0, "write nothing; exit 1 if CITATIONS.md is not current",
          0 },
        { 0 }
    };
    static const struct argp argp = {
        options, parse,
        NULL,    "Writes CITATIONS.md: every source, where it stands and what serves it.",
        NULL,    NULL,
        NULL
    };
    bool only_check = false;
    argp_parse(&argp, argc, argv, 0, NULL, &only_check);

    char *error = NULL;
    Suite *s = suite_open();
    Outline *o = s ? outline_read("data/wiki.csv", &error) : NULL;
    Bibliography *b = o ? bibliography_read("data/references.bib", &error) : NULL;
    int status = EXIT_USAGE;
    if (b) {
        char *text = citations_text(s, o, b);
        status = only_check ? check(text) : write(text);
        free(text);
    } else if (error) fprintf(stderr, "%s\n", error), free(error);
    bibliography_free(b), outline_free(o), suite_free(s);
    return status;
}
