/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that reads blocks of a file of rows. Blocks are read and not touched through the map, since a touch may
 * bring megabytes round a page, as the system's cache happens to hold them.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/thread.h"
#include "rows/rows_ahead.h"

struct plx_rows_ahead {
    const plx_allocator *allocator;
    const plx_rows *rows;
    plx_thread thread;

    pthread_mutex_t mutex; /* of all below */
    pthread_cond_t changed;
    const uint32_t *blocks; /* [n] to be read */
    size_t n;
    uint8_t *out; /* where the next one goes */
    bool stop;
    int failure; /* the first: errno, or EIO where the file is too short */
};

static size_t rows_of(const plx_rows *rows, uint32_t block)
{
    const size_t left = rows->n - (size_t)block * PLX_BLOCK_ROWS;
    return left < PLX_BLOCK_ROWS ? left : PLX_BLOCK_ROWS;
}

/* 0, or what went wrong. */
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

/* The mutex is held, but not while a block is read. */
static void read_one(plx_rows_ahead *ahead)
{
    const uint32_t block = *ahead->blocks;
    uint8_t *out = ahead->out;
    pthread_mutex_unlock(&ahead->mutex);
    const int failure = read_block(ahead->rows, block, out);
    pthread_mutex_lock(&ahead->mutex);
    ahead->blocks++;
    ahead->out += rows_of(ahead->rows, block) * ahead->rows->layout->record_bytes;
    if (failure) ahead->failure = failure;
    ahead->n = failure ? 0 : ahead->n - 1;
}

static void *run(void *argument)
{
    plx_rows_ahead *ahead = argument;
    pthread_mutex_lock(&ahead->mutex);
    while (!ahead->stop) {
        if (!ahead->n) {
            pthread_cond_wait(&ahead->changed, &ahead->mutex);
            continue;
        }
        read_one(ahead);
        if (!ahead->n) pthread_cond_broadcast(&ahead->changed);
    }
    pthread_mutex_unlock(&ahead->mutex);
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
    pthread_mutex_init(&ahead->mutex, NULL);
    pthread_cond_init(&ahead->changed, NULL);
    plx_thread_start(&ahead->thread, run, ahead);
    *out = ahead;
    return PLX_OK;
}

void plx_rows_ahead_free(plx_rows_ahead *ahead)
{
    if (!ahead) return;
    if (plx_thread_is_here(&ahead->thread)) {
        pthread_mutex_lock(&ahead->mutex);
        ahead->stop = true;
        pthread_cond_broadcast(&ahead->changed);
        pthread_mutex_unlock(&ahead->mutex);
        pthread_join(ahead->thread.handle, NULL);
    }
    if (plx_thread_left_no_lock(&ahead->thread)) {
        pthread_cond_destroy(&ahead->changed);
        pthread_mutex_destroy(&ahead->mutex);
    }
    plx_free(ahead->allocator, ahead);
}

void plx_rows_ahead_fetch(plx_rows_ahead *ahead, const uint32_t *blocks, size_t n, uint8_t *out)
{
    pthread_mutex_lock(&ahead->mutex);
    ahead->blocks = blocks;
    ahead->n = n;
    ahead->out = out;
    pthread_cond_broadcast(&ahead->changed);
    pthread_mutex_unlock(&ahead->mutex);
}

plx_status plx_rows_ahead_wait(plx_rows_ahead *ahead, plx_error *err)
{
    pthread_mutex_lock(&ahead->mutex);
    while (ahead->n) {
        if (plx_thread_is_here(&ahead->thread))
            pthread_cond_wait(&ahead->changed, &ahead->mutex);
        else
            read_one(ahead);
    }
    const int failure = ahead->failure;
    pthread_mutex_unlock(&ahead->mutex);
    if (!failure) return PLX_OK;
    PLX_FAIL(err, PLX_ERR_IO, "the cache of rows cannot be read: %s; remove it, or name another folder in data.cache",
             strerror(failure));
}
