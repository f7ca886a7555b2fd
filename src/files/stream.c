/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gzip by zlib (inflate.h), other formats by libarchive as a decompressor: its filters, no archive format. Only
 * libarchive's built-in filters are enabled, since others would start programs. A regular file that is not compressed
 * is read without it, from the start.
 */
#include "files/stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_BYTES = 1 << 17 };

static plx_status fail_system(const plx_stream *stream, const char *what, plx_error *err)
{
    PLX_FAIL(err, PLX_ERR_IO, "%s: %s: %s", stream->path, what, strerror(errno));
}

static plx_status check_unchanged(const plx_stream *stream, plx_error *err)
{
    struct stat now;
    if (!stream->is_regular) return PLX_OK;
    if (fstat(stream->descriptor, &now)) return fail_system(stream, "cannot be examined", err);
    if (now.st_size == stream->size && now.st_mtim.tv_sec == stream->seconds &&
        now.st_mtim.tv_nsec == stream->nanoseconds)
        return PLX_OK;
    PLX_FAIL(err, PLX_ERR_IO,
             "%s: the file was changed while it was read (%lld bytes at first, %lld now); read it again when it is "
             "complete",
             stream->path, (long long)stream->size, (long long)now.st_size);
}

/*
 * Reports libarchive's error; a file that has changed meanwhile explains it better. The error code is that of a failed
 * system call, EILSEQ or -1 for invalid data; a truncated file sometimes has neither code nor message.
 */
