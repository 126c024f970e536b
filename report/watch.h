/* watch.h - units under way: what watch.c learns and watch_say.c tells. */
#ifndef GLASSBOX_WATCH_H
#define GLASSBOX_WATCH_H

#include "report/suite.h"

typedef enum {
    UNIT_WAITING,
    UNIT_RUNNING,
    UNIT_DONE,
    UNIT_NOT_RUN, /* an input is absent: its result says so */
    UNIT_FAILED,
    UNIT_UNREACHED, /* what it needs was not made */
    UNIT_CACHED,
} UnitState;

typedef struct {
    char *target, *folder, *name; /* build/run/a/seed-1/run.json, its folder, a/seed-1 */
    UnitState state;
    bool current;         /* at the start its result looked like today's */
    double cost;          /* [core s] as recorded or declared */
    double progress;      /* 0 .. 1, as the unit says */
    double started, took; /* [s] */
} WatchUnit;

typedef struct {
    WatchUnit *unit;
    int n, jobs;
    int broken; /* findings that do not compile */
    int others; /* failed targets that are no units: executables, inputs */
    bool interrupted;
    Buffer pending; /* make's output up to the next newline */

    bool terminal, colours;
    int lines;            /* of the status block as drawn */
    double begin, now;    /* [s], monotonic */
    double spoken, drawn; /* when the last line was written, the block last drawn */
} Watch;

WatchUnit *watch_find(Watch *, const char *target); /* NULL: no unit */

double watch_clock(void);
void watch_begin(Watch *);
int watch_pause(const Watch *); /* [ms] until watch_draw() has something to do */
void watch_draw(Watch *);
void watch_say_line(Watch *, const char *line); /* make's own: passed on */
void watch_say_started(Watch *, const WatchUnit *);
void watch_say_done(Watch *, const WatchUnit *);
void watch_say_not_run(Watch *, const WatchUnit *, const char *reason);
/* with the end of its log and the command that repeats it */
void watch_say_failed(Watch *, const WatchUnit *, const char *how);
void watch_say_unreached(Watch *, const WatchUnit *);
void watch_say_not_made(Watch *, const char *target, const char *how);
void watch_say_broken(Watch *, const Finding *);
void watch_say_interrupted(Watch *);
/* The summary. False: something failed. */
bool watch_end(Watch *, int make_status);

/* [s] until all is done: recorded costs, corrected by what has run; -1: unknown. */
double watch_eta(const Watch *);
/* by cost, 0 .. 1 */
double watch_share(const Watch *);

#endif
