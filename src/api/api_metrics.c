/* SPDX-License-Identifier: Apache-2.0 */
/* The figures of src/train/metric.h as plexus.h hands them out. */
#include <math.h>
#include <string.h>

#include "plexus.h"
#include "train/metric.h"

#define INFO_ROW(member, shown, fits, which, text)                                                                     \
    {.name = #member,                                                                                                  \
     .title = (shown),                                                                                                 \
     .doc = (text),                                                                                                    \
     .kinds = (fits) & ~(unsigned)PLX_WITH_GROUPS,                                                                     \
     .needs_groups = ((fits)&PLX_WITH_GROUPS) != 0,                                                                    \
     .direction = (which) == PLX_BETTER_LARGER    ? 1                                                                  \
                  : (which) == PLX_BETTER_SMALLER ? -1                                                                 \
                                                  : 0},
#define VALUE_OFFSET(member, shown, fits, which, text) offsetof(plx_metrics, member),

static const plx_metric_info infos[] = {PLX_METRIC_LIST(INFO_ROW)};
static const size_t offsets[] = {PLX_METRIC_LIST(VALUE_OFFSET)};
enum { N_METRICS = sizeof infos / sizeof *infos };

int plx_metric_count(void)
{
    return N_METRICS;
}

const plx_metric_info *plx_metric_at(int metric)
{
    return metric >= 0 && metric < N_METRICS ? &infos[metric] : NULL;
}

int plx_metric_find(const char *name)
{
    for (int i = 0; name && i < N_METRICS; i++)
        if (strcmp(infos[i].name, name) == 0) return i;
    return -1;
}

double plx_metrics_value(const plx_metrics *metrics, int metric)
{
    if (!metrics || metric < 0 || metric >= N_METRICS) return NAN;
    return *(const double *)(const void *)((const char *)metrics + offsets[metric]);
}
