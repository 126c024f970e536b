/* mlp.c - the plainest network, whose names and hook points are worth not writing twice. */
#include "core/net/mlp.h"
#include "core/net/hook.h"
#include <math.h>
#include <stdio.h>

enum { NAME = 64 };

Mlp mlp_new(Params *p, const char *name, int n, const int *width, Act act, double gain,
            Rng init)
{
    require(n >= 1 && n <= MLP_MOST, "a stack of %d layers", n);
    Mlp m = { .n = n, .act = act, .name = name };
    for (int i = 0; i < n; i++) {
        char part[NAME];
        snprintf(part, sizeof part, "%s.%d.W", name, i);
        m.W[i] = params_add(p, part, true, 2, (int[]){ width[i], width[i + 1] });
        params_normal(m.W[i], rng_named(init, part), gain / sqrt(width[i]));
        snprintf(part, sizeof part, "%s.%d.b", name, i);
        m.b[i] = params_add(p, part, false, 1, (int[]){ width[i + 1] });
    }
    return m;
}

Tensor *mlp_run(const Mlp *m, Tape *t, Tensor *x)
{
    for (int i = 0; i < m->n; i++) {
        char point[NAME];
        snprintf(point, sizeof point, "%s.%d", m->name, i);
        x = op_linear(t, x, m->W[i], m->b[i], i < m->n - 1 ? m->act : ACT_NONE);
        x = hook_point(t, point, x);
    }
    return x;
}
