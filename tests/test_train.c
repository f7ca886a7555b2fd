/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The training loop on small rows built by hand, with labels from a rule that every model can learn: the result, when
 * it stops, the weights that it leaves, and its behaviour on errors.
 */
#include "train/train.h"

#include <time.h>

#include "base/random.h"
#include "check.h"
#include "failing_allocator.h"
#include "networks/network.h"
#include "ops/ops.h"

enum { N_TASKS = 2, N_SPARSE = 3, N_DENSE = 2, LOG_EPOCHS = 64, LOG_VALUES = 4096 };

static const plx_input_spec inputs[N_SPARSE + N_DENSE] = {
    {.name = "city", .vocabulary = 6, .embedding_dim = 3},
    {.name = "device", .vocabulary = 4, .embedding_dim = 2},
    {.name = "page", .vocabulary = 300, .embedding_dim = 4},
    {.name = "age"},
    {.name = "price"},
};
static const plx_target_spec binary_targets[N_TASKS] = {{.name = "click"}, {.name = "buy"}};
static const plx_target_spec mixed_targets[N_TASKS] = {{.name = "click"},
                                                       {.name = "spend", .kind = PLX_TASK_REGRESSION}};
static int bottom_units[] = {8}, tower_units[] = {4};
static plx_int_list towers[N_TASKS] = {{tower_units, 1}, {tower_units, 1}};

/** The callback's records and instructions. */
typedef struct journal {
    int calls, epochs;
    double loss[LOG_EPOCHS], validation_loss[LOG_EPOCHS], auc[LOG_EPOCHS], task_loss[LOG_EPOCHS][N_TASKS];
    double validation_task_loss[LOG_EPOCHS][N_TASKS], monitored[LOG_EPOCHS];
    plx_metrics metrics[LOG_EPOCHS][N_TASKS];
    int64_t steps;
    int best_epoch;
    plx_real best[LOG_VALUES]; /* values at the end of the best epoch */
    int cancel_at_call;        /* 0: never */
    int cancel_at_epoch;       /* at its end */
    int cancel_after_epoch;    /* at the first call after its end */
    int spoil_at_epoch;        /* at its end: makes a dense number of the first training row NaN */
    struct world *world;
} journal;

/** A model, rows for it and a job to train it. */
typedef struct world {
    plx_arena arena;
    plx_graph graph;
    plx_id_field sparse[N_SPARSE];
    plx_layout layout;
    plx_rows train, validation;
    plx_real *values, *start;
    double weights[N_TASKS];
    const char *names[N_TASKS];
    plx_task_kind kinds[N_TASKS];
    char optimizer[8], monitor[64];
    plx_train_spec spec;
    plx_train_job job;
    plx_train_report result;
    plx_error err;
    journal journal;
} world;

static const plx_model_spec plain_model = {
    .bottom_dnn_units = {bottom_units, 1},
    .expert_dnn_units = {bottom_units, 1},
    .tower_dnn_units_lists = {.items = towers, .n = N_TASKS},
    .num_experts = 3,
    .num_experts_specific = 2,
    .num_experts_shared = 1,
    .num_levels = 2,
    .l2_reg_embedding = 1e-5,
};

/* -- Rows ------------------------------------------------------------------------------------------------------ */

static void set_label(plx_rows *rows, size_t row, int task, float label)
{
    const plx_layout *layout = rows->layout;
    memcpy(rows->records + row * layout->record_bytes + layout->label_offset + (size_t)task * sizeof label, &label,
           sizeof label);
}

static float *dense_of(plx_rows *rows, size_t row)
{
    return (float *)(void *)(rows->records + row * rows->layout->record_bytes);
}

/** Random ids and numbers; labels by a rule of city, page and both numbers, with some noise. */
static void fill_rows(plx_rows *rows, uint64_t seed, const plx_task_kind *kinds)
{
    const plx_random random = {seed, PLX_STREAM_NAMED};
    for (size_t r = 0; r < rows->n; r++) {
        uint64_t index = r * 16;
        uint8_t *record = rows->records + r * rows->layout->record_bytes;
        float *dense = dense_of(rows, r);
        uint32_t ids[N_SPARSE];
        for (size_t i = 0; i < N_SPARSE; i++) {
            const plx_id_field *field = &rows->layout->sparse[i];
            ids[i] = plx_random_below(&random, index++, 0, field->vocabulary);
            uint16_t two = (uint16_t)ids[i];
            if (field->id_bytes == 1) record[field->offset] = (uint8_t)ids[i];
            if (field->id_bytes == 2) memcpy(record + field->offset, &two, sizeof two);
        }
        for (size_t i = 0; i < N_DENSE; i++)
            dense[i] = plx_random_uniform(&random, index++, 0);
        for (int task = 0; task < N_TASKS; task++) {
            double sign = task == 0 ? 1 : -1;
            double z = 3 * (ids[0] % 2 ? 1 : -1) + sign * (ids[2] % 3 ? 1 : -1) + 2 * sign * ((double)dense[0] - 0.5);
            float noise = plx_random_uniform(&random, index++, 0);
            float label = noise < 1 / (1 + exp(-z)) ? 1.0F : 0.0F;
            set_label(rows, r, task, kinds[task] == PLX_TASK_BINARY ? label : (float)z);
        }
    }
}

/* -- World ----------------------------------------------------------------------------------------------------- */

