/* result.h - one computed seed in its folder, and what the record keeps of it. */
#ifndef GLASSBOX_RESULT_H
#define GLASSBOX_RESULT_H

#include "report/suite.h"

/* Reads values.csv and run.json of `folder` (build/run/ID/seed-N). False with *error
 * (caller frees): it is no complete result, or malformed. */
bool result_load(const char *folder, int seed, SeedRun *, char **error);
void result_free(SeedRun *);

/* The machine as the record's index names it. */
typedef struct {
    const char *units, *stamps; /* folders, borrowed */
    char *executable;           /* sha256 of the unit; NULL: there is none */
    Hash inputs;                /* over the lines "name sha256" of the declared inputs */
    char *absent;               /* why an input cannot be had; NULL: all are there */
    char *blis;                 /* the library's sha256; NULL: unknown */
} Here;
/* `units`: folder of the executables, `stamps`: of the inputs' stamps. */
Here result_here(const Finding *, const char *units, const char *stamps);
void result_here_free(Here *);

Hash result_inputs(const Finding *, const json_t *run); /* as run.json names them */
/* "0.9.0 sha256" of the library in use, or "none"; caller frees */
char *result_blis(const json_t *run);
const char *result_text(const json_t *run, const char *key); /* "": not there */
/* Would a result with this result_blis() have been computed with the library of today? */
bool result_same_blis(const char *recorded, const Here *);
/* Why this run is no full run of today's executable on today's inputs, in one line that
 * the caller frees; NULL: it is one. */
char *result_refusal(const Finding *, const SeedRun *, const Here *);

/* The tables and listings of a folder, by name, as the record keeps them: at most
 * RESULT_KEPT bytes each. Longer tables keep every k-th row, k the smallest that fits,
 * and the last one; longer listings keep their first lines. */
enum { RESULT_KEPT = 64000 };
typedef struct {
    char **name, **text; /* (n), sorted by name, with endings */
    int n;
} Texts;
/* An absent folder has no texts. False with errno set: one cannot be read. */
bool result_texts(const char *folder, Texts *);
void result_texts_free(Texts *);
const char *result_text_named(const Texts *, const char *name); /* NULL: none */
char *result_shorten(const char *name, const char *text);       /* caller frees */

/* What the columns "values" and "tables" of the index hold. */
Hash result_values_hash(const Replicate *);
Hash result_texts_hash(const Texts *);

#endif
