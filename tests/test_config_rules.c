/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every rule of a configuration: a text that breaks only this rule, the place, the message. Then every two rules broken
 * in one text: both are reported.
 */
#include "check.h"

#include "base/alloc.h"
#include "config/config.h"

enum { N_LINES = 5, TEXT_MAX = 8192 };
#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

/** A configuration of five lines; NULL stands for a right one. A ^ marks the place and is not part of the text. */
typedef struct rule {
    const char *data, *features, *tasks, *model, *train;
    const char *words; /* the place of a configuration that has no file */
    const char *message;
    bool is_alone; /* other mistakes are not looked for, or are none next to this one */
} rule;

static const char *const right[N_LINES] = {
    "data: {train: [f.csv]}",
    "features: [{kind: sparse, name: x}, {kind: dense, name: y}]",
    "tasks: [{name: a}, {name: b}]",
    "model: {name: mmoe}",
    "train: {epochs: 2}",
};

static const rule rules[] = {
    /* Section data: the bytes of files. */
    {.data = "data: {train: [f.csv], delimiter: ^''}",
     .words = "data.delimiter",
     .message = "'delimiter' must be 1 to 8 bytes without a line end, or the word tab, not ''"},
    {.data = "data: {train: [f.csv], delimiter: ^':::::::::'}",
     .words = "data.delimiter",
     .message = "'delimiter' must be 1 to 8 bytes without a line end, or the word tab, not ':::::::::'"},
    {.data = "data: {train: [f.csv], delimiter: ^\"a\\nb\"}",
     .words = "data.delimiter",
     .message = "'delimiter' must be 1 to 8 bytes without a line end, or the word tab, not 'a\\nb'"},
    {.data = "data: {train: [f.csv], delimiter: ^'  '}",
     .words = "data.delimiter",
     .message = "'delimiter' consists of several blanks"},
    {.data = "data: {train: [f.csv], quote: ^\"''\"}",
     .words = "data.quote",
     .message = "'quote' must be one visible byte, or empty for none, not ''''"},
    {.data = "data: {train: [f.csv], quote: ^' '}",
     .words = "data.quote",
     .message = "'quote' must be one visible byte, or empty for none, not ' '"},
    {.data = "data: {train: [f.csv], quote: ^','}",
     .words = "data.quote",
     .message = "'quote' and 'delimiter' are the same byte"},
    {.data = "data: {train: [f.csv], delimiter: ^'\"'}",
     .words = "data.delimiter",
     .message = "'quote' and 'delimiter' are the same byte"},
    {.data = "data: {train: [f.csv], escape: ^ab}",
     .words = "data.escape",
     .message = "'escape' must be one visible byte, or empty for none, not 'ab'"},
    {.data = "data: {train: [f.csv], escape: ^\"\\t\"}",
     .words = "data.escape",
     .message = "'escape' must be one visible byte, or empty for none"},
    {.data = "data: {train: [f.csv], escape: ^'\"'}",
     .words = "data.escape",
     .message = "'escape' is also the delimiter or the quote"},
    {.data = "data: {train: [f.csv], escape: ^','}",
     .words = "data.escape",
     .message = "'escape' is also the delimiter or the quote"},
    {.data = "data: {train: [f.csv], decimal: ^';'}",
     .words = "data.decimal",
     .message = "'decimal' must be a point or a comma, not ';'"},
    {.data = "data: {train: [f.csv], comment: ^\"#\\n\"}",
     .words = "data.comment",
     .message = "'comment' is the start of a line and cannot contain a line end"},
    {.data = "data: {train: [f.csv], header: ^false}",
     .words = "data.header",
     .message = "files without a header need 'columns'"},
    {.data = "data: {train: [f.csv], columns: ^[x, y, a, b, x]}",
     .words = "data.columns",
     .message = "column 'x' appears twice"},
    {.data = "data: {train: [f.csv], columns: ^[x, y, a, b, '']}",
     .words = "data.columns",
     .message = "the name of column 5 is empty"},
    /* Files and parts. */
    {.data = "data: ^{}", .words = "data", .message = "section 'data': 'train' is missing"},
    {.data = "data: {train: ^f.csv}", .words = "data.train", .message = "'train' takes a list of texts"},
    {.data = "data: {train: [f.csv, '-'], test: ^['-']}",
     .words = "data.test",
     .message = "standard input, '-', can be read only once"},
    {.data = "data: {train: [f.csv], validation: [g.csv], validation_part: ^0.1}",
     .words = "data.validation_part",
     .message = "'validation_part' takes rows from the training files, but 'validation' names files"},
    {.data = "data: {train: [f.csv], test: [g.csv], test_part: ^9}",
     .words = "data.test_part",
     .message = "'test_part' takes rows from the training files, but 'test' names files"},
    {.data = "data: {train: [f.csv], test_part: ^1.5}",
     .words = "data.test_part",
     .message = "'test_part' must be a fraction below 1 or a whole number of rows, not 1.5"},
    {.data = "data: {train: [f.csv], memory: ^lots}", .words = "data.memory", .message = "'memory' takes a size"},
    {.data = "data: {train: [f.csv], ^hedaer: true}",
     .words = "data.hedaer",
     .message = "unknown key 'hedaer' in section 'data'; did you mean 'header'?"},
    {.data = "data: {train: [f.csv], ^train: [g.csv]}",
     .words = "data.train",
     .message = "key 'train' appears twice, first in line 1",
     .is_alone = true /* as a place in words it is the first one */},
    /* Columns of data.columns. */
    {.data = "data: {train: [f.csv], columns: [x, a, b]}",
     .features = "features: [{kind: sparse, name: x}, ^{kind: dense, name: y}]",
     .words = "features.y.column",
     .message = "feature 'y': column 'y' is not in data.columns"},
    {.data = "data: {train: [f.csv], columns: [x, why, a, b]}",
     .features = "features: [{kind: sparse, name: x}, {kind: dense, name: y, column: ^whi}]",
     .words = "features.y.column",
     .message = "feature 'y': column 'whi' is not in data.columns; did you mean 'why'?"},
    {.data = "data: {train: [f.csv], columns: [x, y, a, b]}",
     .features = "features: [{kind: list, name: x, weight_column: ^w}]",
     .words = "features.x.weight_column",
     .message = "feature 'x': column 'w' is not in data.columns"},
    {.data = "data: {train: [f.csv], columns: [x, y, a]}",
     .tasks = "tasks: [{name: a}, ^{name: b}]",
     .words = "tasks.b.column",
     .message = "task 'b': column 'b' is not in data.columns"},
    {.data = "data: {train: [f.csv], columns: [x, y, a, b]}",
     .tasks = "tasks: [{name: a, where: ^w, where_values: [v]}, {name: b}]",
     .words = "tasks.a.where",
     .message = "task 'a': column 'w' is not in data.columns"},
    {.data = "data: {train: [f.csv], columns: [x, y, a, b]}",
     .tasks = "tasks: [{name: a, weight_column: ^w}, {name: b}]",
     .words = "tasks.a.weight_column",
     .message = "task 'a': column 'w' is not in data.columns"},
    {.data = "data: {train: [f.csv], columns: [x, y, a, b], group: ^g}",
     .words = "data.group",
     .message = "column 'g' is not in data.columns"},
    {.data = "data: {train: [f.csv], columns: [x, y, a, b], row_weight: ^g}",
     .words = "data.row_weight",
     .message = "column 'g' is not in data.columns"},
    /* Features: names, kinds, keys. */
    {.features = "features: ^[]",
     .words = "features",
     .message = "section 'features' is empty; a model needs at least one feature"},
    {.features = "features: ^{x: sparse}", .words = "features", .message = "section 'features' must be a list"},
    {.features = "features: [^x]", .words = "features[0]", .message = "an entry of features must be a mapping"},
    {.features = "features: [^{kind: sparse}]",
     .words = "features[0]",
     .message = "an entry of features: 'name' is missing"},
    {.features = "features: [^{name: x}]", .words = "features.x", .message = "an entry of features: 'kind' is missing"},
    {.features = "features: [{kind: ^spars, name: x}]",
     .words = "features.x.kind",
     .message = "'kind' takes one of sparse, "},
    {.features = "features: [{kind: sparse, name: ^''}]",
     .words = "features..name",
     .message = "a name must have 1 to 128 characters on one line"},
    {.features = "features: [{kind: sparse, name: ^\"a\\tb\"}]",
     .words = "features.a\tb.name",
     .message = "feature 'a\tb': a name must have 1 to 128 characters on one line"},
    {.features = "features: [{kind: sparse, name: x}, {kind: dense, name: ^x, column: y}]",
     .words = "features.x.name",
     .message = "feature 'x': the name 'x' appears twice: names must be unique"},
    {.features = "features: [{kind: sparse, names: [x, y, ^x]}]",
     .words = "features.x.name",
     .message = "feature 'x': the name 'x' appears twice: names must be unique"},
    {.features = "features: [{kind: sparse, names: ^[]}]",
     .words = "features[0].names",
     .message = "'names' must be a list of names"},
    {.features = "features: [{kind: sparse, names: ^[x], name: y}]",
     .words = "features.y.names",
     .message = "'names' replaces 'name' and 'column'"},
    {.features = "features: [{kind: sparse, name: x, ^max_length: 9}]",
     .words = "features.x.max_length",
     .message = "'max_length' belongs to list features, this one is sparse"},
    {.features = "features: [{kind: dense, name: x, ^hash_buckets: 9}]",
     .words = "features.x.hash_buckets",
     .message = "'hash_buckets' belongs to sparse and list features, this one is dense"},
    {.features = "features: [^{kind: sparse, name: a}]",
     .tasks = "tasks: [{name: c, column: a}, {name: b}]",
     .words = "features.a.column",
     .message = "feature 'a': column 'a' contains the labels of task 'c'"},
    {.features = "features: [{kind: sparse, name: x, column: ^b}]",
     .tasks = "tasks: [{name: a}, {name: b}]",
     .words = "features.x.column",
     .message = "feature 'x': column 'b' contains the labels of task 'b' and cannot be a feature: "
                "remove feature 'x'"},
    {.features = "features: [{kind: list, name: x, weight_column: ^b}]",
     .tasks = "tasks: [{name: a}, {name: b}]",
     .words = "features.x.weight_column",
     .message = "feature 'x': column 'b' contains the labels of task 'b'"},
    /* Views. */
    {.features = "features: [{name: x, views: [number, ^nmber]}]",
     .words = "features.x.views",
     .message = "'nmber' is not a view"},
    {.features = "features: [{name: x, views: ^[]}]",
     .words = "features.x.views",
     .message = "'views' must be a list of 1 to 64 views"},
    {.features = "features: [{name: x, ^kind: sparse, views: [number]}]",
     .words = "features.x.kind",
     .message = "'views' determines the kinds; remove 'kind'"},
    {.features = "features: [{name: x, views: [{quantiles: 4}, ^{}]}]",
     .words = "features.x.views",
     .message = "the kind of this view does not follow from its options: add 'kind'"},
    {.features = "features: [{name: x, views: [{^column: y}]}]",
     .words = "features.x.views",
     .message = "'column' belongs to the entry, not to one of its views"},
    {.features = "features: [^{views: [number]}]", .words = "features[0]", .message = "'views' needs a 'name'"},
    /* Categories and their tables. */
    {.features = "features: [{kind: sparse, name: x, hash_buckets: ^9, vocabulary_file: v}]",
     .words = "features.x.hash_buckets",
     .message = "feature 'x': 'hash_buckets' needs no 'vocabulary_file': give one or the other"},
    {.features = "features: [{kind: sparse, name: x, hash_buckets: 9, min_count: ^2}]",
     .words = "features.x.min_count",
     .message = "feature 'x': 'min_count' chooses among fitted categories: not with 'hash_buckets'"},
    {.features = "features: [{kind: sparse, name: x, vocabulary_file: v, max_size: ^2}]",
     .words = "features.x.max_size",
     .message = "feature 'x': 'max_size' chooses among fitted categories: not with 'vocabulary_file'"},
    {.features = "features: [{kind: sparse, name: x, embedding_name: ^\"a\\tb\"}]",
     .words = "features.x.embedding_name",
     .message = "feature 'x': 'embedding_name' has at most 128 characters on one line"},
    {.features = "features: [{kind: sparse, name: x}, {kind: sparse, name: y, embedding_name: x, min_count: ^3}]",
     .words = "features.y.min_count",
     .message = "feature 'y': 'min_count' differs from that of 'x', which has the same table 'x'"},
    {.features = "features: [{kind: sparse, name: x}, {kind: sparse, name: y, embedding_name: x, frozen: ^true}]",
     .words = "features.y.frozen",
     .message = "feature 'y': 'frozen' differs from that of 'x', which has the same table 'x'"},
    {.features = "features: [{kind: sparse, name: x, embedding_name: z}, ^{kind: buckets, name: z, quantiles: 4}]",
     .words = "features.z.embedding_name",
     .message = "feature 'z': the table 'z' is that of buckets, which no other feature shares"},
    /* Lists. */
    {.features = "features: [{kind: list, name: x, separator: ^''}]",
     .words = "features.x.separator",
     .message = "feature 'x': 'separator' is 1 to 8 bytes or the word tab, not ''"},
    {.features = "features: [{kind: list, name: x, weight_separator: ^':::::::::'}]",
     .words = "features.x.weight_separator",
     .message =
         "feature 'x': 'weight_separator' is at most 8 bytes or the word tab, or empty for none, not ':::::::::'"},
    {.features = "features: [{kind: list, name: x, weight_separator: ^'|'}]",
     .words = "features.x.weight_separator",
     .message = "feature 'x': 'weight_separator' and 'separator' are the same"},
    {.features = "features: [{kind: list, name: x, weight_separator: ':', weight_column: ^w}]",
     .words = "features.x.weight_column",
     .message = "feature 'x': weights come from 'weight_separator' or 'weight_column'"},
    {.features = "features: [{kind: list, name: x, normalize_weights: ^softmax}]",
     .words = "features.x.normalize_weights",
     .message = "feature 'x': 'normalize_weights' needs weights"},
    {.features = "features: [{kind: list, name: x, combiner: max, weight_column: ^w}]",
     .words = "features.x.weight_column",
     .message = "feature 'x': weights belong to the combiners mean and sum"},
    {.features = "features: [{kind: list, name: x, attention_on: ^y}, {kind: sparse, name: y}]",
     .words = "features.x.attention_on",
     .message = "feature 'x': 'attention_on' belongs to combiner attention"},
    {.features = "features: [{kind: list, name: x, combiner: ^attention}]",
     .words = "features.x.combiner",
     .message = "feature 'x': combiner attention needs 'attention_on'"},
    {.features = "features: [{kind: list, name: x, combiner: attention, attention_on: ^y}, {kind: dense, name: y}]",
     .words = "features.x.attention_on",
     .message = "feature 'x': 'attention_on' names no sparse feature: 'y'"},
    {.features = "features: [{kind: list, name: x, combiner: attention, attention_on: ^y}, "
                 "{kind: sparse, name: y, embedding_dim: 9}]",
     .words = "features.x.attention_on",
     .message = "feature 'x': 'attention_on' needs a feature of the same 'embedding_dim', which 'y' has not"},
    {.features = "features: [{kind: list, name: x, max_length: ^0}]",
     .words = "features.x.max_length",
     .message = "'max_length' takes a whole number from 1 to 65536, not '0'"},
    /* Numbers. */
    {.features = "features: [{kind: ^buckets, name: x}]",
     .words = "features.x.kind",
     .message = "feature 'x': buckets need one of 'borders', 'quantiles' and 'exact'"},
    {.features = "features: [{kind: buckets, name: x, quantiles: 4, exact: ^2}]",
     .words = "features.x.exact",
     .message = "feature 'x': buckets take only one of 'borders', 'quantiles' and 'exact'"},
    {.features = "features: [{kind: buckets, name: x, borders: ^[2, 1]}]",
     .words = "features.x.borders",
     .message = "feature 'x': 'borders' must rise"},
    {.features = "features: [{kind: dense, name: x, clip: ^[2, 1]}]",
     .words = "features.x.clip",
     .message = "feature 'x': 'clip' takes two numbers, the lower one first"},
    {.features = "features: [{kind: dense, name: x, size: 2, separator: ^''}]",
     .words = "features.x.separator",
     .message = "feature 'x': 'separator' is 1 to 8 bytes or the word tab, not ''"},
    {.data = "data: {train: [f.csv], decimal: .}",
     .features = "features: [{kind: dense, name: x, size: 2, separator: ^.}]",
     .words = "features.x.separator",
     .message = "feature 'x': 'separator' is data.decimal, '.'; choose another"},
    {.features = "features: [^{kind: dense, name: x, size: 2}, {kind: sparse, name: y, column: x}]",
     .words = "features.x.column",
     .message = "feature 'x': column 'x' is also read with a different 'size' or 'separator'"},
    {.features = "features: [{kind: dense, name: x, size: 2}]",
     .tasks = "tasks: [{name: a, where: ^x, where_values: [v]}, {name: b}]",
     .words = "tasks.a.where",
     .message = "task 'a': column 'x' is also read with a different 'size' or 'separator'"},
    {.features = "features: [{kind: dense, name: x, size: 2}, {kind: dense, name: y, size: 2, column: ^x, "
                 "separator: ';'}]",
     .words = "features.y.column",
     .message = "feature 'y': column 'x' is also read with a different 'size' or 'separator'"},
    /* Dates. */
    {.features = "features: [{kind: datetime, name: x, parts: ^[]}]",
     .words = "features.x.parts",
     .message = "feature 'x': 'parts' must list at least one"},
    {.features = "features: [{kind: datetime, name: x, parts: ^[hour, hour]}]",
     .words = "features.x.parts",
     .message = "feature 'x': 'parts' lists hour twice"},
    {.features = "features: [{kind: datetime, name: x, parts: [age], reference: ^soon}]",
     .words = "features.x.reference",
     .message = "feature 'x': 'reference' is a date such as 2024-01-31 or 2024-01-31 12:00:00, not 'soon'"},
    {.features = "features: [{kind: ^datetime, name: x, parts: [hour]}, {kind: dense, name: y, column: x}]",
     .words = "features.x.kind",
     .message = "feature 'x': 'y' reads numbers from the same column, which contains dates here"},
    /* Tasks. */
    {.tasks = "tasks: ^[]",
     .words = "tasks",
     .message = "section 'tasks' is empty; a model needs at least one task",
     .is_alone = true},
    {.tasks = "tasks: ^{a: binary}", .words = "tasks", .message = "section 'tasks' must be a list", .is_alone = true},
    {.tasks = "tasks: [{name: a}, ^b, {name: c}]",
     .words = "tasks[1]",
     .message = "an entry of tasks must be a mapping",
     .is_alone = true},
    {.tasks = "tasks: [{name: a}, ^{kind: binary}]",
     .words = "tasks[1]",
     .message = "an entry of tasks: 'name' is missing"},
    {.tasks = "tasks: [{name: a}, {name: ^a, column: c}]",
     .words = "tasks.a.name",
     .message = "task 'a': the name 'a' appears twice: names must be unique"},
    {.tasks = "tasks: [{name: a, column: c}, {name: ^''}]",
     .words = "tasks..name",
     .message = "a name must have 1 to 128 characters on one line"},
    {.tasks = "tasks: [{name: a}, {name: b, kind: regression, ^positive: [v]}]",
     .words = "tasks.b.positive",
     .message = "'positive' belongs to binary tasks, this one is regression"},
    {.tasks = "tasks: [{name: a}, {name: b, kind: multiclass, ^labels: soft}]",
     .words = "tasks.b.labels",
     .message = "'labels' belongs to binary tasks, this one is multiclass"},
    {.tasks = "tasks: [{name: a}, {name: b, ^huber_delta: 2}]",
     .words = "tasks.b.huber_delta",
     .message = "'huber_delta' belongs to regression tasks, this one is binary"},
    {.tasks = "tasks: [{name: a}, {name: b, kind: regression, huber_delta: ^2}]",
     .words = "tasks.b.huber_delta",
     .message = "task 'b': 'huber_delta' belongs to 'loss: huber'"},
    {.tasks = "tasks: [{name: a}, {name: b, labels: soft, positive: ^[v]}]",
     .words = "tasks.b.positive",
     .message = "task 'b': 'positive' lists labels, but with 'labels: soft' they are numbers: remove it"},
    {.tasks = "tasks: [{name: a}, {name: b, labels: soft, negative: ^[v]}]",
     .words = "tasks.b.negative",
     .message = "task 'b': 'negative' lists labels, but with 'labels: soft' they are numbers: remove it"},
    {.tasks = "tasks: [{name: a}, {name: b, labels: soft, class_weights: ^balanced}]",
     .words = "tasks.b.class_weights",
     .message = "task 'b': 'class_weights' belongs to 'labels: hard'"},
    {.tasks = "tasks: [{name: a}, {name: b, negative: ^[v]}]",
     .words = "tasks.b.negative",
     .message = "task 'b': 'negative' requires 'positive'"},
    {.tasks = "tasks: [{name: a}, {name: b, positive: ['1'], negative: ^['1']}]",
     .words = "tasks.b.negative",
     .message = "task 'b': label '1' is in both 'positive' and 'negative'"},
    {.tasks = "tasks: [{name: a}, {name: b, positive: ['1'], negative: ^['1.0']}]",
     .words = "tasks.b.negative",
     .message = "task 'b': label '1' is in both 'positive' and 'negative'"},
    {.tasks = "tasks: [{name: a}, {name: b, positive: ['1'], missing: ^['1']}]",
     .words = "tasks.b.missing",
     .message = "task 'b': label '1' is in both 'positive' and 'missing'"},
    {.tasks = "tasks: [{name: a}, {name: b, positive: [v], negative: [w], missing: ^[w]}]",
     .words = "tasks.b.missing",
     .message = "task 'b': label 'w' is in both 'negative' and 'missing'"},
    {.tasks = "tasks: [{name: a}, {name: b, kind: multiclass, classes: [v, w], missing: ^[w]}]",
     .words = "tasks.b.missing",
     .message = "task 'b': label 'w' is in both 'classes' and 'missing'"},
    {.tasks = "tasks: [{name: a}, {name: b, where: ^w}]",
     .words = "tasks.b.where",
     .message = "task 'b': 'where' requires 'where_values'"},
    {.tasks = "tasks: [{name: a}, {name: b, where_values: ^[v]}]",
     .words = "tasks.b.where_values",
     .message = "task 'b': 'where_values' requires 'where'"},
    {.tasks = "tasks: [{name: a}, {name: b, kind: multiclass, classes: ^[v]}]",
     .words = "tasks.b.classes",
     .message = "task 'b': 'classes' lists one class; list at least two"},
    {.tasks = "tasks: [{name: a}, {name: b, kind: multiclass, classes: ^['2', '2.0']}]",
     .words = "tasks.b.classes",
     .message = "task 'b': class '2' is listed twice"},
    {.tasks = "tasks: [{name: a}, {name: b, class_weights: ^[1]}]",
     .words = "tasks.b.class_weights",
     .message = "task 'b': 'class_weights' has 1 number for 2 classes: give one per class, that of label 0 first"},
    {.tasks = "tasks: [{name: a}, {name: b, kind: multiclass, classes: [v, w], class_weights: ^[1, 2, 3]}]",
     .words = "tasks.b.class_weights",
     .message = "task 'b': 'class_weights' has 3 numbers for 2 classes"},
    {.tasks = "tasks: [{name: a}, {name: b, class_weights: ^{1: 2, 7: 3}}]",
     .words = "tasks.b.class_weights",
     .message = "task 'b': '7' is not a label of the task; give a weight to each of its labels: '0' and '1'"},
    {.tasks = "tasks: [{name: a}, {name: b, class_weights: ^{1: 2, 'true': 3}}]",
     .words = "tasks.b.class_weights",
     .message = "task 'b': 'true' is a label that already has a weight"},
    {.tasks = "tasks: [{name: a}, {name: b, kind: multiclass, classes: [v, w], class_weights: ^{v: 2}}]",
     .words = "tasks.b.class_weights",
     .message = "task 'b': 'w' has no weight; give a weight to each of its labels"},
    {.tasks = "tasks: [{name: a, kind: regression, column: c}, {name: b, kind: regression, column: c, "
              "missing: ^['-1']}]",
     .words = "tasks.b.missing",
     .message = "task 'b': other tasks read numbers from column 'c' with a different 'missing': they must agree"},
    /* The model. */
    {.model = "model: ^[mmoe]", .words = "model", .message = "section 'model' must be a mapping", .is_alone = true},
    {.model = "model: ^{}", .words = "model", .message = "section 'model': 'name' is missing"},
    {.model = "model: {name: ^mmeo}", .words = "model.name", .message = "unknown model 'mmeo'; did you mean 'mmoe'?"},
    {.model = "model: {name: mmoe, ^num_levels: 2}",
     .words = "model.num_levels",
     .message = "unknown key 'num_levels' in section 'model' of mmoe; valid keys: name"},
    {.model = "model: {name: mmoe, num_experts: ^0}",
     .words = "model.num_experts",
     .message = "'num_experts' takes a whole number from 1"},
    {.model = "model: {name: mmoe, expert_dnn_units: ^[]}",
     .words = "model.expert_dnn_units",
     .message = "'expert_dnn_units' is empty: an expert needs at least one layer"},
    {.model = "model: {name: ple, num_experts_specific: ^0, num_experts_shared: 0}",
     .words = "model.num_experts_specific",
     .message = "'num_experts_specific' and 'num_experts_shared' are both 0: a task needs at least one expert"},
    {.model = "model: {name: mmoe, tower_dnn_units_lists: ^[[1], [2], [3], [4]]}",
     .words = "model.tower_dnn_units_lists",
     .message = "'tower_dnn_units_lists' has 4 lists for"},
    {.model = "model: {name: mmoe, expert_dnn_units: [4], expert_dnn_dropout: ^[0.1, 0.2]}",
     .words = "model.expert_dnn_dropout",
     .message = "'expert_dnn_dropout' has 2 values for 1 layer: give one, or one per layer"},
    {.model = "model: {name: mmoe, tower_dnn_activation: ^[relu, tanh]}",
     .words = "model.tower_dnn_activation",
     .message = "'tower_dnn_activation' has 2 values for 1 layer"},
    {.model = "model: {name: mmoe, gate_dnn_use_bn: ^[true, false]}",
     .words = "model.gate_dnn_use_bn",
     .message = "'gate_dnn_use_bn' has 2 values for 0 layers"},
    {.model = "model: {name: mmoe, num_experts: ^4096, expert_dnn_units: [8, 256]}",
     .words = "model.num_experts",
     .message = "experts/dense1: the network's layers make more than 1048576 numbers a row: lower 'num_experts', or",
     .is_alone = true},
    {.model = "model: {name: cgc, expert_dnn_units: ^[65536, 65536]}",
     .words = "model.expert_dnn_units",
     .message = "level0/a/experts/dense1: linear: parameter kernel would be [4, 65536, 65536]",
     .is_alone = true},
    {.model = "model: {name: ple}",
     .tasks = "tasks: ^[{name: a}]",
     .words = "tasks",
     .message = "PLE needs at least 2 tasks, not 1: add tasks or choose single_task",
     .is_alone = true},
    {.model = "model: {name: esmm}",
     .tasks = "tasks: ^[{name: a}, {name: b}, {name: c}]",
     .words = "tasks",
     .message = "ESMM takes 2 tasks, not 3: remove some or choose another model"},
    {.model = "model: {name: esmm}",
     .tasks = "tasks: [{name: a}, {name: b, kind: ^regression}]",
     .words = "tasks.b.kind",
     .message = "task 'b': ESMM takes only binary tasks; this one is a regression"},
    {.model = "model: {name: esmm}",
     .tasks = "tasks: [{name: a}, {name: b, labels: ^soft}]",
     .words = "tasks.b.labels",
     .message = "task 'b': ESMM multiplies probabilities of labels 0 and 1; this task has 'labels: soft'"},
    /* Training. */
    {.train = "train: ^[epochs]", .words = "train", .message = "section 'train' must be a mapping"},
    {.train = "train: {epochs: ^0}", .words = "train.epochs", .message = "'epochs' takes a whole number from 1"},
    {.train = "train: {optimizer: ^adan}",
     .words = "train.optimizer",
     .message = "optimizer 'adan' is unknown; did you mean 'adam'?"},
    {.train = "train: {optimizer: ^descent}",
     .words = "train.optimizer",
     .message = "optimizer 'descent' is unknown; use, for example, 'adam'"},
    {.train = "train: {table_optimizer: ^adam}",
     .words = "train.table_optimizer",
     .message = "table_optimizer 'adam' is unknown; use rowwise_adagrad, or lazy_"},
    {.train = "train: {momentum: ^0.9}",
     .words = "train.momentum",
     .message = "'momentum' belongs to the optimizers sgd and rmsprop, not to adam"},
    {.train = "train: {optimizer: sgd, nesterov: ^true}",
     .words = "train.nesterov",
     .message = "'nesterov' belongs to the optimizer sgd with a 'momentum' above 0"},
    {.train = "train: {centered: ^true}",
     .words = "train.centered",
     .message = "'centered' belongs to the optimizer rmsprop, not to adam"},
    {.train = "train: {optimizer: ftrl, initial_accumulator: ^0}",
     .words = "train.initial_accumulator",
     .message = "'initial_accumulator', 'ftrl_beta' and 'ftrl_l2' are all 0"},
    {.train = "train: {clip_norm: 1, clip_value: ^1}",
     .words = "train.clip_value",
     .message = "'clip_value' and 'clip_norm' are both above 0: choose one"},
    {.train = "train: {clip_variable_norm: 1, clip_norm: ^1}",
     .words = "train.clip_norm",
     .message = "'clip_norm' and 'clip_variable_norm' are both above 0: choose one"},
    {.train = "train: {schedule_steps: ^9}",
     .words = "train.schedule_steps",
     .message = "'schedule_steps' belongs to the schedules step, exponential and cosine"},
    {.train = "train: {min_learning_rate: ^1}",
     .words = "train.min_learning_rate",
     .message = "'min_learning_rate' is above 'learning_rate'"},
    {.train = "train: {monitor: ^a.acu}",
     .words = "train.monitor",
     .message = "monitor 'a.acu': task 'a' has no metric 'acu' to monitor; did you mean 'a.auc'",
     .is_alone = true},
    {.train = "train: {monitor: ^a.group_auc}",
     .words = "train.monitor",
     .message = "monitor 'a.group_auc': group_auc needs data.group",
     .is_alone = true},
};

