/* describe.c - main() of every describer: prints what an experiment declares, as JSON for
 * the report and as make rules for its units.
 *
 * The declarations are compiled, never parsed, so a claim with a misspelt field does not
 * get this far. What the compiler cannot see (a bound without a control, a control that
 * is the claim itself, two claims of one name) is said here, when the experiment is built,
 * and not after an hour of runs. All complaints come at once. */
#include "core/base/file.h"
#include "core/base/hash.h"
#include "core/lab/experiment.h"
#include "core/lab/provenance.h"
#include "report/verdict.h"
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- consistency -------------------------------------------------------------------- */

/* Counts and prints what is wrong. */
typedef struct {
    const char *source;
    int wrong;
} Complaints;

static void complain(Complaints *to, const char *part, const char *what)
{
    const char *id = experiment.id ? experiment.id : "?";
    fprintf(stderr, "%s: %s%s%s: %s\n", to->source, id, part ? "/" : "", part ? part : "",
            what);
    to->wrong++;
}

static void want(Complaints *to, bool ok, const char *part, const char *what)
{
    if (!ok) complain(to, part, what);
}

static bool is_id(const char *s)
{
    return s && *s && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(s);
}

static bool is_bound(Side side, double bound, double upper)
{
    return side == WITHIN ? bound < upper : upper == 0;
}

static bool same(const char *a, const char *b) { return a && b && !strcmp(a, b); }

static void check_also(Complaints *to, const Claim *c)
{
    for (int a = 0; a < COUNT(c->also); a++) {
        const Check *check = &c->also[a];
        if (!check->value) {
            want(to, !check->side, c->id, "an .also check without a value");
            continue;
        }
        want(to, a == 0 || c->also[a - 1].value, c->id, "a gap in .also");
        want(to, check->side != 0, c->id, "an .also check without a side");
        want(to, is_bound(check->side, check->bound, check->upper), c->id,
             "an .also check with a wrong .upper: WITHIN needs .bound < .upper, others "
             "none");
    }
}

/* A control must be able to fail: at least one of its values is not the claim's own. */
static bool is_the_claim(const Claim *c, const Control *control)
{
    bool all = same(c->value, control->value);
    for (int a = 0; a < COUNT(c->also) && c->also[a].value; a++)
        all = all && same(c->also[a].value, control->also[a]);
    return all;
}

static void check_control(Complaints *to, const Claim *c, const Control *control)
{
    want(to, control->text, c->id, "a control without words (.text)");
    want(to, is_bound(control->side, control->bound, control->upper), c->id,
         "a control with a wrong .upper: WITHIN needs .bound < .upper, others none");
    want(to, control->side || control->bound == 0, c->id,
         "a control with a bound and no side");
    want(to, !is_the_claim(c, control), c->id,
         "a control that is the claim itself: the same values");
    for (int a = 0; a < COUNT(c->also); a++)
        if (!c->also[a].value != !control->also[a])
            complain(to, c->id, "a control whose .also does not match the claim's .also");
}

static void check_controls(Complaints *to, const Claim *c)
{
    int negative = 0;
    for (int k = 0; k < COUNT(c->controls); k++) {
        const Control *control = &c->controls[k];
        if (!control->value) {
            want(to, !control->text, c->id, "a control without a value (.value)");
            continue;
        }
        want(to, k == 0 || c->controls[k - 1].value, c->id, "a gap in .controls");
        check_control(to, c, control);
        negative += !control->must_pass;
    }
    want(to, !c->side || negative, c->id,
         "a bound without a negative control (.controls)");
}

static void check_claim(Complaints *to, const Claim *c)
{
    want(to, is_id(c->id), c->id, "not an id: expected a-z, 0-9 and hyphens");
    want(to, c->text, c->id, "a claim without a sentence (.text)");
    want(to, c->value, c->id, "a claim without a value (.value)");
    want(to, !c->side || c->why, c->id, "a bound without a reason (.why)");
    want(to, c->side || c->tier == REPORT, c->id,
         "a gate without a bound: set .side, or .tier = REPORT");
    want(to, c->side || (c->bound == 0 && !c->also[0].value), c->id,
         "a .bound or .also without a .side");
    want(to, is_bound(c->side, c->bound, c->upper), c->id,
         "a wrong .upper: WITHIN needs .bound < .upper, others none");
    want(to, c->reference == 0 || c->reference_key, c->id,
         "a .reference without its source (.reference_key)");
    want(to,
         !c->variant || same(c->variant, "default") ||
             (same(c->variant, "long") && experiment.has_long),
         c->id, "a .variant that the finding does not have");
    check_also(to, c);
    check_controls(to, c);
}

