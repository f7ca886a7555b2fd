/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Model files from their bytes to a model: a model that loads is described, scores a row, and is exported to ONNX. The
 * checksum is corrected first, or it would reject every change.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plexus.h"
#include "store/checksum.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void repair(char *bytes, size_t length)
{
    static const char key[] = "\"data_checksum\":\"";
    char *place = memmem(bytes, length, key, sizeof key - 1), text[17];
    if (!place || length - (size_t)(place - bytes) < sizeof key - 1 + 16) return;
    char *digits = place + sizeof key - 1;
    memset(digits, '0', 16);
    plx_checksum sum;
    plx_checksum_init(&sum);
    plx_checksum_add(&sum, bytes, length);
    snprintf(text, sizeof text, "%016" PRIx64, plx_checksum_value(&sum));
    memcpy(digits, text, 16);
}

static void use(plx_context *context, const plx_model *model, const char *path)
{
    char *text = NULL, onnx[64];
    plx_predictor *predictor = NULL;
    snprintf(onnx, sizeof onnx, "%s.onnx", path);
    if (plx_model_describe(model, PLX_DESCRIPTION_LAYERS, &text, NULL) == PLX_OK) plx_text_free(context, text);
    if (plx_model_export_onnx(model, onnx, NULL, NULL, NULL) == PLX_OK) unlink(onnx);
    if (plx_predictor_create(model, &predictor, NULL) == PLX_OK) {
        const char *const texts[] = {"1"};
        float scores[64];
        const plx_column column = {.name = "c", .texts = texts};
        if (plx_model_inspect(model)->n_outputs <= 64)
            (void)plx_predictor_score(predictor, &column, 1, 1, scores, NULL);
    }
    plx_predictor_free(predictor);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static plx_context *context;
    char path[] = "/tmp/plexus-fuzz-XXXXXX";
    plx_context_options options = {.size = sizeof options, .threads = 1};
    plx_model *model = NULL;
    if (!context && plx_context_create(&options, &context, NULL)) abort();
    char *copy = malloc(length ? length : 1);
    if (!copy) return 0;
    memcpy(copy, bytes, length);
    repair(copy, length);
    const int descriptor = mkstemp(path);
    if (descriptor < 0 || write(descriptor, copy, length) != (ssize_t)length) abort();
    close(descriptor);
    free(copy);
    if (plx_model_load(context, path, &model, NULL) == PLX_OK) use(context, model, path);
    plx_model_free(model);
    unlink(path);
    return 0;
}
