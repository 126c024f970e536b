/*
# A tree fits into two hyperbolic dimensions, and not into two flat ones

The nodes of a tree multiply with each step from the root, and so does the circumference
of a circle in the hyperbolic plane; in the flat plane it only grows in proportion. So the
hyperbolic plane can hold a tree with almost no distortion, as Sarkar's construction does
[@sarkar2011]. Nickel and Kiela made use of it to embed hierarchies
[@nickel2017poincare], and it is an example of what surveys like that of Papillon,
Sanborn, Mathe and others ask for: a geometry that is that of the data
[@papillon2024euclid].

What could fool us: the flat plane may only be searched badly, so it has the best of
twenty tries, and counting room tells how good the best of all can be; and a curved plane
might be better for anything, so a square grid is the control: there it must lose.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

#define EDGES "x, y, dx, dy"
const Experiment experiment = {
    .id = "hyperbolic-tree",
    .run = run,
    .tables = { { "tree-disk", EDGES },
                { "tree-plane", EDGES },
                { "grid-disk", EDGES },
                { "grid-plane", EDGES },
                { "lengths", "edge length, distortion, MAP" } },
    ABOUT(.title = "Trees in the hyperbolic plane",
          .section = "interpretability/symbolic-and-notation",
          .cites = "papillon2024euclid, sarkar2011, nickel2017poincare, zheng2017drawing",
          .seeds = 5, .core_s = 14, .quick = true,
          .carries = { "A review of geometries for machine learning",
                       "A tree of 364 nodes and a grid of 361, two dimensions each",
                       "Which geometry holds which graph, and by how much",
                       "Any benefit in a trained network" }),
    .claims = CLAIMS(
        { .id = "tree-fits-the-disk",
          .text = "two hyperbolic dimensions hold the tree (distortion; MAP)",
          .value = "distortion in the disk",
          .side = BELOW,
          .bound = 1.2,
          .also = { { "MAP in the disk", ABOVE, 1 } },
          .why = "Sarkar's guarantee: a turn of a path costs ln 2 of 4, and hardly more",
          .controls = { { "distortion in the plane",
                          "the flat plane, the best of 20 tries",
                          { "MAP in the plane" } } } },
        { .id = "euclid-worse",
          .text = "two flat dimensions hold it worse (ratio of the distortions)",
          .value = "plane to disk",
          .side = ABOVE,
          .bound = 3,
          .why = "room alone demands 3.07 of the flat plane, so 2.6; a pilot found more",
          .controls = { { "plane to disk, grid",
                          "a square grid, learnt in both: the flat plane must win",
                          .side = UNDER, .bound = 1 } } }),
};

/*
## Two planes

Points of the hyperbolic plane are complex numbers of modulus below one, the **Poincaré
disk**. $a \oplus b = (a + b) / (1 + \bar a b)$ moves the disk so that its centre goes to
$a$; seen from $a$, the point $b$ is at $(-a) \oplus b$; and the point at the distance $s$
from the centre in the direction $e$ is $e \tanh(s/2)$. Near the rim $|(-a) \oplus b|$
rounds to one, so the distance comes from
$\cosh d = 1 + 2 |a - b|^2 / ((1 - |a|^2)(1 - |b|^2))$.
*/
typedef struct {
    double x, y;
} Point;

static double norm2(Point a) { return a.x * a.x + a.y * a.y; }
static Point scale(Point a, double s) { return (Point){ s * a.x, s * a.y }; }
static Point times(Point a, Point b)
{
    return (Point){ a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x };
}

static Point moved(bool curved, Point a, Point b)
{
    Point sum = { a.x + b.x, a.y + b.y };
    if (!curved) return sum;
    Point below = { 1 + a.x * b.x + a.y * b.y, a.x * b.y - a.y * b.x };
    Point c = times(sum, (Point){ below.x, -below.y });
    c = scale(c, 1 / norm2(below));
    return norm2(c) < 1 - 1e-14 ? c : scale(c, (1 - 1e-14) / sqrt(norm2(c)));
}

