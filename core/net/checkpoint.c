/* checkpoint.c - safetensors, read with distrust and written by rename.
 *
 * The format is 8 bytes of length, a JSON header of names, types, shapes and offsets, and
 * the raw numbers. It was chosen over our own because others can open it, and over
 * pickles because nothing in it can run. A training's checkpoint is the same file with
 * the moments as further tensors ("adam.0.NAME") and the count and tag as metadata; it is
 * written in the type of `real`, so that what is read back has the same bits. */
#include "core/net/checkpoint.h"
#include "core/base/file.h"
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH_BYTES = 8, MOST_HEADER = 100 << 20 };
#define REAL_TYPE (sizeof(real) == 8 ? "F64" : "F32")

/* --- reading ----------------------------------------------------------------------- */

typedef enum { F64, F32, F16, BF16, OTHER } Type;
static const char *const TYPES[] = { "F64", "F32", "F16", "BF16" };
static const size_t TYPE_SIZE[] = { 8, 4, 2, 2 };

/* Moved to a float's place, exponent and mantissa are 2^112 too small, subnormals too. */
static float from_half(uint16_t h)
{
    uint32_t bits = (uint32_t)(h & 0x7fff) << 13;
    float f;
    if ((h & 0x7c00) == 0x7c00) bits |= 0x7f800000;
    memcpy(&f, &bits, sizeof f);
    return h & 0x8000 ? f * -0x1p112f : f * 0x1p112f;
}

static real number_at(Type type, const char *at)
{
    double d;
    float f;
    uint16_t half;
    if (type == F64) return memcpy(&d, at, sizeof d), (real)d;
    if (type == F32) return memcpy(&f, at, sizeof f), (real)f;
    memcpy(&half, at, sizeof half);
    if (type == F16) return (real)from_half(half);
    uint32_t wide = (uint32_t)half << 16;
    return memcpy(&f, &wide, sizeof f), (real)f;
}

typedef struct {
    const char *name;
    size_t from, to;
} Extent;

/* NULL, or what is wrong with one entry of the header. */
static char *take_tensor(const char *name, json_t *entry, const char *data, size_t n_data,
                         Stored *out, Extent *extent)
{
    const char *dtype = json_string_value(json_object_get(entry, "dtype"));
    Type type = F64;
    while (type < OTHER && (!dtype || strcmp(dtype, TYPES[type]))) type++;
    if (type == OTHER)
        return text_format("tensor \"%s\": dtype %s, expected F32, F16, BF16 or F64",
                           name, dtype ? dtype : "missing");
    json_t *shape = json_object_get(entry, "shape");
    if (!json_is_array(shape) || json_array_size(shape) > 4)
        return text_format("tensor \"%s\": expected a shape of at most 4 dimensions",
                           name);
    size_t count = 1, bytes;
    out->rank = (int)json_array_size(shape);
    for (int i = 0; i < out->rank; i++) {
        json_int_t d = json_integer_value(json_array_get(shape, (size_t)i));
        if (d < 1 || d > INT32_MAX || __builtin_mul_overflow(count, (size_t)d, &count))
            return text_format("tensor \"%s\": dimension %d is no positive number that "
                               "fits",
                               name, i);
        out->n[i] = (int)d;
    }
    json_int_t from, to;
    if (json_unpack(entry, "{s:[I,I!]}", "data_offsets", &from, &to))
        return text_format("tensor \"%s\": expected two data_offsets", name);
    if (from < 0 || to < from || (uint64_t)to > n_data)
        return text_format(
            "tensor \"%s\": offsets %lld to %lld, expected within %zu bytes of data",
            name, (long long)from, (long long)to, n_data);
    if (__builtin_mul_overflow(count, TYPE_SIZE[type], &bytes) ||
        bytes != (size_t)(to - from))
        return text_format("tensor \"%s\": %lld bytes for %zu numbers of type %s", name,
                           (long long)(to - from), count, dtype);
    *extent = (Extent){ name, (size_t)from, (size_t)to };
    out->v = alloc(count, sizeof *out->v);
    for (size_t i = 0; i < count; i++)
        out->v[i] = number_at(type, data + from + i * TYPE_SIZE[type]);
    out->name = text_copy(name);
    return NULL;
}

static int by_start(const void *a, const void *b)
{
    const Extent *x = a, *y = b;
    if (x->from != y->from) return x->from < y->from ? -1 : 1;
    return (x->to > y->to) - (x->to < y->to);
}

