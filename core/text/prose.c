/* prose.c - four formats, one filter.
 *
 * Corpus.c reads the same packages as a stream of bare words; a language model wants the
 * text itself. Each format only finds where entries begin and end; the bytes between pass
 * one filter that joins lines. Entries are the unit of holding out because neighbours
 * share more than language: whoever has read half an entry knows the names in the other
 * half. Copies are dropped, so that no entry is on both sides; what is quoted in two
 * different entries stays, and the model's page measures how much that is.
 *
 * Cost: about 2 s for the six packages, most of it decompression. */
#define _GNU_SOURCE
#include "core/text/prose.h"
#include "core/base/file.h"
#include "core/text/corpus.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { HELD_OUT = 20, SHORTEST = 16 };

/* --- the filter --------------------------------------------------------------------- */

static void begin(Prose *p, int package)
{
    if (p->entries == p->room) {
        int room = p->room ? 2 * p->room : 1 << 12;
        p->entry = grow(p->entry, (size_t)p->room, (size_t)room, sizeof *p->entry);
        p->room = room;
    }
    p->entry[p->entries] = (ProseEntry){ .at = p->text.n, .package = package };
}

/* Ends a line of the running entry, unless it is empty. */
static void end_paragraph(Prose *p)
{
    Buffer *b = &p->text;
    while (b->n > p->entry[p->entries].at && b->s[b->n - 1] == ' ') b->n--;
    if (b->n > p->entry[p->entries].at && b->s[b->n - 1] != '\n') buffer_put(b, "\n");
}

static void end(Prose *p)
{
    end_paragraph(p);
    ProseEntry *e = &p->entry[p->entries];
    e->n = p->text.n - e->at;
    if (e->n < SHORTEST) p->text.n = e->at; /* a heading with nothing below */
    else p->entries++;
}

static void add_char(Prose *p, char c)
{
    Buffer *b = &p->text;
    bool fresh = b->n == p->entry[p->entries].at || b->s[b->n - 1] == '\n' ||
                 b->s[b->n - 1] == ' ';
    if (!isspace((unsigned char)c)) buffer_add(b, &c, 1);
    else if (!fresh) buffer_put(b, " ");
}

static void add_text(Prose *p, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) add_char(p, s[i]);
}

/* --- dictionaries ------------------------------------------------------------------- */

static bool is_note(const char *s, size_t n)
{
    static const char *const editions[] = { "Webster", "WordNet", "PJC", "Century Dict" };
    for (int i = 0; i < COUNT(editions); i++)
        if (memmem(s, n, editions[i], strlen(editions[i]))) return true;
    return false;
}

/* A line without "[1913 Webster]" and without "\Pro*nun`ci*a"tion\". */
static void add_dict_line(Prose *p, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char closing = s[i] == '[' ? ']' : s[i] == '\\' ? '\\' : 0;
        const char *end = closing ? memchr(s + i + 1, closing, n - i - 1) : NULL;
        size_t length = end ? (size_t)(end - s) - i + 1 : 0;
        if (end && (closing == '\\' || is_note(s + i, length))) {
            i += length - 1;
            bool joined = i + 1 < n && ispunct((unsigned char)s[i + 1]);
            size_t at = p->entry[p->entries].at;
            if (joined && p->text.n > at && p->text.s[p->text.n - 1] == ' ') p->text.n--;
        } else add_char(p, s[i]);
    }
    add_char(p, ' ');
}

/* dictd puts what describes the file itself under such head words. */
static bool is_about(const char *s, size_t n) { return n >= 3 && !memcmp(s, "00-", 3); }

/* --- the formats -------------------------------------------------------------------- */

/* data.noun: offset, file, type, count, first word, ... | gloss; its licence is indented. */
static void add_gloss(Prose *p, const char *s, size_t n, int package)
{
    const char *bar = memchr(s, '|', n), *word = s;
    if (!bar || *s == ' ') return;
    for (int field = 0; field < 4 && word; field++) {
        word = memchr(word, ' ', (size_t)(bar - word));
        word += word != NULL;
    }
    if (!word || word == bar) return;
    begin(p, package);
    for (; *word != ' '; word++) add_char(p, *word == '_' ? ' ' : *word);
    add_text(p, ": ", 2);
    add_text(p, bar + 1, (size_t)(s + n - bar - 1));
    end(p);
}

static void add_lines(Prose *p, const char *bytes, size_t n, ProseFormat format,
                      int package)
{
    bool about = true, indented = true, whole = format != PROSE_GLOSSES;
    if (whole) begin(p, package);
    for (size_t at = 0, length; at < n; at += length + 1) {
        const char *line = bytes + at, *stop = memchr(line, '\n', n - at);
        length = stop ? (size_t)(stop - line) : n - at;
        bool margin = length && !isspace((unsigned char)*line);
        if (format == PROSE_GLOSSES) add_gloss(p, line, length, package);
        else if (format == PROSE_FORTUNES) {
            if (length == 1 && *line == '%') end(p), begin(p, package);
            else add_text(p, line, length), add_char(p, ' ');
        } else {
            if (margin && indented) end(p), begin(p, package), about = false;
            about = about || (margin && is_about(line, length));
            if (!about) add_dict_line(p, line, length);
        }
        indented = !margin;
    }
    if (whole) end(p);
}

static bool one_of(const char *const *names, const char *tag, size_t n)
{
    for (; *names; names++)
        if (strlen(*names) == n && !memcmp(*names, tag, n)) return true;
    return false;
}

