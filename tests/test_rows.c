/* SPDX-License-Identifier: Apache-2.0 */
/* Each row of a list needs entries at other places: a failure names the row and the place. */
#include "base/alloc.h"
#include "base/file.h"
#include "check.h"
#include "ops/op_defs.h"
#include "store/onnx_network.h"
#include "tasks/task.h"
#include "train/metric.h"

static void report_missing(const char *what, const char *name, const char *place)
{
    char text[200];
    snprintf(text, sizeof text, "%s '%s' is missing in %s", what, name, place);
    check_report(__FILE__, __LINE__, text);
}

/** Whether the text contains the name, not as a part of another name. */
static bool has_word(const char *text, const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    const size_t length = strlen(name);
    for (const char *at = strstr(text, name); at; at = strstr(at + 1, name))
        if ((at == text || !strchr(letters, at[-1])) && (!at[length] || !strchr(letters, at[length]))) return true;
    return false;
}

/** Reports each of `names` [n] that is missing in the page. */
static void check_page(const char *path, const char *what, const char *const *names, size_t n)
{
    plx_string page;
    plx_string_init(&page, &plx_allocator_default);
    CHECK(plx_file_read(path, 1 << 20, &page, NULL) == PLX_OK);
    for (size_t i = 0; i < n; i++)
        if (!page.text || !has_word(page.text, names[i])) report_missing(what, names[i], path);
    plx_string_release(&page);
}

#define NAME(name)           #name,
#define LOSS_NAME(name, doc) #name,
#define COUNT(name, doc)     +1

enum { N_REGRESSION_LOSSES = 0 PLX_REGRESSION_LOSSES(COUNT) };

static void test_activations(void)
{
    static const char *const names[] = {PLX_ACTIVATION_NAMES(NAME)};
#define OP(name) &plx_op_##name,
    static const plx_op *const ops[] = {PLX_ACTIVATION_OPS(OP)};
    check_page("docs/format.md", "activation", names, sizeof names / sizeof *names);
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        if (!plx_onnx_knows(ops[i])) report_missing("activation", ops[i]->name, "src/store/onnx_network.c");
}

static void test_losses(void)
{
    static const char *const names[] = {PLX_LOSS_LIST(LOSS_NAME)};
    for (int i = 0; plx_loss_list[i]; i++) {
        const plx_loss *loss = plx_loss_list[i];
        if (strcmp(loss->name, names[i]) != 0) report_missing("loss", names[i], "its own `name`");
        if (!loss->each) report_missing("loss", names[i], "its own `each`");
        if (loss->labels_from_0 && !loss->reader) report_missing("loss", names[i], "its own `reader`");
    }
    check_page("docs/configuration.md", "loss", plx_task_regression.loss_names, N_REGRESSION_LOSSES);
}

/** The metric of that name for tasks of the kind; NULL: there is none. */
static const plx_metric_info *metric_of(int kind, const char *name)
{
    const plx_metric_info *metric = plx_metric_named(plx_slice_of(name));
    return metric && plx_metric_fits(metric, (plx_task_kind)kind, 0) ? metric : NULL;
}

static void test_kinds_of_tasks(void)
{
    int n = 0;
    for (; plx_task_list[n]; n++) {
        const plx_task_def *def = plx_task_list[n];
        const char *name = plx_task_kinds[n];
        if (strcmp(def->name, name) != 0) report_missing("kind", name, "its own `name`");
        if (!def->noun || !def->prediction || !def->degenerate) report_missing("kind", name, "its own words");
        if (!def->losses[0]) report_missing("kind", name, "src/tasks/loss_list.h");
        if (!metric_of(n, def->score) || !metric_of(n, def->monitored))
            report_missing("kind", name, "the list of src/train/metric.h");
        for (int i = 0; def->losses[i]; i++)
            CHECK(strcmp(def->losses[i]->name, def->loss_names[i]) == 0);
    }
    check_page("docs/configuration.md", "kind", plx_task_kinds, (size_t)n);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_activations), CHECK_TEST(test_losses),
                                       CHECK_TEST(test_kinds_of_tasks)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
