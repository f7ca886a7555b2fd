/* SPDX-License-Identifier: Apache-2.0 */
/* Training progress as curves for TensorBoard: the run `train` in one folder, the run `validation` in another. */
#ifndef PLX_TENSORBOARD_H
#define PLX_TENSORBOARD_H

#include "store/event_file.h"
#include "train/train.h"

typedef struct plx_board {
    const plx_train_job *job; /* borrowed */
    plx_string tag;
    plx_event_file train, validation;
} plx_board;

/** Creates FOLDER/train, with validation rows also FOLDER/validation, and a file in each. Release it after a failure
 * too. PLX_ERR_IO, PLX_ERR_MEMORY. */
plx_status plx_board_init(plx_board *board, const plx_train_job *job, const char *folder, plx_error *err);
void plx_board_release(plx_board *board);
/** Adds a completed epoch. PLX_ERR_IO, PLX_ERR_MEMORY. */
plx_status plx_board_epoch(plx_board *board, const plx_train_state *state, plx_error *err);

#endif
