/* test_suite_load.c - a planted checkout: one finding that is whole, one that does not
 * compile, one whose source is gone; and every fault that a record can have. */
#include "report/suite.h"
#include "tests/check.h"

typedef struct {
    char *root;
    Suite *suite;
    char *error;
} Planted;

static void plant(Planted *p, const char *name, const char *text)
{
    char *path = check_path(p->root, name), *folder = text_copy(path);
    *strrchr(folder, '/') = 0;
    assert_true(folder_make(folder));
    assert_true(file_write(path, text, strlen(text)));
    free(path), free(folder);
}

static void load(Planted *p)
{
    suite_free(p->suite);
    free(p->error);
    p->error = NULL;
    p->suite = suite_load(p->root, "build/run", &p->error);
}

static const char description[] =
    "{\"id\": \"king-queen\", \"title\": \"Kings\", \"section\": \"b/c\",\n"
    " \"source\": \"experiments/b/c/king-queen.c\", \"source_sha1\": \"0123\",\n"
    " \"cites\": [\"a2020\", \"b2021\"], \"seeds\": 3, \"core_s\": 4.5,\n"
    " \"long_core_s\": 60, \"quick\": true, \"needs\": [\"words\"],\n"
    " \"inputs\": [\"package:x\"], \"artefact\": null, \"carries\": [\"p\", \"q\"],\n"
    " \"tables\": [{\"id\": \"curve\", \"columns\": [\"step\", \"loss [nat]\"]}],\n"
    " \"claims\": [{\"id\": \"first\", \"value\": \"x\", \"side\": \"above\",\n"
    "   \"bound\": 0.5, \"upper\": 0, \"text\": \"x is large\", \"line\": 12,\n"
    "   \"also\": [], \"expect\": \"HOLDS\", \"tier\": \"gate\", \"variant\": null,\n"
    "   \"why\": \"theory\", \"reference\": 0.75, \"reference_key\": \"a2020\",\n"
    "   \"controls\": [{\"value\": \"y\", \"side\": \"none\", \"bound\": 0, \"upper\": "
    "0,\n"
    "     \"text\": \"shuffled\", \"also\": [], \"must_pass\": false}]},\n"
    "  {\"id\": \"longer\", \"value\": \"x\", \"side\": \"above\", \"bound\": 2,\n"
    "   \"upper\": 0, \"text\": \"x is larger\", \"line\": 20, \"also\": [],\n"
    "   \"expect\": \"REFUTED\", \"tier\": \"report\", \"variant\": \"long\",\n"
    "   \"why\": null, \"reference\": null, \"reference_key\": null,\n"
    "   \"controls\": [{\"value\": \"y\", \"side\": \"below\", \"bound\": 0.2,\n"
    "     \"upper\": 0, \"text\": \"c\", \"also\": [], \"must_pass\": false}]}]}\n";

static const char index_head[] = "seed,executable,compiler,inputs,blis,cpu,date,"
                                 "recomputed,core_s,peak_rss_kb,values,tables\n";

static void plant_index(Planted *p, int seeds)
{
    Buffer b = { 0 };
    buffer_put(&b, index_head);
    for (int s = 1; s <= seeds; s++)
        buffer_format(&b, "%d,ab,gcc,cd,none,cpu,2024-01-01,2024-01-02,4,1000,ef,\n", s);
    plant(p, "data/record/king-queen.index.csv", b.s);
    free(b.s);
}

static int plant_all(void **state)
{
    Planted *p = alloc(1, sizeof *p);
    p->root = check_folder();
    plant(p, "build/desc/king-queen.json", description);
    plant(p, "build/desc/adder.json",
          "{\"id\":\"adder\",\"source\":\"experiments/a/adder.c\",\"broken\":\"why\"}");
    plant(p, "build/desc/gone.json",
          "{\"id\":\"gone\",\"source\":\"experiments/a/gone.c\",\"broken\":\"why\"}");
    plant(p, "experiments/b/c/king-queen.c", "");
    plant(p, "experiments/a/adder.c", "");
    *state = p;
    return 0;
}

static int remove_all(void **state)
{
    Planted *p = *state;
    suite_free(p->suite);
    folder_remove(p->root);
    free(p->root), free(p->error), free(p);
    return 0;
}

static const char values[] =
    "seed,name,value\n1,x,0.75\n1,y,0.25\n2,x,0.5\n2,y,none\n2,\"?first: it, fell\",1\n";

