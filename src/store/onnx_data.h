/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of parameters beside an ONNX model. Two files cannot be replaced at once, so a file that a model there may
 * read is never written to: new parameters get another name, which the new model has in it, and the old file goes when
 * the new model has taken the old one's place. Whatever breaks off in between, the model that is there is whole.
 */
#ifndef PLX_ONNX_DATA_H
#define PLX_ONNX_DATA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

typedef struct plx_onnx_data {
    const char *path;     /* MODEL.data; where there is such a file, MODEL.HASH.data */
    const char *location; /* the same without folders, as models say it */
    bool is_new;          /* there was no such file */
} plx_onnx_data;

/** `hash` is of the file's bytes. Names are NULL when out of memory. */
plx_onnx_data plx_onnx_data_name(const char *model, uint64_t hash, plx_arena *arena);
/** Removes the files of parameters of model file `model`, but `kept`. What cannot be removed stays. */
void plx_onnx_data_clean(const char *model, const char *kept);

#endif
