/* checkpoint.h - weights as safetensors, and training that goes on with the same bits
 * after a kill. Written beside its place and renamed. Readers check everything that a
 * foreign file can get wrong and return an error, never die. */
#ifndef GLASSBOX_CHECKPOINT_H
#define GLASSBOX_CHECKPOINT_H

#include "core/net/optim.h"

/* One tensor of a file, converted from F32, F16, BF16 or F64. */
typedef struct {
    char *name;
    int rank, n[4];
    real *v;
} Stored;
typedef struct {
    Stored *t;
    int n;
    char **key, **value; /* the file's __metadata__, n_meta pairs */
    int n_meta;
} Safetensors;
/* NULL with *error (caller frees): header length, JSON, dtype, shape, offsets that
 * overlap, leave gaps or point outside, a name twice. */
Safetensors *safetensors_read(const char *path, char **error);
Safetensors *safetensors_parse(const char *name, const char *bytes, size_t n,
                               char **error);
void safetensors_free(Safetensors *);
const Stored *safetensors_find(const Safetensors *, const char *name); /* NULL: none */

/* Weights alone; false with errno on a full disk. */
bool checkpoint_save_weights(const char *path, const Params *);
/* Every param must be there with its shape. False with *error. */
bool checkpoint_load_weights(const char *path, Params *, char **error);

/* Weights, moments, count and a tag that says what made them (executable, inputs,
 * variant, seed): a file with another tag is ignored. */
bool checkpoint_save(const char *path, const char *tag, const Params *, Optim *);
bool checkpoint_load(const char *path, const char *tag, Params *,
                     Optim *); /* false: start over */

#endif
