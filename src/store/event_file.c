/* SPDX-License-Identifier: Apache-2.0 */
/* Event files: each message is built in memory, then framed and written in one call. */
#include "store/event_file.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5, NAMES_TRIED = 1000, HOST_MAX = 64 };
static const char VERSION[] = "brain.Event:2";

/* -- Bytes ----------------------------------------------------------------------------------------------------- */

static void add_fixed(plx_string *out, uint64_t number, int bytes)
{
    unsigned char little[8];
    for (int i = 0; i < bytes; i++)
        little[i] = (unsigned char)(number >> (8 * i));
    plx_string_add(out, little, (size_t)bytes);
}

static void add_varint(plx_string *out, uint64_t number)
{
    do {
        unsigned char low = number & 0x7f;
        number >>= 7;
        if (number) low |= 0x80;
        plx_string_add(out, &low, 1);
    } while (number);
}

static size_t varint_length(uint64_t number)
{
    size_t n = 1;
    while (number >>= 7)
        n++;
    return n;
}

static void add_key(plx_string *out, unsigned field, unsigned wire)
{
    add_varint(out, field << 3 | wire);
}

static void add_bytes(plx_string *out, unsigned field, const void *bytes, size_t length)
{
    add_key(out, field, WIRE_BYTES);
    add_varint(out, length);
    plx_string_add(out, bytes, length);
}

static void add_checksum(plx_string *out, const void *bytes, size_t length)
{
    uint32_t crc = plx_crc32c(bytes, length);
    add_fixed(out, (uint32_t)((crc >> 15 | crc << 17) + 0xa282ead8), 4);
}

/** Makes the Event in `record` a record; its first 12 bytes are reserved for the header. */
enum { HEAD = 12 };
static void frame(plx_string *record, const plx_allocator *allocator)
{
    plx_string head;
    if (record->failed) return;
    plx_string_init(&head, allocator);
    add_fixed(&head, record->length - HEAD, 8);
    if (!head.failed) add_checksum(&head, head.text, 8);
    if (head.failed)
        record->failed = true;
    else
        memcpy(record->text, head.text, HEAD);
    plx_string_release(&head);
    if (!record->failed) add_checksum(record, record->text + HEAD, record->length - HEAD);
}

static void begin_event(plx_string *record, double wall_time)
{
    uint64_t bits;
    record->length = 0;
    plx_string_add(record, "\0\0\0\0\0\0\0\0\0\0\0\0", HEAD);
    memcpy(&bits, &wall_time, sizeof bits);
    add_key(record, 1, WIRE_64);
    add_fixed(record, bits, 8);
}

/* -- Files ----------------------------------------------------------------------------------------------------- */

static plx_status write_record(plx_event_file *file, plx_error *err)
{
    frame(&file->record, file->record.allocator);
    if (file->record.failed) return plx_error_memory(err);
    if (plx_write_all(file->descriptor, file->record.text, file->record.length)) {
        file->length += (off_t)file->record.length;
        return PLX_OK;
    }
    int reason = errno;
    int left = ftruncate(file->descriptor, file->length);
    PLX_FAIL(err, PLX_ERR_IO, "%s: an event cannot be written: %s%s", file->path.text, strerror(reason),
             left == 0 ? "" : "; the file may end in a part of it");
}

static plx_status make_folder(const char *path, plx_error *err)
{
    const size_t failed = plx_folder_make(path);
    if (!failed) return PLX_OK;
    PLX_FAIL(err, PLX_ERR_IO, "%.*s: the folder cannot be made: %s", (int)failed, path, strerror(errno));
}

/** TensorBoard looks for "tfevents" and reads a folder's files in the order of their names, so the time goes first. */
static plx_status open_new(plx_event_file *file, const char *folder, plx_error *err)
{
    char host[HOST_MAX];
    if (gethostname(host, sizeof host) != 0) strcpy(host, "host");
    host[sizeof host - 1] = '\0';
    const long long now = (long long)time(NULL);
    for (int i = 0; i < NAMES_TRIED; i++) {
        file->path.length = 0;
        plx_string_format(&file->path, "%s/events.out.tfevents.%010lld.%s.%ld.%d", folder, now, host, (long)getpid(),
                          i);
        if (file->path.failed) return plx_error_memory(err);
        file->descriptor = open(file->path.text, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
        if (file->descriptor >= 0) return PLX_OK;
        if (errno != EEXIST) break;
    }
    PLX_FAIL(err, PLX_ERR_IO, "%s: cannot be written: %s", file->path.text, strerror(errno));
}

plx_status plx_event_file_init(plx_event_file *file, const plx_allocator *allocator, const char *folder, plx_error *err)
{
    *file = (plx_event_file){.descriptor = -1, .process = getpid()};
    plx_string_init(&file->path, allocator);
    plx_string_init(&file->summary, allocator);
    plx_string_init(&file->record, allocator);
    plx_string_format(&file->path, "%s", folder);
    if (file->path.failed) return plx_error_memory(err);
    PLX_TRY(make_folder(file->path.text, err));
    PLX_TRY(open_new(file, folder, err));
    begin_event(&file->record, (double)time(NULL));
    add_bytes(&file->record, 3, VERSION, sizeof VERSION - 1);
    return write_record(file, err);
}

void plx_event_file_release(plx_event_file *file)
{
    if (file->descriptor >= 0) {
        close(file->descriptor);
        if (!file->has_events && file->process == getpid()) unlink(file->path.text);
    }
    file->descriptor = -1;
    plx_string_release(&file->record);
    plx_string_release(&file->summary);
    plx_string_release(&file->path);
}

void plx_event_file_add(plx_event_file *file, const char *tag, double value)
{
    const float narrow = (float)value;
    const size_t length = strlen(tag);
    uint32_t bits;
    if (!isfinite(narrow)) return;
    memcpy(&bits, &narrow, sizeof bits);
    add_key(&file->summary, 1, WIRE_BYTES);
    add_varint(&file->summary, 1 + varint_length(length) + length + 1 + sizeof bits);
    add_bytes(&file->summary, 1, tag, length);
    add_key(&file->summary, 2, WIRE_32);
    add_fixed(&file->summary, bits, 4);
}

plx_status plx_event_file_write(plx_event_file *file, double wall_time, int64_t step, plx_error *err)
{
    begin_event(&file->record, wall_time);
    add_key(&file->record, 2, WIRE_VARINT);
    add_varint(&file->record, (uint64_t)step);
    add_bytes(&file->record, 5, file->summary.text ? file->summary.text : "", file->summary.length);
    file->record.failed = file->record.failed || file->summary.failed;
    file->summary.length = 0;
    plx_status status = write_record(file, err);
    file->has_events = file->has_events || status == PLX_OK;
    return status;
}
