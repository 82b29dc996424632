/* sphere.h - v0.1.0 - geometry, rows of embeddings, exact search and layout quality on the sphere. MIT licence, at the end.

   Do this in ONE C or C++ file:      #define SPHERE_IMPLEMENTATION
                                      #include "sphere.h"
   and only #include "sphere.h" everywhere else. Nothing to link, not even -lm.

   The same bits come out on every machine: at every SIMD level (portable, AVX2, NEON), for every thread count, with every
   compiler and at every optimisation level. -ffast-math is refused.

   Contents: grep for the tag
     >>core-types    status codes, SIMD level, parallel hook (the same lines in all sphere*.h)
     >>coordinates   cartesian and spherical, angles, unit vectors
     >>rows          dot, norm, cosine, variance, normalise, mean, half to float
     >>search        exact top-k and threshold search, exact neighbour graph
     >>quality       equal-area cells, cap discrepancy, what a layout keeps of its embedding
     >>core-impl     the shared core: contraction guards, random numbers, square root, exp, log, sincos, atan2
     >>kernels       portable, AVX2 and NEON versions next to each other, and their table
     >>implementation

   A worked example: the three rows nearest to a query
     sphere_rows rows = { data, 1000, 100, 0 };              1000 rows of 100 floats, tightly packed
     sphere_rows query = { q, 1, 100, 0 };
     sphere_search_desc desc = { 0 };
     uint32_t index[3]; float score[3];
     desc.metric = SPHERE_COSINE;
     size_t bytes = sphere_search_size(&rows, &query, 3, &desc);
     sphere_status status = sphere_search_topk(&rows, &query, 3, &desc, index, score, NULL, memory, bytes);
     if (status) puts(sphere_status_text(status));

   Conventions
     Right-handed axes, radians. theta is the colatitude from +z, 0..pi; phi the azimuth from +x, 0..2 pi. Directions are
     three separate arrays x, y, z; rows are float, row i starts at data + i * stride. Any pointer alignment will do.
     Every error leaves every output untouched. n = 0 is a success. Ties always go to the lower index.
   Memory
     Nothing is allocated. Where work space is needed, ask the _size function and hand in that many bytes, any alignment.
   Threads
     All functions are reentrant. sphere_exec plugs in a job system; the split depends on the problem only.
   Options, defined before the implementation: SPHERE_STATIC makes every function static; SPHERE_NO_SIMD keeps only the
     portable code. */
#ifndef SPHERE_H
#define SPHERE_H

/* sphere-core begin 1: the same lines in every sphere*.h; sphere.h is the source, `meson compile -C build sync-core` copies */
/* >>core-types */
#ifndef SPHERE_CORE_VERSION
#define SPHERE_CORE_VERSION 100
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__GNUC__) || defined(__clang__)
#define SPHERE_INLINE_ static inline __attribute__((unused))
#else
#define SPHERE_INLINE_ static inline
#endif
#define SPHERE_STATUS_LIST_(X) \
    X(SPHERE_OK, 0, "ok") \
    X(SPHERE_E_NULL, -1, "a required pointer is NULL: pass the array, or ask for zero elements") \
    X(SPHERE_E_RANGE, -2, "an argument is outside its documented range: see the function's comment") \
    X(SPHERE_E_SIZE, -3, "a size overflows size_t or exceeds 2^32 - 1 elements: split the data") \
    X(SPHERE_E_MEMORY, -4, "the working memory is too small or NULL: pass what the matching _size function returns") \
    X(SPHERE_E_NAN, -5, "a NaN where a number is required: clean the input first") \
    X(SPHERE_E_OVERLAP, -6, "an output overlaps an input or another output: use separate arrays") \
    X(SPHERE_E_LEVEL, -7, "this SIMD level does not exist on this CPU or in this build: use SPHERE_SIMD_BEST") \
    X(SPHERE_E_CANCEL, -8, "the progress callback asked to stop")
#define SPHERE_STATUS_ENUM_(name, value, text) name = value,
typedef enum sphere_status { SPHERE_STATUS_LIST_(SPHERE_STATUS_ENUM_) SPHERE_STATUS_END_ = 1 } sphere_status;
#define SPHERE_STATUS_CASE_(name, value, text) case name: return text;
/* What a status means and what to do about it; never NULL. */
SPHERE_INLINE_ const char *sphere_status_text(sphere_status status)
{
    switch (status) { SPHERE_STATUS_LIST_(SPHERE_STATUS_CASE_) case SPHERE_STATUS_END_: default: return "not a sphere_status"; }
}
/* Which version of the kernels runs. Tests and benchmarks force one; everyone else leaves 0. The bits are the same. */
typedef enum sphere_simd { SPHERE_SIMD_BEST = 0, SPHERE_SIMD_PORTABLE = 1, SPHERE_SIMD_AVX2 = 2, SPHERE_SIMD_NEON = 3 } sphere_simd;
/* The parallel hook: call task(context, i) once for every i < tasks, on any threads in any order, and return when all are done. */
typedef struct sphere_parallel {
    void (*run)(void *user, size_t tasks, void (*task)(void *context, size_t index), void *context);   /* 0 = serial */
    void *user;
} sphere_parallel;
typedef struct sphere_exec { sphere_simd simd; sphere_parallel parallel; } sphere_exec;     /* all zero = best level, one thread */
#elif SPHERE_CORE_VERSION != 100
#error "update every sphere*.h together"
#endif
/* sphere-core end 1 */

#if defined(SPHERE_STATIC)
#define SPHERE_API SPHERE_INLINE_
#else
#define SPHERE_API extern
#endif
#ifdef __cplusplus
extern "C" {
#endif

/* The best level that this CPU and this build have. */
SPHERE_API sphere_simd sphere_simd_best(void);

/* Every function below that takes `const sphere_exec *exec` accepts NULL for { 0 }, and returns SPHERE_E_LEVEL for a level that
   is not here. Each is exact in this sense: the same bits at every level, on every target, for every thread count. */

/* >>coordinates ---------------------------------------------------------------------------------------------------- */

/* Convert points from cartesian to spherical coordinates.
     x, y, z        (n)  any finite or infinite values, any scale
     r, theta, phi  (n)  radius, colatitude 0..pi, azimuth 0..2 pi (both ends can occur by rounding); r may be NULL.
                         The origin gives (0, 0, 0). A point on the z axis has phi = 0. A NaN coordinate, or two infinite ones,
                         gives NaN in all three. In place is fine: an output may be the same array as an input, else no overlap.
   Errors  SPHERE_E_NULL, SPHERE_E_OVERLAP, SPHERE_E_LEVEL.
   Cost    O(n). Error at most 2 units in the last place, near the poles too (tests/test_sphere.c). */
SPHERE_API sphere_status sphere_to_spherical(const float *x, const float *y, const float *z,
                                             float *r, float *theta, float *phi, size_t n, const sphere_exec *exec);

/* Convert points from spherical to cartesian coordinates; r may be NULL for unit vectors. theta = 0 gives exactly (0, 0, r)
   for a finite r.
     r, theta, phi  (n)  any finite angles (all of float is reduced correctly); a coordinate that needs a NaN or infinite angle is NaN
   Errors and overlap as sphere_to_spherical.
   Cost    O(n). Each coordinate within 2 units in the last place, 3 where an angle is beyond a million. */
SPHERE_API sphere_status sphere_to_cartesian(const float *r, const float *theta, const float *phi,
                                             float *x, float *y, float *z, size_t n, const sphere_exec *exec);

/* Angle between pairs of directions, 2 atan2(|a - b|, |a + b|): accurate for tiny and for nearly opposite angles, where acos of
   the dot product is not.
     ax..bz (n) unit vectors (lengths within 1e-6 of 1); angle (n) radians 0..pi; angle may be any of the inputs
   Errors  SPHERE_E_NULL, SPHERE_E_OVERLAP, SPHERE_E_LEVEL.   Cost  O(n).   Source  Kahan 2006, How futile... section 12. */
SPHERE_API sphere_status sphere_angles(const float *ax, const float *ay, const float *az, const float *bx, const float *by,
                                       const float *bz, float *angle, size_t n, const sphere_exec *exec);

/* Scale points to unit length in place. The origin stays the origin; a NaN or infinite point becomes NaN.
     x, y, z (n)    Errors  SPHERE_E_NULL, SPHERE_E_OVERLAP, SPHERE_E_LEVEL.   Cost  O(n). Within 2 units in the last place. */
SPHERE_API sphere_status sphere_unit(float *x, float *y, float *z, size_t n, const sphere_exec *exec);

/* >>rows ------------------------------------------------------------------------------------------------------------ */

/* A matrix of n rows of dim floats; row i starts at data + i * stride. stride 0 means dim, a smaller one than dim is an error. */
typedef struct sphere_rows {
    const float *data;
    size_t       n, dim, stride;
} sphere_rows;

/* Reductions over a row run in 16 virtual lanes: element i is added to lane i mod 16, each lane in order of i, then lane k gets
   lane k + 8, k + 4, k + 2, k + 1. That order is the definition of the result, on every machine (bench/lanes.c says why 16). */

/* Dot product and euclidean norm of single vectors of n floats; n = 0 gives 0, NULL with n > 0 gives NaN. The norm does not
   overflow or underflow before the result does (a sum of squares outside 2^-80..2^120 is taken again, scaled). */
SPHERE_API float sphere_dot(const float *a, const float *b, size_t n);
SPHERE_API float sphere_norm(const float *a, size_t n);

/* Dot product of every row with one query.
     rows (n, dim); query (dim); out (n), may not overlap the inputs. A NaN result is stored as the one quiet NaN.
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (stride), SPHERE_E_SIZE, SPHERE_E_OVERLAP, SPHERE_E_LEVEL.   Cost  one read of the rows. */
SPHERE_API sphere_status sphere_row_dot(const sphere_rows *rows, const float *query, float *out, const sphere_exec *exec);

/* Cosine of the angle between every row and one query: dot / (|row| |query|), 0 where either is a zero row.
   Shapes, errors and cost as sphere_row_dot. Not clamped: rounding can leave +-1 by 2e-7. */
SPHERE_API sphere_status sphere_row_cosine(const sphere_rows *rows, const float *query, float *out, const sphere_exec *exec);

/* Euclidean norm of every row; and population variance of every row (two passes over the row, mean first; dim = 0 gives 0).
   Shapes, errors and cost as sphere_row_dot. */
SPHERE_API sphere_status sphere_row_norm(const sphere_rows *rows, float *out, const sphere_exec *exec);
SPHERE_API sphere_status sphere_row_variance(const sphere_rows *rows, float *out, const sphere_exec *exec);

/* Divide every row by its norm, also where the norm is subnormal or overflows; a zero row stays zero, a row with a NaN or an infinity
   becomes NaN.
     out (n, dim), out_stride 0 = dim; out may be rows->data with the same stride, else no overlap.
   Errors  as sphere_row_dot.   Cost  one read and one write of the rows. */
SPHERE_API sphere_status sphere_row_normalize(const sphere_rows *rows, float *out, size_t out_stride, const sphere_exec *exec);

/* Mean of the rows, element by element: rows are added in blocks of 256 in order of index, then the blocks in order.
     mean (dim). n = 0 gives zeros. Serial.
   Errors  as sphere_row_dot.   Cost  one read of the rows. */
SPHERE_API sphere_status sphere_row_mean(const sphere_rows *rows, float *mean, const sphere_exec *exec);

/* Convert IEEE 754 half precision to float, exactly; every NaN becomes the one quiet NaN.
     half (n) bit patterns in host byte order; out (n), no overlap.
   Errors  SPHERE_E_NULL, SPHERE_E_SIZE, SPHERE_E_OVERLAP, SPHERE_E_LEVEL.   Cost  O(n). */
SPHERE_API sphere_status sphere_half_to_float(const uint16_t *half, float *out, size_t n, const sphere_exec *exec);

/* >>search ---------------------------------------------------------------------------------------------------------- */

typedef enum sphere_metric {
    SPHERE_DOT = 0,                /* score = q . x                                                                  */
    SPHERE_COSINE = 1              /* score = (q / |q|) . x / |x|; 0 for a zero row or query                         */
} sphere_metric;

typedef struct sphere_search_desc {
    sphere_metric metric;
    const float  *norms;           /* SPHERE_COSINE only: what sphere_row_norm gives for the rows; 0 = computed on the way */
    sphere_exec   exec;
} sphere_search_desc;

typedef struct sphere_search_report {
    uint64_t scores;               /* pairs of query and row that were compared                                      */
    uint64_t nan_scores;           /* of these, how many were NaN: such a row is never returned                      */
} sphere_search_report;

#define SPHERE_NO_INDEX 0xffffffffu   /* fills the places behind the last result of a query, with score -infinity    */

/* Bytes of working memory that a search or a graph needs for these shapes; 0 when a size overflows. desc may be NULL. */
SPHERE_API size_t sphere_search_size(const sphere_rows *rows, const sphere_rows *queries, size_t k, const sphere_search_desc *desc);

/* Find the k rows with the highest scores for each query, exactly: the answer of a portable float scan.
     rows (n, dim), n < 2^32; queries (m, dim); k <= n
     index, score (m, k)  ordered by (score descending, index ascending); score may be NULL
     desc    NULL or zero: dot product, best level, one thread
     report  may be NULL
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (k > n, dims differ, metric), SPHERE_E_SIZE, SPHERE_E_NAN (in a query), SPHERE_E_OVERLAP
           (outputs and memory against everything), SPHERE_E_MEMORY, SPHERE_E_LEVEL.
   Cost    m n dim multiply-adds; one read of the rows for every 64 queries. */
SPHERE_API sphere_status sphere_search_topk(const sphere_rows *rows, const sphere_rows *queries, size_t k,
                                            const sphere_search_desc *desc, uint32_t *index, float *score,
                                            sphere_search_report *report, void *memory, size_t bytes);

/* Find every row whose score is at least threshold: a cone of half-angle a has threshold cos a with SPHERE_COSINE.
     index, score (m, capacity)  the best `capacity` hits of each query in the order of sphere_search_topk
     count (m)                   how many rows really are inside; more than capacity means that the rest was left out
   Everything else, errors and cost as sphere_search_topk; SPHERE_E_NAN also for the threshold. */
SPHERE_API sphere_status sphere_search_cone(const sphere_rows *rows, const sphere_rows *queries, float threshold, size_t capacity,
                                            const sphere_search_desc *desc, uint32_t *index, float *score, size_t *count,
                                            sphere_search_report *report, void *memory, size_t bytes);

/* Build the exact neighbour graph: for each row the k other rows nearest by cosine.
     rows (n, dim); k < n, or n = 0
     index, similarity (n, k)  nearest first, ties by index, a row is not its own neighbour. similarity is the dot product of the
                               two rows after sphere_row_normalize, so it is the same in both directions.
   Errors  as sphere_search_topk; SPHERE_E_NAN when any row holds a NaN or an infinity: nothing is built.
   Cost    n^2 dim multiply-adds; memory about n dim floats (sphere_graph_size). */
SPHERE_API size_t sphere_graph_size(const sphere_rows *rows, size_t k);
SPHERE_API sphere_status sphere_graph(const sphere_rows *rows, size_t k, uint32_t *index, float *similarity, const sphere_exec *exec,
                                      void *memory, size_t bytes);

/* >>quality --------------------------------------------------------------------------------------------------------- */

/* Number the equal-area cell of each direction: bands of equal height in z, each cut into sectors of equal azimuth.
     x, y, z (n) unit vectors; cell (n) = band * sectors + sector, band 0 at the south pole; bands, sectors >= 1
     A direction with a NaN gets SPHERE_NO_INDEX.
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE, SPHERE_E_SIZE (bands * sectors), SPHERE_E_OVERLAP, SPHERE_E_LEVEL.   Cost  O(n). */
SPHERE_API sphere_status sphere_cells(const float *x, const float *y, const float *z, size_t n, size_t bands, size_t sectors,
                                      uint32_t *cell, const sphere_exec *exec);

/* How evenly directions cover the sphere. Zero-initialise the descriptor. */
typedef struct sphere_evenness_desc {
    size_t      bands, sectors;    /* 0 = 10 and 20: 200 equal-area cells                                            */
    size_t      axes;              /* 0 = 500 random axes for the cap discrepancy                                    */
    uint64_t    seed;
    sphere_exec exec;
} sphere_evenness_desc;

typedef struct sphere_evenness {
    float cell_max;                /* largest count of a cell / mean count                                           */
    float cell_cv;                 /* standard deviation of the counts / mean count                                  */
    float cap_discrepancy;         /* largest |F(z) - (z + 1)/2| of the empirical distribution along the axes        */
} sphere_evenness;

/* Measure it. x, y, z (n) unit vectors, n >= 1.
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (n, a coordinate beyond 2), SPHERE_E_SIZE, SPHERE_E_NAN, SPHERE_E_OVERLAP, SPHERE_E_MEMORY,
           SPHERE_E_LEVEL.
   Cost  O(axes n). */
SPHERE_API size_t sphere_evenness_size(size_t n, const sphere_evenness_desc *desc);
SPHERE_API sphere_status sphere_measure_evenness(const float *x, const float *y, const float *z, size_t n,
                                                 const sphere_evenness_desc *desc, sphere_evenness *out, void *memory, size_t bytes);

/* What a layout on the sphere keeps of the embedding it shows. Zero-initialise the descriptor. */
typedef struct sphere_fidelity_desc {
    size_t      k;                 /* 0 = 10: neighbours per point; at most 64                                       */
    size_t      samples;           /* 0 = all points; else that many, drawn without repetition                       */
    uint64_t    seed;
    float       cones[4];          /* shares of all points that a cone holds; all 0 = .01, .05, .10 and none         */
    sphere_exec exec;
} sphere_fidelity_desc;

typedef struct sphere_fidelity {
    float  recall;                 /* share of the k nearest by cosine among the k nearest by angle                  */
    float  trust;                  /* trustworthiness: 1 minus the mean penalty of neighbours that the map invents   */
    float  cone[4];                /* share of the true k nearest inside the cone that holds cones[i] of all points  */
    size_t samples;                /* points measured                                                                */
} sphere_fidelity;

/* Measure it.
     rows (n, dim) the embedding; x, y, z (n) unit vectors of the same points; k < n
   A true neighbour whose dot product equals that of the cone's last point counts as inside; ranks break ties by index.
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (k, a share, a coordinate beyond 2), SPHERE_E_SIZE, SPHERE_E_NAN (also an infinite row),
           SPHERE_E_OVERLAP, SPHERE_E_MEMORY, SPHERE_E_LEVEL.
   Cost    samples * n * (dim + 3 + 2 k) operations; memory about n dim floats.
   Source  Venna, Kaski 2001 (trustworthiness, both forms: k below and above n/2). */
SPHERE_API size_t sphere_fidelity_size(const sphere_rows *rows, const sphere_fidelity_desc *desc);
SPHERE_API sphere_status sphere_measure_fidelity(const sphere_rows *rows, const float *x, const float *y, const float *z,
                                                 const sphere_fidelity_desc *desc, sphere_fidelity *out, void *memory, size_t bytes);

#ifdef __cplusplus
}
#endif
/* Stop here if you only use sphere.h. ------------------------------------------------------------------------------ */
#endif /* SPHERE_H */

#if defined(SPHERE_IMPLEMENTATION) && !defined(SPHERE_IMPLEMENTATION_DONE_)
#define SPHERE_IMPLEMENTATION_DONE_

/* sphere-core begin 2 */
/* >>core-impl */
#if defined(__FAST_MATH__) || (defined(__FLT_EVAL_METHOD__) && (__FLT_EVAL_METHOD__ == 1 || __FLT_EVAL_METHOD__ == 2))
#error "no -ffast-math, and float must be computed as float: -fexcess-precision=fast (s390x), -msse2 -mfpmath=sse (32-bit x86)"
#endif
#if defined(__SSE2__)
#include <emmintrin.h>
#define SPHERE_SQRT_BODY_(x) return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x)));
#define SPHERE_SQRT_DOUBLE_(x) _mm_cvtsd_f64(_mm_sqrt_sd(_mm_setzero_pd(), _mm_set_sd(x)))
#elif defined(__aarch64__)
#include <arm_neon.h>
#define SPHERE_SQRT_BODY_(x) return vget_lane_f32(vsqrt_f32(vdup_n_f32(x)), 0);
#define SPHERE_SQRT_DOUBLE_(x) vget_lane_f64(vsqrt_f64(vdup_n_f64(x)), 0)
#elif defined(__wasm__)                                                 /* f32.sqrt, f64.sqrt; elsewhere these may be calls */
#define SPHERE_SQRT_BODY_(x) return __builtin_sqrtf(x);
#define SPHERE_SQRT_DOUBLE_(x) __builtin_sqrt(x)
#else
#if defined(__GNUC__) && defined(__ARM_FP) && (__ARM_FP & 4)
#define SPHERE_SQRT_BODY_(x) __asm__("vsqrt.f32 %0, %1" : "=t"(x) : "t"(x)); return x;
#elif defined(__GNUC__) && defined(__riscv_flen)
#define SPHERE_SQRT_BODY_(x) __asm__("fsqrt.s %0, %1" : "=f"(x) : "f"(x)); return x;
#else
#define SPHERE_SQRT_BODY_(x) return (float)sphere_sqrt_integer_((double)x);       /* rounding twice is harmless: 53 >= 2 * 24 + 2 */
#endif
#define SPHERE_SQRT_DOUBLE_(x) sphere_sqrt_integer_(x)
#endif
#if !defined(SPHERE_NO_SIMD) && defined(__SSE2__) && (defined(__GNUC__) || defined(__clang__))
#define SPHERE_AVX2_ 1
#define SPHERE_TARGET_AVX2_ __attribute__((target("avx2")))
#include <immintrin.h>
#if defined(_MSC_VER)                                                   /* clang-cl leaves out what /arch does not enable */
#include <intrin.h>
#include <smmintrin.h>
#include <avxintrin.h>
#include <avx2intrin.h>
#endif
#else
#define SPHERE_AVX2_ 0
#endif
#if !defined(SPHERE_NO_SIMD) && defined(__aarch64__) && defined(__ARM_NEON) && !defined(__AARCH64EB__)
#define SPHERE_NEON_ 1
#else
#define SPHERE_NEON_ 0
#endif
/* From here to the end of the file no compiler may fuse a product and a sum. gcc fuses intrinsics too under -std=gnu11 -mfma. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC push_options
#pragma GCC optimize("fp-contract=off")
#endif
#ifndef SPHERE_CORE_FUNCTIONS_
#define SPHERE_CORE_FUNCTIONS_
/* Every multiply-add of every kernel is one of these, so that a fused arithmetic could be added in one place. */
#define SPHERE_MADD_(a, b, c) ((a) * (b) + (c))
#define SPHERE_MADD_F32X8_(a, b, c) _mm256_add_ps(_mm256_mul_ps(a, b), c)
#define SPHERE_MADD_F32X4_(a, b, c) vaddq_f32(vmulq_f32(a, b), c)

