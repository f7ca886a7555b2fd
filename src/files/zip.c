/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the central directory at the archive's end (APPNOTE 6.3.9, 4.3.12 to 4.3.16), with the 64-bit numbers of
 * ZIP64. */
#include "files/zip.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

enum {
    END_BYTES = 22,       /* record after the directory; a comment may follow */
    LOCATOR_BYTES = 20,   /* place of the 64-bit record, before it */
    END64_BYTES = 56,     /* that record */
    ENTRY_BYTES = 46,     /* of each file in the directory, then its name */
    LOCAL_BYTES = 30,     /* before the file's bytes, then its name again */
    SHOWN_MEMBERS = 4,    /* in a message */
    MOST_BYTES = 1 << 26, /* of a directory */
    IS_ENCRYPTED = 1,
    STORED = 0,
    DEFLATED = 8,
    ID_64 = 1
};

typedef struct archive {
    const plx_allocator *allocator;
    int descriptor;
    uint64_t bytes;
    const char *path;
    uint64_t directory, directory_bytes; /* its begin and length */
} archive;

static uint64_t number_at(const unsigned char *at, int bytes)
{
    uint64_t number = 0;
    for (int i = bytes; i-- > 0;)
        number = number << 8 | at[i];
    return number;
}

static plx_status fail_damaged(const archive *a, plx_error *err)
{
    PLX_FAIL(err, PLX_ERR_FORMAT, "%s: the zip archive is damaged or truncated; get the file again", a->path);
}

static plx_status read_at(const archive *a, uint64_t offset, void *out, size_t bytes, plx_error *err)
{
    if (offset > a->bytes || bytes > a->bytes - offset) return fail_damaged(a, err);
    for (size_t got = 0; got < bytes;) {
        const ssize_t n = pread(a->descriptor, (char *)out + got, bytes - got, (off_t)(offset + got));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) PLX_FAIL(err, PLX_ERR_IO, "%s: cannot be read: %s", a->path, strerror(errno));
        if (n == 0) return fail_damaged(a, err);
        got += (size_t)n;
    }
    return PLX_OK;
}

/* The 64-bit record given by the locator before `end`, if there is one. */
static plx_status find_directory64(archive *a, uint64_t end, plx_error *err)
{
    unsigned char locator[LOCATOR_BYTES], record[END64_BYTES];
    if (end < LOCATOR_BYTES) return PLX_OK;
    PLX_TRY(read_at(a, end - LOCATOR_BYTES, locator, sizeof locator, err));
    if (memcmp(locator, "PK\6\7", 4) != 0) return PLX_OK;
    PLX_TRY(read_at(a, number_at(locator + 8, 8), record, sizeof record, err));
    if (memcmp(record, "PK\6\6", 4) != 0) return fail_damaged(a, err);
    a->directory_bytes = number_at(record + 40, 8);
    a->directory = number_at(record + 48, 8);
    return PLX_OK;
}

static plx_status find_directory(archive *a, plx_error *err)
{
    unsigned char tail[END_BYTES + 65535];
    const size_t n = a->bytes < sizeof tail ? (size_t)a->bytes : sizeof tail;
    const uint64_t begin = a->bytes - n;
    PLX_TRY(read_at(a, begin, tail, n, err));
    for (size_t at = n < END_BYTES ? 0 : n - END_BYTES + 1; at-- > 0;) {
        if (memcmp(tail + at, "PK\5\6", 4) != 0 || at + END_BYTES + number_at(tail + at + 20, 2) != n) continue;
        a->directory_bytes = number_at(tail + at + 12, 4);
        a->directory = number_at(tail + at + 16, 4);
        return find_directory64(a, begin + at, err);
    }
    return fail_damaged(a, err);
}

/* Numbers that did not fit into 32 bits, from an entry's extra fields, in the order of the missing ones. */
static void read_extra64(const unsigned char *extra, size_t bytes, uint64_t *const numbers[3])
{
    size_t at = 0;
    while (at + 4 <= bytes && number_at(extra + at, 2) != ID_64)
        at += 4 + (size_t)number_at(extra + at + 2, 2);
    at += 4;
    for (int i = 0; i < 3; i++) {
        if (*numbers[i] != UINT32_MAX || at + 8 > bytes) continue;
        *numbers[i] = number_at(extra + at, 8);
        at += 8;
    }
}

/* Whether a member may contain rows. */
static bool is_file(plx_slice name)
{
    static const char mac[] = "__MACOSX/";
    const char *base = name.length ? memrchr(name.text, '/', name.length) : NULL;
    const plx_slice last = base ? (plx_slice){base + 1, (size_t)(name.text + name.length - base) - 1} : name;
    if (name.length >= sizeof mac - 1 && memcmp(name.text, mac, sizeof mac - 1) == 0) return false;
    return last.length && last.text[0] != '.' && last.text[0] != '_';
}

