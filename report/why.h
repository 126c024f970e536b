/* why.h - is a unit's result still what it would compute? By content, not by time. */
#ifndef GLASSBOX_WHY_H
#define GLASSBOX_WHY_H

#include "report/plan.h"

/* Why the result in `folder` (build/run/ID/seed-N) is not what the executable `unit`
 * would compute today, in one line that the caller frees; NULL: it is. `stamps`: folder
 * of the inputs' stamps. */
char *why_stale(const char *folder, const char *unit, const char *stamps);
/* The same for a unit of a plan. */
char *why_unit(const PlanUnit *);

#endif
