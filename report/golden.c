/* golden.c - freezes bounds, so that a moved bound is a changed line in review.
 *
 * A bound that follows the result proves nothing. Nobody can be kept from editing one,
 * but the edit can be made loud: it needs a second one, in a file that holds nothing
 * else, and until then `golden --check` and `verify` fail with both bounds. Wording and
 * reasons are not frozen; they decide no verdict. */
#include "report/golden.h"
#include "core/base/file.h"
#include "core/base/sheet.h"
#include "report/command.h"
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char COLUMNS[] = "claim,part,value,side,bound,upper,expect,tier";

/* --- the rows of a finding ---------------------------------------------------------- */

typedef struct {
    char *cell[8]; /* as COLUMNS names them */
    int claim;
} Row;

typedef struct {
    Row *row;
    int n;
} Rows;

enum { CLAIM, PART, VALUE, SIDE, BOUND, UPPER, EXPECT, TIER };

static void add(Rows *rows, int index, const Claim *c, char *part, const Check *k)
{
    rows->row = grow(rows->row, (size_t)rows->n, (size_t)rows->n + 1, sizeof *rows->row);
    rows->row[rows->n++] =
        (Row){ .claim = index,
               .cell = { text_copy(c->id), part, text_copy(k->value),
                         text_copy(side_name(k->side)), text_format("%.17g", k->bound),
                         text_format("%.17g", k->upper),
                         text_copy(verdict_name(c->expect)),
                         text_copy(c->tier == GATE ? "gate" : "report") } };
}

/* A control without a condition of its own is held against the claim's. */
static Check condition_of(const Claim *c, const Control *k)
{
    if (k->side) return (Check){ k->value, k->side, k->bound, k->upper };
    return (Check){ k->value, c->side, c->bound, c->upper };
}

static Rows rows_of(const Finding *f)
{
    Rows rows = { 0 };
    for (int i = 0; i < f->n_claims; i++) {
        const Claim *c = &f->claims[i];
        Check own = { c->value, c->side, c->bound, c->upper };
        add(&rows, i, c, text_copy("claim"), &own);
        for (int a = 0; a < COUNT(c->also) && c->also[a].value; a++)
            add(&rows, i, c, text_format("also%d", a + 1), &c->also[a]);
        for (int k = 0; k < COUNT(c->controls) && c->controls[k].value; k++) {
            Check held = condition_of(c, &c->controls[k]);
            bool positive = c->controls[k].must_pass;
            add(&rows, i, c,
                text_format("%s%d", positive ? "positive" : "control", k + 1), &held);
        }
    }
    return rows;
}

static void free_rows(Rows *rows)
{
    for (int i = 0; i < rows->n; i++)
        for (int c = 0; c < COUNT(rows->row[i].cell); c++) free(rows->row[i].cell[c]);
    free(rows->row);
}

static char *golden_path(const Finding *f, const char *folder)
{
    return text_format("%s/%s.csv", folder, f->id);
}

/* Names may hold commas, so the text goes through the CSV writer. */
char *golden_text(const Finding *f)
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    require(out, "no memory for the golden rows of %s", f->id);
    fprintf(out, "%s\n", COLUMNS);
    Rows rows = rows_of(f);
    for (int i = 0; i < rows.n; i++)
        for (int c = 0; c < COUNT(rows.row[i].cell); c++) {
            if (c) fputc(',', out);
            sheet_write_text(out, rows.row[i].cell[c]);
            if (c + 1 == COUNT(rows.row[i].cell)) fputc('\n', out);
        }
    free_rows(&rows);
    require(file_close(out), "no memory for the golden rows of %s", f->id);
    return text;
}

/* --- comparing ---------------------------------------------------------------------- */

typedef struct {
    GoldenChange *list;
    int n;
} Changes;

static void change(Changes *l, int claim, char *message)
{
    l->list = grow(l->list, (size_t)l->n, (size_t)l->n + 1, sizeof *l->list);
    l->list[l->n++] = (GoldenChange){ claim, message };
}

void golden_free(GoldenChange *changes, int n)
{
    for (int i = 0; i < n; i++) free(changes[i].message);
    free(changes);
}

