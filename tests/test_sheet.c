/* test_sheet.c - what a table reader must accept, and the exact message for everything
 * else: path:row:column, what is wrong, what was expected. */
#include "core/base/sheet.h"
#include "tests/check.h"

static Sheet *parsed(const char *bytes, size_t n, const char *columns)
{
    char *error = NULL;
    Sheet *s = sheet_parse("t.csv", bytes, n, columns, &error);
    if (!s) fail_msg("%s", error);
    assert_null(error);
    return s;
}

static void assert_refused_bytes(const char *bytes, size_t n, const char *columns,
                                 const char *message)
{
    char *error = NULL;
    Sheet *s = sheet_parse("t.csv", bytes, n, columns, &error);
    assert_null(s);
    assert_string_equal(error, message);
    free(error);
}

static void assert_refused(const char *text, const char *columns, const char *message)
{
    assert_refused_bytes(text, strlen(text), columns, message);
}

static void a_table_is_read_cell_by_cell(void **state)
{
    (void)state;
    const char *text = "name,value\nking,1.5\nqueen,-2e-3\n";
    Sheet *s = parsed(text, strlen(text), "name, value");
    assert_true(s->rows == 2 && s->columns == 2);
    assert_int_equal(sheet_column(s, "value"), 1);
    assert_int_equal(sheet_column(s, "Value"), -1);
    assert_string_equal(sheet_text(s, 1, 0), "queen");
    assert_true(s->header_line == 1 && s->line[0] == 2 && s->line[1] == 3);
    double x;
    char *error = NULL;
    assert_true(sheet_number(s, 0, 1, &x, &error) && x == 1.5);
    assert_true(sheet_number(s, 1, 1, &x, &error) && x == -2e-3);
    assert_dies(sheet_text(s, 2, 0), "no cell (2, 0) in t.csv");
    assert_dies(sheet_text(s, 0, -1), "no cell (0, -1) in t.csv");
    sheet_free(s);
}

static void quotes_hold_commas_quotes_and_line_breaks(void **state)
{
    (void)state;
    const char *text = "a,b\n\"x, y\",\"say \"\"so\"\"\"\n\"two\nlines\",2\n3,4\n";
    Sheet *s = parsed(text, strlen(text), NULL);
    assert_int_equal(s->rows, 3);
    assert_string_equal(sheet_text(s, 0, 0), "x, y");
    assert_string_equal(sheet_text(s, 0, 1), "say \"so\"");
    assert_string_equal(sheet_text(s, 1, 0), "two\nlines");
    assert_true(s->line[1] == 3 && s->line[2] == 5);
    sheet_free(s);
}

/* A byte-order mark, CRLF, blank lines, spaces about a cell, no newline at the end. */
static void harmless_variations_read_alike(void **state)
{
    (void)state;
    static const char *const texts[] = { "a,b\n1,2\n",
                                         "\xef\xbb\xbf"
                                         "a,b\n1,2\n",
                                         "a,b\r\n1,2\r\n",
                                         "a,b\n1,2",
                                         "\n\na,b\n\n\n1,2\n\n",
                                         "a , b\n 1 ,2 \n",
                                         "\"a\",\"b\"\n\"1\",\"2\"\n",
                                         "\xef\xbb\xbf"
                                         "a,b\r\n\r\n1,2\r\n" };
    for (int i = 0; i < COUNT(texts); i++) {
        Sheet *s = parsed(texts[i], strlen(texts[i]), "a,b");
        assert_true(s->rows == 1 && s->columns == 2);
        assert_string_equal(s->header[0], "a");
        assert_string_equal(s->header[1], "b");
        assert_string_equal(sheet_text(s, 0, 0), "1");
        assert_string_equal(sheet_text(s, 0, 1), "2");
        sheet_free(s);
    }
}

static void a_header_alone_is_a_table_without_rows(void **state)
{
    (void)state;
    Sheet *s = parsed("a,b\n", 4, "b");
    assert_true(s->rows == 0 && s->columns == 2);
    sheet_free(s);
    sheet_free(NULL);
}

static void an_empty_file_is_refused(void **state)
{
    (void)state;
    const char *message = "t.csv:1:1: the file is empty, expected a header row";
    assert_refused("", NULL, message);
    assert_refused("\n\n \n", NULL, message);
    assert_refused("\xef\xbb\xbf", "a", message);
}

