/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ONNX models as messages of onnx.proto (IR version 9, opset 20). Nodes are kept as the bytes that the file will have;
 * parameters are read when the file is written, so that large tables are never copied.
 */
#include "store/onnx_graph.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "store/checksum.h"
#include "store/onnx_data.h"
#include "store/protobuf.h"

enum { IR_VERSION = 9, OPSET = 20, OPSET_ML = 3, ROWS_AT_ONCE = 64 };

/* What a message of Protocol Buffers may have, less a MiB for what is not counted. */
static const uint64_t most_bytes = INT32_MAX - (1 << 20);

/* Numbers of fields. */
enum {
    MODEL_IR_VERSION = 1,
    MODEL_PRODUCER,
    MODEL_PRODUCER_VERSION,
    MODEL_GRAPH = 7,
    MODEL_OPSET,
    MODEL_METADATA = 14
};
enum { GRAPH_NODE = 1, GRAPH_NAME, GRAPH_TENSOR = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT };
enum { NODE_INPUT = 1, NODE_OUTPUT, NODE_NAME, NODE_OP, NODE_ATTRIBUTE, NODE_DOMAIN = 7 };
enum { ATTRIBUTE_NAME = 1, ATTRIBUTE_FLOAT, ATTRIBUTE_INT, ATTRIBUTE_TEXT, ATTRIBUTE_INTS = 8, ATTRIBUTE_TEXTS };
enum { ATTRIBUTE_TYPE = 20, TYPE_FLOAT = 1, TYPE_INT, TYPE_TEXT, TYPE_INTS = 7, TYPE_TEXTS };
enum { TENSOR_DIMS = 1, TENSOR_TYPE, TENSOR_TEXTS = 6, TENSOR_NAME = 8, TENSOR_RAW };
enum { TENSOR_EXTERNAL = 13, TENSOR_LOCATION, LOCATION_EXTERNAL = 1 };
enum { VALUE_NAME = 1, VALUE_TYPE, VALUE_DOC, TYPE_TENSOR = 1, TENSOR_ELEMENT = 1, TENSOR_SHAPE };
enum { SHAPE_DIM = 1, DIM_VALUE = 1, DIM_NAME, ENTRY_KEY = 1, ENTRY_VALUE, OPSET_DOMAIN = 1, OPSET_VERSION };

struct plx_onnx_tensor {
    const char *name;
    const plx_param *param; /* NULL: `bytes` */
    plx_onnx_order order;
    const void *bytes;
    uint64_t n_bytes;
    plx_onnx_type type; /* of a string: the bytes are one text */
    int64_t dims[3];
    int n_dims;
};

void plx_onnx_init(plx_onnx *onnx, plx_arena *arena, const plx_allocator *allocator, const plx_real *values,
                   const char *version)
{
    *onnx = (plx_onnx){.allocator = allocator, .arena = arena, .values = values, .version = version, .scope = ""};
    plx_string_init(&onnx->nodes, allocator);
    plx_string_init(&onnx->inputs, allocator);
    plx_string_init(&onnx->outputs, allocator);
    plx_string_init(&onnx->metadata, allocator);
    plx_dictionary_init(&onnx->public, allocator, plx_hash_seed_draw());
}

void plx_onnx_release(plx_onnx *onnx)
{
    plx_string_release(&onnx->nodes);
    plx_string_release(&onnx->inputs);
    plx_string_release(&onnx->outputs);
    plx_string_release(&onnx->metadata);
    plx_dictionary_release(&onnx->public);
    plx_free(onnx->allocator, onnx->tensors);
}

/* Takes `message` as field `field` of `out`, and frees it. */
static void add_message(plx_onnx *onnx, plx_string *out, int field, plx_string *message)
{
    plx_pb_bytes(out, field, message->text ? message->text : "", message->length);
    onnx->failed |= message->failed || out->failed;
    plx_string_release(message);
}

static void add_entry(plx_onnx *onnx, plx_string *out, int field, const char *key, const char *text)
{
    plx_string entry;
    plx_string_init(&entry, onnx->allocator);
    plx_pb_text(&entry, ENTRY_KEY, key);
    plx_pb_text(&entry, ENTRY_VALUE, text);
    add_message(onnx, out, field, &entry);
}

/* -- Inputs and outputs ------------------------------------------------------------------------------------------- */