static bool world_build(world *w, const char *model, const plx_model_spec *spec, const plx_target_spec *targets)
{
    const plx_model_def *def = plx_model_find(plx_slice_of(model));
    plx_build build = {
        .spec = spec, .inputs = inputs, .n_inputs = N_SPARSE + N_DENSE, .targets = targets, .n_tasks = N_TASKS};
    if (!def) return false;
    plx_arena_init(&w->arena, &plx_allocator_default);
    plx_graph_init(&w->graph, &w->arena, N_TASKS);
    plx_network_build(&w->graph, def, &build);
    if (plx_graph_finish(&w->graph, &w->err) != PLX_OK) return false;
    w->values = plx_alloc_aligned(&plx_allocator_default, w->graph.n_values, sizeof *w->values);
    w->start = plx_alloc_aligned(&plx_allocator_default, w->graph.n_values, sizeof *w->start);
    if (!w->values || !w->start) return false;
    plx_graph_init_values(&w->graph, 1, w->values);
    memcpy(w->start, w->values, w->graph.n_values * sizeof *w->values);
    return w->graph.n_values <= LOG_VALUES;
}

static bool listen(void *user, const plx_train_state *state);

/** 1500 training and 500 validation rows, or as the caller says. */
static bool world_init(world *w, const char *model, const plx_model_spec *spec, const plx_target_spec *targets,
                       size_t n_train, size_t n_validation)
{
    *w = (world){0};
    for (int i = 0; i < N_SPARSE; i++)
        w->sparse[i].vocabulary = (uint32_t)inputs[i].vocabulary;
    plx_layout_init(&w->layout, &(plx_layout_parts){
                                    .sparse = w->sparse, .n_sparse = N_SPARSE, .n_dense = N_DENSE, .n_tasks = N_TASKS});
    for (int task = 0; task < N_TASKS; task++) {
        w->weights[task] = 1;
        w->names[task] = targets[task].name;
        w->kinds[task] = targets[task].kind;
    }
    strcpy(w->optimizer, "adam");
    w->spec = (plx_train_spec){.epochs = 8,
                               .batch_size = 64,
                               .seed = 1,
                               .optimizer = w->optimizer,
                               .shuffle = true,
                               .learning_rate = 0.01,
                               .beta1 = 0.9,
                               .beta2 = 0.999,
                               .epsilon = 1e-7};
    if (!world_build(w, model, spec, targets) ||
        plx_rows_init(&w->train, &plx_allocator_default, &w->layout, n_train, &w->err) != PLX_OK ||
        plx_rows_init(&w->validation, &plx_allocator_default, &w->layout, n_validation, &w->err) != PLX_OK) {
        check_report(__FILE__, __LINE__, w->err.message);
        return false;
    }
    fill_rows(&w->train, 100, w->kinds);
    fill_rows(&w->validation, 200, w->kinds);
    w->journal.world = w;
    w->job = (plx_train_job){.machine = {&plx_allocator_default, plx_kernels_for(plx_cpu_best()), NULL},
                             .graph = &w->graph,
                             .spec = &w->spec,
                             .l2_embedding = spec->l2_reg_embedding,
                             .l2_dnn = spec->l2_reg_dnn,
                             .task_weights = w->weights,
                             .task_names = w->names,
                             .task_kinds = w->kinds,
                             .train = &w->train,
                             .validation = &w->validation,
                             .values = w->values,
                             .listener = listen,
                             .user = &w->journal};
    return true;
}

static void world_release(world *w)
{
    plx_rows_release(&w->train, &plx_allocator_default);
    plx_rows_release(&w->validation, &plx_allocator_default);
    plx_free_aligned(&plx_allocator_default, w->values);
    plx_free_aligned(&plx_allocator_default, w->start);
    plx_arena_release(&w->arena);
}

static plx_status train(world *w)
{
    return plx_train(&w->job, &w->result, &w->err);
}

static bool has_values(const world *w, const plx_real *values)
{
    return memcmp(w->values, values, w->graph.n_values * sizeof *values) == 0;
}

static void wait_a_moment(void)
{
    const struct timespec moment = {0, 120000000}; /* longer than the loop's interval between calls */
    nanosleep(&moment, NULL);
}

static bool listen_epoch(journal *j, const plx_train_state *state)
{
    int epoch = j->epochs++;
    j->steps = state->progress.steps;
    CHECK(state->progress.epoch == j->epochs && state->progress.step == state->progress.steps &&
          state->progress.rows_per_second > 0);
    if (epoch >= LOG_EPOCHS) return true;
    j->loss[epoch] = state->progress.loss;
    j->validation_loss[epoch] = state->has_validation ? state->progress.validation_loss : NAN;
    j->auc[epoch] = state->has_validation ? state->progress.validation_metrics[0].values[PLX_METRIC_auc] : NAN;
    j->monitored[epoch] = state->progress.monitored;
    for (int task = 0; task < N_TASKS; task++) {
        j->task_loss[epoch][task] = state->progress.task_losses[task];
        if (!state->has_validation) continue;
        j->validation_task_loss[epoch][task] = state->progress.validation_task_losses[task];
        j->metrics[epoch][task] = state->progress.validation_metrics[task];
    }
    if (state->progress.is_best) {
        j->best_epoch = state->progress.epoch;
        memcpy(j->best, j->world->values, j->world->graph.n_values * sizeof *j->best);
    }
    if (state->progress.epoch == j->spoil_at_epoch) dense_of(&j->world->train, 0)[0] = NAN;
    if (state->progress.epoch == j->cancel_after_epoch) wait_a_moment();
    return state->progress.epoch != j->cancel_at_epoch;
}

static bool listen(void *user, const plx_train_state *state)
{
    journal *j = user;
    j->calls++;
    CHECK(state->progress.step >= 1 && state->progress.step <= state->progress.steps && isfinite(state->progress.loss));
    if (j->calls == j->cancel_at_call) return false;
    if (!state->epoch_ended) return j->cancel_after_epoch == 0 || state->progress.epoch <= j->cancel_after_epoch;
    return listen_epoch(j, state);
}

/* -- Learning -------------------------------------------------------------------------------------------------- */

