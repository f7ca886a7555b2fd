/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runs and when. Phases are levels: a node has the level of its inputs, plus one after an input with a
 * forward_join, which must see all tiles first. Backward continues from the losses' levels in the same way over
 * consumers and backward_join.
 */
#include "graph/plan.h"

static int larger(int a, int b)
{
    return a > b ? a : b;
}

/* The node that computes the value of node `index`. */
static int maker(const plx_plan *plan, int index)
{
    return plan->nodes[index].made_by >= 0 ? plan->nodes[index].made_by : index;
}

static void mark_running(plx_plan *plan)
{
    const plx_graph *graph = plan->graph;
    for (int task = 0; task < graph->n_tasks; task++) {
        plan->nodes[maker(plan, graph->losses[task])].runs = true;
        if (!plan->options.training || plan->options.with_scores)
            plan->nodes[maker(plan, graph->predictions[task])].runs = true;
    }
    for (int i = plan->n_order - 1; i >= 0; i--) {
        const plx_node *node = plan->order[i];
        if (!plan->nodes[node->index].runs) continue;
        for (int k = 0; k < node->n_inputs; k++)
            plan->nodes[maker(plan, node->inputs[k])].runs = true;
    }
}

/* Whether a node has parameters to train: its own or, for a fused node, those of the nodes that it replaces. */
static bool is_trained(const plx_graph *graph, const plx_node *node)
{
    for (int p = 0; p < node->n_params; p++) {
        const plx_param_spec *spec = &graph->params[node->params[p]].spec;
        if (!spec->is_state && !spec->is_frozen) return true;
    }
    return node->index >= graph->n_nodes && node->op->finish.run;
}

/* Backward runs where a gradient arrives and the node, or one before it, needs it. */
static void mark_backward(plx_plan *plan, bool *needs, bool *receives)
{
    for (int i = 0; i < plan->n_order; i++) {
        const plx_node *node = plan->order[i];
        needs[node->index] = is_trained(plan->graph, node);
        for (int k = 0; k < node->n_inputs; k++) {
            needs[node->index] = needs[node->index] || needs[maker(plan, node->inputs[k])];
        }
    }
    for (int i = plan->n_order - 1; i >= 0; i--) {
        const plx_node *node = plan->order[i];
        plx_node_plan *own = &plan->nodes[node->index];
        own->runs_backward = own->runs && needs[node->index] && (receives[node->index] || node->op->is_loss) &&
                             (node->op->backward || node->op->backward_join.run || node->op->id_sums.run);
        if (!own->runs_backward || !node->op->backward) continue;
        for (int k = 0; k < node->n_inputs; k++) {
            const int input = maker(plan, node->inputs[k]);
            own->wants[k] = needs[input];
            receives[input] = receives[input] || needs[input];
        }
    }
}

static plx_status mark(plx_plan *plan, plx_error *err)
{
    for (int i = 0; i < plan->n_all; i++) {
        const size_t n_inputs = (size_t)plan->all[i]->n_inputs + 1;
        plan->nodes[i].adds = plx_arena_take(&plan->arena, n_inputs, sizeof(bool));
        plan->nodes[i].wants = plx_arena_take(&plan->arena, n_inputs, sizeof(bool));
    }
    bool *needs = plx_arena_take(&plan->arena, (size_t)plan->n_all, sizeof *needs);
    bool *receives = plx_arena_take(&plan->arena, (size_t)plan->n_all, sizeof *receives);
    if (plx_arena_failed(&plan->arena)) return plx_error_memory(err);
    mark_running(plan);
    if (plan->options.training) mark_backward(plan, needs, receives);
    return PLX_OK;
}

static void assign_levels(plx_plan *plan)
{
    plan->n_phases = 1;
    for (int i = 0; i < plan->n_order; i++) {
        const plx_node *node = plan->order[i];
        plx_node_plan *own = &plan->nodes[node->index];
        for (int k = 0; k < node->n_inputs; k++) {
            const int input = maker(plan, node->inputs[k]);
            const int extra = plan->options.training && plan->all[input]->op->forward_join.run ? 1 : 0;
            own->level = larger(own->level, plan->nodes[input].level + extra);
        }
        own->level_backward = own->level;
    }
    for (int i = plan->n_order - 1; i >= 0; i--) {
        const plx_node *node = plan->order[i];
        const plx_node_plan *own = &plan->nodes[node->index];
        if (own->runs) plan->n_phases = larger(plan->n_phases, own->level + 1);
        if (!own->runs_backward) continue;
        plan->n_phases = larger(plan->n_phases, own->level_backward + 1);
        for (int k = 0; k < node->n_inputs; k++) {
            plx_node_plan *input = &plan->nodes[maker(plan, node->inputs[k])];
            const int extra = node->op->backward_join.run ? 1 : 0;
            if (own->wants[k]) input->level_backward = larger(input->level_backward, own->level_backward + extra);
        }
    }
}

