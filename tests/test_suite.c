/* test_suite.c - both ends of every citation exist.
 *
 * The suite as it lies in the tree is the input: a key that an experiment, an article, a
 * comment of the core or the outline cites must be in the bibliography, and a source must
 * be cited by something that exists. Below come tests of the detectors on planted faults,
 * because a test of real data proves nothing while it has never failed. */
#include "tests/data.h"
#include "report/cited.h"
#include <ctype.h>

static const char FOLDERS[] = "core/base core/num core/net core/lens core/text core/lab "
                              "report bench";

/* --- citations in text ------------------------------------------------------------- */

static size_t key_length(const char *s)
{
    size_t n = 0;
    while (isalnum((unsigned char)s[n]) || (s[n] && strchr("-.:", s[n]))) n++;
    while (n && !isalnum((unsigned char)s[n - 1])) n--;
    return n;
}

/* Prose: every @key that does not continue a word, as an e-mail address would. */
static Keys prose_keys(const char *text)
{
    Keys k = { 0 };
    for (const char *at = text; (at = strchr(at, '@')) != NULL; at++) {
        size_t n = key_length(at + 1);
        bool in_word = at > text && isalnum((unsigned char)at[-1]);
        if (!in_word && n && islower((unsigned char)at[1])) keys_add(&k, at + 1, n);
    }
    return k;
}

/* Comments: [key] and [key, key]. */
static Keys comment_keys(const char *text)
{
    Keys k = { 0 };
    k.key = cited_keys(text, &k.n);
    return k;
}

/* --- what the tree cites ----------------------------------------------------------- */

static char *content(const char *path)
{
    char *text = file_read(path, NULL);
    if (!text) fail_msg("%s cannot be read", path);
    return text;
}

static void assert_known(const Data *d, const char *key, const char *place)
{
    if (!bibliography_find(d->bibliography, key))
        fail_msg("%s cites \"%s\", which data/references.bib does not have", place, key);
}

static void assert_keys_known(const Data *d, Keys k, const char *place)
{
    for (int i = 0; i < k.n; i++) assert_known(d, k.key[i], place);
    keys_free(&k);
}

static void every_key_of_the_outline_is_a_reference(void **state)
{
    const Data *d = *state;
    for (int i = 0; i < d->outline->n; i++) {
        const OutlineRow *r = &d->outline->rows[i];
        char *place = text_format("data/wiki.csv:%d", r->line);
        for (int k = 0; k < r->n_keys; k++) assert_known(d, r->keys[k], place);
        free(place);
    }
}

static void every_key_of_an_experiment_is_a_reference(void **state)
{
    const Data *d = *state;
    for (int i = 0; i < d->suite->n; i++) {
        const Finding *f = &d->suite->findings[i];
        if (f->broken) fail_msg("%s: %s", f->source, f->broken);
        for (int c = 0; c < f->n_cites; c++) assert_known(d, f->cites[c], f->source);
        for (int c = 0; c < f->n_claims; c++)
            if (f->claims[c].reference_key)
                assert_known(d, f->claims[c].reference_key, f->source);
    }
}

static void every_key_in_prose_is_a_reference_that_the_experiment_declares(void **state)
{
    const Data *d = *state;
    Buffer undeclared = { 0 };
    for (int i = 0; i < d->suite->n; i++) {
        const Finding *f = &d->suite->findings[i];
        char *text = content(f->source);
        Keys prose = prose_keys(text), declared = { .key = f->cites, .n = f->n_cites };
        for (int k = 0; k < prose.n; k++) {
            assert_known(d, prose.key[k], f->source);
            if (!keys_have(&declared, prose.key[k]))
                buffer_format(&undeclared, "%s: the article cites %s, .cites does not\n",
                              f->source, prose.key[k]);
        }
        keys_free(&prose);
        assert_keys_known(d, comment_keys(text), f->source);
        free(text);
    }
    if (undeclared.n) fail_msg("%s", undeclared.s);
    free(undeclared.s);
}

