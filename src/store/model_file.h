/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The model file: safetensors with named tensors and a map of texts (docs/format.md). This layer handles only bytes and
 * names; higher layers interpret the texts. Reading checks every length before use: header bounds, dtypes, shapes,
 * offsets without gaps or overlaps, no duplicate name, nothing after the end, and the checksum of the whole file.
 */
#ifndef PLX_MODEL_FILE_H
#define PLX_MODEL_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/tensor.h"
#include "base/text.h"

enum { PLX_FILE_FORMAT_VERSION = 1 };

typedef struct plx_meta {
    const char *key, *value;
} plx_meta;

/**
 * Writes atomically. "format" = "plexus", "format_version" and "data_checksum" are added to `meta`; names and texts are
 * UTF-8. PLX_ERR_ARGUMENT: two tensors or texts have the same name.
 */
plx_status plx_model_file_write(const char *path, const plx_allocator *allocator, const plx_tensor *tensors,
                                int n_tensors, const plx_meta *meta, int n_meta, plx_error *err);

typedef struct plx_model_file {
    struct plx_model_file_memory *memory;
    const plx_tensor *tensors; /* by name; data aligned to its dtype */
    int n_tensors;
    const plx_meta *meta; /* by key */
    int n_meta;
} plx_model_file;

/** PLX_ERR_IO, PLX_ERR_FORMAT (not a plexus file, truncated, altered: which and where), PLX_ERR_UNSUPPORTED (newer
 * version). On failure `file` is empty. */
plx_status plx_model_file_read(plx_model_file *file, const char *path, const plx_allocator *allocator, plx_error *err);
/** The same from memory, borrowed during the life of `file` (copied if not aligned to 8); for fuzzing. `name` replaces
 * the path. */
plx_status plx_model_file_parse(plx_model_file *file, const void *bytes, size_t length, const char *name,
                                const plx_allocator *allocator, plx_error *err);
void plx_model_file_release(plx_model_file *file);
/** NULL: unknown name. */
const plx_tensor *plx_model_file_tensor(const plx_model_file *file, const char *name);
const char *plx_model_file_meta(const plx_model_file *file, const char *key);

#endif