static double distance(bool curved, Point a, Point b)
{
    double gap = norm2((Point){ a.x - b.x, a.y - b.y });
    if (!curved) return sqrt(gap);
    double c = 2 * gap / ((1 - norm2(a)) * (1 - norm2(b))); /* cosh d - 1 */
    return vmath_log(1 + c + sqrt(c * (c + 2)));
}

/* From a towards b, by s. */
static Point walk(bool curved, Point a, Point b, double s)
{
    Point seen = moved(curved, scale(a, -1), b);
    double length = sqrt(norm2(seen));
    if (length == 0) return a;
    return moved(curved, a, scale(seen, (curved ? vmath_tanh(s / 2) : s) / length));
}

/*
## Two graphs

The tree branches in three and is five deep; node $i$ hangs on node $(i - 1)/3$. The grid
has 19 by 19 nodes. Distances count edges.
*/
enum { TREE = 364, SIDE = 19, GRID = SIDE * SIDE, MOST = TREE };

typedef struct {
    int n;
    double d[MOST][MOST];
} Graph;

static void graph_tree(Graph *g)
{
    g->n = TREE;
    for (int j = 1; j < TREE; j++)
        for (int i = 0; i < j; i++) g->d[i][j] = g->d[j][i] = g->d[(j - 1) / 3][i] + 1;
}

static void graph_grid(Graph *g)
{
    g->n = GRID;
    for (int i = 0; i < GRID; i++)
        for (int j = 0; j < GRID; j++)
            g->d[i][j] = abs(i % SIDE - j % SIDE) + abs(i / SIDE - j / SIDE);
}

/*
## By construction

Sarkar's rule: the root is in the middle, with its children around it at equal angles;
each other node sees its parent and its children at right angles, all at the distance
$\tau$. A seed turns the whole.
*/
static void construct(double tau, Rng r, Point *at)
{
    double turn = 6.283185307179586 * rng_uniform(r, 0);
    at[0] = (Point){ 0, 0 };
    for (int i = 1; i < TREE; i++) {
        int parent = (i - 1) / 3, child = (i - 1) % 3;
        double angle =
            parent ? 1.5707963267948966 * (child + 1) : turn + 2.0943951023931953 * child;
        Point e = { vmath_cos(angle), vmath_sin(angle) };
        if (parent) {
            Point up = moved(true, scale(at[parent], -1), at[(parent - 1) / 3]);
            e = times(e, scale(up, 1 / sqrt(norm2(up))));
        }
        at[i] = moved(true, at[parent], scale(e, vmath_tanh(tau / 2)));
    }
}

/*
## By search

For the flat plane, and for the grid in both, stress is lowered by pairs: a pair of nodes
is moved along the line between them, each by half of what is missing, or by a share of it
that shrinks, the sooner the farther they should be apart [@zheng2017drawing]. Lines of
the disk are its geodesics, so the same code serves both.
*/
static void search(bool curved, const Graph *g, double tau, int epochs, Rng r, Point *at)
{
    int n = g->n, pairs = n * (n - 1) / 2, *order = alloc((size_t)pairs, sizeof *order);
    double far = 0;
    for (int i = 0, k = 0; i < n; i++) {
        at[i] = scale((Point){ rng_normal(r, (uint64_t)(2 * i)),
                               rng_normal(r, (uint64_t)(2 * i + 1)) },
                      0.1);
        for (int j = 0; j < i; j++) order[k++] = i * n + j;
        for (int j = 0; j < n; j++) far = g->d[i][j] > far ? g->d[i][j] : far;
    }
    double rate = far * far, shrink = vmath_pow(0.1 / rate, 1.0 / (epochs - 1));
    for (int epoch = 0; epoch < epochs; epoch++, rate *= shrink) {
        rng_shuffle(rng_child(r, (uint64_t)epoch), order, pairs);
        for (int k = 0; k < pairs; k++) {
            Point *a = at + order[k] / n, *b = at + order[k] % n, was = *a;
            double d = g->d[order[k] / n][order[k] % n], share = rate / (d * d);
            double half =
                (share < 1 ? share : 1) / 2 * (distance(curved, *a, *b) - tau * d);
            *a = walk(curved, *a, *b, half);
            *b = walk(curved, *b, was, half);
        }
    }
    free(order);
}

