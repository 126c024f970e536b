/* gpt2.c - a foreign file becomes one of our models, or one line that says why not.
 *
 * A table says how each tensor is called and shaped there and what it is here. GPT-2 keeps
 * its matrices as (in,out), which is our order too, and queries, keys and values side by
 * side in one, so loading is copying of columns. Tools that write (out,in) exist, and their
 * files would run and talk nonsense: wherever a matrix is not square its shape tells. All is
 * looked at before a model is made. A tensor that nobody asked for is refused: it may be the
 * sign of another architecture. */
#include "core/net/gpt2.h"
#include "core/net/checkpoint.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME = 96 };

/* %d is the layer. Shapes in letters: V vocabulary, T context, D width, F hidden, A 3 D.
 * An A's parts are the tensors that have Q, K and V in place of '?'. */
static const struct {
    const char *theirs, *shape, *ours;
} TENSORS[] = {
    { "h.%d.ln_1.weight", "D", "blocks.%d.ln1.w" },
    { "h.%d.ln_1.bias", "D", "blocks.%d.ln1.b" },
    { "h.%d.attn.c_attn.weight", "DA", "blocks.%d.attn.W_?" },
    { "h.%d.attn.c_attn.bias", "A", "blocks.%d.attn.b_?" },
    { "h.%d.attn.c_proj.weight", "DD", "blocks.%d.attn.W_O" },
    { "h.%d.attn.c_proj.bias", "D", "blocks.%d.attn.b_O" },
    { "h.%d.ln_2.weight", "D", "blocks.%d.ln2.w" },
    { "h.%d.ln_2.bias", "D", "blocks.%d.ln2.b" },
    { "h.%d.mlp.c_fc.weight", "DF", "blocks.%d.mlp.W_in" },
    { "h.%d.mlp.c_fc.bias", "F", "blocks.%d.mlp.b_in" },
    { "h.%d.mlp.c_proj.weight", "FD", "blocks.%d.mlp.W_out" },
    { "h.%d.mlp.c_proj.bias", "D", "blocks.%d.mlp.b_out" },
    { "wte.weight", "VD", "embed.W_E" },
    { "wpe.weight", "TD", "pos.W_pos" },
    { "ln_f.weight", "D", "ln_final.w" },
    { "ln_f.bias", "D", "ln_final.b" },
};
enum { OF_A_LAYER = 12 };

typedef struct {
    const Safetensors *file;
    const char *prefix;
    ModelSpec spec;
    int size[128]; /* of each letter */
    bool *used;    /* of file->t */
} Reader;

/* The tensor that `form` names, and its name. */
static const Stored *find(const Reader *r, const char *form, int layer, char name[NAME])
{
    int n = snprintf(name, NAME, "%s", r->prefix);
    snprintf(name + n, (size_t)(NAME - n), form, layer);
    return safetensors_find(r->file, name);
}

/* The sizes, from those tensors that have them in their shape. */
static char *find_sizes(Reader *r, int heads)
{
    char name[NAME];
    const Stored *e = find(r, "wte.weight", 0, name), *p = find(r, "wpe.weight", 0, name),
                 *f = find(r, "h.%d.mlp.c_fc.bias", 0, name);
    ModelSpec *s = &r->spec;
    if (!e || !p || !f || e->rank != 2 || p->rank != 2 || f->rank != 1)
        return text_copy("expected wte.weight, wpe.weight (matrices) and "
                         "h.0.mlp.c_fc.bias, as GPT-2 has them");
    *s = (ModelSpec){ .vocab = e->n[0], .ctx = p->n[0], .width = e->n[1], .tied = true };
    s->hidden = f->n[0], s->heads = heads ? heads : s->width / 64;
    while (find(r, "h.%d.ln_1.weight", s->layers, name)) s->layers++;
    if (s->width > INT32_MAX / 3 || s->heads < 1 || s->width % s->heads)
        return text_format("a width of %d for %d heads", s->width, s->heads);
    r->size['V'] = s->vocab, r->size['T'] = s->ctx, r->size['D'] = s->width;
    r->size['F'] = s->hidden, r->size['A'] = 3 * s->width;
    return NULL;
}

