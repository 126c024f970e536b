/*
# The second planted finding

Twice a number is more than the number, says a function of the core; its need is met.
*/
#include "core/core.h"
#include "core/num/planted.h"

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "planted-second",
    .run = run,
    .needs = { "planted-first" },
    .tables = { { "curve", "step, height" } },
    ABOUT(.title = "The second planted finding", .section = "information-storage/general",
          .cites = "lin2016criticality", .seeds = 2, .core_s = 0.2, .quick = true,
          .carries = { "none", "three lines", "all", "nothing" }),
    .claims = CLAIMS({ .id = "twice",
                       .text = "twice one is more than one",
                       .value = "twice",
                       .side = OVER,
                       .bound = 1,
                       .why = "theory",
                       .controls = { { "once", "one" } } }, ),
};

static void run(Run *run, Rng rng)
{
    char *text = file_read(artefact_path(run, "planted-first"), NULL);
    require(text, "no artefact");
    record(run, "needed", strtod(text, NULL));
    record(run, "twice", planted_twice(1));
    record(run, "once", 1);
    record(run, "chance", rng_uniform(rng_named(rng, "chance"), 0));
    for (int i = 0; i < 10; i++) row(run, "curve", i, planted_twice(i));
    free(text);
}
