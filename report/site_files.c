/* site_files.c - what lies in the site's folder, and its hashes.
 *
 * Every file goes through site_put(), which writes by rename, only if the bytes differ,
 * and keeps the hash: so a second build writes next to nothing, and SHA256SUMS is the
 * list of what was put. The list of the build before tells which files are stale; what
 * this program has not written it does not remove. */
#define _GNU_SOURCE
#include "report/site.h"
#include "core/base/file.h"
#include "report/charts.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef LUNR
#define LUNR "/usr/share/javascript/lunr/lunr.min.js"
#endif

/* --- putting --------------------------------------------------------------------- */

static SiteFile *add_file(Site *site, const char *path)
{
    if (site->n_files == site->room) {
        int room = site->room ? 2 * site->room : 64;
        site->files =
            grow(site->files, (size_t)site->room, (size_t)room, sizeof *site->files);
        site->room = room;
    }
    SiteFile *file = &site->files[site->n_files++];
    *file = (SiteFile){ .path = text_copy(path) };
    return file;
}

static bool make_parent(const char *path)
{
    char *folder = text_copy(path), *slash = strrchr(folder, '/');
    if (slash) *slash = 0;
    bool ok = !slash || folder_make(folder);
    free(folder);
    return ok;
}

void site_put(Site *site, const char *path, const Finding *f, const char *what,
              const char *bytes, size_t n)
{
    if (site->error) return;
    char *full = text_format("%s/%s", site->out, path);
    if (make_parent(full) && file_write_if_changed(full, bytes, n)) {
        SiteFile *file = add_file(site, path);
        file->f = f;
        file->what = what ? text_copy(what) : NULL;
        file->size = n;
        file->hash = hash_bytes(bytes, n);
    } else site->error = text_format("%s: %s", full, strerror(errno));
    free(full);
}

void site_put_page(Site *site, const char *path, const Finding *f, Html *h)
{
    char *markup = html_end(h);
    site_put(site, path, f, NULL, markup, strlen(markup));
    free(markup);
}

/* A copy of a file from elsewhere; false: there is none to copy. */
static bool copy(Site *site, const char *from, const char *path, const Finding *f,
                 const char *what)
{
    size_t n;
    char *bytes = file_read(from, &n);
    if (!bytes) return false;
    site_put(site, path, f, what, bytes, n);
    free(bytes);
    return true;
}

/* --- assets ---------------------------------------------------------------------- */

void site_put_assets(Site *site)
{
    static const char *const endings[] = { ".css", ".js", ".json" };
    char *folder = text_format("%s/report/assets", site->root);
    for (int e = 0; e < COUNT(endings); e++) {
        int n;
        char **names = folder_list(folder, endings[e], &n);
        for (int i = 0; i < n; i++) {
            char *from = text_format("%s/%s", folder, names[i]);
            copy(site, from, names[i], NULL, NULL);
            free(from);
        }
        folder_list_free(names, n);
    }
    free(folder);
    if (!copy(site, LUNR, "lunr.js", NULL, NULL))
        site_warn(site, "no " LUNR ", so the site has no search; install libjs-lunr");
}

/* --- data ------------------------------------------------------------------------ */

static void copy_data(Site *site, const Finding *f, const char *from, const char *name,
                      const char *what)
{
    char *path = text_format("data/%s/%s", f->id, name);
    copy(site, from, path, f, what);
    free(path);
}

static char *columns_of(const Finding *f, const char *table)
{
    Buffer b = { 0 };
    buffer_put(&b, "table: ");
    for (int t = 0; t < f->n_tables; t++)
        for (int c = 0; !strcmp(f->tables[t].id, table) && c < f->tables[t].n_columns;
             c++)
            buffer_format(&b, "%s%s", c ? ", " : "", f->tables[t].columns[c]);
    return b.s;
}

/* Tables and listings of the folder, except values.csv. */
static void copy_texts(Site *site, const Finding *f, const char *folder)
{
    static const char *const endings[] = { ".csv", ".txt" };
    for (int e = 0; e < COUNT(endings); e++) {
        int n;
        char **names = folder_list(folder, endings[e], &n);
        for (int i = 0; i < n; i++) {
            if (!strcmp(names[i], "values.csv")) continue;
            char *from = text_format("%s/%s", folder, names[i]),
                 *id = text_format("%.*s", (int)strlen(names[i]) - 4, names[i]),
                 *what = e ? text_copy("listing") : columns_of(f, id);
            copy_data(site, f, from, names[i], what);
            free(from), free(id), free(what);
        }
        folder_list_free(names, n);
    }
}

