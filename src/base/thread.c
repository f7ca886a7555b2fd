/* SPDX-License-Identifier: Apache-2.0 */
/* A thread takes its signal mask from the one that starts it, so all signals are blocked there meanwhile. */
#include "base/thread.h"

#include <signal.h>

bool plx_thread_start(pthread_t *thread, void *(*run)(void *), void *argument)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const bool started = pthread_create(thread, NULL, run, argument) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}
