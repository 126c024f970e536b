/* charts.h - `~~~gnuplot` blocks: scripts, drawings, figures. */
#ifndef GLASSBOX_CHARTS_H
#define GLASSBOX_CHARTS_H

#include "report/weave.h"

typedef struct {
    const char *table;   /* of the opening line */
    const char *caption; /* plain text, numbers filled in */
    const char *body;    /* the script between the fences, as written */
    int number;          /* 1 for the first of its page */
    int line, body_line; /* of the opening fence, of the script */
} ChartBlock;

/* Where seed 1's tables lie: this machine's run if it is current, else the record; NULL:
 * neither, or their columns are not the declared ones. *fresh (may be NULL) tells which.
 * Borrowed from the finding. */
const char *charts_folder(const Finding *, bool *fresh);

/* Checks the script against the declared tables and draws it from `folder`. False with
 * *error (caller frees) "path:line: ...". The caller frees the chart with
 * charts_free. */
bool charts_draw(const Finding *, const ChartBlock *, const char *folder, Chart *,
                 char **error);
void charts_free(Chart *);

/* The <figure>: drawing, `caption` (markup), links, tables. NULL with *error: a table's
 * file is malformed. */
char *charts_figure(const Finding *, const Chart *, const char *caption,
                    const char *folder, char **error);

#endif