/*
## What is measured

**Distortion** is the largest ratio of a distance between points to that between nodes,
divided by the smallest; no change of scale can mend it. **MAP**: each node ranks all
others by distance, and its neighbours should come first.
*/
static double distortion(bool curved, const Graph *g, const Point *at)
{
    double least = 1e300, most = 0;
    for (int i = 0; i < g->n; i++)
        for (int j = 0; j < i; j++) {
            double ratio = distance(curved, at[i], at[j]) / g->d[i][j];
            least = ratio < least ? ratio : least, most = ratio > most ? ratio : most;
        }
    return most / least;
}

static double precision(bool curved, const Graph *g, const Point *at)
{
    double sum = 0, d[MOST];
    for (int i = 0; i < g->n; i++) {
        double mean = 0;
        int neighbours = 0;
        for (int j = 0; j < g->n; j++) d[j] = distance(curved, at[i], at[j]);
        for (int j = 0; j < g->n; j++) {
            if (g->d[i][j] != 1) continue;
            int closer = 0, right = 0;
            for (int k = 0; k < g->n; k++) {
                if (k == i || d[k] > d[j]) continue;
                closer++, right += g->d[i][k] == 1;
            }
            mean += (double)right / closer, neighbours++;
        }
        sum += mean / neighbours;
    }
    return sum / g->n;
}

typedef struct {
    double distortion, map; /* the best of each */
    Point at[MOST];         /* where the distortion is least */
} Best;

static void best_of(Run *run, bool curved, const Graph *g, Rng r, Best *best)
{
    Point at[MOST];
    *best = (Best){ .distortion = 1e300 };
    for (int t = 0; t < scaled(run, 20, 1); t++) {
        search(curved, g, 1, scaled(run, 30, 2), rng_child(r, (uint64_t)t), at);
        double d = distortion(curved, g, at), map = precision(curved, g, at);
        if (map > best->map) best->map = map;
        if (d >= best->distortion) continue;
        best->distortion = d;
        memcpy(best->at, at, sizeof at);
    }
}

static void draw(Run *run, const char *table, const Graph *g, const Point *at)
{
    for (int i = 0; i < g->n; i++)
        for (int j = 0; j < i; j++)
            if (g->d[i][j] == 1)
                row(run, table, at[j].x, at[j].y, at[i].x - at[j].x, at[i].y - at[j].y);
}

static void run(Run *run, Rng rng)
{
    Graph *g = alloc(1, sizeof *g);
    Best *plane = alloc(1, sizeof *plane), *disk = alloc(1, sizeof *disk);
    Point at[MOST];
    double least = 0, map = 0;
    graph_tree(g);
    for (int tau = 1; tau <= 4; tau++) {
        construct(tau, rng_named(rng, "turn"), at);
        least = distortion(true, g, at), map = precision(true, g, at);
        row(run, "lengths", tau, least, map);
        record_as(run, least, "distortion at edges of %d", tau);
        if (tau == 2) draw(run, "tree-disk", g, at);
    }
    record(run, "distortion in the disk", least);
    record(run, "MAP in the disk", map);
    best_of(run, false, g, rng_named(rng, "tree"), plane);
    best_of(run, true, g, rng_named(rng, "tree"), disk);
    draw(run, "tree-plane", g, plane->at);
    record(run, "distortion in the plane", plane->distortion);
    record(run, "MAP in the plane", plane->map);
    record(run, "plane to disk", plane->distortion / least);
    record(run, "distortion in the disk, searched", disk->distortion);
    record(run, "MAP in the disk, searched", disk->map);
    progress(run, 0.5);

    graph_grid(g);
    best_of(run, false, g, rng_named(rng, "grid"), plane);
    best_of(run, true, g, rng_named(rng, "grid"), disk);
    draw(run, "grid-plane", g, plane->at);
    draw(run, "grid-disk", g, disk->at);
    record(run, "grid in the plane", plane->distortion);
    record(run, "grid in the disk", disk->distortion);
    record(run, "plane to disk, grid", plane->distortion / disk->distortion);
    free(g), free(plane), free(disk);
}

