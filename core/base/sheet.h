/* sheet.h - CSV tables with a header row, read and written through libcsv (the only
 * user of it). Reading is strict: every row has as many cells as the header, quotes
 * are balanced, no empty header. A byte-order mark, CRLF and blank lines are accepted.
 * Nothing here exits: errors come back as one line "path:row:column: what is wrong,
 * what was expected", where row is the line of the file as an editor shows it (the
 * first one of a row that has line breaks in its cells) and column counts cells from
 * 1. */
#ifndef GLASSBOX_SHEET_H
#define GLASSBOX_SHEET_H

#include "core/base/base.h"
#include <stdio.h>

typedef struct Sheet {
    char *path;
    int rows, columns; /* data rows, without the header */
    char **header;     /* (columns) */
    char ***cell;      /* (rows)(columns), never NULL */
    int header_line;   /* its line of the file */
    int *line;         /* (rows): the line that each row begins on */
} Sheet;

/* NULL on error, *error then holds a message that the caller frees. `columns` names the
 * headers that must be there, as in "a, b"; it may be NULL. */
Sheet *sheet_read(const char *path, const char *columns, char **error);
Sheet *sheet_parse(const char *name, const char *bytes, size_t n, const char *columns,
                   char **error);
void sheet_free(Sheet *);

int sheet_column(const Sheet *, const char *name); /* -1: no such column */
/* Borrowed; a cell outside the table is fatal. */
const char *sheet_text(const Sheet *, int row, int column);
/* A finite decimal number, or false with *error set (NaN, Inf, trailing junk, an empty
 * cell). */
bool sheet_number(const Sheet *, int row, int column, double *x, char **error);

/* One cell, quoted only if it must be; the caller writes commas and newlines. (A row of
 * one empty cell is a blank line, which reading skips.) */
void sheet_write_text(FILE *, const char *cell);
/* As %.17g: reading it back gives the same bits. */
void sheet_write_number(FILE *, double x);

#endif
