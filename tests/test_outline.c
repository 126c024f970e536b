/* test_outline.c - data/wiki.csv has the page's headings in the page's order, and every
 * experiment stands where the page has its section. */
#include "tests/data.h"

static const char *const headings[][4] = {
    { "Interpretability", "", "", "interpretability/general" },
    { "Interpretability", "Mechanistic Interpretability", "",
      "interpretability/mechanistic" },
    { "Interpretability", "Semanticity", "", "interpretability/semanticity" },
    { "Interpretability", "Reward Functions", "", "interpretability/reward-functions" },
    { "Interpretability", "Symbolic and Notation", "",
      "interpretability/symbolic-and-notation" },
    { "Interpretability", "Mathematical", "", "interpretability/mathematical" },
    { "Interpretability", "Geometric", "", "interpretability/geometric" },
    { "Interpretability", "Challenges", "", "interpretability/challenges" },
    { "Heuristic Understanding", "", "", "" },
    { "Heuristic Understanding", "Emergent Internal Model Building", "",
      "heuristic-understanding/emergent-internal-models" },
    { "Heuristic Understanding", "Semantic Directions", "",
      "heuristic-understanding/semantic-directions" },
    { "Heuristic Understanding", "Semantic Directions", "Task vectors",
      "heuristic-understanding/task-vectors" },
    { "Heuristic Understanding", "Feature Geometry Reproduces Problem-space", "",
      "heuristic-understanding/feature-geometry" },
    { "Heuristic Understanding", "Theory of Mind", "",
      "heuristic-understanding/theory-of-mind" },
    { "Information Processing", "", "", "information-processing/general" },
    { "Information Processing", "Tests of Resilience to Dropouts/etc.", "",
      "information-processing/resilience" },
    { "Information Processing", "Other", "", "information-processing/other" },
    { "Information Processing", "Scaling Laws", "",
      "information-processing/scaling-laws" },
    { "Information Processing/Storage", "", "", "information-storage/general" },
    { "Information Processing/Storage", "Tokenization", "", "" },
    { "Information Processing/Storage", "Tokenization", "For numbers/math",
      "information-storage/tokenization" },
    { "See Also", "", "", "" },
};

static void the_headings_are_those_of_the_page_in_its_order(void **state)
{
    const Outline *o = ((Data *)*state)->outline;
    int n = 0;
    for (int i = 0; i < o->n; i++) {
        const OutlineRow *r = &o->rows[i];
        if (r->kind != OUTLINE_HEADING) continue;
        assert_true(n < COUNT(headings));
        assert_string_equal(r->part, headings[n][0]);
        assert_string_equal(r->section, headings[n][1]);
        assert_string_equal(r->subsection, headings[n][2]);
        assert_string_equal(r->folder, headings[n][3]);
        n++;
    }
    assert_int_equal(n, COUNT(headings));
}

static void every_row_stands_under_its_own_heading(void **state)
{
    const Outline *o = ((Data *)*state)->outline;
    const OutlineRow *above = NULL;
    for (int i = 0; i < o->n; i++) {
        const OutlineRow *r = &o->rows[i];
        if (r->kind == OUTLINE_HEADING) above = r;
        else if (above ? strcmp(r->part, above->part) ||
                             strcmp(r->section, above->section) ||
                             strcmp(r->subsection, above->subsection) ||
                             strcmp(r->folder, above->folder)
                       : *r->part)
            fail_msg("data/wiki.csv:%d: names another heading than the one above it",
                     r->line);
    }
}

/* The page and the bibliography cannot name a source differently. */
static void an_entry_shows_its_source_s_title_and_date(void **state)
{
    const Data *d = *state;
    for (int i = 0; i < d->outline->n; i++) {
        const OutlineRow *r = &d->outline->rows[i];
        if (r->kind != OUTLINE_ENTRY || r->n_keys != 1) continue;
        const Reference *source = bibliography_find(d->bibliography, r->keys[0]);
        char *expected = text_format("%s (%s)", source->title, source->date);
        if (strcmp(r->label, expected))
            fail_msg("data/wiki.csv:%d: \"%s\", expected \"%s\"", r->line, r->label,
                     expected);
        free(expected);
    }
}

