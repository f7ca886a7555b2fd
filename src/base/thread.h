/* SPDX-License-Identifier: Apache-2.0 */
/* Starting a thread of the library's own. */
#ifndef PLX_THREAD_H
#define PLX_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/** Signals stay with the program's own threads: its handlers never run on this one. False: the system gives none. */
bool plx_thread_start(pthread_t *thread, void *(*run)(void *), void *argument);

#endif
