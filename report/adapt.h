/* adapt.h - what a page does to a woven article before it shows it. */
#ifndef GLASSBOX_ADAPT_H
#define GLASSBOX_ADAPT_H

#include "core/base/base.h"

/* Each footnote of one paragraph is repeated behind its mark, as
 * <small class="sidenote">. The style sheet shows either these or the list at the end,
 * never both. The caller frees. */
char *adapt_notes(const char *article);

/* Each displayed formula gets a frame that scrolls and takes the focus, so that a narrow
 * window shows all of it. The caller frees. */
char *adapt_formulas(const char *article);

#endif