static void test_every_model_learns(void)
{
    for (const plx_model_def *const *def = plx_model_list; *def; def++) {
        static world w;
        REQUIRE(world_init(&w, (*def)->name, &plain_model, binary_targets, 1500, 500));
        CHECK_STATUS(train(&w), PLX_OK);
        CHECK(w.journal.epochs == 8 && w.result.epochs == 8 && !w.result.stopped_early && !w.result.cancelled);
        CHECK(w.journal.loss[7] < 0.8 * w.journal.loss[0]);
        CHECK(w.journal.auc[w.result.best_epoch - 1] > 0.85);
        CHECK(w.result.rows_per_second > 0 && w.result.seconds > 0);
        if (check_failures) printf("  %s: loss %g, auc %g\n", (*def)->name, w.journal.loss[7], w.journal.auc[7]);
        world_release(&w);
    }
}

static void test_regression_is_learnt(void)
{
    static world w;
    REQUIRE(world_init(&w, "mmoe", &plain_model, mixed_targets, 1500, 500));
    CHECK_STATUS(train(&w), PLX_OK);
    CHECK(w.journal.validation_task_loss[7][1] < 0.3 * w.journal.task_loss[0][1]);
    world_release(&w);
}

/** With a vanishing learning rate the weights do not move, and the losses can be computed by hand. */
static void test_losses_are_as_defined(void)
{
    enum { N = 65, BATCH = 32 };
    static world w;
    float scores[N * N_TASKS];
    double losses[N_TASKS], steps_loss = 0, task_steps[N_TASKS] = {0}, squares[PLX_L2_KINDS] = {0};
    plx_model_spec spec = plain_model;
    spec.l2_reg_embedding = 3, spec.l2_reg_dnn = 0.25;
    REQUIRE(world_init(&w, "shared_bottom", &spec, mixed_targets, N, N));
    strcpy(w.optimizer, "sgd");
    w.spec.learning_rate = 1e-30, w.spec.epochs = 1, w.spec.batch_size = BATCH, w.spec.shuffle = false;
    w.weights[0] = 0.5, w.weights[1] = 2;
    CHECK_STATUS(plx_score_rows(&w.job.machine, &w.graph, w.values, &w.train, scores, losses, NULL), PLX_OK);
    for (size_t first = 0; first < N; first += BATCH) {
        size_t n = N - first < BATCH ? N - first : BATCH;
        double sums[N_TASKS] = {0};
        for (size_t r = first; r < first + n; r++) {
            float labels[N_TASKS];
            for (int task = 0; task < N_TASKS; task++)
                plx_records_labels(&w.layout, w.train.records + r * w.layout.record_bytes, 1, task, &labels[task]);
            double p = (double)scores[r * N_TASKS], difference = (double)(scores[r * N_TASKS + 1] - labels[1]);
            sums[0] -= labels[0] > 0 ? log(p) : log(1 - p);
            sums[1] += difference * difference;
        }
        for (int task = 0; task < N_TASKS; task++) {
            task_steps[task] += sums[task] / (double)n / 3;
            steps_loss += w.weights[task] * sums[task] / (double)n / 3;
        }
    }
    for (int p = 0; p < w.graph.n_params; p++) {
        const plx_param *param = &w.graph.params[p];
        static float dense[LOG_VALUES];
        plx_param_read(param, w.values, dense);
        for (int i = 0; i < param->spec.groups * param->spec.rows * param->spec.cols; i++)
            squares[param->spec.regulariser] += (double)dense[i] * (double)dense[i];
    }
    double penalty = 3 * squares[PLX_L2_EMBEDDING] + 0.25 * squares[PLX_L2_DNN];
    fill_rows(&w.validation, 100, w.kinds); /* the training rows a second time */
    CHECK(penalty > 0.1);
    CHECK_STATUS(train(&w), PLX_OK);
    CHECK(w.journal.steps == 3);
    CHECK_CLOSE(w.journal.loss[0], steps_loss + penalty, 1e-5 * (steps_loss + penalty));
    CHECK_CLOSE(w.journal.validation_loss[0], 0.5 * losses[0] + 2 * losses[1] + penalty, 1e-5 * (steps_loss + penalty));
    for (int task = 0; task < N_TASKS; task++) {
        CHECK_CLOSE(w.journal.task_loss[0][task], task_steps[task], 1e-5 * task_steps[task]);
        CHECK_CLOSE(w.journal.validation_task_loss[0][task], losses[task], 1e-6 * losses[task]);
    }
    world_release(&w);
}

/** With constant weights and equal batches, the epoch's mean does not depend on the order of the rows. */
static void test_every_row_counts_once(void)
{
    static world w;
    double loss[2];
    for (int shuffle = 0; shuffle < 2; shuffle++) {
        REQUIRE(world_init(&w, "mmoe", &plain_model, mixed_targets, 400, 0));
        strcpy(w.optimizer, "sgd");
        w.spec.learning_rate = 1e-30, w.spec.epochs = 1, w.spec.batch_size = 200, w.spec.shuffle = shuffle;
        CHECK_STATUS(train(&w), PLX_OK);
        loss[shuffle] = w.journal.loss[0];
        world_release(&w);
    }
    CHECK_CLOSE(loss[1], loss[0], 1e-6 * loss[0]);
}

static void test_missing_labels(void)
{
    static world w;
    REQUIRE(world_init(&w, "mmoe", &plain_model, binary_targets, 200, 100));
    for (size_t r = 0; r < 200; r++)
        set_label(&w.train, r, 1, NAN);
    for (size_t r = 0; r < 100; r++)
        set_label(&w.validation, r, 1, NAN);
    CHECK_STATUS(train(&w), PLX_OK);
    CHECK(isnan(w.journal.task_loss[0][1]) && isnan(w.journal.validation_task_loss[0][1]));
    CHECK(isfinite(w.journal.loss[0]) && isfinite(w.journal.validation_loss[0]) &&
          w.journal.loss[7] < w.journal.loss[0]);
    world_release(&w);
}

