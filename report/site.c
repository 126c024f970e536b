/* site.c - the command that builds the site.
 *
 * Everything is loaded first, every article woven, then the pages are written one by one;
 * a page needs no other page. The time of index.html is that of the whole. An article
 * that cannot be woven costs its own page its text and nothing else: the message stands
 * there and on stderr, and --strict makes it an error. */
#define _GNU_SOURCE
#include "report/site.h"
#include "core/base/file.h"
#include "report/command.h"
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Weaving costs far more than all the rest and keeps what it made in a cache of files. So
 * a process per core fills the cache first; what a child finds wrong the parent finds
 * again, and says. */
static void weave_ahead(const Suite *suite)
{
    int cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
    if (cores > suite->n) cores = suite->n;
    pid_t *child = alloc((size_t)suite->n + 1, sizeof *child);
    for (int c = 0; c < cores && cores > 1; c++) {
        child[c] = fork();
        if (child[c]) continue;
        for (int i = c; i < suite->n; i += cores) {
            char *error = NULL;
            if (!suite->findings[i].broken)
                weave_free(weave_article(suite, &suite->findings[i], &error));
            free(error);
        }
        _exit(0);
    }
    for (int c = 0; c < cores; c++)
        if (child[c] > 0) waitpid(child[c], NULL, 0);
    free(child);
}

static void weave_pages(Site *site)
{
    const Suite *suite = site->suite;
    weave_ahead(suite);
    site->pages = alloc((size_t)suite->n + 1, sizeof *site->pages);
    for (int i = 0; i < suite->n; i++) {
        Page *page = &site->pages[i];
        page->f = &suite->findings[i];
        if (page->f->broken) continue;
        page->here = standing_compare(page->f);
        page->article = weave_article(suite, page->f, &page->trouble);
        if (!page->article) site_warn(site, page->trouble);
    }
}

/* False with site->error set: the folder of the checkout is not as it must be. */
static bool load(Site *site)
{
    site->suite = suite_load(site->root, site->run_dir, &site->error);
    char *wiki = text_format("%s/data/wiki.csv", site->root),
         *bib = text_format("%s/data/references.bib", site->root);
    if (site->suite) site->outline = outline_read(wiki, &site->error);
    if (site->outline) site->sources = bibliography_read(bib, &site->error);
    bool ok = site->sources && cite_work(site->root, &site->work, &site->error);
    free(wiki), free(bib);
    return ok;
}

/* A file that is as it should be keeps its time, but make must see that it was looked
 * at. */
static void touch(Site *site, const char *name)
{
    char *path = text_format("%s/%s", site->out, name);
    if (utimensat(AT_FDCWD, path, NULL, 0))
        site->error = text_format("%s: %s", path, strerror(errno));
    free(path);
}

bool site_build(Site *site)
{
    if (!load(site)) return false;
    if (!folder_make(site->out)) {
        site->error = text_format("%s: cannot be made", site->out);
        return false;
    }
    weave_pages(site);
    site_put_assets(site);
    site_put_data(site);
    for (int i = 0; i < site->suite->n; i++) site_put_finding(site, &site->pages[i]);
    site_put_methodology(site);
    site_put_sources(site);
    site_put_search(site);
    site_put_index(site);
    site_put_front(site);
    site_put_sums(site);
    if (!site->error) touch(site, "index.html");
    return site->error == NULL;
}

void site_free(Site *site)
{
    for (int i = 0; site->pages && i < site->suite->n; i++) {
        weave_free(site->pages[i].article);
        standing_free(&site->pages[i].here);
        free(site->pages[i].trouble);
    }
    for (int i = 0; i < site->n_files; i++)
        free(site->files[i].path), free(site->files[i].what);
    free(site->pages), free(site->files), free(site->error);
    cite_work_free(&site->work);
    bibliography_free(site->sources);
    outline_free(site->outline);
    suite_free(site->suite);
}

/* --- the command ----------------------------------------------------------------- */

typedef struct {
    const char *out;
    bool strict;
} Options;

static error_t parse(int key, char *arg, struct argp_state *state)
{
    Options *o = state->input;
    if (key == 'o') o->out = arg;
    else if (key == 's') o->strict = true;
    else return ARGP_ERR_UNKNOWN;
    return 0;
}

int command_site(int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "out", 'o', "DIR", 0, "the folder to build (" BUILD "/site)", 0 },
        { "strict", 's', 0, 0, "an article that cannot be woven is an error", 0 },
        { 0 }
    };
    static const struct argp argp = {
        options,
        parse,
        NULL,
        "Builds the static site: findings, map, methodology, sources, index.json.",
        NULL,
        NULL,
        NULL
    };
    Options o = { .out = BUILD "/site" };
    if (argp_parse(&argp, argc, argv, 0, NULL, &o)) return EXIT_USAGE;

    Site site = { .root = ".", .run_dir = BUILD "/run", .out = o.out };
    bool ok = site_build(&site);
    if (!ok) fprintf(stderr, "site: %s\n", site.error);
    else
        printf("site: %d finding%s, %d files in %s\n", site.suite->n,
               site.suite->n == 1 ? "" : "s", site.n_files, site.out);
    if (ok && site.warnings) printf("site: %d pages are incomplete\n", site.warnings);
    int status = !ok || (o.strict && site.warnings) ? EXIT_USAGE : EXIT_AS_EXPECTED;
    site_free(&site);
    return status;
}
