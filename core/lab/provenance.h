/* provenance.h - where a result came from: everything that could have changed its
 * bits, and what it cost. */
#ifndef GLASSBOX_PROVENANCE_H
#define GLASSBOX_PROVENANCE_H

#include "core/lab/experiment.h"
#include <jansson.h>

typedef struct {
    char sha256[65], version[64];
    char *absent; /* why the input cannot be had, in one line; NULL: present */
} InputStamp;

/* The stamp that make keeps of an input: a hash and a version on two lines, or "absent"
 * and the reason. A stamp that is missing or malformed makes the input absent. Without a
 * stamp folder (NULL) files below data/ are hashed here and now, and all else reads
 * "unstamped". The caller frees .absent. */
InputStamp provenance_input(const char *stamp_folder, const char *input);
/* "package:dict-gcide" -> "package-dict-gcide.sha256"; caller frees */
char *provenance_stamp_name(const char *input);

/* A new object, the caller's: command, executable, inputs {name: {sha256, version}},
 * compiler, flags, real, blis {version, kernel, library, sha256} or null, selftest, cpu,
 * commit and dirty (null outside a checkout), date, core_s, peak_rss_kb. To be called when
 * the work is done: cost is what the process has used so far. */
json_t *provenance_json(const char *stamp_folder, const char *const *inputs, int n_inputs,
                        int argc, char **argv);

#endif