static void check_claims(Complaints *to)
{
    want(to, experiment.claims[0].id, NULL, "no claims");
    for (int i = 0; i < COUNT(experiment.claims); i++) {
        const Claim *c = &experiment.claims[i];
        if (!c->id) {
            want(to, !c->text && !c->value, NULL, "a claim without an id (.id)");
            continue;
        }
        check_claim(to, c);
        for (int j = 0; j < i; j++)
            want(to, !same(c->id, experiment.claims[j].id), c->id,
                 "two claims of this name");
    }
}

static void check_tables(Complaints *to)
{
    for (int i = 0; i < COUNT(experiment.tables); i++) {
        const char *id = experiment.tables[i].id, *columns = experiment.tables[i].columns;
        if (!id) {
            want(to, !columns, NULL, "a table without an id");
            continue;
        }
        want(to, is_id(id) && strcmp(id, "values"), id,
             "not a table's id: expected a-z, 0-9 and hyphens, and not \"values\"");
        want(to, columns && *columns, id, "a table without columns");
        for (int j = 0; j < i; j++)
            want(to, !same(id, experiment.tables[j].id), id, "two tables of this name");
    }
}

static void check_identity(Complaints *to)
{
    const char *slash = strrchr(to->source, '/'), *name = slash ? slash + 1 : to->source;
    char *file = text_format("%s.c", experiment.id ? experiment.id : "");
    char *place = text_format("experiments/%s/%s",
                              experiment.section ? experiment.section : "", file);
    want(to, is_id(experiment.id), NULL, "no .id of a-z, 0-9 and hyphens");
    want(to, same(file, name), NULL, ".id is not the file's name");
    want(to, experiment.title, NULL, "no .title");
    want(to, experiment.section, NULL, "no .section");
    want(to, experiment.cites, NULL, "no .cites");
    want(to, !experiment.section || same(place, to->source), NULL,
         ".section is not the file's folder below experiments/");
    free(file), free(place);
}

static int check(const char *source)
{
    Complaints to = { .source = source };
    check_identity(&to);
    want(&to, experiment.run, NULL, "no .run");
    want(&to, experiment.seeds >= 1, NULL, "no .seeds");
    want(&to, experiment.core_s > 0, NULL, "no .core_s");
    want(&to, experiment.has_long == (experiment.long_core_s > 0), NULL,
         ".has_long and .long_core_s belong together");
    for (int i = 0; i < COUNT(experiment.carries); i++)
        if (!experiment.carries[i]) {
            complain(
                &to, NULL,
                "no .carries: source setting, here, what carries over, what does not");
            break;
        }
    check_tables(&to);
    check_claims(&to);
    return to.wrong;
}

/* --- JSON --------------------------------------------------------------------------- */

static json_t *text_or_null(const char *s) { return s ? json_string(s) : json_null(); }

/* "a, b, c" as an array of its parts. */
static json_t *split(const char *list)
{
    json_t *a = json_array();
    char *copy = text_copy(list ? list : ""), *rest = copy;
    for (char *part; (part = strsep(&rest, ",")) != NULL;) {
        part += strspn(part, " ");
        size_t n = strlen(part);
        while (n && part[n - 1] == ' ') part[--n] = 0;
        if (n) json_array_append_new(a, json_string(part));
    }
    free(copy);
    return a;
}

static json_t *texts(const char *const *list, int n)
{
    json_t *a = json_array();
    for (int i = 0; i < n && list[i]; i++) json_array_append_new(a, json_string(list[i]));
    return a;
}

