/* sphere_fill.h - v0.3.2 - fill shells exactly, lay embeddings out on the sphere. MIT licence, at the end.

   Do this in ONE C or C++ file:      #define SPHERE_FILL_IMPLEMENTATION
                                      #include "sphere_fill.h"
   and only #include "sphere_fill.h" everywhere else. Nothing to link, not even -lm. It needs no other header.

   The same bits come out on every machine: at every SIMD level (portable, AVX2, AVX-512, NEON), for every thread count, with every
   compiler and at every optimisation level. -ffast-math is refused; do not give clang -ffp-contract=fast, which overrides every pragma.

   Contents: grep for the tag
     >>core-types    status codes, SIMD level, parallel hook (the same lines in all sphere*.h)
     >>shells        radii, quotas
     >>fill          which shell each score belongs to, exactly
     >>layout        principal start, neighbour-graph gradient, sliced equalisation, placing of new points
     >>core-impl     the shared core: contraction guards, random numbers, square root, exp, log, sincos, atan2
     >>kernels       portable, AVX2 and NEON versions next to each other, and their table
     >>implementation

   A worked example: 1000 rows of 100 floats onto 64 shells
     sphere_fill_desc desc = { 0 };                          square-root spacing, capacity ~ radius^1.5
     double radii[64]; uint64_t quota[64]; float score[1000]; uint32_t shell[1000];
     sphere_fill_scores(rows, 1000, 100, 0, SPHERE_FILL_NORM, score, NULL);
     sphere_fill_radii(1000, 64, &desc, radii);
     sphere_fill_quota(1000, 64, radii, &desc, quota);
     size_t bytes = sphere_fill_size(1000, 64, &desc);
     sphere_status status = sphere_fill(score, 1000, quota, 64, &desc, shell, NULL, memory, bytes);
     if (status) puts(sphere_status_text(status));           the point i now sits at radius radii[shell[i]]
   Its direction comes from sphere_fill_start, then sphere_fill_layout (with the graph that sphere_graph of sphere.h makes, or any
   other), then sphere_fill_equalize.

   Conventions
     Shells are numbered from the innermost, 0. Directions are three separate arrays x, y, z of unit vectors. Rows are float, row i
     starts at rows + i * stride, stride 0 means dim. Any pointer alignment will do. Every error leaves every output untouched.
     n = 0 is a success. Ties always go to the lower index.
   Memory
     Nothing is allocated. Where work space is needed, ask the _size function and hand in that many bytes, any alignment. A _size
     function returns 0 when the size overflows: no memory will do then.
   Threads
     All functions are reentrant. sphere_exec plugs in a job system; the split depends on the problem only.
   Options, defined before the implementation: SPHERE_FILL_STATIC makes every function static (define it before every include);
     SPHERE_NO_SIMD keeps only the portable code. */
#ifndef SPHERE_FILL_H
#define SPHERE_FILL_H

/* sphere-core begin 1: the same lines in every sphere*.h; sphere.h is the source, `meson compile -C build sync-core` copies */
/* >>core-types */
#ifndef SPHERE_CORE_VERSION
#define SPHERE_CORE_VERSION 300
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
/* Which kernels run: tests and benchmarks force a level, everyone else leaves 0. The bits are the same. AVX512 (Ice Lake, Zen 4) uses AVX2's where it has none. */
typedef enum sphere_simd { SPHERE_SIMD_BEST = 0, SPHERE_SIMD_PORTABLE = 1, SPHERE_SIMD_AVX2 = 2, SPHERE_SIMD_NEON = 3, SPHERE_SIMD_AVX512 = 4 } sphere_simd;
/* The parallel hook: call task(context, i) once for every i < tasks, on any threads in any order, and return when all are done. */
typedef struct sphere_parallel {
    void (*run)(void *user, size_t tasks, void (*task)(void *context, size_t index), void *context);   /* 0 = serial */
    void *user;
} sphere_parallel;
typedef struct sphere_exec { sphere_simd simd; sphere_parallel parallel; } sphere_exec;     /* all zero = best level, one thread */
#elif SPHERE_CORE_VERSION != 300
#error "update every sphere*.h together"
#endif
/* sphere-core end 1 */

#if defined(SPHERE_FILL_STATIC)
#define SPHERE_FILL_API SPHERE_INLINE_
#else
#define SPHERE_FILL_API extern
#endif
#ifdef __cplusplus
extern "C" {
#endif

/* `const sphere_exec *exec` may be NULL for { 0 }, and so may every descriptor. A SIMD level that is not here gives
   SPHERE_E_LEVEL. Each function is exact in this sense: the same bits at every level, on every target, for every thread count. */

/* >>shells ---------------------------------------------------------------------------------------------------------- */

/* Where the shells s = 0..S-1 lie between the radii a and b, with t = s/(S-1). A single shell lies at a. */
typedef enum sphere_fill_spacing {
    SPHERE_FILL_SQRT = 0,          /* a + (b - a) sqrt t                                                             */
    SPHERE_FILL_LINEAR,            /* a + (b - a) t                                                                  */
    SPHERE_FILL_QUADRATIC,         /* a + (b - a) t^2                                                                */
    SPHERE_FILL_LOG,               /* a + (b - a) ln(1 + s) / ln S                                                   */
    SPHERE_FILL_GEOMETRIC,         /* a (b/a)^t                                                                      */
    SPHERE_FILL_GOLDEN,            /* a (b/a)^(s/S): the last shell stays inside b                                   */
    SPHERE_FILL_PRIME              /* a + (b - a) f(s)/f(S-1), f(s) = s (1 + ln(1 + s)): the growth of the s-th prime */
} sphere_fill_spacing;

#define SPHERE_FILL_EQUAL (-1.0)   /* as exponent: every shell holds the same share                                  */

typedef struct sphere_fill_desc {  /* set what you care about, zero the rest                                         */
    sphere_fill_spacing spacing;
    double      exponent;          /* capacity of a shell ~ radius^exponent; 0 = 1.5; SPHERE_FILL_EQUAL = the same share */
    double      min_radius;        /* 0 = by scale, see sphere_fill_radii                                            */
    double      max_radius;        /* 0 = 2 * shells                                                                 */
    int         nan_last;          /* 0: a NaN score is an error; 1: NaN scores fill the last places, by index       */
    sphere_exec exec;
} sphere_fill_desc;

typedef struct sphere_fill_report {
    double   largest_deviation;    /* max |count - n w/sum w| over the shells                                        */
    double   rel_mad;              /* sum |count - n w/sum w| / n                                                    */
    uint64_t nan_scores;           /* how many scores were NaN                                                       */
    unsigned passes;               /* over the scores                                                                */
} sphere_fill_report;

/* Compute the radii of the shells, in ascending order.
     n              number of points: it only chooses the minimum radius when desc->min_radius is 0:
                    n < 1e5: max(16, sqrt(S)/4); n < 1e7: max(32, sqrt(S)/2); n < 1e9: max(64, S/10); else max(128, S/8);
                    but never more than half of the maximum radius
     radii (shells) out; shells >= 1
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (no shell, more than 2^31 - 1 shells, a radius that is negative or infinite, minimum above
           maximum, spacing), SPHERE_E_NAN (in desc).
   Cost    O(shells). Relative error below 4e-15; never descending, equal radii when minimum = maximum.
   Source  the production mode of the reference: minimum by scale. */
SPHERE_FILL_API sphere_status sphere_fill_radii(size_t n, size_t shells, const sphere_fill_desc *desc, double *radii);

/* Compute how many points each shell receives: integers that sum to n, the floor of n w/sum w plus the largest remainders, ties to
   the lower shell; w = radius^exponent. The weights are rounded to 62-bit integers once; from there on everything is exact, so
   |quota - n w/sum w| < 1 for any n.
     radii (shells)  finite and not negative, any order. Are all weights 0, every shell gets the same share.
     quota (shells)  out
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (shells as above, radii, exponent negative or infinite), SPHERE_E_NAN, SPHERE_E_OVERLAP.
   Cost    O(shells), 60 light passes over quota; needs no memory.   Source  Hamilton's method of largest remainders. */
SPHERE_FILL_API sphere_status sphere_fill_quota(size_t n, size_t shells, const double *radii, const sphere_fill_desc *desc, uint64_t *quota);

/* >>fill ------------------------------------------------------------------------------------------------------------ */

/* How a row becomes a score: its norm, or norm (1 + population variance of its elements). */
typedef enum sphere_fill_prominence { SPHERE_FILL_NORM = 0, SPHERE_FILL_NORM_VARIANCE = 1 } sphere_fill_prominence;

/* Score every row. The norm has the bits of sphere_row_norm, the variance those of sphere_row_variance.
     rows (n, dim), stride apart; scores (n), may not overlap the rows. A NaN is stored as the one quiet NaN.
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (stride, prominence), SPHERE_E_SIZE, SPHERE_E_OVERLAP, SPHERE_E_LEVEL.
   Cost    one read of the rows; any number of threads. */
SPHERE_FILL_API sphere_status sphere_fill_scores(const float *rows, size_t n, size_t dim, size_t stride, sphere_fill_prominence prominence,
                                                 float *scores, const sphere_exec *exec);

/* Bytes of working memory. More than the minimum makes the fill faster, never different: _size is what it can make use of, _size_min
   the least (about 6 KB and 64 bytes a shell). 0 when the size overflows. desc may be NULL. */
SPHERE_FILL_API size_t sphere_fill_size(size_t n, size_t shells, const sphere_fill_desc *desc);
SPHERE_FILL_API size_t sphere_fill_size_min(size_t n, size_t shells, const sphere_fill_desc *desc);

/* Put each score into a shell, exactly: the point of stable rank k goes to the shell s with B(s-1) <= k < B(s), B the running sum of
   the quotas. The count of every shell equals its quota, and a higher score is never in a lower shell.
     scores (n)      any floats: -0 equals +0, infinities are legal, ties by index; NaN as desc->nan_last says; n < 2^32
     quota (shells)  sums to n; zeros are legal; 1 <= shells < 2^31
     shell (n)       out, 0..shells-1; may not overlap the inputs
     report          may be NULL. Here the deviations are measured against quota itself, from the counts in shell: both are 0 unless
                     memory was overwritten meanwhile. sphere_fill_measure compares with the real-valued shares.
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (shells, quota does not sum to n), SPHERE_E_SIZE, SPHERE_E_NAN, SPHERE_E_OVERLAP,
           SPHERE_E_MEMORY, SPHERE_E_LEVEL.
   Cost    4 passes over the scores with the memory of _size (range, histogram, refinement of the buckets that a boundary splits,
           assignment); more with less memory or with scores crowded into few buckets. With a job system: 16 shards from 2^18 scores on.
   Exact   equal to a stable sort by (score, index), whatever the memory and the threads. */
SPHERE_FILL_API sphere_status sphere_fill(const float *scores, size_t n, const uint64_t *quota, size_t shells, const sphere_fill_desc *desc,
                                          uint32_t *shell, sphere_fill_report *report, void *memory, size_t bytes);

/* Measure any assignment against the real-valued shares n w/sum w, w = radius^exponent.
     shell (n) values below shells; radii (shells)
     report    largest_deviation (below 1 for what sphere_fill makes from sphere_fill_quota) and rel_mad; nan_scores and passes are 0
     memory    8 bytes a shell (sphere_fill_measure_size)
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (a shell number, and as sphere_fill_quota), SPHERE_E_NAN, SPHERE_E_SIZE, SPHERE_E_MEMORY.
   Cost    one read of shell. */
SPHERE_FILL_API size_t sphere_fill_measure_size(size_t shells);
SPHERE_FILL_API sphere_status sphere_fill_measure(const uint32_t *shell, size_t n, const double *radii, size_t shells, const sphere_fill_desc *desc,
                                                  sphere_fill_report *report, void *memory, size_t bytes);

/* >>layout ---------------------------------------------------------------------------------------------------------- */

/* Place points by their principal components: centre the rows, project onto the three leading principal directions, scale to unit
   length. The sign of a direction makes its largest component positive. A direction in which the rows do not vary (dim below 3, or
   rank-deficient rows) is filled with random numbers of a hundredth of the leading size, so that equal points can part; a row
   that projects to zero gets a random direction. The random numbers are fixed.
     rows (n, dim), stride apart, finite; dim >= 1; x, y, z (n) out, no overlaps; n < 2^32
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (dim 0, stride), SPHERE_E_SIZE, SPHERE_E_NAN (a NaN or an infinity in the rows), SPHERE_E_OVERLAP,
           SPHERE_E_MEMORY, SPHERE_E_LEVEL.
   Cost    up to 60 passes over the rows of 32 n dim operations each (block power iteration with 8 vectors; 10 to 30 passes are usual);
           memory O(dim), never dim x dim; any number of threads.
   Exact   the residual of each direction is below 1e-5 of the largest eigenvalue when the iteration ends before pass 60.
   Source  Saad 2011, Numerical Methods for Large Eigenvalue Problems, ch. 5 (subspace iteration with projection). */
SPHERE_FILL_API size_t sphere_fill_start_size(size_t n, size_t dim);
SPHERE_FILL_API sphere_status sphere_fill_start(const float *rows, size_t n, size_t dim, size_t stride, float *x, float *y, float *z,
                                                const sphere_exec *exec, void *memory, size_t bytes);

#define SPHERE_FILL_NO_EPOCHS 0xffffffffu    /* as epochs: keep the start, only scaled to unit length */

typedef struct sphere_fill_layout_desc {
    unsigned    epochs;            /* 0 = 400; SPHERE_FILL_NO_EPOCHS keeps the start                                 */
    float       spread;            /* 0 = 2: radius of the sphere on which chords are measured; larger = tighter groups */
    unsigned    negatives;         /* 0 = 5: strength of the repulsion, in samples per unit of attracting weight     */
    uint64_t    seed;
    int       (*progress)(void *user, size_t done, size_t total);     /* after each epoch, on the calling thread; not 0: stop */
    void       *user;
    sphere_exec exec;
} sphere_fill_layout_desc;

/* Move points so that neighbours come close in angle and everything else spreads, from the positions given.
     index, similarity (n, k)  neighbour lists as sphere_graph gives them: the cosine, nearest first (any order works). A place with
                               index 0xffffffff or the row itself is skipped. Similarities are finite, k < n, n < 2^32 - 1.
     x, y, z (n)               start in, layout out; finite; scaled to unit length; (0, 0, 0) becomes a random direction
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (k >= n, an index, spread negative or infinite), SPHERE_E_NAN, SPHERE_E_SIZE, SPHERE_E_OVERLAP,
           SPHERE_E_MEMORY, SPHERE_E_LEVEL, SPHERE_E_CANCEL; x, y, z are untouched on error.
   Limits  Points that start in one place with the same neighbours stay together (sphere_fill_start parts what it can).
   Method  The lists become a symmetric fuzzy graph (weights exp(-(d - d_min)/sigma), d = 1 - similarity, sigma such that they sum to
           log2 k; then w + w' - w w'). With u = 2 spread^2 (1 - cos angle) the squared chord, an edge pulls with w/(1 + 2.75 u) and
           128 random points, weighted as `negatives` samples per unit of weight, push with 1/((1/16 + u)(1 + 2.75 u)). The points are
           coloured i mod 32: colours move one after the other, the points of a colour all at once from the positions before it, so
           the threads do not matter. A step is divided by 1 + rate * (sum of pulls), which keeps it stable at any rate; the rate
           falls from 1 to 0, and the spread grows from 15 % to 100 % over the first 4/5 of the epochs: first the regions
           find their places, then the neighbours.
   Cost    epochs * n * (edges a point + 128) pairs; an edge is read twice an epoch; memory about 20 k + 120 bytes a point.
   Source  McInnes, Healy, Melville 2018, UMAP (graph, sampling); van der Maaten, Hinton 2008 (the 1/(1 + d^2) kernel). */
SPHERE_FILL_API size_t sphere_fill_layout_size(size_t n, size_t k);
SPHERE_FILL_API sphere_status sphere_fill_layout(const uint32_t *index, const float *similarity, size_t n, size_t k,
                                                 const sphere_fill_layout_desc *desc, float *x, float *y, float *z, void *memory, size_t bytes);

typedef struct sphere_fill_equalize_desc {
    unsigned    axes;              /* 0 = 300 random axes                                                            */
    float       step;              /* 0 = .3: share of the way to go along each axis, up to 1                        */
    uint64_t    seed;
    int       (*progress)(void *user, size_t done, size_t total);     /* after each axis, on the calling thread; not 0: stop */
    void       *user;
    sphere_exec exec;
} sphere_fill_equalize_desc;

/* Spread points evenly over the sphere while keeping their order along random axes: by Archimedes, the coordinate along an axis is
   uniform in -1..1 exactly when the points are even. For each axis the points are ranked by that coordinate, in steps of 2^-21 with
   ties by index, and move along their meridians towards -1 + 2 (rank + .5)/n.
     x, y, z (n)  finite, in place; scaled to unit length first; (0, 0, 0) becomes a random direction; n < 2^32
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (step not in 0..1), SPHERE_E_NAN, SPHERE_E_SIZE, SPHERE_E_OVERLAP, SPHERE_E_MEMORY, SPHERE_E_LEVEL,
           SPHERE_E_CANCEL; x, y, z are untouched on error.
   Cost    O(axes n), 24 bytes a point. The moves use the job system, the sort does not. */
SPHERE_FILL_API size_t sphere_fill_equalize_size(size_t n);
SPHERE_FILL_API sphere_status sphere_fill_equalize(float *x, float *y, float *z, size_t n, const sphere_fill_equalize_desc *desc,
                                                   void *memory, size_t bytes);

/* Place new points at the spherical median of placed ones: the point whose summed angle to them is least.
     px, py, pz (n)  placed unit vectors; those that index names are finite
     index (m, k)    for each new point its neighbours among the placed; 0xffffffff is skipped; at least one must be left
     x, y, z (m)     out, no overlaps
   24 Weiszfeld steps from the mean direction (from the first neighbour if they cancel). Where a step lands on neighbours, they hold
   the point unless the others outweigh them; an exactly opposite neighbour has no direction and only slows the step.
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (an index, no neighbour left), SPHERE_E_NAN, SPHERE_E_SIZE, SPHERE_E_OVERLAP, SPHERE_E_LEVEL.
   Cost    O(24 m k); any number of threads.   Source  Fletcher et al. 2009 (median on manifolds); Vardi, Zhang 2000. */
SPHERE_FILL_API sphere_status sphere_fill_place(const float *px, const float *py, const float *pz, size_t n, const uint32_t *index, size_t m, size_t k,
                                                float *x, float *y, float *z, const sphere_exec *exec);

#ifdef __cplusplus
}
#endif
/* Stop here if you only use sphere_fill.h. ------------------------------------------------------------------------- */
#endif /* SPHERE_FILL_H */

#if defined(SPHERE_FILL_IMPLEMENTATION) && !defined(SPHERE_FILL_IMPLEMENTATION_DONE_)
#define SPHERE_FILL_IMPLEMENTATION_DONE_

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
#if defined(__x86_64__) && !defined(_MSC_VER)
#define SPHERE_TARGET_AVX512_ __attribute__((target("avx2,avx512f,avx512dq,avx512vl")))
#elif defined(_MSC_VER)                                                   /* clang-cl leaves out what /arch does not enable */
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
/* From here on no compiler may fuse a product and a sum. gcc -mfma fuses intrinsics too, and its slp vectoriser complex products even so. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC push_options
#pragma GCC optimize("fp-contract=off", "no-tree-slp-vectorize", "no-ipa-ra")   /* ipa-ra loses vzeroupper */
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
    if (__builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) return SPHERE_SIMD_AVX512;   /* vbmi: not those that slow down for 512 bits */
    return __builtin_cpu_supports("avx2") ? SPHERE_SIMD_AVX2 : SPHERE_SIMD_PORTABLE;
#else
    return SPHERE_NEON_ ? SPHERE_SIMD_NEON : SPHERE_SIMD_PORTABLE;
