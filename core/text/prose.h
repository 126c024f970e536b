/* prose.h - English as running text: the entries of installed Debian packages (a
 * dictionary's entry, a gloss, a section, a fortune) with case and punctuation, one after
 * the other. Some are held out by a hash of their text, the same for every seed. */
#ifndef GLASSBOX_PROSE_H
#define GLASSBOX_PROSE_H

#include "core/base/base.h"
#include "core/base/rng.h"

typedef struct {
    size_t at, n; /* its bytes in Prose.text; it ends with a newline */
    int package;
    bool held; /* held out: one entry of 20 */
} ProseEntry;

typedef struct {
    Buffer text;
    ProseEntry *entry; /* (entries), every text once */
    int entries, room;
    int *copies; /* (packages): entries left out as copies of an earlier one */
} Prose;

/* The packages in the order given, "dict-gcide" or "package:dict-gcide". NULL with *error
 * (caller frees). White space reads as one space, a paragraph's end as a newline; tags,
 * notes of edition and marks of pronunciation are left out. */
Prose *prose_read(const char *const *packages, int n, char **error);
void prose_free(Prose *);
/* Entries of one side in random order, of package k the share[k] of them, until there are
 * that many bytes; the caller frees .s. */
Buffer prose_draw(const Prose *, const double *share, bool held, size_t bytes, Rng);

/* How a package keeps its entries. */
typedef enum {
    PROSE_DICT,    /* a head word at the margin after an indented line or an empty one */
    PROSE_GLOSSES, /* WordNet data: of each line the first word and what follows the bar */
    PROSE_FORTUNES, /* entries end with a line that is "%" */
    PROSE_HTML,     /* entries begin with a heading */
} ProseFormat;
/* The entries of a file's n bytes, which a 0 follows as file_read() gives them, for tests:
 * appended as the given package's, with copies. */
void prose_add(Prose *, const char *bytes, size_t n, ProseFormat, int package);

#endif