/* ValueInfoProto of [rows, width]. */
static void add_value(plx_onnx *onnx, plx_string *out, int field, const char *name, plx_onnx_type type, int width,
                      const char *doc)
{
    plx_string value, kind, tensor, shape, dim;
    plx_string_init(&value, onnx->allocator);
    plx_string_init(&kind, onnx->allocator);
    plx_string_init(&tensor, onnx->allocator);
    plx_string_init(&shape, onnx->allocator);
    plx_string_init(&dim, onnx->allocator);
    plx_pb_text(&dim, DIM_NAME, "rows");
    add_message(onnx, &shape, SHAPE_DIM, &dim);
    plx_string_init(&dim, onnx->allocator);
    if (width) plx_pb_int(&dim, DIM_VALUE, width);
    add_message(onnx, &shape, SHAPE_DIM, &dim);
    plx_pb_int(&tensor, TENSOR_ELEMENT, type);
    add_message(onnx, &tensor, TENSOR_SHAPE, &shape);
    add_message(onnx, &kind, TYPE_TENSOR, &tensor);
    plx_pb_text(&value, VALUE_NAME, name);
    add_message(onnx, &value, VALUE_TYPE, &kind);
    plx_pb_text(&value, VALUE_DOC, doc);
    add_message(onnx, out, field, &value);
}

bool plx_onnx_is_taken(const plx_onnx *onnx, const char *name)
{
    const plx_slice text = plx_slice_of(name);
    return *name == '/' || !*name ||
           plx_dictionary_find(&onnx->public, text, plx_dictionary_hash(&onnx->public, text)) != PLX_NOT_FOUND;
}

static void take_name(plx_onnx *onnx, const char *name)
{
    const plx_slice text = plx_slice_of(name);
    onnx->failed |= !plx_dictionary_add(&onnx->public, text, plx_dictionary_hash(&onnx->public, text));
}

const char *plx_onnx_input(plx_onnx *onnx, const char *name, plx_onnx_type type, int width, const char *doc)
{
    add_value(onnx, &onnx->inputs, GRAPH_INPUT, name, type, width, doc);
    take_name(onnx, name);
    onnx->n_inputs++;
    return name;
}

void plx_onnx_output(plx_onnx *onnx, const char *name, const char *value, int width, const char *doc)
{
    plx_string node;
    plx_string_init(&node, onnx->allocator);
    plx_pb_text(&node, NODE_INPUT, value);
    plx_pb_text(&node, NODE_OUTPUT, name);
    plx_pb_text(&node, NODE_OP, "Identity");
    add_message(onnx, &onnx->nodes, GRAPH_NODE, &node);
    add_value(onnx, &onnx->outputs, GRAPH_OUTPUT, name, PLX_ONNX_FLOAT, width, doc);
    take_name(onnx, name);
    onnx->n_outputs++;
}

void plx_onnx_metadata(plx_onnx *onnx, const char *key, const char *text)
{
    add_entry(onnx, &onnx->metadata, MODEL_METADATA, key, text);
}

/* -- Operators ---------------------------------------------------------------------------------------------------- */

/* No column is named so: they begin with '/'. */
static const char *new_name(plx_onnx *onnx, const char *what)
{
    const char *name = plx_arena_format(onnx->arena, "/%s/%s_%d", onnx->scope, what, onnx->n_names++);
    onnx->failed |= !name;
    return name;
}

static void add_attribute(plx_onnx *onnx, plx_string *node, const plx_onnx_attribute *attribute)
{
    static const int types[] = {TYPE_INT, TYPE_FLOAT, TYPE_TEXT, TYPE_INTS, TYPE_TEXTS};
    plx_string message;
    plx_string_init(&message, onnx->allocator);
    plx_pb_text(&message, ATTRIBUTE_NAME, attribute->name);
    switch (attribute->kind) {
    case PLX_ONNX_INT:
        plx_pb_int(&message, ATTRIBUTE_INT, attribute->number);
        break;
    case PLX_ONNX_REAL:
        plx_pb_float(&message, ATTRIBUTE_FLOAT, attribute->real);
        break;
    case PLX_ONNX_TEXT:
        plx_pb_text(&message, ATTRIBUTE_TEXT, attribute->text);
        break;
    case PLX_ONNX_INTS:
        for (int64_t i = 0; i < attribute->number; i++)
            plx_pb_int(&message, ATTRIBUTE_INTS, attribute->int_at(attribute->list, i));
        break;
    case PLX_ONNX_TEXTS:
        for (int64_t i = 0; i < attribute->number; i++) {
            const plx_slice text = attribute->text_at(attribute->list, i);
            plx_pb_bytes(&message, ATTRIBUTE_TEXTS, text.text, text.length);
        }
        break;
    }
    plx_pb_int(&message, ATTRIBUTE_TYPE, types[attribute->kind]);
    add_message(onnx, node, NODE_ATTRIBUTE, &message);
}

