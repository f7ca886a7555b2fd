/* SPDX-License-Identifier: Apache-2.0 */
/* Names and sizes of the number types that model files hold. */
#ifndef PLX_DTYPE_H
#define PLX_DTYPE_H

#include <stdbool.h>

#include "base/tensor.h"

/** As safetensors spells it: "F32" and so on. */
const char *plx_dtype_name(plx_dtype dtype);
size_t plx_dtype_bytes(plx_dtype dtype);
/** False where this library stores no such type. */
bool plx_dtype_named(const char *name, plx_dtype *out);
/** Bytes of all numbers of a tensor; false where dims are negative or the product overflows. */
bool plx_tensor_bytes(const plx_tensor *tensor, uint64_t *out);

#endif
