/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax along rows, and mixtures of experts. */
#ifndef PLX_GATES_BODY_H
#define PLX_GATES_BODY_H

/** A row of at most one vector: everything stays in registers. */
INLINE void softmax_short(int n, const float *x, float *y)
{
    part p = part_of(n);
    vf v = vf_load_part(x, p);
    vf e = vf_exp(v - vf_largest_all(vf_keep_first(v, n, -INFINITY)));
    vf_store_part(y, p, e * (1.0f / vf_sum_all(vf_keep_first(e, n, 0.0f))));
}

/** A row of one whole vector. */
INLINE void softmax_vector(const float *x, float *y)
{
    vf v = vf_load(x);
    vf e = vf_exp(v - vf_largest_all(v));
    vf_store(y, e * (1.0f / vf_sum_all(e)));
}

INLINE void softmax_long(int n, const float *x, float *y)
{
    vf largest = vf_load(x);
    int i = LANES;
    for (; i + LANES <= n; i += LANES)
        largest = vf_max(largest, vf_load(x + i));
    if (i < n) largest = vf_max(largest, vf_keep_first(vf_load_part(x + i, part_of(n - i)), n - i, -INFINITY));
    vf top = vf_largest_all(largest), sum = {0};
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
    vf inverse = 1.0f / vf_sum_all(sum);
    if (i < n) vf_store_part(y + i, p, last * inverse);
    for (i = 0; i + LANES <= n; i += LANES)
        vf_store(y + i, vf_load(y + i) * inverse);
}

static void kernel_softmax(int rows, int n, plx_view x, plx_view y)
{
    NARROW_TO_AVX2(n, softmax(rows, n, x, y))
    for (int r = 0; r < rows; r++) {
        if (n == LANES)
            softmax_vector(x.at + r * x.stride, y.at + r * y.stride);
        else if (n < LANES)
            softmax_short(n, x.at + r * x.stride, y.at + r * y.stride);
        else
            softmax_long(n, x.at + r * x.stride, y.at + r * y.stride);
    }
}

/** In every lane. */
INLINE vf dot(int n, const float *x, const float *y)
{
    vf sum = {0};
    int i = 0;
    for (; i + LANES <= n; i += LANES)
        sum = vf_fma(vf_load(x + i), vf_load(y + i), sum);
    if (i < n) {
        part p = part_of(n - i);
        sum = vf_fma(vf_load_part(x + i, p), vf_load_part(y + i, p), sum);
    }
    return vf_sum_all(sum);
}