const char *plx_onnx_call_of(plx_onnx *onnx, const plx_onnx_call *call)
{
    plx_string node;
    const char *first = NULL;
    plx_string_init(&node, onnx->allocator);
    for (int i = 0; i < call->n_inputs; i++)
        plx_pb_text(&node, NODE_INPUT, call->inputs[i]);
    for (int i = 0; i == 0 || i < call->n_outputs; i++) {
        const char *name = new_name(onnx, call->op);
        plx_pb_text(&node, NODE_OUTPUT, name);
        if (call->outputs) call->outputs[i] = name;
        if (i == 0) first = name;
    }
    plx_pb_text(&node, NODE_NAME, first);
    plx_pb_text(&node, NODE_OP, call->op);
    for (int i = 0; i < call->n_attributes; i++)
        add_attribute(onnx, &node, &call->attributes[i]);
    plx_pb_text(&node, NODE_DOMAIN, call->domain);
    add_message(onnx, &onnx->nodes, GRAPH_NODE, &node);
    return first;
}

const char *plx_onnx_one(plx_onnx *onnx, const char *op, const char *x)
{
    return plx_onnx_call_of(onnx, &(plx_onnx_call){.op = op, .inputs = &x, .n_inputs = 1});
}

const char *plx_onnx_two(plx_onnx *onnx, const char *op, const char *x, const char *y)
{
    return plx_onnx_call_of(onnx, &(plx_onnx_call){.op = op, .inputs = (const char *[]){x, y}, .n_inputs = 2});
}

const char *plx_onnx_three(plx_onnx *onnx, const char *op, const char *x, const char *y, const char *z)
{
    return plx_onnx_call_of(onnx, &(plx_onnx_call){.op = op, .inputs = (const char *[]){x, y, z}, .n_inputs = 3});
}

const char *plx_onnx_along(plx_onnx *onnx, const char *op, const char *const *inputs, int n, const char *attribute,
                           int64_t number)
{
    const plx_onnx_attribute attributes[] = {{.name = attribute, .kind = PLX_ONNX_INT, .number = number}};
    return plx_onnx_call_of(
        onnx, &(plx_onnx_call){.op = op, .inputs = inputs, .n_inputs = n, .attributes = attributes, .n_attributes = 1});
}

const char *plx_onnx_axis(plx_onnx *onnx, const char *op, const char *x, int64_t axis)
{
    return plx_onnx_two(onnx, op, x, plx_onnx_int(onnx, axis));
}

const char *plx_onnx_cast(plx_onnx *onnx, const char *x, plx_onnx_type type)
{
    return plx_onnx_along(onnx, "Cast", &x, 1, "to", type);
}

const char *plx_onnx_reshape(plx_onnx *onnx, const char *x, const int64_t *dims, int n)
{
    return plx_onnx_two(onnx, "Reshape", x, plx_onnx_ints(onnx, dims, n));
}

/* -- Tensors ------------------------------------------------------------------------------------------------------ */

static const char *add_tensor(plx_onnx *onnx, const struct plx_onnx_tensor *tensor)
{
    if (plx_grow(onnx->allocator, &onnx->tensors, &onnx->tensors_capacity, onnx->n_tensors + 1, sizeof *tensor))
        onnx->failed = true;
    if (onnx->failed) return NULL;
    onnx->tensors[onnx->n_tensors++] = *tensor;
    return tensor->name;
}

static const char *constant(plx_onnx *onnx, plx_onnx_type type, const void *numbers, int64_t n, size_t bytes)
{
    struct plx_onnx_tensor tensor = {.name = new_name(onnx, "constant"),
                                     .bytes = plx_arena_copy(onnx->arena, numbers, (size_t)n * bytes),
                                     .n_bytes = (uint64_t)n * bytes,
                                     .type = type,
                                     .dims = {n},
                                     .n_dims = 1};
    onnx->failed |= !tensor.bytes;
    return add_tensor(onnx, &tensor);
}

