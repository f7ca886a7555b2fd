/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Users' mistakes, through plexus.h: each error names the place and a remedy, there is no result, and existing files
 * stay unchanged.
 */
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "api_support.h"

static const char header[] = "city,job,age,click,buy\n";
static const char some_rows[] = "Oslo,cook,20,0,no\nRome,smith,30,1,yes\nOslo,smith,40,1,no\nRome,cook,50,0,yes\n"
                                "Oslo,cook,25,0,no\nRome,smith,35,1,yes\nOslo,smith,45,1,no\nRome,cook,55,0,yes\n"
                                "Oslo,cook,27,0,no\nRome,smith,37,1,yes\n";

/** A configuration with these shares as parts; rows.csv is the training file. */
static const char *small_config(double validation_part, double test_part)
{
    static char text[1024];
    snprintf(text, sizeof text,
             "data: {train: [rows.csv], validation_part: %g, test_part: %g}\n"
             "features: [{kind: sparse, names: [city, job]}, {kind: dense, name: age}]\n"
             "tasks: [{name: click}, {name: buy, positive: ['yes'], negative: ['no']}]\n"
             "model: {name: shared_bottom, bottom_dnn_units: [4]}\n"
             "train: {epochs: 2, batch_size: 4}\n",
             validation_part, test_part);
    return text;
}

/** Loading rows.csv with this text fails with this message. */
static void check_load_fails(const char *rows, plx_status expected, const char *message)
{
    fixture f;
    plx_error failure = {.message = ""};
    if (rows) write_text("rows.csv", rows);
    plx_status status = fixture_make(&f, NULL, small_config(0, 0), &failure);
    CHECK_STATUS(status, expected);
    CHECK(failure.code == expected);
    CHECK_TEXT(failure.message, message);
    fixture_free(&f);
}

/** The good rows with one row inserted as line 4 of the file. */
static const char *with_row(const char *row)
{
    static char text[2048];
    const char *third = strchr(strchr(some_rows, '\n') + 1, '\n') + 1;
    snprintf(text, sizeof text, "%s%.*s%s\n%s", header, (int)(third - some_rows), some_rows, row, third);
    return text;
}

static void test_files(void)
{
    char message[300];
    unlink(at("rows.csv"));
    check_load_fails(NULL, PLX_ERR_IO, "rows.csv");
    check_load_fails(NULL, PLX_ERR_IO, home); /* the folder that was searched */
    snprintf(message, sizeof message, "%s/rows.csv", home);
    check_load_fails("", PLX_ERR_FORMAT, message);
    check_load_fails(header, PLX_ERR_FORMAT, message);
    check_load_fails("city,job,age,buy\nOslo,cook,20,no\n", PLX_ERR_SCHEMA, "'click'");
    check_load_fails("city,job,age,click,bye\nOslo,cook,20,0,no\n", PLX_ERR_SCHEMA, "'buy'");
}

static void test_rows(void)
{
    check_load_fails(with_row("Rome,cook,20,1"), PLX_ERR_FORMAT, "rows.csv:4");
    check_load_fails(with_row("Rome,cook,20,1,no,7"), PLX_ERR_FORMAT, "rows.csv:4");
    check_load_fails(with_row("Rome,cook,old,1,no"), PLX_ERR_SCHEMA, "rows.csv:4:11: ");
    check_load_fails(with_row("Rome,cook,old,1,no"), PLX_ERR_SCHEMA, "'age'");
    check_load_fails(with_row("Rome,cook,old,1,no"), PLX_ERR_SCHEMA, "'old'");
    check_load_fails(with_row("Rome,cook,,1,no"), PLX_ERR_SCHEMA, "rows.csv:4:11: ");
    check_load_fails(with_row("Rome,cook,20,maybe,no"), PLX_ERR_SCHEMA, "rows.csv:4:14: ");
    check_load_fails(with_row("Rome,cook,20,2,no"), PLX_ERR_SCHEMA, "rows.csv:4:14: ");
    check_load_fails(with_row("Rome,cook,20,1,perhaps"), PLX_ERR_SCHEMA, "rows.csv:4:16: ");
    check_load_fails(with_row("Rome,cook,20,1,perhaps"), PLX_ERR_SCHEMA, "'buy'");
    check_load_fails(with_row("Rome,\"cook,20,1,no"), PLX_ERR_FORMAT, "rows.csv:4");
}

