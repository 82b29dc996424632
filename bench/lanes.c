/* Why reductions run in 16 virtual lanes: dot product and squared norm with 8, 16 and 32 lanes, with everything else equal.

   The number of lanes is part of the definition of a result (element i is added to lane i mod lanes), so it is chosen once. More
   lanes hide the latency of the addition; fewer are added up sooner at the end, waste less of a short row and fit the registers
   when four rows run at once. With AVX2 a lane is an eighth of a register, so 8, 16, 32 lanes are 1, 2, 4 accumulators a row;
   with NEON 2, 4, 8.

     cc -O2 -o lanes bench/lanes.c && ./lanes       x86: nanoseconds per row, one row a call and four rows at once
     sh bench/lanes.sh                              that, and the instructions that AArch64 executes, counted by an emulator

   Any other machine, and AArch64 with arguments (LANES ROWS KIND DIM), runs one reduction and prints its result. */
#define _POSIX_C_SOURCE 199309L
#define SPHERE_IMPLEMENTATION
#include "../sphere.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#if SPHERE_AVX2_ || SPHERE_NEON_
/* What the two instruction sets call the same thing. W floats a vector. */
#if SPHERE_AVX2_
enum { W = 8 };
typedef __m256 vec;
#define FN SPHERE_TARGET_AVX2_ static __attribute__((noinline))
#define ZERO() _mm256_setzero_ps()
#define LOAD(p) _mm256_loadu_ps(p)
#define ADD(a, b) _mm256_add_ps(a, b)
#define MADD(a, b, c) SPHERE_MADD_F32X8_(a, b, c)
#define PART(p, n) _mm256_maskload_ps(p, sphere_mask_avx2_((n) < 8 ? (n) : 8))     /* the first n, zeros behind */
SPHERE_AVX2_FN_ float one_sum(vec a_f32x8)
{
    __m128 s_f32x4 = _mm_add_ps(_mm256_castps256_ps128(a_f32x8), _mm256_extractf128_ps(a_f32x8, 1));
    s_f32x4 = _mm_add_ps(s_f32x4, _mm_movehl_ps(s_f32x4, s_f32x4));
    return _mm_cvtss_f32(_mm_add_ss(s_f32x4, _mm_shuffle_ps(s_f32x4, s_f32x4, 1)));
}
#define STORE_1(out) *(out) = one_sum(a0_0)
#define STORE_4(out) _mm_storeu_ps(out, sphere_lanes4_avx2_(a0_0, a1_0, a2_0, a3_0))
#else
enum { W = 4 };
typedef float32x4_t vec;
#define FN static __attribute__((noinline))
#define ZERO() vdupq_n_f32(0)
#define LOAD(p) vld1q_f32(p)
#define ADD(a, b) vaddq_f32(a, b)
#define MADD(a, b, c) SPHERE_MADD_F32X4_(a, b, c)
static inline vec part_neon(const float *p, size_t n)
{
    float four[4] = { 0 };
    if (n >= 4) return vld1q_f32(p);
    memcpy(four, p, n * sizeof(float));
    return vld1q_f32(four);
}
#define PART(p, n) part_neon(p, n)
static inline float one_sum(vec a_f32x4)
{
    float32x2_t s_f32x2 = vadd_f32(vget_low_f32(a_f32x4), vget_high_f32(a_f32x4));
    return vget_lane_f32(s_f32x2, 0) + vget_lane_f32(s_f32x2, 1);
}
#define STORE_1(out) *(out) = one_sum(a0_0)
#define STORE_4(out) ((out)[0] = one_sum(a0_0), (out)[1] = one_sum(a1_0), (out)[2] = one_sum(a2_0), (out)[3] = one_sum(a3_0))
#endif

/* For every vector v of a row: X(row, v). For every row: EACH(X, row). */
#define EACH_1(X, r) X(r, 0)
#define EACH_2(X, r) EACH_1(X, r) X(r, 1)
#define EACH_4(X, r) EACH_2(X, r) X(r, 2) X(r, 3)
#define EACH_8(X, r) EACH_4(X, r) X(r, 4) X(r, 5) X(r, 6) X(r, 7)
#define ROWS_1(EACH, X) EACH(X, 0)
#define ROWS_4(EACH, X) EACH(X, 0) EACH(X, 1) EACH(X, 2) EACH(X, 3)
/* Lanes are added by halves: the upper half of the vectors to the lower, down to one. */
#define FOLD_1(r)
#define FOLD_2(r) a##r##_0 = ADD(a##r##_0, a##r##_1);
#define FOLD_4(r) a##r##_0 = ADD(a##r##_0, a##r##_2); a##r##_1 = ADD(a##r##_1, a##r##_3); FOLD_2(r)
#define FOLD_8(r) a##r##_0 = ADD(a##r##_0, a##r##_4); a##r##_1 = ADD(a##r##_1, a##r##_5); \
    a##r##_2 = ADD(a##r##_2, a##r##_6); a##r##_3 = ADD(a##r##_3, a##r##_7); FOLD_4(r)
