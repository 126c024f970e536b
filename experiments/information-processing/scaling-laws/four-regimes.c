/*
# Two of four scaling laws depend on the data, and two are the same for all

A network's loss falls as a power of the number of examples, or of the number of its
features, whichever is scarcer. If the other is plentiful, the exponent is that of the
data's spectrum, and it is the same for examples and for features; if the scarce one is
held fixed, the other's approach to the limit has exponent one, whatever the data. Bahri,
Dyer, Kaplan, Lee and Sharma name these four regimes, two resolution-limited and two
variance-limited, and show them in random features as in deep networks
[@bahri2021explaining].

We repeat the random features, where the loss over all possible data is a formula and no
test set is needed. What could fool us: any falling curve looks like a power law over a
decade or two, and scatter of the teacher can bend it. So the spectra are ours, a flat one
must show no law, the exponents of different spectra must not agree, and each point is a
mean over hundreds of teachers.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "four-regimes",
    .run = run,
    .tables = { { "resolution", "n, data at a = 0.5, features at a = 0.5, "
                                "theory at a = 0.5, data at a = 1, features at a = 1, "
                                "theory at a = 1, data flat, features flat" },
                { "variance", "n, data, features, theory" } },
    ABOUT(.title = "Four regimes of scaling",
          .section = "information-processing/scaling-laws",
          .cites = "bahri2021explaining, sharma2020dimension", .seeds = 5, .core_s = 14,
          .carries = { "Random features and deep networks; teachers and natural images",
                       "1024 latent directions, a power-law spectrum, linear teachers",
                       "All four exponents, their duality, and what sets them",
                       "Deep networks; spectra of natural data; features that learn" }),
    .claims = CLAIMS(
        { .id = "resolution-limited",
          .text = "with plenty of the other, the exponent in features and in examples is "
                  "that of the spectrum, at a = 0.5 and at a = 1",
          .value = "exponent of features at a = 0.5",
          .side = WITHIN,
          .bound = 0.4,
          .upper = 0.6,
          .also = { { "exponent of features at a = 1", WITHIN, 0.8, 1.2 },
                    { "exponent of data at a = 0.5", WITHIN, 0.375, 0.625 },
                    { "exponent of data at a = 1", WITHIN, 0.75, 1.25 } },
          .why = "the spectrum's theory says a; 20 % for features, 25 % for examples",
          .controls = { { "exponent of features, flat",
                          "a flat spectrum",
                          { "exponent of features, flat", "exponent of data, flat",
                            "exponent of data, flat" } } } },
        { .id = "duality",
          .text = "examples and features have the same exponent (difference)",
          .value = "gap at a = 0.5",
          .side = BELOW,
          .bound = 0.25,
          .also = { { "gap at a = 1", BELOW, 0.25 } },
          .why = "theory says 0; the two spectra's exponents are 0.5 apart",
          .controls = { { "gap from 0.5 to 1",
                          "examples of one spectrum, features of the other",
                          { "gap from 1 to 0.5" } } } },
        { .id = "variance-limited",
          .text = "with 16 features, the loss nears its limit as one over the examples; "
                  "with 16 examples, as one over the features (exponent, at a = 0.5)",
          .value = "variance exponent of data",
          .side = WITHIN,
          .bound = 0.75,
          .upper = 1.25,
          .also = { { "variance exponent of features", WITHIN, 0.75, 1.25 } },
          .why = "the central limit theorem says 1",
          .controls = { { "exponent of data at a = 0.5",
                          "the resolution-limited scan, through the same fit",
                          { "exponent of features at a = 0.5" } } } }),
};

/*
## Data with a spectrum

A datum has $S = 1024$ independent normal coordinates of variance
$\lambda_i = i^{-(1+a)}$, so that the directions beyond the $n$-th hold a share of about
$n^{-a}$. A **teacher** is a random linear function of them, $y = \sum_i \theta_i x_i$
with normal $\theta_i$. The student sees $P$ features, random linear functions as well,
and is fitted to $D$ examples by least squares; of the weights that fit equally well it
takes the smallest.

In units of $\sqrt{\lambda_i}$ the coordinates of the examples are plain normal numbers
$Z$, the features are columns of $G = \Lambda^{1/2} F$ and the teacher is
$u = \Lambda^{1/2} \theta$. The loss of weights $w$ over all data is $|G w - u|^2$, no
more and no less.
*/
enum { S = 1024, MOST = 2048, TEACHERS = 16 };