static void a_missing_column_is_named(void **state)
{
    (void)state;
    assert_refused("a,b\n1,2\n", "a, c",
                   "t.csv:1:2: no column \"c\" in the header, expected: a, c");
    assert_refused("\n\na\n1\n", "loss [nat/token]",
                   "t.csv:3:1: no column \"loss [nat/token]\" in the header, expected: "
                   "loss [nat/token]");
    const char *text = "step,loss [nat/token]\n1,2\n";
    sheet_free(parsed(text, strlen(text), "step, loss [nat/token]"));
}

static void a_header_needs_different_names(void **state)
{
    (void)state;
    assert_refused("a,,c\n1,2,3\n", NULL,
                   "t.csv:1:2: an empty column name in the header");
    assert_refused("a,b,a\n1,2,3\n", NULL,
                   "t.csv:1:3: the same column name twice in the header");
}

static void rows_are_as_long_as_the_header(void **state)
{
    (void)state;
    assert_refused("a,b,c\n1,2,3\n1,2\n", NULL,
                   "t.csv:3:3: 2 cells, expected 3 as in the header");
    assert_refused("a,b\n1,2,3\n", NULL,
                   "t.csv:2:3: 3 cells, expected 2 as in the header");
    assert_refused("a,b\r\n\r\n1\r\n", NULL,
                   "t.csv:3:2: 1 cell, expected 2 as in the header");
    assert_refused("a,b\n\"x\ny\"\n", NULL,
                   "t.csv:2:2: 1 cell, expected 2 as in the header");
}

static void a_stray_quote_is_refused_where_it_stands(void **state)
{
    (void)state;
    const char *tail =
        "a stray quote, expected a cell without quotes or \"...\" with inner "
        "quotes doubled";
    char *first = text_format("t.csv:2:2: %s", tail);
    char *second = text_format("t.csv:3:1: %s", tail);
    assert_refused("a,b\n1,x\"y\n", NULL, first);
    assert_refused("a,b\n1,2\n\"x\"y,2\n", NULL, second);
    free(first), free(second);
}

static void an_unbalanced_quote_is_traced_to_its_row(void **state)
{
    (void)state;
    const char *message =
        "t.csv:2:2: the file ends inside a quoted cell, expected a closing quote";
    assert_refused("a,b\n1,\"x\n3,4\n5,6\n", NULL, message);
    assert_refused("a,b\n1,\"", NULL, message);
}

static void a_zero_byte_is_refused(void **state)
{
    (void)state;
    assert_refused_bytes("a,b\n1,x\0y\n", 10, NULL,
                         "t.csv:2:2: a zero byte, expected text");
    assert_refused_bytes("a,\0\n1,2\n", 8, NULL, "t.csv:1:2: a zero byte, expected text");
}

static void the_first_error_is_the_one_reported(void **state)
{
    (void)state;
    assert_refused("a,b\n1\n1,2,3\n\"x\n", "c",
                   "t.csv:2:2: 1 cell, expected 2 as in the header");
}

/* Everything that strtod() would take and a table must not hold. */
static void only_finite_decimal_numbers_are_numbers(void **state)
{
    (void)state;
    static const char *const bad[] = { "nan", "NaN",   "inf", "-inf", "Infinity", "0x10",
                                       "1e",  "1.2.3", "-",   "+",    ".",        "e5",
                                       "12a", "1 2",   "",    "1e999" };
    for (int i = 0; i < COUNT(bad); i++) {
        char *text = text_format("a,b\n7,\"%s\"\n", bad[i]), *error = NULL;
        char *want =
            text_format("t.csv:2:2: \"%s\", expected a finite decimal number", bad[i]);
        Sheet *s = parsed(text, strlen(text), NULL);
        double x;
        assert_false(sheet_number(s, 0, 1, &x, &error));
        assert_string_equal(error, want);
        sheet_free(s), free(text), free(error), free(want);
    }
}

static void a_message_stays_one_line_whatever_the_cell(void **state)
{
    (void)state;
    const char *text = "a,b\n1,\"two\nlines\"\n"
                       "1,0123456789012345678901234567890123456789and more\n"
                       "1,012345678901234567890123456789012345678\xc3\xa9\n";
    static const char *const want[] = {
        "t.csv:2:2: \"two?lines\", expected a finite decimal number",
        "t.csv:4:2: \"0123456789012345678901234567890123456789...\", expected a finite "
        "decimal number",
        "t.csv:5:2: \"012345678901234567890123456789012345678...\", expected a finite "
        "decimal number",
    };
    Sheet *s = parsed(text, strlen(text), NULL);
    for (int i = 0; i < COUNT(want); i++) {
        char *error = NULL;
        double x;
        assert_false(sheet_number(s, i, 1, &x, &error));
        assert_string_equal(error, want[i]);
        free(error);
    }
    sheet_free(s);
}

