/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of section `train`, and checks beyond their table. */
#include <string.h>

#include "train/optimizer.h"
#include "train/schedule.h"
#include "train/table_update.h"
#include "train/train.h"

#define FIELD(member) .name = #member, .offset = offsetof(plx_train_spec, member)

const plx_field plx_train_fields[] = {
    {FIELD(epochs), .type = PLX_FIELD_INT, .min = 1, .max = 100000, .fallback = "10",
     .doc = "maximum number of passes over the training rows"},
    {FIELD(batch_size), .type = PLX_FIELD_INT, .min = 1, .max = 1 << 24, .fallback = "256",
     .doc = "rows per step; the last step of an epoch takes the remaining rows"},
    {FIELD(seed), .type = PLX_FIELD_INT, .fallback = "1", .doc = "seed of initial values, row order and dropout"},
    {FIELD(optimizer), .type = PLX_FIELD_TEXT, .fallback = "adam", .doc = "sgd, adagrad, rmsprop, adam, adamw or ftrl"},
    {FIELD(table_optimizer), .type = PLX_FIELD_TEXT, .fallback = "",
     .doc = "for embedding tables with at least table_rows rows, of which it updates only the rows in the "
            "batch: rowwise_adagrad, lazy_adam, or lazy_ and the name of another optimizer; empty: optimizer, "
            "on whole tables"},
    {FIELD(table_rows), .type = PLX_FIELD_INT, .min = 1, .max = 2147483647, .fallback = "100000",
     .doc = "minimum number of rows of an embedding table for table_optimizer"},
    {FIELD(learning_rate), .type = PLX_FIELD_REAL, .min = 0, .max = 1000, .above_min = true, .fallback = "0.001",
     .doc = "step size"},
    {FIELD(beta1), .type = PLX_FIELD_REAL, .min = 0, .max = 0.999999, .fallback = "0.9",
     .doc = "adam, adamw: decay of the moving average of gradients"},
    {FIELD(beta2), .type = PLX_FIELD_REAL, .min = 0, .max = 0.999999, .fallback = "0.999",
     .doc = "adam, adamw: decay of the moving average of squared gradients"},
    {FIELD(epsilon), .type = PLX_FIELD_REAL, .min = 1e-30, .max = 1, .fallback = "1e-07",
     .doc = "added to the denominator; adam, adamw: to the square root; adagrad, rmsprop: under the square root"},
    {FIELD(momentum), .type = PLX_FIELD_REAL, .min = 0, .max = 0.999999, .fallback = "0",
     .doc = "sgd, rmsprop: decay of the moving sum of steps; 0: no momentum"},
    {FIELD(nesterov), .type = PLX_FIELD_BOOL, .fallback = "false",
     .doc = "sgd with momentum: whether it is Nesterov momentum"},
    {FIELD(rho), .type = PLX_FIELD_REAL, .min = 0, .max = 0.999999, .fallback = "0.9",
     .doc = "rmsprop: decay of the moving averages of squared gradients and of gradients"},
    {FIELD(centered), .type = PLX_FIELD_BOOL, .fallback = "false",
     .doc = "rmsprop: whether to normalise by the variance of the gradients instead of their mean square"},
    {FIELD(initial_accumulator), .type = PLX_FIELD_REAL, .min = 0, .max = 1e6, .fallback = "0.1",
     .doc = "adagrad, ftrl: initial value of the sums of squared gradients"},
    {FIELD(weight_decay), .type = PLX_FIELD_REAL, .min = 0, .max = 1, .fallback = "0.004",
     .doc = "adamw: fraction of each kernel and table, times the learning rate, that is subtracted before each "
            "step"},
    {FIELD(ftrl_l1), .type = PLX_FIELD_REAL, .min = 0, .max = 1e6, .fallback = "0",
     .doc = "ftrl: strength of L1 regularisation: weights whose |z| is at most this are 0"},
    {FIELD(ftrl_l2), .type = PLX_FIELD_REAL, .min = 0, .max = 1e6, .fallback = "0",
     .doc = "ftrl: strength of L2 regularisation: twice this is added to the denominator"},
    {FIELD(ftrl_beta), .type = PLX_FIELD_REAL, .min = 0, .max = 1e6, .fallback = "0",
     .doc = "ftrl: added to the square root of the sum of squared gradients"},
    {FIELD(monitor), .type = PLX_FIELD_TEXT, .fallback = "loss",
     .doc = "what selects the best epoch, on the validation rows: `loss`, a metric of a task (`income.auc`, "
            "`genre.accuracy@3`), or a sum (`0.7*income.auc + 0.3*marital.auc`)"},
    {FIELD(schedule), .type = PLX_FIELD_CHOICE, .fallback = "constant", .choices = plx_schedule_names,
     .doc = "learning-rate schedule: constant, in steps, exponential, half a cosine, or lowered when monitor "
            "(without validation rows: the training loss) stops improving"},
    {FIELD(schedule_steps), .type = PLX_FIELD_INT, .min = 0, .max = 1e15, .fallback = "0",
     .doc = "step, exponential: number of steps in which the rate is multiplied by schedule_factor, 0: one "
            "epoch; cosine: steps until the minimum rate, 0: all steps"},
    {FIELD(schedule_factor), .type = PLX_FIELD_REAL, .min = 0, .max = 1, .above_min = true, .fallback = "0.5",
     .doc = "step, exponential, plateau: factor of the rate"},
    {FIELD(schedule_patience), .type = PLX_FIELD_INT, .min = 1, .max = 100000, .fallback = "2",
     .doc = "plateau: epochs without an improvement by min_delta before the rate is lowered"},
    {FIELD(min_learning_rate), .type = PLX_FIELD_REAL, .min = 0, .max = 1000, .fallback = "0",
     .doc = "minimum rate of a schedule, except during warm-up"},
    {FIELD(warmup_steps), .type = PLX_FIELD_INT, .min = 0, .max = 1e15, .fallback = "0",
     .doc = "steps in which the rate rises linearly from 0 to learning_rate; the schedule starts after them"},
    {FIELD(clip_value), .type = PLX_FIELD_REAL, .min = 0, .max = 1e9, .fallback = "0",
     .doc = "limit of the absolute value of each number of the gradient; 0: none. At most one of the three "
            "clips may be above 0"},
    {FIELD(clip_norm), .type = PLX_FIELD_REAL, .min = 0, .max = 1e9, .fallback = "0",
     .doc = "the whole gradient, regularisers included, is scaled down to this norm if it is longer; 0: off"},
    {FIELD(clip_variable_norm), .type = PLX_FIELD_REAL, .min = 0, .max = 1e9, .fallback = "0",
     .doc = "the gradient of each variable (a table, or the kernel or the bias of one layer of one expert, gate "
            "or tower) is scaled down to this norm if it is longer, as by Keras' clipnorm; for a table of "
            "table_optimizer, the gradient of the rows in the batch; 0: off"},
    {FIELD(patience), .type = PLX_FIELD_INT, .min = 0, .max = 100000, .fallback = "0",
     .doc = "stop after this many epochs without an improvement of monitor; 0: run all epochs"},
    {FIELD(min_delta), .type = PLX_FIELD_REAL, .min = 0, .max = 1e9, .fallback = "0",
     .doc = "minimum change that counts as an improvement"},
    {FIELD(shuffle), .type = PLX_FIELD_BOOL, .fallback = "true",
     .doc = "whether the rows are shuffled before each epoch"},
    {FIELD(tensorboard), .type = PLX_FIELD_TEXT, .fallback = "",
     .doc = "folder for TensorBoard's event files, created if missing; empty: none. `--tensorboard` takes "
            "precedence"},
    {FIELD(checkpoint_epochs), .type = PLX_FIELD_INT, .min = 0, .max = 100000, .fallback = "1",
     .doc = "write a checkpoint after this many epochs, or later if that would take more than 2 % of the time; "
            "0: never"},
    {FIELD(checkpoint_steps), .type = PLX_FIELD_INT, .min = 0, .max = 1e15, .fallback = "0",
     .doc = "also write a checkpoint after this many steps; 0: never"},
    {FIELD(checkpoint_seconds), .type = PLX_FIELD_REAL, .min = 0, .max = 1e9, .fallback = "0",
     .doc = "also write a checkpoint when the last one is this many seconds old; 0: never"},
};
const size_t plx_train_n_fields = sizeof plx_train_fields / sizeof *plx_train_fields;