typedef struct {
    const double *z; /* (MOST)(S) */
    double *g;       /* (S)(MOST) */
    double *u, *y;   /* (S)(TEACHERS); its values on the examples, (MOST)(TEACHERS) */
} World;

static double *normals(int rows, int columns, Rng r)
{
    double *x = alloc((size_t)rows * (size_t)columns, sizeof *x);
    for (int i = 0; i < rows * columns; i++) x[i] = rng_normal(r, (uint64_t)i);
    return x;
}

static double eigenvalue(double a, int i) { return vmath_pow(i + 1, -(1 + a)); }

static World world_new(double a, const double *z, const double *f, const double *theta)
{
    World w = { z, alloc((size_t)S * MOST, sizeof *w.g),
                alloc((size_t)S * TEACHERS, sizeof *w.u),
                alloc((size_t)MOST * TEACHERS, sizeof *w.y) };
    for (int i = 0; i < S; i++) {
        double root = sqrt(eigenvalue(a, i));
        for (int j = 0; j < MOST; j++) w.g[i * MOST + j] = root * f[i * MOST + j];
        for (int t = 0; t < TEACHERS; t++)
            w.u[i * TEACHERS + t] = root * theta[i * TEACHERS + t];
    }
    gemm_f64(false, false, MOST, TEACHERS, S, z, S, w.u, TEACHERS, w.y, TEACHERS,
             GEMM_SET);
    return w;
}

static void world_free(World w) { free(w.g), free(w.u), free(w.y); }

/*
## Fitting

With fewer features than examples we solve for the weights, with fewer examples than
features for the examples' multipliers; a ridge of $10^{-10}$ of the mean diagonal keeps
either system sound. All sixteen teachers are fitted at once.
*/
/* Weights (P)(TEACHERS) for D examples phi (D)(P), ld numbers a row, and answers y. */
static double *fit(int D, int P, const double *phi, int ld, const double *y)
{
    bool dual = D < P;
    int n = dual ? D : P;
    double *gram = alloc((size_t)n * (size_t)n, sizeof *gram), mean = 0,
           *solved = alloc((size_t)n * TEACHERS, sizeof *solved),
           *w = alloc((size_t)P * TEACHERS, sizeof *w);
    gemm_f64(!dual, dual, n, n, dual ? P : D, phi, ld, phi, ld, gram, n, GEMM_SET);
    for (int i = 0; i < n; i++) mean += gram[i * n + i] / n;
    for (int i = 0; i < n; i++) gram[i * n + i] += 1e-10 * mean;
    require(linalg_cholesky(n, gram), "a Gram matrix of order %d is singular", n);

    if (dual) memcpy(solved, y, (size_t)n * TEACHERS * sizeof *y);
    else
        gemm_f64(true, false, n, TEACHERS, D, phi, ld, y, TEACHERS, solved, TEACHERS,
                 GEMM_SET);
    linalg_solve_lower(n, TEACHERS, gram, solved);
    linalg_solve_upper(n, TEACHERS, gram, solved);
    if (dual)
        gemm_f64(true, false, P, TEACHERS, D, phi, ld, solved, TEACHERS, w, TEACHERS,
                 GEMM_SET);
    else memcpy(w, solved, (size_t)P * TEACHERS * sizeof *w);
    free(gram), free(solved);
    return w;
}

static double loss(const World *world, int D, int P, const double *phi, int ld,
                   const double *y)
{
    double *w = fit(D, P, phi, ld, y), *miss = alloc((size_t)S * TEACHERS, sizeof *miss);
    gemm_f64(false, false, S, TEACHERS, P, world->g, MOST, w, TEACHERS, miss, TEACHERS,
             GEMM_SET);
    for (int i = 0; i < S * TEACHERS; i++) miss[i] -= world->u[i];
    double sum = vmath_dot_f64(S * TEACHERS, miss, miss);
    free(w), free(miss);
    return sum / TEACHERS;
}

/* The features of the first D examples, (D)(P). */
static double *look(const World *w, int D, int P)
{
    double *phi = alloc((size_t)D * (size_t)P, sizeof *phi);
    gemm_f64(false, false, D, P, S, w->z, S, w->g, MOST, phi, P, GEMM_SET);
    return phi;
}

