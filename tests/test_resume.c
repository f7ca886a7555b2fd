/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupted training resumes. States are kept in memory after every step, and training resumes from each of them:
 * every optimizer and every choice of section `train` must end with the bits of the whole run, so that an optimizer
 * slot or a counter missing in the state fails here by name. Then checkpoint files: processes that end while they write
 * one, malformed files, files of other runs.
 */
#include <sys/wait.h>

#include "api_support.h"
#include "failing_allocator.h"
#include "model/fit.h"
#include "store/dtype.h"
#include "store/model_file.h"
#include "train/optimizer.h"

enum { MOST_STATES = 64, MOST_ARRAYS = 64 };

/** The states of a run, in order. */
typedef struct journal {
    unsigned char *states[MOST_STATES]; /* all arrays, one after the other */
    int n, chosen;                      /* the one to resume from */
} journal;

static size_t bytes_of(const plx_state_list *list)
{
    size_t bytes = 0;
    for (size_t i = 0; i < list->n; i++)
        bytes += list->items[i].n * plx_dtype_bytes(list->items[i].dtype);
    return bytes;
}

static bool save(void *user, const plx_state_list *list)
{
    journal *j = user;
    unsigned char *place = j->n < MOST_STATES ? malloc(bytes_of(list)) : NULL;
    if (!place) return false;
    j->states[j->n++] = place;
    for (size_t i = 0; i < list->n; i++) {
        size_t bytes = list->items[i].n * plx_dtype_bytes(list->items[i].dtype);
        memcpy(place, list->items[i].data, bytes);
        place += bytes;
    }
    return true;
}

static plx_status restore(void *user, const plx_state_list *list, plx_error *err)
{
    const journal *j = user;
    const unsigned char *place = j->states[j->chosen];
    (void)err;
    for (size_t i = 0; i < list->n; i++) {
        size_t bytes = list->items[i].n * plx_dtype_bytes(list->items[i].dtype);
        memcpy(list->items[i].data, place, bytes);
        place += bytes;
    }
    return PLX_OK;
}

/** A caller's own schedule of the learning rate. */
static double own_rate(void *user, int epoch, double rate)
{
    (void)user;
    return epoch % 2 ? 3 * rate : 0.5 * rate;
}

/** Trains a model of `text` once; `out` gets its weights, which the caller frees. */
static size_t train_once(const char *text, const plx_checkpointer *checkpointer, plx_train_report *result,
                         plx_real **out)
{
    fixture f;
    plx_error failure = {.message = ""};
    *out = NULL;
    if (!fixture_ready(&f, NULL, text)) return 0;
    plx_train_job job;
    plx_model_train_job(f.model, f.data, &job);
    job.checkpointer = checkpointer;
    job.rate = own_rate;
    CHECK_STATUS(plx_train(&job, result, &failure), PLX_OK);
    size_t bytes = f.model->graph.n_values * sizeof **out;
    *out = malloc(bytes);
    if (*out) memcpy(*out, f.model->values, bytes);
    fixture_free(&f);
    return bytes;
}

/** Resumes from every state of a run with these lines in section `train`. */
static void check_every_step(const char *lines)
{
    char text[4096], train_lines[1024];
    journal j = {.n = 0};
    plx_train_report whole, rest;
    plx_real *want, *got;
    snprintf(train_lines, sizeof train_lines, "%s  checkpoint_steps: 1\n", lines);
    snprintf(text, sizeof text, "%s", config_text("mmoe", "  dnn_use_bn: true\n  dnn_dropout: 0.1\n", train_lines));
    int failures = check_failures;
    size_t bytes = train_once(text, &(plx_checkpointer){.user = &j, .save = save}, &whole, &want);
    CHECK(bytes > 0 && j.n >= 8 && whole.checkpoints == j.n);
    for (j.chosen = 0; j.chosen < j.n && bytes > 0; j.chosen++) {
        CHECK(train_once(text, &(plx_checkpointer){&j, restore, save}, &rest, &got) == bytes);
        CHECK(got && memcmp(got, want, bytes) == 0);
        CHECK(rest.epochs == whole.epochs && rest.best_epoch == whole.best_epoch);
        CHECK(rest.stopped_early == whole.stopped_early);
        free(got);
        if (check_failures > failures) break;
    }
    if (check_failures > failures) printf("  went on from state %d of %d with\n%s", j.chosen, j.n, lines);
    for (int i = 0; i < j.n; i++)
        free(j.states[i]);
    free(want);
}

