/* test_schema.c - each keyword lets the right value pass and stops the wrong one. */
#include "report/schema.h"
#include "tests/check.h"

static char *checked(const char *schema, const char *value)
{
    json_error_t error;
    json_t *s = json_loads(schema, 0, &error),
           *v = json_loads(value, JSON_DECODE_ANY, &error);
    assert_non_null(s);
    assert_non_null(v);
    char *wrong = schema_check(s, v);
    json_decref(s), json_decref(v);
    return wrong;
}

static void assert_passes(const char *schema, const char *value)
{
    char *wrong = checked(schema, value);
    if (wrong) fail_msg("%s against %s: %s", value, schema, wrong);
}

static void assert_stops(const char *schema, const char *value, const char *message)
{
    char *wrong = checked(schema, value);
    if (!wrong) fail_msg("%s passes %s", value, schema);
    assert_contains(wrong, message);
    free(wrong);
}

static void each_keyword_lets_pass_and_stops(void **state)
{
    (void)state;
    static const struct {
        const char *schema, *good, *bad, *message;
    } cases[] = {
        { "{\"type\":\"integer\"}", "3", "3.5", "expected \"integer\"" },
        { "{\"type\":\"object\"}", "{}", "[]", "expected \"object\"" },
        { "{\"type\":\"boolean\"}", "true", "null", "expected \"boolean\"" },
        { "{\"type\":[\"number\",\"null\"]}", "null", "\"x\"", "[\"number\",\"null\"]" },
        { "{\"enum\":[\"a\",null]}", "null", "\"b\"", "expected [\"a\",null]" },
        { "{\"const\":\"a\"}", "\"a\"", "\"b\"", "expected \"a\"" },
        { "{\"pattern\":\"^[0-9]+$\"}", "\"12\"", "\"1x\"", "^[0-9]+$" },
        { "{\"minLength\":1}", "\"x\"", "\"\"", "a longer text" },
        { "{\"minimum\":0}", "0", "-1", "a larger number" },
        { "{\"required\":[\"a\"]}", "{\"a\":1}", "{\"b\":1}", "no \"a\"" },
        { "{\"items\":{\"type\":\"string\"}}", "[\"a\"]", "[\"a\",1]", "at /1:" },
        { "{\"allOf\":[{\"type\":\"number\"},{\"minimum\":2}]}", "2", "1", "larger" },
        { "{\"properties\":{\"a\":{\"type\":\"string\"}}}", "{\"b\":1}", "{\"a\":1}",
          "at /a:" },
        { "{\"properties\":{\"a\":{}},\"additionalProperties\":false}", "{\"a\":1}",
          "{\"z\":1}", "\"z\" is not in the schema" },
        { "{\"$ref\":\"#/$defs/n\",\"$defs\":{\"n\":{\"type\":\"number\"}}}", "1", "true",
          "expected \"number\"" },
    };
    for (int i = 0; i < COUNT(cases); i++) {
        assert_passes(cases[i].schema, cases[i].good);
        assert_stops(cases[i].schema, cases[i].bad, cases[i].message);
    }
}

static void a_keyword_that_is_not_known_is_an_error(void **state)
{
    (void)state;
    assert_stops("{\"maximum\":3}", "2", "\"maximum\", which this check does not know");
    assert_stops("{\"additionalProperties\":{}}", "{}", "\"additionalProperties\"");
}

static void a_reference_that_leads_nowhere_is_an_error(void **state)
{
    (void)state;
    assert_stops("{\"$ref\":\"#/$defs/none\"}", "1", "the schema has no #/$defs/none");
    assert_stops("{\"$ref\":\"elsewhere.json\"}", "1",
                 "the schema has no elsewhere.json");
}

static void the_message_leads_to_the_value(void **state)
{
    (void)state;
    assert_stops("{\"properties\":{\"a\":{\"items\":{\"properties\":{\"b\":"
                 "{\"type\":\"string\"}}}}}}",
                 "{\"a\":[{},{\"b\":7}]}", "at /a/1/b: 7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_keyword_lets_pass_and_stops),
        cmocka_unit_test(a_keyword_that_is_not_known_is_an_error),
        cmocka_unit_test(a_reference_that_leads_nowhere_is_an_error),
        cmocka_unit_test(the_message_leads_to_the_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
