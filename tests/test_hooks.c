/* SPDX-License-Identifier: Apache-2.0 */
/* What hooks of a training may do to its model, and what a process forked during training may do. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "api_support.h"

enum { N_ROWS = 600, FORKS = 8 };

/* The thread sanitizer ends a child that was forked while other threads ran, as soon as it starts a thread. With the
 * address sanitizer the allocator's locks keep their state from the fork, and the child waits for them forever. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FORKS_BESIDE_THREADS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FORKS_BESIDE_THREADS 0
#endif
#endif
#ifndef FORKS_BESIDE_THREADS
#define FORKS_BESIDE_THREADS 1
#endif

static const char NO_FORKS[] = "the sanitizer does not support a fork while threads run";

static const plx_context_options two_threads = {.size = sizeof two_threads, .threads = 2};
static const char mmoe_lines[] = "  num_experts: 3\n  expert_dnn_units: [8]\n";

static float *score_rows(const plx_model *model, plx_error *err)
{
    char path[400]; /* at() supports one thread */
    snprintf(path, sizeof path, "%s/rows.csv", home);
    const char *const paths[] = {path};
    plx_dataset *dataset = NULL;
    float *scores = calloc((size_t)2 * N_ROWS, sizeof *scores);
    if (plx_dataset_read(model, FILES(paths, 1), false, &dataset, err) != PLX_OK ||
        plx_model_predict(model, INTO(dataset, scores), NULL, err) != PLX_OK) {
        free(scores);
        scores = NULL;
    }
    plx_dataset_free(dataset);
    return scores;
}

/* -- In hooks -------------------------------------------------------------------------------------------------- */

typedef struct caller {
    fixture *f;
    const char *assignment; /* made in the hook after epoch 1 */
    plx_status status;
    plx_error error;
    int epochs;
    float *scores; /* the caller frees them */
    plx_predictor *predictor;
} caller;

static bool assign(void *user, const plx_progress *progress)
{
    caller *c = user;
    if (progress->step < progress->steps) return true;
    c->epochs++;
    if (progress->epoch == 1) c->status = plx_model_set(c->f->model, c->assignment, &c->error);
    return true;
}

/** The run continues with its settings, whatever is assigned; later calls use the new ones. */
static void test_assignments_wait_for_the_end(void)
{
    static const char *const assignments[] = {"train.epochs=4000",   "train.batch_size=4096", "train.batch_size=1",
                                              "train.epochs=1",      "train.optimizer=sgd",   "train.patience=1",
                                              "train.clip_norm=0.1", "train.monitor=buy.auc", "train.shuffle=false",
                                              "train.seed=77",       "train.schedule=cosine", "train.learning_rate=9"};
    fixture plain;
    if (!fixture_ready(&plain, &two_threads, config_text("mmoe", mmoe_lines, ""))) return;
    CHECK_STATUS(plx_model_train(plain.model, plain.data, NULL, NULL, NULL), PLX_OK);
    CHECK_STATUS(plx_model_save(plain.model, at("plain.plexus"), NULL), PLX_OK);
    float *expected = score_rows(plain.model, NULL);
    for (size_t i = 0; i < sizeof assignments / sizeof *assignments; i++) {
        fixture f;
        if (!fixture_ready(&f, &two_threads, config_text("mmoe", mmoe_lines, ""))) return;
        caller c = {.f = &f, .assignment = assignments[i]};
        plx_train_report report = {.size = sizeof report};
        const plx_config *held = plx_model_config(f.model);
        CHECK_STATUS(
            plx_model_train(f.model, f.data,
                            &(plx_train_hooks){.size = sizeof(plx_train_hooks), .progress = assign, .user = &c},
                            &report, NULL),
            PLX_OK);
        CHECK_STATUS(c.status, PLX_OK);
        CHECK(report.epochs == 3 && c.epochs == 3);
        float *scores = score_rows(f.model, NULL);
        CHECK(scores && expected && memcmp(scores, expected, (size_t)2 * N_ROWS * sizeof *scores) == 0);
        free(scores);
        /* The configuration's handle is the same, and has the assigned value. */
        char key[64], *value = NULL;
        snprintf(key, sizeof key, "%.*s", (int)strcspn(assignments[i], "="), assignments[i]);
        CHECK(plx_model_config(f.model) == held);
        CHECK_STATUS(plx_config_get(held, key, &value, NULL), PLX_OK);
        CHECK(value && strstr(value, strchr(assignments[i], '=') + 1));
        plx_text_free(f.context, value);
        CHECK(strcmp(plx_model_task(f.model, 1)->name, "buy") == 0);
        fixture_free(&f);
    }
    free(expected);
    fixture_free(&plain);
}

