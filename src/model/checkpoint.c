/* SPDX-License-Identifier: Apache-2.0 */
/* Writes and reads checkpoints. The test rows are not part of training, so not of its fingerprint. */
#include "model/checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "model/training.h"
#include "store/checksum.h"
#include "store/dtype.h"

static const char CONFIG_KEY[] = "training_config", DATA_KEY[] = "training_data", KERNELS_KEY[] = "kernels",
                  VERSION_KEY[] = "plexus_version", LOG_KEY[] = "log_bytes", RULE_KEY[] = "value_rule";

/* -- The fingerprint ------------------------------------------------------------------------------------------- */

static void add_rows(plx_checksum *sum, const plx_rows *rows)
{
    uint64_t n = rows->n;
    plx_checksum_add(sum, &n, sizeof n);
    for (size_t first = 0; first < rows->n; first += PLX_BLOCK_ROWS) {
        const size_t bytes = rows->layout->record_bytes, left = rows->n - first;
        const size_t block = left < PLX_BLOCK_ROWS ? left : PLX_BLOCK_ROWS;
        plx_checksum_add(sum, rows->records + first * bytes, block * bytes);
        plx_rows_drop_pages(rows, first, block);
    }
}

static plx_status add_encoders(plx_checksum *sum, const plx_model *model, plx_error *err)
{
    plx_arena arena;
    const plx_tensor *tensors = NULL;
    int n = 0;
    plx_arena_init(&arena, &model->context->allocator);
    plx_status status = plx_encoders_tensors(model->encoders, &arena, &tensors, &n, err);
    for (int i = 0; status == PLX_OK && i < n; i++) {
        uint64_t bytes = 0;
        plx_tensor_bytes(&tensors[i], &bytes);
        plx_checksum_add(sum, tensors[i].name, strlen(tensors[i].name) + 1);
        plx_checksum_add(sum, &bytes, sizeof bytes);
        if (bytes > 0) plx_checksum_add(sum, tensors[i].data, (size_t)bytes);
    }
    plx_arena_release(&arena);
    return status;
}

/** Computed on first use: it reads all rows. */
static plx_status take_fingerprint(plx_checkpoint *c, plx_error *err)
{
    plx_checksum sum;
    if (c->fingerprint[0] != '\0') return PLX_OK;
    plx_checksum_init(&sum);
    add_rows(&sum, &c->data->parts[PLX_PART_TRAIN]);
    add_rows(&sum, &c->data->parts[PLX_PART_VALIDATION]);
    PLX_TRY(add_encoders(&sum, c->model, err));
    snprintf(c->fingerprint, sizeof c->fingerprint, "%016" PRIx64, plx_checksum_value(&sum));
    return PLX_OK;
}

/** The next line of `*text` that training depends on, without its indentation and line end. Empty at the end. */
static plx_slice next_line(const char **text)
{
    while (**text != '\0') {
        size_t length = strcspn(*text, "\n");
        plx_slice line = plx_slice_trim((plx_slice){*text, length});
        *text += length + ((*text)[length] == '\n' ? 1 : 0);
        bool is_of_checkpoints = line.length > 11 && memcmp(line.text, "checkpoint_", 11) == 0;
        if (line.length > 0 && !is_of_checkpoints) return line;
    }
    return (plx_slice){"", 0};
}

/** Some lines list many features and columns: the message shows the first difference. */
static plx_slice from_difference(plx_slice line, plx_slice other)
{
    enum { BEFORE = 30, MOST = 90 };
    size_t same = 0;
    while (same < line.length && same < other.length && line.text[same] == other.text[same])
        same++;
    size_t begin = line.length > MOST && same > BEFORE ? same - BEFORE : 0;
    while (begin > 0 && ((unsigned char)line.text[begin] & 0xC0) == 0x80)
        begin--; /* not inside a character */
    size_t length = line.length - begin < MOST ? line.length - begin : MOST;
    while (length < line.length - begin && ((unsigned char)line.text[begin + length] & 0xC0) == 0x80)
        length++;
    return (plx_slice){line.text + begin, length};
}