static void a_number_that_is_one_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double x;
    } good[] = { { "0", 0 },    { "-0", -0.0 },  { "+5", 5 },
                 { ".5", 0.5 }, { "1.", 1 },     { "1E3", 1000 },
                 { " 2 ", 2 },  { "1e-999", 0 }, { "4.9e-324", 0x1p-1074 },
                 { "007", 7 } };
    for (int i = 0; i < COUNT(good); i++) {
        char *text = text_format("a\n%s\n", good[i].text), *error = NULL;
        Sheet *s = parsed(text, strlen(text), "a");
        double x;
        assert_true(sheet_number(s, 0, 0, &x, &error));
        assert_same_double(x, good[i].x);
        sheet_free(s), free(text);
    }
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    static const char *const cells[] = { "plain",      "",           "a,b",
                                         "say \"so\"", "two\nlines", " lead",
                                         "trail\t",    "cr\rx",      "\xef\xbb\xbf bom",
                                         "\"",         "é",          "-" };
    char *folder = check_folder(), *path = check_path(folder, "t.csv"), *error = NULL;
    FILE *f = fopen(path, "w");
    fputs("text,number\n", f);
    for (int i = 0; i < COUNT(cells); i++) {
        sheet_write_text(f, cells[i]);
        fputc(',', f);
        sheet_write_number(f, 0.1 * i + 1e-300);
        fputc('\n', f);
    }
    assert_true(file_close(f));
    Sheet *s = sheet_read(path, "text, number", &error);
    assert_non_null(s);
    assert_int_equal(s->rows, COUNT(cells));
    for (int i = 0; i < COUNT(cells); i++) {
        double x;
        assert_string_equal(sheet_text(s, i, 0), cells[i]);
        assert_true(sheet_number(s, i, 1, &x, &error));
        assert_same_double(x, 0.1 * i + 1e-300);
    }
    sheet_free(s);
    assert_true(folder_remove(folder));
    free(folder), free(path);
}

static void only_what_must_be_quoted_is_quoted(void **state)
{
    (void)state;
    char *bytes = NULL;
    size_t n;
    FILE *f = open_memstream(&bytes, &n);
    sheet_write_text(f, "plain words"), fputc('|', f);
    sheet_write_text(f, ""), fputc('|', f);
    sheet_write_text(f, "a,b"), fputc('|', f);
    sheet_write_text(f, "x\"y"), fputc('|', f);
    sheet_write_number(f, 0.1);
    fclose(f);
    assert_string_equal(bytes, "plain words||\"a,b\"|\"x\"\"y\"|0.10000000000000001");
    free(bytes);
}

static void a_file_that_is_not_there_is_one_message(void **state)
{
    (void)state;
    char *error = NULL;
    assert_null(sheet_read("/nowhere/t.csv", "a", &error));
    assert_string_equal(error,
                        "/nowhere/t.csv:1:1: cannot be read: No such file or directory");
    free(error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_is_read_cell_by_cell),
        cmocka_unit_test(quotes_hold_commas_quotes_and_line_breaks),
        cmocka_unit_test(harmless_variations_read_alike),
        cmocka_unit_test(a_header_alone_is_a_table_without_rows),
        cmocka_unit_test(an_empty_file_is_refused),
        cmocka_unit_test(a_missing_column_is_named),
        cmocka_unit_test(a_header_needs_different_names),
        cmocka_unit_test(rows_are_as_long_as_the_header),
        cmocka_unit_test(a_stray_quote_is_refused_where_it_stands),
        cmocka_unit_test(an_unbalanced_quote_is_traced_to_its_row),
        cmocka_unit_test(a_zero_byte_is_refused),
        cmocka_unit_test(the_first_error_is_the_one_reported),
        cmocka_unit_test(only_finite_decimal_numbers_are_numbers),
        cmocka_unit_test(a_message_stays_one_line_whatever_the_cell),
        cmocka_unit_test(a_number_that_is_one_is_read),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(only_what_must_be_quoted_is_quoted),
        cmocka_unit_test(a_file_that_is_not_there_is_one_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
