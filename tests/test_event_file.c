/* SPDX-License-Identifier: Apache-2.0 */
/* Event files, read by the test's own reader: frames, checksums, messages; and the events of training. */
#include "store/event_file.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>

#include "api_support.h"
#include "base/hash.h"
#include "failing_allocator.h"

enum { EVENTS_MAX = 64, VALUES_MAX = 40, TAG_MAX = 64 };

typedef struct event_value {
    char tag[TAG_MAX];
    float number;
} event_value;

typedef struct event {
    double wall_time;
    int64_t step;
    char version[32];
    int n_values;
    event_value values[VALUES_MAX];
} event;

typedef struct reader {
    const unsigned char *at, *end;
    bool failed;
} reader;

static uint64_t take_fixed(reader *r, int bytes)
{
    uint64_t number = 0;
    if (r->end - r->at < bytes) {
        r->failed = true;
        return 0;
    }
    for (int i = 0; i < bytes; i++)
        number |= (uint64_t)r->at[i] << (8 * i);
    r->at += bytes;
    return number;
}

static uint64_t take_varint(reader *r)
{
    uint64_t number = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        uint64_t byte = take_fixed(r, 1);
        number |= (byte & 0x7f) << shift;
        if (!(byte & 0x80)) return number;
    }
    r->failed = true;
    return 0;
}

static reader take_bytes(reader *r)
{
    uint64_t length = take_varint(r);
    reader inner = {r->at, r->at, false};
    if (length > (uint64_t)(r->end - r->at)) {
        r->failed = true;
        return inner;
    }
    inner.end = r->at += length;
    return inner;
}

static void take_text(reader *r, char *out, size_t size)
{
    reader text = take_bytes(r);
    snprintf(out, size, "%.*s", (int)(text.end - text.at), (const char *)text.at);
}

static void read_value(reader r, event_value *out)
{
    while (r.at < r.end && !r.failed) {
        uint64_t key = take_varint(&r);
        if (key == (1 << 3 | 2)) {
            take_text(&r, out->tag, sizeof out->tag);
        } else {
            CHECK(key == (2 << 3 | 5));
            uint32_t bits = (uint32_t)take_fixed(&r, 4);
            memcpy(&out->number, &bits, 4);
        }
    }
    CHECK(!r.failed && r.at == r.end);
}

static void read_event(reader r, event *out)
{
    *out = (event){.step = -1};
    while (r.at < r.end && !r.failed) {
        uint64_t key = take_varint(&r);
        if (key == (1 << 3 | 1)) {
            uint64_t bits = take_fixed(&r, 8);
            memcpy(&out->wall_time, &bits, 8);
        } else if (key == (2 << 3 | 0)) {
            out->step = (int64_t)take_varint(&r);
        } else if (key == (3 << 3 | 2)) {
            take_text(&r, out->version, sizeof out->version);
        } else {
            CHECK(key == (5 << 3 | 2));
            reader summary = take_bytes(&r);
            while (summary.at < summary.end && !summary.failed && out->n_values < VALUES_MAX) {
                CHECK(take_varint(&summary) == (1 << 3 | 2));
                read_value(take_bytes(&summary), &out->values[out->n_values++]);
            }
            CHECK(!summary.failed && summary.at == summary.end);
        }
    }
    CHECK(!r.failed && r.at == r.end);
}

/** With a table, unlike the library. */
static uint32_t masked_crc(const unsigned char *bytes, size_t length)
{
    uint32_t table[256], crc = 0xffffffff;
    for (uint32_t i = 0; i < 256; i++) {
        table[i] = i;
        for (int bit = 0; bit < 8; bit++)
            table[i] = table[i] & 1 ? table[i] >> 1 ^ 0x82f63b78 : table[i] >> 1;
    }
    for (size_t i = 0; i < length; i++)
        crc = table[(crc ^ bytes[i]) & 0xff] ^ crc >> 8;
    crc = ~crc;
    return (crc >> 15 | crc << 17) + 0xa282ead8U;
}