static void add_tag(Prose *p, const char *tag, size_t n, int package)
{
    static const char *const heads[] = { "h1", "h2", "h3", NULL };
    static const char *const breaks[] = { "p",    "/p",         "br",          "br/",
                                          "li",   "/h1",        "/h2",         "/h3",
                                          "tr",   "blockquote", "/blockquote", "div",
                                          "/div", NULL };
    size_t name = 0;
    while (name < n && !isspace((unsigned char)tag[name])) name++;
    if (one_of(heads, tag, name)) end(p), begin(p, package);
    else if (one_of(breaks, tag, name)) end_paragraph(p);
}

/* What stands between <body> and the links at the page's end. */
static void add_html(Prose *p, const char *s, size_t n, int package)
{
    static const struct {
        const char *name, *is;
    } entities[] = { { "&amp;", "&" }, { "&lt;", "<" }, { "&gt;", ">" } };
    const char *body = memmem(s, n, "<body", 5), *stop = s + n;
    const char *links = memmem(s, n, "<div id=\"book-navigation", 24);
    if (links) stop = links;
    begin(p, package);
    for (const char *c = body ? body : s; c < stop; c++) {
        const char *close = *c == '<' && (isalpha((unsigned char)c[1]) || c[1] == '/')
                                ? memchr(c, '>', (size_t)(stop - c))
                                : NULL;
        const char *is = NULL;
        for (int i = 0; i < COUNT(entities) && !is && *c == '&'; i++)
            if (!strncmp(c, entities[i].name, strlen(entities[i].name)))
                is = entities[i].is, c += strlen(entities[i].name) - 1;
        if (close) add_tag(p, c + 1, (size_t)(close - c - 1), package), c = close;
        else add_char(p, is ? *is : *c);
    }
    end(p);
}

void prose_add(Prose *p, const char *bytes, size_t n, ProseFormat format, int package)
{
    buffer_add(&p->text, "", 0);
    if (format == PROSE_HTML) add_html(p, bytes, n, package);
    else add_lines(p, bytes, n, format, package);
}

/* --- all packages ------------------------------------------------------------------- */

static uint64_t text_hash(const char *s, size_t n)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char)s[i]) * 0x100000001b3u;
    return h ^ h >> 29;
}

/* Keeps the first of equal entries; says who is held out. */
static void settle(Prose *p)
{
    size_t slots = 1;
    while (slots < 2 * (size_t)p->entries + 2) slots *= 2;
    int *slot = alloc(slots, sizeof *slot), kept = 0;
    for (int i = 0; i < p->entries; i++) {
        ProseEntry e = p->entry[i];
        const char *s = p->text.s + e.at;
        uint64_t hash = text_hash(s, e.n), h = hash;
        const ProseEntry *known = NULL;
        for (; slot[h & (slots - 1)]; h++) {
            known = &p->entry[slot[h & (slots - 1)] - 1];
            if (known->n == e.n && !memcmp(p->text.s + known->at, s, e.n)) break;
            known = NULL;
        }
        if (known) {
            p->copies[e.package]++;
            continue;
        }
        e.held = (hash >> 20) % HELD_OUT == 0;
        p->entry[kept] = e;
        slot[h & (slots - 1)] = ++kept;
    }
    p->entries = kept;
    free(slot);
}

static ProseFormat format_of(const char *package)
{
    if (strstr(package, "wordnet")) return PROSE_GLOSSES;
    if (strstr(package, "fortunes")) return PROSE_FORTUNES;
    return strstr(package, "anarchism") ? PROSE_HTML : PROSE_DICT;
}

static bool add_package(Prose *p, const char *package, int index, char **error)
{
    int n;
    char **path = corpus_files(package, &n, error);
    if (!path) return false;
    bool ok = true;
    for (int i = 0; i < n && ok; i++) {
        size_t length;
        char *bytes = file_read_gzip(path[i], &length);
        ok = bytes != NULL;
        if (ok) prose_add(p, bytes, length, format_of(package), index);
        else *error = text_format("%s: cannot be read: %s", path[i], strerror(errno));
        free(bytes);
    }
    folder_list_free(path, n);
    return ok;
}

Prose *prose_read(const char *const *packages, int n, char **error)
{
    Prose *p = alloc(1, sizeof *p);
    p->copies = alloc((size_t)n, sizeof *p->copies);
    bool ok = true;
    for (int i = 0; i < n && ok; i++) ok = add_package(p, packages[i], i, error);
    if (ok) return settle(p), p;
    prose_free(p);
    return NULL;
}

void prose_free(Prose *p)
{
    if (!p) return;
    free(p->text.s), free(p->entry), free(p->copies), free(p);
}

Buffer prose_draw(const Prose *p, const double *share, bool held, size_t bytes, Rng r)
{
    Rng pick = rng_named(r, "share");
    int *order = alloc((size_t)p->entries + 1, sizeof *order);
    rng_permutation(r, order, p->entries);
    Buffer text = { 0 };
    buffer_put(&text, "");
    for (int i = 0; i < p->entries && text.n < bytes; i++) {
        const ProseEntry *e = &p->entry[order[i]];
        bool taken = rng_uniform(pick, (uint64_t)order[i]) < share[e->package];
        if (taken && e->held == held) buffer_add(&text, p->text.s + e->at, e->n);
    }
    free(order);
    return text;
}
