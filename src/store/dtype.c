/* SPDX-License-Identifier: Apache-2.0 */
/* Names and sizes of the number types in model files. */
#include "store/dtype.h"

#include <string.h>

static const struct dtype_row {
    const char *name;
    size_t bytes;
} dtype_rows[] = {[PLX_DTYPE_F32] = {"F32", 4},
                  [PLX_DTYPE_F64] = {"F64", 8},
                  [PLX_DTYPE_U8] = {"U8", 1},
                  [PLX_DTYPE_I64] = {"I64", 8}};

const char *plx_dtype_name(plx_dtype dtype)
{
    return dtype_rows[dtype].name;
}

size_t plx_dtype_bytes(plx_dtype dtype)
{
    return dtype_rows[dtype].bytes;
}

bool plx_dtype_named(const char *name, plx_dtype *out)
{
    for (size_t i = 0; i < sizeof dtype_rows / sizeof *dtype_rows; i++) {
        if (strcmp(dtype_rows[i].name, name) != 0) continue;
        *out = (plx_dtype)i;
        return true;
    }
    return false;
}

bool plx_tensor_bytes(const plx_tensor *tensor, uint64_t *out)
{
    uint64_t bytes = plx_dtype_bytes(tensor->dtype);
    for (int i = 0; i < tensor->n_dims; i++) {
        if (tensor->dims[i] < 0 || __builtin_mul_overflow(bytes, (uint64_t)tensor->dims[i], &bytes)) return false;
    }
    *out = bytes;
    return true;
}