static const char REMEDY[] = "resume with the original setup, or start again without resume";

static plx_status check_config(const plx_checkpoint *c, const char *before, plx_error *err)
{
    const char *now = c->model->config->resolved.text;
    plx_slice was, is;
    do {
        was = next_line(&before);
        is = next_line(&now);
    } while (plx_slice_equal(was, is) && was.length > 0);
    if (plx_slice_equal(was, is)) return PLX_OK;
    plx_slice old = from_difference(was, is), new = from_difference(is, was);
    PLX_FAIL(err, PLX_ERR_SCHEMA, "is of another configuration: '%.*s' there, '%.*s' now; %s", (int)old.length,
             old.text, (int)new.length, new.text, REMEDY);
}

/** Rows encoded by another rule have other categories. */
static plx_status check_rule(const plx_checkpoint *c, plx_error *err)
{
    const char *rule = plx_model_file_meta(&c->file, RULE_KEY);
    const int own = plx_encoders_value_rule(c->model->encoders);
    int64_t was = 0;
    if (rule && !plx_parse_int64(plx_slice_of(rule), &was))
        PLX_FAIL(err, PLX_ERR_FORMAT, "its value_rule is not a number");
    if (was == own) return PLX_OK;
    PLX_FAIL(err, PLX_ERR_UNSUPPORTED,
             "its rows were encoded by rule %lld for the meaning of texts, the current rule is %d (docs/data.md): "
             "start again without resume",
             (long long)was, own);
}

static plx_status check_origin(plx_checkpoint *c, plx_error *err)
{
    const char *config = plx_model_file_meta(&c->file, CONFIG_KEY), *data = plx_model_file_meta(&c->file, DATA_KEY);
    const char *kernels = plx_model_file_meta(&c->file, KERNELS_KEY);
    const char *version = plx_model_file_meta(&c->file, VERSION_KEY), *own = c->context->machine.kernels->name;
    if (!config || !data || !kernels || !version || !plx_model_file_meta(&c->file, LOG_KEY)) {
        PLX_FAIL(err, PLX_ERR_FORMAT, "is not a checkpoint of a training");
    }
    PLX_TRY(check_rule(c, err));
    if (strcmp(version, PLX_VERSION) != 0) {
        PLX_FAIL(err, PLX_ERR_UNSUPPORTED, "was written by plexus %s, this is %s, whose bits may differ: %s", version,
                 PLX_VERSION, REMEDY);
    }
    PLX_TRY(check_config(c, config, err));
    if (strcmp(kernels, own) != 0) {
        PLX_FAIL(err, PLX_ERR_SCHEMA, "was written with %s kernels, whose bits differ from those of %s: %s", kernels,
                 own, REMEDY);
    }
    PLX_TRY(take_fingerprint(c, err));
    if (strcmp(data, c->fingerprint) != 0) {
        PLX_FAIL(err, PLX_ERR_SCHEMA, "was made with other rows or encoders: the data has changed since; %s", REMEDY);
    }
    return PLX_OK;
}

/* -- Arrays ---------------------------------------------------------------------------------------------------- */

static plx_status check_arrays(const plx_model_file *file, const plx_state_list *list, plx_error *err)
{
    if ((size_t)file->n_tensors != list->n) {
        PLX_FAIL(err, PLX_ERR_FORMAT, "has %d arrays, but this training has %zu", file->n_tensors, list->n);
    }
    for (size_t i = 0; i < list->n; i++) {
        const plx_state_item *item = &list->items[i];
        const plx_tensor *tensor = plx_model_file_tensor(file, item->name);
        if (!tensor) PLX_FAIL(err, PLX_ERR_FORMAT, "has no array '%s'", item->name);
        if (tensor->dtype != item->dtype || tensor->n_dims != 1 || (uint64_t)tensor->dims[0] != item->n) {
            PLX_FAIL(err, PLX_ERR_FORMAT, "its array '%s' has a different type or length than in this training",
                     item->name);
        }
    }
    return PLX_OK;
}

