/* SPDX-License-Identifier: Apache-2.0 */
/* Writes an ONNX model (IR version 9, opset 20), with its parameters in the same file or in a second one. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "store/checksum.h"
#include "store/onnx_data.h"
#include "store/onnx_parts.h"
#include "store/protobuf.h"

enum { IR_VERSION = 9, OPSET = 20, OPSET_ML = 3 };

/* The limit of a Protocol Buffers message, less a MiB for bytes that are not counted. */
static const uint64_t most_bytes = INT32_MAX - (1 << 20);

/* Numbers are little-endian in the file, as in memory (store/model_file_write.c). */
typedef void take_bytes(void *user, const void *bytes, size_t length);

static void take_to_file(void *user, const void *bytes, size_t length)
{
    plx_writer_add(user, bytes, length);
}

static void take_to_sum(void *user, const void *bytes, size_t length)
{
    plx_checksum_add(user, bytes, length);
}

static void write_param(const plx_onnx *onnx, const struct plx_onnx_tensor *tensor, take_bytes *take, void *user)
{
    const plx_param *param = tensor->param;
    const int groups = param->spec.groups, rows = param->spec.rows, cols = param->spec.cols;
    float numbers[256];
    for (int64_t line = 0; line < (int64_t)groups * rows; line++) {
        const bool is_by_rows = tensor->order == PLX_ONNX_ROWS_FIRST;
        const int64_t g = is_by_rows ? line % groups : line / rows, r = is_by_rows ? line / groups : line % rows;
        const plx_real *from =
            onnx->values + param->offset + (size_t)g * param->group_stride + (size_t)r * param->row_stride;
        for (int first = 0; first < cols; first += 256) {
            const int n = cols - first < 256 ? cols - first : 256;
            for (int i = 0; i < n; i++)
                numbers[i] = (float)from[first + i];
            take(user, numbers, (size_t)n * sizeof *numbers);
        }
    }
}

/* A TensorProto up to its raw numbers, which are last: they follow in this file, or are at `at` in another. */
static void describe_tensor(plx_onnx *onnx, const struct plx_onnx_tensor *tensor, const char *location, uint64_t at,
                            plx_string *out)
{
    for (int i = 0; i < tensor->n_dims; i++)
        plx_pb_int(out, TENSOR_DIMS, tensor->dims[i]);
    plx_pb_int(out, TENSOR_TYPE, tensor->type);
    plx_pb_text(out, TENSOR_NAME, tensor->name);
    if (location && tensor->param) {
        char number[32];
        plx_onnx_add_entry(onnx, out, TENSOR_EXTERNAL, "location", location);
        snprintf(number, sizeof number, "%" PRIu64, at);
        plx_onnx_add_entry(onnx, out, TENSOR_EXTERNAL, "offset", number);
        snprintf(number, sizeof number, "%" PRIu64, tensor->n_bytes);
        plx_onnx_add_entry(onnx, out, TENSOR_EXTERNAL, "length", number);
        plx_pb_int(out, TENSOR_LOCATION, LOCATION_EXTERNAL);
    } else {
        plx_pb_head(out, tensor->type == PLX_ONNX_STRING ? TENSOR_TEXTS : TENSOR_RAW, tensor->n_bytes);
    }
}

static bool is_outside(const struct plx_onnx_tensor *tensor, const char *location)
{
    return location && tensor->param;
}

/* The headers of all tensors, each with its length, as fields of GraphProto; `ends` [n_tensors]. */
static uint64_t describe_tensors(plx_onnx *onnx, const char *location, plx_string *heads, size_t *ends)
{
    uint64_t at = 0, raw_bytes = 0;
    for (size_t i = 0; i < onnx->n_tensors; i++) {
        const struct plx_onnx_tensor *tensor = &onnx->tensors[i];
        plx_string head;
        plx_string_init(&head, onnx->allocator);
        describe_tensor(onnx, tensor, location, at, &head);
        const uint64_t inside = is_outside(tensor, location) ? 0 : tensor->n_bytes;
        plx_pb_head(heads, GRAPH_TENSOR, head.length + inside);
        plx_string_add(heads, head.text ? head.text : "", head.length);
        onnx->failed |= head.failed;
        plx_string_release(&head);
        ends[i] = heads->length;
        raw_bytes += inside;
        if (is_outside(tensor, location)) at += tensor->n_bytes;
    }
    return raw_bytes;
}

static void add_opset(plx_onnx *onnx, plx_string *out, const char *domain, int version)
{
    plx_string opset;
    plx_string_init(&opset, onnx->allocator);
    plx_pb_text(&opset, OPSET_DOMAIN, domain);
    plx_pb_int(&opset, OPSET_VERSION, version);
    plx_onnx_add_message(onnx, out, MODEL_OPSET, &opset);
}

static void write_string(plx_writer *writer, const plx_string *text)
{
    if (text->length) plx_writer_add(writer, text->text, text->length);
}

