/* SPDX-License-Identifier: Apache-2.0 */
/* A thread takes its signal mask from the one that starts it, so all signals are blocked there meanwhile. */
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
