/* charts.c - how a chart is written, and what becomes of it.
 *
 * A chart stands in the prose where the argument needs it:
 *
 *     ~~~gnuplot curve "The loss falls when the head forms: {{score}} at the end"
 *     set xlabel "step"
 *     set ylabel "share of right answers"
 *     eval bound({{score.bound}}, "bound {{score.bound|%.1f}}")
 *     eval room(10)
 *     plot table("curve") using "step":"accuracy" with lines title "two layers" at end, \
 *          "" using "step":"one layer" with lines title "one layer" at end
 *     ~~~
 *
 * The body is gnuplot (5.4) after the prelude report/assets/chart.gp, with two
 * additions. `{{...}}` becomes a plain number. A column is named by its header, and the
 * unit in brackets may be left out: "loss" finds "loss [nat/token]". All names are
 * checked here, against the declared tables, so that a misspelt column is an error with
 * its line and not an empty chart. The caption (one line or more, up to the closing
 * quote) is Markdown and says what there is to see. The download is prelude and body as
 * they were run: it needs gnuplot and the CSV files beside it, and writes SVG to
 * standard output.
 *
 * What the prelude offers:
 *
 *   linestyle 1 to 6       the default of the first six plots; colour, dash and symbol
 *                          differ together, so that no reader depends on colour.
 *                          linestyle 9 is quiet: for what is only context
 *   title "words" at end   a direct label behind the last point (at beginning: before
 *                          the first); eval room(12) makes place for 12 letters at the
 *                          right. A title without "at" makes a key, the last resort
 *   set label "words" at x,y textcolor linestyle 1    a direct label anywhere
 *   eval bound(y, "words")     a horizontal line with its words above its left end;
 *                          also control(y, ..), theory(y, ..); vertical: bound_x(x, ..),
 *                          control_x, theory_x
 *   @BOUND @CONTROL @THEORY    the looks of these, for a plot: f(x) with lines @THEORY
 *   with yerrorbars @INTERVAL  the ends of an interval; a band is drawn with
 *                          filledcurves fillstyle transparent solid 0.2 noborder
 *   with vectors arrowstyle 1  arrows in the colour of a line style; arrowstyle 9 is a
 *                          broad quiet span, from one value to another
 *   with image pixels      heat maps; set palette @SEQUENTIAL (the default) or
 *                          @DIVERGING. Plain "with image" writes another file and is
 *                          refused
 *   @BARE                  no axes: for a plane of words and arrows
 *   eval height(520)       another height; the width is 640. eval svg(640, 640)
 *   xtic("category")       a column of words as tick labels
 *
 * Text is enhanced: 10^{-3}, d_i; in double quotes an underscore is \\_ and an ampersand
 * \\&. Colours other than those of the line styles do not follow the page's theme.
 *
 * gnuplot runs in the folder of the tables, so a script cannot tell a fresh run from
 * the record. Its warnings are errors. */
#include "report/charts.h"
#include "core/base/file.h"
#include "core/base/sheet.h"
#include "report/html.h"
#include "report/numbers.h"
#include "report/svg.h"
#include "report/tool.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE_ROWS = 200, MAX_TABLES = COUNT(((Experiment *)0)->tables) };

#define PRELUDE "report/assets/chart.gp"
#define STYLE "report/assets/chart.css"

typedef struct {
    const Finding *finding;
    const Table *table; /* the one that columns are looked up in */
    const Table *read[MAX_TABLES];
    int n_read;
    int line;
    Buffer out;
    char *error;
} Script;

/* A run of the same executable may still be older than a changed declaration. */
static bool fits(const Table *t, const char *folder)
{
    char *path = text_format("%s/%s.csv", folder, t->id), *error = NULL,
         *bytes = file_read(path, NULL);
    Sheet *s =
        bytes ? sheet_parse(path, bytes, strcspn(bytes, "\n"), NULL, &error) : NULL;
    bool same = !bytes || (s && s->columns == t->n_columns);
    for (int i = 0; same && s && i < s->columns; i++)
        same = !strcmp(s->header[i], t->columns[i]);
    sheet_free(s);
    free(path), free(bytes), free(error);
    return same;
}

