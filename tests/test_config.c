/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration: accepted texts, the places of mistakes, that writing and reading agree, assignments.
 * `test_config --write-reference PATH` writes the reference page that test_reference_page compares.
 */
#include "config/config.h"

#include "check.h"
#include "failing_allocator.h"
#include "write_file.h"

static const char good[] = "data:\n"
                           "  train: [a.csv, b.csv]\n"
                           "  columns: [age, city, job, income, married]\n"
                           "  validation_part: 0.25\n"
                           "features:\n"
                           "  - {kind: dense, name: age, scaling: standard, missing: 0.5}\n"
                           "  - {kind: sparse, names: [city, job], embedding_dim: 8}\n"
                           "  - {kind: sparse, name: town, column: city}\n"
                           "tasks:\n"
                           "  - {name: rich, column: income, positive: ['>50K'], weight: 2}\n"
                           "  - {name: married, kind: regression}\n"
                           "model:\n"
                           "  name: mmoe\n"
                           "  num_experts: 3\n"
                           "  expert_dnn_units: [8, 4]\n"
                           "  tower_dnn_units_lists: [[4], [4, 2]]\n"
                           "train:\n"
                           "  epochs: 7\n"
                           "  learning_rate: 0.01\n";

static plx_status parse(const char *text, plx_spec *spec, plx_error *err)
{
    plx_spec_source source = {.text = text, .length = strlen(text), .name = "c.yaml"};
    return plx_spec_parse(spec, &plx_allocator_default, &source, err);
}

static plx_status parse_with(const char *text, const char *assignment, plx_spec *spec, plx_error *err)
{
    const char *const assignments[] = {assignment};
    plx_spec_source source = {
        .text = text, .length = strlen(text), .name = "c.yaml", .assignments = assignments, .n_assignments = 1};
    return plx_spec_parse(spec, &plx_allocator_default, &source, err);
}

/** The good text with the first `old` replaced. */
static char *with(const char *old, const char *new_text)
{
    static char text[8192];
    const char *place = strstr(good, old);
    snprintf(text, sizeof text, "%.*s%s%s", place ? (int)(place - good) : 0, good, new_text,
             place ? place + strlen(old) : "");
    return text;
}

/** An error with this in its message. */
static void check_refused(const char *text, const char *message)
{
    plx_spec spec;
    plx_error failure = {.code = PLX_OK};
    plx_status status = parse(text, &spec, &failure);
    CHECK_STATUS(status, PLX_ERR_FORMAT);
    CHECK_TEXT(failure.message, message);
    if (status == PLX_OK) plx_spec_release(&spec);
}

static void test_values_arrive(void)
{
    plx_spec spec;
    plx_error failure = {.message = ""};
    plx_status status = parse(good, &spec, &failure);
    CHECK_TEXT("", failure.message);
    REQUIRE(status == PLX_OK);
    const plx_table_spec *table = &spec.table;
    CHECK(table->data.train.n == 2 && strcmp(table->data.train.items[1], "b.csv") == 0);
    CHECK(table->data.validation_part == 0.25 && table->data.header && table->data.test.n == 0);
    REQUIRE(table->n_features == 4 && table->n_tasks == 2);
    static const char *const names[] = {"city", "job", "town", "age"}, *const columns[] = {"city", "job", "city",
                                                                                           "age"};
    for (int i = 0; i < 4; i++) {
        CHECK_TEXT(table->features[i].name, names[i]);
        CHECK_TEXT(table->features[i].column, columns[i]);
        CHECK(table->features[i].kind == (i < 3 ? PLX_FEATURE_SPARSE : PLX_FEATURE_DENSE));
    }
    CHECK(table->features[0].embedding_dim == 8 && table->features[1].embedding_dim == 8);
    CHECK(table->features[3].scaling == PLX_SCALE_STANDARD && table->features[3].missing == 0.5);
    CHECK(strcmp(table->tasks[0].column, "income") == 0 && table->tasks[0].weight == 2);
    CHECK(table->tasks[0].positive.n == 1 && strcmp(table->tasks[0].positive.items[0], ">50K") == 0);
    CHECK(strcmp(table->tasks[1].column, "married") == 0 && table->tasks[1].kind == PLX_TASK_REGRESSION);
    CHECK(strcmp(spec.def->name, "mmoe") == 0 && spec.model.num_experts == 3);
    CHECK(spec.model.expert_dnn_units.n == 2 && spec.model.expert_dnn_units.items[1] == 4);
    CHECK(spec.model.tower_dnn_units_lists.n == 2 && spec.model.tower_dnn_units_lists.items[1].items[1] == 2);
    CHECK(spec.train.epochs == 7 && spec.train.learning_rate == 0.01 && strcmp(spec.train.optimizer, "adam") == 0);
    plx_spec_release(&spec);
}