static void a_description_is_read_field_by_field(void **state)
{
    Planted *p = *state;
    load(p);
    assert_non_null(p->suite);
    Finding *f = suite_find(p->suite, "king-queen");
    assert_string_equal(f->title, "Kings");
    assert_string_equal(f->section, "b/c");
    assert_string_equal(f->source_sha1, "0123");
    assert_int_equal(f->n_cites, 2);
    assert_string_equal(f->cites[1], "b2021");
    assert_int_equal(f->seeds, 3);
    assert_near(f->core_s, 4.5, 0);
    assert_near(f->long_core_s, 60, 0);
    assert_true(f->quick);
    assert_string_equal(f->needs[0], "words");
    assert_string_equal(f->inputs[0], "package:x");
    assert_null(f->artefact);
    assert_string_equal(f->carries[1], "q");
    assert_null(f->carries[2]);
    assert_string_equal(f->tables[0].columns[1], "loss [nat]");
    assert_int_equal(f->n_claims, 2);
    assert_int_equal(f->claims[0].side, ABOVE);
    assert_int_equal(f->claim_line[1], 20);
    assert_int_equal(f->claims[0].tier, GATE);
    assert_int_equal(f->claims[1].expect, REFUTED);
    assert_null(f->claims[0].variant);
    assert_string_equal(f->claims[1].variant, "long");
    assert_string_equal(f->claims[0].reference_key, "a2020");
    assert_near(f->claims[0].reference, 0.75, 0);
    assert_int_equal(f->claims[1].controls[0].side, BELOW);
}

static void
a_finding_that_does_not_compile_is_kept_and_one_without_source_is_not(void **state)
{
    Planted *p = *state;
    load(p);
    assert_int_equal(p->suite->n, 2);
    assert_null(suite_find(p->suite, "gone"));
    Finding *f = suite_find(p->suite, "adder");
    assert_string_equal(f->broken, "why");
    assert_string_equal(f->section, "a");
    assert_int_equal(f->n_claims, 0);
}

static void findings_follow_the_wiki_or_else_their_folders(void **state)
{
    Planted *p = *state;
    load(p);
    assert_string_equal(p->suite->findings[0].id, "adder");
    plant(p, "data/wiki.csv",
          "kind,part,section,subsection,folder,key,label,status,findings,reason\n"
          "heading,B,C,,b/c,,,,,\nheading,A,,,a,,,,,\n");
    load(p);
    assert_string_equal(p->suite->findings[0].id, "king-queen");
}

static void a_record_is_read_judged_and_pooled(void **state)
{
    Planted *p = *state;
    plant(p, "data/record/king-queen.csv", values);
    plant_index(p, 2);
    load(p);
    assert_null(p->error);
    Finding *f = suite_find(p->suite, "king-queen");
    assert_int_equal(f->n_record, 2);
    assert_true(f->from_record);
    assert_non_null(f->record[0].folder);
    assert_null(f->record[1].folder);
    assert_string_equal(f->index[1].recomputed, "2024-01-02");
    assert_near(f->index[1].core_s, 4, 0);
    assert_int_equal(f->judged[0].verdict, HOLDS);
    assert_int_equal(f->judged[0].cleared, 2);
    /* the long variant has no values: they are not borrowed from the default one */
    assert_int_equal(f->judged[1].verdict, NOT_RUN);
    double mean, lo, hi, min, max;
    int n;
    assert_true(suite_value(f, "x", &mean, &lo, &hi, &min, &max, &n));
    assert_int_equal(n, 2);
    assert_near(mean, 0.625, 0);
    assert_near(min, 0.5, 0);
    assert_near(max, 0.75, 0);
    assert_true(suite_value(f, "y", &mean, &lo, &hi, &min, &max, &n));
    assert_int_equal(n, 1);
    assert_false(suite_value(f, "z", &mean, &lo, &hi, &min, &max, &n));
}

static void the_long_record_judges_only_the_long_claims(void **state)
{
    Planted *p = *state;
    plant(p, "data/record/king-queen.csv", values);
    plant_index(p, 2);
    plant(p, "data/record/king-queen.long.csv", "seed,name,value\n1,x,3\n1,y,0.1\n");
    load(p);
    Finding *f = suite_find(p->suite, "king-queen");
    assert_int_equal(f->judged[0].verdict, HOLDS);
    assert_int_equal(f->judged[0].seeds, 2);
    assert_int_equal(f->judged[1].verdict, HOLDS);
    assert_int_equal(f->judged[1].seeds, 1);
}

