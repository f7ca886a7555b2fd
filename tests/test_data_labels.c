/* SPDX-License-Identifier: Apache-2.0 */
/* Labels and weights from files and from memory: what lacks, what counts, what is refused and where. */
#include "check.h"

#include <float.h>

#include "data_support.h"

enum { N_TASKS = 2 };

static plx_status load_text(loaded *l, const char *text, const plx_table_spec *spec)
{
    folder f = folder_make();
    write_text(&f, "train.csv", text);
    plx_status status = load_spec(l, &f, spec);
    folder_remove(&f);
    return status;
}

static void check_fails(const char *text, const plx_table_spec *spec, plx_status status, const char *message)
{
    loaded l;
    CHECK_STATUS(load_text(&l, text, spec), status);
    CHECK(!l.encoders);
    CHECK_TEXT(l.error.message, message);
    loaded_release(&l);
}

static float weight_at(const plx_rows *rows, size_t row, int task)
{
    float weight;
    plx_records_weights(rows->layout, rows->records + row * rows->layout->record_bytes, 1, task, &weight);
    return weight;
}

/* Labels of a task in the training rows; NaN in `expected`: none. */
static void check_labels(const loaded *l, int task, const float *expected, size_t n)
{
    REQUIRE(l->parts[0].n == n);
    for (size_t i = 0; i < n; i++) {
        const float label = label_at(&l->parts[0], i, task);
        CHECK(isnan(expected[i]) ? isnan(label) : label >= expected[i] && label <= expected[i]);
    }
}

static void check_weights(const loaded *l, int task, const float *expected, size_t n)
{
    for (size_t i = 0; i < n; i++)
        CHECK_CLOSE(weight_at(&l->parts[0], i, task), (double)expected[i], 0);
}

/* -- What lacks ---------------------------------------------------------------------------------------------------- */

static void test_missing_labels(void)
{
    static const float expected[] = {1, NAN, 0}, number[] = {2.5F, NAN, NAN};
    small_spec s;
    loaded l;
    REQUIRE(load_text(&l, "color,size,sold\na,1,1\na,1,\na,1,0\n", small_spec_init(&s)) == PLX_OK);
    check_labels(&l, 0, expected, 3);
    CHECK(!l.parts[0].has_all_labels && !l.parts[0].layout->has_weights);
    loaded_release(&l);
    REQUIRE(load_text(&l, "color,size,sold\na,1,1\na,1,0\n", &s.spec) == PLX_OK);
    CHECK(l.parts[0].has_all_labels);
    loaded_release(&l);
    s.tasks[0].kind = PLX_TASK_REGRESSION;
    s.spec.data.missing = (plx_text_list)LIST("?");
    REQUIRE(load_text(&l, "color,size,sold\na,1,2.5\na,1,\na,1,?\n", &s.spec) == PLX_OK);
    check_labels(&l, 0, number, 3);
    loaded_release(&l);
}

static void test_rows_are_counted(void)
{
    small_spec s;
    loaded l;
    int64_t counts[N_TASKS];
    static const uint32_t order[] = {3, 1, 0, 2};
    small_spec_init(&s);
    s.tasks[1] = (plx_task_spec){.name = "kept", .kind = PLX_TASK_REGRESSION};
    s.spec.n_tasks = 2;
    REQUIRE(load_text(&l, "color,size,sold,kept\na,1,1,\na,1,,3\na,1,0,\na,1,1,2\n", &s.spec) == PLX_OK);
    plx_rows_count_labels(&l.parts[0], NULL, 0, 4, counts);
    CHECK(counts[0] == 3 && counts[1] == 2);
    plx_rows_count_labels(&l.parts[0], order, 0, 2, counts);
    CHECK(counts[0] == 1 && counts[1] == 2);
    plx_rows_count_labels(&l.parts[0], NULL, 2, 1, counts);
    CHECK(counts[0] == 1 && counts[1] == 0);
    loaded_release(&l);
}

/* -- Where tasks count --------------------------------------------------------------------------------------------- */

