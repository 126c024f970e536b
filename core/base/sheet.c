/* sheet.c - CSV through libcsv.
 *
 * libcsv knows cells and rows but not lines, so it is fed line by line, and we note the
 * line that each row begins on. Its strict mode refuses a quote inside an unquoted
 * cell; the rest (equal row lengths, names in the header) is checked here. The first
 * error wins: what follows it is read no further. */
#include "core/base/sheet.h"
#include "core/base/file.h"
#include <csv.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char BYTE_ORDER_MARK[] = "\xef\xbb\xbf";
enum { BETWEEN_ROWS = 0 }; /* csv_parser.pstate outside of rows */

typedef struct {
    Sheet *sheet;
    char **cell; /* of the row under way */
    int cells, cell_room, row_room;
    int row_line; /* where it begins */
    char *error;
} Reader;

static void fail_at(Reader *r, int line, int column, const char *what)
{
    if (!r->error)
        r->error = text_format("%s:%d:%d: %s", r->sheet->path, line, column, what);
}

static void fail(Reader *r, int column, const char *what)
{
    fail_at(r, r->row_line, column, what);
}

static void on_cell(void *bytes, size_t n, void *data)
{
    Reader *r = data;
    if (r->cells == r->cell_room) {
        int room = r->cell_room ? 2 * r->cell_room : 8;
        r->cell = grow(r->cell, (size_t)r->cell_room, (size_t)room, sizeof *r->cell);
        r->cell_room = room;
    }
    if (memchr(bytes, 0, n)) fail(r, r->cells + 1, "a zero byte, expected text");
    char *copy = alloc(n + 1, 1);
    if (n) memcpy(copy, bytes, n);
    r->cell[r->cells++] = copy;
}

static void take_header(Reader *r)
{
    Sheet *s = r->sheet;
    s->columns = r->cells;
    s->header = r->cell;
    s->header_line = r->row_line;
    for (int i = 0; i < s->columns; i++) {
        if (!*s->header[i]) fail(r, i + 1, "an empty column name in the header");
        for (int j = 0; j < i; j++)
            if (!strcmp(s->header[i], s->header[j]))
                fail(r, i + 1, "the same column name twice in the header");
    }
    r->cell = NULL;
    r->cell_room = 0;
}

static void take_row(Reader *r)
{
    Sheet *s = r->sheet;
    if (s->rows == r->row_room) {
        int room = r->row_room ? 2 * r->row_room : 32;
        s->cell = grow(s->cell, (size_t)r->row_room, (size_t)room, sizeof *s->cell);
        s->line = grow(s->line, (size_t)r->row_room, (size_t)room, sizeof *s->line);
        r->row_room = room;
    }
    s->line[s->rows] = r->row_line;
    s->cell[s->rows++] = r->cell;
    r->cell = NULL;
    r->cell_room = 0;
}

/* After a first error nothing more is stored, so every stored row has the header's
 * length. */
static void on_row(int terminator, void *data)
{
    Reader *r = data;
    (void)terminator;
    if (!r->sheet->header) take_header(r);
    else if (!r->error && r->cells == r->sheet->columns) take_row(r);
    else {
        char *what = text_format("%d %s, expected %d as in the header", r->cells,
                                 r->cells == 1 ? "cell" : "cells", r->sheet->columns);
        fail(r, r->cells < r->sheet->columns ? r->cells + 1 : r->sheet->columns + 1,
             what);
        free(what);
        for (int i = 0; i < r->cells; i++) free(r->cell[i]);
    }
    r->cells = 0;
}

static char *trim(char *s)
{
    s += strspn(s, " ");
    for (size_t n = strlen(s); n > 0 && s[n - 1] == ' '; n--) s[n - 1] = 0;
    return s;
}

static void check_columns(Reader *r, const char *columns)
{
    char *names = text_copy(columns), *rest = names;
    for (char *name; (name = strsep(&rest, ",")) != NULL;) {
        name = trim(name);
        if (*name && sheet_column(r->sheet, name) < 0) {
            char *what = text_format("no column \"%s\" in the header, expected: %s", name,
                                     columns);
            fail_at(r, r->sheet->header_line, r->sheet->columns, what);
            free(what);
        }
    }
    free(names);
}