static void test_assigned_attributes_apply_to_later_calls(void)
{
    fixture f;
    plx_train_report report = {.size = sizeof report};
    if (!fixture_ready(&f, &two_threads, config_text("mmoe", mmoe_lines, ""))) return;
    caller c = {.f = &f, .assignment = "train.epochs=5"};
    const plx_train_hooks hooks = {.size = sizeof hooks, .progress = assign, .user = &c};
    CHECK_STATUS(plx_model_train(f.model, f.data, &hooks, &report, NULL), PLX_OK);
    CHECK(report.epochs == 3);
    c.assignment = "train.epochs=0";
    CHECK_STATUS(plx_model_train(f.model, f.data, &hooks, &report, NULL), PLX_OK);
    CHECK(report.epochs == 5);
    CHECK_STATUS(c.status, PLX_ERR_ARGUMENT);
    c.assignment = "model.num_experts=9";
    CHECK_STATUS(plx_model_train(f.model, f.data, &hooks, &report, NULL), PLX_OK);
    CHECK_STATUS(c.status, PLX_ERR_ARGUMENT);
    CHECK(report.epochs == 5);
    fixture_free(&f);
}

static bool nest(void *user, const plx_progress *progress)
{
    caller *c = user;
    if (progress->epoch > 1) return true;
    c->status = plx_model_train(c->f->model, c->f->data, NULL, NULL, &c->error);
    return true;
}

static double nest_in_rate(void *user, int epoch, double rate)
{
    caller *c = user;
    if (epoch == 1) c->status = plx_model_train(c->f->model, c->f->data, NULL, NULL, &c->error);
    return rate;
}

static void test_a_training_within_a_training_is_refused(void)
{
    for (int in_rate = 0; in_rate < 2; in_rate++) {
        fixture f;
        plx_train_report report = {.size = sizeof report};
        if (!fixture_ready(&f, &two_threads, config_text("mmoe", mmoe_lines, ""))) return;
        caller c = {.f = &f};
        plx_train_hooks hooks = {.size = sizeof hooks, .user = &c};
        if (in_rate)
            hooks.learning_rate = nest_in_rate;
        else
            hooks.progress = nest;
        CHECK_STATUS(plx_model_train(f.model, f.data, &hooks, &report, NULL), PLX_OK);
        CHECK(report.epochs == 3);
        CHECK_STATUS(c.status, PLX_ERR_ARGUMENT);
        CHECK_TEXT(c.error.message, "is in training");
        /* After it, the model can be trained again; also after a training that failed. */
        CHECK_STATUS(plx_model_train(f.model, f.data, NULL, &report, NULL), PLX_OK);
        CHECK_STATUS(plx_model_train(f.model, f.data,
                                     &(plx_train_hooks){.size = sizeof(plx_train_hooks), .resume = true}, NULL, NULL),
                     PLX_ERR_ARGUMENT);
        CHECK_STATUS(plx_model_train(f.model, f.data, NULL, &report, NULL), PLX_OK);
        fixture_free(&f);
    }
}

