/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists, hashes and shared tables through plexus.h, from a configuration to a model file. Files and columns in memory
 * give the same scores, for many rows and for one. Model files that claim too much.
 */
#include "api_support.h"
#include "base/alloc.h"
#include "store/model_file.h"

enum { ROWS = 400, ITEMS = 40, OUTPUTS = 2 };

static const char config[] =
    "data: {train: [rows.csv], validation_part: 0.2, test_part: 0.2}\n"
    "features:\n"
    "  - {kind: list, name: history, max_length: 6, keep: last, embedding_name: item, embedding_dim: auto,\n"
    "     combiner: attention, attention_on: item, min_count: 2}\n"
    "  - {kind: list, name: rated, column: history, weight_column: stars, max_length: 8, normalize_weights: true}\n"
    "  - {kind: list, name: best, column: history, combiner: max, hash_buckets: 60, max_length: 4}\n"
    "  - {kind: list, name: tags, separator: ' ', weight_separator: ':', combiner: sum, max_size: 3}\n"
    "  - {kind: sparse, name: item, embedding_dim: auto, min_count: 2}\n"
    "  - {kind: sparse, name: user, hash_buckets: 16, embedding_dim: 3}\n"
    "  - {kind: sparse, name: shop, vocabulary_file: shops.txt}\n"
    "tasks: [{name: click}, {name: buy}]\n"
    "model: {name: mmoe, num_experts: 2, expert_dnn_units: [8]}\n"
    "train: {epochs: 3, batch_size: 32, learning_rate: 0.02}\n";

typedef struct raw_rows {
    char history[ROWS][128], stars[ROWS][64], tags[ROWS][64], item[ROWS][8], shop[ROWS][8];
    double user[ROWS];
    const char *texts[5][ROWS];
} raw_rows;

