/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the exported ONNX graphs are made of, read from the files: every kind of feature, task, activation and network
 * gives a valid graph with the operators that it needs. python/tests/test_onnx.py compares their scores.
 */
#include "api_support.h"
#include "base/text.h"

/* -- Reading protobuf ---------------------------------------------------------------------------------------------- */

enum { VARINT = 0, BYTES_8 = 1, BYTES = 2, BYTES_4 = 5 };

typedef struct field {
    uint64_t number; /* of the field */
    uint64_t value;  /* VARINT, BYTES_4 */
    plx_slice bytes; /* BYTES */
} field;

static uint64_t take_varint(plx_slice *rest)
{
    uint64_t value = 0;
    for (int shift = 0; rest->length > 0 && shift < 64; shift += 7) {
        const uint8_t byte = (uint8_t)*rest->text;
        rest->text++;
        rest->length--;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) break;
    }
    return value;
}

/* The next field of a message; false at its end. */
static bool next_field(plx_slice *rest, field *out)
{
    if (rest->length == 0) return false;
    const uint64_t key = take_varint(rest);
    *out = (field){.number = key >> 3};
    size_t length = 0;
    switch (key & 7) {
    case VARINT:
        out->value = take_varint(rest);
        return true;
    case BYTES:
        length = (size_t)take_varint(rest);
        break;
    case BYTES_8:
        length = 8;
        break;
    case BYTES_4:
        length = 4;
        break;
    default:
        check_report(__FILE__, __LINE__, "a field has an unknown wire type");
        return false;
    }
    if (length > rest->length) {
        check_report(__FILE__, __LINE__, "a field is longer than its message");
        return false;
    }
    out->bytes = (plx_slice){rest->text, length};
    if ((key & 7) == BYTES_4) memcpy(&out->value, rest->text, 4);
    rest->text += length;
    rest->length -= length;
    return true;
}

static plx_slice part(plx_slice message, uint64_t number)
{
    field f;
    while (next_field(&message, &f)) {
        if (f.number == number) return f.bytes;
    }
    return (plx_slice){"", 0};
}

static bool is_text(plx_slice s, const char *text)
{
    return plx_slice_equal(s, plx_slice_of(text));
}

/* -- Graphs -------------------------------------------------------------------------------------------------------- */

/* Fields of onnx.proto. */
enum { MODEL_OPSET = 8, MODEL_GRAPH = 7, GRAPH_NODE = 1, GRAPH_INITIALIZER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_OP = 4, NODE_ATTRIBUTE = 5, TENSOR_NAME = 8, VALUE_NAME = 1 };
enum { ATTRIBUTE_NAME = 1, ATTRIBUTE_F = 2, ATTRIBUTE_FLOATS = 7, ATTRIBUTE_INTS = 8, ATTRIBUTE_STRINGS = 9 };
enum { MOST_NAMES = 20000 };

typedef struct graph {
    char *file;
    plx_slice message;
    plx_slice names[MOST_NAMES]; /* values defined so far */
    int n_names, n_inputs, n_outputs, n_nodes;
} graph;

static bool is_defined(const graph *g, plx_slice name)
{
    for (int i = 0; i < g->n_names; i++) {
        if (plx_slice_equal(g->names[i], name)) return true;
    }
    return false;
}

static void define(graph *g, plx_slice name)
{
    if (name.length == 0 || is_defined(g, name)) check_report(__FILE__, __LINE__, "a value is defined twice");
    if (g->n_names == MOST_NAMES) abort();
    g->names[g->n_names++] = name;
}

static void define_fields(graph *g, uint64_t number, uint64_t name_field, int *n)
{
    field f;
    for (plx_slice rest = g->message; next_field(&rest, &f);) {
        if (f.number != number) continue;
        define(g, part(f.bytes, name_field));
        (*n)++;
    }
}

static void check_node(graph *g, plx_slice node)
{
    field f;
    for (plx_slice rest = node; next_field(&rest, &f);) {
        if (f.number == NODE_INPUT && f.bytes.length > 0 && !is_defined(g, f.bytes)) {
            char message[200];
            const plx_slice op = part(node, NODE_OP);
            snprintf(message, sizeof message, "%.*s reads '%.*s' before it is defined", (int)op.length, op.text,
                     (int)f.bytes.length, f.bytes.text);
            check_report(__FILE__, __LINE__, message);
        }
    }
    for (plx_slice rest = node; next_field(&rest, &f);) {
        if (f.number == NODE_OUTPUT) define(g, f.bytes);
    }
    g->n_nodes++;
}