static void without_a_record_the_runs_are_judged(void **state)
{
    Planted *p = *state;
    const char *run = "{\"executable\": \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934"
                      "ca495991b7852b855\"}";
    plant(p, "build/unit/king-queen", "");
    plant(p, "build/run/king-queen/seed-2/run.json", run);
    plant(p, "build/run/king-queen/seed-2/values.csv", "name,value\nx,0.75\ny,0.6\n");
    plant(p, "build/run/king-queen/seed-10/run.json", "{\"executable\": \"other\"}");
    plant(p, "build/run/king-queen/seed-10/values.csv", "name,value\nx,0.75\ny,0.25\n");
    /* none of these is a result */
    plant(p, "build/run/king-queen/seed-3.partial/values.csv", "name,value\n");
    plant(p, "build/run/king-queen/seed-4/run.json", "{\"smoke\": true}");
    plant(p, "build/run/king-queen/seed-4/values.csv", "name,value\n");
    plant(p, "build/run/king-queen/seed-5.log", "");
    load(p);
    assert_null(p->error);
    Finding *f = suite_find(p->suite, "king-queen");
    assert_int_equal(f->n_runs, 2);
    assert_int_equal(f->runs[0].values.seed, 2);
    assert_int_equal(f->runs[1].values.seed, 10);
    assert_true(f->runs[0].current);
    assert_false(f->runs[1].current);
    assert_false(f->from_record);
    assert_int_equal(f->judged[0].verdict, BLIND);
    assert_int_equal(f->judged[0].blind_seed, 2);
}

static void a_run_without_its_input_is_not_judged(void **state)
{
    Planted *p = *state;
    plant(p, "build/run/king-queen/seed-1/run.json", "{\"not_run\": \"no package\"}");
    plant(p, "build/run/king-queen/seed-1/values.csv", "name,value\n");
    load(p);
    Finding *f = suite_find(p->suite, "king-queen");
    assert_int_equal(f->n_runs, 1);
    assert_int_equal(f->judged[0].verdict, NOT_RUN);
}

static void a_malformed_record_is_named_with_row_and_column(void **state)
{
    Planted *p = *state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        { "seed,name\n1,x\n", "king-queen.csv:1:2: no column \"value\"" },
        { "seed,name,value\n0,x,1\n", "king-queen.csv:2:1: not a seed" },
        { "seed,name,value\n1,x,1\n1.5,x,1\n", "king-queen.csv:3:1: not a seed" },
        { "seed,name,value\n2,x,1\n1,x,1\n", "king-queen.csv:3:1: out of order" },
        { "seed,name,value\n1,x,nan\n",
          "king-queen.csv:2:3: \"nan\", expected a finite" },
        { "seed,name,value\n1,x,1\n1,x,2\n", "king-queen.csv:3:2: the same name twice" },
        { "seed,name,value\n1,,1\n", "king-queen.csv:2:2: an empty name" },
        { "seed,name,value\n1,x,1,2\n", "king-queen.csv:2:4: 4 cells, expected 3" },
        { "seed,name,value\n1,\"x,1\n", "king-queen.csv:2:2: the file ends inside" },
        { "", "king-queen.csv:1:1: the file is empty" },
    };
    plant_index(p, 1);
    for (int i = 0; i < COUNT(cases); i++) {
        plant(p, "data/record/king-queen.csv", cases[i].text);
        load(p);
        assert_null(p->suite);
        assert_contains(p->error, cases[i].expected);
        assert_null(strchr(p->error, '\n'));
    }
}

static void an_index_must_fit_its_record(void **state)
{
    Planted *p = *state;
    plant(p, "data/record/king-queen.csv", values);
    load(p);
    assert_contains(p->error, "king-queen.index.csv:1:1: cannot be read");
    plant_index(p, 3);
    load(p);
    assert_contains(p->error, "3 rows, expected one for each of the record's 2 seeds");
    Buffer b = { 0 };
    buffer_format(&b, "%s1,a,b,c,d,e,f,g,4,5,h,\n3,a,b,c,d,e,f,g,4,5,h,\n", index_head);
    plant(p, "data/record/king-queen.index.csv", b.s);
    load(p);
    assert_contains(p->error, "king-queen.index.csv:3:1: not the seed");
    b.n = 0;
    buffer_format(&b, "%s1,a,b,c,d,e,f,g,4,5,h,\n2,a,b,c,d,e,f,g,x,5,h,\n", index_head);
    plant(p, "data/record/king-queen.index.csv", b.s);
    load(p);
    assert_contains(p->error, "king-queen.index.csv:3:9: \"x\", expected a finite");
    free(b.s);
}