static const char *const *lines_of(const rule *r, const char *lines[N_LINES])
{
    const char *const own[N_LINES] = {r->data, r->features, r->tasks, r->model, r->train};
    memcpy(lines, own, sizeof own);
    return lines;
}

/** The text without the mark, and the mark's place: "c:LINE:COLUMN: ". */
static void write_lines(const char *const lines[N_LINES], char text[TEXT_MAX], char place[32])
{
    size_t used = 0;
    place[0] = '\0';
    for (int i = 0; i < N_LINES; i++) {
        const char *line = lines[i] ? lines[i] : right[i], *mark = strchr(line, '^');
        if (mark) snprintf(place, 32, "c:%d:%td: ", i + 1, mark - line + 1);
        for (const char *at = line; *at; at++)
            if (*at != '^') text[used++] = *at;
        text[used++] = '\n';
    }
    text[used] = '\0';
}

static plx_status parse(const char *text, const char *name, plx_error *err)
{
    plx_spec spec;
    const plx_spec_source source = {.text = text, .length = strlen(text), .name = name};
    const plx_status status = plx_spec_parse(&spec, &plx_allocator_default, &source, err);
    if (status == PLX_OK) plx_spec_release(&spec);
    return status;
}

static void check_one(const rule *r)
{
    static char text[TEXT_MAX];
    char expected[600], place[32];
    const char *lines[N_LINES];
    plx_error err = {.message = ""};
    const int before = check_failures;
    write_lines(lines_of(r, lines), text, place);
    CHECK_STATUS(parse(text, "c", &err), PLX_ERR_FORMAT);
    snprintf(expected, sizeof expected, "%s%s", place, r->message);
    CHECK(strncmp(err.message, expected, strlen(expected)) == 0);
    CHECK(!strchr(err.message, '\n'));
    if (check_failures > before) printf("%s\n  %s\n  %s\n", text, expected, err.message);
}