static void check_folder(const Data *d, const char *folder, const char *ending)
{
    int n;
    char **names = folder_list(folder, ending, &n);
    for (int i = 0; i < n; i++) {
        char *path = text_format("%s/%s", folder, names[i]), *text = content(path);
        assert_keys_known(d, comment_keys(text), path);
        free(path), free(text);
    }
    folder_list_free(names, n);
}

static void every_key_in_a_comment_is_a_reference(void **state)
{
    const Data *d = *state;
    char *copy = text_copy(FOLDERS), *rest = copy;
    for (char *folder; (folder = strtok_r(rest, " ", &rest));) {
        check_folder(d, folder, ".h");
        check_folder(d, folder, ".c");
    }
    check_folder(d, "data", ".md");
    free(copy);
}

/* --- what the bibliography is for -------------------------------------------------- */

static bool in_outline(const Data *d, const char *key)
{
    for (int i = 0; i < d->outline->n; i++)
        for (int k = 0; k < d->outline->rows[i].n_keys; k++)
            if (!strcmp(d->outline->rows[i].keys[k], key)) return true;
    return false;
}

static bool planned(const Data *d, const char *finding)
{
    for (int i = 0; i < d->outline->n; i++)
        if (outline_serves(&d->outline->rows[i], finding)) return true;
    return false;
}

static bool in_experiment(const Data *d, const char *key)
{
    for (int i = 0; i < d->suite->n; i++)
        for (int c = 0; c < d->suite->findings[i].n_cites; c++)
            if (!strcmp(d->suite->findings[i].cites[c], key)) return true;
    return false;
}

static bool in_core(const char *key)
{
    int n;
    Cited *core = cited_scan(".", &n);
    bool found = false;
    for (int i = 0; i < n; i++) found |= !strcmp(core[i].key, key);
    cited_free(core, n);
    return found;
}

/* What is wrong with the role of a source, or NULL. "caveat: id id", "method of
 * the core", "the mirrored page". The caller frees. */
static char *role_fault(const Data *d, const char *key, const char *role)
{
    static const char *const kinds[] = { "dissent: ", "reply: ", "caveat: ", "method: ",
                                         "related: " };
    if (!strcmp(role, "the mirrored page")) return NULL;
    if (!strcmp(role, "method of the core"))
        return in_core(key) ? NULL : text_copy("no comment of the core cites it");
    for (int i = 0; i < COUNT(kinds); i++) {
        if (strncmp(role, kinds[i], strlen(kinds[i]))) continue;
        char *copy = text_copy(role + strlen(kinds[i])), *rest = copy, *fault = NULL;
        for (char *id; !fault && (id = strtok_r(rest, " ", &rest));)
            if (!planned(d, id)) fault = text_format("no finding is called %s", id);
        free(copy);
        return fault;
    }
    return text_format("unknown role \"%s\"", role);
}

static void every_reference_is_used(void **state)
{
    const Data *d = *state;
    for (int i = 0; i < d->bibliography->n; i++) {
        const Reference *r = &d->bibliography->references[i];
        const char *role = citations_role(r);
        char *fault = *role ? role_fault(d, r->key, role) : NULL;
        if (fault) fail_msg("references.bib: %s: keywords: %s", r->key, fault);
        if (*role && in_outline(d, r->key))
            fail_msg("references.bib: %s has keywords, and is an entry too", r->key);
        if (!*role && !in_outline(d, r->key) && !in_experiment(d, r->key))
            fail_msg("references.bib: %s is cited by nothing, and keywords do not say "
                     "what it is for",
                     r->key);
    }
}

static void every_key_is_there_once(void **state)
{
    const Bibliography *b = ((Data *)*state)->bibliography;
    for (int i = 0; i < b->n; i++)
        if (bibliography_find(b, b->references[i].key) != &b->references[i])
            fail_msg("references.bib: %s is there twice", b->references[i].key);
}

/* --- addresses --------------------------------------------------------------------- */

