/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of blocks between the thread that reads and the one that takes. */
#include "files/ahead.h"

#include <string.h>

#include "base/thread.h"

enum { BLOCKS = 4, BLOCK_BYTES = 1 << 18 };

typedef struct block {
    char *bytes; /* [BLOCK_BYTES] */
    size_t n;
} block;

struct plx_ahead {
    const plx_allocator *allocator;
    plx_byte_source source;
    block blocks[BLOCKS]; /* a block is the reader's or the taker's, as the numbers below say */
    plx_thread thread;
    size_t at; /* the taker's place in its block */

    pthread_mutex_t mutex; /* of all below */
    pthread_cond_t changed;
    size_t n_read, n_taken; /* blocks so far; full are those between */
    bool at_end, stop;
    plx_status status; /* of the source, once at_end */
    plx_error error;
};

/* Fills a block as far as the source goes. `*more`: there may be another one. */
static plx_status fill(const plx_ahead *ahead, block *to, bool *more, plx_error *err)
{
    *more = true;
    for (to->n = 0; to->n < BLOCK_BYTES && *more;) {
        size_t got = 0;
        PLX_TRY(ahead->source.read(ahead->source.user, to->bytes + to->n, BLOCK_BYTES - to->n, &got, err));
        to->n += got;
        *more = got > 0;
    }
    return PLX_OK;
}

/* False when there is nothing more to do. */
static bool wait_for_room(plx_ahead *ahead, size_t *number)
{
    pthread_mutex_lock(&ahead->mutex);
    while (!ahead->stop && ahead->n_read - ahead->n_taken == BLOCKS)
        pthread_cond_wait(&ahead->changed, &ahead->mutex);
    *number = ahead->n_read;
    const bool goes_on = !ahead->stop;
    pthread_mutex_unlock(&ahead->mutex);
    return goes_on;
}

static void *read_ahead(void *argument)
{
    plx_ahead *ahead = argument;
    bool more = true;
    size_t number;
    while (more && wait_for_room(ahead, &number)) {
        plx_error error = {0};
        const plx_status status = fill(ahead, &ahead->blocks[number % BLOCKS], &more, &error);
        more = more && status == PLX_OK;
        pthread_mutex_lock(&ahead->mutex);
        ahead->n_read++; /* after an error too: what came before it is there */
        ahead->at_end = !more;
        ahead->status = status;
        ahead->error = error;
        pthread_cond_broadcast(&ahead->changed);
        pthread_mutex_unlock(&ahead->mutex);
    }
    return NULL;
}

plx_status plx_ahead_create(const plx_allocator *allocator, plx_byte_source source, plx_ahead **out, plx_error *err)
{
    *out = NULL;
    plx_ahead *ahead = plx_alloc_zero(allocator, 1, sizeof *ahead);
    if (!ahead) return plx_error_memory(err);
    ahead->allocator = allocator;
    ahead->source = source;
    pthread_mutex_init(&ahead->mutex, NULL);
    pthread_cond_init(&ahead->changed, NULL);
    for (int i = 0; i < BLOCKS; i++) {
        ahead->blocks[i].bytes = plx_alloc(allocator, BLOCK_BYTES, 1);
        if (ahead->blocks[i].bytes) continue;
        plx_ahead_free(ahead);
        return plx_error_memory(err);
    }
    plx_thread_start(&ahead->thread, read_ahead, ahead);
    *out = ahead;
    return PLX_OK;
}

void plx_ahead_free(plx_ahead *ahead)
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
    for (int i = 0; i < BLOCKS; i++)
        plx_free(ahead->allocator, ahead->blocks[i].bytes);
    plx_free(ahead->allocator, ahead);
}

/* The oldest full block; NULL at the end, with the source's status. */
static const block *wait_for_block(plx_ahead *ahead, plx_status *status, plx_error *err)
{
    const block *found = NULL;
    *status = PLX_OK;
    pthread_mutex_lock(&ahead->mutex);
    while (ahead->n_taken == ahead->n_read && !ahead->at_end)
        pthread_cond_wait(&ahead->changed, &ahead->mutex);
    if (ahead->n_taken < ahead->n_read) {
        found = &ahead->blocks[ahead->n_taken % BLOCKS];
    } else {
        *status = ahead->status;
        if (*status != PLX_OK) plx_error_set(err, *status, "%s", ahead->error.message);
    }
    pthread_mutex_unlock(&ahead->mutex);
    return found;
}

static void give_back(plx_ahead *ahead)
{
    pthread_mutex_lock(&ahead->mutex);
    ahead->n_taken++;
    pthread_cond_broadcast(&ahead->changed);
    pthread_mutex_unlock(&ahead->mutex);
    ahead->at = 0;
}

static plx_status take(void *user, char *out, size_t room, size_t *got, plx_error *err)
{
    plx_ahead *ahead = user;
    plx_status status;
    *got = 0;
    if (!plx_thread_is_here(&ahead->thread)) return ahead->source.read(ahead->source.user, out, room, got, err);
    for (const block *from; *got == 0 && (from = wait_for_block(ahead, &status, err));) {
        *got = from->n - ahead->at < room ? from->n - ahead->at : room;
        memcpy(out, from->bytes + ahead->at, *got);
        ahead->at += *got;
        if (ahead->at == from->n) give_back(ahead);
    }
    return *got ? PLX_OK : status;
}

plx_byte_source plx_ahead_source(plx_ahead *ahead)
{
    return (plx_byte_source){.read = take, .user = ahead};
}
