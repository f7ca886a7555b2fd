/* SPDX-License-Identifier: Apache-2.0 */
/* Column sums: the rows of each column are added in ascending order, some vectors of columns at a time. */
#ifndef PLX_COLUMNS_BODY_H
#define PLX_COLUMNS_BODY_H

/** The next sum, given numbers of the row in x and y and the column's centre. */
typedef vf column_function(vf sum, vf x, vf y, vf centre);

typedef struct columns {
    plx_view x, y;       /* y.at may be NULL: 0 */
    const float *centre; /* may be NULL: 0 */
    float *out;
    bool add; /* start from what `out` holds */
} columns;

/** `vectors` vectors of columns from column `i`. */
INLINE void fold_columns(int rows, int i, const int vectors, const bool whole, part p, const columns *c,
                         column_function *f)
{
    vf sums[4] = {{0}}, centres[4] = {{0}};
    for (int v = 0; v < vectors; v++) {
        if (c->add) sums[v] = vf_load_lanes(c->out + i + v * LANES, whole, p);
        if (c->centre) centres[v] = vf_load_lanes(c->centre + i + v * LANES, whole, p);
    }
    for (int r = 0; r < rows; r++) {
        for (int v = 0; v < vectors; v++) {
            vf x = vf_load_lanes(c->x.at + r * c->x.stride + i + v * LANES, whole, p), y = {0};
            if (c->y.at) y = vf_load_lanes(c->y.at + r * c->y.stride + i + v * LANES, whole, p);
            sums[v] = f(sums[v], x, y, centres[v]);
        }
    }
    for (int v = 0; v < vectors; v++)
        vf_store_lanes(c->out + i + v * LANES, whole, p, sums[v]);
}

INLINE void fold_rows(int rows, int n, const columns *c, column_function *f)
{
    int i = 0;
    for (; i + 4 * LANES <= n; i += 4 * LANES)
        fold_columns(rows, i, 4, true, part_of(LANES), c, f);
    for (; i + LANES <= n; i += LANES)
        fold_columns(rows, i, 1, true, part_of(LANES), c, f);
    if (i < n) fold_columns(rows, i, 1, false, part_of(n - i), c, f);
}

INLINE vf next_sum(vf sum, vf x, vf y, vf centre)
{
    (void)y, (void)centre;
    return sum + x;
}

INLINE vf next_square(vf sum, vf x, vf y, vf centre)
{
    (void)y;
    vf d = x - centre;
    return vf_fma(d, d, sum);
}

INLINE vf next_product(vf sum, vf x, vf y, vf centre)
{
    return vf_fma(y, x - centre, sum);
}

static void kernel_column_sum(int rows, int n, plx_view x, float *out, bool accumulate)
{
    columns c = {.x = x, .out = out, .add = accumulate};
    fold_rows(rows, n, &c, next_sum);
}

static void kernel_moments(int rows, int n, plx_view x, float *mean, float *squares)
{
    kernel_column_sum(rows, n, x, mean, false);
    for (int i = 0; i < n; i++)
        mean[i] /= (float)rows;
    columns c = {.x = x, .centre = mean, .out = squares};
    fold_rows(rows, n, &c, next_square);
}

static void kernel_normalise_sums(int rows, int n, plx_view x, plx_view dy, const float *mean,
                                  const float *inverse_deviation, float *d_scale, float *d_shift)
{
    kernel_column_sum(rows, n, dy, d_shift, false);
    columns c = {.x = x, .y = dy, .centre = mean, .out = d_scale};
    fold_rows(rows, n, &c, next_product);
    for (int i = 0; i < n; i++)
        d_scale[i] *= inverse_deviation[i];
}

#endif
