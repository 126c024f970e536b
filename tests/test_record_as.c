/* test_record_as.c - a composed name reaches record() whole, or nothing does. */
#include "core/lab/experiment.h"
#include "tests/check.h"

/* Stands in for the unit's. */
void record(Run *run, const char *name, double x)
{
    (void)run;
    check_expected_ptr(name);
    assert_same_double(x, 2.5);
}

static void the_name_is_composed_as_printf_would(void **state)
{
    (void)state;
    expect_string(record, name, "loss at step 7 of large");
    record_as(NULL, 2.5, "loss at step %d of %s", 7, "large");
}

static void a_name_that_would_be_cut_dies(void **state)
{
    (void)state;
    char words[200];
    memset(words, 'a', sizeof words - 1);
    words[sizeof words - 1] = 0;
    assert_dies(record_as(NULL, 2.5, "%s", words), "a name of 199 letters");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_name_is_composed_as_printf_would),
        cmocka_unit_test(a_name_that_would_be_cut_dies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
