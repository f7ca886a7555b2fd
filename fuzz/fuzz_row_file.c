/* SPDX-License-Identifier: Apache-2.0 */
/* Files of encoded rows: any bytes give rows with ids and classes in range, or an error. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "rows/row_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    plx_id_field sparse = {.vocabulary = 3};
    plx_list_field list = {.vocabulary = 5, .length = 2};
    plx_layout layout;
    const uint32_t classes[] = {4};
    const plx_layout_parts parts = {
        .sparse = &sparse, .n_sparse = 1, .lists = &list, .n_lists = 1, .n_dense = 1, .n_tasks = 1, .classes = classes};
    char path[] = "/tmp/plexus-fuzz-XXXXXX";
    plx_layout_init(&layout, &parts);
    const int descriptor = mkstemp(path);
    if (descriptor < 0 || write(descriptor, bytes, length) != (ssize_t)length) abort();
    close(descriptor);
    for (int in_memory = 0; in_memory < 2; in_memory++) {
        plx_rows rows;
        if (plx_row_file_open(path, &plx_allocator_default, &layout, 1, in_memory, false, &rows, NULL)) continue;
        uint32_t ids[2];
        for (size_t i = 0; i < rows.n; i++) {
            const uint8_t *record = rows.records + i * layout.record_bytes;
            if (plx_record_id(record, &sparse) >= 3) abort();
            float label;
            plx_records_labels(&layout, record, 1, 0, &label);
            if (label < 0 || label >= 4) abort();
            for (int k = plx_record_list(record, &list, ids); k-- > 0;)
                if (ids[k] >= 5) abort();
        }
        plx_rows_release(&rows, &plx_allocator_default);
    }
    unlink(path);
    return 0;
}