static void test_json_aliases_and_missing_train_section(void)
{
    static const char json[] =
        "{\"data\": {\"train\": [\"a\"]}, \"features\": [{\"kind\": \"dense\", \"name\": \"x\"}],\n"
        " \"tasks\": [{\"name\": \"a\"}, {\"name\": \"b\"}], \"model\": {\"name\": \"shared_bottom\"}}";
    static const char aliases[] = "data: {train: [a]}\n"
                                  "features: [{kind: sparse, names: &n [x, y]}, {kind: dense, name: z}]\n"
                                  "tasks: [{name: a, positive: &p ['1', 'yes']}, {name: b, positive: *p}]\n"
                                  "model: {name: esmm}\n"
                                  "train: {epochs: 2}\n";
    plx_spec spec;
    CHECK_STATUS(parse(json, &spec, NULL), PLX_OK);
    CHECK(spec.table.n_features == 1 && spec.train.epochs > 0);
    const plx_int_list *tower = plx_int_lists_item(&spec.model.tower_dnn_units_lists, 1);
    CHECK(tower->n == 1 && tower->items[0] == 64);
    plx_spec_release(&spec);
    REQUIRE(parse(aliases, &spec, NULL) == PLX_OK);
    CHECK(spec.table.tasks[1].positive.n == 2 && strcmp(spec.table.tasks[1].positive.items[1], "yes") == 0);
    plx_spec_release(&spec);
}

static void test_writing_and_reading_agree(void)
{
    plx_spec first, second;
    plx_string one, two;
    plx_error failure = {.message = ""};
    REQUIRE(parse(with("'>50K'", "'>50K', \"a \\\"b\\\", \\\\ #\", ' x', '', yes, 'null', \"t\\tb\\nc\", '\303\251'"),
                  &first, NULL) == PLX_OK);
    CHECK(first.table.tasks[0].positive.n == 8);
    plx_string_init(&one, &plx_allocator_default);
    plx_string_init(&two, &plx_allocator_default);
    plx_spec_write(&first, &one);
    REQUIRE(!one.failed);
    plx_status status = parse(one.text, &second, &failure);
    if (status != PLX_OK) printf("%s\n%s\n", failure.message, one.text);
    REQUIRE(status == PLX_OK);
    plx_spec_write(&second, &two);
    CHECK(strcmp(one.text, two.text) == 0);
    REQUIRE(second.table.tasks[0].positive.n == 8);
    for (int i = 0; i < 8; i++) {
        CHECK(strcmp(first.table.tasks[0].positive.items[i], second.table.tasks[0].positive.items[i]) == 0);
    }
    CHECK(second.train.learning_rate == first.train.learning_rate);
    CHECK_TEXT(one.text, "- {name: town, column: city, kind: sparse");
    CHECK_TEXT(one.text, "\n  dnn_activation: relu\n"); /* one value stays one value */
    CHECK_TEXT(one.text, "\n  expert_dnn_dropout: []\n");
    plx_spec_release(&first);
    plx_spec_release(&second);
    plx_string_release(&one);
    plx_string_release(&two);
}

static void test_every_model_has_defaults(void)
{
    for (int i = 0; plx_model_list[i]; i++) {
        char text[512];
        plx_spec spec;
        plx_error failure = {.message = ""};
        snprintf(text, sizeof text,
                 "data: {train: [a]}\nfeatures: [{kind: sparse, name: x}]\ntasks: [{name: a}, {name: b}]\n"
                 "model: {name: %s}\n",
                 plx_model_list[i]->name);
        plx_status status = parse(text, &spec, &failure);
        CHECK_TEXT("", failure.message);
        if (status != PLX_OK) continue;
        plx_string written;
        plx_string_init(&written, &plx_allocator_default);
        plx_spec_write(&spec, &written);
        for (size_t f = 0; f < *spec.def->n_fields; f++)
            CHECK_TEXT(written.text, spec.def->fields[f].name);
        plx_string_release(&written);
        plx_spec_release(&spec);
    }
}

