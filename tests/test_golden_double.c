/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The library in double compared with the golden files of the NumPy models: predictions, losses and gradients agree to
 * the rounding of doubles, so both compute the same function.
 */
#include "golden.h"

static void check_case(const char *name)
{
    static const plx_plan_options options[] = {
        {.is_plain = true}, {0}, {.tile_rows = 3}, /* batch normalisation across three tiles */
    };
    static const char *const labels[] = {"plain plan", "plan", "tiles of 3 rows"};
    golden g;
    bool is_read = golden_read(&g, name);
    CHECK(is_read);
    for (size_t i = 0; is_read && i < sizeof options / sizeof *options; i++) {
        model_case n;
        bool is_built = golden_case(&g, plx_kernels_for(PLX_CPU_PLAIN), &options[i], &n);
        CHECK(is_built);
        if (!is_built) continue;
        golden_compare_step(&g, &n, labels[i], 1e-12);
        model_case_release(&n);
    }
    golden_release(&g);
}

GOLDEN_CASES(GOLDEN_TEST)

int main(int argc, char **argv)
{
    static const check_test tests[] = {GOLDEN_CASES(GOLDEN_ROW)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