/* https://host.domain/path without characters that end a link in Markdown or HTML */
static bool url_is_sound(const char *url)
{
    const char *host = !strncmp(url, "https://", 8)  ? url + 8
                       : !strncmp(url, "http://", 7) ? url + 7
                                                     : NULL;
    if (!host) return false;
    size_t n = strcspn(host, "/");
    bool dot = memchr(host, '.', n) != NULL && host[0] != '.' && host[n - 1] != '.';
    for (const char *s = url; *s; s++)
        if (!isgraph((unsigned char)*s) || strchr("<>\"'`\\^{}|()[]", *s)) return false;
    return dot;
}

/* "2307.15936" */
static bool arxiv_id_is_sound(const char *id)
{
    for (int i = 0; i < 4; i++)
        if (!isdigit((unsigned char)id[i])) return false;
    size_t n = id[4] == '.' ? strspn(id + 5, "0123456789") : 0;
    int month = 10 * (id[2] - '0') + id[3] - '0';
    return (n == 4 || n == 5) && !id[5 + n] && month >= 1 && month <= 12;
}

static bool doi_is_sound(const char *doi)
{
    if (strncmp(doi, "10.", 3)) return false;
    size_t n = strspn(doi + 3, "0123456789");
    return n >= 4 && n <= 9 && doi[3 + n] == '/' && doi[4 + n] && !strchr(doi, ' ');
}

static void every_address_is_well_formed(void **state)
{
    static const char arxiv[] = "https://arxiv.org/abs/";
    const Bibliography *b = ((Data *)*state)->bibliography;
    for (int i = 0; i < b->n; i++) {
        const Reference *r = &b->references[i];
        const char *doi = json_string_value(json_object_get(r->csl, "DOI"));
        if (r->url && !url_is_sound(r->url))
            fail_msg("references.bib: %s: bad url %s", r->key, r->url);
        if (doi && !doi_is_sound(doi))
            fail_msg("references.bib: %s: bad doi %s", r->key, doi);
        if (r->url && !strncmp(r->url, arxiv, strlen(arxiv)) &&
            !arxiv_id_is_sound(r->url + strlen(arxiv)))
            fail_msg("references.bib: %s: bad arXiv id %s", r->key, r->url);
    }
}

/* An arXiv number starts with its month, and what stands there was public by then. */
static void no_source_is_dated_after_its_preprint(void **state)
{
    static const char arxiv[] = "https://arxiv.org/abs/";
    const Bibliography *b = ((Data *)*state)->bibliography;
    for (int i = 0; i < b->n; i++) {
        const Reference *r = &b->references[i];
        if (!r->url || strncmp(r->url, arxiv, strlen(arxiv))) continue;
        const char *id = r->url + strlen(arxiv);
        char *month = text_format("20%.2s-%.2s", id, id + 2);
        if (strncmp(r->date, month, strlen(r->date)) > 0)
            fail_msg("references.bib: %s is dated %s, its preprint %s", r->key, r->date,
                     month);
        free(month);
    }
}

/* --- CITATIONS.md ------------------------------------------------------------------ */

static void citations_md_is_current(void **state)
{
    const Data *d = *state;
    char *is = content("CITATIONS.md");
    char *expected = citations_text(d->suite, d->outline, d->bibliography);
    char *difference = citations_difference("CITATIONS.md", is, expected);
    if (difference) fail_msg("%s", difference);
    free(is), free(expected);
}

static void citations_md_holds_every_source_once(void **state)
{
    const Data *d = *state;
    char *text = citations_text(d->suite, d->outline, d->bibliography);
    for (int i = 0; i < d->bibliography->n; i++) {
        const Reference *r = &d->bibliography->references[i];
        int lines = 0;
        char *mark = text_format(" `%s`", r->key);
        for (const char *s = text; (s = strstr(s, mark)) != NULL; s++) {
            const char *start = s;
            while (start > text && start[-1] != '\n') start--;
            lines += !strncmp(start, "- **", 4);
        }
        if (lines != 1) fail_msg("CITATIONS.md: %s stands %d times", r->key, lines);
        free(mark);
    }
    free(text);
}

/* --- planted faults ---------------------------------------------------------------- */

