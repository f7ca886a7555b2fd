/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values in plexus.h: models of versions before there was a rule, cells that a model does not know, ids that a float
 * cannot hold.
 */
#include "api_support.h"
#include "base/value_text.h"
#include "store/model_file.h"

/* -- Old models: tests/rule_0 was written by the last version without a rule ------------------------------------- */

enum { OLD_ROWS = 14, OLD_OUTPUTS = 5 };

static bool load_old(plx_context **context, plx_model **model, const char *path)
{
    const plx_context_options options = {.size = sizeof options, .cpu_level = "plain"};
    plx_error err = {0};
    CHECK_STATUS(plx_context_create(&options, context, &err), PLX_OK);
    const plx_status status = plx_model_load(*context, path, model, &err);
    CHECK_STATUS(status, PLX_OK);
    if (status) printf("  %s\n", err.message);
    return status == PLX_OK;
}

/* The scores of the version that wrote the file, to the last bit: nine digits distinguish all floats. */
static void check_old_scores(const plx_model *model, float scores[OLD_ROWS][OLD_OUTPUTS])
{
    const char *const paths[] = {"tests/rule_0/rows.csv"};
    plx_dataset *rows = NULL;
    char line[512];
    CHECK_STATUS(plx_dataset_read(model, FILES(paths, 1), false, &rows, NULL), PLX_OK);
    REQUIRE(rows && plx_dataset_report(rows)->rows == OLD_ROWS);
    CHECK_STATUS(plx_model_predict(model, INTO(rows, &scores[0][0]), NULL, NULL), PLX_OK);
    FILE *file = fopen("tests/rule_0/scores.csv", "rb");
    REQUIRE(file && fgets(line, sizeof line, file));
    for (int i = 0; i < OLD_ROWS && fgets(line, sizeof line, file); i++) {
        char own[512];
        int used = 0;
        for (int k = 0; k < OLD_OUTPUTS; k++)
            used += snprintf(own + used, sizeof own - (size_t)used, "%s%.9g", k ? "," : "", (double)scores[i][k]);
        line[strcspn(line, "\r\n")] = '\0';
        CHECK(strcmp(own, line) == 0);
    }
    fclose(file);
    plx_dataset_free(rows);
}

/* A predictor's score of the first task for this value, with the list and the number of row `row` of rows.csv. */
static float old_score(const plx_model *model, plx_column x, const char *items, double size)
{
    plx_predictor *predictor = NULL;
    float scores[OLD_OUTPUTS] = {-1};
    x.name = "x";
    const plx_column columns[] = {x, {.name = "items", .texts = &items}, {.name = "size", .numbers = &size}};
    CHECK_STATUS(plx_predictor_create(model, &predictor, NULL), PLX_OK);
    CHECK_STATUS(plx_predictor_score(predictor, columns, 3, 1, scores, NULL), PLX_OK);
    plx_predictor_free(predictor);
    return scores[0];
}

