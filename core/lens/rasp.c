/* rasp.c - programs as weights, written down by hand.
 *
 * A head compares a feature of the query with one of the key and copies a feature from where
 * they match. Its scores are 0 or 100, so that softmax is a mean over the matches to the
 * last bit of a float; BOS scores 50 and answers with nothing where nothing matches. A head
 * that counts gives BOS 100 and reads the share of BOS, 1 / (1 + n). An MLP turns that
 * number into a count by a peak of three ReLUs at each possible value, of half the width of
 * the smallest gap; the units are switched off at BOS, which must not look like a place.
 *
 * Rejected: a compiler from expressions. Four programs fill less than half of it, and every
 * weight can be read here. */
#include "core/lens/rasp.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { D = RASP_D, K = RASP_K, UNITS = 18 };

typedef bool Match(int query, int key);

static bool any(int q, int k) { return q >= 0 && k >= 0; }
static bool equal(int q, int k) { return q == k; }
static bool less(int q, int k) { return k < q; }
static bool up_to(int q, int k) { return k <= q; }

void rasp_put(Model *m, int layer, const char *part, int row, int column, double x)
{
    char *name = layer < 0 ? text_copy(part) : text_format("blocks.%d.%s", layer, part);
    Tensor *w = model_weight(m, name);
    w->v[row * tensor_width(w) + column] = (real)x;
    free(name);
}

static void head(Model *m, int l, int query, int nq, int key, int nk, Match *match,
                 bool counts, int value, int nv, int out)
{
    const double hundred = 100 * sqrt(K);
    for (int q = 0; q < nq; q++)
        for (int k = 0; k < nk; k++)
            rasp_put(m, l, "attn.W_Q", query + q, k, match(q, k) ? hundred : 0);
    for (int k = 0; k < nk; k++) rasp_put(m, l, "attn.W_K", key + k, k, 1);
    rasp_put(m, l, "attn.b_Q", 0, K - 1, hundred);
    rasp_put(m, l, "attn.W_K", RASP_BOS, K - 1, counts ? 1 : 0.5);
    for (int v = 0; v < nv; v++) {
        rasp_put(m, l, "attn.W_V", value + v, v, 1);
        rasp_put(m, l, "attn.W_O", v, out + v, 1);
    }
}

/* s to the count that it stands for; not at BOS */
static void count(Model *m, int l, int out)
{
    static const double height[] = { 1, -2, 1 };
    for (int u = 0; u < 3 * 6; u++) {
        double peak = 1 / (1. + u / 3) + 0.015 * (u % 3 - 1);
        rasp_put(m, l, "mlp.W_in", RASP_S, u, 1 / 0.015);
        rasp_put(m, l, "mlp.b_in", 0, u, -peak / 0.015);
        rasp_put(m, l, "mlp.W_in", RASP_BOS, u, -1000);
        rasp_put(m, l, "mlp.W_out", u, out + u / 3, height[u % 3]);
    }
}