static void test_one_class_in_validation(void)
{
    fixture f;
    warnings w = {0};
    plx_metrics metrics[2];
    const plx_context_options options = {.size = sizeof options, .threads = 1, .warn = keep_warning, .user = &w};
    char rows[2048];
    snprintf(rows, sizeof rows, "%s%s%s", header, some_rows, "Oslo,cook,27,1,no\nRome,smith,37,1,yes\n");
    write_text("rows.csv", rows);
    if (!fixture_ready(&f, &options, small_config(2, 0))) return;
    CHECK_STATUS(plx_model_train(f.model, f.data, NULL, NULL, NULL), PLX_OK);
    CHECK(w.n == 1);
    CHECK_TEXT(w.last, "task 'click': all validation labels are positive; AUC is undefined");
    CHECK_STATUS(plx_model_evaluate(f.model, PART(f.data, PLX_PART_VALIDATION), metrics, NULL, NULL), PLX_OK);
    CHECK(w.n == 2 && isnan(METRIC(metrics[0], auc)) && isfinite(METRIC(metrics[0], logloss)) &&
          isfinite(METRIC(metrics[1], auc)));
    plx_error failure;
    CHECK_STATUS(plx_model_evaluate(f.model, PART(f.data, PLX_PART_TEST), metrics, NULL, &failure), PLX_ERR_SCHEMA);
    CHECK_TEXT(failure.message, "'test' has no rows");
    fixture_free(&f);
}

static void test_patience_without_validation(void)
{
    fixture f;
    warnings w = {0};
    const plx_context_options options = {.size = sizeof options, .threads = 1, .warn = keep_warning, .user = &w};
    char rows[2048];
    snprintf(rows, sizeof rows, "%s%s", header, some_rows);
    write_text("rows.csv", rows);
    for (int part = 0; part <= 4; part += 4) {
        w.n = 0;
        if (!fixture_ready(&f, &options, small_config(part, 0))) return;
        CHECK_STATUS(plx_config_set(f.config, "train.patience=2", NULL), PLX_OK);
        plx_model_free(f.model);
        f.model = NULL;
        REQUIRE(plx_model_create(f.config, f.data, &f.model, NULL) == PLX_OK);
        CHECK_STATUS(plx_model_train(f.model, f.data, NULL, NULL, NULL), PLX_OK);
        CHECK(w.n == (part == 0));
        CHECK_TEXT(w.last, "train.patience has no effect");
        fixture_free(&f);
    }
}

static void test_configurations(void)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"tasks: [{name: a}]\nmodel: {name: mmoe}\n", "c.yaml:3:8: MMoE needs at least 2 tasks"},
        {"tasks: [{name: a}, {name: b}]\nmodel: {name: mmoe, tower_dnn_units_lists: [[4]]}\n",
         "c.yaml:4:44: 'tower_dnn_units_lists' has 1 list for 2 tasks"},
        {"tasks: [{name: a}, {name: b, kind: binray}]\nmodel: {name: mmoe}\n", "c.yaml:3:36: "},
        {"tasks: [{name: a}, {name: b}]\nmodel: {name: mmoe, num_expert: 4}\n", "did you mean 'num_experts'?"},
        {"tasks: [{name: a}, {name: b}]\nmodel: {name: mmoe, num_experts: -4}\n", "c.yaml:4:34: "},
        {"tasks: [{name: a}, {name: b}]\nmodel: {name: mmoe, expert_dnn_units: [-4]}\n", "c.yaml:4:39: "},
        {"tasks: [{name: a}, {name: b}]\nmodel: {name: mmoe}\ntrain: {batch_size: -1}\n", "c.yaml:5:21: "},
        {"tasks: [{name: a}, {name: b}]\nmodel: {name: mmoe}\ntrain: {learning_rate: 0}\n", "c.yaml:5:24: "},
        {"tasks: [{name: a}, {name: b}]\nmodel: {name: mmoe}\ntrain: {learning_rate: .nan}\n", "c.yaml:5:24: "},
        {"tasks: [{name: a}, {name: b}]\nmodel: {name: mmoe}\ntrain: {learning_rate: nan}\n", "c.yaml:5:24: "},
        {"tasks: [{name: a}, {name: x}]\nmodel: {name: mmoe}\n",
         "c.yaml:2:12: feature 'x': column 'x' contains the labels"},
    };
    plx_context *context = NULL;
    REQUIRE(plx_context_create(NULL, &context, NULL) == PLX_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1024];
        plx_config *config = NULL;
        plx_error failure = {.message = ""};
        snprintf(text, sizeof text, "data: {train: [a.csv]}\nfeatures: [{kind: sparse, name: x}]\n%s", cases[i].text);
        CHECK_STATUS(plx_config_parse(context, text, strlen(text), "c.yaml", &config, &failure), PLX_ERR_FORMAT);
        CHECK_TEXT(failure.message, cases[i].message);
        CHECK(!config);
    }
    plx_config *config = NULL;
    plx_error failure;
    CHECK_STATUS(plx_config_read(context, at("no.yaml"), &config, &failure), PLX_ERR_IO);
    CHECK_TEXT(failure.message, "no.yaml");
    CHECK_STATUS(plx_config_read(context, home, &config, &failure), PLX_ERR_IO);
    write_text("empty.yaml", "");
    CHECK_STATUS(plx_config_read(context, at("empty.yaml"), &config, &failure), PLX_ERR_FORMAT);
    CHECK_TEXT(failure.message, "empty.yaml:1:1: the configuration is empty");
    CHECK_STATUS(plx_config_read(NULL, "x", &config, &failure), PLX_ERR_ARGUMENT);
    plx_context_free(context);
}

