/* polish.h - pandoc's HTML in the terms of our pages. */
#ifndef GLASSBOX_POLISH_H
#define GLASSBOX_POLISH_H

#include "core/base/base.h"

/* The identifier that a code block must carry to get line anchors L1, L2 ... */
#define POLISH_CODE "L"

/* Headings get ids s-..., lines of code L42 with their number in data-n; wide content
 * may scroll by keyboard; no inline styles, no entities that XML does not know. *toc
 * (caller frees) is an <ol> of the h2 headings. The caller frees the result. */
char *polish_html(const char *html, char **toc);

/* Markdown without its marks: for titles, alternative texts and leads. Caller frees. */
char *polish_plain(const char *markdown);
/* The first sentence of a Markdown paragraph, plain. Caller frees. */
char *polish_sentence(const char *markdown);

#endif
