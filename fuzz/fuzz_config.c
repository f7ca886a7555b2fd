/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes the configuration's parser. A text that it accepts must be written as a text that it also accepts and that is
 * written unchanged. Bytes after the first NUL are an assignment.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const uint8_t *end = memchr(bytes, '\0', length);
    char assignment[200] = "";
    const char *assignments[] = {assignment};
    if (end) {
        size_t after = length - (size_t)(end - bytes) - 1;
        if (after >= sizeof assignment) after = sizeof assignment - 1;
        memcpy(assignment, end + 1, after);
    }
    plx_spec_source source = {.text = (const char *)bytes,
                              .length = end ? (size_t)(end - bytes) : length,
                              .name = "fuzz",
                              .assignments = assignments,
                              .n_assignments = end ? 1 : 0};
    plx_spec spec, again;
    plx_error failure;
    if (plx_spec_parse(&spec, &plx_allocator_default, &source, &failure) != PLX_OK) return 0;
    plx_string first, second;
    plx_string_init(&first, &plx_allocator_default);
    plx_string_init(&second, &plx_allocator_default);
    plx_spec_write(&spec, &first);
    source = (plx_spec_source){.text = first.text, .length = first.length, .name = "written"};
    if (plx_spec_parse(&again, &plx_allocator_default, &source, &failure) != PLX_OK) abort();
    plx_spec_write(&again, &second);
    if (first.length != second.length || memcmp(first.text, second.text, first.length) != 0) abort();
    plx_string_release(&first);
    plx_string_release(&second);
    plx_spec_release(&spec);
    plx_spec_release(&again);
    return 0;
}
