/* mini.c - the miniature suite. Values are chosen so that every claim holds with room
 * to either side, and alpha's score can be moved below its bound in one seed only. */
#define _GNU_SOURCE
#include "tests/mini.h"
#include "core/base/file.h"
#include "core/lab/provenance.h"
#include "report/golden.h"
#include "report/record.h"
#include "report/verify.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define BLIS "b115000000000000000000000000000000000000000000000000000000000000"

typedef struct {
    char *before, *root;
} Mini;

/* --- files -------------------------------------------------------------------------- */

void mini_write(const char *path, const char *text)
{
    char *folder = text_copy(path), *slash = strrchr(folder, '/');
    if (slash) {
        *slash = 0;
        assert_true(folder_make(folder));
    }
    assert_true(file_write(path, text, strlen(text)));
    free(folder);
}

char *mini_read(const char *path)
{
    char *text = file_read(path, NULL);
    if (!text) fail_msg("%s cannot be read", path);
    return text;
}

void mini_replace(const char *path, const char *old, const char *fresh)
{
    char *text = mini_read(path), *at = strstr(text, old);
    if (!at) fail_msg("%s has no \"%s\"", path, old);
    Buffer b = { 0 };
    buffer_add(&b, text, (size_t)(at - text));
    buffer_put(&b, fresh);
    buffer_put(&b, at + strlen(old));
    mini_write(path, b.s);
    free(text), free(b.s);
}

void mini_expect(const char *path, const char *part)
{
    char *text = mini_read(path);
    if (!strstr(text, part)) fail_msg("%s has no \"%s\" but:\n%s", path, part, text);
    free(text);
}

/* --- the two findings --------------------------------------------------------------- */

static const char alpha_json[] =
    "{\"id\":\"alpha\",\"title\":\"Alpha scores\",\"section\":\"part/one\","
    "\"source\":\"experiments/part/one/alpha.c\",\"source_sha1\":\"0123abcd\","
    "\"cites\":[],\"seeds\":3,\"core_s\":1.0,\"long_core_s\":0.0,\"quick\":true,"
    "\"needs\":[],\"inputs\":[\"data/facts/x.csv\"],\"artefact\":null,\"carries\":[],"
    "\"tables\":[{\"id\":\"curve\",\"columns\":[\"step\",\"loss\"]}],\"claims\":["
    "{\"value\":\"score\",\"side\":\"above\",\"bound\":0.6,\"upper\":0.0,"
    "\"id\":\"high\",\"text\":\"the score is high & <clear>\",\"line\":7,\"also\":[],"
    "\"controls\":[{\"value\":\"null score\",\"side\":\"none\",\"bound\":0.0,"
    "\"upper\":0.0,\"text\":\"shuffled\",\"also\":[],\"must_pass\":false}],"
    "\"expect\":\"HOLDS\",\"tier\":\"gate\",\"variant\":null,\"why\":\"pilot\","
    "\"reference\":null,\"reference_key\":null},"
    "{\"value\":\"gap\",\"side\":\"within\",\"bound\":0.1,\"upper\":0.2,"
    "\"id\":\"gap\",\"text\":\"the gap lies between\",\"line\":9,\"also\":[],"
    "\"controls\":[{\"value\":\"null gap\",\"side\":\"below\",\"bound\":0.01,"
    "\"upper\":0.0,\"text\":\"untrained\",\"also\":[],\"must_pass\":false}],"
    "\"expect\":\"HOLDS\",\"tier\":\"gate\",\"variant\":null,\"why\":\"theory\","
    "\"reference\":null,\"reference_key\":null}]}\n";

static const char beta_json[] =
    "{\"id\":\"beta\",\"title\":\"Beta falls\",\"section\":\"part/two\","
    "\"source\":\"experiments/part/two/beta.c\",\"source_sha1\":\"4567ef01\","
    "\"cites\":[],\"seeds\":2,\"core_s\":2.0,\"long_core_s\":0.0,\"quick\":false,"
    "\"needs\":[],\"inputs\":[],\"artefact\":null,\"carries\":[],\"tables\":[],"
    "\"claims\":[{\"value\":\"fall, total\",\"side\":\"over\",\"bound\":1.0,"
    "\"upper\":0.0,\"id\":\"falls\",\"text\":\"it falls\",\"line\":3,\"also\":[],"
    "\"controls\":[{\"value\":\"null fall\",\"side\":\"none\",\"bound\":0.0,"
    "\"upper\":0.0,\"text\":\"at rest\",\"also\":[],\"must_pass\":false}],"
    "\"expect\":\"HOLDS\",\"tier\":\"gate\",\"variant\":null,\"why\":\"pilot\","
    "\"reference\":null,\"reference_key\":null}]}\n";

