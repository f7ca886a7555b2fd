/* SPDX-License-Identifier: Apache-2.0 */
/* The number type of graph, ops, models and kernels: float; double in the private build that checks gradients. */
#ifndef PLX_REAL_H
#define PLX_REAL_H

#ifdef PLX_DOUBLE
typedef double plx_real;
#else
typedef float plx_real;
#endif

#endif