Sheet *sheet_parse(const char *name, const char *bytes, size_t n, const char *columns,
                   char **error)
{
    Reader r = { .sheet = alloc(1, sizeof(Sheet)), .row_line = 1 };
    r.sheet->path = text_copy(name);
    struct csv_parser parser;
    require(csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) == 0,
            "libcsv does not start");

    const char *p = bytes, *end = bytes + n;
    if (n >= 3 && !memcmp(p, BYTE_ORDER_MARK, 3)) p += 3;
    for (int line = 1; p < end && !r.error; line++) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        size_t length = newline ? (size_t)(newline - p) + 1 : (size_t)(end - p);
        if (parser.pstate == BETWEEN_ROWS) r.row_line = line;
        if (csv_parse(&parser, p, length, on_cell, on_row, &r) != length)
            fail_at(&r, line, r.cells + 1,
                    "a stray quote, expected a cell without quotes or \"...\" with inner "
                    "quotes doubled");
        p += length;
    }
    if (!r.error && csv_fini(&parser, on_cell, on_row, &r))
        fail(&r, r.cells + 1,
             "the file ends inside a quoted cell, expected a closing quote");
    csv_free(&parser);

    if (!r.error && !r.sheet->header)
        fail_at(&r, 1, 1, "the file is empty, expected a header row");
    if (!r.error && columns) check_columns(&r, columns);
    for (int i = 0; i < r.cells; i++) free(r.cell[i]);
    free(r.cell);
    if (!r.error) return r.sheet;
    sheet_free(r.sheet);
    *error = r.error;
    return NULL;
}

Sheet *sheet_read(const char *path, const char *columns, char **error)
{
    size_t n;
    char *bytes = file_read(path, &n);
    if (!bytes) {
        *error = text_format("%s:1:1: cannot be read: %s", path, strerror(errno));
        return NULL;
    }
    Sheet *s = sheet_parse(path, bytes, n, columns, error);
    free(bytes);
    return s;
}

void sheet_free(Sheet *s)
{
    if (!s) return;
    for (int i = 0; i < s->rows; i++) {
        for (int j = 0; j < s->columns; j++) free(s->cell[i][j]);
        free(s->cell[i]);
    }
    for (int j = 0; j < s->columns; j++) free(s->header[j]);
    free(s->header), free(s->cell), free(s->line), free(s->path), free(s);
}

int sheet_column(const Sheet *s, const char *name)
{
    for (int i = 0; i < s->columns; i++)
        if (!strcmp(s->header[i], name)) return i;
    return -1;
}

const char *sheet_text(const Sheet *s, int row, int column)
{
    require(row >= 0 && row < s->rows && column >= 0 && column < s->columns,
            "no cell (%d, %d) in %s", row, column, s->path);
    return s->cell[row][column];
}

/* A cell as a message shows it: one line, at most 40 bytes. The caller frees it. */
static char *shown(const char *cell)
{
    size_t n = strlen(cell), most = 40;
    if (n > most)
        for (n = most; n > 0 && ((unsigned char)cell[n] & 0xc0) == 0x80;) n--;
    char *s = text_format("%.*s%s", (int)n, cell, cell[n] ? "..." : "");
    for (char *p = s; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f) *p = '?';
    return s;
}

bool sheet_number(const Sheet *s, int row, int column, double *x, char **error)
{
    const char *cell = sheet_text(s, row, column);
    bool decimal = *cell && strspn(cell, "0123456789+-.eE") == strlen(cell);
    char *end = NULL;
    if (decimal) *x = strtod(cell, &end);
    if (decimal && end != cell && !*end && isfinite(*x)) return true;
    char *seen = shown(cell);
    *error = text_format("%s:%d:%d: \"%s\", expected a finite decimal number", s->path,
                         s->line[row], column + 1, seen);
    free(seen);
    return false;
}

void sheet_write_text(FILE *f, const char *cell)
{
    size_t n = strlen(cell);
    bool plain =
        n == 0 ||
        (!strpbrk(cell, ",\"\r\n") && !isspace((unsigned char)cell[0]) &&
         !isspace((unsigned char)cell[n - 1]) && strncmp(cell, BYTE_ORDER_MARK, 3));
    if (plain) fputs(cell, f);
    else csv_fwrite(f, cell, n);
}

void sheet_write_number(FILE *f, double x) { fprintf(f, "%.17g", x); }
