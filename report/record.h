/* record.h - from full runs in build/run to the published values in data/record. */
#ifndef GLASSBOX_RECORD_H
#define GLASSBOX_RECORD_H

#include "report/suite.h"

typedef struct {
    const char *record, *units,
        *inputs;      /* folders: data/record, build/unit, build/inputs */
    const char *runs; /* "build/run", as the targets are to be named */
    bool longer;      /* the long variant */
    bool all;         /* also where the record is current */
} RecordOptions;

/* The units that must be run before the record of `f` can be published, by today's
 * knowledge; `print` is called for each. A first call may ask for seed 1 only; what its
 * bits are decides what a second call asks for. */
void record_plan(const Finding *f, const RecordOptions *,
                 void (*print)(void *to, const char *target), void *to);

/* Publishes one finding. True with *said (caller frees) what was done; false with the
 * reason, and then nothing was changed. */
bool record_publish(const Finding *f, const RecordOptions *, char **said);

#endif
