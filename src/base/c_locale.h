/* SPDX-License-Identifier: Apache-2.0 */
/* The locale "C", for text that must not depend on the user's locale. */
#ifndef PLX_C_LOCALE_H
#define PLX_C_LOCALE_H

#include <locale.h>

/** For functions such as strtod_l; free it with freelocale. (locale_t)0 when out of memory. */
locale_t plx_c_locale(void);

#endif
