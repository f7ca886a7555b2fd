/* SPDX-License-Identifier: Apache-2.0 */
/* A named array of numbers, as in model files: the form in which encoders and networks pass on their state. */
#ifndef PLX_TENSOR_H
#define PLX_TENSOR_H

#include <stddef.h>
#include <stdint.h>

typedef enum plx_dtype { PLX_DTYPE_F32, PLX_DTYPE_F64, PLX_DTYPE_U8, PLX_DTYPE_I64 } plx_dtype;

typedef struct plx_tensor {
    const char *name;
    plx_dtype dtype;
    int n_dims; /* 0..4 */
    int64_t dims[4];
    const void *data; /* row-major, little-endian; aligned to 8 */
} plx_tensor;

/** Finds a tensor by name; NULL: not found. */
typedef const plx_tensor *plx_tensor_find(const void *user, const char *name);

#endif
