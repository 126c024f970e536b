/* analogy.c - one table of cosines answers all questions of a category.
 *
 * cos(x, a' - a + b) is, up to a factor that is the same for all x, a sum of three
 * cosines; so are the other scores, or products of them. One gemm gives the cosines of
 * the category's words with all words, (2n,V), and a question costs a few passes over V
 * numbers instead of a product with all vectors. Ties go to the more frequent word.
 *
 * The two pooled methods answer each b once, with the other n - 1 pairs as examples.
 * They leave out b alone although their examples show more words than that: so nothing
 * but the method speaks for them. */
#include "core/text/analogy.h"
#include "core/base/sheet.h"
#include "core/num/gemm.h"
#include "core/num/vmath.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- lists -------------------------------------------------------------------------- */

static Category *category_named(Analogies *t, const char *name, int rows)
{
    if (t->n && !strcmp(t->category[t->n - 1].name, name)) return &t->category[t->n - 1];
    t->category = grow(t->category, (size_t)t->n, (size_t)t->n + 1, sizeof(Category));
    t->category[t->n] =
        (Category){ text_copy(name), 0, alloc((size_t)rows, sizeof(Pair)) };
    return &t->category[t->n++];
}

/* The number of the cell's word, -1: rare or unknown. A cell that can be no word is an
 * error: a silent gap in the lists would look like a finding. */
static bool read_word(const Corpus *c, const Sheet *s, int row, int column, int *id,
                      char **error)
{
    const char *word = sheet_text(s, row, column);
    *id = corpus_id(c, word);
    if (*word && !word[strspn(word, "abcdefghijklmnopqrstuvwxyz")]) return true;
    *error = text_format("%s:%d:%d: \"%s\", expected a word of the letters a to z",
                         s->path, s->line[row], column + 1, word);
    return false;
}

Analogies *analogy_read(const char *path, const Corpus *c, int V, char **error)
{
    Sheet *s = sheet_read(path, "category, a, b", error);
    if (!s) return NULL;
    int name = sheet_column(s, "category"), a = sheet_column(s, "a"),
        b = sheet_column(s, "b");
    Analogies *t = alloc(1, sizeof *t);
    for (int i = 0; i < s->rows; i++) {
        Category *k = category_named(t, sheet_text(s, i, name), s->rows);
        Pair p;
        if (!read_word(c, s, i, a, &p.a, error) || !read_word(c, s, i, b, &p.b, error)) {
            sheet_free(s), analogy_free(t);
            return NULL;
        }
        if (p.a >= 0 && p.a < V && p.b >= 0 && p.b < V) k->pair[k->n++] = p;
    }
    sheet_free(s);
    return t;
}

Analogies *analogy_shuffled(const Analogies *from, Rng r)
{
    Analogies *t = alloc(1, sizeof *t);
    for (int i = 0; i < from->n; i++) {
        const Category *k = &from->category[i];
        int *order = alloc((size_t)k->n, sizeof *order);
        rng_permutation(rng_child(r, (uint64_t)i), order, k->n);
        Category *to = category_named(t, k->name, k->n);
        to->n = k->n;
        for (int j = 0; j < k->n; j++)
            to->pair[order[j]] =
                (Pair){ k->pair[order[j]].a, k->pair[order[(j + 1) % k->n]].b };
        free(order);
    }
    return t;
}

Analogies *analogy_from_pairs(int categories, int n, const Pair *pair)
{
    Analogies *t = alloc(1, sizeof *t);
    for (int i = 0; i < categories; i++) {
        char *name = text_format("category %d", i);
        Category *k = category_named(t, name, n);
        k->n = n;
        memcpy(k->pair, pair + (size_t)i * (size_t)n, (size_t)n * sizeof *pair);
        free(name);
    }
    return t;
}

void analogy_free(Analogies *t)
{
    if (!t) return;
    for (int i = 0; i < t->n; i++) free(t->category[i].name), free(t->category[i].pair);
    free(t->category), free(t);
}

/* --- answers ------------------------------------------------------------------------ */

/* The cosines of a category: row 2i is a of pair i, row 2i + 1 its b. */
typedef struct {
    const Category *k;
    int V, K;
    const real *w;
    real *cosine; /* (2n,V) */
    real *score;  /* (V), of the question under way */
} Table;

static const real *cosines(const Table *t, int row)
{
    return t->cosine + (size_t)row * (size_t)t->V;
}

static Table table_new(const Category *k, int V, int K, const real *w)
{
    Table t = { k,
                V,
                K,
                w,
                alloc(2 * (size_t)k->n * (size_t)V, sizeof(real)),
                alloc((size_t)V, sizeof(real)) };
    real *rows = alloc(2 * (size_t)k->n * (size_t)K, sizeof *rows);
    for (int i = 0; i < 2 * k->n; i++) {
        int id = i % 2 ? k->pair[i / 2].b : k->pair[i / 2].a;
        memcpy(rows + (size_t)i * (size_t)K, w + (size_t)id * (size_t)K,
               (size_t)K * sizeof *rows);
    }
    gemm(false, true, 2 * k->n, V, K, rows, K, w, K, t.cosine, V, GEMM_SET);
    free(rows);
    return t;
}

