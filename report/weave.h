/* weave.h - from an experiment's source to the article on its page.
 *
 * A block comment that starts in column 0 is prose (Markdown as pandoc reads it); all
 * else is code. `{{claim}}` and its kin become numbers of the record, `~~~gnuplot` a
 * chart, `~~~listing name` a text that the unit wrote. Everything between the prose
 * stays in the order of the file. The page needs report/assets/code.css and
 * chart.css. */
#ifndef GLASSBOX_WEAVE_H
#define GLASSBOX_WEAVE_H

#include "report/suite.h"

typedef struct {
    char *id, *table; /* id: "chart-1", unique on its page; table: the one it is about */
    char *caption;    /* plain text, numbers filled in */
    int line;         /* of its block in the source */
    /* a script that runs alone beside its tables and writes SVG to standard output */
    char *gnuplot;
    /* inlined form, ids prefixed with the finding's id; NULL: no run has written its
     * tables yet, and the figure says so */
    char *svg;
    char *alone;   /* the same as a file of its own, with its colours; NULL as svg */
    char **tables; /* every table that the script reads, `table` first */
    int n_tables;
} Chart;

typedef struct {
    char *title, *lead; /* the article's first heading; its first sentence, plain text */
    char *html;         /* body below the title: prose, code, charts, references */
    char *toc;          /* <ol> of its h2 headings with their anchors */
    Chart *charts;
    int n_charts;
    /* where the tables and listings lie from which it was made (copy data/ID/TABLE.csv
     * from here); NULL: neither a run nor a record */
    char *folder;
    bool fresh; /* folder is of this machine's run */
} Article;

/* NULL with *error (caller frees) "path:line: what is wrong, what was expected": an
 * unknown {{name}}, an unknown table, a gnuplot or pandoc failure. Results are cached
 * in build/weave by the hash of all that went in. Links: data/ID/TABLE.csv, data/ID/
 * chart-1.gp and chart-1.svg. Ids: L42 for a line of code, s-... for a heading,
 * chart-1, ref-KEY. */
Article *weave_article(const Suite *, const Finding *, char **error);
void weave_free(Article *);

/* `{{...}}` replaced in one line of text (captions, claim sentences, the box). */
char *weave_numbers(const Finding *, const char *text, char **error);
/* Three significant digits, or as the printf format says (one %e, %f or %g). Caller
 * frees. A reader's form: a true minus sign, 1.2 x 10^-7 with raised digits. */
char *weave_number(double x, const char *format);

#endif