/** Without a name of the text, the place is given in words that name the entry. */
static void check_words(const rule *r)
{
    static char text[TEXT_MAX];
    char expected[600], place[32];
    const char *lines[N_LINES], *message = r->message;
    plx_error err = {.message = ""};
    const int before = check_failures;
    write_lines(lines_of(r, lines), text, place);
    if (strncmp(message, "feature '", 9) == 0 || strncmp(message, "task '", 6) == 0) message = strchr(message, ':') + 2;
    CHECK_STATUS(parse(text, NULL, &err), PLX_ERR_FORMAT);
    snprintf(expected, sizeof expected, "%s: %s", r->words, message);
    CHECK(strncmp(err.message, expected, strlen(expected)) == 0);
    if (check_failures > before) printf("%s\n  %s\n  %s\n", text, expected, err.message);
}

/** Both mistakes, if the rules differ in different lines. */
static void check_two(const rule *a, const rule *b)
{
    static char text[TEXT_MAX];
    const char *lines[2][N_LINES], *both[N_LINES];
    char places[2][32], expected[2][600];
    plx_error err = {.message = ""};
    lines_of(a, lines[0]);
    lines_of(b, lines[1]);
    for (int i = 0; i < N_LINES; i++) {
        if (lines[0][i] && lines[1][i]) return;
        both[i] = lines[0][i] ? lines[0][i] : lines[1][i];
    }
    for (int i = 0; i < 2; i++) {
        write_lines(lines[i], text, places[i]);
        snprintf(expected[i], sizeof expected[i], "%s%s", places[i], (i ? b : a)->message);
    }
    write_lines(both, text, (char[32]){""});
    const int before = check_failures;
    CHECK_STATUS(parse(text, "c", &err), PLX_ERR_FORMAT);
    CHECK_TEXT(err.message, expected[0]);
    CHECK_TEXT(err.message, expected[1]);
    if (check_failures > before) printf("%s\n", text);
}

static void test_each_rule(void)
{
    for (int i = 0; i < COUNT(rules); i++)
        check_one(&rules[i]);
}

static void test_each_place_in_words(void)
{
    for (int i = 0; i < COUNT(rules); i++)
        check_words(&rules[i]);
}

static void test_any_two_rules(void)
{
    for (int i = 0; i < COUNT(rules); i++)
        for (int k = 0; k < i; k++)
            if (!rules[i].is_alone && !rules[k].is_alone) check_two(&rules[k], &rules[i]);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_each_rule), CHECK_TEST(test_each_place_in_words),
                                       CHECK_TEST(test_any_two_rules)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
