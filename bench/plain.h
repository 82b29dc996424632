/* The plain C loops of plain.c as a table. plain.c is compiled twice, with and without -ffast-math; -DPLAIN=name names the table.
   The members that a kernel of sphere.h has too take the same arguments (see tests/kernels.inc). */
#ifndef SPHERE_BENCH_PLAIN_H
#define SPHERE_BENCH_PLAIN_H
#include <stddef.h>
#include <stdint.h>

typedef struct plain_kernels {
    void (*row_dot)(float *out, const float *data, size_t stride, size_t n, size_t dim, const float *query);
    void (*row_square)(float *out, const float *data, size_t stride, size_t n, size_t dim);
    void (*row_dot_square)(float *dot, float *square, const float *data, size_t stride, size_t n, size_t dim, const float *query);
    void (*row_variance)(float *out, const float *data, size_t stride, size_t n, size_t dim);
    int (*root)(float *out, const float *dot, const float *square, size_t n, float factor);
    void (*divide)(float *out, const float *a, size_t n, float d);
    void (*ratio)(float *out, const float *a, const float *b, size_t n);
    void (*add)(float *sum, const float *a, size_t n);
    void (*half)(float *out, const uint16_t *half, size_t n);
    void (*panel)(float *tile, const float *data, size_t stride, size_t n, size_t dim, const float *panel);
    size_t (*hits)(uint16_t *hit, const float *value, size_t n, const float *floor16);
    void (*axis)(float *out, const float *x, const float *y, const float *z, size_t n, const float *a);
    void (*to_spherical)(float *r, float *theta, float *phi, const float *x, const float *y, const float *z, size_t n, int far);
    void (*to_cartesian)(float *x, float *y, float *z, const float *r, const float *theta, const float *phi, size_t n);
    void (*angles)(float *angle, const float *ax, const float *ay, const float *az, const float *bx, const float *by, const float *bz, size_t n);
    void (*unit)(float *x, float *y, float *z, size_t n);
    /* what the public functions do */
    void (*row_norm)(float *out, const float *data, size_t n, size_t dim);
    void (*row_cosine)(float *out, const float *data, size_t n, size_t dim, const float *query);
    void (*topk)(uint32_t *index, float *score, size_t k, const float *data, const float *norms, size_t n, size_t dim, const float *query);
    size_t (*cone)(uint32_t *index, const float *data, const float *norms, size_t n, size_t dim, const float *query, float threshold);
} plain_kernels;

extern const plain_kernels plain_strict, plain_fast;
#endif
