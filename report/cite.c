/* cite.c - how to cite a claim, a finding, a chart.
 *
 * A paper that cites a claim cites its sentence, its bounds and its values, so the hash
 * in the citation is over these and nothing else: rewording the article around it, or
 * a new core that gives the same bits, leaves the citation valid. No DOI is formed
 * here, since nobody has registered one. The suite's own title, author and version are
 * read from CITATION.cff, so there is one place that says them. */
#include "report/cite.h"
#include "core/base/file.h"
#include "report/command.h"
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- the suite ---------------------------------------------------------------------- */

/* The value of the first line "key: value" or "  - key: value", without quotes; "". */
static char *cff_value(const char *text, const char *key)
{
    size_t n = strlen(key);
    for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
        const char *at = p + strspn(p, " -");
        if (strncmp(at, key, n) || at[n] != ':') continue;
        at += n + 1;
        at += strspn(at, " \"");
        size_t length = strcspn(at, "\"\n");
        char *value = alloc(length + 1, 1);
        return memcpy(value, at, length);
    }
    return text_copy("");
}

bool cite_work(const char *root, CiteWork *w, char **error)
{
    *w = (CiteWork){ 0 };
    char *path = text_format("%s/CITATION.cff", root), *text = file_read(path, NULL);
    if (!text) *error = text_format("%s: %s", path, strerror(errno));
    else {
        *w = (CiteWork){ cff_value(text, "title"), cff_value(text, "name"),
                         cff_value(text, "version"), cff_value(text, "date-released"),
                         cff_value(text, "url") };
        bool complete = *w->title && *w->author && *w->version && strlen(w->date) == 10;
        if (!complete) {
            *error =
                text_format("%s:1:1: a key is missing, expected title, name, version "
                            "and date-released as YYYY-MM-DD",
                            path);
            cite_work_free(w);
        }
    }
    bool ok = w->title != NULL;
    free(path), free(text);
    return ok;
}

void cite_work_free(CiteWork *w)
{
    free(w->title), free(w->author), free(w->version), free(w->date), free(w->url);
    *w = (CiteWork){ 0 };
}

void cite_free(Citation *c)
{
    free(c->plain), free(c->bibtex), free(c->csl), free(c->permalink), free(c->hash);
    *c = (Citation){ 0 };
}

/* --- what all three kinds share ----------------------------------------------------- */

typedef struct {
    const char *label; /* "induction-heads/score", "induction-heads, chart-1" */
    const char *title; /* the sentence that is cited */
    const char *what;  /* "Claim ... HOLDS in 5 of 5 seeds" */
    const char *anchor;
    char *hash;
} Subject;

/* The day on which the published values were computed, else the suite's release. */
static const char *date_of(const CiteWork *w, const Finding *f)
{
    const char *date = "";
    for (int i = 0; i < f->n_record; i++)
        if (f->index && f->index[i].date && strcmp(f->index[i].date, date) > 0)
            date = f->index[i].date;
    return strlen(date) >= 10 ? date : w->date;
}

static char *permalink(const CiteWork *w, const Finding *f, const char *anchor)
{
    size_t n = strlen(w->url);
    return text_format("%s%s%s.html%s%s", w->url, n && w->url[n - 1] != '/' ? "/" : "",
                       f->id, *anchor ? "#" : "", anchor);
}

static char *plain(const CiteWork *w, const Finding *f, const Subject *s,
                   const char *link)
{
    size_t n = strlen(s->title);
    bool stop = n && strchr(".?!", s->title[n - 1]);
    return text_format("%s (%.4s). %s%s %s. In: %s, version %s. %s, %s.", w->author,
                       date_of(w, f), s->title, stop ? "" : ".", s->what, w->title,
                       w->version, s->hash, link);
}

/* TeX's special characters escaped, except inside $...$. */
static void put_tex(Buffer *b, const char *s)
{
    bool maths = false, closed = strchr(s, '$') != strrchr(s, '$');
    for (; *s; s++) {
        if (*s == '$' && closed) maths = !maths;
        if (!maths && strchr("&%#_", *s)) buffer_put(b, "\\");
        if (!maths && strchr("{}~^\\", *s)) continue;
        buffer_add(b, s, 1);
    }
}

