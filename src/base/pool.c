/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One round is one plx_pool_run. Each thread has a share of the jobs, the same in every round, so that the data of a
 * job is still in its processor's cache when the same job comes again; a thread that has finished its own share steals
 * from the others. Incrementing a share's `next` claims the job, and the round cannot end before the job is counted in
 * `finished`. So the owner of a job may read the round's data without a lock, and a late worker finds no job: no round
 * waits for a worker to wake up. Between sleepers and the caller, each side stores its own word and then loads the
 * other's, in sequentially consistent order (as in Dekker's algorithm), so at least one of them sees the other.
 */
#include "base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/thread.h"

enum {
    CACHE_LINE = 64,
    MOST_THREADS = 1024,
    SPIN_NANOSECONDS = 50000, /* longer than the serial part between two rounds of a training step */
    SPIN_CROWDED = 2000,      /* with more threads than processors, a spinning thread blocks a working one */
    SPINS_BETWEEN_CLOCKS = 32
};

/* Jobs next .. end - 1 of a thread, as end << 32 | next. */
typedef struct pool_share {
    _Alignas(CACHE_LINE) atomic_ullong jobs;
} pool_share;

typedef struct pool_worker {
    plx_pool *pool;
    int number;
    plx_thread thread;
} pool_worker;

struct plx_pool {
    /* Written by all threads, each in its own cache line. */
    _Alignas(CACHE_LINE) atomic_uint round; /* number of the round; incremented when its shares are ready */
    _Alignas(CACHE_LINE) atomic_int finished;
    /* The round: written by the caller while no thread owns a job. */
    _Alignas(CACHE_LINE) plx_job *job;
    void *user;
    int n_jobs;
    bool flushes_denormals;
    /* Rarely written. */
    _Alignas(CACHE_LINE) atomic_int sleepers;
    atomic_bool caller_sleeps;
    atomic_bool stop;
    pthread_mutex_t mutex;
    pthread_cond_t work, done;
    const plx_allocator *allocator;
    int threads, n_started;
    long spin_nanoseconds;
    pool_worker *workers; /* [threads - 1] */
    pool_share *shares;   /* [threads] */
};

static void pause_processor(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* If wanted, denormals are 0 from now on. Returns the previous state for restore_denormals. */
static uint64_t flush_denormals(bool wanted)
{
    if (!wanted) return 0;
#if defined(__SSE2__)
    const unsigned state = __builtin_ia32_stmxcsr();
    __builtin_ia32_ldmxcsr(state | 0x8040); /* flush to zero, denormals are zero */
    return state;
#elif defined(__aarch64__)
    uint64_t state;
    __asm__ volatile("mrs %0, fpcr" : "=r"(state));
    __asm__ volatile("msr fpcr, %0" : : "r"(state | (UINT64_C(1) << 24)));
    return state;
#else
    return 0;
#endif
}

static void restore_denormals(bool wanted, uint64_t state)
{
    if (!wanted) return;
#if defined(__SSE2__)
    __builtin_ia32_ldmxcsr((unsigned)state);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(state));
#else
    (void)state;
#endif
}

static long nanoseconds_since(const struct timespec *start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long)(now.tv_sec - start->tv_sec) * 1000000000L + (now.tv_nsec - start->tv_nsec);
}

typedef bool pool_condition(plx_pool *pool, unsigned seen);

/* Whether a round has started since round `seen`, or the pool is stopping. */
static bool work_is_there(plx_pool *pool, unsigned seen)
{
    return atomic_load(&pool->round) != seen || atomic_load(&pool->stop);
}

static bool round_is_over(plx_pool *pool, unsigned seen)
{
    (void)seen;
    return atomic_load(&pool->finished) == pool->n_jobs;
}

/* True when `condition` holds, false after the time for spinning. */
static bool spin_until(plx_pool *pool, pool_condition *condition, unsigned seen)
{
    struct timespec start;
    if (condition(pool, seen)) return true;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        for (int i = 0; i < SPINS_BETWEEN_CLOCKS; i++) {
            pause_processor();
            if (condition(pool, seen)) return true;
        }
    } while (nanoseconds_since(&start) < pool->spin_nanoseconds);
    return false;
}

