/* SPDX-License-Identifier: Apache-2.0 */
/* data.group from a column's text to the group AUC: files, columns in memory, model files, and missing groups. */
#include <math.h>

#include "api_support.h"
#include "data/target_group.h"

enum { ROWS = 500, USERS = 60 };

static char users[ROWS][16];
static double hours[ROWS], labels[ROWS];

/* Users have texts, and some rows have none. */
static void make_rows(void)
{
    unsigned seed = 3;
    for (int i = 0; i < ROWS; i++) {
        unsigned draw[3];
        for (int k = 0; k < 3; k++) {
            seed = seed * 1664525U + 1013904223U;
            draw[k] = seed >> 8;
        }
        unsigned user = draw[0] % USERS;
        snprintf(users[i], sizeof users[i], user % 2 ? "u%u" : "%u", user);
        if (user % 7 == 0) users[i][0] = '\0';
        hours[i] = draw[1] % 24;
        labels[i] = hours[i] + draw[2] % 20 > 22 + user % 5;
    }
}

static void write_csv(const char *name, const char *group_column)
{
    FILE *file = fopen(at(name), "wb");
    if (!file) abort();
    fprintf(file, "%s,hour,click,other\n", group_column);
    for (int i = 0; i < ROWS; i++)
        fprintf(file, " %s ,%.0f,%.0f,%d\n", users[i], hours[i], labels[i], i % 3 == 0);
    fclose(file);
}

static const char *text_with(const char *data_lines, const char *feature_lines, const char *train_lines)
{
    static char text[1024];
    snprintf(text, sizeof text,
             "data:\n  train: [rows.csv]\n  validation_part: 0.3\n%s"
             "features:\n  - {kind: dense, name: hour}\n%s"
             "tasks: [{name: click}, {name: other}]\n"
             "model: {name: mmoe, num_experts: 2, expert_dnn_units: [4], tower_dnn_units_lists: [[4], [4]]}\n"
             "train:\n  epochs: 3\n%s",
             data_lines, feature_lines, train_lines);
    return text;
}

/** The group AUC of rows first.., by counting pairs. */
static double pairs_within_users(const float *scores, int first, int64_t *groups, int64_t *counted)
{
    double sum = 0, weight = 0;
    *groups = *counted = 0;
    for (int i = first; i < ROWS; i++) {
        bool is_first = users[i][0] != '\0';
        for (int j = first; j < i; j++)
            is_first = is_first && strcmp(users[i], users[j]) != 0;
        if (!is_first) continue;
        double won = 0, pairs = 0, rows = 0;
        for (int j = first; j < ROWS; j++) {
            if (strcmp(users[i], users[j]) != 0) continue;
            rows++;
            for (int k = first; k < ROWS; k++) {
                if (strcmp(users[i], users[k]) != 0 || labels[j] < 1 || labels[k] > 0) continue;
                const double high = (double)scores[2 * (j - first)], low = (double)scores[2 * (k - first)];
                pairs++;
                won += high > low ? 1 : high < low ? 0 : 0.5;
            }
        }
        ++*groups;
        if (pairs == 0) continue;
        ++*counted;
        sum += rows * won / pairs;
        weight += rows;
    }
    return sum / weight;
}

/** All rows in memory. */
static plx_status dataset_in_memory(const plx_model *model, bool with_groups, bool with_labels, plx_dataset **out,
                                    plx_error *err)
{
    static const char *texts[ROWS];
    static double other[ROWS];
    for (int i = 0; i < ROWS; i++) {
        texts[i] = users[i];
        other[i] = i % 3 == 0;
    }
    const plx_column columns[] = {{.name = "hour", .numbers = hours},
                                  {.name = "click", .numbers = labels},
                                  {.name = "other", .numbers = other},
                                  {.name = "user", .texts = texts}};
    return plx_dataset_read(model, COLUMNS(columns, with_groups ? 4 : 3, ROWS), with_labels, out, err);
}

static void check_metrics(const plx_metrics *metrics, const float *scores, int first)
{
    int64_t groups, counted;
    double expected = pairs_within_users(scores, first, &groups, &counted);
    CHECK(metrics->groups == groups && metrics->groups_counted == counted && counted > 5 && counted < groups);
    CHECK_CLOSE(METRIC(*metrics, group_auc), expected, 1e-12);
    CHECK(METRIC(*metrics, group_auc) != METRIC(*metrics, auc));
}