/** Every third batch has no label of the second task, the others some: counted or known to exist, the same bits. */
static void test_batches_without_labels(void)
{
    static world counted, marked;
    REQUIRE(world_init(&counted, "mmoe", &plain_model, binary_targets, 320, 100));
    REQUIRE(world_init(&marked, "mmoe", &plain_model, binary_targets, 320, 100));
    marked.train.has_all_labels = true;
    CHECK_STATUS(train(&counted), PLX_OK);
    CHECK_STATUS(train(&marked), PLX_OK);
    CHECK(has_values(&marked, counted.values));
    world_release(&marked);
    world_release(&counted);

    REQUIRE(world_init(&counted, "mmoe", &plain_model, binary_targets, 320, 100));
    counted.spec.shuffle = false;
    for (size_t r = 0; r < 320; r++)
        if (r / 64 % 3 == 1 || r % 5 < 3) set_label(&counted.train, r, 1, NAN);
    CHECK_STATUS(train(&counted), PLX_OK);
    CHECK(isfinite(counted.journal.loss[7]) && counted.journal.task_loss[7][1] < counted.journal.task_loss[0][1]);
    world_release(&counted);
}

static void test_one_class_has_no_auc(void)
{
    static world w;
    REQUIRE(world_init(&w, "mmoe", &plain_model, binary_targets, 200, 100));
    for (size_t r = 0; r < 100; r++)
        set_label(&w.validation, r, 0, 1);
    CHECK_STATUS(train(&w), PLX_OK);
    CHECK(isnan(w.journal.auc[0]) && isfinite(w.journal.validation_loss[0]));
    world_release(&w);
}

/* -- Stopping -------------------------------------------------------------------------------------------------- */

static void test_early_stopping_puts_the_best_back(void)
{
    static world w;
    static float scores[500 * N_TASKS];
    double losses[N_TASKS];
    int best = 0;
    REQUIRE(world_init(&w, "mmoe", &plain_model, binary_targets, 300, 500));
    w.spec.epochs = LOG_EPOCHS, w.spec.patience = 3, w.spec.learning_rate = 0.03;
    CHECK_STATUS(train(&w), PLX_OK);
    for (int epoch = 0; epoch < w.journal.epochs; epoch++) {
        if (w.journal.validation_loss[epoch] < w.journal.validation_loss[best]) best = epoch;
    }
    CHECK(w.result.stopped_early && w.result.epochs < LOG_EPOCHS && w.result.epochs == w.journal.epochs);
    CHECK(w.result.best_epoch == best + 1 && w.result.epochs == best + 1 + 3);
    CHECK(has_values(&w, w.journal.best));
    CHECK_STATUS(plx_score_rows(&w.job.machine, &w.graph, w.values, &w.validation, scores, losses, NULL), PLX_OK);
    CHECK(losses[0] == w.journal.validation_task_loss[best][0] && losses[1] == w.journal.validation_task_loss[best][1]);
    world_release(&w);
}

static void test_best_comes_back_without_patience(void)
{
    static world w;
    REQUIRE(world_init(&w, "mmoe", &plain_model, binary_targets, 300, 500));
    w.spec.epochs = 40, w.spec.learning_rate = 0.03;
    CHECK_STATUS(train(&w), PLX_OK);
    CHECK(w.result.epochs == 40 && !w.result.stopped_early && w.result.best_epoch < 40);
    CHECK(w.result.best_epoch == w.journal.best_epoch && has_values(&w, w.journal.best));
    world_release(&w);
}

static void test_min_delta(void)
{
    static world w;
    REQUIRE(world_init(&w, "mmoe", &plain_model, binary_targets, 300, 500));
    w.spec.epochs = 40, w.spec.patience = 2, w.spec.min_delta = 100;
    CHECK_STATUS(train(&w), PLX_OK);
    CHECK(w.result.epochs == 3 && w.result.best_epoch == 1 && w.result.stopped_early);
    CHECK(w.journal.validation_loss[2] < w.journal.validation_loss[0]);
    world_release(&w);
}

/** The monitor's metric is `expected`; it decides the best epoch and the end. */
static void check_monitor(const char *monitor, double (*expected)(const journal *j, int epoch), double sign)
{
    static world w;
    int best = 0;
    REQUIRE(world_init(&w, "mmoe", &plain_model, mixed_targets, 300, 500));
    snprintf(w.monitor, sizeof w.monitor, "%s", monitor);
    w.spec.monitor = w.monitor;
    w.spec.epochs = LOG_EPOCHS, w.spec.patience = 3, w.spec.learning_rate = 0.03;
    CHECK_STATUS(train(&w), PLX_OK);
    for (int epoch = 0; epoch < w.journal.epochs; epoch++) {
        CHECK_CLOSE(w.journal.monitored[epoch], expected(&w.journal, epoch), 1e-12);
        if (sign * w.journal.monitored[epoch] > sign * w.journal.monitored[best]) best = epoch;
    }
    CHECK(w.result.stopped_early && w.result.best_epoch == best + 1 && w.result.epochs == best + 1 + 3);
    CHECK(has_values(&w, w.journal.best));
    world_release(&w);
}

static double auc_of(const journal *j, int epoch)
{
    return j->metrics[epoch][0].values[PLX_METRIC_auc];
}

static double rmse_of(const journal *j, int epoch)
{
    return j->metrics[epoch][1].values[PLX_METRIC_rmse];
}

static double task_loss_of(const journal *j, int epoch)
{
    return j->validation_task_loss[epoch][0];
}

