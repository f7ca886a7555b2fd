/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checkpoints: the state of training as a file in the format of models, with a fingerprint of its configuration and
 * data. Written atomically and read with all checks of a model file. Refused if configuration, data or kernels differ,
 * since then resuming cannot give the bits of the interrupted run.
 */
#ifndef PLX_CHECKPOINT_H
#define PLX_CHECKPOINT_H

#include "model/handles.h"
#include "model/train_log.h"
#include "store/model_file.h"
#include "train/state_list.h"

typedef struct plx_checkpoint {
    const plx_context *context; /* borrowed, like the next four */
    const plx_model *model;
    const plx_data *data;
    const char *path;
    plx_train_log *log;   /* NULL: none */
    char fingerprint[17]; /* of rows and encoders; empty: not computed yet */
    bool has_file;
    plx_model_file file;           /* to resume from, until it is restored */
    plx_checkpointer checkpointer; /* for the job */
} plx_checkpoint;

/**
 * With `resume`, reads the file at `path` if it exists, and checks that it fits the model's configuration and the data.
 * PLX_ERR_FORMAT; PLX_ERR_SCHEMA: of another configuration, data or kernel level; PLX_ERR_UNSUPPORTED: of another
 * version.
 */
plx_status plx_checkpoint_init(plx_checkpoint *checkpoint, const plx_model *model, const plx_data *data,
                               const char *path, bool resume, plx_error *err);
void plx_checkpoint_release(plx_checkpoint *checkpoint);
/** Bytes of the log that belong to the state to resume from; 0 if there is none. */
int64_t plx_checkpoint_log_bytes(const plx_checkpoint *checkpoint);

#endif
