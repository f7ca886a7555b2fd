/* SPDX-License-Identifier: Apache-2.0 */
/* zlib itself checks the sum and length of each member; libarchive's gzip filter does not. */
#include "files/inflate.h"

#include <string.h>
#include <zlib.h>

enum { INPUT_BYTES = 1 << 17, WITH_GZIP_HEADER = 16 };

struct plx_inflate {
    const plx_allocator *allocator;
    plx_byte_source source;
    const char *name;
    z_stream z;
    unsigned char *input; /* [INPUT_BYTES] */
    bool has_z;
    bool is_between; /* between two members */
    bool at_end;     /* of the source */
    bool is_first;   /* of the current member */
    bool is_zip;
    plx_zip_member member; /* packed: bytes still to come; length, crc: the expected result */
    uint64_t made;         /* bytes of output */
    uLong crc;             /* of the output */
};

bool plx_gzip_begins(const char *bytes, size_t n)
{
    return n >= 2 && memcmp(bytes, "\x1f\x8b", 2) == 0;
}

static void *take_memory(void *allocator, unsigned count, unsigned size)
{
    return plx_alloc(allocator, count, size);
}

static void give_memory(void *allocator, void *memory)
{
    plx_free(allocator, memory);
}

static plx_status create(const plx_allocator *allocator, plx_byte_source source, const char *name, int window,
                         plx_inflate **out, plx_error *err)
{
    *out = NULL;
    plx_inflate *g = plx_alloc_zero(allocator, 1, sizeof *g);
    if (!g) return plx_error_memory(err);
    *g = (plx_inflate){.allocator = allocator, .source = source, .name = name, .is_first = true};
    g->z = (z_stream){.zalloc = take_memory, .zfree = give_memory, .opaque = (void *)(uintptr_t)allocator};
    g->input = plx_alloc(allocator, INPUT_BYTES, 1);
    g->has_z = g->input && inflateInit2(&g->z, window) == Z_OK;
    if (!g->has_z) {
        plx_inflate_free(g);
        return plx_error_memory(err);
    }
    *out = g;
    return PLX_OK;
}

plx_status plx_gzip_create(const plx_allocator *allocator, plx_byte_source source, const char *name, plx_inflate **out,
                           plx_error *err)
{
    return create(allocator, source, name, MAX_WBITS + WITH_GZIP_HEADER, out, err);
}

plx_status plx_unzip_create(const plx_allocator *allocator, plx_byte_source source, const char *name,
                            const plx_zip_member *member, plx_inflate **out, plx_error *err)
{
    PLX_TRY(create(allocator, source, name, -MAX_WBITS, out, err));
    (*out)->is_zip = true;
    (*out)->member = *member;
    return PLX_OK;
}

void plx_inflate_free(plx_inflate *g)
{
    if (!g) return;
    if (g->has_z) inflateEnd(&g->z);
    plx_free(g->allocator, g->input);
    plx_free(g->allocator, g);
}

/* Reads input if all is used. */
static plx_status feed(plx_inflate *g, plx_error *err)
{
    size_t got = 0;
    const size_t capacity = g->is_zip && g->member.packed < INPUT_BYTES ? (size_t)g->member.packed : INPUT_BYTES;
    if (g->z.avail_in || g->at_end) return PLX_OK;
    if (capacity) PLX_TRY(g->source.read(g->source.user, (char *)g->input, capacity, &got, err));
    g->member.packed -= g->is_zip ? got : 0;
    g->z.next_in = g->input;
    g->z.avail_in = (unsigned)got;
    g->at_end = got == 0;
    return PLX_OK;
}

/* After a member: goes to the next one, or to the end. */
static plx_status begin_member(plx_inflate *g, plx_error *err)
{
    for (;;) {
        PLX_TRY(feed(g, err));
        if (g->at_end) return PLX_OK;
        while (g->z.avail_in && *g->z.next_in == 0)
            g->z.next_in++, g->z.avail_in--;
        if (g->z.avail_in) break;
    }
    inflateReset(&g->z);
    g->is_between = g->is_first = false;
    return PLX_OK;
}

static plx_status fail_data(const plx_inflate *g, plx_error *err)
{
    if (!g->is_first && g->z.total_out == 0 && g->z.msg && strcmp(g->z.msg, "incorrect header check") == 0)
        PLX_FAIL(err, PLX_ERR_FORMAT, "%s: there are other bytes after the compressed data; get the file again",
                 g->name);
    PLX_FAIL(err, PLX_ERR_FORMAT, "%s: the compressed data is damaged or truncated (%s: %s); get the file again",
             g->name, g->is_zip ? "zip" : "gzip", g->z.msg ? g->z.msg : "it ends too early");
}

static plx_status read_inflated(void *user, char *out, size_t capacity, size_t *got, plx_error *err)
{
    plx_inflate *g = user;
    g->z.next_out = (unsigned char *)out;
    g->z.avail_out = (unsigned)(capacity < INT32_MAX ? capacity : INT32_MAX);
    for (*got = 0; *got == 0;) {
        if (g->is_between) PLX_TRY(begin_member(g, err));
        if (g->is_between) return PLX_OK;
        PLX_TRY(feed(g, err));
        const int code = inflate(&g->z, Z_NO_FLUSH);
        if (code == Z_MEM_ERROR) return plx_error_memory(err);
        g->is_between = code == Z_STREAM_END;
        *got = (size_t)((char *)g->z.next_out - out);
        if ((code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) || (code == Z_BUF_ERROR && g->at_end))
            return fail_data(g, err);
    }
    return PLX_OK;
}

/* Stored or deflated bytes; `*ends`: no more follow. */
static plx_status unpack(plx_inflate *g, char *out, size_t capacity, size_t *got, bool *ends, plx_error *err)
{
    PLX_TRY(feed(g, err));
    if (!g->member.is_deflated) {
        *got = g->z.avail_in < capacity ? g->z.avail_in : capacity;
        memcpy(out, g->z.next_in, *got);
        g->z.next_in += *got;
        g->z.avail_in -= (unsigned)*got;
        *ends = g->at_end;
        return PLX_OK;
    }
    g->z.next_out = (unsigned char *)out;
    g->z.avail_out = (unsigned)capacity;
    const int code = inflate(&g->z, Z_NO_FLUSH);
    if (code == Z_MEM_ERROR) return plx_error_memory(err);
    *got = (size_t)((char *)g->z.next_out - out);
    *ends = code == Z_STREAM_END;
    const bool goes_on = code == Z_OK || *ends || (code == Z_BUF_ERROR && !g->at_end);
    return goes_on ? PLX_OK : fail_data(g, err);
}

static plx_status read_unzipped(void *user, char *out, size_t capacity, size_t *got, plx_error *err)
{
    plx_inflate *g = user;
    *got = 0;
    while (*got == 0 && !g->is_between) {
        PLX_TRY(unpack(g, out, capacity < INT32_MAX ? capacity : INT32_MAX, got, &g->is_between, err));
        g->crc = crc32(g->crc, (unsigned char *)out, (unsigned)*got);
        g->made += *got;
    }
    if (*got || (g->made == g->member.length && g->crc == g->member.crc)) return PLX_OK;
    PLX_FAIL(err, PLX_ERR_FORMAT,
             "%s: the compressed data is damaged or truncated (zip: its %s is not what it says); get the file again",
             g->name, g->made == g->member.length ? "sum" : "length");
}

plx_byte_source plx_inflate_source(plx_inflate *inflate)
{
    return (plx_byte_source){.read = inflate->is_zip ? read_unzipped : read_inflated, .user = inflate};
}
