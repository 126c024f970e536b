/* fuzz_sheet.c - any bytes at all for sheet_parse(), under libFuzzer.
 *
 * Beyond "no crash, no leak" it demands three things. A refusal is one line that begins
 * with path:row:column. A table that was accepted, written again cell by cell, reads
 * back as the same table. A number that was accepted, written as a number, reads back as
 * the same bits. */
#include "core/base/sheet.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_message(char *error)
{
    int row = 0, column = 0;
    require(error, "a refusal without a message");
    require(sscanf(error, "fuzz.csv:%d:%d: ", &row, &column) == 2 && row >= 1 &&
                column >= 1,
            "a message without a place: %s", error);
    for (const char *s = error; *s; s++)
        require((unsigned char)*s >= ' ', "a message of more than one line: %s", error);
    free(error);
}

static void write_row(FILE *f, int columns, char *const *cell)
{
    for (int j = 0; j < columns; j++) {
        if (j) fputc(',', f);
        sheet_write_text(f, cell[j]);
    }
    fputc('\n', f);
}

static void check_row(int columns, char *const *a, char *const *b)
{
    for (int j = 0; j < columns; j++)
        require(!strcmp(a[j], b[j]), "\"%s\" came back as \"%s\"", a[j], b[j]);
}

static void check_round_trip(const Sheet *s)
{
    char *bytes = NULL, *error = NULL;
    size_t n = 0;
    int blank = 0; /* rows of one empty cell are blank lines */
    FILE *f = open_memstream(&bytes, &n);
    write_row(f, s->columns, s->header);
    for (int i = 0; i < s->rows; i++) {
        write_row(f, s->columns, s->cell[i]);
        blank += s->columns == 1 && !*s->cell[i][0];
    }
    fclose(f);
    Sheet *again = sheet_parse("again.csv", bytes, n, NULL, &error);
    require(again, "what was written is refused: %s", error);
    require(again->columns == s->columns && again->rows == s->rows - blank,
            "%d rows came back as %d", s->rows - blank, again->rows);
    check_row(s->columns, s->header, again->header);
    for (int i = 0; blank == 0 && i < s->rows; i++)
        check_row(s->columns, s->cell[i], again->cell[i]);
    sheet_free(again);
    free(bytes);
}

static void check_number(double x)
{
    char *bytes = NULL, *error = NULL;
    size_t n = 0;
    double y;
    FILE *f = open_memstream(&bytes, &n);
    fputs("x\n", f);
    sheet_write_number(f, x);
    fclose(f);
    Sheet *s = sheet_parse("number.csv", bytes, n, "x", &error);
    require(s && sheet_number(s, 0, 0, &y, &error), "%s", error);
    require(!memcmp(&x, &y, sizeof x), "%.17g came back as %.17g", x, y);
    sheet_free(s);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *error = NULL;
    Sheet *s = sheet_parse("fuzz.csv", (const char *)data, size, NULL, &error);
    if (!s) return check_message(error), 0;
    int line = s->header_line;
    for (int i = 0; i < s->rows; line = s->line[i++]) {
        /* the same line only after a lone carriage return, which ends a row, not a line */
        require(s->line[i] >= line, "row %d on line %d after %d", i, s->line[i], line);
        for (int j = 0; j < s->columns; j++) {
            double x;
            if (sheet_number(s, i, j, &x, &error)) check_number(x);
            else check_message(error);
        }
    }
    check_round_trip(s);
    sheet_free(s);

    s = sheet_parse("fuzz.csv", (const char *)data, size, "a, b", &error);
    if (!s) check_message(error);
    sheet_free(s);
    return 0;
}
