/* sphere.h - v0.3.2 - geometry, rows of embeddings, exact search and layout quality on the sphere. MIT licence, at the end.

   Do this in ONE C or C++ file:      #define SPHERE_IMPLEMENTATION
                                      #include "sphere.h"
   and only #include "sphere.h" everywhere else. Nothing to link, not even -lm.

   The same bits come out on every machine: at every SIMD level (portable, AVX2, AVX-512, NEON), for every thread count, with every
   compiler and at every optimisation level. -ffast-math is refused; do not give clang -ffp-contract=fast, which overrides every pragma.

   Contents: grep for the tag
     >>core-types    status codes, SIMD level, parallel hook (the same lines in all sphere*.h)
     >>coordinates   cartesian and spherical, angles, unit vectors
     >>rows          dot, norm, cosine, variance, normalise, mean, half to float
     >>search        exact top-k and threshold search, exact neighbour graph
     >>cones         points in a cone, the laws of the system: cone width, density, prominence, von Mises-Fisher
     >>geometry      distance, slerp, exp, log, transport, means and rotations on the sphere of any dimension
     >>points        Fibonacci lattice, random directions, equal-area partition, separation, energy
     >>formats       rows stored as half, bfloat16 or int8: conversions, dot, norm, cosine, search
     >>quality       equal-area cells, cap discrepancy, what a layout keeps of its embedding
     >>core-impl     the shared core: contraction guards, random numbers, square root, exp, log, sincos, atan2
     >>functions     acos, asin, expm1, log1p, tanh
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
   Cost    O(n), in float up to angles of 200, in double up to a million at two thirds of the speed, beyond one by one.
           Each coordinate within 2 units in the last place, 3 where an angle is beyond a million. */
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
   Cost    n^2 dim multiply-adds; memory about 2 n dim floats (the normalised rows and their packed panels). */
SPHERE_API size_t sphere_graph_size(const sphere_rows *rows, size_t k);
SPHERE_API sphere_status sphere_graph(const sphere_rows *rows, size_t k, uint32_t *index, float *similarity, const sphere_exec *exec,
                                      void *memory, size_t bytes);

/* >>cones ----------------------------------------------------------------------------------------------------------- */

/* A cone of directions, and optionally a range of radii: point i is inside when
     x[i] axis[0] + y[i] axis[1] + z[i] axis[2] >= cosine      summed left to right, the first term first
   and, with r, r0 <= r[i] <= r1. A point with a NaN is in no cone. */
typedef struct sphere_cone {
    float        axis[3];          /* unit vector; it is used as given                                               */
    float        cosine;           /* of the half-angle: -1 holds every direction, up to rounding                    */
    const float *r;                /* (n) radii; 0 = all radii, r0 and r1 are not looked at                          */
    float        r0, r1;           /* both ends belong to the cone; r0 > r1 holds nothing                            */
} sphere_cone;

/* Find the points in a cone, by one scan over all points.
     x, y, z (n)        directions; any values
     bytes: mask (n)    1 inside, 0 outside
     bits:  bits ((n + 31) / 32)  bit i mod 32 of word i / 32; the bits behind the last point are 0
     index: index (capacity), count  ascending; count is how many are inside, and only the first `capacity` of them are stored.
                        Nothing behind them is written. capacity = 0 with index = NULL counts.
   Errors  SPHERE_E_NULL, SPHERE_E_NAN (axis, cosine, r0, r1), SPHERE_E_SIZE, SPHERE_E_OVERLAP, SPHERE_E_LEVEL.
   Cost    one read of x, y, z (and r); the index list of a parallel run reads twice, to know where each part begins. */
SPHERE_API sphere_status sphere_cone_bytes(const float *x, const float *y, const float *z, size_t n, const sphere_cone *cone, uint8_t *mask,
                                           const sphere_exec *exec);
SPHERE_API sphere_status sphere_cone_bits(const float *x, const float *y, const float *z, size_t n, const sphere_cone *cone, uint32_t *bits,
                                          const sphere_exec *exec);
SPHERE_API sphere_status sphere_cone_index(const float *x, const float *y, const float *z, size_t n, const sphere_cone *cone, size_t capacity,
                                           uint32_t *index, size_t *count, const sphere_exec *exec);

/* The law of the adaptive cone: half-angle = a0 sqrt(r / R) exp(-beta rho) (1 - q), wide far out, narrow where it is dense and for a
   complex query. Before it is used, r / R is clamped to 0..1, rho to 0..the largest float and q to 0..1; the result is clamped to
   low..high. */
typedef struct sphere_width_law {
    float a0;                      /* half-angle at the outermost shell, radians, >= 0; pi/4 is usual                */
    float radius;                  /* R, the outermost radius, > 0                                                   */
    float beta;                    /* >= 0; 5 is usual for a density that is a share (sphere_density without values) */
    float low, high;               /* 0 <= low <= high                                                               */
} sphere_width_law;

/* Half-angles of n cones by the law.
     r (n) radii; rho (n) density there, NULL = 0; q (n) complexity of the query 0..1, NULL = 0
     width (n) radians; may be one of the inputs. A NaN gives a NaN there.
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (law), SPHERE_E_NAN (law), SPHERE_E_SIZE, SPHERE_E_OVERLAP, SPHERE_E_LEVEL.
   Cost    O(n). Relative error about 4e-7, times 1 + beta rho. */
SPHERE_API sphere_status sphere_cone_width(const float *r, const float *rho, const float *q, size_t n, const sphere_width_law *law, float *width,
                                           const sphere_exec *exec);

/* Kernel density of points on shells. Between the points i and j stands
     K_ij = exp(-((r_j - r_i)^2 + (angle_ij r_i)^2) / (2 bandwidth^2))       K_ii = 1, below e^-87 0; the arc on the shell of point i
   Without values density[i] = (sum over j of K_ij) / n: the share of all points that is near, 0..1. With values it is
   (sum K_ij value_j) / (sum K_ij): the values smoothed over the neighbourhood, always between their extremes.
     x, y, z (n)  unit vectors; r (n) radii, NULL = 1; value (n) or NULL; bandwidth in the units of r, 1e-18..1e18
     density (n)  apart from the inputs
   sphere_density_graph takes for each point only itself and the k points of its row of index (n, k), such as sphere_graph or any
   other search gives; SPHERE_NO_INDEX stands for no point. A sum without values is divided by the number of points in it.
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (bandwidth; a coordinate beyond +-2; a radius or value beyond +-1e30; an index >= n),
           SPHERE_E_NAN (also infinities), SPHERE_E_SIZE, SPHERE_E_OVERLAP, SPHERE_E_LEVEL.
   Cost    n^2, or n k, kernels; parallel over blocks of 64 points. Relative error of a kernel K below 1e-6 (1 + ln(1/K)). */
SPHERE_API sphere_status sphere_density(const float *x, const float *y, const float *z, const float *r, const float *value, size_t n, float bandwidth,
                                        float *density, const sphere_exec *exec);
SPHERE_API sphere_status sphere_density_graph(const float *x, const float *y, const float *z, const float *r, const float *value, size_t n,
                                              const uint32_t *index, size_t k, float bandwidth, float *density, const sphere_exec *exec);

/* Weights of points for cones, heavier where it is sparse: mean density / density, clipped to low..high, then divided by its mean.
     density (n) >= 0 and finite; 0 counts as infinitely sparse, and all 0 gives all 1
     low, high   0 < low <= high < infinity; .1 and 10 are usual
     weight (n)  mean 1 up to rounding; may be density
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE, SPHERE_E_NAN (also infinities), SPHERE_E_OVERLAP.   Cost  O(n), serial. */
SPHERE_API sphere_status sphere_density_weights(const float *density, size_t n, float low, float high, float *weight);

/* How far each score stands out of its shell.
     score (n) finite; shell (n) below shells, or SPHERE_NO_INDEX for a point of no shell, whose signals are 0
     relative (n)  max(0, score - factor * m), m the mean of the OTHER members of the shell; 0 for a lone member. factor 1.93 is usual.
     sigma (n)     (score - mean) / standard deviation (population) of the shell; 0 where all members are equal
   Either output may be NULL, and one may be score.
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (shell), SPHERE_E_NAN (a score or the factor, also infinities), SPHERE_E_SIZE,
           SPHERE_E_OVERLAP, SPHERE_E_MEMORY.
   Cost    three passes over the points, serial, sums in double in order of index. */
SPHERE_API size_t sphere_prominence_size(size_t shells);
SPHERE_API sphere_status sphere_prominence(const float *score, const uint32_t *shell, size_t n, size_t shells, float factor, float *relative, float *sigma,
                                           void *memory, size_t bytes);

/* The von Mises-Fisher distribution on the unit sphere of R^dim: density C_dim(kappa) exp(kappa mu.x), kappa = 0 uniform. It turns the
   half-angle of a cone into a share of a cluster. dim 2..SPHERE_VMF_DIM, kappa 0..SPHERE_VMF_KAPPA everywhere.
   Accuracy, against 50 digits (tests/golden/vmf.csv): relative error below 1e-10; log C below 1e-12 (1 + |log C|).
   Errors of the five functions of numbers: SPHERE_E_NULL, SPHERE_E_RANGE, SPHERE_E_NAN. */
#define SPHERE_VMF_DIM 65536
#define SPHERE_VMF_KAPPA 1e12
typedef struct sphere_vmf {
    size_t dim;
    double kappa;                  /* concentration, maximum likelihood; at most SPHERE_VMF_KAPPA                    */
    double resultant, gap;         /* R = length of the mean of the unit rows, and 1 - R without cancellation        */
    double log_norm;               /* log C_dim(kappa)                                                               */
} sphere_vmf;

/* Fit it to rows.
     rows (n, dim), n >= 1, of any length but 0: only their directions count
     mu (dim)  mean direction, float; (1, 0, 0, ...) when the rows cancel exactly
     fit       kappa solves A(kappa) = R, R from 1 - R = mean of |x_i - mu|^2 / 2
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (n = 0, dim, stride, a zero row), SPHERE_E_NAN (also infinities), SPHERE_E_SIZE, SPHERE_E_MEMORY,
           SPHERE_E_OVERLAP, SPHERE_E_LEVEL.
   Cost    two reads of the rows, in at most 64 parallel parts; one double per part and dimension of memory.
   Source  Mardia, Jupp 2000, section 10.3; start of the iteration: Banerjee et al. 2005, JMLR 6. */
SPHERE_API size_t sphere_vmf_size(const sphere_rows *rows);
SPHERE_API sphere_status sphere_vmf_fit(const sphere_rows *rows, float *mu, sphere_vmf *fit, const sphere_exec *exec, void *memory, size_t bytes);

/* kappa from 1 - R (gap 0..1): what the fit uses. Below about (dim - 1) / 2e12 the answer is SPHERE_VMF_KAPPA. */
SPHERE_API sphere_status sphere_vmf_concentration(size_t dim, double gap, double *kappa);
/* R = A(kappa) = I_(dim/2)(kappa) / I_(dim/2-1)(kappa) and 1 - R, both to full relative accuracy; either may be NULL. */
SPHERE_API sphere_status sphere_vmf_resultant(size_t dim, double kappa, double *resultant, double *gap);
/* log C_dim(kappa) = (dim/2 - 1) log kappa - (dim/2) log(2 pi) - log I_(dim/2-1)(kappa). */
SPHERE_API sphere_status sphere_vmf_log_norm(size_t dim, double kappa, double *log_norm);
/* Share of the mass within an angle 0..pi of mu, and the angle that holds a share 0..1: each the other's inverse. About 50 and
   300 microseconds: quadrature with 16 to 32 panels of 16 Gauss points around the mode of the angle's density. */
SPHERE_API sphere_status sphere_vmf_share(size_t dim, double kappa, double angle, double *share);
SPHERE_API sphere_status sphere_vmf_angle(size_t dim, double kappa, double share, double *angle);

/* >>geometry -------------------------------------------------------------------------------------------------------- */

/* Geometry of the unit sphere in any dimension, on rows of floats. What all functions of this group share:
     rows      Every set of rows has n rows, or 1 row that serves for all of them. One set with 0 rows: nothing to do, a success.
               Where unit vectors are asked for, rows of any length are taken and scaled to 1 in double first.
     out       (n, dim), out_stride 0 = dim. It may be the array of an input of n rows with the same stride, else no overlap.
     accuracy  Sums in double (8 lanes: element i in lane i mod 8, lanes combined by halves), rounded to float once at the end:
               within 1 unit in the last place of the row's length. Elements that cancel have that error absolutely.
     bad rows  A row that holds a NaN or an infinity, or a zero row where a direction is needed, gives a row of NaN.
     antipodal Between a and -a no shortest way is singled out. Here it always leads through one documented direction: the axis
               with the smallest |a_k| (ties by lower k), made perpendicular to a. "Opposite" means |a + b| <= 2^-40. In dimension 1
               there is no such direction and zero takes its place.
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (stride, dims or counts differ), SPHERE_E_SIZE, SPHERE_E_OVERLAP, SPHERE_E_LEVEL.
   Cost    O(n dim), two or three passes over each row. One task per 256 rows. */

/* Angle between two rows, 2 atan2(|a - b|, |a + b|), in 0..pi: exact for tiny and for nearly opposite angles.
     a, b (n or 1, dim) directions; angle (n) radians, may not overlap the inputs.   Source  Kahan 2006, How futile... section 12. */
SPHERE_API sphere_status sphere_row_distance(const sphere_rows *a, const sphere_rows *b, float *angle, const sphere_exec *exec);

/* Point at the share t of the way from a to b on the great circle: t = 0 gives a / |a|, t = 1 gives b / |b|, any other t goes on
   round the circle. The circle is spanned by the midpoint and the difference, so no angle is a special case.
     a, b (n or 1, dim) directions; t (t_count), t_count = n or 1, may not overlap out; out unit vectors. The angle t * distance
     is taken in double: beyond 5e7 radians the result is still a unit vector on the circle, within 3e-7 plus |t| 1e-15. */
SPHERE_API sphere_status sphere_row_slerp(const sphere_rows *a, const sphere_rows *b, const float *t, size_t t_count,
                                          float *out, size_t out_stride, const sphere_exec *exec);

/* Exponential map: walk from x along the tangent vector v, as far as it is long.
     x (n or 1, dim) directions; v (n or 1, dim), its part along x is taken off first; out unit vectors */
SPHERE_API sphere_status sphere_row_exp(const sphere_rows *x, const sphere_rows *v, float *out, size_t out_stride, const sphere_exec *exec);

/* Logarithm: the shortest tangent vector at x that sphere_row_exp takes to y; its length is the distance.
     x, y (n or 1, dim) directions; out tangent vectors at x */
SPHERE_API sphere_status sphere_row_log(const sphere_rows *x, const sphere_rows *y, float *out, size_t out_stride, const sphere_exec *exec);

/* Parallel transport of w from x to y along the great circle, w - <w,y>/(1+<x,y>) (x+y), computed as the reflection in the
   midpoint of x and y, which keeps lengths and inner products for nearly opposite points too.
     x, y (n or 1, dim) directions; w (n or 1, dim), its part along x is taken off first; out tangent vectors at y */
SPHERE_API sphere_status sphere_row_transport(const sphere_rows *x, const sphere_rows *y, const sphere_rows *w,
                                              float *out, size_t out_stride, const sphere_exec *exec);

/* Tangent part of v at x: v - <v,x> x.
     x (n or 1, dim) directions; v (n or 1, dim) */
SPHERE_API sphere_status sphere_row_tangent(const sphere_rows *x, const sphere_rows *v, float *out, size_t out_stride, const sphere_exec *exec);

/* Put every row on its shell: scale it to the length radius. A zero row stays zero.
     rows (n, dim); radius (radius_count), radius_count = n or 1, may be negative, may not overlap out */
SPHERE_API sphere_status sphere_row_shell(const sphere_rows *rows, const float *radius, size_t radius_count,
                                          float *out, size_t out_stride, const sphere_exec *exec);

/* Turn every row by the least rotation that takes the direction `from` to the direction `to`: in their plane, by their angle; what
   is perpendicular to both stays. No matrix is formed. Lengths are kept.
     from, to (dim), may not overlap out; rows (n, dim). When from or to is zero or not finite: SPHERE_E_RANGE, SPHERE_E_NAN. */
SPHERE_API sphere_status sphere_row_turn(const float *from, const float *to, const sphere_rows *rows,
                                         float *out, size_t out_stride, const sphere_exec *exec);

/* Multiply every row from the right by a matrix: out = row R, the form in which sphere_cayley and sphere_procrustes give R.
     rows (n, dim); matrix (dim, dim) row-major; out may not overlap anything.   Cost  n dim^2. */
SPHERE_API sphere_status sphere_row_multiply(const sphere_rows *rows, const float *matrix, float *out, size_t out_stride, const sphere_exec *exec);

/* The mean on the sphere (Karcher mean): the point with the least weighted sum of squared distances. Zero-initialise the descriptor. */
typedef struct sphere_karcher_desc {
    const float *weights;          /* (n) not negative, with a positive sum;   0 = all equal                         */
    size_t       iterations;       /* most steps;                              0 = 64                                */
    float        tolerance;        /* stop when the mean tangent is this short, in radians;  0 = 1e-7                */
    sphere_exec  exec;
} sphere_karcher_desc;

typedef struct sphere_karcher_report {
    size_t iterations;             /* steps taken                                                                    */
    float  residual;               /* length of the mean tangent at the result: 0 at a stationary point              */
    float  spread;                 /* largest distance from the result to a row of positive weight                   */
    size_t opposite;               /* rows exactly opposite to the result: they pull nowhere                         */
    int    no_start;               /* 1: the plain mean is zero and the first row of positive weight was the start   */
} sphere_karcher_report;

/* Find it by steps of the mean tangent from the normalised plain mean.
     rows (n, dim) directions; mean (dim), n = 0 gives zeros; desc, report may be NULL
   The mean is unique, and this finds it, when all rows lie in one half sphere (spread < pi/2 proves it). Otherwise the result is a
   stationary point near the start, one of possibly many; rows spread evenly have no mean worth the name. Not reaching the
   tolerance is no error: look at report->residual.
   Errors  as above; SPHERE_E_RANGE also for negative weights, a zero sum, a zero row; SPHERE_E_NAN for any NaN or infinity;
           SPHERE_E_MEMORY.
   Cost    O(n dim) per step; memory about n dim / 32 doubles and 4 dim. One task per 256 rows.
   Source  Karcher 1977; Afsari 2011 (when it is unique). */
SPHERE_API size_t sphere_karcher_size(const sphere_rows *rows);
SPHERE_API sphere_status sphere_row_karcher(const sphere_rows *rows, const sphere_karcher_desc *desc, float *mean,
                                            sphere_karcher_report *report, void *memory, size_t bytes);

/* Rotate points by a 3 x 3 matrix (row-major, p' = M p; any matrix will do) or by a quaternion (w, x, y, z; any length but zero).
     x, y, z (n); rx, ry, rz (n) each may be the same array as any input, else no overlap. A point with a NaN or infinity: NaN.
   Errors  SPHERE_E_NULL, SPHERE_E_OVERLAP, SPHERE_E_LEVEL; SPHERE_E_NAN when matrix or quaternion is not finite; SPHERE_E_RANGE
           for a zero quaternion.   Cost  O(n), in double, rounded once. */
SPHERE_API sphere_status sphere_rotate(const float matrix[9], const float *x, const float *y, const float *z,
                                       float *rx, float *ry, float *rz, size_t n, const sphere_exec *exec);
SPHERE_API sphere_status sphere_rotate_quaternion(const float quaternion[4], const float *x, const float *y, const float *z,
                                                  float *rx, float *ry, float *rz, size_t n, const sphere_exec *exec);

/* Unit quaternions are (w, x, y, z), w the cosine of half the angle; rotations are right-handed about (x, y, z). Outputs may be
   the same array as an input.   Errors  SPHERE_E_NULL, SPHERE_E_NAN (not finite), SPHERE_E_RANGE (zero vector or quaternion).
   Each element is within 1e-7. */
/* The least rotation that takes direction a to direction b; w >= 0. From a to -a: a half turn through the direction named above. */
SPHERE_API sphere_status sphere_quaternion_between(const float a[3], const float b[3], float quaternion[4]);
/* The rotation by an angle in radians about an axis of any length. */
SPHERE_API sphere_status sphere_quaternion_from_axis(const float axis[3], float angle, float quaternion[4]);
/* To and from a row-major rotation matrix, p' = M p. From a matrix w >= 0; one that is no rotation gives a unit quaternion near it. */
SPHERE_API sphere_status sphere_quaternion_to_matrix(const float quaternion[4], float matrix[9]);
SPHERE_API sphere_status sphere_quaternion_from_matrix(const float matrix[9], float quaternion[4]);
/* The product a b: the rotation b, then the rotation a. Scaled to length 1. */
SPHERE_API sphere_status sphere_quaternion_multiply(const float a[4], const float b[4], float product[4]);

/* Cayley rotation R = (I - A)(I + A)^-1 with A = W - W^T: every W gives a rotation, smoothly; half turns are at infinity.
     w, rotation (dim, dim) row-major, rows are turned as z R (sphere_row_multiply); rotation may be w
   LU with partial pivoting in double: orthogonal within float rounding while |A| < 1e6 (error about 1e-16 |A|).
   Errors  SPHERE_E_NULL, SPHERE_E_SIZE, SPHERE_E_NAN (not finite), SPHERE_E_OVERLAP, SPHERE_E_MEMORY.
   Cost    4/3 dim^3; memory 2 dim^2 doubles. */
SPHERE_API size_t sphere_cayley_size(size_t dim);
SPHERE_API sphere_status sphere_cayley(const float *w, size_t dim, float *rotation, void *memory, size_t bytes);

/* Which orthogonal matrix takes one set of rows nearest to another. Zero-initialise the descriptor. */
typedef struct sphere_procrustes_desc {
    int         rotation_only;     /* 1: determinant +1;  0: reflections are allowed                                 */
    int         centre;            /* 1: both sets are taken relative to their means                                 */
    sphere_exec exec;
} sphere_procrustes_desc;

typedef struct sphere_procrustes_report {
    double rmse;                   /* sqrt(|A R - B|^2 / (n dim)), from the differences themselves                   */
    int    determinant;            /* of R: +1 rotation, -1 with a reflection                                        */
    int    flipped;                /* 1: rotation_only turned the weakest axis, a reflection would have fitted better */
    size_t rank;                   /* of A^T B; below dim (dim - 1 with rotation_only), R is not unique              */
} sphere_procrustes_report;

/* Find the R with the least |A R - B|: A^T B = U S V^T, R = U V^T.
     a, b (n, dim), the same n and dim; rotation (dim, dim) row-major, may not overlap the rows
     singular (dim) the singular values S, descending, may be NULL; report may be NULL
   With centre the full map is x -> (x - mean a) R + mean b (sphere_row_mean). Rank-deficient input is normal: R is completed to an
   orthogonal matrix in a fixed way. n = 0 gives such a completion of nothing, an orthogonal R.
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE, SPHERE_E_SIZE, SPHERE_E_NAN (a NaN or an infinity in the rows), SPHERE_E_OVERLAP,
           SPHERE_E_MEMORY, SPHERE_E_LEVEL.
   Cost    2 n dim^2 + about 60 dim^3; memory 4 dim^2 doubles and n / 256. One task per row of A^T B and per 256 rows.
   Source  Schonemann 1966; Kabsch 1976; one-sided Jacobi: Demmel, Veselic 1992. */
SPHERE_API size_t sphere_procrustes_size(const sphere_rows *a, const sphere_rows *b);
SPHERE_API sphere_status sphere_procrustes(const sphere_rows *a, const sphere_rows *b, const sphere_procrustes_desc *desc, float *rotation,
                                           float *singular, sphere_procrustes_report *report, void *memory, size_t bytes);

/* Gram loss |A A^T - B B^T|_F^2: how much all pairwise inner products of two sets differ, whatever rotation lies between them.
     a (n, dim_a), b (n, dim_b), the dims may differ; loss: the sum over all n^2 entries, or with mean = 1 their mean
   No n x n matrix and no cancellation: with A turned on to B by Procrustes, D = A R - B, S = A R + B, the loss is
   1/2 (tr(D^T D S^T S) + |S^T D|_F^2), two terms that are not negative and of the size of D. (The textbook |A^T A|^2 - 2 |A^T B|^2
   + |B^T B|^2 leaves 1e-16 |A|^4 of noise; here the floor is about 1e-30 |A|^4.)
   Errors  as sphere_procrustes.   Cost  6 n d^2 + about 60 d^3, d = max(dim_a, dim_b); memory 8 d^2 doubles. */
SPHERE_API size_t sphere_gram_loss_size(const sphere_rows *a, const sphere_rows *b);
SPHERE_API sphere_status sphere_gram_loss(const sphere_rows *a, const sphere_rows *b, int mean, double *loss, const sphere_exec *exec,
                                          void *memory, size_t bytes);

/* >>points ---------------------------------------------------------------------------------------------------------- */

/* Points first .. first + count - 1 of the Fibonacci lattice of n points: z = 1 - (2 i + 1) / n, azimuth i / golden ratio turns,
   kept as a 64-bit fraction of a turn, so that large n loses no digits and any range can be made on its own.
     x, y, z (count); first + count <= n <= 2^53, else SPHERE_E_RANGE
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE, SPHERE_E_OVERLAP, SPHERE_E_LEVEL.   Cost  O(count). Within 1 unit in the last place of 1.
   Source  Gonzalez 2010, Measurement of areas on a sphere using Fibonacci lattices. */
SPHERE_API sphere_status sphere_points_fibonacci(uint64_t n, uint64_t first, size_t count, float *x, float *y, float *z, const sphere_exec *exec);

/* Directions uniform on the sphere: point i depends on (seed, stream, first + i) only.
     x, y, z (count).   Errors  SPHERE_E_NULL, SPHERE_E_OVERLAP, SPHERE_E_LEVEL.   Cost  O(count). */
SPHERE_API sphere_status sphere_points_random(uint64_t seed, uint64_t stream, uint64_t first, size_t count, float *x, float *y, float *z,
                                              const sphere_exec *exec);

/* A partition of the sphere into n cells of equal area and bounded diameter: two polar caps and rings of cells between them,
   numbered from the north pole, along phi in every ring. All boundaries follow from the integers here.
   first points into the caller's memory, which must live as long as the partition. */
typedef struct sphere_partition {
    size_t          n;             /* cells                                                                          */
    size_t          zones;         /* rings, the caps counted                                                        */
    const uint32_t *first;         /* (zones + 1) first cell of each zone; zone k spans z = 1 - 2 first[k] / n downwards */
    double          diameter;      /* no two points of one cell are farther apart (angle); below 6.5 / sqrt(n) for all n > 1 tried; n = 1: pi */
} sphere_partition;

/* Build it. n = 1 .. 2^32 - 2.   Errors  SPHERE_E_NULL, SPHERE_E_RANGE, SPHERE_E_MEMORY.   Cost  O(sqrt n); memory 4 bytes a zone.
   Source  Leopardi 2006, A partition of the unit sphere into regions of equal area and small diameter. */
SPHERE_API size_t sphere_partition_size(size_t n);
SPHERE_API sphere_status sphere_partition_init(sphere_partition *partition, size_t n, void *memory, size_t bytes);

/* The cell of each direction (any length but zero; zero, NaN or infinite: SPHERE_NO_INDEX). Boundaries belong to the southern zone
   and to the eastern sector.
     x, y, z (n); cell (n), no overlap.   Errors  SPHERE_E_NULL, SPHERE_E_OVERLAP, SPHERE_E_LEVEL.   Cost  O(log zones) each. */
SPHERE_API sphere_status sphere_partition_cells(const sphere_partition *partition, const float *x, const float *y, const float *z, size_t n,
                                                uint32_t *cell, const sphere_exec *exec);

typedef struct sphere_cell {
    double z_low, z_high;          /* bounds of z                                                                    */
    double phi_low, phi_high;      /* bounds of the azimuth, 0 .. 2 pi                                               */
    double diameter;               /* of this cell's zone                                                            */
    float  center[3];              /* unit vector: the pole of a cap, else the middle in theta and phi               */
} sphere_cell;

/* Where a cell is.   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (no such cell).   Cost  O(log zones). */
SPHERE_API sphere_status sphere_partition_cell(const sphere_partition *partition, uint32_t cell, sphere_cell *out);

/* The cells that share an edge or a corner with a cell, ascending; decided in integers.
     neighbor (capacity); count: how many there are; 8 was the most for any n tried. More than capacity: the rest is left out.
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (no such cell).   Cost  O(log zones + count). */
SPHERE_API sphere_status sphere_partition_neighbors(const sphere_partition *partition, uint32_t cell, uint32_t *neighbor, size_t capacity, size_t *count);

/* The cells that a cone touches, ascending.
     axis (3) any length but zero; half_angle radians, not negative, pi and more is everything
     cell, inside (capacity), inside may be NULL; count: how many there are. More than capacity: the rest is left out.
   Guarantee: a direction within half_angle + 1e-6 of the axis lies in a listed cell; a cell with inside = 1 holds only directions
   within half_angle - 1e-6. Tight: every listed cell does touch the cone of half_angle + 1.1e-6.
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE, SPHERE_E_NAN.   Cost  O(zones touched + count). */
SPHERE_API sphere_status sphere_partition_cone(const sphere_partition *partition, const float axis[3], float half_angle, uint32_t *cell,
                                               uint8_t *inside, size_t capacity, size_t *count);

/* The two nearest of n directions.
     x, y, z (n) unit vectors; angle: radians between them, infinite for n < 2; pair (2) their indices, lower first, may be NULL:
     of equally near pairs the first in order of index; SPHERE_NO_INDEX for n < 2
   Errors  SPHERE_E_NULL, SPHERE_E_SIZE (n >= 2^32 - 1), SPHERE_E_NAN (not finite), SPHERE_E_RANGE (an element beyond +-1.5), SPHERE_E_MEMORY, SPHERE_E_OVERLAP.
   Cost    O(n) for points in general position, by a grid that follows the distance found so far; memory 24 n bytes. Serial. */
SPHERE_API size_t sphere_separation_size(size_t n);
SPHERE_API sphere_status sphere_measure_separation(const float *x, const float *y, const float *z, size_t n, float *angle, uint32_t pair[2],
                                                   void *memory, size_t bytes);

/* Riesz energy: over all pairs, the sum of |p - q|^-s for s = 1 (Thomson's problem) or of -log |p - q| for s = 0.
     x, y, z (n) directions, scaled to length 1 in double first; energy +infinity when two points coincide
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (s, a zero vector), SPHERE_E_SIZE, SPHERE_E_NAN (not finite), SPHERE_E_MEMORY, SPHERE_E_OVERLAP, SPHERE_E_LEVEL.
   Cost    n^2 / 2 pairs in double; one task per 64 points; memory 25 n bytes. Relative error about 1e-14. */
SPHERE_API size_t sphere_energy_size(size_t n);
SPHERE_API sphere_status sphere_measure_energy(const float *x, const float *y, const float *z, size_t n, int s, double *energy,
                                               const sphere_exec *exec, void *memory, size_t bytes);

/* >>formats --------------------------------------------------------------------------------------------------------- */

/* Rows in a smaller storage type, as bit patterns in host byte order. Everything here converts them exactly and then does what the
   function of the same name does with float rows. */
typedef enum sphere_type {
    SPHERE_HALF = 1,               /* IEEE 754 binary16, in uint16_t                                                 */
    SPHERE_BFLOAT16 = 2,           /* the upper half of a float, in uint16_t                                         */
    SPHERE_INT8 = 3                /* int8_t q with one float per row: row i is scale[i] * q                         */
} sphere_type;

/* A matrix of n rows of dim elements; row i starts stride elements (0 = dim) behind row i - 1. */
typedef struct sphere_packed {
    const void  *data;
    size_t       n, dim, stride;
    sphere_type  type;
    const float *scale;            /* (n) for SPHERE_INT8, any values; not looked at for the other types             */
} sphere_packed;

/* Convert float to half or bfloat16: to the nearest, ties to the even one; subnormals are kept, what is too large becomes infinity, and
   every NaN the one quiet NaN (0x7e00, 0x7fc0). Convert bfloat16 to float exactly; every NaN becomes the one quiet NaN.
     in, out (n), no overlap.
   Errors  SPHERE_E_NULL, SPHERE_E_SIZE, SPHERE_E_OVERLAP, SPHERE_E_LEVEL.   Cost  O(n). */
SPHERE_API sphere_status sphere_float_to_half(const float *in, uint16_t *half, size_t n, const sphere_exec *exec);
SPHERE_API sphere_status sphere_float_to_bfloat16(const float *in, uint16_t *bfloat, size_t n, const sphere_exec *exec);
SPHERE_API sphere_status sphere_bfloat16_to_float(const uint16_t *bfloat, float *out, size_t n, const sphere_exec *exec);

/* Pack rows into int8: scale = largest |x| of the row / 127, q = x / scale to the nearest integer, ties to the even one, -127..127.
   Each element is off by about half a scale. A zero row has scale 0. A subnormal scale is rounded up, so that it is not 0 and
   nothing is cut off.
     rows (n, dim); out (n, dim), out_stride 0 = dim; scale (n); no overlap
   Errors  as sphere_row_normalize; SPHERE_E_NAN when any row holds a NaN or an infinity: nothing is written.
   Cost    two reads of the rows, the first one serial. */
SPHERE_API sphere_status sphere_pack_int8(const sphere_rows *rows, int8_t *out, size_t out_stride, float *scale, const sphere_exec *exec);

/* Unpack rows to float: exactly, for SPHERE_INT8 scale * q rounded once. A NaN becomes the one quiet NaN.
     out (n, dim), out_stride 0 = dim; no overlap
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (type, strides), SPHERE_E_SIZE, SPHERE_E_OVERLAP, SPHERE_E_LEVEL.   Cost  one read, one write. */
SPHERE_API sphere_status sphere_unpack(const sphere_packed *rows, float *out, size_t out_stride, const sphere_exec *exec);

/* Dot product of every row with one query, cosine with one query, euclidean norm of every row, straight from the storage.
   For SPHERE_HALF and SPHERE_BFLOAT16 the bits are those of sphere_row_dot, sphere_row_cosine and sphere_row_norm on the rows that
   sphere_unpack gives. For SPHERE_INT8 the scale comes last: scale * dot(q, query), |scale| * norm(q), and cosine(q, query) with
   the sign of the scale, 0 where the scale is 0; a NaN scale gives NaN.
     query (dim); out (n), no overlap
   Errors  as sphere_row_dot; SPHERE_E_RANGE also for an unknown type.
   Cost    one read of the packed rows; 20 KB of stack. */
SPHERE_API sphere_status sphere_packed_dot(const sphere_packed *rows, const float *query, float *out, const sphere_exec *exec);
SPHERE_API sphere_status sphere_packed_cosine(const sphere_packed *rows, const float *query, float *out, const sphere_exec *exec);
SPHERE_API sphere_status sphere_packed_norm(const sphere_packed *rows, float *out, const sphere_exec *exec);

/* Search packed rows: sphere_search_topk and sphere_search_cone on the unpacked rows, with the same bits for SPHERE_HALF and
   SPHERE_BFLOAT16. For SPHERE_INT8 a score is that of q, times the scale (SPHERE_DOT) or with its sign (SPHERE_COSINE; 0 where the
   scale is 0). desc->norms is what sphere_packed_norm gives; SPHERE_INT8 takes none (SPHERE_E_RANGE).
   Shapes, errors and reports as there; SPHERE_E_RANGE also for an unknown type. sphere_packed_search_size returns 0 for it.
   Cost    one read of the packed rows for every 64 queries. Memory as there, and per task a block of at most 64 unpacked rows. */
SPHERE_API size_t sphere_packed_search_size(const sphere_packed *rows, const sphere_rows *queries, size_t k, const sphere_search_desc *desc);
SPHERE_API sphere_status sphere_packed_search_topk(const sphere_packed *rows, const sphere_rows *queries, size_t k,
                                                   const sphere_search_desc *desc, uint32_t *index, float *score,
                                                   sphere_search_report *report, void *memory, size_t bytes);
SPHERE_API sphere_status sphere_packed_search_cone(const sphere_packed *rows, const sphere_rows *queries, float threshold, size_t capacity,
                                                   const sphere_search_desc *desc, uint32_t *index, float *score, size_t *count,
                                                   sphere_search_report *report, void *memory, size_t bytes);

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
   Cost    samples * n * (dim + 3 + 2 k) operations; memory about (n + samples) dim floats.
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

/* >>functions
   Scalar functions beside those of the core: arc cosine, arc sine, e^x - 1, ln(1 + x), hyperbolic tangent; + - * / and the core's square
   root only, so the same bits everywhere. Largest errors over all floats: tests/README.md. */
#ifndef SPHERE_FUNCTIONS_
#define SPHERE_FUNCTIONS_
/* Arc sine and arc cosine by one series, x in absolute value 0..1: with z = x^2 (x <= 1/2) or z = (1 - x)/2, returns the small factor
   p with asin(sqrt z) = sqrt z + sqrt z p; a minimax polynomial (2^-27.6). */
SPHERE_INLINE_ float sphere_asin_series_(float z)
{
    float p = SPHERE_MADD_(0.0422305949f, z, 0.0241409633f); p = SPHERE_MADD_(p, z, 0.0454783477f);
    p = SPHERE_MADD_(p, z, 0.0749523267f); p = SPHERE_MADD_(p, z, 0.166667536f);
    return p * z;
}
/* Half an angle: h = asin(sqrt z) for z = (1 - |x|)/2, exact in float, as a sum of a leading part of 12 digits and the rest.
   asin(sqrt z) = s + s p; what the rounding of s lost, (z - s^2)/(2 s), comes from the leading part, whose square is exact. */
SPHERE_INLINE_ float sphere_half_angle_(float z, float *rest)
{
    float s = sphere_sqrt_(z), lead = sphere_from_bits_(sphere_bits_(s) & 0xfffff000u);
    *rest = s > 0 ? (z - lead * lead) / (s + lead) + s * sphere_asin_series_(z) : 0;
    return lead;
}
/* Arc cosine, 0..pi; NaN outside -1..1. The largest errors of these functions: bench/ulp.c. */
SPHERE_INLINE_ float sphere_acos_(float x)
{
    float a = sphere_abs_(x), h, rest;
    if (!(a <= 1.0f)) return sphere_nan_();
    if (a <= 0.5f) return 1.57079637f - (x - (-4.37113883e-08f - x * sphere_asin_series_(x * x)));      /* pi/2 in two parts */
    h = sphere_half_angle_(0.5f - 0.5f * a, &rest);
    return x > 0 ? 2.0f * (h + rest) : 3.14159274f - 2.0f * (h + (rest + 4.37113883e-08f));
}
/* Arc sine, -pi/2..pi/2; NaN outside -1..1; asin(-0) is -0. */
SPHERE_INLINE_ float sphere_asin_(float x)
{
    float a = sphere_abs_(x), h, rest;
    if (!(a <= 1.0f)) return sphere_nan_();
    if (a < 2.44140625e-04f) return x;
    if (a <= 0.5f) return x + x * sphere_asin_series_(x * x);
    h = sphere_half_angle_(0.5f - 0.5f * a, &rest);                     /* pi/2 - 2 h is exact: h has 12 digits and is 0 or above 2^-13 */
    a = (1.57079637f - 2.0f * h) - (2.0f * rest + 4.37113883e-08f);
    return x > 0 ? a : -a;
}
/* e^x - 1, also for tiny x; expm1(-0) is -0. x = k ln 2 + r as in sphere_exp_; expm1(r) by a minimax polynomial (2^-32);
   2^k (expm1(r) + (1 - 2^-k)), where the bracket is exact up to k = 24. */
SPHERE_INLINE_ float sphere_expm1_(float x)
{
    float k, r, c, p, back; int half, whole;
    if (!(x <= 88.722839f)) return x == x ? sphere_inf_() : sphere_nan_();
    if (x < -17.5f) return -1.0f;
    if (sphere_abs_(x) < 5.96046448e-08f) return x;
    k = (x * 1.44269502f + 12582912.0f) - 12582912.0f;
    c = k * 3.19461833e-05f; p = x - k * 0.693115234375f; r = p - c; c = (p - r) - c;       /* r + c is what x is above k ln 2 */
    p = SPHERE_MADD_(0.000199143513f, r, 0.00139412389f); p = SPHERE_MADD_(p, r, 0.0083332723f); p = SPHERE_MADD_(p, r, 0.0416663513f);
    p = SPHERE_MADD_(p, r, 0.166666672f); p = SPHERE_MADD_(p, r, 0.5f); p = r * r * p + (c + c * r);
    if (k == 0) return r + p;
    whole = (int)k; half = (whole + 512) / 2 - 256;
    if (whole > 24) {                                                   /* 2^-k is the small part now */
        back = sphere_from_bits_((uint32_t)(127 - (whole > 126 ? 126 : whole)) << 23);
        p = 1.0f + (r + (p - back));
    } else {
        back = 1.0f - sphere_from_bits_((uint32_t)(127 - whole) << 23);
        p = (back + r) + (p + ((back - (back + r)) + r));               /* both roundings of the sum are put back */
    }
    return p * sphere_from_bits_((uint32_t)(half + 127) << 23) * sphere_from_bits_((uint32_t)(whole - half + 127) << 23);
}
/* ln(1 + x), also for tiny x; log1p(-0) is -0, log1p(-1) is -infinity, NaN below. As sphere_log_ of u = 1 + x; what the rounding of
   u lost, over u, goes to the small terms. Within 1/sqrt 2 .. sqrt 2 nothing is lost: x itself is m - 1. */
SPHERE_INLINE_ float sphere_log1p_(float x)
{
    float u, e, f, c = 0, p, s; int shift;
    if (!(x > -1.0f)) return x == -1.0f ? -sphere_inf_() : sphere_nan_();
    if (x == sphere_inf_() || sphere_abs_(x) < 5.96046448e-08f) return x;
    u = 1.0f + x;
    shift = (int)((sphere_bits_(u) + (0x3f800000u - 0x3f3504f3u)) >> 23) - 127;
    f = x; e = (float)shift;
    if (shift != 0) {
        f = sphere_from_bits_(sphere_bits_(u) - ((uint32_t)shift << 23)) - 1.0f;
        c = (x < 1.0f ? x - (u - 1.0f) : 1.0f - (u - x)) / u;
    }
    s = f * f;
    p = SPHERE_MADD_(0.0691539273f, f, -0.117897913f); p = SPHERE_MADD_(p, f, 0.118729569f);
    p = SPHERE_MADD_(p, f, -0.123843506f); p = SPHERE_MADD_(p, f, 0.142186612f); p = SPHERE_MADD_(p, f, -0.16669251f);
    p = SPHERE_MADD_(p, f, 0.200022265f); p = SPHERE_MADD_(p, f, -0.249999866f); p = SPHERE_MADD_(p, f, 0.333333105f);
    return e * 0.693115234375f + (f + ((s * f * p + (e * 3.19461833e-05f + c)) - 0.5f * s));
}
/* Hyperbolic tangent; tanh(-0) is -0, +-1 from 9.02 on. Up to 3/4 a minimax polynomial (2^-29) in x^2, then 1 - 2/(e^2x + 1). */
SPHERE_INLINE_ float sphere_tanh_(float x)
{
    float a = sphere_abs_(x), z = x * x, p;
    if (!(x == x)) return sphere_nan_();
    if (a < 2.44140625e-04f) return x;
    if (a < 0.75f) {
        p = SPHERE_MADD_(0.00173673138f, z, -0.00765694445f); p = SPHERE_MADD_(p, z, 0.0214518607f); p = SPHERE_MADD_(p, z, -0.0538926795f);
        p = SPHERE_MADD_(p, z, 0.133326933f); p = SPHERE_MADD_(p, z, -0.333333164f);
        return x + x * (z * p);
    }
    p = a < 9.02f ? 1.0f - 2.0f / (sphere_exp_(2.0f * a) + 1.0f) : 1.0f;
    return x > 0 ? p : -p;
}
#endif /* SPHERE_FUNCTIONS_ */

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

/* >>kernel lane_dot: lane[i mod 16] += a[i] b[i], in order of i: a row that comes in pieces of 16 m elements */
static void sphere_lane_dot_c_(float *lane, const float *a, const float *b, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) lane[i & 15u] = SPHERE_MADD_(a[i], b[i], lane[i & 15u]);
    for (i = 0; i < 16; i++) lane[i] = sphere_canonical_(lane[i]);
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_lane_dot_avx2_(float *lane, const float *a, const float *b, size_t n)
{
    __m256 l0_f32x8 = _mm256_loadu_ps(lane), l8_f32x8 = _mm256_loadu_ps(lane + 8);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        l0_f32x8 = SPHERE_MADD_F32X8_(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i), l0_f32x8);
        l8_f32x8 = SPHERE_MADD_F32X8_(_mm256_loadu_ps(a + i + 8), _mm256_loadu_ps(b + i + 8), l8_f32x8);
    }
    _mm256_storeu_ps(lane, l0_f32x8);
    _mm256_storeu_ps(lane + 8, l8_f32x8);
    sphere_lane_dot_c_(lane, a + i, b + i, n - i);
}
#endif
#if SPHERE_NEON_
static void sphere_lane_dot_neon_(float *lane, const float *a, const float *b, size_t n)
{
    float32x4_t l_f32x4[4];
    size_t i = 0, k;
    for (k = 0; k < 4; k++) l_f32x4[k] = vld1q_f32(lane + 4 * k);
    for (; i + 16 <= n; i += 16) for (k = 0; k < 4; k++) l_f32x4[k] = SPHERE_MADD_F32X4_(vld1q_f32(a + i + 4 * k), vld1q_f32(b + i + 4 * k), l_f32x4[k]);
    for (k = 0; k < 4; k++) vst1q_f32(lane + 4 * k, l_f32x4[k]);
    sphere_lane_dot_c_(lane, a + i, b + i, n - i);
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
    /* behind the four rows of the first pass; measured on Sapphire Rapids, where 12 KB for short rows cost a third more */
    const size_t ahead = 16 * dim + (dim <= 128 ? 2816u : dim <= 224 ? 4096u : dim <= 320 ? 6144u : 12288u);
    size_t i, j, k;
    float mean[4] = { 0 }, next[4] = { 0 };
    /* Four means are made before the squares of the four rows before them: no row waits for its own mean. Memory is asked for in the
       second pass, which has nothing else to load, and far ahead: behind the four rows whose means are made meanwhile. */
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
                    SPHERE_PAIR_AVX2_(SPHERE_CENTRED2_AVX2_, ahead, a, b, r0, r1);
                    SPHERE_PAIR_AVX2_(SPHERE_CENTRED2_AVX2_, ahead, c, d, r2, r3);
                } else {
                    SPHERE_ROW_AVX2_(SPHERE_CENTRED1_AVX2_, ahead, a, r0);
                    SPHERE_ROW_AVX2_(SPHERE_CENTRED1_AVX2_, ahead, b, r1);
                    SPHERE_ROW_AVX2_(SPHERE_CENTRED1_AVX2_, ahead, c, r2);
                    SPHERE_ROW_AVX2_(SPHERE_CENTRED1_AVX2_, ahead, d, r3);
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
SPHERE_AVX2_FN_ __m256 sphere_half8_avx2_(__m128i h_i16x8)
{
    const __m256i inf_i32x8 = _mm256_set1_epi32(0x7c00), h_i32x8 = _mm256_cvtepu16_epi32(h_i16x8), m_i32x8 = _mm256_and_si256(h_i32x8, _mm256_set1_epi32(0x7fff));
    const __m256i sign_i32x8 = _mm256_slli_epi32(_mm256_and_si256(h_i32x8, _mm256_set1_epi32(0x8000)), 16);
    const __m256 inf_f32x8 = _mm256_castsi256_ps(_mm256_set1_epi32(0x7f800000)), nan_f32x8 = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fc00000));
    __m256 v_f32x8 = _mm256_mul_ps(_mm256_castsi256_ps(_mm256_slli_epi32(m_i32x8, 13)), _mm256_set1_ps(5.192296858534828e+33f));
    v_f32x8 = _mm256_blendv_ps(v_f32x8, inf_f32x8, _mm256_castsi256_ps(_mm256_cmpeq_epi32(m_i32x8, inf_i32x8)));
    v_f32x8 = _mm256_or_ps(v_f32x8, _mm256_castsi256_ps(sign_i32x8));
    return _mm256_blendv_ps(v_f32x8, nan_f32x8, _mm256_castsi256_ps(_mm256_cmpgt_epi32(m_i32x8, inf_i32x8)));
}
/* Eight finite halves: shifted with the sign in front, the copies of the sign cut out, and multiplied. */
SPHERE_AVX2_FN_ __m256 sphere_half8_finite_avx2_(__m128i h_i16x8)
{
    const __m256i u_i32x8 = _mm256_and_si256(_mm256_slli_epi32(_mm256_cvtepi16_epi32(h_i16x8), 13), _mm256_set1_epi32(-0x70002000));      /* 0x8fffe000 */
    return _mm256_mul_ps(_mm256_castsi256_ps(u_i32x8), _mm256_set1_ps(5.192296858534828e+33f));
}
SPHERE_TARGET_AVX2_ static void sphere_half_avx2_(float *out, const uint16_t *half, size_t n)
{
    const __m256i inf_i16x16 = _mm256_set1_epi16(0x7c00);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const __m128i h0_i16x8 = _mm_loadu_si128((const __m128i *)(const void *)(half + i)), h8_i16x8 = _mm_loadu_si128((const __m128i *)(const void *)(half + i + 8));
        const __m256i top_i16x16 = _mm256_and_si256(_mm256_set_m128i(h8_i16x8, h0_i16x8), inf_i16x16), odd_i16x16 = _mm256_cmpeq_epi16(top_i16x16, inf_i16x16);
        if (_mm256_testz_si256(odd_i16x16, odd_i16x16)) {
            _mm256_storeu_ps(out + i, sphere_half8_finite_avx2_(h0_i16x8));
            _mm256_storeu_ps(out + i + 8, sphere_half8_finite_avx2_(h8_i16x8));
        } else {
            _mm256_storeu_ps(out + i, sphere_half8_avx2_(h0_i16x8));
            _mm256_storeu_ps(out + i + 8, sphere_half8_avx2_(h8_i16x8));
        }
    }
    for (; i + 8 <= n; i += 8) _mm256_storeu_ps(out + i, sphere_half8_avx2_(_mm_loadu_si128((const __m128i *)(const void *)(half + i))));
    sphere_half_c_(out + i, half + i, n - i);
}
#endif
#if SPHERE_NEON_
static void sphere_half_neon_(float *out, const uint16_t *half, size_t n)
{
    const uint32x4_t inf_u32x4 = vdupq_n_u32(0x7c00u);
    const uint16x8_t inf_u16x8 = vdupq_n_u16(0x7c00u);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {                                        /* most halves are finite: shifted with the sign in front, cut out, multiplied */
        const uint16x8_t h_u16x8 = vld1q_u16(half + i);
        const int16x8_t h_i16x8 = vreinterpretq_s16_u16(h_u16x8);
        const uint32x4_t cut_u32x4 = vdupq_n_u32(0x8fffe000u);
        uint32x4_t u0_u32x4, u4_u32x4;
        if (vmaxvq_u16(vceqq_u16(vandq_u16(h_u16x8, inf_u16x8), inf_u16x8))) break;
        u0_u32x4 = vandq_u32(vshlq_n_u32(vreinterpretq_u32_s32(vmovl_s16(vget_low_s16(h_i16x8))), 13), cut_u32x4);
        u4_u32x4 = vandq_u32(vshlq_n_u32(vreinterpretq_u32_s32(vmovl_s16(vget_high_s16(h_i16x8))), 13), cut_u32x4);
        vst1q_f32(out + i, vmulq_f32(vreinterpretq_f32_u32(u0_u32x4), vdupq_n_f32(5.192296858534828e+33f)));
        vst1q_f32(out + i + 4, vmulq_f32(vreinterpretq_f32_u32(u4_u32x4), vdupq_n_f32(5.192296858534828e+33f)));
    }
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
   of the smaller by the larger one, and of r^2, the root is taken in float, where two roots and a quotient in double would cost twice the
   time. What the rounding of the first root loses is put back: just below a power of two the colatitude has digits half as large as its
   tangent. Only where a square does not fit a float is the root taken in double. */
#define SPHERE_RATIO_LOW_ 7.88860905e-31f       /* 2^-100 */
#define SPHERE_HEAD_ (-0x1000)                  /* the sign, the exponent and 12 digits: products of two such numbers are exact */
#define SPHERE_FOLD_LOW_ -2.78275342e-08f       /* (pi - its float) / its float: what pi/2, pi and 2 pi in float lack; of 3 pi/2 a quarter of a unit stays */
/* What the rounding of q = sqrt(ratio) lost: (ratio - q^2) / (2 q). The square of a head of 12 digits is exact, and 1 / (2 q) need only be
   right to some percent: half the bits of the ratio taken from a constant (Lomont 2003, Fast inverse square root). */
#define SPHERE_HALF_INVERSE_ 0x5eb759df
SPHERE_INLINE_ float sphere_root_rest_(float ratio, float q)
{
    const float head = sphere_from_bits_(sphere_bits_(q) & (uint32_t)SPHERE_HEAD_), inverse = sphere_from_bits_((uint32_t)SPHERE_HALF_INVERSE_ - (sphere_bits_(ratio) >> 1));
    return ((ratio - head * head) - (q - head) * (q + head)) * inverse;
}
/* atan of q + rest for q in 0..1, with z = q^2, as the core's but with one term less (2^-28.5). */
SPHERE_INLINE_ float sphere_atan9_(float q, float z, float rest)
{
    const float w = z * z, v = w * w, a = SPHERE_MADD_(0.199985489f, z, -0.333332986f), b = SPHERE_MADD_(0.109521858f, z, -0.142642424f);
    const float c = SPHERE_MADD_(0.0579575747f, z, -0.0840344951f), d = SPHERE_MADD_(0.010914593f, z, -0.0311778244f);
    return SPHERE_MADD_(SPHERE_MADD_(SPHERE_MADD_(-0.0017936189f, v, SPHERE_MADD_(d, w, c)), v, SPHERE_MADD_(b, w, a)), z * q, rest) + q;
}
/* turn + a or turn - a for turn = 0, pi/2, pi, 3 pi/2 or 2 pi, which a float does not hold to the last digit */
SPHERE_INLINE_ float sphere_fold_(float turn, float a, int minus) { return turn + ((minus ? -a : a) + turn * SPHERE_FOLD_LOW_); }
static void sphere_to_spherical_c_(float *r, float *theta, float *phi, const float *x, const float *y, const float *z, size_t n, int beyond)
{
    size_t i;
    (void)beyond;
    for (i = 0; i < n; i++) {
        const float xi = x[i], yi = y[i], zi = z[i], ax = sphere_abs_(xi), ay = sphere_abs_(yi);
        const double s = (double)xi * xi + (double)yi * yi, zz = (double)zi * zi, whole = s < zz ? s / zz : zz / s;
        const float flat_small = ay < ax ? ay : ax, flat_large = ay < ax ? ax : ay, square = (float)(s + zz), ratio = (float)whole;
        const int flat = s > zz, swap = ay > ax;
        float radius, t, p, z2, rest = 0;
        if (square > SPHERE_SQUARE_LOW_ && square < SPHERE_SQUARE_HIGH_ && (ratio > SPHERE_RATIO_LOW_ || flat_large == 0 || zi == 0)) {
            radius = sphere_sqrt_(square);
            t = sphere_sqrt_(ratio);
            z2 = ratio;
            rest = sphere_root_rest_(ratio, t);
        } else {
            radius = (float)sphere_sqrt_double_(s + zz);
            t = s + zz == 0 ? 0 : (float)sphere_sqrt_double_(whole);
            z2 = t * t;
        }
        t = sphere_fold_(flat ? 1.57079637f : zi < 0 ? 3.14159274f : 0, sphere_atan9_(t, z2, rest), flat ^ (zi < 0));
        p = flat_large == 0 ? 0 : flat_small / flat_large;
        p = sphere_fold_(swap ? yi < 0 ? 4.71238899f : 1.57079637f : xi < 0 ? 3.14159274f : yi < 0 ? 6.28318548f : 0,
                         sphere_atan9_(p, p * p, 0), swap ^ (xi < 0) ^ (yi < 0));
        if (flat_large == 0) p = 0;
        if (!(t == t) || !(p == p) || !(radius == radius)) radius = t = p = sphere_nan_();     /* NaN, or two infinities */
        if (r) r[i] = radius;
        theta[i] = t;
        phi[i] = p;
    }
}
#if SPHERE_AVX2_
/* hi - (a + lo) in some elements: the reflection of an angle at a constant of two floats */
SPHERE_AVX2_FN_ __m256 sphere_reflect_avx2_(__m256 a_f32x8, __m256 where_f32x8, float hi, float lo)
{
    return _mm256_blendv_ps(a_f32x8, _mm256_sub_ps(_mm256_set1_ps(hi), _mm256_add_ps(a_f32x8, _mm256_set1_ps(lo))), where_f32x8);
}
SPHERE_AVX2_FN_ __m256 sphere_atan9_avx2_(__m256 q_f32x8, __m256 z_f32x8, __m256 rest_f32x8)
{
    const __m256 w_f32x8 = _mm256_mul_ps(z_f32x8, z_f32x8), v_f32x8 = _mm256_mul_ps(w_f32x8, w_f32x8);
    __m256 a_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(0.199985489f), z_f32x8, _mm256_set1_ps(-0.333332986f));
    const __m256 b_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(0.109521858f), z_f32x8, _mm256_set1_ps(-0.142642424f));
    __m256 c_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(0.0579575747f), z_f32x8, _mm256_set1_ps(-0.0840344951f));
    const __m256 d_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(0.010914593f), z_f32x8, _mm256_set1_ps(-0.0311778244f));
    a_f32x8 = SPHERE_MADD_F32X8_(b_f32x8, w_f32x8, a_f32x8);
    c_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(-0.0017936189f), v_f32x8, SPHERE_MADD_F32X8_(d_f32x8, w_f32x8, c_f32x8));
    return _mm256_add_ps(SPHERE_MADD_F32X8_(SPHERE_MADD_F32X8_(c_f32x8, v_f32x8, a_f32x8), _mm256_mul_ps(z_f32x8, q_f32x8), rest_f32x8), q_f32x8);
}
SPHERE_AVX2_FN_ __m256 sphere_root_rest_avx2_(__m256 ratio_f32x8, __m256 q_f32x8)
{
    const __m256 head_f32x8 = _mm256_and_ps(q_f32x8, _mm256_castsi256_ps(_mm256_set1_epi32(SPHERE_HEAD_)));
    const __m256i inverse_i32x8 = _mm256_sub_epi32(_mm256_set1_epi32(SPHERE_HALF_INVERSE_), _mm256_srli_epi32(_mm256_castps_si256(ratio_f32x8), 1));
    const __m256 rest_f32x8 = _mm256_sub_ps(_mm256_sub_ps(ratio_f32x8, _mm256_mul_ps(head_f32x8, head_f32x8)),
                                            _mm256_mul_ps(_mm256_sub_ps(q_f32x8, head_f32x8), _mm256_add_ps(q_f32x8, head_f32x8)));
    return _mm256_mul_ps(rest_f32x8, _mm256_castsi256_ps(inverse_i32x8));
}
/* Of every operand only the sign of `minus` counts. */
SPHERE_AVX2_FN_ __m256 sphere_fold_avx2_(__m256 turn_f32x8, __m256 a_f32x8, __m256 minus_f32x8)
{
    a_f32x8 = _mm256_xor_ps(a_f32x8, _mm256_and_ps(minus_f32x8, _mm256_set1_ps(-0.0f)));
    return _mm256_add_ps(turn_f32x8, _mm256_add_ps(a_f32x8, _mm256_mul_ps(turn_f32x8, _mm256_set1_ps(SPHERE_FOLD_LOW_))));
}
/* Four points: r^2, and the smaller of x^2 + y^2 and z^2 by the larger one, with a minus where the first is larger. The minimum and
   maximum instructions are a < b ? a : b and a > b ? a : b to the bit, and what has a NaN does not use them (below). */
SPHERE_AVX2_FN_ void sphere_squares_avx2_(const float *x, const float *y, const float *z, float *square, float *ratio)
{
    const __m256d x_f64x4 = _mm256_cvtps_pd(_mm_loadu_ps(x)), y_f64x4 = _mm256_cvtps_pd(_mm_loadu_ps(y)), z_f64x4 = _mm256_cvtps_pd(_mm_loadu_ps(z));
    const __m256d s_f64x4 = _mm256_add_pd(_mm256_mul_pd(x_f64x4, x_f64x4), _mm256_mul_pd(y_f64x4, y_f64x4)), zz_f64x4 = _mm256_mul_pd(z_f64x4, z_f64x4);
    const __m256d ratio_f64x4 = _mm256_div_pd(_mm256_min_pd(s_f64x4, zz_f64x4), _mm256_max_pd(s_f64x4, zz_f64x4));
    const __m256d flat_f64x4 = _mm256_and_pd(_mm256_cmp_pd(s_f64x4, zz_f64x4, _CMP_GT_OQ), _mm256_set1_pd(-0.0));
    _mm_storeu_ps(square, _mm256_cvtpd_ps(_mm256_add_pd(s_f64x4, zz_f64x4)));
    _mm_storeu_ps(ratio, _mm256_cvtpd_ps(_mm256_or_pd(ratio_f64x4, flat_f64x4)));
}
/* Store past the caches what is larger than they are: the line is not read before it is written, a tenth of the time at 1e7 points. That
   needs whole vectors at multiples of 32 bytes in all three: the points before the first such place, or -1 where they differ. */
#define SPHERE_STORE_AVX2_(p, v_f32x8) do { if (beyond) _mm256_stream_ps(p, v_f32x8); else _mm256_storeu_ps(p, v_f32x8); } while (0)
SPHERE_INLINE_ int sphere_before_avx2_(const float *a, const float *b, const float *c)
{
    const uintptr_t at = (uintptr_t)b & 31u;
    return (at & 3u) || ((uintptr_t)a & 31u) != at || ((uintptr_t)c & 31u) != at ? -1 : (int)((32u - at) / 4u & 7u);
}
/* In blocks, whose squares and ratios are made first: in one loop the chain from the load to the result is longer than what the
   processor can overlap with the next one. */
SPHERE_TARGET_AVX2_ static void sphere_to_spherical_avx2_(float *r, float *theta, float *phi, const float *x, const float *y, const float *z, size_t n, int beyond)
{
    enum { BLOCK = 128 };
    const __m256 zero_f32x8 = _mm256_setzero_ps(), quarter_f32x8 = _mm256_set1_ps(1.57079637f), half_f32x8 = _mm256_set1_ps(3.14159274f);
    const __m256 turns_f32x8 = _mm256_setr_ps(0, 4.71238899f, 1.57079637f, 4.71238899f, 1.57079637f, 3.14159274f, 3.14159274f, 6.28318548f);
    float square[BLOCK], ratio[BLOCK];
    size_t i = 0, at;
    if (beyond) {
        const int before = sphere_before_avx2_(r ? r : theta, theta, phi), some = before < 0 ? 0 : n < (size_t)before ? (int)n : before;
        beyond = before >= 0;
        sphere_to_spherical_c_(r, theta, phi, x, y, z, (size_t)some, 0);
        if (r) r += some;
        theta += some; phi += some; x += some; y += some; z += some; n -= (size_t)some;
    }
    for (; i + 8 <= n; i += 8) {
        const __m256 x_f32x8 = _mm256_loadu_ps(x + i), y_f32x8 = _mm256_loadu_ps(y + i), z_f32x8 = _mm256_loadu_ps(z + i);
        const __m256 ax_f32x8 = sphere_abs_avx2_(x_f32x8), ay_f32x8 = sphere_abs_avx2_(y_f32x8);
        const __m256 small_f32x8 = _mm256_min_ps(ay_f32x8, ax_f32x8), large_f32x8 = _mm256_max_ps(ay_f32x8, ax_f32x8);
        const __m256 pole_f32x8 = _mm256_cmp_ps(large_f32x8, zero_f32x8, _CMP_EQ_OQ), swap_f32x8 = _mm256_cmp_ps(ay_f32x8, ax_f32x8, _CMP_GT_OQ);
        __m256 t_f32x8, p_f32x8, square_f32x8, ratio_f32x8, flat_f32x8, usual_f32x8, back_f32x8, root_f32x8;
        __m256i place_i32x8;
        if (i % BLOCK == 0) for (at = 0; at < BLOCK && i + at + 4 <= n; at += 4) sphere_squares_avx2_(x + i + at, y + i + at, z + i + at, square + at, ratio + at);
        square_f32x8 = _mm256_loadu_ps(square + i % BLOCK);
        flat_f32x8 = _mm256_loadu_ps(ratio + i % BLOCK);
        ratio_f32x8 = sphere_abs_avx2_(flat_f32x8);
        usual_f32x8 = _mm256_or_ps(_mm256_or_ps(pole_f32x8, _mm256_cmp_ps(z_f32x8, zero_f32x8, _CMP_EQ_OQ)),
                                   _mm256_cmp_ps(ratio_f32x8, _mm256_set1_ps(SPHERE_RATIO_LOW_), _CMP_GT_OQ));
        usual_f32x8 = _mm256_and_ps(usual_f32x8, _mm256_cmp_ps(square_f32x8, _mm256_set1_ps(SPHERE_SQUARE_LOW_), _CMP_GT_OQ));
        usual_f32x8 = _mm256_and_ps(usual_f32x8, _mm256_cmp_ps(square_f32x8, _mm256_set1_ps(SPHERE_SQUARE_HIGH_), _CMP_LT_OQ));
        if (_mm256_movemask_ps(usual_f32x8) != 255) {                   /* the origin, NaN, tiny and huge numbers: one by one */
            sphere_to_spherical_c_(r ? r + i : NULL, theta + i, phi + i, x + i, y + i, z + i, 8, 0);
            continue;
        }
        /* The signs of x, z and flat choose the turns. That of -0 does no harm: the angle is 0 then, and the turn that of swap or flat. */
        t_f32x8 = _mm256_blendv_ps(_mm256_blendv_ps(zero_f32x8, half_f32x8, z_f32x8), quarter_f32x8, flat_f32x8);
        root_f32x8 = _mm256_sqrt_ps(ratio_f32x8);
        t_f32x8 = sphere_fold_avx2_(t_f32x8, sphere_atan9_avx2_(root_f32x8, ratio_f32x8, sphere_root_rest_avx2_(ratio_f32x8, root_f32x8)), _mm256_xor_ps(flat_f32x8, z_f32x8));
        back_f32x8 = _mm256_add_ps(y_f32x8, zero_f32x8);                /* y, but +0 for -0: 0, not 2 pi */
        /* three masks of all ones or none: place -(y + 2 x + 4 swap) mod 8 of a table; four blends would take twice the instructions */
        place_i32x8 = _mm256_add_epi32(_mm256_srai_epi32(_mm256_castps_si256(x_f32x8), 31), _mm256_slli_epi32(_mm256_castps_si256(swap_f32x8), 1));
        place_i32x8 = _mm256_add_epi32(_mm256_srai_epi32(_mm256_castps_si256(back_f32x8), 31), _mm256_slli_epi32(place_i32x8, 1));
        p_f32x8 = _mm256_permutevar8x32_ps(turns_f32x8, place_i32x8);
        root_f32x8 = _mm256_div_ps(small_f32x8, large_f32x8);
        p_f32x8 = sphere_fold_avx2_(p_f32x8, sphere_atan9_avx2_(root_f32x8, _mm256_mul_ps(root_f32x8, root_f32x8), zero_f32x8), _mm256_xor_ps(_mm256_xor_ps(x_f32x8, back_f32x8), swap_f32x8));
        if (r) SPHERE_STORE_AVX2_(r + i, _mm256_sqrt_ps(square_f32x8));
        SPHERE_STORE_AVX2_(theta + i, t_f32x8);
        SPHERE_STORE_AVX2_(phi + i, _mm256_andnot_ps(pole_f32x8, p_f32x8));
    }
    if (beyond) _mm_sfence();                                              /* before anyone is told that they are there */
    sphere_to_spherical_c_(r ? r + i : NULL, theta + i, phi + i, x + i, y + i, z + i, n - i, 0);
}
#endif
#if SPHERE_NEON_
SPHERE_INLINE_ float32x4_t sphere_reflect_neon_(float32x4_t a_f32x4, uint32x4_t where_u32x4, float hi, float lo)
{
    return vbslq_f32(where_u32x4, vsubq_f32(vdupq_n_f32(hi), vaddq_f32(a_f32x4, vdupq_n_f32(lo))), a_f32x4);
}
SPHERE_INLINE_ float32x4_t sphere_atan9_neon_(float32x4_t q_f32x4, float32x4_t z_f32x4, float32x4_t rest_f32x4)
{
    const float32x4_t w_f32x4 = vmulq_f32(z_f32x4, z_f32x4), v_f32x4 = vmulq_f32(w_f32x4, w_f32x4);
    float32x4_t a_f32x4 = SPHERE_MADD_F32X4_(vdupq_n_f32(0.199985489f), z_f32x4, vdupq_n_f32(-0.333332986f));
    const float32x4_t b_f32x4 = SPHERE_MADD_F32X4_(vdupq_n_f32(0.109521858f), z_f32x4, vdupq_n_f32(-0.142642424f));
    float32x4_t c_f32x4 = SPHERE_MADD_F32X4_(vdupq_n_f32(0.0579575747f), z_f32x4, vdupq_n_f32(-0.0840344951f));
    const float32x4_t d_f32x4 = SPHERE_MADD_F32X4_(vdupq_n_f32(0.010914593f), z_f32x4, vdupq_n_f32(-0.0311778244f));
    a_f32x4 = SPHERE_MADD_F32X4_(b_f32x4, w_f32x4, a_f32x4);
    c_f32x4 = SPHERE_MADD_F32X4_(vdupq_n_f32(-0.0017936189f), v_f32x4, SPHERE_MADD_F32X4_(d_f32x4, w_f32x4, c_f32x4));
    return vaddq_f32(SPHERE_MADD_F32X4_(SPHERE_MADD_F32X4_(c_f32x4, v_f32x4, a_f32x4), vmulq_f32(z_f32x4, q_f32x4), rest_f32x4), q_f32x4);
}
SPHERE_INLINE_ float32x4_t sphere_root_rest_neon_(float32x4_t ratio_f32x4, float32x4_t q_f32x4)
{
    const float32x4_t head_f32x4 = vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(q_f32x4), vdupq_n_u32((uint32_t)SPHERE_HEAD_)));
    const uint32x4_t inverse_u32x4 = vsubq_u32(vdupq_n_u32(SPHERE_HALF_INVERSE_), vshrq_n_u32(vreinterpretq_u32_f32(ratio_f32x4), 1));
    const float32x4_t rest_f32x4 = vsubq_f32(vsubq_f32(ratio_f32x4, vmulq_f32(head_f32x4, head_f32x4)),
                                             vmulq_f32(vsubq_f32(q_f32x4, head_f32x4), vaddq_f32(q_f32x4, head_f32x4)));
    return vmulq_f32(rest_f32x4, vreinterpretq_f32_u32(inverse_u32x4));
}
SPHERE_INLINE_ float32x4_t sphere_fold_neon_(float32x4_t turn_f32x4, float32x4_t a_f32x4, uint32x4_t minus_u32x4)
{
    a_f32x4 = vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(a_f32x4), vandq_u32(minus_u32x4, vdupq_n_u32(0x80000000u))));
    return vaddq_f32(turn_f32x4, vaddq_f32(a_f32x4, vmulq_f32(turn_f32x4, vdupq_n_f32(SPHERE_FOLD_LOW_))));
}
static void sphere_to_spherical_neon_(float *r, float *theta, float *phi, const float *x, const float *y, const float *z, size_t n, int beyond)
{
    const float32x4_t zero_f32x4 = vdupq_n_f32(0), quarter_f32x4 = vdupq_n_f32(1.57079637f), half_f32x4 = vdupq_n_f32(3.14159274f);
    size_t i = 0, half;
    (void)beyond;
    for (; i + 4 <= n; i += 4) {
        const float32x4_t x_f32x4 = vld1q_f32(x + i), y_f32x4 = vld1q_f32(y + i), z_f32x4 = vld1q_f32(z + i);
        const float32x4_t ax_f32x4 = vabsq_f32(x_f32x4), ay_f32x4 = vabsq_f32(y_f32x4);
        const uint32x4_t less_u32x4 = vcltq_f32(ay_f32x4, ax_f32x4);
        const float32x4_t small_f32x4 = vbslq_f32(less_u32x4, ay_f32x4, ax_f32x4), large_f32x4 = vbslq_f32(less_u32x4, ax_f32x4, ay_f32x4);
        const uint32x4_t pole_u32x4 = vceqq_f32(large_f32x4, zero_f32x4);
        float32x4_t t_f32x4, p_f32x4, square_f32x4, ratio_f32x4, root_f32x4;
        float32x2_t square_f32x2[2], ratio_f32x2[2];
        uint32x2_t more_u32x2[2];
        uint32x4_t usual_u32x4, flat_u32x4, swap_u32x4, left_u32x4, back_u32x4, down_u32x4;
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
            sphere_to_spherical_c_(r ? r + i : NULL, theta + i, phi + i, x + i, y + i, z + i, 4, 0);
            continue;
        }
        flat_u32x4 = vcombine_u32(more_u32x2[0], more_u32x2[1]);
        swap_u32x4 = vcgtq_f32(ay_f32x4, ax_f32x4);
        left_u32x4 = vcltq_f32(x_f32x4, zero_f32x4);
        back_u32x4 = vcltq_f32(y_f32x4, zero_f32x4);
        down_u32x4 = vcltq_f32(z_f32x4, zero_f32x4);
        t_f32x4 = vbslq_f32(flat_u32x4, quarter_f32x4, vbslq_f32(down_u32x4, half_f32x4, zero_f32x4));
        root_f32x4 = vsqrtq_f32(ratio_f32x4);
        t_f32x4 = sphere_fold_neon_(t_f32x4, sphere_atan9_neon_(root_f32x4, ratio_f32x4, sphere_root_rest_neon_(ratio_f32x4, root_f32x4)), veorq_u32(flat_u32x4, down_u32x4));
        p_f32x4 = vbslq_f32(left_u32x4, half_f32x4, vbslq_f32(back_u32x4, vdupq_n_f32(6.28318548f), zero_f32x4));
        p_f32x4 = vbslq_f32(swap_u32x4, vbslq_f32(back_u32x4, vdupq_n_f32(4.71238899f), quarter_f32x4), p_f32x4);
        root_f32x4 = vdivq_f32(small_f32x4, large_f32x4);
        p_f32x4 = sphere_fold_neon_(p_f32x4, sphere_atan9_neon_(root_f32x4, vmulq_f32(root_f32x4, root_f32x4), zero_f32x4), veorq_u32(swap_u32x4, veorq_u32(left_u32x4, back_u32x4)));
        p_f32x4 = vbslq_f32(pole_u32x4, zero_f32x4, p_f32x4);
        if (r) vst1q_f32(r + i, vsqrtq_f32(square_f32x4));
        vst1q_f32(theta + i, t_f32x4);
        vst1q_f32(phi + i, p_f32x4);
    }
    sphere_to_spherical_c_(r ? r + i : NULL, theta + i, phi + i, x + i, y + i, z + i, n - i, 0);
}
#endif

/* >>kernel to_cartesian: (r sin theta) cos phi, (r sin theta) sin phi, r cos theta. Of three factors with an error of a unit each the
   product would miss 2 units, so in float the sines and cosines stay sums of two floats, and the products are of heads of 12 digits,
   which are exact, and rests: 1.7 units at most. That holds for angles up to 200 and while nothing leaves the range of float; the other
   points are computed in double and rounded once. The polynomials are the core's (2^-28). Adding 1.5 * 2^23 (2^52 in double) rounds to the
   nearest integer and leaves it in the low bits: q needs no conversion, which would cost more than the arithmetic. */
#define SPHERE_WIDE_LIMIT_ 1e6f
#define SPHERE_TURN_LOW_ 0x2b800000             /* 2^-40, the bits of it: a product of three such numbers still has all its digits */
#define SPHERE_TURN_HIGH_ 0x43480000            /* 200: the products of the number of quarter turns with 17 digits of pi/2 are exact */
#define SPHERE_TURN_FAR_ 0x7b800000             /* 2^120: the radius and all its products stay finite                             */
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
static void sphere_to_cartesian_wide_c_(float *x, float *y, float *z, const float *r, const float *theta, const float *phi, size_t n)
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
/* 0, or of a size that the float arithmetic is for; a NaN is larger. */
SPHERE_INLINE_ int sphere_turn_usual_(float x, uint32_t high)
{
    const uint32_t u = sphere_bits_(x) & 0x7fffffffu;
    return u <= high && u - 1 >= SPHERE_TURN_LOW_ - 1;
}
/* Sine lead[0] + rest[0] and cosine lead[1] + rest[1] up to the sign: returns q, whose bit 1 is the sign of the sine; that of the cosine is
   bit 1 of q + 1. x is q pi/2 + r + low; r is x less two constants of 17 digits, and low what that rounds away and the rest of pi/2. */
SPHERE_INLINE_ uint32_t sphere_sincos_pair_(float x, float *lead, float *rest)
{
    const float turn = x * 0.636619747f + 12582912.0f, k = turn - 12582912.0f, a = x - k * 1.57080078125f, b = k * -4.45445766672492e-06f;
    const float r = a - b, low = ((a - r) - b) - k * 2.56334407e-12f, z = r * r, half = 0.5f * z, w = 1.0f - half;
    const float s = SPHERE_MADD_(SPHERE_MADD_(-0.00019516499f, z, 0.00833217241f), z, -0.166666552f);
    const float c = SPHERE_MADD_(SPHERE_MADD_(2.44375551e-05f, z, -0.00138873595f), z, 0.0416666456f);
    const uint32_t q = sphere_bits_(turn), odd = q & 1u;
    lead[odd] = r;
    rest[odd] = SPHERE_MADD_(s, z * r, low);
    lead[1 - odd] = w;
    rest[1 - odd] = ((1.0f - w) - half) + (c * (z * z) - r * low);      /* what the rounding of w lost, the series, the sine's share of low */
    return q;
}
SPHERE_INLINE_ float sphere_head_(float x) { return sphere_from_bits_(sphere_bits_(x) & (uint32_t)SPHERE_HEAD_); }
SPHERE_INLINE_ float sphere_flip_(float x, uint32_t q) { return sphere_from_bits_(sphere_bits_(x) ^ (q << 30 & 0x80000000u)); }
static void sphere_to_cartesian_c_(float *x, float *y, float *z, const float *r, const float *theta, const float *phi, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) {
        float t_lead[2], t_rest[2], p_lead[2], p_rest[2], st, st_head, st_rest, sp, sp_head, sp_rest, cp, cp_head, cp_rest;
        const float radius = r ? r[i] : 1.0f, r_head = sphere_head_(radius);
        uint32_t qt, qp;
        if (!sphere_turn_usual_(theta[i], SPHERE_TURN_HIGH_) || !sphere_turn_usual_(phi[i], SPHERE_TURN_HIGH_) || !sphere_turn_usual_(radius, SPHERE_TURN_FAR_)) {
            sphere_to_cartesian_wide_c_(x + i, y + i, z + i, r ? r + i : NULL, theta + i, phi + i, 1);
            continue;
        }
        qt = sphere_sincos_pair_(theta[i], t_lead, t_rest);
        qp = sphere_sincos_pair_(phi[i], p_lead, p_rest);
        st = t_lead[0] + t_rest[0]; st_head = sphere_head_(st); st_rest = (t_lead[0] - st_head) + t_rest[0];
        sp = p_lead[0] + p_rest[0]; sp_head = sphere_head_(sp); sp_rest = (p_lead[0] - sp_head) + p_rest[0];
        cp = p_lead[1] + p_rest[1]; cp_head = sphere_head_(cp); cp_rest = (p_lead[1] - cp_head) + p_rest[1];
        if (r) {                                                        /* r sin theta takes the place of sin theta */
            const float head = r_head * st_head, rest = SPHERE_MADD_(r_head, st_rest, (radius - r_head) * st);
            st = head + rest; st_head = sphere_head_(st); st_rest = (head - st_head) + rest;
        }
        x[i] = sphere_flip_(SPHERE_MADD_(st_head, cp_head, SPHERE_MADD_(st_head, cp_rest, st_rest * cp)), qt ^ (qp + 1));
        y[i] = sphere_flip_(SPHERE_MADD_(st_head, sp_head, SPHERE_MADD_(st_head, sp_rest, st_rest * sp)), qt ^ qp);
        z[i] = radius * sphere_flip_(t_lead[1] + t_rest[1], qt + 1);
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
/* Eight points in double; every angle is within the limit. */
SPHERE_TARGET_AVX2_ static void sphere_to_cartesian_wide_avx2_(float *x, float *y, float *z, const float *r, const float *theta, const float *phi)
{
    size_t i;
    for (i = 0; i < 8; i += 4) {
        __m256d st_f64x4, ct_f64x4, sp_f64x4, cp_f64x4, r_f64x4 = _mm256_set1_pd(1.0);
        if (r) r_f64x4 = _mm256_cvtps_pd(_mm_loadu_ps(r + i));
        sphere_sincos_wide_avx2_(_mm256_cvtps_pd(_mm_loadu_ps(theta + i)), &st_f64x4, &ct_f64x4);
        sphere_sincos_wide_avx2_(_mm256_cvtps_pd(_mm_loadu_ps(phi + i)), &sp_f64x4, &cp_f64x4);
        st_f64x4 = _mm256_mul_pd(r_f64x4, st_f64x4);
        sphere_store_narrow_avx2_(x + i, _mm256_mul_pd(st_f64x4, cp_f64x4));
        sphere_store_narrow_avx2_(y + i, _mm256_mul_pd(st_f64x4, sp_f64x4));
        sphere_store_narrow_avx2_(z + i, _mm256_mul_pd(r_f64x4, ct_f64x4));
    }
}
SPHERE_AVX2_FN_ __m256i sphere_sincos_pair_avx2_(__m256 x_f32x8, __m256 *s_f32x8, __m256 *s_rest_f32x8, __m256 *c_f32x8, __m256 *c_rest_f32x8)
{
    const __m256 round_f32x8 = _mm256_set1_ps(12582912.0f), turn_f32x8 = SPHERE_MADD_F32X8_(x_f32x8, _mm256_set1_ps(0.636619747f), round_f32x8);
    const __m256 k_f32x8 = _mm256_sub_ps(turn_f32x8, round_f32x8), one_f32x8 = _mm256_set1_ps(1.0f);
    const __m256 a_f32x8 = _mm256_sub_ps(x_f32x8, _mm256_mul_ps(k_f32x8, _mm256_set1_ps(1.57080078125f)));
    const __m256 b_f32x8 = _mm256_mul_ps(k_f32x8, _mm256_set1_ps(-4.45445766672492e-06f)), r_f32x8 = _mm256_sub_ps(a_f32x8, b_f32x8);
    const __m256 low_f32x8 = _mm256_sub_ps(_mm256_sub_ps(_mm256_sub_ps(a_f32x8, r_f32x8), b_f32x8), _mm256_mul_ps(k_f32x8, _mm256_set1_ps(2.56334407e-12f)));
    const __m256 z_f32x8 = _mm256_mul_ps(r_f32x8, r_f32x8), half_f32x8 = _mm256_mul_ps(_mm256_set1_ps(0.5f), z_f32x8), w_f32x8 = _mm256_sub_ps(one_f32x8, half_f32x8);
    const __m256 odd_f32x8 = _mm256_castsi256_ps(_mm256_srai_epi32(_mm256_slli_epi32(_mm256_castps_si256(turn_f32x8), 31), 31));
    __m256 lead_f32x8, rest_f32x8, sr_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(-0.00019516499f), z_f32x8, _mm256_set1_ps(0.00833217241f));
    __m256 cr_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(2.44375551e-05f), z_f32x8, _mm256_set1_ps(-0.00138873595f));
    sr_f32x8 = SPHERE_MADD_F32X8_(sr_f32x8, z_f32x8, _mm256_set1_ps(-0.166666552f));
    cr_f32x8 = SPHERE_MADD_F32X8_(cr_f32x8, z_f32x8, _mm256_set1_ps(0.0416666456f));
    sr_f32x8 = SPHERE_MADD_F32X8_(sr_f32x8, _mm256_mul_ps(z_f32x8, r_f32x8), low_f32x8);                           /* the rest of the sine    */
    cr_f32x8 = _mm256_sub_ps(_mm256_mul_ps(cr_f32x8, _mm256_mul_ps(z_f32x8, z_f32x8)), _mm256_mul_ps(r_f32x8, low_f32x8));
    cr_f32x8 = _mm256_add_ps(_mm256_sub_ps(_mm256_sub_ps(one_f32x8, w_f32x8), half_f32x8), cr_f32x8);              /* the rest of the cosine  */
    /* sine and cosine change places where q is odd: what differs, put on both. A blend is three instructions inside. */
    lead_f32x8 = _mm256_and_ps(_mm256_xor_ps(r_f32x8, w_f32x8), odd_f32x8);
    rest_f32x8 = _mm256_and_ps(_mm256_xor_ps(sr_f32x8, cr_f32x8), odd_f32x8);
    *s_f32x8 = _mm256_xor_ps(r_f32x8, lead_f32x8);
    *s_rest_f32x8 = _mm256_xor_ps(sr_f32x8, rest_f32x8);
    *c_f32x8 = _mm256_xor_ps(w_f32x8, lead_f32x8);
    *c_rest_f32x8 = _mm256_xor_ps(cr_f32x8, rest_f32x8);
    return _mm256_castps_si256(turn_f32x8);
}
SPHERE_AVX2_FN_ __m256 sphere_head_avx2_(__m256 v_f32x8) { return _mm256_and_ps(v_f32x8, _mm256_castsi256_ps(_mm256_set1_epi32(SPHERE_HEAD_))); }
SPHERE_AVX2_FN_ __m256 sphere_flip_avx2_(__m256 v_f32x8, __m256i q_i32x8)
{
    return _mm256_xor_ps(v_f32x8, _mm256_and_ps(_mm256_castsi256_ps(_mm256_slli_epi32(q_i32x8, 30)), _mm256_set1_ps(-0.0f)));
}
SPHERE_TARGET_AVX2_ static void sphere_to_cartesian_avx2_(float *x, float *y, float *z, const float *r, const float *theta, const float *phi, size_t n)
{
    const __m256i one_i32x8 = _mm256_set1_epi32(1), low_i32x8 = _mm256_set1_epi32(SPHERE_TURN_LOW_ - 1);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256 t_f32x8 = _mm256_loadu_ps(theta + i), p_f32x8 = _mm256_loadu_ps(phi + i), radius_f32x8 = r ? _mm256_loadu_ps(r + i) : _mm256_set1_ps(1.0f);
        const __m256i at_i32x8 = _mm256_castps_si256(sphere_abs_avx2_(t_f32x8)), ap_i32x8 = _mm256_castps_si256(sphere_abs_avx2_(p_f32x8));
        const __m256i ar_i32x8 = _mm256_castps_si256(sphere_abs_avx2_(radius_f32x8)), most_i32x8 = _mm256_max_epu32(at_i32x8, ap_i32x8);
        const __m256i least_i32x8 = _mm256_min_epu32(_mm256_sub_epi32(ar_i32x8, one_i32x8), _mm256_min_epu32(_mm256_sub_epi32(at_i32x8, one_i32x8), _mm256_sub_epi32(ap_i32x8, one_i32x8)));
        const __m256i high_i32x8 = _mm256_or_si256(_mm256_cmpgt_epi32(most_i32x8, _mm256_set1_epi32(SPHERE_TURN_HIGH_)), _mm256_cmpgt_epi32(ar_i32x8, _mm256_set1_epi32(SPHERE_TURN_FAR_)));
        /* all ones where usual: a NaN is greater than every limit, and 0 - 1 is not small */
        const __m256i usual_i32x8 = _mm256_andnot_si256(high_i32x8, _mm256_cmpeq_epi32(_mm256_max_epu32(least_i32x8, low_i32x8), least_i32x8));
        const int usual = _mm256_movemask_ps(_mm256_castsi256_ps(usual_i32x8));
        __m256 st_f32x8, ct_f32x8, sp_f32x8, cp_f32x8, st_rest_f32x8, ct_rest_f32x8, sp_rest_f32x8, cp_rest_f32x8, lead_f32x8, st_head_f32x8, sp_head_f32x8, cp_head_f32x8;
        __m256i qt_i32x8, qp_i32x8;
        if (usual != 255) {
            const __m256 wide_f32x8 = _mm256_cmp_ps(_mm256_castsi256_ps(most_i32x8), _mm256_set1_ps(SPHERE_WIDE_LIMIT_), _CMP_LE_OQ);
            if (usual == 0 && _mm256_movemask_ps(wide_f32x8) == 255) sphere_to_cartesian_wide_avx2_(x + i, y + i, z + i, r ? r + i : NULL, theta + i, phi + i);
            else sphere_to_cartesian_c_(x + i, y + i, z + i, r ? r + i : NULL, theta + i, phi + i, 8);
            continue;
        }
        qt_i32x8 = sphere_sincos_pair_avx2_(t_f32x8, &lead_f32x8, &st_rest_f32x8, &ct_f32x8, &ct_rest_f32x8);
        st_f32x8 = _mm256_add_ps(lead_f32x8, st_rest_f32x8);
        st_head_f32x8 = sphere_head_avx2_(st_f32x8);
        st_rest_f32x8 = _mm256_add_ps(_mm256_sub_ps(lead_f32x8, st_head_f32x8), st_rest_f32x8);
        if (r) {
            const __m256 r_head_f32x8 = sphere_head_avx2_(radius_f32x8);
            lead_f32x8 = _mm256_mul_ps(r_head_f32x8, st_head_f32x8);
            st_rest_f32x8 = SPHERE_MADD_F32X8_(r_head_f32x8, st_rest_f32x8, _mm256_mul_ps(_mm256_sub_ps(radius_f32x8, r_head_f32x8), st_f32x8));
            st_head_f32x8 = sphere_head_avx2_(_mm256_add_ps(lead_f32x8, st_rest_f32x8));
            st_rest_f32x8 = _mm256_add_ps(_mm256_sub_ps(lead_f32x8, st_head_f32x8), st_rest_f32x8);
        }
        qp_i32x8 = sphere_sincos_pair_avx2_(p_f32x8, &lead_f32x8, &sp_rest_f32x8, &cp_f32x8, &cp_rest_f32x8);
        sp_f32x8 = _mm256_add_ps(lead_f32x8, sp_rest_f32x8);
        sp_head_f32x8 = sphere_head_avx2_(sp_f32x8);
        sp_rest_f32x8 = _mm256_add_ps(_mm256_sub_ps(lead_f32x8, sp_head_f32x8), sp_rest_f32x8);
        lead_f32x8 = cp_f32x8;
        cp_f32x8 = _mm256_add_ps(lead_f32x8, cp_rest_f32x8);
        cp_head_f32x8 = sphere_head_avx2_(cp_f32x8);
        cp_rest_f32x8 = _mm256_add_ps(_mm256_sub_ps(lead_f32x8, cp_head_f32x8), cp_rest_f32x8);
        cp_f32x8 = SPHERE_MADD_F32X8_(st_head_f32x8, cp_rest_f32x8, _mm256_mul_ps(st_rest_f32x8, cp_f32x8));
        sp_f32x8 = SPHERE_MADD_F32X8_(st_head_f32x8, sp_rest_f32x8, _mm256_mul_ps(st_rest_f32x8, sp_f32x8));
        _mm256_storeu_ps(x + i, sphere_flip_avx2_(SPHERE_MADD_F32X8_(st_head_f32x8, cp_head_f32x8, cp_f32x8), _mm256_xor_si256(qt_i32x8, _mm256_add_epi32(qp_i32x8, one_i32x8))));
        _mm256_storeu_ps(y + i, sphere_flip_avx2_(SPHERE_MADD_F32X8_(st_head_f32x8, sp_head_f32x8, sp_f32x8), _mm256_xor_si256(qt_i32x8, qp_i32x8)));
        _mm256_storeu_ps(z + i, _mm256_mul_ps(radius_f32x8, sphere_flip_avx2_(_mm256_add_ps(ct_f32x8, ct_rest_f32x8), _mm256_add_epi32(qt_i32x8, one_i32x8))));
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
/* Four points in double; every angle is within the limit. */
static void sphere_to_cartesian_wide_neon_(float *x, float *y, float *z, const float *r, const float *theta, const float *phi)
{
    size_t i;
    for (i = 0; i < 4; i += 2) {
        float64x2_t st_f64x2, ct_f64x2, sp_f64x2, cp_f64x2, r_f64x2 = vdupq_n_f64(1.0);
        if (r) r_f64x2 = vcvt_f64_f32(vld1_f32(r + i));
        sphere_sincos_wide_neon_(vcvt_f64_f32(vld1_f32(theta + i)), &st_f64x2, &ct_f64x2);
        sphere_sincos_wide_neon_(vcvt_f64_f32(vld1_f32(phi + i)), &sp_f64x2, &cp_f64x2);
        st_f64x2 = vmulq_f64(r_f64x2, st_f64x2);
        sphere_store_narrow_neon_(x + i, vmulq_f64(st_f64x2, cp_f64x2));
        sphere_store_narrow_neon_(y + i, vmulq_f64(st_f64x2, sp_f64x2));
        sphere_store_narrow_neon_(z + i, vmulq_f64(r_f64x2, ct_f64x2));
    }
}
SPHERE_INLINE_ uint32x4_t sphere_sincos_pair_neon_(float32x4_t x_f32x4, float32x4_t *s_f32x4, float32x4_t *s_rest_f32x4, float32x4_t *c_f32x4, float32x4_t *c_rest_f32x4)
{
    const float32x4_t round_f32x4 = vdupq_n_f32(12582912.0f), turn_f32x4 = SPHERE_MADD_F32X4_(x_f32x4, vdupq_n_f32(0.636619747f), round_f32x4);
    const float32x4_t k_f32x4 = vsubq_f32(turn_f32x4, round_f32x4), one_f32x4 = vdupq_n_f32(1.0f);
    const float32x4_t a_f32x4 = vsubq_f32(x_f32x4, vmulq_f32(k_f32x4, vdupq_n_f32(1.57080078125f)));
    const float32x4_t b_f32x4 = vmulq_f32(k_f32x4, vdupq_n_f32(-4.45445766672492e-06f)), r_f32x4 = vsubq_f32(a_f32x4, b_f32x4);
    const float32x4_t low_f32x4 = vsubq_f32(vsubq_f32(vsubq_f32(a_f32x4, r_f32x4), b_f32x4), vmulq_f32(k_f32x4, vdupq_n_f32(2.56334407e-12f)));
    const float32x4_t z_f32x4 = vmulq_f32(r_f32x4, r_f32x4), half_f32x4 = vmulq_f32(vdupq_n_f32(0.5f), z_f32x4), w_f32x4 = vsubq_f32(one_f32x4, half_f32x4);
    const uint32x4_t q_u32x4 = vreinterpretq_u32_f32(turn_f32x4), odd_u32x4 = vtstq_u32(q_u32x4, vdupq_n_u32(1));
    float32x4_t sr_f32x4 = SPHERE_MADD_F32X4_(vdupq_n_f32(-0.00019516499f), z_f32x4, vdupq_n_f32(0.00833217241f));
    float32x4_t cr_f32x4 = SPHERE_MADD_F32X4_(vdupq_n_f32(2.44375551e-05f), z_f32x4, vdupq_n_f32(-0.00138873595f));
    sr_f32x4 = SPHERE_MADD_F32X4_(sr_f32x4, z_f32x4, vdupq_n_f32(-0.166666552f));
    cr_f32x4 = SPHERE_MADD_F32X4_(cr_f32x4, z_f32x4, vdupq_n_f32(0.0416666456f));
    sr_f32x4 = SPHERE_MADD_F32X4_(sr_f32x4, vmulq_f32(z_f32x4, r_f32x4), low_f32x4);
    cr_f32x4 = vsubq_f32(vmulq_f32(cr_f32x4, vmulq_f32(z_f32x4, z_f32x4)), vmulq_f32(r_f32x4, low_f32x4));
    cr_f32x4 = vaddq_f32(vsubq_f32(vsubq_f32(one_f32x4, w_f32x4), half_f32x4), cr_f32x4);
    *s_f32x4 = vbslq_f32(odd_u32x4, w_f32x4, r_f32x4);
    *s_rest_f32x4 = vbslq_f32(odd_u32x4, cr_f32x4, sr_f32x4);
    *c_f32x4 = vbslq_f32(odd_u32x4, r_f32x4, w_f32x4);
    *c_rest_f32x4 = vbslq_f32(odd_u32x4, sr_f32x4, cr_f32x4);
    return q_u32x4;
}
SPHERE_INLINE_ float32x4_t sphere_head_neon_(float32x4_t v_f32x4)
{
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(v_f32x4), vdupq_n_u32((uint32_t)SPHERE_HEAD_)));
}
SPHERE_INLINE_ float32x4_t sphere_flip_neon_(float32x4_t v_f32x4, uint32x4_t q_u32x4)
{
    return vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(v_f32x4), vandq_u32(vshlq_n_u32(q_u32x4, 30), vdupq_n_u32(0x80000000u))));
}
/* All ones where |v| is 0 or from the low limit to high; the bits of a NaN are above every limit. */
SPHERE_INLINE_ uint32x4_t sphere_turn_usual_neon_(uint32x4_t size_u32x4, uint32_t high)
{
    const uint32x4_t one_u32x4 = vdupq_n_u32(1);
    return vandq_u32(vcleq_u32(size_u32x4, vdupq_n_u32(high)), vcgeq_u32(vsubq_u32(size_u32x4, one_u32x4), vdupq_n_u32(SPHERE_TURN_LOW_ - 1)));
}
static void sphere_to_cartesian_neon_(float *x, float *y, float *z, const float *r, const float *theta, const float *phi, size_t n)
{
    const uint32x4_t size_u32x4 = vdupq_n_u32(0x7fffffffu), one_u32x4 = vdupq_n_u32(1);
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        const float32x4_t t_f32x4 = vld1q_f32(theta + i), p_f32x4 = vld1q_f32(phi + i), radius_f32x4 = r ? vld1q_f32(r + i) : vdupq_n_f32(1.0f);
        const uint32x4_t at_u32x4 = vandq_u32(vreinterpretq_u32_f32(t_f32x4), size_u32x4), ap_u32x4 = vandq_u32(vreinterpretq_u32_f32(p_f32x4), size_u32x4);
        const uint32x4_t ar_u32x4 = vandq_u32(vreinterpretq_u32_f32(radius_f32x4), size_u32x4);
        const uint32x4_t usual_u32x4 = vandq_u32(sphere_turn_usual_neon_(ar_u32x4, SPHERE_TURN_FAR_),
                                                 vandq_u32(sphere_turn_usual_neon_(at_u32x4, SPHERE_TURN_HIGH_), sphere_turn_usual_neon_(ap_u32x4, SPHERE_TURN_HIGH_)));
        float32x4_t st_f32x4, ct_f32x4, sp_f32x4, cp_f32x4, st_rest_f32x4, ct_rest_f32x4, sp_rest_f32x4, cp_rest_f32x4, lead_f32x4, st_head_f32x4, sp_head_f32x4, cp_head_f32x4;
        uint32x4_t qt_u32x4, qp_u32x4;
        if (vminvq_u32(usual_u32x4) == 0) {
            const uint32x4_t wide_u32x4 = vcleq_f32(vreinterpretq_f32_u32(vmaxq_u32(at_u32x4, ap_u32x4)), vdupq_n_f32(SPHERE_WIDE_LIMIT_));
            if (vmaxvq_u32(usual_u32x4) == 0 && vminvq_u32(wide_u32x4) != 0) sphere_to_cartesian_wide_neon_(x + i, y + i, z + i, r ? r + i : NULL, theta + i, phi + i);
            else sphere_to_cartesian_c_(x + i, y + i, z + i, r ? r + i : NULL, theta + i, phi + i, 4);
            continue;
        }
        qt_u32x4 = sphere_sincos_pair_neon_(t_f32x4, &lead_f32x4, &st_rest_f32x4, &ct_f32x4, &ct_rest_f32x4);
        st_f32x4 = vaddq_f32(lead_f32x4, st_rest_f32x4);
        st_head_f32x4 = sphere_head_neon_(st_f32x4);
        st_rest_f32x4 = vaddq_f32(vsubq_f32(lead_f32x4, st_head_f32x4), st_rest_f32x4);
        if (r) {
            const float32x4_t r_head_f32x4 = sphere_head_neon_(radius_f32x4);
            lead_f32x4 = vmulq_f32(r_head_f32x4, st_head_f32x4);
            st_rest_f32x4 = SPHERE_MADD_F32X4_(r_head_f32x4, st_rest_f32x4, vmulq_f32(vsubq_f32(radius_f32x4, r_head_f32x4), st_f32x4));
            st_head_f32x4 = sphere_head_neon_(vaddq_f32(lead_f32x4, st_rest_f32x4));
            st_rest_f32x4 = vaddq_f32(vsubq_f32(lead_f32x4, st_head_f32x4), st_rest_f32x4);
        }
        qp_u32x4 = sphere_sincos_pair_neon_(p_f32x4, &lead_f32x4, &sp_rest_f32x4, &cp_f32x4, &cp_rest_f32x4);
        sp_f32x4 = vaddq_f32(lead_f32x4, sp_rest_f32x4);
        sp_head_f32x4 = sphere_head_neon_(sp_f32x4);
        sp_rest_f32x4 = vaddq_f32(vsubq_f32(lead_f32x4, sp_head_f32x4), sp_rest_f32x4);
        lead_f32x4 = cp_f32x4;
        cp_f32x4 = vaddq_f32(lead_f32x4, cp_rest_f32x4);
        cp_head_f32x4 = sphere_head_neon_(cp_f32x4);
        cp_rest_f32x4 = vaddq_f32(vsubq_f32(lead_f32x4, cp_head_f32x4), cp_rest_f32x4);
        cp_f32x4 = SPHERE_MADD_F32X4_(st_head_f32x4, cp_rest_f32x4, vmulq_f32(st_rest_f32x4, cp_f32x4));
        sp_f32x4 = SPHERE_MADD_F32X4_(st_head_f32x4, sp_rest_f32x4, vmulq_f32(st_rest_f32x4, sp_f32x4));
        vst1q_f32(x + i, sphere_flip_neon_(SPHERE_MADD_F32X4_(st_head_f32x4, cp_head_f32x4, cp_f32x4), veorq_u32(qt_u32x4, vaddq_u32(qp_u32x4, one_u32x4))));
        vst1q_f32(y + i, sphere_flip_neon_(SPHERE_MADD_F32X4_(st_head_f32x4, sp_head_f32x4, sp_f32x4), veorq_u32(qt_u32x4, qp_u32x4)));
        vst1q_f32(z + i, vmulq_f32(radius_f32x4, sphere_flip_neon_(vaddq_f32(ct_f32x4, ct_rest_f32x4), vaddq_u32(qt_u32x4, one_u32x4))));
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

/* Points in a cone. cone[0..2] is the axis, cone[3] the cosine, cone[4] and cone[5] the range of radii, for r != NULL. A comparison
   with a NaN is false, so a NaN point is in no cone. */
SPHERE_INLINE_ int sphere_in_cone_c_(const float *x, const float *y, const float *z, const float *r, size_t i, const float *cone)
{
    const int in = SPHERE_MADD_(z[i], cone[2], SPHERE_MADD_(y[i], cone[1], x[i] * cone[0])) >= cone[3];
    return r ? in & (r[i] >= cone[4]) & (r[i] <= cone[5]) : in;
}
#if SPHERE_AVX2_
/* What the three AVX2 kernels keep in registers, and the test of eight points: all ones where a point is inside. */
#define SPHERE_CONE_AVX2_ ax_f32x8 = _mm256_broadcast_ss(cone), ay_f32x8 = _mm256_broadcast_ss(cone + 1), az_f32x8 = _mm256_broadcast_ss(cone + 2), \
    cosine_f32x8 = _mm256_broadcast_ss(cone + 3), r0_f32x8 = _mm256_broadcast_ss(cone + 4), r1_f32x8 = _mm256_broadcast_ss(cone + 5)
#define SPHERE_IN_CONE_AVX2_(at) (r ? _mm256_and_ps(SPHERE_IN_CONE3_AVX2_(at), _mm256_and_ps( \
    _mm256_cmp_ps(_mm256_loadu_ps(r + (at)), r0_f32x8, _CMP_GE_OQ), _mm256_cmp_ps(_mm256_loadu_ps(r + (at)), r1_f32x8, _CMP_LE_OQ))) : SPHERE_IN_CONE3_AVX2_(at))
#define SPHERE_IN_CONE3_AVX2_(at) _mm256_cmp_ps(SPHERE_MADD_F32X8_(_mm256_loadu_ps(z + (at)), az_f32x8, SPHERE_MADD_F32X8_( \
    _mm256_loadu_ps(y + (at)), ay_f32x8, _mm256_mul_ps(_mm256_loadu_ps(x + (at)), ax_f32x8))), cosine_f32x8, _CMP_GE_OQ)
/* Three streams at once outrun the hardware's prefetcher when they come from memory: 2 KB ahead was measured best. */
#define SPHERE_CONE_AHEAD_AVX2_(at) do { _mm_prefetch((const char *)(x + (at)) + 2048, _MM_HINT_T0); \
    _mm_prefetch((const char *)(y + (at)) + 2048, _MM_HINT_T0); _mm_prefetch((const char *)(z + (at)) + 2048, _MM_HINT_T0); } while (0)
#endif
#if SPHERE_NEON_
SPHERE_INLINE_ uint32x4_t sphere_in_cone_neon_(const float *x, const float *y, const float *z, const float *r, size_t i, const float *cone)
{
    float32x4_t dot_f32x4 = SPHERE_MADD_F32X4_(vld1q_f32(y + i), vdupq_n_f32(cone[1]), vmulq_f32(vld1q_f32(x + i), vdupq_n_f32(cone[0])));
    uint32x4_t in_u32x4;
    dot_f32x4 = SPHERE_MADD_F32X4_(vld1q_f32(z + i), vdupq_n_f32(cone[2]), dot_f32x4);
    in_u32x4 = vcgeq_f32(dot_f32x4, vdupq_n_f32(cone[3]));
    if (!r) return in_u32x4;
    in_u32x4 = vandq_u32(in_u32x4, vcgeq_f32(vld1q_f32(r + i), vdupq_n_f32(cone[4])));
    return vandq_u32(in_u32x4, vcleq_f32(vld1q_f32(r + i), vdupq_n_f32(cone[5])));
}
/* One bit per point of four. */
SPHERE_INLINE_ uint32_t sphere_cone_bits4_neon_(uint32x4_t in_u32x4)
{
    static const uint32_t weight[4] = { 1, 2, 4, 8 };
    return vaddvq_u32(vandq_u32(in_u32x4, vld1q_u32(weight)));
}
#endif
#if SPHERE_AVX2_ || SPHERE_NEON_
/* For each mask of 8 bits: the places of its ones, 3 bits each from below, and how many there are, from bit 24. The compiler writes
   the table; places behind the last one are 0. */
#define SPHERE_LEFT1_(m, bit, rest) ((rest) << 3 * ((m) >> (bit) & 1u) | (bit) * ((m) >> (bit) & 1u))
#define SPHERE_LEFT_(m) SPHERE_LEFT1_(m, 0u, SPHERE_LEFT1_(m, 1u, SPHERE_LEFT1_(m, 2u, SPHERE_LEFT1_(m, 3u, SPHERE_LEFT1_(m, 4u, SPHERE_LEFT1_(m, 5u, \
    SPHERE_LEFT1_(m, 6u, SPHERE_LEFT1_(m, 7u, 0u)))))))) \
    | (((m) & 1u) + ((m) >> 1 & 1u) + ((m) >> 2 & 1u) + ((m) >> 3 & 1u) + ((m) >> 4 & 1u) + ((m) >> 5 & 1u) + ((m) >> 6 & 1u) + ((m) >> 7)) << 24
#define SPHERE_LEFT4_(m) SPHERE_LEFT_(m), SPHERE_LEFT_((m) + 1u), SPHERE_LEFT_((m) + 2u), SPHERE_LEFT_((m) + 3u)
#define SPHERE_LEFT16_(m) SPHERE_LEFT4_(m), SPHERE_LEFT4_((m) + 4u), SPHERE_LEFT4_((m) + 8u), SPHERE_LEFT4_((m) + 12u)
#define SPHERE_LEFT64_(m) SPHERE_LEFT16_(m), SPHERE_LEFT16_((m) + 16u), SPHERE_LEFT16_((m) + 32u), SPHERE_LEFT16_((m) + 48u)
static const uint32_t sphere_left_[256] = { SPHERE_LEFT64_(0u), SPHERE_LEFT64_(64u), SPHERE_LEFT64_(128u), SPHERE_LEFT64_(192u) };
#endif

/* >>kernel cone_bytes: mask[i] = 1 where point i is in the cone, else 0 */
static void sphere_cone_bytes_c_(uint8_t *mask, const float *x, const float *y, const float *z, const float *r, size_t n, const float *cone)
{
    size_t i;
    for (i = 0; i < n; i++) mask[i] = (uint8_t)sphere_in_cone_c_(x, y, z, r, i, cone);
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_cone_bytes_avx2_(uint8_t *mask, const float *x, const float *y, const float *z, const float *r, size_t n, const float *cone)
{
    const __m256 SPHERE_CONE_AVX2_;
    const __m256i order_i32x8 = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);              /* packing works in halves: undo that */
    size_t i = 0;
    for (; i + 32 <= n; i += 32) {
        __m256i a_i16x16, b_i16x16;
        SPHERE_CONE_AHEAD_AVX2_(i);
        SPHERE_CONE_AHEAD_AVX2_(i + 16);
        a_i16x16 = _mm256_packs_epi32(_mm256_castps_si256(SPHERE_IN_CONE_AVX2_(i)), _mm256_castps_si256(SPHERE_IN_CONE_AVX2_(i + 8)));
        b_i16x16 = _mm256_packs_epi32(_mm256_castps_si256(SPHERE_IN_CONE_AVX2_(i + 16)), _mm256_castps_si256(SPHERE_IN_CONE_AVX2_(i + 24)));
        a_i16x16 = _mm256_permutevar8x32_epi32(_mm256_packs_epi16(a_i16x16, b_i16x16), order_i32x8);
        _mm256_storeu_si256((__m256i *)(void *)(mask + i), _mm256_and_si256(a_i16x16, _mm256_set1_epi8(1)));
    }
    sphere_cone_bytes_c_(mask + i, x + i, y + i, z + i, r ? r + i : NULL, n - i, cone);
}
#endif
#if SPHERE_NEON_
static void sphere_cone_bytes_neon_(uint8_t *mask, const float *x, const float *y, const float *z, const float *r, size_t n, const float *cone)
{
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const uint16x4_t a_u16x4 = vmovn_u32(sphere_in_cone_neon_(x, y, z, r, i, cone)), b_u16x4 = vmovn_u32(sphere_in_cone_neon_(x, y, z, r, i + 4, cone));
        const uint16x4_t c_u16x4 = vmovn_u32(sphere_in_cone_neon_(x, y, z, r, i + 8, cone)), d_u16x4 = vmovn_u32(sphere_in_cone_neon_(x, y, z, r, i + 12, cone));
        const uint8x16_t all_u8x16 = vcombine_u8(vmovn_u16(vcombine_u16(a_u16x4, b_u16x4)), vmovn_u16(vcombine_u16(c_u16x4, d_u16x4)));
        vst1q_u8(mask + i, vandq_u8(all_u8x16, vdupq_n_u8(1)));
    }
    sphere_cone_bytes_c_(mask + i, x + i, y + i, z + i, r ? r + i : NULL, n - i, cone);
}
#endif

/* >>kernel cone_bits: bit i mod 32 of bits[i / 32] is 1 where point i is in the cone; the bits behind the last point are 0 */
static void sphere_cone_bits_c_(uint32_t *bits, const float *x, const float *y, const float *z, const float *r, size_t n, const float *cone)
{
    size_t at, i;
    for (at = 0; at < n; at += 32) {
        uint32_t word = 0;
        for (i = at; i < n && i < at + 32; i++) word |= (uint32_t)sphere_in_cone_c_(x, y, z, r, i, cone) << (i - at);
        *bits++ = word;
    }
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_cone_bits_avx2_(uint32_t *bits, const float *x, const float *y, const float *z, const float *r, size_t n, const float *cone)
{
    const __m256 SPHERE_CONE_AVX2_;
    size_t i = 0;
    for (; i + 32 <= n; i += 32) {
        uint32_t word;
        SPHERE_CONE_AHEAD_AVX2_(i);
        SPHERE_CONE_AHEAD_AVX2_(i + 16);
        word = (uint32_t)_mm256_movemask_ps(SPHERE_IN_CONE_AVX2_(i)) | (uint32_t)_mm256_movemask_ps(SPHERE_IN_CONE_AVX2_(i + 8)) << 8;
        word |= (uint32_t)_mm256_movemask_ps(SPHERE_IN_CONE_AVX2_(i + 16)) << 16 | (uint32_t)_mm256_movemask_ps(SPHERE_IN_CONE_AVX2_(i + 24)) << 24;
        memcpy(bits + i / 32, &word, sizeof(word));                                     /* bits may lie at any address */
    }
    sphere_cone_bits_c_(bits + i / 32, x + i, y + i, z + i, r ? r + i : NULL, n - i, cone);
}
#endif
#if SPHERE_NEON_
static void sphere_cone_bits_neon_(uint32_t *bits, const float *x, const float *y, const float *z, const float *r, size_t n, const float *cone)
{
    size_t i = 0, k;
    for (; i + 32 <= n; i += 32) {
        uint32_t word = 0;
        for (k = 0; k < 32; k += 4) word |= sphere_cone_bits4_neon_(sphere_in_cone_neon_(x, y, z, r, i + k, cone)) << k;
        memcpy(bits + i / 32, &word, sizeof(word));
    }
    sphere_cone_bits_c_(bits + i / 32, x + i, y + i, z + i, r ? r + i : NULL, n - i, cone);
}
#endif

/* >>kernel cone_index: first + i for the points i in the cone, ascending; returns how many there are. At most capacity are stored and
   nothing is written behind the last one: whole vectors go to a block in the first-level cache, the block's hits are copied. */
static size_t sphere_cone_index_c_(uint32_t *index, size_t capacity, const float *x, const float *y, const float *z, const float *r, size_t n, const float *cone,
                                   uint32_t first)
{
    size_t i, count = 0;
    for (i = 0; i < n; i++) if (sphere_in_cone_c_(x, y, z, r, i, cone)) {
        if (count < capacity) index[count] = first + (uint32_t)i;
        count++;
    }
    return count;
}
#if SPHERE_AVX2_ || SPHERE_NEON_
#define SPHERE_CONE_BLOCK_ 1024
/* Append the hits of a block; returns the new count. */
SPHERE_INLINE_ size_t sphere_cone_append_(uint32_t *index, size_t capacity, size_t count, const uint32_t *hit, size_t hits)
{
    if (count < capacity && hits) memcpy(index + count, hit, (hits < capacity - count ? hits : capacity - count) * sizeof(uint32_t));
    return count + hits;
}
#endif
#if SPHERE_AVX2_
/* Store the places of eight points that an entry of the table names, to the left; the permutation reads 3 bits of each lane. The count
   is read from the table's top byte by itself, so that the entry can go from memory to all lanes at once. */
#define SPHERE_CONE_PACK_AVX2_(left) do { \
        const __m256i from_i32x8 = _mm256_srlv_epi32(_mm256_broadcastd_epi32(_mm_cvtsi32_si128((int)*(left))), shift_i32x8); \
        _mm256_storeu_si256((__m256i *)(void *)(hit + hits), _mm256_permutevar8x32_epi32(place_i32x8, from_i32x8)); \
        hits += ((const unsigned char *)(left))[3]; \
        place_i32x8 = _mm256_add_epi32(place_i32x8, step_i32x8); } while (0)
SPHERE_TARGET_AVX2_ static size_t sphere_cone_index_avx2_(uint32_t *index, size_t capacity, const float *x, const float *y, const float *z, const float *r, size_t n,
                                                         const float *cone, uint32_t first)
{
    const __m256 SPHERE_CONE_AVX2_;
    const __m256i shift_i32x8 = _mm256_setr_epi32(0, 3, 6, 9, 12, 15, 18, 21), step_i32x8 = _mm256_set1_epi32(8);
    __m256i place_i32x8 = _mm256_add_epi32(_mm256_set1_epi32((int)first), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    uint32_t hit[SPHERE_CONE_BLOCK_ + 8];
    size_t i = 0, end, hits, count = 0;
    while (i + 16 <= n) {
        end = n - i < SPHERE_CONE_BLOCK_ ? n & ~(size_t)15 : i + SPHERE_CONE_BLOCK_;
        for (hits = 0; i < end; i += 16) {                              /* no jump depends on the data: a missed one costs 20 points */
            const uint32_t *a = sphere_left_ + _mm256_movemask_ps(SPHERE_IN_CONE_AVX2_(i)), *b = sphere_left_ + _mm256_movemask_ps(SPHERE_IN_CONE_AVX2_(i + 8));
            SPHERE_CONE_AHEAD_AVX2_(i);
            SPHERE_CONE_PACK_AVX2_(a);
            SPHERE_CONE_PACK_AVX2_(b);
        }
        count = sphere_cone_append_(index, capacity, count, hit, hits);
    }
    hits = sphere_cone_index_c_(hit, 16, x + i, y + i, z + i, r ? r + i : NULL, n - i, cone, first + (uint32_t)i);
    return sphere_cone_append_(index, capacity, count, hit, hits);
}
#endif
#if SPHERE_NEON_
static size_t sphere_cone_index_neon_(uint32_t *index, size_t capacity, const float *x, const float *y, const float *z, const float *r, size_t n, const float *cone,
                                      uint32_t first)
{
    static const int32_t shift[4] = { 0, -3, -6, -9 };
    static const uint32_t place[4] = { 0, 1, 2, 3 };
    uint32_t hit[SPHERE_CONE_BLOCK_ + 4];
    size_t i = 0, end, hits, count = 0;
    while (i + 4 <= n) {
        end = n - i < SPHERE_CONE_BLOCK_ ? n & ~(size_t)3 : i + SPHERE_CONE_BLOCK_;
        for (hits = 0; i < end; i += 4) {
            const uint32_t left = sphere_left_[sphere_cone_bits4_neon_(sphere_in_cone_neon_(x, y, z, r, i, cone))];
            const uint32x4_t place_u32x4 = vaddq_u32(vdupq_n_u32(first + (uint32_t)i), vld1q_u32(place));
            /* lane k of the result is lane j = place k of the mask: bytes 4 j .. 4 j + 3 */
            const uint32x4_t from_u32x4 = vandq_u32(vshlq_u32(vdupq_n_u32(left), vld1q_s32(shift)), vdupq_n_u32(3));
            const uint32x4_t bytes_u32x4 = vaddq_u32(vmulq_u32(from_u32x4, vdupq_n_u32(0x04040404u)), vdupq_n_u32(0x03020100u));
            vst1q_u32(hit + hits, vreinterpretq_u32_u8(vqtbl1q_u8(vreinterpretq_u8_u32(place_u32x4), vreinterpretq_u8_u32(bytes_u32x4))));
            hits += left >> 24;
        }
        count = sphere_cone_append_(index, capacity, count, hit, hits);
    }
    hits = sphere_cone_index_c_(hit, 4, x + i, y + i, z + i, r ? r + i : NULL, n - i, cone, first + (uint32_t)i);
    return sphere_cone_append_(index, capacity, count, hit, hits);
}
#endif

/* e^x: the operations of sphere_exp_, with its ends put in by comparison. */
#if SPHERE_AVX2_
SPHERE_AVX2_FN_ __m256 sphere_exp_avx2_(__m256 x_f32x8)
{
    const __m256 round_f32x8 = _mm256_set1_ps(12582912.0f), none_f32x8 = _mm256_cmp_ps(x_f32x8, _mm256_set1_ps(-104.0f), _CMP_LT_OQ);
    const __m256 k_f32x8 = _mm256_sub_ps(SPHERE_MADD_F32X8_(x_f32x8, _mm256_set1_ps(1.44269502f), round_f32x8), round_f32x8);
    const __m256 r_f32x8 = _mm256_sub_ps(_mm256_sub_ps(x_f32x8, _mm256_mul_ps(k_f32x8, _mm256_set1_ps(0.693115234375f))),
                                         _mm256_mul_ps(k_f32x8, _mm256_set1_ps(3.19461833e-05f)));
    const __m256i whole_i32x8 = _mm256_cvttps_epi32(k_f32x8), bias_i32x8 = _mm256_set1_epi32(127);
    const __m256i half_i32x8 = _mm256_sub_epi32(_mm256_srli_epi32(_mm256_add_epi32(whole_i32x8, _mm256_set1_epi32(512)), 1), _mm256_set1_epi32(256));
    __m256 p_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(0.00139505789f), r_f32x8, _mm256_set1_ps(0.00836893264f));
    p_f32x8 = SPHERE_MADD_F32X8_(p_f32x8, r_f32x8, _mm256_set1_ps(0.041666206f));
    p_f32x8 = SPHERE_MADD_F32X8_(p_f32x8, r_f32x8, _mm256_set1_ps(0.166665182f));
    p_f32x8 = SPHERE_MADD_F32X8_(p_f32x8, r_f32x8, _mm256_set1_ps(0.5f));
    p_f32x8 = _mm256_add_ps(r_f32x8, _mm256_mul_ps(_mm256_mul_ps(r_f32x8, r_f32x8), p_f32x8));
    p_f32x8 = _mm256_add_ps(_mm256_set1_ps(1.0f), p_f32x8);                             /* 1 + (r + r r p)              */
    p_f32x8 = _mm256_mul_ps(p_f32x8, _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(half_i32x8, bias_i32x8), 23)));
    p_f32x8 = _mm256_mul_ps(p_f32x8, _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(_mm256_sub_epi32(whole_i32x8, half_i32x8), bias_i32x8), 23)));
    p_f32x8 = _mm256_blendv_ps(p_f32x8, _mm256_castsi256_ps(_mm256_set1_epi32(0x7f800000)), _mm256_cmp_ps(x_f32x8, _mm256_set1_ps(88.722839f), _CMP_GT_OQ));
    p_f32x8 = _mm256_blendv_ps(p_f32x8, x_f32x8, _mm256_cmp_ps(x_f32x8, x_f32x8, _CMP_UNORD_Q));
    return _mm256_andnot_ps(none_f32x8, p_f32x8);
}
#endif
#if SPHERE_NEON_
SPHERE_INLINE_ float32x4_t sphere_exp_neon_(float32x4_t x_f32x4)
{
    const float32x4_t round_f32x4 = vdupq_n_f32(12582912.0f);
    const uint32x4_t none_u32x4 = vcltq_f32(x_f32x4, vdupq_n_f32(-104.0f)), real_u32x4 = vceqq_f32(x_f32x4, x_f32x4);
    const float32x4_t k_f32x4 = vsubq_f32(SPHERE_MADD_F32X4_(x_f32x4, vdupq_n_f32(1.44269502f), round_f32x4), round_f32x4);
    const float32x4_t r_f32x4 = vsubq_f32(vsubq_f32(x_f32x4, vmulq_f32(k_f32x4, vdupq_n_f32(0.693115234375f))), vmulq_f32(k_f32x4, vdupq_n_f32(3.19461833e-05f)));
    const int32x4_t whole_i32x4 = vcvtq_s32_f32(k_f32x4), bias_i32x4 = vdupq_n_s32(127);
    const int32x4_t half_i32x4 = vsubq_s32(vshrq_n_s32(vaddq_s32(whole_i32x4, vdupq_n_s32(512)), 1), vdupq_n_s32(256));
    float32x4_t p_f32x4 = SPHERE_MADD_F32X4_(vdupq_n_f32(0.00139505789f), r_f32x4, vdupq_n_f32(0.00836893264f));
    p_f32x4 = SPHERE_MADD_F32X4_(p_f32x4, r_f32x4, vdupq_n_f32(0.041666206f));
    p_f32x4 = SPHERE_MADD_F32X4_(p_f32x4, r_f32x4, vdupq_n_f32(0.166665182f));
    p_f32x4 = SPHERE_MADD_F32X4_(p_f32x4, r_f32x4, vdupq_n_f32(0.5f));
    p_f32x4 = vaddq_f32(vdupq_n_f32(1.0f), vaddq_f32(r_f32x4, vmulq_f32(vmulq_f32(r_f32x4, r_f32x4), p_f32x4)));
    p_f32x4 = vmulq_f32(p_f32x4, vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(half_i32x4, bias_i32x4), 23)));
    p_f32x4 = vmulq_f32(p_f32x4, vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(vsubq_s32(whole_i32x4, half_i32x4), bias_i32x4), 23)));
    p_f32x4 = vbslq_f32(vcgtq_f32(x_f32x4, vdupq_n_f32(88.722839f)), vreinterpretq_f32_u32(vdupq_n_u32(0x7f800000u)), p_f32x4);
    return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(vbslq_f32(real_u32x4, p_f32x4, x_f32x4)), none_u32x4));
}
#endif

/* >>kernel cone_width: clamp(a0 sqrt(clamp(r / R, 0, 1)) exp(-beta max(rho, 0)) (1 - clamp(q, 0, 1)), low, high) with
   law = a0, R, beta, low, high; rho and q may be NULL for 0. A NaN gives NaN. */
SPHERE_INLINE_ float sphere_clamp_(float v, float low, float high) { v = v > low ? v : low; return v < high ? v : high; }
static void sphere_cone_width_c_(float *width, const float *r, const float *rho, const float *q, size_t n, const float *law)
{
    size_t i;
    for (i = 0; i < n; i++) {
        const float d = rho ? rho[i] : 0, c = q ? q[i] : 0, s = r[i] / law[1];
        const float w = law[0] * sphere_sqrt_(sphere_clamp_(s, 0, 1)) * sphere_exp_(-law[2] * sphere_clamp_(d, 0, 3.40282347e+38f)) * (1.0f - sphere_clamp_(c, 0, 1));
        width[i] = s == s && d == d && c == c && w == w ? sphere_canonical_(sphere_clamp_(w, law[3], law[4])) : sphere_nan_();
    }
}
#if SPHERE_AVX2_
SPHERE_AVX2_FN_ __m256 sphere_clamp_avx2_(__m256 v_f32x8, __m256 low_f32x8, __m256 high_f32x8)
{
    v_f32x8 = _mm256_blendv_ps(low_f32x8, v_f32x8, _mm256_cmp_ps(v_f32x8, low_f32x8, _CMP_GT_OQ));
    return _mm256_blendv_ps(high_f32x8, v_f32x8, _mm256_cmp_ps(v_f32x8, high_f32x8, _CMP_LT_OQ));
}
SPHERE_TARGET_AVX2_ static void sphere_cone_width_avx2_(float *width, const float *r, const float *rho, const float *q, size_t n, const float *law)
{
    const __m256 zero_f32x8 = _mm256_setzero_ps(), one_f32x8 = _mm256_set1_ps(1.0f), a0_f32x8 = _mm256_broadcast_ss(law), range_f32x8 = _mm256_broadcast_ss(law + 1);
    const __m256 beta_f32x8 = _mm256_set1_ps(-law[2]), low_f32x8 = _mm256_broadcast_ss(law + 3), high_f32x8 = _mm256_broadcast_ss(law + 4);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256 d_f32x8 = rho ? _mm256_loadu_ps(rho + i) : zero_f32x8, c_f32x8 = q ? _mm256_loadu_ps(q + i) : zero_f32x8;
        const __m256 s_f32x8 = _mm256_div_ps(_mm256_loadu_ps(r + i), range_f32x8);
        __m256 w_f32x8 = _mm256_mul_ps(a0_f32x8, _mm256_sqrt_ps(sphere_clamp_avx2_(s_f32x8, zero_f32x8, one_f32x8))), bad_f32x8;
        const __m256 e_f32x8 = _mm256_mul_ps(beta_f32x8, sphere_clamp_avx2_(d_f32x8, zero_f32x8, _mm256_set1_ps(3.40282347e+38f)));
        w_f32x8 = _mm256_mul_ps(w_f32x8, sphere_exp_avx2_(e_f32x8));
        w_f32x8 = _mm256_mul_ps(w_f32x8, _mm256_sub_ps(one_f32x8, sphere_clamp_avx2_(c_f32x8, zero_f32x8, one_f32x8)));
        bad_f32x8 = _mm256_or_ps(_mm256_cmp_ps(s_f32x8, d_f32x8, _CMP_UNORD_Q), _mm256_cmp_ps(c_f32x8, w_f32x8, _CMP_UNORD_Q));
        w_f32x8 = _mm256_blendv_ps(sphere_clamp_avx2_(w_f32x8, low_f32x8, high_f32x8), _mm256_castsi256_ps(_mm256_set1_epi32(0x7fc00000)), bad_f32x8);
        _mm256_storeu_ps(width + i, sphere_canonical_avx2_(w_f32x8));
    }
    sphere_cone_width_c_(width + i, r + i, rho ? rho + i : NULL, q ? q + i : NULL, n - i, law);
}
#endif
#if SPHERE_NEON_
SPHERE_INLINE_ float32x4_t sphere_clamp_neon_(float32x4_t v_f32x4, float32x4_t low_f32x4, float32x4_t high_f32x4)
{
    v_f32x4 = vbslq_f32(vcgtq_f32(v_f32x4, low_f32x4), v_f32x4, low_f32x4);
    return vbslq_f32(vcltq_f32(v_f32x4, high_f32x4), v_f32x4, high_f32x4);
}
static void sphere_cone_width_neon_(float *width, const float *r, const float *rho, const float *q, size_t n, const float *law)
{
    const float32x4_t zero_f32x4 = vdupq_n_f32(0), one_f32x4 = vdupq_n_f32(1.0f);
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        const float32x4_t d_f32x4 = rho ? vld1q_f32(rho + i) : zero_f32x4, c_f32x4 = q ? vld1q_f32(q + i) : zero_f32x4;
        const float32x4_t s_f32x4 = vdivq_f32(vld1q_f32(r + i), vdupq_n_f32(law[1]));
        float32x4_t w_f32x4 = vmulq_f32(vdupq_n_f32(law[0]), vsqrtq_f32(sphere_clamp_neon_(s_f32x4, zero_f32x4, one_f32x4)));
        const float32x4_t e_f32x4 = vmulq_f32(vdupq_n_f32(-law[2]), sphere_clamp_neon_(d_f32x4, zero_f32x4, vdupq_n_f32(3.40282347e+38f)));
        uint32x4_t good_u32x4;
        w_f32x4 = vmulq_f32(w_f32x4, sphere_exp_neon_(e_f32x4));
        w_f32x4 = vmulq_f32(w_f32x4, vsubq_f32(one_f32x4, sphere_clamp_neon_(c_f32x4, zero_f32x4, one_f32x4)));
        good_u32x4 = vandq_u32(vandq_u32(vceqq_f32(s_f32x4, s_f32x4), vceqq_f32(d_f32x4, d_f32x4)), vandq_u32(vceqq_f32(c_f32x4, c_f32x4), vceqq_f32(w_f32x4, w_f32x4)));
        w_f32x4 = sphere_clamp_neon_(w_f32x4, vdupq_n_f32(law[3]), vdupq_n_f32(law[4]));
        vst1q_f32(width + i, sphere_canonical_neon_(vbslq_f32(good_u32x4, w_f32x4, vreinterpretq_f32_u32(vdupq_n_u32(0x7fc00000u)))));
    }
    sphere_cone_width_c_(width + i, r + i, rho ? rho + i : NULL, q ? q + i : NULL, n - i, law);
}
#endif

/* >>kernel density: sum[0] = sum of K, sum[1] = sum of K value over n points, in 16 lanes, where
   K = exp(-((r - at[3])^2 + (angle at[3])^2) / (2 b^2)), at = direction, radius and 1 / b, angle = 2 atan2(|u - at|, |u + at|).
   r = NULL stands for radius 1 everywhere, value = NULL for 0. K below e^-87 is 0: subnormal numbers made the sum 2.5 times slower. */
#define SPHERE_DENSITY_FAR_ 174.0f
static void sphere_density_c_(float *sum, const float *x, const float *y, const float *z, const float *r, const float *value, size_t n, const float *at)
{
    float weight[16] = { 0 }, total[16] = { 0 };
    size_t i;
    for (i = 0; i < n; i++) {
        const float dx = x[i] - at[0], dy = y[i] - at[1], dz = z[i] - at[2], sx = x[i] + at[0], sy = y[i] + at[1], sz = z[i] + at[2];
        const float d = sphere_sqrt_(SPHERE_MADD_(dz, dz, SPHERE_MADD_(dy, dy, dx * dx))), s = sphere_sqrt_(SPHERE_MADD_(sz, sz, SPHERE_MADD_(sy, sy, sx * sx)));
        const float lesser = d < s ? d : s, large = d < s ? s : d;
        float a = sphere_atan01_(large == 0 ? 0 : lesser / large), u, v;
        if (d > s) a = 1.57079637f - (a + 4.37113883e-08f);
        u = 2.0f * a * at[3] * at[4];
        v = ((r ? r[i] : 1.0f) - at[3]) * at[4];
        v = SPHERE_MADD_(v, v, u * u);
        v = v > SPHERE_DENSITY_FAR_ ? 0 : sphere_exp_(-0.5f * v);
        weight[i & 15u] += v;
        if (value) total[i & 15u] = SPHERE_MADD_(v, value[i], total[i & 15u]);
    }
    sum[0] = sphere_lanes_c_(weight);
    sum[1] = sphere_lanes_c_(total);
}
#if SPHERE_AVX2_
/* K of eight points. */
SPHERE_AVX2_FN_ __m256 sphere_density_kernel_avx2_(__m256 x_f32x8, __m256 y_f32x8, __m256 z_f32x8, __m256 r_f32x8, const float *at)
{
    const __m256 ax_f32x8 = _mm256_broadcast_ss(at), ay_f32x8 = _mm256_broadcast_ss(at + 1), az_f32x8 = _mm256_broadcast_ss(at + 2);
    const __m256 ar_f32x8 = _mm256_broadcast_ss(at + 3), scale_f32x8 = _mm256_broadcast_ss(at + 4), zero_f32x8 = _mm256_setzero_ps();
    const __m256 dx_f32x8 = _mm256_sub_ps(x_f32x8, ax_f32x8), dy_f32x8 = _mm256_sub_ps(y_f32x8, ay_f32x8), dz_f32x8 = _mm256_sub_ps(z_f32x8, az_f32x8);
    const __m256 sx_f32x8 = _mm256_add_ps(x_f32x8, ax_f32x8), sy_f32x8 = _mm256_add_ps(y_f32x8, ay_f32x8), sz_f32x8 = _mm256_add_ps(z_f32x8, az_f32x8);
    const __m256 d_f32x8 = _mm256_sqrt_ps(SPHERE_MADD_F32X8_(dz_f32x8, dz_f32x8, SPHERE_MADD_F32X8_(dy_f32x8, dy_f32x8, _mm256_mul_ps(dx_f32x8, dx_f32x8))));
    const __m256 s_f32x8 = _mm256_sqrt_ps(SPHERE_MADD_F32X8_(sz_f32x8, sz_f32x8, SPHERE_MADD_F32X8_(sy_f32x8, sy_f32x8, _mm256_mul_ps(sx_f32x8, sx_f32x8))));
    const __m256 less_f32x8 = _mm256_cmp_ps(d_f32x8, s_f32x8, _CMP_LT_OQ);
    const __m256 small_f32x8 = _mm256_blendv_ps(s_f32x8, d_f32x8, less_f32x8), large_f32x8 = _mm256_blendv_ps(d_f32x8, s_f32x8, less_f32x8);
    __m256 a_f32x8 = _mm256_and_ps(_mm256_div_ps(small_f32x8, large_f32x8), _mm256_cmp_ps(large_f32x8, zero_f32x8, _CMP_NEQ_UQ)), v_f32x8;
    a_f32x8 = sphere_reflect_avx2_(sphere_atan01_avx2_(a_f32x8), _mm256_cmp_ps(d_f32x8, s_f32x8, _CMP_GT_OQ), 1.57079637f, 4.37113883e-08f);
    a_f32x8 = _mm256_mul_ps(_mm256_mul_ps(_mm256_mul_ps(_mm256_set1_ps(2.0f), a_f32x8), ar_f32x8), scale_f32x8);      /* angle at[3] / b  */
    v_f32x8 = _mm256_mul_ps(_mm256_sub_ps(r_f32x8, ar_f32x8), scale_f32x8);
    v_f32x8 = SPHERE_MADD_F32X8_(v_f32x8, v_f32x8, _mm256_mul_ps(a_f32x8, a_f32x8));
    a_f32x8 = _mm256_cmp_ps(v_f32x8, _mm256_set1_ps(SPHERE_DENSITY_FAR_), _CMP_GT_OQ);
    return _mm256_andnot_ps(a_f32x8, sphere_exp_avx2_(_mm256_mul_ps(_mm256_set1_ps(-0.5f), _mm256_andnot_ps(a_f32x8, v_f32x8))));
}
SPHERE_TARGET_AVX2_ static void sphere_density_avx2_(float *sum, const float *x, const float *y, const float *z, const float *r, const float *value, size_t n, const float *at)
{
    __m256 weight_f32x8[2], total_f32x8[2];
    float lane[16];
    size_t i, k;
    for (k = 0; k < 2; k++) weight_f32x8[k] = total_f32x8[k] = _mm256_setzero_ps();
    for (i = 0; i < n; i += 8) {
        const __m256i mask_i32x8 = sphere_mask_avx2_(n - i < 8 ? n - i : 8);
        const __m256 r_f32x8 = r ? _mm256_maskload_ps(r + i, mask_i32x8) : _mm256_set1_ps(1.0f);
        __m256 v_f32x8 = sphere_density_kernel_avx2_(_mm256_maskload_ps(x + i, mask_i32x8), _mm256_maskload_ps(y + i, mask_i32x8), _mm256_maskload_ps(z + i, mask_i32x8), r_f32x8, at);
        k = i >> 3 & 1u;
        v_f32x8 = _mm256_and_ps(v_f32x8, _mm256_castsi256_ps(mask_i32x8));                              /* the padding adds 0   */
        weight_f32x8[k] = _mm256_add_ps(weight_f32x8[k], v_f32x8);
        if (value) total_f32x8[k] = SPHERE_MADD_F32X8_(v_f32x8, _mm256_maskload_ps(value + i, mask_i32x8), total_f32x8[k]);
    }
    for (k = 0; k < 2; k++) _mm256_storeu_ps(lane + 8 * k, weight_f32x8[k]);
    sum[0] = sphere_lanes_c_(lane);
    for (k = 0; k < 2; k++) _mm256_storeu_ps(lane + 8 * k, total_f32x8[k]);
    sum[1] = sphere_lanes_c_(lane);
}
#endif
#if SPHERE_NEON_
SPHERE_INLINE_ float32x4_t sphere_density_kernel_neon_(const float *x, const float *y, const float *z, const float *r, const float *at)
{
    const float *p[3];
    float32x4_t d_f32x4 = vdupq_n_f32(0), s_f32x4 = d_f32x4, small_f32x4, large_f32x4, a_f32x4, v_f32x4;
    uint32x4_t less_u32x4;
    size_t k;
    p[0] = x; p[1] = y; p[2] = z;
    for (k = 0; k < 3; k++) {                                           /* 0 + x x is x x: squares are never -0 */
        const float32x4_t p_f32x4 = vld1q_f32(p[k]), minus_f32x4 = vsubq_f32(p_f32x4, vdupq_n_f32(at[k])), plus_f32x4 = vaddq_f32(p_f32x4, vdupq_n_f32(at[k]));
        d_f32x4 = SPHERE_MADD_F32X4_(minus_f32x4, minus_f32x4, d_f32x4);
        s_f32x4 = SPHERE_MADD_F32X4_(plus_f32x4, plus_f32x4, s_f32x4);
    }
    d_f32x4 = vsqrtq_f32(d_f32x4);
    s_f32x4 = vsqrtq_f32(s_f32x4);
    less_u32x4 = vcltq_f32(d_f32x4, s_f32x4);
    small_f32x4 = vbslq_f32(less_u32x4, d_f32x4, s_f32x4);
    large_f32x4 = vbslq_f32(less_u32x4, s_f32x4, d_f32x4);
    a_f32x4 = vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(vdivq_f32(small_f32x4, large_f32x4)), vceqq_f32(large_f32x4, vdupq_n_f32(0))));
    a_f32x4 = sphere_reflect_neon_(sphere_atan01_neon_(a_f32x4), vcgtq_f32(d_f32x4, s_f32x4), 1.57079637f, 4.37113883e-08f);
    a_f32x4 = vmulq_f32(vmulq_f32(vmulq_f32(vdupq_n_f32(2.0f), a_f32x4), vdupq_n_f32(at[3])), vdupq_n_f32(at[4]));
    v_f32x4 = vmulq_f32(vsubq_f32(r ? vld1q_f32(r) : vdupq_n_f32(1.0f), vdupq_n_f32(at[3])), vdupq_n_f32(at[4]));
    v_f32x4 = SPHERE_MADD_F32X4_(v_f32x4, v_f32x4, vmulq_f32(a_f32x4, a_f32x4));
    less_u32x4 = vcgtq_f32(v_f32x4, vdupq_n_f32(SPHERE_DENSITY_FAR_));
    v_f32x4 = sphere_exp_neon_(vmulq_f32(vdupq_n_f32(-0.5f), vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(v_f32x4), less_u32x4))));
    return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(v_f32x4), less_u32x4));
}
static void sphere_density_neon_(float *sum, const float *x, const float *y, const float *z, const float *r, const float *value, size_t n, const float *at)
{
    static const uint32_t number[4] = { 0, 1, 2, 3 };
    float32x4_t weight_f32x4[4], total_f32x4[4], v_f32x4;
    size_t i, k;
    for (k = 0; k < 4; k++) weight_f32x4[k] = total_f32x4[k] = vdupq_n_f32(0);
    for (i = 0; i + 4 <= n; i += 4) {
        k = i >> 2 & 3u;
        v_f32x4 = sphere_density_kernel_neon_(x + i, y + i, z + i, r ? r + i : NULL, at);
        weight_f32x4[k] = vaddq_f32(weight_f32x4[k], v_f32x4);
        if (value) total_f32x4[k] = SPHERE_MADD_F32X4_(v_f32x4, vld1q_f32(value + i), total_f32x4[k]);
    }
    if (i < n) {
        float rest[5][4] = { { 0 } };
        const uint32x4_t live_u32x4 = vcltq_u32(vld1q_u32(number), vdupq_n_u32((uint32_t)(n - i)));
        memcpy(rest[0], x + i, (n - i) * sizeof(float));
        memcpy(rest[1], y + i, (n - i) * sizeof(float));
        memcpy(rest[2], z + i, (n - i) * sizeof(float));
        if (r) memcpy(rest[3], r + i, (n - i) * sizeof(float));
        if (value) memcpy(rest[4], value + i, (n - i) * sizeof(float));
        k = i >> 2 & 3u;
        v_f32x4 = sphere_density_kernel_neon_(rest[0], rest[1], rest[2], r ? rest[3] : NULL, at);
        v_f32x4 = vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(v_f32x4), live_u32x4));         /* the padding adds 0   */
        weight_f32x4[k] = vaddq_f32(weight_f32x4[k], v_f32x4);
        if (value) total_f32x4[k] = SPHERE_MADD_F32X4_(v_f32x4, vld1q_f32(rest[4]), total_f32x4[k]);
    }
    sum[0] = sphere_lanes_neon_(weight_f32x4[0], weight_f32x4[1], weight_f32x4[2], weight_f32x4[3]);
    sum[1] = sphere_lanes_neon_(total_f32x4[0], total_f32x4[1], total_f32x4[2], total_f32x4[3]);
}
#endif

/* >>kernel bfloat: bfloat16 to float, the upper half of the bits; every NaN becomes the one quiet NaN */
static void sphere_bfloat_c_(float *out, const uint16_t *bfloat, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) out[i] = sphere_from_bits_((bfloat[i] & 0x7fffu) > 0x7f80u ? 0x7fc00000u : (uint32_t)bfloat[i] << 16);
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_bfloat_avx2_(float *out, const uint16_t *bfloat, size_t n)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256i b_i32x8 = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)(bfloat + i)));
        _mm256_storeu_ps(out + i, sphere_canonical_avx2_(_mm256_castsi256_ps(_mm256_slli_epi32(b_i32x8, 16))));
    }
    sphere_bfloat_c_(out + i, bfloat + i, n - i);
}
#endif
#if SPHERE_NEON_
static void sphere_bfloat_neon_(float *out, const uint16_t *bfloat, size_t n)
{
    size_t i = 0;
    for (; i + 4 <= n; i += 4) vst1q_f32(out + i, sphere_canonical_neon_(vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(bfloat + i), 16))));
    sphere_bfloat_c_(out + i, bfloat + i, n - i);
}
#endif

/* >>kernel byte: out[i] = byte[i] */
static void sphere_byte_c_(float *out, const int8_t *byte, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) out[i] = (float)byte[i];
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_byte_avx2_(float *out, const int8_t *byte, size_t n)
{
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const __m128i b_i8x16 = _mm_loadu_si128((const __m128i *)(const void *)(byte + i));
        _mm256_storeu_ps(out + i, _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(b_i8x16)));
        _mm256_storeu_ps(out + i + 8, _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_srli_si128(b_i8x16, 8))));
    }
    sphere_byte_c_(out + i, byte + i, n - i);
}
#endif
#if SPHERE_NEON_
static void sphere_byte_neon_(float *out, const int8_t *byte, size_t n)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const int16x8_t b_i16x8 = vmovl_s8(vld1_s8(byte + i));
        vst1q_f32(out + i, vcvtq_f32_s32(vmovl_s16(vget_low_s16(b_i16x8))));
        vst1q_f32(out + i + 4, vcvtq_f32_s32(vmovl_s16(vget_high_s16(b_i16x8))));
    }
    sphere_byte_c_(out + i, byte + i, n - i);
}
#endif

/* >>kernel to_half: float to IEEE half, nearest even. Normal halves: the exponent is moved and the 13 bits that go are rounded by
   adding 0xfff and the last bit that stays; a carry may run into the exponent, up to infinity. Subnormal halves: added to 1/2, whose
   last place is 2^-24 like that of the half, the addition itself rounds. Source: Giesen, float_to_half_fast3_rtne. */
static void sphere_to_half_c_(uint16_t *half, const float *in, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) {
        const uint32_t u = sphere_bits_(in[i]), m = u & 0x7fffffffu, sign = u >> 16 & 0x8000u;
        if (m > 0x7f800000u) half[i] = 0x7e00u;
        else if (m >= 0x47800000u) half[i] = (uint16_t)(sign | 0x7c00u);
        else if (m < 0x38800000u) half[i] = (uint16_t)(sign | (sphere_bits_(sphere_from_bits_(m) + 0.5f) - 0x3f000000u));
        else half[i] = (uint16_t)(sign | (m - 0x38000000u + 0xfffu + (m >> 13 & 1u)) >> 13);
    }
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_to_half_avx2_(uint16_t *half, const float *in, size_t n)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256i u_i32x8 = _mm256_castps_si256(_mm256_loadu_ps(in + i)), m_i32x8 = _mm256_and_si256(u_i32x8, _mm256_set1_epi32(0x7fffffff));
        const __m256i odd_i32x8 = _mm256_and_si256(_mm256_srli_epi32(m_i32x8, 13), _mm256_set1_epi32(1));
        const __m256i sign_i32x8 = _mm256_and_si256(_mm256_srli_epi32(u_i32x8, 16), _mm256_set1_epi32(0x8000));
        const __m256i small_i32x8 = _mm256_sub_epi32(_mm256_castps_si256(_mm256_add_ps(_mm256_castsi256_ps(m_i32x8), _mm256_set1_ps(0.5f))), _mm256_set1_epi32(0x3f000000));
        __m256i h_i32x8 = _mm256_srli_epi32(_mm256_add_epi32(_mm256_add_epi32(m_i32x8, _mm256_set1_epi32(0xfff - 0x38000000)), odd_i32x8), 13);
        h_i32x8 = _mm256_blendv_epi8(h_i32x8, small_i32x8, _mm256_cmpgt_epi32(_mm256_set1_epi32(0x38800000), m_i32x8));
        h_i32x8 = _mm256_blendv_epi8(h_i32x8, _mm256_set1_epi32(0x7c00), _mm256_cmpgt_epi32(m_i32x8, _mm256_set1_epi32(0x477fffff)));
        h_i32x8 = _mm256_or_si256(h_i32x8, sign_i32x8);
        h_i32x8 = _mm256_blendv_epi8(h_i32x8, _mm256_set1_epi32(0x7e00), _mm256_cmpgt_epi32(m_i32x8, _mm256_set1_epi32(0x7f800000)));
        h_i32x8 = _mm256_permute4x64_epi64(_mm256_packus_epi32(h_i32x8, h_i32x8), 0x08);            /* packing works in halves: undo that */
        _mm_storeu_si128((__m128i *)(void *)(half + i), _mm256_castsi256_si128(h_i32x8));
    }
    sphere_to_half_c_(half + i, in + i, n - i);
}
#endif
#if SPHERE_NEON_
static void sphere_to_half_neon_(uint16_t *half, const float *in, size_t n)
{
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        const uint32x4_t u_u32x4 = vreinterpretq_u32_f32(vld1q_f32(in + i)), m_u32x4 = vandq_u32(u_u32x4, vdupq_n_u32(0x7fffffffu));
        const uint32x4_t odd_u32x4 = vandq_u32(vshrq_n_u32(m_u32x4, 13), vdupq_n_u32(1));
        const uint32x4_t small_u32x4 = vsubq_u32(vreinterpretq_u32_f32(vaddq_f32(vreinterpretq_f32_u32(m_u32x4), vdupq_n_f32(0.5f))), vdupq_n_u32(0x3f000000u));
        uint32x4_t h_u32x4 = vshrq_n_u32(vaddq_u32(vaddq_u32(m_u32x4, vdupq_n_u32(0xc8000fffu)), odd_u32x4), 13);       /* - 0x38000000 + 0xfff */
        h_u32x4 = vbslq_u32(vcltq_u32(m_u32x4, vdupq_n_u32(0x38800000u)), small_u32x4, h_u32x4);
        h_u32x4 = vbslq_u32(vcgeq_u32(m_u32x4, vdupq_n_u32(0x47800000u)), vdupq_n_u32(0x7c00u), h_u32x4);
        h_u32x4 = vorrq_u32(h_u32x4, vandq_u32(vshrq_n_u32(u_u32x4, 16), vdupq_n_u32(0x8000u)));
        h_u32x4 = vbslq_u32(vcgtq_u32(m_u32x4, vdupq_n_u32(0x7f800000u)), vdupq_n_u32(0x7e00u), h_u32x4);
        vst1_u16(half + i, vmovn_u32(h_u32x4));
    }
    sphere_to_half_c_(half + i, in + i, n - i);
}
#endif

/* >>kernel to_bfloat: float to bfloat16, nearest even, by the carry of the lower half plus 0x7fff and the last bit that stays */
static void sphere_to_bfloat_c_(uint16_t *bfloat, const float *in, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) {
        const uint32_t u = sphere_bits_(in[i]);
        bfloat[i] = (u & 0x7fffffffu) > 0x7f800000u ? 0x7fc0u : (uint16_t)((u + 0x7fffu + (u >> 16 & 1u)) >> 16);
    }
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_to_bfloat_avx2_(uint16_t *bfloat, const float *in, size_t n)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256 v_f32x8 = _mm256_loadu_ps(in + i);
        const __m256i u_i32x8 = _mm256_castps_si256(v_f32x8), odd_i32x8 = _mm256_and_si256(_mm256_srli_epi32(u_i32x8, 16), _mm256_set1_epi32(1));
        __m256i b_i32x8 = _mm256_srli_epi32(_mm256_add_epi32(_mm256_add_epi32(u_i32x8, _mm256_set1_epi32(0x7fff)), odd_i32x8), 16);
        b_i32x8 = _mm256_blendv_epi8(b_i32x8, _mm256_set1_epi32(0x7fc0), _mm256_castps_si256(_mm256_cmp_ps(v_f32x8, v_f32x8, _CMP_UNORD_Q)));
        b_i32x8 = _mm256_permute4x64_epi64(_mm256_packus_epi32(b_i32x8, b_i32x8), 0x08);
        _mm_storeu_si128((__m128i *)(void *)(bfloat + i), _mm256_castsi256_si128(b_i32x8));
    }
    sphere_to_bfloat_c_(bfloat + i, in + i, n - i);
}
#endif
#if SPHERE_NEON_
static void sphere_to_bfloat_neon_(uint16_t *bfloat, const float *in, size_t n)
{
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        const float32x4_t v_f32x4 = vld1q_f32(in + i);
        const uint32x4_t u_u32x4 = vreinterpretq_u32_f32(v_f32x4), odd_u32x4 = vandq_u32(vshrq_n_u32(u_u32x4, 16), vdupq_n_u32(1));
        uint32x4_t b_u32x4 = vshrq_n_u32(vaddq_u32(vaddq_u32(u_u32x4, vdupq_n_u32(0x7fffu)), odd_u32x4), 16);
        b_u32x4 = vbslq_u32(vceqq_f32(v_f32x4, v_f32x4), b_u32x4, vdupq_n_u32(0x7fc0u));
        vst1_u16(bfloat + i, vmovn_u32(b_u32x4));
    }
    sphere_to_bfloat_c_(bfloat + i, in + i, n - i);
}
#endif

/* >>kernel to_byte: in[i] / scale, clamped to -127..127, to the nearest even integer; a NaN quotient gives 0. Adding 1.5 * 2^23 rounds to
   integers and leaves them in the lowest bits. */
static void sphere_to_byte_c_(int8_t *byte, const float *in, size_t n, float scale)
{
    size_t i;
    for (i = 0; i < n; i++) {
        float v = in[i] / scale;
        v = v == v ? v : 0.0f;
        v = v > 127.0f ? 127.0f : v;
        v = v < -127.0f ? -127.0f : v;
        byte[i] = (int8_t)((int32_t)sphere_bits_(v + 12582912.0f) - 0x4b400000);
    }
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_to_byte_avx2_(int8_t *byte, const float *in, size_t n, float scale)
{
    const __m256 scale_f32x8 = _mm256_set1_ps(scale), top_f32x8 = _mm256_set1_ps(127.0f), low_f32x8 = _mm256_set1_ps(-127.0f), magic_f32x8 = _mm256_set1_ps(12582912.0f);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256 v_f32x8 = _mm256_div_ps(_mm256_loadu_ps(in + i), scale_f32x8);
        __m256i b_i32x8;
        __m128i b_i16x8;
        v_f32x8 = _mm256_and_ps(v_f32x8, _mm256_cmp_ps(v_f32x8, v_f32x8, _CMP_EQ_OQ));
        v_f32x8 = _mm256_blendv_ps(v_f32x8, top_f32x8, _mm256_cmp_ps(v_f32x8, top_f32x8, _CMP_GT_OQ));
        v_f32x8 = _mm256_blendv_ps(v_f32x8, low_f32x8, _mm256_cmp_ps(v_f32x8, low_f32x8, _CMP_LT_OQ));
        b_i32x8 = _mm256_sub_epi32(_mm256_castps_si256(_mm256_add_ps(v_f32x8, magic_f32x8)), _mm256_set1_epi32(0x4b400000));
        b_i16x8 = _mm_packs_epi32(_mm256_castsi256_si128(b_i32x8), _mm256_extracti128_si256(b_i32x8, 1));
        _mm_storel_epi64((__m128i *)(void *)(byte + i), _mm_packs_epi16(b_i16x8, b_i16x8));
    }
    sphere_to_byte_c_(byte + i, in + i, n - i, scale);
}
#endif
#if SPHERE_NEON_
SPHERE_INLINE_ int16x4_t sphere_to_byte4_neon_(float32x4_t v_f32x4, float scale)
{
    v_f32x4 = vdivq_f32(v_f32x4, vdupq_n_f32(scale));
    v_f32x4 = vbslq_f32(vceqq_f32(v_f32x4, v_f32x4), v_f32x4, vdupq_n_f32(0));
    v_f32x4 = vbslq_f32(vcgtq_f32(v_f32x4, vdupq_n_f32(127.0f)), vdupq_n_f32(127.0f), v_f32x4);
    v_f32x4 = vbslq_f32(vcltq_f32(v_f32x4, vdupq_n_f32(-127.0f)), vdupq_n_f32(-127.0f), v_f32x4);
    return vmovn_s32(vcvtnq_s32_f32(v_f32x4));
}
static void sphere_to_byte_neon_(int8_t *byte, const float *in, size_t n, float scale)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        vst1_s8(byte + i, vmovn_s16(vcombine_s16(sphere_to_byte4_neon_(vld1q_f32(in + i), scale), sphere_to_byte4_neon_(vld1q_f32(in + i + 4), scale))));
    sphere_to_byte_c_(byte + i, in + i, n - i, scale);
}
#endif

/* >>kernel peak: the largest bits of |x| in row i; they order like the numbers, and from 0x7f800000 on the row is not finite */
static void sphere_peak_c_(uint32_t *bits, const float *data, size_t stride, size_t n, size_t dim)
{
    size_t i, k;
    for (i = 0; i < n; i++) {
        uint32_t most = 0;
        for (k = 0; k < dim; k++) { const uint32_t u = sphere_bits_(data[i * stride + k]) & 0x7fffffffu; most = u > most ? u : most; }
        bits[i] = most;
    }
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_peak_avx2_(uint32_t *bits, const float *data, size_t stride, size_t n, size_t dim)
{
    const __m256i abs_i32x8 = _mm256_set1_epi32(0x7fffffff), rest_i32x8 = sphere_mask_avx2_(dim & 7u);
    size_t i, k;
    for (i = 0; i < n; i++) {
        const float *row = data + i * stride;
        __m256i most_i32x8 = _mm256_setzero_si256();
        __m128i m_i32x4;
        for (k = 0; k + 8 <= dim; k += 8) most_i32x8 = _mm256_max_epi32(most_i32x8, _mm256_and_si256(_mm256_castps_si256(_mm256_loadu_ps(row + k)), abs_i32x8));
        if (k < dim) most_i32x8 = _mm256_max_epi32(most_i32x8, _mm256_and_si256(_mm256_castps_si256(_mm256_maskload_ps(row + k, rest_i32x8)), abs_i32x8));
        m_i32x4 = _mm_max_epi32(_mm256_castsi256_si128(most_i32x8), _mm256_extracti128_si256(most_i32x8, 1));
        m_i32x4 = _mm_max_epi32(m_i32x4, _mm_shuffle_epi32(m_i32x4, 0x4e));
        m_i32x4 = _mm_max_epi32(m_i32x4, _mm_shuffle_epi32(m_i32x4, 0xb1));
        bits[i] = (uint32_t)_mm_cvtsi128_si32(m_i32x4);
    }
}
#endif
#if SPHERE_NEON_
static void sphere_peak_neon_(uint32_t *bits, const float *data, size_t stride, size_t n, size_t dim)
{
    size_t i, k;
    for (i = 0; i < n; i++) {
        const float *row = data + i * stride;
        uint32x4_t most_u32x4 = vdupq_n_u32(0);
        uint32_t most;
        for (k = 0; k + 4 <= dim; k += 4) most_u32x4 = vmaxq_u32(most_u32x4, vandq_u32(vreinterpretq_u32_f32(vld1q_f32(row + k)), vdupq_n_u32(0x7fffffffu)));
        most = vmaxvq_u32(most_u32x4);
        for (; k < dim; k++) { const uint32_t u = sphere_bits_(row[k]) & 0x7fffffffu; most = u > most ? u : most; }
        bits[i] = most;
    }
}
#endif

/* The table: one row per level of this build, best first, portable last. */
typedef struct sphere_kernels_ {
    void (*row_dot)(float *out, const float *data, size_t stride, size_t n, size_t dim, const float *query);
    void (*lane_dot)(float *lane, const float *a, const float *b, size_t n);
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
    void (*to_spherical)(float *r, float *theta, float *phi, const float *x, const float *y, const float *z, size_t n, int beyond);
    void (*to_cartesian)(float *x, float *y, float *z, const float *r, const float *theta, const float *phi, size_t n);
    void (*angles)(float *angle, const float *ax, const float *ay, const float *az, const float *bx, const float *by, const float *bz, size_t n);
    void (*unit)(float *x, float *y, float *z, size_t n);
    void (*cone_bytes)(uint8_t *mask, const float *x, const float *y, const float *z, const float *r, size_t n, const float *cone);
    void (*cone_bits)(uint32_t *bits, const float *x, const float *y, const float *z, const float *r, size_t n, const float *cone);
    size_t (*cone_index)(uint32_t *index, size_t capacity, const float *x, const float *y, const float *z, const float *r, size_t n, const float *cone, uint32_t first);
    void (*cone_width)(float *width, const float *r, const float *rho, const float *q, size_t n, const float *law);
    void (*density)(float *sum, const float *x, const float *y, const float *z, const float *r, const float *value, size_t n, const float *at);
    void (*bfloat)(float *out, const uint16_t *bfloat, size_t n);
    void (*byte)(float *out, const int8_t *byte, size_t n);
    void (*to_half)(uint16_t *half, const float *in, size_t n);
    void (*to_bfloat)(uint16_t *bfloat, const float *in, size_t n);
    void (*to_byte)(int8_t *byte, const float *in, size_t n, float scale);
    void (*peak)(uint32_t *bits, const float *data, size_t stride, size_t n, size_t dim);
} sphere_kernels_;
#define SPHERE_KERNELS_(level) { sphere_row_dot_##level, sphere_lane_dot_##level, sphere_row_square_##level, sphere_row_dot_square_##level, sphere_row_variance_##level, \
    sphere_root_##level, sphere_divide_##level, sphere_ratio_##level, sphere_add_##level, sphere_half_##level, sphere_panel_##level, \
    sphere_hits_##level, sphere_rank_##level, sphere_axis_##level, sphere_to_spherical_##level, sphere_to_cartesian_##level, \
    sphere_angles_##level, sphere_unit_##level, \
    sphere_cone_bytes_##level, sphere_cone_bits_##level, sphere_cone_index_##level, sphere_cone_width_##level, sphere_density_##level, \
    sphere_bfloat_##level, sphere_byte_##level, sphere_to_half_##level, sphere_to_bfloat_##level, sphere_to_byte_##level, sphere_peak_##level }
/* The kernels of a level that sphere_simd_pick_ has allowed. */
SPHERE_INLINE_ const sphere_kernels_ *sphere_kernels_for_(sphere_simd level)
{
    static const sphere_kernels_ portable = SPHERE_KERNELS_(c_);
#if SPHERE_AVX2_
    static const sphere_kernels_ avx2 = SPHERE_KERNELS_(avx2_);
    if (level == SPHERE_SIMD_AVX2 || level == SPHERE_SIMD_AVX512) return &avx2;
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
#define SPHERE_FEW_ 3                   /* so many queries are scored one by one, without panels */
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
#define SPHERE_FAR_ ((size_t)1 << 22)   /* points: 48 MB read and as many written */
typedef struct sphere_points_ {
    const sphere_kernels_ *kernels;
    const float *in[6];
    float *out[3];
    size_t n;
    int work;                           /* 0 to_spherical, 1 to_cartesian, 2 angles, 3 unit */
    int beyond;                         /* to_spherical: more than the caches hold, and not in place */
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
    if (p->work == 0) p->kernels->to_spherical(out[0], out[1], out[2], in[0], in[1], in[2], n, p->beyond);
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
    p->beyond = n >= SPHERE_FAR_;
    for (i = 0; i < outs; i++) for (j = 0; j < ins; j++) if (p->out[i] == p->in[j]) p->beyond = 0;
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

/* -- formats: conversions of arrays, one task per chunk */
typedef struct sphere_convert_job_ {
    const sphere_kernels_ *kernels;
    const void *in;
    void *out;
    size_t n;
    int work;                           /* 0 float to half, 1 float to bfloat16, 2 bfloat16 to float */
} sphere_convert_job_;
static void sphere_convert_task_(void *context, size_t index)
{
    const sphere_convert_job_ *job = (const sphere_convert_job_ *)context;
    const size_t at = index * SPHERE_CHUNK_, n = job->n - at < SPHERE_CHUNK_ ? job->n - at : SPHERE_CHUNK_;
    if (job->work == 0) job->kernels->to_half((uint16_t *)job->out + at, (const float *)job->in + at, n);
    else if (job->work == 1) job->kernels->to_bfloat((uint16_t *)job->out + at, (const float *)job->in + at, n);
    else job->kernels->bfloat((float *)job->out + at, (const uint16_t *)job->in + at, n);
}
static sphere_status sphere_convert_run_(const void *in, size_t in_size, void *out, size_t out_size, size_t n, int work, const sphere_exec *exec)
{
    sphere_convert_job_ job;
    sphere_simd level = sphere_simd_pick_(exec);
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (n == 0) return SPHERE_OK;
    if (!in || !out) return SPHERE_E_NULL;
    if (n > SIZE_MAX / 8) return SPHERE_E_SIZE;
    if (sphere_overlap_(in, n * in_size, out, n * out_size)) return SPHERE_E_OVERLAP;
    job.kernels = sphere_kernels_for_(level);
    job.in = in; job.out = out; job.n = n; job.work = work;
    sphere_parallel_(exec, (n - 1) / SPHERE_CHUNK_ + 1, sphere_convert_task_, &job);
    return SPHERE_OK;
}
SPHERE_API sphere_status sphere_float_to_half(const float *in, uint16_t *half, size_t n, const sphere_exec *exec)
{
    return sphere_convert_run_(in, sizeof(float), half, sizeof(uint16_t), n, 0, exec);
}
SPHERE_API sphere_status sphere_float_to_bfloat16(const float *in, uint16_t *bfloat, size_t n, const sphere_exec *exec)
{
    return sphere_convert_run_(in, sizeof(float), bfloat, sizeof(uint16_t), n, 1, exec);
}
SPHERE_API sphere_status sphere_bfloat16_to_float(const uint16_t *bfloat, float *out, size_t n, const sphere_exec *exec)
{
    return sphere_convert_run_(bfloat, sizeof(uint16_t), out, sizeof(float), n, 2, exec);
}

/* float rows to int8 rows, one task per chunk of rows */
typedef struct sphere_pack_job_ { const sphere_kernels_ *kernels; sphere_rows rows; int8_t *out; float *scale; size_t out_stride; } sphere_pack_job_;
static void sphere_pack_task_(void *context, size_t index)
{
    const sphere_pack_job_ *job = (const sphere_pack_job_ *)context;
    const size_t begin = index * SPHERE_ROW_CHUNK_, end = job->rows.n - begin < SPHERE_ROW_CHUNK_ ? job->rows.n : begin + SPHERE_ROW_CHUNK_;
    size_t i;
    for (i = begin; i < end; i++) {
        const float *row = job->rows.data + i * job->rows.stride;
        float most, scale;
        uint32_t bits;
        job->kernels->peak(&bits, row, job->rows.dim, 1, job->rows.dim);
        most = sphere_from_bits_(bits);
        scale = most / 127.0f;
        if (scale < 1.17549435e-38f && scale * 127.0f < most) scale = sphere_from_bits_(sphere_bits_(scale) + 1);
        job->scale[i] = scale;
        if (scale > 0) job->kernels->to_byte(job->out + i * job->out_stride, row, job->rows.dim, scale);
        else memset(job->out + i * job->out_stride, 0, job->rows.dim);
    }
}
SPHERE_API sphere_status sphere_pack_int8(const sphere_rows *rows, int8_t *out, size_t out_stride, float *scale, const sphere_exec *exec)
{
    sphere_pack_job_ job;
    sphere_simd level = sphere_simd_pick_(exec);
    size_t stride = 0, span, out_span, at, n, i;
    uint32_t bits[SPHERE_BLOCK_];
    sphere_status status = sphere_check_rows_(rows, &stride);
    if (status) return status;
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (rows->n == 0) return SPHERE_OK;
    if ((rows->dim && !out) || !scale) return SPHERE_E_NULL;
    if (out_stride && out_stride < rows->dim) return SPHERE_E_RANGE;
    if (!out_stride) out_stride = rows->dim;
    if (sphere_size_(rows->n, out_stride, 0) > SIZE_MAX / 2 || sphere_size_(rows->n, sizeof(float), 0) > SIZE_MAX / 2) return SPHERE_E_SIZE;
    span = sphere_span_(rows->n, rows->dim, stride);
    out_span = rows->dim ? (rows->n - 1) * out_stride + rows->dim : 0;
    if (sphere_overlap_(out, out_span, rows->data, span) || sphere_overlap_(scale, rows->n * sizeof(float), rows->data, span) ||
        sphere_overlap_(scale, rows->n * sizeof(float), out, out_span)) return SPHERE_E_OVERLAP;
    if (rows->dim == 0) { memset(scale, 0, rows->n * sizeof(float)); return SPHERE_OK; }
    job.kernels = sphere_kernels_for_(level);
    for (at = 0; at < rows->n; at += n) {                               /* nothing is written before every row has been seen */
        n = rows->n - at < SPHERE_BLOCK_ ? rows->n - at : SPHERE_BLOCK_;
        job.kernels->peak(bits, rows->data + at * stride, stride, n, rows->dim);
        for (i = 0; i < n; i++) if (bits[i] >= 0x7f800000u) return SPHERE_E_NAN;
    }
    job.rows = *rows;
    job.rows.stride = stride;
    job.out = out; job.out_stride = out_stride; job.scale = scale;
    sphere_parallel_(exec, (rows->n - 1) / SPHERE_ROW_CHUNK_ + 1, sphere_pack_task_, &job);
    return SPHERE_OK;
}

/* Shape checks of packed rows; *stride comes back resolved. */
static size_t sphere_packed_width_(const sphere_packed *p) { return p->type == SPHERE_INT8 ? 1 : 2; }
static sphere_status sphere_check_packed_(const sphere_packed *p, size_t *stride)
{
    if (!p) return SPHERE_E_NULL;
    *stride = p->stride ? p->stride : p->dim;
    if (p->type != SPHERE_HALF && p->type != SPHERE_BFLOAT16 && p->type != SPHERE_INT8) return SPHERE_E_RANGE;
    if (p->stride && p->stride < p->dim) return SPHERE_E_RANGE;
    if (p->n && ((p->dim && !p->data) || (p->type == SPHERE_INT8 && !p->scale))) return SPHERE_E_NULL;
    if (sphere_size_(sphere_size_(p->n, *stride, 0), sizeof(float), 0) > SIZE_MAX / 2) return SPHERE_E_SIZE;
    if (sphere_size_(p->n, sizeof(float), 0) > SIZE_MAX / 2) return SPHERE_E_SIZE;
    return SPHERE_OK;
}
/* Does a written array overlap the packed rows or their scales? */
static int sphere_packed_overlap_(const sphere_packed *p, size_t stride, const void *out, size_t bytes)
{
    const size_t span = p->n && p->dim ? ((p->n - 1) * stride + p->dim) * sphere_packed_width_(p) : 0;
    return sphere_overlap_(out, bytes, p->data, span) || (p->type == SPHERE_INT8 && sphere_overlap_(out, bytes, p->scale, p->n * sizeof(float)));
}
/* Convert columns first .. first + width - 1 of n rows; int8 without the scale. Rows without a gap are one piece. */
static void sphere_unpack_part_(const sphere_kernels_ *kernels, const sphere_packed *p, size_t stride, size_t at, size_t n, size_t first, size_t width,
                                float *out, size_t out_stride)
{
    size_t i;
    if (width == stride && width == out_stride) { width *= n; n = width != 0; }
    for (i = 0; i < n; i++, out += out_stride) {
        const size_t from = (at + i) * stride + first;
        if (p->type == SPHERE_HALF) kernels->half(out, (const uint16_t *)p->data + from, width);
        else if (p->type == SPHERE_BFLOAT16) kernels->bfloat(out, (const uint16_t *)p->data + from, width);
        else kernels->byte(out, (const int8_t *)p->data + from, width);
    }
}
/* Results of int8 rows, `width` for each of n rows, get their scale (sign 0), its absolute value (1) or its sign (2). */
static void sphere_packed_scale_(float *out, size_t width, size_t n, const float *scale, int sign)
{
    size_t i, k;
    for (i = 0; i < n; i++, out += width) {
        const float s = scale[i], factor = sign == 0 ? s : sign == 1 ? sphere_abs_(s) : s > 0 ? 1.0f : s < 0 ? -1.0f : s;
        if (sign == 2 && s == 0) for (k = 0; k < width; k++) out[k] = 0;
        else for (k = 0; k < width; k++) out[k] = sphere_canonical_(out[k] * factor);
    }
}

/* Rows that do not fit the stack are taken in pieces: the 16 lanes of (row a / b) . (query c / d), query NULL = the row itself. */
#define SPHERE_PIECE_ 4096              /* floats on the stack, a multiple of 16 */
typedef struct sphere_long_ { const sphere_kernels_ *kernels; const sphere_packed *packed; size_t stride, row; float *piece; } sphere_long_;
static float sphere_long_dot_(const sphere_long_ *l, const float *query, float a, float b, float c, float d)
{
    float lane[16] = { 0 };
    size_t first, i, width;
    for (first = 0; first < l->packed->dim; first += width) {
        width = l->packed->dim - first < SPHERE_PIECE_ ? l->packed->dim - first : SPHERE_PIECE_;
        sphere_unpack_part_(l->kernels, l->packed, l->stride, l->row, 1, first, width, l->piece, width);
        if (a == 1.0f && b == 1.0f && c == 1.0f && d == 1.0f) { l->kernels->lane_dot(lane, l->piece, query ? query + first : l->piece, width); continue; }
        for (i = 0; i < width; i++) {                                   /* an odd norm: rare */
            const float v = l->piece[i] * a / b, q = query ? query[first + i] * c / d : v;
            lane[i & 15u] = SPHERE_MADD_(v, q, lane[i & 15u]);
        }
    }
    return sphere_lanes_c_(lane);
}
/* sphere_scaled_norm_, sphere_norm_of_ and sphere_cosine_slow_ of such a row. */
static void sphere_long_scaled_norm_(const sphere_long_ *l, float square, float *scale, float *norm)
{
    *scale = square < 1.0f ? 1.2676506e+30f : 7.88860905e-31f;
    *norm = sphere_canonical_(sphere_sqrt_(sphere_long_dot_(l, NULL, *scale, 1.0f, 1.0f, 1.0f)));
}
static float sphere_long_norm_(const sphere_long_ *l)
{
    const float square = sphere_long_dot_(l, NULL, 1.0f, 1.0f, 1.0f, 1.0f);
    float scale, norm;
    if ((square < SPHERE_SQUARE_HIGH_ && square > SPHERE_SQUARE_LOW_) || !(square == square)) return sphere_canonical_(sphere_sqrt_(square));
    sphere_long_scaled_norm_(l, square, &scale, &norm);
    return norm * (scale < 1.0f ? 1.2676506e+30f : 7.88860905e-31f);
}
static float sphere_long_cosine_(const sphere_long_ *l, const float *query, float query_norm)
{
    float norm = sphere_long_norm_(l), scale = 1.0f, query_scale = 1.0f;
    const float product = norm * query_norm;
    if (!sphere_odd_norm_(query_norm) && !sphere_odd_norm_(product) && !sphere_odd_norm_(norm))
        return sphere_canonical_(sphere_long_dot_(l, query, 1.0f, 1.0f, 1.0f, 1.0f) / product);
    if (norm == 0 || query_norm == 0) return 0;
    if (sphere_odd_norm_(norm)) sphere_long_scaled_norm_(l, norm, &scale, &norm);
    if (sphere_odd_norm_(query_norm)) sphere_scaled_norm_(query, l->packed->dim, query_norm, &query_scale, &query_norm);
    if (!(norm < sphere_inf_()) || !(query_norm < sphere_inf_())) return sphere_nan_();
    return sphere_long_dot_(l, query, scale, norm, query_scale, query_norm);
}

/* One number per packed row: a few rows at a time are converted on the stack, and the function for float rows takes over. */
typedef struct sphere_packed_job_ {
    const sphere_packed *packed;
    sphere_row_job_ rows;
    size_t stride, out_stride;
    int unpack;
} sphere_packed_job_;
static void sphere_packed_task_(void *context, size_t index)
{
    const sphere_packed_job_ *job = (const sphere_packed_job_ *)context;
    const sphere_packed *p = job->packed;
    const size_t begin = index * SPHERE_ROW_CHUNK_, end = p->n - begin < SPHERE_ROW_CHUNK_ ? p->n : begin + SPHERE_ROW_CHUNK_;
    const size_t fit = p->dim <= SPHERE_PIECE_ / SPHERE_BLOCK_ ? SPHERE_BLOCK_ : p->dim <= SPHERE_PIECE_ ? SPHERE_PIECE_ / p->dim : 1;
    float piece[SPHERE_PIECE_];
    size_t at, n, i;
    for (at = begin; at < end; at += n) {
        n = end - at < fit ? end - at : fit;
        if (job->unpack) {
            float *out = job->rows.out + at * job->out_stride;
            sphere_unpack_part_(job->rows.kernels, p, job->stride, at, n, 0, p->dim, out, job->out_stride);
            if (p->type == SPHERE_INT8) for (i = 0; i < n; i++) sphere_packed_scale_(out + i * job->out_stride, p->dim, 1, p->scale + at + i, 0);
            continue;
        }
        if (p->dim > SPHERE_PIECE_) {
            sphere_long_ l;
            l.kernels = job->rows.kernels; l.packed = p; l.stride = job->stride; l.row = at; l.piece = piece;
            job->rows.out[at] = job->rows.work == SPHERE_ROW_DOT_ ? sphere_long_dot_(&l, job->rows.query, 1.0f, 1.0f, 1.0f, 1.0f)
                : job->rows.work == SPHERE_ROW_NORM_ ? sphere_long_norm_(&l) : sphere_long_cosine_(&l, job->rows.query, job->rows.query_norm);
        } else {
            sphere_row_job_ rows = job->rows;
            sphere_unpack_part_(rows.kernels, p, job->stride, at, n, 0, p->dim, piece, p->dim);
            rows.data = piece;
            rows.out += at;
            rows.n = n;
            sphere_row_task_(&rows, 0);
        }
        if (p->type == SPHERE_INT8)
            sphere_packed_scale_(job->rows.out + at, 1, n, p->scale + at, job->rows.work == SPHERE_ROW_DOT_ ? 0 : job->rows.work == SPHERE_ROW_NORM_ ? 1 : 2);
    }
}
static sphere_status sphere_packed_run_(const sphere_packed *packed, const float *query, int needs_query, float *out, sphere_row_work_ work, const sphere_exec *exec)
{
    static const float no_row = 0;
    sphere_packed_job_ job;
    sphere_simd level = sphere_simd_pick_(exec);
    size_t stride = 0;
    sphere_status status = sphere_check_packed_(packed, &stride);
    if (status) return status;
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (packed->n == 0) return SPHERE_OK;
    if (!out || (needs_query && packed->dim && !query)) return SPHERE_E_NULL;
    if (sphere_packed_overlap_(packed, stride, out, packed->n * sizeof(float))) return SPHERE_E_OVERLAP;
    if (needs_query && sphere_overlap_(out, packed->n * sizeof(float), query, packed->dim * sizeof(float))) return SPHERE_E_OVERLAP;
    memset(&job, 0, sizeof(job));
    job.packed = packed; job.stride = stride;
    job.rows.kernels = sphere_kernels_for_(level);
    job.rows.query = query ? query : &no_row;
    job.rows.out = out;
    job.rows.dim = packed->dim; job.rows.stride = packed->dim;
    job.rows.work = work;
    if (work == SPHERE_ROW_COSINE_) sphere_norms_(job.rows.kernels, &job.rows.query_norm, job.rows.query, packed->dim, 1, packed->dim);
    sphere_parallel_(exec, (packed->n - 1) / SPHERE_ROW_CHUNK_ + 1, sphere_packed_task_, &job);
    return SPHERE_OK;
}
SPHERE_API sphere_status sphere_packed_dot(const sphere_packed *rows, const float *query, float *out, const sphere_exec *exec)
{
    return sphere_packed_run_(rows, query, 1, out, SPHERE_ROW_DOT_, exec);
}
SPHERE_API sphere_status sphere_packed_cosine(const sphere_packed *rows, const float *query, float *out, const sphere_exec *exec)
{
    return sphere_packed_run_(rows, query, 1, out, SPHERE_ROW_COSINE_, exec);
}
SPHERE_API sphere_status sphere_packed_norm(const sphere_packed *rows, float *out, const sphere_exec *exec)
{
    return sphere_packed_run_(rows, NULL, 0, out, SPHERE_ROW_NORM_, exec);
}
SPHERE_API sphere_status sphere_unpack(const sphere_packed *rows, float *out, size_t out_stride, const sphere_exec *exec)
{
    sphere_packed_job_ job;
    sphere_simd level = sphere_simd_pick_(exec);
    size_t stride = 0;
    sphere_status status = sphere_check_packed_(rows, &stride);
    if (status) return status;
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (out_stride && out_stride < rows->dim) return SPHERE_E_RANGE;
    if (rows->n == 0 || rows->dim == 0) return SPHERE_OK;
    if (!out) return SPHERE_E_NULL;
    if (!out_stride) out_stride = rows->dim;
    if (sphere_size_(sphere_size_(rows->n, out_stride, 0), sizeof(float), 0) > SIZE_MAX / 2) return SPHERE_E_SIZE;
    if (sphere_packed_overlap_(rows, stride, out, sphere_span_(rows->n, rows->dim, out_stride))) return SPHERE_E_OVERLAP;
    memset(&job, 0, sizeof(job));
    job.packed = rows; job.stride = stride;
    job.rows.kernels = sphere_kernels_for_(level);
    job.rows.out = out;
    job.out_stride = out_stride;
    job.unpack = 1;
    sphere_parallel_(exec, (rows->n - 1) / SPHERE_ROW_CHUNK_ + 1, sphere_packed_task_, &job);
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
    const sphere_packed *packed;        /* rows in a storage type instead of data, or NULL */
    size_t packed_stride, block_rows, block_step;
    float *block;                       /* block_rows unpacked rows, block_step floats further for each task */
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
        const float *data = job->data, *norm = job->norms ? job->norms + at : norms;
        n = end - at < job->block_rows ? end - at : job->block_rows;
        if (job->packed) {
            sphere_unpack_part_(job->kernels, job->packed, job->packed_stride, at, n, 0, job->dim, job->block + task * job->block_step, job->dim);
            data = job->block + task * job->block_step;
        } else data += at * job->stride;
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
            if (job->packed && job->packed->type == SPHERE_INT8) sphere_packed_scale_(tile, width, n, job->packed->scale + at, job->cosine ? 2 : 0);
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
typedef struct sphere_search_plan_ { size_t chunks, chunk_rows, groups, queries, panels, score, index, count, nans, block, block_rows, block_step, total; } sphere_search_plan_;
/* Where everything lies in the working memory; total is SIZE_MAX when a size overflows. */
static sphere_search_plan_ sphere_search_plan_of_(size_t n, size_t dim, size_t m, size_t k, int packed, const sphere_exec *exec)
{
    const size_t piece = m > SPHERE_FEW_ ? 16384 : 4096;
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
    p.queries = 0;
    p.panels = sphere_size_(sphere_size_(m, dim, 16), sizeof(float), p.queries);
    p.score = sphere_size_(sphere_size_(sphere_size_(p.groups, SPHERE_GROUP_, 0), dim, 16), sizeof(float), p.panels);
    p.index = sphere_size_(entries, sizeof(float), p.score);
    p.count = sphere_size_(sphere_size_(entries, sizeof(uint32_t), p.index), 1, 64);
    p.count = p.count == SIZE_MAX ? p.count : p.count & ~(size_t)63;
    p.nans = sphere_size_(sphere_size_(p.chunks, m, 8), sizeof(size_t), p.count);
    p.nans = p.nans == SIZE_MAX ? p.nans : (p.nans + 7) & ~(size_t)7;
    p.total = sphere_size_(sphere_size_(p.chunks, p.groups, 8), sizeof(uint64_t), p.nans);
    p.block = p.total;
    p.block_rows = SPHERE_BLOCK_;
    p.block_step = 0;
    if (packed) {               /* panels are worth 64 KB of rows in the second-level cache, single queries 16 KB in the first */
        p.block_rows = dim <= piece / SPHERE_BLOCK_ ? SPHERE_BLOCK_ : dim <= piece / 4 ? piece / dim & ~(size_t)3 : 4;
        if (exec && exec->parallel.run) p.block_step = sphere_size_(p.block_rows, dim, 0);       /* tasks in turn share one block */
        p.total = sphere_size_(sphere_size_(p.block_step ? sphere_size_(p.chunks, p.groups, 0) : 1, sphere_size_(p.block_rows, dim, 0), 0), sizeof(float), p.block);
    }
    if (p.total != SIZE_MAX) p.total = sphere_size_(p.total, 1, 64);
    return p;
}
SPHERE_API size_t sphere_search_size(const sphere_rows *rows, const sphere_rows *queries, size_t k, const sphere_search_desc *desc)
{
    size_t total;
    if (!rows || !queries) return 0;
    total = sphere_search_plan_of_(rows->n, queries->dim, queries->n, k, 0, desc ? &desc->exec : NULL).total;
    return total == SIZE_MAX ? 0 : total;
}
/* With packed rows, `rows` is only their shape. */
static sphere_status sphere_search_(const sphere_rows *rows, const sphere_packed *packed, const sphere_rows *queries, float threshold, int cone, size_t k,
                                    const sphere_search_desc *desc,
                                    uint32_t *index, float *score, size_t *count, sphere_search_report *report, void *memory, size_t bytes)
{
    const sphere_exec *exec = desc ? &desc->exec : NULL;
    const sphere_simd level = sphere_simd_pick_(exec);
    static const float no_row = 0;                                      /* rows without elements may come as NULL */
    sphere_search_job_ job;
    sphere_search_plan_ plan;
    size_t stride = 0, query_stride = 0, i, j, c;
    char *base;
    sphere_status status = packed ? sphere_check_packed_(packed, &stride) : sphere_check_rows_(rows, &stride);
    if (status) return status;
    status = sphere_check_rows_(queries, &query_stride);
    if (status) return status;
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (desc && desc->metric != SPHERE_DOT && desc->metric != SPHERE_COSINE) return SPHERE_E_RANGE;
    if (packed && packed->type == SPHERE_INT8 && desc && desc->metric == SPHERE_COSINE && desc->norms) return SPHERE_E_RANGE;
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
    plan = sphere_search_plan_of_(rows->n, queries->dim, queries->n, k, packed != NULL, exec);
    if (plan.total == SIZE_MAX) return SPHERE_E_SIZE;
    if (!memory || bytes < plan.total) return SPHERE_E_MEMORY;
    for (i = 0; i < 4; i++) {                                           /* four things that are written, four that are read */
        const void *out[4], *in[4];
        size_t out_bytes[4], in_bytes[4];
        out[0] = index; out_bytes[0] = queries->n * k * sizeof(uint32_t);
        out[1] = score; out_bytes[1] = queries->n * k * sizeof(float);
        out[2] = count; out_bytes[2] = queries->n * sizeof(size_t);
        out[3] = memory; out_bytes[3] = bytes;
        in[0] = rows->data; in_bytes[0] = packed ? 0 : sphere_span_(rows->n, rows->dim, stride);
        in[1] = queries->data; in_bytes[1] = sphere_span_(queries->n, queries->dim, query_stride);
        in[2] = desc ? desc->norms : NULL; in_bytes[2] = rows->n * sizeof(float);
        in[3] = report; in_bytes[3] = sizeof(*report);
        for (j = 0; j < 4; j++) if (sphere_overlap_(out[i], out_bytes[i], in[j], in_bytes[j])) return SPHERE_E_OVERLAP;
        if (packed && (sphere_packed_overlap_(packed, stride, out[i], out_bytes[i]) || sphere_packed_overlap_(packed, stride, report, sizeof(*report))))
            return SPHERE_E_OVERLAP;
        for (j = 0; j < i; j++) if (sphere_overlap_(out[i], out_bytes[i], out[j], out_bytes[j])) return SPHERE_E_OVERLAP;
    }
    base = (char *)sphere_align_(memory);
    memset(&job, 0, sizeof(job));
    job.kernels = sphere_kernels_for_(level);
    job.data = rows->data ? rows->data : &no_row;
    job.n = rows->n; job.dim = queries->dim; job.stride = stride; job.m = queries->n; job.k = k;
    job.groups = plan.groups; job.chunks = plan.chunks; job.chunk_rows = plan.chunk_rows;
    job.cosine = desc && desc->metric == SPHERE_COSINE;
    job.norms = job.cosine ? desc->norms : NULL;
    job.packed = packed; job.packed_stride = stride;
    if (packed) job.stride = job.dim;
    job.block_rows = plan.block_rows; job.block_step = plan.block_step;
    job.cone = cone;
    job.threshold = threshold;
    job.queries = (float *)(void *)(base + plan.queries);
    job.panels = (float *)(void *)(base + plan.panels);
    job.score = plan.chunks == 1 && score ? score : (float *)(void *)(base + plan.score);
    job.index = plan.chunks == 1 ? index : (uint32_t *)(void *)(base + plan.index);
    job.count = (size_t *)(void *)(base + plan.count);
    job.nans = (uint64_t *)(void *)(base + plan.nans);
    job.block = (float *)(void *)(base + plan.block);
    for (i = 0; i < queries->n; i++) {
        const float *query = queries->dim ? queries->data + i * query_stride : &no_row;
        float norm = 1.0f;
        if (job.cosine) sphere_norms_(job.kernels, &norm, query, queries->dim, 1, queries->dim);
        sphere_unit_row_(job.kernels, job.queries + i * queries->dim, query, queries->dim, norm);
    }
    job.panels_used = queries->n > SPHERE_FEW_;
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
    return sphere_search_(rows, NULL, queries, -sphere_inf_(), 0, k, desc, index, score, NULL, report, memory, bytes);
}
SPHERE_API sphere_status sphere_search_cone(const sphere_rows *rows, const sphere_rows *queries, float threshold, size_t capacity,
                                            const sphere_search_desc *desc, uint32_t *index, float *score, size_t *count,
                                            sphere_search_report *report, void *memory, size_t bytes)
{
    return sphere_search_(rows, NULL, queries, threshold, 1, capacity, desc, index, score, count, report, memory, bytes);
}

/* -- search of packed rows: the same search, which converts a block of rows before it scores them */
SPHERE_API size_t sphere_packed_search_size(const sphere_packed *rows, const sphere_rows *queries, size_t k, const sphere_search_desc *desc)
{
    size_t total;
    if (!rows || !queries || (rows->type != SPHERE_HALF && rows->type != SPHERE_BFLOAT16 && rows->type != SPHERE_INT8)) return 0;
    total = sphere_search_plan_of_(rows->n, queries->dim, queries->n, k, 1, desc ? &desc->exec : NULL).total;
    return total == SIZE_MAX ? 0 : total;
}
SPHERE_API sphere_status sphere_packed_search_topk(const sphere_packed *rows, const sphere_rows *queries, size_t k, const sphere_search_desc *desc,
                                                   uint32_t *index, float *score, sphere_search_report *report, void *memory, size_t bytes)
{
    size_t stride = 0;
    sphere_rows shape = { NULL, 0, 0, 0 };
    sphere_status status = sphere_check_packed_(rows, &stride);
    if (status) return status;
    shape.n = rows->n; shape.dim = rows->dim; shape.stride = stride;
    return sphere_search_(&shape, rows, queries, -sphere_inf_(), 0, k, desc, index, score, NULL, report, memory, bytes);
}
SPHERE_API sphere_status sphere_packed_search_cone(const sphere_packed *rows, const sphere_rows *queries, float threshold, size_t capacity,
                                                   const sphere_search_desc *desc, uint32_t *index, float *score, size_t *count,
                                                   sphere_search_report *report, void *memory, size_t bytes)
{
    size_t stride = 0;
    sphere_rows shape = { NULL, 0, 0, 0 };
    sphere_status status = sphere_check_packed_(rows, &stride);
    if (status) return status;
    shape.n = rows->n; shape.dim = rows->dim; shape.stride = stride;
    return sphere_search_(&shape, rows, queries, threshold, 1, capacity, desc, index, score, count, report, memory, bytes);
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
    job.groups = (m + SPHERE_GROUP_ - 1) / SPHERE_GROUP_; job.chunks = 1; job.chunk_rows = n; job.block_rows = SPHERE_BLOCK_;
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

/* -- cones */
static int sphere_finite_float_(float x) { return x - x == 0; }
/* Does out (out_bytes) overlap one of the arrays of n floats? With same = 1 it may be one of them. */
static int sphere_overlaps_(const void *out, size_t out_bytes, const float *const *in, size_t ins, size_t n, int same)
{
    size_t i;
    for (i = 0; i < ins; i++) if (!(same && out == in[i]) && sphere_overlap_(out, out_bytes, in[i], n * sizeof(float))) return 1;
    return 0;
}
#define SPHERE_CONE_PARTS_ 256          /* an index list is made in at most so many parts; their counts live on the stack */
typedef struct sphere_cone_job_ {
    const sphere_kernels_ *kernels;
    const float *x, *y, *z, *r;
    uint8_t *mask;
    uint32_t *bits, *index;
    size_t n, part, capacity;
    size_t count[SPHERE_CONE_PARTS_];   /* first how many are in a part, then where the part begins in the list */
    float cone[6];
} sphere_cone_job_;
static void sphere_cone_task_(void *context, size_t task)
{
    sphere_cone_job_ *job = (sphere_cone_job_ *)context;
    const size_t at = task * job->part, n = job->n - at < job->part ? job->n - at : job->part, begin = job->index ? job->count[task] : 0;
    const float *x = job->x + at, *y = job->y + at, *z = job->z + at, *r = job->r ? job->r + at : NULL;
    if (job->mask) job->kernels->cone_bytes(job->mask + at, x, y, z, r, n, job->cone);
    else if (job->bits) job->kernels->cone_bits(job->bits + at / 32, x, y, z, r, n, job->cone);
    else if (job->index && begin < job->capacity) job->kernels->cone_index(job->index + begin, job->capacity - begin, x, y, z, r, n, job->cone, (uint32_t)at);
    else if (!job->index) job->count[task] = job->kernels->cone_index(NULL, 0, x, y, z, r, n, job->cone, (uint32_t)at);
}
static sphere_status sphere_cone_check_(sphere_cone_job_ *job, const float *x, const float *y, const float *z, size_t n, const sphere_cone *cone,
                                        const void *out, size_t out_bytes, const sphere_exec *exec)
{
    const sphere_simd level = sphere_simd_pick_(exec);
    const float *in[4];
    size_t i;
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (!cone || (n && (!x || !y || !z))) return SPHERE_E_NULL;
    if (n > SIZE_MAX / 8) return SPHERE_E_SIZE;
    for (i = 0; i < 3; i++) job->cone[i] = cone->axis[i];
    job->cone[3] = cone->cosine;
    job->cone[4] = cone->r ? cone->r0 : 0;
    job->cone[5] = cone->r ? cone->r1 : 0;
    for (i = 0; i < 6; i++) if (!(job->cone[i] == job->cone[i])) return SPHERE_E_NAN;
    in[0] = x; in[1] = y; in[2] = z; in[3] = cone->r;
    if (sphere_overlaps_(out, out_bytes, in, 4, n, 0)) return SPHERE_E_OVERLAP;
    job->kernels = sphere_kernels_for_(level);
    job->x = x; job->y = y; job->z = z; job->r = cone->r;
    job->mask = NULL;
    job->bits = job->index = NULL;
    job->n = n;
    job->part = SPHERE_CHUNK_;
    return SPHERE_OK;
}
SPHERE_API sphere_status sphere_cone_bytes(const float *x, const float *y, const float *z, size_t n, const sphere_cone *cone, uint8_t *mask, const sphere_exec *exec)
{
    sphere_cone_job_ job;
    sphere_status status = sphere_cone_check_(&job, x, y, z, n, cone, mask, n, exec);
    if (status) return status;
    if (n == 0) return SPHERE_OK;
    if (!mask) return SPHERE_E_NULL;
    job.mask = mask;
    sphere_parallel_(exec, (n - 1) / SPHERE_CHUNK_ + 1, sphere_cone_task_, &job);
    return SPHERE_OK;
}
SPHERE_API sphere_status sphere_cone_bits(const float *x, const float *y, const float *z, size_t n, const sphere_cone *cone, uint32_t *bits, const sphere_exec *exec)
{
    sphere_cone_job_ job;
    sphere_status status = sphere_cone_check_(&job, x, y, z, n, cone, bits, n > SIZE_MAX / 8 ? 0 : (n + 31) / 32 * sizeof(uint32_t), exec);
    if (status) return status;
    if (n == 0) return SPHERE_OK;
    if (!bits) return SPHERE_E_NULL;
    job.bits = bits;
    sphere_parallel_(exec, (n - 1) / SPHERE_CHUNK_ + 1, sphere_cone_task_, &job);
    return SPHERE_OK;
}
SPHERE_API sphere_status sphere_cone_index(const float *x, const float *y, const float *z, size_t n, const sphere_cone *cone, size_t capacity, uint32_t *index,
                                           size_t *count, const sphere_exec *exec)
{
    sphere_cone_job_ job;
    const size_t bytes = capacity < n ? sphere_size_(capacity, sizeof(uint32_t), 0) : sphere_size_(n, sizeof(uint32_t), 0);
    sphere_status status = sphere_cone_check_(&job, x, y, z, n, cone, index, bytes, exec);
    size_t parts, i, total = 0;
    const float *in[4];
    if (status) return status;
    if (!count || (n && capacity && !index)) return SPHERE_E_NULL;
    if (n > 0xfffffffeu) return SPHERE_E_SIZE;
    in[0] = x; in[1] = y; in[2] = z; in[3] = job.r;
    if (sphere_overlaps_(count, sizeof(*count), in, 4, n, 0) || sphere_overlap_(count, sizeof(*count), index, bytes)) return SPHERE_E_OVERLAP;
    if (!exec || !exec->parallel.run || n <= SPHERE_CHUNK_) {
        *count = n ? job.kernels->cone_index(index, capacity, x, y, z, job.r, n, job.cone, 0) : 0;
        return SPHERE_OK;
    }
    while ((n - 1) / job.part + 1 > SPHERE_CONE_PARTS_) job.part *= 2;
    parts = (n - 1) / job.part + 1;
    sphere_parallel_(exec, parts, sphere_cone_task_, &job);             /* how many in each part, then where each begins */
    for (i = 0; i < parts; i++) { const size_t inside = job.count[i]; job.count[i] = total; total += inside; }
    job.index = index;
    job.capacity = capacity;
    if (capacity) sphere_parallel_(exec, parts, sphere_cone_task_, &job);
    *count = total;
    return SPHERE_OK;
}

typedef struct sphere_width_job_ { const sphere_kernels_ *kernels; const float *in[3]; float *width; size_t n; float law[5]; } sphere_width_job_;
static void sphere_width_task_(void *context, size_t task)
{
    const sphere_width_job_ *job = (const sphere_width_job_ *)context;
    const size_t at = task * SPHERE_CHUNK_, n = job->n - at < SPHERE_CHUNK_ ? job->n - at : SPHERE_CHUNK_;
    job->kernels->cone_width(job->width + at, job->in[0] + at, job->in[1] ? job->in[1] + at : NULL, job->in[2] ? job->in[2] + at : NULL, n, job->law);
}
SPHERE_API sphere_status sphere_cone_width(const float *r, const float *rho, const float *q, size_t n, const sphere_width_law *law, float *width, const sphere_exec *exec)
{
    const sphere_simd level = sphere_simd_pick_(exec);
    sphere_width_job_ job;
    int i;
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (!law || (n && (!r || !width))) return SPHERE_E_NULL;
    job.law[0] = law->a0; job.law[1] = law->radius; job.law[2] = law->beta; job.law[3] = law->low; job.law[4] = law->high;
    for (i = 0; i < 5; i++) if (!(job.law[i] == job.law[i])) return SPHERE_E_NAN;
    for (i = 0; i < 5; i++) if (!(job.law[i] >= 0) || !sphere_finite_float_(job.law[i])) return SPHERE_E_RANGE;
    if (law->radius == 0 || law->low > law->high) return SPHERE_E_RANGE;
    if (n > SIZE_MAX / 8) return SPHERE_E_SIZE;
    if (n == 0) return SPHERE_OK;
    job.in[0] = r; job.in[1] = rho; job.in[2] = q;
    if (sphere_overlaps_(width, n * sizeof(float), job.in, 3, n, 1)) return SPHERE_E_OVERLAP;
    job.kernels = sphere_kernels_for_(level);
    job.width = width; job.n = n;
    sphere_parallel_(exec, (n - 1) / SPHERE_CHUNK_ + 1, sphere_width_task_, &job);
    return SPHERE_OK;
}

/* Kernels are summed in float lanes for 256 points and then in double, so that the error does not grow with n. */
#define SPHERE_DENSITY_BLOCK_ 256
#define SPHERE_DENSITY_TASK_ 64         /* points per task */
typedef struct sphere_density_job_ {
    const sphere_kernels_ *kernels;
    const float *x, *y, *z, *r, *value;
    const uint32_t *index;
    size_t n, k;
    float scale, *density;
} sphere_density_job_;
static void sphere_density_task_(void *context, size_t task)
{
    const sphere_density_job_ *job = (const sphere_density_job_ *)context;
    const size_t end = job->n - task * SPHERE_DENSITY_TASK_ < SPHERE_DENSITY_TASK_ ? job->n : (task + 1) * SPHERE_DENSITY_TASK_;
    size_t i, j, m, at;
    for (i = task * SPHERE_DENSITY_TASK_; i < end; i++) {
        double weight = 0, total = 0, points = 0;
        float here[5], sum[2];
        here[0] = job->x[i]; here[1] = job->y[i]; here[2] = job->z[i]; here[3] = job->r ? job->r[i] : 1.0f; here[4] = job->scale;
        if (!job->index) for (at = 0; at < job->n; at += m) {
            m = job->n - at < SPHERE_DENSITY_BLOCK_ ? job->n - at : SPHERE_DENSITY_BLOCK_;
            job->kernels->density(sum, job->x + at, job->y + at, job->z + at, job->r ? job->r + at : NULL, job->value ? job->value + at : NULL, m, here);
            weight += (double)sum[0];
            total += (double)sum[1];
            points += (double)m;
        }
        else for (at = 0; at <= job->k; ) {                             /* entry 0 is the point, entry e its neighbour e - 1 */
            float block[5][SPHERE_DENSITY_BLOCK_];
            for (m = 0; at <= job->k && m < SPHERE_DENSITY_BLOCK_; at++) {
                j = at ? job->index[i * job->k + at - 1] : i;
                if (at && j == SPHERE_NO_INDEX) continue;
                block[0][m] = job->x[j]; block[1][m] = job->y[j]; block[2][m] = job->z[j];
                block[3][m] = job->r ? job->r[j] : 1.0f; block[4][m] = job->value ? job->value[j] : 0;
                m++;
            }
            job->kernels->density(sum, block[0], block[1], block[2], block[3], block[4], m, here);
            weight += (double)sum[0];
            total += (double)sum[1];
            points += (double)m;
        }
        job->density[i] = (float)(job->value ? total / weight : weight / points);
    }
}
static sphere_status sphere_density_run_(sphere_density_job_ *job, float bandwidth, const sphere_exec *exec)
{
    const sphere_simd level = sphere_simd_pick_(exec);
    const size_t n = job->n;
    const float *in[6];
    size_t i, k;
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (!(bandwidth == bandwidth)) return SPHERE_E_NAN;
    if (!(bandwidth >= 1e-18f && bandwidth <= 1e18f)) return SPHERE_E_RANGE;
    if (n == 0) return SPHERE_OK;
    if (!job->x || !job->y || !job->z || !job->density) return SPHERE_E_NULL;
    if (n > 0xfffffffeu || n > SIZE_MAX / 8 || sphere_size_(sphere_size_(n, job->k, 0), sizeof(uint32_t), 0) == SIZE_MAX) return SPHERE_E_SIZE;
    in[0] = job->x; in[1] = job->y; in[2] = job->z; in[3] = job->r; in[4] = job->value;
    if (sphere_overlaps_(job->density, n * sizeof(float), in, 5, n, 0) ||
        sphere_overlap_(job->density, n * sizeof(float), job->index, n * job->k * sizeof(uint32_t))) return SPHERE_E_OVERLAP;
    for (k = 0; k < 5; k++) if (in[k]) for (i = 0; i < n; i++) {
        if (!sphere_finite_float_(in[k][i])) return SPHERE_E_NAN;
        if (sphere_abs_(in[k][i]) > (k < 3 ? 2.0f : 1e30f)) return SPHERE_E_RANGE;
    }
    if (job->index) for (i = 0; i < n * job->k; i++) if (job->index[i] >= n && job->index[i] != SPHERE_NO_INDEX) return SPHERE_E_RANGE;
    job->kernels = sphere_kernels_for_(level);
    job->scale = 1.0f / bandwidth;
    sphere_parallel_(exec, (n - 1) / SPHERE_DENSITY_TASK_ + 1, sphere_density_task_, job);
    return SPHERE_OK;
}
SPHERE_API sphere_status sphere_density(const float *x, const float *y, const float *z, const float *r, const float *value, size_t n, float bandwidth, float *density,
                                        const sphere_exec *exec)
{
    sphere_density_job_ job;
    memset(&job, 0, sizeof(job));
    job.x = x; job.y = y; job.z = z; job.r = r; job.value = value; job.n = n; job.density = density;
    return sphere_density_run_(&job, bandwidth, exec);
}
SPHERE_API sphere_status sphere_density_graph(const float *x, const float *y, const float *z, const float *r, const float *value, size_t n, const uint32_t *index,
                                              size_t k, float bandwidth, float *density, const sphere_exec *exec)
{
    static const uint32_t no_index = SPHERE_NO_INDEX;
    sphere_density_job_ job;
    if (n && k && !index) return SPHERE_E_NULL;
    memset(&job, 0, sizeof(job));
    job.x = x; job.y = y; job.z = z; job.r = r; job.value = value; job.n = n; job.density = density;
    job.index = k ? index : &no_index;
    job.k = k;
    return sphere_density_run_(&job, bandwidth, exec);
}
SPHERE_API sphere_status sphere_density_weights(const float *density, size_t n, float low, float high, float *weight)
{
    double mean = 0, clipped = 0;
    size_t i;
    if (!(low == low) || !(high == high)) return SPHERE_E_NAN;
    if (!(low > 0 && low <= high && sphere_finite_float_(high))) return SPHERE_E_RANGE;
    if (n == 0) return SPHERE_OK;
    if (!density || !weight) return SPHERE_E_NULL;
    if (n > SIZE_MAX / 8) return SPHERE_E_SIZE;
    if (sphere_clash_(weight, density, n * sizeof(float))) return SPHERE_E_OVERLAP;
    for (i = 0; i < n; i++) {
        if (!sphere_finite_float_(density[i])) return SPHERE_E_NAN;
        if (density[i] < 0) return SPHERE_E_RANGE;
        mean += (double)density[i];
    }
    mean /= (double)n;
    for (i = 0; i < n; i++) {                                           /* compared as products: a density of 0 divides nothing */
        const double d = (double)density[i];
        double w = mean == 0 ? 1 : mean >= d * (double)high ? (double)high : mean <= d * (double)low ? (double)low : mean / d;
        weight[i] = (float)w;
        clipped += (double)weight[i];
    }
    clipped /= (double)n;
    for (i = 0; i < n; i++) weight[i] = (float)((double)weight[i] / clipped);
    return SPHERE_OK;
}

typedef struct sphere_shell_sum_ { double sum, square, count; } sphere_shell_sum_;
SPHERE_API size_t sphere_prominence_size(size_t shells)
{
    const size_t total = sphere_size_(shells, sizeof(sphere_shell_sum_), 64);
    return total == SIZE_MAX ? 0 : total;
}
SPHERE_API sphere_status sphere_prominence(const float *score, const uint32_t *shell, size_t n, size_t shells, float factor, float *relative, float *sigma,
                                           void *memory, size_t bytes)
{
    const size_t need = sphere_prominence_size(shells), span = n * sizeof(float);
    sphere_shell_sum_ *sums;
    size_t i;
    if (!sphere_finite_float_(factor)) return SPHERE_E_NAN;
    if (need == 0 || n > SIZE_MAX / 8) return SPHERE_E_SIZE;
    if (n == 0) return SPHERE_OK;
    if (!score || !shell || (!relative && !sigma)) return SPHERE_E_NULL;
    if (!memory || bytes < need) return SPHERE_E_MEMORY;
    if ((relative && (sphere_clash_(relative, score, span) || sphere_overlap_(relative, span, shell, span) || sphere_overlap_(relative, span, memory, bytes))) ||
        (sigma && (sphere_clash_(sigma, score, span) || sphere_overlap_(sigma, span, shell, span) || sphere_overlap_(sigma, span, memory, bytes))) ||
        (relative && sigma && sphere_overlap_(relative, span, sigma, span)) || sphere_overlap_(memory, bytes, score, span) || sphere_overlap_(memory, bytes, shell, span))
        return SPHERE_E_OVERLAP;
    for (i = 0; i < n; i++) {
        if (!sphere_finite_float_(score[i])) return SPHERE_E_NAN;
        if (shell[i] >= shells && shell[i] != SPHERE_NO_INDEX) return SPHERE_E_RANGE;
    }
    sums = (sphere_shell_sum_ *)sphere_align_(memory);
    memset(sums, 0, shells * sizeof(*sums));
    for (i = 0; i < n; i++) if (shell[i] != SPHERE_NO_INDEX) { sums[shell[i]].sum += (double)score[i]; sums[shell[i]].count += 1; }
    for (i = 0; i < n; i++) if (shell[i] != SPHERE_NO_INDEX) {
        sphere_shell_sum_ *s = sums + shell[i];
        const double d = (double)score[i] - s->sum / s->count;
        s->square += d * d;
    }
    for (i = 0; i < n; i++) {
        double excess = 0, deviations = 0;
        if (shell[i] != SPHERE_NO_INDEX) {
            const sphere_shell_sum_ *s = sums + shell[i];
            const double own = (double)score[i], mean = s->sum / s->count, deviation = sphere_sqrt_double_(s->square / s->count);
            if (s->count > 1) excess = own - (double)factor * ((s->sum - own) / (s->count - 1));
            /* Two different floats among 2^32 members deviate by more than 1e-13 of the mean; less is the rounding of the mean. */
            if (deviation > (mean < 0 ? -mean : mean) * 2.8e-14) deviations = (own - mean) / deviation;
        }
        if (relative) relative[i] = (float)(excess > 0 ? excess : 0);
        if (sigma) sigma[i] = (float)deviations;
    }
    return SPHERE_OK;
}

/* -- von Mises-Fisher. Double functions of + - * / and integer operations: the bits are the same everywhere. */

/* ln x for finite x > 0, within 2 units in the last place: x = 2^e m, sqrt(1/2) < m < sqrt 2, ln m = 2 atanh(q), q = (m - 1)/(m + 1),
   |q| < .172, whose term q^25 is below 2^-63. */
static double sphere_log_double_(double x)
{
    double e = 0, m, q, s, p = 0;
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
    return e * 0.693147180369123816490 + (e * 1.90821492927058770002e-10 + (2 * q + 2 * q * p));      /* ln 2 in two parts */
}
/* e^x, within 2 units in the last place for |x| <= 700, where the argument stops: x = k ln 2 + r, |r| <= .347, Taylor to r^14. */
static double sphere_vmf_exp_(double x)
{
    double k, r, p = 0, scale;
    uint64_t u;
    int i;
    x = x > 700 ? 700 : x < -700 ? -700 : x;
    k = (x * 1.4426950408889634 + 6755399441055744.0) - 6755399441055744.0;             /* 1.5 * 2^52 leaves no fraction */
    r = (x - k * 0.693147180369123816490) - k * 1.90821492927058770002e-10;
    for (i = 14; i >= 2; i--) p = (p + 1.0) * r / i;
    u = (uint64_t)((int)k + 1023) << 52;
    memcpy(&scale, &u, 8);
    return (1 + (r + r * p)) * scale;
}
/* sin and cos of half an angle 0..pi, within 2 units in the last place: Taylor's series on 0..pi/4. */
static void sphere_vmf_half_(double angle, double *sine, double *cosine)
{
    const int swap = angle > 1.5707963267948966;
    const double t = swap ? (1.5707963267948966 - 0.5 * angle) + 6.123233995736766e-17 : 0.5 * angle, s = t * t;
    double a = 0, b = 0;
    int k;
    for (k = 18; k >= 2; k -= 2) {                                      /* t^19/19! is below 2^-63 */
        a = -(1.0 + a) * s / (double)(k * (k + 1));
        b = -(1.0 + b) * s / (double)(k * (k - 1));
    }
    a = t + t * a;
    b = 1 + b;
    *sine = swap ? b : a;
    *cosine = swap ? a : b;
}

/* log(I_nu(x) x^-nu) for nu >= -1/2, x >= 0, with r = I_(nu+1)(x) / I_nu(x) and 1 - r, none of them by cancellation.
   At an order m >= 40 the uniform expansion (Debye; DLMF 10.41) has a relative error near 1e-16 for every x:
     I_m ~ e^(m eta) / sqrt(2 pi s) U, s = sqrt(m^2 + x^2), p = m / s, U = sum of u_k(p) / m^k,
     r   = x/(s + m) - (x m / s^2) W / U, W = sum of (u_k/2 + p u_k') / m^(k+1)     from v_k - u_k, the series of the derivative
     1-r = (m (x + s - m)/(x + s) + (m x^2/s^2) W / U) / x.
   From there down to nu by r_(k-1) = x / (2 k + x r_k), which is stable; each I x^-k takes the same denominator as a factor. The factor
   x^-nu is never formed, so x = 0 (where this is -log of 2^nu Gamma(nu + 1)) is like any other x. */
static double sphere_vmf_bessel_(double nu, double x, double *ratio, double *gap)
{
    double m = nu, s, p, square, power, scale = 1, u = 0, w = 0, r, g, product = 1, sum, c[10], next[10];
    int k, j, steps = 0;
    while (m < 40) { m += 1; steps++; }
    s = sphere_sqrt_double_(m * m + x * x);
    p = m / s;
    square = p * p;
    memset(c, 0, sizeof(c));
    c[0] = 1;
    for (k = 0; k <= 8; k++) {                                          /* u_k(p) = sum of c[j] p^(k + 2 j), j = 0..k */
        memset(next, 0, sizeof(next));
        power = scale;                                                  /* p^k / m^k */
        for (j = 0; j <= k; j++, power *= square) {
            const double e = (double)(k + 2 * j);
            u += c[j] * power;
            w += c[j] * (0.5 + e) * power;
            next[j] += c[j] * (0.5 * e + 0.125 / (e + 1));              /* u_(k+1) = p^2 (1 - p^2) u_k'/2 + the integral of (1 - 5 p^2) u_k / 8 */
            next[j + 1] -= c[j] * (0.5 * e + 0.625 / (e + 3));
        }
        memcpy(c, next, sizeof(c));
        scale *= p / m;
    }
    w /= m * u;
    r = x / (s + m) - x * m / (s * s) * w;
    g = x > 0 ? (m * (x + s - m) / (x + s) + m * (x / s) * (x / s) * w) / x : 1;
    sum = s - m * sphere_log_double_(m + s) - 0.91893853320467274 - 0.5 * sphere_log_double_(s) + sphere_log_double_(u);
    for (; steps; steps--, m -= 1) {
        const double t = 2 * m + x * r;
        g = (2 * m - x * g) / t;
        r = x / t;
        product *= t;
        if (product > 1e150) { sum += sphere_log_double_(product); product = 1; }
    }
    if (r < 0.5) g = 1 - r;
    *ratio = r;
    *gap = g;
    return sum + sphere_log_double_(product);
}
static double sphere_vmf_log_norm_(size_t dim, double kappa)
{
    double r, g;
    return -sphere_vmf_bessel_(0.5 * (double)dim - 1, kappa, &r, &g) - 0.5 * (double)dim * 1.8378770664093454836;
}
/* Newton's method on R / (1 - R), which is almost a straight line in kappa: kappa/dim at first, 2 kappa/(dim - 1) in the end. */
static double sphere_vmf_kappa_(size_t dim, double gap)
{
    const double d = (double)dim, R = 1 - gap, odds = R / gap;
    double kappa, r, g;
    int i;
    if (R <= 0) return 0;
    if (!(gap * (2 * SPHERE_VMF_KAPPA) > d - 1)) return SPHERE_VMF_KAPPA;
    kappa = R * (d - R * R) / (gap * (1 + R));                          /* Banerjee's start, within a few per cent */
    for (i = 0; i < 50; i++) {
        double slope, next;
        sphere_vmf_bessel_(0.5 * d - 1, kappa, &r, &g);
        slope = g * (1 + r) - (d - 1) / kappa * r;                      /* dR/dkappa = 1 - R^2 - (dim - 1) R / kappa */
        if (kappa > 1e6 || !(slope > 0)) slope = g / kappa;             /* its limit, where the difference has lost its digits */
        next = kappa + (odds - r / g) * g * g / slope;
        if (!(next > 0.1 * kappa)) next = 0.1 * kappa;
        if (next > SPHERE_VMF_KAPPA) next = SPHERE_VMF_KAPPA;
        slope = next > kappa ? next - kappa : kappa - next;
        kappa = next;
        if (slope <= 1e-15 * kappa) break;
    }
    return kappa;
}

/* The density of the angle t from mu is proportional to e^h, h = -2 kappa sin^2(t/2) + (dim - 2) log(2 sin(t/2) cos(t/2)), which rises to
   its mode and falls from there. */
typedef struct sphere_vmf_angle_ { double kappa, power, mode; } sphere_vmf_angle_;
static double sphere_vmf_height_(const sphere_vmf_angle_ *a, double t)
{
    double s, c;
    sphere_vmf_half_(t, &s, &c);
    if (a->power > 0 && !(s * c > 0)) return -1e300;
    return -2 * a->kappa * s * s + (a->power > 0 ? a->power * sphere_log_double_(2 * s * c) : 0);
}
static sphere_vmf_angle_ sphere_vmf_angle_of_(size_t dim, double kappa)
{
    sphere_vmf_angle_ a;
    const double p = (double)(dim - 2), root = sphere_sqrt_double_(p * p + 4 * kappa * kappa), one = 1 - 2 * kappa / (p + root > 0 ? p + root : 1);
    a.kappa = kappa;
    a.power = p;
    /* cos mode = 2 kappa / (p + root). It only says where to cut the integral: float will do. */
    a.mode = dim == 2 ? 0 : 2 * (double)sphere_atan2_(sphere_sqrt_((float)(kappa > p ? p / (p + root) * (1 + p / (root + 2 * kappa)) : one)), sphere_sqrt_((float)(2 - one)));
    return a;
}
/* log of the integral of e^h from low to high. What lies 45 below the top of h on this stretch is left out (3e-20); either side of the
   top gets 8 panels of 16 Gauss points: at most 6 units of h in a panel. */
static double sphere_vmf_mass_(const sphere_vmf_angle_ *a, double low, double high)
{
    static const double node[8] = { 0.9894009349916499326, 0.9445750230732325761, 0.8656312023878317439, 0.7554044083550030339,
                                    0.6178762444026437484, 0.4580167776572273863, 0.2816035507792589132, 0.0950125098376374402 };
    static const double weight[8] = { 0.02715245941175409485, 0.06225352393864789286, 0.09515851168249278481, 0.1246289712555338721,
                                      0.1495959888165767321, 0.1691565193950025382, 0.1826034150449235889, 0.1894506104550684963 };
    const double top = a->mode < low ? low : a->mode > high ? high : a->mode, height = sphere_vmf_height_(a, top);
    double sum = 0;
    int side, panel, i;
    for (side = 0; side < 2; side++) {
        double end = side ? high : low, inside = top, outside = end, width;
        if (end == top) continue;
        if (sphere_vmf_height_(a, end) < height - 45) {
            for (i = 0; i < 30; i++) {
                const double middle = 0.5 * (inside + outside);
                if (sphere_vmf_height_(a, middle) < height - 45) outside = middle; else inside = middle;
            }
            end = outside;
        }
        width = (end - top) / 8;
        for (panel = 0; panel < 8; panel++) for (i = 0; i < 8; i++) {
            const double centre = top + width * ((double)panel + 0.5), step = 0.5 * width * node[i];
            const double pair = sphere_vmf_exp_(sphere_vmf_height_(a, centre - step) - height) + sphere_vmf_exp_(sphere_vmf_height_(a, centre + step) - height);
            sum += (width < 0 ? -0.5 : 0.5) * width * weight[i] * pair;
        }
    }
    return sum > 0 ? height + sphere_log_double_(sum) : -1e300;
}
static sphere_status sphere_vmf_check_(size_t dim, double value, double least, double most)
{
    if (!(value == value)) return SPHERE_E_NAN;
    return dim < 2 || dim > SPHERE_VMF_DIM || value < least || value > most ? SPHERE_E_RANGE : SPHERE_OK;
}
SPHERE_API sphere_status sphere_vmf_concentration(size_t dim, double gap, double *kappa)
{
    const sphere_status status = sphere_vmf_check_(dim, gap, 0, 1);
    if (!kappa) return SPHERE_E_NULL;
    if (status) return status;
    *kappa = sphere_vmf_kappa_(dim, gap);
    return SPHERE_OK;
}
SPHERE_API sphere_status sphere_vmf_resultant(size_t dim, double kappa, double *resultant, double *gap)
{
    const sphere_status status = sphere_vmf_check_(dim, kappa, 0, SPHERE_VMF_KAPPA);
    double r, g;
    if (!resultant && !gap) return SPHERE_E_NULL;
    if (status) return status;
    sphere_vmf_bessel_(0.5 * (double)dim - 1, kappa, &r, &g);
    if (resultant) *resultant = r;
    if (gap) *gap = g;
    return SPHERE_OK;
}
SPHERE_API sphere_status sphere_vmf_log_norm(size_t dim, double kappa, double *log_norm)
{
    const sphere_status status = sphere_vmf_check_(dim, kappa, 0, SPHERE_VMF_KAPPA);
    if (!log_norm) return SPHERE_E_NULL;
    if (status) return status;
    *log_norm = sphere_vmf_log_norm_(dim, kappa);
    return SPHERE_OK;
}
#define SPHERE_PI_DOUBLE_ 3.1415926535897931
SPHERE_API sphere_status sphere_vmf_share(size_t dim, double kappa, double angle, double *share)
{
    sphere_status status = sphere_vmf_check_(dim, kappa, 0, SPHERE_VMF_KAPPA);
    sphere_vmf_angle_ a;
    if (!share) return SPHERE_E_NULL;
    if (!status) status = sphere_vmf_check_(dim, angle, 0, 3.1415927410125733);                  /* the float next to pi too */
    if (status) return status;
    a = sphere_vmf_angle_of_(dim, kappa);
    if (angle >= SPHERE_PI_DOUBLE_) *share = 1;
    else if (angle == 0) *share = 0;
    else {
        const double in = sphere_vmf_mass_(&a, 0, angle), out = sphere_vmf_mass_(&a, angle, SPHERE_PI_DOUBLE_);
        const double odds = sphere_vmf_exp_(in < out ? in - out : out - in);                     /* smaller part / larger part */
        *share = in < out ? odds / (1 + odds) : 1 / (1 + odds);
    }
    return SPHERE_OK;
}
SPHERE_API sphere_status sphere_vmf_angle(size_t dim, double kappa, double share, double *angle)
{
    sphere_status status = sphere_vmf_check_(dim, kappa, 0, SPHERE_VMF_KAPPA);
    double low = 0, high = SPHERE_PI_DOUBLE_, t, goal;
    sphere_vmf_angle_ a;
    int i;
    if (!angle) return SPHERE_E_NULL;
    if (!status) status = sphere_vmf_check_(dim, share, 0, 1);
    if (status) return status;
    a = sphere_vmf_angle_of_(dim, kappa);
    if (share == 0 || share == 1) { *angle = share == 0 ? 0 : SPHERE_PI_DOUBLE_; return SPHERE_OK; }
    /* Newton's method for log(in / out) over log t, where tails and powers are almost straight; a step that leaves the bracket halves it. */
    goal = sphere_log_double_(share) - sphere_log_double_(1 - share);
    t = a.mode > 0 ? a.mode : 1 / sphere_sqrt_double_(1 + kappa);
    for (i = 0; i < 200; i++) {
        const double in = sphere_vmf_mass_(&a, 0, t), out = sphere_vmf_mass_(&a, t, high < SPHERE_PI_DOUBLE_ ? SPHERE_PI_DOUBLE_ : high);
        const double height = sphere_vmf_height_(&a, t), miss = in - out - goal;
        const double slope = t * (sphere_vmf_exp_(height - in) + sphere_vmf_exp_(height - out));
        double next = t * sphere_vmf_exp_(-miss / slope), change;
        if (miss == 0) break;
        if (miss < 0) low = t; else high = t;
        if (!(next > low && next < high)) next = 0.5 * (low + high);
        change = next > t ? next - t : t - next;
        t = next;
        if (change <= 4e-16 * t) break;
    }
    *angle = t;
    return SPHERE_OK;
}

/* The fit: rows in at most 64 parts; each part adds its rows in order of index, then the parts are added in order. */
typedef struct sphere_vmf_job_ {
    const float *data;
    size_t n, dim, stride, part;
    double *mean;                       /* (parts, dim) sums of unit rows; then the first row is the mean direction */
    double *gap;                        /* (parts) */
    int *bad;                           /* (parts) 1: a zero row, 2: a NaN or infinity */
} sphere_vmf_job_;
/* |row|^2 and, with mu, |row scale - mu|^2: in 8 lanes, element i in lane i mod 8, lanes added by halves. A float's square is exact. */
static double sphere_vmf_square_(const float *row, size_t dim, double scale, const double *mu)
{
    double lane[8] = { 0 };
    size_t i, k, half;
    for (i = 0; i + 8 <= dim; i += 8) for (k = 0; k < 8; k++) {
        const double d = mu ? (double)row[i + k] * scale - mu[i + k] : (double)row[i + k];
        lane[k] += d * d;
    }
    for (k = 0; i + k < dim; k++) {
        const double d = mu ? (double)row[i + k] * scale - mu[i + k] : (double)row[i + k];
        lane[k] += d * d;
    }
    for (half = 4; half; half >>= 1) for (k = 0; k < half; k++) lane[k] += lane[k + half];
    return lane[0];
}
static void sphere_vmf_mean_task_(void *context, size_t task)
{
    const sphere_vmf_job_ *job = (const sphere_vmf_job_ *)context;
    const size_t first = task * job->part, end = job->n - first < job->part ? job->n : first + job->part;
    double *mean = job->mean + task * job->dim;
    size_t i, j;
    memset(mean, 0, job->dim * sizeof(double));
    job->bad[task] = 0;
    for (i = first; i < end; i++) {
        const float *row = job->data + i * job->stride;
        const double square = sphere_vmf_square_(row, job->dim, 1, NULL), scale = 1 / sphere_sqrt_double_(square);
        if (!(square - square == 0)) { job->bad[task] = 2; return; }
        if (square == 0) job->bad[task] = 1;
        else for (j = 0; j < job->dim; j++) mean[j] += (double)row[j] * scale;
    }
}
static void sphere_vmf_gap_task_(void *context, size_t task)
{
    const sphere_vmf_job_ *job = (const sphere_vmf_job_ *)context;
    const size_t first = task * job->part, end = job->n - first < job->part ? job->n : first + job->part;
    double sum = 0;
    size_t i;
    for (i = first; i < end; i++) {
        const float *row = job->data + i * job->stride;
        sum += sphere_vmf_square_(row, job->dim, 1 / sphere_sqrt_double_(sphere_vmf_square_(row, job->dim, 1, NULL)), job->mean);
    }
    job->gap[task] = sum;
}
typedef struct sphere_vmf_plan_ { size_t part, parts, mean, gap, bad, total; } sphere_vmf_plan_;
static sphere_vmf_plan_ sphere_vmf_plan_of_(size_t n, size_t dim)
{
    sphere_vmf_plan_ p;
    size_t at = 0;
    p.part = n / 64 + 1 < 1024 ? 1024 : n / 64 + 1;
    p.parts = n ? (n - 1) / p.part + 1 : 1;
    p.mean = sphere_part_(&at, sphere_size_(p.parts, dim, 0), sizeof(double));
    p.gap = sphere_part_(&at, p.parts, sizeof(double));
    p.bad = sphere_part_(&at, p.parts, sizeof(int));
    p.total = sphere_size_(at, 1, 64);
    return p;
}
SPHERE_API size_t sphere_vmf_size(const sphere_rows *rows)
{
    const size_t total = rows ? sphere_vmf_plan_of_(rows->n, rows->dim).total : 0;
    return total == SIZE_MAX ? 0 : total;
}
SPHERE_API sphere_status sphere_vmf_fit(const sphere_rows *rows, float *mu, sphere_vmf *fit, const sphere_exec *exec, void *memory, size_t bytes)
{
    sphere_vmf_job_ job;
    sphere_vmf_plan_ plan;
    size_t stride = 0, span, i, j;
    double square = 0, length, gap = 0;
    char *base;
    int bad = 0;
    sphere_status status = sphere_check_rows_(rows, &stride);
    if (status) return status;
    if (sphere_simd_pick_(exec) == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (!mu || !fit) return SPHERE_E_NULL;
    if (rows->n == 0 || rows->dim < 2 || rows->dim > SPHERE_VMF_DIM) return SPHERE_E_RANGE;
    plan = sphere_vmf_plan_of_(rows->n, rows->dim);
    if (plan.total == SIZE_MAX) return SPHERE_E_SIZE;
    if (!memory || bytes < plan.total) return SPHERE_E_MEMORY;
    span = sphere_span_(rows->n, rows->dim, stride);
    if (sphere_overlap_(memory, bytes, rows->data, span) || sphere_overlap_(mu, rows->dim * sizeof(float), rows->data, span) || sphere_overlap_(fit, sizeof(*fit), rows->data, span) ||
        sphere_overlap_(memory, bytes, mu, rows->dim * sizeof(float)) || sphere_overlap_(memory, bytes, fit, sizeof(*fit)) ||
        sphere_overlap_(mu, rows->dim * sizeof(float), fit, sizeof(*fit))) return SPHERE_E_OVERLAP;
    base = (char *)sphere_align_(memory);
    job.data = rows->data; job.n = rows->n; job.dim = rows->dim; job.stride = stride; job.part = plan.part;
    job.mean = (double *)(void *)(base + plan.mean);
    job.gap = (double *)(void *)(base + plan.gap);
    job.bad = (int *)(void *)(base + plan.bad);
    sphere_parallel_(exec, plan.parts, sphere_vmf_mean_task_, &job);
    for (i = 0; i < plan.parts; i++) if (job.bad[i] > bad) bad = job.bad[i];
    if (bad) return bad == 1 ? SPHERE_E_RANGE : SPHERE_E_NAN;
    for (i = 1; i < plan.parts; i++) for (j = 0; j < job.dim; j++) job.mean[j] += job.mean[i * job.dim + j];
    for (j = 0; j < job.dim; j++) square += job.mean[j] * job.mean[j];
    length = sphere_sqrt_double_(square);
    if (!(length > 0)) { job.mean[0] = length = 1; square = 0; }        /* no direction: any will do */
    for (j = 0; j < job.dim; j++) job.mean[j] /= length;
    sphere_parallel_(exec, plan.parts, sphere_vmf_gap_task_, &job);
    for (i = 0; i < plan.parts; i++) gap += job.gap[i];
    gap *= 0.5 / (double)job.n;                                         /* 1 - mu.x = |x - mu|^2 / 2 for unit vectors */
    if (!(gap < 1)) gap = 1;
    for (j = 0; j < job.dim; j++) mu[j] = (float)job.mean[j];
    fit->dim = job.dim;
    fit->gap = gap;
    fit->resultant = gap < 0.5 ? 1 - gap : square > 0 ? length / (double)job.n : 0;
    fit->kappa = sphere_vmf_kappa_(job.dim, gap);
    fit->log_norm = sphere_vmf_log_norm_(job.dim, fit->kappa);
    return SPHERE_OK;
}

/* -- geometry: double precision of the functions that need it, from + - * / sqrt alone */
SPHERE_INLINE_ int sphere_finite_(double x) { return x - x == 0; }

/* Sine and cosine for |r| <= pi/4 and a bit: Taylor series to r^17 and r^16, the next terms are below 1e-17. */
SPHERE_INLINE_ void sphere_sincos_quarter_(double r, double *sine, double *cosine)
{
    const double z = r * r;
    double s = 1.0 / 355687428096000.0, c = 1.0 / 20922789888000.0;
    s = s * z - 1.0 / 1307674368000.0; s = s * z + 1.0 / 6227020800.0; s = s * z - 1.0 / 39916800.0; s = s * z + 1.0 / 362880.0;
    s = s * z - 1.0 / 5040.0; s = s * z + 1.0 / 120.0; s = s * z - 1.0 / 6.0;
    c = c * z - 1.0 / 87178291200.0; c = c * z + 1.0 / 479001600.0; c = c * z - 1.0 / 3628800.0; c = c * z + 1.0 / 40320.0;
    c = c * z - 1.0 / 720.0; c = c * z + 1.0 / 24.0;
    *sine = r + r * (z * s);
    *cosine = 1.0 - (0.5 * z - z * z * c);
}
SPHERE_INLINE_ void sphere_turned_(uint32_t quarter, double s, double c, double *sine, double *cosine)
{
    const double a = quarter & 1u ? c : s, b = quarter & 1u ? s : c;
    *sine = quarter & 2u ? -a : a;
    *cosine = (quarter + 1u) & 2u ? -b : b;
}
/* Sine and cosine in double, absolute error below 3e-16 for |x| <= 5e7: pi/2 in parts of 28 and 28 bits, whose products with
   k < 2^25 are exact, and a rest. Beyond, x is cut into three floats that the float reduction takes: error below 3e-7. */
static void sphere_sincos_double_(double x, double *sine, double *cosine)
{
    uint32_t quarter = 0;
    double k, r, s, c;
    if (!(x > -5e7 && x < 5e7)) {
        float part[3], rest[3];
        size_t i;
        if (!(x > -3e38 && x < 3e38)) { *sine = *cosine = (double)sphere_nan_(); return; }
        part[0] = (float)x; part[1] = (float)(x - (double)part[0]); part[2] = (float)(x - (double)part[0] - (double)part[1]);
        for (i = 0; i < 3; i++) quarter += sphere_reduce_(part[i], &rest[i]);
        x = (double)rest[0] + (double)rest[1] + (double)rest[2];
    }
    k = (x * 0.6366197723675814 + 6755399441055744.0) - 6755399441055744.0;             /* nearest integer: 1.5 * 2^52 */
    r = ((x - k * 1.570796325802803) - k * 9.920935739593517e-10) - k * 5.721188726109832e-18;
    quarter += (uint32_t)(int32_t)k;
    sphere_sincos_quarter_(r, &s, &c);
    sphere_turned_(quarter, s, c, sine, cosine);
}
/* Sine and cosine of a 64-bit fraction of a turn, reduced without rounding. */
static void sphere_sincos_turn_(uint64_t turn, double *sine, double *cosine)
{
    const uint32_t quarter = (uint32_t)(turn >> 62) + (uint32_t)(turn >> 61 & 1u);
    double s, c;
    turn -= (uint64_t)quarter << 62;                                    /* -1/8 .. 1/8 turn, in two's complement; * 2 pi / 2^64 */
    sphere_sincos_quarter_((turn >> 63 ? -(double)(0 - turn) : (double)turn) * 3.4061215800865545e-19, &s, &c);
    sphere_turned_(quarter & 3u, s, c, sine, cosine);
}
/* atan2 for y >= 0 and x >= 0, not both infinite, within 2 units of 2^-53 relative. atan(q) = atan(k/8) + atan(t), |t| <= 1/16. */
static double sphere_atan2_quadrant_(double y, double x)
{
    static const double eighth[9] = { 0, 0.12435499454676144, 0.24497866312686414, 0.35877067027057225, 0.4636476090008061,
        0.5585993153435624, 0.6435011087932844, 0.7188299996216245, 0.7853981633974483 };
    const double lesser = y < x ? y : x, large = y < x ? x : y, q = large == 0 ? 0 : lesser / large;
    double t, z, p, a;
    int k;
    if (!(q == q)) return q;
    k = (int)(q * 8.0 + 0.5);
    t = k ? (8.0 * lesser - k * large) / (8.0 * large + k * lesser) : q;
    z = t * t;
    p = 1.0 / 13.0; p = p * z - 1.0 / 11.0; p = p * z + 1.0 / 9.0; p = p * z - 1.0 / 7.0; p = p * z + 1.0 / 5.0; p = p * z - 1.0 / 3.0;
    a = eighth[k] + (t + t * (z * p));
    return y > x ? 1.5707963267948966 - a : a;
}
/* Azimuth of (x, y) in turns, 0 <= t < 1. */
static double sphere_azimuth_(double y, double x)
{
    double t = sphere_atan2_quadrant_(y < 0 ? -y : y, x < 0 ? -x : x) * 0.15915494309189535;
    if (x < 0) t = 0.5 - t;
    if (y < 0) t = 1.0 - t;
    return t < 1 ? t : 0;
}
/* Sum of TERM over the caller's variable i, in 8 virtual lanes of double, added by halves. */
#define SPHERE_SUM8_(sum, count, TERM) do { \
        double lane_[8] = { 0 }; size_t j_; \
        for (i = 0, j_ = 0; i < (count); i++, j_ = (j_ + 1) & 7u) lane_[j_] += (TERM); \
        lane_[0] += lane_[4]; lane_[1] += lane_[5]; lane_[2] += lane_[6]; lane_[3] += lane_[7]; \
        (sum) = (lane_[0] + lane_[2]) + (lane_[1] + lane_[3]); } while (0)
static double sphere_dot8_(const float *a, const float *b, size_t n)
{
    double lane[8] = { 0 };
    size_t i = 0, k;
    for (; i + 8 <= n; i += 8) for (k = 0; k < 8; k++) lane[k] += (double)a[i + k] * (double)b[i + k];      /* products are exact */
    for (k = 0; i + k < n; k++) lane[k] += (double)a[i + k] * (double)b[i + k];
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}
static double sphere_dot8_double_(const double *a, const double *b, size_t n)
{
    double lane[8] = { 0 };
    size_t i = 0, k;
    for (; i + 8 <= n; i += 8) for (k = 0; k < 8; k++) lane[k] += a[i + k] * b[i + k];
    for (k = 0; i + k < n; k++) lane[k] += a[i + k] * b[i + k];
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}
/* 1 / |a|, or a NaN when a has no direction. */
static double sphere_inverse_norm_(const float *a, size_t n)
{
    const double s = sphere_dot8_(a, a, n);
    return s > 0 && sphere_finite_(s) ? 1.0 / sphere_sqrt_double_(s) : (double)sphere_nan_();
}

/* The great circle through two rows: a / |a| = |s|/2 m - |d|/2 p and b / |b| = |s|/2 m + |d|/2 p with the midpoint m and the
   direction of the difference p, which are unit vectors and perpendicular. Every formula of this group is one in m and p. */
typedef struct sphere_arc_ {
    const float *a, *b;
    double ia, ib;                      /* 1 / |a|, 1 / |b|; NaN when a direction is missing */
    double sum, diff, is, id;           /* |s|, |d| and their reciprocals */
    double tilt, level;                 /* what rounding left of <m,p>, taken off m again; 1 / length of the rest */
    size_t axis;                        /* opposite directions: m is the axis, made perpendicular to p */
    int opposite;
} sphere_arc_;
SPHERE_INLINE_ double sphere_arc_p_(const sphere_arc_ *c, size_t i) { return ((double)c->b[i] * c->ib - (double)c->a[i] * c->ia) * c->id; }
SPHERE_INLINE_ double sphere_arc_m_(const sphere_arc_ *c, size_t i)
{
    const double m = c->opposite ? i == c->axis ? 1.0 : 0.0 : ((double)c->a[i] * c->ia + (double)c->b[i] * c->ib) * c->is;
    return (m - c->tilt * sphere_arc_p_(c, i)) * c->level;
}
static void sphere_arc_of_(sphere_arc_ *c, const float *a, const float *b, size_t dim)
{
    double s, d, rest;
    size_t i, k;
    memset(c, 0, sizeof(*c));
    c->a = a; c->b = b;
    c->ia = sphere_inverse_norm_(a, dim);
    c->ib = sphere_inverse_norm_(b, dim);
    SPHERE_SUM8_(s, dim, ((double)a[i] * c->ia + (double)b[i] * c->ib) * ((double)a[i] * c->ia + (double)b[i] * c->ib));
    SPHERE_SUM8_(d, dim, ((double)b[i] * c->ib - (double)a[i] * c->ia) * ((double)b[i] * c->ib - (double)a[i] * c->ia));
    c->sum = sphere_sqrt_double_(s);
    c->diff = sphere_sqrt_double_(d);
    c->id = c->diff > 0 ? 1.0 / c->diff : 0;
    c->level = 1.0;
    if (!(c->sum <= 9.094947017729282e-13)) {                           /* 2^-40 */
        c->is = 1.0 / c->sum;
        if (c->sum > 1.52587890625e-05) return;                         /* 2^-16: <m,p> is below 1e-11 */
        SPHERE_SUM8_(rest, dim, sphere_arc_m_(c, i) * sphere_arc_p_(c, i));
    } else {
        c->opposite = 1;
        for (k = 1; k < dim; k++) if (sphere_abs_(a[k]) < sphere_abs_(a[c->axis])) c->axis = k;
        rest = dim ? sphere_arc_p_(c, c->axis) : 0;
    }
    c->tilt = rest;
    rest = 1.0 - rest * rest;
    c->level = rest > 1e-9 ? 1.0 / sphere_sqrt_double_(rest) : 0;       /* dimension 1: m = 0; else at least 1 - 1/dim */
}
static double sphere_arc_angle_(const sphere_arc_ *c) { return 2.0 * sphere_atan2_quadrant_(c->diff, c->sum); }

/* One function for every row-wise map: one task per 256 rows, each input row set with its own step (0 = one row for all). */
typedef enum sphere_geometry_work_ {
    SPHERE_GEO_DISTANCE_, SPHERE_GEO_SLERP_, SPHERE_GEO_EXP_, SPHERE_GEO_LOG_, SPHERE_GEO_TRANSPORT_, SPHERE_GEO_TANGENT_, SPHERE_GEO_SHELL_,
    SPHERE_GEO_TURN_, SPHERE_GEO_MULTIPLY_
} sphere_geometry_work_;
typedef struct sphere_geometry_ {
    const float *in[3], *t;             /* t: what slerp and shell take per row; the matrix of multiply */
    size_t step[3], t_step, n, dim, out_stride;
    float *out;
    const sphere_arc_ *arc;             /* turn */
    sphere_geometry_work_ work;
} sphere_geometry_;
#define SPHERE_GEO_CHUNK_ 256
#define SPHERE_STORE_(value) out[i] = sphere_canonical_((float)(value))
static void sphere_geometry_row_(const sphere_geometry_ *g, float *out, const float *a, const float *b, const float *w, double t)
{
    const size_t dim = g->dim;
    sphere_arc_ arc;
    double s, c, angle, length, u, v;
    size_t i;
    switch (g->work) {
    case SPHERE_GEO_DISTANCE_:
        sphere_arc_of_(&arc, a, b, dim);
        *out = sphere_canonical_((float)sphere_arc_angle_(&arc));
        break;
    case SPHERE_GEO_SLERP_:
        sphere_arc_of_(&arc, a, b, dim);
        sphere_sincos_double_((t - 0.5) * sphere_arc_angle_(&arc), &s, &c);
        if (arc.diff == 0) { s = 0; c = t - t == 0 ? 1.0 : t - t; }      /* a = b: any t; but a NaN stays one */
        for (i = 0; i < dim; i++) SPHERE_STORE_(c * sphere_arc_m_(&arc, i) + s * sphere_arc_p_(&arc, i));
        break;
    case SPHERE_GEO_LOG_:                                               /* the slope of slerp at t = 0 */
        sphere_arc_of_(&arc, a, b, dim);
        angle = sphere_arc_angle_(&arc);
        s = 0.5 * arc.diff * angle;
        c = 0.5 * arc.sum * angle;
        for (i = 0; i < dim; i++) SPHERE_STORE_(s * sphere_arc_m_(&arc, i) + c * sphere_arc_p_(&arc, i));
        break;
    case SPHERE_GEO_EXP_:
    case SPHERE_GEO_TANGENT_:
        u = sphere_inverse_norm_(a, dim);
        v = sphere_dot8_(a, b, dim) * u * u;                            /* v - v a is tangent; a need not have length 1 */
        if (!sphere_finite_(v)) v = u = (double)sphere_nan_();
        if (g->work == SPHERE_GEO_TANGENT_) { for (i = 0; i < dim; i++) SPHERE_STORE_((double)b[i] - v * (double)a[i]); break; }
        SPHERE_SUM8_(length, dim, ((double)b[i] - v * (double)a[i]) * ((double)b[i] - v * (double)a[i]));
        length = sphere_sqrt_double_(length);
        sphere_sincos_double_(length, &s, &c);
        s = length > 0 ? s / length : length == 0 ? 1.0 : length;
        for (i = 0; i < dim; i++) SPHERE_STORE_(c * ((double)a[i] * u) + s * ((double)b[i] - v * (double)a[i]));
        break;
    case SPHERE_GEO_TRANSPORT_:
        sphere_arc_of_(&arc, a, b, dim);
        v = sphere_dot8_(a, w, dim) * arc.ia * arc.ia;
        if (!sphere_finite_(v)) v = (double)sphere_nan_();
        SPHERE_SUM8_(u, dim, ((double)w[i] - v * (double)a[i]) * sphere_arc_m_(&arc, i));
        for (i = 0; i < dim; i++) SPHERE_STORE_((double)w[i] - v * (double)a[i] - 2.0 * u * sphere_arc_m_(&arc, i));
        break;
    case SPHERE_GEO_SHELL_:
        u = sphere_dot8_(a, a, dim);
        u = sphere_finite_(u) ? (u > 0 ? t / sphere_sqrt_double_(u) : t - t) : u - u;
        for (i = 0; i < dim; i++) SPHERE_STORE_((double)a[i] * u);
        break;
    case SPHERE_GEO_TURN_:                                              /* reflect in `from`, then in the midpoint */
        SPHERE_SUM8_(u, dim, (double)a[i] * ((double)g->arc->a[i] * g->arc->ia));
        SPHERE_SUM8_(v, dim, ((double)a[i] - 2.0 * u * ((double)g->arc->a[i] * g->arc->ia)) * sphere_arc_m_(g->arc, i));
        for (i = 0; i < dim; i++) SPHERE_STORE_((double)a[i] - 2.0 * u * ((double)g->arc->a[i] * g->arc->ia) - 2.0 * v * sphere_arc_m_(g->arc, i));
        break;
    case SPHERE_GEO_MULTIPLY_:
    default: {
        size_t at, k, m;
        double sum[64];
        for (at = 0; at < dim; at += m) {                               /* 64 columns at a time; each sum runs over i in order */
            m = dim - at < 64 ? dim - at : 64;
            for (k = 0; k < m; k++) sum[k] = 0;
            for (i = 0; i < dim; i++) for (k = 0; k < m; k++) sum[k] += (double)a[i] * (double)g->t[i * dim + at + k];
            for (k = 0; k < m; k++) out[at + k] = sphere_canonical_((float)sum[k]);
        }
        break; }
    }
}
static void sphere_geometry_task_(void *context, size_t index)
{
    const sphere_geometry_ *g = (const sphere_geometry_ *)context;
    const size_t at = index * SPHERE_GEO_CHUNK_, end = g->n - at < SPHERE_GEO_CHUNK_ ? g->n : at + SPHERE_GEO_CHUNK_;
    size_t i;
    for (i = at; i < end; i++)
        sphere_geometry_row_(g, g->out + i * g->out_stride, g->in[0] ? g->in[0] + i * g->step[0] : NULL, g->in[1] ? g->in[1] + i * g->step[1] : NULL,
                             g->in[2] ? g->in[2] + i * g->step[2] : NULL, g->t && g->work != SPHERE_GEO_MULTIPLY_ ? (double)g->t[i * g->t_step] : 0);
}
static sphere_status sphere_geometry_run_(sphere_geometry_ *g, sphere_geometry_work_ work, const sphere_rows *const *rows, size_t sets, const float *t,
                                          size_t t_count, float *out, size_t out_stride, const sphere_exec *exec)
{
    static const float no_row = 0;
    size_t stride[3] = { 0, 0, 0 }, i, n = 1, dim, out_span, t_span;
    const int by_row = work == SPHERE_GEO_SLERP_ || work == SPHERE_GEO_SHELL_;
    for (i = 0; i < sets; i++) {
        const sphere_status status = sphere_check_rows_(rows[i], &stride[i]);
        if (status) return status;
    }
    if (sphere_simd_pick_(exec) == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    dim = rows[0]->dim;
    for (i = 0; i < sets; i++) {
        if (rows[i]->dim != dim) return SPHERE_E_RANGE;
        if (rows[i]->n == 0) n = 0;
        else if (n == 1) n = rows[i]->n;
    }
    for (i = 0; i < sets; i++) if (n && rows[i]->n != n && rows[i]->n != 1) return SPHERE_E_RANGE;
    if (by_row && n && t_count != n && t_count != 1) return SPHERE_E_RANGE;
    if (work != SPHERE_GEO_DISTANCE_ && out_stride && out_stride < dim) return SPHERE_E_RANGE;
    if (n == 0 || (dim == 0 && work != SPHERE_GEO_DISTANCE_)) return SPHERE_OK;
    if (work == SPHERE_GEO_DISTANCE_) out_stride = 1;
    else if (!out_stride) out_stride = dim;
    if (sphere_size_(sphere_size_(n, out_stride, 0), sizeof(float), 0) > SIZE_MAX / 2) return SPHERE_E_SIZE;
    t_span = work == SPHERE_GEO_MULTIPLY_ ? sphere_size_(sphere_size_(dim, dim, 0), sizeof(float), 0) : by_row ? t_count * sizeof(float) : 0;
    if (t_span == SIZE_MAX) return SPHERE_E_SIZE;
    if (!out || (t_span && !t)) return SPHERE_E_NULL;
    out_span = work == SPHERE_GEO_DISTANCE_ ? n * sizeof(float) : sphere_span_(n, dim, out_stride);
    for (i = 0; i < sets; i++) {
        const int same = out == rows[i]->data && rows[i]->n == n && (stride[i] == out_stride || n == 1) && work != SPHERE_GEO_DISTANCE_ && work != SPHERE_GEO_MULTIPLY_;
        if (!same && sphere_overlap_(out, out_span, rows[i]->data, sphere_span_(rows[i]->n, dim, stride[i]))) return SPHERE_E_OVERLAP;
    }
    if (sphere_overlap_(out, out_span, t, t_span)) return SPHERE_E_OVERLAP;
    for (i = 0; i < sets; i++) { g->in[i] = rows[i]->data ? rows[i]->data : &no_row; g->step[i] = rows[i]->n == 1 ? 0 : stride[i]; }
    g->t = t; g->t_step = t_count == 1 ? 0 : 1;
    g->n = n; g->dim = dim;
    g->out = out; g->out_stride = out_stride;
    g->work = work;
    sphere_parallel_(exec, (n - 1) / SPHERE_GEO_CHUNK_ + 1, sphere_geometry_task_, g);
    return SPHERE_OK;
}
static sphere_status sphere_geometry_sets_(sphere_geometry_work_ work, const sphere_rows *a, const sphere_rows *b, const sphere_rows *w, size_t sets,
                                           const float *t, size_t t_count, float *out, size_t out_stride, const sphere_exec *exec)
{
    const sphere_rows *rows[3];
    sphere_geometry_ g;
    memset(&g, 0, sizeof(g));
    rows[0] = a; rows[1] = b; rows[2] = w;
    return sphere_geometry_run_(&g, work, rows, sets, t, t_count, out, out_stride, exec);
}
SPHERE_API sphere_status sphere_row_distance(const sphere_rows *a, const sphere_rows *b, float *angle, const sphere_exec *exec)
{ return sphere_geometry_sets_(SPHERE_GEO_DISTANCE_, a, b, NULL, 2, NULL, 0, angle, 0, exec); }
SPHERE_API sphere_status sphere_row_slerp(const sphere_rows *a, const sphere_rows *b, const float *t, size_t t_count, float *out, size_t out_stride,
                                          const sphere_exec *exec)
{ return sphere_geometry_sets_(SPHERE_GEO_SLERP_, a, b, NULL, 2, t, t_count, out, out_stride, exec); }
SPHERE_API sphere_status sphere_row_exp(const sphere_rows *x, const sphere_rows *v, float *out, size_t out_stride, const sphere_exec *exec)
{ return sphere_geometry_sets_(SPHERE_GEO_EXP_, x, v, NULL, 2, NULL, 0, out, out_stride, exec); }
SPHERE_API sphere_status sphere_row_log(const sphere_rows *x, const sphere_rows *y, float *out, size_t out_stride, const sphere_exec *exec)
{ return sphere_geometry_sets_(SPHERE_GEO_LOG_, x, y, NULL, 2, NULL, 0, out, out_stride, exec); }
SPHERE_API sphere_status sphere_row_transport(const sphere_rows *x, const sphere_rows *y, const sphere_rows *w, float *out, size_t out_stride,
                                              const sphere_exec *exec)
{ return sphere_geometry_sets_(SPHERE_GEO_TRANSPORT_, x, y, w, 3, NULL, 0, out, out_stride, exec); }
SPHERE_API sphere_status sphere_row_tangent(const sphere_rows *x, const sphere_rows *v, float *out, size_t out_stride, const sphere_exec *exec)
{ return sphere_geometry_sets_(SPHERE_GEO_TANGENT_, x, v, NULL, 2, NULL, 0, out, out_stride, exec); }
SPHERE_API sphere_status sphere_row_shell(const sphere_rows *rows, const float *radius, size_t radius_count, float *out, size_t out_stride,
                                          const sphere_exec *exec)
{ return sphere_geometry_sets_(SPHERE_GEO_SHELL_, rows, NULL, NULL, 1, radius, radius_count, out, out_stride, exec); }
SPHERE_API sphere_status sphere_row_multiply(const sphere_rows *rows, const float *matrix, float *out, size_t out_stride, const sphere_exec *exec)
{ return sphere_geometry_sets_(SPHERE_GEO_MULTIPLY_, rows, NULL, NULL, 1, matrix, 0, out, out_stride, exec); }
SPHERE_API sphere_status sphere_row_turn(const float *from, const float *to, const sphere_rows *rows, float *out, size_t out_stride, const sphere_exec *exec)
{
    const sphere_rows *set[1];
    sphere_geometry_ g;
    sphere_arc_ arc;
    size_t stride = 0, bytes;
    const sphere_status status = sphere_check_rows_(rows, &stride);
    if (status) return status;
    if (sphere_simd_pick_(exec) == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (out_stride && out_stride < rows->dim) return SPHERE_E_RANGE;
    if (rows->n == 0 || rows->dim == 0) return SPHERE_OK;
    if (!from || !to || !out) return SPHERE_E_NULL;
    if (sphere_size_(sphere_size_(rows->n, out_stride ? out_stride : rows->dim, 0), sizeof(float), 0) > SIZE_MAX / 2) return SPHERE_E_SIZE;
    bytes = sphere_span_(rows->n, rows->dim, out_stride ? out_stride : rows->dim);
    if (sphere_overlap_(out, bytes, from, rows->dim * sizeof(float)) || sphere_overlap_(out, bytes, to, rows->dim * sizeof(float))) return SPHERE_E_OVERLAP;
    if (!sphere_finite_(sphere_dot8_(from, from, rows->dim)) || !sphere_finite_(sphere_dot8_(to, to, rows->dim))) return SPHERE_E_NAN;
    sphere_arc_of_(&arc, from, to, rows->dim);
    if (!sphere_finite_(arc.ia) || !sphere_finite_(arc.ib)) return SPHERE_E_RANGE;
    memset(&g, 0, sizeof(g));
    g.arc = &arc;
    set[0] = rows;
    return sphere_geometry_run_(&g, SPHERE_GEO_TURN_, set, 1, NULL, 0, out, out_stride, exec);
}

/* -- Karcher mean. log_mean(x) = angle (d/2 m + s/2 p) with m = (x + mean)/s and p = (x - mean)/d, so a row adds alpha x with
   alpha = angle (d/2s + s/2d) and something along the mean, which is left out: the sum is made tangent at the end. */
typedef struct sphere_karcher_ {
    const float *data, *weights;
    const double *mean;                 /* NULL: add up the plain mean */
    double *part;                       /* dim + 2 per task: sum of alpha x, largest angle, opposite rows */
    size_t n, dim, stride;
} sphere_karcher_;
static void sphere_karcher_task_(void *context, size_t index)
{
    const sphere_karcher_ *k = (const sphere_karcher_ *)context;
    const size_t at = index * SPHERE_GEO_CHUNK_, end = k->n - at < SPHERE_GEO_CHUNK_ ? k->n : at + SPHERE_GEO_CHUNK_, dim = k->dim;
    double *sum = k->part + index * (dim + 2);
    size_t r, i, j;
    memset(sum, 0, (dim + 2) * sizeof(double));
    for (r = at; r < end; r++) {
        const float *x = k->data + r * k->stride;
        const double w = k->weights ? (double)k->weights[r] : 1.0, ix = sphere_inverse_norm_(x, dim);
        double alpha = 1.0, s, d, angle;
        if (w == 0) continue;
        if (k->mean) {
            SPHERE_SUM8_(s, dim, ((double)x[i] * ix + k->mean[i]) * ((double)x[i] * ix + k->mean[i]));
            SPHERE_SUM8_(d, dim, ((double)x[i] * ix - k->mean[i]) * ((double)x[i] * ix - k->mean[i]));
            s = sphere_sqrt_double_(s);
            d = sphere_sqrt_double_(d);
            angle = 2.0 * sphere_atan2_quadrant_(d, s);
            if (angle > sum[dim]) sum[dim] = angle;
            if (s <= 9.094947017729282e-13) { sum[dim + 1] += 1.0; continue; }
            alpha = d > 0 ? angle * (0.5 * d / s + 0.5 * s / d) : 1.0;
        }
        alpha *= w * ix;
        for (j = 0; j < dim; j++) sum[j] += alpha * (double)x[j];
    }
}
/* Run the tasks and add the parts in order. */
static void sphere_karcher_sum_(sphere_karcher_ *k, double *sum, const sphere_exec *exec)
{
    const size_t tasks = (k->n - 1) / SPHERE_GEO_CHUNK_ + 1, dim = k->dim;
    size_t t, j;
    sphere_parallel_(exec, tasks, sphere_karcher_task_, k);
    memset(sum, 0, (dim + 2) * sizeof(double));
    for (t = 0; t < tasks; t++) {
        const double *part = k->part + t * (dim + 2);
        for (j = 0; j < dim; j++) sum[j] += part[j];
        if (part[dim] > sum[dim]) sum[dim] = part[dim];
        sum[dim + 1] += part[dim + 1];
    }
}
SPHERE_API size_t sphere_karcher_size(const sphere_rows *rows)
{
    size_t blocks, total;
    if (!rows) return 0;
    blocks = rows->n / SPHERE_GEO_CHUNK_ + 3;                           /* the parts, the mean, the sum */
    total = sphere_size_(sphere_size_(sphere_size_(rows->dim, 1, 2), blocks, 0), sizeof(double), 64);
    return total == SIZE_MAX ? 0 : total;
}
SPHERE_API sphere_status sphere_row_karcher(const sphere_rows *rows, const sphere_karcher_desc *desc, float *mean, sphere_karcher_report *report,
                                            void *memory, size_t bytes)
{
    const sphere_exec *exec = desc ? &desc->exec : NULL;
    const float *weights = desc ? desc->weights : NULL;
    const size_t most = desc && desc->iterations ? desc->iterations : 64;
    const double tolerance = desc && desc->tolerance != 0 ? (double)desc->tolerance : 1e-7;
    sphere_karcher_report done;
    sphere_karcher_ k;
    size_t stride = 0, i, need, dim, first, span;
    double *at, *sum, total = 0, length, s, c;
    const sphere_status status = sphere_check_rows_(rows, &stride);
    if (status) return status;
    if (sphere_simd_pick_(exec) == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    memset(&done, 0, sizeof(done));
    dim = rows->dim;
    if (dim && !mean) return SPHERE_E_NULL;
    if (!(tolerance == tolerance)) return SPHERE_E_NAN;
    if (tolerance < 0) return SPHERE_E_RANGE;
    if (rows->n == 0 || dim == 0) {
        if (dim) memset(mean, 0, dim * sizeof(float));
        if (report) *report = done;
        return SPHERE_OK;
    }
    need = sphere_karcher_size(rows);
    if (!need) return SPHERE_E_SIZE;
    if (!memory || bytes < need) return SPHERE_E_MEMORY;
    span = sphere_span_(rows->n, dim, stride);
    if (sphere_overlap_(memory, bytes, rows->data, span) || sphere_overlap_(mean, dim * sizeof(float), rows->data, span) || sphere_overlap_(memory, bytes, mean, dim * sizeof(float)) ||
        sphere_overlap_(memory, bytes, weights, rows->n * sizeof(float)) || sphere_overlap_(mean, dim * sizeof(float), weights, rows->n * sizeof(float))) return SPHERE_E_OVERLAP;
    for (first = rows->n, i = 0; i < rows->n; i++) {
        const double square = sphere_dot8_(rows->data + i * stride, rows->data + i * stride, dim), w = weights ? (double)weights[i] : 1.0;
        if (!sphere_finite_(square) || !sphere_finite_(w)) return SPHERE_E_NAN;
        if (square == 0 || w < 0) return SPHERE_E_RANGE;
        if (w > 0 && first == rows->n) first = i;
        total += w;
    }
    if (!(total > 0)) return SPHERE_E_RANGE;
    memset(&k, 0, sizeof(k));
    at = (double *)sphere_align_(memory);
    sum = at + dim + 2;
    k.part = sum + dim + 2;
    k.data = rows->data; k.weights = weights;
    k.n = rows->n; k.dim = dim; k.stride = stride;
    sphere_karcher_sum_(&k, sum, exec);
    length = sphere_sqrt_double_(sphere_dot8_double_(sum, sum, dim));
    if (length > 1e-12 * total) for (i = 0; i < dim; i++) at[i] = sum[i] / length;
    else {
        const double inverse = sphere_inverse_norm_(rows->data + first * stride, dim);
        for (i = 0; i < dim; i++) at[i] = (double)rows->data[first * stride + i] * inverse;
        done.no_start = 1;
    }
    k.mean = at;
    for (;;) {
        double along;
        sphere_karcher_sum_(&k, sum, exec);
        for (i = 0; i < dim; i++) sum[i] /= total;
        along = sphere_dot8_double_(sum, at, dim);
        for (i = 0; i < dim; i++) sum[i] -= along * at[i];
        length = sphere_sqrt_double_(sphere_dot8_double_(sum, sum, dim));
        if (length <= tolerance || done.iterations == most) break;
        sphere_sincos_double_(length, &s, &c);
        for (i = 0; i < dim; i++) at[i] = c * at[i] + s * (sum[i] / length);
        s = 1.0 / sphere_sqrt_double_(sphere_dot8_double_(at, at, dim));
        for (i = 0; i < dim; i++) at[i] *= s;
        done.iterations++;
    }
    done.residual = (float)length;
    done.spread = (float)sum[dim];
    done.opposite = (size_t)sum[dim + 1];
    for (i = 0; i < dim; i++) mean[i] = (float)at[i];
    if (report) *report = done;
    return SPHERE_OK;
}

/* -- rotations in three dimensions */
typedef struct sphere_rotate_ { double m[9]; const float *in[3]; float *out[3]; size_t n; } sphere_rotate_;
static void sphere_rotate_task_(void *context, size_t index)
{
    const sphere_rotate_ *r = (const sphere_rotate_ *)context;
    const size_t at = index * SPHERE_CHUNK_, end = r->n - at < SPHERE_CHUNK_ ? r->n : at + SPHERE_CHUNK_;
    size_t i, k;
    for (i = at; i < end; i++) {
        const double x = (double)r->in[0][i], y = (double)r->in[1][i], z = (double)r->in[2][i];
        const double bad = (x - x) + (y - y) + (z - z);                 /* 0, or a NaN: 0 * infinity alone would not catch every axis */
        for (k = 0; k < 3; k++) r->out[k][i] = sphere_canonical_((float)(r->m[3 * k] * x + r->m[3 * k + 1] * y + r->m[3 * k + 2] * z + bad));
    }
}
static sphere_status sphere_rotate_run_(sphere_rotate_ *r, size_t n, const sphere_exec *exec)
{
    int i, j;
    if (sphere_simd_pick_(exec) == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (n == 0) return SPHERE_OK;
    if (n > SIZE_MAX / 8) return SPHERE_E_SIZE;
    for (i = 0; i < 3; i++) if (!r->in[i] || !r->out[i]) return SPHERE_E_NULL;
    for (i = 0; i < 3; i++) {
        for (j = 0; j < 3; j++) if (sphere_clash_(r->out[i], r->in[j], n * sizeof(float))) return SPHERE_E_OVERLAP;
        for (j = 0; j < i; j++) if (sphere_overlap_(r->out[i], n * sizeof(float), r->out[j], n * sizeof(float))) return SPHERE_E_OVERLAP;
    }
    r->n = n;
    sphere_parallel_(exec, (n - 1) / SPHERE_CHUNK_ + 1, sphere_rotate_task_, r);
    return SPHERE_OK;
}
/* Read a vector of a few floats that must be finite and not zero; *inverse becomes 1 / length. */
static sphere_status sphere_take_(const float *a, size_t n, double *out, double *inverse)
{
    double s = 0;
    size_t i;
    if (!a) return SPHERE_E_NULL;
    for (i = 0; i < n; i++) { out[i] = (double)a[i]; s += out[i] * out[i]; }
    if (!sphere_finite_(s)) return SPHERE_E_NAN;
    if (inverse && !(s > 0)) return SPHERE_E_RANGE;
    if (inverse) *inverse = 1.0 / sphere_sqrt_double_(s);
    return SPHERE_OK;
}
static void sphere_matrix_of_(const double q[4], double inverse, double m[9])
{
    const double w = q[0] * inverse, x = q[1] * inverse, y = q[2] * inverse, z = q[3] * inverse;
    m[0] = 1 - 2 * (y * y + z * z); m[1] = 2 * (x * y - w * z); m[2] = 2 * (x * z + w * y);
    m[3] = 2 * (x * y + w * z); m[4] = 1 - 2 * (x * x + z * z); m[5] = 2 * (y * z - w * x);
    m[6] = 2 * (x * z - w * y); m[7] = 2 * (y * z + w * x); m[8] = 1 - 2 * (x * x + y * y);
}
SPHERE_API sphere_status sphere_rotate(const float matrix[9], const float *x, const float *y, const float *z, float *rx, float *ry, float *rz, size_t n,
                                       const sphere_exec *exec)
{
    sphere_rotate_ r;
    sphere_status status;
    memset(&r, 0, sizeof(r));
    status = sphere_take_(matrix, 9, r.m, NULL);
    if (status) return status;
    r.in[0] = x; r.in[1] = y; r.in[2] = z;
    r.out[0] = rx; r.out[1] = ry; r.out[2] = rz;
    return sphere_rotate_run_(&r, n, exec);
}
SPHERE_API sphere_status sphere_rotate_quaternion(const float quaternion[4], const float *x, const float *y, const float *z, float *rx, float *ry, float *rz,
                                                  size_t n, const sphere_exec *exec)
{
    double q[4], inverse;
    sphere_rotate_ r;
    const sphere_status status = sphere_take_(quaternion, 4, q, &inverse);
    if (status) return status;
    memset(&r, 0, sizeof(r));
    sphere_matrix_of_(q, inverse, r.m);
    r.in[0] = x; r.in[1] = y; r.in[2] = z;
    r.out[0] = rx; r.out[1] = ry; r.out[2] = rz;
    return sphere_rotate_run_(&r, n, exec);
}
SPHERE_API sphere_status sphere_quaternion_between(const float a[3], const float b[3], float quaternion[4])
{
    double v[3], inverse, u[3], m[3];
    sphere_arc_ arc;
    size_t k;
    sphere_status status;
    if (!quaternion) return SPHERE_E_NULL;
    status = sphere_take_(a, 3, v, &inverse);
    if (!status) status = sphere_take_(b, 3, u, &inverse);
    if (status) return status;
    sphere_arc_of_(&arc, a, b, 3);
    for (k = 0; k < 3; k++) { u[k] = v[k] * arc.ia; m[k] = sphere_arc_m_(&arc, k); }
    quaternion[0] = (float)(arc.opposite ? 0.0 : 0.5 * arc.sum);        /* cos(angle/2) = <a,m>, and a x m = sin(angle/2) axis */
    for (k = 0; k < 3; k++) quaternion[k + 1] = (float)(u[(k + 1) % 3] * m[(k + 2) % 3] - u[(k + 2) % 3] * m[(k + 1) % 3]);
    return SPHERE_OK;
}
SPHERE_API sphere_status sphere_quaternion_from_axis(const float axis[3], float angle, float quaternion[4])
{
    double v[3], inverse, s, c;
    size_t k;
    const sphere_status status = sphere_take_(axis, 3, v, &inverse);
    if (!quaternion) return SPHERE_E_NULL;
    if (status) return status;
    sphere_sincos_double_(0.5 * (double)angle, &s, &c);
    if (!(c == c)) return SPHERE_E_NAN;
    quaternion[0] = (float)c;
    for (k = 0; k < 3; k++) quaternion[k + 1] = (float)(s * (v[k] * inverse));
    return SPHERE_OK;
}
SPHERE_API sphere_status sphere_quaternion_to_matrix(const float quaternion[4], float matrix[9])
{
    double q[4], inverse, m[9];
    size_t k;
    const sphere_status status = sphere_take_(quaternion, 4, q, &inverse);
    if (!matrix) return SPHERE_E_NULL;
    if (status) return status;
    sphere_matrix_of_(q, inverse, m);
    for (k = 0; k < 9; k++) matrix[k] = (float)m[k];
    return SPHERE_OK;
}
SPHERE_API sphere_status sphere_quaternion_from_matrix(const float matrix[9], float quaternion[4])
{
    double m[9], q[4], four[4], s;
    size_t k, best = 0;
    const sphere_status status = sphere_take_(matrix, 9, m, NULL);
    if (!quaternion) return SPHERE_E_NULL;
    if (status) return status;
    four[0] = 1 + m[0] + m[4] + m[8]; four[1] = 1 + m[0] - m[4] - m[8];  /* 4 w^2, 4 x^2, 4 y^2, 4 z^2: start from the largest */
    four[2] = 1 - m[0] + m[4] - m[8]; four[3] = 1 - m[0] - m[4] + m[8];
    for (k = 1; k < 4; k++) if (four[k] > four[best]) best = k;          /* their sum is 4, so it is at least 1 */
    q[0] = m[7] - m[5]; q[1] = m[2] - m[6]; q[2] = m[3] - m[1];          /* 4 w x, 4 w y, 4 w z */
    if (best == 0) { q[3] = q[2]; q[2] = q[1]; q[1] = q[0]; q[0] = four[0]; }
    else if (best == 1) { q[1] = four[1]; q[2] = m[1] + m[3]; q[3] = m[2] + m[6]; }
    else if (best == 2) { q[0] = q[1]; q[1] = m[1] + m[3]; q[2] = four[2]; q[3] = m[5] + m[7]; }
    else { q[0] = q[2]; q[1] = m[2] + m[6]; q[2] = m[5] + m[7]; q[3] = four[3]; }
    s = 1.0 / sphere_sqrt_double_(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
    if (q[0] < 0) s = -s;
    for (k = 0; k < 4; k++) quaternion[k] = (float)(q[k] * s);
    return SPHERE_OK;
}
SPHERE_API sphere_status sphere_quaternion_multiply(const float a[4], const float b[4], float product[4])
{
    double p[4], q[4], r[4], ip, iq;
    size_t k;
    sphere_status status = sphere_take_(a, 4, p, &ip);
    if (!status) status = sphere_take_(b, 4, q, &iq);
    if (status) return status;
    if (!product) return SPHERE_E_NULL;
    r[0] = p[0] * q[0] - p[1] * q[1] - p[2] * q[2] - p[3] * q[3];
    r[1] = p[0] * q[1] + p[1] * q[0] + p[2] * q[3] - p[3] * q[2];
    r[2] = p[0] * q[2] - p[1] * q[3] + p[2] * q[0] + p[3] * q[1];
    r[3] = p[0] * q[3] + p[1] * q[2] - p[2] * q[1] + p[3] * q[0];
    for (k = 0; k < 4; k++) product[k] = (float)(r[k] * ip * iq);
    return SPHERE_OK;
}

/* -- matrices */
/* Gauss elimination with partial pivoting of m (d x d), carried over to the right-hand sides (d x cols) and solved in place.
   Returns the sign of the determinant, 0 when a pivot vanishes (then nothing is solved). */
static int sphere_eliminate_(double *m, double *rhs, size_t d, size_t cols)
{
    size_t i, j, k, best;
    int sign = 1;
    for (k = 0; k < d; k++) {
        double top = -1;
        for (best = k, i = k; i < d; i++) {
            const double v = m[i * d + k] < 0 ? -m[i * d + k] : m[i * d + k];
            if (v > top) { top = v; best = i; }
        }
        if (!(top > 0)) return 0;
        if (best != k) {
            for (j = 0; j < d; j++) { const double t = m[k * d + j]; m[k * d + j] = m[best * d + j]; m[best * d + j] = t; }
            for (j = 0; j < cols; j++) { const double t = rhs[k * cols + j]; rhs[k * cols + j] = rhs[best * cols + j]; rhs[best * cols + j] = t; }
            sign = -sign;
        }
        if (m[k * d + k] < 0) sign = -sign;
        for (i = k + 1; i < d; i++) {
            const double f = m[i * d + k] / m[k * d + k];
            if (f == 0) continue;
            for (j = k + 1; j < d; j++) m[i * d + j] -= f * m[k * d + j];
            for (j = 0; j < cols; j++) rhs[i * cols + j] -= f * rhs[k * cols + j];
        }
    }
    for (k = d; cols && k-- > 0;) {
        for (i = k + 1; i < d; i++) { const double f = m[k * d + i]; for (j = 0; j < cols; j++) rhs[k * cols + j] -= f * rhs[i * cols + j]; }
        for (j = 0; j < cols; j++) rhs[k * cols + j] /= m[k * d + k];
    }
    return sign;
}
SPHERE_API size_t sphere_cayley_size(size_t dim)
{
    const size_t total = sphere_size_(sphere_size_(sphere_size_(dim, dim, 0), 2, 0), sizeof(double), 64);
    return total == SIZE_MAX ? 0 : total;
}
SPHERE_API sphere_status sphere_cayley(const float *w, size_t dim, float *rotation, void *memory, size_t bytes)
{
    const size_t need = sphere_cayley_size(dim), span = dim * dim * sizeof(float);
    double *plus, *minus;
    size_t i, j;
    if (dim == 0) return SPHERE_OK;
    if (!need) return SPHERE_E_SIZE;
    if (!w || !rotation) return SPHERE_E_NULL;
    if (!memory || bytes < need) return SPHERE_E_MEMORY;
    if (sphere_clash_(rotation, w, span) || sphere_overlap_(memory, bytes, w, span) || sphere_overlap_(memory, bytes, rotation, span)) return SPHERE_E_OVERLAP;
    for (i = 0; i < dim * dim; i++) if (!sphere_finite_((double)w[i])) return SPHERE_E_NAN;
    plus = (double *)sphere_align_(memory);
    minus = plus + dim * dim;
    for (i = 0; i < dim; i++) for (j = 0; j < dim; j++) {
        const double a = (double)w[i * dim + j] - (double)w[j * dim + i], one = i == j ? 1.0 : 0.0;
        plus[i * dim + j] = one + a;
        minus[i * dim + j] = one - a;
    }
    sphere_eliminate_(plus, minus, dim, dim);       /* I - A and (I + A)^-1 commute; A is skew, so no pivot vanishes: |I + A| >= 1 */
    for (i = 0; i < dim * dim; i++) rotation[i] = (float)minus[i];
    return SPHERE_OK;
}

/* Procrustes in the caller's memory; the rows may be of different dims, the missing elements count as 0. */
typedef struct sphere_procrustes_ {
    const float *a, *b;
    size_t da, db, sa, sb, n, d;
    double *mean_a, *mean_b;            /* d each, zeros unless centred */
    double *m, *u, *v, *turned;         /* d x d: A^T B row by row; columns of U; columns of V; R transposed */
    double *s, *part;                   /* d singular values; n / 256 + 1 parts */
} sphere_procrustes_;
static size_t sphere_procrustes_place_(sphere_procrustes_ *p, double *base, size_t n, size_t d)
{
    const size_t square = sphere_size_(d, d, 0);
    if (base) {
        p->m = base; p->u = p->m + square; p->v = p->u + square; p->turned = p->v + square;
        p->mean_a = p->turned + square; p->mean_b = p->mean_a + d; p->s = p->mean_b + d; p->part = p->s + d;
    }
    return sphere_size_(square, 4, sphere_size_(d, 3, n / SPHERE_GEO_CHUNK_ + 1));       /* doubles */
}
/* Row `index` of A^T B, each entry summed in order of the rows. */
static void sphere_procrustes_task_(void *context, size_t index)
{
    const sphere_procrustes_ *p = (const sphere_procrustes_ *)context;
    double *row = p->m + index * p->d;
    size_t t, j;
    for (t = 0; t < p->n; t++) {
        const double x = (double)p->a[t * p->sa + index] - p->mean_a[index];
        const float *b = p->b + t * p->sb;
        for (j = 0; j < p->db; j++) row[j] += x * ((double)b[j] - p->mean_b[j]);
    }
}
/* Squared length of A R - B over 256 rows. */
static void sphere_procrustes_error_(void *context, size_t index)
{
    const sphere_procrustes_ *p = (const sphere_procrustes_ *)context;
    const size_t at = index * SPHERE_GEO_CHUNK_, end = p->n - at < SPHERE_GEO_CHUNK_ ? p->n : at + SPHERE_GEO_CHUNK_;
    double square = 0;
    size_t t, k, i;
    for (t = at; t < end; t++) for (k = 0; k < p->d; k++) {
        const float *a = p->a + t * p->sa;
        const double *column = p->turned + k * p->d;
        double sum;
        SPHERE_SUM8_(sum, p->da, ((double)a[i] - p->mean_a[i]) * column[i]);
        sum -= k < p->db ? (double)p->b[t * p->sb + k] - p->mean_b[k] : 0;
        square += sum * sum;
    }
    p->part[index] = square;
}
/* One-sided Jacobi: turn the columns of U (each stored as a row here), and those of V with them, until they are perpendicular. */
static void sphere_jacobi_(double *u, double *v, size_t d)
{
    double noise = 0;
    size_t i, j, k, sweep, turns = 1;
    for (i = 0; i < d * d; i++) noise += u[i] * u[i];
    noise *= 4.9e-32 * (double)(d * d);                                 /* a column this short, squared, is rounding: (d eps |M|)^2 */
    for (sweep = 0; sweep < 40 && turns; sweep++) for (turns = 0, i = 0; i + 1 < d; i++) for (j = i + 1; j < d; j++) {
        double *p = u + i * d, *q = u + j * d;
        const double pp = sphere_dot8_double_(p, p, d), qq = sphere_dot8_double_(q, q, d), pq = sphere_dot8_double_(p, q, d);
        double z, t, c, s;
        if (pp <= noise || qq <= noise || pq * pq <= 1e-30 * pp * qq) continue;
        z = (qq - pp) / (2.0 * pq);
        t = (z < 0 ? -1.0 : 1.0) / ((z < 0 ? -z : z) + sphere_sqrt_double_(1.0 + z * z));
        c = 1.0 / sphere_sqrt_double_(1.0 + t * t);
        s = c * t;
        for (k = 0; k < d; k++) { const double x = p[k]; p[k] = c * x - s * q[k]; q[k] = s * x + c * q[k]; }
        for (p = v + i * d, q = v + j * d, k = 0; k < d; k++) { const double x = p[k]; p[k] = c * x - s * q[k]; q[k] = s * x + c * q[k]; }
        turns++;
    }
}
/* Take the first `count` rows off row r (twice, which is enough) and scale it to 1; returns what was left, relative. */
static double sphere_orthogonal_(double *u, size_t r, size_t count, size_t d)
{
    double before = sphere_sqrt_double_(sphere_dot8_double_(u + r * d, u + r * d, d)), left = 0;
    size_t pass, j, k;
    if (!(before > 0)) return 0;
    for (pass = 0; pass < 2; pass++) {
        double length;
        for (j = 0; j < count; j++) {
            const double along = sphere_dot8_double_(u + r * d, u + j * d, d);
            for (k = 0; k < d; k++) u[r * d + k] -= along * u[j * d + k];
        }
        length = sphere_sqrt_double_(sphere_dot8_double_(u + r * d, u + r * d, d));
        if (pass == 0) left = length / before;
        if (!(length > 0)) return 0;
        for (k = 0; k < d; k++) u[r * d + k] /= length;
    }
    return left;
}
/* Fill p->turned and p->s; the rows have been checked and the means set. */
static void sphere_procrustes_solve_(sphere_procrustes_ *p, int rotation_only, sphere_procrustes_report *report, const sphere_exec *exec)
{
    const size_t d = p->d;
    double largest = 0, floor_;
    size_t i, j, k, c;
    int sign;
    memset(p->m, 0, d * d * sizeof(double));
    if (p->n) sphere_parallel_(exec, p->da, sphere_procrustes_task_, p);
    for (i = 0; i < d; i++) for (j = 0; j < d; j++) { p->u[j * d + i] = p->m[i * d + j]; p->v[i * d + j] = i == j ? 1.0 : 0.0; }
    for (i = 0; i < d * d; i++) { const double x = p->u[i] < 0 ? -p->u[i] : p->u[i]; if (x > largest) largest = x; }
    if (largest > 0) for (i = 0; i < d * d; i++) p->u[i] /= largest;    /* so that squares neither overflow nor vanish */
    sphere_jacobi_(p->u, p->v, d);
    for (j = 0; j < d; j++) p->s[j] = sphere_sqrt_double_(sphere_dot8_double_(p->u + j * d, p->u + j * d, d));
    for (j = 0; j < d; j++) {                                           /* descending; equal ones in the order they come */
        size_t best = j;
        for (k = j + 1; k < d; k++) if (p->s[k] > p->s[best]) best = k;
        for (; best > j; best--) {
            double t = p->s[best]; p->s[best] = p->s[best - 1]; p->s[best - 1] = t;
            for (k = 0; k < d; k++) {
                t = p->u[best * d + k]; p->u[best * d + k] = p->u[(best - 1) * d + k]; p->u[(best - 1) * d + k] = t;
                t = p->v[best * d + k]; p->v[best * d + k] = p->v[(best - 1) * d + k]; p->v[(best - 1) * d + k] = t;
            }
        }
    }
    floor_ = d ? p->s[0] * 8.9e-16 * (double)d : 0;
    report->rank = 0;
    for (j = 0; j < d; j++) {
        sphere_orthogonal_(p->v, j, j, d);
        if (p->s[j] > floor_ && sphere_orthogonal_(p->u, j, j, d) > 0.5) { report->rank++; continue; }
        /* A missing direction: the axis that is farthest from those before it. */
        for (k = 0, i = 0; k < d; k++) {
            double here = 0, there = 0;
            for (c = 0; c < j; c++) { here += p->u[c * d + k] * p->u[c * d + k]; there += p->u[c * d + i] * p->u[c * d + i]; }
            if (here < there) i = k;
        }
        for (k = 0; k < d; k++) p->u[j * d + k] = k == i ? 1.0 : 0.0;
        sphere_orthogonal_(p->u, j, j, d);
    }
    for (j = 0; j < d; j++) p->s[j] *= largest;
    memset(p->turned, 0, d * d * sizeof(double));
    for (j = 0; j < d; j++) for (k = 0; k < d; k++) for (i = 0; i < d; i++) p->turned[k * d + i] += p->v[j * d + k] * p->u[j * d + i];
    memcpy(p->m, p->turned, d * d * sizeof(double));
    sign = d ? sphere_eliminate_(p->m, NULL, d, 0) : 1;
    report->flipped = rotation_only && sign < 0;
    if (report->flipped) {                                              /* R - 2 u v^T of the smallest singular value */
        for (k = 0; k < d; k++) for (i = 0; i < d; i++) p->turned[k * d + i] -= 2.0 * p->v[(d - 1) * d + k] * p->u[(d - 1) * d + i];
        sign = 1;
    }
    report->determinant = sign;
}
static sphere_status sphere_procrustes_check_(sphere_procrustes_ *p, const sphere_rows *a, const sphere_rows *b, const sphere_exec *exec)
{
    static const float no_row = 0;
    sphere_status status;
    memset(p, 0, sizeof(*p));
    status = sphere_check_rows_(a, &p->sa);
    if (!status) status = sphere_check_rows_(b, &p->sb);
    if (status) return status;
    if (sphere_simd_pick_(exec) == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (a->n != b->n) return SPHERE_E_RANGE;
    p->a = a->data ? a->data : &no_row;
    p->b = b->data ? b->data : &no_row;
    p->n = a->n; p->da = a->dim; p->db = b->dim;
    p->d = p->da > p->db ? p->da : p->db;
    return SPHERE_OK;
}
/* Every element finite? */
static int sphere_rows_finite_(const float *data, size_t n, size_t dim, size_t stride)
{
    size_t t, j;
    for (t = 0; t < n; t++) for (j = 0; j < dim; j++) if (!sphere_finite_((double)data[t * stride + j])) return 0;
    return 1;
}
SPHERE_API size_t sphere_procrustes_size(const sphere_rows *a, const sphere_rows *b)
{
    size_t total;
    if (!a || !b) return 0;
    total = sphere_size_(sphere_procrustes_place_(NULL, NULL, a->n, a->dim > b->dim ? a->dim : b->dim), sizeof(double), 64);
    return total == SIZE_MAX ? 0 : total;
}
SPHERE_API sphere_status sphere_procrustes(const sphere_rows *a, const sphere_rows *b, const sphere_procrustes_desc *desc, float *rotation, float *singular,
                                           sphere_procrustes_report *report, void *memory, size_t bytes)
{
    const sphere_exec *exec = desc ? &desc->exec : NULL;
    sphere_procrustes_ p;
    sphere_procrustes_report done;
    size_t need, i, j, k, span_a, span_b, square;
    double sum = 0;
    const sphere_status status = sphere_procrustes_check_(&p, a, b, exec);
    if (status) return status;
    if (p.da != p.db) return SPHERE_E_RANGE;
    need = sphere_procrustes_size(a, b);
    if (!need) return SPHERE_E_SIZE;
    if (p.d && !rotation) return SPHERE_E_NULL;
    if (!memory || bytes < need) return SPHERE_E_MEMORY;
    span_a = sphere_span_(p.n, p.d, p.sa);
    span_b = sphere_span_(p.n, p.d, p.sb);
    square = p.d * p.d * sizeof(float);
    if (sphere_overlap_(memory, bytes, a->data, span_a) || sphere_overlap_(memory, bytes, b->data, span_b) || sphere_overlap_(rotation, square, a->data, span_a) ||
        sphere_overlap_(rotation, square, b->data, span_b) || sphere_overlap_(memory, bytes, rotation, square) || sphere_overlap_(rotation, square, singular, p.d * sizeof(float)) ||
        sphere_overlap_(singular, p.d * sizeof(float), a->data, span_a) || sphere_overlap_(singular, p.d * sizeof(float), b->data, span_b) ||
        sphere_overlap_(memory, bytes, singular, p.d * sizeof(float))) return SPHERE_E_OVERLAP;
    if (!sphere_rows_finite_(p.a, p.n, p.d, p.sa) || !sphere_rows_finite_(p.b, p.n, p.d, p.sb)) return SPHERE_E_NAN;
    sphere_procrustes_place_(&p, (double *)sphere_align_(memory), p.n, p.d);
    memset(p.mean_a, 0, 2 * p.d * sizeof(double));
    if (desc && desc->centre && p.n) {
        for (i = 0; i < p.n; i++) for (j = 0; j < p.d; j++) { p.mean_a[j] += (double)p.a[i * p.sa + j]; p.mean_b[j] += (double)p.b[i * p.sb + j]; }
        for (j = 0; j < p.d; j++) { p.mean_a[j] /= (double)p.n; p.mean_b[j] /= (double)p.n; }
    }
    memset(&done, 0, sizeof(done));
    sphere_procrustes_solve_(&p, desc && desc->rotation_only, &done, exec);
    if (p.n && p.d) {
        const size_t tasks = (p.n - 1) / SPHERE_GEO_CHUNK_ + 1;
        sphere_parallel_(exec, tasks, sphere_procrustes_error_, &p);
        for (i = 0; i < tasks; i++) sum += p.part[i];
        done.rmse = sphere_sqrt_double_(sum / ((double)p.n * (double)p.d));
    }
    for (i = 0; i < p.d; i++) for (k = 0; k < p.d; k++) rotation[i * p.d + k] = (float)p.turned[k * p.d + i];
    if (singular) for (i = 0; i < p.d; i++) singular[i] = (float)p.s[i];
    if (report) *report = done;
    return SPHERE_OK;
}
SPHERE_API size_t sphere_gram_loss_size(const sphere_rows *a, const sphere_rows *b)
{
    size_t d, total;
    if (!a || !b) return 0;
    d = a->dim > b->dim ? a->dim : b->dim;
    total = sphere_size_(sphere_size_(d, d, 0), 3, sphere_size_(d, 2, 0));
    total = sphere_size_(sphere_size_(total, 1, sphere_procrustes_place_(NULL, NULL, a->n, d)), sizeof(double), 64);
    return total == SIZE_MAX ? 0 : total;
}
SPHERE_API sphere_status sphere_gram_loss(const sphere_rows *a, const sphere_rows *b, int mean, double *loss, const sphere_exec *exec, void *memory, size_t bytes)
{
    sphere_procrustes_ p;
    sphere_procrustes_report done;
    double *dd, *ss, *sd, *diff, *sum, first = 0, second = 0;
    size_t need, t, k, i, j, d;
    const sphere_status status = sphere_procrustes_check_(&p, a, b, exec);
    if (status) return status;
    if (!loss) return SPHERE_E_NULL;
    if (p.n == 0 || p.d == 0) { *loss = 0; return SPHERE_OK; }
    need = sphere_gram_loss_size(a, b);
    if (!need) return SPHERE_E_SIZE;
    if (!memory || bytes < need) return SPHERE_E_MEMORY;
    if (sphere_overlap_(memory, bytes, a->data, sphere_span_(p.n, p.da, p.sa)) || sphere_overlap_(memory, bytes, b->data, sphere_span_(p.n, p.db, p.sb)) ||
        sphere_overlap_(memory, bytes, loss, sizeof(*loss))) return SPHERE_E_OVERLAP;
    if (!sphere_rows_finite_(p.a, p.n, p.da, p.sa) || !sphere_rows_finite_(p.b, p.n, p.db, p.sb)) return SPHERE_E_NAN;
    d = p.d;
    dd = (double *)sphere_align_(memory);
    ss = dd + d * d; sd = ss + d * d; diff = sd + d * d; sum = diff + d;
    memset(&done, 0, sizeof(done));
    sphere_procrustes_place_(&p, sum + d, p.n, d);
    memset(p.mean_a, 0, 2 * d * sizeof(double));
    sphere_procrustes_solve_(&p, 0, &done, exec);
    memset(dd, 0, 3 * d * d * sizeof(double));
    for (t = 0; t < p.n; t++) {
        for (k = 0; k < d; k++) {
            const float *x = p.a + t * p.sa;
            const double *column = p.turned + k * d, y = k < p.db ? (double)p.b[t * p.sb + k] : 0;
            double z;
            SPHERE_SUM8_(z, p.da, (double)x[i] * column[i]);
            diff[k] = z - y;
            sum[k] = z + y;
        }
        for (k = 0; k < d; k++) for (j = 0; j < d; j++) {
            dd[k * d + j] += diff[k] * diff[j];
            ss[k * d + j] += sum[k] * sum[j];
            sd[k * d + j] += sum[k] * diff[j];
        }
    }
    for (k = 0; k < d; k++) for (j = 0; j < d; j++) {
        first += dd[k * d + j] * ss[k * d + j];
        second += sd[k * d + j] * sd[j * d + k];                        /* S^T D is symmetric once R is the best one */
    }
    first = 0.5 * (first + second);
    if (first < 0) first = 0;
    *loss = mean ? first / ((double)p.n * (double)p.n) : first;
    return SPHERE_OK;
}

/* -- point sets */
typedef struct sphere_set_ { uint64_t n, first, seed, stream; size_t count; float *x, *y, *z; int random; } sphere_set_;
static void sphere_set_task_(void *context, size_t index)
{
    const sphere_set_ *set = (const sphere_set_ *)context;
    const size_t at = index * SPHERE_CHUNK_, end = set->count - at < SPHERE_CHUNK_ ? set->count : at + SPHERE_CHUNK_;
    size_t i;
    for (i = at; i < end; i++) {
        const uint64_t p = set->first + i;
        uint64_t turn = p * 0x9E3779B97F4A7C15u;                        /* 2^64 / golden ratio: whole turns fall off by themselves */
        double north, south, z, flat, s, c;                             /* 1 - z and 1 + z, each without cancellation */
        if (set->random) {
            uint32_t u[4];
            sphere_random_(set->seed, set->stream, p, u);
            north = ((double)(((uint64_t)u[0] << 32 | u[1]) >> 12) + 0.5) * 4.440892098500626e-16;          /* 2^-51 */
            south = 2.0 - north;
            turn = (uint64_t)u[2] << 32 | u[3];
        } else {
            north = (double)(2 * p + 1) / (double)set->n;
            south = (double)(2 * (set->n - p) - 1) / (double)set->n;
        }
        z = north < 1 ? 1.0 - north : south - 1.0;
        flat = sphere_sqrt_double_(north * south);
        sphere_sincos_turn_(turn, &s, &c);
        set->x[i] = (float)(flat * c);
        set->y[i] = (float)(flat * s);
        set->z[i] = (float)z;
    }
}
static sphere_status sphere_set_run_(const sphere_set_ *set, const sphere_exec *exec)
{
    sphere_set_ copy = *set;
    const size_t bytes = set->count * sizeof(float);
    if (sphere_simd_pick_(exec) == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (set->count == 0) return SPHERE_OK;
    if (set->count > SIZE_MAX / 8) return SPHERE_E_SIZE;
    if (!set->x || !set->y || !set->z) return SPHERE_E_NULL;
    if (sphere_overlap_(set->x, bytes, set->y, bytes) || sphere_overlap_(set->x, bytes, set->z, bytes) || sphere_overlap_(set->y, bytes, set->z, bytes)) return SPHERE_E_OVERLAP;
    sphere_parallel_(exec, (set->count - 1) / SPHERE_CHUNK_ + 1, sphere_set_task_, &copy);
    return SPHERE_OK;
}
SPHERE_API sphere_status sphere_points_fibonacci(uint64_t n, uint64_t first, size_t count, float *x, float *y, float *z, const sphere_exec *exec)
{
    sphere_set_ set;
    if (n >> 53 || first > n || count > n - first) return SPHERE_E_RANGE;
    memset(&set, 0, sizeof(set));
    set.n = n; set.first = first; set.count = count;
    set.x = x; set.y = y; set.z = z;
    return sphere_set_run_(&set, exec);
}
SPHERE_API sphere_status sphere_points_random(uint64_t seed, uint64_t stream, uint64_t first, size_t count, float *x, float *y, float *z, const sphere_exec *exec)
{
    sphere_set_ set;
    memset(&set, 0, sizeof(set));
    set.random = 1; set.seed = seed; set.stream = stream; set.first = first; set.count = count;
    set.x = x; set.y = y; set.z = z;
    return sphere_set_run_(&set, exec);
}

/* -- equal-area partition. f cells lie north of the colatitude theta with sin^2(theta / 2) = f / n: boundaries are kept as f. */
#define SPHERE_PI_ 3.141592653589793
static double sphere_partition_theta_(size_t f, size_t n) { return 2.0 * sphere_atan2_quadrant_(sphere_sqrt_double_((double)f), sphere_sqrt_double_((double)(n - f))); }
static double sphere_partition_rho_(size_t f, size_t n) { return 2.0 * sphere_sqrt_double_((double)f * (double)(n - f)) / (double)n; }
static size_t sphere_partition_zones_(size_t n)
{
    const double ideal = sphere_sqrt_double_(4.0 * SPHERE_PI_ / (double)n), between = SPHERE_PI_ - 2.0 * sphere_partition_theta_(1, n);
    if (n < 3) return n;
    return 2 + (between < 1.5 * ideal ? 1 : (size_t)(between / ideal + 0.5));
}
/* Largest angle within a cell of zone k. Two points theta, theta' apart by at most the width in phi: sin^2(angle/2) =
   sin^2((theta - theta')/2) cos^2(phi/2) + sin^2((theta + theta')/2) sin^2(phi/2), and each factor is at most what stands here. */
static double sphere_partition_diameter_(const sphere_partition *p, size_t k)
{
    const size_t f = p->first[k], g = p->first[k + 1], n = p->n;
    double s, c, sw, cw, rho, q;
    if (n == 1) return SPHERE_PI_;
    if (k == 0 || k + 1 == p->zones) return 2.0 * sphere_partition_theta_(1, n);
    rho = 2 * f <= n && n <= 2 * g ? 1.0 : 2 * g < n ? sphere_partition_rho_(g, n) : sphere_partition_rho_(f, n);
    sphere_sincos_double_(g - f > 2 ? SPHERE_PI_ / (double)(g - f) : 0.5 * SPHERE_PI_, &s, &c);
    sphere_sincos_double_(0.5 * (sphere_partition_theta_(g, n) - sphere_partition_theta_(f, n)), &sw, &cw);
    q = sw * c * (sw * c) + rho * s * (rho * s);
    return q < 1 ? 2.0 * sphere_atan2_quadrant_(sphere_sqrt_double_(q), sphere_sqrt_double_(1.0 - q)) * (1.0 + 1e-12) : SPHERE_PI_;
}
/* The zone that holds the cell f. */
static size_t sphere_partition_zone_(const sphere_partition *p, size_t f)
{
    size_t low = 0, high = p->zones;
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (p->first[middle] <= f) low = middle; else high = middle;
    }
    return low;
}
SPHERE_API size_t sphere_partition_size(size_t n)
{ return n == 0 || n > 0xfffffffeu ? 0 : (sphere_partition_zones_(n) + 1) * sizeof(uint32_t) + 64; }
SPHERE_API sphere_status sphere_partition_init(sphere_partition *partition, size_t n, void *memory, size_t bytes)
{
    sphere_partition p;
    uint32_t *first;
    double cap, step, carry = 0;
    size_t k, sum = 1;
    if (!partition) return SPHERE_E_NULL;
    if (n == 0 || n > 0xfffffffeu) return SPHERE_E_RANGE;
    if (!memory || bytes < sphere_partition_size(n)) return SPHERE_E_MEMORY;
    if (sphere_overlap_(memory, bytes, partition, sizeof(*partition))) return SPHERE_E_OVERLAP;
    first = (uint32_t *)sphere_align_(memory);
    p.n = n;
    p.zones = sphere_partition_zones_(n);
    p.first = first;
    p.diameter = 0;
    first[0] = 0;
    first[p.zones] = (uint32_t)n;
    if (p.zones > 1) first[1] = 1;
    if (p.zones > 2) {
        first[p.zones - 1] = (uint32_t)(n - 1);
        cap = sphere_partition_theta_(1, n);
        step = (SPHERE_PI_ - 2.0 * cap) / (double)(p.zones - 2);
        for (k = 1; k + 2 < p.zones; k++) {                             /* the last ring gets what is left */
            double s, c, t, ideal;
            size_t m;
            sphere_sincos_double_(cap + ((double)k - 0.5) * step, &s, &c);
            sphere_sincos_double_(0.5 * step, &t, &c);
            ideal = (double)n * s * t;                                  /* n (sin^2(b/2) - sin^2(a/2)) = n sin((a+b)/2) sin((b-a)/2) */
            m = (size_t)(ideal + carry + 0.5);
            carry += ideal - (double)m;
            sum += m;
            first[k + 1] = (uint32_t)sum;
        }
    }
    for (k = 0; k < p.zones; k++) {
        const double diameter = sphere_partition_diameter_(&p, k);
        if (diameter > p.diameter) p.diameter = diameter;
    }
    *partition = p;
    return SPHERE_OK;
}
typedef struct sphere_lookup_ { const sphere_partition *partition; const float *x, *y, *z; uint32_t *cell; size_t n; } sphere_lookup_;
static void sphere_lookup_task_(void *context, size_t index)
{
    const sphere_lookup_ *job = (const sphere_lookup_ *)context;
    const sphere_partition *p = job->partition;
    const size_t at = index * SPHERE_CHUNK_, end = job->n - at < SPHERE_CHUNK_ ? job->n : at + SPHERE_CHUNK_;
    size_t i;
    for (i = at; i < end; i++) {
        const double x = (double)job->x[i], y = (double)job->y[i], z = (double)job->z[i], square = x * x + y * y + z * z;
        double rank, turn;
        size_t f = 0, k, m;
        if (!(square > 0) || !sphere_finite_(square)) { job->cell[i] = SPHERE_NO_INDEX; continue; }
        rank = 0.5 * (1.0 - z / sphere_sqrt_double_(square)) * (double)p->n;
        if (rank > 0) f = rank < (double)p->n ? (size_t)rank : p->n - 1;
        k = sphere_partition_zone_(p, f);
        m = p->first[k + 1] - p->first[k];
        turn = sphere_azimuth_(y, x) * (double)m;
        f = turn < (double)m ? (size_t)turn : m - 1;
        job->cell[i] = (uint32_t)(p->first[k] + f);
    }
}
SPHERE_API sphere_status sphere_partition_cells(const sphere_partition *partition, const float *x, const float *y, const float *z, size_t n, uint32_t *cell,
                                                const sphere_exec *exec)
{
    sphere_lookup_ job;
    if (!partition || !partition->first) return SPHERE_E_NULL;
    if (sphere_simd_pick_(exec) == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (n == 0) return SPHERE_OK;
    if (n > SIZE_MAX / 8) return SPHERE_E_SIZE;
    if (!x || !y || !z || !cell) return SPHERE_E_NULL;
    if (sphere_overlap_(cell, n * 4, x, n * 4) || sphere_overlap_(cell, n * 4, y, n * 4) || sphere_overlap_(cell, n * 4, z, n * 4)) return SPHERE_E_OVERLAP;
    memset(&job, 0, sizeof(job));
    job.partition = partition;
    job.x = x; job.y = y; job.z = z; job.cell = cell; job.n = n;
    sphere_parallel_(exec, (n - 1) / SPHERE_CHUNK_ + 1, sphere_lookup_task_, &job);
    return SPHERE_OK;
}
SPHERE_API sphere_status sphere_partition_cell(const sphere_partition *partition, uint32_t cell, sphere_cell *out)
{
    size_t k, f, g, s;
    double n, rho, z, length, sine, cosine;
    if (!partition || !partition->first || !out) return SPHERE_E_NULL;
    if (cell >= partition->n) return SPHERE_E_RANGE;
    k = sphere_partition_zone_(partition, cell);
    f = partition->first[k]; g = partition->first[k + 1]; s = cell - f;
    n = (double)partition->n;
    out->z_high = (n - 2.0 * (double)f) / n;
    out->z_low = (n - 2.0 * (double)g) / n;
    out->phi_low = 2.0 * SPHERE_PI_ * ((double)s / (double)(g - f));
    out->phi_high = 2.0 * SPHERE_PI_ * ((double)(s + 1) / (double)(g - f));
    out->diameter = sphere_partition_diameter_(partition, k);
    out->center[0] = out->center[1] = 0;
    out->center[2] = k ? -1.0f : 1.0f;
    if (k && k + 1 < partition->zones) {                                /* half-way between the two bounds in theta is their sum, scaled */
        rho = sphere_partition_rho_(f, partition->n) + sphere_partition_rho_(g, partition->n);
        z = out->z_low + out->z_high;
        length = sphere_sqrt_double_(rho * rho + z * z);
        sphere_sincos_double_(2.0 * SPHERE_PI_ * (((double)s + 0.5) / (double)(g - f)), &sine, &cosine);
        out->center[0] = (float)(rho / length * cosine);
        out->center[1] = (float)(rho / length * sine);
        out->center[2] = (float)(z / length);
    }
    return SPHERE_OK;
}
/* Sectors low .. low + length - 1 of a ring of q as two ascending ranges: what wraps round comes first. */
static void sphere_ring_(uint64_t low, uint64_t length, uint64_t q, uint64_t range[4])
{
    if (length >= q) { low = 0; length = q; }
    low %= q;
    range[0] = 0;
    range[1] = low + length > q ? low + length - q : 0;
    range[2] = low;
    range[3] = low + length > q ? q : low + length;
}
SPHERE_API sphere_status sphere_partition_neighbors(const sphere_partition *partition, uint32_t cell, uint32_t *neighbor, size_t capacity, size_t *count)
{
    size_t k, s, m, total = 0, zone, part;
    uint64_t range[4], t;
    if (!partition || !partition->first || !count || (capacity && !neighbor)) return SPHERE_E_NULL;
    if (cell >= partition->n) return SPHERE_E_RANGE;
    k = sphere_partition_zone_(partition, cell);
    s = cell - partition->first[k];
    m = partition->first[k + 1] - partition->first[k];
    for (zone = k ? k - 1 : 0; zone <= k + 1 && zone < partition->zones; zone++) {
        const uint64_t q = partition->first[zone + 1] - partition->first[zone];
        /* [t/q, (t+1)/q] meets [s/m, (s+1)/m] when (t+1) m >= s q and t m <= (s+1) q; counted from one turn below, so never negative */
        const uint64_t low = (uint64_t)q + (zone == k ? s : (s * q + m - 1) / m) - 1, high = (uint64_t)q + (zone == k ? s + 1 : (s + 1) * q / m);
        sphere_ring_(low, high - low + 1, q, range);
        for (part = 0; part < 4; part += 2) for (t = range[part]; t < range[part + 1]; t++) {
            const uint32_t other = (uint32_t)(partition->first[zone] + t);
            if (other == cell) continue;
            if (total < capacity) neighbor[total] = other;
            total++;
        }
    }
    *count = total;
    return SPHERE_OK;
}
/* A cone and the part of each ring that it covers. */
typedef struct sphere_cone_ { double sin_t, cos_t, sin_a, cos_a, phi, low, high; } sphere_cone_;
/* theta, phi (turns): the axis; a: half-angle. low and high bound sin^2(theta / 2) over the cone, times n. */
static void sphere_cone_of_(sphere_cone_ *c, double theta, double sin_t, double cos_t, double phi, double a, size_t n)
{
    double s, unused;
    c->sin_t = sin_t; c->cos_t = cos_t; c->phi = phi;
    sphere_sincos_double_(a, &c->sin_a, &c->cos_a);
    sphere_sincos_double_(theta > a ? 0.5 * (theta - a) : 0, &s, &unused);
    c->low = s * s * (double)n;
    sphere_sincos_double_(theta + a < SPHERE_PI_ ? 0.5 * (theta + a) : 0.5 * SPHERE_PI_, &s, &unused);
    c->high = theta + a < SPHERE_PI_ ? s * s * (double)n : (double)n;
}
/* The sectors of zone k that the cone meets, as sphere_ring_ gives them; 0 when there are none. On the cone's rim
   cos(phi - phi0) = (cos a - cos theta cos t) / (sin theta sin t); in theta this has one minimum or none inside the zone, so what
   the cone covers of the zone is widest there or at an end, and its azimuths have no gaps. */
static int sphere_cone_zone_(const sphere_cone_ *c, const sphere_partition *p, size_t k, uint64_t range[4])
{
    const size_t f = p->first[k], g = p->first[k + 1], end[2] = { f, g };
    const double n = (double)p->n, m = (double)(g - f);
    double widest = 2, half, low, high;
    size_t e;
    if ((double)g < c->low || (double)f > c->high) return 0;
    for (e = 0; e < 2; e++) {
        const double cos_z = (n - 2.0 * (double)end[e]) / n, top = c->cos_a - cos_z * c->cos_t, bottom = sphere_partition_rho_(end[e], p->n) * c->sin_t;
        const double value = top <= -bottom ? -1 : top >= bottom ? 1 : top / bottom;    /* at a pole: -1 when the cone holds it */
        if (value < widest) widest = value;
    }
    if (c->cos_a > 0 && c->cos_t < c->cos_a && -c->cos_t < c->cos_a) {
        const double cos_z = c->cos_t / c->cos_a;
        if (cos_z <= (n - 2.0 * (double)f) / n && cos_z >= (n - 2.0 * (double)g) / n) {
            const double value = sphere_sqrt_double_((c->cos_a - c->cos_t) * (c->cos_a + c->cos_t)) / c->sin_t;
            if (value < widest) widest = value;
        }
    }
    if (g - f == 1 || widest <= -1 || c->sin_t < 1e-9) { sphere_ring_(0, g - f, g - f, range); return 1; }
    half = sphere_atan2_quadrant_(sphere_sqrt_double_(widest < 1 ? 1.0 - widest : 0), sphere_sqrt_double_(1.0 + widest)) / SPHERE_PI_;
    low = (c->phi + 1.0 - half) * m;                                    /* half is in turns, at most 1/2; a turn is added against signs */
    high = (c->phi + 1.0 + half) * m;
    sphere_ring_((uint64_t)low, (uint64_t)high - (uint64_t)low + 1, g - f, range);
    return 1;
}
SPHERE_API sphere_status sphere_partition_cone(const sphere_partition *partition, const float axis[3], float half_angle, uint32_t *cell, uint8_t *inside,
                                               size_t capacity, size_t *count)
{
    const double slack = 1.05e-6;                                       /* far above the rounding here, far below any cell */
    double v[3], inverse, theta, phi, a, rho;
    sphere_cone_ cone, rest;
    size_t k, total = 0, part;
    uint64_t touched[4], outside[4], t;
    sphere_status status;
    if (!partition || !partition->first || !count || (capacity && !cell)) return SPHERE_E_NULL;
    status = sphere_take_(axis, 3, v, &inverse);
    if (status) return status;
    if (!(half_angle == half_angle)) return SPHERE_E_NAN;
    if (half_angle < 0) return SPHERE_E_RANGE;
    a = (double)half_angle < SPHERE_PI_ ? (double)half_angle : 4.0;     /* 4: the complement below is empty */
    rho = sphere_sqrt_double_(v[0] * v[0] + v[1] * v[1]);
    theta = sphere_atan2_quadrant_(rho, v[2] < 0 ? -v[2] : v[2]);
    if (v[2] < 0) theta = SPHERE_PI_ - theta;
    phi = sphere_azimuth_(v[1], v[0]);
    rho *= inverse;
    v[2] *= inverse;
    sphere_cone_of_(&cone, theta, rho, v[2], phi, a + slack < SPHERE_PI_ ? a + slack : SPHERE_PI_, partition->n);
    a = SPHERE_PI_ - a + slack;                                         /* a cell is inside when the opposite cone misses it */
    sphere_cone_of_(&rest, SPHERE_PI_ - theta, rho, -v[2], phi < 0.5 ? phi + 0.5 : phi - 0.5, a < SPHERE_PI_ ? a > 0 ? a : 0 : SPHERE_PI_, partition->n);
    for (k = sphere_partition_zone_(partition, cone.low < (double)partition->n ? (size_t)cone.low : partition->n - 1), k = k ? k - 1 : 0; k < partition->zones; k++) {
        if ((double)partition->first[k] > cone.high) break;
        if (!sphere_cone_zone_(&cone, partition, k, touched)) continue;
        if (a <= 0 || !sphere_cone_zone_(&rest, partition, k, outside)) outside[0] = outside[1] = outside[2] = outside[3] = 0;
        for (part = 0; part < 4; part += 2) for (t = touched[part]; t < touched[part + 1]; t++, total++) if (total < capacity) {
            cell[total] = (uint32_t)(partition->first[k] + t);
            if (inside) inside[total] = !((t >= outside[0] && t < outside[1]) || (t >= outside[2] && t < outside[3]));
        }
    }
    *count = total;
    return SPHERE_OK;
}

/* -- separation. A grid of cubes of side h; points are sorted by cube, and a cube is compared with itself and with the 13 that come
   after it, which lie in five rows of the sorted order. h shrinks until it is near the distance found. */
typedef struct sphere_near_ { double square; uint32_t low, high; } sphere_near_;
static void sphere_near_try_(sphere_near_ *best, const float *x, const float *y, const float *z, uint32_t i, uint32_t j)
{
    const double dx = (double)x[i] - (double)x[j], dy = (double)y[i] - (double)y[j], dz = (double)z[i] - (double)z[j];
    const double square = dx * dx + dy * dy + dz * dz;
    const uint32_t low = i < j ? i : j, high = i < j ? j : i;
    if (square > best->square) return;
    if (square < best->square || low < best->low || (low == best->low && high < best->high)) { best->square = square; best->low = low; best->high = high; }
}
/* Stable sort of indices by 64-bit keys, 11 bits a pass from the lowest; passes without effect are left out. The result is in
   key[0] and index[0]. */
static void sphere_sort_pairs_(uint64_t *key[2], uint32_t *index[2], size_t n)
{
    uint32_t count[2048];
    size_t i;
    int shift;
    for (shift = 0; shift < 64; shift += 11) {
        uint32_t sum = 0;
        uint64_t *k = key[0];
        uint32_t *t = index[0];
        memset(count, 0, sizeof(count));
        for (i = 0; i < n; i++) count[k[i] >> shift & 2047u]++;
        if (count[k[0] >> shift & 2047u] == n) continue;
        for (i = 0; i < 2048; i++) { const uint32_t c = count[i]; count[i] = sum; sum += c; }
        for (i = 0; i < n; i++) { const uint32_t to = count[k[i] >> shift & 2047u]++; key[1][to] = k[i]; index[1][to] = t[i]; }
        key[0] = key[1]; key[1] = k;
        index[0] = index[1]; index[1] = t;
    }
}
static void sphere_near_grid_(uint64_t *key[2], uint32_t *index[2], const float *x, const float *y, const float *z, size_t n, double h)
{
    size_t i;
    for (i = 0; i < n; i++) {                                           /* at most 2^20 + 1 cubes each way: 21 bits, never all ones */
        key[0][i] = (uint64_t)(((double)z[i] + 2.0) / h) << 42 | (uint64_t)(((double)y[i] + 2.0) / h) << 21 | (uint64_t)(((double)x[i] + 2.0) / h);
        index[0][i] = (uint32_t)i;
    }
    sphere_sort_pairs_(key, index, n);
}
/* Equal points: sorted by all their bits, the first of each group and the second are its first pair. */
static void sphere_near_equal_(uint64_t *key[2], uint32_t *index[2], const float *x, const float *y, const float *z, size_t n, sphere_near_ *best)
{
    size_t i;
    for (i = 0; i < n; i++) { key[0][i] = (uint64_t)sphere_bits_(x[i] + 0.0f) << 32 | sphere_bits_(y[i] + 0.0f); index[0][i] = (uint32_t)i; }
    sphere_sort_pairs_(key, index, n);
    for (i = 0; i < n; i++) key[0][i] = sphere_bits_(z[index[0][i]] + 0.0f);
    sphere_sort_pairs_(key, index, n);
    for (i = 0; i + 1 < n; i++) sphere_near_try_(best, x, y, z, index[0][i], index[0][i + 1]);
}
SPHERE_API size_t sphere_separation_size(size_t n)
{
    const size_t total = sphere_size_(n, 24, 64);
    return total == SIZE_MAX ? 0 : total;
}
SPHERE_API sphere_status sphere_measure_separation(const float *x, const float *y, const float *z, size_t n, float *angle, uint32_t pair[2], void *memory, size_t bytes)
{
    const double finest = 4.0 / 1048576.0;
    uint64_t *key[2];
    uint32_t *index[2];
    sphere_near_ best;
    float a[3], b[3];
    sphere_arc_ arc;
    double h;
    size_t i, j, r, round;
    int far_out = 0;
    if (!angle) return SPHERE_E_NULL;
    if (n > 0xfffffffeu) return SPHERE_E_SIZE;
    if (n && (!x || !y || !z)) return SPHERE_E_NULL;
    if (n < 2) {
        for (i = 0; i < n; i++) if (!sphere_finite_((double)x[i]) || !sphere_finite_((double)y[i]) || !sphere_finite_((double)z[i])) return SPHERE_E_NAN;
        *angle = sphere_inf_();
        if (pair) pair[0] = pair[1] = SPHERE_NO_INDEX;
        return SPHERE_OK;
    }
    if (!memory || bytes < sphere_separation_size(n)) return SPHERE_E_MEMORY;
    if (sphere_overlap_(memory, bytes, x, n * 4) || sphere_overlap_(memory, bytes, y, n * 4) || sphere_overlap_(memory, bytes, z, n * 4) ||
        sphere_overlap_(memory, bytes, angle, 4) || sphere_overlap_(memory, bytes, pair, 8)) return SPHERE_E_OVERLAP;
    for (i = 0; i < n; i++) {
        if (!sphere_finite_((double)x[i]) || !sphere_finite_((double)y[i]) || !sphere_finite_((double)z[i])) return SPHERE_E_NAN;
        far_out |= sphere_abs_(x[i]) > 1.5f || sphere_abs_(y[i]) > 1.5f || sphere_abs_(z[i]) > 1.5f;
    }
    if (far_out) return SPHERE_E_RANGE;
    key[0] = (uint64_t *)sphere_align_(memory); key[1] = key[0] + n;
    index[0] = (uint32_t *)(void *)(key[1] + n); index[1] = index[0] + n;
    best.square = 1e300; best.low = best.high = SPHERE_NO_INDEX;
    h = 4.0 / sphere_sqrt_double_((double)n);                           /* n caps of half the angle fit on the sphere: chord <= 4 / sqrt n */
    if (h > 4.0) h = 4.0;
    if (h < finest) h = finest;
    for (round = 0; round < 24; round++) {                              /* crowded cubes: what is near in sorted order gives a finer grid */
        double shorter;
        sphere_near_grid_(key, index, x, y, z, n, h);
        for (i = 0; i < n; i++) for (j = i + 1; j < n && j < i + 5; j++) sphere_near_try_(&best, x, y, z, index[0][i], index[0][j]);
        if (best.square == 0) break;
        shorter = sphere_sqrt_double_(best.square) * (1.0 + 1e-9);
        if (h <= finest || shorter > 0.5 * h) break;
        h = shorter > finest ? shorter : finest;
    }
    if (best.square == 0) sphere_near_equal_(key, index, x, y, z, n, &best);
    else for (;;) {
        size_t low[4] = { 0, 0, 0, 0 };
        for (i = 0; i < n; i++) {
            static const int64_t row[4] = { (int64_t)1 << 21, ((int64_t)1 << 42) - ((int64_t)1 << 21), (int64_t)1 << 42, ((int64_t)1 << 42) + ((int64_t)1 << 21) };
            const uint64_t here = key[0][i];
            for (j = i + 1; j < n && key[0][j] <= here + 1; j++) sphere_near_try_(&best, x, y, z, index[0][i], index[0][j]);
            for (r = 0; r < 4; r++) {
                const uint64_t to = here + (uint64_t)row[r];
                while (low[r] < n && key[0][low[r]] + 1 < to) low[r]++;
                for (j = low[r]; j < n && key[0][j] <= to + 1; j++) sphere_near_try_(&best, x, y, z, index[0][i], index[0][j]);
            }
        }
        if (best.square <= h * h || h >= 4.0) break;                    /* every pair nearer than h has been seen */
        h *= 2;                                                         /* only for points off the unit sphere */
        if (h > 4.0) h = 4.0;
        sphere_near_grid_(key, index, x, y, z, n, h);
    }
    a[0] = x[best.low]; a[1] = y[best.low]; a[2] = z[best.low];
    b[0] = x[best.high]; b[1] = y[best.high]; b[2] = z[best.high];
    sphere_arc_of_(&arc, a, b, 3);
    *angle = sphere_canonical_((float)sphere_arc_angle_(&arc));
    if (pair) { pair[0] = best.low; pair[1] = best.high; }
    return SPHERE_OK;
}

/* -- energy: one task per 64 points against all later ones, 8 lanes over the later point */
#define SPHERE_ENERGY_BLOCK_ 64
typedef struct sphere_energy_ { const double *x, *y, *z; double *part; size_t n; int s; } sphere_energy_;
static void sphere_energy_task_(void *context, size_t index)
{
    const sphere_energy_ *e = (const sphere_energy_ *)context;
    const size_t at = index * SPHERE_ENERGY_BLOCK_, end = e->n - at < SPHERE_ENERGY_BLOCK_ ? e->n : at + SPHERE_ENERGY_BLOCK_;
    double lane[8], total = 0;
    int64_t twos = 0;
    size_t i, j, k;
    for (k = 0; k < 8; k++) lane[k] = e->s ? 0.0 : 1.0;
    for (i = at; i < end; i++) {
        const double x = e->x[i], y = e->y[i], z = e->z[i];
        for (j = i + 1; j < e->n; j += 8) {
            const size_t m = e->n - j < 8 ? e->n - j : 8;
            double square[8];
            if (m == 8) for (k = 0; k < 8; k++) {
                const double dx = e->x[j + k] - x, dy = e->y[j + k] - y, dz = e->z[j + k] - z;
                square[k] = dx * dx + dy * dy + dz * dz;
            } else for (k = 0; k < m; k++) {
                const double dx = e->x[j + k] - x, dy = e->y[j + k] - y, dz = e->z[j + k] - z;
                square[k] = dx * dx + dy * dy + dz * dz;
            }
            if (e->s && m == 8) for (k = 0; k < 8; k++) lane[k] += 1.0 / sphere_sqrt_double_(square[k]);
            else if (e->s) for (k = 0; k < m; k++) lane[k] += 1.0 / sphere_sqrt_double_(square[k]);
            else for (k = 0; k < m; k++) {                              /* the logarithm of a product is taken once; its exponent is kept apart */
                lane[k] *= square[k];
                if (!(lane[k] > 1e-100 && lane[k] < 1e100) && lane[k] != 0) {
                    uint64_t u;
                    memcpy(&u, &lane[k], 8);
                    twos += (int64_t)(u >> 52) - 1023;
                    u = (u & 0xfffffffffffffu) | 0x3ff0000000000000u;
                    memcpy(&lane[k], &u, 8);
                }
            }
        }
    }
    if (e->s) total = ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
    else {
        for (k = 0; k < 8; k++) total += lane[k] > 0 ? sphere_log_double_(lane[k]) : -(double)sphere_inf_();
        total = -0.5 * (total + (double)twos * 0.6931471805599453);
    }
    e->part[index] = total;
}
SPHERE_API size_t sphere_energy_size(size_t n)
{
    const size_t total = sphere_size_(sphere_size_(n, 3, n / SPHERE_ENERGY_BLOCK_ + 1), sizeof(double), 64);
    return total == SIZE_MAX ? 0 : total;
}
SPHERE_API sphere_status sphere_measure_energy(const float *x, const float *y, const float *z, size_t n, int s, double *energy, const sphere_exec *exec,
                                               void *memory, size_t bytes)
{
    const size_t need = sphere_energy_size(n), tasks = n / SPHERE_ENERGY_BLOCK_ + 1;
    sphere_energy_ e;
    double *unit, total = 0;
    size_t i;
    if (sphere_simd_pick_(exec) == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (s != 0 && s != 1) return SPHERE_E_RANGE;
    if (!energy) return SPHERE_E_NULL;
    if (n == 0) { *energy = 0; return SPHERE_OK; }
    if (!need) return SPHERE_E_SIZE;
    if (!x || !y || !z) return SPHERE_E_NULL;
    if (!memory || bytes < need) return SPHERE_E_MEMORY;
    if (sphere_overlap_(memory, bytes, x, n * 4) || sphere_overlap_(memory, bytes, y, n * 4) || sphere_overlap_(memory, bytes, z, n * 4) ||
        sphere_overlap_(memory, bytes, energy, sizeof(*energy))) return SPHERE_E_OVERLAP;
    unit = (double *)sphere_align_(memory);
    for (i = 0; i < n; i++) {
        const double a = (double)x[i], b = (double)y[i], c = (double)z[i], square = a * a + b * b + c * c;
        double inverse;
        if (!sphere_finite_(square)) return SPHERE_E_NAN;
        if (square == 0) return SPHERE_E_RANGE;
        inverse = 1.0 / sphere_sqrt_double_(square);
        unit[i] = a * inverse; unit[n + i] = b * inverse; unit[2 * n + i] = c * inverse;
    }
    e.x = unit; e.y = unit + n; e.z = unit + 2 * n; e.part = unit + 3 * n; e.n = n; e.s = s;
    sphere_parallel_(exec, tasks, sphere_energy_task_, &e);
    for (i = 0; i < tasks; i++) total += e.part[i];
    *energy = total;
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
        sphere_kernels_for_(level)->to_spherical(NULL, theta, phi, x + at, y + at, z + at, m, 0);
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
