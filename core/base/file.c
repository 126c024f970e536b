/* file.c - whole files and folders, published by rename.
 *
 * Readers of a result never see half of it: a file is written beside its place and
 * renamed, a folder is filled as NAME.partial and renamed. Every write is checked up
 * to fclose(), because a full disk often speaks only there. */
#define _GNU_SOURCE
#include "core/base/file.h"
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

bool file_exists(const char *path) { return access(path, F_OK) == 0; }

/* gzread() takes at most INT_MAX bytes at once. */
static unsigned piece(size_t room) { return room < 1u << 30 ? (unsigned)room : 1u << 30; }

/* gzread() passes plain files through, so one reader serves both; dictzip is gzip with
 * an index in its header. */
char *file_read_gzip(const char *path, size_t *n)
{
    struct stat info;
    if (stat(path, &info)) return NULL;
    if (S_ISDIR(info.st_mode)) return errno = EISDIR, NULL;
    gzFile f = gzopen(path, "rb");
    if (!f) return NULL;
    gzbuffer(f, 1 << 17);
    size_t room = (size_t)info.st_size + 2, used = 0;
    char *bytes = alloc(room, 1);
    for (int got; (got = gzread(f, bytes + used, piece(room - used - 1))) != 0;) {
        if (got < 0) {
            gzclose(f);
            free(bytes);
            return errno = EIO, NULL;
        }
        used += (size_t)got;
        if (room - used < 2) {
            bytes = grow(bytes, used, 2 * room, 1);
            room *= 2;
        }
    }
    bytes[used] = 0;
    if (gzclose(f) != Z_OK) return free(bytes), errno = EIO, NULL;
    if (n) *n = used;
    return bytes;
}

char *file_read(const char *path, size_t *n)
{
    struct stat info;
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    bool known = fstat(fileno(f), &info) == 0;
    if (!known || S_ISDIR(info.st_mode)) {
        int error = known ? EISDIR : errno;
        fclose(f);
        return errno = error, NULL;
    }
    size_t room = (size_t)info.st_size + 2, used = 0;
    char *bytes = alloc(room, 1);
    for (size_t got; (got = fread(bytes + used, 1, room - used - 1, f)) > 0;) {
        used += got;
        if (room - used < 2) {
            bytes = grow(bytes, used, 2 * room, 1);
            room *= 2;
        }
    }
    bool broken = ferror(f);
    fclose(f);
    if (broken) return free(bytes), errno = EIO, NULL;
    bytes[used] = 0;
    if (n) *n = used;
    return bytes;
}

bool file_close(FILE *f)
{
    bool ok = fflush(f) == 0 && !ferror(f);
    int error = ok ? 0 : errno ? errno : EIO;
    if (fclose(f) && ok) ok = false, error = errno;
    errno = error;
    return ok;
}

bool file_write(const char *path, const char *bytes, size_t n)
{
    char *fresh = text_format("%s.new", path);
    FILE *f = fopen(fresh, "wb");
    bool ok = f != NULL;
    if (f) {
        ok = fwrite(bytes, 1, n, f) == n;
        int error = errno;
        bool closed = file_close(f);
        if (!ok) errno = error;
        ok = ok && closed && rename(fresh, path) == 0;
    }
    int error = errno;
    if (!ok && f) unlink(fresh);
    free(fresh);
    errno = error;
    return ok;
}

bool file_write_if_changed(const char *path, const char *bytes, size_t n)
{
    size_t old_n;
    char *old = file_read(path, &old_n);
    bool same = old && old_n == n && memcmp(old, bytes, n) == 0;
    free(old);
    return same || file_write(path, bytes, n);
}

bool file_copy(const char *from, const char *to)
{
    size_t n;
    char *bytes = file_read(from, &n);
    if (!bytes) return false;
    bool ok = file_write(to, bytes, n);
    free(bytes);
    return ok;
}

bool folder_make(const char *path)
{
    char *p = text_copy(path);
    bool ok = true;
    for (char *slash = p + 1; ok && *slash; slash++) {
        if (*slash != '/') continue;
        *slash = 0;
        ok = mkdir(p, 0777) == 0 || errno == EEXIST;
        *slash = '/';
    }
    struct stat info;
    ok = ok && (mkdir(p, 0777) == 0 ||
                (errno == EEXIST && stat(p, &info) == 0 && S_ISDIR(info.st_mode)));
    free(p);
    return ok;
}

static int remove_one(const char *path, const struct stat *info, int kind,
                      struct FTW *where)
{
    (void)info, (void)kind, (void)where;
    return remove(path);
}

bool folder_remove(const char *path)
{
    return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT;
}

/* Two renames, the old result first out of the way: a kill between them leaves no
 * result, never a mixed one. If the second fails, the old result goes back. */
bool folder_publish(const char *partial, const char *path)
{
    char *stale = text_format("%s.stale", path);
    bool ok = folder_remove(stale), moved = false;
    if (ok && file_exists(path)) ok = moved = rename(path, stale) == 0;
    ok = ok && rename(partial, path) == 0;
    int error = errno;
    if (!ok && moved) rename(stale, path);
    else if (!folder_remove(stale)) ok = false, error = errno;
    free(stale);
    errno = error;
    return ok;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **folder_list(const char *path, const char *ending, int *n)
{
    *n = 0;
    DIR *d = opendir(path);
    if (!d) return NULL;
    int room = 16;
    char **names = alloc((size_t)room, sizeof *names);
    for (struct dirent *e; (e = readdir(d));) {
        size_t have = strlen(e->d_name), want = strlen(ending);
        if (e->d_name[0] == '.' || have < want || strcmp(e->d_name + have - want, ending))
            continue;
        if (*n == room) {
            names = grow(names, (size_t)room, 2 * (size_t)room, sizeof *names);
            room *= 2;
        }
        names[(*n)++] = text_copy(e->d_name);
    }
    closedir(d);
    qsort(names, (size_t)*n, sizeof *names, by_name);
    return names;
}

void folder_list_free(char **names, int n)
{
    if (!names) return;
    for (int i = 0; i < n; i++) free(names[i]);
    free(names);
}