#define FOLDS_1(FOLD) FOLD(0)
#define FOLDS_4(FOLD) FOLD(0) FOLD(1) FOLD(2) FOLD(3)

#define DECLARE_(r, v) vec a##r##_##v = ZERO();
#define STEP_DOT_(r, v) a##r##_##v = MADD(LOAD(row##r + k + W * v), LOAD(query + k + W * v), a##r##_##v);
#define STEP_SQUARE_(r, v) x = LOAD(row##r + k + W * v); a##r##_##v = MADD(x, x, a##r##_##v);
#define REST_DOT_(r, v) if (k + W * v < dim) a##r##_##v = MADD(PART(row##r + k + W * v, dim - k - W * v), PART(query + k + W * v, dim - k - W * v), a##r##_##v);
#define REST_SQUARE_(r, v) if (k + W * v < dim) { x = PART(row##r + k + W * v, dim - k - W * v); a##r##_##v = MADD(x, x, a##r##_##v); }

/* out[i] for n rows, ROWS at once; n is a multiple of ROWS. The compiler keeps the query's vector for all four rows. */
#define REDUCTION(name, vectors, rows, STEP, REST) \
    FN void name(float *out, const float *data, size_t n, size_t dim, const float *query) \
    { \
        size_t i, k; \
        for (i = 0; i < n; i += rows, data += rows * dim) { \
            const float *row0 = data, *row1 = data + (rows > 1) * dim, *row2 = data + (rows > 1) * 2 * dim, *row3 = data + (rows > 1) * 3 * dim; \
            vec x = ZERO(); \
            ROWS_##rows(EACH_##vectors, DECLARE_) \
            (void)x; (void)row1; (void)row2; (void)row3; (void)query; \
            for (k = 0; k + vectors * W <= dim; k += vectors * W) { ROWS_##rows(EACH_##vectors, STEP) } \
            if (k < dim) { ROWS_##rows(EACH_##vectors, REST) } \
            FOLDS_##rows(FOLD_##vectors) \
            STORE_##rows(out + i); \
        } \
    }
#define FAMILY(lanes, vectors) \
    REDUCTION(dot_##lanes##_1, vectors, 1, STEP_DOT_, REST_DOT_) REDUCTION(dot_##lanes##_4, vectors, 4, STEP_DOT_, REST_DOT_) \
    REDUCTION(square_##lanes##_1, vectors, 1, STEP_SQUARE_, REST_SQUARE_) REDUCTION(square_##lanes##_4, vectors, 4, STEP_SQUARE_, REST_SQUARE_)
#if SPHERE_AVX2_
FAMILY(8, 1)
FAMILY(16, 2)
FAMILY(32, 4)
#else
FAMILY(8, 2)
FAMILY(16, 4)
FAMILY(32, 8)
#endif

typedef void (*reduction)(float *out, const float *data, size_t n, size_t dim, const float *query);
static const reduction reductions[2][2][3] = {                          /* kind, rows at once, lanes */
    { { dot_8_1, dot_16_1, dot_32_1 }, { dot_8_4, dot_16_4, dot_32_4 } },
    { { square_8_1, square_16_1, square_32_1 }, { square_8_4, square_16_4, square_32_4 } }
};
static const char *const kinds[2] = { "dot", "norm" };
static const size_t dims[3] = { 3, 100, 768 };

static float value_at(size_t i)
{
    uint32_t word[4];
    sphere_random_(1, 0, i, word);
    return sphere_uniform_(word[0]) - .5f;
}

#if SPHERE_AVX2_
static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
/* Nanoseconds per row. One row at once means one call for each row, as a user of sphere_dot makes them. */
static double measure(reduction run, int four, float *out, const float *data, size_t n, size_t dim, const float *query)
{
    const size_t passes = 1 + 4000000 / (n * (dim + 20));
    double start = seconds();
    size_t pass, i;
    for (pass = 0; pass < passes; pass++) {
        if (four) run(out, data, n, dim, query);
        else for (i = 0; i < n; i++) run(out + i, data + i * dim, 1, dim, query);
    }
    return 1e9 * (seconds() - start) / (double)(n * passes);
}
static int bench(void)
{
    static const struct { const char *name; size_t bytes; } places[3] = { { "L1", 16384 }, { "L2", 262144 }, { "memory", (size_t)256 << 20 } };
    const size_t floats = places[2].bytes / sizeof(float);
    float *data = (float *)malloc(places[2].bytes), *out = (float *)malloc((floats / 3 + 4) * sizeof(float)), query[768];
    double sum[3] = { 0, 0, 0 };
    size_t place, d, i;
    int kind, four, lanes, cells = 0, best = 0, turn;
    if (!data || !out) { fputs("lanes: no memory\n", stderr); return 1; }
    if (!__builtin_cpu_supports("avx2")) { fputs("lanes: this CPU has no AVX2\n", stderr); return 1; }
    for (i = 0; i < floats; i++) data[i] = (float)((i * 2654435761u >> 8) & 0xffffu) / 65536.0f - .5f;
    for (i = 0; i < 768; i++) query[i] = value_at(i);
    memset(out, 0, (floats / 3 + 4) * sizeof(float));
    puts("AVX2, ns per row               8 lanes  16 lanes  32 lanes");
    for (kind = 0; kind < 2; kind++) for (four = 0; four < 2; four++) for (d = 0; d < 3; d++) for (place = 0; place < 3; place++) {
        const size_t n = places[place].bytes / sizeof(float) / dims[d] / 4 * 4;
        double ns[3] = { 1e9, 1e9, 1e9 }, least = 1e9;
        /* The three take turns, so that a disturbance of the machine meets all; the fastest of many tries counts. */
        for (turn = 0; turn < (place == 2 ? 5 : 15); turn++) for (lanes = 0; lanes < 3; lanes++) {
            const double now = measure(reductions[kind][four][lanes], four, out, data, n, dims[d], query);
            if (now < ns[lanes]) ns[lanes] = now;
            if (now < least) least = now;
        }
        printf("%-5s dim %3u  %-6s %s %9.2f %9.2f %9.2f\n", kinds[kind], (unsigned)dims[d], places[place].name, four ? "4 rows" : "1 row ", ns[0], ns[1], ns[2]);
        for (lanes = 0; lanes < 3; lanes++) sum[lanes] += ns[lanes] / least;
        cells++;
    }
    printf("mean of time / best time       %9.3f %9.3f %9.3f\n", sum[0] / cells, sum[1] / cells, sum[2] / cells);
    for (lanes = 1; lanes < 3; lanes++) if (sum[lanes] < sum[best]) best = lanes;
    printf("AVX2 decides for %d lanes\n", 8 << best);
    free(data);
    free(out);
    return 0;
}
#endif

int main(int argc, char **argv)
{
    if (argc == 5) {
        const int lanes = atoi(argv[1]), four = atoi(argv[2]) == 4, kind = argv[3][0] == 'n';
        const size_t dim = (size_t)atoi(argv[4]);
        static float data[4 * 768], query[768];
        float out[4] = { 0, 0, 0, 0 };
        size_t i;
        if ((lanes != 8 && lanes != 16 && lanes != 32) || dim < 1 || dim > 768) { fputs("lanes: LANES 8, 16 or 32, ROWS 1 or 4, KIND dot or norm, DIM 1 to 768\n", stderr); return 2; }
        for (i = 0; i < 4 * 768; i++) data[i] = value_at(i);
        for (i = 0; i < 768; i++) query[i] = value_at(4 * 768 + i);
        reductions[kind][four][lanes / 16](out, data, four ? 4 : 1, dim, query);
        printf("%s, %d lanes: %.9g\n", kinds[kind], lanes, (double)out[0]);
        return 0;
    }
#if SPHERE_AVX2_
    if (argc == 1) return bench();
#endif
    fprintf(stderr, "usage: %s LANES ROWS KIND DIM\n", argv[0]);
    return 2;
}
#else
int main(void)
{
    fputs("lanes: this build has neither AVX2 nor NEON\n", stderr);
    return 1;
}
#endif
