/* SPDX-License-Identifier: Apache-2.0 */
/* Starting threads of the library. */
#ifndef PLX_THREAD_H
#define PLX_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct plx_thread {
    pthread_t handle;
    pid_t process; /* the process of the thread; 0: it was not started */
} plx_thread;

/** Blocks all signals, so that the program's handlers never run on this thread. False: it could not be created. */
bool plx_thread_start(plx_thread *thread, void *(*run)(void *), void *argument);
/**
 * Whether the thread was started, and in this process. A process forked since then does not have the thread, but
 * inherits its locks and waits as they were: the thread cannot be joined, and its mutexes and conditions can neither
 * be locked nor destroyed; only their memory can be freed.
 */
bool plx_thread_is_here(const plx_thread *thread);

/** A thread that works ahead of its creator, the owner, and the state that both share. */
typedef struct plx_helper {
    plx_thread thread;
    pthread_mutex_t mutex; /* of all shared state */
    pthread_cond_t changed;
    bool stop; /* asks the helper to return from `run` */
} plx_helper;

/** If no thread can be created, nothing runs: the owner then does the work itself. */
void plx_helper_start(plx_helper *helper, void *(*run)(void *), void *argument);
/** Sets `stop` and waits until `run` has returned. In a forked child the thread and its lock do not exist. */
void plx_helper_end(plx_helper *helper);
static inline void plx_helper_lock(plx_helper *helper)
{
    pthread_mutex_lock(&helper->mutex);
}
static inline void plx_helper_unlock(plx_helper *helper)
{
    pthread_mutex_unlock(&helper->mutex);
}
/** Waits for the other thread's plx_helper_wake. The caller holds the lock, which is released meanwhile. */
static inline void plx_helper_wait(plx_helper *helper)
{
    pthread_cond_wait(&helper->changed, &helper->mutex);
}
static inline void plx_helper_wake(plx_helper *helper)
{
    pthread_cond_broadcast(&helper->changed);
}

#endif
