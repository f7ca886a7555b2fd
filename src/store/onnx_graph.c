/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ONNX models as messages of onnx.proto. Nodes are kept as encoded bytes; parameters are read when the file is written,
 * so that large tables are never copied.
 */
#include "store/onnx_graph.h"

#include <stdio.h>
#include <string.h>

#include "store/onnx_parts.h"
#include "store/protobuf.h"

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

void plx_onnx_add_message(plx_onnx *onnx, plx_string *out, int field, plx_string *message)
{
    plx_pb_bytes(out, field, message->text ? message->text : "", message->length);
    onnx->failed |= message->failed || out->failed;
    plx_string_release(message);
}

void plx_onnx_add_entry(plx_onnx *onnx, plx_string *out, int field, const char *key, const char *text)
{
    plx_string entry;
    plx_string_init(&entry, onnx->allocator);
    plx_pb_text(&entry, ENTRY_KEY, key);
    plx_pb_text(&entry, ENTRY_VALUE, text);
    plx_onnx_add_message(onnx, out, field, &entry);
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
    plx_onnx_add_message(onnx, &shape, SHAPE_DIM, &dim);
    plx_string_init(&dim, onnx->allocator);
    if (width) plx_pb_int(&dim, DIM_VALUE, width);
    plx_onnx_add_message(onnx, &shape, SHAPE_DIM, &dim);
    plx_pb_int(&tensor, TENSOR_ELEMENT, type);
    plx_onnx_add_message(onnx, &tensor, TENSOR_SHAPE, &shape);
    plx_onnx_add_message(onnx, &kind, TYPE_TENSOR, &tensor);
    plx_pb_text(&value, VALUE_NAME, name);
    plx_onnx_add_message(onnx, &value, VALUE_TYPE, &kind);
    plx_pb_text(&value, VALUE_DOC, doc);
    plx_onnx_add_message(onnx, out, field, &value);
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
    plx_onnx_add_message(onnx, &onnx->nodes, GRAPH_NODE, &node);
    add_value(onnx, &onnx->outputs, GRAPH_OUTPUT, name, PLX_ONNX_FLOAT, width, doc);
    take_name(onnx, name);
    onnx->n_outputs++;
}

void plx_onnx_metadata(plx_onnx *onnx, const char *key, const char *text)
{
    plx_onnx_add_entry(onnx, &onnx->metadata, MODEL_METADATA, key, text);
}

/* -- Operators ---------------------------------------------------------------------------------------------------- */

/* No column has such a name: it begins with '/'. */
static const char *new_name(plx_onnx *onnx, const char *what)
{
    const char *name = plx_arena_format(onnx->arena, "/%s/%s_%d", onnx->scope, what, onnx->n_names++);
    onnx->failed |= !name;
    return name;
}

static void add_attribute(plx_onnx *onnx, plx_string *node, const plx_onnx_attribute *attribute)
{
    static const int types[] = {TYPE_INT, TYPE_FLOAT, TYPE_TEXT, TYPE_GRAPH, TYPE_INTS, TYPE_TEXTS};
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
    case PLX_ONNX_GRAPH:
        plx_pb_bytes(&message, ATTRIBUTE_GRAPH, attribute->graph->text ? attribute->graph->text : "",
                     attribute->graph->length);
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
    plx_onnx_add_message(onnx, node, NODE_ATTRIBUTE, &message);
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
    plx_onnx_add_message(onnx, &onnx->nodes, GRAPH_NODE, &node);
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

static const char *same(plx_onnx *onnx, const char *x, const void *by)
{
    (void)by;
    return plx_onnx_one(onnx, "Identity", x);
}

/* GraphProto of what `make` adds; values of the graph around it can be used in it. */
static plx_string branch(plx_onnx *onnx, const char *x, const char *(*make)(plx_onnx *, const char *, const void *),
                         const void *by)
{
    plx_string around = onnx->nodes, graph, output;
    plx_string_init(&onnx->nodes, onnx->allocator);
    const char *made = make(onnx, x, by);
    graph = onnx->nodes;
    onnx->nodes = around;
    plx_pb_text(&graph, GRAPH_NAME, made);
    plx_string_init(&output, onnx->allocator);
    plx_pb_text(&output, VALUE_NAME, made);
    plx_onnx_add_message(onnx, &graph, GRAPH_OUTPUT, &output);
    onnx->failed |= graph.failed;
    return graph;
}

const char *plx_onnx_if(plx_onnx *onnx, const char *condition, const char *x,
                        const char *(*make)(plx_onnx *, const char *, const void *), const void *by)
{
    plx_string yes = branch(onnx, x, make, by), no = branch(onnx, x, same, NULL);
    const plx_onnx_attribute attributes[] = {{.name = "then_branch", .kind = PLX_ONNX_GRAPH, .graph = &yes},
                                             {.name = "else_branch", .kind = PLX_ONNX_GRAPH, .graph = &no}};
    const char *out = plx_onnx_call_of(
        onnx,
        &(plx_onnx_call){.op = "If", .inputs = &condition, .n_inputs = 1, .attributes = attributes, .n_attributes = 2});
    plx_string_release(&yes);
    plx_string_release(&no);
    return out;
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

const char *plx_onnx_reshape(plx_onnx *onnx, const char *x, const int64_t *dims, int n)
{
    return plx_onnx_two(onnx, "Reshape", x, plx_onnx_ints(onnx, dims, n));
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
