/* outline.c - reads the outline of the mirrored page.
 *
 * One flat table in page order, not a tree: the page is read from top to bottom, and a
 * heading is simply a row that the next rows stand under. So the file can be edited in
 * any editor, and its order is the site's order. */
#define _GNU_SOURCE
#include "report/outline.h"
#include "core/base/sheet.h"
#include <stdlib.h>
#include <string.h>

#define COLUMNS "kind,part,section,subsection,folder,key,label,status,findings,reason"

static const char *const kinds[] = { "heading", "entry", "note" };
static const char *const origins[] = { "", "listed", "reconstructed", "added" };

const char *outline_origin(Origin o) { return origins[o]; }

static char **words(const char *text, int *n)
{
    char *copy = text_copy(text), *rest = copy;
    char **list = alloc(strlen(text) / 2 + 1, sizeof *list);
    *n = 0;
    for (char *word; (word = strsep(&rest, " ")) != NULL;)
        if (*word) list[(*n)++] = text_copy(word);
    free(copy);
    return list;
}

static void words_free(char **list, int n)
{
    for (int i = 0; i < n; i++) free(list[i]);
    free(list);
}

/* Index of `word` in names, or -1. */
static int index_of(const char *word, const char *const *names, int n)
{
    for (int i = 0; i < n; i++)
        if (!strcmp(word, names[i])) return i;
    return -1;
}

static char *wrong(const Sheet *s, int row, const char *column, const char *expected)
{
    int c = sheet_column(s, column);
    return text_format("%s:%d:%d: \"%s\" as %s, expected %s", s->path, s->line[row],
                       c + 1, sheet_text(s, row, c), column, expected);
}

static char *copy_cell(const Sheet *s, int row, const char *column)
{
    return text_copy(sheet_text(s, row, sheet_column(s, column)));
}

/* The message about the row, or NULL. */
static char *take_row(const Sheet *s, int row, OutlineRow *r)
{
    int kind = index_of(sheet_text(s, row, sheet_column(s, "kind")), kinds, COUNT(kinds));
    int origin =
        index_of(sheet_text(s, row, sheet_column(s, "status")), origins, COUNT(origins));
    r->part = copy_cell(s, row, "part");
    r->section = copy_cell(s, row, "section");
    r->subsection = copy_cell(s, row, "subsection");
    r->folder = copy_cell(s, row, "folder");
    r->label = copy_cell(s, row, "label");
    r->reason = copy_cell(s, row, "reason");
    r->keys = words(sheet_text(s, row, sheet_column(s, "key")), &r->n_keys);
    r->findings = words(sheet_text(s, row, sheet_column(s, "findings")), &r->n_findings);
    r->line = s->line[row];
    if (kind < 0) return wrong(s, row, "kind", "heading, entry or note");
    if (origin < 0)
        return wrong(s, row, "status", "listed, reconstructed, added or none");
    r->kind = (OutlineKind)kind;
    r->origin = (Origin)origin;
    if (kind == OUTLINE_ENTRY && !origin)
        return wrong(s, row, "status", "one, since every entry has its origin");
    if (kind != OUTLINE_HEADING && !*r->label)
        return wrong(s, row, "label", "what the page shows");
    if (kind == OUTLINE_HEADING && !*r->part)
        return wrong(s, row, "part", "the heading's name");
    return NULL;
}

Outline *outline_read(const char *path, char **error)
{
    Sheet *s = sheet_read(path, COLUMNS, error);
    if (!s) return NULL;
    Outline *o = alloc(1, sizeof *o);
    o->rows = alloc((size_t)s->rows, sizeof *o->rows);
    char *message = NULL;
    for (int row = 0; row < s->rows && !message; row++) {
        message = take_row(s, row, &o->rows[row]);
        o->n = row + 1;
    }
    sheet_free(s);
    if (!message) return o;
    outline_free(o);
    *error = message;
    return NULL;
}

void outline_free(Outline *o)
{
    if (!o) return;
    for (int i = 0; i < o->n; i++) {
        OutlineRow *r = &o->rows[i];
        words_free(r->keys, r->n_keys);
        words_free(r->findings, r->n_findings);
        free(r->part), free(r->section), free(r->subsection), free(r->folder);
        free(r->label), free(r->reason);
    }
    free(o->rows), free(o);
}

bool outline_serves(const OutlineRow *r, const char *finding)
{
    for (int i = 0; i < r->n_findings; i++)
        if (!strcmp(r->findings[i], finding)) return true;
    return false;
}
