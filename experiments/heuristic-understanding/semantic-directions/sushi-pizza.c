/*
# Sushi is to Japan as pizza is to Italy
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "sushi-pizza",
    .run = run,
    ABOUT(.title = "Sushi and pizza", .section = "heuristic-understanding/semantic-directions", .cites = "levy2014neural",
          .seeds = 5, .core_s = 12),
    .tables = { { "royal", "word, x, y, dx, dy, ex, ey" },
                { "dishes", "word, x, y, dx, dy, ex, ey" },
                { "entanglement", "eps, offset, inputs allowed, nearest to b, counted vectors" },
                { "products", "PMI - ln 5, product" },
                { "failures", "paraphrase error, share failed" } },
};

enum { COUNTRIES = 12, KINDS = 6, ROLES = 12, OTHERS = 24 };
enum { COUNTRY, DEMONYM, CAPITAL, DISH, CURRENCY, LANGUAGE };
enum { JAPAN, ITALY };
enum { MAN, KING };
enum {
    WORDS = COUNTRIES * KINDS + 2 * ROLES + OTHERS,
    ATTRIBUTES = COUNTRIES + KINDS + ROLES + 2,
    CONTEXTS = 40 * ATTRIBUTES,
    K = 32
};

static int country_word(int country, int kind) { return country * KINDS + kind; }

static int role_word(int role, bool female)
{
    return COUNTRIES * KINDS + 2 * role + female;
}

typedef struct {
    int has[WORDS][2];
    double u[ATTRIBUTES][CONTEXTS], own[WORDS][CONTEXTS], base[CONTEXTS];
} World;

static void sparse_normals(Rng r, double *u)
{
    for (int c = 0; c < CONTEXTS; c++)
        u[c] = rng_uniform(rng_named(r, "where"), (uint64_t)c) < 0.25 ? rng_normal(r, (uint64_t)c) : 0;
}

static World *world_new(Rng r, bool reassigned)
{
    World *w = alloc(1, sizeof *w);
    for (int i = 0; i < COUNTRIES; i++)
        for (int k = 0; k < KINDS; k++) {
            w->has[country_word(i, k)][0] = i;
            w->has[country_word(i, k)][1] = COUNTRIES + k;
        }
    for (int i = 0; i < ROLES; i++)
        for (int g = 0; g < 2; g++) {
            w->has[role_word(i, g)][0] = COUNTRIES + KINDS + i;
            w->has[role_word(i, g)][1] = COUNTRIES + KINDS + ROLES + g;
        }
    for (int i = WORDS - OTHERS; i < WORDS; i++) {
        Rng o = rng_named(r, "others");
        w->has[i][0] = rng_below(o, 2 * (uint64_t)i, COUNTRIES);
        w->has[i][1] = COUNTRIES + KINDS + rng_below(o, 2 * (uint64_t)i + 1, ROLES);
    }
    if (reassigned) {
        int order[WORDS], old[WORDS][2];
        memcpy(old, w->has, sizeof old);
        rng_permutation(rng_named(r, "reassign"), order, WORDS);
        for (int i = 0; i < WORDS; i++) memcpy(w->has[i], old[order[i]], sizeof *old);
    }
    for (int a = 0; a < ATTRIBUTES; a++) sparse_normals(rng_child(rng_named(r, "attribute"), (uint64_t)a), w->u[a]);
    for (int i = 0; i < WORDS; i++) {
        double a[CONTEXTS];
        sparse_normals(rng_child(rng_named(r, "own"), (uint64_t)i), w->own[i]);
        sparse_normals(rng_child(rng_named(r, "own too"), (uint64_t)i), a);
        for (int c = 0; c < CONTEXTS; c++) w->own[i][c] += a[c];
    }
    for (int c = 0; c < CONTEXTS; c++)
        w->base[c] = vmath_exp(0.5 * rng_normal(rng_named(r, "base"), (uint64_t)c));
    return w;
}

static void law(const World *w, int word, double eps, double *p)
{
    double shared[CONTEXTS], own[CONTEXTS], sum = 0, own_sum = 0;
    for (int c = 0; c < CONTEXTS; c++) {
        shared[c] = w->base[c] * vmath_exp(w->u[w->has[word][0]][c] + w->u[w->has[word][1]][c]);
        own[c] = w->base[c] * vmath_exp(w->own[word][c]);
        sum += shared[c], own_sum += own[c];
    }
    for (int c = 0; c < CONTEXTS; c++) p[c] = (1 - eps) * shared[c] / sum + eps * own[c] / own_sum;
}

static void draw(const World *w, double eps, int n, int *word, int *context, Rng r)
{
    Alias a[WORDS];
    for (int i = 0; i < WORDS; i++) {
        double p[CONTEXTS];
        law(w, i, eps, p);
        a[i] = alias_new(CONTEXTS, p);
    }
    for (int i = 0; i < n; i++) {
        word[i] = i % WORDS;
        context[i] = alias_draw(&a[word[i]], rng_u64(r, (uint64_t)i));
    }
    for (int i = 0; i < WORDS; i++) alias_free(a[i]);
}

static void exact_pmi(const World *w, double eps, double *pmi)
{
    double mean[CONTEXTS] = { 0 };
    for (int i = 0; i < WORDS; i++) {
        law(w, i, eps, pmi + i * CONTEXTS);
        for (int c = 0; c < CONTEXTS; c++) mean[c] += pmi[i * CONTEXTS + c] / WORDS;
    }
    for (int i = 0; i < WORDS; i++)
        for (int c = 0; c < CONTEXTS; c++) pmi[i * CONTEXTS + c] = vmath_log(pmi[i * CONTEXTS + c] / mean[c]);
}

#include <stdio.h>
static void questions(Category q[6])
{
    for (int k = 0; k < 6; k++) {
        q[k] = (Category){ NULL, 12, alloc(12, sizeof(Pair)) };
        for (int i = 0; i < 12; i++)
            q[k].pair[i] = k < 5 ? (Pair){ country_word(i, COUNTRY), country_word(i, k + 1) } : (Pair){ role_word(i, 0), role_word(i, 1) };
    }
}

static double error_of(const double *pmi, Pair p, Pair q)
{
    const double *a = pmi + p.a * CONTEXTS, *b = pmi + p.b * CONTEXTS, *c = pmi + q.a * CONTEXTS, *d = pmi + q.b * CONTEXTS;
    double e = 0, x = 0, y = 0;
    for (int i = 0; i < CONTEXTS; i++) {
        double u = b[i] - a[i], v = d[i] - c[i];
        e += (u - v) * (u - v), x += u * u, y += v * v;
    }
    return sqrt(e) / (sqrt(x) + sqrt(y));
}

static void run(Run *run, Rng rng)
{
    (void)run;
    int n = 2000000, *word = alloc(n, 4), *context = alloc(n, 4);
    Category q[6];
    questions(q);
    double *pmi = alloc(WORDS * CONTEXTS, 8);
    static const double eps[] = { 0, .25, .5, .75, 1, 0 };
    double err[6000]; bool fail[6000]; int m = 0;
    for (int e = 0; e < 6; e++) {
        World *w = world_new(rng, e == 5);
        draw(w, eps[e], n, word, context, rng_named(rng, "draw"));
        Embedding *v = embedding_new(WORDS, CONTEXTS, K, rng_named(rng, "init"));
        sgns_pairs(v, (SgnsSpec){ 5, 5, getenv("LR") ? atof(getenv("LR")) : .025, 1, 0 }, n, word, context, rng_named(rng, "sgns"));
        if (e == 0) {
            Sparse *s = wordvec_pair_counts(n, word, context, WORDS, CONTEXTS);
            exact_pmi(w, 0, pmi);
            double *row = alloc(WORDS, 8), *col = alloc(CONTEXTS, 8);
            for (int i = 0; i < WORDS; i++) for (size_t k = s->first[i]; k < s->first[i + 1]; k++) row[i] += s->value[k], col[s->column[k]] += s->value[k];
            static double X[WORDS * CONTEXTS], Y[WORDS * CONTEXTS], Z[WORDS * CONTEXTS]; int l = 0;
            for (int i = 0; i < WORDS; i++) for (size_t k = s->first[i]; k < s->first[i + 1]; k++) if (s->value[k] >= 20) {
                X[l] = vmath_dot(K, v->word + i * K, v->context + s->column[k] * K);
                Y[l] = vmath_log(s->value[k] * (double)n / row[i] / col[s->column[k]]);
                Z[l++] = pmi[i * CONTEXTS + s->column[k]];
            }
            printf("cells %d corr empirical %.3f exact %.3f emp-exact %.3f  mean product %.3f mean pmi %.3f\n", l, stats_correlation(l, X, Y), stats_correlation(l, X, Z), stats_correlation(l, Y, Z), stats_mean(l, X), stats_mean(l, Y));
        }
        wordvec_normalise(WORDS, K, v->word);
        Sparse *s = wordvec_pair_counts(n, word, context, WORDS, CONTEXTS);
        wordvec_ppmi(s, 1);
        real *c = wordvec_svd(s, (SvdSpec){ K, 5, .5 }, rng_named(rng, "sketch"), NULL);
        wordvec_normalise(WORDS, K, c);
        Score sc[6], cs[6];
        for (int k = 0; k < 6; k++) sc[k] = analogy_score(&q[k], WORDS, K, v->word, false, rng), cs[k] = analogy_score(&q[k], WORDS, K, c, false, rng);
        printf("eps %.2f add %.3f open %.3f mul %.3f onlyb %.3f | svd %.3f open %.3f  dish %.3f\n", eps[e], analogy_total(6, sc, 0, -1), analogy_total(6, sc, 1, -1), analogy_total(6, sc, 2, -1), analogy_total(6, sc, 3, -1), analogy_total(6, cs, 0, -1), analogy_total(6, cs, 1, -1), analogy_total(6, sc, 0, 1 << 2));
        exact_pmi(w, eps[e], pmi);
        int m0 = m;
        for (int k = 0; e < 5 && k < 6; k++) for (int i = 0; i < 12; i++) for (int j = 0; j < 12; j++) if (i != j) {
            err[m] = error_of(pmi, q[k].pair[i], q[k].pair[j]);
            fail[m++] = analogy_rank(q[k].pair[i], q[k].pair[j].a, q[k].pair[j].b, WORDS, K, v->word, false) != 1;
        }
        if (m > m0) printf("   error mean %.3f  auc within %.3f\n", stats_mean(m - m0, err + m0),  ({int f=0;for(int z=m0;z<m;z++)f+=fail[z]; f&&f<m-m0?stats_auc(m - m0, err + m0, fail + m0):-1;}));
    }
    printf("auc %.3f\n", stats_auc(m, err, fail));
    exit(0);
}