const char *plx_onnx_floats(plx_onnx *onnx, const float *numbers, int64_t n)
{
    return constant(onnx, PLX_ONNX_FLOAT, numbers, n, sizeof *numbers);
}

const char *plx_onnx_doubles(plx_onnx *onnx, const double *numbers, int64_t n)
{
    return constant(onnx, PLX_ONNX_DOUBLE, numbers, n, sizeof *numbers);
}

const char *plx_onnx_ints(plx_onnx *onnx, const int64_t *numbers, int64_t n)
{
    return constant(onnx, PLX_ONNX_INT64, numbers, n, sizeof *numbers);
}

const char *plx_onnx_float(plx_onnx *onnx, float number)
{
    return plx_onnx_floats(onnx, &number, 1);
}

const char *plx_onnx_double(plx_onnx *onnx, double number)
{
    return plx_onnx_doubles(onnx, &number, 1);
}

const char *plx_onnx_int(plx_onnx *onnx, int64_t number)
{
    return plx_onnx_ints(onnx, &number, 1);
}

const char *plx_onnx_text_of(plx_onnx *onnx, const char *text)
{
    struct plx_onnx_tensor tensor = {.name = new_name(onnx, "constant"),
                                     .bytes = plx_arena_text(onnx->arena, text, strlen(text)),
                                     .n_bytes = strlen(text),
                                     .type = PLX_ONNX_STRING,
                                     .dims = {1},
                                     .n_dims = 1};
    onnx->failed |= !tensor.bytes;
    return add_tensor(onnx, &tensor);
}

const char *plx_onnx_param(plx_onnx *onnx, const plx_param *param, plx_onnx_order order, const int64_t *dims, int n)
{
    const plx_param_spec *spec = &param->spec;
    struct plx_onnx_tensor tensor = {.name = plx_arena_format(onnx->arena, "/%s", spec->name),
                                     .param = param,
                                     .order = order,
                                     .n_bytes = (uint64_t)spec->groups * (uint64_t)spec->rows * (uint64_t)spec->cols *
                                                sizeof(float),
                                     .type = PLX_ONNX_FLOAT,
                                     .n_dims = n};
    memcpy(tensor.dims, dims, (size_t)n * sizeof *dims);
    onnx->failed |= !tensor.name;
    return add_tensor(onnx, &tensor);
}

/* -- The file ----------------------------------------------------------------------------------------------------- */

/* Numbers are little-endian in the file, as they are in memory (store/model_file_write.c). */
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

/* A TensorProto without its raw numbers, which end it: these follow in the file, or lie from `at` on in another. */
static void describe_tensor(plx_onnx *onnx, const struct plx_onnx_tensor *tensor, const char *location, uint64_t at,
                            plx_string *out)
{
    for (int i = 0; i < tensor->n_dims; i++)
        plx_pb_int(out, TENSOR_DIMS, tensor->dims[i]);
    plx_pb_int(out, TENSOR_TYPE, tensor->type);
    plx_pb_text(out, TENSOR_NAME, tensor->name);
    if (location && tensor->param) {
        char number[32];
        add_entry(onnx, out, TENSOR_EXTERNAL, "location", location);
        snprintf(number, sizeof number, "%" PRIu64, at);
        add_entry(onnx, out, TENSOR_EXTERNAL, "offset", number);
        snprintf(number, sizeof number, "%" PRIu64, tensor->n_bytes);
        add_entry(onnx, out, TENSOR_EXTERNAL, "length", number);
        plx_pb_int(out, TENSOR_LOCATION, LOCATION_EXTERNAL);
    } else {
        plx_pb_head(out, tensor->type == PLX_ONNX_STRING ? TENSOR_TEXTS : TENSOR_RAW, tensor->n_bytes);
    }
}

static bool is_outside(const struct plx_onnx_tensor *tensor, const char *location)
{
    return location && tensor->param;
}

/* The heads of all tensors, each with its own length before it, as fields of GraphProto; `ends` [n_tensors]. */
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
    add_message(onnx, out, MODEL_OPSET, &opset);
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

/* The parts of the file that have to be made before it can be written. */
typedef struct plx_onnx_parts {
    plx_string model, heads, name; /* before the graph's length, of tensors, of the graph */
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
                 "%s: an ONNX file of %.1f GB cannot be read, 2 GB is the most: export it with external data "
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
