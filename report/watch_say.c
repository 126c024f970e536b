/* watch_say.c - how far the units are, in words and in a block on the terminal.
 *
 * The estimate takes recorded core-seconds, corrected by what has run in this session:
 * machines differ by a factor that is much the same for all findings. It is never less
 * than the longest unit still to come. Words are those of make's own knowledge: started,
 * done, failed, cached; nothing is "successful", that is for the verdicts to say. */
#define _GNU_SOURCE
#include "report/watch.h"
#include "core/base/file.h"
#include "report/plan.h"
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum { LOG_LINES = 20, BAR = 20, HEARTBEAT_S = 30 };

double watch_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* --- estimates ---------------------------------------------------------------------- */

static int count(const Watch *w, UnitState state)
{
    int n = 0;
    for (int i = 0; i < w->n; i++) n += w->unit[i].state == state;
    return n;
}

/* Units that look current count as finished until make starts them. */
static bool looks_finished(const WatchUnit *u)
{
    return u->state > UNIT_RUNNING || (u->state == UNIT_WAITING && u->current);
}

/* [core s] that this unit still costs by its recorded cost. */
static double left(const WatchUnit *u)
{
    if (looks_finished(u)) return 0;
    return u->state == UNIT_RUNNING ? u->cost * (1 - u->progress) : u->cost;
}

double watch_share(const Watch *w)
{
    double all = 0, rest = 0;
    for (int i = 0; i < w->n; i++) {
        if (w->unit[i].state == UNIT_WAITING && w->unit[i].current) continue;
        all += w->unit[i].cost;
        rest += left(&w->unit[i]);
    }
    return all > 0 ? 1 - rest / all : 1;
}

/* Seconds here for a recorded core-second, by units that are done and running ones that
 * have come far enough to tell; 0: nobody knows yet. */
static double speed(const Watch *w)
{
    double took = 0, cost = 0;
    for (int i = 0; i < w->n; i++) {
        const WatchUnit *u = &w->unit[i];
        if (u->state == UNIT_DONE) took += u->took, cost += u->cost;
        else if (u->state == UNIT_RUNNING && u->progress > 0.1)
            took += w->now - u->started, cost += u->progress * u->cost;
    }
    return cost > 0 ? took / cost : 0;
}

double watch_eta(const Watch *w)
{
    double sum = 0, longest = 0, factor = speed(w);
    for (int i = 0; i < w->n; i++) {
        double rest = left(&w->unit[i]);
        sum += rest;
        if (rest > longest) longest = rest;
    }
    if (sum == 0) return 0;
    if (factor == 0) factor = 1;
    double wall = sum / (w->jobs > 0 ? w->jobs : 1);
    return factor * (wall > longest ? wall : longest);
}

/* "[37/75] 61 %  total ETA 18 min" */
static char *total(const Watch *w)
{
    int finished = 0;
    for (int i = 0; i < w->n; i++) finished += looks_finished(&w->unit[i]);
    char *eta = plan_duration(watch_eta(w)),
         *line = text_format("[%d/%d] %.0f %%  total ETA %s", finished, w->n,
                             100 * watch_share(w), eta);
    free(eta);
    return line;
}

/* --- the block ---------------------------------------------------------------------- */

static int terminal_width(void)
{
    struct winsize size;
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20;
    return known ? size.ws_col : 80;
}

static void erase(Watch *w)
{
    if (w->lines) printf("\033[%dA\033[J", w->lines);
    w->lines = 0;
}

static void draw_line(Watch *w, int width, const char *line)
{
    printf("%.*s\n", width - 1, line);
    w->lines++;
}

static void draw_unit(Watch *w, int width, const WatchUnit *u)
{
    int full = (int)(u->progress * BAR + 0.5);
    char bar[BAR + 1];
    for (int i = 0; i < BAR; i++) bar[i] = i < full ? '#' : '.';
    bar[BAR] = 0;
    char *since = plan_duration(w->now - u->started),
         *line = text_format("  %-36s [%s] %3.0f %%  %s", u->name, bar, 100 * u->progress,
                             since);
    draw_line(w, width, line);
    free(since), free(line);
}

static void heartbeat(Watch *w)
{
    Buffer b = { 0 };
    for (int i = 0; i < w->n; i++)
        if (w->unit[i].state == UNIT_RUNNING)
            buffer_format(&b, "%s%s %.0f %%", b.n ? ", " : "; running: ", w->unit[i].name,
                          100 * w->unit[i].progress);
    char *line = total(w);
    printf("%s%s\n", line, b.s ? b.s : "");
    fflush(stdout);
    w->spoken = w->now;
    free(line), free(b.s);
}

void watch_draw(Watch *w)
{
    if (w->interrupted) return;
    if (!w->terminal) {
        if (w->now - w->spoken >= HEARTBEAT_S) heartbeat(w);
        return;
    }
    if (w->now - w->drawn < 0.1) return;
    int width = terminal_width();
    erase(w);
    for (int i = 0; i < w->n; i++)
        if (w->unit[i].state == UNIT_RUNNING) draw_unit(w, width, &w->unit[i]);
    char *line = total(w);
    draw_line(w, width, line);
    free(line);
    fflush(stdout);
    w->drawn = w->now;
}

int watch_pause(const Watch *w)
{
    if (w->terminal) return 250;
    double rest = HEARTBEAT_S - (w->now - w->spoken);
    return rest > 0 ? (int)(1000 * rest) + 1 : 1;
}

/* --- lines -------------------------------------------------------------------------- */