static void a_malformed_description_is_named(void **state)
{
    Planted *p = *state;
    plant(p, "build/desc/king-queen.json", "{\"id\": \"king-queen\",\n \"source\"");
    load(p);
    assert_contains(p->error, "build/desc/king-queen.json:2:9: ");
    plant(p, "build/desc/king-queen.json",
          "{\"id\": \"king-queen\", \"source\": \"experiments/b/c/king-queen.c\"}");
    load(p);
    assert_contains(p->error, "king-queen.json:1:1: Object item not found: title");
    char *text = text_copy(description);
    memcpy(strstr(text, "above"), "aside", 5);
    plant(p, "build/desc/king-queen.json", text);
    load(p);
    assert_contains(p->error, "side \"aside\", expected what a describer prints");
    free(text);
}

static void patterns_match_the_id_and_trailing_parts_of_its_path(void **state)
{
    (void)state;
    Finding f = { .id = "king-queen", .section = "heuristic-understanding/directions" };
    assert_true(suite_matches(&f, NULL));
    assert_true(suite_matches(&f, ""));
    assert_true(suite_matches(&f, "king-queen"));
    assert_true(suite_matches(&f, "king*"));
    assert_true(suite_matches(&f, "directions/*"));
    assert_true(suite_matches(&f, "heuristic-understanding/*"));
    assert_true(suite_matches(&f, "other  king-queen "));
    assert_false(suite_matches(&f, "king"));
    assert_false(suite_matches(&f, "directions"));
    assert_false(suite_matches(&f, "rections/*"));
    assert_false(suite_matches(&f, "queen other"));
}

static void a_claim_is_found_by_its_full_name(void **state)
{
    Planted *p = *state;
    load(p);
    Finding *f = NULL;
    Claim *c = suite_claim(p->suite, "king-queen/longer", &f);
    assert_non_null(c);
    assert_string_equal(c->id, "longer");
    assert_string_equal(f->id, "king-queen");
    assert_null(suite_claim(p->suite, "king-queen/", NULL));
    assert_null(suite_claim(p->suite, "king-queen", NULL));
    assert_null(suite_claim(p->suite, "king/longer", NULL));
}

static Hash hash_of(Planted *p, const char *text, const char *record)
{
    plant(p, "build/desc/king-queen.json", text);
    plant(p, "data/record/king-queen.csv", record);
    load(p);
    assert_null(p->error);
    return suite_claim_hash(suite_find(p->suite, "king-queen"), 0);
}

static char *replaced(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    assert_non_null(at);
    return text_format("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static void a_citation_hash_moves_with_sentence_bound_and_values_only(void **state)
{
    Planted *p = *state;
    plant_index(p, 2);
    Hash h = hash_of(p, description, values);
    static const struct {
        const char *from, *to;
        bool record, moves;
    } cases[] = {
        { "x is large", "x is huge", false, true },
        { "\"bound\": 0.5", "\"bound\": 0.4", false, true },
        { "\"bound\": 0, \"upper\": 0", "\"bound\": 1, \"upper\": 0", false, true },
        { "1,x,0.75", "1,x,0.7500000001", true, true },
        { "2,y,none", "2,y,0", true, true },
        { "theory", "a pilot", false, false },
        { "x is larger", "y", false, false },
        { "\"title\": \"Kings\"", "\"title\": \"Queens\"", false, false },
        { "1,x,0.75\n", "1,w,9\n1,x,0.75\n", true, false },
        { "1,x,0.75\n1,y,0.25\n", "1,y,0.25\n1,x,0.75\n", true, false },
    };
    for (int i = 0; i < COUNT(cases); i++) {
        char *to =
            replaced(cases[i].record ? values : description, cases[i].from, cases[i].to);
        Hash other =
            hash_of(p, cases[i].record ? description : to, cases[i].record ? to : values);
        if (cases[i].moves != (strcmp(h.hex, other.hex) != 0))
            fail_msg("%s -> %s", cases[i].from, cases[i].to);
        free(to);
    }
}

int main(void)
{
#define with_tree(f) cmocka_unit_test_setup_teardown(f, plant_all, remove_all)
    const struct CMUnitTest tests[] = {
        with_tree(a_description_is_read_field_by_field),
        with_tree(a_finding_that_does_not_compile_is_kept_and_one_without_source_is_not),
        with_tree(findings_follow_the_wiki_or_else_their_folders),
        with_tree(a_record_is_read_judged_and_pooled),
        with_tree(the_long_record_judges_only_the_long_claims),
        with_tree(without_a_record_the_runs_are_judged),
        with_tree(a_run_without_its_input_is_not_judged),
        with_tree(a_malformed_record_is_named_with_row_and_column),
        with_tree(an_index_must_fit_its_record),
        with_tree(a_malformed_description_is_named),
        cmocka_unit_test(patterns_match_the_id_and_trailing_parts_of_its_path),
        with_tree(a_claim_is_found_by_its_full_name),
        with_tree(a_citation_hash_moves_with_sentence_bound_and_values_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