SPHERE_INLINE_ sphere_simd sphere_simd_best_(void)
{
#if SPHERE_AVX2_ && defined(_MSC_VER)   /* clang-cl has no __cpu_model. Threads that race for the cache write the same value. */
    static int cached = 0; int leaf1[4], leaf7[4];
    if (__atomic_load_n(&cached, __ATOMIC_RELAXED)) return (sphere_simd)cached;
    __cpuid(leaf1, 1); __cpuidex(leaf7, 7, 0);                          /* the system saves ymm (OSXSAVE, XCR0), the CPU has AVX2 */
    __atomic_store_n(&cached, (leaf1[2] >> 27 & 1) && (_xgetbv(0) & 6) == 6 && (leaf7[1] >> 5 & 1) ? SPHERE_SIMD_AVX2 : SPHERE_SIMD_PORTABLE, __ATOMIC_RELAXED);
    return (sphere_simd)cached;
#elif SPHERE_AVX2_
    return __builtin_cpu_supports("avx2") ? SPHERE_SIMD_AVX2 : SPHERE_SIMD_PORTABLE;
#else
    return SPHERE_NEON_ ? SPHERE_SIMD_NEON : SPHERE_SIMD_PORTABLE;
#endif
}
/* The level to run for a request, or SPHERE_SIMD_BEST when the request cannot be met. */
SPHERE_INLINE_ sphere_simd sphere_simd_pick_(const sphere_exec *exec)
{
    sphere_simd best = sphere_simd_best_(), want = exec ? exec->simd : SPHERE_SIMD_BEST;
    return want == SPHERE_SIMD_BEST || want == best ? best : want == SPHERE_SIMD_PORTABLE ? want : SPHERE_SIMD_BEST;
}
SPHERE_INLINE_ void sphere_parallel_(const sphere_exec *exec, size_t tasks, void (*task)(void *context, size_t index), void *context)
{
    size_t i = 0;
    if (exec && exec->parallel.run && tasks > 1) exec->parallel.run(exec->parallel.user, tasks, task, context);
    else while (i < tasks) task(context, i++);
}
/* a * b + c, or SIZE_MAX when it overflows: SIZE_MAX then stays SIZE_MAX through further steps. */
SPHERE_INLINE_ size_t sphere_size_(size_t a, size_t b, size_t c)
{ return a == SIZE_MAX || b == SIZE_MAX || c == SIZE_MAX || (b && a > (SIZE_MAX - c) / b) ? SIZE_MAX : a * b + c; }
SPHERE_INLINE_ void *sphere_align_(void *p) { return (char *)p + ((64u - ((uintptr_t)p & 63u)) & 63u); }
SPHERE_INLINE_ int sphere_overlap_(const void *a, size_t a_bytes, const void *b, size_t b_bytes)
{ return a && b && ((uintptr_t)a < (uintptr_t)b ? b_bytes && (uintptr_t)b - (uintptr_t)a < a_bytes : a_bytes && (uintptr_t)a - (uintptr_t)b < b_bytes); }
SPHERE_INLINE_ uint32_t sphere_bits_(float x) { uint32_t u; memcpy(&u, &x, 4); return u; }
SPHERE_INLINE_ float sphere_from_bits_(uint32_t u) { float x; memcpy(&x, &u, 4); return x; }
SPHERE_INLINE_ float sphere_nan_(void) { return sphere_from_bits_(0x7fc00000u); }              /* the one NaN that is stored */
SPHERE_INLINE_ float sphere_inf_(void) { return sphere_from_bits_(0x7f800000u); }
SPHERE_INLINE_ float sphere_canonical_(float x) { return x == x ? x : sphere_nan_(); }
SPHERE_INLINE_ float sphere_abs_(float x) { return sphere_from_bits_(sphere_bits_(x) & 0x7fffffffu); }
/* Philox4x32-10: four random words from (seed, stream, index). Source: Salmon et al. 2011, Parallel random numbers. */
SPHERE_INLINE_ void sphere_random_(uint64_t seed, uint64_t stream, uint64_t index, uint32_t out[4])
{
    uint32_t c0 = (uint32_t)index, c1 = (uint32_t)(index >> 32), c2 = (uint32_t)stream, c3 = (uint32_t)(stream >> 32), k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32), round;
    for (round = 0; round < 10; round++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0; c1 = (uint32_t)p1; c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1; c3 = (uint32_t)p0;
    }
    out[0] = c0; out[1] = c1; out[2] = c2; out[3] = c3;
}
SPHERE_INLINE_ float sphere_uniform_(uint32_t u) { return (float)(u >> 8) * 5.9604644775390625e-08f; }   /* [0, 1), 24 bits */
/* Correctly rounded square root, one binary digit a step, for targets without the instruction. x is not negative. The root of a
   double is never half-way between two doubles, so one digit more decides the rounding. */
SPHERE_INLINE_ double sphere_sqrt_integer_(double x)
{
    uint64_t u, m, root = 0, rest = 0; int e, i;
    memcpy(&u, &x, 8); m = u & 0xfffffffffffffu; e = (int)(u >> 52);
    if (!(x > 0) || e == 2047) return x;
    if (e == 0) { for (e = 1; !(m >> 52); e--) m <<= 1; } else m |= 0x10000000000000u;
    if (!(e & 1)) { m <<= 1; e--; }                                     /* now x = m 2^(e - 1075) and e - 1023 is even */
    for (i = 0; i < 54; i++) {
        rest = rest << 2 | (i < 27 ? m >> (52 - 2 * i) & 3u : 0); root <<= 1;
        if (rest > 2 * root) { rest -= 2 * root + 1; root++; }
    }
    u = (uint64_t)((e - 1023) / 2 + 1023) << 52; memcpy(&x, &u, 8); return x * ((double)((root + 1) >> 1) * 2.220446049250313e-16);
}
/* Square root, correctly rounded, by the target's own instruction where there is one: sqrtf would be a call. */
SPHERE_INLINE_ double sphere_sqrt_double_(double x) { return SPHERE_SQRT_DOUBLE_(x); }
SPHERE_INLINE_ float sphere_sqrt_(float x) { SPHERE_SQRT_BODY_(x) }
/* e^x, within 1 unit in the last place: x = k ln 2 + r, |r| <= ln(2)/2, a minimax polynomial (2^-28), two exact scalings. */
SPHERE_INLINE_ float sphere_exp_(float x)
{
    float k, r, p; int half, whole;
    if (!(x <= 88.722839f)) return x == x ? sphere_inf_() : sphere_nan_();
    if (x < -104.0f) return 0;
    k = (x * 1.44269502f + 12582912.0f) - 12582912.0f;                  /* round to nearest: 1.5 * 2^23 leaves no fraction */
    r = (x - k * 0.693115234375f) - k * 3.19461833e-05f;                /* the first constant has 14 bits: exact */
    p = SPHERE_MADD_(0.00139505789f, r, 0.00836893264f); p = SPHERE_MADD_(p, r, 0.041666206f); p = SPHERE_MADD_(p, r, 0.166665182f);
    p = SPHERE_MADD_(p, r, 0.5f); p = 1.0f + (r + r * r * p); whole = (int)k; half = (whole + 512) / 2 - 256;
    return p * sphere_from_bits_((uint32_t)(half + 127) << 23) * sphere_from_bits_((uint32_t)(whole - half + 127) << 23);
}
/* Natural logarithm, within 1 unit in the last place: x = 2^e m, sqrt(1/2) <= m < sqrt 2, a minimax polynomial (2^-30). */
SPHERE_INLINE_ float sphere_log_(float x)
{
    float e = 0, f, p, s; int shift;
    if (!(x > 0)) return x == 0 ? -sphere_inf_() : sphere_nan_();
    if (x == sphere_inf_()) return x;
    if (x < 1.17549435e-38f) { x *= 8388608.0f; e = -23; }
    shift = (int)((sphere_bits_(x) + (0x3f800000u - 0x3f3504f3u)) >> 23) - 127;
    f = sphere_from_bits_(sphere_bits_(x) - ((uint32_t)shift << 23)) - 1.0f; e += (float)shift; s = f * f;
    p = SPHERE_MADD_(0.0691539273f, f, -0.117897913f); p = SPHERE_MADD_(p, f, 0.118729569f); p = SPHERE_MADD_(p, f, -0.123843506f); p = SPHERE_MADD_(p, f, 0.142186612f);
    p = SPHERE_MADD_(p, f, -0.16669251f); p = SPHERE_MADD_(p, f, 0.200022265f); p = SPHERE_MADD_(p, f, -0.249999866f); p = SPHERE_MADD_(p, f, 0.333333105f);
    return e * 0.693115234375f + (f + ((s * f * p + e * 3.19461833e-05f) - 0.5f * s));
}
/* Reduce a finite angle: x = q pi/2 + r, |r| <= pi/4 + 2^-11; returns q mod 4. Up to 12000 by four constants, the products with q
   exact; beyond, the fraction of x * 2/pi from its binary digits (Payne, Hanek 1983). */
SPHERE_INLINE_ uint32_t sphere_reduce_(float x, float *r)
{
    static const uint32_t digits[9] = { 0, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu, 0xdebbc561u };
    uint32_t u = sphere_bits_(x), w, m, part[3], i, shift; uint64_t turn;
    if ((u & 0x7fffffffu) <= 0x463b8000u) {                             /* |x| <= 12000 */
        float k = (x * 0.636619747f + 12582912.0f) - 12582912.0f, a = (x - k * 1.5703125f) - k * 4.83751297e-04f;
        float b = k * 7.54953362e-08f, c = a - b;                       /* a is exact; what c rounds away is put back */
        *r = c + (((a - c) - b) - k * 2.56334407e-12f);
        return (uint32_t)(int32_t)k & 3u;
    }
    m = (u & 0x7fffffu) | 0x800000u; shift = (u >> 23 & 255u) - 120u; w = shift >> 5; shift &= 31u;    /* |x| = m 2^(shift - 30); two digits before the point */
    for (i = 0; i < 3; i++) part[i] = shift ? digits[w + i] << shift | digits[w + i + 1] >> (32 - shift) : digits[w + i];
    turn = ((uint64_t)(m * part[0]) << 32) + (uint64_t)m * part[1] + ((uint64_t)m * part[2] >> 32); turn = u >> 31 ? 0 - turn : turn;
    w = (uint32_t)(turn >> 62) + (uint32_t)(turn >> 61 & 1u); turn <<= 2;              /* to the nearest quarter turn; what is left has a sign */
    *r = (float)(turn >> 63 ? (double)(0 - turn) * -8.5153039502163873e-20 : (double)turn * 8.5153039502163873e-20);
    return w & 3u;
}
/* Sine and cosine, within 1.6 units in the last place for every float; NaN for NaN and infinities. sin(-0) is -0. */
SPHERE_INLINE_ void sphere_sincos_(float x, float *sine, float *cosine)
{
    float r, z, s, c; uint32_t q;
    if (!(sphere_abs_(x) < sphere_inf_())) { *sine = *cosine = sphere_nan_(); return; }
    q = sphere_reduce_(x, &r); z = r * r;
    s = SPHERE_MADD_(-0.00019516499f, z, 0.00833217241f); s = SPHERE_MADD_(s, z, -0.166666552f);
    s = sphere_abs_(r) < 2.44140625e-04f ? r : SPHERE_MADD_(s * z, r, r);
    c = SPHERE_MADD_(2.44375551e-05f, z, -0.00138873595f); c = SPHERE_MADD_(c, z, 0.0416666456f);
    c = 1.0f - (0.5f * z - c * z * z); r = q & 1u ? c : s; c = q & 1u ? s : c;
    *sine = q & 2u ? -r : r; *cosine = (q + 1u) & 2u ? -c : c;
}
/* atan of q in 0..1: minimax polynomial, 2^-31, in the order of Estrin: a chain of multiply-adds would wait for itself. */
SPHERE_INLINE_ float sphere_atan01_(float q)
{
    float z = q * q, w = z * z, v = w * w, a = SPHERE_MADD_(0.199996918f, z, -0.333333284f), b = SPHERE_MADD_(0.110602416f, z, -0.1428013f);
    float c = SPHERE_MADD_(0.067595534f, z, -0.0881883949f), d = SPHERE_MADD_(0.0227601528f, z, -0.0449462049f), e = SPHERE_MADD_(0.00113486324f, z, -0.0074225557f);
    a = SPHERE_MADD_(b, w, a); c = SPHERE_MADD_(e, v, SPHERE_MADD_(d, w, c));
    return SPHERE_MADD_(SPHERE_MADD_(c, v, a), z * q, q);
}
/* atan2 as IEEE 754 has it (signed zeros, infinities), within 2 units in the last place. */
SPHERE_INLINE_ float sphere_atan2_(float y, float x)
{
    float ay = sphere_abs_(y), ax = sphere_abs_(x), small = ay < ax ? ay : ax, large = ay < ax ? ax : ay, a;
    if (!(x == x) || !(y == y)) return sphere_nan_();
    a = sphere_atan01_(large == 0 ? 0 : small == large ? 1.0f : small / large);
    if (ay > ax) a = 1.57079637f - (a + 4.37113883e-08f);
    if (sphere_bits_(x) >> 31) a = 3.14159274f - (a + 8.74227766e-08f);
    return sphere_bits_(y) >> 31 ? -a : a;
}
#endif /* SPHERE_CORE_FUNCTIONS_ */
/* sphere-core end 2 */

/* >>kernels
   One block per kernel: the portable version is the specification, then AVX2, then NEON with the same bits. Vector names carry
   their lanes. Row kernels read whole groups of 16 elements and then a zero-padded rest: a lane never holds -0, so adding the
   padding changes nothing. */

/* Add 16 lanes by halves. */
SPHERE_INLINE_ float sphere_lanes_c_(float *lane)
{
    size_t half, k;
    for (half = 8; half; half >>= 1) for (k = 0; k < half; k++) lane[k] += lane[k + half];
    return sphere_canonical_(lane[0]);
}
#if SPHERE_AVX2_
#define SPHERE_AVX2_FN_ SPHERE_TARGET_AVX2_ __attribute__((always_inline)) SPHERE_INLINE_      /* a call would pass vectors through memory */
/* The first n of 8 floats, zeros behind them; n is 0..8. */
SPHERE_AVX2_FN_ __m256i sphere_mask_avx2_(size_t n)
{
    static const int32_t mask[16] = { -1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0 };
    return _mm256_loadu_si256((const __m256i *)(const void *)(mask + 8 - n));
}
SPHERE_AVX2_FN_ __m256 sphere_canonical_avx2_(__m256 v_f32x8)
{
    return _mm256_blendv_ps(_mm256_castsi256_ps(_mm256_set1_epi32(0x7fc00000)), v_f32x8, _mm256_cmp_ps(v_f32x8, v_f32x8, _CMP_EQ_OQ));
}
/* Add the 16 lanes of four accumulators (lanes 0-7 and 8-15 already added): four results. */
SPHERE_AVX2_FN_ __m128 sphere_lanes4_avx2_(__m256 a_f32x8, __m256 b_f32x8, __m256 c_f32x8, __m256 d_f32x8)
{
    __m256 ab_f32x8 = _mm256_add_ps(_mm256_permute2f128_ps(a_f32x8, b_f32x8, 0x20), _mm256_permute2f128_ps(a_f32x8, b_f32x8, 0x31));
    __m256 cd_f32x8 = _mm256_add_ps(_mm256_permute2f128_ps(c_f32x8, d_f32x8, 0x20), _mm256_permute2f128_ps(c_f32x8, d_f32x8, 0x31));
    __m256 sum_f32x8 = _mm256_add_ps(_mm256_shuffle_ps(ab_f32x8, cd_f32x8, 0x44), _mm256_shuffle_ps(ab_f32x8, cd_f32x8, 0xee));
    __m128 r_f32x4;
    sum_f32x8 = _mm256_add_ps(_mm256_shuffle_ps(sum_f32x8, sum_f32x8, 0x88), _mm256_shuffle_ps(sum_f32x8, sum_f32x8, 0xdd));
    r_f32x4 = _mm_unpacklo_ps(_mm256_castps256_ps128(sum_f32x8), _mm256_extractf128_ps(sum_f32x8, 1));      /* a, b, c, d */
    return _mm_blendv_ps(_mm_castsi128_ps(_mm_set1_epi32(0x7fc00000)), r_f32x4, _mm_cmpeq_ps(r_f32x4, r_f32x4));
}
SPHERE_AVX2_FN_ void sphere_store_part_avx2_(float *out, __m128 r_f32x4, size_t n)
{
    float four[4];
    if (n >= 4) { _mm_storeu_ps(out, r_f32x4); return; }
    _mm_storeu_ps(four, r_f32x4);
    memcpy(out, four, n * sizeof(float));
}
#endif
#if SPHERE_NEON_
SPHERE_INLINE_ float32x4_t sphere_canonical_neon_(float32x4_t v_f32x4)
{
    return vbslq_f32(vceqq_f32(v_f32x4, v_f32x4), v_f32x4, vreinterpretq_f32_u32(vdupq_n_u32(0x7fc00000u)));
}
SPHERE_INLINE_ float sphere_lanes_neon_(float32x4_t l0_f32x4, float32x4_t l4_f32x4, float32x4_t l8_f32x4, float32x4_t l12_f32x4)
{
    float32x4_t sum_f32x4 = vaddq_f32(vaddq_f32(l0_f32x4, l8_f32x4), vaddq_f32(l4_f32x4, l12_f32x4));
    float32x2_t two_f32x2 = vadd_f32(vget_low_f32(sum_f32x4), vget_high_f32(sum_f32x4));
    return sphere_canonical_(vget_lane_f32(two_f32x2, 0) + vget_lane_f32(two_f32x2, 1));
}
#endif
/* Four row pointers for a kernel that takes four rows at once: behind the last row, the last row again. */
#define SPHERE_FOUR_ROWS_(i) \
    const float *r0 = data + (i) * stride, *r1 = (i) + 1 < n ? r0 + stride : r0, *r2 = (i) + 2 < n ? r1 + stride : r1, *r3 = (i) + 3 < n ? r2 + stride : r2

/* >>kernel row_dot: out[i] = row i . query */
SPHERE_INLINE_ float sphere_dot_c_(const float *a, const float *b, size_t dim)
{
    float lane[16] = { 0 };
    size_t i = 0, k;
    for (; i + 16 <= dim; i += 16) for (k = 0; k < 16; k++) lane[k] = SPHERE_MADD_(a[i + k], b[i + k], lane[k]);
    for (k = 0; i + k < dim; k++) lane[k] = SPHERE_MADD_(a[i + k], b[i + k], lane[k]);
    return sphere_lanes_c_(lane);
}
static void sphere_row_dot_c_(float *out, const float *data, size_t stride, size_t n, size_t dim, const float *query)
{
    size_t i;
    for (i = 0; i < n; i++) out[i] = sphere_dot_c_(data + i * stride, query, dim);
}
#if SPHERE_AVX2_
/* The loads of one step of eight lanes, whole or the rest of a row; the accumulators are a0 (row 0, lanes 0-7) to d1 (row 3, lanes 8-15). */
#define SPHERE_LOAD0_(row) _mm256_loadu_ps(row + k)
#define SPHERE_LOAD1_(row) _mm256_loadu_ps(row + k + 8)
#define SPHERE_REST0_(row) _mm256_maskload_ps(row + k, m0_i32x8)
#define SPHERE_REST1_(row) _mm256_maskload_ps(row + k + 8, m1_i32x8)
#define SPHERE_REST_MASKS_ m0_i32x8 = sphere_mask_avx2_((dim & 15u) < 8 ? dim & 15u : 8), m1_i32x8 = sphere_mask_avx2_((dim & 15u) > 8 ? (dim & 15u) - 8 : 0)
#define SPHERE_ROW_ACCUMULATORS_ a0_f32x8 = _mm256_setzero_ps(), a1_f32x8 = a0_f32x8, b0_f32x8 = a0_f32x8, b1_f32x8 = a0_f32x8, \
    c0_f32x8 = a0_f32x8, c1_f32x8 = a0_f32x8, d0_f32x8 = a0_f32x8, d1_f32x8 = a0_f32x8
#define SPHERE_ROW_RESULTS_ sphere_lanes4_avx2_(_mm256_add_ps(a0_f32x8, a1_f32x8), _mm256_add_ps(b0_f32x8, b1_f32x8), \
    _mm256_add_ps(c0_f32x8, c1_f32x8), _mm256_add_ps(d0_f32x8, d1_f32x8))
#define SPHERE_DOT1_AVX2_(LOAD, a, row) a = SPHERE_MADD_F32X8_(LOAD(row), LOAD(query), a)
/* A whole row: every step of 16 lanes, then the rest. One row after the other, prefetched 4 KB ahead, is the plain read's own order;
   two rows in step were measured up to 1.5 times slower from memory (rows of 256 floats and more), four in step 1.2 to 1.7 times. */
