/*
# The first planted finding

A number read from a file is the number in the file. It leaves that number for others.
*/
#include "core/core.h"
#include <stdio.h>

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "planted-first",
    .run = run,
    .artefact = "number.txt",
    .inputs = { "data/facts/planted.csv" },
    .tables = { { "curve", "step, height" } },
    ABOUT(.title = "The first planted finding", .section = "information-storage/general",
          .cites = "lin2016criticality", .seeds = 2, .core_s = 0.2, .quick = true,
          .carries = { "none", "three lines", "all", "nothing" }),
    .claims = CLAIMS({ .id = "large",
                       .text = "the number in the file is large",
                       .value = "number",
                       .side = ABOVE,
                       .bound = 0.5,
                       .why = "theory",
                       .controls = { { "zero", "no number" } } }, ),
};

static void run(Run *run, Rng rng)
{
    char *error;
    Sheet *s = sheet_read(input_path(run, "data/facts/planted.csv"), "number", &error);
    double x;
    if (!s || !sheet_number(s, 0, 0, &x, &error)) bad_input(run, error);
    sheet_free(s);
    record(run, "number", x);
    record(run, "zero", 0);
    record(run, "chance", rng_uniform(rng_named(rng, "chance"), 0));
    for (int i = 0; i < 10; i++) row(run, "curve", i, i * x);
    FILE *f = fopen(artefact_path(run, "planted-first"), "w");
    require(f, "no artefact");
    fprintf(f, "%.3f\n", x);
    fclose(f);
}
