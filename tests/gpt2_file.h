/* gpt2_file.h - a small random file of GPT-2's shape, its tensors in the order of a list that
 * a test may damage before it is written, and the network that it holds, run once more by
 * plain loops in double over the file's own layout. Nothing here shares code with the core,
 * so an agreement of the two means something. */
#ifndef GLASSBOX_GPT2_FILE_H
#define GLASSBOX_GPT2_FILE_H

#include "core/base/file.h"
#include "core/base/rng.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GPT_V = 19,
    GPT_T = 7,
    GPT_D = 8,
    GPT_H = 2,
    GPT_F = 20,
    GPT_L = 2,
    GPT_MOST = 48
};

typedef struct {
    char name[96];
    const char *type; /* F32, F16, BF16 */
    int rank, n[4];
    float *v; /* a number that the type can hold */
} GptTensor;
typedef struct {
    GptTensor t[GPT_MOST];
    int n;
} GptFile;

static inline size_t gpt_count(const GptTensor *t)
{
    size_t n = 1;
    for (int i = 0; i < t->rank; i++) n *= (size_t)t->n[i];
    return n;
}

/* Moments of a trained network in small: gains near 1, biases that matter. */
static inline GptTensor *gpt_add(GptFile *f, const char *name, const char *type, int rank,
                                 int n0, int n1)
{
    GptTensor *t = &f->t[f->n++];
    require(f->n <= GPT_MOST, "no room for %s", name);
    snprintf(t->name, sizeof t->name, "%s", name);
    t->type = type, t->rank = rank, t->n[0] = n0, t->n[1] = n1;
    t->v = alloc(gpt_count(t), sizeof *t->v);
    double mean = strstr(name, "ln_") && strstr(name, ".weight") ? 1 : 0;
    for (size_t i = 0; i < gpt_count(t); i++) {
        /* eight bits below 4, which every type holds exactly */
        double x = mean + 0.4 * rng_normal(rng_named(rng_seed(5), name), i);
        t->v[i] = (float)(rint(x * 64) / 64);
    }
    return t;
}

static inline GptFile *gpt_new(const char *type, const char *prefix)
{
    static const struct {
        const char *name;
        int rank, n0, n1;
    } inner[] = { { "ln_1.weight", 1, GPT_D, 0 },
                  { "ln_1.bias", 1, GPT_D, 0 },
                  { "attn.c_attn.weight", 2, GPT_D, 3 * GPT_D },
                  { "attn.c_attn.bias", 1, 3 * GPT_D, 0 },
                  { "attn.c_proj.weight", 2, GPT_D, GPT_D },
                  { "attn.c_proj.bias", 1, GPT_D, 0 },
                  { "ln_2.weight", 1, GPT_D, 0 },
                  { "ln_2.bias", 1, GPT_D, 0 },
                  { "mlp.c_fc.weight", 2, GPT_D, GPT_F },
                  { "mlp.c_fc.bias", 1, GPT_F, 0 },
                  { "mlp.c_proj.weight", 2, GPT_F, GPT_D },
                  { "mlp.c_proj.bias", 1, GPT_D, 0 } };
    GptFile *f = alloc(1, sizeof *f);
    char name[96];
    for (int i = 0; i < GPT_L * COUNT(inner); i++) {
        int k = i % COUNT(inner);
        snprintf(name, sizeof name, "%sh.%d.%s", prefix, i / COUNT(inner), inner[k].name);
        gpt_add(f, name, type, inner[k].rank, inner[k].n0, inner[k].n1);
    }
    snprintf(name, sizeof name, "%sh.0.attn.bias", prefix);
    GptTensor *mask = gpt_add(f, name, type, 2, GPT_T, GPT_T);
    mask->rank = 4, mask->n[0] = mask->n[1] = 1, mask->n[2] = mask->n[3] = GPT_T;
    snprintf(name, sizeof name, "%swte.weight", prefix);
    gpt_add(f, name, type, 2, GPT_V, GPT_D);
    snprintf(name, sizeof name, "%swpe.weight", prefix);
    gpt_add(f, name, type, 2, GPT_T, GPT_D);
    snprintf(name, sizeof name, "%sln_f.weight", prefix);
    gpt_add(f, name, type, 1, GPT_D, 0);
    snprintf(name, sizeof name, "%sln_f.bias", prefix);
    gpt_add(f, name, type, 1, GPT_D, 0);
    return f;
}

static inline void gpt_free(GptFile *f)
{
    for (int i = 0; i < f->n; i++) free(f->t[i].v);
    free(f);
}

/* The tensor whose name ends so. */
static inline GptTensor *gpt_find(GptFile *f, const char *ending)
{
    for (int i = 0; i < f->n; i++) {
        size_t n = strlen(f->t[i].name), k = strlen(ending);
        if (n >= k && !strcmp(f->t[i].name + n - k, ending)) return &f->t[i];
    }
    die("no tensor %s", ending);
}

static inline void gpt_put_number(Buffer *b, const char *type, float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint16_t brain = (uint16_t)(bits >> 16), half = (uint16_t)(bits >> 16 & 0x8000);
    int e = (int)(bits >> 23 & 255) - 112;
    if (x != 0) half |= (uint16_t)(e << 10 | (int)(bits >> 13 & 1023));
    if (isnan(x)) half = 0x7e00, brain = 0x7fc0;
    if (!strcmp(type, "F32")) buffer_add(b, (const char *)&x, sizeof x);
    else buffer_add(b, (const char *)(*type == 'B' ? &brain : &half), sizeof half);
}