#define SPHERE_ROW_AVX2_(STEP, ahead, a, row) do { \
        for (k = 0; k + 16 <= dim; k += 16) { \
            if (ahead) _mm_prefetch((const char *)(row + k) + (ahead), _MM_HINT_T0); \
            STEP(SPHERE_LOAD0_, a##0_f32x8, row); \
            STEP(SPHERE_LOAD1_, a##1_f32x8, row); \
        } \
        if (k < dim) STEP(SPHERE_REST0_, a##0_f32x8, row); \
        if (k + 8 < dim) STEP(SPHERE_REST1_, a##1_f32x8, row); } while (0)
SPHERE_TARGET_AVX2_ static void sphere_row_dot_avx2_(float *out, const float *data, size_t stride, size_t n, size_t dim, const float *query)
{
    const __m256i SPHERE_REST_MASKS_;
    size_t i, k;
    for (i = 0; i < n; i += 4) {
        __m256 SPHERE_ROW_ACCUMULATORS_;
        SPHERE_FOUR_ROWS_(i);
        SPHERE_ROW_AVX2_(SPHERE_DOT1_AVX2_, 4096, a, r0);
        SPHERE_ROW_AVX2_(SPHERE_DOT1_AVX2_, 4096, b, r1);
        SPHERE_ROW_AVX2_(SPHERE_DOT1_AVX2_, 4096, c, r2);
        SPHERE_ROW_AVX2_(SPHERE_DOT1_AVX2_, 4096, d, r3);
        sphere_store_part_avx2_(out + i, SPHERE_ROW_RESULTS_, n - i);
    }
}
#endif
#if SPHERE_NEON_
static void sphere_row_dot_neon_(float *out, const float *data, size_t stride, size_t n, size_t dim, const float *query)
{
    float q_rest[16] = { 0 };
    const size_t whole = dim & ~(size_t)15;
    size_t i, k, r;
    if (whole < dim) memcpy(q_rest, query + whole, (dim - whole) * sizeof(float));
    for (i = 0; i < n; i += 4) {
        float32x4_t acc_f32x4[4][4];
        SPHERE_FOUR_ROWS_(i);
        const float *row[4] = { r0, r1, r2, r3 };
        for (r = 0; r < 4; r++) for (k = 0; k < 4; k++) acc_f32x4[r][k] = vdupq_n_f32(0);
        for (k = 0; k < whole; k += 16) {
            const float32x4_t q0_f32x4 = vld1q_f32(query + k), q4_f32x4 = vld1q_f32(query + k + 4);
            const float32x4_t q8_f32x4 = vld1q_f32(query + k + 8), q12_f32x4 = vld1q_f32(query + k + 12);
            for (r = 0; r < 4; r++) {
                acc_f32x4[r][0] = SPHERE_MADD_F32X4_(vld1q_f32(row[r] + k), q0_f32x4, acc_f32x4[r][0]);
                acc_f32x4[r][1] = SPHERE_MADD_F32X4_(vld1q_f32(row[r] + k + 4), q4_f32x4, acc_f32x4[r][1]);
                acc_f32x4[r][2] = SPHERE_MADD_F32X4_(vld1q_f32(row[r] + k + 8), q8_f32x4, acc_f32x4[r][2]);
                acc_f32x4[r][3] = SPHERE_MADD_F32X4_(vld1q_f32(row[r] + k + 12), q12_f32x4, acc_f32x4[r][3]);
            }
        }
        for (r = 0; r < 4 && i + r < n; r++) {
            float rest[16] = { 0 };
            if (whole < dim) {
                memcpy(rest, row[r] + whole, (dim - whole) * sizeof(float));
                for (k = 0; k < 4; k++) acc_f32x4[r][k] = SPHERE_MADD_F32X4_(vld1q_f32(rest + 4 * k), vld1q_f32(q_rest + 4 * k), acc_f32x4[r][k]);
            }
            out[i + r] = sphere_lanes_neon_(acc_f32x4[r][0], acc_f32x4[r][1], acc_f32x4[r][2], acc_f32x4[r][3]);
        }
    }
}
#endif

/* >>kernel row_square: out[i] = row i . row i */
static void sphere_row_square_c_(float *out, const float *data, size_t stride, size_t n, size_t dim)
{
    size_t i;
    for (i = 0; i < n; i++) out[i] = sphere_dot_c_(data + i * stride, data + i * stride, dim);
}
#if SPHERE_AVX2_
#define SPHERE_SQUARE1_AVX2_(LOAD, a, row) do { const __m256 v_f32x8 = LOAD(row); a = SPHERE_MADD_F32X8_(v_f32x8, v_f32x8, a); } while (0)
SPHERE_TARGET_AVX2_ static void sphere_row_square_avx2_(float *out, const float *data, size_t stride, size_t n, size_t dim)
{
    const __m256i SPHERE_REST_MASKS_;
    size_t i, k;
    for (i = 0; i < n; i += 4) {
        __m256 SPHERE_ROW_ACCUMULATORS_;
        SPHERE_FOUR_ROWS_(i);
        SPHERE_ROW_AVX2_(SPHERE_SQUARE1_AVX2_, 4096, a, r0);
        SPHERE_ROW_AVX2_(SPHERE_SQUARE1_AVX2_, 4096, b, r1);
        SPHERE_ROW_AVX2_(SPHERE_SQUARE1_AVX2_, 4096, c, r2);
        SPHERE_ROW_AVX2_(SPHERE_SQUARE1_AVX2_, 4096, d, r3);
        sphere_store_part_avx2_(out + i, SPHERE_ROW_RESULTS_, n - i);
    }
}
#endif
#if SPHERE_NEON_
/* Sum of (x - mean)^2 over the lanes of one row; with mean 0 the sum of squares. Padding is kept at 0 by repeating the mean. */
SPHERE_INLINE_ float sphere_square_neon_(const float *row, size_t dim, float mean)
{
    const float32x4_t mean_f32x4 = vdupq_n_f32(mean);
    float32x4_t acc_f32x4[4], v_f32x4;
    float rest[16];
    size_t i, k;
    for (k = 0; k < 4; k++) acc_f32x4[k] = vdupq_n_f32(0);
    for (i = 0; i + 16 <= dim; i += 16) for (k = 0; k < 4; k++) {
        v_f32x4 = vsubq_f32(vld1q_f32(row + i + 4 * k), mean_f32x4);
        acc_f32x4[k] = SPHERE_MADD_F32X4_(v_f32x4, v_f32x4, acc_f32x4[k]);
    }
    if (i < dim) {
        for (k = 0; k < 16; k++) rest[k] = i + k < dim ? row[i + k] - mean : 0;
        for (k = 0; k < 4; k++) acc_f32x4[k] = SPHERE_MADD_F32X4_(vld1q_f32(rest + 4 * k), vld1q_f32(rest + 4 * k), acc_f32x4[k]);
    }
    return sphere_lanes_neon_(acc_f32x4[0], acc_f32x4[1], acc_f32x4[2], acc_f32x4[3]);
}
static void sphere_row_square_neon_(float *out, const float *data, size_t stride, size_t n, size_t dim)
{
    size_t i;
    for (i = 0; i < n; i++) out[i] = sphere_square_neon_(data + i * stride, dim, 0);
}
#endif

/* >>kernel row_dot_square: dot[i] = row i . query and square[i] = row i . row i in one read */
static void sphere_row_dot_square_c_(float *dot, float *square, const float *data, size_t stride, size_t n, size_t dim, const float *query)
{
    sphere_row_dot_c_(dot, data, stride, n, dim, query);
    sphere_row_square_c_(square, data, stride, n, dim);
}
#if SPHERE_AVX2_
/* Here a and b are the dots of two rows, c and d their squares. */
#define SPHERE_PAIR_ACCUMULATORS_ a_lanes0_f32x8 = _mm256_setzero_ps(), a_lanes1_f32x8 = a_lanes0_f32x8, b_lanes0_f32x8 = a_lanes0_f32x8, \
    b_lanes1_f32x8 = a_lanes0_f32x8, c_lanes0_f32x8 = a_lanes0_f32x8, c_lanes1_f32x8 = a_lanes0_f32x8, d_lanes0_f32x8 = a_lanes0_f32x8, d_lanes1_f32x8 = a_lanes0_f32x8
#define SPHERE_DOT_SQUARE_A_AVX2_(LOAD, acc, row) do { const __m256 v_f32x8 = LOAD(row); \
        a_##acc = SPHERE_MADD_F32X8_(v_f32x8, LOAD(query), a_##acc); c_##acc = SPHERE_MADD_F32X8_(v_f32x8, v_f32x8, c_##acc); } while (0)
#define SPHERE_DOT_SQUARE_B_AVX2_(LOAD, acc, row) do { const __m256 v_f32x8 = LOAD(row); \
        b_##acc = SPHERE_MADD_F32X8_(v_f32x8, LOAD(query), b_##acc); d_##acc = SPHERE_MADD_F32X8_(v_f32x8, v_f32x8, d_##acc); } while (0)
SPHERE_TARGET_AVX2_ static void sphere_row_dot_square_avx2_(float *dot, float *square, const float *data, size_t stride, size_t n, size_t dim, const float *query)
{
    const __m256i SPHERE_REST_MASKS_;
    size_t i, k;
    for (i = 0; i < n; i += 2) {
        const float *r0 = data + i * stride, *r1 = i + 1 < n ? r0 + stride : r0;
        __m256 SPHERE_PAIR_ACCUMULATORS_;
        float four[4];
        SPHERE_ROW_AVX2_(SPHERE_DOT_SQUARE_A_AVX2_, 4096, lanes, r0);
        SPHERE_ROW_AVX2_(SPHERE_DOT_SQUARE_B_AVX2_, 4096, lanes, r1);
        _mm_storeu_ps(four, sphere_lanes4_avx2_(_mm256_add_ps(a_lanes0_f32x8, a_lanes1_f32x8), _mm256_add_ps(b_lanes0_f32x8, b_lanes1_f32x8),
                                                _mm256_add_ps(c_lanes0_f32x8, c_lanes1_f32x8), _mm256_add_ps(d_lanes0_f32x8, d_lanes1_f32x8)));
        dot[i] = four[0];
        square[i] = four[2];
        if (i + 1 < n) { dot[i + 1] = four[1]; square[i + 1] = four[3]; }
    }
}
#endif
#if SPHERE_NEON_
static void sphere_row_dot_square_neon_(float *dot, float *square, const float *data, size_t stride, size_t n, size_t dim, const float *query)
{
    size_t i, at, rows;
    for (at = 0; at < n; at += rows) {                                                  /* the second pass reads the cache */
        rows = n - at < 16 ? n - at : 16;
        sphere_row_dot_neon_(dot + at, data + at * stride, stride, rows, dim, query);
        for (i = at; i < at + rows; i++) square[i] = sphere_square_neon_(data + i * stride, dim, 0);
    }
}
#endif

/* >>kernel row_variance: out[i] = mean of (x - mean)^2 over row i, dim > 0 */
static void sphere_row_variance_c_(float *out, const float *data, size_t stride, size_t n, size_t dim)
{
    size_t i, j;
    for (i = 0; i < n; i++) {
        const float *row = data + i * stride;
        float sum[16] = { 0 }, square[16] = { 0 }, mean;
        for (j = 0; j < dim; j++) sum[j & 15u] += row[j];
        mean = sphere_lanes_c_(sum) / (float)dim;
        for (j = 0; j < dim; j++) { float d = row[j] - mean; square[j & 15u] = SPHERE_MADD_(d, d, square[j & 15u]); }
        out[i] = sphere_canonical_(sphere_lanes_c_(square) / (float)dim);
    }
}
#if SPHERE_AVX2_
#define SPHERE_SUM2_AVX2_(LOAD, a, b, ra, rb) do { a = _mm256_add_ps(a, LOAD(ra)); b = _mm256_add_ps(b, LOAD(rb)); } while (0)
/* Two rows in step, where the rows are in cache already; the prefetch goes through both in the order of the memory. */
#define SPHERE_PAIR_AVX2_(STEP, ahead, a, b, ra, rb) do { \
        for (k = 0; k + 16 <= dim; k += 16) { \
            if (ahead) { _mm_prefetch((const char *)(ra + 2 * k) + (ahead), _MM_HINT_T0); _mm_prefetch((const char *)(ra + 2 * k) + (ahead) + 64, _MM_HINT_T0); } \
            STEP(SPHERE_LOAD0_, a##0_f32x8, b##0_f32x8, ra, rb); \
            STEP(SPHERE_LOAD1_, a##1_f32x8, b##1_f32x8, ra, rb); \
        } \
        if (k < dim) STEP(SPHERE_REST0_, a##0_f32x8, b##0_f32x8, ra, rb); \
        if (k + 8 < dim) STEP(SPHERE_REST1_, a##1_f32x8, b##1_f32x8, ra, rb); } while (0)
/* The rest of a row is masked again after the subtraction: the padding must not become (0 - mean)^2. */
#define SPHERE_KEEP_SPHERE_LOAD0_(v) (v)
#define SPHERE_KEEP_SPHERE_LOAD1_(v) (v)
#define SPHERE_KEEP_SPHERE_REST0_(v) _mm256_and_ps(v, _mm256_castsi256_ps(m0_i32x8))
#define SPHERE_KEEP_SPHERE_REST1_(v) _mm256_and_ps(v, _mm256_castsi256_ps(m1_i32x8))
#define SPHERE_CENTRED2_AVX2_(LOAD, a, b, ra, rb) do { \
        const __m256 v_f32x8 = SPHERE_KEEP_##LOAD(_mm256_sub_ps(LOAD(ra), mean_##ra)), w_f32x8 = SPHERE_KEEP_##LOAD(_mm256_sub_ps(LOAD(rb), mean_##rb)); \
        a = SPHERE_MADD_F32X8_(v_f32x8, v_f32x8, a); b = SPHERE_MADD_F32X8_(w_f32x8, w_f32x8, b); } while (0)
#define SPHERE_CENTRED1_AVX2_(LOAD, a, row) do { \
        const __m256 v_f32x8 = SPHERE_KEEP_##LOAD(_mm256_sub_ps(LOAD(row), mean_##row)); a = SPHERE_MADD_F32X8_(v_f32x8, v_f32x8, a); } while (0)
SPHERE_TARGET_AVX2_ static void sphere_row_variance_avx2_(float *out, const float *data, size_t stride, size_t n, size_t dim)
{
    const __m256i SPHERE_REST_MASKS_;
    const __m128 dim_f32x4 = _mm_set1_ps((float)dim);
    size_t i, j, k;
    float mean[4] = { 0 }, next[4] = { 0 };
    /* Four means are made before the squares of the four rows before them: no row waits for its own mean. Memory is asked for in the
       second pass, which has nothing else to load, and far ahead: 24 KB are six to fifteen rows. */
    for (i = 0; i < n + 4; i += 4) {
        if (i < n) {
            __m256 SPHERE_ROW_ACCUMULATORS_;
            SPHERE_FOUR_ROWS_(i);
            SPHERE_PAIR_AVX2_(SPHERE_SUM2_AVX2_, 0, a, b, r0, r1);
            SPHERE_PAIR_AVX2_(SPHERE_SUM2_AVX2_, 0, c, d, r2, r3);
            _mm_storeu_ps(next, _mm_div_ps(SPHERE_ROW_RESULTS_, dim_f32x4));
        }
        if (i >= 4) {
            const __m256 mean_r0 = _mm256_broadcast_ss(mean), mean_r1 = _mm256_broadcast_ss(mean + 1);
            const __m256 mean_r2 = _mm256_broadcast_ss(mean + 2), mean_r3 = _mm256_broadcast_ss(mean + 3);
            __m256 SPHERE_ROW_ACCUMULATORS_;
            j = i - 4;
            {
                SPHERE_FOUR_ROWS_(j);
                if (dim <= 256) {
                    SPHERE_PAIR_AVX2_(SPHERE_CENTRED2_AVX2_, 24576, a, b, r0, r1);
                    SPHERE_PAIR_AVX2_(SPHERE_CENTRED2_AVX2_, 24576, c, d, r2, r3);
                } else {
                    SPHERE_ROW_AVX2_(SPHERE_CENTRED1_AVX2_, 24576, a, r0);
                    SPHERE_ROW_AVX2_(SPHERE_CENTRED1_AVX2_, 24576, b, r1);
                    SPHERE_ROW_AVX2_(SPHERE_CENTRED1_AVX2_, 24576, c, r2);
                    SPHERE_ROW_AVX2_(SPHERE_CENTRED1_AVX2_, 24576, d, r3);
                }
                sphere_store_part_avx2_(out + j, _mm_div_ps(SPHERE_ROW_RESULTS_, dim_f32x4), n - j);
            }
        }
        memcpy(mean, next, sizeof(mean));
    }
}
#endif
#if SPHERE_NEON_
static void sphere_row_variance_neon_(float *out, const float *data, size_t stride, size_t n, size_t dim)
{
    size_t i, j, k;
    for (i = 0; i < n; i++) {
        const float *row = data + i * stride;
        float32x4_t acc_f32x4[4];
        float rest[16] = { 0 };
        for (k = 0; k < 4; k++) acc_f32x4[k] = vdupq_n_f32(0);
        for (j = 0; j + 16 <= dim; j += 16) for (k = 0; k < 4; k++) acc_f32x4[k] = vaddq_f32(acc_f32x4[k], vld1q_f32(row + j + 4 * k));
        if (j < dim) memcpy(rest, row + j, (dim - j) * sizeof(float));
        if (j < dim) for (k = 0; k < 4; k++) acc_f32x4[k] = vaddq_f32(acc_f32x4[k], vld1q_f32(rest + 4 * k));
        out[i] = sphere_canonical_(sphere_square_neon_(row, dim, sphere_lanes_neon_(acc_f32x4[0], acc_f32x4[1], acc_f32x4[2], acc_f32x4[3]) / (float)dim) / (float)dim);
    }
}
#endif

/* >>kernel root: out[i] = sqrt(square[i]) * factor, or with a dot out[i] = dot[i] / (sqrt(square[i]) * factor). Returns whether
   all squares and norms were in the range where neither they nor the products lose digits; if not, the caller looks at each. */
#define SPHERE_SQUARE_LOW_ 8.27180613e-25f      /* 2^-80 */
#define SPHERE_SQUARE_HIGH_ 1.32922800e+36f     /* 2^120 */
static int sphere_root_c_(float *out, const float *dot, const float *square, size_t n, float factor)
{
    int good = 1;
    size_t i;
    for (i = 0; i < n; i++) {
        const float root = sphere_sqrt_(square[i]) * factor;
        good &= square[i] > SPHERE_SQUARE_LOW_ && square[i] < SPHERE_SQUARE_HIGH_ && root > 1e-30f && root < 1e30f;
        out[i] = sphere_canonical_(dot ? dot[i] / root : root);
    }
    return good;
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static int sphere_root_avx2_(float *out, const float *dot, const float *square, size_t n, float factor)
{
    const __m256 factor_f32x8 = _mm256_set1_ps(factor);
    __m256 good_f32x8 = _mm256_castsi256_ps(_mm256_set1_epi32(-1));
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256 square_f32x8 = _mm256_loadu_ps(square + i), root_f32x8 = _mm256_mul_ps(_mm256_sqrt_ps(square_f32x8), factor_f32x8);
        good_f32x8 = _mm256_and_ps(good_f32x8, _mm256_cmp_ps(square_f32x8, _mm256_set1_ps(SPHERE_SQUARE_LOW_), _CMP_GT_OQ));
        good_f32x8 = _mm256_and_ps(good_f32x8, _mm256_cmp_ps(square_f32x8, _mm256_set1_ps(SPHERE_SQUARE_HIGH_), _CMP_LT_OQ));
        good_f32x8 = _mm256_and_ps(good_f32x8, _mm256_cmp_ps(root_f32x8, _mm256_set1_ps(1e-30f), _CMP_GT_OQ));
        good_f32x8 = _mm256_and_ps(good_f32x8, _mm256_cmp_ps(root_f32x8, _mm256_set1_ps(1e30f), _CMP_LT_OQ));
        _mm256_storeu_ps(out + i, sphere_canonical_avx2_(dot ? _mm256_div_ps(_mm256_loadu_ps(dot + i), root_f32x8) : root_f32x8));
    }
    return sphere_root_c_(out + i, dot ? dot + i : NULL, square + i, n - i, factor) & (_mm256_movemask_ps(good_f32x8) == 255);
}
#endif
#if SPHERE_NEON_
static int sphere_root_neon_(float *out, const float *dot, const float *square, size_t n, float factor)
{
    const float32x4_t factor_f32x4 = vdupq_n_f32(factor);
    uint32x4_t good_u32x4 = vdupq_n_u32(0xffffffffu);
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        const float32x4_t square_f32x4 = vld1q_f32(square + i), root_f32x4 = vmulq_f32(vsqrtq_f32(square_f32x4), factor_f32x4);
        good_u32x4 = vandq_u32(good_u32x4, vandq_u32(vcgtq_f32(square_f32x4, vdupq_n_f32(SPHERE_SQUARE_LOW_)), vcltq_f32(square_f32x4, vdupq_n_f32(SPHERE_SQUARE_HIGH_))));
        good_u32x4 = vandq_u32(good_u32x4, vandq_u32(vcgtq_f32(root_f32x4, vdupq_n_f32(1e-30f)), vcltq_f32(root_f32x4, vdupq_n_f32(1e30f))));
        vst1q_f32(out + i, sphere_canonical_neon_(dot ? vdivq_f32(vld1q_f32(dot + i), root_f32x4) : root_f32x4));
    }
    return sphere_root_c_(out + i, dot ? dot + i : NULL, square + i, n - i, factor) & (vminvq_u32(good_u32x4) != 0);
}
#endif

/* >>kernel divide: out[i] = a[i] / d, and 0 where d is 0 */
static void sphere_divide_c_(float *out, const float *a, size_t n, float d)
{
    size_t i;
    for (i = 0; i < n; i++) out[i] = d == 0 ? 0 : sphere_canonical_(a[i] / d);
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_divide_avx2_(float *out, const float *a, size_t n, float d)
{
    const __m256 d_f32x8 = _mm256_set1_ps(d), live_f32x8 = _mm256_cmp_ps(d_f32x8, _mm256_setzero_ps(), _CMP_NEQ_UQ);
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        _mm256_storeu_ps(out + i, _mm256_and_ps(live_f32x8, sphere_canonical_avx2_(_mm256_div_ps(_mm256_loadu_ps(a + i), d_f32x8))));
    sphere_divide_c_(out + i, a + i, n - i, d);
}
#endif
#if SPHERE_NEON_
static void sphere_divide_neon_(float *out, const float *a, size_t n, float d)
{
    size_t i = 0;
    if (d != 0) for (; i + 4 <= n; i += 4) vst1q_f32(out + i, sphere_canonical_neon_(vdivq_f32(vld1q_f32(a + i), vdupq_n_f32(d))));
    sphere_divide_c_(out + i, a + i, n - i, d);
}
#endif

/* >>kernel ratio: out[i] = a[i] / b[i], and 0 where b[i] is 0; out may be a */
static void sphere_ratio_c_(float *out, const float *a, const float *b, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) out[i] = b[i] == 0 ? 0 : sphere_canonical_(a[i] / b[i]);
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_ratio_avx2_(float *out, const float *a, const float *b, size_t n)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256 b_f32x8 = _mm256_loadu_ps(b + i), live_f32x8 = _mm256_cmp_ps(b_f32x8, _mm256_setzero_ps(), _CMP_NEQ_UQ);
        _mm256_storeu_ps(out + i, _mm256_and_ps(live_f32x8, sphere_canonical_avx2_(_mm256_div_ps(_mm256_loadu_ps(a + i), b_f32x8))));
    }
    sphere_ratio_c_(out + i, a + i, b + i, n - i);
}
#endif
#if SPHERE_NEON_
static void sphere_ratio_neon_(float *out, const float *a, const float *b, size_t n)
{
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        float32x4_t b_f32x4 = vld1q_f32(b + i);
        uint32x4_t dead_u32x4 = vceqq_f32(b_f32x4, vdupq_n_f32(0));
        float32x4_t r_f32x4 = sphere_canonical_neon_(vdivq_f32(vld1q_f32(a + i), b_f32x4));
        vst1q_f32(out + i, vbslq_f32(dead_u32x4, vdupq_n_f32(0), r_f32x4));
    }
    sphere_ratio_c_(out + i, a + i, b + i, n - i);
}
#endif

/* >>kernel add: sum[i] += a[i] */
static void sphere_add_c_(float *sum, const float *a, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) sum[i] = sphere_canonical_(sum[i] + a[i]);
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_add_avx2_(float *sum, const float *a, size_t n)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8) _mm256_storeu_ps(sum + i, sphere_canonical_avx2_(_mm256_add_ps(_mm256_loadu_ps(sum + i), _mm256_loadu_ps(a + i))));
    sphere_add_c_(sum + i, a + i, n - i);
}
#endif
#if SPHERE_NEON_
static void sphere_add_neon_(float *sum, const float *a, size_t n)
{
    size_t i = 0;
    for (; i + 4 <= n; i += 4) vst1q_f32(sum + i, sphere_canonical_neon_(vaddq_f32(vld1q_f32(sum + i), vld1q_f32(a + i))));
    sphere_add_c_(sum + i, a + i, n - i);
}
#endif

/* >>kernel half: IEEE half to float. The exponent is moved by an exact multiplication with 2^112, which also makes subnormals
   normal; infinities and NaN are put in afterwards. */
static void sphere_half_c_(float *out, const uint16_t *half, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) {
        uint32_t h = half[i], sign = (h & 0x8000u) << 16, m = h & 0x7fffu;
        float v = sphere_from_bits_(m << 13) * 5.192296858534828e+33f;
        uint32_t u = m > 0x7c00u ? 0x7fc00000u : m == 0x7c00u ? sign | 0x7f800000u : sign | sphere_bits_(v);
        out[i] = sphere_from_bits_(u);
    }
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_half_avx2_(float *out, const uint16_t *half, size_t n)
{
    const __m256i inf_i32x8 = _mm256_set1_epi32(0x7c00);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256i h_i32x8 = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)(half + i)));
        __m256i m_i32x8 = _mm256_and_si256(h_i32x8, _mm256_set1_epi32(0x7fff));
        __m256i sign_i32x8 = _mm256_slli_epi32(_mm256_and_si256(h_i32x8, _mm256_set1_epi32(0x8000)), 16);
        __m256 v_f32x8 = _mm256_mul_ps(_mm256_castsi256_ps(_mm256_slli_epi32(m_i32x8, 13)), _mm256_set1_ps(5.192296858534828e+33f));
        __m256 inf_f32x8 = _mm256_castsi256_ps(_mm256_set1_epi32(0x7f800000)), nan_f32x8 = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fc00000));
        v_f32x8 = _mm256_blendv_ps(v_f32x8, inf_f32x8, _mm256_castsi256_ps(_mm256_cmpeq_epi32(m_i32x8, inf_i32x8)));
        v_f32x8 = _mm256_or_ps(v_f32x8, _mm256_castsi256_ps(sign_i32x8));
        v_f32x8 = _mm256_blendv_ps(v_f32x8, nan_f32x8, _mm256_castsi256_ps(_mm256_cmpgt_epi32(m_i32x8, inf_i32x8)));
        _mm256_storeu_ps(out + i, v_f32x8);
    }
    sphere_half_c_(out + i, half + i, n - i);
}
#endif
#if SPHERE_NEON_
static void sphere_half_neon_(float *out, const uint16_t *half, size_t n)
{
    const uint32x4_t inf_u32x4 = vdupq_n_u32(0x7c00u);
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        uint32x4_t h_u32x4 = vmovl_u16(vld1_u16(half + i)), m_u32x4 = vandq_u32(h_u32x4, vdupq_n_u32(0x7fffu));
        uint32x4_t v_u32x4 = vreinterpretq_u32_f32(vmulq_f32(vreinterpretq_f32_u32(vshlq_n_u32(m_u32x4, 13)), vdupq_n_f32(5.192296858534828e+33f)));
        v_u32x4 = vbslq_u32(vceqq_u32(m_u32x4, inf_u32x4), vdupq_n_u32(0x7f800000u), v_u32x4);
        v_u32x4 = vorrq_u32(v_u32x4, vshlq_n_u32(vandq_u32(h_u32x4, vdupq_n_u32(0x8000u)), 16));
        v_u32x4 = vbslq_u32(vcgtq_u32(m_u32x4, inf_u32x4), vdupq_n_u32(0x7fc00000u), v_u32x4);
        vst1q_f32(out + i, vreinterpretq_f32_u32(v_u32x4));
    }
    sphere_half_c_(out + i, half + i, n - i);
}
#endif

/* >>kernel panel: tile[16 r + q] = row r . query q for 16 queries, the same bits as row_dot. The queries are packed lane after
   lane in the order in which the lanes are added up, so that the panel is read straight through and a sum over lanes needs no
   shuffle: each of the 16 vector elements is one query, and the lanes of the reduction follow one another in time. */