static unsigned draw(unsigned *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* The same rows in memory and, with labels, as rows.csv. */
static void make_rows(raw_rows *r)
{
    static const char *const tags[] = {"a:1", "b:0.5", "c:2", "d:-1"};
    unsigned seed = 5;
    FILE *file = fopen(at("rows.csv"), "wb");
    if (!file) abort();
    fprintf(file, "history,stars,tags,item,user,shop,click,buy\n");
    for (int i = 0; i < ROWS; i++) {
        const unsigned n = draw(&seed) % 10, item = draw(&seed) % ITEMS;
        char *history = r->history[i], *stars = r->stars[i], *tag = r->tags[i];
        bool is_there = false;
        *history = *stars = *tag = '\0';
        for (unsigned k = 0; k < n; k++) {
            const unsigned past = draw(&seed) % ITEMS;
            is_there |= past == item;
            history += sprintf(history, "%si%u", k ? "|" : "", past);
            stars += sprintf(stars, "%s%u", k ? "|" : "", draw(&seed) % 5);
        }
        for (unsigned k = 0; k < n % 3; k++)
            tag += sprintf(tag, "%s%s", k ? " " : "", tags[draw(&seed) % 4]);
        sprintf(r->item[i], "i%u", item);
        sprintf(r->shop[i], "s%u", draw(&seed) % 5);
        r->user[i] = draw(&seed) % 30;
        fprintf(file, "%s,%s,%s,%s,%g,%s,%d,%d\n", r->history[i], r->stars[i], r->tags[i], r->item[i], r->user[i],
                r->shop[i], is_there, n > 4);
        const char *const texts[] = {r->history[i], r->stars[i], r->tags[i], r->item[i], r->shop[i]};
        for (int k = 0; k < 5; k++)
            r->texts[k][i] = texts[k];
    }
    fclose(file);
    write_text("shops.txt", "s3\ns1\nsomewhere else\ns0\n");
}

static void list_columns(const raw_rows *r, int first, plx_column columns[6])
{
    static const char *const names[] = {"history", "stars", "tags", "item", "shop"};
    for (int k = 0; k < 5; k++)
        columns[k] = (plx_column){.name = names[k], .texts = r->texts[k] + first};
    columns[5] = (plx_column){.name = "user", .numbers = r->user + first};
}

static bool train_on_lists(fixture *f)
{
    plx_error failure;
    if (!fixture_ready(f, NULL, config)) return false;
    CHECK_STATUS(plx_model_train(f->model, f->data, NULL, NULL, &failure), PLX_OK);
    return true;
}

static void test_scores_agree(void)
{
    static raw_rows r;
    static float scores[ROWS][OUTPUTS], others[ROWS][OUTPUTS];
    fixture f;
    plx_model *model = NULL;
    plx_dataset *dataset = NULL;
    plx_predictor *predictor = NULL;
    plx_error failure = {.message = ""};
    plx_column columns[6];
    make_rows(&r);
    REQUIRE(train_on_lists(&f));
    CHECK_STATUS(plx_model_save(f.model, at("lists.plexus"), &failure), PLX_OK);
    CHECK_STATUS(plx_model_load(f.context, at("lists.plexus"), &model, &failure), PLX_OK);
    CHECK_TEXT("", failure.message);
    REQUIRE(model);
    CHECK_STATUS(plx_model_save(model, at("again.plexus"), &failure), PLX_OK);
    CHECK(files_equal("lists.plexus", "again.plexus"));
    const char *const paths[] = {at("rows.csv")};
    CHECK_STATUS(plx_dataset_read(f.model, FILES(paths, 1), false, &dataset, &failure), PLX_OK);
    REQUIRE(plx_dataset_report(dataset)->rows == ROWS);
    CHECK_STATUS(plx_model_predict(f.model, INTO(dataset, scores[0]), NULL, &failure), PLX_OK);
    plx_dataset_free(dataset);
    list_columns(&r, 0, columns);
    CHECK_STATUS(plx_dataset_read(model, COLUMNS(columns, 6, ROWS), false, &dataset, &failure), PLX_OK);
    CHECK_STATUS(plx_model_predict(model, INTO(dataset, others[0]), NULL, &failure), PLX_OK);
    CHECK(memcmp(scores, others, sizeof scores) == 0);
    plx_dataset_free(dataset);
    CHECK_STATUS(plx_predictor_create(model, &predictor, &failure), PLX_OK);
    memset(others, 0, sizeof others);
    for (int i = 0; i < ROWS; i++) {
        list_columns(&r, i, columns);
        CHECK_STATUS(plx_predictor_score(predictor, columns, 6, 1, others[i], &failure), PLX_OK);
    }
    CHECK(memcmp(scores, others, sizeof scores) == 0);
    plx_predictor_free(predictor);
    plx_model_free(model);
    fixture_free(&f);
}

static void check_shape(const plx_model *model, const char *wanted, int64_t rows, int64_t cols)
{
    const char *name = NULL;
    int64_t shape[3] = {0};
    for (int i = 0; read_parameter(model, i, &name, shape, NULL) == PLX_OK; i++)
        if (strcmp(name, wanted) == 0) break;
    CHECK_TEXT(name, wanted);
    CHECK(shape[1] == rows && shape[2] == cols);
}

static void test_tables(void)
{
    static raw_rows r;
    fixture f;
    char *text = NULL;
    make_rows(&r);
    REQUIRE(fixture_ready(&f, NULL, config));
    check_shape(f.model, "embedding/item/table", ITEMS + 1, 12); /* 6 * floor(40^0.25) */
    check_shape(f.model, "embedding/user/table", 17, 3);
    check_shape(f.model, "embedding/best/table", 61, 4);
    check_shape(f.model, "embedding/tags/table", 4, 4);
    check_shape(f.model, "embedding/shop/table", 5, 4);
    CHECK_STATUS(plx_model_describe(f.model, PLX_DESCRIPTION_LAYERS, &text, NULL), PLX_OK);
    CHECK_TEXT(text, "features: 3 sparse with 63 categories, 4 lists with ");
    plx_text_free(f.context, text);
    fixture_free(&f);
}

/* Copies the file `from` to `to` with `old` in its configuration replaced. */
static void change_config(const char *from, const char *old, const char *new_text, const char *to)
{
    plx_model_file file;
    plx_error failure = {.message = ""};
    plx_meta meta[8];
    char changed[8192] = "";
    int n = 0;
    REQUIRE(plx_model_file_read(&file, at(from), &plx_allocator_default, &failure) == PLX_OK);
    for (int i = 0; i < file.n_meta && n < 8; i++) {
        if (strcmp(file.meta[i].key, "config") != 0 && strcmp(file.meta[i].key, "plexus_version") != 0) continue;
        meta[n] = file.meta[i];
        if (strcmp(meta[n].key, "config") == 0) {
            const char *place = strstr(meta[n].value, old);
            REQUIRE(place);
            snprintf(changed, sizeof changed, "%.*s%s%s", (int)(place - meta[n].value), meta[n].value, new_text,
                     place + strlen(old));
            meta[n].value = changed;
        }
        n++;
    }
    CHECK_STATUS(plx_model_file_write(at(to), &plx_allocator_default, file.tensors, file.n_tensors, meta, n, &failure),
                 PLX_OK);
    plx_model_file_release(&file);
}

/* A table of seven hundred million rows would need 8 GB. */
static void test_files_with_too_large_sizes(void)
{
    static raw_rows r;
    static const struct {
        const char *old, *new_text, *message;
    } cases[] = {
        {"hash_buckets: 16", "hash_buckets: 700000000", "tensor 'embedding/user/table' does not have the shape"},
        {"hash_buckets: 60", "hash_buckets: 61", "tensor 'embedding/best/table' does not have the shape"},
        {"hash_buckets: 16", "hash_buckets: 0", "tensor 'vocabulary/user/bytes' is missing"},
        {"hash_buckets: 16", "hash_buckets: 3", "the most frequent value of 'user' is not in its vocabulary"},
        {"max_length: 8", "max_length: 0", "max_length"},
        {"embedding_name: item", "embedding_name: \"\"", "tensor 'vocabulary/history/bytes' is missing"},
        {"attention_on: item", "attention_on: itme", "'attention_on' names no sparse feature: 'itme'"},
    };
    fixture f;
    plx_model *model = NULL;
    plx_error failure;
    make_rows(&r);
    REQUIRE(train_on_lists(&f));
    CHECK_STATUS(plx_model_save(f.model, at("lists.plexus"), &failure), PLX_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        change_config("lists.plexus", cases[i].old, cases[i].new_text, "wrong.plexus");
        failure.message[0] = '\0';
        CHECK_STATUS(plx_model_load(f.context, at("wrong.plexus"), &model, &failure), PLX_ERR_FORMAT);
        CHECK_TEXT(failure.message, cases[i].message);
        CHECK(!model);
    }
    fixture_free(&f);
}

/* A change of the network alone needs no new data; a change of ids does. */
static void test_other_options(void)
{
    static raw_rows r;
    static const struct {
        const char *key, *value;
        plx_status status;
    } cases[] = {{"features.tags.combiner", "mean", PLX_OK},
                 {"features.user.embedding_dim", "auto", PLX_OK},
                 {"features.rated.normalize_weights", "false", PLX_ERR_SCHEMA},
                 {"features.user.hash_buckets", "17", PLX_ERR_SCHEMA},
                 {"features.history.keep", "first", PLX_ERR_SCHEMA},
                 {"features.tags.max_size", "2", PLX_ERR_SCHEMA}};
    fixture f;
    make_rows(&r);
    REQUIRE(fixture_ready(&f, NULL, config));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        plx_config *other = NULL;
        plx_model *model = NULL;
        plx_error failure = {.message = ""};
        char assignment[100];
        REQUIRE(plx_config_parse(f.context, config, strlen(config), "test.yaml", &other, &failure) == PLX_OK);
        snprintf(assignment, sizeof assignment, "%s=%s", cases[i].key, cases[i].value);
        CHECK_STATUS(plx_config_set(other, assignment, &failure), PLX_OK);
        CHECK_STATUS(plx_model_create(other, f.data, &model, &failure), cases[i].status);
        plx_model_free(model);
        plx_config_free(other);
    }
    fixture_free(&f);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_scores_agree), CHECK_TEST(test_tables),
                                       CHECK_TEST(test_files_with_too_large_sizes), CHECK_TEST(test_other_options)};
    home_make();
    int failed = check_main(argc, argv, tests, sizeof tests / sizeof *tests);
    home_remove();
    return failed;
}
