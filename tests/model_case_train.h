/* SPDX-License-Identifier: Apache-2.0 */
/* Trains a test's network with the training loop, on the test's rows. Not for the build in double. */
#ifndef MODEL_CASE_TRAIN_H
#define MODEL_CASE_TRAIN_H

#include "model_case.h"
#include "train/train.h"

/** Adam with Keras' defaults; the caller sets epochs and batch_size. `optimizer` outlives the spec. */
static inline plx_train_spec model_case_adam(char *optimizer, size_t size)
{
    snprintf(optimizer, size, "adam");
    return (plx_train_spec){
        .seed = 1, .optimizer = optimizer, .learning_rate = 0.01, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-7};
}

/** Prints the reason of a failure. */
static inline plx_status model_case_train(model_case *n, const plx_kernels *kernels, const plx_train_spec *spec,
                                          const plx_model_spec *model, const plx_target_spec *targets,
                                          const double *task_weights, plx_train_listener *listener, void *user)
{
    enum { TASKS_MAX = 4 };
    const char *task_names[TASKS_MAX];
    plx_task_kind task_kinds[TASKS_MAX];
    for (int task = 0; task < n->layout.n_tasks && task < TASKS_MAX; task++) {
        task_names[task] = targets[task].name;
        task_kinds[task] = targets[task].kind;
    }
    const plx_rows no_rows = {.layout = &n->layout};
    const plx_train_job job = {
        .machine = {&plx_allocator_default, kernels, NULL},
        .graph = &n->graph,
        .spec = spec,
        .l2_embedding = model->l2_reg_embedding,
        .l2_dnn = model->l2_reg_dnn,
        .task_weights = task_weights,
        .task_names = task_names,
        .task_kinds = task_kinds,
        .train = &n->rows,
        .validation = &no_rows,
        .values = n->values,
        .listener = listener,
        .user = user,
    };
    plx_train_report result;
    plx_error error = {0};
    plx_status status = plx_train(&job, &result, &error);
    if (status != PLX_OK) printf("  %s\n", error.message);
    return status;
}

#endif