#endif
}
/* The level to run for a request, or SPHERE_SIMD_BEST when the request cannot be met. */
SPHERE_INLINE_ sphere_simd sphere_simd_pick_(const sphere_exec *exec)
{
    sphere_simd best = sphere_simd_best_(), want = exec ? exec->simd : SPHERE_SIMD_BEST;
    return want == SPHERE_SIMD_BEST ? best : want == best || want == SPHERE_SIMD_PORTABLE || (want == SPHERE_SIMD_AVX2 && best == SPHERE_SIMD_AVX512) ? want : SPHERE_SIMD_BEST;
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
    if (!(x > 0) || e == 2047) return x; else if (e == 0) { for (e = 1; !(m >> 52); e--) m <<= 1; } else m |= 0x10000000000000u;
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
/* e^x, within 1.02 units in the last place: x = k ln 2 + r, |r| <= ln(2)/2, a minimax polynomial (2^-28), two exact scalings. */
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
    if (!(x > 0) || x == sphere_inf_()) return x > 0 ? x : x == 0 ? -sphere_inf_() : sphere_nan_();
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
        *r = c - (((c - a) + b) + k * 2.56334407e-12f);
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
    s = SPHERE_MADD_(-0.00019516499f, z, 0.00833217241f); s = SPHERE_MADD_(s, z, -0.166666552f); s = sphere_abs_(r) < 2.44140625e-04f ? r : SPHERE_MADD_(s * z, r, r);
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
    float ay = sphere_abs_(y), ax = sphere_abs_(x), lesser = ay < ax ? ay : ax, large = ay < ax ? ax : ay, a;
    if (!(x == x) || !(y == y)) return sphere_nan_();
    a = sphere_atan01_(large == 0 ? 0 : lesser == large ? 1.0f : lesser / large);
    if (ay > ax) a = 1.57079637f - (a + 4.37113883e-08f);
    if (sphere_bits_(x) >> 31) a = 3.14159274f - (a + 8.74227766e-08f);
    return sphere_bits_(y) >> 31 ? -a : a;
}
#endif /* SPHERE_CORE_FUNCTIONS_ */
/* sphere-core end 2 */

/* >>kernels */
/* Lanes combine by halves: lane k gets lane k + 8, then k + 4, k + 2, k + 1. A NaN comes out as the one NaN. */
SPHERE_INLINE_ float sphere_fill_lanes_c_(float *lane)
{
    size_t width, k;
    for (width = 8; width; width /= 2) for (k = 0; k < width; k++) lane[k] += lane[k + width];
    return sphere_canonical_(lane[0]);
}
#if SPHERE_AVX2_
#define SPHERE_FILL_AVX2_FN_ SPHERE_TARGET_AVX2_ SPHERE_INLINE_
SPHERE_FILL_AVX2_FN_ __m256 sphere_fill_canonical_avx2_(__m256 v_f32x8)
{
    return _mm256_blendv_ps(v_f32x8, _mm256_castsi256_ps(_mm256_set1_epi32(0x7fc00000)), _mm256_cmp_ps(v_f32x8, v_f32x8, _CMP_UNORD_Q));
}
/* Four sums at once. Each argument holds eight lanes, lane k + 8 already added to lane k. */
SPHERE_FILL_AVX2_FN_ __m128 sphere_fill_lanes4_avx2_(__m256 a_f32x8, __m256 b_f32x8, __m256 c_f32x8, __m256 d_f32x8)
{
    __m128 a_f32x4 = _mm_add_ps(_mm256_castps256_ps128(a_f32x8), _mm256_extractf128_ps(a_f32x8, 1));       /* + lane k + 4 */
    __m128 b_f32x4 = _mm_add_ps(_mm256_castps256_ps128(b_f32x8), _mm256_extractf128_ps(b_f32x8, 1));
    __m128 c_f32x4 = _mm_add_ps(_mm256_castps256_ps128(c_f32x8), _mm256_extractf128_ps(c_f32x8, 1));
    __m128 d_f32x4 = _mm_add_ps(_mm256_castps256_ps128(d_f32x8), _mm256_extractf128_ps(d_f32x8, 1)), sum_f32x4;
    _MM_TRANSPOSE4_PS(a_f32x4, b_f32x4, c_f32x4, d_f32x4);                                                 /* now a = lanes 0, b = lanes 1 */
    sum_f32x4 = _mm_add_ps(_mm_add_ps(a_f32x4, c_f32x4), _mm_add_ps(b_f32x4, d_f32x4));                    /* + 2, then + 1 */
    return _mm_blendv_ps(sum_f32x4, _mm_castsi128_ps(_mm_set1_epi32(0x7fc00000)), _mm_cmpunord_ps(sum_f32x4, sum_f32x4));
}
/* All ones in the first n of eight lanes. */
SPHERE_FILL_AVX2_FN_ __m256i sphere_fill_mask_avx2_(size_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n < 8 ? (int)n : 8), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
#endif
#if SPHERE_NEON_
SPHERE_INLINE_ float32x4_t sphere_fill_canonical_neon_(float32x4_t v_f32x4)
{
    return vbslq_f32(vceqq_f32(v_f32x4, v_f32x4), v_f32x4, vreinterpretq_f32_u32(vdupq_n_u32(0x7fc00000u)));
}
SPHERE_INLINE_ float sphere_fill_lanes_neon_(float32x4_t a_f32x4, float32x4_t b_f32x4, float32x4_t c_f32x4, float32x4_t d_f32x4)
{
    float32x4_t sum_f32x4 = vaddq_f32(vaddq_f32(a_f32x4, c_f32x4), vaddq_f32(b_f32x4, d_f32x4));           /* + 8, then + 4 */
    float32x2_t two_f32x2 = vadd_f32(vget_low_f32(sum_f32x4), vget_high_f32(sum_f32x4));
    return sphere_canonical_(vget_lane_f32(two_f32x2, 0) + vget_lane_f32(two_f32x2, 1));
}
#endif

/* Order-preserving key of a float: the sign bit flipped for positive numbers, all bits for negative ones. Adding +0 makes -0 into +0.
   A NaN gets the key that it is told. */
SPHERE_INLINE_ uint32_t sphere_fill_key_(float score, uint32_t nan_key)
{
    const uint32_t u = sphere_bits_(score + 0.0f);
    return score == score ? u ^ ((0u - (u >> 31)) | 0x80000000u) : nan_key;
}
#if SPHERE_AVX2_
SPHERE_FILL_AVX2_FN_ __m256i sphere_fill_key_avx2_(__m256 v_f32x8, __m256i nan_key_u32x8)
{
    const __m256i u_u32x8 = _mm256_castps_si256(_mm256_add_ps(v_f32x8, _mm256_setzero_ps()));
    const __m256i key_u32x8 = _mm256_xor_si256(u_u32x8, _mm256_or_si256(_mm256_srai_epi32(u_u32x8, 31), _mm256_set1_epi32((int)0x80000000u)));
    return _mm256_blendv_epi8(key_u32x8, nan_key_u32x8, _mm256_castps_si256(_mm256_cmp_ps(v_f32x8, v_f32x8, _CMP_UNORD_Q)));
}
#endif
#if SPHERE_NEON_
SPHERE_INLINE_ uint32x4_t sphere_fill_key_neon_(float32x4_t v_f32x4, uint32x4_t nan_key_u32x4)
{
    const uint32x4_t u_u32x4 = vreinterpretq_u32_f32(vaddq_f32(v_f32x4, vdupq_n_f32(0)));
    const uint32x4_t sign_u32x4 = vreinterpretq_u32_s32(vshrq_n_s32(vreinterpretq_s32_u32(u_u32x4), 31));
    const uint32x4_t key_u32x4 = veorq_u32(u_u32x4, vorrq_u32(sign_u32x4, vdupq_n_u32(0x80000000u)));
    return vbslq_u32(vceqq_f32(v_f32x4, v_f32x4), key_u32x4, nan_key_u32x4);
}
#endif

/* >>kernel range: out = smallest key, largest key, number of NaN. Without numbers the first is 2^32 - 1 and the second 0. */
static void sphere_fill_range_c_(uint32_t out[3], const float *scores, size_t n)
{
    uint32_t low = 0xffffffffu, high = 0, nans = 0;
    size_t i;
    for (i = 0; i < n; i++) {
        const uint32_t nan = scores[i] == scores[i] ? 0u : 1u, key = sphere_fill_key_(scores[i], low), top = nan ? 0u : key;
        low = key < low ? key : low;
        high = top > high ? top : high;
        nans += nan;
    }
    out[0] = low; out[1] = high; out[2] = nans;
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_fill_range_avx2_(uint32_t out[3], const float *scores, size_t n)
{
    __m256i low_u32x8 = _mm256_set1_epi32(-1), high_u32x8 = _mm256_setzero_si256(), nans_u32x8 = _mm256_setzero_si256();
    uint32_t low[8], high[8], nans[8];
    size_t i = 0, k;
    for (; i + 8 <= n; i += 8) {
        const __m256 v_f32x8 = _mm256_loadu_ps(scores + i);
        const __m256i nan_u32x8 = _mm256_castps_si256(_mm256_cmp_ps(v_f32x8, v_f32x8, _CMP_UNORD_Q));
        const __m256i key_u32x8 = sphere_fill_key_avx2_(v_f32x8, low_u32x8);
        low_u32x8 = _mm256_min_epu32(low_u32x8, key_u32x8);
        high_u32x8 = _mm256_max_epu32(high_u32x8, _mm256_andnot_si256(nan_u32x8, key_u32x8));
        nans_u32x8 = _mm256_sub_epi32(nans_u32x8, nan_u32x8);                                   /* a mask is -1 */
    }
    _mm256_storeu_si256((__m256i *)(void *)low, low_u32x8);
    _mm256_storeu_si256((__m256i *)(void *)high, high_u32x8);
    _mm256_storeu_si256((__m256i *)(void *)nans, nans_u32x8);
    sphere_fill_range_c_(out, scores + i, n - i);
    for (k = 0; k < 8; k++) {
        if (low[k] < out[0]) out[0] = low[k];
        if (high[k] > out[1]) out[1] = high[k];
        out[2] += nans[k];
    }
}
#endif
#if SPHERE_NEON_
static void sphere_fill_range_neon_(uint32_t out[3], const float *scores, size_t n)
{
    uint32x4_t low_u32x4 = vdupq_n_u32(0xffffffffu), high_u32x4 = vdupq_n_u32(0), nans_u32x4 = vdupq_n_u32(0);
    uint32_t low[4], high[4], nans[4];
    size_t i = 0, k;
    for (; i + 4 <= n; i += 4) {
        const float32x4_t v_f32x4 = vld1q_f32(scores + i);
        const uint32x4_t number_u32x4 = vceqq_f32(v_f32x4, v_f32x4), key_u32x4 = sphere_fill_key_neon_(v_f32x4, low_u32x4);
        low_u32x4 = vminq_u32(low_u32x4, key_u32x4);
        high_u32x4 = vmaxq_u32(high_u32x4, vandq_u32(number_u32x4, key_u32x4));
        nans_u32x4 = vsubq_u32(nans_u32x4, vmvnq_u32(number_u32x4));                            /* a mask is -1 */
    }
    vst1q_u32(low, low_u32x4);
    vst1q_u32(high, high_u32x4);
    vst1q_u32(nans, nans_u32x4);
    sphere_fill_range_c_(out, scores + i, n - i);
    for (k = 0; k < 4; k++) {
        if (low[k] < out[0]) out[0] = low[k];
        if (high[k] > out[1]) out[1] = high[k];
        out[2] += nans[k];
    }
}
#endif

/* >>kernel count: bucket[(key - low) >> shift] += 1 for each score. All keys, nan_key too if there is a NaN, are at least low. */
static void sphere_fill_count_c_(uint32_t *bucket, const float *scores, size_t n, uint32_t low, unsigned shift, uint32_t nan_key)
{
    size_t i;
    for (i = 0; i < n; i++) bucket[(sphere_fill_key_(scores[i], nan_key) - low) >> shift]++;
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_fill_count_avx2_(uint32_t *bucket, const float *scores, size_t n, uint32_t low, unsigned shift, uint32_t nan_key)
{
    const __m256i nan_u32x8 = _mm256_set1_epi32((int)nan_key), low_u32x8 = _mm256_set1_epi32((int)low);
    const __m128i shift_i32x4 = _mm_cvtsi32_si128((int)shift);
    uint32_t at[8];
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256i key_u32x8 = sphere_fill_key_avx2_(_mm256_loadu_ps(scores + i), nan_u32x8);
        _mm256_storeu_si256((__m256i *)(void *)at, _mm256_srl_epi32(_mm256_sub_epi32(key_u32x8, low_u32x8), shift_i32x4));
        bucket[at[0]]++; bucket[at[1]]++; bucket[at[2]]++; bucket[at[3]]++;
        bucket[at[4]]++; bucket[at[5]]++; bucket[at[6]]++; bucket[at[7]]++;
    }
    sphere_fill_count_c_(bucket, scores + i, n - i, low, shift, nan_key);
}
#endif
#if SPHERE_NEON_
static void sphere_fill_count_neon_(uint32_t *bucket, const float *scores, size_t n, uint32_t low, unsigned shift, uint32_t nan_key)
{
    const uint32x4_t nan_u32x4 = vdupq_n_u32(nan_key), low_u32x4 = vdupq_n_u32(low);
    const int32x4_t shift_i32x4 = vdupq_n_s32(-(int)shift);
    uint32_t at[4];
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        vst1q_u32(at, vshlq_u32(vsubq_u32(sphere_fill_key_neon_(vld1q_f32(scores + i), nan_u32x4), low_u32x4), shift_i32x4));
        bucket[at[0]]++; bucket[at[1]]++; bucket[at[2]]++; bucket[at[3]]++;
    }
    sphere_fill_count_c_(bucket, scores + i, n - i, low, shift, nan_key);
}
#endif

/* >>kernel look: value[i] = table[(key - low) >> shift]; marked gets the places i whose value has its top bit set, in order, and
   their number is returned. marked has room for n. */
static size_t sphere_fill_look_c_(uint32_t *value, uint32_t *marked, const float *scores, size_t n, const uint32_t *table, uint32_t low,
                                  unsigned shift, uint32_t nan_key)
{
    size_t i, count = 0;
    for (i = 0; i < n; i++) {
        const uint32_t v = table[(sphere_fill_key_(scores[i], nan_key) - low) >> shift];
        value[i] = v;
        marked[count] = (uint32_t)i;                    /* overwritten by the next one unless v is marked: no branch */
        count += v >> 31;
    }
    return count;
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static size_t sphere_fill_look_avx2_(uint32_t *value, uint32_t *marked, const float *scores, size_t n, const uint32_t *table,
                                                         uint32_t low, unsigned shift, uint32_t nan_key)
{
    const __m256i nan_u32x8 = _mm256_set1_epi32((int)nan_key), low_u32x8 = _mm256_set1_epi32((int)low);
    const __m128i shift_i32x4 = _mm_cvtsi32_si128((int)shift);
    size_t i = 0, count = 0, k;
    for (; i + 8 <= n; i += 8) {
        const __m256i key_u32x8 = sphere_fill_key_avx2_(_mm256_loadu_ps(scores + i), nan_u32x8);
        uint32_t at[8];
        __m256i value_u32x8;
        unsigned mask;
        _mm256_storeu_si256((__m256i *)(void *)at, _mm256_srl_epi32(_mm256_sub_epi32(key_u32x8, low_u32x8), shift_i32x4));
        value_u32x8 = _mm256_setr_epi32((int)table[at[0]], (int)table[at[1]], (int)table[at[2]], (int)table[at[3]],
                                        (int)table[at[4]], (int)table[at[5]], (int)table[at[6]], (int)table[at[7]]);
        _mm256_storeu_si256((__m256i *)(void *)(value + i), value_u32x8);
        mask = (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(value_u32x8));
        if (mask) for (k = 0; k < 8; k++) { marked[count] = (uint32_t)(i + k); count += mask >> k & 1u; }
    }
    k = i;                                              /* the tail counts its places from k */
    for (i = sphere_fill_look_c_(value + k, marked + count, scores + k, n - k, table, low, shift, nan_key); i; i--) marked[count++] += (uint32_t)k;
    return count;
}
#endif
#if SPHERE_NEON_
static size_t sphere_fill_look_neon_(uint32_t *value, uint32_t *marked, const float *scores, size_t n, const uint32_t *table, uint32_t low,
                                     unsigned shift, uint32_t nan_key)
{
    const uint32x4_t nan_u32x4 = vdupq_n_u32(nan_key), low_u32x4 = vdupq_n_u32(low);
    const int32x4_t shift_i32x4 = vdupq_n_s32(-(int)shift);
    uint32_t at[4];
    size_t i = 0, count = 0, k;
    for (; i + 4 <= n; i += 4) {
        vst1q_u32(at, vshlq_u32(vsubq_u32(sphere_fill_key_neon_(vld1q_f32(scores + i), nan_u32x4), low_u32x4), shift_i32x4));
        for (k = 0; k < 4; k++) {
            const uint32_t v = table[at[k]];
            value[i + k] = v;
            marked[count] = (uint32_t)(i + k);
            count += v >> 31;
        }
    }
    k = i;                                              /* the tail counts its places from k */
    for (i = sphere_fill_look_c_(value + k, marked + count, scores + k, n - k, table, low, shift, nan_key); i; i--) marked[count++] += (uint32_t)k;
    return count;
}
#endif

/* >>kernel row_square: out[i] = row i . row i, in 16 lanes */
static void sphere_fill_row_square_c_(float *out, const float *data, size_t stride, size_t n, size_t dim)
{
    size_t i, j, k;
    for (i = 0; i < n; i++) {
        const float *row = data + i * stride;
        float lane[16] = { 0 };
        for (j = 0; j + 16 <= dim; j += 16) for (k = 0; k < 16; k++) lane[k] = SPHERE_MADD_(row[j + k], row[j + k], lane[k]);
        for (k = 0; j + k < dim; k++) lane[k] = SPHERE_MADD_(row[j + k], row[j + k], lane[k]);
        out[i] = sphere_fill_lanes_c_(lane);
    }
}
/* >>kernel row_variance: out[i] = mean of (x - mean)^2 over row i, dim > 0 */
static void sphere_fill_row_variance_c_(float *out, const float *data, size_t stride, size_t n, size_t dim)
{
    size_t i, j;
    for (i = 0; i < n; i++) {
        const float *row = data + i * stride;
        float sum[16] = { 0 }, square[16] = { 0 }, mean;
        for (j = 0; j < dim; j++) sum[j & 15u] += row[j];
        mean = sphere_fill_lanes_c_(sum) / (float)dim;
        for (j = 0; j < dim; j++) { const float d = row[j] - mean; square[j & 15u] = SPHERE_MADD_(d, d, square[j & 15u]); }
        out[i] = sphere_canonical_(sphere_fill_lanes_c_(square) / (float)dim);
    }
}
#if SPHERE_AVX2_
/* One step of eight lanes for four rows: v = row - mean, then acc += v or acc += v v. KEEP masks the padding to 0 after the subtraction. */
#define SPHERE_FILL_LOAD_(row, at) _mm256_loadu_ps(row + at)
#define SPHERE_FILL_REST0_(row, at) _mm256_maskload_ps(row + at, m0_i32x8)
#define SPHERE_FILL_REST1_(row, at) _mm256_maskload_ps(row + at, m1_i32x8)
#define SPHERE_FILL_ALL_(v) (v)
#define SPHERE_FILL_KEEP0_(v) _mm256_and_ps(v, _mm256_castsi256_ps(m0_i32x8))
#define SPHERE_FILL_KEEP1_(v) _mm256_and_ps(v, _mm256_castsi256_ps(m1_i32x8))
#define SPHERE_FILL_STEP_(LOAD, KEEP, at, r, acc) do { \
        __m256 v_f32x8 = LOAD(row[r], at); \
        if (centred) v_f32x8 = KEEP(_mm256_sub_ps(v_f32x8, mean_f32x8[r])); \
        acc = squares ? SPHERE_MADD_F32X8_(v_f32x8, v_f32x8, acc) : _mm256_add_ps(acc, v_f32x8); } while (0)