/* Runs the unclaimed jobs of one share. */
static void take_share(plx_pool *pool, pool_share *share, int thread)
{
    unsigned long long jobs = atomic_load(&share->jobs);
    while ((unsigned)jobs < (unsigned)(jobs >> 32)) {
        if (!atomic_compare_exchange_weak(&share->jobs, &jobs, jobs + 1)) continue;
        const int n_jobs = pool->n_jobs;
        const bool flushes = pool->flushes_denormals;
        const uint64_t state = flush_denormals(flushes);
        pool->job(pool->user, (int)(unsigned)jobs, thread);
        restore_denormals(flushes, state);
        bool last = atomic_fetch_add(&pool->finished, 1) + 1 == n_jobs;
        if (last && atomic_load(&pool->caller_sleeps)) {
            pthread_mutex_lock(&pool->mutex);
            pthread_cond_signal(&pool->done);
            pthread_mutex_unlock(&pool->mutex);
        }
        jobs = atomic_load(&share->jobs);
    }
}

/* Works until all jobs of the round are claimed, its own share first. */
static void take_jobs(plx_pool *pool, int thread)
{
    for (int i = 0; i < pool->threads; i++)
        take_share(pool, &pool->shares[(thread + i) % pool->threads], thread);
}

static void *worker_main(void *argument)
{
    const pool_worker *worker = argument;
    plx_pool *pool = worker->pool;
    unsigned seen = 0;
    while (!atomic_load(&pool->stop)) {
        if (!spin_until(pool, work_is_there, seen)) {
            pthread_mutex_lock(&pool->mutex);
            atomic_fetch_add(&pool->sleepers, 1);
            while (!work_is_there(pool, seen))
                pthread_cond_wait(&pool->work, &pool->mutex);
            atomic_fetch_sub(&pool->sleepers, 1);
            pthread_mutex_unlock(&pool->mutex);
        }
        seen = atomic_load(&pool->round);
        take_jobs(pool, worker->number);
    }
    return NULL;
}

static void wake_sleepers(plx_pool *pool)
{
    if (atomic_load(&pool->sleepers) == 0) return;
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
}

/* The first job of thread `t`'s share. */
static unsigned long long share_start(int n_jobs, int t, int threads)
{
    return (unsigned long long)n_jobs * (unsigned)t / (unsigned)threads;
}

static void run_here(int n_jobs, plx_job *job, void *user, bool flushes)
{
    const uint64_t state = flush_denormals(flushes);
    for (int i = 0; i < n_jobs; i++)
        job(user, i, 0);
    restore_denormals(flushes, state);
}

static void run_jobs(plx_pool *pool, int n_jobs, plx_job *job, void *user, bool flushes)
{
    if (n_jobs <= 1 || plx_pool_threads(pool) == 1) {
        run_here(n_jobs, job, user, flushes && n_jobs > 0);
        return;
    }
    pool->job = job;
    pool->user = user;
    pool->n_jobs = n_jobs;
    pool->flushes_denormals = flushes;
    atomic_store(&pool->finished, 0);
    for (int t = 0; t < pool->threads; t++) {
        const unsigned long long next = share_start(n_jobs, t, pool->threads);
        atomic_store(&pool->shares[t].jobs, share_start(n_jobs, t + 1, pool->threads) << 32 | next);
    }
    atomic_fetch_add(&pool->round, 1);
    wake_sleepers(pool);
    take_jobs(pool, 0);
    if (spin_until(pool, round_is_over, 0)) return;
    pthread_mutex_lock(&pool->mutex);
    atomic_store(&pool->caller_sleeps, true);
    while (!round_is_over(pool, 0))
        pthread_cond_wait(&pool->done, &pool->mutex);
    atomic_store(&pool->caller_sleeps, false);
    pthread_mutex_unlock(&pool->mutex);
}

void plx_pool_run(plx_pool *pool, int n_jobs, plx_job *job, void *user)
{
    run_jobs(pool, n_jobs, job, user, false);
}

void plx_pool_compute(plx_pool *pool, int n_jobs, plx_job *job, void *user)
{
    run_jobs(pool, n_jobs, job, user, true);
}

typedef struct trial {
    plx_trying_job *job;
    void *user;
    pthread_mutex_t mutex;
    atomic_int failed; /* the lowest number of a failed job, written with the mutex held */
    plx_status status; /* of that job, with the mutex held */
    plx_error error;
} trial;

