/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of any size through plexus.h, predicted and evaluated in blocks of rows: the bits of all rows together. */
#include "api_support.h"
#include "failing_allocator.h"
#include "plexus_arrow.h"

enum { BATCH = 30000, BATCHES = 3, ROWS = BATCH * BATCHES, COLUMNS = 5 }; /* more than one chunk of the reader */

static const char *const names[COLUMNS] = {"city", "job", "age", "click", "buy"};
static int32_t codes[BATCH], ends[BATCH + 1];
static double ages[BATCH];
static char words[3 * BATCH];
static float at_once[2 * ROWS], taken[2 * ROWS];

typedef struct table {
    int rows, batches, handed;
    struct ArrowSchema schemas[COLUMNS], *schema_list[COLUMNS];
    struct ArrowArray arrays[COLUMNS], *array_list[COLUMNS];
    const void *buffers[COLUMNS][3];
} table;

static void keep_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void keep_array(struct ArrowArray *array)
{
    array->release = NULL;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    table *t = stream->private_data;
    *out =
        (struct ArrowSchema){.format = "+s", .n_children = COLUMNS, .children = t->schema_list, .release = keep_schema};
    return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    static const void *no_nulls[1];
    table *t = stream->private_data;
    *out = (struct ArrowArray){0};
    if (t->handed++ >= t->batches) return 0;
    *out = (struct ArrowArray){.length = t->rows,
                               .n_buffers = 1,
                               .buffers = no_nulls,
                               .n_children = COLUMNS,
                               .children = t->array_list,
                               .release = keep_array};
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return NULL;
}

static void release(struct ArrowArrayStream *stream)
{
    stream->release = NULL;
}

/* Cities and jobs are small integers, labels 0 and 1, and "yes" and "no". */
static struct ArrowArrayStream open_table(table *t, int rows, int batches)
{
    *t = (table){.rows = rows, .batches = batches};
    for (int i = 0; i < BATCH; i++) {
        codes[i] = i * 7919 % 2;
        ages[i] = (double)(i * 7919 % 997) / 10;
        memcpy(words + ends[i], i % 3 ? "no" : "yes", i % 3 ? 2 : 3);
        ends[i + 1] = ends[i] + (i % 3 ? 2 : 3);
    }
    for (int i = 0; i < COLUMNS; i++) {
        const bool is_age = i == 2, is_text = i == 4;
        t->schemas[i] = (struct ArrowSchema){.format = is_text ? "u" : is_age ? "g" : "i", .name = names[i]};
        t->buffers[i][1] = is_text ? (const void *)ends : is_age ? (const void *)ages : (const void *)codes;
        t->buffers[i][2] = words;
        t->arrays[i] = (struct ArrowArray){.length = rows, .n_buffers = is_text ? 3 : 2, .buffers = t->buffers[i]};
        t->schema_list[i] = &t->schemas[i];
        t->array_list[i] = &t->arrays[i];
    }
    return (struct ArrowArrayStream){get_schema, get_next, get_last_error, release, t};
}

static bool take(void *user, const plx_scored_rows *rows)
{
    int64_t *n = user;
    if (*n + rows->rows > ROWS) return false;
    memcpy(taken + 2 * *n, rows->scores, (size_t)rows->rows * 2 * sizeof *rows->scores);
    *n += rows->rows;
    return true;
}

static bool end(void *user, const plx_scored_rows *rows)
{
    (void)user, (void)rows;
    return false;
}

static const char *sample_text(void)
{
    write_rows("rows.csv", 300, 1);
    return config_text("mmoe", "  num_experts: 2\n  expert_dnn_units: [4]\n", "");
}

static void test_the_bits_of_all_rows_together(void)
{
    static table t;
    fixture f;
    plx_error err;
    plx_dataset *dataset = NULL;
    plx_metrics once[2], streamed[2], weighted[2];
    int64_t n = 0;
    if (!fixture_ready(&f, NULL, sample_text())) return;
    struct ArrowArrayStream stream = open_table(&t, BATCH, BATCHES);
    CHECK_STATUS(plx_dataset_read(f.model, STREAM(&stream), true, &dataset, &err), PLX_OK);
    REQUIRE(dataset && plx_dataset_report(dataset)->rows == ROWS);
    CHECK_STATUS(plx_model_predict(f.model, INTO(dataset, at_once), NULL, &err), PLX_OK);
    CHECK_STATUS(plx_model_evaluate(f.model, DATASET(dataset), once, NULL, &err), PLX_OK);
    stream = open_table(&t, BATCH, BATCHES);
    CHECK_STATUS(plx_model_predict(f.model, BY(STREAM(&stream), take, &n), NULL, &err), PLX_OK);
    CHECK(n == ROWS && memcmp(taken, at_once, sizeof taken) == 0);
    stream = open_table(&t, BATCH, BATCHES);
    CHECK_STATUS(plx_model_evaluate(f.model, SOURCE(STREAM(&stream)), streamed, NULL, &err), PLX_OK);
    stream = open_table(&t, BATCH, BATCHES);
    CHECK_STATUS(plx_model_evaluate(f.model, WEIGHTED(.source = STREAM(&stream)), weighted, NULL, &err), PLX_OK);
    for (int task = 0; task < 2; task++) {
        CHECK(streamed[task].rows == ROWS && METRIC(streamed[task], auc) == METRIC(once[task], auc));
        CHECK(METRIC(weighted[task], logloss) == METRIC(once[task], logloss)); /* these rows have no weights */
    }
    stream = open_table(&t, BATCH, BATCHES);
    CHECK_STATUS(plx_model_predict(f.model, BY(STREAM(&stream), end, NULL), NULL, &err), PLX_ERR_ARGUMENT);
    CHECK_STATUS(plx_model_predict(f.model, BY(STREAM(NULL), take, &n), NULL, &err), PLX_ERR_ARGUMENT);
    stream = open_table(&t, BATCH, 0);
    CHECK_STATUS(plx_model_evaluate(f.model, SOURCE(STREAM(&stream)), once, NULL, &err), PLX_ERR_SCHEMA);
    plx_dataset_free(dataset);
    fixture_free(&f);
}

static void test_memory_ends(void)
{
    static table t;
    bool ended = false;
    char text[2048];
    snprintf(text, sizeof text, "%s", sample_text());
    for (long n = 1; n < 20000 && !ended && check_failures == 0; n += 1 + n / 400) {
        fixture f;
        failing_allocator failing;
        plx_metrics metrics[2];
        int64_t n_taken = 0;
        failing_allocator_init(&failing, n);
        const plx_context_options options = {.size = sizeof options, .threads = 1, .allocator = &failing.allocator};
        plx_status status = fixture_make(&f, &options, text, NULL);
        struct ArrowArrayStream stream = open_table(&t, 90, 2);
        if (!status) status = plx_model_predict(f.model, BY(STREAM(&stream), take, &n_taken), NULL, NULL);
        stream = open_table(&t, 90, 2);
        if (!status) status = plx_model_evaluate(f.model, WEIGHTED(.source = STREAM(&stream)), metrics, NULL, NULL);
        fixture_free(&f);
        ended = !failing.failed;
        CHECK(failing.live == 0);
        CHECK_STATUS(status, ended ? PLX_OK : PLX_ERR_MEMORY);
    }
    CHECK(ended);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_the_bits_of_all_rows_together), CHECK_TEST(test_memory_ends)};
    home_make();
    int code = check_main(argc, argv, tests, sizeof tests / sizeof *tests);
    home_remove();
    return code;
}
