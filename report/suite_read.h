/* suite_read.h - the three sources of a suite: a describer's JSON, the published record,
 * this machine's runs. Each fills its part of a zeroed Finding; false with *error
 * (caller frees) "path:row:column: what is wrong, what was expected". */
#ifndef GLASSBOX_SUITE_READ_H
#define GLASSBOX_SUITE_READ_H

#include "report/suite.h"

bool suite_read_description(const char *path, Finding *, char **error);
/* `folder` is data/record; a finding without a record is left without one */
bool suite_read_record(const char *folder, Finding *, char **error);
/* `run_dir` is build/run; `unit_dir`, build/unit, tells which runs are current. Folders
 * without run.json and smoke runs are passed over. */
bool suite_read_runs(const char *run_dir, const char *unit_dir, Finding *, char **error);

#endif
