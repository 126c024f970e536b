/* bibtex.c - finds entries and citations without understanding either.
 *
 * Pandoc reads BibTeX, but a page that cites five sources should neither wait for four
 * hundred to be parsed nor be woven anew because a sixth was added. So the entries that
 * a page cites are cut out here and only they are handed over. */
#include "report/bibtex.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The end of the braces that open at p. */
static const char *braces_end(const char *p)
{
    int depth = 0;
    for (; *p; p++) {
        if (*p == '\\' && p[1]) p++;
        else if (*p == '{') depth++;
        else if (*p == '}' && --depth == 0) return p + 1;
    }
    return p;
}

const char *bibtex_entry(const char *bib, const char *key, size_t *n)
{
    for (const char *p = bib; (p = strchr(p, '@')) != NULL; p++) {
        if (p > bib && p[-1] != '\n') continue;
        const char *brace = p + 1;
        while (isalpha((unsigned char)*brace)) brace++;
        if (*brace != '{') continue;
        const char *name = brace + 1 + strspn(brace + 1, " ");
        size_t length = strcspn(name, ", \t\r\n}");
        if (length != strlen(key) || strncmp(name, key, length)) continue;
        *n = (size_t)(braces_end(brace) - p);
        return p;
    }
    return NULL;
}

static size_t key_length(const char *p)
{
    size_t n = 0;
    while (isalnum((unsigned char)p[n]) || (n && p[n] && strchr("_:-.", p[n]))) n++;
    while (n && !isalnum((unsigned char)p[n - 1])) n--;
    return n;
}

const char *bibtex_citation(const char *p, size_t *n)
{
    for (const char *start = p; *p; p++) {
        if (*p == '`') {
            size_t ticks = strspn(p, "`");
            char *fence = text_format("%.*s", (int)ticks, p);
            const char *close = strstr(p + ticks, fence);
            free(fence);
            p = close ? close + ticks - 1 : p + ticks - 1;
        } else if (*p == '@' && (p == start || !isalnum((unsigned char)p[-1]))) {
            *n = key_length(p + 1);
            if (*n) return p + 1;
        }
    }
    return NULL;
}