static void check_table_optimizer(const plx_train_spec *spec, plx_problems *problems)
{
    const char *name = spec->table_optimizer;
    if (!name || !*name || plx_table_optimizer_is_known(name)) return;
    plx_problem_add(problems, "train", -1, "table_optimizer",
                    "table_optimizer '%s' is unknown; use rowwise_adagrad, or lazy_ and the name of an optimizer, for "
                    "instance lazy_adam",
                    name);
}

static void check_schedule(const plx_train_spec *spec, plx_problems *problems)
{
    const bool has_steps = spec->schedule == PLX_SCHEDULE_STEP || spec->schedule == PLX_SCHEDULE_EXPONENTIAL ||
                           spec->schedule == PLX_SCHEDULE_COSINE;
    if (spec->schedule_steps > 0 && !has_steps)
        plx_problem_add(
            problems, "train", -1, "schedule_steps",
            "'schedule_steps' belongs to the schedules step, exponential and cosine: set 'schedule' to one of them");
    if (spec->min_learning_rate > spec->learning_rate)
        plx_problem_add(problems, "train", -1, "min_learning_rate", "'min_learning_rate' is above 'learning_rate'");
}

static void check_clipping(const plx_train_spec *spec, plx_problems *problems)
{
    static const char *const keys[] = {"clip_value", "clip_norm", "clip_variable_norm"};
    const double limits[] = {spec->clip_value, spec->clip_norm, spec->clip_variable_norm};
    int first = -1;
    for (int i = 0; i < 3; i++) {
        if (!(limits[i] > 0)) continue;
        if (first < 0) {
            first = i;
            continue;
        }
        plx_problem_add(problems, "train", -1, keys[first], "'%s' and '%s' are both above 0: choose one", keys[first],
                        keys[i]);
        return;
    }
}

