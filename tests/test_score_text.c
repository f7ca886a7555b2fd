/* SPDX-License-Identifier: Apache-2.0 */
/* Scores in the output of `plexus predict` equal those of the C library's format. */
#include "check.h"

#include "../cli/score_text.h"

static void check_score(float score)
{
    char text[CLI_SCORE_SIZE], expected[64];
    const size_t length = cli_score_text(score, text), wanted = (size_t)snprintf(expected, 64, "%.9g", (double)score);
    if (length == wanted && memcmp(text, expected, length) == 0) return;
    printf("  %.*s instead of %s\n", (int)length, text, expected);
    CHECK(false);
}

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void check_bits(uint32_t bits)
{
    if (isnan(float_of(bits))) return;
    check_score(float_of(bits));
    check_score(-float_of(bits));
}

/* Every exponent with many mantissas, and the floats around each power of ten. */
static void test_floats(void)
{
    for (uint32_t bits = 0; bits < 0x7f800000; bits += 9973)
        check_bits(bits);
    for (uint32_t bits = 0x38000000; bits < 0x3f800001; bits += 307) /* 2^-15 to 1 */
        check_bits(bits);
    for (int power = -12; power < 15; power++) {
        const float ten = powf(10, (float)power);
        uint32_t bits;
        memcpy(&bits, &ten, sizeof bits);
        for (uint32_t i = bits - 300; i < bits + 300; i++)
            check_bits(i);
    }
}

static void test_special(void)
{
    static const float scores[] = {0,           1,    0.5f,  0.25f,    0.125f,       1e-4f, 9.99999975e-5f, 0.1f, 10,
                                   123456.789f, 1e9f, 1e10f, 16777216, 999999990.0f, 1e30f, 1.5f,           3,    100};
    for (size_t i = 0; i < sizeof scores / sizeof *scores; i++) {
        check_score(scores[i]);
        check_score(-scores[i]);
    }
    check_score(INFINITY);
    check_score(-INFINITY);
    /* Halves between two texts round to the even one. */
    for (int i = 0; i < 20000; i++)
        check_score((float)(100000 + i) + 0.0078125f * (float)(i % 128));
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_floats), CHECK_TEST(test_special)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