/** Options that need further slots of an optimizer. */
static const char *further_slots(const char *optimizer)
{
    if (strcmp(optimizer, "sgd") == 0) return "  momentum: 0.9\n";
    return strcmp(optimizer, "rmsprop") == 0 ? "  momentum: 0.9\n  centered: true\n" : "";
}

static void test_every_optimizer_resumes(void)
{
    for (const plx_optimizer *const *row = plx_optimizer_list; *row; row++) {
        char lines[256];
        snprintf(lines, sizeof lines, "  optimizer: %s\n%s", (*row)->name, further_slots((*row)->name));
        check_every_step(lines);
    }
}

static void test_every_lazy_optimizer_resumes(void)
{
    check_every_step("  table_rows: 1\n  table_optimizer: rowwise_adagrad\n");
    for (const plx_optimizer *const *row = plx_optimizer_list; *row; row++) {
        char lines[256];
        snprintf(lines, sizeof lines, "  table_rows: 1\n  table_optimizer: lazy_%s\n  optimizer: %s\n%s", (*row)->name,
                 (*row)->name, further_slots((*row)->name));
        check_every_step(lines);
    }
}

/** Every choice in section `train`; `others` has the further keys that a choice needs. */
static void test_every_option_resumes(void)
{
    static const struct {
        const char *field, *choice, *lines;
    } others[] = {
        {"schedule", "plateau", "  schedule_patience: 1\n  min_delta: 1000\n"}, /* lowered after each epoch */
    };
    for (size_t i = 0; i < plx_train_n_fields; i++) {
        const plx_field *field = &plx_train_fields[i];
        for (size_t c = 0; field->type == PLX_FIELD_CHOICE && field->choices[c]; c++) {
            char lines[512];
            int n = snprintf(lines, sizeof lines, "  %s: %s\n", field->name, field->choices[c]);
            for (size_t k = 0; k < sizeof others / sizeof *others; k++) {
                if (strcmp(others[k].field, field->name) == 0 && strcmp(others[k].choice, field->choices[c]) == 0)
                    snprintf(lines + n, sizeof lines - (size_t)n, "%s", others[k].lines);
            }
            check_every_step(lines);
        }
    }
}

/** Options that need their own slots, and options that use the gradient as a whole. */
static void test_variants_go_on(void)
{
    check_every_step("  optimizer: sgd\n  momentum: 0.9\n  clip_norm: 0.01\n");
    check_every_step("  optimizer: adagrad\n  clip_variable_norm: 0.01\n");
    check_every_step("  optimizer: rmsprop\n  momentum: 0.9\n  centered: true\n  warmup_steps: 3\n");
}

static void test_early_stopping_resumes(void)
{
    check_every_step("  patience: 1\n  min_delta: 0.01\n");
    check_every_step("  patience: 1\n  monitor: click.auc\n");
    check_every_step("  shuffle: false\n  optimizer: sgd\n  patience: 1\n  min_delta: 1000\n");
}

/* -- Checkpoint files ------------------------------------------------------------------------------------------- */

static const char *steps_text(void)
{
    return config_text("mmoe", "", "  checkpoint_steps: 1\n");
}

static plx_status train_file(fixture *f, bool resume, plx_train_report *report, plx_error *err)
{
    char log[400], checkpoint[400];
    snprintf(log, sizeof log, "%s", at("log.jsonl"));
    snprintf(checkpoint, sizeof checkpoint, "%s", at("run.checkpoint"));
    plx_train_hooks hooks = {.size = sizeof hooks, .log_path = log, .checkpoint_path = checkpoint, .resume = resume};
    return plx_model_train(f->model, f->data, &hooks, report, err);
}

static plx_status train_text(const char *text, const plx_context_options *options, bool resume,
                             plx_train_report *report, const char *save_as, plx_error *err)
{
    fixture f;
    PLX_TRY(fixture_make(&f, options, text, err));
    plx_status status = train_file(&f, resume, report, err);
    if (status == PLX_OK && save_as) status = plx_model_save(f.model, at(save_as), err);
    fixture_free(&f);
    return status;
}

/** Ends the process, as a kill does, at one of its allocations. */
typedef struct deadly {
    long left;
} deadly;

static void *deadly_resize(void *user, void *memory, size_t bytes)
{
    deadly *self = user;
    if (bytes == 0) {
        free(memory);
        return NULL;
    }
    if (--self->left == 0) _exit(9);
    return realloc(memory, bytes);
}

