/* weave.h - from an experiment's source to the article on its page.
 *
 * A block comment that starts in column 0 is prose (Markdown as pandoc reads it); all
 * else is code. `{{claim}}` and its kin become numbers of the record, `~~~gnuplot` a
 * chart, `~~~listing name` a text that the unit wrote. Everything between the prose
 * stays in the order of the file. */
#ifndef GLASSBOX_WEAVE_H
#define GLASSBOX_WEAVE_H

#include "report/suite.h"

typedef struct {
    char *id, *table, *caption; /* id: "chart-1", unique on its page */
    char *gnuplot; /* a script that runs alone beside TABLE.csv, writes SVG */
    char *svg;     /* inlined form, ids prefixed with the finding's id */
    char **tables; /* every table that the script reads */
    int n_tables;
} Chart;

typedef struct {
    char *title, *lead; /* the article's first heading; its first sentence, plain text */
    char *html;         /* body below the title: prose, code, charts, references */
    char *toc;          /* <ol> of its h2 headings with their anchors */
    Chart *charts;
    int n_charts;
} Article;

/* NULL with *error (caller frees) "path:line: what is wrong, what was expected": an
 * unknown {{name}}, an unknown table, a gnuplot or pandoc failure. Results are cached in
 * build/weave by the hash of all that went in. */
Article *weave_article(const Suite *, const Finding *, char **error);
void weave_free(Article *);

/* `{{...}}` replaced in one line of text (captions, claim sentences, the box). */
char *weave_numbers(const Finding *, const char *text, char **error);
/* Three significant digits, or as the printf format says (one %e, %f or %g). Caller
 * frees. */
char *weave_number(double x, const char *format);

#endif
