/* split.c - where prose ends and code begins.
 *
 * Finding comments needs exactly the part of C's grammar that can hide one: strings,
 * character constants, line comments and block comments. A parser of C would know more
 * than that and would have to keep up with compilers. In the same pass a second,
 * coarser reader counts braces and remembers the last identifier before a parenthesis,
 * which is enough to name the functions of a piece of code; it is wrong about K&R
 * definitions and about macros that look like functions, and then a summary reads less
 * well. */
#include "report/split.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    Part *part;
    int n, room;
    /* the names reader */
    int braces, parens;        /* open ones; parens includes brackets */
    char last[64], called[64]; /* last identifier; the one before the last (...) */
    char before;               /* last significant character */
    char inside[64];           /* the function whose body is open; empty: none */
    Buffer names;
    bool declares;
} Splitter;

/* --- lexing: how far does this thing go? ------------------------------------------ */

static const char *skip_quoted(const char *p)
{
    char quote = *p++;
    while (*p && *p != quote && *p != '\n') p += *p == '\\' && p[1] ? 2 : 1;
    return *p == quote ? p + 1 : p;
}

static const char *skip_line_comment(const char *p)
{
    while (*p && *p != '\n') p += *p == '\\' && p[1] ? 2 : 1;
    return p;
}

static const char *skip_block_comment(const char *p)
{
    const char *end = strstr(p + 2, "*/");
    return end ? end + 2 : p + strlen(p);
}

static bool rest_is_blank(const char *p)
{
    p += strspn(p, " \t\r");
    return *p == '\n' || !*p;
}

/* --- names of functions ----------------------------------------------------------- */

static void add_name(Splitter *s, const char *name, const char *more)
{
    if (s->names.n) buffer_put(&s->names, ", ");
    buffer_format(&s->names, "%s%s", name, more);
}

static const char *read_identifier(Splitter *s, const char *p)
{
    size_t n = 0;
    while (isalnum((unsigned char)p[n]) || p[n] == '_') n++;
    if (!s->braces && !s->parens && n < sizeof s->last) {
        memcpy(s->last, p, n);
        s->last[n] = 0;
        if (!strcmp(s->last, "experiment")) s->declares = true;
    }
    s->before = 'a';
    return p + n;
}

static void read_punctuation(Splitter *s, char c)
{
    if (c == '(' || c == '[') {
        if (!s->parens++ && !s->braces && c == '(' && strcmp(s->last, "__attribute__"))
            memcpy(s->called, s->last, sizeof s->called);
    } else if (c == ')' || c == ']') {
        if (s->parens) s->parens--;
    } else if (c == '{') {
        if (!s->braces++ && s->before == ')' && *s->called) {
            memcpy(s->inside, s->called, sizeof s->inside);
            add_name(s, s->inside, "");
        }
    } else if (c == '}') {
        if (s->braces && !--s->braces) *s->inside = *s->called = 0;
    } else if (c == ';' && !s->braces && !s->parens) {
        *s->called = *s->last = 0;
    }
    if (!isspace((unsigned char)c)) s->before = c;
}

/* --- parts ------------------------------------------------------------------------ */

static int count_lines(const char *from, const char *to)
{
    int n = 0;
    for (; from < to; from++) n += *from == '\n';
    return n;
}

static void add_part(Splitter *s, PartKind kind, int line, const char *from,
                     const char *to, char *names)
{
    if (s->n == s->room) {
        int room = s->room ? 2 * s->room : 16;
        s->part = grow(s->part, (size_t)s->room, (size_t)room, sizeof *s->part);
        s->room = room;
    }
    char *text = alloc((size_t)(to - from) + 1, 1);
    memcpy(text, from, (size_t)(to - from));
    s->part[s->n++] = (Part){ kind,  line,
                              text,  count_lines(from, to) + 1,
                              names, kind == CODE && s->declares };
}

/* Code from `from` to `to`, `line` being the line of `from`; blank lines at both ends
 * go. */
static void end_code(Splitter *s, const char *from, const char *to, int line)
{
    char *names = s->names.s ? s->names.s : text_copy("");
    s->names = (Buffer){ 0 };
    while (from < to && isspace((unsigned char)to[-1])) to--;
    for (const char *p = from; p < to && isspace((unsigned char)*p); p++)
        if (*p == '\n') from = p + 1, line++;
    if (from < to) add_part(s, CODE, line, from, to, names);
    else free(names);
    s->declares = false;
    if (*s->inside) add_name(s, s->inside, "...");
}

Part *split_source(const char *source, int *n)
{
    Splitter s = { 0 };
    const char *code = source, *p = source;
    int code_line = 1, line = 1;
    while (*p) {
        const char *from = p;
        bool block = p[0] == '/' && p[1] == '*', start = p == source || p[-1] == '\n';
        if (block) {
            p = skip_block_comment(p);
            bool closed = p[-1] == '/' && p - from >= 4;
            if (start && closed && rest_is_blank(p)) {
                end_code(&s, code, from, code_line);
                add_part(&s, PROSE, line, from + 2, p - 2, NULL);
                p += strcspn(p, "\n");
                code = p, code_line = line + count_lines(from, p);
            }
        } else if (p[0] == '/' && p[1] == '/') {
            p = skip_line_comment(p);
        } else if (*p == '"' || *p == '\'') {
            p = skip_quoted(p);
            s.before = 'a';
        } else if (isalpha((unsigned char)*p) || *p == '_') {
            p = read_identifier(&s, p);
        } else {
            read_punctuation(&s, *p++);
        }
        line += count_lines(from, p);
    }
    end_code(&s, code, p, code_line);
    free(s.names.s);
    *n = s.n;
    return s.part;
}

void split_free(Part *part, int n)
{
    for (int i = 0; i < n; i++) free(part[i].text), free(part[i].names);
    free(part);
}