static json_t *check_json(const char *value, Side side, double bound, double upper)
{
    json_t *o = json_object();
    json_object_set_new(o, "value", text_or_null(value));
    json_object_set_new(o, "side", json_string(side_name(side)));
    json_object_set_new(o, "bound", json_real(bound));
    json_object_set_new(o, "upper", json_real(upper));
    return o;
}

static json_t *control_json(const Control *c)
{
    json_t *o = check_json(c->value, c->side, c->bound, c->upper);
    json_object_set_new(o, "text", text_or_null(c->text));
    json_object_set_new(o, "also", texts(c->also, COUNT(c->also)));
    json_object_set_new(o, "must_pass", json_boolean(c->must_pass));
    return o;
}

/* The line of the source on which the claim declares its id. The finding's own .id, which
 * may be the same, stands before CLAIMS. */
static int line_of(const char *source_text, const char *id)
{
    char *needle = text_format(".id = \"%s\"", id);
    const char *claims = strstr(source_text, "CLAIMS("),
               *at = strstr(claims ? claims : source_text, needle);
    int line = 1;
    for (const char *p = source_text; at && p < at; p++) line += *p == '\n';
    free(needle);
    return line;
}

static json_t *claim_json(const Claim *c, const char *source_text)
{
    json_t *o = check_json(c->value, c->side, c->bound, c->upper), *also = json_array(),
           *controls = json_array();
    for (int i = 0; i < COUNT(c->also) && c->also[i].value; i++)
        json_array_append_new(also, check_json(c->also[i].value, c->also[i].side,
                                               c->also[i].bound, c->also[i].upper));
    for (int i = 0; i < COUNT(c->controls) && c->controls[i].value; i++)
        json_array_append_new(controls, control_json(&c->controls[i]));
    json_object_set_new(o, "id", json_string(c->id));
    json_object_set_new(o, "text", text_or_null(c->text));
    json_object_set_new(o, "line", json_integer(line_of(source_text, c->id)));
    json_object_set_new(o, "also", also);
    json_object_set_new(o, "controls", controls);
    json_object_set_new(o, "expect", json_string(verdict_name(c->expect)));
    json_object_set_new(o, "tier", json_string(c->tier == GATE ? "gate" : "report"));
    json_object_set_new(o, "variant", text_or_null(c->variant));
    json_object_set_new(o, "why", text_or_null(c->why));
    json_object_set_new(o, "reference",
                        c->reference_key ? json_real(c->reference) : json_null());
    json_object_set_new(o, "reference_key", text_or_null(c->reference_key));
    return o;
}

static int print_json(const char *source)
{
    size_t n;
    char *text = file_read(source, &n);
    if (!text) return fprintf(stderr, "%s: %s\n", source, strerror(errno)), 2;
    json_t *o = json_object(), *tables = json_array(), *claims = json_array();
    for (int i = 0; i < COUNT(experiment.tables) && experiment.tables[i].id; i++) {
        json_t *t = json_object();
        json_object_set_new(t, "id", json_string(experiment.tables[i].id));
        json_object_set_new(t, "columns", split(experiment.tables[i].columns));
        json_array_append_new(tables, t);
    }
    for (int i = 0; i < COUNT(experiment.claims) && experiment.claims[i].id; i++)
        json_array_append_new(claims, claim_json(&experiment.claims[i], text));
    Hash blob = hash_git_blob(text, n);
    json_object_set_new(o, "id", json_string(experiment.id));
    json_object_set_new(o, "title", json_string(experiment.title));
    json_object_set_new(o, "section", json_string(experiment.section));
    json_object_set_new(o, "source", json_string(source));
    json_object_set_new(o, "source_sha1", json_string(blob.hex));
    json_object_set_new(o, "cites", split(experiment.cites));
    json_object_set_new(o, "seeds", json_integer(experiment.seeds));
    json_object_set_new(o, "core_s", json_real(experiment.core_s));
    json_object_set_new(o, "long_core_s", json_real(experiment.long_core_s));
    json_object_set_new(o, "quick", json_boolean(experiment.quick));
    json_object_set_new(o, "needs", texts(experiment.needs, COUNT(experiment.needs)));
    json_object_set_new(o, "inputs", texts(experiment.inputs, COUNT(experiment.inputs)));
    json_object_set_new(o, "artefact", text_or_null(experiment.artefact));
    json_object_set_new(o, "carries",
                        texts(experiment.carries, COUNT(experiment.carries)));
    json_object_set_new(o, "tables", tables);
    json_object_set_new(o, "claims", claims);
    json_dumpf(o, stdout, JSON_INDENT(1));
    putchar('\n');
    json_decref(o);
    free(text);
    return file_close(stdout) ? 0 : 2;
}

