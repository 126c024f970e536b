/* watch.c - `glassbox watch -- COMMAND`: runs the make that runs the units, and says what
 * is going on.
 *
 * Make is the scheduler; this only reads its output. A recipe announces "@start TARGET"
 * and "@done TARGET", make itself says which target failed, and how far a running unit
 * has come stands in its folder's `progress` file. What make passed over without a word
 * is called cached, because it was. Rejected: driving the units from here, which would
 * be a second scheduler with its own idea of what is current.
 *
 * On a terminal a status block is redrawn below the log; elsewhere there is a line per
 * change and a heartbeat. Signals come through a descriptor, so there are no handlers
 * and no state that they could find half-changed. Make dies with this process, and the
 * units with make. */
#define _GNU_SOURCE
#include "core/base/file.h"
#include "report/command.h"
#include "report/plan.h"
#include "report/watch.h"
#include "report/why.h"
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- the units under watch ---------------------------------------------------------- */

WatchUnit *watch_find(Watch *w, const char *target)
{
    for (int i = 0; i < w->n; i++)
        if (!strcmp(w->unit[i].target, target)) return &w->unit[i];
    return NULL;
}

/* "build/run/king-queen/seed-1/run.json" -> folder and name "king-queen/seed-1" */
static void name_unit(WatchUnit *u)
{
    u->folder = text_copy(u->target);
    char *slash = strrchr(u->folder, '/');
    if (slash) *slash = 0;
    const char *p = u->folder + strlen(u->folder);
    for (int slashes = 0; p > u->folder && slashes < 2; p--)
        if (p[-1] == '/' && ++slashes == 2) break;
    u->name = text_copy(p);
}

/* Costs by the plan, 1 s where it knows none; and which results look current already. */
static void price_units(Watch *w, Suite *s)
{
    for (int i = 0; i < w->n; i++) {
        PlanUnit planned;
        if (!plan_unit_parse(s, w->unit[i].name, &planned)) continue;
        char *stale = why_unit(&planned);
        w->unit[i].cost = planned.cost;
        w->unit[i].current = !stale;
        free(stale);
    }
}

static bool read_units(Watch *w, const char *path)
{
    char *text = file_read(path, NULL), *rest = text;
    if (!text) return fprintf(stderr, "%s: %s\n", path, strerror(errno)), false;
    int room = 1;
    for (char *c = text; *c; c++) room += *c == '\n';
    w->unit = alloc((size_t)room, sizeof *w->unit);
    for (char *line; (line = strsep(&rest, "\n"));) {
        if (!*line) continue;
        WatchUnit *u = &w->unit[w->n++];
        *u = (WatchUnit){ .target = text_copy(line), .cost = 1 };
        name_unit(u);
    }
    free(text);
    return true;
}

static void free_units(Watch *w)
{
    for (int i = 0; i < w->n; i++)
        free(w->unit[i].target), free(w->unit[i].folder), free(w->unit[i].name);
    free(w->unit);
}

static void remove_beside(const WatchUnit *u, const char *ending)
{
    char *path = text_format("%s%s", u->folder, ending);
    folder_remove(path);
    free(path);
}

/* What a kill has left: an older result that was on its way out, half of a newer one. A
 * unit that will run clears its own half. */
static void remove_leftovers(const Watch *w)
{
    for (int i = 0; i < w->n; i++) {
        remove_beside(&w->unit[i], ".stale");
        if (w->unit[i].current) remove_beside(&w->unit[i], ".partial");
    }
}

static void read_progress(WatchUnit *u)
{
    char *path = text_format("%s.partial/progress", u->folder),
         *text = file_read(path, NULL);
    double done = text ? strtod(text, NULL) : 0;
    if (done > u->progress && done <= 1) u->progress = done;
    free(text), free(path);
}

/* --- make's words ------------------------------------------------------------------- */

/* "make: *** [FILE:LINE: TARGET] Error 2" -> TARGET and "Error 2", in place. */
static bool parse_failure(char *line, char **target, char **how)
{
    char *stars = strstr(line, "*** ["), *end = stars ? strstr(stars, "] ") : NULL;
    if (!end) return false;
    *end = 0;
    *how = end + 2;
    char *colon = strrchr(stars, ' ');
    *target = colon ? colon + 1 : stars + strlen("*** [");
    return true;
}

/* "build/obj/unit/ID.o", "build/unit/ID.stamp": then the units of ID are not reached;
 * anything else, a core file or an input, is in the way of all that wait. */
static void not_made(Watch *w, const char *target, const char *how)
{
    const char *base = strrchr(target, '/');
    base = base ? base + 1 : target;
    size_t n = strcspn(base, ".");
    bool ours = strstr(target, "unit/") != NULL;
    for (int i = 0; i < w->n; i++) {
        WatchUnit *u = &w->unit[i];
        bool same = !strncmp(u->name, base, n) && strchr("@/", u->name[n]);
        if (u->state == UNIT_WAITING && (!ours || same)) u->state = UNIT_UNREACHED;
    }
    w->others++;
    watch_say_not_made(w, target, how);
}

