/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.jsonl: one line per epoch. */
#include "model/train_log.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

plx_status plx_train_log_init(plx_train_log *log, const plx_allocator *allocator, const char *path, plx_error *err)
{
    *log = (plx_train_log){.path = path};
    plx_string_init(&log->line, allocator);
    log->descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (log->descriptor >= 0) return PLX_OK;
    PLX_FAIL(err, PLX_ERR_IO, "%s: cannot be written: %s", path, strerror(errno));
}

plx_status plx_train_log_resume(plx_train_log *log, int64_t bytes, plx_error *err)
{
    struct stat info;
    if (bytes == 0) return PLX_OK;
    bool is_file = fstat(log->descriptor, &info) == 0 && S_ISREG(info.st_mode);
    log->has_lines = true; /* the file is not replaced */
    if (!is_file) return PLX_OK;
    log->length = bytes < info.st_size ? (off_t)bytes : info.st_size;
    if (ftruncate(log->descriptor, log->length) == 0) return PLX_OK;
    PLX_FAIL(err, PLX_ERR_IO, "%s: cannot be truncated to the checkpoint: %s", log->path, strerror(errno));
}

plx_status plx_train_log_sync(const plx_train_log *log, plx_error *err)
{
    if (fsync(log->descriptor) == 0 || errno == EINVAL || errno == EROFS) return PLX_OK; /* a pipe or a device */
    PLX_FAIL(err, PLX_ERR_IO, "%s: cannot be written: %s", log->path, strerror(errno));
}

void plx_train_log_release(plx_train_log *log)
{
    if (log->descriptor >= 0) close(log->descriptor);
    log->descriptor = -1;
    plx_string_release(&log->line);
}

static void add_key(plx_string *line, const char *key)
{
    if (line->length > 0 && line->text[line->length - 1] != '{') plx_string_add(line, ",", 1);
    plx_string_json(line, plx_slice_of(key));
    plx_string_add(line, ":", 1);
}

/** JSON has no NaN and no infinity: null. */
static void add_number(plx_string *line, const char *key, double value)
{
    char number[32];
    add_key(line, key);
    if (isfinite(value)) {
        plx_string_add(line, number, plx_format_double(value, number));
    } else {
        plx_string_add(line, "null", 4);
    }
}

static void open_object(plx_string *line, const char *key)
{
    add_key(line, key);
    plx_string_add(line, "{", 1);
}

static void close_object(plx_string *line)
{
    plx_string_add(line, "}", 1);
}

static void add_score(plx_string *line, const plx_metrics *score, const plx_metric_choices *choices)
{
    add_number(line, "rows", (double)score->rows);
    if (score->labels == PLX_LABELS_ARE_TRUTHS) add_number(line, "positives", (double)score->positives);
    if (score->groups > 0) {
        add_number(line, "groups", (double)score->groups);
        add_number(line, "groups_counted", (double)score->groups_counted);
    }
    for (int i = 0; i < PLX_METRICS_MAX; i++)
        if (score->applies >> i & 1) add_number(line, plx_metric_name(choices, i), score->values[i]);
}

static void add_tasks(plx_string *line, const plx_train_job *job, const double *losses, const plx_metrics *scores,
                      const plx_metric_choices *choices)
{
    open_object(line, "tasks");
    for (int task = 0; task < job->graph->n_tasks; task++) {
        open_object(line, job->task_names[task]);
        add_number(line, "loss", losses[task]);
        if (scores) add_score(line, &scores[task], choices);
        close_object(line);
    }
    close_object(line);
}

static void make_line(plx_string *line, const plx_train_job *job, const plx_train_state *state)
{
    line->length = 0;
    plx_string_add(line, "{", 1);
    add_number(line, "epoch", state->progress.epoch);
    add_number(line, "seconds", state->progress.seconds);
    add_number(line, "rows_per_second", state->progress.rows_per_second);
    add_number(line, "learning_rate", state->progress.learning_rate);
    add_number(line, "loss", state->progress.loss);
    add_tasks(line, job, state->progress.task_losses, NULL, NULL);
    if (state->has_validation) {
        open_object(line, "validation");
        add_number(line, "loss", state->progress.validation_loss);
        if (job->spec->monitor && strcmp(job->spec->monitor, "loss") != 0)
            add_number(line, "monitored", state->progress.monitored);
        add_tasks(line, job, state->progress.validation_task_losses, state->progress.validation_metrics,
                  state->choices);
        close_object(line);
    }
    add_key(line, "is_best");
    plx_string_format(line, "%s}\n", state->progress.is_best ? "true" : "false");
}

plx_status plx_train_log_epoch(plx_train_log *log, const plx_train_job *job, const plx_train_state *state,
                               plx_error *err)
{
    make_line(&log->line, job, state);
    if (log->line.failed) return plx_error_memory(err);
    if (!log->has_lines && ftruncate(log->descriptor, 0) != 0 && errno != EINVAL) { /* EINVAL: a pipe or a device */
        PLX_FAIL(err, PLX_ERR_IO, "%s: cannot be replaced: %s", log->path, strerror(errno));
    }
    log->has_lines = true;
    if (plx_write_all(log->descriptor, log->line.text, log->line.length)) {
        log->length += (off_t)log->line.length;
        return PLX_OK;
    }
    int reason = errno;
    int left = ftruncate(log->descriptor, log->length);
    PLX_FAIL(err, PLX_ERR_IO, "%s: the line of epoch %d cannot be written: %s%s", log->path, state->progress.epoch,
             strerror(reason), left == 0 ? "" : "; the file may end in half a line");
}
