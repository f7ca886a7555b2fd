/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pipe, a terminal or /dev/null is written in place: renaming over it would replace the device. A symbolic link is
 * followed, so that the link stays and its target is replaced.
 */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/c_locale.h"

enum { BUFFER_BYTES = 64 * 1024, MOST_TEMPORARIES = 1000, FILE_MODE = 0666 };

static const char *remedy(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
        return "check the path";
    case EACCES:
    case EPERM:
        return "check the permissions of the file and its folder";
    case ENOSPC:
    case EDQUOT:
        return "free some space or write elsewhere";
    case EFBIG:
        return "the system limits the size of files here (see ulimit -f)";
    case EROFS:
        return "write elsewhere";
    case EMFILE:
    case ENFILE:
        return "close some files or raise the limit (see ulimit -n)";
    case ENAMETOOLONG:
        return "choose a shorter path";
    default:
        return "check the disk";
    }
}

/* `what` is the verb: "read", "write". strerror is not thread-safe. */
static plx_status fail_with_errno(plx_error *err, const char *path, const char *what, int number)
{
    locale_t c_locale = plx_c_locale();
    const char *reason = c_locale ? strerror_l(number, c_locale) : "the system refused";
    plx_error_set(err, PLX_ERR_IO, "%s: cannot %s: %s; %s", path, what, reason, remedy(number));
    if (c_locale) freelocale(c_locale);
    return PLX_ERR_IO;
}

static int open_again(const char *path, int flags, mode_t mode)
{
    int descriptor;
    do
        descriptor = open(path, flags | O_CLOEXEC, mode);
    while (descriptor < 0 && errno == EINTR);
    return descriptor;
}

static plx_status open_to_read(const char *path, int *descriptor, struct stat *info, plx_error *err)
{
    *descriptor = open_again(path, O_RDONLY, 0);
    if (*descriptor < 0) return fail_with_errno(err, path, "open", errno);
    plx_status status = PLX_OK;
    if (fstat(*descriptor, info) != 0)
        status = fail_with_errno(err, path, "open", errno);
    else if (S_ISDIR(info->st_mode))
        status = plx_error_set(err, PLX_ERR_IO, "%s: is a folder, not a file; name a file in it", path);
    if (status != PLX_OK) close(*descriptor);
    return status;
}

static plx_status read_all(int descriptor, const char *path, size_t limit, plx_string *out, plx_error *err)
{
    char bytes[16 * 1024];
    size_t total = 0;
    for (;;) {
        ssize_t got = read(descriptor, bytes, sizeof bytes);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_with_errno(err, path, "read", errno);
        if (got == 0) break;
        if ((size_t)got > limit - total)
            PLX_FAIL(err, PLX_ERR_IO, "%s: is larger than %zu bytes, the maximum for such a file; check the path", path,
                     limit);
        total += (size_t)got;
        plx_string_add(out, bytes, (size_t)got);
        if (out->failed) return plx_error_memory(err);
    }
    plx_string_add(out, "", 0); /* an empty file gives an empty text, not NULL */
    return out->failed ? plx_error_memory(err) : PLX_OK;
}

plx_status plx_file_read(const char *path, size_t limit, plx_string *out, plx_error *err)
{
    int descriptor;
    struct stat info;
    PLX_TRY(open_to_read(path, &descriptor, &info, err));
    plx_status status = read_all(descriptor, path, limit, out, err);
    close(descriptor);
    return status;
}

plx_status plx_file_check_regular(const char *path, plx_error *err)
{
    struct stat info;
    if (stat(path, &info) != 0 || S_ISREG(info.st_mode) || S_ISDIR(info.st_mode)) return PLX_OK;
    PLX_FAIL(err, PLX_ERR_IO, "%s: is not a regular file; save its contents to one, and name that", path);
}

static plx_status open_temporary(plx_writer *w, mode_t mode, plx_error *err)
{
    for (int n = 0; n < MOST_TEMPORARIES; n++) {
        snprintf(w->temporary, sizeof w->temporary, "%s.tmp-%ld-%d", w->path, (long)getpid(), n);
        w->descriptor = open_again(w->temporary, O_WRONLY | O_CREAT | O_EXCL, mode);
        if (w->descriptor >= 0) return PLX_OK;
        if (errno != EEXIST) break;
    }
    int number = errno;
    w->temporary[0] = '\0';
    return fail_with_errno(err, w->path, "write", number);
}

/* Puts the target of a chain of links, which need not exist, into `path` of `capacity` bytes. Returns 0, or an errno.
 */
static int follow_links(char *path, size_t capacity)
{
    enum { MOST_LINKS = 40 }; /* as in Linux */
    char link[PATH_MAX];
    for (int n = 0; n < MOST_LINKS; n++) {
        const ssize_t length = readlink(path, link, sizeof link);
        if (length < 0) return 0; /* not a link, or not readable: opening it will show */
        const char *slash = link[0] == '/' ? NULL : strrchr(path, '/');
        const size_t folder = slash ? (size_t)(slash + 1 - path) : 0;
        if (folder + (size_t)length >= capacity) return ENAMETOOLONG;
        memcpy(path + folder, link, (size_t)length);
        path[folder + (size_t)length] = '\0';
    }
    return ELOOP;
}