/* The tensors must cover the data exactly: no overlap, no gap, no rest. */
static char *check_cover(Extent *e, int n, size_t n_data)
{
    qsort(e, (size_t)n, sizeof *e, by_start);
    size_t at = 0;
    for (int i = 0; i < n; at = e[i++].to)
        if (e[i].from != at)
            return text_format("tensor \"%s\" starts at %zu, expected %zu: tensors "
                               "overlap or leave a gap",
                               e[i].name, e[i].from, at);
    if (at != n_data)
        return text_format("the tensors end at %zu of %zu bytes of data", at, n_data);
    return NULL;
}

static char *take_metadata(Safetensors *s, json_t *meta)
{
    const char *key;
    json_t *value;
    if (!json_is_object(meta)) return text_copy("the metadata are no JSON object");
    s->key = alloc(json_object_size(meta) + 1, sizeof *s->key);
    s->value = alloc(json_object_size(meta) + 1, sizeof *s->value);
    json_object_foreach(meta, key, value)
    {
        if (!json_is_string(value))
            return text_format("metadata \"%s\" is no string", key);
        s->key[s->n_meta] = text_copy(key);
        s->value[s->n_meta++] = text_copy(json_string_value(value));
    }
    return NULL;
}

static char *parse(Safetensors *s, const char *bytes, size_t n)
{
    uint64_t length = 0;
    if (n < LENGTH_BYTES) return text_format("%zu bytes, expected a length of 8", n);
    memcpy(&length, bytes, sizeof length); /* little-endian, like every x86-64 */
    if (length > n - LENGTH_BYTES || length > MOST_HEADER)
        return text_format("a header of %llu bytes in a file of %zu",
                           (unsigned long long)length, n);
    json_error_t error;
    json_t *header =
        json_loadb(bytes + LENGTH_BYTES, (size_t)length, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(header)) {
        json_decref(header);
        return text_format("the header is no JSON object: %s", error.text);
    }
    const char *data = bytes + LENGTH_BYTES + length, *name;
    size_t n_data = n - LENGTH_BYTES - (size_t)length;
    Extent *extent = alloc(json_object_size(header) + 1, sizeof *extent);
    s->t = alloc(json_object_size(header) + 1, sizeof *s->t);
    char *wrong = NULL;
    json_t *entry;
    json_object_foreach(header, name, entry)
    {
        if (wrong) break;
        if (!strcmp(name, "__metadata__")) wrong = take_metadata(s, entry);
        else {
            wrong = take_tensor(name, entry, data, n_data, &s->t[s->n], &extent[s->n]);
            s->n += !wrong;
        }
    }
    if (!wrong) wrong = check_cover(extent, s->n, n_data);
    free(extent);
    json_decref(header);
    return wrong;
}

Safetensors *safetensors_parse(const char *name, const char *bytes, size_t n,
                               char **error)
{
    Safetensors *s = alloc(1, sizeof *s);
    char *wrong = parse(s, bytes, n);
    if (!wrong) return s;
    for (char *c = wrong; *c; c++) /* names of a file may hold anything */
        if ((unsigned char)*c < ' ') *c = '?';
    *error = text_format("%s: %s", name, wrong);
    free(wrong);
    safetensors_free(s);
    return NULL;
}

Safetensors *safetensors_read(const char *path, char **error)
{
    size_t n;
    char *bytes = file_read(path, &n);
    if (!bytes) return *error = text_format("%s: %s", path, strerror(errno)), NULL;
    Safetensors *s = safetensors_parse(path, bytes, n, error);
    free(bytes);
    return s;
}

void safetensors_free(Safetensors *s)
{
    if (!s) return;
    for (int i = 0; i < s->n; i++) free(s->t[i].name), free(s->t[i].v);
    for (int i = 0; i < s->n_meta; i++) free(s->key[i]), free(s->value[i]);
    free(s->t), free(s->key), free(s->value), free(s);
}

const Stored *safetensors_find(const Safetensors *s, const char *name)
{
    for (int i = 0; i < s->n; i++)
        if (!strcmp(s->t[i].name, name)) return &s->t[i];
    return NULL;
}

static const char *metadata(const Safetensors *s, const char *key)
{
    for (int i = 0; i < s->n_meta; i++)
        if (!strcmp(s->key[i], key)) return s->value[i];
    return "";
}

/* --- writing ----------------------------------------------------------------------- */

typedef struct {
    json_t *header;
    Buffer data;
} Writer;

