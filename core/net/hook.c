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

/* All of these replace indices from .. from + n of one axis (n 0: all of them) by what a
 * source gives: x * mask + fill, linear in x, so gradients are op_mul's. */
typedef struct {
    int axis, from, n;
    const Tensor *patch, *mean_of; /* the source; none: zeros */
    const int *order;
} Edit;

/* fill := what the source has at x's places */
static void find_fill(Tape *t, const Edit *e, const Tensor *x, real *fill)
{
    size_t size = tensor_size(x), width = (size_t)tensor_width(x);
    if (e->patch) {
        require(tensor_size(e->patch) == size, "a patch of another size");
        memcpy(fill, e->patch->v, size * sizeof *fill);
    }
    if (e->mean_of) {
        require((size_t)tensor_width(e->mean_of) == width, "a mean of another width");
        double *mean = tape_alloc(t, width, sizeof *mean);
        memset(mean, 0, width * sizeof *mean);
        for (size_t i = 0, n = tensor_size(e->mean_of); i < n; i++)
            mean[i % width] += (double)e->mean_of->v[i];
        for (size_t i = 0; i < size; i++)
            fill[i] = (real)(mean[i % width] / tensor_rows(e->mean_of));
    }
    for (int b = 0; e->order && b < x->n[0]; b++) {
        size_t sample = size / (size_t)x->n[0];
        require(e->order[b] >= 0 && e->order[b] < x->n[0], "no sample %d", e->order[b]);
        memcpy(fill + (size_t)b * sample, x->v + (size_t)e->order[b] * sample,
               sample * sizeof *fill);
    }
}

static Tensor *edit(Tape *t, Tensor *x, void *ctx)
{
    const Edit *e = ctx;
    int axis = e->axis < 0 ? x->rank + e->axis : e->axis;
    require(axis >= 0 && axis < x->rank && e->from >= 0 && e->from + e->n <= x->n[axis] &&
                (e->n || !e->from),
            "no indices %d to %d on axis %d", e->from, e->from + e->n, e->axis);
    Tensor *mask = tape_constant(t, x->rank, x->n),
           *fill = tape_constant(t, x->rank, x->n);
    find_fill(t, e, x, fill->v);
    if (!e->n) return fill;
    size_t inner = 1;
    for (int a = axis + 1; a < x->rank; a++) inner *= (size_t)x->n[a];
    for (size_t i = 0, n = tensor_size(x); i < n; i++) {
        int at = (int)(i / inner % (size_t)x->n[axis]);
        if (at >= e->from && at < e->from + e->n) continue;
        mask->v[i] = 1, fill->v[i] = 0;
    }
    return op_add(t, op_mul(t, x, mask), fill);
}

static void add_edit(Tape *t, const char *name, Edit e)
{
    Edit *copy = alloc(1, sizeof e);
    *copy = e;
    add(t, name, edit, copy, true);
}

void hook_zero(Tape *t, const char *name, int axis, int i)
{
    add_edit(t, name, (Edit){ axis, i < 0 ? 0 : i, i >= 0, NULL, NULL, NULL });
}

void hook_zero_head(Tape *t, const char *name, int head, int head_width)
{
    add_edit(t, name, (Edit){ -1, head * head_width, head_width, NULL, NULL, NULL });
}

void hook_patch(Tape *t, const char *name, const Tensor *with, int position)
{
    require(position < 0 || with->rank == 3, "a position of no (B,T,D)");
    add_edit(t, name,
             (Edit){ 1, position < 0 ? 0 : position, position >= 0, with, NULL, NULL });
}

void hook_mean(Tape *t, const char *name, const Tensor *of, int from, int n)
{
    add_edit(t, name, (Edit){ -1, from, n, NULL, of, NULL });
}

void hook_resample(Tape *t, const char *name, const int *order, int from, int n)
{
    add_edit(t, name, (Edit){ -1, from, n, NULL, NULL, order });
}