static char *bibtex(const CiteWork *w, const Finding *f, const Subject *s,
                    const char *link)
{
    Buffer b = { 0 };
    char *key = text_format("glassbox-%s%s%s", f->id, *s->anchor ? "-" : "", s->anchor);
    buffer_format(&b, "@misc{%s,\n  author = {{", key);
    put_tex(&b, w->author);
    buffer_put(&b, "}},\n  title = {{");
    put_tex(&b, s->title);
    buffer_format(&b, "}},\n  year = {%.4s},\n  howpublished = {", date_of(w, f));
    put_tex(&b, w->title);
    buffer_format(&b, ", version %s},\n  note = {", w->version);
    put_tex(&b, s->what);
    buffer_format(&b, "; hash %s}", s->hash);
    if (*w->url) buffer_format(&b, ",\n  url = {%s}", link);
    buffer_put(&b, "\n}\n");
    free(key);
    return b.s;
}

static json_t *date_parts(const char *date)
{
    json_t *parts = json_array(), *all = json_array(), *issued = json_object();
    int year = atoi(date), month = atoi(date + 5), day = atoi(date + 8);
    json_array_append_new(parts, json_integer(year));
    json_array_append_new(parts, json_integer(month));
    json_array_append_new(parts, json_integer(day));
    json_array_append_new(all, parts);
    json_object_set_new(issued, "date-parts", all);
    return issued;
}

static char *csl(const CiteWork *w, const Finding *f, const Subject *s, const char *link)
{
    json_t *item = json_object(), *authors = json_array(), *list = json_array();
    json_array_append_new(authors, json_pack("{s:s}", "literal", w->author));
    json_object_set_new(item, "id", json_string(s->label));
    json_object_set_new(item, "type", json_string("dataset"));
    json_object_set_new(item, "title", json_string(s->title));
    json_object_set_new(item, "author", authors);
    json_object_set_new(item, "issued", date_parts(date_of(w, f)));
    json_object_set_new(item, "container-title", json_string(w->title));
    json_object_set_new(item, "version", json_string(w->version));
    if (*w->url) json_object_set_new(item, "URL", json_string(link));
    char *note = text_format("%s; hash %s; source swh:1:cnt:%s", s->what, s->hash,
                             f->source_sha1 ? f->source_sha1 : "unknown");
    json_object_set_new(item, "note", json_string(note));
    free(note);
    json_array_append_new(list, item);
    char *text = json_dumps(list, JSON_INDENT(2));
    require(text, "%s: its citation is no valid UTF-8", s->label);
    json_decref(list);
    return text;
}

/* Takes the subject's hash. */
static Citation form(const CiteWork *w, const Finding *f, const Subject *s)
{
    Citation c = { .hash = s->hash, .permalink = permalink(w, f, s->anchor) };
    c.plain = plain(w, f, s, c.permalink);
    c.bibtex = bibtex(w, f, s, c.permalink);
    c.csl = csl(w, f, s, c.permalink);
    return c;
}

/* --- the three kinds ---------------------------------------------------------------- */

static char *finding_hash(const Finding *f)
{
    HashState *h = hash_new();
    hash_add(h, f->id, strlen(f->id));
    for (int i = 0; i < f->n_claims; i++) {
        Hash claim = suite_claim_hash(f, i);
        hash_add(h, claim.hex, strlen(claim.hex));
    }
    Hash all = hash_end(h);
    return text_format("%s@%.8s", f->id, all.hex);
}

static char *standing(const Finding *f, int claim)
{
    const Judgement *j = f->judged ? &f->judged[claim] : NULL;
    if (!f->claims[claim].side) return text_copy("a number without a verdict");
    if (!j || j->verdict == NOT_RUN) return text_copy("not judged yet");
    return text_format("%s, cleared in %d of %d seeds", verdict_name(j->verdict),
                       j->cleared, j->seeds);
}

Citation cite_claim(const CiteWork *w, const Finding *f, int claim)
{
    require(claim >= 0 && claim < f->n_claims, "%s has no claim %d", f->id, claim);
    const Claim *c = &f->claims[claim];
    char *label = text_format("%s/%s", f->id, c->id), *stands = standing(f, claim),
         *what = text_format("Claim %s: %s", label, stands);
    Subject s = { label, c->text, what, c->id,
                  text_format("%s@%.8s", label, suite_claim_hash(f, claim).hex) };
    Citation cited = form(w, f, &s);
    free(label), free(stands), free(what);
    return cited;
}

