/* corpus.c - ten million words that every Debian mirror carries.
 *
 * Word vectors need text, and text has licences, sizes and versions. Dictionaries and
 * manuals that the distribution already packages solve all three: apt installs them,
 * dpkg names their version, and the SHA-256 of the token stream tells in one line
 * whether two machines read the same. A corpus from the network would be larger and
 * would be another one next year.
 *
 * The stream is what a shell pipeline would print (decompress, cut the gloss, drop the
 * tags, lower-case, split at non-letters), so anybody can check the hash without this
 * program. Words are interned in a hash table on the way; at the end the ids are
 * renumbered by frequency. Cost: 1 s and about 180 MB for 10 million tokens, most of it
 * decompression and cache misses of the table.
 *
 * Invariant: ids depend on the text alone, never on the order of reading within the
 * table; ties in frequency fall alphabetically. */
#define _GNU_SOURCE
#include "core/text/corpus.h"
#include "core/base/file.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- packages ----------------------------------------------------------------------- */

typedef struct {
    const char *package;
    CorpusFormat format;
    const char *file[4];         /* these files, or */
    const char *folder, *ending; /* those of a folder that end so, or */
    const char *listed;          /* what dpkg lists below this folder, a-z and - only */
} Source;

static const Source sources[] = {
    { "dict-foldoc", CORPUS_PLAIN, { "/usr/share/dictd/foldoc.dict.dz" } },
    { "dict-gcide", CORPUS_PLAIN, { "/usr/share/dictd/gcide.dict.dz" } },
    { "dict-jargon", CORPUS_PLAIN, { "/usr/share/dictd/jargon.dict.dz" } },
    { "wordnet-base",
      CORPUS_GLOSS,
      { "/usr/share/wordnet/data.adj", "/usr/share/wordnet/data.adv",
        "/usr/share/wordnet/data.noun", "/usr/share/wordnet/data.verb" } },
    { "fortunes", CORPUS_PLAIN, .listed = "/usr/share/games/fortunes/" },
    { "anarchism", CORPUS_HTML, .folder = "/usr/share/doc/anarchism/html/",
      .ending = ".html" },
};

static const Source *source_of(const char *package)
{
    if (!strncmp(package, "package:", 8)) package += 8;
    for (int i = 0; i < COUNT(sources); i++)
        if (!strcmp(sources[i].package, package)) return &sources[i];
    return NULL;
}

typedef struct {
    char **path;
    int n, room;
} Paths;

static void add_path(Paths *p, char *owned)
{
    if (p->n == p->room) {
        int room = p->room ? 2 * p->room : 64;
        p->path = grow(p->path, (size_t)p->room, (size_t)room, sizeof *p->path);
        p->room = room;
    }
    p->path[p->n++] = owned;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Another package (fortunes-min) installs into the same folder, so the package's own
 * list decides. Indices (.dat) and links (.u8) have a dot in their names. */
static void add_listed(Paths *p, const char *below, const Source *s)
{
    char *list = text_format("%s/var/lib/dpkg/info/%s.list", below, s->package),
         *text = file_read(list, NULL), *rest = text;
    size_t prefix = strlen(s->listed);
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        if (strncmp(line, s->listed, prefix)) continue;
        const char *name = line + prefix;
        if (*name && name[strspn(name, "abcdefghijklmnopqrstuvwxyz-")] == 0)
            add_path(p, text_format("%s%s", below, line));
    }
    free(text), free(list);
}

static void add_folder(Paths *p, const char *below, const Source *s)
{
    char *folder = text_format("%s%s", below, s->folder);
    int n;
    char **names = folder_list(folder, s->ending, &n);
    for (int i = 0; i < n; i++) add_path(p, text_format("%s%s", folder, names[i]));
    folder_list_free(names, n);
    free(folder);
}

/* Slim container images tell dpkg to leave out /usr/share/doc, where one package keeps
 * its text: the line then has to let that folder in. */
static char *not_installed(const Source *s, const char *path)
{
    bool doc = s->folder && !strncmp(s->folder, "/usr/share/doc/", 15);
    return text_format("package %s is not installed (%s is missing): run ./setup, or "
                       "apt-get install %s%s",
                       s->package, path,
                       doc ? "--reinstall -o Dpkg::Options::=--path-include="
                             "'/usr/share/doc/anarchism/*' "
                           : "",
                       s->package);
}

