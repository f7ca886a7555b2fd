/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of section `train`, and what their table can't check. */
#include "train/optimizer.h"
#include "train/table_update.h"
#include "train/train.h"

#define FIELD(member) .name = #member, .offset = offsetof(plx_train_spec, member)

const plx_field plx_train_fields[] = {
    {FIELD(epochs), .type = PLX_FIELD_INT, .min = 1, .max = 100000, .fallback = "10",
     .doc = "most passes over the training rows"},
    {FIELD(batch_size), .type = PLX_FIELD_INT, .min = 1, .max = 1 << 24, .fallback = "256",
     .doc = "rows a step; the last step of an epoch takes what is left"},
    {FIELD(seed), .type = PLX_FIELD_INT, .fallback = "1", .doc = "of start values, row order and dropout"},
    {FIELD(optimizer), .type = PLX_FIELD_TEXT, .fallback = "adam", .doc = "sgd, adagrad, rmsprop, adam, adamw or ftrl"},
    {FIELD(table_optimizer), .type = PLX_FIELD_TEXT, .fallback = "",
     .doc = "of embedding tables of at least table_rows rows, moving a batch's rows alone: rowwise_adagrad, lazy_adam "
            "or lazy_ and another optimizer's name; empty: as optimizer, whole"},
    {FIELD(table_rows), .type = PLX_FIELD_INT, .min = 1, .max = 2147483647, .fallback = "100000",
     .doc = "rows from which on an embedding table is left to table_optimizer"},
    {FIELD(learning_rate), .type = PLX_FIELD_REAL, .min = 0, .max = 1000, .above_min = true, .fallback = "0.001",
     .doc = "length of a step"},
    {FIELD(beta1), .type = PLX_FIELD_REAL, .min = 0, .max = 0.999999, .fallback = "0.9",
     .doc = "adam, adamw: decay of the mean of gradients"},
    {FIELD(beta2), .type = PLX_FIELD_REAL, .min = 0, .max = 0.999999, .fallback = "0.999",
     .doc = "adam, adamw: decay of the mean of squared gradients"},
    {FIELD(epsilon), .type = PLX_FIELD_REAL, .min = 1e-30, .max = 1, .fallback = "1e-07",
     .doc = "in the divisor; adam, adamw: added to the root; adagrad, rmsprop: to the number under the root"},
    {FIELD(momentum), .type = PLX_FIELD_REAL, .min = 0, .max = 0.999999, .fallback = "0",
     .doc = "sgd, rmsprop: decay of the moving sum of steps; 0: none is kept"},
    {FIELD(nesterov), .type = PLX_FIELD_BOOL, .fallback = "false",
     .doc = "sgd with momentum: step from where the moving sum leads"},
    {FIELD(rho), .type = PLX_FIELD_REAL, .min = 0, .max = 0.999999, .fallback = "0.9",
     .doc = "rmsprop: decay of the means of squared gradients and of gradients"},
    {FIELD(centered), .type = PLX_FIELD_BOOL, .fallback = "false",
     .doc = "rmsprop: by the gradients' variance instead of their mean square"},
    {FIELD(initial_accumulator), .type = PLX_FIELD_REAL, .min = 0, .max = 1e6, .fallback = "0.1",
     .doc = "adagrad, ftrl: what sums of squared gradients start with"},
    {FIELD(weight_decay), .type = PLX_FIELD_REAL, .min = 0, .max = 1, .fallback = "0.004",
     .doc = "adamw: times the learning rate, the share of each kernel and table that a step takes away first"},
    {FIELD(ftrl_l1), .type = PLX_FIELD_REAL, .min = 0, .max = 1e6, .fallback = "0",
     .doc = "ftrl: weights whose summed pull is at most this are 0"},
    {FIELD(ftrl_l2), .type = PLX_FIELD_REAL, .min = 0, .max = 1e6, .fallback = "0",
     .doc = "ftrl: twice this is added to the divisor, which pulls weights to 0"},
    {FIELD(ftrl_beta), .type = PLX_FIELD_REAL, .min = 0, .max = 1e6, .fallback = "0",
     .doc = "ftrl: added to the root of the sum of squared gradients"},
    {FIELD(monitor), .type = PLX_FIELD_TEXT, .fallback = "loss",
     .doc = "by what the best epoch is chosen on the validation rows: `loss`, a figure of a task (`income.auc`), or a "
            "sum (`0.7*income.auc + 0.3*marital.auc`)"},
    {FIELD(patience), .type = PLX_FIELD_INT, .min = 0, .max = 100000, .fallback = "0",
     .doc = "stop after so many epochs that are not better by monitor; 0: run all epochs"},
    {FIELD(min_delta), .type = PLX_FIELD_REAL, .min = 0, .max = 1e9, .fallback = "0",
     .doc = "by how much an epoch must be better to count as better"},
    {FIELD(shuffle), .type = PLX_FIELD_BOOL, .fallback = "true", .doc = "a new order of the rows each epoch"},
    {FIELD(tensorboard), .type = PLX_FIELD_TEXT, .fallback = "",
     .doc = "folder for TensorBoard's event files, made where it is missing; empty: none. `--tensorboard` goes first"},
    {FIELD(checkpoint_epochs), .type = PLX_FIELD_INT, .min = 0, .max = 100000, .fallback = "1",
     .doc =
         "write a checkpoint after so many epochs, or a later one where that would take over 2 % of the time; 0: none"},
    {FIELD(checkpoint_steps), .type = PLX_FIELD_INT, .min = 0, .max = 1e15, .fallback = "0",
     .doc = "write one after so many steps too; 0: not"},
    {FIELD(checkpoint_seconds), .type = PLX_FIELD_REAL, .min = 0, .max = 1e9, .fallback = "0",
     .doc = "write one when the last is so many seconds old; 0: not"},
};
const size_t plx_train_n_fields = sizeof plx_train_fields / sizeof *plx_train_fields;

