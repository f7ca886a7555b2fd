/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder of a run. Only one run at a time uses it: a lock on the folder itself excludes all other processes of the
 * machine and leaves no file. Files of an earlier finished run are hard-linked into `keeping` until the new run is
 * saved; then they move to `previous`, or back if saving fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

/* The files of a finished run; the model last, whose existence means that the others exist. */
static const char *const parts[] = {"config.yaml", "metrics.jsonl", "model.plexus"};
enum { N_PARTS = sizeof parts / sizeof *parts };

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

int cli_run_folder_name(cli_run_folder *folder, const char *out, const char *config_path)
{
    char stem[CLI_MAX_PATH];
    bool fits = true;
    *folder = (cli_run_folder){.lock = -1};
    if (out)
        fits = snprintf(folder->path, CLI_MAX_PATH, "%s", out) < CLI_MAX_PATH;
    else
        fits = cli_path_stem(stem, strcmp(config_path, "-") == 0 ? "stdin" : config_path) &&
               cli_path_join(folder->path, "plexus-out", stem);
    fits = fits && cli_path_join(folder->model, folder->path, "model.plexus") &&
           cli_path_join(folder->config, folder->path, "config.yaml") &&
           cli_path_join(folder->log, folder->path, "metrics.jsonl") &&
           cli_path_join(folder->partial_log, folder->path, "metrics.jsonl.partial") &&
           cli_path_join(folder->checkpoint, folder->path, "checkpoint.plexus") &&
           cli_path_join(folder->previous, folder->path, "previous") &&
           cli_path_join(folder->keeping, folder->path, "previous.partial");
    return fits ? CLI_DONE : cli_fail("the path of the output folder is too long");
}

/* -- Earlier contents -------------------------------------------------------------------------------------------- */

