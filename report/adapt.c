/* adapt.c - footnotes beside their lines, formulas that scroll.
 *
 * A note at the end of a page costs a reader the place where he was; beside the line it
 * costs a glance. Where the window is too narrow for a margin the list at the end is the
 * better form, so both stand in the markup and the style sheet chooses. */
#define _GNU_SOURCE
#include "report/adapt.h"
#include <stdlib.h>
#include <string.h>

static const char MARK[] = "<a href=\"#fn";

/* The only paragraph of note `number`, without its way back; NULL: it has several, or
 * there is none. The caller frees. */
static char *note_text(const char *article, int number)
{
    char *item = text_format("<li id=\"fn%d\"", number);
    const char *at = strstr(article, item), *end = at ? strstr(at, "</li>") : NULL;
    free(item);
    const char *from = at && end ? strstr(at, "<p>") : NULL;
    if (!from || from > end) return NULL;
    from += strlen("<p>");
    const char *to = strstr(from, "<a href=\"#fnref"), *close = strstr(from, "</p>");
    if (!close || close > end) return NULL;
    const char *next = strstr(from, "<p>");
    if (next && next < end) return NULL;
    if (!to || to > close) to = close;
    return text_format("%.*s", (int)(to - from), from);
}

char *adapt_notes(const char *article)
{
    Buffer b = { 0 };
    buffer_put(&b, "");
    const char *rest = article;
    for (const char *mark; (mark = strstr(rest, MARK)) != NULL;) {
        const char *end = strstr(mark, "</a>");
        int number = atoi(mark + strlen(MARK));
        char *note = end && number > 0 ? note_text(article, number) : NULL;
        end = end ? end + strlen("</a>") : mark + strlen(MARK);
        buffer_add(&b, rest, (size_t)(end - rest));
        if (note)
            buffer_format(&b, "<small class=\"sidenote\"><sup>%d</sup> %s</small>",
                          number, note);
        free(note);
        rest = end;
    }
    buffer_put(&b, rest);
    return b.s;
}

char *adapt_formulas(const char *article)
{
    Buffer b = { 0 };
    buffer_put(&b, "");
    const char *rest = article;
    for (const char *at; (at = strstr(rest, "<math display=\"block\"")) != NULL;) {
        const char *end = strstr(at, "</math>");
        end = end ? end + strlen("</math>") : at + strlen(at);
        buffer_add(&b, rest, (size_t)(at - rest));
        buffer_put(&b, "<span class=\"formula\" role=\"group\" aria-label=\"Formula\" "
                       "tabindex=\"0\">");
        buffer_add(&b, at, (size_t)(end - at));
        buffer_put(&b, "</span>");
        rest = end;
    }
    buffer_put(&b, rest);
    return b.s;
}
