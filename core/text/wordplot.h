/* wordplot.h - where to draw words on paper: planes through word vectors, and clusters of
 * them. Pictures illustrate; nothing here is judged. Vectors are rows of w (V,K). */
#ifndef GLASSBOX_WORDPLOT_H
#define GLASSBOX_WORDPLOT_H

#include "core/base/base.h"
#include "core/base/rng.h"
#include "core/text/analogy.h"

typedef struct {
    int word;
    double x, y, dx, dy; /* dx, dy: the arrow to its partner; 0: none starts here */
    int place;           /* in a list, from 0 */
} Drawn;

/* The first n pairs of a category, a and b in turn (2n). x runs along the mean step from
 * a to b of all its pairs; y along the direction in which the middles of the n pairs
 * differ most, at right angles to it. */
void wordplot_pairs(const Category *, int n, int K, const real *w, Drawn *out);

/* The clusters of the words in `named` ("king green ...") among the ids from .. from + n
 * - 1, as lists: the `members` words nearest to a cluster's centre, or all of a smaller
 * cluster, in the order of their nearness. x, y are the centre's, in the plane in which
 * the centres of the named differ most. Returns how many words it wrote to out (words
 * named * members); dies on a word that is not among the ids. */
typedef struct {
    int from, n;         /* ids that are parted */
    int clusters, steps; /* of spherical k-means, which starts at random words */
    int members;
} ClusterPlot;
int wordplot_clusters(ClusterPlot, const Corpus *, const char *named, int K,
                      const real *w, Rng, Drawn *out);

#endif