Citation cite_finding(const CiteWork *w, const Finding *f)
{
    char *what = text_format("Finding %s, %d claim%s", f->id, f->n_claims,
                             f->n_claims == 1 ? "" : "s");
    Subject s = { f->id, f->title, what, "", finding_hash(f) };
    Citation cited = form(w, f, &s);
    free(what);
    return cited;
}

Citation cite_chart(const CiteWork *w, const Finding *f, const char *chart,
                    const char *caption)
{
    char *label = text_format("%s#%s", f->id, chart),
         *what = text_format("Chart %s of finding %s", chart, f->id);
    Subject s = { label, caption, what, chart, finding_hash(f) };
    Citation cited = form(w, f, &s);
    free(label), free(what);
    return cited;
}

/* --- the command -------------------------------------------------------------------- */

typedef struct {
    const char *id, *format;
} Options;

static error_t parse(int key, char *arg, struct argp_state *state)
{
    Options *o = state->input;
    if (key == 'f') o->format = arg;
    else if (key == ARGP_KEY_ARG && !o->id) o->id = arg;
    else return ARGP_ERR_UNKNOWN;
    return 0;
}

/* The claims of the finding that the id begins with; else the findings. */
static int unknown(Suite *suite, const char *id)
{
    char *before = text_format("%.*s", (int)strcspn(id, "/"), id);
    const Finding *named = suite_find(suite, before);
    fprintf(stderr, "cite: \"%s\" is no finding and no claim, expected %s:\n", id,
            named ? "one of" : "one of these, or finding/claim");
    for (int c = 0; named && c < named->n_claims; c++)
        fprintf(stderr, "  %s/%s\n", named->id, named->claims[c].id);
    for (int i = 0; !named && i < suite->n; i++)
        fprintf(stderr, "  %s\n", suite->findings[i].id);
    free(before);
    return EXIT_USAGE;
}

static int print(const Citation *c, const char *format)
{
    if (!strcmp(format, "plain")) puts(c->plain);
    else if (!strcmp(format, "bibtex")) fputs(c->bibtex, stdout);
    else if (!strcmp(format, "csl")) puts(c->csl);
    else if (!strcmp(format, "all"))
        printf("%s\n\nShort hash  %s\nPermalink   %s\n\nBibTeX\n%s\nCSL-JSON\n%s\n",
               c->plain, c->hash, c->permalink, c->bibtex, c->csl);
    else {
        fprintf(stderr, "cite: --format %s, expected all, plain, bibtex or csl\n",
                format);
        return EXIT_USAGE;
    }
    return fflush(stdout) ? EXIT_USAGE : EXIT_AS_EXPECTED;
}

static int cite(Suite *suite, const CiteWork *work, const Options *o)
{
    Finding *f = suite_find(suite, o->id);
    bool whole = f != NULL;
    Claim *claim = whole ? NULL : suite_claim(suite, o->id, &f);
    if (!whole && !claim) return unknown(suite, o->id);
    if (f->broken) {
        fprintf(stderr, "cite: %s: %s\n", f->source, f->broken);
        return EXIT_USAGE;
    }
    Citation c =
        whole ? cite_finding(work, f) : cite_claim(work, f, (int)(claim - f->claims));
    int status = print(&c, o->format);
    cite_free(&c);
    return status;
}

int command_cite(int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "format", 'f', "FORMAT", 0, "all (default), plain, bibtex or csl", 0 }, { 0 }
    };
    static const struct argp argp = {
        options,
        parse,
        "FINDING/CLAIM | FINDING",
        "Prints how to cite a claim or a finding.\vThe short hash is over the sentence, "
        "the bounds and the published values: it stays as long as they do.",
        NULL,
        NULL,
        NULL
    };
    Options o = { .format = "all" };
    if (argp_parse(&argp, argc, argv, 0, NULL, &o)) return EXIT_USAGE;

    char *error = NULL;
    CiteWork work = { 0 };
    Suite *suite = suite_open();
    int status = EXIT_USAGE;
    if (suite && cite_work(".", &work, &error))
        status = cite(suite, &work, o.id ? &o : &(Options){ "", o.format });
    else if (suite) fprintf(stderr, "cite: %s\n", error);
    cite_work_free(&work), suite_free(suite), free(error);
    return status;
}