/** The log without its times. */
static char *timeless_log(void)
{
    size_t length;
    char *text = read_bytes("log.jsonl", &length), *to = text;
    for (const char *from = text; from && *from;) {
        const char *comma = strncmp(from, "\"seconds\":", 10) == 0           ? strchr(from, ',')
                            : strncmp(from, "\"rows_per_second\":", 18) == 0 ? strchr(from, ',')
                                                                             : NULL;
        if (comma)
            from = comma;
        else
            *to++ = *from++;
    }
    if (to) *to = '\0';
    return text;
}

/** A process that ends at its n-th allocation; false if it finished. */
static bool is_killed_at(long n)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        deadly self = {n};
        plx_allocator allocator = {deadly_resize, &self};
        plx_context_options options = {.size = sizeof options, .threads = 1, .allocator = &allocator};
        _exit(train_text(steps_text(), &options, true, NULL, "broken.plexus", NULL) == PLX_OK ? 0 : 1);
    }
    int status = -1;
    CHECK(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 9 || WEXITSTATUS(status) == 0);
    return WEXITSTATUS(status) == 9;
}

/** Each process resumes where the one before ended; most end while they write a checkpoint. */
static void test_killed_while_writing(void)
{
    plx_error failure = {.message = ""};
    plx_train_report report = {.size = sizeof report};
    unlink(at("run.checkpoint"));
    CHECK_STATUS(train_text(steps_text(), NULL, false, &report, "whole.plexus", &failure), PLX_OK);
    CHECK(!report.resumed && report.checkpoints >= 12);
    char *log = timeless_log();
    unlink(at("run.checkpoint"));
    unlink(at("log.jsonl"));
    int kills = 0;
    long left = 1;
    while (kills < 400 && is_killed_at(left)) {
        kills++;
        left = left < 160 ? left + 7 : left + 1; /* at first it ends before its first checkpoint */
    }
    CHECK(kills > 20 && kills < 400);
    CHECK(files_equal("whole.plexus", "broken.plexus"));
    char *broken_log = timeless_log();
    CHECK(log && broken_log && strcmp(log, broken_log) == 0 && strlen(log) > 100);
    free(log);
    free(broken_log);
}

/** Cancels a run after its first epoch, as a user does. */
static bool cancel(void *user, const plx_progress *progress)
{
    (void)user;
    return progress->step < progress->steps;
}

static void make_checkpoint(void)
{
    fixture f;
    plx_error failure = {.message = ""};
    plx_train_report report = {.size = sizeof report};
    char checkpoint[400];
    snprintf(checkpoint, sizeof checkpoint, "%s", at("run.checkpoint"));
    unlink(checkpoint);
    REQUIRE(fixture_ready(&f, NULL, config_text("mmoe", "", "")));
    plx_train_hooks hooks = {.size = sizeof hooks, .progress = cancel, .checkpoint_path = checkpoint};
    CHECK_STATUS(plx_model_train(f.model, f.data, &hooks, &report, &failure), PLX_OK);
    CHECK(report.cancelled && report.checkpoints == 1 && report.epochs == 1);
    fixture_free(&f);
}

static void expect_refusal(const char *text, const char *cpu_level, plx_status expected, const char *part)
{
    plx_error failure = {.message = ""};
    plx_context_options options = {.size = sizeof options, .cpu_level = cpu_level};
    CHECK_STATUS(train_text(text, &options, true, NULL, NULL, &failure), expected);
    CHECK(strstr(failure.message, "run.checkpoint") != NULL && strstr(failure.message, part) != NULL);
    if (!strstr(failure.message, part)) printf("  '%s' is not in: %s\n", part, failure.message);
}

static void test_of_another_run(void)
{
    plx_error failure = {.message = ""};
    plx_train_report report = {.size = sizeof report};
    make_checkpoint();
    expect_refusal(config_text("mmoe", "", "  seed: 9\n"), NULL, PLX_ERR_SCHEMA, "'seed: 1' there, 'seed: 9' now");
    expect_refusal(config_text("mmoe", "  num_experts: 2\n", ""), NULL, PLX_ERR_SCHEMA, "'num_experts: 2' now");
    expect_refusal(config_text("ple", "", ""), NULL, PLX_ERR_SCHEMA, "'name: mmoe' there");
    expect_refusal(config_text("mmoe", "", ""), "plain", PLX_ERR_SCHEMA, "plain");
    write_rows("rows.csv", 420, 6);
    expect_refusal(config_text("mmoe", "", ""), NULL, PLX_ERR_SCHEMA, "the data has changed");
    write_rows("rows.csv", 420, 5);
    /* The interval of checkpoints may change. */
    CHECK_STATUS(train_text(config_text("mmoe", "", "  checkpoint_epochs: 0\n"), NULL, true, &report, NULL, &failure),
                 PLX_OK);
    CHECK(report.resumed && report.epochs == 3 && report.checkpoints == 0);
    unlink(at("run.checkpoint"));
    CHECK_STATUS(train_text(config_text("mmoe", "", ""), NULL, true, &report, NULL, &failure), PLX_OK);
    CHECK(!report.resumed);
}

