/* SPDX-License-Identifier: Apache-2.0 */
/* Export to ONNX: every op has an export, files are replaced whole, no leak. python/tests/test_onnx.py runs the files.
 */
#include "api_support.h"
#include "failing_allocator.h"
#include "ops/ops.h"
#include "store/onnx_network.h"

static const char *const text = "data: {train: [rows.csv]}\n"
                                "features:\n"
                                "  - {name: city, kind: sparse, embedding_dim: 4}\n"
                                "  - {name: hashed, kind: sparse, column: job, hash_buckets: 7, embedding_dim: 4}\n"
                                "  - {name: ages, kind: buckets, column: age, quantiles: 5, embedding_dim: 4}\n"
                                "  - {name: words, kind: list, column: job, separator: ' ', embedding_dim: 4,\n"
                                "     combiner: attention, attention_on: city, max_length: 2, keep: last}\n"
                                "  - {name: sums, kind: list, column: job, separator: ' ', embedding_dim: 4,\n"
                                "     combiner: max, max_length: 2}\n"
                                "  - {name: age, kind: dense, scaling: quantile, missing_indicator: true, missing: 0}\n"
                                "tasks: [{name: click}, {name: spend, kind: regression}]\n"
                                "model: {name: cgc, num_experts_specific: 1, num_experts_shared: 1,\n"
                                "        expert_dnn_units: [4, 4], tower_dnn_units_lists: [[4], [4]],\n"
                                "        dnn_use_bn: true, dnn_activation: dice}\n";

typedef struct made {
    plx_context *context;
    plx_config *config;
    plx_data *data;
    plx_model *model;
} made;

static int n_warnings;

static void count_warning(void *user, const char *line)
{
    (void)user;
    if (strstr(line, "hashed:ids")) n_warnings++;
}

static plx_status make(made *m, const plx_allocator *allocator, plx_error *err)
{
    const char *const folders[] = {home};
    const plx_context_options options = {
        .size = sizeof options, .threads = 1, .allocator = allocator, .warn = count_warning};
    *m = (made){0};
    PLX_TRY(plx_context_create(&options, &m->context, err));
    PLX_TRY(plx_config_parse(m->context, text, strlen(text), "test.yaml", &m->config, err));
    PLX_TRY(plx_data_load(m->config, FOLDERS(folders, 1), &m->data, err));
    return plx_model_create(m->config, m->data, &m->model, err);
}

static void unmake(made *m)
{
    plx_model_free(m->model);
    plx_data_free(m->data);
    plx_config_free(m->config);
    plx_context_free(m->context);
}

static void test_every_op_has_a_way(void)
{
    for (int i = 0; plx_op_list[i]; i++) {
        if (!plx_onnx_knows(plx_op_list[i])) check_report(__FILE__, __LINE__, plx_op_list[i]->name);
    }
}

static void test_the_same_model_is_the_same_file(void)
{
    made m;
    plx_error err;
    plx_onnx_report report = {.size = sizeof report};
    REQUIRE(make(&m, NULL, &err) == PLX_OK);
    n_warnings = 0;
    CHECK_STATUS(plx_model_export_onnx(m.model, at("a.onnx"), NULL, &report, &err), PLX_OK);
    CHECK(report.inputs == 4 && report.outputs == 2 && n_warnings == 1);
    CHECK_STATUS(plx_model_export_onnx(m.model, at("b.onnx"), NULL, NULL, &err), PLX_OK);
    CHECK(files_equal("a.onnx", "b.onnx"));
    CHECK(!file_exists("a.onnx.data"));
    unmake(&m);
}

static void test_parameters_in_a_second_file(void)
{
    made m;
    plx_error err;
    size_t whole, rest, data;
    const plx_onnx_options outside = {.size = sizeof outside, .external_data = true};
    REQUIRE(make(&m, NULL, &err) == PLX_OK);
    CHECK_STATUS(plx_model_export_onnx(m.model, at("a.onnx"), NULL, NULL, &err), PLX_OK);
    CHECK_STATUS(plx_model_export_onnx(m.model, at("b.onnx"), &outside, NULL, &err), PLX_OK);
    free(read_bytes("a.onnx", &whole));
    free(read_bytes("b.onnx", &rest));
    char *numbers = read_bytes("b.onnx.data", &data);
    CHECK(data > 0 && data % sizeof(float) == 0 && rest > 0 && rest < whole + 100 * 40);
    free(numbers);
    unmake(&m);
}

/** Files of the folder that begin with `start` and end in ".data"; `*found` is the last of them. */
static int count_data(const char *start, char *found)
{
    int n = 0;
    DIR *files = opendir(home);
    for (const struct dirent *file; files && (file = readdir(files));) {
        const size_t length = strlen(file->d_name);
        if (strncmp(file->d_name, start, strlen(start)) != 0) continue;
        if (length < 5 || strcmp(file->d_name + length - 5, ".data") != 0) continue;
        snprintf(found, 256, "%s", file->d_name);
        n++;
    }
    if (files) closedir(files);
    return n;
}