static double mix_of(const journal *j, int epoch)
{
    return 0.7 * j->metrics[epoch][0].values[PLX_METRIC_pr_auc] - 0.01 * j->metrics[epoch][1].values[PLX_METRIC_mae];
}

static void test_the_monitor_chooses_the_best(void)
{
    check_monitor("click.auc", auc_of, 1);
    check_monitor("spend.rmse", rmse_of, -1);
    check_monitor("click.loss", task_loss_of, -1);
    check_monitor("0.7*click.pr_auc + 0.01*spend.mae", mix_of, 1);
}

static void test_min_delta_of_a_monitor(void)
{
    static world w;
    REQUIRE(world_init(&w, "mmoe", &plain_model, binary_targets, 300, 500));
    snprintf(w.monitor, sizeof w.monitor, "click.auc");
    w.spec.monitor = w.monitor;
    w.spec.epochs = 40, w.spec.patience = 2, w.spec.min_delta = 1;
    CHECK_STATUS(train(&w), PLX_OK);
    CHECK(w.result.epochs == 3 && w.result.best_epoch == 1 && w.result.stopped_early);
    CHECK(w.journal.auc[2] > w.journal.auc[0]);
    world_release(&w);
}

static void test_a_monitor_without_meaning(void)
{
    static const struct {
        const char *monitor, *message;
        plx_status status;
    } cases[] = {
        {"buy.auc", "train.monitor: auc of task 'buy' is undefined for the validation rows: their labels are of one",
         PLX_ERR_SCHEMA},
        {"buy.accuracy", "", PLX_OK},
        {"click.loss", "train.monitor: no validation row has a label of task 'click'", PLX_ERR_SCHEMA},
        {"click.auk", "'click' has no metric 'auk'", PLX_ERR_ARGUMENT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static world w;
        REQUIRE(world_init(&w, "mmoe", &plain_model, binary_targets, 300, 50));
        snprintf(w.monitor, sizeof w.monitor, "%s", cases[i].monitor);
        w.spec.monitor = w.monitor;
        for (size_t row = 0; row < w.validation.n; row++) {
            set_label(&w.validation, row, 0, NAN);
            set_label(&w.validation, row, 1, 1);
        }
        CHECK_STATUS(train(&w), cases[i].status);
        CHECK_TEXT(w.err.message, cases[i].message);
        CHECK(cases[i].status == PLX_OK || memcmp(w.values, w.start, w.graph.n_values * sizeof *w.values) == 0);
        world_release(&w);
    }
}

/* -- Gates ----------------------------------------------------------------------------------------------------- */

enum { EXPERTS_MAX = 16, EMBEDDED = 3 + 2 + 4 };

typedef struct gate_shares {
    int n_gates, n_experts[4], calls;
    double shares[4][EXPERTS_MAX];
    char names[4][32];
} gate_shares;

static bool note_gates(void *user, const plx_train_state *state)
{
    gate_shares *seen = user;
    if (!state->epoch_ended) return true;
    seen->calls++;
    seen->n_gates = state->n_gates;
    for (int i = 0; i < state->n_gates && i < 4; i++) {
        const plx_gate_use *gate = &state->gates[i];
        seen->n_experts[i] = gate->n_experts;
        snprintf(seen->names[i], sizeof seen->names[i], "%.*s", (int)gate->name.length, gate->name.text);
        for (int expert = 0; expert < gate->n_experts && expert < EXPERTS_MAX; expert++)
            seen->shares[i][expert] = gate->shares[expert];
    }
    return true;
}

/** All parameters 0 except the kernels of gates, so that a gate is a softmax of only the dense numbers. */
static void set_gates(world *w, const float *kernel, int experts)
{
    static float dense[LOG_VALUES];
    memset(w->values, 0, w->graph.n_values * sizeof *w->values);
    for (int p = 0; p < w->graph.n_params; p++) {
        const plx_param *param = &w->graph.params[p];
        if (!strstr(param->spec.name, "/gate/") || param->spec.cols != experts) continue;
        CHECK(param->spec.rows == EMBEDDED + N_DENSE);
        memset(dense, 0, sizeof dense);
        memcpy(dense + EMBEDDED * experts, kernel, sizeof *kernel * (size_t)(N_DENSE * experts));
        plx_param_write(param, w->values, dense);
    }
}

static void test_gates_are_counted(void)
{
    static world w;
    static float kernel[N_DENSE * EXPERTS_MAX];
    gate_shares seen = {.n_gates = 0};
    REQUIRE(world_init(&w, "mmoe", &plain_model, binary_targets, 64, 501));
    const int experts = (int)plain_model.num_experts;
    double expected[EXPERTS_MAX] = {0};
    for (int i = 0; i < N_DENSE * experts; i++)
        kernel[i] = (float)(i % 5) - 1.5F;
    set_gates(&w, kernel, experts);
    for (size_t row = 0; row < w.validation.n; row++) {
        const float *x = dense_of(&w.validation, row);
        double powers[EXPERTS_MAX], sum = 0;
        for (int e = 0; e < experts; e++)
            sum += powers[e] = exp((double)x[0] * (double)kernel[e] + (double)x[1] * (double)kernel[experts + e]);
        for (int e = 0; e < experts; e++)
            expected[e] += powers[e] / sum / (double)w.validation.n;
    }
    w.spec.epochs = 1, w.spec.learning_rate = 1e-30;
    w.job.counts_gates = true;
    w.job.listener = note_gates, w.job.user = &seen;
    CHECK_STATUS(train(&w), PLX_OK);
    CHECK(seen.calls == 1 && seen.n_gates == N_TASKS);
    CHECK_TEXT(seen.names[1], "task1/gate");
    for (int gate = 0; gate < seen.n_gates; gate++) {
        CHECK(seen.n_experts[gate] == experts);
        for (int e = 0; e < experts; e++)
            CHECK_CLOSE(seen.shares[gate][e], expected[e], 1e-5);
    }
    w.job.counts_gates = false;
    CHECK_STATUS(train(&w), PLX_OK);
    CHECK(seen.calls == 2 && seen.n_gates == 0);
    world_release(&w);
}

static void drop_labels(plx_rows *rows, int task)
{
    for (size_t row = 0; row < rows->n; row++)
        set_label(rows, row, task, NAN);
}

/** The epochs cannot be compared; the first one used to be the best. */
static void test_validation_rows_without_labels(void)
{
    static const char *const monitors[] = {NULL, "loss", "0.5*loss + click.loss", "click.auc + buy.auc"};
    static world w;
    for (size_t i = 0; i < sizeof monitors / sizeof *monitors; i++) {
        REQUIRE(world_init(&w, "mmoe", &plain_model, binary_targets, 300, 100));
        if (monitors[i]) w.spec.monitor = strcpy(w.monitor, monitors[i]);
        drop_labels(&w.validation, 0);
        drop_labels(&w.validation, 1);
        CHECK_STATUS(train(&w), PLX_ERR_SCHEMA);
        CHECK_TEXT(w.err.message, "no validation row has a label");
        CHECK(w.journal.epochs == 0 && has_values(&w, w.start));
        world_release(&w);
    }
    /* A task without labels has no effect: the best epoch is that of the other task alone. */
    static const char *const pairs[][2] = {{"loss", "buy.loss"}, {"9*click.auc + buy.auc", "buy.auc"}};
    for (int i = 0; i < 2; i++) {
        int best[2];
        for (int alone = 0; alone < 2; alone++) {
            REQUIRE(world_init(&w, "mmoe", &plain_model, binary_targets, 300, 100));
            w.spec.monitor = strcpy(w.monitor, pairs[i][alone]);
            w.spec.epochs = 20, w.spec.learning_rate = 0.03;
            drop_labels(&w.validation, 0);
            CHECK_STATUS(train(&w), PLX_OK);
            best[alone] = w.result.best_epoch;
            CHECK(has_values(&w, w.journal.best));
            world_release(&w);
        }
        CHECK(best[0] == best[1] && best[0] > 1 && best[0] < 20);
    }
}

static bool put_zeros(void *user, const plx_train_state *state)
{
    const journal *j = user;
    if (state->epoch_ended) memset(j->world->values, 0, j->world->graph.n_values * sizeof *j->world->values);
    return true;
}

/** Counts the copies of all weights besides the trained ones. */
static bool count_copies(void *user, const plx_state_list *list)
{
    int *copies = user;
    *copies = 0;
    for (size_t i = 0; i < list->n; i++)
        *copies += strcmp(list->items[i].name, "best/values") == 0 ? 1 : 0;
    return true;
}

/** Weights that a callback sets after the last epoch stay, since no copy of the weights is kept. */
static void test_without_validation_nothing_is_put_back(void)
{
    static world w;
    for (int with = 0; with < 2; with++) {
        int copies = -1;
        const plx_checkpointer checkpointer = {.user = &copies, .save = count_copies};
        REQUIRE(world_init(&w, "mmoe", &plain_model, binary_targets, 300, with ? 100 : 0));
        w.spec.epochs = 2, w.spec.checkpoint_steps = 1;
        w.job.listener = put_zeros;
        w.job.checkpointer = &checkpointer;
        CHECK_STATUS(train(&w), PLX_OK);
        CHECK(w.result.best_epoch > 0 && copies == with);
        bool is_zero = true;
        for (size_t i = 0; i < w.graph.n_values; i++)
            is_zero = is_zero && fabs((double)w.values[i]) <= 0;
        CHECK(is_zero == !with);
        world_release(&w);
    }
}

static void test_without_validation_the_last_epoch_counts(void)
{
    static world w;
    REQUIRE(world_init(&w, "mmoe", &plain_model, binary_targets, 300, 0));
    w.spec.epochs = 6, w.spec.patience = 2;
    CHECK_STATUS(train(&w), PLX_OK);
    CHECK(w.result.epochs == 6 && w.result.best_epoch == 6 && !w.result.stopped_early);
    CHECK(isnan(w.journal.validation_loss[5]) && has_values(&w, w.journal.best) && !has_values(&w, w.start));
    world_release(&w);
}

static void test_cancel(void)
{
    static world w;
    /* In the first epoch: the learned weights stay. */
    REQUIRE(world_init(&w, "mmoe", &plain_model, binary_targets, 300, 100));
    w.journal.cancel_at_call = 1;
    CHECK_STATUS(train(&w), PLX_OK);
    CHECK(w.result.cancelled && w.result.epochs == 0 && w.result.best_epoch == 0 && w.journal.epochs == 0);
    CHECK(!has_values(&w, w.start));
    world_release(&w);
    /* At an epoch's end, and within the one after it. */
    for (int within = 0; within < 2; within++) {
        REQUIRE(world_init(&w, "mmoe", &plain_model, binary_targets, 300, within ? 100 : 0));
        *(within ? &w.journal.cancel_after_epoch : &w.journal.cancel_at_epoch) = 3;
        CHECK_STATUS(train(&w), PLX_OK);
        CHECK(w.result.cancelled && !w.result.stopped_early && w.result.epochs == 3 && w.journal.epochs == 3);
        CHECK(w.result.best_epoch == w.journal.best_epoch && has_values(&w, w.journal.best));
        world_release(&w);
    }
}

/* -- Sizes ----------------------------------------------------------------------------------------------------- */

static void test_sizes_of_batches(void)
{
    static const struct {
        size_t rows;
        int64_t batch, steps;
    } cases[] = {{65, 32, 3}, {64, 32, 2}, {300, 100000, 1}, {1, 1, 1}, {1, 256, 1}, {5, 1, 5}, {257, 256, 2}};
    plx_model_spec spec = plain_model;
    spec.dnn.use_bn = (plx_int_list){(int[]){true}, 1}, spec.dnn.dropout = (plx_real_list){(double[]){0.2}, 1};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static world w;
        REQUIRE(world_init(&w, "mmoe", &spec, binary_targets, cases[i].rows, 3));
        w.spec.batch_size = cases[i].batch, w.spec.epochs = 2;
        CHECK_STATUS(train(&w), PLX_OK);
        CHECK(w.journal.steps == cases[i].steps && w.result.epochs == 2 && !has_values(&w, w.start));
        world_release(&w);
    }
}