static void write_bytes(const char *name, const char *bytes, size_t length)
{
    FILE *file = fopen(at(name), "wb");
    if (!file || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) abort();
}

static void test_damaged_file(void)
{
    size_t length;
    const char *text = config_text("mmoe", "", "");
    make_checkpoint();
    char *bytes = read_bytes("run.checkpoint", &length);
    REQUIRE(length > 2000);
    for (size_t cut = 0; cut < length; cut += length / 7) {
        write_bytes("run.checkpoint", bytes, cut);
        expect_refusal(text, NULL, PLX_ERR_FORMAT, "");
    }
    for (size_t place = 20; place < length; place += length / 11) {
        bytes[place] ^= 4;
        write_bytes("run.checkpoint", bytes, length);
        expect_refusal(text, NULL, PLX_ERR_FORMAT, "");
        bytes[place] ^= 4;
    }
    free(bytes);
    fixture f;
    plx_model *model = NULL;
    make_checkpoint();
    REQUIRE(fixture_ready(&f, NULL, text));
    CHECK_STATUS(plx_model_load(f.context, at("run.checkpoint"), &model, NULL), PLX_ERR_FORMAT);
    CHECK_STATUS(plx_model_save(f.model, at("run.checkpoint"), NULL), PLX_OK);
    expect_refusal(text, NULL, PLX_ERR_FORMAT, "not a checkpoint");
    fixture_free(&f);
}

typedef void alteration(plx_tensor *tensors, int *n);

static plx_tensor *named(plx_tensor *tensors, int n, const char *name)
{
    for (int i = 0; i < n; i++) {
        if (strcmp(tensors[i].name, name) == 0) return &tensors[i];
    }
    abort();
}

static void drop_slot(plx_tensor *tensors, int *n)
{
    *named(tensors, *n, "optimizer/slot1") = tensors[*n - 1];
    --*n;
}

static void rename_slot(plx_tensor *tensors, int *n)
{
    named(tensors, *n, "optimizer/slot1")->name = "optimizer/slot9";
}

static void shorten_slot(plx_tensor *tensors, int *n)
{
    named(tensors, *n, "optimizer/slot0")->dims[0]--;
}

static void retype_counter(plx_tensor *tensors, int *n)
{
    named(tensors, *n, "epoch")->dtype = PLX_DTYPE_F64;
}

static const int64_t minus = -1, huge = INT64_MAX, two = 2, three = 3;

static void negative_step(plx_tensor *tensors, int *n)
{
    named(tensors, *n, "step")->data = &minus;
}

static void huge_epoch(plx_tensor *tensors, int *n)
{
    named(tensors, *n, "epoch")->data = &huge;
}

static void late_best(plx_tensor *tensors, int *n)
{
    named(tensors, *n, "best/epoch")->data = &two;
}

static void other_steps(plx_tensor *tensors, int *n)
{
    named(tensors, *n, "optimizer/step")->data = &three;
}

static void wrong_weight(plx_tensor *tensors, int *n)
{
    static float numbers[1 << 16];
    plx_tensor *values = named(tensors, *n, "values");
    if (values->dims[0] > 1 << 16) abort();
    memcpy(numbers, values->data, (size_t)values->dims[0] * sizeof *numbers);
    numbers[7] = NAN;
    values->data = numbers;
}

