/* wordplot.c - planes and clusters for pictures of word vectors.
 *
 * A plane that is chosen to show an effect shows it in any cloud of enough dimensions, so
 * each plane here is the first that one would try: a mean, and a principal direction.
 * Clusters come from k-means on the sphere, since vectors of length 1 differ by angles;
 * one product with the centres per step is all its cost. */
#define _GNU_SOURCE
#include "core/text/wordplot.h"
#include "core/num/gemm.h"
#include "core/num/linalg.h"
#include "core/num/vmath.h"
#include "core/text/wordvec.h"
#include <stdlib.h>
#include <string.h>

/* The direction number `which` in which n rows (n,K), n <= K, differ most: axis (K). */
static void principal(int n, int K, const real *rows, int which, real *axis)
{
    double *a = alloc((size_t)K * (size_t)n, sizeof *a), *s = alloc((size_t)n, sizeof *s),
           *v = alloc((size_t)n * (size_t)n, sizeof *v);
    for (int k = 0; k < K; k++) {
        double mean = 0;
        for (int i = 0; i < n; i++) mean += (double)rows[i * K + k] / n;
        for (int i = 0; i < n; i++) a[k * n + i] = (double)rows[i * K + k] - mean;
    }
    linalg_svd(K, n, a, a, s, v);
    for (int k = 0; k < K; k++) axis[k] = which < n ? (real)a[k * n + which] : 0;
    free(a), free(s), free(v);
}

static double along(int K, const real *x, const real *axis)
{
    return (double)vmath_dot(K, x, axis);
}

static const real *vector(const real *w, int K, int word)
{
    return w + (size_t)word * (size_t)K;
}

void wordplot_pairs(const Category *c, int n, int K, const real *w, Drawn *out)
{
    require(n > 0 && n <= c->n && n <= K, "%d of %d pairs", n, c->n);
    real *step = alloc((size_t)K, sizeof *step),
         *across = alloc((size_t)K, sizeof *across),
         *middle = alloc((size_t)n * (size_t)K, sizeof *middle);
    for (int i = 0; i < c->n; i++) {
        vmath_axpy(K, 1, vector(w, K, c->pair[i].b), step);
        vmath_axpy(K, -1, vector(w, K, c->pair[i].a), step);
    }
    wordvec_normalise(1, K, step);
    for (int i = 0; i < n; i++) {
        real *m = middle + i * K;
        vmath_axpy(K, (real)0.5, vector(w, K, c->pair[i].a), m);
        vmath_axpy(K, (real)0.5, vector(w, K, c->pair[i].b), m);
        vmath_axpy(K, (real)-along(K, m, step), step, m);
    }
    principal(n, K, middle, 0, across);
    for (int i = 0; i < 2 * n; i++) {
        int word = i % 2 ? c->pair[i / 2].b : c->pair[i / 2].a;
        const real *x = vector(w, K, word);
        out[i] =
            (Drawn){ .word = word, .x = along(K, x, step), .y = along(K, x, across) };
    }
    for (int i = 0; i < 2 * n; i += 2) {
        out[i].dx = out[i + 1].x - out[i].x;
        out[i].dy = out[i + 1].y - out[i].y;
    }
    free(step), free(across), free(middle);
}

/* --- clusters ----------------------------------------------------------------------- */

static int nearest(int clusters, const real *cosine)
{
    int top = 0;
    for (int c = 1; c < clusters; c++)
        if (cosine[c] > cosine[top]) top = c;
    return top;
}

/* Spherical k-means of n rows (n,K): cluster (n), centre (clusters,K) of length 1. */
static void k_means(int n, int K, const real *rows, int clusters, int steps, Rng r,
                    int *cluster, real *centre)
{
    int *start = alloc((size_t)n, sizeof *start);
    real *cosine = alloc((size_t)n * (size_t)clusters, sizeof *cosine);
    rng_permutation(r, start, n);
    for (int c = 0; c < clusters; c++)
        memcpy(centre + c * K, vector(rows, K, start[c]), (size_t)K * sizeof *centre);
    for (int step = 0; step < steps; step++) {
        gemm(false, true, n, clusters, K, rows, K, centre, K, cosine, clusters, GEMM_SET);
        memset(centre, 0, (size_t)clusters * (size_t)K * sizeof *centre);
        for (int i = 0; i < n; i++) {
            cluster[i] = nearest(clusters, cosine + (size_t)i * (size_t)clusters);
            vmath_axpy(K, 1, vector(rows, K, i), centre + cluster[i] * K);
        }
        wordvec_normalise(clusters, K, centre);
    }
    free(start), free(cosine);
}

/* The member of `mine` nearest to its centre, struck off the cluster; -1: none left. */
static int take_nearest(int n, int K, const real *rows, int *cluster, int mine,
                        const real *centre)
{
    int best = -1;
    double top = 0;
    for (int i = 0; i < n; i++) {
        if (cluster[i] != mine) continue;
        double cosine = along(K, vector(rows, K, i), centre);
        if (best < 0 || cosine > top) best = i, top = cosine;
    }
    if (best >= 0) cluster[best] = -1;
    return best;
}

/* The clusters of the words of a list; *n of them, caller frees. */
static int *clusters_of(const Corpus *text, const char *named, int from, int parted,
                        const int *cluster, int *n)
{
    char *copy = text_copy(named), *rest = copy;
    int *mine = alloc(strlen(named) + 1, sizeof *mine);
    *n = 0;
    for (char *word; (word = strsep(&rest, " ")) != NULL;) {
        int id = corpus_id(text, word);
        require(id >= from && id < from + parted, "\"%s\" is not among the parted words",
                word);
        mine[(*n)++] = cluster[id - from];
    }
    free(copy);
    return mine;
}

int wordplot_clusters(ClusterPlot p, const Corpus *text, const char *named, int K,
                      const real *w, Rng r, Drawn *out)
{
    require(p.clusters > 0 && p.clusters <= p.n, "%d clusters of %d words", p.clusters,
            p.n);
    const real *rows = vector(w, K, p.from);
    int *cluster = alloc((size_t)p.n, sizeof *cluster), shown, written = 0;
    real *centre = alloc((size_t)p.clusters * (size_t)K, sizeof *centre);
    k_means(p.n, K, rows, p.clusters, p.steps, r, cluster, centre);

    int *mine = clusters_of(text, named, p.from, p.n, cluster, &shown);
    real *drawn = alloc((size_t)shown * (size_t)K, sizeof *drawn),
         *x = alloc((size_t)K, sizeof *x), *y = alloc((size_t)K, sizeof *y);
    for (int s = 0; s < shown; s++)
        memcpy(drawn + s * K, centre + mine[s] * K, (size_t)K * sizeof *drawn);
    principal(shown, K, drawn, 0, x);
    principal(shown, K, drawn, 1, y);

    for (int s = 0; s < shown; s++)
        for (int m = 0; m < p.members; m++) {
            const real *mid = drawn + s * K;
            int i = take_nearest(p.n, K, rows, cluster, mine[s], mid);
            if (i < 0) break;
            out[written++] = (Drawn){ .word = p.from + i,
                                      .x = along(K, mid, x),
                                      .y = along(K, mid, y),
                                      .place = m };
        }
    free(cluster), free(mine), free(centre), free(drawn), free(x), free(y);
    return written;
}