static const unsigned char sphere_lane_order_[16] = { 0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15 };
/* Pack up to 16 rows; missing ones are zeros. panel (16 dim) */
static void sphere_pack_(float *panel, const float *data, size_t stride, size_t n, size_t dim)
{
    size_t s, i, q;
    for (s = 0; s < 16; s++) for (i = sphere_lane_order_[s]; i < dim; i += 16) for (q = 0; q < 16; q++) *panel++ = q < n ? data[q * stride + i] : 0;
}
static void sphere_panel_c_(float *tile, const float *data, size_t stride, size_t n, size_t dim, const float *panel)
{
    size_t r, s, i, q;
    for (r = 0; r < n; r++) {
        const float *row = data + r * stride, *p = panel;
        float sum[5][16];                                               /* a binary counter of partial sums over lanes */
        for (s = 0; s < 16; s++) {
            float acc[16] = { 0 };
            size_t level = 0;
            for (i = sphere_lane_order_[s]; i < dim; i += 16, p += 16) for (q = 0; q < 16; q++) acc[q] = SPHERE_MADD_(row[i], p[q], acc[q]);
            for (; s >> level & 1u; level++) for (q = 0; q < 16; q++) acc[q] = sum[level][q] + acc[q];
            memcpy(sum[level], acc, sizeof(acc));
        }
        for (q = 0; q < 16; q++) tile[16 * r + q] = sphere_canonical_(sum[4][q]);
    }
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_panel_avx2_(float *tile, const float *data, size_t stride, size_t n, size_t dim, const float *panel)
{
    size_t r, s, i, k;
    for (r = 0; r < n; r += 4) {
        const float *p = panel;
        __m256 sum_f32x8[5][8];
        SPHERE_FOUR_ROWS_(r);
        for (s = 0; s < 16; s++) {
            __m256 a0_f32x8 = _mm256_setzero_ps(), a1_f32x8 = a0_f32x8, b0_f32x8 = a0_f32x8, b1_f32x8 = a0_f32x8;
            __m256 c0_f32x8 = a0_f32x8, c1_f32x8 = a0_f32x8, d0_f32x8 = a0_f32x8, d1_f32x8 = a0_f32x8;
            size_t level = 0;
            for (i = sphere_lane_order_[s]; i < dim; i += 16, p += 16) {
                const __m256 q0_f32x8 = _mm256_loadu_ps(p), q8_f32x8 = _mm256_loadu_ps(p + 8);
                __m256 x_f32x8 = _mm256_broadcast_ss(r0 + i);
                a0_f32x8 = SPHERE_MADD_F32X8_(x_f32x8, q0_f32x8, a0_f32x8);
                a1_f32x8 = SPHERE_MADD_F32X8_(x_f32x8, q8_f32x8, a1_f32x8);
                x_f32x8 = _mm256_broadcast_ss(r1 + i);
                b0_f32x8 = SPHERE_MADD_F32X8_(x_f32x8, q0_f32x8, b0_f32x8);
                b1_f32x8 = SPHERE_MADD_F32X8_(x_f32x8, q8_f32x8, b1_f32x8);
                x_f32x8 = _mm256_broadcast_ss(r2 + i);
                c0_f32x8 = SPHERE_MADD_F32X8_(x_f32x8, q0_f32x8, c0_f32x8);
                c1_f32x8 = SPHERE_MADD_F32X8_(x_f32x8, q8_f32x8, c1_f32x8);
                x_f32x8 = _mm256_broadcast_ss(r3 + i);
                d0_f32x8 = SPHERE_MADD_F32X8_(x_f32x8, q0_f32x8, d0_f32x8);
                d1_f32x8 = SPHERE_MADD_F32X8_(x_f32x8, q8_f32x8, d1_f32x8);
            }
            for (; s >> level & 1u; level++) {                          /* lane + lane k places on, then the sums of those ... */
                const __m256 *sum = sum_f32x8[level];
                a0_f32x8 = _mm256_add_ps(sum[0], a0_f32x8); a1_f32x8 = _mm256_add_ps(sum[1], a1_f32x8);
                b0_f32x8 = _mm256_add_ps(sum[2], b0_f32x8); b1_f32x8 = _mm256_add_ps(sum[3], b1_f32x8);
                c0_f32x8 = _mm256_add_ps(sum[4], c0_f32x8); c1_f32x8 = _mm256_add_ps(sum[5], c1_f32x8);
                d0_f32x8 = _mm256_add_ps(sum[6], d0_f32x8); d1_f32x8 = _mm256_add_ps(sum[7], d1_f32x8);
            }
            sum_f32x8[level][0] = a0_f32x8; sum_f32x8[level][1] = a1_f32x8; sum_f32x8[level][2] = b0_f32x8; sum_f32x8[level][3] = b1_f32x8;
            sum_f32x8[level][4] = c0_f32x8; sum_f32x8[level][5] = c1_f32x8; sum_f32x8[level][6] = d0_f32x8; sum_f32x8[level][7] = d1_f32x8;
        }
        for (k = 0; k < 4 && r + k < n; k++) {
            _mm256_storeu_ps(tile + 16 * (r + k), sphere_canonical_avx2_(sum_f32x8[4][2 * k]));
            _mm256_storeu_ps(tile + 16 * (r + k) + 8, sphere_canonical_avx2_(sum_f32x8[4][2 * k + 1]));
        }
    }
}
#endif
#if SPHERE_NEON_
static void sphere_panel_neon_(float *tile, const float *data, size_t stride, size_t n, size_t dim, const float *panel)
{
    size_t r, s, i, k, v;
    for (r = 0; r < n; r += 4) {
        const float *p = panel;
        float32x4_t sum_f32x4[5][16];
        SPHERE_FOUR_ROWS_(r);
        const float *row[4] = { r0, r1, r2, r3 };
        for (s = 0; s < 16; s++) {
            float32x4_t acc_f32x4[16];
            size_t level = 0;
            for (k = 0; k < 16; k++) acc_f32x4[k] = vdupq_n_f32(0);
            for (i = sphere_lane_order_[s]; i < dim; i += 16, p += 16) for (k = 0; k < 4; k++) {
                const float32x4_t x_f32x4 = vld1q_dup_f32(row[k] + i);
                for (v = 0; v < 4; v++) acc_f32x4[4 * k + v] = SPHERE_MADD_F32X4_(x_f32x4, vld1q_f32(p + 4 * v), acc_f32x4[4 * k + v]);
            }
            for (; s >> level & 1u; level++) for (k = 0; k < 16; k++) acc_f32x4[k] = vaddq_f32(sum_f32x4[level][k], acc_f32x4[k]);
            memcpy(sum_f32x4[level], acc_f32x4, sizeof(acc_f32x4));
        }
        for (k = 0; k < 4 && r + k < n; k++) for (v = 0; v < 4; v++) vst1q_f32(tile + 16 * (r + k) + 4 * v, sphere_canonical_neon_(sum_f32x4[4][4 * k + v]));
    }
}
#endif

/* >>kernel hits: the places i < n (n <= 65536) with not value[i] < floor[i mod 16], in order: what is large enough, and every NaN */
static size_t sphere_hits_c_(uint16_t *hit, const float *value, size_t n, const float *floor16)
{
    size_t i, count = 0;
    for (i = 0; i < n; i++) if (!(value[i] < floor16[i & 15u])) hit[count++] = (uint16_t)i;
    return count;
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static size_t sphere_hits_avx2_(uint16_t *hit, const float *value, size_t n, const float *floor16)
{
    const __m256 lo_f32x8 = _mm256_loadu_ps(floor16), hi_f32x8 = _mm256_loadu_ps(floor16 + 8);
    size_t i = 0, count = 0;
    for (; i + 16 <= n; i += 16) {
        unsigned lo = (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(value + i), lo_f32x8, _CMP_NLT_UQ));
        unsigned mask = lo | (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(value + i + 8), hi_f32x8, _CMP_NLT_UQ)) << 8;
        for (; mask; mask &= mask - 1) hit[count++] = (uint16_t)(i + (unsigned)__builtin_ctz(mask));
    }
    for (; i < n; i++) if (!(value[i] < floor16[i & 15u])) hit[count++] = (uint16_t)i;
    return count;
}
#endif
#if SPHERE_NEON_
static size_t sphere_hits_neon_(uint16_t *hit, const float *value, size_t n, const float *floor16)
{
    size_t i = 0, k, count = 0;
    for (; i + 16 <= n; i += 16) {
        uint32x4_t all_u32x4 = vcltq_f32(vld1q_f32(value + i), vld1q_f32(floor16));
        for (k = 4; k < 16; k += 4) all_u32x4 = vandq_u32(all_u32x4, vcltq_f32(vld1q_f32(value + i + k), vld1q_f32(floor16 + k)));
        if (vminvq_u32(all_u32x4) == 0) for (k = 0; k < 16; k++) if (!(value[i + k] < floor16[k])) hit[count++] = (uint16_t)(i + k);
    }
    for (; i < n; i++) if (!(value[i] < floor16[i & 15u])) hit[count++] = (uint16_t)i;
    return count;
}
#endif

/* >>kernel rank: count[16 j + q] += how many of the n values tile[16 r + q] come before limit[16 j + q] in the order (value
   descending, index ascending), where row r has the index first + r and the limit the index place[16 j + q] */
static void sphere_rank_c_(uint32_t *count, const float *tile, size_t n, uint32_t first, const float *limit, const uint32_t *place, size_t limits)
{
    size_t j, q, r;
    for (j = 0; j < 16 * limits; j += 16) for (q = 0; q < 16; q++) for (r = 0; r < n; r++) {
        float v = tile[16 * r + q], l = limit[j + q];
        count[j + q] += v > l || (v == l && first + (uint32_t)r < place[j + q]);
    }
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_rank_avx2_(uint32_t *count, const float *tile, size_t n, uint32_t first, const float *limit, const uint32_t *place, size_t limits)
{
    size_t j, r;
    for (j = 0; j < 16 * limits; j += 8) {
        const __m256 limit_f32x8 = _mm256_loadu_ps(limit + j);
        __m256i row_i32x8 = _mm256_set1_epi32((int)first), place_i32x8 = _mm256_loadu_si256((const __m256i *)(const void *)(place + j));
        __m256i count_i32x8 = _mm256_loadu_si256((const __m256i *)(const void *)(count + j));
        for (r = 0; r < n; r++) {
            const __m256 v_f32x8 = _mm256_loadu_ps(tile + 16 * r + (j & 8u));
            const __m256 tie_f32x8 = _mm256_and_ps(_mm256_cmp_ps(v_f32x8, limit_f32x8, _CMP_EQ_OQ), _mm256_castsi256_ps(_mm256_cmpgt_epi32(place_i32x8, row_i32x8)));
            const __m256 before_f32x8 = _mm256_or_ps(_mm256_cmp_ps(v_f32x8, limit_f32x8, _CMP_GT_OQ), tie_f32x8);
            count_i32x8 = _mm256_sub_epi32(count_i32x8, _mm256_castps_si256(before_f32x8));              /* true is -1 */
            row_i32x8 = _mm256_add_epi32(row_i32x8, _mm256_set1_epi32(1));
        }
        _mm256_storeu_si256((__m256i *)(void *)(count + j), count_i32x8);
    }
}
#endif
#if SPHERE_NEON_
static void sphere_rank_neon_(uint32_t *count, const float *tile, size_t n, uint32_t first, const float *limit, const uint32_t *place, size_t limits)
{
    size_t j, r;
    for (j = 0; j < 16 * limits; j += 4) {
        const float32x4_t limit_f32x4 = vld1q_f32(limit + j);
        const uint32x4_t place_u32x4 = vld1q_u32(place + j);
        uint32x4_t row_u32x4 = vdupq_n_u32(first), count_u32x4 = vld1q_u32(count + j);
        for (r = 0; r < n; r++) {
            const float32x4_t v_f32x4 = vld1q_f32(tile + 16 * r + (j & 12u));
            const uint32x4_t tie_u32x4 = vandq_u32(vceqq_f32(v_f32x4, limit_f32x4), vcgtq_u32(place_u32x4, row_u32x4));
            count_u32x4 = vsubq_u32(count_u32x4, vorrq_u32(vcgtq_f32(v_f32x4, limit_f32x4), tie_u32x4));  /* true is -1 */
            row_u32x4 = vaddq_u32(row_u32x4, vdupq_n_u32(1));
        }
        vst1q_u32(count + j, count_u32x4);
    }
}
#endif

/* >>kernel axis: out[i] = x[i] a[0] + y[i] a[1] + z[i] a[2], left to right */
static void sphere_axis_c_(float *out, const float *x, const float *y, const float *z, size_t n, const float *a)
{
    size_t i;
    for (i = 0; i < n; i++) out[i] = sphere_canonical_(SPHERE_MADD_(z[i], a[2], SPHERE_MADD_(y[i], a[1], x[i] * a[0])));
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_axis_avx2_(float *out, const float *x, const float *y, const float *z, size_t n, const float *a)
{
    const __m256 ax_f32x8 = _mm256_set1_ps(a[0]), ay_f32x8 = _mm256_set1_ps(a[1]), az_f32x8 = _mm256_set1_ps(a[2]);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256 sum_f32x8 = SPHERE_MADD_F32X8_(_mm256_loadu_ps(y + i), ay_f32x8, _mm256_mul_ps(_mm256_loadu_ps(x + i), ax_f32x8));
        _mm256_storeu_ps(out + i, sphere_canonical_avx2_(SPHERE_MADD_F32X8_(_mm256_loadu_ps(z + i), az_f32x8, sum_f32x8)));
    }
    sphere_axis_c_(out + i, x + i, y + i, z + i, n - i, a);
}
#endif
#if SPHERE_NEON_
static void sphere_axis_neon_(float *out, const float *x, const float *y, const float *z, size_t n, const float *a)
{
    const float32x4_t ax_f32x4 = vdupq_n_f32(a[0]), ay_f32x4 = vdupq_n_f32(a[1]), az_f32x4 = vdupq_n_f32(a[2]);
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        float32x4_t sum_f32x4 = SPHERE_MADD_F32X4_(vld1q_f32(y + i), ay_f32x4, vmulq_f32(vld1q_f32(x + i), ax_f32x4));
        vst1q_f32(out + i, sphere_canonical_neon_(SPHERE_MADD_F32X4_(vld1q_f32(z + i), az_f32x4, sum_f32x4)));
    }
    sphere_axis_c_(out + i, x + i, y + i, z + i, n - i, a);
}
#endif

/* Vector forms of the core's functions: the same operations, so the same bits. */
#if SPHERE_AVX2_
SPHERE_AVX2_FN_ __m256 sphere_abs_avx2_(__m256 v_f32x8) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), v_f32x8); }
SPHERE_AVX2_FN_ __m256 sphere_atan01_avx2_(__m256 q_f32x8)
{
    const __m256 z_f32x8 = _mm256_mul_ps(q_f32x8, q_f32x8), w_f32x8 = _mm256_mul_ps(z_f32x8, z_f32x8), v_f32x8 = _mm256_mul_ps(w_f32x8, w_f32x8);
    __m256 a_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(0.199996918f), z_f32x8, _mm256_set1_ps(-0.333333284f));
    const __m256 b_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(0.110602416f), z_f32x8, _mm256_set1_ps(-0.1428013f));
    __m256 c_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(0.067595534f), z_f32x8, _mm256_set1_ps(-0.0881883949f));
    const __m256 d_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(0.0227601528f), z_f32x8, _mm256_set1_ps(-0.0449462049f));
    const __m256 e_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(0.00113486324f), z_f32x8, _mm256_set1_ps(-0.0074225557f));
    a_f32x8 = SPHERE_MADD_F32X8_(b_f32x8, w_f32x8, a_f32x8);
    c_f32x8 = SPHERE_MADD_F32X8_(e_f32x8, v_f32x8, SPHERE_MADD_F32X8_(d_f32x8, w_f32x8, c_f32x8));
    return SPHERE_MADD_F32X8_(SPHERE_MADD_F32X8_(c_f32x8, v_f32x8, a_f32x8), _mm256_mul_ps(z_f32x8, q_f32x8), q_f32x8);
}
#endif
#if SPHERE_NEON_
SPHERE_INLINE_ float32x4_t sphere_atan01_neon_(float32x4_t q_f32x4)
{
    const float32x4_t z_f32x4 = vmulq_f32(q_f32x4, q_f32x4), w_f32x4 = vmulq_f32(z_f32x4, z_f32x4), v_f32x4 = vmulq_f32(w_f32x4, w_f32x4);
    float32x4_t a_f32x4 = SPHERE_MADD_F32X4_(vdupq_n_f32(0.199996918f), z_f32x4, vdupq_n_f32(-0.333333284f));
    const float32x4_t b_f32x4 = SPHERE_MADD_F32X4_(vdupq_n_f32(0.110602416f), z_f32x4, vdupq_n_f32(-0.1428013f));
    float32x4_t c_f32x4 = SPHERE_MADD_F32X4_(vdupq_n_f32(0.067595534f), z_f32x4, vdupq_n_f32(-0.0881883949f));
    const float32x4_t d_f32x4 = SPHERE_MADD_F32X4_(vdupq_n_f32(0.0227601528f), z_f32x4, vdupq_n_f32(-0.0449462049f));
    const float32x4_t e_f32x4 = SPHERE_MADD_F32X4_(vdupq_n_f32(0.00113486324f), z_f32x4, vdupq_n_f32(-0.0074225557f));
    a_f32x4 = SPHERE_MADD_F32X4_(b_f32x4, w_f32x4, a_f32x4);
    c_f32x4 = SPHERE_MADD_F32X4_(e_f32x4, v_f32x4, SPHERE_MADD_F32X4_(d_f32x4, w_f32x4, c_f32x4));
    return SPHERE_MADD_F32X4_(SPHERE_MADD_F32X4_(c_f32x4, v_f32x4, a_f32x4), vmulq_f32(z_f32x4, q_f32x4), q_f32x4);
}
#endif

/* >>kernel to_spherical. x^2 + y^2 and z^2 are exact or nearly so in double: the colatitude keeps its digits at the poles. Of the quotient
   of the smaller by the larger one, and of r^2, the root is taken in float: half the error of the argument and half a unit of its own
   (in all .86 units), where two roots and a quotient in double would cost twice the time. Only where a square does not fit a float
   is the root taken in double. */
#define SPHERE_RATIO_LOW_ 7.88860905e-31f       /* 2^-100 */
static void sphere_to_spherical_c_(float *r, float *theta, float *phi, const float *x, const float *y, const float *z, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) {
        const float xi = x[i], yi = y[i], zi = z[i], ax = sphere_abs_(xi), ay = sphere_abs_(yi);
        const double s = (double)xi * xi + (double)yi * yi, zz = (double)zi * zi, whole = s < zz ? s / zz : zz / s;
        const float flat_small = ay < ax ? ay : ax, flat_large = ay < ax ? ax : ay, square = (float)(s + zz), ratio = (float)whole;
        float radius, t, p;
        if (square > SPHERE_SQUARE_LOW_ && square < SPHERE_SQUARE_HIGH_ && (ratio > SPHERE_RATIO_LOW_ || flat_large == 0 || zi == 0)) {
            radius = sphere_sqrt_(square);
            t = sphere_sqrt_(ratio);
        } else {
            radius = (float)sphere_sqrt_double_(s + zz);
            t = s + zz == 0 ? 0 : (float)sphere_sqrt_double_(whole);
        }
        t = sphere_atan01_(t);
        if (s > zz) t = 1.57079637f - (t + 4.37113883e-08f);
        if (zi < 0) t = 3.14159274f - (t + 8.74227766e-08f);
        p = sphere_atan01_(flat_large == 0 ? 0 : flat_small / flat_large);
        if (ay > ax) p = 1.57079637f - (p + 4.37113883e-08f);
        if (xi < 0) p = 3.14159274f - (p + 8.74227766e-08f);
        if (yi < 0) p = 6.28318548f - (p + 1.74845553e-07f);
        if (!(t == t) || !(p == p) || !(radius == radius)) radius = t = p = sphere_nan_();     /* NaN, or two infinities */
        if (r) r[i] = radius;
        theta[i] = t;
        phi[i] = p;
    }
}
#if SPHERE_AVX2_
/* hi - (a + lo) in some elements: the reflections of an angle at pi/2, pi and 2 pi, each a constant of two floats. */
SPHERE_AVX2_FN_ __m256 sphere_reflect_avx2_(__m256 a_f32x8, __m256 where_f32x8, float hi, float lo)
{
    return _mm256_blendv_ps(a_f32x8, _mm256_sub_ps(_mm256_set1_ps(hi), _mm256_add_ps(a_f32x8, _mm256_set1_ps(lo))), where_f32x8);
}
/* Four points: r^2 as float, the smaller of x^2 + y^2 and z^2 by the larger one as float, and where the first is larger. */
SPHERE_AVX2_FN_ __m256d sphere_squares_avx2_(const float *x, const float *y, const float *z, __m128 *square_f32x4, __m128 *ratio_f32x4)
{
    const __m256d x_f64x4 = _mm256_cvtps_pd(_mm_loadu_ps(x)), y_f64x4 = _mm256_cvtps_pd(_mm_loadu_ps(y)), z_f64x4 = _mm256_cvtps_pd(_mm_loadu_ps(z));
    const __m256d s_f64x4 = _mm256_add_pd(_mm256_mul_pd(x_f64x4, x_f64x4), _mm256_mul_pd(y_f64x4, y_f64x4)), zz_f64x4 = _mm256_mul_pd(z_f64x4, z_f64x4);
    const __m256d less_f64x4 = _mm256_cmp_pd(s_f64x4, zz_f64x4, _CMP_LT_OQ);
    *square_f32x4 = _mm256_cvtpd_ps(_mm256_add_pd(s_f64x4, zz_f64x4));
    *ratio_f32x4 = _mm256_cvtpd_ps(_mm256_div_pd(_mm256_blendv_pd(zz_f64x4, s_f64x4, less_f64x4), _mm256_blendv_pd(s_f64x4, zz_f64x4, less_f64x4)));
    return _mm256_cmp_pd(s_f64x4, zz_f64x4, _CMP_GT_OQ);
}
SPHERE_TARGET_AVX2_ static void sphere_to_spherical_avx2_(float *r, float *theta, float *phi, const float *x, const float *y, const float *z, size_t n)
{
    const __m256 zero_f32x8 = _mm256_setzero_ps();
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256 x_f32x8 = _mm256_loadu_ps(x + i), y_f32x8 = _mm256_loadu_ps(y + i), z_f32x8 = _mm256_loadu_ps(z + i);
        const __m256 ax_f32x8 = sphere_abs_avx2_(x_f32x8), ay_f32x8 = sphere_abs_avx2_(y_f32x8);
        const __m256 less_f32x8 = _mm256_cmp_ps(ay_f32x8, ax_f32x8, _CMP_LT_OQ);
        const __m256 small_f32x8 = _mm256_blendv_ps(ax_f32x8, ay_f32x8, less_f32x8), large_f32x8 = _mm256_blendv_ps(ay_f32x8, ax_f32x8, less_f32x8);
        const __m256 pole_f32x8 = _mm256_cmp_ps(large_f32x8, zero_f32x8, _CMP_EQ_OQ);
        __m256 t_f32x8, p_f32x8, square_f32x8, ratio_f32x8, flat_f32x8, usual_f32x8;
        __m128 square_f32x4[2], ratio_f32x4[2];
        const __m256d flat0_f64x4 = sphere_squares_avx2_(x + i, y + i, z + i, square_f32x4, ratio_f32x4);
        const __m256d flat4_f64x4 = sphere_squares_avx2_(x + i + 4, y + i + 4, z + i + 4, square_f32x4 + 1, ratio_f32x4 + 1);
        square_f32x8 = _mm256_set_m128(square_f32x4[1], square_f32x4[0]);
        ratio_f32x8 = _mm256_set_m128(ratio_f32x4[1], ratio_f32x4[0]);
        /* the low words of eight masks of 64 bits, in order */
        flat_f32x8 = _mm256_shuffle_ps(_mm256_castpd_ps(flat0_f64x4), _mm256_castpd_ps(flat4_f64x4), 0x88);
        flat_f32x8 = _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(flat_f32x8), 0xd8));
        usual_f32x8 = _mm256_or_ps(_mm256_or_ps(pole_f32x8, _mm256_cmp_ps(z_f32x8, zero_f32x8, _CMP_EQ_OQ)),
                                   _mm256_cmp_ps(ratio_f32x8, _mm256_set1_ps(SPHERE_RATIO_LOW_), _CMP_GT_OQ));
        usual_f32x8 = _mm256_and_ps(usual_f32x8, _mm256_cmp_ps(square_f32x8, _mm256_set1_ps(SPHERE_SQUARE_LOW_), _CMP_GT_OQ));
        usual_f32x8 = _mm256_and_ps(usual_f32x8, _mm256_cmp_ps(square_f32x8, _mm256_set1_ps(SPHERE_SQUARE_HIGH_), _CMP_LT_OQ));
        if (_mm256_movemask_ps(usual_f32x8) != 255) {                   /* the origin, NaN, tiny and huge numbers: one by one */
            sphere_to_spherical_c_(r ? r + i : NULL, theta + i, phi + i, x + i, y + i, z + i, 8);
            continue;
        }
        t_f32x8 = sphere_reflect_avx2_(sphere_atan01_avx2_(_mm256_sqrt_ps(ratio_f32x8)), flat_f32x8, 1.57079637f, 4.37113883e-08f);
        t_f32x8 = sphere_reflect_avx2_(t_f32x8, _mm256_cmp_ps(z_f32x8, zero_f32x8, _CMP_LT_OQ), 3.14159274f, 8.74227766e-08f);
        p_f32x8 = sphere_atan01_avx2_(_mm256_andnot_ps(pole_f32x8, _mm256_div_ps(small_f32x8, large_f32x8)));
        p_f32x8 = sphere_reflect_avx2_(p_f32x8, _mm256_cmp_ps(ay_f32x8, ax_f32x8, _CMP_GT_OQ), 1.57079637f, 4.37113883e-08f);
        p_f32x8 = sphere_reflect_avx2_(p_f32x8, _mm256_cmp_ps(x_f32x8, zero_f32x8, _CMP_LT_OQ), 3.14159274f, 8.74227766e-08f);
        p_f32x8 = sphere_reflect_avx2_(p_f32x8, _mm256_cmp_ps(y_f32x8, zero_f32x8, _CMP_LT_OQ), 6.28318548f, 1.74845553e-07f);
        if (r) _mm256_storeu_ps(r + i, _mm256_sqrt_ps(square_f32x8));
        _mm256_storeu_ps(theta + i, t_f32x8);
        _mm256_storeu_ps(phi + i, p_f32x8);
    }
    sphere_to_spherical_c_(r ? r + i : NULL, theta + i, phi + i, x + i, y + i, z + i, n - i);
}
#endif
#if SPHERE_NEON_
SPHERE_INLINE_ float32x4_t sphere_reflect_neon_(float32x4_t a_f32x4, uint32x4_t where_u32x4, float hi, float lo)
{
    return vbslq_f32(where_u32x4, vsubq_f32(vdupq_n_f32(hi), vaddq_f32(a_f32x4, vdupq_n_f32(lo))), a_f32x4);
}
static void sphere_to_spherical_neon_(float *r, float *theta, float *phi, const float *x, const float *y, const float *z, size_t n)
{
    const float32x4_t zero_f32x4 = vdupq_n_f32(0);
    size_t i = 0, half;
    for (; i + 4 <= n; i += 4) {
        const float32x4_t x_f32x4 = vld1q_f32(x + i), y_f32x4 = vld1q_f32(y + i), z_f32x4 = vld1q_f32(z + i);
        const float32x4_t ax_f32x4 = vabsq_f32(x_f32x4), ay_f32x4 = vabsq_f32(y_f32x4);
        const uint32x4_t less_u32x4 = vcltq_f32(ay_f32x4, ax_f32x4);
        const float32x4_t small_f32x4 = vbslq_f32(less_u32x4, ay_f32x4, ax_f32x4), large_f32x4 = vbslq_f32(less_u32x4, ax_f32x4, ay_f32x4);
        const uint32x4_t pole_u32x4 = vceqq_f32(large_f32x4, zero_f32x4);
        float32x4_t t_f32x4, p_f32x4, square_f32x4, ratio_f32x4;
        float32x2_t square_f32x2[2], ratio_f32x2[2];
        uint32x2_t more_u32x2[2];
        uint32x4_t usual_u32x4;
        for (half = 0; half < 2; half++) {
            const float64x2_t x_f64x2 = vcvt_f64_f32(half ? vget_high_f32(x_f32x4) : vget_low_f32(x_f32x4));
            const float64x2_t y_f64x2 = vcvt_f64_f32(half ? vget_high_f32(y_f32x4) : vget_low_f32(y_f32x4));
            const float64x2_t z_f64x2 = vcvt_f64_f32(half ? vget_high_f32(z_f32x4) : vget_low_f32(z_f32x4));
            const float64x2_t s_f64x2 = vaddq_f64(vmulq_f64(x_f64x2, x_f64x2), vmulq_f64(y_f64x2, y_f64x2)), zz_f64x2 = vmulq_f64(z_f64x2, z_f64x2);
            const uint64x2_t less_u64x2 = vcltq_f64(s_f64x2, zz_f64x2);
            square_f32x2[half] = vcvt_f32_f64(vaddq_f64(s_f64x2, zz_f64x2));
            ratio_f32x2[half] = vcvt_f32_f64(vdivq_f64(vbslq_f64(less_u64x2, s_f64x2, zz_f64x2), vbslq_f64(less_u64x2, zz_f64x2, s_f64x2)));
            more_u32x2[half] = vmovn_u64(vcgtq_f64(s_f64x2, zz_f64x2));
        }
        square_f32x4 = vcombine_f32(square_f32x2[0], square_f32x2[1]);
        ratio_f32x4 = vcombine_f32(ratio_f32x2[0], ratio_f32x2[1]);
        usual_u32x4 = vorrq_u32(vorrq_u32(pole_u32x4, vceqq_f32(z_f32x4, zero_f32x4)), vcgtq_f32(ratio_f32x4, vdupq_n_f32(SPHERE_RATIO_LOW_)));
        usual_u32x4 = vandq_u32(usual_u32x4, vandq_u32(vcgtq_f32(square_f32x4, vdupq_n_f32(SPHERE_SQUARE_LOW_)), vcltq_f32(square_f32x4, vdupq_n_f32(SPHERE_SQUARE_HIGH_))));
        if (vminvq_u32(usual_u32x4) == 0) {
            sphere_to_spherical_c_(r ? r + i : NULL, theta + i, phi + i, x + i, y + i, z + i, 4);
            continue;
        }
        t_f32x4 = sphere_reflect_neon_(sphere_atan01_neon_(vsqrtq_f32(ratio_f32x4)), vcombine_u32(more_u32x2[0], more_u32x2[1]), 1.57079637f, 4.37113883e-08f);
        t_f32x4 = sphere_reflect_neon_(t_f32x4, vcltq_f32(z_f32x4, zero_f32x4), 3.14159274f, 8.74227766e-08f);
        p_f32x4 = sphere_atan01_neon_(vbslq_f32(pole_u32x4, zero_f32x4, vdivq_f32(small_f32x4, large_f32x4)));
        p_f32x4 = sphere_reflect_neon_(p_f32x4, vcgtq_f32(ay_f32x4, ax_f32x4), 1.57079637f, 4.37113883e-08f);
        p_f32x4 = sphere_reflect_neon_(p_f32x4, vcltq_f32(x_f32x4, zero_f32x4), 3.14159274f, 8.74227766e-08f);
        p_f32x4 = sphere_reflect_neon_(p_f32x4, vcltq_f32(y_f32x4, zero_f32x4), 6.28318548f, 1.74845553e-07f);
        if (r) vst1q_f32(r + i, vsqrtq_f32(square_f32x4));
        vst1q_f32(theta + i, t_f32x4);
        vst1q_f32(phi + i, p_f32x4);
    }
    sphere_to_spherical_c_(r ? r + i : NULL, theta + i, phi + i, x + i, y + i, z + i, n - i);
}
#endif