/** A model and the data file that it names. */
static bool is_pair(const char *model, const char *data)
{
    size_t length;
    char *bytes = read_bytes(model, &length);
    const bool names_it = memmem(bytes, length, data, strlen(data)) != NULL;
    free(bytes);
    return names_it;
}

/** Whatever fails, the old model keeps the parameters that it names. */
static void test_a_pair_is_replaced_together(void)
{
    made m;
    plx_error err;
    failing_allocator failing;
    const plx_onnx_options outside = {.size = sizeof outside, .external_data = true};
    char first[256], second[256];
    int64_t shape[3];
    size_t before_bytes, after_bytes;
    failing_allocator_init(&failing, 0);
    REQUIRE(make(&m, &failing.allocator, &err) == PLX_OK);
    CHECK_STATUS(plx_model_export_onnx(m.model, at("pair.onnx"), &outside, NULL, &err), PLX_OK);
    CHECK(count_data("pair.onnx", first) == 1 && strcmp(first, "pair.onnx.data") == 0);
    char *before = read_bytes(first, &before_bytes), *model = read_bytes("pair.onnx", &after_bytes);
    const size_t model_bytes = after_bytes;
    CHECK_STATUS(read_parameter(m.model, 0, NULL, shape, NULL), PLX_OK);
    const int64_t n = shape[0] * shape[1] * shape[2];
    float *ones = calloc((size_t)n, sizeof *ones);
    CHECK_STATUS(plx_model_set_parameter(m.model, 0, ones, n, &err), PLX_OK);
    free(ones);
    write_text("pair.onnx.mine.data", "not ours");
    for (long k = 1; k < 20000 && check_failures == 0; k += 7) {
        failing.fail_at = failing.calls + k;
        failing.failed = false;
        if (plx_model_export_onnx(m.model, at("pair.onnx"), &outside, NULL, &err) == PLX_OK) break;
        char *now = read_bytes(first, &after_bytes);
        CHECK(after_bytes == before_bytes && memcmp(now, before, before_bytes) == 0);
        free(now);
        now = read_bytes("pair.onnx", &after_bytes);
        CHECK(after_bytes == model_bytes && memcmp(now, model, model_bytes) == 0);
        free(now);
        CHECK(count_data("pair.onnx", second) == 2); /* including the one that is not ours */
    }
    failing.fail_at = 0;
    unlink(at("pair.onnx.mine.data"));
    CHECK(count_data("pair.onnx", second) == 1 && strcmp(first, second) != 0 && is_pair("pair.onnx", second));
    char *now = read_bytes(second, &after_bytes);
    CHECK(after_bytes == before_bytes && memcmp(now, before, before_bytes) != 0);
    free(now);
    /* Export again: the first name is free. */
    CHECK_STATUS(plx_model_export_onnx(m.model, at("pair.onnx"), &outside, NULL, &err), PLX_OK);
    CHECK(count_data("pair.onnx", second) == 1 && strcmp(first, second) == 0 && is_pair("pair.onnx", second));
    free(model);
    free(before);
    unmake(&m);
}

static void test_wrong_use(void)
{
    made m;
    plx_error err;
    REQUIRE(make(&m, NULL, &err) == PLX_OK);
    CHECK_STATUS(plx_model_export_onnx(NULL, at("a.onnx"), NULL, NULL, &err), PLX_ERR_ARGUMENT);
    CHECK_STATUS(plx_model_export_onnx(m.model, NULL, NULL, NULL, &err), PLX_ERR_ARGUMENT);
    CHECK_STATUS(plx_model_export_onnx(m.model, at("none/a.onnx"), NULL, NULL, &err), PLX_ERR_IO);
    CHECK_TEXT(err.message, "none/a.onnx");
    unmake(&m);
}

static void test_every_allocation_may_fail(void)
{
    made m;
    plx_error err;
    failing_allocator failing;
    bool ended = false;
    failing_allocator_init(&failing, 0);
    REQUIRE(make(&m, &failing.allocator, &err) == PLX_OK);
    CHECK_STATUS(plx_model_export_onnx(m.model, at("whole.onnx"), NULL, NULL, &err), PLX_OK);
    const long live = failing.live;
    for (long n = 1; n < 20000 && !ended && check_failures == 0; n++) {
        failing.fail_at = failing.calls + n;
        failing.failed = false;
        plx_status status = plx_model_export_onnx(m.model, at("part.onnx"), NULL, NULL, &err);
        ended = !failing.failed;
        CHECK(failing.live == live);
        CHECK_STATUS(status, ended ? PLX_OK : PLX_ERR_MEMORY);
        CHECK(file_exists("part.onnx") == ended);
    }
    CHECK(ended && files_equal("whole.onnx", "part.onnx"));
    unmake(&m);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_every_op_has_a_way),
        CHECK_TEST(test_the_same_model_is_the_same_file),
        CHECK_TEST(test_parameters_in_a_second_file),
        CHECK_TEST(test_a_pair_is_replaced_together),
        CHECK_TEST(test_wrong_use),
        CHECK_TEST(test_every_allocation_may_fail),
    };
    home_make();
    write_rows("rows.csv", 200, 1);
    int code = check_main(argc, argv, tests, sizeof tests / sizeof *tests);
    home_remove();
    return code;
}