#define SPHERE_FILL_STEP2_(LOAD, KEEP, at, ra, rb, a, b) SPHERE_FILL_STEP_(LOAD, KEEP, at, ra, a); SPHERE_FILL_STEP_(LOAD, KEEP, at, rb, b)
#define SPHERE_FILL_PAIR_(a, b, ra, rb) do { \
        for (j = 0; j + 16 <= dim; j += 16) { \
            _mm_prefetch((const char *)(row[ra] + j) + 4096, _MM_HINT_T0); _mm_prefetch((const char *)(row[rb] + j) + 4096, _MM_HINT_T0); \
            SPHERE_FILL_STEP2_(SPHERE_FILL_LOAD_, SPHERE_FILL_ALL_, j, ra, rb, a##0_f32x8, b##0_f32x8); \
            SPHERE_FILL_STEP2_(SPHERE_FILL_LOAD_, SPHERE_FILL_ALL_, j + 8, ra, rb, a##1_f32x8, b##1_f32x8); \
        } \
        if (j < dim) { SPHERE_FILL_STEP2_(SPHERE_FILL_REST0_, SPHERE_FILL_KEEP0_, j, ra, rb, a##0_f32x8, b##0_f32x8); } \
        if (j + 8 < dim) { SPHERE_FILL_STEP2_(SPHERE_FILL_REST1_, SPHERE_FILL_KEEP1_, j + 8, ra, rb, a##1_f32x8, b##1_f32x8); } } while (0)
/* Sums over four rows: of x, of x^2 (squares) or of (x - mean)^2 (squares and centred). Two rows in step, prefetched, come from memory
   at the speed of a plain read; four in step were measured slower. Behind the last row the last one is taken again. The two flags are
   constants in every call. Accumulators: a0 = row 0, lanes 0-7. */
SPHERE_FILL_AVX2_FN_ __m128 sphere_fill_rows4_avx2_(const float *const row[4], size_t dim, const __m256 mean_f32x8[4], __m256i m0_i32x8, __m256i m1_i32x8,
                                                    int centred, int squares)
{
    __m256 a0_f32x8 = _mm256_setzero_ps(), a1_f32x8 = a0_f32x8, b0_f32x8 = a0_f32x8, b1_f32x8 = a0_f32x8;
    __m256 c0_f32x8 = a0_f32x8, c1_f32x8 = a0_f32x8, d0_f32x8 = a0_f32x8, d1_f32x8 = a0_f32x8;
    size_t j;
    SPHERE_FILL_PAIR_(a, b, 0, 1);
    SPHERE_FILL_PAIR_(c, d, 2, 3);
    return sphere_fill_lanes4_avx2_(_mm256_add_ps(a0_f32x8, a1_f32x8), _mm256_add_ps(b0_f32x8, b1_f32x8), _mm256_add_ps(c0_f32x8, c1_f32x8),
                                    _mm256_add_ps(d0_f32x8, d1_f32x8));
}
#define SPHERE_FILL_FOUR_(row) do { \
        row[0] = data + i * stride; row[1] = i + 1 < n ? row[0] + stride : row[0]; \
        row[2] = i + 2 < n ? row[1] + stride : row[1]; row[3] = i + 3 < n ? row[2] + stride : row[2]; } while (0)
SPHERE_FILL_AVX2_FN_ void sphere_fill_store_part_avx2_(float *out, __m128 v_f32x4, size_t n)
{
    float four[4];
    if (n >= 4) { _mm_storeu_ps(out, v_f32x4); return; }        /* a masked store takes a dozen steps on some CPUs */
    _mm_storeu_ps(four, v_f32x4);
    memcpy(out, four, n * sizeof(float));
}
SPHERE_TARGET_AVX2_ static void sphere_fill_row_square_avx2_(float *out, const float *data, size_t stride, size_t n, size_t dim)
{
    const __m256i m0_i32x8 = sphere_fill_mask_avx2_(dim & 15u), m1_i32x8 = sphere_fill_mask_avx2_((dim & 15u) > 8 ? (dim & 15u) - 8 : 0);
    const float *row[4];
    __m256 mean_f32x8[4];
    size_t i;
    mean_f32x8[0] = mean_f32x8[1] = mean_f32x8[2] = mean_f32x8[3] = _mm256_setzero_ps();
    for (i = 0; i < n; i += 4) {
        SPHERE_FILL_FOUR_(row);
        sphere_fill_store_part_avx2_(out + i, sphere_fill_rows4_avx2_(row, dim, mean_f32x8, m0_i32x8, m1_i32x8, 0, 1), n - i);
    }
}
SPHERE_TARGET_AVX2_ static void sphere_fill_row_variance_avx2_(float *out, const float *data, size_t stride, size_t n, size_t dim)
{
    const __m256i m0_i32x8 = sphere_fill_mask_avx2_(dim & 15u), m1_i32x8 = sphere_fill_mask_avx2_((dim & 15u) > 8 ? (dim & 15u) - 8 : 0);
    const __m128 dim_f32x4 = _mm_set1_ps((float)dim);
    const float *row[4];
    __m256 mean_f32x8[4];
    __m128 mean_f32x4, v_f32x4;
    size_t i;
    mean_f32x8[0] = mean_f32x8[1] = mean_f32x8[2] = mean_f32x8[3] = _mm256_setzero_ps();
    for (i = 0; i < n; i += 4) {
        SPHERE_FILL_FOUR_(row);
        mean_f32x4 = _mm_div_ps(sphere_fill_rows4_avx2_(row, dim, mean_f32x8, m0_i32x8, m1_i32x8, 0, 0), dim_f32x4);
        mean_f32x8[0] = _mm256_broadcastss_ps(mean_f32x4);
        mean_f32x8[1] = _mm256_broadcastss_ps(_mm_shuffle_ps(mean_f32x4, mean_f32x4, 0x55));
        mean_f32x8[2] = _mm256_broadcastss_ps(_mm_shuffle_ps(mean_f32x4, mean_f32x4, 0xaa));
        mean_f32x8[3] = _mm256_broadcastss_ps(_mm_shuffle_ps(mean_f32x4, mean_f32x4, 0xff));
        v_f32x4 = _mm_div_ps(sphere_fill_rows4_avx2_(row, dim, mean_f32x8, m0_i32x8, m1_i32x8, 1, 1), dim_f32x4);
        sphere_fill_store_part_avx2_(out + i, _mm_blendv_ps(v_f32x4, _mm_castsi128_ps(_mm_set1_epi32(0x7fc00000)), _mm_cmpunord_ps(v_f32x4, v_f32x4)), n - i);
    }
}
#endif
#if SPHERE_NEON_
/* Sum over the lanes of one row of x - mean (squares = 0) or of its square. The rest of a row is padded with 0 after the subtraction. */
SPHERE_INLINE_ float sphere_fill_row_neon_(const float *row, size_t dim, float mean, int squares)
{
    const float32x4_t mean_f32x4 = vdupq_n_f32(mean);
    float32x4_t acc_f32x4[4], v_f32x4;
    float rest[16];
    size_t j, k;
    for (k = 0; k < 4; k++) acc_f32x4[k] = vdupq_n_f32(0);
    for (j = 0; j + 16 <= dim; j += 16) for (k = 0; k < 4; k++) {
        v_f32x4 = vsubq_f32(vld1q_f32(row + j + 4 * k), mean_f32x4);
        acc_f32x4[k] = squares ? SPHERE_MADD_F32X4_(v_f32x4, v_f32x4, acc_f32x4[k]) : vaddq_f32(acc_f32x4[k], v_f32x4);
    }
    if (j < dim) {
        for (k = 0; k < 16; k++) rest[k] = j + k < dim ? row[j + k] - mean : 0;
        for (k = 0; k < 4; k++) {
            v_f32x4 = vld1q_f32(rest + 4 * k);
            acc_f32x4[k] = squares ? SPHERE_MADD_F32X4_(v_f32x4, v_f32x4, acc_f32x4[k]) : vaddq_f32(acc_f32x4[k], v_f32x4);
        }
    }
    return sphere_fill_lanes_neon_(acc_f32x4[0], acc_f32x4[1], acc_f32x4[2], acc_f32x4[3]);
}
static void sphere_fill_row_square_neon_(float *out, const float *data, size_t stride, size_t n, size_t dim)
{
    size_t i;
    for (i = 0; i < n; i++) out[i] = sphere_fill_row_neon_(data + i * stride, dim, 0, 1);
}
static void sphere_fill_row_variance_neon_(float *out, const float *data, size_t stride, size_t n, size_t dim)
{
    size_t i;
    for (i = 0; i < n; i++) {
        const float mean = sphere_fill_row_neon_(data + i * stride, dim, 0, 0) / (float)dim;
        out[i] = sphere_canonical_(sphere_fill_row_neon_(data + i * stride, dim, mean, 1) / (float)dim);
    }
}
#endif

/* >>kernel project: out[8 i + k] = sum over j of c v[8 j + k], j ascending, with c = x[j] scale - mean[j] and x the row i */
static void sphere_fill_project_c_(float *out, const float *data, size_t stride, size_t n, size_t dim, const float *mean, float scale, const float *v)
{
    size_t i, j, k;
    for (i = 0; i < n; i++) {
        float sum[8] = { 0 };
        for (j = 0; j < dim; j++) {
            const float c = data[i * stride + j] * scale - mean[j];
            for (k = 0; k < 8; k++) sum[k] = SPHERE_MADD_(c, v[8 * j + k], sum[k]);
        }
        for (k = 0; k < 8; k++) out[8 * i + k] = sphere_canonical_(sum[k]);
    }
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_fill_project_avx2_(float *out, const float *data, size_t stride, size_t n, size_t dim, const float *mean,
                                                          float scale, const float *v)
{
    size_t i = 0, j;
    for (; i + 4 <= n; i += 4) {                        /* four rows: four independent chains of additions */
        const float *r0 = data + i * stride, *r1 = r0 + stride, *r2 = r1 + stride, *r3 = r2 + stride;
        __m256 a_f32x8 = _mm256_setzero_ps(), b_f32x8 = a_f32x8, c_f32x8 = a_f32x8, d_f32x8 = a_f32x8;
        for (j = 0; j < dim; j++) {
            const __m256 v_f32x8 = _mm256_loadu_ps(v + 8 * j);
            a_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(r0[j] * scale - mean[j]), v_f32x8, a_f32x8);
            b_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(r1[j] * scale - mean[j]), v_f32x8, b_f32x8);
            c_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(r2[j] * scale - mean[j]), v_f32x8, c_f32x8);
            d_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(r3[j] * scale - mean[j]), v_f32x8, d_f32x8);
        }
        _mm256_storeu_ps(out + 8 * i, sphere_fill_canonical_avx2_(a_f32x8));
        _mm256_storeu_ps(out + 8 * i + 8, sphere_fill_canonical_avx2_(b_f32x8));
        _mm256_storeu_ps(out + 8 * i + 16, sphere_fill_canonical_avx2_(c_f32x8));
        _mm256_storeu_ps(out + 8 * i + 24, sphere_fill_canonical_avx2_(d_f32x8));
    }
    sphere_fill_project_c_(out + 8 * i, data + i * stride, stride, n - i, dim, mean, scale, v);
}
#endif
#if SPHERE_NEON_
static void sphere_fill_project_neon_(float *out, const float *data, size_t stride, size_t n, size_t dim, const float *mean, float scale, const float *v)
{
    size_t i, j;
    for (i = 0; i < n; i++) {
        float32x4_t a_f32x4 = vdupq_n_f32(0), b_f32x4 = a_f32x4;
        for (j = 0; j < dim; j++) {
            const float32x4_t c_f32x4 = vdupq_n_f32(data[i * stride + j] * scale - mean[j]);
            a_f32x4 = SPHERE_MADD_F32X4_(c_f32x4, vld1q_f32(v + 8 * j), a_f32x4);
            b_f32x4 = SPHERE_MADD_F32X4_(c_f32x4, vld1q_f32(v + 8 * j + 4), b_f32x4);
        }
        vst1q_f32(out + 8 * i, sphere_fill_canonical_neon_(a_f32x4));
        vst1q_f32(out + 8 * i + 4, sphere_fill_canonical_neon_(b_f32x4));
    }
}
#endif

/* >>kernel gather: sum[8 j + k] += c dot[8 i + k] for the rows i ascending, c as in project */
static void sphere_fill_gather_c_(float *sum, const float *data, size_t stride, size_t n, size_t dim, const float *mean, float scale, const float *dot)
{
    size_t i, j, k;
    for (j = 0; j < dim; j++) {
        float s[8];
        for (k = 0; k < 8; k++) s[k] = sum[8 * j + k];
        for (i = 0; i < n; i++) {
            const float c = data[i * stride + j] * scale - mean[j];
            for (k = 0; k < 8; k++) s[k] = SPHERE_MADD_(c, dot[8 * i + k], s[k]);
        }
        for (k = 0; k < 8; k++) sum[8 * j + k] = sphere_canonical_(s[k]);
    }
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_fill_gather_avx2_(float *sum, const float *data, size_t stride, size_t n, size_t dim, const float *mean,
                                                         float scale, const float *dot)
{
    size_t i, j = 0;
    for (; j + 4 <= dim; j += 4) {
        __m256 a_f32x8 = _mm256_loadu_ps(sum + 8 * j), b_f32x8 = _mm256_loadu_ps(sum + 8 * j + 8);
        __m256 c_f32x8 = _mm256_loadu_ps(sum + 8 * j + 16), d_f32x8 = _mm256_loadu_ps(sum + 8 * j + 24);
        for (i = 0; i < n; i++) {
            const float *x = data + i * stride + j;
            const __m256 dot_f32x8 = _mm256_loadu_ps(dot + 8 * i);
            a_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(x[0] * scale - mean[j]), dot_f32x8, a_f32x8);
            b_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(x[1] * scale - mean[j + 1]), dot_f32x8, b_f32x8);
            c_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(x[2] * scale - mean[j + 2]), dot_f32x8, c_f32x8);
            d_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(x[3] * scale - mean[j + 3]), dot_f32x8, d_f32x8);
        }
        _mm256_storeu_ps(sum + 8 * j, sphere_fill_canonical_avx2_(a_f32x8));
        _mm256_storeu_ps(sum + 8 * j + 8, sphere_fill_canonical_avx2_(b_f32x8));
        _mm256_storeu_ps(sum + 8 * j + 16, sphere_fill_canonical_avx2_(c_f32x8));
        _mm256_storeu_ps(sum + 8 * j + 24, sphere_fill_canonical_avx2_(d_f32x8));
    }
    if (j < dim) sphere_fill_gather_c_(sum + 8 * j, data + j, stride, n, dim - j, mean + j, scale, dot);
}
#endif
#if SPHERE_NEON_
static void sphere_fill_gather_neon_(float *sum, const float *data, size_t stride, size_t n, size_t dim, const float *mean, float scale, const float *dot)
{
    size_t i, j;
    for (j = 0; j < dim; j++) {
        float32x4_t a_f32x4 = vld1q_f32(sum + 8 * j), b_f32x4 = vld1q_f32(sum + 8 * j + 4);
        for (i = 0; i < n; i++) {
            const float32x4_t c_f32x4 = vdupq_n_f32(data[i * stride + j] * scale - mean[j]);
            a_f32x4 = SPHERE_MADD_F32X4_(c_f32x4, vld1q_f32(dot + 8 * i), a_f32x4);
            b_f32x4 = SPHERE_MADD_F32X4_(c_f32x4, vld1q_f32(dot + 8 * i + 4), b_f32x4);
        }
        vst1q_f32(sum + 8 * j, sphere_fill_canonical_neon_(a_f32x4));
        vst1q_f32(sum + 8 * j + 4, sphere_fill_canonical_neon_(b_f32x4));
    }
}
#endif

/* >>kernel pull: out = (sum c qx, sum c qy, sum c qz, sum c) over 8 n edges, c = weight / (1 + s (1 - p.q)) with q = points[4 target].
   Edge i goes to lane i mod 16. Lists are padded with weight 0, which adds 0 to a lane and changes nothing. */
static void sphere_fill_pull_c_(float out[4], const uint32_t *target, const float *weight, size_t n, const float *points, const float *p, float s)
{
    float lane[4][16];
    size_t i, k;
    memset(lane, 0, sizeof(lane));
    for (i = 0; i < 8 * n; i++) {
        const float *q = points + 4 * (size_t)target[i];
        const float dot = SPHERE_MADD_(q[2], p[2], SPHERE_MADD_(q[1], p[1], q[0] * p[0]));
        const float c = weight[i] / SPHERE_MADD_(s, 1.0f - dot, 1.0f);
        for (k = 0; k < 3; k++) lane[k][i & 15u] = SPHERE_MADD_(c, q[k], lane[k][i & 15u]);
        lane[3][i & 15u] += c;
    }
    for (k = 0; k < 4; k++) out[k] = sphere_fill_lanes_c_(lane[k]);
}
#if SPHERE_AVX2_
/* Eight points of four floats each, transposed into x, y and z. */
SPHERE_FILL_AVX2_FN_ void sphere_fill_points_avx2_(const float *points, const uint32_t *target, __m256 *x_f32x8, __m256 *y_f32x8, __m256 *z_f32x8)
{
#define SPHERE_FILL_EDGE_(a, b) _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(points + 4 * (size_t)target[a])), \
                                                     _mm_loadu_ps(points + 4 * (size_t)target[b]), 1)
    const __m256 p04_f32x8 = SPHERE_FILL_EDGE_(0, 4), p15_f32x8 = SPHERE_FILL_EDGE_(1, 5), p26_f32x8 = SPHERE_FILL_EDGE_(2, 6);
    const __m256 p37_f32x8 = SPHERE_FILL_EDGE_(3, 7);
    const __m256 a_f32x8 = _mm256_unpacklo_ps(p04_f32x8, p15_f32x8), b_f32x8 = _mm256_unpacklo_ps(p26_f32x8, p37_f32x8);      /* x0 x1 y0 y1 */
    const __m256 c_f32x8 = _mm256_unpackhi_ps(p04_f32x8, p15_f32x8), d_f32x8 = _mm256_unpackhi_ps(p26_f32x8, p37_f32x8);      /* z0 z1 .. */
    *x_f32x8 = _mm256_shuffle_ps(a_f32x8, b_f32x8, 0x44);
    *y_f32x8 = _mm256_shuffle_ps(a_f32x8, b_f32x8, 0xee);
    *z_f32x8 = _mm256_shuffle_ps(c_f32x8, d_f32x8, 0x44);
#undef SPHERE_FILL_EDGE_
}
SPHERE_TARGET_AVX2_ static void sphere_fill_pull_avx2_(float out[4], const uint32_t *target, const float *weight, size_t n, const float *points,
                                                       const float *p, float s)
{
    const __m256 px_f32x8 = _mm256_set1_ps(p[0]), py_f32x8 = _mm256_set1_ps(p[1]), pz_f32x8 = _mm256_set1_ps(p[2]);
    const __m256 s_f32x8 = _mm256_set1_ps(s), one_f32x8 = _mm256_set1_ps(1.0f);
    __m256 acc_f32x8[2][4];
    size_t i, half;
    for (i = 0; i < 8; i++) acc_f32x8[i >> 2][i & 3u] = _mm256_setzero_ps();
    for (i = 0; i < n; i += 2) for (half = 0; half < 2 && i + half < n; half++) {
        __m256 x_f32x8, y_f32x8, z_f32x8, c_f32x8;
        sphere_fill_points_avx2_(points, target + 8 * (i + half), &x_f32x8, &y_f32x8, &z_f32x8);
        c_f32x8 = SPHERE_MADD_F32X8_(z_f32x8, pz_f32x8, SPHERE_MADD_F32X8_(y_f32x8, py_f32x8, _mm256_mul_ps(x_f32x8, px_f32x8)));
        c_f32x8 = SPHERE_MADD_F32X8_(s_f32x8, _mm256_sub_ps(one_f32x8, c_f32x8), one_f32x8);                        /* 1 + s (1 - p.q) */
        c_f32x8 = _mm256_div_ps(_mm256_loadu_ps(weight + 8 * (i + half)), c_f32x8);
        acc_f32x8[half][0] = SPHERE_MADD_F32X8_(c_f32x8, x_f32x8, acc_f32x8[half][0]);
        acc_f32x8[half][1] = SPHERE_MADD_F32X8_(c_f32x8, y_f32x8, acc_f32x8[half][1]);
        acc_f32x8[half][2] = SPHERE_MADD_F32X8_(c_f32x8, z_f32x8, acc_f32x8[half][2]);
        acc_f32x8[half][3] = _mm256_add_ps(acc_f32x8[half][3], c_f32x8);
    }
    _mm_storeu_ps(out, sphere_fill_lanes4_avx2_(_mm256_add_ps(acc_f32x8[0][0], acc_f32x8[1][0]), _mm256_add_ps(acc_f32x8[0][1], acc_f32x8[1][1]),
                                                _mm256_add_ps(acc_f32x8[0][2], acc_f32x8[1][2]), _mm256_add_ps(acc_f32x8[0][3], acc_f32x8[1][3])));
}
#endif
#if SPHERE_NEON_
/* Four points of four floats each, transposed into x, y and z. */
SPHERE_INLINE_ void sphere_fill_points_neon_(const float *points, const uint32_t *target, float32x4_t *x_f32x4, float32x4_t *y_f32x4, float32x4_t *z_f32x4)
{
    const float32x4_t p0_f32x4 = vld1q_f32(points + 4 * (size_t)target[0]), p1_f32x4 = vld1q_f32(points + 4 * (size_t)target[1]);
    const float32x4_t p2_f32x4 = vld1q_f32(points + 4 * (size_t)target[2]), p3_f32x4 = vld1q_f32(points + 4 * (size_t)target[3]);
    const float32x4_t a_f32x4 = vzip1q_f32(p0_f32x4, p2_f32x4), b_f32x4 = vzip1q_f32(p1_f32x4, p3_f32x4);               /* x0 x2 y0 y2 */
    *x_f32x4 = vzip1q_f32(a_f32x4, b_f32x4);
    *y_f32x4 = vzip2q_f32(a_f32x4, b_f32x4);
    *z_f32x4 = vzip1q_f32(vzip2q_f32(p0_f32x4, p2_f32x4), vzip2q_f32(p1_f32x4, p3_f32x4));
}
static void sphere_fill_pull_neon_(float out[4], const uint32_t *target, const float *weight, size_t n, const float *points, const float *p, float s)
{
    const float32x4_t px_f32x4 = vdupq_n_f32(p[0]), py_f32x4 = vdupq_n_f32(p[1]), pz_f32x4 = vdupq_n_f32(p[2]);
    const float32x4_t s_f32x4 = vdupq_n_f32(s), one_f32x4 = vdupq_n_f32(1.0f);
    float32x4_t acc_f32x4[4][4];
    size_t i, k;
    for (i = 0; i < 16; i++) acc_f32x4[i >> 2][i & 3u] = vdupq_n_f32(0);
    for (i = 0; i < 2 * n; i++) {
        float32x4_t x_f32x4, y_f32x4, z_f32x4, c_f32x4;
        k = i & 3u;                                                                                                     /* lanes 4 k .. 4 k + 3 */
        sphere_fill_points_neon_(points, target + 4 * i, &x_f32x4, &y_f32x4, &z_f32x4);
        c_f32x4 = SPHERE_MADD_F32X4_(z_f32x4, pz_f32x4, SPHERE_MADD_F32X4_(y_f32x4, py_f32x4, vmulq_f32(x_f32x4, px_f32x4)));
        c_f32x4 = SPHERE_MADD_F32X4_(s_f32x4, vsubq_f32(one_f32x4, c_f32x4), one_f32x4);                                /* 1 + s (1 - p.q) */
        c_f32x4 = vdivq_f32(vld1q_f32(weight + 4 * i), c_f32x4);
        acc_f32x4[0][k] = SPHERE_MADD_F32X4_(c_f32x4, x_f32x4, acc_f32x4[0][k]);
        acc_f32x4[1][k] = SPHERE_MADD_F32X4_(c_f32x4, y_f32x4, acc_f32x4[1][k]);
        acc_f32x4[2][k] = SPHERE_MADD_F32X4_(c_f32x4, z_f32x4, acc_f32x4[2][k]);
        acc_f32x4[3][k] = vaddq_f32(acc_f32x4[3][k], c_f32x4);
    }
    for (k = 0; k < 4; k++) out[k] = sphere_fill_lanes_neon_(acc_f32x4[k][0], acc_f32x4[k][1], acc_f32x4[k][2], acc_f32x4[k][3]);
}
#endif

