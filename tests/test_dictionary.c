/* SPDX-License-Identifier: Apache-2.0 */
/* The string interner: searches stay short for any texts, and the seed affects only the speed. */
#include "data/dictionary.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "check.h"

enum { TEXTS = 20000 };

static uint32_t add(plx_dictionary *d, plx_slice text)
{
    const uint64_t hash = plx_dictionary_hash(d, text);
    const uint32_t found = plx_dictionary_find(d, text, hash);
    if (found != PLX_NOT_FOUND) return found;
    CHECK(plx_dictionary_add(d, text, hash));
    return d->n - 1;
}

/* The slots probed to find all texts. */
static uint64_t count_probes(const plx_dictionary *d)
{
    uint64_t probes = 0;
    for (size_t at = 0; at < d->n_slots; at++)
        if (d->slots[at].value != PLX_NOT_FOUND) probes += ((at - d->slots[at].hash) & (d->n_slots - 1)) + 1;
    return probes;
}

static void check_short(const plx_dictionary *d)
{
    const double mean = (double)count_probes(d) / d->n;
    if (!(mean < 2)) printf("  %.2f slots a search\n", mean);
    CHECK(mean < 2); /* 1.5 if half of the slots are taken at random */
}

static bool is_printable(uint64_t word)
{
    for (int i = 0; i < 8; i++, word >>= 8)
        if ((word & 255) < 33 || (word & 255) > 126) return false;
    return true;
}

/* Texts of 24 bytes with equal hashes in the version without a seed: two words that give the same state, and a tail. */
static void test_crafted(void)
{
    const uint64_t k1 = UINT64_C(0x9e3779b97f4a7c15), k2 = UINT64_C(0xc2b2ae3d27d4eb4f);
    uint64_t state = 88172645463325252, first = 0;
    plx_dictionary d;
    plx_dictionary_init(&d, &plx_allocator_default, plx_hash_seed_draw());
    while (d.n < TEXTS) {
        char text[24];
        uint64_t word = 0;
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        for (int i = 0; i < 8; i++)
            word |= ('A' + (state >> 6 * i & 31)) << 8 * i;
        const uint64_t hash = (24 * k2 ^ word) * k1, next = hash ^ hash >> 29 ^ UINT64_C(0x123456789abcdef1);
        if (!is_printable(next)) continue;
        memcpy(text, &word, 8);
        memcpy(text + 8, &next, 8);
        memcpy(text + 16, "tailtail", 8);
        if (!first) first = plx_quick_hash(text, sizeof text);
        REQUIRE(plx_quick_hash(text, sizeof text) == first);
        add(&d, (plx_slice){text, sizeof text});
    }
    check_short(&d);
    plx_dictionary_release(&d);
}

/* Bits that a multiplication by any odd number leaves unchanged: all subsets of 14. */
static void test_differences(void)
{
    plx_dictionary d;
    plx_dictionary_init(&d, &plx_allocator_default, plx_hash_seed_draw());
    for (unsigned choice = 0; choice < 1 << 14; choice++) {
        char text[14 * 16];
        for (int block = 0; block < 14; block++) {
            const uint64_t flip = (uint64_t)(choice >> block & 1) << 63;
            const uint64_t words[2] = {UINT64_C(0x6161616161616161) ^ flip,
                                       UINT64_C(0x6262626262626262) ^ flip ^ flip >> 29};
            memcpy(text + 16 * block, words, 16);
        }
        add(&d, (plx_slice){text, sizeof text});
    }
    CHECK(d.n == 1 << 14);
    check_short(&d);
    plx_dictionary_release(&d);
}

/* Numbers written as texts of all lengths around the hash's steps. */
static void test_usual(void)
{
    static const char *const forms[] = {"%u",
                                        "u%07u",
                                        "user%08u",
                                        "customer:%08u/eu",
                                        "https://example.org/items/%u?from=mail",
                                        "%08u-0000-4000-8000-000000000000"};
    for (int form = 0; form < (int)(sizeof forms / sizeof *forms); form++) {
        plx_dictionary d;
        plx_dictionary_init(&d, &plx_allocator_default, plx_hash_seed_draw());
        for (unsigned i = 0; i < TEXTS; i++) {
            char text[80];
            const int length = snprintf(text, sizeof text, forms[form], i);
            CHECK(add(&d, (plx_slice){text, (size_t)length}) == i);
        }
        check_short(&d);
        plx_dictionary_release(&d);
    }
}

/* Numbers and order are those of the texts; the hashes differ. */
static void test_seeds(void)
{
    const plx_slice text = plx_slice_of("some text");
    plx_dictionary a, b;
    plx_dictionary_init(&a, &plx_allocator_default, plx_hash_seed_draw());
    plx_dictionary_init(&b, &plx_allocator_default, plx_hash_seed_draw());
    CHECK(plx_dictionary_hash(&a, text) != plx_dictionary_hash(&b, text));
    for (unsigned i = 0; i < 1000; i++) {
        char name[16];
        const plx_slice slice = {name, (size_t)snprintf(name, sizeof name, "%u", i * 7 % 500)};
        CHECK(add(&a, slice) == add(&b, slice));
    }
    CHECK(a.n == 500 && b.n == 500 && memcmp(a.ends, b.ends, 500 * sizeof *a.ends) == 0);
    plx_dictionary_release(&a);
    plx_dictionary_release(&b);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_crafted), CHECK_TEST(test_differences), CHECK_TEST(test_usual),
                                       CHECK_TEST(test_seeds)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
