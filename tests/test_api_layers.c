/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs of layers agree with the scores that they lead to; what has no output, and wrong arguments, are refused. */
#include <math.h>

#include "api_support.h"

enum { N_ROWS = 150 }; /* three tiles, the last one short */

static const plx_context_options one_thread = {.size = sizeof one_thread, .threads = 1};
static const char *const lines = "  num_experts: 3\n  expert_dnn_units: [5]\n";

/* [rows, numbers]; NULL after an error. The caller frees it. */
static float *output_of(const plx_model *model, const plx_dataset *dataset, int layer, int *numbers, plx_error *err)
{
    const plx_layer *one = plx_model_layer(model, layer);
    *numbers = one->groups * one->width;
    float *out = calloc((size_t)N_ROWS * (size_t)*numbers, sizeof *out);
    if (!out) abort();
    if (plx_model_layer_output(model, dataset, layer, out, err) == PLX_OK) return out;
    free(out);
    return NULL;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static bool make(fixture *f, plx_dataset **dataset)
{
    const char *paths[] = {at("few.csv")};
    *dataset = NULL;
    if (!fixture_ready(f, &one_thread, config_text("mmoe", lines, ""))) return false;
    CHECK_STATUS(plx_dataset_read(f->model, FILES(paths, 1), true, dataset, NULL), PLX_OK);
    return *dataset != NULL;
}

static void test_outputs_lead_to_the_scores(void)
{
    fixture f;
    plx_dataset *dataset;
    static float scores[N_ROWS * 2];
    int n_logits = 0, n_gates = 0, n_layers = 0;
    REQUIRE(make(&f, &dataset));
    CHECK_STATUS(plx_model_predict(f.model, INTO(dataset, scores), NULL, NULL), PLX_OK);
    for (const plx_layer *layer; (layer = plx_model_layer(f.model, n_layers)); n_layers++) {
        int numbers;
        plx_error err = {.message = ""};
        float *out = output_of(f.model, dataset, n_layers, &numbers, &err);
        if (!out) {
            CHECK_TEXT(err.message, layer->name);
            CHECK_TEXT(err.message, "scoring does not make layer");
            continue;
        }
        const int task = strncmp(layer->name, "buy/", 4) == 0;
        const bool is_logit = ends_with(layer->name, "/logit/linear"), is_gate = ends_with(layer->name, "/softmax");
        n_logits += is_logit;
        n_gates += is_gate;
        for (int row = 0; row < N_ROWS; row++) {
            double sum = 0;
            for (int i = 0; i < numbers; i++)
                sum += (double)out[row * numbers + i];
            CHECK(isfinite(sum));
            if (is_logit) CHECK(fabs(1 / (1 + exp(-sum)) - (double)scores[2 * row + task]) < 1e-6);
            if (is_gate) CHECK(numbers == 3 && fabs(sum - 1) < 1e-6);
        }
        free(out);
    }
    CHECK(n_layers > 10 && n_logits == 2 && n_gates == 2);
    plx_dataset_free(dataset);
    fixture_free(&f);
}

static void test_refused_layers(void)
{
    fixture f;
    plx_dataset *dataset;
    plx_error err;
    float out[N_ROWS];
    REQUIRE(make(&f, &dataset));
    CHECK(!plx_model_layer(f.model, -1) && !plx_model_layer(f.model, 1000000));
    CHECK_STATUS(plx_model_layer_output(f.model, dataset, -1, out, &err), PLX_ERR_ARGUMENT);
    CHECK_TEXT(err.message, "there is no layer -1");
    CHECK_STATUS(plx_model_layer_output(f.model, NULL, 0, out, &err), PLX_ERR_ARGUMENT);
    CHECK_STATUS(plx_model_layer_output(f.model, dataset, 0, NULL, &err), PLX_ERR_ARGUMENT);
    int n_losses = 0;
    for (int i = 0; plx_model_layer(f.model, i); i++) {
        if (!ends_with(plx_model_layer(f.model, i)->name, "/binary_loss")) continue;
        CHECK_STATUS(plx_model_layer_output(f.model, dataset, i, out, &err), PLX_ERR_UNSUPPORTED);
        n_losses++;
    }
    CHECK(n_losses == 2);
    plx_dataset_free(dataset);
    fixture_free(&f);
}

static void test_refused_values_of_parameters(void)
{
    fixture f;
    plx_dataset *dataset;
    plx_error err;
    const float one = 1;
    REQUIRE(make(&f, &dataset));
    CHECK_STATUS(plx_model_set_parameter(f.model, -1, &one, 1, &err), PLX_ERR_ARGUMENT);
    CHECK_TEXT(err.message, "there is no parameter number -1");
    CHECK_STATUS(plx_model_set_parameter(f.model, 0, NULL, 1, &err), PLX_ERR_ARGUMENT);
    CHECK_STATUS(plx_model_set_parameter(f.model, 0, &one, 1, &err), PLX_ERR_ARGUMENT);
    CHECK_TEXT(err.message, plx_model_parameter(f.model, 0)->name);
    CHECK_TEXT(err.message, "numbers, not 1");
    CHECK_STATUS(plx_model_set_parameter(f.model, 0, &one, -1, &err), PLX_ERR_ARGUMENT);
    plx_dataset_free(dataset);
    fixture_free(&f);
}

/* The reference page has every section, and names the default that plx_config_default gives. */
static void test_reference(void)
{
    static const char *const sections[] = {"## data\n", "## features\n", "## tasks\n", "## model\n", "## train\n"};
    plx_context *context = NULL;
    plx_error err;
    char *text = NULL, *value = NULL, row[64];
    CHECK_STATUS(plx_config_reference(NULL, &text, &err), PLX_ERR_ARGUMENT);
    CHECK_TEXT(err.message, "must not be NULL");
    REQUIRE(plx_context_create(&one_thread, &context, NULL) == PLX_OK);
    CHECK_STATUS(plx_config_reference(context, NULL, &err), PLX_ERR_ARGUMENT);
    REQUIRE(plx_config_reference(context, &text, &err) == PLX_OK);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        CHECK(strstr(text, sections[i]));
    REQUIRE(plx_config_default(context, "train.batch_size", &value, &err) == PLX_OK);
    const char *line = strstr(text, "| `batch_size` |");
    snprintf(row, sizeof row, "| `%s` |", value);
    CHECK(line && strstr(line, row) && strstr(line, row) < strchr(line, '\n'));
    plx_text_free(context, text);
    plx_text_free(context, value);
    plx_context_free(context);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_outputs_lead_to_the_scores),
        CHECK_TEST(test_refused_layers),
        CHECK_TEST(test_refused_values_of_parameters),
        CHECK_TEST(test_reference),
    };
    home_make();
    write_rows("rows.csv", 400, 1);
    write_rows("few.csv", N_ROWS, 2);
    int code = check_main(argc, argv, tests, sizeof tests / sizeof *tests);
    home_remove();
    return code;
}
