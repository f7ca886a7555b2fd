/* SPDX-License-Identifier: Apache-2.0 */
/* The table of metrics, from the list in metric.h. */
#include "train/metric.h"

#define METRIC_ROW(metric, shown, fits, which, text)                                                                   \
    {.name = #metric,                                                                                                  \
     .title = shown,                                                                                                   \
     .doc = text,                                                                                                      \
     .labels = (fits)&PLX_FOR_FORMS,                                                                                   \
     .needs_groups = ((fits)&PLX_WITH_GROUPS) != 0,                                                                    \
     .needs_quantile = ((fits)&PLX_WITH_QUANTILE) != 0,                                                                \
     .direction = (which)},

#define PARAMETER_ROW(metric, fits, letter, text)                                                                      \
    [PLX_METRIC_##metric].parameter = (letter), [PLX_METRIC_##metric].parameter_doc = (text),                          \
    [PLX_METRIC_##metric].parameter_labels = (fits),

const plx_metric_info plx_metric_list[] = {PLX_METRIC_LIST(METRIC_ROW) PLX_METRIC_PARAMETER_LIST(PARAMETER_ROW)};

const plx_metric_info *plx_metric_named(plx_slice name)
{
    for (int i = 0; i < PLX_METRICS; i++)
        if (plx_slice_equal(name, plx_slice_of(plx_metric_list[i].name))) return &plx_metric_list[i];
    return NULL;
}