static plx_status restore(void *user, const plx_state_list *list, plx_error *err)
{
    plx_checkpoint *c = user;
    PLX_TRY(check_arrays(&c->file, list, err));
    for (size_t i = 0; i < list->n; i++) {
        const plx_state_item *item = &list->items[i];
        memcpy(item->data, plx_model_file_tensor(&c->file, item->name)->data, item->n * plx_dtype_bytes(item->dtype));
    }
    plx_model_file_release(&c->file); /* it is as large as the state */
    c->has_file = false;
    return PLX_OK;
}

static plx_status write(plx_checkpoint *c, const plx_state_list *list, plx_error *err)
{
    char log_bytes[32], rule[32];
    const plx_allocator *allocator = &c->context->allocator;
    PLX_TRY(take_fingerprint(c, err));
    if (c->log) PLX_TRY(plx_train_log_sync(c->log, err));
    snprintf(rule, sizeof rule, "%d", plx_encoders_value_rule(c->model->encoders));
    snprintf(log_bytes, sizeof log_bytes, "%lld", c->log ? (long long)c->log->length : 0);
    const plx_meta meta[] = {{CONFIG_KEY, c->model->config->resolved.text},
                             {DATA_KEY, c->fingerprint},
                             {KERNELS_KEY, c->context->machine.kernels->name},
                             {VERSION_KEY, PLX_VERSION},
                             {LOG_KEY, log_bytes},
                             {RULE_KEY, rule}};
    plx_tensor *tensors = plx_alloc(allocator, list->n, sizeof *tensors);
    if (!tensors) return plx_error_memory(err);
    for (size_t i = 0; i < list->n; i++) {
        const plx_state_item *item = &list->items[i];
        tensors[i] = (plx_tensor){item->name, item->dtype, 1, {(int64_t)item->n}, item->data};
    }
    plx_status status =
        plx_model_file_write(c->path, allocator, tensors, (int)list->n, meta, (int)(sizeof meta / sizeof *meta), err);
    plx_free(allocator, tensors);
    return status;
}

static bool save(void *user, const plx_state_list *list)
{
    plx_checkpoint *c = user;
    plx_error failure = {0};
    if (!plx_training_is_here(c->model)) return false; /* the file belongs to the parent */
    if (write(c, list, &failure) == PLX_OK) return true;
    plx_context_warn(c->context, "no checkpoint: %s; training continues", failure.message);
    return false;
}

/* -- Creation and release -------------------------------------------------------------------------------------- */

plx_status plx_checkpoint_init(plx_checkpoint *c, const plx_model *model, const plx_data *data, const char *path,
                               bool resume, plx_error *err)
{
    *c = (plx_checkpoint){.context = model->context, .model = model, .data = data, .path = path};
    c->checkpointer = (plx_checkpointer){.user = c, .save = save};
    if (!resume || !plx_file_exists(path)) return PLX_OK;
    PLX_TRY(plx_model_file_read(&c->file, path, &model->context->allocator, err));
    c->has_file = true;
    c->checkpointer.restore = restore;
    plx_status status = check_origin(c, err);
    if (status == PLX_OK) return PLX_OK;
    plx_checkpoint_release(c);
    if (status != PLX_ERR_MEMORY) plx_error_prefix(err, "%s", path);
    return status;
}

void plx_checkpoint_release(plx_checkpoint *c)
{
    if (c->has_file) plx_model_file_release(&c->file);
    c->has_file = false;
}

int64_t plx_checkpoint_log_bytes(const plx_checkpoint *c)
{
    int64_t bytes = 0;
    if (!c->has_file) return 0;
    return plx_parse_int64(plx_slice_of(plx_model_file_meta(&c->file, LOG_KEY)), &bytes) && bytes > 0 ? bytes : 0;
}
