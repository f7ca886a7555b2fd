/* SPDX-License-Identifier: Apache-2.0 */
/* Structs of callers with an older or a newer plexus.h, and sources: the same rows from every source. */
#include <stddef.h>

#include "api_support.h"

enum { ROWS = 400 };

static const char text[] = "data: {train: [rows.csv], validation_part: 0.25}\n"
                           "features:\n"
                           "  - {kind: sparse, names: [city, id], embedding_dim: 3}\n"
                           "  - {kind: list, name: tags, separator: ' ', max_length: 3, embedding_dim: 2}\n"
                           "  - {kind: dense, name: pair, size: 2, separator: ';', missing: 0}\n"
                           "tasks: [{name: click}]\n"
                           "model: {name: single_task, tower_dnn_units_lists: [[4]]}\n"
                           "train: {epochs: 2, batch_size: 64}\n";

/* The same rows as a file and as columns. */
static char city_names[ROWS][8], tag_texts[ROWS][16];
static const char *cities[ROWS], *tags[ROWS];
static double pairs[ROWS][2], clicks[ROWS];
static int64_t ids[ROWS];
static const plx_column columns[] = {{.name = "city", .texts = cities},
                                     {.name = "id", .integers = ids},
                                     {.name = "tags", .texts = tags},
                                     {.name = "pair", .numbers = pairs[0], .width = 2},
                                     {.name = "click", .numbers = clicks}};

static void make_rows(void)
{
    FILE *file = fopen(at("rows.csv"), "wb");
    if (!file) abort();
    fprintf(file, "city,id,tags,pair,click\n");
    for (int i = 0; i < ROWS; i++) {
        const int draw = i * 7919 % 101;
        snprintf(city_names[i], sizeof *city_names, "c%d", draw % 5);
        snprintf(tag_texts[i], sizeof *tag_texts, "t%d t%d", draw % 3, draw % 4);
        cities[i] = draw % 11 ? city_names[i] : NULL;
        tags[i] = draw % 13 ? tag_texts[i] : NULL;
        ids[i] = draw % 17;
        pairs[i][0] = draw % 10;
        pairs[i][1] = draw % 7 / 2.0;
        clicks[i] = draw % 5 < 2;
        fprintf(file, "%s,%d,%s,%g;%g,%g\n", cities[i] ? cities[i] : "", (int)ids[i], tags[i] ? tags[i] : "",
                pairs[i][0], pairs[i][1], clicks[i]);
    }
    fclose(file);
}

/* Trains with `options` and saves the model as `name`. */
static plx_status train_on(const plx_data_options *options, const char *name, plx_error *err)
{
    fixture f = {0};
    plx_status status = plx_context_create(NULL, &f.context, err);
    if (!status) status = plx_config_parse(f.context, text, strlen(text), "t.yaml", &f.config, err);
    if (!status) status = plx_data_load(f.config, options, &f.data, err);
    if (!status) status = plx_model_create(f.config, f.data, &f.model, err);
    if (!status) status = plx_model_train(f.model, f.data, NULL, NULL, err);
    if (!status) status = plx_model_save(f.model, at(name), err);
    fixture_free(&f);
    return status;
}

static void test_every_source_gives_the_same_model(void)
{
    char place[100];
    const char *folders[] = {home}, *path = place, *name = "rows.csv";
    plx_error err = {.message = ""};
    make_rows();
    snprintf(place, sizeof place, "%s/rows.csv", home);
    CHECK_STATUS(train_on(FOLDERS(folders, 1), "files.plexus", &err), PLX_OK);
    plx_data_options options = {.size = sizeof options, .train = COLUMNS(columns, 5, ROWS)};
    CHECK_STATUS(train_on(&options, "columns.plexus", &err), PLX_OK);
    CHECK(files_equal("files.plexus", "columns.plexus"));
    options = (plx_data_options){.size = sizeof options, .train = FILES(&path, 1)};
    CHECK_STATUS(train_on(&options, "paths.plexus", &err), PLX_OK);
    CHECK(files_equal("files.plexus", "paths.plexus"));
    options = (plx_data_options){.size = sizeof options, .train = FILES(&name, 1), .folders = folders, .n_folders = 1};
    CHECK_STATUS(train_on(&options, "names.plexus", &err), PLX_OK);
    CHECK(files_equal("files.plexus", "names.plexus"));
    options.validation = COLUMNS(columns, 5, ROWS);
    CHECK_STATUS(train_on(&options, "mixed.plexus", &err), PLX_ERR_UNSUPPORTED);
    options = (plx_data_options){.size = sizeof options, .train = COLUMNS(columns, 5, ROWS), .test = FILES(&path, 1)};
    CHECK_STATUS(train_on(&options, "mixed.plexus", &err), PLX_ERR_UNSUPPORTED);
    options = (plx_data_options){.size = sizeof options, .test = FILES(&path, 1)};
    CHECK_STATUS(train_on(&options, "mixed.plexus", &err), PLX_ERR_ARGUMENT);
    CHECK_TEXT(err.message, "train is NULL");
}