/** Complete files with a right checksum and wrong contents: errors. */
static void test_hostile_file(void)
{
    static alteration *const alterations[] = {drop_slot,  rename_slot, shorten_slot, retype_counter, negative_step,
                                              huge_epoch, late_best,   other_steps,  wrong_weight};
    const char *text = config_text("mmoe", "", "");
    for (size_t i = 0; i < sizeof alterations / sizeof *alterations; i++) {
        plx_model_file file;
        plx_tensor tensors[MOST_ARRAYS];
        plx_meta meta[MOST_ARRAYS];
        int n_meta = 0;
        make_checkpoint();
        CHECK_STATUS(plx_model_file_read(&file, at("run.checkpoint"), &plx_allocator_default, NULL), PLX_OK);
        REQUIRE(file.n_tensors <= MOST_ARRAYS && file.n_meta <= MOST_ARRAYS);
        int n = file.n_tensors;
        memcpy(tensors, file.tensors, (size_t)n * sizeof *tensors);
        for (int k = 0; k < file.n_meta; k++) {
            const char *key = file.meta[k].key;
            if (strncmp(key, "format", 6) != 0 && strcmp(key, "data_checksum") != 0) meta[n_meta++] = file.meta[k];
        }
        alterations[i](tensors, &n);
        CHECK_STATUS(plx_model_file_write(at("run.checkpoint"), &plx_allocator_default, tensors, n, meta, n_meta, NULL),
                     PLX_OK);
        plx_model_file_release(&file);
        fixture f;
        plx_error failure = {.message = ""};
        REQUIRE(fixture_ready(&f, NULL, text));
        size_t bytes = f.model->graph.n_values * sizeof *f.model->values;
        plx_real *before = malloc(bytes);
        REQUIRE(before);
        memcpy(before, f.model->values, bytes);
        CHECK_STATUS(train_file(&f, true, NULL, &failure), PLX_ERR_FORMAT);
        CHECK(strstr(failure.message, "run.checkpoint") != NULL);
        CHECK(memcmp(before, f.model->values, bytes) == 0);
        if (check_failures) printf("  alteration %zu: %s\n", i, failure.message);
        free(before);
        fixture_free(&f);
    }
}

static void test_wrong_hooks(void)
{
    fixture f;
    plx_error failure;
    REQUIRE(fixture_ready(&f, NULL, config_text("mmoe", "", "")));
    plx_train_hooks hooks = {.size = sizeof hooks, .resume = true};
    CHECK_STATUS(plx_model_train(f.model, f.data, &hooks, NULL, &failure), PLX_ERR_ARGUMENT);
    fixture_free(&f);
}

static void ignore(void *user, const char *line)
{
    int *n = user;
    *n += strstr(line, "no checkpoint") != NULL;
}

/** A path that cannot be written loses the checkpoints, not the training. */
static void test_full_disk(void)
{
    fixture f;
    plx_train_report report = {.size = sizeof report};
    int n_warnings = 0;
    plx_context_options options = {.size = sizeof options, .warn = ignore, .user = &n_warnings};
    REQUIRE(fixture_ready(&f, &options, steps_text()));
    plx_train_hooks hooks = {.size = sizeof hooks, .checkpoint_path = "/nowhere/run.checkpoint"};
    CHECK_STATUS(plx_model_train(f.model, f.data, &hooks, &report, NULL), PLX_OK);
    CHECK(report.epochs == 3 && report.checkpoints == 0 && n_warnings > 0);
    fixture_free(&f);
}

/** With the n-th allocation failing, resuming succeeds or fails cleanly. */
static void test_every_allocation_may_fail(void)
{
    bool ended = false;
    make_checkpoint();
    for (long n = 1; !ended && n < 100000; n += n < 40 ? 1 : 3) {
        failing_allocator failing;
        plx_error failure = {.message = ""};
        failing_allocator_init(&failing, n);
        plx_context_options options = {.size = sizeof options, .threads = 1, .allocator = &failing.allocator};
        plx_status status =
            train_text(config_text("mmoe", "", "  checkpoint_epochs: 0\n"), &options, true, NULL, NULL, &failure);
        CHECK(failing.live == 0);
        CHECK(status == PLX_OK || status == PLX_ERR_MEMORY);
        if (status != PLX_OK && status != PLX_ERR_MEMORY) printf("  allocation %ld: %s\n", n, failure.message);
        ended = !failing.failed;
    }
    CHECK(ended);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_every_optimizer_resumes),
                                       CHECK_TEST(test_variants_go_on),
                                       CHECK_TEST(test_every_lazy_optimizer_resumes),
                                       CHECK_TEST(test_every_option_resumes),
                                       CHECK_TEST(test_early_stopping_resumes),
                                       CHECK_TEST(test_killed_while_writing),
                                       CHECK_TEST(test_of_another_run),
                                       CHECK_TEST(test_damaged_file),
                                       CHECK_TEST(test_hostile_file),
                                       CHECK_TEST(test_wrong_hooks),
                                       CHECK_TEST(test_full_disk),
                                       CHECK_TEST(test_every_allocation_may_fail)};
    home_make();
    write_rows("rows.csv", 420, 5);
    int code = check_main(argc, argv, tests, sizeof tests / sizeof *tests);
    home_remove();
    return code;
}