static bool all_fit(const Finding *f, const char *folder)
{
    for (int i = 0; i < f->n_tables; i++)
        if (!fits(&f->tables[i], folder)) return false;
    return true;
}

const char *charts_folder(const Finding *f, bool *fresh)
{
    const char *folder = f->record_folder;
    if (fresh) *fresh = false;
    for (int i = 0; i < f->n_runs; i++) {
        const SeedRun *r = &f->runs[i];
        if (r->values.seed != 1 || !r->current || !r->folder || !suite_has_run(r))
            continue;
        if (!all_fit(f, r->folder)) continue;
        if (fresh) *fresh = true;
        return r->folder;
    }
    return folder && all_fit(f, folder) ? folder : NULL;
}

/* --- the script's names ----------------------------------------------------------- */

static void fail(Script *s, char *what)
{
    if (!s->error) s->error = text_format("%s:%d: %s", s->finding->source, s->line, what);
    free(what);
}

static const Table *find_table(Script *s, const char *name)
{
    const Finding *f = s->finding;
    Buffer known = { 0 };
    buffer_put(&known, "");
    for (int i = 0; i < f->n_tables; i++) {
        if (!strcmp(f->tables[i].id, name)) return free(known.s), &f->tables[i];
        buffer_format(&known, "%s\"%s\"", i ? ", " : "", f->tables[i].id);
    }
    fail(s, text_format("no table \"%s\", expected one of %s", name, known.s));
    free(known.s);
    return NULL;
}

static void use_table(Script *s, const Table *t)
{
    s->table = t;
    for (int i = 0; i < s->n_read; i++)
        if (s->read[i] == t) return;
    require(s->n_read < MAX_TABLES, "more tables than a finding can declare");
    s->read[s->n_read++] = t;
}

/* The complete header of a column: itself, or the only one that is this name and a
 * unit. */
static const char *find_column(Script *s, const char *name)
{
    const Table *t = s->table;
    const char *found = NULL;
    size_t n = strlen(name);
    for (int i = 0; i < t->n_columns; i++) {
        if (!strcmp(t->columns[i], name)) return t->columns[i];
        if (!strncmp(t->columns[i], name, n) && !strncmp(t->columns[i] + n, " [", 2))
            found = t->columns[i];
    }
    if (found) return found;
    Buffer known = { 0 };
    for (int i = 0; i < t->n_columns; i++)
        buffer_format(&known, "%s\"%s\"", i ? ", " : "", t->columns[i]);
    fail(s, text_format("table \"%s\" has no column \"%s\", expected one of %s", t->id,
                        name, known.s ? known.s : "none"));
    free(known.s);
    return NULL;
}

/* --- reading gnuplot -------------------------------------------------------------- */

static void copy_to(Script *s, const char **p, const char *end)
{
    for (const char *c = *p; c < end; c++) s->line += *c == '\n';
    buffer_add(&s->out, *p, (size_t)(end - *p));
    *p = end;
}

/* The end of the string literal at p, which holds no newline. */
static const char *string_end(const char *p)
{
    const char *end = p + 1;
    while (*end && *end != *p && *end != '\n') end += *end == '\\' && end[1] ? 2 : 1;
    return *end == *p ? end + 1 : end;
}

static char *string_value(const char *p)
{
    return text_format("%.*s", (int)(string_end(p) - p - 2), p + 1);
}

static void copy_column(Script *s, const char **p)
{
    char *name = string_value(*p);
    const char *column = find_column(s, name);
    if (column) buffer_format(&s->out, "\"%s\"", column);
    free(name);
    *p = string_end(*p);
}

static size_t word_length(const char *p)
{
    size_t n = 0;
    while (isalnum((unsigned char)p[n]) || p[n] == '_') n++;
    return n;
}

static bool is_word(const char *p, size_t n, const char *list)
{
    for (const char *w = list; *w; w += strcspn(w, " "), w += *w == ' ')
        if (strcspn(w, " ") == n && !strncmp(w, p, n)) return true;
    return false;
}