Model *rasp_compile(RaspProgram program)
{
    Model *m = model_new((ModelSpec){ .vocab = RASP_TOKENS + 1,
                                      .ctx = RASP_LONGEST + 1,
                                      .layers = RASP_LAYERS,
                                      .heads = 1,
                                      .head_width = K,
                                      .width = RASP_D,
                                      .hidden = UNITS,
                                      .outputs = RASP_OUTPUTS,
                                      .no_layernorm = true,
                                      .bidirectional = true,
                                      .act = ACT_RELU },
                         rng_seed(0));
    Params *all = model_params(m);
    for (int i = 0; i < all->n; i++)
        memset(all->p[i]->t.v, 0, tensor_size(&all->p[i]->t) * sizeof(real));
    rasp_put(m, -1, "embed.W_E", RASP_TOKENS, RASP_BOS, 1);
    for (int i = 0; i < RASP_TOKENS; i++)
        rasp_put(m, -1, "embed.W_E", i, RASP_TOK + i, 1);
    for (int i = 0; i < RASP_LONGEST; i++)
        rasp_put(m, -1, "pos.W_pos", i + 1, RASP_POS + i, 1);
    for (int i = 0; i < 6; i++) rasp_put(m, -1, "unembed.W_U", RASP_OUT + i, i, 1);
    switch (program) {
    case RASP_HIST: /* how often does this token occur? */
        head(m, 0, RASP_TOK, 4, RASP_TOK, 4, equal, true, RASP_BOS, 1, RASP_S);
        count(m, 0, RASP_OUT);
        break;
    case RASP_REVERSE: /* the token as far from the end as this place from the beginning */
        head(m, 0, RASP_TOK, 4, RASP_TOK, 4, any, true, RASP_BOS, 1, RASP_S);
        count(m, 0, RASP_CNT);
        for (int u = 0; u < 25; u++) {
            int n = u / 5 + 1, at = u % 5;
            if (at >= n) continue;
            int unit = n * (n - 1) / 2 + at;
            rasp_put(m, 1, "mlp.W_in", RASP_CNT + n, unit, 1);
            rasp_put(m, 1, "mlp.W_in", RASP_POS + at, unit, 1);
            rasp_put(m, 1, "mlp.b_in", 0, unit, -1);
            rasp_put(m, 1, "mlp.W_out", unit, RASP_OPP + n - 1 - at, 1);
        }
        head(m, 2, RASP_OPP, 5, RASP_POS, 5, equal, false, RASP_TOK, 4, RASP_OUT);
        break;
    case RASP_FRAC_PREVS: /* what share of the tokens up to here is token 0? */
        rasp_put(m, 0, "mlp.W_in", RASP_TOK, 0, 1);
        rasp_put(m, 0, "mlp.W_out", 0, RASP_NUM, 1);
        head(m, 1, RASP_POS, 5, RASP_POS, 5, up_to, false, RASP_NUM, 1, RASP_OUT);
        break;
    default: /* the tokens in order, each at the place that it takes */
        head(m, 0, RASP_TOK, 4, RASP_TOK, 4, less, true, RASP_BOS, 1, RASP_S);
        count(m, 0, RASP_CNT);
        head(m, 1, RASP_POS, 5, RASP_CNT, 6, equal, false, RASP_TOK, 4, RASP_OUT);
    }
    return m;
}

void rasp_interpret(RaspProgram program, int n, const int *tok, int at, double *out)
{
    int width = 0, hits = 0;
    memset(out, 0, RASP_OUTPUTS * sizeof *out);
    for (int j = 0; j < n; j++) width += tok[j] == tok[at];
    if (program == RASP_HIST) out[width] = 1;
    if (program == RASP_REVERSE) out[tok[n - 1 - at]] = 1;
    for (int j = 0; j <= at && program == RASP_FRAC_PREVS; j++)
        out[0] += (tok[j] == 0) / (at + 1.);
    for (int j = 0; j < n && program == RASP_SORT_UNIQUE; j++) {
        int place = 0;
        for (int k = 0; k < n; k++) place += tok[k] < tok[j];
        if (place == at) out[tok[j]]++, hits++;
    }
    for (int i = 0; i < 6 && hits; i++) out[i] /= hits;
}

double rasp_exact(Model *m, RaspProgram program)
{
    int right = 0, all = 0;
    Tape *tape = tape_new();
    tape_pause(tape);
    for (int n = 1, B = RASP_TOKENS; n <= RASP_LONGEST;
         n++, B *= RASP_TOKENS, tape_reset(tape)) {
        int *tok = alloc((size_t)(B * (n + 1)), sizeof *tok);
        for (int b = 0; b < B; b++) {
            tok[b * (n + 1)] = RASP_TOKENS;
            for (int i = 0, rest = b; i < n; i++, rest /= RASP_TOKENS)
                tok[b * (n + 1) + 1 + i] = rest % RASP_TOKENS;
        }
        const Tensor *y = model_logits(m, tape, tok, B, n + 1);
        for (int b = 0; b < B; b++, all++) {
            double worst = 0, want[6];
            for (int i = 0; i < 6 * n; i++) {
                const int *own = tok + b * (n + 1) + 1;
                if (i % 6 == 0) rasp_interpret(program, n, own, i / 6, want);
                double error =
                    fabs((double)y->v[(b * (n + 1) + 1) * 6 + i] - want[i % 6]);
                worst = error > worst ? error : worst;
            }
            right += worst < 1e-3;
        }
        free(tok);
    }
    tape_free(tape);
    return (double)right / all;
}