static void copy_runs(Site *site, const Finding *f)
{
    for (int i = 0; i < f->n_runs; i++) {
        const SeedRun *run = &f->runs[i];
        if (!run->current || !run->folder || !suite_has_run(run)) continue;
        char *from = text_format("%s/values.csv", run->folder),
             *name = text_format("seed-%d/values.csv", run->values.seed),
             *what = text_format("values of seed %d, computed on this machine",
                                 run->values.seed);
        copy_data(site, f, from, name, what);
        free(from), free(name), free(what);
    }
}

static void put_charts(Site *site, const Page *page)
{
    for (int i = 0; page->article && i < page->article->n_charts; i++) {
        const Chart *c = &page->article->charts[i];
        char *script = text_format("data/%s/%s.gp", page->f->id, c->id),
             *picture = text_format("data/%s/%s.svg", page->f->id, c->id),
             *what = text_format("chart: %s", c->caption),
             *how =
                 text_format("gnuplot script of %s; runs alone beside its tables", c->id);
        site_put(site, script, page->f, how, c->gnuplot, strlen(c->gnuplot));
        if (c->alone) site_put(site, picture, page->f, what, c->alone, strlen(c->alone));
        free(script), free(picture), free(what), free(how);
    }
}

/* Hashes of what this machine computed: values of every seed, tables and listings of
 * seed 1. There is no time, path or machine in any of it, so two machines, two numbers of
 * jobs or two kernel families must give this same file. */
static void put_value_sums(Site *site)
{
    Buffer b = { 0 };
    buffer_put(&b, "");
    for (int i = 0; i < site->n_files; i++) {
        const SiteFile *file = &site->files[i];
        if (file->computed)
            buffer_format(&b, "%s  %s\n", file->hash.hex, file->path + strlen("data/"));
    }
    site_put(site, "data/SHA256SUMS", NULL, NULL, b.s, b.n);
    free(b.s);
}

void site_put_data(Site *site)
{
    for (int i = 0; i < site->suite->n; i++) {
        const Page *page = &site->pages[i];
        const Finding *f = page->f;
        char *source = text_format("%s/%s", site->root, f->source),
             *name = text_format("%s.c", f->id),
             *record = text_format("%s/data/record/%s.csv", site->root, f->id);
        copy_data(site, f, source, name, "source: prose, claims and program");
        copy_data(site, f, record, "values.csv", "values of all published seeds");
        int before = site->n_files;
        bool fresh = false;
        const char *folder = f->broken ? NULL : charts_folder(f, &fresh);
        copy_runs(site, f);
        if (folder && fresh) copy_texts(site, f, folder);
        for (int k = before; k < site->n_files; k++) site->files[k].computed = true;
        if (folder && !fresh) copy_texts(site, f, folder);
        put_charts(site, page);
        free(source), free(name), free(record);
    }
    put_value_sums(site);
}

/* --- sums ------------------------------------------------------------------------ */

static int by_path(const void *a, const void *b)
{
    return strcmp(((const SiteFile *)a)->path, ((const SiteFile *)b)->path);
}

static bool has_file(const Site *site, char *path)
{
    const SiteFile key = { .path = path };
    return bsearch(&key, site->files, (size_t)site->n_files, sizeof key, by_path) != NULL;
}

/* `sums`: the SHA256SUMS of the build before. */
static void remove_stale(const Site *site, char *sums)
{
    for (char *line; (line = strsep(&sums, "\n")) != NULL;) {
        char *path = strlen(line) > 66 ? line + 66 : line + strlen(line);
        if (!*path || *path == '/' || strstr(path, "..") || has_file(site, path))
            continue;
        char *full = text_format("%s/%s", site->out, path);
        unlink(full);
        free(full);
    }
}

void site_put_sums(Site *site)
{
    char *path = text_format("%s/SHA256SUMS", site->out), *old = file_read(path, NULL);
    Buffer b = { 0 };
    buffer_put(&b, "");
    qsort(site->files, (size_t)site->n_files, sizeof *site->files, by_path);
    for (int i = 0; i < site->n_files; i++)
        buffer_format(&b, "%s  %s\n", site->files[i].hash.hex, site->files[i].path);
    if (old && !site->error) remove_stale(site, old);
    site_put(site, "SHA256SUMS", NULL, NULL, b.s, b.n);
    free(b.s), free(path), free(old);
}