typedef struct taken {
    float scores[ROWS];
    int64_t n;
} taken;

static bool take(void *user, const plx_scored_rows *rows)
{
    taken *t = user;
    if (t->n + rows->rows > ROWS) return false;
    memcpy(t->scores + t->n, rows->scores, (size_t)rows->rows * sizeof *rows->scores);
    t->n += rows->rows;
    return true;
}

static void test_every_source_gives_the_same_scores(void)
{
    static taken by_file, by_columns;
    static float at_once[ROWS], encoded[ROWS];
    fixture f;
    plx_dataset *dataset = NULL;
    plx_error err;
    plx_metrics of[3];
    plx_read_report report = {.size = sizeof report};
    make_rows();
    if (!fixture_ready(&f, NULL, text)) return;
    const char *path = at("rows.csv");
    const plx_source *source = COLUMNS(columns, 5, ROWS);
    const plx_prediction into = {.size = sizeof into, .source = source, .scores = at_once};
    CHECK_STATUS(plx_model_predict(f.model, BY(FILES(&path, 1), take, &by_file), &report, &err), PLX_OK);
    CHECK(report.rows == ROWS && by_file.n == ROWS);
    CHECK_STATUS(plx_model_predict(f.model, BY(source, take, &by_columns), NULL, &err), PLX_OK);
    CHECK_STATUS(plx_model_predict(f.model, &into, &report, &err), PLX_OK);
    CHECK_STATUS(plx_dataset_read(f.model, source, true, &dataset, &err), PLX_OK);
    REQUIRE(dataset && plx_dataset_report(dataset)->rows == ROWS);
    CHECK_STATUS(plx_model_predict(f.model, INTO(dataset, encoded), NULL, &err), PLX_OK);
    CHECK(report.rows == ROWS && by_columns.n == ROWS);
    CHECK(memcmp(at_once, by_file.scores, sizeof at_once) == 0 && memcmp(at_once, encoded, sizeof at_once) == 0);
    CHECK(memcmp(at_once, by_columns.scores, sizeof at_once) == 0);
    CHECK_STATUS(plx_model_evaluate(f.model, SOURCE(source), &of[0], NULL, &err), PLX_OK);
    CHECK_STATUS(plx_model_evaluate(f.model, SOURCE(FILES(&path, 1)), &of[1], NULL, &err), PLX_OK);
    CHECK_STATUS(plx_model_evaluate(f.model, DATASET(dataset), &of[2], NULL, &err), PLX_OK);
    for (int i = 0; i < 3; i++)
        CHECK(of[i].rows == ROWS && METRIC(of[i], auc) == METRIC(of[0], auc) &&
              METRIC(of[i], logloss) == METRIC(of[0], logloss));
    plx_dataset_free(dataset);
    fixture_free(&f);
}

