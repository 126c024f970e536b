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

/* The stamp that make keeps of an input: a hash and a version on two lines, or
 * "absent" and the reason. Without a stamp folder only files below data/ are hashed;
 * others read "unstamped". Caller frees .absent. */
InputStamp provenance_input(const char *stamp_folder, const char *input);
/* "package:dict-gcide" -> "package-dict-gcide.sha256"; caller frees */
char *provenance_stamp_name(const char *input);

/* A new object with all of it except the observed values and the files' hashes; the
 * caller owns it. */
json_t *provenance_json(const char *stamp_folder, const char *const *inputs, int n_inputs,
                        int argc, char **argv);

#endif
