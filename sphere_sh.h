/* sphere_sh.h - v0.1.0 - spherical harmonics in float and double: values, gradients, expansions, coefficients. MIT licence, at the end.

   Do this in ONE C or C++ file:      #define SPHERE_SH_IMPLEMENTATION
                                      #include "sphere_sh.h"
   and only #include "sphere_sh.h" everywhere else. Nothing to link, not even -lm. It needs no other header.

   The same bits come out on every machine: at every SIMD level (portable, AVX2, NEON), for every thread count, with every
   compiler and at every optimisation level. -ffast-math is refused.

   Contents: grep for the tag
     >>core-types    status codes, SIMD level, parallel hook (the same lines in all sphere*.h)
     >>conventions   normalisations, signs and orders of coefficients
     >>points        harmonics, gradients and sums of expansions in single directions
     >>coefficients  spectra, windows, rotation, product, conversion between conventions
     >>transform     grids and the fast transform between fields on them and coefficients
     >>core-impl     the shared core: contraction guards, random numbers, square root, exp, log, sincos, atan2
     >>implementation

   Float and double
     sphere_sh_x works in float, sphere_shd_x is the same function in double. Sections marked double are made from the float ones by a
     program (tests/double.py); both are ordinary code that a debugger steps through.
*/
#ifndef SPHERE_SH_H
#define SPHERE_SH_H

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

#if defined(SPHERE_SH_STATIC)
#define SPHERE_SH_API SPHERE_INLINE_
#else
#define SPHERE_SH_API extern
#endif
#ifdef __cplusplus
extern "C" {
#endif

/* `const sphere_exec *exec` may be NULL for { 0 }, and so may every descriptor. A SIMD level that is not here gives
   SPHERE_E_LEVEL. Each function is exact in this sense: the same bits at every level, on every target, for every thread count. */

/* >>conventions ----------------------------------------------------------------------------------------------------- */

/* The largest degree of all functions; (degree + 1)^2 is the number of coefficients. */
#define SPHERE_SH_MAX_DEGREE 16383
/* Real harmonics Y_lm: for m > 0 with cos(m phi), for m < 0 with sin(|m| phi). What they are scaled to: */
typedef enum sphere_sh_norm {
    SPHERE_SH_ORTHONORMAL = 0,     /* the integral of Y^2 over the sphere is 1                                       */
    SPHERE_SH_FOUR_PI = 1,         /* the integral is 4 pi (geodesy; N3D of ambisonics): sqrt(4 pi) times the first  */
    SPHERE_SH_SCHMIDT = 2,         /* the integral is 4 pi / (2 l + 1) (geomagnetism; SN3D of ambisonics)            */
    SPHERE_SH_UNNORMALISED = 3,    /* P_l^m(cos theta) cos(m phi) with the Legendre functions as they are; degree <= 12 */
    SPHERE_SH_POLYNOMIAL = 4       /* conversion only, degree <= 2: 1, y, z, x, xy, yz, 3 z^2 - 1, xz, x^2 - y^2     */
} sphere_sh_norm;

/* >>points ---------------------------------------------------------------------------------------------------------- */

/* How the harmonics of many directions lie in memory; (l, m) has the index l*l + l + m, in all of them. */
typedef enum sphere_sh_basis_layout {
    SPHERE_SH_BASIS_ROWS = 0,            /* a row per direction: out[i * stride + index], stride 0 = (degree + 1)^2        */
    SPHERE_SH_BASIS_PLANES = 1           /* an array per harmonic: out[index * stride + i], stride 0 = the number of directions; faster */
} sphere_sh_basis_layout;

/* What a plan evaluates. Zero-initialise it and set what you care about. */
typedef struct sphere_sh_desc {
    sphere_sh_norm   norm;         /* 0 = orthonormal                                                                */
    int              condon_shortley;  /* 1: every harmonic of odd m is negated;  0: it is not                       */
    sphere_sh_basis_layout layout;       /* of the functions that store all harmonics, not of sums                         */
    size_t           stride;       /* in elements; 0 = tightly packed                                                */
} sphere_sh_desc;

/* Solid harmonics at a point of distance r from the origin, with a reference radius a: */
typedef enum sphere_sh_kind {
    SPHERE_SH_REGULAR = 0,         /* (r / a)^l Y_lm: sources outside; finite at the origin                          */
    SPHERE_SH_IRREGULAR = 1        /* (a / r)^(l + 1) Y_lm: sources inside, as in geomagnetism and gravity            */
} sphere_sh_kind;

/* sphere-sh float begin eval-api */
/* A plan: which harmonics, and tables for them in the caller's memory, which must live as long as the plan. After the init it is
   only read: any number of threads may share it. Norm and sign are folded into the tables and cost nothing. The fields are private. */
typedef struct sphere_sh_points {
    int            degree;
    sphere_sh_desc desc;
    sphere_exec    exec;
    sphere_simd    level;
    const float   *table;
    const double  *roots;
    size_t         bytes;
} sphere_sh_points;

/* Bytes that a plan needs: about 2 (degree + 1)(degree + 2) numbers up to degree 255, beyond it 4 doubles per degree; 0 when the
   degree is outside 0..SPHERE_SH_MAX_DEGREE. Degree 12 in float: 1.7 KB. */
SPHERE_SH_API size_t sphere_sh_points_size(int degree);

/* Make a plan.
     degree  0 .. SPHERE_SH_MAX_DEGREE (SPHERE_SH_UNNORMALISED: .. 12)
     desc    NULL or zero: orthonormal rows without the Condon-Shortley sign
     exec    NULL or zero: best level, one thread; copied. With a parallel hook one task is 256 directions (single calls stay serial)
     memory  sphere_sh_points_size(degree) bytes, any alignment
   Errors  SPHERE_E_NULL (plan), SPHERE_E_RANGE (degree, norm, layout, condon_shortley, a stride of rows below (degree + 1)^2),
           SPHERE_E_SIZE, SPHERE_E_MEMORY, SPHERE_E_OVERLAP (plan inside memory), SPHERE_E_LEVEL.
   Cost    O(degree^2) to degree 255, then O(degree); in double. */
SPHERE_SH_API sphere_status sphere_sh_points_init(sphere_sh_points *plan, int degree, const sphere_sh_desc *desc, const sphere_exec *exec,
                                                  void *memory, size_t bytes);

/* Common to all functions below
     Directions x, y, z (n) are unit vectors. They are not normalised here: a length that is off by e gives an error of about
     l e |Y_lm|. What is not a direction, because its length is more than 1 percent off, or zero, or has a NaN or an infinity, gives NaN in
     every output of that direction.
     Angles theta, phi (n): theta the colatitude from +z, phi the azimuth from +x, radians, any finite values (in double up to 1e15); else NaN as above.
     Any alignment. Outputs may not overlap inputs, each other, the coefficients or the plan. n = 0 is fine. One direction is cheap.
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (stride, fields, kind, radius), SPHERE_E_SIZE, SPHERE_E_OVERLAP; outputs untouched then.
   Exact   the same bits at every level, for any n and any split of the directions into calls. */

/* Evaluate every harmonic in n directions.
     out  (n, (degree + 1)^2) in the plan's layout; with planes and a stride the stride must be at least n
   Cost    about 3 (degree + 1)^2 multiply-adds a direction, and the store of the output, which is the limit from degree 16 on.
   Error   absolute, against 50-digit values, orthonormal, poles and near them too. Float: 5e-7 to degree 19, 2e-6 to 100, 1.1e-5 to 1000.
           Double: 9e-15 to degree 64, 4.5e-14 to 1000, 2.6e-13 to 4000; from angles about degree times 2e-16.
   Source  Reinsch 1967 (difference form of the recurrence); Fukushima 2012 (numbers with a wider exponent). */
SPHERE_SH_API sphere_status sphere_sh_values(const sphere_sh_points *plan, const float *x, const float *y, const float *z, size_t n, float *out);
SPHERE_SH_API sphere_status sphere_sh_values_angles(const sphere_sh_points *plan, const float *theta, const float *phi, size_t n, float *out);

/* Evaluate every harmonic and its gradient on the unit sphere, as a cartesian vector in the tangent plane.
     values      like out above; may be NULL
     gx, gy, gz  each like out above: the components of the gradient, per radian
   Finite and right at the poles. */
SPHERE_SH_API sphere_status sphere_sh_gradients(const sphere_sh_points *plan, const float *x, const float *y, const float *z, size_t n,
                                                float *values, float *gx, float *gy, float *gz);

/* The same gradient along theta (d/dtheta, to the south) and along phi (1/sin(theta) d/dphi, to the east). Finite and right at the
   poles, where the two directions are those of the given phi; from x, y, z it is the phi of (x, y), and 0 when both are zero. */
SPHERE_SH_API sphere_status sphere_sh_gradients_tangent(const sphere_sh_points *plan, const float *x, const float *y, const float *z, size_t n,
                                                        float *values, float *along_theta, float *along_phi);
SPHERE_SH_API sphere_status sphere_sh_gradients_angles(const sphere_sh_points *plan, const float *theta, const float *phi, size_t n,
                                                       float *values, float *along_theta, float *along_phi);

/* Sum expansions: the value of sum over l, m of c_lm Y_lm, and its gradient, at n directions, without storing any harmonic.
     coefficients (fields, (degree + 1)^2), row f starts at coefficients + f * coefficient_stride; 0 = (degree + 1)^2
     values, gx, gy, gz (fields, n), tightly packed: field f of direction i is values[f * n + i]. values may be NULL, or all of gx, gy, gz
             (_angles: along_theta and along_phi) may be
   A NaN result, from a coefficient say, is the one NaN.
   Cost    about 2 multiply-adds per coefficient, field and direction, and as many for all fields together; twice that with gradients. */
SPHERE_SH_API sphere_status sphere_sh_sum(const sphere_sh_points *plan, const float *coefficients, size_t fields, size_t coefficient_stride,
                                          const float *x, const float *y, const float *z, size_t n, float *values, float *gx, float *gy, float *gz);
SPHERE_SH_API sphere_status sphere_sh_sum_angles(const sphere_sh_points *plan, const float *coefficients, size_t fields, size_t coefficient_stride,
                                                 const float *theta, const float *phi, size_t n, float *values, float *along_theta, float *along_phi);

/* Evaluate solid harmonics and their gradients at points of any distance from the origin.
     kind, radius  SPHERE_SH_REGULAR: (r / radius)^l Y_lm, SPHERE_SH_IRREGULAR: (radius / r)^(l + 1) Y_lm; radius > 0, finite
     x, y, z (n)   points, in the unit of radius. A NaN or an infinity gives NaN, and so does the origin for the irregular ones.
     values        like out of sphere_sh_values; may be NULL
     gx, gy, gz    the full cartesian gradient, per unit of x, y, z; all may be NULL
   What overflows is infinite, or NaN in a gradient. */
SPHERE_SH_API sphere_status sphere_sh_solid(const sphere_sh_points *plan, sphere_sh_kind kind, float radius, const float *x, const float *y,
                                            const float *z, size_t n, float *values, float *gx, float *gy, float *gz);

/* Sum expansions in solid harmonics: a potential and its gradient, without storing any harmonic. Arguments as in sphere_sh_sum and
   sphere_sh_solid. For a magnetic field with Gauss coefficients g, h (Schmidt norm, c_lm = g_lm for m >= 0, h_l|m| for m < 0) the potential
   is radius times the sum, and B = -radius times the gradient. */
SPHERE_SH_API sphere_status sphere_sh_solid_sum(const sphere_sh_points *plan, sphere_sh_kind kind, float radius, const float *coefficients,
                                                size_t fields, size_t coefficient_stride, const float *x, const float *y, const float *z, size_t n,
                                                float *values, float *gx, float *gy, float *gz);
/* sphere-sh float end eval-api */
/* sphere-sh double begin eval-api: made from the float section by tests/double.py, do not edit */
/* A plan: which harmonics, and tables for them in the caller's memory, which must live as long as the plan. After the init it is
   only read: any number of threads may share it. Norm and sign are folded into the tables and cost nothing. The fields are private. */
typedef struct sphere_shd_points {
    int            degree;
    sphere_sh_desc desc;
    sphere_exec    exec;
    sphere_simd    level;
    const double   *table;
    const double  *roots;
    size_t         bytes;
} sphere_shd_points;

/* Bytes that a plan needs: about 2 (degree + 1)(degree + 2) numbers up to degree 255, beyond it 4 doubles per degree; 0 when the
   degree is outside 0..SPHERE_SH_MAX_DEGREE. Degree 12 in double: 1.7 KB. */
SPHERE_SH_API size_t sphere_shd_points_size(int degree);

/* Make a plan.
     degree  0 .. SPHERE_SH_MAX_DEGREE (SPHERE_SH_UNNORMALISED: .. 12)
     desc    NULL or zero: orthonormal rows without the Condon-Shortley sign
     exec    NULL or zero: best level, one thread; copied. With a parallel hook one task is 256 directions (single calls stay serial)
     memory  sphere_shd_points_size(degree) bytes, any alignment
   Errors  SPHERE_E_NULL (plan), SPHERE_E_RANGE (degree, norm, layout, condon_shortley, a stride of rows below (degree + 1)^2),
           SPHERE_E_SIZE, SPHERE_E_MEMORY, SPHERE_E_OVERLAP (plan inside memory), SPHERE_E_LEVEL.
   Cost    O(degree^2) to degree 255, then O(degree); in double. */
SPHERE_SH_API sphere_status sphere_shd_points_init(sphere_shd_points *plan, int degree, const sphere_sh_desc *desc, const sphere_exec *exec,
                                                  void *memory, size_t bytes);

/* Common to all functions below
     Directions x, y, z (n) are unit vectors. They are not normalised here: a length that is off by e gives an error of about
     l e |Y_lm|. What is not a direction, because its length is more than 1 percent off, or zero, or has a NaN or an infinity, gives NaN in
     every output of that direction.
     Angles theta, phi (n): theta the colatitude from +z, phi the azimuth from +x, radians, any finite values (in double up to 1e15); else NaN as above.
     Any alignment. Outputs may not overlap inputs, each other, the coefficients or the plan. n = 0 is fine. One direction is cheap.
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (stride, fields, kind, radius), SPHERE_E_SIZE, SPHERE_E_OVERLAP; outputs untouched then.
   Exact   the same bits at every level, for any n and any split of the directions into calls. */

/* Evaluate every harmonic in n directions.
     out  (n, (degree + 1)^2) in the plan's layout; with planes and a stride the stride must be at least n
   Cost    about 3 (degree + 1)^2 multiply-adds a direction, and the store of the output, which is the limit from degree 16 on.
   Error   absolute, against 50-digit values, orthonormal, poles and near them too. Float: 5e-7 to degree 19, 2e-6 to 100, 1.1e-5 to 1000.
           Double: 9e-15 to degree 64, 4.5e-14 to 1000, 2.6e-13 to 4000; from angles about degree times 2e-16.
   Source  Reinsch 1967 (difference form of the recurrence); Fukushima 2012 (numbers with a wider exponent). */
SPHERE_SH_API sphere_status sphere_shd_values(const sphere_shd_points *plan, const double *x, const double *y, const double *z, size_t n, double *out);
SPHERE_SH_API sphere_status sphere_shd_values_angles(const sphere_shd_points *plan, const double *theta, const double *phi, size_t n, double *out);

/* Evaluate every harmonic and its gradient on the unit sphere, as a cartesian vector in the tangent plane.
     values      like out above; may be NULL
     gx, gy, gz  each like out above: the components of the gradient, per radian
   Finite and right at the poles. */
SPHERE_SH_API sphere_status sphere_shd_gradients(const sphere_shd_points *plan, const double *x, const double *y, const double *z, size_t n,
                                                double *values, double *gx, double *gy, double *gz);

/* The same gradient along theta (d/dtheta, to the south) and along phi (1/sin(theta) d/dphi, to the east). Finite and right at the
   poles, where the two directions are those of the given phi; from x, y, z it is the phi of (x, y), and 0 when both are zero. */
SPHERE_SH_API sphere_status sphere_shd_gradients_tangent(const sphere_shd_points *plan, const double *x, const double *y, const double *z, size_t n,
                                                        double *values, double *along_theta, double *along_phi);
SPHERE_SH_API sphere_status sphere_shd_gradients_angles(const sphere_shd_points *plan, const double *theta, const double *phi, size_t n,
                                                       double *values, double *along_theta, double *along_phi);

/* Sum expansions: the value of sum over l, m of c_lm Y_lm, and its gradient, at n directions, without storing any harmonic.
     coefficients (fields, (degree + 1)^2), row f starts at coefficients + f * coefficient_stride; 0 = (degree + 1)^2
     values, gx, gy, gz (fields, n), tightly packed: field f of direction i is values[f * n + i]. values may be NULL, or all of gx, gy, gz
             (_angles: along_theta and along_phi) may be
   A NaN result, from a coefficient say, is the one NaN.
   Cost    about 2 multiply-adds per coefficient, field and direction, and as many for all fields together; twice that with gradients. */
SPHERE_SH_API sphere_status sphere_shd_sum(const sphere_shd_points *plan, const double *coefficients, size_t fields, size_t coefficient_stride,
                                          const double *x, const double *y, const double *z, size_t n, double *values, double *gx, double *gy, double *gz);
SPHERE_SH_API sphere_status sphere_shd_sum_angles(const sphere_shd_points *plan, const double *coefficients, size_t fields, size_t coefficient_stride,
                                                 const double *theta, const double *phi, size_t n, double *values, double *along_theta, double *along_phi);

/* Evaluate solid harmonics and their gradients at points of any distance from the origin.
     kind, radius  SPHERE_SH_REGULAR: (r / radius)^l Y_lm, SPHERE_SH_IRREGULAR: (radius / r)^(l + 1) Y_lm; radius > 0, finite
     x, y, z (n)   points, in the unit of radius. A NaN or an infinity gives NaN, and so does the origin for the irregular ones.
     values        like out of sphere_shd_values; may be NULL
     gx, gy, gz    the full cartesian gradient, per unit of x, y, z; all may be NULL
   What overflows is infinite, or NaN in a gradient. */
SPHERE_SH_API sphere_status sphere_shd_solid(const sphere_shd_points *plan, sphere_sh_kind kind, double radius, const double *x, const double *y,
                                            const double *z, size_t n, double *values, double *gx, double *gy, double *gz);

/* Sum expansions in solid harmonics: a potential and its gradient, without storing any harmonic. Arguments as in sphere_shd_sum and
   sphere_shd_solid. For a magnetic field with Gauss coefficients g, h (Schmidt norm, c_lm = g_lm for m >= 0, h_l|m| for m < 0) the potential
   is radius times the sum, and B = -radius times the gradient. */
SPHERE_SH_API sphere_status sphere_shd_solid_sum(const sphere_shd_points *plan, sphere_sh_kind kind, double radius, const double *coefficients,
                                                size_t fields, size_t coefficient_stride, const double *x, const double *y, const double *z, size_t n,
                                                double *values, double *gx, double *gy, double *gz);
/* sphere-sh double end eval-api */

/* >>coefficients ----------------------------------------------------------------------------------------------------- */

/* An expansion of degree L is (L + 1)^2 numbers a(l, m), the field is f = sum a(l, m) Y_lm. Every function but sphere_sh_convert wants
   them as this header has them: real, orthonormal, no Condon-Shortley sign, (l, m) at l*l + l + m. What others have:

                       norm            sign   storage         remarks
     this header       orthonormal     no     by degree
     scipy sph_harm_y  orthonormal     yes    complex         all m; for real fields c(l, -m) = (-1)^m conj c(l, m)
     healpy, SHTns     orthonormal     yes    complex half    m >= 0, order after order
     ambiX             Schmidt (SN3D)  no     by degree       = channel number (ACN); signals, so projections
     N3D, ACN          4 pi            no     by degree       the same
     geomagnetism      Schmidt         no     pairs           g and h; IGRF and WMM begin at degree 1, here degree 0 comes first
     geodesy           4 pi            no     pairs           C and S
     DirectXMath, D3DX orthonormal     yes    by degree       both m and -m of odd m are negated
     Unreal            orthonormal     yes    by degree       the same; FSHVectorRGB3: r, g, b vector after vector
     Unity             polynomial      no     by degree       SphericalHarmonicsL2: r, g, b vector after vector
     Unity shaders     polynomial      no     shader          unity_SHAr.xyzw, unity_SHBr.xyzw, unity_SHC.r, and so for g and b
     Filament          polynomial      no     by degree       premultiplied; float3 per coefficient, so interleaved

   Unity's and Filament's numbers are those of irradiance / pi: convolve the radiance with a cosine lobe first (sphere_sh_convolve).
   Axes stay what they are: x of the vector is x of the engine. To go between a y-up or left-handed system and another, rotate by the
   matrix that maps one to the other; its determinant may be -1. Unreal is left-handed with z up, Unity left-handed with y up,
   Filament and DirectXMath take what they are given. Where from: DirectXMath SHMath/DirectXSH.cpp (3734bc9), Filament
   libs/ibl/src/CubemapSH.cpp (03e89bd), Unreal Engine 5 SHMath.h and Unity 2019 to 2023 as publicly described. */
typedef enum sphere_sh_storage {
    SPHERE_SH_BY_DEGREE = 0,       /* (L+1)^2: (l, m) at l*l + l + m                                                 */
    SPHERE_SH_BY_ORDER = 1,        /* (L+1)^2: m = 0 with l = 0..L, then for each m > 0 the cosines l = m..L, then the sines */
    SPHERE_SH_PAIRS = 2,           /* (L+1)^2: g00, g10, g11, h11, g20, g21, h21, g22, h22, ...: cosine, then sine     */
    SPHERE_SH_COMPLEX = 3,         /* 2 (L+1)^2: real part, imaginary part, of (l, m) at l*l + l + m                  */
    SPHERE_SH_COMPLEX_HALF = 4,    /* (L+1)(L+2): the same for m >= 0 alone: m = 0 with l = 0..L, then m = 1 with l = 1..L ... */
    SPHERE_SH_SHADER = 5           /* 9: x, y, z, w, then x, y, z, w, then one more; only polynomial, degree 2, no sign */
} sphere_sh_storage;

/* How coefficients are written down. Zero is this header's own way. */
typedef struct sphere_sh_convention {
    sphere_sh_norm    norm;
    int               condon_shortley;   /* 1: harmonics of odd m are negated (complex ones: of odd m > 0)              */
    sphere_sh_storage storage;
    int               projection;        /* 0: f = sum a Y;  1: a = integral of f Y, as the channels of ambisonics have it */
    int               interleaved;       /* of several vectors: 0 = one after another;  1 = number i of all of them side by side */
} sphere_sh_convention;

typedef enum sphere_sh_name {
    SPHERE_SH_OURS = 0, SPHERE_SH_SCIPY, SPHERE_SH_HEALPY, SPHERE_SH_AMBIX, SPHERE_SH_N3D, SPHERE_SH_GEOMAGNETIC, SPHERE_SH_GEODESY,
    SPHERE_SH_DIRECTX, SPHERE_SH_UNREAL, SPHERE_SH_UNITY, SPHERE_SH_UNITY_SHADER, SPHERE_SH_FILAMENT
} sphere_sh_name;

/* The convention of a name: a row of the table above. An unknown name gives that of this header. */
SPHERE_SH_API sphere_sh_convention sphere_sh_convention_of(sphere_sh_name name);

/* How many numbers a vector of this degree has in a convention (NULL = this header's); 0 when the two do not go together, when a field
   is out of its range, or when the size overflows. */
SPHERE_SH_API size_t sphere_sh_convention_size(int degree, const sphere_sh_convention *convention);

/* What a window does to degree l; w is the width. w = 0 means degree + 1 (Gauss: 1 / (degree + 1)). */
typedef enum sphere_sh_window_kind {
    SPHERE_SH_WINDOW_HANN = 0,     /* (1 + cos(pi l / w)) / 2 for l < w, else 0                                       */
    SPHERE_SH_WINDOW_LANCZOS = 1,  /* sin(pi l / w) / (pi l / w) for l < w, else 0                                    */
    SPHERE_SH_WINDOW_GAUSS = 2,    /* exp(-l (l + 1) w^2 / 2): blur by a spot of w radians                             */
    SPHERE_SH_WINDOW_LAPLACE = 3   /* 1 / (1 + w l^2 (l + 1)^2): the least curvature; w >= 0 is taken as it is          */
} sphere_sh_window_kind;

/* Up to this degree a rotation keeps a matrix for each degree, and sphere_sh_rotate needs no working memory. */
#define SPHERE_SH_ROTATION_DENSE 12
/* The largest degree of the three expansions of a product. */
#define SPHERE_SH_PRODUCT_MAX_DEGREE 255

/* sphere-sh float begin coef-api */
/* Convert count vectors of coefficients from one convention to another.
     degree       of all vectors
     from, to     NULL = this header's convention
     in, out      count times sphere_sh_convention_size(degree, from / to) numbers
   A complex vector stands for a real field: of any other the real part of the field is taken. What a form of storage has no place
   for does not exist: nothing else is lost. A NaN makes NaN of what it enters.
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (a convention that does not exist or does not go with the degree), SPHERE_E_SIZE,
           SPHERE_E_OVERLAP; out is untouched then. count = 0 is fine.
   Cost    O(degree^2) per vector. Each number is multiplied once, by a factor right to 1e-15 (exactly 1 when the norms agree). */
SPHERE_SH_API sphere_status sphere_sh_convert(int degree, const sphere_sh_convention *from, const float *in, const sphere_sh_convention *to,
                                              float *out, size_t count);

/* Combine two expansions: out = alpha a + beta b, which adds, subtracts, scales and blends.
     a, b, out  ((degree+1)^2)  b NULL = 0; out may be a or b
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (degree), SPHERE_E_NAN (alpha, beta), SPHERE_E_OVERLAP (in part). */
SPHERE_SH_API sphere_status sphere_sh_combine(int degree, float alpha, const float *a, float beta, const float *b, float *out);

/* The scalar product sum a b, which is the integral of the product of the two fields.
     a, b  ((degree+1)^2)      may be the same or overlap
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE, SPHERE_E_LEVEL.   Exact: the same bits everywhere; virtual lanes. */
SPHERE_SH_API sphere_status sphere_sh_dot(int degree, const float *a, const float *b, float *result, const sphere_exec *exec);

/* The spectrum: for each degree the sum over m of a b; the mean square of the field is the sum of the power spectrum / 4 pi.
     a, b      ((degree+1)^2)  b NULL = a: the power spectrum, else the cross spectrum
     spectrum  (degree+1)      may not overlap a or b
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE, SPHERE_E_OVERLAP, SPHERE_E_LEVEL. */
SPHERE_SH_API sphere_status sphere_sh_spectrum(int degree, const float *a, const float *b, float *spectrum, const sphere_exec *exec);

/* Multiply degree l by factor[l]: windows, blurs, derivatives.
     in, out  ((degree+1)^2)   out may be in
     factor   (degree+1)       may not overlap out
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE, SPHERE_E_OVERLAP. */
SPHERE_SH_API sphere_status sphere_sh_filter(int degree, const float *in, const float *factor, float *out);

/* Convolve a field with a zonal kernel: multiply degree l by sqrt(4 pi / (2 l + 1)) kernel[l].
     kernel   (degree+1)       the coefficients of m = 0 of the kernel, whose axis is +z
   Else as sphere_sh_filter.   Source  Funk 1915, Hecke 1917. */
SPHERE_SH_API sphere_status sphere_sh_convolve(int degree, const float *in, const float *kernel, float *out);

/* Compute a window for sphere_sh_filter.
     width    see sphere_sh_window_kind
     factor   (degree+1)       1 at degree 0, never negative; right to 2 units in the last place of 1
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (degree, kind, a width that is negative or infinite), SPHERE_E_NAN (width). */
SPHERE_SH_API sphere_status sphere_sh_window(int degree, sphere_sh_window_kind kind, float width, float *factor);

/* Take ringing out of a field that should not be negative: find the weakest window SPHERE_SH_WINDOW_LAPLACE for which the field is nowhere
   below `least` times its mean (0 = not negative), and apply it. A field whose mean is not positive is left as it is.
     degree   0 .. 32
     in, out  ((degree+1)^2)   out may be in
     strength NULL, or out: the w of the window; 0 = nothing was needed
     least    below 1
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE, SPHERE_E_NAN (in, least), SPHERE_E_OVERLAP.
   Cost    about 100 (degree + 1)^3 multiply-adds for one look at the field, and up to 85 looks where it rings. A look takes 4 (degree + 1) by
           8 (degree + 1) directions: between them the field may be lower, by about a thousandth of its largest value.
   Source  Sloan 2017, Deringing Spherical Harmonics. */
SPHERE_SH_API sphere_status sphere_sh_dering(int degree, const float *in, float least, float *out, float *strength);

/* Rotate count expansions about the z axis: the field turns by the angle, counterclockwise seen from +z.
     angle    radians, -1e6 .. 1e6
     in, out  (count, (degree+1)^2)   out may be in
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (degree, angle), SPHERE_E_NAN (angle), SPHERE_E_SIZE, SPHERE_E_OVERLAP (in part). */
SPHERE_SH_API sphere_status sphere_sh_rotate_z(int degree, float angle, const float *in, float *out, size_t count);

/* A rotation, prepared for any number of expansions, in the caller's memory, which must live as long as it does. After the init it is only
   read: any number of threads may share it. The fields are private. */
typedef struct sphere_sh_rotation {
    int          degree;
    int          improper;         /* the determinant was -1                                                         */
    sphere_exec  exec;
    sphere_simd  level;
    const float *turn;             /* cosines and sines of three angles, order after order                           */
    const float *dense;            /* matrices of the low degrees                                                    */
} sphere_sh_rotation;

/* Bytes that a rotation needs; 0 when the degree is outside 0..SPHERE_SH_MAX_DEGREE or the size overflows. About 3600 numbers
   for degree 12, and six for each degree more. */
SPHERE_SH_API size_t sphere_sh_rotation_size(int degree);

/* Prepare a rotation from a matrix, a quaternion or angles. The rotated field has at R n the value that the field has at n.
     matrix      9 numbers, row after row; R n = matrix times n; orthogonal within 1e-4 (each entry of R R^T). Its determinant may be -1
     quaternion  x, y, z, w; any length but 0 and infinity
     alpha, beta, gamma   R = Rz(alpha) Ry(beta) Rz(gamma); radians, -1e6 .. 1e6
     exec        NULL or zero: best level, one thread; with a parallel hook one task is 64 vectors (up to degree 12; above, one thread)
     memory      sphere_sh_rotation_size(degree) bytes, any alignment
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE, SPHERE_E_NAN, SPHERE_E_MEMORY, SPHERE_E_OVERLAP (memory and the rotation), SPHERE_E_SIZE,
           SPHERE_E_LEVEL.
   Cost    up to degree 12 O(degree^4) in double; beyond, O(degree).
   Source  quarter turns by Trapani and Navaza 2006; each degree as two of them and three turns about z. */
SPHERE_SH_API sphere_status sphere_sh_rotation_matrix(sphere_sh_rotation *rotation, int degree, const float *matrix, const sphere_exec *exec,
                                                      void *memory, size_t bytes);
SPHERE_SH_API sphere_status sphere_sh_rotation_quaternion(sphere_sh_rotation *rotation, int degree, const float *quaternion,
                                                          const sphere_exec *exec, void *memory, size_t bytes);
SPHERE_SH_API sphere_status sphere_sh_rotation_angles(sphere_sh_rotation *rotation, int degree, float alpha, float beta, float gamma,
                                                      const sphere_exec *exec, void *memory, size_t bytes);

/* Bytes of working memory of sphere_sh_rotate: 0 up to degree 12, then degree^2 numbers and degree^2 / 2
   doubles. Also 0 when the degree is out of range
   or the size overflows. */
SPHERE_SH_API size_t sphere_sh_rotate_size(int degree);

/* Rotate count expansions.
     in, out  (count, (degree+1)^2)   out may be in
     work     sphere_sh_rotate_size(degree) bytes, one for each thread that calls; NULL up to degree 12
   Errors  SPHERE_E_NULL, SPHERE_E_SIZE, SPHERE_E_MEMORY, SPHERE_E_OVERLAP (in part; work and anything else).
   Cost    4 degree^3 / 3 multiply-adds per vector up to degree 12, 2 degree^3 / 3 beyond and degree^3 / 2 in double for the matrices of
           a call: give it many vectors at once.
   Exact   the same bits at every level. */
SPHERE_SH_API sphere_status sphere_sh_rotate(const sphere_sh_rotation *rotation, const float *in, float *out, size_t count, void *work, size_t bytes);

/* A product of expansions of three given degrees, prepared. After the init it is only read. The fields are private. */
typedef struct sphere_sh_product {
    int          degree_a, degree_b, degree_out;
    sphere_exec  exec;
    sphere_simd  level;
    size_t       nodes;            /* latitudes, a multiple of the lanes                                             */
    const float *values;           /* harmonics at the latitudes: sums go from coefficients to them                  */
    const float *weights;          /* harmonics times weights: sums go back                                          */
} sphere_sh_product;

/* Bytes that a product needs; 0 when a degree is outside 0..SPHERE_SH_PRODUCT_MAX_DEGREE or the size overflows. For three times degree
   5: 2.3 KB. */
SPHERE_SH_API size_t sphere_sh_product_size(int degree_a, int degree_b, int degree_out);

/* Prepare the product.
     degree_out   degree_a + degree_b gives the whole product; less, its part up to that degree, exactly as well
     exec         NULL or zero: best level, one thread
     memory       sphere_sh_product_size(...) bytes, any alignment
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE, SPHERE_E_SIZE, SPHERE_E_MEMORY, SPHERE_E_OVERLAP, SPHERE_E_LEVEL. */
SPHERE_SH_API sphere_status sphere_sh_product_init(sphere_sh_product *product, int degree_a, int degree_b, int degree_out, const sphere_exec *exec,
                                                   void *memory, size_t bytes);

/* Bytes of working memory of sphere_sh_multiply, 0 for a product that was not prepared. */
SPHERE_SH_API size_t sphere_sh_multiply_size(const sphere_sh_product *product);

/* Multiply count pairs of fields: out is the expansion of f g.
     a     (count, (degree_a+1)^2)
     b     (count, (degree_b+1)^2)    may be a
     out   (count, (degree_out+1)^2)  may not overlap a or b
     work  sphere_sh_multiply_size(product) bytes, one for each thread that calls
   Errors  SPHERE_E_NULL, SPHERE_E_SIZE, SPHERE_E_MEMORY, SPHERE_E_OVERLAP.
   Cost    O(degree^3) by Gauss latitudes and Fourier series along them; exact but for rounding, about 1e-7 (double: 1e-15) of |a| |b|.
   Exact   the same bits at every level. */
SPHERE_SH_API sphere_status sphere_sh_multiply(const sphere_sh_product *product, const float *a, const float *b, float *out, size_t count,
                                               void *work, size_t bytes);
/* sphere-sh float end coef-api */
/* sphere-sh double begin coef-api: made from the float section by tests/double.py, do not edit */
/* Convert count vectors of coefficients from one convention to another.
     degree       of all vectors
     from, to     NULL = this header's convention
     in, out      count times sphere_sh_convention_size(degree, from / to) numbers
   A complex vector stands for a real field: of any other the real part of the field is taken. What a form of storage has no place
   for does not exist: nothing else is lost. A NaN makes NaN of what it enters.
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (a convention that does not exist or does not go with the degree), SPHERE_E_SIZE,
           SPHERE_E_OVERLAP; out is untouched then. count = 0 is fine.
   Cost    O(degree^2) per vector. Each number is multiplied once, by a factor right to 1e-15 (exactly 1 when the norms agree). */
SPHERE_SH_API sphere_status sphere_shd_convert(int degree, const sphere_sh_convention *from, const double *in, const sphere_sh_convention *to,
                                              double *out, size_t count);

/* Combine two expansions: out = alpha a + beta b, which adds, subtracts, scales and blends.
     a, b, out  ((degree+1)^2)  b NULL = 0; out may be a or b
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (degree), SPHERE_E_NAN (alpha, beta), SPHERE_E_OVERLAP (in part). */
SPHERE_SH_API sphere_status sphere_shd_combine(int degree, double alpha, const double *a, double beta, const double *b, double *out);

/* The scalar product sum a b, which is the integral of the product of the two fields.
     a, b  ((degree+1)^2)      may be the same or overlap
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE, SPHERE_E_LEVEL.   Exact: the same bits everywhere; virtual lanes. */
SPHERE_SH_API sphere_status sphere_shd_dot(int degree, const double *a, const double *b, double *result, const sphere_exec *exec);

/* The spectrum: for each degree the sum over m of a b; the mean square of the field is the sum of the power spectrum / 4 pi.
     a, b      ((degree+1)^2)  b NULL = a: the power spectrum, else the cross spectrum
     spectrum  (degree+1)      may not overlap a or b
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE, SPHERE_E_OVERLAP, SPHERE_E_LEVEL. */
SPHERE_SH_API sphere_status sphere_shd_spectrum(int degree, const double *a, const double *b, double *spectrum, const sphere_exec *exec);

/* Multiply degree l by factor[l]: windows, blurs, derivatives.
     in, out  ((degree+1)^2)   out may be in
     factor   (degree+1)       may not overlap out
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE, SPHERE_E_OVERLAP. */
SPHERE_SH_API sphere_status sphere_shd_filter(int degree, const double *in, const double *factor, double *out);

/* Convolve a field with a zonal kernel: multiply degree l by sqrt(4 pi / (2 l + 1)) kernel[l].
     kernel   (degree+1)       the coefficients of m = 0 of the kernel, whose axis is +z
   Else as sphere_shd_filter.   Source  Funk 1915, Hecke 1917. */
SPHERE_SH_API sphere_status sphere_shd_convolve(int degree, const double *in, const double *kernel, double *out);

/* Compute a window for sphere_shd_filter.
     width    see sphere_sh_window_kind
     factor   (degree+1)       1 at degree 0, never negative; right to 2 units in the last place of 1
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (degree, kind, a width that is negative or infinite), SPHERE_E_NAN (width). */
SPHERE_SH_API sphere_status sphere_shd_window(int degree, sphere_sh_window_kind kind, double width, double *factor);

/* Take ringing out of a field that should not be negative: find the weakest window SPHERE_SH_WINDOW_LAPLACE for which the field is nowhere
   below `least` times its mean (0 = not negative), and apply it. A field whose mean is not positive is left as it is.
     degree   0 .. 32
     in, out  ((degree+1)^2)   out may be in
     strength NULL, or out: the w of the window; 0 = nothing was needed
     least    below 1
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE, SPHERE_E_NAN (in, least), SPHERE_E_OVERLAP.
   Cost    about 100 (degree + 1)^3 multiply-adds for one look at the field, and up to 85 looks where it rings. A look takes 4 (degree + 1) by
           8 (degree + 1) directions: between them the field may be lower, by about a thousandth of its largest value.
   Source  Sloan 2017, Deringing Spherical Harmonics. */
SPHERE_SH_API sphere_status sphere_shd_dering(int degree, const double *in, double least, double *out, double *strength);

/* Rotate count expansions about the z axis: the field turns by the angle, counterclockwise seen from +z.
     angle    radians, -1e6 .. 1e6
     in, out  (count, (degree+1)^2)   out may be in
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (degree, angle), SPHERE_E_NAN (angle), SPHERE_E_SIZE, SPHERE_E_OVERLAP (in part). */
SPHERE_SH_API sphere_status sphere_shd_rotate_z(int degree, double angle, const double *in, double *out, size_t count);

/* A rotation, prepared for any number of expansions, in the caller's memory, which must live as long as it does. After the init it is only
   read: any number of threads may share it. The fields are private. */
typedef struct sphere_shd_rotation {
    int          degree;
    int          improper;         /* the determinant was -1                                                         */
    sphere_exec  exec;
    sphere_simd  level;
    const double *turn;             /* cosines and sines of three angles, order after order                           */
    const double *dense;            /* matrices of the low degrees                                                    */
} sphere_shd_rotation;

/* Bytes that a rotation needs; 0 when the degree is outside 0..SPHERE_SH_MAX_DEGREE or the size overflows. About 3600 numbers
   for degree 12, and six for each degree more. */
SPHERE_SH_API size_t sphere_shd_rotation_size(int degree);

/* Prepare a rotation from a matrix, a quaternion or angles. The rotated field has at R n the value that the field has at n.
     matrix      9 numbers, row after row; R n = matrix times n; orthogonal within 1e-4 (each entry of R R^T). Its determinant may be -1
     quaternion  x, y, z, w; any length but 0 and infinity
     alpha, beta, gamma   R = Rz(alpha) Ry(beta) Rz(gamma); radians, -1e6 .. 1e6
     exec        NULL or zero: best level, one thread; with a parallel hook one task is 64 vectors (up to degree 12; above, one thread)
     memory      sphere_shd_rotation_size(degree) bytes, any alignment
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE, SPHERE_E_NAN, SPHERE_E_MEMORY, SPHERE_E_OVERLAP (memory and the rotation), SPHERE_E_SIZE,
           SPHERE_E_LEVEL.
   Cost    up to degree 12 O(degree^4) in double; beyond, O(degree).
   Source  quarter turns by Trapani and Navaza 2006; each degree as two of them and three turns about z. */
SPHERE_SH_API sphere_status sphere_shd_rotation_matrix(sphere_shd_rotation *rotation, int degree, const double *matrix, const sphere_exec *exec,
                                                      void *memory, size_t bytes);
SPHERE_SH_API sphere_status sphere_shd_rotation_quaternion(sphere_shd_rotation *rotation, int degree, const double *quaternion,
                                                          const sphere_exec *exec, void *memory, size_t bytes);
SPHERE_SH_API sphere_status sphere_shd_rotation_angles(sphere_shd_rotation *rotation, int degree, double alpha, double beta, double gamma,
                                                      const sphere_exec *exec, void *memory, size_t bytes);

/* Bytes of working memory of sphere_shd_rotate: 0 up to degree 12, then degree^2 numbers and degree^2 / 2
   doubles. Also 0 when the degree is out of range
   or the size overflows. */
SPHERE_SH_API size_t sphere_shd_rotate_size(int degree);

/* Rotate count expansions.
     in, out  (count, (degree+1)^2)   out may be in
     work     sphere_shd_rotate_size(degree) bytes, one for each thread that calls; NULL up to degree 12
   Errors  SPHERE_E_NULL, SPHERE_E_SIZE, SPHERE_E_MEMORY, SPHERE_E_OVERLAP (in part; work and anything else).
   Cost    4 degree^3 / 3 multiply-adds per vector up to degree 12, 2 degree^3 / 3 beyond and degree^3 / 2 in double for the matrices of
           a call: give it many vectors at once.
   Exact   the same bits at every level. */
SPHERE_SH_API sphere_status sphere_shd_rotate(const sphere_shd_rotation *rotation, const double *in, double *out, size_t count, void *work, size_t bytes);

/* A product of expansions of three given degrees, prepared. After the init it is only read. The fields are private. */
typedef struct sphere_shd_product {
    int          degree_a, degree_b, degree_out;
    sphere_exec  exec;
    sphere_simd  level;
    size_t       nodes;            /* latitudes, a multiple of the lanes                                             */
    const double *values;           /* harmonics at the latitudes: sums go from coefficients to them                  */
    const double *weights;          /* harmonics times weights: sums go back                                          */
} sphere_shd_product;

/* Bytes that a product needs; 0 when a degree is outside 0..SPHERE_SH_PRODUCT_MAX_DEGREE or the size overflows. For three times degree
   5: 2.3 KB. */
SPHERE_SH_API size_t sphere_shd_product_size(int degree_a, int degree_b, int degree_out);

/* Prepare the product.
     degree_out   degree_a + degree_b gives the whole product; less, its part up to that degree, exactly as well
     exec         NULL or zero: best level, one thread
     memory       sphere_shd_product_size(...) bytes, any alignment
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE, SPHERE_E_SIZE, SPHERE_E_MEMORY, SPHERE_E_OVERLAP, SPHERE_E_LEVEL. */
SPHERE_SH_API sphere_status sphere_shd_product_init(sphere_shd_product *product, int degree_a, int degree_b, int degree_out, const sphere_exec *exec,
                                                   void *memory, size_t bytes);

/* Bytes of working memory of sphere_shd_multiply, 0 for a product that was not prepared. */
SPHERE_SH_API size_t sphere_shd_multiply_size(const sphere_shd_product *product);

/* Multiply count pairs of fields: out is the expansion of f g.
     a     (count, (degree_a+1)^2)
     b     (count, (degree_b+1)^2)    may be a
     out   (count, (degree_out+1)^2)  may not overlap a or b
     work  sphere_shd_multiply_size(product) bytes, one for each thread that calls
   Errors  SPHERE_E_NULL, SPHERE_E_SIZE, SPHERE_E_MEMORY, SPHERE_E_OVERLAP.
   Cost    O(degree^3) by Gauss latitudes and Fourier series along them; exact but for rounding, about 1e-7 (double: 1e-15) of |a| |b|.
   Exact   the same bits at every level. */
SPHERE_SH_API sphere_status sphere_shd_multiply(const sphere_shd_product *product, const double *a, const double *b, double *out, size_t count,
                                               void *work, size_t bytes);
/* sphere-sh double end coef-api */
/* >>transform ------------------------------------------------------------------------------------------------------- */

/* A worked example: a field on a Gauss grid of degree 63, to coefficients and back, in float
     sphere_sh_plan plan;                                     64 rings of 128 values, row after row from the north
     size_t bytes = sphere_sh_plan_size(63, NULL);
     sphere_sh_plan_init(&plan, 63, NULL, memory, bytes);     the plan lives in memory and is only read from here on
     size_t more = sphere_sh_transform_size(&plan);
     sphere_sh_analysis(&plan, field, 0, coefficients, 0, 1, work, more, NULL);
     sphere_sh_synthesis(&plan, coefficients, 0, field, 0, 1, work, more, NULL);
   The round trip gives random coefficients back within 2e-15 (degree + 1) of the largest in double, within 2e-5 in float to degree 511 and
   3e-5 at 1023; against sums in long double the field errs by as little (tests/test_sh_transform.c).
   field[plan.first[r] + j] lies at colatitude plan.ring[r].theta, azimuth plan.ring[r].phi + 2 pi j / plan.ring[r].count. */

#define SPHERE_SH_MAX_TRANSFORM_DEGREE 8191

/* Where the rings of a grid lie. An exact grid gives the coefficients of every field of the plan's degree back, up to rounding. */
typedef enum sphere_sh_grid {
    SPHERE_SH_GAUSS = 0,           /* Gauss-Legendre nodes; exact from degree + 1 latitudes on (the default)                  */
    SPHERE_SH_FEJER,               /* (r + 1/2) pi/n; exact from 2 degree + 1 latitudes on; default 2 (degree + 1)            */
    SPHERE_SH_CLENSHAW_CURTIS,     /* r pi/(n - 1), both poles; exact from 2 degree + 1 on; default 2 (degree + 1) + 1        */
    SPHERE_SH_DRISCOLL_HEALY,      /* r pi/n, the north pole only; even n; exact from 2 (degree + 1) on (the default)         */
    SPHERE_SH_MIDPOINT,            /* (r + 1/2) pi/n weighted by sin theta; NOT exact: see sphere_sh_plan_error; default 2 degree
                                      latitudes and 4 degree longitudes: the grid of the original system                      */
    SPHERE_SH_RINGS                /* desc->rings: HEALPix, reduced grids, any rings; exact when their weights are            */
} sphere_sh_grid;

typedef enum sphere_sh_layout {
    SPHERE_SH_ROWS = 0,            /* ring after ring from the first, longitudes contiguous                                   */
    SPHERE_SH_COLUMNS              /* meridian after meridian, latitudes contiguous; rings of equal count only                */
} sphere_sh_layout;

typedef struct sphere_sh_ring {
    double theta;                  /* colatitude, 0..pi                                                                       */
    double phi;                    /* azimuth of the first sample                                                             */
    double weight;                 /* solid angle of the whole ring; each of its samples stands for weight / count            */
    size_t count;                  /* samples, equally spaced; any number from 1 on, 2^a 3^b 5^c is fast                      */
} sphere_sh_ring;

typedef struct sphere_sh_plan_desc {  /* set what you care about, zero the rest                                               */
    sphere_sh_grid grid;
    size_t         orders;         /* keep |m| < orders; 0 = all, degree + 1                                                  */
    size_t         latitudes;      /* 0 = the default of the grid; SPHERE_SH_RINGS: how many rings there are                  */
    size_t         longitudes;     /* 0 = the least 2^a 3^b 5^c that is at least 2 orders - 1                                 */
    const sphere_sh_ring *rings;   /* (latitudes) of SPHERE_SH_RINGS, any order; copied                                       */
    sphere_sh_layout layout;
} sphere_sh_plan_desc;

/* Where and how strong an interference field is. */
typedef struct sphere_sh_peak {
    double theta, phi;             /* position between the samples, by a parabola through the neighbours                      */
    double density;                /* at that position, per steradian                                                         */
    double total;                  /* integral of the intensity before it was normalised                                      */
    size_t index;                  /* the largest sample, lowest index among equals                                           */
} sphere_sh_peak;

/* Nodes and weights of Gauss-Legendre quadrature, from the north. n = 1 .. 2^24.
     cosine, sine, weight (n)  of the colatitude; the weights sum to 2. Each may be NULL.
   Errors  SPHERE_E_RANGE, SPHERE_E_OVERLAP.
   Cost    O(n): the ten nodes next to a pole by Newton's method in twice double precision, the others by the asymptotic phase and
           amplitude of the Legendre functions; n <= 64 all by the first. Within 2 units in the last place (tests/test_sh_transform.c).
   Source  DLMF 14.15; Bremer 2019, phase functions of the Legendre equation; Bogaert 2014 for the idea of no iteration over the degree. */
SPHERE_SH_API sphere_status sphere_sh_gauss(size_t n, double *cosine, double *sine, double *weight);

/* The least 2^a 3^b 5^c that is at least n; 0 when n is above 2^30. Rings of such counts are fast. */
SPHERE_SH_API size_t sphere_sh_good_count(size_t n);

/* sphere-sh float begin transform-api */
/* A plan for float fields: everything that the degree and the grid determine. It points into the caller's memory, which must live as long as the plan
   and is only read by the transforms: any number of threads may use one plan, each with working memory of its own. */
typedef struct sphere_sh_plan {
    size_t degree, orders;         /* |m| < orders                                                                            */
    size_t rings;                  /* latitudes                                                                               */
    size_t coefficients;           /* (degree + 1)^2                                                                          */
    size_t values;                 /* of a field: the sum of all counts                                                       */
    const sphere_sh_ring *ring;    /* (rings)                                                                                 */
    const size_t *first;           /* (rings) index of a ring's first value in a field of SPHERE_SH_ROWS                      */
    sphere_sh_layout layout;
    const struct sphere_sh_plan_state_ *state;
} sphere_sh_plan;

/* Make a plan.
     degree 0 .. SPHERE_SH_MAX_TRANSFORM_DEGREE; memory: sphere_sh_plan_size bytes, any alignment; 0 when the descriptor is invalid or the size overflows
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (degree, orders > degree + 1, an unknown grid or layout, odd latitudes of Driscoll-Healy, fewer
           than 2 of Clenshaw-Curtis, theta outside 0..pi, an infinite weight or phi, a count of 0, columns of unequal rings), SPHERE_E_NAN (in
           the rings), SPHERE_E_SIZE, SPHERE_E_MEMORY, SPHERE_E_OVERLAP.
   Cost    O(latitudes + degree) and the quadrature weights; Clenshaw-Curtis, Fejer and Driscoll-Healy O(latitudes^2). Memory O(latitudes
           (1 + orders/32) + degree), to degree 127 also the coefficients of the recurrence. Degree 1023: 2 ms, below 1 MB. */
SPHERE_SH_API size_t sphere_sh_plan_size(size_t degree, const sphere_sh_plan_desc *desc);
SPHERE_SH_API sphere_status sphere_sh_plan_init(sphere_sh_plan *plan, size_t degree, const sphere_sh_plan_desc *desc, void *memory, size_t bytes);

/* How far from exact a plan's grid is: the largest error of the quadrature of Y_l0 over l = 0 .. 2 degree, relative to the sphere's
   area and with P_l scaled to 1 at the pole. About 1e-16 for an exact grid. Longitudes are not looked at: they are exact when each
   count is at least 2 orders - 1.
   Errors  SPHERE_E_NULL.   Cost  O(degree rings). */
SPHERE_SH_API sphere_status sphere_sh_plan_error(const sphere_sh_plan *plan, double *error);

/* Working memory of the transforms below, for any count of fields. 0 when plan is NULL. */
SPHERE_SH_API size_t sphere_sh_transform_size(const sphere_sh_plan *plan);

/* Compute fields from coefficients: values = sum of coefficients times harmonics, at every sample.
     coefficients (count sets)  real, orthonormal, (l, m) at l*l + l + m; |m| >= orders is not read
     values (count fields)      in the plan's layout; no overlap with the coefficients
     coefficient_stride, value_stride   from one set or field to the next; 0 = tight
   A NaN or an infinity spoils its own field only, and a NaN is stored as the one quiet NaN.
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (strides), SPHERE_E_SIZE, SPHERE_E_OVERLAP, SPHERE_E_MEMORY, SPHERE_E_LEVEL; values are untouched on error.
   Cost    1.5 (degree+1)(degree+2) rings operations for the Legendre part and 5 values log2(count) / 2 for the FFT; parallel over orders, then rings.
   Exact   the same bits at every level and for any threads.
   Source  Ishioka 2018, A new recurrence formula for efficient computation of spherical harmonic transform; Schaeffer 2013; Reinsch's
           form of the recurrence near the poles and the equator (Oliver 1977). */
SPHERE_SH_API sphere_status sphere_sh_synthesis(const sphere_sh_plan *plan, const float *coefficients, size_t coefficient_stride,
                                                float *values, size_t value_stride, size_t count, void *memory, size_t bytes, const sphere_exec *exec);

/* Compute coefficients from fields: the integral of field times harmonic, by the plan's quadrature. On an exact grid the inverse
   of sphere_sh_synthesis. Arguments and errors as there; values is the input and is not changed; coefficients of |m| >= orders
   become 0; coefficients are untouched on error. */
SPHERE_SH_API sphere_status sphere_sh_analysis(const sphere_sh_plan *plan, const float *values, size_t value_stride,
                                               float *coefficients, size_t coefficient_stride, size_t count, void *memory, size_t bytes, const sphere_exec *exec);

/* Compute gradients from coefficients: theta_part = d/dtheta, phi_part = 1/sin(theta) d/dphi, at every sample. On a ring at a pole
   both are 0 for every order but 1, and the limit along each sample's meridian for order 1.
     arguments and errors as sphere_sh_synthesis; theta_part, phi_part (count fields), either may be NULL.
   Cost    two syntheses. */
SPHERE_SH_API sphere_status sphere_sh_gradient_synthesis(const sphere_sh_plan *plan, const float *coefficients, size_t coefficient_stride,
                                                         float *theta_part, float *phi_part, size_t value_stride, size_t count,
                                                         void *memory, size_t bytes, const sphere_exec *exec);

/* Add amplitudes at directions to a field as point sources: each goes to the nearest sample of the nearest ring with a weight, divided by the sample's solid
   angle, so that the integral of the field is the sum of the amplitudes. The transform is linear: one field holds a whole probe.
     x, y, z, amplitude (n); directions of any length but zero; values (plan->values) in the plan's layout, added to. A zero or
     NaN direction or amplitude is left out and counted in skipped, which may be NULL.
   Errors  SPHERE_E_NULL, SPHERE_E_OVERLAP.   Cost  O(n log rings). */
SPHERE_SH_API sphere_status sphere_sh_deposit(const sphere_sh_plan *plan, const float *x, const float *y, const float *z, const float *amplitude, size_t n,
                                              float *values, size_t *skipped);

/* Make the interference field of amplitudes on the grid: analyse, synthesise, square, divide by the integral.
     amplitude (plan->values)  is not changed; density (plan->values) out: not negative, its integral over the grid is 1, or 0 everywhere when
     the amplitudes are; peak may be NULL
     memory   sphere_sh_interference_size bytes
   Errors  as sphere_sh_synthesis; SPHERE_E_NAN when the intensity is not finite (density then holds it, not normalised, and peak is untouched).
   Cost    one analysis and one synthesis. */
SPHERE_SH_API size_t sphere_sh_interference_size(const sphere_sh_plan *plan);
SPHERE_SH_API sphere_status sphere_sh_interference(const sphere_sh_plan *plan, const float *amplitude, float *density, sphere_sh_peak *peak,
                                                   void *memory, size_t bytes, const sphere_exec *exec);
/* sphere-sh float end transform-api */
/* sphere-sh double begin transform-api: made from the float section by tests/double.py, do not edit */
/* A plan for double fields: everything that the degree and the grid determine. It points into the caller's memory, which must live as long as the plan
   and is only read by the transforms: any number of threads may use one plan, each with working memory of its own. */
typedef struct sphere_shd_plan {
    size_t degree, orders;         /* |m| < orders                                                                            */
    size_t rings;                  /* latitudes                                                                               */
    size_t coefficients;           /* (degree + 1)^2                                                                          */
    size_t values;                 /* of a field: the sum of all counts                                                       */
    const sphere_sh_ring *ring;    /* (rings)                                                                                 */
    const size_t *first;           /* (rings) index of a ring's first value in a field of SPHERE_SH_ROWS                      */
    sphere_sh_layout layout;
    const struct sphere_shd_plan_state_ *state;
} sphere_shd_plan;

/* Make a plan.
     degree 0 .. SPHERE_SH_MAX_TRANSFORM_DEGREE; memory: sphere_shd_plan_size bytes, any alignment; 0 when the descriptor is invalid or the size overflows
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (degree, orders > degree + 1, an unknown grid or layout, odd latitudes of Driscoll-Healy, fewer
           than 2 of Clenshaw-Curtis, theta outside 0..pi, an infinite weight or phi, a count of 0, columns of unequal rings), SPHERE_E_NAN (in
           the rings), SPHERE_E_SIZE, SPHERE_E_MEMORY, SPHERE_E_OVERLAP.
   Cost    O(latitudes + degree) and the quadrature weights; Clenshaw-Curtis, Fejer and Driscoll-Healy O(latitudes^2). Memory O(latitudes
           (1 + orders/32) + degree), to degree 127 also the coefficients of the recurrence. Degree 1023: 2 ms, below 1 MB. */
SPHERE_SH_API size_t sphere_shd_plan_size(size_t degree, const sphere_sh_plan_desc *desc);
SPHERE_SH_API sphere_status sphere_shd_plan_init(sphere_shd_plan *plan, size_t degree, const sphere_sh_plan_desc *desc, void *memory, size_t bytes);

/* How far from exact a plan's grid is: the largest error of the quadrature of Y_l0 over l = 0 .. 2 degree, relative to the sphere's
   area and with P_l scaled to 1 at the pole. About 1e-16 for an exact grid. Longitudes are not looked at: they are exact when each
   count is at least 2 orders - 1.
   Errors  SPHERE_E_NULL.   Cost  O(degree rings). */
SPHERE_SH_API sphere_status sphere_shd_plan_error(const sphere_shd_plan *plan, double *error);

/* Working memory of the transforms below, for any count of fields. 0 when plan is NULL. */
SPHERE_SH_API size_t sphere_shd_transform_size(const sphere_shd_plan *plan);

/* Compute fields from coefficients: values = sum of coefficients times harmonics, at every sample.
     coefficients (count sets)  real, orthonormal, (l, m) at l*l + l + m; |m| >= orders is not read
     values (count fields)      in the plan's layout; no overlap with the coefficients
     coefficient_stride, value_stride   from one set or field to the next; 0 = tight
   A NaN or an infinity spoils its own field only, and a NaN is stored as the one quiet NaN.
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (strides), SPHERE_E_SIZE, SPHERE_E_OVERLAP, SPHERE_E_MEMORY, SPHERE_E_LEVEL; values are untouched on error.
   Cost    1.5 (degree+1)(degree+2) rings operations for the Legendre part and 5 values log2(count) / 2 for the FFT; parallel over orders, then rings.
   Exact   the same bits at every level and for any threads.
   Source  Ishioka 2018, A new recurrence formula for efficient computation of spherical harmonic transform; Schaeffer 2013; Reinsch's
           form of the recurrence near the poles and the equator (Oliver 1977). */
SPHERE_SH_API sphere_status sphere_shd_synthesis(const sphere_shd_plan *plan, const double *coefficients, size_t coefficient_stride,
                                                double *values, size_t value_stride, size_t count, void *memory, size_t bytes, const sphere_exec *exec);

/* Compute coefficients from fields: the integral of field times harmonic, by the plan's quadrature. On an exact grid the inverse
   of sphere_shd_synthesis. Arguments and errors as there; values is the input and is not changed; coefficients of |m| >= orders
   become 0; coefficients are untouched on error. */
SPHERE_SH_API sphere_status sphere_shd_analysis(const sphere_shd_plan *plan, const double *values, size_t value_stride,
                                               double *coefficients, size_t coefficient_stride, size_t count, void *memory, size_t bytes, const sphere_exec *exec);

/* Compute gradients from coefficients: theta_part = d/dtheta, phi_part = 1/sin(theta) d/dphi, at every sample. On a ring at a pole
   both are 0 for every order but 1, and the limit along each sample's meridian for order 1.
     arguments and errors as sphere_shd_synthesis; theta_part, phi_part (count fields), either may be NULL.
   Cost    two syntheses. */
SPHERE_SH_API sphere_status sphere_shd_gradient_synthesis(const sphere_shd_plan *plan, const double *coefficients, size_t coefficient_stride,
                                                         double *theta_part, double *phi_part, size_t value_stride, size_t count,
                                                         void *memory, size_t bytes, const sphere_exec *exec);

/* Add amplitudes at directions to a field as point sources: each goes to the nearest sample of the nearest ring with a weight, divided by the sample's solid
   angle, so that the integral of the field is the sum of the amplitudes. The transform is linear: one field holds a whole probe.
     x, y, z, amplitude (n); directions of any length but zero; values (plan->values) in the plan's layout, added to. A zero or
     NaN direction or amplitude is left out and counted in skipped, which may be NULL.
   Errors  SPHERE_E_NULL, SPHERE_E_OVERLAP.   Cost  O(n log rings). */
SPHERE_SH_API sphere_status sphere_shd_deposit(const sphere_shd_plan *plan, const double *x, const double *y, const double *z, const double *amplitude, size_t n,
                                              double *values, size_t *skipped);

/* Make the interference field of amplitudes on the grid: analyse, synthesise, square, divide by the integral.
     amplitude (plan->values)  is not changed; density (plan->values) out: not negative, its integral over the grid is 1, or 0 everywhere when
     the amplitudes are; peak may be NULL
     memory   sphere_shd_interference_size bytes
   Errors  as sphere_shd_synthesis; SPHERE_E_NAN when the intensity is not finite (density then holds it, not normalised, and peak is untouched).
   Cost    one analysis and one synthesis. */
SPHERE_SH_API size_t sphere_shd_interference_size(const sphere_shd_plan *plan);
SPHERE_SH_API sphere_status sphere_shd_interference(const sphere_shd_plan *plan, const double *amplitude, double *density, sphere_sh_peak *peak,
                                                   void *memory, size_t bytes, const sphere_exec *exec);
/* sphere-sh double end transform-api */
#ifdef __cplusplus
}
#endif
#endif /* SPHERE_SH_H */

#if defined(SPHERE_SH_IMPLEMENTATION) && !defined(SPHERE_SH_IMPLEMENTATION_DONE_)
#define SPHERE_SH_IMPLEMENTATION_DONE_
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

/* >>implementation */
/* Twice the same name in float and double: a constant with all its digits, doubles as bits. */
#define SPHERE_SH_REAL_(x) ((float)(x))
#define SPHERE_SHD_REAL_(x) (x)
#define SPHERE_SH_MADD_F64X4_(a, b, c) _mm256_add_pd(_mm256_mul_pd(a, b), c)
#define SPHERE_SH_MADD_F64X2_(a, b, c) vaddq_f64(vmulq_f64(a, b), c)
/* Directions or numbers in one vector of each level. */
#define SPHERE_SH_AVX2_LANES_ 8
#define SPHERE_SHD_AVX2_LANES_ 4
#define SPHERE_SH_NEON_LANES_ 4
#define SPHERE_SHD_NEON_LANES_ 2
SPHERE_INLINE_ uint64_t sphere_sh_bits_double_(double x) { uint64_t u; memcpy(&u, &x, 8); return u; }
SPHERE_INLINE_ double sphere_sh_from_bits_double_(uint64_t u) { double x; memcpy(&x, &u, 8); return x; }
SPHERE_INLINE_ double sphere_sh_nan_double_(void) { return sphere_sh_from_bits_double_(0x7ff8000000000000u); }
SPHERE_INLINE_ double sphere_sh_inf_double_(void) { return sphere_sh_from_bits_double_(0x7ff0000000000000u); }
SPHERE_INLINE_ double sphere_sh_canonical_double_(double x) { return x == x ? x : sphere_sh_nan_double_(); }
SPHERE_INLINE_ double sphere_sh_abs_double_(double x) { return sphere_sh_from_bits_double_(sphere_sh_bits_double_(x) & 0x7fffffffffffffffu); }
/* Sine and cosine of |r| <= pi/4 + a little, then turned by quarters. Taylor series: the first term left out is below 2^-56.
   (0.75 - b) + 0.25 is 1 - b, with the same rounding up to b = 1/4; libgcc 12 rounds a power of two less something below 2^-33 of it
   wrongly, where double is software (Cortex-M). */
SPHERE_INLINE_ void sphere_sh_sincos_turned_(double r, uint32_t quarter, double *sine, double *cosine)
{
    double z = r * r, s = 1.0 / 355687428096000.0, c = 1.0 / 20922789888000.0;
    s = s * z - 1.0 / 1307674368000.0; s = s * z + 1.0 / 6227020800.0; s = s * z - 1.0 / 39916800.0; s = s * z + 1.0 / 362880.0;
    s = s * z - 1.0 / 5040.0; s = s * z + 1.0 / 120.0; s = s * z - 1.0 / 6.0; s = r + r * (z * s);
    c = c * z - 1.0 / 87178291200.0; c = c * z + 1.0 / 479001600.0; c = c * z - 1.0 / 3628800.0; c = c * z + 1.0 / 40320.0;
    c = c * z - 1.0 / 720.0; c = c * z + 1.0 / 24.0; c = (0.75 - (0.5 * z - z * z * c)) + 0.25;
    r = quarter & 1u ? c : s; c = quarter & 1u ? s : c;
    *sine = quarter & 2u ? -r : r; *cosine = (quarter + 1u) & 2u ? -c : c;
}
/* Sine and cosine of pi t, within about 1 unit in the last place; t is finite. The fraction of t is exact, so any t will do. */
SPHERE_INLINE_ void sphere_sh_sincospi_(double t, double *sine, double *cosine)
{
    double k;
    t = sphere_sh_abs_double_(t) < 9007199254740992.0 ? t : 0;          /* from 2^53 on every double is an even number */
    k = (2 * t + 6755399441055744.0) - 6755399441055744.0;              /* nearest integer, 1.5 * 2^52; beyond 2^50 t is a multiple of 1/4 */
    if (sphere_sh_abs_double_(t) >= 1125899906842624.0) k = 2 * t;
    sphere_sh_sincos_turned_((t - 0.5 * k) * 3.141592653589793, (uint32_t)(int64_t)k, sine, cosine);
}
/* Sine and cosine of an angle, within 2 units of 2^-53 up to 5e7 radians; NaN and infinity, and what lies beyond 1e15, give NaN. */
SPHERE_INLINE_ void sphere_sh_sincos_double_(double x, double *sine, double *cosine)
{
    double k;
    if (!(x > -1e15 && x < 1e15)) { *sine = *cosine = sphere_sh_nan_double_(); return; }
    k = (x * 0.6366197723675814 + 6755399441055744.0) - 6755399441055744.0;
    sphere_sh_sincos_turned_(((x - k * 1.570796325802803) - k * 9.920935739593517e-10) - k * 5.721188726109832e-18, (uint32_t)(int64_t)k, sine, cosine);
}
/* e^x for |x| <= 700 (clamped), within 1e-15. */
SPHERE_INLINE_ double sphere_sh_exp_double_(double x)
{
    double k, r, p = 0;
    int i;
    x = x > 700 ? 700 : x < -700 ? -700 : x;
    k = (x * 1.4426950408889634 + 6755399441055744.0) - 6755399441055744.0;
    r = (x - k * 0.693147180369123816490) - k * 1.90821492927058770002e-10;
    for (i = 14; i >= 2; i--) p = (p + 1.0) * r / i;
    return (1 + (r + r * p)) * sphere_sh_from_bits_double_((uint64_t)((int)k + 1023) << 52);
}

/* >>points implementation -------------------------------------------------------------------------------------------

   One harmonic is Y_lm = T_l^m(|z|) times an angular factor of order m; the sign (-1)^(l - m) in the southern half sphere is put on at the
   end. T runs up in l at fixed m in the difference form of Reinsch, which loses no digits where z is near 1:
       D_l = B D_(l-1) - C e T_(l-1),  T_l = T_(l-1) + ((A - 1) T_(l-1) + D_l),   e = 1 - |z| = (x^2 + y^2) / (1 + |z|) near the poles
       A = (N_l / N_(l-1)) sqrt((2l+1)(l+m) / ((2l-1)(l-m))),  B = A (l-1-m) / (l+m),  C = A (2l-1) / (l+m)
   (the textbook's three-term form in z has an error of 4e-6 at degree 10 and 3e-4 at degree 64 in float, this one 7e-7 and 4e-6). The table
   holds A - 1, which is small and therefore exact to more digits: near the poles the errors of thousands of A would add up. At l = m it
   is 0, as are B and C, so that T starts with what it was set to. Derivatives: dT_l^m/dz = k T_l^(m+1).
   Two ways of putting T and the angular factor together, by the degree of the plan:
     low   (<= SPHERE_SH_PT_LOW_DEGREE_)  T starts with a constant, the angular factor is the real or imaginary part of (x + i y)^m: no root and no
                                division, and the poles need no care.
     high  T^m starts with sin(theta)^(m-1) (order 0: with 1), as a number with a wider exponent, because it underflows; it takes part only
                                once it can be seen. Then the factors are cos and sin of m phi, made in double.
   All levels do the same operations in the same order for each direction, one direction or a vector of them at a time. */

#define SPHERE_SH_PT_LOW_DEGREE_ 64
#define SPHERE_SH_PT_TABLE_ 255                    /* up to this degree the coefficients are stored, beyond they are made on the way */
#define SPHERE_SH_PT_TASK_ 256                     /* directions per task */
#define SPHERE_SH_PT_SUM_FIELDS_ 2                 /* expansions summed at a time */
#define SPHERE_SH_PT_MOST_LANES_ 8
#define SPHERE_SHD_PT_MOST_LANES_ 4
/* What differs in more than the name: range of the exponent, and numbers whose squares would leave it. */
#define SPHERE_SH_PT_LARGE_ 2.81474976710656e14f           /* 2^48: a mantissa beyond is divided by 2^96 */
#define SPHERE_SHD_PT_LARGE_ 2.582249878086908589655919172e120     /* 2^400 */
#define SPHERE_SH_PT_SHRINK_ 1.2621774483536188886587657044525e-29f        /* 2^-96 */
#define SPHERE_SHD_PT_SHRINK_ 1.4996968138956309548176444736e-241  /* 2^-800 */
#define SPHERE_SH_PT_TINY_ 9.094947017729282379150390625e-13f      /* 2^-40 */
#define SPHERE_SHD_PT_TINY_ 3.8725919148493182728180306332e-121    /* 2^-400 */
#define SPHERE_SH_PT_HUGE_ 1.152921504606846976e18f        /* 2^60 */
#define SPHERE_SHD_PT_HUGE_ 3.2733906078961418700131896968e150     /* 2^500 */
#define SPHERE_SH_PT_LIFT_ 1.2676506002282294e30f          /* 2^100 */
#define SPHERE_SHD_PT_LIFT_ 5.260135901548373507240989882880e210   /* 2^700 */
#define SPHERE_SH_PT_DROP_ 7.888609052210118e-31f          /* 2^-100 */
#define SPHERE_SHD_PT_DROP_ 1.9010915662951598e-211        /* 2^-700 */
#if defined(__GNUC__) || defined(__clang__)
#define SPHERE_SH_PT_APART_ __attribute__((noinline))
#else
#define SPHERE_SH_PT_APART_
#endif
#if SPHERE_AVX2_
#define SPHERE_SH_PT_AVX2_FN_ SPHERE_TARGET_AVX2_ __attribute__((always_inline)) SPHERE_INLINE_
#endif
/* What a block has for each direction, besides x, y, z. */
#define SPHERE_SH_PT_X_ 0
#define SPHERE_SH_PT_Y_ 1
#define SPHERE_SH_PT_Z_ 2
#define SPHERE_SH_PT_E_ 3
#define SPHERE_SH_PT_ST_ 4
#define SPHERE_SH_PT_CP_ 5
#define SPHERE_SH_PT_SP_ 6
#define SPHERE_SH_PT_F_ 7
#define SPHERE_SH_PT_W_ 8
#define SPHERE_SH_PT_RHO_ 9
#define SPHERE_SH_PT_V0_ 10
#define SPHERE_SH_PT_V1_ 11
#define SPHERE_SH_PT_FIELDS_ 12
/* For high degrees, in double: cos phi, sin phi and sin theta as sums of two numbers, and cos, sin of m phi and sin^(m-1) theta so far. */
#define SPHERE_SH_PT_PC_ 0
#define SPHERE_SH_PT_PCL_ 1
#define SPHERE_SH_PT_PS_ 2
#define SPHERE_SH_PT_PSL_ 3
#define SPHERE_SH_PT_PR_ 4
#define SPHERE_SH_PT_PRL_ 5
#define SPHERE_SH_PT_PCOS_ 6
#define SPHERE_SH_PT_PSIN_ 7
#define SPHERE_SH_PT_PCOSP_ 8
#define SPHERE_SH_PT_PSINP_ 9
#define SPHERE_SH_PT_PPOW_ 10
#define SPHERE_SH_PT_PEXP_ 11
#define SPHERE_SH_PT_POLAR_ 12

/* a * b = *high + *low exactly, for numbers whose product neither overflows nor comes near the smallest. Source: Dekker 1971. */
SPHERE_INLINE_ double sphere_sh_pt_product_(double a, double b, double *low)
{
    const double ca = a * 134217729.0, cb = b * 134217729.0, ah = ca - (ca - a), bh = cb - (cb - b), al = a - ah, bl = b - bh, p = a * b;
    *low = ((ah * bh - p) + ah * bl + al * bh) + al * bl;
    return p;
}
/* a + b as a sum of two numbers. Source: Knuth. */
SPHERE_INLINE_ double sphere_sh_pt_plus_(double a, double b, double *low)
{
    const double s = a + b, t = s - a;
    *low = (a - (s - t)) + (b - t);
    return s;
}
/* The root of h + l, as a sum of two numbers. */
SPHERE_INLINE_ double sphere_sh_pt_root_(double h, double l, double *low)
{
    const double r = sphere_sqrt_double_(h);
    double p, q;
    *low = 0;
    if (r == 0) return 0;
    p = sphere_sh_pt_product_(r, r, &q);
    *low = (((h - p) - q) + l) / (2 * r);
    return r;
}
/* The polar form of a direction for high degrees: its length is divided out to more than double precision, because the power of order m of
   an error of one unit in sin(theta) is m units. Returns 1 - |cos theta|; *cosine is |cos theta|. */
static double sphere_sh_pt_polar_(double x, double y, double z, double *polar, size_t lanes, double *cosine)
{
    double xl, yl, zl, xx = sphere_sh_pt_product_(x, x, &xl), yy = sphere_sh_pt_product_(y, y, &yl), zz = sphere_sh_pt_product_(z, z, &zl), sl, rl, s2, r2, q, ql, p, pl, e;
    const double big = sphere_sh_abs_double_(x) > sphere_sh_abs_double_(y) ? sphere_sh_abs_double_(x) : sphere_sh_abs_double_(y);
    s2 = sphere_sh_pt_plus_(xx, yy, &sl); sl += xl + yl;
    r2 = sphere_sh_pt_plus_(s2, zz, &rl); rl += sl + zl;
    q = s2 / r2; p = sphere_sh_pt_product_(q, r2, &pl);
    ql = (((s2 - p) - pl) + sl - q * rl) / r2;
    polar[SPHERE_SH_PT_PR_ * lanes] = sphere_sh_pt_root_(q, ql, &polar[SPHERE_SH_PT_PRL_ * lanes]);
    *cosine = sphere_sh_abs_double_(z) / (sphere_sqrt_double_(r2) + rl / (2 * r2));
    e = *cosine > 0.5 ? q / (1 + *cosine) : 1 - *cosine;
    if (big == 0) { x = 1; y = 0; s2 = 1; sl = 0; }
    else if (big < 1e-100) {                                            /* the squares above are nothing; as an azimuth it still counts */
        const double lift = big < 1e-200 ? 1e200 * 1e60 : 1e100;
        x *= lift; y *= lift;
        xx = sphere_sh_pt_product_(x, x, &xl); yy = sphere_sh_pt_product_(y, y, &yl);
        s2 = sphere_sh_pt_plus_(xx, yy, &sl); sl += xl + yl;
    }
    q = sphere_sh_pt_root_(s2, sl, &ql);
    polar[SPHERE_SH_PT_PC_ * lanes] = x / q; p = sphere_sh_pt_product_(x / q, q, &pl); polar[SPHERE_SH_PT_PCL_ * lanes] = (((x - p) - pl) - x / q * ql) / q;
    polar[SPHERE_SH_PT_PS_ * lanes] = y / q; p = sphere_sh_pt_product_(y / q, q, &pl); polar[SPHERE_SH_PT_PSL_ * lanes] = (((y - p) - pl) - y / q * ql) / q;
    return e;
}
/* The powers of order 0. */
static void sphere_sh_pt_polar_start_(double *polar, size_t lanes)
{
    polar[SPHERE_SH_PT_PCOS_ * lanes] = 1; polar[SPHERE_SH_PT_PSIN_ * lanes] = 0; polar[SPHERE_SH_PT_PCOSP_ * lanes] = 0; polar[SPHERE_SH_PT_PSINP_ * lanes] = 0;
    polar[SPHERE_SH_PT_PPOW_ * lanes] = 1; polar[SPHERE_SH_PT_PEXP_ * lanes] = 0;
}
/* From order m to m + 1. Each step is rounded once, from the product with both parts of the factors, so that errors add up like a random
   walk: a step that is off by a fixed part of a unit would be off by thousands of units in the end. */
static void sphere_sh_pt_polar_step_(double *polar, size_t lanes, int m, double large, double shrink)
{
    size_t i;
    for (i = 0; i < lanes; i++) {
        double *p = polar + i, c = p[SPHERE_SH_PT_PCOS_ * lanes], s = p[SPHERE_SH_PT_PSIN_ * lanes], power = p[SPHERE_SH_PT_PPOW_ * lanes], r = p[SPHERE_SH_PT_PR_ * lanes];
        const double ch = p[SPHERE_SH_PT_PC_ * lanes], cl = p[SPHERE_SH_PT_PCL_ * lanes], sh = p[SPHERE_SH_PT_PS_ * lanes], sl = p[SPHERE_SH_PT_PSL_ * lanes];
        double a, b, al, bl, sum, rest;
        p[SPHERE_SH_PT_PCOSP_ * lanes] = c; p[SPHERE_SH_PT_PSINP_ * lanes] = s;
        a = sphere_sh_pt_product_(c, ch, &al); b = sphere_sh_pt_product_(s, sh, &bl); sum = sphere_sh_pt_plus_(a, -b, &rest);
        p[SPHERE_SH_PT_PCOS_ * lanes] = sum + (rest + (al - bl) + (c * cl - s * sl));
        a = sphere_sh_pt_product_(c, sh, &al); b = sphere_sh_pt_product_(s, ch, &bl); sum = sphere_sh_pt_plus_(a, b, &rest);
        p[SPHERE_SH_PT_PSIN_ * lanes] = sum + (rest + (al + bl) + (c * sl + s * cl));
        if (m < 1) continue;
        r = r > 1e-18 ? r : 1e-18;                                      /* at the pole itself: small enough never to be seen */
        a = sphere_sh_pt_product_(power, r, &al);
        power = a + (al + power * p[SPHERE_SH_PT_PRL_ * lanes]);
        if (power * large < 1) { power /= shrink; p[SPHERE_SH_PT_PEXP_ * lanes] += 1; }
        p[SPHERE_SH_PT_PPOW_ * lanes] = power;
    }
}

/* Blocks of lanes x lanes numbers, columns that are vectors into rows. */
#if SPHERE_AVX2_
/* Half columns are put together while loading, which leaves 16 shuffles instead of 24. */
SPHERE_SH_PT_AVX2_FN_ __m256 sphere_sh_pt_halves_avx2_(const float *a, const float *b) { return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(a)), _mm_loadu_ps(b), 1); }
SPHERE_SH_PT_AVX2_FN_ void sphere_sh_pt_square_half_avx2_(float *out, size_t row, const float *tile)
{
    const __m256 c0_f32x8 = sphere_sh_pt_halves_avx2_(tile, tile + 32), c1_f32x8 = sphere_sh_pt_halves_avx2_(tile + 8, tile + 40);
    const __m256 c2_f32x8 = sphere_sh_pt_halves_avx2_(tile + 16, tile + 48), c3_f32x8 = sphere_sh_pt_halves_avx2_(tile + 24, tile + 56);
    const __m256 a0_f32x8 = _mm256_unpacklo_ps(c0_f32x8, c1_f32x8), a1_f32x8 = _mm256_unpackhi_ps(c0_f32x8, c1_f32x8), a2_f32x8 = _mm256_unpacklo_ps(c2_f32x8, c3_f32x8), a3_f32x8 = _mm256_unpackhi_ps(c2_f32x8, c3_f32x8);
    _mm256_storeu_ps(out, _mm256_shuffle_ps(a0_f32x8, a2_f32x8, 0x44)); _mm256_storeu_ps(out + row, _mm256_shuffle_ps(a0_f32x8, a2_f32x8, 0xee));
    _mm256_storeu_ps(out + 2 * row, _mm256_shuffle_ps(a1_f32x8, a3_f32x8, 0x44)); _mm256_storeu_ps(out + 3 * row, _mm256_shuffle_ps(a1_f32x8, a3_f32x8, 0xee));
}
SPHERE_SH_PT_AVX2_FN_ void sphere_sh_pt_square_avx2_(float *out, size_t row, const float *tile)
{
    sphere_sh_pt_square_half_avx2_(out, row, tile);
    sphere_sh_pt_square_half_avx2_(out + 4 * row, row, tile + 4);
}
SPHERE_SH_PT_AVX2_FN_ void sphere_shd_pt_square_avx2_(double *out, size_t row, const double *tile)
{
    const __m256d c0_f64x4 = _mm256_loadu_pd(tile), c1_f64x4 = _mm256_loadu_pd(tile + 4), c2_f64x4 = _mm256_loadu_pd(tile + 8), c3_f64x4 = _mm256_loadu_pd(tile + 12);
    const __m256d a0_f64x4 = _mm256_unpacklo_pd(c0_f64x4, c1_f64x4), a1_f64x4 = _mm256_unpackhi_pd(c0_f64x4, c1_f64x4), a2_f64x4 = _mm256_unpacklo_pd(c2_f64x4, c3_f64x4), a3_f64x4 = _mm256_unpackhi_pd(c2_f64x4, c3_f64x4);
    _mm256_storeu_pd(out, _mm256_permute2f128_pd(a0_f64x4, a2_f64x4, 0x20)); _mm256_storeu_pd(out + row, _mm256_permute2f128_pd(a1_f64x4, a3_f64x4, 0x20));
    _mm256_storeu_pd(out + 2 * row, _mm256_permute2f128_pd(a0_f64x4, a2_f64x4, 0x31)); _mm256_storeu_pd(out + 3 * row, _mm256_permute2f128_pd(a1_f64x4, a3_f64x4, 0x31));
}
#endif
#if SPHERE_NEON_
SPHERE_INLINE_ void sphere_sh_pt_square_neon_(float *out, size_t row, const float *tile)
{
    const float32x4x4_t c_f32x4 = vld4q_f32(tile);                       /* every fourth number: row k is what lane k of each column holds */
    vst1q_f32(out, c_f32x4.val[0]); vst1q_f32(out + row, c_f32x4.val[1]); vst1q_f32(out + 2 * row, c_f32x4.val[2]); vst1q_f32(out + 3 * row, c_f32x4.val[3]);
}
SPHERE_INLINE_ void sphere_shd_pt_square_neon_(double *out, size_t row, const double *tile)
{
    const float64x2_t a_f64x2 = vld1q_f64(tile), b_f64x2 = vld1q_f64(tile + 2);
    vst1q_f64(out, vzip1q_f64(a_f64x2, b_f64x2)); vst1q_f64(out + row, vzip2q_f64(a_f64x2, b_f64x2));
}
#endif

/* sphere-sh float begin eval-kernels */
/* What one call of a basis or sum kernel works on: one direction in the portable version, a vector of them in the others. */
typedef struct sphere_sh_pt_block_ {
    const float *x, *y, *z;                     /* [lanes] */
    const float *lane;                          /* [FIELDS][lanes] */
    double      *polar;                         /* [POLAR][lanes] */
    float       *out[4];                        /* values and the components of the gradient, or NULL */
    size_t       step, row;                     /* elements from harmonic to harmonic, and from direction to direction; for vectors one of them is 1 */
    int          rows;
    int          gradient;                      /* 0 none, 1 cartesian, 2 along theta and phi */
    int          solid;                         /* 0 no, 1 regular, 2 irregular */
} sphere_sh_pt_block_;

SPHERE_INLINE_ float sphere_sh_pt_sign_c_(float z) { return z < 0 ? -1.0f : 1.0f; }
SPHERE_INLINE_ float sphere_sh_pt_flip_c_(float v, float sign) { return v * sign; }
SPHERE_INLINE_ float sphere_sh_pt_keep_c_(float v, float live) { return live < 0 ? v : 0; }
SPHERE_INLINE_ float sphere_sh_pt_canon_c_(float v) { return sphere_canonical_(v); }
SPHERE_INLINE_ float sphere_sh_pt_above_c_(float a, float b, float x, float y) { return a > b ? x : y; }
/* Is any of the squared lengths not that of a direction? A NaN is not. */
SPHERE_INLINE_ int sphere_sh_pt_strange_c_(float n2) { return !(n2 >= 0.98f && n2 <= 1.02f); }
SPHERE_INLINE_ int sphere_sh_pt_large_c_(float v) { return sphere_abs_(v) > SPHERE_SH_PT_LARGE_; }
#if SPHERE_AVX2_
SPHERE_SH_PT_AVX2_FN_ __m256 sphere_sh_pt_sign_avx2_(__m256 z_f32x8) { return _mm256_and_ps(_mm256_cmp_ps(z_f32x8, _mm256_setzero_ps(), _CMP_LT_OQ), _mm256_set1_ps(-0.0f)); }
SPHERE_SH_PT_AVX2_FN_ __m256 sphere_sh_pt_flip_avx2_(__m256 v_f32x8, __m256 sign_f32x8) { return _mm256_xor_ps(v_f32x8, sign_f32x8); }
SPHERE_SH_PT_AVX2_FN_ __m256 sphere_sh_pt_keep_avx2_(__m256 v_f32x8, __m256 live_f32x8) { return _mm256_blendv_ps(_mm256_setzero_ps(), v_f32x8, live_f32x8); }
/* Solid harmonics can overflow, and then infinity times 0 is a NaN of either sign. */
SPHERE_SH_PT_AVX2_FN_ __m256 sphere_sh_pt_canon_avx2_(__m256 v_f32x8)
{ return _mm256_blendv_ps(_mm256_set1_ps(sphere_nan_()), v_f32x8, _mm256_cmp_ps(v_f32x8, v_f32x8, _CMP_EQ_OQ)); }
SPHERE_SH_PT_AVX2_FN_ __m256 sphere_sh_pt_above_avx2_(__m256 a_f32x8, __m256 b_f32x8, __m256 x_f32x8, __m256 y_f32x8) { return _mm256_blendv_ps(y_f32x8, x_f32x8, _mm256_cmp_ps(a_f32x8, b_f32x8, _CMP_GT_OQ)); }
SPHERE_SH_PT_AVX2_FN_ int sphere_sh_pt_strange_avx2_(__m256 n2_f32x8)
{ return _mm256_movemask_ps(_mm256_and_ps(_mm256_cmp_ps(n2_f32x8, _mm256_set1_ps(0.98f), _CMP_GE_OQ), _mm256_cmp_ps(n2_f32x8, _mm256_set1_ps(1.02f), _CMP_LE_OQ))) != (1 << SPHERE_SH_AVX2_LANES_) - 1; }
SPHERE_SH_PT_AVX2_FN_ int sphere_sh_pt_large_avx2_(__m256 v_f32x8)
{ return _mm256_movemask_ps(_mm256_cmp_ps(_mm256_andnot_ps(_mm256_set1_ps(-0.0f), v_f32x8), _mm256_set1_ps(SPHERE_SH_PT_LARGE_), _CMP_GT_OQ)); }
#endif
#if SPHERE_NEON_
SPHERE_INLINE_ float32x4_t sphere_sh_pt_sign_neon_(float32x4_t z_f32x4)
{ return vreinterpretq_f32_u32(vandq_u32(vcltzq_f32(z_f32x4), vreinterpretq_u32_f32(vdupq_n_f32(-0.0f)))); }
SPHERE_INLINE_ float32x4_t sphere_sh_pt_flip_neon_(float32x4_t v_f32x4, float32x4_t sign_f32x4)
{ return vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(v_f32x4), vreinterpretq_u32_f32(sign_f32x4))); }
SPHERE_INLINE_ float32x4_t sphere_sh_pt_keep_neon_(float32x4_t v_f32x4, float32x4_t live_f32x4) { return vbslq_f32(vcltzq_f32(live_f32x4), v_f32x4, vdupq_n_f32(0)); }
SPHERE_INLINE_ float32x4_t sphere_sh_pt_canon_neon_(float32x4_t v_f32x4) { return vbslq_f32(vceqq_f32(v_f32x4, v_f32x4), v_f32x4, vdupq_n_f32(sphere_nan_())); }
SPHERE_INLINE_ float32x4_t sphere_sh_pt_above_neon_(float32x4_t a_f32x4, float32x4_t b_f32x4, float32x4_t x_f32x4, float32x4_t y_f32x4)
{ return vbslq_f32(vcgtq_f32(a_f32x4, b_f32x4), x_f32x4, y_f32x4); }
SPHERE_INLINE_ int sphere_sh_pt_strange_neon_(float32x4_t n2_f32x4)
{ return vaddvq_u32(vshrq_n_u32(vandq_u32(vcgeq_f32(n2_f32x4, vdupq_n_f32(0.98f)), vcleq_f32(n2_f32x4, vdupq_n_f32(1.02f))), 31)) != SPHERE_SH_NEON_LANES_; }
SPHERE_INLINE_ int sphere_sh_pt_large_neon_(float32x4_t v_f32x4) { return vaddvq_u32(vcgtq_f32(vabsq_f32(v_f32x4), vdupq_n_f32(SPHERE_SH_PT_LARGE_))) != 0; }
#endif

/* Tables of a plan: constants of the straight-line code, where T starts for each order, and the coefficients. */
SPHERE_INLINE_ const float *sphere_sh_pt_seeds_(const sphere_sh_points *plan) { return plan->table + 28; }
/* A - 1, B, C, k of the orders m .. m + orders - 1 at degree l, made on the way when the degree is too large for a table. */
static const float *sphere_sh_pt_row_(const sphere_sh_points *plan, int l, int m, int orders, float *scratch)
{
    const double *root, *inverse;
    int j;
    if (plan->degree <= SPHERE_SH_PT_TABLE_) return plan->table + 28 + (plan->degree + 2) + 4 * ((size_t)l * ((size_t)l + 1) / 2 + (size_t)m);
    root = plan->roots; inverse = root + 2 * plan->degree + 2;
    for (j = 0; j < orders && m + j <= l; j++) {
        const int o = m + j;
        const double wide = plan->desc.norm == SPHERE_SH_SCHMIDT ? 1.0 : 2.0 * l + 1, narrow = plan->desc.norm == SPHERE_SH_SCHMIDT ? 1.0 : 2.0 * l - 1;
        const double more = o == l ? 0 : wide == narrow ? 2.0 * o / (l - o) : (4.0 * o + 2.0) * l / (narrow * (l - o));     /* A^2 - 1 */
        const double a = o < l ? sphere_sqrt_double_(wide * (l + o) / (narrow * (l - o))) : 1.0, c = o < l ? a * inverse[l + o] : 0.0;
        const double k = root[l - o] * root[l + o + 1];
        scratch[4 * j] = (float)(more / (a + 1)); scratch[4 * j + 1] = (float)(c * (l - 1 - o)); scratch[4 * j + 2] = (float)(c * (2 * l - 1));
        scratch[4 * j + 3] = (float)((o ? k : k * 0.70710678118654752) * (plan->desc.condon_shortley ? -1 : 1));
    }
    return scratch;
}

/* High degrees: the factors of order m and the start of T for all lanes. f[0..5] as in the kernels below, start[0..2] = T, live, exponent. */
static void sphere_sh_pt_order_(const sphere_sh_points *plan, int m, size_t lanes, const float *lane, const double *polar, int gradient, float *const f[6], float *const start[3])
{
    const double seed = m <= plan->degree ? (double)sphere_sh_pt_seeds_(plan)[m] : 0;
    size_t i;
    for (i = 0; i < lanes; i++) {
        const double *p = polar + i, c = p[SPHERE_SH_PT_PCOS_ * lanes], s = p[SPHERE_SH_PT_PSIN_ * lanes], r = p[SPHERE_SH_PT_PR_ * lanes], e = p[SPHERE_SH_PT_PEXP_ * lanes];
        const double turn = m * (double)lane[SPHERE_SH_PT_F_ * lanes + i];
        start[0][i] = (float)(seed * p[SPHERE_SH_PT_PPOW_ * lanes]); start[1][i] = e > 0 ? 1.0f : -1.0f; start[2][i] = (float)e;
        if (!f) continue;
        f[0][i] = (float)(m ? r * c : 1.0); f[1][i] = (float)(m ? r * s : 0.0);
        if (!gradient) continue;
        f[2][i] = (float)(gradient == 1 ? m * p[SPHERE_SH_PT_PCOSP_ * lanes] : turn * c);
        f[3][i] = (float)(gradient == 1 ? m * p[SPHERE_SH_PT_PSINP_ * lanes] : turn * s);
        f[4][i] = (float)c; f[5][i] = (float)s;
    }
}
/* Bring mantissas back into range; a lane that reaches exponent 0 takes part from now on. Returns whether any lane still waits. */
static int sphere_sh_pt_rescale_(float *t, float *d, float *live, float *exponent, size_t lanes)
{
    size_t i;
    int wait = 0;
    for (i = 0; i < lanes; i++) {
        if (exponent[i] > 0 && sphere_abs_(t[i]) > SPHERE_SH_PT_LARGE_) {
            t[i] *= SPHERE_SH_PT_SHRINK_; d[i] *= SPHERE_SH_PT_SHRINK_; exponent[i] -= 1;
            if (!(exponent[i] > 0)) live[i] = -1.0f;
        }
        wait |= exponent[i] > 0;
    }
    return wait;
}

/* Columns that are vectors, into rows. */

#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_sh_pt_rows_avx2_(float *out, size_t row, const float *tile, size_t columns)
{
    size_t i, k;
    for (; columns >= SPHERE_SH_AVX2_LANES_; columns -= SPHERE_SH_AVX2_LANES_, tile += SPHERE_SH_AVX2_LANES_ * SPHERE_SH_AVX2_LANES_, out += SPHERE_SH_AVX2_LANES_) sphere_sh_pt_square_avx2_(out, row, tile);
    for (i = 0; i < SPHERE_SH_AVX2_LANES_ && columns; i++) for (k = 0; k < columns; k++) out[i * row + k] = tile[k * SPHERE_SH_AVX2_LANES_ + i];
}
#endif
#if SPHERE_NEON_
static void sphere_sh_pt_rows_neon_(float *out, size_t row, const float *tile, size_t columns)
{
    size_t i, k;
    for (; columns >= SPHERE_SH_NEON_LANES_; columns -= SPHERE_SH_NEON_LANES_, tile += SPHERE_SH_NEON_LANES_ * SPHERE_SH_NEON_LANES_, out += SPHERE_SH_NEON_LANES_) sphere_sh_pt_square_neon_(out, row, tile);
    for (i = 0; i < SPHERE_SH_NEON_LANES_ && columns; i++) for (k = 0; k < columns; k++) out[i * row + k] = tile[k * SPHERE_SH_NEON_LANES_ + i];
}
#endif

/* >>kernel low: all harmonics to degree 6 by straight-line code, as homogeneous polynomials, which keep their digits at the poles.
   (l, m) = k p(z^2, x^2 + y^2) times the real or imaginary part (c, m below) of (x + i y)^m. Returns how many directions it did: whole
   vectors; *bad is set when one of them is not a direction. */
SPHERE_INLINE_ void sphere_sh_pt_low_body_c_(const int degree, const float *k, float x, float y, float z, float *out, size_t step)
{
    float t, s2, z2, s4, c1, m1, c2, m2, c3, m3, c4, m4, c5, m5, c6, m6;
    *out = *k;
    if (degree < 1) return;
    {
        c1 = x; m1 = y;
        *(out + 2 * step) = k[1] * z;
        t = k[2]; *(out + 1 * step) = t * m1; *(out + 3 * step) = t * c1;
    }
    if (degree < 2) return;
    {
        s2 = SPHERE_MADD_(x, x, (y * y)); z2 = z * z; c2 = (x * x) - (y * y); m2 = x * y; m2 = m2 + m2;
        *(out + 6 * step) = k[3] * (z2 - (0.5f * s2));
        t = k[4] * z; *(out + 5 * step) = t * m1; *(out + 7 * step) = t * c1;
        t = k[5]; *(out + 4 * step) = t * m2; *(out + 8 * step) = t * c2;
    }
    if (degree < 3) return;
    {
        c3 = (x * c2) - (y * m2); m3 = SPHERE_MADD_(y, c2, (x * m2));
        *(out + 12 * step) = k[6] * (z * ((2.0f * z2) - (3.0f * s2)));
        t = k[7] * ((4.0f * z2) - s2); *(out + 11 * step) = t * m1; *(out + 13 * step) = t * c1;
        t = k[8] * z; *(out + 10 * step) = t * m2; *(out + 14 * step) = t * c2;
        t = k[9]; *(out + 9 * step) = t * m3; *(out + 15 * step) = t * c3;
    }
    if (degree < 4) return;
    {
        c4 = (x * c3) - (y * m3); m4 = SPHERE_MADD_(y, c3, (x * m3));
        s4 = s2 * s2;
        *(out + 20 * step) = k[10] * SPHERE_MADD_((8.0f * z2), (z2 - (3.0f * s2)), (3.0f * s4));
        t = k[11] * (z * ((4.0f * z2) - (3.0f * s2))); *(out + 19 * step) = t * m1; *(out + 21 * step) = t * c1;
        t = k[12] * ((6.0f * z2) - s2); *(out + 18 * step) = t * m2; *(out + 22 * step) = t * c2;
        t = k[13] * z; *(out + 17 * step) = t * m3; *(out + 23 * step) = t * c3;
        t = k[14]; *(out + 16 * step) = t * m4; *(out + 24 * step) = t * c4;
    }
    if (degree < 5) return;
    {
        c5 = (x * c4) - (y * m4); m5 = SPHERE_MADD_(y, c4, (x * m4));
        *(out + 30 * step) = k[15] * (z * SPHERE_MADD_((8.0f * z2), (z2 - (5.0f * s2)), (15.0f * s4)));
        t = k[16] * SPHERE_MADD_((4.0f * z2), ((2.0f * z2) - (3.0f * s2)), s4); *(out + 29 * step) = t * m1; *(out + 31 * step) = t * c1;
        t = k[17] * (z * ((2.0f * z2) - s2)); *(out + 28 * step) = t * m2; *(out + 32 * step) = t * c2;
        t = k[18] * ((8.0f * z2) - s2); *(out + 27 * step) = t * m3; *(out + 33 * step) = t * c3;
        t = k[19] * z; *(out + 26 * step) = t * m4; *(out + 34 * step) = t * c4;
        t = k[20]; *(out + 25 * step) = t * m5; *(out + 35 * step) = t * c5;
    }
    if (degree < 6) return;
    {
        c6 = (x * c5) - (y * m5); m6 = SPHERE_MADD_(y, c5, (x * m5));
        *(out + 42 * step) = k[21] * (((2.0f * z2) * SPHERE_MADD_(45.0f, s4, (((8.0f * z2) * z2) - ((60.0f * z2) * s2)))) - ((5.0f * s4) * s2));
        t = k[22] * (z * SPHERE_MADD_((4.0f * z2), ((2.0f * z2) - (5.0f * s2)), (5.0f * s4))); *(out + 41 * step) = t * m1; *(out + 43 * step) = t * c1;
        t = k[23] * SPHERE_MADD_((16.0f * z2), (z2 - s2), s4); *(out + 40 * step) = t * m2; *(out + 44 * step) = t * c2;
        t = k[24] * (z * ((8.0f * z2) - (3.0f * s2))); *(out + 39 * step) = t * m3; *(out + 45 * step) = t * c3;
        t = k[25] * ((10.0f * z2) - s2); *(out + 38 * step) = t * m4; *(out + 46 * step) = t * c4;
        t = k[26] * z; *(out + 37 * step) = t * m5; *(out + 47 * step) = t * c5;
        t = k[27]; *(out + 36 * step) = t * m6; *(out + 48 * step) = t * c6;
    }
}
#if SPHERE_AVX2_
SPHERE_SH_PT_AVX2_FN_ void sphere_sh_pt_low_body_avx2_(const int degree, const float *k, __m256 x_f32x8, __m256 y_f32x8, __m256 z_f32x8, float *out, size_t step)
{
    __m256 t_f32x8, s2_f32x8, z2_f32x8, s4_f32x8, c1_f32x8, m1_f32x8, c2_f32x8, m2_f32x8, c3_f32x8, m3_f32x8, c4_f32x8, m4_f32x8, c5_f32x8, m5_f32x8, c6_f32x8, m6_f32x8;
    _mm256_storeu_ps(out, _mm256_broadcast_ss(k));
    if (degree < 1) return;
    {
        c1_f32x8 = x_f32x8; m1_f32x8 = y_f32x8;
        _mm256_storeu_ps(out + 2 * step, _mm256_mul_ps(_mm256_broadcast_ss(k + 1), z_f32x8));
        t_f32x8 = _mm256_broadcast_ss(k + 2); _mm256_storeu_ps(out + 1 * step, _mm256_mul_ps(t_f32x8, m1_f32x8)); _mm256_storeu_ps(out + 3 * step, _mm256_mul_ps(t_f32x8, c1_f32x8));
    }
    if (degree < 2) return;
    {
        s2_f32x8 = SPHERE_MADD_F32X8_(x_f32x8, x_f32x8, _mm256_mul_ps(y_f32x8, y_f32x8)); z2_f32x8 = _mm256_mul_ps(z_f32x8, z_f32x8); c2_f32x8 = _mm256_sub_ps(_mm256_mul_ps(x_f32x8, x_f32x8), _mm256_mul_ps(y_f32x8, y_f32x8)); m2_f32x8 = _mm256_mul_ps(x_f32x8, y_f32x8); m2_f32x8 = _mm256_add_ps(m2_f32x8, m2_f32x8);
        _mm256_storeu_ps(out + 6 * step, _mm256_mul_ps(_mm256_broadcast_ss(k + 3), _mm256_sub_ps(z2_f32x8, _mm256_mul_ps(_mm256_set1_ps(0.5f), s2_f32x8))));
        t_f32x8 = _mm256_mul_ps(_mm256_broadcast_ss(k + 4), z_f32x8); _mm256_storeu_ps(out + 5 * step, _mm256_mul_ps(t_f32x8, m1_f32x8)); _mm256_storeu_ps(out + 7 * step, _mm256_mul_ps(t_f32x8, c1_f32x8));
        t_f32x8 = _mm256_broadcast_ss(k + 5); _mm256_storeu_ps(out + 4 * step, _mm256_mul_ps(t_f32x8, m2_f32x8)); _mm256_storeu_ps(out + 8 * step, _mm256_mul_ps(t_f32x8, c2_f32x8));
    }
    if (degree < 3) return;
    {
        c3_f32x8 = _mm256_sub_ps(_mm256_mul_ps(x_f32x8, c2_f32x8), _mm256_mul_ps(y_f32x8, m2_f32x8)); m3_f32x8 = SPHERE_MADD_F32X8_(y_f32x8, c2_f32x8, _mm256_mul_ps(x_f32x8, m2_f32x8));
        _mm256_storeu_ps(out + 12 * step, _mm256_mul_ps(_mm256_broadcast_ss(k + 6), _mm256_mul_ps(z_f32x8, _mm256_sub_ps(_mm256_mul_ps(_mm256_set1_ps(2.0f), z2_f32x8), _mm256_mul_ps(_mm256_set1_ps(3.0f), s2_f32x8)))));
        t_f32x8 = _mm256_mul_ps(_mm256_broadcast_ss(k + 7), _mm256_sub_ps(_mm256_mul_ps(_mm256_set1_ps(4.0f), z2_f32x8), s2_f32x8)); _mm256_storeu_ps(out + 11 * step, _mm256_mul_ps(t_f32x8, m1_f32x8)); _mm256_storeu_ps(out + 13 * step, _mm256_mul_ps(t_f32x8, c1_f32x8));
        t_f32x8 = _mm256_mul_ps(_mm256_broadcast_ss(k + 8), z_f32x8); _mm256_storeu_ps(out + 10 * step, _mm256_mul_ps(t_f32x8, m2_f32x8)); _mm256_storeu_ps(out + 14 * step, _mm256_mul_ps(t_f32x8, c2_f32x8));
        t_f32x8 = _mm256_broadcast_ss(k + 9); _mm256_storeu_ps(out + 9 * step, _mm256_mul_ps(t_f32x8, m3_f32x8)); _mm256_storeu_ps(out + 15 * step, _mm256_mul_ps(t_f32x8, c3_f32x8));
    }
    if (degree < 4) return;
    {
        c4_f32x8 = _mm256_sub_ps(_mm256_mul_ps(x_f32x8, c3_f32x8), _mm256_mul_ps(y_f32x8, m3_f32x8)); m4_f32x8 = SPHERE_MADD_F32X8_(y_f32x8, c3_f32x8, _mm256_mul_ps(x_f32x8, m3_f32x8));
        s4_f32x8 = _mm256_mul_ps(s2_f32x8, s2_f32x8);
        _mm256_storeu_ps(out + 20 * step, _mm256_mul_ps(_mm256_broadcast_ss(k + 10), SPHERE_MADD_F32X8_(_mm256_mul_ps(_mm256_set1_ps(8.0f), z2_f32x8), _mm256_sub_ps(z2_f32x8, _mm256_mul_ps(_mm256_set1_ps(3.0f), s2_f32x8)), _mm256_mul_ps(_mm256_set1_ps(3.0f), s4_f32x8))));
        t_f32x8 = _mm256_mul_ps(_mm256_broadcast_ss(k + 11), _mm256_mul_ps(z_f32x8, _mm256_sub_ps(_mm256_mul_ps(_mm256_set1_ps(4.0f), z2_f32x8), _mm256_mul_ps(_mm256_set1_ps(3.0f), s2_f32x8)))); _mm256_storeu_ps(out + 19 * step, _mm256_mul_ps(t_f32x8, m1_f32x8)); _mm256_storeu_ps(out + 21 * step, _mm256_mul_ps(t_f32x8, c1_f32x8));
        t_f32x8 = _mm256_mul_ps(_mm256_broadcast_ss(k + 12), _mm256_sub_ps(_mm256_mul_ps(_mm256_set1_ps(6.0f), z2_f32x8), s2_f32x8)); _mm256_storeu_ps(out + 18 * step, _mm256_mul_ps(t_f32x8, m2_f32x8)); _mm256_storeu_ps(out + 22 * step, _mm256_mul_ps(t_f32x8, c2_f32x8));
        t_f32x8 = _mm256_mul_ps(_mm256_broadcast_ss(k + 13), z_f32x8); _mm256_storeu_ps(out + 17 * step, _mm256_mul_ps(t_f32x8, m3_f32x8)); _mm256_storeu_ps(out + 23 * step, _mm256_mul_ps(t_f32x8, c3_f32x8));
        t_f32x8 = _mm256_broadcast_ss(k + 14); _mm256_storeu_ps(out + 16 * step, _mm256_mul_ps(t_f32x8, m4_f32x8)); _mm256_storeu_ps(out + 24 * step, _mm256_mul_ps(t_f32x8, c4_f32x8));
    }
    if (degree < 5) return;
    {
        c5_f32x8 = _mm256_sub_ps(_mm256_mul_ps(x_f32x8, c4_f32x8), _mm256_mul_ps(y_f32x8, m4_f32x8)); m5_f32x8 = SPHERE_MADD_F32X8_(y_f32x8, c4_f32x8, _mm256_mul_ps(x_f32x8, m4_f32x8));
        _mm256_storeu_ps(out + 30 * step, _mm256_mul_ps(_mm256_broadcast_ss(k + 15), _mm256_mul_ps(z_f32x8, SPHERE_MADD_F32X8_(_mm256_mul_ps(_mm256_set1_ps(8.0f), z2_f32x8), _mm256_sub_ps(z2_f32x8, _mm256_mul_ps(_mm256_set1_ps(5.0f), s2_f32x8)), _mm256_mul_ps(_mm256_set1_ps(15.0f), s4_f32x8)))));
        t_f32x8 = _mm256_mul_ps(_mm256_broadcast_ss(k + 16), SPHERE_MADD_F32X8_(_mm256_mul_ps(_mm256_set1_ps(4.0f), z2_f32x8), _mm256_sub_ps(_mm256_mul_ps(_mm256_set1_ps(2.0f), z2_f32x8), _mm256_mul_ps(_mm256_set1_ps(3.0f), s2_f32x8)), s4_f32x8)); _mm256_storeu_ps(out + 29 * step, _mm256_mul_ps(t_f32x8, m1_f32x8)); _mm256_storeu_ps(out + 31 * step, _mm256_mul_ps(t_f32x8, c1_f32x8));
        t_f32x8 = _mm256_mul_ps(_mm256_broadcast_ss(k + 17), _mm256_mul_ps(z_f32x8, _mm256_sub_ps(_mm256_mul_ps(_mm256_set1_ps(2.0f), z2_f32x8), s2_f32x8))); _mm256_storeu_ps(out + 28 * step, _mm256_mul_ps(t_f32x8, m2_f32x8)); _mm256_storeu_ps(out + 32 * step, _mm256_mul_ps(t_f32x8, c2_f32x8));
        t_f32x8 = _mm256_mul_ps(_mm256_broadcast_ss(k + 18), _mm256_sub_ps(_mm256_mul_ps(_mm256_set1_ps(8.0f), z2_f32x8), s2_f32x8)); _mm256_storeu_ps(out + 27 * step, _mm256_mul_ps(t_f32x8, m3_f32x8)); _mm256_storeu_ps(out + 33 * step, _mm256_mul_ps(t_f32x8, c3_f32x8));
        t_f32x8 = _mm256_mul_ps(_mm256_broadcast_ss(k + 19), z_f32x8); _mm256_storeu_ps(out + 26 * step, _mm256_mul_ps(t_f32x8, m4_f32x8)); _mm256_storeu_ps(out + 34 * step, _mm256_mul_ps(t_f32x8, c4_f32x8));
        t_f32x8 = _mm256_broadcast_ss(k + 20); _mm256_storeu_ps(out + 25 * step, _mm256_mul_ps(t_f32x8, m5_f32x8)); _mm256_storeu_ps(out + 35 * step, _mm256_mul_ps(t_f32x8, c5_f32x8));
    }
    if (degree < 6) return;
    {
        c6_f32x8 = _mm256_sub_ps(_mm256_mul_ps(x_f32x8, c5_f32x8), _mm256_mul_ps(y_f32x8, m5_f32x8)); m6_f32x8 = SPHERE_MADD_F32X8_(y_f32x8, c5_f32x8, _mm256_mul_ps(x_f32x8, m5_f32x8));
        _mm256_storeu_ps(out + 42 * step, _mm256_mul_ps(_mm256_broadcast_ss(k + 21), _mm256_sub_ps(_mm256_mul_ps(_mm256_mul_ps(_mm256_set1_ps(2.0f), z2_f32x8), SPHERE_MADD_F32X8_(_mm256_set1_ps(45.0f), s4_f32x8, _mm256_sub_ps(_mm256_mul_ps(_mm256_mul_ps(_mm256_set1_ps(8.0f), z2_f32x8), z2_f32x8), _mm256_mul_ps(_mm256_mul_ps(_mm256_set1_ps(60.0f), z2_f32x8), s2_f32x8)))), _mm256_mul_ps(_mm256_mul_ps(_mm256_set1_ps(5.0f), s4_f32x8), s2_f32x8))));
        t_f32x8 = _mm256_mul_ps(_mm256_broadcast_ss(k + 22), _mm256_mul_ps(z_f32x8, SPHERE_MADD_F32X8_(_mm256_mul_ps(_mm256_set1_ps(4.0f), z2_f32x8), _mm256_sub_ps(_mm256_mul_ps(_mm256_set1_ps(2.0f), z2_f32x8), _mm256_mul_ps(_mm256_set1_ps(5.0f), s2_f32x8)), _mm256_mul_ps(_mm256_set1_ps(5.0f), s4_f32x8)))); _mm256_storeu_ps(out + 41 * step, _mm256_mul_ps(t_f32x8, m1_f32x8)); _mm256_storeu_ps(out + 43 * step, _mm256_mul_ps(t_f32x8, c1_f32x8));
        t_f32x8 = _mm256_mul_ps(_mm256_broadcast_ss(k + 23), SPHERE_MADD_F32X8_(_mm256_mul_ps(_mm256_set1_ps(16.0f), z2_f32x8), _mm256_sub_ps(z2_f32x8, s2_f32x8), s4_f32x8)); _mm256_storeu_ps(out + 40 * step, _mm256_mul_ps(t_f32x8, m2_f32x8)); _mm256_storeu_ps(out + 44 * step, _mm256_mul_ps(t_f32x8, c2_f32x8));
        t_f32x8 = _mm256_mul_ps(_mm256_broadcast_ss(k + 24), _mm256_mul_ps(z_f32x8, _mm256_sub_ps(_mm256_mul_ps(_mm256_set1_ps(8.0f), z2_f32x8), _mm256_mul_ps(_mm256_set1_ps(3.0f), s2_f32x8)))); _mm256_storeu_ps(out + 39 * step, _mm256_mul_ps(t_f32x8, m3_f32x8)); _mm256_storeu_ps(out + 45 * step, _mm256_mul_ps(t_f32x8, c3_f32x8));
        t_f32x8 = _mm256_mul_ps(_mm256_broadcast_ss(k + 25), _mm256_sub_ps(_mm256_mul_ps(_mm256_set1_ps(10.0f), z2_f32x8), s2_f32x8)); _mm256_storeu_ps(out + 38 * step, _mm256_mul_ps(t_f32x8, m4_f32x8)); _mm256_storeu_ps(out + 46 * step, _mm256_mul_ps(t_f32x8, c4_f32x8));
        t_f32x8 = _mm256_mul_ps(_mm256_broadcast_ss(k + 26), z_f32x8); _mm256_storeu_ps(out + 37 * step, _mm256_mul_ps(t_f32x8, m5_f32x8)); _mm256_storeu_ps(out + 47 * step, _mm256_mul_ps(t_f32x8, c5_f32x8));
        t_f32x8 = _mm256_broadcast_ss(k + 27); _mm256_storeu_ps(out + 36 * step, _mm256_mul_ps(t_f32x8, m6_f32x8)); _mm256_storeu_ps(out + 48 * step, _mm256_mul_ps(t_f32x8, c6_f32x8));
    }
}
#endif
#if SPHERE_NEON_
SPHERE_INLINE_ void sphere_sh_pt_low_body_neon_(const int degree, const float *k, float32x4_t x_f32x4, float32x4_t y_f32x4, float32x4_t z_f32x4, float *out, size_t step)
{
    float32x4_t t_f32x4, s2_f32x4, z2_f32x4, s4_f32x4, c1_f32x4, m1_f32x4, c2_f32x4, m2_f32x4, c3_f32x4, m3_f32x4, c4_f32x4, m4_f32x4, c5_f32x4, m5_f32x4, c6_f32x4, m6_f32x4;
    vst1q_f32(out, vld1q_dup_f32(k));
    if (degree < 1) return;
    {
        c1_f32x4 = x_f32x4; m1_f32x4 = y_f32x4;
        vst1q_f32(out + 2 * step, vmulq_f32(vld1q_dup_f32(k + 1), z_f32x4));
        t_f32x4 = vld1q_dup_f32(k + 2); vst1q_f32(out + 1 * step, vmulq_f32(t_f32x4, m1_f32x4)); vst1q_f32(out + 3 * step, vmulq_f32(t_f32x4, c1_f32x4));
    }
    if (degree < 2) return;
    {
        s2_f32x4 = SPHERE_MADD_F32X4_(x_f32x4, x_f32x4, vmulq_f32(y_f32x4, y_f32x4)); z2_f32x4 = vmulq_f32(z_f32x4, z_f32x4); c2_f32x4 = vsubq_f32(vmulq_f32(x_f32x4, x_f32x4), vmulq_f32(y_f32x4, y_f32x4)); m2_f32x4 = vmulq_f32(x_f32x4, y_f32x4); m2_f32x4 = vaddq_f32(m2_f32x4, m2_f32x4);
        vst1q_f32(out + 6 * step, vmulq_f32(vld1q_dup_f32(k + 3), vsubq_f32(z2_f32x4, vmulq_f32(vdupq_n_f32(0.5f), s2_f32x4))));
        t_f32x4 = vmulq_f32(vld1q_dup_f32(k + 4), z_f32x4); vst1q_f32(out + 5 * step, vmulq_f32(t_f32x4, m1_f32x4)); vst1q_f32(out + 7 * step, vmulq_f32(t_f32x4, c1_f32x4));
        t_f32x4 = vld1q_dup_f32(k + 5); vst1q_f32(out + 4 * step, vmulq_f32(t_f32x4, m2_f32x4)); vst1q_f32(out + 8 * step, vmulq_f32(t_f32x4, c2_f32x4));
    }
    if (degree < 3) return;
    {
        c3_f32x4 = vsubq_f32(vmulq_f32(x_f32x4, c2_f32x4), vmulq_f32(y_f32x4, m2_f32x4)); m3_f32x4 = SPHERE_MADD_F32X4_(y_f32x4, c2_f32x4, vmulq_f32(x_f32x4, m2_f32x4));
        vst1q_f32(out + 12 * step, vmulq_f32(vld1q_dup_f32(k + 6), vmulq_f32(z_f32x4, vsubq_f32(vmulq_f32(vdupq_n_f32(2.0f), z2_f32x4), vmulq_f32(vdupq_n_f32(3.0f), s2_f32x4)))));
        t_f32x4 = vmulq_f32(vld1q_dup_f32(k + 7), vsubq_f32(vmulq_f32(vdupq_n_f32(4.0f), z2_f32x4), s2_f32x4)); vst1q_f32(out + 11 * step, vmulq_f32(t_f32x4, m1_f32x4)); vst1q_f32(out + 13 * step, vmulq_f32(t_f32x4, c1_f32x4));
        t_f32x4 = vmulq_f32(vld1q_dup_f32(k + 8), z_f32x4); vst1q_f32(out + 10 * step, vmulq_f32(t_f32x4, m2_f32x4)); vst1q_f32(out + 14 * step, vmulq_f32(t_f32x4, c2_f32x4));
        t_f32x4 = vld1q_dup_f32(k + 9); vst1q_f32(out + 9 * step, vmulq_f32(t_f32x4, m3_f32x4)); vst1q_f32(out + 15 * step, vmulq_f32(t_f32x4, c3_f32x4));
    }
    if (degree < 4) return;
    {
        c4_f32x4 = vsubq_f32(vmulq_f32(x_f32x4, c3_f32x4), vmulq_f32(y_f32x4, m3_f32x4)); m4_f32x4 = SPHERE_MADD_F32X4_(y_f32x4, c3_f32x4, vmulq_f32(x_f32x4, m3_f32x4));
        s4_f32x4 = vmulq_f32(s2_f32x4, s2_f32x4);
        vst1q_f32(out + 20 * step, vmulq_f32(vld1q_dup_f32(k + 10), SPHERE_MADD_F32X4_(vmulq_f32(vdupq_n_f32(8.0f), z2_f32x4), vsubq_f32(z2_f32x4, vmulq_f32(vdupq_n_f32(3.0f), s2_f32x4)), vmulq_f32(vdupq_n_f32(3.0f), s4_f32x4))));
        t_f32x4 = vmulq_f32(vld1q_dup_f32(k + 11), vmulq_f32(z_f32x4, vsubq_f32(vmulq_f32(vdupq_n_f32(4.0f), z2_f32x4), vmulq_f32(vdupq_n_f32(3.0f), s2_f32x4)))); vst1q_f32(out + 19 * step, vmulq_f32(t_f32x4, m1_f32x4)); vst1q_f32(out + 21 * step, vmulq_f32(t_f32x4, c1_f32x4));
        t_f32x4 = vmulq_f32(vld1q_dup_f32(k + 12), vsubq_f32(vmulq_f32(vdupq_n_f32(6.0f), z2_f32x4), s2_f32x4)); vst1q_f32(out + 18 * step, vmulq_f32(t_f32x4, m2_f32x4)); vst1q_f32(out + 22 * step, vmulq_f32(t_f32x4, c2_f32x4));
        t_f32x4 = vmulq_f32(vld1q_dup_f32(k + 13), z_f32x4); vst1q_f32(out + 17 * step, vmulq_f32(t_f32x4, m3_f32x4)); vst1q_f32(out + 23 * step, vmulq_f32(t_f32x4, c3_f32x4));
        t_f32x4 = vld1q_dup_f32(k + 14); vst1q_f32(out + 16 * step, vmulq_f32(t_f32x4, m4_f32x4)); vst1q_f32(out + 24 * step, vmulq_f32(t_f32x4, c4_f32x4));
    }
    if (degree < 5) return;
    {
        c5_f32x4 = vsubq_f32(vmulq_f32(x_f32x4, c4_f32x4), vmulq_f32(y_f32x4, m4_f32x4)); m5_f32x4 = SPHERE_MADD_F32X4_(y_f32x4, c4_f32x4, vmulq_f32(x_f32x4, m4_f32x4));
        vst1q_f32(out + 30 * step, vmulq_f32(vld1q_dup_f32(k + 15), vmulq_f32(z_f32x4, SPHERE_MADD_F32X4_(vmulq_f32(vdupq_n_f32(8.0f), z2_f32x4), vsubq_f32(z2_f32x4, vmulq_f32(vdupq_n_f32(5.0f), s2_f32x4)), vmulq_f32(vdupq_n_f32(15.0f), s4_f32x4)))));
        t_f32x4 = vmulq_f32(vld1q_dup_f32(k + 16), SPHERE_MADD_F32X4_(vmulq_f32(vdupq_n_f32(4.0f), z2_f32x4), vsubq_f32(vmulq_f32(vdupq_n_f32(2.0f), z2_f32x4), vmulq_f32(vdupq_n_f32(3.0f), s2_f32x4)), s4_f32x4)); vst1q_f32(out + 29 * step, vmulq_f32(t_f32x4, m1_f32x4)); vst1q_f32(out + 31 * step, vmulq_f32(t_f32x4, c1_f32x4));
        t_f32x4 = vmulq_f32(vld1q_dup_f32(k + 17), vmulq_f32(z_f32x4, vsubq_f32(vmulq_f32(vdupq_n_f32(2.0f), z2_f32x4), s2_f32x4))); vst1q_f32(out + 28 * step, vmulq_f32(t_f32x4, m2_f32x4)); vst1q_f32(out + 32 * step, vmulq_f32(t_f32x4, c2_f32x4));
        t_f32x4 = vmulq_f32(vld1q_dup_f32(k + 18), vsubq_f32(vmulq_f32(vdupq_n_f32(8.0f), z2_f32x4), s2_f32x4)); vst1q_f32(out + 27 * step, vmulq_f32(t_f32x4, m3_f32x4)); vst1q_f32(out + 33 * step, vmulq_f32(t_f32x4, c3_f32x4));
        t_f32x4 = vmulq_f32(vld1q_dup_f32(k + 19), z_f32x4); vst1q_f32(out + 26 * step, vmulq_f32(t_f32x4, m4_f32x4)); vst1q_f32(out + 34 * step, vmulq_f32(t_f32x4, c4_f32x4));
        t_f32x4 = vld1q_dup_f32(k + 20); vst1q_f32(out + 25 * step, vmulq_f32(t_f32x4, m5_f32x4)); vst1q_f32(out + 35 * step, vmulq_f32(t_f32x4, c5_f32x4));
    }
    if (degree < 6) return;
    {
        c6_f32x4 = vsubq_f32(vmulq_f32(x_f32x4, c5_f32x4), vmulq_f32(y_f32x4, m5_f32x4)); m6_f32x4 = SPHERE_MADD_F32X4_(y_f32x4, c5_f32x4, vmulq_f32(x_f32x4, m5_f32x4));
        vst1q_f32(out + 42 * step, vmulq_f32(vld1q_dup_f32(k + 21), vsubq_f32(vmulq_f32(vmulq_f32(vdupq_n_f32(2.0f), z2_f32x4), SPHERE_MADD_F32X4_(vdupq_n_f32(45.0f), s4_f32x4, vsubq_f32(vmulq_f32(vmulq_f32(vdupq_n_f32(8.0f), z2_f32x4), z2_f32x4), vmulq_f32(vmulq_f32(vdupq_n_f32(60.0f), z2_f32x4), s2_f32x4)))), vmulq_f32(vmulq_f32(vdupq_n_f32(5.0f), s4_f32x4), s2_f32x4))));
        t_f32x4 = vmulq_f32(vld1q_dup_f32(k + 22), vmulq_f32(z_f32x4, SPHERE_MADD_F32X4_(vmulq_f32(vdupq_n_f32(4.0f), z2_f32x4), vsubq_f32(vmulq_f32(vdupq_n_f32(2.0f), z2_f32x4), vmulq_f32(vdupq_n_f32(5.0f), s2_f32x4)), vmulq_f32(vdupq_n_f32(5.0f), s4_f32x4)))); vst1q_f32(out + 41 * step, vmulq_f32(t_f32x4, m1_f32x4)); vst1q_f32(out + 43 * step, vmulq_f32(t_f32x4, c1_f32x4));
        t_f32x4 = vmulq_f32(vld1q_dup_f32(k + 23), SPHERE_MADD_F32X4_(vmulq_f32(vdupq_n_f32(16.0f), z2_f32x4), vsubq_f32(z2_f32x4, s2_f32x4), s4_f32x4)); vst1q_f32(out + 40 * step, vmulq_f32(t_f32x4, m2_f32x4)); vst1q_f32(out + 44 * step, vmulq_f32(t_f32x4, c2_f32x4));
        t_f32x4 = vmulq_f32(vld1q_dup_f32(k + 24), vmulq_f32(z_f32x4, vsubq_f32(vmulq_f32(vdupq_n_f32(8.0f), z2_f32x4), vmulq_f32(vdupq_n_f32(3.0f), s2_f32x4)))); vst1q_f32(out + 39 * step, vmulq_f32(t_f32x4, m3_f32x4)); vst1q_f32(out + 45 * step, vmulq_f32(t_f32x4, c3_f32x4));
        t_f32x4 = vmulq_f32(vld1q_dup_f32(k + 25), vsubq_f32(vmulq_f32(vdupq_n_f32(10.0f), z2_f32x4), s2_f32x4)); vst1q_f32(out + 38 * step, vmulq_f32(t_f32x4, m4_f32x4)); vst1q_f32(out + 46 * step, vmulq_f32(t_f32x4, c4_f32x4));
        t_f32x4 = vmulq_f32(vld1q_dup_f32(k + 26), z_f32x4); vst1q_f32(out + 37 * step, vmulq_f32(t_f32x4, m5_f32x4)); vst1q_f32(out + 47 * step, vmulq_f32(t_f32x4, c5_f32x4));
        t_f32x4 = vld1q_dup_f32(k + 27); vst1q_f32(out + 36 * step, vmulq_f32(t_f32x4, m6_f32x4)); vst1q_f32(out + 48 * step, vmulq_f32(t_f32x4, c6_f32x4));
    }
}
#endif
static size_t sphere_sh_pt_low_c_(const sphere_sh_points *plan, const float *x, const float *y, const float *z, size_t n, float *out, size_t stride, int *bad)
{
    const float *k = plan->table;
    size_t i = 0;
    const int rows = plan->desc.layout == SPHERE_SH_BASIS_ROWS;
    const size_t step = rows ? 1 : stride;
    for (; i + 1 <= n; i += 1) {
        const float px = x[i], py = y[i], pz = z[i];
        const float n2 = SPHERE_MADD_(pz, pz, SPHERE_MADD_(px, px, (py * py)));
        float *to = out + (rows ? i * stride : i);
        *bad |= sphere_sh_pt_strange_c_(n2);
        sphere_sh_pt_low_body_c_(plan->degree, k, px, py, pz, to, step);
    }
    return i;
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static size_t sphere_sh_pt_low_avx2_(const sphere_sh_points *plan, const float *x, const float *y, const float *z, size_t n, float *out, size_t stride, int *bad)
{
    const float *k = plan->table;
    size_t i = 0;
    float space[49 * SPHERE_SH_AVX2_LANES_ + 64 / sizeof(float)], *const tile = (float *)sphere_align_(space);
    const int rows = plan->desc.layout == SPHERE_SH_BASIS_ROWS;
    const size_t step = rows ? SPHERE_SH_AVX2_LANES_ : stride, columns = (size_t)(plan->degree + 1) * (size_t)(plan->degree + 1);
    for (; i + SPHERE_SH_AVX2_LANES_ <= n; i += SPHERE_SH_AVX2_LANES_) {
        const __m256 px_f32x8 = _mm256_loadu_ps(x + i), py_f32x8 = _mm256_loadu_ps(y + i), pz_f32x8 = _mm256_loadu_ps(z + i);
        const __m256 n2_f32x8 = SPHERE_MADD_F32X8_(pz_f32x8, pz_f32x8, SPHERE_MADD_F32X8_(px_f32x8, px_f32x8, _mm256_mul_ps(py_f32x8, py_f32x8)));
        float *to = rows ? tile : out + i;
        *bad |= sphere_sh_pt_strange_avx2_(n2_f32x8);
        switch (plan->degree) {
        case 0: sphere_sh_pt_low_body_avx2_(0, k, px_f32x8, py_f32x8, pz_f32x8, to, step); break;
        case 1: sphere_sh_pt_low_body_avx2_(1, k, px_f32x8, py_f32x8, pz_f32x8, to, step); break;
        case 2: sphere_sh_pt_low_body_avx2_(2, k, px_f32x8, py_f32x8, pz_f32x8, to, step); break;
        case 3: sphere_sh_pt_low_body_avx2_(3, k, px_f32x8, py_f32x8, pz_f32x8, to, step); break;
        case 4: sphere_sh_pt_low_body_avx2_(4, k, px_f32x8, py_f32x8, pz_f32x8, to, step); break;
        case 5: sphere_sh_pt_low_body_avx2_(5, k, px_f32x8, py_f32x8, pz_f32x8, to, step); break;
        default: sphere_sh_pt_low_body_avx2_(6, k, px_f32x8, py_f32x8, pz_f32x8, to, step); break;
        }
        if (rows) sphere_sh_pt_rows_avx2_(out + i * stride, stride, tile, columns);
    }
    return i;
}
#endif
#if SPHERE_NEON_
static size_t sphere_sh_pt_low_neon_(const sphere_sh_points *plan, const float *x, const float *y, const float *z, size_t n, float *out, size_t stride, int *bad)
{
    const float *k = plan->table;
    size_t i = 0;
    float space[49 * SPHERE_SH_NEON_LANES_ + 64 / sizeof(float)], *const tile = (float *)sphere_align_(space);
    const int rows = plan->desc.layout == SPHERE_SH_BASIS_ROWS;
    const size_t step = rows ? SPHERE_SH_NEON_LANES_ : stride, columns = (size_t)(plan->degree + 1) * (size_t)(plan->degree + 1);
    for (; i + SPHERE_SH_NEON_LANES_ <= n; i += SPHERE_SH_NEON_LANES_) {
        const float32x4_t px_f32x4 = vld1q_f32(x + i), py_f32x4 = vld1q_f32(y + i), pz_f32x4 = vld1q_f32(z + i);
        const float32x4_t n2_f32x4 = SPHERE_MADD_F32X4_(pz_f32x4, pz_f32x4, SPHERE_MADD_F32X4_(px_f32x4, px_f32x4, vmulq_f32(py_f32x4, py_f32x4)));
        float *to = rows ? tile : out + i;
        *bad |= sphere_sh_pt_strange_neon_(n2_f32x4);
        switch (plan->degree) {
        case 0: sphere_sh_pt_low_body_neon_(0, k, px_f32x4, py_f32x4, pz_f32x4, to, step); break;
        case 1: sphere_sh_pt_low_body_neon_(1, k, px_f32x4, py_f32x4, pz_f32x4, to, step); break;
        case 2: sphere_sh_pt_low_body_neon_(2, k, px_f32x4, py_f32x4, pz_f32x4, to, step); break;
        case 3: sphere_sh_pt_low_body_neon_(3, k, px_f32x4, py_f32x4, pz_f32x4, to, step); break;
        case 4: sphere_sh_pt_low_body_neon_(4, k, px_f32x4, py_f32x4, pz_f32x4, to, step); break;
        case 5: sphere_sh_pt_low_body_neon_(5, k, px_f32x4, py_f32x4, pz_f32x4, to, step); break;
        default: sphere_sh_pt_low_body_neon_(6, k, px_f32x4, py_f32x4, pz_f32x4, to, step); break;
        }
        if (rows) sphere_sh_pt_rows_neon_(out + i * stride, stride, tile, columns);
    }
    return i;
}
#endif

/* >>kernel basis: all harmonics of a block and their gradients, in groups of orders, degree by degree. In the tangent plane with the
   point (x, y, |z|), U = k T_l^(m+1) h: radial part R = (m - n) Y + |z| U, gradient (m T g - x R, m T g' - y R, U - |z| R), where n is 0 on
   the sphere, l or -(l + 1) for solid harmonics; along theta |z| m T g - sin(theta) U. */
#define SPHERE_SH_PT_WORK_ 440                     /* vectors of working space: 14 KB */
SPHERE_INLINE_ int sphere_sh_pt_basis_body_c_(const sphere_sh_points *plan, const sphere_sh_pt_block_ *b, const int gradient, const int plain)
{
    enum { SPACE = 108 };
    const int degree = plan->degree, high = !plain && degree > SPHERE_SH_PT_LOW_DEGREE_, solid = plain ? 0 : b->solid, outs = gradient == 0 ? 1 : gradient == 1 ? 4 : 3;
    const float *lane = b->lane, *seeds = sphere_sh_pt_seeds_(plan);
    float space[SPACE + 64 / sizeof(float)], *const work = (float *)sphere_align_(space);        /* aligned: half of the vectors would cross a cache line */
    float scratch[9 * 4], *t, *d, *f[6], *live, *expo, *tile = work, *o[4];
    const float *f0, *f1, *f2, *f3, *h0, *h1;                           /* what stays in registers: the addresses of f and o are taken */
    float *o0, *o1, *o2, *o3;
    size_t fill = 0, room, step = b->step;
    int busy[9], orders, m0, l, j, k, all;
    const float x = *b->x, y = *b->y, z = *b->z;
    const float az = sphere_abs_(z), side = sphere_sh_pt_sign_c_(z), side2 = sphere_sh_pt_flip_c_(side, side), n2 = SPHERE_MADD_(z, z, SPHERE_MADD_(x, x, (y * y)));
    float eps, c, s, pc, ps, w, v, rho, st, cp, sp;
    if (high) { eps = *(lane + SPHERE_SH_PT_E_); }
    else { eps = sphere_sh_pt_above_c_(az, 0.5f, (SPHERE_MADD_(x, x, (y * y)) / (1.0f + az)), (1.0f - az)); }
    c = 1.0f; s = 0; pc = s; ps = s; w = s; v = s; rho = s; st = s; cp = s; sp = s;
    if (solid) { rho = *(lane + SPHERE_SH_PT_RHO_); }
    if (gradient == 2) { st = *(lane + SPHERE_SH_PT_ST_); cp = *(lane + SPHERE_SH_PT_CP_); sp = *(lane + SPHERE_SH_PT_SP_); }
    all = 0;
    orders = all ? degree + 1 : 8;
    t = work; d = t + (size_t)(orders + 1);
    for (k = 0; k < 6; k++) f[k] = d + (size_t)(orders + 1 + (k < 2 || gradient ? k * orders : 0));
    tile = d + (size_t)(orders + 1 + (gradient ? 6 : 2) * orders);
    live = tile; expo = live + 9;
    if (high) { tile = expo + 9; for (j = 0; j < 1; j++) sphere_sh_pt_polar_start_(b->polar + j, 1); }
    h0 = high ? f[4] : f[0]; h1 = high ? f[5] : f[1];
    f0 = f[0]; f1 = f[1]; f2 = f[2]; f3 = f[3];
    room = (size_t)(all ? 2 * degree + 1 + 1 : 2 * orders);
    for (k = 0; k < 4; k++) o[k] = k < outs ? b->out[k] : NULL;
    o0 = o[0]; o1 = o[1]; o2 = o[2]; o3 = o[3];
    for (m0 = 0; m0 <= degree; m0 += orders) {
        const int own = degree - m0 + 1 < orders ? degree - m0 + 1 : orders, chains = gradient && m0 + own <= degree ? own + 1 : own;
        for (j = 0; j < chains; j++) {
            const int m = m0 + j;
            const size_t at = (size_t)j;
            d[at] = 0;
            if (high) {
                float *to[6], *start[3];
                busy[j] = 0;
                for (k = 0; k < 6; k++) to[k] = f[k] + at;
                start[0] = t + at; start[1] = live + at; start[2] = expo + at;
                sphere_sh_pt_order_(plan, m, 1, lane, b->polar, gradient, j < own ? to : NULL, start);
                for (k = 0; k < 1; k++) busy[j] |= expo[at + (size_t)k] > 0;
                if (j < own) sphere_sh_pt_polar_step_(b->polar, 1, m, SPHERE_SH_PT_LARGE_, SPHERE_SH_PT_SHRINK_);
                continue;
            }
            t[at] = seeds[m];
            if (j == own) continue;
            f[0][at] = c; f[1][at] = s;
            if (gradient) {
                const float order = (float)m;
                const float om = order;
                if (gradient == 1) { f[2][at] = om * pc; f[3][at] = om * ps; }
                else { f[2][at] = om * ((cp * pc) - (sp * ps)); f[3][at] = om * SPHERE_MADD_(sp, pc, (cp * ps)); }
            }
            pc = c; ps = s;
            c = (x * pc) - (y * ps); s = SPHERE_MADD_(x, ps, (y * pc));
        }
        if (solid) {
            w = *(lane + SPHERE_SH_PT_W_); v = *(lane + SPHERE_SH_PT_V0_);
            for (l = 1; l <= m0; l++) { w = w * rho; if (l == 1) { v = *(lane + SPHERE_SH_PT_V1_); } else { v = v * rho; } }
        }
        for (l = m0; l <= degree; l++) {
            const int reach = l - m0 + 1, top = chains < reach ? chains : reach, mine = own < reach ? own : reach;
            const float *row = sphere_sh_pt_row_(plan, l, m0, 9, scratch);
            const int n = solid == 1 ? l : solid == 2 ? -(l + 1) : 0;
            size_t plus, minus;
            float next, turn;
            next = 0;
            if ((l - m0 - top + 1) & 1) { turn = side; } else { turn = side2; }
            if (solid && l > m0) { w = w * rho; if (l == 1) { v = *(lane + SPHERE_SH_PT_V1_); } else { v = v * rho; } }
            plus = (size_t)(l * l + l + m0) * step; minus = (size_t)(l * l + l - m0) * step;
            plus += (size_t)(top - 1) * step; minus -= (size_t)(top - 1) * step;
            for (j = top - 1; j >= 0; j--, plus -= step, minus += step) {
                const size_t at = (size_t)j;
                const float *q = row + 4 * j;
                float old = t[at], dd = (q[1] * d[at]) - ((q[2] * eps) * old);
                old = old + SPHERE_MADD_(*q, old, dd);
                d[at] = dd; t[at] = old;
                if (high) {
                    if (busy[j] && sphere_sh_pt_large_c_(old)) { busy[j] = sphere_sh_pt_rescale_(t + at, d + at, live + at, expo + at, 1); old = t[at]; }
                    old = sphere_sh_pt_keep_c_(old, live[at]);
                }
                if (j < mine) {
                    float tt = sphere_sh_pt_flip_c_(old, turn);
                    if (!gradient) {
                        if (solid) {
                            tt = tt * w;
                            o0[minus] = sphere_sh_pt_canon_c_((tt * f1[at])); o0[plus] = sphere_sh_pt_canon_c_((tt * f0[at]));
                        } else { o0[minus] = tt * f1[at]; o0[plus] = tt * f0[at]; }
                    } else {
                        float yc = tt * f0[at], ys = tt * f1[at];
                        const float gc = tt * f2[at], gs = tt * f3[at], up = sphere_sh_pt_flip_c_((q[3] * next), turn);
                        const float uc = up * h0[at], us = up * h1[at];
                        if (gradient == 1) {
                            const float order = (float)(m0 + j - n);
                            const float om = order;
                            const float rc = SPHERE_MADD_(om, yc, (az * uc)), rs = SPHERE_MADD_(om, ys, (az * us));
                            float xc = gc - (x * rc), xs = gs - (x * rs), hc = 0 - SPHERE_MADD_(y, rc, gs), hs = gc - (y * rs), zc = sphere_sh_pt_flip_c_((uc - (az * rc)), side), zs = sphere_sh_pt_flip_c_((us - (az * rs)), side);
                            if (solid) { xc = sphere_sh_pt_canon_c_((xc * v)); xs = sphere_sh_pt_canon_c_((xs * v)); hc = sphere_sh_pt_canon_c_((hc * v)); hs = sphere_sh_pt_canon_c_((hs * v)); zc = sphere_sh_pt_canon_c_((zc * v)); zs = sphere_sh_pt_canon_c_((zs * v)); }
                            o1[minus] = xs; o1[plus] = xc;
                            o2[minus] = hs; o2[plus] = hc;
                            o3[minus] = zs; o3[plus] = zc;
                        } else {
                            o1[minus] = sphere_sh_pt_flip_c_(((az * gs) - (st * us)), side); o1[plus] = sphere_sh_pt_flip_c_(((az * gc) - (st * uc)), side);
                            o2[minus] = gc; o2[plus] = 0 - gs;
                        }
                        if (o0) {
                            if (solid) { yc = sphere_sh_pt_canon_c_((yc * w)); ys = sphere_sh_pt_canon_c_((ys * w)); }
                            o0[minus] = ys; o0[plus] = yc;
                        }
                    }
                }
                next = old; turn = sphere_sh_pt_flip_c_(turn, side);
            }
        }
    }
    (void)fill; (void)room; (void)all;
    return sphere_sh_pt_strange_c_(n2);
}
static int sphere_sh_pt_basis_c_(const sphere_sh_points *plan, const sphere_sh_pt_block_ *b)
{
    return sphere_sh_pt_basis_body_c_(plan, b, b->gradient, 0);
}
#if SPHERE_AVX2_
SPHERE_SH_PT_AVX2_FN_ int sphere_sh_pt_basis_body_avx2_(const sphere_sh_points *plan, const sphere_sh_pt_block_ *b, const int gradient, const int plain)
{
    enum { SPACE = SPHERE_SH_PT_WORK_ };
    const int degree = plan->degree, high = !plain && degree > SPHERE_SH_PT_LOW_DEGREE_, solid = plain ? 0 : b->solid, outs = gradient == 0 ? 1 : gradient == 1 ? 4 : 3;
    const float *lane = b->lane, *seeds = sphere_sh_pt_seeds_(plan);
    float space[SPACE * SPHERE_SH_AVX2_LANES_ + 64 / sizeof(float)], *const work = (float *)sphere_align_(space);        /* aligned: half of the vectors would cross a cache line */
    float scratch[9 * 4], *t, *d, *f[6], *live, *expo, *tile = work, *o[4];
    const float *f0, *f1, *f2, *f3, *h0, *h1;                           /* what stays in registers: the addresses of f and o are taken */
    float *o0, *o1, *o2, *o3;
    size_t fill = 0, room, step = b->step;
    int busy[9], orders, m0, l, j, k, all;
    const __m256 x_f32x8 = _mm256_loadu_ps(b->x), y_f32x8 = _mm256_loadu_ps(b->y), z_f32x8 = _mm256_loadu_ps(b->z);
    const __m256 az_f32x8 = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), z_f32x8), side_f32x8 = sphere_sh_pt_sign_avx2_(z_f32x8), side2_f32x8 = sphere_sh_pt_flip_avx2_(side_f32x8, side_f32x8), n2_f32x8 = SPHERE_MADD_F32X8_(z_f32x8, z_f32x8, SPHERE_MADD_F32X8_(x_f32x8, x_f32x8, _mm256_mul_ps(y_f32x8, y_f32x8)));
    __m256 eps_f32x8, c_f32x8, s_f32x8, pc_f32x8, ps_f32x8, w_f32x8, v_f32x8, rho_f32x8, st_f32x8, cp_f32x8, sp_f32x8;
    if (high) { eps_f32x8 = _mm256_loadu_ps(lane + SPHERE_SH_PT_E_ * SPHERE_SH_AVX2_LANES_); }
    else { eps_f32x8 = sphere_sh_pt_above_avx2_(az_f32x8, _mm256_set1_ps(0.5f), _mm256_div_ps(SPHERE_MADD_F32X8_(x_f32x8, x_f32x8, _mm256_mul_ps(y_f32x8, y_f32x8)), _mm256_add_ps(_mm256_set1_ps(1.0f), az_f32x8)), _mm256_sub_ps(_mm256_set1_ps(1.0f), az_f32x8)); }
    c_f32x8 = _mm256_set1_ps(1.0f); s_f32x8 = _mm256_setzero_ps(); pc_f32x8 = s_f32x8; ps_f32x8 = s_f32x8; w_f32x8 = s_f32x8; v_f32x8 = s_f32x8; rho_f32x8 = s_f32x8; st_f32x8 = s_f32x8; cp_f32x8 = s_f32x8; sp_f32x8 = s_f32x8;
    if (solid) { rho_f32x8 = _mm256_loadu_ps(lane + SPHERE_SH_PT_RHO_ * SPHERE_SH_AVX2_LANES_); }
    if (gradient == 2) { st_f32x8 = _mm256_loadu_ps(lane + SPHERE_SH_PT_ST_ * SPHERE_SH_AVX2_LANES_); cp_f32x8 = _mm256_loadu_ps(lane + SPHERE_SH_PT_CP_ * SPHERE_SH_AVX2_LANES_); sp_f32x8 = _mm256_loadu_ps(lane + SPHERE_SH_PT_SP_ * SPHERE_SH_AVX2_LANES_); }
    /* All orders at once when there is room: then the columns of a row come in order. */
    all = !high && (degree + 2) * 2 + (degree + 1) * (gradient ? 6 : 2) + (b->rows ? outs * (2 * degree + 1 + SPHERE_SH_AVX2_LANES_) : 0) <= SPACE;
    orders = all ? degree + 1 : 8;
    t = work; d = t + (size_t)(orders + 1) * SPHERE_SH_AVX2_LANES_;
    for (k = 0; k < 6; k++) f[k] = d + (size_t)(orders + 1 + (k < 2 || gradient ? k * orders : 0)) * SPHERE_SH_AVX2_LANES_;
    tile = d + (size_t)(orders + 1 + (gradient ? 6 : 2) * orders) * SPHERE_SH_AVX2_LANES_;
    live = tile; expo = live + 9 * SPHERE_SH_AVX2_LANES_;
    if (high) { tile = expo + 9 * SPHERE_SH_AVX2_LANES_; for (j = 0; j < SPHERE_SH_AVX2_LANES_; j++) sphere_sh_pt_polar_start_(b->polar + j, SPHERE_SH_AVX2_LANES_); }
    h0 = high ? f[4] : f[0]; h1 = high ? f[5] : f[1];
    f0 = f[0]; f1 = f[1]; f2 = f[2]; f3 = f[3];
    room = (size_t)(all ? 2 * degree + 1 + SPHERE_SH_AVX2_LANES_ : 2 * orders) * SPHERE_SH_AVX2_LANES_;
    for (k = 0; k < 4; k++) o[k] = k < outs && b->out[k] ? (b->rows ? tile + (size_t)k * room : b->out[k]) : NULL;
    if (b->rows) step = SPHERE_SH_AVX2_LANES_;
    o0 = o[0]; o1 = o[1]; o2 = o[2]; o3 = o[3];
    for (m0 = 0; m0 <= degree; m0 += orders) {
        const int own = degree - m0 + 1 < orders ? degree - m0 + 1 : orders, chains = gradient && m0 + own <= degree ? own + 1 : own;
        for (j = 0; j < chains; j++) {
            const int m = m0 + j;
            const size_t at = (size_t)j * SPHERE_SH_AVX2_LANES_;
            _mm256_storeu_ps(d + at, _mm256_setzero_ps());
            if (high) {
                float *to[6], *start[3];
                busy[j] = 0;
                for (k = 0; k < 6; k++) to[k] = f[k] + at;
                start[0] = t + at; start[1] = live + at; start[2] = expo + at;
                sphere_sh_pt_order_(plan, m, SPHERE_SH_AVX2_LANES_, lane, b->polar, gradient, j < own ? to : NULL, start);
                for (k = 0; k < SPHERE_SH_AVX2_LANES_; k++) busy[j] |= expo[at + (size_t)k] > 0;
                if (j < own) sphere_sh_pt_polar_step_(b->polar, SPHERE_SH_AVX2_LANES_, m, SPHERE_SH_PT_LARGE_, SPHERE_SH_PT_SHRINK_);
                continue;
            }
            _mm256_storeu_ps(t + at, _mm256_broadcast_ss(seeds + m));
            if (j == own) continue;
            _mm256_storeu_ps(f[0] + at, c_f32x8); _mm256_storeu_ps(f[1] + at, s_f32x8);
            if (gradient) {
                const float order = (float)m;
                const __m256 om_f32x8 = _mm256_set1_ps(order);
                if (gradient == 1) { _mm256_storeu_ps(f[2] + at, _mm256_mul_ps(om_f32x8, pc_f32x8)); _mm256_storeu_ps(f[3] + at, _mm256_mul_ps(om_f32x8, ps_f32x8)); }
                else { _mm256_storeu_ps(f[2] + at, _mm256_mul_ps(om_f32x8, _mm256_sub_ps(_mm256_mul_ps(cp_f32x8, pc_f32x8), _mm256_mul_ps(sp_f32x8, ps_f32x8)))); _mm256_storeu_ps(f[3] + at, _mm256_mul_ps(om_f32x8, SPHERE_MADD_F32X8_(sp_f32x8, pc_f32x8, _mm256_mul_ps(cp_f32x8, ps_f32x8)))); }
            }
            pc_f32x8 = c_f32x8; ps_f32x8 = s_f32x8;
            c_f32x8 = _mm256_sub_ps(_mm256_mul_ps(x_f32x8, pc_f32x8), _mm256_mul_ps(y_f32x8, ps_f32x8)); s_f32x8 = SPHERE_MADD_F32X8_(x_f32x8, ps_f32x8, _mm256_mul_ps(y_f32x8, pc_f32x8));
        }
        if (solid) {
            w_f32x8 = _mm256_loadu_ps(lane + SPHERE_SH_PT_W_ * SPHERE_SH_AVX2_LANES_); v_f32x8 = _mm256_loadu_ps(lane + SPHERE_SH_PT_V0_ * SPHERE_SH_AVX2_LANES_);
            for (l = 1; l <= m0; l++) { w_f32x8 = _mm256_mul_ps(w_f32x8, rho_f32x8); if (l == 1) { v_f32x8 = _mm256_loadu_ps(lane + SPHERE_SH_PT_V1_ * SPHERE_SH_AVX2_LANES_); } else { v_f32x8 = _mm256_mul_ps(v_f32x8, rho_f32x8); } }
        }
        for (l = m0; l <= degree; l++) {
            const int reach = l - m0 + 1, top = chains < reach ? chains : reach, mine = own < reach ? own : reach;
            const float *row = sphere_sh_pt_row_(plan, l, m0, 9, scratch);
            const int n = solid == 1 ? l : solid == 2 ? -(l + 1) : 0;
            size_t plus, minus;
            __m256 next_f32x8, turn_f32x8;
            next_f32x8 = _mm256_setzero_ps();
            if ((l - m0 - top + 1) & 1) { turn_f32x8 = side_f32x8; } else { turn_f32x8 = side2_f32x8; }
            if (solid && l > m0) { w_f32x8 = _mm256_mul_ps(w_f32x8, rho_f32x8); if (l == 1) { v_f32x8 = _mm256_loadu_ps(lane + SPHERE_SH_PT_V1_ * SPHERE_SH_AVX2_LANES_); } else { v_f32x8 = _mm256_mul_ps(v_f32x8, rho_f32x8); } }
            plus = (size_t)(l * l + l + m0) * step; minus = (size_t)(l * l + l - m0) * step;
            if (b->rows) { plus = (all ? fill + (size_t)l : (size_t)orders) * SPHERE_SH_AVX2_LANES_; minus = plus - (m0 ? SPHERE_SH_AVX2_LANES_ : 0); }
            plus += (size_t)(top - 1) * step; minus -= (size_t)(top - 1) * step;
            for (j = top - 1; j >= 0; j--, plus -= step, minus += step) {
                const size_t at = (size_t)j * SPHERE_SH_AVX2_LANES_;
                const float *q = row + 4 * j;
                __m256 old_f32x8 = _mm256_loadu_ps(t + at), dd_f32x8 = _mm256_sub_ps(_mm256_mul_ps(_mm256_broadcast_ss(q + 1), _mm256_loadu_ps(d + at)), _mm256_mul_ps(_mm256_mul_ps(_mm256_broadcast_ss(q + 2), eps_f32x8), old_f32x8));
                old_f32x8 = _mm256_add_ps(old_f32x8, SPHERE_MADD_F32X8_(_mm256_broadcast_ss(q), old_f32x8, dd_f32x8));
                _mm256_storeu_ps(d + at, dd_f32x8); _mm256_storeu_ps(t + at, old_f32x8);
                if (high) {
                    if (busy[j] && sphere_sh_pt_large_avx2_(old_f32x8)) { busy[j] = sphere_sh_pt_rescale_(t + at, d + at, live + at, expo + at, SPHERE_SH_AVX2_LANES_); old_f32x8 = _mm256_loadu_ps(t + at); }
                    old_f32x8 = sphere_sh_pt_keep_avx2_(old_f32x8, _mm256_loadu_ps(live + at));
                }
                if (j < mine) {
                    __m256 tt_f32x8 = sphere_sh_pt_flip_avx2_(old_f32x8, turn_f32x8);
                    if (!gradient) {
                        if (solid) {
                            tt_f32x8 = _mm256_mul_ps(tt_f32x8, w_f32x8);
                            _mm256_storeu_ps(o0 + minus, sphere_sh_pt_canon_avx2_(_mm256_mul_ps(tt_f32x8, _mm256_loadu_ps(f1 + at)))); _mm256_storeu_ps(o0 + plus, sphere_sh_pt_canon_avx2_(_mm256_mul_ps(tt_f32x8, _mm256_loadu_ps(f0 + at))));
                        } else { _mm256_storeu_ps(o0 + minus, _mm256_mul_ps(tt_f32x8, _mm256_loadu_ps(f1 + at))); _mm256_storeu_ps(o0 + plus, _mm256_mul_ps(tt_f32x8, _mm256_loadu_ps(f0 + at))); }
                    } else {
                        __m256 yc_f32x8 = _mm256_mul_ps(tt_f32x8, _mm256_loadu_ps(f0 + at)), ys_f32x8 = _mm256_mul_ps(tt_f32x8, _mm256_loadu_ps(f1 + at));
                        const __m256 gc_f32x8 = _mm256_mul_ps(tt_f32x8, _mm256_loadu_ps(f2 + at)), gs_f32x8 = _mm256_mul_ps(tt_f32x8, _mm256_loadu_ps(f3 + at)), up_f32x8 = sphere_sh_pt_flip_avx2_(_mm256_mul_ps(_mm256_broadcast_ss(q + 3), next_f32x8), turn_f32x8);
                        const __m256 uc_f32x8 = _mm256_mul_ps(up_f32x8, _mm256_loadu_ps(h0 + at)), us_f32x8 = _mm256_mul_ps(up_f32x8, _mm256_loadu_ps(h1 + at));
                        if (gradient == 1) {
                            const float order = (float)(m0 + j - n);
                            const __m256 om_f32x8 = _mm256_set1_ps(order);
                            const __m256 rc_f32x8 = SPHERE_MADD_F32X8_(om_f32x8, yc_f32x8, _mm256_mul_ps(az_f32x8, uc_f32x8)), rs_f32x8 = SPHERE_MADD_F32X8_(om_f32x8, ys_f32x8, _mm256_mul_ps(az_f32x8, us_f32x8));
                            __m256 xc_f32x8 = _mm256_sub_ps(gc_f32x8, _mm256_mul_ps(x_f32x8, rc_f32x8)), xs_f32x8 = _mm256_sub_ps(gs_f32x8, _mm256_mul_ps(x_f32x8, rs_f32x8)), hc_f32x8 = _mm256_sub_ps(_mm256_setzero_ps(), SPHERE_MADD_F32X8_(y_f32x8, rc_f32x8, gs_f32x8)), hs_f32x8 = _mm256_sub_ps(gc_f32x8, _mm256_mul_ps(y_f32x8, rs_f32x8)), zc_f32x8 = sphere_sh_pt_flip_avx2_(_mm256_sub_ps(uc_f32x8, _mm256_mul_ps(az_f32x8, rc_f32x8)), side_f32x8), zs_f32x8 = sphere_sh_pt_flip_avx2_(_mm256_sub_ps(us_f32x8, _mm256_mul_ps(az_f32x8, rs_f32x8)), side_f32x8);
                            if (solid) { xc_f32x8 = sphere_sh_pt_canon_avx2_(_mm256_mul_ps(xc_f32x8, v_f32x8)); xs_f32x8 = sphere_sh_pt_canon_avx2_(_mm256_mul_ps(xs_f32x8, v_f32x8)); hc_f32x8 = sphere_sh_pt_canon_avx2_(_mm256_mul_ps(hc_f32x8, v_f32x8)); hs_f32x8 = sphere_sh_pt_canon_avx2_(_mm256_mul_ps(hs_f32x8, v_f32x8)); zc_f32x8 = sphere_sh_pt_canon_avx2_(_mm256_mul_ps(zc_f32x8, v_f32x8)); zs_f32x8 = sphere_sh_pt_canon_avx2_(_mm256_mul_ps(zs_f32x8, v_f32x8)); }
                            _mm256_storeu_ps(o1 + minus, xs_f32x8); _mm256_storeu_ps(o1 + plus, xc_f32x8);
                            _mm256_storeu_ps(o2 + minus, hs_f32x8); _mm256_storeu_ps(o2 + plus, hc_f32x8);
                            _mm256_storeu_ps(o3 + minus, zs_f32x8); _mm256_storeu_ps(o3 + plus, zc_f32x8);
                        } else {
                            _mm256_storeu_ps(o1 + minus, sphere_sh_pt_flip_avx2_(_mm256_sub_ps(_mm256_mul_ps(az_f32x8, gs_f32x8), _mm256_mul_ps(st_f32x8, us_f32x8)), side_f32x8)); _mm256_storeu_ps(o1 + plus, sphere_sh_pt_flip_avx2_(_mm256_sub_ps(_mm256_mul_ps(az_f32x8, gc_f32x8), _mm256_mul_ps(st_f32x8, uc_f32x8)), side_f32x8));
                            _mm256_storeu_ps(o2 + minus, gc_f32x8); _mm256_storeu_ps(o2 + plus, _mm256_sub_ps(_mm256_setzero_ps(), gs_f32x8));
                        }
                        if (o0) {
                            if (solid) { yc_f32x8 = sphere_sh_pt_canon_avx2_(_mm256_mul_ps(yc_f32x8, w_f32x8)); ys_f32x8 = sphere_sh_pt_canon_avx2_(_mm256_mul_ps(ys_f32x8, w_f32x8)); }
                            _mm256_storeu_ps(o0 + minus, ys_f32x8); _mm256_storeu_ps(o0 + plus, yc_f32x8);
                        }
                    }
                }
                next_f32x8 = old_f32x8; turn_f32x8 = sphere_sh_pt_flip_avx2_(turn_f32x8, side_f32x8);
            }
            if (!b->rows) continue;
            if (all) {
                const size_t columns = fill + (size_t)(2 * l + 1), whole = l == degree ? columns : columns - columns % SPHERE_SH_AVX2_LANES_, first = (size_t)(l * l) - fill;
                for (k = 0; k < outs; k++) {
                    size_t rest;
                    if (!o[k]) continue;
                    sphere_sh_pt_rows_avx2_(b->out[k] + first, b->row, o[k], whole);
                    for (rest = 0; rest < columns - whole; rest++) { _mm256_storeu_ps(o[k] + rest * SPHERE_SH_AVX2_LANES_, _mm256_loadu_ps(o[k] + (whole + rest) * SPHERE_SH_AVX2_LANES_)); }
                }
                fill = columns - whole;
            } else {
                for (k = 0; k < outs; k++) {
                    const float *middle = o[k] + (size_t)orders * SPHERE_SH_AVX2_LANES_;
                    if (!o[k]) continue;
                    if (!m0) { sphere_sh_pt_rows_avx2_(b->out[k] + (l * l + l - mine + 1), b->row, middle - (size_t)(mine - 1) * SPHERE_SH_AVX2_LANES_, (size_t)(2 * mine - 1)); continue; }
                    sphere_sh_pt_rows_avx2_(b->out[k] + (l * l + l - m0 - mine + 1), b->row, middle - (size_t)mine * SPHERE_SH_AVX2_LANES_, (size_t)mine);
                    sphere_sh_pt_rows_avx2_(b->out[k] + (l * l + l + m0), b->row, middle, (size_t)mine);
                }
            }
        }
    }
    (void)fill; (void)room; (void)all;
    return sphere_sh_pt_strange_avx2_(n2_f32x8);
}
SPHERE_TARGET_AVX2_ static int sphere_sh_pt_basis_avx2_(const sphere_sh_points *plan, const sphere_sh_pt_block_ *b)
{
    const int plain = !b->solid && plan->degree <= SPHERE_SH_PT_LOW_DEGREE_;
    if (b->gradient == 1) return plain ? sphere_sh_pt_basis_body_avx2_(plan, b, 1, 1) : sphere_sh_pt_basis_body_avx2_(plan, b, 1, 0);
    if (b->gradient == 2) return sphere_sh_pt_basis_body_avx2_(plan, b, 2, 0);
    return plain ? sphere_sh_pt_basis_body_avx2_(plan, b, 0, 1) : sphere_sh_pt_basis_body_avx2_(plan, b, 0, 0);
}
#endif
#if SPHERE_NEON_
SPHERE_INLINE_ int sphere_sh_pt_basis_body_neon_(const sphere_sh_points *plan, const sphere_sh_pt_block_ *b, const int gradient, const int plain)
{
    enum { SPACE = SPHERE_SH_PT_WORK_ };
    const int degree = plan->degree, high = !plain && degree > SPHERE_SH_PT_LOW_DEGREE_, solid = plain ? 0 : b->solid, outs = gradient == 0 ? 1 : gradient == 1 ? 4 : 3;
    const float *lane = b->lane, *seeds = sphere_sh_pt_seeds_(plan);
    float space[SPACE * SPHERE_SH_NEON_LANES_ + 64 / sizeof(float)], *const work = (float *)sphere_align_(space);        /* aligned: half of the vectors would cross a cache line */
    float scratch[9 * 4], *t, *d, *f[6], *live, *expo, *tile = work, *o[4];
    const float *f0, *f1, *f2, *f3, *h0, *h1;                           /* what stays in registers: the addresses of f and o are taken */
    float *o0, *o1, *o2, *o3;
    size_t fill = 0, room, step = b->step;
    int busy[9], orders, m0, l, j, k, all;
    const float32x4_t x_f32x4 = vld1q_f32(b->x), y_f32x4 = vld1q_f32(b->y), z_f32x4 = vld1q_f32(b->z);
    const float32x4_t az_f32x4 = vabsq_f32(z_f32x4), side_f32x4 = sphere_sh_pt_sign_neon_(z_f32x4), side2_f32x4 = sphere_sh_pt_flip_neon_(side_f32x4, side_f32x4), n2_f32x4 = SPHERE_MADD_F32X4_(z_f32x4, z_f32x4, SPHERE_MADD_F32X4_(x_f32x4, x_f32x4, vmulq_f32(y_f32x4, y_f32x4)));
    float32x4_t eps_f32x4, c_f32x4, s_f32x4, pc_f32x4, ps_f32x4, w_f32x4, v_f32x4, rho_f32x4, st_f32x4, cp_f32x4, sp_f32x4;
    if (high) { eps_f32x4 = vld1q_f32(lane + SPHERE_SH_PT_E_ * SPHERE_SH_NEON_LANES_); }
    else { eps_f32x4 = sphere_sh_pt_above_neon_(az_f32x4, vdupq_n_f32(0.5f), vdivq_f32(SPHERE_MADD_F32X4_(x_f32x4, x_f32x4, vmulq_f32(y_f32x4, y_f32x4)), vaddq_f32(vdupq_n_f32(1.0f), az_f32x4)), vsubq_f32(vdupq_n_f32(1.0f), az_f32x4)); }
    c_f32x4 = vdupq_n_f32(1.0f); s_f32x4 = vdupq_n_f32(0); pc_f32x4 = s_f32x4; ps_f32x4 = s_f32x4; w_f32x4 = s_f32x4; v_f32x4 = s_f32x4; rho_f32x4 = s_f32x4; st_f32x4 = s_f32x4; cp_f32x4 = s_f32x4; sp_f32x4 = s_f32x4;
    if (solid) { rho_f32x4 = vld1q_f32(lane + SPHERE_SH_PT_RHO_ * SPHERE_SH_NEON_LANES_); }
    if (gradient == 2) { st_f32x4 = vld1q_f32(lane + SPHERE_SH_PT_ST_ * SPHERE_SH_NEON_LANES_); cp_f32x4 = vld1q_f32(lane + SPHERE_SH_PT_CP_ * SPHERE_SH_NEON_LANES_); sp_f32x4 = vld1q_f32(lane + SPHERE_SH_PT_SP_ * SPHERE_SH_NEON_LANES_); }
    /* All orders at once when there is room: then the columns of a row come in order. */
    all = !high && (degree + 2) * 2 + (degree + 1) * (gradient ? 6 : 2) + (b->rows ? outs * (2 * degree + 1 + SPHERE_SH_NEON_LANES_) : 0) <= SPACE;
    orders = all ? degree + 1 : 8;
    t = work; d = t + (size_t)(orders + 1) * SPHERE_SH_NEON_LANES_;
    for (k = 0; k < 6; k++) f[k] = d + (size_t)(orders + 1 + (k < 2 || gradient ? k * orders : 0)) * SPHERE_SH_NEON_LANES_;
    tile = d + (size_t)(orders + 1 + (gradient ? 6 : 2) * orders) * SPHERE_SH_NEON_LANES_;
    live = tile; expo = live + 9 * SPHERE_SH_NEON_LANES_;
    if (high) { tile = expo + 9 * SPHERE_SH_NEON_LANES_; for (j = 0; j < SPHERE_SH_NEON_LANES_; j++) sphere_sh_pt_polar_start_(b->polar + j, SPHERE_SH_NEON_LANES_); }
    h0 = high ? f[4] : f[0]; h1 = high ? f[5] : f[1];
    f0 = f[0]; f1 = f[1]; f2 = f[2]; f3 = f[3];
    room = (size_t)(all ? 2 * degree + 1 + SPHERE_SH_NEON_LANES_ : 2 * orders) * SPHERE_SH_NEON_LANES_;
    for (k = 0; k < 4; k++) o[k] = k < outs && b->out[k] ? (b->rows ? tile + (size_t)k * room : b->out[k]) : NULL;
    if (b->rows) step = SPHERE_SH_NEON_LANES_;
    o0 = o[0]; o1 = o[1]; o2 = o[2]; o3 = o[3];
    for (m0 = 0; m0 <= degree; m0 += orders) {
        const int own = degree - m0 + 1 < orders ? degree - m0 + 1 : orders, chains = gradient && m0 + own <= degree ? own + 1 : own;
        for (j = 0; j < chains; j++) {
            const int m = m0 + j;
            const size_t at = (size_t)j * SPHERE_SH_NEON_LANES_;
            vst1q_f32(d + at, vdupq_n_f32(0));
            if (high) {
                float *to[6], *start[3];
                busy[j] = 0;
                for (k = 0; k < 6; k++) to[k] = f[k] + at;
                start[0] = t + at; start[1] = live + at; start[2] = expo + at;
                sphere_sh_pt_order_(plan, m, SPHERE_SH_NEON_LANES_, lane, b->polar, gradient, j < own ? to : NULL, start);
                for (k = 0; k < SPHERE_SH_NEON_LANES_; k++) busy[j] |= expo[at + (size_t)k] > 0;
                if (j < own) sphere_sh_pt_polar_step_(b->polar, SPHERE_SH_NEON_LANES_, m, SPHERE_SH_PT_LARGE_, SPHERE_SH_PT_SHRINK_);
                continue;
            }
            vst1q_f32(t + at, vld1q_dup_f32(seeds + m));
            if (j == own) continue;
            vst1q_f32(f[0] + at, c_f32x4); vst1q_f32(f[1] + at, s_f32x4);
            if (gradient) {
                const float order = (float)m;
                const float32x4_t om_f32x4 = vdupq_n_f32(order);
                if (gradient == 1) { vst1q_f32(f[2] + at, vmulq_f32(om_f32x4, pc_f32x4)); vst1q_f32(f[3] + at, vmulq_f32(om_f32x4, ps_f32x4)); }
                else { vst1q_f32(f[2] + at, vmulq_f32(om_f32x4, vsubq_f32(vmulq_f32(cp_f32x4, pc_f32x4), vmulq_f32(sp_f32x4, ps_f32x4)))); vst1q_f32(f[3] + at, vmulq_f32(om_f32x4, SPHERE_MADD_F32X4_(sp_f32x4, pc_f32x4, vmulq_f32(cp_f32x4, ps_f32x4)))); }
            }
            pc_f32x4 = c_f32x4; ps_f32x4 = s_f32x4;
            c_f32x4 = vsubq_f32(vmulq_f32(x_f32x4, pc_f32x4), vmulq_f32(y_f32x4, ps_f32x4)); s_f32x4 = SPHERE_MADD_F32X4_(x_f32x4, ps_f32x4, vmulq_f32(y_f32x4, pc_f32x4));
        }
        if (solid) {
            w_f32x4 = vld1q_f32(lane + SPHERE_SH_PT_W_ * SPHERE_SH_NEON_LANES_); v_f32x4 = vld1q_f32(lane + SPHERE_SH_PT_V0_ * SPHERE_SH_NEON_LANES_);
            for (l = 1; l <= m0; l++) { w_f32x4 = vmulq_f32(w_f32x4, rho_f32x4); if (l == 1) { v_f32x4 = vld1q_f32(lane + SPHERE_SH_PT_V1_ * SPHERE_SH_NEON_LANES_); } else { v_f32x4 = vmulq_f32(v_f32x4, rho_f32x4); } }
        }
        for (l = m0; l <= degree; l++) {
            const int reach = l - m0 + 1, top = chains < reach ? chains : reach, mine = own < reach ? own : reach;
            const float *row = sphere_sh_pt_row_(plan, l, m0, 9, scratch);
            const int n = solid == 1 ? l : solid == 2 ? -(l + 1) : 0;
            size_t plus, minus;
            float32x4_t next_f32x4, turn_f32x4;
            next_f32x4 = vdupq_n_f32(0);
            if ((l - m0 - top + 1) & 1) { turn_f32x4 = side_f32x4; } else { turn_f32x4 = side2_f32x4; }
            if (solid && l > m0) { w_f32x4 = vmulq_f32(w_f32x4, rho_f32x4); if (l == 1) { v_f32x4 = vld1q_f32(lane + SPHERE_SH_PT_V1_ * SPHERE_SH_NEON_LANES_); } else { v_f32x4 = vmulq_f32(v_f32x4, rho_f32x4); } }
            plus = (size_t)(l * l + l + m0) * step; minus = (size_t)(l * l + l - m0) * step;
            if (b->rows) { plus = (all ? fill + (size_t)l : (size_t)orders) * SPHERE_SH_NEON_LANES_; minus = plus - (m0 ? SPHERE_SH_NEON_LANES_ : 0); }
            plus += (size_t)(top - 1) * step; minus -= (size_t)(top - 1) * step;
            for (j = top - 1; j >= 0; j--, plus -= step, minus += step) {
                const size_t at = (size_t)j * SPHERE_SH_NEON_LANES_;
                const float *q = row + 4 * j;
                float32x4_t old_f32x4 = vld1q_f32(t + at), dd_f32x4 = vsubq_f32(vmulq_f32(vld1q_dup_f32(q + 1), vld1q_f32(d + at)), vmulq_f32(vmulq_f32(vld1q_dup_f32(q + 2), eps_f32x4), old_f32x4));
                old_f32x4 = vaddq_f32(old_f32x4, SPHERE_MADD_F32X4_(vld1q_dup_f32(q), old_f32x4, dd_f32x4));
                vst1q_f32(d + at, dd_f32x4); vst1q_f32(t + at, old_f32x4);
                if (high) {
                    if (busy[j] && sphere_sh_pt_large_neon_(old_f32x4)) { busy[j] = sphere_sh_pt_rescale_(t + at, d + at, live + at, expo + at, SPHERE_SH_NEON_LANES_); old_f32x4 = vld1q_f32(t + at); }
                    old_f32x4 = sphere_sh_pt_keep_neon_(old_f32x4, vld1q_f32(live + at));
                }
                if (j < mine) {
                    float32x4_t tt_f32x4 = sphere_sh_pt_flip_neon_(old_f32x4, turn_f32x4);
                    if (!gradient) {
                        if (solid) {
                            tt_f32x4 = vmulq_f32(tt_f32x4, w_f32x4);
                            vst1q_f32(o0 + minus, sphere_sh_pt_canon_neon_(vmulq_f32(tt_f32x4, vld1q_f32(f1 + at)))); vst1q_f32(o0 + plus, sphere_sh_pt_canon_neon_(vmulq_f32(tt_f32x4, vld1q_f32(f0 + at))));
                        } else { vst1q_f32(o0 + minus, vmulq_f32(tt_f32x4, vld1q_f32(f1 + at))); vst1q_f32(o0 + plus, vmulq_f32(tt_f32x4, vld1q_f32(f0 + at))); }
                    } else {
                        float32x4_t yc_f32x4 = vmulq_f32(tt_f32x4, vld1q_f32(f0 + at)), ys_f32x4 = vmulq_f32(tt_f32x4, vld1q_f32(f1 + at));
                        const float32x4_t gc_f32x4 = vmulq_f32(tt_f32x4, vld1q_f32(f2 + at)), gs_f32x4 = vmulq_f32(tt_f32x4, vld1q_f32(f3 + at)), up_f32x4 = sphere_sh_pt_flip_neon_(vmulq_f32(vld1q_dup_f32(q + 3), next_f32x4), turn_f32x4);
                        const float32x4_t uc_f32x4 = vmulq_f32(up_f32x4, vld1q_f32(h0 + at)), us_f32x4 = vmulq_f32(up_f32x4, vld1q_f32(h1 + at));
                        if (gradient == 1) {
                            const float order = (float)(m0 + j - n);
                            const float32x4_t om_f32x4 = vdupq_n_f32(order);
                            const float32x4_t rc_f32x4 = SPHERE_MADD_F32X4_(om_f32x4, yc_f32x4, vmulq_f32(az_f32x4, uc_f32x4)), rs_f32x4 = SPHERE_MADD_F32X4_(om_f32x4, ys_f32x4, vmulq_f32(az_f32x4, us_f32x4));
                            float32x4_t xc_f32x4 = vsubq_f32(gc_f32x4, vmulq_f32(x_f32x4, rc_f32x4)), xs_f32x4 = vsubq_f32(gs_f32x4, vmulq_f32(x_f32x4, rs_f32x4)), hc_f32x4 = vsubq_f32(vdupq_n_f32(0), SPHERE_MADD_F32X4_(y_f32x4, rc_f32x4, gs_f32x4)), hs_f32x4 = vsubq_f32(gc_f32x4, vmulq_f32(y_f32x4, rs_f32x4)), zc_f32x4 = sphere_sh_pt_flip_neon_(vsubq_f32(uc_f32x4, vmulq_f32(az_f32x4, rc_f32x4)), side_f32x4), zs_f32x4 = sphere_sh_pt_flip_neon_(vsubq_f32(us_f32x4, vmulq_f32(az_f32x4, rs_f32x4)), side_f32x4);
                            if (solid) { xc_f32x4 = sphere_sh_pt_canon_neon_(vmulq_f32(xc_f32x4, v_f32x4)); xs_f32x4 = sphere_sh_pt_canon_neon_(vmulq_f32(xs_f32x4, v_f32x4)); hc_f32x4 = sphere_sh_pt_canon_neon_(vmulq_f32(hc_f32x4, v_f32x4)); hs_f32x4 = sphere_sh_pt_canon_neon_(vmulq_f32(hs_f32x4, v_f32x4)); zc_f32x4 = sphere_sh_pt_canon_neon_(vmulq_f32(zc_f32x4, v_f32x4)); zs_f32x4 = sphere_sh_pt_canon_neon_(vmulq_f32(zs_f32x4, v_f32x4)); }
                            vst1q_f32(o1 + minus, xs_f32x4); vst1q_f32(o1 + plus, xc_f32x4);
                            vst1q_f32(o2 + minus, hs_f32x4); vst1q_f32(o2 + plus, hc_f32x4);
                            vst1q_f32(o3 + minus, zs_f32x4); vst1q_f32(o3 + plus, zc_f32x4);
                        } else {
                            vst1q_f32(o1 + minus, sphere_sh_pt_flip_neon_(vsubq_f32(vmulq_f32(az_f32x4, gs_f32x4), vmulq_f32(st_f32x4, us_f32x4)), side_f32x4)); vst1q_f32(o1 + plus, sphere_sh_pt_flip_neon_(vsubq_f32(vmulq_f32(az_f32x4, gc_f32x4), vmulq_f32(st_f32x4, uc_f32x4)), side_f32x4));
                            vst1q_f32(o2 + minus, gc_f32x4); vst1q_f32(o2 + plus, vsubq_f32(vdupq_n_f32(0), gs_f32x4));
                        }
                        if (o0) {
                            if (solid) { yc_f32x4 = sphere_sh_pt_canon_neon_(vmulq_f32(yc_f32x4, w_f32x4)); ys_f32x4 = sphere_sh_pt_canon_neon_(vmulq_f32(ys_f32x4, w_f32x4)); }
                            vst1q_f32(o0 + minus, ys_f32x4); vst1q_f32(o0 + plus, yc_f32x4);
                        }
                    }
                }
                next_f32x4 = old_f32x4; turn_f32x4 = sphere_sh_pt_flip_neon_(turn_f32x4, side_f32x4);
            }
            if (!b->rows) continue;
            if (all) {
                const size_t columns = fill + (size_t)(2 * l + 1), whole = l == degree ? columns : columns - columns % SPHERE_SH_NEON_LANES_, first = (size_t)(l * l) - fill;
                for (k = 0; k < outs; k++) {
                    size_t rest;
                    if (!o[k]) continue;
                    sphere_sh_pt_rows_neon_(b->out[k] + first, b->row, o[k], whole);
                    for (rest = 0; rest < columns - whole; rest++) { vst1q_f32(o[k] + rest * SPHERE_SH_NEON_LANES_, vld1q_f32(o[k] + (whole + rest) * SPHERE_SH_NEON_LANES_)); }
                }
                fill = columns - whole;
            } else {
                for (k = 0; k < outs; k++) {
                    const float *middle = o[k] + (size_t)orders * SPHERE_SH_NEON_LANES_;
                    if (!o[k]) continue;
                    if (!m0) { sphere_sh_pt_rows_neon_(b->out[k] + (l * l + l - mine + 1), b->row, middle - (size_t)(mine - 1) * SPHERE_SH_NEON_LANES_, (size_t)(2 * mine - 1)); continue; }
                    sphere_sh_pt_rows_neon_(b->out[k] + (l * l + l - m0 - mine + 1), b->row, middle - (size_t)mine * SPHERE_SH_NEON_LANES_, (size_t)mine);
                    sphere_sh_pt_rows_neon_(b->out[k] + (l * l + l + m0), b->row, middle, (size_t)mine);
                }
            }
        }
    }
    (void)fill; (void)room; (void)all;
    return sphere_sh_pt_strange_neon_(n2_f32x4);
}
static int sphere_sh_pt_basis_neon_(const sphere_sh_points *plan, const sphere_sh_pt_block_ *b)
{
    const int plain = !b->solid && plan->degree <= SPHERE_SH_PT_LOW_DEGREE_;
    if (b->gradient == 1) return plain ? sphere_sh_pt_basis_body_neon_(plan, b, 1, 1) : sphere_sh_pt_basis_body_neon_(plan, b, 1, 0);
    if (b->gradient == 2) return sphere_sh_pt_basis_body_neon_(plan, b, 2, 0);
    return plain ? sphere_sh_pt_basis_body_neon_(plan, b, 0, 1) : sphere_sh_pt_basis_body_neon_(plan, b, 0, 0);
}
#endif

/* >>kernel planes: the values alone, to SPHERE_SH_PT_LOW_DEGREE_, an array per harmonic: four vectors at a time, order by order, so that the recurrence
   stays in registers and whole lines of memory are written. The same operations as the kernel basis. Returns how many directions it did. */

#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static size_t sphere_sh_pt_planes_avx2_(const sphere_sh_points *plan, const float *x, const float *y, const float *z, size_t n, float *out, size_t stride, int *bad)
{
    const float *seeds = sphere_sh_pt_seeds_(plan), *table = seeds + (plan->degree + 2);
    const int degree = plan->degree;
    float space[4 * 4 * SPHERE_SH_AVX2_LANES_ + 64 / sizeof(float)], *const cur = (float *)sphere_align_(space), *const turn = cur + 2 * 4 * SPHERE_SH_AVX2_LANES_;
    size_t i = 0;
    int l, m;
    for (; i + 4 * SPHERE_SH_AVX2_LANES_ <= n; i += 4 * SPHERE_SH_AVX2_LANES_) {
        __m256 e0_f32x8, e1_f32x8, e2_f32x8, e3_f32x8;
        { const __m256 px_f32x8 = _mm256_loadu_ps(x + i + 0 * SPHERE_SH_AVX2_LANES_), py_f32x8 = _mm256_loadu_ps(y + i + 0 * SPHERE_SH_AVX2_LANES_), pz_f32x8 = _mm256_loadu_ps(z + i + 0 * SPHERE_SH_AVX2_LANES_), az_f32x8 = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), pz_f32x8), side_f32x8 = sphere_sh_pt_sign_avx2_(pz_f32x8), n2_f32x8 = SPHERE_MADD_F32X8_(pz_f32x8, pz_f32x8, SPHERE_MADD_F32X8_(px_f32x8, px_f32x8, _mm256_mul_ps(py_f32x8, py_f32x8)));
          *bad |= sphere_sh_pt_strange_avx2_(n2_f32x8);
          e0_f32x8 = sphere_sh_pt_above_avx2_(az_f32x8, _mm256_set1_ps(0.5f), _mm256_div_ps(SPHERE_MADD_F32X8_(px_f32x8, px_f32x8, _mm256_mul_ps(py_f32x8, py_f32x8)), _mm256_add_ps(_mm256_set1_ps(1.0f), az_f32x8)), _mm256_sub_ps(_mm256_set1_ps(1.0f), az_f32x8));
          _mm256_storeu_ps(turn + 0 * SPHERE_SH_AVX2_LANES_, sphere_sh_pt_flip_avx2_(side_f32x8, side_f32x8)); _mm256_storeu_ps(turn + 4 * SPHERE_SH_AVX2_LANES_ + 0 * SPHERE_SH_AVX2_LANES_, side_f32x8); _mm256_storeu_ps(cur + 0 * SPHERE_SH_AVX2_LANES_, _mm256_set1_ps(1.0f)); _mm256_storeu_ps(cur + 4 * SPHERE_SH_AVX2_LANES_ + 0 * SPHERE_SH_AVX2_LANES_, _mm256_setzero_ps()); }
        { const __m256 px_f32x8 = _mm256_loadu_ps(x + i + 1 * SPHERE_SH_AVX2_LANES_), py_f32x8 = _mm256_loadu_ps(y + i + 1 * SPHERE_SH_AVX2_LANES_), pz_f32x8 = _mm256_loadu_ps(z + i + 1 * SPHERE_SH_AVX2_LANES_), az_f32x8 = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), pz_f32x8), side_f32x8 = sphere_sh_pt_sign_avx2_(pz_f32x8), n2_f32x8 = SPHERE_MADD_F32X8_(pz_f32x8, pz_f32x8, SPHERE_MADD_F32X8_(px_f32x8, px_f32x8, _mm256_mul_ps(py_f32x8, py_f32x8)));
          *bad |= sphere_sh_pt_strange_avx2_(n2_f32x8);
          e1_f32x8 = sphere_sh_pt_above_avx2_(az_f32x8, _mm256_set1_ps(0.5f), _mm256_div_ps(SPHERE_MADD_F32X8_(px_f32x8, px_f32x8, _mm256_mul_ps(py_f32x8, py_f32x8)), _mm256_add_ps(_mm256_set1_ps(1.0f), az_f32x8)), _mm256_sub_ps(_mm256_set1_ps(1.0f), az_f32x8));
          _mm256_storeu_ps(turn + 1 * SPHERE_SH_AVX2_LANES_, sphere_sh_pt_flip_avx2_(side_f32x8, side_f32x8)); _mm256_storeu_ps(turn + 4 * SPHERE_SH_AVX2_LANES_ + 1 * SPHERE_SH_AVX2_LANES_, side_f32x8); _mm256_storeu_ps(cur + 1 * SPHERE_SH_AVX2_LANES_, _mm256_set1_ps(1.0f)); _mm256_storeu_ps(cur + 4 * SPHERE_SH_AVX2_LANES_ + 1 * SPHERE_SH_AVX2_LANES_, _mm256_setzero_ps()); }
        { const __m256 px_f32x8 = _mm256_loadu_ps(x + i + 2 * SPHERE_SH_AVX2_LANES_), py_f32x8 = _mm256_loadu_ps(y + i + 2 * SPHERE_SH_AVX2_LANES_), pz_f32x8 = _mm256_loadu_ps(z + i + 2 * SPHERE_SH_AVX2_LANES_), az_f32x8 = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), pz_f32x8), side_f32x8 = sphere_sh_pt_sign_avx2_(pz_f32x8), n2_f32x8 = SPHERE_MADD_F32X8_(pz_f32x8, pz_f32x8, SPHERE_MADD_F32X8_(px_f32x8, px_f32x8, _mm256_mul_ps(py_f32x8, py_f32x8)));
          *bad |= sphere_sh_pt_strange_avx2_(n2_f32x8);
          e2_f32x8 = sphere_sh_pt_above_avx2_(az_f32x8, _mm256_set1_ps(0.5f), _mm256_div_ps(SPHERE_MADD_F32X8_(px_f32x8, px_f32x8, _mm256_mul_ps(py_f32x8, py_f32x8)), _mm256_add_ps(_mm256_set1_ps(1.0f), az_f32x8)), _mm256_sub_ps(_mm256_set1_ps(1.0f), az_f32x8));
          _mm256_storeu_ps(turn + 2 * SPHERE_SH_AVX2_LANES_, sphere_sh_pt_flip_avx2_(side_f32x8, side_f32x8)); _mm256_storeu_ps(turn + 4 * SPHERE_SH_AVX2_LANES_ + 2 * SPHERE_SH_AVX2_LANES_, side_f32x8); _mm256_storeu_ps(cur + 2 * SPHERE_SH_AVX2_LANES_, _mm256_set1_ps(1.0f)); _mm256_storeu_ps(cur + 4 * SPHERE_SH_AVX2_LANES_ + 2 * SPHERE_SH_AVX2_LANES_, _mm256_setzero_ps()); }
        { const __m256 px_f32x8 = _mm256_loadu_ps(x + i + 3 * SPHERE_SH_AVX2_LANES_), py_f32x8 = _mm256_loadu_ps(y + i + 3 * SPHERE_SH_AVX2_LANES_), pz_f32x8 = _mm256_loadu_ps(z + i + 3 * SPHERE_SH_AVX2_LANES_), az_f32x8 = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), pz_f32x8), side_f32x8 = sphere_sh_pt_sign_avx2_(pz_f32x8), n2_f32x8 = SPHERE_MADD_F32X8_(pz_f32x8, pz_f32x8, SPHERE_MADD_F32X8_(px_f32x8, px_f32x8, _mm256_mul_ps(py_f32x8, py_f32x8)));
          *bad |= sphere_sh_pt_strange_avx2_(n2_f32x8);
          e3_f32x8 = sphere_sh_pt_above_avx2_(az_f32x8, _mm256_set1_ps(0.5f), _mm256_div_ps(SPHERE_MADD_F32X8_(px_f32x8, px_f32x8, _mm256_mul_ps(py_f32x8, py_f32x8)), _mm256_add_ps(_mm256_set1_ps(1.0f), az_f32x8)), _mm256_sub_ps(_mm256_set1_ps(1.0f), az_f32x8));
          _mm256_storeu_ps(turn + 3 * SPHERE_SH_AVX2_LANES_, sphere_sh_pt_flip_avx2_(side_f32x8, side_f32x8)); _mm256_storeu_ps(turn + 4 * SPHERE_SH_AVX2_LANES_ + 3 * SPHERE_SH_AVX2_LANES_, side_f32x8); _mm256_storeu_ps(cur + 3 * SPHERE_SH_AVX2_LANES_, _mm256_set1_ps(1.0f)); _mm256_storeu_ps(cur + 4 * SPHERE_SH_AVX2_LANES_ + 3 * SPHERE_SH_AVX2_LANES_, _mm256_setzero_ps()); }
        for (m = 0; m <= degree; m++) {
            const float *q = table + 4 * ((size_t)m * ((size_t)m + 1) / 2 + (size_t)m);
            float *plus = out + i + (size_t)(m * m + m + m) * stride, *minus = out + i + (size_t)(m * m) * stride;
            __m256 t0_f32x8 = _mm256_broadcast_ss(seeds + m), t1_f32x8 = t0_f32x8, t2_f32x8 = t0_f32x8, t3_f32x8 = t0_f32x8, d0_f32x8 = _mm256_setzero_ps(), d1_f32x8 = d0_f32x8, d2_f32x8 = d0_f32x8, d3_f32x8 = d0_f32x8;
            for (l = m; l <= degree; q += 4 * (size_t)(l + 1), l++, plus += 2 * (size_t)l * stride, minus += 2 * (size_t)l * stride) {
                const float *sign = turn + ((l - m) & 1 ? 4 * SPHERE_SH_AVX2_LANES_ : 0);
                const __m256 a_f32x8 = _mm256_broadcast_ss(q), b_f32x8 = _mm256_broadcast_ss(q + 1), c_f32x8 = _mm256_broadcast_ss(q + 2);
                { d0_f32x8 = _mm256_sub_ps(_mm256_mul_ps(b_f32x8, d0_f32x8), _mm256_mul_ps(_mm256_mul_ps(c_f32x8, e0_f32x8), t0_f32x8)); t0_f32x8 = _mm256_add_ps(t0_f32x8, SPHERE_MADD_F32X8_(a_f32x8, t0_f32x8, d0_f32x8)); const __m256 tt_f32x8 = sphere_sh_pt_flip_avx2_(t0_f32x8, _mm256_loadu_ps(sign + 0 * SPHERE_SH_AVX2_LANES_));
                  _mm256_storeu_ps(minus + 0 * SPHERE_SH_AVX2_LANES_, _mm256_mul_ps(tt_f32x8, _mm256_loadu_ps(cur + 4 * SPHERE_SH_AVX2_LANES_ + 0 * SPHERE_SH_AVX2_LANES_))); _mm256_storeu_ps(plus + 0 * SPHERE_SH_AVX2_LANES_, _mm256_mul_ps(tt_f32x8, _mm256_loadu_ps(cur + 0 * SPHERE_SH_AVX2_LANES_))); }
                { d1_f32x8 = _mm256_sub_ps(_mm256_mul_ps(b_f32x8, d1_f32x8), _mm256_mul_ps(_mm256_mul_ps(c_f32x8, e1_f32x8), t1_f32x8)); t1_f32x8 = _mm256_add_ps(t1_f32x8, SPHERE_MADD_F32X8_(a_f32x8, t1_f32x8, d1_f32x8)); const __m256 tt_f32x8 = sphere_sh_pt_flip_avx2_(t1_f32x8, _mm256_loadu_ps(sign + 1 * SPHERE_SH_AVX2_LANES_));
                  _mm256_storeu_ps(minus + 1 * SPHERE_SH_AVX2_LANES_, _mm256_mul_ps(tt_f32x8, _mm256_loadu_ps(cur + 4 * SPHERE_SH_AVX2_LANES_ + 1 * SPHERE_SH_AVX2_LANES_))); _mm256_storeu_ps(plus + 1 * SPHERE_SH_AVX2_LANES_, _mm256_mul_ps(tt_f32x8, _mm256_loadu_ps(cur + 1 * SPHERE_SH_AVX2_LANES_))); }
                { d2_f32x8 = _mm256_sub_ps(_mm256_mul_ps(b_f32x8, d2_f32x8), _mm256_mul_ps(_mm256_mul_ps(c_f32x8, e2_f32x8), t2_f32x8)); t2_f32x8 = _mm256_add_ps(t2_f32x8, SPHERE_MADD_F32X8_(a_f32x8, t2_f32x8, d2_f32x8)); const __m256 tt_f32x8 = sphere_sh_pt_flip_avx2_(t2_f32x8, _mm256_loadu_ps(sign + 2 * SPHERE_SH_AVX2_LANES_));
                  _mm256_storeu_ps(minus + 2 * SPHERE_SH_AVX2_LANES_, _mm256_mul_ps(tt_f32x8, _mm256_loadu_ps(cur + 4 * SPHERE_SH_AVX2_LANES_ + 2 * SPHERE_SH_AVX2_LANES_))); _mm256_storeu_ps(plus + 2 * SPHERE_SH_AVX2_LANES_, _mm256_mul_ps(tt_f32x8, _mm256_loadu_ps(cur + 2 * SPHERE_SH_AVX2_LANES_))); }
                { d3_f32x8 = _mm256_sub_ps(_mm256_mul_ps(b_f32x8, d3_f32x8), _mm256_mul_ps(_mm256_mul_ps(c_f32x8, e3_f32x8), t3_f32x8)); t3_f32x8 = _mm256_add_ps(t3_f32x8, SPHERE_MADD_F32X8_(a_f32x8, t3_f32x8, d3_f32x8)); const __m256 tt_f32x8 = sphere_sh_pt_flip_avx2_(t3_f32x8, _mm256_loadu_ps(sign + 3 * SPHERE_SH_AVX2_LANES_));
                  _mm256_storeu_ps(minus + 3 * SPHERE_SH_AVX2_LANES_, _mm256_mul_ps(tt_f32x8, _mm256_loadu_ps(cur + 4 * SPHERE_SH_AVX2_LANES_ + 3 * SPHERE_SH_AVX2_LANES_))); _mm256_storeu_ps(plus + 3 * SPHERE_SH_AVX2_LANES_, _mm256_mul_ps(tt_f32x8, _mm256_loadu_ps(cur + 3 * SPHERE_SH_AVX2_LANES_))); }
            }
            { const __m256 px_f32x8 = _mm256_loadu_ps(x + i + 0 * SPHERE_SH_AVX2_LANES_), py_f32x8 = _mm256_loadu_ps(y + i + 0 * SPHERE_SH_AVX2_LANES_), c_f32x8 = _mm256_loadu_ps(cur + 0 * SPHERE_SH_AVX2_LANES_), s_f32x8 = _mm256_loadu_ps(cur + 4 * SPHERE_SH_AVX2_LANES_ + 0 * SPHERE_SH_AVX2_LANES_);
              _mm256_storeu_ps(cur + 0 * SPHERE_SH_AVX2_LANES_, _mm256_sub_ps(_mm256_mul_ps(px_f32x8, c_f32x8), _mm256_mul_ps(py_f32x8, s_f32x8))); _mm256_storeu_ps(cur + 4 * SPHERE_SH_AVX2_LANES_ + 0 * SPHERE_SH_AVX2_LANES_, SPHERE_MADD_F32X8_(px_f32x8, s_f32x8, _mm256_mul_ps(py_f32x8, c_f32x8))); }
            { const __m256 px_f32x8 = _mm256_loadu_ps(x + i + 1 * SPHERE_SH_AVX2_LANES_), py_f32x8 = _mm256_loadu_ps(y + i + 1 * SPHERE_SH_AVX2_LANES_), c_f32x8 = _mm256_loadu_ps(cur + 1 * SPHERE_SH_AVX2_LANES_), s_f32x8 = _mm256_loadu_ps(cur + 4 * SPHERE_SH_AVX2_LANES_ + 1 * SPHERE_SH_AVX2_LANES_);
              _mm256_storeu_ps(cur + 1 * SPHERE_SH_AVX2_LANES_, _mm256_sub_ps(_mm256_mul_ps(px_f32x8, c_f32x8), _mm256_mul_ps(py_f32x8, s_f32x8))); _mm256_storeu_ps(cur + 4 * SPHERE_SH_AVX2_LANES_ + 1 * SPHERE_SH_AVX2_LANES_, SPHERE_MADD_F32X8_(px_f32x8, s_f32x8, _mm256_mul_ps(py_f32x8, c_f32x8))); }
            { const __m256 px_f32x8 = _mm256_loadu_ps(x + i + 2 * SPHERE_SH_AVX2_LANES_), py_f32x8 = _mm256_loadu_ps(y + i + 2 * SPHERE_SH_AVX2_LANES_), c_f32x8 = _mm256_loadu_ps(cur + 2 * SPHERE_SH_AVX2_LANES_), s_f32x8 = _mm256_loadu_ps(cur + 4 * SPHERE_SH_AVX2_LANES_ + 2 * SPHERE_SH_AVX2_LANES_);
              _mm256_storeu_ps(cur + 2 * SPHERE_SH_AVX2_LANES_, _mm256_sub_ps(_mm256_mul_ps(px_f32x8, c_f32x8), _mm256_mul_ps(py_f32x8, s_f32x8))); _mm256_storeu_ps(cur + 4 * SPHERE_SH_AVX2_LANES_ + 2 * SPHERE_SH_AVX2_LANES_, SPHERE_MADD_F32X8_(px_f32x8, s_f32x8, _mm256_mul_ps(py_f32x8, c_f32x8))); }
            { const __m256 px_f32x8 = _mm256_loadu_ps(x + i + 3 * SPHERE_SH_AVX2_LANES_), py_f32x8 = _mm256_loadu_ps(y + i + 3 * SPHERE_SH_AVX2_LANES_), c_f32x8 = _mm256_loadu_ps(cur + 3 * SPHERE_SH_AVX2_LANES_), s_f32x8 = _mm256_loadu_ps(cur + 4 * SPHERE_SH_AVX2_LANES_ + 3 * SPHERE_SH_AVX2_LANES_);
              _mm256_storeu_ps(cur + 3 * SPHERE_SH_AVX2_LANES_, _mm256_sub_ps(_mm256_mul_ps(px_f32x8, c_f32x8), _mm256_mul_ps(py_f32x8, s_f32x8))); _mm256_storeu_ps(cur + 4 * SPHERE_SH_AVX2_LANES_ + 3 * SPHERE_SH_AVX2_LANES_, SPHERE_MADD_F32X8_(px_f32x8, s_f32x8, _mm256_mul_ps(py_f32x8, c_f32x8))); }
        }
    }
    return i;
}
#endif
#if SPHERE_NEON_
static size_t sphere_sh_pt_planes_neon_(const sphere_sh_points *plan, const float *x, const float *y, const float *z, size_t n, float *out, size_t stride, int *bad)
{
    const float *seeds = sphere_sh_pt_seeds_(plan), *table = seeds + (plan->degree + 2);
    const int degree = plan->degree;
    float space[4 * 4 * SPHERE_SH_NEON_LANES_ + 64 / sizeof(float)], *const cur = (float *)sphere_align_(space), *const turn = cur + 2 * 4 * SPHERE_SH_NEON_LANES_;
    size_t i = 0;
    int l, m;
    for (; i + 4 * SPHERE_SH_NEON_LANES_ <= n; i += 4 * SPHERE_SH_NEON_LANES_) {
        float32x4_t e0_f32x4, e1_f32x4, e2_f32x4, e3_f32x4;
        { const float32x4_t px_f32x4 = vld1q_f32(x + i + 0 * SPHERE_SH_NEON_LANES_), py_f32x4 = vld1q_f32(y + i + 0 * SPHERE_SH_NEON_LANES_), pz_f32x4 = vld1q_f32(z + i + 0 * SPHERE_SH_NEON_LANES_), az_f32x4 = vabsq_f32(pz_f32x4), side_f32x4 = sphere_sh_pt_sign_neon_(pz_f32x4), n2_f32x4 = SPHERE_MADD_F32X4_(pz_f32x4, pz_f32x4, SPHERE_MADD_F32X4_(px_f32x4, px_f32x4, vmulq_f32(py_f32x4, py_f32x4)));
          *bad |= sphere_sh_pt_strange_neon_(n2_f32x4);
          e0_f32x4 = sphere_sh_pt_above_neon_(az_f32x4, vdupq_n_f32(0.5f), vdivq_f32(SPHERE_MADD_F32X4_(px_f32x4, px_f32x4, vmulq_f32(py_f32x4, py_f32x4)), vaddq_f32(vdupq_n_f32(1.0f), az_f32x4)), vsubq_f32(vdupq_n_f32(1.0f), az_f32x4));
          vst1q_f32(turn + 0 * SPHERE_SH_NEON_LANES_, sphere_sh_pt_flip_neon_(side_f32x4, side_f32x4)); vst1q_f32(turn + 4 * SPHERE_SH_NEON_LANES_ + 0 * SPHERE_SH_NEON_LANES_, side_f32x4); vst1q_f32(cur + 0 * SPHERE_SH_NEON_LANES_, vdupq_n_f32(1.0f)); vst1q_f32(cur + 4 * SPHERE_SH_NEON_LANES_ + 0 * SPHERE_SH_NEON_LANES_, vdupq_n_f32(0)); }
        { const float32x4_t px_f32x4 = vld1q_f32(x + i + 1 * SPHERE_SH_NEON_LANES_), py_f32x4 = vld1q_f32(y + i + 1 * SPHERE_SH_NEON_LANES_), pz_f32x4 = vld1q_f32(z + i + 1 * SPHERE_SH_NEON_LANES_), az_f32x4 = vabsq_f32(pz_f32x4), side_f32x4 = sphere_sh_pt_sign_neon_(pz_f32x4), n2_f32x4 = SPHERE_MADD_F32X4_(pz_f32x4, pz_f32x4, SPHERE_MADD_F32X4_(px_f32x4, px_f32x4, vmulq_f32(py_f32x4, py_f32x4)));
          *bad |= sphere_sh_pt_strange_neon_(n2_f32x4);
          e1_f32x4 = sphere_sh_pt_above_neon_(az_f32x4, vdupq_n_f32(0.5f), vdivq_f32(SPHERE_MADD_F32X4_(px_f32x4, px_f32x4, vmulq_f32(py_f32x4, py_f32x4)), vaddq_f32(vdupq_n_f32(1.0f), az_f32x4)), vsubq_f32(vdupq_n_f32(1.0f), az_f32x4));
          vst1q_f32(turn + 1 * SPHERE_SH_NEON_LANES_, sphere_sh_pt_flip_neon_(side_f32x4, side_f32x4)); vst1q_f32(turn + 4 * SPHERE_SH_NEON_LANES_ + 1 * SPHERE_SH_NEON_LANES_, side_f32x4); vst1q_f32(cur + 1 * SPHERE_SH_NEON_LANES_, vdupq_n_f32(1.0f)); vst1q_f32(cur + 4 * SPHERE_SH_NEON_LANES_ + 1 * SPHERE_SH_NEON_LANES_, vdupq_n_f32(0)); }
        { const float32x4_t px_f32x4 = vld1q_f32(x + i + 2 * SPHERE_SH_NEON_LANES_), py_f32x4 = vld1q_f32(y + i + 2 * SPHERE_SH_NEON_LANES_), pz_f32x4 = vld1q_f32(z + i + 2 * SPHERE_SH_NEON_LANES_), az_f32x4 = vabsq_f32(pz_f32x4), side_f32x4 = sphere_sh_pt_sign_neon_(pz_f32x4), n2_f32x4 = SPHERE_MADD_F32X4_(pz_f32x4, pz_f32x4, SPHERE_MADD_F32X4_(px_f32x4, px_f32x4, vmulq_f32(py_f32x4, py_f32x4)));
          *bad |= sphere_sh_pt_strange_neon_(n2_f32x4);
          e2_f32x4 = sphere_sh_pt_above_neon_(az_f32x4, vdupq_n_f32(0.5f), vdivq_f32(SPHERE_MADD_F32X4_(px_f32x4, px_f32x4, vmulq_f32(py_f32x4, py_f32x4)), vaddq_f32(vdupq_n_f32(1.0f), az_f32x4)), vsubq_f32(vdupq_n_f32(1.0f), az_f32x4));
          vst1q_f32(turn + 2 * SPHERE_SH_NEON_LANES_, sphere_sh_pt_flip_neon_(side_f32x4, side_f32x4)); vst1q_f32(turn + 4 * SPHERE_SH_NEON_LANES_ + 2 * SPHERE_SH_NEON_LANES_, side_f32x4); vst1q_f32(cur + 2 * SPHERE_SH_NEON_LANES_, vdupq_n_f32(1.0f)); vst1q_f32(cur + 4 * SPHERE_SH_NEON_LANES_ + 2 * SPHERE_SH_NEON_LANES_, vdupq_n_f32(0)); }
        { const float32x4_t px_f32x4 = vld1q_f32(x + i + 3 * SPHERE_SH_NEON_LANES_), py_f32x4 = vld1q_f32(y + i + 3 * SPHERE_SH_NEON_LANES_), pz_f32x4 = vld1q_f32(z + i + 3 * SPHERE_SH_NEON_LANES_), az_f32x4 = vabsq_f32(pz_f32x4), side_f32x4 = sphere_sh_pt_sign_neon_(pz_f32x4), n2_f32x4 = SPHERE_MADD_F32X4_(pz_f32x4, pz_f32x4, SPHERE_MADD_F32X4_(px_f32x4, px_f32x4, vmulq_f32(py_f32x4, py_f32x4)));
          *bad |= sphere_sh_pt_strange_neon_(n2_f32x4);
          e3_f32x4 = sphere_sh_pt_above_neon_(az_f32x4, vdupq_n_f32(0.5f), vdivq_f32(SPHERE_MADD_F32X4_(px_f32x4, px_f32x4, vmulq_f32(py_f32x4, py_f32x4)), vaddq_f32(vdupq_n_f32(1.0f), az_f32x4)), vsubq_f32(vdupq_n_f32(1.0f), az_f32x4));
          vst1q_f32(turn + 3 * SPHERE_SH_NEON_LANES_, sphere_sh_pt_flip_neon_(side_f32x4, side_f32x4)); vst1q_f32(turn + 4 * SPHERE_SH_NEON_LANES_ + 3 * SPHERE_SH_NEON_LANES_, side_f32x4); vst1q_f32(cur + 3 * SPHERE_SH_NEON_LANES_, vdupq_n_f32(1.0f)); vst1q_f32(cur + 4 * SPHERE_SH_NEON_LANES_ + 3 * SPHERE_SH_NEON_LANES_, vdupq_n_f32(0)); }
        for (m = 0; m <= degree; m++) {
            const float *q = table + 4 * ((size_t)m * ((size_t)m + 1) / 2 + (size_t)m);
            float *plus = out + i + (size_t)(m * m + m + m) * stride, *minus = out + i + (size_t)(m * m) * stride;
            float32x4_t t0_f32x4 = vld1q_dup_f32(seeds + m), t1_f32x4 = t0_f32x4, t2_f32x4 = t0_f32x4, t3_f32x4 = t0_f32x4, d0_f32x4 = vdupq_n_f32(0), d1_f32x4 = d0_f32x4, d2_f32x4 = d0_f32x4, d3_f32x4 = d0_f32x4;
            for (l = m; l <= degree; q += 4 * (size_t)(l + 1), l++, plus += 2 * (size_t)l * stride, minus += 2 * (size_t)l * stride) {
                const float *sign = turn + ((l - m) & 1 ? 4 * SPHERE_SH_NEON_LANES_ : 0);
                const float32x4_t a_f32x4 = vld1q_dup_f32(q), b_f32x4 = vld1q_dup_f32(q + 1), c_f32x4 = vld1q_dup_f32(q + 2);
                { d0_f32x4 = vsubq_f32(vmulq_f32(b_f32x4, d0_f32x4), vmulq_f32(vmulq_f32(c_f32x4, e0_f32x4), t0_f32x4)); t0_f32x4 = vaddq_f32(t0_f32x4, SPHERE_MADD_F32X4_(a_f32x4, t0_f32x4, d0_f32x4)); const float32x4_t tt_f32x4 = sphere_sh_pt_flip_neon_(t0_f32x4, vld1q_f32(sign + 0 * SPHERE_SH_NEON_LANES_));
                  vst1q_f32(minus + 0 * SPHERE_SH_NEON_LANES_, vmulq_f32(tt_f32x4, vld1q_f32(cur + 4 * SPHERE_SH_NEON_LANES_ + 0 * SPHERE_SH_NEON_LANES_))); vst1q_f32(plus + 0 * SPHERE_SH_NEON_LANES_, vmulq_f32(tt_f32x4, vld1q_f32(cur + 0 * SPHERE_SH_NEON_LANES_))); }
                { d1_f32x4 = vsubq_f32(vmulq_f32(b_f32x4, d1_f32x4), vmulq_f32(vmulq_f32(c_f32x4, e1_f32x4), t1_f32x4)); t1_f32x4 = vaddq_f32(t1_f32x4, SPHERE_MADD_F32X4_(a_f32x4, t1_f32x4, d1_f32x4)); const float32x4_t tt_f32x4 = sphere_sh_pt_flip_neon_(t1_f32x4, vld1q_f32(sign + 1 * SPHERE_SH_NEON_LANES_));
                  vst1q_f32(minus + 1 * SPHERE_SH_NEON_LANES_, vmulq_f32(tt_f32x4, vld1q_f32(cur + 4 * SPHERE_SH_NEON_LANES_ + 1 * SPHERE_SH_NEON_LANES_))); vst1q_f32(plus + 1 * SPHERE_SH_NEON_LANES_, vmulq_f32(tt_f32x4, vld1q_f32(cur + 1 * SPHERE_SH_NEON_LANES_))); }
                { d2_f32x4 = vsubq_f32(vmulq_f32(b_f32x4, d2_f32x4), vmulq_f32(vmulq_f32(c_f32x4, e2_f32x4), t2_f32x4)); t2_f32x4 = vaddq_f32(t2_f32x4, SPHERE_MADD_F32X4_(a_f32x4, t2_f32x4, d2_f32x4)); const float32x4_t tt_f32x4 = sphere_sh_pt_flip_neon_(t2_f32x4, vld1q_f32(sign + 2 * SPHERE_SH_NEON_LANES_));
                  vst1q_f32(minus + 2 * SPHERE_SH_NEON_LANES_, vmulq_f32(tt_f32x4, vld1q_f32(cur + 4 * SPHERE_SH_NEON_LANES_ + 2 * SPHERE_SH_NEON_LANES_))); vst1q_f32(plus + 2 * SPHERE_SH_NEON_LANES_, vmulq_f32(tt_f32x4, vld1q_f32(cur + 2 * SPHERE_SH_NEON_LANES_))); }
                { d3_f32x4 = vsubq_f32(vmulq_f32(b_f32x4, d3_f32x4), vmulq_f32(vmulq_f32(c_f32x4, e3_f32x4), t3_f32x4)); t3_f32x4 = vaddq_f32(t3_f32x4, SPHERE_MADD_F32X4_(a_f32x4, t3_f32x4, d3_f32x4)); const float32x4_t tt_f32x4 = sphere_sh_pt_flip_neon_(t3_f32x4, vld1q_f32(sign + 3 * SPHERE_SH_NEON_LANES_));
                  vst1q_f32(minus + 3 * SPHERE_SH_NEON_LANES_, vmulq_f32(tt_f32x4, vld1q_f32(cur + 4 * SPHERE_SH_NEON_LANES_ + 3 * SPHERE_SH_NEON_LANES_))); vst1q_f32(plus + 3 * SPHERE_SH_NEON_LANES_, vmulq_f32(tt_f32x4, vld1q_f32(cur + 3 * SPHERE_SH_NEON_LANES_))); }
            }
            { const float32x4_t px_f32x4 = vld1q_f32(x + i + 0 * SPHERE_SH_NEON_LANES_), py_f32x4 = vld1q_f32(y + i + 0 * SPHERE_SH_NEON_LANES_), c_f32x4 = vld1q_f32(cur + 0 * SPHERE_SH_NEON_LANES_), s_f32x4 = vld1q_f32(cur + 4 * SPHERE_SH_NEON_LANES_ + 0 * SPHERE_SH_NEON_LANES_);
              vst1q_f32(cur + 0 * SPHERE_SH_NEON_LANES_, vsubq_f32(vmulq_f32(px_f32x4, c_f32x4), vmulq_f32(py_f32x4, s_f32x4))); vst1q_f32(cur + 4 * SPHERE_SH_NEON_LANES_ + 0 * SPHERE_SH_NEON_LANES_, SPHERE_MADD_F32X4_(px_f32x4, s_f32x4, vmulq_f32(py_f32x4, c_f32x4))); }
            { const float32x4_t px_f32x4 = vld1q_f32(x + i + 1 * SPHERE_SH_NEON_LANES_), py_f32x4 = vld1q_f32(y + i + 1 * SPHERE_SH_NEON_LANES_), c_f32x4 = vld1q_f32(cur + 1 * SPHERE_SH_NEON_LANES_), s_f32x4 = vld1q_f32(cur + 4 * SPHERE_SH_NEON_LANES_ + 1 * SPHERE_SH_NEON_LANES_);
              vst1q_f32(cur + 1 * SPHERE_SH_NEON_LANES_, vsubq_f32(vmulq_f32(px_f32x4, c_f32x4), vmulq_f32(py_f32x4, s_f32x4))); vst1q_f32(cur + 4 * SPHERE_SH_NEON_LANES_ + 1 * SPHERE_SH_NEON_LANES_, SPHERE_MADD_F32X4_(px_f32x4, s_f32x4, vmulq_f32(py_f32x4, c_f32x4))); }
            { const float32x4_t px_f32x4 = vld1q_f32(x + i + 2 * SPHERE_SH_NEON_LANES_), py_f32x4 = vld1q_f32(y + i + 2 * SPHERE_SH_NEON_LANES_), c_f32x4 = vld1q_f32(cur + 2 * SPHERE_SH_NEON_LANES_), s_f32x4 = vld1q_f32(cur + 4 * SPHERE_SH_NEON_LANES_ + 2 * SPHERE_SH_NEON_LANES_);
              vst1q_f32(cur + 2 * SPHERE_SH_NEON_LANES_, vsubq_f32(vmulq_f32(px_f32x4, c_f32x4), vmulq_f32(py_f32x4, s_f32x4))); vst1q_f32(cur + 4 * SPHERE_SH_NEON_LANES_ + 2 * SPHERE_SH_NEON_LANES_, SPHERE_MADD_F32X4_(px_f32x4, s_f32x4, vmulq_f32(py_f32x4, c_f32x4))); }
            { const float32x4_t px_f32x4 = vld1q_f32(x + i + 3 * SPHERE_SH_NEON_LANES_), py_f32x4 = vld1q_f32(y + i + 3 * SPHERE_SH_NEON_LANES_), c_f32x4 = vld1q_f32(cur + 3 * SPHERE_SH_NEON_LANES_), s_f32x4 = vld1q_f32(cur + 4 * SPHERE_SH_NEON_LANES_ + 3 * SPHERE_SH_NEON_LANES_);
              vst1q_f32(cur + 3 * SPHERE_SH_NEON_LANES_, vsubq_f32(vmulq_f32(px_f32x4, c_f32x4), vmulq_f32(py_f32x4, s_f32x4))); vst1q_f32(cur + 4 * SPHERE_SH_NEON_LANES_ + 3 * SPHERE_SH_NEON_LANES_, SPHERE_MADD_F32X4_(px_f32x4, s_f32x4, vmulq_f32(py_f32x4, c_f32x4))); }
        }
    }
    return i;
}
#endif

/* >>kernel sum: expansions at a block of directions, order after order. T of one order runs through pieces of eight degrees; the sums over
   l of even and of odd l - m are kept apart, because those of odd l - m change sign with z. */
typedef struct sphere_sh_pt_sum_block_ {
    const float *lane;
    double      *polar;
    const float *coefficients;
    size_t       fields, stride;                /* at most SUM_FIELDS fields at a time */
    float       *out;                           /* [fields][4][lanes]: value, gradient */
    int          values, gradient, solid;
} sphere_sh_pt_sum_block_;
/* T for the next degrees of one order. */
static void sphere_sh_pt_chain_c_(float *t, float *d, const float *e, const float *q, int count, float *piece)
{
    int i;
    float t0 = *(t + 0), d0 = *(d + 0); const float e0 = *(e + 0);
    for (i = 0; i < count; i++, q += 4, piece += 1) {
        const float a = *q, bb = q[1], cc = q[2];
        d0 = (bb * d0) - ((cc * e0) * t0); t0 = t0 + SPHERE_MADD_(a, t0, d0); *(piece + 0) = t0;
    }
    *(t + 0) = t0; *(d + 0) = d0;
}
/* The same for degrees where some lanes wait for their exponent. Returns whether any still does. */
static int sphere_sh_pt_chain_waiting_c_(float *t, float *d, const float *e, const float *q, int count, float *piece, float *live, float *exponent)
{
    int i, u, wait = 1;
    for (i = 0; i < count; i++, q += 4, piece += 1) {
        int large = 0;
        sphere_sh_pt_chain_c_(t, d, e, q, 1, piece);
        for (u = 0; u < 1; u++) { const float tu = *(t + u); large |= sphere_sh_pt_large_c_(tu); }
        if (wait && large) wait = sphere_sh_pt_rescale_(t, d, live, exponent, 1);
        for (u = 0; u < 1; u++) { *(piece + u) = sphere_sh_pt_keep_c_(*(t + u), *(live + u)); }
    }
    return wait;
}
/* sum[0], [1] += T cosine coefficient, T sine coefficient over even places, sum[2], [3] over odd ones. */
static void sphere_sh_pt_gather_c_(float *sum, const float *piece, const float *cosine, const float *sine, int count)
{
    int i, u;
    for (u = 0; u < 1; u++, sum += 1, piece += 1) {
        const float *p = piece;
        float a0 = *sum, a1 = *(sum + 1), a2 = *(sum + 2), a3 = *(sum + 3);
        for (i = 0; i + 2 <= count; i += 2, p += 2) {
            const float even = *p, odd = *(p + 1);
            a0 = SPHERE_MADD_(cosine[i], even, a0); a1 = SPHERE_MADD_(sine[i], even, a1);
            a2 = SPHERE_MADD_(*(cosine + i + 1), odd, a2); a3 = SPHERE_MADD_(*(sine + i + 1), odd, a3);
        }
        if (i < count) { const float even = *p; a0 = SPHERE_MADD_(cosine[i], even, a0); a1 = SPHERE_MADD_(sine[i], even, a1); }
        *sum = a0; *(sum + 1) = a1; *(sum + 2) = a2; *(sum + 3) = a3;
    }
}
static void sphere_sh_pt_sum_c_(const sphere_sh_points *plan, const sphere_sh_pt_sum_block_ *b)
{
    enum { P = 1, PIECE = 8, T = 0, D = 1, LIVE = 2, EXPO = 3, E = 4, WM = 5, W = 6, F = 7, H = 13, CUR = 15, PIECES = 19, SUMS = PIECES + PIECE,
           RESULT = SUMS + 12 * SPHERE_SH_PT_SUM_FIELDS_, SPACE = RESULT + 5 * SPHERE_SH_PT_SUM_FIELDS_ };
    const int degree = plan->degree, high = degree > SPHERE_SH_PT_LOW_DEGREE_, gradient = b->gradient, solid = b->solid;
    const float *lane = b->lane, *seeds = sphere_sh_pt_seeds_(plan);
    float space[SPACE + 64 / sizeof(float)], *const work = (float *)sphere_align_(space);
    float q[PIECE * 4], last[PIECE], cosine[PIECE], sine[PIECE], cosine2[PIECE], sine2[PIECE], scratch[4], *f[6], *start[3];
    size_t field;
    int l, m, i, k, busy;
    memset(work, 0, SPACE * P * sizeof(float));
    for (k = 0; k < 6; k++) f[k] = work + (F + k) * P;
    start[0] = work + T * P; start[1] = work + LIVE * P; start[2] = work + EXPO * P;
    for (i = 0; i < P; i += 1) {
        const float x = *(lane + SPHERE_SH_PT_X_ * P + i), y = *(lane + SPHERE_SH_PT_Y_ * P + i), az = sphere_abs_(*(lane + SPHERE_SH_PT_Z_ * P + i));
        if (high) { *(work + E * P + i) = *(lane + SPHERE_SH_PT_E_ * P + i); }
        else { *(work + E * P + i) = sphere_sh_pt_above_c_(az, 0.5f, (SPHERE_MADD_(x, x, (y * y)) / (1.0f + az)), (1.0f - az)); }
        *(work + CUR * P + i) = 1.0f;
    }
    if (high) for (i = 0; i < P; i++) sphere_sh_pt_polar_start_(b->polar + i, P);
    if (solid) memcpy(work + WM * P, lane + SPHERE_SH_PT_W_ * P, P * sizeof(float));
    for (m = 0; m <= degree; m++) {
        const float order = (float)m, seed = seeds[m];
        busy = 0;
        memcpy(work + H * P, f[4], 2 * P * sizeof(float));
        memset(work + D * P, 0, P * sizeof(float));
        memset(work + SUMS * P, 0, 12 * P * sizeof(float) * b->fields);
        if (high) {
            sphere_sh_pt_order_(plan, m, P, lane, b->polar, gradient, f, start);
            for (i = 0; i < P; i++) busy |= work[EXPO * P + i] > 0;
            sphere_sh_pt_polar_step_(b->polar, P, m, SPHERE_SH_PT_LARGE_, SPHERE_SH_PT_SHRINK_);
        } else for (i = 0; i < P; i += 1) {
            float *cur = work + CUR * P + i;
            const float om = order, x = *(lane + SPHERE_SH_PT_X_ * P + i), y = *(lane + SPHERE_SH_PT_Y_ * P + i);
            const float c = *cur, s = cur[P], pc = *(cur + 2 * P), ps = *(cur + 3 * P);
            start[0][i] = seed; f[0][i] = c; f[1][i] = s;
            if (gradient == 1) { f[2][i] = om * pc; f[3][i] = om * ps; }
            else if (gradient) {
                const float cp = *(lane + SPHERE_SH_PT_CP_ * P + i), sp = *(lane + SPHERE_SH_PT_SP_ * P + i);
                f[2][i] = om * ((cp * pc) - (sp * ps)); f[3][i] = om * SPHERE_MADD_(sp, pc, (cp * ps));
            }
            f[4][i] = c; f[5][i] = s;
            *cur = (x * c) - (y * s); cur[P] = SPHERE_MADD_(x, s, (y * c)); *(cur + 2 * P) = c; *(cur + 3 * P) = s;
        }
        if (solid) for (i = 0; i < P; i += 1) {
            float w = *(work + WM * P + i);
            if (m) { w = w * *(lane + SPHERE_SH_PT_RHO_ * P + i); *(work + WM * P + i) = w; }
            *(work + W * P + i) = w;
        }
        for (l = m; l <= degree; l += PIECE) {
            const int count = degree - l + 1 < PIECE ? degree - l + 1 : PIECE;
            float *piece = work + PIECES * P;
            for (i = 0; i < count; i++) {
                if (gradient && m) last[i] = sphere_sh_pt_row_(plan, l + i, m - 1, 1, scratch)[3];
                memcpy(q + 4 * i, sphere_sh_pt_row_(plan, l + i, m, 1, scratch), 4 * sizeof(float));
            }
            if (busy) busy = sphere_sh_pt_chain_waiting_c_(start[0], work + D * P, work + E * P, q, count, piece, start[1], start[2]);
            else sphere_sh_pt_chain_c_(start[0], work + D * P, work + E * P, q, count, piece);
            if (solid) for (k = 0; k < P; k += 1) {
                const float rho = *(lane + SPHERE_SH_PT_RHO_ * P + k);
                float w = *(work + W * P + k);
                for (i = 0; i < count; i++) { *(piece + i * P + k) = *(piece + i * P + k) * w; w = w * rho; }
                *(work + W * P + k) = w;
            }
            for (field = 0; field < b->fields; field++) {
                const float *row = b->coefficients + field * b->stride;
                float *sum = work + (SUMS + 12 * field) * P;
                for (i = 0; i < count; i++) {
                    const size_t at = (size_t)((l + i) * (l + i) + l + i);
                    cosine[i] = row[at + (size_t)m]; sine[i] = m ? row[at - (size_t)m] : 0;
                }
                sphere_sh_pt_gather_c_(sum, piece, cosine, sine, count);
                if (!gradient) continue;
                if (solid) {
                    for (i = 0; i < count; i++) {
                        const float n = (float)(solid == 1 ? l + i : -(l + i + 1));
                        cosine2[i] = cosine[i] * n; sine2[i] = sine[i] * n;
                    }
                    sphere_sh_pt_gather_c_(sum + 4 * P, piece, cosine2, sine2, count);
                }
                if (!m) continue;
                for (i = 0; i < count; i++) {
                    const size_t at = (size_t)((l + i) * (l + i) + l + i);
                    cosine2[i] = row[at + (size_t)m - 1] * last[i]; sine2[i] = m > 1 ? row[at - (size_t)m + 1] * last[i] : 0;
                }
                sphere_sh_pt_gather_c_(sum + 8 * P, piece, cosine2, sine2, count);
            }
        }
        for (field = 0; field < b->fields; field++) for (i = 0; i < P; i += 1) {
            const float *sum = work + (SUMS + 12 * field) * P + i;
            float *to = work + (RESULT + 5 * field) * P + i;
            const float side = sphere_sh_pt_sign_c_(*(lane + SPHERE_SH_PT_Z_ * P + i)), az = sphere_abs_(*(lane + SPHERE_SH_PT_Z_ * P + i)), om = order;
            const float ca = *sum + sphere_sh_pt_flip_c_(*(sum + 2 * P), side), sa = sum[P] + sphere_sh_pt_flip_c_(*(sum + 3 * P), side);
            const float term = SPHERE_MADD_(ca, f[0][i], (sa * f[1][i]));
            *to = *to + term;
            if (gradient) {
                const float along = SPHERE_MADD_(ca, f[2][i], (sa * f[3][i])), across = (sa * f[2][i]) - (ca * f[3][i]);
                *(to + 2 * P) = *(to + 2 * P) + across;
                if (gradient == 2) { to[P] = SPHERE_MADD_(az, along, to[P]); }
                else {
                    float radial = om * term;
                    to[P] = to[P] + along;
                    if (solid) {
                        const float na = *(sum + 4 * P) + sphere_sh_pt_flip_c_(*(sum + 6 * P), side), nb = *(sum + 5 * P) + sphere_sh_pt_flip_c_(*(sum + 7 * P), side);
                        radial = radial - SPHERE_MADD_(na, f[0][i], (nb * f[1][i]));
                    }
                    *(to + 4 * P) = *(to + 4 * P) + radial;
                }
                if (m) {
                    const float da = *(sum + 10 * P) + sphere_sh_pt_flip_c_(*(sum + 8 * P), side), db = *(sum + 11 * P) + sphere_sh_pt_flip_c_(*(sum + 9 * P), side);
                    *(to + 3 * P) = *(to + 3 * P) + SPHERE_MADD_(da, *(work + H * P + i), (db * *(work + (H + 1) * P + i)));
                }
            }
        }
    }
    for (field = 0; field < b->fields; field++) for (i = 0; i < P; i += 1) {
        const float *from = work + (RESULT + 5 * field) * P + i;
        float *to = b->out + 4 * field * P + i;
        const float x = *(lane + SPHERE_SH_PT_X_ * P + i), y = *(lane + SPHERE_SH_PT_Y_ * P + i), z = *(lane + SPHERE_SH_PT_Z_ * P + i), az = sphere_abs_(z), side = sphere_sh_pt_sign_c_(z);
        float g0 = from[P], g1 = *(from + 2 * P), g2 = *(from + 3 * P);
        *to = *from;
        if (gradient == 2) { g0 = sphere_sh_pt_flip_c_((g0 - (*(lane + SPHERE_SH_PT_ST_ * P + i) * g2)), side); }
        else if (gradient) {
            const float radial = SPHERE_MADD_(az, g2, *(from + 4 * P));
            g0 = g0 - (x * radial); g1 = g1 - (y * radial); g2 = sphere_sh_pt_flip_c_((g2 - (az * radial)), side);
            if (solid) { const float v = *(lane + SPHERE_SH_PT_V0_ * P + i); g0 = g0 * v; g1 = g1 * v; g2 = g2 * v; }
        }
        to[P] = g0; *(to + 2 * P) = g1; *(to + 3 * P) = g2;
    }
}
#if SPHERE_AVX2_
/* T for the next degrees of one order. */
SPHERE_TARGET_AVX2_ static void sphere_sh_pt_chain_avx2_(float *t, float *d, const float *e, const float *q, int count, float *piece)
{
    int i;
    __m256 t0_f32x8 = _mm256_loadu_ps(t + 0 * SPHERE_SH_AVX2_LANES_), d0_f32x8 = _mm256_loadu_ps(d + 0 * SPHERE_SH_AVX2_LANES_); const __m256 e0_f32x8 = _mm256_loadu_ps(e + 0 * SPHERE_SH_AVX2_LANES_);
    __m256 t1_f32x8 = _mm256_loadu_ps(t + 1 * SPHERE_SH_AVX2_LANES_), d1_f32x8 = _mm256_loadu_ps(d + 1 * SPHERE_SH_AVX2_LANES_); const __m256 e1_f32x8 = _mm256_loadu_ps(e + 1 * SPHERE_SH_AVX2_LANES_);
    __m256 t2_f32x8 = _mm256_loadu_ps(t + 2 * SPHERE_SH_AVX2_LANES_), d2_f32x8 = _mm256_loadu_ps(d + 2 * SPHERE_SH_AVX2_LANES_); const __m256 e2_f32x8 = _mm256_loadu_ps(e + 2 * SPHERE_SH_AVX2_LANES_);
    __m256 t3_f32x8 = _mm256_loadu_ps(t + 3 * SPHERE_SH_AVX2_LANES_), d3_f32x8 = _mm256_loadu_ps(d + 3 * SPHERE_SH_AVX2_LANES_); const __m256 e3_f32x8 = _mm256_loadu_ps(e + 3 * SPHERE_SH_AVX2_LANES_);
    for (i = 0; i < count; i++, q += 4, piece += 4 * SPHERE_SH_AVX2_LANES_) {
        const __m256 a_f32x8 = _mm256_broadcast_ss(q), bb_f32x8 = _mm256_broadcast_ss(q + 1), cc_f32x8 = _mm256_broadcast_ss(q + 2);
        d0_f32x8 = _mm256_sub_ps(_mm256_mul_ps(bb_f32x8, d0_f32x8), _mm256_mul_ps(_mm256_mul_ps(cc_f32x8, e0_f32x8), t0_f32x8)); t0_f32x8 = _mm256_add_ps(t0_f32x8, SPHERE_MADD_F32X8_(a_f32x8, t0_f32x8, d0_f32x8)); _mm256_storeu_ps(piece + 0 * SPHERE_SH_AVX2_LANES_, t0_f32x8);
        d1_f32x8 = _mm256_sub_ps(_mm256_mul_ps(bb_f32x8, d1_f32x8), _mm256_mul_ps(_mm256_mul_ps(cc_f32x8, e1_f32x8), t1_f32x8)); t1_f32x8 = _mm256_add_ps(t1_f32x8, SPHERE_MADD_F32X8_(a_f32x8, t1_f32x8, d1_f32x8)); _mm256_storeu_ps(piece + 1 * SPHERE_SH_AVX2_LANES_, t1_f32x8);
        d2_f32x8 = _mm256_sub_ps(_mm256_mul_ps(bb_f32x8, d2_f32x8), _mm256_mul_ps(_mm256_mul_ps(cc_f32x8, e2_f32x8), t2_f32x8)); t2_f32x8 = _mm256_add_ps(t2_f32x8, SPHERE_MADD_F32X8_(a_f32x8, t2_f32x8, d2_f32x8)); _mm256_storeu_ps(piece + 2 * SPHERE_SH_AVX2_LANES_, t2_f32x8);
        d3_f32x8 = _mm256_sub_ps(_mm256_mul_ps(bb_f32x8, d3_f32x8), _mm256_mul_ps(_mm256_mul_ps(cc_f32x8, e3_f32x8), t3_f32x8)); t3_f32x8 = _mm256_add_ps(t3_f32x8, SPHERE_MADD_F32X8_(a_f32x8, t3_f32x8, d3_f32x8)); _mm256_storeu_ps(piece + 3 * SPHERE_SH_AVX2_LANES_, t3_f32x8);
    }
    _mm256_storeu_ps(t + 0 * SPHERE_SH_AVX2_LANES_, t0_f32x8); _mm256_storeu_ps(d + 0 * SPHERE_SH_AVX2_LANES_, d0_f32x8);
    _mm256_storeu_ps(t + 1 * SPHERE_SH_AVX2_LANES_, t1_f32x8); _mm256_storeu_ps(d + 1 * SPHERE_SH_AVX2_LANES_, d1_f32x8);
    _mm256_storeu_ps(t + 2 * SPHERE_SH_AVX2_LANES_, t2_f32x8); _mm256_storeu_ps(d + 2 * SPHERE_SH_AVX2_LANES_, d2_f32x8);
    _mm256_storeu_ps(t + 3 * SPHERE_SH_AVX2_LANES_, t3_f32x8); _mm256_storeu_ps(d + 3 * SPHERE_SH_AVX2_LANES_, d3_f32x8);
}
/* The same for degrees where some lanes wait for their exponent. Returns whether any still does. */
SPHERE_TARGET_AVX2_ static int sphere_sh_pt_chain_waiting_avx2_(float *t, float *d, const float *e, const float *q, int count, float *piece, float *live, float *exponent)
{
    int i, u, wait = 1;
    for (i = 0; i < count; i++, q += 4, piece += 4 * SPHERE_SH_AVX2_LANES_) {
        int large = 0;
        sphere_sh_pt_chain_avx2_(t, d, e, q, 1, piece);
        for (u = 0; u < 4; u++) { const __m256 tu_f32x8 = _mm256_loadu_ps(t + u * SPHERE_SH_AVX2_LANES_); large |= sphere_sh_pt_large_avx2_(tu_f32x8); }
        if (wait && large) wait = sphere_sh_pt_rescale_(t, d, live, exponent, 4 * SPHERE_SH_AVX2_LANES_);
        for (u = 0; u < 4; u++) { _mm256_storeu_ps(piece + u * SPHERE_SH_AVX2_LANES_, sphere_sh_pt_keep_avx2_(_mm256_loadu_ps(t + u * SPHERE_SH_AVX2_LANES_), _mm256_loadu_ps(live + u * SPHERE_SH_AVX2_LANES_))); }
    }
    return wait;
}
/* sum[0], [1] += T cosine coefficient, T sine coefficient over even places, sum[2], [3] over odd ones. */
SPHERE_TARGET_AVX2_ static void sphere_sh_pt_gather_avx2_(float *sum, const float *piece, const float *cosine, const float *sine, int count)
{
    int i, u;
    for (u = 0; u < 4; u++, sum += SPHERE_SH_AVX2_LANES_, piece += SPHERE_SH_AVX2_LANES_) {
        const float *p = piece;
        __m256 a0_f32x8 = _mm256_loadu_ps(sum), a1_f32x8 = _mm256_loadu_ps(sum + 4 * SPHERE_SH_AVX2_LANES_), a2_f32x8 = _mm256_loadu_ps(sum + 2 * 4 * SPHERE_SH_AVX2_LANES_), a3_f32x8 = _mm256_loadu_ps(sum + 3 * 4 * SPHERE_SH_AVX2_LANES_);
        for (i = 0; i + 2 <= count; i += 2, p += 2 * 4 * SPHERE_SH_AVX2_LANES_) {
            const __m256 even_f32x8 = _mm256_loadu_ps(p), odd_f32x8 = _mm256_loadu_ps(p + 4 * SPHERE_SH_AVX2_LANES_);
            a0_f32x8 = SPHERE_MADD_F32X8_(_mm256_broadcast_ss(cosine + i), even_f32x8, a0_f32x8); a1_f32x8 = SPHERE_MADD_F32X8_(_mm256_broadcast_ss(sine + i), even_f32x8, a1_f32x8);
            a2_f32x8 = SPHERE_MADD_F32X8_(_mm256_broadcast_ss(cosine + i + 1), odd_f32x8, a2_f32x8); a3_f32x8 = SPHERE_MADD_F32X8_(_mm256_broadcast_ss(sine + i + 1), odd_f32x8, a3_f32x8);
        }
        if (i < count) { const __m256 even_f32x8 = _mm256_loadu_ps(p); a0_f32x8 = SPHERE_MADD_F32X8_(_mm256_broadcast_ss(cosine + i), even_f32x8, a0_f32x8); a1_f32x8 = SPHERE_MADD_F32X8_(_mm256_broadcast_ss(sine + i), even_f32x8, a1_f32x8); }
        _mm256_storeu_ps(sum, a0_f32x8); _mm256_storeu_ps(sum + 4 * SPHERE_SH_AVX2_LANES_, a1_f32x8); _mm256_storeu_ps(sum + 2 * 4 * SPHERE_SH_AVX2_LANES_, a2_f32x8); _mm256_storeu_ps(sum + 3 * 4 * SPHERE_SH_AVX2_LANES_, a3_f32x8);
    }
}
SPHERE_TARGET_AVX2_ static void sphere_sh_pt_sum_avx2_(const sphere_sh_points *plan, const sphere_sh_pt_sum_block_ *b)
{
    enum { P = 4 * SPHERE_SH_AVX2_LANES_, PIECE = 8, T = 0, D = 1, LIVE = 2, EXPO = 3, E = 4, WM = 5, W = 6, F = 7, H = 13, CUR = 15, PIECES = 19, SUMS = PIECES + PIECE,
           RESULT = SUMS + 12 * SPHERE_SH_PT_SUM_FIELDS_, SPACE = RESULT + 5 * SPHERE_SH_PT_SUM_FIELDS_ };
    const int degree = plan->degree, high = degree > SPHERE_SH_PT_LOW_DEGREE_, gradient = b->gradient, solid = b->solid;
    const float *lane = b->lane, *seeds = sphere_sh_pt_seeds_(plan);
    float space[SPACE * 4 * SPHERE_SH_AVX2_LANES_ + 64 / sizeof(float)], *const work = (float *)sphere_align_(space);
    float q[PIECE * 4], last[PIECE], cosine[PIECE], sine[PIECE], cosine2[PIECE], sine2[PIECE], scratch[4], *f[6], *start[3];
    size_t field;
    int l, m, i, k, busy;
    memset(work, 0, SPACE * P * sizeof(float));
    for (k = 0; k < 6; k++) f[k] = work + (F + k) * P;
    start[0] = work + T * P; start[1] = work + LIVE * P; start[2] = work + EXPO * P;
    for (i = 0; i < P; i += SPHERE_SH_AVX2_LANES_) {
        const __m256 x_f32x8 = _mm256_loadu_ps(lane + SPHERE_SH_PT_X_ * P + i), y_f32x8 = _mm256_loadu_ps(lane + SPHERE_SH_PT_Y_ * P + i), az_f32x8 = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), _mm256_loadu_ps(lane + SPHERE_SH_PT_Z_ * P + i));
        if (high) { _mm256_storeu_ps(work + E * P + i, _mm256_loadu_ps(lane + SPHERE_SH_PT_E_ * P + i)); }
        else { _mm256_storeu_ps(work + E * P + i, sphere_sh_pt_above_avx2_(az_f32x8, _mm256_set1_ps(0.5f), _mm256_div_ps(SPHERE_MADD_F32X8_(x_f32x8, x_f32x8, _mm256_mul_ps(y_f32x8, y_f32x8)), _mm256_add_ps(_mm256_set1_ps(1.0f), az_f32x8)), _mm256_sub_ps(_mm256_set1_ps(1.0f), az_f32x8))); }
        _mm256_storeu_ps(work + CUR * P + i, _mm256_set1_ps(1.0f));
    }
    if (high) for (i = 0; i < P; i++) sphere_sh_pt_polar_start_(b->polar + i, P);
    if (solid) memcpy(work + WM * P, lane + SPHERE_SH_PT_W_ * P, P * sizeof(float));
    for (m = 0; m <= degree; m++) {
        const float order = (float)m, seed = seeds[m];
        busy = 0;
        memcpy(work + H * P, f[4], 2 * P * sizeof(float));
        memset(work + D * P, 0, P * sizeof(float));
        memset(work + SUMS * P, 0, 12 * P * sizeof(float) * b->fields);
        if (high) {
            sphere_sh_pt_order_(plan, m, P, lane, b->polar, gradient, f, start);
            for (i = 0; i < P; i++) busy |= work[EXPO * P + i] > 0;
            sphere_sh_pt_polar_step_(b->polar, P, m, SPHERE_SH_PT_LARGE_, SPHERE_SH_PT_SHRINK_);
        } else for (i = 0; i < P; i += SPHERE_SH_AVX2_LANES_) {
            float *cur = work + CUR * P + i;
            const __m256 om_f32x8 = _mm256_set1_ps(order), x_f32x8 = _mm256_loadu_ps(lane + SPHERE_SH_PT_X_ * P + i), y_f32x8 = _mm256_loadu_ps(lane + SPHERE_SH_PT_Y_ * P + i);
            const __m256 c_f32x8 = _mm256_loadu_ps(cur), s_f32x8 = _mm256_loadu_ps(cur + P), pc_f32x8 = _mm256_loadu_ps(cur + 2 * P), ps_f32x8 = _mm256_loadu_ps(cur + 3 * P);
            _mm256_storeu_ps(start[0] + i, _mm256_set1_ps(seed)); _mm256_storeu_ps(f[0] + i, c_f32x8); _mm256_storeu_ps(f[1] + i, s_f32x8);
            if (gradient == 1) { _mm256_storeu_ps(f[2] + i, _mm256_mul_ps(om_f32x8, pc_f32x8)); _mm256_storeu_ps(f[3] + i, _mm256_mul_ps(om_f32x8, ps_f32x8)); }
            else if (gradient) {
                const __m256 cp_f32x8 = _mm256_loadu_ps(lane + SPHERE_SH_PT_CP_ * P + i), sp_f32x8 = _mm256_loadu_ps(lane + SPHERE_SH_PT_SP_ * P + i);
                _mm256_storeu_ps(f[2] + i, _mm256_mul_ps(om_f32x8, _mm256_sub_ps(_mm256_mul_ps(cp_f32x8, pc_f32x8), _mm256_mul_ps(sp_f32x8, ps_f32x8)))); _mm256_storeu_ps(f[3] + i, _mm256_mul_ps(om_f32x8, SPHERE_MADD_F32X8_(sp_f32x8, pc_f32x8, _mm256_mul_ps(cp_f32x8, ps_f32x8))));
            }
            _mm256_storeu_ps(f[4] + i, c_f32x8); _mm256_storeu_ps(f[5] + i, s_f32x8);
            _mm256_storeu_ps(cur, _mm256_sub_ps(_mm256_mul_ps(x_f32x8, c_f32x8), _mm256_mul_ps(y_f32x8, s_f32x8))); _mm256_storeu_ps(cur + P, SPHERE_MADD_F32X8_(x_f32x8, s_f32x8, _mm256_mul_ps(y_f32x8, c_f32x8))); _mm256_storeu_ps(cur + 2 * P, c_f32x8); _mm256_storeu_ps(cur + 3 * P, s_f32x8);
        }
        if (solid) for (i = 0; i < P; i += SPHERE_SH_AVX2_LANES_) {
            __m256 w_f32x8 = _mm256_loadu_ps(work + WM * P + i);
            if (m) { w_f32x8 = _mm256_mul_ps(w_f32x8, _mm256_loadu_ps(lane + SPHERE_SH_PT_RHO_ * P + i)); _mm256_storeu_ps(work + WM * P + i, w_f32x8); }
            _mm256_storeu_ps(work + W * P + i, w_f32x8);
        }
        for (l = m; l <= degree; l += PIECE) {
            const int count = degree - l + 1 < PIECE ? degree - l + 1 : PIECE;
            float *piece = work + PIECES * P;
            for (i = 0; i < count; i++) {
                if (gradient && m) last[i] = sphere_sh_pt_row_(plan, l + i, m - 1, 1, scratch)[3];
                memcpy(q + 4 * i, sphere_sh_pt_row_(plan, l + i, m, 1, scratch), 4 * sizeof(float));
            }
            if (busy) busy = sphere_sh_pt_chain_waiting_avx2_(start[0], work + D * P, work + E * P, q, count, piece, start[1], start[2]);
            else sphere_sh_pt_chain_avx2_(start[0], work + D * P, work + E * P, q, count, piece);
            if (solid) for (k = 0; k < P; k += SPHERE_SH_AVX2_LANES_) {
                const __m256 rho_f32x8 = _mm256_loadu_ps(lane + SPHERE_SH_PT_RHO_ * P + k);
                __m256 w_f32x8 = _mm256_loadu_ps(work + W * P + k);
                for (i = 0; i < count; i++) { _mm256_storeu_ps(piece + i * P + k, _mm256_mul_ps(_mm256_loadu_ps(piece + i * P + k), w_f32x8)); w_f32x8 = _mm256_mul_ps(w_f32x8, rho_f32x8); }
                _mm256_storeu_ps(work + W * P + k, w_f32x8);
            }
            for (field = 0; field < b->fields; field++) {
                const float *row = b->coefficients + field * b->stride;
                float *sum = work + (SUMS + 12 * field) * P;
                for (i = 0; i < count; i++) {
                    const size_t at = (size_t)((l + i) * (l + i) + l + i);
                    cosine[i] = row[at + (size_t)m]; sine[i] = m ? row[at - (size_t)m] : 0;
                }
                sphere_sh_pt_gather_avx2_(sum, piece, cosine, sine, count);
                if (!gradient) continue;
                if (solid) {
                    for (i = 0; i < count; i++) {
                        const float n = (float)(solid == 1 ? l + i : -(l + i + 1));
                        cosine2[i] = cosine[i] * n; sine2[i] = sine[i] * n;
                    }
                    sphere_sh_pt_gather_avx2_(sum + 4 * P, piece, cosine2, sine2, count);
                }
                if (!m) continue;
                for (i = 0; i < count; i++) {
                    const size_t at = (size_t)((l + i) * (l + i) + l + i);
                    cosine2[i] = row[at + (size_t)m - 1] * last[i]; sine2[i] = m > 1 ? row[at - (size_t)m + 1] * last[i] : 0;
                }
                sphere_sh_pt_gather_avx2_(sum + 8 * P, piece, cosine2, sine2, count);
            }
        }
        for (field = 0; field < b->fields; field++) for (i = 0; i < P; i += SPHERE_SH_AVX2_LANES_) {
            const float *sum = work + (SUMS + 12 * field) * P + i;
            float *to = work + (RESULT + 5 * field) * P + i;
            const __m256 side_f32x8 = sphere_sh_pt_sign_avx2_(_mm256_loadu_ps(lane + SPHERE_SH_PT_Z_ * P + i)), az_f32x8 = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), _mm256_loadu_ps(lane + SPHERE_SH_PT_Z_ * P + i)), om_f32x8 = _mm256_set1_ps(order);
            const __m256 ca_f32x8 = _mm256_add_ps(_mm256_loadu_ps(sum), sphere_sh_pt_flip_avx2_(_mm256_loadu_ps(sum + 2 * P), side_f32x8)), sa_f32x8 = _mm256_add_ps(_mm256_loadu_ps(sum + P), sphere_sh_pt_flip_avx2_(_mm256_loadu_ps(sum + 3 * P), side_f32x8));
            const __m256 term_f32x8 = SPHERE_MADD_F32X8_(ca_f32x8, _mm256_loadu_ps(f[0] + i), _mm256_mul_ps(sa_f32x8, _mm256_loadu_ps(f[1] + i)));
            _mm256_storeu_ps(to, _mm256_add_ps(_mm256_loadu_ps(to), term_f32x8));
            if (gradient) {
                const __m256 along_f32x8 = SPHERE_MADD_F32X8_(ca_f32x8, _mm256_loadu_ps(f[2] + i), _mm256_mul_ps(sa_f32x8, _mm256_loadu_ps(f[3] + i))), across_f32x8 = _mm256_sub_ps(_mm256_mul_ps(sa_f32x8, _mm256_loadu_ps(f[2] + i)), _mm256_mul_ps(ca_f32x8, _mm256_loadu_ps(f[3] + i)));
                _mm256_storeu_ps(to + 2 * P, _mm256_add_ps(_mm256_loadu_ps(to + 2 * P), across_f32x8));
                if (gradient == 2) { _mm256_storeu_ps(to + P, SPHERE_MADD_F32X8_(az_f32x8, along_f32x8, _mm256_loadu_ps(to + P))); }
                else {
                    __m256 radial_f32x8 = _mm256_mul_ps(om_f32x8, term_f32x8);
                    _mm256_storeu_ps(to + P, _mm256_add_ps(_mm256_loadu_ps(to + P), along_f32x8));
                    if (solid) {
                        const __m256 na_f32x8 = _mm256_add_ps(_mm256_loadu_ps(sum + 4 * P), sphere_sh_pt_flip_avx2_(_mm256_loadu_ps(sum + 6 * P), side_f32x8)), nb_f32x8 = _mm256_add_ps(_mm256_loadu_ps(sum + 5 * P), sphere_sh_pt_flip_avx2_(_mm256_loadu_ps(sum + 7 * P), side_f32x8));
                        radial_f32x8 = _mm256_sub_ps(radial_f32x8, SPHERE_MADD_F32X8_(na_f32x8, _mm256_loadu_ps(f[0] + i), _mm256_mul_ps(nb_f32x8, _mm256_loadu_ps(f[1] + i))));
                    }
                    _mm256_storeu_ps(to + 4 * P, _mm256_add_ps(_mm256_loadu_ps(to + 4 * P), radial_f32x8));
                }
                if (m) {
                    const __m256 da_f32x8 = _mm256_add_ps(_mm256_loadu_ps(sum + 10 * P), sphere_sh_pt_flip_avx2_(_mm256_loadu_ps(sum + 8 * P), side_f32x8)), db_f32x8 = _mm256_add_ps(_mm256_loadu_ps(sum + 11 * P), sphere_sh_pt_flip_avx2_(_mm256_loadu_ps(sum + 9 * P), side_f32x8));
                    _mm256_storeu_ps(to + 3 * P, _mm256_add_ps(_mm256_loadu_ps(to + 3 * P), SPHERE_MADD_F32X8_(da_f32x8, _mm256_loadu_ps(work + H * P + i), _mm256_mul_ps(db_f32x8, _mm256_loadu_ps(work + (H + 1) * P + i)))));
                }
            }
        }
    }
    for (field = 0; field < b->fields; field++) for (i = 0; i < P; i += SPHERE_SH_AVX2_LANES_) {
        const float *from = work + (RESULT + 5 * field) * P + i;
        float *to = b->out + 4 * field * P + i;
        const __m256 x_f32x8 = _mm256_loadu_ps(lane + SPHERE_SH_PT_X_ * P + i), y_f32x8 = _mm256_loadu_ps(lane + SPHERE_SH_PT_Y_ * P + i), z_f32x8 = _mm256_loadu_ps(lane + SPHERE_SH_PT_Z_ * P + i), az_f32x8 = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), z_f32x8), side_f32x8 = sphere_sh_pt_sign_avx2_(z_f32x8);
        __m256 g0_f32x8 = _mm256_loadu_ps(from + P), g1_f32x8 = _mm256_loadu_ps(from + 2 * P), g2_f32x8 = _mm256_loadu_ps(from + 3 * P);
        _mm256_storeu_ps(to, _mm256_loadu_ps(from));
        if (gradient == 2) { g0_f32x8 = sphere_sh_pt_flip_avx2_(_mm256_sub_ps(g0_f32x8, _mm256_mul_ps(_mm256_loadu_ps(lane + SPHERE_SH_PT_ST_ * P + i), g2_f32x8)), side_f32x8); }
        else if (gradient) {
            const __m256 radial_f32x8 = SPHERE_MADD_F32X8_(az_f32x8, g2_f32x8, _mm256_loadu_ps(from + 4 * P));
            g0_f32x8 = _mm256_sub_ps(g0_f32x8, _mm256_mul_ps(x_f32x8, radial_f32x8)); g1_f32x8 = _mm256_sub_ps(g1_f32x8, _mm256_mul_ps(y_f32x8, radial_f32x8)); g2_f32x8 = sphere_sh_pt_flip_avx2_(_mm256_sub_ps(g2_f32x8, _mm256_mul_ps(az_f32x8, radial_f32x8)), side_f32x8);
            if (solid) { const __m256 v_f32x8 = _mm256_loadu_ps(lane + SPHERE_SH_PT_V0_ * P + i); g0_f32x8 = _mm256_mul_ps(g0_f32x8, v_f32x8); g1_f32x8 = _mm256_mul_ps(g1_f32x8, v_f32x8); g2_f32x8 = _mm256_mul_ps(g2_f32x8, v_f32x8); }
        }
        _mm256_storeu_ps(to + P, g0_f32x8); _mm256_storeu_ps(to + 2 * P, g1_f32x8); _mm256_storeu_ps(to + 3 * P, g2_f32x8);
    }
}
#endif
#if SPHERE_NEON_
/* T for the next degrees of one order. */
static void sphere_sh_pt_chain_neon_(float *t, float *d, const float *e, const float *q, int count, float *piece)
{
    int i;
    float32x4_t t0_f32x4 = vld1q_f32(t + 0 * SPHERE_SH_NEON_LANES_), d0_f32x4 = vld1q_f32(d + 0 * SPHERE_SH_NEON_LANES_); const float32x4_t e0_f32x4 = vld1q_f32(e + 0 * SPHERE_SH_NEON_LANES_);
    float32x4_t t1_f32x4 = vld1q_f32(t + 1 * SPHERE_SH_NEON_LANES_), d1_f32x4 = vld1q_f32(d + 1 * SPHERE_SH_NEON_LANES_); const float32x4_t e1_f32x4 = vld1q_f32(e + 1 * SPHERE_SH_NEON_LANES_);
    float32x4_t t2_f32x4 = vld1q_f32(t + 2 * SPHERE_SH_NEON_LANES_), d2_f32x4 = vld1q_f32(d + 2 * SPHERE_SH_NEON_LANES_); const float32x4_t e2_f32x4 = vld1q_f32(e + 2 * SPHERE_SH_NEON_LANES_);
    float32x4_t t3_f32x4 = vld1q_f32(t + 3 * SPHERE_SH_NEON_LANES_), d3_f32x4 = vld1q_f32(d + 3 * SPHERE_SH_NEON_LANES_); const float32x4_t e3_f32x4 = vld1q_f32(e + 3 * SPHERE_SH_NEON_LANES_);
    for (i = 0; i < count; i++, q += 4, piece += 4 * SPHERE_SH_NEON_LANES_) {
        const float32x4_t a_f32x4 = vld1q_dup_f32(q), bb_f32x4 = vld1q_dup_f32(q + 1), cc_f32x4 = vld1q_dup_f32(q + 2);
        d0_f32x4 = vsubq_f32(vmulq_f32(bb_f32x4, d0_f32x4), vmulq_f32(vmulq_f32(cc_f32x4, e0_f32x4), t0_f32x4)); t0_f32x4 = vaddq_f32(t0_f32x4, SPHERE_MADD_F32X4_(a_f32x4, t0_f32x4, d0_f32x4)); vst1q_f32(piece + 0 * SPHERE_SH_NEON_LANES_, t0_f32x4);
        d1_f32x4 = vsubq_f32(vmulq_f32(bb_f32x4, d1_f32x4), vmulq_f32(vmulq_f32(cc_f32x4, e1_f32x4), t1_f32x4)); t1_f32x4 = vaddq_f32(t1_f32x4, SPHERE_MADD_F32X4_(a_f32x4, t1_f32x4, d1_f32x4)); vst1q_f32(piece + 1 * SPHERE_SH_NEON_LANES_, t1_f32x4);
        d2_f32x4 = vsubq_f32(vmulq_f32(bb_f32x4, d2_f32x4), vmulq_f32(vmulq_f32(cc_f32x4, e2_f32x4), t2_f32x4)); t2_f32x4 = vaddq_f32(t2_f32x4, SPHERE_MADD_F32X4_(a_f32x4, t2_f32x4, d2_f32x4)); vst1q_f32(piece + 2 * SPHERE_SH_NEON_LANES_, t2_f32x4);
        d3_f32x4 = vsubq_f32(vmulq_f32(bb_f32x4, d3_f32x4), vmulq_f32(vmulq_f32(cc_f32x4, e3_f32x4), t3_f32x4)); t3_f32x4 = vaddq_f32(t3_f32x4, SPHERE_MADD_F32X4_(a_f32x4, t3_f32x4, d3_f32x4)); vst1q_f32(piece + 3 * SPHERE_SH_NEON_LANES_, t3_f32x4);
    }
    vst1q_f32(t + 0 * SPHERE_SH_NEON_LANES_, t0_f32x4); vst1q_f32(d + 0 * SPHERE_SH_NEON_LANES_, d0_f32x4);
    vst1q_f32(t + 1 * SPHERE_SH_NEON_LANES_, t1_f32x4); vst1q_f32(d + 1 * SPHERE_SH_NEON_LANES_, d1_f32x4);
    vst1q_f32(t + 2 * SPHERE_SH_NEON_LANES_, t2_f32x4); vst1q_f32(d + 2 * SPHERE_SH_NEON_LANES_, d2_f32x4);
    vst1q_f32(t + 3 * SPHERE_SH_NEON_LANES_, t3_f32x4); vst1q_f32(d + 3 * SPHERE_SH_NEON_LANES_, d3_f32x4);
}
/* The same for degrees where some lanes wait for their exponent. Returns whether any still does. */
static int sphere_sh_pt_chain_waiting_neon_(float *t, float *d, const float *e, const float *q, int count, float *piece, float *live, float *exponent)
{
    int i, u, wait = 1;
    for (i = 0; i < count; i++, q += 4, piece += 4 * SPHERE_SH_NEON_LANES_) {
        int large = 0;
        sphere_sh_pt_chain_neon_(t, d, e, q, 1, piece);
        for (u = 0; u < 4; u++) { const float32x4_t tu_f32x4 = vld1q_f32(t + u * SPHERE_SH_NEON_LANES_); large |= sphere_sh_pt_large_neon_(tu_f32x4); }
        if (wait && large) wait = sphere_sh_pt_rescale_(t, d, live, exponent, 4 * SPHERE_SH_NEON_LANES_);
        for (u = 0; u < 4; u++) { vst1q_f32(piece + u * SPHERE_SH_NEON_LANES_, sphere_sh_pt_keep_neon_(vld1q_f32(t + u * SPHERE_SH_NEON_LANES_), vld1q_f32(live + u * SPHERE_SH_NEON_LANES_))); }
    }
    return wait;
}
/* sum[0], [1] += T cosine coefficient, T sine coefficient over even places, sum[2], [3] over odd ones. */
static void sphere_sh_pt_gather_neon_(float *sum, const float *piece, const float *cosine, const float *sine, int count)
{
    int i, u;
    for (u = 0; u < 4; u++, sum += SPHERE_SH_NEON_LANES_, piece += SPHERE_SH_NEON_LANES_) {
        const float *p = piece;
        float32x4_t a0_f32x4 = vld1q_f32(sum), a1_f32x4 = vld1q_f32(sum + 4 * SPHERE_SH_NEON_LANES_), a2_f32x4 = vld1q_f32(sum + 2 * 4 * SPHERE_SH_NEON_LANES_), a3_f32x4 = vld1q_f32(sum + 3 * 4 * SPHERE_SH_NEON_LANES_);
        for (i = 0; i + 2 <= count; i += 2, p += 2 * 4 * SPHERE_SH_NEON_LANES_) {
            const float32x4_t even_f32x4 = vld1q_f32(p), odd_f32x4 = vld1q_f32(p + 4 * SPHERE_SH_NEON_LANES_);
            a0_f32x4 = SPHERE_MADD_F32X4_(vld1q_dup_f32(cosine + i), even_f32x4, a0_f32x4); a1_f32x4 = SPHERE_MADD_F32X4_(vld1q_dup_f32(sine + i), even_f32x4, a1_f32x4);
            a2_f32x4 = SPHERE_MADD_F32X4_(vld1q_dup_f32(cosine + i + 1), odd_f32x4, a2_f32x4); a3_f32x4 = SPHERE_MADD_F32X4_(vld1q_dup_f32(sine + i + 1), odd_f32x4, a3_f32x4);
        }
        if (i < count) { const float32x4_t even_f32x4 = vld1q_f32(p); a0_f32x4 = SPHERE_MADD_F32X4_(vld1q_dup_f32(cosine + i), even_f32x4, a0_f32x4); a1_f32x4 = SPHERE_MADD_F32X4_(vld1q_dup_f32(sine + i), even_f32x4, a1_f32x4); }
        vst1q_f32(sum, a0_f32x4); vst1q_f32(sum + 4 * SPHERE_SH_NEON_LANES_, a1_f32x4); vst1q_f32(sum + 2 * 4 * SPHERE_SH_NEON_LANES_, a2_f32x4); vst1q_f32(sum + 3 * 4 * SPHERE_SH_NEON_LANES_, a3_f32x4);
    }
}
static void sphere_sh_pt_sum_neon_(const sphere_sh_points *plan, const sphere_sh_pt_sum_block_ *b)
{
    enum { P = 4 * SPHERE_SH_NEON_LANES_, PIECE = 8, T = 0, D = 1, LIVE = 2, EXPO = 3, E = 4, WM = 5, W = 6, F = 7, H = 13, CUR = 15, PIECES = 19, SUMS = PIECES + PIECE,
           RESULT = SUMS + 12 * SPHERE_SH_PT_SUM_FIELDS_, SPACE = RESULT + 5 * SPHERE_SH_PT_SUM_FIELDS_ };
    const int degree = plan->degree, high = degree > SPHERE_SH_PT_LOW_DEGREE_, gradient = b->gradient, solid = b->solid;
    const float *lane = b->lane, *seeds = sphere_sh_pt_seeds_(plan);
    float space[SPACE * 4 * SPHERE_SH_NEON_LANES_ + 64 / sizeof(float)], *const work = (float *)sphere_align_(space);
    float q[PIECE * 4], last[PIECE], cosine[PIECE], sine[PIECE], cosine2[PIECE], sine2[PIECE], scratch[4], *f[6], *start[3];
    size_t field;
    int l, m, i, k, busy;
    memset(work, 0, SPACE * P * sizeof(float));
    for (k = 0; k < 6; k++) f[k] = work + (F + k) * P;
    start[0] = work + T * P; start[1] = work + LIVE * P; start[2] = work + EXPO * P;
    for (i = 0; i < P; i += SPHERE_SH_NEON_LANES_) {
        const float32x4_t x_f32x4 = vld1q_f32(lane + SPHERE_SH_PT_X_ * P + i), y_f32x4 = vld1q_f32(lane + SPHERE_SH_PT_Y_ * P + i), az_f32x4 = vabsq_f32(vld1q_f32(lane + SPHERE_SH_PT_Z_ * P + i));
        if (high) { vst1q_f32(work + E * P + i, vld1q_f32(lane + SPHERE_SH_PT_E_ * P + i)); }
        else { vst1q_f32(work + E * P + i, sphere_sh_pt_above_neon_(az_f32x4, vdupq_n_f32(0.5f), vdivq_f32(SPHERE_MADD_F32X4_(x_f32x4, x_f32x4, vmulq_f32(y_f32x4, y_f32x4)), vaddq_f32(vdupq_n_f32(1.0f), az_f32x4)), vsubq_f32(vdupq_n_f32(1.0f), az_f32x4))); }
        vst1q_f32(work + CUR * P + i, vdupq_n_f32(1.0f));
    }
    if (high) for (i = 0; i < P; i++) sphere_sh_pt_polar_start_(b->polar + i, P);
    if (solid) memcpy(work + WM * P, lane + SPHERE_SH_PT_W_ * P, P * sizeof(float));
    for (m = 0; m <= degree; m++) {
        const float order = (float)m, seed = seeds[m];
        busy = 0;
        memcpy(work + H * P, f[4], 2 * P * sizeof(float));
        memset(work + D * P, 0, P * sizeof(float));
        memset(work + SUMS * P, 0, 12 * P * sizeof(float) * b->fields);
        if (high) {
            sphere_sh_pt_order_(plan, m, P, lane, b->polar, gradient, f, start);
            for (i = 0; i < P; i++) busy |= work[EXPO * P + i] > 0;
            sphere_sh_pt_polar_step_(b->polar, P, m, SPHERE_SH_PT_LARGE_, SPHERE_SH_PT_SHRINK_);
        } else for (i = 0; i < P; i += SPHERE_SH_NEON_LANES_) {
            float *cur = work + CUR * P + i;
            const float32x4_t om_f32x4 = vdupq_n_f32(order), x_f32x4 = vld1q_f32(lane + SPHERE_SH_PT_X_ * P + i), y_f32x4 = vld1q_f32(lane + SPHERE_SH_PT_Y_ * P + i);
            const float32x4_t c_f32x4 = vld1q_f32(cur), s_f32x4 = vld1q_f32(cur + P), pc_f32x4 = vld1q_f32(cur + 2 * P), ps_f32x4 = vld1q_f32(cur + 3 * P);
            vst1q_f32(start[0] + i, vdupq_n_f32(seed)); vst1q_f32(f[0] + i, c_f32x4); vst1q_f32(f[1] + i, s_f32x4);
            if (gradient == 1) { vst1q_f32(f[2] + i, vmulq_f32(om_f32x4, pc_f32x4)); vst1q_f32(f[3] + i, vmulq_f32(om_f32x4, ps_f32x4)); }
            else if (gradient) {
                const float32x4_t cp_f32x4 = vld1q_f32(lane + SPHERE_SH_PT_CP_ * P + i), sp_f32x4 = vld1q_f32(lane + SPHERE_SH_PT_SP_ * P + i);
                vst1q_f32(f[2] + i, vmulq_f32(om_f32x4, vsubq_f32(vmulq_f32(cp_f32x4, pc_f32x4), vmulq_f32(sp_f32x4, ps_f32x4)))); vst1q_f32(f[3] + i, vmulq_f32(om_f32x4, SPHERE_MADD_F32X4_(sp_f32x4, pc_f32x4, vmulq_f32(cp_f32x4, ps_f32x4))));
            }
            vst1q_f32(f[4] + i, c_f32x4); vst1q_f32(f[5] + i, s_f32x4);
            vst1q_f32(cur, vsubq_f32(vmulq_f32(x_f32x4, c_f32x4), vmulq_f32(y_f32x4, s_f32x4))); vst1q_f32(cur + P, SPHERE_MADD_F32X4_(x_f32x4, s_f32x4, vmulq_f32(y_f32x4, c_f32x4))); vst1q_f32(cur + 2 * P, c_f32x4); vst1q_f32(cur + 3 * P, s_f32x4);
        }
        if (solid) for (i = 0; i < P; i += SPHERE_SH_NEON_LANES_) {
            float32x4_t w_f32x4 = vld1q_f32(work + WM * P + i);
            if (m) { w_f32x4 = vmulq_f32(w_f32x4, vld1q_f32(lane + SPHERE_SH_PT_RHO_ * P + i)); vst1q_f32(work + WM * P + i, w_f32x4); }
            vst1q_f32(work + W * P + i, w_f32x4);
        }
        for (l = m; l <= degree; l += PIECE) {
            const int count = degree - l + 1 < PIECE ? degree - l + 1 : PIECE;
            float *piece = work + PIECES * P;
            for (i = 0; i < count; i++) {
                if (gradient && m) last[i] = sphere_sh_pt_row_(plan, l + i, m - 1, 1, scratch)[3];
                memcpy(q + 4 * i, sphere_sh_pt_row_(plan, l + i, m, 1, scratch), 4 * sizeof(float));
            }
            if (busy) busy = sphere_sh_pt_chain_waiting_neon_(start[0], work + D * P, work + E * P, q, count, piece, start[1], start[2]);
            else sphere_sh_pt_chain_neon_(start[0], work + D * P, work + E * P, q, count, piece);
            if (solid) for (k = 0; k < P; k += SPHERE_SH_NEON_LANES_) {
                const float32x4_t rho_f32x4 = vld1q_f32(lane + SPHERE_SH_PT_RHO_ * P + k);
                float32x4_t w_f32x4 = vld1q_f32(work + W * P + k);
                for (i = 0; i < count; i++) { vst1q_f32(piece + i * P + k, vmulq_f32(vld1q_f32(piece + i * P + k), w_f32x4)); w_f32x4 = vmulq_f32(w_f32x4, rho_f32x4); }
                vst1q_f32(work + W * P + k, w_f32x4);
            }
            for (field = 0; field < b->fields; field++) {
                const float *row = b->coefficients + field * b->stride;
                float *sum = work + (SUMS + 12 * field) * P;
                for (i = 0; i < count; i++) {
                    const size_t at = (size_t)((l + i) * (l + i) + l + i);
                    cosine[i] = row[at + (size_t)m]; sine[i] = m ? row[at - (size_t)m] : 0;
                }
                sphere_sh_pt_gather_neon_(sum, piece, cosine, sine, count);
                if (!gradient) continue;
                if (solid) {
                    for (i = 0; i < count; i++) {
                        const float n = (float)(solid == 1 ? l + i : -(l + i + 1));
                        cosine2[i] = cosine[i] * n; sine2[i] = sine[i] * n;
                    }
                    sphere_sh_pt_gather_neon_(sum + 4 * P, piece, cosine2, sine2, count);
                }
                if (!m) continue;
                for (i = 0; i < count; i++) {
                    const size_t at = (size_t)((l + i) * (l + i) + l + i);
                    cosine2[i] = row[at + (size_t)m - 1] * last[i]; sine2[i] = m > 1 ? row[at - (size_t)m + 1] * last[i] : 0;
                }
                sphere_sh_pt_gather_neon_(sum + 8 * P, piece, cosine2, sine2, count);
            }
        }
        for (field = 0; field < b->fields; field++) for (i = 0; i < P; i += SPHERE_SH_NEON_LANES_) {
            const float *sum = work + (SUMS + 12 * field) * P + i;
            float *to = work + (RESULT + 5 * field) * P + i;
            const float32x4_t side_f32x4 = sphere_sh_pt_sign_neon_(vld1q_f32(lane + SPHERE_SH_PT_Z_ * P + i)), az_f32x4 = vabsq_f32(vld1q_f32(lane + SPHERE_SH_PT_Z_ * P + i)), om_f32x4 = vdupq_n_f32(order);
            const float32x4_t ca_f32x4 = vaddq_f32(vld1q_f32(sum), sphere_sh_pt_flip_neon_(vld1q_f32(sum + 2 * P), side_f32x4)), sa_f32x4 = vaddq_f32(vld1q_f32(sum + P), sphere_sh_pt_flip_neon_(vld1q_f32(sum + 3 * P), side_f32x4));
            const float32x4_t term_f32x4 = SPHERE_MADD_F32X4_(ca_f32x4, vld1q_f32(f[0] + i), vmulq_f32(sa_f32x4, vld1q_f32(f[1] + i)));
            vst1q_f32(to, vaddq_f32(vld1q_f32(to), term_f32x4));
            if (gradient) {
                const float32x4_t along_f32x4 = SPHERE_MADD_F32X4_(ca_f32x4, vld1q_f32(f[2] + i), vmulq_f32(sa_f32x4, vld1q_f32(f[3] + i))), across_f32x4 = vsubq_f32(vmulq_f32(sa_f32x4, vld1q_f32(f[2] + i)), vmulq_f32(ca_f32x4, vld1q_f32(f[3] + i)));
                vst1q_f32(to + 2 * P, vaddq_f32(vld1q_f32(to + 2 * P), across_f32x4));
                if (gradient == 2) { vst1q_f32(to + P, SPHERE_MADD_F32X4_(az_f32x4, along_f32x4, vld1q_f32(to + P))); }
                else {
                    float32x4_t radial_f32x4 = vmulq_f32(om_f32x4, term_f32x4);
                    vst1q_f32(to + P, vaddq_f32(vld1q_f32(to + P), along_f32x4));
                    if (solid) {
                        const float32x4_t na_f32x4 = vaddq_f32(vld1q_f32(sum + 4 * P), sphere_sh_pt_flip_neon_(vld1q_f32(sum + 6 * P), side_f32x4)), nb_f32x4 = vaddq_f32(vld1q_f32(sum + 5 * P), sphere_sh_pt_flip_neon_(vld1q_f32(sum + 7 * P), side_f32x4));
                        radial_f32x4 = vsubq_f32(radial_f32x4, SPHERE_MADD_F32X4_(na_f32x4, vld1q_f32(f[0] + i), vmulq_f32(nb_f32x4, vld1q_f32(f[1] + i))));
                    }
                    vst1q_f32(to + 4 * P, vaddq_f32(vld1q_f32(to + 4 * P), radial_f32x4));
                }
                if (m) {
                    const float32x4_t da_f32x4 = vaddq_f32(vld1q_f32(sum + 10 * P), sphere_sh_pt_flip_neon_(vld1q_f32(sum + 8 * P), side_f32x4)), db_f32x4 = vaddq_f32(vld1q_f32(sum + 11 * P), sphere_sh_pt_flip_neon_(vld1q_f32(sum + 9 * P), side_f32x4));
                    vst1q_f32(to + 3 * P, vaddq_f32(vld1q_f32(to + 3 * P), SPHERE_MADD_F32X4_(da_f32x4, vld1q_f32(work + H * P + i), vmulq_f32(db_f32x4, vld1q_f32(work + (H + 1) * P + i)))));
                }
            }
        }
    }
    for (field = 0; field < b->fields; field++) for (i = 0; i < P; i += SPHERE_SH_NEON_LANES_) {
        const float *from = work + (RESULT + 5 * field) * P + i;
        float *to = b->out + 4 * field * P + i;
        const float32x4_t x_f32x4 = vld1q_f32(lane + SPHERE_SH_PT_X_ * P + i), y_f32x4 = vld1q_f32(lane + SPHERE_SH_PT_Y_ * P + i), z_f32x4 = vld1q_f32(lane + SPHERE_SH_PT_Z_ * P + i), az_f32x4 = vabsq_f32(z_f32x4), side_f32x4 = sphere_sh_pt_sign_neon_(z_f32x4);
        float32x4_t g0_f32x4 = vld1q_f32(from + P), g1_f32x4 = vld1q_f32(from + 2 * P), g2_f32x4 = vld1q_f32(from + 3 * P);
        vst1q_f32(to, vld1q_f32(from));
        if (gradient == 2) { g0_f32x4 = sphere_sh_pt_flip_neon_(vsubq_f32(g0_f32x4, vmulq_f32(vld1q_f32(lane + SPHERE_SH_PT_ST_ * P + i), g2_f32x4)), side_f32x4); }
        else if (gradient) {
            const float32x4_t radial_f32x4 = SPHERE_MADD_F32X4_(az_f32x4, g2_f32x4, vld1q_f32(from + 4 * P));
            g0_f32x4 = vsubq_f32(g0_f32x4, vmulq_f32(x_f32x4, radial_f32x4)); g1_f32x4 = vsubq_f32(g1_f32x4, vmulq_f32(y_f32x4, radial_f32x4)); g2_f32x4 = sphere_sh_pt_flip_neon_(vsubq_f32(g2_f32x4, vmulq_f32(az_f32x4, radial_f32x4)), side_f32x4);
            if (solid) { const float32x4_t v_f32x4 = vld1q_f32(lane + SPHERE_SH_PT_V0_ * P + i); g0_f32x4 = vmulq_f32(g0_f32x4, v_f32x4); g1_f32x4 = vmulq_f32(g1_f32x4, v_f32x4); g2_f32x4 = vmulq_f32(g2_f32x4, v_f32x4); }
        }
        vst1q_f32(to + P, g0_f32x4); vst1q_f32(to + 2 * P, g1_f32x4); vst1q_f32(to + 3 * P, g2_f32x4);
    }
}
#endif

/* The table: one row per level of this build. */
typedef struct sphere_sh_pt_kernels_ {
    size_t lanes;
    size_t (*low)(const sphere_sh_points *plan, const float *x, const float *y, const float *z, size_t n, float *out, size_t stride, int *bad);
    size_t (*planes)(const sphere_sh_points *plan, const float *x, const float *y, const float *z, size_t n, float *out, size_t stride, int *bad);
    int (*basis)(const sphere_sh_points *plan, const sphere_sh_pt_block_ *b);
    void (*sum)(const sphere_sh_points *plan, const sphere_sh_pt_sum_block_ *b);
} sphere_sh_pt_kernels_;
SPHERE_INLINE_ const sphere_sh_pt_kernels_ *sphere_sh_pt_kernels_for_(sphere_simd level)
{
    static const sphere_sh_pt_kernels_ portable = { 1, sphere_sh_pt_low_c_, NULL, sphere_sh_pt_basis_c_, sphere_sh_pt_sum_c_ };
#if SPHERE_AVX2_
    static const sphere_sh_pt_kernels_ avx2 = { SPHERE_SH_AVX2_LANES_, sphere_sh_pt_low_avx2_, sphere_sh_pt_planes_avx2_, sphere_sh_pt_basis_avx2_, sphere_sh_pt_sum_avx2_ };
    if (level == SPHERE_SIMD_AVX2) return &avx2;
#endif
#if SPHERE_NEON_
    static const sphere_sh_pt_kernels_ neon = { SPHERE_SH_NEON_LANES_, sphere_sh_pt_low_neon_, sphere_sh_pt_planes_neon_, sphere_sh_pt_basis_neon_, sphere_sh_pt_sum_neon_ };
    if (level == SPHERE_SIMD_NEON) return &neon;
#endif
    (void)level;
    return &portable;
}

/* -- plans */
SPHERE_SH_API size_t sphere_sh_points_size(int degree)
{
    const size_t l = (size_t)degree;
    if (degree < 0 || degree > SPHERE_SH_MAX_DEGREE) return 0;
    if (degree <= SPHERE_SH_PT_TABLE_) return 63 + (28 + (l + 2) + 2 * (l + 1) * (l + 2)) * sizeof(float);
    return 63 + (28 + (l + 2) + 16) * sizeof(float) + 4 * (l + 1) * sizeof(double);
}
SPHERE_SH_API sphere_status sphere_sh_points_init(sphere_sh_points *plan, int degree, const sphere_sh_desc *desc, const sphere_exec *exec,
                                                  void *memory, size_t bytes)
{
    static const unsigned char lead[28] = { 1, 1, 1, 1, 1, 1, 2, 4, 1, 1, 8, 4, 6, 1, 1, 8, 8, 2, 8, 1, 1, 16, 8, 16, 8, 10, 1, 1 };
    const sphere_sh_norm norm = desc ? desc->norm : SPHERE_SH_ORTHONORMAL;
    const int sign = desc ? desc->condon_shortley : 0;
    const sphere_simd level = sphere_simd_pick_(exec);
    float *table;
    double *roots, seed;
    size_t i;
    int l, m;
    if (!plan) return SPHERE_E_NULL;
    if (degree < 0 || degree > SPHERE_SH_MAX_DEGREE || (unsigned)norm > (unsigned)SPHERE_SH_UNNORMALISED || sign < 0 || sign > 1) return SPHERE_E_RANGE;
    if (norm == SPHERE_SH_UNNORMALISED && degree > 12) return SPHERE_E_RANGE;
    if (desc && desc->layout != SPHERE_SH_BASIS_ROWS && desc->layout != SPHERE_SH_BASIS_PLANES) return SPHERE_E_RANGE;
    if (desc && desc->layout == SPHERE_SH_BASIS_ROWS && desc->stride && desc->stride < (size_t)(degree + 1) * (size_t)(degree + 1)) return SPHERE_E_RANGE;
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (!memory || bytes < sphere_sh_points_size(degree)) return SPHERE_E_MEMORY;
    if (sphere_overlap_(memory, bytes, plan, sizeof(*plan)) || sphere_overlap_(memory, bytes, desc, sizeof(*desc)) || sphere_overlap_(memory, bytes, exec, sizeof(*exec)))
        return SPHERE_E_OVERLAP;
    table = (float *)sphere_align_(memory);
    roots = (double *)sphere_align_(table + 28 + (degree + 2));
    {
        const sphere_sh_desc zero = { SPHERE_SH_ORTHONORMAL, 0, SPHERE_SH_BASIS_ROWS, 0 };
        sphere_exec none;
        memset(&none, 0, sizeof(none));
        plan->desc = desc ? *desc : zero; plan->exec = exec ? *exec : none;
    }
    plan->degree = degree; plan->level = level; plan->table = table; plan->roots = NULL; plan->bytes = sphere_sh_points_size(degree) - 63;
    /* Where T of order m starts: the harmonic (m, m) is this times the real or imaginary part of (x + i y)^m. */
    seed = norm == SPHERE_SH_ORTHONORMAL ? 0.28209479177387814 : 1.0;
    for (m = 0; m <= degree; m++) {
        if (m) {
            if (norm == SPHERE_SH_UNNORMALISED) seed *= 2 * m - 1;
            else {
                if (m == 1) seed *= 1.4142135623730951;
                seed *= norm == SPHERE_SH_SCHMIDT ? sphere_sqrt_double_((2.0 * m - 1) / (2.0 * m)) : sphere_sqrt_double_((2.0 * m + 1) / (2.0 * m));
            }
        }
        table[28 + m] = (float)(sign && (m & 1) ? -seed : seed);
    }
    table[28 + degree + 1] = 0;
    for (i = 0; i < 28; i++) table[i] = 0;
    if (degree <= SPHERE_SH_PT_TABLE_) {
        float *q = table + 28 + (degree + 2);
        double high[7];
        for (l = 0; l <= degree; l++) for (m = 0; m <= l; m++, q += 4) {
            const double wide = l + m, narrow = l - m;
            const double a = m == l ? 1 : norm == SPHERE_SH_UNNORMALISED ? wide / narrow : norm == SPHERE_SH_SCHMIDT ? sphere_sqrt_double_(wide / narrow)
                : sphere_sqrt_double_((2.0 * l + 1) * wide / ((2.0 * l - 1) * narrow));
            const double more = m == l ? 0 : norm == SPHERE_SH_UNNORMALISED ? 2.0 * m / narrow * (a + 1) : norm == SPHERE_SH_SCHMIDT ? 2.0 * m / narrow
                : (4.0 * m + 2.0) * l / ((2.0 * l - 1) * narrow);          /* A^2 - 1 */
            const double k = norm == SPHERE_SH_UNNORMALISED ? (m < l ? 1.0 : 0.0) : sphere_sqrt_double_(narrow * (wide + 1) * (m ? 1.0 : 0.5));
            q[0] = (float)(more / (a + 1)); q[1] = (float)(m == l ? 0 : a * (narrow - 1) / wide); q[2] = (float)(m == l ? 0 : a * (2 * l - 1) / wide); q[3] = (float)(sign ? -k : k);
            if (l > 6) continue;
            high[m] = m == l ? (double)table[28 + m] : high[m] * a;
            table[l * (l + 1) / 2 + m] = (float)(high[m] / lead[l * (l + 1) / 2 + m]);
        }
        return SPHERE_OK;
    }
    plan->roots = roots;
    for (i = 0; i < 2 * (size_t)degree + 2; i++) { roots[i] = sphere_sqrt_double_((double)i); roots[2 * (size_t)degree + 2 + i] = i ? 1 / (double)i : 0; }
    return SPHERE_OK;
}

/* -- calls */
typedef struct sphere_sh_pt_job_ {
    const sphere_sh_points  *plan;
    const sphere_sh_pt_kernels_ *kernels;
    const float *in[3];                         /* x, y, z, or theta, phi and NULL */
    float       *out[4];
    const float *coefficients;                  /* NULL: all harmonics are stored */
    size_t       n, fields, coefficient_stride, stride;
    float        radius;
    int          gradient, solid;
} sphere_sh_pt_job_;

/* What a block needs to know of its directions. Returns a bit for each lane that is no direction; *origin has one for each at the origin. */
static uint32_t sphere_sh_pt_prepare_(const sphere_sh_pt_job_ *job, size_t first, size_t count, size_t lanes, float *lane, double *polar, uint32_t *origin)
{
    const int high = job->plan->degree > SPHERE_SH_PT_LOW_DEGREE_, angles = !job->in[2];
    uint32_t bad = 0;
    size_t i;
    *origin = 0;
    for (i = 0; i < lanes; i++) {
        const size_t at = first + (i < count ? i : count - 1);
        float x = job->in[0][at], y = job->in[1][at], z = angles ? 0 : job->in[2][at], st = 0, cp = 1, sp = 0, turn = 1, w = 1, rho = 0, v0 = 0, v1 = 0;
        double ds = 0, dc = 1, dcp = 1, dsp = 0;
        int good;
        if (angles) {
            if (high) {
                sphere_sh_sincos_double_((double)x, &ds, &dc); sphere_sh_sincos_double_((double)y, &dsp, &dcp);
                good = ds == ds && dsp == dsp;
            } else {
                sphere_sincos_(x, &st, &z); sphere_sincos_(y, &sp, &cp);
                good = st == st && sp == sp;
                x = st * cp; y = st * sp;
            }
        } else if (job->solid) {
            const float ax = sphere_abs_(x), ay = sphere_abs_(y), az = sphere_abs_(z), big = ax > ay ? (ax > az ? ax : az) : (ay > az ? ay : az);
            const float scale = big > SPHERE_SH_PT_HUGE_ ? SPHERE_SH_PT_DROP_ : big < SPHERE_SH_PT_TINY_ ? SPHERE_SH_PT_LIFT_ : 1.0f;
            float r;
            good = ax < sphere_inf_() && ay < sphere_inf_() && az < sphere_inf_();
            x *= scale; y *= scale; z *= scale;
            r = sphere_sqrt_(x * x + y * y + z * z);
            if (r > 0) { x = x / r; y = y / r; z = z / r; } else { x = 0; y = 0; z = 1; }
            r = big > SPHERE_SH_PT_HUGE_ ? r * SPHERE_SH_PT_LIFT_ : big < SPHERE_SH_PT_TINY_ ? r * SPHERE_SH_PT_DROP_ : r;
            if (job->solid == 2) {
                if (!(r > 0)) good = 0;
                rho = job->radius / r; w = rho; v0 = job->coefficients ? 1 / r : rho / r; v1 = v0 * rho;
            } else {
                rho = r / job->radius; v1 = 1 / job->radius;
                if (job->coefficients) {                                /* the gradient of a sum is divided by r at the end: not by 0 */
                    if (!(rho > SPHERE_SH_PT_DROP_)) { *origin |= (uint32_t)1 << i; rho = SPHERE_SH_PT_TINY_; r = job->radius * rho; }
                    v0 = 1 / r;
                }
            }
        } else {
            const float n2 = x * x + y * y + z * z;
            good = n2 >= 0.98f && n2 <= 1.02f;
        }
        if (!good) { bad |= (uint32_t)1 << i; x = 0; y = 0; z = 1; st = 0; cp = 1; sp = 0; w = 1; rho = 0; v0 = 0; v1 = 0; ds = 0; dc = 1; dcp = 1; dsp = 0; }
        if (high) {
            double *p = polar + i, e, cosine, s;
            if (angles) {
                turn = ds < 0 ? -1.0f : 1.0f; s = sphere_sh_abs_double_(ds); cosine = sphere_sh_abs_double_(dc);
                p[SPHERE_SH_PT_PC_ * lanes] = ds < 0 ? -dcp : dcp; p[SPHERE_SH_PT_PS_ * lanes] = ds < 0 ? -dsp : dsp; p[SPHERE_SH_PT_PR_ * lanes] = s;
                p[SPHERE_SH_PT_PCL_ * lanes] = 0; p[SPHERE_SH_PT_PSL_ * lanes] = 0; p[SPHERE_SH_PT_PRL_ * lanes] = 0;
                e = cosine > 0.5 ? s * s / (1 + cosine) : 1 - cosine;
                z = (float)dc;
            } else {
                e = sphere_sh_pt_polar_((double)x, (double)y, (double)z, p, lanes, &cosine);
                z = (float)(z < 0 ? -cosine : cosine);
            }
            x = (float)(p[SPHERE_SH_PT_PR_ * lanes] * p[SPHERE_SH_PT_PC_ * lanes]); y = (float)(p[SPHERE_SH_PT_PR_ * lanes] * p[SPHERE_SH_PT_PS_ * lanes]);
            lane[SPHERE_SH_PT_E_ * lanes + i] = (float)e; st = turn * (float)p[SPHERE_SH_PT_PR_ * lanes];
        } else if (job->gradient == 2 && !angles) {
            const float ax = sphere_abs_(x), ay = sphere_abs_(y), big = ax > ay ? ax : ay, scale = big < SPHERE_SH_PT_TINY_ ? SPHERE_SH_PT_LIFT_ : 1.0f;
            const float lx = x * scale, ly = y * scale, r = sphere_sqrt_(lx * lx + ly * ly);
            if (r > 0) { cp = lx / r; sp = ly / r; st = big < SPHERE_SH_PT_TINY_ ? r * SPHERE_SH_PT_DROP_ : r; }
        }
        lane[SPHERE_SH_PT_X_ * lanes + i] = x; lane[SPHERE_SH_PT_Y_ * lanes + i] = y; lane[SPHERE_SH_PT_Z_ * lanes + i] = z;
        lane[SPHERE_SH_PT_ST_ * lanes + i] = st; lane[SPHERE_SH_PT_CP_ * lanes + i] = cp; lane[SPHERE_SH_PT_SP_ * lanes + i] = sp; lane[SPHERE_SH_PT_F_ * lanes + i] = turn;
        lane[SPHERE_SH_PT_W_ * lanes + i] = w; lane[SPHERE_SH_PT_RHO_ * lanes + i] = rho; lane[SPHERE_SH_PT_V0_ * lanes + i] = v0; lane[SPHERE_SH_PT_V1_ * lanes + i] = v1;
    }
    return bad;
}
/* One NaN in every output of a direction that is none. */
static void sphere_sh_pt_spoil_(const sphere_sh_pt_job_ *job, size_t at)
{
    const size_t all = (size_t)(job->plan->degree + 1) * (size_t)(job->plan->degree + 1);
    const int rows = job->plan->desc.layout == SPHERE_SH_BASIS_ROWS;
    size_t i;
    int k;
    for (k = 0; k < 4; k++) if (job->out[k]) for (i = 0; i < all; i++) job->out[k][rows ? at * job->stride + i : i * job->stride + at] = sphere_nan_();
}
/* Squared length of a direction, with the operations of the kernels. */
static float sphere_sh_pt_square_of_(const sphere_sh_pt_job_ *job, size_t at)
{ return job->in[0][at] * job->in[0][at] + job->in[1][at] * job->in[1][at] + job->in[2][at] * job->in[2][at]; }
static void sphere_sh_pt_basis_part_(const sphere_sh_pt_job_ *job, const sphere_sh_pt_kernels_ *kernels, size_t first, float *lane, double *polar)
{
    const int rows = job->plan->desc.layout == SPHERE_SH_BASIS_ROWS;
    const float *from[3];
    sphere_sh_pt_block_ b;
    uint32_t bad, origin;
    size_t i;
    /* Plain directions need no preparation: the kernel reads them itself, and says when one is none. */
    const int plain = job->in[2] && !job->solid && job->gradient < 2 && job->plan->degree <= SPHERE_SH_PT_LOW_DEGREE_;
    bad = plain ? 0 : sphere_sh_pt_prepare_(job, first, kernels->lanes, kernels->lanes, lane, polar, &origin);
    for (i = 0; i < 3; i++) from[i] = plain ? job->in[i] + first : lane + (SPHERE_SH_PT_X_ + i) * kernels->lanes;
    for (i = 0; i < 4; i++) b.out[i] = job->out[i] ? job->out[i] + (rows ? first * job->stride : first) : NULL;
    b.x = from[0]; b.y = from[1]; b.z = from[2]; b.lane = lane; b.polar = polar; b.rows = rows; b.step = rows ? 1 : job->stride; b.row = job->stride; b.gradient = job->gradient; b.solid = job->solid;
    if (kernels->basis(job->plan, &b) && plain) for (i = 0; i < kernels->lanes; i++) bad |= (uint32_t)sphere_sh_pt_strange_c_(sphere_sh_pt_square_of_(job, first + i)) << i;
    for (i = 0; bad; i++, bad >>= 1) if (bad & 1u) sphere_sh_pt_spoil_(job, first + i);
}
static void sphere_sh_pt_sum_part_(const sphere_sh_pt_job_ *job, const sphere_sh_pt_kernels_ *kernels, size_t first, size_t count, float *lane, double *polar, float *out)
{
    const size_t lanes = kernels->lanes == 1 ? 1 : 4 * kernels->lanes;
    sphere_sh_pt_sum_block_ b;
    uint32_t bad, origin;
    size_t f, g, i, k;
    bad = sphere_sh_pt_prepare_(job, first, count, lanes, lane, polar, &origin);
    b.lane = lane; b.polar = polar; b.stride = job->coefficient_stride; b.out = out; b.values = job->out[0] != NULL; b.gradient = job->gradient; b.solid = job->solid;
    for (f = 0; f < job->fields; f += SPHERE_SH_PT_SUM_FIELDS_) {
        b.fields = job->fields - f < SPHERE_SH_PT_SUM_FIELDS_ ? job->fields - f : SPHERE_SH_PT_SUM_FIELDS_;
        b.coefficients = job->coefficients + f * job->coefficient_stride;
        kernels->sum(job->plan, &b);
        for (g = 0; g < b.fields; g++) for (k = 0; k < 4; k++) {
            if (!job->out[k]) continue;
            for (i = 0; i < count; i++) {
                float v = out[(4 * g + k) * lanes + i];
                if (k == 0 && origin >> i & 1u) v = b.coefficients[g * b.stride] * sphere_sh_pt_seeds_(job->plan)[0];
                job->out[k][(f + g) * job->n + first + i] = bad >> i & 1u ? sphere_nan_() : sphere_canonical_(v);
            }
        }
    }
}
/* Working space is on the stack of functions of their own, so that each way of running has no more than it needs. */
SPHERE_SH_PT_APART_ static size_t sphere_sh_pt_run_sums_(const sphere_sh_pt_job_ *job, size_t first, size_t last)
{
    const size_t most = 4 * job->kernels->lanes;
    float lane[SPHERE_SH_PT_FIELDS_ * 4 * SPHERE_SH_PT_MOST_LANES_], out[4 * SPHERE_SH_PT_SUM_FIELDS_ * 4 * SPHERE_SH_PT_MOST_LANES_];
    double polar[SPHERE_SH_PT_POLAR_ * 4 * SPHERE_SH_PT_MOST_LANES_];
    for (; last - first >= 2; first += last - first < most ? last - first : most)
        sphere_sh_pt_sum_part_(job, job->kernels, first, last - first < most ? last - first : most, lane, polar, out);
    return first;
}
SPHERE_SH_PT_APART_ static size_t sphere_sh_pt_run_blocks_(const sphere_sh_pt_job_ *job, size_t first, size_t last)
{
    float lane[SPHERE_SH_PT_FIELDS_ * SPHERE_SH_PT_MOST_LANES_];
    double polar[SPHERE_SH_PT_POLAR_ * SPHERE_SH_PT_MOST_LANES_];
    for (; last - first >= job->kernels->lanes; first += job->kernels->lanes) sphere_sh_pt_basis_part_(job, job->kernels, first, lane, polar);
    return first;
}
SPHERE_SH_PT_APART_ static void sphere_sh_pt_run_one_(const sphere_sh_pt_job_ *job, size_t first)
{
    const sphere_sh_pt_kernels_ *kernels = sphere_sh_pt_kernels_for_(SPHERE_SIMD_PORTABLE);
    float lane[SPHERE_SH_PT_FIELDS_], out[4 * SPHERE_SH_PT_SUM_FIELDS_];
    double polar[SPHERE_SH_PT_POLAR_];
    if (job->coefficients) sphere_sh_pt_sum_part_(job, kernels, first, 1, lane, polar, out);
    else sphere_sh_pt_basis_part_(job, kernels, first, lane, polar);
}
/* Values alone at low degrees: straight-line code to degree 6, then, for planes, four vectors at a time. Returns where it stopped. */
static size_t sphere_sh_pt_run_low_(const sphere_sh_pt_job_ *job, size_t first, size_t last)
{
    const size_t rows = job->plan->desc.layout == SPHERE_SH_BASIS_ROWS ? job->stride : 1;
    int bad = 0;
    size_t i = first, done;
    if (job->plan->degree <= 6) {
        i += job->kernels->low(job->plan, job->in[0] + i, job->in[1] + i, job->in[2] + i, last - i, job->out[0] + i * rows, job->stride, &bad);
        if (i < last) i += sphere_sh_pt_low_c_(job->plan, job->in[0] + i, job->in[1] + i, job->in[2] + i, last - i, job->out[0] + i * rows, job->stride, &bad);
    } else if (job->kernels->planes && job->plan->desc.layout == SPHERE_SH_BASIS_PLANES && job->plan->degree <= SPHERE_SH_PT_LOW_DEGREE_)
        i += job->kernels->planes(job->plan, job->in[0] + i, job->in[1] + i, job->in[2] + i, last - i, job->out[0] + i, job->stride, &bad);
    done = i;
    if (bad) for (i = first; i < done; i++) if (sphere_sh_pt_strange_c_(sphere_sh_pt_square_of_(job, i))) sphere_sh_pt_spoil_(job, i);
    return done;
}
static void sphere_sh_pt_task_(void *context, size_t index)
{
    const sphere_sh_pt_job_ *job = (const sphere_sh_pt_job_ *)context;
    const size_t first = index * SPHERE_SH_PT_TASK_, last = job->n - first < SPHERE_SH_PT_TASK_ ? job->n : first + SPHERE_SH_PT_TASK_;
    size_t i = first;
    if (!job->coefficients && !job->gradient && !job->solid && job->in[2]) i = sphere_sh_pt_run_low_(job, first, last);
    if (job->kernels->lanes > 1) i = job->coefficients ? sphere_sh_pt_run_sums_(job, i, last) : sphere_sh_pt_run_blocks_(job, i, last);
    for (; i < last; i++) sphere_sh_pt_run_one_(job, i);
}
/* Check and run. in[], out[], gradient, solid, and for sums coefficients, fields and coefficient_stride are set. */
static sphere_status sphere_sh_pt_run_(sphere_sh_pt_job_ *job, const sphere_sh_points *plan, size_t n, int angles, int sums)
{
    size_t all, span, c_span = 0, i, j;
    if (!plan || !plan->table) return SPHERE_E_NULL;
    all = (size_t)(plan->degree + 1) * (size_t)(plan->degree + 1);
    if (sums) {
        if (job->coefficient_stride && job->coefficient_stride < all) return SPHERE_E_RANGE;
        if (!job->coefficient_stride) job->coefficient_stride = all;
    } else {
        if (plan->desc.layout == SPHERE_SH_BASIS_PLANES && plan->desc.stride && plan->desc.stride < n) return SPHERE_E_RANGE;
        job->stride = plan->desc.stride ? plan->desc.stride : plan->desc.layout == SPHERE_SH_BASIS_ROWS ? all : n;
    }
    if (job->solid) {
        if (job->radius != job->radius) return SPHERE_E_NAN;
        if (!(job->radius > 0 && job->radius < sphere_inf_())) return SPHERE_E_RANGE;
    }
    if (n == 0 || (sums && job->fields == 0)) return SPHERE_OK;
    if (!job->in[0] || !job->in[1] || (!angles && !job->in[2]) || (sums && !job->coefficients)) return SPHERE_E_NULL;
    for (i = 1; i < 4; i++) if (job->gradient && !job->out[i] && !(job->gradient == 2 && i == 3)) return SPHERE_E_NULL;
    if (!job->out[0] && !job->gradient) return SPHERE_E_NULL;
    if (n > SIZE_MAX / 16) return SPHERE_E_SIZE;
    span = sums ? sphere_size_(job->fields, n, 0) : plan->desc.layout == SPHERE_SH_BASIS_ROWS ? sphere_size_(n - 1, job->stride, all) : sphere_size_(all - 1, job->stride, n);
    span = sphere_size_(span, sizeof(float), 0);
    if (sums) c_span = sphere_size_(sphere_size_(job->fields - 1, job->coefficient_stride, all), sizeof(float), 0);
    if (span > SIZE_MAX / 2 || c_span > SIZE_MAX / 2) return SPHERE_E_SIZE;
    for (i = 0; i < 4; i++) {
        if (!job->out[i]) continue;
        for (j = 0; j < 3; j++) if (sphere_overlap_(job->out[i], span, job->in[j], n * sizeof(float))) return SPHERE_E_OVERLAP;
        for (j = 0; j < i; j++) if (sphere_overlap_(job->out[i], span, job->out[j], span)) return SPHERE_E_OVERLAP;
        if (sphere_overlap_(job->out[i], span, job->coefficients, c_span) || sphere_overlap_(job->out[i], span, plan, sizeof(*plan)) ||
            sphere_overlap_(job->out[i], span, plan->table, plan->bytes)) return SPHERE_E_OVERLAP;
    }
    job->plan = plan; job->n = n; job->kernels = sphere_sh_pt_kernels_for_(plan->level);
    sphere_parallel_(&plan->exec, (n + SPHERE_SH_PT_TASK_ - 1) / SPHERE_SH_PT_TASK_, sphere_sh_pt_task_, job);
    return SPHERE_OK;
}
SPHERE_SH_API sphere_status sphere_sh_values(const sphere_sh_points *plan, const float *x, const float *y, const float *z, size_t n, float *out)
{
    sphere_sh_pt_job_ job;
    memset(&job, 0, sizeof(job));
    job.in[0] = x; job.in[1] = y; job.in[2] = z; job.out[0] = out;
    return sphere_sh_pt_run_(&job, plan, n, 0, 0);
}
SPHERE_SH_API sphere_status sphere_sh_values_angles(const sphere_sh_points *plan, const float *theta, const float *phi, size_t n, float *out)
{
    sphere_sh_pt_job_ job;
    memset(&job, 0, sizeof(job));
    job.in[0] = theta; job.in[1] = phi; job.out[0] = out;
    return sphere_sh_pt_run_(&job, plan, n, 1, 0);
}
SPHERE_SH_API sphere_status sphere_sh_gradients(const sphere_sh_points *plan, const float *x, const float *y, const float *z, size_t n,
                                                float *values, float *gx, float *gy, float *gz)
{
    sphere_sh_pt_job_ job;
    memset(&job, 0, sizeof(job));
    job.in[0] = x; job.in[1] = y; job.in[2] = z; job.out[0] = values; job.out[1] = gx; job.out[2] = gy; job.out[3] = gz;
    job.gradient = 1;
    return sphere_sh_pt_run_(&job, plan, n, 0, 0);
}
SPHERE_SH_API sphere_status sphere_sh_gradients_tangent(const sphere_sh_points *plan, const float *x, const float *y, const float *z, size_t n,
                                                        float *values, float *along_theta, float *along_phi)
{
    sphere_sh_pt_job_ job;
    memset(&job, 0, sizeof(job));
    job.in[0] = x; job.in[1] = y; job.in[2] = z; job.out[0] = values; job.out[1] = along_theta; job.out[2] = along_phi;
    job.gradient = 2;
    return sphere_sh_pt_run_(&job, plan, n, 0, 0);
}
SPHERE_SH_API sphere_status sphere_sh_gradients_angles(const sphere_sh_points *plan, const float *theta, const float *phi, size_t n,
                                                       float *values, float *along_theta, float *along_phi)
{
    sphere_sh_pt_job_ job;
    memset(&job, 0, sizeof(job));
    job.in[0] = theta; job.in[1] = phi; job.out[0] = values; job.out[1] = along_theta; job.out[2] = along_phi;
    job.gradient = 2;
    return sphere_sh_pt_run_(&job, plan, n, 1, 0);
}
SPHERE_SH_API sphere_status sphere_sh_sum(const sphere_sh_points *plan, const float *coefficients, size_t fields, size_t coefficient_stride,
                                          const float *x, const float *y, const float *z, size_t n, float *values, float *gx, float *gy, float *gz)
{
    sphere_sh_pt_job_ job;
    memset(&job, 0, sizeof(job));
    job.in[0] = x; job.in[1] = y; job.in[2] = z; job.out[0] = values; job.out[1] = gx; job.out[2] = gy; job.out[3] = gz;
    job.coefficients = coefficients; job.fields = fields; job.coefficient_stride = coefficient_stride; job.gradient = gx || gy || gz;
    return sphere_sh_pt_run_(&job, plan, n, 0, 1);
}
SPHERE_SH_API sphere_status sphere_sh_sum_angles(const sphere_sh_points *plan, const float *coefficients, size_t fields, size_t coefficient_stride,
                                                 const float *theta, const float *phi, size_t n, float *values, float *along_theta, float *along_phi)
{
    sphere_sh_pt_job_ job;
    memset(&job, 0, sizeof(job));
    job.in[0] = theta; job.in[1] = phi; job.out[0] = values; job.out[1] = along_theta; job.out[2] = along_phi;
    job.coefficients = coefficients; job.fields = fields; job.coefficient_stride = coefficient_stride; job.gradient = along_theta || along_phi ? 2 : 0;
    return sphere_sh_pt_run_(&job, plan, n, 1, 1);
}
SPHERE_SH_API sphere_status sphere_sh_solid(const sphere_sh_points *plan, sphere_sh_kind kind, float radius, const float *x, const float *y,
                                            const float *z, size_t n, float *values, float *gx, float *gy, float *gz)
{
    sphere_sh_pt_job_ job;
    memset(&job, 0, sizeof(job));
    if (kind != SPHERE_SH_REGULAR && kind != SPHERE_SH_IRREGULAR) return plan ? SPHERE_E_RANGE : SPHERE_E_NULL;
    job.in[0] = x; job.in[1] = y; job.in[2] = z; job.out[0] = values; job.out[1] = gx; job.out[2] = gy; job.out[3] = gz;
    job.gradient = gx || gy || gz; job.solid = 1 + (int)kind; job.radius = radius;
    return sphere_sh_pt_run_(&job, plan, n, 0, 0);
}
SPHERE_SH_API sphere_status sphere_sh_solid_sum(const sphere_sh_points *plan, sphere_sh_kind kind, float radius, const float *coefficients,
                                                size_t fields, size_t coefficient_stride, const float *x, const float *y, const float *z, size_t n,
                                                float *values, float *gx, float *gy, float *gz)
{
    sphere_sh_pt_job_ job;
    memset(&job, 0, sizeof(job));
    if (kind != SPHERE_SH_REGULAR && kind != SPHERE_SH_IRREGULAR) return plan ? SPHERE_E_RANGE : SPHERE_E_NULL;
    job.in[0] = x; job.in[1] = y; job.in[2] = z; job.out[0] = values; job.out[1] = gx; job.out[2] = gy; job.out[3] = gz;
    job.coefficients = coefficients; job.fields = fields; job.coefficient_stride = coefficient_stride; job.gradient = gx || gy || gz;
    job.solid = 1 + (int)kind; job.radius = radius;
    return sphere_sh_pt_run_(&job, plan, n, 0, 1);
}
/* sphere-sh float end eval-kernels */
/* sphere-sh double begin eval-kernels: made from the float section by tests/double.py, do not edit */
/* What one call of a basis or sum kernel works on: one direction in the portable version, a vector of them in the others. */
typedef struct sphere_shd_pt_block_ {
    const double *x, *y, *z;                     /* [lanes] */
    const double *lane;                          /* [FIELDS][lanes] */
    double      *polar;                         /* [POLAR][lanes] */
    double       *out[4];                        /* values and the components of the gradient, or NULL */
    size_t       step, row;                     /* elements from harmonic to harmonic, and from direction to direction; for vectors one of them is 1 */
    int          rows;
    int          gradient;                      /* 0 none, 1 cartesian, 2 along theta and phi */
    int          solid;                         /* 0 no, 1 regular, 2 irregular */
} sphere_shd_pt_block_;

SPHERE_INLINE_ double sphere_shd_pt_sign_c_(double z) { return z < 0 ? -1.0 : 1.0; }
SPHERE_INLINE_ double sphere_shd_pt_flip_c_(double v, double sign) { return v * sign; }
SPHERE_INLINE_ double sphere_shd_pt_keep_c_(double v, double live) { return live < 0 ? v : 0; }
SPHERE_INLINE_ double sphere_shd_pt_canon_c_(double v) { return sphere_sh_canonical_double_(v); }
SPHERE_INLINE_ double sphere_shd_pt_above_c_(double a, double b, double x, double y) { return a > b ? x : y; }
/* Is any of the squared lengths not that of a direction? A NaN is not. */
SPHERE_INLINE_ int sphere_shd_pt_strange_c_(double n2) { return !(n2 >= 0.98 && n2 <= 1.02); }
SPHERE_INLINE_ int sphere_shd_pt_large_c_(double v) { return sphere_sh_abs_double_(v) > SPHERE_SHD_PT_LARGE_; }
#if SPHERE_AVX2_
SPHERE_SH_PT_AVX2_FN_ __m256d sphere_shd_pt_sign_avx2_(__m256d z_f64x4) { return _mm256_and_pd(_mm256_cmp_pd(z_f64x4, _mm256_setzero_pd(), _CMP_LT_OQ), _mm256_set1_pd(-0.0)); }
SPHERE_SH_PT_AVX2_FN_ __m256d sphere_shd_pt_flip_avx2_(__m256d v_f64x4, __m256d sign_f64x4) { return _mm256_xor_pd(v_f64x4, sign_f64x4); }
SPHERE_SH_PT_AVX2_FN_ __m256d sphere_shd_pt_keep_avx2_(__m256d v_f64x4, __m256d live_f64x4) { return _mm256_blendv_pd(_mm256_setzero_pd(), v_f64x4, live_f64x4); }
/* Solid harmonics can overflow, and then infinity times 0 is a NaN of either sign. */
SPHERE_SH_PT_AVX2_FN_ __m256d sphere_shd_pt_canon_avx2_(__m256d v_f64x4)
{ return _mm256_blendv_pd(_mm256_set1_pd(sphere_sh_nan_double_()), v_f64x4, _mm256_cmp_pd(v_f64x4, v_f64x4, _CMP_EQ_OQ)); }
SPHERE_SH_PT_AVX2_FN_ __m256d sphere_shd_pt_above_avx2_(__m256d a_f64x4, __m256d b_f64x4, __m256d x_f64x4, __m256d y_f64x4) { return _mm256_blendv_pd(y_f64x4, x_f64x4, _mm256_cmp_pd(a_f64x4, b_f64x4, _CMP_GT_OQ)); }
SPHERE_SH_PT_AVX2_FN_ int sphere_shd_pt_strange_avx2_(__m256d n2_f64x4)
{ return _mm256_movemask_pd(_mm256_and_pd(_mm256_cmp_pd(n2_f64x4, _mm256_set1_pd(0.98), _CMP_GE_OQ), _mm256_cmp_pd(n2_f64x4, _mm256_set1_pd(1.02), _CMP_LE_OQ))) != (1 << SPHERE_SHD_AVX2_LANES_) - 1; }
SPHERE_SH_PT_AVX2_FN_ int sphere_shd_pt_large_avx2_(__m256d v_f64x4)
{ return _mm256_movemask_pd(_mm256_cmp_pd(_mm256_andnot_pd(_mm256_set1_pd(-0.0), v_f64x4), _mm256_set1_pd(SPHERE_SHD_PT_LARGE_), _CMP_GT_OQ)); }
#endif
#if SPHERE_NEON_
SPHERE_INLINE_ float64x2_t sphere_shd_pt_sign_neon_(float64x2_t z_f64x2)
{ return vreinterpretq_f64_u64(vandq_u64(vcltzq_f64(z_f64x2), vreinterpretq_u64_f64(vdupq_n_f64(-0.0)))); }
SPHERE_INLINE_ float64x2_t sphere_shd_pt_flip_neon_(float64x2_t v_f64x2, float64x2_t sign_f64x2)
{ return vreinterpretq_f64_u64(veorq_u64(vreinterpretq_u64_f64(v_f64x2), vreinterpretq_u64_f64(sign_f64x2))); }
SPHERE_INLINE_ float64x2_t sphere_shd_pt_keep_neon_(float64x2_t v_f64x2, float64x2_t live_f64x2) { return vbslq_f64(vcltzq_f64(live_f64x2), v_f64x2, vdupq_n_f64(0)); }
SPHERE_INLINE_ float64x2_t sphere_shd_pt_canon_neon_(float64x2_t v_f64x2) { return vbslq_f64(vceqq_f64(v_f64x2, v_f64x2), v_f64x2, vdupq_n_f64(sphere_sh_nan_double_())); }
SPHERE_INLINE_ float64x2_t sphere_shd_pt_above_neon_(float64x2_t a_f64x2, float64x2_t b_f64x2, float64x2_t x_f64x2, float64x2_t y_f64x2)
{ return vbslq_f64(vcgtq_f64(a_f64x2, b_f64x2), x_f64x2, y_f64x2); }
SPHERE_INLINE_ int sphere_shd_pt_strange_neon_(float64x2_t n2_f64x2)
{ return vaddvq_u64(vshrq_n_u64(vandq_u64(vcgeq_f64(n2_f64x2, vdupq_n_f64(0.98)), vcleq_f64(n2_f64x2, vdupq_n_f64(1.02))), 31)) != SPHERE_SHD_NEON_LANES_; }
SPHERE_INLINE_ int sphere_shd_pt_large_neon_(float64x2_t v_f64x2) { return vaddvq_u64(vcgtq_f64(vabsq_f64(v_f64x2), vdupq_n_f64(SPHERE_SHD_PT_LARGE_))) != 0; }
#endif

/* Tables of a plan: constants of the straight-line code, where T starts for each order, and the coefficients. */
SPHERE_INLINE_ const double *sphere_shd_pt_seeds_(const sphere_shd_points *plan) { return plan->table + 28; }
/* A - 1, B, C, k of the orders m .. m + orders - 1 at degree l, made on the way when the degree is too large for a table. */
static const double *sphere_shd_pt_row_(const sphere_shd_points *plan, int l, int m, int orders, double *scratch)
{
    const double *root, *inverse;
    int j;
    if (plan->degree <= SPHERE_SH_PT_TABLE_) return plan->table + 28 + (plan->degree + 2) + 4 * ((size_t)l * ((size_t)l + 1) / 2 + (size_t)m);
    root = plan->roots; inverse = root + 2 * plan->degree + 2;
    for (j = 0; j < orders && m + j <= l; j++) {
        const int o = m + j;
        const double wide = plan->desc.norm == SPHERE_SH_SCHMIDT ? 1.0 : 2.0 * l + 1, narrow = plan->desc.norm == SPHERE_SH_SCHMIDT ? 1.0 : 2.0 * l - 1;
        const double more = o == l ? 0 : wide == narrow ? 2.0 * o / (l - o) : (4.0 * o + 2.0) * l / (narrow * (l - o));     /* A^2 - 1 */
        const double a = o < l ? sphere_sqrt_double_(wide * (l + o) / (narrow * (l - o))) : 1.0, c = o < l ? a * inverse[l + o] : 0.0;
        const double k = root[l - o] * root[l + o + 1];
        scratch[4 * j] = (double)(more / (a + 1)); scratch[4 * j + 1] = (double)(c * (l - 1 - o)); scratch[4 * j + 2] = (double)(c * (2 * l - 1));
        scratch[4 * j + 3] = (double)((o ? k : k * 0.70710678118654752) * (plan->desc.condon_shortley ? -1 : 1));
    }
    return scratch;
}

/* High degrees: the factors of order m and the start of T for all lanes. f[0..5] as in the kernels below, start[0..2] = T, live, exponent. */
static void sphere_shd_pt_order_(const sphere_shd_points *plan, int m, size_t lanes, const double *lane, const double *polar, int gradient, double *const f[6], double *const start[3])
{
    const double seed = m <= plan->degree ? (double)sphere_shd_pt_seeds_(plan)[m] : 0;
    size_t i;
    for (i = 0; i < lanes; i++) {
        const double *p = polar + i, c = p[SPHERE_SH_PT_PCOS_ * lanes], s = p[SPHERE_SH_PT_PSIN_ * lanes], r = p[SPHERE_SH_PT_PR_ * lanes], e = p[SPHERE_SH_PT_PEXP_ * lanes];
        const double turn = m * (double)lane[SPHERE_SH_PT_F_ * lanes + i];
        start[0][i] = (double)(seed * p[SPHERE_SH_PT_PPOW_ * lanes]); start[1][i] = e > 0 ? 1.0 : -1.0; start[2][i] = (double)e;
        if (!f) continue;
        f[0][i] = (double)(m ? r * c : 1.0); f[1][i] = (double)(m ? r * s : 0.0);
        if (!gradient) continue;
        f[2][i] = (double)(gradient == 1 ? m * p[SPHERE_SH_PT_PCOSP_ * lanes] : turn * c);
        f[3][i] = (double)(gradient == 1 ? m * p[SPHERE_SH_PT_PSINP_ * lanes] : turn * s);
        f[4][i] = (double)c; f[5][i] = (double)s;
    }
}
/* Bring mantissas back into range; a lane that reaches exponent 0 takes part from now on. Returns whether any lane still waits. */
static int sphere_shd_pt_rescale_(double *t, double *d, double *live, double *exponent, size_t lanes)
{
    size_t i;
    int wait = 0;
    for (i = 0; i < lanes; i++) {
        if (exponent[i] > 0 && sphere_sh_abs_double_(t[i]) > SPHERE_SHD_PT_LARGE_) {
            t[i] *= SPHERE_SHD_PT_SHRINK_; d[i] *= SPHERE_SHD_PT_SHRINK_; exponent[i] -= 1;
            if (!(exponent[i] > 0)) live[i] = -1.0;
        }
        wait |= exponent[i] > 0;
    }
    return wait;
}

/* Columns that are vectors, into rows. */

#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_shd_pt_rows_avx2_(double *out, size_t row, const double *tile, size_t columns)
{
    size_t i, k;
    for (; columns >= SPHERE_SHD_AVX2_LANES_; columns -= SPHERE_SHD_AVX2_LANES_, tile += SPHERE_SHD_AVX2_LANES_ * SPHERE_SHD_AVX2_LANES_, out += SPHERE_SHD_AVX2_LANES_) sphere_shd_pt_square_avx2_(out, row, tile);
    for (i = 0; i < SPHERE_SHD_AVX2_LANES_ && columns; i++) for (k = 0; k < columns; k++) out[i * row + k] = tile[k * SPHERE_SHD_AVX2_LANES_ + i];
}
#endif
#if SPHERE_NEON_
static void sphere_shd_pt_rows_neon_(double *out, size_t row, const double *tile, size_t columns)
{
    size_t i, k;
    for (; columns >= SPHERE_SHD_NEON_LANES_; columns -= SPHERE_SHD_NEON_LANES_, tile += SPHERE_SHD_NEON_LANES_ * SPHERE_SHD_NEON_LANES_, out += SPHERE_SHD_NEON_LANES_) sphere_shd_pt_square_neon_(out, row, tile);
    for (i = 0; i < SPHERE_SHD_NEON_LANES_ && columns; i++) for (k = 0; k < columns; k++) out[i * row + k] = tile[k * SPHERE_SHD_NEON_LANES_ + i];
}
#endif

/* >>kernel low: all harmonics to degree 6 by straight-line code, as homogeneous polynomials, which keep their digits at the poles.
   (l, m) = k p(z^2, x^2 + y^2) times the real or imaginary part (c, m below) of (x + i y)^m. Returns how many directions it did: whole
   vectors; *bad is set when one of them is not a direction. */
SPHERE_INLINE_ void sphere_shd_pt_low_body_c_(const int degree, const double *k, double x, double y, double z, double *out, size_t step)
{
    double t, s2, z2, s4, c1, m1, c2, m2, c3, m3, c4, m4, c5, m5, c6, m6;
    *out = *k;
    if (degree < 1) return;
    {
        c1 = x; m1 = y;
        *(out + 2 * step) = k[1] * z;
        t = k[2]; *(out + 1 * step) = t * m1; *(out + 3 * step) = t * c1;
    }
    if (degree < 2) return;
    {
        s2 = SPHERE_MADD_(x, x, (y * y)); z2 = z * z; c2 = (x * x) - (y * y); m2 = x * y; m2 = m2 + m2;
        *(out + 6 * step) = k[3] * (z2 - (0.5 * s2));
        t = k[4] * z; *(out + 5 * step) = t * m1; *(out + 7 * step) = t * c1;
        t = k[5]; *(out + 4 * step) = t * m2; *(out + 8 * step) = t * c2;
    }
    if (degree < 3) return;
    {
        c3 = (x * c2) - (y * m2); m3 = SPHERE_MADD_(y, c2, (x * m2));
        *(out + 12 * step) = k[6] * (z * ((2.0 * z2) - (3.0 * s2)));
        t = k[7] * ((4.0 * z2) - s2); *(out + 11 * step) = t * m1; *(out + 13 * step) = t * c1;
        t = k[8] * z; *(out + 10 * step) = t * m2; *(out + 14 * step) = t * c2;
        t = k[9]; *(out + 9 * step) = t * m3; *(out + 15 * step) = t * c3;
    }
    if (degree < 4) return;
    {
        c4 = (x * c3) - (y * m3); m4 = SPHERE_MADD_(y, c3, (x * m3));
        s4 = s2 * s2;
        *(out + 20 * step) = k[10] * SPHERE_MADD_((8.0 * z2), (z2 - (3.0 * s2)), (3.0 * s4));
        t = k[11] * (z * ((4.0 * z2) - (3.0 * s2))); *(out + 19 * step) = t * m1; *(out + 21 * step) = t * c1;
        t = k[12] * ((6.0 * z2) - s2); *(out + 18 * step) = t * m2; *(out + 22 * step) = t * c2;
        t = k[13] * z; *(out + 17 * step) = t * m3; *(out + 23 * step) = t * c3;
        t = k[14]; *(out + 16 * step) = t * m4; *(out + 24 * step) = t * c4;
    }
    if (degree < 5) return;
    {
        c5 = (x * c4) - (y * m4); m5 = SPHERE_MADD_(y, c4, (x * m4));
        *(out + 30 * step) = k[15] * (z * SPHERE_MADD_((8.0 * z2), (z2 - (5.0 * s2)), (15.0 * s4)));
        t = k[16] * SPHERE_MADD_((4.0 * z2), ((2.0 * z2) - (3.0 * s2)), s4); *(out + 29 * step) = t * m1; *(out + 31 * step) = t * c1;
        t = k[17] * (z * ((2.0 * z2) - s2)); *(out + 28 * step) = t * m2; *(out + 32 * step) = t * c2;
        t = k[18] * ((8.0 * z2) - s2); *(out + 27 * step) = t * m3; *(out + 33 * step) = t * c3;
        t = k[19] * z; *(out + 26 * step) = t * m4; *(out + 34 * step) = t * c4;
        t = k[20]; *(out + 25 * step) = t * m5; *(out + 35 * step) = t * c5;
    }
    if (degree < 6) return;
    {
        c6 = (x * c5) - (y * m5); m6 = SPHERE_MADD_(y, c5, (x * m5));
        *(out + 42 * step) = k[21] * (((2.0 * z2) * SPHERE_MADD_(45.0, s4, (((8.0 * z2) * z2) - ((60.0 * z2) * s2)))) - ((5.0 * s4) * s2));
        t = k[22] * (z * SPHERE_MADD_((4.0 * z2), ((2.0 * z2) - (5.0 * s2)), (5.0 * s4))); *(out + 41 * step) = t * m1; *(out + 43 * step) = t * c1;
        t = k[23] * SPHERE_MADD_((16.0 * z2), (z2 - s2), s4); *(out + 40 * step) = t * m2; *(out + 44 * step) = t * c2;
        t = k[24] * (z * ((8.0 * z2) - (3.0 * s2))); *(out + 39 * step) = t * m3; *(out + 45 * step) = t * c3;
        t = k[25] * ((10.0 * z2) - s2); *(out + 38 * step) = t * m4; *(out + 46 * step) = t * c4;
        t = k[26] * z; *(out + 37 * step) = t * m5; *(out + 47 * step) = t * c5;
        t = k[27]; *(out + 36 * step) = t * m6; *(out + 48 * step) = t * c6;
    }
}
#if SPHERE_AVX2_
SPHERE_SH_PT_AVX2_FN_ void sphere_shd_pt_low_body_avx2_(const int degree, const double *k, __m256d x_f64x4, __m256d y_f64x4, __m256d z_f64x4, double *out, size_t step)
{
    __m256d t_f64x4, s2_f64x4, z2_f64x4, s4_f64x4, c1_f64x4, m1_f64x4, c2_f64x4, m2_f64x4, c3_f64x4, m3_f64x4, c4_f64x4, m4_f64x4, c5_f64x4, m5_f64x4, c6_f64x4, m6_f64x4;
    _mm256_storeu_pd(out, _mm256_broadcast_sd(k));
    if (degree < 1) return;
    {
        c1_f64x4 = x_f64x4; m1_f64x4 = y_f64x4;
        _mm256_storeu_pd(out + 2 * step, _mm256_mul_pd(_mm256_broadcast_sd(k + 1), z_f64x4));
        t_f64x4 = _mm256_broadcast_sd(k + 2); _mm256_storeu_pd(out + 1 * step, _mm256_mul_pd(t_f64x4, m1_f64x4)); _mm256_storeu_pd(out + 3 * step, _mm256_mul_pd(t_f64x4, c1_f64x4));
    }
    if (degree < 2) return;
    {
        s2_f64x4 = SPHERE_SH_MADD_F64X4_(x_f64x4, x_f64x4, _mm256_mul_pd(y_f64x4, y_f64x4)); z2_f64x4 = _mm256_mul_pd(z_f64x4, z_f64x4); c2_f64x4 = _mm256_sub_pd(_mm256_mul_pd(x_f64x4, x_f64x4), _mm256_mul_pd(y_f64x4, y_f64x4)); m2_f64x4 = _mm256_mul_pd(x_f64x4, y_f64x4); m2_f64x4 = _mm256_add_pd(m2_f64x4, m2_f64x4);
        _mm256_storeu_pd(out + 6 * step, _mm256_mul_pd(_mm256_broadcast_sd(k + 3), _mm256_sub_pd(z2_f64x4, _mm256_mul_pd(_mm256_set1_pd(0.5), s2_f64x4))));
        t_f64x4 = _mm256_mul_pd(_mm256_broadcast_sd(k + 4), z_f64x4); _mm256_storeu_pd(out + 5 * step, _mm256_mul_pd(t_f64x4, m1_f64x4)); _mm256_storeu_pd(out + 7 * step, _mm256_mul_pd(t_f64x4, c1_f64x4));
        t_f64x4 = _mm256_broadcast_sd(k + 5); _mm256_storeu_pd(out + 4 * step, _mm256_mul_pd(t_f64x4, m2_f64x4)); _mm256_storeu_pd(out + 8 * step, _mm256_mul_pd(t_f64x4, c2_f64x4));
    }
    if (degree < 3) return;
    {
        c3_f64x4 = _mm256_sub_pd(_mm256_mul_pd(x_f64x4, c2_f64x4), _mm256_mul_pd(y_f64x4, m2_f64x4)); m3_f64x4 = SPHERE_SH_MADD_F64X4_(y_f64x4, c2_f64x4, _mm256_mul_pd(x_f64x4, m2_f64x4));
        _mm256_storeu_pd(out + 12 * step, _mm256_mul_pd(_mm256_broadcast_sd(k + 6), _mm256_mul_pd(z_f64x4, _mm256_sub_pd(_mm256_mul_pd(_mm256_set1_pd(2.0), z2_f64x4), _mm256_mul_pd(_mm256_set1_pd(3.0), s2_f64x4)))));
        t_f64x4 = _mm256_mul_pd(_mm256_broadcast_sd(k + 7), _mm256_sub_pd(_mm256_mul_pd(_mm256_set1_pd(4.0), z2_f64x4), s2_f64x4)); _mm256_storeu_pd(out + 11 * step, _mm256_mul_pd(t_f64x4, m1_f64x4)); _mm256_storeu_pd(out + 13 * step, _mm256_mul_pd(t_f64x4, c1_f64x4));
        t_f64x4 = _mm256_mul_pd(_mm256_broadcast_sd(k + 8), z_f64x4); _mm256_storeu_pd(out + 10 * step, _mm256_mul_pd(t_f64x4, m2_f64x4)); _mm256_storeu_pd(out + 14 * step, _mm256_mul_pd(t_f64x4, c2_f64x4));
        t_f64x4 = _mm256_broadcast_sd(k + 9); _mm256_storeu_pd(out + 9 * step, _mm256_mul_pd(t_f64x4, m3_f64x4)); _mm256_storeu_pd(out + 15 * step, _mm256_mul_pd(t_f64x4, c3_f64x4));
    }
    if (degree < 4) return;
    {
        c4_f64x4 = _mm256_sub_pd(_mm256_mul_pd(x_f64x4, c3_f64x4), _mm256_mul_pd(y_f64x4, m3_f64x4)); m4_f64x4 = SPHERE_SH_MADD_F64X4_(y_f64x4, c3_f64x4, _mm256_mul_pd(x_f64x4, m3_f64x4));
        s4_f64x4 = _mm256_mul_pd(s2_f64x4, s2_f64x4);
        _mm256_storeu_pd(out + 20 * step, _mm256_mul_pd(_mm256_broadcast_sd(k + 10), SPHERE_SH_MADD_F64X4_(_mm256_mul_pd(_mm256_set1_pd(8.0), z2_f64x4), _mm256_sub_pd(z2_f64x4, _mm256_mul_pd(_mm256_set1_pd(3.0), s2_f64x4)), _mm256_mul_pd(_mm256_set1_pd(3.0), s4_f64x4))));
        t_f64x4 = _mm256_mul_pd(_mm256_broadcast_sd(k + 11), _mm256_mul_pd(z_f64x4, _mm256_sub_pd(_mm256_mul_pd(_mm256_set1_pd(4.0), z2_f64x4), _mm256_mul_pd(_mm256_set1_pd(3.0), s2_f64x4)))); _mm256_storeu_pd(out + 19 * step, _mm256_mul_pd(t_f64x4, m1_f64x4)); _mm256_storeu_pd(out + 21 * step, _mm256_mul_pd(t_f64x4, c1_f64x4));
        t_f64x4 = _mm256_mul_pd(_mm256_broadcast_sd(k + 12), _mm256_sub_pd(_mm256_mul_pd(_mm256_set1_pd(6.0), z2_f64x4), s2_f64x4)); _mm256_storeu_pd(out + 18 * step, _mm256_mul_pd(t_f64x4, m2_f64x4)); _mm256_storeu_pd(out + 22 * step, _mm256_mul_pd(t_f64x4, c2_f64x4));
        t_f64x4 = _mm256_mul_pd(_mm256_broadcast_sd(k + 13), z_f64x4); _mm256_storeu_pd(out + 17 * step, _mm256_mul_pd(t_f64x4, m3_f64x4)); _mm256_storeu_pd(out + 23 * step, _mm256_mul_pd(t_f64x4, c3_f64x4));
        t_f64x4 = _mm256_broadcast_sd(k + 14); _mm256_storeu_pd(out + 16 * step, _mm256_mul_pd(t_f64x4, m4_f64x4)); _mm256_storeu_pd(out + 24 * step, _mm256_mul_pd(t_f64x4, c4_f64x4));
    }
    if (degree < 5) return;
    {
        c5_f64x4 = _mm256_sub_pd(_mm256_mul_pd(x_f64x4, c4_f64x4), _mm256_mul_pd(y_f64x4, m4_f64x4)); m5_f64x4 = SPHERE_SH_MADD_F64X4_(y_f64x4, c4_f64x4, _mm256_mul_pd(x_f64x4, m4_f64x4));
        _mm256_storeu_pd(out + 30 * step, _mm256_mul_pd(_mm256_broadcast_sd(k + 15), _mm256_mul_pd(z_f64x4, SPHERE_SH_MADD_F64X4_(_mm256_mul_pd(_mm256_set1_pd(8.0), z2_f64x4), _mm256_sub_pd(z2_f64x4, _mm256_mul_pd(_mm256_set1_pd(5.0), s2_f64x4)), _mm256_mul_pd(_mm256_set1_pd(15.0), s4_f64x4)))));
        t_f64x4 = _mm256_mul_pd(_mm256_broadcast_sd(k + 16), SPHERE_SH_MADD_F64X4_(_mm256_mul_pd(_mm256_set1_pd(4.0), z2_f64x4), _mm256_sub_pd(_mm256_mul_pd(_mm256_set1_pd(2.0), z2_f64x4), _mm256_mul_pd(_mm256_set1_pd(3.0), s2_f64x4)), s4_f64x4)); _mm256_storeu_pd(out + 29 * step, _mm256_mul_pd(t_f64x4, m1_f64x4)); _mm256_storeu_pd(out + 31 * step, _mm256_mul_pd(t_f64x4, c1_f64x4));
        t_f64x4 = _mm256_mul_pd(_mm256_broadcast_sd(k + 17), _mm256_mul_pd(z_f64x4, _mm256_sub_pd(_mm256_mul_pd(_mm256_set1_pd(2.0), z2_f64x4), s2_f64x4))); _mm256_storeu_pd(out + 28 * step, _mm256_mul_pd(t_f64x4, m2_f64x4)); _mm256_storeu_pd(out + 32 * step, _mm256_mul_pd(t_f64x4, c2_f64x4));
        t_f64x4 = _mm256_mul_pd(_mm256_broadcast_sd(k + 18), _mm256_sub_pd(_mm256_mul_pd(_mm256_set1_pd(8.0), z2_f64x4), s2_f64x4)); _mm256_storeu_pd(out + 27 * step, _mm256_mul_pd(t_f64x4, m3_f64x4)); _mm256_storeu_pd(out + 33 * step, _mm256_mul_pd(t_f64x4, c3_f64x4));
        t_f64x4 = _mm256_mul_pd(_mm256_broadcast_sd(k + 19), z_f64x4); _mm256_storeu_pd(out + 26 * step, _mm256_mul_pd(t_f64x4, m4_f64x4)); _mm256_storeu_pd(out + 34 * step, _mm256_mul_pd(t_f64x4, c4_f64x4));
        t_f64x4 = _mm256_broadcast_sd(k + 20); _mm256_storeu_pd(out + 25 * step, _mm256_mul_pd(t_f64x4, m5_f64x4)); _mm256_storeu_pd(out + 35 * step, _mm256_mul_pd(t_f64x4, c5_f64x4));
    }
    if (degree < 6) return;
    {
        c6_f64x4 = _mm256_sub_pd(_mm256_mul_pd(x_f64x4, c5_f64x4), _mm256_mul_pd(y_f64x4, m5_f64x4)); m6_f64x4 = SPHERE_SH_MADD_F64X4_(y_f64x4, c5_f64x4, _mm256_mul_pd(x_f64x4, m5_f64x4));
        _mm256_storeu_pd(out + 42 * step, _mm256_mul_pd(_mm256_broadcast_sd(k + 21), _mm256_sub_pd(_mm256_mul_pd(_mm256_mul_pd(_mm256_set1_pd(2.0), z2_f64x4), SPHERE_SH_MADD_F64X4_(_mm256_set1_pd(45.0), s4_f64x4, _mm256_sub_pd(_mm256_mul_pd(_mm256_mul_pd(_mm256_set1_pd(8.0), z2_f64x4), z2_f64x4), _mm256_mul_pd(_mm256_mul_pd(_mm256_set1_pd(60.0), z2_f64x4), s2_f64x4)))), _mm256_mul_pd(_mm256_mul_pd(_mm256_set1_pd(5.0), s4_f64x4), s2_f64x4))));
        t_f64x4 = _mm256_mul_pd(_mm256_broadcast_sd(k + 22), _mm256_mul_pd(z_f64x4, SPHERE_SH_MADD_F64X4_(_mm256_mul_pd(_mm256_set1_pd(4.0), z2_f64x4), _mm256_sub_pd(_mm256_mul_pd(_mm256_set1_pd(2.0), z2_f64x4), _mm256_mul_pd(_mm256_set1_pd(5.0), s2_f64x4)), _mm256_mul_pd(_mm256_set1_pd(5.0), s4_f64x4)))); _mm256_storeu_pd(out + 41 * step, _mm256_mul_pd(t_f64x4, m1_f64x4)); _mm256_storeu_pd(out + 43 * step, _mm256_mul_pd(t_f64x4, c1_f64x4));
        t_f64x4 = _mm256_mul_pd(_mm256_broadcast_sd(k + 23), SPHERE_SH_MADD_F64X4_(_mm256_mul_pd(_mm256_set1_pd(16.0), z2_f64x4), _mm256_sub_pd(z2_f64x4, s2_f64x4), s4_f64x4)); _mm256_storeu_pd(out + 40 * step, _mm256_mul_pd(t_f64x4, m2_f64x4)); _mm256_storeu_pd(out + 44 * step, _mm256_mul_pd(t_f64x4, c2_f64x4));
        t_f64x4 = _mm256_mul_pd(_mm256_broadcast_sd(k + 24), _mm256_mul_pd(z_f64x4, _mm256_sub_pd(_mm256_mul_pd(_mm256_set1_pd(8.0), z2_f64x4), _mm256_mul_pd(_mm256_set1_pd(3.0), s2_f64x4)))); _mm256_storeu_pd(out + 39 * step, _mm256_mul_pd(t_f64x4, m3_f64x4)); _mm256_storeu_pd(out + 45 * step, _mm256_mul_pd(t_f64x4, c3_f64x4));
        t_f64x4 = _mm256_mul_pd(_mm256_broadcast_sd(k + 25), _mm256_sub_pd(_mm256_mul_pd(_mm256_set1_pd(10.0), z2_f64x4), s2_f64x4)); _mm256_storeu_pd(out + 38 * step, _mm256_mul_pd(t_f64x4, m4_f64x4)); _mm256_storeu_pd(out + 46 * step, _mm256_mul_pd(t_f64x4, c4_f64x4));
        t_f64x4 = _mm256_mul_pd(_mm256_broadcast_sd(k + 26), z_f64x4); _mm256_storeu_pd(out + 37 * step, _mm256_mul_pd(t_f64x4, m5_f64x4)); _mm256_storeu_pd(out + 47 * step, _mm256_mul_pd(t_f64x4, c5_f64x4));
        t_f64x4 = _mm256_broadcast_sd(k + 27); _mm256_storeu_pd(out + 36 * step, _mm256_mul_pd(t_f64x4, m6_f64x4)); _mm256_storeu_pd(out + 48 * step, _mm256_mul_pd(t_f64x4, c6_f64x4));
    }
}
#endif
#if SPHERE_NEON_
SPHERE_INLINE_ void sphere_shd_pt_low_body_neon_(const int degree, const double *k, float64x2_t x_f64x2, float64x2_t y_f64x2, float64x2_t z_f64x2, double *out, size_t step)
{
    float64x2_t t_f64x2, s2_f64x2, z2_f64x2, s4_f64x2, c1_f64x2, m1_f64x2, c2_f64x2, m2_f64x2, c3_f64x2, m3_f64x2, c4_f64x2, m4_f64x2, c5_f64x2, m5_f64x2, c6_f64x2, m6_f64x2;
    vst1q_f64(out, vld1q_dup_f64(k));
    if (degree < 1) return;
    {
        c1_f64x2 = x_f64x2; m1_f64x2 = y_f64x2;
        vst1q_f64(out + 2 * step, vmulq_f64(vld1q_dup_f64(k + 1), z_f64x2));
        t_f64x2 = vld1q_dup_f64(k + 2); vst1q_f64(out + 1 * step, vmulq_f64(t_f64x2, m1_f64x2)); vst1q_f64(out + 3 * step, vmulq_f64(t_f64x2, c1_f64x2));
    }
    if (degree < 2) return;
    {
        s2_f64x2 = SPHERE_SH_MADD_F64X2_(x_f64x2, x_f64x2, vmulq_f64(y_f64x2, y_f64x2)); z2_f64x2 = vmulq_f64(z_f64x2, z_f64x2); c2_f64x2 = vsubq_f64(vmulq_f64(x_f64x2, x_f64x2), vmulq_f64(y_f64x2, y_f64x2)); m2_f64x2 = vmulq_f64(x_f64x2, y_f64x2); m2_f64x2 = vaddq_f64(m2_f64x2, m2_f64x2);
        vst1q_f64(out + 6 * step, vmulq_f64(vld1q_dup_f64(k + 3), vsubq_f64(z2_f64x2, vmulq_f64(vdupq_n_f64(0.5), s2_f64x2))));
        t_f64x2 = vmulq_f64(vld1q_dup_f64(k + 4), z_f64x2); vst1q_f64(out + 5 * step, vmulq_f64(t_f64x2, m1_f64x2)); vst1q_f64(out + 7 * step, vmulq_f64(t_f64x2, c1_f64x2));
        t_f64x2 = vld1q_dup_f64(k + 5); vst1q_f64(out + 4 * step, vmulq_f64(t_f64x2, m2_f64x2)); vst1q_f64(out + 8 * step, vmulq_f64(t_f64x2, c2_f64x2));
    }
    if (degree < 3) return;
    {
        c3_f64x2 = vsubq_f64(vmulq_f64(x_f64x2, c2_f64x2), vmulq_f64(y_f64x2, m2_f64x2)); m3_f64x2 = SPHERE_SH_MADD_F64X2_(y_f64x2, c2_f64x2, vmulq_f64(x_f64x2, m2_f64x2));
        vst1q_f64(out + 12 * step, vmulq_f64(vld1q_dup_f64(k + 6), vmulq_f64(z_f64x2, vsubq_f64(vmulq_f64(vdupq_n_f64(2.0), z2_f64x2), vmulq_f64(vdupq_n_f64(3.0), s2_f64x2)))));
        t_f64x2 = vmulq_f64(vld1q_dup_f64(k + 7), vsubq_f64(vmulq_f64(vdupq_n_f64(4.0), z2_f64x2), s2_f64x2)); vst1q_f64(out + 11 * step, vmulq_f64(t_f64x2, m1_f64x2)); vst1q_f64(out + 13 * step, vmulq_f64(t_f64x2, c1_f64x2));
        t_f64x2 = vmulq_f64(vld1q_dup_f64(k + 8), z_f64x2); vst1q_f64(out + 10 * step, vmulq_f64(t_f64x2, m2_f64x2)); vst1q_f64(out + 14 * step, vmulq_f64(t_f64x2, c2_f64x2));
        t_f64x2 = vld1q_dup_f64(k + 9); vst1q_f64(out + 9 * step, vmulq_f64(t_f64x2, m3_f64x2)); vst1q_f64(out + 15 * step, vmulq_f64(t_f64x2, c3_f64x2));
    }
    if (degree < 4) return;
    {
        c4_f64x2 = vsubq_f64(vmulq_f64(x_f64x2, c3_f64x2), vmulq_f64(y_f64x2, m3_f64x2)); m4_f64x2 = SPHERE_SH_MADD_F64X2_(y_f64x2, c3_f64x2, vmulq_f64(x_f64x2, m3_f64x2));
        s4_f64x2 = vmulq_f64(s2_f64x2, s2_f64x2);
        vst1q_f64(out + 20 * step, vmulq_f64(vld1q_dup_f64(k + 10), SPHERE_SH_MADD_F64X2_(vmulq_f64(vdupq_n_f64(8.0), z2_f64x2), vsubq_f64(z2_f64x2, vmulq_f64(vdupq_n_f64(3.0), s2_f64x2)), vmulq_f64(vdupq_n_f64(3.0), s4_f64x2))));
        t_f64x2 = vmulq_f64(vld1q_dup_f64(k + 11), vmulq_f64(z_f64x2, vsubq_f64(vmulq_f64(vdupq_n_f64(4.0), z2_f64x2), vmulq_f64(vdupq_n_f64(3.0), s2_f64x2)))); vst1q_f64(out + 19 * step, vmulq_f64(t_f64x2, m1_f64x2)); vst1q_f64(out + 21 * step, vmulq_f64(t_f64x2, c1_f64x2));
        t_f64x2 = vmulq_f64(vld1q_dup_f64(k + 12), vsubq_f64(vmulq_f64(vdupq_n_f64(6.0), z2_f64x2), s2_f64x2)); vst1q_f64(out + 18 * step, vmulq_f64(t_f64x2, m2_f64x2)); vst1q_f64(out + 22 * step, vmulq_f64(t_f64x2, c2_f64x2));
        t_f64x2 = vmulq_f64(vld1q_dup_f64(k + 13), z_f64x2); vst1q_f64(out + 17 * step, vmulq_f64(t_f64x2, m3_f64x2)); vst1q_f64(out + 23 * step, vmulq_f64(t_f64x2, c3_f64x2));
        t_f64x2 = vld1q_dup_f64(k + 14); vst1q_f64(out + 16 * step, vmulq_f64(t_f64x2, m4_f64x2)); vst1q_f64(out + 24 * step, vmulq_f64(t_f64x2, c4_f64x2));
    }
    if (degree < 5) return;
    {
        c5_f64x2 = vsubq_f64(vmulq_f64(x_f64x2, c4_f64x2), vmulq_f64(y_f64x2, m4_f64x2)); m5_f64x2 = SPHERE_SH_MADD_F64X2_(y_f64x2, c4_f64x2, vmulq_f64(x_f64x2, m4_f64x2));
        vst1q_f64(out + 30 * step, vmulq_f64(vld1q_dup_f64(k + 15), vmulq_f64(z_f64x2, SPHERE_SH_MADD_F64X2_(vmulq_f64(vdupq_n_f64(8.0), z2_f64x2), vsubq_f64(z2_f64x2, vmulq_f64(vdupq_n_f64(5.0), s2_f64x2)), vmulq_f64(vdupq_n_f64(15.0), s4_f64x2)))));
        t_f64x2 = vmulq_f64(vld1q_dup_f64(k + 16), SPHERE_SH_MADD_F64X2_(vmulq_f64(vdupq_n_f64(4.0), z2_f64x2), vsubq_f64(vmulq_f64(vdupq_n_f64(2.0), z2_f64x2), vmulq_f64(vdupq_n_f64(3.0), s2_f64x2)), s4_f64x2)); vst1q_f64(out + 29 * step, vmulq_f64(t_f64x2, m1_f64x2)); vst1q_f64(out + 31 * step, vmulq_f64(t_f64x2, c1_f64x2));
        t_f64x2 = vmulq_f64(vld1q_dup_f64(k + 17), vmulq_f64(z_f64x2, vsubq_f64(vmulq_f64(vdupq_n_f64(2.0), z2_f64x2), s2_f64x2))); vst1q_f64(out + 28 * step, vmulq_f64(t_f64x2, m2_f64x2)); vst1q_f64(out + 32 * step, vmulq_f64(t_f64x2, c2_f64x2));
        t_f64x2 = vmulq_f64(vld1q_dup_f64(k + 18), vsubq_f64(vmulq_f64(vdupq_n_f64(8.0), z2_f64x2), s2_f64x2)); vst1q_f64(out + 27 * step, vmulq_f64(t_f64x2, m3_f64x2)); vst1q_f64(out + 33 * step, vmulq_f64(t_f64x2, c3_f64x2));
        t_f64x2 = vmulq_f64(vld1q_dup_f64(k + 19), z_f64x2); vst1q_f64(out + 26 * step, vmulq_f64(t_f64x2, m4_f64x2)); vst1q_f64(out + 34 * step, vmulq_f64(t_f64x2, c4_f64x2));
        t_f64x2 = vld1q_dup_f64(k + 20); vst1q_f64(out + 25 * step, vmulq_f64(t_f64x2, m5_f64x2)); vst1q_f64(out + 35 * step, vmulq_f64(t_f64x2, c5_f64x2));
    }
    if (degree < 6) return;
    {
        c6_f64x2 = vsubq_f64(vmulq_f64(x_f64x2, c5_f64x2), vmulq_f64(y_f64x2, m5_f64x2)); m6_f64x2 = SPHERE_SH_MADD_F64X2_(y_f64x2, c5_f64x2, vmulq_f64(x_f64x2, m5_f64x2));
        vst1q_f64(out + 42 * step, vmulq_f64(vld1q_dup_f64(k + 21), vsubq_f64(vmulq_f64(vmulq_f64(vdupq_n_f64(2.0), z2_f64x2), SPHERE_SH_MADD_F64X2_(vdupq_n_f64(45.0), s4_f64x2, vsubq_f64(vmulq_f64(vmulq_f64(vdupq_n_f64(8.0), z2_f64x2), z2_f64x2), vmulq_f64(vmulq_f64(vdupq_n_f64(60.0), z2_f64x2), s2_f64x2)))), vmulq_f64(vmulq_f64(vdupq_n_f64(5.0), s4_f64x2), s2_f64x2))));
        t_f64x2 = vmulq_f64(vld1q_dup_f64(k + 22), vmulq_f64(z_f64x2, SPHERE_SH_MADD_F64X2_(vmulq_f64(vdupq_n_f64(4.0), z2_f64x2), vsubq_f64(vmulq_f64(vdupq_n_f64(2.0), z2_f64x2), vmulq_f64(vdupq_n_f64(5.0), s2_f64x2)), vmulq_f64(vdupq_n_f64(5.0), s4_f64x2)))); vst1q_f64(out + 41 * step, vmulq_f64(t_f64x2, m1_f64x2)); vst1q_f64(out + 43 * step, vmulq_f64(t_f64x2, c1_f64x2));
        t_f64x2 = vmulq_f64(vld1q_dup_f64(k + 23), SPHERE_SH_MADD_F64X2_(vmulq_f64(vdupq_n_f64(16.0), z2_f64x2), vsubq_f64(z2_f64x2, s2_f64x2), s4_f64x2)); vst1q_f64(out + 40 * step, vmulq_f64(t_f64x2, m2_f64x2)); vst1q_f64(out + 44 * step, vmulq_f64(t_f64x2, c2_f64x2));
        t_f64x2 = vmulq_f64(vld1q_dup_f64(k + 24), vmulq_f64(z_f64x2, vsubq_f64(vmulq_f64(vdupq_n_f64(8.0), z2_f64x2), vmulq_f64(vdupq_n_f64(3.0), s2_f64x2)))); vst1q_f64(out + 39 * step, vmulq_f64(t_f64x2, m3_f64x2)); vst1q_f64(out + 45 * step, vmulq_f64(t_f64x2, c3_f64x2));
        t_f64x2 = vmulq_f64(vld1q_dup_f64(k + 25), vsubq_f64(vmulq_f64(vdupq_n_f64(10.0), z2_f64x2), s2_f64x2)); vst1q_f64(out + 38 * step, vmulq_f64(t_f64x2, m4_f64x2)); vst1q_f64(out + 46 * step, vmulq_f64(t_f64x2, c4_f64x2));
        t_f64x2 = vmulq_f64(vld1q_dup_f64(k + 26), z_f64x2); vst1q_f64(out + 37 * step, vmulq_f64(t_f64x2, m5_f64x2)); vst1q_f64(out + 47 * step, vmulq_f64(t_f64x2, c5_f64x2));
        t_f64x2 = vld1q_dup_f64(k + 27); vst1q_f64(out + 36 * step, vmulq_f64(t_f64x2, m6_f64x2)); vst1q_f64(out + 48 * step, vmulq_f64(t_f64x2, c6_f64x2));
    }
}
#endif
static size_t sphere_shd_pt_low_c_(const sphere_shd_points *plan, const double *x, const double *y, const double *z, size_t n, double *out, size_t stride, int *bad)
{
    const double *k = plan->table;
    size_t i = 0;
    const int rows = plan->desc.layout == SPHERE_SH_BASIS_ROWS;
    const size_t step = rows ? 1 : stride;
    for (; i + 1 <= n; i += 1) {
        const double px = x[i], py = y[i], pz = z[i];
        const double n2 = SPHERE_MADD_(pz, pz, SPHERE_MADD_(px, px, (py * py)));
        double *to = out + (rows ? i * stride : i);
        *bad |= sphere_shd_pt_strange_c_(n2);
        sphere_shd_pt_low_body_c_(plan->degree, k, px, py, pz, to, step);
    }
    return i;
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static size_t sphere_shd_pt_low_avx2_(const sphere_shd_points *plan, const double *x, const double *y, const double *z, size_t n, double *out, size_t stride, int *bad)
{
    const double *k = plan->table;
    size_t i = 0;
    double space[49 * SPHERE_SHD_AVX2_LANES_ + 64 / sizeof(double)], *const tile = (double *)sphere_align_(space);
    const int rows = plan->desc.layout == SPHERE_SH_BASIS_ROWS;
    const size_t step = rows ? SPHERE_SHD_AVX2_LANES_ : stride, columns = (size_t)(plan->degree + 1) * (size_t)(plan->degree + 1);
    for (; i + SPHERE_SHD_AVX2_LANES_ <= n; i += SPHERE_SHD_AVX2_LANES_) {
        const __m256d px_f64x4 = _mm256_loadu_pd(x + i), py_f64x4 = _mm256_loadu_pd(y + i), pz_f64x4 = _mm256_loadu_pd(z + i);
        const __m256d n2_f64x4 = SPHERE_SH_MADD_F64X4_(pz_f64x4, pz_f64x4, SPHERE_SH_MADD_F64X4_(px_f64x4, px_f64x4, _mm256_mul_pd(py_f64x4, py_f64x4)));
        double *to = rows ? tile : out + i;
        *bad |= sphere_shd_pt_strange_avx2_(n2_f64x4);
        switch (plan->degree) {
        case 0: sphere_shd_pt_low_body_avx2_(0, k, px_f64x4, py_f64x4, pz_f64x4, to, step); break;
        case 1: sphere_shd_pt_low_body_avx2_(1, k, px_f64x4, py_f64x4, pz_f64x4, to, step); break;
        case 2: sphere_shd_pt_low_body_avx2_(2, k, px_f64x4, py_f64x4, pz_f64x4, to, step); break;
        case 3: sphere_shd_pt_low_body_avx2_(3, k, px_f64x4, py_f64x4, pz_f64x4, to, step); break;
        case 4: sphere_shd_pt_low_body_avx2_(4, k, px_f64x4, py_f64x4, pz_f64x4, to, step); break;
        case 5: sphere_shd_pt_low_body_avx2_(5, k, px_f64x4, py_f64x4, pz_f64x4, to, step); break;
        default: sphere_shd_pt_low_body_avx2_(6, k, px_f64x4, py_f64x4, pz_f64x4, to, step); break;
        }
        if (rows) sphere_shd_pt_rows_avx2_(out + i * stride, stride, tile, columns);
    }
    return i;
}
#endif
#if SPHERE_NEON_
static size_t sphere_shd_pt_low_neon_(const sphere_shd_points *plan, const double *x, const double *y, const double *z, size_t n, double *out, size_t stride, int *bad)
{
    const double *k = plan->table;
    size_t i = 0;
    double space[49 * SPHERE_SHD_NEON_LANES_ + 64 / sizeof(double)], *const tile = (double *)sphere_align_(space);
    const int rows = plan->desc.layout == SPHERE_SH_BASIS_ROWS;
    const size_t step = rows ? SPHERE_SHD_NEON_LANES_ : stride, columns = (size_t)(plan->degree + 1) * (size_t)(plan->degree + 1);
    for (; i + SPHERE_SHD_NEON_LANES_ <= n; i += SPHERE_SHD_NEON_LANES_) {
        const float64x2_t px_f64x2 = vld1q_f64(x + i), py_f64x2 = vld1q_f64(y + i), pz_f64x2 = vld1q_f64(z + i);
        const float64x2_t n2_f64x2 = SPHERE_SH_MADD_F64X2_(pz_f64x2, pz_f64x2, SPHERE_SH_MADD_F64X2_(px_f64x2, px_f64x2, vmulq_f64(py_f64x2, py_f64x2)));
        double *to = rows ? tile : out + i;
        *bad |= sphere_shd_pt_strange_neon_(n2_f64x2);
        switch (plan->degree) {
        case 0: sphere_shd_pt_low_body_neon_(0, k, px_f64x2, py_f64x2, pz_f64x2, to, step); break;
        case 1: sphere_shd_pt_low_body_neon_(1, k, px_f64x2, py_f64x2, pz_f64x2, to, step); break;
        case 2: sphere_shd_pt_low_body_neon_(2, k, px_f64x2, py_f64x2, pz_f64x2, to, step); break;
        case 3: sphere_shd_pt_low_body_neon_(3, k, px_f64x2, py_f64x2, pz_f64x2, to, step); break;
        case 4: sphere_shd_pt_low_body_neon_(4, k, px_f64x2, py_f64x2, pz_f64x2, to, step); break;
        case 5: sphere_shd_pt_low_body_neon_(5, k, px_f64x2, py_f64x2, pz_f64x2, to, step); break;
        default: sphere_shd_pt_low_body_neon_(6, k, px_f64x2, py_f64x2, pz_f64x2, to, step); break;
        }
        if (rows) sphere_shd_pt_rows_neon_(out + i * stride, stride, tile, columns);
    }
    return i;
}
#endif

/* >>kernel basis: all harmonics of a block and their gradients, in groups of orders, degree by degree. In the tangent plane with the
   point (x, y, |z|), U = k T_l^(m+1) h: radial part R = (m - n) Y + |z| U, gradient (m T g - x R, m T g' - y R, U - |z| R), where n is 0 on
   the sphere, l or -(l + 1) for solid harmonics; along theta |z| m T g - sin(theta) U. */
#define SPHERE_SHD_PT_WORK_ 440                     /* vectors of working space: 14 KB */
SPHERE_INLINE_ int sphere_shd_pt_basis_body_c_(const sphere_shd_points *plan, const sphere_shd_pt_block_ *b, const int gradient, const int plain)
{
    enum { SPACE = 108 };
    const int degree = plan->degree, high = !plain && degree > SPHERE_SH_PT_LOW_DEGREE_, solid = plain ? 0 : b->solid, outs = gradient == 0 ? 1 : gradient == 1 ? 4 : 3;
    const double *lane = b->lane, *seeds = sphere_shd_pt_seeds_(plan);
    double space[SPACE + 64 / sizeof(double)], *const work = (double *)sphere_align_(space);        /* aligned: half of the vectors would cross a cache line */
    double scratch[9 * 4], *t, *d, *f[6], *live, *expo, *tile = work, *o[4];
    const double *f0, *f1, *f2, *f3, *h0, *h1;                           /* what stays in registers: the addresses of f and o are taken */
    double *o0, *o1, *o2, *o3;
    size_t fill = 0, room, step = b->step;
    int busy[9], orders, m0, l, j, k, all;
    const double x = *b->x, y = *b->y, z = *b->z;
    const double az = sphere_sh_abs_double_(z), side = sphere_shd_pt_sign_c_(z), side2 = sphere_shd_pt_flip_c_(side, side), n2 = SPHERE_MADD_(z, z, SPHERE_MADD_(x, x, (y * y)));
    double eps, c, s, pc, ps, w, v, rho, st, cp, sp;
    if (high) { eps = *(lane + SPHERE_SH_PT_E_); }
    else { eps = sphere_shd_pt_above_c_(az, 0.5, (SPHERE_MADD_(x, x, (y * y)) / (1.0 + az)), (1.0 - az)); }
    c = 1.0; s = 0; pc = s; ps = s; w = s; v = s; rho = s; st = s; cp = s; sp = s;
    if (solid) { rho = *(lane + SPHERE_SH_PT_RHO_); }
    if (gradient == 2) { st = *(lane + SPHERE_SH_PT_ST_); cp = *(lane + SPHERE_SH_PT_CP_); sp = *(lane + SPHERE_SH_PT_SP_); }
    all = 0;
    orders = all ? degree + 1 : 8;
    t = work; d = t + (size_t)(orders + 1);
    for (k = 0; k < 6; k++) f[k] = d + (size_t)(orders + 1 + (k < 2 || gradient ? k * orders : 0));
    tile = d + (size_t)(orders + 1 + (gradient ? 6 : 2) * orders);
    live = tile; expo = live + 9;
    if (high) { tile = expo + 9; for (j = 0; j < 1; j++) sphere_sh_pt_polar_start_(b->polar + j, 1); }
    h0 = high ? f[4] : f[0]; h1 = high ? f[5] : f[1];
    f0 = f[0]; f1 = f[1]; f2 = f[2]; f3 = f[3];
    room = (size_t)(all ? 2 * degree + 1 + 1 : 2 * orders);
    for (k = 0; k < 4; k++) o[k] = k < outs ? b->out[k] : NULL;
    o0 = o[0]; o1 = o[1]; o2 = o[2]; o3 = o[3];
    for (m0 = 0; m0 <= degree; m0 += orders) {
        const int own = degree - m0 + 1 < orders ? degree - m0 + 1 : orders, chains = gradient && m0 + own <= degree ? own + 1 : own;
        for (j = 0; j < chains; j++) {
            const int m = m0 + j;
            const size_t at = (size_t)j;
            d[at] = 0;
            if (high) {
                double *to[6], *start[3];
                busy[j] = 0;
                for (k = 0; k < 6; k++) to[k] = f[k] + at;
                start[0] = t + at; start[1] = live + at; start[2] = expo + at;
                sphere_shd_pt_order_(plan, m, 1, lane, b->polar, gradient, j < own ? to : NULL, start);
                for (k = 0; k < 1; k++) busy[j] |= expo[at + (size_t)k] > 0;
                if (j < own) sphere_sh_pt_polar_step_(b->polar, 1, m, SPHERE_SHD_PT_LARGE_, SPHERE_SHD_PT_SHRINK_);
                continue;
            }
            t[at] = seeds[m];
            if (j == own) continue;
            f[0][at] = c; f[1][at] = s;
            if (gradient) {
                const double order = (double)m;
                const double om = order;
                if (gradient == 1) { f[2][at] = om * pc; f[3][at] = om * ps; }
                else { f[2][at] = om * ((cp * pc) - (sp * ps)); f[3][at] = om * SPHERE_MADD_(sp, pc, (cp * ps)); }
            }
            pc = c; ps = s;
            c = (x * pc) - (y * ps); s = SPHERE_MADD_(x, ps, (y * pc));
        }
        if (solid) {
            w = *(lane + SPHERE_SH_PT_W_); v = *(lane + SPHERE_SH_PT_V0_);
            for (l = 1; l <= m0; l++) { w = w * rho; if (l == 1) { v = *(lane + SPHERE_SH_PT_V1_); } else { v = v * rho; } }
        }
        for (l = m0; l <= degree; l++) {
            const int reach = l - m0 + 1, top = chains < reach ? chains : reach, mine = own < reach ? own : reach;
            const double *row = sphere_shd_pt_row_(plan, l, m0, 9, scratch);
            const int n = solid == 1 ? l : solid == 2 ? -(l + 1) : 0;
            size_t plus, minus;
            double next, turn;
            next = 0;
            if ((l - m0 - top + 1) & 1) { turn = side; } else { turn = side2; }
            if (solid && l > m0) { w = w * rho; if (l == 1) { v = *(lane + SPHERE_SH_PT_V1_); } else { v = v * rho; } }
            plus = (size_t)(l * l + l + m0) * step; minus = (size_t)(l * l + l - m0) * step;
            plus += (size_t)(top - 1) * step; minus -= (size_t)(top - 1) * step;
            for (j = top - 1; j >= 0; j--, plus -= step, minus += step) {
                const size_t at = (size_t)j;
                const double *q = row + 4 * j;
                double old = t[at], dd = (q[1] * d[at]) - ((q[2] * eps) * old);
                old = old + SPHERE_MADD_(*q, old, dd);
                d[at] = dd; t[at] = old;
                if (high) {
                    if (busy[j] && sphere_shd_pt_large_c_(old)) { busy[j] = sphere_shd_pt_rescale_(t + at, d + at, live + at, expo + at, 1); old = t[at]; }
                    old = sphere_shd_pt_keep_c_(old, live[at]);
                }
                if (j < mine) {
                    double tt = sphere_shd_pt_flip_c_(old, turn);
                    if (!gradient) {
                        if (solid) {
                            tt = tt * w;
                            o0[minus] = sphere_shd_pt_canon_c_((tt * f1[at])); o0[plus] = sphere_shd_pt_canon_c_((tt * f0[at]));
                        } else { o0[minus] = tt * f1[at]; o0[plus] = tt * f0[at]; }
                    } else {
                        double yc = tt * f0[at], ys = tt * f1[at];
                        const double gc = tt * f2[at], gs = tt * f3[at], up = sphere_shd_pt_flip_c_((q[3] * next), turn);
                        const double uc = up * h0[at], us = up * h1[at];
                        if (gradient == 1) {
                            const double order = (double)(m0 + j - n);
                            const double om = order;
                            const double rc = SPHERE_MADD_(om, yc, (az * uc)), rs = SPHERE_MADD_(om, ys, (az * us));
                            double xc = gc - (x * rc), xs = gs - (x * rs), hc = 0 - SPHERE_MADD_(y, rc, gs), hs = gc - (y * rs), zc = sphere_shd_pt_flip_c_((uc - (az * rc)), side), zs = sphere_shd_pt_flip_c_((us - (az * rs)), side);
                            if (solid) { xc = sphere_shd_pt_canon_c_((xc * v)); xs = sphere_shd_pt_canon_c_((xs * v)); hc = sphere_shd_pt_canon_c_((hc * v)); hs = sphere_shd_pt_canon_c_((hs * v)); zc = sphere_shd_pt_canon_c_((zc * v)); zs = sphere_shd_pt_canon_c_((zs * v)); }
                            o1[minus] = xs; o1[plus] = xc;
                            o2[minus] = hs; o2[plus] = hc;
                            o3[minus] = zs; o3[plus] = zc;
                        } else {
                            o1[minus] = sphere_shd_pt_flip_c_(((az * gs) - (st * us)), side); o1[plus] = sphere_shd_pt_flip_c_(((az * gc) - (st * uc)), side);
                            o2[minus] = gc; o2[plus] = 0 - gs;
                        }
                        if (o0) {
                            if (solid) { yc = sphere_shd_pt_canon_c_((yc * w)); ys = sphere_shd_pt_canon_c_((ys * w)); }
                            o0[minus] = ys; o0[plus] = yc;
                        }
                    }
                }
                next = old; turn = sphere_shd_pt_flip_c_(turn, side);
            }
        }
    }
    (void)fill; (void)room; (void)all;
    return sphere_shd_pt_strange_c_(n2);
}
static int sphere_shd_pt_basis_c_(const sphere_shd_points *plan, const sphere_shd_pt_block_ *b)
{
    return sphere_shd_pt_basis_body_c_(plan, b, b->gradient, 0);
}
#if SPHERE_AVX2_
SPHERE_SH_PT_AVX2_FN_ int sphere_shd_pt_basis_body_avx2_(const sphere_shd_points *plan, const sphere_shd_pt_block_ *b, const int gradient, const int plain)
{
    enum { SPACE = SPHERE_SHD_PT_WORK_ };
    const int degree = plan->degree, high = !plain && degree > SPHERE_SH_PT_LOW_DEGREE_, solid = plain ? 0 : b->solid, outs = gradient == 0 ? 1 : gradient == 1 ? 4 : 3;
    const double *lane = b->lane, *seeds = sphere_shd_pt_seeds_(plan);
    double space[SPACE * SPHERE_SHD_AVX2_LANES_ + 64 / sizeof(double)], *const work = (double *)sphere_align_(space);        /* aligned: half of the vectors would cross a cache line */
    double scratch[9 * 4], *t, *d, *f[6], *live, *expo, *tile = work, *o[4];
    const double *f0, *f1, *f2, *f3, *h0, *h1;                           /* what stays in registers: the addresses of f and o are taken */
    double *o0, *o1, *o2, *o3;
    size_t fill = 0, room, step = b->step;
    int busy[9], orders, m0, l, j, k, all;
    const __m256d x_f64x4 = _mm256_loadu_pd(b->x), y_f64x4 = _mm256_loadu_pd(b->y), z_f64x4 = _mm256_loadu_pd(b->z);
    const __m256d az_f64x4 = _mm256_andnot_pd(_mm256_set1_pd(-0.0), z_f64x4), side_f64x4 = sphere_shd_pt_sign_avx2_(z_f64x4), side2_f64x4 = sphere_shd_pt_flip_avx2_(side_f64x4, side_f64x4), n2_f64x4 = SPHERE_SH_MADD_F64X4_(z_f64x4, z_f64x4, SPHERE_SH_MADD_F64X4_(x_f64x4, x_f64x4, _mm256_mul_pd(y_f64x4, y_f64x4)));
    __m256d eps_f64x4, c_f64x4, s_f64x4, pc_f64x4, ps_f64x4, w_f64x4, v_f64x4, rho_f64x4, st_f64x4, cp_f64x4, sp_f64x4;
    if (high) { eps_f64x4 = _mm256_loadu_pd(lane + SPHERE_SH_PT_E_ * SPHERE_SHD_AVX2_LANES_); }
    else { eps_f64x4 = sphere_shd_pt_above_avx2_(az_f64x4, _mm256_set1_pd(0.5), _mm256_div_pd(SPHERE_SH_MADD_F64X4_(x_f64x4, x_f64x4, _mm256_mul_pd(y_f64x4, y_f64x4)), _mm256_add_pd(_mm256_set1_pd(1.0), az_f64x4)), _mm256_sub_pd(_mm256_set1_pd(1.0), az_f64x4)); }
    c_f64x4 = _mm256_set1_pd(1.0); s_f64x4 = _mm256_setzero_pd(); pc_f64x4 = s_f64x4; ps_f64x4 = s_f64x4; w_f64x4 = s_f64x4; v_f64x4 = s_f64x4; rho_f64x4 = s_f64x4; st_f64x4 = s_f64x4; cp_f64x4 = s_f64x4; sp_f64x4 = s_f64x4;
    if (solid) { rho_f64x4 = _mm256_loadu_pd(lane + SPHERE_SH_PT_RHO_ * SPHERE_SHD_AVX2_LANES_); }
    if (gradient == 2) { st_f64x4 = _mm256_loadu_pd(lane + SPHERE_SH_PT_ST_ * SPHERE_SHD_AVX2_LANES_); cp_f64x4 = _mm256_loadu_pd(lane + SPHERE_SH_PT_CP_ * SPHERE_SHD_AVX2_LANES_); sp_f64x4 = _mm256_loadu_pd(lane + SPHERE_SH_PT_SP_ * SPHERE_SHD_AVX2_LANES_); }
    /* All orders at once when there is room: then the columns of a row come in order. */
    all = !high && (degree + 2) * 2 + (degree + 1) * (gradient ? 6 : 2) + (b->rows ? outs * (2 * degree + 1 + SPHERE_SHD_AVX2_LANES_) : 0) <= SPACE;
    orders = all ? degree + 1 : 8;
    t = work; d = t + (size_t)(orders + 1) * SPHERE_SHD_AVX2_LANES_;
    for (k = 0; k < 6; k++) f[k] = d + (size_t)(orders + 1 + (k < 2 || gradient ? k * orders : 0)) * SPHERE_SHD_AVX2_LANES_;
    tile = d + (size_t)(orders + 1 + (gradient ? 6 : 2) * orders) * SPHERE_SHD_AVX2_LANES_;
    live = tile; expo = live + 9 * SPHERE_SHD_AVX2_LANES_;
    if (high) { tile = expo + 9 * SPHERE_SHD_AVX2_LANES_; for (j = 0; j < SPHERE_SHD_AVX2_LANES_; j++) sphere_sh_pt_polar_start_(b->polar + j, SPHERE_SHD_AVX2_LANES_); }
    h0 = high ? f[4] : f[0]; h1 = high ? f[5] : f[1];
    f0 = f[0]; f1 = f[1]; f2 = f[2]; f3 = f[3];
    room = (size_t)(all ? 2 * degree + 1 + SPHERE_SHD_AVX2_LANES_ : 2 * orders) * SPHERE_SHD_AVX2_LANES_;
    for (k = 0; k < 4; k++) o[k] = k < outs && b->out[k] ? (b->rows ? tile + (size_t)k * room : b->out[k]) : NULL;
    if (b->rows) step = SPHERE_SHD_AVX2_LANES_;
    o0 = o[0]; o1 = o[1]; o2 = o[2]; o3 = o[3];
    for (m0 = 0; m0 <= degree; m0 += orders) {
        const int own = degree - m0 + 1 < orders ? degree - m0 + 1 : orders, chains = gradient && m0 + own <= degree ? own + 1 : own;
        for (j = 0; j < chains; j++) {
            const int m = m0 + j;
            const size_t at = (size_t)j * SPHERE_SHD_AVX2_LANES_;
            _mm256_storeu_pd(d + at, _mm256_setzero_pd());
            if (high) {
                double *to[6], *start[3];
                busy[j] = 0;
                for (k = 0; k < 6; k++) to[k] = f[k] + at;
                start[0] = t + at; start[1] = live + at; start[2] = expo + at;
                sphere_shd_pt_order_(plan, m, SPHERE_SHD_AVX2_LANES_, lane, b->polar, gradient, j < own ? to : NULL, start);
                for (k = 0; k < SPHERE_SHD_AVX2_LANES_; k++) busy[j] |= expo[at + (size_t)k] > 0;
                if (j < own) sphere_sh_pt_polar_step_(b->polar, SPHERE_SHD_AVX2_LANES_, m, SPHERE_SHD_PT_LARGE_, SPHERE_SHD_PT_SHRINK_);
                continue;
            }
            _mm256_storeu_pd(t + at, _mm256_broadcast_sd(seeds + m));
            if (j == own) continue;
            _mm256_storeu_pd(f[0] + at, c_f64x4); _mm256_storeu_pd(f[1] + at, s_f64x4);
            if (gradient) {
                const double order = (double)m;
                const __m256d om_f64x4 = _mm256_set1_pd(order);
                if (gradient == 1) { _mm256_storeu_pd(f[2] + at, _mm256_mul_pd(om_f64x4, pc_f64x4)); _mm256_storeu_pd(f[3] + at, _mm256_mul_pd(om_f64x4, ps_f64x4)); }
                else { _mm256_storeu_pd(f[2] + at, _mm256_mul_pd(om_f64x4, _mm256_sub_pd(_mm256_mul_pd(cp_f64x4, pc_f64x4), _mm256_mul_pd(sp_f64x4, ps_f64x4)))); _mm256_storeu_pd(f[3] + at, _mm256_mul_pd(om_f64x4, SPHERE_SH_MADD_F64X4_(sp_f64x4, pc_f64x4, _mm256_mul_pd(cp_f64x4, ps_f64x4)))); }
            }
            pc_f64x4 = c_f64x4; ps_f64x4 = s_f64x4;
            c_f64x4 = _mm256_sub_pd(_mm256_mul_pd(x_f64x4, pc_f64x4), _mm256_mul_pd(y_f64x4, ps_f64x4)); s_f64x4 = SPHERE_SH_MADD_F64X4_(x_f64x4, ps_f64x4, _mm256_mul_pd(y_f64x4, pc_f64x4));
        }
        if (solid) {
            w_f64x4 = _mm256_loadu_pd(lane + SPHERE_SH_PT_W_ * SPHERE_SHD_AVX2_LANES_); v_f64x4 = _mm256_loadu_pd(lane + SPHERE_SH_PT_V0_ * SPHERE_SHD_AVX2_LANES_);
            for (l = 1; l <= m0; l++) { w_f64x4 = _mm256_mul_pd(w_f64x4, rho_f64x4); if (l == 1) { v_f64x4 = _mm256_loadu_pd(lane + SPHERE_SH_PT_V1_ * SPHERE_SHD_AVX2_LANES_); } else { v_f64x4 = _mm256_mul_pd(v_f64x4, rho_f64x4); } }
        }
        for (l = m0; l <= degree; l++) {
            const int reach = l - m0 + 1, top = chains < reach ? chains : reach, mine = own < reach ? own : reach;
            const double *row = sphere_shd_pt_row_(plan, l, m0, 9, scratch);
            const int n = solid == 1 ? l : solid == 2 ? -(l + 1) : 0;
            size_t plus, minus;
            __m256d next_f64x4, turn_f64x4;
            next_f64x4 = _mm256_setzero_pd();
            if ((l - m0 - top + 1) & 1) { turn_f64x4 = side_f64x4; } else { turn_f64x4 = side2_f64x4; }
            if (solid && l > m0) { w_f64x4 = _mm256_mul_pd(w_f64x4, rho_f64x4); if (l == 1) { v_f64x4 = _mm256_loadu_pd(lane + SPHERE_SH_PT_V1_ * SPHERE_SHD_AVX2_LANES_); } else { v_f64x4 = _mm256_mul_pd(v_f64x4, rho_f64x4); } }
            plus = (size_t)(l * l + l + m0) * step; minus = (size_t)(l * l + l - m0) * step;
            if (b->rows) { plus = (all ? fill + (size_t)l : (size_t)orders) * SPHERE_SHD_AVX2_LANES_; minus = plus - (m0 ? SPHERE_SHD_AVX2_LANES_ : 0); }
            plus += (size_t)(top - 1) * step; minus -= (size_t)(top - 1) * step;
            for (j = top - 1; j >= 0; j--, plus -= step, minus += step) {
                const size_t at = (size_t)j * SPHERE_SHD_AVX2_LANES_;
                const double *q = row + 4 * j;
                __m256d old_f64x4 = _mm256_loadu_pd(t + at), dd_f64x4 = _mm256_sub_pd(_mm256_mul_pd(_mm256_broadcast_sd(q + 1), _mm256_loadu_pd(d + at)), _mm256_mul_pd(_mm256_mul_pd(_mm256_broadcast_sd(q + 2), eps_f64x4), old_f64x4));
                old_f64x4 = _mm256_add_pd(old_f64x4, SPHERE_SH_MADD_F64X4_(_mm256_broadcast_sd(q), old_f64x4, dd_f64x4));
                _mm256_storeu_pd(d + at, dd_f64x4); _mm256_storeu_pd(t + at, old_f64x4);
                if (high) {
                    if (busy[j] && sphere_shd_pt_large_avx2_(old_f64x4)) { busy[j] = sphere_shd_pt_rescale_(t + at, d + at, live + at, expo + at, SPHERE_SHD_AVX2_LANES_); old_f64x4 = _mm256_loadu_pd(t + at); }
                    old_f64x4 = sphere_shd_pt_keep_avx2_(old_f64x4, _mm256_loadu_pd(live + at));
                }
                if (j < mine) {
                    __m256d tt_f64x4 = sphere_shd_pt_flip_avx2_(old_f64x4, turn_f64x4);
                    if (!gradient) {
                        if (solid) {
                            tt_f64x4 = _mm256_mul_pd(tt_f64x4, w_f64x4);
                            _mm256_storeu_pd(o0 + minus, sphere_shd_pt_canon_avx2_(_mm256_mul_pd(tt_f64x4, _mm256_loadu_pd(f1 + at)))); _mm256_storeu_pd(o0 + plus, sphere_shd_pt_canon_avx2_(_mm256_mul_pd(tt_f64x4, _mm256_loadu_pd(f0 + at))));
                        } else { _mm256_storeu_pd(o0 + minus, _mm256_mul_pd(tt_f64x4, _mm256_loadu_pd(f1 + at))); _mm256_storeu_pd(o0 + plus, _mm256_mul_pd(tt_f64x4, _mm256_loadu_pd(f0 + at))); }
                    } else {
                        __m256d yc_f64x4 = _mm256_mul_pd(tt_f64x4, _mm256_loadu_pd(f0 + at)), ys_f64x4 = _mm256_mul_pd(tt_f64x4, _mm256_loadu_pd(f1 + at));
                        const __m256d gc_f64x4 = _mm256_mul_pd(tt_f64x4, _mm256_loadu_pd(f2 + at)), gs_f64x4 = _mm256_mul_pd(tt_f64x4, _mm256_loadu_pd(f3 + at)), up_f64x4 = sphere_shd_pt_flip_avx2_(_mm256_mul_pd(_mm256_broadcast_sd(q + 3), next_f64x4), turn_f64x4);
                        const __m256d uc_f64x4 = _mm256_mul_pd(up_f64x4, _mm256_loadu_pd(h0 + at)), us_f64x4 = _mm256_mul_pd(up_f64x4, _mm256_loadu_pd(h1 + at));
                        if (gradient == 1) {
                            const double order = (double)(m0 + j - n);
                            const __m256d om_f64x4 = _mm256_set1_pd(order);
                            const __m256d rc_f64x4 = SPHERE_SH_MADD_F64X4_(om_f64x4, yc_f64x4, _mm256_mul_pd(az_f64x4, uc_f64x4)), rs_f64x4 = SPHERE_SH_MADD_F64X4_(om_f64x4, ys_f64x4, _mm256_mul_pd(az_f64x4, us_f64x4));
                            __m256d xc_f64x4 = _mm256_sub_pd(gc_f64x4, _mm256_mul_pd(x_f64x4, rc_f64x4)), xs_f64x4 = _mm256_sub_pd(gs_f64x4, _mm256_mul_pd(x_f64x4, rs_f64x4)), hc_f64x4 = _mm256_sub_pd(_mm256_setzero_pd(), SPHERE_SH_MADD_F64X4_(y_f64x4, rc_f64x4, gs_f64x4)), hs_f64x4 = _mm256_sub_pd(gc_f64x4, _mm256_mul_pd(y_f64x4, rs_f64x4)), zc_f64x4 = sphere_shd_pt_flip_avx2_(_mm256_sub_pd(uc_f64x4, _mm256_mul_pd(az_f64x4, rc_f64x4)), side_f64x4), zs_f64x4 = sphere_shd_pt_flip_avx2_(_mm256_sub_pd(us_f64x4, _mm256_mul_pd(az_f64x4, rs_f64x4)), side_f64x4);
                            if (solid) { xc_f64x4 = sphere_shd_pt_canon_avx2_(_mm256_mul_pd(xc_f64x4, v_f64x4)); xs_f64x4 = sphere_shd_pt_canon_avx2_(_mm256_mul_pd(xs_f64x4, v_f64x4)); hc_f64x4 = sphere_shd_pt_canon_avx2_(_mm256_mul_pd(hc_f64x4, v_f64x4)); hs_f64x4 = sphere_shd_pt_canon_avx2_(_mm256_mul_pd(hs_f64x4, v_f64x4)); zc_f64x4 = sphere_shd_pt_canon_avx2_(_mm256_mul_pd(zc_f64x4, v_f64x4)); zs_f64x4 = sphere_shd_pt_canon_avx2_(_mm256_mul_pd(zs_f64x4, v_f64x4)); }
                            _mm256_storeu_pd(o1 + minus, xs_f64x4); _mm256_storeu_pd(o1 + plus, xc_f64x4);
                            _mm256_storeu_pd(o2 + minus, hs_f64x4); _mm256_storeu_pd(o2 + plus, hc_f64x4);
                            _mm256_storeu_pd(o3 + minus, zs_f64x4); _mm256_storeu_pd(o3 + plus, zc_f64x4);
                        } else {
                            _mm256_storeu_pd(o1 + minus, sphere_shd_pt_flip_avx2_(_mm256_sub_pd(_mm256_mul_pd(az_f64x4, gs_f64x4), _mm256_mul_pd(st_f64x4, us_f64x4)), side_f64x4)); _mm256_storeu_pd(o1 + plus, sphere_shd_pt_flip_avx2_(_mm256_sub_pd(_mm256_mul_pd(az_f64x4, gc_f64x4), _mm256_mul_pd(st_f64x4, uc_f64x4)), side_f64x4));
                            _mm256_storeu_pd(o2 + minus, gc_f64x4); _mm256_storeu_pd(o2 + plus, _mm256_sub_pd(_mm256_setzero_pd(), gs_f64x4));
                        }
                        if (o0) {
                            if (solid) { yc_f64x4 = sphere_shd_pt_canon_avx2_(_mm256_mul_pd(yc_f64x4, w_f64x4)); ys_f64x4 = sphere_shd_pt_canon_avx2_(_mm256_mul_pd(ys_f64x4, w_f64x4)); }
                            _mm256_storeu_pd(o0 + minus, ys_f64x4); _mm256_storeu_pd(o0 + plus, yc_f64x4);
                        }
                    }
                }
                next_f64x4 = old_f64x4; turn_f64x4 = sphere_shd_pt_flip_avx2_(turn_f64x4, side_f64x4);
            }
            if (!b->rows) continue;
            if (all) {
                const size_t columns = fill + (size_t)(2 * l + 1), whole = l == degree ? columns : columns - columns % SPHERE_SHD_AVX2_LANES_, first = (size_t)(l * l) - fill;
                for (k = 0; k < outs; k++) {
                    size_t rest;
                    if (!o[k]) continue;
                    sphere_shd_pt_rows_avx2_(b->out[k] + first, b->row, o[k], whole);
                    for (rest = 0; rest < columns - whole; rest++) { _mm256_storeu_pd(o[k] + rest * SPHERE_SHD_AVX2_LANES_, _mm256_loadu_pd(o[k] + (whole + rest) * SPHERE_SHD_AVX2_LANES_)); }
                }
                fill = columns - whole;
            } else {
                for (k = 0; k < outs; k++) {
                    const double *middle = o[k] + (size_t)orders * SPHERE_SHD_AVX2_LANES_;
                    if (!o[k]) continue;
                    if (!m0) { sphere_shd_pt_rows_avx2_(b->out[k] + (l * l + l - mine + 1), b->row, middle - (size_t)(mine - 1) * SPHERE_SHD_AVX2_LANES_, (size_t)(2 * mine - 1)); continue; }
                    sphere_shd_pt_rows_avx2_(b->out[k] + (l * l + l - m0 - mine + 1), b->row, middle - (size_t)mine * SPHERE_SHD_AVX2_LANES_, (size_t)mine);
                    sphere_shd_pt_rows_avx2_(b->out[k] + (l * l + l + m0), b->row, middle, (size_t)mine);
                }
            }
        }
    }
    (void)fill; (void)room; (void)all;
    return sphere_shd_pt_strange_avx2_(n2_f64x4);
}
SPHERE_TARGET_AVX2_ static int sphere_shd_pt_basis_avx2_(const sphere_shd_points *plan, const sphere_shd_pt_block_ *b)
{
    const int plain = !b->solid && plan->degree <= SPHERE_SH_PT_LOW_DEGREE_;
    if (b->gradient == 1) return plain ? sphere_shd_pt_basis_body_avx2_(plan, b, 1, 1) : sphere_shd_pt_basis_body_avx2_(plan, b, 1, 0);
    if (b->gradient == 2) return sphere_shd_pt_basis_body_avx2_(plan, b, 2, 0);
    return plain ? sphere_shd_pt_basis_body_avx2_(plan, b, 0, 1) : sphere_shd_pt_basis_body_avx2_(plan, b, 0, 0);
}
#endif
#if SPHERE_NEON_
SPHERE_INLINE_ int sphere_shd_pt_basis_body_neon_(const sphere_shd_points *plan, const sphere_shd_pt_block_ *b, const int gradient, const int plain)
{
    enum { SPACE = SPHERE_SHD_PT_WORK_ };
    const int degree = plan->degree, high = !plain && degree > SPHERE_SH_PT_LOW_DEGREE_, solid = plain ? 0 : b->solid, outs = gradient == 0 ? 1 : gradient == 1 ? 4 : 3;
    const double *lane = b->lane, *seeds = sphere_shd_pt_seeds_(plan);
    double space[SPACE * SPHERE_SHD_NEON_LANES_ + 64 / sizeof(double)], *const work = (double *)sphere_align_(space);        /* aligned: half of the vectors would cross a cache line */
    double scratch[9 * 4], *t, *d, *f[6], *live, *expo, *tile = work, *o[4];
    const double *f0, *f1, *f2, *f3, *h0, *h1;                           /* what stays in registers: the addresses of f and o are taken */
    double *o0, *o1, *o2, *o3;
    size_t fill = 0, room, step = b->step;
    int busy[9], orders, m0, l, j, k, all;
    const float64x2_t x_f64x2 = vld1q_f64(b->x), y_f64x2 = vld1q_f64(b->y), z_f64x2 = vld1q_f64(b->z);
    const float64x2_t az_f64x2 = vabsq_f64(z_f64x2), side_f64x2 = sphere_shd_pt_sign_neon_(z_f64x2), side2_f64x2 = sphere_shd_pt_flip_neon_(side_f64x2, side_f64x2), n2_f64x2 = SPHERE_SH_MADD_F64X2_(z_f64x2, z_f64x2, SPHERE_SH_MADD_F64X2_(x_f64x2, x_f64x2, vmulq_f64(y_f64x2, y_f64x2)));
    float64x2_t eps_f64x2, c_f64x2, s_f64x2, pc_f64x2, ps_f64x2, w_f64x2, v_f64x2, rho_f64x2, st_f64x2, cp_f64x2, sp_f64x2;
    if (high) { eps_f64x2 = vld1q_f64(lane + SPHERE_SH_PT_E_ * SPHERE_SHD_NEON_LANES_); }
    else { eps_f64x2 = sphere_shd_pt_above_neon_(az_f64x2, vdupq_n_f64(0.5), vdivq_f64(SPHERE_SH_MADD_F64X2_(x_f64x2, x_f64x2, vmulq_f64(y_f64x2, y_f64x2)), vaddq_f64(vdupq_n_f64(1.0), az_f64x2)), vsubq_f64(vdupq_n_f64(1.0), az_f64x2)); }
    c_f64x2 = vdupq_n_f64(1.0); s_f64x2 = vdupq_n_f64(0); pc_f64x2 = s_f64x2; ps_f64x2 = s_f64x2; w_f64x2 = s_f64x2; v_f64x2 = s_f64x2; rho_f64x2 = s_f64x2; st_f64x2 = s_f64x2; cp_f64x2 = s_f64x2; sp_f64x2 = s_f64x2;
    if (solid) { rho_f64x2 = vld1q_f64(lane + SPHERE_SH_PT_RHO_ * SPHERE_SHD_NEON_LANES_); }
    if (gradient == 2) { st_f64x2 = vld1q_f64(lane + SPHERE_SH_PT_ST_ * SPHERE_SHD_NEON_LANES_); cp_f64x2 = vld1q_f64(lane + SPHERE_SH_PT_CP_ * SPHERE_SHD_NEON_LANES_); sp_f64x2 = vld1q_f64(lane + SPHERE_SH_PT_SP_ * SPHERE_SHD_NEON_LANES_); }
    /* All orders at once when there is room: then the columns of a row come in order. */
    all = !high && (degree + 2) * 2 + (degree + 1) * (gradient ? 6 : 2) + (b->rows ? outs * (2 * degree + 1 + SPHERE_SHD_NEON_LANES_) : 0) <= SPACE;
    orders = all ? degree + 1 : 8;
    t = work; d = t + (size_t)(orders + 1) * SPHERE_SHD_NEON_LANES_;
    for (k = 0; k < 6; k++) f[k] = d + (size_t)(orders + 1 + (k < 2 || gradient ? k * orders : 0)) * SPHERE_SHD_NEON_LANES_;
    tile = d + (size_t)(orders + 1 + (gradient ? 6 : 2) * orders) * SPHERE_SHD_NEON_LANES_;
    live = tile; expo = live + 9 * SPHERE_SHD_NEON_LANES_;
    if (high) { tile = expo + 9 * SPHERE_SHD_NEON_LANES_; for (j = 0; j < SPHERE_SHD_NEON_LANES_; j++) sphere_sh_pt_polar_start_(b->polar + j, SPHERE_SHD_NEON_LANES_); }
    h0 = high ? f[4] : f[0]; h1 = high ? f[5] : f[1];
    f0 = f[0]; f1 = f[1]; f2 = f[2]; f3 = f[3];
    room = (size_t)(all ? 2 * degree + 1 + SPHERE_SHD_NEON_LANES_ : 2 * orders) * SPHERE_SHD_NEON_LANES_;
    for (k = 0; k < 4; k++) o[k] = k < outs && b->out[k] ? (b->rows ? tile + (size_t)k * room : b->out[k]) : NULL;
    if (b->rows) step = SPHERE_SHD_NEON_LANES_;
    o0 = o[0]; o1 = o[1]; o2 = o[2]; o3 = o[3];
    for (m0 = 0; m0 <= degree; m0 += orders) {
        const int own = degree - m0 + 1 < orders ? degree - m0 + 1 : orders, chains = gradient && m0 + own <= degree ? own + 1 : own;
        for (j = 0; j < chains; j++) {
            const int m = m0 + j;
            const size_t at = (size_t)j * SPHERE_SHD_NEON_LANES_;
            vst1q_f64(d + at, vdupq_n_f64(0));
            if (high) {
                double *to[6], *start[3];
                busy[j] = 0;
                for (k = 0; k < 6; k++) to[k] = f[k] + at;
                start[0] = t + at; start[1] = live + at; start[2] = expo + at;
                sphere_shd_pt_order_(plan, m, SPHERE_SHD_NEON_LANES_, lane, b->polar, gradient, j < own ? to : NULL, start);
                for (k = 0; k < SPHERE_SHD_NEON_LANES_; k++) busy[j] |= expo[at + (size_t)k] > 0;
                if (j < own) sphere_sh_pt_polar_step_(b->polar, SPHERE_SHD_NEON_LANES_, m, SPHERE_SHD_PT_LARGE_, SPHERE_SHD_PT_SHRINK_);
                continue;
            }
            vst1q_f64(t + at, vld1q_dup_f64(seeds + m));
            if (j == own) continue;
            vst1q_f64(f[0] + at, c_f64x2); vst1q_f64(f[1] + at, s_f64x2);
            if (gradient) {
                const double order = (double)m;
                const float64x2_t om_f64x2 = vdupq_n_f64(order);
                if (gradient == 1) { vst1q_f64(f[2] + at, vmulq_f64(om_f64x2, pc_f64x2)); vst1q_f64(f[3] + at, vmulq_f64(om_f64x2, ps_f64x2)); }
                else { vst1q_f64(f[2] + at, vmulq_f64(om_f64x2, vsubq_f64(vmulq_f64(cp_f64x2, pc_f64x2), vmulq_f64(sp_f64x2, ps_f64x2)))); vst1q_f64(f[3] + at, vmulq_f64(om_f64x2, SPHERE_SH_MADD_F64X2_(sp_f64x2, pc_f64x2, vmulq_f64(cp_f64x2, ps_f64x2)))); }
            }
            pc_f64x2 = c_f64x2; ps_f64x2 = s_f64x2;
            c_f64x2 = vsubq_f64(vmulq_f64(x_f64x2, pc_f64x2), vmulq_f64(y_f64x2, ps_f64x2)); s_f64x2 = SPHERE_SH_MADD_F64X2_(x_f64x2, ps_f64x2, vmulq_f64(y_f64x2, pc_f64x2));
        }
        if (solid) {
            w_f64x2 = vld1q_f64(lane + SPHERE_SH_PT_W_ * SPHERE_SHD_NEON_LANES_); v_f64x2 = vld1q_f64(lane + SPHERE_SH_PT_V0_ * SPHERE_SHD_NEON_LANES_);
            for (l = 1; l <= m0; l++) { w_f64x2 = vmulq_f64(w_f64x2, rho_f64x2); if (l == 1) { v_f64x2 = vld1q_f64(lane + SPHERE_SH_PT_V1_ * SPHERE_SHD_NEON_LANES_); } else { v_f64x2 = vmulq_f64(v_f64x2, rho_f64x2); } }
        }
        for (l = m0; l <= degree; l++) {
            const int reach = l - m0 + 1, top = chains < reach ? chains : reach, mine = own < reach ? own : reach;
            const double *row = sphere_shd_pt_row_(plan, l, m0, 9, scratch);
            const int n = solid == 1 ? l : solid == 2 ? -(l + 1) : 0;
            size_t plus, minus;
            float64x2_t next_f64x2, turn_f64x2;
            next_f64x2 = vdupq_n_f64(0);
            if ((l - m0 - top + 1) & 1) { turn_f64x2 = side_f64x2; } else { turn_f64x2 = side2_f64x2; }
            if (solid && l > m0) { w_f64x2 = vmulq_f64(w_f64x2, rho_f64x2); if (l == 1) { v_f64x2 = vld1q_f64(lane + SPHERE_SH_PT_V1_ * SPHERE_SHD_NEON_LANES_); } else { v_f64x2 = vmulq_f64(v_f64x2, rho_f64x2); } }
            plus = (size_t)(l * l + l + m0) * step; minus = (size_t)(l * l + l - m0) * step;
            if (b->rows) { plus = (all ? fill + (size_t)l : (size_t)orders) * SPHERE_SHD_NEON_LANES_; minus = plus - (m0 ? SPHERE_SHD_NEON_LANES_ : 0); }
            plus += (size_t)(top - 1) * step; minus -= (size_t)(top - 1) * step;
            for (j = top - 1; j >= 0; j--, plus -= step, minus += step) {
                const size_t at = (size_t)j * SPHERE_SHD_NEON_LANES_;
                const double *q = row + 4 * j;
                float64x2_t old_f64x2 = vld1q_f64(t + at), dd_f64x2 = vsubq_f64(vmulq_f64(vld1q_dup_f64(q + 1), vld1q_f64(d + at)), vmulq_f64(vmulq_f64(vld1q_dup_f64(q + 2), eps_f64x2), old_f64x2));
                old_f64x2 = vaddq_f64(old_f64x2, SPHERE_SH_MADD_F64X2_(vld1q_dup_f64(q), old_f64x2, dd_f64x2));
                vst1q_f64(d + at, dd_f64x2); vst1q_f64(t + at, old_f64x2);
                if (high) {
                    if (busy[j] && sphere_shd_pt_large_neon_(old_f64x2)) { busy[j] = sphere_shd_pt_rescale_(t + at, d + at, live + at, expo + at, SPHERE_SHD_NEON_LANES_); old_f64x2 = vld1q_f64(t + at); }
                    old_f64x2 = sphere_shd_pt_keep_neon_(old_f64x2, vld1q_f64(live + at));
                }
                if (j < mine) {
                    float64x2_t tt_f64x2 = sphere_shd_pt_flip_neon_(old_f64x2, turn_f64x2);
                    if (!gradient) {
                        if (solid) {
                            tt_f64x2 = vmulq_f64(tt_f64x2, w_f64x2);
                            vst1q_f64(o0 + minus, sphere_shd_pt_canon_neon_(vmulq_f64(tt_f64x2, vld1q_f64(f1 + at)))); vst1q_f64(o0 + plus, sphere_shd_pt_canon_neon_(vmulq_f64(tt_f64x2, vld1q_f64(f0 + at))));
                        } else { vst1q_f64(o0 + minus, vmulq_f64(tt_f64x2, vld1q_f64(f1 + at))); vst1q_f64(o0 + plus, vmulq_f64(tt_f64x2, vld1q_f64(f0 + at))); }
                    } else {
                        float64x2_t yc_f64x2 = vmulq_f64(tt_f64x2, vld1q_f64(f0 + at)), ys_f64x2 = vmulq_f64(tt_f64x2, vld1q_f64(f1 + at));
                        const float64x2_t gc_f64x2 = vmulq_f64(tt_f64x2, vld1q_f64(f2 + at)), gs_f64x2 = vmulq_f64(tt_f64x2, vld1q_f64(f3 + at)), up_f64x2 = sphere_shd_pt_flip_neon_(vmulq_f64(vld1q_dup_f64(q + 3), next_f64x2), turn_f64x2);
                        const float64x2_t uc_f64x2 = vmulq_f64(up_f64x2, vld1q_f64(h0 + at)), us_f64x2 = vmulq_f64(up_f64x2, vld1q_f64(h1 + at));
                        if (gradient == 1) {
                            const double order = (double)(m0 + j - n);
                            const float64x2_t om_f64x2 = vdupq_n_f64(order);
                            const float64x2_t rc_f64x2 = SPHERE_SH_MADD_F64X2_(om_f64x2, yc_f64x2, vmulq_f64(az_f64x2, uc_f64x2)), rs_f64x2 = SPHERE_SH_MADD_F64X2_(om_f64x2, ys_f64x2, vmulq_f64(az_f64x2, us_f64x2));
                            float64x2_t xc_f64x2 = vsubq_f64(gc_f64x2, vmulq_f64(x_f64x2, rc_f64x2)), xs_f64x2 = vsubq_f64(gs_f64x2, vmulq_f64(x_f64x2, rs_f64x2)), hc_f64x2 = vsubq_f64(vdupq_n_f64(0), SPHERE_SH_MADD_F64X2_(y_f64x2, rc_f64x2, gs_f64x2)), hs_f64x2 = vsubq_f64(gc_f64x2, vmulq_f64(y_f64x2, rs_f64x2)), zc_f64x2 = sphere_shd_pt_flip_neon_(vsubq_f64(uc_f64x2, vmulq_f64(az_f64x2, rc_f64x2)), side_f64x2), zs_f64x2 = sphere_shd_pt_flip_neon_(vsubq_f64(us_f64x2, vmulq_f64(az_f64x2, rs_f64x2)), side_f64x2);
                            if (solid) { xc_f64x2 = sphere_shd_pt_canon_neon_(vmulq_f64(xc_f64x2, v_f64x2)); xs_f64x2 = sphere_shd_pt_canon_neon_(vmulq_f64(xs_f64x2, v_f64x2)); hc_f64x2 = sphere_shd_pt_canon_neon_(vmulq_f64(hc_f64x2, v_f64x2)); hs_f64x2 = sphere_shd_pt_canon_neon_(vmulq_f64(hs_f64x2, v_f64x2)); zc_f64x2 = sphere_shd_pt_canon_neon_(vmulq_f64(zc_f64x2, v_f64x2)); zs_f64x2 = sphere_shd_pt_canon_neon_(vmulq_f64(zs_f64x2, v_f64x2)); }
                            vst1q_f64(o1 + minus, xs_f64x2); vst1q_f64(o1 + plus, xc_f64x2);
                            vst1q_f64(o2 + minus, hs_f64x2); vst1q_f64(o2 + plus, hc_f64x2);
                            vst1q_f64(o3 + minus, zs_f64x2); vst1q_f64(o3 + plus, zc_f64x2);
                        } else {
                            vst1q_f64(o1 + minus, sphere_shd_pt_flip_neon_(vsubq_f64(vmulq_f64(az_f64x2, gs_f64x2), vmulq_f64(st_f64x2, us_f64x2)), side_f64x2)); vst1q_f64(o1 + plus, sphere_shd_pt_flip_neon_(vsubq_f64(vmulq_f64(az_f64x2, gc_f64x2), vmulq_f64(st_f64x2, uc_f64x2)), side_f64x2));
                            vst1q_f64(o2 + minus, gc_f64x2); vst1q_f64(o2 + plus, vsubq_f64(vdupq_n_f64(0), gs_f64x2));
                        }
                        if (o0) {
                            if (solid) { yc_f64x2 = sphere_shd_pt_canon_neon_(vmulq_f64(yc_f64x2, w_f64x2)); ys_f64x2 = sphere_shd_pt_canon_neon_(vmulq_f64(ys_f64x2, w_f64x2)); }
                            vst1q_f64(o0 + minus, ys_f64x2); vst1q_f64(o0 + plus, yc_f64x2);
                        }
                    }
                }
                next_f64x2 = old_f64x2; turn_f64x2 = sphere_shd_pt_flip_neon_(turn_f64x2, side_f64x2);
            }
            if (!b->rows) continue;
            if (all) {
                const size_t columns = fill + (size_t)(2 * l + 1), whole = l == degree ? columns : columns - columns % SPHERE_SHD_NEON_LANES_, first = (size_t)(l * l) - fill;
                for (k = 0; k < outs; k++) {
                    size_t rest;
                    if (!o[k]) continue;
                    sphere_shd_pt_rows_neon_(b->out[k] + first, b->row, o[k], whole);
                    for (rest = 0; rest < columns - whole; rest++) { vst1q_f64(o[k] + rest * SPHERE_SHD_NEON_LANES_, vld1q_f64(o[k] + (whole + rest) * SPHERE_SHD_NEON_LANES_)); }
                }
                fill = columns - whole;
            } else {
                for (k = 0; k < outs; k++) {
                    const double *middle = o[k] + (size_t)orders * SPHERE_SHD_NEON_LANES_;
                    if (!o[k]) continue;
                    if (!m0) { sphere_shd_pt_rows_neon_(b->out[k] + (l * l + l - mine + 1), b->row, middle - (size_t)(mine - 1) * SPHERE_SHD_NEON_LANES_, (size_t)(2 * mine - 1)); continue; }
                    sphere_shd_pt_rows_neon_(b->out[k] + (l * l + l - m0 - mine + 1), b->row, middle - (size_t)mine * SPHERE_SHD_NEON_LANES_, (size_t)mine);
                    sphere_shd_pt_rows_neon_(b->out[k] + (l * l + l + m0), b->row, middle, (size_t)mine);
                }
            }
        }
    }
    (void)fill; (void)room; (void)all;
    return sphere_shd_pt_strange_neon_(n2_f64x2);
}
static int sphere_shd_pt_basis_neon_(const sphere_shd_points *plan, const sphere_shd_pt_block_ *b)
{
    const int plain = !b->solid && plan->degree <= SPHERE_SH_PT_LOW_DEGREE_;
    if (b->gradient == 1) return plain ? sphere_shd_pt_basis_body_neon_(plan, b, 1, 1) : sphere_shd_pt_basis_body_neon_(plan, b, 1, 0);
    if (b->gradient == 2) return sphere_shd_pt_basis_body_neon_(plan, b, 2, 0);
    return plain ? sphere_shd_pt_basis_body_neon_(plan, b, 0, 1) : sphere_shd_pt_basis_body_neon_(plan, b, 0, 0);
}
#endif

/* >>kernel planes: the values alone, to SPHERE_SH_PT_LOW_DEGREE_, an array per harmonic: four vectors at a time, order by order, so that the recurrence
   stays in registers and whole lines of memory are written. The same operations as the kernel basis. Returns how many directions it did. */

#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static size_t sphere_shd_pt_planes_avx2_(const sphere_shd_points *plan, const double *x, const double *y, const double *z, size_t n, double *out, size_t stride, int *bad)
{
    const double *seeds = sphere_shd_pt_seeds_(plan), *table = seeds + (plan->degree + 2);
    const int degree = plan->degree;
    double space[4 * 4 * SPHERE_SHD_AVX2_LANES_ + 64 / sizeof(double)], *const cur = (double *)sphere_align_(space), *const turn = cur + 2 * 4 * SPHERE_SHD_AVX2_LANES_;
    size_t i = 0;
    int l, m;
    for (; i + 4 * SPHERE_SHD_AVX2_LANES_ <= n; i += 4 * SPHERE_SHD_AVX2_LANES_) {
        __m256d e0_f64x4, e1_f64x4, e2_f64x4, e3_f64x4;
        { const __m256d px_f64x4 = _mm256_loadu_pd(x + i + 0 * SPHERE_SHD_AVX2_LANES_), py_f64x4 = _mm256_loadu_pd(y + i + 0 * SPHERE_SHD_AVX2_LANES_), pz_f64x4 = _mm256_loadu_pd(z + i + 0 * SPHERE_SHD_AVX2_LANES_), az_f64x4 = _mm256_andnot_pd(_mm256_set1_pd(-0.0), pz_f64x4), side_f64x4 = sphere_shd_pt_sign_avx2_(pz_f64x4), n2_f64x4 = SPHERE_SH_MADD_F64X4_(pz_f64x4, pz_f64x4, SPHERE_SH_MADD_F64X4_(px_f64x4, px_f64x4, _mm256_mul_pd(py_f64x4, py_f64x4)));
          *bad |= sphere_shd_pt_strange_avx2_(n2_f64x4);
          e0_f64x4 = sphere_shd_pt_above_avx2_(az_f64x4, _mm256_set1_pd(0.5), _mm256_div_pd(SPHERE_SH_MADD_F64X4_(px_f64x4, px_f64x4, _mm256_mul_pd(py_f64x4, py_f64x4)), _mm256_add_pd(_mm256_set1_pd(1.0), az_f64x4)), _mm256_sub_pd(_mm256_set1_pd(1.0), az_f64x4));
          _mm256_storeu_pd(turn + 0 * SPHERE_SHD_AVX2_LANES_, sphere_shd_pt_flip_avx2_(side_f64x4, side_f64x4)); _mm256_storeu_pd(turn + 4 * SPHERE_SHD_AVX2_LANES_ + 0 * SPHERE_SHD_AVX2_LANES_, side_f64x4); _mm256_storeu_pd(cur + 0 * SPHERE_SHD_AVX2_LANES_, _mm256_set1_pd(1.0)); _mm256_storeu_pd(cur + 4 * SPHERE_SHD_AVX2_LANES_ + 0 * SPHERE_SHD_AVX2_LANES_, _mm256_setzero_pd()); }
        { const __m256d px_f64x4 = _mm256_loadu_pd(x + i + 1 * SPHERE_SHD_AVX2_LANES_), py_f64x4 = _mm256_loadu_pd(y + i + 1 * SPHERE_SHD_AVX2_LANES_), pz_f64x4 = _mm256_loadu_pd(z + i + 1 * SPHERE_SHD_AVX2_LANES_), az_f64x4 = _mm256_andnot_pd(_mm256_set1_pd(-0.0), pz_f64x4), side_f64x4 = sphere_shd_pt_sign_avx2_(pz_f64x4), n2_f64x4 = SPHERE_SH_MADD_F64X4_(pz_f64x4, pz_f64x4, SPHERE_SH_MADD_F64X4_(px_f64x4, px_f64x4, _mm256_mul_pd(py_f64x4, py_f64x4)));
          *bad |= sphere_shd_pt_strange_avx2_(n2_f64x4);
          e1_f64x4 = sphere_shd_pt_above_avx2_(az_f64x4, _mm256_set1_pd(0.5), _mm256_div_pd(SPHERE_SH_MADD_F64X4_(px_f64x4, px_f64x4, _mm256_mul_pd(py_f64x4, py_f64x4)), _mm256_add_pd(_mm256_set1_pd(1.0), az_f64x4)), _mm256_sub_pd(_mm256_set1_pd(1.0), az_f64x4));
          _mm256_storeu_pd(turn + 1 * SPHERE_SHD_AVX2_LANES_, sphere_shd_pt_flip_avx2_(side_f64x4, side_f64x4)); _mm256_storeu_pd(turn + 4 * SPHERE_SHD_AVX2_LANES_ + 1 * SPHERE_SHD_AVX2_LANES_, side_f64x4); _mm256_storeu_pd(cur + 1 * SPHERE_SHD_AVX2_LANES_, _mm256_set1_pd(1.0)); _mm256_storeu_pd(cur + 4 * SPHERE_SHD_AVX2_LANES_ + 1 * SPHERE_SHD_AVX2_LANES_, _mm256_setzero_pd()); }
        { const __m256d px_f64x4 = _mm256_loadu_pd(x + i + 2 * SPHERE_SHD_AVX2_LANES_), py_f64x4 = _mm256_loadu_pd(y + i + 2 * SPHERE_SHD_AVX2_LANES_), pz_f64x4 = _mm256_loadu_pd(z + i + 2 * SPHERE_SHD_AVX2_LANES_), az_f64x4 = _mm256_andnot_pd(_mm256_set1_pd(-0.0), pz_f64x4), side_f64x4 = sphere_shd_pt_sign_avx2_(pz_f64x4), n2_f64x4 = SPHERE_SH_MADD_F64X4_(pz_f64x4, pz_f64x4, SPHERE_SH_MADD_F64X4_(px_f64x4, px_f64x4, _mm256_mul_pd(py_f64x4, py_f64x4)));
          *bad |= sphere_shd_pt_strange_avx2_(n2_f64x4);
          e2_f64x4 = sphere_shd_pt_above_avx2_(az_f64x4, _mm256_set1_pd(0.5), _mm256_div_pd(SPHERE_SH_MADD_F64X4_(px_f64x4, px_f64x4, _mm256_mul_pd(py_f64x4, py_f64x4)), _mm256_add_pd(_mm256_set1_pd(1.0), az_f64x4)), _mm256_sub_pd(_mm256_set1_pd(1.0), az_f64x4));
          _mm256_storeu_pd(turn + 2 * SPHERE_SHD_AVX2_LANES_, sphere_shd_pt_flip_avx2_(side_f64x4, side_f64x4)); _mm256_storeu_pd(turn + 4 * SPHERE_SHD_AVX2_LANES_ + 2 * SPHERE_SHD_AVX2_LANES_, side_f64x4); _mm256_storeu_pd(cur + 2 * SPHERE_SHD_AVX2_LANES_, _mm256_set1_pd(1.0)); _mm256_storeu_pd(cur + 4 * SPHERE_SHD_AVX2_LANES_ + 2 * SPHERE_SHD_AVX2_LANES_, _mm256_setzero_pd()); }
        { const __m256d px_f64x4 = _mm256_loadu_pd(x + i + 3 * SPHERE_SHD_AVX2_LANES_), py_f64x4 = _mm256_loadu_pd(y + i + 3 * SPHERE_SHD_AVX2_LANES_), pz_f64x4 = _mm256_loadu_pd(z + i + 3 * SPHERE_SHD_AVX2_LANES_), az_f64x4 = _mm256_andnot_pd(_mm256_set1_pd(-0.0), pz_f64x4), side_f64x4 = sphere_shd_pt_sign_avx2_(pz_f64x4), n2_f64x4 = SPHERE_SH_MADD_F64X4_(pz_f64x4, pz_f64x4, SPHERE_SH_MADD_F64X4_(px_f64x4, px_f64x4, _mm256_mul_pd(py_f64x4, py_f64x4)));
          *bad |= sphere_shd_pt_strange_avx2_(n2_f64x4);
          e3_f64x4 = sphere_shd_pt_above_avx2_(az_f64x4, _mm256_set1_pd(0.5), _mm256_div_pd(SPHERE_SH_MADD_F64X4_(px_f64x4, px_f64x4, _mm256_mul_pd(py_f64x4, py_f64x4)), _mm256_add_pd(_mm256_set1_pd(1.0), az_f64x4)), _mm256_sub_pd(_mm256_set1_pd(1.0), az_f64x4));
          _mm256_storeu_pd(turn + 3 * SPHERE_SHD_AVX2_LANES_, sphere_shd_pt_flip_avx2_(side_f64x4, side_f64x4)); _mm256_storeu_pd(turn + 4 * SPHERE_SHD_AVX2_LANES_ + 3 * SPHERE_SHD_AVX2_LANES_, side_f64x4); _mm256_storeu_pd(cur + 3 * SPHERE_SHD_AVX2_LANES_, _mm256_set1_pd(1.0)); _mm256_storeu_pd(cur + 4 * SPHERE_SHD_AVX2_LANES_ + 3 * SPHERE_SHD_AVX2_LANES_, _mm256_setzero_pd()); }
        for (m = 0; m <= degree; m++) {
            const double *q = table + 4 * ((size_t)m * ((size_t)m + 1) / 2 + (size_t)m);
            double *plus = out + i + (size_t)(m * m + m + m) * stride, *minus = out + i + (size_t)(m * m) * stride;
            __m256d t0_f64x4 = _mm256_broadcast_sd(seeds + m), t1_f64x4 = t0_f64x4, t2_f64x4 = t0_f64x4, t3_f64x4 = t0_f64x4, d0_f64x4 = _mm256_setzero_pd(), d1_f64x4 = d0_f64x4, d2_f64x4 = d0_f64x4, d3_f64x4 = d0_f64x4;
            for (l = m; l <= degree; q += 4 * (size_t)(l + 1), l++, plus += 2 * (size_t)l * stride, minus += 2 * (size_t)l * stride) {
                const double *sign = turn + ((l - m) & 1 ? 4 * SPHERE_SHD_AVX2_LANES_ : 0);
                const __m256d a_f64x4 = _mm256_broadcast_sd(q), b_f64x4 = _mm256_broadcast_sd(q + 1), c_f64x4 = _mm256_broadcast_sd(q + 2);
                { d0_f64x4 = _mm256_sub_pd(_mm256_mul_pd(b_f64x4, d0_f64x4), _mm256_mul_pd(_mm256_mul_pd(c_f64x4, e0_f64x4), t0_f64x4)); t0_f64x4 = _mm256_add_pd(t0_f64x4, SPHERE_SH_MADD_F64X4_(a_f64x4, t0_f64x4, d0_f64x4)); const __m256d tt_f64x4 = sphere_shd_pt_flip_avx2_(t0_f64x4, _mm256_loadu_pd(sign + 0 * SPHERE_SHD_AVX2_LANES_));
                  _mm256_storeu_pd(minus + 0 * SPHERE_SHD_AVX2_LANES_, _mm256_mul_pd(tt_f64x4, _mm256_loadu_pd(cur + 4 * SPHERE_SHD_AVX2_LANES_ + 0 * SPHERE_SHD_AVX2_LANES_))); _mm256_storeu_pd(plus + 0 * SPHERE_SHD_AVX2_LANES_, _mm256_mul_pd(tt_f64x4, _mm256_loadu_pd(cur + 0 * SPHERE_SHD_AVX2_LANES_))); }
                { d1_f64x4 = _mm256_sub_pd(_mm256_mul_pd(b_f64x4, d1_f64x4), _mm256_mul_pd(_mm256_mul_pd(c_f64x4, e1_f64x4), t1_f64x4)); t1_f64x4 = _mm256_add_pd(t1_f64x4, SPHERE_SH_MADD_F64X4_(a_f64x4, t1_f64x4, d1_f64x4)); const __m256d tt_f64x4 = sphere_shd_pt_flip_avx2_(t1_f64x4, _mm256_loadu_pd(sign + 1 * SPHERE_SHD_AVX2_LANES_));
                  _mm256_storeu_pd(minus + 1 * SPHERE_SHD_AVX2_LANES_, _mm256_mul_pd(tt_f64x4, _mm256_loadu_pd(cur + 4 * SPHERE_SHD_AVX2_LANES_ + 1 * SPHERE_SHD_AVX2_LANES_))); _mm256_storeu_pd(plus + 1 * SPHERE_SHD_AVX2_LANES_, _mm256_mul_pd(tt_f64x4, _mm256_loadu_pd(cur + 1 * SPHERE_SHD_AVX2_LANES_))); }
                { d2_f64x4 = _mm256_sub_pd(_mm256_mul_pd(b_f64x4, d2_f64x4), _mm256_mul_pd(_mm256_mul_pd(c_f64x4, e2_f64x4), t2_f64x4)); t2_f64x4 = _mm256_add_pd(t2_f64x4, SPHERE_SH_MADD_F64X4_(a_f64x4, t2_f64x4, d2_f64x4)); const __m256d tt_f64x4 = sphere_shd_pt_flip_avx2_(t2_f64x4, _mm256_loadu_pd(sign + 2 * SPHERE_SHD_AVX2_LANES_));
                  _mm256_storeu_pd(minus + 2 * SPHERE_SHD_AVX2_LANES_, _mm256_mul_pd(tt_f64x4, _mm256_loadu_pd(cur + 4 * SPHERE_SHD_AVX2_LANES_ + 2 * SPHERE_SHD_AVX2_LANES_))); _mm256_storeu_pd(plus + 2 * SPHERE_SHD_AVX2_LANES_, _mm256_mul_pd(tt_f64x4, _mm256_loadu_pd(cur + 2 * SPHERE_SHD_AVX2_LANES_))); }
                { d3_f64x4 = _mm256_sub_pd(_mm256_mul_pd(b_f64x4, d3_f64x4), _mm256_mul_pd(_mm256_mul_pd(c_f64x4, e3_f64x4), t3_f64x4)); t3_f64x4 = _mm256_add_pd(t3_f64x4, SPHERE_SH_MADD_F64X4_(a_f64x4, t3_f64x4, d3_f64x4)); const __m256d tt_f64x4 = sphere_shd_pt_flip_avx2_(t3_f64x4, _mm256_loadu_pd(sign + 3 * SPHERE_SHD_AVX2_LANES_));
                  _mm256_storeu_pd(minus + 3 * SPHERE_SHD_AVX2_LANES_, _mm256_mul_pd(tt_f64x4, _mm256_loadu_pd(cur + 4 * SPHERE_SHD_AVX2_LANES_ + 3 * SPHERE_SHD_AVX2_LANES_))); _mm256_storeu_pd(plus + 3 * SPHERE_SHD_AVX2_LANES_, _mm256_mul_pd(tt_f64x4, _mm256_loadu_pd(cur + 3 * SPHERE_SHD_AVX2_LANES_))); }
            }
            { const __m256d px_f64x4 = _mm256_loadu_pd(x + i + 0 * SPHERE_SHD_AVX2_LANES_), py_f64x4 = _mm256_loadu_pd(y + i + 0 * SPHERE_SHD_AVX2_LANES_), c_f64x4 = _mm256_loadu_pd(cur + 0 * SPHERE_SHD_AVX2_LANES_), s_f64x4 = _mm256_loadu_pd(cur + 4 * SPHERE_SHD_AVX2_LANES_ + 0 * SPHERE_SHD_AVX2_LANES_);
              _mm256_storeu_pd(cur + 0 * SPHERE_SHD_AVX2_LANES_, _mm256_sub_pd(_mm256_mul_pd(px_f64x4, c_f64x4), _mm256_mul_pd(py_f64x4, s_f64x4))); _mm256_storeu_pd(cur + 4 * SPHERE_SHD_AVX2_LANES_ + 0 * SPHERE_SHD_AVX2_LANES_, SPHERE_SH_MADD_F64X4_(px_f64x4, s_f64x4, _mm256_mul_pd(py_f64x4, c_f64x4))); }
            { const __m256d px_f64x4 = _mm256_loadu_pd(x + i + 1 * SPHERE_SHD_AVX2_LANES_), py_f64x4 = _mm256_loadu_pd(y + i + 1 * SPHERE_SHD_AVX2_LANES_), c_f64x4 = _mm256_loadu_pd(cur + 1 * SPHERE_SHD_AVX2_LANES_), s_f64x4 = _mm256_loadu_pd(cur + 4 * SPHERE_SHD_AVX2_LANES_ + 1 * SPHERE_SHD_AVX2_LANES_);
              _mm256_storeu_pd(cur + 1 * SPHERE_SHD_AVX2_LANES_, _mm256_sub_pd(_mm256_mul_pd(px_f64x4, c_f64x4), _mm256_mul_pd(py_f64x4, s_f64x4))); _mm256_storeu_pd(cur + 4 * SPHERE_SHD_AVX2_LANES_ + 1 * SPHERE_SHD_AVX2_LANES_, SPHERE_SH_MADD_F64X4_(px_f64x4, s_f64x4, _mm256_mul_pd(py_f64x4, c_f64x4))); }
            { const __m256d px_f64x4 = _mm256_loadu_pd(x + i + 2 * SPHERE_SHD_AVX2_LANES_), py_f64x4 = _mm256_loadu_pd(y + i + 2 * SPHERE_SHD_AVX2_LANES_), c_f64x4 = _mm256_loadu_pd(cur + 2 * SPHERE_SHD_AVX2_LANES_), s_f64x4 = _mm256_loadu_pd(cur + 4 * SPHERE_SHD_AVX2_LANES_ + 2 * SPHERE_SHD_AVX2_LANES_);
              _mm256_storeu_pd(cur + 2 * SPHERE_SHD_AVX2_LANES_, _mm256_sub_pd(_mm256_mul_pd(px_f64x4, c_f64x4), _mm256_mul_pd(py_f64x4, s_f64x4))); _mm256_storeu_pd(cur + 4 * SPHERE_SHD_AVX2_LANES_ + 2 * SPHERE_SHD_AVX2_LANES_, SPHERE_SH_MADD_F64X4_(px_f64x4, s_f64x4, _mm256_mul_pd(py_f64x4, c_f64x4))); }
            { const __m256d px_f64x4 = _mm256_loadu_pd(x + i + 3 * SPHERE_SHD_AVX2_LANES_), py_f64x4 = _mm256_loadu_pd(y + i + 3 * SPHERE_SHD_AVX2_LANES_), c_f64x4 = _mm256_loadu_pd(cur + 3 * SPHERE_SHD_AVX2_LANES_), s_f64x4 = _mm256_loadu_pd(cur + 4 * SPHERE_SHD_AVX2_LANES_ + 3 * SPHERE_SHD_AVX2_LANES_);
              _mm256_storeu_pd(cur + 3 * SPHERE_SHD_AVX2_LANES_, _mm256_sub_pd(_mm256_mul_pd(px_f64x4, c_f64x4), _mm256_mul_pd(py_f64x4, s_f64x4))); _mm256_storeu_pd(cur + 4 * SPHERE_SHD_AVX2_LANES_ + 3 * SPHERE_SHD_AVX2_LANES_, SPHERE_SH_MADD_F64X4_(px_f64x4, s_f64x4, _mm256_mul_pd(py_f64x4, c_f64x4))); }
        }
    }
    return i;
}
#endif
#if SPHERE_NEON_
static size_t sphere_shd_pt_planes_neon_(const sphere_shd_points *plan, const double *x, const double *y, const double *z, size_t n, double *out, size_t stride, int *bad)
{
    const double *seeds = sphere_shd_pt_seeds_(plan), *table = seeds + (plan->degree + 2);
    const int degree = plan->degree;
    double space[4 * 4 * SPHERE_SHD_NEON_LANES_ + 64 / sizeof(double)], *const cur = (double *)sphere_align_(space), *const turn = cur + 2 * 4 * SPHERE_SHD_NEON_LANES_;
    size_t i = 0;
    int l, m;
    for (; i + 4 * SPHERE_SHD_NEON_LANES_ <= n; i += 4 * SPHERE_SHD_NEON_LANES_) {
        float64x2_t e0_f64x2, e1_f64x2, e2_f64x2, e3_f64x2;
        { const float64x2_t px_f64x2 = vld1q_f64(x + i + 0 * SPHERE_SHD_NEON_LANES_), py_f64x2 = vld1q_f64(y + i + 0 * SPHERE_SHD_NEON_LANES_), pz_f64x2 = vld1q_f64(z + i + 0 * SPHERE_SHD_NEON_LANES_), az_f64x2 = vabsq_f64(pz_f64x2), side_f64x2 = sphere_shd_pt_sign_neon_(pz_f64x2), n2_f64x2 = SPHERE_SH_MADD_F64X2_(pz_f64x2, pz_f64x2, SPHERE_SH_MADD_F64X2_(px_f64x2, px_f64x2, vmulq_f64(py_f64x2, py_f64x2)));
          *bad |= sphere_shd_pt_strange_neon_(n2_f64x2);
          e0_f64x2 = sphere_shd_pt_above_neon_(az_f64x2, vdupq_n_f64(0.5), vdivq_f64(SPHERE_SH_MADD_F64X2_(px_f64x2, px_f64x2, vmulq_f64(py_f64x2, py_f64x2)), vaddq_f64(vdupq_n_f64(1.0), az_f64x2)), vsubq_f64(vdupq_n_f64(1.0), az_f64x2));
          vst1q_f64(turn + 0 * SPHERE_SHD_NEON_LANES_, sphere_shd_pt_flip_neon_(side_f64x2, side_f64x2)); vst1q_f64(turn + 4 * SPHERE_SHD_NEON_LANES_ + 0 * SPHERE_SHD_NEON_LANES_, side_f64x2); vst1q_f64(cur + 0 * SPHERE_SHD_NEON_LANES_, vdupq_n_f64(1.0)); vst1q_f64(cur + 4 * SPHERE_SHD_NEON_LANES_ + 0 * SPHERE_SHD_NEON_LANES_, vdupq_n_f64(0)); }
        { const float64x2_t px_f64x2 = vld1q_f64(x + i + 1 * SPHERE_SHD_NEON_LANES_), py_f64x2 = vld1q_f64(y + i + 1 * SPHERE_SHD_NEON_LANES_), pz_f64x2 = vld1q_f64(z + i + 1 * SPHERE_SHD_NEON_LANES_), az_f64x2 = vabsq_f64(pz_f64x2), side_f64x2 = sphere_shd_pt_sign_neon_(pz_f64x2), n2_f64x2 = SPHERE_SH_MADD_F64X2_(pz_f64x2, pz_f64x2, SPHERE_SH_MADD_F64X2_(px_f64x2, px_f64x2, vmulq_f64(py_f64x2, py_f64x2)));
          *bad |= sphere_shd_pt_strange_neon_(n2_f64x2);
          e1_f64x2 = sphere_shd_pt_above_neon_(az_f64x2, vdupq_n_f64(0.5), vdivq_f64(SPHERE_SH_MADD_F64X2_(px_f64x2, px_f64x2, vmulq_f64(py_f64x2, py_f64x2)), vaddq_f64(vdupq_n_f64(1.0), az_f64x2)), vsubq_f64(vdupq_n_f64(1.0), az_f64x2));
          vst1q_f64(turn + 1 * SPHERE_SHD_NEON_LANES_, sphere_shd_pt_flip_neon_(side_f64x2, side_f64x2)); vst1q_f64(turn + 4 * SPHERE_SHD_NEON_LANES_ + 1 * SPHERE_SHD_NEON_LANES_, side_f64x2); vst1q_f64(cur + 1 * SPHERE_SHD_NEON_LANES_, vdupq_n_f64(1.0)); vst1q_f64(cur + 4 * SPHERE_SHD_NEON_LANES_ + 1 * SPHERE_SHD_NEON_LANES_, vdupq_n_f64(0)); }
        { const float64x2_t px_f64x2 = vld1q_f64(x + i + 2 * SPHERE_SHD_NEON_LANES_), py_f64x2 = vld1q_f64(y + i + 2 * SPHERE_SHD_NEON_LANES_), pz_f64x2 = vld1q_f64(z + i + 2 * SPHERE_SHD_NEON_LANES_), az_f64x2 = vabsq_f64(pz_f64x2), side_f64x2 = sphere_shd_pt_sign_neon_(pz_f64x2), n2_f64x2 = SPHERE_SH_MADD_F64X2_(pz_f64x2, pz_f64x2, SPHERE_SH_MADD_F64X2_(px_f64x2, px_f64x2, vmulq_f64(py_f64x2, py_f64x2)));
          *bad |= sphere_shd_pt_strange_neon_(n2_f64x2);
          e2_f64x2 = sphere_shd_pt_above_neon_(az_f64x2, vdupq_n_f64(0.5), vdivq_f64(SPHERE_SH_MADD_F64X2_(px_f64x2, px_f64x2, vmulq_f64(py_f64x2, py_f64x2)), vaddq_f64(vdupq_n_f64(1.0), az_f64x2)), vsubq_f64(vdupq_n_f64(1.0), az_f64x2));
          vst1q_f64(turn + 2 * SPHERE_SHD_NEON_LANES_, sphere_shd_pt_flip_neon_(side_f64x2, side_f64x2)); vst1q_f64(turn + 4 * SPHERE_SHD_NEON_LANES_ + 2 * SPHERE_SHD_NEON_LANES_, side_f64x2); vst1q_f64(cur + 2 * SPHERE_SHD_NEON_LANES_, vdupq_n_f64(1.0)); vst1q_f64(cur + 4 * SPHERE_SHD_NEON_LANES_ + 2 * SPHERE_SHD_NEON_LANES_, vdupq_n_f64(0)); }
        { const float64x2_t px_f64x2 = vld1q_f64(x + i + 3 * SPHERE_SHD_NEON_LANES_), py_f64x2 = vld1q_f64(y + i + 3 * SPHERE_SHD_NEON_LANES_), pz_f64x2 = vld1q_f64(z + i + 3 * SPHERE_SHD_NEON_LANES_), az_f64x2 = vabsq_f64(pz_f64x2), side_f64x2 = sphere_shd_pt_sign_neon_(pz_f64x2), n2_f64x2 = SPHERE_SH_MADD_F64X2_(pz_f64x2, pz_f64x2, SPHERE_SH_MADD_F64X2_(px_f64x2, px_f64x2, vmulq_f64(py_f64x2, py_f64x2)));
          *bad |= sphere_shd_pt_strange_neon_(n2_f64x2);
          e3_f64x2 = sphere_shd_pt_above_neon_(az_f64x2, vdupq_n_f64(0.5), vdivq_f64(SPHERE_SH_MADD_F64X2_(px_f64x2, px_f64x2, vmulq_f64(py_f64x2, py_f64x2)), vaddq_f64(vdupq_n_f64(1.0), az_f64x2)), vsubq_f64(vdupq_n_f64(1.0), az_f64x2));
          vst1q_f64(turn + 3 * SPHERE_SHD_NEON_LANES_, sphere_shd_pt_flip_neon_(side_f64x2, side_f64x2)); vst1q_f64(turn + 4 * SPHERE_SHD_NEON_LANES_ + 3 * SPHERE_SHD_NEON_LANES_, side_f64x2); vst1q_f64(cur + 3 * SPHERE_SHD_NEON_LANES_, vdupq_n_f64(1.0)); vst1q_f64(cur + 4 * SPHERE_SHD_NEON_LANES_ + 3 * SPHERE_SHD_NEON_LANES_, vdupq_n_f64(0)); }
        for (m = 0; m <= degree; m++) {
            const double *q = table + 4 * ((size_t)m * ((size_t)m + 1) / 2 + (size_t)m);
            double *plus = out + i + (size_t)(m * m + m + m) * stride, *minus = out + i + (size_t)(m * m) * stride;
            float64x2_t t0_f64x2 = vld1q_dup_f64(seeds + m), t1_f64x2 = t0_f64x2, t2_f64x2 = t0_f64x2, t3_f64x2 = t0_f64x2, d0_f64x2 = vdupq_n_f64(0), d1_f64x2 = d0_f64x2, d2_f64x2 = d0_f64x2, d3_f64x2 = d0_f64x2;
            for (l = m; l <= degree; q += 4 * (size_t)(l + 1), l++, plus += 2 * (size_t)l * stride, minus += 2 * (size_t)l * stride) {
                const double *sign = turn + ((l - m) & 1 ? 4 * SPHERE_SHD_NEON_LANES_ : 0);
                const float64x2_t a_f64x2 = vld1q_dup_f64(q), b_f64x2 = vld1q_dup_f64(q + 1), c_f64x2 = vld1q_dup_f64(q + 2);
                { d0_f64x2 = vsubq_f64(vmulq_f64(b_f64x2, d0_f64x2), vmulq_f64(vmulq_f64(c_f64x2, e0_f64x2), t0_f64x2)); t0_f64x2 = vaddq_f64(t0_f64x2, SPHERE_SH_MADD_F64X2_(a_f64x2, t0_f64x2, d0_f64x2)); const float64x2_t tt_f64x2 = sphere_shd_pt_flip_neon_(t0_f64x2, vld1q_f64(sign + 0 * SPHERE_SHD_NEON_LANES_));
                  vst1q_f64(minus + 0 * SPHERE_SHD_NEON_LANES_, vmulq_f64(tt_f64x2, vld1q_f64(cur + 4 * SPHERE_SHD_NEON_LANES_ + 0 * SPHERE_SHD_NEON_LANES_))); vst1q_f64(plus + 0 * SPHERE_SHD_NEON_LANES_, vmulq_f64(tt_f64x2, vld1q_f64(cur + 0 * SPHERE_SHD_NEON_LANES_))); }
                { d1_f64x2 = vsubq_f64(vmulq_f64(b_f64x2, d1_f64x2), vmulq_f64(vmulq_f64(c_f64x2, e1_f64x2), t1_f64x2)); t1_f64x2 = vaddq_f64(t1_f64x2, SPHERE_SH_MADD_F64X2_(a_f64x2, t1_f64x2, d1_f64x2)); const float64x2_t tt_f64x2 = sphere_shd_pt_flip_neon_(t1_f64x2, vld1q_f64(sign + 1 * SPHERE_SHD_NEON_LANES_));
                  vst1q_f64(minus + 1 * SPHERE_SHD_NEON_LANES_, vmulq_f64(tt_f64x2, vld1q_f64(cur + 4 * SPHERE_SHD_NEON_LANES_ + 1 * SPHERE_SHD_NEON_LANES_))); vst1q_f64(plus + 1 * SPHERE_SHD_NEON_LANES_, vmulq_f64(tt_f64x2, vld1q_f64(cur + 1 * SPHERE_SHD_NEON_LANES_))); }
                { d2_f64x2 = vsubq_f64(vmulq_f64(b_f64x2, d2_f64x2), vmulq_f64(vmulq_f64(c_f64x2, e2_f64x2), t2_f64x2)); t2_f64x2 = vaddq_f64(t2_f64x2, SPHERE_SH_MADD_F64X2_(a_f64x2, t2_f64x2, d2_f64x2)); const float64x2_t tt_f64x2 = sphere_shd_pt_flip_neon_(t2_f64x2, vld1q_f64(sign + 2 * SPHERE_SHD_NEON_LANES_));
                  vst1q_f64(minus + 2 * SPHERE_SHD_NEON_LANES_, vmulq_f64(tt_f64x2, vld1q_f64(cur + 4 * SPHERE_SHD_NEON_LANES_ + 2 * SPHERE_SHD_NEON_LANES_))); vst1q_f64(plus + 2 * SPHERE_SHD_NEON_LANES_, vmulq_f64(tt_f64x2, vld1q_f64(cur + 2 * SPHERE_SHD_NEON_LANES_))); }
                { d3_f64x2 = vsubq_f64(vmulq_f64(b_f64x2, d3_f64x2), vmulq_f64(vmulq_f64(c_f64x2, e3_f64x2), t3_f64x2)); t3_f64x2 = vaddq_f64(t3_f64x2, SPHERE_SH_MADD_F64X2_(a_f64x2, t3_f64x2, d3_f64x2)); const float64x2_t tt_f64x2 = sphere_shd_pt_flip_neon_(t3_f64x2, vld1q_f64(sign + 3 * SPHERE_SHD_NEON_LANES_));
                  vst1q_f64(minus + 3 * SPHERE_SHD_NEON_LANES_, vmulq_f64(tt_f64x2, vld1q_f64(cur + 4 * SPHERE_SHD_NEON_LANES_ + 3 * SPHERE_SHD_NEON_LANES_))); vst1q_f64(plus + 3 * SPHERE_SHD_NEON_LANES_, vmulq_f64(tt_f64x2, vld1q_f64(cur + 3 * SPHERE_SHD_NEON_LANES_))); }
            }
            { const float64x2_t px_f64x2 = vld1q_f64(x + i + 0 * SPHERE_SHD_NEON_LANES_), py_f64x2 = vld1q_f64(y + i + 0 * SPHERE_SHD_NEON_LANES_), c_f64x2 = vld1q_f64(cur + 0 * SPHERE_SHD_NEON_LANES_), s_f64x2 = vld1q_f64(cur + 4 * SPHERE_SHD_NEON_LANES_ + 0 * SPHERE_SHD_NEON_LANES_);
              vst1q_f64(cur + 0 * SPHERE_SHD_NEON_LANES_, vsubq_f64(vmulq_f64(px_f64x2, c_f64x2), vmulq_f64(py_f64x2, s_f64x2))); vst1q_f64(cur + 4 * SPHERE_SHD_NEON_LANES_ + 0 * SPHERE_SHD_NEON_LANES_, SPHERE_SH_MADD_F64X2_(px_f64x2, s_f64x2, vmulq_f64(py_f64x2, c_f64x2))); }
            { const float64x2_t px_f64x2 = vld1q_f64(x + i + 1 * SPHERE_SHD_NEON_LANES_), py_f64x2 = vld1q_f64(y + i + 1 * SPHERE_SHD_NEON_LANES_), c_f64x2 = vld1q_f64(cur + 1 * SPHERE_SHD_NEON_LANES_), s_f64x2 = vld1q_f64(cur + 4 * SPHERE_SHD_NEON_LANES_ + 1 * SPHERE_SHD_NEON_LANES_);
              vst1q_f64(cur + 1 * SPHERE_SHD_NEON_LANES_, vsubq_f64(vmulq_f64(px_f64x2, c_f64x2), vmulq_f64(py_f64x2, s_f64x2))); vst1q_f64(cur + 4 * SPHERE_SHD_NEON_LANES_ + 1 * SPHERE_SHD_NEON_LANES_, SPHERE_SH_MADD_F64X2_(px_f64x2, s_f64x2, vmulq_f64(py_f64x2, c_f64x2))); }
            { const float64x2_t px_f64x2 = vld1q_f64(x + i + 2 * SPHERE_SHD_NEON_LANES_), py_f64x2 = vld1q_f64(y + i + 2 * SPHERE_SHD_NEON_LANES_), c_f64x2 = vld1q_f64(cur + 2 * SPHERE_SHD_NEON_LANES_), s_f64x2 = vld1q_f64(cur + 4 * SPHERE_SHD_NEON_LANES_ + 2 * SPHERE_SHD_NEON_LANES_);
              vst1q_f64(cur + 2 * SPHERE_SHD_NEON_LANES_, vsubq_f64(vmulq_f64(px_f64x2, c_f64x2), vmulq_f64(py_f64x2, s_f64x2))); vst1q_f64(cur + 4 * SPHERE_SHD_NEON_LANES_ + 2 * SPHERE_SHD_NEON_LANES_, SPHERE_SH_MADD_F64X2_(px_f64x2, s_f64x2, vmulq_f64(py_f64x2, c_f64x2))); }
            { const float64x2_t px_f64x2 = vld1q_f64(x + i + 3 * SPHERE_SHD_NEON_LANES_), py_f64x2 = vld1q_f64(y + i + 3 * SPHERE_SHD_NEON_LANES_), c_f64x2 = vld1q_f64(cur + 3 * SPHERE_SHD_NEON_LANES_), s_f64x2 = vld1q_f64(cur + 4 * SPHERE_SHD_NEON_LANES_ + 3 * SPHERE_SHD_NEON_LANES_);
              vst1q_f64(cur + 3 * SPHERE_SHD_NEON_LANES_, vsubq_f64(vmulq_f64(px_f64x2, c_f64x2), vmulq_f64(py_f64x2, s_f64x2))); vst1q_f64(cur + 4 * SPHERE_SHD_NEON_LANES_ + 3 * SPHERE_SHD_NEON_LANES_, SPHERE_SH_MADD_F64X2_(px_f64x2, s_f64x2, vmulq_f64(py_f64x2, c_f64x2))); }
        }
    }
    return i;
}
#endif

/* >>kernel sum: expansions at a block of directions, order after order. T of one order runs through pieces of eight degrees; the sums over
   l of even and of odd l - m are kept apart, because those of odd l - m change sign with z. */
typedef struct sphere_shd_pt_sum_block_ {
    const double *lane;
    double      *polar;
    const double *coefficients;
    size_t       fields, stride;                /* at most SUM_FIELDS fields at a time */
    double       *out;                           /* [fields][4][lanes]: value, gradient */
    int          values, gradient, solid;
} sphere_shd_pt_sum_block_;
/* T for the next degrees of one order. */
static void sphere_shd_pt_chain_c_(double *t, double *d, const double *e, const double *q, int count, double *piece)
{
    int i;
    double t0 = *(t + 0), d0 = *(d + 0); const double e0 = *(e + 0);
    for (i = 0; i < count; i++, q += 4, piece += 1) {
        const double a = *q, bb = q[1], cc = q[2];
        d0 = (bb * d0) - ((cc * e0) * t0); t0 = t0 + SPHERE_MADD_(a, t0, d0); *(piece + 0) = t0;
    }
    *(t + 0) = t0; *(d + 0) = d0;
}
/* The same for degrees where some lanes wait for their exponent. Returns whether any still does. */
static int sphere_shd_pt_chain_waiting_c_(double *t, double *d, const double *e, const double *q, int count, double *piece, double *live, double *exponent)
{
    int i, u, wait = 1;
    for (i = 0; i < count; i++, q += 4, piece += 1) {
        int large = 0;
        sphere_shd_pt_chain_c_(t, d, e, q, 1, piece);
        for (u = 0; u < 1; u++) { const double tu = *(t + u); large |= sphere_shd_pt_large_c_(tu); }
        if (wait && large) wait = sphere_shd_pt_rescale_(t, d, live, exponent, 1);
        for (u = 0; u < 1; u++) { *(piece + u) = sphere_shd_pt_keep_c_(*(t + u), *(live + u)); }
    }
    return wait;
}
/* sum[0], [1] += T cosine coefficient, T sine coefficient over even places, sum[2], [3] over odd ones. */
static void sphere_shd_pt_gather_c_(double *sum, const double *piece, const double *cosine, const double *sine, int count)
{
    int i, u;
    for (u = 0; u < 1; u++, sum += 1, piece += 1) {
        const double *p = piece;
        double a0 = *sum, a1 = *(sum + 1), a2 = *(sum + 2), a3 = *(sum + 3);
        for (i = 0; i + 2 <= count; i += 2, p += 2) {
            const double even = *p, odd = *(p + 1);
            a0 = SPHERE_MADD_(cosine[i], even, a0); a1 = SPHERE_MADD_(sine[i], even, a1);
            a2 = SPHERE_MADD_(*(cosine + i + 1), odd, a2); a3 = SPHERE_MADD_(*(sine + i + 1), odd, a3);
        }
        if (i < count) { const double even = *p; a0 = SPHERE_MADD_(cosine[i], even, a0); a1 = SPHERE_MADD_(sine[i], even, a1); }
        *sum = a0; *(sum + 1) = a1; *(sum + 2) = a2; *(sum + 3) = a3;
    }
}
static void sphere_shd_pt_sum_c_(const sphere_shd_points *plan, const sphere_shd_pt_sum_block_ *b)
{
    enum { P = 1, PIECE = 8, T = 0, D = 1, LIVE = 2, EXPO = 3, E = 4, WM = 5, W = 6, F = 7, H = 13, CUR = 15, PIECES = 19, SUMS = PIECES + PIECE,
           RESULT = SUMS + 12 * SPHERE_SH_PT_SUM_FIELDS_, SPACE = RESULT + 5 * SPHERE_SH_PT_SUM_FIELDS_ };
    const int degree = plan->degree, high = degree > SPHERE_SH_PT_LOW_DEGREE_, gradient = b->gradient, solid = b->solid;
    const double *lane = b->lane, *seeds = sphere_shd_pt_seeds_(plan);
    double space[SPACE + 64 / sizeof(double)], *const work = (double *)sphere_align_(space);
    double q[PIECE * 4], last[PIECE], cosine[PIECE], sine[PIECE], cosine2[PIECE], sine2[PIECE], scratch[4], *f[6], *start[3];
    size_t field;
    int l, m, i, k, busy;
    memset(work, 0, SPACE * P * sizeof(double));
    for (k = 0; k < 6; k++) f[k] = work + (F + k) * P;
    start[0] = work + T * P; start[1] = work + LIVE * P; start[2] = work + EXPO * P;
    for (i = 0; i < P; i += 1) {
        const double x = *(lane + SPHERE_SH_PT_X_ * P + i), y = *(lane + SPHERE_SH_PT_Y_ * P + i), az = sphere_sh_abs_double_(*(lane + SPHERE_SH_PT_Z_ * P + i));
        if (high) { *(work + E * P + i) = *(lane + SPHERE_SH_PT_E_ * P + i); }
        else { *(work + E * P + i) = sphere_shd_pt_above_c_(az, 0.5, (SPHERE_MADD_(x, x, (y * y)) / (1.0 + az)), (1.0 - az)); }
        *(work + CUR * P + i) = 1.0;
    }
    if (high) for (i = 0; i < P; i++) sphere_sh_pt_polar_start_(b->polar + i, P);
    if (solid) memcpy(work + WM * P, lane + SPHERE_SH_PT_W_ * P, P * sizeof(double));
    for (m = 0; m <= degree; m++) {
        const double order = (double)m, seed = seeds[m];
        busy = 0;
        memcpy(work + H * P, f[4], 2 * P * sizeof(double));
        memset(work + D * P, 0, P * sizeof(double));
        memset(work + SUMS * P, 0, 12 * P * sizeof(double) * b->fields);
        if (high) {
            sphere_shd_pt_order_(plan, m, P, lane, b->polar, gradient, f, start);
            for (i = 0; i < P; i++) busy |= work[EXPO * P + i] > 0;
            sphere_sh_pt_polar_step_(b->polar, P, m, SPHERE_SHD_PT_LARGE_, SPHERE_SHD_PT_SHRINK_);
        } else for (i = 0; i < P; i += 1) {
            double *cur = work + CUR * P + i;
            const double om = order, x = *(lane + SPHERE_SH_PT_X_ * P + i), y = *(lane + SPHERE_SH_PT_Y_ * P + i);
            const double c = *cur, s = cur[P], pc = *(cur + 2 * P), ps = *(cur + 3 * P);
            start[0][i] = seed; f[0][i] = c; f[1][i] = s;
            if (gradient == 1) { f[2][i] = om * pc; f[3][i] = om * ps; }
            else if (gradient) {
                const double cp = *(lane + SPHERE_SH_PT_CP_ * P + i), sp = *(lane + SPHERE_SH_PT_SP_ * P + i);
                f[2][i] = om * ((cp * pc) - (sp * ps)); f[3][i] = om * SPHERE_MADD_(sp, pc, (cp * ps));
            }
            f[4][i] = c; f[5][i] = s;
            *cur = (x * c) - (y * s); cur[P] = SPHERE_MADD_(x, s, (y * c)); *(cur + 2 * P) = c; *(cur + 3 * P) = s;
        }
        if (solid) for (i = 0; i < P; i += 1) {
            double w = *(work + WM * P + i);
            if (m) { w = w * *(lane + SPHERE_SH_PT_RHO_ * P + i); *(work + WM * P + i) = w; }
            *(work + W * P + i) = w;
        }
        for (l = m; l <= degree; l += PIECE) {
            const int count = degree - l + 1 < PIECE ? degree - l + 1 : PIECE;
            double *piece = work + PIECES * P;
            for (i = 0; i < count; i++) {
                if (gradient && m) last[i] = sphere_shd_pt_row_(plan, l + i, m - 1, 1, scratch)[3];
                memcpy(q + 4 * i, sphere_shd_pt_row_(plan, l + i, m, 1, scratch), 4 * sizeof(double));
            }
            if (busy) busy = sphere_shd_pt_chain_waiting_c_(start[0], work + D * P, work + E * P, q, count, piece, start[1], start[2]);
            else sphere_shd_pt_chain_c_(start[0], work + D * P, work + E * P, q, count, piece);
            if (solid) for (k = 0; k < P; k += 1) {
                const double rho = *(lane + SPHERE_SH_PT_RHO_ * P + k);
                double w = *(work + W * P + k);
                for (i = 0; i < count; i++) { *(piece + i * P + k) = *(piece + i * P + k) * w; w = w * rho; }
                *(work + W * P + k) = w;
            }
            for (field = 0; field < b->fields; field++) {
                const double *row = b->coefficients + field * b->stride;
                double *sum = work + (SUMS + 12 * field) * P;
                for (i = 0; i < count; i++) {
                    const size_t at = (size_t)((l + i) * (l + i) + l + i);
                    cosine[i] = row[at + (size_t)m]; sine[i] = m ? row[at - (size_t)m] : 0;
                }
                sphere_shd_pt_gather_c_(sum, piece, cosine, sine, count);
                if (!gradient) continue;
                if (solid) {
                    for (i = 0; i < count; i++) {
                        const double n = (double)(solid == 1 ? l + i : -(l + i + 1));
                        cosine2[i] = cosine[i] * n; sine2[i] = sine[i] * n;
                    }
                    sphere_shd_pt_gather_c_(sum + 4 * P, piece, cosine2, sine2, count);
                }
                if (!m) continue;
                for (i = 0; i < count; i++) {
                    const size_t at = (size_t)((l + i) * (l + i) + l + i);
                    cosine2[i] = row[at + (size_t)m - 1] * last[i]; sine2[i] = m > 1 ? row[at - (size_t)m + 1] * last[i] : 0;
                }
                sphere_shd_pt_gather_c_(sum + 8 * P, piece, cosine2, sine2, count);
            }
        }
        for (field = 0; field < b->fields; field++) for (i = 0; i < P; i += 1) {
            const double *sum = work + (SUMS + 12 * field) * P + i;
            double *to = work + (RESULT + 5 * field) * P + i;
            const double side = sphere_shd_pt_sign_c_(*(lane + SPHERE_SH_PT_Z_ * P + i)), az = sphere_sh_abs_double_(*(lane + SPHERE_SH_PT_Z_ * P + i)), om = order;
            const double ca = *sum + sphere_shd_pt_flip_c_(*(sum + 2 * P), side), sa = sum[P] + sphere_shd_pt_flip_c_(*(sum + 3 * P), side);
            const double term = SPHERE_MADD_(ca, f[0][i], (sa * f[1][i]));
            *to = *to + term;
            if (gradient) {
                const double along = SPHERE_MADD_(ca, f[2][i], (sa * f[3][i])), across = (sa * f[2][i]) - (ca * f[3][i]);
                *(to + 2 * P) = *(to + 2 * P) + across;
                if (gradient == 2) { to[P] = SPHERE_MADD_(az, along, to[P]); }
                else {
                    double radial = om * term;
                    to[P] = to[P] + along;
                    if (solid) {
                        const double na = *(sum + 4 * P) + sphere_shd_pt_flip_c_(*(sum + 6 * P), side), nb = *(sum + 5 * P) + sphere_shd_pt_flip_c_(*(sum + 7 * P), side);
                        radial = radial - SPHERE_MADD_(na, f[0][i], (nb * f[1][i]));
                    }
                    *(to + 4 * P) = *(to + 4 * P) + radial;
                }
                if (m) {
                    const double da = *(sum + 10 * P) + sphere_shd_pt_flip_c_(*(sum + 8 * P), side), db = *(sum + 11 * P) + sphere_shd_pt_flip_c_(*(sum + 9 * P), side);
                    *(to + 3 * P) = *(to + 3 * P) + SPHERE_MADD_(da, *(work + H * P + i), (db * *(work + (H + 1) * P + i)));
                }
            }
        }
    }
    for (field = 0; field < b->fields; field++) for (i = 0; i < P; i += 1) {
        const double *from = work + (RESULT + 5 * field) * P + i;
        double *to = b->out + 4 * field * P + i;
        const double x = *(lane + SPHERE_SH_PT_X_ * P + i), y = *(lane + SPHERE_SH_PT_Y_ * P + i), z = *(lane + SPHERE_SH_PT_Z_ * P + i), az = sphere_sh_abs_double_(z), side = sphere_shd_pt_sign_c_(z);
        double g0 = from[P], g1 = *(from + 2 * P), g2 = *(from + 3 * P);
        *to = *from;
        if (gradient == 2) { g0 = sphere_shd_pt_flip_c_((g0 - (*(lane + SPHERE_SH_PT_ST_ * P + i) * g2)), side); }
        else if (gradient) {
            const double radial = SPHERE_MADD_(az, g2, *(from + 4 * P));
            g0 = g0 - (x * radial); g1 = g1 - (y * radial); g2 = sphere_shd_pt_flip_c_((g2 - (az * radial)), side);
            if (solid) { const double v = *(lane + SPHERE_SH_PT_V0_ * P + i); g0 = g0 * v; g1 = g1 * v; g2 = g2 * v; }
        }
        to[P] = g0; *(to + 2 * P) = g1; *(to + 3 * P) = g2;
    }
}
#if SPHERE_AVX2_
/* T for the next degrees of one order. */
SPHERE_TARGET_AVX2_ static void sphere_shd_pt_chain_avx2_(double *t, double *d, const double *e, const double *q, int count, double *piece)
{
    int i;
    __m256d t0_f64x4 = _mm256_loadu_pd(t + 0 * SPHERE_SHD_AVX2_LANES_), d0_f64x4 = _mm256_loadu_pd(d + 0 * SPHERE_SHD_AVX2_LANES_); const __m256d e0_f64x4 = _mm256_loadu_pd(e + 0 * SPHERE_SHD_AVX2_LANES_);
    __m256d t1_f64x4 = _mm256_loadu_pd(t + 1 * SPHERE_SHD_AVX2_LANES_), d1_f64x4 = _mm256_loadu_pd(d + 1 * SPHERE_SHD_AVX2_LANES_); const __m256d e1_f64x4 = _mm256_loadu_pd(e + 1 * SPHERE_SHD_AVX2_LANES_);
    __m256d t2_f64x4 = _mm256_loadu_pd(t + 2 * SPHERE_SHD_AVX2_LANES_), d2_f64x4 = _mm256_loadu_pd(d + 2 * SPHERE_SHD_AVX2_LANES_); const __m256d e2_f64x4 = _mm256_loadu_pd(e + 2 * SPHERE_SHD_AVX2_LANES_);
    __m256d t3_f64x4 = _mm256_loadu_pd(t + 3 * SPHERE_SHD_AVX2_LANES_), d3_f64x4 = _mm256_loadu_pd(d + 3 * SPHERE_SHD_AVX2_LANES_); const __m256d e3_f64x4 = _mm256_loadu_pd(e + 3 * SPHERE_SHD_AVX2_LANES_);
    for (i = 0; i < count; i++, q += 4, piece += 4 * SPHERE_SHD_AVX2_LANES_) {
        const __m256d a_f64x4 = _mm256_broadcast_sd(q), bb_f64x4 = _mm256_broadcast_sd(q + 1), cc_f64x4 = _mm256_broadcast_sd(q + 2);
        d0_f64x4 = _mm256_sub_pd(_mm256_mul_pd(bb_f64x4, d0_f64x4), _mm256_mul_pd(_mm256_mul_pd(cc_f64x4, e0_f64x4), t0_f64x4)); t0_f64x4 = _mm256_add_pd(t0_f64x4, SPHERE_SH_MADD_F64X4_(a_f64x4, t0_f64x4, d0_f64x4)); _mm256_storeu_pd(piece + 0 * SPHERE_SHD_AVX2_LANES_, t0_f64x4);
        d1_f64x4 = _mm256_sub_pd(_mm256_mul_pd(bb_f64x4, d1_f64x4), _mm256_mul_pd(_mm256_mul_pd(cc_f64x4, e1_f64x4), t1_f64x4)); t1_f64x4 = _mm256_add_pd(t1_f64x4, SPHERE_SH_MADD_F64X4_(a_f64x4, t1_f64x4, d1_f64x4)); _mm256_storeu_pd(piece + 1 * SPHERE_SHD_AVX2_LANES_, t1_f64x4);
        d2_f64x4 = _mm256_sub_pd(_mm256_mul_pd(bb_f64x4, d2_f64x4), _mm256_mul_pd(_mm256_mul_pd(cc_f64x4, e2_f64x4), t2_f64x4)); t2_f64x4 = _mm256_add_pd(t2_f64x4, SPHERE_SH_MADD_F64X4_(a_f64x4, t2_f64x4, d2_f64x4)); _mm256_storeu_pd(piece + 2 * SPHERE_SHD_AVX2_LANES_, t2_f64x4);
        d3_f64x4 = _mm256_sub_pd(_mm256_mul_pd(bb_f64x4, d3_f64x4), _mm256_mul_pd(_mm256_mul_pd(cc_f64x4, e3_f64x4), t3_f64x4)); t3_f64x4 = _mm256_add_pd(t3_f64x4, SPHERE_SH_MADD_F64X4_(a_f64x4, t3_f64x4, d3_f64x4)); _mm256_storeu_pd(piece + 3 * SPHERE_SHD_AVX2_LANES_, t3_f64x4);
    }
    _mm256_storeu_pd(t + 0 * SPHERE_SHD_AVX2_LANES_, t0_f64x4); _mm256_storeu_pd(d + 0 * SPHERE_SHD_AVX2_LANES_, d0_f64x4);
    _mm256_storeu_pd(t + 1 * SPHERE_SHD_AVX2_LANES_, t1_f64x4); _mm256_storeu_pd(d + 1 * SPHERE_SHD_AVX2_LANES_, d1_f64x4);
    _mm256_storeu_pd(t + 2 * SPHERE_SHD_AVX2_LANES_, t2_f64x4); _mm256_storeu_pd(d + 2 * SPHERE_SHD_AVX2_LANES_, d2_f64x4);
    _mm256_storeu_pd(t + 3 * SPHERE_SHD_AVX2_LANES_, t3_f64x4); _mm256_storeu_pd(d + 3 * SPHERE_SHD_AVX2_LANES_, d3_f64x4);
}
/* The same for degrees where some lanes wait for their exponent. Returns whether any still does. */
SPHERE_TARGET_AVX2_ static int sphere_shd_pt_chain_waiting_avx2_(double *t, double *d, const double *e, const double *q, int count, double *piece, double *live, double *exponent)
{
    int i, u, wait = 1;
    for (i = 0; i < count; i++, q += 4, piece += 4 * SPHERE_SHD_AVX2_LANES_) {
        int large = 0;
        sphere_shd_pt_chain_avx2_(t, d, e, q, 1, piece);
        for (u = 0; u < 4; u++) { const __m256d tu_f64x4 = _mm256_loadu_pd(t + u * SPHERE_SHD_AVX2_LANES_); large |= sphere_shd_pt_large_avx2_(tu_f64x4); }
        if (wait && large) wait = sphere_shd_pt_rescale_(t, d, live, exponent, 4 * SPHERE_SHD_AVX2_LANES_);
        for (u = 0; u < 4; u++) { _mm256_storeu_pd(piece + u * SPHERE_SHD_AVX2_LANES_, sphere_shd_pt_keep_avx2_(_mm256_loadu_pd(t + u * SPHERE_SHD_AVX2_LANES_), _mm256_loadu_pd(live + u * SPHERE_SHD_AVX2_LANES_))); }
    }
    return wait;
}
/* sum[0], [1] += T cosine coefficient, T sine coefficient over even places, sum[2], [3] over odd ones. */
SPHERE_TARGET_AVX2_ static void sphere_shd_pt_gather_avx2_(double *sum, const double *piece, const double *cosine, const double *sine, int count)
{
    int i, u;
    for (u = 0; u < 4; u++, sum += SPHERE_SHD_AVX2_LANES_, piece += SPHERE_SHD_AVX2_LANES_) {
        const double *p = piece;
        __m256d a0_f64x4 = _mm256_loadu_pd(sum), a1_f64x4 = _mm256_loadu_pd(sum + 4 * SPHERE_SHD_AVX2_LANES_), a2_f64x4 = _mm256_loadu_pd(sum + 2 * 4 * SPHERE_SHD_AVX2_LANES_), a3_f64x4 = _mm256_loadu_pd(sum + 3 * 4 * SPHERE_SHD_AVX2_LANES_);
        for (i = 0; i + 2 <= count; i += 2, p += 2 * 4 * SPHERE_SHD_AVX2_LANES_) {
            const __m256d even_f64x4 = _mm256_loadu_pd(p), odd_f64x4 = _mm256_loadu_pd(p + 4 * SPHERE_SHD_AVX2_LANES_);
            a0_f64x4 = SPHERE_SH_MADD_F64X4_(_mm256_broadcast_sd(cosine + i), even_f64x4, a0_f64x4); a1_f64x4 = SPHERE_SH_MADD_F64X4_(_mm256_broadcast_sd(sine + i), even_f64x4, a1_f64x4);
            a2_f64x4 = SPHERE_SH_MADD_F64X4_(_mm256_broadcast_sd(cosine + i + 1), odd_f64x4, a2_f64x4); a3_f64x4 = SPHERE_SH_MADD_F64X4_(_mm256_broadcast_sd(sine + i + 1), odd_f64x4, a3_f64x4);
        }
        if (i < count) { const __m256d even_f64x4 = _mm256_loadu_pd(p); a0_f64x4 = SPHERE_SH_MADD_F64X4_(_mm256_broadcast_sd(cosine + i), even_f64x4, a0_f64x4); a1_f64x4 = SPHERE_SH_MADD_F64X4_(_mm256_broadcast_sd(sine + i), even_f64x4, a1_f64x4); }
        _mm256_storeu_pd(sum, a0_f64x4); _mm256_storeu_pd(sum + 4 * SPHERE_SHD_AVX2_LANES_, a1_f64x4); _mm256_storeu_pd(sum + 2 * 4 * SPHERE_SHD_AVX2_LANES_, a2_f64x4); _mm256_storeu_pd(sum + 3 * 4 * SPHERE_SHD_AVX2_LANES_, a3_f64x4);
    }
}
SPHERE_TARGET_AVX2_ static void sphere_shd_pt_sum_avx2_(const sphere_shd_points *plan, const sphere_shd_pt_sum_block_ *b)
{
    enum { P = 4 * SPHERE_SHD_AVX2_LANES_, PIECE = 8, T = 0, D = 1, LIVE = 2, EXPO = 3, E = 4, WM = 5, W = 6, F = 7, H = 13, CUR = 15, PIECES = 19, SUMS = PIECES + PIECE,
           RESULT = SUMS + 12 * SPHERE_SH_PT_SUM_FIELDS_, SPACE = RESULT + 5 * SPHERE_SH_PT_SUM_FIELDS_ };
    const int degree = plan->degree, high = degree > SPHERE_SH_PT_LOW_DEGREE_, gradient = b->gradient, solid = b->solid;
    const double *lane = b->lane, *seeds = sphere_shd_pt_seeds_(plan);
    double space[SPACE * 4 * SPHERE_SHD_AVX2_LANES_ + 64 / sizeof(double)], *const work = (double *)sphere_align_(space);
    double q[PIECE * 4], last[PIECE], cosine[PIECE], sine[PIECE], cosine2[PIECE], sine2[PIECE], scratch[4], *f[6], *start[3];
    size_t field;
    int l, m, i, k, busy;
    memset(work, 0, SPACE * P * sizeof(double));
    for (k = 0; k < 6; k++) f[k] = work + (F + k) * P;
    start[0] = work + T * P; start[1] = work + LIVE * P; start[2] = work + EXPO * P;
    for (i = 0; i < P; i += SPHERE_SHD_AVX2_LANES_) {
        const __m256d x_f64x4 = _mm256_loadu_pd(lane + SPHERE_SH_PT_X_ * P + i), y_f64x4 = _mm256_loadu_pd(lane + SPHERE_SH_PT_Y_ * P + i), az_f64x4 = _mm256_andnot_pd(_mm256_set1_pd(-0.0), _mm256_loadu_pd(lane + SPHERE_SH_PT_Z_ * P + i));
        if (high) { _mm256_storeu_pd(work + E * P + i, _mm256_loadu_pd(lane + SPHERE_SH_PT_E_ * P + i)); }
        else { _mm256_storeu_pd(work + E * P + i, sphere_shd_pt_above_avx2_(az_f64x4, _mm256_set1_pd(0.5), _mm256_div_pd(SPHERE_SH_MADD_F64X4_(x_f64x4, x_f64x4, _mm256_mul_pd(y_f64x4, y_f64x4)), _mm256_add_pd(_mm256_set1_pd(1.0), az_f64x4)), _mm256_sub_pd(_mm256_set1_pd(1.0), az_f64x4))); }
        _mm256_storeu_pd(work + CUR * P + i, _mm256_set1_pd(1.0));
    }
    if (high) for (i = 0; i < P; i++) sphere_sh_pt_polar_start_(b->polar + i, P);
    if (solid) memcpy(work + WM * P, lane + SPHERE_SH_PT_W_ * P, P * sizeof(double));
    for (m = 0; m <= degree; m++) {
        const double order = (double)m, seed = seeds[m];
        busy = 0;
        memcpy(work + H * P, f[4], 2 * P * sizeof(double));
        memset(work + D * P, 0, P * sizeof(double));
        memset(work + SUMS * P, 0, 12 * P * sizeof(double) * b->fields);
        if (high) {
            sphere_shd_pt_order_(plan, m, P, lane, b->polar, gradient, f, start);
            for (i = 0; i < P; i++) busy |= work[EXPO * P + i] > 0;
            sphere_sh_pt_polar_step_(b->polar, P, m, SPHERE_SHD_PT_LARGE_, SPHERE_SHD_PT_SHRINK_);
        } else for (i = 0; i < P; i += SPHERE_SHD_AVX2_LANES_) {
            double *cur = work + CUR * P + i;
            const __m256d om_f64x4 = _mm256_set1_pd(order), x_f64x4 = _mm256_loadu_pd(lane + SPHERE_SH_PT_X_ * P + i), y_f64x4 = _mm256_loadu_pd(lane + SPHERE_SH_PT_Y_ * P + i);
            const __m256d c_f64x4 = _mm256_loadu_pd(cur), s_f64x4 = _mm256_loadu_pd(cur + P), pc_f64x4 = _mm256_loadu_pd(cur + 2 * P), ps_f64x4 = _mm256_loadu_pd(cur + 3 * P);
            _mm256_storeu_pd(start[0] + i, _mm256_set1_pd(seed)); _mm256_storeu_pd(f[0] + i, c_f64x4); _mm256_storeu_pd(f[1] + i, s_f64x4);
            if (gradient == 1) { _mm256_storeu_pd(f[2] + i, _mm256_mul_pd(om_f64x4, pc_f64x4)); _mm256_storeu_pd(f[3] + i, _mm256_mul_pd(om_f64x4, ps_f64x4)); }
            else if (gradient) {
                const __m256d cp_f64x4 = _mm256_loadu_pd(lane + SPHERE_SH_PT_CP_ * P + i), sp_f64x4 = _mm256_loadu_pd(lane + SPHERE_SH_PT_SP_ * P + i);
                _mm256_storeu_pd(f[2] + i, _mm256_mul_pd(om_f64x4, _mm256_sub_pd(_mm256_mul_pd(cp_f64x4, pc_f64x4), _mm256_mul_pd(sp_f64x4, ps_f64x4)))); _mm256_storeu_pd(f[3] + i, _mm256_mul_pd(om_f64x4, SPHERE_SH_MADD_F64X4_(sp_f64x4, pc_f64x4, _mm256_mul_pd(cp_f64x4, ps_f64x4))));
            }
            _mm256_storeu_pd(f[4] + i, c_f64x4); _mm256_storeu_pd(f[5] + i, s_f64x4);
            _mm256_storeu_pd(cur, _mm256_sub_pd(_mm256_mul_pd(x_f64x4, c_f64x4), _mm256_mul_pd(y_f64x4, s_f64x4))); _mm256_storeu_pd(cur + P, SPHERE_SH_MADD_F64X4_(x_f64x4, s_f64x4, _mm256_mul_pd(y_f64x4, c_f64x4))); _mm256_storeu_pd(cur + 2 * P, c_f64x4); _mm256_storeu_pd(cur + 3 * P, s_f64x4);
        }
        if (solid) for (i = 0; i < P; i += SPHERE_SHD_AVX2_LANES_) {
            __m256d w_f64x4 = _mm256_loadu_pd(work + WM * P + i);
            if (m) { w_f64x4 = _mm256_mul_pd(w_f64x4, _mm256_loadu_pd(lane + SPHERE_SH_PT_RHO_ * P + i)); _mm256_storeu_pd(work + WM * P + i, w_f64x4); }
            _mm256_storeu_pd(work + W * P + i, w_f64x4);
        }
        for (l = m; l <= degree; l += PIECE) {
            const int count = degree - l + 1 < PIECE ? degree - l + 1 : PIECE;
            double *piece = work + PIECES * P;
            for (i = 0; i < count; i++) {
                if (gradient && m) last[i] = sphere_shd_pt_row_(plan, l + i, m - 1, 1, scratch)[3];
                memcpy(q + 4 * i, sphere_shd_pt_row_(plan, l + i, m, 1, scratch), 4 * sizeof(double));
            }
            if (busy) busy = sphere_shd_pt_chain_waiting_avx2_(start[0], work + D * P, work + E * P, q, count, piece, start[1], start[2]);
            else sphere_shd_pt_chain_avx2_(start[0], work + D * P, work + E * P, q, count, piece);
            if (solid) for (k = 0; k < P; k += SPHERE_SHD_AVX2_LANES_) {
                const __m256d rho_f64x4 = _mm256_loadu_pd(lane + SPHERE_SH_PT_RHO_ * P + k);
                __m256d w_f64x4 = _mm256_loadu_pd(work + W * P + k);
                for (i = 0; i < count; i++) { _mm256_storeu_pd(piece + i * P + k, _mm256_mul_pd(_mm256_loadu_pd(piece + i * P + k), w_f64x4)); w_f64x4 = _mm256_mul_pd(w_f64x4, rho_f64x4); }
                _mm256_storeu_pd(work + W * P + k, w_f64x4);
            }
            for (field = 0; field < b->fields; field++) {
                const double *row = b->coefficients + field * b->stride;
                double *sum = work + (SUMS + 12 * field) * P;
                for (i = 0; i < count; i++) {
                    const size_t at = (size_t)((l + i) * (l + i) + l + i);
                    cosine[i] = row[at + (size_t)m]; sine[i] = m ? row[at - (size_t)m] : 0;
                }
                sphere_shd_pt_gather_avx2_(sum, piece, cosine, sine, count);
                if (!gradient) continue;
                if (solid) {
                    for (i = 0; i < count; i++) {
                        const double n = (double)(solid == 1 ? l + i : -(l + i + 1));
                        cosine2[i] = cosine[i] * n; sine2[i] = sine[i] * n;
                    }
                    sphere_shd_pt_gather_avx2_(sum + 4 * P, piece, cosine2, sine2, count);
                }
                if (!m) continue;
                for (i = 0; i < count; i++) {
                    const size_t at = (size_t)((l + i) * (l + i) + l + i);
                    cosine2[i] = row[at + (size_t)m - 1] * last[i]; sine2[i] = m > 1 ? row[at - (size_t)m + 1] * last[i] : 0;
                }
                sphere_shd_pt_gather_avx2_(sum + 8 * P, piece, cosine2, sine2, count);
            }
        }
        for (field = 0; field < b->fields; field++) for (i = 0; i < P; i += SPHERE_SHD_AVX2_LANES_) {
            const double *sum = work + (SUMS + 12 * field) * P + i;
            double *to = work + (RESULT + 5 * field) * P + i;
            const __m256d side_f64x4 = sphere_shd_pt_sign_avx2_(_mm256_loadu_pd(lane + SPHERE_SH_PT_Z_ * P + i)), az_f64x4 = _mm256_andnot_pd(_mm256_set1_pd(-0.0), _mm256_loadu_pd(lane + SPHERE_SH_PT_Z_ * P + i)), om_f64x4 = _mm256_set1_pd(order);
            const __m256d ca_f64x4 = _mm256_add_pd(_mm256_loadu_pd(sum), sphere_shd_pt_flip_avx2_(_mm256_loadu_pd(sum + 2 * P), side_f64x4)), sa_f64x4 = _mm256_add_pd(_mm256_loadu_pd(sum + P), sphere_shd_pt_flip_avx2_(_mm256_loadu_pd(sum + 3 * P), side_f64x4));
            const __m256d term_f64x4 = SPHERE_SH_MADD_F64X4_(ca_f64x4, _mm256_loadu_pd(f[0] + i), _mm256_mul_pd(sa_f64x4, _mm256_loadu_pd(f[1] + i)));
            _mm256_storeu_pd(to, _mm256_add_pd(_mm256_loadu_pd(to), term_f64x4));
            if (gradient) {
                const __m256d along_f64x4 = SPHERE_SH_MADD_F64X4_(ca_f64x4, _mm256_loadu_pd(f[2] + i), _mm256_mul_pd(sa_f64x4, _mm256_loadu_pd(f[3] + i))), across_f64x4 = _mm256_sub_pd(_mm256_mul_pd(sa_f64x4, _mm256_loadu_pd(f[2] + i)), _mm256_mul_pd(ca_f64x4, _mm256_loadu_pd(f[3] + i)));
                _mm256_storeu_pd(to + 2 * P, _mm256_add_pd(_mm256_loadu_pd(to + 2 * P), across_f64x4));
                if (gradient == 2) { _mm256_storeu_pd(to + P, SPHERE_SH_MADD_F64X4_(az_f64x4, along_f64x4, _mm256_loadu_pd(to + P))); }
                else {
                    __m256d radial_f64x4 = _mm256_mul_pd(om_f64x4, term_f64x4);
                    _mm256_storeu_pd(to + P, _mm256_add_pd(_mm256_loadu_pd(to + P), along_f64x4));
                    if (solid) {
                        const __m256d na_f64x4 = _mm256_add_pd(_mm256_loadu_pd(sum + 4 * P), sphere_shd_pt_flip_avx2_(_mm256_loadu_pd(sum + 6 * P), side_f64x4)), nb_f64x4 = _mm256_add_pd(_mm256_loadu_pd(sum + 5 * P), sphere_shd_pt_flip_avx2_(_mm256_loadu_pd(sum + 7 * P), side_f64x4));
                        radial_f64x4 = _mm256_sub_pd(radial_f64x4, SPHERE_SH_MADD_F64X4_(na_f64x4, _mm256_loadu_pd(f[0] + i), _mm256_mul_pd(nb_f64x4, _mm256_loadu_pd(f[1] + i))));
                    }
                    _mm256_storeu_pd(to + 4 * P, _mm256_add_pd(_mm256_loadu_pd(to + 4 * P), radial_f64x4));
                }
                if (m) {
                    const __m256d da_f64x4 = _mm256_add_pd(_mm256_loadu_pd(sum + 10 * P), sphere_shd_pt_flip_avx2_(_mm256_loadu_pd(sum + 8 * P), side_f64x4)), db_f64x4 = _mm256_add_pd(_mm256_loadu_pd(sum + 11 * P), sphere_shd_pt_flip_avx2_(_mm256_loadu_pd(sum + 9 * P), side_f64x4));
                    _mm256_storeu_pd(to + 3 * P, _mm256_add_pd(_mm256_loadu_pd(to + 3 * P), SPHERE_SH_MADD_F64X4_(da_f64x4, _mm256_loadu_pd(work + H * P + i), _mm256_mul_pd(db_f64x4, _mm256_loadu_pd(work + (H + 1) * P + i)))));
                }
            }
        }
    }
    for (field = 0; field < b->fields; field++) for (i = 0; i < P; i += SPHERE_SHD_AVX2_LANES_) {
        const double *from = work + (RESULT + 5 * field) * P + i;
        double *to = b->out + 4 * field * P + i;
        const __m256d x_f64x4 = _mm256_loadu_pd(lane + SPHERE_SH_PT_X_ * P + i), y_f64x4 = _mm256_loadu_pd(lane + SPHERE_SH_PT_Y_ * P + i), z_f64x4 = _mm256_loadu_pd(lane + SPHERE_SH_PT_Z_ * P + i), az_f64x4 = _mm256_andnot_pd(_mm256_set1_pd(-0.0), z_f64x4), side_f64x4 = sphere_shd_pt_sign_avx2_(z_f64x4);
        __m256d g0_f64x4 = _mm256_loadu_pd(from + P), g1_f64x4 = _mm256_loadu_pd(from + 2 * P), g2_f64x4 = _mm256_loadu_pd(from + 3 * P);
        _mm256_storeu_pd(to, _mm256_loadu_pd(from));
        if (gradient == 2) { g0_f64x4 = sphere_shd_pt_flip_avx2_(_mm256_sub_pd(g0_f64x4, _mm256_mul_pd(_mm256_loadu_pd(lane + SPHERE_SH_PT_ST_ * P + i), g2_f64x4)), side_f64x4); }
        else if (gradient) {
            const __m256d radial_f64x4 = SPHERE_SH_MADD_F64X4_(az_f64x4, g2_f64x4, _mm256_loadu_pd(from + 4 * P));
            g0_f64x4 = _mm256_sub_pd(g0_f64x4, _mm256_mul_pd(x_f64x4, radial_f64x4)); g1_f64x4 = _mm256_sub_pd(g1_f64x4, _mm256_mul_pd(y_f64x4, radial_f64x4)); g2_f64x4 = sphere_shd_pt_flip_avx2_(_mm256_sub_pd(g2_f64x4, _mm256_mul_pd(az_f64x4, radial_f64x4)), side_f64x4);
            if (solid) { const __m256d v_f64x4 = _mm256_loadu_pd(lane + SPHERE_SH_PT_V0_ * P + i); g0_f64x4 = _mm256_mul_pd(g0_f64x4, v_f64x4); g1_f64x4 = _mm256_mul_pd(g1_f64x4, v_f64x4); g2_f64x4 = _mm256_mul_pd(g2_f64x4, v_f64x4); }
        }
        _mm256_storeu_pd(to + P, g0_f64x4); _mm256_storeu_pd(to + 2 * P, g1_f64x4); _mm256_storeu_pd(to + 3 * P, g2_f64x4);
    }
}
#endif
#if SPHERE_NEON_
/* T for the next degrees of one order. */
static void sphere_shd_pt_chain_neon_(double *t, double *d, const double *e, const double *q, int count, double *piece)
{
    int i;
    float64x2_t t0_f64x2 = vld1q_f64(t + 0 * SPHERE_SHD_NEON_LANES_), d0_f64x2 = vld1q_f64(d + 0 * SPHERE_SHD_NEON_LANES_); const float64x2_t e0_f64x2 = vld1q_f64(e + 0 * SPHERE_SHD_NEON_LANES_);
    float64x2_t t1_f64x2 = vld1q_f64(t + 1 * SPHERE_SHD_NEON_LANES_), d1_f64x2 = vld1q_f64(d + 1 * SPHERE_SHD_NEON_LANES_); const float64x2_t e1_f64x2 = vld1q_f64(e + 1 * SPHERE_SHD_NEON_LANES_);
    float64x2_t t2_f64x2 = vld1q_f64(t + 2 * SPHERE_SHD_NEON_LANES_), d2_f64x2 = vld1q_f64(d + 2 * SPHERE_SHD_NEON_LANES_); const float64x2_t e2_f64x2 = vld1q_f64(e + 2 * SPHERE_SHD_NEON_LANES_);
    float64x2_t t3_f64x2 = vld1q_f64(t + 3 * SPHERE_SHD_NEON_LANES_), d3_f64x2 = vld1q_f64(d + 3 * SPHERE_SHD_NEON_LANES_); const float64x2_t e3_f64x2 = vld1q_f64(e + 3 * SPHERE_SHD_NEON_LANES_);
    for (i = 0; i < count; i++, q += 4, piece += 4 * SPHERE_SHD_NEON_LANES_) {
        const float64x2_t a_f64x2 = vld1q_dup_f64(q), bb_f64x2 = vld1q_dup_f64(q + 1), cc_f64x2 = vld1q_dup_f64(q + 2);
        d0_f64x2 = vsubq_f64(vmulq_f64(bb_f64x2, d0_f64x2), vmulq_f64(vmulq_f64(cc_f64x2, e0_f64x2), t0_f64x2)); t0_f64x2 = vaddq_f64(t0_f64x2, SPHERE_SH_MADD_F64X2_(a_f64x2, t0_f64x2, d0_f64x2)); vst1q_f64(piece + 0 * SPHERE_SHD_NEON_LANES_, t0_f64x2);
        d1_f64x2 = vsubq_f64(vmulq_f64(bb_f64x2, d1_f64x2), vmulq_f64(vmulq_f64(cc_f64x2, e1_f64x2), t1_f64x2)); t1_f64x2 = vaddq_f64(t1_f64x2, SPHERE_SH_MADD_F64X2_(a_f64x2, t1_f64x2, d1_f64x2)); vst1q_f64(piece + 1 * SPHERE_SHD_NEON_LANES_, t1_f64x2);
        d2_f64x2 = vsubq_f64(vmulq_f64(bb_f64x2, d2_f64x2), vmulq_f64(vmulq_f64(cc_f64x2, e2_f64x2), t2_f64x2)); t2_f64x2 = vaddq_f64(t2_f64x2, SPHERE_SH_MADD_F64X2_(a_f64x2, t2_f64x2, d2_f64x2)); vst1q_f64(piece + 2 * SPHERE_SHD_NEON_LANES_, t2_f64x2);
        d3_f64x2 = vsubq_f64(vmulq_f64(bb_f64x2, d3_f64x2), vmulq_f64(vmulq_f64(cc_f64x2, e3_f64x2), t3_f64x2)); t3_f64x2 = vaddq_f64(t3_f64x2, SPHERE_SH_MADD_F64X2_(a_f64x2, t3_f64x2, d3_f64x2)); vst1q_f64(piece + 3 * SPHERE_SHD_NEON_LANES_, t3_f64x2);
    }
    vst1q_f64(t + 0 * SPHERE_SHD_NEON_LANES_, t0_f64x2); vst1q_f64(d + 0 * SPHERE_SHD_NEON_LANES_, d0_f64x2);
    vst1q_f64(t + 1 * SPHERE_SHD_NEON_LANES_, t1_f64x2); vst1q_f64(d + 1 * SPHERE_SHD_NEON_LANES_, d1_f64x2);
    vst1q_f64(t + 2 * SPHERE_SHD_NEON_LANES_, t2_f64x2); vst1q_f64(d + 2 * SPHERE_SHD_NEON_LANES_, d2_f64x2);
    vst1q_f64(t + 3 * SPHERE_SHD_NEON_LANES_, t3_f64x2); vst1q_f64(d + 3 * SPHERE_SHD_NEON_LANES_, d3_f64x2);
}
/* The same for degrees where some lanes wait for their exponent. Returns whether any still does. */
static int sphere_shd_pt_chain_waiting_neon_(double *t, double *d, const double *e, const double *q, int count, double *piece, double *live, double *exponent)
{
    int i, u, wait = 1;
    for (i = 0; i < count; i++, q += 4, piece += 4 * SPHERE_SHD_NEON_LANES_) {
        int large = 0;
        sphere_shd_pt_chain_neon_(t, d, e, q, 1, piece);
        for (u = 0; u < 4; u++) { const float64x2_t tu_f64x2 = vld1q_f64(t + u * SPHERE_SHD_NEON_LANES_); large |= sphere_shd_pt_large_neon_(tu_f64x2); }
        if (wait && large) wait = sphere_shd_pt_rescale_(t, d, live, exponent, 4 * SPHERE_SHD_NEON_LANES_);
        for (u = 0; u < 4; u++) { vst1q_f64(piece + u * SPHERE_SHD_NEON_LANES_, sphere_shd_pt_keep_neon_(vld1q_f64(t + u * SPHERE_SHD_NEON_LANES_), vld1q_f64(live + u * SPHERE_SHD_NEON_LANES_))); }
    }
    return wait;
}
/* sum[0], [1] += T cosine coefficient, T sine coefficient over even places, sum[2], [3] over odd ones. */
static void sphere_shd_pt_gather_neon_(double *sum, const double *piece, const double *cosine, const double *sine, int count)
{
    int i, u;
    for (u = 0; u < 4; u++, sum += SPHERE_SHD_NEON_LANES_, piece += SPHERE_SHD_NEON_LANES_) {
        const double *p = piece;
        float64x2_t a0_f64x2 = vld1q_f64(sum), a1_f64x2 = vld1q_f64(sum + 4 * SPHERE_SHD_NEON_LANES_), a2_f64x2 = vld1q_f64(sum + 2 * 4 * SPHERE_SHD_NEON_LANES_), a3_f64x2 = vld1q_f64(sum + 3 * 4 * SPHERE_SHD_NEON_LANES_);
        for (i = 0; i + 2 <= count; i += 2, p += 2 * 4 * SPHERE_SHD_NEON_LANES_) {
            const float64x2_t even_f64x2 = vld1q_f64(p), odd_f64x2 = vld1q_f64(p + 4 * SPHERE_SHD_NEON_LANES_);
            a0_f64x2 = SPHERE_SH_MADD_F64X2_(vld1q_dup_f64(cosine + i), even_f64x2, a0_f64x2); a1_f64x2 = SPHERE_SH_MADD_F64X2_(vld1q_dup_f64(sine + i), even_f64x2, a1_f64x2);
            a2_f64x2 = SPHERE_SH_MADD_F64X2_(vld1q_dup_f64(cosine + i + 1), odd_f64x2, a2_f64x2); a3_f64x2 = SPHERE_SH_MADD_F64X2_(vld1q_dup_f64(sine + i + 1), odd_f64x2, a3_f64x2);
        }
        if (i < count) { const float64x2_t even_f64x2 = vld1q_f64(p); a0_f64x2 = SPHERE_SH_MADD_F64X2_(vld1q_dup_f64(cosine + i), even_f64x2, a0_f64x2); a1_f64x2 = SPHERE_SH_MADD_F64X2_(vld1q_dup_f64(sine + i), even_f64x2, a1_f64x2); }
        vst1q_f64(sum, a0_f64x2); vst1q_f64(sum + 4 * SPHERE_SHD_NEON_LANES_, a1_f64x2); vst1q_f64(sum + 2 * 4 * SPHERE_SHD_NEON_LANES_, a2_f64x2); vst1q_f64(sum + 3 * 4 * SPHERE_SHD_NEON_LANES_, a3_f64x2);
    }
}
static void sphere_shd_pt_sum_neon_(const sphere_shd_points *plan, const sphere_shd_pt_sum_block_ *b)
{
    enum { P = 4 * SPHERE_SHD_NEON_LANES_, PIECE = 8, T = 0, D = 1, LIVE = 2, EXPO = 3, E = 4, WM = 5, W = 6, F = 7, H = 13, CUR = 15, PIECES = 19, SUMS = PIECES + PIECE,
           RESULT = SUMS + 12 * SPHERE_SH_PT_SUM_FIELDS_, SPACE = RESULT + 5 * SPHERE_SH_PT_SUM_FIELDS_ };
    const int degree = plan->degree, high = degree > SPHERE_SH_PT_LOW_DEGREE_, gradient = b->gradient, solid = b->solid;
    const double *lane = b->lane, *seeds = sphere_shd_pt_seeds_(plan);
    double space[SPACE * 4 * SPHERE_SHD_NEON_LANES_ + 64 / sizeof(double)], *const work = (double *)sphere_align_(space);
    double q[PIECE * 4], last[PIECE], cosine[PIECE], sine[PIECE], cosine2[PIECE], sine2[PIECE], scratch[4], *f[6], *start[3];
    size_t field;
    int l, m, i, k, busy;
    memset(work, 0, SPACE * P * sizeof(double));
    for (k = 0; k < 6; k++) f[k] = work + (F + k) * P;
    start[0] = work + T * P; start[1] = work + LIVE * P; start[2] = work + EXPO * P;
    for (i = 0; i < P; i += SPHERE_SHD_NEON_LANES_) {
        const float64x2_t x_f64x2 = vld1q_f64(lane + SPHERE_SH_PT_X_ * P + i), y_f64x2 = vld1q_f64(lane + SPHERE_SH_PT_Y_ * P + i), az_f64x2 = vabsq_f64(vld1q_f64(lane + SPHERE_SH_PT_Z_ * P + i));
        if (high) { vst1q_f64(work + E * P + i, vld1q_f64(lane + SPHERE_SH_PT_E_ * P + i)); }
        else { vst1q_f64(work + E * P + i, sphere_shd_pt_above_neon_(az_f64x2, vdupq_n_f64(0.5), vdivq_f64(SPHERE_SH_MADD_F64X2_(x_f64x2, x_f64x2, vmulq_f64(y_f64x2, y_f64x2)), vaddq_f64(vdupq_n_f64(1.0), az_f64x2)), vsubq_f64(vdupq_n_f64(1.0), az_f64x2))); }
        vst1q_f64(work + CUR * P + i, vdupq_n_f64(1.0));
    }
    if (high) for (i = 0; i < P; i++) sphere_sh_pt_polar_start_(b->polar + i, P);
    if (solid) memcpy(work + WM * P, lane + SPHERE_SH_PT_W_ * P, P * sizeof(double));
    for (m = 0; m <= degree; m++) {
        const double order = (double)m, seed = seeds[m];
        busy = 0;
        memcpy(work + H * P, f[4], 2 * P * sizeof(double));
        memset(work + D * P, 0, P * sizeof(double));
        memset(work + SUMS * P, 0, 12 * P * sizeof(double) * b->fields);
        if (high) {
            sphere_shd_pt_order_(plan, m, P, lane, b->polar, gradient, f, start);
            for (i = 0; i < P; i++) busy |= work[EXPO * P + i] > 0;
            sphere_sh_pt_polar_step_(b->polar, P, m, SPHERE_SHD_PT_LARGE_, SPHERE_SHD_PT_SHRINK_);
        } else for (i = 0; i < P; i += SPHERE_SHD_NEON_LANES_) {
            double *cur = work + CUR * P + i;
            const float64x2_t om_f64x2 = vdupq_n_f64(order), x_f64x2 = vld1q_f64(lane + SPHERE_SH_PT_X_ * P + i), y_f64x2 = vld1q_f64(lane + SPHERE_SH_PT_Y_ * P + i);
            const float64x2_t c_f64x2 = vld1q_f64(cur), s_f64x2 = vld1q_f64(cur + P), pc_f64x2 = vld1q_f64(cur + 2 * P), ps_f64x2 = vld1q_f64(cur + 3 * P);
            vst1q_f64(start[0] + i, vdupq_n_f64(seed)); vst1q_f64(f[0] + i, c_f64x2); vst1q_f64(f[1] + i, s_f64x2);
            if (gradient == 1) { vst1q_f64(f[2] + i, vmulq_f64(om_f64x2, pc_f64x2)); vst1q_f64(f[3] + i, vmulq_f64(om_f64x2, ps_f64x2)); }
            else if (gradient) {
                const float64x2_t cp_f64x2 = vld1q_f64(lane + SPHERE_SH_PT_CP_ * P + i), sp_f64x2 = vld1q_f64(lane + SPHERE_SH_PT_SP_ * P + i);
                vst1q_f64(f[2] + i, vmulq_f64(om_f64x2, vsubq_f64(vmulq_f64(cp_f64x2, pc_f64x2), vmulq_f64(sp_f64x2, ps_f64x2)))); vst1q_f64(f[3] + i, vmulq_f64(om_f64x2, SPHERE_SH_MADD_F64X2_(sp_f64x2, pc_f64x2, vmulq_f64(cp_f64x2, ps_f64x2))));
            }
            vst1q_f64(f[4] + i, c_f64x2); vst1q_f64(f[5] + i, s_f64x2);
            vst1q_f64(cur, vsubq_f64(vmulq_f64(x_f64x2, c_f64x2), vmulq_f64(y_f64x2, s_f64x2))); vst1q_f64(cur + P, SPHERE_SH_MADD_F64X2_(x_f64x2, s_f64x2, vmulq_f64(y_f64x2, c_f64x2))); vst1q_f64(cur + 2 * P, c_f64x2); vst1q_f64(cur + 3 * P, s_f64x2);
        }
        if (solid) for (i = 0; i < P; i += SPHERE_SHD_NEON_LANES_) {
            float64x2_t w_f64x2 = vld1q_f64(work + WM * P + i);
            if (m) { w_f64x2 = vmulq_f64(w_f64x2, vld1q_f64(lane + SPHERE_SH_PT_RHO_ * P + i)); vst1q_f64(work + WM * P + i, w_f64x2); }
            vst1q_f64(work + W * P + i, w_f64x2);
        }
        for (l = m; l <= degree; l += PIECE) {
            const int count = degree - l + 1 < PIECE ? degree - l + 1 : PIECE;
            double *piece = work + PIECES * P;
            for (i = 0; i < count; i++) {
                if (gradient && m) last[i] = sphere_shd_pt_row_(plan, l + i, m - 1, 1, scratch)[3];
                memcpy(q + 4 * i, sphere_shd_pt_row_(plan, l + i, m, 1, scratch), 4 * sizeof(double));
            }
            if (busy) busy = sphere_shd_pt_chain_waiting_neon_(start[0], work + D * P, work + E * P, q, count, piece, start[1], start[2]);
            else sphere_shd_pt_chain_neon_(start[0], work + D * P, work + E * P, q, count, piece);
            if (solid) for (k = 0; k < P; k += SPHERE_SHD_NEON_LANES_) {
                const float64x2_t rho_f64x2 = vld1q_f64(lane + SPHERE_SH_PT_RHO_ * P + k);
                float64x2_t w_f64x2 = vld1q_f64(work + W * P + k);
                for (i = 0; i < count; i++) { vst1q_f64(piece + i * P + k, vmulq_f64(vld1q_f64(piece + i * P + k), w_f64x2)); w_f64x2 = vmulq_f64(w_f64x2, rho_f64x2); }
                vst1q_f64(work + W * P + k, w_f64x2);
            }
            for (field = 0; field < b->fields; field++) {
                const double *row = b->coefficients + field * b->stride;
                double *sum = work + (SUMS + 12 * field) * P;
                for (i = 0; i < count; i++) {
                    const size_t at = (size_t)((l + i) * (l + i) + l + i);
                    cosine[i] = row[at + (size_t)m]; sine[i] = m ? row[at - (size_t)m] : 0;
                }
                sphere_shd_pt_gather_neon_(sum, piece, cosine, sine, count);
                if (!gradient) continue;
                if (solid) {
                    for (i = 0; i < count; i++) {
                        const double n = (double)(solid == 1 ? l + i : -(l + i + 1));
                        cosine2[i] = cosine[i] * n; sine2[i] = sine[i] * n;
                    }
                    sphere_shd_pt_gather_neon_(sum + 4 * P, piece, cosine2, sine2, count);
                }
                if (!m) continue;
                for (i = 0; i < count; i++) {
                    const size_t at = (size_t)((l + i) * (l + i) + l + i);
                    cosine2[i] = row[at + (size_t)m - 1] * last[i]; sine2[i] = m > 1 ? row[at - (size_t)m + 1] * last[i] : 0;
                }
                sphere_shd_pt_gather_neon_(sum + 8 * P, piece, cosine2, sine2, count);
            }
        }
        for (field = 0; field < b->fields; field++) for (i = 0; i < P; i += SPHERE_SHD_NEON_LANES_) {
            const double *sum = work + (SUMS + 12 * field) * P + i;
            double *to = work + (RESULT + 5 * field) * P + i;
            const float64x2_t side_f64x2 = sphere_shd_pt_sign_neon_(vld1q_f64(lane + SPHERE_SH_PT_Z_ * P + i)), az_f64x2 = vabsq_f64(vld1q_f64(lane + SPHERE_SH_PT_Z_ * P + i)), om_f64x2 = vdupq_n_f64(order);
            const float64x2_t ca_f64x2 = vaddq_f64(vld1q_f64(sum), sphere_shd_pt_flip_neon_(vld1q_f64(sum + 2 * P), side_f64x2)), sa_f64x2 = vaddq_f64(vld1q_f64(sum + P), sphere_shd_pt_flip_neon_(vld1q_f64(sum + 3 * P), side_f64x2));
            const float64x2_t term_f64x2 = SPHERE_SH_MADD_F64X2_(ca_f64x2, vld1q_f64(f[0] + i), vmulq_f64(sa_f64x2, vld1q_f64(f[1] + i)));
            vst1q_f64(to, vaddq_f64(vld1q_f64(to), term_f64x2));
            if (gradient) {
                const float64x2_t along_f64x2 = SPHERE_SH_MADD_F64X2_(ca_f64x2, vld1q_f64(f[2] + i), vmulq_f64(sa_f64x2, vld1q_f64(f[3] + i))), across_f64x2 = vsubq_f64(vmulq_f64(sa_f64x2, vld1q_f64(f[2] + i)), vmulq_f64(ca_f64x2, vld1q_f64(f[3] + i)));
                vst1q_f64(to + 2 * P, vaddq_f64(vld1q_f64(to + 2 * P), across_f64x2));
                if (gradient == 2) { vst1q_f64(to + P, SPHERE_SH_MADD_F64X2_(az_f64x2, along_f64x2, vld1q_f64(to + P))); }
                else {
                    float64x2_t radial_f64x2 = vmulq_f64(om_f64x2, term_f64x2);
                    vst1q_f64(to + P, vaddq_f64(vld1q_f64(to + P), along_f64x2));
                    if (solid) {
                        const float64x2_t na_f64x2 = vaddq_f64(vld1q_f64(sum + 4 * P), sphere_shd_pt_flip_neon_(vld1q_f64(sum + 6 * P), side_f64x2)), nb_f64x2 = vaddq_f64(vld1q_f64(sum + 5 * P), sphere_shd_pt_flip_neon_(vld1q_f64(sum + 7 * P), side_f64x2));
                        radial_f64x2 = vsubq_f64(radial_f64x2, SPHERE_SH_MADD_F64X2_(na_f64x2, vld1q_f64(f[0] + i), vmulq_f64(nb_f64x2, vld1q_f64(f[1] + i))));
                    }
                    vst1q_f64(to + 4 * P, vaddq_f64(vld1q_f64(to + 4 * P), radial_f64x2));
                }
                if (m) {
                    const float64x2_t da_f64x2 = vaddq_f64(vld1q_f64(sum + 10 * P), sphere_shd_pt_flip_neon_(vld1q_f64(sum + 8 * P), side_f64x2)), db_f64x2 = vaddq_f64(vld1q_f64(sum + 11 * P), sphere_shd_pt_flip_neon_(vld1q_f64(sum + 9 * P), side_f64x2));
                    vst1q_f64(to + 3 * P, vaddq_f64(vld1q_f64(to + 3 * P), SPHERE_SH_MADD_F64X2_(da_f64x2, vld1q_f64(work + H * P + i), vmulq_f64(db_f64x2, vld1q_f64(work + (H + 1) * P + i)))));
                }
            }
        }
    }
    for (field = 0; field < b->fields; field++) for (i = 0; i < P; i += SPHERE_SHD_NEON_LANES_) {
        const double *from = work + (RESULT + 5 * field) * P + i;
        double *to = b->out + 4 * field * P + i;
        const float64x2_t x_f64x2 = vld1q_f64(lane + SPHERE_SH_PT_X_ * P + i), y_f64x2 = vld1q_f64(lane + SPHERE_SH_PT_Y_ * P + i), z_f64x2 = vld1q_f64(lane + SPHERE_SH_PT_Z_ * P + i), az_f64x2 = vabsq_f64(z_f64x2), side_f64x2 = sphere_shd_pt_sign_neon_(z_f64x2);
        float64x2_t g0_f64x2 = vld1q_f64(from + P), g1_f64x2 = vld1q_f64(from + 2 * P), g2_f64x2 = vld1q_f64(from + 3 * P);
        vst1q_f64(to, vld1q_f64(from));
        if (gradient == 2) { g0_f64x2 = sphere_shd_pt_flip_neon_(vsubq_f64(g0_f64x2, vmulq_f64(vld1q_f64(lane + SPHERE_SH_PT_ST_ * P + i), g2_f64x2)), side_f64x2); }
        else if (gradient) {
            const float64x2_t radial_f64x2 = SPHERE_SH_MADD_F64X2_(az_f64x2, g2_f64x2, vld1q_f64(from + 4 * P));
            g0_f64x2 = vsubq_f64(g0_f64x2, vmulq_f64(x_f64x2, radial_f64x2)); g1_f64x2 = vsubq_f64(g1_f64x2, vmulq_f64(y_f64x2, radial_f64x2)); g2_f64x2 = sphere_shd_pt_flip_neon_(vsubq_f64(g2_f64x2, vmulq_f64(az_f64x2, radial_f64x2)), side_f64x2);
            if (solid) { const float64x2_t v_f64x2 = vld1q_f64(lane + SPHERE_SH_PT_V0_ * P + i); g0_f64x2 = vmulq_f64(g0_f64x2, v_f64x2); g1_f64x2 = vmulq_f64(g1_f64x2, v_f64x2); g2_f64x2 = vmulq_f64(g2_f64x2, v_f64x2); }
        }
        vst1q_f64(to + P, g0_f64x2); vst1q_f64(to + 2 * P, g1_f64x2); vst1q_f64(to + 3 * P, g2_f64x2);
    }
}
#endif

/* The table: one row per level of this build. */
typedef struct sphere_shd_pt_kernels_ {
    size_t lanes;
    size_t (*low)(const sphere_shd_points *plan, const double *x, const double *y, const double *z, size_t n, double *out, size_t stride, int *bad);
    size_t (*planes)(const sphere_shd_points *plan, const double *x, const double *y, const double *z, size_t n, double *out, size_t stride, int *bad);
    int (*basis)(const sphere_shd_points *plan, const sphere_shd_pt_block_ *b);
    void (*sum)(const sphere_shd_points *plan, const sphere_shd_pt_sum_block_ *b);
} sphere_shd_pt_kernels_;
SPHERE_INLINE_ const sphere_shd_pt_kernels_ *sphere_shd_pt_kernels_for_(sphere_simd level)
{
    static const sphere_shd_pt_kernels_ portable = { 1, sphere_shd_pt_low_c_, NULL, sphere_shd_pt_basis_c_, sphere_shd_pt_sum_c_ };
#if SPHERE_AVX2_
    static const sphere_shd_pt_kernels_ avx2 = { SPHERE_SHD_AVX2_LANES_, sphere_shd_pt_low_avx2_, sphere_shd_pt_planes_avx2_, sphere_shd_pt_basis_avx2_, sphere_shd_pt_sum_avx2_ };
    if (level == SPHERE_SIMD_AVX2) return &avx2;
#endif
#if SPHERE_NEON_
    static const sphere_shd_pt_kernels_ neon = { SPHERE_SHD_NEON_LANES_, sphere_shd_pt_low_neon_, sphere_shd_pt_planes_neon_, sphere_shd_pt_basis_neon_, sphere_shd_pt_sum_neon_ };
    if (level == SPHERE_SIMD_NEON) return &neon;
#endif
    (void)level;
    return &portable;
}

/* -- plans */
SPHERE_SH_API size_t sphere_shd_points_size(int degree)
{
    const size_t l = (size_t)degree;
    if (degree < 0 || degree > SPHERE_SH_MAX_DEGREE) return 0;
    if (degree <= SPHERE_SH_PT_TABLE_) return 63 + (28 + (l + 2) + 2 * (l + 1) * (l + 2)) * sizeof(double);
    return 63 + (28 + (l + 2) + 16) * sizeof(double) + 4 * (l + 1) * sizeof(double);
}
SPHERE_SH_API sphere_status sphere_shd_points_init(sphere_shd_points *plan, int degree, const sphere_sh_desc *desc, const sphere_exec *exec,
                                                  void *memory, size_t bytes)
{
    static const unsigned char lead[28] = { 1, 1, 1, 1, 1, 1, 2, 4, 1, 1, 8, 4, 6, 1, 1, 8, 8, 2, 8, 1, 1, 16, 8, 16, 8, 10, 1, 1 };
    const sphere_sh_norm norm = desc ? desc->norm : SPHERE_SH_ORTHONORMAL;
    const int sign = desc ? desc->condon_shortley : 0;
    const sphere_simd level = sphere_simd_pick_(exec);
    double *table;
    double *roots, seed;
    size_t i;
    int l, m;
    if (!plan) return SPHERE_E_NULL;
    if (degree < 0 || degree > SPHERE_SH_MAX_DEGREE || (unsigned)norm > (unsigned)SPHERE_SH_UNNORMALISED || sign < 0 || sign > 1) return SPHERE_E_RANGE;
    if (norm == SPHERE_SH_UNNORMALISED && degree > 12) return SPHERE_E_RANGE;
    if (desc && desc->layout != SPHERE_SH_BASIS_ROWS && desc->layout != SPHERE_SH_BASIS_PLANES) return SPHERE_E_RANGE;
    if (desc && desc->layout == SPHERE_SH_BASIS_ROWS && desc->stride && desc->stride < (size_t)(degree + 1) * (size_t)(degree + 1)) return SPHERE_E_RANGE;
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (!memory || bytes < sphere_shd_points_size(degree)) return SPHERE_E_MEMORY;
    if (sphere_overlap_(memory, bytes, plan, sizeof(*plan)) || sphere_overlap_(memory, bytes, desc, sizeof(*desc)) || sphere_overlap_(memory, bytes, exec, sizeof(*exec)))
        return SPHERE_E_OVERLAP;
    table = (double *)sphere_align_(memory);
    roots = (double *)sphere_align_(table + 28 + (degree + 2));
    {
        const sphere_sh_desc zero = { SPHERE_SH_ORTHONORMAL, 0, SPHERE_SH_BASIS_ROWS, 0 };
        sphere_exec none;
        memset(&none, 0, sizeof(none));
        plan->desc = desc ? *desc : zero; plan->exec = exec ? *exec : none;
    }
    plan->degree = degree; plan->level = level; plan->table = table; plan->roots = NULL; plan->bytes = sphere_shd_points_size(degree) - 63;
    /* Where T of order m starts: the harmonic (m, m) is this times the real or imaginary part of (x + i y)^m. */
    seed = norm == SPHERE_SH_ORTHONORMAL ? 0.28209479177387814 : 1.0;
    for (m = 0; m <= degree; m++) {
        if (m) {
            if (norm == SPHERE_SH_UNNORMALISED) seed *= 2 * m - 1;
            else {
                if (m == 1) seed *= 1.4142135623730951;
                seed *= norm == SPHERE_SH_SCHMIDT ? sphere_sqrt_double_((2.0 * m - 1) / (2.0 * m)) : sphere_sqrt_double_((2.0 * m + 1) / (2.0 * m));
            }
        }
        table[28 + m] = (double)(sign && (m & 1) ? -seed : seed);
    }
    table[28 + degree + 1] = 0;
    for (i = 0; i < 28; i++) table[i] = 0;
    if (degree <= SPHERE_SH_PT_TABLE_) {
        double *q = table + 28 + (degree + 2);
        double high[7];
        for (l = 0; l <= degree; l++) for (m = 0; m <= l; m++, q += 4) {
            const double wide = l + m, narrow = l - m;
            const double a = m == l ? 1 : norm == SPHERE_SH_UNNORMALISED ? wide / narrow : norm == SPHERE_SH_SCHMIDT ? sphere_sqrt_double_(wide / narrow)
                : sphere_sqrt_double_((2.0 * l + 1) * wide / ((2.0 * l - 1) * narrow));
            const double more = m == l ? 0 : norm == SPHERE_SH_UNNORMALISED ? 2.0 * m / narrow * (a + 1) : norm == SPHERE_SH_SCHMIDT ? 2.0 * m / narrow
                : (4.0 * m + 2.0) * l / ((2.0 * l - 1) * narrow);          /* A^2 - 1 */
            const double k = norm == SPHERE_SH_UNNORMALISED ? (m < l ? 1.0 : 0.0) : sphere_sqrt_double_(narrow * (wide + 1) * (m ? 1.0 : 0.5));
            q[0] = (double)(more / (a + 1)); q[1] = (double)(m == l ? 0 : a * (narrow - 1) / wide); q[2] = (double)(m == l ? 0 : a * (2 * l - 1) / wide); q[3] = (double)(sign ? -k : k);
            if (l > 6) continue;
            high[m] = m == l ? (double)table[28 + m] : high[m] * a;
            table[l * (l + 1) / 2 + m] = (double)(high[m] / lead[l * (l + 1) / 2 + m]);
        }
        return SPHERE_OK;
    }
    plan->roots = roots;
    for (i = 0; i < 2 * (size_t)degree + 2; i++) { roots[i] = sphere_sqrt_double_((double)i); roots[2 * (size_t)degree + 2 + i] = i ? 1 / (double)i : 0; }
    return SPHERE_OK;
}

/* -- calls */
typedef struct sphere_shd_pt_job_ {
    const sphere_shd_points  *plan;
    const sphere_shd_pt_kernels_ *kernels;
    const double *in[3];                         /* x, y, z, or theta, phi and NULL */
    double       *out[4];
    const double *coefficients;                  /* NULL: all harmonics are stored */
    size_t       n, fields, coefficient_stride, stride;
    double        radius;
    int          gradient, solid;
} sphere_shd_pt_job_;

/* What a block needs to know of its directions. Returns a bit for each lane that is no direction; *origin has one for each at the origin. */
static uint32_t sphere_shd_pt_prepare_(const sphere_shd_pt_job_ *job, size_t first, size_t count, size_t lanes, double *lane, double *polar, uint32_t *origin)
{
    const int high = job->plan->degree > SPHERE_SH_PT_LOW_DEGREE_, angles = !job->in[2];
    uint32_t bad = 0;
    size_t i;
    *origin = 0;
    for (i = 0; i < lanes; i++) {
        const size_t at = first + (i < count ? i : count - 1);
        double x = job->in[0][at], y = job->in[1][at], z = angles ? 0 : job->in[2][at], st = 0, cp = 1, sp = 0, turn = 1, w = 1, rho = 0, v0 = 0, v1 = 0;
        double ds = 0, dc = 1, dcp = 1, dsp = 0;
        int good;
        if (angles) {
            if (high) {
                sphere_sh_sincos_double_((double)x, &ds, &dc); sphere_sh_sincos_double_((double)y, &dsp, &dcp);
                good = ds == ds && dsp == dsp;
            } else {
                sphere_sh_sincos_double_(x, &st, &z); sphere_sh_sincos_double_(y, &sp, &cp);
                good = st == st && sp == sp;
                x = st * cp; y = st * sp;
            }
        } else if (job->solid) {
            const double ax = sphere_sh_abs_double_(x), ay = sphere_sh_abs_double_(y), az = sphere_sh_abs_double_(z), big = ax > ay ? (ax > az ? ax : az) : (ay > az ? ay : az);
            const double scale = big > SPHERE_SHD_PT_HUGE_ ? SPHERE_SHD_PT_DROP_ : big < SPHERE_SHD_PT_TINY_ ? SPHERE_SHD_PT_LIFT_ : 1.0;
            double r;
            good = ax < sphere_sh_inf_double_() && ay < sphere_sh_inf_double_() && az < sphere_sh_inf_double_();
            x *= scale; y *= scale; z *= scale;
            r = sphere_sqrt_double_(x * x + y * y + z * z);
            if (r > 0) { x = x / r; y = y / r; z = z / r; } else { x = 0; y = 0; z = 1; }
            r = big > SPHERE_SHD_PT_HUGE_ ? r * SPHERE_SHD_PT_LIFT_ : big < SPHERE_SHD_PT_TINY_ ? r * SPHERE_SHD_PT_DROP_ : r;
            if (job->solid == 2) {
                if (!(r > 0)) good = 0;
                rho = job->radius / r; w = rho; v0 = job->coefficients ? 1 / r : rho / r; v1 = v0 * rho;
            } else {
                rho = r / job->radius; v1 = 1 / job->radius;
                if (job->coefficients) {                                /* the gradient of a sum is divided by r at the end: not by 0 */
                    if (!(rho > SPHERE_SHD_PT_DROP_)) { *origin |= (uint32_t)1 << i; rho = SPHERE_SHD_PT_TINY_; r = job->radius * rho; }
                    v0 = 1 / r;
                }
            }
        } else {
            const double n2 = x * x + y * y + z * z;
            good = n2 >= 0.98 && n2 <= 1.02;
        }
        if (!good) { bad |= (uint32_t)1 << i; x = 0; y = 0; z = 1; st = 0; cp = 1; sp = 0; w = 1; rho = 0; v0 = 0; v1 = 0; ds = 0; dc = 1; dcp = 1; dsp = 0; }
        if (high) {
            double *p = polar + i, e, cosine, s;
            if (angles) {
                turn = ds < 0 ? -1.0 : 1.0; s = sphere_sh_abs_double_(ds); cosine = sphere_sh_abs_double_(dc);
                p[SPHERE_SH_PT_PC_ * lanes] = ds < 0 ? -dcp : dcp; p[SPHERE_SH_PT_PS_ * lanes] = ds < 0 ? -dsp : dsp; p[SPHERE_SH_PT_PR_ * lanes] = s;
                p[SPHERE_SH_PT_PCL_ * lanes] = 0; p[SPHERE_SH_PT_PSL_ * lanes] = 0; p[SPHERE_SH_PT_PRL_ * lanes] = 0;
                e = cosine > 0.5 ? s * s / (1 + cosine) : 1 - cosine;
                z = (double)dc;
            } else {
                e = sphere_sh_pt_polar_((double)x, (double)y, (double)z, p, lanes, &cosine);
                z = (double)(z < 0 ? -cosine : cosine);
            }
            x = (double)(p[SPHERE_SH_PT_PR_ * lanes] * p[SPHERE_SH_PT_PC_ * lanes]); y = (double)(p[SPHERE_SH_PT_PR_ * lanes] * p[SPHERE_SH_PT_PS_ * lanes]);
            lane[SPHERE_SH_PT_E_ * lanes + i] = (double)e; st = turn * (double)p[SPHERE_SH_PT_PR_ * lanes];
        } else if (job->gradient == 2 && !angles) {
            const double ax = sphere_sh_abs_double_(x), ay = sphere_sh_abs_double_(y), big = ax > ay ? ax : ay, scale = big < SPHERE_SHD_PT_TINY_ ? SPHERE_SHD_PT_LIFT_ : 1.0;
            const double lx = x * scale, ly = y * scale, r = sphere_sqrt_double_(lx * lx + ly * ly);
            if (r > 0) { cp = lx / r; sp = ly / r; st = big < SPHERE_SHD_PT_TINY_ ? r * SPHERE_SHD_PT_DROP_ : r; }
        }
        lane[SPHERE_SH_PT_X_ * lanes + i] = x; lane[SPHERE_SH_PT_Y_ * lanes + i] = y; lane[SPHERE_SH_PT_Z_ * lanes + i] = z;
        lane[SPHERE_SH_PT_ST_ * lanes + i] = st; lane[SPHERE_SH_PT_CP_ * lanes + i] = cp; lane[SPHERE_SH_PT_SP_ * lanes + i] = sp; lane[SPHERE_SH_PT_F_ * lanes + i] = turn;
        lane[SPHERE_SH_PT_W_ * lanes + i] = w; lane[SPHERE_SH_PT_RHO_ * lanes + i] = rho; lane[SPHERE_SH_PT_V0_ * lanes + i] = v0; lane[SPHERE_SH_PT_V1_ * lanes + i] = v1;
    }
    return bad;
}
/* One NaN in every output of a direction that is none. */
static void sphere_shd_pt_spoil_(const sphere_shd_pt_job_ *job, size_t at)
{
    const size_t all = (size_t)(job->plan->degree + 1) * (size_t)(job->plan->degree + 1);
    const int rows = job->plan->desc.layout == SPHERE_SH_BASIS_ROWS;
    size_t i;
    int k;
    for (k = 0; k < 4; k++) if (job->out[k]) for (i = 0; i < all; i++) job->out[k][rows ? at * job->stride + i : i * job->stride + at] = sphere_sh_nan_double_();
}
/* Squared length of a direction, with the operations of the kernels. */
static double sphere_shd_pt_square_of_(const sphere_shd_pt_job_ *job, size_t at)
{ return job->in[0][at] * job->in[0][at] + job->in[1][at] * job->in[1][at] + job->in[2][at] * job->in[2][at]; }
static void sphere_shd_pt_basis_part_(const sphere_shd_pt_job_ *job, const sphere_shd_pt_kernels_ *kernels, size_t first, double *lane, double *polar)
{
    const int rows = job->plan->desc.layout == SPHERE_SH_BASIS_ROWS;
    const double *from[3];
    sphere_shd_pt_block_ b;
    uint32_t bad, origin;
    size_t i;
    /* Plain directions need no preparation: the kernel reads them itself, and says when one is none. */
    const int plain = job->in[2] && !job->solid && job->gradient < 2 && job->plan->degree <= SPHERE_SH_PT_LOW_DEGREE_;
    bad = plain ? 0 : sphere_shd_pt_prepare_(job, first, kernels->lanes, kernels->lanes, lane, polar, &origin);
    for (i = 0; i < 3; i++) from[i] = plain ? job->in[i] + first : lane + (SPHERE_SH_PT_X_ + i) * kernels->lanes;
    for (i = 0; i < 4; i++) b.out[i] = job->out[i] ? job->out[i] + (rows ? first * job->stride : first) : NULL;
    b.x = from[0]; b.y = from[1]; b.z = from[2]; b.lane = lane; b.polar = polar; b.rows = rows; b.step = rows ? 1 : job->stride; b.row = job->stride; b.gradient = job->gradient; b.solid = job->solid;
    if (kernels->basis(job->plan, &b) && plain) for (i = 0; i < kernels->lanes; i++) bad |= (uint32_t)sphere_shd_pt_strange_c_(sphere_shd_pt_square_of_(job, first + i)) << i;
    for (i = 0; bad; i++, bad >>= 1) if (bad & 1u) sphere_shd_pt_spoil_(job, first + i);
}
static void sphere_shd_pt_sum_part_(const sphere_shd_pt_job_ *job, const sphere_shd_pt_kernels_ *kernels, size_t first, size_t count, double *lane, double *polar, double *out)
{
    const size_t lanes = kernels->lanes == 1 ? 1 : 4 * kernels->lanes;
    sphere_shd_pt_sum_block_ b;
    uint32_t bad, origin;
    size_t f, g, i, k;
    bad = sphere_shd_pt_prepare_(job, first, count, lanes, lane, polar, &origin);
    b.lane = lane; b.polar = polar; b.stride = job->coefficient_stride; b.out = out; b.values = job->out[0] != NULL; b.gradient = job->gradient; b.solid = job->solid;
    for (f = 0; f < job->fields; f += SPHERE_SH_PT_SUM_FIELDS_) {
        b.fields = job->fields - f < SPHERE_SH_PT_SUM_FIELDS_ ? job->fields - f : SPHERE_SH_PT_SUM_FIELDS_;
        b.coefficients = job->coefficients + f * job->coefficient_stride;
        kernels->sum(job->plan, &b);
        for (g = 0; g < b.fields; g++) for (k = 0; k < 4; k++) {
            if (!job->out[k]) continue;
            for (i = 0; i < count; i++) {
                double v = out[(4 * g + k) * lanes + i];
                if (k == 0 && origin >> i & 1u) v = b.coefficients[g * b.stride] * sphere_shd_pt_seeds_(job->plan)[0];
                job->out[k][(f + g) * job->n + first + i] = bad >> i & 1u ? sphere_sh_nan_double_() : sphere_sh_canonical_double_(v);
            }
        }
    }
}
/* Working space is on the stack of functions of their own, so that each way of running has no more than it needs. */
SPHERE_SH_PT_APART_ static size_t sphere_shd_pt_run_sums_(const sphere_shd_pt_job_ *job, size_t first, size_t last)
{
    const size_t most = 4 * job->kernels->lanes;
    double lane[SPHERE_SH_PT_FIELDS_ * 4 * SPHERE_SHD_PT_MOST_LANES_], out[4 * SPHERE_SH_PT_SUM_FIELDS_ * 4 * SPHERE_SHD_PT_MOST_LANES_];
    double polar[SPHERE_SH_PT_POLAR_ * 4 * SPHERE_SHD_PT_MOST_LANES_];
    for (; last - first >= 2; first += last - first < most ? last - first : most)
        sphere_shd_pt_sum_part_(job, job->kernels, first, last - first < most ? last - first : most, lane, polar, out);
    return first;
}
SPHERE_SH_PT_APART_ static size_t sphere_shd_pt_run_blocks_(const sphere_shd_pt_job_ *job, size_t first, size_t last)
{
    double lane[SPHERE_SH_PT_FIELDS_ * SPHERE_SHD_PT_MOST_LANES_];
    double polar[SPHERE_SH_PT_POLAR_ * SPHERE_SHD_PT_MOST_LANES_];
    for (; last - first >= job->kernels->lanes; first += job->kernels->lanes) sphere_shd_pt_basis_part_(job, job->kernels, first, lane, polar);
    return first;
}
SPHERE_SH_PT_APART_ static void sphere_shd_pt_run_one_(const sphere_shd_pt_job_ *job, size_t first)
{
    const sphere_shd_pt_kernels_ *kernels = sphere_shd_pt_kernels_for_(SPHERE_SIMD_PORTABLE);
    double lane[SPHERE_SH_PT_FIELDS_], out[4 * SPHERE_SH_PT_SUM_FIELDS_];
    double polar[SPHERE_SH_PT_POLAR_];
    if (job->coefficients) sphere_shd_pt_sum_part_(job, kernels, first, 1, lane, polar, out);
    else sphere_shd_pt_basis_part_(job, kernels, first, lane, polar);
}
/* Values alone at low degrees: straight-line code to degree 6, then, for planes, four vectors at a time. Returns where it stopped. */
static size_t sphere_shd_pt_run_low_(const sphere_shd_pt_job_ *job, size_t first, size_t last)
{
    const size_t rows = job->plan->desc.layout == SPHERE_SH_BASIS_ROWS ? job->stride : 1;
    int bad = 0;
    size_t i = first, done;
    if (job->plan->degree <= 6) {
        i += job->kernels->low(job->plan, job->in[0] + i, job->in[1] + i, job->in[2] + i, last - i, job->out[0] + i * rows, job->stride, &bad);
        if (i < last) i += sphere_shd_pt_low_c_(job->plan, job->in[0] + i, job->in[1] + i, job->in[2] + i, last - i, job->out[0] + i * rows, job->stride, &bad);
    } else if (job->kernels->planes && job->plan->desc.layout == SPHERE_SH_BASIS_PLANES && job->plan->degree <= SPHERE_SH_PT_LOW_DEGREE_)
        i += job->kernels->planes(job->plan, job->in[0] + i, job->in[1] + i, job->in[2] + i, last - i, job->out[0] + i, job->stride, &bad);
    done = i;
    if (bad) for (i = first; i < done; i++) if (sphere_shd_pt_strange_c_(sphere_shd_pt_square_of_(job, i))) sphere_shd_pt_spoil_(job, i);
    return done;
}
static void sphere_shd_pt_task_(void *context, size_t index)
{
    const sphere_shd_pt_job_ *job = (const sphere_shd_pt_job_ *)context;
    const size_t first = index * SPHERE_SH_PT_TASK_, last = job->n - first < SPHERE_SH_PT_TASK_ ? job->n : first + SPHERE_SH_PT_TASK_;
    size_t i = first;
    if (!job->coefficients && !job->gradient && !job->solid && job->in[2]) i = sphere_shd_pt_run_low_(job, first, last);
    if (job->kernels->lanes > 1) i = job->coefficients ? sphere_shd_pt_run_sums_(job, i, last) : sphere_shd_pt_run_blocks_(job, i, last);
    for (; i < last; i++) sphere_shd_pt_run_one_(job, i);
}
/* Check and run. in[], out[], gradient, solid, and for sums coefficients, fields and coefficient_stride are set. */
static sphere_status sphere_shd_pt_run_(sphere_shd_pt_job_ *job, const sphere_shd_points *plan, size_t n, int angles, int sums)
{
    size_t all, span, c_span = 0, i, j;
    if (!plan || !plan->table) return SPHERE_E_NULL;
    all = (size_t)(plan->degree + 1) * (size_t)(plan->degree + 1);
    if (sums) {
        if (job->coefficient_stride && job->coefficient_stride < all) return SPHERE_E_RANGE;
        if (!job->coefficient_stride) job->coefficient_stride = all;
    } else {
        if (plan->desc.layout == SPHERE_SH_BASIS_PLANES && plan->desc.stride && plan->desc.stride < n) return SPHERE_E_RANGE;
        job->stride = plan->desc.stride ? plan->desc.stride : plan->desc.layout == SPHERE_SH_BASIS_ROWS ? all : n;
    }
    if (job->solid) {
        if (job->radius != job->radius) return SPHERE_E_NAN;
        if (!(job->radius > 0 && job->radius < sphere_sh_inf_double_())) return SPHERE_E_RANGE;
    }
    if (n == 0 || (sums && job->fields == 0)) return SPHERE_OK;
    if (!job->in[0] || !job->in[1] || (!angles && !job->in[2]) || (sums && !job->coefficients)) return SPHERE_E_NULL;
    for (i = 1; i < 4; i++) if (job->gradient && !job->out[i] && !(job->gradient == 2 && i == 3)) return SPHERE_E_NULL;
    if (!job->out[0] && !job->gradient) return SPHERE_E_NULL;
    if (n > SIZE_MAX / 16) return SPHERE_E_SIZE;
    span = sums ? sphere_size_(job->fields, n, 0) : plan->desc.layout == SPHERE_SH_BASIS_ROWS ? sphere_size_(n - 1, job->stride, all) : sphere_size_(all - 1, job->stride, n);
    span = sphere_size_(span, sizeof(double), 0);
    if (sums) c_span = sphere_size_(sphere_size_(job->fields - 1, job->coefficient_stride, all), sizeof(double), 0);
    if (span > SIZE_MAX / 2 || c_span > SIZE_MAX / 2) return SPHERE_E_SIZE;
    for (i = 0; i < 4; i++) {
        if (!job->out[i]) continue;
        for (j = 0; j < 3; j++) if (sphere_overlap_(job->out[i], span, job->in[j], n * sizeof(double))) return SPHERE_E_OVERLAP;
        for (j = 0; j < i; j++) if (sphere_overlap_(job->out[i], span, job->out[j], span)) return SPHERE_E_OVERLAP;
        if (sphere_overlap_(job->out[i], span, job->coefficients, c_span) || sphere_overlap_(job->out[i], span, plan, sizeof(*plan)) ||
            sphere_overlap_(job->out[i], span, plan->table, plan->bytes)) return SPHERE_E_OVERLAP;
    }
    job->plan = plan; job->n = n; job->kernels = sphere_shd_pt_kernels_for_(plan->level);
    sphere_parallel_(&plan->exec, (n + SPHERE_SH_PT_TASK_ - 1) / SPHERE_SH_PT_TASK_, sphere_shd_pt_task_, job);
    return SPHERE_OK;
}
SPHERE_SH_API sphere_status sphere_shd_values(const sphere_shd_points *plan, const double *x, const double *y, const double *z, size_t n, double *out)
{
    sphere_shd_pt_job_ job;
    memset(&job, 0, sizeof(job));
    job.in[0] = x; job.in[1] = y; job.in[2] = z; job.out[0] = out;
    return sphere_shd_pt_run_(&job, plan, n, 0, 0);
}
SPHERE_SH_API sphere_status sphere_shd_values_angles(const sphere_shd_points *plan, const double *theta, const double *phi, size_t n, double *out)
{
    sphere_shd_pt_job_ job;
    memset(&job, 0, sizeof(job));
    job.in[0] = theta; job.in[1] = phi; job.out[0] = out;
    return sphere_shd_pt_run_(&job, plan, n, 1, 0);
}
SPHERE_SH_API sphere_status sphere_shd_gradients(const sphere_shd_points *plan, const double *x, const double *y, const double *z, size_t n,
                                                double *values, double *gx, double *gy, double *gz)
{
    sphere_shd_pt_job_ job;
    memset(&job, 0, sizeof(job));
    job.in[0] = x; job.in[1] = y; job.in[2] = z; job.out[0] = values; job.out[1] = gx; job.out[2] = gy; job.out[3] = gz;
    job.gradient = 1;
    return sphere_shd_pt_run_(&job, plan, n, 0, 0);
}
SPHERE_SH_API sphere_status sphere_shd_gradients_tangent(const sphere_shd_points *plan, const double *x, const double *y, const double *z, size_t n,
                                                        double *values, double *along_theta, double *along_phi)
{
    sphere_shd_pt_job_ job;
    memset(&job, 0, sizeof(job));
    job.in[0] = x; job.in[1] = y; job.in[2] = z; job.out[0] = values; job.out[1] = along_theta; job.out[2] = along_phi;
    job.gradient = 2;
    return sphere_shd_pt_run_(&job, plan, n, 0, 0);
}
SPHERE_SH_API sphere_status sphere_shd_gradients_angles(const sphere_shd_points *plan, const double *theta, const double *phi, size_t n,
                                                       double *values, double *along_theta, double *along_phi)
{
    sphere_shd_pt_job_ job;
    memset(&job, 0, sizeof(job));
    job.in[0] = theta; job.in[1] = phi; job.out[0] = values; job.out[1] = along_theta; job.out[2] = along_phi;
    job.gradient = 2;
    return sphere_shd_pt_run_(&job, plan, n, 1, 0);
}
SPHERE_SH_API sphere_status sphere_shd_sum(const sphere_shd_points *plan, const double *coefficients, size_t fields, size_t coefficient_stride,
                                          const double *x, const double *y, const double *z, size_t n, double *values, double *gx, double *gy, double *gz)
{
    sphere_shd_pt_job_ job;
    memset(&job, 0, sizeof(job));
    job.in[0] = x; job.in[1] = y; job.in[2] = z; job.out[0] = values; job.out[1] = gx; job.out[2] = gy; job.out[3] = gz;
    job.coefficients = coefficients; job.fields = fields; job.coefficient_stride = coefficient_stride; job.gradient = gx || gy || gz;
    return sphere_shd_pt_run_(&job, plan, n, 0, 1);
}
SPHERE_SH_API sphere_status sphere_shd_sum_angles(const sphere_shd_points *plan, const double *coefficients, size_t fields, size_t coefficient_stride,
                                                 const double *theta, const double *phi, size_t n, double *values, double *along_theta, double *along_phi)
{
    sphere_shd_pt_job_ job;
    memset(&job, 0, sizeof(job));
    job.in[0] = theta; job.in[1] = phi; job.out[0] = values; job.out[1] = along_theta; job.out[2] = along_phi;
    job.coefficients = coefficients; job.fields = fields; job.coefficient_stride = coefficient_stride; job.gradient = along_theta || along_phi ? 2 : 0;
    return sphere_shd_pt_run_(&job, plan, n, 1, 1);
}
SPHERE_SH_API sphere_status sphere_shd_solid(const sphere_shd_points *plan, sphere_sh_kind kind, double radius, const double *x, const double *y,
                                            const double *z, size_t n, double *values, double *gx, double *gy, double *gz)
{
    sphere_shd_pt_job_ job;
    memset(&job, 0, sizeof(job));
    if (kind != SPHERE_SH_REGULAR && kind != SPHERE_SH_IRREGULAR) return plan ? SPHERE_E_RANGE : SPHERE_E_NULL;
    job.in[0] = x; job.in[1] = y; job.in[2] = z; job.out[0] = values; job.out[1] = gx; job.out[2] = gy; job.out[3] = gz;
    job.gradient = gx || gy || gz; job.solid = 1 + (int)kind; job.radius = radius;
    return sphere_shd_pt_run_(&job, plan, n, 0, 0);
}
SPHERE_SH_API sphere_status sphere_shd_solid_sum(const sphere_shd_points *plan, sphere_sh_kind kind, double radius, const double *coefficients,
                                                size_t fields, size_t coefficient_stride, const double *x, const double *y, const double *z, size_t n,
                                                double *values, double *gx, double *gy, double *gz)
{
    sphere_shd_pt_job_ job;
    memset(&job, 0, sizeof(job));
    if (kind != SPHERE_SH_REGULAR && kind != SPHERE_SH_IRREGULAR) return plan ? SPHERE_E_RANGE : SPHERE_E_NULL;
    job.in[0] = x; job.in[1] = y; job.in[2] = z; job.out[0] = values; job.out[1] = gx; job.out[2] = gy; job.out[3] = gz;
    job.coefficients = coefficients; job.fields = fields; job.coefficient_stride = coefficient_stride; job.gradient = gx || gy || gz;
    job.solid = 1 + (int)kind; job.radius = radius;
    return sphere_shd_pt_run_(&job, plan, n, 0, 1);
}
/* sphere-sh double end eval-kernels */

/* >>coefficients: what float and double share ------------------------------------------------------------------------- */

#define SPHERE_SH_SQRT_4PI_ 3.5449077018110318
#define SPHERE_SH_SQRT_HALF_ 0.70710678118654757

SPHERE_INLINE_ size_t sphere_sh_pad_(size_t n, size_t lanes) { return (n + lanes - 1) / lanes * lanes; }
SPHERE_INLINE_ size_t sphere_sh_count_(int degree) { return ((size_t)degree + 1) * ((size_t)degree + 1); }
SPHERE_INLINE_ int sphere_sh_degree_ok_(int degree) { return degree >= 0 && degree <= SPHERE_SH_MAX_DEGREE; }

/* Does this convention exist, and for this degree? */
SPHERE_INLINE_ int sphere_sh_convention_ok_(int degree, const sphere_sh_convention *c)
{
    if (!sphere_sh_degree_ok_(degree)) return 0;
    if ((unsigned)c->norm > (unsigned)SPHERE_SH_POLYNOMIAL || (unsigned)c->storage > (unsigned)SPHERE_SH_SHADER) return 0;
    if ((c->condon_shortley | c->projection | c->interleaved) & ~1) return 0;
    if (c->norm == SPHERE_SH_UNNORMALISED && degree > 12) return 0;
    if (c->norm == SPHERE_SH_POLYNOMIAL && (degree > 2 || c->condon_shortley || c->projection)) return 0;
    if (c->storage == SPHERE_SH_SHADER && (degree != 2 || c->norm != SPHERE_SH_POLYNOMIAL)) return 0;
    if ((c->storage == SPHERE_SH_COMPLEX || c->storage == SPHERE_SH_COMPLEX_HALF) && c->norm >= SPHERE_SH_UNNORMALISED) return 0;
    return 1;
}
SPHERE_SH_API size_t sphere_sh_convention_size(int degree, const sphere_sh_convention *convention)
{
    const size_t n = (size_t)(degree < 0 ? 0 : degree) + 1;
    size_t size = n * n;
    if (convention ? !sphere_sh_convention_ok_(degree, convention) : !sphere_sh_degree_ok_(degree)) return 0;
    if (convention && convention->storage == SPHERE_SH_COMPLEX) size = sphere_size_(2, size, 0);
    if (convention && convention->storage == SPHERE_SH_COMPLEX_HALF) size = n * (n + 1);
    return size == SIZE_MAX ? 0 : size;
}
SPHERE_SH_API sphere_sh_convention sphere_sh_convention_of(sphere_sh_name name)
{
    static const unsigned char rows[12][5] = {    /* norm, sign, storage, projection, interleaved: the table of the declarations */
        { 0, 0, 0, 0, 0 }, { 0, 1, 3, 0, 0 }, { 0, 1, 4, 0, 0 }, { 2, 0, 0, 1, 0 }, { 1, 0, 0, 1, 0 }, { 2, 0, 2, 0, 0 }, { 1, 0, 2, 0, 0 },
        { 0, 1, 0, 0, 0 }, { 0, 1, 0, 0, 0 }, { 4, 0, 0, 0, 0 }, { 4, 0, 5, 0, 0 }, { 4, 0, 0, 0, 1 }
    };
    const unsigned char *row = rows[(unsigned)name < 12u ? (unsigned)name : 0u];
    sphere_sh_convention c;
    c.norm = (sphere_sh_norm)row[0]; c.condon_shortley = row[1]; c.storage = (sphere_sh_storage)row[2]; c.projection = row[3]; c.interleaved = row[4];
    return c;
}
/* A coefficient of the convention is the orthonormal one times sqrt(ratio) (4 pi)^(power / 2). Whole numbers, so that what two
   conventions have in common cancels exactly. */
SPHERE_INLINE_ double sphere_sh_norm_ratio_(const sphere_sh_convention *c, int l, int m, int *power)
{
    double ratio = 1;
    int k;
    *power = c->norm == SPHERE_SH_ORTHONORMAL ? 0 : -1;
    if (c->norm == SPHERE_SH_SCHMIDT || c->norm == SPHERE_SH_UNNORMALISED) ratio = 2 * l + 1;
    if (c->norm == SPHERE_SH_UNNORMALISED && m) {
        ratio *= 2;
        for (k = l - (m < 0 ? -m : m) + 1; k <= l + (m < 0 ? -m : m); k++) ratio /= k;
    }
    if (c->norm == SPHERE_SH_POLYNOMIAL) ratio = l < 2 ? 2 * l + 1 : m == 0 ? 1.25 : m == 2 ? 3.75 : 15;
    if (!c->projection) return ratio;
    *power = -*power;
    return 1 / ratio;
}
/* The factor from one convention to the other; exactly 1 when the norms agree. */
SPHERE_INLINE_ double sphere_sh_norm_factor_(const sphere_sh_convention *from, const sphere_sh_convention *to, int l, int m)
{
    int before, after;
    const double a = sphere_sh_norm_ratio_(from, l, m, &before), b = sphere_sh_norm_ratio_(to, l, m, &after);
    double factor = a < b || a > b ? sphere_sqrt_double_(b / a) : 1;
    for (; after > before; after--) factor *= SPHERE_SH_SQRT_4PI_;
    for (; after < before; after++) factor /= SPHERE_SH_SQRT_4PI_;
    return factor;
}
/* Where the cosine (sine = 0) or the sine (1) of (l, m >= 0) lies in a real vector; of the complex ones the real part of m (-m). */
SPHERE_INLINE_ size_t sphere_sh_place_(sphere_sh_storage storage, int degree, int l, int m, int sine)
{
    static const unsigned char shader[2][6] = { { 3, 2, 0, 6, 7, 8 }, { 0, 0, 1, 0, 5, 4 } };
    const size_t L = (size_t)degree, a = (size_t)l, b = (size_t)m;
    switch (storage) {
    case SPHERE_SH_BY_ORDER: return m == 0 ? a : (L + 1) + (b - 1) * (2 * L + 2 - b) + (a - b) + (sine ? L - b + 1 : 0);
    case SPHERE_SH_PAIRS: return a * a + (m == 0 ? 0 : 2 * b - 1 + (size_t)sine);
    case SPHERE_SH_COMPLEX: return 2 * (sine ? a * a + a - b : a * a + a + b);
    case SPHERE_SH_COMPLEX_HALF: return 2 * (b * (2 * L + 1 - b) / 2 + a);
    case SPHERE_SH_SHADER: return shader[sine][a * (a + 1) / 2 + b];
    case SPHERE_SH_BY_DEGREE: default: return sine ? a * a + a - b : a * a + a + b;
    }
}

/* d^l(pi/2) for 0 <= k <= m <= l, at wedge[m (m + 1) / 2 + k]: the order l by its closed form, the others from it downwards in m, which
   is stable inside the wedge. From degree 900 on the first ones are too small for a double: those columns carry a power of 2^-450
   until they have grown. Source: Trapani and Navaza 2006. */
SPHERE_INLINE_ void sphere_sh_wedge_(int l, double *wedge)
{
    const double small = sphere_sh_from_bits_double_((uint64_t)(1023 - 450) << 52), large = sphere_sh_from_bits_double_((uint64_t)(1023 + 450) << 52);
    double seed = 1;
    int m, k, plain = l + 1, lift = 0;
    for (k = 1; k <= l; k++) seed *= (double)(2 * k - 1) / (2 * k);
    seed = sphere_sqrt_double_(seed);
    for (k = 0; k <= l; k++) {                                          /* row l, with the power of the columns from `plain` on */
        if (seed < small) { seed *= large; lift++; if (plain > k) plain = k; }
        if (lift) {                                                     /* such a column is finished at once, from top to bottom */
            double above = 0, here = seed;
            int power = lift;
            for (m = l; m >= k; m--) {
                double next = 0;
                wedge[(size_t)m * ((size_t)m + 1) / 2 + (size_t)k] = power == 0 ? here : power == 1 ? here * small : 0;
                if (m > k) {
                    const double a = 1 / sphere_sqrt_double_((double)(l - m + 1) * (double)(l + m));
                    next = 2 * k * a * here - a * sphere_sqrt_double_((double)(l - m) * (double)(l + m + 1)) * above;
                }
                above = here; here = next;
                if (power && (here > 1 || here < -1)) { here *= small; above *= small; power--; }
            }
        } else wedge[(size_t)l * ((size_t)l + 1) / 2 + (size_t)k] = seed;
        seed *= sphere_sqrt_double_((double)(l - k) / (double)(l + k + 1));
    }
    for (m = l - 1; m >= 0; m--) {
        const double a = 1 / sphere_sqrt_double_((double)(l - m) * (double)(l + m + 1)), b = a * sphere_sqrt_double_((double)(l - m - 1) * (double)(l + m + 2));
        double *row = wedge + (size_t)m * ((size_t)m + 1) / 2;
        const double *one = row + m + 1, *two = one + m + 2;
        const int columns = m + 1 < plain ? m + 1 : plain;
        if (m == l - 1) for (k = 0; k < columns; k++) row[k] = 2 * k * a * one[k];
        else for (k = 0; k < columns; k++) row[k] = 2 * k * a * one[k] - b * two[k];
    }
}
/* The exchange of y and z as a matrix on the harmonics of degree l: (m, n) of it is +-2 d^l(pi/2), times sqrt(1/2) for each order that is
   0. It couples only: cosines with m = l (mod 2) among themselves; sines with m = l + 1 among themselves; sines with m = l to cosines with
   m = l + 1. Within each of these four sets (0 .. 3 in this order) the orders are 2 i + first, and the sign is (-1)^(i - j). */
SPHERE_INLINE_ int sphere_sh_set_first_(int set, int l) { const int odd = l & 1; return set == 0 ? odd : set == 1 ? 1 + odd : set == 2 ? 2 - odd : 1 - odd; }
SPHERE_INLINE_ int sphere_sh_set_size_(int set, int l) { return set == 0 ? l / 2 + 1 : set == 1 ? l / 2 : (l + 1) / 2; }
SPHERE_INLINE_ double sphere_sh_exchange_(const double *wedge, int m, int n, int i, int j)
{
    const size_t high = (size_t)(m > n ? m : n), low = (size_t)(m > n ? n : m);
    double v = 2 * wedge[high * (high + 1) / 2 + low];
    if (m == 0) v *= SPHERE_SH_SQRT_HALF_;
    if (n == 0) v *= SPHERE_SH_SQRT_HALF_;
    return (i ^ j) & 1 ? -v : v;
}
/* A rotation as turns about z, y, z: the cosine and sine of alpha, beta, gamma. From a unit quaternion without any angle: cos(beta/2) and
   sin(beta/2) are the lengths of (w, z) and (y, x), whose directions are (alpha + gamma)/2 and (alpha - gamma)/2. So small angles and the
   poles of the angles cost no digits. */
typedef struct sphere_sh_turns_ { double a[2], b[2], g[2]; int improper; } sphere_sh_turns_;
SPHERE_INLINE_ void sphere_sh_turns_of_quaternion_(double x, double y, double z, double w, sphere_sh_turns_ *t)
{
    const double c = sphere_sqrt_double_(w * w + z * z), s = sphere_sqrt_double_(x * x + y * y), n = sphere_sqrt_double_(c * c + s * s);
    const double u0 = c > 0 ? w / c : 1, u1 = c > 0 ? z / c : 0, v0 = s > 0 ? y / s : 1, v1 = s > 0 ? -x / s : 0, cn = c / n, sn = s / n;
    t->a[0] = u0 * v0 - u1 * v1; t->a[1] = u1 * v0 + u0 * v1;
    t->g[0] = u0 * v0 + u1 * v1; t->g[1] = u1 * v0 - u0 * v1;
    t->b[0] = (cn - sn) * (cn + sn); t->b[1] = 2 * sn * cn;
    t->improper = 0;
}
SPHERE_INLINE_ sphere_status sphere_sh_turns_scaled_(const double *q, sphere_sh_turns_ *t)
{
    double most = 0;
    int i;
    for (i = 0; i < 4; i++) {
        if (!(q[i] == q[i])) return SPHERE_E_NAN;
        if (sphere_sh_abs_double_(q[i]) > most) most = sphere_sh_abs_double_(q[i]);
    }
    if (!(most > 0 && most < sphere_sh_inf_double_())) return SPHERE_E_RANGE;
    sphere_sh_turns_of_quaternion_(q[0] / most, q[1] / most, q[2] / most, q[3] / most, t);
    return SPHERE_OK;
}
SPHERE_INLINE_ sphere_status sphere_sh_turns_of_matrix_(const double *matrix, sphere_sh_turns_ *t)
{
    double m[9], p[9], q[9];
    int i, j, k, step, sign = 1;
    for (i = 0; i < 9; i++) {
        if (!(matrix[i] == matrix[i])) return SPHERE_E_NAN;
        if (!(matrix[i] > -2 && matrix[i] < 2)) return SPHERE_E_RANGE;
        m[i] = matrix[i];
    }
    if (m[0] * (m[4] * m[8] - m[5] * m[7]) - m[1] * (m[3] * m[8] - m[5] * m[6]) + m[2] * (m[3] * m[7] - m[4] * m[6]) < 0)
        for (i = 0, sign = -1; i < 9; i++) m[i] = -m[i];
    for (step = 0; step < 2; step++) {                                  /* m (3 - m^T m)/2 twice: the nearest rotation, from 1e-4 to 1e-16 */
        for (i = 0; i < 3; i++) for (j = 0; j < 3; j++) {
            double rows = 0;
            p[3 * i + j] = 0;
            for (k = 0; k < 3; k++) { p[3 * i + j] += m[3 * k + i] * m[3 * k + j]; rows += m[3 * i + k] * m[3 * j + k]; }
            rows -= i == j;
            if (step == 0 && !(rows > -1e-4 && rows < 1e-4)) return SPHERE_E_RANGE;
        }
        for (i = 0; i < 3; i++) for (j = 0; j < 3; j++) q[3 * i + j] = 1.5 * m[3 * i + j] - 0.5 * (m[3 * i] * p[j] + m[3 * i + 1] * p[3 + j] + m[3 * i + 2] * p[6 + j]);
        memcpy(m, q, sizeof(m));
    }
    /* The quaternion, from its largest component. */
    if (m[0] + m[4] + m[8] > 0) sphere_sh_turns_of_quaternion_(m[7] - m[5], m[2] - m[6], m[3] - m[1], 1 + m[0] + m[4] + m[8], t);
    else if (m[0] >= m[4] && m[0] >= m[8]) sphere_sh_turns_of_quaternion_(1 + m[0] - m[4] - m[8], m[1] + m[3], m[2] + m[6], m[7] - m[5], t);
    else if (m[4] >= m[8]) sphere_sh_turns_of_quaternion_(m[1] + m[3], 1 - m[0] + m[4] - m[8], m[5] + m[7], m[2] - m[6], t);
    else sphere_sh_turns_of_quaternion_(m[2] + m[6], m[5] + m[7], 1 - m[0] - m[4] + m[8], m[3] - m[1], t);
    t->improper = sign < 0;
    return SPHERE_OK;
}
SPHERE_INLINE_ sphere_status sphere_sh_turns_of_angles_(double alpha, double beta, double gamma, sphere_sh_turns_ *t)
{
    if (!(alpha == alpha && beta == beta && gamma == gamma)) return SPHERE_E_NAN;
    if (!(alpha >= -1e6 && alpha <= 1e6 && beta >= -1e6 && beta <= 1e6 && gamma >= -1e6 && gamma <= 1e6)) return SPHERE_E_RANGE;
    sphere_sh_sincos_double_(alpha, &t->a[1], &t->a[0]);
    sphere_sh_sincos_double_(beta, &t->b[1], &t->b[0]);
    sphere_sh_sincos_double_(gamma, &t->g[1], &t->g[0]);
    t->improper = 0;
    return SPHERE_OK;
}
/* cos and sin of k times an angle for k = begin .. begin + n - 1, n <= 64: one power by squaring, then steps. */
SPHERE_INLINE_ void sphere_sh_powers_(const double *angle, int begin, int n, double *cosine, double *sine)
{
    double c = 1, s = 0, pc = angle[0], ps = angle[1], next;
    int k;
    for (k = begin; k; k >>= 1) {
        if (k & 1) { next = c * pc - s * ps; s = s * pc + c * ps; c = next; }
        next = pc * pc - ps * ps; ps = 2 * pc * ps; pc = next;
    }
    for (k = 0; k < n; k++) {
        cosine[k] = c; sine[k] = s;
        next = c * angle[0] - s * angle[1]; s = s * angle[0] + c * angle[1]; c = next;
    }
}
/* The matrix of a rotation on degree l <= SPHERE_SH_ROTATION_DENSE, element by element through `put`, column-major: Z(alpha) E Z(-beta) E
   Z(gamma) with E the exchange of y and z. The middle three are a turn about y, which keeps cosines and sines apart. */
#define SPHERE_SH_DENSE_SET_ (SPHERE_SH_ROTATION_DENSE / 2 + 1)
SPHERE_INLINE_ void sphere_sh_dense_(int l, const double *wedge, double power[6][SPHERE_SH_ROTATION_DENSE + 1], int improper,
                                     double matrix[2 * SPHERE_SH_ROTATION_DENSE + 1][2 * SPHERE_SH_ROTATION_DENSE + 1])
{
    double A[SPHERE_SH_DENSE_SET_][SPHERE_SH_DENSE_SET_], B[SPHERE_SH_DENSE_SET_][SPHERE_SH_DENSE_SET_], C[SPHERE_SH_DENSE_SET_][SPHERE_SH_DENSE_SET_];
    const int na = sphere_sh_set_size_(0, l), nb = sphere_sh_set_size_(1, l), nc = sphere_sh_set_size_(2, l);
    const int fa = sphere_sh_set_first_(0, l), fb = sphere_sh_set_first_(1, l), fs = sphere_sh_set_first_(2, l), fc = sphere_sh_set_first_(3, l);
    const int high = fa == 0;                                           /* set 2 is set 0 without order 0: shifted by one when that exists */
    const int low = fc == 0;                                            /* and set 1 is set 3 without order 0 */
    int m, n, i, j, k;
    for (i = 0; i < na; i++) for (j = 0; j < na; j++) A[i][j] = sphere_sh_exchange_(wedge, fa + 2 * i, fa + 2 * j, i, j);
    for (i = 0; i < nb; i++) for (j = 0; j < nb; j++) B[i][j] = sphere_sh_exchange_(wedge, fb + 2 * i, fb + 2 * j, i, j);
    for (i = 0; i < nc; i++) for (j = 0; j < nc; j++) C[i][j] = sphere_sh_exchange_(wedge, fs + 2 * i, fc + 2 * j, i, j);
    for (m = 0; m <= l; m++) for (n = 0; n <= l; n++) {
        const int pm = (m ^ l) & 1, pn = (n ^ l) & 1;                   /* 0: m = l (mod 2), cosine in set 0, sine in set 2 */
        double cc = 0, ss = 0, cc_cos, cc_sin, ss_cos, ss_sin, sign = improper && (l & 1) ? -1 : 1;
        i = pm ? (m - fc) / 2 : (m - fa) / 2; j = pn ? (n - fc) / 2 : (n - fa) / 2;
        for (k = 0; k < na; k++) {                                      /* through the orders of sets 0 and 2 */
            const double c = power[2][fa + 2 * k], s = power[3][fa + 2 * k];
            const double out_cos = pm ? 0 : A[i][k], out_sin = pm && k >= high ? C[k - high][i] : 0;
            if (!pn) cc += (out_cos * c - out_sin * s) * A[k][j];
            else if (k >= high) cc += (out_cos * s + out_sin * c) * C[k - high][j];
        }
        if (m && n) {
            i = pm ? (m - fb) / 2 : (m - fs) / 2; j = pn ? (n - fb) / 2 : (n - fs) / 2;
            for (k = 0; k < nc; k++) {                                  /* through the orders of sets 3 and 1 */
                const double c = power[2][fc + 2 * k], s = power[3][fc + 2 * k];
                const double out_cos = pm ? 0 : C[i][k], out_sin = pm && k >= low ? B[i][k - low] : 0;
                if (!pn) ss += (out_cos * c - out_sin * s) * C[j][k];
                else if (k >= low) ss += (out_cos * s + out_sin * c) * B[k - low][j];
            }
        }
        cc *= sign; ss *= sign;
        cc_cos = cc * power[4][n]; cc_sin = cc * power[5][n]; ss_cos = ss * power[4][n]; ss_sin = ss * power[5][n];
        matrix[l + n][l + m] = power[0][m] * cc_cos - power[1][m] * ss_sin;
        if (n) matrix[l - n][l + m] = -power[0][m] * cc_sin - power[1][m] * ss_cos;
        if (m) matrix[l + n][l - m] = power[1][m] * cc_cos + power[0][m] * ss_sin;
        if (m && n) matrix[l - n][l - m] = power[0][m] * ss_cos - power[1][m] * cc_sin;
    }
}
/* One latitude of Gauss and its weight, i < n: Newton from an asymptotic start; 1 - z z is that of the node, so that both ends are even. */
SPHERE_INLINE_ void sphere_sh_gauss_(int n, int i, double *node, double *weight)
{
    double z, unused, p, before, slope = 1;
    int step, l;
    sphere_sh_sincospi_((double)(4 * i + 3) / (double)(4 * n + 2), &unused, &z);
    if (2 * i + 1 == n) z = 0;
    for (step = 0; step < 6; step++) {
        p = z; before = 1;
        for (l = 2; l <= n; l++) { const double next = ((double)(2 * l - 1) * z * p - (double)(l - 1) * before) / l; before = p; p = next; }
        slope = (before - z * p) * n / (1 - z * z);
        if (2 * i + 1 != n && step < 5) z -= p / slope;
    }
    *node = z;
    *weight = 2 / ((1 - z * z) * slope * slope);
}
/* The orthonormal Legendre functions of order m for l = m .. degree at z = cos theta, s = sin theta; with sqrt(2) for m > 0. */
SPHERE_INLINE_ void sphere_sh_legendre_column_(int m, int degree, double z, double s, double *out)
{
    double p = 1 / SPHERE_SH_SQRT_4PI_, before = 0;
    int l;
    for (l = 1; l <= m; l++) p *= s * sphere_sqrt_double_((double)(2 * l + 1) / (double)(2 * l));
    if (m) p *= 1.4142135623730951;
    for (l = m; l <= degree; l++) {
        const double up = (double)(l + 1) * (double)(l + 1) - (double)m * m;
        const double a = sphere_sqrt_double_((double)(2 * l + 1) * (double)(2 * l + 3) / up);
        const double b = l > m ? sphere_sqrt_double_((double)(2 * l + 3) * ((double)l * l - (double)m * m) / ((double)(2 * l - 1) * up)) : 0;
        const double next = a * z * p - b * before;
        out[l - m] = p;
        before = p; p = next;
    }
}
SPHERE_INLINE_ double sphere_sh_window_at_(sphere_sh_window_kind kind, double width, int l)
{
    double s, c, t = l;
    switch (kind) {
    case SPHERE_SH_WINDOW_HANN: if (!(t < width)) return 0; sphere_sh_sincospi_(t / width, &s, &c); return (1 + c) / 2;
    case SPHERE_SH_WINDOW_LANCZOS: if (!(t < width)) return 0; sphere_sh_sincospi_(t / width, &s, &c); return l ? s / (3.141592653589793 * (t / width)) : 1;
    case SPHERE_SH_WINDOW_GAUSS: t = t * (t + 1) * width * width / 2; return t < 700 ? sphere_sh_exp_double_(-t) : 0;
    case SPHERE_SH_WINDOW_LAPLACE: default: t = t * (t + 1); return 1 / (1 + width * t * t);
    }
}
/* The smallest value of an expansion of degree <= 32 under the window SPHERE_SH_WINDOW_LAPLACE, on a grid of 4 (degree + 1) + 1 by 8 (degree + 1)
   directions with both poles. */
#define SPHERE_SH_DERING_MAX_ 32
SPHERE_INLINE_ double sphere_sh_lowest_(int degree, const double *a, double w)
{
    double column[SPHERE_SH_DERING_MAX_ + 1], cosine[SPHERE_SH_DERING_MAX_ + 1], sine[SPHERE_SH_DERING_MAX_ + 1], least = sphere_sh_inf_double_();
    const int rows = 4 * (degree + 1), turns = 8 * (degree + 1);
    int i, j, l, m;
    for (i = 0; i <= rows; i++) {
        double z, s;
        sphere_sh_sincospi_((double)i / rows, &s, &z);
        for (m = 0; m <= degree; m++) {
            cosine[m] = sine[m] = 0;
            sphere_sh_legendre_column_(m, degree, z, s, column);
            for (l = m; l <= degree; l++) {
                const double v = column[l - m] * sphere_sh_window_at_(SPHERE_SH_WINDOW_LAPLACE, w, l);
                cosine[m] += v * a[l * l + l + m];
                if (m) sine[m] += v * a[l * l + l - m];
            }
        }
        for (j = 0; j < turns; j++) {
            double step[2], c = 1, t = 0, sum = cosine[0];
            sphere_sh_sincospi_(2.0 * j / turns, &step[1], &step[0]);
            for (m = 1; m <= degree; m++) {
                const double next = c * step[0] - t * step[1];
                t = t * step[0] + c * step[1]; c = next;
                sum += cosine[m] * c + sine[m] * t;
            }
            if (sum < least) least = sum;
        }
    }
    return least;
}

/* Store the first n lanes. */
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ SPHERE_INLINE_ void sphere_sh_store_some_(float *p, __m256 v, size_t n)
{
    const __m256i lane_i32x8 = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    _mm256_maskstore_ps(p, _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), lane_i32x8), v);
}
SPHERE_TARGET_AVX2_ SPHERE_INLINE_ void sphere_shd_store_some_(double *p, __m256d v, size_t n)
{
    const __m256i lane_i64x4 = _mm256_setr_epi64x(0, 1, 2, 3);
    _mm256_maskstore_pd(p, _mm256_cmpgt_epi64(_mm256_set1_epi64x((long long)n), lane_i64x4), v);
}
#endif

/* sphere-sh float begin coef-kernels */
/* >>kernel dot: the scalar product of two rows, in twice as many virtual lanes as a vector has: element i goes to lane i modulo that
   number, the lanes combine by halves. The portable version is the specification. */
static float sphere_sh_dot_c_(const float *a, const float *b, size_t n)
{
    float lane[2 * SPHERE_SH_AVX2_LANES_];
    size_t i, half;
    for (i = 0; i < 2 * SPHERE_SH_AVX2_LANES_; i++) lane[i] = 0;
    for (i = 0; i < n; i++) lane[i % (2 * SPHERE_SH_AVX2_LANES_)] = SPHERE_MADD_(a[i], b[i], lane[i % (2 * SPHERE_SH_AVX2_LANES_)]);
    for (half = SPHERE_SH_AVX2_LANES_; half; half /= 2) for (i = 0; i < half; i++) lane[i] = lane[i] + lane[i + half];
    return sphere_canonical_(lane[0]);
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static float sphere_sh_dot_avx2_(const float *a, const float *b, size_t n)
{
    const size_t w = SPHERE_SH_AVX2_LANES_;
    float lane[2 * SPHERE_SH_AVX2_LANES_], tail[4 * SPHERE_SH_AVX2_LANES_];
    __m256 low_f32x8 = _mm256_setzero_ps(), high_f32x8 = low_f32x8;
    size_t i = 0, half;
    for (; i + 2 * w <= n; i += 2 * w) {
        low_f32x8 = SPHERE_MADD_F32X8_(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i), low_f32x8);                 /* lanes 0 .. w - 1 */
        high_f32x8 = SPHERE_MADD_F32X8_(_mm256_loadu_ps(a + i + w), _mm256_loadu_ps(b + i + w), high_f32x8);       /* w .. 2 w - 1     */
    }
    if (i < n) {                                                        /* the tail, padded with zeros, into the same lanes */
        memset(tail, 0, sizeof(tail));
        memcpy(tail, a + i, (n - i) * sizeof(float));
        memcpy(tail + 2 * w, b + i, (n - i) * sizeof(float));
        low_f32x8 = SPHERE_MADD_F32X8_(_mm256_loadu_ps(tail), _mm256_loadu_ps(tail + 2 * w), low_f32x8);
        high_f32x8 = SPHERE_MADD_F32X8_(_mm256_loadu_ps(tail + w), _mm256_loadu_ps(tail + 3 * w), high_f32x8);
    }
    _mm256_storeu_ps(lane, low_f32x8);
    _mm256_storeu_ps(lane + w, high_f32x8);
    for (half = w; half; half /= 2) for (i = 0; i < half; i++) lane[i] = lane[i] + lane[i + half];
    return sphere_canonical_(lane[0]);
}
#endif
#if SPHERE_NEON_
static float sphere_sh_dot_neon_(const float *a, const float *b, size_t n)
{
    const size_t w = SPHERE_SH_NEON_LANES_;
    float lane[4 * SPHERE_SH_NEON_LANES_], tail[8 * SPHERE_SH_NEON_LANES_];
    float32x4_t sum0_f32x4 = vdupq_n_f32(0), sum1_f32x4 = sum0_f32x4, sum2_f32x4 = sum0_f32x4, sum3_f32x4 = sum0_f32x4;
    size_t i = 0, half;
    for (; i < n; i += 4 * w) {
        const float *p = a + i, *q = b + i;
        if (i + 4 * w > n) {                                            /* the tail, padded with zeros, into the same lanes */
            memset(tail, 0, sizeof(tail));
            memcpy(tail, p, (n - i) * sizeof(float));
            memcpy(tail + 4 * w, q, (n - i) * sizeof(float));
            p = tail; q = tail + 4 * w;
        }
        sum0_f32x4 = SPHERE_MADD_F32X4_(vld1q_f32(p), vld1q_f32(q), sum0_f32x4);
        sum1_f32x4 = SPHERE_MADD_F32X4_(vld1q_f32(p + w), vld1q_f32(q + w), sum1_f32x4);
        sum2_f32x4 = SPHERE_MADD_F32X4_(vld1q_f32(p + 2 * w), vld1q_f32(q + 2 * w), sum2_f32x4);
        sum3_f32x4 = SPHERE_MADD_F32X4_(vld1q_f32(p + 3 * w), vld1q_f32(q + 3 * w), sum3_f32x4);
    }
    vst1q_f32(lane, sum0_f32x4); vst1q_f32(lane + w, sum1_f32x4); vst1q_f32(lane + 2 * w, sum2_f32x4); vst1q_f32(lane + 3 * w, sum3_f32x4);
    for (half = 2 * w; half; half /= 2) for (i = 0; i < half; i++) lane[i] = lane[i] + lane[i + half];
    return sphere_canonical_(lane[0]);
}
#endif

#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ SPHERE_INLINE_ __m256 sphere_sh_coef_canonical_avx2_(__m256 v_f32x8)
{ return _mm256_blendv_ps(v_f32x8, _mm256_set1_ps(sphere_nan_()), _mm256_cmp_ps(v_f32x8, v_f32x8, _CMP_UNORD_Q)); }
#endif
#if SPHERE_NEON_
SPHERE_INLINE_ float32x4_t sphere_sh_coef_canonical_neon_(float32x4_t v_f32x4) { return vbslq_f32(vceqq_f32(v_f32x4, v_f32x4), v_f32x4, vdupq_n_f32(sphere_nan_())); }
#endif

/* >>kernel matrix: y = M x, M column after column, `stride` apart, each padded to whole vectors; columns in ascending order. y may not
   be x. A NaN is stored as the one NaN. */
static void sphere_sh_matrix_c_(float *y, const float *matrix, size_t stride, const float *x, size_t rows, size_t columns)
{
    size_t i, j;
    for (i = 0; i < rows; i++) {
        float sum = 0;
        for (j = 0; j < columns; j++) sum = SPHERE_MADD_(matrix[j * stride + i], x[j], sum);
        y[i] = sphere_canonical_(sum);
    }
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_sh_matrix_avx2_(float *y, const float *matrix, size_t stride, const float *x, size_t rows, size_t columns)
{
    const size_t w = SPHERE_SH_AVX2_LANES_;
    size_t i = 0, j;
    for (; i + 3 * w < rows; i += 4 * w) {                              /* four sums at once hide the latency of one */
        __m256 sum0_f32x8 = _mm256_setzero_ps(), sum1_f32x8 = sum0_f32x8, sum2_f32x8 = sum0_f32x8, sum3_f32x8 = sum0_f32x8;
        for (j = 0; j < columns; j++) {
            const float *p = matrix + j * stride + i;
            const __m256 x_f32x8 = _mm256_set1_ps(x[j]);
            sum0_f32x8 = SPHERE_MADD_F32X8_(_mm256_loadu_ps(p), x_f32x8, sum0_f32x8);
            sum1_f32x8 = SPHERE_MADD_F32X8_(_mm256_loadu_ps(p + w), x_f32x8, sum1_f32x8);
            sum2_f32x8 = SPHERE_MADD_F32X8_(_mm256_loadu_ps(p + 2 * w), x_f32x8, sum2_f32x8);
            sum3_f32x8 = SPHERE_MADD_F32X8_(_mm256_loadu_ps(p + 3 * w), x_f32x8, sum3_f32x8);
        }
        _mm256_storeu_ps(y + i, sphere_sh_coef_canonical_avx2_(sum0_f32x8));
        _mm256_storeu_ps(y + i + w, sphere_sh_coef_canonical_avx2_(sum1_f32x8));
        _mm256_storeu_ps(y + i + 2 * w, sphere_sh_coef_canonical_avx2_(sum2_f32x8));
        if (i + 4 * w <= rows) _mm256_storeu_ps(y + i + 3 * w, sphere_sh_coef_canonical_avx2_(sum3_f32x8));
        else sphere_sh_store_some_(y + i + 3 * w, sphere_sh_coef_canonical_avx2_(sum3_f32x8), rows - i - 3 * w);
    }
    for (; i + w < rows; i += 2 * w) {
        __m256 sum0_f32x8 = _mm256_setzero_ps(), sum1_f32x8 = sum0_f32x8;
        for (j = 0; j < columns; j++) {
            const float *p = matrix + j * stride + i;
            const __m256 x_f32x8 = _mm256_set1_ps(x[j]);
            sum0_f32x8 = SPHERE_MADD_F32X8_(_mm256_loadu_ps(p), x_f32x8, sum0_f32x8);
            sum1_f32x8 = SPHERE_MADD_F32X8_(_mm256_loadu_ps(p + w), x_f32x8, sum1_f32x8);
        }
        _mm256_storeu_ps(y + i, sphere_sh_coef_canonical_avx2_(sum0_f32x8));
        sphere_sh_store_some_(y + i + w, sphere_sh_coef_canonical_avx2_(sum1_f32x8), rows - i - w);
    }
    if (i < rows) {
        __m256 sum_f32x8 = _mm256_setzero_ps();
        for (j = 0; j < columns; j++) sum_f32x8 = SPHERE_MADD_F32X8_(_mm256_loadu_ps(matrix + j * stride + i), _mm256_set1_ps(x[j]), sum_f32x8);
        sphere_sh_store_some_(y + i, sphere_sh_coef_canonical_avx2_(sum_f32x8), rows - i);
    }
}
#endif
#if SPHERE_NEON_
static void sphere_sh_matrix_neon_(float *y, const float *matrix, size_t stride, const float *x, size_t rows, size_t columns)
{
    const size_t w = SPHERE_SH_NEON_LANES_;
    size_t i = 0, j;
    for (; i < rows; i += 2 * w) {
        float32x4_t sum0_f32x4 = vdupq_n_f32(0), sum1_f32x4 = sum0_f32x4;
        for (j = 0; j < columns; j++) {
            const float *p = matrix + j * stride + i;
            const float32x4_t x_f32x4 = vdupq_n_f32(x[j]);
            sum0_f32x4 = SPHERE_MADD_F32X4_(vld1q_f32(p), x_f32x4, sum0_f32x4);
            sum1_f32x4 = SPHERE_MADD_F32X4_(vld1q_f32(p + w), x_f32x4, sum1_f32x4);
        }
        if (i + 2 * w <= rows) { vst1q_f32(y + i, sphere_sh_coef_canonical_neon_(sum0_f32x4)); vst1q_f32(y + i + w, sphere_sh_coef_canonical_neon_(sum1_f32x4)); }
        else {
            float tail[2 * SPHERE_SH_NEON_LANES_];
            vst1q_f32(tail, sphere_sh_coef_canonical_neon_(sum0_f32x4)); vst1q_f32(tail + w, sphere_sh_coef_canonical_neon_(sum1_f32x4));
            memcpy(y + i, tail, (rows - i) * sizeof(float));
        }
    }
}
#endif

/* >>kernel rotate: one expansion by the matrices of its degrees 0 .. degree, one behind the other. out is not in. */
static void sphere_sh_rotate_c_(float *out, const float *in, const float *dense, int degree)
{
    int l;
    out[0] = sphere_canonical_(in[0]);
    for (l = 1; l <= degree; l++) {
        const size_t rows = 2 * (size_t)l + 1, stride = sphere_sh_pad_(rows, SPHERE_SH_AVX2_LANES_);
        sphere_sh_matrix_c_(out + l * l, dense, stride, in + l * l, rows, rows);
        dense += rows * stride;
    }
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_sh_rotate_avx2_(float *out, const float *in, const float *dense, int degree)
{
    const size_t w = SPHERE_SH_AVX2_LANES_;
    int l;
    out[0] = sphere_canonical_(in[0]);
    for (l = 1; l <= degree; l++) {
        const size_t rows = 2 * (size_t)l + 1, stride = sphere_sh_pad_(rows, SPHERE_SH_AVX2_LANES_);
        const float *x = in + l * l;
        float *y = out + l * l;
        size_t j;
        if (rows > 2 * w) sphere_sh_matrix_avx2_(y, dense, stride, x, rows, rows);
        else if (rows > w) {
            __m256 sum0_f32x8 = _mm256_setzero_ps(), sum1_f32x8 = sum0_f32x8;
            for (j = 0; j < rows; j++) {
                const __m256 x_f32x8 = _mm256_set1_ps(x[j]);
                sum0_f32x8 = SPHERE_MADD_F32X8_(_mm256_loadu_ps(dense + 2 * w * j), x_f32x8, sum0_f32x8);
                sum1_f32x8 = SPHERE_MADD_F32X8_(_mm256_loadu_ps(dense + 2 * w * j + w), x_f32x8, sum1_f32x8);
            }
            _mm256_storeu_ps(y, sphere_sh_coef_canonical_avx2_(sum0_f32x8));
            sphere_sh_store_some_(y + w, sphere_sh_coef_canonical_avx2_(sum1_f32x8), rows - w);
        } else {
            __m256 sum_f32x8 = _mm256_setzero_ps();
            for (j = 0; j < rows; j++) sum_f32x8 = SPHERE_MADD_F32X8_(_mm256_loadu_ps(dense + w * j), _mm256_set1_ps(x[j]), sum_f32x8);
            sphere_sh_store_some_(y, sphere_sh_coef_canonical_avx2_(sum_f32x8), rows);
        }
        dense += rows * stride;
    }
}
#endif
#if SPHERE_NEON_
static void sphere_sh_rotate_neon_(float *out, const float *in, const float *dense, int degree)
{
    int l;
    out[0] = sphere_canonical_(in[0]);
    for (l = 1; l <= degree; l++) {
        const size_t rows = 2 * (size_t)l + 1, stride = sphere_sh_pad_(rows, SPHERE_SH_AVX2_LANES_);
        sphere_sh_matrix_neon_(out + l * l, dense, stride, in + l * l, rows, rows);
        dense += rows * stride;
    }
}
#endif

/* >>kernel waves: one block of latitudes of a product, SPHERE_SH_AVX2_LANES_ of them. First the Fourier series of a field along each
   latitude from its coefficients: order m has the sums c(m) over the cosines and s(m) over the sines, m = -degree .. degree with
   c(-m) = c(m), s(-m) = -s(m), at wave[2 (m + degree)] and the next. values: order after order, degree after degree, `nodes` apart. */
static void sphere_sh_waves_c_(float *wave, const float *a, int degree, const float *values, size_t nodes)
{
    const size_t w = SPHERE_SH_AVX2_LANES_;
    int l, m;
    size_t i;
    for (m = 0; m <= degree; m++) {
        float *plus = wave + 2 * w * (size_t)(degree + m), *minus = wave + 2 * w * (size_t)(degree - m);
        for (i = 0; i < w; i++) {
            float c = 0, s = 0;
            for (l = m; l <= degree; l++) {
                c = SPHERE_MADD_(values[(size_t)(l - m) * nodes + i], a[l * l + l + m], c);
                if (m) s = SPHERE_MADD_(values[(size_t)(l - m) * nodes + i], a[l * l + l - m], s);
            }
            plus[i] = minus[i] = c;
            plus[w + i] = s;
            minus[w + i] = -s;
        }
        values += (size_t)(degree - m + 1) * nodes;
    }
}
/* >>kernel fold: the product of two such series, orders 0 .. degree of it, c(m) at out[2 m] and s(m) at the next, `nodes` apart. */
static void sphere_sh_fold_c_(float *out, size_t nodes, const float *a, int degree_a, const float *b, int degree_b, int degree)
{
    const size_t w = SPHERE_SH_AVX2_LANES_;
    int k, m;
    size_t i;
    for (m = 0; m <= degree; m++, out += 2 * nodes) {
        const int first = m - degree_b > -degree_a ? m - degree_b : -degree_a, last = m + degree_b < degree_a ? m + degree_b : degree_a;
        for (i = 0; i < w; i++) {
            float c0 = 0, c1 = 0, s0 = 0, s1 = 0;
            for (k = first; k <= last; k++) {
                const float *p = a + 2 * w * (size_t)(degree_a + k) + i, *q = b + 2 * w * (size_t)(degree_b + m - k) + i;
                const float minus = a[2 * w * (size_t)(degree_a - k) + w + i];
                c0 = SPHERE_MADD_(p[0], q[0], c0); c1 = SPHERE_MADD_(minus, q[w], c1);
                s0 = SPHERE_MADD_(p[0], q[w], s0); s1 = SPHERE_MADD_(p[w], q[0], s1);
            }
            out[i] = c0 + c1;
            out[nodes + i] = s0 + s1;
        }
    }
}
/* >>kernel analyse: sums over the latitudes of the series of a product, times weights, which are its coefficients: a row over the degrees for
   each order and latitude, padded to whole vectors. Latitudes in ascending order; a NaN is stored as the one NaN. */
static void sphere_sh_analyse_c_(float *out, const float *series, size_t nodes, size_t exact, const float *weights, int degree)
{
    int l, m;
    size_t j;
    for (m = 0; m <= degree; m++, series += 2 * nodes) {
        const size_t width = sphere_sh_pad_((size_t)(degree - m) + 1, SPHERE_SH_AVX2_LANES_);
        for (l = m; l <= degree; l++) {
            float c = 0, s = 0;
            for (j = 0; j < exact; j++) {
                c = SPHERE_MADD_(weights[j * width + (size_t)(l - m)], series[j], c);
                s = SPHERE_MADD_(weights[j * width + (size_t)(l - m)], series[nodes + j], s);
            }
            if (m) out[l * l + l - m] = sphere_canonical_(s);
            out[l * l + l + m] = sphere_canonical_(c);
        }
        weights += nodes * width;
    }
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_sh_waves_avx2_(float *wave, const float *a, int degree, const float *values, size_t nodes)
{
    const size_t w = SPHERE_SH_AVX2_LANES_;
    int l, m;
    for (m = 0; m <= degree; m++) {
        float *plus = wave + 2 * w * (size_t)(degree + m), *minus = wave + 2 * w * (size_t)(degree - m);
        __m256 c_f32x8 = _mm256_setzero_ps(), s_f32x8 = c_f32x8;
        if (m == 0) for (l = 0; l <= degree; l++) c_f32x8 = SPHERE_MADD_F32X8_(_mm256_loadu_ps(values + (size_t)l * nodes), _mm256_set1_ps(a[l * l + l]), c_f32x8);
        else for (l = m; l <= degree; l++) {
            const __m256 v_f32x8 = _mm256_loadu_ps(values + (size_t)(l - m) * nodes);
            c_f32x8 = SPHERE_MADD_F32X8_(v_f32x8, _mm256_set1_ps(a[l * l + l + m]), c_f32x8);
            s_f32x8 = SPHERE_MADD_F32X8_(v_f32x8, _mm256_set1_ps(a[l * l + l - m]), s_f32x8);
        }
        _mm256_storeu_ps(plus, c_f32x8);
        _mm256_storeu_ps(minus, c_f32x8);
        _mm256_storeu_ps(plus + w, s_f32x8);
        _mm256_storeu_ps(minus + w, _mm256_xor_ps(s_f32x8, _mm256_set1_ps(-0.0f)));
        values += (size_t)(degree - m + 1) * nodes;
    }
}
SPHERE_TARGET_AVX2_ static void sphere_sh_fold_avx2_(float *out, size_t nodes, const float *a, int degree_a, const float *b, int degree_b, int degree)
{
    const size_t w = SPHERE_SH_AVX2_LANES_;
    int k, m;
    for (m = 0; m <= degree; m++, out += 2 * nodes) {
        const int first = m - degree_b > -degree_a ? m - degree_b : -degree_a, last = m + degree_b < degree_a ? m + degree_b : degree_a;
        __m256 c0_f32x8 = _mm256_setzero_ps(), c1_f32x8 = c0_f32x8, s0_f32x8 = c0_f32x8, s1_f32x8 = c0_f32x8;
        for (k = first; k <= last; k++) {
            const float *p = a + 2 * w * (size_t)(degree_a + k), *q = b + 2 * w * (size_t)(degree_b + m - k);
            const __m256 pc_f32x8 = _mm256_loadu_ps(p), qc_f32x8 = _mm256_loadu_ps(q), qs_f32x8 = _mm256_loadu_ps(q + w);
            c0_f32x8 = SPHERE_MADD_F32X8_(pc_f32x8, qc_f32x8, c0_f32x8);
            c1_f32x8 = SPHERE_MADD_F32X8_(_mm256_loadu_ps(a + 2 * w * (size_t)(degree_a - k) + w), qs_f32x8, c1_f32x8);       /* -s(k) s(m - k) */
            s0_f32x8 = SPHERE_MADD_F32X8_(pc_f32x8, qs_f32x8, s0_f32x8);
            s1_f32x8 = SPHERE_MADD_F32X8_(_mm256_loadu_ps(p + w), qc_f32x8, s1_f32x8);
        }
        _mm256_storeu_ps(out, _mm256_add_ps(c0_f32x8, c1_f32x8));
        _mm256_storeu_ps(out + nodes, _mm256_add_ps(s0_f32x8, s1_f32x8));
    }
}
SPHERE_TARGET_AVX2_ static void sphere_sh_analyse_avx2_(float *out, const float *series, size_t nodes, size_t exact, const float *weights, int degree)
{
    const size_t w = SPHERE_SH_AVX2_LANES_;
    float lane[2 * SPHERE_SH_AVX2_LANES_];
    int l, m;
    size_t i, j;
    for (m = 0; m <= degree; m++, series += 2 * nodes) {
        const size_t width = sphere_sh_pad_((size_t)(degree - m) + 1, SPHERE_SH_AVX2_LANES_);
        for (i = 0; i < width; i += w) {
            __m256 c_f32x8 = _mm256_setzero_ps(), s_f32x8 = c_f32x8;
            for (j = 0; j < exact; j++) {
                const __m256 v_f32x8 = _mm256_loadu_ps(weights + j * width + i);
                c_f32x8 = SPHERE_MADD_F32X8_(v_f32x8, _mm256_set1_ps(series[j]), c_f32x8);
                s_f32x8 = SPHERE_MADD_F32X8_(v_f32x8, _mm256_set1_ps(series[nodes + j]), s_f32x8);
            }
            _mm256_storeu_ps(lane, sphere_sh_coef_canonical_avx2_(c_f32x8));
            _mm256_storeu_ps(lane + w, sphere_sh_coef_canonical_avx2_(s_f32x8));
            for (l = m + (int)i, j = 0; l <= degree && j < w; l++, j++) {
                if (m) out[l * l + l - m] = lane[w + j];
                out[l * l + l + m] = lane[j];
            }
        }
        weights += nodes * width;
    }
}
#endif
#if SPHERE_NEON_
static void sphere_sh_waves_neon_(float *wave, const float *a, int degree, const float *values, size_t nodes)
{
    const size_t w = SPHERE_SH_AVX2_LANES_;                             /* a block is two vectors here */
    int l, m;
    size_t i;
    for (m = 0; m <= degree; m++) {
        float *plus = wave + 2 * w * (size_t)(degree + m), *minus = wave + 2 * w * (size_t)(degree - m);
        for (i = 0; i < w; i += SPHERE_SH_NEON_LANES_) {
            float32x4_t c_f32x4 = vdupq_n_f32(0), s_f32x4 = c_f32x4;
            for (l = m; l <= degree; l++) {
                const float32x4_t v_f32x4 = vld1q_f32(values + (size_t)(l - m) * nodes + i);
                c_f32x4 = SPHERE_MADD_F32X4_(v_f32x4, vdupq_n_f32(a[l * l + l + m]), c_f32x4);
                if (m) s_f32x4 = SPHERE_MADD_F32X4_(v_f32x4, vdupq_n_f32(a[l * l + l - m]), s_f32x4);
            }
            vst1q_f32(plus + i, c_f32x4);
            vst1q_f32(minus + i, c_f32x4);
            vst1q_f32(plus + w + i, s_f32x4);
            vst1q_f32(minus + w + i, vnegq_f32(s_f32x4));
        }
        values += (size_t)(degree - m + 1) * nodes;
    }
}
static void sphere_sh_fold_neon_(float *out, size_t nodes, const float *a, int degree_a, const float *b, int degree_b, int degree)
{
    const size_t w = SPHERE_SH_AVX2_LANES_;
    int k, m;
    size_t i;
    for (m = 0; m <= degree; m++, out += 2 * nodes) {
        const int first = m - degree_b > -degree_a ? m - degree_b : -degree_a, last = m + degree_b < degree_a ? m + degree_b : degree_a;
        for (i = 0; i < w; i += SPHERE_SH_NEON_LANES_) {
            float32x4_t c0_f32x4 = vdupq_n_f32(0), c1_f32x4 = c0_f32x4, s0_f32x4 = c0_f32x4, s1_f32x4 = c0_f32x4;
            for (k = first; k <= last; k++) {
                const float *p = a + 2 * w * (size_t)(degree_a + k) + i, *q = b + 2 * w * (size_t)(degree_b + m - k) + i;
                const float32x4_t pc_f32x4 = vld1q_f32(p), qc_f32x4 = vld1q_f32(q), qs_f32x4 = vld1q_f32(q + w);
                c0_f32x4 = SPHERE_MADD_F32X4_(pc_f32x4, qc_f32x4, c0_f32x4);
                c1_f32x4 = SPHERE_MADD_F32X4_(vld1q_f32(a + 2 * w * (size_t)(degree_a - k) + w + i), qs_f32x4, c1_f32x4);     /* -s(k) s(m - k) */
                s0_f32x4 = SPHERE_MADD_F32X4_(pc_f32x4, qs_f32x4, s0_f32x4);
                s1_f32x4 = SPHERE_MADD_F32X4_(vld1q_f32(p + w), qc_f32x4, s1_f32x4);
            }
            vst1q_f32(out + i, vaddq_f32(c0_f32x4, c1_f32x4));
            vst1q_f32(out + nodes + i, vaddq_f32(s0_f32x4, s1_f32x4));
        }
    }
}
static void sphere_sh_analyse_neon_(float *out, const float *series, size_t nodes, size_t exact, const float *weights, int degree)
{
    const size_t w = SPHERE_SH_NEON_LANES_;
    float lane[2 * SPHERE_SH_NEON_LANES_];
    int l, m;
    size_t i, j;
    for (m = 0; m <= degree; m++, series += 2 * nodes) {
        const size_t width = sphere_sh_pad_((size_t)(degree - m) + 1, SPHERE_SH_AVX2_LANES_);
        for (i = 0; i < width; i += w) {
            float32x4_t c_f32x4 = vdupq_n_f32(0), s_f32x4 = c_f32x4;
            for (j = 0; j < exact; j++) {
                const float32x4_t v_f32x4 = vld1q_f32(weights + j * width + i);
                c_f32x4 = SPHERE_MADD_F32X4_(v_f32x4, vdupq_n_f32(series[j]), c_f32x4);
                s_f32x4 = SPHERE_MADD_F32X4_(v_f32x4, vdupq_n_f32(series[nodes + j]), s_f32x4);
            }
            vst1q_f32(lane, sphere_sh_coef_canonical_neon_(c_f32x4));
            vst1q_f32(lane + w, sphere_sh_coef_canonical_neon_(s_f32x4));
            for (l = m + (int)i, j = 0; l <= degree && j < w; l++, j++) {
                if (m) out[l * l + l - m] = lane[w + j];
                out[l * l + l + m] = lane[j];
            }
        }
        weights += nodes * width;
    }
}
#endif

/* The kernels of one level. */
typedef struct sphere_sh_coef_kernels_ {
    float (*dot)(const float *a, const float *b, size_t n);
    void (*matrix)(float *y, const float *matrix, size_t stride, const float *x, size_t rows, size_t columns);
    void (*rotate)(float *out, const float *in, const float *dense, int degree);
    void (*waves)(float *wave, const float *a, int degree, const float *values, size_t nodes);
    void (*fold)(float *out, size_t nodes, const float *a, int degree_a, const float *b, int degree_b, int degree);
    void (*analyse)(float *out, const float *series, size_t nodes, size_t exact, const float *weights, int degree);
} sphere_sh_coef_kernels_;
SPHERE_INLINE_ const sphere_sh_coef_kernels_ *sphere_sh_coef_kernels_for_(sphere_simd level)
{
    static const sphere_sh_coef_kernels_ portable = { sphere_sh_dot_c_, sphere_sh_matrix_c_, sphere_sh_rotate_c_, sphere_sh_waves_c_, sphere_sh_fold_c_,
        sphere_sh_analyse_c_ };
#if SPHERE_AVX2_
    static const sphere_sh_coef_kernels_ avx2 = { sphere_sh_dot_avx2_, sphere_sh_matrix_avx2_, sphere_sh_rotate_avx2_, sphere_sh_waves_avx2_, sphere_sh_fold_avx2_,
        sphere_sh_analyse_avx2_ };
    if (level == SPHERE_SIMD_AVX2) return &avx2;
#endif
#if SPHERE_NEON_
    static const sphere_sh_coef_kernels_ neon = { sphere_sh_dot_neon_, sphere_sh_matrix_neon_, sphere_sh_rotate_neon_, sphere_sh_waves_neon_, sphere_sh_fold_neon_,
        sphere_sh_analyse_neon_ };
    if (level == SPHERE_SIMD_NEON) return &neon;
#endif
    (void)level;
    return &portable;
}
/* sphere-sh float end coef-kernels */
/* sphere-sh double begin coef-kernels: made from the float section by tests/double.py, do not edit */
/* >>kernel dot: the scalar product of two rows, in twice as many virtual lanes as a vector has: element i goes to lane i modulo that
   number, the lanes combine by halves. The portable version is the specification. */
static double sphere_shd_dot_c_(const double *a, const double *b, size_t n)
{
    double lane[2 * SPHERE_SHD_AVX2_LANES_];
    size_t i, half;
    for (i = 0; i < 2 * SPHERE_SHD_AVX2_LANES_; i++) lane[i] = 0;
    for (i = 0; i < n; i++) lane[i % (2 * SPHERE_SHD_AVX2_LANES_)] = SPHERE_MADD_(a[i], b[i], lane[i % (2 * SPHERE_SHD_AVX2_LANES_)]);
    for (half = SPHERE_SHD_AVX2_LANES_; half; half /= 2) for (i = 0; i < half; i++) lane[i] = lane[i] + lane[i + half];
    return sphere_sh_canonical_double_(lane[0]);
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static double sphere_shd_dot_avx2_(const double *a, const double *b, size_t n)
{
    const size_t w = SPHERE_SHD_AVX2_LANES_;
    double lane[2 * SPHERE_SHD_AVX2_LANES_], tail[4 * SPHERE_SHD_AVX2_LANES_];
    __m256d low_f64x4 = _mm256_setzero_pd(), high_f64x4 = low_f64x4;
    size_t i = 0, half;
    for (; i + 2 * w <= n; i += 2 * w) {
        low_f64x4 = SPHERE_SH_MADD_F64X4_(_mm256_loadu_pd(a + i), _mm256_loadu_pd(b + i), low_f64x4);                 /* lanes 0 .. w - 1 */
        high_f64x4 = SPHERE_SH_MADD_F64X4_(_mm256_loadu_pd(a + i + w), _mm256_loadu_pd(b + i + w), high_f64x4);       /* w .. 2 w - 1     */
    }
    if (i < n) {                                                        /* the tail, padded with zeros, into the same lanes */
        memset(tail, 0, sizeof(tail));
        memcpy(tail, a + i, (n - i) * sizeof(double));
        memcpy(tail + 2 * w, b + i, (n - i) * sizeof(double));
        low_f64x4 = SPHERE_SH_MADD_F64X4_(_mm256_loadu_pd(tail), _mm256_loadu_pd(tail + 2 * w), low_f64x4);
        high_f64x4 = SPHERE_SH_MADD_F64X4_(_mm256_loadu_pd(tail + w), _mm256_loadu_pd(tail + 3 * w), high_f64x4);
    }
    _mm256_storeu_pd(lane, low_f64x4);
    _mm256_storeu_pd(lane + w, high_f64x4);
    for (half = w; half; half /= 2) for (i = 0; i < half; i++) lane[i] = lane[i] + lane[i + half];
    return sphere_sh_canonical_double_(lane[0]);
}
#endif
#if SPHERE_NEON_
static double sphere_shd_dot_neon_(const double *a, const double *b, size_t n)
{
    const size_t w = SPHERE_SHD_NEON_LANES_;
    double lane[4 * SPHERE_SHD_NEON_LANES_], tail[8 * SPHERE_SHD_NEON_LANES_];
    float64x2_t sum0_f64x2 = vdupq_n_f64(0), sum1_f64x2 = sum0_f64x2, sum2_f64x2 = sum0_f64x2, sum3_f64x2 = sum0_f64x2;
    size_t i = 0, half;
    for (; i < n; i += 4 * w) {
        const double *p = a + i, *q = b + i;
        if (i + 4 * w > n) {                                            /* the tail, padded with zeros, into the same lanes */
            memset(tail, 0, sizeof(tail));
            memcpy(tail, p, (n - i) * sizeof(double));
            memcpy(tail + 4 * w, q, (n - i) * sizeof(double));
            p = tail; q = tail + 4 * w;
        }
        sum0_f64x2 = SPHERE_SH_MADD_F64X2_(vld1q_f64(p), vld1q_f64(q), sum0_f64x2);
        sum1_f64x2 = SPHERE_SH_MADD_F64X2_(vld1q_f64(p + w), vld1q_f64(q + w), sum1_f64x2);
        sum2_f64x2 = SPHERE_SH_MADD_F64X2_(vld1q_f64(p + 2 * w), vld1q_f64(q + 2 * w), sum2_f64x2);
        sum3_f64x2 = SPHERE_SH_MADD_F64X2_(vld1q_f64(p + 3 * w), vld1q_f64(q + 3 * w), sum3_f64x2);
    }
    vst1q_f64(lane, sum0_f64x2); vst1q_f64(lane + w, sum1_f64x2); vst1q_f64(lane + 2 * w, sum2_f64x2); vst1q_f64(lane + 3 * w, sum3_f64x2);
    for (half = 2 * w; half; half /= 2) for (i = 0; i < half; i++) lane[i] = lane[i] + lane[i + half];
    return sphere_sh_canonical_double_(lane[0]);
}
#endif

#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ SPHERE_INLINE_ __m256d sphere_shd_coef_canonical_avx2_(__m256d v_f64x4)
{ return _mm256_blendv_pd(v_f64x4, _mm256_set1_pd(sphere_sh_nan_double_()), _mm256_cmp_pd(v_f64x4, v_f64x4, _CMP_UNORD_Q)); }
#endif
#if SPHERE_NEON_
SPHERE_INLINE_ float64x2_t sphere_shd_coef_canonical_neon_(float64x2_t v_f64x2) { return vbslq_f64(vceqq_f64(v_f64x2, v_f64x2), v_f64x2, vdupq_n_f64(sphere_sh_nan_double_())); }
#endif

/* >>kernel matrix: y = M x, M column after column, `stride` apart, each padded to whole vectors; columns in ascending order. y may not
   be x. A NaN is stored as the one NaN. */
static void sphere_shd_matrix_c_(double *y, const double *matrix, size_t stride, const double *x, size_t rows, size_t columns)
{
    size_t i, j;
    for (i = 0; i < rows; i++) {
        double sum = 0;
        for (j = 0; j < columns; j++) sum = SPHERE_MADD_(matrix[j * stride + i], x[j], sum);
        y[i] = sphere_sh_canonical_double_(sum);
    }
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_shd_matrix_avx2_(double *y, const double *matrix, size_t stride, const double *x, size_t rows, size_t columns)
{
    const size_t w = SPHERE_SHD_AVX2_LANES_;
    size_t i = 0, j;
    for (; i + 3 * w < rows; i += 4 * w) {                              /* four sums at once hide the latency of one */
        __m256d sum0_f64x4 = _mm256_setzero_pd(), sum1_f64x4 = sum0_f64x4, sum2_f64x4 = sum0_f64x4, sum3_f64x4 = sum0_f64x4;
        for (j = 0; j < columns; j++) {
            const double *p = matrix + j * stride + i;
            const __m256d x_f64x4 = _mm256_set1_pd(x[j]);
            sum0_f64x4 = SPHERE_SH_MADD_F64X4_(_mm256_loadu_pd(p), x_f64x4, sum0_f64x4);
            sum1_f64x4 = SPHERE_SH_MADD_F64X4_(_mm256_loadu_pd(p + w), x_f64x4, sum1_f64x4);
            sum2_f64x4 = SPHERE_SH_MADD_F64X4_(_mm256_loadu_pd(p + 2 * w), x_f64x4, sum2_f64x4);
            sum3_f64x4 = SPHERE_SH_MADD_F64X4_(_mm256_loadu_pd(p + 3 * w), x_f64x4, sum3_f64x4);
        }
        _mm256_storeu_pd(y + i, sphere_shd_coef_canonical_avx2_(sum0_f64x4));
        _mm256_storeu_pd(y + i + w, sphere_shd_coef_canonical_avx2_(sum1_f64x4));
        _mm256_storeu_pd(y + i + 2 * w, sphere_shd_coef_canonical_avx2_(sum2_f64x4));
        if (i + 4 * w <= rows) _mm256_storeu_pd(y + i + 3 * w, sphere_shd_coef_canonical_avx2_(sum3_f64x4));
        else sphere_shd_store_some_(y + i + 3 * w, sphere_shd_coef_canonical_avx2_(sum3_f64x4), rows - i - 3 * w);
    }
    for (; i + w < rows; i += 2 * w) {
        __m256d sum0_f64x4 = _mm256_setzero_pd(), sum1_f64x4 = sum0_f64x4;
        for (j = 0; j < columns; j++) {
            const double *p = matrix + j * stride + i;
            const __m256d x_f64x4 = _mm256_set1_pd(x[j]);
            sum0_f64x4 = SPHERE_SH_MADD_F64X4_(_mm256_loadu_pd(p), x_f64x4, sum0_f64x4);
            sum1_f64x4 = SPHERE_SH_MADD_F64X4_(_mm256_loadu_pd(p + w), x_f64x4, sum1_f64x4);
        }
        _mm256_storeu_pd(y + i, sphere_shd_coef_canonical_avx2_(sum0_f64x4));
        sphere_shd_store_some_(y + i + w, sphere_shd_coef_canonical_avx2_(sum1_f64x4), rows - i - w);
    }
    if (i < rows) {
        __m256d sum_f64x4 = _mm256_setzero_pd();
        for (j = 0; j < columns; j++) sum_f64x4 = SPHERE_SH_MADD_F64X4_(_mm256_loadu_pd(matrix + j * stride + i), _mm256_set1_pd(x[j]), sum_f64x4);
        sphere_shd_store_some_(y + i, sphere_shd_coef_canonical_avx2_(sum_f64x4), rows - i);
    }
}
#endif
#if SPHERE_NEON_
static void sphere_shd_matrix_neon_(double *y, const double *matrix, size_t stride, const double *x, size_t rows, size_t columns)
{
    const size_t w = SPHERE_SHD_NEON_LANES_;
    size_t i = 0, j;
    for (; i < rows; i += 2 * w) {
        float64x2_t sum0_f64x2 = vdupq_n_f64(0), sum1_f64x2 = sum0_f64x2;
        for (j = 0; j < columns; j++) {
            const double *p = matrix + j * stride + i;
            const float64x2_t x_f64x2 = vdupq_n_f64(x[j]);
            sum0_f64x2 = SPHERE_SH_MADD_F64X2_(vld1q_f64(p), x_f64x2, sum0_f64x2);
            sum1_f64x2 = SPHERE_SH_MADD_F64X2_(vld1q_f64(p + w), x_f64x2, sum1_f64x2);
        }
        if (i + 2 * w <= rows) { vst1q_f64(y + i, sphere_shd_coef_canonical_neon_(sum0_f64x2)); vst1q_f64(y + i + w, sphere_shd_coef_canonical_neon_(sum1_f64x2)); }
        else {
            double tail[2 * SPHERE_SHD_NEON_LANES_];
            vst1q_f64(tail, sphere_shd_coef_canonical_neon_(sum0_f64x2)); vst1q_f64(tail + w, sphere_shd_coef_canonical_neon_(sum1_f64x2));
            memcpy(y + i, tail, (rows - i) * sizeof(double));
        }
    }
}
#endif

/* >>kernel rotate: one expansion by the matrices of its degrees 0 .. degree, one behind the other. out is not in. */
static void sphere_shd_rotate_c_(double *out, const double *in, const double *dense, int degree)
{
    int l;
    out[0] = sphere_sh_canonical_double_(in[0]);
    for (l = 1; l <= degree; l++) {
        const size_t rows = 2 * (size_t)l + 1, stride = sphere_sh_pad_(rows, SPHERE_SHD_AVX2_LANES_);
        sphere_shd_matrix_c_(out + l * l, dense, stride, in + l * l, rows, rows);
        dense += rows * stride;
    }
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_shd_rotate_avx2_(double *out, const double *in, const double *dense, int degree)
{
    const size_t w = SPHERE_SHD_AVX2_LANES_;
    int l;
    out[0] = sphere_sh_canonical_double_(in[0]);
    for (l = 1; l <= degree; l++) {
        const size_t rows = 2 * (size_t)l + 1, stride = sphere_sh_pad_(rows, SPHERE_SHD_AVX2_LANES_);
        const double *x = in + l * l;
        double *y = out + l * l;
        size_t j;
        if (rows > 2 * w) sphere_shd_matrix_avx2_(y, dense, stride, x, rows, rows);
        else if (rows > w) {
            __m256d sum0_f64x4 = _mm256_setzero_pd(), sum1_f64x4 = sum0_f64x4;
            for (j = 0; j < rows; j++) {
                const __m256d x_f64x4 = _mm256_set1_pd(x[j]);
                sum0_f64x4 = SPHERE_SH_MADD_F64X4_(_mm256_loadu_pd(dense + 2 * w * j), x_f64x4, sum0_f64x4);
                sum1_f64x4 = SPHERE_SH_MADD_F64X4_(_mm256_loadu_pd(dense + 2 * w * j + w), x_f64x4, sum1_f64x4);
            }
            _mm256_storeu_pd(y, sphere_shd_coef_canonical_avx2_(sum0_f64x4));
            sphere_shd_store_some_(y + w, sphere_shd_coef_canonical_avx2_(sum1_f64x4), rows - w);
        } else {
            __m256d sum_f64x4 = _mm256_setzero_pd();
            for (j = 0; j < rows; j++) sum_f64x4 = SPHERE_SH_MADD_F64X4_(_mm256_loadu_pd(dense + w * j), _mm256_set1_pd(x[j]), sum_f64x4);
            sphere_shd_store_some_(y, sphere_shd_coef_canonical_avx2_(sum_f64x4), rows);
        }
        dense += rows * stride;
    }
}
#endif
#if SPHERE_NEON_
static void sphere_shd_rotate_neon_(double *out, const double *in, const double *dense, int degree)
{
    int l;
    out[0] = sphere_sh_canonical_double_(in[0]);
    for (l = 1; l <= degree; l++) {
        const size_t rows = 2 * (size_t)l + 1, stride = sphere_sh_pad_(rows, SPHERE_SHD_AVX2_LANES_);
        sphere_shd_matrix_neon_(out + l * l, dense, stride, in + l * l, rows, rows);
        dense += rows * stride;
    }
}
#endif

/* >>kernel waves: one block of latitudes of a product, SPHERE_SHD_AVX2_LANES_ of them. First the Fourier series of a field along each
   latitude from its coefficients: order m has the sums c(m) over the cosines and s(m) over the sines, m = -degree .. degree with
   c(-m) = c(m), s(-m) = -s(m), at wave[2 (m + degree)] and the next. values: order after order, degree after degree, `nodes` apart. */
static void sphere_shd_waves_c_(double *wave, const double *a, int degree, const double *values, size_t nodes)
{
    const size_t w = SPHERE_SHD_AVX2_LANES_;
    int l, m;
    size_t i;
    for (m = 0; m <= degree; m++) {
        double *plus = wave + 2 * w * (size_t)(degree + m), *minus = wave + 2 * w * (size_t)(degree - m);
        for (i = 0; i < w; i++) {
            double c = 0, s = 0;
            for (l = m; l <= degree; l++) {
                c = SPHERE_MADD_(values[(size_t)(l - m) * nodes + i], a[l * l + l + m], c);
                if (m) s = SPHERE_MADD_(values[(size_t)(l - m) * nodes + i], a[l * l + l - m], s);
            }
            plus[i] = minus[i] = c;
            plus[w + i] = s;
            minus[w + i] = -s;
        }
        values += (size_t)(degree - m + 1) * nodes;
    }
}
/* >>kernel fold: the product of two such series, orders 0 .. degree of it, c(m) at out[2 m] and s(m) at the next, `nodes` apart. */
static void sphere_shd_fold_c_(double *out, size_t nodes, const double *a, int degree_a, const double *b, int degree_b, int degree)
{
    const size_t w = SPHERE_SHD_AVX2_LANES_;
    int k, m;
    size_t i;
    for (m = 0; m <= degree; m++, out += 2 * nodes) {
        const int first = m - degree_b > -degree_a ? m - degree_b : -degree_a, last = m + degree_b < degree_a ? m + degree_b : degree_a;
        for (i = 0; i < w; i++) {
            double c0 = 0, c1 = 0, s0 = 0, s1 = 0;
            for (k = first; k <= last; k++) {
                const double *p = a + 2 * w * (size_t)(degree_a + k) + i, *q = b + 2 * w * (size_t)(degree_b + m - k) + i;
                const double minus = a[2 * w * (size_t)(degree_a - k) + w + i];
                c0 = SPHERE_MADD_(p[0], q[0], c0); c1 = SPHERE_MADD_(minus, q[w], c1);
                s0 = SPHERE_MADD_(p[0], q[w], s0); s1 = SPHERE_MADD_(p[w], q[0], s1);
            }
            out[i] = c0 + c1;
            out[nodes + i] = s0 + s1;
        }
    }
}
/* >>kernel analyse: sums over the latitudes of the series of a product, times weights, which are its coefficients: a row over the degrees for
   each order and latitude, padded to whole vectors. Latitudes in ascending order; a NaN is stored as the one NaN. */
static void sphere_shd_analyse_c_(double *out, const double *series, size_t nodes, size_t exact, const double *weights, int degree)
{
    int l, m;
    size_t j;
    for (m = 0; m <= degree; m++, series += 2 * nodes) {
        const size_t width = sphere_sh_pad_((size_t)(degree - m) + 1, SPHERE_SHD_AVX2_LANES_);
        for (l = m; l <= degree; l++) {
            double c = 0, s = 0;
            for (j = 0; j < exact; j++) {
                c = SPHERE_MADD_(weights[j * width + (size_t)(l - m)], series[j], c);
                s = SPHERE_MADD_(weights[j * width + (size_t)(l - m)], series[nodes + j], s);
            }
            if (m) out[l * l + l - m] = sphere_sh_canonical_double_(s);
            out[l * l + l + m] = sphere_sh_canonical_double_(c);
        }
        weights += nodes * width;
    }
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_shd_waves_avx2_(double *wave, const double *a, int degree, const double *values, size_t nodes)
{
    const size_t w = SPHERE_SHD_AVX2_LANES_;
    int l, m;
    for (m = 0; m <= degree; m++) {
        double *plus = wave + 2 * w * (size_t)(degree + m), *minus = wave + 2 * w * (size_t)(degree - m);
        __m256d c_f64x4 = _mm256_setzero_pd(), s_f64x4 = c_f64x4;
        if (m == 0) for (l = 0; l <= degree; l++) c_f64x4 = SPHERE_SH_MADD_F64X4_(_mm256_loadu_pd(values + (size_t)l * nodes), _mm256_set1_pd(a[l * l + l]), c_f64x4);
        else for (l = m; l <= degree; l++) {
            const __m256d v_f64x4 = _mm256_loadu_pd(values + (size_t)(l - m) * nodes);
            c_f64x4 = SPHERE_SH_MADD_F64X4_(v_f64x4, _mm256_set1_pd(a[l * l + l + m]), c_f64x4);
            s_f64x4 = SPHERE_SH_MADD_F64X4_(v_f64x4, _mm256_set1_pd(a[l * l + l - m]), s_f64x4);
        }
        _mm256_storeu_pd(plus, c_f64x4);
        _mm256_storeu_pd(minus, c_f64x4);
        _mm256_storeu_pd(plus + w, s_f64x4);
        _mm256_storeu_pd(minus + w, _mm256_xor_pd(s_f64x4, _mm256_set1_pd(-0.0)));
        values += (size_t)(degree - m + 1) * nodes;
    }
}
SPHERE_TARGET_AVX2_ static void sphere_shd_fold_avx2_(double *out, size_t nodes, const double *a, int degree_a, const double *b, int degree_b, int degree)
{
    const size_t w = SPHERE_SHD_AVX2_LANES_;
    int k, m;
    for (m = 0; m <= degree; m++, out += 2 * nodes) {
        const int first = m - degree_b > -degree_a ? m - degree_b : -degree_a, last = m + degree_b < degree_a ? m + degree_b : degree_a;
        __m256d c0_f64x4 = _mm256_setzero_pd(), c1_f64x4 = c0_f64x4, s0_f64x4 = c0_f64x4, s1_f64x4 = c0_f64x4;
        for (k = first; k <= last; k++) {
            const double *p = a + 2 * w * (size_t)(degree_a + k), *q = b + 2 * w * (size_t)(degree_b + m - k);
            const __m256d pc_f64x4 = _mm256_loadu_pd(p), qc_f64x4 = _mm256_loadu_pd(q), qs_f64x4 = _mm256_loadu_pd(q + w);
            c0_f64x4 = SPHERE_SH_MADD_F64X4_(pc_f64x4, qc_f64x4, c0_f64x4);
            c1_f64x4 = SPHERE_SH_MADD_F64X4_(_mm256_loadu_pd(a + 2 * w * (size_t)(degree_a - k) + w), qs_f64x4, c1_f64x4);       /* -s(k) s(m - k) */
            s0_f64x4 = SPHERE_SH_MADD_F64X4_(pc_f64x4, qs_f64x4, s0_f64x4);
            s1_f64x4 = SPHERE_SH_MADD_F64X4_(_mm256_loadu_pd(p + w), qc_f64x4, s1_f64x4);
        }
        _mm256_storeu_pd(out, _mm256_add_pd(c0_f64x4, c1_f64x4));
        _mm256_storeu_pd(out + nodes, _mm256_add_pd(s0_f64x4, s1_f64x4));
    }
}
SPHERE_TARGET_AVX2_ static void sphere_shd_analyse_avx2_(double *out, const double *series, size_t nodes, size_t exact, const double *weights, int degree)
{
    const size_t w = SPHERE_SHD_AVX2_LANES_;
    double lane[2 * SPHERE_SHD_AVX2_LANES_];
    int l, m;
    size_t i, j;
    for (m = 0; m <= degree; m++, series += 2 * nodes) {
        const size_t width = sphere_sh_pad_((size_t)(degree - m) + 1, SPHERE_SHD_AVX2_LANES_);
        for (i = 0; i < width; i += w) {
            __m256d c_f64x4 = _mm256_setzero_pd(), s_f64x4 = c_f64x4;
            for (j = 0; j < exact; j++) {
                const __m256d v_f64x4 = _mm256_loadu_pd(weights + j * width + i);
                c_f64x4 = SPHERE_SH_MADD_F64X4_(v_f64x4, _mm256_set1_pd(series[j]), c_f64x4);
                s_f64x4 = SPHERE_SH_MADD_F64X4_(v_f64x4, _mm256_set1_pd(series[nodes + j]), s_f64x4);
            }
            _mm256_storeu_pd(lane, sphere_shd_coef_canonical_avx2_(c_f64x4));
            _mm256_storeu_pd(lane + w, sphere_shd_coef_canonical_avx2_(s_f64x4));
            for (l = m + (int)i, j = 0; l <= degree && j < w; l++, j++) {
                if (m) out[l * l + l - m] = lane[w + j];
                out[l * l + l + m] = lane[j];
            }
        }
        weights += nodes * width;
    }
}
#endif
#if SPHERE_NEON_
static void sphere_shd_waves_neon_(double *wave, const double *a, int degree, const double *values, size_t nodes)
{
    const size_t w = SPHERE_SHD_AVX2_LANES_;                             /* a block is two vectors here */
    int l, m;
    size_t i;
    for (m = 0; m <= degree; m++) {
        double *plus = wave + 2 * w * (size_t)(degree + m), *minus = wave + 2 * w * (size_t)(degree - m);
        for (i = 0; i < w; i += SPHERE_SHD_NEON_LANES_) {
            float64x2_t c_f64x2 = vdupq_n_f64(0), s_f64x2 = c_f64x2;
            for (l = m; l <= degree; l++) {
                const float64x2_t v_f64x2 = vld1q_f64(values + (size_t)(l - m) * nodes + i);
                c_f64x2 = SPHERE_SH_MADD_F64X2_(v_f64x2, vdupq_n_f64(a[l * l + l + m]), c_f64x2);
                if (m) s_f64x2 = SPHERE_SH_MADD_F64X2_(v_f64x2, vdupq_n_f64(a[l * l + l - m]), s_f64x2);
            }
            vst1q_f64(plus + i, c_f64x2);
            vst1q_f64(minus + i, c_f64x2);
            vst1q_f64(plus + w + i, s_f64x2);
            vst1q_f64(minus + w + i, vnegq_f64(s_f64x2));
        }
        values += (size_t)(degree - m + 1) * nodes;
    }
}
static void sphere_shd_fold_neon_(double *out, size_t nodes, const double *a, int degree_a, const double *b, int degree_b, int degree)
{
    const size_t w = SPHERE_SHD_AVX2_LANES_;
    int k, m;
    size_t i;
    for (m = 0; m <= degree; m++, out += 2 * nodes) {
        const int first = m - degree_b > -degree_a ? m - degree_b : -degree_a, last = m + degree_b < degree_a ? m + degree_b : degree_a;
        for (i = 0; i < w; i += SPHERE_SHD_NEON_LANES_) {
            float64x2_t c0_f64x2 = vdupq_n_f64(0), c1_f64x2 = c0_f64x2, s0_f64x2 = c0_f64x2, s1_f64x2 = c0_f64x2;
            for (k = first; k <= last; k++) {
                const double *p = a + 2 * w * (size_t)(degree_a + k) + i, *q = b + 2 * w * (size_t)(degree_b + m - k) + i;
                const float64x2_t pc_f64x2 = vld1q_f64(p), qc_f64x2 = vld1q_f64(q), qs_f64x2 = vld1q_f64(q + w);
                c0_f64x2 = SPHERE_SH_MADD_F64X2_(pc_f64x2, qc_f64x2, c0_f64x2);
                c1_f64x2 = SPHERE_SH_MADD_F64X2_(vld1q_f64(a + 2 * w * (size_t)(degree_a - k) + w + i), qs_f64x2, c1_f64x2);     /* -s(k) s(m - k) */
                s0_f64x2 = SPHERE_SH_MADD_F64X2_(pc_f64x2, qs_f64x2, s0_f64x2);
                s1_f64x2 = SPHERE_SH_MADD_F64X2_(vld1q_f64(p + w), qc_f64x2, s1_f64x2);
            }
            vst1q_f64(out + i, vaddq_f64(c0_f64x2, c1_f64x2));
            vst1q_f64(out + nodes + i, vaddq_f64(s0_f64x2, s1_f64x2));
        }
    }
}
static void sphere_shd_analyse_neon_(double *out, const double *series, size_t nodes, size_t exact, const double *weights, int degree)
{
    const size_t w = SPHERE_SHD_NEON_LANES_;
    double lane[2 * SPHERE_SHD_NEON_LANES_];
    int l, m;
    size_t i, j;
    for (m = 0; m <= degree; m++, series += 2 * nodes) {
        const size_t width = sphere_sh_pad_((size_t)(degree - m) + 1, SPHERE_SHD_AVX2_LANES_);
        for (i = 0; i < width; i += w) {
            float64x2_t c_f64x2 = vdupq_n_f64(0), s_f64x2 = c_f64x2;
            for (j = 0; j < exact; j++) {
                const float64x2_t v_f64x2 = vld1q_f64(weights + j * width + i);
                c_f64x2 = SPHERE_SH_MADD_F64X2_(v_f64x2, vdupq_n_f64(series[j]), c_f64x2);
                s_f64x2 = SPHERE_SH_MADD_F64X2_(v_f64x2, vdupq_n_f64(series[nodes + j]), s_f64x2);
            }
            vst1q_f64(lane, sphere_shd_coef_canonical_neon_(c_f64x2));
            vst1q_f64(lane + w, sphere_shd_coef_canonical_neon_(s_f64x2));
            for (l = m + (int)i, j = 0; l <= degree && j < w; l++, j++) {
                if (m) out[l * l + l - m] = lane[w + j];
                out[l * l + l + m] = lane[j];
            }
        }
        weights += nodes * width;
    }
}
#endif

/* The kernels of one level. */
typedef struct sphere_shd_coef_kernels_ {
    double (*dot)(const double *a, const double *b, size_t n);
    void (*matrix)(double *y, const double *matrix, size_t stride, const double *x, size_t rows, size_t columns);
    void (*rotate)(double *out, const double *in, const double *dense, int degree);
    void (*waves)(double *wave, const double *a, int degree, const double *values, size_t nodes);
    void (*fold)(double *out, size_t nodes, const double *a, int degree_a, const double *b, int degree_b, int degree);
    void (*analyse)(double *out, const double *series, size_t nodes, size_t exact, const double *weights, int degree);
} sphere_shd_coef_kernels_;
SPHERE_INLINE_ const sphere_shd_coef_kernels_ *sphere_shd_coef_kernels_for_(sphere_simd level)
{
    static const sphere_shd_coef_kernels_ portable = { sphere_shd_dot_c_, sphere_shd_matrix_c_, sphere_shd_rotate_c_, sphere_shd_waves_c_, sphere_shd_fold_c_,
        sphere_shd_analyse_c_ };
#if SPHERE_AVX2_
    static const sphere_shd_coef_kernels_ avx2 = { sphere_shd_dot_avx2_, sphere_shd_matrix_avx2_, sphere_shd_rotate_avx2_, sphere_shd_waves_avx2_, sphere_shd_fold_avx2_,
        sphere_shd_analyse_avx2_ };
    if (level == SPHERE_SIMD_AVX2) return &avx2;
#endif
#if SPHERE_NEON_
    static const sphere_shd_coef_kernels_ neon = { sphere_shd_dot_neon_, sphere_shd_matrix_neon_, sphere_shd_rotate_neon_, sphere_shd_waves_neon_, sphere_shd_fold_neon_,
        sphere_shd_analyse_neon_ };
    if (level == SPHERE_SIMD_NEON) return &neon;
#endif
    (void)level;
    return &portable;
}
/* sphere-sh double end coef-kernels */

/* sphere-sh float begin coef-functions */
SPHERE_SH_API sphere_status sphere_sh_convert(int degree, const sphere_sh_convention *from, const float *in, const sphere_sh_convention *to,
                                              float *out, size_t count)
{
    const sphere_sh_convention ours = sphere_sh_convention_of(SPHERE_SH_OURS), *f = from ? from : &ours, *t = to ? to : &ours;
    const size_t in_size = sphere_sh_convention_size(degree, f), out_size = sphere_sh_convention_size(degree, t);
    const size_t in_bytes = sphere_size_(sphere_size_(in_size, count, 0), sizeof(float), 0), out_bytes = sphere_size_(sphere_size_(out_size, count, 0), sizeof(float), 0);
    const size_t in_step = f->interleaved ? count : 1, out_step = t->interleaved ? count : 1;
    size_t v;
    int l, m;
    if (!in_size || !out_size) return sphere_sh_convention_ok_(degree, f) && sphere_sh_convention_ok_(degree, t) ? SPHERE_E_SIZE : SPHERE_E_RANGE;
    if (in_bytes == SIZE_MAX || out_bytes == SIZE_MAX) return SPHERE_E_SIZE;
    if (count == 0) return SPHERE_OK;
    if (!in || !out) return SPHERE_E_NULL;
    if (sphere_overlap_(in, in_bytes, out, out_bytes)) return SPHERE_E_OVERLAP;
    for (l = 0; l <= degree; l++) for (m = 0; m <= l; m++) {
        const double cosines = sphere_sh_norm_factor_(f, t, l, m), sines = sphere_sh_norm_factor_(f, t, l, -m);
        const double in_sign = f->condon_shortley && (m & 1) ? -1 : 1, out_sign = t->condon_shortley && (m & 1) ? -1 : 1;
        const size_t in_c = sphere_sh_place_(f->storage, degree, l, m, 0) * in_step, in_s = m ? sphere_sh_place_(f->storage, degree, l, m, 1) * in_step : 0;
        const size_t out_c = sphere_sh_place_(t->storage, degree, l, m, 0) * out_step, out_s = m ? sphere_sh_place_(t->storage, degree, l, m, 1) * out_step : 0;
        for (v = 0; v < count; v++) {
            const float *p = in + (f->interleaved ? v : v * in_size);
            float *q = out + (t->interleaved ? v : v * out_size);
            double c = (double)p[in_c], s = m ? (double)p[in_s] : 0;
            if (f->storage == SPHERE_SH_COMPLEX && m) {                 /* the real part of the field */
                const double im = (double)p[in_c + in_step], minus = (double)p[in_s + in_step];
                c = (in_sign * c + s) * SPHERE_SH_SQRT_HALF_;
                s = (minus - in_sign * im) * SPHERE_SH_SQRT_HALF_;
            } else if (f->storage == SPHERE_SH_COMPLEX_HALF && m) {
                c *= in_sign * 1.4142135623730951;
                s = -in_sign * 1.4142135623730951 * (double)p[in_c + in_step];
            } else if (f->storage == SPHERE_SH_SHADER) {
                if (l == 2 && m == 0) c /= 3;
                if (l == 0) c += (double)p[6 * in_step] / 3;
            } else { c *= in_sign; s *= in_sign; }
            c *= cosines; s *= sines;
            if (t->storage == SPHERE_SH_COMPLEX && m) {
                q[out_c] = sphere_canonical_((float)(out_sign * SPHERE_SH_SQRT_HALF_ * c));
                q[out_c + out_step] = sphere_canonical_((float)(-out_sign * SPHERE_SH_SQRT_HALF_ * s));
                q[out_s] = sphere_canonical_((float)(SPHERE_SH_SQRT_HALF_ * c));
                q[out_s + out_step] = sphere_canonical_((float)(SPHERE_SH_SQRT_HALF_ * s));
            } else if (t->storage == SPHERE_SH_COMPLEX_HALF && m) {
                q[out_c] = sphere_canonical_((float)(out_sign * SPHERE_SH_SQRT_HALF_ * c));
                q[out_c + out_step] = sphere_canonical_((float)(-out_sign * SPHERE_SH_SQRT_HALF_ * s));
            } else if (t->storage == SPHERE_SH_COMPLEX || t->storage == SPHERE_SH_COMPLEX_HALF) {
                q[out_c] = sphere_canonical_((float)c);
                q[out_c + out_step] = 0;
            } else if (t->storage == SPHERE_SH_SHADER && l == 2 && m == 0) {
                q[out_c] = sphere_canonical_((float)(3 * c));
                q[3 * out_step] = sphere_canonical_((float)((double)q[3 * out_step] - c));
            } else {
                q[out_c] = sphere_canonical_((float)(out_sign * c));
                if (m) q[out_s] = sphere_canonical_((float)(out_sign * s));
            }
        }
    }
    return SPHERE_OK;
}
SPHERE_SH_API sphere_status sphere_sh_combine(int degree, float alpha, const float *a, float beta, const float *b, float *out)
{
    const size_t n = sphere_sh_degree_ok_(degree) ? sphere_sh_count_(degree) : 0, bytes = n * sizeof(float);
    size_t i;
    if (!n) return SPHERE_E_RANGE;
    if (!a || !out) return SPHERE_E_NULL;
    if (!(alpha == alpha) || !(beta == beta)) return SPHERE_E_NAN;
    if ((a != out && sphere_overlap_(a, bytes, out, bytes)) || (b != out && sphere_overlap_(b, bytes, out, bytes))) return SPHERE_E_OVERLAP;
    if (b) for (i = 0; i < n; i++) out[i] = sphere_canonical_(alpha * a[i] + beta * b[i]);
    else for (i = 0; i < n; i++) out[i] = sphere_canonical_(alpha * a[i]);
    return SPHERE_OK;
}
SPHERE_SH_API sphere_status sphere_sh_dot(int degree, const float *a, const float *b, float *result, const sphere_exec *exec)
{
    const sphere_simd level = sphere_simd_pick_(exec);
    if (!sphere_sh_degree_ok_(degree)) return SPHERE_E_RANGE;
    if (!a || !b || !result) return SPHERE_E_NULL;
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    *result = sphere_sh_coef_kernels_for_(level)->dot(a, b, sphere_sh_count_(degree));
    return SPHERE_OK;
}
SPHERE_SH_API sphere_status sphere_sh_spectrum(int degree, const float *a, const float *b, float *spectrum, const sphere_exec *exec)
{
    const sphere_simd level = sphere_simd_pick_(exec);
    const size_t bytes = sphere_sh_degree_ok_(degree) ? sphere_sh_count_(degree) * sizeof(float) : 0;
    size_t l;
    if (!bytes) return SPHERE_E_RANGE;
    if (!a || !spectrum) return SPHERE_E_NULL;
    if (!b) b = a;
    if (sphere_overlap_(a, bytes, spectrum, ((size_t)degree + 1) * sizeof(float)) || sphere_overlap_(b, bytes, spectrum, ((size_t)degree + 1) * sizeof(float))) return SPHERE_E_OVERLAP;
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    for (l = 0; l <= (size_t)degree; l++) spectrum[l] = sphere_sh_coef_kernels_for_(level)->dot(a + l * l, b + l * l, 2 * l + 1);
    return SPHERE_OK;
}
/* out = in times factor[l], times sqrt(4 pi / (2 l + 1)) for a convolution. */
static sphere_status sphere_sh_scale_degrees_(int degree, const float *in, const float *factor, float *out, int zonal)
{
    const size_t bytes = sphere_sh_degree_ok_(degree) ? sphere_sh_count_(degree) * sizeof(float) : 0;
    size_t l, i;
    if (!bytes) return SPHERE_E_RANGE;
    if (!in || !factor || !out) return SPHERE_E_NULL;
    if ((in != out && sphere_overlap_(in, bytes, out, bytes)) || sphere_overlap_(factor, ((size_t)degree + 1) * sizeof(float), out, bytes)) return SPHERE_E_OVERLAP;
    for (l = 0; l <= (size_t)degree; l++) {
        const float f = zonal ? (float)((double)factor[l] * (SPHERE_SH_SQRT_4PI_ / sphere_sqrt_double_((double)(2 * l + 1)))) : factor[l];
        for (i = l * l; i < (l + 1) * (l + 1); i++) out[i] = sphere_canonical_(f * in[i]);
    }
    return SPHERE_OK;
}
SPHERE_SH_API sphere_status sphere_sh_filter(int degree, const float *in, const float *factor, float *out)
{
    return sphere_sh_scale_degrees_(degree, in, factor, out, 0);
}
SPHERE_SH_API sphere_status sphere_sh_convolve(int degree, const float *in, const float *kernel, float *out)
{
    return sphere_sh_scale_degrees_(degree, in, kernel, out, 1);
}
SPHERE_SH_API sphere_status sphere_sh_window(int degree, sphere_sh_window_kind kind, float width, float *factor)
{
    double w = (double)width;
    int l;
    if (!sphere_sh_degree_ok_(degree) || (unsigned)kind > (unsigned)SPHERE_SH_WINDOW_LAPLACE) return SPHERE_E_RANGE;
    if (!factor) return SPHERE_E_NULL;
    if (!(w == w)) return SPHERE_E_NAN;
    if (!(w >= 0 && w < sphere_sh_inf_double_())) return SPHERE_E_RANGE;
    if (!(w > 0) && kind != SPHERE_SH_WINDOW_LAPLACE) w = kind == SPHERE_SH_WINDOW_GAUSS ? 1 / (double)(degree + 1) : degree + 1;
    for (l = 0; l <= degree; l++) factor[l] = (float)sphere_sh_window_at_(kind, w, l);
    return SPHERE_OK;
}
SPHERE_SH_API sphere_status sphere_sh_dering(int degree, const float *in, float least, float *out, float *strength)
{
    double a[(SPHERE_SH_DERING_MAX_ + 1) * (SPHERE_SH_DERING_MAX_ + 1)], low = 0, high = 1e-6, bound;
    const size_t n = degree >= 0 && degree <= SPHERE_SH_DERING_MAX_ ? sphere_sh_count_(degree) : 0;
    size_t i;
    int l, step;
    if (!n) return SPHERE_E_RANGE;
    if (!in || !out) return SPHERE_E_NULL;
    if (!(least == least)) return SPHERE_E_NAN;
    if (!(least < 1)) return SPHERE_E_RANGE;
    if ((in != out && sphere_overlap_(in, n * sizeof(float), out, n * sizeof(float))) || sphere_overlap_(strength, sizeof(float), in, n * sizeof(float))
        || sphere_overlap_(strength, sizeof(float), out, n * sizeof(float))) return SPHERE_E_OVERLAP;
    for (i = 0; i < n; i++) {
        if (!(in[i] == in[i])) return SPHERE_E_NAN;
        if (!(in[i] - in[i] == 0)) return SPHERE_E_RANGE;
        a[i] = (double)in[i];
    }
    bound = (double)least * a[0] / SPHERE_SH_SQRT_4PI_;
    if (!(a[0] > 0) || sphere_sh_lowest_(degree, a, 0) >= bound) high = 0;
    else {
        for (step = 0; step < 60 && !(sphere_sh_lowest_(degree, a, high) >= bound); step++) { low = high; high *= 4; }
        for (step = 0; step < 24; step++) {                             /* `high` always keeps the bound */
            const double middle = 0.5 * (low + high);
            if (sphere_sh_lowest_(degree, a, middle) >= bound) high = middle;
            else low = middle;
        }
    }
    for (l = 0; l <= degree; l++) for (i = (size_t)(l * l); i < (size_t)((l + 1) * (l + 1)); i++)
        out[i] = (float)(a[i] * sphere_sh_window_at_(SPHERE_SH_WINDOW_LAPLACE, high, l));
    if (strength) *strength = (float)high;
    return SPHERE_OK;
}
SPHERE_SH_API sphere_status sphere_sh_rotate_z(int degree, float angle, const float *in, float *out, size_t count)
{
    const size_t n = sphere_sh_degree_ok_(degree) ? sphere_sh_count_(degree) : 0, bytes = sphere_size_(sphere_size_(n, count, 0), sizeof(float), 0);
    size_t v;
    int l, m;
    if (!n) return SPHERE_E_RANGE;
    if (!(angle == angle)) return SPHERE_E_NAN;
    if (!(angle >= -1e6f && angle <= 1e6f)) return SPHERE_E_RANGE;
    if (bytes == SIZE_MAX) return SPHERE_E_SIZE;
    if (count == 0) return SPHERE_OK;
    if (!in || !out) return SPHERE_E_NULL;
    if (in != out && sphere_overlap_(in, bytes, out, bytes)) return SPHERE_E_OVERLAP;
    for (m = 0; m <= degree; m++) {
        double turn[2], unit[2] = { 1, 0 };
        float c, s;
        if (m) { sphere_sh_sincos_double_((double)angle, &unit[1], &unit[0]); sphere_sh_powers_(unit, m, 1, &turn[0], &turn[1]); } else { turn[0] = 1; turn[1] = 0; }
        c = (float)turn[0]; s = (float)turn[1];
        for (v = 0; v < count; v++) for (l = m; l <= degree; l++) {
            const size_t plus = v * n + (size_t)l * (size_t)l + (size_t)l + (size_t)m, minus = plus - 2 * (size_t)m;
            const float p = in[plus], q = in[minus];
            if (m == 0) { out[plus] = sphere_canonical_(p); continue; }
            out[plus] = sphere_canonical_(c * p - s * q);
            out[minus] = sphere_canonical_(s * p + c * q);
        }
    }
    return SPHERE_OK;
}

/* How many numbers the matrices of the low degrees take. */
SPHERE_INLINE_ size_t sphere_sh_dense_size_(int degree)
{
    size_t size = 0, l;
    for (l = 1; l <= (size_t)degree && l <= SPHERE_SH_ROTATION_DENSE; l++) size += (2 * l + 1) * sphere_sh_pad_(2 * l + 1, SPHERE_SH_AVX2_LANES_);
    return size;
}
SPHERE_SH_API size_t sphere_sh_rotation_size(int degree)
{
    if (!sphere_sh_degree_ok_(degree)) return 0;
    return (sphere_sh_dense_size_(degree) + 6 * ((size_t)degree + 1)) * sizeof(float) + 63;
}
static sphere_status sphere_sh_rotation_init_(sphere_sh_rotation *rotation, int degree, const sphere_sh_turns_ *turns, const sphere_exec *exec, void *memory, size_t bytes)
{
    const sphere_simd level = sphere_simd_pick_(exec);
    const size_t needed = sphere_sh_rotation_size(degree), n = (size_t)(degree < 0 ? 0 : degree) + 1;
    double wedge[(SPHERE_SH_ROTATION_DENSE + 1) * (SPHERE_SH_ROTATION_DENSE + 2) / 2], power[6][SPHERE_SH_ROTATION_DENSE + 1];
    double matrix[2 * SPHERE_SH_ROTATION_DENSE + 1][2 * SPHERE_SH_ROTATION_DENSE + 1];
    double cosine[64], sine[64];
    const double *angles[3];
    float *turn, *dense;
    int i, j, k, l;
    if (!rotation) return SPHERE_E_NULL;
    if (!sphere_sh_degree_ok_(degree)) return SPHERE_E_RANGE;
    if (!memory || bytes < needed) return SPHERE_E_MEMORY;
    if (sphere_overlap_(rotation, sizeof(*rotation), memory, needed)) return SPHERE_E_OVERLAP;
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    dense = (float *)sphere_align_(memory);
    turn = dense + sphere_sh_dense_size_(degree);
    rotation->degree = degree; rotation->improper = turns->improper; rotation->level = level; rotation->turn = turn; rotation->dense = dense;
    if (exec) rotation->exec = *exec; else memset(&rotation->exec, 0, sizeof(rotation->exec));
    angles[0] = turns->a; angles[1] = turns->b; angles[2] = turns->g;
    for (i = 0; i < 3; i++) for (k = 0; k <= degree; k += 64) {
        const int some = degree + 1 - k < 64 ? degree + 1 - k : 64;
        sphere_sh_powers_(angles[i], k, some, cosine, sine);
        for (j = 0; j < some; j++) {
            turn[(size_t)(2 * i) * n + (size_t)(k + j)] = (float)cosine[j]; turn[(size_t)(2 * i + 1) * n + (size_t)(k + j)] = (float)sine[j];
            if (k + j <= SPHERE_SH_ROTATION_DENSE) { power[2 * i][k + j] = cosine[j]; power[2 * i + 1][k + j] = sine[j]; }
        }
    }
    for (l = 1; l <= degree && l <= SPHERE_SH_ROTATION_DENSE; l++) {
        const size_t rows = 2 * (size_t)l + 1, stride = sphere_sh_pad_(rows, SPHERE_SH_AVX2_LANES_);
        size_t r, c;
        sphere_sh_wedge_(l, wedge);
        sphere_sh_dense_(l, wedge, power, turns->improper, matrix);
        for (c = 0; c < rows; c++) for (r = 0; r < stride; r++) dense[c * stride + r] = r < rows ? (float)matrix[c][r] : 0;
        dense += rows * stride;
    }
    return SPHERE_OK;
}
SPHERE_SH_API sphere_status sphere_sh_rotation_matrix(sphere_sh_rotation *rotation, int degree, const float *matrix, const sphere_exec *exec,
                                                      void *memory, size_t bytes)
{
    sphere_sh_turns_ turns;
    sphere_status status;
    double m[9];
    int i;
    if (!matrix) return SPHERE_E_NULL;
    for (i = 0; i < 9; i++) m[i] = (double)matrix[i];
    status = sphere_sh_turns_of_matrix_(m, &turns);
    return status ? status : sphere_sh_rotation_init_(rotation, degree, &turns, exec, memory, bytes);
}
SPHERE_SH_API sphere_status sphere_sh_rotation_quaternion(sphere_sh_rotation *rotation, int degree, const float *quaternion,
                                                          const sphere_exec *exec, void *memory, size_t bytes)
{
    sphere_sh_turns_ turns;
    sphere_status status;
    double q[4];
    int i;
    if (!quaternion) return SPHERE_E_NULL;
    for (i = 0; i < 4; i++) q[i] = (double)quaternion[i];
    status = sphere_sh_turns_scaled_(q, &turns);
    return status ? status : sphere_sh_rotation_init_(rotation, degree, &turns, exec, memory, bytes);
}
SPHERE_SH_API sphere_status sphere_sh_rotation_angles(sphere_sh_rotation *rotation, int degree, float alpha, float beta, float gamma,
                                                      const sphere_exec *exec, void *memory, size_t bytes)
{
    sphere_sh_turns_ turns;
    const sphere_status status = sphere_sh_turns_of_angles_((double)alpha, (double)beta, (double)gamma, &turns);
    return status ? status : sphere_sh_rotation_init_(rotation, degree, &turns, exec, memory, bytes);
}
/* The working memory above the low degrees: the wedge in double, four matrices (the third is there in both directions), and an expansion
   of one degree before and after, sorted into the four sets. */
SPHERE_INLINE_ size_t sphere_sh_half_(int degree) { return sphere_sh_pad_((size_t)degree / 2 + 1, SPHERE_SH_AVX2_LANES_); }
SPHERE_SH_API size_t sphere_sh_rotate_size(int degree)
{
    const size_t n = (size_t)(degree < 0 ? 0 : degree), half = sphere_sh_half_(degree < 0 ? 0 : degree);
    size_t size;
    if (!sphere_sh_degree_ok_(degree) || degree <= SPHERE_SH_ROTATION_DENSE) return 0;
    size = sphere_size_(sphere_size_(n + 1, n + 2, 0) / 2, sizeof(double), 63 + 64);
    size = sphere_size_(sphere_size_(4 * half, n / 2 + 1, 8 * half), sizeof(float), size);
    return size == SIZE_MAX ? 0 : size;
}
/* One turn about z in the four sets: the orders of the sets 0 and 2 belong together, and those of 3 and 1. */
SPHERE_INLINE_ void sphere_sh_turn_sets_(float *x, size_t half, int l, const float *cosine, const float *sine, float sign)
{
    int pair, i;
    for (pair = 0; pair < 2; pair++) {
        const int cosines = pair ? 3 : 0, first = sphere_sh_set_first_(cosines, l), size = sphere_sh_set_size_(cosines, l), zero = first == 0;
        float *c = x + (size_t)cosines * half, *s = x + (size_t)(pair ? 1 : 2) * half;
        for (i = zero; i < size; i++) {
            const float a = c[i], b = s[i - zero], p = cosine[first + 2 * i], q = sign * sine[first + 2 * i];
            c[i] = p * a - q * b;
            s[i - zero] = q * a + p * b;
        }
    }
}
/* The exchange of y and z on degree l as four matrices, from set 0, 1, 3, 2 to set 0, 1, 2, 3, column-major. Each number of the wedge is read once
   and goes to two places: the first two matrices are symmetric, the last two transposes of each other. */
static void sphere_sh_exchange_sets_(float *const *matrix, size_t stride, int l, const double *wedge)
{
    int m, k, set;
    for (m = 0; m <= l; m++) {
        const double *row = wedge + (size_t)m * ((size_t)m + 1) / 2;
        const int same = ((m ^ l) & 1) == 0, first = sphere_sh_set_first_(same ? 0 : 1, l), own = sphere_sh_set_first_(same ? 2 : 3, l), other = sphere_sh_set_first_(same ? 3 : 2, l);
        if (m >= first) {                                               /* pairs of orders within set 0 or 1 */
            float *along = matrix[same ? 0 : 1] + (size_t)((m - first) / 2) * stride, *across = matrix[same ? 0 : 1] + (size_t)((m - first) / 2);
            double sign = ((m - first) / 2) & 1 ? -2 : 2;
            for (k = first; k <= m; k += 2, sign = -sign, along++, across += stride) {
                double v = sign * row[k];
                if (m == 0) v *= SPHERE_SH_SQRT_HALF_;
                if (k == 0) v *= SPHERE_SH_SQRT_HALF_;
                *along = *across = (float)(v > -1e-30 && v < 1e-30 ? 0 : v);       /* subnormal floats would be slow, and change no sum */
            }
        }
        if (m >= own) {                                                 /* pairs of an order of set 2 and one of set 3 */
            float *along = matrix[same ? 3 : 2] + (size_t)((m - own) / 2) * stride, *across = matrix[same ? 2 : 3] + (size_t)((m - own) / 2);
            double sign = ((m - own) / 2) & 1 ? -2 : 2;
            for (k = other; k < m; k += 2, sign = -sign, along++, across += stride) {
                double v = sign * row[k];
                if (k == 0) v *= SPHERE_SH_SQRT_HALF_;
                *along = *across = (float)(v > -1e-30 && v < 1e-30 ? 0 : v);
            }
        }
    }
    for (set = 0; set < 4; set++) {
        const int rows = sphere_sh_set_size_(set, l), columns = sphere_sh_set_size_(set < 2 ? set : 5 - set, l);
        for (m = 0; m < columns; m++) for (k = rows; k < (int)stride; k++) matrix[set][(size_t)m * stride + (size_t)k] = 0;
    }
}
typedef struct sphere_sh_rotate_job_ { const sphere_sh_rotation *rotation; const float *in; float *out; size_t count; } sphere_sh_rotate_job_;
static void sphere_sh_rotate_task_(void *context, size_t task)
{
    const sphere_sh_rotate_job_ *job = (const sphere_sh_rotate_job_ *)context;
    const sphere_sh_rotation *r = job->rotation;
    const sphere_sh_coef_kernels_ *kernels = sphere_sh_coef_kernels_for_(r->level);
    const int low = r->degree < SPHERE_SH_ROTATION_DENSE ? r->degree : SPHERE_SH_ROTATION_DENSE;
    const size_t n = sphere_sh_count_(r->degree), end = job->count - 64 * task < 64 ? job->count : 64 * task + 64;
    size_t v;
    for (v = 64 * task; v < end; v++) {
        if (job->in == job->out) {
            float copy[(SPHERE_SH_ROTATION_DENSE + 1) * (SPHERE_SH_ROTATION_DENSE + 1)];
            memcpy(copy, job->in + v * n, sphere_sh_count_(low) * sizeof(float));
            kernels->rotate(job->out + v * n, copy, r->dense, low);
        } else kernels->rotate(job->out + v * n, job->in + v * n, r->dense, low);
    }
}
SPHERE_SH_API sphere_status sphere_sh_rotate(const sphere_sh_rotation *rotation, const float *in, float *out, size_t count, void *work, size_t bytes)
{
    sphere_sh_rotate_job_ job;
    const sphere_sh_coef_kernels_ *kernels;
    size_t n, all, needed, half, v, columns;
    double *wedge;
    float *matrix[4], *x, *y;
    const float *turn;
    int l, set, i;
    if (!rotation || !rotation->dense) return SPHERE_E_NULL;
    n = sphere_sh_count_(rotation->degree);
    all = sphere_size_(sphere_size_(n, count, 0), sizeof(float), 0);
    needed = sphere_sh_rotate_size(rotation->degree);
    if (all == SIZE_MAX || (!needed && rotation->degree > SPHERE_SH_ROTATION_DENSE)) return SPHERE_E_SIZE;
    if (count == 0) return SPHERE_OK;
    if (!in || !out) return SPHERE_E_NULL;
    if (needed && (!work || bytes < needed)) return SPHERE_E_MEMORY;
    if (in != out && sphere_overlap_(in, all, out, all)) return SPHERE_E_OVERLAP;
    if (needed && (sphere_overlap_(work, needed, in, all) || sphere_overlap_(work, needed, out, all) || sphere_overlap_(work, needed, rotation, sizeof(*rotation)))) return SPHERE_E_OVERLAP;
    if (sphere_overlap_(out, all, rotation, sizeof(*rotation)) || sphere_overlap_(out, all, rotation->dense, sphere_sh_rotation_size(rotation->degree) - 63)) return SPHERE_E_OVERLAP;
    if (needed && sphere_overlap_(work, needed, rotation->dense, sphere_sh_rotation_size(rotation->degree) - 63)) return SPHERE_E_OVERLAP;
    job.rotation = rotation; job.in = in; job.out = out; job.count = count;
    sphere_parallel_(&rotation->exec, (count + 63) / 64, sphere_sh_rotate_task_, &job);
    if (!needed) return SPHERE_OK;
    /* Above: degree after degree, for all vectors. */
    kernels = sphere_sh_coef_kernels_for_(rotation->level);
    wedge = (double *)sphere_align_(work);
    half = sphere_sh_half_(rotation->degree); columns = (size_t)rotation->degree / 2 + 1;
    matrix[0] = (float *)sphere_align_(wedge + ((size_t)rotation->degree + 1) * ((size_t)rotation->degree + 2) / 2);
    for (i = 1; i < 4; i++) matrix[i] = matrix[i - 1] + half * columns;
    x = matrix[3] + half * columns; y = x + 4 * half;
    turn = rotation->turn;
    for (l = SPHERE_SH_ROTATION_DENSE + 1; l <= rotation->degree; l++) {
        const size_t orders = (size_t)rotation->degree + 1, centre = (size_t)l * (size_t)l + (size_t)l, stride = sphere_sh_half_(l);
        const float sign = rotation->improper && (l & 1) ? -1.0f : 1.0f;
        sphere_sh_wedge_(l, wedge);
        sphere_sh_exchange_sets_(matrix, stride, l, wedge);
        for (v = 0; v < count; v++) {
            const float *p = in + v * n + centre;
            float *q = out + v * n + centre;
            int step;
            for (set = 0; set < 4; set++) {
                const int first = sphere_sh_set_first_(set, l), size = sphere_sh_set_size_(set, l), cosines = set == 0 || set == 3;
                for (i = 0; i < size; i++) x[(size_t)set * half + (size_t)i] = p[cosines ? first + 2 * i : -(first + 2 * i)];
            }
            for (step = 0; step < 3; step++) {
                float *swap;
                sphere_sh_turn_sets_(x, half, l, turn + (size_t)(4 - 2 * step) * orders, turn + (size_t)(5 - 2 * step) * orders, step == 1 ? -1.0f : 1.0f);
                if (step == 2) break;
                for (set = 0; set < 4; set++) {
                    const int other = set < 2 ? set : 5 - set;
                    kernels->matrix(y + (size_t)set * half, matrix[set], stride, x + (size_t)other * half, (size_t)sphere_sh_set_size_(set, l), (size_t)sphere_sh_set_size_(other, l));
                }
                swap = x; x = y; y = swap;
            }
            for (set = 0; set < 4; set++) {
                const int first = sphere_sh_set_first_(set, l), size = sphere_sh_set_size_(set, l), cosines = set == 0 || set == 3;
                for (i = 0; i < size; i++) q[cosines ? first + 2 * i : -(first + 2 * i)] = sphere_canonical_(sign * x[(size_t)set * half + (size_t)i]);
            }
        }
    }
    return SPHERE_OK;
}

/* The shape of a product: orders and degrees above degree_a + degree_b are zero. */
SPHERE_INLINE_ int sphere_sh_product_degree_(int degree_a, int degree_b, int degree_out) { return degree_out < degree_a + degree_b ? degree_out : degree_a + degree_b; }
SPHERE_INLINE_ int sphere_sh_product_ok_(int a, int b, int out)
{ return a >= 0 && b >= 0 && out >= 0 && a <= SPHERE_SH_PRODUCT_MAX_DEGREE && b <= SPHERE_SH_PRODUCT_MAX_DEGREE && out <= SPHERE_SH_PRODUCT_MAX_DEGREE; }
SPHERE_INLINE_ int sphere_sh_product_nodes_(int a, int b, int out) { return (a + b + sphere_sh_product_degree_(a, b, out)) / 2 + 1; }
/* Numbers in the table of weights: for each order and latitude a row over the degrees, padded. */
SPHERE_INLINE_ size_t sphere_sh_product_weights_(int degree, size_t nodes)
{
    size_t size = 0;
    int m;
    for (m = 0; m <= degree; m++) size += nodes * sphere_sh_pad_((size_t)(degree - m) + 1, SPHERE_SH_AVX2_LANES_);
    return size;
}
SPHERE_SH_API size_t sphere_sh_product_size(int degree_a, int degree_b, int degree_out)
{
    size_t nodes, most, values;
    if (!sphere_sh_product_ok_(degree_a, degree_b, degree_out)) return 0;
    nodes = sphere_sh_pad_((size_t)sphere_sh_product_nodes_(degree_a, degree_b, degree_out), SPHERE_SH_AVX2_LANES_);
    most = (size_t)(degree_a > degree_b ? degree_a : degree_b);
    values = (degree_a == degree_b ? 1 : 2) * ((most + 1) * (most + 2) / 2) * nodes;
    return (values + sphere_sh_product_weights_(sphere_sh_product_degree_(degree_a, degree_b, degree_out), nodes)) * sizeof(float) + 63;
}
SPHERE_SH_API sphere_status sphere_sh_product_init(sphere_sh_product *product, int degree_a, int degree_b, int degree_out, const sphere_exec *exec,
                                                   void *memory, size_t bytes)
{
    const sphere_simd level = sphere_simd_pick_(exec);
    const size_t needed = sphere_sh_product_size(degree_a, degree_b, degree_out);
    double column[SPHERE_SH_PRODUCT_MAX_DEGREE + 1];
    float *values[2], *weights;
    size_t nodes, j, width;
    int exact, degree, which, l, m;
    if (!product) return SPHERE_E_NULL;
    if (!sphere_sh_product_ok_(degree_a, degree_b, degree_out)) return SPHERE_E_RANGE;
    if (!memory || bytes < needed) return SPHERE_E_MEMORY;
    if (sphere_overlap_(product, sizeof(*product), memory, needed)) return SPHERE_E_OVERLAP;
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    exact = sphere_sh_product_nodes_(degree_a, degree_b, degree_out);
    nodes = sphere_sh_pad_((size_t)exact, SPHERE_SH_AVX2_LANES_);
    degree = sphere_sh_product_degree_(degree_a, degree_b, degree_out);
    values[0] = (float *)sphere_align_(memory);
    values[1] = degree_a == degree_b ? values[0] : values[0] + ((size_t)degree_a + 1) * ((size_t)degree_a + 2) / 2 * nodes;
    weights = values[1] + ((size_t)degree_b + 1) * ((size_t)degree_b + 2) / 2 * nodes;
    product->degree_a = degree_a; product->degree_b = degree_b; product->degree_out = degree_out;
    product->level = level; product->nodes = nodes; product->values = values[0]; product->weights = weights;
    if (exec) product->exec = *exec; else memset(&product->exec, 0, sizeof(product->exec));
    for (j = 0; j < nodes; j++) {
        double z = 0, w = 0, s;
        float *p;
        if (j < (size_t)exact) sphere_sh_gauss_(exact, (int)j, &z, &w);
        s = sphere_sqrt_double_((1 - z) * (1 + z));
        for (which = 0; which < (degree_a == degree_b ? 1 : 2); which++) {
            const int top = which ? degree_b : degree_a;
            for (m = 0, p = values[which] + j; m <= top; m++) {         /* half of them for m > 0: a series is c(m) over +m and -m */
                sphere_sh_legendre_column_(m, top, z, s, column);
                for (l = m; l <= top; l++, p += nodes) *p = j < (size_t)exact ? (float)(m ? 0.5 * column[l - m] : column[l - m]) : 0;
            }
        }
        for (m = 0, p = weights; m <= degree; m++, p += nodes * width) {
            width = sphere_sh_pad_((size_t)(degree - m) + 1, SPHERE_SH_AVX2_LANES_);
            sphere_sh_legendre_column_(m, degree, z, s, column);
            for (l = 0; l < (int)width; l++) p[j * width + (size_t)l] = j < (size_t)exact && l <= degree - m ? (float)(6.283185307179586 * w * column[l]) : 0;
        }
    }
    return SPHERE_OK;
}
/* The two series of a block of latitudes, the series of the product at all latitudes. */
SPHERE_SH_API size_t sphere_sh_multiply_size(const sphere_sh_product *p)
{
    const size_t w = SPHERE_SH_AVX2_LANES_;
    if (!p || !p->values) return 0;
    return (2 * w * (2 * (size_t)p->degree_a + 1) + 2 * w * (2 * (size_t)p->degree_b + 1)
            + 2 * p->nodes * ((size_t)sphere_sh_product_degree_(p->degree_a, p->degree_b, p->degree_out) + 1)) * sizeof(float) + 63;
}
/* The product of two expansions of degree 2 up to degree 2 in closed form: the commonest one, and with 52 Gaunt coefficients of six values
   shorter than any sum over points. The same at every level. */
static void sphere_sh_multiply_2_(float *o, const float *a, const float *b)
{
    const float p = SPHERE_SH_REAL_(0.28209479177387814), q = SPHERE_SH_REAL_(0.12615662610100801), r = SPHERE_SH_REAL_(0.21850968611841585);
    const float d = SPHERE_SH_REAL_(0.18022375157286858), e = SPHERE_SH_REAL_(0.15607834722743988), h = SPHERE_SH_REAL_(0.09011187578643429);
    const float a1 = a[1] * b[1], a2 = a[2] * b[2], a3 = a[3] * b[3], a4 = a[4] * b[4], a5 = a[5] * b[5], a6 = a[6] * b[6], a7 = a[7] * b[7], a8 = a[8] * b[8];
    float t[9], all;
    int i;
#define SPHERE_SH_BOTH_(i, j) (a[i] * b[j] + a[j] * b[i])
    t[0] = p * (((a[0] * b[0] + a1) + (a2 + a3)) + ((a4 + a5) + (a6 + a7)) + a8);
    t[1] = (p * SPHERE_SH_BOTH_(0, 1) - q * SPHERE_SH_BOTH_(1, 6)) + r * ((SPHERE_SH_BOTH_(2, 5) + SPHERE_SH_BOTH_(3, 4)) - SPHERE_SH_BOTH_(1, 8));
    t[2] = (p * SPHERE_SH_BOTH_(0, 2) + (2 * q) * SPHERE_SH_BOTH_(2, 6)) + r * (SPHERE_SH_BOTH_(1, 5) + SPHERE_SH_BOTH_(3, 7));
    t[3] = (p * SPHERE_SH_BOTH_(0, 3) - q * SPHERE_SH_BOTH_(3, 6)) + r * ((SPHERE_SH_BOTH_(1, 4) + SPHERE_SH_BOTH_(2, 7)) + SPHERE_SH_BOTH_(3, 8));
    t[4] = (p * SPHERE_SH_BOTH_(0, 4) - d * SPHERE_SH_BOTH_(4, 6)) + (r * SPHERE_SH_BOTH_(1, 3) + e * SPHERE_SH_BOTH_(5, 7));
    t[5] = (p * SPHERE_SH_BOTH_(0, 5) + h * SPHERE_SH_BOTH_(5, 6)) + (r * SPHERE_SH_BOTH_(1, 2) + e * (SPHERE_SH_BOTH_(4, 7) - SPHERE_SH_BOTH_(5, 8)));
    t[6] = (p * SPHERE_SH_BOTH_(0, 6) + q * (2 * a2 - (a1 + a3))) + (d * (a6 - (a4 + a8)) + h * (a5 + a7));
    t[7] = (p * SPHERE_SH_BOTH_(0, 7) + h * SPHERE_SH_BOTH_(6, 7)) + (r * SPHERE_SH_BOTH_(2, 3) + e * (SPHERE_SH_BOTH_(4, 5) + SPHERE_SH_BOTH_(7, 8)));
    t[8] = (p * SPHERE_SH_BOTH_(0, 8) - d * SPHERE_SH_BOTH_(6, 8)) + (r * (a3 - a1) + e * (a7 - a5));
#undef SPHERE_SH_BOTH_
    all = ((t[0] + t[1]) + (t[2] + t[3])) + ((t[4] + t[5]) + (t[6] + t[7])) + t[8];
    if (!(all == all)) for (i = 0; i < 9; i++) t[i] = sphere_canonical_(t[i]);                  /* one look finds every NaN */
    memcpy(o, t, sizeof(t));
}
SPHERE_SH_API sphere_status sphere_sh_multiply(const sphere_sh_product *product, const float *a, const float *b, float *out, size_t count,
                                               void *work, size_t bytes)
{
    const size_t needed = sphere_sh_multiply_size(product), w = SPHERE_SH_AVX2_LANES_;
    size_t a_size, b_size, out_size, a_bytes, b_bytes, out_bytes, nodes, v, j, i;
    const sphere_sh_coef_kernels_ *kernels;
    float *wave_a, *wave_b, *series;
    size_t exact;
    int degree;
    if (!product || !needed) return SPHERE_E_NULL;
    a_size = sphere_sh_count_(product->degree_a); b_size = sphere_sh_count_(product->degree_b); out_size = sphere_sh_count_(product->degree_out);
    a_bytes = sphere_size_(sphere_size_(a_size, count, 0), sizeof(float), 0);
    b_bytes = sphere_size_(sphere_size_(b_size, count, 0), sizeof(float), 0);
    out_bytes = sphere_size_(sphere_size_(out_size, count, 0), sizeof(float), 0);
    if (a_bytes == SIZE_MAX || b_bytes == SIZE_MAX || out_bytes == SIZE_MAX) return SPHERE_E_SIZE;
    if (count == 0) return SPHERE_OK;
    if (!a || !b || !out) return SPHERE_E_NULL;
    if (!work || bytes < needed) return SPHERE_E_MEMORY;
    if (sphere_overlap_(out, out_bytes, a, a_bytes) || sphere_overlap_(out, out_bytes, b, b_bytes) || sphere_overlap_(work, needed, a, a_bytes)
        || sphere_overlap_(work, needed, b, b_bytes) || sphere_overlap_(work, needed, out, out_bytes)) return SPHERE_E_OVERLAP;
    if (product->degree_a == 2 && product->degree_b == 2 && product->degree_out == 2) {
        for (v = 0; v < count; v++) sphere_sh_multiply_2_(out + 9 * v, a + 9 * v, b + 9 * v);
        return SPHERE_OK;
    }
    kernels = sphere_sh_coef_kernels_for_(product->level);
    nodes = product->nodes;
    degree = sphere_sh_product_degree_(product->degree_a, product->degree_b, product->degree_out);
    wave_a = (float *)sphere_align_(work); wave_b = wave_a + 2 * w * (2 * (size_t)product->degree_a + 1);
    series = wave_b + 2 * w * (2 * (size_t)product->degree_b + 1);
    exact = (size_t)sphere_sh_product_nodes_(product->degree_a, product->degree_b, product->degree_out);
    for (v = 0; v < count; v++) {
        const float *values_b = product->degree_a == product->degree_b ? product->values
                              : product->values + ((size_t)product->degree_a + 1) * ((size_t)product->degree_a + 2) / 2 * nodes;
        float *o = out + v * out_size;
        for (j = 0; j < nodes; j += w) {
            kernels->waves(wave_a, a + v * a_size, product->degree_a, product->values + j, nodes);
            kernels->waves(wave_b, b + v * b_size, product->degree_b, values_b + j, nodes);
            kernels->fold(series + j, nodes, wave_a, product->degree_a, wave_b, product->degree_b, degree);
        }
        kernels->analyse(o, series, nodes, exact, product->weights, degree);
        for (i = sphere_sh_count_(degree); i < out_size; i++) o[i] = 0;
    }
    return SPHERE_OK;
}
/* sphere-sh float end coef-functions */
/* sphere-sh double begin coef-functions: made from the float section by tests/double.py, do not edit */
SPHERE_SH_API sphere_status sphere_shd_convert(int degree, const sphere_sh_convention *from, const double *in, const sphere_sh_convention *to,
                                              double *out, size_t count)
{
    const sphere_sh_convention ours = sphere_sh_convention_of(SPHERE_SH_OURS), *f = from ? from : &ours, *t = to ? to : &ours;
    const size_t in_size = sphere_sh_convention_size(degree, f), out_size = sphere_sh_convention_size(degree, t);
    const size_t in_bytes = sphere_size_(sphere_size_(in_size, count, 0), sizeof(double), 0), out_bytes = sphere_size_(sphere_size_(out_size, count, 0), sizeof(double), 0);
    const size_t in_step = f->interleaved ? count : 1, out_step = t->interleaved ? count : 1;
    size_t v;
    int l, m;
    if (!in_size || !out_size) return sphere_sh_convention_ok_(degree, f) && sphere_sh_convention_ok_(degree, t) ? SPHERE_E_SIZE : SPHERE_E_RANGE;
    if (in_bytes == SIZE_MAX || out_bytes == SIZE_MAX) return SPHERE_E_SIZE;
    if (count == 0) return SPHERE_OK;
    if (!in || !out) return SPHERE_E_NULL;
    if (sphere_overlap_(in, in_bytes, out, out_bytes)) return SPHERE_E_OVERLAP;
    for (l = 0; l <= degree; l++) for (m = 0; m <= l; m++) {
        const double cosines = sphere_sh_norm_factor_(f, t, l, m), sines = sphere_sh_norm_factor_(f, t, l, -m);
        const double in_sign = f->condon_shortley && (m & 1) ? -1 : 1, out_sign = t->condon_shortley && (m & 1) ? -1 : 1;
        const size_t in_c = sphere_sh_place_(f->storage, degree, l, m, 0) * in_step, in_s = m ? sphere_sh_place_(f->storage, degree, l, m, 1) * in_step : 0;
        const size_t out_c = sphere_sh_place_(t->storage, degree, l, m, 0) * out_step, out_s = m ? sphere_sh_place_(t->storage, degree, l, m, 1) * out_step : 0;
        for (v = 0; v < count; v++) {
            const double *p = in + (f->interleaved ? v : v * in_size);
            double *q = out + (t->interleaved ? v : v * out_size);
            double c = (double)p[in_c], s = m ? (double)p[in_s] : 0;
            if (f->storage == SPHERE_SH_COMPLEX && m) {                 /* the real part of the field */
                const double im = (double)p[in_c + in_step], minus = (double)p[in_s + in_step];
                c = (in_sign * c + s) * SPHERE_SH_SQRT_HALF_;
                s = (minus - in_sign * im) * SPHERE_SH_SQRT_HALF_;
            } else if (f->storage == SPHERE_SH_COMPLEX_HALF && m) {
                c *= in_sign * 1.4142135623730951;
                s = -in_sign * 1.4142135623730951 * (double)p[in_c + in_step];
            } else if (f->storage == SPHERE_SH_SHADER) {
                if (l == 2 && m == 0) c /= 3;
                if (l == 0) c += (double)p[6 * in_step] / 3;
            } else { c *= in_sign; s *= in_sign; }
            c *= cosines; s *= sines;
            if (t->storage == SPHERE_SH_COMPLEX && m) {
                q[out_c] = sphere_sh_canonical_double_((double)(out_sign * SPHERE_SH_SQRT_HALF_ * c));
                q[out_c + out_step] = sphere_sh_canonical_double_((double)(-out_sign * SPHERE_SH_SQRT_HALF_ * s));
                q[out_s] = sphere_sh_canonical_double_((double)(SPHERE_SH_SQRT_HALF_ * c));
                q[out_s + out_step] = sphere_sh_canonical_double_((double)(SPHERE_SH_SQRT_HALF_ * s));
            } else if (t->storage == SPHERE_SH_COMPLEX_HALF && m) {
                q[out_c] = sphere_sh_canonical_double_((double)(out_sign * SPHERE_SH_SQRT_HALF_ * c));
                q[out_c + out_step] = sphere_sh_canonical_double_((double)(-out_sign * SPHERE_SH_SQRT_HALF_ * s));
            } else if (t->storage == SPHERE_SH_COMPLEX || t->storage == SPHERE_SH_COMPLEX_HALF) {
                q[out_c] = sphere_sh_canonical_double_((double)c);
                q[out_c + out_step] = 0;
            } else if (t->storage == SPHERE_SH_SHADER && l == 2 && m == 0) {
                q[out_c] = sphere_sh_canonical_double_((double)(3 * c));
                q[3 * out_step] = sphere_sh_canonical_double_((double)((double)q[3 * out_step] - c));
            } else {
                q[out_c] = sphere_sh_canonical_double_((double)(out_sign * c));
                if (m) q[out_s] = sphere_sh_canonical_double_((double)(out_sign * s));
            }
        }
    }
    return SPHERE_OK;
}
SPHERE_SH_API sphere_status sphere_shd_combine(int degree, double alpha, const double *a, double beta, const double *b, double *out)
{
    const size_t n = sphere_sh_degree_ok_(degree) ? sphere_sh_count_(degree) : 0, bytes = n * sizeof(double);
    size_t i;
    if (!n) return SPHERE_E_RANGE;
    if (!a || !out) return SPHERE_E_NULL;
    if (!(alpha == alpha) || !(beta == beta)) return SPHERE_E_NAN;
    if ((a != out && sphere_overlap_(a, bytes, out, bytes)) || (b != out && sphere_overlap_(b, bytes, out, bytes))) return SPHERE_E_OVERLAP;
    if (b) for (i = 0; i < n; i++) out[i] = sphere_sh_canonical_double_(alpha * a[i] + beta * b[i]);
    else for (i = 0; i < n; i++) out[i] = sphere_sh_canonical_double_(alpha * a[i]);
    return SPHERE_OK;
}
SPHERE_SH_API sphere_status sphere_shd_dot(int degree, const double *a, const double *b, double *result, const sphere_exec *exec)
{
    const sphere_simd level = sphere_simd_pick_(exec);
    if (!sphere_sh_degree_ok_(degree)) return SPHERE_E_RANGE;
    if (!a || !b || !result) return SPHERE_E_NULL;
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    *result = sphere_shd_coef_kernels_for_(level)->dot(a, b, sphere_sh_count_(degree));
    return SPHERE_OK;
}
SPHERE_SH_API sphere_status sphere_shd_spectrum(int degree, const double *a, const double *b, double *spectrum, const sphere_exec *exec)
{
    const sphere_simd level = sphere_simd_pick_(exec);
    const size_t bytes = sphere_sh_degree_ok_(degree) ? sphere_sh_count_(degree) * sizeof(double) : 0;
    size_t l;
    if (!bytes) return SPHERE_E_RANGE;
    if (!a || !spectrum) return SPHERE_E_NULL;
    if (!b) b = a;
    if (sphere_overlap_(a, bytes, spectrum, ((size_t)degree + 1) * sizeof(double)) || sphere_overlap_(b, bytes, spectrum, ((size_t)degree + 1) * sizeof(double))) return SPHERE_E_OVERLAP;
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    for (l = 0; l <= (size_t)degree; l++) spectrum[l] = sphere_shd_coef_kernels_for_(level)->dot(a + l * l, b + l * l, 2 * l + 1);
    return SPHERE_OK;
}
/* out = in times factor[l], times sqrt(4 pi / (2 l + 1)) for a convolution. */
static sphere_status sphere_shd_scale_degrees_(int degree, const double *in, const double *factor, double *out, int zonal)
{
    const size_t bytes = sphere_sh_degree_ok_(degree) ? sphere_sh_count_(degree) * sizeof(double) : 0;
    size_t l, i;
    if (!bytes) return SPHERE_E_RANGE;
    if (!in || !factor || !out) return SPHERE_E_NULL;
    if ((in != out && sphere_overlap_(in, bytes, out, bytes)) || sphere_overlap_(factor, ((size_t)degree + 1) * sizeof(double), out, bytes)) return SPHERE_E_OVERLAP;
    for (l = 0; l <= (size_t)degree; l++) {
        const double f = zonal ? (double)((double)factor[l] * (SPHERE_SH_SQRT_4PI_ / sphere_sqrt_double_((double)(2 * l + 1)))) : factor[l];
        for (i = l * l; i < (l + 1) * (l + 1); i++) out[i] = sphere_sh_canonical_double_(f * in[i]);
    }
    return SPHERE_OK;
}
SPHERE_SH_API sphere_status sphere_shd_filter(int degree, const double *in, const double *factor, double *out)
{
    return sphere_shd_scale_degrees_(degree, in, factor, out, 0);
}
SPHERE_SH_API sphere_status sphere_shd_convolve(int degree, const double *in, const double *kernel, double *out)
{
    return sphere_shd_scale_degrees_(degree, in, kernel, out, 1);
}
SPHERE_SH_API sphere_status sphere_shd_window(int degree, sphere_sh_window_kind kind, double width, double *factor)
{
    double w = (double)width;
    int l;
    if (!sphere_sh_degree_ok_(degree) || (unsigned)kind > (unsigned)SPHERE_SH_WINDOW_LAPLACE) return SPHERE_E_RANGE;
    if (!factor) return SPHERE_E_NULL;
    if (!(w == w)) return SPHERE_E_NAN;
    if (!(w >= 0 && w < sphere_sh_inf_double_())) return SPHERE_E_RANGE;
    if (!(w > 0) && kind != SPHERE_SH_WINDOW_LAPLACE) w = kind == SPHERE_SH_WINDOW_GAUSS ? 1 / (double)(degree + 1) : degree + 1;
    for (l = 0; l <= degree; l++) factor[l] = (double)sphere_sh_window_at_(kind, w, l);
    return SPHERE_OK;
}
SPHERE_SH_API sphere_status sphere_shd_dering(int degree, const double *in, double least, double *out, double *strength)
{
    double a[(SPHERE_SH_DERING_MAX_ + 1) * (SPHERE_SH_DERING_MAX_ + 1)], low = 0, high = 1e-6, bound;
    const size_t n = degree >= 0 && degree <= SPHERE_SH_DERING_MAX_ ? sphere_sh_count_(degree) : 0;
    size_t i;
    int l, step;
    if (!n) return SPHERE_E_RANGE;
    if (!in || !out) return SPHERE_E_NULL;
    if (!(least == least)) return SPHERE_E_NAN;
    if (!(least < 1)) return SPHERE_E_RANGE;
    if ((in != out && sphere_overlap_(in, n * sizeof(double), out, n * sizeof(double))) || sphere_overlap_(strength, sizeof(double), in, n * sizeof(double))
        || sphere_overlap_(strength, sizeof(double), out, n * sizeof(double))) return SPHERE_E_OVERLAP;
    for (i = 0; i < n; i++) {
        if (!(in[i] == in[i])) return SPHERE_E_NAN;
        if (!(in[i] - in[i] == 0)) return SPHERE_E_RANGE;
        a[i] = (double)in[i];
    }
    bound = (double)least * a[0] / SPHERE_SH_SQRT_4PI_;
    if (!(a[0] > 0) || sphere_sh_lowest_(degree, a, 0) >= bound) high = 0;
    else {
        for (step = 0; step < 60 && !(sphere_sh_lowest_(degree, a, high) >= bound); step++) { low = high; high *= 4; }
        for (step = 0; step < 24; step++) {                             /* `high` always keeps the bound */
            const double middle = 0.5 * (low + high);
            if (sphere_sh_lowest_(degree, a, middle) >= bound) high = middle;
            else low = middle;
        }
    }
    for (l = 0; l <= degree; l++) for (i = (size_t)(l * l); i < (size_t)((l + 1) * (l + 1)); i++)
        out[i] = (double)(a[i] * sphere_sh_window_at_(SPHERE_SH_WINDOW_LAPLACE, high, l));
    if (strength) *strength = (double)high;
    return SPHERE_OK;
}
SPHERE_SH_API sphere_status sphere_shd_rotate_z(int degree, double angle, const double *in, double *out, size_t count)
{
    const size_t n = sphere_sh_degree_ok_(degree) ? sphere_sh_count_(degree) : 0, bytes = sphere_size_(sphere_size_(n, count, 0), sizeof(double), 0);
    size_t v;
    int l, m;
    if (!n) return SPHERE_E_RANGE;
    if (!(angle == angle)) return SPHERE_E_NAN;
    if (!(angle >= -1e6 && angle <= 1e6)) return SPHERE_E_RANGE;
    if (bytes == SIZE_MAX) return SPHERE_E_SIZE;
    if (count == 0) return SPHERE_OK;
    if (!in || !out) return SPHERE_E_NULL;
    if (in != out && sphere_overlap_(in, bytes, out, bytes)) return SPHERE_E_OVERLAP;
    for (m = 0; m <= degree; m++) {
        double turn[2], unit[2] = { 1, 0 };
        double c, s;
        if (m) { sphere_sh_sincos_double_((double)angle, &unit[1], &unit[0]); sphere_sh_powers_(unit, m, 1, &turn[0], &turn[1]); } else { turn[0] = 1; turn[1] = 0; }
        c = (double)turn[0]; s = (double)turn[1];
        for (v = 0; v < count; v++) for (l = m; l <= degree; l++) {
            const size_t plus = v * n + (size_t)l * (size_t)l + (size_t)l + (size_t)m, minus = plus - 2 * (size_t)m;
            const double p = in[plus], q = in[minus];
            if (m == 0) { out[plus] = sphere_sh_canonical_double_(p); continue; }
            out[plus] = sphere_sh_canonical_double_(c * p - s * q);
            out[minus] = sphere_sh_canonical_double_(s * p + c * q);
        }
    }
    return SPHERE_OK;
}

/* How many numbers the matrices of the low degrees take. */
SPHERE_INLINE_ size_t sphere_shd_dense_size_(int degree)
{
    size_t size = 0, l;
    for (l = 1; l <= (size_t)degree && l <= SPHERE_SH_ROTATION_DENSE; l++) size += (2 * l + 1) * sphere_sh_pad_(2 * l + 1, SPHERE_SHD_AVX2_LANES_);
    return size;
}
SPHERE_SH_API size_t sphere_shd_rotation_size(int degree)
{
    if (!sphere_sh_degree_ok_(degree)) return 0;
    return (sphere_shd_dense_size_(degree) + 6 * ((size_t)degree + 1)) * sizeof(double) + 63;
}
static sphere_status sphere_shd_rotation_init_(sphere_shd_rotation *rotation, int degree, const sphere_sh_turns_ *turns, const sphere_exec *exec, void *memory, size_t bytes)
{
    const sphere_simd level = sphere_simd_pick_(exec);
    const size_t needed = sphere_shd_rotation_size(degree), n = (size_t)(degree < 0 ? 0 : degree) + 1;
    double wedge[(SPHERE_SH_ROTATION_DENSE + 1) * (SPHERE_SH_ROTATION_DENSE + 2) / 2], power[6][SPHERE_SH_ROTATION_DENSE + 1];
    double matrix[2 * SPHERE_SH_ROTATION_DENSE + 1][2 * SPHERE_SH_ROTATION_DENSE + 1];
    double cosine[64], sine[64];
    const double *angles[3];
    double *turn, *dense;
    int i, j, k, l;
    if (!rotation) return SPHERE_E_NULL;
    if (!sphere_sh_degree_ok_(degree)) return SPHERE_E_RANGE;
    if (!memory || bytes < needed) return SPHERE_E_MEMORY;
    if (sphere_overlap_(rotation, sizeof(*rotation), memory, needed)) return SPHERE_E_OVERLAP;
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    dense = (double *)sphere_align_(memory);
    turn = dense + sphere_shd_dense_size_(degree);
    rotation->degree = degree; rotation->improper = turns->improper; rotation->level = level; rotation->turn = turn; rotation->dense = dense;
    if (exec) rotation->exec = *exec; else memset(&rotation->exec, 0, sizeof(rotation->exec));
    angles[0] = turns->a; angles[1] = turns->b; angles[2] = turns->g;
    for (i = 0; i < 3; i++) for (k = 0; k <= degree; k += 64) {
        const int some = degree + 1 - k < 64 ? degree + 1 - k : 64;
        sphere_sh_powers_(angles[i], k, some, cosine, sine);
        for (j = 0; j < some; j++) {
            turn[(size_t)(2 * i) * n + (size_t)(k + j)] = (double)cosine[j]; turn[(size_t)(2 * i + 1) * n + (size_t)(k + j)] = (double)sine[j];
            if (k + j <= SPHERE_SH_ROTATION_DENSE) { power[2 * i][k + j] = cosine[j]; power[2 * i + 1][k + j] = sine[j]; }
        }
    }
    for (l = 1; l <= degree && l <= SPHERE_SH_ROTATION_DENSE; l++) {
        const size_t rows = 2 * (size_t)l + 1, stride = sphere_sh_pad_(rows, SPHERE_SHD_AVX2_LANES_);
        size_t r, c;
        sphere_sh_wedge_(l, wedge);
        sphere_sh_dense_(l, wedge, power, turns->improper, matrix);
        for (c = 0; c < rows; c++) for (r = 0; r < stride; r++) dense[c * stride + r] = r < rows ? (double)matrix[c][r] : 0;
        dense += rows * stride;
    }
    return SPHERE_OK;
}
SPHERE_SH_API sphere_status sphere_shd_rotation_matrix(sphere_shd_rotation *rotation, int degree, const double *matrix, const sphere_exec *exec,
                                                      void *memory, size_t bytes)
{
    sphere_sh_turns_ turns;
    sphere_status status;
    double m[9];
    int i;
    if (!matrix) return SPHERE_E_NULL;
    for (i = 0; i < 9; i++) m[i] = (double)matrix[i];
    status = sphere_sh_turns_of_matrix_(m, &turns);
    return status ? status : sphere_shd_rotation_init_(rotation, degree, &turns, exec, memory, bytes);
}
SPHERE_SH_API sphere_status sphere_shd_rotation_quaternion(sphere_shd_rotation *rotation, int degree, const double *quaternion,
                                                          const sphere_exec *exec, void *memory, size_t bytes)
{
    sphere_sh_turns_ turns;
    sphere_status status;
    double q[4];
    int i;
    if (!quaternion) return SPHERE_E_NULL;
    for (i = 0; i < 4; i++) q[i] = (double)quaternion[i];
    status = sphere_sh_turns_scaled_(q, &turns);
    return status ? status : sphere_shd_rotation_init_(rotation, degree, &turns, exec, memory, bytes);
}
SPHERE_SH_API sphere_status sphere_shd_rotation_angles(sphere_shd_rotation *rotation, int degree, double alpha, double beta, double gamma,
                                                      const sphere_exec *exec, void *memory, size_t bytes)
{
    sphere_sh_turns_ turns;
    const sphere_status status = sphere_sh_turns_of_angles_((double)alpha, (double)beta, (double)gamma, &turns);
    return status ? status : sphere_shd_rotation_init_(rotation, degree, &turns, exec, memory, bytes);
}
/* The working memory above the low degrees: the wedge in double, four matrices (the third is there in both directions), and an expansion
   of one degree before and after, sorted into the four sets. */
SPHERE_INLINE_ size_t sphere_shd_half_(int degree) { return sphere_sh_pad_((size_t)degree / 2 + 1, SPHERE_SHD_AVX2_LANES_); }
SPHERE_SH_API size_t sphere_shd_rotate_size(int degree)
{
    const size_t n = (size_t)(degree < 0 ? 0 : degree), half = sphere_shd_half_(degree < 0 ? 0 : degree);
    size_t size;
    if (!sphere_sh_degree_ok_(degree) || degree <= SPHERE_SH_ROTATION_DENSE) return 0;
    size = sphere_size_(sphere_size_(n + 1, n + 2, 0) / 2, sizeof(double), 63 + 64);
    size = sphere_size_(sphere_size_(4 * half, n / 2 + 1, 8 * half), sizeof(double), size);
    return size == SIZE_MAX ? 0 : size;
}
/* One turn about z in the four sets: the orders of the sets 0 and 2 belong together, and those of 3 and 1. */
SPHERE_INLINE_ void sphere_shd_turn_sets_(double *x, size_t half, int l, const double *cosine, const double *sine, double sign)
{
    int pair, i;
    for (pair = 0; pair < 2; pair++) {
        const int cosines = pair ? 3 : 0, first = sphere_sh_set_first_(cosines, l), size = sphere_sh_set_size_(cosines, l), zero = first == 0;
        double *c = x + (size_t)cosines * half, *s = x + (size_t)(pair ? 1 : 2) * half;
        for (i = zero; i < size; i++) {
            const double a = c[i], b = s[i - zero], p = cosine[first + 2 * i], q = sign * sine[first + 2 * i];
            c[i] = p * a - q * b;
            s[i - zero] = q * a + p * b;
        }
    }
}
/* The exchange of y and z on degree l as four matrices, from set 0, 1, 3, 2 to set 0, 1, 2, 3, column-major. Each number of the wedge is read once
   and goes to two places: the first two matrices are symmetric, the last two transposes of each other. */
static void sphere_shd_exchange_sets_(double *const *matrix, size_t stride, int l, const double *wedge)
{
    int m, k, set;
    for (m = 0; m <= l; m++) {
        const double *row = wedge + (size_t)m * ((size_t)m + 1) / 2;
        const int same = ((m ^ l) & 1) == 0, first = sphere_sh_set_first_(same ? 0 : 1, l), own = sphere_sh_set_first_(same ? 2 : 3, l), other = sphere_sh_set_first_(same ? 3 : 2, l);
        if (m >= first) {                                               /* pairs of orders within set 0 or 1 */
            double *along = matrix[same ? 0 : 1] + (size_t)((m - first) / 2) * stride, *across = matrix[same ? 0 : 1] + (size_t)((m - first) / 2);
            double sign = ((m - first) / 2) & 1 ? -2 : 2;
            for (k = first; k <= m; k += 2, sign = -sign, along++, across += stride) {
                double v = sign * row[k];
                if (m == 0) v *= SPHERE_SH_SQRT_HALF_;
                if (k == 0) v *= SPHERE_SH_SQRT_HALF_;
                *along = *across = (double)(v > -1e-30 && v < 1e-30 ? 0 : v);       /* subnormal floats would be slow, and change no sum */
            }
        }
        if (m >= own) {                                                 /* pairs of an order of set 2 and one of set 3 */
            double *along = matrix[same ? 3 : 2] + (size_t)((m - own) / 2) * stride, *across = matrix[same ? 2 : 3] + (size_t)((m - own) / 2);
            double sign = ((m - own) / 2) & 1 ? -2 : 2;
            for (k = other; k < m; k += 2, sign = -sign, along++, across += stride) {
                double v = sign * row[k];
                if (k == 0) v *= SPHERE_SH_SQRT_HALF_;
                *along = *across = (double)(v > -1e-30 && v < 1e-30 ? 0 : v);
            }
        }
    }
    for (set = 0; set < 4; set++) {
        const int rows = sphere_sh_set_size_(set, l), columns = sphere_sh_set_size_(set < 2 ? set : 5 - set, l);
        for (m = 0; m < columns; m++) for (k = rows; k < (int)stride; k++) matrix[set][(size_t)m * stride + (size_t)k] = 0;
    }
}
typedef struct sphere_shd_rotate_job_ { const sphere_shd_rotation *rotation; const double *in; double *out; size_t count; } sphere_shd_rotate_job_;
static void sphere_shd_rotate_task_(void *context, size_t task)
{
    const sphere_shd_rotate_job_ *job = (const sphere_shd_rotate_job_ *)context;
    const sphere_shd_rotation *r = job->rotation;
    const sphere_shd_coef_kernels_ *kernels = sphere_shd_coef_kernels_for_(r->level);
    const int low = r->degree < SPHERE_SH_ROTATION_DENSE ? r->degree : SPHERE_SH_ROTATION_DENSE;
    const size_t n = sphere_sh_count_(r->degree), end = job->count - 64 * task < 64 ? job->count : 64 * task + 64;
    size_t v;
    for (v = 64 * task; v < end; v++) {
        if (job->in == job->out) {
            double copy[(SPHERE_SH_ROTATION_DENSE + 1) * (SPHERE_SH_ROTATION_DENSE + 1)];
            memcpy(copy, job->in + v * n, sphere_sh_count_(low) * sizeof(double));
            kernels->rotate(job->out + v * n, copy, r->dense, low);
        } else kernels->rotate(job->out + v * n, job->in + v * n, r->dense, low);
    }
}
SPHERE_SH_API sphere_status sphere_shd_rotate(const sphere_shd_rotation *rotation, const double *in, double *out, size_t count, void *work, size_t bytes)
{
    sphere_shd_rotate_job_ job;
    const sphere_shd_coef_kernels_ *kernels;
    size_t n, all, needed, half, v, columns;
    double *wedge;
    double *matrix[4], *x, *y;
    const double *turn;
    int l, set, i;
    if (!rotation || !rotation->dense) return SPHERE_E_NULL;
    n = sphere_sh_count_(rotation->degree);
    all = sphere_size_(sphere_size_(n, count, 0), sizeof(double), 0);
    needed = sphere_shd_rotate_size(rotation->degree);
    if (all == SIZE_MAX || (!needed && rotation->degree > SPHERE_SH_ROTATION_DENSE)) return SPHERE_E_SIZE;
    if (count == 0) return SPHERE_OK;
    if (!in || !out) return SPHERE_E_NULL;
    if (needed && (!work || bytes < needed)) return SPHERE_E_MEMORY;
    if (in != out && sphere_overlap_(in, all, out, all)) return SPHERE_E_OVERLAP;
    if (needed && (sphere_overlap_(work, needed, in, all) || sphere_overlap_(work, needed, out, all) || sphere_overlap_(work, needed, rotation, sizeof(*rotation)))) return SPHERE_E_OVERLAP;
    if (sphere_overlap_(out, all, rotation, sizeof(*rotation)) || sphere_overlap_(out, all, rotation->dense, sphere_shd_rotation_size(rotation->degree) - 63)) return SPHERE_E_OVERLAP;
    if (needed && sphere_overlap_(work, needed, rotation->dense, sphere_shd_rotation_size(rotation->degree) - 63)) return SPHERE_E_OVERLAP;
    job.rotation = rotation; job.in = in; job.out = out; job.count = count;
    sphere_parallel_(&rotation->exec, (count + 63) / 64, sphere_shd_rotate_task_, &job);
    if (!needed) return SPHERE_OK;
    /* Above: degree after degree, for all vectors. */
    kernels = sphere_shd_coef_kernels_for_(rotation->level);
    wedge = (double *)sphere_align_(work);
    half = sphere_shd_half_(rotation->degree); columns = (size_t)rotation->degree / 2 + 1;
    matrix[0] = (double *)sphere_align_(wedge + ((size_t)rotation->degree + 1) * ((size_t)rotation->degree + 2) / 2);
    for (i = 1; i < 4; i++) matrix[i] = matrix[i - 1] + half * columns;
    x = matrix[3] + half * columns; y = x + 4 * half;
    turn = rotation->turn;
    for (l = SPHERE_SH_ROTATION_DENSE + 1; l <= rotation->degree; l++) {
        const size_t orders = (size_t)rotation->degree + 1, centre = (size_t)l * (size_t)l + (size_t)l, stride = sphere_shd_half_(l);
        const double sign = rotation->improper && (l & 1) ? -1.0 : 1.0;
        sphere_sh_wedge_(l, wedge);
        sphere_shd_exchange_sets_(matrix, stride, l, wedge);
        for (v = 0; v < count; v++) {
            const double *p = in + v * n + centre;
            double *q = out + v * n + centre;
            int step;
            for (set = 0; set < 4; set++) {
                const int first = sphere_sh_set_first_(set, l), size = sphere_sh_set_size_(set, l), cosines = set == 0 || set == 3;
                for (i = 0; i < size; i++) x[(size_t)set * half + (size_t)i] = p[cosines ? first + 2 * i : -(first + 2 * i)];
            }
            for (step = 0; step < 3; step++) {
                double *swap;
                sphere_shd_turn_sets_(x, half, l, turn + (size_t)(4 - 2 * step) * orders, turn + (size_t)(5 - 2 * step) * orders, step == 1 ? -1.0 : 1.0);
                if (step == 2) break;
                for (set = 0; set < 4; set++) {
                    const int other = set < 2 ? set : 5 - set;
                    kernels->matrix(y + (size_t)set * half, matrix[set], stride, x + (size_t)other * half, (size_t)sphere_sh_set_size_(set, l), (size_t)sphere_sh_set_size_(other, l));
                }
                swap = x; x = y; y = swap;
            }
            for (set = 0; set < 4; set++) {
                const int first = sphere_sh_set_first_(set, l), size = sphere_sh_set_size_(set, l), cosines = set == 0 || set == 3;
                for (i = 0; i < size; i++) q[cosines ? first + 2 * i : -(first + 2 * i)] = sphere_sh_canonical_double_(sign * x[(size_t)set * half + (size_t)i]);
            }
        }
    }
    return SPHERE_OK;
}

/* The shape of a product: orders and degrees above degree_a + degree_b are zero. */
SPHERE_INLINE_ int sphere_shd_product_degree_(int degree_a, int degree_b, int degree_out) { return degree_out < degree_a + degree_b ? degree_out : degree_a + degree_b; }
SPHERE_INLINE_ int sphere_shd_product_ok_(int a, int b, int out)
{ return a >= 0 && b >= 0 && out >= 0 && a <= SPHERE_SH_PRODUCT_MAX_DEGREE && b <= SPHERE_SH_PRODUCT_MAX_DEGREE && out <= SPHERE_SH_PRODUCT_MAX_DEGREE; }
SPHERE_INLINE_ int sphere_shd_product_nodes_(int a, int b, int out) { return (a + b + sphere_shd_product_degree_(a, b, out)) / 2 + 1; }
/* Numbers in the table of weights: for each order and latitude a row over the degrees, padded. */
SPHERE_INLINE_ size_t sphere_shd_product_weights_(int degree, size_t nodes)
{
    size_t size = 0;
    int m;
    for (m = 0; m <= degree; m++) size += nodes * sphere_sh_pad_((size_t)(degree - m) + 1, SPHERE_SHD_AVX2_LANES_);
    return size;
}
SPHERE_SH_API size_t sphere_shd_product_size(int degree_a, int degree_b, int degree_out)
{
    size_t nodes, most, values;
    if (!sphere_shd_product_ok_(degree_a, degree_b, degree_out)) return 0;
    nodes = sphere_sh_pad_((size_t)sphere_shd_product_nodes_(degree_a, degree_b, degree_out), SPHERE_SHD_AVX2_LANES_);
    most = (size_t)(degree_a > degree_b ? degree_a : degree_b);
    values = (degree_a == degree_b ? 1 : 2) * ((most + 1) * (most + 2) / 2) * nodes;
    return (values + sphere_shd_product_weights_(sphere_shd_product_degree_(degree_a, degree_b, degree_out), nodes)) * sizeof(double) + 63;
}
SPHERE_SH_API sphere_status sphere_shd_product_init(sphere_shd_product *product, int degree_a, int degree_b, int degree_out, const sphere_exec *exec,
                                                   void *memory, size_t bytes)
{
    const sphere_simd level = sphere_simd_pick_(exec);
    const size_t needed = sphere_shd_product_size(degree_a, degree_b, degree_out);
    double column[SPHERE_SH_PRODUCT_MAX_DEGREE + 1];
    double *values[2], *weights;
    size_t nodes, j, width;
    int exact, degree, which, l, m;
    if (!product) return SPHERE_E_NULL;
    if (!sphere_shd_product_ok_(degree_a, degree_b, degree_out)) return SPHERE_E_RANGE;
    if (!memory || bytes < needed) return SPHERE_E_MEMORY;
    if (sphere_overlap_(product, sizeof(*product), memory, needed)) return SPHERE_E_OVERLAP;
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    exact = sphere_shd_product_nodes_(degree_a, degree_b, degree_out);
    nodes = sphere_sh_pad_((size_t)exact, SPHERE_SHD_AVX2_LANES_);
    degree = sphere_shd_product_degree_(degree_a, degree_b, degree_out);
    values[0] = (double *)sphere_align_(memory);
    values[1] = degree_a == degree_b ? values[0] : values[0] + ((size_t)degree_a + 1) * ((size_t)degree_a + 2) / 2 * nodes;
    weights = values[1] + ((size_t)degree_b + 1) * ((size_t)degree_b + 2) / 2 * nodes;
    product->degree_a = degree_a; product->degree_b = degree_b; product->degree_out = degree_out;
    product->level = level; product->nodes = nodes; product->values = values[0]; product->weights = weights;
    if (exec) product->exec = *exec; else memset(&product->exec, 0, sizeof(product->exec));
    for (j = 0; j < nodes; j++) {
        double z = 0, w = 0, s;
        double *p;
        if (j < (size_t)exact) sphere_sh_gauss_(exact, (int)j, &z, &w);
        s = sphere_sqrt_double_((1 - z) * (1 + z));
        for (which = 0; which < (degree_a == degree_b ? 1 : 2); which++) {
            const int top = which ? degree_b : degree_a;
            for (m = 0, p = values[which] + j; m <= top; m++) {         /* half of them for m > 0: a series is c(m) over +m and -m */
                sphere_sh_legendre_column_(m, top, z, s, column);
                for (l = m; l <= top; l++, p += nodes) *p = j < (size_t)exact ? (double)(m ? 0.5 * column[l - m] : column[l - m]) : 0;
            }
        }
        for (m = 0, p = weights; m <= degree; m++, p += nodes * width) {
            width = sphere_sh_pad_((size_t)(degree - m) + 1, SPHERE_SHD_AVX2_LANES_);
            sphere_sh_legendre_column_(m, degree, z, s, column);
            for (l = 0; l < (int)width; l++) p[j * width + (size_t)l] = j < (size_t)exact && l <= degree - m ? (double)(6.283185307179586 * w * column[l]) : 0;
        }
    }
    return SPHERE_OK;
}
/* The two series of a block of latitudes, the series of the product at all latitudes. */
SPHERE_SH_API size_t sphere_shd_multiply_size(const sphere_shd_product *p)
{
    const size_t w = SPHERE_SHD_AVX2_LANES_;
    if (!p || !p->values) return 0;
    return (2 * w * (2 * (size_t)p->degree_a + 1) + 2 * w * (2 * (size_t)p->degree_b + 1)
            + 2 * p->nodes * ((size_t)sphere_shd_product_degree_(p->degree_a, p->degree_b, p->degree_out) + 1)) * sizeof(double) + 63;
}
/* The product of two expansions of degree 2 up to degree 2 in closed form: the commonest one, and with 52 Gaunt coefficients of six values
   shorter than any sum over points. The same at every level. */
static void sphere_shd_multiply_2_(double *o, const double *a, const double *b)
{
    const double p = SPHERE_SHD_REAL_(0.28209479177387814), q = SPHERE_SHD_REAL_(0.12615662610100801), r = SPHERE_SHD_REAL_(0.21850968611841585);
    const double d = SPHERE_SHD_REAL_(0.18022375157286858), e = SPHERE_SHD_REAL_(0.15607834722743988), h = SPHERE_SHD_REAL_(0.09011187578643429);
    const double a1 = a[1] * b[1], a2 = a[2] * b[2], a3 = a[3] * b[3], a4 = a[4] * b[4], a5 = a[5] * b[5], a6 = a[6] * b[6], a7 = a[7] * b[7], a8 = a[8] * b[8];
    double t[9], all;
    int i;
#define SPHERE_SHD_BOTH_(i, j) (a[i] * b[j] + a[j] * b[i])
    t[0] = p * (((a[0] * b[0] + a1) + (a2 + a3)) + ((a4 + a5) + (a6 + a7)) + a8);
    t[1] = (p * SPHERE_SHD_BOTH_(0, 1) - q * SPHERE_SHD_BOTH_(1, 6)) + r * ((SPHERE_SHD_BOTH_(2, 5) + SPHERE_SHD_BOTH_(3, 4)) - SPHERE_SHD_BOTH_(1, 8));
    t[2] = (p * SPHERE_SHD_BOTH_(0, 2) + (2 * q) * SPHERE_SHD_BOTH_(2, 6)) + r * (SPHERE_SHD_BOTH_(1, 5) + SPHERE_SHD_BOTH_(3, 7));
    t[3] = (p * SPHERE_SHD_BOTH_(0, 3) - q * SPHERE_SHD_BOTH_(3, 6)) + r * ((SPHERE_SHD_BOTH_(1, 4) + SPHERE_SHD_BOTH_(2, 7)) + SPHERE_SHD_BOTH_(3, 8));
    t[4] = (p * SPHERE_SHD_BOTH_(0, 4) - d * SPHERE_SHD_BOTH_(4, 6)) + (r * SPHERE_SHD_BOTH_(1, 3) + e * SPHERE_SHD_BOTH_(5, 7));
    t[5] = (p * SPHERE_SHD_BOTH_(0, 5) + h * SPHERE_SHD_BOTH_(5, 6)) + (r * SPHERE_SHD_BOTH_(1, 2) + e * (SPHERE_SHD_BOTH_(4, 7) - SPHERE_SHD_BOTH_(5, 8)));
    t[6] = (p * SPHERE_SHD_BOTH_(0, 6) + q * (2 * a2 - (a1 + a3))) + (d * (a6 - (a4 + a8)) + h * (a5 + a7));
    t[7] = (p * SPHERE_SHD_BOTH_(0, 7) + h * SPHERE_SHD_BOTH_(6, 7)) + (r * SPHERE_SHD_BOTH_(2, 3) + e * (SPHERE_SHD_BOTH_(4, 5) + SPHERE_SHD_BOTH_(7, 8)));
    t[8] = (p * SPHERE_SHD_BOTH_(0, 8) - d * SPHERE_SHD_BOTH_(6, 8)) + (r * (a3 - a1) + e * (a7 - a5));
#undef SPHERE_SHD_BOTH_
    all = ((t[0] + t[1]) + (t[2] + t[3])) + ((t[4] + t[5]) + (t[6] + t[7])) + t[8];
    if (!(all == all)) for (i = 0; i < 9; i++) t[i] = sphere_sh_canonical_double_(t[i]);                  /* one look finds every NaN */
    memcpy(o, t, sizeof(t));
}
SPHERE_SH_API sphere_status sphere_shd_multiply(const sphere_shd_product *product, const double *a, const double *b, double *out, size_t count,
                                               void *work, size_t bytes)
{
    const size_t needed = sphere_shd_multiply_size(product), w = SPHERE_SHD_AVX2_LANES_;
    size_t a_size, b_size, out_size, a_bytes, b_bytes, out_bytes, nodes, v, j, i;
    const sphere_shd_coef_kernels_ *kernels;
    double *wave_a, *wave_b, *series;
    size_t exact;
    int degree;
    if (!product || !needed) return SPHERE_E_NULL;
    a_size = sphere_sh_count_(product->degree_a); b_size = sphere_sh_count_(product->degree_b); out_size = sphere_sh_count_(product->degree_out);
    a_bytes = sphere_size_(sphere_size_(a_size, count, 0), sizeof(double), 0);
    b_bytes = sphere_size_(sphere_size_(b_size, count, 0), sizeof(double), 0);
    out_bytes = sphere_size_(sphere_size_(out_size, count, 0), sizeof(double), 0);
    if (a_bytes == SIZE_MAX || b_bytes == SIZE_MAX || out_bytes == SIZE_MAX) return SPHERE_E_SIZE;
    if (count == 0) return SPHERE_OK;
    if (!a || !b || !out) return SPHERE_E_NULL;
    if (!work || bytes < needed) return SPHERE_E_MEMORY;
    if (sphere_overlap_(out, out_bytes, a, a_bytes) || sphere_overlap_(out, out_bytes, b, b_bytes) || sphere_overlap_(work, needed, a, a_bytes)
        || sphere_overlap_(work, needed, b, b_bytes) || sphere_overlap_(work, needed, out, out_bytes)) return SPHERE_E_OVERLAP;
    if (product->degree_a == 2 && product->degree_b == 2 && product->degree_out == 2) {
        for (v = 0; v < count; v++) sphere_shd_multiply_2_(out + 9 * v, a + 9 * v, b + 9 * v);
        return SPHERE_OK;
    }
    kernels = sphere_shd_coef_kernels_for_(product->level);
    nodes = product->nodes;
    degree = sphere_shd_product_degree_(product->degree_a, product->degree_b, product->degree_out);
    wave_a = (double *)sphere_align_(work); wave_b = wave_a + 2 * w * (2 * (size_t)product->degree_a + 1);
    series = wave_b + 2 * w * (2 * (size_t)product->degree_b + 1);
    exact = (size_t)sphere_shd_product_nodes_(product->degree_a, product->degree_b, product->degree_out);
    for (v = 0; v < count; v++) {
        const double *values_b = product->degree_a == product->degree_b ? product->values
                              : product->values + ((size_t)product->degree_a + 1) * ((size_t)product->degree_a + 2) / 2 * nodes;
        double *o = out + v * out_size;
        for (j = 0; j < nodes; j += w) {
            kernels->waves(wave_a, a + v * a_size, product->degree_a, product->values + j, nodes);
            kernels->waves(wave_b, b + v * b_size, product->degree_b, values_b + j, nodes);
            kernels->fold(series + j, nodes, wave_a, product->degree_a, wave_b, product->degree_b, degree);
        }
        kernels->analyse(o, series, nodes, exact, product->weights, degree);
        for (i = sphere_sh_count_(degree); i < out_size; i++) o[i] = 0;
    }
    return SPHERE_OK;
}
/* sphere-sh double end coef-functions */
/* >>transform-nodes: quadrature, Legendre coefficients, powers: once for float and double, all in double ------------- */

SPHERE_INLINE_ int sphere_sh_finite_double_(double x) { return x - x == 0; }

/* Sums and products in twice double precision: high + low with |low| <= 2^-53 |high|. Source: Dekker 1971. */
typedef struct sphere_sh_twice_ { double high, low; } sphere_sh_twice_;
SPHERE_INLINE_ sphere_sh_twice_ sphere_sh_twice_of_(double a, double b)     /* |a| >= |b| or a = 0 */
{
    sphere_sh_twice_ r;
    r.high = a + b;
    r.low = b - (r.high - a);
    return r;
}
SPHERE_INLINE_ sphere_sh_twice_ sphere_sh_twice_sum_(double a, double b)
{
    sphere_sh_twice_ r;
    double v;
    r.high = a + b;
    v = r.high - a;
    r.low = (a - (r.high - v)) + (b - v);
    return r;
}
SPHERE_INLINE_ sphere_sh_twice_ sphere_sh_twice_product_(double a, double b)
{
    sphere_sh_twice_ r;
    double t = 134217729.0 * a, u = 134217729.0 * b, ah, bh, al, bl;    /* 2^27 + 1 splits 53 bits into two halves */
    ah = t - (t - a); al = a - ah;
    bh = u - (u - b); bl = b - bh;
    r.high = a * b;
    r.low = ((ah * bh - r.high) + ah * bl + al * bh) + al * bl;
    return r;
}
SPHERE_INLINE_ sphere_sh_twice_ sphere_sh_twice_add_(sphere_sh_twice_ a, sphere_sh_twice_ b)
{
    sphere_sh_twice_ s = sphere_sh_twice_sum_(a.high, b.high), t = sphere_sh_twice_sum_(a.low, b.low);
    s = sphere_sh_twice_of_(s.high, s.low + t.high);
    return sphere_sh_twice_of_(s.high, s.low + t.low);
}
SPHERE_INLINE_ sphere_sh_twice_ sphere_sh_twice_multiply_(sphere_sh_twice_ a, sphere_sh_twice_ b)
{
    sphere_sh_twice_ p = sphere_sh_twice_product_(a.high, b.high);
    return sphere_sh_twice_of_(p.high, p.low + (a.high * b.low + a.low * b.high));
}
SPHERE_INLINE_ sphere_sh_twice_ sphere_sh_twice_scale_(sphere_sh_twice_ a, double b)
{
    sphere_sh_twice_ p = sphere_sh_twice_product_(a.high, b);
    return sphere_sh_twice_of_(p.high, p.low + a.low * b);
}
SPHERE_INLINE_ sphere_sh_twice_ sphere_sh_twice_divide_(sphere_sh_twice_ a, double b)
{
    const double q = a.high / b;
    const sphere_sh_twice_ p = sphere_sh_twice_product_(q, b);
    return sphere_sh_twice_of_(q, ((a.high - p.high) - p.low + a.low) / b);
}

/* A node next to the north pole, v = 1 - cos theta, by Newton's method: in double until it settles, the last step in twice double. The
   recurrence for P_k(1 - v) runs in the differences E_k = k (P_k - P_(k-1)), so that a small v keeps its digits. */
static void sphere_sh_gauss_pole_(size_t n, double theta, double *cosine, double *sine, double *weight)
{
    sphere_sh_twice_ p = { 1, 0 }, e = { 0, 0 }, last = { 1, 0 }, v, square, slope;
    double v0, s, c, step, w;
    size_t k;
    int i;
    sphere_sh_sincos_double_(0.5 * theta, &s, &c);
    v0 = 2 * s * s;
    for (i = 0; i < 8; i++) {
        double pd = 1, ed = 0, before = 1;
        for (k = 0; k < n; k++) { before = pd; ed -= (double)(2 * k + 1) * (v0 * pd); pd += ed / (double)(k + 1); }
        step = pd * (v0 * (2 - v0)) / ((double)n * (before - (1 - v0) * pd));               /* P / P', dP/dv = -P' */
        v0 += step;
        if (sphere_sh_abs_double_(step) <= 1e-12 * v0) break;
    }
    for (k = 0; k < n; k++) {
        e = sphere_sh_twice_add_(e, sphere_sh_twice_multiply_(sphere_sh_twice_product_(v0, -(double)(2 * k + 1)), p));
        last = p;
        p = sphere_sh_twice_add_(p, sphere_sh_twice_divide_(e, (double)(k + 1)));
    }
    /* (1 - x^2) P' = n (P_(n-1) - x P_n) = slope; w = 2 (1 - x^2) / slope^2, to first order corrected for the step from v0 to v. */
    square = sphere_sh_twice_add_(sphere_sh_twice_sum_(2 * v0, 0), sphere_sh_twice_product_(v0, -v0));
    slope = sphere_sh_twice_scale_(sphere_sh_twice_add_(last, sphere_sh_twice_scale_(p, v0 - 1)), (double)n);
    step = p.high * square.high / slope.high;
    slope = sphere_sh_twice_multiply_(slope, slope);
    w = 2 * square.high / slope.high;
    square = sphere_sh_twice_scale_(square, 2);
    last = sphere_sh_twice_add_(square, sphere_sh_twice_scale_(slope, -w));
    *weight = w + (last.high / slope.high + w * (4 * (1 - v0) * step / square.high));
    v = sphere_sh_twice_sum_(v0, step);
    last = sphere_sh_twice_sum_(1, -v.high);
    *cosine = last.high + (last.low - v.low);
    square = sphere_sh_twice_add_(sphere_sh_twice_scale_(v, 2), sphere_sh_twice_scale_(sphere_sh_twice_multiply_(v, v), -1));
    s = sphere_sqrt_double_(square.high);
    last = sphere_sh_twice_product_(s, s);
    *sine = s + ((square.high - last.high) - last.low + square.low) / (2 * s);
}

/* All other nodes. u = sqrt(sin theta) P_n solves u'' + (N^2 + csc^2(theta)/4) u = 0, N = n + 1/2. Its phase, counted from the
   equator, and its squared amplitude have expansions in 1/N^2 whose terms are polynomials in z = csc^2(theta):
     amplitude^2 = 2/(pi N) A(z),  d phase/d theta = N / A(z),  A = sum a_j(z) / N^(2 j),  a_0 = 1,
     a_(j+1): the term a z^i of a_j gives -a/4 [4 i (i - 1) + 6 i + (i + 1/2)/(i + 1)] z^(i+1) + a i^2 z^i.
   P_n vanishes where the phase is pi (k + 1/2) (n even) or pi k, and w = pi sin(theta) A / N. From N sin theta = 40 on eight
   terms are good for 1e-18. */
enum { SPHERE_SH_PHASE_TERMS_ = 8 };
typedef struct sphere_sh_phase_ { double n, amplitude[SPHERE_SH_PHASE_TERMS_ + 1], slope[SPHERE_SH_PHASE_TERMS_ + 1]; } sphere_sh_phase_;
static void sphere_sh_phase_init_(sphere_sh_phase_ *phase, double n)
{
    double a[SPHERE_SH_PHASE_TERMS_ + 1][SPHERE_SH_PHASE_TERMS_ + 1], b[SPHERE_SH_PHASE_TERMS_ + 1][SPHERE_SH_PHASE_TERMS_ + 1], scale = 1;
    int i, j, k, l;
    memset(a, 0, sizeof(a)); memset(b, 0, sizeof(b)); memset(phase, 0, sizeof(*phase));
    phase->n = n; a[0][0] = b[0][0] = 1;
    for (j = 0; j <= SPHERE_SH_PHASE_TERMS_; j++, scale /= n * n) {
        for (i = 0; i <= j && j < SPHERE_SH_PHASE_TERMS_; i++) {
            a[j + 1][i + 1] -= 0.25 * a[j][i] * (4.0 * i * (i - 1) + 6.0 * i + (i + 0.5) / (i + 1.0));
            a[j + 1][i] += a[j][i] * i * i;
        }
        for (k = 1; k <= j; k++) for (i = 0; i <= k; i++) for (l = 0; l <= j - k; l++) b[j][i + l] -= a[k][i] * b[j - k][l];       /* b = 1/a */
        for (i = 0; i <= j; i++) { phase->amplitude[i] += a[j][i] * scale; phase->slope[i] += b[j][i] * scale; }
    }
}
/* Node k from the equator: eta = pi/2 - theta solves eta + sum slope_i I_i(eta) = pi q, I_i the integral of sec^(2 i). */
static void sphere_sh_gauss_node_(const sphere_sh_phase_ *phase, double k, double *cosine, double *sine, double *weight)
{
    const double q = k / phase->n, pi = 3.141592653589793;
    const sphere_sh_twice_ back = sphere_sh_twice_product_(q, phase->n);
    const double rest = ((k - back.high) - back.low) / phase->n * pi;    /* what the rounding of q lost */
    sphere_sh_twice_ w;
    double s, c, x, y, z, shift = 0, sum, part, power;
    int i, round;
    sphere_sh_sincospi_(q, &s, &c);
    for (round = 0; ; round++) {
        const double half = 0.5 * shift * shift, turn = shift * (1 - half / 3);              /* sin; shift is below 1/(8 * 40 N) */
        x = s + (c * turn - s * half); y = c - (s * turn + c * half);
        if (round == 4) break;
        z = 1 / (y * y); sum = 0; part = x / y; power = part;           /* I_1 = tan, I_i = (tan sec^(2i-2) + (2i-2) I_(i-1))/(2i-1) */
        for (i = 1; i <= SPHERE_SH_PHASE_TERMS_; i++) {
            sum += phase->slope[i] * part;
            power *= z;
            part = (power + 2.0 * i * part) / (2.0 * i + 1.0);
        }
        shift = rest - sum;
    }
    *cosine = x; *sine = y;
    z = 1 / (y * y); sum = 0;
    for (i = SPHERE_SH_PHASE_TERMS_; i >= 1; i--) sum = (sum + phase->amplitude[i]) * z;
    w = sphere_sh_twice_product_(pi, y);                                 /* pi y / N in twice double precision */
    w.low += 1.2246467991473532e-16 * y;
    w = sphere_sh_twice_divide_(w, phase->n);
    *weight = w.high + (w.low + w.high * sum);
}

/* Node r from the north pole, r <= n/2: cosine, sine, weight. */
static void sphere_sh_gauss_one_(const sphere_sh_phase_ *phase, size_t n, size_t r, double out[3])
{
    const double q = ((double)r + 0.75) / phase->n;
    double s, c;
    sphere_sh_sincospi_(q, &s, &c);
    if (n <= 64 || phase->n * s < 40) sphere_sh_gauss_pole_(n, 3.141592653589793 * q + c / (8 * phase->n * phase->n * s), out, out + 1, out + 2);
    else sphere_sh_gauss_node_(phase, n & 1u ? (double)(n / 2 - r) : (double)(n / 2 - r) - 0.5, out, out + 1, out + 2);
    if (2 * r + 1 == n) { out[0] = 0; out[1] = 1; }
}
SPHERE_SH_API sphere_status sphere_sh_gauss(size_t n, double *cosine, double *sine, double *weight)
{
    double *out[3], keep[3];
    sphere_sh_phase_ phase;
    size_t r, i, j;
    out[0] = cosine; out[1] = sine; out[2] = weight;
    if (n < 1 || n > 16777216u) return SPHERE_E_RANGE;
    for (i = 0; i < 3; i++) for (j = 0; j < i; j++) if (sphere_overlap_(out[i], n * sizeof(double), out[j], n * sizeof(double))) return SPHERE_E_OVERLAP;
    sphere_sh_phase_init_(&phase, (double)n + 0.5);
    for (r = 0; r < (n + 1) / 2; r++) {
        sphere_sh_gauss_one_(&phase, n, r, keep);
        for (i = 0; i < 3; i++) if (out[i]) { out[i][n - 1 - r] = i == 0 ? 0 - keep[i] : keep[i]; out[i][r] = keep[i]; }
    }
    return SPHERE_OK;
}

SPHERE_SH_API size_t sphere_sh_good_count(size_t n)
{
    size_t best = 0, p5, p3, p2;
    if (n > 1073741824u) return 0;
    for (p5 = 1; ; p5 *= 5) {
        for (p3 = p5; ; p3 *= 3) {
            for (p2 = p3; p2 < n; p2 *= 2) { }
            if (!best || p2 < best) best = p2;
            if (p3 >= n) break;
        }
        if (p5 >= n) break;
    }
    return best;
}

/* A descriptor with its defaults filled in. */
typedef struct sphere_sh_shape_ {
    sphere_sh_grid grid;
    sphere_sh_layout layout;
    const sphere_sh_ring *rings_in;
    size_t degree, orders, rings, count, values;        /* count: of every ring, 0 = they differ; SPHERE_SH_RINGS: of the first   */
    size_t kinds, turns, largest;                       /* different counts, their sum, the largest                              */
} sphere_sh_shape_;
static sphere_status sphere_sh_shape_init_(sphere_sh_shape_ *shape, size_t degree, const sphere_sh_plan_desc *desc)
{
    static const sphere_sh_plan_desc zero = { SPHERE_SH_GAUSS, 0, 0, 0, NULL, SPHERE_SH_ROWS };
    const sphere_sh_plan_desc *const d = desc ? desc : &zero;
    size_t i, j;
    if (degree > SPHERE_SH_MAX_TRANSFORM_DEGREE || d->orders > degree + 1 || (unsigned)d->grid > (unsigned)SPHERE_SH_RINGS
        || (unsigned)d->layout > (unsigned)SPHERE_SH_COLUMNS) return SPHERE_E_RANGE;
    shape->grid = d->grid; shape->layout = d->layout; shape->rings_in = d->rings;
    shape->degree = degree; shape->orders = d->orders ? d->orders : degree + 1;
    shape->rings = d->latitudes; shape->count = d->longitudes;
    if (!shape->rings) switch (d->grid) {
        case SPHERE_SH_GAUSS: shape->rings = degree + 1; break;
        case SPHERE_SH_CLENSHAW_CURTIS: shape->rings = 2 * degree + 3; break;
        case SPHERE_SH_MIDPOINT: shape->rings = degree ? 2 * degree : 1; break;
        case SPHERE_SH_FEJER: case SPHERE_SH_DRISCOLL_HEALY: case SPHERE_SH_RINGS: default: shape->rings = 2 * degree + 2; break;
    }
    if (d->grid == SPHERE_SH_RINGS) {
        if (!d->latitudes) return SPHERE_E_RANGE;
        if (!d->rings) return SPHERE_E_NULL;
    }
    if (shape->rings > 65536u || shape->count > 16777216u) return SPHERE_E_SIZE;
    if ((d->grid == SPHERE_SH_DRISCOLL_HEALY && shape->rings & 1u) || (d->grid == SPHERE_SH_CLENSHAW_CURTIS && shape->rings < 2)) return SPHERE_E_RANGE;
    shape->values = 0; shape->kinds = shape->turns = shape->largest = 0;
    if (d->grid != SPHERE_SH_RINGS) {
        if (!shape->count) shape->count = d->grid == SPHERE_SH_MIDPOINT ? (degree ? 4 * degree : 1) : sphere_sh_good_count(2 * shape->orders - 1);
        shape->values = sphere_size_(shape->rings, shape->count, 0);
        shape->kinds = 1; shape->turns = shape->largest = shape->count;
        return shape->values > (size_t)1 << 30 ? SPHERE_E_SIZE : SPHERE_OK;
    }
    shape->count = d->rings[0].count;
    for (i = 0; i < shape->rings; i++) {
        const sphere_sh_ring *const r = d->rings + i;
        if (r->theta != r->theta || r->phi != r->phi || r->weight != r->weight) return SPHERE_E_NAN;
        if (r->theta < 0 || r->theta > 3.1415926535897936 || !sphere_sh_finite_double_(r->phi) || !sphere_sh_finite_double_(r->weight) || r->count < 1) return SPHERE_E_RANGE;
        if (r->count > 16777216u) return SPHERE_E_SIZE;
        shape->values += r->count;
        if (shape->values > (size_t)1 << 30) return SPHERE_E_SIZE;
        if (r->count != shape->count) { if (d->layout == SPHERE_SH_COLUMNS) return SPHERE_E_RANGE; }
        if (i && r->count == r[-1].count) continue;
        for (j = 0; j < i && d->rings[j].count != r->count; j++) { }
        if (j == i) { shape->kinds++; shape->turns += r->count; if (r->count > shape->largest) shape->largest = r->count; }
    }
    return SPHERE_OK;
}

/* Everything in a plan is cut off one block from the front, aligned to 64 bytes. With at = NULL it only counts. */
typedef struct sphere_sh_cut_ { unsigned char *at; size_t used; } sphere_sh_cut_;
static void *sphere_sh_cut_off_(sphere_sh_cut_ *cut, size_t n, size_t each)
{
    const size_t start = cut->used, bytes = sphere_size_(n, each, 63);
    cut->used = bytes == SIZE_MAX || start > SIZE_MAX - bytes ? SIZE_MAX : start + bytes / 64 * 64;
    return cut->at ? cut->at + start : NULL;
}

/* Rings with cosine and sine of their colatitudes. wave: 2 rings + 2 doubles for the equiangular grids. */
static void sphere_sh_shape_rings_(const sphere_sh_shape_ *shape, sphere_sh_ring *ring, double *cosine, double *sine, double *wave)
{
    const size_t n = shape->rings;
    const double pi = 3.141592653589793;
    sphere_sh_phase_ phase;
    size_t r, k, t, step, half = shape->grid == SPHERE_SH_CLENSHAW_CURTIS ? n - 1 : n;
    double out[3], sum;
    sphere_sh_phase_init_(&phase, (double)n + 0.5);
    if (wave) for (t = 0; t < 2 * half; t++) {
        sphere_sh_sincospi_((double)t / (double)half, out, out + 1);
        wave[t] = out[shape->grid == SPHERE_SH_DRISCOLL_HEALY ? 0 : 1];
    }
    for (r = 0; r < n; r++) {
        size_t mirror = shape->grid == SPHERE_SH_DRISCOLL_HEALY ? n - r : n - 1 - r;
        double q = 0;
        if (shape->grid == SPHERE_SH_RINGS) {
            ring[r] = shape->rings_in[r];
            sphere_sh_sincos_double_(ring[r].theta, sine + r, cosine + r);
            continue;
        }
        ring[r].phi = 0; ring[r].count = shape->count;
        if (mirror < r) {                                                /* the south has the bits of the north */
            ring[r].weight = ring[mirror].weight; cosine[r] = 0 - cosine[mirror]; sine[r] = sine[mirror]; ring[r].theta = pi - ring[mirror].theta;
            continue;
        }
        if (shape->grid == SPHERE_SH_GAUSS) {
            sphere_sh_gauss_one_(&phase, n, r, out);
            cosine[r] = out[0]; sine[r] = out[1]; ring[r].weight = 2 * pi * out[2];
            q = pi * (((double)r + 0.75) / phase.n);
            sphere_sh_sincos_double_(q, out, out + 2);
            q += out[2] / (8 * phase.n * phase.n * out[0]);
            sphere_sh_sincos_double_(q, out, out + 2);                    /* theta - q = asin(sin(theta - q)), below 1e-3 */
            sum = sine[r] * out[2] - cosine[r] * out[0];
            ring[r].theta = 2 * r + 1 == n ? pi / 2 : q + (sum + sum * sum * sum / 6);
            continue;
        }
        q = shape->grid == SPHERE_SH_CLENSHAW_CURTIS || shape->grid == SPHERE_SH_DRISCOLL_HEALY ? (double)r / (double)half : ((double)r + 0.5) / (double)n;
        sphere_sh_sincospi_(q, sine + r, cosine + r);
        ring[r].theta = pi * q;
        sum = 0;
        if (shape->grid == SPHERE_SH_FEJER) {                            /* 2/n (1 - 2 sum cos(2 k theta)/(4 k^2 - 1)) */
            step = (2 * r + 1) % (2 * n); t = n / 2 * step % (2 * n);
            for (k = n / 2; k >= 1; k--) { sum += wave[t] / (4.0 * (double)k * (double)k - 1); t = t >= step ? t - step : t + 2 * n - step; }
            sum = 2 / (double)n * (1 - 2 * sum);
        } else if (shape->grid == SPHERE_SH_CLENSHAW_CURTIS) {           /* c/N (1 - sum b cos(2 k theta)/(4 k^2 - 1)) */
            step = 2 * r % (2 * half); t = half / 2 * step % (2 * half);
            for (k = half / 2; k >= 1; k--) {
                sum += (2 * k == half ? 1 : 2) * wave[t] / (4.0 * (double)k * (double)k - 1);
                t = t >= step ? t - step : t + 2 * half - step;
            }
            sum = (r == 0 ? 1 : 2) / (double)half * (1 - sum);
        } else if (shape->grid == SPHERE_SH_DRISCOLL_HEALY) {            /* 4/n sin(theta) sum sin((2 k + 1) theta)/(2 k + 1) */
            for (k = n / 2; k-- > 0; ) sum += wave[(2 * k + 1) * r % (2 * n)] / (2.0 * (double)k + 1);
            sum *= 4 / (double)n * sine[r];
        } else sum = sine[r] * (pi / (double)n);
        ring[r].weight = 2 * pi * sum;
    }
}

/* Order the rings by sine ascending, the north first, then by index (heap sort), so that mirrored rings are neighbours. */
SPHERE_INLINE_ int sphere_sh_ring_after_(const double *cosine, const double *sine, uint32_t a, uint32_t b)
{
    if (sine[a] != sine[b]) return sine[a] > sine[b];
    if ((cosine[a] < 0) != (cosine[b] < 0)) return cosine[a] < 0;
    return a > b;
}
static void sphere_sh_sort_rings_(const double *cosine, const double *sine, uint32_t *order, size_t n)
{
    size_t start = n / 2, end = n, i, child;
    uint32_t v;
    for (i = 0; i < n; i++) order[i] = (uint32_t)i;
    while (end > 1) {
        if (start) v = order[--start];
        else { v = order[--end]; order[end] = order[0]; }
        if (end < 1) break;
        for (i = start; (child = 2 * i + 1) < end; i = child) {
            if (child + 1 < end && sphere_sh_ring_after_(cosine, sine, order[child + 1], order[child])) child++;
            if (!sphere_sh_ring_after_(cosine, sine, order[child], v)) break;
            order[i] = order[child];
        }
        order[i] = v;
    }
}

/* What the recurrence needs of every degree l, in two rows, of even and of odd l, because it steps by two: roots of integers,
   1/(4 l^2 - 1) and its root; and of every order: the scale of P_mm. */
typedef struct sphere_sh_degrees_ { const double *root[2], *inverse[2], *inverse_root[2], *sector; } sphere_sh_degrees_;
SPHERE_INLINE_ double sphere_sh_root_(const sphere_sh_degrees_ *degrees, size_t l) { return degrees->root[l & 1u][l / 2]; }
SPHERE_INLINE_ double sphere_sh_inverse_root_(const sphere_sh_degrees_ *degrees, size_t l) { return degrees->inverse_root[l & 1u][l / 2]; }
static void sphere_sh_degrees_init_(double *root, double *inverse, double *inverse_root, double *sector, size_t top, sphere_sh_degrees_ *out)
{
    sphere_sh_twice_ p = { 0.07957747154594767, -3.3384370105079525e-18 };      /* 1/(4 pi), then times (2 m + 1)/(2 m) */
    size_t i;
    for (i = 0; i < 2; i++) { out->root[i] = root + i * (top + 8); out->inverse[i] = inverse + i * (top / 2 + 8); out->inverse_root[i] = inverse_root + i * (top / 2 + 8); }
    out->sector = sector;
    for (i = 0; i < 2 * top + 16; i++) root[(i & 1u) * (top + 8) + i / 2] = sphere_sqrt_double_((double)i);
    for (i = 0; i < top + 15; i++) {
        const double l = (double)i;
        const size_t at = (i & 1u) * (top / 2 + 8) + i / 2;
        inverse[at] = i ? 1 / (4 * l * l - 1) : 0;
        inverse_root[at] = i ? 1 / sphere_sqrt_double_(4 * l * l - 1) : 0;
        if (i > top + 4) continue;
        if (i) p = sphere_sh_twice_add_(p, sphere_sh_twice_divide_(p, 2 * l));
        sector[i] = sphere_sqrt_double_(p.high * (2 * l + 3) * (i ? 0.5 : 1.0));
    }
}

/* The Legendre functions of order m. P_l of even l - m and P_l / cos(theta) of odd l - m are polynomials in x^2 = cos^2(theta) times
   sin^m(theta). With e_l = sqrt((l^2 - m^2)/(4 l^2 - 1)) and q_k = P_(m+2k+1) / x:
     x^2 q_k = b_(k+1) q_(k+1) + g_k q_k + b_k q_(k-1),   b_k = e_l e_(l-1), g_k = e_(l+1)^2 + e_l^2, l = m + 2 k + 1
     P_(m+2k) = e_(m+2k+1) q_k + e_(m+2k) q_(k-1)
   Written for t_k = q_k / alpha_k with alpha_k alpha_(k-1) b_k constant this is  t_(k+1) = a_k (x^2 - g_k) t_k - t_(k-1):
   two multiply-adds for two degrees, and the sums run over t_k with coefficients that were transformed once. a_k a_(k-1) = 1/b_k^2;
   the solution without a period-two component begins at the top with a = 1/(e_(l+1) e_l), and then a_k nears 4 and g_k 1/2.
   For c = a_k (x^2 - g_k) near 2 (poles) or -2 (equator) the rounding of c would grow with the square of the degree. There the
   recurrence runs in d = t_(k+1) -+ t_k, with c -+ 2 = a_k y + b:
     pole     y = -sin^2, b = a_k (1 - g_k) - 2:  d = d + (c - 2) t, t = t + d
     equator  y = x^2,    b = 2 - a_k g_k:        d = (c + 2) t - d, t = d - t
   Columns of an order, K numbers each: a; b between; b at the pole; b at the equator; the factors of P_(m+2k) and P_(m+2k+2) in t_k; that of
   P_(m+2k+1). They are made in three steps: b_k^2 and its inverse; a chain of products u, which is a_k and 1/a_k in turn and begins with a_(K-1); all
   columns. work: 3 K doubles: b^2, 1/b^2, u. */
#define SPHERE_SH_COLUMNS_OF_ORDER_ ((size_t)7)
static void sphere_sh_chain_(const sphere_sh_degrees_ *degrees, size_t m, size_t count, double *work)
{
    const double *const square = work, *const inverse = work + count, mm = (double)m * (double)m, l = (double)(m + 2 * count - 1);
    double *const u = work + 2 * count;
    const size_t at = m + 2 * count - 1;
    size_t k;
    u[count - 1] = 1 / sphere_sqrt_double_((l * l - mm) * degrees->inverse[at & 1u][at / 2] * (((l + 1) * (l + 1) - mm) * degrees->inverse[(at + 1) & 1u][(at + 1) / 2]));
    for (k = count - 1; k >= 1; k--) u[k - 1] = u[k] * ((count - 1 - k) & 1u ? inverse[k] : square[k]);
}
/* How far the orders reach on a ring: for l sin(theta) < m the functions fall like exp(-(2/3) (2 d^3/(l sin theta))^(1/2)), d = m - l sin
   theta; beyond the order returned every |P_lm| is below 2^-40 (float: cube = 1000) or 2^-80 (double: cube = 4200). */
static size_t sphere_sh_reach_(size_t degree, double sine, double cube)
{
    const double reach = (double)(degree + 1) * sine;
    double d = 1;
    while (d * d * d < cube * (reach + 1)) d += 1;
    return (size_t)(reach + d) + 3;
}

/* value 2^e from a mantissa in twice double precision, times 2^(step n), n such that it lies in 2^(-step/2) .. 2^(step/2). */
static double sphere_sh_power_of_two_(int e) { return sphere_sh_from_bits_double_((uint64_t)(e + 1023) << 52); }
static double sphere_sh_wrap_(double mantissa, int exponent, int step, double *count)
{
    int n = 0;
    while (exponent < -(step / 2)) { exponent += step; n++; }
    *count = n;
    return mantissa == 0 ? 0 : mantissa * sphere_sh_power_of_two_(exponent);
}
/* Multiply, both at most 1, and bring the mantissa back to 1/2 .. 1, the power of two into the exponent. */
static sphere_sh_twice_ sphere_sh_times_(sphere_sh_twice_ a, sphere_sh_twice_ b, int *exponent)
{
    sphere_sh_twice_ p = sphere_sh_twice_multiply_(a, b);
    while (p.high != 0 && p.high < 0.5) { p.high *= 2; p.low *= 2; *exponent -= 1; }
    return p;
}

/* The largest |sum over rings of weight P_l / (4 pi) - (l == 0)| for l <= 2 degree. 256 degrees at a time, in differences, so that the
   poles keep their digits; P_l(-x) = (-1)^l P_l(x). */
static double sphere_sh_quadrature_error_(const sphere_sh_ring *ring, size_t rings, size_t degree)
{
    double sum[256], worst = 0, s, c;
    size_t from, l, r;
    for (from = 0; from <= 2 * degree; from += 256) {
        const size_t end = from + 256 < 2 * degree + 1 ? from + 256 : 2 * degree + 1;
        memset(sum, 0, sizeof(sum));
        for (r = 0; r < rings; r++) {
            const int south = ring[r].theta > 1.5707963267948966;
            double p = 1, e = 0, v, w = ring[r].weight;
            sphere_sh_sincos_double_(0.5 * (south ? 3.141592653589793 - ring[r].theta : ring[r].theta), &s, &c);
            v = 2 * s * s;
            for (l = 0; l < end; l++) {
                if (l >= from) sum[l - from] += south && l & 1u ? 0 - w * p : w * p;
                e -= (double)(2 * l + 1) * (v * p); p += e / (double)(l + 1);
            }
        }
        for (l = from; l < end; l++) {
            s = sphere_sh_abs_double_(sum[l - from] * 0.07957747154594767 - (l ? 0 : 1));
            if (!(s <= worst)) worst = s;
        }
    }
    return worst;
}

/* The angle of (x, y), -pi .. pi, within 2 units in the last place: the float one, and what is left of it by its sine and cosine. */
static double sphere_sh_direction_angle_(double y, double x)
{
    const double most = sphere_sh_abs_double_(x) > sphere_sh_abs_double_(y) ? sphere_sh_abs_double_(x) : sphere_sh_abs_double_(y);
    double s, c, a;
    x /= most; y /= most;
    a = (double)sphere_atan2_((float)y, (float)x);
    sphere_sh_sincos_double_(a, &s, &c);
    x = (y * c - x * s) / (x * c + y * s);
    return a + (x - x * x * x / 3);
}

/* Which form of the recurrence suits the lanes between two sines: 1 pole, 2 equator, 0 between. */
static int sphere_sh_kind_(double low, double high, double edge)
{
    if (low < edge && high * high < 0.75) return 1;
    return high * high > 1 - edge * edge && low * low > 0.25 ? 2 : 0;
}

/* >>transform-kernels: portable, AVX2 and NEON next to each other ---------------------------------------------------- */

/* Rings are paired with their mirror images; a pair is a lane. SPHERE_SH_GROUP_ lanes are one vector of AVX2 or two of NEON. Two groups are the 16
   (float) or 8 (double) virtual lanes of every sum over latitudes, four groups are a block: what the recurrence works on at a time. */
#define SPHERE_SH_GROUP_ ((size_t)SPHERE_SH_AVX2_LANES_)
#define SPHERE_SHD_GROUP_ ((size_t)SPHERE_SHD_AVX2_LANES_)
#define SPHERE_SH_BLOCK_ (4 * SPHERE_SH_GROUP_)
#define SPHERE_SHD_BLOCK_ (4 * SPHERE_SHD_GROUP_)
#define SPHERE_SH_STRIP_ ((size_t)32)                     /* rows of T that stay in the first cache                                  */
#define SPHERE_SH_SETS_ ((size_t)2)                       /* fields that share a recurrence                                          */
#define SPHERE_SH_TASKS_ ((size_t)16)
#define SPHERE_SH_GROUP_MOST_ ((size_t)8)
/* Numbers out of range are kept as t 2^(-STEP n). A lane with n > 0 is below LOW = 2^-(STEP-20) (float) and is not summed. Between two
   looks the recurrence multiplies by less than 2^64, so nothing overflows, and what is left out is below 2^-36 (float) or 2^-700. */
#define SPHERE_SH_SCALE_STEP_ 120
#define SPHERE_SH_UP_ 1.329227995784916e+36f              /* 2^120  */
#define SPHERE_SH_DOWN_ 7.52316384526264e-37f             /* 2^-120 */
#define SPHERE_SH_LOW_ 7.888609052210118e-31f             /* 2^-100 */
#define SPHERE_SH_HIGH_ 1048576.0f                        /* 2^20   */
#define SPHERE_SH_TINY_ 9.094947017729282e-13f            /* 2^-40: functions below this are left out of the sums */
#define SPHERE_SH_REACH_ 1000.0
#define SPHERE_SH_EDGE_ 0.35                              /* below this sine (pole) or cosine (equator) a block runs in differences */
#define SPHERE_SH_LEAST_ 1e-30                            /* an intensity below this is none */
#define SPHERE_SHD_LEAST_ 1e-290
#define SPHERE_SHD_SCALE_STEP_ 900
#define SPHERE_SHD_UP_ 8.452712498170644e+270             /* 2^900  */
#define SPHERE_SHD_DOWN_ 1.183052186166774e-271           /* 2^-900 */
#define SPHERE_SHD_LOW_ 1.499696813895631e-241            /* 2^-800 */
#define SPHERE_SHD_HIGH_ 1.2676506002282294e+30           /* 2^100  */
#define SPHERE_SHD_TINY_ 8.271806125530277e-25            /* 2^-80  */
#define SPHERE_SHD_REACH_ 4200.0
#define SPHERE_SHD_EDGE_ 0.0
enum { SPHERE_SH_MIDDLE_ = 0, SPHERE_SH_POLE_ = 1, SPHERE_SH_EQUATOR_ = 2 };

/* >>kernel squares: b_k^2 and 1/b_k^2 of order m, in double for both precisions; see sphere_sh_chain_. */
static void sphere_sh_squares_c_(const sphere_sh_degrees_ *degrees, size_t m, size_t from, size_t count, double *work)
{
    const double mm = (double)m * (double)m, *const inverse = degrees->inverse[(m + 1) & 1u] + (m + 1) / 2, *const before = degrees->inverse[m & 1u] + m / 2;
    size_t k;
    for (k = from; k < count; k++) {
        const double l = (double)(m + 2 * k + 1), e = (l * l - mm) * inverse[k] * (((l - 1) * (l - 1) - mm) * before[k]);
        work[k] = e;
        work[count + k] = 1 / e;                                         /* k = 0 is not used: there b is 0 */
    }
}
/* sphere-sh float begin transform-portable */
/* >>kernel columns: all columns of order m from the chain; rounded once from double. scale = (scale of P_mm)^2 / a_0. */
static void sphere_sh_columns_c_(const sphere_sh_degrees_ *degrees, size_t m, size_t from, size_t count, const double *work, double scale, float *out)
{
    const double mm = (double)m * (double)m, *const inverse = degrees->inverse[(m + 1) & 1u] + (m + 1) / 2, *const after = degrees->inverse[m & 1u] + m / 2 + 1;
    const double *const f = degrees->inverse_root[(m + 1) & 1u] + (m + 1) / 2, *const g = degrees->inverse_root[m & 1u] + m / 2 + 1;
    const double *const r0 = degrees->root[1], *const r1 = degrees->root[1] + m, *const r2 = degrees->root[0] + 1, *const r3 = degrees->root[0] + m + 1;
    size_t k;
    for (k = from; k < count; k++) {
        const double l = (double)(m + 2 * k + 1), u = work[2 * count + k], over = 1 / u, a = (count - 1 - k) & 1u ? over : u;
        const double e = (l * l - mm) * inverse[k] + ((l + 1) * (l + 1) - mm) * after[k], ae = a * e, odd = sphere_sqrt_double_(scale * a);
        out[k] = (float)a;
        out[count + k] = (float)(0 - ae);
        out[2 * count + k] = (float)(a * (1 - e) - 2);
        out[3 * count + k] = (float)(2 - ae);
        out[4 * count + k] = (float)(r0[k] * r1[k] * f[k] * odd);
        out[5 * count + k] = (float)(r2[k] * r3[k] * g[k] * odd);
        out[6 * count + k] = (float)odd;
    }
}
/* >>kernel begin: t 2^(-STEP n) = sin^m(theta) as a product of two table entries; bit 0 of the answer: some n > 0; bit 1: some t counts. */
static unsigned sphere_sh_begin_c_(float *t, float *n, const float *a, const float *an, const float *b, const float *bn, size_t lanes)
{
    unsigned flags = 0;
    size_t i;
    for (i = 0; i < lanes; i++) {
        float p = a[i] * b[i], k = an[i] + bn[i];
        if (p < SPHERE_SH_LOW_) { p = p * SPHERE_SH_UP_; k = k + 1.0f; }
        else if (p >= SPHERE_SH_HIGH_ && k > 0) { p = p * SPHERE_SH_DOWN_; k = k - 1.0f; }
        t[i] = p; n[i] = k;
        if (k > 0) flags |= 1u;
        else if (p >= SPHERE_SH_TINY_) flags |= 2u;
    }
    return flags;
}
/* >>kernel rescale: bring lanes that have grown past HIGH down by one step; flags as above. */
static unsigned sphere_sh_rescale_c_(float *t, float *d, float *n, size_t lanes)
{
    unsigned flags = 0;
    size_t i;
    for (i = 0; i < lanes; i++) {
        if (n[i] > 0 && sphere_abs_(t[i]) >= SPHERE_SH_HIGH_) { t[i] *= SPHERE_SH_DOWN_; d[i] *= SPHERE_SH_DOWN_; n[i] -= 1.0f; }
        if (n[i] > 0) flags |= 1u;
        else if (sphere_abs_(t[i]) >= SPHERE_SH_TINY_) flags |= 2u;
    }
    return flags;
}
/* >>kernel hide: rows become 0 in the lanes with n > 0. */
static void sphere_sh_hide_c_(float *rows, const float *n, size_t steps, size_t lanes)
{
    size_t k, i;
    for (k = 0; k < steps; k++) for (i = 0; i < lanes; i++) if (n[i] > 0) rows[k * SPHERE_SH_BLOCK_ + i] = 0;
}
/* >>kernel step: rows[k] = t_k for `steps` degrees, and the state after them; see sphere_sh_chain_ for the three kinds. lanes: 2 or 4 groups. */
static void sphere_sh_step_c_(float *rows, float *t, float *d, const float *y, const float *y0, const float *a, const float *b, size_t steps, size_t lanes, int kind)
{
    size_t k, i;
    for (k = 0; k < steps; k++, rows += SPHERE_SH_BLOCK_) {
        const float ak = a[k];
        for (i = 0; i < lanes; i++) {
            const float bk = SPHERE_MADD_(ak, y0[i / (2 * SPHERE_SH_GROUP_)], b[k]), c = SPHERE_MADD_(ak, y[i], bk), old = t[i];
            rows[i] = old;
            if (kind == SPHERE_SH_MIDDLE_) { t[i] = c * old - d[i]; d[i] = old; }
            else if (kind == SPHERE_SH_POLE_) { d[i] = SPHERE_MADD_(c, old, d[i]); t[i] = old + d[i]; }
            else { d[i] = c * old - d[i]; t[i] = d[i] - old; }
        }
    }
}
/* >>kernel expand: out[group][4][lane] += sum over k of rows[k][lane] c[k][0..3], k ascending; groups lie stride apart. first: from 0. */
static void sphere_sh_expand_c_(float *out, size_t stride, const float *rows, const float *c, size_t steps, size_t lanes, int first)
{
    size_t k, i, j;
    for (i = 0; i < lanes; i++) {
        float *const o = out + i / SPHERE_SH_GROUP_ * stride + i % SPHERE_SH_GROUP_;
        for (j = 0; j < 4; j++) {
            float sum = first ? 0 : o[j * SPHERE_SH_GROUP_];
            for (k = 0; k < steps; k++) sum = SPHERE_MADD_(rows[k * SPHERE_SH_BLOCK_ + i], c[4 * k + j], sum);
            o[j * SPHERE_SH_GROUP_] = sum;
        }
    }
}
/* >>kernel project: sum[k][0..3][lane mod 2 groups] += rows[k][lane] in[group][0..3][lane], lanes ascending. */
static void sphere_sh_project_c_(float *sum, const float *rows, const float *in, size_t stride, size_t steps, size_t lanes)
{
    size_t k, i, j;
    for (k = 0; k < steps; k++)
        for (i = 0; i < lanes; i++) {
            const float *const v = in + i / SPHERE_SH_GROUP_ * stride + i % SPHERE_SH_GROUP_;
            const float row = rows[k * SPHERE_SH_BLOCK_ + i];
            float *const s = sum + k * 8 * SPHERE_SH_GROUP_ + i % (2 * SPHERE_SH_GROUP_);
            for (j = 0; j < 4; j++) s[2 * j * SPHERE_SH_GROUP_] = SPHERE_MADD_(row, v[j * SPHERE_SH_GROUP_], s[2 * j * SPHERE_SH_GROUP_]);
        }
}
/* >>kernel combine: out[k][j] = the lanes of sum[k][j] combined by halves. sum is used up. */
static void sphere_sh_combine_c_(float *out, float *sum, size_t steps)
{
    size_t k, i, width;
    for (k = 0; k < 4 * steps; k++, sum += 2 * SPHERE_SH_GROUP_) {
        for (width = SPHERE_SH_GROUP_; width; width /= 2) for (i = 0; i < width; i++) sum[i] += sum[i + width];
        out[k] = sum[0];
    }
}
/* A row of the FFT is one place of all lanes: GROUP real parts (the northern rings), GROUP imaginary parts (the southern rings). */
#define SPHERE_SH_PLACE_ (2 * SPHERE_SH_GROUP_)
/* >>kernel join: Fourier coefficients of even and odd part -> place m: N + i S, place n - m: conj N + i conj S; N, S = E +- x O. 2 orders - 1 <= n. */
static void sphere_sh_join_c_(float *z, const float *f, const float *x, size_t orders, size_t n)
{
    size_t m, i;
    for (m = 0; m < orders; m++, f += 4 * SPHERE_SH_GROUP_) {
        float *const up = z + m * SPHERE_SH_PLACE_, *const down = z + (m ? n - m : 0) * SPHERE_SH_PLACE_;
        for (i = 0; i < SPHERE_SH_GROUP_; i++) {
            const float er = f[i], ei = f[SPHERE_SH_GROUP_ + i], rr = x[i] * f[2 * SPHERE_SH_GROUP_ + i], ri = x[i] * f[3 * SPHERE_SH_GROUP_ + i];
            const float nr = er + rr, sr = er - rr, ni = ei + ri, si = ei - ri;
            down[i] = nr + si; down[SPHERE_SH_GROUP_ + i] = sr - ni;
            up[i] = nr - si; up[SPHERE_SH_GROUP_ + i] = sr + ni;
        }
    }
    for (m = orders; m + orders <= n; m++) for (i = 0; i < SPHERE_SH_PLACE_; i++) z[m * SPHERE_SH_PLACE_ + i] = 0;
}
/* >>kernel part: the reverse: E = w (2 N + 2 S), O = w x (2 N - 2 S); without the 2 for m = 0. wx = w x. */
static void sphere_sh_part_c_(float *f, const float *z, const float *w, const float *wx, size_t orders, size_t n)
{
    size_t m, i;
    for (m = 0; m < orders; m++, f += 4 * SPHERE_SH_GROUP_) {
        const float *const up = z + m * SPHERE_SH_PLACE_, *const down = z + (m ? n - m : 0) * SPHERE_SH_PLACE_;
        for (i = 0; i < SPHERE_SH_GROUP_; i++) {
            const float a = up[i], b = up[SPHERE_SH_GROUP_ + i], c = down[i], d = down[SPHERE_SH_GROUP_ + i];
            const float nr = a + c, ni = b - d, sr = b + d, si = c - a;
            f[i] = w[i] * (m ? nr + sr : a + b); f[2 * SPHERE_SH_GROUP_ + i] = wx[i] * (m ? nr - sr : a - b);
            f[SPHERE_SH_GROUP_ + i] = m ? w[i] * (ni + si) : 0; f[3 * SPHERE_SH_GROUP_ + i] = m ? wx[i] * (ni - si) : 0;
        }
    }
}
/* >>kernel rows_out: north[lane][j], south[lane][j] = places j = 0..n-1; a NaN becomes the one NaN. */
static void sphere_sh_rows_out_c_(float *const *north, float *const *south, const float *z, size_t from, size_t n)
{
    size_t j, i;
    for (i = 0; i < SPHERE_SH_GROUP_; i++) for (j = from; j < n; j++) {
        north[i][j] = sphere_canonical_(z[j * SPHERE_SH_PLACE_ + i]);
        south[i][j] = sphere_canonical_(z[j * SPHERE_SH_PLACE_ + SPHERE_SH_GROUP_ + i]);
    }
}
/* >>kernel rows_in: the reverse. */
static void sphere_sh_rows_in_c_(float *z, const float *const *north, const float *const *south, size_t from, size_t n)
{
    size_t j, i;
    for (i = 0; i < SPHERE_SH_GROUP_; i++) for (j = from; j < n; j++) {
        z[j * SPHERE_SH_PLACE_ + i] = north[i][j];
        z[j * SPHERE_SH_PLACE_ + SPHERE_SH_GROUP_ + i] = south[i][j];
    }
}
/* >>kernel fft: one pass of a Stockham transform of length n s (this pass: n, in s interleaved copies), radix r:
     out[q + s (r p + j)] = w^(p j) sum over i of u^(i j) in[q + s (p + i n/r)],  w = exp(2 pi i/n), u = exp(2 pi i/r), p < n/r, q < s.
   turn (n s) pairs cos, sin of 2 pi k/(n s). re = 0: as written; re = GROUP: with real and imaginary parts exchanged, which makes it
   the transform of the opposite sign. p = 0 is not multiplied by its factors 1. */
static void sphere_sh_fft_c_(float *out, const float *in, size_t n, size_t s, size_t r, const float *turn, size_t re)
{
    const size_t im = SPHERE_SH_GROUP_ - re, part = n / r, jump = s * part * SPHERE_SH_PLACE_;
    size_t p, q, i, j, l;
    for (p = 0; p < part; p++) for (q = 0; q < s; q++) {
        const float *const x = in + (q + s * p) * SPHERE_SH_PLACE_;
        float *const y = out + (q + s * r * p) * SPHERE_SH_PLACE_;
        for (l = 0; l < SPHERE_SH_GROUP_; l++) {
            const float *const xr = x + re + l, *const xi = x + im + l;
            float sr[5] = { 0, 0, 0, 0, 0 }, si[5] = { 0, 0, 0, 0, 0 };
            if (r == 2) {
                sr[0] = xr[0] + xr[jump]; si[0] = xi[0] + xi[jump];
                sr[1] = xr[0] - xr[jump]; si[1] = xi[0] - xi[jump];
            } else if (r == 4) {
                const float ar = xr[0] + xr[2 * jump], ai = xi[0] + xi[2 * jump], br = xr[0] - xr[2 * jump], bi = xi[0] - xi[2 * jump];
                const float cr = xr[jump] + xr[3 * jump], ci = xi[jump] + xi[3 * jump], dr = xr[jump] - xr[3 * jump], di = xi[jump] - xi[3 * jump];
                sr[0] = ar + cr; si[0] = ai + ci; sr[2] = ar - cr; si[2] = ai - ci;
                sr[1] = br - di; si[1] = bi + dr; sr[3] = br + di; si[3] = bi - dr;
            } else if (r == 3) {
                const float tr = xr[jump] + xr[2 * jump], ti = xi[jump] + xi[2 * jump];
                const float ur = xr[0] - 0.5f * tr, ui = xi[0] - 0.5f * ti;
                const float vr = SPHERE_SH_REAL_(0.8660254037844386) * (xr[jump] - xr[2 * jump]), vi = SPHERE_SH_REAL_(0.8660254037844386) * (xi[jump] - xi[2 * jump]);
                sr[0] = xr[0] + tr; si[0] = xi[0] + ti; sr[1] = ur - vi; si[1] = ui + vr; sr[2] = ur + vi; si[2] = ui - vr;
            } else if (r == 5) {
                const float c1 = SPHERE_SH_REAL_(0.30901699437494745), c2 = SPHERE_SH_REAL_(-0.8090169943749475);
                const float s1 = SPHERE_SH_REAL_(0.9510565162951535), s2 = SPHERE_SH_REAL_(0.5877852522924731);
                const float ar = xr[jump] + xr[4 * jump], ai = xi[jump] + xi[4 * jump], br = xr[2 * jump] + xr[3 * jump], bi = xi[2 * jump] + xi[3 * jump];
                const float cr = xr[jump] - xr[4 * jump], ci = xi[jump] - xi[4 * jump], dr = xr[2 * jump] - xr[3 * jump], di = xi[2 * jump] - xi[3 * jump];
                const float er = SPHERE_MADD_(c2, br, SPHERE_MADD_(c1, ar, xr[0])), ei = SPHERE_MADD_(c2, bi, SPHERE_MADD_(c1, ai, xi[0]));
                const float fr = SPHERE_MADD_(c1, br, SPHERE_MADD_(c2, ar, xr[0])), fi = SPHERE_MADD_(c1, bi, SPHERE_MADD_(c2, ai, xi[0]));
                const float gr = SPHERE_MADD_(s2, dr, s1 * cr), gi = SPHERE_MADD_(s2, di, s1 * ci), hr = s2 * cr - s1 * dr, hi = s2 * ci - s1 * di;
                sr[0] = xr[0] + (ar + br); si[0] = xi[0] + (ai + bi);
                sr[1] = er - gi; si[1] = ei + gr; sr[4] = er + gi; si[4] = ei - gr;
                sr[2] = fr - hi; si[2] = fi + hr; sr[3] = fr + hi; si[3] = fi - hr;
            } else {                                                     /* any other prime: r^2 products, summed i ascending */
                for (j = 0; j < r; j++) {
                    float sumr = xr[0], sumi = xi[0];
                    for (i = 1; i < r; i++) {
                        const float *const w = turn + 2 * (s * part * (i * j % r));
                        const float vr = xr[i * jump], vi = xi[i * jump];
                        sumr = SPHERE_MADD_(vr, w[0], sumr) - vi * w[1]; sumi = SPHERE_MADD_(vi, w[0], SPHERE_MADD_(vr, w[1], sumi));
                    }
                    if (p && j) {
                        const float *const w = turn + 2 * (p * j * s);
                        const float vr = sumr * w[0] - sumi * w[1];
                        sumi = SPHERE_MADD_(sumi, w[0], sumr * w[1]); sumr = vr;
                    }
                    y[j * s * SPHERE_SH_PLACE_ + re + l] = sumr; y[j * s * SPHERE_SH_PLACE_ + im + l] = sumi;
                }
                continue;
            }
            for (j = 0; j < r; j++) {
                if (p && j) {
                    const float *const w = turn + 2 * (p * j * s);
                    const float vr = sr[j] * w[0] - si[j] * w[1];
                    si[j] = SPHERE_MADD_(si[j], w[0], sr[j] * w[1]); sr[j] = vr;
                }
                y[j * s * SPHERE_SH_PLACE_ + re + l] = sr[j]; y[j * s * SPHERE_SH_PLACE_ + im + l] = si[j];
            }
        }
    }
}
/* >>kernel square: values = values^2; returns their sum in 16 (float) or 8 (double) virtual lanes. */
static float sphere_sh_square_rest_(float *values, size_t n, float *lane)
{
    size_t i, width;
    for (i = 0; i < n; i++) { values[i] *= values[i]; lane[i % (2 * SPHERE_SH_GROUP_)] += values[i]; }
    for (width = SPHERE_SH_GROUP_; width; width /= 2) for (i = 0; i < width; i++) lane[i] += lane[i + width];
    return lane[0];
}
static float sphere_sh_square_c_(float *values, size_t n)
{
    float lane[2 * SPHERE_SH_GROUP_MOST_] = { 0 };
    return sphere_sh_square_rest_(values, n, lane);
}
/* >>kernel scale: values *= factor, none negative; returns the largest. */
static float sphere_sh_scale_c_(float *values, size_t n, float factor)
{
    float most = 0;
    size_t i;
    for (i = 0; i < n; i++) { values[i] *= factor; most = values[i] > most ? values[i] : most; }
    return most;
}
/* sphere-sh float end transform-portable */
/* sphere-sh double begin transform-portable: made from the float section by tests/double.py, do not edit */
/* >>kernel columns: all columns of order m from the chain; rounded once from double. scale = (scale of P_mm)^2 / a_0. */
static void sphere_shd_columns_c_(const sphere_sh_degrees_ *degrees, size_t m, size_t from, size_t count, const double *work, double scale, double *out)
{
    const double mm = (double)m * (double)m, *const inverse = degrees->inverse[(m + 1) & 1u] + (m + 1) / 2, *const after = degrees->inverse[m & 1u] + m / 2 + 1;
    const double *const f = degrees->inverse_root[(m + 1) & 1u] + (m + 1) / 2, *const g = degrees->inverse_root[m & 1u] + m / 2 + 1;
    const double *const r0 = degrees->root[1], *const r1 = degrees->root[1] + m, *const r2 = degrees->root[0] + 1, *const r3 = degrees->root[0] + m + 1;
    size_t k;
    for (k = from; k < count; k++) {
        const double l = (double)(m + 2 * k + 1), u = work[2 * count + k], over = 1 / u, a = (count - 1 - k) & 1u ? over : u;
        const double e = (l * l - mm) * inverse[k] + ((l + 1) * (l + 1) - mm) * after[k], ae = a * e, odd = sphere_sqrt_double_(scale * a);
        out[k] = (double)a;
        out[count + k] = (double)(0 - ae);
        out[2 * count + k] = (double)(a * (1 - e) - 2);
        out[3 * count + k] = (double)(2 - ae);
        out[4 * count + k] = (double)(r0[k] * r1[k] * f[k] * odd);
        out[5 * count + k] = (double)(r2[k] * r3[k] * g[k] * odd);
        out[6 * count + k] = (double)odd;
    }
}
/* >>kernel begin: t 2^(-STEP n) = sin^m(theta) as a product of two table entries; bit 0 of the answer: some n > 0; bit 1: some t counts. */
static unsigned sphere_shd_begin_c_(double *t, double *n, const double *a, const double *an, const double *b, const double *bn, size_t lanes)
{
    unsigned flags = 0;
    size_t i;
    for (i = 0; i < lanes; i++) {
        double p = a[i] * b[i], k = an[i] + bn[i];
        if (p < SPHERE_SHD_LOW_) { p = p * SPHERE_SHD_UP_; k = k + 1.0; }
        else if (p >= SPHERE_SHD_HIGH_ && k > 0) { p = p * SPHERE_SHD_DOWN_; k = k - 1.0; }
        t[i] = p; n[i] = k;
        if (k > 0) flags |= 1u;
        else if (p >= SPHERE_SHD_TINY_) flags |= 2u;
    }
    return flags;
}
/* >>kernel rescale: bring lanes that have grown past HIGH down by one step; flags as above. */
static unsigned sphere_shd_rescale_c_(double *t, double *d, double *n, size_t lanes)
{
    unsigned flags = 0;
    size_t i;
    for (i = 0; i < lanes; i++) {
        if (n[i] > 0 && sphere_sh_abs_double_(t[i]) >= SPHERE_SHD_HIGH_) { t[i] *= SPHERE_SHD_DOWN_; d[i] *= SPHERE_SHD_DOWN_; n[i] -= 1.0; }
        if (n[i] > 0) flags |= 1u;
        else if (sphere_sh_abs_double_(t[i]) >= SPHERE_SHD_TINY_) flags |= 2u;
    }
    return flags;
}
/* >>kernel hide: rows become 0 in the lanes with n > 0. */
static void sphere_shd_hide_c_(double *rows, const double *n, size_t steps, size_t lanes)
{
    size_t k, i;
    for (k = 0; k < steps; k++) for (i = 0; i < lanes; i++) if (n[i] > 0) rows[k * SPHERE_SHD_BLOCK_ + i] = 0;
}
/* >>kernel step: rows[k] = t_k for `steps` degrees, and the state after them; see sphere_sh_chain_ for the three kinds. lanes: 2 or 4 groups. */
static void sphere_shd_step_c_(double *rows, double *t, double *d, const double *y, const double *y0, const double *a, const double *b, size_t steps, size_t lanes, int kind)
{
    size_t k, i;
    for (k = 0; k < steps; k++, rows += SPHERE_SHD_BLOCK_) {
        const double ak = a[k];
        for (i = 0; i < lanes; i++) {
            const double bk = SPHERE_MADD_(ak, y0[i / (2 * SPHERE_SHD_GROUP_)], b[k]), c = SPHERE_MADD_(ak, y[i], bk), old = t[i];
            rows[i] = old;
            if (kind == SPHERE_SH_MIDDLE_) { t[i] = c * old - d[i]; d[i] = old; }
            else if (kind == SPHERE_SH_POLE_) { d[i] = SPHERE_MADD_(c, old, d[i]); t[i] = old + d[i]; }
            else { d[i] = c * old - d[i]; t[i] = d[i] - old; }
        }
    }
}
/* >>kernel expand: out[group][4][lane] += sum over k of rows[k][lane] c[k][0..3], k ascending; groups lie stride apart. first: from 0. */
static void sphere_shd_expand_c_(double *out, size_t stride, const double *rows, const double *c, size_t steps, size_t lanes, int first)
{
    size_t k, i, j;
    for (i = 0; i < lanes; i++) {
        double *const o = out + i / SPHERE_SHD_GROUP_ * stride + i % SPHERE_SHD_GROUP_;
        for (j = 0; j < 4; j++) {
            double sum = first ? 0 : o[j * SPHERE_SHD_GROUP_];
            for (k = 0; k < steps; k++) sum = SPHERE_MADD_(rows[k * SPHERE_SHD_BLOCK_ + i], c[4 * k + j], sum);
            o[j * SPHERE_SHD_GROUP_] = sum;
        }
    }
}
/* >>kernel project: sum[k][0..3][lane mod 2 groups] += rows[k][lane] in[group][0..3][lane], lanes ascending. */
static void sphere_shd_project_c_(double *sum, const double *rows, const double *in, size_t stride, size_t steps, size_t lanes)
{
    size_t k, i, j;
    for (k = 0; k < steps; k++)
        for (i = 0; i < lanes; i++) {
            const double *const v = in + i / SPHERE_SHD_GROUP_ * stride + i % SPHERE_SHD_GROUP_;
            const double row = rows[k * SPHERE_SHD_BLOCK_ + i];
            double *const s = sum + k * 8 * SPHERE_SHD_GROUP_ + i % (2 * SPHERE_SHD_GROUP_);
            for (j = 0; j < 4; j++) s[2 * j * SPHERE_SHD_GROUP_] = SPHERE_MADD_(row, v[j * SPHERE_SHD_GROUP_], s[2 * j * SPHERE_SHD_GROUP_]);
        }
}
/* >>kernel combine: out[k][j] = the lanes of sum[k][j] combined by halves. sum is used up. */
static void sphere_shd_combine_c_(double *out, double *sum, size_t steps)
{
    size_t k, i, width;
    for (k = 0; k < 4 * steps; k++, sum += 2 * SPHERE_SHD_GROUP_) {
        for (width = SPHERE_SHD_GROUP_; width; width /= 2) for (i = 0; i < width; i++) sum[i] += sum[i + width];
        out[k] = sum[0];
    }
}
/* A row of the FFT is one place of all lanes: GROUP real parts (the northern rings), GROUP imaginary parts (the southern rings). */
#define SPHERE_SHD_PLACE_ (2 * SPHERE_SHD_GROUP_)
/* >>kernel join: Fourier coefficients of even and odd part -> place m: N + i S, place n - m: conj N + i conj S; N, S = E +- x O. 2 orders - 1 <= n. */
static void sphere_shd_join_c_(double *z, const double *f, const double *x, size_t orders, size_t n)
{
    size_t m, i;
    for (m = 0; m < orders; m++, f += 4 * SPHERE_SHD_GROUP_) {
        double *const up = z + m * SPHERE_SHD_PLACE_, *const down = z + (m ? n - m : 0) * SPHERE_SHD_PLACE_;
        for (i = 0; i < SPHERE_SHD_GROUP_; i++) {
            const double er = f[i], ei = f[SPHERE_SHD_GROUP_ + i], rr = x[i] * f[2 * SPHERE_SHD_GROUP_ + i], ri = x[i] * f[3 * SPHERE_SHD_GROUP_ + i];
            const double nr = er + rr, sr = er - rr, ni = ei + ri, si = ei - ri;
            down[i] = nr + si; down[SPHERE_SHD_GROUP_ + i] = sr - ni;
            up[i] = nr - si; up[SPHERE_SHD_GROUP_ + i] = sr + ni;
        }
    }
    for (m = orders; m + orders <= n; m++) for (i = 0; i < SPHERE_SHD_PLACE_; i++) z[m * SPHERE_SHD_PLACE_ + i] = 0;
}
/* >>kernel part: the reverse: E = w (2 N + 2 S), O = w x (2 N - 2 S); without the 2 for m = 0. wx = w x. */
static void sphere_shd_part_c_(double *f, const double *z, const double *w, const double *wx, size_t orders, size_t n)
{
    size_t m, i;
    for (m = 0; m < orders; m++, f += 4 * SPHERE_SHD_GROUP_) {
        const double *const up = z + m * SPHERE_SHD_PLACE_, *const down = z + (m ? n - m : 0) * SPHERE_SHD_PLACE_;
        for (i = 0; i < SPHERE_SHD_GROUP_; i++) {
            const double a = up[i], b = up[SPHERE_SHD_GROUP_ + i], c = down[i], d = down[SPHERE_SHD_GROUP_ + i];
            const double nr = a + c, ni = b - d, sr = b + d, si = c - a;
            f[i] = w[i] * (m ? nr + sr : a + b); f[2 * SPHERE_SHD_GROUP_ + i] = wx[i] * (m ? nr - sr : a - b);
            f[SPHERE_SHD_GROUP_ + i] = m ? w[i] * (ni + si) : 0; f[3 * SPHERE_SHD_GROUP_ + i] = m ? wx[i] * (ni - si) : 0;
        }
    }
}
/* >>kernel rows_out: north[lane][j], south[lane][j] = places j = 0..n-1; a NaN becomes the one NaN. */
static void sphere_shd_rows_out_c_(double *const *north, double *const *south, const double *z, size_t from, size_t n)
{
    size_t j, i;
    for (i = 0; i < SPHERE_SHD_GROUP_; i++) for (j = from; j < n; j++) {
        north[i][j] = sphere_sh_canonical_double_(z[j * SPHERE_SHD_PLACE_ + i]);
        south[i][j] = sphere_sh_canonical_double_(z[j * SPHERE_SHD_PLACE_ + SPHERE_SHD_GROUP_ + i]);
    }
}
/* >>kernel rows_in: the reverse. */
static void sphere_shd_rows_in_c_(double *z, const double *const *north, const double *const *south, size_t from, size_t n)
{
    size_t j, i;
    for (i = 0; i < SPHERE_SHD_GROUP_; i++) for (j = from; j < n; j++) {
        z[j * SPHERE_SHD_PLACE_ + i] = north[i][j];
        z[j * SPHERE_SHD_PLACE_ + SPHERE_SHD_GROUP_ + i] = south[i][j];
    }
}
/* >>kernel fft: one pass of a Stockham transform of length n s (this pass: n, in s interleaved copies), radix r:
     out[q + s (r p + j)] = w^(p j) sum over i of u^(i j) in[q + s (p + i n/r)],  w = exp(2 pi i/n), u = exp(2 pi i/r), p < n/r, q < s.
   turn (n s) pairs cos, sin of 2 pi k/(n s). re = 0: as written; re = GROUP: with real and imaginary parts exchanged, which makes it
   the transform of the opposite sign. p = 0 is not multiplied by its factors 1. */
static void sphere_shd_fft_c_(double *out, const double *in, size_t n, size_t s, size_t r, const double *turn, size_t re)
{
    const size_t im = SPHERE_SHD_GROUP_ - re, part = n / r, jump = s * part * SPHERE_SHD_PLACE_;
    size_t p, q, i, j, l;
    for (p = 0; p < part; p++) for (q = 0; q < s; q++) {
        const double *const x = in + (q + s * p) * SPHERE_SHD_PLACE_;
        double *const y = out + (q + s * r * p) * SPHERE_SHD_PLACE_;
        for (l = 0; l < SPHERE_SHD_GROUP_; l++) {
            const double *const xr = x + re + l, *const xi = x + im + l;
            double sr[5] = { 0, 0, 0, 0, 0 }, si[5] = { 0, 0, 0, 0, 0 };
            if (r == 2) {
                sr[0] = xr[0] + xr[jump]; si[0] = xi[0] + xi[jump];
                sr[1] = xr[0] - xr[jump]; si[1] = xi[0] - xi[jump];
            } else if (r == 4) {
                const double ar = xr[0] + xr[2 * jump], ai = xi[0] + xi[2 * jump], br = xr[0] - xr[2 * jump], bi = xi[0] - xi[2 * jump];
                const double cr = xr[jump] + xr[3 * jump], ci = xi[jump] + xi[3 * jump], dr = xr[jump] - xr[3 * jump], di = xi[jump] - xi[3 * jump];
                sr[0] = ar + cr; si[0] = ai + ci; sr[2] = ar - cr; si[2] = ai - ci;
                sr[1] = br - di; si[1] = bi + dr; sr[3] = br + di; si[3] = bi - dr;
            } else if (r == 3) {
                const double tr = xr[jump] + xr[2 * jump], ti = xi[jump] + xi[2 * jump];
                const double ur = xr[0] - 0.5 * tr, ui = xi[0] - 0.5 * ti;
                const double vr = SPHERE_SHD_REAL_(0.8660254037844386) * (xr[jump] - xr[2 * jump]), vi = SPHERE_SHD_REAL_(0.8660254037844386) * (xi[jump] - xi[2 * jump]);
                sr[0] = xr[0] + tr; si[0] = xi[0] + ti; sr[1] = ur - vi; si[1] = ui + vr; sr[2] = ur + vi; si[2] = ui - vr;
            } else if (r == 5) {
                const double c1 = SPHERE_SHD_REAL_(0.30901699437494745), c2 = SPHERE_SHD_REAL_(-0.8090169943749475);
                const double s1 = SPHERE_SHD_REAL_(0.9510565162951535), s2 = SPHERE_SHD_REAL_(0.5877852522924731);
                const double ar = xr[jump] + xr[4 * jump], ai = xi[jump] + xi[4 * jump], br = xr[2 * jump] + xr[3 * jump], bi = xi[2 * jump] + xi[3 * jump];
                const double cr = xr[jump] - xr[4 * jump], ci = xi[jump] - xi[4 * jump], dr = xr[2 * jump] - xr[3 * jump], di = xi[2 * jump] - xi[3 * jump];
                const double er = SPHERE_MADD_(c2, br, SPHERE_MADD_(c1, ar, xr[0])), ei = SPHERE_MADD_(c2, bi, SPHERE_MADD_(c1, ai, xi[0]));
                const double fr = SPHERE_MADD_(c1, br, SPHERE_MADD_(c2, ar, xr[0])), fi = SPHERE_MADD_(c1, bi, SPHERE_MADD_(c2, ai, xi[0]));
                const double gr = SPHERE_MADD_(s2, dr, s1 * cr), gi = SPHERE_MADD_(s2, di, s1 * ci), hr = s2 * cr - s1 * dr, hi = s2 * ci - s1 * di;
                sr[0] = xr[0] + (ar + br); si[0] = xi[0] + (ai + bi);
                sr[1] = er - gi; si[1] = ei + gr; sr[4] = er + gi; si[4] = ei - gr;
                sr[2] = fr - hi; si[2] = fi + hr; sr[3] = fr + hi; si[3] = fi - hr;
            } else {                                                     /* any other prime: r^2 products, summed i ascending */
                for (j = 0; j < r; j++) {
                    double sumr = xr[0], sumi = xi[0];
                    for (i = 1; i < r; i++) {
                        const double *const w = turn + 2 * (s * part * (i * j % r));
                        const double vr = xr[i * jump], vi = xi[i * jump];
                        sumr = SPHERE_MADD_(vr, w[0], sumr) - vi * w[1]; sumi = SPHERE_MADD_(vi, w[0], SPHERE_MADD_(vr, w[1], sumi));
                    }
                    if (p && j) {
                        const double *const w = turn + 2 * (p * j * s);
                        const double vr = sumr * w[0] - sumi * w[1];
                        sumi = SPHERE_MADD_(sumi, w[0], sumr * w[1]); sumr = vr;
                    }
                    y[j * s * SPHERE_SHD_PLACE_ + re + l] = sumr; y[j * s * SPHERE_SHD_PLACE_ + im + l] = sumi;
                }
                continue;
            }
            for (j = 0; j < r; j++) {
                if (p && j) {
                    const double *const w = turn + 2 * (p * j * s);
                    const double vr = sr[j] * w[0] - si[j] * w[1];
                    si[j] = SPHERE_MADD_(si[j], w[0], sr[j] * w[1]); sr[j] = vr;
                }
                y[j * s * SPHERE_SHD_PLACE_ + re + l] = sr[j]; y[j * s * SPHERE_SHD_PLACE_ + im + l] = si[j];
            }
        }
    }
}
/* >>kernel square: values = values^2; returns their sum in 16 (double) or 8 (double) virtual lanes. */
static double sphere_shd_square_rest_(double *values, size_t n, double *lane)
{
    size_t i, width;
    for (i = 0; i < n; i++) { values[i] *= values[i]; lane[i % (2 * SPHERE_SHD_GROUP_)] += values[i]; }
    for (width = SPHERE_SHD_GROUP_; width; width /= 2) for (i = 0; i < width; i++) lane[i] += lane[i + width];
    return lane[0];
}
static double sphere_shd_square_c_(double *values, size_t n)
{
    double lane[2 * SPHERE_SH_GROUP_MOST_] = { 0 };
    return sphere_shd_square_rest_(values, n, lane);
}
/* >>kernel scale: values *= factor, none negative; returns the largest. */
static double sphere_shd_scale_c_(double *values, size_t n, double factor)
{
    double most = 0;
    size_t i;
    for (i = 0; i < n; i++) { values[i] *= factor; most = values[i] > most ? values[i] : most; }
    return most;
}
/* sphere-sh double end transform-portable */

/* Double lanes for both precisions. NARROW stores them as float or double. */
#if SPHERE_AVX2_
#define SPHERE_SHW_avx2_ __m256d
#define SPHERE_SHW_WIDTH_avx2_ ((size_t)4)
#define SPHERE_SHW_LD_avx2_(p) _mm256_loadu_pd(p)
#define SPHERE_SHW_ST_avx2_(p, v) _mm256_storeu_pd(p, v)
#define SPHERE_SHW_SET_avx2_(v) _mm256_set1_pd(v)
#define SPHERE_SHW_ADD_avx2_(a, b) _mm256_add_pd(a, b)
#define SPHERE_SHW_SUB_avx2_(a, b) _mm256_sub_pd(a, b)
#define SPHERE_SHW_MUL_avx2_(a, b) _mm256_mul_pd(a, b)
#define SPHERE_SHW_DIV_avx2_(a, b) _mm256_div_pd(a, b)
#define SPHERE_SHW_SQRT_avx2_(a) _mm256_sqrt_pd(a)
#define SPHERE_SHW_RAMP_avx2_ _mm256_setr_pd(0, 2, 4, 6)
#define SPHERE_SHW_TURNS_avx2_(a, b) _mm256_blend_pd(a, b, 10)       /* a0 b1 a2 b3 */
#define SPHERE_SH_NARROW_avx2_(p, v) _mm_storeu_ps(p, _mm256_cvtpd_ps(v))
#define SPHERE_SHD_NARROW_avx2_(p, v) _mm256_storeu_pd(p, v)
#endif
#if SPHERE_NEON_
#define SPHERE_SHW_neon_ float64x2_t
#define SPHERE_SHW_WIDTH_neon_ ((size_t)2)
#define SPHERE_SHW_LD_neon_(p) vld1q_f64(p)
#define SPHERE_SHW_ST_neon_(p, v) vst1q_f64(p, v)
#define SPHERE_SHW_SET_neon_(v) vdupq_n_f64(v)
#define SPHERE_SHW_ADD_neon_(a, b) vaddq_f64(a, b)
#define SPHERE_SHW_SUB_neon_(a, b) vsubq_f64(a, b)
#define SPHERE_SHW_MUL_neon_(a, b) vmulq_f64(a, b)
#define SPHERE_SHW_DIV_neon_(a, b) vdivq_f64(a, b)
#define SPHERE_SHW_SQRT_neon_(a) vsqrtq_f64(a)
#define SPHERE_SHW_RAMP_neon_ vcombine_f64(vdup_n_f64(0), vdup_n_f64(2))
#define SPHERE_SHW_TURNS_neon_(a, b) vcombine_f64(vget_low_f64(a), vget_high_f64(b))
#define SPHERE_SH_NARROW_neon_(p, v) vst1_f32(p, vcvt_f32_f64(v))
#define SPHERE_SHD_NARROW_neon_(p, v) vst1q_f64(p, v)
#endif
#define SPHERE_SH_SQUARES_SIMD_(level, attributes) \
attributes void sphere_sh_squares_##level(const sphere_sh_degrees_ *degrees, size_t m, size_t from, size_t count, double *work) \
{ \
    const double *const inverse = degrees->inverse[(m + 1) & 1u] + (m + 1) / 2, *const before = degrees->inverse[m & 1u] + m / 2; \
    const SPHERE_SHW_##level mm = SPHERE_SHW_SET_##level((double)m * (double)m), one = SPHERE_SHW_SET_##level(1.0); \
    size_t k = from; \
    for (; k + SPHERE_SHW_WIDTH_##level <= count; k += SPHERE_SHW_WIDTH_##level) { \
        const SPHERE_SHW_##level l = SPHERE_SHW_ADD_##level(SPHERE_SHW_SET_##level((double)(m + 2 * k + 1)), SPHERE_SHW_RAMP_##level), b = SPHERE_SHW_SUB_##level(l, one); \
        const SPHERE_SHW_##level x = SPHERE_SHW_MUL_##level(SPHERE_SHW_SUB_##level(SPHERE_SHW_MUL_##level(l, l), mm), SPHERE_SHW_LD_##level(inverse + k)); \
        const SPHERE_SHW_##level y = SPHERE_SHW_MUL_##level(SPHERE_SHW_SUB_##level(SPHERE_SHW_MUL_##level(b, b), mm), SPHERE_SHW_LD_##level(before + k)); \
        const SPHERE_SHW_##level e = SPHERE_SHW_MUL_##level(x, y); \
        SPHERE_SHW_ST_##level(work + k, e); SPHERE_SHW_ST_##level(work + count + k, SPHERE_SHW_DIV_##level(one, e)); \
    } \
    sphere_sh_squares_c_(degrees, m, k, count, work); \
}
#if SPHERE_AVX2_
SPHERE_SH_SQUARES_SIMD_(avx2_, SPHERE_TARGET_AVX2_ static)
#endif
#if SPHERE_NEON_
SPHERE_SH_SQUARES_SIMD_(neon_, static)
#endif

/* Kernels for AVX2 and NEON. The bodies below are written once and made twice, with these names for the instructions of a level. The
   operations and their order are those of the portable kernels. */
/* sphere-sh float begin transform-simd */
#if SPHERE_AVX2_
#define SPHERE_SH_FN_avx2_ SPHERE_TARGET_AVX2_ static
#define SPHERE_SH_VEC_avx2_ __m256
#define SPHERE_SH_WIDTH_avx2_ ((size_t)SPHERE_SH_AVX2_LANES_)
#define SPHERE_SH_LD_avx2_(p) _mm256_loadu_ps(p)
#define SPHERE_SH_ST_avx2_(p, v) _mm256_storeu_ps(p, v)
#define SPHERE_SH_BC_avx2_(p) _mm256_broadcast_ss(p)
#define SPHERE_SH_SET_avx2_(v) _mm256_set1_ps(v)
#define SPHERE_SH_ADD_avx2_(a, b) _mm256_add_ps(a, b)
#define SPHERE_SH_SUB_avx2_(a, b) _mm256_sub_ps(a, b)
#define SPHERE_SH_MUL_avx2_(a, b) _mm256_mul_ps(a, b)
#define SPHERE_SH_MADD_avx2_(a, b, c) SPHERE_MADD_F32X8_(a, b, c)
#define SPHERE_SH_LARGER_avx2_(a, b) _mm256_blendv_ps(b, a, _mm256_cmp_ps(a, b, _CMP_GT_OQ))
#endif
#if SPHERE_NEON_
#define SPHERE_SH_FN_neon_ static
#define SPHERE_SH_VEC_neon_ float32x4_t
#define SPHERE_SH_WIDTH_neon_ ((size_t)SPHERE_SH_NEON_LANES_)
#define SPHERE_SH_LD_neon_(p) vld1q_f32(p)
#define SPHERE_SH_ST_neon_(p, v) vst1q_f32(p, v)
#define SPHERE_SH_BC_neon_(p) vld1q_dup_f32(p)
#define SPHERE_SH_SET_neon_(v) vdupq_n_f32(v)
#define SPHERE_SH_ADD_neon_(a, b) vaddq_f32(a, b)
#define SPHERE_SH_SUB_neon_(a, b) vsubq_f32(a, b)
#define SPHERE_SH_MUL_neon_(a, b) vmulq_f32(a, b)
#define SPHERE_SH_MADD_neon_(a, b, c) SPHERE_MADD_F32X4_(a, b, c)
#define SPHERE_SH_LARGER_neon_(a, b) vbslq_f32(vcgtq_f32(a, b), a, b)
#endif

/* step: four vectors at a time hide the latency of the recurrence; the last two alone. h is the half block that a vector lies in. */
#define SPHERE_SH_STEP4_(level) \
do { \
    float *row = rows + o; \
    SPHERE_SH_VEC_##level t0 = SPHERE_SH_LD_##level(t + o + 0 * w), t1 = SPHERE_SH_LD_##level(t + o + 1 * w), t2 = SPHERE_SH_LD_##level(t + o + 2 * w), t3 = SPHERE_SH_LD_##level(t + o + 3 * w); \
    SPHERE_SH_VEC_##level d0 = SPHERE_SH_LD_##level(d + o + 0 * w), d1 = SPHERE_SH_LD_##level(d + o + 1 * w), d2 = SPHERE_SH_LD_##level(d + o + 2 * w), d3 = SPHERE_SH_LD_##level(d + o + 3 * w); \
    const SPHERE_SH_VEC_##level yv0 = SPHERE_SH_LD_##level(y + o + 0 * w), yv1 = SPHERE_SH_LD_##level(y + o + 1 * w), yv2 = SPHERE_SH_LD_##level(y + o + 2 * w), yv3 = SPHERE_SH_LD_##level(y + o + 3 * w); \
    const SPHERE_SH_VEC_##level low = SPHERE_SH_BC_##level(y0 + o / (2 * SPHERE_SH_GROUP_)), high = SPHERE_SH_BC_##level(y0 + (o + 2 * w) / (2 * SPHERE_SH_GROUP_)); \
    if (kind == SPHERE_SH_MIDDLE_) for (k = 0; k < steps; k++, row += SPHERE_SH_BLOCK_) { \
        const SPHERE_SH_VEC_##level av = SPHERE_SH_BC_##level(a + k), bv = SPHERE_SH_BC_##level(b + k); \
        const SPHERE_SH_VEC_##level bl = SPHERE_SH_MADD_##level(av, low, bv), bh = SPHERE_SH_MADD_##level(av, high, bv); \
        { const SPHERE_SH_VEC_##level c = SPHERE_SH_MADD_##level(av, yv0, bl), old = t0; SPHERE_SH_ST_##level(row + 0 * w, old); \
        t0 = SPHERE_SH_SUB_##level(SPHERE_SH_MUL_##level(c, old), d0); d0 = old; } \
        { const SPHERE_SH_VEC_##level c = SPHERE_SH_MADD_##level(av, yv1, bl), old = t1; SPHERE_SH_ST_##level(row + 1 * w, old); \
        t1 = SPHERE_SH_SUB_##level(SPHERE_SH_MUL_##level(c, old), d1); d1 = old; } \
        { const SPHERE_SH_VEC_##level c = SPHERE_SH_MADD_##level(av, yv2, bh), old = t2; SPHERE_SH_ST_##level(row + 2 * w, old); \
        t2 = SPHERE_SH_SUB_##level(SPHERE_SH_MUL_##level(c, old), d2); d2 = old; } \
        { const SPHERE_SH_VEC_##level c = SPHERE_SH_MADD_##level(av, yv3, bh), old = t3; SPHERE_SH_ST_##level(row + 3 * w, old); \
        t3 = SPHERE_SH_SUB_##level(SPHERE_SH_MUL_##level(c, old), d3); d3 = old; } \
    } \
    else if (kind == SPHERE_SH_POLE_) for (k = 0; k < steps; k++, row += SPHERE_SH_BLOCK_) { \
        const SPHERE_SH_VEC_##level av = SPHERE_SH_BC_##level(a + k), bv = SPHERE_SH_BC_##level(b + k); \
        const SPHERE_SH_VEC_##level bl = SPHERE_SH_MADD_##level(av, low, bv), bh = SPHERE_SH_MADD_##level(av, high, bv); \
        { const SPHERE_SH_VEC_##level c = SPHERE_SH_MADD_##level(av, yv0, bl), old = t0; SPHERE_SH_ST_##level(row + 0 * w, old); \
        d0 = SPHERE_SH_MADD_##level(c, old, d0); t0 = SPHERE_SH_ADD_##level(old, d0); } \
        { const SPHERE_SH_VEC_##level c = SPHERE_SH_MADD_##level(av, yv1, bl), old = t1; SPHERE_SH_ST_##level(row + 1 * w, old); \
        d1 = SPHERE_SH_MADD_##level(c, old, d1); t1 = SPHERE_SH_ADD_##level(old, d1); } \
        { const SPHERE_SH_VEC_##level c = SPHERE_SH_MADD_##level(av, yv2, bh), old = t2; SPHERE_SH_ST_##level(row + 2 * w, old); \
        d2 = SPHERE_SH_MADD_##level(c, old, d2); t2 = SPHERE_SH_ADD_##level(old, d2); } \
        { const SPHERE_SH_VEC_##level c = SPHERE_SH_MADD_##level(av, yv3, bh), old = t3; SPHERE_SH_ST_##level(row + 3 * w, old); \
        d3 = SPHERE_SH_MADD_##level(c, old, d3); t3 = SPHERE_SH_ADD_##level(old, d3); } \
    } \
    else for (k = 0; k < steps; k++, row += SPHERE_SH_BLOCK_) { \
        const SPHERE_SH_VEC_##level av = SPHERE_SH_BC_##level(a + k), bv = SPHERE_SH_BC_##level(b + k); \
        const SPHERE_SH_VEC_##level bl = SPHERE_SH_MADD_##level(av, low, bv), bh = SPHERE_SH_MADD_##level(av, high, bv); \
        { const SPHERE_SH_VEC_##level c = SPHERE_SH_MADD_##level(av, yv0, bl), old = t0; SPHERE_SH_ST_##level(row + 0 * w, old); \
        d0 = SPHERE_SH_SUB_##level(SPHERE_SH_MUL_##level(c, old), d0); t0 = SPHERE_SH_SUB_##level(d0, old); } \
        { const SPHERE_SH_VEC_##level c = SPHERE_SH_MADD_##level(av, yv1, bl), old = t1; SPHERE_SH_ST_##level(row + 1 * w, old); \
        d1 = SPHERE_SH_SUB_##level(SPHERE_SH_MUL_##level(c, old), d1); t1 = SPHERE_SH_SUB_##level(d1, old); } \
        { const SPHERE_SH_VEC_##level c = SPHERE_SH_MADD_##level(av, yv2, bh), old = t2; SPHERE_SH_ST_##level(row + 2 * w, old); \
        d2 = SPHERE_SH_SUB_##level(SPHERE_SH_MUL_##level(c, old), d2); t2 = SPHERE_SH_SUB_##level(d2, old); } \
        { const SPHERE_SH_VEC_##level c = SPHERE_SH_MADD_##level(av, yv3, bh), old = t3; SPHERE_SH_ST_##level(row + 3 * w, old); \
        d3 = SPHERE_SH_SUB_##level(SPHERE_SH_MUL_##level(c, old), d3); t3 = SPHERE_SH_SUB_##level(d3, old); } \
    } \
    SPHERE_SH_ST_##level(t + o + 0 * w, t0); SPHERE_SH_ST_##level(d + o + 0 * w, d0); \
    SPHERE_SH_ST_##level(t + o + 1 * w, t1); SPHERE_SH_ST_##level(d + o + 1 * w, d1); \
    SPHERE_SH_ST_##level(t + o + 2 * w, t2); SPHERE_SH_ST_##level(d + o + 2 * w, d2); \
    SPHERE_SH_ST_##level(t + o + 3 * w, t3); SPHERE_SH_ST_##level(d + o + 3 * w, d3); \
} while (0)
#define SPHERE_SH_STEP2_(level) \
do { \
    float *row = rows + o; \
    SPHERE_SH_VEC_##level t0 = SPHERE_SH_LD_##level(t + o + 0 * w), t1 = SPHERE_SH_LD_##level(t + o + 1 * w); \
    SPHERE_SH_VEC_##level d0 = SPHERE_SH_LD_##level(d + o + 0 * w), d1 = SPHERE_SH_LD_##level(d + o + 1 * w); \
    const SPHERE_SH_VEC_##level yv0 = SPHERE_SH_LD_##level(y + o + 0 * w), yv1 = SPHERE_SH_LD_##level(y + o + 1 * w); \
    const SPHERE_SH_VEC_##level low = SPHERE_SH_BC_##level(y0 + o / (2 * SPHERE_SH_GROUP_)); \
    if (kind == SPHERE_SH_MIDDLE_) for (k = 0; k < steps; k++, row += SPHERE_SH_BLOCK_) { \
        const SPHERE_SH_VEC_##level av = SPHERE_SH_BC_##level(a + k), bv = SPHERE_SH_BC_##level(b + k); \
        const SPHERE_SH_VEC_##level bl = SPHERE_SH_MADD_##level(av, low, bv); \
        { const SPHERE_SH_VEC_##level c = SPHERE_SH_MADD_##level(av, yv0, bl), old = t0; SPHERE_SH_ST_##level(row + 0 * w, old); \
        t0 = SPHERE_SH_SUB_##level(SPHERE_SH_MUL_##level(c, old), d0); d0 = old; } \
        { const SPHERE_SH_VEC_##level c = SPHERE_SH_MADD_##level(av, yv1, bl), old = t1; SPHERE_SH_ST_##level(row + 1 * w, old); \
        t1 = SPHERE_SH_SUB_##level(SPHERE_SH_MUL_##level(c, old), d1); d1 = old; } \
    } \
    else if (kind == SPHERE_SH_POLE_) for (k = 0; k < steps; k++, row += SPHERE_SH_BLOCK_) { \
        const SPHERE_SH_VEC_##level av = SPHERE_SH_BC_##level(a + k), bv = SPHERE_SH_BC_##level(b + k); \
        const SPHERE_SH_VEC_##level bl = SPHERE_SH_MADD_##level(av, low, bv); \
        { const SPHERE_SH_VEC_##level c = SPHERE_SH_MADD_##level(av, yv0, bl), old = t0; SPHERE_SH_ST_##level(row + 0 * w, old); \
        d0 = SPHERE_SH_MADD_##level(c, old, d0); t0 = SPHERE_SH_ADD_##level(old, d0); } \
        { const SPHERE_SH_VEC_##level c = SPHERE_SH_MADD_##level(av, yv1, bl), old = t1; SPHERE_SH_ST_##level(row + 1 * w, old); \
        d1 = SPHERE_SH_MADD_##level(c, old, d1); t1 = SPHERE_SH_ADD_##level(old, d1); } \
    } \
    else for (k = 0; k < steps; k++, row += SPHERE_SH_BLOCK_) { \
        const SPHERE_SH_VEC_##level av = SPHERE_SH_BC_##level(a + k), bv = SPHERE_SH_BC_##level(b + k); \
        const SPHERE_SH_VEC_##level bl = SPHERE_SH_MADD_##level(av, low, bv); \
        { const SPHERE_SH_VEC_##level c = SPHERE_SH_MADD_##level(av, yv0, bl), old = t0; SPHERE_SH_ST_##level(row + 0 * w, old); \
        d0 = SPHERE_SH_SUB_##level(SPHERE_SH_MUL_##level(c, old), d0); t0 = SPHERE_SH_SUB_##level(d0, old); } \
        { const SPHERE_SH_VEC_##level c = SPHERE_SH_MADD_##level(av, yv1, bl), old = t1; SPHERE_SH_ST_##level(row + 1 * w, old); \
        d1 = SPHERE_SH_SUB_##level(SPHERE_SH_MUL_##level(c, old), d1); t1 = SPHERE_SH_SUB_##level(d1, old); } \
    } \
    SPHERE_SH_ST_##level(t + o + 0 * w, t0); SPHERE_SH_ST_##level(d + o + 0 * w, d0); \
    SPHERE_SH_ST_##level(t + o + 1 * w, t1); SPHERE_SH_ST_##level(d + o + 1 * w, d1); \
} while (0)
#define SPHERE_SH_STEP_SIMD_(level) \
SPHERE_SH_FN_##level void sphere_sh_step_##level(float *rows, float *t, float *d, const float *y, const float *y0, const float *a, const float *b, size_t steps, size_t lanes, int kind) \
{ \
    const size_t w = SPHERE_SH_WIDTH_##level; \
    size_t k, o = 0; \
    for (; o + 4 * w <= lanes; o += 4 * w) SPHERE_SH_STEP4_(level); \
    if (o < lanes) SPHERE_SH_STEP2_(level); \
}
/* expand: two vectors of lanes by four columns */
#define SPHERE_SH_EXPAND_SIMD_(level) \
SPHERE_SH_FN_##level void sphere_sh_expand_##level(float *out, size_t stride, const float *rows, const float *c, size_t steps, size_t lanes, int first) \
{ \
    const size_t w = SPHERE_SH_WIDTH_##level; \
    size_t k, o; \
    for (o = 0; o < lanes; o += 2 * w) { \
        float *const p = out + o / SPHERE_SH_GROUP_ * stride + o % SPHERE_SH_GROUP_, *const q = out + (o + w) / SPHERE_SH_GROUP_ * stride + (o + w) % SPHERE_SH_GROUP_; \
        const float *row = rows + o, *f = c; \
        SPHERE_SH_VEC_##level p0 = SPHERE_SH_SET_##level(0), q0 = p0, p1 = SPHERE_SH_SET_##level(0), q1 = p1, p2 = SPHERE_SH_SET_##level(0), q2 = p2, p3 = SPHERE_SH_SET_##level(0), q3 = p3; \
        if (!first) { \
            p0 = SPHERE_SH_LD_##level(p + 0 * SPHERE_SH_GROUP_); q0 = SPHERE_SH_LD_##level(q + 0 * SPHERE_SH_GROUP_); \
            p1 = SPHERE_SH_LD_##level(p + 1 * SPHERE_SH_GROUP_); q1 = SPHERE_SH_LD_##level(q + 1 * SPHERE_SH_GROUP_); \
            p2 = SPHERE_SH_LD_##level(p + 2 * SPHERE_SH_GROUP_); q2 = SPHERE_SH_LD_##level(q + 2 * SPHERE_SH_GROUP_); \
            p3 = SPHERE_SH_LD_##level(p + 3 * SPHERE_SH_GROUP_); q3 = SPHERE_SH_LD_##level(q + 3 * SPHERE_SH_GROUP_); \
        } \
        for (k = 0; k < steps; k++, row += SPHERE_SH_BLOCK_, f += 4) { \
            const SPHERE_SH_VEC_##level r0 = SPHERE_SH_LD_##level(row), r1 = SPHERE_SH_LD_##level(row + w); \
            SPHERE_SH_VEC_##level v; \
            v = SPHERE_SH_BC_##level(f + 0); p0 = SPHERE_SH_MADD_##level(r0, v, p0); q0 = SPHERE_SH_MADD_##level(r1, v, q0); \
            v = SPHERE_SH_BC_##level(f + 1); p1 = SPHERE_SH_MADD_##level(r0, v, p1); q1 = SPHERE_SH_MADD_##level(r1, v, q1); \
            v = SPHERE_SH_BC_##level(f + 2); p2 = SPHERE_SH_MADD_##level(r0, v, p2); q2 = SPHERE_SH_MADD_##level(r1, v, q2); \
            v = SPHERE_SH_BC_##level(f + 3); p3 = SPHERE_SH_MADD_##level(r0, v, p3); q3 = SPHERE_SH_MADD_##level(r1, v, q3); \
        } \
        SPHERE_SH_ST_##level(p + 0 * SPHERE_SH_GROUP_, p0); SPHERE_SH_ST_##level(q + 0 * SPHERE_SH_GROUP_, q0); \
        SPHERE_SH_ST_##level(p + 1 * SPHERE_SH_GROUP_, p1); SPHERE_SH_ST_##level(q + 1 * SPHERE_SH_GROUP_, q1); \
        SPHERE_SH_ST_##level(p + 2 * SPHERE_SH_GROUP_, p2); SPHERE_SH_ST_##level(q + 2 * SPHERE_SH_GROUP_, q2); \
        SPHERE_SH_ST_##level(p + 3 * SPHERE_SH_GROUP_, p3); SPHERE_SH_ST_##level(q + 3 * SPHERE_SH_GROUP_, q3); \
    } \
}
/* project: four degrees by the one or two vectors that go to the same virtual lanes */
#define SPHERE_SH_PROJECT_SIMD_(level) \
SPHERE_SH_FN_##level void sphere_sh_project_##level(float *sum, const float *rows, const float *in, size_t stride, size_t steps, size_t lanes) \
{ \
    const size_t w = SPHERE_SH_WIDTH_##level; \
    size_t k, o, j; \
    for (o = 0; o < 2 * SPHERE_SH_GROUP_; o += w) { \
        const float *const v = in + o / SPHERE_SH_GROUP_ * stride + o % SPHERE_SH_GROUP_, *row = rows + o; \
        float *s = sum + o; \
        if (lanes > 2 * SPHERE_SH_GROUP_) { \
            for (k = 0; k + 4 <= steps; k += 4, row += 4 * SPHERE_SH_BLOCK_, s += 32 * SPHERE_SH_GROUP_) { \
                const SPHERE_SH_VEC_##level r0 = SPHERE_SH_LD_##level(row + 0 * SPHERE_SH_BLOCK_), u0 = SPHERE_SH_LD_##level(row + 0 * SPHERE_SH_BLOCK_ + 2 * SPHERE_SH_GROUP_), r1 = SPHERE_SH_LD_##level(row + 1 * SPHERE_SH_BLOCK_), u1 = SPHERE_SH_LD_##level(row + 1 * SPHERE_SH_BLOCK_ + 2 * SPHERE_SH_GROUP_), r2 = SPHERE_SH_LD_##level(row + 2 * SPHERE_SH_BLOCK_), u2 = SPHERE_SH_LD_##level(row + 2 * SPHERE_SH_BLOCK_ + 2 * SPHERE_SH_GROUP_), r3 = SPHERE_SH_LD_##level(row + 3 * SPHERE_SH_BLOCK_), u3 = SPHERE_SH_LD_##level(row + 3 * SPHERE_SH_BLOCK_ + 2 * SPHERE_SH_GROUP_); \
                for (j = 0; j < 4; j++) { \
                    float *const e = s + 2 * j * SPHERE_SH_GROUP_; \
                    const SPHERE_SH_VEC_##level v0 = SPHERE_SH_LD_##level(v + j * SPHERE_SH_GROUP_), v1 = SPHERE_SH_LD_##level(v + 2 * stride + j * SPHERE_SH_GROUP_); \
                    SPHERE_SH_VEC_##level s0 = SPHERE_SH_LD_##level(e + 0 * 8 * SPHERE_SH_GROUP_), s1 = SPHERE_SH_LD_##level(e + 1 * 8 * SPHERE_SH_GROUP_), s2 = SPHERE_SH_LD_##level(e + 2 * 8 * SPHERE_SH_GROUP_), s3 = SPHERE_SH_LD_##level(e + 3 * 8 * SPHERE_SH_GROUP_); \
                    s0 = SPHERE_SH_MADD_##level(r0, v0, s0); s0 = SPHERE_SH_MADD_##level(u0, v1, s0); \
                    s1 = SPHERE_SH_MADD_##level(r1, v0, s1); s1 = SPHERE_SH_MADD_##level(u1, v1, s1); \
                    s2 = SPHERE_SH_MADD_##level(r2, v0, s2); s2 = SPHERE_SH_MADD_##level(u2, v1, s2); \
                    s3 = SPHERE_SH_MADD_##level(r3, v0, s3); s3 = SPHERE_SH_MADD_##level(u3, v1, s3); \
                    SPHERE_SH_ST_##level(e + 0 * 8 * SPHERE_SH_GROUP_, s0); SPHERE_SH_ST_##level(e + 1 * 8 * SPHERE_SH_GROUP_, s1); SPHERE_SH_ST_##level(e + 2 * 8 * SPHERE_SH_GROUP_, s2); SPHERE_SH_ST_##level(e + 3 * 8 * SPHERE_SH_GROUP_, s3); \
                } \
            } \
            for (; k < steps; k++, row += SPHERE_SH_BLOCK_, s += 8 * SPHERE_SH_GROUP_) { \
                const SPHERE_SH_VEC_##level r0 = SPHERE_SH_LD_##level(row + 0 * SPHERE_SH_BLOCK_), u0 = SPHERE_SH_LD_##level(row + 0 * SPHERE_SH_BLOCK_ + 2 * SPHERE_SH_GROUP_); \
                for (j = 0; j < 4; j++) { \
                    float *const e = s + 2 * j * SPHERE_SH_GROUP_; \
                    const SPHERE_SH_VEC_##level v0 = SPHERE_SH_LD_##level(v + j * SPHERE_SH_GROUP_), v1 = SPHERE_SH_LD_##level(v + 2 * stride + j * SPHERE_SH_GROUP_); \
                    SPHERE_SH_VEC_##level s0 = SPHERE_SH_LD_##level(e + 0 * 8 * SPHERE_SH_GROUP_); \
                    s0 = SPHERE_SH_MADD_##level(r0, v0, s0); s0 = SPHERE_SH_MADD_##level(u0, v1, s0); \
                    SPHERE_SH_ST_##level(e + 0 * 8 * SPHERE_SH_GROUP_, s0); \
                } \
            } \
        } else { \
            for (k = 0; k + 4 <= steps; k += 4, row += 4 * SPHERE_SH_BLOCK_, s += 32 * SPHERE_SH_GROUP_) { \
                const SPHERE_SH_VEC_##level r0 = SPHERE_SH_LD_##level(row + 0 * SPHERE_SH_BLOCK_), r1 = SPHERE_SH_LD_##level(row + 1 * SPHERE_SH_BLOCK_), r2 = SPHERE_SH_LD_##level(row + 2 * SPHERE_SH_BLOCK_), r3 = SPHERE_SH_LD_##level(row + 3 * SPHERE_SH_BLOCK_); \
                for (j = 0; j < 4; j++) { \
                    float *const e = s + 2 * j * SPHERE_SH_GROUP_; \
                    const SPHERE_SH_VEC_##level v0 = SPHERE_SH_LD_##level(v + j * SPHERE_SH_GROUP_); \
                    SPHERE_SH_VEC_##level s0 = SPHERE_SH_LD_##level(e + 0 * 8 * SPHERE_SH_GROUP_), s1 = SPHERE_SH_LD_##level(e + 1 * 8 * SPHERE_SH_GROUP_), s2 = SPHERE_SH_LD_##level(e + 2 * 8 * SPHERE_SH_GROUP_), s3 = SPHERE_SH_LD_##level(e + 3 * 8 * SPHERE_SH_GROUP_); \
                    s0 = SPHERE_SH_MADD_##level(r0, v0, s0); \
                    s1 = SPHERE_SH_MADD_##level(r1, v0, s1); \
                    s2 = SPHERE_SH_MADD_##level(r2, v0, s2); \
                    s3 = SPHERE_SH_MADD_##level(r3, v0, s3); \
                    SPHERE_SH_ST_##level(e + 0 * 8 * SPHERE_SH_GROUP_, s0); SPHERE_SH_ST_##level(e + 1 * 8 * SPHERE_SH_GROUP_, s1); SPHERE_SH_ST_##level(e + 2 * 8 * SPHERE_SH_GROUP_, s2); SPHERE_SH_ST_##level(e + 3 * 8 * SPHERE_SH_GROUP_, s3); \
                } \
            } \
            for (; k < steps; k++, row += SPHERE_SH_BLOCK_, s += 8 * SPHERE_SH_GROUP_) { \
                const SPHERE_SH_VEC_##level r0 = SPHERE_SH_LD_##level(row + 0 * SPHERE_SH_BLOCK_); \
                for (j = 0; j < 4; j++) { \
                    float *const e = s + 2 * j * SPHERE_SH_GROUP_; \
                    const SPHERE_SH_VEC_##level v0 = SPHERE_SH_LD_##level(v + j * SPHERE_SH_GROUP_); \
                    SPHERE_SH_VEC_##level s0 = SPHERE_SH_LD_##level(e + 0 * 8 * SPHERE_SH_GROUP_); \
                    s0 = SPHERE_SH_MADD_##level(r0, v0, s0); \
                    SPHERE_SH_ST_##level(e + 0 * 8 * SPHERE_SH_GROUP_, s0); \
                } \
            } \
        } \
    } \
}
#define SPHERE_SH_JOIN_SIMD_(level) \
SPHERE_SH_FN_##level void sphere_sh_join_##level(float *z, const float *f, const float *x, size_t orders, size_t n) \
{ \
    const size_t w = SPHERE_SH_WIDTH_##level, g = SPHERE_SH_GROUP_; \
    size_t m, i; \
    for (i = 0; i < g; i += w) { \
        const SPHERE_SH_VEC_##level xv = SPHERE_SH_LD_##level(x + i), zero = SPHERE_SH_SET_##level(0); \
        const float *e = f + i; \
        for (m = 0; m < orders; m++, e += 4 * g) { \
            float *const up = z + m * SPHERE_SH_PLACE_ + i, *const down = z + (m ? n - m : 0) * SPHERE_SH_PLACE_ + i; \
            const SPHERE_SH_VEC_##level er = SPHERE_SH_LD_##level(e), ei = SPHERE_SH_LD_##level(e + g); \
            const SPHERE_SH_VEC_##level rr = SPHERE_SH_MUL_##level(xv, SPHERE_SH_LD_##level(e + 2 * g)), ri = SPHERE_SH_MUL_##level(xv, SPHERE_SH_LD_##level(e + 3 * g)); \
            const SPHERE_SH_VEC_##level nr = SPHERE_SH_ADD_##level(er, rr), sr = SPHERE_SH_SUB_##level(er, rr); \
            const SPHERE_SH_VEC_##level ni = SPHERE_SH_ADD_##level(ei, ri), si = SPHERE_SH_SUB_##level(ei, ri); \
            SPHERE_SH_ST_##level(down, SPHERE_SH_ADD_##level(nr, si)); SPHERE_SH_ST_##level(down + g, SPHERE_SH_SUB_##level(sr, ni)); \
            SPHERE_SH_ST_##level(up, SPHERE_SH_SUB_##level(nr, si)); SPHERE_SH_ST_##level(up + g, SPHERE_SH_ADD_##level(sr, ni)); \
        } \
        for (m = orders; m + orders <= n; m++) { SPHERE_SH_ST_##level(z + m * SPHERE_SH_PLACE_ + i, zero); SPHERE_SH_ST_##level(z + m * SPHERE_SH_PLACE_ + i + g, zero); } \
    } \
}
#define SPHERE_SH_PART_SIMD_(level) \
SPHERE_SH_FN_##level void sphere_sh_part_##level(float *f, const float *z, const float *w, const float *wx, size_t orders, size_t n) \
{ \
    const size_t g = SPHERE_SH_GROUP_; \
    size_t m, i; \
    sphere_sh_part_c_(f, z, w, wx, orders ? 1 : 0, n); \
    for (i = 0; i < g; i += SPHERE_SH_WIDTH_##level) { \
        const SPHERE_SH_VEC_##level wv = SPHERE_SH_LD_##level(w + i), wxv = SPHERE_SH_LD_##level(wx + i); \
        float *e = f + 4 * g + i; \
        for (m = 1; m < orders; m++, e += 4 * g) { \
            const float *const up = z + m * SPHERE_SH_PLACE_ + i, *const down = z + (n - m) * SPHERE_SH_PLACE_ + i; \
            const SPHERE_SH_VEC_##level a = SPHERE_SH_LD_##level(up), b = SPHERE_SH_LD_##level(up + g), c = SPHERE_SH_LD_##level(down), d = SPHERE_SH_LD_##level(down + g); \
            const SPHERE_SH_VEC_##level nr = SPHERE_SH_ADD_##level(a, c), ni = SPHERE_SH_SUB_##level(b, d); \
            const SPHERE_SH_VEC_##level sr = SPHERE_SH_ADD_##level(b, d), si = SPHERE_SH_SUB_##level(c, a); \
            SPHERE_SH_ST_##level(e, SPHERE_SH_MUL_##level(wv, SPHERE_SH_ADD_##level(nr, sr))); SPHERE_SH_ST_##level(e + g, SPHERE_SH_MUL_##level(wv, SPHERE_SH_ADD_##level(ni, si))); \
            SPHERE_SH_ST_##level(e + 2 * g, SPHERE_SH_MUL_##level(wxv, SPHERE_SH_SUB_##level(nr, sr))); SPHERE_SH_ST_##level(e + 3 * g, SPHERE_SH_MUL_##level(wxv, SPHERE_SH_SUB_##level(ni, si))); \
        } \
    } \
}
#define SPHERE_SH_FFT2_SIMD_(level) \
SPHERE_SH_FN_##level void sphere_sh_fft2_##level(float *out, const float *in, size_t n, size_t s, const float *turn, size_t re) \
{ \
    const size_t im = SPHERE_SH_GROUP_ - re, part = n / 2, jump = s * part * SPHERE_SH_PLACE_, w = SPHERE_SH_WIDTH_##level; \
    const float *from = in; \
    float *to = out; \
    size_t p, q, h; \
    for (q = 0; q < s; q++) for (h = 0; h < SPHERE_SH_GROUP_; h += w) { \
        const float *const x = from + q * SPHERE_SH_PLACE_ + h; \
        float *const y = to + q * SPHERE_SH_PLACE_ + h; \
        const SPHERE_SH_VEC_##level ar = SPHERE_SH_LD_##level(x + re), ai = SPHERE_SH_LD_##level(x + im), br = SPHERE_SH_LD_##level(x + jump + re), bi = SPHERE_SH_LD_##level(x + jump + im); \
        SPHERE_SH_ST_##level(y + 0 * s * SPHERE_SH_PLACE_ + re, SPHERE_SH_ADD_##level(ar, br)); SPHERE_SH_ST_##level(y + 0 * s * SPHERE_SH_PLACE_ + im, SPHERE_SH_ADD_##level(ai, bi)); \
        SPHERE_SH_ST_##level(y + 1 * s * SPHERE_SH_PLACE_ + re, SPHERE_SH_SUB_##level(ar, br)); SPHERE_SH_ST_##level(y + 1 * s * SPHERE_SH_PLACE_ + im, SPHERE_SH_SUB_##level(ai, bi)); \
    } \
    for (p = 1; p < part; p++) { \
        const float *const f = turn + 2 * p * s; \
        const SPHERE_SH_VEC_##level w1r = SPHERE_SH_BC_##level(f + 0 * 2 * p * s), w1i = SPHERE_SH_BC_##level(f + 0 * 2 * p * s + 1); \
        from += s * SPHERE_SH_PLACE_; to += 2 * s * SPHERE_SH_PLACE_; \
        for (q = 0; q < s; q++) for (h = 0; h < SPHERE_SH_GROUP_; h += w) { \
            const float *const x = from + q * SPHERE_SH_PLACE_ + h; \
            float *const y = to + q * SPHERE_SH_PLACE_ + h; \
            const SPHERE_SH_VEC_##level ar = SPHERE_SH_LD_##level(x + re), ai = SPHERE_SH_LD_##level(x + im), br = SPHERE_SH_LD_##level(x + jump + re), bi = SPHERE_SH_LD_##level(x + jump + im); \
            SPHERE_SH_ST_##level(y + 0 * s * SPHERE_SH_PLACE_ + re, SPHERE_SH_ADD_##level(ar, br)); SPHERE_SH_ST_##level(y + 0 * s * SPHERE_SH_PLACE_ + im, SPHERE_SH_ADD_##level(ai, bi)); \
            { const SPHERE_SH_VEC_##level pr = SPHERE_SH_SUB_##level(ar, br), pi = SPHERE_SH_SUB_##level(ai, bi); \
            SPHERE_SH_ST_##level(y + 1 * s * SPHERE_SH_PLACE_ + re, SPHERE_SH_SUB_##level(SPHERE_SH_MUL_##level(pr, w1r), SPHERE_SH_MUL_##level(pi, w1i))); SPHERE_SH_ST_##level(y + 1 * s * SPHERE_SH_PLACE_ + im, SPHERE_SH_MADD_##level(pi, w1r, SPHERE_SH_MUL_##level(pr, w1i))); } \
        } \
    } \
}
#define SPHERE_SH_FFT3_SIMD_(level) \
SPHERE_SH_FN_##level void sphere_sh_fft3_##level(float *out, const float *in, size_t n, size_t s, const float *turn, size_t re) \
{ \
    const size_t im = SPHERE_SH_GROUP_ - re, part = n / 3, jump = s * part * SPHERE_SH_PLACE_, w = SPHERE_SH_WIDTH_##level; \
    const float *from = in; \
    float *to = out; \
    size_t p, q, h; \
    for (q = 0; q < s; q++) for (h = 0; h < SPHERE_SH_GROUP_; h += w) { \
        const float *const x = from + q * SPHERE_SH_PLACE_ + h; \
        float *const y = to + q * SPHERE_SH_PLACE_ + h; \
        const SPHERE_SH_VEC_##level half = SPHERE_SH_SET_##level(0.5f), sine = SPHERE_SH_SET_##level(SPHERE_SH_REAL_(0.8660254037844386)); \
        const SPHERE_SH_VEC_##level x0r = SPHERE_SH_LD_##level(x + 0 * jump + re), x0i = SPHERE_SH_LD_##level(x + 0 * jump + im), x1r = SPHERE_SH_LD_##level(x + 1 * jump + re), x1i = SPHERE_SH_LD_##level(x + 1 * jump + im), x2r = SPHERE_SH_LD_##level(x + 2 * jump + re), x2i = SPHERE_SH_LD_##level(x + 2 * jump + im); \
        const SPHERE_SH_VEC_##level tr = SPHERE_SH_ADD_##level(x1r, x2r), ti = SPHERE_SH_ADD_##level(x1i, x2i), ur = SPHERE_SH_SUB_##level(x0r, SPHERE_SH_MUL_##level(half, tr)), ui = SPHERE_SH_SUB_##level(x0i, SPHERE_SH_MUL_##level(half, ti)); \
        const SPHERE_SH_VEC_##level vr = SPHERE_SH_MUL_##level(sine, SPHERE_SH_SUB_##level(x1r, x2r)), vi = SPHERE_SH_MUL_##level(sine, SPHERE_SH_SUB_##level(x1i, x2i)); \
        SPHERE_SH_ST_##level(y + 0 * s * SPHERE_SH_PLACE_ + re, SPHERE_SH_ADD_##level(x0r, tr)); SPHERE_SH_ST_##level(y + 0 * s * SPHERE_SH_PLACE_ + im, SPHERE_SH_ADD_##level(x0i, ti)); \
        SPHERE_SH_ST_##level(y + 1 * s * SPHERE_SH_PLACE_ + re, SPHERE_SH_SUB_##level(ur, vi)); SPHERE_SH_ST_##level(y + 1 * s * SPHERE_SH_PLACE_ + im, SPHERE_SH_ADD_##level(ui, vr)); \
        SPHERE_SH_ST_##level(y + 2 * s * SPHERE_SH_PLACE_ + re, SPHERE_SH_ADD_##level(ur, vi)); SPHERE_SH_ST_##level(y + 2 * s * SPHERE_SH_PLACE_ + im, SPHERE_SH_SUB_##level(ui, vr)); \
    } \
    for (p = 1; p < part; p++) { \
        const float *const f = turn + 2 * p * s; \
        const SPHERE_SH_VEC_##level w1r = SPHERE_SH_BC_##level(f + 0 * 2 * p * s), w1i = SPHERE_SH_BC_##level(f + 0 * 2 * p * s + 1); \
        const SPHERE_SH_VEC_##level w2r = SPHERE_SH_BC_##level(f + 1 * 2 * p * s), w2i = SPHERE_SH_BC_##level(f + 1 * 2 * p * s + 1); \
        from += s * SPHERE_SH_PLACE_; to += 3 * s * SPHERE_SH_PLACE_; \
        for (q = 0; q < s; q++) for (h = 0; h < SPHERE_SH_GROUP_; h += w) { \
            const float *const x = from + q * SPHERE_SH_PLACE_ + h; \
            float *const y = to + q * SPHERE_SH_PLACE_ + h; \
            const SPHERE_SH_VEC_##level half = SPHERE_SH_SET_##level(0.5f), sine = SPHERE_SH_SET_##level(SPHERE_SH_REAL_(0.8660254037844386)); \
            const SPHERE_SH_VEC_##level x0r = SPHERE_SH_LD_##level(x + 0 * jump + re), x0i = SPHERE_SH_LD_##level(x + 0 * jump + im), x1r = SPHERE_SH_LD_##level(x + 1 * jump + re), x1i = SPHERE_SH_LD_##level(x + 1 * jump + im), x2r = SPHERE_SH_LD_##level(x + 2 * jump + re), x2i = SPHERE_SH_LD_##level(x + 2 * jump + im); \
            const SPHERE_SH_VEC_##level tr = SPHERE_SH_ADD_##level(x1r, x2r), ti = SPHERE_SH_ADD_##level(x1i, x2i), ur = SPHERE_SH_SUB_##level(x0r, SPHERE_SH_MUL_##level(half, tr)), ui = SPHERE_SH_SUB_##level(x0i, SPHERE_SH_MUL_##level(half, ti)); \
            const SPHERE_SH_VEC_##level vr = SPHERE_SH_MUL_##level(sine, SPHERE_SH_SUB_##level(x1r, x2r)), vi = SPHERE_SH_MUL_##level(sine, SPHERE_SH_SUB_##level(x1i, x2i)); \
            SPHERE_SH_ST_##level(y + 0 * s * SPHERE_SH_PLACE_ + re, SPHERE_SH_ADD_##level(x0r, tr)); SPHERE_SH_ST_##level(y + 0 * s * SPHERE_SH_PLACE_ + im, SPHERE_SH_ADD_##level(x0i, ti)); \
            { const SPHERE_SH_VEC_##level pr = SPHERE_SH_SUB_##level(ur, vi), pi = SPHERE_SH_ADD_##level(ui, vr); \
            SPHERE_SH_ST_##level(y + 1 * s * SPHERE_SH_PLACE_ + re, SPHERE_SH_SUB_##level(SPHERE_SH_MUL_##level(pr, w1r), SPHERE_SH_MUL_##level(pi, w1i))); SPHERE_SH_ST_##level(y + 1 * s * SPHERE_SH_PLACE_ + im, SPHERE_SH_MADD_##level(pi, w1r, SPHERE_SH_MUL_##level(pr, w1i))); } \
            { const SPHERE_SH_VEC_##level pr = SPHERE_SH_ADD_##level(ur, vi), pi = SPHERE_SH_SUB_##level(ui, vr); \
            SPHERE_SH_ST_##level(y + 2 * s * SPHERE_SH_PLACE_ + re, SPHERE_SH_SUB_##level(SPHERE_SH_MUL_##level(pr, w2r), SPHERE_SH_MUL_##level(pi, w2i))); SPHERE_SH_ST_##level(y + 2 * s * SPHERE_SH_PLACE_ + im, SPHERE_SH_MADD_##level(pi, w2r, SPHERE_SH_MUL_##level(pr, w2i))); } \
        } \
    } \
}
#define SPHERE_SH_FFT4_SIMD_(level) \
SPHERE_SH_FN_##level void sphere_sh_fft4_##level(float *out, const float *in, size_t n, size_t s, const float *turn, size_t re) \
{ \
    const size_t im = SPHERE_SH_GROUP_ - re, part = n / 4, jump = s * part * SPHERE_SH_PLACE_, w = SPHERE_SH_WIDTH_##level; \
    const float *from = in; \
    float *to = out; \
    size_t p, q, h; \
    for (q = 0; q < s; q++) for (h = 0; h < SPHERE_SH_GROUP_; h += w) { \
        const float *const x = from + q * SPHERE_SH_PLACE_ + h; \
        float *const y = to + q * SPHERE_SH_PLACE_ + h; \
        const SPHERE_SH_VEC_##level x0r = SPHERE_SH_LD_##level(x + re), x0i = SPHERE_SH_LD_##level(x + im), x2r = SPHERE_SH_LD_##level(x + 2 * jump + re), x2i = SPHERE_SH_LD_##level(x + 2 * jump + im); \
        const SPHERE_SH_VEC_##level ar = SPHERE_SH_ADD_##level(x0r, x2r), ai = SPHERE_SH_ADD_##level(x0i, x2i), br = SPHERE_SH_SUB_##level(x0r, x2r), bi = SPHERE_SH_SUB_##level(x0i, x2i); \
        const SPHERE_SH_VEC_##level x1r = SPHERE_SH_LD_##level(x + jump + re), x1i = SPHERE_SH_LD_##level(x + jump + im), x3r = SPHERE_SH_LD_##level(x + 3 * jump + re), x3i = SPHERE_SH_LD_##level(x + 3 * jump + im); \
        const SPHERE_SH_VEC_##level cr = SPHERE_SH_ADD_##level(x1r, x3r), ci = SPHERE_SH_ADD_##level(x1i, x3i), dr = SPHERE_SH_SUB_##level(x1r, x3r), di = SPHERE_SH_SUB_##level(x1i, x3i); \
        SPHERE_SH_ST_##level(y + 0 * s * SPHERE_SH_PLACE_ + re, SPHERE_SH_ADD_##level(ar, cr)); SPHERE_SH_ST_##level(y + 0 * s * SPHERE_SH_PLACE_ + im, SPHERE_SH_ADD_##level(ai, ci)); \
        SPHERE_SH_ST_##level(y + 1 * s * SPHERE_SH_PLACE_ + re, SPHERE_SH_SUB_##level(br, di)); SPHERE_SH_ST_##level(y + 1 * s * SPHERE_SH_PLACE_ + im, SPHERE_SH_ADD_##level(bi, dr)); \
        SPHERE_SH_ST_##level(y + 2 * s * SPHERE_SH_PLACE_ + re, SPHERE_SH_SUB_##level(ar, cr)); SPHERE_SH_ST_##level(y + 2 * s * SPHERE_SH_PLACE_ + im, SPHERE_SH_SUB_##level(ai, ci)); \
        SPHERE_SH_ST_##level(y + 3 * s * SPHERE_SH_PLACE_ + re, SPHERE_SH_ADD_##level(br, di)); SPHERE_SH_ST_##level(y + 3 * s * SPHERE_SH_PLACE_ + im, SPHERE_SH_SUB_##level(bi, dr)); \
    } \
    for (p = 1; p < part; p++) { \
        const float *const f = turn + 2 * p * s; \
        const SPHERE_SH_VEC_##level w1r = SPHERE_SH_BC_##level(f + 0 * 2 * p * s), w1i = SPHERE_SH_BC_##level(f + 0 * 2 * p * s + 1); \
        const SPHERE_SH_VEC_##level w2r = SPHERE_SH_BC_##level(f + 1 * 2 * p * s), w2i = SPHERE_SH_BC_##level(f + 1 * 2 * p * s + 1); \
        const SPHERE_SH_VEC_##level w3r = SPHERE_SH_BC_##level(f + 2 * 2 * p * s), w3i = SPHERE_SH_BC_##level(f + 2 * 2 * p * s + 1); \
        from += s * SPHERE_SH_PLACE_; to += 4 * s * SPHERE_SH_PLACE_; \
        for (q = 0; q < s; q++) for (h = 0; h < SPHERE_SH_GROUP_; h += w) { \
            const float *const x = from + q * SPHERE_SH_PLACE_ + h; \
            float *const y = to + q * SPHERE_SH_PLACE_ + h; \
            const SPHERE_SH_VEC_##level x0r = SPHERE_SH_LD_##level(x + re), x0i = SPHERE_SH_LD_##level(x + im), x2r = SPHERE_SH_LD_##level(x + 2 * jump + re), x2i = SPHERE_SH_LD_##level(x + 2 * jump + im); \
            const SPHERE_SH_VEC_##level ar = SPHERE_SH_ADD_##level(x0r, x2r), ai = SPHERE_SH_ADD_##level(x0i, x2i), br = SPHERE_SH_SUB_##level(x0r, x2r), bi = SPHERE_SH_SUB_##level(x0i, x2i); \
            const SPHERE_SH_VEC_##level x1r = SPHERE_SH_LD_##level(x + jump + re), x1i = SPHERE_SH_LD_##level(x + jump + im), x3r = SPHERE_SH_LD_##level(x + 3 * jump + re), x3i = SPHERE_SH_LD_##level(x + 3 * jump + im); \
            const SPHERE_SH_VEC_##level cr = SPHERE_SH_ADD_##level(x1r, x3r), ci = SPHERE_SH_ADD_##level(x1i, x3i), dr = SPHERE_SH_SUB_##level(x1r, x3r), di = SPHERE_SH_SUB_##level(x1i, x3i); \
            SPHERE_SH_ST_##level(y + 0 * s * SPHERE_SH_PLACE_ + re, SPHERE_SH_ADD_##level(ar, cr)); SPHERE_SH_ST_##level(y + 0 * s * SPHERE_SH_PLACE_ + im, SPHERE_SH_ADD_##level(ai, ci)); \
            { const SPHERE_SH_VEC_##level pr = SPHERE_SH_SUB_##level(br, di), pi = SPHERE_SH_ADD_##level(bi, dr); \
            SPHERE_SH_ST_##level(y + 1 * s * SPHERE_SH_PLACE_ + re, SPHERE_SH_SUB_##level(SPHERE_SH_MUL_##level(pr, w1r), SPHERE_SH_MUL_##level(pi, w1i))); SPHERE_SH_ST_##level(y + 1 * s * SPHERE_SH_PLACE_ + im, SPHERE_SH_MADD_##level(pi, w1r, SPHERE_SH_MUL_##level(pr, w1i))); } \
            { const SPHERE_SH_VEC_##level pr = SPHERE_SH_SUB_##level(ar, cr), pi = SPHERE_SH_SUB_##level(ai, ci); \
            SPHERE_SH_ST_##level(y + 2 * s * SPHERE_SH_PLACE_ + re, SPHERE_SH_SUB_##level(SPHERE_SH_MUL_##level(pr, w2r), SPHERE_SH_MUL_##level(pi, w2i))); SPHERE_SH_ST_##level(y + 2 * s * SPHERE_SH_PLACE_ + im, SPHERE_SH_MADD_##level(pi, w2r, SPHERE_SH_MUL_##level(pr, w2i))); } \
            { const SPHERE_SH_VEC_##level pr = SPHERE_SH_ADD_##level(br, di), pi = SPHERE_SH_SUB_##level(bi, dr); \
            SPHERE_SH_ST_##level(y + 3 * s * SPHERE_SH_PLACE_ + re, SPHERE_SH_SUB_##level(SPHERE_SH_MUL_##level(pr, w3r), SPHERE_SH_MUL_##level(pi, w3i))); SPHERE_SH_ST_##level(y + 3 * s * SPHERE_SH_PLACE_ + im, SPHERE_SH_MADD_##level(pi, w3r, SPHERE_SH_MUL_##level(pr, w3i))); } \
        } \
    } \
}
#define SPHERE_SH_FFT5_SIMD_(level) \
SPHERE_SH_FN_##level void sphere_sh_fft5_##level(float *out, const float *in, size_t n, size_t s, const float *turn, size_t re) \
{ \
    const size_t im = SPHERE_SH_GROUP_ - re, part = n / 5, jump = s * part * SPHERE_SH_PLACE_, w = SPHERE_SH_WIDTH_##level; \
    const float *from = in; \
    float *to = out; \
    size_t p, q, h; \
    for (q = 0; q < s; q++) for (h = 0; h < SPHERE_SH_GROUP_; h += w) { \
        const float *const x = from + q * SPHERE_SH_PLACE_ + h; \
        float *const y = to + q * SPHERE_SH_PLACE_ + h; \
        const SPHERE_SH_VEC_##level c1 = SPHERE_SH_SET_##level(SPHERE_SH_REAL_(0.30901699437494745)), c2 = SPHERE_SH_SET_##level(SPHERE_SH_REAL_(-0.8090169943749475)); \
        const SPHERE_SH_VEC_##level s1 = SPHERE_SH_SET_##level(SPHERE_SH_REAL_(0.9510565162951535)), s2 = SPHERE_SH_SET_##level(SPHERE_SH_REAL_(0.5877852522924731)); \
        const SPHERE_SH_VEC_##level x0r = SPHERE_SH_LD_##level(x + 0 * jump + re), x0i = SPHERE_SH_LD_##level(x + 0 * jump + im), x1r = SPHERE_SH_LD_##level(x + 1 * jump + re), x1i = SPHERE_SH_LD_##level(x + 1 * jump + im), x2r = SPHERE_SH_LD_##level(x + 2 * jump + re), x2i = SPHERE_SH_LD_##level(x + 2 * jump + im), x3r = SPHERE_SH_LD_##level(x + 3 * jump + re), x3i = SPHERE_SH_LD_##level(x + 3 * jump + im), x4r = SPHERE_SH_LD_##level(x + 4 * jump + re), x4i = SPHERE_SH_LD_##level(x + 4 * jump + im); \
        const SPHERE_SH_VEC_##level ar = SPHERE_SH_ADD_##level(x1r, x4r), br = SPHERE_SH_ADD_##level(x2r, x3r), cr = SPHERE_SH_SUB_##level(x1r, x4r), dr = SPHERE_SH_SUB_##level(x2r, x3r); \
        const SPHERE_SH_VEC_##level er = SPHERE_SH_MADD_##level(c2, br, SPHERE_SH_MADD_##level(c1, ar, x0r)), fr = SPHERE_SH_MADD_##level(c1, br, SPHERE_SH_MADD_##level(c2, ar, x0r)); \
        const SPHERE_SH_VEC_##level gr = SPHERE_SH_MADD_##level(s2, dr, SPHERE_SH_MUL_##level(s1, cr)), hr = SPHERE_SH_SUB_##level(SPHERE_SH_MUL_##level(s2, cr), SPHERE_SH_MUL_##level(s1, dr)); \
        const SPHERE_SH_VEC_##level ai = SPHERE_SH_ADD_##level(x1i, x4i), bi = SPHERE_SH_ADD_##level(x2i, x3i), ci = SPHERE_SH_SUB_##level(x1i, x4i), di = SPHERE_SH_SUB_##level(x2i, x3i); \
        const SPHERE_SH_VEC_##level ei = SPHERE_SH_MADD_##level(c2, bi, SPHERE_SH_MADD_##level(c1, ai, x0i)), fi = SPHERE_SH_MADD_##level(c1, bi, SPHERE_SH_MADD_##level(c2, ai, x0i)); \
        const SPHERE_SH_VEC_##level gi = SPHERE_SH_MADD_##level(s2, di, SPHERE_SH_MUL_##level(s1, ci)), hi = SPHERE_SH_SUB_##level(SPHERE_SH_MUL_##level(s2, ci), SPHERE_SH_MUL_##level(s1, di)); \
        SPHERE_SH_ST_##level(y + 0 * s * SPHERE_SH_PLACE_ + re, SPHERE_SH_ADD_##level(x0r, SPHERE_SH_ADD_##level(ar, br))); SPHERE_SH_ST_##level(y + 0 * s * SPHERE_SH_PLACE_ + im, SPHERE_SH_ADD_##level(x0i, SPHERE_SH_ADD_##level(ai, bi))); \
        SPHERE_SH_ST_##level(y + 1 * s * SPHERE_SH_PLACE_ + re, SPHERE_SH_SUB_##level(er, gi)); SPHERE_SH_ST_##level(y + 1 * s * SPHERE_SH_PLACE_ + im, SPHERE_SH_ADD_##level(ei, gr)); \
        SPHERE_SH_ST_##level(y + 2 * s * SPHERE_SH_PLACE_ + re, SPHERE_SH_SUB_##level(fr, hi)); SPHERE_SH_ST_##level(y + 2 * s * SPHERE_SH_PLACE_ + im, SPHERE_SH_ADD_##level(fi, hr)); \
        SPHERE_SH_ST_##level(y + 3 * s * SPHERE_SH_PLACE_ + re, SPHERE_SH_ADD_##level(fr, hi)); SPHERE_SH_ST_##level(y + 3 * s * SPHERE_SH_PLACE_ + im, SPHERE_SH_SUB_##level(fi, hr)); \
        SPHERE_SH_ST_##level(y + 4 * s * SPHERE_SH_PLACE_ + re, SPHERE_SH_ADD_##level(er, gi)); SPHERE_SH_ST_##level(y + 4 * s * SPHERE_SH_PLACE_ + im, SPHERE_SH_SUB_##level(ei, gr)); \
    } \
    for (p = 1; p < part; p++) { \
        const float *const f = turn + 2 * p * s; \
        const SPHERE_SH_VEC_##level w1r = SPHERE_SH_BC_##level(f + 0 * 2 * p * s), w1i = SPHERE_SH_BC_##level(f + 0 * 2 * p * s + 1); \
        const SPHERE_SH_VEC_##level w2r = SPHERE_SH_BC_##level(f + 1 * 2 * p * s), w2i = SPHERE_SH_BC_##level(f + 1 * 2 * p * s + 1); \
        const SPHERE_SH_VEC_##level w3r = SPHERE_SH_BC_##level(f + 2 * 2 * p * s), w3i = SPHERE_SH_BC_##level(f + 2 * 2 * p * s + 1); \
        const SPHERE_SH_VEC_##level w4r = SPHERE_SH_BC_##level(f + 3 * 2 * p * s), w4i = SPHERE_SH_BC_##level(f + 3 * 2 * p * s + 1); \
        from += s * SPHERE_SH_PLACE_; to += 5 * s * SPHERE_SH_PLACE_; \
        for (q = 0; q < s; q++) for (h = 0; h < SPHERE_SH_GROUP_; h += w) { \
            const float *const x = from + q * SPHERE_SH_PLACE_ + h; \
            float *const y = to + q * SPHERE_SH_PLACE_ + h; \
            const SPHERE_SH_VEC_##level c1 = SPHERE_SH_SET_##level(SPHERE_SH_REAL_(0.30901699437494745)), c2 = SPHERE_SH_SET_##level(SPHERE_SH_REAL_(-0.8090169943749475)); \
            const SPHERE_SH_VEC_##level s1 = SPHERE_SH_SET_##level(SPHERE_SH_REAL_(0.9510565162951535)), s2 = SPHERE_SH_SET_##level(SPHERE_SH_REAL_(0.5877852522924731)); \
            const SPHERE_SH_VEC_##level x0r = SPHERE_SH_LD_##level(x + 0 * jump + re), x0i = SPHERE_SH_LD_##level(x + 0 * jump + im), x1r = SPHERE_SH_LD_##level(x + 1 * jump + re), x1i = SPHERE_SH_LD_##level(x + 1 * jump + im), x2r = SPHERE_SH_LD_##level(x + 2 * jump + re), x2i = SPHERE_SH_LD_##level(x + 2 * jump + im), x3r = SPHERE_SH_LD_##level(x + 3 * jump + re), x3i = SPHERE_SH_LD_##level(x + 3 * jump + im), x4r = SPHERE_SH_LD_##level(x + 4 * jump + re), x4i = SPHERE_SH_LD_##level(x + 4 * jump + im); \
            const SPHERE_SH_VEC_##level ar = SPHERE_SH_ADD_##level(x1r, x4r), br = SPHERE_SH_ADD_##level(x2r, x3r), cr = SPHERE_SH_SUB_##level(x1r, x4r), dr = SPHERE_SH_SUB_##level(x2r, x3r); \
            const SPHERE_SH_VEC_##level er = SPHERE_SH_MADD_##level(c2, br, SPHERE_SH_MADD_##level(c1, ar, x0r)), fr = SPHERE_SH_MADD_##level(c1, br, SPHERE_SH_MADD_##level(c2, ar, x0r)); \
            const SPHERE_SH_VEC_##level gr = SPHERE_SH_MADD_##level(s2, dr, SPHERE_SH_MUL_##level(s1, cr)), hr = SPHERE_SH_SUB_##level(SPHERE_SH_MUL_##level(s2, cr), SPHERE_SH_MUL_##level(s1, dr)); \
            const SPHERE_SH_VEC_##level ai = SPHERE_SH_ADD_##level(x1i, x4i), bi = SPHERE_SH_ADD_##level(x2i, x3i), ci = SPHERE_SH_SUB_##level(x1i, x4i), di = SPHERE_SH_SUB_##level(x2i, x3i); \
            const SPHERE_SH_VEC_##level ei = SPHERE_SH_MADD_##level(c2, bi, SPHERE_SH_MADD_##level(c1, ai, x0i)), fi = SPHERE_SH_MADD_##level(c1, bi, SPHERE_SH_MADD_##level(c2, ai, x0i)); \
            const SPHERE_SH_VEC_##level gi = SPHERE_SH_MADD_##level(s2, di, SPHERE_SH_MUL_##level(s1, ci)), hi = SPHERE_SH_SUB_##level(SPHERE_SH_MUL_##level(s2, ci), SPHERE_SH_MUL_##level(s1, di)); \
            SPHERE_SH_ST_##level(y + 0 * s * SPHERE_SH_PLACE_ + re, SPHERE_SH_ADD_##level(x0r, SPHERE_SH_ADD_##level(ar, br))); SPHERE_SH_ST_##level(y + 0 * s * SPHERE_SH_PLACE_ + im, SPHERE_SH_ADD_##level(x0i, SPHERE_SH_ADD_##level(ai, bi))); \
            { const SPHERE_SH_VEC_##level pr = SPHERE_SH_SUB_##level(er, gi), pi = SPHERE_SH_ADD_##level(ei, gr); \
            SPHERE_SH_ST_##level(y + 1 * s * SPHERE_SH_PLACE_ + re, SPHERE_SH_SUB_##level(SPHERE_SH_MUL_##level(pr, w1r), SPHERE_SH_MUL_##level(pi, w1i))); SPHERE_SH_ST_##level(y + 1 * s * SPHERE_SH_PLACE_ + im, SPHERE_SH_MADD_##level(pi, w1r, SPHERE_SH_MUL_##level(pr, w1i))); } \
            { const SPHERE_SH_VEC_##level pr = SPHERE_SH_SUB_##level(fr, hi), pi = SPHERE_SH_ADD_##level(fi, hr); \
            SPHERE_SH_ST_##level(y + 2 * s * SPHERE_SH_PLACE_ + re, SPHERE_SH_SUB_##level(SPHERE_SH_MUL_##level(pr, w2r), SPHERE_SH_MUL_##level(pi, w2i))); SPHERE_SH_ST_##level(y + 2 * s * SPHERE_SH_PLACE_ + im, SPHERE_SH_MADD_##level(pi, w2r, SPHERE_SH_MUL_##level(pr, w2i))); } \
            { const SPHERE_SH_VEC_##level pr = SPHERE_SH_ADD_##level(fr, hi), pi = SPHERE_SH_SUB_##level(fi, hr); \
            SPHERE_SH_ST_##level(y + 3 * s * SPHERE_SH_PLACE_ + re, SPHERE_SH_SUB_##level(SPHERE_SH_MUL_##level(pr, w3r), SPHERE_SH_MUL_##level(pi, w3i))); SPHERE_SH_ST_##level(y + 3 * s * SPHERE_SH_PLACE_ + im, SPHERE_SH_MADD_##level(pi, w3r, SPHERE_SH_MUL_##level(pr, w3i))); } \
            { const SPHERE_SH_VEC_##level pr = SPHERE_SH_ADD_##level(er, gi), pi = SPHERE_SH_SUB_##level(ei, gr); \
            SPHERE_SH_ST_##level(y + 4 * s * SPHERE_SH_PLACE_ + re, SPHERE_SH_SUB_##level(SPHERE_SH_MUL_##level(pr, w4r), SPHERE_SH_MUL_##level(pi, w4i))); SPHERE_SH_ST_##level(y + 4 * s * SPHERE_SH_PLACE_ + im, SPHERE_SH_MADD_##level(pi, w4r, SPHERE_SH_MUL_##level(pr, w4i))); } \
        } \
    } \
}
#define SPHERE_SH_FFT_SIMD_(level) \
SPHERE_SH_FN_##level void sphere_sh_fft_##level(float *out, const float *in, size_t n, size_t s, size_t r, const float *turn, size_t re) \
{ \
    const size_t im = SPHERE_SH_GROUP_ - re, part = n / r, jump = s * part * SPHERE_SH_PLACE_, w = SPHERE_SH_WIDTH_##level; \
    size_t p, q, i, j, h; \
    if (r == 4) { sphere_sh_fft4_##level(out, in, n, s, turn, re); return; } \
    if (r == 2) { sphere_sh_fft2_##level(out, in, n, s, turn, re); return; } \
    if (r == 3) { sphere_sh_fft3_##level(out, in, n, s, turn, re); return; } \
    if (r == 5) { sphere_sh_fft5_##level(out, in, n, s, turn, re); return; } \
    for (p = 0; p < part; p++) for (j = 0; j < r; j++) for (q = 0; q < s; q++) for (h = 0; h < SPHERE_SH_GROUP_; h += w) { \
        const float *const x = in + (q + s * p) * SPHERE_SH_PLACE_ + h; \
        float *const y = out + (q + s * (r * p + j)) * SPHERE_SH_PLACE_ + h; \
        SPHERE_SH_VEC_##level sumr = SPHERE_SH_LD_##level(x + re), sumi = SPHERE_SH_LD_##level(x + im); \
        for (i = 1; i < r; i++) { \
            const float *const f = turn + 2 * (s * part * (i * j % r)); \
            const SPHERE_SH_VEC_##level fr = SPHERE_SH_BC_##level(f), fi = SPHERE_SH_BC_##level(f + 1), vr = SPHERE_SH_LD_##level(x + i * jump + re), vi = SPHERE_SH_LD_##level(x + i * jump + im); \
            sumr = SPHERE_SH_SUB_##level(SPHERE_SH_MADD_##level(vr, fr, sumr), SPHERE_SH_MUL_##level(vi, fi)); \
            sumi = SPHERE_SH_MADD_##level(vi, fr, SPHERE_SH_MADD_##level(vr, fi, sumi)); \
        } \
        if (p && j) { \
            const float *const f = turn + 2 * (p * j * s); \
            const SPHERE_SH_VEC_##level fr = SPHERE_SH_BC_##level(f), fi = SPHERE_SH_BC_##level(f + 1); \
            const SPHERE_SH_VEC_##level vr = SPHERE_SH_SUB_##level(SPHERE_SH_MUL_##level(sumr, fr), SPHERE_SH_MUL_##level(sumi, fi)); \
            sumi = SPHERE_SH_MADD_##level(sumi, fr, SPHERE_SH_MUL_##level(sumr, fi)); sumr = vr; \
        } \
        SPHERE_SH_ST_##level(y + re, sumr); SPHERE_SH_ST_##level(y + im, sumi); \
    } \
}
#define SPHERE_SH_COLUMNS_SIMD_(level) \
SPHERE_SH_FN_##level void sphere_sh_columns_##level(const sphere_sh_degrees_ *degrees, size_t m, size_t from, size_t count, const double *work, double scale, float *out) \
{ \
    const double *const inverse = degrees->inverse[(m + 1) & 1u] + (m + 1) / 2, *const after = degrees->inverse[m & 1u] + m / 2 + 1; \
    const double *const f = degrees->inverse_root[(m + 1) & 1u] + (m + 1) / 2, *const g = degrees->inverse_root[m & 1u] + m / 2 + 1; \
    const double *const r0 = degrees->root[1], *const r1 = degrees->root[1] + m, *const r2 = degrees->root[0] + 1, *const r3 = degrees->root[0] + m + 1; \
    const SPHERE_SHW_##level mm = SPHERE_SHW_SET_##level((double)m * (double)m), one = SPHERE_SHW_SET_##level(1.0), two = SPHERE_SHW_SET_##level(2.0); \
    const SPHERE_SHW_##level zero = SPHERE_SHW_SET_##level(0.0), scales = SPHERE_SHW_SET_##level(scale); \
    size_t k = from; \
    for (; k + SPHERE_SHW_WIDTH_##level <= count; k += SPHERE_SHW_WIDTH_##level) { \
        const SPHERE_SHW_##level l = SPHERE_SHW_ADD_##level(SPHERE_SHW_SET_##level((double)(m + 2 * k + 1)), SPHERE_SHW_RAMP_##level), n = SPHERE_SHW_ADD_##level(l, one); \
        const SPHERE_SHW_##level u = SPHERE_SHW_LD_##level(work + 2 * count + k), over = SPHERE_SHW_DIV_##level(one, u); \
        const SPHERE_SHW_##level a = (count - 1 - k) & 1u ? SPHERE_SHW_TURNS_##level(over, u) : SPHERE_SHW_TURNS_##level(u, over); \
        const SPHERE_SHW_##level x = SPHERE_SHW_MUL_##level(SPHERE_SHW_SUB_##level(SPHERE_SHW_MUL_##level(l, l), mm), SPHERE_SHW_LD_##level(inverse + k)); \
        const SPHERE_SHW_##level y = SPHERE_SHW_MUL_##level(SPHERE_SHW_SUB_##level(SPHERE_SHW_MUL_##level(n, n), mm), SPHERE_SHW_LD_##level(after + k)); \
        const SPHERE_SHW_##level e = SPHERE_SHW_ADD_##level(x, y), ae = SPHERE_SHW_MUL_##level(a, e), odd = SPHERE_SHW_SQRT_##level(SPHERE_SHW_MUL_##level(scales, a)); \
        const SPHERE_SHW_##level p = SPHERE_SHW_MUL_##level(SPHERE_SHW_MUL_##level(SPHERE_SHW_LD_##level(r0 + k), SPHERE_SHW_LD_##level(r1 + k)), SPHERE_SHW_LD_##level(f + k)); \
        const SPHERE_SHW_##level q = SPHERE_SHW_MUL_##level(SPHERE_SHW_MUL_##level(SPHERE_SHW_LD_##level(r2 + k), SPHERE_SHW_LD_##level(r3 + k)), SPHERE_SHW_LD_##level(g + k)); \
        SPHERE_SH_NARROW_##level(out + k, a); \
        SPHERE_SH_NARROW_##level(out + count + k, SPHERE_SHW_SUB_##level(zero, ae)); \
        SPHERE_SH_NARROW_##level(out + 2 * count + k, SPHERE_SHW_SUB_##level(SPHERE_SHW_MUL_##level(a, SPHERE_SHW_SUB_##level(one, e)), two)); \
        SPHERE_SH_NARROW_##level(out + 3 * count + k, SPHERE_SHW_SUB_##level(two, ae)); \
        SPHERE_SH_NARROW_##level(out + 4 * count + k, SPHERE_SHW_MUL_##level(p, odd)); \
        SPHERE_SH_NARROW_##level(out + 5 * count + k, SPHERE_SHW_MUL_##level(q, odd)); \
        SPHERE_SH_NARROW_##level(out + 6 * count + k, odd); \
    } \
    sphere_sh_columns_c_(degrees, m, k, count, work, scale, out); \
}
#define SPHERE_SH_FIELD_SIMD_(level) \
SPHERE_SH_FN_##level float sphere_sh_square_##level(float *values, size_t n) \
{ \
    float lane[2 * SPHERE_SH_GROUP_MOST_] = { 0 }; \
    size_t i, h; \
    for (i = 0; i + 2 * SPHERE_SH_GROUP_ <= n; i += 2 * SPHERE_SH_GROUP_) for (h = 0; h < 2 * SPHERE_SH_GROUP_; h += SPHERE_SH_WIDTH_##level) { \
        SPHERE_SH_VEC_##level v = SPHERE_SH_LD_##level(values + i + h); \
        v = SPHERE_SH_MUL_##level(v, v); \
        SPHERE_SH_ST_##level(values + i + h, v); SPHERE_SH_ST_##level(lane + h, SPHERE_SH_ADD_##level(SPHERE_SH_LD_##level(lane + h), v)); \
    } \
    return sphere_sh_square_rest_(values + i, n - i, lane); \
} \
SPHERE_SH_FN_##level float sphere_sh_scale_##level(float *values, size_t n, float factor) \
{ \
    const SPHERE_SH_VEC_##level f = SPHERE_SH_SET_##level(factor); \
    SPHERE_SH_VEC_##level most = SPHERE_SH_SET_##level(0); \
    float lane[SPHERE_SH_GROUP_MOST_], rest; \
    size_t i; \
    for (i = 0; i + SPHERE_SH_WIDTH_##level <= n; i += SPHERE_SH_WIDTH_##level) { \
        const SPHERE_SH_VEC_##level v = SPHERE_SH_MUL_##level(SPHERE_SH_LD_##level(values + i), f); \
        SPHERE_SH_ST_##level(values + i, v); most = SPHERE_SH_LARGER_##level(v, most); \
    } \
    rest = sphere_sh_scale_c_(values + i, n - i, factor); \
    SPHERE_SH_ST_##level(lane, most); \
    for (i = 0; i < SPHERE_SH_WIDTH_##level; i++) rest = lane[i] > rest ? lane[i] : rest; \
    return rest; \
}

#define SPHERE_SH_TRANSFORM_SIMD_(level) SPHERE_SH_STEP_SIMD_(level) SPHERE_SH_EXPAND_SIMD_(level) SPHERE_SH_PROJECT_SIMD_(level) SPHERE_SH_JOIN_SIMD_(level) \
    SPHERE_SH_PART_SIMD_(level) SPHERE_SH_FFT2_SIMD_(level) SPHERE_SH_FFT3_SIMD_(level) SPHERE_SH_FFT4_SIMD_(level) SPHERE_SH_FFT5_SIMD_(level) SPHERE_SH_FFT_SIMD_(level) \
    SPHERE_SH_FIELD_SIMD_(level) SPHERE_SH_COLUMNS_SIMD_(level)
#if SPHERE_AVX2_
SPHERE_SH_TRANSFORM_SIMD_(avx2_)
SPHERE_TARGET_AVX2_ static unsigned sphere_sh_begin_avx2_(float *t, float *n, const float *a, const float *an, const float *b, const float *bn, size_t lanes)
{
    const __m256 zero_f32x8 = _mm256_setzero_ps(), one_f32x8 = _mm256_set1_ps(1.0f), tiny_f32x8 = _mm256_set1_ps(SPHERE_SH_TINY_);
    const __m256 up_f32x8 = _mm256_set1_ps(SPHERE_SH_UP_), down_f32x8 = _mm256_set1_ps(SPHERE_SH_DOWN_);
    __m256 out_f32x8 = zero_f32x8, counts_f32x8 = zero_f32x8;
    size_t i;
    for (i = 0; i < lanes; i += SPHERE_SH_AVX2_LANES_) {
        __m256 p_f32x8 = _mm256_mul_ps(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i)), k_f32x8 = _mm256_add_ps(_mm256_loadu_ps(an + i), _mm256_loadu_ps(bn + i));
        const __m256 low_f32x8 = _mm256_cmp_ps(p_f32x8, _mm256_set1_ps(SPHERE_SH_LOW_), _CMP_LT_OQ);
        const __m256 high_f32x8 = _mm256_and_ps(_mm256_cmp_ps(p_f32x8, _mm256_set1_ps(SPHERE_SH_HIGH_), _CMP_GE_OQ), _mm256_cmp_ps(k_f32x8, zero_f32x8, _CMP_GT_OQ));
        __m256 is_out_f32x8;
        p_f32x8 = _mm256_mul_ps(p_f32x8, _mm256_blendv_ps(_mm256_blendv_ps(one_f32x8, down_f32x8, high_f32x8), up_f32x8, low_f32x8));
        k_f32x8 = _mm256_add_ps(k_f32x8, _mm256_and_ps(low_f32x8, one_f32x8)); k_f32x8 = _mm256_sub_ps(k_f32x8, _mm256_and_ps(high_f32x8, one_f32x8));
        _mm256_storeu_ps(t + i, p_f32x8); _mm256_storeu_ps(n + i, k_f32x8);
        is_out_f32x8 = _mm256_cmp_ps(k_f32x8, zero_f32x8, _CMP_GT_OQ);
        out_f32x8 = _mm256_or_ps(out_f32x8, is_out_f32x8);
        counts_f32x8 = _mm256_or_ps(counts_f32x8, _mm256_andnot_ps(is_out_f32x8, _mm256_cmp_ps(p_f32x8, tiny_f32x8, _CMP_GE_OQ)));
    }
    return (_mm256_movemask_ps(out_f32x8) ? 1u : 0u) | (_mm256_movemask_ps(counts_f32x8) ? 2u : 0u);
}
SPHERE_TARGET_AVX2_ static unsigned sphere_sh_rescale_avx2_(float *t, float *d, float *n, size_t lanes)
{
    const __m256 zero_f32x8 = _mm256_setzero_ps(), one_f32x8 = _mm256_set1_ps(1.0f), sign_f32x8 = _mm256_set1_ps(-0.0f);
    const __m256 high_f32x8 = _mm256_set1_ps(SPHERE_SH_HIGH_), tiny_f32x8 = _mm256_set1_ps(SPHERE_SH_TINY_), down_f32x8 = _mm256_set1_ps(SPHERE_SH_DOWN_);
    __m256 out_f32x8 = zero_f32x8, counts_f32x8 = zero_f32x8;
    size_t i;
    for (i = 0; i < lanes; i += SPHERE_SH_AVX2_LANES_) {
        __m256 t_f32x8 = _mm256_loadu_ps(t + i), n_f32x8 = _mm256_loadu_ps(n + i);
        const __m256 big_f32x8 = _mm256_and_ps(_mm256_cmp_ps(_mm256_andnot_ps(sign_f32x8, t_f32x8), high_f32x8, _CMP_GE_OQ), _mm256_cmp_ps(n_f32x8, zero_f32x8, _CMP_GT_OQ));
        const __m256 scale_f32x8 = _mm256_blendv_ps(one_f32x8, down_f32x8, big_f32x8);
        __m256 is_out_f32x8;
        t_f32x8 = _mm256_mul_ps(t_f32x8, scale_f32x8); n_f32x8 = _mm256_sub_ps(n_f32x8, _mm256_and_ps(big_f32x8, one_f32x8));
        _mm256_storeu_ps(t + i, t_f32x8); _mm256_storeu_ps(n + i, n_f32x8); _mm256_storeu_ps(d + i, _mm256_mul_ps(_mm256_loadu_ps(d + i), scale_f32x8));
        is_out_f32x8 = _mm256_cmp_ps(n_f32x8, zero_f32x8, _CMP_GT_OQ);
        out_f32x8 = _mm256_or_ps(out_f32x8, is_out_f32x8);
        counts_f32x8 = _mm256_or_ps(counts_f32x8, _mm256_andnot_ps(is_out_f32x8, _mm256_cmp_ps(_mm256_andnot_ps(sign_f32x8, t_f32x8), tiny_f32x8, _CMP_GE_OQ)));
    }
    return (_mm256_movemask_ps(out_f32x8) ? 1u : 0u) | (_mm256_movemask_ps(counts_f32x8) ? 2u : 0u);
}
SPHERE_TARGET_AVX2_ static void sphere_sh_hide_avx2_(float *rows, const float *n, size_t steps, size_t lanes)
{
    size_t k, i;
    for (i = 0; i < lanes; i += SPHERE_SH_AVX2_LANES_) {
        const __m256 out_f32x8 = _mm256_cmp_ps(_mm256_loadu_ps(n + i), _mm256_setzero_ps(), _CMP_GT_OQ);
        for (k = 0; k < steps; k++) _mm256_storeu_ps(rows + k * SPHERE_SH_BLOCK_ + i, _mm256_andnot_ps(out_f32x8, _mm256_loadu_ps(rows + k * SPHERE_SH_BLOCK_ + i)));
    }
}
#endif
#if SPHERE_NEON_
SPHERE_SH_TRANSFORM_SIMD_(neon_)
/* The flags of two vectors of masks. */
SPHERE_INLINE_ unsigned sphere_sh_flags_neon_(uint32x4_t out_u32x4, uint32x4_t counts_u32x4)
{
    float a[SPHERE_SH_NEON_LANES_], b[SPHERE_SH_NEON_LANES_];
    unsigned flags = 0;
    size_t i;
    vst1q_f32(a, vbslq_f32(out_u32x4, vdupq_n_f32(1.0f), vdupq_n_f32(0.0f))); vst1q_f32(b, vbslq_f32(counts_u32x4, vdupq_n_f32(1.0f), vdupq_n_f32(0.0f)));
    for (i = 0; i < SPHERE_SH_NEON_LANES_; i++) flags |= (a[i] > 0 ? 1u : 0u) | (b[i] > 0 ? 2u : 0u);
    return flags;
}
static unsigned sphere_sh_begin_neon_(float *t, float *n, const float *a, const float *an, const float *b, const float *bn, size_t lanes)
{
    const float32x4_t zero_f32x4 = vdupq_n_f32(0), one_f32x4 = vdupq_n_f32(1.0f), up_f32x4 = vdupq_n_f32(SPHERE_SH_UP_), down_f32x4 = vdupq_n_f32(SPHERE_SH_DOWN_);
    uint32x4_t out_u32x4 = vcgtq_f32(zero_f32x4, zero_f32x4), counts_u32x4 = out_u32x4;
    size_t i;
    for (i = 0; i < lanes; i += SPHERE_SH_NEON_LANES_) {
        float32x4_t p_f32x4 = vmulq_f32(vld1q_f32(a + i), vld1q_f32(b + i)), k_f32x4 = vaddq_f32(vld1q_f32(an + i), vld1q_f32(bn + i));
        const uint32x4_t low_u32x4 = vcltq_f32(p_f32x4, vdupq_n_f32(SPHERE_SH_LOW_));
        const uint32x4_t high_u32x4 = vandq_u32(vcgeq_f32(p_f32x4, vdupq_n_f32(SPHERE_SH_HIGH_)), vcgtq_f32(k_f32x4, zero_f32x4));
        uint32x4_t is_out_u32x4;
        p_f32x4 = vmulq_f32(p_f32x4, vbslq_f32(low_u32x4, up_f32x4, vbslq_f32(high_u32x4, down_f32x4, one_f32x4)));
        k_f32x4 = vaddq_f32(k_f32x4, vbslq_f32(low_u32x4, one_f32x4, zero_f32x4)); k_f32x4 = vsubq_f32(k_f32x4, vbslq_f32(high_u32x4, one_f32x4, zero_f32x4));
        vst1q_f32(t + i, p_f32x4); vst1q_f32(n + i, k_f32x4);
        is_out_u32x4 = vcgtq_f32(k_f32x4, zero_f32x4);
        out_u32x4 = vorrq_u32(out_u32x4, is_out_u32x4);
        counts_u32x4 = vorrq_u32(counts_u32x4, vbicq_u32(vcgeq_f32(p_f32x4, vdupq_n_f32(SPHERE_SH_TINY_)), is_out_u32x4));
    }
    return sphere_sh_flags_neon_(out_u32x4, counts_u32x4);
}
static unsigned sphere_sh_rescale_neon_(float *t, float *d, float *n, size_t lanes)
{
    const float32x4_t zero_f32x4 = vdupq_n_f32(0), one_f32x4 = vdupq_n_f32(1.0f), down_f32x4 = vdupq_n_f32(SPHERE_SH_DOWN_);
    uint32x4_t out_u32x4 = vcgtq_f32(zero_f32x4, zero_f32x4), counts_u32x4 = out_u32x4;
    size_t i;
    for (i = 0; i < lanes; i += SPHERE_SH_NEON_LANES_) {
        float32x4_t t_f32x4 = vld1q_f32(t + i), n_f32x4 = vld1q_f32(n + i);
        const uint32x4_t big_u32x4 = vandq_u32(vcgeq_f32(vabsq_f32(t_f32x4), vdupq_n_f32(SPHERE_SH_HIGH_)), vcgtq_f32(n_f32x4, zero_f32x4));
        const float32x4_t scale_f32x4 = vbslq_f32(big_u32x4, down_f32x4, one_f32x4);
        uint32x4_t is_out_u32x4;
        t_f32x4 = vmulq_f32(t_f32x4, scale_f32x4); n_f32x4 = vsubq_f32(n_f32x4, vbslq_f32(big_u32x4, one_f32x4, zero_f32x4));
        vst1q_f32(t + i, t_f32x4); vst1q_f32(n + i, n_f32x4); vst1q_f32(d + i, vmulq_f32(vld1q_f32(d + i), scale_f32x4));
        is_out_u32x4 = vcgtq_f32(n_f32x4, zero_f32x4);
        out_u32x4 = vorrq_u32(out_u32x4, is_out_u32x4);
        counts_u32x4 = vorrq_u32(counts_u32x4, vbicq_u32(vcgeq_f32(vabsq_f32(t_f32x4), vdupq_n_f32(SPHERE_SH_TINY_)), is_out_u32x4));
    }
    return sphere_sh_flags_neon_(out_u32x4, counts_u32x4);
}
static void sphere_sh_hide_neon_(float *rows, const float *n, size_t steps, size_t lanes)
{
    size_t k, i;
    for (i = 0; i < lanes; i += SPHERE_SH_NEON_LANES_) {
        const uint32x4_t out_u32x4 = vcgtq_f32(vld1q_f32(n + i), vdupq_n_f32(0));
        for (k = 0; k < steps; k++) vst1q_f32(rows + k * SPHERE_SH_BLOCK_ + i, vbslq_f32(out_u32x4, vdupq_n_f32(0), vld1q_f32(rows + k * SPHERE_SH_BLOCK_ + i)));
    }
}
#endif
/* sphere-sh float end transform-simd */
/* sphere-sh double begin transform-simd: made from the float section by tests/double.py, do not edit */
#if SPHERE_AVX2_
#define SPHERE_SHD_FN_avx2_ SPHERE_TARGET_AVX2_ static
#define SPHERE_SHD_VEC_avx2_ __m256d
#define SPHERE_SHD_WIDTH_avx2_ ((size_t)SPHERE_SHD_AVX2_LANES_)
#define SPHERE_SHD_LD_avx2_(p) _mm256_loadu_pd(p)
#define SPHERE_SHD_ST_avx2_(p, v) _mm256_storeu_pd(p, v)
#define SPHERE_SHD_BC_avx2_(p) _mm256_broadcast_sd(p)
#define SPHERE_SHD_SET_avx2_(v) _mm256_set1_pd(v)
#define SPHERE_SHD_ADD_avx2_(a, b) _mm256_add_pd(a, b)
#define SPHERE_SHD_SUB_avx2_(a, b) _mm256_sub_pd(a, b)
#define SPHERE_SHD_MUL_avx2_(a, b) _mm256_mul_pd(a, b)
#define SPHERE_SHD_MADD_avx2_(a, b, c) SPHERE_SH_MADD_F64X4_(a, b, c)
#define SPHERE_SHD_LARGER_avx2_(a, b) _mm256_blendv_pd(b, a, _mm256_cmp_pd(a, b, _CMP_GT_OQ))
#endif
#if SPHERE_NEON_
#define SPHERE_SHD_FN_neon_ static
#define SPHERE_SHD_VEC_neon_ float64x2_t
#define SPHERE_SHD_WIDTH_neon_ ((size_t)SPHERE_SHD_NEON_LANES_)
#define SPHERE_SHD_LD_neon_(p) vld1q_f64(p)
#define SPHERE_SHD_ST_neon_(p, v) vst1q_f64(p, v)
#define SPHERE_SHD_BC_neon_(p) vld1q_dup_f64(p)
#define SPHERE_SHD_SET_neon_(v) vdupq_n_f64(v)
#define SPHERE_SHD_ADD_neon_(a, b) vaddq_f64(a, b)
#define SPHERE_SHD_SUB_neon_(a, b) vsubq_f64(a, b)
#define SPHERE_SHD_MUL_neon_(a, b) vmulq_f64(a, b)
#define SPHERE_SHD_MADD_neon_(a, b, c) SPHERE_SH_MADD_F64X2_(a, b, c)
#define SPHERE_SHD_LARGER_neon_(a, b) vbslq_f64(vcgtq_f64(a, b), a, b)
#endif

/* step: four vectors at a time hide the latency of the recurrence; the last two alone. h is the half block that a vector lies in. */
#define SPHERE_SHD_STEP4_(level) \
do { \
    double *row = rows + o; \
    SPHERE_SHD_VEC_##level t0 = SPHERE_SHD_LD_##level(t + o + 0 * w), t1 = SPHERE_SHD_LD_##level(t + o + 1 * w), t2 = SPHERE_SHD_LD_##level(t + o + 2 * w), t3 = SPHERE_SHD_LD_##level(t + o + 3 * w); \
    SPHERE_SHD_VEC_##level d0 = SPHERE_SHD_LD_##level(d + o + 0 * w), d1 = SPHERE_SHD_LD_##level(d + o + 1 * w), d2 = SPHERE_SHD_LD_##level(d + o + 2 * w), d3 = SPHERE_SHD_LD_##level(d + o + 3 * w); \
    const SPHERE_SHD_VEC_##level yv0 = SPHERE_SHD_LD_##level(y + o + 0 * w), yv1 = SPHERE_SHD_LD_##level(y + o + 1 * w), yv2 = SPHERE_SHD_LD_##level(y + o + 2 * w), yv3 = SPHERE_SHD_LD_##level(y + o + 3 * w); \
    const SPHERE_SHD_VEC_##level low = SPHERE_SHD_BC_##level(y0 + o / (2 * SPHERE_SHD_GROUP_)), high = SPHERE_SHD_BC_##level(y0 + (o + 2 * w) / (2 * SPHERE_SHD_GROUP_)); \
    if (kind == SPHERE_SH_MIDDLE_) for (k = 0; k < steps; k++, row += SPHERE_SHD_BLOCK_) { \
        const SPHERE_SHD_VEC_##level av = SPHERE_SHD_BC_##level(a + k), bv = SPHERE_SHD_BC_##level(b + k); \
        const SPHERE_SHD_VEC_##level bl = SPHERE_SHD_MADD_##level(av, low, bv), bh = SPHERE_SHD_MADD_##level(av, high, bv); \
        { const SPHERE_SHD_VEC_##level c = SPHERE_SHD_MADD_##level(av, yv0, bl), old = t0; SPHERE_SHD_ST_##level(row + 0 * w, old); \
        t0 = SPHERE_SHD_SUB_##level(SPHERE_SHD_MUL_##level(c, old), d0); d0 = old; } \
        { const SPHERE_SHD_VEC_##level c = SPHERE_SHD_MADD_##level(av, yv1, bl), old = t1; SPHERE_SHD_ST_##level(row + 1 * w, old); \
        t1 = SPHERE_SHD_SUB_##level(SPHERE_SHD_MUL_##level(c, old), d1); d1 = old; } \
        { const SPHERE_SHD_VEC_##level c = SPHERE_SHD_MADD_##level(av, yv2, bh), old = t2; SPHERE_SHD_ST_##level(row + 2 * w, old); \
        t2 = SPHERE_SHD_SUB_##level(SPHERE_SHD_MUL_##level(c, old), d2); d2 = old; } \
        { const SPHERE_SHD_VEC_##level c = SPHERE_SHD_MADD_##level(av, yv3, bh), old = t3; SPHERE_SHD_ST_##level(row + 3 * w, old); \
        t3 = SPHERE_SHD_SUB_##level(SPHERE_SHD_MUL_##level(c, old), d3); d3 = old; } \
    } \
    else if (kind == SPHERE_SH_POLE_) for (k = 0; k < steps; k++, row += SPHERE_SHD_BLOCK_) { \
        const SPHERE_SHD_VEC_##level av = SPHERE_SHD_BC_##level(a + k), bv = SPHERE_SHD_BC_##level(b + k); \
        const SPHERE_SHD_VEC_##level bl = SPHERE_SHD_MADD_##level(av, low, bv), bh = SPHERE_SHD_MADD_##level(av, high, bv); \
        { const SPHERE_SHD_VEC_##level c = SPHERE_SHD_MADD_##level(av, yv0, bl), old = t0; SPHERE_SHD_ST_##level(row + 0 * w, old); \
        d0 = SPHERE_SHD_MADD_##level(c, old, d0); t0 = SPHERE_SHD_ADD_##level(old, d0); } \
        { const SPHERE_SHD_VEC_##level c = SPHERE_SHD_MADD_##level(av, yv1, bl), old = t1; SPHERE_SHD_ST_##level(row + 1 * w, old); \
        d1 = SPHERE_SHD_MADD_##level(c, old, d1); t1 = SPHERE_SHD_ADD_##level(old, d1); } \
        { const SPHERE_SHD_VEC_##level c = SPHERE_SHD_MADD_##level(av, yv2, bh), old = t2; SPHERE_SHD_ST_##level(row + 2 * w, old); \
        d2 = SPHERE_SHD_MADD_##level(c, old, d2); t2 = SPHERE_SHD_ADD_##level(old, d2); } \
        { const SPHERE_SHD_VEC_##level c = SPHERE_SHD_MADD_##level(av, yv3, bh), old = t3; SPHERE_SHD_ST_##level(row + 3 * w, old); \
        d3 = SPHERE_SHD_MADD_##level(c, old, d3); t3 = SPHERE_SHD_ADD_##level(old, d3); } \
    } \
    else for (k = 0; k < steps; k++, row += SPHERE_SHD_BLOCK_) { \
        const SPHERE_SHD_VEC_##level av = SPHERE_SHD_BC_##level(a + k), bv = SPHERE_SHD_BC_##level(b + k); \
        const SPHERE_SHD_VEC_##level bl = SPHERE_SHD_MADD_##level(av, low, bv), bh = SPHERE_SHD_MADD_##level(av, high, bv); \
        { const SPHERE_SHD_VEC_##level c = SPHERE_SHD_MADD_##level(av, yv0, bl), old = t0; SPHERE_SHD_ST_##level(row + 0 * w, old); \
        d0 = SPHERE_SHD_SUB_##level(SPHERE_SHD_MUL_##level(c, old), d0); t0 = SPHERE_SHD_SUB_##level(d0, old); } \
        { const SPHERE_SHD_VEC_##level c = SPHERE_SHD_MADD_##level(av, yv1, bl), old = t1; SPHERE_SHD_ST_##level(row + 1 * w, old); \
        d1 = SPHERE_SHD_SUB_##level(SPHERE_SHD_MUL_##level(c, old), d1); t1 = SPHERE_SHD_SUB_##level(d1, old); } \
        { const SPHERE_SHD_VEC_##level c = SPHERE_SHD_MADD_##level(av, yv2, bh), old = t2; SPHERE_SHD_ST_##level(row + 2 * w, old); \
        d2 = SPHERE_SHD_SUB_##level(SPHERE_SHD_MUL_##level(c, old), d2); t2 = SPHERE_SHD_SUB_##level(d2, old); } \
        { const SPHERE_SHD_VEC_##level c = SPHERE_SHD_MADD_##level(av, yv3, bh), old = t3; SPHERE_SHD_ST_##level(row + 3 * w, old); \
        d3 = SPHERE_SHD_SUB_##level(SPHERE_SHD_MUL_##level(c, old), d3); t3 = SPHERE_SHD_SUB_##level(d3, old); } \
    } \
    SPHERE_SHD_ST_##level(t + o + 0 * w, t0); SPHERE_SHD_ST_##level(d + o + 0 * w, d0); \
    SPHERE_SHD_ST_##level(t + o + 1 * w, t1); SPHERE_SHD_ST_##level(d + o + 1 * w, d1); \
    SPHERE_SHD_ST_##level(t + o + 2 * w, t2); SPHERE_SHD_ST_##level(d + o + 2 * w, d2); \
    SPHERE_SHD_ST_##level(t + o + 3 * w, t3); SPHERE_SHD_ST_##level(d + o + 3 * w, d3); \
} while (0)
#define SPHERE_SHD_STEP2_(level) \
do { \
    double *row = rows + o; \
    SPHERE_SHD_VEC_##level t0 = SPHERE_SHD_LD_##level(t + o + 0 * w), t1 = SPHERE_SHD_LD_##level(t + o + 1 * w); \
    SPHERE_SHD_VEC_##level d0 = SPHERE_SHD_LD_##level(d + o + 0 * w), d1 = SPHERE_SHD_LD_##level(d + o + 1 * w); \
    const SPHERE_SHD_VEC_##level yv0 = SPHERE_SHD_LD_##level(y + o + 0 * w), yv1 = SPHERE_SHD_LD_##level(y + o + 1 * w); \
    const SPHERE_SHD_VEC_##level low = SPHERE_SHD_BC_##level(y0 + o / (2 * SPHERE_SHD_GROUP_)); \
    if (kind == SPHERE_SH_MIDDLE_) for (k = 0; k < steps; k++, row += SPHERE_SHD_BLOCK_) { \
        const SPHERE_SHD_VEC_##level av = SPHERE_SHD_BC_##level(a + k), bv = SPHERE_SHD_BC_##level(b + k); \
        const SPHERE_SHD_VEC_##level bl = SPHERE_SHD_MADD_##level(av, low, bv); \
        { const SPHERE_SHD_VEC_##level c = SPHERE_SHD_MADD_##level(av, yv0, bl), old = t0; SPHERE_SHD_ST_##level(row + 0 * w, old); \
        t0 = SPHERE_SHD_SUB_##level(SPHERE_SHD_MUL_##level(c, old), d0); d0 = old; } \
        { const SPHERE_SHD_VEC_##level c = SPHERE_SHD_MADD_##level(av, yv1, bl), old = t1; SPHERE_SHD_ST_##level(row + 1 * w, old); \
        t1 = SPHERE_SHD_SUB_##level(SPHERE_SHD_MUL_##level(c, old), d1); d1 = old; } \
    } \
    else if (kind == SPHERE_SH_POLE_) for (k = 0; k < steps; k++, row += SPHERE_SHD_BLOCK_) { \
        const SPHERE_SHD_VEC_##level av = SPHERE_SHD_BC_##level(a + k), bv = SPHERE_SHD_BC_##level(b + k); \
        const SPHERE_SHD_VEC_##level bl = SPHERE_SHD_MADD_##level(av, low, bv); \
        { const SPHERE_SHD_VEC_##level c = SPHERE_SHD_MADD_##level(av, yv0, bl), old = t0; SPHERE_SHD_ST_##level(row + 0 * w, old); \
        d0 = SPHERE_SHD_MADD_##level(c, old, d0); t0 = SPHERE_SHD_ADD_##level(old, d0); } \
        { const SPHERE_SHD_VEC_##level c = SPHERE_SHD_MADD_##level(av, yv1, bl), old = t1; SPHERE_SHD_ST_##level(row + 1 * w, old); \
        d1 = SPHERE_SHD_MADD_##level(c, old, d1); t1 = SPHERE_SHD_ADD_##level(old, d1); } \
    } \
    else for (k = 0; k < steps; k++, row += SPHERE_SHD_BLOCK_) { \
        const SPHERE_SHD_VEC_##level av = SPHERE_SHD_BC_##level(a + k), bv = SPHERE_SHD_BC_##level(b + k); \
        const SPHERE_SHD_VEC_##level bl = SPHERE_SHD_MADD_##level(av, low, bv); \
        { const SPHERE_SHD_VEC_##level c = SPHERE_SHD_MADD_##level(av, yv0, bl), old = t0; SPHERE_SHD_ST_##level(row + 0 * w, old); \
        d0 = SPHERE_SHD_SUB_##level(SPHERE_SHD_MUL_##level(c, old), d0); t0 = SPHERE_SHD_SUB_##level(d0, old); } \
        { const SPHERE_SHD_VEC_##level c = SPHERE_SHD_MADD_##level(av, yv1, bl), old = t1; SPHERE_SHD_ST_##level(row + 1 * w, old); \
        d1 = SPHERE_SHD_SUB_##level(SPHERE_SHD_MUL_##level(c, old), d1); t1 = SPHERE_SHD_SUB_##level(d1, old); } \
    } \
    SPHERE_SHD_ST_##level(t + o + 0 * w, t0); SPHERE_SHD_ST_##level(d + o + 0 * w, d0); \
    SPHERE_SHD_ST_##level(t + o + 1 * w, t1); SPHERE_SHD_ST_##level(d + o + 1 * w, d1); \
} while (0)
#define SPHERE_SHD_STEP_SIMD_(level) \
SPHERE_SHD_FN_##level void sphere_shd_step_##level(double *rows, double *t, double *d, const double *y, const double *y0, const double *a, const double *b, size_t steps, size_t lanes, int kind) \
{ \
    const size_t w = SPHERE_SHD_WIDTH_##level; \
    size_t k, o = 0; \
    for (; o + 4 * w <= lanes; o += 4 * w) SPHERE_SHD_STEP4_(level); \
    if (o < lanes) SPHERE_SHD_STEP2_(level); \
}
/* expand: two vectors of lanes by four columns */
#define SPHERE_SHD_EXPAND_SIMD_(level) \
SPHERE_SHD_FN_##level void sphere_shd_expand_##level(double *out, size_t stride, const double *rows, const double *c, size_t steps, size_t lanes, int first) \
{ \
    const size_t w = SPHERE_SHD_WIDTH_##level; \
    size_t k, o; \
    for (o = 0; o < lanes; o += 2 * w) { \
        double *const p = out + o / SPHERE_SHD_GROUP_ * stride + o % SPHERE_SHD_GROUP_, *const q = out + (o + w) / SPHERE_SHD_GROUP_ * stride + (o + w) % SPHERE_SHD_GROUP_; \
        const double *row = rows + o, *f = c; \
        SPHERE_SHD_VEC_##level p0 = SPHERE_SHD_SET_##level(0), q0 = p0, p1 = SPHERE_SHD_SET_##level(0), q1 = p1, p2 = SPHERE_SHD_SET_##level(0), q2 = p2, p3 = SPHERE_SHD_SET_##level(0), q3 = p3; \
        if (!first) { \
            p0 = SPHERE_SHD_LD_##level(p + 0 * SPHERE_SHD_GROUP_); q0 = SPHERE_SHD_LD_##level(q + 0 * SPHERE_SHD_GROUP_); \
            p1 = SPHERE_SHD_LD_##level(p + 1 * SPHERE_SHD_GROUP_); q1 = SPHERE_SHD_LD_##level(q + 1 * SPHERE_SHD_GROUP_); \
            p2 = SPHERE_SHD_LD_##level(p + 2 * SPHERE_SHD_GROUP_); q2 = SPHERE_SHD_LD_##level(q + 2 * SPHERE_SHD_GROUP_); \
            p3 = SPHERE_SHD_LD_##level(p + 3 * SPHERE_SHD_GROUP_); q3 = SPHERE_SHD_LD_##level(q + 3 * SPHERE_SHD_GROUP_); \
        } \
        for (k = 0; k < steps; k++, row += SPHERE_SHD_BLOCK_, f += 4) { \
            const SPHERE_SHD_VEC_##level r0 = SPHERE_SHD_LD_##level(row), r1 = SPHERE_SHD_LD_##level(row + w); \
            SPHERE_SHD_VEC_##level v; \
            v = SPHERE_SHD_BC_##level(f + 0); p0 = SPHERE_SHD_MADD_##level(r0, v, p0); q0 = SPHERE_SHD_MADD_##level(r1, v, q0); \
            v = SPHERE_SHD_BC_##level(f + 1); p1 = SPHERE_SHD_MADD_##level(r0, v, p1); q1 = SPHERE_SHD_MADD_##level(r1, v, q1); \
            v = SPHERE_SHD_BC_##level(f + 2); p2 = SPHERE_SHD_MADD_##level(r0, v, p2); q2 = SPHERE_SHD_MADD_##level(r1, v, q2); \
            v = SPHERE_SHD_BC_##level(f + 3); p3 = SPHERE_SHD_MADD_##level(r0, v, p3); q3 = SPHERE_SHD_MADD_##level(r1, v, q3); \
        } \
        SPHERE_SHD_ST_##level(p + 0 * SPHERE_SHD_GROUP_, p0); SPHERE_SHD_ST_##level(q + 0 * SPHERE_SHD_GROUP_, q0); \
        SPHERE_SHD_ST_##level(p + 1 * SPHERE_SHD_GROUP_, p1); SPHERE_SHD_ST_##level(q + 1 * SPHERE_SHD_GROUP_, q1); \
        SPHERE_SHD_ST_##level(p + 2 * SPHERE_SHD_GROUP_, p2); SPHERE_SHD_ST_##level(q + 2 * SPHERE_SHD_GROUP_, q2); \
        SPHERE_SHD_ST_##level(p + 3 * SPHERE_SHD_GROUP_, p3); SPHERE_SHD_ST_##level(q + 3 * SPHERE_SHD_GROUP_, q3); \
    } \
}
/* project: four degrees by the one or two vectors that go to the same virtual lanes */
#define SPHERE_SHD_PROJECT_SIMD_(level) \
SPHERE_SHD_FN_##level void sphere_shd_project_##level(double *sum, const double *rows, const double *in, size_t stride, size_t steps, size_t lanes) \
{ \
    const size_t w = SPHERE_SHD_WIDTH_##level; \
    size_t k, o, j; \
    for (o = 0; o < 2 * SPHERE_SHD_GROUP_; o += w) { \
        const double *const v = in + o / SPHERE_SHD_GROUP_ * stride + o % SPHERE_SHD_GROUP_, *row = rows + o; \
        double *s = sum + o; \
        if (lanes > 2 * SPHERE_SHD_GROUP_) { \
            for (k = 0; k + 4 <= steps; k += 4, row += 4 * SPHERE_SHD_BLOCK_, s += 32 * SPHERE_SHD_GROUP_) { \
                const SPHERE_SHD_VEC_##level r0 = SPHERE_SHD_LD_##level(row + 0 * SPHERE_SHD_BLOCK_), u0 = SPHERE_SHD_LD_##level(row + 0 * SPHERE_SHD_BLOCK_ + 2 * SPHERE_SHD_GROUP_), r1 = SPHERE_SHD_LD_##level(row + 1 * SPHERE_SHD_BLOCK_), u1 = SPHERE_SHD_LD_##level(row + 1 * SPHERE_SHD_BLOCK_ + 2 * SPHERE_SHD_GROUP_), r2 = SPHERE_SHD_LD_##level(row + 2 * SPHERE_SHD_BLOCK_), u2 = SPHERE_SHD_LD_##level(row + 2 * SPHERE_SHD_BLOCK_ + 2 * SPHERE_SHD_GROUP_), r3 = SPHERE_SHD_LD_##level(row + 3 * SPHERE_SHD_BLOCK_), u3 = SPHERE_SHD_LD_##level(row + 3 * SPHERE_SHD_BLOCK_ + 2 * SPHERE_SHD_GROUP_); \
                for (j = 0; j < 4; j++) { \
                    double *const e = s + 2 * j * SPHERE_SHD_GROUP_; \
                    const SPHERE_SHD_VEC_##level v0 = SPHERE_SHD_LD_##level(v + j * SPHERE_SHD_GROUP_), v1 = SPHERE_SHD_LD_##level(v + 2 * stride + j * SPHERE_SHD_GROUP_); \
                    SPHERE_SHD_VEC_##level s0 = SPHERE_SHD_LD_##level(e + 0 * 8 * SPHERE_SHD_GROUP_), s1 = SPHERE_SHD_LD_##level(e + 1 * 8 * SPHERE_SHD_GROUP_), s2 = SPHERE_SHD_LD_##level(e + 2 * 8 * SPHERE_SHD_GROUP_), s3 = SPHERE_SHD_LD_##level(e + 3 * 8 * SPHERE_SHD_GROUP_); \
                    s0 = SPHERE_SHD_MADD_##level(r0, v0, s0); s0 = SPHERE_SHD_MADD_##level(u0, v1, s0); \
                    s1 = SPHERE_SHD_MADD_##level(r1, v0, s1); s1 = SPHERE_SHD_MADD_##level(u1, v1, s1); \
                    s2 = SPHERE_SHD_MADD_##level(r2, v0, s2); s2 = SPHERE_SHD_MADD_##level(u2, v1, s2); \
                    s3 = SPHERE_SHD_MADD_##level(r3, v0, s3); s3 = SPHERE_SHD_MADD_##level(u3, v1, s3); \
                    SPHERE_SHD_ST_##level(e + 0 * 8 * SPHERE_SHD_GROUP_, s0); SPHERE_SHD_ST_##level(e + 1 * 8 * SPHERE_SHD_GROUP_, s1); SPHERE_SHD_ST_##level(e + 2 * 8 * SPHERE_SHD_GROUP_, s2); SPHERE_SHD_ST_##level(e + 3 * 8 * SPHERE_SHD_GROUP_, s3); \
                } \
            } \
            for (; k < steps; k++, row += SPHERE_SHD_BLOCK_, s += 8 * SPHERE_SHD_GROUP_) { \
                const SPHERE_SHD_VEC_##level r0 = SPHERE_SHD_LD_##level(row + 0 * SPHERE_SHD_BLOCK_), u0 = SPHERE_SHD_LD_##level(row + 0 * SPHERE_SHD_BLOCK_ + 2 * SPHERE_SHD_GROUP_); \
                for (j = 0; j < 4; j++) { \
                    double *const e = s + 2 * j * SPHERE_SHD_GROUP_; \
                    const SPHERE_SHD_VEC_##level v0 = SPHERE_SHD_LD_##level(v + j * SPHERE_SHD_GROUP_), v1 = SPHERE_SHD_LD_##level(v + 2 * stride + j * SPHERE_SHD_GROUP_); \
                    SPHERE_SHD_VEC_##level s0 = SPHERE_SHD_LD_##level(e + 0 * 8 * SPHERE_SHD_GROUP_); \
                    s0 = SPHERE_SHD_MADD_##level(r0, v0, s0); s0 = SPHERE_SHD_MADD_##level(u0, v1, s0); \
                    SPHERE_SHD_ST_##level(e + 0 * 8 * SPHERE_SHD_GROUP_, s0); \
                } \
            } \
        } else { \
            for (k = 0; k + 4 <= steps; k += 4, row += 4 * SPHERE_SHD_BLOCK_, s += 32 * SPHERE_SHD_GROUP_) { \
                const SPHERE_SHD_VEC_##level r0 = SPHERE_SHD_LD_##level(row + 0 * SPHERE_SHD_BLOCK_), r1 = SPHERE_SHD_LD_##level(row + 1 * SPHERE_SHD_BLOCK_), r2 = SPHERE_SHD_LD_##level(row + 2 * SPHERE_SHD_BLOCK_), r3 = SPHERE_SHD_LD_##level(row + 3 * SPHERE_SHD_BLOCK_); \
                for (j = 0; j < 4; j++) { \
                    double *const e = s + 2 * j * SPHERE_SHD_GROUP_; \
                    const SPHERE_SHD_VEC_##level v0 = SPHERE_SHD_LD_##level(v + j * SPHERE_SHD_GROUP_); \
                    SPHERE_SHD_VEC_##level s0 = SPHERE_SHD_LD_##level(e + 0 * 8 * SPHERE_SHD_GROUP_), s1 = SPHERE_SHD_LD_##level(e + 1 * 8 * SPHERE_SHD_GROUP_), s2 = SPHERE_SHD_LD_##level(e + 2 * 8 * SPHERE_SHD_GROUP_), s3 = SPHERE_SHD_LD_##level(e + 3 * 8 * SPHERE_SHD_GROUP_); \
                    s0 = SPHERE_SHD_MADD_##level(r0, v0, s0); \
                    s1 = SPHERE_SHD_MADD_##level(r1, v0, s1); \
                    s2 = SPHERE_SHD_MADD_##level(r2, v0, s2); \
                    s3 = SPHERE_SHD_MADD_##level(r3, v0, s3); \
                    SPHERE_SHD_ST_##level(e + 0 * 8 * SPHERE_SHD_GROUP_, s0); SPHERE_SHD_ST_##level(e + 1 * 8 * SPHERE_SHD_GROUP_, s1); SPHERE_SHD_ST_##level(e + 2 * 8 * SPHERE_SHD_GROUP_, s2); SPHERE_SHD_ST_##level(e + 3 * 8 * SPHERE_SHD_GROUP_, s3); \
                } \
            } \
            for (; k < steps; k++, row += SPHERE_SHD_BLOCK_, s += 8 * SPHERE_SHD_GROUP_) { \
                const SPHERE_SHD_VEC_##level r0 = SPHERE_SHD_LD_##level(row + 0 * SPHERE_SHD_BLOCK_); \
                for (j = 0; j < 4; j++) { \
                    double *const e = s + 2 * j * SPHERE_SHD_GROUP_; \
                    const SPHERE_SHD_VEC_##level v0 = SPHERE_SHD_LD_##level(v + j * SPHERE_SHD_GROUP_); \
                    SPHERE_SHD_VEC_##level s0 = SPHERE_SHD_LD_##level(e + 0 * 8 * SPHERE_SHD_GROUP_); \
                    s0 = SPHERE_SHD_MADD_##level(r0, v0, s0); \
                    SPHERE_SHD_ST_##level(e + 0 * 8 * SPHERE_SHD_GROUP_, s0); \
                } \
            } \
        } \
    } \
}
#define SPHERE_SHD_JOIN_SIMD_(level) \
SPHERE_SHD_FN_##level void sphere_shd_join_##level(double *z, const double *f, const double *x, size_t orders, size_t n) \
{ \
    const size_t w = SPHERE_SHD_WIDTH_##level, g = SPHERE_SHD_GROUP_; \
    size_t m, i; \
    for (i = 0; i < g; i += w) { \
        const SPHERE_SHD_VEC_##level xv = SPHERE_SHD_LD_##level(x + i), zero = SPHERE_SHD_SET_##level(0); \
        const double *e = f + i; \
        for (m = 0; m < orders; m++, e += 4 * g) { \
            double *const up = z + m * SPHERE_SHD_PLACE_ + i, *const down = z + (m ? n - m : 0) * SPHERE_SHD_PLACE_ + i; \
            const SPHERE_SHD_VEC_##level er = SPHERE_SHD_LD_##level(e), ei = SPHERE_SHD_LD_##level(e + g); \
            const SPHERE_SHD_VEC_##level rr = SPHERE_SHD_MUL_##level(xv, SPHERE_SHD_LD_##level(e + 2 * g)), ri = SPHERE_SHD_MUL_##level(xv, SPHERE_SHD_LD_##level(e + 3 * g)); \
            const SPHERE_SHD_VEC_##level nr = SPHERE_SHD_ADD_##level(er, rr), sr = SPHERE_SHD_SUB_##level(er, rr); \
            const SPHERE_SHD_VEC_##level ni = SPHERE_SHD_ADD_##level(ei, ri), si = SPHERE_SHD_SUB_##level(ei, ri); \
            SPHERE_SHD_ST_##level(down, SPHERE_SHD_ADD_##level(nr, si)); SPHERE_SHD_ST_##level(down + g, SPHERE_SHD_SUB_##level(sr, ni)); \
            SPHERE_SHD_ST_##level(up, SPHERE_SHD_SUB_##level(nr, si)); SPHERE_SHD_ST_##level(up + g, SPHERE_SHD_ADD_##level(sr, ni)); \
        } \
        for (m = orders; m + orders <= n; m++) { SPHERE_SHD_ST_##level(z + m * SPHERE_SHD_PLACE_ + i, zero); SPHERE_SHD_ST_##level(z + m * SPHERE_SHD_PLACE_ + i + g, zero); } \
    } \
}
#define SPHERE_SHD_PART_SIMD_(level) \
SPHERE_SHD_FN_##level void sphere_shd_part_##level(double *f, const double *z, const double *w, const double *wx, size_t orders, size_t n) \
{ \
    const size_t g = SPHERE_SHD_GROUP_; \
    size_t m, i; \
    sphere_shd_part_c_(f, z, w, wx, orders ? 1 : 0, n); \
    for (i = 0; i < g; i += SPHERE_SHD_WIDTH_##level) { \
        const SPHERE_SHD_VEC_##level wv = SPHERE_SHD_LD_##level(w + i), wxv = SPHERE_SHD_LD_##level(wx + i); \
        double *e = f + 4 * g + i; \
        for (m = 1; m < orders; m++, e += 4 * g) { \
            const double *const up = z + m * SPHERE_SHD_PLACE_ + i, *const down = z + (n - m) * SPHERE_SHD_PLACE_ + i; \
            const SPHERE_SHD_VEC_##level a = SPHERE_SHD_LD_##level(up), b = SPHERE_SHD_LD_##level(up + g), c = SPHERE_SHD_LD_##level(down), d = SPHERE_SHD_LD_##level(down + g); \
            const SPHERE_SHD_VEC_##level nr = SPHERE_SHD_ADD_##level(a, c), ni = SPHERE_SHD_SUB_##level(b, d); \
            const SPHERE_SHD_VEC_##level sr = SPHERE_SHD_ADD_##level(b, d), si = SPHERE_SHD_SUB_##level(c, a); \
            SPHERE_SHD_ST_##level(e, SPHERE_SHD_MUL_##level(wv, SPHERE_SHD_ADD_##level(nr, sr))); SPHERE_SHD_ST_##level(e + g, SPHERE_SHD_MUL_##level(wv, SPHERE_SHD_ADD_##level(ni, si))); \
            SPHERE_SHD_ST_##level(e + 2 * g, SPHERE_SHD_MUL_##level(wxv, SPHERE_SHD_SUB_##level(nr, sr))); SPHERE_SHD_ST_##level(e + 3 * g, SPHERE_SHD_MUL_##level(wxv, SPHERE_SHD_SUB_##level(ni, si))); \
        } \
    } \
}
#define SPHERE_SHD_FFT2_SIMD_(level) \
SPHERE_SHD_FN_##level void sphere_shd_fft2_##level(double *out, const double *in, size_t n, size_t s, const double *turn, size_t re) \
{ \
    const size_t im = SPHERE_SHD_GROUP_ - re, part = n / 2, jump = s * part * SPHERE_SHD_PLACE_, w = SPHERE_SHD_WIDTH_##level; \
    const double *from = in; \
    double *to = out; \
    size_t p, q, h; \
    for (q = 0; q < s; q++) for (h = 0; h < SPHERE_SHD_GROUP_; h += w) { \
        const double *const x = from + q * SPHERE_SHD_PLACE_ + h; \
        double *const y = to + q * SPHERE_SHD_PLACE_ + h; \
        const SPHERE_SHD_VEC_##level ar = SPHERE_SHD_LD_##level(x + re), ai = SPHERE_SHD_LD_##level(x + im), br = SPHERE_SHD_LD_##level(x + jump + re), bi = SPHERE_SHD_LD_##level(x + jump + im); \
        SPHERE_SHD_ST_##level(y + 0 * s * SPHERE_SHD_PLACE_ + re, SPHERE_SHD_ADD_##level(ar, br)); SPHERE_SHD_ST_##level(y + 0 * s * SPHERE_SHD_PLACE_ + im, SPHERE_SHD_ADD_##level(ai, bi)); \
        SPHERE_SHD_ST_##level(y + 1 * s * SPHERE_SHD_PLACE_ + re, SPHERE_SHD_SUB_##level(ar, br)); SPHERE_SHD_ST_##level(y + 1 * s * SPHERE_SHD_PLACE_ + im, SPHERE_SHD_SUB_##level(ai, bi)); \
    } \
    for (p = 1; p < part; p++) { \
        const double *const f = turn + 2 * p * s; \
        const SPHERE_SHD_VEC_##level w1r = SPHERE_SHD_BC_##level(f + 0 * 2 * p * s), w1i = SPHERE_SHD_BC_##level(f + 0 * 2 * p * s + 1); \
        from += s * SPHERE_SHD_PLACE_; to += 2 * s * SPHERE_SHD_PLACE_; \
        for (q = 0; q < s; q++) for (h = 0; h < SPHERE_SHD_GROUP_; h += w) { \
            const double *const x = from + q * SPHERE_SHD_PLACE_ + h; \
            double *const y = to + q * SPHERE_SHD_PLACE_ + h; \
            const SPHERE_SHD_VEC_##level ar = SPHERE_SHD_LD_##level(x + re), ai = SPHERE_SHD_LD_##level(x + im), br = SPHERE_SHD_LD_##level(x + jump + re), bi = SPHERE_SHD_LD_##level(x + jump + im); \
            SPHERE_SHD_ST_##level(y + 0 * s * SPHERE_SHD_PLACE_ + re, SPHERE_SHD_ADD_##level(ar, br)); SPHERE_SHD_ST_##level(y + 0 * s * SPHERE_SHD_PLACE_ + im, SPHERE_SHD_ADD_##level(ai, bi)); \
            { const SPHERE_SHD_VEC_##level pr = SPHERE_SHD_SUB_##level(ar, br), pi = SPHERE_SHD_SUB_##level(ai, bi); \
            SPHERE_SHD_ST_##level(y + 1 * s * SPHERE_SHD_PLACE_ + re, SPHERE_SHD_SUB_##level(SPHERE_SHD_MUL_##level(pr, w1r), SPHERE_SHD_MUL_##level(pi, w1i))); SPHERE_SHD_ST_##level(y + 1 * s * SPHERE_SHD_PLACE_ + im, SPHERE_SHD_MADD_##level(pi, w1r, SPHERE_SHD_MUL_##level(pr, w1i))); } \
        } \
    } \
}
#define SPHERE_SHD_FFT3_SIMD_(level) \
SPHERE_SHD_FN_##level void sphere_shd_fft3_##level(double *out, const double *in, size_t n, size_t s, const double *turn, size_t re) \
{ \
    const size_t im = SPHERE_SHD_GROUP_ - re, part = n / 3, jump = s * part * SPHERE_SHD_PLACE_, w = SPHERE_SHD_WIDTH_##level; \
    const double *from = in; \
    double *to = out; \
    size_t p, q, h; \
    for (q = 0; q < s; q++) for (h = 0; h < SPHERE_SHD_GROUP_; h += w) { \
        const double *const x = from + q * SPHERE_SHD_PLACE_ + h; \
        double *const y = to + q * SPHERE_SHD_PLACE_ + h; \
        const SPHERE_SHD_VEC_##level half = SPHERE_SHD_SET_##level(0.5), sine = SPHERE_SHD_SET_##level(SPHERE_SHD_REAL_(0.8660254037844386)); \
        const SPHERE_SHD_VEC_##level x0r = SPHERE_SHD_LD_##level(x + 0 * jump + re), x0i = SPHERE_SHD_LD_##level(x + 0 * jump + im), x1r = SPHERE_SHD_LD_##level(x + 1 * jump + re), x1i = SPHERE_SHD_LD_##level(x + 1 * jump + im), x2r = SPHERE_SHD_LD_##level(x + 2 * jump + re), x2i = SPHERE_SHD_LD_##level(x + 2 * jump + im); \
        const SPHERE_SHD_VEC_##level tr = SPHERE_SHD_ADD_##level(x1r, x2r), ti = SPHERE_SHD_ADD_##level(x1i, x2i), ur = SPHERE_SHD_SUB_##level(x0r, SPHERE_SHD_MUL_##level(half, tr)), ui = SPHERE_SHD_SUB_##level(x0i, SPHERE_SHD_MUL_##level(half, ti)); \
        const SPHERE_SHD_VEC_##level vr = SPHERE_SHD_MUL_##level(sine, SPHERE_SHD_SUB_##level(x1r, x2r)), vi = SPHERE_SHD_MUL_##level(sine, SPHERE_SHD_SUB_##level(x1i, x2i)); \
        SPHERE_SHD_ST_##level(y + 0 * s * SPHERE_SHD_PLACE_ + re, SPHERE_SHD_ADD_##level(x0r, tr)); SPHERE_SHD_ST_##level(y + 0 * s * SPHERE_SHD_PLACE_ + im, SPHERE_SHD_ADD_##level(x0i, ti)); \
        SPHERE_SHD_ST_##level(y + 1 * s * SPHERE_SHD_PLACE_ + re, SPHERE_SHD_SUB_##level(ur, vi)); SPHERE_SHD_ST_##level(y + 1 * s * SPHERE_SHD_PLACE_ + im, SPHERE_SHD_ADD_##level(ui, vr)); \
        SPHERE_SHD_ST_##level(y + 2 * s * SPHERE_SHD_PLACE_ + re, SPHERE_SHD_ADD_##level(ur, vi)); SPHERE_SHD_ST_##level(y + 2 * s * SPHERE_SHD_PLACE_ + im, SPHERE_SHD_SUB_##level(ui, vr)); \
    } \
    for (p = 1; p < part; p++) { \
        const double *const f = turn + 2 * p * s; \
        const SPHERE_SHD_VEC_##level w1r = SPHERE_SHD_BC_##level(f + 0 * 2 * p * s), w1i = SPHERE_SHD_BC_##level(f + 0 * 2 * p * s + 1); \
        const SPHERE_SHD_VEC_##level w2r = SPHERE_SHD_BC_##level(f + 1 * 2 * p * s), w2i = SPHERE_SHD_BC_##level(f + 1 * 2 * p * s + 1); \
        from += s * SPHERE_SHD_PLACE_; to += 3 * s * SPHERE_SHD_PLACE_; \
        for (q = 0; q < s; q++) for (h = 0; h < SPHERE_SHD_GROUP_; h += w) { \
            const double *const x = from + q * SPHERE_SHD_PLACE_ + h; \
            double *const y = to + q * SPHERE_SHD_PLACE_ + h; \
            const SPHERE_SHD_VEC_##level half = SPHERE_SHD_SET_##level(0.5), sine = SPHERE_SHD_SET_##level(SPHERE_SHD_REAL_(0.8660254037844386)); \
            const SPHERE_SHD_VEC_##level x0r = SPHERE_SHD_LD_##level(x + 0 * jump + re), x0i = SPHERE_SHD_LD_##level(x + 0 * jump + im), x1r = SPHERE_SHD_LD_##level(x + 1 * jump + re), x1i = SPHERE_SHD_LD_##level(x + 1 * jump + im), x2r = SPHERE_SHD_LD_##level(x + 2 * jump + re), x2i = SPHERE_SHD_LD_##level(x + 2 * jump + im); \
            const SPHERE_SHD_VEC_##level tr = SPHERE_SHD_ADD_##level(x1r, x2r), ti = SPHERE_SHD_ADD_##level(x1i, x2i), ur = SPHERE_SHD_SUB_##level(x0r, SPHERE_SHD_MUL_##level(half, tr)), ui = SPHERE_SHD_SUB_##level(x0i, SPHERE_SHD_MUL_##level(half, ti)); \
            const SPHERE_SHD_VEC_##level vr = SPHERE_SHD_MUL_##level(sine, SPHERE_SHD_SUB_##level(x1r, x2r)), vi = SPHERE_SHD_MUL_##level(sine, SPHERE_SHD_SUB_##level(x1i, x2i)); \
            SPHERE_SHD_ST_##level(y + 0 * s * SPHERE_SHD_PLACE_ + re, SPHERE_SHD_ADD_##level(x0r, tr)); SPHERE_SHD_ST_##level(y + 0 * s * SPHERE_SHD_PLACE_ + im, SPHERE_SHD_ADD_##level(x0i, ti)); \
            { const SPHERE_SHD_VEC_##level pr = SPHERE_SHD_SUB_##level(ur, vi), pi = SPHERE_SHD_ADD_##level(ui, vr); \
            SPHERE_SHD_ST_##level(y + 1 * s * SPHERE_SHD_PLACE_ + re, SPHERE_SHD_SUB_##level(SPHERE_SHD_MUL_##level(pr, w1r), SPHERE_SHD_MUL_##level(pi, w1i))); SPHERE_SHD_ST_##level(y + 1 * s * SPHERE_SHD_PLACE_ + im, SPHERE_SHD_MADD_##level(pi, w1r, SPHERE_SHD_MUL_##level(pr, w1i))); } \
            { const SPHERE_SHD_VEC_##level pr = SPHERE_SHD_ADD_##level(ur, vi), pi = SPHERE_SHD_SUB_##level(ui, vr); \
            SPHERE_SHD_ST_##level(y + 2 * s * SPHERE_SHD_PLACE_ + re, SPHERE_SHD_SUB_##level(SPHERE_SHD_MUL_##level(pr, w2r), SPHERE_SHD_MUL_##level(pi, w2i))); SPHERE_SHD_ST_##level(y + 2 * s * SPHERE_SHD_PLACE_ + im, SPHERE_SHD_MADD_##level(pi, w2r, SPHERE_SHD_MUL_##level(pr, w2i))); } \
        } \
    } \
}
#define SPHERE_SHD_FFT4_SIMD_(level) \
SPHERE_SHD_FN_##level void sphere_shd_fft4_##level(double *out, const double *in, size_t n, size_t s, const double *turn, size_t re) \
{ \
    const size_t im = SPHERE_SHD_GROUP_ - re, part = n / 4, jump = s * part * SPHERE_SHD_PLACE_, w = SPHERE_SHD_WIDTH_##level; \
    const double *from = in; \
    double *to = out; \
    size_t p, q, h; \
    for (q = 0; q < s; q++) for (h = 0; h < SPHERE_SHD_GROUP_; h += w) { \
        const double *const x = from + q * SPHERE_SHD_PLACE_ + h; \
        double *const y = to + q * SPHERE_SHD_PLACE_ + h; \
        const SPHERE_SHD_VEC_##level x0r = SPHERE_SHD_LD_##level(x + re), x0i = SPHERE_SHD_LD_##level(x + im), x2r = SPHERE_SHD_LD_##level(x + 2 * jump + re), x2i = SPHERE_SHD_LD_##level(x + 2 * jump + im); \
        const SPHERE_SHD_VEC_##level ar = SPHERE_SHD_ADD_##level(x0r, x2r), ai = SPHERE_SHD_ADD_##level(x0i, x2i), br = SPHERE_SHD_SUB_##level(x0r, x2r), bi = SPHERE_SHD_SUB_##level(x0i, x2i); \
        const SPHERE_SHD_VEC_##level x1r = SPHERE_SHD_LD_##level(x + jump + re), x1i = SPHERE_SHD_LD_##level(x + jump + im), x3r = SPHERE_SHD_LD_##level(x + 3 * jump + re), x3i = SPHERE_SHD_LD_##level(x + 3 * jump + im); \
        const SPHERE_SHD_VEC_##level cr = SPHERE_SHD_ADD_##level(x1r, x3r), ci = SPHERE_SHD_ADD_##level(x1i, x3i), dr = SPHERE_SHD_SUB_##level(x1r, x3r), di = SPHERE_SHD_SUB_##level(x1i, x3i); \
        SPHERE_SHD_ST_##level(y + 0 * s * SPHERE_SHD_PLACE_ + re, SPHERE_SHD_ADD_##level(ar, cr)); SPHERE_SHD_ST_##level(y + 0 * s * SPHERE_SHD_PLACE_ + im, SPHERE_SHD_ADD_##level(ai, ci)); \
        SPHERE_SHD_ST_##level(y + 1 * s * SPHERE_SHD_PLACE_ + re, SPHERE_SHD_SUB_##level(br, di)); SPHERE_SHD_ST_##level(y + 1 * s * SPHERE_SHD_PLACE_ + im, SPHERE_SHD_ADD_##level(bi, dr)); \
        SPHERE_SHD_ST_##level(y + 2 * s * SPHERE_SHD_PLACE_ + re, SPHERE_SHD_SUB_##level(ar, cr)); SPHERE_SHD_ST_##level(y + 2 * s * SPHERE_SHD_PLACE_ + im, SPHERE_SHD_SUB_##level(ai, ci)); \
        SPHERE_SHD_ST_##level(y + 3 * s * SPHERE_SHD_PLACE_ + re, SPHERE_SHD_ADD_##level(br, di)); SPHERE_SHD_ST_##level(y + 3 * s * SPHERE_SHD_PLACE_ + im, SPHERE_SHD_SUB_##level(bi, dr)); \
    } \
    for (p = 1; p < part; p++) { \
        const double *const f = turn + 2 * p * s; \
        const SPHERE_SHD_VEC_##level w1r = SPHERE_SHD_BC_##level(f + 0 * 2 * p * s), w1i = SPHERE_SHD_BC_##level(f + 0 * 2 * p * s + 1); \
        const SPHERE_SHD_VEC_##level w2r = SPHERE_SHD_BC_##level(f + 1 * 2 * p * s), w2i = SPHERE_SHD_BC_##level(f + 1 * 2 * p * s + 1); \
        const SPHERE_SHD_VEC_##level w3r = SPHERE_SHD_BC_##level(f + 2 * 2 * p * s), w3i = SPHERE_SHD_BC_##level(f + 2 * 2 * p * s + 1); \
        from += s * SPHERE_SHD_PLACE_; to += 4 * s * SPHERE_SHD_PLACE_; \
        for (q = 0; q < s; q++) for (h = 0; h < SPHERE_SHD_GROUP_; h += w) { \
            const double *const x = from + q * SPHERE_SHD_PLACE_ + h; \
            double *const y = to + q * SPHERE_SHD_PLACE_ + h; \
            const SPHERE_SHD_VEC_##level x0r = SPHERE_SHD_LD_##level(x + re), x0i = SPHERE_SHD_LD_##level(x + im), x2r = SPHERE_SHD_LD_##level(x + 2 * jump + re), x2i = SPHERE_SHD_LD_##level(x + 2 * jump + im); \
            const SPHERE_SHD_VEC_##level ar = SPHERE_SHD_ADD_##level(x0r, x2r), ai = SPHERE_SHD_ADD_##level(x0i, x2i), br = SPHERE_SHD_SUB_##level(x0r, x2r), bi = SPHERE_SHD_SUB_##level(x0i, x2i); \
            const SPHERE_SHD_VEC_##level x1r = SPHERE_SHD_LD_##level(x + jump + re), x1i = SPHERE_SHD_LD_##level(x + jump + im), x3r = SPHERE_SHD_LD_##level(x + 3 * jump + re), x3i = SPHERE_SHD_LD_##level(x + 3 * jump + im); \
            const SPHERE_SHD_VEC_##level cr = SPHERE_SHD_ADD_##level(x1r, x3r), ci = SPHERE_SHD_ADD_##level(x1i, x3i), dr = SPHERE_SHD_SUB_##level(x1r, x3r), di = SPHERE_SHD_SUB_##level(x1i, x3i); \
            SPHERE_SHD_ST_##level(y + 0 * s * SPHERE_SHD_PLACE_ + re, SPHERE_SHD_ADD_##level(ar, cr)); SPHERE_SHD_ST_##level(y + 0 * s * SPHERE_SHD_PLACE_ + im, SPHERE_SHD_ADD_##level(ai, ci)); \
            { const SPHERE_SHD_VEC_##level pr = SPHERE_SHD_SUB_##level(br, di), pi = SPHERE_SHD_ADD_##level(bi, dr); \
            SPHERE_SHD_ST_##level(y + 1 * s * SPHERE_SHD_PLACE_ + re, SPHERE_SHD_SUB_##level(SPHERE_SHD_MUL_##level(pr, w1r), SPHERE_SHD_MUL_##level(pi, w1i))); SPHERE_SHD_ST_##level(y + 1 * s * SPHERE_SHD_PLACE_ + im, SPHERE_SHD_MADD_##level(pi, w1r, SPHERE_SHD_MUL_##level(pr, w1i))); } \
            { const SPHERE_SHD_VEC_##level pr = SPHERE_SHD_SUB_##level(ar, cr), pi = SPHERE_SHD_SUB_##level(ai, ci); \
            SPHERE_SHD_ST_##level(y + 2 * s * SPHERE_SHD_PLACE_ + re, SPHERE_SHD_SUB_##level(SPHERE_SHD_MUL_##level(pr, w2r), SPHERE_SHD_MUL_##level(pi, w2i))); SPHERE_SHD_ST_##level(y + 2 * s * SPHERE_SHD_PLACE_ + im, SPHERE_SHD_MADD_##level(pi, w2r, SPHERE_SHD_MUL_##level(pr, w2i))); } \
            { const SPHERE_SHD_VEC_##level pr = SPHERE_SHD_ADD_##level(br, di), pi = SPHERE_SHD_SUB_##level(bi, dr); \
            SPHERE_SHD_ST_##level(y + 3 * s * SPHERE_SHD_PLACE_ + re, SPHERE_SHD_SUB_##level(SPHERE_SHD_MUL_##level(pr, w3r), SPHERE_SHD_MUL_##level(pi, w3i))); SPHERE_SHD_ST_##level(y + 3 * s * SPHERE_SHD_PLACE_ + im, SPHERE_SHD_MADD_##level(pi, w3r, SPHERE_SHD_MUL_##level(pr, w3i))); } \
        } \
    } \
}
#define SPHERE_SHD_FFT5_SIMD_(level) \
SPHERE_SHD_FN_##level void sphere_shd_fft5_##level(double *out, const double *in, size_t n, size_t s, const double *turn, size_t re) \
{ \
    const size_t im = SPHERE_SHD_GROUP_ - re, part = n / 5, jump = s * part * SPHERE_SHD_PLACE_, w = SPHERE_SHD_WIDTH_##level; \
    const double *from = in; \
    double *to = out; \
    size_t p, q, h; \
    for (q = 0; q < s; q++) for (h = 0; h < SPHERE_SHD_GROUP_; h += w) { \
        const double *const x = from + q * SPHERE_SHD_PLACE_ + h; \
        double *const y = to + q * SPHERE_SHD_PLACE_ + h; \
        const SPHERE_SHD_VEC_##level c1 = SPHERE_SHD_SET_##level(SPHERE_SHD_REAL_(0.30901699437494745)), c2 = SPHERE_SHD_SET_##level(SPHERE_SHD_REAL_(-0.8090169943749475)); \
        const SPHERE_SHD_VEC_##level s1 = SPHERE_SHD_SET_##level(SPHERE_SHD_REAL_(0.9510565162951535)), s2 = SPHERE_SHD_SET_##level(SPHERE_SHD_REAL_(0.5877852522924731)); \
        const SPHERE_SHD_VEC_##level x0r = SPHERE_SHD_LD_##level(x + 0 * jump + re), x0i = SPHERE_SHD_LD_##level(x + 0 * jump + im), x1r = SPHERE_SHD_LD_##level(x + 1 * jump + re), x1i = SPHERE_SHD_LD_##level(x + 1 * jump + im), x2r = SPHERE_SHD_LD_##level(x + 2 * jump + re), x2i = SPHERE_SHD_LD_##level(x + 2 * jump + im), x3r = SPHERE_SHD_LD_##level(x + 3 * jump + re), x3i = SPHERE_SHD_LD_##level(x + 3 * jump + im), x4r = SPHERE_SHD_LD_##level(x + 4 * jump + re), x4i = SPHERE_SHD_LD_##level(x + 4 * jump + im); \
        const SPHERE_SHD_VEC_##level ar = SPHERE_SHD_ADD_##level(x1r, x4r), br = SPHERE_SHD_ADD_##level(x2r, x3r), cr = SPHERE_SHD_SUB_##level(x1r, x4r), dr = SPHERE_SHD_SUB_##level(x2r, x3r); \
        const SPHERE_SHD_VEC_##level er = SPHERE_SHD_MADD_##level(c2, br, SPHERE_SHD_MADD_##level(c1, ar, x0r)), fr = SPHERE_SHD_MADD_##level(c1, br, SPHERE_SHD_MADD_##level(c2, ar, x0r)); \
        const SPHERE_SHD_VEC_##level gr = SPHERE_SHD_MADD_##level(s2, dr, SPHERE_SHD_MUL_##level(s1, cr)), hr = SPHERE_SHD_SUB_##level(SPHERE_SHD_MUL_##level(s2, cr), SPHERE_SHD_MUL_##level(s1, dr)); \
        const SPHERE_SHD_VEC_##level ai = SPHERE_SHD_ADD_##level(x1i, x4i), bi = SPHERE_SHD_ADD_##level(x2i, x3i), ci = SPHERE_SHD_SUB_##level(x1i, x4i), di = SPHERE_SHD_SUB_##level(x2i, x3i); \
        const SPHERE_SHD_VEC_##level ei = SPHERE_SHD_MADD_##level(c2, bi, SPHERE_SHD_MADD_##level(c1, ai, x0i)), fi = SPHERE_SHD_MADD_##level(c1, bi, SPHERE_SHD_MADD_##level(c2, ai, x0i)); \
        const SPHERE_SHD_VEC_##level gi = SPHERE_SHD_MADD_##level(s2, di, SPHERE_SHD_MUL_##level(s1, ci)), hi = SPHERE_SHD_SUB_##level(SPHERE_SHD_MUL_##level(s2, ci), SPHERE_SHD_MUL_##level(s1, di)); \
        SPHERE_SHD_ST_##level(y + 0 * s * SPHERE_SHD_PLACE_ + re, SPHERE_SHD_ADD_##level(x0r, SPHERE_SHD_ADD_##level(ar, br))); SPHERE_SHD_ST_##level(y + 0 * s * SPHERE_SHD_PLACE_ + im, SPHERE_SHD_ADD_##level(x0i, SPHERE_SHD_ADD_##level(ai, bi))); \
        SPHERE_SHD_ST_##level(y + 1 * s * SPHERE_SHD_PLACE_ + re, SPHERE_SHD_SUB_##level(er, gi)); SPHERE_SHD_ST_##level(y + 1 * s * SPHERE_SHD_PLACE_ + im, SPHERE_SHD_ADD_##level(ei, gr)); \
        SPHERE_SHD_ST_##level(y + 2 * s * SPHERE_SHD_PLACE_ + re, SPHERE_SHD_SUB_##level(fr, hi)); SPHERE_SHD_ST_##level(y + 2 * s * SPHERE_SHD_PLACE_ + im, SPHERE_SHD_ADD_##level(fi, hr)); \
        SPHERE_SHD_ST_##level(y + 3 * s * SPHERE_SHD_PLACE_ + re, SPHERE_SHD_ADD_##level(fr, hi)); SPHERE_SHD_ST_##level(y + 3 * s * SPHERE_SHD_PLACE_ + im, SPHERE_SHD_SUB_##level(fi, hr)); \
        SPHERE_SHD_ST_##level(y + 4 * s * SPHERE_SHD_PLACE_ + re, SPHERE_SHD_ADD_##level(er, gi)); SPHERE_SHD_ST_##level(y + 4 * s * SPHERE_SHD_PLACE_ + im, SPHERE_SHD_SUB_##level(ei, gr)); \
    } \
    for (p = 1; p < part; p++) { \
        const double *const f = turn + 2 * p * s; \
        const SPHERE_SHD_VEC_##level w1r = SPHERE_SHD_BC_##level(f + 0 * 2 * p * s), w1i = SPHERE_SHD_BC_##level(f + 0 * 2 * p * s + 1); \
        const SPHERE_SHD_VEC_##level w2r = SPHERE_SHD_BC_##level(f + 1 * 2 * p * s), w2i = SPHERE_SHD_BC_##level(f + 1 * 2 * p * s + 1); \
        const SPHERE_SHD_VEC_##level w3r = SPHERE_SHD_BC_##level(f + 2 * 2 * p * s), w3i = SPHERE_SHD_BC_##level(f + 2 * 2 * p * s + 1); \
        const SPHERE_SHD_VEC_##level w4r = SPHERE_SHD_BC_##level(f + 3 * 2 * p * s), w4i = SPHERE_SHD_BC_##level(f + 3 * 2 * p * s + 1); \
        from += s * SPHERE_SHD_PLACE_; to += 5 * s * SPHERE_SHD_PLACE_; \
        for (q = 0; q < s; q++) for (h = 0; h < SPHERE_SHD_GROUP_; h += w) { \
            const double *const x = from + q * SPHERE_SHD_PLACE_ + h; \
            double *const y = to + q * SPHERE_SHD_PLACE_ + h; \
            const SPHERE_SHD_VEC_##level c1 = SPHERE_SHD_SET_##level(SPHERE_SHD_REAL_(0.30901699437494745)), c2 = SPHERE_SHD_SET_##level(SPHERE_SHD_REAL_(-0.8090169943749475)); \
            const SPHERE_SHD_VEC_##level s1 = SPHERE_SHD_SET_##level(SPHERE_SHD_REAL_(0.9510565162951535)), s2 = SPHERE_SHD_SET_##level(SPHERE_SHD_REAL_(0.5877852522924731)); \
            const SPHERE_SHD_VEC_##level x0r = SPHERE_SHD_LD_##level(x + 0 * jump + re), x0i = SPHERE_SHD_LD_##level(x + 0 * jump + im), x1r = SPHERE_SHD_LD_##level(x + 1 * jump + re), x1i = SPHERE_SHD_LD_##level(x + 1 * jump + im), x2r = SPHERE_SHD_LD_##level(x + 2 * jump + re), x2i = SPHERE_SHD_LD_##level(x + 2 * jump + im), x3r = SPHERE_SHD_LD_##level(x + 3 * jump + re), x3i = SPHERE_SHD_LD_##level(x + 3 * jump + im), x4r = SPHERE_SHD_LD_##level(x + 4 * jump + re), x4i = SPHERE_SHD_LD_##level(x + 4 * jump + im); \
            const SPHERE_SHD_VEC_##level ar = SPHERE_SHD_ADD_##level(x1r, x4r), br = SPHERE_SHD_ADD_##level(x2r, x3r), cr = SPHERE_SHD_SUB_##level(x1r, x4r), dr = SPHERE_SHD_SUB_##level(x2r, x3r); \
            const SPHERE_SHD_VEC_##level er = SPHERE_SHD_MADD_##level(c2, br, SPHERE_SHD_MADD_##level(c1, ar, x0r)), fr = SPHERE_SHD_MADD_##level(c1, br, SPHERE_SHD_MADD_##level(c2, ar, x0r)); \
            const SPHERE_SHD_VEC_##level gr = SPHERE_SHD_MADD_##level(s2, dr, SPHERE_SHD_MUL_##level(s1, cr)), hr = SPHERE_SHD_SUB_##level(SPHERE_SHD_MUL_##level(s2, cr), SPHERE_SHD_MUL_##level(s1, dr)); \
            const SPHERE_SHD_VEC_##level ai = SPHERE_SHD_ADD_##level(x1i, x4i), bi = SPHERE_SHD_ADD_##level(x2i, x3i), ci = SPHERE_SHD_SUB_##level(x1i, x4i), di = SPHERE_SHD_SUB_##level(x2i, x3i); \
            const SPHERE_SHD_VEC_##level ei = SPHERE_SHD_MADD_##level(c2, bi, SPHERE_SHD_MADD_##level(c1, ai, x0i)), fi = SPHERE_SHD_MADD_##level(c1, bi, SPHERE_SHD_MADD_##level(c2, ai, x0i)); \
            const SPHERE_SHD_VEC_##level gi = SPHERE_SHD_MADD_##level(s2, di, SPHERE_SHD_MUL_##level(s1, ci)), hi = SPHERE_SHD_SUB_##level(SPHERE_SHD_MUL_##level(s2, ci), SPHERE_SHD_MUL_##level(s1, di)); \
            SPHERE_SHD_ST_##level(y + 0 * s * SPHERE_SHD_PLACE_ + re, SPHERE_SHD_ADD_##level(x0r, SPHERE_SHD_ADD_##level(ar, br))); SPHERE_SHD_ST_##level(y + 0 * s * SPHERE_SHD_PLACE_ + im, SPHERE_SHD_ADD_##level(x0i, SPHERE_SHD_ADD_##level(ai, bi))); \
            { const SPHERE_SHD_VEC_##level pr = SPHERE_SHD_SUB_##level(er, gi), pi = SPHERE_SHD_ADD_##level(ei, gr); \
            SPHERE_SHD_ST_##level(y + 1 * s * SPHERE_SHD_PLACE_ + re, SPHERE_SHD_SUB_##level(SPHERE_SHD_MUL_##level(pr, w1r), SPHERE_SHD_MUL_##level(pi, w1i))); SPHERE_SHD_ST_##level(y + 1 * s * SPHERE_SHD_PLACE_ + im, SPHERE_SHD_MADD_##level(pi, w1r, SPHERE_SHD_MUL_##level(pr, w1i))); } \
            { const SPHERE_SHD_VEC_##level pr = SPHERE_SHD_SUB_##level(fr, hi), pi = SPHERE_SHD_ADD_##level(fi, hr); \
            SPHERE_SHD_ST_##level(y + 2 * s * SPHERE_SHD_PLACE_ + re, SPHERE_SHD_SUB_##level(SPHERE_SHD_MUL_##level(pr, w2r), SPHERE_SHD_MUL_##level(pi, w2i))); SPHERE_SHD_ST_##level(y + 2 * s * SPHERE_SHD_PLACE_ + im, SPHERE_SHD_MADD_##level(pi, w2r, SPHERE_SHD_MUL_##level(pr, w2i))); } \
            { const SPHERE_SHD_VEC_##level pr = SPHERE_SHD_ADD_##level(fr, hi), pi = SPHERE_SHD_SUB_##level(fi, hr); \
            SPHERE_SHD_ST_##level(y + 3 * s * SPHERE_SHD_PLACE_ + re, SPHERE_SHD_SUB_##level(SPHERE_SHD_MUL_##level(pr, w3r), SPHERE_SHD_MUL_##level(pi, w3i))); SPHERE_SHD_ST_##level(y + 3 * s * SPHERE_SHD_PLACE_ + im, SPHERE_SHD_MADD_##level(pi, w3r, SPHERE_SHD_MUL_##level(pr, w3i))); } \
            { const SPHERE_SHD_VEC_##level pr = SPHERE_SHD_ADD_##level(er, gi), pi = SPHERE_SHD_SUB_##level(ei, gr); \
            SPHERE_SHD_ST_##level(y + 4 * s * SPHERE_SHD_PLACE_ + re, SPHERE_SHD_SUB_##level(SPHERE_SHD_MUL_##level(pr, w4r), SPHERE_SHD_MUL_##level(pi, w4i))); SPHERE_SHD_ST_##level(y + 4 * s * SPHERE_SHD_PLACE_ + im, SPHERE_SHD_MADD_##level(pi, w4r, SPHERE_SHD_MUL_##level(pr, w4i))); } \
        } \
    } \
}
#define SPHERE_SHD_FFT_SIMD_(level) \
SPHERE_SHD_FN_##level void sphere_shd_fft_##level(double *out, const double *in, size_t n, size_t s, size_t r, const double *turn, size_t re) \
{ \
    const size_t im = SPHERE_SHD_GROUP_ - re, part = n / r, jump = s * part * SPHERE_SHD_PLACE_, w = SPHERE_SHD_WIDTH_##level; \
    size_t p, q, i, j, h; \
    if (r == 4) { sphere_shd_fft4_##level(out, in, n, s, turn, re); return; } \
    if (r == 2) { sphere_shd_fft2_##level(out, in, n, s, turn, re); return; } \
    if (r == 3) { sphere_shd_fft3_##level(out, in, n, s, turn, re); return; } \
    if (r == 5) { sphere_shd_fft5_##level(out, in, n, s, turn, re); return; } \
    for (p = 0; p < part; p++) for (j = 0; j < r; j++) for (q = 0; q < s; q++) for (h = 0; h < SPHERE_SHD_GROUP_; h += w) { \
        const double *const x = in + (q + s * p) * SPHERE_SHD_PLACE_ + h; \
        double *const y = out + (q + s * (r * p + j)) * SPHERE_SHD_PLACE_ + h; \
        SPHERE_SHD_VEC_##level sumr = SPHERE_SHD_LD_##level(x + re), sumi = SPHERE_SHD_LD_##level(x + im); \
        for (i = 1; i < r; i++) { \
            const double *const f = turn + 2 * (s * part * (i * j % r)); \
            const SPHERE_SHD_VEC_##level fr = SPHERE_SHD_BC_##level(f), fi = SPHERE_SHD_BC_##level(f + 1), vr = SPHERE_SHD_LD_##level(x + i * jump + re), vi = SPHERE_SHD_LD_##level(x + i * jump + im); \
            sumr = SPHERE_SHD_SUB_##level(SPHERE_SHD_MADD_##level(vr, fr, sumr), SPHERE_SHD_MUL_##level(vi, fi)); \
            sumi = SPHERE_SHD_MADD_##level(vi, fr, SPHERE_SHD_MADD_##level(vr, fi, sumi)); \
        } \
        if (p && j) { \
            const double *const f = turn + 2 * (p * j * s); \
            const SPHERE_SHD_VEC_##level fr = SPHERE_SHD_BC_##level(f), fi = SPHERE_SHD_BC_##level(f + 1); \
            const SPHERE_SHD_VEC_##level vr = SPHERE_SHD_SUB_##level(SPHERE_SHD_MUL_##level(sumr, fr), SPHERE_SHD_MUL_##level(sumi, fi)); \
            sumi = SPHERE_SHD_MADD_##level(sumi, fr, SPHERE_SHD_MUL_##level(sumr, fi)); sumr = vr; \
        } \
        SPHERE_SHD_ST_##level(y + re, sumr); SPHERE_SHD_ST_##level(y + im, sumi); \
    } \
}
#define SPHERE_SHD_COLUMNS_SIMD_(level) \
SPHERE_SHD_FN_##level void sphere_shd_columns_##level(const sphere_sh_degrees_ *degrees, size_t m, size_t from, size_t count, const double *work, double scale, double *out) \
{ \
    const double *const inverse = degrees->inverse[(m + 1) & 1u] + (m + 1) / 2, *const after = degrees->inverse[m & 1u] + m / 2 + 1; \
    const double *const f = degrees->inverse_root[(m + 1) & 1u] + (m + 1) / 2, *const g = degrees->inverse_root[m & 1u] + m / 2 + 1; \
    const double *const r0 = degrees->root[1], *const r1 = degrees->root[1] + m, *const r2 = degrees->root[0] + 1, *const r3 = degrees->root[0] + m + 1; \
    const SPHERE_SHW_##level mm = SPHERE_SHW_SET_##level((double)m * (double)m), one = SPHERE_SHW_SET_##level(1.0), two = SPHERE_SHW_SET_##level(2.0); \
    const SPHERE_SHW_##level zero = SPHERE_SHW_SET_##level(0.0), scales = SPHERE_SHW_SET_##level(scale); \
    size_t k = from; \
    for (; k + SPHERE_SHW_WIDTH_##level <= count; k += SPHERE_SHW_WIDTH_##level) { \
        const SPHERE_SHW_##level l = SPHERE_SHW_ADD_##level(SPHERE_SHW_SET_##level((double)(m + 2 * k + 1)), SPHERE_SHW_RAMP_##level), n = SPHERE_SHW_ADD_##level(l, one); \
        const SPHERE_SHW_##level u = SPHERE_SHW_LD_##level(work + 2 * count + k), over = SPHERE_SHW_DIV_##level(one, u); \
        const SPHERE_SHW_##level a = (count - 1 - k) & 1u ? SPHERE_SHW_TURNS_##level(over, u) : SPHERE_SHW_TURNS_##level(u, over); \
        const SPHERE_SHW_##level x = SPHERE_SHW_MUL_##level(SPHERE_SHW_SUB_##level(SPHERE_SHW_MUL_##level(l, l), mm), SPHERE_SHW_LD_##level(inverse + k)); \
        const SPHERE_SHW_##level y = SPHERE_SHW_MUL_##level(SPHERE_SHW_SUB_##level(SPHERE_SHW_MUL_##level(n, n), mm), SPHERE_SHW_LD_##level(after + k)); \
        const SPHERE_SHW_##level e = SPHERE_SHW_ADD_##level(x, y), ae = SPHERE_SHW_MUL_##level(a, e), odd = SPHERE_SHW_SQRT_##level(SPHERE_SHW_MUL_##level(scales, a)); \
        const SPHERE_SHW_##level p = SPHERE_SHW_MUL_##level(SPHERE_SHW_MUL_##level(SPHERE_SHW_LD_##level(r0 + k), SPHERE_SHW_LD_##level(r1 + k)), SPHERE_SHW_LD_##level(f + k)); \
        const SPHERE_SHW_##level q = SPHERE_SHW_MUL_##level(SPHERE_SHW_MUL_##level(SPHERE_SHW_LD_##level(r2 + k), SPHERE_SHW_LD_##level(r3 + k)), SPHERE_SHW_LD_##level(g + k)); \
        SPHERE_SHD_NARROW_##level(out + k, a); \
        SPHERE_SHD_NARROW_##level(out + count + k, SPHERE_SHW_SUB_##level(zero, ae)); \
        SPHERE_SHD_NARROW_##level(out + 2 * count + k, SPHERE_SHW_SUB_##level(SPHERE_SHW_MUL_##level(a, SPHERE_SHW_SUB_##level(one, e)), two)); \
        SPHERE_SHD_NARROW_##level(out + 3 * count + k, SPHERE_SHW_SUB_##level(two, ae)); \
        SPHERE_SHD_NARROW_##level(out + 4 * count + k, SPHERE_SHW_MUL_##level(p, odd)); \
        SPHERE_SHD_NARROW_##level(out + 5 * count + k, SPHERE_SHW_MUL_##level(q, odd)); \
        SPHERE_SHD_NARROW_##level(out + 6 * count + k, odd); \
    } \
    sphere_shd_columns_c_(degrees, m, k, count, work, scale, out); \
}
#define SPHERE_SHD_FIELD_SIMD_(level) \
SPHERE_SHD_FN_##level double sphere_shd_square_##level(double *values, size_t n) \
{ \
    double lane[2 * SPHERE_SH_GROUP_MOST_] = { 0 }; \
    size_t i, h; \
    for (i = 0; i + 2 * SPHERE_SHD_GROUP_ <= n; i += 2 * SPHERE_SHD_GROUP_) for (h = 0; h < 2 * SPHERE_SHD_GROUP_; h += SPHERE_SHD_WIDTH_##level) { \
        SPHERE_SHD_VEC_##level v = SPHERE_SHD_LD_##level(values + i + h); \
        v = SPHERE_SHD_MUL_##level(v, v); \
        SPHERE_SHD_ST_##level(values + i + h, v); SPHERE_SHD_ST_##level(lane + h, SPHERE_SHD_ADD_##level(SPHERE_SHD_LD_##level(lane + h), v)); \
    } \
    return sphere_shd_square_rest_(values + i, n - i, lane); \
} \
SPHERE_SHD_FN_##level double sphere_shd_scale_##level(double *values, size_t n, double factor) \
{ \
    const SPHERE_SHD_VEC_##level f = SPHERE_SHD_SET_##level(factor); \
    SPHERE_SHD_VEC_##level most = SPHERE_SHD_SET_##level(0); \
    double lane[SPHERE_SH_GROUP_MOST_], rest; \
    size_t i; \
    for (i = 0; i + SPHERE_SHD_WIDTH_##level <= n; i += SPHERE_SHD_WIDTH_##level) { \
        const SPHERE_SHD_VEC_##level v = SPHERE_SHD_MUL_##level(SPHERE_SHD_LD_##level(values + i), f); \
        SPHERE_SHD_ST_##level(values + i, v); most = SPHERE_SHD_LARGER_##level(v, most); \
    } \
    rest = sphere_shd_scale_c_(values + i, n - i, factor); \
    SPHERE_SHD_ST_##level(lane, most); \
    for (i = 0; i < SPHERE_SHD_WIDTH_##level; i++) rest = lane[i] > rest ? lane[i] : rest; \
    return rest; \
}

#define SPHERE_SHD_TRANSFORM_SIMD_(level) SPHERE_SHD_STEP_SIMD_(level) SPHERE_SHD_EXPAND_SIMD_(level) SPHERE_SHD_PROJECT_SIMD_(level) SPHERE_SHD_JOIN_SIMD_(level) \
    SPHERE_SHD_PART_SIMD_(level) SPHERE_SHD_FFT2_SIMD_(level) SPHERE_SHD_FFT3_SIMD_(level) SPHERE_SHD_FFT4_SIMD_(level) SPHERE_SHD_FFT5_SIMD_(level) SPHERE_SHD_FFT_SIMD_(level) \
    SPHERE_SHD_FIELD_SIMD_(level) SPHERE_SHD_COLUMNS_SIMD_(level)
#if SPHERE_AVX2_
SPHERE_SHD_TRANSFORM_SIMD_(avx2_)
SPHERE_TARGET_AVX2_ static unsigned sphere_shd_begin_avx2_(double *t, double *n, const double *a, const double *an, const double *b, const double *bn, size_t lanes)
{
    const __m256d zero_f64x4 = _mm256_setzero_pd(), one_f64x4 = _mm256_set1_pd(1.0), tiny_f64x4 = _mm256_set1_pd(SPHERE_SHD_TINY_);
    const __m256d up_f64x4 = _mm256_set1_pd(SPHERE_SHD_UP_), down_f64x4 = _mm256_set1_pd(SPHERE_SHD_DOWN_);
    __m256d out_f64x4 = zero_f64x4, counts_f64x4 = zero_f64x4;
    size_t i;
    for (i = 0; i < lanes; i += SPHERE_SHD_AVX2_LANES_) {
        __m256d p_f64x4 = _mm256_mul_pd(_mm256_loadu_pd(a + i), _mm256_loadu_pd(b + i)), k_f64x4 = _mm256_add_pd(_mm256_loadu_pd(an + i), _mm256_loadu_pd(bn + i));
        const __m256d low_f64x4 = _mm256_cmp_pd(p_f64x4, _mm256_set1_pd(SPHERE_SHD_LOW_), _CMP_LT_OQ);
        const __m256d high_f64x4 = _mm256_and_pd(_mm256_cmp_pd(p_f64x4, _mm256_set1_pd(SPHERE_SHD_HIGH_), _CMP_GE_OQ), _mm256_cmp_pd(k_f64x4, zero_f64x4, _CMP_GT_OQ));
        __m256d is_out_f64x4;
        p_f64x4 = _mm256_mul_pd(p_f64x4, _mm256_blendv_pd(_mm256_blendv_pd(one_f64x4, down_f64x4, high_f64x4), up_f64x4, low_f64x4));
        k_f64x4 = _mm256_add_pd(k_f64x4, _mm256_and_pd(low_f64x4, one_f64x4)); k_f64x4 = _mm256_sub_pd(k_f64x4, _mm256_and_pd(high_f64x4, one_f64x4));
        _mm256_storeu_pd(t + i, p_f64x4); _mm256_storeu_pd(n + i, k_f64x4);
        is_out_f64x4 = _mm256_cmp_pd(k_f64x4, zero_f64x4, _CMP_GT_OQ);
        out_f64x4 = _mm256_or_pd(out_f64x4, is_out_f64x4);
        counts_f64x4 = _mm256_or_pd(counts_f64x4, _mm256_andnot_pd(is_out_f64x4, _mm256_cmp_pd(p_f64x4, tiny_f64x4, _CMP_GE_OQ)));
    }
    return (_mm256_movemask_pd(out_f64x4) ? 1u : 0u) | (_mm256_movemask_pd(counts_f64x4) ? 2u : 0u);
}
SPHERE_TARGET_AVX2_ static unsigned sphere_shd_rescale_avx2_(double *t, double *d, double *n, size_t lanes)
{
    const __m256d zero_f64x4 = _mm256_setzero_pd(), one_f64x4 = _mm256_set1_pd(1.0), sign_f64x4 = _mm256_set1_pd(-0.0);
    const __m256d high_f64x4 = _mm256_set1_pd(SPHERE_SHD_HIGH_), tiny_f64x4 = _mm256_set1_pd(SPHERE_SHD_TINY_), down_f64x4 = _mm256_set1_pd(SPHERE_SHD_DOWN_);
    __m256d out_f64x4 = zero_f64x4, counts_f64x4 = zero_f64x4;
    size_t i;
    for (i = 0; i < lanes; i += SPHERE_SHD_AVX2_LANES_) {
        __m256d t_f64x4 = _mm256_loadu_pd(t + i), n_f64x4 = _mm256_loadu_pd(n + i);
        const __m256d big_f64x4 = _mm256_and_pd(_mm256_cmp_pd(_mm256_andnot_pd(sign_f64x4, t_f64x4), high_f64x4, _CMP_GE_OQ), _mm256_cmp_pd(n_f64x4, zero_f64x4, _CMP_GT_OQ));
        const __m256d scale_f64x4 = _mm256_blendv_pd(one_f64x4, down_f64x4, big_f64x4);
        __m256d is_out_f64x4;
        t_f64x4 = _mm256_mul_pd(t_f64x4, scale_f64x4); n_f64x4 = _mm256_sub_pd(n_f64x4, _mm256_and_pd(big_f64x4, one_f64x4));
        _mm256_storeu_pd(t + i, t_f64x4); _mm256_storeu_pd(n + i, n_f64x4); _mm256_storeu_pd(d + i, _mm256_mul_pd(_mm256_loadu_pd(d + i), scale_f64x4));
        is_out_f64x4 = _mm256_cmp_pd(n_f64x4, zero_f64x4, _CMP_GT_OQ);
        out_f64x4 = _mm256_or_pd(out_f64x4, is_out_f64x4);
        counts_f64x4 = _mm256_or_pd(counts_f64x4, _mm256_andnot_pd(is_out_f64x4, _mm256_cmp_pd(_mm256_andnot_pd(sign_f64x4, t_f64x4), tiny_f64x4, _CMP_GE_OQ)));
    }
    return (_mm256_movemask_pd(out_f64x4) ? 1u : 0u) | (_mm256_movemask_pd(counts_f64x4) ? 2u : 0u);
}
SPHERE_TARGET_AVX2_ static void sphere_shd_hide_avx2_(double *rows, const double *n, size_t steps, size_t lanes)
{
    size_t k, i;
    for (i = 0; i < lanes; i += SPHERE_SHD_AVX2_LANES_) {
        const __m256d out_f64x4 = _mm256_cmp_pd(_mm256_loadu_pd(n + i), _mm256_setzero_pd(), _CMP_GT_OQ);
        for (k = 0; k < steps; k++) _mm256_storeu_pd(rows + k * SPHERE_SHD_BLOCK_ + i, _mm256_andnot_pd(out_f64x4, _mm256_loadu_pd(rows + k * SPHERE_SHD_BLOCK_ + i)));
    }
}
#endif
#if SPHERE_NEON_
SPHERE_SHD_TRANSFORM_SIMD_(neon_)
/* The flags of two vectors of masks. */
SPHERE_INLINE_ unsigned sphere_shd_flags_neon_(uint64x2_t out_u64x2, uint64x2_t counts_u64x2)
{
    double a[SPHERE_SHD_NEON_LANES_], b[SPHERE_SHD_NEON_LANES_];
    unsigned flags = 0;
    size_t i;
    vst1q_f64(a, vbslq_f64(out_u64x2, vdupq_n_f64(1.0), vdupq_n_f64(0.0))); vst1q_f64(b, vbslq_f64(counts_u64x2, vdupq_n_f64(1.0), vdupq_n_f64(0.0)));
    for (i = 0; i < SPHERE_SHD_NEON_LANES_; i++) flags |= (a[i] > 0 ? 1u : 0u) | (b[i] > 0 ? 2u : 0u);
    return flags;
}
static unsigned sphere_shd_begin_neon_(double *t, double *n, const double *a, const double *an, const double *b, const double *bn, size_t lanes)
{
    const float64x2_t zero_f64x2 = vdupq_n_f64(0), one_f64x2 = vdupq_n_f64(1.0), up_f64x2 = vdupq_n_f64(SPHERE_SHD_UP_), down_f64x2 = vdupq_n_f64(SPHERE_SHD_DOWN_);
    uint64x2_t out_u64x2 = vcgtq_f64(zero_f64x2, zero_f64x2), counts_u64x2 = out_u64x2;
    size_t i;
    for (i = 0; i < lanes; i += SPHERE_SHD_NEON_LANES_) {
        float64x2_t p_f64x2 = vmulq_f64(vld1q_f64(a + i), vld1q_f64(b + i)), k_f64x2 = vaddq_f64(vld1q_f64(an + i), vld1q_f64(bn + i));
        const uint64x2_t low_u64x2 = vcltq_f64(p_f64x2, vdupq_n_f64(SPHERE_SHD_LOW_));
        const uint64x2_t high_u64x2 = vandq_u64(vcgeq_f64(p_f64x2, vdupq_n_f64(SPHERE_SHD_HIGH_)), vcgtq_f64(k_f64x2, zero_f64x2));
        uint64x2_t is_out_u64x2;
        p_f64x2 = vmulq_f64(p_f64x2, vbslq_f64(low_u64x2, up_f64x2, vbslq_f64(high_u64x2, down_f64x2, one_f64x2)));
        k_f64x2 = vaddq_f64(k_f64x2, vbslq_f64(low_u64x2, one_f64x2, zero_f64x2)); k_f64x2 = vsubq_f64(k_f64x2, vbslq_f64(high_u64x2, one_f64x2, zero_f64x2));
        vst1q_f64(t + i, p_f64x2); vst1q_f64(n + i, k_f64x2);
        is_out_u64x2 = vcgtq_f64(k_f64x2, zero_f64x2);
        out_u64x2 = vorrq_u64(out_u64x2, is_out_u64x2);
        counts_u64x2 = vorrq_u64(counts_u64x2, vbicq_u64(vcgeq_f64(p_f64x2, vdupq_n_f64(SPHERE_SHD_TINY_)), is_out_u64x2));
    }
    return sphere_shd_flags_neon_(out_u64x2, counts_u64x2);
}
static unsigned sphere_shd_rescale_neon_(double *t, double *d, double *n, size_t lanes)
{
    const float64x2_t zero_f64x2 = vdupq_n_f64(0), one_f64x2 = vdupq_n_f64(1.0), down_f64x2 = vdupq_n_f64(SPHERE_SHD_DOWN_);
    uint64x2_t out_u64x2 = vcgtq_f64(zero_f64x2, zero_f64x2), counts_u64x2 = out_u64x2;
    size_t i;
    for (i = 0; i < lanes; i += SPHERE_SHD_NEON_LANES_) {
        float64x2_t t_f64x2 = vld1q_f64(t + i), n_f64x2 = vld1q_f64(n + i);
        const uint64x2_t big_u64x2 = vandq_u64(vcgeq_f64(vabsq_f64(t_f64x2), vdupq_n_f64(SPHERE_SHD_HIGH_)), vcgtq_f64(n_f64x2, zero_f64x2));
        const float64x2_t scale_f64x2 = vbslq_f64(big_u64x2, down_f64x2, one_f64x2);
        uint64x2_t is_out_u64x2;
        t_f64x2 = vmulq_f64(t_f64x2, scale_f64x2); n_f64x2 = vsubq_f64(n_f64x2, vbslq_f64(big_u64x2, one_f64x2, zero_f64x2));
        vst1q_f64(t + i, t_f64x2); vst1q_f64(n + i, n_f64x2); vst1q_f64(d + i, vmulq_f64(vld1q_f64(d + i), scale_f64x2));
        is_out_u64x2 = vcgtq_f64(n_f64x2, zero_f64x2);
        out_u64x2 = vorrq_u64(out_u64x2, is_out_u64x2);
        counts_u64x2 = vorrq_u64(counts_u64x2, vbicq_u64(vcgeq_f64(vabsq_f64(t_f64x2), vdupq_n_f64(SPHERE_SHD_TINY_)), is_out_u64x2));
    }
    return sphere_shd_flags_neon_(out_u64x2, counts_u64x2);
}
static void sphere_shd_hide_neon_(double *rows, const double *n, size_t steps, size_t lanes)
{
    size_t k, i;
    for (i = 0; i < lanes; i += SPHERE_SHD_NEON_LANES_) {
        const uint64x2_t out_u64x2 = vcgtq_f64(vld1q_f64(n + i), vdupq_n_f64(0));
        for (k = 0; k < steps; k++) vst1q_f64(rows + k * SPHERE_SHD_BLOCK_ + i, vbslq_f64(out_u64x2, vdupq_n_f64(0), vld1q_f64(rows + k * SPHERE_SHD_BLOCK_ + i)));
    }
}
#endif
/* sphere-sh double end transform-simd */

/* What the exchange of words cannot make: transposes and the combination of lanes. */
#if SPHERE_AVX2_
/* Two degrees by four columns: the halves meet in the vectors' halves first, then within 128 bits. A last single degree is taken twice. */
SPHERE_TARGET_AVX2_ static void sphere_sh_combine_avx2_(float *out, float *sum, size_t steps)
{
    size_t k, j;
    for (k = 0; k < steps; k += 2, sum += 128, out += 8) {
        const float *const next = k + 1 < steps ? sum + 64 : sum;
        __m256 v_f32x8[4], w_f32x8[2];
        for (j = 0; j < 4; j++) {
            const __m256 a_f32x8 = _mm256_add_ps(_mm256_loadu_ps(sum + 16 * j), _mm256_loadu_ps(sum + 16 * j + 8));               /* k + (k + 8) */
            const __m256 b_f32x8 = _mm256_add_ps(_mm256_loadu_ps(next + 16 * j), _mm256_loadu_ps(next + 16 * j + 8));
            v_f32x8[j] = _mm256_add_ps(_mm256_permute2f128_ps(a_f32x8, b_f32x8, 0x20), _mm256_permute2f128_ps(a_f32x8, b_f32x8, 0x31));     /* + 4 */
        }
        for (j = 0; j < 2; j++)
            w_f32x8[j] = _mm256_add_ps(_mm256_shuffle_ps(v_f32x8[2 * j], v_f32x8[2 * j + 1], 0x44), _mm256_shuffle_ps(v_f32x8[2 * j], v_f32x8[2 * j + 1], 0xee));     /* + 2 */
        v_f32x8[0] = _mm256_add_ps(_mm256_shuffle_ps(w_f32x8[0], w_f32x8[1], 0x88), _mm256_shuffle_ps(w_f32x8[0], w_f32x8[1], 0xdd));                             /* + 1 */
        if (k + 1 < steps) _mm256_storeu_ps(out, v_f32x8[0]);
        else _mm_storeu_ps(out, _mm256_castps256_ps128(v_f32x8[0]));
    }
}
SPHERE_TARGET_AVX2_ static void sphere_shd_combine_avx2_(double *out, double *sum, size_t steps)
{
    size_t k, j;
    for (k = 0; k < steps; k++, sum += 32, out += 4) {
        __m256d v_f64x4[4], a_f64x4, b_f64x4, c_f64x4, d_f64x4;
        for (j = 0; j < 4; j++) v_f64x4[j] = _mm256_add_pd(_mm256_loadu_pd(sum + 8 * j), _mm256_loadu_pd(sum + 8 * j + 4));
        a_f64x4 = _mm256_unpacklo_pd(v_f64x4[0], v_f64x4[1]); b_f64x4 = _mm256_unpackhi_pd(v_f64x4[0], v_f64x4[1]);               /* lanes 0, 2 and 1, 3 */
        c_f64x4 = _mm256_unpacklo_pd(v_f64x4[2], v_f64x4[3]); d_f64x4 = _mm256_unpackhi_pd(v_f64x4[2], v_f64x4[3]);
        v_f64x4[0] = _mm256_add_pd(_mm256_permute2f128_pd(a_f64x4, c_f64x4, 0x20), _mm256_permute2f128_pd(a_f64x4, c_f64x4, 0x31));     /* 0 + 2 */
        v_f64x4[1] = _mm256_add_pd(_mm256_permute2f128_pd(b_f64x4, d_f64x4, 0x20), _mm256_permute2f128_pd(b_f64x4, d_f64x4, 0x31));     /* 1 + 3 */
        _mm256_storeu_pd(out, _mm256_add_pd(v_f64x4[0], v_f64x4[1]));
    }
}
SPHERE_TARGET_AVX2_ SPHERE_INLINE_ void sphere_sh_transpose_avx2_(__m256 v_f32x8[8])
{
    __m256 a_f32x8[8], b_f32x8[8];
    a_f32x8[0] = _mm256_unpacklo_ps(v_f32x8[0], v_f32x8[1]); a_f32x8[1] = _mm256_unpackhi_ps(v_f32x8[0], v_f32x8[1]);
    a_f32x8[2] = _mm256_unpacklo_ps(v_f32x8[2], v_f32x8[3]); a_f32x8[3] = _mm256_unpackhi_ps(v_f32x8[2], v_f32x8[3]);
    a_f32x8[4] = _mm256_unpacklo_ps(v_f32x8[4], v_f32x8[5]); a_f32x8[5] = _mm256_unpackhi_ps(v_f32x8[4], v_f32x8[5]);
    a_f32x8[6] = _mm256_unpacklo_ps(v_f32x8[6], v_f32x8[7]); a_f32x8[7] = _mm256_unpackhi_ps(v_f32x8[6], v_f32x8[7]);
    b_f32x8[0] = _mm256_shuffle_ps(a_f32x8[0], a_f32x8[2], 0x44); b_f32x8[1] = _mm256_shuffle_ps(a_f32x8[0], a_f32x8[2], 0xee);
    b_f32x8[2] = _mm256_shuffle_ps(a_f32x8[1], a_f32x8[3], 0x44); b_f32x8[3] = _mm256_shuffle_ps(a_f32x8[1], a_f32x8[3], 0xee);
    b_f32x8[4] = _mm256_shuffle_ps(a_f32x8[4], a_f32x8[6], 0x44); b_f32x8[5] = _mm256_shuffle_ps(a_f32x8[4], a_f32x8[6], 0xee);
    b_f32x8[6] = _mm256_shuffle_ps(a_f32x8[5], a_f32x8[7], 0x44); b_f32x8[7] = _mm256_shuffle_ps(a_f32x8[5], a_f32x8[7], 0xee);
    v_f32x8[0] = _mm256_permute2f128_ps(b_f32x8[0], b_f32x8[4], 0x20); v_f32x8[4] = _mm256_permute2f128_ps(b_f32x8[0], b_f32x8[4], 0x31);
    v_f32x8[1] = _mm256_permute2f128_ps(b_f32x8[1], b_f32x8[5], 0x20); v_f32x8[5] = _mm256_permute2f128_ps(b_f32x8[1], b_f32x8[5], 0x31);
    v_f32x8[2] = _mm256_permute2f128_ps(b_f32x8[2], b_f32x8[6], 0x20); v_f32x8[6] = _mm256_permute2f128_ps(b_f32x8[2], b_f32x8[6], 0x31);
    v_f32x8[3] = _mm256_permute2f128_ps(b_f32x8[3], b_f32x8[7], 0x20); v_f32x8[7] = _mm256_permute2f128_ps(b_f32x8[3], b_f32x8[7], 0x31);
}
SPHERE_TARGET_AVX2_ SPHERE_INLINE_ void sphere_shd_transpose_avx2_(__m256d v_f64x4[4])
{
    const __m256d a_f64x4 = _mm256_unpacklo_pd(v_f64x4[0], v_f64x4[1]), b_f64x4 = _mm256_unpackhi_pd(v_f64x4[0], v_f64x4[1]);
    const __m256d c_f64x4 = _mm256_unpacklo_pd(v_f64x4[2], v_f64x4[3]), d_f64x4 = _mm256_unpackhi_pd(v_f64x4[2], v_f64x4[3]);
    v_f64x4[0] = _mm256_permute2f128_pd(a_f64x4, c_f64x4, 0x20); v_f64x4[2] = _mm256_permute2f128_pd(a_f64x4, c_f64x4, 0x31);
    v_f64x4[1] = _mm256_permute2f128_pd(b_f64x4, d_f64x4, 0x20); v_f64x4[3] = _mm256_permute2f128_pd(b_f64x4, d_f64x4, 0x31);
}
SPHERE_TARGET_AVX2_ SPHERE_INLINE_ __m256 sphere_sh_canonical_avx2_(__m256 v_f32x8)
{ return _mm256_blendv_ps(v_f32x8, _mm256_castsi256_ps(_mm256_set1_epi32(0x7fc00000)), _mm256_cmp_ps(v_f32x8, v_f32x8, _CMP_UNORD_Q)); }
SPHERE_TARGET_AVX2_ SPHERE_INLINE_ __m256d sphere_shd_canonical_avx2_(__m256d v_f64x4)
{ return _mm256_blendv_pd(v_f64x4, _mm256_castsi256_pd(_mm256_set1_epi64x(0x7ff8000000000000)), _mm256_cmp_pd(v_f64x4, v_f64x4, _CMP_UNORD_Q)); }
#endif
#if SPHERE_NEON_
static void sphere_sh_combine_neon_(float *out, float *sum, size_t steps)
{
    size_t k, j;
    for (k = 0; k < steps; k++, sum += 64, out += 4) for (j = 0; j < 4; j++) {
        const float *const s = sum + 16 * j;
        const float32x4_t v_f32x4 = vaddq_f32(vaddq_f32(vld1q_f32(s), vld1q_f32(s + 8)), vaddq_f32(vld1q_f32(s + 4), vld1q_f32(s + 12)));      /* + 8, + 4 */
        const float32x2_t h_f32x2 = vadd_f32(vget_low_f32(v_f32x4), vget_high_f32(v_f32x4));                                                  /* + 2 */
        out[j] = vget_lane_f32(h_f32x2, 0) + vget_lane_f32(h_f32x2, 1);
    }
}
static void sphere_shd_combine_neon_(double *out, double *sum, size_t steps)
{
    size_t k, j;
    for (k = 0; k < steps; k++, sum += 32, out += 4) for (j = 0; j < 4; j++) {
        const double *const s = sum + 8 * j;
        const float64x2_t v_f64x2 = vaddq_f64(vaddq_f64(vld1q_f64(s), vld1q_f64(s + 4)), vaddq_f64(vld1q_f64(s + 2), vld1q_f64(s + 6)));
        out[j] = vgetq_lane_f64(v_f64x2, 0) + vgetq_lane_f64(v_f64x2, 1);
    }
}
SPHERE_INLINE_ void sphere_sh_transpose_neon_(float32x4_t v_f32x4[4])
{
    const float32x4x2_t a = vtrnq_f32(v_f32x4[0], v_f32x4[1]), b = vtrnq_f32(v_f32x4[2], v_f32x4[3]);
    v_f32x4[0] = vcombine_f32(vget_low_f32(a.val[0]), vget_low_f32(b.val[0])); v_f32x4[1] = vcombine_f32(vget_low_f32(a.val[1]), vget_low_f32(b.val[1]));
    v_f32x4[2] = vcombine_f32(vget_high_f32(a.val[0]), vget_high_f32(b.val[0])); v_f32x4[3] = vcombine_f32(vget_high_f32(a.val[1]), vget_high_f32(b.val[1]));
}
SPHERE_INLINE_ void sphere_shd_transpose_neon_(float64x2_t v_f64x2[2])
{
    const float64x2_t a_f64x2 = vtrn1q_f64(v_f64x2[0], v_f64x2[1]), b_f64x2 = vtrn2q_f64(v_f64x2[0], v_f64x2[1]);
    v_f64x2[0] = a_f64x2; v_f64x2[1] = b_f64x2;
}
SPHERE_INLINE_ float32x4_t sphere_sh_canonical_neon_(float32x4_t v_f32x4) { return vbslq_f32(vceqq_f32(v_f32x4, v_f32x4), v_f32x4, vdupq_n_f32(sphere_nan_())); }
SPHERE_INLINE_ float64x2_t sphere_shd_canonical_neon_(float64x2_t v_f64x2) { return vbslq_f64(vceqq_f64(v_f64x2, v_f64x2), v_f64x2, vdupq_n_f64(sphere_sh_nan_double_())); }
#endif
/* sphere-sh float begin transform-rows */
/* rows_out, rows_in: as many places as a vector has lanes, transposed; the tail is portable. */
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_sh_rows_out_avx2_(float *const *north, float *const *south, const float *z, size_t from, size_t n)
{
    size_t j = from, i, part;
    for (; j + SPHERE_SH_AVX2_LANES_ <= n; j += SPHERE_SH_AVX2_LANES_) for (part = 0; part < 2; part++) {
        float *const *const row = part ? south : north;
        __m256 v_f32x8[SPHERE_SH_AVX2_LANES_];
        for (i = 0; i < SPHERE_SH_AVX2_LANES_; i++) v_f32x8[i] = _mm256_loadu_ps(z + (j + i) * SPHERE_SH_PLACE_ + part * SPHERE_SH_GROUP_);
        sphere_sh_transpose_avx2_(v_f32x8);
        for (i = 0; i < SPHERE_SH_AVX2_LANES_; i++) _mm256_storeu_ps(row[i] + j, sphere_sh_canonical_avx2_(v_f32x8[i]));
    }
    sphere_sh_rows_out_c_(north, south, z, j, n);
}
SPHERE_TARGET_AVX2_ static void sphere_sh_rows_in_avx2_(float *z, const float *const *north, const float *const *south, size_t from, size_t n)
{
    size_t j = from, i, part;
    for (; j + SPHERE_SH_AVX2_LANES_ <= n; j += SPHERE_SH_AVX2_LANES_) for (part = 0; part < 2; part++) {
        const float *const *const row = part ? south : north;
        __m256 v_f32x8[SPHERE_SH_AVX2_LANES_];
        for (i = 0; i < SPHERE_SH_AVX2_LANES_; i++) v_f32x8[i] = _mm256_loadu_ps(row[i] + j);
        sphere_sh_transpose_avx2_(v_f32x8);
        for (i = 0; i < SPHERE_SH_AVX2_LANES_; i++) _mm256_storeu_ps(z + (j + i) * SPHERE_SH_PLACE_ + part * SPHERE_SH_GROUP_, v_f32x8[i]);
    }
    sphere_sh_rows_in_c_(z, north, south, j, n);
}
#endif
#if SPHERE_NEON_
static void sphere_sh_rows_out_neon_(float *const *north, float *const *south, const float *z, size_t from, size_t n)
{
    size_t j = from, i, part, lane;
    for (; j + SPHERE_SH_NEON_LANES_ <= n; j += SPHERE_SH_NEON_LANES_) for (part = 0; part < 2; part++) for (lane = 0; lane < SPHERE_SH_GROUP_; lane += SPHERE_SH_NEON_LANES_) {
        float *const *const row = (part ? south : north) + lane;
        float32x4_t v_f32x4[SPHERE_SH_NEON_LANES_];
        for (i = 0; i < SPHERE_SH_NEON_LANES_; i++) v_f32x4[i] = vld1q_f32(z + (j + i) * SPHERE_SH_PLACE_ + part * SPHERE_SH_GROUP_ + lane);
        sphere_sh_transpose_neon_(v_f32x4);
        for (i = 0; i < SPHERE_SH_NEON_LANES_; i++) vst1q_f32(row[i] + j, sphere_sh_canonical_neon_(v_f32x4[i]));
    }
    sphere_sh_rows_out_c_(north, south, z, j, n);
}
static void sphere_sh_rows_in_neon_(float *z, const float *const *north, const float *const *south, size_t from, size_t n)
{
    size_t j = from, i, part, lane;
    for (; j + SPHERE_SH_NEON_LANES_ <= n; j += SPHERE_SH_NEON_LANES_) for (part = 0; part < 2; part++) for (lane = 0; lane < SPHERE_SH_GROUP_; lane += SPHERE_SH_NEON_LANES_) {
        const float *const *const row = (part ? south : north) + lane;
        float32x4_t v_f32x4[SPHERE_SH_NEON_LANES_];
        for (i = 0; i < SPHERE_SH_NEON_LANES_; i++) v_f32x4[i] = vld1q_f32(row[i] + j);
        sphere_sh_transpose_neon_(v_f32x4);
        for (i = 0; i < SPHERE_SH_NEON_LANES_; i++) vst1q_f32(z + (j + i) * SPHERE_SH_PLACE_ + part * SPHERE_SH_GROUP_ + lane, v_f32x4[i]);
    }
    sphere_sh_rows_in_c_(z, north, south, j, n);
}
#endif
/* sphere-sh float end transform-rows */
/* sphere-sh double begin transform-rows: made from the float section by tests/double.py, do not edit */
/* rows_out, rows_in: as many places as a vector has lanes, transposed; the tail is portable. */
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_shd_rows_out_avx2_(double *const *north, double *const *south, const double *z, size_t from, size_t n)
{
    size_t j = from, i, part;
    for (; j + SPHERE_SHD_AVX2_LANES_ <= n; j += SPHERE_SHD_AVX2_LANES_) for (part = 0; part < 2; part++) {
        double *const *const row = part ? south : north;
        __m256d v_f64x4[SPHERE_SHD_AVX2_LANES_];
        for (i = 0; i < SPHERE_SHD_AVX2_LANES_; i++) v_f64x4[i] = _mm256_loadu_pd(z + (j + i) * SPHERE_SHD_PLACE_ + part * SPHERE_SHD_GROUP_);
        sphere_shd_transpose_avx2_(v_f64x4);
        for (i = 0; i < SPHERE_SHD_AVX2_LANES_; i++) _mm256_storeu_pd(row[i] + j, sphere_shd_canonical_avx2_(v_f64x4[i]));
    }
    sphere_shd_rows_out_c_(north, south, z, j, n);
}
SPHERE_TARGET_AVX2_ static void sphere_shd_rows_in_avx2_(double *z, const double *const *north, const double *const *south, size_t from, size_t n)
{
    size_t j = from, i, part;
    for (; j + SPHERE_SHD_AVX2_LANES_ <= n; j += SPHERE_SHD_AVX2_LANES_) for (part = 0; part < 2; part++) {
        const double *const *const row = part ? south : north;
        __m256d v_f64x4[SPHERE_SHD_AVX2_LANES_];
        for (i = 0; i < SPHERE_SHD_AVX2_LANES_; i++) v_f64x4[i] = _mm256_loadu_pd(row[i] + j);
        sphere_shd_transpose_avx2_(v_f64x4);
        for (i = 0; i < SPHERE_SHD_AVX2_LANES_; i++) _mm256_storeu_pd(z + (j + i) * SPHERE_SHD_PLACE_ + part * SPHERE_SHD_GROUP_, v_f64x4[i]);
    }
    sphere_shd_rows_in_c_(z, north, south, j, n);
}
#endif
#if SPHERE_NEON_
static void sphere_shd_rows_out_neon_(double *const *north, double *const *south, const double *z, size_t from, size_t n)
{
    size_t j = from, i, part, lane;
    for (; j + SPHERE_SHD_NEON_LANES_ <= n; j += SPHERE_SHD_NEON_LANES_) for (part = 0; part < 2; part++) for (lane = 0; lane < SPHERE_SHD_GROUP_; lane += SPHERE_SHD_NEON_LANES_) {
        double *const *const row = (part ? south : north) + lane;
        float64x2_t v_f64x2[SPHERE_SHD_NEON_LANES_];
        for (i = 0; i < SPHERE_SHD_NEON_LANES_; i++) v_f64x2[i] = vld1q_f64(z + (j + i) * SPHERE_SHD_PLACE_ + part * SPHERE_SHD_GROUP_ + lane);
        sphere_shd_transpose_neon_(v_f64x2);
        for (i = 0; i < SPHERE_SHD_NEON_LANES_; i++) vst1q_f64(row[i] + j, sphere_shd_canonical_neon_(v_f64x2[i]));
    }
    sphere_shd_rows_out_c_(north, south, z, j, n);
}
static void sphere_shd_rows_in_neon_(double *z, const double *const *north, const double *const *south, size_t from, size_t n)
{
    size_t j = from, i, part, lane;
    for (; j + SPHERE_SHD_NEON_LANES_ <= n; j += SPHERE_SHD_NEON_LANES_) for (part = 0; part < 2; part++) for (lane = 0; lane < SPHERE_SHD_GROUP_; lane += SPHERE_SHD_NEON_LANES_) {
        const double *const *const row = (part ? south : north) + lane;
        float64x2_t v_f64x2[SPHERE_SHD_NEON_LANES_];
        for (i = 0; i < SPHERE_SHD_NEON_LANES_; i++) v_f64x2[i] = vld1q_f64(row[i] + j);
        sphere_shd_transpose_neon_(v_f64x2);
        for (i = 0; i < SPHERE_SHD_NEON_LANES_; i++) vst1q_f64(z + (j + i) * SPHERE_SHD_PLACE_ + part * SPHERE_SHD_GROUP_ + lane, v_f64x2[i]);
    }
    sphere_shd_rows_in_c_(z, north, south, j, n);
}
#endif
/* sphere-sh double end transform-rows */

/* >>transform-implementation */
/* sphere-sh float begin transform-impl */
/* The kernels of one level. A new kernel is one block above, one member here and one call in tests/levels_sh_transform.c. */
typedef struct sphere_sh_transform_kernels_ {
    unsigned (*begin)(float *t, float *n, const float *a, const float *an, const float *b, const float *bn, size_t lanes);
    unsigned (*rescale)(float *t, float *d, float *n, size_t lanes);
    void (*hide)(float *rows, const float *n, size_t steps, size_t lanes);
    void (*step)(float *rows, float *t, float *d, const float *y, const float *y0, const float *a, const float *b, size_t steps, size_t lanes, int kind);
    void (*expand)(float *out, size_t stride, const float *rows, const float *c, size_t steps, size_t lanes, int first);
    void (*project)(float *sum, const float *rows, const float *in, size_t stride, size_t steps, size_t lanes);
    void (*combine)(float *out, float *sum, size_t steps);
    void (*join)(float *z, const float *f, const float *x, size_t orders, size_t n);
    void (*part)(float *f, const float *z, const float *w, const float *wx, size_t orders, size_t n);
    void (*rows_out)(float *const *north, float *const *south, const float *z, size_t from, size_t n);
    void (*rows_in)(float *z, const float *const *north, const float *const *south, size_t from, size_t n);
    void (*fft)(float *out, const float *in, size_t n, size_t s, size_t r, const float *turn, size_t re);
    float (*square)(float *values, size_t n);
    float (*scale)(float *values, size_t n, float factor);
    void (*squares)(const sphere_sh_degrees_ *degrees, size_t m, size_t from, size_t count, double *work);
    void (*columns)(const sphere_sh_degrees_ *degrees, size_t m, size_t from, size_t count, const double *work, double scale, float *out);
} sphere_sh_transform_kernels_;
#define SPHERE_SH_TRANSFORM_KERNELS_(level) { sphere_sh_begin_##level, sphere_sh_rescale_##level, sphere_sh_hide_##level, sphere_sh_step_##level, \
    sphere_sh_expand_##level, sphere_sh_project_##level, sphere_sh_combine_##level, sphere_sh_join_##level, sphere_sh_part_##level, \
    sphere_sh_rows_out_##level, sphere_sh_rows_in_##level, sphere_sh_fft_##level, \
    sphere_sh_square_##level, sphere_sh_scale_##level, sphere_sh_squares_##level, sphere_sh_columns_##level }
/* The kernels of a level that sphere_simd_pick_ has allowed. */
SPHERE_INLINE_ const sphere_sh_transform_kernels_ *sphere_sh_transform_kernels_for_(sphere_simd level)
{
    static const sphere_sh_transform_kernels_ portable = SPHERE_SH_TRANSFORM_KERNELS_(c_);
#if SPHERE_AVX2_
    static const sphere_sh_transform_kernels_ avx2 = SPHERE_SH_TRANSFORM_KERNELS_(avx2_);
    if (level == SPHERE_SIMD_AVX2) return &avx2;
#endif
#if SPHERE_NEON_
    static const sphere_sh_transform_kernels_ neon = SPHERE_SH_TRANSFORM_KERNELS_(neon_);
    if (level == SPHERE_SIMD_NEON) return &neon;
#endif
    (void)level;
    return &portable;
}

/* One length of the FFT: its factors in the order of the passes, and the table of its roots of unity. */
typedef struct sphere_sh_fft_ { size_t n, passes, factor[24]; const float *turn; } sphere_sh_fft_;

/* What a plan holds besides what the caller sees. Lanes are pairs of mirrored rings, from the poles to the equator, padded to whole
   groups of two with copies of the last; a ring without its mirror image is alone in its lane. */
struct sphere_sh_plan_state_ {
    sphere_sh_degrees_ degrees;
    size_t lanes, groups, blocks, largest, row;         /* row: orders + padding, from one group to the next in the Fourier buffer */
    size_t small, giants;                               /* tables of powers of sine: 0 .. small - 1, and the multiples of small   */
    float *x, *w, *wx, *y, *power, *giant;              /* (lanes); power, giant: value and count of steps per row                */
    float *y0;                                          /* (half blocks of two groups) c = a (y0 + y) + b                         */
    int *kind;                                          /* (half blocks)                                                          */
    size_t *reach;                                      /* (blocks) orders from here on are 0                                     */
    size_t *north, *south;                              /* (lanes) rings, SIZE_MAX = none                                         */
    size_t *fft_of;                                     /* (lanes) which FFT                                                      */
    double *phi;                                        /* (lanes)                                                                */
    int *plain;                                         /* (groups) one FFT, phi 0, no aliases                                    */
    sphere_sh_fft_ *fft;
    const float *table;                                 /* columns of all orders one after the other, or NULL: made in every call */
    const size_t *table_at;
};

/* Degrees are stepped two at a time; the tables reach one degree further for the gradient. */
SPHERE_INLINE_ size_t sphere_sh_steps_(size_t degree, size_t m) { return (degree - m) / 2 + 1; }
/* Up to this degree the columns of all orders are kept in the plan. */
#define SPHERE_SH_KEPT_DEGREE_ 127u

typedef struct sphere_sh_parts_ { double *cosine, *sine, *wave, *root, *inverse, *inverse_root, *sector; uint32_t *order; sphere_sh_ring *ring; size_t *first; float *table; size_t *table_at; float *turn; struct sphere_sh_plan_state_ *state; } sphere_sh_parts_;
/* Lay everything out; state is written only when there is memory. */
static void sphere_sh_lay_out_(const sphere_sh_shape_ *shape, sphere_sh_cut_ *cut, sphere_sh_parts_ *parts)
{
    struct sphere_sh_plan_state_ none, *s;
    const size_t top = shape->degree + 1, most = shape->grid == SPHERE_SH_RINGS ? shape->rings : shape->rings / 2 + 1;
    const size_t lanes = (most + 2 * SPHERE_SH_GROUP_ - 1) / (2 * SPHERE_SH_GROUP_) * (2 * SPHERE_SH_GROUP_);
    const size_t small = shape->orders < 32 ? shape->orders + 1 : 32, giants = shape->orders / small + 1;
    size_t m, kept = 0;
    parts->state = s = (struct sphere_sh_plan_state_ *)sphere_sh_cut_off_(cut, 1, sizeof(*s));
    if (!s) s = &none;
    parts->ring = (sphere_sh_ring *)sphere_sh_cut_off_(cut, shape->rings, sizeof(*parts->ring));
    parts->first = (size_t *)sphere_sh_cut_off_(cut, shape->rings, sizeof(*parts->first));
    parts->cosine = (double *)sphere_sh_cut_off_(cut, shape->rings, sizeof(double));
    parts->sine = (double *)sphere_sh_cut_off_(cut, shape->rings, sizeof(double));
    parts->order = (uint32_t *)sphere_sh_cut_off_(cut, shape->rings, sizeof(uint32_t));
    parts->wave = NULL;
    if (shape->grid == SPHERE_SH_FEJER || shape->grid == SPHERE_SH_CLENSHAW_CURTIS || shape->grid == SPHERE_SH_DRISCOLL_HEALY)
        parts->wave = (double *)sphere_sh_cut_off_(cut, 2 * shape->rings, sizeof(double));
    parts->root = (double *)sphere_sh_cut_off_(cut, 2 * top + 16, sizeof(double));
    parts->inverse = (double *)sphere_sh_cut_off_(cut, 2 * (top / 2 + 8), sizeof(double));
    parts->inverse_root = (double *)sphere_sh_cut_off_(cut, 2 * (top / 2 + 8), sizeof(double));
    parts->sector = (double *)sphere_sh_cut_off_(cut, top + 5, sizeof(double));
    s->small = small; s->giants = giants;
    s->x = (float *)sphere_sh_cut_off_(cut, lanes, sizeof(float));
    s->w = (float *)sphere_sh_cut_off_(cut, lanes, sizeof(float));
    s->wx = (float *)sphere_sh_cut_off_(cut, lanes, sizeof(float));
    s->y = (float *)sphere_sh_cut_off_(cut, lanes, sizeof(float));
    s->power = (float *)sphere_sh_cut_off_(cut, small, 2 * lanes * sizeof(float));
    s->giant = (float *)sphere_sh_cut_off_(cut, giants, 2 * lanes * sizeof(float));
    s->y0 = (float *)sphere_sh_cut_off_(cut, lanes / SPHERE_SH_GROUP_, sizeof(float));
    s->kind = (int *)sphere_sh_cut_off_(cut, lanes / SPHERE_SH_GROUP_, sizeof(int));
    s->reach = (size_t *)sphere_sh_cut_off_(cut, lanes / SPHERE_SH_GROUP_, sizeof(size_t));
    s->plain = (int *)sphere_sh_cut_off_(cut, lanes / SPHERE_SH_GROUP_, sizeof(int));
    s->north = (size_t *)sphere_sh_cut_off_(cut, lanes, sizeof(size_t));
    s->south = (size_t *)sphere_sh_cut_off_(cut, lanes, sizeof(size_t));
    s->fft_of = (size_t *)sphere_sh_cut_off_(cut, lanes, sizeof(size_t));
    s->phi = (double *)sphere_sh_cut_off_(cut, lanes, sizeof(double));
    s->fft = (sphere_sh_fft_ *)sphere_sh_cut_off_(cut, shape->kinds, sizeof(sphere_sh_fft_));
    parts->turn = (float *)sphere_sh_cut_off_(cut, shape->turns, 2 * sizeof(float));
    parts->table = NULL; parts->table_at = NULL;
    if (shape->degree <= SPHERE_SH_KEPT_DEGREE_) {
        for (m = 0; m <= shape->orders && m <= top; m++) kept += sphere_sh_steps_(top, m);
        parts->table_at = (size_t *)sphere_sh_cut_off_(cut, shape->orders + 1, sizeof(size_t));
        parts->table = (float *)sphere_sh_cut_off_(cut, SPHERE_SH_COLUMNS_OF_ORDER_ * kept, sizeof(float));
        (void)sphere_sh_cut_off_(cut, 3 * sphere_sh_steps_(top, 0), sizeof(double));                       /* for making them */
    }
}
SPHERE_SH_API size_t sphere_sh_plan_size(size_t degree, const sphere_sh_plan_desc *desc)
{
    sphere_sh_shape_ shape;
    sphere_sh_cut_ cut = { NULL, 64 };
    sphere_sh_parts_ parts;
    if (sphere_sh_shape_init_(&shape, degree, desc)) return 0;
    sphere_sh_lay_out_(&shape, &cut, &parts);
    return cut.used == SIZE_MAX ? 0 : cut.used;
}

/* Pair the rings and fill what belongs to lanes. */
static void sphere_sh_plan_lanes_(const sphere_sh_shape_ *shape, const sphere_sh_parts_ *parts)
{
    struct sphere_sh_plan_state_ *const s = parts->state;
    const double *const cosine = parts->cosine, *const sine = parts->sine;
    size_t i, j, lane = 0, block, half;
    sphere_sh_sort_rings_(cosine, sine, parts->order, shape->rings);
    for (i = 0; i < shape->rings; i++) {
        const size_t a = parts->order[i], b = i + 1 < shape->rings ? parts->order[i + 1] : a;
        const sphere_sh_ring *const ra = parts->ring + a, *const rb = parts->ring + b;
        const int pair = b != a && (cosine[a] < 0) != (cosine[b] < 0) && sphere_sh_abs_double_(cosine[a] + cosine[b]) <= 4.5e-16
            && sphere_sh_abs_double_(sine[a] - sine[b]) <= 4.5e-16 && ra->count == rb->count && ra->phi == rb->phi
            && sphere_sh_abs_double_(ra->weight - rb->weight) <= 1e-15 * sphere_sh_abs_double_(ra->weight);
        const size_t north = pair && cosine[a] < 0 ? b : a;
        s->north[lane] = north; s->south[lane] = pair ? (north == a ? b : a) : SIZE_MAX;
        s->x[lane] = (float)cosine[north];
        s->w[lane] = (float)(parts->ring[north].weight / (double)parts->ring[north].count);
        s->wx[lane] = (float)(parts->ring[north].weight / (double)parts->ring[north].count * cosine[north]);
        s->phi[lane] = ra->phi;
        for (j = 0; s->fft[j].n != ra->count; j++) { }
        s->fft_of[lane] = j;
        i += pair ? 1 : 0; lane++;
    }
    s->lanes = (lane + 2 * SPHERE_SH_GROUP_ - 1) / (2 * SPHERE_SH_GROUP_) * (2 * SPHERE_SH_GROUP_);
    for (j = lane; j < s->lanes; j++) {
        s->north[j] = s->south[j] = SIZE_MAX; s->x[j] = s->x[lane - 1]; s->w[j] = s->wx[j] = 0; s->phi[j] = s->phi[lane - 1]; s->fft_of[j] = s->fft_of[lane - 1];
    }
    s->groups = s->lanes / SPHERE_SH_GROUP_; s->blocks = (s->groups + 3) / 4;
    for (i = 0; i < s->groups; i++) {
        s->plain[i] = 1;
        for (j = 0; j < SPHERE_SH_GROUP_; j++) {
            const size_t l = i * SPHERE_SH_GROUP_ + j;
            if (s->fft_of[l] != s->fft_of[i * SPHERE_SH_GROUP_] || s->phi[l] != 0 || s->fft[s->fft_of[l]].n < 2 * shape->orders - 1) s->plain[i] = 0;
        }
    }
    for (block = 0; block < s->blocks; block++)
        s->reach[block] = sphere_sh_reach_(shape->degree, sine[s->north[(block + 1) * SPHERE_SH_BLOCK_ < lane ? (block + 1) * SPHERE_SH_BLOCK_ - 1 : lane - 1]], SPHERE_SH_REACH_);
    for (half = 0; 2 * half < s->groups; half++) {
        const size_t begin = half * 2 * SPHERE_SH_GROUP_, end = begin + 2 * SPHERE_SH_GROUP_, last = end < lane ? end : lane;
        const size_t whole = begin / SPHERE_SH_BLOCK_ * SPHERE_SH_BLOCK_, whole_last = whole + SPHERE_SH_BLOCK_ < lane ? whole + SPHERE_SH_BLOCK_ : lane;
        const double low = sine[s->north[begin < lane ? begin : lane - 1]], high = sine[s->north[last - 1]];
        double y0 = 0;
        /* one kind for a whole block if it is narrow enough: two kinds take twice as long */
        s->kind[half] = sphere_sh_kind_(sine[s->north[whole]], sine[s->north[whole_last - 1]], SPHERE_SH_EDGE_);
        if (s->kind[half] == SPHERE_SH_MIDDLE_) s->kind[half] = sphere_sh_kind_(low, high, SPHERE_SH_EDGE_);
        if (s->kind[half] == SPHERE_SH_MIDDLE_) y0 = 1 - 0.5 * (low * low + high * high);
        s->y0[half] = (float)y0; y0 = (double)s->y0[half];
        for (j = begin; j < end; j++) {
            const size_t ring = s->north[j < lane ? j : lane - 1];
            const double x2 = cosine[ring] * cosine[ring], s2 = sine[ring] * sine[ring];
            sphere_sh_twice_ base, p = { 1, 0 };
            double count;
            int exponent = 0, e;
            s->y[j] = (float)(s->kind[half] == SPHERE_SH_POLE_ ? 0 - s2 : x2 < 0.5 ? x2 - y0 : (1 - y0) - s2);
            base.high = sine[ring]; base.low = 0;
            for (i = 0; i < s->small; i++) {
                s->power[2 * i * s->lanes + j] = (float)sphere_sh_wrap_(p.high, exponent, SPHERE_SH_SCALE_STEP_, &count);
                s->power[(2 * i + 1) * s->lanes + j] = (float)count;
                p = sphere_sh_times_(p, base, &exponent);
            }
            base = p; e = exponent; p.high = 1; p.low = 0; exponent = 0;                      /* sin^small 2^e */
            for (i = 0; i < s->giants; i++) {
                s->giant[2 * i * s->lanes + j] = (float)sphere_sh_wrap_(p.high, exponent, SPHERE_SH_SCALE_STEP_, &count);
                s->giant[(2 * i + 1) * s->lanes + j] = (float)count;
                exponent += e; p = sphere_sh_times_(p, base, &exponent);
            }
        }
    }
}
static void sphere_sh_make_columns_(const sphere_sh_transform_kernels_ *kernels, const sphere_sh_degrees_ *degrees, size_t m, size_t count, double *work, float *out)
{
    const double sector = degrees->sector[m];
    kernels->squares(degrees, m, 1, count, work);
    sphere_sh_chain_(degrees, m, count, work);
    kernels->columns(degrees, m, 0, count, work, sector * sector * ((count - 1) & 1u ? work[2 * count] : 1 / work[2 * count]), out);
}
static void sphere_sh_fft_init_(sphere_sh_fft_ *fft, size_t n, float *turn)
{
    size_t i, rest = n, p = 5;
    fft->n = n; fft->passes = 0; fft->turn = turn;
    while (rest % 4 == 0) { fft->factor[fft->passes++] = 4; rest /= 4; }
    while (rest % 2 == 0) { fft->factor[fft->passes++] = 2; rest /= 2; }
    while (rest % 3 == 0) { fft->factor[fft->passes++] = 3; rest /= 3; }
    for (; p * p <= rest; p += 2) while (rest % p == 0) { fft->factor[fft->passes++] = p; rest /= p; }
    if (rest > 1) fft->factor[fft->passes++] = rest;
    for (i = 0; i < n; i++) {
        double s, c;
        sphere_sh_sincospi_(2 * (double)i / (double)n, &s, &c);
        turn[2 * i] = (float)c; turn[2 * i + 1] = (float)s;
    }
}
SPHERE_SH_API sphere_status sphere_sh_plan_init(sphere_sh_plan *plan, size_t degree, const sphere_sh_plan_desc *desc, void *memory, size_t bytes)
{
    sphere_sh_shape_ shape;
    sphere_sh_cut_ cut = { NULL, 64 };
    sphere_sh_parts_ parts;
    const sphere_sh_transform_kernels_ *const kernels = sphere_sh_transform_kernels_for_(sphere_simd_best_());
    struct sphere_sh_plan_state_ *s;
    sphere_status status;
    size_t i, k, m, at;
    if (!plan) return SPHERE_E_NULL;
    status = sphere_sh_shape_init_(&shape, degree, desc);
    if (status) return status;
    sphere_sh_lay_out_(&shape, &cut, &parts);
    if (cut.used == SIZE_MAX) return SPHERE_E_SIZE;
    if (!memory || bytes < cut.used) return SPHERE_E_MEMORY;
    if (sphere_overlap_(memory, bytes, plan, sizeof(*plan)) || sphere_overlap_(memory, bytes, desc, sizeof(*desc))
        || (shape.grid == SPHERE_SH_RINGS && sphere_overlap_(memory, bytes, shape.rings_in, shape.rings * sizeof(*shape.rings_in)))) return SPHERE_E_OVERLAP;
    cut.at = (unsigned char *)sphere_align_(memory); cut.used = 0;
    sphere_sh_lay_out_(&shape, &cut, &parts);
    s = parts.state;
    sphere_sh_shape_rings_(&shape, parts.ring, parts.cosine, parts.sine, parts.wave);
    sphere_sh_degrees_init_(parts.root, parts.inverse, parts.inverse_root, parts.sector, degree + 1, &s->degrees);
    for (i = k = at = 0; i < shape.rings; i++) {                         /* every count that was not there before */
        for (m = 0; m < k && s->fft[m].n != parts.ring[i].count; m++) { }
        if (m == k) { sphere_sh_fft_init_(s->fft + k++, parts.ring[i].count, parts.turn + 2 * at); at += parts.ring[i].count; }
    }
    s->largest = shape.largest; s->row = shape.orders | 1u;
    sphere_sh_plan_lanes_(&shape, &parts);
    s->table = parts.table; s->table_at = parts.table_at;
    if (parts.table) for (m = at = 0; m <= shape.orders && m <= degree + 1; m++) {
        const size_t steps = sphere_sh_steps_(degree + 1, m);
        sphere_sh_make_columns_(kernels, &s->degrees, m, steps, (double *)(void *)(cut.at + cut.used - (3 * sphere_sh_steps_(degree + 1, 0) * sizeof(double) + 63) / 64 * 64), parts.table + at);
        parts.table_at[m] = at; at += SPHERE_SH_COLUMNS_OF_ORDER_ * steps;
    }
    for (i = at = 0; i < shape.rings; i++) { parts.first[i] = at; at += parts.ring[i].count; }
    plan->degree = degree; plan->orders = shape.orders; plan->rings = shape.rings; plan->coefficients = (degree + 1) * (degree + 1);
    plan->values = at; plan->ring = parts.ring; plan->first = parts.first; plan->layout = shape.layout; plan->state = s;
    return SPHERE_OK;
}
SPHERE_SH_API sphere_status sphere_sh_plan_error(const sphere_sh_plan *plan, double *error)
{
    if (!plan || !plan->state || !error) return SPHERE_E_NULL;
    *error = sphere_sh_quadrature_error_(plan->ring, plan->rings, plan->degree);
    return SPHERE_OK;
}

/* One call of a transform, shared by its tasks. */
typedef struct sphere_sh_job_ {
    const sphere_sh_plan *plan;
    const struct sphere_sh_plan_state_ *state;
    const sphere_sh_transform_kernels_ *kernels;
    const float *in[SPHERE_SH_SETS_];
    float *out[SPHERE_SH_SETS_];
    float *fourier[SPHERE_SH_SETS_];
    unsigned char *scratch;
    size_t scratch_step, sets, steps, tasks;
    int gradient;
} sphere_sh_job_;

/* Working memory of one task: the larger of the Legendre part and the FFT. */
typedef struct sphere_sh_scratch_ { double *wide; float *columns, *line, *c, *t, *d, *n, *rows, *sum, *combined, *z[2], *none; unsigned *flags; } sphere_sh_scratch_;
static size_t sphere_sh_scratch_init_(const sphere_sh_plan *plan, void *at, sphere_sh_scratch_ *w)
{
    const struct sphere_sh_plan_state_ *const s = plan->state;
    const size_t steps = sphere_sh_steps_(plan->degree + 1, 0), strip = steps < SPHERE_SH_STRIP_ ? steps : SPHERE_SH_STRIP_;
    sphere_sh_cut_ cut = { NULL, 0 };
    size_t legendre;
    cut.at = (unsigned char *)at;
    w->wide = s->table ? NULL : (double *)sphere_sh_cut_off_(&cut, 3 * steps, sizeof(double));
    w->columns = s->table ? NULL : (float *)sphere_sh_cut_off_(&cut, SPHERE_SH_COLUMNS_OF_ORDER_ * steps, sizeof(float));
    w->line = (float *)sphere_sh_cut_off_(&cut, 2 * (plan->degree + 8), sizeof(float));
    w->c = (float *)sphere_sh_cut_off_(&cut, SPHERE_SH_SETS_ * 4 * (steps + 1), sizeof(float));
    w->t = (float *)sphere_sh_cut_off_(&cut, s->lanes, sizeof(float));
    w->d = (float *)sphere_sh_cut_off_(&cut, s->lanes, sizeof(float));
    w->n = (float *)sphere_sh_cut_off_(&cut, s->lanes, sizeof(float));
    w->rows = (float *)sphere_sh_cut_off_(&cut, strip, SPHERE_SH_BLOCK_ * sizeof(float));
    w->sum = (float *)sphere_sh_cut_off_(&cut, SPHERE_SH_SETS_ * strip, 8 * SPHERE_SH_GROUP_ * sizeof(float));
    w->flags = (unsigned *)sphere_sh_cut_off_(&cut, s->blocks, sizeof(unsigned));
    legendre = cut.used; cut.used = 0;
    w->z[0] = (float *)sphere_sh_cut_off_(&cut, s->largest, SPHERE_SH_PLACE_ * sizeof(float));
    w->z[1] = (float *)sphere_sh_cut_off_(&cut, s->largest, SPHERE_SH_PLACE_ * sizeof(float));
    w->none = (float *)sphere_sh_cut_off_(&cut, s->largest, sizeof(float));
    return legendre > cut.used ? legendre : cut.used;
}
static size_t sphere_sh_fourier_size_(const sphere_sh_plan *plan)
{ return sphere_size_(plan->state->groups * plan->state->row, 4 * SPHERE_SH_GROUP_ * sizeof(float), 0); }
/* Below degree 64 a transform is shorter than waking a thread. */
static size_t sphere_sh_tasks_(const sphere_sh_plan *plan) { return plan->degree < 64 ? 1 : SPHERE_SH_TASKS_; }
SPHERE_SH_API size_t sphere_sh_transform_size(const sphere_sh_plan *plan)
{
    sphere_sh_scratch_ w;
    size_t total;
    if (!plan || !plan->state) return 0;
    total = sphere_size_(sphere_sh_scratch_init_(plan, NULL, &w), sphere_sh_tasks_(plan), 64);
    total = sphere_size_(sphere_sh_fourier_size_(plan), SPHERE_SH_SETS_, total);
    return total == SIZE_MAX ? 0 : total;
}

/* The columns of order m: kept ones, or made now. count: their length. */
static const float *sphere_sh_order_columns_(const sphere_sh_job_ *job, const sphere_sh_scratch_ *w, size_t m, size_t *count)
{
    const struct sphere_sh_plan_state_ *const s = job->state;
    const size_t steps = sphere_sh_steps_(job->plan->degree + 1, m);
    *count = steps;
    if (s->table) return s->table + s->table_at[m];
    sphere_sh_make_columns_(job->kernels, &s->degrees, m, steps, w->wide, w->columns);
    return w->columns;
}

/* The state of a block before its first degree, sin^power(theta); flags of the kernel. */
static unsigned sphere_sh_begin_block_(const sphere_sh_job_ *job, size_t block, size_t lanes, size_t power, float *t, float *d, float *n)
{
    const struct sphere_sh_plan_state_ *const s = job->state;
    const float *const a = s->power + 2 * (power % s->small) * s->lanes + block * SPHERE_SH_BLOCK_;
    const float *const b = s->giant + 2 * (power / s->small) * s->lanes + block * SPHERE_SH_BLOCK_;
    const unsigned flags = job->kernels->begin(t, n, a, a + s->lanes, b, b + s->lanes, lanes);
    size_t half;
    for (half = 0; half < lanes; half += 2 * SPHERE_SH_GROUP_) {
        if (s->kind[2 * block + (half > 0)] == SPHERE_SH_MIDDLE_) memset(d + half, 0, 2 * SPHERE_SH_GROUP_ * sizeof(*d));
        else memcpy(d + half, t + half, 2 * SPHERE_SH_GROUP_ * sizeof(*d));
    }
    return flags;
}
/* Both halves of a block at once when they are of one kind. */
static void sphere_sh_step_block_(const sphere_sh_job_ *job, size_t block, size_t lanes, float *rows, float *t, float *d, const float *columns, size_t count, size_t from, size_t steps)
{
    const struct sphere_sh_plan_state_ *const s = job->state;
    const float *const y = s->y + block * SPHERE_SH_BLOCK_, *const y0 = s->y0 + 2 * block, *const a = columns + from, *b = a + count;
    const int kind = s->kind[2 * block];
    const size_t half = 2 * SPHERE_SH_GROUP_;
    if (lanes == half || kind == s->kind[2 * block + 1]) { job->kernels->step(rows, t, d, y, y0, a, b + (size_t)kind * count, steps, lanes, kind); return; }
    job->kernels->step(rows, t, d, y, y0, a, b + (size_t)kind * count, steps, half, kind);
    job->kernels->step(rows + half, t + half, d + half, y + half, y0 + 1, a, b + (size_t)s->kind[2 * block + 1] * count, steps, half, s->kind[2 * block + 1]);
}
/* The next `steps` rows of a block. flags: 1 = some lanes are out of range, 2 = some row counts already. Returns the first row that counts. */
static size_t sphere_sh_next_rows_(const sphere_sh_job_ *job, size_t block, size_t lanes, float *rows, float *t, float *d, float *n, const float *columns, size_t count,
                                   size_t from, size_t steps, unsigned *flags)
{
    float keep[SPHERE_SH_BLOCK_];
    size_t k, part, begin = *flags & 2u ? 0 : steps;
    unsigned was;
    if (*flags == 2u) { sphere_sh_step_block_(job, block, lanes, rows, t, d, columns, count, from, steps); return 0; }
    for (k = 0; k < steps; k += part) {
        /* A step multiplies by less than a_k - 2 where the functions grow: never by more than 2^64 between two looks. */
        part = !(*flags & 1u) || columns[from + k] < 6.0f ? SPHERE_SH_STRIP_ : columns[from + k] < 18.0f ? 16 : columns[from + k] < 258.0f ? 8 : 4;
        if (part > steps - k) part = steps - k;
        sphere_sh_step_block_(job, block, lanes, rows + k * SPHERE_SH_BLOCK_, t, d, columns, count, from + k, part);
        was = *flags;
        if (was & 1u) memcpy(keep, n, lanes * sizeof(*n));
        *flags = (was & 2u) | job->kernels->rescale(t, d, n, lanes);
        if (was & 1u && *flags & 2u) job->kernels->hide(rows + k * SPHERE_SH_BLOCK_, keep, part, lanes);       /* rows that count: without what was out of range in them */
        if (begin == steps && *flags & 2u) begin = k;
    }
    return begin;
}

/* Coefficients of order m, transformed: c[k] = even re, even im, odd re, odd im. what: 0 the field, 1 d/dtheta times (for m > 0) sine, 2 d/dphi. */
static void sphere_sh_transform_in_(const sphere_sh_job_ *job, const float *in, size_t m, int what, const float *columns, size_t count, size_t steps, float *line, float *c)
{
    const size_t degree = job->plan->degree;
    const sphere_sh_degrees_ *const g = &job->state->degrees;
    const float *const even = columns + 4 * count, *const next = columns + 5 * count, *const odd = columns + 6 * count;
    float *const re = line, *const im = line + degree + 8;
    const size_t many = 2 * steps + 1;
    size_t i, l;
    if (what == 1 && m == 0) {                                           /* d P_l0/dtheta = -sqrt(l (l + 1)) P_l1, and columns are those of order 1 */
        for (i = 0; i < many; i++) { l = i + 1; re[i] = l <= degree ? (float)(-1.4142135623730951 * sphere_sh_root_(g, l) * sphere_sh_root_(g, l + 1) * (double)in[l * l + l]) : 0; im[i] = 0; }
    } else if (what == 1) {                                              /* sine dP_l/dtheta = l e_(l+1) P_(l+1) - (l + 1) e_l P_(l-1) */
        for (i = 0; i < many; i++) {
            l = m + i;
            re[i] = im[i] = 0;
            if (i && l <= degree + 1) {
                const double f = (double)(l - 1) * (sphere_sh_root_(g, l - m) * sphere_sh_root_(g, l + m) * sphere_sh_inverse_root_(g, l));
                re[i] = (float)(f * (double)in[(l - 1) * l + m]); im[i] = (float)(0 - f * (double)in[(l - 1) * l - m]);
            }
            if (l + 1 <= degree) {
                const double f = (double)(l + 2) * (sphere_sh_root_(g, l + 1 - m) * sphere_sh_root_(g, l + 1 + m) * sphere_sh_inverse_root_(g, l + 1));
                re[i] = (float)((double)re[i] - f * (double)in[(l + 1) * (l + 2) + m]); im[i] = (float)((double)im[i] + f * (double)in[(l + 1) * (l + 2) - m]);
            }
        }
    } else if (what == 0 && m) {                                         /* the most frequent case in one go; l = m + 2 i, at = l (l + 1) */
        size_t at = m * m + m;
        float r0 = in[at + m], i0 = 0 - in[at - m];
        for (i = 0, l = m; i < steps; i++, c += 4, l += 2) {
            float r1 = 0, i1 = 0, r2 = 0, i2 = 0;
            if (l + 2 <= degree) { const size_t p = at + 2 * l + 2, q = p + 2 * l + 4; r1 = in[p + m]; i1 = 0 - in[p - m]; r2 = in[q + m]; i2 = 0 - in[q - m]; at = q; }
            else if (l + 1 <= degree) { const size_t p = at + 2 * l + 2; r1 = in[p + m]; i1 = 0 - in[p - m]; }
            c[0] = SPHERE_MADD_(next[i], r2, even[i] * r0); c[1] = SPHERE_MADD_(next[i], i2, even[i] * i0);
            c[2] = odd[i] * r1; c[3] = odd[i] * i1;
            r0 = r2; i0 = i2;
        }
        return;
    } else {
        const float scale = (float)m;
        for (i = 0; i < many && m + i <= degree; i++) { l = m + i; re[i] = in[l * l + l + m]; im[i] = m ? 0 - in[l * l + l - m] : 0; }
        for (; i < many; i++) re[i] = im[i] = 0;
        if (what == 2) for (i = 0; i < many; i++) { const float r = re[i]; re[i] = 0 - scale * im[i]; im[i] = scale * r; }
    }
    for (i = 0; i < steps; i++, c += 4) {
        c[0] = SPHERE_MADD_(next[i], re[2 * i + 2], even[i] * re[2 * i]); c[1] = SPHERE_MADD_(next[i], im[2 * i + 2], even[i] * im[2 * i]);
        c[2] = odd[i] * re[2 * i + 1]; c[3] = odd[i] * im[2 * i + 1];
    }
}
/* The orders of a block that the Fourier buffer holds: what lies beyond the reach is neither written nor read. The gradient's powers are one less. */
static size_t sphere_sh_reach_of_(const sphere_sh_job_ *job, size_t block)
{
    const size_t reach = job->state->reach[block] + 1;
    return reach < job->plan->orders ? reach : job->plan->orders;
}
static void sphere_sh_synthesis_order_(const sphere_sh_job_ *job, const sphere_sh_scratch_ *w, size_t m)
{
    const struct sphere_sh_plan_state_ *const s = job->state;
    const size_t stride = s->row * 4 * SPHERE_SH_GROUP_, table = job->gradient && m == 0 ? 1 : m, power = job->gradient && m ? m - 1 : table;
    const size_t top = job->plan->degree + (job->gradient ? 1 : 0);
    size_t count, steps, block, set, k;
    const float *columns = sphere_sh_order_columns_(job, w, table, &count);
    steps = sphere_sh_steps_(top > table ? top : table, table);
    for (set = 0; set < job->sets; set++)
        sphere_sh_transform_in_(job, job->in[set], m, job->gradient ? (set == 0 ? 1 : 2) : 0, columns, count, steps, w->line, w->c + set * 4 * steps);
    for (block = 0; block < s->blocks; block++) {
        const size_t lanes = (block + 1) * SPHERE_SH_BLOCK_ <= s->lanes ? SPHERE_SH_BLOCK_ : s->lanes - block * SPHERE_SH_BLOCK_;
        const size_t at = block * 4 * stride + m * 4 * SPHERE_SH_GROUP_;
        int first = 1;
        if (power < s->reach[block]) {
            unsigned flags = sphere_sh_begin_block_(job, block, lanes, power, w->t, w->d, w->n);
            for (k = 0; k < steps; k += SPHERE_SH_STRIP_) {
                const size_t part = steps - k < SPHERE_SH_STRIP_ ? steps - k : SPHERE_SH_STRIP_;
                const size_t begin = sphere_sh_next_rows_(job, block, lanes, w->rows, w->t, w->d, w->n, columns, count, k, part, &flags);
                if (begin == part) continue;
                for (set = 0; set < job->sets; set++)
                    job->kernels->expand(job->fourier[set] + at, stride, w->rows + begin * SPHERE_SH_BLOCK_, w->c + set * 4 * steps + 4 * (k + begin), part - begin, lanes, first);
                first = 0;
            }
        }
        if (first && m < sphere_sh_reach_of_(job, block)) for (set = 0; set < job->sets; set++) for (k = 0; k < lanes / SPHERE_SH_GROUP_; k++)
            memset(job->fourier[set] + at + k * stride, 0, 4 * SPHERE_SH_GROUP_ * sizeof(float));
    }
    if (job->gradient && m == 0) for (k = 0; k < s->groups; k++) memset(job->fourier[1] + k * stride, 0, 4 * SPHERE_SH_GROUP_ * sizeof(float));
}
static void sphere_sh_analysis_order_(const sphere_sh_job_ *job, const sphere_sh_scratch_ *w, size_t m)
{
    const struct sphere_sh_plan_state_ *const s = job->state;
    const size_t stride = s->row * 4 * SPHERE_SH_GROUP_, degree = job->plan->degree, steps = sphere_sh_steps_(degree, m);
    size_t count, block, set, k, i, l, begin_block = 0;
    const float *columns = sphere_sh_order_columns_(job, w, m, &count);
    const float *const even = columns + 4 * count, *const next = columns + 5 * count, *const odd = columns + 6 * count;
    unsigned *const flags = w->flags;
    while (begin_block < s->blocks && s->reach[begin_block] <= m) begin_block++;
    for (block = begin_block; block < s->blocks; block++) {
        const size_t lanes = (block + 1) * SPHERE_SH_BLOCK_ <= s->lanes ? SPHERE_SH_BLOCK_ : s->lanes - block * SPHERE_SH_BLOCK_, o = block * SPHERE_SH_BLOCK_;
        flags[block] = sphere_sh_begin_block_(job, block, lanes, m, w->t + o, w->d + o, w->n + o);
    }
    /* Strip by strip of the degrees, so that the sums of a strip stay in the first cache while the blocks pass by. */
    for (k = 0; k < steps; k += SPHERE_SH_STRIP_) {
        const size_t part = steps - k < SPHERE_SH_STRIP_ ? steps - k : SPHERE_SH_STRIP_, sums = part * 8 * SPHERE_SH_GROUP_;
        memset(w->sum, 0, job->sets * sums * sizeof(float));
        for (block = begin_block; block < s->blocks; block++) {
            const size_t lanes = (block + 1) * SPHERE_SH_BLOCK_ <= s->lanes ? SPHERE_SH_BLOCK_ : s->lanes - block * SPHERE_SH_BLOCK_, o = block * SPHERE_SH_BLOCK_;
            const size_t begin = sphere_sh_next_rows_(job, block, lanes, w->rows, w->t + o, w->d + o, w->n + o, columns, count, k, part, flags + block);
            if (begin < part) for (set = 0; set < job->sets; set++)
                job->kernels->project(w->sum + set * sums + begin * 8 * SPHERE_SH_GROUP_, w->rows + begin * SPHERE_SH_BLOCK_,
                                      job->fourier[set] + block * 4 * stride + m * 4 * SPHERE_SH_GROUP_, stride, part - begin, lanes);
        }
        for (set = 0; set < job->sets; set++) job->kernels->combine(w->c + set * 4 * steps + 4 * k, w->sum + set * sums, part);
    }
    for (set = 0; set < job->sets; set++) {
        const float *c = w->c + set * 4 * steps;
        float *const out = job->out[set];
        for (i = 0; i < steps; i++, c += 4) {
            float re = even[i] * c[0], im = even[i] * c[1];
            if (i) { re = SPHERE_MADD_(next[i - 1], c[-4], re); im = SPHERE_MADD_(next[i - 1], c[-3], im); }
            l = m + 2 * i;
            out[l * l + l + m] = sphere_canonical_(re);
            if (m) out[l * l + l - m] = sphere_canonical_(0 - im);
            if (++l > degree) break;
            out[l * l + l + m] = sphere_canonical_(odd[i] * c[2]);
            if (m) out[l * l + l - m] = sphere_canonical_(0 - odd[i] * c[3]);
        }
    }
}
/* Tasks take every 16th handful of orders, so that they are about equally long; neighbouring orders share the cache lines of their coefficients.
   What an order gives does not depend on who computes it. Without a job system there is one task. */
static size_t sphere_sh_handful_(const sphere_sh_job_ *job) { return job->plan->degree < 127 ? 1 : job->plan->degree < 1023 ? 4 : 16; }
static void *sphere_sh_task_memory_(const sphere_sh_job_ *job, size_t task) { return job->scratch + (job->scratch_step ? task * job->scratch_step : 0); }
static void sphere_sh_synthesis_task_(void *context, size_t task)
{
    const sphere_sh_job_ *const job = (const sphere_sh_job_ *)context;
    const size_t handful = sphere_sh_handful_(job);
    sphere_sh_scratch_ w;
    size_t m, from;
    (void)sphere_sh_scratch_init_(job->plan, sphere_sh_task_memory_(job, task), &w);
    for (from = task * handful; from < job->plan->orders; from += job->tasks * handful)
        for (m = from; m < from + handful && m < job->plan->orders; m++) sphere_sh_synthesis_order_(job, &w, m);
}
static void sphere_sh_analysis_task_(void *context, size_t task)
{
    const sphere_sh_job_ *const job = (const sphere_sh_job_ *)context;
    const size_t handful = sphere_sh_handful_(job);
    sphere_sh_scratch_ w;
    size_t m, l, set, from;
    (void)sphere_sh_scratch_init_(job->plan, sphere_sh_task_memory_(job, task), &w);
    for (from = task * handful; from <= job->plan->degree; from += job->tasks * handful)
        for (m = from; m < from + handful && m <= job->plan->degree; m++) {
            if (m < job->plan->orders) sphere_sh_analysis_order_(job, &w, m);
            else for (set = 0; set < job->sets; set++) for (l = m; l <= job->plan->degree; l++) job->out[set][l * l + l + m] = job->out[set][l * l + l - m] = 0;
        }
}

/* All passes of one transform; the answer is z[0] or z[1]. */
static float *sphere_sh_fft_run_(const sphere_sh_job_ *job, const sphere_sh_fft_ *fft, float *const z[2], size_t re)
{
    size_t pass, n = fft->n, s = 1, now = 0;
    for (pass = 0; pass < fft->passes; pass++) {
        job->kernels->fft(z[1 - now], z[now], n, s, fft->factor[pass], fft->turn, re);
        n /= fft->factor[pass]; s *= fft->factor[pass]; now = 1 - now;
    }
    return z[now];
}
/* cos and sin of m phi for the lanes of a group: exact every 64 orders, in between by turning on. */
static void sphere_sh_turn_on_(double *cosine, double *sine, const double *phi, size_t m)
{
    size_t i;
    for (i = 0; i < SPHERE_SH_GROUP_; i++) {
        double c1, s1, c;
        if (m % 64 == 0) { sphere_sh_sincos_double_((double)m * phi[i], sine + i, cosine + i); continue; }
        sphere_sh_sincos_double_(phi[i], &s1, &c1);
        c = cosine[i] * c1 - sine[i] * s1; sine[i] = sine[i] * c1 + cosine[i] * s1; cosine[i] = c;
    }
}
/* join and part for rings with fewer samples than 2 orders - 1, or that do not begin at phi = 0. */
static void sphere_sh_join_any_(float *z, const float *f, const float *x, const double *phi, size_t orders, size_t n)
{
    double c[SPHERE_SH_GROUP_MOST_], s[SPHERE_SH_GROUP_MOST_];
    size_t m, i;
    memset(z, 0, n * SPHERE_SH_PLACE_ * sizeof(*z));
    for (m = 0; m < orders; m++, f += 4 * SPHERE_SH_GROUP_) {
        float *const up = z + m % n * SPHERE_SH_PLACE_, *const down = z + (n - m % n) % n * SPHERE_SH_PLACE_;
        sphere_sh_turn_on_(c, s, phi, m);
        for (i = 0; i < SPHERE_SH_GROUP_; i++) {
            const float cf = (float)c[i], sf = (float)s[i];
            const float er = f[i], ei = f[SPHERE_SH_GROUP_ + i], rr = x[i] * f[2 * SPHERE_SH_GROUP_ + i], ri = x[i] * f[3 * SPHERE_SH_GROUP_ + i];
            const float ar = er + rr, br = er - rr, ai = ei + ri, bi = ei - ri;
            const float nr = ar * cf - ai * sf, ni = ar * sf + ai * cf, sr = br * cf - bi * sf, si = br * sf + bi * cf;
            up[i] += nr - si; up[SPHERE_SH_GROUP_ + i] += sr + ni;
            if (m) { down[i] += nr + si; down[SPHERE_SH_GROUP_ + i] += sr - ni; }
        }
    }
}
static void sphere_sh_part_any_(float *f, const float *z, const float *w, const float *wx, const double *phi, const size_t *fft_of, size_t which, size_t orders, size_t n)
{
    double c[SPHERE_SH_GROUP_MOST_], s[SPHERE_SH_GROUP_MOST_];
    size_t m, i;
    for (m = 0; m < orders; m++, f += 4 * SPHERE_SH_GROUP_) {
        const float *const up = z + m % n * SPHERE_SH_PLACE_, *const down = z + (n - m % n) % n * SPHERE_SH_PLACE_;
        sphere_sh_turn_on_(c, s, phi, m);
        for (i = 0; i < SPHERE_SH_GROUP_; i++) {
            const float cf = (float)c[i], sf = (float)s[i], p = up[i], q = up[SPHERE_SH_GROUP_ + i], r = down[i], t = down[SPHERE_SH_GROUP_ + i];
            const float ar = p + r, ai = q - t, br = q + t, bi = r - p;
            const float nr = m ? ar * cf + ai * sf : p, ni = m ? ai * cf - ar * sf : 0, sr = m ? br * cf + bi * sf : q, si = m ? bi * cf - br * sf : 0;
            if (fft_of[i] != which) continue;
            f[i] = w[i] * (nr + sr); f[2 * SPHERE_SH_GROUP_ + i] = wx[i] * (nr - sr);
            f[SPHERE_SH_GROUP_ + i] = m ? w[i] * (ni + si) : 0; f[3 * SPHERE_SH_GROUP_ + i] = m ? wx[i] * (ni - si) : 0;
        }
    }
}
/* Where the rings of a group lie in a field; lanes without one, or of another FFT, go to or come from `none`. */
static void sphere_sh_ring_rows_(const sphere_sh_job_ *job, size_t group, size_t which, float *field, float *none, float **north, float **south)
{
    const struct sphere_sh_plan_state_ *const s = job->state;
    size_t i;
    for (i = 0; i < SPHERE_SH_GROUP_; i++) {
        const size_t lane = group * SPHERE_SH_GROUP_ + i;
        north[i] = s->north[lane] == SIZE_MAX || s->fft_of[lane] != which ? none : field + job->plan->first[s->north[lane]];
        south[i] = s->south[lane] == SIZE_MAX || s->fft_of[lane] != which ? none : field + job->plan->first[s->south[lane]];
    }
}
static void sphere_sh_fft_out_task_(void *context, size_t task)
{
    const sphere_sh_job_ *const job = (const sphere_sh_job_ *)context;
    const struct sphere_sh_plan_state_ *const s = job->state;
    const size_t rings = job->plan->rings;
    sphere_sh_scratch_ w;
    float *north[SPHERE_SH_GROUP_MOST_], *south[SPHERE_SH_GROUP_MOST_];
    size_t group, set, i, j, lane;
    (void)sphere_sh_scratch_init_(job->plan, sphere_sh_task_memory_(job, task), &w);
    for (group = task; group < s->groups; group += job->tasks) for (set = 0; set < job->sets; set++) {
        const float *const f = job->fourier[set] + group * s->row * 4 * SPHERE_SH_GROUP_;
        const size_t reach = sphere_sh_reach_of_(job, group / 4);
        if (!job->out[set]) continue;
        for (i = 0; i < SPHERE_SH_GROUP_; i++) {
            const size_t which = s->fft_of[group * SPHERE_SH_GROUP_ + i], n = s->fft[which].n;
            const float *z;
            if (i && (s->plain[group] || s->north[group * SPHERE_SH_GROUP_ + i] == SIZE_MAX)) break;
            for (j = 0; j < i && s->fft_of[group * SPHERE_SH_GROUP_ + j] != which; j++) { }
            if (j < i) continue;                                         /* done with an earlier lane */
            if (s->north[group * SPHERE_SH_GROUP_ + i] == SIZE_MAX) break;
            if (s->plain[group]) job->kernels->join(w.z[0], f, s->x + group * SPHERE_SH_GROUP_, reach, n);
            else sphere_sh_join_any_(w.z[0], f, s->x + group * SPHERE_SH_GROUP_, s->phi + group * SPHERE_SH_GROUP_, reach, n);
            z = sphere_sh_fft_run_(job, s->fft + which, w.z, 0);
            if (job->plan->layout == SPHERE_SH_ROWS) {
                sphere_sh_ring_rows_(job, group, which, job->out[set], w.none, north, south);
                job->kernels->rows_out(north, south, z, 0, n);
            } else for (j = 0; j < n; j++) for (lane = 0; lane < SPHERE_SH_GROUP_; lane++) {
                const size_t a = s->north[group * SPHERE_SH_GROUP_ + lane], b = s->south[group * SPHERE_SH_GROUP_ + lane];
                if (a != SIZE_MAX) job->out[set][j * rings + a] = sphere_canonical_(z[j * SPHERE_SH_PLACE_ + lane]);
                if (b != SIZE_MAX) job->out[set][j * rings + b] = sphere_canonical_(z[j * SPHERE_SH_PLACE_ + SPHERE_SH_GROUP_ + lane]);
            }
        }
    }
}
static void sphere_sh_fft_in_task_(void *context, size_t task)
{
    const sphere_sh_job_ *const job = (const sphere_sh_job_ *)context;
    const struct sphere_sh_plan_state_ *const s = job->state;
    const size_t rings = job->plan->rings;
    sphere_sh_scratch_ w;
    float *north[SPHERE_SH_GROUP_MOST_], *south[SPHERE_SH_GROUP_MOST_];
    size_t group, set, i, j, lane;
    (void)sphere_sh_scratch_init_(job->plan, sphere_sh_task_memory_(job, task), &w);
    for (group = task; group < s->groups; group += job->tasks) for (set = 0; set < job->sets; set++) {
        float *const f = job->fourier[set] + group * s->row * 4 * SPHERE_SH_GROUP_;
        const size_t o = group * SPHERE_SH_GROUP_, reach = sphere_sh_reach_of_(job, group / 4);
        if (s->north[o] == SIZE_MAX) {                                   /* a group of padding only */
            memset(f, 0, reach * 4 * SPHERE_SH_GROUP_ * sizeof(float));
            continue;
        }
        for (i = 0; i < SPHERE_SH_GROUP_; i++) {
            const size_t which = s->fft_of[o + i], n = s->fft[which].n;
            const float *z;
            if (i && s->plain[group]) break;
            for (j = 0; j < i && s->fft_of[o + j] != which; j++) { }
            if (j < i) continue;
            if (job->plan->layout == SPHERE_SH_ROWS) {
                memset(w.none, 0, n * sizeof(float));
                sphere_sh_ring_rows_(job, group, which, (float *)(uintptr_t)job->in[set], w.none, north, south);
                job->kernels->rows_in(w.z[0], (const float *const *)north, (const float *const *)south, 0, n);
            } else for (j = 0; j < n; j++) for (lane = 0; lane < SPHERE_SH_GROUP_; lane++) {
                const size_t a = s->north[o + lane], b = s->south[o + lane];
                w.z[0][j * SPHERE_SH_PLACE_ + lane] = a == SIZE_MAX ? 0 : job->in[set][j * rings + a];
                w.z[0][j * SPHERE_SH_PLACE_ + SPHERE_SH_GROUP_ + lane] = b == SIZE_MAX ? 0 : job->in[set][j * rings + b];
            }
            z = sphere_sh_fft_run_(job, s->fft + which, w.z, SPHERE_SH_GROUP_);
            if (s->plain[group]) job->kernels->part(f, z, s->w + o, s->wx + o, reach, n);
            else sphere_sh_part_any_(f, z, s->w + o, s->wx + o, s->phi + o, s->fft_of + o, which, reach, n);
        }
    }
}

/* What all transforms check, and the memory cut into pieces. */
static sphere_status sphere_sh_job_init_(sphere_sh_job_ *job, const sphere_sh_plan *plan, const float *coefficients, size_t *coefficient_stride, const float *values, const float *more,
                                         size_t *value_stride, size_t count, void *memory, size_t bytes, const sphere_exec *exec)
{
    const sphere_simd level = sphere_simd_pick_(exec);
    sphere_sh_scratch_ w;
    size_t a, b, need, i;
    sphere_sh_cut_ cut = { NULL, 0 };
    if (!plan || !plan->state) return SPHERE_E_NULL;
    if (count && (!coefficients || !values)) return SPHERE_E_NULL;
    if (!*coefficient_stride) *coefficient_stride = plan->coefficients;
    if (!*value_stride) *value_stride = plan->values;
    if (*coefficient_stride < plan->coefficients || *value_stride < plan->values) return SPHERE_E_RANGE;
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    a = sphere_size_(sphere_size_(count, *coefficient_stride, 0), sizeof(float), 0); b = sphere_size_(sphere_size_(count, *value_stride, 0), sizeof(float), 0);
    if (a == SIZE_MAX || b == SIZE_MAX) return SPHERE_E_SIZE;
    need = sphere_sh_transform_size(plan);
    if (!need) return SPHERE_E_SIZE;
    if (count && (!memory || bytes < need)) return SPHERE_E_MEMORY;
    if (count && (sphere_overlap_(coefficients, a, values, b) || sphere_overlap_(coefficients, a, more, b) || sphere_overlap_(values, b, more, b)
        || sphere_overlap_(memory, bytes, coefficients, a) || sphere_overlap_(memory, bytes, values, b) || sphere_overlap_(memory, bytes, more, b))) return SPHERE_E_OVERLAP;
    memset(job, 0, sizeof(*job));
    if (!count) return SPHERE_OK;
    job->plan = plan; job->state = plan->state; job->kernels = sphere_sh_transform_kernels_for_(level);
    cut.at = (unsigned char *)sphere_align_(memory);
    for (i = 0; i < SPHERE_SH_SETS_; i++) job->fourier[i] = (float *)sphere_sh_cut_off_(&cut, sphere_sh_fourier_size_(plan), 1);
    job->scratch = cut.at + cut.used;
    job->scratch_step = exec && exec->parallel.run ? sphere_sh_scratch_init_(plan, NULL, &w) : 0;
    return SPHERE_OK;
}
static void sphere_sh_run_(sphere_sh_job_ *job, size_t tasks, void (*task)(void *context, size_t index), const sphere_exec *exec)
{
    const size_t most = sphere_sh_tasks_(job->plan);
    job->tasks = job->scratch_step == 0 ? 1 : tasks < most ? tasks : most;
    sphere_parallel_(exec, job->tasks, task, job);
}
SPHERE_SH_API sphere_status sphere_sh_synthesis(const sphere_sh_plan *plan, const float *coefficients, size_t coefficient_stride,
                                                float *values, size_t value_stride, size_t count, void *memory, size_t bytes, const sphere_exec *exec)
{
    sphere_sh_job_ job;
    size_t i, j;
    const sphere_status status = sphere_sh_job_init_(&job, plan, coefficients, &coefficient_stride, values, NULL, &value_stride, count, memory, bytes, exec);
    if (status) return status;
    for (i = 0; i < count; i += job.sets) {
        job.sets = count - i < SPHERE_SH_SETS_ ? count - i : SPHERE_SH_SETS_;
        for (j = 0; j < job.sets; j++) { job.in[j] = coefficients + (i + j) * coefficient_stride; job.out[j] = values + (i + j) * value_stride; }
        sphere_sh_run_(&job, plan->orders, sphere_sh_synthesis_task_, exec);
        sphere_sh_run_(&job, plan->state->groups, sphere_sh_fft_out_task_, exec);
    }
    return SPHERE_OK;
}
SPHERE_SH_API sphere_status sphere_sh_analysis(const sphere_sh_plan *plan, const float *values, size_t value_stride,
                                               float *coefficients, size_t coefficient_stride, size_t count, void *memory, size_t bytes, const sphere_exec *exec)
{
    sphere_sh_job_ job;
    size_t i, j;
    const sphere_status status = sphere_sh_job_init_(&job, plan, coefficients, &coefficient_stride, values, NULL, &value_stride, count, memory, bytes, exec);
    if (status) return status;
    for (i = 0; i < count; i += job.sets) {
        job.sets = count - i < SPHERE_SH_SETS_ ? count - i : SPHERE_SH_SETS_;
        for (j = 0; j < job.sets; j++) { job.in[j] = values + (i + j) * value_stride; job.out[j] = coefficients + (i + j) * coefficient_stride; }
        sphere_sh_run_(&job, plan->state->groups, sphere_sh_fft_in_task_, exec);
        sphere_sh_run_(&job, plan->degree + 1, sphere_sh_analysis_task_, exec);
    }
    return SPHERE_OK;
}
SPHERE_SH_API sphere_status sphere_sh_gradient_synthesis(const sphere_sh_plan *plan, const float *coefficients, size_t coefficient_stride,
                                                         float *theta_part, float *phi_part, size_t value_stride, size_t count,
                                                         void *memory, size_t bytes, const sphere_exec *exec)
{
    sphere_sh_job_ job;
    size_t i;
    const sphere_status status = sphere_sh_job_init_(&job, plan, coefficients, &coefficient_stride, theta_part ? theta_part : phi_part,
                                                     theta_part ? phi_part : NULL, &value_stride, count, memory, bytes, exec);
    if (status) return status;
    for (i = 0; i < count; i++) {
        job.sets = 2; job.gradient = 1;
        job.in[0] = job.in[1] = coefficients + i * coefficient_stride;
        job.out[0] = theta_part ? theta_part + i * value_stride : NULL;
        job.out[1] = phi_part ? phi_part + i * value_stride : NULL;
        sphere_sh_run_(&job, plan->orders, sphere_sh_synthesis_task_, exec);
        sphere_sh_run_(&job, plan->state->groups, sphere_sh_fft_out_task_, exec);
    }
    return SPHERE_OK;
}
/* sphere-sh float end transform-impl */
/* sphere-sh double begin transform-impl: made from the float section by tests/double.py, do not edit */
/* The kernels of one level. A new kernel is one block above, one member here and one call in tests/levels_sh_transform.c. */
typedef struct sphere_shd_transform_kernels_ {
    unsigned (*begin)(double *t, double *n, const double *a, const double *an, const double *b, const double *bn, size_t lanes);
    unsigned (*rescale)(double *t, double *d, double *n, size_t lanes);
    void (*hide)(double *rows, const double *n, size_t steps, size_t lanes);
    void (*step)(double *rows, double *t, double *d, const double *y, const double *y0, const double *a, const double *b, size_t steps, size_t lanes, int kind);
    void (*expand)(double *out, size_t stride, const double *rows, const double *c, size_t steps, size_t lanes, int first);
    void (*project)(double *sum, const double *rows, const double *in, size_t stride, size_t steps, size_t lanes);
    void (*combine)(double *out, double *sum, size_t steps);
    void (*join)(double *z, const double *f, const double *x, size_t orders, size_t n);
    void (*part)(double *f, const double *z, const double *w, const double *wx, size_t orders, size_t n);
    void (*rows_out)(double *const *north, double *const *south, const double *z, size_t from, size_t n);
    void (*rows_in)(double *z, const double *const *north, const double *const *south, size_t from, size_t n);
    void (*fft)(double *out, const double *in, size_t n, size_t s, size_t r, const double *turn, size_t re);
    double (*square)(double *values, size_t n);
    double (*scale)(double *values, size_t n, double factor);
    void (*squares)(const sphere_sh_degrees_ *degrees, size_t m, size_t from, size_t count, double *work);
    void (*columns)(const sphere_sh_degrees_ *degrees, size_t m, size_t from, size_t count, const double *work, double scale, double *out);
} sphere_shd_transform_kernels_;
#define SPHERE_SHD_TRANSFORM_KERNELS_(level) { sphere_shd_begin_##level, sphere_shd_rescale_##level, sphere_shd_hide_##level, sphere_shd_step_##level, \
    sphere_shd_expand_##level, sphere_shd_project_##level, sphere_shd_combine_##level, sphere_shd_join_##level, sphere_shd_part_##level, \
    sphere_shd_rows_out_##level, sphere_shd_rows_in_##level, sphere_shd_fft_##level, \
    sphere_shd_square_##level, sphere_shd_scale_##level, sphere_sh_squares_##level, sphere_shd_columns_##level }
/* The kernels of a level that sphere_simd_pick_ has allowed. */
SPHERE_INLINE_ const sphere_shd_transform_kernels_ *sphere_shd_transform_kernels_for_(sphere_simd level)
{
    static const sphere_shd_transform_kernels_ portable = SPHERE_SHD_TRANSFORM_KERNELS_(c_);
#if SPHERE_AVX2_
    static const sphere_shd_transform_kernels_ avx2 = SPHERE_SHD_TRANSFORM_KERNELS_(avx2_);
    if (level == SPHERE_SIMD_AVX2) return &avx2;
#endif
#if SPHERE_NEON_
    static const sphere_shd_transform_kernels_ neon = SPHERE_SHD_TRANSFORM_KERNELS_(neon_);
    if (level == SPHERE_SIMD_NEON) return &neon;
#endif
    (void)level;
    return &portable;
}

/* One length of the FFT: its factors in the order of the passes, and the table of its roots of unity. */
typedef struct sphere_shd_fft_ { size_t n, passes, factor[24]; const double *turn; } sphere_shd_fft_;

/* What a plan holds besides what the caller sees. Lanes are pairs of mirrored rings, from the poles to the equator, padded to whole
   groups of two with copies of the last; a ring without its mirror image is alone in its lane. */
struct sphere_shd_plan_state_ {
    sphere_sh_degrees_ degrees;
    size_t lanes, groups, blocks, largest, row;         /* row: orders + padding, from one group to the next in the Fourier buffer */
    size_t small, giants;                               /* tables of powers of sine: 0 .. small - 1, and the multiples of small   */
    double *x, *w, *wx, *y, *power, *giant;              /* (lanes); power, giant: value and count of steps per row                */
    double *y0;                                          /* (half blocks of two groups) c = a (y0 + y) + b                         */
    int *kind;                                          /* (half blocks)                                                          */
    size_t *reach;                                      /* (blocks) orders from here on are 0                                     */
    size_t *north, *south;                              /* (lanes) rings, SIZE_MAX = none                                         */
    size_t *fft_of;                                     /* (lanes) which FFT                                                      */
    double *phi;                                        /* (lanes)                                                                */
    int *plain;                                         /* (groups) one FFT, phi 0, no aliases                                    */
    sphere_shd_fft_ *fft;
    const double *table;                                 /* columns of all orders one after the other, or NULL: made in every call */
    const size_t *table_at;
};

/* Degrees are stepped two at a time; the tables reach one degree further for the gradient. */
SPHERE_INLINE_ size_t sphere_shd_steps_(size_t degree, size_t m) { return (degree - m) / 2 + 1; }
/* Up to this degree the columns of all orders are kept in the plan. */
#define SPHERE_SHD_KEPT_DEGREE_ 127u

typedef struct sphere_shd_parts_ { double *cosine, *sine, *wave, *root, *inverse, *inverse_root, *sector; uint32_t *order; sphere_sh_ring *ring; size_t *first; double *table; size_t *table_at; double *turn; struct sphere_shd_plan_state_ *state; } sphere_shd_parts_;
/* Lay everything out; state is written only when there is memory. */
static void sphere_shd_lay_out_(const sphere_sh_shape_ *shape, sphere_sh_cut_ *cut, sphere_shd_parts_ *parts)
{
    struct sphere_shd_plan_state_ none, *s;
    const size_t top = shape->degree + 1, most = shape->grid == SPHERE_SH_RINGS ? shape->rings : shape->rings / 2 + 1;
    const size_t lanes = (most + 2 * SPHERE_SHD_GROUP_ - 1) / (2 * SPHERE_SHD_GROUP_) * (2 * SPHERE_SHD_GROUP_);
    const size_t small = shape->orders < 32 ? shape->orders + 1 : 32, giants = shape->orders / small + 1;
    size_t m, kept = 0;
    parts->state = s = (struct sphere_shd_plan_state_ *)sphere_sh_cut_off_(cut, 1, sizeof(*s));
    if (!s) s = &none;
    parts->ring = (sphere_sh_ring *)sphere_sh_cut_off_(cut, shape->rings, sizeof(*parts->ring));
    parts->first = (size_t *)sphere_sh_cut_off_(cut, shape->rings, sizeof(*parts->first));
    parts->cosine = (double *)sphere_sh_cut_off_(cut, shape->rings, sizeof(double));
    parts->sine = (double *)sphere_sh_cut_off_(cut, shape->rings, sizeof(double));
    parts->order = (uint32_t *)sphere_sh_cut_off_(cut, shape->rings, sizeof(uint32_t));
    parts->wave = NULL;
    if (shape->grid == SPHERE_SH_FEJER || shape->grid == SPHERE_SH_CLENSHAW_CURTIS || shape->grid == SPHERE_SH_DRISCOLL_HEALY)
        parts->wave = (double *)sphere_sh_cut_off_(cut, 2 * shape->rings, sizeof(double));
    parts->root = (double *)sphere_sh_cut_off_(cut, 2 * top + 16, sizeof(double));
    parts->inverse = (double *)sphere_sh_cut_off_(cut, 2 * (top / 2 + 8), sizeof(double));
    parts->inverse_root = (double *)sphere_sh_cut_off_(cut, 2 * (top / 2 + 8), sizeof(double));
    parts->sector = (double *)sphere_sh_cut_off_(cut, top + 5, sizeof(double));
    s->small = small; s->giants = giants;
    s->x = (double *)sphere_sh_cut_off_(cut, lanes, sizeof(double));
    s->w = (double *)sphere_sh_cut_off_(cut, lanes, sizeof(double));
    s->wx = (double *)sphere_sh_cut_off_(cut, lanes, sizeof(double));
    s->y = (double *)sphere_sh_cut_off_(cut, lanes, sizeof(double));
    s->power = (double *)sphere_sh_cut_off_(cut, small, 2 * lanes * sizeof(double));
    s->giant = (double *)sphere_sh_cut_off_(cut, giants, 2 * lanes * sizeof(double));
    s->y0 = (double *)sphere_sh_cut_off_(cut, lanes / SPHERE_SHD_GROUP_, sizeof(double));
    s->kind = (int *)sphere_sh_cut_off_(cut, lanes / SPHERE_SHD_GROUP_, sizeof(int));
    s->reach = (size_t *)sphere_sh_cut_off_(cut, lanes / SPHERE_SHD_GROUP_, sizeof(size_t));
    s->plain = (int *)sphere_sh_cut_off_(cut, lanes / SPHERE_SHD_GROUP_, sizeof(int));
    s->north = (size_t *)sphere_sh_cut_off_(cut, lanes, sizeof(size_t));
    s->south = (size_t *)sphere_sh_cut_off_(cut, lanes, sizeof(size_t));
    s->fft_of = (size_t *)sphere_sh_cut_off_(cut, lanes, sizeof(size_t));
    s->phi = (double *)sphere_sh_cut_off_(cut, lanes, sizeof(double));
    s->fft = (sphere_shd_fft_ *)sphere_sh_cut_off_(cut, shape->kinds, sizeof(sphere_shd_fft_));
    parts->turn = (double *)sphere_sh_cut_off_(cut, shape->turns, 2 * sizeof(double));
    parts->table = NULL; parts->table_at = NULL;
    if (shape->degree <= SPHERE_SHD_KEPT_DEGREE_) {
        for (m = 0; m <= shape->orders && m <= top; m++) kept += sphere_shd_steps_(top, m);
        parts->table_at = (size_t *)sphere_sh_cut_off_(cut, shape->orders + 1, sizeof(size_t));
        parts->table = (double *)sphere_sh_cut_off_(cut, SPHERE_SH_COLUMNS_OF_ORDER_ * kept, sizeof(double));
        (void)sphere_sh_cut_off_(cut, 3 * sphere_shd_steps_(top, 0), sizeof(double));                       /* for making them */
    }
}
SPHERE_SH_API size_t sphere_shd_plan_size(size_t degree, const sphere_sh_plan_desc *desc)
{
    sphere_sh_shape_ shape;
    sphere_sh_cut_ cut = { NULL, 64 };
    sphere_shd_parts_ parts;
    if (sphere_sh_shape_init_(&shape, degree, desc)) return 0;
    sphere_shd_lay_out_(&shape, &cut, &parts);
    return cut.used == SIZE_MAX ? 0 : cut.used;
}

/* Pair the rings and fill what belongs to lanes. */
static void sphere_shd_plan_lanes_(const sphere_sh_shape_ *shape, const sphere_shd_parts_ *parts)
{
    struct sphere_shd_plan_state_ *const s = parts->state;
    const double *const cosine = parts->cosine, *const sine = parts->sine;
    size_t i, j, lane = 0, block, half;
    sphere_sh_sort_rings_(cosine, sine, parts->order, shape->rings);
    for (i = 0; i < shape->rings; i++) {
        const size_t a = parts->order[i], b = i + 1 < shape->rings ? parts->order[i + 1] : a;
        const sphere_sh_ring *const ra = parts->ring + a, *const rb = parts->ring + b;
        const int pair = b != a && (cosine[a] < 0) != (cosine[b] < 0) && sphere_sh_abs_double_(cosine[a] + cosine[b]) <= 4.5e-16
            && sphere_sh_abs_double_(sine[a] - sine[b]) <= 4.5e-16 && ra->count == rb->count && ra->phi == rb->phi
            && sphere_sh_abs_double_(ra->weight - rb->weight) <= 1e-15 * sphere_sh_abs_double_(ra->weight);
        const size_t north = pair && cosine[a] < 0 ? b : a;
        s->north[lane] = north; s->south[lane] = pair ? (north == a ? b : a) : SIZE_MAX;
        s->x[lane] = (double)cosine[north];
        s->w[lane] = (double)(parts->ring[north].weight / (double)parts->ring[north].count);
        s->wx[lane] = (double)(parts->ring[north].weight / (double)parts->ring[north].count * cosine[north]);
        s->phi[lane] = ra->phi;
        for (j = 0; s->fft[j].n != ra->count; j++) { }
        s->fft_of[lane] = j;
        i += pair ? 1 : 0; lane++;
    }
    s->lanes = (lane + 2 * SPHERE_SHD_GROUP_ - 1) / (2 * SPHERE_SHD_GROUP_) * (2 * SPHERE_SHD_GROUP_);
    for (j = lane; j < s->lanes; j++) {
        s->north[j] = s->south[j] = SIZE_MAX; s->x[j] = s->x[lane - 1]; s->w[j] = s->wx[j] = 0; s->phi[j] = s->phi[lane - 1]; s->fft_of[j] = s->fft_of[lane - 1];
    }
    s->groups = s->lanes / SPHERE_SHD_GROUP_; s->blocks = (s->groups + 3) / 4;
    for (i = 0; i < s->groups; i++) {
        s->plain[i] = 1;
        for (j = 0; j < SPHERE_SHD_GROUP_; j++) {
            const size_t l = i * SPHERE_SHD_GROUP_ + j;
            if (s->fft_of[l] != s->fft_of[i * SPHERE_SHD_GROUP_] || s->phi[l] != 0 || s->fft[s->fft_of[l]].n < 2 * shape->orders - 1) s->plain[i] = 0;
        }
    }
    for (block = 0; block < s->blocks; block++)
        s->reach[block] = sphere_sh_reach_(shape->degree, sine[s->north[(block + 1) * SPHERE_SHD_BLOCK_ < lane ? (block + 1) * SPHERE_SHD_BLOCK_ - 1 : lane - 1]], SPHERE_SHD_REACH_);
    for (half = 0; 2 * half < s->groups; half++) {
        const size_t begin = half * 2 * SPHERE_SHD_GROUP_, end = begin + 2 * SPHERE_SHD_GROUP_, last = end < lane ? end : lane;
        const size_t whole = begin / SPHERE_SHD_BLOCK_ * SPHERE_SHD_BLOCK_, whole_last = whole + SPHERE_SHD_BLOCK_ < lane ? whole + SPHERE_SHD_BLOCK_ : lane;
        const double low = sine[s->north[begin < lane ? begin : lane - 1]], high = sine[s->north[last - 1]];
        double y0 = 0;
        /* one kind for a whole block if it is narrow enough: two kinds take twice as long */
        s->kind[half] = sphere_sh_kind_(sine[s->north[whole]], sine[s->north[whole_last - 1]], SPHERE_SHD_EDGE_);
        if (s->kind[half] == SPHERE_SH_MIDDLE_) s->kind[half] = sphere_sh_kind_(low, high, SPHERE_SHD_EDGE_);
        if (s->kind[half] == SPHERE_SH_MIDDLE_) y0 = 1 - 0.5 * (low * low + high * high);
        s->y0[half] = (double)y0; y0 = (double)s->y0[half];
        for (j = begin; j < end; j++) {
            const size_t ring = s->north[j < lane ? j : lane - 1];
            const double x2 = cosine[ring] * cosine[ring], s2 = sine[ring] * sine[ring];
            sphere_sh_twice_ base, p = { 1, 0 };
            double count;
            int exponent = 0, e;
            s->y[j] = (double)(s->kind[half] == SPHERE_SH_POLE_ ? 0 - s2 : x2 < 0.5 ? x2 - y0 : (1 - y0) - s2);
            base.high = sine[ring]; base.low = 0;
            for (i = 0; i < s->small; i++) {
                s->power[2 * i * s->lanes + j] = (double)sphere_sh_wrap_(p.high, exponent, SPHERE_SHD_SCALE_STEP_, &count);
                s->power[(2 * i + 1) * s->lanes + j] = (double)count;
                p = sphere_sh_times_(p, base, &exponent);
            }
            base = p; e = exponent; p.high = 1; p.low = 0; exponent = 0;                      /* sin^small 2^e */
            for (i = 0; i < s->giants; i++) {
                s->giant[2 * i * s->lanes + j] = (double)sphere_sh_wrap_(p.high, exponent, SPHERE_SHD_SCALE_STEP_, &count);
                s->giant[(2 * i + 1) * s->lanes + j] = (double)count;
                exponent += e; p = sphere_sh_times_(p, base, &exponent);
            }
        }
    }
}
static void sphere_shd_make_columns_(const sphere_shd_transform_kernels_ *kernels, const sphere_sh_degrees_ *degrees, size_t m, size_t count, double *work, double *out)
{
    const double sector = degrees->sector[m];
    kernels->squares(degrees, m, 1, count, work);
    sphere_sh_chain_(degrees, m, count, work);
    kernels->columns(degrees, m, 0, count, work, sector * sector * ((count - 1) & 1u ? work[2 * count] : 1 / work[2 * count]), out);
}
static void sphere_shd_fft_init_(sphere_shd_fft_ *fft, size_t n, double *turn)
{
    size_t i, rest = n, p = 5;
    fft->n = n; fft->passes = 0; fft->turn = turn;
    while (rest % 4 == 0) { fft->factor[fft->passes++] = 4; rest /= 4; }
    while (rest % 2 == 0) { fft->factor[fft->passes++] = 2; rest /= 2; }
    while (rest % 3 == 0) { fft->factor[fft->passes++] = 3; rest /= 3; }
    for (; p * p <= rest; p += 2) while (rest % p == 0) { fft->factor[fft->passes++] = p; rest /= p; }
    if (rest > 1) fft->factor[fft->passes++] = rest;
    for (i = 0; i < n; i++) {
        double s, c;
        sphere_sh_sincospi_(2 * (double)i / (double)n, &s, &c);
        turn[2 * i] = (double)c; turn[2 * i + 1] = (double)s;
    }
}
SPHERE_SH_API sphere_status sphere_shd_plan_init(sphere_shd_plan *plan, size_t degree, const sphere_sh_plan_desc *desc, void *memory, size_t bytes)
{
    sphere_sh_shape_ shape;
    sphere_sh_cut_ cut = { NULL, 64 };
    sphere_shd_parts_ parts;
    const sphere_shd_transform_kernels_ *const kernels = sphere_shd_transform_kernels_for_(sphere_simd_best_());
    struct sphere_shd_plan_state_ *s;
    sphere_status status;
    size_t i, k, m, at;
    if (!plan) return SPHERE_E_NULL;
    status = sphere_sh_shape_init_(&shape, degree, desc);
    if (status) return status;
    sphere_shd_lay_out_(&shape, &cut, &parts);
    if (cut.used == SIZE_MAX) return SPHERE_E_SIZE;
    if (!memory || bytes < cut.used) return SPHERE_E_MEMORY;
    if (sphere_overlap_(memory, bytes, plan, sizeof(*plan)) || sphere_overlap_(memory, bytes, desc, sizeof(*desc))
        || (shape.grid == SPHERE_SH_RINGS && sphere_overlap_(memory, bytes, shape.rings_in, shape.rings * sizeof(*shape.rings_in)))) return SPHERE_E_OVERLAP;
    cut.at = (unsigned char *)sphere_align_(memory); cut.used = 0;
    sphere_shd_lay_out_(&shape, &cut, &parts);
    s = parts.state;
    sphere_sh_shape_rings_(&shape, parts.ring, parts.cosine, parts.sine, parts.wave);
    sphere_sh_degrees_init_(parts.root, parts.inverse, parts.inverse_root, parts.sector, degree + 1, &s->degrees);
    for (i = k = at = 0; i < shape.rings; i++) {                         /* every count that was not there before */
        for (m = 0; m < k && s->fft[m].n != parts.ring[i].count; m++) { }
        if (m == k) { sphere_shd_fft_init_(s->fft + k++, parts.ring[i].count, parts.turn + 2 * at); at += parts.ring[i].count; }
    }
    s->largest = shape.largest; s->row = shape.orders | 1u;
    sphere_shd_plan_lanes_(&shape, &parts);
    s->table = parts.table; s->table_at = parts.table_at;
    if (parts.table) for (m = at = 0; m <= shape.orders && m <= degree + 1; m++) {
        const size_t steps = sphere_shd_steps_(degree + 1, m);
        sphere_shd_make_columns_(kernels, &s->degrees, m, steps, (double *)(void *)(cut.at + cut.used - (3 * sphere_shd_steps_(degree + 1, 0) * sizeof(double) + 63) / 64 * 64), parts.table + at);
        parts.table_at[m] = at; at += SPHERE_SH_COLUMNS_OF_ORDER_ * steps;
    }
    for (i = at = 0; i < shape.rings; i++) { parts.first[i] = at; at += parts.ring[i].count; }
    plan->degree = degree; plan->orders = shape.orders; plan->rings = shape.rings; plan->coefficients = (degree + 1) * (degree + 1);
    plan->values = at; plan->ring = parts.ring; plan->first = parts.first; plan->layout = shape.layout; plan->state = s;
    return SPHERE_OK;
}
SPHERE_SH_API sphere_status sphere_shd_plan_error(const sphere_shd_plan *plan, double *error)
{
    if (!plan || !plan->state || !error) return SPHERE_E_NULL;
    *error = sphere_sh_quadrature_error_(plan->ring, plan->rings, plan->degree);
    return SPHERE_OK;
}

/* One call of a transform, shared by its tasks. */
typedef struct sphere_shd_job_ {
    const sphere_shd_plan *plan;
    const struct sphere_shd_plan_state_ *state;
    const sphere_shd_transform_kernels_ *kernels;
    const double *in[SPHERE_SH_SETS_];
    double *out[SPHERE_SH_SETS_];
    double *fourier[SPHERE_SH_SETS_];
    unsigned char *scratch;
    size_t scratch_step, sets, steps, tasks;
    int gradient;
} sphere_shd_job_;

/* Working memory of one task: the larger of the Legendre part and the FFT. */
typedef struct sphere_shd_scratch_ { double *wide; double *columns, *line, *c, *t, *d, *n, *rows, *sum, *combined, *z[2], *none; unsigned *flags; } sphere_shd_scratch_;
static size_t sphere_shd_scratch_init_(const sphere_shd_plan *plan, void *at, sphere_shd_scratch_ *w)
{
    const struct sphere_shd_plan_state_ *const s = plan->state;
    const size_t steps = sphere_shd_steps_(plan->degree + 1, 0), strip = steps < SPHERE_SH_STRIP_ ? steps : SPHERE_SH_STRIP_;
    sphere_sh_cut_ cut = { NULL, 0 };
    size_t legendre;
    cut.at = (unsigned char *)at;
    w->wide = s->table ? NULL : (double *)sphere_sh_cut_off_(&cut, 3 * steps, sizeof(double));
    w->columns = s->table ? NULL : (double *)sphere_sh_cut_off_(&cut, SPHERE_SH_COLUMNS_OF_ORDER_ * steps, sizeof(double));
    w->line = (double *)sphere_sh_cut_off_(&cut, 2 * (plan->degree + 8), sizeof(double));
    w->c = (double *)sphere_sh_cut_off_(&cut, SPHERE_SH_SETS_ * 4 * (steps + 1), sizeof(double));
    w->t = (double *)sphere_sh_cut_off_(&cut, s->lanes, sizeof(double));
    w->d = (double *)sphere_sh_cut_off_(&cut, s->lanes, sizeof(double));
    w->n = (double *)sphere_sh_cut_off_(&cut, s->lanes, sizeof(double));
    w->rows = (double *)sphere_sh_cut_off_(&cut, strip, SPHERE_SHD_BLOCK_ * sizeof(double));
    w->sum = (double *)sphere_sh_cut_off_(&cut, SPHERE_SH_SETS_ * strip, 8 * SPHERE_SHD_GROUP_ * sizeof(double));
    w->flags = (unsigned *)sphere_sh_cut_off_(&cut, s->blocks, sizeof(unsigned));
    legendre = cut.used; cut.used = 0;
    w->z[0] = (double *)sphere_sh_cut_off_(&cut, s->largest, SPHERE_SHD_PLACE_ * sizeof(double));
    w->z[1] = (double *)sphere_sh_cut_off_(&cut, s->largest, SPHERE_SHD_PLACE_ * sizeof(double));
    w->none = (double *)sphere_sh_cut_off_(&cut, s->largest, sizeof(double));
    return legendre > cut.used ? legendre : cut.used;
}
static size_t sphere_shd_fourier_size_(const sphere_shd_plan *plan)
{ return sphere_size_(plan->state->groups * plan->state->row, 4 * SPHERE_SHD_GROUP_ * sizeof(double), 0); }
/* Below degree 64 a transform is shorter than waking a thread. */
static size_t sphere_shd_tasks_(const sphere_shd_plan *plan) { return plan->degree < 64 ? 1 : SPHERE_SH_TASKS_; }
SPHERE_SH_API size_t sphere_shd_transform_size(const sphere_shd_plan *plan)
{
    sphere_shd_scratch_ w;
    size_t total;
    if (!plan || !plan->state) return 0;
    total = sphere_size_(sphere_shd_scratch_init_(plan, NULL, &w), sphere_shd_tasks_(plan), 64);
    total = sphere_size_(sphere_shd_fourier_size_(plan), SPHERE_SH_SETS_, total);
    return total == SIZE_MAX ? 0 : total;
}

/* The columns of order m: kept ones, or made now. count: their length. */
static const double *sphere_shd_order_columns_(const sphere_shd_job_ *job, const sphere_shd_scratch_ *w, size_t m, size_t *count)
{
    const struct sphere_shd_plan_state_ *const s = job->state;
    const size_t steps = sphere_shd_steps_(job->plan->degree + 1, m);
    *count = steps;
    if (s->table) return s->table + s->table_at[m];
    sphere_shd_make_columns_(job->kernels, &s->degrees, m, steps, w->wide, w->columns);
    return w->columns;
}

/* The state of a block before its first degree, sin^power(theta); flags of the kernel. */
static unsigned sphere_shd_begin_block_(const sphere_shd_job_ *job, size_t block, size_t lanes, size_t power, double *t, double *d, double *n)
{
    const struct sphere_shd_plan_state_ *const s = job->state;
    const double *const a = s->power + 2 * (power % s->small) * s->lanes + block * SPHERE_SHD_BLOCK_;
    const double *const b = s->giant + 2 * (power / s->small) * s->lanes + block * SPHERE_SHD_BLOCK_;
    const unsigned flags = job->kernels->begin(t, n, a, a + s->lanes, b, b + s->lanes, lanes);
    size_t half;
    for (half = 0; half < lanes; half += 2 * SPHERE_SHD_GROUP_) {
        if (s->kind[2 * block + (half > 0)] == SPHERE_SH_MIDDLE_) memset(d + half, 0, 2 * SPHERE_SHD_GROUP_ * sizeof(*d));
        else memcpy(d + half, t + half, 2 * SPHERE_SHD_GROUP_ * sizeof(*d));
    }
    return flags;
}
/* Both halves of a block at once when they are of one kind. */
static void sphere_shd_step_block_(const sphere_shd_job_ *job, size_t block, size_t lanes, double *rows, double *t, double *d, const double *columns, size_t count, size_t from, size_t steps)
{
    const struct sphere_shd_plan_state_ *const s = job->state;
    const double *const y = s->y + block * SPHERE_SHD_BLOCK_, *const y0 = s->y0 + 2 * block, *const a = columns + from, *b = a + count;
    const int kind = s->kind[2 * block];
    const size_t half = 2 * SPHERE_SHD_GROUP_;
    if (lanes == half || kind == s->kind[2 * block + 1]) { job->kernels->step(rows, t, d, y, y0, a, b + (size_t)kind * count, steps, lanes, kind); return; }
    job->kernels->step(rows, t, d, y, y0, a, b + (size_t)kind * count, steps, half, kind);
    job->kernels->step(rows + half, t + half, d + half, y + half, y0 + 1, a, b + (size_t)s->kind[2 * block + 1] * count, steps, half, s->kind[2 * block + 1]);
}
/* The next `steps` rows of a block. flags: 1 = some lanes are out of range, 2 = some row counts already. Returns the first row that counts. */
static size_t sphere_shd_next_rows_(const sphere_shd_job_ *job, size_t block, size_t lanes, double *rows, double *t, double *d, double *n, const double *columns, size_t count,
                                   size_t from, size_t steps, unsigned *flags)
{
    double keep[SPHERE_SHD_BLOCK_];
    size_t k, part, begin = *flags & 2u ? 0 : steps;
    unsigned was;
    if (*flags == 2u) { sphere_shd_step_block_(job, block, lanes, rows, t, d, columns, count, from, steps); return 0; }
    for (k = 0; k < steps; k += part) {
        /* A step multiplies by less than a_k - 2 where the functions grow: never by more than 2^64 between two looks. */
        part = !(*flags & 1u) || columns[from + k] < 6.0 ? SPHERE_SH_STRIP_ : columns[from + k] < 18.0 ? 16 : columns[from + k] < 258.0 ? 8 : 4;
        if (part > steps - k) part = steps - k;
        sphere_shd_step_block_(job, block, lanes, rows + k * SPHERE_SHD_BLOCK_, t, d, columns, count, from + k, part);
        was = *flags;
        if (was & 1u) memcpy(keep, n, lanes * sizeof(*n));
        *flags = (was & 2u) | job->kernels->rescale(t, d, n, lanes);
        if (was & 1u && *flags & 2u) job->kernels->hide(rows + k * SPHERE_SHD_BLOCK_, keep, part, lanes);       /* rows that count: without what was out of range in them */
        if (begin == steps && *flags & 2u) begin = k;
    }
    return begin;
}

/* Coefficients of order m, transformed: c[k] = even re, even im, odd re, odd im. what: 0 the field, 1 d/dtheta times (for m > 0) sine, 2 d/dphi. */
static void sphere_shd_transform_in_(const sphere_shd_job_ *job, const double *in, size_t m, int what, const double *columns, size_t count, size_t steps, double *line, double *c)
{
    const size_t degree = job->plan->degree;
    const sphere_sh_degrees_ *const g = &job->state->degrees;
    const double *const even = columns + 4 * count, *const next = columns + 5 * count, *const odd = columns + 6 * count;
    double *const re = line, *const im = line + degree + 8;
    const size_t many = 2 * steps + 1;
    size_t i, l;
    if (what == 1 && m == 0) {                                           /* d P_l0/dtheta = -sqrt(l (l + 1)) P_l1, and columns are those of order 1 */
        for (i = 0; i < many; i++) { l = i + 1; re[i] = l <= degree ? (double)(-1.4142135623730951 * sphere_sh_root_(g, l) * sphere_sh_root_(g, l + 1) * (double)in[l * l + l]) : 0; im[i] = 0; }
    } else if (what == 1) {                                              /* sine dP_l/dtheta = l e_(l+1) P_(l+1) - (l + 1) e_l P_(l-1) */
        for (i = 0; i < many; i++) {
            l = m + i;
            re[i] = im[i] = 0;
            if (i && l <= degree + 1) {
                const double f = (double)(l - 1) * (sphere_sh_root_(g, l - m) * sphere_sh_root_(g, l + m) * sphere_sh_inverse_root_(g, l));
                re[i] = (double)(f * (double)in[(l - 1) * l + m]); im[i] = (double)(0 - f * (double)in[(l - 1) * l - m]);
            }
            if (l + 1 <= degree) {
                const double f = (double)(l + 2) * (sphere_sh_root_(g, l + 1 - m) * sphere_sh_root_(g, l + 1 + m) * sphere_sh_inverse_root_(g, l + 1));
                re[i] = (double)((double)re[i] - f * (double)in[(l + 1) * (l + 2) + m]); im[i] = (double)((double)im[i] + f * (double)in[(l + 1) * (l + 2) - m]);
            }
        }
    } else if (what == 0 && m) {                                         /* the most frequent case in one go; l = m + 2 i, at = l (l + 1) */
        size_t at = m * m + m;
        double r0 = in[at + m], i0 = 0 - in[at - m];
        for (i = 0, l = m; i < steps; i++, c += 4, l += 2) {
            double r1 = 0, i1 = 0, r2 = 0, i2 = 0;
            if (l + 2 <= degree) { const size_t p = at + 2 * l + 2, q = p + 2 * l + 4; r1 = in[p + m]; i1 = 0 - in[p - m]; r2 = in[q + m]; i2 = 0 - in[q - m]; at = q; }
            else if (l + 1 <= degree) { const size_t p = at + 2 * l + 2; r1 = in[p + m]; i1 = 0 - in[p - m]; }
            c[0] = SPHERE_MADD_(next[i], r2, even[i] * r0); c[1] = SPHERE_MADD_(next[i], i2, even[i] * i0);
            c[2] = odd[i] * r1; c[3] = odd[i] * i1;
            r0 = r2; i0 = i2;
        }
        return;
    } else {
        const double scale = (double)m;
        for (i = 0; i < many && m + i <= degree; i++) { l = m + i; re[i] = in[l * l + l + m]; im[i] = m ? 0 - in[l * l + l - m] : 0; }
        for (; i < many; i++) re[i] = im[i] = 0;
        if (what == 2) for (i = 0; i < many; i++) { const double r = re[i]; re[i] = 0 - scale * im[i]; im[i] = scale * r; }
    }
    for (i = 0; i < steps; i++, c += 4) {
        c[0] = SPHERE_MADD_(next[i], re[2 * i + 2], even[i] * re[2 * i]); c[1] = SPHERE_MADD_(next[i], im[2 * i + 2], even[i] * im[2 * i]);
        c[2] = odd[i] * re[2 * i + 1]; c[3] = odd[i] * im[2 * i + 1];
    }
}
/* The orders of a block that the Fourier buffer holds: what lies beyond the reach is neither written nor read. The gradient's powers are one less. */
static size_t sphere_shd_reach_of_(const sphere_shd_job_ *job, size_t block)
{
    const size_t reach = job->state->reach[block] + 1;
    return reach < job->plan->orders ? reach : job->plan->orders;
}
static void sphere_shd_synthesis_order_(const sphere_shd_job_ *job, const sphere_shd_scratch_ *w, size_t m)
{
    const struct sphere_shd_plan_state_ *const s = job->state;
    const size_t stride = s->row * 4 * SPHERE_SHD_GROUP_, table = job->gradient && m == 0 ? 1 : m, power = job->gradient && m ? m - 1 : table;
    const size_t top = job->plan->degree + (job->gradient ? 1 : 0);
    size_t count, steps, block, set, k;
    const double *columns = sphere_shd_order_columns_(job, w, table, &count);
    steps = sphere_shd_steps_(top > table ? top : table, table);
    for (set = 0; set < job->sets; set++)
        sphere_shd_transform_in_(job, job->in[set], m, job->gradient ? (set == 0 ? 1 : 2) : 0, columns, count, steps, w->line, w->c + set * 4 * steps);
    for (block = 0; block < s->blocks; block++) {
        const size_t lanes = (block + 1) * SPHERE_SHD_BLOCK_ <= s->lanes ? SPHERE_SHD_BLOCK_ : s->lanes - block * SPHERE_SHD_BLOCK_;
        const size_t at = block * 4 * stride + m * 4 * SPHERE_SHD_GROUP_;
        int first = 1;
        if (power < s->reach[block]) {
            unsigned flags = sphere_shd_begin_block_(job, block, lanes, power, w->t, w->d, w->n);
            for (k = 0; k < steps; k += SPHERE_SH_STRIP_) {
                const size_t part = steps - k < SPHERE_SH_STRIP_ ? steps - k : SPHERE_SH_STRIP_;
                const size_t begin = sphere_shd_next_rows_(job, block, lanes, w->rows, w->t, w->d, w->n, columns, count, k, part, &flags);
                if (begin == part) continue;
                for (set = 0; set < job->sets; set++)
                    job->kernels->expand(job->fourier[set] + at, stride, w->rows + begin * SPHERE_SHD_BLOCK_, w->c + set * 4 * steps + 4 * (k + begin), part - begin, lanes, first);
                first = 0;
            }
        }
        if (first && m < sphere_shd_reach_of_(job, block)) for (set = 0; set < job->sets; set++) for (k = 0; k < lanes / SPHERE_SHD_GROUP_; k++)
            memset(job->fourier[set] + at + k * stride, 0, 4 * SPHERE_SHD_GROUP_ * sizeof(double));
    }
    if (job->gradient && m == 0) for (k = 0; k < s->groups; k++) memset(job->fourier[1] + k * stride, 0, 4 * SPHERE_SHD_GROUP_ * sizeof(double));
}
static void sphere_shd_analysis_order_(const sphere_shd_job_ *job, const sphere_shd_scratch_ *w, size_t m)
{
    const struct sphere_shd_plan_state_ *const s = job->state;
    const size_t stride = s->row * 4 * SPHERE_SHD_GROUP_, degree = job->plan->degree, steps = sphere_shd_steps_(degree, m);
    size_t count, block, set, k, i, l, begin_block = 0;
    const double *columns = sphere_shd_order_columns_(job, w, m, &count);
    const double *const even = columns + 4 * count, *const next = columns + 5 * count, *const odd = columns + 6 * count;
    unsigned *const flags = w->flags;
    while (begin_block < s->blocks && s->reach[begin_block] <= m) begin_block++;
    for (block = begin_block; block < s->blocks; block++) {
        const size_t lanes = (block + 1) * SPHERE_SHD_BLOCK_ <= s->lanes ? SPHERE_SHD_BLOCK_ : s->lanes - block * SPHERE_SHD_BLOCK_, o = block * SPHERE_SHD_BLOCK_;
        flags[block] = sphere_shd_begin_block_(job, block, lanes, m, w->t + o, w->d + o, w->n + o);
    }
    /* Strip by strip of the degrees, so that the sums of a strip stay in the first cache while the blocks pass by. */
    for (k = 0; k < steps; k += SPHERE_SH_STRIP_) {
        const size_t part = steps - k < SPHERE_SH_STRIP_ ? steps - k : SPHERE_SH_STRIP_, sums = part * 8 * SPHERE_SHD_GROUP_;
        memset(w->sum, 0, job->sets * sums * sizeof(double));
        for (block = begin_block; block < s->blocks; block++) {
            const size_t lanes = (block + 1) * SPHERE_SHD_BLOCK_ <= s->lanes ? SPHERE_SHD_BLOCK_ : s->lanes - block * SPHERE_SHD_BLOCK_, o = block * SPHERE_SHD_BLOCK_;
            const size_t begin = sphere_shd_next_rows_(job, block, lanes, w->rows, w->t + o, w->d + o, w->n + o, columns, count, k, part, flags + block);
            if (begin < part) for (set = 0; set < job->sets; set++)
                job->kernels->project(w->sum + set * sums + begin * 8 * SPHERE_SHD_GROUP_, w->rows + begin * SPHERE_SHD_BLOCK_,
                                      job->fourier[set] + block * 4 * stride + m * 4 * SPHERE_SHD_GROUP_, stride, part - begin, lanes);
        }
        for (set = 0; set < job->sets; set++) job->kernels->combine(w->c + set * 4 * steps + 4 * k, w->sum + set * sums, part);
    }
    for (set = 0; set < job->sets; set++) {
        const double *c = w->c + set * 4 * steps;
        double *const out = job->out[set];
        for (i = 0; i < steps; i++, c += 4) {
            double re = even[i] * c[0], im = even[i] * c[1];
            if (i) { re = SPHERE_MADD_(next[i - 1], c[-4], re); im = SPHERE_MADD_(next[i - 1], c[-3], im); }
            l = m + 2 * i;
            out[l * l + l + m] = sphere_sh_canonical_double_(re);
            if (m) out[l * l + l - m] = sphere_sh_canonical_double_(0 - im);
            if (++l > degree) break;
            out[l * l + l + m] = sphere_sh_canonical_double_(odd[i] * c[2]);
            if (m) out[l * l + l - m] = sphere_sh_canonical_double_(0 - odd[i] * c[3]);
        }
    }
}
/* Tasks take every 16th handful of orders, so that they are about equally long; neighbouring orders share the cache lines of their coefficients.
   What an order gives does not depend on who computes it. Without a job system there is one task. */
static size_t sphere_shd_handful_(const sphere_shd_job_ *job) { return job->plan->degree < 127 ? 1 : job->plan->degree < 1023 ? 4 : 16; }
static void *sphere_shd_task_memory_(const sphere_shd_job_ *job, size_t task) { return job->scratch + (job->scratch_step ? task * job->scratch_step : 0); }
static void sphere_shd_synthesis_task_(void *context, size_t task)
{
    const sphere_shd_job_ *const job = (const sphere_shd_job_ *)context;
    const size_t handful = sphere_shd_handful_(job);
    sphere_shd_scratch_ w;
    size_t m, from;
    (void)sphere_shd_scratch_init_(job->plan, sphere_shd_task_memory_(job, task), &w);
    for (from = task * handful; from < job->plan->orders; from += job->tasks * handful)
        for (m = from; m < from + handful && m < job->plan->orders; m++) sphere_shd_synthesis_order_(job, &w, m);
}
static void sphere_shd_analysis_task_(void *context, size_t task)
{
    const sphere_shd_job_ *const job = (const sphere_shd_job_ *)context;
    const size_t handful = sphere_shd_handful_(job);
    sphere_shd_scratch_ w;
    size_t m, l, set, from;
    (void)sphere_shd_scratch_init_(job->plan, sphere_shd_task_memory_(job, task), &w);
    for (from = task * handful; from <= job->plan->degree; from += job->tasks * handful)
        for (m = from; m < from + handful && m <= job->plan->degree; m++) {
            if (m < job->plan->orders) sphere_shd_analysis_order_(job, &w, m);
            else for (set = 0; set < job->sets; set++) for (l = m; l <= job->plan->degree; l++) job->out[set][l * l + l + m] = job->out[set][l * l + l - m] = 0;
        }
}

/* All passes of one transform; the answer is z[0] or z[1]. */
static double *sphere_shd_fft_run_(const sphere_shd_job_ *job, const sphere_shd_fft_ *fft, double *const z[2], size_t re)
{
    size_t pass, n = fft->n, s = 1, now = 0;
    for (pass = 0; pass < fft->passes; pass++) {
        job->kernels->fft(z[1 - now], z[now], n, s, fft->factor[pass], fft->turn, re);
        n /= fft->factor[pass]; s *= fft->factor[pass]; now = 1 - now;
    }
    return z[now];
}
/* cos and sin of m phi for the lanes of a group: exact every 64 orders, in between by turning on. */
static void sphere_shd_turn_on_(double *cosine, double *sine, const double *phi, size_t m)
{
    size_t i;
    for (i = 0; i < SPHERE_SHD_GROUP_; i++) {
        double c1, s1, c;
        if (m % 64 == 0) { sphere_sh_sincos_double_((double)m * phi[i], sine + i, cosine + i); continue; }
        sphere_sh_sincos_double_(phi[i], &s1, &c1);
        c = cosine[i] * c1 - sine[i] * s1; sine[i] = sine[i] * c1 + cosine[i] * s1; cosine[i] = c;
    }
}
/* join and part for rings with fewer samples than 2 orders - 1, or that do not begin at phi = 0. */
static void sphere_shd_join_any_(double *z, const double *f, const double *x, const double *phi, size_t orders, size_t n)
{
    double c[SPHERE_SH_GROUP_MOST_], s[SPHERE_SH_GROUP_MOST_];
    size_t m, i;
    memset(z, 0, n * SPHERE_SHD_PLACE_ * sizeof(*z));
    for (m = 0; m < orders; m++, f += 4 * SPHERE_SHD_GROUP_) {
        double *const up = z + m % n * SPHERE_SHD_PLACE_, *const down = z + (n - m % n) % n * SPHERE_SHD_PLACE_;
        sphere_shd_turn_on_(c, s, phi, m);
        for (i = 0; i < SPHERE_SHD_GROUP_; i++) {
            const double cf = (double)c[i], sf = (double)s[i];
            const double er = f[i], ei = f[SPHERE_SHD_GROUP_ + i], rr = x[i] * f[2 * SPHERE_SHD_GROUP_ + i], ri = x[i] * f[3 * SPHERE_SHD_GROUP_ + i];
            const double ar = er + rr, br = er - rr, ai = ei + ri, bi = ei - ri;
            const double nr = ar * cf - ai * sf, ni = ar * sf + ai * cf, sr = br * cf - bi * sf, si = br * sf + bi * cf;
            up[i] += nr - si; up[SPHERE_SHD_GROUP_ + i] += sr + ni;
            if (m) { down[i] += nr + si; down[SPHERE_SHD_GROUP_ + i] += sr - ni; }
        }
    }
}
static void sphere_shd_part_any_(double *f, const double *z, const double *w, const double *wx, const double *phi, const size_t *fft_of, size_t which, size_t orders, size_t n)
{
    double c[SPHERE_SH_GROUP_MOST_], s[SPHERE_SH_GROUP_MOST_];
    size_t m, i;
    for (m = 0; m < orders; m++, f += 4 * SPHERE_SHD_GROUP_) {
        const double *const up = z + m % n * SPHERE_SHD_PLACE_, *const down = z + (n - m % n) % n * SPHERE_SHD_PLACE_;
        sphere_shd_turn_on_(c, s, phi, m);
        for (i = 0; i < SPHERE_SHD_GROUP_; i++) {
            const double cf = (double)c[i], sf = (double)s[i], p = up[i], q = up[SPHERE_SHD_GROUP_ + i], r = down[i], t = down[SPHERE_SHD_GROUP_ + i];
            const double ar = p + r, ai = q - t, br = q + t, bi = r - p;
            const double nr = m ? ar * cf + ai * sf : p, ni = m ? ai * cf - ar * sf : 0, sr = m ? br * cf + bi * sf : q, si = m ? bi * cf - br * sf : 0;
            if (fft_of[i] != which) continue;
            f[i] = w[i] * (nr + sr); f[2 * SPHERE_SHD_GROUP_ + i] = wx[i] * (nr - sr);
            f[SPHERE_SHD_GROUP_ + i] = m ? w[i] * (ni + si) : 0; f[3 * SPHERE_SHD_GROUP_ + i] = m ? wx[i] * (ni - si) : 0;
        }
    }
}
/* Where the rings of a group lie in a field; lanes without one, or of another FFT, go to or come from `none`. */
static void sphere_shd_ring_rows_(const sphere_shd_job_ *job, size_t group, size_t which, double *field, double *none, double **north, double **south)
{
    const struct sphere_shd_plan_state_ *const s = job->state;
    size_t i;
    for (i = 0; i < SPHERE_SHD_GROUP_; i++) {
        const size_t lane = group * SPHERE_SHD_GROUP_ + i;
        north[i] = s->north[lane] == SIZE_MAX || s->fft_of[lane] != which ? none : field + job->plan->first[s->north[lane]];
        south[i] = s->south[lane] == SIZE_MAX || s->fft_of[lane] != which ? none : field + job->plan->first[s->south[lane]];
    }
}
static void sphere_shd_fft_out_task_(void *context, size_t task)
{
    const sphere_shd_job_ *const job = (const sphere_shd_job_ *)context;
    const struct sphere_shd_plan_state_ *const s = job->state;
    const size_t rings = job->plan->rings;
    sphere_shd_scratch_ w;
    double *north[SPHERE_SH_GROUP_MOST_], *south[SPHERE_SH_GROUP_MOST_];
    size_t group, set, i, j, lane;
    (void)sphere_shd_scratch_init_(job->plan, sphere_shd_task_memory_(job, task), &w);
    for (group = task; group < s->groups; group += job->tasks) for (set = 0; set < job->sets; set++) {
        const double *const f = job->fourier[set] + group * s->row * 4 * SPHERE_SHD_GROUP_;
        const size_t reach = sphere_shd_reach_of_(job, group / 4);
        if (!job->out[set]) continue;
        for (i = 0; i < SPHERE_SHD_GROUP_; i++) {
            const size_t which = s->fft_of[group * SPHERE_SHD_GROUP_ + i], n = s->fft[which].n;
            const double *z;
            if (i && (s->plain[group] || s->north[group * SPHERE_SHD_GROUP_ + i] == SIZE_MAX)) break;
            for (j = 0; j < i && s->fft_of[group * SPHERE_SHD_GROUP_ + j] != which; j++) { }
            if (j < i) continue;                                         /* done with an earlier lane */
            if (s->north[group * SPHERE_SHD_GROUP_ + i] == SIZE_MAX) break;
            if (s->plain[group]) job->kernels->join(w.z[0], f, s->x + group * SPHERE_SHD_GROUP_, reach, n);
            else sphere_shd_join_any_(w.z[0], f, s->x + group * SPHERE_SHD_GROUP_, s->phi + group * SPHERE_SHD_GROUP_, reach, n);
            z = sphere_shd_fft_run_(job, s->fft + which, w.z, 0);
            if (job->plan->layout == SPHERE_SH_ROWS) {
                sphere_shd_ring_rows_(job, group, which, job->out[set], w.none, north, south);
                job->kernels->rows_out(north, south, z, 0, n);
            } else for (j = 0; j < n; j++) for (lane = 0; lane < SPHERE_SHD_GROUP_; lane++) {
                const size_t a = s->north[group * SPHERE_SHD_GROUP_ + lane], b = s->south[group * SPHERE_SHD_GROUP_ + lane];
                if (a != SIZE_MAX) job->out[set][j * rings + a] = sphere_sh_canonical_double_(z[j * SPHERE_SHD_PLACE_ + lane]);
                if (b != SIZE_MAX) job->out[set][j * rings + b] = sphere_sh_canonical_double_(z[j * SPHERE_SHD_PLACE_ + SPHERE_SHD_GROUP_ + lane]);
            }
        }
    }
}
static void sphere_shd_fft_in_task_(void *context, size_t task)
{
    const sphere_shd_job_ *const job = (const sphere_shd_job_ *)context;
    const struct sphere_shd_plan_state_ *const s = job->state;
    const size_t rings = job->plan->rings;
    sphere_shd_scratch_ w;
    double *north[SPHERE_SH_GROUP_MOST_], *south[SPHERE_SH_GROUP_MOST_];
    size_t group, set, i, j, lane;
    (void)sphere_shd_scratch_init_(job->plan, sphere_shd_task_memory_(job, task), &w);
    for (group = task; group < s->groups; group += job->tasks) for (set = 0; set < job->sets; set++) {
        double *const f = job->fourier[set] + group * s->row * 4 * SPHERE_SHD_GROUP_;
        const size_t o = group * SPHERE_SHD_GROUP_, reach = sphere_shd_reach_of_(job, group / 4);
        if (s->north[o] == SIZE_MAX) {                                   /* a group of padding only */
            memset(f, 0, reach * 4 * SPHERE_SHD_GROUP_ * sizeof(double));
            continue;
        }
        for (i = 0; i < SPHERE_SHD_GROUP_; i++) {
            const size_t which = s->fft_of[o + i], n = s->fft[which].n;
            const double *z;
            if (i && s->plain[group]) break;
            for (j = 0; j < i && s->fft_of[o + j] != which; j++) { }
            if (j < i) continue;
            if (job->plan->layout == SPHERE_SH_ROWS) {
                memset(w.none, 0, n * sizeof(double));
                sphere_shd_ring_rows_(job, group, which, (double *)(uintptr_t)job->in[set], w.none, north, south);
                job->kernels->rows_in(w.z[0], (const double *const *)north, (const double *const *)south, 0, n);
            } else for (j = 0; j < n; j++) for (lane = 0; lane < SPHERE_SHD_GROUP_; lane++) {
                const size_t a = s->north[o + lane], b = s->south[o + lane];
                w.z[0][j * SPHERE_SHD_PLACE_ + lane] = a == SIZE_MAX ? 0 : job->in[set][j * rings + a];
                w.z[0][j * SPHERE_SHD_PLACE_ + SPHERE_SHD_GROUP_ + lane] = b == SIZE_MAX ? 0 : job->in[set][j * rings + b];
            }
            z = sphere_shd_fft_run_(job, s->fft + which, w.z, SPHERE_SHD_GROUP_);
            if (s->plain[group]) job->kernels->part(f, z, s->w + o, s->wx + o, reach, n);
            else sphere_shd_part_any_(f, z, s->w + o, s->wx + o, s->phi + o, s->fft_of + o, which, reach, n);
        }
    }
}

/* What all transforms check, and the memory cut into pieces. */
static sphere_status sphere_shd_job_init_(sphere_shd_job_ *job, const sphere_shd_plan *plan, const double *coefficients, size_t *coefficient_stride, const double *values, const double *more,
                                         size_t *value_stride, size_t count, void *memory, size_t bytes, const sphere_exec *exec)
{
    const sphere_simd level = sphere_simd_pick_(exec);
    sphere_shd_scratch_ w;
    size_t a, b, need, i;
    sphere_sh_cut_ cut = { NULL, 0 };
    if (!plan || !plan->state) return SPHERE_E_NULL;
    if (count && (!coefficients || !values)) return SPHERE_E_NULL;
    if (!*coefficient_stride) *coefficient_stride = plan->coefficients;
    if (!*value_stride) *value_stride = plan->values;
    if (*coefficient_stride < plan->coefficients || *value_stride < plan->values) return SPHERE_E_RANGE;
    if (level == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    a = sphere_size_(sphere_size_(count, *coefficient_stride, 0), sizeof(double), 0); b = sphere_size_(sphere_size_(count, *value_stride, 0), sizeof(double), 0);
    if (a == SIZE_MAX || b == SIZE_MAX) return SPHERE_E_SIZE;
    need = sphere_shd_transform_size(plan);
    if (!need) return SPHERE_E_SIZE;
    if (count && (!memory || bytes < need)) return SPHERE_E_MEMORY;
    if (count && (sphere_overlap_(coefficients, a, values, b) || sphere_overlap_(coefficients, a, more, b) || sphere_overlap_(values, b, more, b)
        || sphere_overlap_(memory, bytes, coefficients, a) || sphere_overlap_(memory, bytes, values, b) || sphere_overlap_(memory, bytes, more, b))) return SPHERE_E_OVERLAP;
    memset(job, 0, sizeof(*job));
    if (!count) return SPHERE_OK;
    job->plan = plan; job->state = plan->state; job->kernels = sphere_shd_transform_kernels_for_(level);
    cut.at = (unsigned char *)sphere_align_(memory);
    for (i = 0; i < SPHERE_SH_SETS_; i++) job->fourier[i] = (double *)sphere_sh_cut_off_(&cut, sphere_shd_fourier_size_(plan), 1);
    job->scratch = cut.at + cut.used;
    job->scratch_step = exec && exec->parallel.run ? sphere_shd_scratch_init_(plan, NULL, &w) : 0;
    return SPHERE_OK;
}
static void sphere_shd_run_(sphere_shd_job_ *job, size_t tasks, void (*task)(void *context, size_t index), const sphere_exec *exec)
{
    const size_t most = sphere_shd_tasks_(job->plan);
    job->tasks = job->scratch_step == 0 ? 1 : tasks < most ? tasks : most;
    sphere_parallel_(exec, job->tasks, task, job);
}
SPHERE_SH_API sphere_status sphere_shd_synthesis(const sphere_shd_plan *plan, const double *coefficients, size_t coefficient_stride,
                                                double *values, size_t value_stride, size_t count, void *memory, size_t bytes, const sphere_exec *exec)
{
    sphere_shd_job_ job;
    size_t i, j;
    const sphere_status status = sphere_shd_job_init_(&job, plan, coefficients, &coefficient_stride, values, NULL, &value_stride, count, memory, bytes, exec);
    if (status) return status;
    for (i = 0; i < count; i += job.sets) {
        job.sets = count - i < SPHERE_SH_SETS_ ? count - i : SPHERE_SH_SETS_;
        for (j = 0; j < job.sets; j++) { job.in[j] = coefficients + (i + j) * coefficient_stride; job.out[j] = values + (i + j) * value_stride; }
        sphere_shd_run_(&job, plan->orders, sphere_shd_synthesis_task_, exec);
        sphere_shd_run_(&job, plan->state->groups, sphere_shd_fft_out_task_, exec);
    }
    return SPHERE_OK;
}
SPHERE_SH_API sphere_status sphere_shd_analysis(const sphere_shd_plan *plan, const double *values, size_t value_stride,
                                               double *coefficients, size_t coefficient_stride, size_t count, void *memory, size_t bytes, const sphere_exec *exec)
{
    sphere_shd_job_ job;
    size_t i, j;
    const sphere_status status = sphere_shd_job_init_(&job, plan, coefficients, &coefficient_stride, values, NULL, &value_stride, count, memory, bytes, exec);
    if (status) return status;
    for (i = 0; i < count; i += job.sets) {
        job.sets = count - i < SPHERE_SH_SETS_ ? count - i : SPHERE_SH_SETS_;
        for (j = 0; j < job.sets; j++) { job.in[j] = values + (i + j) * value_stride; job.out[j] = coefficients + (i + j) * coefficient_stride; }
        sphere_shd_run_(&job, plan->state->groups, sphere_shd_fft_in_task_, exec);
        sphere_shd_run_(&job, plan->degree + 1, sphere_shd_analysis_task_, exec);
    }
    return SPHERE_OK;
}
SPHERE_SH_API sphere_status sphere_shd_gradient_synthesis(const sphere_shd_plan *plan, const double *coefficients, size_t coefficient_stride,
                                                         double *theta_part, double *phi_part, size_t value_stride, size_t count,
                                                         void *memory, size_t bytes, const sphere_exec *exec)
{
    sphere_shd_job_ job;
    size_t i;
    const sphere_status status = sphere_shd_job_init_(&job, plan, coefficients, &coefficient_stride, theta_part ? theta_part : phi_part,
                                                     theta_part ? phi_part : NULL, &value_stride, count, memory, bytes, exec);
    if (status) return status;
    for (i = 0; i < count; i++) {
        job.sets = 2; job.gradient = 1;
        job.in[0] = job.in[1] = coefficients + i * coefficient_stride;
        job.out[0] = theta_part ? theta_part + i * value_stride : NULL;
        job.out[1] = phi_part ? phi_part + i * value_stride : NULL;
        sphere_shd_run_(&job, plan->orders, sphere_shd_synthesis_task_, exec);
        sphere_shd_run_(&job, plan->state->groups, sphere_shd_fft_out_task_, exec);
    }
    return SPHERE_OK;
}
/* sphere-sh double end transform-impl */

/* sphere-sh float begin transform-field */
SPHERE_SH_API sphere_status sphere_sh_deposit(const sphere_sh_plan *plan, const float *x, const float *y, const float *z, const float *amplitude, size_t n,
                                              float *values, size_t *skipped)
{
    const size_t bytes = sphere_size_(n, sizeof(float), 0);
    const double pi = 3.141592653589793;
    size_t i, r, left_out = 0, low, high, j;
    int ascending = 1;
    if (!plan || !plan->state || (n && (!x || !y || !z || !amplitude)) || !values) return SPHERE_E_NULL;
    if (bytes == SIZE_MAX) return SPHERE_E_SIZE;
    if (sphere_overlap_(values, plan->values * sizeof(float), x, bytes) || sphere_overlap_(values, plan->values * sizeof(float), y, bytes)
        || sphere_overlap_(values, plan->values * sizeof(float), z, bytes) || sphere_overlap_(values, plan->values * sizeof(float), amplitude, bytes)) return SPHERE_E_OVERLAP;
    for (r = 1; r < plan->rings; r++) if (plan->ring[r].theta < plan->ring[r - 1].theta) ascending = 0;
    for (i = 0; i < n; i++) {
        const double a = (double)x[i], b = (double)y[i], c = (double)z[i];
        const double most = sphere_sh_abs_double_(a) + sphere_sh_abs_double_(b) + sphere_sh_abs_double_(c);
        double theta, phi, best;
        if (!(most > 0) || !sphere_sh_finite_double_(most) || !sphere_sh_finite_double_((double)amplitude[i])) { left_out++; continue; }
        theta = sphere_sh_direction_angle_(sphere_sqrt_double_(a / most * (a / most) + b / most * (b / most)), c / most);
        phi = a == 0 && b == 0 ? 0 : sphere_sh_direction_angle_(b, a);
        low = 0; high = plan->rings - 1;
        if (ascending) {                                                 /* the last ring that is not south of theta, or the one after it */
            while (low < high) { const size_t middle = low + (high - low + 1) / 2; if (plan->ring[middle].theta <= theta) low = middle; else high = middle - 1; }
            if (low + 1 < plan->rings && plan->ring[low + 1].theta - theta < theta - plan->ring[low].theta) low++;
        } else for (best = 10, r = 0; r < plan->rings; r++) {
            const double d = sphere_sh_abs_double_(plan->ring[r].theta - theta);
            if (d < best) { best = d; low = r; }
        }
        if (plan->ring[low].weight == 0) low = low + 1 < plan->rings && plan->ring[low + 1].weight != 0 ? low + 1 : low ? low - 1 : 0;     /* the pole of Driscoll-Healy */
        best = (phi - plan->ring[low].phi) / (2 * pi);
        best = best - (double)(int64_t)(best > -1e15 && best < 1e15 ? best : 0);             /* -1 .. 1 */
        j = (size_t)((best < 0 ? best + 1 : best) * (double)plan->ring[low].count + 0.5) % plan->ring[low].count;
        if (plan->ring[low].weight == 0) { left_out++; continue; }
        j = plan->layout == SPHERE_SH_ROWS ? plan->first[low] + j : j * plan->rings + low;
        values[j] = sphere_canonical_((float)((double)values[j] + (double)amplitude[i] / (plan->ring[low].weight / (double)plan->ring[low].count)));
    }
    if (skipped) *skipped = left_out;
    return SPHERE_OK;
}

/* The top of the parabola through (-before, a), (0, b), (after, c) with b the largest, within half a step; its height above b in *rise. */
static double sphere_sh_parabola_(double a, double b, double c, double before, double after, double *rise)
{
    const double left = (b - a) / before, right = (c - b) / after, bend = (right - left) / (before + after), slope = left + bend * before;
    double t = bend < 0 ? -0.5 * slope / bend : 0;
    t = t > 0.5 * after ? 0.5 * after : t < -0.5 * before ? -0.5 * before : t;
    *rise = t * (slope + bend * t);
    return t;
}
static size_t sphere_sh_place_of_(const sphere_sh_plan *plan, size_t r, size_t j) { return plan->layout == SPHERE_SH_ROWS ? plan->first[r] + j : j * plan->rings + r; }
SPHERE_SH_API size_t sphere_sh_interference_size(const sphere_sh_plan *plan)
{
    const size_t more = sphere_sh_transform_size(plan);
    return more ? sphere_size_(plan->coefficients, sizeof(float), more + 64 > more ? more + 64 : SIZE_MAX) : 0;
}
SPHERE_SH_API sphere_status sphere_sh_interference(const sphere_sh_plan *plan, const float *amplitude, float *density, sphere_sh_peak *peak,
                                                   void *memory, size_t bytes, const sphere_exec *exec)
{
    const double pi = 3.141592653589793;
    const sphere_sh_transform_kernels_ *kernels;
    sphere_status status;
    float *coefficients, most;
    double total = 0, rise;
    sphere_sh_peak best = { 0, 0, 0, 0, 0 };
    size_t r, j, ring = 0, place = 0, work;
    if (!plan || !plan->state || !amplitude || !density) return SPHERE_E_NULL;
    if (sphere_simd_pick_(exec) == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (!memory || !sphere_sh_interference_size(plan) || bytes < sphere_sh_interference_size(plan)) return SPHERE_E_MEMORY;
    if (sphere_overlap_(amplitude, plan->values * sizeof(float), density, plan->values * sizeof(float)) || sphere_overlap_(memory, bytes, amplitude, plan->values * sizeof(float))
        || sphere_overlap_(memory, bytes, density, plan->values * sizeof(float))) return SPHERE_E_OVERLAP;
    kernels = sphere_sh_transform_kernels_for_(sphere_simd_pick_(exec));
    coefficients = (float *)sphere_align_(memory);
    work = (size_t)((unsigned char *)coefficients - (unsigned char *)memory) + plan->coefficients * sizeof(float);
    status = sphere_sh_analysis(plan, amplitude, 0, coefficients, 0, 1, (unsigned char *)memory + work, bytes - work, exec);
    if (!status) status = sphere_sh_synthesis(plan, coefficients, 0, density, 0, 1, (unsigned char *)memory + work, bytes - work, exec);
    if (status) return status;
    if (plan->layout == SPHERE_SH_ROWS) for (r = 0; r < plan->rings; r++)
        total += (double)kernels->square(density + plan->first[r], plan->ring[r].count) * (plan->ring[r].weight / (double)plan->ring[r].count);
    else for (r = 0; r < plan->rings; r++) {
        double sum = 0;
        for (j = 0; j < plan->ring[r].count; j++) { float *const v = density + j * plan->rings + r; *v *= *v; sum += (double)*v; }
        total += sum * (plan->ring[r].weight / (double)plan->ring[r].count);
    }
    if (!sphere_sh_finite_double_(total)) return SPHERE_E_NAN;
    best.total = total;
    most = kernels->scale(density, plan->values, total > SPHERE_SH_LEAST_ ? (float)(1 / total) : 0);
    if (peak) {
        while (density[best.index] != most) best.index++;                /* ties to the lower index */
        if (plan->layout == SPHERE_SH_COLUMNS) { ring = best.index % plan->rings; place = best.index / plan->rings; }
        else { while (ring + 1 < plan->rings && plan->first[ring + 1] <= best.index) ring++; place = best.index - plan->first[ring]; }
    }
    if (peak) {
        const sphere_sh_ring *const here = plan->ring + ring;
        const double value = (double)density[best.index], step = 2 * pi / (double)here->count;
        best.theta = here->theta; best.density = value;
        best.phi = here->phi + step * (double)place;
        if (here->count > 2) {
            best.phi += sphere_sh_parabola_((double)density[sphere_sh_place_of_(plan, ring, (place + here->count - 1) % here->count)], value,
                                            (double)density[sphere_sh_place_of_(plan, ring, (place + 1) % here->count)], step, step, &rise);
            best.density += rise;
        }
        if (ring && ring + 1 < plan->rings && here[-1].count == here->count && here[1].count == here->count && here[-1].theta < here->theta && here[1].theta > here->theta) {
            best.theta += sphere_sh_parabola_((double)density[sphere_sh_place_of_(plan, ring - 1, place)], value, (double)density[sphere_sh_place_of_(plan, ring + 1, place)],
                                              here->theta - here[-1].theta, here[1].theta - here->theta, &rise);
            best.density += rise;
        }
        if (best.phi < 0) best.phi += 2 * pi;
        if (best.phi >= 2 * pi) best.phi -= 2 * pi;
        *peak = best;
    }
    return SPHERE_OK;
}
/* sphere-sh float end transform-field */
/* sphere-sh double begin transform-field: made from the float section by tests/double.py, do not edit */
SPHERE_SH_API sphere_status sphere_shd_deposit(const sphere_shd_plan *plan, const double *x, const double *y, const double *z, const double *amplitude, size_t n,
                                              double *values, size_t *skipped)
{
    const size_t bytes = sphere_size_(n, sizeof(double), 0);
    const double pi = 3.141592653589793;
    size_t i, r, left_out = 0, low, high, j;
    int ascending = 1;
    if (!plan || !plan->state || (n && (!x || !y || !z || !amplitude)) || !values) return SPHERE_E_NULL;
    if (bytes == SIZE_MAX) return SPHERE_E_SIZE;
    if (sphere_overlap_(values, plan->values * sizeof(double), x, bytes) || sphere_overlap_(values, plan->values * sizeof(double), y, bytes)
        || sphere_overlap_(values, plan->values * sizeof(double), z, bytes) || sphere_overlap_(values, plan->values * sizeof(double), amplitude, bytes)) return SPHERE_E_OVERLAP;
    for (r = 1; r < plan->rings; r++) if (plan->ring[r].theta < plan->ring[r - 1].theta) ascending = 0;
    for (i = 0; i < n; i++) {
        const double a = (double)x[i], b = (double)y[i], c = (double)z[i];
        const double most = sphere_sh_abs_double_(a) + sphere_sh_abs_double_(b) + sphere_sh_abs_double_(c);
        double theta, phi, best;
        if (!(most > 0) || !sphere_sh_finite_double_(most) || !sphere_sh_finite_double_((double)amplitude[i])) { left_out++; continue; }
        theta = sphere_sh_direction_angle_(sphere_sqrt_double_(a / most * (a / most) + b / most * (b / most)), c / most);
        phi = a == 0 && b == 0 ? 0 : sphere_sh_direction_angle_(b, a);
        low = 0; high = plan->rings - 1;
        if (ascending) {                                                 /* the last ring that is not south of theta, or the one after it */
            while (low < high) { const size_t middle = low + (high - low + 1) / 2; if (plan->ring[middle].theta <= theta) low = middle; else high = middle - 1; }
            if (low + 1 < plan->rings && plan->ring[low + 1].theta - theta < theta - plan->ring[low].theta) low++;
        } else for (best = 10, r = 0; r < plan->rings; r++) {
            const double d = sphere_sh_abs_double_(plan->ring[r].theta - theta);
            if (d < best) { best = d; low = r; }
        }
        if (plan->ring[low].weight == 0) low = low + 1 < plan->rings && plan->ring[low + 1].weight != 0 ? low + 1 : low ? low - 1 : 0;     /* the pole of Driscoll-Healy */
        best = (phi - plan->ring[low].phi) / (2 * pi);
        best = best - (double)(int64_t)(best > -1e15 && best < 1e15 ? best : 0);             /* -1 .. 1 */
        j = (size_t)((best < 0 ? best + 1 : best) * (double)plan->ring[low].count + 0.5) % plan->ring[low].count;
        if (plan->ring[low].weight == 0) { left_out++; continue; }
        j = plan->layout == SPHERE_SH_ROWS ? plan->first[low] + j : j * plan->rings + low;
        values[j] = sphere_sh_canonical_double_((double)((double)values[j] + (double)amplitude[i] / (plan->ring[low].weight / (double)plan->ring[low].count)));
    }
    if (skipped) *skipped = left_out;
    return SPHERE_OK;
}

/* The top of the parabola through (-before, a), (0, b), (after, c) with b the largest, within half a step; its height above b in *rise. */
static double sphere_shd_parabola_(double a, double b, double c, double before, double after, double *rise)
{
    const double left = (b - a) / before, right = (c - b) / after, bend = (right - left) / (before + after), slope = left + bend * before;
    double t = bend < 0 ? -0.5 * slope / bend : 0;
    t = t > 0.5 * after ? 0.5 * after : t < -0.5 * before ? -0.5 * before : t;
    *rise = t * (slope + bend * t);
    return t;
}
static size_t sphere_shd_place_of_(const sphere_shd_plan *plan, size_t r, size_t j) { return plan->layout == SPHERE_SH_ROWS ? plan->first[r] + j : j * plan->rings + r; }
SPHERE_SH_API size_t sphere_shd_interference_size(const sphere_shd_plan *plan)
{
    const size_t more = sphere_shd_transform_size(plan);
    return more ? sphere_size_(plan->coefficients, sizeof(double), more + 64 > more ? more + 64 : SIZE_MAX) : 0;
}
SPHERE_SH_API sphere_status sphere_shd_interference(const sphere_shd_plan *plan, const double *amplitude, double *density, sphere_sh_peak *peak,
                                                   void *memory, size_t bytes, const sphere_exec *exec)
{
    const double pi = 3.141592653589793;
    const sphere_shd_transform_kernels_ *kernels;
    sphere_status status;
    double *coefficients, most;
    double total = 0, rise;
    sphere_sh_peak best = { 0, 0, 0, 0, 0 };
    size_t r, j, ring = 0, place = 0, work;
    if (!plan || !plan->state || !amplitude || !density) return SPHERE_E_NULL;
    if (sphere_simd_pick_(exec) == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (!memory || !sphere_shd_interference_size(plan) || bytes < sphere_shd_interference_size(plan)) return SPHERE_E_MEMORY;
    if (sphere_overlap_(amplitude, plan->values * sizeof(double), density, plan->values * sizeof(double)) || sphere_overlap_(memory, bytes, amplitude, plan->values * sizeof(double))
        || sphere_overlap_(memory, bytes, density, plan->values * sizeof(double))) return SPHERE_E_OVERLAP;
    kernels = sphere_shd_transform_kernels_for_(sphere_simd_pick_(exec));
    coefficients = (double *)sphere_align_(memory);
    work = (size_t)((unsigned char *)coefficients - (unsigned char *)memory) + plan->coefficients * sizeof(double);
    status = sphere_shd_analysis(plan, amplitude, 0, coefficients, 0, 1, (unsigned char *)memory + work, bytes - work, exec);
    if (!status) status = sphere_shd_synthesis(plan, coefficients, 0, density, 0, 1, (unsigned char *)memory + work, bytes - work, exec);
    if (status) return status;
    if (plan->layout == SPHERE_SH_ROWS) for (r = 0; r < plan->rings; r++)
        total += (double)kernels->square(density + plan->first[r], plan->ring[r].count) * (plan->ring[r].weight / (double)plan->ring[r].count);
    else for (r = 0; r < plan->rings; r++) {
        double sum = 0;
        for (j = 0; j < plan->ring[r].count; j++) { double *const v = density + j * plan->rings + r; *v *= *v; sum += (double)*v; }
        total += sum * (plan->ring[r].weight / (double)plan->ring[r].count);
    }
    if (!sphere_sh_finite_double_(total)) return SPHERE_E_NAN;
    best.total = total;
    most = kernels->scale(density, plan->values, total > SPHERE_SHD_LEAST_ ? (double)(1 / total) : 0);
    if (peak) {
        while (density[best.index] != most) best.index++;                /* ties to the lower index */
        if (plan->layout == SPHERE_SH_COLUMNS) { ring = best.index % plan->rings; place = best.index / plan->rings; }
        else { while (ring + 1 < plan->rings && plan->first[ring + 1] <= best.index) ring++; place = best.index - plan->first[ring]; }
    }
    if (peak) {
        const sphere_sh_ring *const here = plan->ring + ring;
        const double value = (double)density[best.index], step = 2 * pi / (double)here->count;
        best.theta = here->theta; best.density = value;
        best.phi = here->phi + step * (double)place;
        if (here->count > 2) {
            best.phi += sphere_shd_parabola_((double)density[sphere_shd_place_of_(plan, ring, (place + here->count - 1) % here->count)], value,
                                            (double)density[sphere_shd_place_of_(plan, ring, (place + 1) % here->count)], step, step, &rise);
            best.density += rise;
        }
        if (ring && ring + 1 < plan->rings && here[-1].count == here->count && here[1].count == here->count && here[-1].theta < here->theta && here[1].theta > here->theta) {
            best.theta += sphere_shd_parabola_((double)density[sphere_shd_place_of_(plan, ring - 1, place)], value, (double)density[sphere_shd_place_of_(plan, ring + 1, place)],
                                              here->theta - here[-1].theta, here[1].theta - here->theta, &rise);
            best.density += rise;
        }
        if (best.phi < 0) best.phi += 2 * pi;
        if (best.phi >= 2 * pi) best.phi -= 2 * pi;
        *peak = best;
    }
    return SPHERE_OK;
}
/* sphere-sh double end transform-field */

/* sphere-core begin 3 */
#if defined(__clang__)
#pragma STDC FP_CONTRACT DEFAULT
#elif defined(__GNUC__)
#pragma GCC pop_options
#endif
/* sphere-core end 3 */

#endif /* SPHERE_SH_IMPLEMENTATION */

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