/** Sets all weights to 0 after epoch 2, then scores, evaluates, saves and copies. */
static bool use_all(void *user, const plx_progress *progress)
{
    caller *c = user;
    int64_t shape[3];
    if (progress->step < progress->steps || progress->epoch != 2) return true;
    for (int i = 0; read_parameter(c->f->model, i, NULL, shape, NULL) == PLX_OK; i++) {
        const int64_t n = shape[0] * shape[1] * shape[2];
        float *zeros = calloc((size_t)n, sizeof *zeros);
        CHECK_STATUS(plx_model_set_parameter(c->f->model, i, zeros, n, NULL), PLX_OK);
        free(zeros);
    }
    plx_metrics metrics[2];
    c->scores = score_rows(c->f->model, &c->error);
    CHECK_STATUS(plx_model_evaluate(c->f->model, PART(c->f->data, PLX_PART_TRAIN), metrics, NULL, NULL), PLX_OK);
    CHECK_STATUS(plx_model_save(c->f->model, at("hook.plexus"), NULL), PLX_OK);
    CHECK_STATUS(plx_predictor_create(c->f->model, &c->predictor, NULL), PLX_OK);
    return true;
}

static void test_weights_set_in_a_hook(void)
{
    static const char text[] = "data: {train: [rows.csv]}\n"
                               "features: [{kind: sparse, name: city}, {kind: dense, name: age}]\n"
                               "tasks: [{name: click}, {name: buy, positive: ['yes'], negative: ['no']}]\n"
                               "model: {name: shared_bottom, bottom_dnn_units: [4]}\n"
                               "train: {epochs: %d, batch_size: 64}\n";
    for (int epochs = 2; epochs <= 3; epochs++) {
        fixture f;
        char config[512];
        snprintf(config, sizeof config, text, epochs);
        if (!fixture_ready(&f, &two_threads, config)) return;
        caller c = {.f = &f};
        CHECK_STATUS(
            plx_model_train(f.model, f.data,
                            &(plx_train_hooks){.size = sizeof(plx_train_hooks), .progress = use_all, .user = &c}, NULL,
                            NULL),
            PLX_OK);
        CHECK(c.scores && c.predictor);
        for (int i = 0; c.scores && i < 2 * N_ROWS; i++)
            CHECK_CLOSE(c.scores[i], 0.5, 0);
        /* The last epoch's hook has the last word; after epoch 2 training continues with the weights that it set. */
        float *scores = score_rows(f.model, NULL);
        CHECK(scores && (memcmp(scores, c.scores, (size_t)2 * N_ROWS * sizeof *scores) == 0) == (epochs == 2));
        free(scores);
        free(c.scores);
        plx_predictor_free(c.predictor);
        fixture_free(&f);
    }
}

/* -- Forks ----------------------------------------------------------------------------------------------------- */

/** A child's result, as its exit code; the alarm ends a child that hangs. */
static pid_t fork_child(void)
{
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) alarm(60);
    return child;
}

static int code_of(pid_t child)
{
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
    return WEXITSTATUS(status);
}

/** 0 if the child's own model learns and scores. */
static int train_own(void)
{
    fixture f;
    if (fixture_make(&f, &two_threads, config_text("mmoe", mmoe_lines, ""), NULL) != PLX_OK) return 20;
    const bool learnt = plx_model_train(f.model, f.data, NULL, NULL, NULL) == PLX_OK;
    float *scores = score_rows(f.model, NULL);
    const int code = learnt && scores ? 0 : 21;
    free(scores);
    fixture_free(&f);
    return code;
}

static bool is_refused(plx_status status, const plx_error *error)
{
    return status == PLX_ERR_ARGUMENT && strstr(error->message, "forked");
}

/** 0 if everything that needs the weights of a model in training is refused. */
static int use_in_training(const fixture *f)
{
    plx_error error = {0};
    plx_metrics metrics[2];
    plx_predictor *predictor = NULL;
    const float zero = 0, *values;
    int n = 0;
    if (!is_refused(plx_model_train(f->model, f->data, NULL, NULL, &error), &error)) return 1;
    n += is_refused(plx_model_evaluate(f->model, PART(f->data, PLX_PART_TRAIN), metrics, NULL, &error), &error);
    n += is_refused(plx_model_save(f->model, at("child.plexus"), &error), &error);
    n += is_refused(plx_model_export_onnx(f->model, at("child.onnx"), NULL, NULL, &error), &error);
    n += is_refused(plx_predictor_create(f->model, &predictor, &error), &error);
    n += is_refused(plx_model_set(f->model, "train.epochs=2", &error), &error);
    n += is_refused(plx_model_parameter_values(f->model, 0, &values, &error), &error);
    int64_t shape[3];
    read_parameter(f->model, 0, NULL, shape, NULL); /* shapes do not change */
    float *zeros = calloc((size_t)(shape[0] * shape[1] * shape[2]), sizeof zero);
    n += is_refused(plx_model_set_parameter(f->model, 0, zeros, shape[0] * shape[1] * shape[2], &error), &error);
    free(zeros);
    float *scores = score_rows(f->model, &error);
    n += !scores && strstr(error.message, "forked");
    return n == 8 ? train_own() : 2;
}

