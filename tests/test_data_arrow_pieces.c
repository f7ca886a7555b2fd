/* SPDX-License-Identifier: Apache-2.0 */
/* A stream of record batches read by several threads: the rows, errors and warnings of one thread. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "data/arrow_read.h"
#include "data/encoders.h"
#include "same_columns.h"

enum { N_COLUMNS = 3, N_BATCHES = 7, ROWS_MAX = 40 };

static const int64_t batch_rows[N_BATCHES] = {5, 0, 7, 1, 12, 3, 6};

/** Columns id, age and sold in batches, each in memory of its own, which it releases. */
typedef struct source {
    double ids[ROWS_MAX], ages[ROWS_MAX];
    int64_t labels[ROWS_MAX];
    int fails_at; /* the batch that cannot be read; -1: none */
    int next, n_alive;
    int64_t row;
    struct ArrowSchema schemas[N_COLUMNS], *children[N_COLUMNS];
} source;

typedef struct made_batch {
    struct ArrowArray arrays[N_COLUMNS], *children[N_COLUMNS];
    const void *buffers[N_COLUMNS][2];
    double ids[ROWS_MAX], ages[ROWS_MAX];
    int64_t labels[ROWS_MAX];
    source *from;
} made_batch;

static void release_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void release_batch(struct ArrowArray *array)
{
    made_batch *made = array->private_data;
    __atomic_fetch_sub(&made->from->n_alive, 1, __ATOMIC_SEQ_CST);
    free(made);
    array->release = NULL;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    static const char *const names[] = {"id", "age", "sold"}, *const formats[] = {"g", "g", "l"};
    source *s = stream->private_data;
    for (int i = 0; i < N_COLUMNS; i++) {
        s->schemas[i] = (struct ArrowSchema){.format = formats[i], .name = names[i]};
        s->children[i] = &s->schemas[i];
    }
    *out = (struct ArrowSchema){
        .format = "+s", .n_children = N_COLUMNS, .children = s->children, .release = release_schema};
    return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    source *s = stream->private_data;
    *out = (struct ArrowArray){0};
    if (s->next == s->fails_at) return EIO;
    if (s->next == N_BATCHES) return 0;
    made_batch *made = calloc(1, sizeof *made);
    if (!made) return ENOMEM;
    const int64_t n = batch_rows[s->next++];
    memcpy(made->ids, s->ids + s->row, (size_t)n * sizeof *made->ids);
    memcpy(made->ages, s->ages + s->row, (size_t)n * sizeof *made->ages);
    memcpy(made->labels, s->labels + s->row, (size_t)n * sizeof *made->labels);
    const void *const numbers[] = {made->ids, made->ages, made->labels};
    for (int i = 0; i < N_COLUMNS; i++) {
        made->buffers[i][1] = numbers[i];
        made->arrays[i] = (struct ArrowArray){.length = n, .n_buffers = 2, .buffers = made->buffers[i]};
        made->children[i] = &made->arrays[i];
    }
    made->from = s;
    s->row += n;
    __atomic_fetch_add(&s->n_alive, 1, __ATOMIC_SEQ_CST);
    *out = (struct ArrowArray){.length = n,
                               .n_children = N_COLUMNS,
                               .children = made->children,
                               .release = release_batch,
                               .private_data = made};
    return 0;
}

static void release_stream(struct ArrowArrayStream *stream)
{
    stream->release = NULL;
}

static source make_source(void)
{
    source s = {.fails_at = -1};
    for (int i = 0; i < ROWS_MAX; i++) {
        s.ids[i] = (i * 5) % 11;
        s.ages[i] = i * 0.25;
        s.labels[i] = i % 2;
    }
    return s;
}

/** What a reading leaves. */
typedef struct result {
    plx_encoders *encoders;
    plx_columns columns;
    plx_read_report wrong;
    int n_warnings;
    char warning[200];
    plx_status status;
    plx_error error;
} result;

static void keep_warning(void *user, const char *line)
{
    result *r = user;
    r->n_warnings++;
    snprintf(r->warning, sizeof r->warning, "%s", line);
}

static plx_encoders *make_encoders(int max_errors)
{
    static char *train[] = {"x.csv"};
    plx_feature_spec features[] = {
        {.name = "id", .kind = PLX_FEATURE_SPARSE, .embedding_dim = 2, .missing = NAN},
        {.name = "age", .kind = PLX_FEATURE_DENSE, .missing = NAN},
    };
    plx_task_spec task = {.name = "sold", .kind = PLX_TASK_BINARY, .weight = 1};
    plx_table_spec spec = {.data = {.train = {train, 1},
                                    .delimiter = ",",
                                    .quote = "\"",
                                    .header = true,
                                    .comment = "",
                                    .trim = true,
                                    .on_error = max_errors ? PLX_ON_ERROR_SKIP : PLX_ON_ERROR_STOP,
                                    .max_errors = max_errors},
                           .features = features,
                           .n_features = 2,
                           .tasks = &task,
                           .n_tasks = 1};
    plx_encoders *out = NULL;
    plx_error error = {.message = ""};
    if (plx_encoders_create(&plx_allocator_default, &spec, &out, &error) != PLX_OK) printf("  %s\n", error.message);
    return out;
}