static void put(Writer *w, const char *prefix, const Param *p, const real *v)
{
    json_t *shape = json_array(), *entry = json_object();
    size_t bytes = tensor_size(&p->t) * sizeof *v;
    for (int i = 0; i < p->t.rank; i++)
        json_array_append_new(shape, json_integer(p->t.n[i]));
    json_object_set_new(entry, "dtype", json_string(REAL_TYPE));
    json_object_set_new(entry, "shape", shape);
    json_object_set_new(
        entry, "data_offsets",
        json_pack("[I,I]", (json_int_t)w->data.n, (json_int_t)(w->data.n + bytes)));
    buffer_add(&w->data, (const char *)v, bytes);
    char *name = text_format("%s%s", prefix, p->name);
    json_object_set_new(w->header, name, entry);
    free(name);
}

static bool finish(Writer *w, const char *path)
{
    char *header = json_dumps(w->header, JSON_COMPACT | JSON_PRESERVE_ORDER);
    require(header, "a header that cannot be formed");
    Buffer file = { 0 };
    uint64_t length = strlen(header);
    buffer_add(&file, (const char *)&length, sizeof length);
    buffer_put(&file, header);
    buffer_add(&file, w->data.s ? w->data.s : "", w->data.n);
    bool ok = file_write(path, file.s, file.n);
    int error = errno;
    free(header), free(file.s), free(w->data.s), json_decref(w->header);
    errno = error;
    return ok;
}

bool checkpoint_save_weights(const char *path, const Params *params)
{
    Writer w = { .header = json_object() };
    for (int i = 0; i < params->n; i++) put(&w, "", params->p[i], params->p[i]->t.v);
    return finish(&w, path);
}

bool checkpoint_save(const char *path, const char *tag, const Params *params, Optim *o)
{
    Writer w = { .header = json_object() };
    char *count = text_format("%d", optim_count(o));
    json_object_set_new(w.header, "__metadata__",
                        json_pack("{s:s,s:s}", "tag", tag, "count", count));
    free(count);
    for (int i = 0; i < params->n; i++) put(&w, "", params->p[i], params->p[i]->t.v);
    for (int i = 0; i < params->n; i++)
        put(&w, "adam.0.", params->p[i], optim_moment(o, 0, i));
    for (int i = 0; i < params->n; i++)
        put(&w, "adam.1.", params->p[i], optim_moment(o, 1, i));
    return finish(&w, path);
}

/* --- loading into weights ---------------------------------------------------------- */

/* The tensor of that name and of w's shape, or NULL with *wrong. */
static const Stored *fitting(const Safetensors *s, const char *prefix, const Param *p,
                             char **wrong)
{
    char *name = text_format("%s%s", prefix, p->name);
    const Stored *t = safetensors_find(s, name);
    if (!t) *wrong = text_format("no tensor \"%s\"", name);
    else if (t->rank != p->t.rank || memcmp(t->n, p->t.n, (size_t)t->rank * sizeof *t->n))
        *wrong = text_format("tensor \"%s\" has another shape than the model's", name);
    free(name);
    return *wrong ? NULL : t;
}

/* All is looked at before anything is changed. Which: 0 the weights, 1 and 2 moments. */
static char *load(const Safetensors *s, Params *params, Optim *o)
{
    static const char *const prefix[] = { "", "adam.0.", "adam.1." };
    char *wrong = NULL;
    for (int pass = 0; pass < 2 && !wrong; pass++)
        for (int i = 0; i < (o ? 3 : 1) * params->n && !wrong; i++) {
            int which = i / params->n, k = i % params->n;
            const Param *p = params->p[k];
            const Stored *t = fitting(s, prefix[which], p, &wrong);
            if (t && pass)
                memcpy(which ? optim_moment(o, which - 1, k) : p->t.v, t->v,
                       tensor_size(&p->t) * sizeof(real));
        }
    return wrong;
}

bool checkpoint_load_weights(const char *path, Params *params, char **error)
{
    Safetensors *s = safetensors_read(path, error);
    if (!s) return false;
    char *wrong = load(s, params, NULL);
    if (wrong) *error = text_format("%s: %s", path, wrong);
    free(wrong);
    safetensors_free(s);
    return !wrong;
}

bool checkpoint_load(const char *path, const char *tag, Params *params, Optim *o)
{
    char *wrong = NULL, *end;
    Safetensors *s = safetensors_read(path, &wrong);
    bool ok = false;
    if (s && !strcmp(metadata(s, "tag"), tag)) {
        long count = strtol(metadata(s, "count"), &end, 10);
        ok = count > 0 && count <= INT32_MAX && !*end && !(wrong = load(s, params, o));
        if (ok) optim_set_count(o, (int)count);
    }
    free(wrong);
    safetensors_free(s);
    return ok;
}
