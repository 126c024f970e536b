/* bibliography.c - BibTeX through pandoc to CSL-JSON.
 *
 * An own reader of BibTeX would have to know braces, accents and name particles; pandoc
 * does, and one call for the whole file costs some hundredths of a second. */
#define _GNU_SOURCE
#include "report/bibliography.h"
#include "core/base/file.h"
#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Standard output of `pandoc -f bibtex -t csljson path`, or NULL. */
static char *run_pandoc(const char *path)
{
    int ends[2];
    if (pipe(ends)) return NULL;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    char *argv[] = { (char[]){ "pandoc" },  (char[]){ "-f" },
                     (char[]){ "bibtex" },  (char[]){ "-t" },
                     (char[]){ "csljson" }, (char[]){ "--" },
                     text_copy(path),       NULL };
    pid_t child;
    int failed = posix_spawnp(&child, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    free(argv[6]);
    Buffer out = { 0 };
    char bytes[65536];
    for (ssize_t n; !failed && (n = read(ends[0], bytes, sizeof bytes)) > 0;)
        buffer_add(&out, bytes, (size_t)n);
    close(ends[0]);
    int status = 1;
    if (!failed) waitpid(child, &status, 0);
    if (!failed && status == 0 && out.s) return out.s;
    free(out.s);
    return NULL;
}

static const char *text_of(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static const char *family(const json_t *author)
{
    const char *name = text_of(author, "family");
    return *name ? name : text_of(author, "literal");
}

/* "van" of "van Gogh": pandoc keeps it apart from the family name. */
static const char *particle(const json_t *author)
{
    const char *p = text_of(author, "non-dropping-particle");
    return *p ? p : text_of(author, "dropping-particle");
}

static void put_name(Buffer *b, const json_t *author, bool whole)
{
    const char *given = whole ? text_of(author, "given") : "", *p = particle(author);
    buffer_format(b, "%s%s%s%s%s", given, *given ? " " : "", p, *p ? " " : "",
                  family(author));
}

/* BibTeX's "and others", which pandoc hands on as a name. */
static bool is_others(const json_t *author)
{
    return !strcmp(text_of(author, "literal"), "others");
}

static char *all_authors(const json_t *csl)
{
    const json_t *list = json_object_get(csl, "author");
    Buffer b = { 0 };
    buffer_put(&b, "");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *author = json_array_get(list, i);
        if (is_others(author)) buffer_put(&b, " et al.");
        else {
            if (i) buffer_put(&b, ", ");
            put_name(&b, author, true);
        }
    }
    return b.s;
}

static char *date_of(const json_t *csl)
{
    const json_t *parts =
        json_array_get(json_object_get(json_object_get(csl, "issued"), "date-parts"), 0);
    const json_t *year = json_array_get(parts, 0), *month = json_array_get(parts, 1);
    if (!year) return text_copy("");
    if (!month) return text_format("%d", (int)json_integer_value(year));
    return text_format("%d-%02d", (int)json_integer_value(year),
                       (int)json_integer_value(month));
}

static char *brief_of(const json_t *csl, const char *date)
{
    const json_t *list = json_object_get(csl, "author");
    size_t n = json_array_size(list);
    Buffer b = { 0 };
    if (n == 0) buffer_put(&b, text_of(csl, "title"));
    else put_name(&b, json_array_get(list, 0), false);
    if (n == 2 && !is_others(json_array_get(list, 1))) {
        buffer_put(&b, " and ");
        put_name(&b, json_array_get(list, 1), false);
    } else if (n > 1) buffer_put(&b, " et al.");
    if (*date) buffer_format(&b, " %.4s", date);
    return b.s;
}

static char *url_of(const json_t *csl)
{
    const char *url = text_of(csl, "URL"), *doi = text_of(csl, "DOI");
    if (!strncmp(url, "http", 4)) return text_copy(url);
    return *doi ? text_format("https://doi.org/%s", doi) : NULL;
}

static Reference reference_of(json_t *csl)
{
    Reference r = { .key = text_copy(text_of(csl, "id")),
                    .title = text_copy(text_of(csl, "title")),
                    .authors = all_authors(csl),
                    .date = date_of(csl),
                    .url = url_of(csl),
                    .csl = json_incref(csl) };
    const char *venue = text_of(csl, "container-title");
    r.venue = text_copy(*venue ? venue : text_of(csl, "publisher"));
    r.brief = brief_of(csl, r.date);
    return r;
}

/* Two sources of the same people and year: "2013a", "2013b", in the order of the file. */
static void tell_apart(Bibliography *b)
{
    int *place =
        alloc((size_t)b->n + 1, sizeof *place); /* among its likes; 0: it is alone */
    for (int i = 0; i < b->n; i++)
        for (int k = i + 1, n = 2; k < b->n && place[i] < 2; k++)
            if (!strcmp(b->references[i].brief, b->references[k].brief))
                place[i] = 1, place[k] = n++;
    for (int i = 0; i < b->n; i++) {
        Reference *r = &b->references[i];
        if (!place[i] || !*r->date) continue;
        char *brief = text_format("%s%c", r->brief, 'a' + place[i] - 1);
        free(r->brief);
        r->brief = brief;
    }
    free(place);
}

Bibliography *bibliography_read(const char *path, char **error)
{
    if (!file_exists(path)) {
        *error = text_format("%s:1:1: cannot be read: %s", path, strerror(errno));
        return NULL;
    }
    char *text = run_pandoc(path);
    json_t *list = text ? json_loads(text, 0, NULL) : NULL;
    free(text);
    if (!json_is_array(list)) {
        json_decref(list);
        *error = text_format("%s:1:1: pandoc reads no bibliography from it, expected "
                             "BibTeX; try: pandoc -f bibtex -t csljson %s",
                             path, path);
        return NULL;
    }
    Bibliography *b = alloc(1, sizeof *b);
    b->n = (int)json_array_size(list);
    b->references = alloc((size_t)b->n + 1, sizeof *b->references);
    for (int i = 0; i < b->n; i++)
        b->references[i] = reference_of(json_array_get(list, (size_t)i));
    json_decref(list);
    tell_apart(b);
    return b;
}

void bibliography_free(Bibliography *b)
{
    if (!b) return;
    for (int i = 0; i < b->n; i++) {
        Reference *r = &b->references[i];
        free(r->key), free(r->title), free(r->authors), free(r->brief);
        free(r->date), free(r->venue), free(r->url), json_decref(r->csl);
    }
    free(b->references), free(b);
}

const Reference *bibliography_find(const Bibliography *b, const char *key)
{
    for (int i = 0; i < b->n; i++)
        if (!strcmp(b->references[i].key, key)) return &b->references[i];
    return NULL;
}
