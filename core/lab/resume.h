/* resume.h - for units of more than two minutes: training that a kill does not lose.
 *
 * A checkpoint lies beside the result's place, in OUT.resume, and goes when the result has
 * been published. It holds the run's identity, weights, both moments of the optimiser, the
 * count of its steps, and `kept`: whatever else the results are made of (losses so far,
 * earlier weights). A run that is taken up therefore has the bits of one that was never
 * killed, provided that nothing was recorded, and no row written, before resume_take(), and
 * that the finding .needs no other: their artefacts are no part of the identity. */
#ifndef GLASSBOX_RESUME_H
#define GLASSBOX_RESUME_H

#include "core/lab/experiment.h"
#include "core/net/checkpoint.h"

/* True: all three now are as they were at the last resume_save() of a run with the same
 * executable, inputs, variant and seed; optim_count() says after how many steps. False:
 * there was none, nothing is changed, and what another run left is gone. Once a run. */
bool resume_take(Run *, Params *, Optim *, Params *kept);
void resume_save(Run *, const Params *, Optim *, const Params *kept);

#endif
