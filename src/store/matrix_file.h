/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matrices in other programs' files, for start values of tables: NumPy's .npy (versions 1 to 3), and safetensors.
 * float32 and float64, little-endian, row-major; anything else is an error that names it. Lengths are checked against
 * the file's size before use.
 */
#ifndef PLX_MATRIX_FILE_H
#define PLX_MATRIX_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/tensor.h"

typedef struct plx_matrix_file {
    const char *path; /* borrowed: as passed to open */
    int descriptor;
    bool is_open;
    plx_dtype dtype; /* F32 or F64 */
    int64_t rows, cols;
    uint64_t offset; /* of the first number, bytes */
} plx_matrix_file;

/**
 * Opens the file at `path`: NAME.npy, NAME.safetensors with one matrix in it, or NAME.safetensors#TENSOR. The first
 * bytes decide between the two formats. PLX_ERR_IO; PLX_ERR_FORMAT, with what is wrong; PLX_ERR_MEMORY.
 */
plx_status plx_matrix_file_open(plx_matrix_file *file, const char *path, const plx_allocator *allocator,
                                plx_error *err);
/** Reads rows first_row .. first_row + n - 1, which must exist, into `out` [n, cols]. PLX_ERR_IO; PLX_ERR_FORMAT: a
 * number is not finite as a float. */
plx_status plx_matrix_file_read(const plx_matrix_file *file, int64_t first_row, int64_t n, float *out, plx_error *err);
void plx_matrix_file_close(plx_matrix_file *file);

#endif
