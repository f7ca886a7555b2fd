/* SPDX-License-Identifier: Apache-2.0 */
/* x, or PLX_LEAKY_SLOPE x where x < 0; the slope is that of Keras' leaky_relu. */
#ifndef PLX_ACTIVATION_LEAKY_RELU_H
#define PLX_ACTIVATION_LEAKY_RELU_H

#define PLX_LEAKY_SLOPE 0.2f

#ifdef PLX_PLAIN_KERNELS

#define LEAKY_SLOPE ((plx_real)PLX_LEAKY_SLOPE)

static plx_real leaky_relu_of(plx_real x)
{
    return x < ZERO ? LEAKY_SLOPE * x : x;
}

static plx_real leaky_relu_gradient(plx_real y, plx_real dy)
{
    return y > ZERO ? dy : y * ZERO + LEAKY_SLOPE * dy;
}

#elif defined LANES

INLINE vf leaky_relu_of(vf x)
{
    return vf_if_less(x, (vf){0}, x * PLX_LEAKY_SLOPE, x);
}

INLINE vf leaky_relu_gradient(vf y, vf dy)
{
    return vf_if_less((vf){0}, y, dy, y * 0.0f + dy * PLX_LEAKY_SLOPE);
}

#endif

#endif
