/* svg.h - gnuplot's SVG made part of a page. */
#ifndef GLASSBOX_SVG_H
#define GLASSBOX_SVG_H

#include "core/base/base.h"

/* Markup that any number of pages and themes can hold: ids begin with `prefix`, colours
 * of the line styles are CSS variables, black is currentColor, fonts are the page's, a
 * screen reader hears `title` and `description` (plain text). NULL with *error (caller
 * frees): it refers to another file or is no SVG. The caller frees the result. */
char *svg_inline(const char *svg, const char *prefix, const char *title,
                 const char *description, char **error);

/* The inlined form as a file of its own; `css` gives the variables their colours. */
char *svg_alone(const char *inlined, const char *css);

#endif
