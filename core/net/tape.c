/* tape.c - one growing arena, one list of nodes.
 *
 * A training step allocates hundreds of tensors of the same sizes again and again. An
 * arena gives them out by moving a pointer and takes them back all at once; after the
 * first step it is one block, and the loop's memory never grows. malloc() would cost a
 * page fault a tensor, and a graph that is kept between steps would tie the shapes down.
 *
 * Gradients are not zeroed before use. The first contribution sets, later ones add
 * (Tensor.got), which saves one pass over memory that large products feel. The order of
 * contributions is the reverse order of the ops, so the bits are fixed. */
#include "core/net/tape.h"
#include "core/net/hook.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BLOCK = 1 << 20, LINE = 64 };

typedef struct Block {
    struct Block *older;
    size_t used, size;
    char *bytes;
} Block;

typedef struct {
    Tensor *out;
    BackwardFn *backward;
    void *ctx;
} Node;

struct Tape {
    Block *block; /* the newest, the one that is being filled */
    Node *node;
    size_t n, room;
    int paused;
    real *scratch;
    size_t n_scratch;
    void *hooks; /* belongs to hook.c */
};

/* --- memory ------------------------------------------------------------------------ */

/* Not alloc(): zeroing would touch pages that no tensor may ever need. */
static void add_block(Tape *t, size_t size)
{
    Block *b = alloc(1, sizeof *b);
    *b = (Block){ t->block, 0, size, aligned_alloc(LINE, size) };
    require(b->bytes, "out of memory for %zu bytes", size);
    t->block = b;
}

static void free_blocks(Block *b)
{
    while (b) {
        Block *older = b->older;
        free(b->bytes), free(b);
        b = older;
    }
}

void *tape_alloc(Tape *t, size_t n, size_t size)
{
    size_t bytes;
    require(!__builtin_mul_overflow(n, size, &bytes), "%zu items of %zu bytes", n, size);
    bytes = (bytes + LINE - 1) / LINE * LINE;
    if (!t->block || t->block->size - t->block->used < bytes) {
        size_t next = t->block ? 2 * t->block->size : FIRST_BLOCK;
        add_block(t, next > bytes ? next : bytes);
    }
    void *p = t->block->bytes + t->block->used;
    t->block->used += bytes;
    return p;
}

real *tape_scratch(Tape *t, size_t n)
{
    if (n > t->n_scratch) {
        free(t->scratch);
        t->scratch = alloc(n, sizeof *t->scratch), t->n_scratch = n;
    }
    return t->scratch;
}

Tape *tape_new(void) { return alloc(1, sizeof(Tape)); }

void tape_free(Tape *t)
{
    if (!t) return;
    hook_clear(t);
    free_blocks(t->block);
    free(t->node), free(t->scratch), free(t->hooks), free(t);
}

size_t tape_bytes(const Tape *t)
{
    size_t sum = t->room * sizeof(Node) + t->n_scratch * sizeof(real);
    for (const Block *b = t->block; b; b = b->older) sum += b->size;
    return sum;
}

void tape_reset(Tape *t)
{
    hook_clear(t);
    t->n = 0;
    if (!t->block) return;
    if (t->block->older) { /* several blocks were needed: one that holds them all */
        size_t total = 0;
        for (Block *b = t->block; b; b = b->older) total += b->used;
        free_blocks(t->block);
        t->block = NULL;
        add_block(t, total);
    }
    t->block->used = 0;
}

void **tape_hooks(Tape *t) { return &t->hooks; }

/* --- tensors ----------------------------------------------------------------------- */

size_t tensor_size(const Tensor *x)
{
    size_t size = 1;
    for (int i = 0; i < x->rank; i++) size *= (size_t)x->n[i];
    return size;
}

int tensor_width(const Tensor *x) { return x->n[x->rank - 1]; }

int tensor_rows(const Tensor *x)
{
    return (int)(tensor_size(x) / (size_t)tensor_width(x));
}

void tensor_print_shape(const Tensor *x, char out[64])
{
    int used = snprintf(out, 64, "(");
    for (int i = 0; i < x->rank; i++)
        used += snprintf(out + used, 64 - (size_t)used, "%s%d", i ? "," : "", x->n[i]);
    snprintf(out + used, 64 - (size_t)used, ")");
}

static Tensor shaped(int rank, const int *n)
{
    require(rank >= 1 && rank <= 4, "a tensor of rank %d", rank);
    Tensor x = { .rank = rank };
    for (int i = 0; i < rank; i++) {
        require(n[i] > 0, "dimension %d of a tensor is %d", i, n[i]);
        x.n[i] = n[i];
    }
    return x;
}

static Tensor *tensor_new(Tape *t, int rank, const int *n)
{
    Tensor *x = tape_alloc(t, 1, sizeof *x);
    *x = shaped(rank, n);
    x->v = tape_alloc(t, tensor_size(x), sizeof *x->v);
    return x;
}

Tensor *tape_input(Tape *t, const real *v, int rank, const int *n)
{
    Tensor *x = tensor_new(t, rank, n);
    memcpy(x->v, v, tensor_size(x) * sizeof *v);
    return x;
}

Tensor *tape_constant(Tape *t, int rank, const int *n)
{
    Tensor *x = tensor_new(t, rank, n);
    memset(x->v, 0, tensor_size(x) * sizeof *x->v);
    return x;
}