static bool same(float a, float b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void test_models_of_before_score_as_they_did(void)
{
    static const double twelve = 12, tenth = 0.1, large = 1e15, largest = 1e22;
    static const char *const blank = " a";
    float scores[OLD_ROWS][OLD_OUTPUTS] = {0};
    plx_context *context = NULL;
    plx_model *model = NULL;
    REQUIRE(load_old(&context, &model, "tests/rule_0/model.plexus"));
    check_old_scores(model, scores);
    /* That version wrote numbers in memory as their shortest decimals and dropped blanks in memory. */
    CHECK(same(old_score(model, (plx_column){.numbers = &twelve}, "1", 1), scores[1][0]));
    CHECK(same(old_score(model, (plx_column){.texts = &blank}, "1", 7), scores[7][0]));
    CHECK(same(old_score(model, (plx_column){.numbers = &tenth}, "1|2.0", 8), scores[8][0]));
    CHECK(same(old_score(model, (plx_column){.numbers = &largest}, "1|2.0|2", 9), scores[9][0]));
    CHECK(same(old_score(model, (plx_column){.numbers = &large}, "1|2.0|2|7", 0), scores[10][0]));
    plx_model_free(model);
    plx_context_free(context);
}

static void test_models_of_before_stay_so(void)
{
    float scores[OLD_ROWS][OLD_OUTPUTS] = {0};
    plx_context *context = NULL;
    plx_model *model = NULL, *again = NULL;
    plx_model_file file;
    REQUIRE(load_old(&context, &model, "tests/rule_0/model.plexus"));
    CHECK_STATUS(plx_model_save(model, at("again.plexus"), NULL), PLX_OK);
    CHECK_STATUS(plx_model_load(context, at("again.plexus"), &again, NULL), PLX_OK);
    if (again) check_old_scores(again, scores);
    REQUIRE(plx_model_file_read(&file, at("again.plexus"), &plx_allocator_default, NULL) == PLX_OK);
    CHECK_TEXT(plx_model_file_meta(&file, "value_rule"), "0");
    plx_model_file_release(&file);
    plx_model_free(model);
    plx_model_free(again);
    plx_context_free(context);
}

/* A copy of a model file with this number of its rule. */
static void check_rule(const char *rule, plx_status status, const char *message)
{
    plx_context *context = NULL;
    plx_model *model = NULL;
    plx_error err = {0};
    plx_model_file file;
    plx_meta meta[8];
    int n = 0;
    REQUIRE(plx_model_file_read(&file, "tests/rule_0/model.plexus", &plx_allocator_default, NULL) == PLX_OK);
    for (int i = 0; i < file.n_meta && n < 7; i++)
        if (strcmp(file.meta[i].key, "config") == 0) meta[n++] = file.meta[i];
    meta[n++] = (plx_meta){"value_rule", rule};
    CHECK_STATUS(
        plx_model_file_write(at("rule.plexus"), &plx_allocator_default, file.tensors, file.n_tensors, meta, n, NULL),
        PLX_OK);
    plx_model_file_release(&file);
    REQUIRE(plx_context_create(NULL, &context, NULL) == PLX_OK);
    CHECK_STATUS(plx_model_load(context, at("rule.plexus"), &model, &err), status);
    if (status) CHECK_TEXT(err.message, message);
    plx_model_free(model);
    plx_context_free(context);
}

static void test_rules_of_files(void)
{
    check_rule("0", PLX_OK, NULL);
    check_rule("1", PLX_OK, NULL);
    check_rule("2", PLX_ERR_UNSUPPORTED, "its value_rule is 2; this plexus knows rules up to 1: update plexus");
    check_rule("x", PLX_ERR_FORMAT, "its value_rule is not a number");
    check_rule("-1", PLX_ERR_FORMAT, "its value_rule is not a number");
}

static void test_new_files_hold_the_rule(void)
{
    fixture f;
    plx_model_file file;
    if (!fixture_ready(&f, NULL, config_text("mmoe", "", ""))) return;
    CHECK_STATUS(plx_model_save(f.model, at("new.plexus"), NULL), PLX_OK);
    REQUIRE(plx_model_file_read(&file, at("new.plexus"), &plx_allocator_default, NULL) == PLX_OK);
    CHECK_TEXT(plx_model_file_meta(&file, "value_rule"), "1");
    plx_model_file_release(&file);
    fixture_free(&f);
}

/* -- Cells that are unknown -------------------------------------------------------------------------------------- */

enum { MOST = 12000 };

/* `n` rows in memory: the first `n_known` have city `known`, the others `other`. */
static void score_some(const plx_model *model, int n, int n_known, const char *known, const char *other)
{
    static const char *cities[MOST], *jobs[MOST];
    static double ages[MOST];
    plx_dataset *rows = NULL;
    for (int i = 0; i < n; i++) {
        cities[i] = i < n_known ? known : other;
        jobs[i] = "cook";
        ages[i] = 30;
    }
    const plx_column columns[] = {
        {.name = "city", .texts = cities}, {.name = "job", .texts = jobs}, {.name = "age", .numbers = ages}};
    CHECK_STATUS(plx_dataset_read(model, COLUMNS(columns, 3, n), false, &rows, NULL), PLX_OK);
    plx_dataset_free(rows);
}

/* The model knows the city of the first `n_known`. */
static void score_cities(const plx_model *model, int n, int n_known, const char *other)
{
    score_some(model, n, n_known, "Oslo", other);
}

static void write_cities(const char *name, int n, const char *city)
{
    FILE *file = fopen(at(name), "wb");
    if (!file) abort();
    fprintf(file, "city,job,age\n");
    for (int i = 0; i < n; i++)
        fprintf(file, "%s,cook,30\n", city);
    fclose(file);
}

static bool take(void *user, const plx_scored_rows *rows)
{
    (void)user;
    (void)rows;
    return true;
}

static void test_unknown_columns_are_reported_once(void)
{
    fixture f;
    warnings h = {0};
    plx_model *other = NULL;
    const plx_context_options options = {.size = sizeof options, .warn = keep_warning, .user = &h};
    if (!fixture_ready(&f, &options, config_text("mmoe", "", ""))) return;
    h.n = 0;
    score_cities(f.model, 99, 0, "oslo");
    score_cities(f.model, 1000, 0, "");
    score_cities(f.model, 1000, 10, "oslo");
    CHECK(h.n == 0);
    score_cities(f.model, 100, 0, "oslo");
    CHECK(h.n == 1);
    CHECK_TEXT(h.last, "column 'city': of 100 cells 0 hold a category that the model knows: 'oslo' is here, 'Bern', "
                       "'Bonn' are known");
    score_cities(f.model, 100, 0, "oslo");
    CHECK(h.n == 1);
    CHECK_STATUS(plx_model_save(f.model, at("m.plexus"), NULL), PLX_OK);
    CHECK_STATUS(plx_model_load(f.context, at("m.plexus"), &other, NULL), PLX_OK);
    score_cities(other, 1001, 10, "oslo");
    CHECK(h.n == 2);
    CHECK_TEXT(h.last, "of 1001 cells 10 hold");
    plx_model_free(other);
    fixture_free(&f);
}

/* The share of known cells in the model file; -1: none. Writes the same file without it to "n.plexus". */
static double stored_share(const char *name)
{
    plx_model_file file;
    plx_meta meta[32];
    plx_tensor tensors[100];
    int n = 0, n_meta = 0;
    CHECK_STATUS(plx_model_file_read(&file, at("m.plexus"), &plx_allocator_default, NULL), PLX_OK);
    const plx_tensor *found = plx_model_file_tensor(&file, name);
    const double share = found ? *(const double *)found->data : -1;
    for (int i = 0; i < file.n_tensors && n < 100; i++)
        if (strcmp(file.tensors[i].name, name) != 0) tensors[n++] = file.tensors[i];
    for (int i = 0; i < file.n_meta; i++)
        if (strncmp(file.meta[i].key, "format", 6) != 0 && strcmp(file.meta[i].key, "data_checksum") != 0)
            meta[n_meta++] = file.meta[i];
    CHECK_STATUS(plx_model_file_write(at("n.plexus"), &plx_allocator_default, tensors, n, meta, n_meta, NULL), PLX_OK);
    plx_model_file_release(&file);
    return share;
}

/* Warnings depend on the share of the training rows' known cells, if a vocabulary does not hold all of them. */
static void test_shares_of_known_cells(void)
{
    static const struct {
        const char *rules;
        double least, most; /* in the file; -1: missing */
        int n_reported, n_reported_without;
    } cases[] = {{"min_count: 2", 1, 1, 2, 0},
                 {"max_size: 5", 0.7, 0.9, 0, 0}, /* of six */
                 {"max_size: 6", 1, 1, 2, 0},
                 {"min_count: 1", -1, -1, 2, 1},
                 {"vocabulary_file: bern.txt", 0.1, 0.3, 0, 0}};
    write_text("bern.txt", "Bern\n");
    for (int i = 0; i < 10; i++) {
        const int c = i % 5;
        char text[600];
        fixture f;
        warnings h = {0};
        plx_model *copy = NULL, *without = NULL;
        const plx_context_options options = {.size = sizeof options, .warn = keep_warning, .user = &h};
        snprintf(text, sizeof text,
                 "data: {train: [rows.csv], validation_part: 0.2}\nfeatures:\n  - {kind: %s, name: city, %s}\n"
                 "  - {kind: sparse, name: job}\n  - {kind: dense, name: age}\n"
                 "tasks: [{name: click}, {name: spend, kind: regression}]\nmodel: {name: mmoe}\ntrain: {epochs: 1}\n",
                 i < 5 ? "sparse" : "list", cases[c].rules);
        if (!fixture_ready(&f, &options, text)) return;
        CHECK_STATUS(plx_model_save(f.model, at("m.plexus"), NULL), PLX_OK);
        const double share = stored_share("vocabulary/city/known");
        CHECK(share >= cases[c].least && share <= cases[c].most);
        CHECK_STATUS(plx_model_load(f.context, at("m.plexus"), &copy, NULL), PLX_OK);
        CHECK_STATUS(plx_model_load(f.context, at("n.plexus"), &without, NULL), PLX_OK);
        h.n = 0;
        score_some(f.model, 1000, 10, "Bern", "oslo");
        CHECK(h.n == 0);
        score_some(f.model, 1001, 10, "Bern", "oslo");
        score_some(copy, 1001, 10, "Bern", "oslo");
        CHECK(h.n == cases[c].n_reported);
        h.n = 0;
        score_some(without, 1001, 10, "Bern", "oslo");
        CHECK(h.n == cases[c].n_reported_without);
        plx_model_free(copy);
        plx_model_free(without);
        fixture_free(&f);
    }
}

static void test_unknown_columns_of_files(void)
{
    fixture f;
    warnings h = {0};
    plx_dataset *rows = NULL;
    plx_model *other = NULL;
    const plx_context_options options = {.size = sizeof options, .warn = keep_warning, .user = &h};
    write_cities("cities.csv", 150, "oslo");
    const char *const paths[] = {at("cities.csv")};
    if (!fixture_ready(&f, &options, config_text("mmoe", "", ""))) return;
    h.n = 0;
    CHECK_STATUS(plx_dataset_read(f.model, FILES(paths, 1), false, &rows, NULL), PLX_OK);
    CHECK(h.n == 1);
    plx_dataset_free(rows);
    CHECK_STATUS(plx_model_save(f.model, at("m.plexus"), NULL), PLX_OK);
    CHECK_STATUS(plx_model_load(f.context, at("m.plexus"), &other, NULL), PLX_OK);
    CHECK_STATUS(plx_model_predict(other, BY(FILES(paths, 1), take, NULL), NULL, NULL), PLX_OK);
    CHECK(h.n == 2);
    CHECK_TEXT(h.last, "of 150 cells 0 hold");
    plx_model_free(other);
    fixture_free(&f);
}

static void test_hashed_columns_know_all(void)
{
    fixture f;
    warnings h = {0};
    const plx_context_options options = {.size = sizeof options, .warn = keep_warning, .user = &h};
    if (!fixture_ready(&f, &options,
                       "data: {train: [rows.csv], validation_part: 0.2}\n"
                       "features:\n"
                       "  - {kind: sparse, name: city, hash_buckets: 50}\n"
                       "  - {kind: sparse, name: job}\n"
                       "  - {kind: dense, name: age}\n"
                       "tasks: [{name: click}]\n"
                       "model: {name: single_task}\n"))
        return;
    h.n = 0;
    score_cities(f.model, 200, 0, "oslo");
    CHECK(h.n == 0);
    fixture_free(&f);
}

static void test_predictors_count(void)
{
    static const char *const cities[] = {"Oslo", "oslo", "", "Rome"}, *const jobs[] = {"cook", "cook", "x", "y"};
    static const double ages[] = {20, 30, 40, 50};
    const plx_column columns[] = {
        {.name = "city", .texts = cities}, {.name = "job", .texts = jobs}, {.name = "age", .numbers = ages}};
    fixture f;
    warnings h = {0};
    float scores[8];
    plx_predictor *predictor = NULL;
    const plx_context_options options = {.size = sizeof options, .warn = keep_warning, .user = &h};
    if (!fixture_ready(&f, &options, config_text("mmoe", "", ""))) return;
    h.n = 0;
    CHECK_STATUS(plx_predictor_create(f.model, &predictor, NULL), PLX_OK);
    CHECK(plx_predictor_unknown(predictor) == 0);
    for (int i = 0; i < 100; i++)
        CHECK_STATUS(plx_predictor_score(predictor, columns, 3, 4, scores, NULL), PLX_OK);
    CHECK(plx_predictor_unknown(predictor) == 300); /* oslo, x and y each time */
    CHECK(h.n == 0);
    CHECK(plx_predictor_unknown(NULL) == 0);
    plx_predictor_free(predictor);
    fixture_free(&f);
}

/* -- Ids in floats ----------------------------------------------------------------------------------------------- */

static void test_floats_beyond_their_integers(void)
{
    static const double exact[] = {9007199254740992.0, -9007199254740992.0}, beyond[] = {9007199254740994.0, 1e17};
    static const double ages[] = {20, 30};
    static const int64_t integers[] = {INT64_C(9007199254740993), INT64_MAX};
    static const char *const jobs[] = {"cook", "cook"};
    fixture f;
    warnings h = {0};
    const plx_context_options options = {.size = sizeof options, .warn = keep_warning, .user = &h};
    if (!fixture_ready(&f, &options, config_text("mmoe", "", ""))) return;
    const plx_column columns[3][3] = {
        {{.name = "city", .numbers = exact}, {.name = "job", .texts = jobs}, {.name = "age", .numbers = ages}},
        {{.name = "city", .integers = integers}, {.name = "job", .texts = jobs}, {.name = "age", .numbers = beyond}},
        {{.name = "city", .numbers = beyond}, {.name = "job", .texts = jobs}, {.name = "age", .numbers = ages}}};
    h.n = 0;
    for (int i = 0; i < 3; i++) {
        plx_dataset *rows = NULL;
        CHECK_STATUS(plx_dataset_read(f.model, COLUMNS(columns[i], 3, 2), false, &rows, NULL), PLX_OK);
        plx_dataset_free(rows);
        CHECK(h.n == (i == 2));
    }
    CHECK_TEXT(h.last, "column 'city' holds floats beyond 2^53 (9007199254740994)");
    CHECK_TEXT(h.last, "pass ids as integers or texts");
    fixture_free(&f);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_models_of_before_score_as_they_did),
        CHECK_TEST(test_models_of_before_stay_so),
        CHECK_TEST(test_rules_of_files),
        CHECK_TEST(test_new_files_hold_the_rule),
        CHECK_TEST(test_unknown_columns_are_reported_once),
        CHECK_TEST(test_shares_of_known_cells),
        CHECK_TEST(test_unknown_columns_of_files),
        CHECK_TEST(test_hashed_columns_know_all),
        CHECK_TEST(test_predictors_count),
        CHECK_TEST(test_floats_beyond_their_integers),
    };
    home_make();
    write_rows("rows.csv", 500, 1);
    const int result = check_main(argc, argv, tests, sizeof tests / sizeof *tests);
    home_remove();
    return result;
}
