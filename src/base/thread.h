/* SPDX-License-Identifier: Apache-2.0 */
/* Starting threads of the library. */
#ifndef PLX_THREAD_H
#define PLX_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct plx_thread {
    pthread_t handle;
    pid_t process; /* in which it runs; 0: it was not started */
} plx_thread;

/** Blocks all signals, so that the program's handlers never run on this thread. False: it could not be created. */
bool plx_thread_start(plx_thread *thread, void *(*run)(void *), void *argument);
/**
 * Whether the thread was started, and in this process. In a process forked since then there is no such thread, and what
 * it held or waited for at the fork stays so: it cannot be joined there, and its mutexes and conditions can neither be
 * locked nor destroyed; only their memory can be freed.
 */
bool plx_thread_is_here(const plx_thread *thread);

/** A thread that works ahead of the one that made it, the owner, and what both of them share. */
typedef struct plx_helper {
    plx_thread thread;
    pthread_mutex_t mutex; /* of all that they share */
    pthread_cond_t changed;
    bool stop; /* the helper is to return from `run` */
} plx_helper;

/** Where the system gives no thread, nothing runs: the owner then does the work itself. */
void plx_helper_start(plx_helper *helper, void *(*run)(void *), void *argument);
/** Waits until `run` has returned, which `stop` asks of it. In a forked child the thread and its lock are not there. */
void plx_helper_end(plx_helper *helper);
static inline void plx_helper_lock(plx_helper *helper)
{
    pthread_mutex_lock(&helper->mutex);
}
static inline void plx_helper_unlock(plx_helper *helper)
{
    pthread_mutex_unlock(&helper->mutex);
}
/** With the lock held, which is given up meanwhile: until the other one has called plx_helper_wake. */
static inline void plx_helper_wait(plx_helper *helper)
{
    pthread_cond_wait(&helper->changed, &helper->mutex);
}
static inline void plx_helper_wake(plx_helper *helper)
{
    pthread_cond_broadcast(&helper->changed);
}

#endif