static void test_options_that_exclude_each_other(void)
{
    float scores[ROWS];
    double weights[ROWS] = {0};
    fixture f;
    plx_metrics metrics;
    make_rows();
    if (!fixture_ready(&f, NULL, text)) return;
    const char *path = at("rows.csv");
    const plx_source both = {.size = sizeof both, .paths = &path, .n_paths = 1, .columns = columns, .n_columns = 5};
    const plx_source none = {.size = sizeof none}, no_path = {.size = sizeof no_path, .paths = &path};
    const plx_prediction predictions[] = {
        {.size = sizeof *predictions, .source = &both, .take = take},
        {.size = sizeof *predictions, .source = &none, .take = take},
        {.size = sizeof *predictions, .source = &no_path, .take = take},
        {.size = sizeof *predictions, .source = FILES(&path, 1), .scores = scores},
        {.size = sizeof *predictions, .source = FILES(&path, 1)},
        {.size = sizeof *predictions, .source = FILES(&path, 1), .take = take, .n_columns = 1},
        {.size = sizeof *predictions, .source = COLUMNS(columns, 5, ROWS), .take = take, .all_rows = true},
        {.size = sizeof *predictions, .source = COLUMNS(columns, 5, ROWS), .take = take, .scores = scores},
        {.size = sizeof *predictions, .take = take},
        {.source = FILES(&path, 1), .take = take}};
    for (size_t i = 0; i < sizeof predictions / sizeof *predictions; i++)
        CHECK_STATUS(plx_model_predict(f.model, &predictions[i], NULL, NULL), PLX_ERR_ARGUMENT);
    const plx_evaluation evaluations[] = {
        {.size = sizeof *evaluations},
        {.size = sizeof *evaluations, .data = f.data, .source = FILES(&path, 1)},
        {.size = sizeof *evaluations, .data = f.data, .part = (plx_part)3},
        {.size = sizeof *evaluations, .source = FILES(&path, 1), .weights = weights},
        {.size = sizeof *evaluations, .data = f.data, .weights = weights, .loss_weights = true},
        {.data = f.data}};
    for (size_t i = 0; i < sizeof evaluations / sizeof *evaluations; i++)
        CHECK_STATUS(plx_model_evaluate(f.model, &evaluations[i], &metrics, NULL, NULL), PLX_ERR_ARGUMENT);
    fixture_free(&f);
}

/* A program compiled when plx_train_hooks ended before `resume`, and one that knows a later member. */
static void test_older_and_newer_structs(void)
{
    struct {
        plx_train_hooks known;
        void *later;
    } newer = {.known.size = sizeof newer};
    union {
        plx_train_report known;
        char bytes[sizeof(plx_train_report)];
    } report;
    fixture f;
    plx_error err = {.message = ""};
    make_rows();
    if (!fixture_ready(&f, NULL, text)) return;
    const plx_train_hooks older = {.size = offsetof(plx_train_hooks, resume), .resume = true};
    CHECK_STATUS(plx_model_train(f.model, f.data, &older, NULL, &err), PLX_OK); /* this would need a checkpoint_path */
    CHECK_STATUS(plx_model_train(f.model, f.data, &newer.known, NULL, &err), PLX_OK);
    newer.later = &newer;
    CHECK_STATUS(plx_model_train(f.model, f.data, &newer.known, NULL, &err), PLX_ERR_UNSUPPORTED);
    CHECK_TEXT(err.message, "plx_train_hooks");
    const plx_train_hooks unset = {.resume = false};
    CHECK_STATUS(plx_model_train(f.model, f.data, &unset, NULL, &err), PLX_ERR_ARGUMENT);
    CHECK_TEXT(err.message, "sizeof(plx_train_hooks)");
    memset(report.bytes, 0x55, sizeof report.bytes);
    report.known.size = offsetof(plx_train_report, seconds);
    CHECK_STATUS(plx_model_train(f.model, f.data, NULL, &report.known, &err), PLX_OK);
    CHECK(report.known.size == offsetof(plx_train_report, seconds) && report.known.epochs == 2);
    for (size_t i = offsetof(plx_train_report, seconds); i < sizeof report.bytes; i++)
        CHECK(report.bytes[i] == 0x55);
    report.known.size = 0;
    CHECK_STATUS(plx_model_train(f.model, f.data, NULL, &report.known, &err), PLX_ERR_ARGUMENT);
    fixture_free(&f);
}

