/* SPDX-License-Identifier: Apache-2.0 */
/* The table rows that a record adds: ids other than the most frequent of each feature, listed by compressing stores. */
#ifndef PLX_IDS_BODY_H
#define PLX_IDS_BODY_H

#if LANES == 16
/** Lists those of up to 16 adjacent one-byte ids that are not the common one. Returns their number. */
INLINE int list_run(const uint8_t *record, uint32_t r, const plx_id_tables *tables, int t, int taken, uint32_t *entries)
{
    const __mmask16 lanes = (__mmask16)((1u << taken) - 1);
    const __m512i ids = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(lanes, record + tables->offset[t]));
    const __m512i common = _mm512_maskz_loadu_epi32(lanes, tables->common + t);
    const __m512i rows = _mm512_add_epi32(ids, _mm512_maskz_loadu_epi32(lanes, tables->first_row + t));
    const __mmask16 differ = _mm512_mask_cmpneq_epi32_mask(lanes, ids, common);
    const int n = __builtin_popcount(differ);
    _mm512_mask_storeu_epi32(
        entries, (__mmask16)((1u << n) - 1),
        _mm512_maskz_compress_epi32(differ, _mm512_or_epi32(rows, _mm512_set1_epi32((int)(r << 16)))));
    return n;
}

/** Appends one id of any width to `n` earlier entries. Returns the new number. */
INLINE int list_one(const uint8_t *record, uint32_t r, const plx_id_tables *tables, int t, uint32_t *entries, int n)
{
    uint32_t id = 0;
    memcpy(&id, record + tables->offset[t], tables->bytes[t]); /* little-endian, as every CPU of this level */
    if (id == tables->common[t]) return n;
    entries[n] = r << 16 | (tables->first_row[t] + id);
    return n + 1;
}

static int kernel_list_ids(int rows, const uint8_t *records, size_t record_bytes, const plx_id_tables *tables,
                           uint32_t *entries, uint16_t *counts)
{
    int n = 0;
    for (int r = 0; r < rows; r++) {
        const uint8_t *record = records + (size_t)r * record_bytes;
        const int first = n;
        for (int t = 0; t < tables->n;) {
            const int run = (int)tables->run[t], taken = run < 16 ? run : 16;
            if (run == 0) {
                n = list_one(record, (uint32_t)r, tables, t++, entries, n);
                continue;
            }
            n += list_run(record, (uint32_t)r, tables, t, taken, entries + n);
            t += taken;
        }
        counts[r] = (uint16_t)(n - first);
    }
    return n;
}
#endif

#endif
