/* fuzz_gpt2.c - any bytes at all for gpt2_read(), under libFuzzer: a model, or one line that
 * begins with the name of the file. The bytes reach it through a file in memory. */
#define _GNU_SOURCE
#include "core/net/gpt2.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int file = memfd_create("fuzz", 0);
    require(file >= 0 && write(file, data, size) == (ssize_t)size, "no file in memory");
    char path[32], *error = NULL;
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    Model *m = gpt2_read(path, 1, &error);
    close(file);
    require(!m == !!error, "a model and an error, or neither");
    require(m || !strncmp(error, path, strlen(path)), "a message without a name: %s",
            error);
    for (const char *s = error; s && *s; s++)
        require((unsigned char)*s >= ' ', "a message of more than one line: %s", error);
    model_free(m);
    free(error);
    return 0;
}
