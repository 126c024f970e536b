/* test_split.c - what is prose and what is code. */
#include "report/split.h"
#include "tests/check.h"

typedef struct {
    Part *part;
    int n;
} Parts;

static Parts split(const char *source)
{
    Parts p = { 0 };
    p.part = split_source(source, &p.n);
    return p;
}

static void release(Parts p) { split_free(p.part, p.n); }

static void assert_part(Parts p, int i, PartKind kind, int line, const char *text)
{
    assert_true(i < p.n);
    assert_int_equal(p.part[i].kind, kind);
    assert_int_equal(p.part[i].line, line);
    assert_string_equal(p.part[i].text, text);
}

static void a_comment_in_column_0_is_prose_and_the_rest_is_code(void **state)
{
    (void)state;
    Parts p = split("/*\nprose\n*/\nint x;\n\n/* more */\n");
    assert_int_equal(p.n, 3);
    assert_part(p, 0, PROSE, 1, "\nprose\n");
    assert_part(p, 1, CODE, 4, "int x;");
    assert_part(p, 2, PROSE, 6, " more ");
    release(p);
}

static void an_indented_comment_is_code(void **state)
{
    (void)state;
    Parts p = split("int f(void)\n{\n    /* why */\n    return 1;\n}\n");
    assert_int_equal(p.n, 1);
    assert_part(p, 0, CODE, 1, "int f(void)\n{\n    /* why */\n    return 1;\n}");
    release(p);
}

static void a_comment_with_code_behind_it_is_code(void **state)
{
    (void)state;
    Parts p = split("/* the width */ int x;\nint y;\n");
    assert_int_equal(p.n, 1);
    assert_int_equal(p.part[0].kind, CODE);
    release(p);
}

static void marks_in_strings_and_constants_start_nothing(void **state)
{
    (void)state;
    Parts p = split("const char *s = \"\\\"/* no\\\n"
                    "/* no */\\\n"
                    "\"; char c = '\"', d = '\\'';\n"
                    "/* yes */\n");
    assert_int_equal(p.n, 2);
    assert_int_equal(p.part[0].kind, CODE);
    assert_part(p, 1, PROSE, 4, " yes ");
    release(p);
}

static void marks_in_other_comments_start_nothing(void **state)
{
    (void)state;
    Parts p =
        split("int x; // it's \"\n  /* a\n/* still the same\n*/\nint y;\n/* b */\n");
    assert_int_equal(p.n, 2);
    assert_part(p, 1, PROSE, 6, " b ");
    release(p);
}

static void prose_may_interrupt_a_function(void **state)
{
    (void)state;
    Parts p = split("int f(void)\n{\n    a();\n/*\nwhy\n*/\n    b();\n}\n");
    assert_int_equal(p.n, 3);
    assert_string_equal(p.part[0].names, "f");
    assert_part(p, 2, CODE, 7, "    b();\n}");
    assert_string_equal(p.part[2].names, "f...");
    release(p);
}

static void code_is_named_after_its_functions(void **state)
{
    (void)state;
    Parts p =
        split("static int later(int);\n"
              "typedef struct { int n; } S;\n"
              "static const int a[] = { 1, 2 };\n"
              "__attribute__((unused)) static void first(S s)\n{\n    if (s.n) g();\n}\n"
              "int later(int (*f)(int)) { return 0; }\n");
    assert_int_equal(p.n, 1);
    assert_string_equal(p.part[0].names, "first, later");
    assert_false(p.part[0].declares);
    assert_int_equal(p.part[0].lines, 8);
    release(p);
}

static void the_declaration_of_the_experiment_is_known(void **state)
{
    (void)state;
    Parts p =
        split("#include \"core/core.h\"\nconst Experiment experiment = { .id = \"x\" };\n"
              "/* and */\nstatic void run(Run *r)\n{\n    f(experiment);\n}\n");
    assert_int_equal(p.n, 3);
    assert_true(p.part[0].declares);
    assert_false(p.part[2].declares);
    release(p);
}

static void an_open_comment_and_an_empty_file_are_survived(void **state)
{
    (void)state;
    Parts p = split("int x;\n/* never closed");
    assert_int_equal(p.n, 1);
    assert_int_equal(p.part[0].kind, CODE);
    release(p);
    p = split("");
    assert_int_equal(p.n, 0);
    release(p);
    p = split("/*/\n*/");
    assert_int_equal(p.n, 1);
    assert_part(p, 0, PROSE, 1, "/\n");
    release(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_comment_in_column_0_is_prose_and_the_rest_is_code),
        cmocka_unit_test(an_indented_comment_is_code),
        cmocka_unit_test(a_comment_with_code_behind_it_is_code),
        cmocka_unit_test(marks_in_strings_and_constants_start_nothing),
        cmocka_unit_test(marks_in_other_comments_start_nothing),
        cmocka_unit_test(prose_may_interrupt_a_function),
        cmocka_unit_test(code_is_named_after_its_functions),
        cmocka_unit_test(the_declaration_of_the_experiment_is_known),
        cmocka_unit_test(an_open_comment_and_an_empty_file_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