static void test_no_rows_and_no_such_optimizer(void)
{
    static world w;
    REQUIRE(world_init(&w, "mmoe", &plain_model, binary_targets, 0, 3));
    CHECK_STATUS(train(&w), PLX_ERR_SCHEMA);
    CHECK_TEXT(w.err.message, "no rows to train on");
    CHECK(has_values(&w, w.start));
    world_release(&w);
    REQUIRE(world_init(&w, "mmoe", &plain_model, binary_targets, 10, 3));
    strcpy(w.optimizer, "sdg");
    CHECK_STATUS(train(&w), PLX_ERR_ARGUMENT);
    CHECK_TEXT(w.err.message, "'sdg'");
    CHECK(has_values(&w, w.start));
    world_release(&w);
}

/* -- Same bits ------------------------------------------------------------------------------------------------- */

/** Trains with `threads` (0: no pool) and `seed` and keeps the values. */
static void train_into(plx_real *out, const char *model, const plx_model_spec *spec, int threads, int64_t seed)
{
    static world w;
    plx_pool *pool = NULL;
    REQUIRE(world_init(&w, model, spec, binary_targets, 1000, 200));
    if (threads > 0) CHECK_STATUS(plx_pool_create(&plx_allocator_default, threads, &pool, &w.err), PLX_OK);
    w.job.machine.pool = pool;
    w.spec.seed = seed, w.spec.epochs = 3, w.spec.batch_size = 300;
    CHECK_STATUS(train(&w), PLX_OK);
    memcpy(out, w.values, w.graph.n_values * sizeof *out);
    plx_pool_free(pool);
    world_release(&w);
}

