/* SPDX-License-Identifier: Apache-2.0 */
/* Starting a thread of the library's own. */
#ifndef PLX_THREAD_H
#define PLX_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct plx_thread {
    pthread_t handle;
    pid_t process; /* in which it runs; 0: it was not started */
} plx_thread;

/** Signals stay with the program's own threads: its handlers never run on this one. False: the system gives none. */
bool plx_thread_start(plx_thread *thread, void *(*run)(void *), void *argument);
/**
 * Whether the thread was started, and in this process. In a process that was forked since there is no such thread, and
 * what it held or waited for at the fork stays so: nothing can be joined there, and its mutexes and conditions can be
 * neither taken nor destroyed, only given back as memory.
 */
bool plx_thread_is_here(const plx_thread *thread);
/** Whether what shares a mutex with the thread may take and destroy it: it never began, or it is here. */
static inline bool plx_thread_left_no_lock(const plx_thread *thread)
{
    return thread->process == 0 || plx_thread_is_here(thread);
}

#endif
