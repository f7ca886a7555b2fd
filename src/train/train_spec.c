/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of section `train`, and what their table can't check. */
#include "train/optimizer.h"
#include "train/train.h"

#define FIELD(member) .name = #member, .offset = offsetof(plx_train_spec, member)

const plx_field plx_train_fields[] = {
    {FIELD(epochs), .type = PLX_FIELD_INT, .min = 1, .max = 100000, .fallback = "10",
     .doc = "most passes over the training rows"},
    {FIELD(batch_size), .type = PLX_FIELD_INT, .min = 1, .max = 1 << 24, .fallback = "256",
     .doc = "rows a step; the last step of an epoch takes what is left"},
    {FIELD(seed), .type = PLX_FIELD_INT, .fallback = "1", .doc = "of start values, row order and dropout"},
    {FIELD(optimizer), .type = PLX_FIELD_TEXT, .fallback = "adam", .doc = "adam or sgd"},
    {FIELD(learning_rate), .type = PLX_FIELD_REAL, .min = 0, .max = 1000, .above_min = true, .fallback = "0.001",
     .doc = "length of a step"},
    {FIELD(beta1), .type = PLX_FIELD_REAL, .min = 0, .max = 0.999999, .fallback = "0.9",
     .doc = "adam: decay of the mean of gradients"},
    {FIELD(beta2), .type = PLX_FIELD_REAL, .min = 0, .max = 0.999999, .fallback = "0.999",
     .doc = "adam: decay of the mean of squared gradients"},
    {FIELD(epsilon), .type = PLX_FIELD_REAL, .min = 1e-30, .max = 1, .fallback = "1e-07",
     .doc = "adam: added to the root in the divisor"},
    {FIELD(patience), .type = PLX_FIELD_INT, .min = 0, .max = 100000, .fallback = "0",
     .doc = "stop after so many epochs without a better validation loss; 0: run all epochs"},
    {FIELD(min_delta), .type = PLX_FIELD_REAL, .min = 0, .max = 1e9, .fallback = "0",
     .doc = "by how much a validation loss must be lower to count as better"},
    {FIELD(shuffle), .type = PLX_FIELD_BOOL, .fallback = "true", .doc = "a new order of the rows each epoch"},
    {FIELD(checkpoint_epochs), .type = PLX_FIELD_INT, .min = 0, .max = 100000, .fallback = "1",
     .doc =
         "write a checkpoint after so many epochs, or a later one where that would take over 2 % of the time; 0: none"},
    {FIELD(checkpoint_steps), .type = PLX_FIELD_INT, .min = 0, .max = 1e15, .fallback = "0",
     .doc = "write one after so many steps too; 0: not"},
    {FIELD(checkpoint_seconds), .type = PLX_FIELD_REAL, .min = 0, .max = 1e9, .fallback = "0",
     .doc = "write one when the last is so many seconds old; 0: not"},
};
const size_t plx_train_n_fields = sizeof plx_train_fields / sizeof *plx_train_fields;

plx_status plx_train_check(const plx_train_spec *spec, plx_error *err)
{
    const char *names[8] = {NULL};
    size_t n = 0;
    plx_slice name = plx_slice_of(spec->optimizer);
    if (plx_optimizer_find(name)) return PLX_OK;
    while (n < sizeof names / sizeof *names && plx_optimizer_list[n]) {
        names[n] = plx_optimizer_list[n]->name;
        n++;
    }
    const char *nearest = plx_nearest(name, names, n);
    if (nearest)
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "optimizer '%s' is unknown; did you mean '%s'?", spec->optimizer, nearest);
    PLX_FAIL(err, PLX_ERR_ARGUMENT, "optimizer '%s' is unknown; take for instance 'adam'", spec->optimizer);
}