static void test_same_bits_with_any_threads(void)
{
    static const int threads[] = {1, 2, 3, 8};
    static plx_real first[LOG_VALUES], other[LOG_VALUES];
    plx_model_spec spec = plain_model;
    spec.dnn.use_bn = (plx_int_list){(int[]){true}, 1}, spec.dnn.dropout = (plx_real_list){(double[]){0.3}, 1};
    spec.l2_reg_dnn = 1e-4;
    for (const plx_model_def *const *def = plx_model_list; *def; def++) {
        train_into(first, (*def)->name, &spec, 0, 1);
        for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
            train_into(other, (*def)->name, &spec, threads[i], 1);
            CHECK(memcmp(first, other, sizeof first) == 0);
        }
    }
    train_into(other, "ple", &spec, 1, 2);
    train_into(first, "ple", &spec, 1, 1);
    CHECK(memcmp(first, other, sizeof first) != 0);
}

/* -- Failures -------------------------------------------------------------------------------------------------- */

static void test_loss_that_is_not_finite(void)
{
    static world w;
    /* In the first epoch: the start values are restored. */
    REQUIRE(world_init(&w, "mmoe", &plain_model, mixed_targets, 300, 100));
    dense_of(&w.train, 7)[1] = INFINITY;
    CHECK_STATUS(train(&w), PLX_ERR_NUMERIC);
    CHECK_TEXT(w.err.message, "epoch 1, step");
    CHECK_TEXT(w.err.message, "task 'click'");
    CHECK_TEXT(w.err.message, "learning_rate");
    CHECK_TEXT(w.err.message, "scale");
    CHECK(w.result.epochs == 0 && w.result.best_epoch == 0 && has_values(&w, w.start));
    world_release(&w);
    /* Later: the best epoch's are restored. Without validation rows no copy is kept, but such a step is not made: one
     * step an epoch, so that it would be the first after epoch 2. */
    for (size_t n_validation = 0; n_validation <= 100; n_validation += 100) {
        REQUIRE(world_init(&w, "mmoe", &plain_model, mixed_targets, 300, n_validation));
        w.journal.spoil_at_epoch = 2;
        if (n_validation == 0) w.spec.batch_size = 300;
        CHECK_STATUS(train(&w), PLX_ERR_NUMERIC);
        CHECK_TEXT(w.err.message, "epoch 3, step");
        CHECK(w.result.epochs == 2 && w.result.best_epoch == w.journal.best_epoch && has_values(&w, w.journal.best));
        world_release(&w);
    }
}

/** A task of weight 1e24 has gradients whose squares exceed floats. */
static void test_a_sum_of_squares_that_is_not_finite(void)
{
    static const char *const optimizers[] = {"adam", "adamw", "rmsprop", "adagrad"}; /* ftrl: a weight is NaN */
    static world w;
    for (size_t i = 0; i < sizeof optimizers / sizeof *optimizers; i++) {
        REQUIRE(world_init(&w, "mmoe", &plain_model, binary_targets, 300, 100));
        strcpy(w.optimizer, optimizers[i]);
        w.spec.rho = 0.9, w.spec.initial_accumulator = 0.1;
        w.spec.learning_rate = 1e-6, w.spec.batch_size = 300; /* one step an epoch: a second one spoils weights */
        w.weights[1] = 1e24;
        CHECK_STATUS(train(&w), PLX_ERR_NUMERIC);
        CHECK_TEXT(w.err.message, "the optimizer's sum for the gradient of '");
        CHECK_TEXT(w.err.message, "1.8e19");
        CHECK_TEXT(w.err.message, "train.clip_value");
        CHECK(w.result.epochs == 0 && has_values(&w, w.start));
        /* Clipped to usual values, training succeeds. */
        w.spec.clip_value = 1;
        CHECK_STATUS(train(&w), PLX_OK);
        world_release(&w);
    }
}

