/* task.c - sequences that are their own rule book.
 *
 * A model that only sees fresh rules can learn nothing by heart but how to read a rule
 * from what has gone by. Two details keep it from cheating. A share of the steps is
 * noise, so no offset between copies is fixed and learnt positions alone do not help. And
 * `ask` marks the places at which a reader of the sequence can be right: a score over all
 * places would mix the ability with the noise. */
#include "core/lab/task.h"
#include "core/num/vmath.h"
#include <math.h>
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

/* --- chains ------------------------------------------------------------------------- */

static void walk(Task *k, int b, int V, const double *p, Rng r)
{
    int *x = alloc((size_t)k->T + 1, sizeof *x);
    x[0] = rng_below(rng_named(r, "start"), 0, V);
    for (int t = 1; t <= k->T; t++) {
        const double *row = p + x[t - 1] * V;
        double left = rng_uniform(r, (uint64_t)t);
        while (x[t] < V - 1 && left >= row[x[t]]) left -= row[x[t]++];
    }
    put(k, b, x, NULL);
    free(x);
}

void task_walks(Task *k, int V, const double *p, Rng rng)
{
    for (int b = 0; b < k->B; b++) walk(k, b, V, p, rng_child(rng, (uint64_t)b));
}

void task_chains(Task *k, int V, double alpha, Rng rng)
{
    double *p = alloc((size_t)V * (size_t)V, sizeof *p);
    for (int b = 0; b < k->B; b++) {
        Rng r = rng_child(rng, (uint64_t)b);
        for (int v = 0; v < V; v++)
            task_law(V, alpha, rng_child(rng_named(r, "law"), (uint64_t)v), p + v * V);
        walk(k, b, V, p, rng_named(r, "walk"));
    }
    free(p);
}

/* The logarithm of a Gamma(alpha) number, whose own value may underflow: Gamma(alpha + 1)
 * by rejection from a cubed normal number, times u^(1/alpha). */
static double log_gamma_draw(double alpha, Rng r)
{
    double d = alpha + 2 / 3., c = 1 / sqrt(9 * d);
    Rng normal = rng_named(r, "normal"), coin = rng_named(r, "coin");
    for (uint64_t i = 0;; i++) {
        double z = rng_normal(normal, i), v = 1 + c * z;
        if (v <= 0) continue;
        double log_v = 3 * vmath_log(v);
        if (vmath_log(1 - rng_uniform(coin, i)) <
            z * z / 2 + d - d * v * v * v + d * log_v)
            return vmath_log(d) + log_v + vmath_log(1 - rng_uniform(r, 0)) / alpha;
    }
}

void task_law(int V, double alpha, Rng rng, double *p)
{
    require(V > 0 && alpha > 0, "a law on %d tokens with parameter %g", V, alpha);
    double top = 0, sum = 0;
    for (int v = 0; v < V; v++) {
        p[v] = log_gamma_draw(alpha, rng_child(rng, (uint64_t)v));
        top = v == 0 || p[v] > top ? p[v] : top;
    }
    for (int v = 0; v < V; v++) sum += p[v] = vmath_exp(p[v] - top);
    for (int v = 0; v < V; v++) p[v] /= sum;
}

/* --- what predictions are worth -------------------------------------------------- */

double task_accuracy(const Task *k, int V, const real *logits)
{
    double right = 0, asked = 0;
    for (int i = 0; i < k->B * k->T; i++) {
        const real *x = logits + (size_t)i * (size_t)V;
        int top = 0;
        for (int v = 1; v < V; v++) top = x[v] > x[top] ? v : top;
        right += k->ask[i] && top == k->target[i], asked += k->ask[i];
    }
    require(asked > 0, "a task that asks nothing");
    return right / asked;
}

static double log_sum_exp(int V, const real *x)
{
    double top = (double)x[0], sum = 0;
    for (int v = 1; v < V; v++) top = (double)x[v] > top ? (double)x[v] : top;
    for (int v = 0; v < V; v++) sum += vmath_exp((double)x[v] - top);
    return top + vmath_log(sum);
}

void task_losses(const Task *k, int V, const real *logits, double *loss)
{
    memset(loss, 0, (size_t)k->T * sizeof *loss);
    for (int i = 0; i < k->B * k->T; i++) {
        const real *x = logits + (size_t)i * (size_t)V;
        loss[i % k->T] += (log_sum_exp(V, x) - (double)x[k->target[i]]) / k->B;
    }
}

void task_counts(const Task *k, int V, int order, int i, double *p)
{
    require(0 <= order && order <= 2, "counts of order %d", order);
    double sum = V;
    for (int v = 0; v < V; v++) p[v] = 1;
    const int *x = k->tok + i / k->T * k->T;
    int t = i % k->T;
    for (int s = 0; order && s <= t; s++)
        if (order == 1 || (s > 0 && x[s - 1] == x[t])) p[x[s]]++, sum++;
    for (int v = 0; v < V; v++) p[v] /= sum;
}

double task_distance(const Task *k, int V, int order, const real *logits)
{
    double *p = alloc((size_t)V, sizeof *p), sum = 0;
    int N = k->B * k->T;
    for (int i = 0; i < N; i++) {
        const real *x = logits + (size_t)i * (size_t)V;
        double scale = log_sum_exp(V, x);
        task_counts(k, V, order, i, p);
        for (int v = 0; v < V; v++)
            sum += p[v] * (vmath_log(p[v]) - (double)x[v] + scale) / N;
    }
    free(p);
    return sum;
}
