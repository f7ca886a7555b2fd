/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Views, vectors and buckets through plexus.h: from a configuration to a model file. Files and columns in memory give
 * the same scores, for many rows and for one.
 */
#include "api_support.h"

enum { ROWS = 300, SIZE = 3 };

static const char config[] = "data: {train: [rows.csv], validation_part: 0.2, test_part: 0.2, missing: ['?']}\n"
                             "features:\n"
                             "  - name: price\n"
                             "    views: [number, log1p, is_zero, {quantiles: 6}, {exact: 4, embedding_dim: auto}]\n"
                             "    scaling: quantile\n"
                             "    missing: mean\n"
                             "    missing_indicator: true\n"
                             "    clip: [-20, 60]\n"
                             "    embedding_dim: 3\n"
                             "  - {name: taste, kind: dense, size: 3, separator: ';', scaling: standard, missing: 0}\n"
                             "tasks:\n"
                             "  - {name: click}\n"
                             "  - {name: buy}\n"
                             "model: {name: mmoe, num_experts: 2, expert_dnn_units: [8]}\n"
                             "train: {epochs: 3, batch_size: 32, learning_rate: 0.02}\n";

typedef struct raw_rows {
    double prices[ROWS], tastes[ROWS][SIZE];
    char price_cells[ROWS][32], taste_cells[ROWS][128];
    const char *price_texts[ROWS], *taste_texts[ROWS];
} raw_rows;

/* The same rows in memory and, with labels, as rows.csv. */
static void make_rows(raw_rows *r)
{
    unsigned seed = 3;
    FILE *file = fopen(at("rows.csv"), "wb");
    if (!file) abort();
    fprintf(file, "price,taste,click,buy\n");
    for (int i = 0; i < ROWS; i++) {
        unsigned draws[SIZE + 1];
        for (int k = 0; k <= SIZE; k++) {
            seed = seed * 1664525u + 1013904223u;
            draws[k] = seed >> 8;
        }
        r->prices[i] = draws[0] % 5 == 0 ? 0 : draws[0] % 11 == 0 ? NAN : draws[0] % 100 - 30.0;
        snprintf(r->price_cells[i], sizeof r->price_cells[i], isnan(r->prices[i]) ? "?" : "%.1f", r->prices[i]);
        for (int k = 0; k < SIZE; k++)
            r->tastes[i][k] = draws[k + 1] % 7 == 0 ? NAN : draws[k + 1] % 1000 / 8.0;
        size_t used = 0;
        for (int k = 0; k < SIZE; k++) {
            char *cell = r->taste_cells[i] + used;
            const size_t capacity = sizeof r->taste_cells[i] - used;
            used += (size_t)(isnan(r->tastes[i][k]) ? snprintf(cell, capacity, "%s", k ? ";" : "")
                                                    : snprintf(cell, capacity, k ? ";%g" : "%g", r->tastes[i][k]));
        }
        r->price_texts[i] = r->price_cells[i];
        r->taste_texts[i] = r->taste_cells[i];
        fprintf(file, "%s,%s,%d,%d\n", r->price_cells[i], r->taste_cells[i], r->prices[i] > 12, draws[1] % 1000 > 600);
    }
    fclose(file);
}

static bool predict_file(const plx_model *model, float *scores)
{
    plx_dataset *rows = NULL;
    const char *const paths[] = {at("rows.csv")};
    bool done = plx_dataset_read(model, FILES(paths, 1), false, &rows, NULL) == PLX_OK &&
                plx_dataset_report(rows)->rows == ROWS &&
                plx_model_predict(model, INTO(rows, scores), NULL, NULL) == PLX_OK;
    plx_dataset_free(rows);
    return done;
}

static void check_served(const plx_model *model, const raw_rows *r, const float *expected)
{
    static float scores[2 * ROWS];
    plx_predictor *predictor = NULL;
    const plx_column texts[] = {{.name = "price", .texts = r->price_texts}, {.name = "taste", .texts = r->taste_texts}};
    const plx_column numbers[] = {{.name = "taste", .numbers = r->tastes[0], .width = SIZE},
                                  {.name = "price", .numbers = r->prices}};
    REQUIRE(plx_predictor_create(model, &predictor, NULL) == PLX_OK);
    CHECK_STATUS(plx_predictor_score(predictor, texts, 2, ROWS, scores, NULL), PLX_OK);
    CHECK(memcmp(scores, expected, sizeof scores) == 0);
    CHECK_STATUS(plx_predictor_score(predictor, numbers, 2, ROWS, scores, NULL), PLX_OK);
    CHECK(memcmp(scores, expected, sizeof scores) == 0);
    for (int i = 0; i < ROWS; i += 23) {
        const plx_column one[] = {{.name = "taste", .numbers = r->tastes[i], .width = SIZE},
                                  {.name = "price", .texts = r->price_texts + i}};
        CHECK_STATUS(plx_predictor_score(predictor, one, 2, 1, scores, NULL), PLX_OK);
        CHECK(memcmp(scores, expected + 2 * i, 2 * sizeof *scores) == 0);
    }
    plx_predictor_free(predictor);
}

static void test_views_and_vectors_from_rows_to_scores(void)
{
    static raw_rows r;
    static float scores[2 * ROWS], again[2 * ROWS];
    fixture f;
    plx_model *loaded = NULL;
    plx_error failure = {.message = ""};
    plx_metrics metrics[2];
    char *text = NULL;
    make_rows(&r);
    if (!fixture_ready(&f, NULL, config)) return;
    CHECK_STATUS(plx_model_train(f.model, f.data, NULL, NULL, &failure), PLX_OK);
    CHECK_STATUS(plx_model_evaluate(f.model, PART(f.data, PLX_PART_TEST), metrics, NULL, &failure), PLX_OK);
    CHECK(METRIC(metrics[0], auc) > 0.9);
    CHECK_STATUS(plx_model_describe(f.model, PLX_DESCRIPTION_LAYERS, &text, NULL), PLX_OK);
    CHECK_TEXT(text, "features: 0 sparse with 0 categories, 2 in buckets with ");
    CHECK_TEXT(text, ", 4 dense with 9 numbers");
    plx_text_free(f.context, text);
    CHECK_STATUS(plx_model_save(f.model, at("m.plexus"), &failure), PLX_OK);
    CHECK_STATUS(plx_model_load(f.context, at("m.plexus"), &loaded, &failure), PLX_OK);
    CHECK_TEXT("", failure.message);
    if (loaded && predict_file(f.model, scores) && predict_file(loaded, again)) {
        CHECK(memcmp(scores, again, sizeof scores) == 0);
        CHECK_STATUS(plx_model_save(loaded, at("n.plexus"), NULL), PLX_OK);
        CHECK(files_equal("m.plexus", "n.plexus"));
        check_served(loaded, &r, scores);
    } else {
        CHECK(false);
    }
    plx_model_free(loaded);
    fixture_free(&f);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_views_and_vectors_from_rows_to_scores)};
    home_make();
    int result = check_main(argc, argv, tests, sizeof tests / sizeof *tests);
    home_remove();
    return result;
}