/* >>kernel push: out = sums of c x, c y, c z and c over n points, c = 1 / ((1/16 + u) (1 + 2.75 u)), u = s (1 - p.q); point i in lane i mod 16 */
static void sphere_fill_push_c_(float out[4], const float *x, const float *y, const float *z, size_t n, const float *p, float s)
{
    float lane[4][16];
    size_t i, k;
    memset(lane, 0, sizeof(lane));
    for (i = 0; i < n; i++) {
        const float u = s * (1.0f - SPHERE_MADD_(z[i], p[2], SPHERE_MADD_(y[i], p[1], x[i] * p[0])));
        const float c = 1.0f / ((u + 0.0625f) * SPHERE_MADD_(2.75f, u, 1.0f));
        k = i & 15u;
        lane[0][k] = SPHERE_MADD_(c, x[i], lane[0][k]);
        lane[1][k] = SPHERE_MADD_(c, y[i], lane[1][k]);
        lane[2][k] = SPHERE_MADD_(c, z[i], lane[2][k]);
        lane[3][k] += c;
    }
    for (k = 0; k < 4; k++) out[k] = sphere_fill_lanes_c_(lane[k]);
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_fill_push_avx2_(float out[4], const float *x, const float *y, const float *z, size_t n, const float *p, float s)
{
    const __m256 px_f32x8 = _mm256_set1_ps(p[0]), py_f32x8 = _mm256_set1_ps(p[1]), pz_f32x8 = _mm256_set1_ps(p[2]), s_f32x8 = _mm256_set1_ps(s);
    const __m256 one_f32x8 = _mm256_set1_ps(1.0f), soft_f32x8 = _mm256_set1_ps(0.0625f), a_f32x8 = _mm256_set1_ps(2.75f);
    __m256 acc_f32x8[2][4];
    size_t i, half;
    for (i = 0; i < 8; i++) acc_f32x8[i >> 2][i & 3u] = _mm256_setzero_ps();
    for (i = 0; i < n; i += 16) for (half = 0; half < 2 && i + 8 * half < n; half++) {
        const size_t at = i + 8 * half;
        const __m256i mask_i32x8 = sphere_fill_mask_avx2_(n - at);
        const __m256 x_f32x8 = _mm256_maskload_ps(x + at, mask_i32x8), y_f32x8 = _mm256_maskload_ps(y + at, mask_i32x8);
        const __m256 z_f32x8 = _mm256_maskload_ps(z + at, mask_i32x8);
        __m256 u_f32x8 = SPHERE_MADD_F32X8_(z_f32x8, pz_f32x8, SPHERE_MADD_F32X8_(y_f32x8, py_f32x8, _mm256_mul_ps(x_f32x8, px_f32x8))), c_f32x8;
        u_f32x8 = _mm256_mul_ps(s_f32x8, _mm256_sub_ps(one_f32x8, u_f32x8));                                        /* s (1 - p.q) */
        c_f32x8 = _mm256_mul_ps(_mm256_add_ps(u_f32x8, soft_f32x8), SPHERE_MADD_F32X8_(a_f32x8, u_f32x8, one_f32x8));
        c_f32x8 = _mm256_and_ps(_mm256_div_ps(one_f32x8, c_f32x8), _mm256_castsi256_ps(mask_i32x8));                /* nothing from the padding */
        acc_f32x8[half][0] = SPHERE_MADD_F32X8_(c_f32x8, x_f32x8, acc_f32x8[half][0]);
        acc_f32x8[half][1] = SPHERE_MADD_F32X8_(c_f32x8, y_f32x8, acc_f32x8[half][1]);
        acc_f32x8[half][2] = SPHERE_MADD_F32X8_(c_f32x8, z_f32x8, acc_f32x8[half][2]);
        acc_f32x8[half][3] = _mm256_add_ps(acc_f32x8[half][3], c_f32x8);
    }
    _mm_storeu_ps(out, sphere_fill_lanes4_avx2_(_mm256_add_ps(acc_f32x8[0][0], acc_f32x8[1][0]), _mm256_add_ps(acc_f32x8[0][1], acc_f32x8[1][1]),
                                                _mm256_add_ps(acc_f32x8[0][2], acc_f32x8[1][2]), _mm256_add_ps(acc_f32x8[0][3], acc_f32x8[1][3])));
}
#endif
#if SPHERE_NEON_
static void sphere_fill_push_neon_(float out[4], const float *x, const float *y, const float *z, size_t n, const float *p, float s)
{
    const float32x4_t px_f32x4 = vdupq_n_f32(p[0]), py_f32x4 = vdupq_n_f32(p[1]), pz_f32x4 = vdupq_n_f32(p[2]), s_f32x4 = vdupq_n_f32(s);
    const float32x4_t one_f32x4 = vdupq_n_f32(1.0f), soft_f32x4 = vdupq_n_f32(0.0625f), a_f32x4 = vdupq_n_f32(2.75f);
    const uint32_t first[4] = { 0, 1, 2, 3 };
    const uint32x4_t place_u32x4 = vld1q_u32(first);
    float32x4_t acc_f32x4[4][4];
    size_t i, k;
    for (i = 0; i < 16; i++) acc_f32x4[i >> 2][i & 3u] = vdupq_n_f32(0);
    for (i = 0; i < n; i += 4) {
        float32x4_t x_f32x4, y_f32x4, z_f32x4, u_f32x4, c_f32x4;
        k = i >> 2 & 3u;                                                                                                /* lanes 4 k .. 4 k + 3 */
        if (i + 4 <= n) { x_f32x4 = vld1q_f32(x + i); y_f32x4 = vld1q_f32(y + i); z_f32x4 = vld1q_f32(z + i); }
        else {
            float rest[12] = { 0 };
            memcpy(rest, x + i, (n - i) * sizeof(float)); memcpy(rest + 4, y + i, (n - i) * sizeof(float)); memcpy(rest + 8, z + i, (n - i) * sizeof(float));
            x_f32x4 = vld1q_f32(rest); y_f32x4 = vld1q_f32(rest + 4); z_f32x4 = vld1q_f32(rest + 8);
        }
        u_f32x4 = SPHERE_MADD_F32X4_(z_f32x4, pz_f32x4, SPHERE_MADD_F32X4_(y_f32x4, py_f32x4, vmulq_f32(x_f32x4, px_f32x4)));
        u_f32x4 = vmulq_f32(s_f32x4, vsubq_f32(one_f32x4, u_f32x4));                                                    /* s (1 - p.q) */
        c_f32x4 = vdivq_f32(one_f32x4, vmulq_f32(vaddq_f32(u_f32x4, soft_f32x4), SPHERE_MADD_F32X4_(a_f32x4, u_f32x4, one_f32x4)));
        if (i + 4 > n) c_f32x4 = vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(c_f32x4), vcltq_u32(place_u32x4, vdupq_n_u32((uint32_t)(n - i)))));
        acc_f32x4[0][k] = SPHERE_MADD_F32X4_(c_f32x4, x_f32x4, acc_f32x4[0][k]);
        acc_f32x4[1][k] = SPHERE_MADD_F32X4_(c_f32x4, y_f32x4, acc_f32x4[1][k]);
        acc_f32x4[2][k] = SPHERE_MADD_F32X4_(c_f32x4, z_f32x4, acc_f32x4[2][k]);
        acc_f32x4[3][k] = vaddq_f32(acc_f32x4[3][k], c_f32x4);
    }
    for (k = 0; k < 4; k++) out[k] = sphere_fill_lanes_neon_(acc_f32x4[k][0], acc_f32x4[k][1], acc_f32x4[k][2], acc_f32x4[k][3]);
}
#endif

/* >>kernel slice: key[i] = (p.axis + 1) 2^21, as an integer below 2^22: the height of a point along an axis. A NaN gives 0. */
static void sphere_fill_slice_c_(uint32_t *key, const float *x, const float *y, const float *z, size_t n, const float *axis)
{
    size_t i;
    for (i = 0; i < n; i++) {
        float t = SPHERE_MADD_(SPHERE_MADD_(z[i], axis[2], SPHERE_MADD_(y[i], axis[1], x[i] * axis[0])), 2097152.0f, 2097152.0f);
        t = t > 0 ? t : 0;
        t = t < 4194303.0f ? t : 4194303.0f;
        key[i] = (uint32_t)(int32_t)t;
    }
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_fill_slice_avx2_(uint32_t *key, const float *x, const float *y, const float *z, size_t n, const float *axis)
{
    const __m256 ax_f32x8 = _mm256_set1_ps(axis[0]), ay_f32x8 = _mm256_set1_ps(axis[1]), az_f32x8 = _mm256_set1_ps(axis[2]);
    const __m256 half_f32x8 = _mm256_set1_ps(2097152.0f), top_f32x8 = _mm256_set1_ps(4194303.0f);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256 t_f32x8 = SPHERE_MADD_F32X8_(_mm256_loadu_ps(y + i), ay_f32x8, _mm256_mul_ps(_mm256_loadu_ps(x + i), ax_f32x8));
        t_f32x8 = SPHERE_MADD_F32X8_(SPHERE_MADD_F32X8_(_mm256_loadu_ps(z + i), az_f32x8, t_f32x8), half_f32x8, half_f32x8);
        t_f32x8 = _mm256_and_ps(t_f32x8, _mm256_cmp_ps(t_f32x8, _mm256_setzero_ps(), _CMP_GT_OQ));                  /* t > 0 ? t : 0 */
        t_f32x8 = _mm256_blendv_ps(top_f32x8, t_f32x8, _mm256_cmp_ps(t_f32x8, top_f32x8, _CMP_LT_OQ));
        _mm256_storeu_si256((__m256i *)(void *)(key + i), _mm256_cvttps_epi32(t_f32x8));
    }
    sphere_fill_slice_c_(key + i, x + i, y + i, z + i, n - i, axis);
}
#endif
#if SPHERE_NEON_
static void sphere_fill_slice_neon_(uint32_t *key, const float *x, const float *y, const float *z, size_t n, const float *axis)
{
    const float32x4_t ax_f32x4 = vdupq_n_f32(axis[0]), ay_f32x4 = vdupq_n_f32(axis[1]), az_f32x4 = vdupq_n_f32(axis[2]);
    const float32x4_t half_f32x4 = vdupq_n_f32(2097152.0f), top_f32x4 = vdupq_n_f32(4194303.0f), zero_f32x4 = vdupq_n_f32(0);
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        float32x4_t t_f32x4 = SPHERE_MADD_F32X4_(vld1q_f32(y + i), ay_f32x4, vmulq_f32(vld1q_f32(x + i), ax_f32x4));
        t_f32x4 = SPHERE_MADD_F32X4_(SPHERE_MADD_F32X4_(vld1q_f32(z + i), az_f32x4, t_f32x4), half_f32x4, half_f32x4);
        t_f32x4 = vbslq_f32(vcgtq_f32(t_f32x4, zero_f32x4), t_f32x4, zero_f32x4);
        t_f32x4 = vbslq_f32(vcltq_f32(t_f32x4, top_f32x4), t_f32x4, top_f32x4);
        vst1q_u32(key + i, vreinterpretq_u32_s32(vcvtq_s32_f32(t_f32x4)));
    }
    sphere_fill_slice_c_(key + i, x + i, y + i, z + i, n - i, axis);
}
#endif

/* >>kernel turn: move each point along its meridian from the height h along the axis to h + step (rank scale - offset - h), rank below
   2^32 - 128 (it is rounded to float). A point within 1e-6 of the axis, and a NaN, stays as it is. */
static void sphere_fill_turn_c_(float *x, float *y, float *z, const uint32_t *rank, size_t n, const float *axis, float step, float scale, float offset)
{
    size_t i;
    for (i = 0; i < n; i++) {
        const float h = SPHERE_MADD_(z[i], axis[2], SPHERE_MADD_(y[i], axis[1], x[i] * axis[0]));
        const float g = SPHERE_MADD_(step, (float)rank[i] * scale - offset - h, h);
        const float u = x[i] - h * axis[0], v = y[i] - h * axis[1], w = z[i] - h * axis[2], across = SPHERE_MADD_(w, w, SPHERE_MADD_(v, v, u * u));
        const float room = 1.0f - g * g, f = sphere_sqrt_((room > 0 ? room : 0) / across);
        const int move = across > 1e-12f;
        x[i] = sphere_canonical_(move ? SPHERE_MADD_(u, f, g * axis[0]) : x[i]);
        y[i] = sphere_canonical_(move ? SPHERE_MADD_(v, f, g * axis[1]) : y[i]);
        z[i] = sphere_canonical_(move ? SPHERE_MADD_(w, f, g * axis[2]) : z[i]);
    }
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_fill_turn_avx2_(float *x, float *y, float *z, const uint32_t *rank, size_t n, const float *axis, float step,
                                                       float scale, float offset)
{
    const __m256 ax_f32x8 = _mm256_set1_ps(axis[0]), ay_f32x8 = _mm256_set1_ps(axis[1]), az_f32x8 = _mm256_set1_ps(axis[2]);
    const __m256 step_f32x8 = _mm256_set1_ps(step), scale_f32x8 = _mm256_set1_ps(scale), offset_f32x8 = _mm256_set1_ps(offset);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256 x_f32x8 = _mm256_loadu_ps(x + i), y_f32x8 = _mm256_loadu_ps(y + i), z_f32x8 = _mm256_loadu_ps(z + i);
        const __m256 h_f32x8 = SPHERE_MADD_F32X8_(z_f32x8, az_f32x8, SPHERE_MADD_F32X8_(y_f32x8, ay_f32x8, _mm256_mul_ps(x_f32x8, ax_f32x8)));
        const __m256 u_f32x8 = _mm256_sub_ps(x_f32x8, _mm256_mul_ps(h_f32x8, ax_f32x8)), v_f32x8 = _mm256_sub_ps(y_f32x8, _mm256_mul_ps(h_f32x8, ay_f32x8));
        const __m256 w_f32x8 = _mm256_sub_ps(z_f32x8, _mm256_mul_ps(h_f32x8, az_f32x8));
        const __m256 across_f32x8 = SPHERE_MADD_F32X8_(w_f32x8, w_f32x8, SPHERE_MADD_F32X8_(v_f32x8, v_f32x8, _mm256_mul_ps(u_f32x8, u_f32x8)));
        const __m256 move_f32x8 = _mm256_cmp_ps(across_f32x8, _mm256_set1_ps(1e-12f), _CMP_GT_OQ);
        /* rank to float, rounded once: the upper 16 bits scaled, an exact number, plus the lower 16 */
        const __m256i rank_u32x8 = _mm256_loadu_si256((const __m256i *)(const void *)(rank + i));
        const __m256 high_f32x8 = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_srli_epi32(rank_u32x8, 16)), _mm256_set1_ps(65536.0f));
        const __m256 rank_f32x8 = _mm256_add_ps(high_f32x8, _mm256_cvtepi32_ps(_mm256_and_si256(rank_u32x8, _mm256_set1_epi32(0xffff))));
        __m256 g_f32x8 = _mm256_sub_ps(_mm256_sub_ps(_mm256_mul_ps(rank_f32x8, scale_f32x8), offset_f32x8), h_f32x8), f_f32x8;
        g_f32x8 = SPHERE_MADD_F32X8_(step_f32x8, g_f32x8, h_f32x8);
        f_f32x8 = _mm256_sub_ps(_mm256_set1_ps(1.0f), _mm256_mul_ps(g_f32x8, g_f32x8));
        f_f32x8 = _mm256_and_ps(f_f32x8, _mm256_cmp_ps(f_f32x8, _mm256_setzero_ps(), _CMP_GT_OQ));                 /* room > 0 ? room : 0 */
        f_f32x8 = _mm256_sqrt_ps(_mm256_div_ps(f_f32x8, across_f32x8));
#define SPHERE_FILL_TURN_(out, old, part, a) _mm256_storeu_ps(out + i, sphere_fill_canonical_avx2_(_mm256_blendv_ps(old, \
        SPHERE_MADD_F32X8_(part, f_f32x8, _mm256_mul_ps(g_f32x8, a)), move_f32x8)))
        SPHERE_FILL_TURN_(x, x_f32x8, u_f32x8, ax_f32x8);
        SPHERE_FILL_TURN_(y, y_f32x8, v_f32x8, ay_f32x8);
        SPHERE_FILL_TURN_(z, z_f32x8, w_f32x8, az_f32x8);
#undef SPHERE_FILL_TURN_
    }
    sphere_fill_turn_c_(x + i, y + i, z + i, rank + i, n - i, axis, step, scale, offset);
}
#endif
#if SPHERE_NEON_
static void sphere_fill_turn_neon_(float *x, float *y, float *z, const uint32_t *rank, size_t n, const float *axis, float step, float scale, float offset)
{
    const float32x4_t ax_f32x4 = vdupq_n_f32(axis[0]), ay_f32x4 = vdupq_n_f32(axis[1]), az_f32x4 = vdupq_n_f32(axis[2]), zero_f32x4 = vdupq_n_f32(0);
    const float32x4_t step_f32x4 = vdupq_n_f32(step), scale_f32x4 = vdupq_n_f32(scale), offset_f32x4 = vdupq_n_f32(offset);
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        const float32x4_t x_f32x4 = vld1q_f32(x + i), y_f32x4 = vld1q_f32(y + i), z_f32x4 = vld1q_f32(z + i);
        const float32x4_t h_f32x4 = SPHERE_MADD_F32X4_(z_f32x4, az_f32x4, SPHERE_MADD_F32X4_(y_f32x4, ay_f32x4, vmulq_f32(x_f32x4, ax_f32x4)));
        const float32x4_t u_f32x4 = vsubq_f32(x_f32x4, vmulq_f32(h_f32x4, ax_f32x4)), v_f32x4 = vsubq_f32(y_f32x4, vmulq_f32(h_f32x4, ay_f32x4));
        const float32x4_t w_f32x4 = vsubq_f32(z_f32x4, vmulq_f32(h_f32x4, az_f32x4));
        const float32x4_t across_f32x4 = SPHERE_MADD_F32X4_(w_f32x4, w_f32x4, SPHERE_MADD_F32X4_(v_f32x4, v_f32x4, vmulq_f32(u_f32x4, u_f32x4)));
        const uint32x4_t move_u32x4 = vcgtq_f32(across_f32x4, vdupq_n_f32(1e-12f));
        const float32x4_t t_f32x4 = vsubq_f32(vsubq_f32(vmulq_f32(vcvtq_f32_u32(vld1q_u32(rank + i)), scale_f32x4), offset_f32x4), h_f32x4);
        const float32x4_t g_f32x4 = SPHERE_MADD_F32X4_(step_f32x4, t_f32x4, h_f32x4);
        float32x4_t f_f32x4 = vsubq_f32(vdupq_n_f32(1.0f), vmulq_f32(g_f32x4, g_f32x4));
        f_f32x4 = vbslq_f32(vcgtq_f32(f_f32x4, zero_f32x4), f_f32x4, zero_f32x4);
        f_f32x4 = vsqrtq_f32(vdivq_f32(f_f32x4, across_f32x4));
#define SPHERE_FILL_TURN_(out, old, part, a) vst1q_f32(out + i, sphere_fill_canonical_neon_(vbslq_f32(move_u32x4, \
        SPHERE_MADD_F32X4_(part, f_f32x4, vmulq_f32(g_f32x4, a)), old)))
        SPHERE_FILL_TURN_(x, x_f32x4, u_f32x4, ax_f32x4);
        SPHERE_FILL_TURN_(y, y_f32x4, v_f32x4, ay_f32x4);
        SPHERE_FILL_TURN_(z, z_f32x4, w_f32x4, az_f32x4);
