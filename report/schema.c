/* schema.c - a validator of the subset of JSON Schema that the index uses.
 *
 * A full one is a large library for one small document. This one refuses what it does
 * not know, so a schema that grows beyond it fails its check instead of passing it. */
#include "report/schema.h"
#include <regex.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const json_t *root;
    Buffer at; /* JSON pointer to the value under inspection */
    char *error;
} Checker;

static void check(Checker *, const json_t *schema, const json_t *value);

static void fail(Checker *c, char *what)
{
    if (!c->error) c->error = text_format("at %s: %s", c->at.n ? c->at.s : "/", what);
    free(what);
}

/* Shows a value in a message, shortened. */
static void fail_value(Checker *c, const json_t *value, const char *expected)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    fail(c, text_format("%.60s, expected %s", text ? text : "?", expected));
    free(text);
}

static bool has_type(const json_t *value, const char *type)
{
    if (!strcmp(type, "object")) return json_is_object(value);
    if (!strcmp(type, "array")) return json_is_array(value);
    if (!strcmp(type, "string")) return json_is_string(value);
    if (!strcmp(type, "number")) return json_is_number(value);
    if (!strcmp(type, "integer")) return json_is_integer(value);
    if (!strcmp(type, "boolean")) return json_is_boolean(value);
    return !strcmp(type, "null") && json_is_null(value);
}

static void check_type(Checker *c, const json_t *types, const json_t *value)
{
    bool any = json_is_string(types) && has_type(value, json_string_value(types));
    for (size_t i = 0; i < json_array_size(types); i++)
        any = any || has_type(value, json_string_value(json_array_get(types, i)));
    char *names = json_dumps(types, JSON_ENCODE_ANY | JSON_COMPACT);
    if (!any) fail_value(c, value, names);
    free(names);
}

static void check_enum(Checker *c, const json_t *list, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (json_equal(json_array_get(list, i), value)) return;
    char *names = json_dumps(list, JSON_COMPACT);
    fail_value(c, value, names);
    free(names);
}

static void check_const(Checker *c, const json_t *wanted, const json_t *value)
{
    char *text = json_dumps(wanted, JSON_ENCODE_ANY | JSON_COMPACT);
    if (!json_equal(wanted, value)) fail_value(c, value, text);
    free(text);
}

static void check_pattern(Checker *c, const json_t *pattern, const json_t *value)
{
    if (!json_is_string(value)) return;
    regex_t regex;
    if (regcomp(&regex, json_string_value(pattern), REG_EXTENDED | REG_NOSUB)) {
        fail(c, text_copy("the schema's pattern is no regular expression"));
        return;
    }
    if (regexec(&regex, json_string_value(value), 0, NULL, 0))
        fail_value(c, value, json_string_value(pattern));
    regfree(&regex);
}

static void check_length(Checker *c, const json_t *least, const json_t *value)
{
    if (json_is_string(value) &&
        (json_int_t)json_string_length(value) < json_integer_value(least))
        fail_value(c, value, "a longer text");
}

static void check_minimum(Checker *c, const json_t *least, const json_t *value)
{
    if (json_is_number(value) && json_number_value(value) < json_number_value(least))
        fail_value(c, value, "a larger number");
}

static void check_required(Checker *c, const json_t *names, const json_t *value)
{
    for (size_t i = 0; json_is_object(value) && i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        if (!json_object_get(value, name)) fail(c, text_format("no \"%s\"", name));
    }
}

/* Into an element and back. */
static void check_below(Checker *c, const char *name, const json_t *schema,
                        const json_t *value)
{
    size_t before = c->at.n;
    buffer_format(&c->at, "/%s", name);
    check(c, schema, value);
    c->at.n = before;
    c->at.s[before] = 0;
}

static void check_properties(Checker *c, const json_t *schemas, const json_t *value)
{
    const char *name;
    json_t *schema;
    json_object_foreach((json_t *)schemas, name, schema)
    {
        const json_t *member = json_object_get(value, name);
        if (member) check_below(c, name, schema, member);
    }
}

static void check_items(Checker *c, const json_t *schema, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(value); i++) {
        char *name = text_format("%zu", i);
        check_below(c, name, schema, json_array_get(value, i));
        free(name);
    }
}

static void check_all(Checker *c, const json_t *schemas, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(schemas); i++)
        check(c, json_array_get(schemas, i), value);
}

/* "#/$defs/name" */
static void check_reference(Checker *c, const json_t *reference, const json_t *value)
{
    static const char prefix[] = "#/$defs/";
    const char *path = json_string_value(reference);
    const json_t *schema = NULL;
    if (path && !strncmp(path, prefix, strlen(prefix)))
        schema =
            json_object_get(json_object_get(c->root, "$defs"), path + strlen(prefix));
    if (schema) check(c, schema, value);
    else fail(c, text_format("the schema has no %s", path ? path : "such reference"));
}

static void check_closed(Checker *c, const json_t *schema, const json_t *value)
{
    const json_t *known = json_object_get(schema, "properties");
    const char *name;
    json_t *member;
    json_object_foreach((json_t *)value, name, member)
    {
        if (!json_object_get(known, name))
            fail(c, text_format("\"%s\" is not in the schema", name));
    }
}

static const struct {
    const char *keyword;
    void (*check)(Checker *, const json_t *argument,
                  const json_t *value); /* NULL: none */
} keywords[] = {
    { "type", check_type },
    { "enum", check_enum },
    { "const", check_const },
    { "pattern", check_pattern },
    { "minLength", check_length },
    { "minimum", check_minimum },
    { "required", check_required },
    { "properties", check_properties },
    { "items", check_items },
    { "allOf", check_all },
    { "$ref", check_reference },
    { "$schema", NULL },
    { "$defs", NULL },
    { "title", NULL },
    { "description", NULL },
};

static void check_keyword(Checker *c, const json_t *schema, const char *keyword,
                          const json_t *argument, const json_t *value)
{
    if (!strcmp(keyword, "additionalProperties") && json_is_false(argument)) {
        check_closed(c, schema, value);
        return;
    }
    for (int i = 0; i < COUNT(keywords); i++)
        if (!strcmp(keyword, keywords[i].keyword)) {
            if (keywords[i].check) keywords[i].check(c, argument, value);
            return;
        }
    fail(c,
         text_format("the schema says \"%s\", which this check does not know", keyword));
}

static void check(Checker *c, const json_t *schema, const json_t *value)
{
    const char *keyword;
    json_t *argument;
    json_object_foreach((json_t *)schema, keyword, argument)
    {
        if (c->error) return;
        check_keyword(c, schema, keyword, argument, value);
    }
}

char *schema_check(const json_t *schema, const json_t *value)
{
    Checker c = { .root = schema };
    check(&c, schema, value);
    free(c.at.s);
    return c.error;
}
