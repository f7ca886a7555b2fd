/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of parameters of an ONNX model. Two files cannot be replaced atomically, so a file that an existing model
 * may read is never overwritten: new parameters get a new file name, which the new model contains, and the old file is
 * removed after the new model has replaced the old one. An interruption at any point leaves a valid model.
 */
#ifndef PLX_ONNX_DATA_H
#define PLX_ONNX_DATA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

typedef struct plx_onnx_data {
    const char *path;     /* MODEL.data; if that exists, MODEL.HASH.data */
    const char *location; /* the same without folders, as in the model */
    bool is_new;          /* the file did not exist */
} plx_onnx_data;

/** `hash`: of the file's bytes. Names are NULL when out of memory. */
plx_onnx_data plx_onnx_data_name(const char *model, uint64_t hash, plx_arena *arena);
/** Removes all parameter files of model file `model` except `kept`. Ignores failures. */
void plx_onnx_data_clean(const char *model, const char *kept);

#endif