static void test_loss_that_is_no_number(void)
{
    fixture f;
    plx_error failure = {.message = ""};
    char text[1024], rows[4096], path[400];
    snprintf(text, sizeof text,
             "data: {train: [rows.csv]}\n"
             "features: [{kind: dense, name: age, scaling: none}]\n"
             "tasks: [{name: click, kind: regression}, {name: buy, positive: ['yes']}]\n"
             "model: {name: shared_bottom, bottom_dnn_units: [4]}\n"
             "train: {epochs: 3, batch_size: 4, optimizer: sgd, learning_rate: 1000}\n");
    size_t used = (size_t)snprintf(rows, sizeof rows, "age,click,buy\n");
    for (int i = 0; i < 40; i++) {
        used += (size_t)snprintf(rows + used, sizeof rows - used, "%d00000000,%d000000000,%s\n", i, i,
                                 i % 2 ? "yes" : "no");
    }
    write_text("rows.csv", rows);
    write_text("log.jsonl", "of an earlier run\n");
    snprintf(path, sizeof path, "%s", at("log.jsonl"));
    const plx_train_hooks hooks = {.size = sizeof hooks, .log_path = path};
    if (!fixture_ready(&f, NULL, text)) return;
    plx_train_report report = {.size = sizeof report};
    CHECK_STATUS(plx_model_train(f.model, f.data, &hooks, &report, &failure), PLX_ERR_NUMERIC);
    CHECK_TEXT(failure.message, "'click'");
    CHECK(report.best_epoch == 0);
    /* The start values are back: the model can be saved, loaded and used. */
    plx_model *loaded = NULL;
    CHECK_STATUS(plx_model_save(f.model, at("m.plexus"), NULL), PLX_OK);
    CHECK_STATUS(plx_model_load(f.context, at("m.plexus"), &loaded, &failure), PLX_OK);
    size_t length;
    char *log = read_bytes("log.jsonl", &length);
    CHECK(strcmp(log, "of an earlier run\n") == 0); /* no epoch ended */
    free(log);
    plx_model_free(loaded);
    fixture_free(&f);
}

static void test_model_files_of_another_kind(void)
{
    plx_context *context = NULL;
    plx_model *model = NULL;
    plx_error failure;
    REQUIRE(plx_context_create(NULL, &context, NULL) == PLX_OK);
    write_text("rows.csv", with_row("Rome,cook,20,1,no"));
    CHECK_STATUS(plx_model_load(context, at("rows.csv"), &model, &failure), PLX_ERR_FORMAT);
    CHECK_TEXT(failure.message, "rows.csv: is not a model file");
    write_text("empty.plexus", "");
    CHECK_STATUS(plx_model_load(context, at("empty.plexus"), &model, &failure), PLX_ERR_FORMAT);
    CHECK_TEXT(failure.message, "empty or truncated");
    CHECK_STATUS(plx_model_load(context, at("none.plexus"), &model, &failure), PLX_ERR_IO);
    CHECK_STATUS(plx_model_load(context, home, &model, &failure), PLX_ERR_IO);
    CHECK(!model);
    plx_context_free(context);
}

static bool ready_to_save(fixture *f)
{
    write_text("rows.csv", with_row("Rome,cook,20,1,no"));
    return fixture_ready(f, NULL, small_config(2, 2));
}

static void test_folders_that_cannot_be_written(void)
{
    fixture f;
    plx_error failure;
    char path[400];
    if (!ready_to_save(&f)) return;
    snprintf(path, sizeof path, "%s", at("no/such/folder/m.plexus"));
    CHECK_STATUS(plx_model_save(f.model, path, &failure), PLX_ERR_IO);
    CHECK_TEXT(failure.message, path);
    snprintf(path, sizeof path, "%s", at("rows.csv/m.plexus")); /* a file where a folder should be */
    CHECK_STATUS(plx_model_save(f.model, path, &failure), PLX_ERR_IO);
    CHECK_STATUS(plx_model_save(f.model, home, &failure), PLX_ERR_IO); /* a folder where a file should be */
    if (geteuid() != 0) {
        mkdir(at("locked"), 0500);
        CHECK_STATUS(plx_model_save(f.model, at("locked/m.plexus"), &failure), PLX_ERR_IO);
        rmdir(at("locked"));
    }
    fixture_free(&f);
}