/* By several threads if piece_rows > 0; at most `most` rows at a time. */
static void read_by(result *r, const source *given, int max_errors, int threads, size_t piece_rows, size_t most)
{
    source s = *given;
    struct ArrowArrayStream stream = {
        .get_schema = get_schema, .get_next = get_next, .release = release_stream, .private_data = &s};
    plx_arrow_reader *reader = NULL;
    bool more = true;
    *r = (result){.encoders = make_encoders(max_errors)};
    REQUIRE(r->encoders && plx_encoders_raw(r->encoders, true, &r->columns, NULL) == PLX_OK);
    const plx_filling to = {.encoders = r->encoders,
                            .columns = &r->columns,
                            .with_labels = true,
                            .wrong = &r->wrong,
                            .listener = {keep_warning, r}};
    r->status = plx_arrow_reader_open(&to, &stream, "table", &reader, &r->error);
    if (piece_rows) plx_arrow_reader_share(reader, &(plx_parallel){.threads = threads}, piece_rows);
    while (!r->status && more)
        r->status = plx_arrow_reader_rows(reader, most, &more, &r->error);
    plx_arrow_reader_close(reader);
    CHECK(s.n_alive == 0);
}

static void result_release(result *r)
{
    plx_columns_release(&r->columns);
    plx_encoders_release(r->encoders);
}

static bool same_result(const result *a, const result *b)
{
    if (a->status != b->status || !same_wrong(&a->wrong, &b->wrong)) return false;
    if (a->n_warnings != b->n_warnings || strcmp(a->warning, b->warning) != 0) return false;
    if (a->status) return strcmp(a->error.message, b->error.message) == 0;
    bool is_same = a->columns.n == b->columns.n;
    for (int i = 0; is_same && i < a->columns.n_items; i++)
        is_same = same_column(&a->columns.items[i], &b->columns.items[i], a->columns.n);
    return is_same;
}

/* The result of one thread is returned; the caller releases it. */
static result check_threads(const source *s, int max_errors)
{
    result one;
    read_by(&one, s, max_errors, 1, 0, SIZE_MAX);
    for (int threads = 2; threads <= 8; threads += threads) {
        for (size_t piece_rows = 1; piece_rows <= 6; piece_rows++) {
            for (size_t most = 1; most <= 64; most *= 8) {
                result many;
                read_by(&many, s, max_errors, threads, piece_rows, most);
                const bool is_same = same_result(&one, &many);
                CHECK(is_same);
                if (!is_same) printf("  %d threads, pieces of %zu, at most %zu\n", threads, piece_rows, most);
                result_release(&many);
            }
        }
    }
    return one;
}

static void test_rows(void)
{
    const source s = make_source();
    result one = check_threads(&s, 0);
    CHECK(one.status == PLX_OK && one.columns.n == 34 && one.n_warnings == 0);
    result_release(&one);
}

static void test_errors(void)
{
    for (int row = 0; row < 34; row += 3) {
        char place[40];
        source s = make_source();
        s.labels[row] = 7;
        result one = check_threads(&s, 0);
        snprintf(place, sizeof place, "table, row %d:", row + 1);
        CHECK(one.status == PLX_ERR_SCHEMA);
        CHECK_TEXT(one.error.message, place);
        result_release(&one);
    }
}

static void test_skipped_rows(void)
{
    source s = make_source();
    s.labels[4] = s.labels[13] = s.labels[14] = 7;
    s.ids[13] = 1000; /* no category of its own: the row is skipped */
    result few = check_threads(&s, 3), many = check_threads(&s, 2);
    CHECK(few.status == PLX_OK && few.columns.n == 31 && few.wrong.wrong_rows == 3);
    CHECK(few.wrong.wrong_row[1].row == 14);
    CHECK(many.status == PLX_ERR_SCHEMA);
    result_release(&few);
    result_release(&many);
}

static void test_warnings(void)
{
    source s = make_source();
    s.ids[8] = 0x1p54;
    s.ids[20] = s.ids[33] = 0x1p55;
    result one = check_threads(&s, 0);
    CHECK(one.status == PLX_OK && one.n_warnings == 1);
    CHECK_TEXT(one.warning, "column 'id' holds floats beyond 2^53");
    result_release(&one);
}

static void test_failing_streams(void)
{
    for (int batch = 0; batch < N_BATCHES; batch++) {
        source s = make_source();
        s.fails_at = batch;
        result one = check_threads(&s, 0);
        CHECK(one.status == PLX_ERR_IO);
        result_release(&one);
    }
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_rows), CHECK_TEST(test_errors), CHECK_TEST(test_skipped_rows),
                                       CHECK_TEST(test_warnings), CHECK_TEST(test_failing_streams)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
