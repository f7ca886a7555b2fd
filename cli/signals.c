/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals. If there is nothing to save, they end the program and remove incomplete files; fit polls for them during
 * training.
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
enum { N_ENDING = sizeof ending / sizeof *ending };

/* The state of the handlers. The two paths change only while the signals are blocked. */
static volatile sig_atomic_t caught;
static char half_made_file[CLI_MAX_PATH + 128], made_folder[CLI_MAX_PATH];
static size_t n_kept_bytes;

static void remove_and_end(int number)
{
    if (half_made_file[0]) unlink(half_made_file);
    if (made_folder[0]) cli_drop_folder(made_folder, n_kept_bytes);
    signal(number, SIG_DFL);
    raise(number);
}

/** Leaves signals that are ignored, as by nohup, or already handled. */
static void take_over(void)
{
    for (int i = 0; i < N_ENDING; i++) {
        struct sigaction now, wanted = {.sa_handler = remove_and_end};
        sigemptyset(&wanted.sa_mask);
        if (sigaction(ending[i], NULL, &now) == 0 && now.sa_handler == SIG_DFL) sigaction(ending[i], &wanted, NULL);
    }
}

static void keep_path(char *kept, size_t capacity, const char *path)
{
    sigset_t blocked, before;
    sigemptyset(&blocked);
    for (int i = 0; i < N_ENDING; i++)
        sigaddset(&blocked, ending[i]);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    const size_t length = path ? strlen(path) : 0;
    const bool fits = length < capacity;
    if (fits && length) memcpy(kept, path, length);
    kept[fits ? length : 0] = '\0';
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (length) take_over();
}

void cli_signals_file(const char *path)
{
    keep_path(half_made_file, sizeof half_made_file, path);
}

void cli_signals_folder(const char *path, size_t n_kept)
{
    n_kept_bytes = n_kept;
    keep_path(made_folder, sizeof made_folder, path);
}

/** Records the first signal; a second one, of either kind, ends the program. */
static void remember(int number)
{
    caught = number;
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
}

void cli_signals_catch(void)
{
    struct sigaction action = {.sa_handler = remember};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

int cli_signals_caught(void)
{
    return caught;
}
