/* html.h - writes markup that cannot be malformed: text and attribute values are
 * escaped unless said otherwise, every element that was opened must be closed by its own
 * name, and what is no UTF-8 or no XML character becomes U+FFFD. The result is HTML that
 * an XML parser reads as well. */
#ifndef GLASSBOX_HTML_H
#define GLASSBOX_HTML_H

#include "core/base/base.h"

enum { HTML_DEPTH = 48 };

typedef struct {
    Buffer out;
    /* names of the open elements, outermost first; borrowed, so string literals */
    const char *open[HTML_DEPTH];
    int depth;
} Html; /* zero is an empty document */

/* Attributes are pairs (name, value) that end with NULL:
 *     html_open(h, "a", "href", url, "class", kind, NULL);
 * A pair whose value is NULL is left out; the value "" gives name="". */
void html_open(Html *, const char *name, ...) __attribute__((sentinel));
void html_close(Html *, const char *name); /* dies if another element is open */
/* <name .../>, for the elements that have no content, and for SVG's shapes */
void html_void(Html *, const char *name, ...) __attribute__((sentinel));
/* <name ...>text</name> on one line; text NULL: an empty element */
void html_leaf(Html *, const char *name, const char *text, ...) __attribute__((sentinel));

void html_text(Html *, const char *);
void html_format(Html *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Markup that is known to be well-formed: a woven article, a chart. */
void html_raw(Html *, const char *markup);

/* The markup; the caller frees. Dies if an element is still open. */
char *html_end(Html *);

/* Appends `n` bytes of text as character data that is also safe between double quotes. */
void html_escape(Buffer *, const char *text, size_t n);

#endif
