/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Curves by epoch. Equal tags of the two runs share a diagram, and TensorBoard makes a section of the part before a
 * tag's slash: a task's losses and metrics.
 */
#include "model/tensorboard.h"

#include <string.h>
#include <time.h>

plx_status plx_board_init(plx_board *board, const plx_train_job *job, const char *folder, plx_error *err)
{
    const plx_allocator *allocator = job->machine.allocator;
    *board = (plx_board){.job = job, .train.descriptor = -1, .validation.descriptor = -1};
    plx_string_init(&board->tag, allocator);
    plx_string_format(&board->tag, "%s/train", folder);
    if (board->tag.failed) return plx_error_memory(err);
    PLX_TRY(plx_event_file_init(&board->train, allocator, board->tag.text, err));
    if (!job->validation || job->validation->n == 0) return PLX_OK;
    board->tag.length = 0;
    plx_string_format(&board->tag, "%s/validation", folder);
    if (board->tag.failed) return plx_error_memory(err);
    return plx_event_file_init(&board->validation, allocator, board->tag.text, err);
}

void plx_board_release(plx_board *board)
{
    if (!board->job) return;
    plx_event_file_release(&board->validation);
    plx_event_file_release(&board->train);
    plx_string_release(&board->tag);
}

static void add_task(plx_board *board, plx_event_file *file, int task, const char *metric, double value)
{
    board->tag.length = 0;
    plx_string_format(&board->tag, "%s/%s", board->job->task_names[task], metric);
    if (board->tag.failed)
        file->summary.failed = true;
    else
        plx_event_file_add(file, board->tag.text, value);
}

static void add_gate(plx_board *board, plx_event_file *file, const plx_gate_use *gate)
{
    for (int expert = 0; expert < gate->n_experts; expert++) {
        board->tag.length = 0;
        plx_string_format(&board->tag, "gates/%.*s/expert%d", (int)gate->name.length, gate->name.text, expert);
        if (board->tag.failed)
            file->summary.failed = true;
        else
            plx_event_file_add(file, board->tag.text, gate->shares[expert]);
    }
}

static void add_validation(plx_board *board, const plx_train_state *state)
{
    const plx_train_job *job = board->job;
    plx_event_file *file = &board->validation;
    plx_event_file_add(file, "loss", state->progress.validation_loss);
    if (job->spec->monitor && strcmp(job->spec->monitor, "loss") != 0)
        plx_event_file_add(file, "monitored", state->progress.monitored);
    for (int i = 0; i < state->n_gates; i++)
        add_gate(board, file, &state->gates[i]);
    for (int task = 0; task < job->graph->n_tasks; task++) {
        const plx_metrics *score = &state->progress.validation_metrics[task];
        add_task(board, file, task, "loss", state->progress.validation_task_losses[task]);
        for (int i = 0; i < PLX_METRICS_MAX; i++)
            if (score->applies >> i & 1)
                add_task(board, file, task, plx_metric_name(state->choices, i), score->values[i]);
    }
}

plx_status plx_board_epoch(plx_board *board, const plx_train_state *state, plx_error *err)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    const double seconds = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
    plx_event_file_add(&board->train, "loss", state->progress.loss);
    for (int task = 0; task < board->job->graph->n_tasks; task++)
        add_task(board, &board->train, task, "loss", state->progress.task_losses[task]);
    plx_event_file_add(&board->train, "rows_per_second", state->progress.rows_per_second);
    PLX_TRY(plx_event_file_write(&board->train, seconds, state->progress.epoch, err));
    if (!state->has_validation) return PLX_OK;
    add_validation(board, state);
    return plx_event_file_write(&board->validation, seconds, state->progress.epoch, err);
}