/* Tensor e (of a layer): NULL, or what is wrong with it. Its parts go to m if there is one. */
static char *take(Reader *r, int e, int layer, Model *m)
{
    char name[NAME], shape[64];
    const Stored *t = find(r, TENSORS[e].theirs, layer, name);
    if (!t) return text_format("no tensor \"%s\"", name);
    Tensor want = { .rank = (int)strlen(TENSORS[e].shape) };
    for (int i = 0; i < want.rank; i++) want.n[i] = r->size[(int)TENSORS[e].shape[i]];
    tensor_print_shape(&want, shape);
    if (t->rank != want.rank || memcmp(t->n, want.n, (size_t)t->rank * sizeof *t->n))
        return text_format("tensor \"%s\": expected the shape %s", name, shape);
    for (size_t i = 0; i < tensor_size(&want); i++)
        if (!isfinite(t->v[i]))
            return text_format("tensor \"%s\": number %zu is not finite", name, i);
    r->used[t - r->file->t] = true;
    if (!m) return NULL;
    snprintf(name, NAME, TENSORS[e].ours, layer);
    char *letter = strchr(name, '?');
    size_t stride = (size_t)tensor_width(&want), n = letter ? stride / 3 : stride;
    for (size_t k = 0; k < stride / n; k++) {
        if (letter) *letter = "QKV"[k];
        real *w = model_weight(m, name)->v;
        for (size_t i = 0; i < (size_t)tensor_rows(&want); i++)
            memcpy(w + i * n, t->v + i * stride + k * n, n * sizeof *w);
    }
    return NULL;
}

static char *take_all(Reader *r, Model *m)
{
    char *wrong = NULL;
    for (int l = 0; l < r->spec.layers; l++)
        for (int e = 0; e < OF_A_LAYER && !wrong; e++) wrong = take(r, e, l, m);
    for (int e = OF_A_LAYER; e < COUNT(TENSORS) && !wrong; e++) wrong = take(r, e, 0, m);
    return wrong;
}

/* What is left over must be a mask, or the unembedding once more. */
static char *check_rest(const Reader *r)
{
    char name[NAME];
    const Stored *e = find(r, "wte.weight", 0, name);
    size_t bytes = (size_t)e->n[0] * (size_t)e->n[1] * sizeof *e->v;
    for (int i = 0; i < r->file->n; i++) {
        const Stored *t = &r->file->t[i];
        const char *mask = strstr(t->name, ".attn.");
        if (r->used[i] ||
            (mask && (!strcmp(mask, ".attn.bias") || !strcmp(mask, ".attn.masked_bias"))))
            continue;
        if (strcmp(t->name, "lm_head.weight"))
            return text_format("tensor \"%s\": a GPT-2 of %d layers has none such",
                               t->name, r->spec.layers);
        if (t->rank != 2 || memcmp(t->n, e->n, sizeof t->n) || memcmp(t->v, e->v, bytes))
            return text_format("tensor \"%s\": expected wte.weight again", t->name);
    }
    return NULL;
}

Model *gpt2_read(const char *path, int heads, char **error)
{
    Safetensors *file = safetensors_read(path, error);
    if (!file) return NULL;
    Reader r = { .file = file, .used = alloc((size_t)file->n + 1, sizeof(bool)) };
    r.prefix = safetensors_find(file, "transformer.wte.weight") ? "transformer." : "";
    char *wrong = find_sizes(&r, heads);
    if (!wrong) wrong = take_all(&r, NULL);
    if (!wrong) wrong = check_rest(&r);
    Model *m = wrong ? NULL : model_new(r.spec, rng_seed(1));
    if (m) take_all(&r, m);
    else *error = text_format("%s: %s", path, wrong);
    for (char *c = m ? NULL : *error; c && *c;
         c++) /* names of a file may hold anything */
        if ((unsigned char)*c < ' ') *c = '?';
    free(wrong), free(r.used);
    safetensors_free(file);
    return m;
}