/* Reads a file and checks that every value is defined once, before its readers, and that the outputs exist. */
static bool graph_read(graph *g, const char *name)
{
    size_t length;
    int n_initializers = 0;
    field f;
    memset(g, 0, sizeof *g);
    g->file = read_bytes(name, &length);
    if (!g->file) return false;
    const plx_slice model = {g->file, length};
    g->message = part(model, MODEL_GRAPH);
    CHECK(g->message.length > 0 && part(model, MODEL_OPSET).length > 0);
    define_fields(g, GRAPH_INPUT, VALUE_NAME, &g->n_inputs);
    define_fields(g, GRAPH_INITIALIZER, TENSOR_NAME, &n_initializers);
    for (plx_slice rest = g->message; next_field(&rest, &f);) {
        if (f.number == GRAPH_NODE) check_node(g, f.bytes);
    }
    for (plx_slice rest = g->message; next_field(&rest, &f);) {
        if (f.number != GRAPH_OUTPUT) continue;
        CHECK(is_defined(g, part(f.bytes, VALUE_NAME)));
        g->n_outputs++;
    }
    CHECK(n_initializers > 0 && g->n_nodes > 0);
    return true;
}

static void graph_free(graph *g)
{
    free(g->file);
}

static int count_ops(const graph *g, const char *op)
{
    int n = 0;
    field f;
    for (plx_slice rest = g->message; next_field(&rest, &f);)
        n += f.number == GRAPH_NODE && is_text(part(f.bytes, NODE_OP), op);
    return n;
}

/* The attribute of the `at`-th node with this operator; empty: it does not exist. */
static plx_slice attribute_of(const graph *g, const char *op, int at, const char *name)
{
    field f, a;
    for (plx_slice rest = g->message; next_field(&rest, &f);) {
        if (f.number != GRAPH_NODE || !is_text(part(f.bytes, NODE_OP), op) || at-- > 0) continue;
        for (plx_slice node = f.bytes; next_field(&node, &a);) {
            if (a.number == NODE_ATTRIBUTE && is_text(part(a.bytes, ATTRIBUTE_NAME), name)) return a.bytes;
        }
    }
    return (plx_slice){"", 0};
}

/* -- Exporting ----------------------------------------------------------------------------------------------------- */

static const char *const two_tasks = "tasks: [{name: click}, {name: buy}]\n";
static const char *const plain = "features: [{name: city, kind: sparse}, {name: age, kind: dense}]\n";
static const char *const small = "model: {name: mmoe, num_experts: 2, expert_dnn_units: [4]}\n";

static void write_table(void)
{
    static const char *const cities[] = {"Bern", "Oslo", "Rome", ""};
    FILE *file = fopen(at("rows.csv"), "w");
    if (!file) abort();
    fputs("city;code;age;pay;point;tags;scores;marks;weights;/odd;words;day;click;buy;spent;visits;color\n", file);
    for (int i = 0; i < 240; i++)
        fprintf(file,
                "%s;%d;%d,%d;%s;%d 2 3;a|b%d;x:0,5|y:%d;m|n;1|%d;%d;a b c|%s "
                "d;2020-%02d-%02dT%02d:00:00;%d;%d;%d,25;%d;%s\n",
                cities[i % 4], i % 7, 20 + i % 40, i % 10, i % 5 ? "7,5" : "", i % 9, i % 3, i % 4, i % 6, i % 2,
                i % 5 ? "x" : "y", 1 + i % 12, 1 + i % 28, i % 24, i % 2, i % 3 == 0, i % 11, i % 4,
                i % 3 ? "red" : "green");
    fclose(file);
}

static char warned[2048];

static void add_warning(void *user, const char *line)
{
    (void)user;
    const size_t used = strlen(warned);
    snprintf(warned + used, sizeof warned - used, "%s\n", line);
}