/* As the core's main() of a unit: partial folder, values, tables, run.json, rename. A
 * file world/ID/crash or world/sleep makes it crash or hang. */
static const char unit_script[] =
    "#!/bin/sh\n"
    "id=${0##*/}\n"
    "while [ $# -gt 0 ]; do case $1 in --seed) seed=$2;; --out) out=$2;; esac; shift 2; "
    "done\n"
    "[ ! -e world/sleep ] || exec sleep 60\n"
    "[ ! -e world/$id/crash ] || { echo \"$id: the planted crash\" >&2; exit 3; }\n"
    "rm -rf $out $out.partial\n"
    "mkdir -p $out.partial\n"
    "cp world/$id/seed-$seed/* $out.partial/\n"
    "exe=$(sha256sum $0 | cut -c1-64)\n"
    "input=$(sha256sum data/facts/x.csv | cut -c1-64)\n"
    "sed \"s/@EXE@/$exe/; s/@SEED@/$seed/; s/@ID@/$id/; s/@INPUT@/$input/\" \\\n"
    "  world/run.json > $out.partial/run.json\n"
    "mv $out.partial $out\n";

static void write_world(const char *id, int seed, const char *values)
{
    char *path = text_format("world/%s/seed-%d/values.csv", id, seed);
    mini_write(path, values);
    free(path);
}

static void write_run_json(void)
{
    json_t *here = provenance_json(NULL, NULL, 0, 0, NULL);
    const char *compiler = json_string_value(json_object_get(here, "compiler"));
    char *text = text_format(
        "{\"finding\":\"@ID@\",\"seed\":@SEED@,\"executable\":\"@EXE@\",\"smoke\":false,"
        "\"real\":\"float\",\"flags\":\"-O3\",\"selftest\":true,\"compiler\":\"%s\","
        "\"cpu\":\"a CPU, with a comma\",\"date\":\"2026-11-24T12:00:00Z\","
        "\"core_s\":0.25,\"peak_rss_kb\":1000,"
        "\"inputs\":{\"data/facts/x.csv\":{\"sha256\":\"@INPUT@\"}},"
        "\"blis\":{\"version\":\"0.9.0\",\"sha256\":\"" BLIS "\"}}\n",
        compiler);
    mini_write("world/run.json", text);
    free(text);
    json_decref(here);
}

void mini_new_input(const char *text)
{
    mini_write("data/facts/x.csv", text);
    Hash hash;
    assert_true(hash_file("data/facts/x.csv", &hash));
    char *stamp = text_format("%s\n", hash.hex);
    mini_write(BUILD "/inputs/data-facts-x.csv.sha256", stamp);
    free(stamp);
}

void mini_new_executable(const char *id, const char *comment)
{
    char *path = text_format(BUILD "/unit/%s", id),
         *text = text_format("%s# %s\n", unit_script, comment);
    mini_write(path, text);
    assert_int_equal(chmod(path, 0755), 0);
    free(path), free(text);
}

static void write_all(void)
{
    mini_write("CITATION.cff", "cff-version: 1.2.0\ntitle: \"Mini: a suite\"\n"
                               "version: 1.2.3\ndate-released: 2026-11-24\nauthors:\n"
                               "  - name: \"Mini contributors\"\n");
    mini_write(BUILD "/desc/alpha.json", alpha_json);
    mini_write(BUILD "/desc/beta.json", beta_json);
    mini_write("experiments/part/one/alpha.c", "/* alpha */\n");
    mini_write("experiments/part/two/beta.c", "/* beta */\n");
    mini_write(BUILD "/inputs/lib-blis.sha256", BLIS "\n0.9.0\n");
    mini_new_input("x\n1\n");
    mini_new_executable("alpha", "first");
    mini_new_executable("beta", "first");
    write_run_json();
    write_world("alpha", 1,
                "name,value\nscore,0.75\nnull score,0.125\ngap,0.15\n"
                "null gap,0.001\n?: it ran,1\n");
    write_world("alpha", 2,
                "name,value\nscore,0.7265625\nnull score,0.25\ngap,0.125\n"
                "null gap,0.002\n?: it ran,1\n");
    write_world("alpha", 3,
                "name,value\nscore,0.78125\nnull score,none\ngap,0.1875\n"
                "null gap,0.003\n?: it ran,1\n");
    mini_write("world/alpha/seed-1/curve.csv", "step,loss\n0,3.5\n1,2.25\n2,1.125\n");
    mini_write("world/alpha/seed-1/words.txt", "a line\nanother\n");
    write_world("beta", 1, "name,value\n\"fall, total\",2.5\nnull fall,-0.5\n");
    write_world("beta", 2, "name,value\n\"fall, total\",2.75\nnull fall,0.5\n");
}