static const char *paint(const Watch *w, const char *code)
{
    return w->colours ? code : "";
}

/* All that is written above the block passes here: the block goes, and comes back with
 * the next watch_draw(). */
static void speak(Watch *w, FILE *f, const char *code, const char *word, const char *rest)
{
    erase(w);
    fflush(stdout);
    fprintf(f, "%s%s%s%s%s\n", paint(w, code), word, paint(w, *code ? "\033[0m" : ""),
            *word && *rest ? " " : "", rest);
    fflush(f);
    w->spoken = w->now;
    w->drawn = 0;
}

void watch_begin(Watch *w)
{
    const char *kind = getenv("TERM");
    w->begin = w->spoken = w->now;
    w->terminal = isatty(STDOUT_FILENO) && kind && strcmp(kind, "dumb");
    w->colours = w->terminal && !getenv("NO_COLOR");
}

void watch_say_line(Watch *w, const char *line) { speak(w, stdout, "", "", line); }

/* On a terminal the block says it. */
void watch_say_started(Watch *w, const WatchUnit *u)
{
    if (!w->terminal) speak(w, stdout, "", "started", u->name);
}

void watch_say_done(Watch *w, const WatchUnit *u)
{
    if (w->terminal) return;
    char *took = plan_duration(u->took), *sum = total(w),
         *rest = text_format("   %s in %s  %s", u->name, took, sum);
    speak(w, stdout, "", "done", rest);
    free(rest), free(sum), free(took);
}

void watch_say_not_run(Watch *w, const WatchUnit *u, const char *reason)
{
    char *rest = text_format("%s: %s", u->name, reason);
    speak(w, stdout, "", "not run", rest);
    free(rest);
}

/* Then even the message had no room. */
static bool disk_is_full(const char *path)
{
    struct statvfs disk;
    return statvfs(path, &disk) == 0 && disk.f_bavail * disk.f_frsize < 1 << 16;
}

static void print_log_end(const char *path)
{
    char *log = file_read(path, NULL);
    char *from = log ? log + strlen(log) : NULL;
    for (int lines = 0; log && from > log && lines <= LOG_LINES; from--)
        if (from[-1] == '\n' && from[0]) lines++;
    if (from && from > log) from = strchr(from, '\n') + 1;
    if (log && *from) fputs(from, stderr);
    else
        fprintf(stderr, "(no output%s)\n",
                disk_is_full(path) ? "; the disk is full" : "");
    free(log);
}

/* "king-queen@long/seed-2" -> the command that computes it without make */
static char *repeat_command(const WatchUnit *u)
{
    int id = (int)strcspn(u->name, "@/");
    const char *seed = strrchr(u->name, '-');
    return text_format(BUILD "/unit/%.*s --seed %s --out %s --inputs " BUILD "/inputs%s",
                       id, u->name, seed ? seed + 1 : "1", u->folder,
                       u->name[id] == '@' ? " --variant long" : "");
}

void watch_say_failed(Watch *w, const WatchUnit *u, const char *how)
{
    char *log = text_format("%s.log", u->folder), *repeat = repeat_command(u),
         *rest = text_format(" %s: %s", u->name, how);
    speak(w, stderr, "\033[31m", "failed", rest);
    if (u->started > 0) {
        fprintf(stderr, "the last lines of %s:\n", log);
        print_log_end(log);
        fprintf(stderr, "to repeat it: %s\n", repeat);
    }
    free(log), free(repeat), free(rest);
}

void watch_say_unreached(Watch *w, const WatchUnit *u)
{
    char *rest = text_format("%s: what it needs was not made", u->name);
    speak(w, stderr, "\033[31m", "not reached", rest);
    free(rest);
}

void watch_say_not_made(Watch *w, const char *target, const char *how)
{
    char *rest = text_format(" %s: %s", target, how);
    speak(w, stderr, "\033[31m", "failed", rest);
    free(rest);
}

void watch_say_broken(Watch *w, const Finding *f)
{
    char *rest = text_format(" %s: %s", f->id, f->broken);
    speak(w, stderr, "\033[31m", "failed", rest);
    free(rest);
}

void watch_say_interrupted(Watch *w)
{
    speak(w, stderr, "", "interrupted:", "stopping the units that run");
}

bool watch_end(Watch *w, int make_status)
{
    int done = count(w, UNIT_DONE), failed = count(w, UNIT_FAILED) + w->broken,
        unreached = count(w, UNIT_UNREACHED), cached = count(w, UNIT_CACHED),
        not_run = count(w, UNIT_NOT_RUN), stopped = count(w, UNIT_RUNNING);
    char *took = plan_duration(w->now - w->begin), *rest,
         *missed = unreached ? text_format("%d not reached, ", unreached) : text_copy(""),
         *absent = not_run ? text_format("%d not run, ", not_run) : text_copy("");
    bool ok = !failed && !unreached && !w->others && make_status == 0;
    if (w->interrupted)
        rest = text_format("interrupted: %d done and kept, %d stopped; the same command "
                           "goes on from there",
                           done, stopped);
    else if (w->n == 0 && ok)
        rest = text_copy("nothing had to be done (no unit matches)");
    else if (done == 0 && not_run == 0 && ok)
        rest = text_format("nothing had to be done (%d cached)", cached);
    else
        rest = text_format("%d done, %d failed, %s%s%d cached in %s", done, failed,
                           missed, absent, cached, took);
    speak(w, stdout, "", "units:", rest);
    free(rest), free(took), free(missed), free(absent);
    return ok;
}
