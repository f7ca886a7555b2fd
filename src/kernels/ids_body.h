/* SPDX-License-Identifier: Apache-2.0 */
/* The table rows that a record adds: ids other than the most frequent of each feature, packed by compressing stores. */
#ifndef PLX_IDS_BODY_H
#define PLX_IDS_BODY_H

#if LANES == 16
/** Packs those of up to 16 adjacent one-byte ids that are not the common one. Returns their number. */
INLINE int list_run(const uint8_t *record, const plx_id_tables *tables, int t, int taken, uint16_t *list,
                    uint32_t *listed)
{
    const __mmask16 lanes = (__mmask16)((1u << taken) - 1);
    const __m512i ids = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(lanes, record + tables->offset[t]));
    const __m512i common = _mm512_maskz_loadu_epi32(lanes, tables->common + t);
    const __m512i rows = _mm512_add_epi32(ids, _mm512_maskz_loadu_epi32(lanes, tables->first_row + t));
    const __mmask16 differ = _mm512_mask_cmpneq_epi32_mask(lanes, ids, common);
    const int n = __builtin_popcount(differ);
    _mm256_mask_storeu_epi16(list, (__mmask16)((1u << n) - 1),
                             _mm512_cvtepi32_epi16(_mm512_maskz_compress_epi32(differ, rows)));
    const __m512i counts = _mm512_maskz_loadu_epi32(lanes, listed + t);
    _mm512_mask_storeu_epi32(listed + t, differ, _mm512_add_epi32(counts, _mm512_set1_epi32(1)));
    return n;
}

/** Appends one id of any width to `n` earlier ones. Returns the new number. */
INLINE int list_one(const uint8_t *record, const plx_id_tables *tables, int t, uint16_t *list, int n, uint32_t *listed)
{
    uint32_t id = 0;
    memcpy(&id, record + tables->offset[t], tables->bytes[t]); /* little-endian, as every CPU of this level */
    if (id == tables->common[t]) return n;
    list[1 + n] = (uint16_t)(tables->first_row[t] + id);
    listed[t]++;
    return n + 1;
}

static void kernel_list_ids(int rows, const uint8_t *records, size_t record_bytes, const plx_id_tables *tables,
                            uint16_t *lists, int list_stride, uint32_t *listed)
{
    memset(listed, 0, (size_t)tables->n * sizeof *listed);
    for (int r = 0; r < rows; r++) {
        const uint8_t *record = records + (size_t)r * record_bytes;
        uint16_t *list = lists + (ptrdiff_t)r * list_stride;
        int n = 0;
        for (int t = 0; t < tables->n;) {
            const int run = (int)tables->run[t], taken = run < 16 ? run : 16;
            if (run == 0) {
                n = list_one(record, tables, t++, list, n, listed);
                continue;
            }
            n += list_run(record, tables, t, taken, list + 1 + n, listed);
            t += taken;
        }
        list[0] = (uint16_t)n;
    }
}
#endif

#endif