typedef struct worker {
    fixture f;
    atomic_bool is_running, stop;
    plx_status status;
    plx_train_report report;
} worker;

static bool go_on(void *user, const plx_progress *progress)
{
    worker *w = user;
    (void)progress;
    atomic_store(&w->is_running, true);
    return !atomic_load(&w->stop);
}

static void *train_until_stopped(void *user)
{
    worker *w = user;
    const plx_train_hooks hooks = {.size = sizeof hooks, .progress = go_on, .user = w};
    w->report.size = sizeof w->report;
    w->status = plx_model_train(w->f.model, w->f.data, &hooks, &w->report, NULL);
    return NULL;
}

static void test_a_fork_while_another_thread_trains(void)
{
    if (!FORKS_BESIDE_THREADS) SKIP(NO_FORKS);
    static worker w;
    pthread_t thread;
    int codes[FORKS], in_hooks = 0;
    if (!fixture_ready(&w.f, &two_threads, config_text("mmoe", mmoe_lines, ""))) return;
    CHECK_STATUS(plx_model_set(w.f.model, "train.epochs=100000", NULL), PLX_OK);
    REQUIRE(pthread_create(&thread, NULL, train_until_stopped, &w) == 0);
    while (!atomic_load(&w.is_running))
        usleep(1000);
    for (int i = 0; i < FORKS; i++) {
        const pid_t child = fork_child();
        if (child == 0) _exit(use_in_training(&w.f));
        codes[i] = code_of(child);
        in_hooks += codes[i] == 2; /* a hook is short, but a fork may occur in it: then the weights may be read */
        CHECK(codes[i] == 0 || codes[i] == 2);
    }
    CHECK(in_hooks < FORKS);
    atomic_store(&w.stop, true);
    pthread_join(thread, NULL);
    CHECK_STATUS(w.status, PLX_OK);
    CHECK(w.report.cancelled);
    fixture_free(&w.f);
}

typedef struct forking {
    fixture *f;
    bool is_child;
    pid_t child;
} forking;

/** The child reads the weights, then returns into the parent's training. */
static bool fork_in_hook(void *user, const plx_progress *progress)
{
    forking *f = user;
    plx_error error = {0};
    if (progress->epoch != 2 || progress->step < progress->steps) return true;
    f->child = fork_child();
    if (f->child != 0) return true;
    f->is_child = true;
    float *scores = score_rows(f->f->model, &error);
    if (!scores) _exit(10);
    free(scores);
    if (!is_refused(plx_model_train(f->f->model, f->f->data, NULL, NULL, &error), &error)) _exit(11);
    return true;
}

static void test_a_child_that_returns_from_a_hook(void)
{
    if (!FORKS_BESIDE_THREADS) SKIP(NO_FORKS);
    fixture f;
    plx_error error = {0};
    plx_train_report report = {.size = sizeof report};
    char log[400], checkpoint[400];
    snprintf(log, sizeof log, "%s", at("log.jsonl"));
    snprintf(checkpoint, sizeof checkpoint, "%s", at("checkpoint.plexus"));
    if (!fixture_ready(&f, &two_threads, config_text("mmoe", mmoe_lines, "  checkpoint_steps: 1\n"))) return;
    forking state = {.f = &f};
    const plx_train_hooks hooks = {
        .size = sizeof hooks, .progress = fork_in_hook, .user = &state, .log_path = log, .checkpoint_path = checkpoint};
    const plx_status status = plx_model_train(f.model, f.data, &hooks, &report, &error);
    if (state.is_child) {
        if (!is_refused(status, &error) || report.checkpoints > 20) _exit(12);
        fixture_free(&f);
        _exit(train_own());
    }
    CHECK_STATUS(status, PLX_OK);
    CHECK(report.epochs == 3);
    CHECK(code_of(state.child) == 0);
    fixture_free(&f);
}

