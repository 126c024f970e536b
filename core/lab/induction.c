/* induction.c - one model family, judged in one way, so that two findings speak of the same
 * thing. Whatever chooses a head takes a batch of its own: a head that is best by luck is
 * not best on the batch that judges it. */
#include "core/lab/induction.h"
#include "core/lens/circuit.h"
#include "core/net/hook.h"
#include "core/num/stats.h"
#include <math.h>
#include <stdio.h>

Model *induction_model(int vocab, int ctx, int layers, int heads, Keys keys, Rng init)
{
    require(heads <= INDUCTION_HEADS && ctx <= INDUCTION_PLACES, "%d heads, %d places",
            heads, ctx);
    ModelSpec spec = { .vocab = vocab,
                       .ctx = ctx,
                       .width = 32,
                       .layers = layers,
                       .heads = heads,
                       .keys = keys,
                       .attention_only = true,
                       .no_layernorm = true,
                       .no_bias = true,
                       .init_sd = 1 / sqrt(32) };
    return model_new(spec, init);
}

Induction induction_judge(Model *m, Tape *t, const Task *k)
{
    Induction x = { 0 };
    int V = model_spec(m)->outputs, T = k->T;
    require(31 < T && T <= INDUCTION_PLACES, "sequences of %d places", T);
    const char *last =
        model_spec(m)->layers > 1 ? "blocks.1.pattern" : "blocks.0.pattern";
    double score[INDUCTION_HEADS];
    tape_pause(t);
    hook_keep(t, "blocks.0.pattern"), hook_keep(t, last);
    const real *logits = model_logits(m, t, k->tok, k->B, T)->v;
    x.accuracy = task_accuracy(k, V, logits);
    task_losses(k, V, logits, x.place);
    x.loss = stats_mean(T, x.place);
    x.gain = stats_mean(6, x.place + 5) - stats_mean(T - 31, x.place + 31);
    circuit_previous_token(hook_value(t, "blocks.0.pattern"), score);
    x.previous = score[0];
    circuit_prefix_matching(hook_value(t, last), k->tok, k->ask, score);
    x.prefix = score[0];
    tape_resume(t), tape_reset(t);
    return x;
}

static double accuracy(Model *m, Tape *t, const Task *k)
{
    const real *logits = model_logits(m, t, k->tok, k->B, k->T)->v;
    return task_accuracy(k, model_spec(m)->outputs, logits);
}

double induction_accuracy(Model *m, const Task *k)
{
    Tape *t = tape_new();
    tape_pause(t);
    double right = accuracy(m, t, k);
    tape_free(t);
    return right;
}

int induction_best(Model *m, const Task *k)
{
    double score[INDUCTION_HEADS];
    int best = 0;
    Tape *t = tape_new();
    tape_pause(t);
    hook_keep(t, "blocks.1.pattern");
    accuracy(m, t, k);
    circuit_prefix_matching(hook_value(t, "blocks.1.pattern"), k->tok, k->ask, score);
    for (int h = 1; h < model_spec(m)->heads; h++)
        best = score[h] > score[best] ? h : best;
    tape_free(t);
    return best;
}

double induction_without(Model *m, const Task *test, const Task *choice, int layer,
                         int head)
{
    Tape *t = tape_new(), *other = tape_new();
    int width = model_spec(m)->head_width;
    char z[32];
    snprintf(z, sizeof z, "blocks.%d.z", layer);
    tape_pause(t), tape_pause(other);
    if (choice) {
        hook_keep(other, z);
        accuracy(m, other, choice);
        hook_mean(t, z, hook_value(other, z), head * width, width);
    } else hook_zero_head(t, z, head, width);
    double right = accuracy(m, t, test);
    tape_free(t), tape_free(other);
    return right;
}

void induction_pattern(Model *m, const Task *k, int layer, double *p)
{
    Tape *t = tape_new();
    char name[32];
    snprintf(name, sizeof name, "blocks.%d.pattern", layer);
    tape_pause(t);
    hook_keep(t, name);
    model_logits(m, t, k->tok, k->B, k->T);
    for (int i = 0; i < k->T * k->T; i++) p[i] = (double)hook_value(t, name)->v[i];
    tape_free(t);
}

double induction_distance(Model *m, const Task *k, int order)
{
    Tape *t = tape_new();
    tape_pause(t);
    const real *logits = model_logits(m, t, k->tok, k->B, k->T)->v;
    double distance = task_distance(k, model_spec(m)->outputs, order, logits);
    tape_free(t);
    return distance;
}
