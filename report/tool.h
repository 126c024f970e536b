/* tool.h - runs pandoc and gnuplot as filters: no shell, a fixed environment, and
 * results kept by the hash of all that went in. */
#ifndef GLASSBOX_TOOL_H
#define GLASSBOX_TOOL_H

#include "core/base/hash.h"

#define TOOL_CACHE "build/weave"

/* Runs argv (NULL-terminated, argv[0] looked up in PATH) in folder `cwd` (NULL: here)
 * with `input` as its standard input and returns what it wrote; the caller frees. NULL
 * with *error (caller frees): it is not installed, it failed, or it complained. A
 * warning is an error here, because nobody would read it. */
char *tool_run(const char *const argv[], const char *cwd, const char *input, size_t n,
               char **error);

/* The same, read from the cache if this program ran before with these arguments, this
 * input and files of that hash. Any number of processes may share the cache. */
char *tool_cached(const char *const argv[], const char *cwd, const char *input, size_t n,
                  const char *files, char **error);

#endif
