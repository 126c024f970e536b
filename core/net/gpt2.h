/* gpt2.h - models of GPT-2's shape from files that others have trained [radford2019language]:
 * safetensors with GPT-2's names, each with or without the prefix "transformer.". */
#ifndef GLASSBOX_GPT2_H
#define GLASSBOX_GPT2_H

#include "core/net/model.h"

/* A new model, the caller's; unembedding tied, and all sizes those of the tensors. A file
 * does not say how many heads there are: 0 is one for each 64 of the width, as GPT-2 has.
 * NULL with *error (caller frees), one line: all that checkpoint.h lists, and a tensor that
 * is missing, of another shape, too many, or not finite. Masks (h.*.attn.bias) are skipped.
 * Needs three times the file's size in memory while it reads. */
Model *gpt2_read(const char *path, int heads, char **error);

#endif
