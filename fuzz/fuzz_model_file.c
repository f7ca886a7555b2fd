/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes the model file's reader. A random change never has the right checksum, so that the fuzzer would not get past
 * it: each input is read unchanged, then again with the checksum corrected if its place is found.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/checksum.h"
#include "store/model_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/** Reads everything that the file declares. */
static void touch(const plx_model_file *file)
{
    static const size_t sizes[] = {[PLX_DTYPE_F32] = 4, [PLX_DTYPE_F64] = 8, [PLX_DTYPE_U8] = 1, [PLX_DTYPE_I64] = 8};
    unsigned char all = 0;
    for (int i = 0; i < file->n_tensors; i++) {
        const plx_tensor *tensor = &file->tensors[i];
        size_t n = sizes[tensor->dtype];
        for (int d = 0; d < tensor->n_dims; d++)
            n *= (size_t)tensor->dims[d];
        const unsigned char *data = tensor->data;
        for (size_t b = 0; b < n; b++)
            all |= data[b];
        if (plx_model_file_tensor(file, tensor->name) != tensor) abort();
    }
    volatile unsigned char used = all;
    (void)used;
    for (int i = 0; i < file->n_meta; i++) {
        if (plx_model_file_meta(file, file->meta[i].key) != file->meta[i].value) abort();
    }
}

static void read_once(const void *bytes, size_t length)
{
    plx_model_file file;
    plx_error failure;
    if (plx_model_file_parse(&file, bytes, length, "fuzz", &plx_allocator_default, &failure) != PLX_OK) return;
    touch(&file);
    plx_model_file_release(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const char key[] = "\"data_checksum\":\"";
    static const char zeros[17] = "0000000000000000";
    read_once(bytes, length);
    const uint8_t *place = memmem(bytes, length, key, sizeof key - 1);
    if (!place || length - (size_t)(place - bytes) < sizeof key - 1 + 16) return 0;
    char *copy = malloc(length);
    if (!copy) return 0;
    memcpy(copy, bytes, length);
    char *digits = copy + (place - bytes) + sizeof key - 1, text[17];
    memcpy(digits, zeros, 16);
    plx_checksum sum;
    plx_checksum_init(&sum);
    plx_checksum_add(&sum, copy, length);
    snprintf(text, sizeof text, "%016" PRIx64, plx_checksum_value(&sum));
    memcpy(digits, text, 16);
    read_once(copy, length);
    free(copy);
    return 0;
}