/* Has an input been absent? Then that is said, in every report anew. */
static bool was_not_run(Watch *w, WatchUnit *u)
{
    json_t *run = json_load_file(u->target, 0, NULL);
    const char *reason = json_string_value(json_object_get(run, "not_run"));
    if (reason) {
        u->state = UNIT_NOT_RUN;
        watch_say_not_run(w, u, reason);
    }
    json_decref(run);
    return reason;
}

static void unit_done(Watch *w, WatchUnit *u)
{
    u->took = w->now - u->started;
    if (was_not_run(w, u)) return;
    u->state = UNIT_DONE;
    watch_say_done(w, u);
}

static void unit_failed(Watch *w, WatchUnit *u, const char *how)
{
    u->state = UNIT_FAILED;
    remove_beside(u, ".partial");
    watch_say_failed(w, u, how);
}

static bool is_noise(const char *line)
{
    return !*line || strstr(line, "Nothing to be done for") ||
           strstr(line, " is up to date.") ||
           strstr(line, " not remade because of errors");
}

static void take_line(Watch *w, char *line)
{
    char *target, *how;
    WatchUnit *u;
    if (!strncmp(line, "@start ", 7) && (u = watch_find(w, line + 7))) {
        u->state = UNIT_RUNNING;
        u->started = w->now;
        watch_say_started(w, u);
    } else if (!strncmp(line, "@done ", 6) && (u = watch_find(w, line + 6))) {
        /* without a start its result was current and kept */
        if (u->state == UNIT_RUNNING) unit_done(w, u);
    } else if (parse_failure(line, &target, &how)) {
        u = watch_find(w, target);
        if (w->interrupted) return;
        if (u) unit_failed(w, u, how);
        else not_made(w, target, how);
    } else if (!is_noise(line) && !w->interrupted) watch_say_line(w, line);
}

/* False at the end of make's output. */
static bool take_output(Watch *w, int fd)
{
    char chunk[4096];
    ssize_t n = read(fd, chunk, sizeof chunk);
    if (n <= 0) return n < 0 && (errno == EINTR || errno == EAGAIN);
    buffer_add(&w->pending, chunk, (size_t)n);
    char *line = w->pending.s, *newline;
    while ((newline = strchr(line, '\n'))) {
        *newline = 0;
        take_line(w, line);
        line = newline + 1;
    }
    w->pending.n = strlen(line);
    memmove(w->pending.s, line, w->pending.n + 1);
    return true;
}

/* --- running ------------------------------------------------------------------------ */

/* One run at a time in a build folder. The units inherit the lock, so one that outlived
 * its make still holds it. */
static int take_lock(void)
{
    int fd = open(BUILD "/lock", O_RDWR | O_CREAT, 0666);
    if (fd < 0) return fprintf(stderr, BUILD "/lock: %s\n", strerror(errno)), -1;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
    fprintf(stderr, "units: another run is at work in " BUILD "/run; waiting for it\n");
    if (flock(fd, LOCK_EX) == 0) return fd;
    return fprintf(stderr, BUILD "/lock: %s\n", strerror(errno)), close(fd), -1;
}

static pid_t start(char **command, int *output)
{
    int ends[2];
    require(pipe2(ends, O_CLOEXEC) == 0, "no pipe: %s", strerror(errno));
    pid_t parent = getpid(), pid = fork();
    require(pid >= 0, "no process: %s", strerror(errno));
    if (pid == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent) _exit(EXIT_INTERRUPTED);
        dup2(ends[1], 1), dup2(ends[1], 2);
        execvp(command[0], command);
        fprintf(stderr, "%s: %s\n", command[0], strerror(errno));
        _exit(127);
    }
    close(ends[1]);
    *output = ends[0];
    return pid;
}

static int signal_descriptor(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT), sigaddset(&set, SIGTERM), sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int fd = signalfd(-1, &set, SFD_CLOEXEC);
    require(fd >= 0, "no signal descriptor: %s", strerror(errno));
    return fd;
}

/* Make has the same signal from the terminal, or not, if this process alone got it. */
static void interrupt(Watch *w, int signals, pid_t make)
{
    struct signalfd_siginfo info;
    if (read(signals, &info, sizeof info) != sizeof info) return;
    if (!w->interrupted) watch_say_interrupted(w);
    w->interrupted = true;
    kill(make, SIGTERM);
}