Tensor *tape_variable(Tape *t, const real *v, int rank, const int *n)
{
    Tensor *x = tape_input(t, v, rank, n);
    x->g = tape_alloc(t, tensor_size(x), sizeof *x->g); /* of its own: it adds up */
    x->wants = true;
    return x;
}

Tensor *tape_result(Tape *t, int rank, const int *n, int n_in, Tensor *const *in)
{
    Tensor *x = tensor_new(t, rank, n);
    for (int i = 0; i < n_in && !t->paused; i++) x->wants |= in[i] && in[i]->wants;
    return x;
}

/* --- differentiation --------------------------------------------------------------- */

bool tape_records(const Tape *t, const Tensor *out) { return !t->paused && out->wants; }

void tape_pause(Tape *t) { t->paused++; }

void tape_resume(Tape *t)
{
    require(t->paused > 0, "a tape that is not paused is resumed");
    t->paused--;
}

void tape_node(Tape *t, Tensor *out, BackwardFn *backward, void *ctx)
{
    if (t->n == t->room) {
        size_t room = t->room ? 2 * t->room : 256;
        t->node = grow(t->node, t->room, room, sizeof *t->node);
        t->room = room;
    }
    t->node[t->n++] = (Node){ out, backward, ctx };
}

real *tape_gradient(Tape *t, Tensor *x, bool *set)
{
    if (!x->g || x->lent) {
        real *own = tape_alloc(t, tensor_size(x), sizeof *own);
        if (x->got) memcpy(own, x->g, tensor_size(x) * sizeof *own);
        x->g = own, x->lent = false;
    }
    *set = !x->got;
    x->got = true;
    return x->g;
}

bool tape_lend(Tensor *x, real *g)
{
    if (x->got || (x->g && !x->lent)) return false;
    x->g = g;
    return x->got = x->lent = true;
}

real *tape_gradient_zeroed(Tape *t, Tensor *x)
{
    bool set;
    real *g = tape_gradient(t, x, &set);
    if (set) memset(g, 0, tensor_size(x) * sizeof *g);
    return g;
}

void tape_backward(Tape *t, Tensor *loss)
{
    require(tensor_size(loss) == 1, "a loss of %zu numbers", tensor_size(loss));
    require(loss->wants, "the loss depends on nothing that wants a gradient");
    for (size_t i = 0; i < t->n; i++) t->node[i].out->got = false;
    *tape_gradient_zeroed(t, loss) = 1;
    for (size_t i = t->n; i-- > 0;)
        if (t->node[i].out->got) t->node[i].backward(t->node[i].ctx);
}

/* --- weights ----------------------------------------------------------------------- */

Tensor *params_add(Params *all, const char *name, bool decay, int rank, const int *n)
{
    for (int i = 0; i < all->n; i++)
        require(strcmp(all->p[i]->name, name), "two weights of the name \"%s\"", name);
    if (all->n == all->room) {
        int room = all->room ? 2 * all->room : 32;
        all->p = grow(all->p, (size_t)all->room, (size_t)room, sizeof *all->p);
        all->room = room;
    }
    Param *p = all->p[all->n++] = alloc(1, sizeof *p);
    *p = (Param){ text_copy(name), shaped(rank, n), decay };
    p->t.v = alloc(tensor_size(&p->t), sizeof(real));
    p->t.g = alloc(tensor_size(&p->t), sizeof(real));
    p->t.wants = true;
    return &p->t;
}

Tensor *params_get(const Params *all, const char *name)
{
    for (int i = 0; i < all->n; i++)
        if (!strcmp(all->p[i]->name, name)) return &all->p[i]->t;
    die("there is no weight \"%s\"", name);
}

void params_normal(Tensor *w, Rng rng, double sd)
{
    size_t n = tensor_size(w);
    rng_normals(rng, w->v, n);
    for (size_t i = 0; i < n; i++) w->v[i] *= (real)sd;
}

void params_uniform(Tensor *w, Rng rng, double limit)
{
    for (size_t i = 0, n = tensor_size(w); i < n; i++)
        w->v[i] = (real)(limit * (2 * rng_uniform(rng, i) - 1));
}

size_t params_count(const Params *all)
{
    size_t sum = 0;
    for (int i = 0; i < all->n; i++) sum += tensor_size(&all->p[i]->t);
    return sum;
}

void params_clear_gradients(Params *all)
{
    for (int i = 0; i < all->n; i++) all->p[i]->t.got = false;
}

void params_copy(Params *to, const Params *from)
{
    require(to->n == from->n, "%d weights from %d", to->n, from->n);
    for (int i = 0; i < to->n; i++) {
        size_t n = tensor_size(&to->p[i]->t);
        require(n == tensor_size(&from->p[i]->t), "the shapes of \"%s\" differ",
                to->p[i]->name);
        memcpy(to->p[i]->t.v, from->p[i]->t.v, n * sizeof(real));
    }
}

void params_free(Params *all)
{
    for (int i = 0; i < all->n; i++) {
        free(all->p[i]->name), free(all->p[i]->t.v), free(all->p[i]->t.g);
        free(all->p[i]);
    }
    free(all->p);
    *all = (Params){ 0 };
}
