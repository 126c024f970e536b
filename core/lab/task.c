/* task.c - sequences that are their own rule book.
 *
 * A model that only sees fresh rules can learn nothing by heart but the way to read a rule
 * from what has gone by. Two details keep it from cheating. A share of the steps is
 * noise, so no offset between copies is fixed and learnt positions alone do not help. And
 * `ask` marks the places at which a reader of the sequence can be right: a score over all
 * places would mix the ability with the noise. */
#include "core/lab/task.h"
#include <stdlib.h>
#include <string.h>

Task *task_new(int B, int T)
{
    require(B > 0 && T > 0, "%d sequences of length %d", B, T);
    Task *k = alloc(1, sizeof *k);
    size_t n = (size_t)B * (size_t)T;
    *k = (Task){ B, T, alloc(n, sizeof(int)), alloc(n, sizeof(int)), alloc(n, 1) };
    return k;
}

void task_free(Task *k)
{
    if (!k) return;
    free(k->tok), free(k->target), free(k->ask), free(k);
}

/* x (T+1) becomes sequence b; f (V) is its rule. */
static void put(Task *k, int b, const int *x, const int *f)
{
    int *tok = k->tok + b * k->T, *target = k->target + b * k->T;
    for (int t = 0; t < k->T; t++) {
        tok[t] = x[t], target[t] = x[t + 1];
        bool seen = false;
        for (int s = 0; s < t; s++) seen |= x[s] == x[t] && x[s + 1] == x[t + 1];
        k->ask[b * k->T + t] = seen && f && f[x[t]] == x[t + 1];
    }
}

/* One permutation for all if `one` is not NULL. */
static void permutations(Task *k, int V, double follow, const int *one, Rng rng)
{
    int *x = alloc((size_t)k->T + 1, sizeof *x), *own = alloc((size_t)V, sizeof *own);
    for (int b = 0; b < k->B; b++) {
        Rng r = rng_child(rng, (uint64_t)b);
        Rng token = rng_named(r, "token"), coin = rng_named(r, "coin");
        if (!one) rng_permutation(rng_named(r, "rule"), own, V);
        const int *f = one ? one : own;
        x[0] = rng_below(token, 0, V);
        for (int t = 1; t <= k->T; t++)
            x[t] = rng_uniform(coin, (uint64_t)t) < follow
                       ? f[x[t - 1]]
                       : rng_below(token, (uint64_t)t, V);
        put(k, b, x, f);
    }
    free(x), free(own);
}

void task_permutations(Task *k, int V, double follow, Rng rng)
{
    permutations(k, V, follow, NULL, rng);
}

void task_one_permutation(Task *k, int V, double follow, Rng f, Rng rng)
{
    int *one = alloc((size_t)V, sizeof *one);
    rng_permutation(f, one, V);
    permutations(k, V, follow, one, rng);
    free(one);
}

void task_repeats(Task *k, int V, int shortest, int longest, Rng rng)
{
    require(0 < shortest && shortest <= longest && longest <= V,
            "periods from %d to %d of %d tokens", shortest, longest, V);
    int *x = alloc((size_t)k->T + 1, sizeof *x), *order = alloc((size_t)V, sizeof *order),
        *f = alloc((size_t)V, sizeof *f);
    for (int b = 0; b < k->B; b++) {
        Rng r = rng_child(rng, (uint64_t)b);
        int period = shortest + rng_below(r, 0, longest - shortest + 1);
        rng_permutation(rng_named(r, "order"), order, V);
        for (int i = 0; i < period; i++) f[order[i]] = order[(i + 1) % period];
        for (int t = 0; t <= k->T; t++) x[t] = order[t % period];
        put(k, b, x, f);
    }
    free(x), free(order), free(f);
}

void task_walks(Task *k, int V, const double *p, Rng rng)
{
    int *x = alloc((size_t)k->T + 1, sizeof *x);
    for (int b = 0; b < k->B; b++) {
        Rng r = rng_child(rng, (uint64_t)b);
        x[0] = rng_below(rng_named(r, "start"), 0, V);
        for (int t = 1; t <= k->T; t++) {
            const double *row =
                p + ((size_t)b * (size_t)V + (size_t)x[t - 1]) * (size_t)V;
            double left = rng_uniform(r, (uint64_t)t);
            x[t] = 0;
            while (x[t] < V - 1 && left >= row[x[t]]) left -= row[x[t]++];
        }
        put(k, b, x, NULL);
    }
    free(x);
}