#undef SPHERE_FILL_TURN_
    }
    sphere_fill_turn_c_(x + i, y + i, z + i, rank + i, n - i, axis, step, scale, offset);
}
#endif

/* The kernels of one level. A new kernel is one block above, one member here and one row of tests/kernels.inc. */
typedef struct sphere_fill_kernels_ {
    void (*range)(uint32_t out[3], const float *scores, size_t n);
    void (*count)(uint32_t *bucket, const float *scores, size_t n, uint32_t low, unsigned shift, uint32_t nan_key);
    size_t (*look)(uint32_t *value, uint32_t *marked, const float *scores, size_t n, const uint32_t *table, uint32_t low, unsigned shift, uint32_t nan_key);
    void (*row_square)(float *out, const float *data, size_t stride, size_t n, size_t dim);
    void (*row_variance)(float *out, const float *data, size_t stride, size_t n, size_t dim);
    void (*project)(float *out, const float *data, size_t stride, size_t n, size_t dim, const float *mean, float scale, const float *v);
    void (*gather)(float *sum, const float *data, size_t stride, size_t n, size_t dim, const float *mean, float scale, const float *dot);
    void (*pull)(float out[4], const uint32_t *target, const float *weight, size_t n, const float *points, const float *p, float s);
    void (*push)(float out[4], const float *x, const float *y, const float *z, size_t n, const float *p, float s);
    void (*slice)(uint32_t *key, const float *x, const float *y, const float *z, size_t n, const float *axis);
    void (*turn)(float *x, float *y, float *z, const uint32_t *rank, size_t n, const float *axis, float step, float scale, float offset);
} sphere_fill_kernels_;
#define SPHERE_FILL_KERNELS_(level) { sphere_fill_range_##level, sphere_fill_count_##level, sphere_fill_look_##level, sphere_fill_row_square_##level, \
    sphere_fill_row_variance_##level, sphere_fill_project_##level, sphere_fill_gather_##level, sphere_fill_pull_##level, sphere_fill_push_##level, \
    sphere_fill_slice_##level, sphere_fill_turn_##level }
/* The kernels of a level that sphere_simd_pick_ has allowed. */
SPHERE_INLINE_ const sphere_fill_kernels_ *sphere_fill_kernels_for_(sphere_simd level)
{
    static const sphere_fill_kernels_ portable = SPHERE_FILL_KERNELS_(c_);
#if SPHERE_AVX2_
    static const sphere_fill_kernels_ avx2 = SPHERE_FILL_KERNELS_(avx2_);
    if (level == SPHERE_SIMD_AVX2 || level == SPHERE_SIMD_AVX512) return &avx2;
#endif
#if SPHERE_NEON_
    static const sphere_fill_kernels_ neon = SPHERE_FILL_KERNELS_(neon_);
    if (level == SPHERE_SIMD_NEON) return &neon;
#endif
    (void)level;
    return &portable;
}

/* >>implementation */

/* -- double functions. Only + - * / and integer operations, so the bits are the same everywhere. */

/* ln x for x > 0 and finite, within 2.5 units in the last place (tests/test_fill.c): x = 2^e m, sqrt(1/2) <= m < sqrt 2,
   ln m = 2 atanh(q), q = (m - 1)/(m + 1), |q| < .172: the term q^25 is below 2^-63. */
static double sphere_fill_log_(double x)
{
    double e = 0, q, s, p = 0, m;
    uint64_t u;
    int k;
    if (x < 2.2250738585072014e-308) { x *= 18014398509481984.0; e = -54; }             /* 2^54 lifts a subnormal */
    memcpy(&u, &x, 8);
    e += (double)((int)(u >> 52) - 1023);
    u = (u & 0xfffffffffffffu) | 0x3ff0000000000000u;
    memcpy(&m, &u, 8);
    if (m > 1.4142135623730951) { m *= 0.5; e += 1; }
    q = (m - 1) / (m + 1);
    s = q * q;
    for (k = 23; k >= 3; k -= 2) p = (p + 1.0 / k) * s;
    return e * 0.693147180369123816490 + (e * 1.90821492927058770002e-10 + (2 * q + 2 * q * p));      /* ln 2 in two parts, the first of 32 bits */
}
/* e^x for |x| <= 700, within 2 units in the last place: x = k ln 2 + r, |r| <= .347; Taylor's term r^14 is below 2^-57. */
static double sphere_fill_exp_(double x)
{
    double k = (x * 1.4426950408889634 + 6755399441055744.0) - 6755399441055744.0, r, p = 0, scale;       /* 1.5 * 2^52 leaves no fraction */
    uint64_t u;
    int i;
    r = (x - k * 0.693147180369123816490) - k * 1.90821492927058770002e-10;
    for (i = 14; i >= 2; i--) p = (p + 1.0) * r / i;
    u = (uint64_t)((int)k + 1023) << 52;
    memcpy(&scale, &u, 8);
    return (1 + (r + r * p)) * scale;
}
/* x^y, x >= 0 and finite, 0^0 = 1. Relative error about |y ln x| 2^-53; 1.5 is done by the root, within 2 units in the last place.
   Results beyond e^+-700 stop there. */
static double sphere_fill_pow_(double x, double y)
{
    double t;
    if (y == 0 || x == 1) return 1;
    if (x == 0) return 0;
    if (y == 1) return x;
    if (y == 1.5) return x * sphere_sqrt_double_(x);
    t = y * sphere_fill_log_(x);
    return sphere_fill_exp_(t > 700 ? 700 : t < -700 ? -700 : t);
}
static int sphere_fill_finite_(double x) { return x - x == 0; }

/* -- memory: everything is cut off one block from the front, aligned to 64 bytes */
typedef struct sphere_fill_arena_ { unsigned char *at; size_t used; } sphere_fill_arena_;
/* With at = NULL it only counts. used is SIZE_MAX after an overflow. */
static void *sphere_fill_cut_(sphere_fill_arena_ *arena, size_t count, size_t width)
{
    const size_t bytes = sphere_size_(count, width, 63), start = arena->used;
    arena->used = bytes == SIZE_MAX ? SIZE_MAX : sphere_size_(1, start, bytes / 64 * 64);
    return arena->at ? arena->at + start : NULL;
}
/* The size to ask for: room to align, 0 when it overflows. */
static size_t sphere_fill_ask_(size_t used) { return used > SIZE_MAX - 64 ? 0 : used + 64; }
/* Status of the memory that was handed in for so many bytes of use. */
static sphere_status sphere_fill_enough_(size_t used, const void *memory, size_t bytes)
{
    if (used > SIZE_MAX - 64) return SPHERE_E_SIZE;
    return !memory || bytes < used + 64 ? SPHERE_E_MEMORY : SPHERE_OK;
}

/* -- shells */
static sphere_status sphere_fill_check_desc_(const sphere_fill_desc *d)
{
    const double v[3] = { d->exponent, d->min_radius, d->max_radius };
    int i;
    for (i = 0; i < 3; i++) {
        if (!(v[i] == v[i])) return SPHERE_E_NAN;
        if (!sphere_fill_finite_(v[i]) || (v[i] < 0 && !(i == 0 && v[i] == SPHERE_FILL_EQUAL))) return SPHERE_E_RANGE;
    }
    if ((unsigned)d->spacing > (unsigned)SPHERE_FILL_PRIME || d->nan_last < 0 || d->nan_last > 1) return SPHERE_E_RANGE;
    return SPHERE_OK;
}
static sphere_fill_desc sphere_fill_defaults_(const sphere_fill_desc *desc)
{
    sphere_fill_desc d;
    memset(&d, 0, sizeof(d));
    return desc ? *desc : d;
}
SPHERE_FILL_API sphere_status sphere_fill_radii(size_t n, size_t shells, const sphere_fill_desc *desc, double *radii)
{
    const sphere_fill_desc d = sphere_fill_defaults_(desc);
    const sphere_status status = sphere_fill_check_desc_(&d);
    const double count = (double)shells, last = count - 1;
    double low = d.min_radius, high = d.max_radius == 0 ? 2 * count : d.max_radius, log_ratio = 0, span;
    size_t s;
    if (status != SPHERE_OK) return status;
    if (shells == 0 || shells > 0x7fffffffu) return SPHERE_E_RANGE;
    if (!radii) return SPHERE_E_NULL;
    if (low == 0) {
        const double root = sphere_sqrt_double_(count);
        double floor_at = 16;
        if (n < 100000u) low = .25 * root;
        else if (n < 10000000u) { low = .5 * root; floor_at = 32; }
        else if (n < 1000000000u) { low = .1 * count; floor_at = 64; }
        else { low = .125 * count; floor_at = 128; }
        low = low > floor_at ? low : floor_at;
        low = low < .5 * high ? low : .5 * high;
    }
    if (low > high) return SPHERE_E_RANGE;
    span = high - low;
    if (high > 0) log_ratio = sphere_fill_log_(high) - (low > 0 ? sphere_fill_log_(low) : 0);
    for (s = 0; s < shells; s++) {
        const double i = (double)s, t = s ? i / last : 0;
        double r = low;
        switch (d.spacing) {
        case SPHERE_FILL_LINEAR:    r = low + span * t; break;
        case SPHERE_FILL_QUADRATIC: r = low + span * (t * t); break;
        case SPHERE_FILL_LOG:       r = low + (s ? span * (sphere_fill_log_(1 + i) / sphere_fill_log_(count)) : 0); break;
        case SPHERE_FILL_GEOMETRIC: r = low * sphere_fill_exp_(t * log_ratio); break;
        case SPHERE_FILL_GOLDEN:    r = low * sphere_fill_exp_(i / count * log_ratio); break;
        case SPHERE_FILL_PRIME:     r = low + (s ? span * (i * (1 + sphere_fill_log_(1 + i)) / (last * (1 + sphere_fill_log_(count)))) : 0); break;
        case SPHERE_FILL_SQRT: default: r = low + span * sphere_sqrt_double_(t); break;
        }
        /* Rounding may not disturb the ends or the order. */
        if (s + 1 == shells && s && d.spacing != SPHERE_FILL_GOLDEN) r = high;
        if (s == 0) r = low;
        if (r > high) r = high;
        radii[s] = s && r < radii[s - 1] ? radii[s - 1] : r;
    }
    return SPHERE_OK;
}

/* a * b as 128 bits, from four products of 32 bits; then n w = q sum + rest by one binary digit a step. sum < 2^63, w <= sum. */
static uint64_t sphere_fill_share_(uint64_t n, uint64_t w, uint64_t sum, uint64_t *rest)
{
    const uint64_t n0 = n & 0xffffffffu, n1 = n >> 32, w0 = w & 0xffffffffu, w1 = w >> 32;
    const uint64_t low = n0 * w0, mid = n1 * w0 + (low >> 32), mid2 = n0 * w1 + (mid & 0xffffffffu);
    uint64_t high = n1 * w1 + (mid >> 32) + (mid2 >> 32), digits = mid2 << 32 | (low & 0xffffffffu), q = 0;
    int i;
    /* high < sum: n w < 2^64 sum. The remainder stays below sum, so doubling it does not overflow. */
    for (i = 0; i < 64; i++) {
        high = high << 1 | digits >> 63;
        digits <<= 1;
        q <<= 1;
        if (high >= sum) { high -= sum; q |= 1; }
    }
    *rest = high;
    return q;
}
/* Capacity weight of a shell, relative to the largest radius so that no power overflows. */
static double sphere_fill_weight_(double radius, double largest, double exponent)
{
    return exponent == SPHERE_FILL_EQUAL || largest == 0 ? 1 : sphere_fill_pow_(radius / largest, exponent == 0 ? 1.5 : exponent);
}
static sphere_status sphere_fill_check_radii_(const double *radii, size_t shells, double *largest)
{
    size_t s;
    *largest = 0;
    if (shells == 0 || shells > 0x7fffffffu) return SPHERE_E_RANGE;
    if (!radii) return SPHERE_E_NULL;
    for (s = 0; s < shells; s++) {
        if (!(radii[s] == radii[s])) return SPHERE_E_NAN;
        if (!sphere_fill_finite_(radii[s]) || radii[s] < 0) return SPHERE_E_RANGE;
        if (radii[s] > *largest) *largest = radii[s];
    }
    return SPHERE_OK;
}
SPHERE_FILL_API sphere_status sphere_fill_quota(size_t n, size_t shells, const double *radii, const sphere_fill_desc *desc, uint64_t *quota)
{
    const sphere_fill_desc d = sphere_fill_defaults_(desc);
    sphere_status status = sphere_fill_check_desc_(&d);
    double largest, total = 0, scale;
    uint64_t sum = 0, left, low = 0, high, rest, ties;
    size_t s;
    if (status != SPHERE_OK) return status;
    status = sphere_fill_check_radii_(radii, shells, &largest);
    if (status != SPHERE_OK) return status;
    if (!quota) return SPHERE_E_NULL;
    if (sphere_overlap_(radii, shells * sizeof(double), quota, shells * sizeof(uint64_t))) return SPHERE_E_OVERLAP;
    for (s = 0; s < shells; s++) total += sphere_fill_weight_(radii[s], largest, d.exponent);
    scale = 2305843009213693952.0 / total;                                              /* 2^61: the sum stays below 2^62 */
#define SPHERE_FILL_INTEGER_(s) (uint64_t)(sphere_fill_weight_(radii[s], largest, d.exponent) * scale)
    for (s = 0; s < shells; s++) sum += SPHERE_FILL_INTEGER_(s);
    left = n;
    for (s = 0; s < shells; s++) { left -= sphere_fill_share_(n, SPHERE_FILL_INTEGER_(s), sum, &rest); quota[s] = rest; }
    /* quota now holds the remainders. Find the smallest bound that at most `left` remainders exceed, by bisection. */
    for (high = sum; low < high; ) {
        const uint64_t bound = low + (high - low) / 2;
        uint64_t above = 0;
        for (s = 0; s < shells; s++) above += quota[s] > bound;
        if (above > left) low = bound + 1; else high = bound;
    }
    ties = left;
    for (s = 0; s < shells; s++) ties -= quota[s] > low;
    for (s = 0; s < shells; s++) {
        const uint64_t share = sphere_fill_share_(n, SPHERE_FILL_INTEGER_(s), sum, &rest);
        const int tied = rest == low && ties > 0;
        if (tied) ties--;
        quota[s] = share + (rest > low || tied ? 1u : 0u);
    }
#undef SPHERE_FILL_INTEGER_
    return SPHERE_OK;
}

/* -- scores */
typedef struct sphere_fill_score_job_ {
    const sphere_fill_kernels_ *kernels;
    const float *rows;
    float *scores;
    size_t n, dim, stride;
    int variance;
} sphere_fill_score_job_;
#define SPHERE_FILL_ROWS_ 2048          /* rows per task */
/* The norm of a row whose sum of squares is known. A sum that overflowed or lost digits to underflow is taken again, scaled by a
   power of two, in the same lanes. */
static float sphere_fill_norm_of_(const float *row, size_t dim, float square)
{
    float lane[16] = { 0 }, scale = 7.88860905e-31f, back = 1.2676506e+30f;             /* 2^-100, 2^100 */
    size_t j;
    if ((square < 1.32922800e+36f && square > 8.27180613e-25f) || !(square == square)) return sphere_sqrt_(square);       /* 2^120, 2^-80 */
    if (square < 1.0f) { const float t = scale; scale = back; back = t; }
    for (j = 0; j < dim; j++) { const float v = row[j] * scale; lane[j & 15u] = SPHERE_MADD_(v, v, lane[j & 15u]); }
    return sphere_canonical_(sphere_sqrt_(sphere_fill_lanes_c_(lane)) * back);
}
static void sphere_fill_score_task_(void *context, size_t task)
{
    const sphere_fill_score_job_ *job = (const sphere_fill_score_job_ *)context;
    const size_t end = job->n - task * SPHERE_FILL_ROWS_ < SPHERE_FILL_ROWS_ ? job->n : (task + 1) * SPHERE_FILL_ROWS_;
    /* about 16 KB of rows at a time, so that the variance finds them in cache; norms alone come in longer runs */
    const size_t block = !job->variance ? 256 : job->dim > 1024 ? 4 : job->dim < 64 ? 64 : 4096 / job->dim / 4 * 4;
    float variance[64];
    size_t at, i, m;
    for (at = task * SPHERE_FILL_ROWS_; at < end; at += m) {
        const float *rows = job->rows + at * job->stride;
        float *score = job->scores + at;
        m = end - at < block ? end - at : block;
        job->kernels->row_square(score, rows, job->stride, m, job->dim);
        for (i = 0; i < m; i++) score[i] = sphere_fill_norm_of_(rows + i * job->stride, job->dim, score[i]);
        if (!job->variance) continue;
        job->kernels->row_variance(variance, rows, job->stride, m, job->dim);
        for (i = 0; i < m; i++) score[i] = sphere_canonical_(score[i] * (1.0f + variance[i]));
    }
}
/* Shape of rows: *stride comes back resolved. */
static sphere_status sphere_fill_check_rows_(const float *rows, size_t n, size_t dim, size_t *stride)
{
    if (*stride && *stride < dim) return SPHERE_E_RANGE;
    if (*stride == 0) *stride = dim;
    if (n && dim && !rows) return SPHERE_E_NULL;
    return sphere_size_(sphere_size_(n, *stride, 0), sizeof(float), 0) > SIZE_MAX / 2 || n > 0xffffffffu ? SPHERE_E_SIZE : SPHERE_OK;
}
static size_t sphere_fill_span_(size_t n, size_t dim, size_t stride) { return n && dim ? ((n - 1) * stride + dim) * sizeof(float) : 0; }
SPHERE_FILL_API sphere_status sphere_fill_scores(const float *rows, size_t n, size_t dim, size_t stride, sphere_fill_prominence prominence,
                                                 float *scores, const sphere_exec *exec)
{
    sphere_fill_score_job_ job;
    sphere_status status = sphere_fill_check_rows_(rows, n, dim, &stride);
    const sphere_simd level = sphere_simd_pick_(exec);
    if (status != SPHERE_OK) return status;
    if (prominence != SPHERE_FILL_NORM && prominence != SPHERE_FILL_NORM_VARIANCE) return SPHERE_E_RANGE;
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (n && !scores) return SPHERE_E_NULL;
    if (sphere_overlap_(rows, sphere_fill_span_(n, dim, stride), scores, n * sizeof(float))) return SPHERE_E_OVERLAP;
    if (n && dim == 0) { memset(scores, 0, n * sizeof(float)); return SPHERE_OK; }
    job.kernels = sphere_fill_kernels_for_(level);
    job.rows = rows; job.scores = scores; job.n = n; job.dim = dim; job.stride = stride;
    job.variance = prominence == SPHERE_FILL_NORM_VARIANCE;
    sphere_parallel_(exec, (n + SPHERE_FILL_ROWS_ - 1) / SPHERE_FILL_ROWS_, sphere_fill_score_task_, &job);
    return SPHERE_OK;
}

/* -- exact fill. Boundary j, 0 <= j < edges, lies before the point of rank B(j): it is known by the key of that point and by how many
   equal keys come before it. The shell of a point is the number of boundaries at or before it. */
