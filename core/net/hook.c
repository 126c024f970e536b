/* hook.c - what is to happen at the named points of a run.
 *
 * A list that the tape owns, searched by name at each point: a model has some hundred
 * points and an experiment a handful of hooks, so a table would buy nothing. Hooks see
 * tensors, not addresses of buffers: what they return enters the graph like any other
 * result, and gradients flow through it. */
#include "core/net/hook.h"
#include "core/net/op.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    char *name;
    HookFn *run; /* NULL: only keep the value */
    void *ctx;
    const Tensor *value;
    bool fired, owned; /* owned: ctx came from alloc() */
} Hook;

typedef struct {
    Hook *h;
    int n, room;
} Hooks;

static Hooks *list_of(Tape *t)
{
    void **slot = tape_hooks(t);
    if (!*slot) *slot = alloc(1, sizeof(Hooks));
    return *slot;
}

/* "blocks.*.z" matches every block's z: the star stands for digits. */
static bool matches(const char *pattern, const char *name)
{
    for (; *pattern; pattern++) {
        if (*pattern == '*') {
            size_t digits = strspn(name, "0123456789");
            if (!digits) return false;
            name += digits;
        } else if (*pattern != *name++) return false;
    }
    return !*name;
}

static Hook *add(Tape *t, const char *name, HookFn *run, void *ctx, bool owned)
{
    Hooks *all = list_of(t);
    if (all->n == all->room) {
        int room = all->room ? 2 * all->room : 16;
        all->h = grow(all->h, (size_t)all->room, (size_t)room, sizeof *all->h);
        all->room = room;
    }
    all->h[all->n] = (Hook){ text_copy(name), run, ctx, NULL, false, owned };
    return &all->h[all->n++];
}

void hook_add(Tape *t, const char *name, HookFn *run, void *ctx)
{
    add(t, name, run, ctx, false);
}

void hook_keep(Tape *t, const char *name) { add(t, name, NULL, NULL, false); }

bool hook_wanted(const Tape *t, const char *name)
{
    const Hooks *all = *tape_hooks((Tape *)t);
    for (int i = 0; all && i < all->n; i++)
        if (matches(all->h[i].name, name)) return true;
    return false;
}

Tensor *hook_point(Tape *t, const char *name, Tensor *x)
{
    Hooks *all = *tape_hooks(t);
    for (int i = 0; all && i < all->n; i++) {
        if (!matches(all->h[i].name, name)) continue;
        all->h[i].fired = true;
        if (!all->h[i].run) continue;
        Tensor *y = all->h[i].run(t, x, all->h[i].ctx);
        if (!y) continue;
        require(tensor_size(y) == tensor_size(x) && tensor_width(y) == tensor_width(x),
                "a hook on \"%s\" returned another shape", name);
        x = y;
    }
    /* Kept values are those that the run went on with. */
    for (int i = 0; all && i < all->n; i++)
        if (!all->h[i].run && matches(all->h[i].name, name)) {
            require(!strchr(all->h[i].name, '*') || !all->h[i].value,
                    "\"%s\" would keep several values: name one", all->h[i].name);
            all->h[i].value = x;
        }
    return x;
}

const Tensor *hook_value(const Tape *t, const char *name)
{
    const Hooks *all = *tape_hooks((Tape *)t);
    for (int i = 0; all && i < all->n; i++)
        if (!all->h[i].run && !strcmp(all->h[i].name, name) && all->h[i].value)
            return all->h[i].value;
    die("\"%s\" was not kept in this run", name);
}

void hook_clear(Tape *t)
{
    Hooks *all = *tape_hooks(t);
    if (!all) return;
    for (int i = 0; i < all->n; i++)
        require(all->h[i].fired, "the hook on \"%s\" has not fired", all->h[i].name);
    for (int i = 0; i < all->n; i++) {
        free(all->h[i].name);
        if (all->h[i].owned) free(all->h[i].ctx);
    }
    free(all->h);
    *all = (Hooks){ 0 };
}

/* --- what most experiments want ---------------------------------------------------- */

/* Each of these is x * mask + fill: linear in x, so gradients are op_mul's. */
typedef struct {
    int axis, i, from, n, t;
    const Tensor *with;
    const int *order;
} Edit;

static Edit *edit_new(Edit e)
{
    Edit *copy = alloc(1, sizeof e);
    *copy = e;
    return copy;
}

static Tensor *like(Tape *t, const Tensor *x, real fill)
{
    Tensor *y = tape_constant(t, x->rank, x->n);
    for (size_t i = 0, n = tensor_size(y); i < n; i++) y->v[i] = fill;
    return y;
}

