/* junit.c - a verification for machines: JUnit XML, GitHub's annotations and summary.
 *
 * Suite = finding, case = claim, because that is what a reviewer wants to see turn red.
 * Each finding has one more case for its record. Effect, interval, bound and hash are
 * properties of the case, so that a dashboard can draw them over time without parsing
 * prose. tests/junit.dtd states the form. */
#include "report/verify.h"
#include <stdlib.h>
#include <string.h>

/* --- XML ---------------------------------------------------------------------------- */

/* Control characters that XML cannot hold become spaces. */
static void put_xml(Buffer *b, const char *s)
{
    for (; *s; s++)
        if (*s == '&') buffer_put(b, "&amp;");
        else if (*s == '<') buffer_put(b, "&lt;");
        else if (*s == '>') buffer_put(b, "&gt;");
        else if (*s == '"') buffer_put(b, "&quot;");
        else if ((unsigned char)*s < 0x20 && *s != '\n' && *s != '\t') buffer_put(b, " ");
        else buffer_add(b, s, 1);
}

static void attribute(Buffer *b, const char *name, const char *value)
{
    buffer_format(b, " %s=\"", name);
    put_xml(b, value);
    buffer_put(b, "\"");
}

static void count_attribute(Buffer *b, const char *name, int n)
{
    buffer_format(b, " %s=\"%d\"", name, n);
}

static void time_attribute(Buffer *b, double seconds)
{
    buffer_format(b, " time=\"%.3f\"", seconds);
}

static void property(Buffer *b, const char *name, char *value)
{
    buffer_put(b, "      <property");
    attribute(b, "name", name);
    attribute(b, "value", value);
    buffer_put(b, "/>\n");
    free(value);
}

static char *bound_of(const Claim *c)
{
    if (c->side == WITHIN) return text_format("in %.15g .. %.15g", c->bound, c->upper);
    return text_format("%s %.15g", side_sign(c->side), c->bound);
}

static void properties(Buffer *b, const Case *c)
{
    const Claim *claim = &c->finding->claims[c->claim];
    double mean, lo, hi, min, max;
    int n;
    buffer_put(b, "     <properties>\n");
    if (suite_value(c->finding, claim->value, &mean, &lo, &hi, &min, &max, &n)) {
        property(b, "effect", text_format("%.17g", mean));
        property(b, "interval", text_format("%.17g .. %.17g", lo, hi));
    }
    property(b, "bound", bound_of(claim));
    property(b, "hash",
             text_format("%s/%s@%.8s", c->finding->id, claim->id,
                         suite_claim_hash(c->finding, c->claim).hex));
    property(b, "expected", text_copy(verdict_name(claim->expect)));
    property(b, "verdict", text_copy(verdict_name(c->judgement.verdict)));
    property(b, "seeds",
             text_format("%d of %d", c->judgement.cleared, c->judgement.seeds));
    buffer_put(b, "     </properties>\n");
}

static char *joined(const Case *c, const char *separator, int most)
{
    Buffer b = { 0 };
    buffer_put(&b, "");
    for (int i = 0; i < c->n && i < most; i++)
        buffer_format(&b, "%s%s", i ? separator : "", c->reason[i]);
    if (c->n > most) buffer_format(&b, "%sand more", separator);
    return b.s;
}

static void outcome(Buffer *b, const Case *c)
{
    static const char *const element[] = { "system-out", "skipped", "failure", "error",
                                           "failure" };
    if (!c->n) return;
    char *all = joined(c, "\n", c->n);
    buffer_format(b, "     <%s", element[c->outcome]);
    if (c->outcome != CASE_PASSED) attribute(b, "message", c->reason[0]);
    if (c->outcome > CASE_SKIPPED) attribute(b, "type", verify_word(c->outcome));
    buffer_put(b, ">");
    put_xml(b, all);
    buffer_format(b, "</%s>\n", element[c->outcome]);
    free(all);
}

static void testcase(Buffer *b, const Case *c)
{
    const Finding *f = c->finding;
    bool claim = f && c->claim >= 0;
    buffer_put(b, "    <testcase");
    attribute(b, "name", claim ? f->claims[c->claim].id : "record");
    attribute(b, "classname", f ? f->id : c->name);
    attribute(b, "file", c->file);
    count_attribute(b, "line", c->line);
    time_attribute(b, c->took);
    buffer_put(b, ">\n");
    if (claim) properties(b, c);
    outcome(b, c);
    buffer_put(b, "    </testcase>\n");
}