static void unknown_optimizer(const plx_train_spec *spec, plx_problems *problems)
{
    const char *names[16] = {NULL};
    size_t n = 0;
    while (n < sizeof names / sizeof *names && plx_optimizer_list[n]) {
        names[n] = plx_optimizer_list[n]->name;
        n++;
    }
    const char *nearest = plx_nearest(plx_slice_of(spec->optimizer), names, n);
    plx_problem_add(problems, "train", -1, "optimizer", "optimizer '%s' is unknown; %s'%s'%s", spec->optimizer,
                    nearest ? "did you mean " : "use, for example, ", nearest ? nearest : "adam", nearest ? "?" : "");
}

/** Whether this optimizer is used for parameters or lazy tables. */
static bool uses(const plx_train_spec *spec, const plx_optimizer *optimizer)
{
    static const char lazy[] = "lazy_";
    const char *tables = spec->table_optimizer ? spec->table_optimizer : "";
    if (strcmp(spec->optimizer, optimizer->name) == 0) return true;
    return strncmp(tables, lazy, sizeof lazy - 1) == 0 && strcmp(tables + sizeof lazy - 1, optimizer->name) == 0;
}

/* Options of a single optimizer. */
static void check_options(const plx_train_spec *spec, const plx_optimizer *optimizer, plx_problems *problems)
{
    const bool has_sgd = uses(spec, &plx_optimizer_sgd), has_rmsprop = uses(spec, &plx_optimizer_rmsprop);
    if (spec->momentum > 0 && !has_sgd && !has_rmsprop)
        plx_problem_add(problems, "train", -1, "momentum",
                        "'momentum' belongs to the optimizers sgd and rmsprop, not to %s: remove it", optimizer->name);
    if (spec->nesterov && !(has_sgd && spec->momentum > 0))
        plx_problem_add(problems, "train", -1, "nesterov",
                        "'nesterov' belongs to the optimizer sgd with a 'momentum' above 0");
    if (spec->centered && !has_rmsprop)
        plx_problem_add(problems, "train", -1, "centered",
                        "'centered' belongs to the optimizer rmsprop, not to %s: remove it", optimizer->name);
    if (uses(spec, &plx_optimizer_ftrl) && !(spec->initial_accumulator + spec->ftrl_beta + spec->ftrl_l2 > 0))
        plx_problem_add(
            problems, "train", -1, "initial_accumulator",
            "'initial_accumulator', 'ftrl_beta' and 'ftrl_l2' are all 0, and ftrl divides by a sum of them: set "
            "one of them");
}

void plx_train_check(const plx_train_spec *spec, plx_problems *problems)
{
    const plx_optimizer *optimizer = plx_optimizer_find(plx_slice_of(spec->optimizer));
    if (optimizer)
        check_options(spec, optimizer, problems);
    else
        unknown_optimizer(spec, problems);
    check_table_optimizer(spec, problems);
    check_clipping(spec, problems);
    check_schedule(spec, problems);
}
