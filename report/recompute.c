/* recompute.c - which units to run anew, and running them.
 *
 * A full recomputation of the suite costs hours, a check that nobody waits for is never
 * made. So the budget comes first, and it goes where an error is most likely: to seeds
 * whose published values do not match their hash, then to units whose executable has
 * changed since they were published, then to a rotation over everything else. The
 * rotation is drawn from the commit's hash: another commit checks other seeds, the same
 * commit the same ones, so a failure can be repeated.
 *
 * Every finding gets one seed before any gets a second, and among equals the longest unit
 * starts first, which keeps all cores busy to the end. Results go to a folder of their own and
 * never come from the cache of build/run; only the artefact of a needed finding is taken
 * from there, and only if today's executable made it from today's inputs.
 *
 * Signals are waited for, not handled: no code runs at an arbitrary moment, and there is
 * no global flag. */
#define _GNU_SOURCE
#include "report/recompute.h"
#include "core/base/file.h"
#include "report/result.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* --- the order ---------------------------------------------------------------------- */

enum { SUSPECT, STALE, ROTATION };

bool recompute_values_match(const Finding *f, int row)
{
    Hash hash = result_values_hash(&f->record[row].values);
    return !strcmp(hash.hex, f->index[row].values);
}

bool recompute_tables_match(const Finding *f, int row)
{
    Texts texts;
    if (f->record[row].values.seed != 1) return true;
    if (!result_texts(f->record_folder, &texts)) return false;
    Hash hash = result_texts_hash(&texts);
    result_texts_free(&texts);
    return !strcmp(hash.hex, f->index[row].tables);
}

static Hash turn_of(const char *rotation, const char *id, int seed)
{
    char *text = text_format("%s %s %d", rotation, id, seed);
    Hash hash = hash_bytes(text, strlen(text));
    free(text);
    return hash;
}

/* With another compiler every executable differs, which says nothing about its bits. */
static Unit unit_of(const Finding *f, int row, const char *executable,
                    const RecomputeOptions *o)
{
    const IndexRow *x = &f->index[row];
    bool comparable = !strcmp(x->compiler, o->compiler);
    Unit u = { .finding = f, .seed = x->seed, .row = row, .cost = x->core_s };
    u.suspect = !recompute_values_match(f, row) || !recompute_tables_match(f, row);
    u.stale = comparable && strcmp(x->executable, executable);
    u.rank = u.suspect ? SUSPECT : u.stale ? STALE : ROTATION;
    u.turn = turn_of(o->rotation, f->id, x->seed);
    return u;
}

/* How many seeds of its finding come before this one; seed 1 has tables to compare, so
 * it is the first of a stale finding. */
static void set_levels(Unit *units, int from, int to)
{
    for (int i = from; i < to; i++)
        for (int j = from; j < to; j++) {
            const Unit *a = &units[i], *b = &units[j];
            int before = strcmp(b->turn.hex, a->turn.hex);
            if (a->rank == STALE && a->seed == 1) before = 1;
            if (b->rank == STALE && b->seed == 1) before = -1;
            units[i].level += i != j && before < 0;
        }
}

static int by_merit(const void *a, const void *b)
{
    const Unit *x = a, *y = b;
    if (x->rank != y->rank) return x->rank - y->rank;
    if (x->level != y->level) return x->level - y->level;
    return strcmp(x->turn.hex, y->turn.hex);
}

/* --- the budget --------------------------------------------------------------------- */

typedef struct {
    Unit *unit;
    int n;
    double *load; /* (jobs): seconds already given away on each core */
    const RecomputeOptions *o;
} Plan;

static Unit *find_unit(Unit *units, int n, const char *id, int seed)
{
    for (int i = 0; i < n; i++)
        if (units[i].seed == seed && !strcmp(units[i].finding->id, id)) return &units[i];
    return NULL;
}

static bool fits(Plan *p, double cost)
{
    int least = 0;
    for (int i = 1; i < p->o->jobs; i++)
        if (p->load[i] < p->load[least]) least = i;
    if (p->o->seconds >= 0 && p->load[least] + cost > p->o->seconds) return false;
    p->load[least] += cost;
    return true;
}

/* The folder of a full run of today's executable on today's inputs in build/run; NULL. */
static const char *current_run(const Unit *u, const RecomputeOptions *o)
{
    const Finding *f = u->finding;
    const char *folder = NULL;
    Here here = result_here(f, o->units, o->inputs);
    for (int i = 0; i < f->n_runs && !folder; i++) {
        if (f->runs[i].values.seed != u->seed) continue;
        char *refusal = result_refusal(f, &f->runs[i], &here);
        if (!refusal) folder = f->runs[i].folder;
        free(refusal);
    }
    result_here_free(&here);
    return folder;
}

