/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ONNX can split texts and join them, and has no operator that removes a byte: a text is trimmed of a blank by
 * splitting it at each, and joining what lies between the first and the last part that are more than blanks. It is
 * split at blanks first, then at tabs. The parts of a text that can be known are few, which bounds the number of
 * operators. They run only where a text has a blank at an end.
 */
#include "store/onnx_texts.h"

/* The most parts of a text that are joined. */
enum { MOST_PARTS = 64 };

const char *plx_onnx_split(plx_onnx *onnx, const char *texts, const char *separator, const char **counts)
{
    const char *outputs[2] = {NULL, NULL};
    const char *opened = plx_onnx_two(onnx, "StringConcat", plx_onnx_text_of(onnx, separator), texts);
    const plx_onnx_attribute attribute = {.name = "delimiter", .kind = PLX_ONNX_TEXT, .text = separator};
    plx_onnx_call_of(onnx, &(plx_onnx_call){.op = "StringSplit",
                                            .inputs = &opened,
                                            .n_inputs = 1,
                                            .attributes = &attribute,
                                            .n_attributes = 1,
                                            .n_outputs = 2,
                                            .outputs = outputs});
    if (counts) *counts = outputs[1];
    return outputs[0];
}

const char *plx_onnx_part(plx_onnx *onnx, const char *parts, int64_t i)
{
    const char *inputs[] = {parts, plx_onnx_int(onnx, i)};
    return plx_onnx_axis(onnx, "Squeeze", plx_onnx_along(onnx, "Gather", inputs, 2, "axis", 2), 2);
}

const char *plx_onnx_is_given(plx_onnx *onnx, const char *texts)
{
    return plx_onnx_one(onnx, "Not", plx_onnx_two(onnx, "Equal", texts, plx_onnx_text_of(onnx, "")));
}

static const char *matches(plx_onnx *onnx, const char *texts, const char *pattern)
{
    const plx_onnx_attribute attribute = {.name = "pattern", .kind = PLX_ONNX_TEXT, .text = pattern};
    return plx_onnx_call_of(
        onnx,
        &(plx_onnx_call){
            .op = "RegexFullMatch", .inputs = &texts, .n_inputs = 1, .attributes = &attribute, .n_attributes = 1});
}

/* -- Numbers ------------------------------------------------------------------------------------------------------ */

#define NUMBER(point)                                                                                                  \
    "[ \\t]*[+-]?([0-9]+(" point "[0-9]*)?|" point                                                                     \
    "[0-9]+)([eE][+-]?[0-9]+)?[ \\t]*|[ \\t]*[+-]?(?i:inf|infinity|nan)[ \\t]*"

const char *plx_onnx_number_texts(plx_onnx *onnx, const char *texts, bool has_comma)
{
    const char *is_true = matches(onnx, texts, "[ \\t]*(true|True|TRUE)[ \\t]*");
    const char *is_false = matches(onnx, texts, "[ \\t]*(false|False|FALSE)[ \\t]*");
    const char *is_number = matches(onnx, texts, has_comma ? NUMBER(",") : NUMBER("[.]")), *number = texts;
    if (has_comma) {
        const char *counts, *closed = plx_onnx_two(onnx, "StringConcat", texts, plx_onnx_text_of(onnx, ","));
        const char *parts = plx_onnx_split(onnx, closed, ",", &counts);
        const char *whole =
            plx_onnx_two(onnx, "StringConcat", plx_onnx_part(onnx, parts, 1), plx_onnx_text_of(onnx, "."));
        const char *is_cut = plx_onnx_two(onnx, "Greater", counts, plx_onnx_int(onnx, 3));
        number = plx_onnx_two(onnx, "StringConcat", whole, plx_onnx_part(onnx, parts, 2));
        number = plx_onnx_three(onnx, "Where", is_cut, number, texts);
    }
    number = plx_onnx_three(onnx, "Where", is_number, number, plx_onnx_text_of(onnx, ""));
    number = plx_onnx_three(onnx, "Where", is_true, plx_onnx_text_of(onnx, "1"), number);
    return plx_onnx_three(onnx, "Where", is_false, plx_onnx_text_of(onnx, "0"), number);
}

/* -- Trimming ----------------------------------------------------------------------------------------------------- */

/* The most parts that `byte` divides a known text into. */
static int64_t parts_of(const plx_dictionary *known, char byte)
{
    int64_t most = 1;
    for (uint32_t i = 0; known && i < known->n; i++) {
        const plx_slice text = plx_dictionary_text(known, i);
        int64_t n = 1;
        for (size_t at = 0; at < text.length; at++)
            n += text.text[at] == byte;
        if (n > most) most = n;
    }
    return most;
}

bool plx_onnx_can_trim(const plx_dictionary *known)
{
    return parts_of(known, ' ') <= MOST_PARTS && parts_of(known, '\t') <= MOST_PARTS;
}