INLINE void softmax_back_rows(int rows, int n, plx_view y, plx_view dy, plx_view dx, bool accumulate)
{
    for (int r = 0; r < rows; r++) {
        const float *out = y.at + r * y.stride, *d_out = dy.at + r * dy.stride;
        float *to = dx.at + r * dx.stride;
        vf mean = dot(n, out, d_out);
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

static void kernel_softmax_back(int rows, int n, plx_view y, plx_view dy, plx_view dx, bool accumulate)
{
    NARROW_TO_AVX2(n, softmax_back(rows, n, y, dy, dx, accumulate))
    if (n == LANES)
        softmax_back_rows(rows, LANES, y, dy, dx, accumulate);
    else
        softmax_back_rows(rows, n, y, dy, dx, accumulate);
}

/* Gates that read one bank share its vectors in registers, as many at once as these hold. */
enum { GATES_AT_ONCE = LANES == 16 ? 3 : 2 };

INLINE float *row_of(plx_view view, int r)
{
    return view.at + r * view.stride;
}

/** A vector of the values of `n` gates' mixtures, from place `w`. */
INLINE void mix_vector(const int n, int experts, int width, const float *bank, const bool relu,
                       const plx_mix_gate *gates, int r, int w, const bool whole, part p)
{
    vf sums[GATES_AT_ONCE];
    for (int g = 0; g < n; g++)
        sums[g] = gates[g].accumulate ? vf_load_lanes(row_of(gates[g].out, r) + w, whole, p) : (vf){0};
    for (int e = 0; e < experts; e++) {
        vf v = vf_load_lanes(bank + e * width + w, whole, p);
        if (relu) v = relu_of(v);
        for (int g = 0; g < n; g++)
            sums[g] = vf_fma(vf_all(row_of(gates[g].gate, r)[e]), v, sums[g]);
    }
    for (int g = 0; g < n; g++)
        vf_store_lanes(row_of(gates[g].out, r) + w, whole, p, sums[g]);
}

INLINE void mix_rows(const int n, int rows, int experts, int width, plx_view bank, const bool relu,
                     const plx_mix_gate *gates)
{
    for (int r = 0; r < rows; r++) {
        int w = 0;
        for (; w + LANES <= width; w += LANES)
            mix_vector(n, experts, width, row_of(bank, r), relu, gates, r, w, true, part_of(LANES));
        if (w < width) mix_vector(n, experts, width, row_of(bank, r), relu, gates, r, w, false, part_of(width - w));
    }
}

/* Experts of 16 are one or a few vectors of constant places. */
INLINE void mix_width(const int n, int rows, int experts, int width, plx_view bank, bool relu,
                      const plx_mix_gate *gates)
{
    if (width == 16 && relu)
        mix_rows(n, rows, experts, 16, bank, true, gates);
    else if (width == 16)
        mix_rows(n, rows, experts, 16, bank, false, gates);
    else
        mix_rows(n, rows, experts, width, bank, relu, gates);
}

static void kernel_mix(int rows, int experts, int width, plx_view bank, bool relu, const plx_mix_gate *gates,
                       int n_gates)
{
    NARROW_TO_AVX2(width, mix(rows, experts, width, bank, relu, gates, n_gates))
    for (; n_gates >= GATES_AT_ONCE; gates += GATES_AT_ONCE, n_gates -= GATES_AT_ONCE)
        mix_width(GATES_AT_ONCE, rows, experts, width, bank, relu, gates);
    if (n_gates == 2) mix_width(2, rows, experts, width, bank, relu, gates);
    if (n_gates == 1) mix_width(1, rows, experts, width, bank, relu, gates);
}

/* A row of a bank, with what its gates have of this row. */
typedef struct bank_row {
    const float *bank;
    float *d_bank;
    bool add; /* to d_bank */
    const float *gates[GATES_AT_ONCE], *d_outs[GATES_AT_ONCE];
    float *d_gates[GATES_AT_ONCE];
    bool add_gates[GATES_AT_ONCE];
} bank_row;

/** A vector of each of `experts` experts from `e` on, from place `w`, for `n` gates. */
INLINE void unmix_vector(const int n, const int experts, const int width, const bool relu, const bank_row *x, int e,
                         int w, const bool whole, part p, vf sums[GATES_AT_ONCE][4])
{
    const float *from = x->bank + e * width + w;
    float *to = x->d_bank + e * width + w;
    vf d[GATES_AT_ONCE];
    for (int g = 0; g < n; g++)
        d[g] = vf_load_lanes(x->d_outs[g] + w, whole, p);
    for (int i = 0; i < experts; i++) {
        vf bank = vf_load_lanes(from + i * width, whole, p), first = vf_all(x->gates[0][e + i]);
        if (relu) bank = relu_of(bank);
        vf old = x->add ? vf_load_lanes(to + i * width, whole, p) : (vf){0};
        vf d_bank = x->add ? vf_fma(first, d[0], old) : first * d[0];
        for (int g = 1; g < n; g++)
            d_bank = vf_fma(vf_all(x->gates[g][e + i]), d[g], d_bank);
        for (int g = 0; g < n; g++)
            sums[g][i] = vf_fma(d[g], bank, sums[g][i]);
        vf_store_lanes(to + i * width, whole, p, relu ? vf_if_less((vf){0}, bank, d_bank, old + bank) : d_bank);
    }
}

INLINE void unmix_experts(const int n, const int experts, const int width, const bool relu, const bank_row *x, int e,
                          vf sums[GATES_AT_ONCE][4])
{
    int w = 0;
    for (; w + LANES <= width; w += LANES)
        unmix_vector(n, experts, width, relu, x, e, w, true, part_of(LANES), sums);
    if (w < width) unmix_vector(n, experts, width, relu, x, e, w, false, part_of(width - w), sums);
}

INLINE void unmix_row(const int n, int experts, const int width, const bool relu, const bank_row *x)
{
    int e = 0;
    for (; e + 4 <= experts; e += 4) { /* four sums at once cost little more than one */
        vf sums[GATES_AT_ONCE][4] = {{{0}}};
        unmix_experts(n, 4, width, relu, x, e, sums);
        for (int g = 0; g < n; g++) {
            vf4 total = vf_sums(sums[g][0], sums[g][1], sums[g][2], sums[g][3]);
            if (x->add_gates[g]) total += *(const vf4_unaligned *)(x->d_gates[g] + e);
            *(vf4_unaligned *)(x->d_gates[g] + e) = total;
        }
    }
    for (; e < experts; e++) { /* vf_sum adds in the order of vf_sums */
        vf sums[GATES_AT_ONCE][4] = {{{0}}};
        unmix_experts(n, 1, width, relu, x, e, sums);
        for (int g = 0; g < n; g++)
            x->d_gates[g][e] = (x->add_gates[g] ? x->d_gates[g][e] : 0.0f) + vf_sum(sums[g][0]);
    }
}

INLINE void unmix_rows(const int n, int rows, int experts, const int width, plx_view bank, const bool relu,
                       const plx_mix_gate *gates, plx_view d_bank, bool accumulate)
{
    for (int r = 0; r < rows; r++) {
        bank_row x = {.bank = row_of(bank, r), .d_bank = row_of(d_bank, r), .add = accumulate};
        for (int g = 0; g < n; g++) {
            x.gates[g] = row_of(gates[g].gate, r);
            x.d_outs[g] = row_of(gates[g].out, r);
            x.d_gates[g] = row_of(gates[g].d_gate, r);
            x.add_gates[g] = gates[g].accumulate;
        }
        unmix_row(n, experts, width, relu, &x);
    }
}

INLINE void unmix_width(const int n, int rows, int experts, int width, plx_view bank, bool relu,
                        const plx_mix_gate *gates, plx_view d_bank, bool accumulate)
{
    if (width == 16 && relu)
        unmix_rows(n, rows, experts, 16, bank, true, gates, d_bank, accumulate);
    else if (width == 16)
        unmix_rows(n, rows, experts, 16, bank, false, gates, d_bank, accumulate);
    else
        unmix_rows(n, rows, experts, width, bank, relu, gates, d_bank, accumulate);
}

static void kernel_mix_back(int rows, int experts, int width, plx_view bank, bool relu, const plx_mix_gate *gates,
                            int n_gates, plx_view d_bank, bool accumulate)
{
    NARROW_TO_AVX2(width, mix_back(rows, experts, width, bank, relu, gates, n_gates, d_bank, accumulate))
    for (; n_gates >= GATES_AT_ONCE; gates += GATES_AT_ONCE, n_gates -= GATES_AT_ONCE, accumulate = true)
        unmix_width(GATES_AT_ONCE, rows, experts, width, bank, relu, gates, d_bank, accumulate);
    if (n_gates == 2) unmix_width(2, rows, experts, width, bank, relu, gates, d_bank, accumulate);
    if (n_gates == 1) unmix_width(1, rows, experts, width, bank, relu, gates, d_bank, accumulate);
}

#endif
