/* data.h - the suite, the outline and the bibliography as they lie in the tree, for the
 * tests of both. The suite is the plain build's in every flavour: what is declared does
 * not depend on precision, and flavours describe nothing. */
#ifndef GLASSBOX_TESTS_DATA_H
#define GLASSBOX_TESTS_DATA_H

#include "core/base/file.h"
#include "report/citations.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

typedef struct {
    Suite *suite;
    Outline *outline;
    Bibliography *bibliography;
} Data;

static int load(void **state)
{
    static const char outline[] = "data/wiki.csv", bibliography[] = "data/references.bib";
    char *error = NULL;
    Data *d = alloc(1, sizeof *d);
    *state = d;
    if (!file_exists("build/findings.txt"))
        error = text_format("build/findings.txt is missing, expected the descriptions of "
                            "the experiments: run make test without a flavour first");
    else if ((d->suite = suite_load(".", "build/run", &error)) &&
             (d->outline = outline_read(outline, &error)))
        d->bibliography = bibliography_read(bibliography, &error);
    if (error) fprintf(stderr, "%s\n", error), free(error);
    return d->bibliography ? 0 : -1;
}

static int unload(void **state)
{
    Data *d = *state;
    bibliography_free(d->bibliography);
    outline_free(d->outline);
    suite_free(d->suite);
    free(d);
    return 0;
}

/* A growing list of words. Zero is an empty one. */
typedef struct {
    char **key;
    int n;
} Keys;

static void keys_add(Keys *k, const char *s, size_t n)
{
    k->key = grow(k->key, (size_t)k->n, (size_t)k->n + 1, sizeof *k->key);
    k->key[k->n++] = text_format("%.*s", (int)n, s);
}

static void keys_free(Keys *k)
{
    for (int i = 0; i < k->n; i++) free(k->key[i]);
    free(k->key);
}

static bool keys_have(const Keys *k, const char *key)
{
    for (int i = 0; i < k->n; i++)
        if (!strcmp(k->key[i], key)) return true;
    return false;
}

#endif
