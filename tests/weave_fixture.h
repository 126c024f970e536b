/* weave_fixture.h - a finding made by hand, for tests of what is woven: one claim with a
 * control, six tables, values of three seeds. */
#ifndef GLASSBOX_WEAVE_FIXTURE_H
#define GLASSBOX_WEAVE_FIXTURE_H

#include "report/suite.h"

#define FIXTURE "tests/weave"

static Value fixture_values[3][5] = {
    { { "share", .71, false },
      { "one layer", .154, false },
      { "steps", 20000, false },
      { "rate", 1.25e-7, false },
      { "never", 0, true } },
    { { "share", .75, false },
      { "one layer", .148, false },
      { "steps", 20000, false },
      { "rate", 1.25e-7, false },
      { "never", 0, true } },
    { { "share", .79, false },
      { "one layer", .151, false },
      { "steps", 20000, false },
      { "rate", 1.25e-7, false },
      { "never", 0, true } },
};
static SeedRun fixture_runs[3] = {
    { .values = { 1, 5, fixture_values[0] },
      .folder = FIXTURE "/tables",
      .current = true },
    { .values = { 2, 5, fixture_values[1] } },
    { .values = { 3, 5, fixture_values[2] } },
};
static char *fixture_columns[6][5] = {
    { "step", "two layers", "one layer", "loss [nat/token]" },
    { "distance", "tree [bit]", "chain [bit]", "theory [bit]" },
    { "category", "offset [share]", "lo", "hi", "neighbour [share]" },
    { "pmi [nat]", "product" },
    { "width", "stored", "accuracy" },
    { "word", "x", "y", "dx", "dy" },
};
static Table fixture_tables[6] = {
    { "curve", fixture_columns[0], 4 },    { "decay", fixture_columns[1], 4 },
    { "accuracy", fixture_columns[2], 5 }, { "pairs", fixture_columns[3], 2 },
    { "map", fixture_columns[4], 3 },      { "words", fixture_columns[5], 5 },
};
static Claim fixture_claims[1] = { {
    .id = "share",
    .text = "two layers answer most of the questions",
    .value = "share",
    .side = ABOVE,
    .bound = 0.6,
    .controls = { { .value = "one layer", .text = "one layer" } },
} };
static Judgement fixture_judged[1] = { { .verdict = HOLDS, .cleared = 3, .seeds = 3 } };

static inline Finding fixture(const char *source)
{
    return (Finding){ .id = "planted",
                      .title = "A planted finding",
                      .source = (char *)source,
                      .tables = fixture_tables,
                      .n_tables = 6,
                      .claims = fixture_claims,
                      .n_claims = 1,
                      .runs = fixture_runs,
                      .n_runs = 3,
                      .judged = fixture_judged };
}

#endif
