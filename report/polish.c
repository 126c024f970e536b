/* polish.c - from pandoc's HTML to ours.
 *
 * A pandoc filter could do this inside pandoc; it would be written in Lua, a second
 * language, and could not reach the line anchors, which the highlighter adds last. So
 * the finished markup is rewritten tag by tag. Ids are ours from here on: a heading
 * called "Score" must not take the anchor of a claim called score. */
#include "report/polish.h"
#include "report/tags.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    Buffer out, toc;
    size_t heading_at; /* where the content of the open h2 begins in out; 0: none open */
    char heading_id[160];
    bool inline_math; /* inside <math display="inline"> */
    bool framed_math; /* a frame closes with it */
} Polisher;

static bool starts(const Attribute *a, const char *s)
{
    return a && a->value_n >= strlen(s) && !strncmp(a->value, s, strlen(s));
}

static bool is_heading(const Tag *t)
{
    return t->name_n == 2 && t->name[0] == 'h' && isdigit((unsigned char)t->name[1]);
}

/* Roles that ARIA has withdrawn. */
static bool is_withdrawn(const Tag *t, const Attribute *a)
{
    return tags_named(a, "role") &&
           (tags_has(t, "role", "doc-biblioentry") || tags_has(t, "role", "doc-endnote"));
}

static void put_attributes(Polisher *p, const Tag *t)
{
    /* Pandoc lets every bracket grow; in a line of text that spreads the lines. */
    static const Attribute unstretched = { "stretchy", "false", 8, 5 };
    Buffer *b = &p->out;
    for (int i = 0; i < t->n; i++) {
        const Attribute *a = &t->attribute[i];
        if (tags_named(a, "style") || is_withdrawn(t, a)) continue;
        if (tags_named(a, "data-startFrom")) continue;
        if (tags_named(a, "stretchy") && p->inline_math) a = &unstretched;
        int n = (int)a->value_n;
        if (tags_named(a, "id") && n == 1 && starts(a, POLISH_CODE)) continue;
        buffer_format(b, " %.*s=\"", (int)a->name_n, a->name);
        if (tags_named(a, "id") && is_heading(t)) buffer_format(b, "s-%.*s", n, a->value);
        else if (tags_named(a, "id") && starts(a, POLISH_CODE "-"))
            buffer_format(b, "L%.*s", n - 2, a->value + 2);
        else if (tags_named(a, "href") && starts(a, "#" POLISH_CODE "-"))
            buffer_format(b, "#L%.*s\" data-n=\"%.*s", n - 3, a->value + 3, n - 3,
                          a->value + 3);
        else buffer_add(b, a->value, a->value_n);
        buffer_put(b, "\"");
    }
}

/* Line numbers are for the eye: out of the tab order and of what is read aloud. What may
 * scroll can be reached by keyboard. */
static void put_extra(Polisher *p, const Tag *t)
{
    const Attribute *href = tags_find(t, "href");
    bool line =
        tags_is(t, "a") && (starts(href, "#" POLISH_CODE "-") || starts(href, "#cb"));
    if (line && !tags_find(t, "aria-hidden"))
        buffer_put(&p->out, " aria-hidden=\"true\" tabindex=\"-1\"");
    if (tags_is(t, "pre")) buffer_put(&p->out, " tabindex=\"0\"");
}

static void open_heading(Polisher *p, const Tag *t)
{
    const Attribute *id = tags_find(t, "id");
    if (!tags_is(t, "h2") || !id || id->value_n >= sizeof p->heading_id) return;
    memcpy(p->heading_id, id->value, id->value_n);
    p->heading_id[id->value_n] = 0;
    p->heading_at = p->out.n;
}

static void close_heading(Polisher *p)
{
    if (!p->heading_at) return;
    buffer_format(&p->toc, "<li><a href=\"#s-%s\">%s</a></li>\n", p->heading_id,
                  p->out.s + p->heading_at);
    p->heading_at = 0;
}

/* Length of the TeX that the formula was made from; `p` stands behind its tag. */
static size_t tex_length(const char *p)
{
    static const char mark[] = "\"application/x-tex\">";
    const char *end = strstr(p, "</math>"), *tex = strstr(p, mark);
    return tex && end && tex < end ? strcspn(tex + strlen(mark), "<") : 0;
}

/* A browser breaks no formula. One that stands by itself scrolls in a frame of its own; a
 * long one within a line does so where the line is narrow. */
