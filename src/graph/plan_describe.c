/* SPDX-License-Identifier: Apache-2.0 */
/* Text description of a plan. */
#include "graph/plan.h"

static void add_step(const plx_plan *plan, const plx_step *step, plx_string *out)
{
    const plx_node *node = step->node;
    const plx_node_plan *own = &plan->nodes[node->index];
    const char *what = step->work == &node->op->id_sums ? "sum"
                       : step->work                     ? "join"
                       : step->is_backward              ? "backward"
                                                        : "forward";
    plx_string_format(out, "  %-9s %s", what, node->shown);
    if (!step->work && !step->is_backward) {
        if (own->inside >= 0) plx_string_format(out, ", made inside %s", plan->all[own->inside]->shown);
        if (node->op->describe) {
            plx_string_format(out, ": ");
            node->op->describe(node, out);
        }
    }
    plx_string_add(out, "\n", 1);
}

void plx_plan_describe(const plx_plan *plan, plx_string *out)
{
    const double kib = (double)sizeof(plx_real) / 1024;
    plx_string_format(out, "%s in batches of %d rows, %s kernels\n", plan->options.training ? "training" : "scoring",
                      plan->options.batch_rows, plan->kernels->name);
    plx_string_format(out, "tiles of %d rows, %d to a leaf; %.1f KiB a tile, %.1f KiB a batch", plan->tile_rows,
                      plan->leaf_tiles, kib * (double)plan->tile_memory,
                      kib * (double)(plan->batch_memory + plan->batch_numbers));
    if (plan->options.training) {
        plx_string_format(out, ", %.1f KiB of gradients a leaf",
                          kib * (double)(plan->graph->n_tilewise + plan->leaf_numbers));
    }
    plx_string_add(out, "\n", 1);
    for (int p = 0; p < plan->n_phases; p++) {
        const plx_phase *phase = &plan->phases[p];
        plx_string_format(out, "phase %d of %d\n", p + 1, plan->n_phases);
        for (int s = 0; s < phase->n_steps; s++)
            add_step(plan, &phase->steps[s], out);
        for (int s = 0; s < phase->n_joins; s++)
            add_step(plan, &phase->joins[s], out);
    }
    for (int s = 0; s < plan->n_id_sums; s++)
        add_step(plan, &plan->id_sums[s], out);
}
