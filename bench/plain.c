/* What a user would write without the headers: one obvious loop for each kernel, with the C library's functions. The compiler is
   given everything it wants (-O3 -mavx2), so the columns "plain" and "fast" of bench.c show what hand-written kernels are worth.
     cc -O3 -mavx2 -DPLAIN=plain_strict             -c bench/plain.c -o plain_strict.o
     cc -O3 -mavx2 -DPLAIN=plain_fast -ffast-math   -c bench/plain.c -o plain_fast.o
   Nothing here promises the same bits anywhere. Leave -mavx2 out on machines that are not x86. */
#include "plain.h"
#include <math.h>
#include <string.h>

#ifndef PLAIN
#error "-DPLAIN=plain_strict or -DPLAIN=plain_fast"
#endif

static float dot(const float *a, const float *b, size_t n)
{
    float sum = 0;
    size_t i;
    for (i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}
static void row_dot(float *out, const float *data, size_t stride, size_t n, size_t dim, const float *query)
{
    size_t i;
    for (i = 0; i < n; i++) out[i] = dot(data + i * stride, query, dim);
}
static void row_square(float *out, const float *data, size_t stride, size_t n, size_t dim)
{
    size_t i;
    for (i = 0; i < n; i++) out[i] = dot(data + i * stride, data + i * stride, dim);
}
static void row_dot_square(float *dots, float *square, const float *data, size_t stride, size_t n, size_t dim, const float *query)
{
    size_t i, k;
    for (i = 0; i < n; i++) {
        const float *row = data + i * stride;
        float d = 0, s = 0;
        for (k = 0; k < dim; k++) { d += row[k] * query[k]; s += row[k] * row[k]; }
        dots[i] = d;
        square[i] = s;
    }
}
static void row_variance(float *out, const float *data, size_t stride, size_t n, size_t dim)
{
    size_t i, k;
    for (i = 0; i < n; i++) {
        const float *row = data + i * stride;
        float mean = 0, sum = 0;
        for (k = 0; k < dim; k++) mean += row[k];
        mean /= (float)dim;
        for (k = 0; k < dim; k++) sum += (row[k] - mean) * (row[k] - mean);
        out[i] = sum / (float)dim;
    }
}
static int root(float *out, const float *dots, const float *square, size_t n, float factor)
{
    size_t i;
    if (dots) for (i = 0; i < n; i++) out[i] = dots[i] / (sqrtf(square[i]) * factor);
    else for (i = 0; i < n; i++) out[i] = sqrtf(square[i]) * factor;
    return 1;
}
static void divide(float *out, const float *a, size_t n, float d)
{
    size_t i;
    for (i = 0; i < n; i++) out[i] = a[i] / d;
}
static void ratio(float *out, const float *a, const float *b, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) out[i] = a[i] / b[i];
}
static void add(float *sum, const float *a, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) sum[i] += a[i];
}
static void half_to_float(float *out, const uint16_t *half, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) {
        const uint32_t sign = (uint32_t)(half[i] & 0x8000u) << 16, m = half[i] & 0x7fffu;
        uint32_t u = m << 13;
        float v;
        memcpy(&v, &u, 4);
        v *= 5.192296858534828e+33f;                                    /* 2^112 moves the exponent, subnormals too */
        memcpy(&u, &v, 4);
        u = sign | (m >= 0x7c00u ? 0x7f800000u | m << 13 : u);
        memcpy(out + i, &u, 4);
    }
}
/* 16 queries for each row. The packed queries of sphere.h come in another order; as plain work the order does not matter. */
static void panel16(float *restrict tile, const float *restrict data, size_t stride, size_t n, size_t dim, const float *restrict panel)
{
    size_t i, k, q;
    for (i = 0; i < n; i++) {
        float sum[16] = { 0 };
        for (k = 0; k < dim; k++) for (q = 0; q < 16; q++) sum[q] += data[i * stride + k] * panel[16 * k + q];
        memcpy(tile + 16 * i, sum, sizeof(sum));
    }
}
static size_t hits(uint16_t *hit, const float *value, size_t n, const float *floor16)
{
    size_t i, count = 0;
    for (i = 0; i < n; i++) if (value[i] >= floor16[i & 15u]) hit[count++] = (uint16_t)i;
    return count;
}
static void axis(float *out, const float *x, const float *y, const float *z, size_t n, const float *a)
{
    size_t i;
    for (i = 0; i < n; i++) out[i] = x[i] * a[0] + y[i] * a[1] + z[i] * a[2];
}
/* restrict: without it six arrays that might overlap keep the compiler from using vectors */
static void to_spherical(float *restrict r, float *restrict theta, float *restrict phi, const float *restrict x, const float *restrict y,
                         const float *restrict z, size_t n, int far)
{
    size_t i;
    (void)far;
    for (i = 0; i < n; i++) {
        const float flat = x[i] * x[i] + y[i] * y[i], azimuth = atan2f(y[i], x[i]);
        if (r) r[i] = sqrtf(flat + z[i] * z[i]);
        theta[i] = atan2f(sqrtf(flat), z[i]);
        phi[i] = azimuth < 0 ? azimuth + 6.28318531f : azimuth;
    }
}
/* One loop for each function and angle: where a sine and a cosine of the same angle meet in one loop, gcc makes one call of sincosf of
   them, for which the vector library has no version. With -ffast-math every loop here calls the vector sine or cosine. */