#define SPHERE_FILL_BITS_LOW_ 10u       /* 2^10 buckets of 4 bytes are the least */
#define SPHERE_FILL_BITS_FAST_ 18u      /* 2^18 (1 MB) stay in the second-level cache: enough for scores within a few binades */
#define SPHERE_FILL_BITS_HIGH_ 20u      /* for scores of both signs, whose keys spread wider */
#define SPHERE_FILL_CHUNK_ 512u         /* scores looked up at a time: two buffers of 2 KB on the stack */
#define SPHERE_FILL_SHARDS_ 16u
typedef struct sphere_fill_job_ {
    const sphere_fill_kernels_ *kernels;
    const float *scores;
    const uint64_t *quota;
    uint32_t *shell;
    size_t n, edges, shards, buckets, spots;
    uint32_t *key;                      /* (edges) key of the boundary; while it is being found, its leading bits    */
    uint32_t *ties;                     /* (edges) equal keys before it; while ..., its rank among those leading bits */
    uint32_t *slot;                     /* (edges) number of the distinct leading bits                               */
    uint32_t *first;                    /* (edges + 1) first boundary of each split bucket                           */
    uint32_t *range;                    /* (shards, 3)                                                               */
    uint32_t *table;                    /* (shards, buckets) counts, then in the first shard the lookup table        */
    uint32_t *spot;                     /* (shards, spots) counts of refined buckets                                 */
    uint32_t *seen, *next;              /* (shards, edges) ties met so far; boundary that the next one reaches       */
    uint32_t low, nan_key;
    unsigned shift, now, digits;        /* of the table; of the leading bits known; how many this pass adds          */
    size_t slots;
    int count_ties;                     /* the last pass: only count the ties of each shard                          */
} sphere_fill_job_;
#define SPHERE_FILL_MARK_ 0x80000000u

static void sphere_fill_shard_(const sphere_fill_job_ *job, size_t shard, size_t *begin, size_t *end)
{
    const size_t size = (job->n + job->shards - 1) / job->shards;
    *begin = shard * size < job->n ? shard * size : job->n;
    *end = job->n - *begin < size ? job->n : *begin + size;
}
static void sphere_fill_range_task_(void *context, size_t shard)
{
    const sphere_fill_job_ *job = (const sphere_fill_job_ *)context;
    size_t begin, end;
    sphere_fill_shard_(job, shard, &begin, &end);
    job->kernels->range(job->range + 3 * shard, job->scores + begin, end - begin);
}
static void sphere_fill_count_task_(void *context, size_t shard)
{
    const sphere_fill_job_ *job = (const sphere_fill_job_ *)context;
    uint32_t *table = job->table + shard * job->buckets;
    size_t begin, end;
    sphere_fill_shard_(job, shard, &begin, &end);
    memset(table, 0, job->buckets * sizeof(uint32_t));
    job->kernels->count(table, job->scores + begin, end - begin, job->low, job->shift, job->nan_key);
}
/* First boundary in [at, end) whose key is at least `key`. */
static size_t sphere_fill_find_(const uint32_t *keys, size_t at, size_t end, uint32_t key)
{
    while (at < end) {
        const size_t middle = at + (end - at) / 2;
        if (keys[middle] < key) at = middle + 1; else end = middle;
    }
    return at;
}
/* Count, within the split buckets, the next binary digits of the keys. */
static void sphere_fill_refine_task_(void *context, size_t shard)
{
    const sphere_fill_job_ *job = (const sphere_fill_job_ *)context;
    uint32_t value[SPHERE_FILL_CHUNK_], marked[SPHERE_FILL_CHUNK_], *spot = job->spot + shard * job->spots;
    const uint32_t mask = (1u << job->digits) - 1;
    size_t begin, end, i, m, count;
    sphere_fill_shard_(job, shard, &begin, &end);
    memset(spot, 0, (job->slots << job->digits) * sizeof(uint32_t));
    for (; begin < end; begin += m) {
        const float *scores = job->scores + begin;
        m = end - begin < SPHERE_FILL_CHUNK_ ? end - begin : SPHERE_FILL_CHUNK_;
        count = job->kernels->look(value, marked, scores, m, job->table, job->low, job->shift, job->nan_key);
        for (i = 0; i < count; i++) {
            const uint32_t bucket = value[marked[i]] & ~SPHERE_FILL_MARK_, offset = sphere_fill_key_(scores[marked[i]], job->nan_key) - job->low;
            size_t slot = bucket;
            if (job->now != job->shift) {                                               /* a later pass: which part of the bucket? */
                const size_t last = job->first[bucket + 1], j = sphere_fill_find_(job->key, job->first[bucket], last, offset >> job->now);
                if (j == last || job->key[j] != offset >> job->now) continue;
                slot = job->slot[j];
            }
            spot[slot << job->digits | (offset >> (job->now - job->digits) & mask)]++;
        }
    }
}
/* The last pass: unsplit buckets are one lookup; in a split one the boundary is searched, and equal keys are counted in order. */
static void sphere_fill_assign_task_(void *context, size_t shard)
{
    const sphere_fill_job_ *job = (const sphere_fill_job_ *)context;
    uint32_t value[SPHERE_FILL_CHUNK_], marked[SPHERE_FILL_CHUNK_], *seen = job->seen + shard * job->edges, *next = job->next + shard * job->edges;
    size_t begin, end, i, m, count;
    sphere_fill_shard_(job, shard, &begin, &end);
    for (; begin < end; begin += m) {
        const float *scores = job->scores + begin;
        uint32_t *out = job->count_ties ? value : job->shell + begin;
        m = end - begin < SPHERE_FILL_CHUNK_ ? end - begin : SPHERE_FILL_CHUNK_;
        count = job->kernels->look(out, marked, scores, m, job->table, job->low, job->shift, job->nan_key);
        for (i = 0; i < count; i++) {
            const uint32_t at = marked[i], bucket = out[at] & ~SPHERE_FILL_MARK_, key = sphere_fill_key_(scores[at], job->nan_key);
            const size_t last = job->first[bucket + 1];
            size_t j = job->first[bucket];
            if (key > job->key[j]) j = sphere_fill_find_(job->key, j + 1, last, key);
            if (j < last && job->key[j] == key) {
                const uint32_t tie = seen[j]++;
                if (job->count_ties) continue;
                while (next[j] < last && job->key[next[j]] == key && job->ties[next[j]] <= tie) next[j]++;
                out[at] = next[j];
            } else out[at] = (uint32_t)j;
        }
    }
}
/* Cut the arrays for a number of buckets (2^bits) and shards. */
static void sphere_fill_carve_(sphere_fill_job_ *job, sphere_fill_arena_ *arena, size_t edges, size_t shards, unsigned bits)
{
    const size_t least = 8 * edges;         /* so that a pass adds at least three digits */
    job->edges = edges;
    job->shards = shards;
    job->buckets = (size_t)1 << bits;
    job->spots = job->buckets / 2 < least ? least : job->buckets / 2;
    job->key = (uint32_t *)sphere_fill_cut_(arena, edges, sizeof(uint32_t));
    job->ties = (uint32_t *)sphere_fill_cut_(arena, edges, sizeof(uint32_t));
    job->slot = (uint32_t *)sphere_fill_cut_(arena, edges, sizeof(uint32_t));
    job->first = (uint32_t *)sphere_fill_cut_(arena, edges + 1, sizeof(uint32_t));
    job->range = (uint32_t *)sphere_fill_cut_(arena, 3 * shards, sizeof(uint32_t));
    job->table = (uint32_t *)sphere_fill_cut_(arena, sphere_size_(shards, job->buckets, 0), sizeof(uint32_t));
    job->spot = (uint32_t *)sphere_fill_cut_(arena, sphere_size_(shards, job->spots, 0), sizeof(uint32_t));
    job->seen = (uint32_t *)sphere_fill_cut_(arena, sphere_size_(shards, edges, 0), sizeof(uint32_t));
    job->next = (uint32_t *)sphere_fill_cut_(arena, sphere_size_(shards, edges, 0), sizeof(uint32_t));
}
static size_t sphere_fill_need_(size_t shells, size_t shards, unsigned bits)
{
    sphere_fill_job_ job;
    sphere_fill_arena_ arena = { NULL, 0 };
    sphere_fill_carve_(&job, &arena, shells, shards, bits);
    return arena.used;
}
/* Buckets worth having: about two for each score. */
static unsigned sphere_fill_bits_(size_t n)
{
    unsigned bits = SPHERE_FILL_BITS_LOW_;
    while (bits < SPHERE_FILL_BITS_HIGH_ && ((size_t)1 << bits) < 2 * n) bits++;
    return bits;
}
static size_t sphere_fill_shards_(size_t n, const sphere_fill_desc *desc)
{
    return desc && desc->exec.parallel.run && n >= 262144u ? SPHERE_FILL_SHARDS_ : 1;
}
SPHERE_FILL_API size_t sphere_fill_size(size_t n, size_t shells, const sphere_fill_desc *desc)
{
    return shells > 0x7fffffffu ? 0 : sphere_fill_ask_(sphere_fill_need_(shells, sphere_fill_shards_(n, desc), sphere_fill_bits_(n)));
}
SPHERE_FILL_API size_t sphere_fill_size_min(size_t n, size_t shells, const sphere_fill_desc *desc)
{
    (void)n; (void)desc;
    return shells > 0x7fffffffu ? 0 : sphere_fill_ask_(sphere_fill_need_(shells, 1, SPHERE_FILL_BITS_LOW_));
}
/* Number the distinct leading bits of the boundaries. */
static void sphere_fill_number_(sphere_fill_job_ *job)
{
    size_t j;
    job->slots = 0;
    for (j = 0; j < job->edges; j++) job->slot[j] = (uint32_t)(j && job->key[j] != job->key[j - 1] ? ++job->slots : job->slots);
    job->slots += job->edges > 0;
}
/* Turn the histogram into the lookup table, and find the bucket of each boundary and its rank there. */
static void sphere_fill_split_(sphere_fill_job_ *job, size_t buckets)
{
    uint64_t below = 0, rank = job->quota[0];
    size_t b, j = 0, shard;
    uint32_t slots = 0;
    for (b = 0; b < buckets; b++) {
        uint64_t count = 0;
        for (shard = 0; shard < job->shards; shard++) count += job->table[shard * job->buckets + b];
        job->table[b] = (uint32_t)j;
        if (j < job->edges && rank < below + count) {
            job->table[b] = SPHERE_FILL_MARK_ | slots;
            job->first[slots++] = (uint32_t)j;
            for (; j < job->edges && rank < below + count; rank += job->quota[++j]) {
                job->key[j] = (uint32_t)b;
                job->ties[j] = (uint32_t)(rank - below);
            }
        }
        below += count;
    }
    job->first[slots] = (uint32_t)j;
    job->now = job->shift;
    sphere_fill_number_(job);
}
/* The counts of a refinement pass: extend the leading bits of each boundary. */
static void sphere_fill_extend_(sphere_fill_job_ *job)
{
    const size_t width = (size_t)1 << job->digits;
    size_t j = 0, shard, b;
    while (j < job->edges) {
        const uint32_t slot = job->slot[j], prefix = job->key[j] << job->digits;
        const size_t begin = (size_t)slot << job->digits;
        uint64_t below = 0;
        for (b = 0; b < width && j < job->edges && job->slot[j] == slot; b++) {
            uint64_t count = 0;
            for (shard = 0; shard < job->shards; shard++) count += job->spot[shard * job->spots + begin + b];
            for (; j < job->edges && job->slot[j] == slot && job->ties[j] < below + count; j++) {
                job->key[j] = prefix | (uint32_t)b;
                job->ties[j] -= (uint32_t)below;
            }
            below += count;
        }
    }
    job->now -= job->digits;
    sphere_fill_number_(job);
}
SPHERE_FILL_API sphere_status sphere_fill(const float *scores, size_t n, const uint64_t *quota, size_t shells, const sphere_fill_desc *desc,
                                          uint32_t *shell, sphere_fill_report *report, void *memory, size_t bytes)
{
    const sphere_fill_desc d = sphere_fill_defaults_(desc);
    const sphere_status status = sphere_fill_check_desc_(&d);
    const sphere_simd level = sphere_simd_pick_(&d.exec);
    sphere_fill_job_ job;
    sphere_fill_arena_ arena;
    sphere_fill_report made;
    uint64_t sum = 0, nans = 0;
    uint32_t low = 0xffffffffu, high = 0;
    unsigned bits = sphere_fill_bits_(n);
    size_t s, j, shards = sphere_fill_shards_(n, &d);
    if (status != SPHERE_OK) return status;
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (shells == 0 || shells > 0x7fffffffu) return SPHERE_E_RANGE;
    if (n > 0xffffffffu || n > SIZE_MAX / 8) return SPHERE_E_SIZE;
    if (!quota || (n && (!scores || !shell))) return SPHERE_E_NULL;
    for (s = 0; s < shells; s++) {
        if (quota[s] > n - sum) return SPHERE_E_RANGE;
        sum += quota[s];
    }
    if (sum != n) return SPHERE_E_RANGE;
    if (sphere_overlap_(scores, n * 4, shell, n * 4) || sphere_overlap_(quota, shells * 8, shell, n * 4)) return SPHERE_E_OVERLAP;
    memset(&made, 0, sizeof(made));
    if (n == 0) {
        if (report) *report = made;
        return SPHERE_OK;
    }
    if (!memory) return SPHERE_E_MEMORY;
    /* As many shards, then as many buckets, as the memory allows: the answer is the same. */
    if (shards > 1 && sphere_fill_enough_(sphere_fill_need_(shells, shards, 14), memory, bytes) != SPHERE_OK) shards = 1;
    while (bits > SPHERE_FILL_BITS_LOW_ && sphere_fill_enough_(sphere_fill_need_(shells, shards, bits), memory, bytes) != SPHERE_OK) bits--;
    if (sphere_fill_enough_(sphere_fill_need_(shells, shards, bits), memory, bytes) != SPHERE_OK) return SPHERE_E_MEMORY;
    memset(&job, 0, sizeof(job));
    job.kernels = sphere_fill_kernels_for_(level);
    job.scores = scores; job.quota = quota; job.shell = shell; job.n = n;
    arena.at = (unsigned char *)sphere_align_(memory);
    arena.used = 0;
    /* A boundary at rank n has no point behind it: no shell is ever reached through it. */
    for (s = 0, sum = quota[0]; s + 1 < shells && sum < n; sum += quota[++s]) continue;
    sphere_fill_carve_(&job, &arena, s, shards, bits);

    sphere_parallel_(&d.exec, shards, sphere_fill_range_task_, &job);
    for (j = 0; j < shards; j++) {
        if (job.range[3 * j] < low) low = job.range[3 * j];
        if (job.range[3 * j + 1] > high) high = job.range[3 * j + 1];
        nans += job.range[3 * j + 2];
    }
    if (nans && !d.nan_last) return SPHERE_E_NAN;
    /* A NaN comes right behind the largest number, +infinity has key 0xff800000: the sum does not overflow. */
    if (nans == n) low = high = 0;
    else if (nans) high++;
    job.low = low;
    job.nan_key = high;
    while (bits > SPHERE_FILL_BITS_FAST_ && (high - low) >> (bits - 1) < 1024u) bits--;
    job.buckets = (size_t)1 << bits;
    while ((high - low) >> job.shift >= job.buckets) job.shift++;
    made.passes = 1;
    if (job.edges) {
        sphere_parallel_(&d.exec, shards, sphere_fill_count_task_, &job);
        sphere_fill_split_(&job, ((size_t)(high - low) >> job.shift) + 1);
        made.passes += 2;
        while (job.now > 0) {
            for (job.digits = 1; job.digits < job.now && job.slots << (job.digits + 1) <= job.spots; ) job.digits++;
            sphere_parallel_(&d.exec, shards, sphere_fill_refine_task_, &job);
            sphere_fill_extend_(&job);
            made.passes++;
        }
        for (j = 0; j < job.edges; j++) job.key[j] += low;
        memset(job.seen, 0, shards * job.edges * sizeof(uint32_t));
        if (shards > 1) {                               /* the ties that the shards before it hold */
            job.count_ties = 1;
            sphere_parallel_(&d.exec, shards, sphere_fill_assign_task_, &job);
            job.count_ties = 0;
            made.passes++;
            for (j = 0; j < job.edges; j++) {
                uint32_t before = 0;
                for (s = 0; s < shards; s++) { const uint32_t t = job.seen[s * job.edges + j]; job.seen[s * job.edges + j] = before; before += t; }
            }
        }
        for (s = 0; s < shards; s++) for (j = 0; j < job.edges; j++) job.next[s * job.edges + j] = (uint32_t)j;
        sphere_parallel_(&d.exec, shards, sphere_fill_assign_task_, &job);
    } else memset(shell, 0, n * sizeof(uint32_t));
    made.nan_scores = nans;
    if (report) {
        double off = 0, worst = 0;
        size_t i;
        /* Recount from the output; the counts reuse the table memory, one range of shells at a time. */
        for (s = 0; s < shells; s += job.buckets) {
            const size_t width = shells - s < job.buckets ? shells - s : job.buckets;
            memset(job.table, 0, width * sizeof(uint32_t));
            for (i = 0; i < n; i++) if (shell[i] - s < width) job.table[shell[i] - s]++;
            for (j = 0; j < width; j++) {
                const double miss = job.table[j] > quota[s + j] ? (double)(job.table[j] - quota[s + j]) : (double)(quota[s + j] - job.table[j]);
                off += miss;
                worst = miss > worst ? miss : worst;
            }
        }
        made.largest_deviation = worst;
        made.rel_mad = off / (double)n;
        *report = made;
    }
    return SPHERE_OK;
}
SPHERE_FILL_API size_t sphere_fill_measure_size(size_t shells) { return sphere_fill_ask_(sphere_size_(shells, sizeof(uint64_t), 0)); }
SPHERE_FILL_API sphere_status sphere_fill_measure(const uint32_t *shell, size_t n, const double *radii, size_t shells, const sphere_fill_desc *desc,
                                                  sphere_fill_report *report, void *memory, size_t bytes)
{
    const sphere_fill_desc d = sphere_fill_defaults_(desc);
    sphere_status status = sphere_fill_check_desc_(&d);
    double largest, total = 0, worst = 0, off = 0;
    uint64_t *count;
    size_t i;
    if (status != SPHERE_OK) return status;
    status = sphere_fill_check_radii_(radii, shells, &largest);
    if (status != SPHERE_OK) return status;
    if (!report || (n && !shell)) return SPHERE_E_NULL;
    if (n > SIZE_MAX / 4) return SPHERE_E_SIZE;
    status = sphere_fill_enough_(sphere_size_(shells, sizeof(uint64_t), 0), memory, bytes);
    if (status != SPHERE_OK) return status;
    for (i = 0; i < n; i++) if (shell[i] >= shells) return SPHERE_E_RANGE;
    count = (uint64_t *)sphere_align_(memory);
    memset(count, 0, shells * sizeof(uint64_t));
    for (i = 0; i < n; i++) count[shell[i]]++;
    for (i = 0; i < shells; i++) total += sphere_fill_weight_(radii[i], largest, d.exponent);
    for (i = 0; i < shells; i++) {
        double miss = (double)count[i] - (double)n * (sphere_fill_weight_(radii[i], largest, d.exponent) / total);
        miss = miss < 0 ? -miss : miss;
        off += miss;
        worst = miss > worst ? miss : worst;
    }
    memset(report, 0, sizeof(*report));
    report->largest_deviation = worst;
    report->rel_mad = n ? off / (double)n : 0;
    return SPHERE_OK;
}

/* -- directions */
enum { SPHERE_FILL_STREAM_POINT_ = 1, SPHERE_FILL_STREAM_AXIS_, SPHERE_FILL_STREAM_START_, SPHERE_FILL_STREAM_FILL_, SPHERE_FILL_STREAM_PUSH_ };
/* A random direction, even over the sphere: z uniform, then the azimuth. */
static void sphere_fill_direction_(uint64_t seed, uint64_t stream, uint64_t index, float out[3])
{
    uint32_t u[4];
    float sine, cosine, across;
    sphere_random_(seed, stream, index, u);
    out[2] = 2.0f * sphere_uniform_(u[0]) - 1.0f;
    sphere_sincos_(6.28318531f * sphere_uniform_(u[1]), &sine, &cosine);
    across = sphere_sqrt_(1.0f - out[2] * out[2]);
    out[0] = across * cosine;
    out[1] = across * sine;
}
/* Scale to unit length; zero gets the random direction of its index. The largest component is divided out first, so that nothing
   overflows or underflows. */
static void sphere_fill_unit_(float p[3], uint64_t seed, uint64_t index)
{
    float a = sphere_abs_(p[0]), b = sphere_abs_(p[1]), c = sphere_abs_(p[2]), length;
    a = a > b ? a : b;
    a = a > c ? a : c;
    if (a == 0) { sphere_fill_direction_(seed, SPHERE_FILL_STREAM_POINT_, index, p); return; }
    p[0] /= a; p[1] /= a; p[2] /= a;
    length = sphere_sqrt_(SPHERE_MADD_(p[2], p[2], SPHERE_MADD_(p[1], p[1], p[0] * p[0])));
    p[0] /= length; p[1] /= length; p[2] /= length;
}
static int sphere_fill_all_finite_(const float *v, size_t n)
{
    size_t i;
    uint32_t bad = 0;
    for (i = 0; i < n; i++) bad |= (uint32_t)((sphere_bits_(v[i]) & 0x7fffffffu) >= 0x7f800000u);
    return bad == 0;
}
/* Three output arrays that may not overlap. */
static int sphere_fill_xyz_overlap_(const float *x, const float *y, const float *z, size_t n)
{
    return sphere_overlap_(x, n * 4, y, n * 4) || sphere_overlap_(x, n * 4, z, n * 4) || sphere_overlap_(y, n * 4, z, n * 4);
}

