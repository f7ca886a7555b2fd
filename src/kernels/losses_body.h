/* SPDX-License-Identifier: Apache-2.0 */
/* Losses from logits. All exponents are <= 0, so nothing overflows. */
#ifndef PLX_LOSSES_BODY_H
#define PLX_LOSSES_BODY_H

INLINE vf log_loss_of(vf z, vf y, vf *dz)
{
    vf e = vf_exp(-vf_abs(z));
    *dz = vf_sigmoid_given(z, e) - y;
    return vf_fma(-y, z, vf_max((vf){0}, z)) + vf_log1p(e);
}

static void kernel_log_loss(int n, const float *z, const float *y, float *loss, float *dz)
{
    int i = 0;
    for (; i + LANES <= n; i += LANES) {
        vf d, l = log_loss_of(vf_load(z + i), vf_load(y + i), &d);
        vf_store(loss + i, l);
        vf_store(dz + i, d);
    }
    if (i < n) {
        part p = part_of(n - i);
        vf d, l = log_loss_of(vf_load_part(z + i, p), vf_load_part(y + i, p), &d);
        vf_store_part(loss + i, p, l);
        vf_store_part(dz + i, p, d);
    }
}

/** Clamps to +-1e38, so that sums of two stay finite; NaN stays NaN. */
INLINE vf vf_clamp(vf x)
{
    return -vf_max(vf_all(-1e38f), -vf_max(vf_all(-1e38f), x));
}

/**
 * With S = e^-a + e^-b + e^(-a-b), p / (1 - p) = 1 / S: the loss is the log loss of z = -log S, and d(-log(1-p))/da =
 * sigmoid(a) e^-a / S. S is represented as its largest term, e^top, times a sum between 1 and 3.
 */
INLINE vf pair_log_loss_of(vf a, vf b, vf y, vf *da, vf *db)
{
    a = vf_clamp(a);
    b = vf_clamp(b);
    vf both = -a - b;
    vf top = vf_max(both, vf_max(-a, -b));
    vf ea = vf_exp(-a - top), eb = vf_exp(-b - top), eboth = vf_exp(both - top);
    vf sum = ea + eb + eboth;
    vf z = -(top + vf_log1p(vf_max((vf){0}, sum - 1.0f)));
    vf sa = vf_exp(-vf_abs(a)), sb = vf_exp(-vf_abs(b));
    vf rest = (1.0f - y) / sum;
    *da = vf_fma(-y, vf_sigmoid_given(-a, sa), rest * ea * vf_sigmoid_given(a, sa));
    *db = vf_fma(-y, vf_sigmoid_given(-b, sb), rest * eb * vf_sigmoid_given(b, sb));
    vf unused;
    return log_loss_of(z, y, &unused);
}

static void kernel_pair_log_loss(int n, const float *a, const float *b, const float *y, float *loss, float *da,
                                 float *db)
{
    int i = 0;
    for (; i + LANES <= n; i += LANES) {
        vf d_a, d_b, l = pair_log_loss_of(vf_load(a + i), vf_load(b + i), vf_load(y + i), &d_a, &d_b);
        vf_store(loss + i, l);
        vf_store(da + i, d_a);
        vf_store(db + i, d_b);
    }
    if (i < n) {
        part p = part_of(n - i);
        vf d_a, d_b,
            l = pair_log_loss_of(vf_load_part(a + i, p), vf_load_part(b + i, p), vf_load_part(y + i, p), &d_a, &d_b);
        vf_store_part(loss + i, p, l);
        vf_store_part(da + i, p, d_a);
        vf_store_part(db + i, p, d_b);
    }
}

#endif
