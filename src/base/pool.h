/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that run numbered jobs. Results must not depend on which thread runs a job: a job writes only the data of
 * its own number. Workers spin briefly before they sleep, because a training step takes a fraction of a millisecond.
 * A pool serves one run at a time. After fork() the child can only free it.
 */
#ifndef PLX_POOL_H
#define PLX_POOL_H

#include "base/alloc.h"
#include "base/error.h"

typedef struct plx_pool plx_pool;

/** `threads` >= 1, including the caller; 1 starts none. */
plx_status plx_pool_create(const plx_allocator *allocator, int threads, plx_pool **out, plx_error *err);
void plx_pool_free(plx_pool *pool);
/** 1 without a pool. */
int plx_pool_threads(const plx_pool *pool);

/** `job` 0..n_jobs-1 in any order; `thread` 0..threads-1 is the worker's own number (the caller is 0). */
typedef void plx_job(void *user, int job, int thread);

/** Runs all jobs and returns when the last is done; the caller then sees their writes. Without a pool (NULL) the
 * caller runs them, in order. */
void plx_pool_run(plx_pool *pool, int n_jobs, plx_job *job, void *user);

/**
 * The same for jobs that compute with floats: operations read and write denormal numbers as 0 in every thread. Adam's
 * moments decay to denormals wherever a gradient stays 0, and an operation on one takes a hundred times as long on some
 * processors. Afterwards the caller's arithmetic is as before.
 */
void plx_pool_compute(plx_pool *pool, int n_jobs, plx_job *job, void *user);

/** The same for jobs that can fail. If several fail, the error is that of the lowest job number; later jobs may not
 * run. */
typedef plx_status plx_trying_job(void *user, int job, int thread, plx_error *err);
plx_status plx_pool_try(plx_pool *pool, int n_jobs, plx_trying_job *job, void *user, plx_error *err);

/** Processors that this process may use, by its affinity and its container's quota; at least 1. */
int plx_cpu_count(void);

#endif
