/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of features of kind datetime; PLX_KEYS_NUMBER are for their age. */
#ifndef PLX_KEYS_DATETIME_H
#define PLX_KEYS_DATETIME_H

typedef enum plx_date_part { PLX_DATE_HOUR, PLX_DATE_WEEKDAY, PLX_DATE_MONTH, PLX_DATE_AGE } plx_date_part;
enum { PLX_DATE_PARTS = PLX_DATE_AGE + 1 };

#define PLX_MEMBERS_OF_datetime                                                                                        \
    plx_int_list parts; /* plx_date_part */                                                                            \
    char *reference;    /* date of age 0; empty: the latest date of the fit */

/* clang-format off */
#define PLX_ROWS_OF_datetime                                                                                           \
    {FIELD(parts), .type = PLX_FIELD_CHOICE_LIST, .kinds = KIND(DATETIME), .fallback = "[hour, weekday, month, age]",  \
     .choices = (const char *const[]){"hour", "weekday", "month", "age", NULL},                                        \
     .doc = "what is read of a date: hour, weekday and month are categories, each with an embedding; age, the days "   \
            "from the date to the reference, is a number. In UTC if the cell has a time zone, otherwise as it stands"},\
    {FIELD(reference), .type = PLX_FIELD_TEXT, .kinds = KIND(DATETIME), .fallback = "",                                \
     .doc = "date from which age is counted back, written like a cell; empty: the latest date in the rows of the "     \
            "fit, which the model file stores"},
/* clang-format on */

#endif
