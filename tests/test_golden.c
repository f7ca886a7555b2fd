/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The library compared with the golden files of the NumPy models, in float32 and at every CPU level this machine has:
 * one step, and five epochs of one batch through the training loop. Bounds are relative to each tensor's largest
 * number: a sum of some 20 products of order 1, a few layers deep, has an error of some 1e-6 in float32. The bound 2e-5
 * leaves a margin, and any mistake in a formula exceeds it by far.
 */
#include <dirent.h>

#include "golden.h"
#include "model_case_train.h"

enum { BATCH_ROWS = 7 };
static const double step_bound = 2e-5;
/* Five steps of 0.01: Adam divides by the gradient's own size, which magnifies the relative errors of small ones. */
static const double training_bound = 1e-4;

typedef struct first_epoch {
    double loss;
} first_epoch;

static bool remember_first(void *user, const plx_train_state *state)
{
    first_epoch *first = user;
    if (state->epoch_ended && state->progress.epoch == 1) first->loss = state->progress.loss;
    return true;
}

static plx_status train(const golden *g, model_case *n, const plx_kernels *kernels, first_epoch *first)
{
    char optimizer[8];
    plx_train_spec spec = model_case_adam(optimizer, sizeof optimizer);
    spec.epochs = g->steps;
    spec.batch_size = BATCH_ROWS;
    spec.learning_rate = g->learning_rate;
    spec.beta1 = g->beta1;
    spec.beta2 = g->beta2;
    spec.epsilon = g->epsilon;
    return model_case_train(n, kernels, &spec, &g->spec, g->targets, g->task_weights, remember_first, first);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && !strcmp(text + length - end_length, end);
}

/** Five steps of the same batch, with the regularisers, compared with the file. */
static void compare_training(const golden *g, model_case *n, const plx_kernels *kernels)
{
    first_epoch first = {NAN};
    const golden_array *total = golden_find(g, "", "total");
    REQUIRE(total && train(g, n, kernels, &first) == PLX_OK);
    CHECK_CLOSE(first.loss, total->numbers[0], step_bound * fabs(total->numbers[0]));

    for (int i = 0; i < n->graph.n_params; i++) {
        const plx_param *param = &n->graph.params[i];
        golden_compare_param(golden_find(g, "after:", param->spec.name), param, n->values, kernels->name,
                             training_bound, 1.0);
    }
    model_case_score(n);
    golden_compare_scores(g, n, "scores_after", kernels->name, training_bound);
}

static void check_case(const char *name)
{
    golden g;
    bool is_read = golden_read(&g, name);
    CHECK(is_read);
    for (int level = PLX_CPU_PLAIN; is_read && level <= (int)plx_cpu_best(); level++) {
        const plx_kernels *kernels = plx_kernels_for((plx_cpu_level)level);
        for (int is_plain = 0; is_plain <= 1; is_plain++) {
            model_case n;
            plx_plan_options options = {.is_plain = is_plain};
            bool is_built = golden_case(&g, kernels, &options, &n);
            CHECK(is_built);
            if (!is_built) continue;
            golden_compare_step(&g, &n, kernels->name, step_bound);
            model_case_release(&n);
        }
        model_case n;
        plx_plan_options options = {0};
        if (!golden_case(&g, kernels, &options, &n)) continue;
        compare_training(&g, &n, kernels);
        model_case_release(&n);
    }
    golden_release(&g);
}

GOLDEN_CASES(GOLDEN_TEST)

/** Each golden file must be in GOLDEN_CASES. */
static void test_all_files_are_listed(void)
{
#define GOLDEN_COUNT(name) +1
    char folder[512];
    int n_files = 0;
    golden_folder(folder, sizeof folder);
    DIR *files = opendir(folder);
    REQUIRE(files);
    for (struct dirent *entry = readdir(files); entry; entry = readdir(files)) {
        n_files += ends_with(entry->d_name, ".txt");
    }
    closedir(files);
    CHECK(n_files == 0 GOLDEN_CASES(GOLDEN_COUNT));
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {GOLDEN_CASES(GOLDEN_ROW) CHECK_TEST(test_all_files_are_listed)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
