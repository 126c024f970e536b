/* file.h - whole files and folders. Every function that can meet a missing file or a
 * full disk returns false with errno set and leaves nothing half-written; the caller
 * words the message. */
#ifndef GLASSBOX_FILE_H
#define GLASSBOX_FILE_H

#include "core/base/base.h"
#include <stdio.h>

/* contents and a terminating 0, caller frees; NULL: see errno. n may be NULL */
char *file_read(const char *path, size_t *n);
/* the same for gzip and dictzip; a plain file is read as it is */
char *file_read_gzip(const char *path, size_t *n);
/* through path.new and rename: readers see the old or the new */
bool file_write(const char *path, const char *bytes, size_t n);
/* keeps the old file's time if the bytes agree */
bool file_write_if_changed(const char *path, const char *bytes, size_t n);
/* flush, check, close: false on a full disk */
bool file_close(FILE *);
bool file_copy(const char *from, const char *to);
bool file_exists(const char *path);

/* with parents; an existing folder is fine */
bool folder_make(const char *path);
/* with its contents; an absent folder is fine */
bool folder_remove(const char *path);
/* path := partial, by rename; an older path goes */
bool folder_publish(const char *partial, const char *path);
/* names that end so, sorted bytewise; free with folder_list_free */
char **folder_list(const char *path, const char *ending, int *n);
void folder_list_free(char **names, int n);

#endif