/* >>kernel to_cartesian: (r sin theta) cos phi, (r sin theta) sin phi, r cos theta, in double and rounded once, so that a product of
   three factors stays within a unit. The polynomials are the core's (2^-28). Adding 1.5 * 2^52 rounds to the nearest integer and leaves
   it in the low bits: q needs no conversion, which would cost more than the arithmetic. */
#define SPHERE_WIDE_LIMIT_ 1e6f
static void sphere_sincos_wide_(float x, double *sine, double *cosine)
{
    double r, z, s, c, k = (double)x * 0.6366197723675814 + 6755399441055744.0;
    uint64_t q;
    float f;
    if (!(sphere_abs_(x) < sphere_inf_())) { *sine = *cosine = (double)sphere_nan_(); return; }
    memcpy(&q, &k, 8);
    k -= 6755399441055744.0;
    r = ((double)x - k * 1.5707963267341256) - k * 6.077100506506192e-11;               /* 33 bits of pi/2: exact; the rest */
    if (sphere_abs_(x) > SPHERE_WIDE_LIMIT_) { q = sphere_reduce_(x, &f); r = (double)f; }
    z = r * r;
    s = SPHERE_MADD_(SPHERE_MADD_(-0.000195164991671063781, z, 0.00833217242091001372), z, -0.166666548563391128);
    c = SPHERE_MADD_(SPHERE_MADD_(2.44375552464669808e-05, z, -0.00138873599817393255), z, 0.041666646719118982);
    s = SPHERE_MADD_(s * z, r, r);
    c = SPHERE_MADD_(c * z, z, 1.0 - 0.5 * z);
    *sine = q & 1u ? c : s;
    *cosine = q & 1u ? s : c;
    if (q & 2u) *sine = -*sine;
    if ((q + 1u) & 2u) *cosine = -*cosine;
}
static void sphere_to_cartesian_c_(float *x, float *y, float *z, const float *r, const float *theta, const float *phi, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) {
        double st, ct, sp, cp, radius = r ? (double)r[i] : 1.0;
        sphere_sincos_wide_(theta[i], &st, &ct);
        sphere_sincos_wide_(phi[i], &sp, &cp);
        st = radius * st;
        x[i] = sphere_canonical_((float)(st * cp));
        y[i] = sphere_canonical_((float)(st * sp));
        z[i] = sphere_canonical_((float)(radius * ct));
    }
}
#if SPHERE_AVX2_
/* Four angles within the limit. */
#define SPHERE_MADD_F64X4_(a, b, c) _mm256_add_pd(_mm256_mul_pd(a, b), c)
SPHERE_AVX2_FN_ void sphere_sincos_wide_avx2_(__m256d x_f64x4, __m256d *sine_f64x4, __m256d *cosine_f64x4)
{
    const __m256d round_f64x4 = _mm256_set1_pd(6755399441055744.0), sum_f64x4 = SPHERE_MADD_F64X4_(x_f64x4, _mm256_set1_pd(0.6366197723675814), round_f64x4);
    const __m256i q_i64x4 = _mm256_castpd_si256(sum_f64x4), q1_i64x4 = _mm256_add_epi64(q_i64x4, _mm256_set1_epi64x(1));
    const __m256d k_f64x4 = _mm256_sub_pd(sum_f64x4, round_f64x4), one_f64x4 = _mm256_set1_pd(1.0);
    const __m256d r_f64x4 = _mm256_sub_pd(_mm256_sub_pd(x_f64x4, _mm256_mul_pd(k_f64x4, _mm256_set1_pd(1.5707963267341256))),
                                          _mm256_mul_pd(k_f64x4, _mm256_set1_pd(6.077100506506192e-11)));
    const __m256d z_f64x4 = _mm256_mul_pd(r_f64x4, r_f64x4), swap_f64x4 = _mm256_castsi256_pd(_mm256_slli_epi64(q_i64x4, 63));
    const __m256d sign_f64x4 = _mm256_castsi256_pd(_mm256_slli_epi64(_mm256_srli_epi64(q_i64x4, 1), 63));            /* bit 1 of q */
    const __m256d sign1_f64x4 = _mm256_castsi256_pd(_mm256_slli_epi64(_mm256_srli_epi64(q1_i64x4, 1), 63));          /* bit 1 of q + 1 */
    __m256d s_f64x4 = SPHERE_MADD_F64X4_(_mm256_set1_pd(-0.000195164991671063781), z_f64x4, _mm256_set1_pd(0.00833217242091001372));
    __m256d c_f64x4 = SPHERE_MADD_F64X4_(_mm256_set1_pd(2.44375552464669808e-05), z_f64x4, _mm256_set1_pd(-0.00138873599817393255));
    s_f64x4 = SPHERE_MADD_F64X4_(s_f64x4, z_f64x4, _mm256_set1_pd(-0.166666548563391128));
    c_f64x4 = SPHERE_MADD_F64X4_(c_f64x4, z_f64x4, _mm256_set1_pd(0.041666646719118982));
    s_f64x4 = SPHERE_MADD_F64X4_(_mm256_mul_pd(s_f64x4, z_f64x4), r_f64x4, r_f64x4);
    c_f64x4 = SPHERE_MADD_F64X4_(_mm256_mul_pd(c_f64x4, z_f64x4), z_f64x4, _mm256_sub_pd(one_f64x4, _mm256_mul_pd(_mm256_set1_pd(0.5), z_f64x4)));
    *sine_f64x4 = _mm256_xor_pd(_mm256_blendv_pd(s_f64x4, c_f64x4, swap_f64x4), sign_f64x4);
    *cosine_f64x4 = _mm256_xor_pd(_mm256_blendv_pd(c_f64x4, s_f64x4, swap_f64x4), sign1_f64x4);
}
SPHERE_AVX2_FN_ void sphere_store_narrow_avx2_(float *out, __m256d v_f64x4)
{
    const __m128 v_f32x4 = _mm256_cvtpd_ps(v_f64x4);
    _mm_storeu_ps(out, _mm_blendv_ps(_mm_castsi128_ps(_mm_set1_epi32(0x7fc00000)), v_f32x4, _mm_cmpeq_ps(v_f32x4, v_f32x4)));
}
SPHERE_TARGET_AVX2_ static void sphere_to_cartesian_avx2_(float *x, float *y, float *z, const float *r, const float *theta, const float *phi, size_t n)
{
    const __m128 limit_f32x4 = _mm_set1_ps(SPHERE_WIDE_LIMIT_), sign_f32x4 = _mm_set1_ps(-0.0f);
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        const __m128 t_f32x4 = _mm_loadu_ps(theta + i), p_f32x4 = _mm_loadu_ps(phi + i);
        const __m128 small_f32x4 = _mm_and_ps(_mm_cmple_ps(_mm_andnot_ps(sign_f32x4, t_f32x4), limit_f32x4), _mm_cmple_ps(_mm_andnot_ps(sign_f32x4, p_f32x4), limit_f32x4));
        __m256d st_f64x4, ct_f64x4, sp_f64x4, cp_f64x4, r_f64x4 = _mm256_set1_pd(1.0);
        if (_mm_movemask_ps(small_f32x4) != 15) {                       /* huge angles and NaN are rare: one by one */
            sphere_to_cartesian_c_(x + i, y + i, z + i, r ? r + i : NULL, theta + i, phi + i, 4);
            continue;
        }
        if (r) r_f64x4 = _mm256_cvtps_pd(_mm_loadu_ps(r + i));
        sphere_sincos_wide_avx2_(_mm256_cvtps_pd(t_f32x4), &st_f64x4, &ct_f64x4);
        sphere_sincos_wide_avx2_(_mm256_cvtps_pd(p_f32x4), &sp_f64x4, &cp_f64x4);
        st_f64x4 = _mm256_mul_pd(r_f64x4, st_f64x4);
        sphere_store_narrow_avx2_(x + i, _mm256_mul_pd(st_f64x4, cp_f64x4));
        sphere_store_narrow_avx2_(y + i, _mm256_mul_pd(st_f64x4, sp_f64x4));
        sphere_store_narrow_avx2_(z + i, _mm256_mul_pd(r_f64x4, ct_f64x4));
    }
    sphere_to_cartesian_c_(x + i, y + i, z + i, r ? r + i : NULL, theta + i, phi + i, n - i);
}
#endif
#if SPHERE_NEON_
/* Two angles within the limit. */
#define SPHERE_MADD_F64X2_(a, b, c) vaddq_f64(vmulq_f64(a, b), c)
SPHERE_INLINE_ void sphere_sincos_wide_neon_(float64x2_t x_f64x2, float64x2_t *sine_f64x2, float64x2_t *cosine_f64x2)
{
    const float64x2_t round_f64x2 = vdupq_n_f64(6755399441055744.0), sum_f64x2 = SPHERE_MADD_F64X2_(x_f64x2, vdupq_n_f64(0.6366197723675814), round_f64x2);
    const uint64x2_t q_u64x2 = vreinterpretq_u64_f64(sum_f64x2), q1_u64x2 = vaddq_u64(q_u64x2, vdupq_n_u64(1));
    const float64x2_t k_f64x2 = vsubq_f64(sum_f64x2, round_f64x2), one_f64x2 = vdupq_n_f64(1.0);
    const float64x2_t r_f64x2 = vsubq_f64(vsubq_f64(x_f64x2, vmulq_f64(k_f64x2, vdupq_n_f64(1.5707963267341256))), vmulq_f64(k_f64x2, vdupq_n_f64(6.077100506506192e-11)));
    const float64x2_t z_f64x2 = vmulq_f64(r_f64x2, r_f64x2);
    const uint64x2_t swap_u64x2 = vtstq_u64(q_u64x2, vdupq_n_u64(1)), top_u64x2 = vdupq_n_u64(0x8000000000000000u);
    float64x2_t s_f64x2 = SPHERE_MADD_F64X2_(vdupq_n_f64(-0.000195164991671063781), z_f64x2, vdupq_n_f64(0.00833217242091001372));
    float64x2_t c_f64x2 = SPHERE_MADD_F64X2_(vdupq_n_f64(2.44375552464669808e-05), z_f64x2, vdupq_n_f64(-0.00138873599817393255));
    s_f64x2 = SPHERE_MADD_F64X2_(s_f64x2, z_f64x2, vdupq_n_f64(-0.166666548563391128));
    c_f64x2 = SPHERE_MADD_F64X2_(c_f64x2, z_f64x2, vdupq_n_f64(0.041666646719118982));
    s_f64x2 = SPHERE_MADD_F64X2_(vmulq_f64(s_f64x2, z_f64x2), r_f64x2, r_f64x2);
    c_f64x2 = SPHERE_MADD_F64X2_(vmulq_f64(c_f64x2, z_f64x2), z_f64x2, vsubq_f64(one_f64x2, vmulq_f64(vdupq_n_f64(0.5), z_f64x2)));
    *sine_f64x2 = vreinterpretq_f64_u64(veorq_u64(vreinterpretq_u64_f64(vbslq_f64(swap_u64x2, c_f64x2, s_f64x2)), vandq_u64(vshlq_n_u64(q_u64x2, 62), top_u64x2)));
    *cosine_f64x2 = vreinterpretq_f64_u64(veorq_u64(vreinterpretq_u64_f64(vbslq_f64(swap_u64x2, s_f64x2, c_f64x2)), vandq_u64(vshlq_n_u64(q1_u64x2, 62), top_u64x2)));
}
SPHERE_INLINE_ void sphere_store_narrow_neon_(float *out, float64x2_t v_f64x2)
{
    const float32x2_t v_f32x2 = vcvt_f32_f64(v_f64x2);
    vst1_f32(out, vbsl_f32(vceq_f32(v_f32x2, v_f32x2), v_f32x2, vdup_n_f32(sphere_nan_())));
}
static void sphere_to_cartesian_neon_(float *x, float *y, float *z, const float *r, const float *theta, const float *phi, size_t n)
{
    const float32x2_t limit_f32x2 = vdup_n_f32(SPHERE_WIDE_LIMIT_);
    size_t i = 0;
    for (; i + 2 <= n; i += 2) {
        const float32x2_t t_f32x2 = vld1_f32(theta + i), p_f32x2 = vld1_f32(phi + i);
        const uint32x2_t small_u32x2 = vand_u32(vcle_f32(vabs_f32(t_f32x2), limit_f32x2), vcle_f32(vabs_f32(p_f32x2), limit_f32x2));
        float64x2_t st_f64x2, ct_f64x2, sp_f64x2, cp_f64x2, r_f64x2 = vdupq_n_f64(1.0);
        if (vminv_u32(small_u32x2) == 0) {
            sphere_to_cartesian_c_(x + i, y + i, z + i, r ? r + i : NULL, theta + i, phi + i, 2);
            continue;
        }
        if (r) r_f64x2 = vcvt_f64_f32(vld1_f32(r + i));
        sphere_sincos_wide_neon_(vcvt_f64_f32(t_f32x2), &st_f64x2, &ct_f64x2);
        sphere_sincos_wide_neon_(vcvt_f64_f32(p_f32x2), &sp_f64x2, &cp_f64x2);
        st_f64x2 = vmulq_f64(r_f64x2, st_f64x2);
        sphere_store_narrow_neon_(x + i, vmulq_f64(st_f64x2, cp_f64x2));
        sphere_store_narrow_neon_(y + i, vmulq_f64(st_f64x2, sp_f64x2));
        sphere_store_narrow_neon_(z + i, vmulq_f64(r_f64x2, ct_f64x2));
    }
    sphere_to_cartesian_c_(x + i, y + i, z + i, r ? r + i : NULL, theta + i, phi + i, n - i);
}
#endif

/* >>kernel angles: 2 atan2(|a - b|, |a + b|). The difference is scaled by 2^60, so that its square does not underflow. */
#define SPHERE_ANGLE_UP_ 1.15292150e+18f
#define SPHERE_ANGLE_DOWN_ 8.67361738e-19f
static void sphere_angles_c_(float *angle, const float *ax, const float *ay, const float *az, const float *bx, const float *by, const float *bz, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) {
        const float dx = ax[i] - bx[i], dy = ay[i] - by[i], dz = az[i] - bz[i], sx = ax[i] + bx[i], sy = ay[i] + by[i], sz = az[i] + bz[i];
        const float u = dx * SPHERE_ANGLE_UP_, v = dy * SPHERE_ANGLE_UP_, w = dz * SPHERE_ANGLE_UP_;
        const float d = sphere_sqrt_(SPHERE_MADD_(w, w, SPHERE_MADD_(v, v, u * u))) * SPHERE_ANGLE_DOWN_, s = sphere_sqrt_(SPHERE_MADD_(sz, sz, SPHERE_MADD_(sy, sy, sx * sx)));
        angle[i] = sphere_canonical_(2.0f * sphere_atan2_(d, s));
    }
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_angles_avx2_(float *angle, const float *ax, const float *ay, const float *az, const float *bx, const float *by, const float *bz, size_t n)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256 ax_f32x8 = _mm256_loadu_ps(ax + i), ay_f32x8 = _mm256_loadu_ps(ay + i), az_f32x8 = _mm256_loadu_ps(az + i);
        const __m256 bx_f32x8 = _mm256_loadu_ps(bx + i), by_f32x8 = _mm256_loadu_ps(by + i), bz_f32x8 = _mm256_loadu_ps(bz + i);
        const __m256 up_f32x8 = _mm256_set1_ps(SPHERE_ANGLE_UP_), dx_f32x8 = _mm256_mul_ps(_mm256_sub_ps(ax_f32x8, bx_f32x8), up_f32x8);
        const __m256 dy_f32x8 = _mm256_mul_ps(_mm256_sub_ps(ay_f32x8, by_f32x8), up_f32x8), dz_f32x8 = _mm256_mul_ps(_mm256_sub_ps(az_f32x8, bz_f32x8), up_f32x8);
        const __m256 sx_f32x8 = _mm256_add_ps(ax_f32x8, bx_f32x8), sy_f32x8 = _mm256_add_ps(ay_f32x8, by_f32x8), sz_f32x8 = _mm256_add_ps(az_f32x8, bz_f32x8);
        __m256 d_f32x8 = SPHERE_MADD_F32X8_(dy_f32x8, dy_f32x8, _mm256_mul_ps(dx_f32x8, dx_f32x8)), s_f32x8 = SPHERE_MADD_F32X8_(sy_f32x8, sy_f32x8, _mm256_mul_ps(sx_f32x8, sx_f32x8));
        __m256 less_f32x8, large_f32x8, small_f32x8, q_f32x8;
        d_f32x8 = _mm256_mul_ps(_mm256_sqrt_ps(SPHERE_MADD_F32X8_(dz_f32x8, dz_f32x8, d_f32x8)), _mm256_set1_ps(SPHERE_ANGLE_DOWN_));
        s_f32x8 = _mm256_sqrt_ps(SPHERE_MADD_F32X8_(sz_f32x8, sz_f32x8, s_f32x8));
        less_f32x8 = _mm256_cmp_ps(d_f32x8, s_f32x8, _CMP_LT_OQ);
        small_f32x8 = _mm256_blendv_ps(s_f32x8, d_f32x8, less_f32x8);
        large_f32x8 = _mm256_blendv_ps(d_f32x8, s_f32x8, less_f32x8);
        q_f32x8 = _mm256_and_ps(_mm256_div_ps(small_f32x8, large_f32x8), _mm256_cmp_ps(large_f32x8, _mm256_setzero_ps(), _CMP_NEQ_UQ));
        q_f32x8 = _mm256_blendv_ps(q_f32x8, _mm256_and_ps(_mm256_set1_ps(1.0f), _mm256_cmp_ps(large_f32x8, _mm256_setzero_ps(), _CMP_NEQ_UQ)),
                                   _mm256_cmp_ps(small_f32x8, large_f32x8, _CMP_EQ_OQ));                /* equal, infinite too: 1; 0/0: 0 */
        q_f32x8 = sphere_reflect_avx2_(sphere_atan01_avx2_(q_f32x8), _mm256_cmp_ps(d_f32x8, s_f32x8, _CMP_GT_OQ), 1.57079637f, 4.37113883e-08f);
        q_f32x8 = _mm256_blendv_ps(q_f32x8, _mm256_castsi256_ps(_mm256_set1_epi32(0x7fc00000)), _mm256_cmp_ps(d_f32x8, s_f32x8, _CMP_UNORD_Q));
        _mm256_storeu_ps(angle + i, sphere_canonical_avx2_(_mm256_mul_ps(_mm256_set1_ps(2.0f), q_f32x8)));
    }
    sphere_angles_c_(angle + i, ax + i, ay + i, az + i, bx + i, by + i, bz + i, n - i);
}
#endif
#if SPHERE_NEON_
static void sphere_angles_neon_(float *angle, const float *ax, const float *ay, const float *az, const float *bx, const float *by, const float *bz, size_t n)
{
    size_t i = 0, k;
    for (; i + 4 <= n; i += 4) {
        const float *a[3], *b[3];
        float32x4_t d_f32x4 = vdupq_n_f32(0), s_f32x4 = d_f32x4, q_f32x4, small_f32x4, large_f32x4;
        uint32x4_t less_u32x4, live_u32x4;
        a[0] = ax + i; a[1] = ay + i; a[2] = az + i; b[0] = bx + i; b[1] = by + i; b[2] = bz + i;
        for (k = 0; k < 3; k++) {                                       /* 0 + x x is x x: squares are never -0 */
            const float32x4_t a_f32x4 = vld1q_f32(a[k]), b_f32x4 = vld1q_f32(b[k]);
            const float32x4_t minus_f32x4 = vmulq_f32(vsubq_f32(a_f32x4, b_f32x4), vdupq_n_f32(SPHERE_ANGLE_UP_)), plus_f32x4 = vaddq_f32(a_f32x4, b_f32x4);
            d_f32x4 = SPHERE_MADD_F32X4_(minus_f32x4, minus_f32x4, d_f32x4);
            s_f32x4 = SPHERE_MADD_F32X4_(plus_f32x4, plus_f32x4, s_f32x4);
        }
        d_f32x4 = vmulq_f32(vsqrtq_f32(d_f32x4), vdupq_n_f32(SPHERE_ANGLE_DOWN_));
        s_f32x4 = vsqrtq_f32(s_f32x4);
        less_u32x4 = vcltq_f32(d_f32x4, s_f32x4);
        small_f32x4 = vbslq_f32(less_u32x4, d_f32x4, s_f32x4);
        large_f32x4 = vbslq_f32(less_u32x4, s_f32x4, d_f32x4);
        live_u32x4 = vmvnq_u32(vceqq_f32(large_f32x4, vdupq_n_f32(0)));
        q_f32x4 = vbslq_f32(vceqq_f32(small_f32x4, large_f32x4), vdupq_n_f32(1.0f), vdivq_f32(small_f32x4, large_f32x4));
        q_f32x4 = vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(q_f32x4), live_u32x4));
        q_f32x4 = sphere_reflect_neon_(sphere_atan01_neon_(q_f32x4), vcgtq_f32(d_f32x4, s_f32x4), 1.57079637f, 4.37113883e-08f);
        q_f32x4 = vbslq_f32(vandq_u32(vceqq_f32(d_f32x4, d_f32x4), vceqq_f32(s_f32x4, s_f32x4)), q_f32x4, vreinterpretq_f32_u32(vdupq_n_u32(0x7fc00000u)));
        vst1q_f32(angle + i, sphere_canonical_neon_(vmulq_f32(vdupq_n_f32(2.0f), q_f32x4)));
    }
    sphere_angles_c_(angle + i, ax + i, ay + i, az + i, bx + i, by + i, bz + i, n - i);
}
#endif