static Tensor *zero(Tape *t, Tensor *x, void *ctx)
{
    const Edit *e = ctx;
    if (e->i < 0) return like(t, x, 0);
    int axis = e->axis < 0 ? x->rank + e->axis : e->axis;
    require(axis >= 0 && axis < x->rank && e->i < x->n[axis], "no index %d on axis %d",
            e->i, e->axis);
    size_t inner = 1, outer = 1;
    for (int a = 0; a < axis; a++) outer *= (size_t)x->n[a];
    for (int a = axis + 1; a < x->rank; a++) inner *= (size_t)x->n[a];
    Tensor *mask = like(t, x, 1);
    for (size_t o = 0; o < outer; o++)
        memset(mask->v + (o * (size_t)x->n[axis] + (size_t)e->i) * inner, 0,
               inner * sizeof(real));
    return op_mul(t, x, mask);
}

void hook_zero(Tape *t, const char *name, int axis, int i)
{
    add(t, name, zero, edit_new((Edit){ .axis = axis, .i = i }), true);
}

/* Columns from .. from+n of x are replaced by fill's. */
static Tensor *columns(Tape *t, Tensor *x, int from, int n, const Tensor *fill)
{
    int width = tensor_width(x), rows = tensor_rows(x);
    n = n ? n : width;
    require(from >= 0 && from + n <= width, "no columns %d to %d of %d", from, from + n,
            width);
    Tensor *mask = like(t, x, 1), *add_to = like(t, x, 0);
    for (int r = 0; r < rows; r++)
        for (int c = from; c < from + n; c++) {
            size_t i = (size_t)r * (size_t)width + (size_t)c;
            mask->v[i] = 0;
            if (fill) add_to->v[i] = fill->v[i];
        }
    Tensor *kept = op_mul(t, x, mask);
    return fill ? op_add(t, kept, add_to) : kept;
}

static Tensor *zero_columns(Tape *t, Tensor *x, void *ctx)
{
    const Edit *e = ctx;
    return columns(t, x, e->from, e->n, NULL);
}

void hook_zero_head(Tape *t, const char *name, int head, int head_width)
{
    add(t, name, zero_columns,
        edit_new((Edit){ .from = head * head_width, .n = head_width }), true);
}

static Tensor *patch(Tape *t, Tensor *x, void *ctx)
{
    const Edit *e = ctx;
    require(tensor_size(e->with) == tensor_size(x), "a patch of another size");
    Tensor *with = tape_input(t, e->with->v, x->rank, x->n);
    if (e->t < 0) return with;
    require(x->rank == 3 && e->t < x->n[1], "no position %d", e->t);
    Tensor *mask = like(t, x, 1);
    size_t width = (size_t)x->n[2];
    for (int b = 0; b < x->n[0]; b++)
        for (int p = 0; p < x->n[1]; p++) {
            size_t at = ((size_t)b * (size_t)x->n[1] + (size_t)p) * width;
            real *clear = p == e->t ? mask->v + at : with->v + at;
            memset(clear, 0, width * sizeof(real));
        }
    return op_add(t, op_mul(t, x, mask), with);
}

void hook_patch(Tape *t, const char *name, const Tensor *with, int position)
{
    add(t, name, patch, edit_new((Edit){ .with = with, .t = position }), true);
}

static Tensor *mean(Tape *t, Tensor *x, void *ctx)
{
    const Edit *e = ctx;
    int width = tensor_width(x), rows = tensor_rows(e->with);
    require(tensor_width(e->with) == width, "a mean of another width");
    Tensor *fill = tape_constant(t, x->rank, x->n);
    for (int c = 0; c < width; c++) {
        double sum = 0;
        for (int r = 0; r < rows; r++)
            sum += e->with->v[(size_t)r * (size_t)width + (size_t)c];
        for (int r = 0; r < tensor_rows(x); r++)
            fill->v[(size_t)r * (size_t)width + (size_t)c] = (real)(sum / rows);
    }
    return columns(t, x, e->from, e->n, fill);
}

void hook_mean(Tape *t, const char *name, const Tensor *of, int from, int n)
{
    add(t, name, mean, edit_new((Edit){ .with = of, .from = from, .n = n }), true);
}

static Tensor *resample(Tape *t, Tensor *x, void *ctx)
{
    const Edit *e = ctx;
    Tensor *fill = tape_constant(t, x->rank, x->n);
    size_t sample = tensor_size(x) / (size_t)x->n[0];
    for (int b = 0; b < x->n[0]; b++) {
        require(e->order[b] >= 0 && e->order[b] < x->n[0], "no sample %d", e->order[b]);
        memcpy(fill->v + (size_t)b * sample, x->v + (size_t)e->order[b] * sample,
               sample * sizeof(real));
    }
    return columns(t, x, e->from, e->n, fill);
}

void hook_resample(Tape *t, const char *name, const int *order, int from, int n)
{
    add(t, name, resample, edit_new((Edit){ .order = order, .from = from, .n = n }),
        true);
}