static void to_cartesian(float *restrict x, float *restrict y, float *restrict z, const float *restrict r, const float *restrict theta,
                         const float *restrict phi, size_t n)
{
    float sine_theta[256], cosine_theta[256], sine_phi[256], cosine_phi[256];
    size_t at, i;
    for (at = 0; at < n; at += 256) {
        const size_t m = n - at < 256 ? n - at : 256;
        for (i = 0; i < m; i++) sine_theta[i] = sinf(theta[at + i]);
        for (i = 0; i < m; i++) cosine_theta[i] = cosf(theta[at + i]);
        for (i = 0; i < m; i++) sine_phi[i] = sinf(phi[at + i]);
        for (i = 0; i < m; i++) cosine_phi[i] = cosf(phi[at + i]);
        for (i = 0; i < m; i++) {
            const float radius = r ? r[at + i] : 1.0f, flat = radius * sine_theta[i];
            x[at + i] = flat * cosine_phi[i];
            y[at + i] = flat * sine_phi[i];
            z[at + i] = radius * cosine_theta[i];
        }
    }
}
static void angles(float *angle, const float *ax, const float *ay, const float *az, const float *bx, const float *by, const float *bz, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) {
        const float dx = ax[i] - bx[i], dy = ay[i] - by[i], dz = az[i] - bz[i], sx = ax[i] + bx[i], sy = ay[i] + by[i], sz = az[i] + bz[i];
        angle[i] = 2 * atan2f(sqrtf(dx * dx + dy * dy + dz * dz), sqrtf(sx * sx + sy * sy + sz * sz));
    }
}
static void unit(float *x, float *y, float *z, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) {
        const float inverse = 1 / sqrtf(x[i] * x[i] + y[i] * y[i] + z[i] * z[i]);
        x[i] *= inverse;
        y[i] *= inverse;
        z[i] *= inverse;
    }
}
static void row_norm(float *out, const float *data, size_t n, size_t dim)
{
    size_t i;
    for (i = 0; i < n; i++) out[i] = sqrtf(dot(data + i * dim, data + i * dim, dim));
}
static void row_cosine(float *out, const float *data, size_t n, size_t dim, const float *query)
{
    const float norm = sqrtf(dot(query, query, dim));
    size_t i, k;
    for (i = 0; i < n; i++) {
        const float *row = data + i * dim;
        float d = 0, s = 0;
        for (k = 0; k < dim; k++) { d += row[k] * query[k]; s += row[k] * row[k]; }
        out[i] = d / (sqrtf(s) * norm);
    }
}
/* The score of a search: a dot product, or with norms the cosine for a query of length 1. */
static float score_of(const float *data, const float *norms, size_t i, size_t dim, const float *query)
{
    const float d = dot(data + i * dim, query, dim);
    return norms ? d / norms[i] : d;
}
static void topk(uint32_t *index, float *score, size_t k, const float *data, const float *norms, size_t n, size_t dim, const float *query)
{
    size_t i, at, count = 0;
    for (i = 0; i < n; i++) {
        const float s = score_of(data, norms, i, dim, query);
        if (count == k && !(s > score[k - 1])) continue;
        at = count < k ? count++ : k - 1;                               /* insertion: k is small */
        for (; at && score[at - 1] < s; at--) { score[at] = score[at - 1]; index[at] = index[at - 1]; }
        score[at] = s;
        index[at] = (uint32_t)i;
    }
}
static size_t cone(uint32_t *index, const float *data, const float *norms, size_t n, size_t dim, const float *query, float threshold)
{
    size_t i, count = 0;
    for (i = 0; i < n; i++) if (score_of(data, norms, i, dim, query) >= threshold) index[count++] = (uint32_t)i;
    return count;
}

const plain_kernels PLAIN = { row_dot, row_square, row_dot_square, row_variance, root, divide, ratio, add, half_to_float, panel16, hits, axis,
    to_spherical, to_cartesian, angles, unit, row_norm, row_cosine, topk, cone };