static void test_weights_that_run_away(void)
{
    static world w;
    REQUIRE(world_init(&w, "mmoe", &plain_model, mixed_targets, 300, 100));
    strcpy(w.optimizer, "sgd");
    w.spec.learning_rate = 1000, w.spec.epochs = 50;
    for (size_t r = 0; r < 300; r++)
        dense_of(&w.train, r)[0] *= 1e6F;
    CHECK_STATUS(train(&w), PLX_ERR_NUMERIC);
    CHECK_TEXT(w.err.message, "is not finite");
    CHECK(w.result.best_epoch == 0 ? has_values(&w, w.start) : has_values(&w, w.journal.best));
    world_release(&w);
    /* One step an epoch, so that only the weights show it. */
    REQUIRE(world_init(&w, "mmoe", &plain_model, mixed_targets, 300, 100));
    strcpy(w.optimizer, "sgd");
    w.spec.learning_rate = 1000, w.spec.epochs = 1, w.spec.batch_size = 300;
    w.weights[0] = 1e38;
    CHECK_STATUS(train(&w), PLX_ERR_NUMERIC);
    CHECK_TEXT(w.err.message, "weight is not finite");
    CHECK(has_values(&w, w.start));
    world_release(&w);
}

static void test_validation_loss_that_is_not_finite(void)
{
    static world w;
    REQUIRE(world_init(&w, "mmoe", &plain_model, mixed_targets, 300, 100));
    dense_of(&w.validation, 50)[0] = NAN;
    CHECK_STATUS(train(&w), PLX_ERR_NUMERIC);
    CHECK_TEXT(w.err.message, "epoch 1");
    CHECK_TEXT(w.err.message, "validation loss of task 'click' is not finite (nan)");
    CHECK(w.result.epochs == 0 && has_values(&w, w.start));
    world_release(&w);
}

static void test_every_allocation_that_can_fail(void)
{
    static world w;
    static float scores[100 * N_TASKS];
    plx_model_spec spec = plain_model;
    spec.dnn.use_bn = (plx_int_list){(int[]){true}, 1};
    REQUIRE(world_init(&w, "ple", &spec, binary_targets, 100, 100));
    w.spec.epochs = 1;
    w.job.listener = NULL;
    failing_allocator memory = {.failed = true};
    long n = 0;
    while (memory.failed) {
        failing_allocator_init(&memory, ++n);
        w.job.machine.allocator = &memory.allocator;
        CHECK_STATUS(train(&w), memory.failed ? PLX_ERR_MEMORY : PLX_OK);
        CHECK(memory.live == 0);
        CHECK(!memory.failed || has_values(&w, w.start));
    }
    CHECK(n > 20 && !has_values(&w, w.start));
    memory.failed = true;
    for (n = 1; memory.failed; n++) {
        failing_allocator_init(&memory, n);
        w.job.machine.allocator = &memory.allocator;
        CHECK_STATUS(plx_score_rows(&w.job.machine, &w.graph, w.values, &w.validation, scores, NULL, &w.err),
                     memory.failed ? PLX_ERR_MEMORY : PLX_OK);
        CHECK(memory.live == 0);
    }
    CHECK(n > 5);
    world_release(&w);
}

/** Ten epochs make as many allocations as one. */
static void test_steps_allocate_nothing(void)
{
    long calls[2];
    for (int i = 0; i < 2; i++) {
        static world w;
        failing_allocator memory;
        REQUIRE(world_init(&w, "mmoe", &plain_model, binary_targets, 100, 100));
        failing_allocator_init(&memory, 0);
        w.spec.epochs = i == 0 ? 1 : 10;
        w.job.machine.allocator = &memory.allocator;
        CHECK_STATUS(train(&w), PLX_OK);
        calls[i] = memory.calls;
        world_release(&w);
    }
    CHECK(calls[0] == calls[1]);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_every_model_learns),
        CHECK_TEST(test_regression_is_learnt),
        CHECK_TEST(test_losses_are_as_defined),
        CHECK_TEST(test_every_row_counts_once),
        CHECK_TEST(test_missing_labels),
        CHECK_TEST(test_batches_without_labels),
        CHECK_TEST(test_one_class_has_no_auc),
        CHECK_TEST(test_early_stopping_puts_the_best_back),
        CHECK_TEST(test_best_comes_back_without_patience),
        CHECK_TEST(test_min_delta),
        CHECK_TEST(test_the_monitor_chooses_the_best),
        CHECK_TEST(test_min_delta_of_a_monitor),
        CHECK_TEST(test_a_monitor_without_meaning),
        CHECK_TEST(test_gates_are_counted),
        CHECK_TEST(test_validation_rows_without_labels),
        CHECK_TEST(test_without_validation_nothing_is_put_back),
        CHECK_TEST(test_without_validation_the_last_epoch_counts),
        CHECK_TEST(test_cancel),
        CHECK_TEST(test_sizes_of_batches),
        CHECK_TEST(test_no_rows_and_no_such_optimizer),
        CHECK_TEST(test_same_bits_with_any_threads),
        CHECK_TEST(test_loss_that_is_not_finite),
        CHECK_TEST(test_a_sum_of_squares_that_is_not_finite),
        CHECK_TEST(test_weights_that_run_away),
        CHECK_TEST(test_validation_loss_that_is_not_finite),
        CHECK_TEST(test_every_allocation_that_can_fail),
        CHECK_TEST(test_steps_allocate_nothing),
    };
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