/* The place of the first or last true value of `mask` along dimension 2, which stays with size 1; 0 for none. */
static const char *place_of(plx_onnx *onnx, const char *mask, bool last)
{
    const plx_onnx_attribute attributes[] = {{.name = "axis", .kind = PLX_ONNX_INT, .number = 2},
                                             {.name = "select_last_index", .kind = PLX_ONNX_INT, .number = last}};
    const char *numbers = plx_onnx_cast(onnx, mask, PLX_ONNX_FLOAT);
    return plx_onnx_call_of(
        onnx, &(plx_onnx_call){
                  .op = "ArgMax", .inputs = &numbers, .n_inputs = 1, .attributes = attributes, .n_attributes = 2});
}

/* Every second one of `n` texts in dimension 2, from `first`. */
static const char *every_second(plx_onnx *onnx, const char *texts, int first, int64_t n)
{
    int64_t places[MOST_PARTS];
    for (int64_t i = 0; i < n / 2; i++)
        places[i] = 2 * i + first;
    return plx_onnx_along(onnx, "Gather", (const char *[]){texts, plx_onnx_ints(onnx, places, n / 2)}, 2, "axis", 2);
}

/* The parts from place `first` to `last`, with `separator` between them, as one text: at most `most` parts. */
static const char *joined(plx_onnx *onnx, const char *parts, const char *first, const char *last, int64_t most,
                          const char *separator)
{
    int64_t n = 1, places[MOST_PARTS] = {0};
    for (; n < most; n *= 2)
        for (int64_t i = 0; i < n; i++)
            places[n + i] = n + i;
    const char *place = first;
    if (n > 1) place = plx_onnx_two(onnx, "Add", first, plx_onnx_ints(onnx, places, n));
    const char *taken = n > 1 ? plx_onnx_two(onnx, "Min", place, last) : place;
    const char *texts = plx_onnx_along(onnx, "GatherElements", (const char *[]){parts, taken}, 2, "axis", 2);
    if (n > 1) {
        const char *empty = plx_onnx_text_of(onnx, ""), *between = plx_onnx_text_of(onnx, separator);
        const char *is_first = plx_onnx_two(onnx, "Equal", place, first);
        texts = plx_onnx_two(onnx, "StringConcat", plx_onnx_three(onnx, "Where", is_first, empty, between), texts);
        texts = plx_onnx_three(onnx, "Where", plx_onnx_two(onnx, "LessOrEqual", place, last), texts, empty);
    }
    for (; n > 1; n /= 2)
        texts = plx_onnx_two(onnx, "StringConcat", every_second(onnx, texts, 0, n), every_second(onnx, texts, 1, n));
    return plx_onnx_axis(onnx, "Squeeze", texts, 2);
}

/* Without `separator` at the ends; `is_part`: whether a part is more than blanks. */
static const char *between_ends(plx_onnx *onnx, const char *parts, const char *is_part, const char *separator,
                                int64_t most)
{
    const char *first = place_of(onnx, is_part, false), *last = place_of(onnx, is_part, true);
    const char *is_any = plx_onnx_along(onnx, "GatherElements", (const char *[]){is_part, first}, 2, "axis", 2);
    const char *text = joined(onnx, parts, first, last, most, separator);
    const char *n = plx_onnx_axis(onnx, "Squeeze", plx_onnx_two(onnx, "Sub", last, first), 2);
    const char *is_long = plx_onnx_two(onnx, "GreaterOrEqual", n, plx_onnx_int(onnx, most));
    text = plx_onnx_three(onnx, "Where", is_long, plx_onnx_text_of(onnx, " "), text);
    return plx_onnx_three(onnx, "Where", plx_onnx_axis(onnx, "Squeeze", is_any, 2), text, plx_onnx_text_of(onnx, ""));
}

static const char *trim(plx_onnx *onnx, const char *texts, const void *known)
{
    const char *parts = plx_onnx_split(onnx, texts, " ", NULL);
    const char *is_part = plx_onnx_one(onnx, "Not", matches(onnx, parts, "\t*"));
    texts = between_ends(onnx, parts, is_part, " ", parts_of(known, ' '));
    parts = plx_onnx_split(onnx, texts, "\t", NULL);
    return between_ends(onnx, parts, plx_onnx_is_given(onnx, parts), "\t", parts_of(known, '\t'));
}

const char *plx_onnx_trimmed(plx_onnx *onnx, const char *texts, const plx_dictionary *known)
{
    const char *has_blanks = plx_onnx_cast(onnx, matches(onnx, texts, "(?s)[ \t].*|.*[ \t]"), PLX_ONNX_INT64);
    const char *n = plx_onnx_one(onnx, "ReduceSum", has_blanks);
    return plx_onnx_if(onnx, plx_onnx_two(onnx, "Greater", n, plx_onnx_int(onnx, 0)), texts, trim, known);
}