char **corpus_files_below(const char *below, const char *package, int *n, char **error)
{
    *n = 0;
    const Source *s = source_of(package);
    if (!s) {
        *error = text_format("package %s: its text cannot be read, expected one of "
                             "dict-foldoc, dict-gcide, dict-jargon, wordnet-base, "
                             "fortunes, anarchism",
                             package);
        return NULL;
    }
    Paths p = { 0 };
    for (int i = 0; i < COUNT(s->file) && s->file[i]; i++)
        add_path(&p, text_format("%s%s", below, s->file[i]));
    if (s->folder) add_folder(&p, below, s);
    if (s->listed) add_listed(&p, below, s);

    const char *absent = p.n ? NULL : s->folder ? s->folder : s->listed;
    for (int i = 0; i < p.n && !absent; i++)
        if (!file_exists(p.path[i])) absent = p.path[i];
    if (absent) {
        *error = not_installed(s, absent);
        folder_list_free(p.path, p.n);
        return NULL;
    }
    qsort(p.path, (size_t)p.n, sizeof *p.path, by_bytes);
    *n = p.n;
    return p.path;
}

char **corpus_files(const char *package, int *n, char **error)
{
    return corpus_files_below("", package, n, error);
}

/* --- normalisation ------------------------------------------------------------------ */

/* Of each line that has a vertical bar, what follows it; in place, returns the length. */
static size_t keep_glosses(char *text, size_t n)
{
    size_t out = 0;
    for (size_t at = 0; at < n;) {
        const char *line = text + at, *end = memchr(line, '\n', n - at);
        size_t length = end ? (size_t)(end - line) + 1 : n - at;
        const char *bar = memchr(line, '|', length);
        if (bar) {
            size_t rest = length - (size_t)(bar + 1 - line);
            memmove(text + out, bar + 1, rest);
            out += rest;
        }
        at += length;
    }
    return out;
}

/* <...> within a line becomes one space: "a<br>b" is two words. A bracket that its line
 * does not close is text. In place, returns the length. */
static size_t drop_tags(char *text, size_t n)
{
    size_t out = 0;
    const char *end_of_line = text;
    for (size_t at = 0; at < n;) {
        if (text + at >= end_of_line) {
            const char *end = memchr(text + at, '\n', n - at);
            end_of_line = end ? end + 1 : text + n;
        }
        const char *close =
            text[at] == '<' ? memchr(text + at, '>', (size_t)(end_of_line - text) - at)
                            : NULL;
        text[out++] = close ? ' ' : text[at];
        at = close ? (size_t)(close - text) + 1 : at + 1;
    }
    return out;
}

static void split_words(Buffer *lines, const char *text, size_t n)
{
    /* A token of k letters takes k + 1 bytes of output, and but for the last one as
     * many of input. */
    char *word = alloc(n + 2, 1), *to = word;
    bool inside = false;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 'A' && c <= 'Z') c = (unsigned char)(c - 'A' + 'a');
        bool letter = c >= 'a' && c <= 'z';
        if (letter) *to++ = (char)c;
        else if (inside) *to++ = '\n';
        inside = letter;
    }
    if (inside) *to++ = '\n';
    buffer_add(lines, word, (size_t)(to - word));
    free(word);
}

void corpus_normalise(Buffer *lines, const char *bytes, size_t n, CorpusFormat format)
{
    char *text = alloc(n + 1, 1);
    if (n) memcpy(text, bytes, n);
    if (format == CORPUS_GLOSS) n = keep_glosses(text, n);
    if (format == CORPUS_HTML) n = drop_tags(text, n);
    split_words(lines, text, n);
    free(text);
}

/* --- words and their numbers -------------------------------------------------------- */

/* Open addressing, linear probing, at most half full: the table holds id + 1, the words
 * themselves lie one after the other in `letters`. */
struct CorpusIndex {
    int *slot, slots; /* a power of two */
};

static uint64_t word_hash(const char *s, size_t n)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char)s[i]) * 0x100000001b3u;
    return h ^ h >> 29;
}

static int *find_slot(const Corpus *c, const char *s, size_t n)
{
    const CorpusIndex *x = c->index;
    for (uint64_t i = word_hash(s, n);; i++) {
        int *slot = &x->slot[i & (uint64_t)(x->slots - 1)];
        if (!*slot) return slot;
        const char *word = c->word[*slot - 1];
        if (!strncmp(word, s, n) && !word[n]) return slot;
    }
}

static void fill_index(Corpus *c, int slots)
{
    free(c->index->slot);
    c->index->slots = slots;
    c->index->slot = alloc((size_t)slots, sizeof(int));
    for (int i = 0; i < c->words; i++)
        *find_slot(c, c->word[i], strlen(c->word[i])) = i + 1;
}