static void every_entry_says_why_it_may_be_open(void **state)
{
    const Outline *o = ((Data *)*state)->outline;
    for (int i = 0; i < o->n; i++) {
        const OutlineRow *r = &o->rows[i];
        if (r->kind == OUTLINE_ENTRY && !*r->reason)
            fail_msg("data/wiki.csv:%d: an entry without a reason", r->line);
        if (!strncmp(r->reason, "planned", 7) && !r->n_findings)
            fail_msg("data/wiki.csv:%d: planned, but no finding serves it", r->line);
    }
}

static void every_experiment_stands_in_its_section_of_the_outline(void **state)
{
    const Data *d = *state;
    for (int i = 0; i < d->suite->n; i++) {
        const Finding *f = &d->suite->findings[i];
        char *path = text_format("experiments/%s/%s.c", f->section, f->id);
        if (strcmp(path, f->source)) fail_msg("%s: expected at %s", f->source, path);
        bool found = false;
        for (int k = 0; k < d->outline->n; k++)
            found |= !strcmp(d->outline->rows[k].folder, f->section) &&
                     outline_serves(&d->outline->rows[k], f->id);
        if (!found)
            fail_msg("data/wiki.csv: no entry under %s is served by %s", f->section,
                     f->id);
        free(path);
    }
}

/* Letters to insert, drop or replace to get from a to b. */
static int distance(const char *a, const char *b)
{
    enum { LONGEST = 64 };
    int row[LONGEST], n = (int)strlen(b);
    assert_true(n < LONGEST);
    for (int j = 0; j <= n; j++) row[j] = j;
    for (int i = 1; a[i - 1]; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= n; j++) {
            int best = diagonal + (a[i - 1] != b[j - 1]);
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[n];
}

static Keys all_findings(const Data *d)
{
    Keys ids = { 0 };
    for (int i = 0; i < d->outline->n; i++)
        for (int k = 0; k < d->outline->rows[i].n_findings; k++) {
            const char *id = d->outline->rows[i].findings[k];
            if (!keys_have(&ids, id)) keys_add(&ids, id, strlen(id));
        }
    return ids;
}

static void no_finding_of_the_outline_is_a_misspelt_other_one(void **state)
{
    Keys ids = all_findings(*state);
    for (int i = 0; i < ids.n; i++) {
        if (ids.key[i][strspn(ids.key[i], "abcdefghijklmnopqrstuvwxyz0123456789-")])
            fail_msg("data/wiki.csv: \"%s\" is no id of a finding", ids.key[i]);
        for (int j = 0; j < i; j++)
            if (distance(ids.key[i], ids.key[j]) <= 3)
                fail_msg("data/wiki.csv: %s and %s, which one is it?", ids.key[i],
                         ids.key[j]);
    }
    keys_free(&ids);
}

static void a_transposed_letter_is_close_and_two_findings_are_not(void **state)
{
    (void)state;
    assert_int_equal(distance("king-queen", "king-queen"), 0);
    assert_int_equal(distance("king-queen", "king-quen"), 1);
    assert_int_equal(distance("king-queen", "kign-queen"), 2);
    assert_true(distance("king-queen", "sushi-pizza") > 3);
}

static void an_outline_with_an_unknown_status_is_refused_with_its_place(void **state)
{
    (void)state;
    const char *path = BUILD "/tests/outline.csv";
    const char *text = "kind,part,section,subsection,folder,key,label,status,findings,"
                       "reason\nentry,A,,,a/b,,Title,rumoured,,none\n";
    char *error = NULL;
    assert_true(file_write(path, text, strlen(text)));
    assert_null(outline_read(path, &error));
    assert_non_null(strstr(error, "outline.csv:2:8: \"rumoured\""));
    free(error);
    remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_headings_are_those_of_the_page_in_its_order),
        cmocka_unit_test(every_row_stands_under_its_own_heading),
        cmocka_unit_test(an_entry_shows_its_source_s_title_and_date),
        cmocka_unit_test(every_entry_says_why_it_may_be_open),
        cmocka_unit_test(every_experiment_stands_in_its_section_of_the_outline),
        cmocka_unit_test(no_finding_of_the_outline_is_a_misspelt_other_one),
        cmocka_unit_test(a_transposed_letter_is_close_and_two_findings_are_not),
        cmocka_unit_test(an_outline_with_an_unknown_status_is_refused_with_its_place),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