/* --- fixtures ----------------------------------------------------------------------- */

int mini_setup(void **state)
{
    Mini *m = alloc(1, sizeof *m);
    m->before = getcwd(NULL, 0);
    const char *tmp = getenv("TMPDIR");
    m->root = text_format("%s/glassbox-mini-XXXXXX", tmp && *tmp ? tmp : P_tmpdir);
    assert_non_null(mkdtemp(m->root));
    assert_int_equal(chdir(m->root), 0);
    *state = m;
    write_all();
    return 0;
}

int mini_teardown(void **state)
{
    Mini *m = *state;
    bool ok = chdir(m->before) == 0 && folder_remove(m->root);
    free(m->before), free(m->root), free(m);
    return ok ? 0 : -1;
}

Suite *mini_suite(void)
{
    char *error = NULL;
    Suite *s = suite_load(".", BUILD "/run", &error);
    if (!s) fail_msg("%s", error);
    return s;
}

void mini_run_into(const char *id, int seed, const char *out)
{
    char *command = text_format(BUILD "/unit/%s --seed %d --out %s/%s/seed-%d", id, seed,
                                out, id, seed);
    assert_int_equal(system(command), 0);
    free(command);
}

void mini_run(const char *id, int seed) { mini_run_into(id, seed, BUILD "/run"); }

void mini_publish(const char *id)
{
    Suite *s = mini_suite();
    char *said = NULL;
    RecordOptions o = {
        "data/record", BUILD "/unit", BUILD "/inputs", BUILD "/run", 0, 0
    };
    if (!record_publish(suite_find(s, id), &o, &said)) fail_msg("%s: %s", id, said);
    free(said);
    suite_free(s);
}

int mini_setup_published(void **state)
{
    mini_setup(state);
    for (int seed = 1; seed <= 3; seed++) mini_run("alpha", seed);
    for (int seed = 1; seed <= 2; seed++) mini_run("beta", seed);
    mini_publish("alpha"), mini_publish("beta");
    Suite *s = mini_suite();
    assert_int_equal(golden_write(s, "tests/golden"), 0);
    suite_free(s);
    return 0;
}

/* --- one verification --------------------------------------------------------------- */

VerifyOptions mini_options(const char *compiler, double seconds)
{
    return (VerifyOptions){ "data/record",
                            "tests/golden",
                            { .units = BUILD "/unit",
                              .inputs = BUILD "/inputs",
                              .out = BUILD "/verify",
                              .compiler = compiler,
                              .rotation = "a commit",
                              .seconds = seconds,
                              .jobs = 2 } };
}

char *mini_compiler(void)
{
    json_t *here = provenance_json(NULL, NULL, 0, 0, NULL);
    char *compiler = text_copy(json_string_value(json_object_get(here, "compiler")));
    json_decref(here);
    return compiler;
}

MiniVerification mini_verify(double seconds)
{
    MiniVerification r = { .suite = mini_suite(), .compiler = mini_compiler() };
    VerifyOptions o = mini_options(r.compiler, seconds);
    r.v = verify_judge(r.suite, &o);
    r.units = recompute_plan(r.suite, &o.recompute, &r.n);
    assert_true(recompute_run(r.units, r.n, &o.recompute));
    verify_compare(&r.v, r.suite, r.units, r.n);
    return r;
}

void mini_verify_free(MiniVerification *r)
{
    verify_free(&r->v);
    recompute_free(r->units, r->n);
    suite_free(r->suite);
    free(r->compiler);
}

const Case *mini_case(const Verification *v, const char *name)
{
    for (int i = 0; i < v->n; i++)
        if (!strcmp(v->c[i].name, name)) return &v->c[i];
    fail_msg("no case \"%s\"", name);
    return NULL;
}

void mini_reason(const Case *c, const char *part)
{
    Buffer all = { 0 };
    buffer_put(&all, "");
    for (int i = 0; i < c->n; i++) buffer_format(&all, "%s\n", c->reason[i]);
    if (!strstr(all.s, part)) fail_msg("%s: no \"%s\" in:\n%s", c->name, part, all.s);
    free(all.s);
}