/* name("...") with the string as the only argument: its start, else NULL. */
static const char *string_argument(const char *p)
{
    p += strspn(p, " ");
    if (*p++ != '(') return NULL;
    p += strspn(p, " ");
    return *p == '"' || *p == '\'' ? p : NULL;
}

/* A call that names a column, as in (log(column("loss"))), up to before its ")". Tick
 * labels take a number or a text, so a column of them has to be asked for. */
static bool copy_column_call(Script *s, const char **p, size_t n)
{
    const char *argument = string_argument(*p + n);
    bool tick = is_word(*p, n, "xtic xticlabels ytic yticlabels");
    if (!argument || !(tick || is_word(*p, n, "column stringcolumn strcol valid")))
        return false;
    copy_to(s, p, argument);
    if (tick) buffer_put(&s->out, "stringcolumn(");
    copy_column(s, p);
    if (tick) buffer_put(&s->out, ")");
    return true;
}

/* gnuplot sets a title "at end" flush with the last point: a space of half an em parts
 * them. */
static bool copy_direct_label(Script *s, const char **p, size_t n)
{
    const char *string = *p + n + strspn(*p + n, " ");
    if (*string != '"' && *string != '\'') return false;
    const char *end = string_end(string), *at = end + strspn(end, " ");
    if (strncmp(at, "at ", 3)) return false;
    at += 3 + strspn(at + 3, " ");
    bool last = !strncmp(at, "end", 3), first = !strncmp(at, "beg", 3);
    copy_to(s, p, string + 1);
    if (last) buffer_put(&s->out, "\u2002");
    copy_to(s, p, end - 1);
    if (first) buffer_put(&s->out, "\u2002");
    return true;
}

/* What follows `using`: entries between colons up to a space outside parentheses; a
 * string outside parentheses is a column. */
static void copy_using(Script *s, const char **p)
{
    int depth = 0;
    copy_to(s, p, *p + strspn(*p, " \\\n"));
    while (**p && !s->error) {
        size_t n = word_length(*p);
        char c = **p;
        if (n) {
            if (copy_column_call(s, p, n)) depth++;
            else copy_to(s, p, *p + n);
        } else if (c == '"' || c == '\'') {
            if (depth) copy_to(s, p, string_end(*p));
            else copy_column(s, p);
        } else if (isspace((unsigned char)c) && !depth && (*p)[strspn(*p, " ")] != ':' &&
                   (*p)[-1] != ':') {
            return;
        } else if (c == ',' && !depth) {
            return;
        } else {
            depth += (c == '(') - (c == ')');
            copy_to(s, p, *p + 1);
        }
    }
}

static void copy_table(Script *s, const char **p, const char *argument)
{
    char *name = string_value(argument);
    const Table *t = find_table(s, name);
    if (t) use_table(s, t);
    copy_to(s, p, string_end(argument));
    free(name);
}

static void read_script(Script *s, const char *p)
{
    while (*p && !s->error) {
        size_t n = word_length(p);
        const char *argument = n ? string_argument(p + n) : NULL;
        if (argument && is_word(p, n, "table")) {
            copy_table(s, &p, argument);
        } else if (is_word(p, n, "using")) {
            copy_to(s, &p, p + n);
            copy_using(s, &p);
        } else if (is_word(p, n, "title") && copy_direct_label(s, &p, n)) {
            copy_to(s, &p, p + 1);
        } else if (n) {
            if (!copy_column_call(s, &p, n)) copy_to(s, &p, p + n);
        } else if (*p == '"' || *p == '\'') {
            copy_to(s, &p, string_end(p));
        } else if (*p == '#') {
            copy_to(s, &p, p + strcspn(p, "\n"));
        } else {
            copy_to(s, &p, p + 1);
        }
    }
}

/* --- drawing ---------------------------------------------------------------------- */

static int count_lines(const char *s)
{
    int n = 0;
    for (; *s; s++) n += *s == '\n';
    return n;
}

