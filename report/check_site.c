/* check_site.c - holds a built site to its own promises.
 *
 * Every link that stays in the folder leads to a file, and to an id if it names one; no
 * id stands twice on a page; nothing is loaded from elsewhere; every hash agrees;
 * index.json is as its schema says. A crawler would follow the links and so miss pages
 * that nobody links; here every page of the folder is read, once. */
#define _GNU_SOURCE
#include "report/check_site.h"
#include "core/base/file.h"
#include "core/base/hash.h"
#include "report/command.h"
#include "report/schema.h"
#include "report/suite.h"
#include "report/tags.h"
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    char *name;
    int line;
} Name;

typedef struct {
    Name *n;
    int count, room;
} Names;

typedef struct {
    char *name; /* "index.html" */
    Names ids, links;
} Document;

typedef struct {
    const char *folder;
    Document *documents;
    int n, faults;
} Inspection;

static void fault(Inspection *c, const char *name, int line, const char *what)
{
    fprintf(stderr, "%s/%s:%d: %s\n", c->folder, name, line, what);
    c->faults++;
}

/* "subject: what is wrong" */
static void fault_of(Inspection *c, const char *name, int line, const char *what,
                     const char *subject)
{
    char *text = text_format("%s: %s", subject, what);
    fault(c, name, line, text);
    free(text);
}

/* --- reading --------------------------------------------------------------------- */

static void add_name(Names *names, const char *s, size_t n, int line)
{
    if (names->count == names->room) {
        int room = names->room ? 2 * names->room : 64;
        names->n = grow(names->n, (size_t)names->room, (size_t)room, sizeof *names->n);
        names->room = room;
    }
    names->n[names->count++] = (Name){ text_format("%.*s", (int)n, s), line };
}

static int by_name(const void *a, const void *b)
{
    const Name *p = a, *q = b;
    int order = strcmp(p->name, q->name);
    return order ? order : p->line - q->line;
}

