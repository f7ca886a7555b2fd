/* SPDX-License-Identifier: Apache-2.0 */
/* The table of metrics, from the list in metric.h. */
#include "train/metric.h"

#define METRIC_ROW(member, shown, fits, which, text)                                                                   \
    {.name = #member,                                                                                                  \
     .title = shown,                                                                                                   \
     .doc = text,                                                                                                      \
     .kinds = (fits),                                                                                                  \
     .better = (which),                                                                                                \
     .offset = offsetof(plx_score, member)},

const plx_metric plx_metric_list[] = {PLX_METRIC_LIST(METRIC_ROW)};
const int plx_metric_n = sizeof plx_metric_list / sizeof *plx_metric_list;

const plx_metric *plx_metric_named(plx_slice name)
{
    for (int i = 0; i < plx_metric_n; i++)
        if (plx_slice_equal(name, plx_slice_of(plx_metric_list[i].name))) return &plx_metric_list[i];
    return NULL;
}
