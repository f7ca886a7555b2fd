/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that touches rows of a mapped file before others do. It changes when a page is there, never what is in it.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "data/row_file.h"

struct plx_rows_ahead {
    const plx_allocator *allocator;
    const plx_rows *rows;
    pthread_t thread;
    bool has_thread;

    pthread_mutex_t mutex; /* of all below */
    pthread_cond_t changed;
    const uint32_t *blocks; /* [n] asked for */
    size_t n;
    bool stop;
};

/* Kernels before 5.14 cannot be asked for pages and are made to bring them by a read of each. */
static void touch(const plx_rows *rows, uint32_t block)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = (size_t)PLX_BLOCK_ROWS * rows->layout->record_bytes;
    const size_t at = (size_t)(rows->records - (uint8_t *)rows->mapping) + block * bytes;
    const size_t begin = at / page * page;
    const size_t end = at + bytes < rows->mapping_bytes ? at + bytes : rows->mapping_bytes;
    uint8_t *from = (uint8_t *)rows->mapping + begin;
#ifdef MADV_POPULATE_READ
    if (madvise(from, (end - begin + page - 1) / page * page, MADV_POPULATE_READ) == 0) return;
#endif
    for (size_t i = 0; i < end - begin; i += page)
        (void)*(volatile uint8_t *)(from + i);
}

static void *fetch(void *argument)
{
    plx_rows_ahead *ahead = argument;
    pthread_mutex_lock(&ahead->mutex);
    while (!ahead->stop) {
        if (!ahead->n) {
            pthread_cond_wait(&ahead->changed, &ahead->mutex);
            continue;
        }
        const uint32_t block = *ahead->blocks;
        pthread_mutex_unlock(&ahead->mutex);
        touch(ahead->rows, block);
        pthread_mutex_lock(&ahead->mutex);
        ahead->blocks++;
        if (--ahead->n == 0) pthread_cond_broadcast(&ahead->changed);
    }
    pthread_mutex_unlock(&ahead->mutex);
    return NULL;
}

plx_status plx_rows_ahead_create(const plx_allocator *allocator, const plx_rows *rows, plx_rows_ahead **out,
                                 plx_error *err)
{
    sigset_t all, before;
    *out = NULL;
    plx_rows_ahead *ahead = plx_alloc_zero(allocator, 1, sizeof *ahead);
    if (!ahead) return plx_error_memory(err);
    ahead->allocator = allocator;
    ahead->rows = rows;
    pthread_mutex_init(&ahead->mutex, NULL);
    pthread_cond_init(&ahead->changed, NULL);
    sigfillset(&all); /* signals stay with the program's own threads */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    ahead->has_thread = pthread_create(&ahead->thread, NULL, fetch, ahead) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    *out = ahead;
    return PLX_OK;
}

void plx_rows_ahead_free(plx_rows_ahead *ahead)
{
    if (!ahead) return;
    if (ahead->has_thread) {
        pthread_mutex_lock(&ahead->mutex);
        ahead->stop = true;
        pthread_cond_broadcast(&ahead->changed);
        pthread_mutex_unlock(&ahead->mutex);
        pthread_join(ahead->thread, NULL);
    }
    pthread_cond_destroy(&ahead->changed);
    pthread_mutex_destroy(&ahead->mutex);
    plx_free(ahead->allocator, ahead);
}

void plx_rows_ahead_fetch(plx_rows_ahead *ahead, const uint32_t *blocks, size_t n)
{
    if (!ahead->has_thread) return;
    pthread_mutex_lock(&ahead->mutex);
    ahead->blocks = blocks;
    ahead->n = n;
    pthread_cond_broadcast(&ahead->changed);
    pthread_mutex_unlock(&ahead->mutex);
}

void plx_rows_ahead_wait(plx_rows_ahead *ahead)
{
    if (!ahead->has_thread) return;
    pthread_mutex_lock(&ahead->mutex);
    while (ahead->n)
        pthread_cond_wait(&ahead->changed, &ahead->mutex);
    pthread_mutex_unlock(&ahead->mutex);
}