static void write_tensors(const plx_onnx *onnx, const char *location, const plx_string *heads, const size_t *ends,
                          plx_writer *writer)
{
    size_t from = 0;
    for (size_t i = 0; i < onnx->n_tensors; from = ends[i++]) {
        const struct plx_onnx_tensor *tensor = &onnx->tensors[i];
        plx_writer_add(writer, heads->text + from, ends[i] - from);
        if (is_outside(tensor, location)) continue;
        if (tensor->param)
            write_param(onnx, tensor, take_to_file, writer);
        else
            plx_writer_add(writer, tensor->bytes, (size_t)tensor->n_bytes);
    }
}

static uint64_t hash_numbers(const plx_onnx *onnx)
{
    plx_checksum sum;
    plx_checksum_init(&sum);
    for (size_t i = 0; i < onnx->n_tensors; i++)
        if (onnx->tensors[i].param) write_param(onnx, &onnx->tensors[i], take_to_sum, &sum);
    return plx_checksum_value(&sum);
}

static plx_status write_numbers(const plx_onnx *onnx, const char *path, plx_error *err)
{
    plx_writer writer;
    PLX_TRY(plx_writer_init(&writer, onnx->allocator, path, err));
    for (size_t i = 0; i < onnx->n_tensors; i++)
        if (onnx->tensors[i].param) write_param(onnx, &onnx->tensors[i], take_to_file, &writer);
    plx_status status = plx_writer_commit(&writer, err);
    plx_writer_release(&writer);
    return status;
}

/* The parts of the file that must be built before writing. */
typedef struct plx_onnx_parts {
    plx_string model, heads, name; /* up to the graph's length, of tensors, of the graph */
    size_t *ends;
    uint64_t raw_bytes;
} parts;

static plx_status write_model(plx_onnx *onnx, const char *path, const char *location, parts *p, plx_error *err)
{
    const uint64_t graph = onnx->nodes.length + p->name.length + p->heads.length + p->raw_bytes + onnx->inputs.length +
                           onnx->outputs.length;
    if (onnx->failed || p->model.failed || p->heads.failed || p->name.failed) return plx_error_memory(err);
    if (graph > most_bytes) {
        PLX_FAIL(err, PLX_ERR_UNSUPPORTED,
                 "%s: an ONNX file of %.1f GB cannot be read; the limit is 2 GB: export it with external data "
                 "(--external-data, external_data=True), which puts the parameters into a second file",
                 path, (double)graph / 1e9);
    }
    plx_pb_head(&p->model, MODEL_GRAPH, graph);
    if (p->model.failed) return plx_error_memory(err);
    plx_writer writer;
    PLX_TRY(plx_writer_init(&writer, onnx->allocator, path, err));
    write_string(&writer, &p->model);
    write_string(&writer, &onnx->nodes);
    write_string(&writer, &p->name);
    write_tensors(onnx, location, &p->heads, p->ends, &writer);
    write_string(&writer, &onnx->inputs);
    write_string(&writer, &onnx->outputs);
    plx_status status = plx_writer_commit(&writer, err);
    plx_writer_release(&writer);
    return status;
}

plx_status plx_onnx_write(plx_onnx *onnx, const char *path, bool external, plx_error *err)
{
    plx_onnx_data data = {0};
    parts p = {.ends = plx_arena_take(onnx->arena, onnx->n_tensors + 1, sizeof *p.ends)};
    if (external) data = plx_onnx_data_name(path, hash_numbers(onnx), onnx->arena);
    onnx->failed |= plx_arena_failed(onnx->arena);
    if (onnx->failed) return plx_error_memory(err);
    plx_string_init(&p.model, onnx->allocator);
    plx_string_init(&p.heads, onnx->allocator);
    plx_string_init(&p.name, onnx->allocator);
    plx_pb_int(&p.model, MODEL_IR_VERSION, IR_VERSION);
    plx_pb_text(&p.model, MODEL_PRODUCER, "plexus");
    plx_pb_text(&p.model, MODEL_PRODUCER_VERSION, onnx->version);
    add_opset(onnx, &p.model, "", OPSET);
    add_opset(onnx, &p.model, "ai.onnx.ml", OPSET_ML);
    plx_string_add(&p.model, onnx->metadata.text ? onnx->metadata.text : "", onnx->metadata.length);
    plx_pb_text(&p.name, GRAPH_NAME, "plexus");
    p.raw_bytes = describe_tensors(onnx, data.location, &p.heads, p.ends);
    plx_status status = external ? write_numbers(onnx, data.path, err) : PLX_OK;
    if (status == PLX_OK) status = write_model(onnx, path, data.location, &p, err);
    if (external && status == PLX_OK) plx_onnx_data_clean(path, data.location);
    if (external && status != PLX_OK && data.is_new) unlink(data.path);
    plx_string_release(&p.model);
    plx_string_release(&p.heads);
    plx_string_release(&p.name);
    return status;
}