/* Each key's value is allowed, but together they exceed any machine. */
static void test_sizes_are_bounded_together(void)
{
    static const struct {
        const char *model, *message; /* NULL: allowed */
    } cases[] = {
        {"mmoe, num_experts: 4096", NULL},
        {"mmoe, num_experts: 4096, expert_dnn_units: [8, 256]",
         "c.yaml:4:34: experts/dense1: the network's layers make more than 1048576 numbers a row: lower 'num_experts', "
         "or give fewer or smaller layers in 'expert_dnn_units'"},
        {"ple, num_levels: 4096, num_experts_specific: 4096, num_experts_shared: 4096",
         "c.yaml:4:32: level1/a/experts/dense0: the network's layers make more than 1048576 numbers a row: lower "
         "'num_levels'"},
        {"ple, num_levels: 1000, num_experts_specific: 1, num_experts_shared: 1",
         "c.yaml:4:32: level682/b/gate: the network has more than 4096 layers: lower 'num_levels'"},
        {"ple, num_levels: 4096, num_experts_shared: 4096, expert_dnn_units: [1024, 1024]", /* no key alone suffices */
         "c.yaml:4:32: level0/shared/experts/dense0: the network's layers make more than 1048576 numbers a row: lower "
         "'num_levels', lower 'num_experts_specific', lower 'num_experts_shared', give fewer or smaller layers in "
         "'expert_dnn_units', "},
        {"ple, num_levels: 600, num_experts_specific: 1, num_experts_shared: 1", NULL},
        {"cgc, num_experts_specific: 4096, num_experts_shared: 1, expert_dnn_units: [128]",
         "c.yaml:4:42: level0/shared/experts/dense0: the network's layers make more than 1048576 numbers a row: lower "
         "'num_experts_specific', or give fewer or smaller layers in 'expert_dnn_units'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[512];
        plx_spec spec;
        plx_error failure = {.message = ""};
        snprintf(text, sizeof text,
                 "data: {train: [a]}\nfeatures: [{kind: sparse, name: x}]\ntasks: [{name: a}, {name: b}]\n"
                 "model: {name: %s}\n",
                 cases[i].model);
        plx_status status = parse(text, &spec, &failure);
        CHECK_STATUS(status, cases[i].message ? PLX_ERR_FORMAT : PLX_OK);
        CHECK_TEXT(failure.message, cases[i].message ? cases[i].message : "");
        if (status == PLX_OK) plx_spec_release(&spec);
    }
}

static void test_mistakes_have_places(void)
{
    static const struct {
        const char *old, *new_text, *message;
    } cases[] = {
        {"epochs: 7", "epoch: 7", "c.yaml:18:3: unknown key 'epoch' in section 'train'; did you mean 'epochs'?"},
        {"epochs: 7", "epochs: many", "c.yaml:18:11: "},
        {"epochs: 7", "epochs: -1", "c.yaml:18:11: "},
        {"epochs: 7", "epochs: [7]", "c.yaml:18:11: "},
        {"epochs: 7", "epochs: {a: 7}", "c.yaml:18:11: 'epochs' takes a whole number from 1 to 100000, not a mapping"},
        {"epochs: 7", "epochs: 7\n  epochs: 8", "c.yaml:19:3: key 'epochs' appears twice, first in line 18"},
        {"learning_rate: 0.01", "learning_rate: 0", "c.yaml:19:18: "},
        {"learning_rate: 0.01", "learning_rate: nan", "c.yaml:19:18: "},
        {"learning_rate: 0.01", "optimizer: adan", "c.yaml:19:14: optimizer 'adan' is unknown"},
        {"learning_rate: 0.01", "momentum: 0.9", "c.yaml:19:13: 'momentum' belongs to the optimizers sgd and rmsprop"},
        {"learning_rate: 0.01", "monitor: rich.acu",
         "c.yaml:19:12: monitor 'rich.acu': task 'rich' has no metric 'acu' to monitor; did you mean 'rich.auc'"},
        {"learning_rate: 0.01", "monitor: 0.5*rihc.auc + married.rmse",
         "c.yaml:19:12: monitor '0.5*rihc.auc + married.rmse': there is no task 'rihc'; did you mean 'rich.auc'?"},
        {"num_experts: 3", "dnn_activation: [relu, tahn]",
         "c.yaml:14:19: 'dnn_activation' takes one of relu, sigmoid,"},
        {"num_experts: 3", "dnn_dropout: [0.1, 0.2, 0.3]", "c.yaml:14:16: 'dnn_dropout' has 3 values for 2 layers"},
        {"num_experts: 3", "gate_dnn_use_bn: [true, false]", "c.yaml:14:20: 'gate_dnn_use_bn' has 2 values for 0"},
        {"learning_rate: 0.01", "schedule: cos", "c.yaml:19:13: 'schedule' takes one of constant, step, exponential"},
        {"learning_rate: 0.01", "schedule_steps: 9", "c.yaml:19:19: 'schedule_steps' belongs to the schedules step"},
        {"learning_rate: 0.01", "min_learning_rate: 1", "c.yaml:19:22: 'min_learning_rate' is above"},
        {"learning_rate: 0.01", "clip_norm: -1", "c.yaml:19:14: 'clip_norm' takes a number from 0"},
        {"train:\n  epochs", "trian:\n  epochs", "c.yaml:17:1: unknown key 'trian' in the configuration"},
        {"train: [a.csv, b.csv]", "test: [a.csv]", "c.yaml:2:3: section 'data': 'train' is missing"},
        {"validation_part: 0.25", "validation_part: -1", "c.yaml:4:20: "},
        {"validation_part: 0.25", "validation: [v.csv]\n  validation_part: 0.25",
         "c.yaml:5:20: 'validation_part' takes rows from"},
        {"validation_part: 0.25", "delimiter: ':::::::::'", "c.yaml:4:14: 'delimiter' must be 1 to 8 bytes"},
        {"validation_part: 0.25", "quote: ','", "c.yaml:4:10: 'quote' and 'delimiter' are the same"},
        {"columns: [age, city, job, income, married]", "header: false", "c.yaml:3:11: files without a header need"},
        {"columns: [age, city, job, income, married]", "columns: [age, citty, job, income, married]",
         "c.yaml:7:28: feature 'city': column 'city' is not in data.columns; did you mean 'citty'?"},
        {"columns: [age,", "columns: [age, age,", "c.yaml:3:12: column 'age' appears twice"},
        {"kind: dense", "kind: denze", "c.yaml:6:12: "},
        {"kind: dense, ", "", "c.yaml:6:5: an entry of features: 'kind' is missing"},
        {"scaling: standard", "embedding_dim: 3",
         "c.yaml:6:30: 'embedding_dim' belongs to sparse, buckets, datetime and list features"},
        {"embedding_dim: 8", "scaling: none", "c.yaml:7:40: 'scaling' belongs to datetime and dense features"},
        {"embedding_dim: 8", "embedding_dim: 0", "c.yaml:7:55: "},
        {"names: [city, job]", "names: [city, city]",
         "c.yaml:7:34: feature 'city': the name 'city' appears twice: names must be unique"},
        {"names: [city, job]", "names: city", "c.yaml:7:27: 'names' must be a list"},
        {"names: [city, job]", "names: [city], name: job", "'names' replaces 'name'"},
        {"names: [city, job]", "names: [city, '']", "c.yaml:7:34: a name must have 1 to 128 characters"},
        {"names: [city, job]", "names: [city, income]",
         "c.yaml:7:34: feature 'income': column 'income' contains the labels of task 'rich'"},
        {"names: [city, job]", "nmaes: [city]", "did you mean 'names'?"},
        {"names: [city, job]", "names: [city, \"a\\x01\"]", "c.yaml:7:34: the text contains a control character"},
        {"{name: rich, ", "{name: married, ",
         "c.yaml:11:12: task 'married': the name 'married' appears twice: names must be unique"},
        {"{name: rich, ", "{", "c.yaml:10:5: an entry of tasks: 'name' is missing"},
        {"kind: regression", "kind: regression, positive: [a]",
         "c.yaml:11:39: 'positive' belongs to binary tasks, this one is regression"},
        {"positive: ['>50K']", "negative: ['>50K']", "c.yaml:10:44: task 'rich': 'negative' requires"},
        {"weight: 2", "weight: -2", "c.yaml:10:62: "},
        {"weight: 2", "weight_decay: 0", "c.yaml:10:68: 'weight_decay' takes a number above 0"},
        {"weight: 2", "loss: huber", "c.yaml:10:54: 'loss' belongs to regression tasks, this one is binary"},
        {"weight: 2", "classes: [a, b]", "c.yaml:10:54: 'classes' belongs to multiclass tasks"},
        {"weight: 2", "class_weights: [1]", "c.yaml:10:69: task 'rich': 'class_weights' has 1 number for 2 classes"},
        {"weight: 2", "class_weights: [1, -1]", "c.yaml:10:69: "},
        {"weight: 2", "class_weights: {0: 1, 1: -1}",
         "c.yaml:10:69: 'class_weights' takes numbers from 0 to 1000000, such as [0.5, 2] or {a: 0.5, b: 2}, or "
         "balanced, "
         "not 1: '-1'"},
        {"weight: 2", "class_weights: [1, -1]", "or balanced, not a list with '-1'"},
        {"weight: 2", "class_weights: {a: 1, 'b c': often}", "or balanced, not b c: 'often'"},
        {"weight: 2", "class_weights: {0: 1, 1: [2]}", "c.yaml:10:79: expected a value or a list of values"},
        {"weight: 2", "class_weights: [1, balanced]", "c.yaml:10:69: 'class_weights' takes numbers from 0"},
        {"embedding_dim: 8", "missing: mean", "c.yaml:7:49: 'missing' takes a list of texts"},
        {"scaling: standard", "missing: [a]", "c.yaml:6:39: 'missing' takes a number or error or mean, not a list"},
        {"weight: 2", "labels: soft",
         "task 'rich': 'positive' lists labels, but with 'labels: soft' they are numbers: remove it"},
        {"positive: ['>50K'], weight: 2", "labels: soft, class_weights: balanced",
         "task 'rich': 'class_weights' belongs to 'labels: hard'"},
        {"kind: regression", "kind: multiclass, labels: soft",
         "'labels' belongs to binary tasks, this one is multiclass"},
        {"weight: 2", "class_weights: even", "such as [0.5, 2] or {a: 0.5, b: 2}, or balanced, not 'even'"},
        {"weight: 2", "where: city", "c.yaml:10:61: task 'rich': 'where' requires 'where_values'"},
        {"weight: 2", "where_values: [a]", "c.yaml:10:68: task 'rich': 'where_values' requires 'where'"},
        {"weight: 2", "where: town, where_values: [a]",
         "c.yaml:10:61: task 'rich': column 'town' is not in data.columns"},
        {"weight: 2", "weight_column: town", "c.yaml:10:69: task 'rich': column 'town' is not in data.columns"},
        {"validation_part: 0.25", "row_weight: town", "c.yaml:4:15: column 'town' is not in data.columns"},
        {"kind: regression", "kind: multiclass, classes: [a]",
         "c.yaml:11:48: task 'married': 'classes' lists one class"},
        {"kind: regression", "kind: multiclass, classes: [a, b, a]",
         "c.yaml:11:48: task 'married': class 'a' is listed twice"},
        {"kind: regression", "kind: multiclass, classes: [a, b], class_weights: [1, 2, 3]",
         "c.yaml:11:71: task 'married': 'class_weights' has 3 numbers for 2 classes"},
        {"kind: regression", "kind: regression, class_weights: [1, 2]",
         "c.yaml:11:39: 'class_weights' belongs to binary and multiclass tasks"},
        {"kind: regression", "kind: regression, loss: log", "c.yaml:11:45: 'loss' takes one of squared, absolute"},
        {"kind: regression", "kind: regression, huber_delta: 2", "c.yaml:11:52: task 'married': 'huber_delta' belongs"},
        {"kind: regression", "kind: regression, loss: huber, quantile: 0.9",
         "c.yaml:11:62: task 'married': 'quantile' belongs to 'loss: quantile'"},
        {"kind: regression", "kind: regression, loss: quantile, quantile: 1",
         "c.yaml:11:65: 'quantile' takes a number above 0 and below 1, not '1'"},
        {"name: mmoe", "name: esmm",
         "c.yaml:11:27: task 'married': ESMM takes only binary tasks; this one is a regression"},
        {"  - {name: married, kind: regression}\n", "", "c.yaml:10:3: MMoE needs at least 2 tasks, not 1"},
        {"name: mmoe", "name: mmeo", "c.yaml:13:9: unknown model 'mmeo'; did you mean 'mmoe'?"},
        {"name: mmoe", "num_experts: 3", "c.yaml:13:3: section 'model': 'name' is missing"},
        {"num_experts: 3", "num_expert: 3", "c.yaml:14:3: unknown key 'num_expert' in section 'model' of mmoe"},
        {"num_experts: 3", "num_levels: 3",
         "c.yaml:14:3: unknown key 'num_levels' in section 'model' of mmoe; valid keys: name"},
        {"[[4], [4, 2]]", "[[4]]", "c.yaml:16:26: 'tower_dnn_units_lists' has 1 list for 2 tasks"},
        {"[[4], [4, 2]]", "[[4], [4, -2]]", "c.yaml:16:26: "},
        {"[8, 4]", "[8, 4.5]", "c.yaml:15:21: "},
        {"[8, 4]", "[8, 4", "c.yaml:16:"},
        {"model:", "model: [a]\nx:", "section 'model' must be a mapping"},
        {"tasks:", "tasks: {a: b}\nx:", "section 'tasks' must be a list"},
        {"features:", "features: []\nx:",
         "c.yaml:5:11: section 'features' is empty; a model needs at least one feature"},
        {"  - {kind: dense", "  - age\n  - {kind: dense", "c.yaml:6:5: an entry of features must be a mapping"},
        {"train:\n  epochs", "[a]: b\ntrain:\n  epochs", "c.yaml:17:1: a key of the configuration must be a name"},
        {"train:\n  epochs", "---\ntrain:\n  epochs", "c.yaml:18:1: a second document starts here"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int before = check_failures;
        CHECK(strstr(good, cases[i].old));
        check_refused(with(cases[i].old, cases[i].new_text), cases[i].message);
        if (check_failures > before) printf("  case %zu: %s\n", i, cases[i].new_text);
    }
    check_refused("", "c.yaml:1:1: the configuration is empty");
    check_refused("- a\n", "c.yaml:1:1: is not a mapping");
    check_refused("a: \tb: c: d\n", "c.yaml:1:");
    check_refused("a: \xff\n", "UTF-8");
    check_refused("a: *b\n", "c.yaml:1:4: ");
}

static void test_all_mistakes_are_reported_together(void)
{
    static const char text[] = "data: {trian: [a], header: maybe}\n"
                               "features:\n"
                               "  - {kind: dens, name: x}\n"
                               "  - {kind: dense, name: y, column: a}\n"
                               "tasks: [{name: a, weight: x}]\n"
                               "model: {name: ple, num_levels: 0}\n"
                               "train: {epochs: x, batch: 3}\n";
    plx_spec spec;
    plx_error failure;
    CHECK_STATUS(parse(text, &spec, &failure), PLX_ERR_FORMAT);
    static const char *const lines[] = {"c.yaml:1:8: unknown key 'trian'",
                                        "c.yaml:1:28: ",
                                        "\nc.yaml:1:7: section 'data': 'train' is missing",
                                        "\nc.yaml:3:12: ",
                                        "\nc.yaml:5:27: ",
                                        "\nc.yaml:6:32: ",
                                        "\nc.yaml:7:17: ",
                                        "\nc.yaml:7:20: unknown key 'batch'",
                                        "\nc.yaml:4:36: feature 'y': column 'a' contains the labels",
                                        "\nc.yaml:5:8: PLE needs at least 2 tasks"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        CHECK_TEXT(failure.message, lines[i]);
    check_refused("a: 1\n", "section 'data' is missing");
    check_refused("a: 1\n", "section 'model' is missing");
}

static void test_many_mistakes_stay_whole_lines(void)
{
    static char text[60000];
    size_t used = (size_t)snprintf(text, sizeof text, "train:\n");
    for (int i = 0; i < 2000; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "  nonsense_%04d: 1\n", i);
    plx_spec spec;
    plx_error failure;
    CHECK_STATUS(parse(text, &spec, &failure), PLX_ERR_FORMAT);
    CHECK_TEXT(failure.message, "\n... and more mistakes");
    const char *last = strrchr(failure.message, '\n');
    CHECK(last && last > failure.message && strncmp(last + 1, "...", 3) == 0);
    CHECK(strlen(failure.message) < sizeof failure.message - 1);
}

static void test_bombs_are_refused(void)
{
    static char text[40000];
    size_t used = (size_t)snprintf(text, sizeof text, "a: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 12; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "b%d: &a%d [", i, i);
        for (int j = 0; j < 10; j++)
            used += (size_t)snprintf(text + used, sizeof text - used, "*a%d,", i - 1);
        used += (size_t)snprintf(text + used, sizeof text - used, "]\n");
    }
    snprintf(text + used, sizeof text - used, "data: {train: *a3}\nfeatures: *a3\ntasks: *a3\nmodel: *a11\n");
    check_refused(text, "c.yaml:");
    /* One list of names, used by very many entries. */
    used = (size_t)snprintf(text, sizeof text, "features:\n- &e {kind: dense, names: [");
    for (int i = 0; i < 4000; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "x%d,", i);
    used += (size_t)snprintf(text + used, sizeof text - used, "]}\n");
    for (int i = 0; i < 1000; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "- *e\n");
    check_refused(text, "too many values");
    /* A list that contains itself, and very deep nesting. */
    check_refused("data: {train: &a [*a]}\n", "c.yaml:1:");
    memset(text, '[', 30000);
    text[30000] = '\0';
    check_refused(text, "c.yaml");
}

static void test_assignments(void)
{
    static const struct {
        const char *assignment, *written;
    } good_ones[] = {
        {"train.epochs=3", "  epochs: 3\n"},
        {" train . batch_size = 99", "  batch_size: 99\n"},
        {"model.expert_dnn_units=[64, 32]", "  expert_dnn_units: [64, 32]\n"},
        {"model.tower_dnn_units_lists=[[1],[2]]", "  tower_dnn_units_lists: [[1], [2]]\n"},
        {"data.train=[x=y.csv]", "  train: [\"x=y.csv\"]\n"},
        {"data.quote=", "  quote: \"\"\n"},
        {"tasks.rich.weight=5", "weight: 5, weight_decay: 1"},
        {"tasks.rich.class_weights={'>50K': 2, 0: .5}", "class_weights: {\">50K\": 2, \"0\": 0.5}"},
        {"tasks.rich.class_weights=[1, 2]", "class_weights: [1, 2]"},
        {"tasks.rich.class_weights=balanced", "class_weights: balanced"},
        {"features.age.scaling=none", "scaling: none"},
        {"features.age.missing=mean", "missing: mean"},
        {"features.job.missing=[NA, '\\\\N']", "missing: [NA, \"\\\\\\\\N\"]"},
        {"features.job.embedding_dim=2", "- {name: city, column: city, kind: sparse, embedding_dim: 8, "},
        {"features.job.embedding_dim=2", "- {name: job, column: job, kind: sparse, embedding_dim: 2, "},
        {"features.city.embedding_dim=auto", "- {name: city, column: city, kind: sparse, embedding_dim: auto, "},
        {"features.city.embedding_dim=auto", "- {name: job, column: job, kind: sparse, embedding_dim: 8, "},
    };
    for (size_t i = 0; i < sizeof good_ones / sizeof *good_ones; i++) {
        plx_spec spec;
        plx_string written;
        plx_error failure = {.message = ""};
        plx_status status = parse_with(good, good_ones[i].assignment, &spec, &failure);
        CHECK_TEXT("", failure.message);
        if (status != PLX_OK) continue;
        plx_string_init(&written, &plx_allocator_default);
        plx_spec_write(&spec, &written);
        CHECK_TEXT(written.text, good_ones[i].written);
        plx_string_release(&written);
        plx_spec_release(&spec);
    }
}

static void test_wrong_assignments(void)
{
    static const struct {
        const char *assignment, *message;
    } cases[] = {
        {"train.epochs", "'train.epochs': is not of the form"},
        {"epochs=3", "is not of the form"},
        {"=3", "is not of the form"},
        {"train.epochs=x", "'train.epochs=x': "},
        {"train.epoch=3", "'train.epoch=3': unknown key 'epoch' in section 'train'; did you mean 'epochs'?"},
        {"trian.epochs=3", "'trian.epochs=3': unknown key 'trian' in the configuration; did you mean 'train'?"},
        {"features.town.scaling=none", "'features.town.scaling=none': 'scaling' belongs to datetime and dense"},
        {"features.twon.embedding_dim=1", "the section has no such entry"},
        {"features.kind=dense", "the section is a list"},
        {"train.a.b=1", "only features and tasks have entries"},
        {"train.epochs=[1", "the value is not YAML"},
        {"train.epochs={a: 1}", "'epochs' takes a whole number from 1 to 100000, not a mapping"},
        {"train.epochs={a: [1]}", "neither a scalar nor a list"},
        {"model.tower_dnn_units_lists=[[1]]", "'model.tower_dnn_units_lists=[[1]]': 'tower_dnn_units_lists' has 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        plx_spec spec;
        plx_error failure = {.message = ""};
        plx_status status = parse_with(good, cases[i].assignment, &spec, &failure);
        CHECK_STATUS(status, PLX_ERR_FORMAT);
        CHECK_TEXT(failure.message, cases[i].message);
        if (status == PLX_OK) plx_spec_release(&spec);
    }
}

static void test_assigning_leaves_aliases_alone(void)
{
    static const char text[] = "data: {train: [a]}\n"
                               "features: [&f {kind: sparse, names: [x, y]}]\n"
                               "tasks: [{name: a}, {name: b}]\n"
                               "model: {name: mmoe}\n";
    plx_spec spec;
    REQUIRE(parse_with(text, "features.y.embedding_dim=9", &spec, NULL) == PLX_OK);
    CHECK(spec.table.n_features == 2);
    CHECK(strcmp(spec.table.features[0].name, "x") == 0 && spec.table.features[0].embedding_dim != 9);
    CHECK(strcmp(spec.table.features[1].name, "y") == 0 && spec.table.features[1].embedding_dim == 9);
    plx_spec_release(&spec);
}

static void test_allocations_may_fail(void)
{
    const char *const assignments[] = {"features.job.embedding_dim=2"};
    plx_spec_source source = {
        .text = good, .length = sizeof good - 1, .name = "c", .assignments = assignments, .n_assignments = 1};
    for (long n = 1; n < 10000; n++) {
        failing_allocator failing;
        failing_allocator_init(&failing, n);
        plx_spec spec;
        plx_string text;
        plx_status status = plx_spec_parse(&spec, &failing.allocator, &source, NULL);
        if (status == PLX_OK) {
            plx_string_init(&text, &failing.allocator);
            plx_spec_write(&spec, &text);
            status = text.failed ? PLX_ERR_MEMORY : PLX_OK;
            plx_string_release(&text);
            plx_spec_release(&spec);
        }
        CHECK(failing.live == 0);
        if (!failing.failed) {
            CHECK_STATUS(status, PLX_OK);
            CHECK(n > 3);
            return;
        }
        CHECK_STATUS(status, PLX_ERR_MEMORY);
    }
    check_report(__FILE__, __LINE__, "there is no end");
}

static void test_reference_page(void)
{
    plx_string made, kept;
    plx_string_init(&made, &plx_allocator_default);
    plx_string_init(&kept, &plx_allocator_default);
    plx_spec_reference(&made);
    CHECK_STATUS(plx_file_read("docs/configuration.md", 1 << 20, &kept, NULL), PLX_OK);
    if (!kept.text || strcmp(made.text, kept.text) != 0) {
        printf("  docs/configuration.md is stale: test_config --write-reference docs/configuration.md\n");
    }
    CHECK(kept.text && strcmp(made.text, kept.text) == 0);
    for (size_t i = 0; i < plx_train_n_fields; i++)
        CHECK_TEXT(made.text, plx_train_fields[i].doc);
    for (int i = 0; plx_model_list[i]; i++)
        CHECK_TEXT(made.text, plx_model_list[i]->summary);
    plx_string_release(&made);
    plx_string_release(&kept);
}

static int write_reference(const char *path)
{
    plx_string made;
    plx_string_init(&made, &plx_allocator_default);
    plx_spec_reference(&made);
    plx_status status = write_file(path, &plx_allocator_default, made.text, made.length, NULL);
    plx_string_release(&made);
    return status == PLX_OK ? 0 : 1;
}

/** Replaces the entry of `age` in the good text by this one. */
static char *with_views(const char *entry)
{
    return with("  - {kind: dense, name: age, scaling: standard, missing: 0.5}\n", entry);
}

static void test_views(void)
{
    static const char *const names[] = {"age/text",    "city",       "job",       "town",       "age/quantiles",
                                        "age/borders", "age/number", "age/log1p", "age/is_zero"};
    static const int kinds[] = {PLX_FEATURE_SPARSE, PLX_FEATURE_SPARSE,  PLX_FEATURE_SPARSE,
                                PLX_FEATURE_SPARSE, PLX_FEATURE_BUCKETS, PLX_FEATURE_BUCKETS,
                                PLX_FEATURE_DENSE,  PLX_FEATURE_DENSE,   PLX_FEATURE_DENSE};
    plx_spec spec;
    plx_error failure = {.message = ""};
    plx_status status = parse(with_views("  - name: age\n"
                                         "    views: [number, log1p, {kind: sparse, name: text}, is_zero,\n"
                                         "            {quantiles: 8, embedding_dim: 2}, {borders: [1, 2.5]}]\n"
                                         "    scaling: standard\n"
                                         "    embedding_dim: 6\n"),
                              &spec, &failure);
    CHECK_TEXT("", failure.message);
    REQUIRE(status == PLX_OK && spec.table.n_features == 9);
    for (int i = 0; i < 9; i++) {
        const plx_feature_spec *f = &spec.table.features[i];
        CHECK(strcmp(f->name, names[i]) == 0 && f->kind == kinds[i]);
        CHECK((i > 0 && i < 4) || strcmp(f->column, "age") == 0);
    }
    const plx_feature_spec *age = spec.table.features;
    CHECK(age[0].embedding_dim == 6 && age[4].embedding_dim == 2 && age[4].quantiles == 8);
    CHECK(age[5].borders.n == 2 && age[5].borders.items[1] == 2.5 && age[5].embedding_dim == 6);
    CHECK(age[6].scaling == PLX_SCALE_STANDARD && age[6].transform == PLX_TRANSFORM_NONE);
    CHECK(age[7].scaling == PLX_SCALE_STANDARD && age[7].transform == PLX_TRANSFORM_LOG1P);
    CHECK(age[8].scaling == PLX_SCALE_NONE && age[8].transform == PLX_TRANSFORM_IS_ZERO);
    plx_spec_release(&spec);
    /* An entry of several names; an assignment to one of them. */
    status = parse_with(with_views("  - {names: [age, income], views: [number, {exact: 3}]}\n"
                                   "  - {name: more, column: age, views: [{exact: 3}]}\n"),
                        "features.age.scaling=none", &spec, &failure);
    CHECK_STATUS(status, PLX_ERR_FORMAT); /* income is a label */
    CHECK_TEXT(failure.message, "remove feature 'income/exact'");
    status = parse_with(with_views("  - {names: [age, job], views: [number, {exact: 3}]}\n"
                                   "  - {name: more, column: age, views: [{exact: 3}]}\n"),
                        "features.age.scaling=none", &spec, &failure);
    REQUIRE(status == PLX_OK && spec.table.n_features == 8);
    CHECK(strcmp(spec.table.features[5].name, "more/exact") == 0);
    CHECK(strcmp(spec.table.features[5].column, "age") == 0);
    CHECK(strcmp(spec.table.features[6].name, "age/number") == 0 && spec.table.features[6].scaling == PLX_SCALE_NONE);
    CHECK(spec.table.features[7].scaling == PLX_SCALE_MINMAX);
    plx_spec_release(&spec);
}

static void test_mistakes_in_views(void)
{
    static const char *const cases[][2] = {
        {"  - {name: age, views: [nmber]}\n", "c.yaml:6:25: 'nmber' is not a view: valid views are number, log1p"},
        {"  - {name: age, views: []}\n", "c.yaml:6:24: 'views' must be a list of 1 to 64 views"},
        {"  - {name: age, views: log1p}\n", "c.yaml:6:24: 'views' must be a list"},
        {"  - {name: age, views: [{}]}\n", "c.yaml:6:25: the kind of this view does not follow from its options"},
        {"  - {name: age, views: [[1]]}\n", "c.yaml:6:25: '' is not a view"},
        {"  - {name: age, views: [{column: x}]}\n", "c.yaml:6:26: 'column' belongs to the entry"},
        {"  - {name: age, kind: dense, views: [number]}\n", "c.yaml:6:17: 'views' determines the kinds; remove 'kind'"},
        {"  - {views: [number]}\n", "c.yaml:6:5: 'views' needs a 'name'"},
        {"  - {name: age, names: [age], views: [number]}\n", "c.yaml:6:5: 'views' needs a 'name'"},
        {"  - {names: [age], column: x, views: [number]}\n", "c.yaml:6:5: 'views' needs a 'name'"},
        {"  - {name: age, views: [number, number]}\n",
         "c.yaml:6:33: feature 'age/number': the name 'age/number' appears twice"},
        {"  - {name: age, views: [{size: 3, hash_buckets: 4}]}\n",
         "c.yaml:6:35: 'hash_buckets' belongs to sparse and list features, this one is dense"},
        {"  - {name: age, views: [number], embedding_dim: 3}\n",
         "c.yaml:6:34: 'embedding_dim' belongs to sparse, buckets, datetime and list features"},
        {"  - {name: age, views: [number], scalling: none}\n", "c.yaml:6:34: unknown key 'scalling'"},
        {"  - {name: age, views: [{quantiles: -1}]}\n", "c.yaml:6:37: 'quantiles' takes a whole number from 0 to"},
        {"  - {name: age, views: [{borders: [2, 1]}]}\n", "c.yaml:6:35: feature 'age/borders': 'borders' must rise"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_refused(with_views(cases[i][0]), cases[i][1]);
}

static void test_mistakes_with_numbers(void)
{
    static const char *const cases[][2] = {
        {"  - {name: age, kind: buckets}\n", "'age': buckets need one of 'borders', 'quantiles' and 'exact'"},
        {"  - {name: age, kind: buckets, exact: 2, quantiles: 3}\n", "buckets take only one of"},
        {"  - {name: age, kind: buckets, borders: [1, 1]}\n", "'borders' must rise"},
        {"  - {name: age, kind: buckets, borders: [1, x]}\n", "'borders' takes a list of numbers, such as [0.5, 2]"},
        {"  - {name: age, kind: dense, clip: [1]}\n", "'clip' takes two numbers, the lower one first"},
        {"  - {name: age, kind: dense, clip: [2, 1]}\n", "'clip' takes two numbers, the lower one first"},
        {"  - {name: age, kind: dense, size: 2, separator: abcdefghi}\n",
         "'separator' is 1 to 8 bytes or the word tab"},
        {"  - {name: age, kind: dense, missing: means}\n", "'missing' takes a number or error or mean, not 'means'"},
        {"  - {name: age, kind: dense, transform: log}\n", "'transform' takes one of none, log1p, is_zero, not 'log'"},
        {"  - {name: age, kind: buckets, exact: 2, scaling: none}\n",
         "'scaling' belongs to datetime and dense features"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_refused(with_views(cases[i][0]), cases[i][1]);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_values_arrive),
        CHECK_TEST(test_json_aliases_and_missing_train_section),
        CHECK_TEST(test_writing_and_reading_agree),
        CHECK_TEST(test_every_model_has_defaults),
        CHECK_TEST(test_sizes_are_bounded_together),
        CHECK_TEST(test_mistakes_have_places),
        CHECK_TEST(test_all_mistakes_are_reported_together),
        CHECK_TEST(test_many_mistakes_stay_whole_lines),
        CHECK_TEST(test_bombs_are_refused),
        CHECK_TEST(test_assignments),
        CHECK_TEST(test_wrong_assignments),
        CHECK_TEST(test_assigning_leaves_aliases_alone),
        CHECK_TEST(test_allocations_may_fail),
        CHECK_TEST(test_reference_page),
        CHECK_TEST(test_views),
        CHECK_TEST(test_mistakes_in_views),
        CHECK_TEST(test_mistakes_with_numbers),
    };
    if (argc == 3 && strcmp(argv[1], "--write-reference") == 0) return write_reference(argv[2]);
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