/* -- start: block power iteration with eight vectors on the covariance, which is never formed */
typedef struct sphere_fill_start_job_ {
    const sphere_fill_kernels_ *kernels;
    const float *rows;
    float *x, *y, *z;
    size_t n, dim, stride, shards;
    double *sum;                        /* (shards, 8 dim) what each shard adds up                                   */
    float *part, *mean, *v;             /* (shards, 8 dim) one block of rows; (dim) scaled mean; (8 dim) vectors     */
    double *basis, *image;              /* (8 dim) each: orthonormal vectors, and what the covariance makes of them  */
    float *largest;                     /* (shards) largest absolute value                                           */
    float scale, jitter[3];
} sphere_fill_start_job_;
#define SPHERE_FILL_BLOCK_ 64u          /* rows added in float before they go to the double sums */
static void sphere_fill_start_carve_(sphere_fill_start_job_ *job, sphere_fill_arena_ *arena, size_t n, size_t dim)
{
    const size_t wide = sphere_size_(8, dim, 0);
    job->n = n;
    job->dim = dim;
    job->shards = n < 8192 ? 1 : n < 131072 ? n / 8192 : 16;
    job->sum = (double *)sphere_fill_cut_(arena, sphere_size_(job->shards, wide, 0), sizeof(double));
    job->part = (float *)sphere_fill_cut_(arena, sphere_size_(job->shards, wide, 0), sizeof(float));
    job->basis = (double *)sphere_fill_cut_(arena, wide, sizeof(double));
    job->image = (double *)sphere_fill_cut_(arena, wide, sizeof(double));
    job->v = (float *)sphere_fill_cut_(arena, wide, sizeof(float));
    job->mean = (float *)sphere_fill_cut_(arena, dim, sizeof(float));
    job->largest = (float *)sphere_fill_cut_(arena, job->shards, sizeof(float));
}
static void sphere_fill_start_rows_(const sphere_fill_start_job_ *job, size_t shard, size_t *begin, size_t *end)
{
    *begin = job->n / job->shards * shard + (shard < job->n % job->shards ? shard : job->n % job->shards);
    *end = *begin + job->n / job->shards + (shard < job->n % job->shards);
}
static void sphere_fill_mean_task_(void *context, size_t shard)
{
    const sphere_fill_start_job_ *job = (const sphere_fill_start_job_ *)context;
    double *sum = job->sum + shard * 8 * job->dim;
    float largest = 0;
    size_t begin, end, j;
    sphere_fill_start_rows_(job, shard, &begin, &end);
    memset(sum, 0, job->dim * sizeof(double));
    for (; begin < end; begin++) {
        const float *row = job->rows + begin * job->stride;
        for (j = 0; j < job->dim; j++) {
            const float a = sphere_abs_(row[j]);
            sum[j] += (double)row[j];
            largest = a > largest ? a : largest;
        }
    }
    job->largest[shard] = largest;
}
static void sphere_fill_power_task_(void *context, size_t shard)
{
    const sphere_fill_start_job_ *job = (const sphere_fill_start_job_ *)context;
    const size_t wide = 8 * job->dim;
    double *sum = job->sum + shard * wide;
    float *part = job->part + shard * wide, dot[8 * 16];
    size_t begin, end, i, m, block;
    sphere_fill_start_rows_(job, shard, &begin, &end);
    memset(sum, 0, wide * sizeof(double));
    while (begin < end) {
        block = begin + SPHERE_FILL_BLOCK_ < end ? begin + SPHERE_FILL_BLOCK_ : end;
        memset(part, 0, wide * sizeof(float));
        for (; begin < block; begin += m) {
            const float *rows = job->rows + begin * job->stride;
            m = block - begin < 16 ? block - begin : 16;
            job->kernels->project(dot, rows, job->stride, m, job->dim, job->mean, job->scale, job->v);
            job->kernels->gather(part, rows, job->stride, m, job->dim, job->mean, job->scale, dot);
        }
        for (i = 0; i < wide; i++) sum[i] += (double)part[i];
    }
}
static void sphere_fill_project_task_(void *context, size_t shard)
{
    const sphere_fill_start_job_ *job = (const sphere_fill_start_job_ *)context;
    float dot[8 * 16];
    size_t begin, end, i, m, k;
    sphere_fill_start_rows_(job, shard, &begin, &end);
    for (; begin < end; begin += m) {
        m = end - begin < 16 ? end - begin : 16;
        job->kernels->project(dot, job->rows + begin * job->stride, job->stride, m, job->dim, job->mean, job->scale, job->v);
        for (i = 0; i < m; i++) {
            float p[3] = { dot[8 * i], dot[8 * i + 1], dot[8 * i + 2] };
            if (job->jitter[0] > 0 || job->jitter[1] > 0 || job->jitter[2] > 0) {
                uint32_t u[4];
                sphere_random_(0, SPHERE_FILL_STREAM_FILL_, begin + i, u);
                for (k = 0; k < 3; k++) if (job->jitter[k] > 0) p[k] = job->jitter[k] * (2.0f * sphere_uniform_(u[k]) - 1.0f);
            }
            sphere_fill_unit_(p, 0, begin + i);
            job->x[begin + i] = p[0]; job->y[begin + i] = p[1]; job->z[begin + i] = p[2];
        }
    }
}
/* Eigenvalues of a symmetric 8 x 8 matrix on its diagonal, eigenvectors in the columns of u, by cyclic Jacobi rotations; then sorted
   in descending order. Source: Golub, Van Loan 2013, Matrix Computations, 8.5. */
static void sphere_fill_jacobi_(double a[8][8], double u[8][8])
{
    int sweep, p, q, k;
    for (p = 0; p < 8; p++) for (q = 0; q < 8; q++) u[p][q] = p == q;
    for (sweep = 0; sweep < 12; sweep++) for (p = 0; p < 7; p++) for (q = p + 1; q < 8; q++) {
        double tau, t, c, s;
        if (a[p][q] == 0) continue;
        tau = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        t = 1 / ((tau < 0 ? -tau : tau) + sphere_sqrt_double_(1 + tau * tau));
        if (!(tau * tau < 1e300)) t = 0;                                                /* far too small to matter */
        if (tau < 0) t = -t;
        c = 1 / sphere_sqrt_double_(1 + t * t);
        s = t * c;
        for (k = 0; k < 8; k++) { const double x = a[k][p], y = a[k][q]; a[k][p] = c * x - s * y; a[k][q] = s * x + c * y; }
        for (k = 0; k < 8; k++) { const double x = a[p][k], y = a[q][k]; a[p][k] = c * x - s * y; a[q][k] = s * x + c * y; }
        for (k = 0; k < 8; k++) { const double x = u[k][p], y = u[k][q]; u[k][p] = c * x - s * y; u[k][q] = s * x + c * y; }
        a[p][q] = a[q][p] = 0;
    }
    for (p = 0; p < 7; p++) for (q = p + 1; q < 8; q++) if (a[q][q] > a[p][p]) {
        const double d = a[p][p];
        a[p][p] = a[q][q]; a[q][q] = d;
        for (k = 0; k < 8; k++) { const double x = u[k][p]; u[k][p] = u[k][q]; u[k][q] = x; }
    }
}
/* Make the eight columns of w orthonormal, twice over (modified Gram-Schmidt). A column that has nothing of its own left is replaced by a
   random one, or by zero when there are only dim directions. */
static void sphere_fill_orthonormal_(double *w, size_t dim, uint64_t pass)
{
    size_t j, k, i;
    int again, tries;
    for (k = 0; k < 8; k++) {
        double before = 0, length = 0;
        for (j = 0; j < dim; j++) before += w[8 * j + k] * w[8 * j + k];
        for (tries = 0; ; tries++) {
            for (again = 0; again < 2; again++) for (i = 0; i < k; i++) {
                double dot = 0;
                for (j = 0; j < dim; j++) dot += w[8 * j + k] * w[8 * j + i];
                for (j = 0; j < dim; j++) w[8 * j + k] -= dot * w[8 * j + i];
            }
            length = 0;
            for (j = 0; j < dim; j++) length += w[8 * j + k] * w[8 * j + k];
            if (length > 1e-20 * before && length > 0) break;
            length = 0;
            if (k >= dim || tries == 4) break;
            for (j = 0, before = 0; j < dim; j++) {
                uint32_t u[4];
                sphere_random_(pass, SPHERE_FILL_STREAM_START_ + 16 * (k + 8 * (uint64_t)tries), j, u);
                w[8 * j + k] = (double)sphere_uniform_(u[0]) - .5;
                before += w[8 * j + k] * w[8 * j + k];
            }
        }
        length = length > 0 ? 1 / sphere_sqrt_double_(length) : 0;
        for (j = 0; j < dim; j++) w[8 * j + k] *= length;
    }
}
/* w <- w u for the rows of w. */
static void sphere_fill_rotate_(double *w, size_t dim, double u[8][8])
{
    size_t j, k, i;
    for (j = 0; j < dim; j++) {
        double t[8] = { 0, 0, 0, 0, 0, 0, 0, 0 };
        for (i = 0; i < 8; i++) for (k = 0; k < 8; k++) t[k] += w[8 * j + i] * u[i][k];
        for (k = 0; k < 8; k++) w[8 * j + k] = t[k];
    }
}
/* Find the principal directions: basis column k becomes the k-th, value[k] its eigenvalue (times a common factor). */
static void sphere_fill_principal_(sphere_fill_start_job_ *job, const sphere_exec *exec, double value[8])
{
    const size_t wide = 8 * job->dim;
    double h[8][8], u[8][8];
    size_t i, s, k, q;
    int pass;
    memset(job->basis, 0, wide * sizeof(double));
    sphere_fill_orthonormal_(job->basis, job->dim, 0);
    for (pass = 1; ; pass++) {
        double worst = 0;
        for (i = 0; i < wide; i++) job->v[i] = (float)job->basis[i];
        sphere_parallel_(exec, job->shards, sphere_fill_power_task_, job);
        for (i = 0; i < wide; i++) {
            job->image[i] = 0;
            for (s = 0; s < job->shards; s++) job->image[i] += job->sum[s * wide + i];
        }
        for (k = 0; k < 8; k++) for (q = 0; q < 8; q++) {
            h[k][q] = 0;
            for (i = 0; i < job->dim; i++) h[k][q] += job->basis[8 * i + k] * job->image[8 * i + q];
        }
        for (k = 0; k < 8; k++) for (q = 0; q < k; q++) h[k][q] = h[q][k] = .5 * (h[k][q] + h[q][k]);
        sphere_fill_jacobi_(h, u);
        sphere_fill_rotate_(job->basis, job->dim, u);
        sphere_fill_rotate_(job->image, job->dim, u);
        for (k = 0; k < 8; k++) value[k] = h[k][k];
        for (k = 0; k < 3; k++) {
            double rest = 0;
            for (i = 0; i < job->dim; i++) {
                const double d = job->image[8 * i + k] - value[k] * job->basis[8 * i + k];
                rest += d * d;
            }
            worst = rest > worst ? rest : worst;
        }
        if (pass == 60 || worst <= 1e-10 * (value[0] * value[0])) break;
        memcpy(job->basis, job->image, wide * sizeof(double));
        sphere_fill_orthonormal_(job->basis, job->dim, (uint64_t)pass);
    }
}
SPHERE_FILL_API size_t sphere_fill_start_size(size_t n, size_t dim)
{
    sphere_fill_start_job_ job;
    sphere_fill_arena_ arena = { NULL, 0 };
    sphere_fill_start_carve_(&job, &arena, n, dim);
    return sphere_fill_ask_(arena.used);
}
SPHERE_FILL_API sphere_status sphere_fill_start(const float *rows, size_t n, size_t dim, size_t stride, float *x, float *y, float *z,
                                                const sphere_exec *exec, void *memory, size_t bytes)
{
    sphere_fill_start_job_ job;
    sphere_fill_arena_ arena = { NULL, 0 };
    sphere_status status;
    const sphere_simd level = sphere_simd_pick_(exec);
    double value[8];
    float largest = 0;
    uint32_t exponent;
    size_t i, s, k, span;
    if (dim == 0) return SPHERE_E_RANGE;
    status = sphere_fill_check_rows_(rows, n, dim, &stride);
    if (status != SPHERE_OK) return status;
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (n && (!x || !y || !z)) return SPHERE_E_NULL;
    span = sphere_fill_span_(n, dim, stride);
    if (sphere_fill_xyz_overlap_(x, y, z, n) || sphere_overlap_(rows, span, x, n * 4) || sphere_overlap_(rows, span, y, n * 4) ||
        sphere_overlap_(rows, span, z, n * 4)) return SPHERE_E_OVERLAP;
    if (n == 0) return SPHERE_OK;
    memset(&job, 0, sizeof(job));
    sphere_fill_start_carve_(&job, &arena, n, dim);
    status = sphere_fill_enough_(arena.used, memory, bytes);
    if (status != SPHERE_OK) return status;
    arena.at = (unsigned char *)sphere_align_(memory);
    arena.used = 0;
    sphere_fill_start_carve_(&job, &arena, n, dim);
    job.kernels = sphere_fill_kernels_for_(level);
    job.rows = rows; job.stride = stride; job.x = x; job.y = y; job.z = z;
    sphere_parallel_(exec, job.shards, sphere_fill_mean_task_, &job);
    for (s = 1; s < job.shards; s++) for (i = 0; i < dim; i++) job.sum[i] += job.sum[s * 8 * dim + i];
    /* A double sum of floats cannot overflow by itself: it is finite exactly when every element is. */
    for (i = 0; i < dim; i++) if (!sphere_fill_finite_(job.sum[i])) return SPHERE_E_NAN;
    for (s = 0; s < job.shards; s++) largest = job.largest[s] > largest ? job.largest[s] : largest;
    exponent = sphere_bits_(largest) >> 23;
    job.scale = sphere_from_bits_((exponent < 253 ? 253 - exponent : 1) << 23);         /* brings everything below 1 */
    for (i = 0; i < dim; i++) job.mean[i] = (float)(job.sum[i] / (double)n * (double)job.scale);
    sphere_fill_principal_(&job, exec, value);
    memset(job.v, 0, 8 * dim * sizeof(float));
    for (k = 0; k < 3; k++) {
        double sign = 1, top = 0;
        if (!(value[k] > 1e-9 * value[0]) || !(value[0] > 1e-24 * (double)n)) {
            /* Nothing varies this way. In units of the leading direction's deviation; with none at all, all three are random. */
            job.jitter[k] = value[0] > 1e-24 * (double)n ? .01f * (float)sphere_sqrt_double_(value[0] / (double)n) : 1.0f;
            continue;
        }
        for (i = 0; i < dim; i++) {
            const double b = job.basis[8 * i + k], a = b < 0 ? -b : b;
            if (a > top) { top = a; sign = b < 0 ? -1 : 1; }
        }
        for (i = 0; i < dim; i++) job.v[8 * i + k] = (float)(sign * job.basis[8 * i + k]);
    }
    sphere_parallel_(exec, job.shards, sphere_fill_project_task_, &job);
    return SPHERE_OK;
}

/* -- layout */
#define SPHERE_FILL_COLOURS_ 32u
#define SPHERE_FILL_SAMPLES_ 128u       /* repelling points drawn for each colour and epoch */
#define SPHERE_FILL_MOVES_ 512u         /* points of a colour per task */
typedef struct sphere_fill_layout_job_ {
    const sphere_fill_kernels_ *kernels;
    const uint32_t *index;
    const float *similarity;
    size_t n, k, colour, members;
    float *points, *moved;              /* (n, 4) positions x y z 0; (members of a colour, 4)                        */
    float *list_weight, *total;         /* (n, k) weight of each list place; (n) sum of the weights of a point's edges */
    size_t *offset, *cursor;            /* (n + 1) first group of 8 edges of each point; (n)                         */
    uint32_t *target;                   /* edges, padded to groups of 8 with the point itself and weight 0           */
    float *weight;
    float sample[3][SPHERE_FILL_SAMPLES_];
    float log_k, rate, square, strength;      /* square = 2 spread^2 */
} sphere_fill_layout_job_;
static void sphere_fill_layout_carve_(sphere_fill_layout_job_ *job, sphere_fill_arena_ *arena, size_t n, size_t k)
{
    /* Each of the n k list places makes at most two edges; padding adds at most seven to a point. */
    const size_t edges = sphere_size_(sphere_size_(n, k, 0), 2, sphere_size_(n, 7, 0));
    job->n = n;
    job->k = k;
    job->points = (float *)sphere_fill_cut_(arena, sphere_size_(n, 4, 0), sizeof(float));
    job->moved = (float *)sphere_fill_cut_(arena, sphere_size_(n / SPHERE_FILL_COLOURS_ + 1, 4, 0), sizeof(float));
    job->list_weight = (float *)sphere_fill_cut_(arena, sphere_size_(n, k, 0), sizeof(float));
    job->total = (float *)sphere_fill_cut_(arena, n, sizeof(float));
    job->offset = (size_t *)sphere_fill_cut_(arena, sphere_size_(n, 1, 1), sizeof(size_t));
    job->cursor = (size_t *)sphere_fill_cut_(arena, n, sizeof(size_t));
    job->target = (uint32_t *)sphere_fill_cut_(arena, edges, sizeof(uint32_t));
    job->weight = (float *)sphere_fill_cut_(arena, edges, sizeof(float));
}
/* Is place e of list i an edge? */
static int sphere_fill_linked_(const sphere_fill_layout_job_ *job, size_t i, size_t e)
{
    const uint32_t j = job->index[i * job->k + e];
    return j != 0xffffffffu && j != i;
}
/* Weights of one list: exp(-(d - d_min)/sigma), sigma by bisection of its logarithm such that they sum to log2 k. Lists with too many
   equal distances stop at a thousandth of the mean distance. */