/* >>kernel unit: scale to length 1 in place, by the reciprocal of the length in double */
static void sphere_unit_c_(float *x, float *y, float *z, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) {
        const double s = (double)x[i] * x[i] + (double)y[i] * y[i] + (double)z[i] * z[i];
        const double inverse = s == 0 ? 1.0 : 1.0 / sphere_sqrt_double_(s);
        const int good = s < 1e100;                                     /* neither NaN nor infinite: three squared floats stay below 4e77 */
        x[i] = good ? (float)(x[i] * inverse) : sphere_nan_();
        y[i] = good ? (float)(y[i] * inverse) : sphere_nan_();
        z[i] = good ? (float)(z[i] * inverse) : sphere_nan_();
    }
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_unit_avx2_(float *x, float *y, float *z, size_t n)
{
    const __m256d one_f64x4 = _mm256_set1_pd(1.0);
    const __m128 nan_f32x4 = _mm_castsi128_ps(_mm_set1_epi32(0x7fc00000));
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        const __m256d x_f64x4 = _mm256_cvtps_pd(_mm_loadu_ps(x + i)), y_f64x4 = _mm256_cvtps_pd(_mm_loadu_ps(y + i)), z_f64x4 = _mm256_cvtps_pd(_mm_loadu_ps(z + i));
        const __m256d s_f64x4 = _mm256_add_pd(_mm256_add_pd(_mm256_mul_pd(x_f64x4, x_f64x4), _mm256_mul_pd(y_f64x4, y_f64x4)), _mm256_mul_pd(z_f64x4, z_f64x4));
        const __m256d zero_f64x4 = _mm256_cmp_pd(s_f64x4, _mm256_setzero_pd(), _CMP_EQ_OQ);
        const __m256d inverse_f64x4 = _mm256_blendv_pd(_mm256_div_pd(one_f64x4, _mm256_sqrt_pd(s_f64x4)), one_f64x4, zero_f64x4);
        /* -1 where good: the sign bit of the converted mask selects */
        const __m128 good_f32x4 = _mm256_cvtpd_ps(_mm256_and_pd(_mm256_cmp_pd(s_f64x4, _mm256_set1_pd(1e100), _CMP_LT_OQ), _mm256_set1_pd(-1.0)));
        _mm_storeu_ps(x + i, _mm_blendv_ps(nan_f32x4, _mm256_cvtpd_ps(_mm256_mul_pd(x_f64x4, inverse_f64x4)), good_f32x4));
        _mm_storeu_ps(y + i, _mm_blendv_ps(nan_f32x4, _mm256_cvtpd_ps(_mm256_mul_pd(y_f64x4, inverse_f64x4)), good_f32x4));
        _mm_storeu_ps(z + i, _mm_blendv_ps(nan_f32x4, _mm256_cvtpd_ps(_mm256_mul_pd(z_f64x4, inverse_f64x4)), good_f32x4));
    }
    sphere_unit_c_(x + i, y + i, z + i, n - i);
}
#endif
#if SPHERE_NEON_
static void sphere_unit_neon_(float *x, float *y, float *z, size_t n)
{
    const float32x2_t nan_f32x2 = vreinterpret_f32_u32(vdup_n_u32(0x7fc00000u));
    size_t i = 0;
    for (; i + 2 <= n; i += 2) {
        const float64x2_t x_f64x2 = vcvt_f64_f32(vld1_f32(x + i)), y_f64x2 = vcvt_f64_f32(vld1_f32(y + i)), z_f64x2 = vcvt_f64_f32(vld1_f32(z + i));
        const float64x2_t s_f64x2 = vaddq_f64(vaddq_f64(vmulq_f64(x_f64x2, x_f64x2), vmulq_f64(y_f64x2, y_f64x2)), vmulq_f64(z_f64x2, z_f64x2));
        const float64x2_t inverse_f64x2 = vbslq_f64(vceqq_f64(s_f64x2, vdupq_n_f64(0)), vdupq_n_f64(1.0), vdivq_f64(vdupq_n_f64(1.0), vsqrtq_f64(s_f64x2)));
        const uint32x2_t good_u32x2 = vmovn_u64(vcltq_f64(s_f64x2, vdupq_n_f64(1e100)));
        vst1_f32(x + i, vbsl_f32(good_u32x2, vcvt_f32_f64(vmulq_f64(x_f64x2, inverse_f64x2)), nan_f32x2));
        vst1_f32(y + i, vbsl_f32(good_u32x2, vcvt_f32_f64(vmulq_f64(y_f64x2, inverse_f64x2)), nan_f32x2));
        vst1_f32(z + i, vbsl_f32(good_u32x2, vcvt_f32_f64(vmulq_f64(z_f64x2, inverse_f64x2)), nan_f32x2));
    }
    sphere_unit_c_(x + i, y + i, z + i, n - i);
}
#endif

/* The table: one row per level of this build, best first, portable last. */
typedef struct sphere_kernels_ {
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
    void (*rank)(uint32_t *count, const float *tile, size_t n, uint32_t first, const float *limit, const uint32_t *place, size_t limits);
    void (*axis)(float *out, const float *x, const float *y, const float *z, size_t n, const float *a);
    void (*to_spherical)(float *r, float *theta, float *phi, const float *x, const float *y, const float *z, size_t n);
    void (*to_cartesian)(float *x, float *y, float *z, const float *r, const float *theta, const float *phi, size_t n);
    void (*angles)(float *angle, const float *ax, const float *ay, const float *az, const float *bx, const float *by, const float *bz, size_t n);
    void (*unit)(float *x, float *y, float *z, size_t n);
} sphere_kernels_;
#define SPHERE_KERNELS_(level) { sphere_row_dot_##level, sphere_row_square_##level, sphere_row_dot_square_##level, sphere_row_variance_##level, \
    sphere_root_##level, sphere_divide_##level, sphere_ratio_##level, sphere_add_##level, sphere_half_##level, sphere_panel_##level, \
    sphere_hits_##level, sphere_rank_##level, sphere_axis_##level, sphere_to_spherical_##level, sphere_to_cartesian_##level, \
    sphere_angles_##level, sphere_unit_##level }
/* The kernels of a level that sphere_simd_pick_ has allowed. */
SPHERE_INLINE_ const sphere_kernels_ *sphere_kernels_for_(sphere_simd level)
{
    static const sphere_kernels_ portable = SPHERE_KERNELS_(c_);
#if SPHERE_AVX2_
    static const sphere_kernels_ avx2 = SPHERE_KERNELS_(avx2_);
    if (level == SPHERE_SIMD_AVX2) return &avx2;
#endif
#if SPHERE_NEON_
    static const sphere_kernels_ neon = SPHERE_KERNELS_(neon_);
    if (level == SPHERE_SIMD_NEON) return &neon;
#endif
    (void)level;
    return &portable;
}

/* >>implementation */
#define SPHERE_BLOCK_ 64                /* rows scored at a time: a tile of 64 x 16 scores stays in the first-level cache */
#define SPHERE_GROUP_ 64                /* queries per task: four panels */
#define SPHERE_CHUNK_ 65536             /* rows per task in element-wise work and in a search with few queries */

SPHERE_API sphere_simd sphere_simd_best(void) { return sphere_simd_best_(); }

/* Shape checks shared by everything that takes rows; *stride comes back resolved. */
static sphere_status sphere_check_rows_(const sphere_rows *rows, size_t *stride)
{
    if (!rows) return SPHERE_E_NULL;
    *stride = rows->stride ? rows->stride : rows->dim;
    if (rows->stride && rows->stride < rows->dim) return SPHERE_E_RANGE;
    if (rows->n && rows->dim && !rows->data) return SPHERE_E_NULL;
    if (sphere_size_(sphere_size_(rows->n, *stride, 0), sizeof(float), 0) > SIZE_MAX / 2) return SPHERE_E_SIZE;
    return SPHERE_OK;
}
/* Bytes that the rows span, 0 when they hold nothing. The shape has been checked. */
static size_t sphere_span_(size_t n, size_t dim, size_t stride) { return n && dim ? ((n - 1) * stride + dim) * sizeof(float) : 0; }
/* May out be written while a is read? Only as the same array, or apart. */
static int sphere_clash_(const void *out, const void *a, size_t bytes) { return out != a && sphere_overlap_(out, bytes, a, bytes); }

/* -- coordinates: one task per chunk of points */
typedef struct sphere_points_ {
    const sphere_kernels_ *kernels;
    const float *in[6];
    float *out[3];
    size_t n;
    int work;                           /* 0 to_spherical, 1 to_cartesian, 2 angles, 3 unit */
} sphere_points_;
static void sphere_points_task_(void *context, size_t index)
{
    const sphere_points_ *p = (const sphere_points_ *)context;
    const size_t at = index * SPHERE_CHUNK_, n = p->n - at < SPHERE_CHUNK_ ? p->n - at : SPHERE_CHUNK_;
    const float *in[6];
    float *out[3];
    size_t i;
    for (i = 0; i < 6; i++) in[i] = p->in[i] ? p->in[i] + at : NULL;
    for (i = 0; i < 3; i++) out[i] = p->out[i] ? p->out[i] + at : NULL;
    if (p->work == 0) p->kernels->to_spherical(out[0], out[1], out[2], in[0], in[1], in[2], n);
    else if (p->work == 1) p->kernels->to_cartesian(out[0], out[1], out[2], in[0], in[1], in[2], n);
    else if (p->work == 2) p->kernels->angles(out[0], in[0], in[1], in[2], in[3], in[4], in[5], n);
    else p->kernels->unit(out[0], out[1], out[2], n);
}
static sphere_status sphere_points_run_(sphere_points_ *p, size_t n, int ins, int outs, int optional_in, int optional_out, const sphere_exec *exec)
{
    sphere_simd level = sphere_simd_pick_(exec);
    int i, j;
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (n == 0) return SPHERE_OK;
    if (n > SIZE_MAX / 8) return SPHERE_E_SIZE;
    for (i = 0; i < ins; i++) if (!p->in[i] && i != optional_in) return SPHERE_E_NULL;
    for (i = 0; i < outs; i++) if (!p->out[i] && i != optional_out) return SPHERE_E_NULL;
    for (i = 0; i < outs; i++) {
        for (j = 0; j < ins; j++) if (sphere_clash_(p->out[i], p->in[j], n * sizeof(float))) return SPHERE_E_OVERLAP;
        for (j = 0; j < i; j++) if (sphere_overlap_(p->out[i], n * sizeof(float), p->out[j], n * sizeof(float))) return SPHERE_E_OVERLAP;
    }
    p->kernels = sphere_kernels_for_(level);
    p->n = n;
    sphere_parallel_(exec, (n + SPHERE_CHUNK_ - 1) / SPHERE_CHUNK_, sphere_points_task_, p);
    return SPHERE_OK;
}
SPHERE_API sphere_status sphere_to_spherical(const float *x, const float *y, const float *z, float *r, float *theta, float *phi, size_t n,
                                             const sphere_exec *exec)
{
    sphere_points_ p;
    memset(&p, 0, sizeof(p));
    p.in[0] = x; p.in[1] = y; p.in[2] = z;
    p.out[0] = r; p.out[1] = theta; p.out[2] = phi;
    return sphere_points_run_(&p, n, 3, 3, -1, 0, exec);
}
SPHERE_API sphere_status sphere_to_cartesian(const float *r, const float *theta, const float *phi, float *x, float *y, float *z, size_t n,
                                             const sphere_exec *exec)
{
    sphere_points_ p;
    memset(&p, 0, sizeof(p));
    p.in[0] = r; p.in[1] = theta; p.in[2] = phi;
    p.out[0] = x; p.out[1] = y; p.out[2] = z;
    p.work = 1;
    return sphere_points_run_(&p, n, 3, 3, 0, -1, exec);
}
SPHERE_API sphere_status sphere_angles(const float *ax, const float *ay, const float *az, const float *bx, const float *by, const float *bz,
                                       float *angle, size_t n, const sphere_exec *exec)
{
    sphere_points_ p;
    memset(&p, 0, sizeof(p));
    p.in[0] = ax; p.in[1] = ay; p.in[2] = az; p.in[3] = bx; p.in[4] = by; p.in[5] = bz;
    p.out[0] = angle;
    p.work = 2;
    return sphere_points_run_(&p, n, 6, 1, -1, -1, exec);
}
SPHERE_API sphere_status sphere_unit(float *x, float *y, float *z, size_t n, const sphere_exec *exec)
{
    sphere_points_ p;
    memset(&p, 0, sizeof(p));
    p.out[0] = x; p.out[1] = y; p.out[2] = z;
    p.work = 3;
    return sphere_points_run_(&p, n, 0, 3, -1, -1, exec);
}

/* -- rows */
SPHERE_API float sphere_dot(const float *a, const float *b, size_t n)
{
    float out;
    if (n == 0) return 0;
    if (!a || !b) return sphere_nan_();
    sphere_kernels_for_(sphere_simd_best_())->row_dot(&out, a, n, 1, n, b);
    return out;
}
/* A row whose sum of squares overflowed, or lost digits to underflow: scale is the power of two that brings it back into range, norm
   the norm of the scaled row, in the same lanes. Infinite and NaN rows give a norm that is not finite. */
static void sphere_scaled_norm_(const float *row, size_t dim, float square, float *scale, float *norm)
{
    float lane[16] = { 0 };
    size_t i;
    *scale = square < 1.0f ? 1.2676506e+30f : 7.88860905e-31f;                         /* 2^100, 2^-100 */
    for (i = 0; i < dim; i++) { const float v = row[i] * *scale; lane[i & 15u] = SPHERE_MADD_(v, v, lane[i & 15u]); }
    *norm = sphere_canonical_(sphere_sqrt_(sphere_lanes_c_(lane)));
}
/* The norm of a row whose sum of squares is known. */
static float sphere_norm_of_(const float *row, size_t dim, float square)
{
    float scale, norm;
    if ((square < SPHERE_SQUARE_HIGH_ && square > SPHERE_SQUARE_LOW_) || !(square == square)) return sphere_sqrt_(square);
    sphere_scaled_norm_(row, dim, square, &scale, &norm);
    return norm * (scale < 1.0f ? 1.2676506e+30f : 7.88860905e-31f);
}
SPHERE_API float sphere_norm(const float *a, size_t n)
{
    float out;
    if (n == 0) return 0;
    if (!a) return sphere_nan_();
    sphere_kernels_for_(sphere_simd_best_())->row_square(&out, a, n, 1, n);
    return sphere_norm_of_(a, n, out);
}
static void sphere_norms_(const sphere_kernels_ *kernels, float *out, const float *data, size_t stride, size_t n, size_t dim)
{
    float square[SPHERE_BLOCK_];
    size_t at, i, m;
    for (at = 0; at < n; at += m) {
        const float *rows = data + at * stride;
        m = n - at < SPHERE_BLOCK_ ? n - at : SPHERE_BLOCK_;
        kernels->row_square(square, rows, stride, m, dim);
        if (!kernels->root(out + at, NULL, square, m, 1.0f)) for (i = 0; i < m; i++) out[at + i] = sphere_norm_of_(rows + i * stride, dim, square[i]);
    }
}
/* Is this norm, or this product of norms, so large or small that a quotient by it loses digits? */
SPHERE_INLINE_ int sphere_odd_norm_(float norm) { return !(norm > 1e-30f && norm < 1e30f); }
/* The row divided by its norm; zero stays zero, a row that is not finite becomes NaN. out may be the row. */
static void sphere_unit_row_(const sphere_kernels_ *kernels, float *out, const float *row, size_t dim, float norm)
{
    float scale;
    size_t i;
    if (sphere_odd_norm_(norm) && norm != 0) {
        sphere_scaled_norm_(row, dim, norm, &scale, &norm);
        for (i = 0; i < dim; i++) out[i] = norm < sphere_inf_() ? row[i] * scale / norm : sphere_nan_();
    } else kernels->divide(out, row, dim, norm);
}
/* The dot product of the unit vectors of a row and a query: for norms where dot / (|row| |query|) would lose digits. */
static float sphere_cosine_slow_(const float *row, const float *query, size_t dim, float norm, float query_norm)
{
    float lane[16] = { 0 }, scale = 1.0f, query_scale = 1.0f;
    size_t i;
    if (norm == 0 || query_norm == 0) return 0;
    if (sphere_odd_norm_(norm)) sphere_scaled_norm_(row, dim, norm, &scale, &norm);
    if (sphere_odd_norm_(query_norm)) sphere_scaled_norm_(query, dim, query_norm, &query_scale, &query_norm);
    if (!(norm < sphere_inf_()) || !(query_norm < sphere_inf_())) return sphere_nan_();
    for (i = 0; i < dim; i++) lane[i & 15u] = SPHERE_MADD_(row[i] * scale / norm, query[i] * query_scale / query_norm, lane[i & 15u]);
    return sphere_lanes_c_(lane);
}
/* One function for everything that makes one number per row, one task per chunk of rows. */
typedef enum sphere_row_work_ { SPHERE_ROW_DOT_, SPHERE_ROW_COSINE_, SPHERE_ROW_NORM_, SPHERE_ROW_VARIANCE_, SPHERE_ROW_NORMALIZE_ } sphere_row_work_;
typedef struct sphere_row_job_ {
    const sphere_kernels_ *kernels;
    const float *data, *query;
    float *out, query_norm;
    size_t n, dim, stride, out_stride;
    sphere_row_work_ work;
} sphere_row_job_;
#define SPHERE_ROW_CHUNK_ 4096
static void sphere_row_task_(void *context, size_t index)
{
    const sphere_row_job_ *job = (const sphere_row_job_ *)context;
    const size_t end = job->n - index * SPHERE_ROW_CHUNK_ < SPHERE_ROW_CHUNK_ ? job->n : (index + 1) * SPHERE_ROW_CHUNK_;
    size_t at, i, n;
    float scratch[SPHERE_BLOCK_];
    for (at = index * SPHERE_ROW_CHUNK_; at < end; at += n) {
        const float *data = job->data + at * job->stride;
        n = end - at < SPHERE_BLOCK_ ? end - at : SPHERE_BLOCK_;
        if (job->work == SPHERE_ROW_DOT_) job->kernels->row_dot(job->out + at, data, job->stride, n, job->dim, job->query);
        else if (job->work == SPHERE_ROW_VARIANCE_) job->kernels->row_variance(job->out + at, data, job->stride, n, job->dim);
        else if (job->work == SPHERE_ROW_NORM_) sphere_norms_(job->kernels, job->out + at, data, job->stride, n, job->dim);
        else if (job->work == SPHERE_ROW_NORMALIZE_) {
            sphere_norms_(job->kernels, scratch, data, job->stride, n, job->dim);
            for (i = 0; i < n; i++) sphere_unit_row_(job->kernels, job->out + (at + i) * job->out_stride, data + i * job->stride, job->dim, scratch[i]);
        } else {
            float *out = job->out + at, dot[SPHERE_BLOCK_];
            const int odd = sphere_odd_norm_(job->query_norm);
            job->kernels->row_dot_square(dot, scratch, data, job->stride, n, job->dim, job->query);
            if (!job->kernels->root(out, dot, scratch, n, job->query_norm) || odd) for (i = 0; i < n; i++) {
                const float *row = data + i * job->stride, norm = sphere_norm_of_(row, job->dim, scratch[i]), scale = norm * job->query_norm;
                out[i] = odd || sphere_odd_norm_(scale) || sphere_odd_norm_(norm) ? sphere_cosine_slow_(row, job->query, job->dim, norm, job->query_norm) : sphere_canonical_(dot[i] / scale);
            }
        }
    }
}
static sphere_status sphere_row_run_(const sphere_rows *rows, const float *query, int needs_query, float *out, size_t out_stride, sphere_row_work_ work,
                                     const sphere_exec *exec)
{
    static const float no_row = 0;
    sphere_row_job_ job;
    sphere_simd level = sphere_simd_pick_(exec);
    size_t stride = 0, span, out_span;
    sphere_status status = sphere_check_rows_(rows, &stride);
    if (status) return status;
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (rows->n == 0) return SPHERE_OK;
    if (work == SPHERE_ROW_NORMALIZE_ && rows->dim == 0) return SPHERE_OK;
    if (!out || (needs_query && rows->dim && !query)) return SPHERE_E_NULL;
    if (work == SPHERE_ROW_NORMALIZE_ && out_stride && out_stride < rows->dim) return SPHERE_E_RANGE;
    if (work == SPHERE_ROW_NORMALIZE_ && !out_stride) out_stride = rows->dim;
    if (sphere_size_(sphere_size_(rows->n, out_stride, 0), sizeof(float), 0) > SIZE_MAX / 2) return SPHERE_E_SIZE;
    span = sphere_span_(rows->n, rows->dim, stride);
    out_span = work == SPHERE_ROW_NORMALIZE_ ? sphere_span_(rows->n, rows->dim, out_stride) : rows->n * sizeof(float);
    if (sphere_overlap_(out, out_span, rows->data, span) && !(work == SPHERE_ROW_NORMALIZE_ && out == rows->data && out_stride == stride)) return SPHERE_E_OVERLAP;
    if (needs_query && sphere_overlap_(out, out_span, query, rows->dim * sizeof(float))) return SPHERE_E_OVERLAP;
    if (work == SPHERE_ROW_VARIANCE_ && rows->dim == 0) { memset(out, 0, rows->n * sizeof(float)); return SPHERE_OK; }
    memset(&job, 0, sizeof(job));
    job.kernels = sphere_kernels_for_(level);
    job.data = rows->data ? rows->data : &no_row;                       /* rows without elements may come as NULL */
    job.query = query ? query : &no_row;
    job.out = out;
    job.n = rows->n; job.dim = rows->dim; job.stride = stride; job.out_stride = out_stride;
    job.work = work;
    if (work == SPHERE_ROW_COSINE_) sphere_norms_(job.kernels, &job.query_norm, job.query, rows->dim, 1, rows->dim);
    sphere_parallel_(exec, (rows->n - 1) / SPHERE_ROW_CHUNK_ + 1, sphere_row_task_, &job);
    return SPHERE_OK;
}
SPHERE_API sphere_status sphere_row_dot(const sphere_rows *rows, const float *query, float *out, const sphere_exec *exec)
{
    return sphere_row_run_(rows, query, 1, out, 1, SPHERE_ROW_DOT_, exec);
}
SPHERE_API sphere_status sphere_row_cosine(const sphere_rows *rows, const float *query, float *out, const sphere_exec *exec)
{
    return sphere_row_run_(rows, query, 1, out, 1, SPHERE_ROW_COSINE_, exec);
}
SPHERE_API sphere_status sphere_row_norm(const sphere_rows *rows, float *out, const sphere_exec *exec)
{
    return sphere_row_run_(rows, NULL, 0, out, 1, SPHERE_ROW_NORM_, exec);
}
SPHERE_API sphere_status sphere_row_variance(const sphere_rows *rows, float *out, const sphere_exec *exec)
{
    return sphere_row_run_(rows, NULL, 0, out, 1, SPHERE_ROW_VARIANCE_, exec);
}
SPHERE_API sphere_status sphere_row_normalize(const sphere_rows *rows, float *out, size_t out_stride, const sphere_exec *exec)
{
    return sphere_row_run_(rows, NULL, 0, out, out_stride, SPHERE_ROW_NORMALIZE_, exec);
}
SPHERE_API sphere_status sphere_row_mean(const sphere_rows *rows, float *mean, const sphere_exec *exec)
{
    const sphere_kernels_ *kernels;
    sphere_simd level = sphere_simd_pick_(exec);
    size_t stride = 0, at, column, i, width;
    sphere_status status = sphere_check_rows_(rows, &stride);
    float block[256], total[256];
    if (status) return status;
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (rows->dim == 0) return SPHERE_OK;
    if (!mean) return SPHERE_E_NULL;
    if (sphere_overlap_(mean, rows->dim * sizeof(float), rows->data, sphere_span_(rows->n, rows->dim, stride))) return SPHERE_E_OVERLAP;
    kernels = sphere_kernels_for_(level);
    for (column = 0; column < rows->dim; column += width) {             /* 256 columns at a time, so that the sums fit the stack */
        width = rows->dim - column < 256 ? rows->dim - column : 256;
        memset(total, 0, sizeof(total));
        for (at = 0; at < rows->n; at += 256) {
            memset(block, 0, sizeof(block));
            for (i = at; i < rows->n && i < at + 256; i++) kernels->add(block, rows->data + i * stride + column, width);
            kernels->add(total, block, width);
        }
        kernels->divide(mean + column, total, width, rows->n ? (float)rows->n : 1.0f);
    }
    return SPHERE_OK;
}
typedef struct sphere_half_job_ { const sphere_kernels_ *kernels; const uint16_t *half; float *out; size_t n; } sphere_half_job_;
static void sphere_half_task_(void *context, size_t index)
{
    const sphere_half_job_ *job = (const sphere_half_job_ *)context;
    const size_t at = index * SPHERE_CHUNK_, n = job->n - at < SPHERE_CHUNK_ ? job->n - at : SPHERE_CHUNK_;
    job->kernels->half(job->out + at, job->half + at, n);
}
SPHERE_API sphere_status sphere_half_to_float(const uint16_t *half, float *out, size_t n, const sphere_exec *exec)
{
    sphere_half_job_ job;
    sphere_simd level = sphere_simd_pick_(exec);
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (n == 0) return SPHERE_OK;
    if (!half || !out) return SPHERE_E_NULL;
    if (n > SIZE_MAX / 8) return SPHERE_E_SIZE;
    if (sphere_overlap_(half, n * sizeof(uint16_t), out, n * sizeof(float))) return SPHERE_E_OVERLAP;
    job.kernels = sphere_kernels_for_(level);
    job.half = half; job.out = out; job.n = n;
    sphere_parallel_(exec, (n - 1) / SPHERE_CHUNK_ + 1, sphere_half_task_, &job);
    return SPHERE_OK;
}