typedef struct scorer {
    fixture f;
    const plx_predictor *predictor;
    plx_column columns[3];
    atomic_bool stop;
    atomic_int calls;
} scorer;

static void *score_until_stopped(void *user)
{
    scorer *s = user;
    float scores[2];
    while (!atomic_load(&s->stop)) {
        free(score_rows(s->f.model, NULL));
        for (int i = 0; i < 100; i++)
            plx_predictor_score(s->predictor, s->columns, 3, 1, scores, NULL);
        atomic_fetch_add(&s->calls, 1);
    }
    return NULL;
}

static int score_in_child(scorer *s, const float *expected, const float *one)
{
    float scores[2];
    float *all = score_rows(s->f.model, NULL);
    if (!all || memcmp(all, expected, (size_t)2 * N_ROWS * sizeof *all) != 0) return 30;
    free(all);
    for (int i = 0; i < 10; i++) {
        if (plx_predictor_score(s->predictor, s->columns, 3, 1, scores, NULL) != PLX_OK) return 31;
        if (memcmp(scores, one, sizeof scores) != 0) return 32;
    }
    /* The model itself may continue to learn here. */
    if (plx_model_train(s->f.model, s->f.data, NULL, NULL, NULL) != PLX_OK) return 33;
    return train_own();
}

static void test_forks_while_other_threads_score(void)
{
    if (!FORKS_BESIDE_THREADS) SKIP(NO_FORKS);
    static scorer s;
    static const char *const city = "Rome", *const job = "cook";
    static const double age = 30;
    plx_predictor *predictor = NULL;
    pthread_t threads[3];
    float one[2];
    if (!fixture_ready(&s.f, &two_threads, config_text("mmoe", mmoe_lines, ""))) return;
    CHECK_STATUS(plx_model_train(s.f.model, s.f.data, NULL, NULL, NULL), PLX_OK);
    REQUIRE(plx_predictor_create(s.f.model, &predictor, NULL) == PLX_OK);
    s.predictor = predictor;
    s.columns[0] = (plx_column){.name = "city", .texts = &city};
    s.columns[1] = (plx_column){.name = "job", .texts = &job};
    s.columns[2] = (plx_column){.name = "age", .numbers = &age};
    float *expected = score_rows(s.f.model, NULL);
    CHECK_STATUS(plx_predictor_score(predictor, s.columns, 3, 1, one, NULL), PLX_OK);
    for (int i = 0; i < 3; i++)
        REQUIRE(pthread_create(&threads[i], NULL, score_until_stopped, &s) == 0);
    while (atomic_load(&s.calls) == 0)
        usleep(1000);
    pid_t children[FORKS];
    for (int i = 0; i < FORKS; i++) {
        children[i] = fork_child();
        if (children[i] == 0) _exit(score_in_child(&s, expected, one));
    }
    for (int i = 0; i < FORKS; i++)
        CHECK(code_of(children[i]) == 0);
    atomic_store(&s.stop, true);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    free(expected);
    plx_predictor_free(predictor);
    fixture_free(&s.f);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_assignments_wait_for_the_end),
        CHECK_TEST(test_assigned_attributes_apply_to_later_calls),
        CHECK_TEST(test_a_training_within_a_training_is_refused),
        CHECK_TEST(test_weights_set_in_a_hook),
        CHECK_TEST(test_a_fork_while_another_thread_trains),
        CHECK_TEST(test_a_child_that_returns_from_a_hook),
        CHECK_TEST(test_forks_while_other_threads_score),
    };
    home_make();
    write_rows("rows.csv", N_ROWS, 1);
    const int failed = check_main(argc, argv, tests, sizeof tests / sizeof *tests);
    home_remove();
    return failed;
}