static void check_all_ways(const plx_model *model)
{
    static float scores[2 * ROWS];
    plx_metrics from_file[2], from_memory[2];
    plx_dataset *dataset = NULL;
    plx_error failure = {.message = ""};
    const char *paths[] = {at("rows.csv")};
    REQUIRE(plx_dataset_read(model, FILES(paths, 1), true, &dataset, &failure) == PLX_OK);
    CHECK_STATUS(plx_model_evaluate(model, DATASET(dataset), from_file, NULL, &failure), PLX_OK);
    CHECK_STATUS(plx_model_predict(model, INTO(dataset, scores), NULL, &failure), PLX_OK);
    check_metrics(&from_file[0], scores, 0);
    CHECK(isfinite(METRIC(from_file[1], group_auc)));
    plx_dataset_free(dataset);
    REQUIRE(dataset_in_memory(model, true, true, &dataset, &failure) == PLX_OK);
    CHECK_STATUS(plx_model_evaluate(model, DATASET(dataset), from_memory, NULL, &failure), PLX_OK);
    plx_dataset_free(dataset);
    CHECK(METRIC(from_memory[0], group_auc) == METRIC(from_file[0], group_auc) &&
          from_memory[0].groups == from_file[0].groups);
    CHECK(METRIC(from_memory[1], group_auc) == METRIC(from_file[1], group_auc) &&
          METRIC(from_memory[0], auc) == METRIC(from_file[0], auc));
}

static void test_from_rows_to_plot(void)
{
    fixture f;
    plx_metrics metrics[2];
    plx_model *loaded = NULL;
    home_make();
    write_csv("rows.csv", "user");
    if (!fixture_ready(&f, NULL, text_with("  group: user\n", "", "  monitor: click.group_auc\n"))) return;
    CHECK_STATUS(plx_model_train(f.model, f.data, NULL, NULL, NULL), PLX_OK);
    CHECK_STATUS(plx_model_evaluate(f.model, PART(f.data, PLX_PART_VALIDATION), metrics, NULL, NULL), PLX_OK);
    CHECK(metrics[0].groups_counted > 5 && isfinite(METRIC(metrics[0], group_auc)));
    check_all_ways(f.model);
    CHECK_STATUS(plx_model_save(f.model, at("m.plexus"), NULL), PLX_OK);
    CHECK_STATUS(plx_model_load(f.context, at("m.plexus"), &loaded, NULL), PLX_OK);
    if (loaded) check_all_ways(loaded);
    plx_model_free(loaded);
    fixture_free(&f);
    home_remove();
}

static void test_scoring_needs_no_groups(void)
{
    fixture f;
    static float with[2 * ROWS], without[2 * ROWS], served[2 * ROWS];
    plx_dataset *dataset = NULL;
    plx_predictor *predictor = NULL;
    plx_error failure = {.message = ""};
    plx_metrics metrics[2];
    home_make();
    write_csv("rows.csv", "user");
    write_csv("bare.csv", "elsewhere");
    const char *paths[] = {at("bare.csv")}, *whole[] = {at("rows.csv")};
    if (!fixture_ready(&f, NULL, text_with("  group: user\n", "", ""))) return;
    REQUIRE(plx_dataset_read(f.model, FILES(whole, 1), true, &dataset, &failure) == PLX_OK);
    CHECK_STATUS(plx_model_predict(f.model, INTO(dataset, with), NULL, NULL), PLX_OK);
    plx_dataset_free(dataset);
    REQUIRE(plx_dataset_read(f.model, FILES(paths, 1), false, &dataset, &failure) == PLX_OK);
    CHECK_STATUS(plx_model_predict(f.model, INTO(dataset, without), NULL, NULL), PLX_OK);
    plx_dataset_free(dataset);
    const plx_column column = {.name = "hour", .numbers = hours};
    REQUIRE(plx_predictor_create(f.model, &predictor, NULL) == PLX_OK);
    CHECK_STATUS(plx_predictor_score(predictor, &column, 1, ROWS, served, NULL), PLX_OK);
    plx_predictor_free(predictor);
    CHECK(memcmp(with, without, sizeof with) == 0 && memcmp(with, served, sizeof with) == 0);
    /* Evaluation reports it, for files and for memory. */
    CHECK_STATUS(plx_dataset_read(f.model, FILES(paths, 1), true, &dataset, &failure), PLX_ERR_SCHEMA);
    CHECK_TEXT(failure.message, "no column 'user'");
    CHECK_STATUS(dataset_in_memory(f.model, false, true, &dataset, &failure), PLX_ERR_SCHEMA);
    CHECK_TEXT(failure.message, "'user'");
    REQUIRE(dataset_in_memory(f.model, false, false, &dataset, &failure) == PLX_OK);
    plx_dataset_free(dataset);
    fixture_free(&f);
    /* Without data.group there is no such metric. */
    if (!fixture_ready(&f, NULL, text_with("", "", ""))) return;
    CHECK_STATUS(plx_model_evaluate(f.model, PART(f.data, PLX_PART_VALIDATION), metrics, NULL, NULL), PLX_OK);
    CHECK(metrics[0].groups == 0 && isnan(METRIC(metrics[0], group_auc)) && isfinite(METRIC(metrics[0], auc)));
    fixture_free(&f);
    home_remove();
}

