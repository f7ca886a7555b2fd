/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extracts the wanted members of a file with libarchive, from any container: zip, tar, a tar.gz inside a zip (the inner
 * archive is read through a callback, without a temporary file), or the member itself. Lengths are limited to the known
 * size of each member.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>
#include <openssl/evp.h>

#include "fetch.h"

enum { BLOCK = 1 << 16, HEX_LENGTH = 64, MAX_DEPTH = 2 };

/* -- Reading --------------------------------------------------------------------------------------------------------
 */

/** A reader for every container and compression; any other file is its own single member. */
static struct archive *open_reader(void)
{
    struct archive *reader = archive_read_new();
    if (!reader) return NULL;
    archive_read_support_filter_all(reader);
    archive_read_support_format_zip(reader);
    archive_read_support_format_tar(reader);
    archive_read_support_format_raw(reader);
    return reader;
}

static bool is_raw(struct archive *reader)
{
    return (archive_format(reader) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_RAW;
}

/* -- One member: hashed, and compressed into a temporary file
 * ---------------------------------------------------------- */

typedef struct member_digest {
    EVP_MD_CTX *context;
    int64_t bytes;
} member_digest;

static bool digest_open(member_digest *digest)
{
    digest->bytes = 0;
    digest->context = EVP_MD_CTX_new();
    return digest->context && EVP_DigestInit_ex(digest->context, EVP_sha256(), NULL) == 1;
}

/** False once there are more bytes than the member's size. */
static bool digest_add(member_digest *digest, const fetch_member *member, const void *bytes, size_t n)
{
    digest->bytes += (int64_t)n;
    return digest->bytes <= member->bytes && EVP_DigestUpdate(digest->context, bytes, n) == 1;
}

static bool digest_close(member_digest *digest, const fetch_member *member)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    char hex[HEX_LENGTH + 1] = "";
    unsigned length = 0;
    bool done = EVP_DigestFinal_ex(digest->context, hash, &length) == 1;
    for (size_t i = 0; done && i < length && i < HEX_LENGTH / 2; i++)
        snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    EVP_MD_CTX_free(digest->context);
    digest->context = NULL;
    return done && digest->bytes == member->bytes && strcmp(hex, member->sha256) == 0;
}

/** Omits the time in the header, so that the same member always gives the same file. */
static struct archive *open_writer(int file)
{
    struct archive *writer = archive_write_new();
    if (!writer) return NULL;
    struct archive_entry *entry = archive_entry_new();
    if (entry) archive_entry_set_filetype(entry, AE_IFREG);
    if (!entry || archive_write_set_format_raw(writer) != ARCHIVE_OK ||
        archive_write_add_filter_gzip(writer) != ARCHIVE_OK ||
        archive_write_set_options(writer, "gzip:!timestamp") != ARCHIVE_OK ||
        archive_write_open_fd(writer, file) != ARCHIVE_OK || archive_write_header(writer, entry) != ARCHIVE_OK) {
        archive_write_free(writer);
        writer = NULL;
    }
    archive_entry_free(entry);
    return writer;
}

/** Copies the reader's current entry. `writer` NULL: only compares. */
static bool copy_member(struct archive *reader, struct archive *writer, const fetch_member *member)
{
    static char block[BLOCK];
    member_digest digest;
    bool right = digest_open(&digest);
    while (right) {
        la_ssize_t n = archive_read_data(reader, block, sizeof block);
        if (n == 0) break;
        right = n > 0 && digest_add(&digest, member, block, (size_t)n);
        if (right && writer) right = archive_write_data(writer, block, (size_t)n) == n;
    }
    return digest_close(&digest, member) && right;
}

