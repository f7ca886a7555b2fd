/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax along rows, and mixtures of experts. */
#ifndef PLX_GATES_BODY_H
#define PLX_GATES_BODY_H

/** A row of at most one vector: everything stays in registers. */
INLINE void softmax_short(int n, const float *x, float *y)
{
    part p = part_of(n);
    vf v = vf_load_part(x, p);
    vf e = vf_exp(v - vf_all(vf_largest(vf_keep_first(v, n, -INFINITY))));
    vf_store_part(y, p, e * vf_all(1.0f / vf_sum(vf_keep_first(e, n, 0.0f))));
}

INLINE void softmax_long(int n, const float *x, float *y)
{
    vf largest = vf_load(x);
    int i = LANES;
    for (; i + LANES <= n; i += LANES)
        largest = vf_max(largest, vf_load(x + i));
    if (i < n) largest = vf_max(largest, vf_keep_first(vf_load_part(x + i, part_of(n - i)), n - i, -INFINITY));
    vf top = vf_all(vf_largest(largest)), sum = {0};
    for (i = 0; i + LANES <= n; i += LANES) {
        vf e = vf_exp(vf_load(x + i) - top);
        vf_store(y + i, e);
        sum += e;
    }
    part p = part_of(LANES);
    vf last = {0}; /* kept in a register: reloading a partial store would stall */
    if (i < n) {
        p = part_of(n - i);
        last = vf_exp(vf_load_part(x + i, p) - top);
        sum += vf_keep_first(last, n - i, 0.0f);
    }
    vf inverse = vf_all(1.0f / vf_sum(sum));
    if (i < n) vf_store_part(y + i, p, last * inverse);
    for (i = 0; i + LANES <= n; i += LANES)
        vf_store(y + i, vf_load(y + i) * inverse);
}

static void kernel_softmax(int rows, int n, plx_view x, plx_view y)
{
    NARROW_TO_AVX2(n, softmax(rows, n, x, y))
    for (int r = 0; r < rows; r++) {
        if (n <= LANES)
            softmax_short(n, x.at + r * x.stride, y.at + r * y.stride);
        else
            softmax_long(n, x.at + r * x.stride, y.at + r * y.stride);
    }
}

INLINE float dot(int n, const float *x, const float *y)
{
    vf sum = {0};
    int i = 0;
    for (; i + LANES <= n; i += LANES)
        sum = vf_fma(vf_load(x + i), vf_load(y + i), sum);
    if (i < n) {
        part p = part_of(n - i);
        sum = vf_fma(vf_load_part(x + i, p), vf_load_part(y + i, p), sum);
    }
    return vf_sum(sum);
}

static void kernel_softmax_back(int rows, int n, plx_view y, plx_view dy, plx_view dx, bool accumulate)
{
    NARROW_TO_AVX2(n, softmax_back(rows, n, y, dy, dx, accumulate))
    for (int r = 0; r < rows; r++) {
        const float *out = y.at + r * y.stride, *d_out = dy.at + r * dy.stride;
        float *to = dx.at + r * dx.stride;
        vf mean = vf_all(dot(n, out, d_out));
        int i = 0;
        for (; i + LANES <= n; i += LANES) {
            vf v = vf_load(out + i), d = vf_load(d_out + i) - mean;
            vf_store(to + i, accumulate ? vf_fma(v, d, vf_load(to + i)) : v * d);
        }
        if (i < n) {
            part p = part_of(n - i);
            vf v = vf_load_part(out + i, p), d = vf_load_part(d_out + i, p) - mean;
            vf_store_part(to + i, p, accumulate ? vf_fma(v, d, vf_load_part(to + i, p)) : v * d);
        }
    }
}