/* -- search. The best k so far are a heap with the worst on top; rows come in ascending order within a task. */
SPHERE_INLINE_ int sphere_before_(float a, uint32_t i, float b, uint32_t j) { return a > b || (a == b && i < j); }
typedef struct sphere_heap_ { float *score; uint32_t *index; size_t count, k; } sphere_heap_;
static void sphere_heap_down_(sphere_heap_ *h, size_t at, size_t count)
{
    const float score = h->score[at];
    const uint32_t index = h->index[at];
    size_t child;
    for (; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && sphere_before_(h->score[child], h->index[child], h->score[child + 1], h->index[child + 1])) child++;
        if (!sphere_before_(score, index, h->score[child], h->index[child])) break;
        h->score[at] = h->score[child];
        h->index[at] = h->index[child];
    }
    h->score[at] = score;
    h->index[at] = index;
}
/* Add an entry; while there is room it is only appended, and the heap is made when the last place fills. */
static void sphere_heap_push_(sphere_heap_ *h, float score, uint32_t index)
{
    size_t i;
    if (h->count < h->k) {
        h->score[h->count] = score;
        h->index[h->count++] = index;
        if (h->count == h->k) for (i = h->k / 2; i-- > 0; ) sphere_heap_down_(h, i, h->k);
    } else if (h->k && sphere_before_(score, index, h->score[0], h->index[0])) {
        h->score[0] = score;
        h->index[0] = index;
        sphere_heap_down_(h, 0, h->k);
    }
}
/* Sort best first and fill the places behind the last entry. */
static void sphere_heap_finish_(sphere_heap_ *h)
{
    size_t i, end;
    if (h->count < h->k) for (i = h->count / 2; i-- > 0; ) sphere_heap_down_(h, i, h->count);
    for (end = h->count; end > 1; ) {
        const float score = h->score[0];
        const uint32_t index = h->index[0];
        end--;
        h->score[0] = h->score[end]; h->index[0] = h->index[end];
        h->score[end] = score; h->index[end] = index;
        sphere_heap_down_(h, 0, end);
    }
    for (i = h->count; i < h->k; i++) { h->score[i] = -sphere_inf_(); h->index[i] = SPHERE_NO_INDEX; }
}

/* The memory of a search: queries normalised, packed panels, row norms of a block on the stack, and per task the best k. Tasks are
   groups of up to 64 queries times chunks of rows; there is more than one chunk only when a parallel hook is set. */
typedef struct sphere_search_job_ {
    const sphere_kernels_ *kernels;
    const float *data, *norms;
    size_t n, dim, stride, m, k, groups, chunks, chunk_rows;
    int cosine, cone, panels_used;
    const uint32_t *self;               /* (m) a row that each query must not return, or NULL */
    float threshold;
    float *queries, *panels, *score;    /* score and index: (chunks, m, k) */
    uint32_t *index;
    size_t *count;                      /* (chunks, m) hits of a cone */
    uint64_t *nans;                     /* (chunks, groups) */
} sphere_search_job_;
static void sphere_search_task_(void *context, size_t task)
{
    const sphere_search_job_ *job = (const sphere_search_job_ *)context;
    const size_t group = task % job->groups, chunk = task / job->groups, q0 = group * SPHERE_GROUP_;
    const size_t queries = job->m - q0 < SPHERE_GROUP_ ? job->m - q0 : SPHERE_GROUP_, width = job->panels_used ? 16 : 1;
    const size_t begin = chunk * job->chunk_rows, end = job->n - begin < job->chunk_rows ? job->n : begin + job->chunk_rows;
    sphere_heap_ heap[SPHERE_GROUP_];
    float tile[SPHERE_BLOCK_ * 16], floor16[SPHERE_GROUP_][16], norms[SPHERE_BLOCK_], square[SPHERE_BLOCK_];
    uint16_t hit[SPHERE_BLOCK_ * 16];
    size_t inside[SPHERE_GROUP_], at, q, i, hits, n, lane;
    uint64_t nans = 0;
    int odd = 0;
    for (q = 0; q < queries; q++) {
        heap[q].score = job->k ? job->score + (chunk * job->m + q0 + q) * job->k : NULL;
        heap[q].index = job->k ? job->index + (chunk * job->m + q0 + q) * job->k : NULL;
        heap[q].count = 0;
        heap[q].k = job->k;
        inside[q] = 0;
    }
    /* floor16[p] belongs to the panel that starts at query p; queries that are not there never hit */
    for (q = 0; q < SPHERE_GROUP_; q++) for (i = 0; i < 16; i++) floor16[q][i] = q + i < queries || width == 1 ? job->threshold : sphere_inf_();
    for (at = begin; at < end; at += n) {
        const float *data = job->data + at * job->stride, *norm = job->norms ? job->norms + at : norms;
        n = end - at < SPHERE_BLOCK_ ? end - at : SPHERE_BLOCK_;
        if (job->cosine) {
            if (!job->norms && width == 1) {                            /* norms and scores of the first query in one read */
                job->kernels->row_dot_square(tile, square, data, job->stride, n, job->dim, job->queries + q0 * job->dim);
                if (!job->kernels->root(norms, NULL, square, n, 1.0f))
                    for (i = 0; i < n; i++) norms[i] = sphere_norm_of_(data + i * job->stride, job->dim, square[i]);
            } else if (!job->norms) sphere_norms_(job->kernels, norms, data, job->stride, n, job->dim);
            for (odd = 0, i = 0; i < n; i++) odd |= sphere_odd_norm_(norm[i]);
        }
        for (q = 0; q < queries; q += width) {
            if (width == 1) {
                if (q || !job->cosine || job->norms) job->kernels->row_dot(tile, data, job->stride, n, job->dim, job->queries + (q0 + q) * job->dim);
                if (job->cosine) job->kernels->ratio(tile, tile, norm, n);
            } else {
                job->kernels->panel(tile, data, job->stride, n, job->dim, job->panels + (q0 + q) * job->dim);
                if (job->cosine) for (i = 0; i < n; i++) job->kernels->divide(tile + 16 * i, tile + 16 * i, 16, norm[i]);
            }
            if (odd) for (i = 0; i < n; i++) if (sphere_odd_norm_(norm[i])) for (lane = 0; lane < width && q + lane < queries; lane++)
                tile[width * i + lane] = sphere_cosine_slow_(data + i * job->stride, job->queries + (q0 + q + lane) * job->dim, job->dim, norm[i], 1.0f);
            hits = job->kernels->hits(hit, tile, n * width, floor16[q]);
            for (i = 0; i < hits; i++) {
                const float score = tile[hit[i]];
                const size_t row = width == 1 ? hit[i] : (size_t)hit[i] >> 4;
                lane = width == 1 ? 0 : (size_t)hit[i] & 15u;
                if (q + lane >= queries) continue;
                if (!(score == score)) { nans++; continue; }
                if (job->self && at + row == job->self[q0 + q + lane]) continue;
                inside[q + lane]++;
                sphere_heap_push_(&heap[q + lane], score, (uint32_t)(at + row));
                if (!job->cone && job->k && heap[q + lane].count == job->k) {     /* a full heap raises the floor */
                    if (width == 1) { size_t k; for (k = 0; k < 16; k++) floor16[q][k] = heap[q].score[0]; }
                    else floor16[q][lane] = heap[q + lane].score[0];
                }
            }
        }
    }
    for (q = 0; q < queries; q++) {
        if (job->chunks == 1) sphere_heap_finish_(&heap[q]);
        else for (i = heap[q].count; i < job->k; i++) heap[q].index[i] = SPHERE_NO_INDEX;
        job->count[chunk * job->m + q0 + q] = inside[q];
    }
    job->nans[task] = nans;
}
typedef struct sphere_search_plan_ { size_t chunks, chunk_rows, groups, queries, panels, score, index, count, nans, total; } sphere_search_plan_;
/* Where everything lies in the working memory; total is SIZE_MAX when a size overflows. */
static sphere_search_plan_ sphere_search_plan_of_(size_t n, size_t dim, size_t m, size_t k, const sphere_exec *exec)
{
    sphere_search_plan_ p;
    size_t entries;
    p.groups = m / SPHERE_GROUP_ + (m % SPHERE_GROUP_ != 0);
    p.chunks = 1;
    p.chunk_rows = n;
    if (exec && exec->parallel.run && n > SPHERE_CHUNK_) {              /* at most 64 tasks in all: by size, never by threads */
        size_t most = p.groups < 64 ? 64 / (p.groups ? p.groups : 1) : 1;
        p.chunks = (n - 1) / SPHERE_CHUNK_ + 1;
        if (p.chunks > most) p.chunks = most;
        p.chunk_rows = (n - 1) / p.chunks + 1;
        p.chunks = (n - 1) / p.chunk_rows + 1;
    }
    entries = sphere_size_(sphere_size_(p.chunks, m, 0), k, 0);
    p.queries = 64;
    p.panels = sphere_size_(sphere_size_(m, dim, 16), sizeof(float), p.queries);
    p.score = sphere_size_(sphere_size_(sphere_size_(p.groups, SPHERE_GROUP_, 0), dim, 16), sizeof(float), p.panels);
    p.index = sphere_size_(entries, sizeof(float), p.score);
    p.count = sphere_size_(sphere_size_(entries, sizeof(uint32_t), p.index), 1, 64);
    p.count = p.count == SIZE_MAX ? p.count : p.count & ~(size_t)63;
    p.nans = sphere_size_(sphere_size_(p.chunks, m, 8), sizeof(size_t), p.count);
    p.nans = p.nans == SIZE_MAX ? p.nans : (p.nans + 7) & ~(size_t)7;
    p.total = sphere_size_(sphere_size_(p.chunks, p.groups, 8), sizeof(uint64_t), p.nans);
    if (p.total != SIZE_MAX) p.total = sphere_size_(p.total, 1, 64);
    return p;
}
SPHERE_API size_t sphere_search_size(const sphere_rows *rows, const sphere_rows *queries, size_t k, const sphere_search_desc *desc)
{
    size_t total;
    if (!rows || !queries) return 0;
    total = sphere_search_plan_of_(rows->n, queries->dim, queries->n, k, desc ? &desc->exec : NULL).total;
    return total == SIZE_MAX ? 0 : total;
}
static sphere_status sphere_search_(const sphere_rows *rows, const sphere_rows *queries, float threshold, int cone, size_t k, const sphere_search_desc *desc,
                                    uint32_t *index, float *score, size_t *count, sphere_search_report *report, void *memory, size_t bytes)
{
    const sphere_exec *exec = desc ? &desc->exec : NULL;
    const sphere_simd level = sphere_simd_pick_(exec);
    static const float no_row = 0;                                      /* rows without elements may come as NULL */
    sphere_search_job_ job;
    sphere_search_plan_ plan;
    size_t stride = 0, query_stride = 0, i, j, c;
    char *base;
    sphere_status status = sphere_check_rows_(rows, &stride);
    if (status) return status;
    status = sphere_check_rows_(queries, &query_stride);
    if (status) return status;
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (desc && desc->metric != SPHERE_DOT && desc->metric != SPHERE_COSINE) return SPHERE_E_RANGE;
    if (rows->n > 0xfffffffeu || queries->n > 0xfffffffeu) return SPHERE_E_SIZE;
    if ((k > rows->n && !cone) || (queries->n && rows->n && rows->dim != queries->dim)) return SPHERE_E_RANGE;
    if (!(threshold == threshold)) return SPHERE_E_NAN;
    if (report && queries->n == 0) memset(report, 0, sizeof(*report));
    if (queries->n == 0) return SPHERE_OK;
    if ((k && !index) || (cone && !count)) return SPHERE_E_NULL;
    for (i = 0; i < queries->n; i++) for (j = 0; j < queries->dim; j++) {
        const float v = queries->data[i * query_stride + j];
        if (!(v == v)) return SPHERE_E_NAN;
    }
    plan = sphere_search_plan_of_(rows->n, queries->dim, queries->n, k, exec);
    if (plan.total == SIZE_MAX) return SPHERE_E_SIZE;
    if (!memory || bytes < plan.total) return SPHERE_E_MEMORY;
    for (i = 0; i < 4; i++) {                                           /* four things that are written, four that are read */
        const void *out[4], *in[4];
        size_t out_bytes[4], in_bytes[4];
        out[0] = index; out_bytes[0] = queries->n * k * sizeof(uint32_t);
        out[1] = score; out_bytes[1] = queries->n * k * sizeof(float);
        out[2] = count; out_bytes[2] = queries->n * sizeof(size_t);
        out[3] = memory; out_bytes[3] = bytes;
        in[0] = rows->data; in_bytes[0] = sphere_span_(rows->n, rows->dim, stride);
        in[1] = queries->data; in_bytes[1] = sphere_span_(queries->n, queries->dim, query_stride);
        in[2] = desc ? desc->norms : NULL; in_bytes[2] = rows->n * sizeof(float);
        in[3] = report; in_bytes[3] = sizeof(*report);
        for (j = 0; j < 4; j++) if (sphere_overlap_(out[i], out_bytes[i], in[j], in_bytes[j])) return SPHERE_E_OVERLAP;
        for (j = 0; j < i; j++) if (sphere_overlap_(out[i], out_bytes[i], out[j], out_bytes[j])) return SPHERE_E_OVERLAP;
    }
    base = (char *)sphere_align_(memory);                               /* plan offsets start at 64, so aligning down 64 is inside */
    memset(&job, 0, sizeof(job));
    job.kernels = sphere_kernels_for_(level);
    job.data = rows->data ? rows->data : &no_row;
    job.n = rows->n; job.dim = queries->dim; job.stride = stride; job.m = queries->n; job.k = k;
    job.groups = plan.groups; job.chunks = plan.chunks; job.chunk_rows = plan.chunk_rows;
    job.cosine = desc && desc->metric == SPHERE_COSINE;
    job.norms = job.cosine ? desc->norms : NULL;
    job.cone = cone;
    job.threshold = threshold;
    base -= 64;
    job.queries = (float *)(void *)(base + plan.queries);
    job.panels = (float *)(void *)(base + plan.panels);
    job.score = plan.chunks == 1 && score ? score : (float *)(void *)(base + plan.score);
    job.index = plan.chunks == 1 ? index : (uint32_t *)(void *)(base + plan.index);
    job.count = (size_t *)(void *)(base + plan.count);
    job.nans = (uint64_t *)(void *)(base + plan.nans);
    for (i = 0; i < queries->n; i++) {
        const float *query = queries->dim ? queries->data + i * query_stride : &no_row;
        float norm = 1.0f;
        if (job.cosine) sphere_norms_(job.kernels, &norm, query, queries->dim, 1, queries->dim);
        sphere_unit_row_(job.kernels, job.queries + i * queries->dim, query, queries->dim, norm);
    }
    job.panels_used = queries->n > 3;
    if (job.panels_used) for (i = 0; i < queries->n; i += 16)
        sphere_pack_(job.panels + i * queries->dim, job.queries + i * queries->dim, queries->dim, queries->n - i < 16 ? queries->n - i : 16, queries->dim);
    sphere_parallel_(exec, plan.chunks * plan.groups, sphere_search_task_, &job);
    if (report) {
        report->scores = (uint64_t)rows->n * queries->n;
        report->nan_scores = 0;
        for (i = 0; i < plan.chunks * plan.groups; i++) report->nan_scores += job.nans[i];
    }
    for (i = 0; i < queries->n; i++) {
        size_t inside = 0;
        for (c = 0; c < plan.chunks; c++) inside += job.count[c * queries->n + i];
        if (cone) count[i] = inside;
        if (plan.chunks > 1 && k) {                                     /* the best of the chunks' best, into chunk 0's place */
            sphere_heap_ heap;
            heap.score = job.score + i * k;
            heap.index = job.index + i * k;
            heap.k = k;
            for (heap.count = 0; heap.count < k && heap.index[heap.count] != SPHERE_NO_INDEX; ) heap.count++;
            for (c = 1; c < plan.chunks; c++) for (j = 0; j < k; j++) {
                const size_t at = (c * queries->n + i) * k + j;
                if (job.index[at] == SPHERE_NO_INDEX) break;
                sphere_heap_push_(&heap, job.score[at], job.index[at]);
            }
            sphere_heap_finish_(&heap);
            memcpy(index + i * k, heap.index, k * sizeof(uint32_t));
            if (score) memcpy(score + i * k, heap.score, k * sizeof(float));
        }
    }
    return SPHERE_OK;
}
SPHERE_API sphere_status sphere_search_topk(const sphere_rows *rows, const sphere_rows *queries, size_t k, const sphere_search_desc *desc,
                                            uint32_t *index, float *score, sphere_search_report *report, void *memory, size_t bytes)
{
    return sphere_search_(rows, queries, -sphere_inf_(), 0, k, desc, index, score, NULL, report, memory, bytes);
}
SPHERE_API sphere_status sphere_search_cone(const sphere_rows *rows, const sphere_rows *queries, float threshold, size_t capacity,
                                            const sphere_search_desc *desc, uint32_t *index, float *score, size_t *count,
                                            sphere_search_report *report, void *memory, size_t bytes)
{
    return sphere_search_(rows, queries, threshold, 1, capacity, desc, index, score, count, report, memory, bytes);
}