static void frame_math(Polisher *p, const Tag *t, const char *after)
{
    enum { LONG = 24 };
    bool block = tags_has(t, "display", "block");
    p->inline_math = !block;
    p->framed_math = block || tex_length(after) > LONG;
    if (p->framed_math)
        buffer_format(&p->out, "<span class=\"%s\" tabindex=\"0\">",
                      block ? "formula" : "long-formula");
}

static void put_tag(Polisher *p, const Tag *t, const char *after)
{
    static const char scroll[] = "<div class=\"scroll\" tabindex=\"0\">";
    if (t->closing && tags_is(t, "h2")) close_heading(p);
    if (!t->closing && tags_is(t, "math")) frame_math(p, t, after);
    if (!t->closing && tags_is(t, "table")) buffer_put(&p->out, scroll);
    buffer_format(&p->out, "<%s%.*s", t->closing ? "/" : "", (int)t->name_n, t->name);
    put_attributes(p, t);
    if (!t->closing) put_extra(p, t);
    buffer_put(&p->out, t->empty ? " />" : ">");
    if (t->closing && tags_is(t, "table")) buffer_put(&p->out, "</div>");
    if (t->closing && tags_is(t, "math")) {
        if (p->framed_math) buffer_put(&p->out, "</span>");
        p->inline_math = p->framed_math = false;
    }
    if (!t->closing) open_heading(p, t);
}

/* Character data: pandoc's one named entity becomes the character. */
static void put_text(Polisher *p, const char *from, const char *to)
{
    for (const char *c = from; c < to;) {
        bool space = !strncmp(c, "&nbsp;", 6);
        if (space) buffer_put(&p->out, "\u00a0");
        else buffer_add(&p->out, c, 1);
        c += space ? 6 : 1;
    }
}

char *polish_html(const char *html, char **toc)
{
    Polisher p = { 0 };
    buffer_put(&p.out, ""), buffer_put(&p.toc, "");
    for (const char *c = html; *c;) {
        Tag t;
        const char *after = NULL;
        bool markup = *c == '<' && (isalpha((unsigned char)c[1]) || c[1] == '/');
        if (markup) after = tags_read(c, &t);
        if (after) {
            put_tag(&p, &t, after);
        } else {
            after = c + 1 + strcspn(c + 1, "<");
            put_text(&p, c, after);
        }
        c = after;
    }
    *toc = p.toc.n ? text_format("<ol>\n%s</ol>\n", p.toc.s) : text_copy("");
    free(p.toc.s);
    return p.out.s;
}

/* --- plain text ------------------------------------------------------------------- */

/* The end of "[@key, p. 3]" at p, else p. */
static const char *skip_citation(const char *p)
{
    if (*p != '[') return p;
    const char *end = strchr(p, ']'), *at = strchr(p, '@');
    return end && at && at < end && end[1] != '(' ? end + 1 : p;
}

char *polish_plain(const char *markdown)
{
    Buffer b = { 0 };
    buffer_put(&b, "");
    for (const char *p = markdown; *p;) {
        const char *after = skip_citation(p);
        if (after > p) {
            while (b.n && b.s[b.n - 1] == ' ') b.s[--b.n] = 0;
        } else if (p[0] == ']' && p[1] == '(' && strchr(p, ')')) {
            after = strchr(p, ')') + 1;
        } else if (isspace((unsigned char)*p)) {
            if (b.n && b.s[b.n - 1] != ' ') buffer_put(&b, " ");
        } else if (p[0] == '\\' && ispunct((unsigned char)p[1])) {
            buffer_add(&b, p + 1, 1);
            after = p + 2;
        } else if (!strchr("*`$[]", *p)) {
            buffer_add(&b, p, 1);
        }
        p = after > p ? after : p + 1;
    }
    while (b.n && b.s[b.n - 1] == ' ') b.s[--b.n] = 0;
    return b.s;
}

/* A sentence ends at a stop before a space and a capital, or with its paragraph. */
char *polish_sentence(const char *markdown)
{
    const char *p = markdown + strspn(markdown, " \t\r\n"), *end = p;
    for (; *end && !(end[0] == '\n' && end[1] == '\n'); end++) {
        if (!strchr(".!?", *end) || !isspace((unsigned char)end[1])) continue;
        const char *next = end + 1 + strspn(end + 1, " \t\r\n");
        if (!*next || !islower((unsigned char)*next)) {
            end++;
            break;
        }
    }
    char *sentence = text_format("%.*s", (int)(end - p), p),
         *plain = polish_plain(sentence);
    free(sentence);
    return plain;
}
