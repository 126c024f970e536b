/* fuzz_safetensors.c - any bytes at all for safetensors_parse(), under libFuzzer.
 *
 * Beyond "no crash, no leak" it demands two things. A refusal is one line that begins with
 * the name of the file. What was accepted, written again as tensors of `real`, reads back
 * as the same names, shapes and bits. */
#include "core/net/checkpoint.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_message(char *error)
{
    require(error && !strncmp(error, "fuzz: ", 6), "a message without a name: %s",
            error ? error : "none");
    for (const char *s = error; *s; s++)
        require((unsigned char)*s >= ' ', "a message of more than one line: %s", error);
    free(error);
}

static size_t count_of(const Stored *t)
{
    size_t n = 1;
    for (int i = 0; i < t->rank; i++) n *= (size_t)t->n[i];
    return n;
}

static Buffer written(const Safetensors *s)
{
    json_t *header = json_object();
    Buffer data = { 0 }, file = { 0 };
    for (int i = 0; i < s->n; i++) {
        const Stored *t = &s->t[i];
        size_t bytes = count_of(t) * sizeof(real);
        json_t *shape = json_array();
        for (int k = 0; k < t->rank; k++)
            json_array_append_new(shape, json_integer(t->n[k]));
        json_object_set_new(header, t->name,
                            json_pack("{s:s,s:o,s:[I,I]}", "dtype",
                                      sizeof(real) == 8 ? "F64" : "F32", "shape", shape,
                                      "data_offsets", (json_int_t)data.n,
                                      (json_int_t)(data.n + bytes)));
        buffer_add(&data, (const char *)t->v, bytes);
    }
    char *text = json_dumps(header, 0);
    uint64_t n = strlen(text);
    buffer_add(&file, (const char *)&n, sizeof n);
    buffer_put(&file, text);
    if (data.s) buffer_add(&file, data.s, data.n);
    free(text), free(data.s);
    json_decref(header);
    return file;
}

static void check_round_trip(const Safetensors *s)
{
    Buffer file = written(s);
    char *error = NULL;
    Safetensors *again = safetensors_parse("again", file.s, file.n, &error);
    require(again && again->n == s->n, "what was written is refused: %s", error);
    for (int i = 0; i < s->n; i++) {
        const Stored *a = &s->t[i], *b = safetensors_find(again, a->name);
        require(b && a->rank == b->rank && !memcmp(a->n, b->n, sizeof a->n),
                "\"%s\" came back with another shape", a->name);
        require(!memcmp(a->v, b->v, count_of(a) * sizeof(real)),
                "\"%s\" came back with other numbers", a->name);
    }
    safetensors_free(again);
    free(file.s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *error = NULL;
    Safetensors *s = safetensors_parse("fuzz", (const char *)data, size, &error);
    if (!s) return check_message(error), 0;
    check_round_trip(s);
    safetensors_free(s);
    return 0;
}