static void test_a_model_before_there_are_rows(void)
{
    static const char declared[] = "features:\n"
                                   "  - {kind: sparse, name: city, max_size: 9, min_count: 2, embedding_dim: 4}\n"
                                   "  - {kind: sparse, name: user, hash_buckets: 20, embedding_dim: 3}\n"
                                   "  - {kind: list, name: tags, max_size: 5, embedding_dim: 2}\n"
                                   "  - {kind: dense, name: age, scaling: standard}\n"
                                   "  - {kind: dense, name: price, scaling: quantile, missing: mean}\n"
                                   "tasks: [{name: click}, {name: kind, kind: multiclass, classes: [a, b, c]}]\n"
                                   "data: {train: [nowhere.csv]}\n"
                                   "model: {name: mmoe}\n";
    plx_context *context = NULL;
    plx_config *config = NULL;
    plx_model *model = NULL;
    plx_error err = {.message = ""};
    int tables = 0;
    char *description = NULL;
    REQUIRE(plx_context_create(NULL, &context, NULL) == PLX_OK);
    CHECK_STATUS(plx_config_parse(context, declared, strlen(declared), "d.yaml", &config, &err), PLX_OK);
    CHECK_STATUS(plx_model_create(config, NULL, &model, &err), PLX_OK);
    REQUIRE(model && plx_model_inspect(model)->n_outputs == 4);
    const plx_parameter *one;
    for (int i = 0; (one = plx_model_parameter(model, i)); i++) {
        tables += strcmp(one->name, "embedding/city/table") == 0 && one->shape[1] == 10 && one->shape[2] == 4;
        tables += strcmp(one->name, "embedding/user/table") == 0 && one->shape[1] == 21 && one->shape[2] == 3;
        tables += strcmp(one->name, "embedding/tags/table") == 0 && one->shape[1] == 6 && one->shape[2] == 2;
    }
    CHECK(tables == 3);
    CHECK_STATUS(plx_model_describe(model, PLX_DESCRIPTION_LAYERS, &description, &err), PLX_OK);
    plx_text_free(context, description);
    plx_model_free(model);
    model = NULL;
    CHECK_STATUS(plx_config_set(config, "features.city.max_size=0", &err), PLX_OK);
    CHECK_STATUS(plx_model_create(config, NULL, &model, &err), PLX_ERR_ARGUMENT);
    CHECK_TEXT(err.message, "'city' declares no vocabulary");
    CHECK(!model);
    plx_config_free(config);
    plx_context_free(context);
}

static void test_wrong_rows_have_places(void)
{
    static const char config[] = "data: {train: [rows.csv], on_error: skip, max_errors: 9}\n"
                                 "features: [{kind: sparse, name: city}, {kind: dense, name: age}]\n"
                                 "tasks: [{name: click}]\n"
                                 "model: {name: single_task}\n";
    static taken t;
    fixture f;
    plx_error err;
    plx_read_report report = {.size = sizeof report};
    write_text("rows.csv", "city,age,click\na,1,0\nb,old,1\nc,2\nd,3,1\ne,4,maybe\nf,5,0\n");
    if (!fixture_ready(&f, NULL, config)) return;
    const plx_read_report *read = plx_data_report(f.data);
    CHECK(read->rows == 3 && read->wrong_rows == 3);
    CHECK(read->wrong_row[0].row == 2 && strcmp(read->wrong_row[0].column, "age") == 0);
    CHECK_TEXT(read->wrong_row[0].message, "rows.csv:3:");
    CHECK(read->wrong_row[1].row == 3 && read->wrong_row[1].column[0] == '\0');
    CHECK(read->wrong_row[2].row == 5 && strcmp(read->wrong_row[2].column, "click") == 0);
    const char *path = at("rows.csv");
    CHECK_STATUS(plx_model_predict(f.model, BY(FILES(&path, 1), take, &t), &report, &err), PLX_OK);
    CHECK(report.rows == 4 && t.n == 4 && report.wrong_rows == 2); /* labels are not read */
    CHECK(report.wrong_row[1].row == 3 && report.wrong_row[0].row == 2);
    fixture_free(&f);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_every_source_gives_the_same_model),
        CHECK_TEST(test_every_source_gives_the_same_scores),
        CHECK_TEST(test_options_that_exclude_each_other),
        CHECK_TEST(test_older_and_newer_structs),
        CHECK_TEST(test_wrong_rows_have_places),
        CHECK_TEST(test_a_model_before_there_are_rows),
    };
    home_make();
    const int code = check_main(argc, argv, tests, sizeof tests / sizeof *tests);
    home_remove();
    return code;
}