static bool choose(Plan *p, Unit *u)
{
    if (u->state == UNIT_CHOSEN) return true;
    for (int i = 0; i < u->finding->n_needs; i++) {
        Unit *needed = find_unit(p->unit, p->n, u->finding->needs[i], u->seed);
        if (!needed) return false;
        if (needed->state == UNIT_NOT_REACHED && current_run(needed, p->o))
            needed->state = UNIT_REUSED;
        if (needed->state != UNIT_REUSED && !choose(p, needed)) return false;
    }
    if (!fits(p, u->cost)) return false;
    u->state = UNIT_CHOSEN;
    return true;
}

Unit *recompute_plan(const Suite *suite, const RecomputeOptions *o, int *n)
{
    int room = 0;
    for (int i = 0; i < suite->n; i++) room += suite->findings[i].n_record;
    Unit *units = alloc((size_t)room + 1, sizeof *units);
    *n = 0;
    for (int i = 0; i < suite->n; i++) {
        const Finding *f = &suite->findings[i];
        if (f->broken || !suite_matches(f, o->only)) continue;
        char *path = text_format("%s/%s", o->units, f->id);
        Hash executable = { "" };
        hash_file(path, &executable);
        free(path);
        int from = *n;
        for (int row = 0; row < f->n_record; row++)
            units[(*n)++] = unit_of(f, row, executable.hex, o);
        set_levels(units, from, *n);
    }
    if (*n) qsort(units, (size_t)*n, sizeof *units, by_merit);

    Plan plan = { units, *n, alloc((size_t)o->jobs, sizeof(double)), o };
    for (int i = 0; i < *n; i++) choose(&plan, &units[i]);
    free(plan.load);
    return units;
}

void recompute_free(Unit *units, int n)
{
    for (int i = 0; i < n; i++) result_free(&units[i].fresh), free(units[i].trouble);
    free(units);
}

/* --- running ------------------------------------------------------------------------ */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static char *folder_of(const Unit *u, const RecomputeOptions *o)
{
    return text_format("%s/%s/seed-%d", o->out, u->finding->id, u->seed);
}

/* In the child: never returns. */
_Noreturn static void become(const Unit *u, const RecomputeOptions *o, const char *folder,
                             const char *log)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int out = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (out >= 0) dup2(out, 1), dup2(out, 2);
    char *path = text_format("%s/%s", o->units, u->finding->id),
         *seed = text_format("%d", u->seed);
    execl(path, path, "--seed", seed, "--out", folder, "--inputs", o->inputs,
          (char *)NULL);
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    _exit(127);
}

static void crash(Unit *u, char *trouble)
{
    u->state = UNIT_CRASHED;
    free(u->trouble);
    u->trouble = trouble;
}

static void start(Unit *u, const RecomputeOptions *o)
{
    char *folder = folder_of(u, o), *log = text_format("%s.log", folder),
         *parent = text_format("%s/%s", o->out, u->finding->id);
    u->started = now();
    if (!folder_remove(folder) || !folder_make(parent))
        crash(u, text_format("%s: %s", folder, strerror(errno)));
    else {
        fflush(stdout);
        u->pid = fork();
        if (u->pid == 0) become(u, o, folder, log);
        if (u->pid < 0) crash(u, text_format("no new process: %s", strerror(errno)));
        else u->state = UNIT_RUNNING;
    }
    free(folder), free(log), free(parent);
}

/* The last lines of a log, indented. */
static char *log_end(const char *path)
{
    enum { LINES = 20 };
    char *text = file_read(path, NULL);
    if (!text) return text_copy("");
    char *from = text + strlen(text);
    for (int lines = 0; from > text; from--)
        if (from[-1] == '\n' && from[0] && ++lines == LINES) break;
    Buffer out = { 0 };
    buffer_put(&out, "");
    for (char *line, *rest = from; (line = strsep(&rest, "\n"));)
        if (*line) buffer_format(&out, "\n    %s", line);
    free(text);
    return out.s;
}

static void finish(Unit *u, int status, const RecomputeOptions *o)
{
    char *folder = folder_of(u, o), *log = text_format("%s.log", folder), *error = NULL;
    u->took = now() - u->started;
    u->state = UNIT_DONE;
    if (status != 0) {
        char *end = log_end(log);
        if (WIFSIGNALED(status))
            crash(u, text_format("ended by signal %d%s", WTERMSIG(status), end));
        else crash(u, text_format("exit status %d%s", WEXITSTATUS(status), end));
        free(end);
    } else if (!result_load(folder, u->seed, &u->fresh, &error)) crash(u, error);
    printf("  %s seed %d: %s (%.1f s)\n", u->finding->id, u->seed,
           u->state == UNIT_DONE ? "recomputed" : "failed", u->took);
    fflush(stdout);
    free(folder), free(log);
}

