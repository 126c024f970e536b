/* html.c - a writer with a stack.
 *
 * A template language would be a second language to read, and printf() of markup forgets
 * one escape in a hundred. So pages are written by calls: the stack of open elements is
 * the proof that the page is well-formed, and the only way to write bytes unescaped is
 * the function called html_raw. Cost: one copy of each page in memory. */
#define _GNU_SOURCE
#include "report/html.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Length of the UTF-8 sequence at s (n bytes left) if it encodes an XML character, else
 * 0: overlong forms, surrogates, control characters and U+FFFE, U+FFFF are none. */
static size_t character_length(const unsigned char *s, size_t n)
{
    if (s[0] < 0x80)
        return s[0] >= 0x20 || s[0] == '\t' || s[0] == '\n' || s[0] == '\r' ? 1 : 0;
    size_t length = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4 || length > n) return 0;
    uint32_t c = s[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xc0) != 0x80) return 0;
        c = c << 6 | (s[i] & 0x3fu);
    }
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    bool bad = c < least[length] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ||
               c == 0xfffe || c == 0xffff;
    return bad ? 0 : length;
}

void html_escape(Buffer *out, const char *text, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t length = character_length((const unsigned char *)text + i, n - i);
        const char *entity = length == 0      ? "\xef\xbf\xbd"
                             : text[i] == '&' ? "&amp;"
                             : text[i] == '<' ? "&lt;"
                             : text[i] == '>' ? "&gt;"
                             : text[i] == '"' ? "&quot;"
                                              : NULL;
        if (entity) buffer_put(out, entity);
        else buffer_add(out, text + i, length);
        i += length ? length : 1;
    }
}

static void start(Html *h, const char *name, va_list attributes)
{
    buffer_format(&h->out, "<%s", name);
    for (const char *key; (key = va_arg(attributes, const char *)) != NULL;) {
        const char *value = va_arg(attributes, const char *);
        if (!value) continue;
        buffer_format(&h->out, " %s=\"", key);
        html_escape(&h->out, value, strlen(value));
        buffer_put(&h->out, "\"");
    }
}

/* Elements whose tags may stand on lines of their own without adding visible space. */
static bool is_block(const char *name)
{
    static const char *const block[] = {
        "html",  "head", "body",    "main", "header",    "footer", "nav",    "section",
        "div",   "p",    "ul",      "ol",   "li",        "dl",     "dt",     "dd",
        "table", "tr",   "thead",   "td",   "tbody",     "th",     "figure", "h1",
        "h2",    "h3",   "details", "form", "article",   "aside",  "title",  "script",
        "meta",  "link", "summary", "h4",   "figcaption"
    };
    for (int i = 0; i < COUNT(block); i++)
        if (!strcmp(name, block[i])) return true;
    return false;
}

void html_open(Html *h, const char *name, ...)
{
    require(h->depth < HTML_DEPTH, "<%s> is nested too deeply", name);
    va_list attributes;
    va_start(attributes, name);
    start(h, name, attributes);
    va_end(attributes);
    buffer_put(&h->out, ">");
    h->open[h->depth++] = name;
}

void html_close(Html *h, const char *name)
{
    require(h->depth > 0, "</%s> closes nothing", name);
    require(!strcmp(h->open[h->depth - 1], name), "</%s> where <%s> is open", name,
            h->open[h->depth - 1]);
    h->depth--;
    buffer_format(&h->out, is_block(name) ? "</%s>\n" : "</%s>", name);
}

void html_void(Html *h, const char *name, ...)
{
    va_list attributes;
    va_start(attributes, name);
    start(h, name, attributes);
    va_end(attributes);
    buffer_put(&h->out, is_block(name) ? " />\n" : " />");
}

void html_leaf(Html *h, const char *name, const char *text, ...)
{
    va_list attributes;
    va_start(attributes, text);
    start(h, name, attributes);
    va_end(attributes);
    buffer_put(&h->out, ">");
    if (text) html_text(h, text);
    buffer_format(&h->out, is_block(name) ? "</%s>\n" : "</%s>", name);
}

void html_text(Html *h, const char *text) { html_escape(&h->out, text, strlen(text)); }

void html_format(Html *h, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = NULL;
    require(vasprintf(&text, fmt, args) >= 0, "no memory to format text");
    va_end(args);
    html_text(h, text);
    free(text);
}

void html_raw(Html *h, const char *markup) { buffer_put(&h->out, markup); }

char *html_end(Html *h)
{
    require(h->depth == 0, "<%s> is never closed", h->open[h->depth - 1]);
    char *markup = h->out.s ? h->out.s : text_copy("");
    *h = (Html){ 0 };
    return markup;
}
