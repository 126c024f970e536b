/* result.c - one computed seed in its folder.
 *
 * The record keeps of a run what a reader needs to see (values, seed 1's tables) and
 * what a verifier needs to decide whether the same bits are to be expected again: the
 * executable, the inputs, the BLIS. These three are compared as text; nothing else in
 * run.json (paths, flags, CPU, cost) may change a bit, so nothing else is asked.
 *
 * Long tables are thinned rather than cut, so that a curve keeps its ends and its
 * shape. Thinning is a pure function of the text: a verifier thins the fresh table in
 * the same way and compares the rest. */
#include "report/result.h"
#include "core/base/file.h"
#include "core/base/sheet.h"
#include "core/lab/provenance.h"
#include "report/why.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- reading ------------------------------------------------------------------------ */

static bool load_values(const char *path, SeedRun *r, char **error)
{
    Sheet *s = sheet_read(path, "name, value", error);
    if (!s) return false;
    int name = sheet_column(s, "name"), value = sheet_column(s, "value");
    r->values.v = alloc((size_t)s->rows, sizeof *r->values.v);
    bool ok = true;
    for (int i = 0; ok && i < s->rows; i++) {
        Value *v = &r->values.v[r->values.n++];
        v->name = text_copy(sheet_text(s, i, name));
        v->absent = !strcmp(sheet_text(s, i, value), "none");
        ok = v->absent || sheet_number(s, i, value, &v->x, error);
    }
    sheet_free(s);
    return ok;
}

bool result_load(const char *folder, int seed, SeedRun *r, char **error)
{
    *r = (SeedRun){ .values.seed = seed, .folder = text_copy(folder) };
    char *values = text_format("%s/values.csv", folder),
         *json = text_format("%s/run.json", folder);
    bool ok = load_values(values, r, error);
    json_error_t where;
    if (ok && !(r->run = json_load_file(json, 0, &where))) {
        *error = text_format("%s:%d:%d: %s, expected what a unit writes", json,
                             where.line < 1 ? 1 : where.line,
                             where.column < 1 ? 1 : where.column, where.text);
        ok = false;
    }
    free(values), free(json);
    if (!ok) result_free(r);
    return ok;
}

void result_free(SeedRun *r)
{
    for (int i = 0; i < r->values.n; i++) free(r->values.v[i].name);
    free(r->values.v), free(r->folder);
    json_decref(r->run);
    *r = (SeedRun){ 0 };
}

/* --- which machine ------------------------------------------------------------------ */

const char *result_text(const json_t *run, const char *key)
{
    const char *s = json_string_value(json_object_get(run, key));
    return s ? s : "";
}

char *result_blis(const json_t *run)
{
    const json_t *blis = json_object_get(run, "blis");
    if (!json_is_object(blis)) return text_copy("none");
    return text_format("%s %s", result_text(blis, "version"),
                       result_text(blis, "sha256"));
}

Hash result_inputs(const Finding *f, const json_t *run)
{
    Buffer lines = { 0 };
    for (int i = 0; i < f->n_inputs; i++) {
        const json_t *all = json_object_get(run, "inputs"),
                     *one = json_object_get(all, f->inputs[i]);
        buffer_format(&lines, "%s %s\n", f->inputs[i], result_text(one, "sha256"));
    }
    Hash hash = hash_bytes(lines.s ? lines.s : "", lines.n);
    free(lines.s);
    return hash;
}

Here result_here(const Finding *f, const char *units, const char *stamps)
{
    Here here = { .units = units, .stamps = stamps };
    Hash hash;
    char *unit = text_format("%s/%s", units, f->id);
    if (hash_file(unit, &hash)) here.executable = text_copy(hash.hex);
    free(unit);

    Buffer lines = { 0 };
    for (int i = 0; i < f->n_inputs; i++) {
        InputStamp stamp = provenance_input(stamps, f->inputs[i]);
        buffer_format(&lines, "%s %s\n", f->inputs[i], stamp.sha256);
        if (!here.absent) here.absent = stamp.absent;
        else free(stamp.absent);
    }
    here.inputs = hash_bytes(lines.s ? lines.s : "", lines.n);
    free(lines.s);

    InputStamp blis = provenance_input(stamps, "lib:blis");
    if (!blis.absent && strcmp(blis.sha256, "unstamped"))
        here.blis = text_copy(blis.sha256);
    free(blis.absent);
    return here;
}

void result_here_free(Here *h)
{
    free(h->executable), free(h->absent), free(h->blis);
    *h = (Here){ 0 };
}

bool result_same_blis(const char *recorded, const Here *here)
{
    return !here->blis || !strcmp(recorded, "none") || strstr(recorded, here->blis);
}