/** In a process with a file size limit of `limit` bytes: 0 if saving and logging fail as expected. */
static int run_on_full_disk(fixture *f, rlim_t limit, const char *model_path, const char *log_path)
{
    const struct rlimit rule = {limit, limit};
    plx_error failure = {.code = PLX_OK};
    const plx_train_hooks hooks = {.size = sizeof hooks, .log_path = log_path};
    signal(SIGXFSZ, SIG_IGN); /* then writing fails with EFBIG */
    if (setrlimit(RLIMIT_FSIZE, &rule) != 0) return 1;
    if (plx_model_save(f->model, model_path, &failure) != PLX_ERR_IO) return 2;
    if (!strstr(failure.message, model_path)) return 3;
    if (plx_model_train(f->model, f->data, &hooks, NULL, &failure) != PLX_OK) return 4;
    return 0;
}

static void test_full_disk(void)
{
    fixture f;
    warnings w = {0};
    const plx_context_options options = {.size = sizeof options, .threads = 1, .warn = keep_warning, .user = &w};
    char model_path[400], log_path[400];
    write_text("rows.csv", with_row("Rome,cook,20,1,no"));
    if (!fixture_ready(&f, &options, small_config(3, 2))) return;
    snprintf(model_path, sizeof model_path, "%s", at("m.plexus"));
    snprintf(log_path, sizeof log_path, "%s", at("full.jsonl"));
    REQUIRE(plx_model_save(f.model, model_path, NULL) == PLX_OK);
    CHECK_STATUS(rename(model_path, at("kept.plexus")), 0);
    REQUIRE(plx_model_save(f.model, model_path, NULL) == PLX_OK);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) _exit(run_on_full_disk(&f, 700, model_path, log_path));
    int status = -1;
    REQUIRE(child > 0 && waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0) printf("  step %d\n", WEXITSTATUS(status));
    CHECK(files_equal("m.plexus", "kept.plexus"));
    size_t length;
    char *log = read_bytes("full.jsonl", &length); /* whole lines only: as many as fit, perhaps none */
    CHECK(length < 700 && (length == 0 || log[length - 1] == '\n'));
    free(log);
    DIR *folder = opendir(home);
    struct dirent *entry;
    while (folder && (entry = readdir(folder)))
        CHECK(!strstr(entry->d_name, ".tmp"));
    if (folder) closedir(folder);
    fixture_free(&f);
}

static void test_columns_in_memory(void)
{
    fixture f;
    plx_dataset *dataset = NULL;
    plx_error failure;
    static const char *const cities[] = {"Oslo", "Rome"}, *const jobs[] = {"cook", "smith"}, *const ages[] = {"1", "x"};
    static const double clicks[] = {0, 3};
    plx_column columns[] = {{.name = "city", .texts = cities},
                            {.name = "job", .texts = jobs},
                            {.name = "age", .texts = ages},
                            {.name = "click", .numbers = clicks},
                            {.name = "buy", .numbers = clicks}};
    if (!ready_to_save(&f)) return;
    CHECK_STATUS(plx_dataset_read(f.model, COLUMNS(columns, 3, 2), false, &dataset, &failure), PLX_ERR_SCHEMA);
    CHECK_TEXT(failure.message, "'age'");
    CHECK_TEXT(failure.message, "'x'");
    columns[2].texts = cities;
    columns[2].name = "aeg";
    CHECK_STATUS(plx_dataset_read(f.model, COLUMNS(columns, 3, 2), false, &dataset, &failure), PLX_ERR_SCHEMA);
    CHECK_TEXT(failure.message, "'age'");
    columns[2] = (plx_column){.name = "age", .numbers = clicks};
    CHECK_STATUS(plx_dataset_read(f.model, COLUMNS(columns, 3, 2), true, &dataset, &failure), PLX_ERR_SCHEMA);
    CHECK_STATUS(plx_dataset_read(f.model, COLUMNS(columns, 5, 2), true, &dataset, &failure), PLX_ERR_SCHEMA);
    CHECK_STATUS(plx_dataset_read(f.model, COLUMNS(columns, 3, -2), false, &dataset, &failure), PLX_ERR_ARGUMENT);
    CHECK(!dataset);
    fixture_free(&f);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_files),
        CHECK_TEST(test_rows),
        CHECK_TEST(test_one_class_in_validation),
        CHECK_TEST(test_patience_without_validation),
        CHECK_TEST(test_configurations),
        CHECK_TEST(test_loss_that_is_no_number),
        CHECK_TEST(test_model_files_of_another_kind),
        CHECK_TEST(test_folders_that_cannot_be_written),
        CHECK_TEST(test_full_disk),
        CHECK_TEST(test_columns_in_memory),
    };
    home_make();
    int failed = check_main(argc, argv, tests, sizeof tests / sizeof *tests);
    home_remove();
    return failed;
}