/* -- graph: a search of the normalised rows for themselves */
typedef struct sphere_unit_rows_ {
    const sphere_kernels_ *kernels;
    const float *data;
    float *rows, *norms;
    size_t n, dim, stride;
} sphere_unit_rows_;
static void sphere_unit_rows_task_(void *context, size_t task)
{
    const sphere_unit_rows_ *job = (const sphere_unit_rows_ *)context;
    const size_t at = task * SPHERE_BLOCK_, n = job->n - at < SPHERE_BLOCK_ ? job->n - at : SPHERE_BLOCK_;
    size_t i;
    sphere_norms_(job->kernels, job->norms + at, job->data + at * job->stride, job->stride, n, job->dim);
    for (i = at; i < at + n; i++) {
        sphere_unit_row_(job->kernels, job->rows + i * job->dim, job->data + i * job->stride, job->dim, job->norms[i]);
        job->norms[i] = job->dim ? job->rows[i * job->dim] : 0;         /* a row that is not finite is NaN throughout: keep a witness */
    }
}
/* Normalised copies of the rows; SPHERE_E_NAN when a row is not finite. */
static sphere_status sphere_unit_rows_run_(const sphere_kernels_ *kernels, const float *data, size_t n, size_t dim, size_t stride, float *rows, float *norms,
                                           const sphere_exec *exec)
{
    sphere_unit_rows_ job;
    size_t i;
    job.kernels = kernels; job.data = data; job.rows = rows; job.norms = norms;
    job.n = n; job.dim = dim; job.stride = stride;
    sphere_parallel_(exec, (n + SPHERE_BLOCK_ - 1) / SPHERE_BLOCK_, sphere_unit_rows_task_, &job);
    for (i = 0; i < n; i++) if (!(norms[i] == norms[i])) return SPHERE_E_NAN;
    return SPHERE_OK;
}
/* Find for m of the rows, named by self (m), their k nearest other rows by dot product. panels, count and nans are scratch. */
static void sphere_nearest_(const sphere_kernels_ *kernels, const float *rows, size_t n, size_t dim, const uint32_t *self, size_t m, size_t k,
                            uint32_t *index, float *score, float *panels, size_t *count, uint64_t *nans, const sphere_exec *exec)
{
    sphere_search_job_ job;
    size_t i, q;
    memset(&job, 0, sizeof(job));
    job.kernels = kernels; job.data = rows;
    job.n = n; job.dim = dim; job.stride = dim; job.m = m; job.k = k;
    job.groups = (m + SPHERE_GROUP_ - 1) / SPHERE_GROUP_; job.chunks = 1; job.chunk_rows = n;
    job.panels_used = 1;
    job.self = self;
    job.threshold = -sphere_inf_();
    job.panels = panels; job.score = score; job.index = index; job.count = count; job.nans = nans;
    for (i = 0; i < m; i += 16) {                                       /* the named rows are packed straight from their places */
        float *p = panels + i * dim;
        size_t s, e;
        for (s = 0; s < 16; s++) for (e = sphere_lane_order_[s]; e < dim; e += 16) for (q = 0; q < 16; q++) *p++ = i + q < m ? rows[self[i + q] * dim + e] : 0;
    }
    sphere_parallel_(exec, job.groups, sphere_search_task_, &job);
}
/* Bytes for the parts that the graph and the fidelity measure share, each on its own 64-byte line. */
static size_t sphere_part_(size_t *at, size_t count, size_t element)
{
    size_t begin = *at;
    *at = sphere_size_(count, element, sphere_size_(begin, 1, 63));
    if (*at != SIZE_MAX) *at &= ~(size_t)63;
    return begin;
}
typedef struct sphere_graph_plan_ { size_t rows, norms, panels, self, count, nans, total; } sphere_graph_plan_;
static sphere_graph_plan_ sphere_graph_plan_of_(size_t n, size_t dim, size_t m)
{
    sphere_graph_plan_ p;
    size_t at = 0;
    p.rows = sphere_part_(&at, sphere_size_(n, dim, 0), sizeof(float));
    p.norms = sphere_part_(&at, n, sizeof(float));
    p.panels = sphere_part_(&at, sphere_size_(sphere_size_(m, 1, 15), dim > 3 ? dim : 3, 0), sizeof(float));
    p.self = sphere_part_(&at, m, sizeof(uint32_t));
    p.count = sphere_part_(&at, m, sizeof(size_t));
    p.nans = sphere_part_(&at, m / SPHERE_GROUP_ + 1, sizeof(uint64_t));
    p.total = sphere_size_(at, 1, 64);
    return p;
}
SPHERE_API size_t sphere_graph_size(const sphere_rows *rows, size_t k)
{
    size_t total = rows ? sphere_graph_plan_of_(rows->n, rows->dim, rows->n).total : 0;
    (void)k;
    return total == SIZE_MAX ? 0 : total;
}
SPHERE_API sphere_status sphere_graph(const sphere_rows *rows, size_t k, uint32_t *index, float *similarity, const sphere_exec *exec, void *memory, size_t bytes)
{
    static const float no_row = 0;
    const sphere_simd level = sphere_simd_pick_(exec);
    const sphere_kernels_ *kernels;
    sphere_graph_plan_ plan;
    size_t stride = 0, span, out, i;
    char *base;
    uint32_t *self;
    sphere_status status = sphere_check_rows_(rows, &stride);
    if (status) return status;
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (rows->n == 0) return SPHERE_OK;
    if (rows->n > 0xfffffffeu) return SPHERE_E_SIZE;
    if (k >= rows->n) return SPHERE_E_RANGE;
    if (k && (!index || !similarity)) return SPHERE_E_NULL;
    plan = sphere_graph_plan_of_(rows->n, rows->dim, rows->n);
    out = sphere_size_(sphere_size_(rows->n, k, 0), 4, 0);
    if (plan.total == SIZE_MAX || out == SIZE_MAX) return SPHERE_E_SIZE;
    if (!memory || bytes < plan.total) return SPHERE_E_MEMORY;
    span = sphere_span_(rows->n, rows->dim, stride);
    if (sphere_overlap_(memory, bytes, rows->data, span) || sphere_overlap_(index, out, rows->data, span) || sphere_overlap_(similarity, out, rows->data, span) ||
        sphere_overlap_(memory, bytes, index, out) || sphere_overlap_(memory, bytes, similarity, out) || sphere_overlap_(index, out, similarity, out))
        return SPHERE_E_OVERLAP;
    base = (char *)sphere_align_(memory);
    kernels = sphere_kernels_for_(level);
    status = sphere_unit_rows_run_(kernels, rows->data ? rows->data : &no_row, rows->n, rows->dim, stride, (float *)(void *)(base + plan.rows),
                                   (float *)(void *)(base + plan.norms), exec);
    if (status) return status;
    self = (uint32_t *)(void *)(base + plan.self);
    for (i = 0; i < rows->n; i++) self[i] = (uint32_t)i;
    if (k) sphere_nearest_(kernels, (const float *)(const void *)(base + plan.rows), rows->n, rows->dim, self, rows->n, k, index, similarity,
                           (float *)(void *)(base + plan.panels), (size_t *)(void *)(base + plan.count), (uint64_t *)(void *)(base + plan.nans), exec);
    return SPHERE_OK;
}

/* -- quality */
SPHERE_API sphere_status sphere_cells(const float *x, const float *y, const float *z, size_t n, size_t bands, size_t sectors, uint32_t *cell,
                                      const sphere_exec *exec)
{
    const sphere_simd level = sphere_simd_pick_(exec);
    float theta[256], phi[256];
    size_t at, i, m;
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (bands == 0 || sectors == 0) return SPHERE_E_RANGE;
    if (bands > 0xfffffffeu / sectors) return SPHERE_E_SIZE;
    if (n == 0) return SPHERE_OK;
    if (!x || !y || !z || !cell) return SPHERE_E_NULL;
    if (n > SIZE_MAX / 8) return SPHERE_E_SIZE;
    if (sphere_overlap_(cell, n * 4, x, n * 4) || sphere_overlap_(cell, n * 4, y, n * 4) || sphere_overlap_(cell, n * 4, z, n * 4)) return SPHERE_E_OVERLAP;
    for (at = 0; at < n; at += m) {
        m = n - at < 256 ? n - at : 256;
        sphere_kernels_for_(level)->to_spherical(NULL, theta, phi, x + at, y + at, z + at, m);
        for (i = 0; i < m; i++) {
            const double height = ((double)z[at + i] + 1) * 0.5 * (double)bands, turn = (double)phi[i] * 0.15915494309189535 * (double)sectors;
            size_t band = 0, sector = 0;                                /* clamped before the conversion */
            if (!(phi[i] == phi[i])) { cell[at + i] = SPHERE_NO_INDEX; continue; }
            if (height > 0) band = height < (double)bands ? (size_t)height : bands - 1;
            if (turn > 0) sector = turn < (double)sectors ? (size_t)turn : sectors - 1;
            cell[at + i] = (uint32_t)(band * sectors + sector);
        }
    }
    return SPHERE_OK;
}
/* The bits of a float as an unsigned number of the same order. */
SPHERE_INLINE_ uint32_t sphere_key_(float x) { uint32_t u = sphere_bits_(x); return u >> 31 ? ~u : u | 0x80000000u; }
SPHERE_INLINE_ float sphere_unkey_(uint32_t u) { return sphere_from_bits_(u >> 31 ? u & 0x7fffffffu : ~u); }
/* Sort n keys, three passes of 11 bits; the result is in b. */
static void sphere_sort_keys_(uint32_t *a, uint32_t *b, size_t n)
{
    uint32_t count[3][2048];
    size_t i, pass;
    memset(count, 0, sizeof(count));
    for (i = 0; i < n; i++) { count[0][a[i] & 2047u]++; count[1][a[i] >> 11 & 2047u]++; count[2][a[i] >> 22]++; }
    for (pass = 0; pass < 3; pass++) {
        uint32_t sum = 0, *t;
        for (i = 0; i < 2048; i++) { const uint32_t c = count[pass][i]; count[pass][i] = sum; sum += c; }
        for (i = 0; i < n; i++) b[count[pass][a[i] >> (11 * pass) & 2047u]++] = a[i];
        t = a; a = b; b = t;
    }
}
/* A direction uniform on the sphere. */
SPHERE_INLINE_ void sphere_random_axis_(uint64_t seed, uint64_t stream, uint64_t index, float axis[3])
{
    uint32_t u[4];
    float s, c, flat;
    sphere_random_(seed, stream, index, u);
    axis[2] = 2.0f * sphere_uniform_(u[0]) - 1.0f;
    sphere_sincos_(6.28318548f * sphere_uniform_(u[1]), &s, &c);
    flat = sphere_sqrt_((1.0f - axis[2]) * (1.0f + axis[2]));
    axis[0] = flat * c;
    axis[1] = flat * s;
}
/* Directions for a measure: no NaN, and unit vectors at least roughly. */
static sphere_status sphere_check_directions_(const float *x, const float *y, const float *z, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) if (!(x[i] == x[i]) || !(y[i] == y[i]) || !(z[i] == z[i])) return SPHERE_E_NAN;
    for (i = 0; i < n; i++) if (sphere_abs_(x[i]) > 2 || sphere_abs_(y[i]) > 2 || sphere_abs_(z[i]) > 2) return SPHERE_E_RANGE;
    return SPHERE_OK;
}
/* Does what a measure writes (working memory, result) share bytes with the directions or with itself? */
static int sphere_shared_(const float *x, const float *y, const float *z, size_t n, const void *memory, size_t bytes, const void *out, size_t out_bytes)
{
    return sphere_overlap_(memory, bytes, x, n * 4) || sphere_overlap_(memory, bytes, y, n * 4) || sphere_overlap_(memory, bytes, z, n * 4) ||
           sphere_overlap_(out, out_bytes, x, n * 4) || sphere_overlap_(out, out_bytes, y, n * 4) || sphere_overlap_(out, out_bytes, z, n * 4) ||
           sphere_overlap_(memory, bytes, out, out_bytes);
}
static size_t sphere_cells_wanted_(const sphere_evenness_desc *desc)
{
    const size_t bands = desc && desc->bands ? desc->bands : 10, sectors = desc && desc->sectors ? desc->sectors : 20;
    return bands > 0xfffffffeu / sectors ? SIZE_MAX : bands * sectors;
}
SPHERE_API size_t sphere_evenness_size(size_t n, const sphere_evenness_desc *desc)
{
    size_t total = 0;
    sphere_part_(&total, n, 4);
    sphere_part_(&total, n, 4);
    sphere_part_(&total, sphere_cells_wanted_(desc), sizeof(uint32_t));
    total = sphere_size_(total, 1, 64);
    return total == SIZE_MAX ? 0 : total;
}
SPHERE_API sphere_status sphere_measure_evenness(const float *x, const float *y, const float *z, size_t n, const sphere_evenness_desc *desc,
                                                 sphere_evenness *out, void *memory, size_t bytes)
{
    const sphere_exec *exec = desc ? &desc->exec : NULL;
    const sphere_simd level = sphere_simd_pick_(exec);
    const size_t bands = desc && desc->bands ? desc->bands : 10, sectors = desc && desc->sectors ? desc->sectors : 20;
    const size_t axes = desc && desc->axes ? desc->axes : 500, need = sphere_evenness_size(n, desc);
    size_t i, a, at = 0, cells, first, second;
    uint32_t *key, *sorted, *count;
    double square = 0, mean, largest = 0;
    sphere_status status;
    char *base;
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (!x || !y || !z || !out) return SPHERE_E_NULL;
    if (n == 0) return SPHERE_E_RANGE;
    if (need == 0 || n > 0xfffffffeu) return SPHERE_E_SIZE;
    if (!memory || bytes < need) return SPHERE_E_MEMORY;
    if (sphere_shared_(x, y, z, n, memory, bytes, out, sizeof(*out))) return SPHERE_E_OVERLAP;
    status = sphere_check_directions_(x, y, z, n);
    if (status) return status;
    cells = sphere_cells_wanted_(desc);
    first = sphere_part_(&at, n, 4);
    second = sphere_part_(&at, n, 4);
    base = (char *)sphere_align_(memory);
    key = (uint32_t *)(void *)(base + first);
    sorted = (uint32_t *)(void *)(base + second);
    count = (uint32_t *)(void *)(base + at);
    memset(count, 0, cells * sizeof(uint32_t));
    memset(out, 0, sizeof(*out));
    mean = (double)n / (double)cells;
    sphere_cells(x, y, z, n, bands, sectors, key, exec);
    for (i = 0; i < n; i++) count[key[i]]++;
    for (i = 0; i < cells; i++) {
        const double d = (double)count[i] - mean;
        square += d * d;
        if ((double)count[i] > largest) largest = (double)count[i];
    }
    out->cell_max = (float)(largest / mean);
    out->cell_cv = (float)(sphere_sqrt_double_(square / (double)cells) / mean);
    largest = 0;
    for (a = 0; a < axes; a++) {
        float axis[3], *along = (float *)(void *)sorted;
        sphere_random_axis_(desc ? desc->seed : 0, 0x65766e65u, a, axis);
        sphere_kernels_for_(level)->axis(along, x, y, z, n, axis);
        for (i = 0; i < n; i++) key[i] = sphere_key_(along[i]);
        sphere_sort_keys_(key, sorted, n);
        for (i = 0; i < n; i++) {                                       /* the step of F at this point, from below and from above */
            const double even = ((double)sphere_unkey_(sorted[i]) + 1) * 0.5, below = even - (double)i / (double)n, above = (double)(i + 1) / (double)n - even;
            if (below > largest) largest = below;
            if (above > largest) largest = above;
        }
    }
    out->cap_discrepancy = (float)largest;
    return SPHERE_OK;
}

/* What the fidelity measure counts for one group of 16 points: whole numbers, so that the sum does not depend on the order. */
typedef struct sphere_fidelity_sum_ { uint64_t recall, penalty, cone[4]; } sphere_fidelity_sum_;
typedef struct sphere_fidelity_job_ {
    const sphere_kernels_ *kernels;
    const float *rows, *points;         /* (n, dim) normalised, (n, 3) */
    const float *row_panels, *point_panels;
    const uint32_t *self, *true_index, *map_index;
    sphere_fidelity_sum_ *sum;
    size_t n, dim, m, k, hold[4];       /* hold: points in each cone, the centre counted */
} sphere_fidelity_job_;
/* Ranks of k named rows per query among all rows, in one space: count[16 j + q]. Ties by index, or with strict = 1 none counted. */
static void sphere_ranks_(const sphere_fidelity_job_ *job, const float *rows, size_t dim, const float *panel, const uint32_t *self, size_t queries,
                          const uint32_t *named, int strict, uint32_t *count)
{
    float tile[SPHERE_BLOCK_ * 16], limit[64 * 16], one[16 * 16];
    uint32_t place[64 * 16];
    size_t at, n, j, q;
    memset(count, 0, 16 * job->k * sizeof(uint32_t));
    for (j = 0; j < 16 * job->k; j++) { limit[j] = sphere_inf_(); place[j] = 0; }
    for (q = 0; q < queries; q++) for (j = 0; j < job->k; j++) {
        const uint32_t row = named[q * job->k + j];
        job->kernels->panel(one, rows + row * dim, dim, 1, dim, panel);                 /* the score as the scan below will see it */
        limit[16 * j + q] = one[q];
        place[16 * j + q] = strict ? 0 : row;
    }
    for (at = 0; at < job->n; at += n) {
        n = job->n - at < SPHERE_BLOCK_ ? job->n - at : SPHERE_BLOCK_;
        job->kernels->panel(tile, rows + at * dim, dim, n, dim, panel);
        for (q = 0; q < queries; q++) if (self[q] >= at && self[q] < at + n) tile[16 * (self[q] - at) + q] = -sphere_inf_();
        job->kernels->rank(count, tile, n, (uint32_t)at, limit, place, job->k);
    }
}
static void sphere_fidelity_task_(void *context, size_t task)
{
    const sphere_fidelity_job_ *job = (const sphere_fidelity_job_ *)context;
    const size_t first = task * 16, queries = job->m - first < 16 ? job->m - first : 16, k = job->k;
    const uint32_t *self = job->self + first;
    uint32_t count[64 * 16];
    sphere_fidelity_sum_ sum;
    size_t q, j, c;
    memset(&sum, 0, sizeof(sum));
    sphere_ranks_(job, job->rows, job->dim, job->row_panels + first * job->dim, self, queries, job->map_index + first * k, 0, count);
    for (q = 0; q < queries; q++) for (j = 0; j < k; j++) if (count[16 * j + q] >= k) sum.penalty += count[16 * j + q] + 1 - k;
    sphere_ranks_(job, job->points, 3, job->point_panels + first * 3, self, queries, job->true_index + first * k, 0, count);
    for (q = 0; q < queries; q++) for (j = 0; j < k; j++) sum.recall += count[16 * j + q] < k;
    sphere_ranks_(job, job->points, 3, job->point_panels + first * 3, self, queries, job->true_index + first * k, 1, count);
    for (q = 0; q < queries; q++) for (j = 0; j < k; j++) for (c = 0; c < 4; c++) sum.cone[c] += (size_t)count[16 * j + q] + 2 <= job->hold[c];
    job->sum[task] = sum;
}
typedef struct sphere_fidelity_plan_ { sphere_graph_plan_ graph; size_t points, point_panels, index[2], score, sum, total; } sphere_fidelity_plan_;
static sphere_fidelity_plan_ sphere_fidelity_plan_of_(size_t n, size_t dim, size_t m, size_t k)
{
    sphere_fidelity_plan_ p;
    size_t at, entries = sphere_size_(m, k, 0);
    p.graph = sphere_graph_plan_of_(n, dim, m);
    at = p.graph.total;
    if (at != SIZE_MAX) at &= ~(size_t)63;
    p.points = sphere_part_(&at, sphere_size_(n, 3, 0), sizeof(float));
    p.point_panels = sphere_part_(&at, sphere_size_(sphere_size_(m, 1, 15), 3, 0), sizeof(float));
    p.index[0] = sphere_part_(&at, entries, sizeof(uint32_t));
    p.index[1] = sphere_part_(&at, entries, sizeof(uint32_t));
    p.score = sphere_part_(&at, entries, sizeof(float));
    p.sum = sphere_part_(&at, m / 16 + 1, sizeof(sphere_fidelity_sum_));
    p.total = sphere_size_(at, 1, 64);
    return p;
}
static size_t sphere_samples_(size_t n, const sphere_fidelity_desc *desc) { return desc && desc->samples && desc->samples < n ? desc->samples : n; }
SPHERE_API size_t sphere_fidelity_size(const sphere_rows *rows, const sphere_fidelity_desc *desc)
{
    size_t total = rows ? sphere_fidelity_plan_of_(rows->n, rows->dim, sphere_samples_(rows->n, desc), desc && desc->k ? desc->k : 10).total : 0;
    return total == SIZE_MAX ? 0 : total;
}
SPHERE_API sphere_status sphere_measure_fidelity(const sphere_rows *rows, const float *x, const float *y, const float *z, const sphere_fidelity_desc *desc,
                                                 sphere_fidelity *out, void *memory, size_t bytes)
{
    static const float shares[4] = { 0.01f, 0.05f, 0.10f, 0 };
    const sphere_exec *exec = desc ? &desc->exec : NULL;
    const sphere_simd level = sphere_simd_pick_(exec);
    const size_t k = desc && desc->k ? desc->k : 10;
    const float *share = desc && (desc->cones[0] != 0 || desc->cones[1] != 0 || desc->cones[2] != 0 || desc->cones[3] != 0) ? desc->cones : shares;
    sphere_fidelity_job_ job;
    sphere_fidelity_plan_ plan;
    sphere_fidelity_sum_ sum;
    size_t stride = 0, m, i, picked = 0, c;
    uint32_t *self;
    float *points, *score;
    double penalty_scale;
    char *base;
    sphere_status status = sphere_check_rows_(rows, &stride);
    if (status) return status;
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (!x || !y || !z || !out) return SPHERE_E_NULL;
    if (k > 64 || k >= rows->n || rows->n < 2 || rows->dim == 0) return SPHERE_E_RANGE;
    for (c = 0; c < 4; c++) if (!(share[c] >= 0 && share[c] <= 1)) return SPHERE_E_RANGE;
    if (rows->n > 0x7fffffffu) return SPHERE_E_SIZE;
    m = sphere_samples_(rows->n, desc);
    plan = sphere_fidelity_plan_of_(rows->n, rows->dim, m, k);
    if (plan.total == SIZE_MAX) return SPHERE_E_SIZE;
    if (!memory || bytes < plan.total) return SPHERE_E_MEMORY;
    i = sphere_span_(rows->n, rows->dim, stride);
    if (sphere_shared_(x, y, z, rows->n, memory, bytes, out, sizeof(*out)) || sphere_overlap_(memory, bytes, rows->data, i) ||
        sphere_overlap_(out, sizeof(*out), rows->data, i)) return SPHERE_E_OVERLAP;
    status = sphere_check_directions_(x, y, z, rows->n);
    if (status) return status;
    base = (char *)sphere_align_(memory);
    memset(&job, 0, sizeof(job));
    job.kernels = sphere_kernels_for_(level);
    job.n = rows->n; job.dim = rows->dim; job.m = m; job.k = k;
    status = sphere_unit_rows_run_(job.kernels, rows->data, rows->n, rows->dim, stride, (float *)(void *)(base + plan.graph.rows),
                                   (float *)(void *)(base + plan.graph.norms), exec);
    if (status) return status;
    self = (uint32_t *)(void *)(base + plan.graph.self);
    for (i = 0; i < rows->n; i++) {                                     /* m of n without repetition, in order (Knuth's algorithm S) */
        uint32_t u[4];
        if (m < rows->n) {
            sphere_random_(desc->seed, 0x73616d70u, i, u);
            if ((uint64_t)u[0] * (rows->n - i) >> 32 >= m - picked) continue;
        }
        self[picked++] = (uint32_t)i;
    }
    points = (float *)(void *)(base + plan.points);
    for (i = 0; i < rows->n; i++) { points[3 * i] = x[i]; points[3 * i + 1] = y[i]; points[3 * i + 2] = z[i]; }
    for (c = 0; c < 4; c++) job.hold[c] = (size_t)((double)share[c] * (double)rows->n + 0.5);
    job.rows = (const float *)(const void *)(base + plan.graph.rows);
    job.points = points;
    job.row_panels = (const float *)(const void *)(base + plan.graph.panels);
    job.point_panels = (const float *)(const void *)(base + plan.point_panels);
    job.self = self;
    job.true_index = (const uint32_t *)(const void *)(base + plan.index[0]);
    job.map_index = (const uint32_t *)(const void *)(base + plan.index[1]);
    job.sum = (sphere_fidelity_sum_ *)(void *)(base + plan.sum);
    score = (float *)(void *)(base + plan.score);
    sphere_nearest_(job.kernels, job.rows, rows->n, rows->dim, self, m, k, (uint32_t *)(void *)(base + plan.index[0]), score,
                    (float *)(void *)(base + plan.graph.panels), (size_t *)(void *)(base + plan.graph.count), (uint64_t *)(void *)(base + plan.graph.nans), exec);
    sphere_nearest_(job.kernels, points, rows->n, 3, self, m, k, (uint32_t *)(void *)(base + plan.index[1]), score,
                    (float *)(void *)(base + plan.point_panels), (size_t *)(void *)(base + plan.graph.count), (uint64_t *)(void *)(base + plan.graph.nans), exec);
    sphere_parallel_(exec, (m + 15) / 16, sphere_fidelity_task_, &job);
    memset(&sum, 0, sizeof(sum));
    for (i = 0; i < (m + 15) / 16; i++) {
        sum.recall += job.sum[i].recall;
        sum.penalty += job.sum[i].penalty;
        for (c = 0; c < 4; c++) sum.cone[c] += job.sum[i].cone[c];
    }
    memset(out, 0, sizeof(*out));
    /* twice the largest possible penalty, for k below and above n/2 */
    penalty_scale = (double)k * (2.0 * (double)rows->n - 3.0 * (double)k - 1.0);
    if (2 * k >= rows->n) penalty_scale = (double)(rows->n - k) * (double)(rows->n - k - 1);
    penalty_scale *= (double)m;
    out->recall = (float)((double)sum.recall / ((double)m * (double)k));
    out->trust = penalty_scale > 0 ? (float)(1.0 - 2.0 * (double)sum.penalty / penalty_scale) : 1.0f;
    for (c = 0; c < 4; c++) out->cone[c] = (float)((double)sum.cone[c] / ((double)m * (double)k));
    out->samples = m;
    return SPHERE_OK;
}

/* sphere-core begin 3 */
#if defined(__clang__)
#pragma STDC FP_CONTRACT DEFAULT
#elif defined(__GNUC__)
#pragma GCC pop_options
#endif
/* sphere-core end 3 */

#endif /* SPHERE_IMPLEMENTATION */

/* MIT License. Copyright (c) 2026 the sphere authors.
   Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
   files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
   modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software
   is furnished to do so, subject to the following conditions: the above copyright notice and this permission notice shall be
   included in all copies or substantial portions of the Software. THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND,
   EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
   NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER
   IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS
   IN THE SOFTWARE. */