/* A unit that takes many times what it took when it was published hangs. */
static double patience(const Unit *u) { return 120 + 20 * u->cost; }

static int reap(Unit *units, int n, const RecomputeOptions *o)
{
    int running = 0;
    for (int i = 0; i < n; i++) {
        Unit *u = &units[i];
        if (u->state != UNIT_RUNNING) continue;
        int status;
        if (waitpid(u->pid, &status, WNOHANG) == u->pid) {
            finish(u, status, o);
            continue;
        }
        if (now() - u->started > patience(u)) kill(u->pid, SIGKILL);
        running++;
    }
    return running;
}

static void stop(Unit *units, int n)
{
    for (int i = 0; i < n; i++)
        if (units[i].state == UNIT_RUNNING) kill(units[i].pid, SIGTERM);
    for (int i = 0; i < n; i++) {
        if (units[i].state != UNIT_RUNNING) continue;
        waitpid(units[i].pid, NULL, 0);
        units[i].state = UNIT_NOT_REACHED;
    }
}

typedef enum { READY, WAITS, NEVER } Readiness;

static Readiness readiness(Unit *units, int n, const Unit *u)
{
    Readiness all = READY;
    for (int i = 0; i < u->finding->n_needs; i++) {
        const Unit *needed = find_unit(units, n, u->finding->needs[i], u->seed);
        if (!needed || needed->state == UNIT_CRASHED || needed->state == UNIT_NOT_REACHED)
            return NEVER;
        if (needed->state != UNIT_DONE && needed->state != UNIT_REUSED) all = WAITS;
    }
    return all;
}

/* Merit before length, so that a machine slower than the record's leaves out what matters
 * least; units of equal merit start longest first. */
static bool goes_before(const Unit *a, const Unit *b)
{
    if (a->rank != b->rank) return a->rank < b->rank;
    if (a->level != b->level) return a->level < b->level;
    return a->cost > b->cost;
}

/* Seconds by the clock that a core-second of the record has taken here, at least 1. */
static double pace(const Unit *units, int n)
{
    double took = 0, cost = 0;
    for (int i = 0; i < n; i++)
        if (units[i].state == UNIT_DONE) took += units[i].took, cost += units[i].cost;
    return took > cost && cost > 0 ? took / cost : 1;
}

/* The first of the chosen that can start now. Units that can never start, and those that
 * would not end within what is left of the budget, fall back to not reached. */
static Unit *next(Unit *units, int n, double left)
{
    Unit *best = NULL;
    double slow = pace(units, n);
    for (int i = 0; i < n; i++) {
        Unit *u = &units[i];
        if (u->state != UNIT_CHOSEN) continue;
        Readiness r = u->cost * slow > left ? NEVER : readiness(units, n, u);
        if (r == NEVER) u->state = UNIT_NOT_REACHED;
        if (r == READY && (!best || goes_before(u, best))) best = u;
    }
    return best;
}

/* Units look for artefacts beside their own folder. */
static bool link_reused(const Unit *u, const RecomputeOptions *o)
{
    char *folder = folder_of(u, o),
         *parent = text_format("%s/%s", o->out, u->finding->id);
    char *target = realpath(current_run(u, o), NULL);
    bool ok = target && folder_remove(folder) && folder_make(parent) &&
              symlink(target, folder) == 0;
    free(folder), free(parent), free(target);
    return ok;
}

bool recompute_run(Unit *units, int n, const RecomputeOptions *o)
{
    sigset_t wanted, before;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGINT), sigaddset(&wanted, SIGTERM), sigaddset(&wanted, SIGCHLD);
    sigprocmask(SIG_BLOCK, &wanted, &before);

    double began = now();
    bool going = true;
    for (int i = 0; i < n; i++)
        if (units[i].state == UNIT_REUSED && !link_reused(&units[i], o))
            units[i].state = UNIT_NOT_REACHED;
    for (int running = 0; going; running = reap(units, n, o)) {
        double left = o->seconds < 0 ? HUGE_VAL : o->seconds - (now() - began);
        for (Unit *u; running < o->jobs && (u = next(units, n, left));) {
            start(u, o);
            running += u->state == UNIT_RUNNING;
        }
        if (!running) break;
        int signal = sigtimedwait(&wanted, NULL, &(struct timespec){ .tv_sec = 1 });
        going = signal != SIGINT && signal != SIGTERM;
    }
    if (!going) stop(units, n);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return going;
}