/** File systems without locks, such as some network file systems, do not exclude other runs. */
static int take_lock(cli_run_folder *folder)
{
    folder->lock = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder->lock < 0) return cli_fail("cannot open the folder %s: %s", folder->path, strerror(errno));
    if (flock(folder->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return cli_fail("%s: another run is writing there; wait until it ends, or choose another --out", folder->path);
    return CLI_DONE;
}

static int check_writable(const cli_run_folder *folder)
{
    if (access(folder->path, W_OK | X_OK) != 0)
        return cli_fail("cannot write into %s: %s", folder->path, strerror(errno));
    const char *const places[] = {folder->model, folder->config, folder->log, folder->checkpoint};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (cli_is_folder(places[i]))
            return cli_fail("%s is a folder where a file must be written; choose another --out", places[i]);
    return CLI_DONE;
}

static void drop_parts(const char *folder)
{
    char path[CLI_MAX_PATH];
    for (int i = 0; i < N_PARTS; i++)
        if (cli_path_join(path, folder, parts[i])) unlink(path);
    rmdir(folder);
}

/** Makes a hard link if possible, a copy for symbolic links and other disks. Only regular files are kept. */
static int keep_part(const cli_run_folder *folder, plx_context *context, const char *name)
{
    char from[CLI_MAX_PATH], to[CLI_MAX_PATH];
    struct stat status;
    if (!cli_path_join(from, folder->path, name) || !cli_path_join(to, folder->keeping, name))
        return cli_fail("the path of the output folder is too long");
    if (stat(from, &status) != 0 || !S_ISREG(status.st_mode)) return CLI_DONE;
    bool is_link = lstat(from, &status) == 0 && S_ISLNK(status.st_mode);
    if (!is_link && link(from, to) == 0) return CLI_DONE;
    return cli_copy_file(context, from, to);
}

static int keep_finished(const cli_run_folder *folder, plx_context *context)
{
    drop_parts(folder->keeping);
    if (!is_there(folder->model)) return CLI_DONE;
    if (is_there(folder->previous) && !cli_is_folder(folder->previous))
        return cli_fail("%s is a file, not a folder for the earlier run", folder->previous);
    if (mkdir(folder->keeping, 0777) != 0 && errno != EEXIST)
        return cli_fail("cannot create the folder %s: %s", folder->keeping, strerror(errno));
    int code = CLI_DONE;
    for (int i = 0; code == CLI_DONE && i < N_PARTS; i++)
        code = keep_part(folder, context, parts[i]);
    return code;
}

/** A run that ended its log, or was interrupted, has already renamed it to its final name. */
static int take_log(cli_run_folder *folder)
{
    if (is_there(folder->partial_log) || !is_there(folder->log)) return CLI_DONE;
    if (rename(folder->log, folder->partial_log) != 0)
        return cli_fail("cannot rename %s: %s", folder->log, strerror(errno));
    folder->has_taken_log = true;
    return CLI_DONE;
}

static void print_start(const cli_run_folder *folder, const cli_options *given, bool has_checkpoint)
{
    if (given->resume && !has_checkpoint)
        fprintf(stderr, "there is no %s: starting from the beginning\n", folder->checkpoint);
    else if (has_checkpoint)
        fprintf(stderr,
                given->resume ? "resuming from %s\n" : "starting from the beginning; --resume would resume from %s\n",
                folder->checkpoint);
    if (is_there(folder->keeping) && !given->force)
        fprintf(stderr, "%s has a finished run, which moves to %s when this one is saved (--force replaces it)\n",
                folder->path, folder->previous);
}

int cli_run_folder_open(cli_run_folder *folder, plx_context *context, const cli_options *given)
{
    int code = cli_make_folder(folder->path, &folder->n_kept_bytes);
    folder->is_made = true;
    if (code == CLI_DONE) cli_signals_folder(folder->path, folder->n_kept_bytes);
    if (code == CLI_DONE) code = take_lock(folder);
    if (code != CLI_DONE) return code;
    folder->is_locked = true;
    cli_drop_leftovers(folder->path);
    code = check_writable(folder);
    /* A resumed run kept the earlier files when it first started. */
    const bool has_checkpoint = is_there(folder->checkpoint), goes_on = given->resume && has_checkpoint;
    if (code == CLI_DONE) code = goes_on ? take_log(folder) : keep_finished(folder, context);
    if (code == CLI_DONE && !given->quiet) print_start(folder, given, has_checkpoint);
    return code;
}

/* -- Final contents ---------------------------------------------------------------------------------------------- */

static int write_parts(const cli_run_folder *folder, const cli_session *session, const char *config_text)
{
    plx_error error;
    if (plx_model_save(session->model, folder->model, &error) != PLX_OK) return cli_fail_error(&error);
    int code = cli_write_text(session->context, folder->config, config_text);
    return code == CLI_DONE ? cli_move_file(session->context, folder->partial_log, folder->log) : code;
}

/** Restores the files of the finished run, so that files of different runs are not mixed. They also stay in `keeping`,
 * for a run that resumes from the checkpoint. */
static void put_back(const cli_run_folder *folder)
{
    char kept[CLI_MAX_PATH], place[CLI_MAX_PATH], beside[CLI_MAX_PATH + 32];
    for (int i = 0; i < N_PARTS; i++) {
        if (!cli_path_join(kept, folder->keeping, parts[i]) || !cli_path_join(place, folder->path, parts[i])) continue;
        snprintf(beside, sizeof beside, "%s.tmp-%ld-back", place, (long)getpid());
        rename(link(kept, beside) == 0 ? beside : kept, place);
        unlink(beside); /* rename does nothing if both names are the same file */
    }
}

static int move_to_previous(const cli_run_folder *folder, plx_context *context)
{
    char kept[CLI_MAX_PATH], place[CLI_MAX_PATH];
    if (mkdir(folder->previous, 0777) != 0 && errno != EEXIST)
        return cli_fail("cannot create the folder %s: %s", folder->previous, strerror(errno));
    int code = CLI_DONE;
    for (int i = 0; code == CLI_DONE && i < N_PARTS; i++) {
        if (!cli_path_join(kept, folder->keeping, parts[i]) || !cli_path_join(place, folder->previous, parts[i]))
            continue;
        if (is_there(kept))
            code = cli_move_file(context, kept, place);
        else
            unlink(place); /* from an older run */
    }
    return code;
}

int cli_run_folder_save(cli_run_folder *folder, const cli_session *session, const char *config_text, bool is_complete,
                        bool is_forced)
{
    if (is_complete) cli_run_folder_free_space(folder);
    int code = write_parts(folder, session, config_text);
    if (code != CLI_DONE) {
        put_back(folder);
        return code;
    }
    folder->is_saved = true;
    if (is_there(folder->keeping) && !is_forced) code = move_to_previous(folder, session->context);
    if (code == CLI_DONE) drop_parts(folder->keeping);
    return code;
}

void cli_run_folder_close(cli_run_folder *folder, bool is_complete)
{
    if (folder->is_locked) {
        if (is_complete) unlink(folder->checkpoint);
        const bool goes_on = is_there(folder->checkpoint);
        if (!folder->is_saved && folder->has_taken_log) rename(folder->partial_log, folder->log);
        if (!goes_on) unlink(folder->partial_log); /* with a checkpoint, --resume needs it */
        if (!goes_on) drop_parts(folder->keeping);
    }
    if (folder->is_made && !folder->is_saved) cli_drop_folder(folder->path, folder->n_kept_bytes);
    if (folder->lock >= 0) close(folder->lock);
    cli_signals_folder(NULL, 0);
    *folder = (cli_run_folder){.lock = -1};
}