static int extract(fetch_state *state, int index, struct archive *reader)
{
    const fetch_member *member = &state->set->members[index];
    char *path = state->temporary[index];
    if (path[0]) return CLI_DONE; /* a second copy of the name */
    char name[CLI_MAX_PATH];
    snprintf(name, sizeof name, "%s.partial", member->name);
    if (!cli_path_join(path, state->folder, name)) return cli_fail("the path of the folder is too long");
    FILE *file = fopen(path, "wb");
    if (!file) {
        int reason = errno;
        cli_fail("cannot write %s: %s", path, strerror(reason));
        path[0] = '\0';
        return CLI_FAILED;
    }
    struct archive *writer = open_writer(fileno(file));
    bool right = writer && copy_member(reader, writer, member);
    bool is_closed = writer && archive_write_close(writer) == ARCHIVE_OK;
    archive_write_free(writer);
    is_closed = fsync(fileno(file)) == 0 && is_closed;
    is_closed = fclose(file) == 0 && is_closed;
    if (right && !is_closed) return cli_fail("cannot write %s: is the disk full?", path);
    return right ? CLI_DONE
                 : cli_fail("%s is not the file that was published: its SHA-256 or length differs", member->name);
}

/* -- Walking an archive
 * ------------------------------------------------------------------------------------------------ */

static int walk(fetch_state *state, struct archive *reader, const char *own_name, int depth);

/** The inner archive's bytes: the content of the outer archive's current entry. */
static la_ssize_t read_outer(struct archive *inner, void *user, const void **bytes)
{
    static char block[BLOCK];
    (void)inner;
    *bytes = block;
    return archive_read_data(user, block, sizeof block);
}

static int walk_inner(fetch_state *state, struct archive *outer, const char *name, int depth)
{
    struct archive *inner = open_reader();
    if (!inner) return cli_fail("out of memory");
    int code = CLI_DONE;
    if (archive_read_open(inner, outer, NULL, read_outer, NULL) == ARCHIVE_OK)
        code = walk(state, inner, name, depth + 1);
    else
        code = cli_fail("%s: %s", name, archive_error_string(inner));
    archive_read_free(inner);
    return code;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int visit_entry(fetch_state *state, struct archive *reader, const char *name, int depth)
{
    for (int i = 0; i < state->set->n_members; i++)
        if (strcmp(name, state->set->members[i].name) == 0) return extract(state, i, reader);
    size_t length = strlen(name);
    bool is_archive = length > 7 && strcmp(name + length - 7, ".tar.gz") == 0;
    return is_archive && depth < MAX_DEPTH ? walk_inner(state, reader, name, depth) : CLI_DONE;
}

static int walk(fetch_state *state, struct archive *reader, const char *own_name, int depth)
{
    for (;;) {
        struct archive_entry *entry = NULL;
        int result = archive_read_next_header(reader, &entry);
        if (result == ARCHIVE_EOF) return CLI_DONE;
        if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
            return cli_fail("%s: %s", own_name, archive_error_string(reader));
        const char *path = is_raw(reader) ? own_name : archive_entry_pathname(entry);
        int code = path ? visit_entry(state, reader, last_part(path), depth) : CLI_DONE;
        if (code != CLI_DONE) return code;
    }
}

int fetch_unpack(fetch_state *state, const char *path, const char *name)
{
    struct archive *reader = open_reader();
    if (!reader) return cli_fail("out of memory");
    int code = CLI_DONE;
    if (archive_read_open_filename(reader, path, BLOCK) == ARCHIVE_OK)
        code = walk(state, reader, name, 0);
    else
        code = cli_fail("%s: %s", path, archive_error_string(reader));
    archive_read_free(reader);
    return code;
}

bool fetch_is_right(const char *path, const fetch_member *member)
{
    if (access(path, R_OK) != 0) return false;
    struct archive *reader = open_reader();
    struct archive_entry *entry = NULL;
    bool right = reader && archive_read_open_filename(reader, path, BLOCK) == ARCHIVE_OK &&
                 archive_read_next_header(reader, &entry) == ARCHIVE_OK && copy_member(reader, NULL, member);
    archive_read_free(reader);
    return right;
}
