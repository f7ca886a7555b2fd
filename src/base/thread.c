/* SPDX-License-Identifier: Apache-2.0 */
/* A thread inherits the signal mask of its creator, so all signals are blocked there while it starts. */
#include "base/thread.h"

#include <signal.h>
#include <unistd.h>

bool plx_thread_start(plx_thread *thread, void *(*run)(void *), void *argument)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const bool started = pthread_create(&thread->handle, NULL, run, argument) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    thread->process = started ? getpid() : 0;
    return started;
}

bool plx_thread_is_here(const plx_thread *thread)
{
    return thread->process != 0 && thread->process == getpid();
}

void plx_helper_start(plx_helper *helper, void *(*run)(void *), void *argument)
{
    helper->stop = false;
    pthread_mutex_init(&helper->mutex, NULL);
    pthread_cond_init(&helper->changed, NULL);
    plx_thread_start(&helper->thread, run, argument);
}

void plx_helper_end(plx_helper *helper)
{
    const bool is_here = plx_thread_is_here(&helper->thread);
    if (!is_here && helper->thread.process != 0) return; /* its lock may stay locked forever */
    if (is_here) {
        plx_helper_lock(helper);
        helper->stop = true;
        plx_helper_wake(helper);
        plx_helper_unlock(helper);
        pthread_join(helper->thread.handle, NULL);
    }
    pthread_cond_destroy(&helper->changed);
    pthread_mutex_destroy(&helper->mutex);
}