static void test_where(void)
{
    static const float click[] = {1, 0, 1, 0}, bought[] = {1, NAN, 0, NAN};
    static const char *const colors[] = {"a", "b"}, *const clicks[] = {"yes", "no"};
    static const double sizes[] = {1, 2}, buys[] = {1, 1};
    small_spec s;
    loaded l;
    uint8_t records[128];
    float labels[2];
    small_spec_init(&s);
    s.tasks[0] = (plx_task_spec){.name = "click", .positive = LIST("yes")};
    s.tasks[1] = (plx_task_spec){.name = "buy", .where = "click", .where_values = LIST("yes", "Yes")};
    s.spec.n_tasks = 2;
    REQUIRE(load_text(&l, "color,size,click,buy\na,1,yes,1\nb,1,no,1\na,1,yes,0\na,1,no,0\n", &s.spec) == PLX_OK);
    check_labels(&l, 0, click, 4);
    check_labels(&l, 1, bought, 4);
    plx_cells cells[] = {{.name = "color", .texts = colors},
                         {.name = "size", .numbers = sizes},
                         {.name = "buy", .numbers = buys},
                         {.name = "click", .texts = clicks}};
    CHECK_STATUS(plx_encoders_columns(l.encoders, cells, 4, 2, true, records, &l.error), PLX_OK);
    plx_records_labels(plx_encoders_layout(l.encoders), records, 2, 1, labels);
    CHECK(labels[0] == 1 && isnan(labels[1]));
    CHECK_STATUS(plx_encoders_columns(l.encoders, cells, 2, 2, false, records, &l.error), PLX_OK);
    loaded_release(&l);
    s.tasks[1].where = "clicks";
    check_fails("color,size,click,buy\na,1,yes,1\n", &s.spec, PLX_ERR_SCHEMA, "no column 'clicks'; did you mean");
    s.tasks[1].where = "";
    check_fails("color,size,click,buy\na,1,yes,1\n", &s.spec, PLX_ERR_ARGUMENT, "`where_values` without `where`");
}

/* -- Weights ---------------------------------------------------------------------------------------------------------
 */

static void test_weights(void)
{
    static const char text[] = "color,size,sold,kept,w,v\na,1,1,3,2,0.5\na,1,0,4,0.25,1\na,1,,5,3,0\n";
    static const float sold[] = {8, 0.5F, 3}, kept[] = {1, 0.25F, 0};
    small_spec s;
    loaded l;
    small_spec_init(&s);
    s.spec.data.row_weight = "w";
    s.tasks[0].class_weights = (plx_real_list){(double[]){2, 4}, 2};
    s.tasks[1] = (plx_task_spec){.name = "kept", .kind = PLX_TASK_REGRESSION, .weight_column = "v"};
    s.spec.n_tasks = 2;
    REQUIRE(load_text(&l, text, &s.spec) == PLX_OK);
    CHECK(l.parts[0].layout->has_weights);
    check_weights(&l, 0, sold, 3);
    check_weights(&l, 1, kept, 3);
    loaded_release(&l);
    check_fails("color,size,sold,kept,w,v\na,1,1,3,2,\n", &s.spec, PLX_ERR_SCHEMA,
                "train.csv:2:11: a missing number in column 'v', which holds weights of rows");
    check_fails("color,size,sold,kept,w,v\na,1,1,3,-2,1\n", &s.spec, PLX_ERR_SCHEMA,
                "train.csv:2:9: '-2' is negative; column 'w' holds weights of rows");
    check_fails("color,size,sold,kept,w,v\na,1,1,3,x,1\n", &s.spec, PLX_ERR_SCHEMA,
                "train.csv:2:9: 'x' is not a number; column 'w' holds weights of rows");
    s.tasks[0].class_weights.n = 1;
    check_fails(text, &s.spec, PLX_ERR_SCHEMA, "task 'sold' has 2 classes and 1 class_weights");
}