/* Exports the untrained model of a configuration, and reads the graph. */
static bool export(const char *features, const char *tasks, const char *model_lines, graph *g)
{
    static const char data[] = "data: {train: [rows.csv], delimiter: ';', decimal: ','}\n";
    const char *const folders[] = {home};
    const plx_context_options options = {.size = sizeof options, .threads = 1, .warn = add_warning};
    char text[8192];
    plx_context *context = NULL;
    plx_config *config = NULL;
    plx_data *rows = NULL;
    plx_model *model = NULL;
    plx_error err = {.message = ""};
    plx_onnx_report report = {.size = sizeof report};
    warned[0] = '\0';
    snprintf(text, sizeof text, "%s%s%s%s", data, features, tasks, model_lines);
    plx_status status = plx_context_create(&options, &context, &err);
    if (!status) status = plx_config_parse(context, text, strlen(text), "test.yaml", &config, &err);
    if (!status) status = plx_data_load(config, FOLDERS(folders, 1), &rows, &err);
    if (!status) status = plx_model_create(config, rows, &model, &err);
    if (!status) status = plx_model_export_onnx(model, at("graph.onnx"), NULL, &report, &err);
    if (status) check_report(__FILE__, __LINE__, err.message);
    plx_model_free(model);
    plx_data_free(rows);
    plx_config_free(config);
    plx_context_free(context);
    if (status || !graph_read(g, "graph.onnx")) return false;
    CHECK(g->n_inputs == report.inputs && g->n_outputs == report.outputs);
    return true;
}

static void check_ops(const graph *g, const char *const *ops, const char *of)
{
    for (int i = 0; ops[i]; i++) {
        char message[120];
        snprintf(message, sizeof message, "%.60s: the graph has no %s", of, ops[i]);
        if (count_ops(g, ops[i]) == 0) check_report(__FILE__, __LINE__, message);
    }
}

/* -- The tests ----------------------------------------------------------------------------------------------------- */

static void test_categories_are_a_label_encoder(void)
{
    static const char *const expected[] = {"Bern", "Oslo", "Rome"};
    static graph g;
    field f;
    int n = 0, n_ids = 0;
    REQUIRE(export("features: [{name: city, kind: sparse, missing: [none]}]\n", two_tasks, small, &g));
    CHECK(count_ops(&g, "LabelEncoder") == 1 && count_ops(&g, "Gather") >= 1 && g.n_outputs == 2);
    bool has_all[3] = {false};
    for (plx_slice rest = attribute_of(&g, "LabelEncoder", 0, "keys_strings"); next_field(&rest, &f);) {
        if (f.number != ATTRIBUTE_STRINGS) continue;
        n++;
        for (int i = 0; i < 3; i++)
            has_all[i] = has_all[i] || is_text(f.bytes, expected[i]);
    }
    for (plx_slice rest = attribute_of(&g, "LabelEncoder", 0, "values_int64s"); next_field(&rest, &f);)
        n_ids += f.number == ATTRIBUTE_INTS;
    CHECK(has_all[0] && has_all[1] && has_all[2] && n >= 4); /* the empty cell is a category, too */
    CHECK(n_ids == n || n_ids == 1);                         /* packed: one field */
    graph_free(&g);
}

