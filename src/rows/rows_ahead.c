/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that reads blocks of a row file. Blocks are read() and not touched through the map: a page fault may map
 * megabytes around a page if the page cache holds large folios.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/thread.h"
#include "rows/rows_ahead.h"

struct plx_rows_ahead {
    const plx_allocator *allocator;
    const plx_rows *rows;

    plx_helper helper;      /* the reader thread; it shares all members below */
    const uint32_t *blocks; /* [n] to be read */
    size_t n;
    uint8_t *out; /* where the next one goes */
    int failure;  /* the first error: errno, or EIO if the file is too short */
};

static size_t rows_of(const plx_rows *rows, uint32_t block)
{
    const size_t left = rows->n - (size_t)block * PLX_BLOCK_ROWS;
    return left < PLX_BLOCK_ROWS ? left : PLX_BLOCK_ROWS;
}

/* Returns 0 or an errno. */
static int read_block(const plx_rows *rows, uint32_t block, uint8_t *out)
{
    const size_t bytes = rows->layout->record_bytes, length = rows_of(rows, block) * bytes;
    const size_t at = (size_t)(rows->records - (uint8_t *)rows->mapping) + (size_t)block * PLX_BLOCK_ROWS * bytes;
    for (size_t done = 0; done < length;) {
        const ssize_t n = pread(rows->descriptor, out + done, length - done, (off_t)(at + done));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return n < 0 ? errno : EIO;
        done += (size_t)n;
    }
    return 0;
}

/* Called with the mutex held; releases it while a block is read. */
static void read_one(plx_rows_ahead *ahead)
{
    const uint32_t block = *ahead->blocks;
    uint8_t *out = ahead->out;
    plx_helper_unlock(&ahead->helper);
    const int failure = read_block(ahead->rows, block, out);
    plx_helper_lock(&ahead->helper);
    ahead->blocks++;
    ahead->out += rows_of(ahead->rows, block) * ahead->rows->layout->record_bytes;
    if (failure) ahead->failure = failure;
    ahead->n = failure ? 0 : ahead->n - 1;
}

static void *run(void *argument)
{
    plx_rows_ahead *ahead = argument;
    plx_helper_lock(&ahead->helper);
    while (!ahead->helper.stop) {
        if (!ahead->n) {
            plx_helper_wait(&ahead->helper);
            continue;
        }
        read_one(ahead);
        if (!ahead->n) plx_helper_wake(&ahead->helper);
    }
    plx_helper_unlock(&ahead->helper);
    return NULL;
}

plx_status plx_rows_ahead_create(const plx_allocator *allocator, const plx_rows *rows, plx_rows_ahead **out,
                                 plx_error *err)
{
    *out = NULL;
    plx_rows_ahead *ahead = plx_alloc_zero(allocator, 1, sizeof *ahead);
    if (!ahead) return plx_error_memory(err);
    ahead->allocator = allocator;
    ahead->rows = rows;
    plx_helper_start(&ahead->helper, run, ahead);
    *out = ahead;
    return PLX_OK;
}

void plx_rows_ahead_free(plx_rows_ahead *ahead)
{
    if (!ahead) return;
    plx_helper_end(&ahead->helper);
    plx_free(ahead->allocator, ahead);
}

void plx_rows_ahead_fetch(plx_rows_ahead *ahead, const uint32_t *blocks, size_t n, uint8_t *out)
{
    plx_helper_lock(&ahead->helper);
    ahead->blocks = blocks;
    ahead->n = n;
    ahead->out = out;
    plx_helper_wake(&ahead->helper);
    plx_helper_unlock(&ahead->helper);
}

plx_status plx_rows_ahead_wait(plx_rows_ahead *ahead, plx_error *err)
{
    plx_helper_lock(&ahead->helper);
    while (ahead->n) {
        if (plx_thread_is_here(&ahead->helper.thread))
            plx_helper_wait(&ahead->helper);
        else
            read_one(ahead);
    }
    const int failure = ahead->failure;
    plx_helper_unlock(&ahead->helper);
    if (!failure) return PLX_OK;
    PLX_FAIL(err, PLX_ERR_IO, "the cache of rows cannot be read: %s; remove it, or name another folder in data.cache",
             strerror(failure));
}