static void test_weights_in_memory(void)
{
    static const char text[] = "color,size,sold,w\na,1,1,2\na,1,0,1\n";
    static const char *const colors[] = {"a", "a"}, *const labels[] = {"1", ""}, *const wrong[] = {"1", "-1"};
    static const double sizes[] = {1, 2}, weights[] = {0.5, 7}, lacking[] = {1, NAN};
    small_spec s;
    loaded l;
    uint8_t records[128];
    float got[2];
    small_spec_init(&s);
    s.spec.data.row_weight = "w";
    REQUIRE(load_text(&l, text, &s.spec) == PLX_OK);
    const plx_layout *layout = plx_encoders_layout(l.encoders);
    plx_cells cells[] = {{.name = "color", .texts = colors},
                         {.name = "size", .numbers = sizes},
                         {.name = "sold", .texts = labels},
                         {.name = "w", .numbers = weights}};
    CHECK_STATUS(plx_encoders_columns(l.encoders, cells, 4, 2, true, records, &l.error), PLX_OK);
    plx_records_weights(layout, records, 2, 0, got);
    CHECK(got[0] == 0.5F && got[1] == 7);
    CHECK_STATUS(plx_encoders_columns(l.encoders, cells, 2, 2, false, records, &l.error), PLX_OK);
    plx_records_weights(layout, records, 2, 0, got);
    CHECK(got[0] == 1 && got[1] == 1);
    CHECK_STATUS(plx_encoders_columns(l.encoders, cells, 3, 2, true, records, &l.error), PLX_ERR_SCHEMA);
    CHECK_TEXT(l.error.message, "no column 'w' was given");
    cells[3].numbers = lacking;
    CHECK_STATUS(plx_encoders_columns(l.encoders, cells, 4, 2, true, records, &l.error), PLX_ERR_SCHEMA);
    CHECK_TEXT(l.error.message, "row 2: a missing number in column 'w', which holds weights");
    cells[3] = (plx_cells){.name = "w", .texts = wrong};
    CHECK_STATUS(plx_encoders_columns(l.encoders, cells, 4, 2, true, records, &l.error), PLX_ERR_SCHEMA);
    CHECK_TEXT(l.error.message, "row 2: '-1' is negative; column 'w' holds weights");
    loaded_release(&l);
}

/* -- Counts and classes -------------------------------------------------------------------------------------------- */

static void test_counts(void)
{
    small_spec s;
    small_spec_init(&s);
    s.tasks[0].kind = PLX_TASK_REGRESSION;
    s.tasks[0].loss = PLX_LOSS_POISSON;
    check_fails("color,size,sold\na,1,0\na,1,-1\n", &s.spec, PLX_ERR_SCHEMA,
                "train.csv:3:5: '-1' is negative; column 'sold' holds the labels of a task with loss poisson");
}

static void check_class(const loaded *l, int number, const char *text)
{
    plx_slice class_text = plx_encoders_class(l->encoders, 0, number);
    CHECK(plx_slice_equal(class_text, plx_slice_of(text)));
}

static void test_classes(void)
{
    static const char text[] = "color,size,sold\na,1,mid\na,1,low\na,1,\na,1,high\na,1,low\n";
    static const float fitted[] = {2, 1, NAN, 0, 1}, listed[] = {1, 0, NAN, 2, 0};
    small_spec s;
    loaded l;
    small_spec_init(&s);
    s.tasks[0].kind = PLX_TASK_MULTICLASS;
    REQUIRE(load_text(&l, text, &s.spec) == PLX_OK);
    CHECK(plx_encoders_n_classes(l.encoders, 0) == 3);
    check_class(&l, 0, "high");
    check_class(&l, 1, "low");
    check_class(&l, 2, "mid");
    check_labels(&l, 0, fitted, 5);
    loaded_release(&l);
    s.tasks[0].classes = (plx_text_list)LIST("low", "mid", "high");
    s.tasks[0].class_weights = (plx_real_list){(double[]){1, 2, 3}, 3};
    REQUIRE(load_text(&l, text, &s.spec) == PLX_OK);
    check_labels(&l, 0, listed, 5);
    CHECK_CLOSE(weight_at(&l.parts[0], 0, 0), 2, 0);
    CHECK_CLOSE(weight_at(&l.parts[0], 3, 0), 3, 0);
    loaded_release(&l);
    check_fails("color,size,sold\na,1,mid\na,1,top\n", &s.spec, PLX_ERR_SCHEMA,
                "train.csv:3:5: 'top' is no label of task 'sold' (column 'sold'); expected a class: 'low', 'mid'");
}

static void test_classes_that_do_not_fit(void)
{
    small_spec s;
    folder f = folder_make();
    loaded l;
    small_spec_init(&s);
    s.tasks[0].kind = PLX_TASK_MULTICLASS;
    check_fails("color,size,sold\na,1,mid\na,1,mid\n", &s.spec, PLX_ERR_SCHEMA,
                "task 'sold' has 1 class: a multiclass");
    s.tasks[0].class_weights = (plx_real_list){(double[]){1, 2, 3}, 3};
    check_fails("color,size,sold\na,1,mid\na,1,low\n", &s.spec, PLX_ERR_SCHEMA, "2 classes and 3 class_weights");
    s.tasks[0].class_weights.n = 0;
    write_text(&f, "train.csv", "color,size,sold\na,1,mid\na,1,low\n");
    write_text(&f, "more.csv", "color,size,sold\na,1,mid\na,1,top\n");
    s.spec.data.validation = (plx_text_list)LIST("more.csv");
    CHECK_STATUS(load_spec(&l, &f, &s.spec), PLX_ERR_SCHEMA);
    CHECK_TEXT(l.error.message, "more.csv:3:5: 'top' is no label of task 'sold'");
    CHECK_TEXT(l.error.message, "those of the training rows");
    loaded_release(&l);
    s.tasks[0].classes = (plx_text_list)LIST("low", "low");
    CHECK_STATUS(load_spec(&l, &f, &s.spec), PLX_ERR_ARGUMENT);
    CHECK_TEXT(l.error.message, "lists class 'low' twice");
    loaded_release(&l);
    folder_remove(&f);
}