static void citations_in_prose_are_found_and_addresses_of_people_are_not(void **state)
{
    (void)state;
    Keys k = prose_keys("a [@one2020word; see @two-features, p. 3], ann@host.org, @three"
                        "2021x. {{@}} -@arxiv2501.17727!");
    assert_int_equal(k.n, 4);
    assert_string_equal(k.key[0], "one2020word");
    assert_string_equal(k.key[1], "two-features");
    assert_string_equal(k.key[2], "three2021x");
    assert_string_equal(k.key[3], "arxiv2501.17727");
    keys_free(&k);
}

static void citations_in_comments_are_found_and_indices_are_not(void **state)
{
    (void)state;
    Keys k =
        comment_keys("x[i] [nat/token] [one2020word, two2021word] a[2020] [v] [a1b]");
    assert_int_equal(k.n, 2);
    assert_string_equal(k.key[0], "one2020word");
    assert_string_equal(k.key[1], "two2021word");
    keys_free(&k);
}

static void a_role_must_name_what_exists(void **state)
{
    const Data *d = *state;
    const char *const wrong[] = { "caveat: no-such-finding", "method of the core",
                                  "method of the core: core/base/rng", "nonsense",
                                  "dissent" };
    for (int i = 0; i < COUNT(wrong); i++) {
        char *fault = role_fault(d, "one2020word", wrong[i]);
        assert_non_null(fault);
        free(fault);
    }
    assert_null(role_fault(d, "salmon2011parallel", "method of the core"));
    assert_null(role_fault(d, "one2020word", "caveat: king-queen sushi-pizza"));
}

static void a_malformed_address_is_noticed(void **state)
{
    (void)state;
    const char *const bad[] = { "htp://a.b/c",   "https://a b.c/", "https://host/x",
                                "https://.a/b",  "a.b/c",          "https://a.b/<c>",
                                "https://a.b/(c" };
    for (int i = 0; i < COUNT(bad); i++) assert_false(url_is_sound(bad[i]));
    assert_true(url_is_sound("https://openreview.net/forum?id=Ut3ml7Hdwx"));
    assert_true(arxiv_id_is_sound("2307.15936"));
    assert_false(arxiv_id_is_sound("2313.15936"));
    assert_false(arxiv_id_is_sound("2307.159"));
    assert_false(arxiv_id_is_sound("2307.15936v2"));
    assert_true(doi_is_sound("10.23915/distill.00024.001"));
    assert_false(doi_is_sound("https://doi.org/10.23915/distill"));
    assert_false(doi_is_sound("10.23915"));
}

static void a_difference_names_the_first_line_that_differs(void **state)
{
    (void)state;
    assert_null(citations_difference("F", "a\nb\n", "a\nb\n"));
    char *m = citations_difference("F", "a\nb\nc\n", "a\nB\nc\n");
    assert_string_equal(m, "F:2: holds \"b\", expected \"B\"; run make citations");
    free(m);
    m = citations_difference("F", "a\n", "a\nmore\n");
    assert_string_equal(m, "F:2: holds \"\", expected \"more\"; run make citations");
    free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_of_the_outline_is_a_reference),
        cmocka_unit_test(every_key_of_an_experiment_is_a_reference),
        cmocka_unit_test(every_key_in_prose_is_a_reference_that_the_experiment_declares),
        cmocka_unit_test(every_key_in_a_comment_is_a_reference),
        cmocka_unit_test(every_reference_is_used),
        cmocka_unit_test(every_key_is_there_once),
        cmocka_unit_test(every_address_is_well_formed),
        cmocka_unit_test(no_source_is_dated_after_its_preprint),
        cmocka_unit_test(citations_md_is_current),
        cmocka_unit_test(citations_md_holds_every_source_once),
        cmocka_unit_test(citations_in_prose_are_found_and_addresses_of_people_are_not),
        cmocka_unit_test(citations_in_comments_are_found_and_indices_are_not),
        cmocka_unit_test(a_role_must_name_what_exists),
        cmocka_unit_test(a_malformed_address_is_noticed),
        cmocka_unit_test(a_difference_names_the_first_line_that_differs),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