static plx_status fail_archive(const plx_stream *stream, plx_error *err)
{
    int code = archive_errno(stream->archive);
    const char *reason = archive_error_string(stream->archive);
    PLX_TRY(check_unchanged(stream, err));
    if (code == ENOMEM) return plx_error_memory(err);
    if (code > 0 && code != EILSEQ)
        PLX_FAIL(err, PLX_ERR_IO, "%s: cannot be read: %s", stream->path, reason ? reason : strerror(code));
    if (reason && strstr(reason, "too much memory"))
        PLX_FAIL(
            err, PLX_ERR_FORMAT,
            "%s: was compressed with a window of more than 128 MiB, which is not supported (zstd --long=28 or more, xz "
            "likewise); compress it again with a smaller one",
            stream->path);
    PLX_FAIL(err, PLX_ERR_FORMAT, "%s: the compressed data is damaged or truncated (%s); get the file again",
             stream->path, reason ? reason : "it ends too early");
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* A suffix of a compressed file, but content that is not compressed: most often a failed download. */
static plx_status check_name(const plx_stream *stream, plx_error *err)
{
    static const char *const suffixes[] = {".gz", ".zst", ".xz", ".bz2", ".lz4"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        if (!stream->is_compressed && ends_with(stream->path, suffixes[i]))
            PLX_FAIL(err, PLX_ERR_FORMAT,
                     "%s: is not compressed, although it is named %s; get the file again, or rename it", stream->path,
                     suffixes[i]);
    return PLX_OK;
}

static plx_status open_file(plx_stream *stream, plx_error *err)
{
    struct stat now;
    bool is_input = strcmp(stream->path, "-") == 0;
    if (is_input) stream->path = "standard input";
    stream->descriptor = is_input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(stream->path, O_RDONLY | O_CLOEXEC);
    if (stream->descriptor < 0) return fail_system(stream, "cannot be opened", err);
    if (fstat(stream->descriptor, &now)) return fail_system(stream, "cannot be examined", err);
    if (S_ISDIR(now.st_mode)) PLX_FAIL(err, PLX_ERR_IO, "%s: is a folder; name a file", stream->path);
    stream->is_regular = S_ISREG(now.st_mode);
    if (stream->is_regular) stream->begin = lseek(stream->descriptor, 0, SEEK_CUR);
    stream->size = now.st_size;
    stream->seconds = now.st_mtim.tv_sec;
    stream->nanoseconds = now.st_mtim.tv_nsec;
    return PLX_OK;
}

static plx_status read_plain(const plx_stream *stream, char *out, size_t capacity, size_t *got, plx_error *err)
{
    ssize_t n;
    do
        n = read(stream->descriptor, out, capacity);
    while (n < 0 && errno == EINTR);
    if (n < 0) return fail_system(stream, "cannot be read", err);
    *got = (size_t)n;
    return PLX_OK;
}

/* The file's own bytes: first those that showed its format, then the rest. */
static plx_status read_input(void *user, char *out, size_t capacity, size_t *got, plx_error *err)
{
    plx_stream *stream = user;
    const size_t n = stream->n_first - stream->first_taken;
    if (!n) return read_plain(stream, out, capacity, got, err);
    *got = n < capacity ? n : capacity;
    memcpy(out, stream->first + stream->first_taken, *got);
    stream->first_taken += *got;
    return PLX_OK;
}

/* Enough first bytes to recognise the format. */
static plx_status read_first(plx_stream *stream, plx_error *err)
{
    for (size_t got = 1; got && stream->n_first < sizeof stream->first; stream->n_first += got)
        PLX_TRY(read_plain(stream, stream->first + stream->n_first, sizeof stream->first - stream->n_first, &got, err));
    return PLX_OK;
}

static la_ssize_t feed_archive(struct archive *a, void *user, const void **block)
{
    plx_stream *stream = user;
    plx_error error = {.message = ""};
    size_t got = 0;
    *block = stream->input;
    if (!read_input(stream, stream->input, READ_BYTES, &got, &error)) return (la_ssize_t)got;
    archive_set_error(a, errno, "%s", strerror(errno));
    return ARCHIVE_FATAL;
}

/* Filters that this build of libarchive would run as programs return ARCHIVE_WARN; they stay, and fail if needed. */
static plx_status open_archive(plx_stream *stream, plx_error *err)
{
    struct archive_entry *entry;
    struct archive *a = archive_read_new();
    if (!a) return plx_error_memory(err);
    stream->archive = a;
    archive_read_support_filter_zstd(a);
    archive_read_support_filter_xz(a);
    archive_read_support_filter_bzip2(a);
    archive_read_support_filter_lz4(a);
    if (archive_read_support_format_raw(a) != ARCHIVE_OK || archive_read_support_format_empty(a) != ARCHIVE_OK)
        return plx_error_memory(err);
    stream->input = plx_alloc(stream->allocator, READ_BYTES, 1);
    if (!stream->input) return plx_error_memory(err);
    int opened = archive_read_open(a, stream, NULL, feed_archive, NULL);
    stream->is_compressed = archive_filter_count(a) > 1;
    if (opened != ARCHIVE_OK) return fail_archive(stream, err);
    PLX_TRY(check_name(stream, err));
    int status = archive_read_next_header(a, &entry);
    stream->is_empty = status == ARCHIVE_EOF;
    if (status != ARCHIVE_EOF && status < ARCHIVE_WARN) return fail_archive(stream, err);
    return PLX_OK;
}

static bool is_zip(const plx_stream *stream)
{
    return stream->n_first >= 4 && memcmp(stream->first, "PK\3\4", 4) == 0;
}

/* The only file of the archive; an archive on standard input is an error, since its directory is at its end. */
static plx_status open_zip(plx_stream *stream, plx_error *err)
{
    plx_zip_member member;
    PLX_TRY(plx_zip_find(stream->allocator, stream->descriptor, stream->size, stream->path, &member, err));
    if (lseek(stream->descriptor, member.begin, SEEK_SET) < 0) return fail_system(stream, "cannot be read", err);
    stream->first_taken = stream->n_first;
    stream->is_compressed = true;
    return plx_unzip_create(stream->allocator, (plx_byte_source){read_input, stream}, stream->path, &member,
                            &stream->gzip, err);
}

plx_status plx_stream_init(plx_stream *stream, const plx_allocator *allocator, const char *path, plx_error *err)
{
    *stream = (plx_stream){.path = path, .allocator = allocator, .descriptor = -1};
    PLX_TRY(open_file(stream, err));
    PLX_TRY(read_first(stream, err));
    if (plx_gzip_begins(stream->first, stream->n_first)) {
        stream->is_compressed = true;
        return plx_gzip_create(allocator, (plx_byte_source){read_input, stream}, stream->path, &stream->gzip, err);
    }
    if (stream->is_regular && is_zip(stream)) return open_zip(stream, err);
    PLX_TRY(open_archive(stream, err));
    if (!stream->is_regular || stream->is_compressed) return PLX_OK;
    archive_read_free(stream->archive);
    stream->archive = NULL;
    return lseek(stream->descriptor, stream->begin, SEEK_SET) >= 0 ? PLX_OK
                                                                   : fail_system(stream, "cannot be read", err);
}

double plx_stream_share(const plx_stream *stream)
{
    const off_t at = stream->is_regular ? lseek(stream->descriptor, 0, SEEK_CUR) : -1;
    return at >= 0 && stream->size > stream->begin
               ? (double)(at - stream->begin) / (double)(stream->size - stream->begin)
               : NAN;
}

void plx_stream_release(plx_stream *stream)
{
    if (stream->archive) archive_read_free(stream->archive);
    plx_inflate_free(stream->gzip);
    if (stream->input) plx_free(stream->allocator, stream->input);
    if (stream->path && stream->descriptor >= 0) close(stream->descriptor);
    *stream = (plx_stream){.descriptor = -1};
}

static plx_status read_stream(void *user, char *out, size_t capacity, size_t *got, plx_error *err)
{
    plx_stream *stream = user;
    *got = 0;
    if (stream->gzip) {
        const plx_byte_source gzip = plx_inflate_source(stream->gzip);
        plx_status status = gzip.read(gzip.user, out, capacity, got, err);
        if (status == PLX_ERR_FORMAT) PLX_TRY(check_unchanged(stream, err)); /* a changed file explains it better */
        PLX_TRY(status);
    } else if (!stream->archive) {
        PLX_TRY(read_plain(stream, out, capacity, got, err));
    } else if (!stream->is_empty) {
        la_ssize_t n = archive_read_data(stream->archive, out, capacity);
        if (n < 0) return fail_archive(stream, err);
        *got = (size_t)n;
    }
    return *got ? PLX_OK : check_unchanged(stream, err);
}

plx_byte_source plx_stream_source(plx_stream *stream)
{
    return (plx_byte_source){.read = read_stream, .user = stream};
}
