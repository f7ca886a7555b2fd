/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of 20,000 columns, categories or numbers: trained, saved, loaded and scored from a file and from columns. */
#include "api_support.h"

enum { N_COLUMNS = 20000, N_ROWS = 24, N_TASKS = 2, NAME_BYTES = 16 };

static const plx_context_options two_threads = {.size = sizeof two_threads, .threads = 2};

static char names[N_COLUMNS][NAME_BYTES];

static int value_of(int row, int column)
{
    return (row * 7 + column * 3 + row * column) % 5;
}

/* A file of all columns and two labels. */
static void write_table(void)
{
    FILE *file = fopen(at("wide.csv"), "wb");
    if (!file) abort();
    for (int c = 0; c < N_COLUMNS; c++)
        fprintf(file, "%s,", names[c]);
    fprintf(file, "click,buy\n");
    for (int row = 0; row < N_ROWS; row++) {
        for (int c = 0; c < N_COLUMNS; c++)
            fprintf(file, "%d,", value_of(row, c));
        fprintf(file, "%d,%d\n", row % 2, row % 3 == 0);
    }
    fclose(file);
}

/* The caller frees it. */
static char *make_config(const char *kind)
{
    const size_t room = (size_t)N_COLUMNS * (NAME_BYTES + 2) + 1024;
    char *text = malloc(room), *to = text;
    if (!text) abort();
    to += snprintf(to, room, "data: {train: [wide.csv]}\nfeatures:\n- {%s, names: [", kind);
    for (int c = 0; c < N_COLUMNS; c++)
        to += sprintf(to, "%s%s", c ? ", " : "", names[c]);
    sprintf(to, "]}\ntasks: [{name: click}, {name: buy}]\n"
                "model: {name: mmoe, num_experts: 2, expert_dnn_units: [2], tower_dnn_units_lists: [[2], [2]]}\n"
                "train: {epochs: 1, batch_size: 16}\n");
    return text;
}

static bool take(void *user, const plx_scored_rows *rows)
{
    float **scores = user;
    memcpy(*scores, rows->scores, (size_t)rows->rows * N_TASKS * sizeof **scores);
    *scores += rows->rows * N_TASKS;
    return true;
}

/* The first row as columns. */
static void score_columns(const plx_model *model, float *scores)
{
    static double numbers[N_COLUMNS];
    plx_predictor *predictor = NULL;
    plx_column *columns = calloc(N_COLUMNS, sizeof *columns);
    REQUIRE(columns && plx_predictor_create(model, &predictor, NULL) == PLX_OK);
    for (int c = 0; c < N_COLUMNS; c++) {
        numbers[c] = value_of(0, c);
        columns[c] = (plx_column){.name = names[c], .numbers = &numbers[c]};
    }
    CHECK_STATUS(plx_predictor_score(predictor, columns, N_COLUMNS, 1, scores, NULL), PLX_OK);
    plx_predictor_free(predictor);
    free(columns);
}

static void check_scores(const plx_model *model, const plx_model *loaded)
{
    float scores[2][N_ROWS * N_TASKS], one[N_TASKS], *next[2] = {scores[0], scores[1]};
    const char *const paths[] = {at("wide.csv")};
    CHECK_STATUS(plx_model_predict(model, BY(FILES(paths, 1), take, &next[0]), NULL, NULL), PLX_OK);
    CHECK_STATUS(plx_model_predict(loaded, BY(FILES(paths, 1), take, &next[1]), NULL, NULL), PLX_OK);
    CHECK(next[0] == scores[0] + N_ROWS * N_TASKS);
    CHECK(memcmp(scores[0], scores[1], sizeof scores[0]) == 0);
    score_columns(loaded, one);
    CHECK(memcmp(one, scores[0], sizeof one) == 0);
}

static void train(const char *kind, int n_parameters)
{
    fixture f;
    plx_model *loaded = NULL;
    char *text = make_config(kind), *description = NULL;
    REQUIRE(fixture_ready(&f, &two_threads, text));
    CHECK_STATUS(plx_model_train(f.model, f.data, NULL, NULL, NULL), PLX_OK);
    CHECK(plx_model_parameter(f.model, n_parameters - 1) && !plx_model_parameter(f.model, n_parameters));
    CHECK_STATUS(plx_model_describe(f.model, PLX_DESCRIPTION_PLAN, &description, NULL), PLX_OK);
    CHECK_STATUS(plx_model_save(f.model, at("wide.plexus"), NULL), PLX_OK);
    REQUIRE(plx_model_load(f.context, at("wide.plexus"), &loaded, NULL) == PLX_OK);
    check_scores(f.model, loaded);
    plx_model_free(loaded);
    plx_text_free(f.context, description);
    free(text);
    fixture_free(&f);
}

enum { N_SHARED = 12 }; /* experts: kernel and bias; of each task a gate, a layer and an output */

static void test_many_categories(void)
{
    train("kind: sparse, embedding_dim: 2", N_COLUMNS + N_SHARED);
}

static void test_many_numbers(void)
{
    train("kind: dense", N_SHARED);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_many_categories), CHECK_TEST(test_many_numbers)};
    home_make();
    for (int c = 0; c < N_COLUMNS; c++)
        snprintf(names[c], sizeof names[c], "c%d", c);
    write_table();
    const int result = check_main(argc, argv, tests, sizeof tests / sizeof *tests);
    home_remove();
    return result;
}