/*
## Four scans

Resolution-limited: 8 to 128 examples with 1024 features, and 8 to 128 features with 1024
examples. Variance-limited: 16 features with 128 to 2048 examples, and the reverse. Their
limits need no extrapolation. With examples without end, the student fits $u$ itself; with
features without end, it sees the coordinates as they are. Losses are means over forty
draws of everything and sixteen teachers each; all points of a scan, and the limits, share
their draws.
*/
enum { POINTS = 5, PLENTY = 1024, FEW = 8, SCARCE = 16, MANY = 128 };
typedef double Scan[2][POINTS]; /* over examples, over features */
static void add_resolution(const World *w, Scan sum)
{
    enum { LAST = FEW << (POINTS - 1) };
    double *phi = look(w, LAST, PLENTY);
    for (int k = 0; k < POINTS; k++)
        sum[0][k] += loss(w, FEW << k, PLENTY, phi, PLENTY, w->y);
    free(phi);
    phi = look(w, PLENTY, LAST);
    for (int k = 0; k < POINTS; k++)
        sum[1][k] += loss(w, PLENTY, FEW << k, phi, LAST, w->y);
    free(phi);
}

/* `all` has the coordinates for features. */
static void add_variance(const World *w, const World *all, Scan sum)
{
    double *phi = look(w, MOST, SCARCE), limit = loss(w, S, SCARCE, w->g, MOST, w->u);
    for (int k = 0; k < POINTS; k++)
        sum[0][k] += loss(w, MANY << k, SCARCE, phi, SCARCE, w->y) - limit;
    free(phi);
    phi = look(all, SCARCE, S), limit = loss(all, SCARCE, S, phi, S, all->y);
    free(phi);
    phi = look(w, SCARCE, MOST);
    for (int k = 0; k < POINTS; k++)
        sum[1][k] += loss(w, SCARCE, MANY << k, phi, MOST, w->y) - limit;
    free(phi);
}

/*
## What theory expects

For Gaussian data the mean loss is known when the numbers are large. Let $n$ be the
smaller of $D$ and $P$, $m$ the larger, and $\sum_i \lambda_i / (\lambda_i + \kappa) = n$.
Then $$L = \frac{n \kappa(n)}{1 - n/m} .$$
It does not ask which of the two is the smaller: that is the duality. For a power law
$\kappa \propto n^{-(1+a)}$, so $L \propto n^{-a}$ if $m$ is large; and if $n$ is fixed, $L$
nears its limit as $n/m$, whatever the spectrum. (The formula is our own calculation with
random matrices; the exponents are those of the source.)
*/
static double theory(double a, double n, double m)
{
    double low = 1e-9, high = 1e9;
    for (int step = 0; step < 60; step++) {
        double kappa = sqrt(low * high), sum = 0;
        for (int i = 0; i < S; i++) sum += 1 / (1 + kappa / eigenvalue(a, i));
        if (sum > n) low = kappa;
        else high = kappa;
    }
    return n * low / (1 - n / m);
}

static double exponent(int first, const double *loss_at)
{
    double n[POINTS];
    Line line;
    for (int k = 0; k < POINTS; k++) n[k] = first << k;
    return fit_power(POINTS, n, loss_at, &line) ? -line.slope : 0;
}

static void show(Run *run, int draws, Scan half, Scan one, Scan flat, Scan variance)
{
    for (int k = 0; k < POINTS; k++) {
        int n = FEW << k, m = MANY << k;
        row(run, "resolution", n, half[0][k] / draws, half[1][k] / draws,
            theory(0.5, n, PLENTY), one[0][k] / draws, one[1][k] / draws,
            theory(1, n, PLENTY), flat[0][k] / draws, flat[1][k] / draws);
        row(run, "variance", m, variance[0][k] / draws, variance[1][k] / draws,
            theory(0.5, SCARCE, m) - theory(0.5, SCARCE, INFINITY));
    }
}

