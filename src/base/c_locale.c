/* SPDX-License-Identifier: Apache-2.0 */
#include "base/c_locale.h"

locale_t plx_c_locale(void)
{
    return newlocale(LC_ALL_MASK, "C", (locale_t)0);
}