static void test_features(void)
{
    static const struct {
        const char *entry;
        const char *ops[6];
    } cases[] = {
        {"{name: age, kind: dense, scaling: standard, clip: [21, 50]}", {"Cast"}},
        {"{name: age, kind: dense, scaling: minmax}", {"Cast"}},
        {"{name: age, kind: dense, scaling: none, transform: log1p}", {"Log", "Sign", "Abs"}},
        {"{name: age, kind: dense, scaling: quantile}", {"Cast"}},
        {"{name: age, kind: dense, scaling: quantile, transform: log1p}", {"Log"}},
        {"{name: pay, kind: dense, missing: mean, missing_indicator: true}", {"IsNaN", "Where"}},
        {"{name: pay, kind: dense, missing: 0, transform: is_zero}", {"Equal"}},
        {"{name: pay, kind: dense, missing: 1, scaling: quantile, missing_indicator: true}", {"IsNaN", "Where"}},
        {"{name: pay, kind: dense, missing: 0}, {name: pays, column: pay, kind: sparse, text: exact}",
         {"LabelEncoder", "Equal", "Where"}},
        {"{name: words, kind: list}", {"StringSplit", "StringConcat"}},
        {"{name: point, kind: dense, size: 3, separator: ' '}", {"Cast"}},
        {"{name: ages, column: age, kind: buckets, borders: [30, 40.5]}", {"Gather"}},
        {"{name: ages, column: age, kind: buckets, quantiles: 5}", {"Gather"}},
        {"{name: codes, column: code, kind: buckets, exact: 3}", {"Gather"}},
        {"{name: code, kind: sparse, text: exact, min_count: 2, frozen: true}", {"LabelEncoder", "Gather"}},
        {"{name: code, kind: sparse, hash_buckets: 9}", {"Gather"}},
        {"{name: day, kind: datetime}", {"Gather", "Mod"}},
        {"{name: day, kind: datetime, parts: [age], missing: 3, missing_indicator: true}", {"IsNaN"}},
        {"{name: day, kind: datetime, parts: [hour, age], reference: '2021-01-01', scaling: none}", {"Mod"}},
        {"{name: day, kind: datetime, parts: [weekday, month, age], transform: log1p, clip: [1, 300]}", {"Log"}},
        {"{name: tags, kind: list, combiner: mean, max_length: 3}", {"StringSplit", "LabelEncoder"}},
        {"{name: tags, kind: list, combiner: sum, keep: last, max_length: 1}", {"StringSplit"}},
        {"{name: tags, kind: list, combiner: max}", {"StringSplit", "ReduceMax"}},
        {"{name: tags, kind: list, hash_buckets: 9}", {"Gather"}},
        {"{name: tags, kind: list, missing: [none], text: exact}", {"StringSplit"}},
        {"{name: scores, kind: list, weight_separator: ':'}", {"StringSplit"}},
        {"{name: scores, kind: list, weight_separator: ':', hash_buckets: 9}", {"Gather"}},
        {"{name: scores, kind: list, weight_separator: ':', combiner: sum, normalize_weights: true}", {"Abs"}},
        {"{name: scores, kind: list, weight_separator: ':', normalize_weights: softmax}", {"Exp"}},
        {"{name: scores, kind: list, weight_separator: ':', normalize_weights: softmax_mean}", {"Exp"}},
        {"{name: marks, kind: list, weight_column: weights, keep: last, max_length: 1}", {"StringSplit"}},
        {"{name: marks, kind: list, weight_column: weights, normalize_weights: softmax, combiner: sum}", {"Exp"}},
    };
    static graph g;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char features[512];
        snprintf(features, sizeof features, "features: [%s]\n", cases[i].entry);
        if (!export(features, two_tasks, small, &g)) check_report(__FILE__, __LINE__, cases[i].entry);
        check_ops(&g, cases[i].ops, cases[i].entry);
        CHECK(g.n_outputs == 2 && g.n_inputs >= 1);
        const bool is_hashed = strstr(cases[i].entry, "hash_buckets") != NULL;
        CHECK(is_hashed == (strstr(warned, "ONNX has no hash") != NULL));
        graph_free(&g);
    }
}

static int initializers_named(const graph *g, const char *name)
{
    int n = 0;
    field f;
    for (plx_slice rest = g->message; next_field(&rest, &f);)
        n += f.number == GRAPH_INITIALIZER && is_text(part(f.bytes, TENSOR_NAME), name);
    return n;
}

/* A shared table is one initializer, which both features read. */
static void test_shared_tables_and_attention(void)
{
    static graph g;
    REQUIRE(export("features:\n"
                   "  - {name: city, kind: sparse}\n"
                   "  - {name: tag, column: marks, kind: sparse, embedding_name: shared}\n"
                   "  - {name: tags, kind: list, embedding_name: shared, combiner: attention, attention_on: tag}\n"
                   "  - {name: again, column: tags, kind: list, combiner: attention, attention_on: city}\n",
                   two_tasks, small, &g));
    CHECK(g.n_inputs == 3 && count_ops(&g, "StringSplit") == 2);
    CHECK(initializers_named(&g, "/embedding/shared/table") == 1 &&
          initializers_named(&g, "/embedding/tags/table") == 0);
    CHECK(count_ops(&g, "LabelEncoder") == 4 && count_ops(&g, "Gather") == 4);
    CHECK(count_ops(&g, "Softmax") == 4); /* two lists, two gates */
    graph_free(&g);
}

