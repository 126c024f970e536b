/* suite.h - everything that is known about the findings: declarations, published
 * record, this machine's runs, verdicts. Loaded once per command from build/desc,
 * data/record and build/run; the suite owns all that it points to. */
#ifndef GLASSBOX_SUITE_H
#define GLASSBOX_SUITE_H

#include "core/base/base.h"
#include "core/base/hash.h"
#include "report/verdict.h"
#include <jansson.h>

typedef struct {
    char *id, **columns;
    int n_columns;
} Table;

typedef struct { /* one published or fresh run of one seed */
    Replicate values;
    /* of its tables and listings; NULL: none kept (record, seeds other than 1) */
    char *folder;
    json_t *run; /* run.json; NULL for the record */
    /* a run: made by the executable that build/unit holds now */
    bool current;
} SeedRun;

typedef struct { /* one row of data/record/<id>.index.csv */
    int seed;
    char *executable, *compiler, *inputs, *blis, *cpu, *date, *recomputed;
    double core_s, peak_rss_kb;
    /* columns "values" and "tables": sha256 of this seed's "name,value" lines, and of
     * the "name sha256" lines of seed 1's tables and listings (other seeds: empty) */
    char *values, *tables;
} IndexRow;

typedef struct {
    json_t *description; /* the describer's JSON: claims borrow their strings from it */
    char *id, *title, *section, *source; /* source: path of the .c file */
    char *source_sha1;                   /* git's blob hash of it */
    char **cites, **needs, **inputs, *carries[4];
    int n_cites, n_needs, n_inputs;
    char *artefact;
    int seeds;
    double core_s, long_core_s; /* [core s] a seed; 0: no long variant */
    bool quick;
    Table *tables;
    int n_tables;
    Claim *claims; /* as declared */
    int *claim_line;
    int n_claims;
    /* does not compile or describe: the reason; only id, source and section are set */
    char *broken;

    SeedRun *record; /* data/record: seeds of the default variant */
    IndexRow *index;
    int n_record;
    char *record_folder; /* data/record/<id>, seed 1's tables; NULL: no record */
    Replicate *record_long;
    int n_record_long;

    SeedRun *runs; /* build/run: what this machine computed, default variant */
    int n_runs;
    SeedRun *runs_long; /* build/run/<id>@long */
    int n_runs_long;

    /* (n_claims) on the record; if there is none, on the runs. A claim that names the
     * long variant is judged on that one. */
    Judgement *judged;
    bool from_record;
} Finding;

typedef struct {
    Finding *findings; /* (n), by the wiki's sections, then by id */
    int n;
} Suite;

#ifndef BUILD
#define BUILD "build" /* the flavour's folder, as the Makefile says */
#endif

/* `root` is the folder of the checkout ("."); `run_dir`, relative to it, where fresh runs
 * lie (BUILD "/run", with desc/ and unit/ beside it). NULL with *error (caller frees) on
 * a malformed record or describer output: path:row:column and what was expected.
 * Descriptions of sources that are gone are passed over. */
Suite *suite_load(const char *root, const char *run_dir, char **error);
void suite_free(Suite *);
void suite_free_run(SeedRun *); /* what it points to */
/* suite_load(".", BUILD "/run"), with the message printed on NULL */
Suite *suite_open(void);
Finding *suite_find(Suite *, const char *id); /* NULL: unknown */
Claim *suite_claim(Suite *, const char *finding_slash_claim, Finding **);
/* Does the finding match a glob on its id, or on any trailing part of section/id?
 * `patterns` is space-separated; empty matches all. */
bool suite_matches(const Finding *, const char *patterns);

/* False: an input was absent, and the folder holds no more than the reason. */
bool suite_has_run(const SeedRun *);

/* The replicates that verdicts and prose are about: the record's seeds, or those of the
 * runs if there is no record; *n of them, without those that could not run. `longer`: of
 * the long variant. The caller frees the array, not the values. */
Replicate *suite_replicates(const Finding *, bool longer, int *n);

/* Mean, interval, minimum and maximum of a recorded value over the record's seeds
 * (over the runs if there is no record). False: no seed has it, or it is absent in
 * all. */
bool suite_value(const Finding *, const char *name, double *mean, double *lo, double *hi,
                 double *min, double *max, int *n);

/* The short hash that a citation carries: first 8 hex digits of sha256 over id,
 * sentence, bounds and the sorted seed,name,value lines of the claim's value, its
 * controls and their `also` values; nothing else. */
Hash suite_claim_hash(const Finding *, int claim);

#endif
