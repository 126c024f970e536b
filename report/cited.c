/* cited.c - reads citations out of comments.
 *
 * The form is strict (letters, four digits, letters) because the text around is C, where
 * brackets mean other things; an index a[i], a unit [nat/token] and a shape [2020] must
 * not be taken for a source. What is not of this form is no citation, so a key without a
 * year cannot be cited by the core. */
#define _GNU_SOURCE
#include "report/cited.h"
#include "core/base/file.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool is_key(const char *s, size_t n)
{
    size_t letters = 0, digits = 0;
    while (letters < n && islower((unsigned char)s[letters])) letters++;
    while (letters + digits < n && isdigit((unsigned char)s[letters + digits])) digits++;
    for (size_t i = letters + digits; i < n; i++)
        if (!islower((unsigned char)s[i])) return false;
    return letters >= 2 && digits == 4 && letters + digits < n;
}

static void add(char ***list, int *n, char *word)
{
    *list = grow(*list, (size_t)*n, (size_t)*n + 1, sizeof **list);
    (*list)[(*n)++] = word;
}

char **cited_keys(const char *text, int *n)
{
    char **keys = NULL;
    *n = 0;
    for (const char *open = text; (open = strchr(open, '[')) != NULL; open++)
        for (const char *s = open + 1;;) {
            size_t length = strcspn(s, " ,;\n[]");
            if (!is_key(s, length)) break;
            add(&keys, n, text_format("%.*s", (int)length, s));
            s += length;
            if (*s != ',' && *s != ';') break;
            s += strspn(s, ",; \n*");
        }
    return keys;
}

typedef struct {
    Cited *list;
    int n;
} Pairs;

static void add_pair(Pairs *p, const char *key, const char *unit)
{
    for (int i = 0; i < p->n; i++)
        if (!strcmp(p->list[i].key, key) && !strcmp(p->list[i].unit, unit)) return;
    p->list = grow(p->list, (size_t)p->n, (size_t)p->n + 1, sizeof *p->list);
    p->list[p->n++] = (Cited){ text_copy(key), text_copy(unit) };
}

static void scan_file(Pairs *p, const char *path, const char *unit)
{
    char *text = file_read(path, NULL);
    int n = 0;
    char **keys = text ? cited_keys(text, &n) : NULL;
    for (int i = 0; i < n; i++) add_pair(p, keys[i], unit);
    folder_list_free(keys, n);
    free(text);
}

static void scan_folder(Pairs *p, const char *root, const char *folder)
{
    static const char *const endings[] = { ".h", ".c" };
    for (int e = 0; e < COUNT(endings); e++) {
        char *path = text_format("%s/%s", root, folder);
        int n;
        char **names = folder_list(path, endings[e], &n);
        for (int i = 0; i < n; i++) {
            char *file = text_format("%s/%s", path, names[i]),
                 *unit =
                     text_format("%s/%.*s", folder, (int)strlen(names[i]) - 2, names[i]);
            scan_file(p, file, unit);
            free(file), free(unit);
        }
        folder_list_free(names, n);
        free(path);
    }
}

static int by_unit(const void *a, const void *b)
{
    const Cited *x = a, *y = b;
    int d = strcmp(x->unit, y->unit);
    return d ? d : strcmp(x->key, y->key);
}

Cited *cited_scan(const char *root, int *n)
{
    static const char *const folders[] = { "core/base", "core/num",  "core/net",
                                           "core/lens", "core/text", "core/lab" };
    Pairs p = { 0 };
    for (int i = 0; i < COUNT(folders); i++) scan_folder(&p, root, folders[i]);
    if (p.n) qsort(p.list, (size_t)p.n, sizeof *p.list, by_unit);
    *n = p.n;
    return p.list;
}

void cited_free(Cited *list, int n)
{
    for (int i = 0; i < n; i++) free(list[i].key), free(list[i].unit);
    free(list);
}