static plx_status check_table_optimizer(const plx_train_spec *spec, plx_error *err)
{
    const char *name = spec->table_optimizer;
    if (!name || !*name || plx_table_optimizer_is_known(name)) return PLX_OK;
    PLX_FAIL(err, PLX_ERR_ARGUMENT,
             "table_optimizer '%s' is unknown; take rowwise_adagrad, or lazy_ and the name of an optimizer, for "
             "instance lazy_adam",
             name);
}

static plx_status unknown_optimizer(const plx_train_spec *spec, plx_error *err)
{
    const char *names[16] = {NULL};
    size_t n = 0;
    while (n < sizeof names / sizeof *names && plx_optimizer_list[n]) {
        names[n] = plx_optimizer_list[n]->name;
        n++;
    }
    const char *nearest = plx_nearest(plx_slice_of(spec->optimizer), names, n);
    if (nearest)
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "optimizer '%s' is unknown; did you mean '%s'?", spec->optimizer, nearest);
    PLX_FAIL(err, PLX_ERR_ARGUMENT, "optimizer '%s' is unknown; take for instance 'adam'", spec->optimizer);
}

plx_status plx_train_check(const plx_train_spec *spec, plx_error *err)
{
    const plx_optimizer *optimizer = plx_optimizer_find(plx_slice_of(spec->optimizer));
    if (!optimizer) return unknown_optimizer(spec, err);
    PLX_TRY(check_table_optimizer(spec, err));
    const bool is_sgd = optimizer == &plx_optimizer_sgd, is_rmsprop = optimizer == &plx_optimizer_rmsprop;
    if (spec->momentum > 0 && !is_sgd && !is_rmsprop)
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "'momentum' belongs to the optimizers sgd and rmsprop, not to %s: leave it out",
                 optimizer->name);
    if (spec->nesterov && !(is_sgd && spec->momentum > 0))
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "'nesterov' belongs to the optimizer sgd with a 'momentum' above 0");
    if (spec->centered && !is_rmsprop)
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "'centered' belongs to the optimizer rmsprop, not to %s: leave it out",
                 optimizer->name);
    if (optimizer == &plx_optimizer_ftrl && !(spec->initial_accumulator + spec->ftrl_beta + spec->ftrl_l2 > 0))
        PLX_FAIL(err, PLX_ERR_ARGUMENT,
                 "'initial_accumulator', 'ftrl_beta' and 'ftrl_l2' are all 0, and ftrl divides by what they give: set "
                 "one of them");
    return PLX_OK;
}