static void test_a_feature_may_be_the_group(void)
{
    fixture f;
    plx_metrics metrics[2];
    home_make();
    write_csv("rows.csv", "user");
    if (!fixture_ready(&f, NULL, text_with("  group: user\n", "  - {kind: sparse, name: user}\n", ""))) return;
    CHECK_STATUS(plx_model_train(f.model, f.data, NULL, NULL, NULL), PLX_OK);
    CHECK_STATUS(plx_model_evaluate(f.model, PART(f.data, PLX_PART_VALIDATION), metrics, NULL, NULL), PLX_OK);
    CHECK(isfinite(METRIC(metrics[0], group_auc)));
    fixture_free(&f);
    home_remove();
}

static void test_rows_of_another_encoding(void)
{
    fixture f, g;
    plx_error failure = {.message = ""};
    home_make();
    write_csv("rows.csv", "user");
    if (!fixture_ready(&f, NULL, text_with("  group: user\n", "", ""))) return;
    if (!fixture_ready(&g, NULL, text_with("", "", ""))) return;
    CHECK_STATUS(plx_model_train(f.model, g.data, NULL, NULL, &failure), PLX_ERR_SCHEMA);
    CHECK_STATUS(plx_model_train(g.model, f.data, NULL, NULL, &failure), PLX_ERR_SCHEMA);
    fixture_free(&f);
    fixture_free(&g);
    home_remove();
}

static void test_mistakes(void)
{
    fixture f;
    plx_error failure = {.message = ""};
    home_make();
    write_csv("rows.csv", "user");
    CHECK_STATUS(fixture_make(&f, NULL, text_with("  group: usr\n", "", ""), &failure), PLX_ERR_SCHEMA);
    CHECK_TEXT(failure.message, "no column 'usr'; did you mean 'user'?");
    CHECK_STATUS(
        fixture_make(&f, NULL, text_with("  group: usr\n  columns: [user, hour, click, other]\n", "", ""), &failure),
        PLX_ERR_FORMAT);
    CHECK_TEXT(failure.message, "test.yaml:4:10: column 'usr' is not in data.columns; did you mean 'user'?");
    CHECK_STATUS(fixture_make(&f, NULL, text_with("", "", "  monitor: click.group_auc\n"), &failure), PLX_ERR_FORMAT);
    CHECK_TEXT(failure.message, "group_auc needs data.group");
    home_remove();
}

static void test_the_hash_is_as_documented(void)
{
    /* xxh64 with seed 0, from published test vectors. */
    CHECK(plx_group_hash((plx_slice){"a", 1}) == UINT64_C(0xd24ec4f1a98c6e5b));
    CHECK(plx_group_hash((plx_slice){"abc", 3}) == UINT64_C(0x44bc2cf5ad770999));
    CHECK(plx_group_hash((plx_slice){"", 0}) == 0);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_from_rows_to_plot),
        CHECK_TEST(test_scoring_needs_no_groups),
        CHECK_TEST(test_a_feature_may_be_the_group),
        CHECK_TEST(test_rows_of_another_encoding),
        CHECK_TEST(test_mistakes),
        CHECK_TEST(test_the_hash_is_as_documented),
    };
    make_rows();
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
