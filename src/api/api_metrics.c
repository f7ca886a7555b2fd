/* SPDX-License-Identifier: Apache-2.0 */
/* The list of metrics, for callers. */
#include <math.h>

#include "plexus.h"
#include "train/metric.h"

const plx_metric_info *plx_metric_at(int metric)
{
    return metric >= 0 && metric < PLX_METRICS ? &plx_metric_list[metric] : NULL;
}

int plx_metric_find(const char *name)
{
    const plx_metric_info *metric = name ? plx_metric_named(plx_slice_of(name)) : NULL;
    return metric ? (int)(metric - plx_metric_list) : -1;
}

double plx_metrics_value(const plx_metrics *metrics, int metric)
{
    return metrics && metric >= 0 && metric < PLX_METRICS_MAX ? metrics->values[metric] : (double)NAN;
}