static void run(Run *run, Rng rng)
{
    enum { HALF, ONE, FLAT, SPECTRA };
    static const double a[SPECTRA] = { 0.5, 1, -1 };
    int draws = scaled(run, 40, 1);
    Scan scan[SPECTRA] = { 0 }, variance = { 0 };
    for (int draw = 0; draw < draws; draw++) {
        Rng r = rng_child(rng, (uint64_t)draw);
        double *z = normals(MOST, S, rng_named(r, "data")),
               *f = normals(S, MOST, rng_named(r, "features")),
               *theta = normals(S, TEACHERS, rng_named(r, "teachers"));
        for (int s = 0; s < SPECTRA; s++) {
            World w = world_new(a[s], z, f, theta);
            add_resolution(&w, scan[s]);
            if (s == HALF) {
                double *one = alloc((size_t)S * MOST, sizeof *one);
                for (int i = 0; i < S; i++) one[i * MOST + i] = 1;
                World all = world_new(a[s], z, one, theta);
                add_variance(&w, &all, variance);
                free(one), world_free(all);
            }
            world_free(w);
        }
        free(z), free(f), free(theta);
        progress(run, (draw + 1.0) / draws);
    }
    static const char *const of[] = { "data", "features" }, *const at[] = { " at a = 0.5",
                                                                            " at a = 1",
                                                                            ", flat" };
    double slope[SPECTRA][2];
    for (int i = 0; i < 2; i++) {
        for (int s = 0; s < SPECTRA; s++) {
            slope[s][i] = exponent(FEW, scan[s][i]);
            record_as(run, slope[s][i], "exponent of %s%s", of[i], at[s]);
        }
        record_as(run, exponent(MANY, variance[i]), "variance exponent of %s", of[i]);
    }
    record(run, "gap at a = 0.5", fabs(slope[HALF][0] - slope[HALF][1]));
    record(run, "gap at a = 1", fabs(slope[ONE][0] - slope[ONE][1]));
    record(run, "gap from 0.5 to 1", fabs(slope[HALF][0] - slope[ONE][1]));
    record(run, "gap from 1 to 0.5", fabs(slope[ONE][0] - slope[HALF][1]));
    show(run, draws, scan[HALF], scan[ONE], scan[FLAT], variance);
}

/*
## What we find

~~~gnuplot resolution "Top: the scarce one sets the loss, by the exponent of its spectrum.
Bottom: with the scarce one fixed at 16, its excess falls as one over the other. Grey: theory"
eval height(700); set multiplot layout 2, 2; set logscale xy; set format y "10^{%T}"
set xtics (8, 16, 32, 64, 128); set xrange [7:150]; set yrange [0.012:2]
set label 1 "a = 0.5" at 40, 0.75 tc ls 1; set label 2 "a = 1" at 12, 0.08 tc ls 2
set ylabel "loss"; set xlabel "examples, 1024 features"
plot table("resolution") using "n":"theory at a = 0.5" with lines @THEORY, \
  "" using "n":"theory at a = 1" with lines @THEORY, \
  "" using "n":"data at a = 0.5" ls 1, "" using "n":"data at a = 1" ls 2
unset ylabel; set xlabel "features, 1024 examples"
plot table("resolution") using "n":"theory at a = 0.5" with lines @THEORY, \
  "" using "n":"theory at a = 1" with lines @THEORY, \
  "" using "n":"features at a = 0.5" ls 1, "" using "n":"features at a = 1" ls 2
unset label 2; set label 1 at 700, 0.06
set xtics (128, 512, 2048); set xrange [110:2400]; set yrange [0.004:0.2]
set ylabel "loss above its limit"; set xlabel "examples, 16 features"
plot table("variance") using "n":"theory" with lines @THEORY, "" using "n":"data" ls 1
unset ylabel; set xlabel "features, 16 examples"
plot table("variance") using "n":"theory" with lines @THEORY, "" using "n":"features" ls 1
unset multiplot
~~~

With plenty of the other, the loss falls with the exponents
{{=exponent of features at a = 0.5}} in features and {{=exponent of data at a = 0.5}} in
examples if $a = 0.5$, and with {{=exponent of features at a = 1}} and
{{=exponent of data at a = 1}} if $a = 1$. They differ from each other by {{duality}} and
{{duality.also}}; across the two spectra they differ by {{duality.control}}. They differ a
little more from $a$, because eight is not a large number and 1024 directions are not all;
the theory in grey knows of both. If all directions weigh the same there is no law
({{resolution-limited.control|%.3f}}): 128 of 1024 directions are worth nothing.

At $a = 0.5$ and with 16 features the loss nears its limit with the exponent
{{variance-limited}} in examples, and with 16 examples {{variance-limited.also}} in
features. That the spectrum does not matter here, only the formula says.

## What our scale cannot show

Deep networks, which choose their features, and natural data, whose spectrum nobody dealt
out: there the regimes are an observation, here nearly a theorem. That an exponent near
$4/d$ comes from the data's dimension $d$ [@sharma2020dimension] is not tried here.
*/