static int attend(Watch *w, pid_t make, int output, int signals)
{
    struct pollfd fds[] = { { output, POLLIN, 0 }, { signals, POLLIN, 0 } };
    for (bool open = true; open;) {
        int ready = poll(fds, COUNT(fds), watch_pause(w));
        require(ready >= 0 || errno == EINTR, "poll: %s", strerror(errno));
        w->now = watch_clock();
        if (ready > 0 && fds[1].revents) interrupt(w, signals, make);
        if (ready > 0 && fds[0].revents) open = take_output(w, output);
        for (int i = 0; i < w->n; i++)
            if (w->unit[i].state == UNIT_RUNNING) read_progress(&w->unit[i]);
        watch_draw(w);
    }
    int status;
    while (waitpid(make, &status, 0) < 0)
        require(errno == EINTR, "waitpid: %s", strerror(errno));
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_USAGE;
}

/* --- what make left unsaid ----------------------------------------------------------- */

static bool lost(const WatchUnit *u)
{
    return u && (u->state == UNIT_FAILED || u->state == UNIT_UNREACHED);
}

static bool needs_a_lost_one(Watch *w, Suite *s, const WatchUnit *u)
{
    PlanUnit planned;
    if (!plan_unit_parse(s, u->name, &planned)) return false;
    bool found = false;
    for (int i = 0; i < planned.finding->n_needs; i++) {
        char *target = text_format(BUILD "/run/%s/seed-%d/run.json",
                                   planned.finding->needs[i], planned.seed);
        found |= lost(watch_find(w, target));
        free(target);
    }
    return found;
}

/* A unit that make passed over is cached, unless something that it needs was lost. */
static void settle(Watch *w, Suite *s)
{
    if (w->interrupted) return;
    for (bool changed = true; changed;) {
        changed = false;
        for (int i = 0; i < w->n; i++)
            if (w->unit[i].state == UNIT_WAITING && needs_a_lost_one(w, s, &w->unit[i])) {
                w->unit[i].state = UNIT_UNREACHED;
                changed = true;
            }
    }
    for (int i = 0; i < w->n; i++) {
        WatchUnit *u = &w->unit[i];
        if (u->state == UNIT_WAITING && !was_not_run(w, u))
            u->state = file_exists(u->target) ? UNIT_CACHED : UNIT_UNREACHED;
        if (u->state == UNIT_UNREACHED) watch_say_unreached(w, u);
    }
}

/* --- the command -------------------------------------------------------------------- */

typedef struct {
    const char *units, *only;
    int jobs;
    char **command;
} Options;

static error_t parse(int key, char *arg, struct argp_state *state)
{
    Options *o = state->input;
    switch (key) {
    case 'u':
        o->units = arg;
        return 0;
    case 'o':
        o->only = arg;
        return 0;
    case 'j':
        o->jobs = atoi(arg);
        if (o->jobs < 1) argp_error(state, "--jobs %s: expected a number from 1", arg);
        return 0;
    case ARGP_KEY_ARGS:
        o->command = state->argv + state->next;
        state->next = state->argc;
        return 0;
    case ARGP_KEY_END:
        if (!o->command || !o->units)
            argp_error(state, "expected --units FILE -- COMMAND");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int broken_findings(const Suite *s, const char *only, Watch *w)
{
    int n = 0;
    for (int i = 0; i < s->n; i++)
        if (s->findings[i].broken && suite_matches(&s->findings[i], only)) {
            watch_say_broken(w, &s->findings[i]);
            n++;
        }
    return n;
}

int command_watch(int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "units", 'u', "FILE", 0, "the targets under watch, one a line", 0 },
        { "only", 'o', "PATTERNS", 0, "name these findings if they do not compile", 0 },
        { "jobs", 'j', "N", 0, "units side by side, for the estimate", 0 },
        { 0 }
    };
    static const struct argp argp = {
        options,
        parse,
        "-- COMMAND...",
        "Runs COMMAND, a make that makes the units, and shows how far they are.",
        NULL,
        NULL,
        NULL
    };
    Options o = { .jobs = 1 };
    argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &o);
    Watch w = { .jobs = o.jobs, .now = watch_clock() };
    watch_begin(&w);
    if (!read_units(&w, o.units)) return EXIT_USAGE;
    Suite *s = suite_open();
    if (!s) return free_units(&w), EXIT_USAGE;
    price_units(&w, s);
    w.broken = broken_findings(s, o.only, &w);
    int lock = take_lock();
    if (lock < 0) return suite_free(s), free_units(&w), EXIT_USAGE;
    remove_leftovers(&w);
    int signals = signal_descriptor(), output;
    pid_t make = start(o.command, &output);
    int status = attend(&w, make, output, signals);
    settle(&w, s);
    bool ok = watch_end(&w, status);
    close(output), close(signals), close(lock);
    free(w.pending.s), suite_free(s), free_units(&w);
    return w.interrupted ? EXIT_INTERRUPTED : ok ? EXIT_AS_EXPECTED : EXIT_USAGE;
}