static bool is_external(const char *address)
{
    size_t scheme =
        strspn(address, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return address[scheme] == ':' || !strncmp(address, "//", 2);
}

/* Attributes by which a page loads something; an <a href> only leads somewhere. */
static bool loads(const Tag *t, const Attribute *a)
{
    static const char *const attributes[] = { "src", "srcset", "poster", "data" };
    for (int i = 0; i < COUNT(attributes); i++)
        if (tags_named(a, attributes[i])) return true;
    bool href = tags_named(a, "href") || tags_named(a, "xlink:href");
    return href && !tags_is(t, "a");
}

static void take_attribute(Inspection *c, Document *d, const Tag *t, const Attribute *a,
                           int line)
{
    if (tags_named(a, "id")) add_name(&d->ids, a->value, a->value_n, line);
    bool loaded = loads(t, a),
         link = tags_named(a, "href") || tags_named(a, "xlink:href");
    if (!loaded && !link) return;
    char *address = text_format("%.*s", (int)a->value_n, a->value);
    if (is_external(address)) {
        if (loaded && strncmp(address, "data:", 5))
            fault_of(c, d->name, line,
                     "it is loaded from elsewhere, expected a file beside "
                     "the page",
                     address);
    } else add_name(&d->links, a->value, a->value_n, line);
    free(address);
}

/* Past a comment, a declaration or a CDATA section; NULL: `p` is an ordinary tag. */
static const char *skip_other(const char *p)
{
    static const char *const pairs[][2] = {
        { "<!--", "-->" }, { "<![CDATA[", "]]>" }, { "<!", ">" }, { "<?", "?>" }
    };
    for (int i = 0; i < COUNT(pairs); i++) {
        if (strncmp(p, pairs[i][0], strlen(pairs[i][0]))) continue;
        const char *end = strstr(p, pairs[i][1]);
        return end ? end + strlen(pairs[i][1]) : p + strlen(p);
    }
    return NULL;
}

static void read_tags(Inspection *c, Document *d, const char *text)
{
    int line = 1;
    const char *counted = text;
    for (const char *p = text; (p = strchr(p, '<')) != NULL;) {
        for (; counted < p; counted++) line += *counted == '\n';
        const char *past = skip_other(p);
        Tag t = { 0 };
        if (!past) past = tags_read(p, &t);
        if (!past) {
            fault(c, d->name, line,
                  "a malformed tag, expected <name attribute=\"value\">");
            return;
        }
        for (int i = 0; i < t.n; i++) take_attribute(c, d, &t, &t.attribute[i], line);
        p = past;
    }
}

static char *read_file(Inspection *c, const char *name)
{
    char *path = text_format("%s/%s", c->folder, name), *text = file_read(path, NULL);
    if (!text) fault(c, name, 1, strerror(errno));
    free(path);
    return text;
}

static void read_documents(Inspection *c)
{
    char **names = folder_list(c->folder, ".html", &c->n);
    c->documents = alloc((size_t)c->n + 1, sizeof *c->documents);
    for (int i = 0; i < c->n; i++) {
        Document *d = &c->documents[i];
        d->name = text_copy(names[i]);
        char *text = read_file(c, d->name);
        if (text) read_tags(c, d, text);
        free(text);
        if (d->ids.n) qsort(d->ids.n, (size_t)d->ids.count, sizeof *d->ids.n, by_name);
    }
    folder_list_free(names, c->n);
}

/* --- links and ids --------------------------------------------------------------- */

static bool has_id(const Document *d, const char *id)
{
    int low = 0, high = d->ids.count;
    while (low < high) {
        int middle = (low + high) / 2, order = strcmp(d->ids.n[middle].name, id);
        if (order == 0) return true;
        if (order < 0) low = middle + 1;
        else high = middle;
    }
    return false;
}

static const Document *document(const Inspection *c, const char *name, size_t n)
{
    for (int i = 0; i < c->n; i++)
        if (strlen(c->documents[i].name) == n && !strncmp(c->documents[i].name, name, n))
            return &c->documents[i];
    return NULL;
}

static void check_link(Inspection *c, const Document *from, const Name *link)
{
    size_t n = strcspn(link->name, "#");
    const char *id = link->name[n] ? link->name + n + 1 : "";
    const Document *to = n ? document(c, link->name, n) : from;
    char *path = text_format("%s/%.*s", c->folder, (int)n, link->name);
    if (!file_exists(path))
        fault_of(c, from->name, link->line, "there is no such file", link->name);
    else if (*id && !to)
        fault_of(c, from->name, link->line, "an id in what is no page", link->name);
    else if (*id && !has_id(to, id))
        fault_of(c, from->name, link->line, "that page has no such id", link->name);
    free(path);
}

static void check_documents(Inspection *c)
{
    for (int i = 0; i < c->n; i++) {
        const Document *d = &c->documents[i];
        for (int k = 1; k < d->ids.count; k++)
            if (!strcmp(d->ids.n[k].name, d->ids.n[k - 1].name))
                fault_of(c, d->name, d->ids.n[k].line, "the id stands twice on the page",
                         d->ids.n[k].name);
        for (int k = 0; k < d->links.count; k++) check_link(c, d, &d->links.n[k]);
    }
}

/* --- styles, hashes, index ------------------------------------------------------- */

static void check_styles(Inspection *c)
{
    int n;
    char **names = folder_list(c->folder, ".css", &n);
    for (int i = 0; i < n; i++) {
        char *text = read_file(c, names[i]);
        int line = 1;
        for (char *p = text; p && *p; p++) {
            line += *p == '\n';
            if (!strncmp(p, "url(", 4) || !strncmp(p, "@import", 7))
                fault(c, names[i], line, "a style sheet loads a file, expected none");
        }
        free(text);
    }
    folder_list_free(names, n);
}

/* `name`: a file of "hash  path" lines, paths relative to its own folder. */
static void check_sums(Inspection *c, const char *name)
{
    char *text = read_file(c, name), *rest = text;
    const char *slash = strrchr(name, '/');
    int line = 0;
    for (char *entry; text && (entry = strsep(&rest, "\n")) != NULL && *entry;) {
        line++;
        if (strlen(entry) < 67 || strncmp(entry + 64, "  ", 2)) {
            fault(c, name, line, "expected 64 hexadecimal digits, two spaces, a path");
            continue;
        }
        char *path = text_format("%s/%.*s%s", c->folder,
                                 slash ? (int)(slash - name) + 1 : 0, name, entry + 66);
        Hash hash;
        if (!hash_file(path, &hash)) fault_of(c, name, line, strerror(errno), entry + 66);
        else if (strncmp(hash.hex, entry, 64))
            fault_of(c, name, line, "its hash is another one", entry + 66);
        free(path);
    }
    free(text);
}

static json_t *read_json(Inspection *c, const char *name)
{
    char *text = read_file(c, name);
    json_error_t error;
    json_t *o = text ? json_loads(text, 0, &error) : NULL;
    if (text && !o) fault(c, name, error.line, error.text);
    free(text);
    return o;
}

static void check_index(Inspection *c)
{
    json_t *index = read_json(c, "index.json"),
           *schema = read_json(c, "index.schema.json");
    char *wrong = index && schema ? schema_check(schema, index) : NULL;
    if (wrong) fault(c, "index.json", 1, wrong);
    free(wrong), json_decref(index), json_decref(schema);
}

static void names_free(Names *names)
{
    for (int i = 0; i < names->count; i++) free(names->n[i].name);
    free(names->n);
}

int check_site(const char *folder, int *pages)
{
    Inspection c = { .folder = folder };
    read_documents(&c);
    if (c.n == 0) fault(&c, "", 1, "no page in this folder; run make report first");
    else {
        check_documents(&c);
        check_styles(&c);
        check_sums(&c, "SHA256SUMS");
        check_sums(&c, "data/SHA256SUMS");
        check_index(&c);
    }
    for (int i = 0; i < c.n; i++) {
        names_free(&c.documents[i].ids), names_free(&c.documents[i].links);
        free(c.documents[i].name);
    }
    free(c.documents);
    *pages = c.n;
    return c.faults;
}

/* --- the command ----------------------------------------------------------------- */

static error_t parse(int key, char *arg, struct argp_state *state)
{
    const char **folder = state->input;
    if (key != ARGP_KEY_ARG || *folder) return ARGP_ERR_UNKNOWN;
    *folder = arg;
    return 0;
}

int command_check_site(int argc, char **argv)
{
    static const struct argp argp = { NULL,
                                      parse,
                                      "[DIR]",
                                      "Checks a built site: links and fragments, ids, "
                                      "what is loaded, hashes, the index "
                                      "against its schema.",
                                      NULL,
                                      NULL,
                                      NULL };
    const char *folder = NULL;
    if (argp_parse(&argp, argc, argv, 0, NULL, &folder)) return EXIT_USAGE;
    int pages, faults = check_site(folder ? folder : BUILD "/site", &pages);
    printf("check-site: %d pages, %d faults\n", pages, faults);
    return faults ? EXIT_USAGE : EXIT_AS_EXPECTED;
}
