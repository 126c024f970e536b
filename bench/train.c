/* train.c - tokens per second of training, and what PyTorch makes of the same step.
 *
 * Ours is what the suite does: one process a core, side by side. PyTorch gets as many
 * threads as there are cores, BLIS, and threads bound to cores, which is its best here. A
 * round measures the ceiling (one product a core), ours and PyTorch one after the other,
 * for each configuration; ratios are taken within a round. Floating point operations a
 * token: 6 (12 L D^2 + V D) + 12 L T D. Nothing here passes or fails. */
#define _GNU_SOURCE
#include "core/net/model.h"
#include "core/net/optim.h"
#include "core/num/gemm.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 5, PEAK_SIZE = 1024 };
static const double SECONDS = 2;

typedef struct {
    int L, D, H, T, B, V;
} Config;

static const Config CONFIGS[] = {
    { 1, 64, 4, 16, 8, 64 },      { 2, 64, 4, 64, 64, 64 },
    { 1, 128, 4, 3, 3000, 113 },  { 4, 128, 4, 128, 32, 512 },
    { 8, 256, 8, 128, 16, 2048 }, { 12, 256, 8, 128, 16, 2048 }
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* --- what a core does --------------------------------------------------------------- */

typedef struct {
    Config c;
    Model *m;
    Optim *o;
    Tape *tape;
    int *tok;
    real *a, *b, *p; /* of the product */
} Work;

static Work training(Config c)
{
    Work w = { .c = c, .tape = tape_new() };
    w.m = model_new((ModelSpec){ .vocab = c.V,
                                 .ctx = c.T,
                                 .layers = c.L,
                                 .heads = c.H,
                                 .width = c.D,
                                 .tied = true },
                    rng_seed(1));
    w.o = optim_new((OptimSpec){ .lr = 1e-4, .weight_decay = 0.01 }, model_params(w.m));
    w.tok = alloc((size_t)(c.B * c.T + 1), sizeof *w.tok);
    for (int i = 0; i <= c.B * c.T; i++)
        w.tok[i] = rng_below(rng_seed(2), (uint64_t)i, c.V);
    return w;
}

static void train_step(Work *w)
{
    Tensor *y = model_logits(w->m, w->tape, w->tok, w->c.B, w->c.T);
    tape_backward(w->tape, op_xent(w->tape, y, w->tok + 1));
    optim_step(w->o);
    tape_reset(w->tape);
}

static Work product(Config c)
{
    Work w = { .c = c, .a = alloc(PEAK_SIZE * PEAK_SIZE, sizeof(real)) };
    w.b = alloc(PEAK_SIZE * PEAK_SIZE, sizeof(real));
    w.p = alloc(PEAK_SIZE * PEAK_SIZE, sizeof(real));
    for (int i = 0; i < PEAK_SIZE * PEAK_SIZE; i++) w.a[i] = w.b[i] = (real)(i % 9);
    return w;
}

static void multiply(Work *w)
{
    enum { N = PEAK_SIZE };
    gemm(false, false, N, N, N, w->a, N, w->b, N, w->p, N, GEMM_SET);
}

/* Calls a second of `step`, summed over as many processes as there are cores. */
static double on_all_cores(int cores, Work (*make)(Config), Config c,
                           void (*step)(Work *))
{
    int ready[2], go[2], done[2];
    require(!pipe(ready) && !pipe(go) && !pipe(done), "no pipes");
    fflush(stdout);
    pid_t *child = alloc((size_t)cores, sizeof *child);
    for (int i = 0; i < cores; i++)
        if ((child[i] = fork()) == 0) {
            char byte = 0;
            Work w = make(c);
            step(&w), step(&w);
            require(write(ready[1], &byte, 1) == 1 && read(go[0], &byte, 1) == 1,
                    "alone");
            double start = now(), spent;
            long calls = 0;
            do step(&w), calls++;
            while ((spent = now() - start) < SECONDS || calls < 3);
            double rate = (double)calls / spent;
            _exit(write(done[1], &rate, sizeof rate) != sizeof rate);
        }
    char byte;
    for (int i = 0; i < cores; i++)
        require(read(ready[0], &byte, 1) == 1, "a lost child");
    for (int i = 0; i < cores; i++) require(write(go[1], "", 1) == 1, "no start");
    double sum = 0, rate;
    for (int i = 0; i < cores; i++) {
        require(read(done[0], &rate, sizeof rate) == sizeof rate, "a lost child");
        sum += rate;
    }
    for (int i = 0; i < cores; i++) waitpid(child[i], NULL, 0);
    free(child);
    for (int i = 0; i < 2; i++) close(ready[i]), close(go[i]), close(done[i]);
    return sum;
}

/* --- PyTorch ------------------------------------------------------------------------ */

typedef struct {
    FILE *to, *from; /* NULL: not installed */
} Torch;

static Torch torch_new(int cores, char version[64])
{
    int to[2], from[2];
    require(!pipe(to) && !pipe(from), "no pipes");
    if (fork() == 0) {
        char threads[16];
        snprintf(threads, sizeof threads, "%d", cores);
        setenv("BLIS_NUM_THREADS", threads, 1), setenv("OMP_PROC_BIND", "true", 1);
        setenv("LD_LIBRARY_PATH", "/usr/lib/x86_64-linux-gnu/blis-openmp", 1);
        dup2(to[0], 0), dup2(from[1], 1);
        for (int i = 0; i < 2; i++) close(to[i]), close(from[i]);
        require(freopen("/dev/null", "w", stderr), "no /dev/null");
        execl("/usr/bin/python3", "python3", "bench/torch_gpt.py", (char *)NULL);
        _exit(127);
    }
    close(to[0]), close(from[1]);
    Torch t = { fdopen(to[1], "w"), fdopen(from[0], "r") };
    if (fscanf(t.from, "%63s", version) == 1) return t;
    fclose(t.to), fclose(t.from);
    return (Torch){ NULL, NULL };
}

static double torch_rate(Torch t, Config c)
{
    double rate;
    fprintf(t.to, "%d %d %d %d %d %d %g\n", c.L, c.D, c.H, c.T, c.B, c.V, SECONDS);
    fflush(t.to);
    require(fscanf(t.from, "%lf", &rate) == 1, "PyTorch has ended");
    return rate;
}

/* --- the table ---------------------------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double flops_a_token(Config c)
{
    return 6 * (12. * c.L * c.D * c.D + (double)c.V * c.D) + 12. * c.L * c.T * c.D;
}

static void print_row(Config c, double *peak, double *ours, double *theirs, bool torch)
{
    double share[ROUNDS], ratio[ROUNDS];
    for (int r = 0; r < ROUNDS; r++) {
        share[r] = ours[r] * flops_a_token(c) / peak[r];
        ratio[r] = torch ? ours[r] / theirs[r] : 0;
    }
    double *all[] = { ours, theirs, share, ratio };
    for (int i = 0; i < 4; i++) qsort(all[i], ROUNDS, sizeof(double), ascending);
    char name[64];
    snprintf(name, sizeof name, "%d,%d,%d,%d,%d,%d", c.L, c.D, c.H, c.T, c.B, c.V);
    printf("%-24s %9.0f %6.0f %%", name, ours[ROUNDS / 2], 100 * share[ROUNDS / 2]);
    if (torch)
        printf(" %9.0f %7.2f (%.2f to %.2f)", theirs[ROUNDS / 2], ratio[ROUNDS / 2],
               ratio[0], ratio[ROUNDS - 1]);
    putchar('\n');
}

int main(void)
{
    int cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
    char version[64] = "";
    Torch torch = torch_new(cores, version);
    double peak[COUNT(CONFIGS)][ROUNDS], ours[COUNT(CONFIGS)][ROUNDS],
        theirs[COUNT(CONFIGS)][ROUNDS];
    for (int r = 0; r < ROUNDS; r++)
        for (int i = 0; i < COUNT(CONFIGS); i++) {
            Config c = CONFIGS[i];
            peak[i][r] = on_all_cores(cores, product, c, multiply) * 2 * PEAK_SIZE *
                         PEAK_SIZE * PEAK_SIZE;
            ours[i][r] = on_all_cores(cores, training, c, train_step) * c.B * c.T;
            theirs[i][r] = torch.to ? torch_rate(torch, c) : 0;
        }
    printf("Training, %d processes on as many cores; share: of the rate of a product of "
           "%d^3 a core;\n%s%s; medians of %d interleaved rounds, ratios with their "
           "range.\n%-24s %9s %8s %9s %7s\n",
           cores, PEAK_SIZE,
           torch.to ? "PyTorch " : "PyTorch: not run (python3-torch is ",
           torch.to ? version : "not installed)", ROUNDS, "L,D,H,T,B,V", "tokens/s",
           "share", torch.to ? "PyTorch" : "", torch.to ? "ratio" : "");
    for (int i = 0; i < COUNT(CONFIGS); i++)
        print_row(CONFIGS[i], peak[i], ours[i], theirs[i], torch.to);
    return 0;
}
