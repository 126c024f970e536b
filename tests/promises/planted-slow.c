/*
# The slow planted finding

It takes a second, in which it can be killed, and writes a long table.
*/
#define _GNU_SOURCE
#include "core/core.h"
#include <unistd.h>

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "planted-slow",
    .run = run,
    .tables = { { "curve", "step, height" } },
    ABOUT(.title = "The slow planted finding", .section = "information-storage/general",
          .cites = "lin2016criticality", .seeds = 3, .core_s = 1, .quick = true,
          .carries = { "none", "three lines", "all", "nothing" }),
    .claims = CLAIMS({ .id = "sum",
                       .text = "a sum of squares is above none",
                       .value = "sum",
                       .side = OVER,
                       .bound = 0,
                       .why = "theory",
                       .controls = { { "none", "no sum" } } }, ),
};

static void run(Run *run, Rng rng)
{
    int steps = scaled(run, 50, 3);
    double sum = 0;
    for (int i = 0; i < steps; i++) {
        usleep(20000);
        for (int k = 0; k < 100; k++) {
            double x = rng_normal(rng, (uint64_t)(100 * i + k));
            sum += x * x;
            row(run, "curve", i, sum);
        }
        progress(run, (i + 1.) / steps);
    }
    record(run, "sum", sum);
    record(run, "none", 0);
}