/* ">= 0.6", "in 0.1 .. 0.2"; a number without a bound: "no bound" */
static char *bound_text(char *const cell[])
{
    Side side;
    if (!side_parse(cell[SIDE], &side))
        return text_format("\"%s\" %s", cell[SIDE], cell[BOUND]);
    double bound = strtod(cell[BOUND], NULL), upper = strtod(cell[UPPER], NULL);
    if (!side) return text_copy("no bound");
    if (side == WITHIN) return text_format("in %.15g .. %.15g", bound, upper);
    return text_format("%s %.15g", side_sign(side), bound);
}

static char *describe(const Finding *f, char *const was[], char *const is[])
{
    char *before = bound_text(was), *now = bound_text(is), *message;
    if (strcmp(was[VALUE], is[VALUE]))
        message = text_format("the value of %s was \"%s\" and is \"%s\"", is[PART],
                              was[VALUE], is[VALUE]);
    else if (strcmp(was[EXPECT], is[EXPECT]) || strcmp(was[TIER], is[TIER]))
        message = text_format("expected %s (%s) and now %s (%s)", was[EXPECT], was[TIER],
                              is[EXPECT], is[TIER]);
    else message = text_format("the bound of %s was %s and is %s", is[PART], before, now);
    char *all = text_format("%s/%s: %s", f->id, is[CLAIM], message);
    free(before), free(now), free(message);
    return all;
}

static int golden_row(const Sheet *s, const int column[8], char *const cell[])
{
    for (int r = 0; r < s->rows; r++)
        if (!strcmp(sheet_text(s, r, column[CLAIM]), cell[CLAIM]) &&
            !strcmp(sheet_text(s, r, column[PART]), cell[PART]))
            return r;
    return -1;
}

static void compare_row(Changes *l, const Finding *f, const Sheet *s, const int column[8],
                        const Row *row)
{
    int r = golden_row(s, column, row->cell);
    if (r < 0) {
        char *bound = bound_text(row->cell);
        change(l, row->claim,
               text_format("%s/%s: %s (%s, %s) is not in %s", f->id, row->cell[CLAIM],
                           row->cell[PART], row->cell[VALUE], bound, s->path));
        free(bound);
        return;
    }
    char *was[8];
    bool same = true;
    for (int c = 0; c < 8; c++) {
        was[c] = s->cell[r][column[c]];
        same = same && !strcmp(was[c], row->cell[c]);
    }
    if (!same) change(l, row->claim, describe(f, was, row->cell));
}

static int claim_index(const Finding *f, const char *id)
{
    for (int i = 0; i < f->n_claims; i++)
        if (!strcmp(f->claims[i].id, id)) return i;
    return -1;
}

/* Rows of claims or controls that are no longer declared. */
static void compare_gone(Changes *l, const Finding *f, const Sheet *s,
                         const int column[8], const Rows *rows)
{
    for (int r = 0; r < s->rows; r++) {
        const char *claim = sheet_text(s, r, column[CLAIM]),
                   *part = sheet_text(s, r, column[PART]);
        bool declared = false;
        for (int i = 0; i < rows->n; i++)
            declared = declared || (!strcmp(rows->row[i].cell[CLAIM], claim) &&
                                    !strcmp(rows->row[i].cell[PART], part));
        if (declared) continue;
        char *cells[8];
        for (int c = 0; c < 8; c++) cells[c] = s->cell[r][column[c]];
        char *bound = bound_text(cells);
        change(l, claim_index(f, claim),
               text_format("%s/%s: %s (%s, %s) is in %s and no longer declared", f->id,
                           claim, part, cells[VALUE], bound, s->path));
        free(bound);
    }
}

