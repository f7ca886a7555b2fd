/* SPDX-License-Identifier: Apache-2.0 */
/* Names and sizes of the number types that model files hold. */
#ifndef PLX_DTYPE_H
#define PLX_DTYPE_H

#include <stdbool.h>

#include "base/tensor.h"

/** The name in safetensors: "F32" and so on. */
const char *plx_dtype_name(plx_dtype dtype);
size_t plx_dtype_bytes(plx_dtype dtype);
/** False if this library does not store that type. */
bool plx_dtype_named(const char *name, plx_dtype *out);
/** The size of a tensor in bytes; false if a dimension is negative or the product overflows. */
bool plx_tensor_bytes(const plx_tensor *tensor, uint64_t *out);

#endif