/* gnuplot says `"/dev/stdin" line 40: text`, after an echo of the command. */
static char *gnuplot_error(const Finding *f, const ChartBlock *block, const char *message,
                           int prelude_lines)
{
    static const char mark[] = "\" line ";
    const char *at = strstr(message, mark), *path = f->source, *words = message;
    int line = block->line;
    if (at) {
        line = atoi(at + strlen(mark)) - prelude_lines;
        words = strchr(at, ':');
        words = words ? words + 1 + strspn(words + 1, " ") : message;
        if (line > 0) line += block->body_line - 1;
        else path = PRELUDE, line += prelude_lines - 1;
    }
    return text_format("%s:%d: gnuplot: %.*s", path, line, (int)strcspn(words, "\n"),
                       words);
}

/* All that the drawing depends on besides the script; NULL: a table has no file. */
static char *hash_tables(const Script *s, const char *folder)
{
    HashState *h = hash_new();
    bool complete = true;
    for (int i = 0; i < s->n_read; i++) {
        char *path = text_format("%s/%s.csv", folder, s->read[i]->id);
        Hash hash;
        if (hash_file(path, &hash)) hash_add(h, hash.hex, sizeof hash.hex);
        else complete = false;
        free(path);
    }
    Hash all = hash_end(h);
    return complete ? text_copy(all.hex) : NULL;
}

static char *describe(const Finding *f, const ChartBlock *block)
{
    return text_format(
        "Chart %d of \u201c%s\u201d. The data stand in the table below it.",
        block->number, f->title);
}

static void draw(const Finding *f, const ChartBlock *block, const char *folder,
                 const char *hash, int prelude_lines, Chart *chart, char **error)
{
    static const char *const gnuplot[] = { "gnuplot", "-d", "/dev/stdin", NULL };
    char *message = NULL, *style = file_read(STYLE, NULL);
    char *svg = tool_cached(gnuplot, folder, chart->gnuplot, strlen(chart->gnuplot), hash,
                            &message);
    if (svg) {
        char *prefix = text_format("%s-%s", f->id, chart->id),
             *description = describe(f, block);
        chart->svg = svg_inline(svg, prefix, chart->caption, description, &message);
        if (!chart->svg)
            *error = text_format("%s:%d: the chart cannot be shown: %s", f->source,
                                 block->line, message);
        free(prefix), free(description);
    } else {
        *error = gnuplot_error(f, block, message, prelude_lines);
    }
    if (chart->svg) chart->alone = svg_alone(chart->svg, style ? style : "");
    free(svg), free(style), free(message);
}

bool charts_draw(const Finding *f, const ChartBlock *block, const char *folder,
                 Chart *chart, char **error)
{
    Script s = { .finding = f, .line = block->line };
    char *prelude = file_read(PRELUDE, NULL), *body = NULL;
    *chart = (Chart){ .id = text_format("chart-%d", block->number),
                      .table = text_copy(block->table),
                      .caption = text_copy(block->caption),
                      .line = block->line };
    if (!prelude) *error = text_format("%s:1: %s", PRELUDE, strerror(errno));
    else body = numbers_fill(f, block->body, block->body_line, NUMBERS_SCRIPT, error);

    const Table *primary = body ? find_table(&s, block->table) : NULL;
    if (primary) {
        use_table(&s, primary);
        s.line = block->body_line;
        buffer_format(&s.out, "# %s, %s: gnuplot %s.gp > %s.svg\n%s", f->title, chart->id,
                      chart->id, chart->id, prelude);
        int prelude_lines = count_lines(s.out.s);
        read_script(&s, body);

        chart->gnuplot = s.out.s;
        chart->tables = alloc((size_t)s.n_read, sizeof *chart->tables);
        for (int i = 0; i < s.n_read; i++)
            chart->tables[chart->n_tables++] = text_copy(s.read[i]->id);
        char *hash = folder && !s.error ? hash_tables(&s, folder) : NULL;
        if (hash) draw(f, block, folder, hash, prelude_lines, chart, error);
        free(hash);
    }
    if (s.error) *error = s.error;
    free(prelude), free(body);
    return !*error;
}

void charts_free(Chart *c)
{
    for (int i = 0; i < c->n_tables; i++) free(c->tables[i]);
    free(c->tables), free(c->id), free(c->table), free(c->caption), free(c->gnuplot);
    free(c->svg), free(c->alone);
}

/* --- the figure ------------------------------------------------------------------- */