bool golden_compare(const Finding *f, const char *folder, GoldenChange **changes, int *n,
                    char **error)
{
    Changes l = { 0 };
    char *path = golden_path(f, folder);
    Sheet *s = NULL;
    bool ok = true;
    if (!file_exists(path))
        change(
            &l, -1,
            text_format("%s: no %s, expected its bounds: run make golden", f->id, path));
    else ok = (s = sheet_read(path, COLUMNS, error)) != NULL;
    if (s) {
        Rows rows = rows_of(f);
        static const char *const names[] = { "claim", "part",  "value",  "side",
                                             "bound", "upper", "expect", "tier" };
        int column[8];
        for (int c = 0; c < 8; c++) column[c] = sheet_column(s, names[c]);
        for (int i = 0; i < rows.n; i++) compare_row(&l, f, s, column, &rows.row[i]);
        compare_gone(&l, f, s, column, &rows);
        free_rows(&rows);
    }
    sheet_free(s), free(path);
    *changes = l.list;
    *n = l.n;
    return ok;
}

/* --- the command -------------------------------------------------------------------- */

/* A file of a finding that is no longer there. */
static bool orphan(const Suite *suite, const char *name)
{
    for (int i = 0; i < suite->n; i++) {
        size_t n = strlen(suite->findings[i].id);
        if (!strncmp(suite->findings[i].id, name, n) && !strcmp(name + n, ".csv"))
            return false;
    }
    return true;
}

int golden_write(const Suite *suite, const char *folder)
{
    bool ok = folder_make(folder);
    if (!ok) fprintf(stderr, "golden: %s: %s\n", folder, strerror(errno));
    for (int i = 0; ok && i < suite->n; i++) {
        const Finding *f = &suite->findings[i];
        if (f->broken) {
            fprintf(stderr, "golden: %s: %s\n", f->source, f->broken);
            return EXIT_USAGE;
        }
        char *path = golden_path(f, folder), *text = golden_text(f);
        ok = file_write_if_changed(path, text, strlen(text));
        if (!ok) fprintf(stderr, "golden: %s: %s\n", path, strerror(errno));
        free(path), free(text);
    }
    if (ok) printf("golden: the bounds of %d findings are in %s\n", suite->n, folder);
    return ok ? EXIT_AS_EXPECTED : EXIT_USAGE;
}

static int check_finding(const Finding *f, const char *folder, int *changed)
{
    GoldenChange *changes;
    int n;
    char *error = NULL;
    if (!golden_compare(f, folder, &changes, &n, &error)) {
        fprintf(stderr, "golden: %s\n", error);
        free(error);
        return EXIT_USAGE;
    }
    for (int i = 0; i < n; i++) printf("golden: %s\n", changes[i].message);
    *changed += n;
    golden_free(changes, n);
    return n ? EXIT_CHANGED : EXIT_AS_EXPECTED;
}

int golden_check(const Suite *suite, const char *folder)
{
    int worst = EXIT_AS_EXPECTED, changed = 0, n;
    for (int i = 0; i < suite->n; i++) {
        if (suite->findings[i].broken) continue;
        int status = check_finding(&suite->findings[i], folder, &changed);
        worst = status > worst ? status : worst;
    }
    char **names = folder_list(folder, ".csv", &n);
    for (int i = 0; i < n; i++)
        if (orphan(suite, names[i])) {
            printf("golden: %s/%s belongs to no finding\n", folder, names[i]);
            changed++;
            worst = worst ? worst : EXIT_CHANGED;
        }
    folder_list_free(names, n);
    if (!worst) printf("golden: the bounds of %d findings are as frozen\n", suite->n);
    else if (changed) printf("golden: %d changed; if meant, run make golden\n", changed);
    return worst;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    (void)arg;
    if (key != 'c') return ARGP_ERR_UNKNOWN;
    *(bool *)state->input = true;
    return 0;
}

int command_golden(int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "check", 'c', NULL, 0, "write nothing; fail if a bound has changed", 0 }, { 0 }
    };
    static const struct argp argp = {
        options, parse,
        NULL,    "Freezes all bounds, expected verdicts and tiers in tests/golden.",
        NULL,    NULL,
        NULL
    };
    bool check = false;
    if (argp_parse(&argp, argc, argv, 0, NULL, &check)) return EXIT_USAGE;
    Suite *suite = suite_open();
    if (!suite) return EXIT_USAGE;
    int status =
        check ? golden_check(suite, "tests/golden") : golden_write(suite, "tests/golden");
    suite_free(suite);
    return status;
}