/** The file's events; -1: a frame or a checksum is wrong. */
static int read_events(const char *path, event *events)
{
    static unsigned char bytes[1 << 20];
    FILE *file = fopen(path, "rb");
    if (!file) return -1;
    size_t length = fread(bytes, 1, sizeof bytes, file), at = 0;
    int n = 0;
    fclose(file);
    for (; at < length && n < EVENTS_MAX; n++) {
        reader r = {bytes + at, bytes + length, false};
        uint64_t size = take_fixed(&r, 8);
        if (take_fixed(&r, 4) != masked_crc(bytes + at, 8) || size > (uint64_t)(r.end - r.at)) return -1;
        read_event((reader){r.at, r.at + size, false}, &events[n]);
        reader sum = {r.at + size, r.end, false};
        if (take_fixed(&sum, 4) != masked_crc(r.at, size) || sum.failed) return -1;
        at += 12 + size + 4;
    }
    return n;
}

static float number_of(const event *e, const char *tag)
{
    for (int i = 0; i < e->n_values; i++)
        if (strcmp(e->values[i].tag, tag) == 0) return e->values[i].number;
    return NAN;
}

/** The only event file of a folder in `home`; remove_folder removes the folder. */
static const char *file_in(const char *folder)
{
    static char path[1024];
    DIR *opened = opendir(at(folder));
    int n = 0;
    for (struct dirent *entry; opened && (entry = readdir(opened));) {
        if (entry->d_name[0] == '.') continue;
        CHECK(strncmp(entry->d_name, "events.out.tfevents.", 20) == 0);
        snprintf(path, sizeof path, "%s/%s", at(folder), entry->d_name);
        n++;
    }
    if (opened) closedir(opened);
    CHECK(n <= 1);
    return n == 1 ? path : NULL;
}

static void remove_folder(const char *folder)
{
    const char *file = file_in(folder);
    if (file) unlink(file);
    CHECK(rmdir(at(folder)) == 0);
}

/* -- The file -------------------------------------------------------------------------------------------------- */

static void test_checksum_of_known_texts(void)
{
    static const unsigned char zeros[32];
    CHECK(plx_crc32c("123456789", 9) == 0xe3069283);
    CHECK(plx_crc32c("", 0) == 0);
    CHECK(plx_crc32c(zeros, 32) == 0x8a9136aa); /* RFC 3720, B.4 */
}

static void test_written_files_are_read_back(void)
{
    static event events[EVENTS_MAX];
    plx_event_file file;
    home_make();
    REQUIRE(plx_event_file_init(&file, &plx_allocator_default, at("deep/er/run"), NULL) == PLX_OK);
    for (int step = 1; step <= 5; step++) {
        plx_event_file_add(&file, "income/auc", 0.5 + step);
        plx_event_file_add(&file, "left out", NAN);
        plx_event_file_add(&file, "left out", 1e300);
        plx_event_file_add(&file, "loss", -1.25);
        CHECK_STATUS(plx_event_file_write(&file, 1700000000.25 + step, step * INT64_C(1000000007), NULL), PLX_OK);
    }
    plx_event_file_release(&file);
    int n = read_events(file_in("deep/er/run"), events);
    CHECK(n == 6);
    CHECK_TEXT(events[0].version, "brain.Event:2");
    CHECK(events[0].n_values == 0 && events[0].wall_time > 1.6e9);
    for (int i = 1; i < n; i++) {
        CHECK(events[i].step == i * INT64_C(1000000007) && events[i].n_values == 2 && events[i].version[0] == '\0');
        CHECK_CLOSE(events[i].wall_time, 1700000000.25 + i, 0);
        CHECK(number_of(&events[i], "income/auc") == 0.5F + (float)i && number_of(&events[i], "loss") == -1.25F);
    }
    remove_folder("deep/er/run");
    rmdir(at("deep/er"));
    rmdir(at("deep"));
    home_remove();
}