/* A column whose name is no valid input gives an error that names it; no file is left. */
static void test_names_that_are_taken(void)
{
    fixture f;
    plx_error err = {.message = ""};
    static const char text[] = "data: {train: [rows.csv], delimiter: ';', decimal: ','}\n"
                               "features: [{name: odd, column: /odd, kind: sparse}]\n"
                               "tasks: [{name: click}]\n"
                               "model: {name: single_task}\n";
    REQUIRE(fixture_make(&f, NULL, text, &err) == PLX_OK);
    CHECK_STATUS(plx_model_export_onnx(f.model, at("odd.onnx"), NULL, NULL, &err), PLX_ERR_UNSUPPORTED);
    CHECK_TEXT(err.message, "would be called '/odd'");
    CHECK_TEXT(err.message, "give the column another name");
    CHECK(!file_exists("odd.onnx"));
    fixture_free(&f);
}

static void test_activations(void)
{
    static const struct {
        const char *name, *op;
    } cases[] = {
        {"relu", "Relu"},     {"sigmoid", "Sigmoid"}, {"tanh", "Tanh"}, {"leaky_relu", "LeakyRelu"},
        {"prelu", "PRelu"},   {"dice", "Sigmoid"},    {"elu", "Elu"},   {"gelu", "Gelu"},
        {"swish", "Sigmoid"}, {"selu", "Selu"},       {"mish", "Mish"}, {"softplus", "Softplus"},
        {"linear", "MatMul"},
    };
    static graph g;
    for (size_t i = 0; i < 2 * (sizeof cases / sizeof *cases); i++) {
        const char *name = cases[i / 2].name, *op = cases[i / 2].op;
        char lines[256];
        snprintf(lines, sizeof lines,
                 "model: {name: mmoe, num_experts: 2, expert_dnn_units: [4, 3], gate_dnn_units: [4], dnn_activation: "
                 "%s, dnn_use_bn: %s, dnn_dropout: 0.1}\n",
                 name, i % 2 ? "true" : "false");
        if (!export(plain, two_tasks, lines, &g)) check_report(__FILE__, __LINE__, name);
        check_ops(&g, (const char *const[]){op, "Softmax", NULL}, name);
        graph_free(&g);
    }
}

static void test_networks_and_tasks(void)
{
    static const struct {
        const char *tasks, *model;
        int n_outputs;
        const char *ops[4];
    } cases[] = {
        {"tasks: [{name: click}]\n", "model: {name: single_task, tower_dnn_units_lists: [[4]]}\n", 1, {"Sigmoid"}},
        {"tasks: [{name: click}, {name: buy}]\n", "model: {name: shared_bottom, bottom_dnn_units: [4]}\n", 2, {"Relu"}},
        {"tasks: [{name: click}, {name: buy}]\n", "model: {name: esmm}\n", 2, {"Mul", "Sigmoid"}},
        {"tasks: [{name: click}, {name: buy}]\n",
         "model: {name: cgc, num_experts_specific: 1, num_experts_shared: 2}\n",
         2,
         {"Softmax"}},
        {"tasks: [{name: click}, {name: buy}]\n",
         "model: {name: ple, num_levels: 2, num_experts_specific: 1, num_experts_shared: 1, gate_input: features}\n",
         2,
         {"Softmax"}},
        {"tasks: [{name: click}, {name: spent, kind: regression}]\n",
         "model: {name: mmoe, num_experts: 2}\n",
         2,
         {"Sigmoid", "Softmax"}},
        {"tasks: [{name: color, kind: multiclass}, {name: visits, kind: regression, loss: poisson}]\n",
         "model: {name: mmoe, num_experts: 2}\n",
         2,
         {"Softmax", "Exp"}},
        {"tasks: [{name: click}, {name: most, column: spent, kind: regression, loss: quantile, quantile: 0.8}]\n",
         "model: {name: cgc, num_experts_specific: 0, num_experts_shared: 2}\n",
         2,
         {"Softmax"}},
    };
    static graph g;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (!export(plain, cases[i].tasks, cases[i].model, &g)) check_report(__FILE__, __LINE__, cases[i].model);
        check_ops(&g, cases[i].ops, cases[i].model);
        CHECK(g.n_outputs == cases[i].n_outputs && g.n_inputs == 2);
        graph_free(&g);
    }
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_categories_are_a_label_encoder),
        CHECK_TEST(test_features),
        CHECK_TEST(test_shared_tables_and_attention),
        CHECK_TEST(test_names_that_are_taken),
        CHECK_TEST(test_activations),
        CHECK_TEST(test_networks_and_tasks),
    };
    home_make();
    write_table();
    int code = check_main(argc, argv, tests, sizeof tests / sizeof *tests);
    home_remove();
    return code;
}
