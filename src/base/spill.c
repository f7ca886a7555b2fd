/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mapped files. The disk blocks of a piece are reserved before they are mapped: a full disk is then an error here, not
 * a signal when a page is written. Pieces are as far apart in a file as they may grow; the gaps are holes, which use no
 * disk space.
 */
#include "base/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    PIECE_ALIGNMENT = 1 << 21, /* whole pages, also huge ones */
    SMALL_BYTES = 8 << 20      /* below this, read-ahead would go beyond the piece */
};

/** Not every file system supports larger files, including holes (ext4: 16 TiB). */
static const uint64_t FILE_LIMIT = UINT64_C(1) << 42;

static plx_status fail(const char *folder, int number, plx_error *err)
{
    PLX_FAIL(err, PLX_ERR_IO, "%s: rows cannot be written to a file here: %s; %s", folder, strerror(number),
             number == EMFILE || number == ENFILE ? "close some files or raise the limit (see ulimit -n)"
                                                  : "free some space or name another folder");
}

void plx_spill_files_init(plx_spill_files *files, const plx_allocator *allocator, const char *folder)
{
    *files = (plx_spill_files){.allocator = allocator, .folder = folder};
}

void plx_spill_files_release(plx_spill_files *files)
{
    for (size_t i = 0; i < files->n; i++)
        close(files->descriptors[i]);
    if (files->allocator) plx_free(files->allocator, files->descriptors);
    *files = (plx_spill_files){0};
}

static plx_status open_file(plx_spill_files *files, plx_error *err)
{
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/raw.XXXXXX", files->folder);
    if (length < 0 || length >= (int)sizeof path) return fail(files->folder, ENAMETOOLONG, err);
    if (plx_grow(files->allocator, &files->descriptors, &files->capacity, files->n + 1, sizeof *files->descriptors))
        return plx_error_memory(err);
    int descriptor = mkostemp(path, O_CLOEXEC);
    if (descriptor < 0) return fail(files->folder, errno, err);
    unlink(path);
    files->descriptors[files->n++] = descriptor;
    files->used = 0;
    return PLX_OK;
}

/* Read-ahead after a small piece would read the hole before the next one. */
static void advise(const plx_spill *spill)
{
    (void)madvise(spill->at, spill->bytes, spill->bytes < SMALL_BYTES ? MADV_RANDOM : MADV_NORMAL);
}

/* Places the first `bytes` of a piece that may grow to `most`; an errno on failure. */
static int place(plx_spill *spill, plx_spill_files *files, size_t bytes, uint64_t most)
{
    const int descriptor = files->descriptors[files->n - 1];
    const uint64_t offset = files->used;
    const int failure = posix_fallocate(descriptor, (off_t)offset, (off_t)bytes);
    if (failure) return failure;
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, (off_t)offset);
    if (at == MAP_FAILED) return errno;
    *spill = (plx_spill){.at = at, .bytes = bytes, .descriptor = descriptor, .offset = offset};
    advise(spill);
    files->used += (most + PIECE_ALIGNMENT - 1) / PIECE_ALIGNMENT * PIECE_ALIGNMENT;
    return 0;
}

static plx_status begin(plx_spill *spill, plx_spill_files *files, size_t bytes, uint64_t most, plx_error *err)
{
    if (files->n == 0 || most > FILE_LIMIT - files->used) PLX_TRY(open_file(files, err));
    int failure = place(spill, files, bytes, most < FILE_LIMIT ? most : FILE_LIMIT);
    if (failure == EFBIG && files->used) { /* the file system needs smaller files */
        PLX_TRY(open_file(files, err));
        failure = place(spill, files, bytes, most < FILE_LIMIT ? most : FILE_LIMIT);
    }
    return failure ? fail(files->folder, failure, err) : PLX_OK;
}

plx_status plx_spill_resize(plx_spill *spill, plx_spill_files *files, size_t bytes, uint64_t most, plx_error *err)
{
    if (!spill->at) return begin(spill, files, bytes, most, err);
    const int failure = posix_fallocate(spill->descriptor, (off_t)spill->offset, (off_t)bytes);
    if (failure) return fail(files->folder, failure, err);
    void *at = mremap(spill->at, spill->bytes, bytes, MREMAP_MAYMOVE);
    if (at == MAP_FAILED) return fail(files->folder, errno, err);
    spill->at = at;
    spill->bytes = bytes;
    advise(spill);
    return PLX_OK;
}

void plx_spill_drop_pages(const plx_spill *spill)
{
    if (spill->at) (void)madvise(spill->at, spill->bytes, MADV_DONTNEED);
}

void plx_spill_release(plx_spill *spill)
{
    if (spill->at) munmap(spill->at, spill->bytes);
    *spill = (plx_spill){0};
}
