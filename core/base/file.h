/* file.h - whole files and folders. Every function that can meet a missing file or a
 * full disk returns false with errno set and leaves nothing half-written; the caller
 * words the message. */
#ifndef GLASSBOX_FILE_H
#define GLASSBOX_FILE_H

#include "core/base/base.h"
#include <stdio.h>

/* The contents and a terminating 0; the caller frees them. NULL: see errno. n, which
 * may be NULL, receives the length without that 0. */
char *file_read(const char *path, size_t *n);
/* The same for gzip and dictzip; a plain file is read as it is. */
char *file_read_gzip(const char *path, size_t *n);
/* Through path.new and rename: readers see the old contents or the new. */
bool file_write(const char *path, const char *bytes, size_t n);
/* Leaves the old file, and its time, alone if the bytes agree. */
bool file_write_if_changed(const char *path, const char *bytes, size_t n);
/* Flushes, checks, closes: false if any byte was lost, as on a full disk. */
bool file_close(FILE *);
bool file_copy(const char *from, const char *to);
bool file_exists(const char *path);

/* With its parents; an existing folder is fine. */
bool folder_make(const char *path);
/* With its contents; an absent folder is fine; a link goes, not what it points to. */
bool folder_remove(const char *path);
/* path := partial, by rename; an older path goes. On failure path is what it was. */
bool folder_publish(const char *partial, const char *path);
/* The names that end so, sorted bytewise, without hidden ones; free them with
 * folder_list_free. NULL, and *n = 0: see errno. */
char **folder_list(const char *path, const char *ending, int *n);
void folder_list_free(char **names, int n);

#endif