/* --- make rules --------------------------------------------------------------------- */

/* One pattern rule per variant, so any seed can be asked for, and a finding's seed waits
 * for the same seed of what it needs. $(B) is the flavour's build folder. */
static int print_rules(void)
{
    static const char *const variants[] = { "", "@long" };
    for (int v = 0; v < 1 + experiment.has_long; v++) {
        printf("$(B)/run/%s%s/seed-%%/run.json: $(B)/unit/%s $(B)/inputs/lib-blis.sha256",
               experiment.id, variants[v], experiment.id);
        for (int i = 0; i < COUNT(experiment.inputs) && experiment.inputs[i]; i++) {
            char *stamp = provenance_stamp_name(experiment.inputs[i]);
            printf(" $(B)/inputs/%s", stamp);
            free(stamp);
        }
        for (int i = 0; i < COUNT(experiment.needs) && experiment.needs[i]; i++)
            printf(" $(B)/run/%s/seed-%%/run.json", experiment.needs[i]);
        printf("\n\t$(call run-unit,%s,%s)\n", experiment.id, v ? "--variant long" : "");
    }
    for (int i = 0; i < COUNT(experiment.needs) && experiment.needs[i]; i++)
        printf("smoke-%s: smoke-%s\n", experiment.id, experiment.needs[i]);
    for (int i = 0; i < COUNT(experiment.inputs) && experiment.inputs[i]; i++) {
        char *stamp = provenance_stamp_name(experiment.inputs[i]);
        printf("INPUT.%s := %s\n", stamp, experiment.inputs[i]);
        free(stamp);
    }
    return file_close(stdout) ? 0 : 2;
}

/* --- what an experiment may call ---------------------------------------------------- */

/* Its run() is linked into the describer and never called: these satisfy the linker. */
_Noreturn static void never(void) { die("a describer runs nothing"); }

void record(Run *run, const char *name, double x)
{
    (void)run, (void)name, (void)x, never();
}
void record_absent(Run *run, const char *name) { (void)run, (void)name, never(); }
void observe(Run *run, const char *name, double x)
{
    (void)run, (void)name, (void)x, never();
}
bool variant(Run *run, const char *name) { (void)run, (void)name, never(); }
void progress(Run *run, double done) { (void)run, (void)done, never(); }
void bad_input(Run *run, const char *message) { (void)run, (void)message, never(); }

void row_n(Run *run, const char *table, const char *label, int n, const double *x)
{
    (void)run, (void)table, (void)label, (void)n, (void)x, never();
}

void listing(Run *run, const char *name, const char *fmt, ...)
{
    (void)run, (void)name, (void)fmt, never();
}

const char *artefact_path(Run *run, const char *id) { (void)run, (void)id, never(); }
const char *input_path(Run *run, const char *input) { (void)run, (void)input, never(); }
char *run_place(Run *run, const char *ending) { (void)run, (void)ending, never(); }
char *run_identity(Run *run) { (void)run, never(); }
int scaled(Run *run, int full, int smoke) { (void)run, (void)full, (void)smoke, never(); }

void precondition(Run *run, const char *claim, bool ok, const char *text)
{
    (void)run, (void)claim, (void)ok, (void)text, never();
}

/* --- main --------------------------------------------------------------------------- */

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "--json"))
        return check(argv[2]) ? 2 : print_json(argv[2]);
    if (argc == 2 && !strcmp(argv[1], "--rules")) return print_rules();
    fprintf(stderr, "usage: %s --json SOURCE | --rules\n", argv[0]);
    return 2;
}