static void test_two_files_of_a_second_differ(void)
{
    plx_event_file one, two;
    home_make();
    REQUIRE(plx_event_file_init(&one, &plx_allocator_default, at("run"), NULL) == PLX_OK);
    REQUIRE(plx_event_file_init(&two, &plx_allocator_default, at("run"), NULL) == PLX_OK);
    CHECK(strcmp(one.path.text, two.path.text) != 0);
    plx_event_file_release(&one); /* without events no file remains */
    plx_event_file_release(&two);
    CHECK(file_in("run") == NULL);
    remove_folder("run");
    home_remove();
}

static void test_a_full_disk_leaves_whole_records(void)
{
    static event events[EVENTS_MAX];
    plx_event_file file;
    plx_error err = {0};
    struct rlimit before, small;
    home_make();
    REQUIRE(plx_event_file_init(&file, &plx_allocator_default, at("run"), NULL) == PLX_OK);
    plx_event_file_add(&file, "loss", 1);
    CHECK_STATUS(plx_event_file_write(&file, 1, 1, NULL), PLX_OK);
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = (rlim_t)file.length + 20; /* less than one record more */
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    plx_event_file_add(&file, "loss", 2);
    CHECK_STATUS(plx_event_file_write(&file, 2, 2, &err), PLX_ERR_IO);
    setrlimit(RLIMIT_FSIZE, &before);
    CHECK_TEXT(err.message, "an event cannot be written");
    plx_event_file_add(&file, "loss", 3);
    CHECK_STATUS(plx_event_file_write(&file, 3, 3, NULL), PLX_OK);
    plx_event_file_release(&file);
    CHECK(read_events(file_in("run"), events) == 3);
    CHECK(events[1].step == 1 && events[2].step == 3 && number_of(&events[2], "loss") == 3);
    remove_folder("run");
    home_remove();
}

static void test_a_folder_that_cannot_be(void)
{
    plx_event_file file;
    plx_error err = {0};
    home_make();
    write_text("taken", "");
    CHECK_STATUS(plx_event_file_init(&file, &plx_allocator_default, at("taken/run"), &err), PLX_ERR_IO);
    CHECK_TEXT(err.message, "taken: the folder cannot be made");
    plx_event_file_release(&file);
    home_remove();
}

static void test_every_allocation_that_can_fail(void)
{
    plx_event_file file;
    failing_allocator memory = {.failed = true};
    home_make();
    for (long n = 1; memory.failed; n++) {
        failing_allocator_init(&memory, n);
        plx_status status = plx_event_file_init(&file, &memory.allocator, at("run"), NULL);
        if (status == PLX_OK) {
            plx_event_file_add(&file, "a tag that is somewhat longer than the first few bytes of a string", 1);
            status = plx_event_file_write(&file, 1, 1, NULL);
        }
        plx_event_file_release(&file);
        CHECK(memory.live == 0);
        CHECK_STATUS(status, memory.failed ? PLX_ERR_MEMORY : PLX_OK);
        CHECK((file_in("run") == NULL) == memory.failed);
        if (n > 1000) break;
    }
    remove_folder("run");
    home_remove();
}

/* -- Training -------------------------------------------------------------------------------------------------- */

enum { EPOCHS = 3 };

/** The values that the callback got. */
typedef struct seen {
    double loss[EPOCHS], task_loss[EPOCHS], validation_loss[EPOCHS], validation_task_loss[EPOCHS], monitored[EPOCHS];
    plx_metrics metrics[EPOCHS][2];
    int n;
} seen;

static bool see(void *user, const plx_progress *progress)
{
    seen *s = user;
    if (progress->step < progress->steps || s->n == EPOCHS) return true;
    s->loss[s->n] = progress->loss;
    s->task_loss[s->n] = progress->task_losses[1];
    s->validation_loss[s->n] = progress->validation_loss;
    s->validation_task_loss[s->n] = progress->validation_task_losses[1];
    s->monitored[s->n] = progress->monitored;
    if (progress->validation_metrics) memcpy(s->metrics[s->n], progress->validation_metrics, sizeof s->metrics[0]);
    s->n++;
    return true;
}

