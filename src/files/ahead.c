/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of blocks between the reading thread and the caller. */
#include "files/ahead.h"

#include <string.h>

#include "base/thread.h"

enum { BLOCK_BYTES = 1 << 18 };

typedef struct block {
    char *bytes; /* [BLOCK_BYTES] */
    size_t n;
} block;

struct plx_ahead {
    const plx_allocator *allocator;
    plx_byte_source source;
    block *blocks; /* [n_blocks]: owned by the reader or the caller, by the counts below */
    size_t n_blocks;
    size_t at; /* the caller's place in its block */

    plx_helper helper;      /* reads; shares all members below */
    size_t n_read, n_taken; /* blocks so far; the full ones are between them */
    bool at_end;
    plx_status status; /* of the source, if at_end */
    plx_error error;
};

/* Fills a block as far as the source goes. `*more`: there may be another block. */
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

/* False if the reader must stop. */
static bool wait_for_free_block(plx_ahead *ahead, size_t *number)
{
    plx_helper_lock(&ahead->helper);
    while (!ahead->helper.stop && ahead->n_read - ahead->n_taken == ahead->n_blocks)
        plx_helper_wait(&ahead->helper);
    *number = ahead->n_read;
    const bool goes_on = !ahead->helper.stop;
    plx_helper_unlock(&ahead->helper);
    return goes_on;
}

static void *read_ahead(void *argument)
{
    plx_ahead *ahead = argument;
    bool more = true;
    size_t number;
    while (more && wait_for_free_block(ahead, &number)) {
        plx_error error = {0};
        const plx_status status = fill(ahead, &ahead->blocks[number % ahead->n_blocks], &more, &error);
        more = more && status == PLX_OK;
        plx_helper_lock(&ahead->helper);
        ahead->n_read++; /* after an error too: the block has the bytes before it */
        ahead->at_end = !more;
        ahead->status = status;
        ahead->error = error;
        plx_helper_wake(&ahead->helper);
        plx_helper_unlock(&ahead->helper);
    }
    return NULL;
}

static void release(plx_ahead *ahead)
{
    for (size_t i = 0; i < ahead->n_blocks; i++)
        plx_free(ahead->allocator, ahead->blocks[i].bytes);
    plx_free(ahead->allocator, ahead->blocks);
    plx_free(ahead->allocator, ahead);
}

plx_status plx_ahead_create(const plx_allocator *allocator, plx_byte_source source, int blocks, plx_ahead **out,
                            plx_error *err)
{
    *out = NULL;
    plx_ahead *ahead = plx_alloc_zero(allocator, 1, sizeof *ahead);
    if (!ahead) return plx_error_memory(err);
    ahead->allocator = allocator;
    ahead->source = source;
    ahead->blocks = plx_alloc_zero(allocator, (size_t)blocks, sizeof *ahead->blocks);
    bool has_memory = ahead->blocks != NULL;
    for (; has_memory && ahead->n_blocks < (size_t)blocks; ahead->n_blocks += has_memory) {
        ahead->blocks[ahead->n_blocks].bytes = plx_alloc(allocator, BLOCK_BYTES, 1);
        has_memory = ahead->blocks[ahead->n_blocks].bytes != NULL;
    }
    if (!has_memory) {
        release(ahead);
        return plx_error_memory(err);
    }
    plx_helper_start(&ahead->helper, read_ahead, ahead);
    *out = ahead;
    return PLX_OK;
}

void plx_ahead_free(plx_ahead *ahead)
{
    if (!ahead) return;
    plx_helper_end(&ahead->helper);
    release(ahead);
}

/* The oldest full block; NULL at the end, with the source's status. */
static const block *wait_for_block(plx_ahead *ahead, plx_status *status, plx_error *err)
{
    const block *found = NULL;
    *status = PLX_OK;
    plx_helper_lock(&ahead->helper);
    while (ahead->n_taken == ahead->n_read && !ahead->at_end)
        plx_helper_wait(&ahead->helper);
    if (ahead->n_taken < ahead->n_read) {
        found = &ahead->blocks[ahead->n_taken % ahead->n_blocks];
    } else {
        *status = ahead->status;
        if (*status != PLX_OK) plx_error_set(err, *status, "%s", ahead->error.message);
    }
    plx_helper_unlock(&ahead->helper);
    return found;
}

static void give_back(plx_ahead *ahead)
{
    plx_helper_lock(&ahead->helper);
    ahead->n_taken++;
    plx_helper_wake(&ahead->helper);
    plx_helper_unlock(&ahead->helper);
    ahead->at = 0;
}

static plx_status take(void *user, char *out, size_t capacity, size_t *got, plx_error *err)
{
    plx_ahead *ahead = user;
    plx_status status;
    *got = 0;
    if (!plx_thread_is_here(&ahead->helper.thread))
        return ahead->source.read(ahead->source.user, out, capacity, got, err);
    for (const block *from; *got == 0 && (from = wait_for_block(ahead, &status, err));) {
        *got = from->n - ahead->at < capacity ? from->n - ahead->at : capacity;
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