static void exclude(real *score, int id) { score[id] = (real)-1e30; }

static void exclude_question(const Table *t, int i, int j)
{
    exclude(t->score, t->k->pair[i].a);
    exclude(t->score, t->k->pair[i].b);
    exclude(t->score, t->k->pair[j].a);
}

static int best(int V, const real *score)
{
    real top = score[0];
#pragma omp simd reduction(max : top)
    for (int x = 0; x < V; x++) top = score[x] > top ? score[x] : top;
    int x = 0;
    while (score[x] != top) x++;
    return x;
}

/* Example pair i, question pair j. */
static void score_one(const Table *t, Score *s, int i, int j)
{
    const real *a = cosines(t, 2 * i), *a2 = cosines(t, 2 * i + 1),
               *b = cosines(t, 2 * j);
    int V = t->V, answer = t->k->pair[j].b;
    for (int x = 0; x < V; x++) t->score[x] = a2[x] - a[x] + b[x];
    s->right[ANALOGY_ADD_OPEN] += best(V, t->score) == answer;
    exclude_question(t, i, j);
    s->right[ANALOGY_ADD] += best(V, t->score) == answer;

    /* Cosines are moved to [0, 1], so that two negative factors do not make a good
     * answer; the constant keeps the quotient finite. */
    for (int x = 0; x < V; x++)
        t->score[x] = (1 + a2[x]) * (1 + b[x]) / (1 + a[x] + (real)0.002);
    exclude_question(t, i, j);
    s->right[ANALOGY_MUL] += best(V, t->score) == answer;

    memcpy(t->score, b, (size_t)V * sizeof *b);
    exclude_question(t, i, j);
    s->right[ANALOGY_ONLY_B] += best(V, t->score) == answer;
}

static void score_average(const Table *t, Score *s)
{
    int n = t->k->n, V = t->V;
    real *offset = alloc((size_t)V, sizeof *offset);
    for (int i = 0; i < n; i++)
        for (int x = 0; x < V; x++)
            offset[x] += cosines(t, 2 * i + 1)[x] - cosines(t, 2 * i)[x];
    for (int j = 0; j < n; j++) {
        const real *b = cosines(t, 2 * j), *b2 = cosines(t, 2 * j + 1);
        for (int x = 0; x < V; x++)
            t->score[x] = b[x] + (offset[x] - (b2[x] - b[x])) / (real)(n - 1);
        exclude(t->score, t->k->pair[j].a);
        if (best(V, t->score) == t->k->pair[j].b) s->right[ANALOGY_AVERAGE] += n - 1;
    }
    free(offset);
}

/* --- a classifier for the second words ---------------------------------------------- */

/* Which words the logistic regression sees: the b of all pairs, then the a, then words
 * drawn from the vocabulary that are neither. */
enum { DRAWN_PER_PAIR = 5, STEPS = 300 };

static int *class_examples(const Table *t, Rng r, int *n)
{
    int pairs = t->k->n,
        *id = alloc((size_t)(2 + DRAWN_PER_PAIR) * (size_t)pairs, sizeof *id);
    for (int i = 0; i < pairs; i++) {
        id[i] = t->k->pair[i].b;
        id[pairs + i] = t->k->pair[i].a;
    }
    *n = 2 * pairs;
    for (int i = 0; i < DRAWN_PER_PAIR * pairs; i++) {
        int word = rng_below(r, (uint64_t)i, t->V);
        bool known = false;
        for (int j = 0; j < 2 * pairs; j++) known = known || id[j] == word;
        if (!known) id[(*n)++] = word;
    }
    return id;
}

/* Logistic regression with a ridge of 1 by gradient steps; the first `positive` of the n
 * words are in the class, word `left_out` is not shown. g (K) := weights; returns the
 * intercept. Rows have length 1, so the curvature is at most 1 + n/4. */
static real fit_class(const Table *t, int n, const int *id, int positive, int left_out,
                      real *g)
{
    int K = t->K;
    double step = 1 / (1 + n / 4.0), intercept = 0;
    real *slope = alloc((size_t)K, sizeof *slope);
    memset(g, 0, (size_t)K * sizeof *g);
    for (int s = 0; s < STEPS; s++) {
        double slope0 = 0;
        for (int k = 0; k < K; k++) slope[k] = -g[k];
        for (int i = 0; i < n; i++) {
            if (i == left_out) continue;
            const real *row = t->w + (size_t)id[i] * (size_t)K;
            double p = vmath_sigmoid((double)vmath_dot(K, g, row) + intercept),
                   miss = (i < positive) - p;
            vmath_axpy(K, (real)miss, row, slope);
            slope0 += miss;
        }
        vmath_axpy(K, (real)step, slope, g);
        intercept += step * slope0;
    }
    free(slope);
    return (real)intercept;
}

