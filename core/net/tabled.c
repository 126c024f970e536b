/* tabled.c - projections are taken of a table with a row for each token at each place, V T
 * rows instead of B T, and gathered. Where all pairs of numbers are a batch, that is a few
 * hundred rows instead of thousands, and a third of a training step is saved. */
#include "core/net/tabled.h"

Tensor *tabled_logits(Model *m, Tape *t, const int *tok, int B, int T)
{
    static const char *const in[3] = { "blocks.0.attn.W_Q", "blocks.0.attn.W_K",
                                       "blocks.0.attn.W_V" };
    const ModelSpec *s = model_spec(m);
    require(s->layers == 1 && s->no_layernorm && s->no_bias && !s->attention_only &&
                !s->tied && !s->bidirectional && !s->uniform_attention &&
                s->positions == POS_LEARNED && s->keys == KEYS_PLAIN && T <= s->ctx,
            "a table cannot stand for this model");
    int V = s->vocab, D = s->width, rows = V * T;
    int *token = tape_alloc(t, (size_t)rows, sizeof *token),
        *place = tape_alloc(t, (size_t)rows, sizeof *place),
        *row = tape_alloc(t, (size_t)(B * T), sizeof *row),
        *last = tape_alloc(t, (size_t)B, sizeof *last);
    for (int i = 0; i < rows; i++) token[i] = i % V, place[i] = i / V;
    for (int i = 0; i < B * T; i++) row[i] = i % T * V + tok[i];
    for (int b = 0; b < B; b++) last[b] = row[b * T + T - 1];

    Tensor *x = op_add(t, op_embedding(t, model_weight(m, "embed.W_E"), token, 1, rows),
                       op_embedding(t, model_weight(m, "pos.W_pos"), place, 1, rows));
    x = op_reshape(t, x, 2, (int[]){ rows, D });
    Tensor *qkv[3];
    for (int i = 0; i < 3; i++) {
        qkv[i] = op_linear(t, x, model_weight(m, in[i]), NULL, ACT_NONE);
        qkv[i] = op_embedding(t, qkv[i], row, B, T);
    }
    Tensor *z = op_attention(t, qkv[0], qkv[1], qkv[2], &(AttnSpec){ .heads = s->heads });
    z = op_linear(t, op_position(t, z, T - 1), model_weight(m, "blocks.0.attn.W_O"), NULL,
                  ACT_NONE);
    x = op_add(t, z, op_position(t, op_embedding(t, x, last, B, 1), 0));
    Tensor *h = op_linear(t, x, model_weight(m, "blocks.0.mlp.W_in"), NULL, s->act);
    h = op_linear(t, h, model_weight(m, "blocks.0.mlp.W_out"), NULL, ACT_NONE);
    return op_linear(t, op_add(t, x, h), model_weight(m, "unembed.W_U"), NULL, ACT_NONE);
}
