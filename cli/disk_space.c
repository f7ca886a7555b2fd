/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks the disk space for the files of a run. The model must fit, or training would be useless; a checkpoint is
 * needed only until the model is saved. The length of the vocabularies' texts is unknown here: if it matters, the
 * untrained model is written, because its file is as large as that of the trained one.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cli.h"

/* Sizes of the files in bytes; the model's is exact if the untrained model was written. */
typedef struct sizes {
    double model_least, model_most, checkpoint;
} sizes;

static sizes estimate(const cli_session *session)
{
    enum { NAMED_BYTES = 80, TEXT_BYTES = 1024, STATES = 4 };
    int n_named = 0;
    double rows = 0;
    const plx_parameter *one;
    for (; (one = plx_model_parameter(session->model, n_named)); n_named++)
        rows += (double)one->shape[1];
    const double numbers = sizeof(float) * (double)plx_model_inspect(session->model)->n_parameters;
    sizes s = {.model_least = numbers + NAMED_BYTES * n_named + (double)strlen(plx_config_text(session->config))};
    s.model_most = 2 * s.model_least + TEXT_BYTES * rows;
    s.checkpoint = STATES * numbers; /* weights, best weights, two optimizer states per weight as usual */
    return s;
}

static double file_bytes(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) ? (double)status.st_size : 0;
}

/* Free bytes, with those of an existing checkpoint, which will be removed; negative: unknown. */
static double free_bytes(const cli_run_folder *folder)
{
    struct statvfs disk;
    if (statvfs(access(folder->model, F_OK) == 0 ? folder->model : folder->path, &disk) != 0) return -1;
    return (double)disk.f_bavail * (double)disk.f_frsize + file_bytes(folder->checkpoint);
}

static int fail_space(const cli_run_folder *folder, double model, double space)
{
    return cli_fail(
        "%s: the model needs %.3g MB of disk space, and %.3g MB are free; free some space, or choose another --out",
        folder->path, model / 1e6, space / 1e6);
}

/* Writes the untrained model, next to its final path, to measure its size. */
static int try_model(const cli_run_folder *folder, const cli_session *session, sizes *s, double space)
{
    char path[CLI_MAX_PATH + 32];
    struct stat status;
    plx_error error;
    if (lstat(folder->model, &status) == 0 && !S_ISREG(status.st_mode)) return CLI_DONE; /* written elsewhere */
    snprintf(path, sizeof path, "%s.tmp-%ld-space", folder->model, (long)getpid());
    const plx_status written = plx_model_save(session->model, path, &error);
    if (written == PLX_OK) s->model_least = s->model_most = file_bytes(path);
    unlink(path);
    if (written != PLX_ERR_IO) return CLI_DONE;
    return cli_fail(
        "%s: the model needs more than the %.3g MB of disk space that are free; free some space, or choose another "
        "--out",
        folder->path, space / 1e6);
}

/* Whether any checkpoint key of the configuration is on. */
static bool keeps_checkpoints(const cli_session *session)
{
    static const char *const off[] = {"checkpoint_epochs: 0\n", "checkpoint_steps: 0\n", "checkpoint_seconds: 0\n"};
    for (size_t i = 0; i < sizeof off / sizeof *off; i++)
        if (!strstr(plx_config_text(session->config), off[i])) return true;
    return false;
}

int cli_run_folder_check_space(cli_run_folder *folder, const cli_session *session, bool is_quiet)
{
    const double space = free_bytes(folder);
    sizes s = estimate(session);
    if (space < 0) return CLI_DONE;
    if (space < s.model_least) return fail_space(folder, s.model_least, space);
    if (space < s.model_most) {
        int code = try_model(folder, session, &s, space);
        if (code != CLI_DONE) return code;
    }
    folder->model_bytes = s.model_most;
    /* While a new checkpoint is written, the previous one still exists. */
    if (space < s.model_least + 2 * s.checkpoint && keeps_checkpoints(session) && !is_quiet)
        fprintf(
            stderr,
            "plexus: warning: %s has %.3g MB of disk; the model takes %.3g MB, and each of two checkpoints about %.3g "
            "MB: some may not be kept (train.checkpoint_epochs: 0 makes none)\n",
            folder->path, space / 1e6, s.model_least / 1e6, s.checkpoint / 1e6);
    return CLI_DONE;
}

void cli_run_folder_free_space(const cli_run_folder *folder)
{
    const double checkpoint = file_bytes(folder->checkpoint), space = free_bytes(folder);
    if (checkpoint > 0 && space >= folder->model_bytes && space - checkpoint < folder->model_bytes)
        unlink(folder->checkpoint);
}
