/* reflm_learned.c - the health gate of all that cut into the reference model, in an object
 * of its own: the unit that trains the model has no use for it, and keeps its bytes. */
#include "core/lab/reflm.h"

bool reflm_learned(const Reflm *lm)
{
    Model *m = reflm_model(lm, 100);
    Tape *t = tape_new();
    ReflmScore s = reflm_score(lm, m, t, &lm->held, 0, lm->held.n, NULL, NULL, NULL);
    tape_free(t), model_free(m);
    return s.bits_per_byte <= 2.2;
}