static void put_cell(Html *h, const Sheet *s, int row, int column)
{
    double x;
    char *problem = NULL;
    if (sheet_number(s, row, column, &x, &problem)) {
        bool whole = x == (double)(long long)x && x < 1e9 && x > -1e9;
        char *number = numbers_format(x, whole ? NULL : "%.4g");
        html_leaf(h, "td", number, "class", "n", NULL);
        free(number);
    } else {
        html_leaf(h, "td", sheet_text(s, row, column), NULL);
    }
    free(problem);
}

static void put_rows(Html *h, const Sheet *s, int step)
{
    html_open(h, "thead", NULL);
    html_open(h, "tr", NULL);
    for (int j = 0; j < s->columns; j++)
        html_leaf(h, "th", s->header[j], "scope", "col", NULL);
    html_close(h, "tr");
    html_close(h, "thead");
    html_open(h, "tbody", NULL);
    for (int i = 0; i < s->rows; i += step) {
        html_open(h, "tr", NULL);
        for (int j = 0; j < s->columns; j++) put_cell(h, s, i, j);
        html_close(h, "tr");
    }
    html_close(h, "tbody");
}

/* Long tables show every k-th row: enough to read a value off, and the file has them
 * all. */
static bool put_table(Html *h, const Chart *c, const char *folder, const char *table,
                      char **error)
{
    char *path = text_format("%s/%s.csv", folder, table);
    Sheet *s = sheet_read(path, NULL, error);
    free(path);
    if (!s) return false;
    int step = s->rows > TABLE_ROWS ? (s->rows + TABLE_ROWS - 1) / TABLE_ROWS : 1;
    char *label = text_format("Data of %s: %s", c->id, table);
    html_open(h, "details", "class", "data", NULL);
    html_open(h, "summary", NULL);
    html_text(h, "The data: ");
    html_leaf(h, "code", table, NULL);
    html_format(h, ", %d rows", s->rows);
    html_close(h, "summary");
    if (step > 1)
        html_leaf(h, "p", "Part of the table; the CSV file has every row.", NULL);
    html_open(h, "div", "class", "scroll", "tabindex", "0", "role", "region",
              "aria-label", label, NULL);
    html_open(h, "table", NULL);
    put_rows(h, s, step);
    html_close(h, "table");
    html_close(h, "div");
    html_close(h, "details");
    free(label);
    sheet_free(s);
    return true;
}

static void put_link(Html *h, const Finding *f, const char *name, const char *ending)
{
    char *href = text_format("data/%s/%s%s", f->id, name, ending);
    html_text(h, " ");
    html_open(h, "a", "href", href, "download", "", NULL);
    html_format(h, "%s%s", name, ending);
    html_close(h, "a");
    free(href);
}

/* The page's list of citations has one for each chart. */
static void put_links(Html *h, const Finding *f, const Chart *c)
{
    html_open(h, "p", "class", "files", NULL);
    html_text(h, "Files:");
    for (int i = 0; i < c->n_tables; i++) put_link(h, f, c->tables[i], ".csv");
    put_link(h, f, c->id, ".gp");
    put_link(h, f, c->id, ".svg");
    html_text(h, " ");
    html_leaf(h, "a", "Cite", "href", "#cite", NULL);
    html_close(h, "p");
}

char *charts_figure(const Finding *f, const Chart *c, const char *caption,
                    const char *folder, char **error)
{
    Html h = { 0 };
    bool ok = true;
    html_open(&h, "figure", "class", "chart", "id", c->id, NULL);
    if (c->svg) html_raw(&h, c->svg);
    else
        html_leaf(&h, "p", "Not drawn: its data have not been computed yet.", "class",
                  "not-run", NULL);
    html_open(&h, "figcaption", NULL);
    html_raw(&h, caption);
    html_close(&h, "figcaption");
    if (c->svg) {
        put_links(&h, f, c);
        for (int i = 0; ok && i < c->n_tables; i++)
            ok = put_table(&h, c, folder, c->tables[i], error);
    }
    html_close(&h, "figure");
    char *markup = html_end(&h);
    if (ok) return markup;
    free(markup);
    return NULL;
}