/* Cases from..to-1 are one suite. */
static void testsuite(Buffer *b, const Verification *v, int from, int to)
{
    int n[CASE_FAILED + 1] = { 0 };
    double took = 0;
    for (int i = from; i < to; i++) n[v->c[i].outcome]++, took += v->c[i].took;
    const Finding *f = v->c[from].finding;
    buffer_put(b, "  <testsuite");
    attribute(b, "name", f ? f->id : v->c[from].name);
    count_attribute(b, "tests", to - from);
    count_attribute(b, "failures", n[CASE_FAILED] + n[CASE_INCONCLUSIVE]);
    count_attribute(b, "errors", n[CASE_CRASHED]);
    count_attribute(b, "skipped", n[CASE_SKIPPED]);
    time_attribute(b, took);
    buffer_put(b, ">\n");
    for (int i = from; i < to; i++) testcase(b, &v->c[i]);
    buffer_put(b, "  </testsuite>\n");
}

char *verify_junit(const Verification *v)
{
    Buffer b = { 0 };
    Tally t = verify_tally(v);
    int crashed = 0;
    for (int i = 0; i < v->n; i++) crashed += v->c[i].outcome == CASE_CRASHED;
    buffer_put(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    attribute(&b, "name", "glassbox");
    count_attribute(&b, "tests", v->n);
    count_attribute(&b, "failures", t.failed - crashed);
    count_attribute(&b, "errors", crashed);
    count_attribute(&b, "skipped", t.skipped);
    buffer_put(&b, ">\n");
    for (int from = 0, to; from < v->n; from = to) {
        for (to = from + 1;
             to < v->n && v->c[from].finding && v->c[to].finding == v->c[from].finding;)
            to++;
        testsuite(&b, v, from, to);
    }
    buffer_put(&b, "</testsuites>\n");
    return b.s;
}

/* --- GitHub ------------------------------------------------------------------------- */

enum { SHORT = 3 }; /* reasons that fit where a line is read at a glance */

/* As its runner reads a message: one line, with these three escaped. */
static void put_annotation(Buffer *b, const char *s)
{
    for (; *s; s++)
        if (*s == '%') buffer_put(b, "%25");
        else if (*s == '\r') buffer_put(b, "%0D");
        else if (*s == '\n') buffer_put(b, "%0A");
        else buffer_add(b, s, 1);
}

char *verify_annotations(const Verification *v)
{
    enum { MOST = 8 };
    Buffer b = { 0 };
    buffer_put(&b, "");
    for (int i = 0, told = 0; i < v->n && told < MOST; i++) {
        const Case *c = &v->c[i];
        if (c->outcome <= CASE_SKIPPED) continue;
        char *all = joined(c, "; ", SHORT);
        buffer_format(&b, "::error file=%s,line=%d::%s: ", c->file, c->line, c->name);
        put_annotation(&b, all);
        buffer_put(&b, "\n");
        free(all);
        told++;
    }
    return b.s;
}

/* A bar would end the cell, a line break the row. */
static void put_cell(Buffer *b, const char *s)
{
    for (; *s; s++)
        if (*s == '|') buffer_put(b, "\\|");
        else if (*s == '\n') buffer_put(b, " ");
        else if (*s == '<') buffer_put(b, "&lt;");
        else buffer_add(b, s, 1);
}

char *verify_markdown(const Verification *v)
{
    Buffer b = { 0 };
    Tally t = verify_tally(v);
    buffer_format(&b, "## Glassbox: %d passed, %d failed, %d skipped\n", t.passed,
                  t.failed, t.skipped);
    if (t.failed) buffer_put(&b, "\n| case | outcome | why |\n|---|---|---|\n");
    for (int i = 0; i < v->n; i++) {
        const Case *c = &v->c[i];
        if (c->outcome <= CASE_SKIPPED) continue;
        char *all = joined(c, "; ", SHORT);
        buffer_format(&b, "| `%s` | %s | ", c->name, verify_word(c->outcome));
        put_cell(&b, all);
        buffer_put(&b, " |\n");
        free(all);
    }
    if (v->n_warnings) buffer_put(&b, "\nNot reached within the budget:\n\n");
    for (int i = 0; i < v->n_warnings; i++) buffer_format(&b, "- %s\n", v->warning[i]);
    return b.s;
}