/* -- Files and memory ------------------------------------------------------------------------------------------------
 */

typedef struct tensors {
    plx_arena arena;
    const plx_tensor *list;
    int n;
} tensors;

static const plx_tensor *find_listed(const void *user, const char *name)
{
    const tensors *t = user;
    for (int i = 0; i < t->n; i++)
        if (strcmp(t->list[i].name, name) == 0) return &t->list[i];
    return NULL;
}

static void test_classes_survive_saving(void)
{
    small_spec s;
    loaded l;
    tensors t = {.n = 0};
    plx_encoders *copy = NULL;
    small_spec_init(&s);
    s.tasks[0].kind = PLX_TASK_MULTICLASS;
    REQUIRE(load_text(&l, "color,size,sold\na,1,mid\na,1,low\n", &s.spec) == PLX_OK);
    plx_arena_init(&t.arena, &plx_allocator_default);
    REQUIRE(plx_encoders_tensors(l.encoders, &t.arena, &t.list, &t.n, &l.error) == PLX_OK);
    REQUIRE(plx_encoders_from_tensors(&plx_allocator_default, &s.spec, find_listed, &t, &copy, &l.error) == PLX_OK);
    CHECK(plx_encoders_n_classes(copy, 0) == 2);
    CHECK(plx_slice_equal(plx_encoders_class(copy, 0, 1), plx_slice_of("mid")));
    plx_encoders_release(copy);
    s.tasks[0].class_weights = (plx_real_list){(double[]){1, 2, 3}, 3};
    CHECK_STATUS(plx_encoders_from_tensors(&plx_allocator_default, &s.spec, find_listed, &t, &copy, &l.error),
                 PLX_ERR_FORMAT);
    plx_arena_release(&t.arena);
    loaded_release(&l);
}

static void test_whatever_allocation_fails(void)
{
    static const char text[] = "color,size,sold,w,kept\na,1,mid,1,3\nb,1,low,2,\na,2,mid,1,1\n";
    small_spec s;
    folder f = folder_make();
    plx_status status = PLX_ERR_MEMORY;
    const char *const folders[] = {f.path};
    small_spec_init(&s);
    s.spec.data.row_weight = "w";
    s.tasks[0].kind = PLX_TASK_MULTICLASS;
    s.tasks[1] =
        (plx_task_spec){.name = "kept", .kind = PLX_TASK_REGRESSION, .where = "sold", .where_values = LIST("mid")};
    s.spec.n_tasks = 2;
    write_text(&f, "train.csv", text);
    for (long fail_at = 1; status != PLX_OK && fail_at < 2000; fail_at++) {
        failing memory = {.fail_at = fail_at};
        plx_allocator allocator = {failing_resize, &memory};
        plx_encoders *encoders = NULL;
        plx_rows parts[PLX_PARTS] = {{.n = 0}};
        plx_wrong_rows wrong = {.n = 0};
        const plx_load_options options = {.folders = folders, .n_folders = 1, .threads = 1, .wrong = &wrong};
        status = plx_table_load(&allocator, &s.spec, &options, &encoders, parts, NULL);
        CHECK(status == PLX_OK || status == PLX_ERR_MEMORY);
        for (int i = 0; i < PLX_PARTS; i++)
            plx_rows_release(&parts[i], &allocator);
        plx_encoders_release(encoders);
        CHECK(memory.live == 0);
    }
    CHECK_STATUS(status, PLX_OK);
    folder_remove(&f);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_missing_labels),
                                       CHECK_TEST(test_rows_are_counted),
                                       CHECK_TEST(test_where),
                                       CHECK_TEST(test_weights),
                                       CHECK_TEST(test_weights_in_memory),
                                       CHECK_TEST(test_counts),
                                       CHECK_TEST(test_classes),
                                       CHECK_TEST(test_classes_that_do_not_fit),
                                       CHECK_TEST(test_classes_survive_saving),
                                       CHECK_TEST(test_whatever_allocation_fails)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