char *result_refusal(const Finding *f, const SeedRun *r, const Here *here)
{
    if (!here->executable) return text_copy("its executable has not been built");
    if (json_is_true(json_object_get(r->run, "smoke")))
        return text_copy("a smoke run, expected one at full size");
    if (*result_text(r->run, "not_run"))
        return text_format("not run: %s", result_text(r->run, "not_run"));
    if (strcmp(result_text(r->run, "real"), "float"))
        return text_copy("a run in double precision, expected float");
    if (strstr(result_text(r->run, "flags"), "-fsanitize"))
        return text_copy("a run under sanitizers, expected the plain flavour");
    if (!json_is_true(json_object_get(r->run, "selftest")))
        return text_copy("the start-up self-test failed: this machine has other bits");
    char *unit = text_format("%s/%s", here->units, f->id),
         *stale = why_stale(r->folder, unit, here->stamps);
    free(unit);
    return stale;
}

/* --- tables and listings ------------------------------------------------------------ */

static bool ends(const char *s, const char *ending)
{
    size_t n = strlen(s), m = strlen(ending);
    return n >= m && !strcmp(s + n - m, ending);
}

/* The end of the row that starts at p: behind a line break that no quotes enclose. */
static const char *row_end(const char *p)
{
    for (bool quoted = false; *p; p++) {
        quoted ^= *p == '"';
        if (*p == '\n' && !quoted) return p + 1;
    }
    return p;
}

/* The header, every k-th row from the first, and the last row. */
static void thin(Buffer *out, const char *text, int k)
{
    const char *p = row_end(text);
    buffer_add(out, text, (size_t)(p - text));
    for (int i = 0; *p; i++) {
        const char *end = row_end(p);
        if (i % k == 0 || !*end) buffer_add(out, p, (size_t)(end - p));
        p = end;
    }
}

char *result_shorten(const char *name, const char *text)
{
    if (strlen(text) <= RESULT_KEPT) return text_copy(text);
    Buffer out = { 0 };
    if (ends(name, ".csv")) {
        for (int k = 2; !out.n || out.n > RESULT_KEPT; k++) {
            require(k < 1 << 20, "two rows of %s are more than the record keeps", name);
            out.n = 0;
            thin(&out, text, k);
        }
        return out.s;
    }
    size_t n = RESULT_KEPT;
    while (n && text[n - 1] != '\n') n--;
    buffer_add(&out, text, n);
    return out.s;
}

bool result_texts(const char *folder, Texts *t)
{
    static const char *const endings[] = { ".csv", ".txt" };
    *t = (Texts){ 0 };
    bool ok = true;
    for (int e = 0; e < COUNT(endings); e++) {
        int n;
        char **names = folder_list(folder, endings[e], &n);
        size_t room = (size_t)(t->n + n);
        t->name = grow(t->name, (size_t)t->n, room, sizeof *t->name);
        t->text = grow(t->text, (size_t)t->n, room, sizeof *t->text);
        for (int i = 0; ok && i < n; i++) {
            if (!strcmp(names[i], "values.csv")) continue;
            char *path = text_format("%s/%s", folder, names[i]),
                 *text = file_read(path, NULL);
            ok = text != NULL;
            if (ok) {
                t->name[t->n] = text_copy(names[i]);
                t->text[t->n++] = result_shorten(names[i], text);
            }
            free(path), free(text);
        }
        folder_list_free(names, n);
    }
    if (ok) return true;
    int error = errno;
    result_texts_free(t);
    errno = error;
    return false;
}

void result_texts_free(Texts *t)
{
    for (int i = 0; i < t->n; i++) free(t->name[i]), free(t->text[i]);
    free(t->name), free(t->text);
    *t = (Texts){ 0 };
}

const char *result_text_named(const Texts *t, const char *name)
{
    for (int i = 0; i < t->n; i++)
        if (!strcmp(t->name[i], name)) return t->text[i];
    return NULL;
}

/* --- hashes of the index ------------------------------------------------------------ */

Hash result_values_hash(const Replicate *r)
{
    Buffer lines = { 0 };
    for (int i = 0; i < r->n; i++) {
        buffer_format(&lines, "%s,", r->v[i].name);
        if (r->v[i].absent) buffer_put(&lines, "none\n");
        else buffer_format(&lines, "%.17g\n", r->v[i].x);
    }
    Hash hash = hash_bytes(lines.s ? lines.s : "", lines.n);
    free(lines.s);
    return hash;
}

Hash result_texts_hash(const Texts *t)
{
    Buffer lines = { 0 };
    for (int i = 0; i < t->n; i++)
        buffer_format(&lines, "%s %s\n", t->name[i],
                      hash_bytes(t->text[i], strlen(t->text[i])).hex);
    Hash hash = hash_bytes(lines.s ? lines.s : "", lines.n);
    free(lines.s);
    return hash;
}