/*
## What we find

~~~gnuplot tree-disk "The tree (above) has room in the disk, here with edges of length 2,
not in the plane; the grid (below) has room in the plane, and is crushed in the disk"
@BARE; eval svg(640, 650); set multiplot layout 2, 2; set size ratio -1; set lmargin 1
set rmargin 1; set bmargin 0.5; set tmargin 1.8
set parametric; set trange [0:2*pi]; set xrange [-1.05:1.05]; set yrange [-1.05:1.05]
set label 1 "tree, hyperbolic" at graph 0.5, graph 1.05 center
plot cos(t), sin(t) with lines @THEORY, table("tree-disk") using "x":"y":"dx":"dy" \
  with vectors nohead ls 1 lw 1
set xrange [-7.5:7.5]; set yrange [-7.5:7.5]; set label 1 "tree, flat"
plot table("tree-plane") using "x":"y":"dx":"dy" with vectors nohead ls 2 lw 1 dt 1
set xrange [-1.05:1.05]; set yrange [-1.05:1.05]; set label 1 "grid, hyperbolic"
plot cos(t), sin(t) with lines @THEORY, table("grid-disk") using "x":"y":"dx":"dy" \
  with vectors nohead ls 1 lw 1
set autoscale; set label 1 "grid, flat"
plot table("grid-plane") using "x":"y":"dx":"dy" with vectors nohead ls 2 lw 1 dt 1
unset multiplot
~~~

With edges of length 4 the disk holds the tree with a distortion of
{{tree-fits-the-disk|%.3f}}, and each node's neighbours are the nearest to it (MAP
{{tree-fits-the-disk.also|%.3f}}). The flat plane comes to
{{tree-fits-the-disk.control|%.0f}} and {{=MAP in the plane|%.2f}}. It was searched for
small stress; a search for small distortion might do better, but never well. If no pair
may be nearer than its edges say, the 243 leaves need an area of $\sqrt{12}$ each, and all
are within five edges of the root: hence a distortion of at least 3.07.

~~~gnuplot lengths "The longer the edges, the less a path gains by cutting its turns"
set logscale y; set xrange [0.9:4.4]; set yrange [0.9:300]; set xtics 1
set xlabel "hyperbolic length of an edge"; set ylabel "distortion"; eval height(300)
eval bound({{tree-fits-the-disk.bound}}, "bound at 4"); eval theory(3.07, "flat, at least")
eval control({{=distortion in the plane}}, "flat, found")
plot table("lengths") using "edge length":"distortion" with linespoints ls 1
~~~

It is not the search that decides. In the disk, with edges of 1, it gives the tree a
distortion of {{=distortion in the disk, searched|%.0f}} and a MAP of
{{=MAP in the disk, searched|%.2f}}. And it gives the grid {{=grid in the disk|%.0f}},
where the flat plane needs {{=grid in the plane|%.2f}}: a geometry helps if it is that of
the graph. (With tiny edges the disk is as flat as the plane, and no better.)

## What our scale cannot show

Any benefit in a trained network, which would have to find such points, and pay in digits:
with edges of 4 the leaves are $2 e^{-20}$, four billionths, from the rim: beyond single
precision.
*/