static void kernel_mix(int rows, int experts, int width, plx_view gate, plx_view bank, plx_view out, bool accumulate)
{
    NARROW_TO_AVX2(width, mix(rows, experts, width, gate, bank, out, accumulate))
    for (int r = 0; r < rows; r++) {
        const float *g = gate.at + r * gate.stride, *from = bank.at + r * bank.stride;
        float *to = out.at + r * out.stride;
        int w = 0;
        for (; w + LANES <= width; w += LANES) {
            vf sum = accumulate ? vf_load(to + w) : (vf){0};
            for (int e = 0; e < experts; e++)
                sum = vf_fma(vf_all(g[e]), vf_load(from + e * width + w), sum);
            vf_store(to + w, sum);
        }
        if (w < width) {
            part p = part_of(width - w);
            vf sum = accumulate ? vf_load_part(to + w, p) : (vf){0};
            for (int e = 0; e < experts; e++)
                sum = vf_fma(vf_all(g[e]), vf_load_part(from + e * width + w, p), sum);
            vf_store_part(to + w, p, sum);
        }
    }
}

typedef struct bank_row {
    const float *gate, *bank, *d_out;
    float *d_bank;
    int width;
    bool add; /* to d_bank */
} bank_row;

/** A vector of `experts` experts, from place `w`: d_bank (+)= gate * d_out, sums += d_out * bank. */
INLINE void back_vector(const int experts, const bank_row *x, int w, const bool whole, part p, vf *sums)
{
    vf d = vf_load_lanes(x->d_out + w, whole, p);
    for (int e = 0; e < experts; e++) {
        const float *bank = x->bank + e * x->width + w;
        float *d_bank = x->d_bank + e * x->width + w;
        vf g = vf_all(x->gate[e]);
        vf_store_lanes(d_bank, whole, p, x->add ? vf_fma(g, d, vf_load_lanes(d_bank, whole, p)) : g * d);
        sums[e] = vf_fma(d, vf_load_lanes(bank, whole, p), sums[e]);
    }
}

INLINE void back_experts(const int experts, const bank_row *x, vf *sums)
{
    int w = 0;
    for (; w + LANES <= x->width; w += LANES)
        back_vector(experts, x, w, true, part_of(LANES), sums);
    if (w < x->width) back_vector(experts, x, w, false, part_of(x->width - w), sums);
}

INLINE void back_bank(int experts, bank_row x, float *d_gate, bool add_gate)
{
    int e = 0;
    for (; e + 4 <= experts; e += 4) { /* four sums at once cost little more than one */
        vf sums[4] = {{0}};
        back_experts(4, &x, sums);
        vf4 total = vf_sums(sums[0], sums[1], sums[2], sums[3]);
        if (add_gate) total += *(const vf4_unaligned *)(d_gate + e);
        *(vf4_unaligned *)(d_gate + e) = total;
        x.gate += 4;
        x.bank += 4 * x.width;
        x.d_bank += 4 * x.width;
    }
    for (; e < experts; e++) { /* vf_sum adds in the order of vf_sums */
        vf sum = {0};
        back_experts(1, &x, &sum);
        d_gate[e] = (add_gate ? d_gate[e] : 0.0f) + vf_sum(sum);
        x.gate++;
        x.bank += x.width;
        x.d_bank += x.width;
    }
}

static void kernel_mix_back(int rows, int experts, int width, plx_view gate, plx_view bank, plx_view d_out,
                            plx_view d_gate, plx_view d_bank, bool accumulate_gate, bool accumulate_bank)
{
    NARROW_TO_AVX2(width,
                   mix_back(rows, experts, width, gate, bank, d_out, d_gate, d_bank, accumulate_gate, accumulate_bank))
    for (int r = 0; r < rows; r++) {
        bank_row x = {.gate = gate.at + r * gate.stride,
                      .bank = bank.at + r * bank.stride,
                      .d_out = d_out.at + r * d_out.stride,
                      .d_bank = d_bank.at + r * d_bank.stride,
                      .width = width,
                      .add = accumulate_bank};
        back_bank(experts, x, d_gate.at + r * d_gate.stride, accumulate_gate);
    }
}

#endif
