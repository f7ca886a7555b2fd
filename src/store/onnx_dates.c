/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of dates by integer arithmetic: data/feature_datetime.c as column operations. */
#include "store/onnx_dates.h"

#include "data/spec.h"

/* `x` divided by `by`, rounded down; all are integers. */
static const char *divided(plx_onnx *onnx, const char *x, int64_t by)
{
    const char *divisor = plx_onnx_int(onnx, by);
    return plx_onnx_two(onnx, "Div", plx_onnx_two(onnx, "Sub", x, plx_onnx_two(onnx, "Mod", x, divisor)), divisor);
}

static const char *sum(plx_onnx *onnx, const char *x, int64_t number)
{
    return plx_onnx_two(onnx, "Add", x, plx_onnx_int(onnx, number));
}

static const char *product(plx_onnx *onnx, const char *x, int64_t number)
{
    return plx_onnx_two(onnx, "Mul", x, plx_onnx_int(onnx, number));
}

/* The month, from 1, of days since 1970-01-01: plx_day_of. Years start in March, so that a leap day is last. */
static const char *month_of(plx_onnx *onnx, const char *days)
{
    const char *in_era = plx_onnx_two(onnx, "Mod", sum(onnx, days, 719468), plx_onnx_int(onnx, 146097));
    const char *no_leaps = plx_onnx_two(onnx, "Sub", in_era, divided(onnx, in_era, 1460));
    no_leaps = plx_onnx_two(onnx, "Add", no_leaps, divided(onnx, in_era, 36524));
    no_leaps = plx_onnx_two(onnx, "Sub", no_leaps, divided(onnx, in_era, 146096));
    const char *year = divided(onnx, no_leaps, 365);
    const char *before = plx_onnx_two(onnx, "Add", product(onnx, year, 365), divided(onnx, year, 4));
    before = plx_onnx_two(onnx, "Sub", before, divided(onnx, year, 100));
    const char *in_year = plx_onnx_two(onnx, "Sub", in_era, before);
    const char *from_march = divided(onnx, sum(onnx, product(onnx, in_year, 5), 2), 153);
    return sum(onnx, plx_onnx_two(onnx, "Mod", sum(onnx, from_march, 2), plx_onnx_int(onnx, 12)), 1);
}

const char *plx_onnx_date_part(plx_onnx *onnx, int part, const char *seconds)
{
    const char *day = plx_onnx_int(onnx, 86400), *days = divided(onnx, seconds, 86400);
    if (part == PLX_DATE_MONTH) return month_of(onnx, days);
    if (part == PLX_DATE_HOUR) return sum(onnx, divided(onnx, plx_onnx_two(onnx, "Mod", seconds, day), 3600), 1);
    return sum(onnx, plx_onnx_two(onnx, "Mod", sum(onnx, days, 3), plx_onnx_int(onnx, 7)), 1);
}
