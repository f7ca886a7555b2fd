/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mapped file. Its blocks are reserved before they are mapped: a full disk is an error here, and not a signal when a
 * page is written.
 */
#include "base/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static plx_status fail(const char *folder, int number, plx_error *err)
{
    PLX_FAIL(err, PLX_ERR_IO, "%s: rows cannot be put into a file here: %s; free some space or name another folder",
             folder, strerror(number));
}

static plx_status open_file(plx_spill *spill, const char *folder, plx_error *err)
{
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/raw.XXXXXX", folder);
    if (length < 0 || length >= (int)sizeof path) return fail(folder, ENAMETOOLONG, err);
    int descriptor = mkostemp(path, O_CLOEXEC);
    if (descriptor < 0) return fail(folder, errno, err);
    unlink(path);
    spill->descriptor = descriptor;
    return PLX_OK;
}

plx_status plx_spill_resize(plx_spill *spill, const char *folder, size_t bytes, plx_error *err)
{
    bool is_new = !spill->at;
    if (is_new) PLX_TRY(open_file(spill, folder, err));
    int failure = posix_fallocate(spill->descriptor, 0, (off_t)bytes);
    void *at = MAP_FAILED;
    if (!failure && is_new)
        at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, spill->descriptor, 0);
    else if (!failure)
        at = mremap(spill->at, spill->bytes, bytes, MREMAP_MAYMOVE);
    if (at == MAP_FAILED) {
        failure = failure ? failure : errno;
        if (is_new) close(spill->descriptor);
        return fail(folder, failure, err);
    }
    spill->at = at;
    spill->bytes = bytes;
    return PLX_OK;
}

void plx_spill_forget(const plx_spill *spill)
{
    if (spill->at) (void)madvise(spill->at, spill->bytes, MADV_DONTNEED);
}

void plx_spill_release(plx_spill *spill)
{
    if (!spill->at) return;
    munmap(spill->at, spill->bytes);
    close(spill->descriptor);
    *spill = (plx_spill){0};
}