/* Takes a step of a phase. */
typedef void add_step(plx_phase *phase, const plx_step *step);

/* Gives each phase its steps and joins in the order of execution. */
static void visit_steps(plx_plan *plan, add_step *add)
{
    for (int i = 0; i < plan->n_order; i++) {
        const plx_node *node = plan->order[i];
        const plx_node_plan *own = &plan->nodes[node->index];
        if (!own->runs) continue;
        add(&plan->phases[own->level], &(plx_step){node, NULL, false});
        if (plan->options.training && node->op->forward_join.run) {
            add(&plan->phases[own->level], &(plx_step){node, &node->op->forward_join, false});
        }
    }
    for (int i = plan->n_order - 1; i >= 0; i--) {
        const plx_node *node = plan->order[i];
        const plx_node_plan *own = &plan->nodes[node->index];
        if (!own->runs_backward) continue;
        plx_phase *phase = &plan->phases[own->level_backward];
        if (node->op->backward) add(phase, &(plx_step){node, NULL, true});
        if (node->op->backward_join.run) add(phase, &(plx_step){node, &node->op->backward_join, true});
    }
}

static void count_step(plx_phase *phase, const plx_step *step)
{
    *(step->work ? &phase->n_joins : &phase->n_steps) += 1;
}

static void put_step(plx_phase *phase, const plx_step *step)
{
    if (step->work) {
        phase->joins[phase->n_joins++] = *step;
    } else {
        phase->steps[phase->n_steps++] = *step;
    }
}

/* Work once per batch, outside the phases. */
static void list_work(plx_plan *plan)
{
    for (int i = 0; i < plan->n_order; i++) {
        const plx_node *node = plan->order[i];
        const plx_op *op = node->op;
        if (!plan->nodes[node->index].runs) continue;
        if (op->prepare.run) plan->prepares[plan->n_prepares++] = (plx_step){node, &op->prepare, false};
        if (!plan->nodes[node->index].runs_backward) continue;
        if (op->id_sort.run) plan->id_sorts[plan->n_id_sorts++] = (plx_step){node, &op->id_sort, true};
        if (op->id_sums.run) plan->id_sums[plan->n_id_sums++] = (plx_step){node, &op->id_sums, true};
        if (op->finish.run) plan->finishes[plan->n_finishes++] = (plx_step){node, &op->finish, true};
    }
}

static plx_status fill_phases(plx_plan *plan, plx_error *err)
{
    const size_t capacity = (size_t)plan->n_order + 1;
    plan->phases = plx_arena_take(&plan->arena, (size_t)plan->n_phases, sizeof *plan->phases);
    plan->prepares = plx_arena_take(&plan->arena, capacity, sizeof *plan->prepares);
    plan->finishes = plx_arena_take(&plan->arena, capacity, sizeof *plan->finishes);
    plan->id_sorts = plx_arena_take(&plan->arena, capacity, sizeof *plan->id_sorts);
    plan->id_sums = plx_arena_take(&plan->arena, capacity, sizeof *plan->id_sums);
    if (plx_arena_failed(&plan->arena)) return plx_error_memory(err);
    visit_steps(plan, count_step);
    for (int p = 0; p < plan->n_phases; p++) {
        plx_phase *phase = &plan->phases[p];
        phase->steps = plx_arena_take(&plan->arena, (size_t)phase->n_steps + 1, sizeof *phase->steps);
        phase->joins = plx_arena_take(&plan->arena, (size_t)phase->n_joins + 1, sizeof *phase->joins);
        phase->n_steps = phase->n_joins = 0;
    }
    if (plx_arena_failed(&plan->arena)) return plx_error_memory(err);
    visit_steps(plan, put_step);
    list_work(plan);
    return PLX_OK;
}

/* In the order of execution, the first to send a gradient to a value writes it, later ones add. */
static plx_status order_writers(plx_plan *plan, plx_error *err)
{
    bool *is_written = plx_arena_take(&plan->arena, (size_t)plan->n_all, sizeof *is_written);
    if (!is_written) return plx_error_memory(err);
    for (int p = 0; p < plan->n_phases; p++) {
        for (int s = 0; s < plan->phases[p].n_steps; s++) {
            const plx_step step = plan->phases[p].steps[s];
            plx_node_plan *own = &plan->nodes[step.node->index];
            for (int k = 0; k < step.node->n_inputs && step.is_backward; k++) {
                const int input = step.node->inputs[k];
                if (!own->wants[k]) continue;
                own->adds[k] = is_written[input];
                is_written[input] = true;
            }
        }
    }
    return PLX_OK;
}

plx_status plx_plan_order(plx_plan *plan, plx_error *err)
{
    PLX_TRY(mark(plan, err));
    assign_levels(plan);
    PLX_TRY(fill_phases(plan, err));
    return order_writers(plan, err);
}