static void try_job(void *user, int job, int thread)
{
    trial *t = user;
    plx_error error = {.code = PLX_OK};
    if (job > atomic_load(&t->failed)) return;
    const plx_status status = t->job(t->user, job, thread, &error);
    if (!status) return;
    pthread_mutex_lock(&t->mutex);
    if (job < atomic_load(&t->failed)) {
        t->status = status;
        t->error = error;
        atomic_store(&t->failed, job);
    }
    pthread_mutex_unlock(&t->mutex);
}

plx_status plx_pool_try(plx_pool *pool, int n_jobs, plx_trying_job *job, void *user, plx_error *err)
{
    trial t = {.job = job, .user = user, .status = PLX_OK};
    pthread_mutex_init(&t.mutex, NULL);
    atomic_init(&t.failed, n_jobs);
    plx_pool_run(pool, n_jobs, try_job, &t);
    pthread_mutex_destroy(&t.mutex);
    if (t.status && err) *err = t.error;
    return t.status;
}

static plx_status start_workers(plx_pool *pool, plx_error *err)
{
    bool started = true;
    while (started && pool->n_started < pool->threads - 1) {
        pool_worker *worker = &pool->workers[pool->n_started];
        *worker = (pool_worker){.pool = pool, .number = pool->n_started + 1};
        started = plx_thread_start(&worker->thread, worker_main, worker);
        if (started) pool->n_started++;
    }
    if (!started)
        PLX_FAIL(err, PLX_ERR_MEMORY, "the system allows this process only %d of %d threads; use fewer",
                 pool->n_started + 1, pool->threads);
    return PLX_OK;
}

plx_status plx_pool_create(const plx_allocator *allocator, int threads, plx_pool **out, plx_error *err)
{
    if (threads < 1 || threads > MOST_THREADS)
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "the number of threads must be from 1 to %d, not %d", MOST_THREADS, threads);
    plx_pool *pool = plx_alloc_aligned(allocator, 1, sizeof *pool);
    if (!pool) return plx_error_memory(err);
    pool->allocator = allocator;
    pool->threads = threads;
    pool->spin_nanoseconds = threads > plx_cpu_count() ? SPIN_CROWDED : SPIN_NANOSECONDS;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->done, NULL);
    pool->workers = plx_alloc_zero(allocator, (size_t)threads, sizeof *pool->workers);
    pool->shares = plx_alloc_aligned(allocator, (size_t)threads, sizeof *pool->shares);
    plx_status status = pool->workers && pool->shares ? start_workers(pool, err) : plx_error_memory(err);
    if (status == PLX_OK)
        *out = pool;
    else
        plx_pool_free(pool);
    return status;
}

static void end_workers(plx_pool *pool)
{
    atomic_store(&pool->stop, true);
    wake_sleepers(pool);
    for (int i = 0; i < pool->n_started; i++)
        pthread_join(pool->workers[i].thread.handle, NULL);
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->mutex);
}

void plx_pool_free(plx_pool *pool)
{
    if (!pool) return;
    if (pool->n_started == 0 || plx_thread_is_here(&pool->workers[0].thread)) end_workers(pool);
    plx_free(pool->allocator, pool->workers);
    plx_free_aligned(pool->allocator, pool->shares);
    plx_free_aligned(pool->allocator, pool);
}

int plx_pool_threads(const plx_pool *pool)
{
    return pool ? pool->threads : 1;
}

/* The number of processors that the container's quota allows, rounded up; `most` without a quota. */
static int limit_by_quota(int most)
{
    long long quota = 0, period = 0;
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "re"); /* "MICROSECONDS PERIOD" or "max PERIOD" */
    if (!file) return most;
    bool limited = fscanf(file, "%lld %lld", &quota, &period) == 2 && quota > 0 && period > 0;
    fclose(file);
    return limited && (quota - 1) / period + 1 < most ? (int)((quota - 1) / period + 1) : most;
}

int plx_cpu_count(void)
{
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0 && CPU_COUNT(&allowed) > 0)
        return limit_by_quota(CPU_COUNT(&allowed));
    long online = sysconf(_SC_NPROCESSORS_ONLN); /* more processors than the set can hold */
    return limit_by_quota(online < 1 ? 1 : online > MOST_THREADS ? MOST_THREADS : (int)online);
}