static void sphere_fill_list_(const sphere_fill_layout_job_ *job, size_t i)
{
    const float *similarity = job->similarity + i * job->k;
    float *w = job->list_weight + i * job->k, nearest = sphere_inf_(), mean = 0, low, high, sigma = 0, sum;
    size_t e, count = 0;
    int step;
    for (e = 0; e < job->k; e++) {
        w[e] = 0;
        if (!sphere_fill_linked_(job, i, e)) continue;
        w[e] = 1.0f - similarity[e] > 0 ? 1.0f - similarity[e] : 0;
        nearest = w[e] < nearest ? w[e] : nearest;
        mean += w[e];
        count++;
    }
    if (count == 0) return;
    mean /= (float)count;
    low = mean * 1e-3f;
    high = mean * 1e3f;
    for (step = 0; step < 24 && mean > 1e-12f; step++) {
        sigma = sphere_sqrt_(low * high);
        for (e = 0, sum = 0; e < job->k; e++) if (sphere_fill_linked_(job, i, e)) sum += sphere_exp_((nearest - w[e]) / sigma);
        if (sum > job->log_k) high = sigma; else low = sigma;
    }
    for (e = 0; e < job->k; e++) if (sphere_fill_linked_(job, i, e)) w[e] = sigma > 0 ? sphere_exp_((nearest - w[e]) / sigma) : 1.0f;
}
static void sphere_fill_list_task_(void *context, size_t task)
{
    const sphere_fill_layout_job_ *job = (const sphere_fill_layout_job_ *)context;
    size_t i, end = job->n - task * SPHERE_FILL_ROWS_ < SPHERE_FILL_ROWS_ ? job->n : (task + 1) * SPHERE_FILL_ROWS_;
    for (i = task * SPHERE_FILL_ROWS_; i < end; i++) sphere_fill_list_(job, i);
}
/* Place of i in the list of j, or k. */
static size_t sphere_fill_back_(const sphere_fill_layout_job_ *job, uint32_t j, size_t i)
{
    const uint32_t *list = job->index + (size_t)j * job->k;
    size_t e = 0;
    while (e < job->k && list[e] != i) e++;
    return e;
}
/* The symmetric graph, each edge stored at both ends: first the point's own list in order, then the points that list it, in order. */
static void sphere_fill_edges_(sphere_fill_layout_job_ *job)
{
    const size_t n = job->n, k = job->k;
    size_t i, e, c, at = 0;
    memset(job->cursor, 0, n * sizeof(size_t));
    for (i = 0; i < n; i++) for (e = 0; e < k; e++) if (sphere_fill_linked_(job, i, e)) {
        const uint32_t j = job->index[i * k + e];
        job->cursor[i]++;
        if (sphere_fill_back_(job, j, i) == k) job->cursor[j]++;
    }
    for (i = 0; i < n; i++) {
        const size_t groups = (job->cursor[i] + 7) / 8;
        job->offset[i] = at;
        for (c = 8 * at; c < 8 * (at + groups); c++) { job->target[c] = (uint32_t)i; job->weight[c] = 0; }
        job->cursor[i] = 8 * at;
        at += groups;
    }
    job->offset[n] = at;
    for (i = 0; i < n; i++) for (e = 0; e < k; e++) if (sphere_fill_linked_(job, i, e)) {
        const uint32_t j = job->index[i * k + e];
        const size_t back = sphere_fill_back_(job, j, i);
        const float a = job->list_weight[i * k + e], b = back < k ? job->list_weight[j * k + back] : 0;
        job->target[job->cursor[i]] = j;
        job->weight[job->cursor[i]++] = a + b - a * b;
        if (back == k) {
            job->target[job->cursor[j]] = (uint32_t)i;
            job->weight[job->cursor[j]++] = a;
        }
    }
    for (i = 0; i < n; i++) {
        float sum = 0;
        for (c = 8 * job->offset[i]; c < 8 * job->offset[i + 1]; c++) sum += job->weight[c];
        job->total[i] = sum;
    }
}
/* New positions of some points of one colour, from positions that nobody changes meanwhile. */
static void sphere_fill_move_task_(void *context, size_t task)
{
    const sphere_fill_layout_job_ *job = (const sphere_fill_layout_job_ *)context;
    const size_t end = job->members - task * SPHERE_FILL_MOVES_ < SPHERE_FILL_MOVES_ ? job->members : (task + 1) * SPHERE_FILL_MOVES_;
    size_t m;
    int c;
    for (m = task * SPHERE_FILL_MOVES_; m < end; m++) {
        const size_t i = job->colour + m * SPHERE_FILL_COLOURS_, first = job->offset[i];
        const float *p = job->points + 4 * i;
        float *out = job->moved + 4 * m, pull[4], push[4], f[3], along, factor, length;
        job->kernels->pull(pull, job->target + 8 * first, job->weight + 8 * first, job->offset[i + 1] - first, job->points, p, 2.75f * job->square);
        job->kernels->push(push, job->sample[0], job->sample[1], job->sample[2], SPHERE_FILL_SAMPLES_, p, job->square);
        /* Derivatives of the UMAP loss with a = 2.75, b = 1: 4 a w/(1 + a u) and 2/((soft + u)(1 + a u)) for each sample. */
        factor = job->strength * job->total[i];
        for (c = 0; c < 3; c++) f[c] = 11.0f * pull[c] - factor * push[c];
        along = SPHERE_MADD_(f[2], p[2], SPHERE_MADD_(f[1], p[1], f[0] * p[0]));
        factor = job->rate / SPHERE_MADD_(job->rate * 11.0f, pull[3], 1.0f);
        for (c = 0; c < 3; c++) f[c] = factor * (f[c] - along * p[c]);
        length = SPHERE_MADD_(f[2], f[2], SPHERE_MADD_(f[1], f[1], f[0] * f[0]));
        factor = length > 0.25f ? 0.5f / sphere_sqrt_(length) : 1.0f;                   /* no step beyond half the radius: rare */
        for (c = 0; c < 3; c++) out[c] = SPHERE_MADD_(factor, f[c], p[c]);
        length = 1.0f / sphere_sqrt_(SPHERE_MADD_(out[2], out[2], SPHERE_MADD_(out[1], out[1], out[0] * out[0])));
        for (c = 0; c < 3; c++) out[c] *= length;
    }
}
SPHERE_FILL_API size_t sphere_fill_layout_size(size_t n, size_t k)
{
    sphere_fill_layout_job_ job;
    sphere_fill_arena_ arena = { NULL, 0 };
    sphere_fill_layout_carve_(&job, &arena, n, k);
    return sphere_fill_ask_(arena.used);
}
SPHERE_FILL_API sphere_status sphere_fill_layout(const uint32_t *index, const float *similarity, size_t n, size_t k,
                                                 const sphere_fill_layout_desc *desc, float *x, float *y, float *z, void *memory, size_t bytes)
{
    sphere_fill_layout_desc d;
    sphere_fill_layout_job_ job;
    sphere_fill_arena_ arena = { NULL, 0 };
    sphere_simd level;
    sphere_status status;
    size_t i, epoch, epochs, c, m;
    memset(&d, 0, sizeof(d));
    if (desc) d = *desc;
    level = sphere_simd_pick_(&d.exec);
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (!(d.spread == d.spread)) return SPHERE_E_NAN;
    if (d.spread < 0 || d.spread > 1e6f) return SPHERE_E_RANGE;
    if (n == 0) return SPHERE_OK;
    if (n >= 0xffffffffu) return SPHERE_E_SIZE;
    if (k >= n) return SPHERE_E_RANGE;
    if (!x || !y || !z || (k && (!index || !similarity))) return SPHERE_E_NULL;
    if (sphere_fill_xyz_overlap_(x, y, z, n)) return SPHERE_E_OVERLAP;
    memset(&job, 0, sizeof(job));
    sphere_fill_layout_carve_(&job, &arena, n, k);
    status = sphere_fill_enough_(arena.used, memory, bytes);
    if (status != SPHERE_OK) return status;
    for (i = 0; i < n * k; i++) if (index[i] >= n && index[i] != 0xffffffffu) return SPHERE_E_RANGE;
    if (!sphere_fill_all_finite_(similarity, n * k)) return SPHERE_E_NAN;
    if (!sphere_fill_all_finite_(x, n) || !sphere_fill_all_finite_(y, n) || !sphere_fill_all_finite_(z, n)) return SPHERE_E_NAN;
    arena.at = (unsigned char *)sphere_align_(memory);
    arena.used = 0;
    sphere_fill_layout_carve_(&job, &arena, n, k);
    job.kernels = sphere_fill_kernels_for_(level);
    job.index = index;
    job.similarity = similarity;
    job.log_k = sphere_log_((float)k) * 1.44269502f;
    job.strength = 2.0f * (float)(d.negatives ? d.negatives : 5u) / (float)SPHERE_FILL_SAMPLES_;
    for (i = 0; i < n; i++) {
        float *p = job.points + 4 * i;
        p[0] = x[i]; p[1] = y[i]; p[2] = z[i]; p[3] = 0;
        sphere_fill_unit_(p, d.seed, i);
    }
    epochs = d.epochs == SPHERE_FILL_NO_EPOCHS ? 0 : d.epochs ? d.epochs : 400u;
    if (epochs) {
        sphere_parallel_(&d.exec, (n + SPHERE_FILL_ROWS_ - 1) / SPHERE_FILL_ROWS_, sphere_fill_list_task_, &job);
        sphere_fill_edges_(&job);
    }
    for (epoch = 0; epoch < epochs; epoch++) {
        const float done = (float)epoch / (float)epochs, grown = done < 0.8f ? 0.15f + 1.0625f * done : 1.0f;      /* .15 to 1 over 4/5 */
        const float spread = grown * (d.spread == 0 ? 2.0f : d.spread);
        job.rate = 1.0f - done;
        job.square = 2.0f * spread * spread;
        for (c = 0; c < SPHERE_FILL_COLOURS_ && c < n; c++) {
            job.colour = c;
            job.members = (n - c + SPHERE_FILL_COLOURS_ - 1) / SPHERE_FILL_COLOURS_;
            for (m = 0; m < SPHERE_FILL_SAMPLES_; m++) {
                uint32_t u[4];
                const float *p;
                if (m % 4 == 0) sphere_random_(d.seed, SPHERE_FILL_STREAM_PUSH_ + 16 * (uint64_t)(epoch * SPHERE_FILL_COLOURS_ + c), m / 4, u);
                p = job.points + 4 * (size_t)((uint64_t)u[m % 4] * n >> 32);
                job.sample[0][m] = p[0]; job.sample[1][m] = p[1]; job.sample[2][m] = p[2];
            }
            sphere_parallel_(&d.exec, (job.members + SPHERE_FILL_MOVES_ - 1) / SPHERE_FILL_MOVES_, sphere_fill_move_task_, &job);
            for (m = 0; m < job.members; m++) memcpy(job.points + 4 * (c + m * SPHERE_FILL_COLOURS_), job.moved + 4 * m, 3 * sizeof(float));
        }
        if (d.progress && d.progress(d.user, epoch + 1, epochs)) return SPHERE_E_CANCEL;
    }
    for (i = 0; i < n; i++) { x[i] = job.points[4 * i]; y[i] = job.points[4 * i + 1]; z[i] = job.points[4 * i + 2]; }
    return SPHERE_OK;
}

/* -- sliced equalisation */
#define SPHERE_FILL_POINTS_ 65536u      /* points per task */
typedef struct sphere_fill_equal_job_ {
    const sphere_fill_kernels_ *kernels;
    float *x, *y, *z, axis[3], step, scale, offset;
    uint32_t *rank, *pair;              /* (n) height as an integer, then rank; (n, 2) point and upper half of its height */
    uint32_t *low, *high;               /* (2048) counts of the lower and upper eleven bits */
    size_t n;
} sphere_fill_equal_job_;
static void sphere_fill_equal_carve_(sphere_fill_equal_job_ *job, sphere_fill_arena_ *arena, size_t n)
{
    job->n = n;
    job->x = (float *)sphere_fill_cut_(arena, n, sizeof(float));
    job->y = (float *)sphere_fill_cut_(arena, n, sizeof(float));
    job->z = (float *)sphere_fill_cut_(arena, n, sizeof(float));
    job->rank = (uint32_t *)sphere_fill_cut_(arena, n, sizeof(uint32_t));
    job->pair = (uint32_t *)sphere_fill_cut_(arena, sphere_size_(n, 2, 0), sizeof(uint32_t));
    job->low = (uint32_t *)sphere_fill_cut_(arena, 2048, sizeof(uint32_t));
    job->high = (uint32_t *)sphere_fill_cut_(arena, 2048, sizeof(uint32_t));
}
static void sphere_fill_slice_task_(void *context, size_t task)
{
    const sphere_fill_equal_job_ *job = (const sphere_fill_equal_job_ *)context;
    const size_t at = task * SPHERE_FILL_POINTS_, n = job->n - at < SPHERE_FILL_POINTS_ ? job->n - at : SPHERE_FILL_POINTS_;
    job->kernels->slice(job->rank + at, job->x + at, job->y + at, job->z + at, n, job->axis);
}
static void sphere_fill_turn_task_(void *context, size_t task)
{
    const sphere_fill_equal_job_ *job = (const sphere_fill_equal_job_ *)context;
    const size_t at = task * SPHERE_FILL_POINTS_, n = job->n - at < SPHERE_FILL_POINTS_ ? job->n - at : SPHERE_FILL_POINTS_;
    job->kernels->turn(job->x + at, job->y + at, job->z + at, job->rank + at, n, job->axis, job->step, job->scale, job->offset);
}
/* Replace each height by its stable rank: two counting passes of eleven bits. The second one needs no output but the ranks. */
static void sphere_fill_ranks_(const sphere_fill_equal_job_ *job)
{
    uint32_t *rank = job->rank, *pair = job->pair, *low = job->low, *high = job->high, a = 0, b = 0;
    size_t i;
    memset(low, 0, 2048 * sizeof(uint32_t));
    memset(high, 0, 2048 * sizeof(uint32_t));
    for (i = 0; i < job->n; i++) { low[rank[i] & 2047u]++; high[rank[i] >> 11]++; }
    for (i = 0; i < 2048; i++) {
        const uint32_t s = low[i], t = high[i];
        low[i] = a; high[i] = b;
        a += s; b += t;
    }
    for (i = 0; i < job->n; i++) {
        const size_t at = 2 * (size_t)low[rank[i] & 2047u]++;
        pair[at] = (uint32_t)i;
        pair[at + 1] = rank[i] >> 11;
    }
    for (i = 0; i < job->n; i++) rank[pair[2 * i]] = high[pair[2 * i + 1]]++;
}
SPHERE_FILL_API size_t sphere_fill_equalize_size(size_t n)
{
    sphere_fill_equal_job_ job;
    sphere_fill_arena_ arena = { NULL, 0 };
    sphere_fill_equal_carve_(&job, &arena, n);
    return sphere_fill_ask_(arena.used);
}
SPHERE_FILL_API sphere_status sphere_fill_equalize(float *x, float *y, float *z, size_t n, const sphere_fill_equalize_desc *desc,
                                                   void *memory, size_t bytes)
{
    sphere_fill_equalize_desc d;
    sphere_fill_equal_job_ job;
    sphere_fill_arena_ arena = { NULL, 0 };
    sphere_simd level;
    sphere_status status;
    size_t i, axis, axes, tasks;
    memset(&d, 0, sizeof(d));
    if (desc) d = *desc;
    level = sphere_simd_pick_(&d.exec);
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (!(d.step == d.step)) return SPHERE_E_NAN;
    if (d.step < 0 || d.step > 1) return SPHERE_E_RANGE;
    if (n == 0) return SPHERE_OK;
    if (n > 0xffffffffu) return SPHERE_E_SIZE;
    if (!x || !y || !z) return SPHERE_E_NULL;
    if (sphere_fill_xyz_overlap_(x, y, z, n)) return SPHERE_E_OVERLAP;
    memset(&job, 0, sizeof(job));
    sphere_fill_equal_carve_(&job, &arena, n);
    status = sphere_fill_enough_(arena.used, memory, bytes);
    if (status != SPHERE_OK) return status;
    if (!sphere_fill_all_finite_(x, n) || !sphere_fill_all_finite_(y, n) || !sphere_fill_all_finite_(z, n)) return SPHERE_E_NAN;
    arena.at = (unsigned char *)sphere_align_(memory);
    arena.used = 0;
    sphere_fill_equal_carve_(&job, &arena, n);
    job.kernels = sphere_fill_kernels_for_(level);
    job.step = d.step == 0 ? 0.3f : d.step;
    job.scale = 2.0f / (float)n;
    job.offset = 1.0f - 1.0f / (float)n;                                                /* 2 (rank + .5)/n - 1 = rank scale - offset */
    for (i = 0; i < n; i++) {
        float p[3] = { x[i], y[i], z[i] };
        sphere_fill_unit_(p, d.seed, i);
        job.x[i] = p[0]; job.y[i] = p[1]; job.z[i] = p[2];
    }
    axes = d.axes ? d.axes : 300u;
    tasks = (n + SPHERE_FILL_POINTS_ - 1) / SPHERE_FILL_POINTS_;
    for (axis = 0; axis < axes; axis++) {
        sphere_fill_direction_(d.seed, SPHERE_FILL_STREAM_AXIS_, axis, job.axis);
        sphere_parallel_(&d.exec, tasks, sphere_fill_slice_task_, &job);
        sphere_fill_ranks_(&job);
        sphere_parallel_(&d.exec, tasks, sphere_fill_turn_task_, &job);
        if (d.progress && d.progress(d.user, axis + 1, axes)) return SPHERE_E_CANCEL;
    }
    memcpy(x, job.x, n * sizeof(float));
    memcpy(y, job.y, n * sizeof(float));
    memcpy(z, job.z, n * sizeof(float));
    return SPHERE_OK;
}

/* -- placing of new points */
typedef struct sphere_fill_place_job_ {
    const float *px, *py, *pz;
    const uint32_t *index;
    size_t m, k;
    float *x, *y, *z;
} sphere_fill_place_job_;
#define SPHERE_FILL_PLACES_ 64u         /* new points per task */
static void sphere_fill_median_(const sphere_fill_place_job_ *job, size_t i)
{
    const uint32_t *list = job->index + i * job->k;
    float p[3] = { 0, 0, 0 }, first[3] = { 0, 0, 0 }, length;
    size_t e, count = 0;
    int step, c;
    for (e = 0; e < job->k; e++) if (list[e] != 0xffffffffu) {
        const float q[3] = { job->px[list[e]], job->py[list[e]], job->pz[list[e]] };
        for (c = 0; c < 3; c++) { p[c] += q[c]; if (count == 0) first[c] = q[c]; }
        count++;
    }
    length = sphere_sqrt_(SPHERE_MADD_(p[2], p[2], SPHERE_MADD_(p[1], p[1], p[0] * p[0])));
    if (!(length > 1e-4f * (float)count)) for (c = 0; c < 3; c++) p[c] = first[c];      /* they cancel: no mean direction */
    sphere_fill_unit_(p, 0, i);
    for (step = 0; step < 24; step++) {
        float toward[3] = { 0, 0, 0 }, weight = 0, here = 0, sine, cosine;
        for (e = 0; e < job->k; e++) if (list[e] != 0xffffffffu) {
            const float q[3] = { job->px[list[e]], job->py[list[e]], job->pz[list[e]] };
            const float dot = SPHERE_MADD_(q[2], p[2], SPHERE_MADD_(q[1], p[1], q[0] * p[0]));
            float t[3], angle;
            for (c = 0; c < 3; c++) t[c] = q[c] - dot * p[c];
            length = sphere_sqrt_(SPHERE_MADD_(t[2], t[2], SPHERE_MADD_(t[1], t[1], t[0] * t[0])));       /* sine of the angle */
            angle = sphere_atan2_(length, dot);
            if (angle < 1e-5f) { here += 1.0f; continue; }
            weight += 1.0f / angle;
            if (length > 1e-5f) for (c = 0; c < 3; c++) toward[c] += t[c] / length;     /* else opposite: every way is as good */
        }
        length = sphere_sqrt_(SPHERE_MADD_(toward[2], toward[2], SPHERE_MADD_(toward[1], toward[1], toward[0] * toward[0])));
        if (!(length > here) || !(length > 1e-6f)) break;                               /* this is the median */
        sphere_sincos_((length - here) / weight, &sine, &cosine);
        for (c = 0; c < 3; c++) p[c] = SPHERE_MADD_(cosine, p[c], sine * (toward[c] / length));
        sphere_fill_unit_(p, 0, i);
    }
    job->x[i] = p[0]; job->y[i] = p[1]; job->z[i] = p[2];
}
static void sphere_fill_place_task_(void *context, size_t task)
{
    const sphere_fill_place_job_ *job = (const sphere_fill_place_job_ *)context;
    size_t i, end = job->m - task * SPHERE_FILL_PLACES_ < SPHERE_FILL_PLACES_ ? job->m : (task + 1) * SPHERE_FILL_PLACES_;
    for (i = task * SPHERE_FILL_PLACES_; i < end; i++) sphere_fill_median_(job, i);
}
SPHERE_FILL_API sphere_status sphere_fill_place(const float *px, const float *py, const float *pz, size_t n, const uint32_t *index, size_t m, size_t k,
                                                float *x, float *y, float *z, const sphere_exec *exec)
{
    const float *in[3] = { px, py, pz };
    float *out[3] = { x, y, z };
    sphere_fill_place_job_ job;
    size_t i, e;
    int a, b, bad = 0;
    if (sphere_simd_pick_(exec) == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (m == 0) return SPHERE_OK;
    if (n > 0xffffffffu || sphere_size_(sphere_size_(m, k, 0), 4, 0) > SIZE_MAX / 2 || sphere_size_(m, 4, 0) > SIZE_MAX / 2) return SPHERE_E_SIZE;
    if (!x || !y || !z || (n && (!px || !py || !pz)) || (k && !index)) return SPHERE_E_NULL;
    if (sphere_fill_xyz_overlap_(x, y, z, m)) return SPHERE_E_OVERLAP;
    for (a = 0; a < 3; a++) {
        for (b = 0; b < 3; b++) if (sphere_overlap_(out[a], m * 4, in[b], n * 4)) return SPHERE_E_OVERLAP;
        if (sphere_overlap_(out[a], m * 4, index, m * k * 4)) return SPHERE_E_OVERLAP;
    }
    for (i = 0; i < m; i++) {
        size_t left = 0;
        for (e = 0; e < k; e++) {
            const uint32_t j = index[i * k + e];
            if (j == 0xffffffffu) continue;
            if (j >= n) return SPHERE_E_RANGE;
            for (a = 0; a < 3; a++) if (!sphere_fill_all_finite_(in[a] + j, 1)) bad = 1;
            left++;
        }
        if (left == 0) return SPHERE_E_RANGE;
    }
    if (bad) return SPHERE_E_NAN;
    job.px = px; job.py = py; job.pz = pz; job.index = index; job.m = m; job.k = k; job.x = x; job.y = y; job.z = z;
    sphere_parallel_(exec, (m + SPHERE_FILL_PLACES_ - 1) / SPHERE_FILL_PLACES_, sphere_fill_place_task_, &job);
    return SPHERE_OK;
}

/* sphere-core begin 3 */
#if defined(__clang__)
#pragma STDC FP_CONTRACT DEFAULT
#elif defined(__GNUC__)
#pragma GCC pop_options
#endif
/* sphere-core end 3 */

#endif /* SPHERE_FILL_IMPLEMENTATION */

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
