/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checkpoints: a training's state as a file in the format of models, and the fingerprint that tells whose state it is.
 * Written whole or not at all; read with every check of a model file, and refused where configuration, data or kernels
 * are others, since then the bits of the run that was broken off can't be reached any more.
 */
#ifndef PLX_CHECKPOINT_H
#define PLX_CHECKPOINT_H

#include "model/handles.h"
#include "model/train_log.h"
#include "store/model_file.h"
#include "train/kept.h"

typedef struct plx_checkpoint {
    const plx_context *context; /* borrowed, as the next four */
    const plx_model *model;
    const plx_data *data;
    const char *path;
    plx_train_log *log;   /* NULL: none */
    char fingerprint[17]; /* of rows and encoders; empty: not taken yet */
    bool has_file;
    plx_model_file file; /* to go on from, until it is restored */
    plx_keeper keeper;   /* for the job */
} plx_checkpoint;

/**
 * With `resume`, reads the file at `path` if there is one, and checks that it is of this model's configuration and of
 * this data. PLX_ERR_FORMAT; PLX_ERR_SCHEMA: of another configuration, data or kernel level; PLX_ERR_UNSUPPORTED: of
 * another version.
 */
plx_status plx_checkpoint_init(plx_checkpoint *checkpoint, const plx_model *model, const plx_data *data,
                               const char *path, bool resume, plx_error *err);
void plx_checkpoint_release(plx_checkpoint *checkpoint);
/** Bytes of the log that belong to the state to go on from; 0 where there is none. */
int64_t plx_checkpoint_log_bytes(const plx_checkpoint *checkpoint);

#endif
