/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of slots. Each thread fetches an item, while no other thread fetches, and then works on it. */
#include "base/ordered.h"

#include "base/thread.h"

typedef struct ordered_worker {
    plx_ordered *ordered;
    int number;
    plx_thread thread;
} ordered_worker;

struct plx_ordered {
    const plx_allocator *allocator;
    plx_ordered_hooks hooks;
    int n_workers;           /* besides the taker */
    ordered_worker *workers; /* [n_workers] */

    pthread_mutex_t mutex; /* of all members below */
    pthread_cond_t changed;
    int n_slots;
    bool *is_done;             /* [n_slots] */
    size_t n_fetched, n_taken; /* items so far; those in progress are between them */
    bool has_slot;             /* the taker holds the slot of item n_taken */
    bool is_fetching, at_end, stop;
};

/* Call with the mutex held. */
static bool can_fetch(const plx_ordered *o)
{
    return !o->is_fetching && !o->at_end && o->n_fetched - o->n_taken < (size_t)o->n_slots;
}

/* Call with the mutex held; it is released during the work. */
static void do_one(plx_ordered *o, int thread)
{
    const int slot = (int)(o->n_fetched % (size_t)o->n_slots);
    o->is_fetching = true;
    pthread_mutex_unlock(&o->mutex);
    const bool is_item = o->hooks.fetch(o->hooks.user, slot);
    pthread_mutex_lock(&o->mutex);
    o->is_fetching = false;
    o->at_end = !is_item;
    o->n_fetched += is_item;
    o->is_done[slot] = false;
    pthread_cond_broadcast(&o->changed);
    if (!is_item) return;
    pthread_mutex_unlock(&o->mutex);
    o->hooks.work(o->hooks.user, slot, thread);
    pthread_mutex_lock(&o->mutex);
    o->is_done[slot] = true;
    pthread_cond_broadcast(&o->changed);
}

static void *run(void *argument)
{
    const ordered_worker *worker = argument;
    plx_ordered *o = worker->ordered;
    pthread_mutex_lock(&o->mutex);
    while (!o->stop) {
        if (can_fetch(o))
            do_one(o, worker->number);
        else
            pthread_cond_wait(&o->changed, &o->mutex);
    }
    pthread_mutex_unlock(&o->mutex);
    return NULL;
}

plx_status plx_ordered_create(const plx_allocator *allocator, int threads, int n_slots, const plx_ordered_hooks *hooks,
                              plx_ordered **out, plx_error *err)
{
    *out = NULL;
    plx_ordered *o = plx_alloc_zero(allocator, 1, sizeof *o);
    if (!o) return plx_error_memory(err);
    *o = (plx_ordered){.allocator = allocator, .hooks = *hooks, .n_slots = n_slots};
    pthread_mutex_init(&o->mutex, NULL);
    pthread_cond_init(&o->changed, NULL);
    o->is_done = plx_alloc_zero(allocator, (size_t)n_slots, sizeof *o->is_done);
    o->workers = plx_alloc_zero(allocator, (size_t)threads, sizeof *o->workers);
    if (!o->is_done || !o->workers) {
        plx_ordered_free(o);
        return plx_error_memory(err);
    }
    for (; o->n_workers < threads - 1; o->n_workers++) {
        ordered_worker *worker = &o->workers[o->n_workers];
        *worker = (ordered_worker){.ordered = o, .number = o->n_workers + 1};
        if (!plx_thread_start(&worker->thread, run, worker)) break;
    }
    *out = o;
    return PLX_OK;
}

void plx_ordered_free(plx_ordered *o)
{
    if (!o) return;
    const bool is_here = o->n_workers == 0 || plx_thread_is_here(&o->workers->thread);
    if (is_here) {
        pthread_mutex_lock(&o->mutex);
        o->stop = true;
        pthread_cond_broadcast(&o->changed);
        pthread_mutex_unlock(&o->mutex);
        for (int i = 0; i < o->n_workers; i++)
            pthread_join(o->workers[i].thread.handle, NULL);
        pthread_cond_destroy(&o->changed);
        pthread_mutex_destroy(&o->mutex);
    }
    plx_free(o->allocator, o->is_done);
    plx_free(o->allocator, o->workers);
    plx_free(o->allocator, o);
}

int plx_ordered_next(plx_ordered *o)
{
    int slot = -1;
    pthread_mutex_lock(&o->mutex);
    o->n_taken += o->has_slot;
    if (o->has_slot) pthread_cond_broadcast(&o->changed);
    o->has_slot = false;
    while (!o->has_slot && !(o->at_end && o->n_taken == o->n_fetched)) {
        const int oldest = (int)(o->n_taken % (size_t)o->n_slots);
        o->has_slot = o->n_taken < o->n_fetched && o->is_done[oldest];
        if (o->has_slot)
            slot = oldest;
        else if (can_fetch(o))
            do_one(o, 0);
        else
            pthread_cond_wait(&o->changed, &o->mutex);
    }
    pthread_mutex_unlock(&o->mutex);
    return slot;
}