typedef struct found {
    int n;
    bool is_workbook;
    unsigned flags, method;
    uint64_t packed, length, offset;
    uint32_t crc;
    char names[256]; /* the first ones, for a message */
} found;

static void take_entry(found *f, const unsigned char *entry, plx_slice name, const unsigned char *extra,
                       size_t extra_bytes)
{
    static const plx_slice types = {"[Content_Types].xml", 19};
    const size_t used = strlen(f->names);
    const int shown = (int)(name.length < 60 ? name.length : 60);
    if (f->n < SHOWN_MEMBERS)
        snprintf(f->names + used, sizeof f->names - used, "%s%.*s", f->n ? ", " : "", shown, name.text);
    f->is_workbook |= plx_slice_equal(name, types);
    if (f->n++ > 0) return;
    f->flags = (unsigned)number_at(entry + 8, 2);
    f->method = (unsigned)number_at(entry + 10, 2);
    f->crc = (uint32_t)number_at(entry + 16, 4);
    f->packed = number_at(entry + 20, 4);
    f->length = number_at(entry + 24, 4);
    f->offset = number_at(entry + 42, 4);
    read_extra64(extra, extra_bytes, (uint64_t *const[]){&f->length, &f->packed, &f->offset});
}

static plx_status walk(const archive *a, const unsigned char *directory, size_t bytes, found *f, plx_error *err)
{
    for (size_t at = 0; at + ENTRY_BYTES <= bytes;) {
        const unsigned char *entry = directory + at;
        if (memcmp(entry, "PK\1\2", 4) != 0) return fail_damaged(a, err);
        const size_t name_bytes = (size_t)number_at(entry + 28, 2), extra_bytes = (size_t)number_at(entry + 30, 2);
        const size_t whole = ENTRY_BYTES + name_bytes + extra_bytes + (size_t)number_at(entry + 32, 2);
        if (whole > bytes - at) return fail_damaged(a, err);
        const plx_slice name = {(const char *)entry + ENTRY_BYTES, name_bytes};
        if (is_file(name)) take_entry(f, entry, name, entry + ENTRY_BYTES + name_bytes, extra_bytes);
        at += whole;
    }
    return PLX_OK;
}

static plx_status check_found(const archive *a, const found *f, plx_error *err)
{
    if (f->is_workbook)
        PLX_FAIL(err, PLX_ERR_FORMAT, "%s: is an Excel workbook (.xlsx): save the sheet as CSV", a->path);
    if (f->n == 0) PLX_FAIL(err, PLX_ERR_FORMAT, "%s: is a zip archive without a file", a->path);
    if (f->n > 1)
        PLX_FAIL(err, PLX_ERR_FORMAT,
                 "%s: is a zip archive with %d files (%s%s), and only one is read; unpack it, and name the files or "
                 "their folder",
                 a->path, f->n, f->names, f->n > SHOWN_MEMBERS ? ", ..." : "");
    if (f->flags & IS_ENCRYPTED) PLX_FAIL(err, PLX_ERR_FORMAT, "%s: the zip archive is encrypted; unpack it", a->path);
    if (f->method != STORED && f->method != DEFLATED)
        PLX_FAIL(err, PLX_ERR_FORMAT,
                 "%s: the zip archive uses compression method %u, and only deflate is read; unpack it", a->path,
                 f->method);
    return PLX_OK;
}

plx_status plx_zip_find(const plx_allocator *allocator, int descriptor, int64_t bytes, const char *path,
                        plx_zip_member *out, plx_error *err)
{
    archive a = {.allocator = allocator, .descriptor = descriptor, .bytes = (uint64_t)bytes, .path = path};
    found f = {.names = ""};
    unsigned char local[LOCAL_BYTES];
    PLX_TRY(find_directory(&a, err));
    if (a.directory_bytes > MOST_BYTES) return fail_damaged(&a, err);
    unsigned char *directory = plx_alloc(allocator, (size_t)a.directory_bytes, 1);
    if (!directory) return plx_error_memory(err);
    plx_status status = read_at(&a, a.directory, directory, (size_t)a.directory_bytes, err);
    if (!status) status = walk(&a, directory, (size_t)a.directory_bytes, &f, err);
    if (!status) status = check_found(&a, &f, err);
    plx_free(allocator, directory);
    PLX_TRY(status);
    PLX_TRY(read_at(&a, f.offset, local, sizeof local, err));
    const uint64_t begin = f.offset + LOCAL_BYTES + number_at(local + 26, 2) + number_at(local + 28, 2);
    if (memcmp(local, "PK\3\4", 4) != 0 || begin > a.bytes || f.packed > a.bytes - begin) return fail_damaged(&a, err);
    *out = (plx_zip_member){.begin = (int64_t)begin,
                            .packed = f.packed,
                            .length = f.length,
                            .crc = f.crc,
                            .is_deflated = f.method == DEFLATED};
    return PLX_OK;
}