static int intern(Corpus *c, const char *s, size_t n)
{
    int *slot = find_slot(c, s, n);
    if (*slot) return *slot - 1;

    int room = c->index->slots / 2;
    if (c->words == room) {
        c->word = grow(c->word, (size_t)room, 2 * (size_t)room, sizeof *c->word);
        c->count = grow(c->count, (size_t)room, 2 * (size_t)room, sizeof *c->count);
        fill_index(c, 4 * room);
        slot = find_slot(c, s, n);
    }
    char *word = alloc(n + 1, 1);
    memcpy(word, s, n);
    c->word[c->words] = word;
    *slot = c->words + 1;
    return c->words++;
}

typedef struct {
    char *word;
    size_t count;
    int old;
} Ranked;

static int by_frequency(const void *a, const void *b)
{
    const Ranked *x = a, *y = b;
    if (x->count != y->count) return x->count < y->count ? 1 : -1;
    return strcmp(x->word, y->word);
}

static void renumber(Corpus *c)
{
    Ranked *r = alloc((size_t)c->words, sizeof *r);
    int *rank = alloc((size_t)c->words, sizeof *rank);
    for (int i = 0; i < c->words; i++) r[i] = (Ranked){ c->word[i], c->count[i], i };
    qsort(r, (size_t)c->words, sizeof *r, by_frequency);
    for (int i = 0; i < c->words; i++) {
        c->word[i] = r[i].word;
        c->count[i] = r[i].count;
        rank[r[i].old] = i;
    }
    for (size_t t = 0; t < c->n; t++) c->token[t] = rank[c->token[t]];
    fill_index(c, c->index->slots);
    free(r), free(rank);
}

Corpus *corpus_from_lines(const char *lines, size_t n)
{
    enum { FIRST_SLOTS = 1 << 12 };
    Corpus *c = alloc(1, sizeof *c);
    c->sha256 = hash_bytes(lines, n);
    c->index = alloc(1, sizeof *c->index);
    c->word = alloc(FIRST_SLOTS / 2, sizeof *c->word);
    c->count = alloc(FIRST_SLOTS / 2, sizeof *c->count);
    fill_index(c, FIRST_SLOTS);

    for (size_t i = 0; i < n; i++) c->n += lines[i] == '\n';
    c->token = alloc(c->n, sizeof *c->token);
    const char *word = lines;
    for (size_t t = 0; t < c->n; t++) {
        const char *end = memchr(word, '\n', n - (size_t)(word - lines));
        c->token[t] = intern(c, word, (size_t)(end - word));
        c->count[c->token[t]]++;
        word = end + 1;
    }
    renumber(c);
    return c;
}

/* --- reading ------------------------------------------------------------------------ */

static bool add_package(Buffer *lines, const char *package, char **error)
{
    int n;
    char **path = corpus_files(package, &n, error);
    if (!path) return false;
    bool ok = true;
    for (int i = 0; i < n && ok; i++) {
        size_t length;
        char *bytes = file_read_gzip(path[i], &length);
        ok = bytes != NULL;
        if (ok) corpus_normalise(lines, bytes, length, source_of(package)->format);
        else *error = text_format("%s: cannot be read: %s", path[i], strerror(errno));
        free(bytes);
    }
    folder_list_free(path, n);
    return ok;
}

Corpus *corpus_read(const char *const *packages, int n, char **error)
{
    Buffer lines = { 0 };
    bool ok = true;
    for (int i = 0; i < n && ok; i++) ok = add_package(&lines, packages[i], error);
    Corpus *c = ok ? corpus_from_lines(lines.s, lines.n) : NULL;
    free(lines.s);
    return c;
}

void corpus_free(Corpus *c)
{
    if (!c) return;
    for (int i = 0; i < c->words; i++) free(c->word[i]);
    free(c->index->slot), free(c->index);
    free(c->token), free(c->word), free(c->count), free(c);
}

int corpus_id(const Corpus *c, const char *word)
{
    return *find_slot(c, word, strlen(word)) - 1;
}

int *corpus_sample(const Corpus *c, int V, double t, Rng r, size_t *n)
{
    require(V > 0, "a vocabulary of %d words", V);
    if (V > c->words) V = c->words;
    double total = 0, *keep = alloc((size_t)V, sizeof *keep);
    for (int w = 0; w < V; w++) total += (double)c->count[w];
    for (int w = 0; w < V; w++)
        keep[w] = t > 0 ? sqrt(t * total / (double)c->count[w]) : 1;

    int *out = alloc(c->n, sizeof *out);
    *n = 0;
    for (size_t i = 0; i < c->n; i++) {
        int w = c->token[i];
        if (w < V && (keep[w] >= 1 || rng_uniform(r, i) < keep[w])) out[(*n)++] = w;
    }
    free(keep);
    return out;
}