static void check_curves(const seen *s, bool has_monitor)
{
    static event train[EVENTS_MAX], validation[EVENTS_MAX];
    CHECK(read_events(file_in("board/train"), train) == 1 + EPOCHS);
    CHECK(read_events(file_in("board/validation"), validation) == 1 + EPOCHS);
    for (int i = 0; i < EPOCHS; i++) {
        const event *t = &train[1 + i], *v = &validation[1 + i];
        CHECK(t->step == i + 1 && v->step == i + 1 && t->wall_time == v->wall_time);
        CHECK(number_of(t, "loss") == (float)s->loss[i] && number_of(t, "buy/loss") == (float)s->task_loss[i]);
        CHECK(number_of(t, "rows_per_second") > 0);
        CHECK(number_of(v, "loss") == (float)s->validation_loss[i]);
        CHECK(number_of(v, "buy/loss") == (float)s->validation_task_loss[i]);
        CHECK(has_monitor ? number_of(v, "monitored") == (float)s->monitored[i] : isnan(number_of(v, "monitored")));
        for (int metric = 0; plx_metric_at(metric); metric++) {
            const plx_metric_info *info = plx_metric_at(metric);
            char tag[TAG_MAX];
            snprintf(tag, sizeof tag, "click/%s", info->name);
            double value = plx_metrics_value(&s->metrics[i][0], metric);
            bool is_reported = (info->labels & 1 << PLX_LABELS_ARE_TRUTHS) && !info->needs_groups;
            CHECK(is_reported == isfinite(value));
            CHECK(is_reported ? number_of(v, tag) == (float)value : isnan(number_of(v, tag)));
        }
    }
}

static void train(const char *train_lines, const char *folder, bool has_monitor)
{
    fixture f;
    seen s = {.n = 0};
    plx_error failure = {.message = ""};
    char hooked[256];
    if (folder) snprintf(hooked, sizeof hooked, "%s", at(folder));
    const plx_train_hooks hooks = {
        .size = sizeof hooks, .progress = see, .user = &s, .tensorboard = folder ? hooked : NULL};
    if (!fixture_ready(&f, NULL, config_text("mmoe", "", train_lines))) return;
    CHECK_STATUS(plx_model_train(f.model, f.data, &hooks, NULL, &failure), PLX_OK);
    CHECK_TEXT("", failure.message);
    CHECK(s.n == EPOCHS);
    fixture_free(&f);
    check_curves(&s, has_monitor);
    remove_folder("board/train");
    remove_folder("board/validation");
    rmdir(at("board"));
}

static void test_training_writes_curves(void)
{
    char lines[512];
    home_make();
    write_rows("rows.csv", 600, 1);
    train("", "board", false);
    snprintf(lines, sizeof lines, "  monitor: click.auc + 0.5*buy.pr_auc\n  tensorboard: %s\n", at("board"));
    train(lines, NULL, true);
    snprintf(lines, sizeof lines, "  tensorboard: %s\n", at("elsewhere"));
    train(lines, "board", false);
    CHECK(!file_exists("elsewhere"));
    home_remove();
}

static void test_training_without_a_folder_to_write(void)
{
    fixture f;
    plx_error failure = {.message = ""};
    char folder[256];
    home_make();
    write_rows("rows.csv", 600, 1);
    snprintf(folder, sizeof folder, "%s/board", at("rows.csv"));
    const plx_train_hooks hooks = {.size = sizeof hooks, .tensorboard = folder};
    if (!fixture_ready(&f, NULL, config_text("mmoe", "", ""))) return;
    CHECK_STATUS(plx_model_train(f.model, f.data, &hooks, NULL, &failure), PLX_ERR_IO);
    CHECK_TEXT(failure.message, "rows.csv: the folder cannot be made");
    fixture_free(&f);
    home_remove();
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_checksum_of_known_texts),      CHECK_TEST(test_written_files_are_read_back),
        CHECK_TEST(test_two_files_of_a_second_differ), CHECK_TEST(test_a_full_disk_leaves_whole_records),
        CHECK_TEST(test_a_folder_that_cannot_be),      CHECK_TEST(test_every_allocation_that_can_fail),
        CHECK_TEST(test_training_writes_curves),       CHECK_TEST(test_training_without_a_folder_to_write),
    };
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