static inline void gpt_write(const GptFile *f, const char *path)
{
    Buffer header = { 0 }, data = { 0 }, file = { 0 };
    buffer_put(&header, "{\"__metadata__\":{\"format\":\"pt\"}");
    for (int i = 0; i < f->n; i++) {
        const GptTensor *t = &f->t[i];
        size_t from = data.n;
        for (size_t k = 0; k < gpt_count(t); k++) gpt_put_number(&data, t->type, t->v[k]);
        buffer_format(&header, ",\"%s\":{\"dtype\":\"%s\",\"shape\":[", t->name, t->type);
        for (int k = 0; k < t->rank; k++)
            buffer_format(&header, "%s%d", k ? "," : "", t->n[k]);
        buffer_format(&header, "],\"data_offsets\":[%zu,%zu]}", from, data.n);
    }
    buffer_put(&header, "}");
    uint64_t n = header.n;
    buffer_add(&file, (const char *)&n, sizeof n);
    buffer_add(&file, header.s, header.n);
    buffer_add(&file, data.s, data.n);
    require(file_write(path, file.s, file.n), "%s cannot be written", path);
    free(header.s), free(data.s), free(file.s);
}

/* --- the network in plain loops ------------------------------------------------------ */

static inline const float *gpt_layer(GptFile *f, int layer, const char *name)
{
    char full[96];
    snprintf(full, sizeof full, "h.%d.%s", layer, name);
    return gpt_find(f, full)->v;
}

static inline void gpt_norm(const double *x, const float *gain, const float *bias,
                            double *y)
{
    double mean = 0, square = 0;
    for (int d = 0; d < GPT_D; d++) mean += x[d] / GPT_D;
    for (int d = 0; d < GPT_D; d++) square += (x[d] - mean) * (x[d] - mean) / GPT_D;
    for (int d = 0; d < GPT_D; d++)
        y[d] = (x[d] - mean) / sqrt(square + 1e-5) * (double)gain[d] + (double)bias[d];
}

/* y (n) := x (k) w (k,n) + b */
static inline void gpt_product(int k, int n, const double *x, const float *w,
                               const float *b, double *y)
{
    for (int j = 0; j < n; j++) {
        y[j] = (double)b[j];
        for (int i = 0; i < k; i++) y[j] += x[i] * (double)w[i * n + j];
    }
}

/* One head at position t, from all rows qkv (T,3D) so far. */
static inline void gpt_attend(double (*qkv)[3 * GPT_D], int t, int h, double *z)
{
    enum { K = GPT_D / GPT_H };
    double p[GPT_T], sum = 0;
    for (int j = 0; j <= t; j++) {
        double score = 0;
        for (int k = 0; k < K; k++)
            score += qkv[t][h * K + k] * qkv[j][GPT_D + h * K + k];
        sum += p[j] = exp(score / sqrt(K));
    }
    for (int k = 0; k < K; k++) {
        z[h * K + k] = 0;
        for (int j = 0; j <= t; j++)
            z[h * K + k] += p[j] / sum * qkv[j][2 * GPT_D + h * K + k];
    }
}

static inline void gpt_block(GptFile *f, int l, int T, double (*x)[GPT_D])
{
    double qkv[GPT_T][3 * GPT_D], y[GPT_D], z[GPT_D], h[GPT_F];
    for (int t = 0; t < T; t++) {
        gpt_norm(x[t], gpt_layer(f, l, "ln_1.weight"), gpt_layer(f, l, "ln_1.bias"), y);
        gpt_product(GPT_D, 3 * GPT_D, y, gpt_layer(f, l, "attn.c_attn.weight"),
                    gpt_layer(f, l, "attn.c_attn.bias"), qkv[t]);
    }
    for (int t = 0; t < T; t++) {
        for (int i = 0; i < GPT_H; i++) gpt_attend(qkv, t, i, z);
        gpt_product(GPT_D, GPT_D, z, gpt_layer(f, l, "attn.c_proj.weight"),
                    gpt_layer(f, l, "attn.c_proj.bias"), y);
        for (int d = 0; d < GPT_D; d++) x[t][d] += y[d];
        gpt_norm(x[t], gpt_layer(f, l, "ln_2.weight"), gpt_layer(f, l, "ln_2.bias"), y);
        gpt_product(GPT_D, GPT_F, y, gpt_layer(f, l, "mlp.c_fc.weight"),
                    gpt_layer(f, l, "mlp.c_fc.bias"), h);
        for (int i = 0; i < GPT_F; i++)
            h[i] *=
                0.5 *
                (1 + tanh(0.7978845608028654 * (h[i] + 0.044715 * h[i] * h[i] * h[i])));
        gpt_product(GPT_F, GPT_D, h, gpt_layer(f, l, "mlp.c_proj.weight"),
                    gpt_layer(f, l, "mlp.c_proj.bias"), y);
        for (int d = 0; d < GPT_D; d++) x[t][d] += y[d];
    }
}

/* logits (T,V) */
static inline void gpt_logits(GptFile *f, int T, const int *tok, double *logits)
{
    double x[GPT_T][GPT_D], y[GPT_D];
    const float *wte = gpt_find(f, "wte.weight")->v, *wpe = gpt_find(f, "wpe.weight")->v;
    for (int t = 0; t < T; t++)
        for (int d = 0; d < GPT_D; d++)
            x[t][d] = (double)wte[tok[t] * GPT_D + d] + (double)wpe[t * GPT_D + d];
    for (int l = 0; l < GPT_L; l++) gpt_block(f, l, T, x);
    for (int t = 0; t < T; t++) {
        gpt_norm(x[t], gpt_find(f, "ln_f.weight")->v, gpt_find(f, "ln_f.bias")->v, y);
        for (int v = 0; v < GPT_V; v++) {
            logits[t * GPT_V + v] = 0;
            for (int d = 0; d < GPT_D; d++)
                logits[t * GPT_V + v] += y[d] * (double)wte[v * GPT_D + d];
        }
    }
}

#endif