static plx_status open_to_write(plx_writer *w, const char *path, plx_error *err)
{
    struct stat info;
    const bool exists = stat(path, &info) == 0;
    char resolved[PATH_MAX];
    const char *target = exists && realpath(path, resolved) ? resolved : path; /* /dev/stdout may have no path */
    if (strlen(target) >= sizeof w->path) return fail_with_errno(err, path, "write", ENAMETOOLONG);
    strcpy(w->path, target);
    const int failure = exists ? 0 : follow_links(w->path, sizeof w->path);
    if (failure) return fail_with_errno(err, path, "write", failure);
    if (exists && S_ISDIR(info.st_mode))
        PLX_FAIL(err, PLX_ERR_IO, "%s: is a folder, not a file; name a file in it", path);
    if (exists && !S_ISREG(info.st_mode)) {
        w->descriptor = open_again(w->path, O_WRONLY, 0);
        return w->descriptor < 0 ? fail_with_errno(err, path, "write", errno) : PLX_OK;
    }
    PLX_TRY(open_temporary(w, FILE_MODE, err));
    if (exists && fchmod(w->descriptor, info.st_mode & 07777) != 0)
        return fail_with_errno(err, path, "set the permissions of", errno);
    return PLX_OK;
}

plx_status plx_writer_init(plx_writer *w, const plx_allocator *allocator, const char *path, plx_error *err)
{
    memset(w, 0, sizeof *w);
    w->allocator = allocator;
    w->descriptor = -1;
    w->buffer = plx_alloc(allocator, BUFFER_BYTES, 1);
    plx_status status = w->buffer ? open_to_write(w, path, err) : plx_error_memory(err);
    if (status != PLX_OK) plx_writer_release(w);
    return status;
}

bool plx_write_all(int descriptor, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    while (length) {
        ssize_t written = write(descriptor, at, length);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        at += written;
        length -= (size_t)written;
    }
    return true;
}

static void write_out(plx_writer *w, const unsigned char *bytes, size_t length)
{
    if (w->failure.code == PLX_OK && !plx_write_all(w->descriptor, bytes, length))
        fail_with_errno(&w->failure, w->path, "write", errno);
}

static void flush_buffer(plx_writer *w)
{
    write_out(w, w->buffer, w->used);
    w->used = 0;
}

void plx_writer_add(plx_writer *w, const void *bytes, size_t length)
{
    if (w->failure.code != PLX_OK || length == 0) return;
    if (length > BUFFER_BYTES - w->used) flush_buffer(w);
    if (length >= BUFFER_BYTES) {
        write_out(w, bytes, length);
        return;
    }
    memcpy(w->buffer + w->used, bytes, length);
    w->used += length;
}

/* Makes a rename survive a power failure. Some file systems cannot; then only that is lost. */
static void sync_folder_of(const char *path)
{
    char folder[PATH_MAX + 1];
    const char *slash = strrchr(path, '/');
    if (!slash)
        strcpy(folder, ".");
    else
        snprintf(folder, sizeof folder, "%.*s", (int)(slash == path ? 1 : slash - path), path);
    int descriptor = open_again(folder, O_RDONLY | O_DIRECTORY, 0);
    if (descriptor < 0) return;
    (void)fsync(descriptor);
    close(descriptor);
}

plx_status plx_writer_commit(plx_writer *w, plx_error *err)
{
    flush_buffer(w);
    bool in_place = w->temporary[0] == '\0';
    if (w->failure.code == PLX_OK && !in_place && fsync(w->descriptor) != 0)
        fail_with_errno(&w->failure, w->path, "write", errno);
    if (w->descriptor >= 0 && close(w->descriptor) != 0 && errno != EINTR && w->failure.code == PLX_OK)
        fail_with_errno(&w->failure, w->path, "write", errno);
    w->descriptor = -1;
    if (w->failure.code == PLX_OK && !in_place && rename(w->temporary, w->path) != 0)
        fail_with_errno(&w->failure, w->path, "replace", errno);
    if (w->failure.code != PLX_OK) PLX_FAIL(err, w->failure.code, "%s", w->failure.message);
    if (!in_place) sync_folder_of(w->path);
    w->temporary[0] = '\0';
    return PLX_OK;
}

void plx_writer_release(plx_writer *w)
{
    if (w->descriptor >= 0) close(w->descriptor);
    if (w->temporary[0]) unlink(w->temporary);
    plx_free(w->allocator, w->buffer);
    w->descriptor = -1;
    w->temporary[0] = '\0';
    w->buffer = NULL;
}

bool plx_file_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

size_t plx_folder_make(const char *path)
{
    char part[4096];
    struct stat info;
    for (size_t end = 0; path[end];) {
        end += strspn(path + end, "/");
        end += strcspn(path + end, "/");
        if (end >= sizeof part) {
            errno = ENAMETOOLONG;
            return end;
        }
        memcpy(part, path, end);
        part[end] = '\0';
        if (mkdir(part, 0777) == 0) continue;
        const int reason = errno;
        if (stat(part, &info) == 0 && S_ISDIR(info.st_mode)) continue;
        errno = reason;
        return end;
    }
    return 0;
}

void plx_folder_clean(const char *folder, const char *start)
{
    DIR *files = opendir(folder);
    if (!files) return;
    for (const struct dirent *file; (file = readdir(files));)
        if (strncmp(file->d_name, start, strlen(start)) == 0) (void)unlinkat(dirfd(files), file->d_name, 0);
    closedir(files);
}