static void score_class(const Table *t, Score *s, Rng r)
{
    int n, pairs = t->k->n, V = t->V, K = t->K, *id = class_examples(t, r, &n);
    real *g = alloc((size_t)K, sizeof *g), *p = alloc((size_t)V, sizeof *p);
    for (int j = 0; j < pairs; j++) {
        real intercept = fit_class(t, n, id, pairs, j, g);
        gemm(false, true, 1, V, K, g, K, t->w, K, p, V, GEMM_SET);
        for (int x = 0; x < V; x++) p[x] = -(p[x] + intercept);
        vmath_exp_v(V, p, p);
        for (int x = 0; x < V; x++) t->score[x] = cosines(t, 2 * j)[x] / (1 + p[x]);
        exclude(t->score, t->k->pair[j].a);
        if (best(V, t->score) == t->k->pair[j].b) s->right[ANALOGY_CLASS] += pairs - 1;
    }
    free(id), free(g), free(p);
}

/* --- scores ------------------------------------------------------------------------- */

Score analogy_score(const Category *k, int V, int K, const real *w, bool pooled, Rng r)
{
    Score s = { .questions = k->n * (k->n - 1) };
    if (!s.questions) return s;
    Table t = table_new(k, V, K, w);
    for (int i = 0; i < k->n; i++)
        for (int j = 0; j < k->n; j++)
            if (i != j) score_one(&t, &s, i, j);
    if (pooled) {
        score_average(&t, &s);
        score_class(&t, &s, r);
    }
    free(t.cosine), free(t.score);
    return s;
}

Score *analogy_scores(const Analogies *t, int V, int K, const real *w, bool pooled, Rng r)
{
    Score *s = alloc((size_t)t->n, sizeof *s);
    for (int i = 0; i < t->n; i++)
        s[i] = analogy_score(&t->category[i], V, K, w, pooled, rng_child(r, (uint64_t)i));
    return s;
}

void analogy_shares(const Score *s, double share[ANALOGY_METHODS])
{
    for (int m = 0; m < ANALOGY_METHODS; m++)
        share[m] = s->questions ? (double)s->right[m] / s->questions : 0;
}

double analogy_total(int n, const Score *s, AnalogyMethod method, int which)
{
    double right = 0, questions = 0;
    for (int i = 0; i < n; i++) {
        if (!(which >> i & 1)) continue;
        right += s[i].right[method];
        questions += s[i].questions;
    }
    return questions > 0 ? right / questions : 0;
}

double analogy_pooling_gain(int n, const Score *s)
{
    int choose = 0x55555555, judge = 0x2aaaaaaa;
    bool average = analogy_total(n, s, ANALOGY_AVERAGE, choose) >=
                   analogy_total(n, s, ANALOGY_CLASS, choose);
    return analogy_total(n, s, average ? ANALOGY_AVERAGE : ANALOGY_CLASS, judge) -
           analogy_total(n, s, ANALOGY_ADD, judge);
}

/* cos(x, a' - a + b) for all x; caller frees. */
static real *offset_scores(Pair example, int b, int V, int K, const real *w)
{
    real *target = alloc((size_t)K, sizeof *target),
         *score = alloc((size_t)V, sizeof *score);
    const real *from = w + (size_t)example.a * (size_t)K,
               *to = w + (size_t)example.b * (size_t)K, *bw = w + (size_t)b * (size_t)K;
    for (int k = 0; k < K; k++) target[k] = to[k] - from[k] + bw[k];
    double length = sqrt((double)vmath_dot(K, target, target));
    gemm(false, true, 1, V, K, target, K, w, K, score, V, GEMM_SET);
    for (int x = 0; x < V && length > 0; x++)
        score[x] = (real)((double)score[x] / length);
    free(target);
    return score;
}

int analogy_rank(Pair example, int b, int answer, int V, int K, const real *w, bool open)
{
    real *score = offset_scores(example, b, V, K, w);
    int rank = 1;
    for (int x = 0; x < V; x++) {
        bool shown = x == example.a || x == example.b || x == b;
        if (x == answer || (shown && !open)) continue;
        rank += score[x] > score[answer] || (score[x] == score[answer] && x < answer);
    }
    free(score);
    return rank;
}

char *analogy_listing(Pair example, int b, int V, int K, const real *w, int n,
                      char *const *name)
{
    require(n <= V, "%d nearest of %d words", n, V);
    real *score = offset_scores(example, b, V, K, w);
    Buffer list = { 0 };
    for (int i = 0; i < n; i++) {
        int x = best(V, score);
        buffer_format(&list, "%-12s %.3f\n", name[x], (double)score[x]);
        exclude(score, x);
    }
    free(score);
    return list.s;
}
