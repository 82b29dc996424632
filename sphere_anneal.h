/* sphere_anneal.h - v0.3.2 - annealed diffusion onto carriers, deterministic-annealing EM, diffusion samplers. MIT licence, at the end.

   Do this in ONE C or C++ file:      #define SPHERE_ANNEAL_IMPLEMENTATION
                                      #include "sphere_anneal.h"
   and only #include "sphere_anneal.h" everywhere else. Nothing to link, not even -lm. It needs no other header.

   The same bits come out on every machine: at every SIMD level (portable, AVX2, AVX-512, NEON), for every thread count, with every
   compiler and at every optimisation level. -ffast-math is refused; do not give clang -ffp-contract=fast, which overrides every pragma.

   Contents: grep for the tag
     >>core-types    status codes, SIMD level, parallel hook (the same lines in all sphere*.h)
     >>oscillators   oscillators find carriers: one step, schedules, the whole run, capacities, the exact answer on a line
     >>analysis      carriers find oscillators: expectation-maximisation by deterministic annealing
     >>concepts      energies, field, next-token probabilities, pitches, sound
     >>samplers      DDIM, DDPM, Euler, Heun with churn; noise levels; the exact denoiser of a data set
     >>core-impl     the shared core: contraction guards, random numbers, square root, exp, log, sincos, atan2
     >>kernels       portable, AVX2 and NEON versions next to each other, and their table
     >>implementation

   A worked example: 50 oscillators lock onto a chord of three notes, 17, 17 and 16 of them
     float f[50], chord[3] = { 261.63f, 329.63f, 392.00f };       f: any frequencies in Hz
     sphere_anneal_report report;
     size_t bytes = sphere_anneal_size(50, 3, 1, NULL);
     sphere_status status = sphere_anneal_run(f, 50, chord, 3, 1, NULL, &report, memory, bytes);
     if (status) puts(sphere_status_text(status));               f now holds the notes; report.imbalance is 17/16
   The other way round, sphere_anneal_analyse finds the notes in the frequencies. sphere_anneal_sample draws from a data set with the
   same contraction: there the carriers are the data and the sharpness is the inverse of the noise.

   Conventions
     Oscillators are rows of dim floats without gaps, 1 <= dim <= 64: points of R^dim (dim 1: frequencies), or unit vectors, points of
     the sphere S^(dim-1). Carriers are rows of the same kind. Time is in seconds where frequencies are in Hz. Sharpness s weighs half the
     squared distance: a carrier attracts with exp(-s d^2/2), so 1/s is a temperature. On the sphere d is the chord. Any pointer
     alignment will do. Every error leaves every output untouched. n = 0 is a success. Ties always go to the lower index.
   Memory
     Nothing is allocated. Where work space is needed, ask the _size function and hand in that many bytes, any alignment. A _size
     function returns 0 when the size overflows: no memory will do then.
   Threads
     All functions are reentrant. sphere_exec plugs in a job system; the split depends on the problem only.
   Random numbers
     Philox4x32-10 by (seed, stream, step, element), never from a running state: threads, batches and restarts do not matter.
   Options, defined before the implementation: SPHERE_ANNEAL_STATIC makes every function static (define it before every include);
     SPHERE_NO_SIMD keeps only the portable code. */
#ifndef SPHERE_ANNEAL_H
#define SPHERE_ANNEAL_H

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

#if defined(SPHERE_ANNEAL_STATIC)
#define SPHERE_ANNEAL_API SPHERE_INLINE_
#else
#define SPHERE_ANNEAL_API extern
#endif
#ifdef __cplusplus
extern "C" {
#endif

/* Every descriptor may be NULL for { 0 }. A SIMD level that is not here gives SPHERE_E_LEVEL. Each function is exact in this sense: the
   same bits at every level, on every target, for every thread count. Where 0 means a default, these ask for none or for more: */
#define SPHERE_ANNEAL_NONE    (-1.0)   /* as noise: none                                                                            */
#define SPHERE_ANNEAL_THERMAL (-2.0)   /* as noise: sqrt(2 pull / sharpness), so that 1/sharpness is the temperature of the oscillators */
#define SPHERE_ANNEAL_MAX_DIM 64u
#define SPHERE_ANNEAL_MAX_CARRIERS 65536u
#define SPHERE_ANNEAL_ENOUGH  2        /* what a progress callback returns to end early and keep the result; any other but 0 cancels */

/* >>oscillators ----------------------------------------------------------------------------------------------------- */

/* How an oscillator finds its target t = sum_k w_k c_k and goes there.
   The sound ones step by the exact Ornstein-Uhlenbeck solution, stable for any pull * dt, with weights of half the squared distance:
     x <- t + (x - t) e^(-pull dt) + noise sqrt((1 - e^(-2 pull dt)) / (2 pull)) xi
   on the sphere along the great circle to t/|t|, with the noise in the tangent plane.
   The reference ones are the published step, kept for comparison: weights exp(-s |x - c|) of the distance itself, Euler's step with
   noise scaled by dt, and frequencies (dim 1) held at 1 Hz or above; flat space only. What its schedules do is no more balanced than
   the start: see sphere_anneal_schedule. */
typedef enum sphere_anneal_method {
    SPHERE_ANNEAL_BALANCED = 0,        /* w = softmax_k(s (price_k - d^2/2)): prices give every carrier its capacity (entropic transport) */
    SPHERE_ANNEAL_FREE,                /* w = softmax_k(ln share_k - s d^2/2): nobody counts                         */
    SPHERE_ANNEAL_SORTED,              /* dim 1 only: the k-th lowest oscillator goes to the carrier whose turn it is: the exact optimum */
    SPHERE_ANNEAL_REFERENCE_HARD,      /* published step, s = 20 all the time                                        */
    SPHERE_ANNEAL_REFERENCE_SOFT,      /* published step, s = .05                                                    */
    SPHERE_ANNEAL_REFERENCE_ANNEALED   /* published step, s from .05 to 20                                           */
} sphere_anneal_method;
typedef enum sphere_anneal_space { SPHERE_ANNEAL_FLAT = 0, SPHERE_ANNEAL_SPHERE = 1 } sphere_anneal_space;

/* The system, for a step and for a run: set what you care about, zero the rest. */
typedef struct sphere_anneal_model {
    sphere_anneal_method method;
    sphere_anneal_space  space;        /* on the sphere dim >= 2, and rows need not have unit length: they are scaled */
    const uint64_t      *capacity;     /* (k) how many oscillators each carrier takes; sums to n; NULL: sphere_anneal_capacity of share */
    const float         *share;        /* (k) prior weights q, >= 0 and not all 0; NULL = all the same; a carrier with share 0 gets nothing */
    const float         *focus;        /* (k) > 0: carrier k has sharpness s focus_k, its weight gains the factor focus_k^(dim/2); NULL = 1 */
    double               tolerance;    /* 0 = 1e-2: prices are good when no carrier is off by more than this share of its capacity */
    unsigned             iterations;   /* 0 = 500: price iterations in one step, at most                             */
    uint64_t             seed;
    uint32_t             stream;       /* independent random numbers for the same seed                               */
    sphere_exec          exec;
} sphere_anneal_model;

/* The values of one step. */
typedef struct sphere_anneal_instant {
    double       sharpness;            /* s > 0                                                                      */
    double       pull;                 /* rate towards the target, 1/s, > 0                                          */
    double       noise;                /* >= 0, units of x per root second (reference: per second)                   */
    double       dt;                   /* seconds, > 0                                                               */
    uint32_t     index;                /* number of the step, for the random numbers                                 */
    const float *xi;                   /* (n, dim) normal deviates to use instead of the generator's; NULL           */
} sphere_anneal_instant;

typedef struct sphere_anneal_report {
    unsigned     steps;                /* done                                                                       */
    unsigned     iterations;           /* passes over the oscillators for the prices, in all                         */
    sphere_anneal_instant at;          /* the values of the last step                                                */
    double       column_error;         /* largest |carrier's load - capacity| / capacity in the last step; 0 unless balanced */
    double       energy;               /* free energy of the last step: -(1/s) sum_i ln sum_k q_k e^(s price_k - s d^2/2), plus
                                          sum_k capacity_k price_k when balanced: the transport cost at that temperature   */
    double       order;                /* order parameter: mean over the oscillators of sum_k w_k^2: 1/k undecided, 1 decided  */
    double       variance;             /* mean over the oscillators of the variance of d^2/2 (reference: d) under w  */
    double       motion;               /* largest distance an oscillator went in the last step                       */
    double       imbalance;            /* after a run: most / fewest oscillators at a carrier, each counted at its nearest;
                                          infinite when a carrier with a capacity stands empty                       */
    uint64_t     misplaced;            /* after a run: oscillators to move so that every carrier has its capacity    */
    double       lock;                 /* after a run: largest distance to the nearest carrier                       */
    double       travel;               /* after a run: sum of the distances between start and end                    */
    const float *planes;               /* in a progress callback only: the positions, (dim, n): all first components first */
} sphere_anneal_report;

/* Share n out in proportion: integers that sum to n, the floor of n q/sum q plus the largest remainders, ties to the lower index.
     share (k)     finite, >= 0, not all 0; NULL = all the same
     capacity (k)  out
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (k = 0 or above the limit, a share), SPHERE_E_NAN, SPHERE_E_OVERLAP.   Cost  O(k^2) at worst.
   Source  Hamilton's method of largest remainders. */
SPHERE_ANNEAL_API sphere_status sphere_anneal_capacity(size_t n, size_t k, const float *share, uint64_t *capacity);

/* Compute the weights of the carriers for each oscillator, at fixed prices.
     x (n, dim), carriers (k, dim); prices (k) in units of d^2/2, NULL = 0; sharpness > 0
     weights (n, k)  out; each row sums to 1; no weight is below 2^-126 / k. May be NULL when only the report is wanted.
     report          may be NULL; energy, order and variance are set, and column_error if the method is balanced
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (k, dim, sharpness, model), SPHERE_E_NAN (a NaN or an infinity in x, carriers, prices), SPHERE_E_SIZE,
           SPHERE_E_OVERLAP, SPHERE_E_MEMORY (sphere_anneal_size), SPHERE_E_LEVEL.
   Cost    k exponentials and k dim multiply-adds for each oscillator. */
SPHERE_ANNEAL_API sphere_status sphere_anneal_weights(const float *x, size_t n, const float *carriers, size_t k, size_t dim,
    const sphere_anneal_model *model,
                                                      double sharpness, const double *prices, float *weights, sphere_anneal_report *report,
                                                      void *memory, size_t bytes);

/* Find the prices that give every carrier its capacity at this sharpness: the entropic transport of the oscillators onto the carriers.
     prices (k)  start in (zeros will do), prices out, in units of d^2/2; their mean over carriers with a capacity is 0; a carrier without
                 one takes nobody and keeps the price 0
     report      may be NULL; iterations, column_error, energy, order, variance
   Errors  as sphere_anneal_weights. Not reaching the tolerance is not an error: see column_error.
   Cost    per iteration one pass over n k distances and exponentials, one more of n k^2 multiply-adds where Newton's step is taken (up to 64
           carriers, when Sinkhorn's does not halve the error); 2 to 20 iterations. Float sums: a tolerance below 1e-6 may not be reached.
   Source  Cuturi 2013, Sinkhorn distances; Peyre, Cuturi 2019, Computational optimal transport, ch. 4; Cuturi, Peyre 2018 (the dual's Hessian). */
SPHERE_ANNEAL_API sphere_status sphere_anneal_prices(const float *x, size_t n, const float *carriers, size_t k, size_t dim,
    const sphere_anneal_model *model,
                                                     double sharpness, double *prices, sphere_anneal_report *report, void *memory, size_t bytes);

/* Bytes of working memory for a step, a run, weights, prices and measure: about 4 n dim, 24 n more when balanced or sorted. */
SPHERE_ANNEAL_API size_t sphere_anneal_size(size_t n, size_t k, size_t dim, const sphere_anneal_model *model);

/* Do one step.
     x (n, dim)      oscillators in and out; finite
     carriers (k, dim), may not overlap x; 1 <= k <= SPHERE_ANNEAL_MAX_CARRIERS
     prices (k)      of the balanced method, start in and prices out: hand in the last step's, zeros at first; NULL = from zero
     report          may be NULL; the fields up to motion
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (k, dim, model, a capacity sum that is not n, values of the instant), SPHERE_E_NAN (in x, carriers,
           prices, share, focus, xi), SPHERE_E_SIZE, SPHERE_E_OVERLAP, SPHERE_E_MEMORY, SPHERE_E_LEVEL.
   Cost    as sphere_anneal_prices, and one pass more. */
SPHERE_ANNEAL_API sphere_status sphere_anneal_step(float *x, size_t n, const float *carriers, size_t k, size_t dim, const sphere_anneal_model *model,
                                                   const sphere_anneal_instant *at, double *prices, sphere_anneal_report *report,
                                                   void *memory, size_t bytes);

/* How the sharpness goes from first to last. */
typedef enum sphere_anneal_path {
    SPHERE_ANNEAL_GEOMETRIC = 0,       /* first (last/first)^p                                                       */
    SPHERE_ANNEAL_LINEAR,              /* first + (last - first) p                                                   */
    SPHERE_ANNEAL_ADAPTIVE             /* constant thermodynamic speed: ds = speed / sqrt(variance), at most doubling; then the last fifth
                                          of the steps at the end; p = ln(s/first)/ln(last/first)                    */
} sphere_anneal_path;

typedef struct sphere_anneal_desc {    /* set what you care about, zero the rest                                     */
    sphere_anneal_model model;
    sphere_anneal_path  path;
    unsigned            steps;         /* 0 = 100; adaptive: the most there will be, 0 = 400                         */
    double              dt;            /* 0 = .05                                                                    */
    double              unit;          /* length that counts as one: sharpness is divided by its square, noise multiplied by it;
                                          0 = 1 (Hz), on the sphere .01 (radians)                                    */
    double              sharp_first;   /* 0 = 1e-4                                                                   */
    double              sharp_last;    /* 0 = 1                                                                      */
    double              pull_first;    /* 0 = 1                                                                      */
    double              pull_last;     /* 0 = 11; linear in p                                                        */
    double              noise;         /* 0 = 10: noise (1 - p)^2, and none from p = .8 on; SPHERE_ANNEAL_NONE, SPHERE_ANNEAL_THERMAL. The
                                          published 50 balances as well, but lengthens short ways by 15 % (median)    */
    double              speed;         /* 0 = .3, adaptive only                                                      */
    int               (*progress)(void *user, const sphere_anneal_report *report);    /* after each step, on the calling thread;
                                          0 = go on, SPHERE_ANNEAL_ENOUGH = end here, anything else = SPHERE_E_CANCEL  */
    void               *user;
} sphere_anneal_desc;

/* Compute the values of step i of a run, without the adaptive path.
   p = i/(steps - 1), so that the last step is the end of the schedule. The reference methods have the published p = i/steps, which leaves
   a noise of 50/steps at the end, noise 50 (1 - p), pull 1 + 10 p, and read only steps, dt and SPHERE_ANNEAL_NONE of desc. In them, with
   the same start, annealing changes the carrier of 0.3 to 1.3 % of the oscillators only: the imbalance of the start stays.
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (i >= steps, desc, adaptive), SPHERE_E_NAN. */
SPHERE_ANNEAL_API sphere_status sphere_anneal_schedule(const sphere_anneal_desc *desc, unsigned i, sphere_anneal_instant *at);

/* Do the whole run: every step of the schedule, then measure.
     x (n, dim)  oscillators in and out; carriers (k, dim); report may be NULL
   Errors  as sphere_anneal_step, and SPHERE_E_CANCEL. x is untouched on error.
   Balance  Three quarters of the way the balanced method settles: each oscillator is given to its heaviest carrier, those with the least
           to lose move from full carriers to free ones, and from there on everyone goes to its own. Every carrier then has its capacity
           exactly (misplaced is 0), except with SPHERE_ANNEAL_THERMAL, where nobody settles.
   Cost    steps * (price iterations + 1) passes.   Source  the balanced form of the published annealed diffusion. */
SPHERE_ANNEAL_API sphere_status sphere_anneal_run(float *x, size_t n, const float *carriers, size_t k, size_t dim, const sphere_anneal_desc *desc,
                                                  sphere_anneal_report *report, void *memory, size_t bytes);

/* Count the oscillators at their nearest carrier.
     start (n, dim)  for the travel; NULL = none
     label (n)       out, the nearest carrier, ties to the lower; may be NULL;  count (k)  out, may be NULL
     report          imbalance, misplaced (against the capacity of the model), lock, travel; the rest is 0; may be NULL
   Errors  as sphere_anneal_weights. Distances are chords in both spaces. */
SPHERE_ANNEAL_API sphere_status sphere_anneal_measure(const float *x, const float *start, size_t n, const float *carriers, size_t k, size_t dim,
                                                      const sphere_anneal_model *model, uint32_t *label, uint64_t *count, sphere_anneal_report *report,
                                                      void *memory, size_t bytes);

/* Solve the balanced assignment on a line exactly: sort both, fill in order. No assignment with these capacities travels less, for the
   distance as for its square.
     x (n), carriers (k) finite; capacity (k) sums to n; label (n) out; travel: sum of |x - carrier|, may be NULL
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (k, capacity), SPHERE_E_NAN, SPHERE_E_SIZE, SPHERE_E_OVERLAP, SPHERE_E_MEMORY.
   Cost    a radix sort of n; ties by index; memory sphere_anneal_sort_size, 16 n + 4 k. */
SPHERE_ANNEAL_API size_t sphere_anneal_sort_size(size_t n, size_t k);
SPHERE_ANNEAL_API sphere_status sphere_anneal_sort(const float *x, size_t n, const float *carriers, size_t k, const uint64_t *capacity,
                                                   uint32_t *label, double *travel, void *memory, size_t bytes);

/* >>analysis -------------------------------------------------------------------------------------------------------- */

struct sphere_anneal_analysis;         /* the report, below */
typedef struct sphere_anneal_analyse_desc {    /* set what you care about, zero the rest                             */
    double      sharp_first;           /* 0 = a quarter below the first split, 1/(largest eigenvalue of the covariance) */
    double      sharp_last;            /* 0 = by the data: 2000 times the sharpness of the first split               */
    double      growth;                /* 0 = 1.15: factor of the sharpness from one temperature to the next, > 1    */
    unsigned    iterations;            /* 0 = 50: EM steps at a temperature, at most                                 */
    double      tolerance;             /* 0 = 1e-5: a temperature is done when F falls by less than this share of n/s */
    int         fixed_shares;          /* 1: all shares stay 1/k; 0: they follow the data                            */
    uint64_t    seed;                  /* directions of the splits where the covariance does not decide              */
    int       (*progress)(void *user, const struct sphere_anneal_analysis *report);   /* after each temperature, as above */
    void       *user;
    sphere_exec exec;
} sphere_anneal_analyse_desc;

typedef struct sphere_anneal_analysis {
    double   sharpness;                /* now                                                                        */
    double   energy;                   /* free energy F = -(1/s) sum_i ln sum_k q_k e^(-s |x_i - c_k|^2 / 2): before the last EM step */
    double   first_split;              /* the sharpness at which one carrier becomes two: 1/(largest eigenvalue of the covariance) */
    size_t   carriers;                 /* found so far                                                               */
    unsigned temperatures, iterations; /* done                                                                       */
} sphere_anneal_analysis;

/* Do one step of expectation-maximisation at fixed sharpness: r = softmax(ln q - s |x - c|^2/2), c = sum r x / sum r. F never rises.
     x (n, dim) finite; carriers (k, dim) in and out; share (k) in and out, > 0, NULL = 1/k and fixed; energy: F before the step, may be NULL
   Errors  as sphere_anneal_weights.   Cost  one pass: k exponentials, 2 k dim multiply-adds for each row.
   Source  Rose 1998, Deterministic annealing for clustering, compression, classification, regression. */
SPHERE_ANNEAL_API sphere_status sphere_anneal_em(const float *x, size_t n, float *carriers, float *share, size_t k, size_t dim, double sharpness,
                                                 double *energy, const sphere_exec *exec, void *memory, size_t bytes);

/* Find the carriers of oscillators: cool from one carrier in the middle, split each where s * largest eigenvalue of its covariance
   passes 1, and run EM at every temperature.
     x (n, dim) finite, n >= 1
     carriers (k, dim) out, share (k) out: the first report->carriers rows are set, the rest are zero; ordered by their splits
     report    may be NULL
   Errors  as sphere_anneal_weights, and SPHERE_E_CANCEL.
   Cost    temperatures * (EM steps + 12 passes for the eigenvalues). */
SPHERE_ANNEAL_API size_t sphere_anneal_analyse_size(size_t n, size_t k, size_t dim);      /* for sphere_anneal_em, too */
SPHERE_ANNEAL_API sphere_status sphere_anneal_analyse(const float *x, size_t n, float *carriers, float *share, size_t k, size_t dim,
                                                      const sphere_anneal_analyse_desc *desc, sphere_anneal_analysis *report, void *memory, size_t bytes);

/* >>concepts -------------------------------------------------------------------------------------------------------- */

/* Compute how strongly a query excites each concept: energy = softmax(beta <v_k, query>), the modern Hopfield memory.
     concepts (k, dim), query (dim) finite, any dim >= 1; beta finite, energy (k) out
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (k, dim 0, beta), SPHERE_E_NAN, SPHERE_E_SIZE, SPHERE_E_OVERLAP.
   Source  Ramsauer et al. 2020, Hopfield networks is all you need. */
SPHERE_ANNEAL_API sphere_status sphere_anneal_energies(const float *concepts, size_t k, size_t dim, const float *query, double beta, float *energy);
/* Sum the field of the concepts: field = sum_k energy_k v_k; field (dim) out, energy (k) finite. Errors as above. */
SPHERE_ANNEAL_API sphere_status sphere_anneal_field(const float *concepts, size_t k, size_t dim, const float *energy, float *field);
/* Compute the probabilities of the next token: softmax(<token_i, field> / tau); tokens (n, dim), tau > 0, probability (n) out. Errors as above. */
SPHERE_ANNEAL_API sphere_status sphere_anneal_tokens(const float *tokens, size_t n, size_t dim, const float *field, double tau, float *probability);
/* Give each concept a carrier: its cosine to an axis of meaning, -1..1, becomes a pitch from low to high Hz, evenly in octaves.
     frequency (k) out; a zero row gets the middle; 0 < low <= high. Errors as above (SPHERE_E_RANGE for low, high). */
SPHERE_ANNEAL_API sphere_status sphere_anneal_pitches(const float *concepts, size_t k, size_t dim, const float *axis, double low, double high,
    float *frequency);
/* Read the sound off the oscillators: each carrier with oscillators nearest to it sounds at their mean frequency, with the share of the
   oscillators it holds as amplitude, so that the amplitudes sum to 1. A carrier that holds none: its own frequency, amplitude 0.
   The bridge from concepts to sound is: energies, pitches, sphere_anneal_run with the energies as share, and this.
     x (n), carriers (k) finite, n >= 1; frequency, amplitude (k) out. Errors as above. */
SPHERE_ANNEAL_API sphere_status sphere_anneal_sound(const float *x, size_t n, const float *carriers, size_t k, float *frequency, float *amplitude);

/* >>samplers -------------------------------------------------------------------------------------------------------- */

/* A noise level. A row at this level is x = scale (x0 + sigma noise). The last level of a table is clean: sigma 0, scale 1, t -1. */
typedef struct sphere_anneal_level {
    double t;                          /* linear, cosine: the training step 0..T-1; Karras: ln(sigma)/4              */
    double alpha_bar;                  /* 1/(1 + sigma^2)                                                            */
    double sigma;                      /* sqrt((1 - alpha_bar)/alpha_bar)                                            */
    double scale;                      /* linear, cosine: sqrt(alpha_bar); Karras: 1                                 */
} sphere_anneal_level;

typedef enum sphere_anneal_noising {
    SPHERE_ANNEAL_LINEAR_BETA = 0,     /* DDPM: beta linear in the step                                              */
    SPHERE_ANNEAL_COSINE,              /* alpha_bar(u) = cos^2((u + s)/(1 + s) pi/2) over its value at 0, s = .008, beta <= .999 */
    SPHERE_ANNEAL_KARRAS               /* sigma_i = (max^(1/rho) + i/(n-1) (min^(1/rho) - max^(1/rho)))^rho          */
} sphere_anneal_noising;
typedef enum sphere_anneal_spacing {   /* which of the T training steps n sampling steps use; a half rounds to even  */
    SPHERE_ANNEAL_TRAILING = 0,        /* round(T - i T/n) - 1: begins at T - 1, the level that is all noise         */
    SPHERE_ANNEAL_LEADING,             /* (n - 1 - i) floor(T/n): ends at 0                                          */
    SPHERE_ANNEAL_LINSPACE             /* round((n - 1 - i)(T - 1)/(n - 1)): both ends; n = 1: T - 1                 */
} sphere_anneal_spacing;
typedef enum sphere_anneal_solver {
    SPHERE_ANNEAL_DDIM = 0,            /* any eta; eta 0 is Euler's step of the probability flow                     */
    SPHERE_ANNEAL_DDPM,                /* DDIM with eta 1                                                            */
    SPHERE_ANNEAL_EULER,               /* order 1                                                                    */
    SPHERE_ANNEAL_HEUN                 /* order 2, Euler into the clean level                                        */
} sphere_anneal_solver;
typedef enum sphere_anneal_prediction {
    SPHERE_ANNEAL_NOISE = 0,           /* what the denoiser returns: the noise                                       */
    SPHERE_ANNEAL_CLEAN,               /* x0                                                                         */
    SPHERE_ANNEAL_VELOCITY             /* v = sqrt(alpha_bar) noise - sqrt(1 - alpha_bar) x0                         */
} sphere_anneal_prediction;

/* A denoiser: read n rows x of dim floats at a level, write as many predictions. A status other than SPHERE_OK ends the sampling. */
typedef sphere_status (*sphere_anneal_denoiser)(void *user, const float *x, size_t n, size_t dim, const sphere_anneal_level *level, float *out);

typedef struct sphere_anneal_sample_report {
    unsigned            steps;         /* done                                                                       */
    unsigned            calls;         /* of denoisers                                                               */
    sphere_anneal_level level;         /* reached                                                                    */
    const float        *rows;          /* in a progress callback only: the rows at this level, (n, dim)              */
} sphere_anneal_sample_report;

typedef struct sphere_anneal_sample_desc {     /* set what you care about, zero the rest                             */
    sphere_anneal_solver     solver;
    sphere_anneal_prediction prediction;
    sphere_anneal_noising    noising;
    sphere_anneal_spacing    spacing;
    unsigned    steps;                 /* 0 = 50, Karras 18; linear, cosine: at most train_steps                     */
    unsigned    train_steps;           /* 0 = 1000, linear and cosine; at most 1000000                               */
    double      beta_first, beta_last; /* 0 = 1e-4, .02: linear                                                      */
    double      sigma_min, sigma_max;  /* 0 = .002, 80: Karras                                                       */
    double      rho;                   /* 0 = 7                                                                      */
    double      eta;                   /* DDIM: 0..1                                                                 */
    double      churn;                 /* Euler, Heun on Karras levels: S >= 0, gamma = min(S/steps, sqrt 2 - 1)     */
    double      churn_min, churn_max;  /* churn where sigma lies between; 0 = no limit                               */
    double      churn_noise;           /* 0 = 1: factor of the noise that churning adds                              */
    sphere_anneal_denoiser unguided;   /* with guidance w, the prediction is unguided + w (denoiser - unguided)      */
    void       *unguided_user;
    double      guidance;              /* 0 = 1; read only when unguided is set                                      */
    uint64_t    seed;
    uint32_t    stream;
    int       (*progress)(void *user, const sphere_anneal_sample_report *report);     /* after each step, as in sphere_anneal_desc */
    void       *user;
    sphere_exec exec;
} sphere_anneal_sample_desc;

/* How many steps desc asks for: levels has one place more. 0 if desc is out of range. */
SPHERE_ANNEAL_API size_t sphere_anneal_steps(const sphere_anneal_sample_desc *desc);
/* Compute the noise levels that sampling goes through; levels (steps + 1) out, the last one clean. Double throughout; within 1e-12.
   The level after a level is the next of this table: never t minus a stride, which is wrong for trailing and linspace spacing.
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE, SPHERE_E_NAN.   Cost  O(train_steps).
   Source  Ho et al. 2020 (linear); Nichol, Dhariwal 2021 (cosine); Karras et al. 2022 (sigmas); Lin et al. 2023 (spacing). */
SPHERE_ANNEAL_API sphere_status sphere_anneal_levels(const sphere_anneal_sample_desc *desc, sphere_anneal_level *levels);

/* Fill with normal deviates times scale: x (n, dim) out; element e of the flat array has the e-th number of (seed, stream, step). To
   begin sampling, take step 0 (sampling uses the steps from 1 on) and the scale of the first level: level.scale * level.sigma, or, for
   data of variance 1 around 0, level.scale * sqrt(1 + level.sigma^2).
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (scale), SPHERE_E_NAN, SPHERE_E_SIZE, SPHERE_E_LEVEL. */
SPHERE_ANNEAL_API sphere_status sphere_anneal_noise(float *x, size_t n, size_t dim, double scale, uint64_t seed, uint32_t stream, uint32_t step,
                                                    const sphere_exec *exec);

/* Draw samples: from x at the first level of sphere_anneal_levels to clean rows.
     x (n, dim) in and out, finite; any dim >= 1
     denoiser   is called with all n rows, on the calling thread; Heun: twice a step, the last step once
     report     may be NULL
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE (desc), SPHERE_E_NAN (in x or desc), SPHERE_E_SIZE, SPHERE_E_MEMORY, SPHERE_E_LEVEL, SPHERE_E_CANCEL, what the
           denoiser returns. x is untouched on error. A NaN from the denoiser is carried on as the one NaN.
   Cost    steps calls, and about two passes over x a step.
   Limits  A noise predicted in float is good to 6e-8 sigma: above a sigma of 1000 (the first steps of the cosine schedule), let the
           denoiser return the clean rows or the velocity.
   Source  Song et al. 2020 (DDIM); Ho et al. 2020 (DDPM); Karras et al. 2022, algorithms 1 and 2 (Heun, churn). */
SPHERE_ANNEAL_API size_t sphere_anneal_sample_size(size_t n, size_t dim);
SPHERE_ANNEAL_API sphere_status sphere_anneal_sample(float *x, size_t n, size_t dim, const sphere_anneal_sample_desc *desc,
                                                     sphere_anneal_denoiser denoiser, void *denoiser_user, sphere_anneal_sample_report *report,
                                                     void *memory, size_t bytes);

/* A data set for the exact denoiser. Zero what is not needed. */
typedef struct sphere_anneal_data {
    const float *rows;                 /* (n, dim), stride apart; finite; n >= 1, dim >= 1                           */
    size_t       n, dim, stride;       /* stride 0 = dim                                                             */
    double       bandwidth;            /* h >= 0: each row is a normal distribution of this width: new samples between the rows */
    const float *labels;               /* (n, label_dim) conditions of the rows; NULL = none                         */
    size_t       label_dim;
    const float *wanted;               /* (wanted_n, label_dim): wanted_n is 1, for all samples, or their number     */
    size_t       wanted_n;
    double       label_width;          /* b > 0 with labels: rows weigh exp(-|wanted - label|^2 / 2 b^2) more        */
    double       guidance;             /* 0 = 1: w of D_u + w (D_c - D_u), D_u without labels                        */
    sphere_exec  exec;
    void        *memory;               /* sphere_anneal_denoise_size(samples, dim, label_dim) bytes                  */
    size_t       bytes;
} sphere_anneal_data;

/* Denoise exactly: the mean of the rows y_i given x = y + sigma noise,
     D(x) = sum_i w_i y_i, w = softmax(-|x - y_i|^2 / 2 sigma^2); with bandwidth h: weights at sigma^2 + h^2, (h^2 x + sigma^2 sum w y)/(h^2 + sigma^2)
     x (n, dim) finite; sigma > 0; out (n, dim), may not overlap x or data
   The rows are read in one stream, with a running maximum: any number of them, none stored.
   Errors  SPHERE_E_NULL, SPHERE_E_RANGE, SPHERE_E_NAN (x, rows, labels, wanted), SPHERE_E_SIZE, SPHERE_E_OVERLAP, SPHERE_E_MEMORY, SPHERE_E_LEVEL.
   Cost    n data->n (2 dim multiply-adds and one exponential), twice that with guidance; threads share the samples, 256 apiece.
   Exact   float sums over the rows: relative error about 1e-6. */
SPHERE_ANNEAL_API size_t sphere_anneal_denoise_size(size_t n, size_t dim, size_t label_dim);        /* n samples; label_dim 0 without labels */
SPHERE_ANNEAL_API sphere_status sphere_anneal_denoise(const sphere_anneal_data *data, const float *x, size_t n, double sigma, float *out);
/* The same as a sphere_anneal_denoiser: user is a sphere_anneal_data, the prediction SPHERE_ANNEAL_CLEAN. */
SPHERE_ANNEAL_API sphere_status sphere_anneal_denoise_exact(void *user, const float *x, size_t n, size_t dim, const sphere_anneal_level *level,
    float *out);

#ifdef __cplusplus
}
#endif
/* Stop here if you only use sphere_anneal.h. ----------------------------------------------------------------------- */
#endif /* SPHERE_ANNEAL_H */

#if defined(SPHERE_ANNEAL_IMPLEMENTATION) && !defined(SPHERE_ANNEAL_IMPLEMENTATION_DONE_)
#define SPHERE_ANNEAL_IMPLEMENTATION_DONE_

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

/* >>kernels
   A tile holds a block of oscillators component by component: component a of oscillator i is x[a * ldx + i]. Logits, weights and
   everything else that belongs to a pair (carrier k, oscillator i) is at k * ld + i. Logits are to the base 2. */
SPHERE_INLINE_ float sphere_anneal_lanes_(float *lane)
{
    size_t width, k;
    for (width = 8; width; width /= 2) for (k = 0; k < width; k++) lane[k] += lane[k + width];
    return sphere_canonical_(lane[0]);
}
#if SPHERE_AVX2_
#define SPHERE_ANNEAL_AVX2_FN_ SPHERE_TARGET_AVX2_ SPHERE_INLINE_
SPHERE_ANNEAL_AVX2_FN_ __m256 sphere_anneal_canonical_avx2_(__m256 v_f32x8)
{
    return _mm256_blendv_ps(v_f32x8, _mm256_castsi256_ps(_mm256_set1_epi32(0x7fc00000)), _mm256_cmp_ps(v_f32x8, v_f32x8, _CMP_UNORD_Q));
}
#endif
#if SPHERE_NEON_
SPHERE_INLINE_ float32x4_t sphere_anneal_canonical_neon_(float32x4_t v_f32x4)
{
    return vbslq_f32(vceqq_f32(v_f32x4, v_f32x4), v_f32x4, vreinterpretq_f32_u32(vdupq_n_u32(0x7fc00000u)));
}
#endif

/* >>kernel logits: out = price_k - slope_k D, D = sum_a (x_a - c_ka)^2 in the order of a, or its square root. Without prices it starts from
   what is in out. Finite inputs with |x|, |c| <= 1e18 cannot make a NaN. */
static void sphere_anneal_logits_c_(float *out, size_t ld, const float *x, size_t ldx, size_t m, const float *c, size_t ldc, size_t k, size_t dim,
                                    const float *price, const float *slope, int root)
{
    size_t i, j, a;
    for (j = 0; j < k; j++) for (i = 0; i < m; i++) {
        float t = x[i] - c[j * ldc], sum = t * t;
        for (a = 1; a < dim; a++) { t = x[a * ldx + i] - c[j * ldc + a]; sum = SPHERE_MADD_(t, t, sum); }
        if (root) sum = sphere_sqrt_(sum);
        out[j * ld + i] = (price ? price[j] : out[j * ld + i]) - slope[j] * sum;
    }
}
#if SPHERE_AVX2_
/* Four vectors of oscillators share the broadcast of a carrier's component. */
SPHERE_TARGET_AVX2_ static void sphere_anneal_logits_avx2_(float *out, size_t ld, const float *x, size_t ldx, size_t m, const float *c, size_t ldc,
    size_t k,
                                                           size_t dim, const float *price, const float *slope, int root)
{
    size_t i = 0, j, a;
    if (dim == 1 && price && !root) for (; i + 16 <= m; i += 16) {      /* frequencies: they stay in registers */
        const __m256 x0_f32x8 = _mm256_loadu_ps(x + i), x1_f32x8 = _mm256_loadu_ps(x + i + 8);
        float *to = out + i;
        for (j = 0; j < k; j++, to += ld) {
            const __m256 c_f32x8 = _mm256_set1_ps(c[j * ldc]), slope_f32x8 = _mm256_set1_ps(slope[j]), p_f32x8 = _mm256_set1_ps(price[j]);
            const __m256 t0_f32x8 = _mm256_sub_ps(x0_f32x8, c_f32x8), t1_f32x8 = _mm256_sub_ps(x1_f32x8, c_f32x8);
            _mm256_storeu_ps(to, _mm256_sub_ps(p_f32x8, _mm256_mul_ps(slope_f32x8, _mm256_mul_ps(t0_f32x8, t0_f32x8))));
            _mm256_storeu_ps(to + 8, _mm256_sub_ps(p_f32x8, _mm256_mul_ps(slope_f32x8, _mm256_mul_ps(t1_f32x8, t1_f32x8))));
        }
    }
    for (; i + 32 <= m; i += 32) for (j = 0; j < k; j++) {
        const float *at = x + i, *centre = c + j * ldc;
        float *to = out + j * ld + i;
        const __m256 slope_f32x8 = _mm256_set1_ps(slope[j]);
        __m256 c_f32x8 = _mm256_set1_ps(centre[0]), p_f32x8, s0_f32x8, s1_f32x8, s2_f32x8, s3_f32x8, t_f32x8;
        t_f32x8 = _mm256_sub_ps(_mm256_loadu_ps(at), c_f32x8); s0_f32x8 = _mm256_mul_ps(t_f32x8, t_f32x8);
        t_f32x8 = _mm256_sub_ps(_mm256_loadu_ps(at + 8), c_f32x8); s1_f32x8 = _mm256_mul_ps(t_f32x8, t_f32x8);
        t_f32x8 = _mm256_sub_ps(_mm256_loadu_ps(at + 16), c_f32x8); s2_f32x8 = _mm256_mul_ps(t_f32x8, t_f32x8);
        t_f32x8 = _mm256_sub_ps(_mm256_loadu_ps(at + 24), c_f32x8); s3_f32x8 = _mm256_mul_ps(t_f32x8, t_f32x8);
        for (a = 1; a < dim; a++) {
            at += ldx; c_f32x8 = _mm256_set1_ps(centre[a]);
            t_f32x8 = _mm256_sub_ps(_mm256_loadu_ps(at), c_f32x8); s0_f32x8 = SPHERE_MADD_F32X8_(t_f32x8, t_f32x8, s0_f32x8);
            t_f32x8 = _mm256_sub_ps(_mm256_loadu_ps(at + 8), c_f32x8); s1_f32x8 = SPHERE_MADD_F32X8_(t_f32x8, t_f32x8, s1_f32x8);
            t_f32x8 = _mm256_sub_ps(_mm256_loadu_ps(at + 16), c_f32x8); s2_f32x8 = SPHERE_MADD_F32X8_(t_f32x8, t_f32x8, s2_f32x8);
            t_f32x8 = _mm256_sub_ps(_mm256_loadu_ps(at + 24), c_f32x8); s3_f32x8 = SPHERE_MADD_F32X8_(t_f32x8, t_f32x8, s3_f32x8);
        }
        if (root) {
            s0_f32x8 = _mm256_sqrt_ps(s0_f32x8); s1_f32x8 = _mm256_sqrt_ps(s1_f32x8);
            s2_f32x8 = _mm256_sqrt_ps(s2_f32x8); s3_f32x8 = _mm256_sqrt_ps(s3_f32x8);
        }
        s0_f32x8 = _mm256_mul_ps(slope_f32x8, s0_f32x8); s1_f32x8 = _mm256_mul_ps(slope_f32x8, s1_f32x8);
        s2_f32x8 = _mm256_mul_ps(slope_f32x8, s2_f32x8); s3_f32x8 = _mm256_mul_ps(slope_f32x8, s3_f32x8);
        p_f32x8 = _mm256_set1_ps(price ? price[j] : 0);
        _mm256_storeu_ps(to, _mm256_sub_ps(price ? p_f32x8 : _mm256_loadu_ps(to), s0_f32x8));
        _mm256_storeu_ps(to + 8, _mm256_sub_ps(price ? p_f32x8 : _mm256_loadu_ps(to + 8), s1_f32x8));
        _mm256_storeu_ps(to + 16, _mm256_sub_ps(price ? p_f32x8 : _mm256_loadu_ps(to + 16), s2_f32x8));
        _mm256_storeu_ps(to + 24, _mm256_sub_ps(price ? p_f32x8 : _mm256_loadu_ps(to + 24), s3_f32x8));
    }
    for (; i + 8 <= m; i += 8) for (j = 0; j < k; j++) {
        float *to = out + j * ld + i;
        __m256 t_f32x8 = _mm256_sub_ps(_mm256_loadu_ps(x + i), _mm256_set1_ps(c[j * ldc])), s_f32x8 = _mm256_mul_ps(t_f32x8, t_f32x8);
        for (a = 1; a < dim; a++) {
            t_f32x8 = _mm256_sub_ps(_mm256_loadu_ps(x + a * ldx + i), _mm256_set1_ps(c[j * ldc + a]));
            s_f32x8 = SPHERE_MADD_F32X8_(t_f32x8, t_f32x8, s_f32x8);
        }
        if (root) s_f32x8 = _mm256_sqrt_ps(s_f32x8);
        _mm256_storeu_ps(to, _mm256_sub_ps(price ? _mm256_set1_ps(price[j]) : _mm256_loadu_ps(to), _mm256_mul_ps(_mm256_set1_ps(slope[j]), s_f32x8)));
    }
    sphere_anneal_logits_c_(out + i, ld, x + i, ldx, m - i, c, ldc, k, dim, price, slope, root);
}
#endif
#if SPHERE_NEON_
static void sphere_anneal_logits_neon_(float *out, size_t ld, const float *x, size_t ldx, size_t m, const float *c, size_t ldc, size_t k, size_t dim,
                                       const float *price, const float *slope, int root)
{
    size_t i = 0, j, a;
    for (; i + 16 <= m; i += 16) for (j = 0; j < k; j++) {
        const float *at = x + i, *centre = c + j * ldc;
        float *to = out + j * ld + i;
        const float32x4_t slope_f32x4 = vdupq_n_f32(slope[j]);
        float32x4_t c_f32x4 = vdupq_n_f32(centre[0]), p_f32x4, s0_f32x4, s1_f32x4, s2_f32x4, s3_f32x4, t_f32x4;
        t_f32x4 = vsubq_f32(vld1q_f32(at), c_f32x4); s0_f32x4 = vmulq_f32(t_f32x4, t_f32x4);
        t_f32x4 = vsubq_f32(vld1q_f32(at + 4), c_f32x4); s1_f32x4 = vmulq_f32(t_f32x4, t_f32x4);
        t_f32x4 = vsubq_f32(vld1q_f32(at + 8), c_f32x4); s2_f32x4 = vmulq_f32(t_f32x4, t_f32x4);
        t_f32x4 = vsubq_f32(vld1q_f32(at + 12), c_f32x4); s3_f32x4 = vmulq_f32(t_f32x4, t_f32x4);
        for (a = 1; a < dim; a++) {
            at += ldx; c_f32x4 = vdupq_n_f32(centre[a]);
            t_f32x4 = vsubq_f32(vld1q_f32(at), c_f32x4); s0_f32x4 = SPHERE_MADD_F32X4_(t_f32x4, t_f32x4, s0_f32x4);
            t_f32x4 = vsubq_f32(vld1q_f32(at + 4), c_f32x4); s1_f32x4 = SPHERE_MADD_F32X4_(t_f32x4, t_f32x4, s1_f32x4);
            t_f32x4 = vsubq_f32(vld1q_f32(at + 8), c_f32x4); s2_f32x4 = SPHERE_MADD_F32X4_(t_f32x4, t_f32x4, s2_f32x4);
            t_f32x4 = vsubq_f32(vld1q_f32(at + 12), c_f32x4); s3_f32x4 = SPHERE_MADD_F32X4_(t_f32x4, t_f32x4, s3_f32x4);
        }
        if (root) { s0_f32x4 = vsqrtq_f32(s0_f32x4); s1_f32x4 = vsqrtq_f32(s1_f32x4); s2_f32x4 = vsqrtq_f32(s2_f32x4); s3_f32x4 = vsqrtq_f32(s3_f32x4); }
        p_f32x4 = vdupq_n_f32(price ? price[j] : 0);
        vst1q_f32(to, vsubq_f32(price ? p_f32x4 : vld1q_f32(to), vmulq_f32(slope_f32x4, s0_f32x4)));
        vst1q_f32(to + 4, vsubq_f32(price ? p_f32x4 : vld1q_f32(to + 4), vmulq_f32(slope_f32x4, s1_f32x4)));
        vst1q_f32(to + 8, vsubq_f32(price ? p_f32x4 : vld1q_f32(to + 8), vmulq_f32(slope_f32x4, s2_f32x4)));
        vst1q_f32(to + 12, vsubq_f32(price ? p_f32x4 : vld1q_f32(to + 12), vmulq_f32(slope_f32x4, s3_f32x4)));
    }
    for (; i + 4 <= m; i += 4) for (j = 0; j < k; j++) {
        float *to = out + j * ld + i;
        float32x4_t t_f32x4 = vsubq_f32(vld1q_f32(x + i), vdupq_n_f32(c[j * ldc])), s_f32x4 = vmulq_f32(t_f32x4, t_f32x4);
        for (a = 1; a < dim; a++) {
            t_f32x4 = vsubq_f32(vld1q_f32(x + a * ldx + i), vdupq_n_f32(c[j * ldc + a]));
            s_f32x4 = SPHERE_MADD_F32X4_(t_f32x4, t_f32x4, s_f32x4);
        }
        if (root) s_f32x4 = vsqrtq_f32(s_f32x4);
        vst1q_f32(to, vsubq_f32(price ? vdupq_n_f32(price[j]) : vld1q_f32(to), vmulq_f32(vdupq_n_f32(slope[j]), s_f32x4)));
    }
    sphere_anneal_logits_c_(out + i, ld, x + i, ldx, m - i, c, ldc, k, dim, price, slope, root);
}
#endif

/* 2^t for t <= 0, within 2.3 units in the last place: t = k + r, |r| <= 1/2, minimax polynomial (2^-23.4); k is added to the exponent.
   From 2^least of the largest down, and for a NaN, a weight is 0: no sum of floats shows it, and arithmetic on numbers below 2^-126, which
   its products with other numbers would be, takes some processors a hundred times as long. Where weights are multiplied with each other,
   each divided by a sum of up to 64, the bound is the higher one: the product then stays above 2^-126, too. */
#define SPHERE_ANNEAL_LEAST_      (-100.0f)
#define SPHERE_ANNEAL_LEAST_PAIR_ (-56.0f)
SPHERE_INLINE_ float sphere_anneal_exp2_(float t, float least)
{
    const float shifted = t + 12582912.0f;                              /* 1.5 * 2^23 leaves no fraction: the low bits are k */
    const float r = t - (shifted - 12582912.0f);
    float p = SPHERE_MADD_(0.00132647273f, r, 0.00967151299f);
    p = SPHERE_MADD_(p, r, 0.0555073358f); p = SPHERE_MADD_(p, r, 0.240222424f);
    p = SPHERE_MADD_(p, r, 0.693147004f); p = SPHERE_MADD_(p, r, 1.0f);
    return t > least ? sphere_from_bits_(sphere_bits_(p) + (sphere_bits_(shifted) << 23)) : 0;
}
#if SPHERE_AVX2_
/* e in place of its logit l; the constants are the caller's, to stay in registers. */
SPHERE_ANNEAL_AVX2_FN_ __m256 sphere_anneal_exp2_avx2_(__m256 t_f32x8, __m256 least_f32x8)
{
    const __m256 magic_f32x8 = _mm256_set1_ps(12582912.0f), seen_f32x8 = _mm256_cmp_ps(t_f32x8, least_f32x8, _CMP_GT_OQ);
    const __m256 shifted_f32x8 = _mm256_add_ps(t_f32x8, magic_f32x8), r_f32x8 = _mm256_sub_ps(t_f32x8, _mm256_sub_ps(shifted_f32x8, magic_f32x8));
    __m256 p_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(0.00132647273f), r_f32x8, _mm256_set1_ps(0.00967151299f));
    p_f32x8 = SPHERE_MADD_F32X8_(p_f32x8, r_f32x8, _mm256_set1_ps(0.0555073358f));
    p_f32x8 = SPHERE_MADD_F32X8_(p_f32x8, r_f32x8, _mm256_set1_ps(0.240222424f));
    p_f32x8 = SPHERE_MADD_F32X8_(p_f32x8, r_f32x8, _mm256_set1_ps(0.693147004f));
    p_f32x8 = SPHERE_MADD_F32X8_(p_f32x8, r_f32x8, _mm256_set1_ps(1.0f));
    p_f32x8 = _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(p_f32x8), _mm256_slli_epi32(_mm256_castps_si256(shifted_f32x8), 23)));
    return _mm256_and_ps(p_f32x8, seen_f32x8);
}
#endif
#if SPHERE_NEON_
SPHERE_INLINE_ float32x4_t sphere_anneal_exp2_neon_(float32x4_t t_f32x4, float32x4_t least_f32x4)
{
    const float32x4_t magic_f32x4 = vdupq_n_f32(12582912.0f);
    const uint32x4_t seen_u32x4 = vcgtq_f32(t_f32x4, least_f32x4);
    const float32x4_t shifted_f32x4 = vaddq_f32(t_f32x4, magic_f32x4), r_f32x4 = vsubq_f32(t_f32x4, vsubq_f32(shifted_f32x4, magic_f32x4));
    float32x4_t p_f32x4 = SPHERE_MADD_F32X4_(vdupq_n_f32(0.00132647273f), r_f32x4, vdupq_n_f32(0.00967151299f));
    p_f32x4 = SPHERE_MADD_F32X4_(p_f32x4, r_f32x4, vdupq_n_f32(0.0555073358f));
    p_f32x4 = SPHERE_MADD_F32X4_(p_f32x4, r_f32x4, vdupq_n_f32(0.240222424f));
    p_f32x4 = SPHERE_MADD_F32X4_(p_f32x4, r_f32x4, vdupq_n_f32(0.693147004f));
    p_f32x4 = SPHERE_MADD_F32X4_(p_f32x4, r_f32x4, vdupq_n_f32(1.0f));
    return vreinterpretq_f32_u32(vandq_u32(vaddq_u32(vreinterpretq_u32_f32(p_f32x4), vshlq_n_u32(vreinterpretq_u32_f32(shifted_f32x4), 23)),
        seen_u32x4));
}
#endif

/* >>kernel exps: e = 2^(e - top) in place, top the largest logit of an oscillator, inverse = 1 / sum_k e_k, in the order of k. k >= 1.
   Where no carrier has a weight, because everything is infinitely far, all weigh 1: nothing is divided by zero. */
static void sphere_anneal_even_(float *e, size_t ld, size_t m, size_t k, float *inverse)
{
    size_t i, j;
    for (i = 0; i < m; i++) if (inverse[i] == sphere_inf_()) {
        for (j = 0; j < k; j++) e[j * ld + i] = 1.0f;
        inverse[i] = 1.0f / (float)k;
    }
}
static void sphere_anneal_exps_c_(float *e, size_t ld, size_t m, size_t k, float least, float *top, float *inverse)
{
    size_t i, j;
    for (i = 0; i < m; i++) {
        float most = -sphere_inf_(), sum = 0;
        for (j = 0; j < k; j++) most = e[j * ld + i] > most ? e[j * ld + i] : most;
        for (j = 0; j < k; j++) {
            const float w = sphere_anneal_exp2_(e[j * ld + i] - most, least);
            e[j * ld + i] = w;
            sum += w;
        }
        top[i] = most;
        inverse[i] = 1.0f / sum;
        if (sum == 0) sphere_anneal_even_(e + i, ld, 1, k, inverse + i);
    }
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_anneal_exps_avx2_(float *e, size_t ld, size_t m, size_t k, float least, float *top, float *inverse)
{
    const __m256 least_f32x8 = _mm256_set1_ps(least);
    size_t i = 0, j;
    for (; i + 16 <= m; i += 16) {
        float *p = e + i;
        __m256 t0_f32x8 = _mm256_set1_ps(-sphere_inf_()), t1_f32x8 = t0_f32x8, s0_f32x8 = _mm256_setzero_ps(), s1_f32x8 = s0_f32x8;
        for (j = 0; j < k; j++, p += ld) {
            t0_f32x8 = _mm256_max_ps(_mm256_loadu_ps(p), t0_f32x8);                     /* l > top ? l : top */
            t1_f32x8 = _mm256_max_ps(_mm256_loadu_ps(p + 8), t1_f32x8);
        }
        for (j = 0, p = e + i; j < k; j++, p += ld) {
            const __m256 w0_f32x8 = sphere_anneal_exp2_avx2_(_mm256_sub_ps(_mm256_loadu_ps(p), t0_f32x8), least_f32x8);
            const __m256 w1_f32x8 = sphere_anneal_exp2_avx2_(_mm256_sub_ps(_mm256_loadu_ps(p + 8), t1_f32x8), least_f32x8);
            _mm256_storeu_ps(p, w0_f32x8);
            _mm256_storeu_ps(p + 8, w1_f32x8);
            s0_f32x8 = _mm256_add_ps(s0_f32x8, w0_f32x8);
            s1_f32x8 = _mm256_add_ps(s1_f32x8, w1_f32x8);
        }
        _mm256_storeu_ps(top + i, t0_f32x8);
        _mm256_storeu_ps(top + i + 8, t1_f32x8);
        _mm256_storeu_ps(inverse + i, _mm256_div_ps(_mm256_set1_ps(1.0f), s0_f32x8));
        _mm256_storeu_ps(inverse + i + 8, _mm256_div_ps(_mm256_set1_ps(1.0f), s1_f32x8));
        s0_f32x8 = _mm256_cmp_ps(_mm256_mul_ps(s0_f32x8, s1_f32x8), _mm256_setzero_ps(), _CMP_EQ_OQ);
        if (_mm256_movemask_ps(s0_f32x8)) sphere_anneal_even_(e + i, ld, 16, k, inverse + i);
    }
    sphere_anneal_exps_c_(e + i, ld, m - i, k, least, top + i, inverse + i);
}
#endif
#if SPHERE_NEON_
static void sphere_anneal_exps_neon_(float *e, size_t ld, size_t m, size_t k, float least, float *top, float *inverse)
{
    const float32x4_t least_f32x4 = vdupq_n_f32(least);
    size_t i = 0, j;
    for (; i + 8 <= m; i += 8) {
        float *p = e + i;
        float32x4_t t0_f32x4 = vdupq_n_f32(-sphere_inf_()), t1_f32x4 = t0_f32x4, s0_f32x4 = vdupq_n_f32(0), s1_f32x4 = s0_f32x4;
        for (j = 0; j < k; j++, p += ld) {
            const float32x4_t l0_f32x4 = vld1q_f32(p), l1_f32x4 = vld1q_f32(p + 4);
            t0_f32x4 = vbslq_f32(vcgtq_f32(l0_f32x4, t0_f32x4), l0_f32x4, t0_f32x4);
            t1_f32x4 = vbslq_f32(vcgtq_f32(l1_f32x4, t1_f32x4), l1_f32x4, t1_f32x4);
        }
        for (j = 0, p = e + i; j < k; j++, p += ld) {
            const float32x4_t w0_f32x4 = sphere_anneal_exp2_neon_(vsubq_f32(vld1q_f32(p), t0_f32x4), least_f32x4);
            const float32x4_t w1_f32x4 = sphere_anneal_exp2_neon_(vsubq_f32(vld1q_f32(p + 4), t1_f32x4), least_f32x4);
            vst1q_f32(p, w0_f32x4);
            vst1q_f32(p + 4, w1_f32x4);
            s0_f32x4 = vaddq_f32(s0_f32x4, w0_f32x4);
            s1_f32x4 = vaddq_f32(s1_f32x4, w1_f32x4);
        }
        vst1q_f32(top + i, t0_f32x4);
        vst1q_f32(top + i + 4, t1_f32x4);
        vst1q_f32(inverse + i, vdivq_f32(vdupq_n_f32(1.0f), s0_f32x4));
        vst1q_f32(inverse + i + 4, vdivq_f32(vdupq_n_f32(1.0f), s1_f32x4));
        if (vmaxvq_u32(vceqq_f32(vmulq_f32(s0_f32x4, s1_f32x4), vdupq_n_f32(0)))) sphere_anneal_even_(e + i, ld, 8, k, inverse + i);
    }
    sphere_anneal_exps_c_(e + i, ld, m - i, k, least, top + i, inverse + i);
}
#endif

/* >>kernel mix: out_a = (sum_k e_k c[k * ldc + a]) scale, in the order of k, for a < dim; without scale the sum itself. k >= 1. */
static void sphere_anneal_mix_c_(float *out, size_t ldo, const float *e, size_t ld, size_t m, const float *scale, const float *c, size_t ldc, size_t k,
                                 size_t dim)
{
    size_t i, j, a;
    for (a = 0; a < dim; a++) for (i = 0; i < m; i++) {
        float sum = e[i] * c[a];
        for (j = 1; j < k; j++) sum = SPHERE_MADD_(e[j * ld + i], c[j * ldc + a], sum);
        out[a * ldo + i] = sphere_canonical_(scale ? sum * scale[i] : sum);
    }
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_anneal_mix_avx2_(float *out, size_t ldo, const float *e, size_t ld, size_t m, const float *scale, const float *c,
                                                        size_t ldc, size_t k, size_t dim)
{
    const __m256 one_f32x8 = _mm256_set1_ps(1.0f);
    size_t i = 0, j, a;
    for (; i + 32 <= m; i += 32) for (a = 0; a < dim; a++) {
        const float *p = e + i;
        float *to = out + a * ldo + i;
        __m256 c_f32x8 = _mm256_set1_ps(c[a]), s0_f32x8 = _mm256_mul_ps(_mm256_loadu_ps(p), c_f32x8),
            s1_f32x8 = _mm256_mul_ps(_mm256_loadu_ps(p + 8), c_f32x8);
        __m256 s2_f32x8 = _mm256_mul_ps(_mm256_loadu_ps(p + 16), c_f32x8), s3_f32x8 = _mm256_mul_ps(_mm256_loadu_ps(p + 24), c_f32x8);
        for (j = 1; j < k; j++) {
            p += ld; c_f32x8 = _mm256_set1_ps(c[j * ldc + a]);
            s0_f32x8 = SPHERE_MADD_F32X8_(_mm256_loadu_ps(p), c_f32x8, s0_f32x8);
            s1_f32x8 = SPHERE_MADD_F32X8_(_mm256_loadu_ps(p + 8), c_f32x8, s1_f32x8);
            s2_f32x8 = SPHERE_MADD_F32X8_(_mm256_loadu_ps(p + 16), c_f32x8, s2_f32x8);
            s3_f32x8 = SPHERE_MADD_F32X8_(_mm256_loadu_ps(p + 24), c_f32x8, s3_f32x8);
        }
        _mm256_storeu_ps(to, sphere_anneal_canonical_avx2_(_mm256_mul_ps(s0_f32x8, scale ? _mm256_loadu_ps(scale + i) : one_f32x8)));
        _mm256_storeu_ps(to + 8, sphere_anneal_canonical_avx2_(_mm256_mul_ps(s1_f32x8, scale ? _mm256_loadu_ps(scale + i + 8) : one_f32x8)));
        _mm256_storeu_ps(to + 16, sphere_anneal_canonical_avx2_(_mm256_mul_ps(s2_f32x8, scale ? _mm256_loadu_ps(scale + i + 16) : one_f32x8)));
        _mm256_storeu_ps(to + 24, sphere_anneal_canonical_avx2_(_mm256_mul_ps(s3_f32x8, scale ? _mm256_loadu_ps(scale + i + 24) : one_f32x8)));
    }
    for (; i + 8 <= m; i += 8) for (a = 0; a < dim; a++) {
        __m256 s_f32x8 = _mm256_mul_ps(_mm256_loadu_ps(e + i), _mm256_set1_ps(c[a]));
        for (j = 1; j < k; j++) s_f32x8 = SPHERE_MADD_F32X8_(_mm256_loadu_ps(e + j * ld + i), _mm256_set1_ps(c[j * ldc + a]), s_f32x8);
        _mm256_storeu_ps(out + a * ldo + i, sphere_anneal_canonical_avx2_(_mm256_mul_ps(s_f32x8, scale ? _mm256_loadu_ps(scale + i) : one_f32x8)));
    }
    sphere_anneal_mix_c_(out + i, ldo, e + i, ld, m - i, scale ? scale + i : NULL, c, ldc, k, dim);
}
#endif
#if SPHERE_NEON_
static void sphere_anneal_mix_neon_(float *out, size_t ldo, const float *e, size_t ld, size_t m, const float *scale, const float *c, size_t ldc,
    size_t k,
                                    size_t dim)
{
    const float32x4_t one_f32x4 = vdupq_n_f32(1.0f);
    size_t i = 0, j, a;
    for (; i + 16 <= m; i += 16) for (a = 0; a < dim; a++) {
        const float *p = e + i;
        float *to = out + a * ldo + i;
        float32x4_t c_f32x4 = vdupq_n_f32(c[a]), s0_f32x4 = vmulq_f32(vld1q_f32(p), c_f32x4), s1_f32x4 = vmulq_f32(vld1q_f32(p + 4), c_f32x4);
        float32x4_t s2_f32x4 = vmulq_f32(vld1q_f32(p + 8), c_f32x4), s3_f32x4 = vmulq_f32(vld1q_f32(p + 12), c_f32x4);
        for (j = 1; j < k; j++) {
            p += ld; c_f32x4 = vdupq_n_f32(c[j * ldc + a]);
            s0_f32x4 = SPHERE_MADD_F32X4_(vld1q_f32(p), c_f32x4, s0_f32x4);
            s1_f32x4 = SPHERE_MADD_F32X4_(vld1q_f32(p + 4), c_f32x4, s1_f32x4);
            s2_f32x4 = SPHERE_MADD_F32X4_(vld1q_f32(p + 8), c_f32x4, s2_f32x4);
            s3_f32x4 = SPHERE_MADD_F32X4_(vld1q_f32(p + 12), c_f32x4, s3_f32x4);
        }
        vst1q_f32(to, sphere_anneal_canonical_neon_(vmulq_f32(s0_f32x4, scale ? vld1q_f32(scale + i) : one_f32x4)));
        vst1q_f32(to + 4, sphere_anneal_canonical_neon_(vmulq_f32(s1_f32x4, scale ? vld1q_f32(scale + i + 4) : one_f32x4)));
        vst1q_f32(to + 8, sphere_anneal_canonical_neon_(vmulq_f32(s2_f32x4, scale ? vld1q_f32(scale + i + 8) : one_f32x4)));
        vst1q_f32(to + 12, sphere_anneal_canonical_neon_(vmulq_f32(s3_f32x4, scale ? vld1q_f32(scale + i + 12) : one_f32x4)));
    }
    sphere_anneal_mix_c_(out + i, ldo, e + i, ld, m - i, scale ? scale + i : NULL, c, ldc, k, dim);
}
#endif

/* >>kernel dots: out[k * width + a] = sum_i (e_k scale) y_a for a < width, in 16 lanes; without y: sum_i e_k scale, one for each k. */
static void sphere_anneal_dots_tail_(float *lane, const float *e, const float *scale, const float *y, size_t from, size_t m)
{
    for (; from < m; from++) {
        const float w = e[from] * scale[from];
        lane[from % 16] = y ? SPHERE_MADD_(w, y[from], lane[from % 16]) : lane[from % 16] + w;
    }
}
static void sphere_anneal_dots_c_(float *out, const float *e, size_t ld, size_t m, const float *scale, size_t k, const float *y, size_t ldy,
    size_t width)
{
    size_t j, a;
    for (j = 0; j < k; j++) for (a = 0; a < width; a++) {
        float lane[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
        sphere_anneal_dots_tail_(lane, e + j * ld, scale, y ? y + a * ldy : NULL, 0, m);
        out[j * width + a] = sphere_anneal_lanes_(lane);
    }
}
#if SPHERE_AVX2_
/* The sums of the lanes of four accumulators, lane by lane in the order of sphere_anneal_lanes_, after the tails. */
SPHERE_ANNEAL_AVX2_FN_ void sphere_anneal_four_avx2_(float *out, const __m256 *low_f32x8, const __m256 *high_f32x8)
{
    const __m256 a_f32x8 = _mm256_add_ps(low_f32x8[0], high_f32x8[0]), b_f32x8 = _mm256_add_ps(low_f32x8[1], high_f32x8[1]);      /* l + l8 */
    const __m256 c_f32x8 = _mm256_add_ps(low_f32x8[2], high_f32x8[2]), d_f32x8 = _mm256_add_ps(low_f32x8[3], high_f32x8[3]);
    /* l + l4, l + l2, l + l1 */
    const __m256 ac_f32x8 = _mm256_add_ps(_mm256_permute2f128_ps(a_f32x8, c_f32x8, 0x20), _mm256_permute2f128_ps(a_f32x8, c_f32x8, 0x31));
    const __m256 bd_f32x8 = _mm256_add_ps(_mm256_permute2f128_ps(b_f32x8, d_f32x8, 0x20), _mm256_permute2f128_ps(b_f32x8, d_f32x8, 0x31));
    __m256 s_f32x8 = _mm256_add_ps(_mm256_shuffle_ps(ac_f32x8, bd_f32x8, 0x44), _mm256_shuffle_ps(ac_f32x8, bd_f32x8, 0xee));
    s_f32x8 = _mm256_add_ps(_mm256_shuffle_ps(s_f32x8, s_f32x8, 0x88), _mm256_shuffle_ps(s_f32x8, s_f32x8, 0xdd));   /* a b a b | c d c d */
    s_f32x8 = sphere_anneal_canonical_avx2_(s_f32x8);
    _mm_storel_pi((__m64 *)(void *)out, _mm256_castps256_ps128(s_f32x8));
    _mm_storel_pi((__m64 *)(void *)(out + 2), _mm256_extractf128_ps(s_f32x8, 1));
}
/* Four carriers at a time, for a number of oscillators that fills the lanes; returns how many carriers are done. */
SPHERE_ANNEAL_AVX2_FN_ size_t sphere_anneal_loads_avx2_(float *out, const float *e, size_t ld, size_t m, const float *scale, size_t k, size_t width)
{
    size_t j = 0, i;
    if (m % 16 || width != 1) return 0;
    for (; j + 4 <= k; j += 4, e += 4 * ld) {
        __m256 low_f32x8[4], high_f32x8[4];
        low_f32x8[0] = low_f32x8[1] = low_f32x8[2] = low_f32x8[3] = _mm256_setzero_ps();
        high_f32x8[0] = high_f32x8[1] = high_f32x8[2] = high_f32x8[3] = _mm256_setzero_ps();
        for (i = 0; i < m; i += 16) {
            const __m256 s0_f32x8 = _mm256_loadu_ps(scale + i), s1_f32x8 = _mm256_loadu_ps(scale + i + 8);
            const float *p = e + i;
            low_f32x8[0] = SPHERE_MADD_F32X8_(_mm256_loadu_ps(p), s0_f32x8, low_f32x8[0]);
            high_f32x8[0] = SPHERE_MADD_F32X8_(_mm256_loadu_ps(p + 8), s1_f32x8, high_f32x8[0]);
            low_f32x8[1] = SPHERE_MADD_F32X8_(_mm256_loadu_ps(p + ld), s0_f32x8, low_f32x8[1]);
            high_f32x8[1] = SPHERE_MADD_F32X8_(_mm256_loadu_ps(p + ld + 8), s1_f32x8, high_f32x8[1]);
            low_f32x8[2] = SPHERE_MADD_F32X8_(_mm256_loadu_ps(p + 2 * ld), s0_f32x8, low_f32x8[2]);
            high_f32x8[2] = SPHERE_MADD_F32X8_(_mm256_loadu_ps(p + 2 * ld + 8), s1_f32x8, high_f32x8[2]);
            low_f32x8[3] = SPHERE_MADD_F32X8_(_mm256_loadu_ps(p + 3 * ld), s0_f32x8, low_f32x8[3]);
            high_f32x8[3] = SPHERE_MADD_F32X8_(_mm256_loadu_ps(p + 3 * ld + 8), s1_f32x8, high_f32x8[3]);
        }
        sphere_anneal_four_avx2_(out + j, low_f32x8, high_f32x8);
    }
    return j;
}
/* The same for four planes of y, which share the weights of one carrier. */
SPHERE_ANNEAL_AVX2_FN_ size_t sphere_anneal_products_avx2_(float *out, const float *e, size_t m, const float *scale, const float *y, size_t ldy,
    size_t width)
{
    size_t a = 0, i;
    if (m % 16) return 0;
    for (; a + 4 <= width; a += 4, y += 4 * ldy) {
        __m256 low_f32x8[4], high_f32x8[4];
        low_f32x8[0] = low_f32x8[1] = low_f32x8[2] = low_f32x8[3] = _mm256_setzero_ps();
        high_f32x8[0] = high_f32x8[1] = high_f32x8[2] = high_f32x8[3] = _mm256_setzero_ps();
        for (i = 0; i < m; i += 16) {
            const __m256 w0_f32x8 = _mm256_mul_ps(_mm256_loadu_ps(e + i), _mm256_loadu_ps(scale + i));
            const __m256 w1_f32x8 = _mm256_mul_ps(_mm256_loadu_ps(e + i + 8), _mm256_loadu_ps(scale + i + 8));
            const float *q = y + i;
            low_f32x8[0] = SPHERE_MADD_F32X8_(w0_f32x8, _mm256_loadu_ps(q), low_f32x8[0]);
            high_f32x8[0] = SPHERE_MADD_F32X8_(w1_f32x8, _mm256_loadu_ps(q + 8), high_f32x8[0]);
            low_f32x8[1] = SPHERE_MADD_F32X8_(w0_f32x8, _mm256_loadu_ps(q + ldy), low_f32x8[1]);
            high_f32x8[1] = SPHERE_MADD_F32X8_(w1_f32x8, _mm256_loadu_ps(q + ldy + 8), high_f32x8[1]);
            low_f32x8[2] = SPHERE_MADD_F32X8_(w0_f32x8, _mm256_loadu_ps(q + 2 * ldy), low_f32x8[2]);
            high_f32x8[2] = SPHERE_MADD_F32X8_(w1_f32x8, _mm256_loadu_ps(q + 2 * ldy + 8), high_f32x8[2]);
            low_f32x8[3] = SPHERE_MADD_F32X8_(w0_f32x8, _mm256_loadu_ps(q + 3 * ldy), low_f32x8[3]);
            high_f32x8[3] = SPHERE_MADD_F32X8_(w1_f32x8, _mm256_loadu_ps(q + 3 * ldy + 8), high_f32x8[3]);
        }
        sphere_anneal_four_avx2_(out + a, low_f32x8, high_f32x8);
    }
    return a;
}
SPHERE_TARGET_AVX2_ static void sphere_anneal_dots_avx2_(float *out, const float *e, size_t ld, size_t m, const float *scale, size_t k, const float *y,
                                                         size_t ldy, size_t width)
{
    size_t j, a, first = 0;
    if (!y) first = sphere_anneal_loads_avx2_(out, e, ld, m, scale, k, width);
    for (j = first; j < k; j++) for (a = y ? sphere_anneal_products_avx2_(out + j * width, e + j * ld, m, scale, y, ldy, width) : 0; a < width; a++) {
        const float *p = e + j * ld, *q = y ? y + a * ldy : NULL;
        __m256 low_f32x8 = _mm256_setzero_ps(), high_f32x8 = low_f32x8;
        float lane[16];
        size_t i = 0;
        if (q) for (; i + 16 <= m; i += 16) {
            low_f32x8 = SPHERE_MADD_F32X8_(_mm256_mul_ps(_mm256_loadu_ps(p + i), _mm256_loadu_ps(scale + i)), _mm256_loadu_ps(q + i), low_f32x8);
            high_f32x8 = SPHERE_MADD_F32X8_(_mm256_mul_ps(_mm256_loadu_ps(p + i + 8), _mm256_loadu_ps(scale + i + 8)), _mm256_loadu_ps(q + i + 8),
                high_f32x8);
        }
        else for (; i + 16 <= m; i += 16) {
            low_f32x8 = SPHERE_MADD_F32X8_(_mm256_loadu_ps(p + i), _mm256_loadu_ps(scale + i), low_f32x8);
            high_f32x8 = SPHERE_MADD_F32X8_(_mm256_loadu_ps(p + i + 8), _mm256_loadu_ps(scale + i + 8), high_f32x8);
        }
        _mm256_storeu_ps(lane, low_f32x8);
        _mm256_storeu_ps(lane + 8, high_f32x8);
        sphere_anneal_dots_tail_(lane, p, scale, q, i, m);
        out[j * width + a] = sphere_anneal_lanes_(lane);
    }
}
#endif
#if SPHERE_NEON_
static void sphere_anneal_dots_neon_(float *out, const float *e, size_t ld, size_t m, const float *scale, size_t k, const float *y, size_t ldy,
    size_t width)
{
    size_t j, a, v;
    for (j = 0; j < k; j++) for (a = 0; a < width; a++) {
        const float *p = e + j * ld, *q = y ? y + a * ldy : NULL;
        float32x4_t sum_f32x4[4];
        float lane[16];
        size_t i = 0;
        for (v = 0; v < 4; v++) sum_f32x4[v] = vdupq_n_f32(0);
        if (q) for (; i + 16 <= m; i += 16) for (v = 0; v < 4; v++)
            sum_f32x4[v] = SPHERE_MADD_F32X4_(vmulq_f32(vld1q_f32(p + i + 4 * v), vld1q_f32(scale + i + 4 * v)), vld1q_f32(q + i + 4 * v),
                sum_f32x4[v]);
        else for (; i + 16 <= m; i += 16) for (v = 0; v < 4; v++)
            sum_f32x4[v] = SPHERE_MADD_F32X4_(vld1q_f32(p + i + 4 * v), vld1q_f32(scale + i + 4 * v), sum_f32x4[v]);
        for (v = 0; v < 4; v++) vst1q_f32(lane + 4 * v, sum_f32x4[v]);
        sphere_anneal_dots_tail_(lane, p, scale, q, i, m);
        out[j * width + a] = sphere_anneal_lanes_(lane);
    }
}
#endif

/* >>kernel spread: variance of d under the weights w_k = e_k scale of an oscillator, in two passes, and order = sum_k w_k^2, without those
   up to 2^-60. k >= 1. */
static void sphere_anneal_spread_c_(float *variance, float *order, const float *e, const float *d, size_t ld, size_t m, const float *scale, size_t k)
{
    size_t i, j;
    for (i = 0; i < m; i++) {
        float mean = 0, sum = 0, square = 0;
        for (j = 0; j < k; j++) mean = SPHERE_MADD_(e[j * ld + i] * scale[i], d[j * ld + i], mean);
        for (j = 0; j < k; j++) {
            const float w = e[j * ld + i] * scale[i], t = d[j * ld + i] - mean;
            sum = SPHERE_MADD_(w * t, t, sum);
            square = SPHERE_MADD_(w, w > 8.67361738e-19f ? w : 0.0f, square);
        }
        variance[i] = sphere_canonical_(sum);
        order[i] = sphere_canonical_(square);
    }
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_anneal_spread_avx2_(float *variance, float *order, const float *e, const float *d, size_t ld, size_t m,
                                                           const float *scale, size_t k)
{
    const __m256 least_f32x8 = _mm256_set1_ps(8.67361738e-19f);
    size_t i = 0, j;
    for (; i + 8 <= m; i += 8) {
        const __m256 scale_f32x8 = _mm256_loadu_ps(scale + i);
        __m256 mean_f32x8 = _mm256_setzero_ps(), sum_f32x8 = mean_f32x8, square_f32x8 = mean_f32x8;
        for (j = 0; j < k; j++)
            mean_f32x8 = SPHERE_MADD_F32X8_(_mm256_mul_ps(_mm256_loadu_ps(e + j * ld + i), scale_f32x8), _mm256_loadu_ps(d + j * ld + i), mean_f32x8);
        for (j = 0; j < k; j++) {
            const __m256 w_f32x8 = _mm256_mul_ps(_mm256_loadu_ps(e + j * ld + i), scale_f32x8);
            const __m256 t_f32x8 = _mm256_sub_ps(_mm256_loadu_ps(d + j * ld + i), mean_f32x8);
            sum_f32x8 = SPHERE_MADD_F32X8_(_mm256_mul_ps(w_f32x8, t_f32x8), t_f32x8, sum_f32x8);
            square_f32x8 = SPHERE_MADD_F32X8_(w_f32x8, _mm256_and_ps(w_f32x8, _mm256_cmp_ps(w_f32x8, least_f32x8, _CMP_GT_OQ)), square_f32x8);
        }
        _mm256_storeu_ps(variance + i, sphere_anneal_canonical_avx2_(sum_f32x8));
        _mm256_storeu_ps(order + i, sphere_anneal_canonical_avx2_(square_f32x8));
    }
    sphere_anneal_spread_c_(variance + i, order + i, e + i, d + i, ld, m - i, scale + i, k);
}
#endif
#if SPHERE_NEON_
static void sphere_anneal_spread_neon_(float *variance, float *order, const float *e, const float *d, size_t ld, size_t m, const float *scale, size_t k)
{
    const float32x4_t least_f32x4 = vdupq_n_f32(8.67361738e-19f);
    size_t i = 0, j;
    for (; i + 4 <= m; i += 4) {
        const float32x4_t scale_f32x4 = vld1q_f32(scale + i);
        float32x4_t mean_f32x4 = vdupq_n_f32(0), sum_f32x4 = mean_f32x4, square_f32x4 = mean_f32x4;
        for (j = 0; j < k; j++)
            mean_f32x4 = SPHERE_MADD_F32X4_(vmulq_f32(vld1q_f32(e + j * ld + i), scale_f32x4), vld1q_f32(d + j * ld + i), mean_f32x4);
        for (j = 0; j < k; j++) {
            const float32x4_t w_f32x4 = vmulq_f32(vld1q_f32(e + j * ld + i), scale_f32x4);
            const float32x4_t t_f32x4 = vsubq_f32(vld1q_f32(d + j * ld + i), mean_f32x4);
            sum_f32x4 = SPHERE_MADD_F32X4_(vmulq_f32(w_f32x4, t_f32x4), t_f32x4, sum_f32x4);
            square_f32x4 = SPHERE_MADD_F32X4_(w_f32x4, vbslq_f32(vcgtq_f32(w_f32x4, least_f32x4), w_f32x4, vdupq_n_f32(0)), square_f32x4);
        }
        vst1q_f32(variance + i, sphere_anneal_canonical_neon_(sum_f32x4));
        vst1q_f32(order + i, sphere_anneal_canonical_neon_(square_f32x4));
    }
    sphere_anneal_spread_c_(variance + i, order + i, e + i, d + i, ld, m - i, scale + i, k);
}
#endif

/* >>kernel pull: x = (t + keep (x - t)) + noise xi; without xi the bracket alone. At x = t this is t, to the bit. */
static void sphere_anneal_pull_c_(float *x, const float *t, const float *xi, size_t m, float keep, float noise)
{
    size_t i;
    for (i = 0; i < m; i++) {
        const float v = SPHERE_MADD_(keep, x[i] - t[i], t[i]);
        x[i] = sphere_canonical_(xi ? SPHERE_MADD_(noise, xi[i], v) : v);
    }
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_anneal_pull_avx2_(float *x, const float *t, const float *xi, size_t m, float keep, float noise)
{
    const __m256 keep_f32x8 = _mm256_set1_ps(keep), noise_f32x8 = _mm256_set1_ps(noise);
    size_t i = 0;
    for (; i + 8 <= m; i += 8) {
        const __m256 t_f32x8 = _mm256_loadu_ps(t + i);
        __m256 v_f32x8 = SPHERE_MADD_F32X8_(keep_f32x8, _mm256_sub_ps(_mm256_loadu_ps(x + i), t_f32x8), t_f32x8);
        if (xi) v_f32x8 = SPHERE_MADD_F32X8_(noise_f32x8, _mm256_loadu_ps(xi + i), v_f32x8);
        _mm256_storeu_ps(x + i, sphere_anneal_canonical_avx2_(v_f32x8));
    }
    sphere_anneal_pull_c_(x + i, t + i, xi ? xi + i : NULL, m - i, keep, noise);
}
#endif
#if SPHERE_NEON_
static void sphere_anneal_pull_neon_(float *x, const float *t, const float *xi, size_t m, float keep, float noise)
{
    const float32x4_t keep_f32x4 = vdupq_n_f32(keep), noise_f32x4 = vdupq_n_f32(noise);
    size_t i = 0;
    for (; i + 4 <= m; i += 4) {
        const float32x4_t t_f32x4 = vld1q_f32(t + i);
        float32x4_t v_f32x4 = SPHERE_MADD_F32X4_(keep_f32x4, vsubq_f32(vld1q_f32(x + i), t_f32x4), t_f32x4);
        if (xi) v_f32x4 = SPHERE_MADD_F32X4_(noise_f32x4, vld1q_f32(xi + i), v_f32x4);
        vst1q_f32(x + i, sphere_anneal_canonical_neon_(v_f32x4));
    }
    sphere_anneal_pull_c_(x + i, t + i, xi ? xi + i : NULL, m - i, keep, noise);
}
#endif

/* >>kernel turn: move unit vectors a fraction of the way to t/|t| along the great circle, then by the tangent part of noise * xi. Where t is
   zero or opposite there is no way, and only the noise moves it. The components lie ldx and ld apart. */
static void sphere_anneal_turn_(float *x, size_t ldx, const float *t, const float *xi, size_t ld, size_t dim, float fraction, float noise)
{
    float u[SPHERE_ANNEAL_MAX_DIM], v[SPHERE_ANNEAL_MAX_DIM], sum = 0, sine, cosine;
    size_t a;
    for (a = 0; a < dim; a++) { u[a] = x[a * ldx]; sum = SPHERE_MADD_(t[a * ld], t[a * ld], sum); }
    if (sum > 1e-30f) {
        const float scale = 1.0f / sphere_sqrt_(sum);
        float minus = 0, both = 0, along = 0, across = 0;
        for (a = 0; a < dim; a++) {                                     /* the difference keeps its digits when t is close */
            const float to = t[a * ld] * scale, plus = to + u[a];
            v[a] = to - u[a];
            minus = SPHERE_MADD_(v[a], v[a], minus);
            both = SPHERE_MADD_(plus, plus, both);
            along = SPHERE_MADD_(v[a], u[a], along);
        }
        for (a = 0; a < dim; a++) { v[a] = v[a] - along * u[a]; across = SPHERE_MADD_(v[a], v[a], across); }
        if (across > 1e-30f) {
            sphere_sincos_(fraction * (2.0f * sphere_atan2_(sphere_sqrt_(minus), sphere_sqrt_(both))), &sine, &cosine);
            sine = sine / sphere_sqrt_(across);
            for (a = 0; a < dim; a++) u[a] = cosine * u[a] + sine * v[a];
        }
    }
    if (xi) {
        float along = 0, across = 0;
        for (a = 0; a < dim; a++) along = SPHERE_MADD_(xi[a * ld], u[a], along);
        for (a = 0; a < dim; a++) { v[a] = noise * (xi[a * ld] - along * u[a]); across = SPHERE_MADD_(v[a], v[a], across); }
        if (across > 1e-30f) {
            const float length = sphere_sqrt_(across);
            sphere_sincos_(length, &sine, &cosine);
            sine = sine / length;
            for (a = 0; a < dim; a++) u[a] = cosine * u[a] + sine * v[a];
        }
    }
    for (sum = 0, a = 0; a < dim; a++) sum = SPHERE_MADD_(u[a], u[a], sum);
    sum = 1.0f / sphere_sqrt_(sum);
    for (a = 0; a < dim; a++) x[a * ldx] = sphere_canonical_(u[a] * sum);
}
static void sphere_anneal_turn_c_(float *x, size_t ldx, const float *t, const float *xi, size_t ld, size_t m, size_t dim, float fraction, float noise)
{
    size_t i;
    for (i = 0; i < m; i++) sphere_anneal_turn_(x + i, ldx, t + i, xi ? xi + i : NULL, ld, dim, fraction, noise);
}
#if SPHERE_AVX2_
/* sphere_sincos_ for |x| <= 12000. */
SPHERE_ANNEAL_AVX2_FN_ void sphere_anneal_sincos_avx2_(__m256 x_f32x8, __m256 *sine_f32x8, __m256 *cosine_f32x8)
{
    const __m256 magic_f32x8 = _mm256_set1_ps(12582912.0f), half_f32x8 = _mm256_set1_ps(0.5f), one_f32x8 = _mm256_set1_ps(1.0f);
    const __m256 k_f32x8 = _mm256_sub_ps(_mm256_add_ps(_mm256_mul_ps(x_f32x8, _mm256_set1_ps(0.636619747f)), magic_f32x8), magic_f32x8);
    const __m256 a_f32x8 = _mm256_sub_ps(_mm256_sub_ps(x_f32x8, _mm256_mul_ps(k_f32x8, _mm256_set1_ps(1.5703125f))),
        _mm256_mul_ps(k_f32x8, _mm256_set1_ps(4.83751297e-04f)));
    const __m256 b_f32x8 = _mm256_mul_ps(k_f32x8, _mm256_set1_ps(7.54953362e-08f)), c_f32x8 = _mm256_sub_ps(a_f32x8, b_f32x8);
    const __m256 r_f32x8 = _mm256_sub_ps(c_f32x8, _mm256_add_ps(_mm256_add_ps(_mm256_sub_ps(c_f32x8, a_f32x8), b_f32x8),
        _mm256_mul_ps(k_f32x8, _mm256_set1_ps(2.56334407e-12f))));
    const __m256 z_f32x8 = _mm256_mul_ps(r_f32x8, r_f32x8), sign_f32x8 = _mm256_set1_ps(-0.0f);
    const __m256i q_i32x8 = _mm256_cvtps_epi32(k_f32x8), next_i32x8 = _mm256_add_epi32(q_i32x8, _mm256_set1_epi32(1));
    const __m256 swap_f32x8 = _mm256_castsi256_ps(_mm256_slli_epi32(q_i32x8, 31));                           /* q & 1 */
    const __m256 minus_sine_f32x8 = _mm256_and_ps(_mm256_castsi256_ps(_mm256_slli_epi32(q_i32x8, 30)), sign_f32x8);
    const __m256 minus_cosine_f32x8 = _mm256_and_ps(_mm256_castsi256_ps(_mm256_slli_epi32(next_i32x8, 30)), sign_f32x8);
    const __m256 tiny_f32x8 = _mm256_cmp_ps(_mm256_andnot_ps(sign_f32x8, r_f32x8), _mm256_set1_ps(2.44140625e-04f), _CMP_LT_OQ);
    __m256 s_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(-0.00019516499f), z_f32x8, _mm256_set1_ps(0.00833217241f)), co_f32x8;
    s_f32x8 = SPHERE_MADD_F32X8_(s_f32x8, z_f32x8, _mm256_set1_ps(-0.166666552f));
    s_f32x8 = _mm256_blendv_ps(SPHERE_MADD_F32X8_(_mm256_mul_ps(s_f32x8, z_f32x8), r_f32x8, r_f32x8), r_f32x8, tiny_f32x8);
    co_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(2.44375551e-05f), z_f32x8, _mm256_set1_ps(-0.00138873595f));
    co_f32x8 = SPHERE_MADD_F32X8_(co_f32x8, z_f32x8, _mm256_set1_ps(0.0416666456f));
    co_f32x8 = _mm256_sub_ps(one_f32x8, _mm256_sub_ps(_mm256_mul_ps(half_f32x8, z_f32x8), _mm256_mul_ps(_mm256_mul_ps(co_f32x8, z_f32x8), z_f32x8)));
    *sine_f32x8 = _mm256_xor_ps(_mm256_blendv_ps(s_f32x8, co_f32x8, swap_f32x8), minus_sine_f32x8);
    *cosine_f32x8 = _mm256_xor_ps(_mm256_blendv_ps(co_f32x8, s_f32x8, swap_f32x8), minus_cosine_f32x8);
}
/* sphere_atan2_ for y and x that are not negative. */
SPHERE_ANNEAL_AVX2_FN_ __m256 sphere_anneal_atan2_avx2_(__m256 y_f32x8, __m256 x_f32x8)
{
    const __m256 less_f32x8 = _mm256_cmp_ps(y_f32x8, x_f32x8, _CMP_LT_OQ), more_f32x8 = _mm256_cmp_ps(y_f32x8, x_f32x8, _CMP_GT_OQ);
    const __m256 small_f32x8 = _mm256_blendv_ps(x_f32x8, y_f32x8, less_f32x8), large_f32x8 = _mm256_blendv_ps(y_f32x8, x_f32x8, less_f32x8);
    const __m256 none_f32x8 = _mm256_cmp_ps(large_f32x8, _mm256_setzero_ps(), _CMP_EQ_OQ);
    const __m256 q_f32x8 = _mm256_andnot_ps(none_f32x8, _mm256_div_ps(small_f32x8, large_f32x8));
    const __m256 z_f32x8 = _mm256_mul_ps(q_f32x8, q_f32x8), w_f32x8 = _mm256_mul_ps(z_f32x8, z_f32x8), v_f32x8 = _mm256_mul_ps(w_f32x8, w_f32x8);
    __m256 a_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(0.199996918f), z_f32x8, _mm256_set1_ps(-0.333333284f));
    const __m256 b_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(0.110602416f), z_f32x8, _mm256_set1_ps(-0.1428013f));
    __m256 c_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(0.067595534f), z_f32x8, _mm256_set1_ps(-0.0881883949f));
    const __m256 d_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(0.0227601528f), z_f32x8, _mm256_set1_ps(-0.0449462049f));
    const __m256 e_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(0.00113486324f), z_f32x8, _mm256_set1_ps(-0.0074225557f));
    a_f32x8 = SPHERE_MADD_F32X8_(b_f32x8, w_f32x8, a_f32x8);
    c_f32x8 = SPHERE_MADD_F32X8_(e_f32x8, v_f32x8, SPHERE_MADD_F32X8_(d_f32x8, w_f32x8, c_f32x8));
    a_f32x8 = SPHERE_MADD_F32X8_(SPHERE_MADD_F32X8_(c_f32x8, v_f32x8, a_f32x8), _mm256_mul_ps(z_f32x8, q_f32x8), q_f32x8);
    return _mm256_blendv_ps(a_f32x8, _mm256_sub_ps(_mm256_set1_ps(1.57079637f), _mm256_add_ps(a_f32x8, _mm256_set1_ps(4.37113883e-08f))), more_f32x8);
}
/* Eight at a time; where an angle is too large for the short reduction, those eight go the portable way. */
SPHERE_TARGET_AVX2_ static void sphere_anneal_turn_avx2_(float *x, size_t ldx, const float *t, const float *xi, size_t ld, size_t m, size_t dim,
                                                         float fraction, float noise)
{
    const __m256 one_f32x8 = _mm256_set1_ps(1.0f), least_f32x8 = _mm256_set1_ps(1e-30f), most_f32x8 = _mm256_set1_ps(12000.0f);
    const __m256 sign_f32x8 = _mm256_set1_ps(-0.0f), fraction_f32x8 = _mm256_set1_ps(fraction), noise_f32x8 = _mm256_set1_ps(noise);
    size_t i = 0, a;
    for (; i + 8 <= m; i += 8) {
        __m256 u_f32x8[SPHERE_ANNEAL_MAX_DIM], v_f32x8[SPHERE_ANNEAL_MAX_DIM], sum_f32x8 = _mm256_setzero_ps(), go_f32x8;
        __m256 sine_f32x8, cosine_f32x8, angle_f32x8;
        int beyond = 0;
        for (a = 0; a < dim; a++) {
            const __m256 t_f32x8 = _mm256_loadu_ps(t + a * ld + i);
            u_f32x8[a] = _mm256_loadu_ps(x + a * ldx + i);
            sum_f32x8 = SPHERE_MADD_F32X8_(t_f32x8, t_f32x8, sum_f32x8);
        }
        go_f32x8 = _mm256_cmp_ps(sum_f32x8, least_f32x8, _CMP_GT_OQ);
        if (_mm256_movemask_ps(go_f32x8)) {
            const __m256 scale_f32x8 = _mm256_div_ps(one_f32x8, _mm256_sqrt_ps(_mm256_blendv_ps(one_f32x8, sum_f32x8, go_f32x8)));
            __m256 near_f32x8 = _mm256_setzero_ps(), far_f32x8 = near_f32x8, along_f32x8 = near_f32x8, across_f32x8 = near_f32x8;
            for (a = 0; a < dim; a++) {
                const __m256 to_f32x8 = _mm256_mul_ps(_mm256_loadu_ps(t + a * ld + i), scale_f32x8), plus_f32x8 = _mm256_add_ps(to_f32x8, u_f32x8[a]);
                v_f32x8[a] = _mm256_sub_ps(to_f32x8, u_f32x8[a]);
                near_f32x8 = SPHERE_MADD_F32X8_(v_f32x8[a], v_f32x8[a], near_f32x8);
                far_f32x8 = SPHERE_MADD_F32X8_(plus_f32x8, plus_f32x8, far_f32x8);
                along_f32x8 = SPHERE_MADD_F32X8_(v_f32x8[a], u_f32x8[a], along_f32x8);
            }
            for (a = 0; a < dim; a++) {
                v_f32x8[a] = _mm256_sub_ps(v_f32x8[a], _mm256_mul_ps(along_f32x8, u_f32x8[a]));
                across_f32x8 = SPHERE_MADD_F32X8_(v_f32x8[a], v_f32x8[a], across_f32x8);
            }
            go_f32x8 = _mm256_and_ps(go_f32x8, _mm256_cmp_ps(across_f32x8, least_f32x8, _CMP_GT_OQ));
            angle_f32x8 = sphere_anneal_atan2_avx2_(_mm256_sqrt_ps(near_f32x8), _mm256_sqrt_ps(far_f32x8));
            angle_f32x8 = _mm256_mul_ps(fraction_f32x8, _mm256_add_ps(angle_f32x8, angle_f32x8));       /* 2 a is exact either way */
            beyond = _mm256_movemask_ps(_mm256_andnot_ps(_mm256_cmp_ps(_mm256_andnot_ps(sign_f32x8, angle_f32x8), most_f32x8, _CMP_LE_OQ), go_f32x8));
            sphere_anneal_sincos_avx2_(angle_f32x8, &sine_f32x8, &cosine_f32x8);
            sine_f32x8 = _mm256_div_ps(sine_f32x8, _mm256_sqrt_ps(_mm256_blendv_ps(one_f32x8, across_f32x8, go_f32x8)));
            for (a = 0; a < dim; a++)
                u_f32x8[a] = _mm256_blendv_ps(u_f32x8[a], _mm256_add_ps(_mm256_mul_ps(cosine_f32x8, u_f32x8[a]),
                    _mm256_mul_ps(sine_f32x8, v_f32x8[a])), go_f32x8);
        }
        if (xi) {
            __m256 along_f32x8 = _mm256_setzero_ps(), across_f32x8 = along_f32x8;
            for (a = 0; a < dim; a++) along_f32x8 = SPHERE_MADD_F32X8_(_mm256_loadu_ps(xi + a * ld + i), u_f32x8[a], along_f32x8);
            for (a = 0; a < dim; a++) {
                v_f32x8[a] = _mm256_mul_ps(noise_f32x8, _mm256_sub_ps(_mm256_loadu_ps(xi + a * ld + i), _mm256_mul_ps(along_f32x8, u_f32x8[a])));
                across_f32x8 = SPHERE_MADD_F32X8_(v_f32x8[a], v_f32x8[a], across_f32x8);
            }
            go_f32x8 = _mm256_cmp_ps(across_f32x8, least_f32x8, _CMP_GT_OQ);
            angle_f32x8 = _mm256_sqrt_ps(_mm256_blendv_ps(one_f32x8, across_f32x8, go_f32x8));
            beyond |= _mm256_movemask_ps(_mm256_andnot_ps(_mm256_cmp_ps(angle_f32x8, most_f32x8, _CMP_LE_OQ), go_f32x8));
            sphere_anneal_sincos_avx2_(angle_f32x8, &sine_f32x8, &cosine_f32x8);
            sine_f32x8 = _mm256_div_ps(sine_f32x8, angle_f32x8);
            for (a = 0; a < dim; a++)
                u_f32x8[a] = _mm256_blendv_ps(u_f32x8[a], _mm256_add_ps(_mm256_mul_ps(cosine_f32x8, u_f32x8[a]),
                    _mm256_mul_ps(sine_f32x8, v_f32x8[a])), go_f32x8);
        }
        if (beyond) { sphere_anneal_turn_c_(x + i, ldx, t + i, xi ? xi + i : NULL, ld, 8, dim, fraction, noise); continue; }
        for (sum_f32x8 = _mm256_setzero_ps(), a = 0; a < dim; a++) sum_f32x8 = SPHERE_MADD_F32X8_(u_f32x8[a], u_f32x8[a], sum_f32x8);
        sum_f32x8 = _mm256_div_ps(one_f32x8, _mm256_sqrt_ps(sum_f32x8));
        for (a = 0; a < dim; a++) _mm256_storeu_ps(x + a * ldx + i, sphere_anneal_canonical_avx2_(_mm256_mul_ps(u_f32x8[a], sum_f32x8)));
    }
    sphere_anneal_turn_c_(x + i, ldx, t + i, xi ? xi + i : NULL, ld, m - i, dim, fraction, noise);
}
#endif
#if SPHERE_NEON_
/* sphere_sincos_ for |x| <= 12000. */
SPHERE_INLINE_ void sphere_anneal_sincos_neon_(float32x4_t x_f32x4, float32x4_t *sine_f32x4, float32x4_t *cosine_f32x4)
{
    const float32x4_t magic_f32x4 = vdupq_n_f32(12582912.0f), half_f32x4 = vdupq_n_f32(0.5f), one_f32x4 = vdupq_n_f32(1.0f);
    const float32x4_t k_f32x4 = vsubq_f32(vaddq_f32(vmulq_f32(x_f32x4, vdupq_n_f32(0.636619747f)), magic_f32x4), magic_f32x4);
    const float32x4_t a_f32x4 = vsubq_f32(vsubq_f32(x_f32x4, vmulq_f32(k_f32x4, vdupq_n_f32(1.5703125f))),
        vmulq_f32(k_f32x4, vdupq_n_f32(4.83751297e-04f)));
    const float32x4_t b_f32x4 = vmulq_f32(k_f32x4, vdupq_n_f32(7.54953362e-08f)), c_f32x4 = vsubq_f32(a_f32x4, b_f32x4);
    const float32x4_t r_f32x4 = vsubq_f32(c_f32x4, vaddq_f32(vaddq_f32(vsubq_f32(c_f32x4, a_f32x4), b_f32x4),
        vmulq_f32(k_f32x4, vdupq_n_f32(2.56334407e-12f))));
    const float32x4_t z_f32x4 = vmulq_f32(r_f32x4, r_f32x4);
    const uint32x4_t q_u32x4 = vreinterpretq_u32_s32(vcvtq_s32_f32(k_f32x4)), sign_u32x4 = vdupq_n_u32(0x80000000u);
    const uint32x4_t swap_u32x4 = vtstq_u32(q_u32x4, vdupq_n_u32(1)), minus_sine_u32x4 = vandq_u32(vshlq_n_u32(q_u32x4, 30), sign_u32x4);
    const uint32x4_t minus_cosine_u32x4 = vandq_u32(vshlq_n_u32(vaddq_u32(q_u32x4, vdupq_n_u32(1)), 30), sign_u32x4);
    const uint32x4_t tiny_u32x4 = vcltq_f32(vabsq_f32(r_f32x4), vdupq_n_f32(2.44140625e-04f));
    float32x4_t s_f32x4 = SPHERE_MADD_F32X4_(vdupq_n_f32(-0.00019516499f), z_f32x4, vdupq_n_f32(0.00833217241f)), co_f32x4;
    s_f32x4 = SPHERE_MADD_F32X4_(s_f32x4, z_f32x4, vdupq_n_f32(-0.166666552f));
    s_f32x4 = vbslq_f32(tiny_u32x4, r_f32x4, SPHERE_MADD_F32X4_(vmulq_f32(s_f32x4, z_f32x4), r_f32x4, r_f32x4));
    co_f32x4 = SPHERE_MADD_F32X4_(vdupq_n_f32(2.44375551e-05f), z_f32x4, vdupq_n_f32(-0.00138873595f));
    co_f32x4 = SPHERE_MADD_F32X4_(co_f32x4, z_f32x4, vdupq_n_f32(0.0416666456f));
    co_f32x4 = vsubq_f32(one_f32x4, vsubq_f32(vmulq_f32(half_f32x4, z_f32x4), vmulq_f32(vmulq_f32(co_f32x4, z_f32x4), z_f32x4)));
    *sine_f32x4 = vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(vbslq_f32(swap_u32x4, co_f32x4, s_f32x4)), minus_sine_u32x4));
    *cosine_f32x4 = vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(vbslq_f32(swap_u32x4, s_f32x4, co_f32x4)), minus_cosine_u32x4));
}
/* sphere_atan2_ for y and x that are not negative. */
SPHERE_INLINE_ float32x4_t sphere_anneal_atan2_neon_(float32x4_t y_f32x4, float32x4_t x_f32x4)
{
    const uint32x4_t less_u32x4 = vcltq_f32(y_f32x4, x_f32x4), more_u32x4 = vcgtq_f32(y_f32x4, x_f32x4);
    const float32x4_t small_f32x4 = vbslq_f32(less_u32x4, y_f32x4, x_f32x4), large_f32x4 = vbslq_f32(less_u32x4, x_f32x4, y_f32x4);
    const float32x4_t q_f32x4 = vbslq_f32(vceqq_f32(large_f32x4, vdupq_n_f32(0)), vdupq_n_f32(0), vdivq_f32(small_f32x4, large_f32x4));
    const float32x4_t z_f32x4 = vmulq_f32(q_f32x4, q_f32x4), w_f32x4 = vmulq_f32(z_f32x4, z_f32x4), v_f32x4 = vmulq_f32(w_f32x4, w_f32x4);
    float32x4_t a_f32x4 = SPHERE_MADD_F32X4_(vdupq_n_f32(0.199996918f), z_f32x4, vdupq_n_f32(-0.333333284f));
    const float32x4_t b_f32x4 = SPHERE_MADD_F32X4_(vdupq_n_f32(0.110602416f), z_f32x4, vdupq_n_f32(-0.1428013f));
    float32x4_t c_f32x4 = SPHERE_MADD_F32X4_(vdupq_n_f32(0.067595534f), z_f32x4, vdupq_n_f32(-0.0881883949f));
    const float32x4_t d_f32x4 = SPHERE_MADD_F32X4_(vdupq_n_f32(0.0227601528f), z_f32x4, vdupq_n_f32(-0.0449462049f));
    const float32x4_t e_f32x4 = SPHERE_MADD_F32X4_(vdupq_n_f32(0.00113486324f), z_f32x4, vdupq_n_f32(-0.0074225557f));
    a_f32x4 = SPHERE_MADD_F32X4_(b_f32x4, w_f32x4, a_f32x4);
    c_f32x4 = SPHERE_MADD_F32X4_(e_f32x4, v_f32x4, SPHERE_MADD_F32X4_(d_f32x4, w_f32x4, c_f32x4));
    a_f32x4 = SPHERE_MADD_F32X4_(SPHERE_MADD_F32X4_(c_f32x4, v_f32x4, a_f32x4), vmulq_f32(z_f32x4, q_f32x4), q_f32x4);
    return vbslq_f32(more_u32x4, vsubq_f32(vdupq_n_f32(1.57079637f), vaddq_f32(a_f32x4, vdupq_n_f32(4.37113883e-08f))), a_f32x4);
}
static void sphere_anneal_turn_neon_(float *x, size_t ldx, const float *t, const float *xi, size_t ld, size_t m, size_t dim,
                                                         float fraction, float noise)
{
    const float32x4_t one_f32x4 = vdupq_n_f32(1.0f), least_f32x4 = vdupq_n_f32(1e-30f), most_f32x4 = vdupq_n_f32(12000.0f);
    const float32x4_t fraction_f32x4 = vdupq_n_f32(fraction), noise_f32x4 = vdupq_n_f32(noise);
    size_t i = 0, a;
    for (; i + 4 <= m; i += 4) {
        float32x4_t u_f32x4[SPHERE_ANNEAL_MAX_DIM], v_f32x4[SPHERE_ANNEAL_MAX_DIM], sum_f32x4 = vdupq_n_f32(0), sine_f32x4, cosine_f32x4, angle_f32x4;
        uint32x4_t go_u32x4, far_u32x4 = vdupq_n_u32(0);
        for (a = 0; a < dim; a++) {
            const float32x4_t t_f32x4 = vld1q_f32(t + a * ld + i);
            u_f32x4[a] = vld1q_f32(x + a * ldx + i);
            sum_f32x4 = SPHERE_MADD_F32X4_(t_f32x4, t_f32x4, sum_f32x4);
        }
        go_u32x4 = vcgtq_f32(sum_f32x4, least_f32x4);
        if (vmaxvq_u32(go_u32x4)) {
            const float32x4_t scale_f32x4 = vdivq_f32(one_f32x4, vsqrtq_f32(vbslq_f32(go_u32x4, sum_f32x4, one_f32x4)));
            float32x4_t near_f32x4 = vdupq_n_f32(0), far_f32x4 = near_f32x4, along_f32x4 = near_f32x4, across_f32x4 = near_f32x4;
            for (a = 0; a < dim; a++) {
                const float32x4_t to_f32x4 = vmulq_f32(vld1q_f32(t + a * ld + i), scale_f32x4), plus_f32x4 = vaddq_f32(to_f32x4, u_f32x4[a]);
                v_f32x4[a] = vsubq_f32(to_f32x4, u_f32x4[a]);
                near_f32x4 = SPHERE_MADD_F32X4_(v_f32x4[a], v_f32x4[a], near_f32x4);
                far_f32x4 = SPHERE_MADD_F32X4_(plus_f32x4, plus_f32x4, far_f32x4);
                along_f32x4 = SPHERE_MADD_F32X4_(v_f32x4[a], u_f32x4[a], along_f32x4);
            }
            for (a = 0; a < dim; a++) {
                v_f32x4[a] = vsubq_f32(v_f32x4[a], vmulq_f32(along_f32x4, u_f32x4[a]));
                across_f32x4 = SPHERE_MADD_F32X4_(v_f32x4[a], v_f32x4[a], across_f32x4);
            }
            go_u32x4 = vandq_u32(go_u32x4, vcgtq_f32(across_f32x4, least_f32x4));
            angle_f32x4 = sphere_anneal_atan2_neon_(vsqrtq_f32(near_f32x4), vsqrtq_f32(far_f32x4));
            angle_f32x4 = vmulq_f32(fraction_f32x4, vaddq_f32(angle_f32x4, angle_f32x4));       /* 2 a is exact either way */
            far_u32x4 = vbicq_u32(go_u32x4, vcleq_f32(vabsq_f32(angle_f32x4), most_f32x4));
            sphere_anneal_sincos_neon_(angle_f32x4, &sine_f32x4, &cosine_f32x4);
            sine_f32x4 = vdivq_f32(sine_f32x4, vsqrtq_f32(vbslq_f32(go_u32x4, across_f32x4, one_f32x4)));
            for (a = 0; a < dim; a++)
                u_f32x4[a] = vbslq_f32(go_u32x4, vaddq_f32(vmulq_f32(cosine_f32x4, u_f32x4[a]), vmulq_f32(sine_f32x4, v_f32x4[a])), u_f32x4[a]);
        }
        if (xi) {
            float32x4_t along_f32x4 = vdupq_n_f32(0), across_f32x4 = along_f32x4;
            for (a = 0; a < dim; a++) along_f32x4 = SPHERE_MADD_F32X4_(vld1q_f32(xi + a * ld + i), u_f32x4[a], along_f32x4);
            for (a = 0; a < dim; a++) {
                v_f32x4[a] = vmulq_f32(noise_f32x4, vsubq_f32(vld1q_f32(xi + a * ld + i), vmulq_f32(along_f32x4, u_f32x4[a])));
                across_f32x4 = SPHERE_MADD_F32X4_(v_f32x4[a], v_f32x4[a], across_f32x4);
            }
            go_u32x4 = vcgtq_f32(across_f32x4, least_f32x4);
            angle_f32x4 = vsqrtq_f32(vbslq_f32(go_u32x4, across_f32x4, one_f32x4));
            far_u32x4 = vorrq_u32(far_u32x4, vbicq_u32(go_u32x4, vcleq_f32(angle_f32x4, most_f32x4)));
            sphere_anneal_sincos_neon_(angle_f32x4, &sine_f32x4, &cosine_f32x4);
            sine_f32x4 = vdivq_f32(sine_f32x4, angle_f32x4);
            for (a = 0; a < dim; a++)
                u_f32x4[a] = vbslq_f32(go_u32x4, vaddq_f32(vmulq_f32(cosine_f32x4, u_f32x4[a]), vmulq_f32(sine_f32x4, v_f32x4[a])), u_f32x4[a]);
        }
        if (vmaxvq_u32(far_u32x4)) { sphere_anneal_turn_c_(x + i, ldx, t + i, xi ? xi + i : NULL, ld, 4, dim, fraction, noise); continue; }
        for (sum_f32x4 = vdupq_n_f32(0), a = 0; a < dim; a++) sum_f32x4 = SPHERE_MADD_F32X4_(u_f32x4[a], u_f32x4[a], sum_f32x4);
        sum_f32x4 = vdivq_f32(one_f32x4, vsqrtq_f32(sum_f32x4));
        for (a = 0; a < dim; a++) vst1q_f32(x + a * ldx + i, sphere_anneal_canonical_neon_(vmulq_f32(u_f32x4[a], sum_f32x4)));
    }
    sphere_anneal_turn_c_(x + i, ldx, t + i, xi ? xi + i : NULL, ld, m - i, dim, fraction, noise);
}
#endif

/* >>kernel blend: out = (a x + b y) + c z, z may be NULL. out may be x, y or z. */
static void sphere_anneal_blend_c_(float *out, const float *x, const float *y, const float *z, size_t m, float a, float b, float c)
{
    size_t i;
    for (i = 0; i < m; i++) {
        const float v = SPHERE_MADD_(b, y[i], a * x[i]);
        out[i] = sphere_canonical_(z ? SPHERE_MADD_(c, z[i], v) : v);
    }
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_anneal_blend_avx2_(float *out, const float *x, const float *y, const float *z, size_t m, float a, float b,
    float c)
{
    const __m256 a_f32x8 = _mm256_set1_ps(a), b_f32x8 = _mm256_set1_ps(b), c_f32x8 = _mm256_set1_ps(c);
    size_t i = 0;
    for (; i + 8 <= m; i += 8) {
        __m256 v_f32x8 = SPHERE_MADD_F32X8_(b_f32x8, _mm256_loadu_ps(y + i), _mm256_mul_ps(a_f32x8, _mm256_loadu_ps(x + i)));
        if (z) v_f32x8 = SPHERE_MADD_F32X8_(c_f32x8, _mm256_loadu_ps(z + i), v_f32x8);
        _mm256_storeu_ps(out + i, sphere_anneal_canonical_avx2_(v_f32x8));
    }
    sphere_anneal_blend_c_(out + i, x + i, y + i, z ? z + i : NULL, m - i, a, b, c);
}
#endif
#if SPHERE_NEON_
static void sphere_anneal_blend_neon_(float *out, const float *x, const float *y, const float *z, size_t m, float a, float b, float c)
{
    const float32x4_t a_f32x4 = vdupq_n_f32(a), b_f32x4 = vdupq_n_f32(b), c_f32x4 = vdupq_n_f32(c);
    size_t i = 0;
    for (; i + 4 <= m; i += 4) {
        float32x4_t v_f32x4 = SPHERE_MADD_F32X4_(b_f32x4, vld1q_f32(y + i), vmulq_f32(a_f32x4, vld1q_f32(x + i)));
        if (z) v_f32x4 = SPHERE_MADD_F32X4_(c_f32x4, vld1q_f32(z + i), v_f32x4);
        vst1q_f32(out + i, sphere_anneal_canonical_neon_(v_f32x4));
    }
    sphere_anneal_blend_c_(out + i, x + i, y + i, z ? z + i : NULL, m - i, a, b, c);
}
#endif

/* >>kernel merge: out = a out + b part, factor by factor: the running sums of a streamed softmax take in those of a chunk. */
static void sphere_anneal_merge_c_(float *out, const float *part, const float *a, const float *b, size_t m)
{
    size_t i;
    for (i = 0; i < m; i++) out[i] = sphere_canonical_(SPHERE_MADD_(b[i], part[i], a[i] * out[i]));
}
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void sphere_anneal_merge_avx2_(float *out, const float *part, const float *a, const float *b, size_t m)
{
    size_t i = 0;
    for (; i + 8 <= m; i += 8)
        _mm256_storeu_ps(out + i, sphere_anneal_canonical_avx2_(SPHERE_MADD_F32X8_(_mm256_loadu_ps(b + i), _mm256_loadu_ps(part + i),
                                                                _mm256_mul_ps(_mm256_loadu_ps(a + i), _mm256_loadu_ps(out + i)))));
    sphere_anneal_merge_c_(out + i, part + i, a + i, b + i, m - i);
}
#endif
#if SPHERE_NEON_
static void sphere_anneal_merge_neon_(float *out, const float *part, const float *a, const float *b, size_t m)
{
    size_t i = 0;
    for (; i + 4 <= m; i += 4)
        vst1q_f32(out + i, sphere_anneal_canonical_neon_(SPHERE_MADD_F32X4_(vld1q_f32(b + i), vld1q_f32(part + i), vmulq_f32(vld1q_f32(a + i),
            vld1q_f32(out + i)))));
    sphere_anneal_merge_c_(out + i, part + i, a + i, b + i, m - i);
}
#endif

/* >>kernel normals: four normal deviates for each of the blocks first .. first + m - 1 of the random stream (Box, Muller 1958): words 0 and
   1 make the first two, words 2 and 3 the others. The logarithm is that of sphere_log_ for a normal number; an angle is a quarter turn
   (two bits) and a rest of thirty bits within an eighth on either side. The largest deviate is 5.77. */
SPHERE_INLINE_ void sphere_anneal_pair_(uint32_t u, uint32_t v, float *one, float *two)
{
    const float t = ((float)(u >> 9) + 0.5f) * 1.1920928955078125e-07f;           /* (0, 1), 23 bits and a half: exact */
    const int shift = (int)((sphere_bits_(t) + (0x3f800000u - 0x3f3504f3u)) >> 23) - 127;
    const float e = (float)shift, f = sphere_from_bits_(sphere_bits_(t) - ((uint32_t)shift << 23)) - 1.0f, ff = f * f;
    const float r = (float)((int32_t)(v & 0x3fffffffu) - 0x20000000) * 1.46291808e-09f, rr = r * r;   /* pi/2 2^-30 */
    float p, s, c, length, a, b;
    p = SPHERE_MADD_(0.0691539273f, f, -0.117897913f); p = SPHERE_MADD_(p, f, 0.118729569f); p = SPHERE_MADD_(p, f, -0.123843506f);
    p = SPHERE_MADD_(p, f, 0.142186612f); p = SPHERE_MADD_(p, f, -0.16669251f); p = SPHERE_MADD_(p, f, 0.200022265f);
    p = SPHERE_MADD_(p, f, -0.249999866f); p = SPHERE_MADD_(p, f, 0.333333105f);
    p = e * 0.693115234375f + (f + ((ff * f * p + e * 3.19461833e-05f) - 0.5f * ff));
    length = sphere_sqrt_(-2.0f * p);                                             /* t < 1, so that its logarithm is below 0 */
    s = SPHERE_MADD_(-0.00019516499f, rr, 0.00833217241f); s = SPHERE_MADD_(s, rr, -0.166666552f); s = SPHERE_MADD_(s * rr, r, r);
    c = SPHERE_MADD_(2.44375551e-05f, rr, -0.00138873595f); c = SPHERE_MADD_(c, rr, 0.0416666456f); c = 1.0f - (0.5f * rr - c * rr * rr);
    a = v >> 30 & 1u ? s : c;                                                     /* a quarter turn: (c, s) -> (-s, c) */
    b = v >> 30 & 1u ? c : s;
    *one = length * sphere_from_bits_(sphere_bits_(a) ^ ((v ^ v << 1) & 0x80000000u));
    *two = length * sphere_from_bits_(sphere_bits_(b) ^ (v & 0x80000000u));
}
static void sphere_anneal_normals_c_(float *out, uint64_t first, size_t m, uint64_t seed, uint64_t stream)
{
    size_t i;
    for (i = 0; i < m; i++) {
        uint32_t word[4];
        sphere_random_(seed, stream, first + i, word);
        sphere_anneal_pair_(word[0], word[1], out + 4 * i, out + 4 * i + 1);
        sphere_anneal_pair_(word[2], word[3], out + 4 * i + 2, out + 4 * i + 3);
    }
}
#if SPHERE_AVX2_
/* The products of eight words with a constant, high halves and low halves. */
SPHERE_ANNEAL_AVX2_FN_ __m256i sphere_anneal_wide_avx2_(__m256i x_u32x8, __m256i c_u32x8, __m256i *low_u32x8)
{
    const __m256i even_u64x4 = _mm256_mul_epu32(x_u32x8, c_u32x8), odd_u64x4 = _mm256_mul_epu32(_mm256_srli_epi64(x_u32x8, 32), c_u32x8);
    *low_u32x8 = _mm256_blend_epi32(even_u64x4, _mm256_slli_epi64(odd_u64x4, 32), 0xaa);
    return _mm256_blend_epi32(_mm256_srli_epi64(even_u64x4, 32), odd_u64x4, 0xaa);
}
SPHERE_ANNEAL_AVX2_FN_ void sphere_anneal_pair_avx2_(__m256i u_u32x8, __m256i v_u32x8, __m256 *one_f32x8, __m256 *two_f32x8)
{
    const __m256 half_f32x8 = _mm256_set1_ps(0.5f), one = _mm256_set1_ps(1.0f);
    const __m256 t_f32x8 = _mm256_mul_ps(_mm256_add_ps(_mm256_cvtepi32_ps(_mm256_srli_epi32(u_u32x8, 9)), half_f32x8),
        _mm256_set1_ps(1.1920928955078125e-07f));
    const __m256i shift_i32x8 = _mm256_sub_epi32(_mm256_srli_epi32(_mm256_add_epi32(_mm256_castps_si256(t_f32x8),
        _mm256_set1_epi32(0x3f800000 - 0x3f3504f3)), 23),
                                                 _mm256_set1_epi32(127));
    const __m256 e_f32x8 = _mm256_cvtepi32_ps(shift_i32x8);
    const __m256 f_f32x8 = _mm256_sub_ps(_mm256_castsi256_ps(_mm256_sub_epi32(_mm256_castps_si256(t_f32x8), _mm256_slli_epi32(shift_i32x8, 23))), one);
    const __m256 ff_f32x8 = _mm256_mul_ps(f_f32x8, f_f32x8);
    const __m256 r_f32x8 = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(_mm256_and_si256(v_u32x8, _mm256_set1_epi32(0x3fffffff)),
        _mm256_set1_epi32(0x20000000))),
                                         _mm256_set1_ps(1.46291808e-09f));
    const __m256 rr_f32x8 = _mm256_mul_ps(r_f32x8, r_f32x8);
    const __m256i sign_u32x8 = _mm256_set1_epi32((int)0x80000000u);
    const __m256 swap_f32x8 = _mm256_castsi256_ps(_mm256_slli_epi32(v_u32x8, 1));                   /* bit 30 where blendv looks */
    __m256 p_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(0.0691539273f), f_f32x8, _mm256_set1_ps(-0.117897913f)), s_f32x8, c_f32x8, length_f32x8;
    p_f32x8 = SPHERE_MADD_F32X8_(p_f32x8, f_f32x8, _mm256_set1_ps(0.118729569f));
    p_f32x8 = SPHERE_MADD_F32X8_(p_f32x8, f_f32x8, _mm256_set1_ps(-0.123843506f));
    p_f32x8 = SPHERE_MADD_F32X8_(p_f32x8, f_f32x8, _mm256_set1_ps(0.142186612f));
    p_f32x8 = SPHERE_MADD_F32X8_(p_f32x8, f_f32x8, _mm256_set1_ps(-0.16669251f));
    p_f32x8 = SPHERE_MADD_F32X8_(p_f32x8, f_f32x8, _mm256_set1_ps(0.200022265f));
    p_f32x8 = SPHERE_MADD_F32X8_(p_f32x8, f_f32x8, _mm256_set1_ps(-0.249999866f));
    p_f32x8 = SPHERE_MADD_F32X8_(p_f32x8, f_f32x8, _mm256_set1_ps(0.333333105f));
    p_f32x8 = _mm256_add_ps(_mm256_mul_ps(_mm256_mul_ps(ff_f32x8, f_f32x8), p_f32x8), _mm256_mul_ps(e_f32x8, _mm256_set1_ps(3.19461833e-05f)));
    p_f32x8 = _mm256_add_ps(f_f32x8, _mm256_sub_ps(p_f32x8, _mm256_mul_ps(half_f32x8, ff_f32x8)));
    p_f32x8 = _mm256_add_ps(_mm256_mul_ps(e_f32x8, _mm256_set1_ps(0.693115234375f)), p_f32x8);
    length_f32x8 = _mm256_sqrt_ps(_mm256_mul_ps(_mm256_set1_ps(-2.0f), p_f32x8));
    s_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(-0.00019516499f), rr_f32x8, _mm256_set1_ps(0.00833217241f));
    s_f32x8 = SPHERE_MADD_F32X8_(s_f32x8, rr_f32x8, _mm256_set1_ps(-0.166666552f));
    s_f32x8 = SPHERE_MADD_F32X8_(_mm256_mul_ps(s_f32x8, rr_f32x8), r_f32x8, r_f32x8);
    c_f32x8 = SPHERE_MADD_F32X8_(_mm256_set1_ps(2.44375551e-05f), rr_f32x8, _mm256_set1_ps(-0.00138873595f));
    c_f32x8 = SPHERE_MADD_F32X8_(c_f32x8, rr_f32x8, _mm256_set1_ps(0.0416666456f));
    c_f32x8 = _mm256_sub_ps(_mm256_mul_ps(half_f32x8, rr_f32x8), _mm256_mul_ps(_mm256_mul_ps(c_f32x8, rr_f32x8), rr_f32x8));
    c_f32x8 = _mm256_sub_ps(one, c_f32x8);
    p_f32x8 = _mm256_blendv_ps(c_f32x8, s_f32x8, swap_f32x8);
    s_f32x8 = _mm256_blendv_ps(s_f32x8, c_f32x8, swap_f32x8);
    c_f32x8 = _mm256_castsi256_ps(_mm256_and_si256(_mm256_xor_si256(v_u32x8, _mm256_slli_epi32(v_u32x8, 1)), sign_u32x8));
    *one_f32x8 = _mm256_mul_ps(length_f32x8, _mm256_xor_ps(p_f32x8, c_f32x8));
    *two_f32x8 = _mm256_mul_ps(length_f32x8, _mm256_xor_ps(s_f32x8, _mm256_castsi256_ps(_mm256_and_si256(v_u32x8, sign_u32x8))));
}
SPHERE_TARGET_AVX2_ static void sphere_anneal_normals_avx2_(float *out, uint64_t first, size_t m, uint64_t seed, uint64_t stream)
{
    const __m256i one_u32x8 = _mm256_set1_epi32((int)0xD2511F53u), two_u32x8 = _mm256_set1_epi32((int)0xCD9E8D57u);
    size_t i = 0;
    for (; i + 8 <= m; i += 8) {
        const uint64_t at = first + i;
        __m256i c0_u32x8, c1_u32x8, c2_u32x8 = _mm256_set1_epi32((int)(uint32_t)stream), c3_u32x8 = _mm256_set1_epi32((int)(uint32_t)(stream >> 32));
        __m256 a_f32x8, b_f32x8, c_f32x8, d_f32x8, ab_f32x8, cd_f32x8, low0_f32x8, low1_f32x8, high0_f32x8, high1_f32x8;
        uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
        int round;
        if ((uint32_t)at > 0xfffffff0u) { sphere_anneal_normals_c_(out + 4 * i, at, 8, seed, stream); continue; }   /* a carry into the high word */
        c0_u32x8 = _mm256_add_epi32(_mm256_set1_epi32((int)(uint32_t)at), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
        c1_u32x8 = _mm256_set1_epi32((int)(uint32_t)(at >> 32));
        for (round = 0; round < 10; round++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
            __m256i low0_u32x8, low1_u32x8;
            const __m256i high0_u32x8 = sphere_anneal_wide_avx2_(c0_u32x8, one_u32x8, &low0_u32x8);
            const __m256i high1_u32x8 = sphere_anneal_wide_avx2_(c2_u32x8, two_u32x8, &low1_u32x8);
            c0_u32x8 = _mm256_xor_si256(_mm256_xor_si256(high1_u32x8, c1_u32x8), _mm256_set1_epi32((int)k0));
            c2_u32x8 = _mm256_xor_si256(_mm256_xor_si256(high0_u32x8, c3_u32x8), _mm256_set1_epi32((int)k1));
            c1_u32x8 = low1_u32x8;
            c3_u32x8 = low0_u32x8;
        }
        sphere_anneal_pair_avx2_(c0_u32x8, c1_u32x8, &a_f32x8, &b_f32x8);
        sphere_anneal_pair_avx2_(c2_u32x8, c3_u32x8, &c_f32x8, &d_f32x8);
        ab_f32x8 = _mm256_unpacklo_ps(a_f32x8, b_f32x8); cd_f32x8 = _mm256_unpacklo_ps(c_f32x8, d_f32x8);          /* a0 b0 a1 b1 | a4 .. */
        low0_f32x8 = _mm256_shuffle_ps(ab_f32x8, cd_f32x8, 0x44); low1_f32x8 = _mm256_shuffle_ps(ab_f32x8, cd_f32x8, 0xee);   /* block 0 | 4, 1 | 5 */
        ab_f32x8 = _mm256_unpackhi_ps(a_f32x8, b_f32x8); cd_f32x8 = _mm256_unpackhi_ps(c_f32x8, d_f32x8);
        high0_f32x8 = _mm256_shuffle_ps(ab_f32x8, cd_f32x8, 0x44); high1_f32x8 = _mm256_shuffle_ps(ab_f32x8, cd_f32x8, 0xee); /* 2 | 6, 3 | 7 */
        _mm256_storeu_ps(out + 4 * i, _mm256_permute2f128_ps(low0_f32x8, low1_f32x8, 0x20));
        _mm256_storeu_ps(out + 4 * i + 8, _mm256_permute2f128_ps(high0_f32x8, high1_f32x8, 0x20));
        _mm256_storeu_ps(out + 4 * i + 16, _mm256_permute2f128_ps(low0_f32x8, low1_f32x8, 0x31));
        _mm256_storeu_ps(out + 4 * i + 24, _mm256_permute2f128_ps(high0_f32x8, high1_f32x8, 0x31));
    }
    sphere_anneal_normals_c_(out + 4 * i, first + i, m - i, seed, stream);
}
#endif
#if SPHERE_NEON_
SPHERE_INLINE_ uint32x4_t sphere_anneal_wide_neon_(uint32x4_t x_u32x4, uint32_t c, uint32x4_t *low_u32x4)
{
    const uint32x4_t a_u64x2 = vreinterpretq_u32_u64(vmull_n_u32(vget_low_u32(x_u32x4), c)),
        b_u64x2 = vreinterpretq_u32_u64(vmull_n_u32(vget_high_u32(x_u32x4), c));
    *low_u32x4 = vuzp1q_u32(a_u64x2, b_u64x2);
    return vuzp2q_u32(a_u64x2, b_u64x2);
}
SPHERE_INLINE_ void sphere_anneal_pair_neon_(uint32x4_t u_u32x4, uint32x4_t v_u32x4, float32x4_t *one_f32x4, float32x4_t *two_f32x4)
{
    const float32x4_t half_f32x4 = vdupq_n_f32(0.5f), one = vdupq_n_f32(1.0f);
    const float32x4_t t_f32x4 = vmulq_f32(vaddq_f32(vcvtq_f32_u32(vshrq_n_u32(u_u32x4, 9)), half_f32x4), vdupq_n_f32(1.1920928955078125e-07f));
    const int32x4_t shift_i32x4 = vsubq_s32(vreinterpretq_s32_u32(vshrq_n_u32(vaddq_u32(vreinterpretq_u32_f32(t_f32x4),
        vdupq_n_u32(0x3f800000u - 0x3f3504f3u)), 23)),
                                            vdupq_n_s32(127));
    const float32x4_t e_f32x4 = vcvtq_f32_s32(shift_i32x4);
    const float32x4_t f_f32x4 = vsubq_f32(vreinterpretq_f32_s32(vsubq_s32(vreinterpretq_s32_f32(t_f32x4), vshlq_n_s32(shift_i32x4, 23))), one);
    const float32x4_t ff_f32x4 = vmulq_f32(f_f32x4, f_f32x4);
    const float32x4_t r_f32x4 = vmulq_f32(vcvtq_f32_s32(vsubq_s32(vreinterpretq_s32_u32(vandq_u32(v_u32x4, vdupq_n_u32(0x3fffffffu))),
        vdupq_n_s32(0x20000000))),
                                          vdupq_n_f32(1.46291808e-09f));
    const float32x4_t rr_f32x4 = vmulq_f32(r_f32x4, r_f32x4);
    const uint32x4_t swap_u32x4 = vtstq_u32(v_u32x4, vdupq_n_u32(0x40000000u)), sign_u32x4 = vdupq_n_u32(0x80000000u);
    float32x4_t p_f32x4 = SPHERE_MADD_F32X4_(vdupq_n_f32(0.0691539273f), f_f32x4, vdupq_n_f32(-0.117897913f)), s_f32x4, c_f32x4, length_f32x4;
    p_f32x4 = SPHERE_MADD_F32X4_(p_f32x4, f_f32x4, vdupq_n_f32(0.118729569f));
    p_f32x4 = SPHERE_MADD_F32X4_(p_f32x4, f_f32x4, vdupq_n_f32(-0.123843506f));
    p_f32x4 = SPHERE_MADD_F32X4_(p_f32x4, f_f32x4, vdupq_n_f32(0.142186612f));
    p_f32x4 = SPHERE_MADD_F32X4_(p_f32x4, f_f32x4, vdupq_n_f32(-0.16669251f));
    p_f32x4 = SPHERE_MADD_F32X4_(p_f32x4, f_f32x4, vdupq_n_f32(0.200022265f));
    p_f32x4 = SPHERE_MADD_F32X4_(p_f32x4, f_f32x4, vdupq_n_f32(-0.249999866f));
    p_f32x4 = SPHERE_MADD_F32X4_(p_f32x4, f_f32x4, vdupq_n_f32(0.333333105f));
    p_f32x4 = vaddq_f32(vmulq_f32(vmulq_f32(ff_f32x4, f_f32x4), p_f32x4), vmulq_f32(e_f32x4, vdupq_n_f32(3.19461833e-05f)));
    p_f32x4 = vaddq_f32(f_f32x4, vsubq_f32(p_f32x4, vmulq_f32(half_f32x4, ff_f32x4)));
    p_f32x4 = vaddq_f32(vmulq_f32(e_f32x4, vdupq_n_f32(0.693115234375f)), p_f32x4);
    length_f32x4 = vsqrtq_f32(vmulq_f32(vdupq_n_f32(-2.0f), p_f32x4));
    s_f32x4 = SPHERE_MADD_F32X4_(vdupq_n_f32(-0.00019516499f), rr_f32x4, vdupq_n_f32(0.00833217241f));
    s_f32x4 = SPHERE_MADD_F32X4_(s_f32x4, rr_f32x4, vdupq_n_f32(-0.166666552f));
    s_f32x4 = SPHERE_MADD_F32X4_(vmulq_f32(s_f32x4, rr_f32x4), r_f32x4, r_f32x4);
    c_f32x4 = SPHERE_MADD_F32X4_(vdupq_n_f32(2.44375551e-05f), rr_f32x4, vdupq_n_f32(-0.00138873595f));
    c_f32x4 = SPHERE_MADD_F32X4_(c_f32x4, rr_f32x4, vdupq_n_f32(0.0416666456f));
    c_f32x4 = vsubq_f32(one, vsubq_f32(vmulq_f32(half_f32x4, rr_f32x4), vmulq_f32(vmulq_f32(c_f32x4, rr_f32x4), rr_f32x4)));
    p_f32x4 = vbslq_f32(swap_u32x4, s_f32x4, c_f32x4);
    s_f32x4 = vbslq_f32(swap_u32x4, c_f32x4, s_f32x4);
    *one_f32x4 = vmulq_f32(length_f32x4, vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(p_f32x4),
                                                               vandq_u32(veorq_u32(v_u32x4, vshlq_n_u32(v_u32x4, 1)), sign_u32x4))));
    *two_f32x4 = vmulq_f32(length_f32x4, vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(s_f32x4), vandq_u32(v_u32x4, sign_u32x4))));
}
static void sphere_anneal_normals_neon_(float *out, uint64_t first, size_t m, uint64_t seed, uint64_t stream)
{
    size_t i = 0;
    for (; i + 4 <= m; i += 4) {
        static const uint32_t count[4] = { 0, 1, 2, 3 };
        const uint64_t at = first + i;
        uint32x4_t c0_u32x4, c1_u32x4, c2_u32x4 = vdupq_n_u32((uint32_t)stream), c3_u32x4 = vdupq_n_u32((uint32_t)(stream >> 32));
        float32x4x4_t four_f32x4;
        uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
        int round;
        if ((uint32_t)at > 0xfffffff0u) { sphere_anneal_normals_c_(out + 4 * i, at, 4, seed, stream); continue; }   /* a carry into the high word */
        c0_u32x4 = vaddq_u32(vdupq_n_u32((uint32_t)at), vld1q_u32(count));
        c1_u32x4 = vdupq_n_u32((uint32_t)(at >> 32));
        for (round = 0; round < 10; round++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
            uint32x4_t low0_u32x4, low1_u32x4;
            const uint32x4_t high0_u32x4 = sphere_anneal_wide_neon_(c0_u32x4, 0xD2511F53u, &low0_u32x4);
            const uint32x4_t high1_u32x4 = sphere_anneal_wide_neon_(c2_u32x4, 0xCD9E8D57u, &low1_u32x4);
            c0_u32x4 = veorq_u32(veorq_u32(high1_u32x4, c1_u32x4), vdupq_n_u32(k0));
            c2_u32x4 = veorq_u32(veorq_u32(high0_u32x4, c3_u32x4), vdupq_n_u32(k1));
            c1_u32x4 = low1_u32x4;
            c3_u32x4 = low0_u32x4;
        }
        sphere_anneal_pair_neon_(c0_u32x4, c1_u32x4, &four_f32x4.val[0], &four_f32x4.val[1]);
        sphere_anneal_pair_neon_(c2_u32x4, c3_u32x4, &four_f32x4.val[2], &four_f32x4.val[3]);
        vst4q_f32(out + 4 * i, four_f32x4);
    }
    sphere_anneal_normals_c_(out + 4 * i, first + i, m - i, seed, stream);
}
#endif

/* The kernels of one level. A new kernel is one block above, one member here and one check in tests/levels_anneal.c. */
typedef struct sphere_anneal_kernels_ {
    void (*logits)(float *out, size_t ld, const float *x, size_t ldx, size_t m, const float *c, size_t ldc, size_t k, size_t dim, const float *price,
                   const float *slope, int root);
    void (*exps)(float *e, size_t ld, size_t m, size_t k, float least, float *top, float *inverse);
    void (*mix)(float *out, size_t ldo, const float *e, size_t ld, size_t m, const float *scale, const float *c, size_t ldc, size_t k, size_t dim);
    void (*dots)(float *out, const float *e, size_t ld, size_t m, const float *scale, size_t k, const float *y, size_t ldy, size_t width);
    void (*spread)(float *variance, float *order, const float *e, const float *d, size_t ld, size_t m, const float *scale, size_t k);
    void (*pull)(float *x, const float *t, const float *xi, size_t m, float keep, float noise);
    void (*turn)(float *x, size_t ldx, const float *t, const float *xi, size_t ld, size_t m, size_t dim, float fraction, float noise);
    void (*blend)(float *out, const float *x, const float *y, const float *z, size_t m, float a, float b, float c);
    void (*merge)(float *out, const float *part, const float *a, const float *b, size_t m);
    void (*normals)(float *out, uint64_t first, size_t m, uint64_t seed, uint64_t stream);
} sphere_anneal_kernels_;
#define SPHERE_ANNEAL_KERNELS_(level) { sphere_anneal_logits_##level, sphere_anneal_exps_##level, sphere_anneal_mix_##level, sphere_anneal_dots_##level, \
    sphere_anneal_spread_##level, sphere_anneal_pull_##level, sphere_anneal_turn_##level, sphere_anneal_blend_##level, sphere_anneal_merge_##level, \
    sphere_anneal_normals_##level }
/* The kernels of a level that sphere_simd_pick_ has allowed. */
SPHERE_INLINE_ const sphere_anneal_kernels_ *sphere_anneal_kernels_for_(sphere_simd level)
{
    static const sphere_anneal_kernels_ portable = SPHERE_ANNEAL_KERNELS_(c_);
#if SPHERE_AVX2_
    static const sphere_anneal_kernels_ avx2 = SPHERE_ANNEAL_KERNELS_(avx2_);
    if (level == SPHERE_SIMD_AVX2 || level == SPHERE_SIMD_AVX512) return &avx2;
#endif
#if SPHERE_NEON_
    static const sphere_anneal_kernels_ neon = SPHERE_ANNEAL_KERNELS_(neon_);
    if (level == SPHERE_SIMD_NEON) return &neon;
#endif
    (void)level;
    return &portable;
}

/* >>implementation */

/* -- double functions. Only + - * / and integer operations, so the bits are the same everywhere. */

/* ln x for x > 0 and finite, within 2.5 units in the last place: x = 2^e m, sqrt(1/2) <= m < sqrt 2, ln m = 2 atanh(q),
   q = (m - 1)/(m + 1), |q| < .172: the term q^25 is below 2^-63. */
static double sphere_anneal_log_(double x)
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
/* e^x, within 2 units in the last place for |x| <= 700, where the argument stops: x = k ln 2 + r, |r| <= .347; Taylor's term r^14 is
   below 2^-57. */
static double sphere_anneal_exp_(double x)
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
/* x^y for x >= 0. */
static double sphere_anneal_pow_(double x, double y) { return x == 1 || y == 0 ? 1 : x > 0 ? sphere_anneal_exp_(y * sphere_anneal_log_(x)) : 0; }
/* cos x for 0 <= x <= pi/2, within 1e-15 absolute and 1e-15 of the distance to pi/2 near it: there it is a sine. */
static double sphere_anneal_cos_(double x)
{
    const int beyond = x > 0.78539816339744828;
    const double t = beyond ? (1.5707963267948966 - x) + 6.123233995736766e-17 : x, s = t * t;
    double p = 0;
    int k;
    for (k = beyond ? 21 : 20; k >= 2; k -= 2) p = (p + 1.0) * -s / (k * (k - 1));
    return (beyond ? t : 1.0) * (1.0 + p);
}
static int sphere_anneal_finite_(double x) { return x - x == 0; }
/* A double as a float that is not infinite. */
static float sphere_anneal_narrow_(double x) { return (float)(x > 3e38 ? 3e38 : x < -3e38 ? -3e38 : x); }

/* -- memory: everything is cut off one block from the front, aligned to 64 bytes. With at = NULL it only counts; used is SIZE_MAX
   after an overflow. */
typedef struct sphere_anneal_arena_ { unsigned char *at; size_t used; } sphere_anneal_arena_;
static void *sphere_anneal_take_(sphere_anneal_arena_ *arena, size_t count, size_t width)
{
    void *p = arena->at && arena->used != SIZE_MAX ? arena->at + arena->used : NULL;
    const size_t used = sphere_size_(count, width, arena->used);
    arena->used = used > SIZE_MAX - 63 ? SIZE_MAX : (used + 63) & ~(size_t)63;
    return p;
}
static size_t sphere_anneal_total_(const sphere_anneal_arena_ *arena) { return arena->used > SIZE_MAX / 2 ? 0 : arena->used + 63; }

/* SPHERE_E_NAN for a NaN or an infinity, SPHERE_E_RANGE for a number above 1e18, whose square might not fit. NaN first. */
static sphere_status sphere_anneal_look_(const float *p, size_t n)
{
    uint32_t most = 0;
    size_t i;
    for (i = 0; i < n; i++) {
        const uint32_t u = sphere_bits_(p[i]) & 0x7fffffffu;
        most = u > most ? u : most;
    }
    return most >= 0x7f800000u ? SPHERE_E_NAN : most > 0x5d5e0b6bu ? SPHERE_E_RANGE : SPHERE_OK;
}

/* -- oscillators */

#define SPHERE_ANNEAL_SHARDS_ ((size_t)16)
#define SPHERE_ANNEAL_CHUNK_ ((size_t)64)          /* rows that the exact denoiser takes at a time */
#define SPHERE_ANNEAL_LOG2E_ 1.4426950408889634
#define SPHERE_ANNEAL_LN2_ 0.69314718055994531

/* What one task works on: a run of blocks, and scratch for one block. */
typedef struct sphere_anneal_shard_ {
    float  *e, *d, *top, *inverse, *variance, *order, *target, *xi, *row, *old, *part;
    double *column;                          /* (k), analysis (k, 1 + dim)                                           */
    double  energy, order_sum, variance_sum, travel;
    float   farthest;                        /* square of the largest distance                                       */
} sphere_anneal_shard_;
typedef struct sphere_anneal_job_ {
    const sphere_anneal_kernels_ *kernels;
    const sphere_exec *exec;
    size_t n, k, dim, block, shards, span;   /* span: oscillators of a shard                                         */
    float *planes, *c, *price, *slope, *flat, *unit;     /* flat and unit: prices and slopes that make logits of d    */
    double *column, *tilt, *saved;           /* (k) loads; prices times sharpness; what a Newton step began with      */
    uint64_t *capacity;
    uint32_t *label, *wish, *sort[4];        /* integer assignments: carriers, other carriers, work of a sort         */
    sphere_anneal_shard_ shard[SPHERE_ANNEAL_SHARDS_];
    int root, sphere, balanced, sorted, reference, settled, stats, add_noise;
    float keep, noise;
    double fraction;
    const float *xi, *start;
    float *weights;
    uint64_t *counts, seed, stream;
    float *axes, *along;                     /* analysis: (k, dim) directions, (k) their offsets                     */
} sphere_anneal_job_;

/* How many oscillators a tile of k planes holds: up to 64 KB, and an odd multiple of 64 bytes from plane to plane, so that loads do not
   wait for stores that lie a multiple of 4096 bytes before them. */
static size_t sphere_anneal_tile_(size_t k)
{
    const size_t block = 16384 / (k ? k : 1) / 16;
    return 16 * (block < 2 ? 1 : block > 15 ? 15 : block - !(block & 1u));
}
/* Blocks whose tile of weights fits the cache; the number of shards depends on n alone, so that all sums have one order. */
static void sphere_anneal_split_(sphere_anneal_job_ *job, size_t n, size_t k)
{
    size_t blocks, shards = n / 2048;
    job->block = sphere_anneal_tile_(k);
    blocks = n / job->block + (n % job->block != 0);
    shards = shards < 1 ? 1 : shards > SPHERE_ANNEAL_SHARDS_ ? SPHERE_ANNEAL_SHARDS_ : shards;
    job->span = (blocks + shards - 1) / shards * job->block;
    if (job->span == 0) job->span = job->block;
    job->shards = n ? (n - 1) / job->span + 1 : 1;
}
/* integer: room for one carrier per oscillator, and for a sort. width: doubles that a carrier needs for sums; the curvature of the prices
   needs k of them. */
static void sphere_anneal_lay_(sphere_anneal_job_ *job, sphere_anneal_arena_ *arena, int integer, size_t width, int analysis)
{
    const size_t n = job->n, k = job->k, dim = job->dim, block = job->block, pairs = sphere_size_(k, block, 0), tile = dim * block;
    const size_t parts = sphere_size_(k, dim > width ? dim : width, 0);
    size_t i;
    job->planes = (float *)sphere_anneal_take_(arena, sphere_size_(n, dim, 0), 4);
    job->c = (float *)sphere_anneal_take_(arena, k * dim, 4);
    job->price = (float *)sphere_anneal_take_(arena, k, 4);
    job->slope = (float *)sphere_anneal_take_(arena, k, 4);
    job->flat = (float *)sphere_anneal_take_(arena, k, 4);
    job->unit = (float *)sphere_anneal_take_(arena, k, 4);
    job->column = (double *)sphere_anneal_take_(arena, sphere_size_(k, width, 0), 8);
    job->tilt = (double *)sphere_anneal_take_(arena, k, 8);
    job->saved = (double *)sphere_anneal_take_(arena, sphere_size_(k, 3, 0), 8);
    job->capacity = (uint64_t *)sphere_anneal_take_(arena, k, 8);
    job->counts = (uint64_t *)sphere_anneal_take_(arena, k, 8);
    for (i = 0; i < job->shards; i++) {
        sphere_anneal_shard_ *s = job->shard + i;
        s->e = (float *)sphere_anneal_take_(arena, pairs, 4);
        s->d = (float *)sphere_anneal_take_(arena, pairs, 4);
        s->top = (float *)sphere_anneal_take_(arena, block, 4);
        s->inverse = (float *)sphere_anneal_take_(arena, block, 4);
        s->variance = (float *)sphere_anneal_take_(arena, block, 4);
        s->order = (float *)sphere_anneal_take_(arena, block, 4);
        s->target = (float *)sphere_anneal_take_(arena, tile, 4);
        s->xi = (float *)sphere_anneal_take_(arena, tile, 4);
        s->row = (float *)sphere_anneal_take_(arena, tile + 4, 4);
        s->old = (float *)sphere_anneal_take_(arena, tile, 4);
        s->part = (float *)sphere_anneal_take_(arena, parts, 4);
        s->column = (double *)sphere_anneal_take_(arena, sphere_size_(k, width, 0), 8);
    }
    job->label = integer ? (uint32_t *)sphere_anneal_take_(arena, n, 4) : NULL;
    job->wish = integer ? (uint32_t *)sphere_anneal_take_(arena, n, 4) : NULL;
    for (i = 0; i < 4; i++) job->sort[i] = integer ? (uint32_t *)sphere_anneal_take_(arena, n > k ? n : k, 4) : NULL;
    if (analysis) {
        job->axes = (float *)sphere_anneal_take_(arena, k * dim, 4);
        job->along = (float *)sphere_anneal_take_(arena, k, 4);
    }
}
static int sphere_anneal_is_sorted_(const sphere_anneal_model *model) { return model && model->method == SPHERE_ANNEAL_SORTED; }
/* Prices of up to 64 carriers are found by Newton's method where Sinkhorn's is slow. */
#define SPHERE_ANNEAL_NEWTON_ ((size_t)64)
static size_t sphere_anneal_width_(const sphere_anneal_model *model, size_t k)
{ return (model && model->method != SPHERE_ANNEAL_BALANCED) || k > SPHERE_ANNEAL_NEWTON_ || k < 2 ? 1 : k; }
SPHERE_ANNEAL_API size_t sphere_anneal_size(size_t n, size_t k, size_t dim, const sphere_anneal_model *model)
{
    sphere_anneal_job_ job;
    sphere_anneal_arena_ arena = { NULL, 0 };
    if (n > 0xffffffffu || k > SPHERE_ANNEAL_MAX_CARRIERS || dim > SPHERE_ANNEAL_MAX_DIM) return 0;
    memset(&job, 0, sizeof(job));
    job.n = n; job.k = k; job.dim = dim;
    sphere_anneal_split_(&job, n, k);
    sphere_anneal_lay_(&job, &arena, !model || model->method == SPHERE_ANNEAL_BALANCED || model->method == SPHERE_ANNEAL_SORTED,
        sphere_anneal_width_(model, k), 0);
    return sphere_anneal_total_(&arena);
}

/* Share out: the weights are scaled to 62-bit integers, so that the remainders are exact; ties to the lower index. */
static sphere_status sphere_anneal_share_check_(const float *share, size_t k)
{
    double sum = 0;
    size_t j;
    if (!share) return SPHERE_OK;
    for (j = 0; j < k; j++) if (!(share[j] - share[j] == 0)) return SPHERE_E_NAN;
    for (j = 0; j < k; j++) { if (!(share[j] >= 0)) return SPHERE_E_RANGE; sum += (double)share[j]; }
    return sum > 0 ? SPHERE_OK : SPHERE_E_RANGE;
}
/* n q / sum q: quotient and remainder of n * w by the total of the integer weights. The weights are below 2^45, their total below 2^61. */
static uint64_t sphere_anneal_weight_(const float *share, size_t j, double most)
{ return share ? (uint64_t)((double)share[j] / most * 35184372088832.0 + 0.5) : 1u; }
static void sphere_anneal_divide_(uint64_t n, uint64_t w, uint64_t total, uint64_t *quotient, uint64_t *rest)
{
    uint64_t q = 0, r = 0;
    int bit;
    for (bit = 63; bit >= 0; bit--) {                                                   /* long division of n * w, bit by bit of n */
        q <<= 1; r <<= 1;
        if (r >= total) { r -= total; q++; }
        if (n >> bit & 1u) { r += w; if (r >= total) { r -= total; q++; } }
    }
    *quotient = q; *rest = r;
}
static void sphere_anneal_capacity_(size_t n, size_t k, const float *share, uint64_t *capacity)
{
    uint64_t total = 0, left = n, q, r, low = 0, high = (uint64_t)1 << 62;
    double most = 0;
    size_t j, count;
    if (share) for (j = 0; j < k; j++) if ((double)share[j] > most) most = (double)share[j];
    for (j = 0; j < k; j++) total += sphere_anneal_weight_(share, j, most);
    for (j = 0; j < k; j++) {
        sphere_anneal_divide_(n, sphere_anneal_weight_(share, j, most), total, &q, &r);
        capacity[j] = q;
        left -= q;
    }
    /* The smallest remainder that gets one more: the `left` largest remainders are at least it. By bisection. */
    while (high - low > 1) {
        const uint64_t middle = low + (high - low) / 2;
        for (j = 0, count = 0; j < k; j++) {
            sphere_anneal_divide_(n, sphere_anneal_weight_(share, j, most), total, &q, &r);
            if (r >= middle) count++;
        }
        if (count >= left) low = middle; else high = middle;
    }
    for (j = 0; j < k && left; j++) {                                                   /* first those above the bound, then at it */
        sphere_anneal_divide_(n, sphere_anneal_weight_(share, j, most), total, &q, &r);
        if (r > low) { capacity[j]++; left--; }
    }
    for (j = 0; j < k && left; j++) {
        sphere_anneal_divide_(n, sphere_anneal_weight_(share, j, most), total, &q, &r);
        if (r == low && sphere_anneal_weight_(share, j, most)) { capacity[j]++; left--; }
    }
}
SPHERE_ANNEAL_API sphere_status sphere_anneal_capacity(size_t n, size_t k, const float *share, uint64_t *capacity)
{
    sphere_status status;
    if (k == 0 || k > SPHERE_ANNEAL_MAX_CARRIERS) return SPHERE_E_RANGE;
    if (!capacity) return SPHERE_E_NULL;
    if (sphere_overlap_(capacity, k * 8, share, k * 4)) return SPHERE_E_OVERLAP;
    if ((status = sphere_anneal_share_check_(share, k)) != SPHERE_OK) return status;
    sphere_anneal_capacity_(n, k, share, capacity);
    return SPHERE_OK;
}

/* Everything about a model that does not need the data. */
static sphere_status sphere_anneal_model_check_(const sphere_anneal_model *model, size_t n, size_t k, size_t dim)
{
    uint64_t sum = 0;
    size_t j;
    sphere_status status;
    if (k == 0 || k > SPHERE_ANNEAL_MAX_CARRIERS || dim == 0 || dim > SPHERE_ANNEAL_MAX_DIM) return SPHERE_E_RANGE;
    if (!model) return SPHERE_OK;
    if (!(model->tolerance == model->tolerance)) return SPHERE_E_NAN;
    if ((unsigned)model->method > (unsigned)SPHERE_ANNEAL_REFERENCE_ANNEALED || (unsigned)model->space > (unsigned)SPHERE_ANNEAL_SPHERE ||
        !(model->tolerance >= 0) || !sphere_anneal_finite_(model->tolerance)) return SPHERE_E_RANGE;
    if (model->space == SPHERE_ANNEAL_SPHERE && (dim < 2 || model->method >= SPHERE_ANNEAL_SORTED)) return SPHERE_E_RANGE;
    if (model->method == SPHERE_ANNEAL_SORTED && dim != 1) return SPHERE_E_RANGE;
    if (model->capacity) {
        for (j = 0; j < k; j++) {
            if (model->capacity[j] > n - sum) return SPHERE_E_RANGE;
            sum += model->capacity[j];
        }
        if (sum != n) return SPHERE_E_RANGE;
    }
    if ((status = sphere_anneal_share_check_(model->share, k)) != SPHERE_OK) return status;
    if (model->focus) {
        for (j = 0; j < k; j++) if (!(model->focus[j] - model->focus[j] == 0)) return SPHERE_E_NAN;
        for (j = 0; j < k; j++) if (!(model->focus[j] > 0)) return SPHERE_E_RANGE;
    }
    return SPHERE_OK;
}
/* Rows to planes; on the sphere scaled to unit length. Returns 0 when a row there is zero. */
static int sphere_anneal_transpose_(float *planes, size_t ld, const float *x, size_t n, size_t dim, int sphere)
{
    size_t i, a;
    if (dim == 1) { memcpy(planes, x, n * 4); return 1; }
    for (i = 0; i < n; i++) {
        double sum = 0, scale = 1;
        if (sphere) {
            for (a = 0; a < dim; a++) sum += (double)x[i * dim + a] * (double)x[i * dim + a];
            if (!(sum > 0)) return 0;
            scale = 1 / sphere_sqrt_double_(sum);
        }
        for (a = 0; a < dim; a++) planes[a * ld + i] = sphere ? (float)((double)x[i * dim + a] * scale) : x[i * dim + a];
    }
    return 1;
}
/* Check, cut the memory and copy the data in. Writes nothing but memory. */
static sphere_status sphere_anneal_begin_(sphere_anneal_job_ *job, const float *x, size_t n, const float *carriers, size_t k, size_t dim,
                                          const sphere_anneal_model *model, void *memory, size_t bytes)
{
    sphere_anneal_arena_ arena = { NULL, 0 };
    sphere_status status, late;
    const sphere_anneal_method method = model ? model->method : SPHERE_ANNEAL_BALANCED;
    size_t need, j;
    memset(job, 0, sizeof(*job));
    job->exec = model ? &model->exec : NULL;
    if ((status = sphere_anneal_model_check_(model, n, k, dim)) != SPHERE_OK) return status;
    if (n > 0xffffffffu || sphere_size_(n, dim * 4, 0) > SIZE_MAX / 2) return SPHERE_E_SIZE;
    if (!carriers || !x) return SPHERE_E_NULL;
    need = sphere_anneal_size(n, k, dim, model);
    if (need == 0) return SPHERE_E_SIZE;
    if (!memory || bytes < need) return SPHERE_E_MEMORY;
    status = sphere_anneal_look_(x, n * dim);
    late = sphere_anneal_look_(carriers, k * dim);
    if (status == SPHERE_E_NAN || late == SPHERE_E_NAN) return SPHERE_E_NAN;
    if (status != SPHERE_OK || late != SPHERE_OK) return SPHERE_E_RANGE;
    job->kernels = sphere_anneal_kernels_for_(sphere_simd_pick_(job->exec));
    job->n = n; job->k = k; job->dim = dim;
    job->sphere = model && model->space == SPHERE_ANNEAL_SPHERE;
    job->reference = method >= SPHERE_ANNEAL_REFERENCE_HARD;
    job->root = job->reference;
    job->balanced = method == SPHERE_ANNEAL_BALANCED;
    job->sorted = method == SPHERE_ANNEAL_SORTED;
    if (model) { job->seed = model->seed; job->stream = (uint64_t)model->stream << 32; }
    sphere_anneal_split_(job, n, k);
    arena.at = (unsigned char *)sphere_align_(memory);
    sphere_anneal_lay_(job, &arena, job->sorted || job->balanced, sphere_anneal_width_(model, k), 0);
    if (!sphere_anneal_transpose_(job->planes, n, x, n, dim, job->sphere)) return SPHERE_E_RANGE;
    for (j = 0; j < k; j++) if (!sphere_anneal_transpose_(job->c + j * dim, 1, carriers + j * dim, 1, dim, job->sphere)) return SPHERE_E_RANGE;
    if (model && model->capacity) for (j = 0; j < k; j++) job->capacity[j] = model->capacity[j];
    else sphere_anneal_capacity_(n, k, model ? model->share : NULL, job->capacity);
    for (j = 0; j < k; j++) { job->flat[j] = 0; job->unit[j] = job->root ? -1.0f : -0.5f; }
    return SPHERE_OK;
}
/* Prices and slopes of the logits, to the base 2, for a sharpness and for prices times sharpness. */
static void sphere_anneal_tilt_(sphere_anneal_job_ *job, const sphere_anneal_model *model, double sharpness, const double *tilt)
{
    double sum = 0;
    size_t j;
    if (model && model->share) for (j = 0; j < job->k; j++) sum += (double)model->share[j];
    for (j = 0; j < job->k; j++) {
        const double focus = model && model->focus ? (double)model->focus[j] : 1;
        const double share = job->balanced ? 1 : sum > 0 ? (double)model->share[j] / sum : 1.0 / (double)job->k;
        const int closed = job->balanced ? job->capacity[j] == 0 : !(share > 0);
        double height = (job->root ? 1.0 : 0.5) * (double)job->dim * (focus == 1 ? 0 : sphere_anneal_log_(focus));
        if (!closed) height += job->balanced ? tilt[j] : sphere_anneal_log_(share);
        job->price[j] = closed ? -3e38f : sphere_anneal_narrow_(height * SPHERE_ANNEAL_LOG2E_);
        job->slope[j] = sphere_anneal_narrow_(sharpness * focus * (job->root ? 1.0 : 0.5) * SPHERE_ANNEAL_LOG2E_);
    }
}
static size_t sphere_anneal_end_(const sphere_anneal_job_ *job, size_t task)
{ return job->n - task * job->span < job->span ? job->n : (task + 1) * job->span; }
/* The weights of a block: e, not yet divided by their sum, and its inverse. */
static void sphere_anneal_block_(const sphere_anneal_job_ *job, sphere_anneal_shard_ *s, size_t i, size_t m, float least)
{
    job->kernels->logits(s->e, job->block, job->planes + i, job->n, m, job->c, job->dim, job->k, job->dim, job->price, job->slope, job->root);
    job->kernels->exps(s->e, job->block, m, job->k, least, s->top, s->inverse);
}
static void sphere_anneal_loads_task_(void *context, size_t task)
{
    sphere_anneal_job_ *job = (sphere_anneal_job_ *)context;
    sphere_anneal_shard_ *s = job->shard + task;
    const size_t end = sphere_anneal_end_(job, task);
    size_t i, j;
    for (j = 0; j < job->k; j++) s->column[j] = 0;
    for (i = task * job->span; i < end; i += job->block) {
        const size_t m = end - i < job->block ? end - i : job->block;
        sphere_anneal_block_(job, s, i, m, SPHERE_ANNEAL_LEAST_);
        job->kernels->dots(s->part, s->e, job->block, m, s->inverse, job->k, NULL, 0, 1);
        for (j = 0; j < job->k; j++) s->column[j] += (double)s->part[j];
    }
}
/* How far the loads of the carriers are from the capacities, as a share of them. Fills column. */
static double sphere_anneal_loads_(sphere_anneal_job_ *job)
{
    double worst = 0;
    size_t i, j;
    sphere_parallel_(job->exec, job->shards, sphere_anneal_loads_task_, job);
    for (j = 0; j < job->k; j++) {
        double sum = 0;
        for (i = 0; i < job->shards; i++) sum += job->shard[i].column[j];
        job->column[j] = sum;
        if (job->capacity[j]) {
            const double error = sum / (double)job->capacity[j] - 1;
            if (error > worst) worst = error;
            if (-error > worst) worst = -error;
        }
    }
    return worst;
}
static void sphere_anneal_centre_(const sphere_anneal_job_ *job, double *tilt)
{
    double sum = 0, open = 0;
    size_t j;
    for (j = 0; j < job->k; j++) if (job->capacity[j]) { sum += tilt[j]; open += 1; }
    for (j = 0; j < job->k; j++) tilt[j] = job->capacity[j] && open > 0 ? tilt[j] - sum / open : 0;
}
/* sum_i w_k w_l for l <= k, for the curvature of the dual: its Hessian is diag(load) - this. */
static void sphere_anneal_curve_task_(void *context, size_t task)
{
    sphere_anneal_job_ *job = (sphere_anneal_job_ *)context;
    sphere_anneal_shard_ *s = job->shard + task;
    const size_t end = sphere_anneal_end_(job, task), k = job->k;
    size_t i, j, l;
    for (j = 0; j < k * k; j++) s->column[j] = 0;
    for (i = task * job->span; i < end; i += job->block) {
        const size_t m = end - i < job->block ? end - i : job->block;
        sphere_anneal_block_(job, s, i, m, SPHERE_ANNEAL_LEAST_PAIR_);
        for (j = 0; j < m; j++) s->order[j] = s->inverse[j] * s->inverse[j];
        for (j = 0; j < k; j++) job->kernels->dots(s->part + j * k, s->e + j * job->block, job->block, m, s->order, 1, s->e, job->block, j + 1);
        for (j = 0; j < k; j++) for (l = 0; l <= j; l++) s->column[j * k + l] += (double)s->part[j * k + l];
    }
}
/* Newton's step on the prices: solve (diag(load) - W^T W) step = capacity - load. The matrix is positive semidefinite and has the constant
   vector in its kernel; n/k^2 in every place lifts that, a little on the diagonal the rest. Cholesky in place, in shard 0. Returns 0 when
   the matrix is not definite enough. step is written to job->column, which holds the loads. */
static int sphere_anneal_newton_(sphere_anneal_job_ *job)
{
    const size_t k = job->k;
    const double n = (double)job->n;
    double *h = job->shard[0].column, most = 0;
    size_t i, j, l;
    sphere_parallel_(job->exec, job->shards, sphere_anneal_curve_task_, job);
    for (i = 1; i < job->shards; i++) for (j = 0; j < k * k; j++) h[j] += job->shard[i].column[j];
    for (i = 0; i < k; i++) for (j = 0; j <= i; j++) {
        const int open = job->capacity[i] && job->capacity[j];
        h[i * k + j] = (i == j ? (open ? job->column[i] * (1 + 1e-9) + 1e-12 * n : n) : 0) + (open ? n / ((double)k * (double)k) - h[i * k + j] : 0);
    }
    for (i = 0; i < k; i++) job->column[i] = job->capacity[i] ? (double)job->capacity[i] - job->column[i] : 0;
    for (i = 0; i < k; i++) for (j = 0; j <= i; j++) {
        double sum = h[i * k + j];
        for (l = 0; l < j; l++) sum -= h[i * k + l] * h[j * k + l];
        if (i > j) h[i * k + j] = sum / h[j * k + j];
        else if (sum > 1e-13 * n) h[i * k + i] = sphere_sqrt_double_(sum);
        else return 0;
    }
    for (i = 0; i < k; i++) {
        for (l = 0; l < i; l++) job->column[i] -= h[i * k + l] * job->column[l];
        job->column[i] /= h[i * k + i];
    }
    for (i = k; i-- > 0;) {
        for (l = i + 1; l < k; l++) job->column[i] -= h[l * k + i] * job->column[l];
        job->column[i] /= h[i * k + i];
        if (job->column[i] > most) most = job->column[i];
        if (-job->column[i] > most) most = -job->column[i];
    }
    if (most > 30) for (i = 0; i < k; i++) job->column[i] *= 30 / most;
    return 1;
}
/* Iterate the prices, in units of 1/sharpness, until the loads fit: Sinkhorn's step, which always helps, and Newton's where that does not
   halve the error. A Newton step that makes it worse is taken back, and the next attempt comes later. */
static void sphere_anneal_balance_(sphere_anneal_job_ *job, const sphere_anneal_model *model, double sharpness, sphere_anneal_report *report)
{
    const double tolerance = model && model->tolerance > 0 ? model->tolerance : 1e-2;
    const unsigned most = model && model->iterations ? model->iterations : 500;
    const size_t k = job->k;
    const int may = sphere_anneal_width_(model, k) > 1;
    const double least = 7.8886090522101181e-31 * (double)job->n;      /* 2^-100 n: a carrier without load may have had as much */
    double error = 0, before = 1e300, *old_tilt = job->saved, *old_column = job->saved + k;
    unsigned it, wait = 0, penalty = 2;
    int newton = 0;
    size_t j;
    for (it = 0; it < most; it++) {
        int good = 0;
        sphere_anneal_centre_(job, job->tilt);
        sphere_anneal_tilt_(job, model, sharpness, job->tilt);
        error = sphere_anneal_loads_(job);
        report->iterations++;
        if (!(error > tolerance) || it + 1 == most) break;
        if (newton) {
            good = error < before;
            if (!good) {
                for (j = 0; j < k; j++) { job->tilt[j] = old_tilt[j]; job->column[j] = old_column[j]; }
                error = before;
                wait = penalty *= 2;
            }
        }
        newton = 0;
        if (may && !wait && (good || error > 0.5 * before)) {
            for (j = 0; j < k; j++) { old_tilt[j] = job->tilt[j]; old_column[j] = job->column[j]; }
            newton = sphere_anneal_newton_(job);
            report->iterations++;
            if (!newton) { for (j = 0; j < k; j++) job->column[j] = old_column[j]; wait = penalty *= 2; }
        } else if (wait) wait--;
        if (newton) for (j = 0; j < k; j++) job->tilt[j] += job->column[j];
        else for (j = 0; j < k; j++) if (job->capacity[j])
            job->tilt[j] += sphere_anneal_log_((double)job->capacity[j] / (job->column[j] > least ? job->column[j] : least));
        before = error;
    }
    report->column_error = error;
}
static void sphere_anneal_stats_(const sphere_anneal_job_ *job, sphere_anneal_shard_ *s, size_t i, size_t m)
{
    size_t j;
    job->kernels->logits(s->d, job->block, job->planes + i, job->n, m, job->c, job->dim, job->k, job->dim, job->flat, job->unit, job->root);
    job->kernels->spread(s->variance, s->order, s->e, s->d, job->block, m, s->inverse, job->k);
    for (j = 0; j < m; j++) {
        s->energy += (double)s->top[j] * SPHERE_ANNEAL_LN2_ - (double)sphere_log_(s->inverse[j]);
        s->order_sum += (double)s->order[j];
        s->variance_sum += (double)s->variance[j];
    }
}
/* Add up what the shards measured, in their order. */
static void sphere_anneal_collect_(const sphere_anneal_job_ *job, double sharpness, sphere_anneal_report *report)
{
    double energy = 0, order = 0, variance = 0;
    float motion = 0;
    size_t i;
    for (i = 0; i < job->shards; i++) {
        const sphere_anneal_shard_ *s = job->shard + i;
        energy += s->energy; order += s->order_sum; variance += s->variance_sum;
        if (s->farthest > motion) motion = s->farthest;
    }
    report->energy = -energy / sharpness;
    if (job->balanced) for (i = 0; i < job->k; i++) report->energy += (double)job->capacity[i] * (job->tilt[i] / sharpness);
    report->order = order / (double)job->n;
    report->variance = variance / (double)job->n;
    report->motion = (double)sphere_sqrt_(motion);
}
static void sphere_anneal_weights_task_(void *context, size_t task)
{
    sphere_anneal_job_ *job = (sphere_anneal_job_ *)context;
    sphere_anneal_shard_ *s = job->shard + task;
    const size_t end = sphere_anneal_end_(job, task);
    size_t i, j, o;
    s->energy = s->order_sum = s->variance_sum = 0; s->farthest = 0;
    for (i = task * job->span; i < end; i += job->block) {
        const size_t m = end - i < job->block ? end - i : job->block;
        sphere_anneal_block_(job, s, i, m, SPHERE_ANNEAL_LEAST_);
        if (job->stats) sphere_anneal_stats_(job, s, i, m);
        if (job->weights) for (o = 0; o < m; o++) for (j = 0; j < job->k; j++)
            job->weights[(i + o) * job->k + j] = s->e[j * job->block + o] * s->inverse[o];
    }
}
static sphere_status sphere_anneal_sharpness_check_(double sharpness)
{
    if (!(sharpness == sharpness)) return SPHERE_E_NAN;
    return sharpness > 0 && sharpness <= 1e30 && sharpness >= 1e-30 ? SPHERE_OK : SPHERE_E_RANGE;
}
/* Prices in: checked, and multiplied by the sharpness. */
static sphere_status sphere_anneal_prices_in_(sphere_anneal_job_ *job, double sharpness, const double *prices)
{
    size_t j;
    if (prices) for (j = 0; j < job->k; j++) if (!sphere_anneal_finite_(prices[j])) return SPHERE_E_NAN;
    for (j = 0; j < job->k; j++) {
        const double tilt = prices ? prices[j] * sharpness : 0;
        job->tilt[j] = tilt > 1e38 ? 1e38 : tilt < -1e38 ? -1e38 : tilt;
    }
    return SPHERE_OK;
}
static void sphere_anneal_prices_out_(const sphere_anneal_job_ *job, double sharpness, double *prices)
{
    size_t j;
    for (j = 0; j < job->k; j++) prices[j] = job->tilt[j] / sharpness;
}
SPHERE_ANNEAL_API sphere_status sphere_anneal_weights(const float *x, size_t n, const float *carriers, size_t k, size_t dim,
    const sphere_anneal_model *model,
                                                      double sharpness, const double *prices, float *weights, sphere_anneal_report *report,
                                                      void *memory, size_t bytes)
{
    sphere_anneal_job_ job;
    sphere_anneal_report r;
    sphere_status status;
    if (sphere_simd_pick_(model ? &model->exec : NULL) == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if ((status = sphere_anneal_sharpness_check_(sharpness)) != SPHERE_OK) return status;
    memset(&r, 0, sizeof(r));
    if (n == 0) { if (report) *report = r; return SPHERE_OK; }
    if (sphere_anneal_is_sorted_(model)) return SPHERE_E_RANGE;
    if ((status = sphere_anneal_begin_(&job, x, n, carriers, k, dim, model, memory, bytes)) != SPHERE_OK) return status;
    if (weights) {
        const size_t size = sphere_size_(sphere_size_(n, k, 0), 4, 0);
        if (size > SIZE_MAX / 2) return SPHERE_E_SIZE;
        if (sphere_overlap_(weights, size, x, n * dim * 4) || sphere_overlap_(weights, size, carriers, k * dim * 4) ||
            sphere_overlap_(weights, size, prices, k * 8)) return SPHERE_E_OVERLAP;
    }
    if ((status = sphere_anneal_prices_in_(&job, sharpness, prices)) != SPHERE_OK) return status;
    sphere_anneal_tilt_(&job, model, sharpness, job.tilt);
    if (report && job.balanced) r.column_error = sphere_anneal_loads_(&job);
    job.weights = weights;
    job.stats = report != NULL;
    sphere_parallel_(job.exec, job.shards, sphere_anneal_weights_task_, &job);
    if (report) {
        sphere_anneal_collect_(&job, sharpness, &r);
        r.at.sharpness = sharpness;
        *report = r;
    }
    return SPHERE_OK;
}
SPHERE_ANNEAL_API sphere_status sphere_anneal_prices(const float *x, size_t n, const float *carriers, size_t k, size_t dim,
    const sphere_anneal_model *model,
                                                     double sharpness, double *prices, sphere_anneal_report *report, void *memory, size_t bytes)
{
    sphere_anneal_job_ job;
    sphere_anneal_report r;
    sphere_status status;
    if (sphere_simd_pick_(model ? &model->exec : NULL) == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if ((status = sphere_anneal_sharpness_check_(sharpness)) != SPHERE_OK) return status;
    memset(&r, 0, sizeof(r));
    if (n == 0) { if (report) *report = r; return SPHERE_OK; }
    if (model && model->method != SPHERE_ANNEAL_BALANCED) return SPHERE_E_RANGE;
    if (!prices) return SPHERE_E_NULL;
    if ((status = sphere_anneal_begin_(&job, x, n, carriers, k, dim, model, memory, bytes)) != SPHERE_OK) return status;
    if (sphere_overlap_(prices, k * 8, x, n * dim * 4) || sphere_overlap_(prices, k * 8, carriers, k * dim * 4)) return SPHERE_E_OVERLAP;
    if ((status = sphere_anneal_prices_in_(&job, sharpness, prices)) != SPHERE_OK) return status;
    sphere_anneal_balance_(&job, model, sharpness, &r);
    sphere_anneal_prices_out_(&job, sharpness, prices);
    if (report) {
        job.stats = 1;
        sphere_parallel_(job.exec, job.shards, sphere_anneal_weights_task_, &job);
        sphere_anneal_collect_(&job, sharpness, &r);
        r.at.sharpness = sharpness;
        *report = r;
    }
    return SPHERE_OK;
}

static void sphere_anneal_move_task_(void *context, size_t task)
{
    sphere_anneal_job_ *job = (sphere_anneal_job_ *)context;
    sphere_anneal_shard_ *s = job->shard + task;
    const size_t end = sphere_anneal_end_(job, task), n = job->n, dim = job->dim, ld = job->block;
    size_t i, j, a;
    s->energy = s->order_sum = s->variance_sum = 0; s->farthest = 0;
    for (i = task * job->span; i < end; i += job->block) {
        const size_t m = end - i < job->block ? end - i : job->block;
        const float *xi = NULL;
        if (!(job->sorted || job->settled) || job->stats) sphere_anneal_block_(job, s, i, m, SPHERE_ANNEAL_LEAST_);
        if (job->stats) {
            sphere_anneal_stats_(job, s, i, m);
            for (a = 0; a < dim; a++) memcpy(s->old + a * ld, job->planes + a * n + i, m * 4);
        }
        if (job->sorted || job->settled) for (j = 0; j < m; j++) for (a = 0; a < dim; a++) s->target[a * ld + j] = job->c[job->label[i + j] * dim + a];
        else job->kernels->mix(s->target, ld, s->e, ld, m, s->inverse, job->c, dim, job->k, dim);
        if (job->add_noise) {
            const float *row = s->row;
            if (job->xi) row = job->xi + i * dim;
            else job->kernels->normals(s->row, (uint64_t)i * dim / 4, (m * dim + 3) / 4, job->seed, job->stream);     /* i is a multiple of 16 */
            if (dim > 1) for (j = 0; j < m; j++) for (a = 0; a < dim; a++) s->xi[a * ld + j] = row[j * dim + a];
            xi = dim > 1 ? s->xi : row;
        }
        if (job->sphere) job->kernels->turn(job->planes + i, n, s->target, xi, ld, m, dim, (float)job->fraction, job->noise);
        else
            for (a = 0; a < dim; a++) job->kernels->pull(job->planes + a * n + i, s->target + a * ld, xi ? xi + a * ld : NULL, m, job->keep,
                job->noise);
        if (job->reference && dim == 1) for (j = 0; j < m; j++) if (job->planes[i + j] < 1.0f) job->planes[i + j] = 1.0f;
        if (job->stats) for (j = 0; j < m; j++) {
            float sum = 0;
            for (a = 0; a < dim; a++) {
                const float t = job->planes[a * n + i + j] - s->old[a * ld + j];
                sum = SPHERE_MADD_(t, t, sum);
            }
            if (sum > s->farthest) s->farthest = sum;
        }
    }
}

/* Order n keys with what belongs to them, stably: least significant digit first, eight bits a pass, four passes: the result is back in index. */
static void sphere_anneal_radix_(size_t n, uint32_t *index, uint32_t *index2, uint32_t *key, uint32_t *key2)
{
    uint32_t count[256], *swap;
    size_t i;
    unsigned shift;
    for (shift = 0; shift < 32; shift += 8) {
        uint32_t sum = 0;
        memset(count, 0, sizeof(count));
        for (i = 0; i < n; i++) count[key[i] >> shift & 255u]++;
        for (i = 0; i < 256; i++) { const uint32_t c = count[i]; count[i] = sum; sum += c; }
        for (i = 0; i < n; i++) {
            const uint32_t to = count[key[i] >> shift & 255u]++;
            key2[to] = key[i];
            index2[to] = index[i];
        }
        swap = key; key = key2; key2 = swap;
        swap = index; index = index2; index2 = swap;
    }
}
/* Order-preserving key of a float; -0 counts as +0. */
SPHERE_INLINE_ uint32_t sphere_anneal_key_(float x)
{
    const uint32_t u = sphere_bits_(x + 0.0f);
    return u ^ ((0u - (u >> 31)) | 0x80000000u);
}
/* The sequence of n floats, ties by index, into sort[0]. */
static void sphere_anneal_order_(const float *x, size_t n, uint32_t *const sort[4])
{
    size_t i;
    for (i = 0; i < n; i++) { sort[2][i] = sphere_anneal_key_(x[i]); sort[0][i] = (uint32_t)i; }
    sphere_anneal_radix_(n, sort[0], sort[1], sort[2], sort[3]);
}
/* Fill the carriers, lowest first, with the oscillators, lowest first: label receives for each oscillator its carrier. */
static void sphere_anneal_fill_(const float *x, size_t n, const float *carriers, size_t k, const uint64_t *capacity, uint32_t *label,
    uint32_t *const sort[4],
                                uint32_t *carrier_order)
{
    size_t at = 0, j;
    uint64_t left;
    sphere_anneal_order_(carriers, k, sort);
    memcpy(carrier_order, sort[0], k * 4);
    sphere_anneal_order_(x, n, sort);
    for (j = 0; j < k; j++) for (left = capacity[carrier_order[j]]; left && at < n; left--) label[sort[0][at++]] = carrier_order[j];
}
SPHERE_ANNEAL_API size_t sphere_anneal_sort_size(size_t n, size_t k)
{
    sphere_anneal_arena_ arena = { NULL, 0 };
    int i;
    if (n > 0xffffffffu || k > SPHERE_ANNEAL_MAX_CARRIERS) return 0;
    for (i = 0; i < 4; i++) sphere_anneal_take_(&arena, n > k ? n : k, 4);
    sphere_anneal_take_(&arena, k, 4);
    return sphere_anneal_total_(&arena);
}
SPHERE_ANNEAL_API sphere_status sphere_anneal_sort(const float *x, size_t n, const float *carriers, size_t k, const uint64_t *capacity,
                                                   uint32_t *label, double *travel, void *memory, size_t bytes)
{
    sphere_anneal_arena_ arena = { NULL, 0 };
    uint32_t *sort[4], *carrier_order;
    uint64_t sum = 0;
    size_t need = sphere_anneal_sort_size(n, k), i;
    sphere_status status, late;
    if (n == 0) { if (travel) *travel = 0; return SPHERE_OK; }
    if (k == 0 || k > SPHERE_ANNEAL_MAX_CARRIERS) return SPHERE_E_RANGE;
    if (need == 0 || sphere_size_(n, 4, 0) > SIZE_MAX / 2) return SPHERE_E_SIZE;
    if (!x || !carriers || !capacity || !label) return SPHERE_E_NULL;
    for (i = 0; i < k; i++) { if (capacity[i] > n - sum) return SPHERE_E_RANGE; sum += capacity[i]; }
    if (sum != n) return SPHERE_E_RANGE;
    if (sphere_overlap_(label, n * 4, x, n * 4) || sphere_overlap_(label, n * 4, carriers, k * 4) || sphere_overlap_(label, n * 4, capacity, k * 8) ||
        sphere_overlap_(label, n * 4, travel, 8) || sphere_overlap_(travel, 8, x, n * 4) || sphere_overlap_(travel, 8, carriers, k * 4) ||
        sphere_overlap_(travel, 8, capacity, k * 8)) return SPHERE_E_OVERLAP;
    if (!memory || bytes < need) return SPHERE_E_MEMORY;
    status = sphere_anneal_look_(x, n);
    late = sphere_anneal_look_(carriers, k);
    if (status == SPHERE_E_NAN || late == SPHERE_E_NAN) return SPHERE_E_NAN;
    arena.at = (unsigned char *)sphere_align_(memory);
    for (i = 0; i < 4; i++) sort[i] = (uint32_t *)sphere_anneal_take_(&arena, n > k ? n : k, 4);
    carrier_order = (uint32_t *)sphere_anneal_take_(&arena, k, 4);
    sphere_anneal_fill_(x, n, carriers, k, capacity, label, sort, carrier_order);
    if (travel) {
        double total = 0;
        for (i = 0; i < n; i++) { const double t = (double)x[i] - (double)carriers[label[i]]; total += t < 0 ? -t : t; }
        *travel = total;
    }
    return SPHERE_OK;
}

/* -- settling: from shares to whole oscillators */

/* The heaviest carrier of each oscillator, ties to the lower. */
static void sphere_anneal_heaviest_task_(void *context, size_t task)
{
    sphere_anneal_job_ *job = (sphere_anneal_job_ *)context;
    sphere_anneal_shard_ *s = job->shard + task;
    const size_t end = sphere_anneal_end_(job, task), ld = job->block;
    size_t i, j, o;
    for (i = task * job->span; i < end; i += job->block) {
        const size_t m = end - i < job->block ? end - i : job->block;
        job->kernels->logits(s->e, ld, job->planes + i, job->n, m, job->c, job->dim, job->k, job->dim, job->price, job->slope, job->root);
        for (o = 0; o < m; o++) {
            size_t best = 0;
            for (j = 1; j < job->k; j++) if (s->e[j * ld + o] > s->e[best * ld + o]) best = j;
            job->label[i + o] = (uint32_t)best;
        }
    }
}
/* For each oscillator of a carrier that has too many: the heaviest carrier with room, and the weight lost by going there, as a key.
   counts holds the loads; 2^32 - 1 marks those who stay. */
static void sphere_anneal_regret_task_(void *context, size_t task)
{
    sphere_anneal_job_ *job = (sphere_anneal_job_ *)context;
    sphere_anneal_shard_ *s = job->shard + task;
    const size_t end = sphere_anneal_end_(job, task), ld = job->block;
    size_t i, j, o;
    for (i = task * job->span; i < end; i += job->block) {
        const size_t m = end - i < job->block ? end - i : job->block;
        job->kernels->logits(s->e, ld, job->planes + i, job->n, m, job->c, job->dim, job->k, job->dim, job->price, job->slope, job->root);
        for (o = 0; o < m; o++) {
            const size_t own = job->label[i + o];
            size_t best = job->k;
            job->wish[i + o] = 0xffffffffu;
            if (job->counts[own] <= job->capacity[own]) continue;
            for (j = 0; j < job->k; j++) if (job->counts[j] < job->capacity[j] && (best == job->k || s->e[j * ld + o] > s->e[best * ld + o])) best = j;
            job->wish[i + o] = (uint32_t)best;
            s->old[o] = s->e[own * ld + o] - s->e[best * ld + o];
            job->sort[3][i + o] = sphere_anneal_key_(sphere_canonical_(s->old[o]));
        }
    }
}
/* Give every oscillator one carrier and every carrier its capacity: first each to its heaviest, then, where there are too many, those who
   lose least go where there is room, ties by index. Each round fills at least one carrier, so that there are at most k. */
static void sphere_anneal_settle_(sphere_anneal_job_ *job)
{
    const size_t n = job->n;
    size_t i, j, candidates;
    sphere_parallel_(job->exec, job->shards, sphere_anneal_heaviest_task_, job);
    for (j = 0; j < job->k; j++) job->counts[j] = 0;
    for (i = 0; i < n; i++) job->counts[job->label[i]]++;
    for (;;) {
        int over = 0;
        for (j = 0; j < job->k; j++) over |= job->counts[j] > job->capacity[j];
        if (!over) break;
        sphere_parallel_(job->exec, job->shards, sphere_anneal_regret_task_, job);
        for (i = candidates = 0; i < n; i++) if (job->wish[i] != 0xffffffffu) {
            job->sort[0][candidates] = (uint32_t)i;
            job->sort[2][candidates++] = job->sort[3][i];
        }
        sphere_anneal_radix_(candidates, job->sort[0], job->sort[1], job->sort[2], job->sort[3]);
        for (j = 0; j < candidates; j++) {
            const uint32_t who = job->sort[0][j], from = job->label[who], to = job->wish[who];
            if (job->counts[from] <= job->capacity[from] || job->counts[to] >= job->capacity[to]) continue;
            job->counts[from]--;
            job->counts[to]++;
            job->label[who] = to;
        }
    }
    job->settled = 1;
}

static sphere_status sphere_anneal_instant_check_(const sphere_anneal_instant *at)
{
    const double v[4] = { at->sharpness, at->pull, at->noise, at->dt };
    int i;
    for (i = 0; i < 4; i++) if (!(v[i] == v[i])) return SPHERE_E_NAN;
    if (sphere_anneal_sharpness_check_(at->sharpness) != SPHERE_OK) return SPHERE_E_RANGE;
    return at->pull > 0 && at->pull <= 1e18 && at->noise >= 0 && at->noise <= 1e18 && at->dt > 0 && at->dt <= 1e18 ? SPHERE_OK : SPHERE_E_RANGE;
}
/* One step on the planes. tilt holds the prices times this sharpness. */
static void sphere_anneal_advance_(sphere_anneal_job_ *job, const sphere_anneal_model *model, const sphere_anneal_instant *at,
    sphere_anneal_report *report)
{
    const double reach = at->pull * at->dt, decay = sphere_anneal_exp_(-reach);
    /* (1 - e^(-2 r))/(2 k), where r is small by its series: the difference would cancel */
    const double gain = reach < 1e-4 ? at->dt * (1 - reach + reach * reach * (2.0 / 3)) : (1 - decay * decay) / (2 * at->pull);
    job->xi = at->xi;
    job->stream = (job->stream & ~(uint64_t)0xffffffffu) | at->index;
    job->add_noise = at->noise > 0;
    if (job->reference) {
        job->keep = sphere_anneal_narrow_(1 - reach);
        job->noise = sphere_anneal_narrow_(at->noise * at->dt);
    } else {
        job->keep = decay > 1e-30 ? (float)decay : 0;               /* a step that leaves nothing of where it began */
        job->noise = sphere_anneal_narrow_(at->noise * sphere_sqrt_double_(gain));
    }
    job->fraction = 1 - decay;
    if (job->sorted) {
        sphere_anneal_fill_(job->planes, job->n, job->c, job->k, job->capacity, job->label, job->sort, (uint32_t *)(void *)job->tilt);
        if (job->stats) sphere_anneal_tilt_(job, model, at->sharpness, job->tilt);
    } else if (job->balanced && !job->settled) sphere_anneal_balance_(job, model, at->sharpness, report);
    else if (!job->settled || job->stats) sphere_anneal_tilt_(job, model, at->sharpness, job->tilt);
    sphere_parallel_(job->exec, job->shards, sphere_anneal_move_task_, job);
    if (job->stats) sphere_anneal_collect_(job, at->sharpness, report);
    report->at = *at;
    report->steps++;
}
static void sphere_anneal_rows_out_(const sphere_anneal_job_ *job, float *x)
{
    size_t i, a;
    for (a = 0; a < job->dim; a++) for (i = 0; i < job->n; i++) x[i * job->dim + a] = job->planes[a * job->n + i];
}
SPHERE_ANNEAL_API sphere_status sphere_anneal_step(float *x, size_t n, const float *carriers, size_t k, size_t dim, const sphere_anneal_model *model,
                                                   const sphere_anneal_instant *at, double *prices, sphere_anneal_report *report,
                                                   void *memory, size_t bytes)
{
    sphere_anneal_job_ job;
    sphere_anneal_report r;
    sphere_status status;
    if (sphere_simd_pick_(model ? &model->exec : NULL) == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (!at) return SPHERE_E_NULL;
    if ((status = sphere_anneal_instant_check_(at)) != SPHERE_OK) return status;
    memset(&r, 0, sizeof(r));
    if (n == 0) { if (report) *report = r; return SPHERE_OK; }
    if ((status = sphere_anneal_begin_(&job, x, n, carriers, k, dim, model, memory, bytes)) != SPHERE_OK) return status;
    if (sphere_overlap_(x, n * dim * 4, carriers, k * dim * 4) || sphere_overlap_(x, n * dim * 4, prices, k * 8) ||
        sphere_overlap_(x, n * dim * 4, at->xi, n * dim * 4) || sphere_overlap_(prices, k * 8, carriers, k * dim * 4) ||
        sphere_overlap_(prices, k * 8, at->xi, n * dim * 4)) return SPHERE_E_OVERLAP;
    if (at->xi && (status = sphere_anneal_look_(at->xi, n * dim)) != SPHERE_OK) return status;
    if ((status = sphere_anneal_prices_in_(&job, at->sharpness, prices)) != SPHERE_OK) return status;
    job.stats = report != NULL;
    sphere_anneal_advance_(&job, model, at, &r);
    sphere_anneal_rows_out_(&job, x);
    if (prices && job.balanced) sphere_anneal_prices_out_(&job, at->sharpness, prices);
    if (report) *report = r;
    return SPHERE_OK;
}

/* -- schedules and the run */

typedef struct sphere_anneal_plan_ {
    unsigned steps;
    double dt, unit, sharp_first, sharp_last, pull_first, pull_last, noise, speed;
    int none, thermal, reference, adaptive;
} sphere_anneal_plan_;
static sphere_status sphere_anneal_plan_of_(const sphere_anneal_desc *desc, sphere_anneal_plan_ *plan)
{
    sphere_anneal_desc d;
    double v[8];
    int i;
    if (desc) d = *desc; else memset(&d, 0, sizeof(d));
    v[0] = d.dt; v[1] = d.unit; v[2] = d.sharp_first; v[3] = d.sharp_last; v[4] = d.pull_first; v[5] = d.pull_last; v[6] = d.speed; v[7] = d.noise;
    for (i = 0; i < 8; i++) if (!(v[i] == v[i])) return SPHERE_E_NAN;
    for (i = 0; i < 7; i++) if (!(v[i] >= 0 && v[i] <= 1e18)) return SPHERE_E_RANGE;
    if ((unsigned)d.path > (unsigned)SPHERE_ANNEAL_ADAPTIVE || (unsigned)d.model.method > (unsigned)SPHERE_ANNEAL_REFERENCE_ANNEALED) return SPHERE_E_RANGE;
    if (d.noise > 1e18 || (d.noise < 0 && d.noise != SPHERE_ANNEAL_NONE && d.noise != SPHERE_ANNEAL_THERMAL)) return SPHERE_E_RANGE;
    plan->reference = d.model.method >= SPHERE_ANNEAL_REFERENCE_HARD;
    plan->adaptive = d.path == SPHERE_ANNEAL_ADAPTIVE && !plan->reference;
    plan->steps = d.steps ? d.steps : plan->adaptive ? 400u : 100u;
    plan->dt = d.dt > 0 ? d.dt : 0.05;
    plan->unit = d.unit > 0 ? d.unit : d.model.space == SPHERE_ANNEAL_SPHERE ? 0.01 : 1.0;
    plan->sharp_first = (d.sharp_first > 0 ? d.sharp_first : 1e-4) / (plan->unit * plan->unit);
    plan->sharp_last = (d.sharp_last > 0 ? d.sharp_last : 1.0) / (plan->unit * plan->unit);
    plan->pull_first = d.pull_first > 0 ? d.pull_first : 1.0;
    plan->pull_last = d.pull_last > 0 ? d.pull_last : 11.0;
    plan->none = d.noise == SPHERE_ANNEAL_NONE;
    plan->thermal = d.noise == SPHERE_ANNEAL_THERMAL && !plan->reference;
    plan->noise = (d.noise > 0 ? d.noise : 10.0) * plan->unit;
    plan->speed = d.speed > 0 ? d.speed : 0.3;
    if (sphere_anneal_sharpness_check_(plan->sharp_first) != SPHERE_OK ||
        sphere_anneal_sharpness_check_(plan->sharp_last) != SPHERE_OK) return SPHERE_E_RANGE;
    return plan->adaptive && !(plan->sharp_first < plan->sharp_last) ? SPHERE_E_RANGE : SPHERE_OK;
}
/* The values at progress p, with the sharpness given. */
static void sphere_anneal_values_(const sphere_anneal_plan_ *plan, const sphere_anneal_desc *desc, unsigned i, double p, double sharpness,
    sphere_anneal_instant *at)
{
    at->dt = plan->dt;
    at->index = i;
    at->xi = NULL;
    if (plan->reference) {
        const sphere_anneal_method method = desc->model.method;
        at->sharpness = method == SPHERE_ANNEAL_REFERENCE_HARD ? 20.0 : method == SPHERE_ANNEAL_REFERENCE_SOFT ? 0.05 : 0.05 * (1 - p) + 20.0 * p;
        at->pull = 1 + 10 * p;
        at->noise = plan->none ? 0 : 50 * (1 - p);
        return;
    }
    at->sharpness = sharpness;
    at->pull = plan->pull_first + (plan->pull_last - plan->pull_first) * p;
    at->noise = plan->none ? 0 : plan->thermal ? sphere_sqrt_double_(2 * at->pull / sharpness) : p < 0.8 ? plan->noise * (1 - p) * (1 - p) : 0;
}
SPHERE_ANNEAL_API sphere_status sphere_anneal_schedule(const sphere_anneal_desc *desc, unsigned i, sphere_anneal_instant *at)
{
    sphere_anneal_plan_ plan;
    sphere_anneal_instant out;
    sphere_status status;
    double p, s;
    if (!at) return SPHERE_E_NULL;
    if ((status = sphere_anneal_plan_of_(desc, &plan)) != SPHERE_OK) return status;
    if (plan.adaptive || i >= plan.steps) return SPHERE_E_RANGE;
    p = plan.reference ? (double)i / plan.steps : plan.steps > 1 ? (double)i / (plan.steps - 1) : 1;
    if (desc && desc->path == SPHERE_ANNEAL_LINEAR) s = plan.sharp_first + (plan.sharp_last - plan.sharp_first) * p;
    else s = p == 0 ? plan.sharp_first : p == 1 ? plan.sharp_last : plan.sharp_first * sphere_anneal_pow_(plan.sharp_last / plan.sharp_first, p);
    sphere_anneal_values_(&plan, desc, i, p, s, &out);
    *at = out;
    return SPHERE_OK;
}

/* Nearest carriers of a shard: labels into label if there are any, distances, travel. counts are made later, from the labels. */
static void sphere_anneal_near_task_(void *context, size_t task)
{
    sphere_anneal_job_ *job = (sphere_anneal_job_ *)context;
    sphere_anneal_shard_ *s = job->shard + task;
    const size_t end = sphere_anneal_end_(job, task), ld = job->block;
    size_t i, j, o, a;
    s->farthest = 0; s->travel = 0;
    for (j = 0; j < job->k; j++) s->column[j] = 0;
    for (i = task * job->span; i < end; i += job->block) {
        const size_t m = end - i < job->block ? end - i : job->block;
        job->kernels->logits(s->e, ld, job->planes + i, job->n, m, job->c, job->dim, job->k, job->dim, job->flat, job->unit, 0);     /* d^2, unit is -1 */
        for (o = 0; o < m; o++) {
            size_t best = 0;
            for (j = 1; j < job->k; j++) if (s->e[j * ld + o] < s->e[best * ld + o]) best = j;
            s->column[best] += 1;
            if (s->e[best * ld + o] > s->farthest) s->farthest = s->e[best * ld + o];
            if (job->label) job->label[i + o] = (uint32_t)best;
            if (job->start) {
                double sum = 0, length = 0, t;
                if (job->sphere) for (a = 0; a < job->dim; a++) length += (double)job->start[(i + o) * job->dim + a] * (double)job->start[(i + o) * job->dim + a];
                length = job->sphere && length > 0 ? 1 / sphere_sqrt_double_(length) : 1;
                for (a = 0; a < job->dim; a++) {
                    t = (double)job->planes[a * job->n + i + o] - (double)job->start[(i + o) * job->dim + a] * length;
                    sum += t * t;
                }
                s->travel += sphere_sqrt_double_(sum);
            }
        }
    }
}
static void sphere_anneal_near_(sphere_anneal_job_ *job, sphere_anneal_report *report)
{
    double most = 0, fewest = -1;
    float lock = 0;
    size_t i, j;
    for (j = 0; j < job->k; j++) job->unit[j] = -1.0f;
    sphere_parallel_(job->exec, job->shards, sphere_anneal_near_task_, job);
    report->travel = 0; report->misplaced = 0;
    for (i = 0; i < job->shards; i++) {
        report->travel += job->shard[i].travel;
        if (job->shard[i].farthest > lock) lock = job->shard[i].farthest;
    }
    for (j = 0; j < job->k; j++) {
        double count = 0;
        for (i = 0; i < job->shards; i++) count += job->shard[i].column[j];
        job->counts[j] = (uint64_t)count;
        if (job->counts[j] > job->capacity[j]) report->misplaced += job->counts[j] - job->capacity[j];
        if (count > most) most = count;
        if (job->capacity[j] && (fewest < 0 || count < fewest)) fewest = count;
    }
    report->lock = (double)sphere_sqrt_(lock);
    report->imbalance = fewest > 0 ? most / fewest : (double)sphere_inf_();
}
SPHERE_ANNEAL_API sphere_status sphere_anneal_measure(const float *x, const float *start, size_t n, const float *carriers, size_t k, size_t dim,
                                                      const sphere_anneal_model *model, uint32_t *label, uint64_t *count, sphere_anneal_report *report,
                                                      void *memory, size_t bytes)
{
    sphere_anneal_job_ job;
    sphere_anneal_report r;
    sphere_status status;
    size_t j;
    if (sphere_simd_pick_(model ? &model->exec : NULL) == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    memset(&r, 0, sizeof(r));
    if (n == 0 && k <= SPHERE_ANNEAL_MAX_CARRIERS) {
        if (count) for (j = 0; j < k; j++) count[j] = 0;
        if (report) *report = r;
        return SPHERE_OK;
    }
    if ((status = sphere_anneal_begin_(&job, x, n, carriers, k, dim, model, memory, bytes)) != SPHERE_OK) return status;
    if (sphere_overlap_(label, n * 4, x, n * dim * 4) || sphere_overlap_(label, n * 4, start, n * dim * 4) || sphere_overlap_(label, n * 4,
        carriers, k * dim * 4) ||
        sphere_overlap_(label, n * 4, count, k * 8) || sphere_overlap_(count, k * 8, x, n * dim * 4) || sphere_overlap_(count, k * 8, carriers,
            k * dim * 4) ||
        sphere_overlap_(count, k * 8, start, n * dim * 4)) return SPHERE_E_OVERLAP;
    if (start && (status = sphere_anneal_look_(start, n * dim)) != SPHERE_OK) return status;
    job.start = start;
    job.label = label;
    sphere_anneal_near_(&job, &r);
    if (count) for (j = 0; j < k; j++) count[j] = job.counts[j];
    if (report) *report = r;
    return SPHERE_OK;
}

/* Whether a run is in its last quarter. */
static int sphere_anneal_late_(const sphere_anneal_plan_ *plan, unsigned i, double sharpness, unsigned settled)
{ return plan->adaptive ? settled > 0 && sharpness >= plan->sharp_last : plan->steps > 1 && (double)i >= 0.75 * (plan->steps - 1); }
SPHERE_ANNEAL_API sphere_status sphere_anneal_run(float *x, size_t n, const float *carriers, size_t k, size_t dim, const sphere_anneal_desc *desc,
                                                  sphere_anneal_report *report, void *memory, size_t bytes)
{
    const sphere_anneal_model *model = desc ? &desc->model : NULL;
    sphere_anneal_job_ job;
    sphere_anneal_plan_ plan;
    sphere_anneal_report r;
    sphere_status status;
    unsigned i, settled = 0;
    size_t j;
    double s;
    if (sphere_simd_pick_(model ? &model->exec : NULL) == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if ((status = sphere_anneal_plan_of_(desc, &plan)) != SPHERE_OK) return status;
    memset(&r, 0, sizeof(r));
    if (n == 0) { if (report) *report = r; return SPHERE_OK; }
    if ((status = sphere_anneal_begin_(&job, x, n, carriers, k, dim, model, memory, bytes)) != SPHERE_OK) return status;
    if (sphere_overlap_(x, n * dim * 4, carriers, k * dim * 4)) return SPHERE_E_OVERLAP;
    for (j = 0; j < k; j++) job.tilt[j] = 0;
    for (s = plan.sharp_first, i = 0; i < plan.steps; i++) {
        sphere_anneal_instant at;
        const double before = s;
        int answer;
        if (plan.adaptive) {
            const double whole = sphere_anneal_log_(plan.sharp_last / plan.sharp_first), p = sphere_anneal_log_(s / plan.sharp_first) / whole;
            sphere_anneal_values_(&plan, desc, i, s < plan.sharp_last ? p : 1, s, &at);
            if (!(s < plan.sharp_last) && settled++ >= plan.steps / 5) break;
        } else sphere_anneal_schedule(desc, i, &at);
        /* The prices stay where they were; their product with the sharpness does not. */
        if (i && job.balanced) for (j = 0; j < k; j++) job.tilt[j] *= at.sharpness / r.at.sharpness;
        if (job.balanced && !job.settled && !plan.thermal && sphere_anneal_late_(&plan, i, s, settled)) {
            sphere_anneal_tilt_(&job, model, at.sharpness, job.tilt);
            sphere_anneal_settle_(&job);
            r.column_error = 0;
        }
        job.stats = plan.adaptive || (desc && desc->progress) || (report && i + 1 == plan.steps);
        sphere_anneal_advance_(&job, model, &at, &r);
        if (plan.adaptive && s < plan.sharp_last) {
            /* Constant thermodynamic speed, but no step more than doubles the sharpness; and the steps must suffice. */
            const unsigned left = plan.steps - plan.steps / 5 > i + 1 ? plan.steps - plan.steps / 5 - (i + 1) : 0;
            const double least = left ? sphere_anneal_pow_(plan.sharp_last / before, 1.0 / (double)left) : plan.sharp_last / before;
            double next = r.variance > 0 ? before + plan.speed / sphere_sqrt_double_(r.variance) : 2 * before;
            if (!(next < 2 * before)) next = 2 * before;
            if (left < 8 && next < before * least) next = before * least;
            s = next < plan.sharp_last ? next : plan.sharp_last;
        }
        if (desc && desc->progress) {
            r.planes = job.planes;
            answer = desc->progress(desc->user, &r);
            r.planes = NULL;
            if (answer == SPHERE_ANNEAL_ENOUGH) break;
            if (answer) return SPHERE_E_CANCEL;
        }
    }
    job.start = x;
    if (report) sphere_anneal_near_(&job, &r);
    sphere_anneal_rows_out_(&job, x);
    if (report) *report = r;
    return SPHERE_OK;
}

/* -- analysis: expectation-maximisation, on data moved to their mean, so that sums keep their digits far from the origin */

static void sphere_anneal_em_task_(void *context, size_t task)
{
    sphere_anneal_job_ *job = (sphere_anneal_job_ *)context;
    sphere_anneal_shard_ *s = job->shard + task;
    const size_t end = sphere_anneal_end_(job, task), dim = job->dim, k = job->k, wide = 1 + dim;
    size_t i, j, a;
    for (j = 0; j < k * wide; j++) s->column[j] = 0;
    s->energy = 0;
    for (i = task * job->span; i < end; i += job->block) {
        const size_t m = end - i < job->block ? end - i : job->block;
        sphere_anneal_block_(job, s, i, m, SPHERE_ANNEAL_LEAST_);
        job->kernels->dots(s->part, s->e, job->block, m, s->inverse, k, NULL, 0, 1);
        for (j = 0; j < k; j++) s->column[j * wide] += (double)s->part[j];
        job->kernels->dots(s->part, s->e, job->block, m, s->inverse, k, job->planes + i, job->n, dim);
        for (j = 0; j < k; j++) for (a = 0; a < dim; a++) s->column[j * wide + 1 + a] += (double)s->part[j * dim + a];
        for (j = 0; j < m; j++) s->energy += (double)s->top[j] * SPHERE_ANNEAL_LN2_ - (double)sphere_log_(s->inverse[j]);
    }
}
/* Sums of r (x - c) <x - c, v>, for the covariance of each carrier times its direction v. */
static void sphere_anneal_power_task_(void *context, size_t task)
{
    sphere_anneal_job_ *job = (sphere_anneal_job_ *)context;
    sphere_anneal_shard_ *s = job->shard + task;
    const size_t end = sphere_anneal_end_(job, task), dim = job->dim, k = job->k, wide = 1 + dim;
    size_t i, j, a, o;
    for (j = 0; j < k * wide; j++) s->column[j] = 0;
    for (i = task * job->span; i < end; i += job->block) {
        const size_t m = end - i < job->block ? end - i : job->block;
        sphere_anneal_block_(job, s, i, m, SPHERE_ANNEAL_LEAST_);
        for (j = 0; j < k; j++) {
            job->kernels->mix(s->target, job->block, job->planes + i, job->n, m, NULL, job->axes + j * dim, 1, dim, 1);
            for (o = 0; o < m; o++) s->order[o] = s->inverse[o] * (s->target[o] - job->along[j]);
            job->kernels->dots(s->part, s->e + j * job->block, job->block, m, s->order, 1, NULL, 0, 1);
            s->column[j * wide] += (double)s->part[0];
            job->kernels->dots(s->part, s->e + j * job->block, job->block, m, s->order, 1, job->planes + i, job->n, dim);
            for (a = 0; a < dim; a++) s->column[j * wide + 1 + a] += (double)s->part[a];
        }
    }
}
static void sphere_anneal_sum_columns_(sphere_anneal_job_ *job)
{
    size_t i, j;
    for (j = 0; j < job->k * (1 + job->dim); j++) {
        job->column[j] = 0;
        for (i = 0; i < job->shards; i++) job->column[j] += job->shard[i].column[j];
    }
}
static void sphere_anneal_em_tilt_(sphere_anneal_job_ *job, double sharpness)
{
    size_t j;
    for (j = 0; j < job->k; j++) {
        job->price[j] = job->tilt[j] > 0 ? sphere_anneal_narrow_(sphere_anneal_log_(job->tilt[j]) * SPHERE_ANNEAL_LOG2E_) : -3e38f;
        job->slope[j] = sphere_anneal_narrow_(0.5 * sharpness * SPHERE_ANNEAL_LOG2E_);
    }
}
/* One step; tilt holds the shares, load receives sum r. Returns F before the step. A carrier that lost everybody stays. */
static double sphere_anneal_em_(sphere_anneal_job_ *job, double sharpness, int fixed)
{
    const double n = (double)job->n;
    const size_t wide = 1 + job->dim;
    double energy = 0;
    size_t i, j, a;
    sphere_anneal_em_tilt_(job, sharpness);
    sphere_parallel_(job->exec, job->shards, sphere_anneal_em_task_, job);
    sphere_anneal_sum_columns_(job);
    for (i = 0; i < job->shards; i++) energy += job->shard[i].energy;
    for (j = 0; j < job->k; j++) {
        const double load = job->column[j * wide];
        if (load > 1e-30 * n) for (a = 0; a < job->dim; a++) job->c[j * job->dim + a] = (float)(job->column[j * wide + 1 + a] / load);
        if (!fixed) job->tilt[j] = load / n;
    }
    return -energy / sharpness;
}
/* One power iteration for all carriers: axes become unit vectors along their covariances times axes, along the factors. */
static void sphere_anneal_power_(sphere_anneal_job_ *job, double sharpness, double *eigenvalue)
{
    const size_t dim = job->dim, wide = 1 + dim;
    size_t j, a;
    sphere_anneal_em_tilt_(job, sharpness);
    for (j = 0; j < job->k; j++) {
        double sum = 0;
        for (a = 0; a < dim; a++) sum += (double)job->c[j * dim + a] * (double)job->axes[j * dim + a];
        job->along[j] = (float)sum;
    }
    sphere_parallel_(job->exec, job->shards, sphere_anneal_power_task_, job);
    sphere_anneal_sum_columns_(job);
    for (j = 0; j < job->k; j++) {
        const double load = job->tilt[j] * (double)job->n;
        double sum = 0;
        for (a = 0; a < dim; a++) {
            double *v = job->column + j * wide + 1 + a;
            *v = load > 0 ? (*v - (double)job->c[j * dim + a] * job->column[j * wide]) / load : 0;
            sum += *v * *v;
        }
        eigenvalue[j] = sphere_sqrt_double_(sum);
        if (sum > 0) for (a = 0; a < dim; a++) job->axes[j * dim + a] = (float)(job->column[j * wide + 1 + a] / eigenvalue[j]);
    }
}
SPHERE_ANNEAL_API size_t sphere_anneal_analyse_size(size_t n, size_t k, size_t dim)
{
    sphere_anneal_job_ job;
    sphere_anneal_arena_ arena = { NULL, 0 };
    if (n > 0xffffffffu || k > SPHERE_ANNEAL_MAX_CARRIERS || dim > SPHERE_ANNEAL_MAX_DIM) return 0;
    memset(&job, 0, sizeof(job));
    job.n = n; job.k = k; job.dim = dim;
    sphere_anneal_split_(&job, n, k);
    sphere_anneal_lay_(&job, &arena, 0, 1 + dim, 1);
    return sphere_anneal_total_(&arena);
}
/* Checks and memory for both functions; x goes to planes with its mean, which comes back, taken off. */
static sphere_status sphere_anneal_em_begin_(sphere_anneal_job_ *job, const float *x, size_t n, size_t k, size_t dim, const sphere_exec *exec,
                                             double *mean, void *memory, size_t bytes)
{
    sphere_anneal_arena_ arena = { NULL, 0 };
    const size_t need = sphere_anneal_analyse_size(n, k, dim);
    sphere_status status;
    size_t i, a;
    if (need == 0 || n > 0xffffffffu || sphere_size_(n, dim * 4, 0) > SIZE_MAX / 2) return SPHERE_E_SIZE;
    if (!memory || bytes < need) return SPHERE_E_MEMORY;
    if ((status = sphere_anneal_look_(x, n * dim)) != SPHERE_OK) return status;
    memset(job, 0, sizeof(*job));
    job->exec = exec;
    job->kernels = sphere_anneal_kernels_for_(sphere_simd_pick_(exec));
    job->n = n; job->k = k; job->dim = dim;
    sphere_anneal_split_(job, n, k);
    arena.at = (unsigned char *)sphere_align_(memory);
    sphere_anneal_lay_(job, &arena, 0, 1 + dim, 1);
    for (a = 0; a < dim; a++) mean[a] = 0;
    for (i = 0; i < n; i++) for (a = 0; a < dim; a++) mean[a] += (double)x[i * dim + a];
    for (a = 0; a < dim; a++) mean[a] /= (double)n;
    for (i = 0; i < n; i++) for (a = 0; a < dim; a++) job->planes[a * n + i] = (float)((double)x[i * dim + a] - mean[a]);
    return SPHERE_OK;
}
SPHERE_ANNEAL_API sphere_status sphere_anneal_em(const float *x, size_t n, float *carriers, float *share, size_t k, size_t dim, double sharpness,
                                                 double *energy, const sphere_exec *exec, void *memory, size_t bytes)
{
    sphere_anneal_job_ job;
    sphere_status status;
    double mean[SPHERE_ANNEAL_MAX_DIM], sum = 0, f;
    size_t j, a;
    if (sphere_simd_pick_(exec) == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if ((status = sphere_anneal_sharpness_check_(sharpness)) != SPHERE_OK) return status;
    if (n == 0) { if (energy) *energy = 0; return SPHERE_OK; }
    if (k == 0 || k > SPHERE_ANNEAL_MAX_CARRIERS || dim == 0 || dim > SPHERE_ANNEAL_MAX_DIM) return SPHERE_E_RANGE;
    if (!x || !carriers) return SPHERE_E_NULL;
    if (sphere_size_(n, dim * 4, 0) > SIZE_MAX / 2) return SPHERE_E_SIZE;
    if (sphere_overlap_(carriers, k * dim * 4, x, n * dim * 4) || sphere_overlap_(share, k * 4, x, n * dim * 4) || sphere_overlap_(share, k * 4,
        carriers, k * dim * 4) ||
        sphere_overlap_(energy, 8, x, n * dim * 4) || sphere_overlap_(energy, 8, carriers, k * dim * 4) || sphere_overlap_(energy, 8, share,
            k * 4)) return SPHERE_E_OVERLAP;
    if (share) {
        if ((status = sphere_anneal_share_check_(share, k)) != SPHERE_OK) return status;
        for (j = 0; j < k; j++) { if (!(share[j] > 0)) return SPHERE_E_RANGE; sum += (double)share[j]; }
    }
    if ((status = sphere_anneal_look_(carriers, k * dim)) != SPHERE_OK) return status;
    if ((status = sphere_anneal_em_begin_(&job, x, n, k, dim, exec, mean, memory, bytes)) != SPHERE_OK) return status;
    for (j = 0; j < k; j++) {
        job.tilt[j] = share ? (double)share[j] / sum : 1.0 / (double)k;
        for (a = 0; a < dim; a++) job.c[j * dim + a] = (float)((double)carriers[j * dim + a] - mean[a]);
    }
    f = sphere_anneal_em_(&job, sharpness, share == NULL);
    for (j = 0; j < k; j++) {
        /* A share that underflows would not be legal next time. */
        if (share) share[j] = job.tilt[j] > 1e-30 ? (float)job.tilt[j] : 1e-30f;
        for (a = 0; a < dim; a++) carriers[j * dim + a] = (float)((double)job.c[j * dim + a] + mean[a]);
    }
    if (energy) *energy = f;
    return SPHERE_OK;
}

/* Unit vectors to begin the power iteration with. */
static void sphere_anneal_axis_(const sphere_anneal_job_ *job, size_t j, uint64_t seed)
{
    double sum = 0;
    size_t a;
    for (a = 0; a < job->dim; a += 4) {
        float four[4];
        size_t b;
        sphere_anneal_normals_c_(four, (uint64_t)j * 16 + a / 4, 1, seed, 0);
        for (b = 0; b < 4 && a + b < job->dim; b++) { job->axes[j * job->dim + a + b] = four[b]; sum += (double)four[b] * (double)four[b]; }
    }
    for (a = 0; a < job->dim; a++) job->axes[j * job->dim + a] = (float)((double)job->axes[j * job->dim + a] / sphere_sqrt_double_(sum));
}
static double sphere_anneal_gap_(const sphere_anneal_job_ *job, size_t i, size_t j)
{
    double sum = 0;
    size_t a;
    for (a = 0; a < job->dim; a++) {
        const double t = (double)job->c[i * job->dim + a] - (double)job->c[j * job->dim + a];
        sum += t * t;
    }
    return sum;
}
SPHERE_ANNEAL_API sphere_status sphere_anneal_analyse(const float *x, size_t n, float *carriers, float *share, size_t k, size_t dim,
                                                      const sphere_anneal_analyse_desc *desc, sphere_anneal_analysis *report, void *memory,
                                                          size_t bytes)
{
    sphere_anneal_analyse_desc d;
    sphere_anneal_job_ job;
    sphere_anneal_analysis r;
    sphere_status status;
    double mean[SPHERE_ANNEAL_MAX_DIM], v[4], last, s, growth, tolerance, *eigenvalue;
    size_t i, j, a;
    int round, split = 1;
    if (desc) d = *desc; else memset(&d, 0, sizeof(d));
    if (sphere_simd_pick_(&d.exec) == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    v[0] = d.sharp_first; v[1] = d.sharp_last; v[2] = d.growth; v[3] = d.tolerance;
    for (i = 0; i < 4; i++) if (!(v[i] == v[i])) return SPHERE_E_NAN;
    for (i = 0; i < 4; i++) if (!(v[i] >= 0 && v[i] <= 1e30)) return SPHERE_E_RANGE;
    growth = d.growth > 0 ? d.growth : 1.15;
    tolerance = d.tolerance > 0 ? d.tolerance : 1e-5;
    if (!(growth > 1.0001) || k == 0 || k > SPHERE_ANNEAL_MAX_CARRIERS || dim == 0 || dim > SPHERE_ANNEAL_MAX_DIM) return SPHERE_E_RANGE;
    if (!carriers || !share || (n && !x)) return SPHERE_E_NULL;
    if (sphere_size_(n, dim * 4, 0) > SIZE_MAX / 2) return SPHERE_E_SIZE;
    if (sphere_overlap_(carriers, k * dim * 4, x, n * dim * 4) || sphere_overlap_(share, k * 4, x, n * dim * 4) || sphere_overlap_(share, k * 4,
        carriers, k * dim * 4))
        return SPHERE_E_OVERLAP;
    memset(&r, 0, sizeof(r));
    if (n == 0) {
        for (j = 0; j < k * dim; j++) carriers[j] = 0;
        for (j = 0; j < k; j++) share[j] = 0;
        if (report) *report = r;
        return SPHERE_OK;
    }
    if ((status = sphere_anneal_em_begin_(&job, x, n, k, dim, &d.exec, mean, memory, bytes)) != SPHERE_OK) return status;
    eigenvalue = (double *)(void *)job.capacity;                        /* not used here otherwise; as wide */
    job.k = 1;
    job.tilt[0] = 1;
    for (a = 0; a < dim; a++) job.c[a] = 0;
    sphere_anneal_axis_(&job, 0, d.seed);
    for (round = 0; round < 40; round++) sphere_anneal_power_(&job, 1, eigenvalue);
    r.carriers = 1;
    r.first_split = eigenvalue[0] > 0 ? 1 / eigenvalue[0] : (double)sphere_inf_();
    s = d.sharp_first > 0 ? d.sharp_first : 0.75 * r.first_split;
    last = d.sharp_last > 0 ? d.sharp_last : 2000 * r.first_split;
    if (last > 1e30) last = 1e30;
    for (; eigenvalue[0] > 0 && s < last * (1 + 1e-9) && sphere_anneal_sharpness_check_(s) == SPHERE_OK; s *= growth) {
        const unsigned most = d.iterations ? d.iterations : 50u;
        unsigned it;
        double before = 0;
        for (it = 0; it < most; it++) {
            r.energy = sphere_anneal_em_(&job, s, 0);
            r.iterations++;
            if (it > (split ? 8u : 0u) && before - r.energy <= tolerance * (double)n / s) break;
            before = r.energy;
        }
        /* What came together again is one carrier. */
        for (i = 0; i < job.k; i++) for (j = i + 1; j < job.k; j++) if (s * sphere_anneal_gap_(&job, i, j) < 0.0025) {
            const double sum = job.tilt[i] + job.tilt[j];
            for (a = 0; a < dim && sum > 0; a++)
                job.c[i * dim + a] = (float)((job.tilt[i] * (double)job.c[i * dim + a] + job.tilt[j] * (double)job.c[j * dim + a]) / sum);
            job.tilt[i] = sum;
            job.k--;
            job.tilt[j] = job.tilt[job.k];
            for (a = 0; a < dim; a++) { job.c[j * dim + a] = job.c[job.k * dim + a]; job.axes[j * dim + a] = job.axes[job.k * dim + a]; }
            j--;
        }
        split = 0;
        if (job.k < k) {
            const size_t found = job.k;
            for (round = 0; round < 8; round++) sphere_anneal_power_(&job, s, eigenvalue);
            for (j = 0; j < found && job.k < k; j++) {
                int alone = 1;
                double half;
                if (!(s * eigenvalue[j] > 1)) continue;
                for (i = 0; i < found; i++) if (i != j && s * sphere_anneal_gap_(&job, i, j) < 0.04) alone = 0;
                if (!alone) continue;
                half = 0.3 * sphere_sqrt_double_(eigenvalue[j]);
                for (a = 0; a < dim; a++) {
                    const double at = (double)job.c[j * dim + a], step = half * (double)job.axes[j * dim + a];
                    job.c[j * dim + a] = (float)(at - step);
                    job.c[job.k * dim + a] = (float)(at + step);
                }
                job.tilt[j] *= 0.5;
                job.tilt[job.k] = job.tilt[j];
                sphere_anneal_axis_(&job, job.k, d.seed);
                sphere_anneal_axis_(&job, j, d.seed + 1);
                job.k++;
                split = 1;
            }
        }
        r.sharpness = s;
        r.carriers = job.k;
        r.temperatures++;
        if (d.progress) {
            const int answer = d.progress(d.user, &r);
            if (answer == SPHERE_ANNEAL_ENOUGH) break;
            if (answer) return SPHERE_E_CANCEL;
        }
    }
    /* Shares that were asked to stay equal are so at the end. */
    for (j = 0; j < k; j++) {
        share[j] = j < job.k ? d.fixed_shares ? (float)(1.0 / (double)job.k) : (float)job.tilt[j] : 0;
        for (a = 0; a < dim; a++) carriers[j * dim + a] = j < job.k ? (float)((double)job.c[j * dim + a] + mean[a]) : 0;
    }
    if (report) *report = r;
    return SPHERE_OK;
}

/* -- concepts. Sums and exponentials in double, in the order of the index. */

static double sphere_anneal_dot_(const float *a, const float *b, size_t dim)
{
    double sum = 0;
    size_t i;
    for (i = 0; i < dim; i++) sum += (double)a[i] * (double)b[i];
    return sum;
}
static sphere_status sphere_anneal_concept_check_(const float *rows, size_t k, size_t dim, const float *other, size_t others, double number,
    const float *out, size_t outs)
{
    const size_t size = sphere_size_(sphere_size_(k, dim, 0), 4, 0);
    sphere_status status, late;
    if (!(number == number)) return SPHERE_E_NAN;
    if (!sphere_anneal_finite_(number) || dim == 0) return SPHERE_E_RANGE;
    if (size > SIZE_MAX / 2 || sphere_size_(outs, 4, 0) > SIZE_MAX / 2) return SPHERE_E_SIZE;
    if ((!rows && k) || (!other && others) || (!out && outs)) return SPHERE_E_NULL;
    if (sphere_overlap_(out, outs * 4, rows, size) || sphere_overlap_(out, outs * 4, other, others * 4)) return SPHERE_E_OVERLAP;
    status = sphere_anneal_look_(rows, k * dim);
    late = sphere_anneal_look_(other, others);
    return status == SPHERE_E_NAN || late == SPHERE_E_NAN ? SPHERE_E_NAN : status != SPHERE_OK ? status : late;
}
/* out_i = softmax(factor <row_i, v>): the largest first, so that nothing overflows. */
static void sphere_anneal_softmax_(const float *rows, size_t n, size_t dim, const float *v, double factor, float *out)
{
    double most = 0, sum = 0;
    size_t i;
    for (i = 0; i < n; i++) {
        const double l = factor * sphere_anneal_dot_(rows + i * dim, v, dim);
        if (i == 0 || l > most) most = l;
    }
    for (i = 0; i < n; i++) {
        const double l = factor * sphere_anneal_dot_(rows + i * dim, v, dim) - most, w = l < -700 ? 0 : sphere_anneal_exp_(l);
        out[i] = (float)w;
        sum += w;
    }
    for (i = 0; i < n; i++) out[i] = (float)((double)out[i] / sum);
}
SPHERE_ANNEAL_API sphere_status sphere_anneal_energies(const float *concepts, size_t k, size_t dim, const float *query, double beta, float *energy)
{
    sphere_status status;
    if ((status = sphere_anneal_concept_check_(concepts, k, dim, query, dim, beta, energy, k)) != SPHERE_OK) return status;
    if (beta > 1e30 || beta < -1e30) return SPHERE_E_RANGE;
    sphere_anneal_softmax_(concepts, k, dim, query, beta, energy);
    return SPHERE_OK;
}
SPHERE_ANNEAL_API sphere_status sphere_anneal_field(const float *concepts, size_t k, size_t dim, const float *energy, float *field)
{
    sphere_status status;
    size_t a, j;
    if ((status = sphere_anneal_concept_check_(concepts, k, dim, energy, k, 0, field, dim)) != SPHERE_OK) return status;
    for (a = 0; a < dim; a++) {
        double sum = 0;
        for (j = 0; j < k; j++) sum += (double)energy[j] * (double)concepts[j * dim + a];
        field[a] = sphere_anneal_narrow_(sum);
    }
    return SPHERE_OK;
}
SPHERE_ANNEAL_API sphere_status sphere_anneal_tokens(const float *tokens, size_t n, size_t dim, const float *field, double tau, float *probability)
{
    sphere_status status;
    if ((status = sphere_anneal_concept_check_(tokens, n, dim, field, dim, tau, probability, n)) != SPHERE_OK) return status;
    if (!(tau >= 1e-30)) return SPHERE_E_RANGE;
    sphere_anneal_softmax_(tokens, n, dim, field, 1 / tau, probability);
    return SPHERE_OK;
}
SPHERE_ANNEAL_API sphere_status sphere_anneal_pitches(const float *concepts, size_t k, size_t dim, const float *axis, double low, double high,
    float *frequency)
{
    sphere_status status;
    double length, ratio;
    size_t j;
    if (!(low == low) || !(high == high)) return SPHERE_E_NAN;
    if (!(low > 1e-30 && high >= low && high <= 1e30)) return SPHERE_E_RANGE;
    if ((status = sphere_anneal_concept_check_(concepts, k, dim, axis, dim, 0, frequency, k)) != SPHERE_OK) return status;
    length = sphere_sqrt_double_(sphere_anneal_dot_(axis, axis, dim));
    if (!(length > 0)) return SPHERE_E_RANGE;
    ratio = high > low ? sphere_anneal_log_(high / low) : 0;
    for (j = 0; j < k; j++) {
        const float *v = concepts + j * dim;
        const double own = sphere_sqrt_double_(sphere_anneal_dot_(v, v, dim));
        double cosine = own > 0 ? sphere_anneal_dot_(v, axis, dim) / own / length : 0;
        cosine = cosine > 1 ? 1 : cosine < -1 ? -1 : cosine;
        frequency[j] = (float)(low * sphere_anneal_exp_(0.5 * (1 + cosine) * ratio));
    }
    return SPHERE_OK;
}
SPHERE_ANNEAL_API sphere_status sphere_anneal_sound(const float *x, size_t n, const float *carriers, size_t k, float *frequency, float *amplitude)
{
    sphere_status status, late;
    size_t i, j, c;
    if (k == 0 || k > SPHERE_ANNEAL_MAX_CARRIERS) return SPHERE_E_RANGE;
    if (sphere_size_(n, 4, 0) > SIZE_MAX / 2) return SPHERE_E_SIZE;
    if ((!x && n) || !carriers || !frequency || !amplitude) return SPHERE_E_NULL;
    if (sphere_overlap_(frequency, k * 4, amplitude, k * 4) || sphere_overlap_(frequency, k * 4, x, n * 4) || sphere_overlap_(frequency, k * 4,
        carriers, k * 4) ||
        sphere_overlap_(amplitude, k * 4, x, n * 4) || sphere_overlap_(amplitude, k * 4, carriers, k * 4)) return SPHERE_E_OVERLAP;
    status = sphere_anneal_look_(x, n);
    late = sphere_anneal_look_(carriers, k);
    if (status == SPHERE_E_NAN || late == SPHERE_E_NAN) return SPHERE_E_NAN;
    if (status != SPHERE_OK || late != SPHERE_OK) return SPHERE_E_RANGE;
    for (c = 0; c < k; c++) {
        double sum = 0, count = 0;
        for (i = 0; i < n; i++) {
            /* Nearest: nobody nearer, and nobody with a lower index as near. Only who might beat c is looked at. */
            const float d = sphere_abs_(x[i] - carriers[c]);
            for (j = 0; j < k; j++) {
                const float other = sphere_abs_(x[i] - carriers[j]);
                if (other < d || (other == d && j < c)) break;
            }
            if (j == k) { sum += (double)x[i] - (double)carriers[c]; count += 1; }
        }
        frequency[c] = count > 0 ? (float)((double)carriers[c] + sum / count) : carriers[c];
        amplitude[c] = n ? (float)(count / (double)n) : 0;
    }
    return SPHERE_OK;
}

/* -- samplers */

typedef struct sphere_anneal_sampling_ {
    sphere_anneal_sample_desc d;             /* with every default filled in                                         */
} sphere_anneal_sampling_;
static sphere_status sphere_anneal_sampling_of_(const sphere_anneal_sample_desc *desc, sphere_anneal_sampling_ *plan)
{
    sphere_anneal_sample_desc *d = &plan->d;
    double v[11];
    int i;
    if (desc) *d = *desc; else memset(d, 0, sizeof(*d));
    v[0] = d->beta_first; v[1] = d->beta_last; v[2] = d->sigma_min; v[3] = d->sigma_max; v[4] = d->rho; v[5] = d->eta; v[6] = d->churn;
    v[7] = d->churn_min; v[8] = d->churn_max; v[9] = d->churn_noise; v[10] = d->guidance;
    for (i = 0; i < 11; i++) if (!(v[i] == v[i])) return SPHERE_E_NAN;
    for (i = 0; i < 10; i++) if (!(v[i] >= 0 && v[i] <= 1e9)) return SPHERE_E_RANGE;
    if (!(d->guidance >= -1e9 && d->guidance <= 1e9)) return SPHERE_E_RANGE;
    if ((unsigned)d->solver > (unsigned)SPHERE_ANNEAL_HEUN || (unsigned)d->prediction > (unsigned)SPHERE_ANNEAL_VELOCITY || (unsigned)d->noising > (unsigned)SPHERE_ANNEAL_KARRAS || (unsigned)d->spacing > (unsigned)SPHERE_ANNEAL_LINSPACE) return SPHERE_E_RANGE;
    if (d->steps == 0) d->steps = d->noising == SPHERE_ANNEAL_KARRAS ? 18u : 50u;
    if (d->train_steps == 0) d->train_steps = 1000;
    if (!(d->beta_first > 0)) d->beta_first = 1e-4;
    if (!(d->beta_last > 0)) d->beta_last = 0.02;
    if (!(d->sigma_min > 0)) d->sigma_min = 0.002;
    if (!(d->sigma_max > 0)) d->sigma_max = 80;
    if (!(d->rho > 0)) d->rho = 7;
    if (!(d->churn_noise > 0)) d->churn_noise = 1;
    if (!(d->churn_max > 0)) d->churn_max = 1e9;
    if (d->guidance == 0) d->guidance = 1;
    if (d->solver == SPHERE_ANNEAL_DDPM) d->eta = 1;
    if (d->train_steps > 1000000u || d->steps > 1000000u) return SPHERE_E_RANGE;
    if (d->noising != SPHERE_ANNEAL_KARRAS && d->steps > d->train_steps) return SPHERE_E_RANGE;
    if (d->eta > 1 || d->beta_first >= 1 || d->beta_last >= 1 || d->sigma_min < 1e-9 || d->sigma_min > d->sigma_max ||
        d->rho < 0.01) return SPHERE_E_RANGE;
    if (d->churn > 0 && (d->noising != SPHERE_ANNEAL_KARRAS || d->solver < SPHERE_ANNEAL_EULER)) return SPHERE_E_RANGE;
    return SPHERE_OK;
}
/* a / b to the nearest integer, a half to the even one. */
static uint64_t sphere_anneal_round_(uint64_t a, uint64_t b)
{
    const uint64_t q = a / b, twice = 2 * (a % b);
    return q + (twice > b || (twice == b && (q & 1u)) ? 1u : 0u);
}
/* Training step of sampling step i. */
static uint64_t sphere_anneal_time_(const sphere_anneal_sample_desc *d, uint64_t i)
{
    const uint64_t n = d->steps, big = d->train_steps;
    if (d->spacing == SPHERE_ANNEAL_LEADING) return (n - 1 - i) * (big / n);
    if (d->spacing == SPHERE_ANNEAL_LINSPACE) return n > 1 ? sphere_anneal_round_((n - 1 - i) * (big - 1), n - 1) : big - 1;
    return sphere_anneal_round_(big * (n - i), n) - 1;
}
/* Level i of the steps. The product of 1 - beta runs from `*t` with value `*product` to the step asked for: ask from the last to the first. */
static sphere_anneal_level sphere_anneal_level_(const sphere_anneal_sample_desc *d, uint64_t i, uint64_t *t, double *product)
{
    sphere_anneal_level level;
    if (d->noising == SPHERE_ANNEAL_KARRAS) {
        const double first = sphere_anneal_pow_(d->sigma_max, 1 / d->rho), last = sphere_anneal_pow_(d->sigma_min, 1 / d->rho);
        const double root = d->steps > 1 ? first + (double)i / (double)(d->steps - 1) * (last - first) : first;
        level.sigma = i == 0 ? d->sigma_max : i + 1 == d->steps ? d->sigma_min : sphere_anneal_pow_(root, d->rho);
        level.alpha_bar = 1 / (1 + level.sigma * level.sigma);
        level.scale = 1;
        level.t = 0.25 * sphere_anneal_log_(level.sigma);
        return level;
    }
    {
        const uint64_t want = sphere_anneal_time_(d, i);
        const double big = (double)d->train_steps;
        for (; *t <= want; ++*t) {
            double beta;
            if (d->noising == SPHERE_ANNEAL_COSINE) {
                const double one = sphere_anneal_cos_(((double)*t / big + 0.008) / 1.008 * 1.5707963267948966);
                const double two = sphere_anneal_cos_(((double)(*t + 1) / big + 0.008) / 1.008 * 1.5707963267948966);
                beta = 1 - two * two / (one * one);
                if (beta > 0.999) beta = 0.999;
            } else beta = d->train_steps > 1 ? d->beta_first + (d->beta_last - d->beta_first) * ((double)*t / (big - 1)) : d->beta_first;
            *product *= 1 - beta;
        }
        level.t = (double)want;
        level.alpha_bar = *product;
        level.sigma = *product > 0 ? sphere_sqrt_double_((1 - *product) / *product) : 0;
        level.scale = sphere_sqrt_double_(*product);
        return level;
    }
}
SPHERE_ANNEAL_API size_t sphere_anneal_steps(const sphere_anneal_sample_desc *desc)
{
    sphere_anneal_sampling_ plan;
    return sphere_anneal_sampling_of_(desc, &plan) == SPHERE_OK ? plan.d.steps : 0;
}
SPHERE_ANNEAL_API sphere_status sphere_anneal_levels(const sphere_anneal_sample_desc *desc, sphere_anneal_level *levels)
{
    sphere_anneal_sampling_ plan;
    sphere_status status;
    double product = 1;
    uint64_t t = 0, i;
    if ((status = sphere_anneal_sampling_of_(desc, &plan)) != SPHERE_OK) return status;
    if (!levels) return SPHERE_E_NULL;
    /* The noisiest level first, to refuse what has no signal left before anything is written. */
    if (sphere_anneal_level_(&plan.d, 0, &t, &product).alpha_bar < 1e-24) return SPHERE_E_RANGE;
    for (t = 0, product = 1, i = plan.d.steps; i-- > 0;) levels[i] = sphere_anneal_level_(&plan.d, i, &t, &product);
    levels[plan.d.steps].t = -1;
    levels[plan.d.steps].alpha_bar = levels[plan.d.steps].scale = 1;
    levels[plan.d.steps].sigma = 0;
    return SPHERE_OK;
}

#define SPHERE_ANNEAL_GRAIN_ ((size_t)65536) /* elements of a task; a multiple of 4 */
typedef struct sphere_anneal_flow_ {
    const sphere_anneal_kernels_ *kernels;
    float *out;
    const float *x, *y, *z;
    size_t count;
    float a, b, c;
    uint64_t seed, stream;
} sphere_anneal_flow_;
static void sphere_anneal_blend_task_(void *context, size_t task)
{
    const sphere_anneal_flow_ *f = (const sphere_anneal_flow_ *)context;
    const size_t from = task * SPHERE_ANNEAL_GRAIN_, m = f->count - from < SPHERE_ANNEAL_GRAIN_ ? f->count - from : SPHERE_ANNEAL_GRAIN_;
    f->kernels->blend(f->out + from, f->x + from, f->y + from, f->z ? f->z + from : NULL, m, f->a, f->b, f->c);
}
static void sphere_anneal_noise_task_(void *context, size_t task)
{
    const sphere_anneal_flow_ *f = (const sphere_anneal_flow_ *)context;
    const size_t from = task * SPHERE_ANNEAL_GRAIN_, m = f->count - from < SPHERE_ANNEAL_GRAIN_ ? f->count - from : SPHERE_ANNEAL_GRAIN_;
    float *to = f->out + from, four[4];
    f->kernels->normals(to, from / 4, m / 4, f->seed, f->stream);
    if (m % 4) {
        f->kernels->normals(four, (from + m) / 4, 1, f->seed, f->stream);
        memcpy(to + (m & ~(size_t)3), four, (m % 4) * sizeof(float));
    }
    f->kernels->blend(to, to, to, NULL, m, f->a, 0, 0);
}
static size_t sphere_anneal_grains_(size_t count) { return count / SPHERE_ANNEAL_GRAIN_ + (count % SPHERE_ANNEAL_GRAIN_ != 0); }
SPHERE_ANNEAL_API sphere_status sphere_anneal_noise(float *x, size_t n, size_t dim, double scale, uint64_t seed, uint32_t stream, uint32_t step,
                                                    const sphere_exec *exec)
{
    sphere_anneal_flow_ f;
    if (sphere_simd_pick_(exec) == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (!(scale == scale)) return SPHERE_E_NAN;
    if (!(scale >= 0 && scale <= 1e18)) return SPHERE_E_RANGE;
    if (n == 0 || dim == 0) return SPHERE_OK;
    if (sphere_size_(sphere_size_(n, dim, 0), 4, 0) > SIZE_MAX / 2) return SPHERE_E_SIZE;
    if (!x) return SPHERE_E_NULL;
    memset(&f, 0, sizeof(f));
    f.kernels = sphere_anneal_kernels_for_(sphere_simd_pick_(exec));
    f.out = x; f.count = n * dim; f.a = (float)scale; f.seed = seed; f.stream = (uint64_t)stream << 32 | step;
    sphere_parallel_(exec, sphere_anneal_grains_(f.count), sphere_anneal_noise_task_, &f);
    return SPHERE_OK;
}
static void sphere_anneal_blend_(const sphere_anneal_flow_ *base, const sphere_exec *exec, float *out, const float *x, double a, const float *y,
    double b,
                                 const float *z, double c)
{
    sphere_anneal_flow_ f = *base;
    f.out = out; f.x = x; f.y = y; f.z = z; f.a = sphere_anneal_narrow_(a); f.b = sphere_anneal_narrow_(b); f.c = sphere_anneal_narrow_(c);
    sphere_parallel_(exec, sphere_anneal_grains_(f.count), sphere_anneal_blend_task_, &f);
}
/* clean = clean_x x + clean_out out and noise = noise_x x + noise_out out, whatever it is that the denoiser predicts. */
typedef struct sphere_anneal_parts_ { double clean_x, clean_out, noise_x, noise_out; } sphere_anneal_parts_;
static sphere_anneal_parts_ sphere_anneal_parts_of_(const sphere_anneal_level *at, sphere_anneal_prediction prediction)
{
    const double signal = sphere_sqrt_double_(at->alpha_bar), rest = signal * at->sigma, one = signal / at->scale;
    sphere_anneal_parts_ p;
    if (prediction == SPHERE_ANNEAL_CLEAN) {
        p.clean_x = 0; p.clean_out = 1;
        p.noise_x = 1 / (at->scale * at->sigma); p.noise_out = -1 / at->sigma;
    } else if (prediction == SPHERE_ANNEAL_NOISE) {
        p.clean_x = 1 / at->scale; p.clean_out = -at->sigma;
        p.noise_x = 0; p.noise_out = 1;
    } else {
        p.clean_x = signal * one; p.clean_out = -rest;
        p.noise_x = rest * one; p.noise_out = signal;
    }
    return p;
}
static size_t sphere_anneal_sample_lay_(sphere_anneal_arena_ *arena, size_t count, float *buffer[4])
{
    int i;
    for (i = 0; i < 4; i++) buffer[i] = (float *)sphere_anneal_take_(arena, sphere_size_(count, 1, 4), 4);
    return sphere_anneal_total_(arena);
}
SPHERE_ANNEAL_API size_t sphere_anneal_sample_size(size_t n, size_t dim)
{
    sphere_anneal_arena_ arena = { NULL, 0 };
    float *buffer[4];
    return sphere_anneal_sample_lay_(&arena, sphere_size_(n, dim, 0), buffer);
}
/* The denoisers: the prediction at x into out; spare is overwritten when there are two. */
static sphere_status sphere_anneal_predict_(const sphere_anneal_flow_ *base, const sphere_anneal_sample_desc *d, sphere_anneal_denoiser denoiser,
    void *user,
                                            const float *x, size_t n, size_t dim, const sphere_anneal_level *level, float *out, float *spare,
                                                unsigned *calls)
{
    sphere_status status = denoiser(user, x, n, dim, level, out);
    ++*calls;
    if (status != SPHERE_OK || !d->unguided) return status;
    status = d->unguided(d->unguided_user, x, n, dim, level, spare);
    ++*calls;
    if (status != SPHERE_OK) return status;
    sphere_anneal_blend_(base, &d->exec, out, out, d->guidance, spare, 1 - d->guidance, NULL, 0);
    return SPHERE_OK;
}
SPHERE_ANNEAL_API sphere_status sphere_anneal_sample(float *x, size_t n, size_t dim, const sphere_anneal_sample_desc *desc,
                                                     sphere_anneal_denoiser denoiser, void *denoiser_user, sphere_anneal_sample_report *report,
                                                     void *memory, size_t bytes)
{
    sphere_anneal_sampling_ plan;
    const sphere_anneal_sample_desc *d = &plan.d;
    sphere_anneal_sample_report r;
    sphere_anneal_arena_ arena = { NULL, 0 };
    sphere_anneal_flow_ f;
    sphere_anneal_level level;
    sphere_status status;
    float *now, *middle, *out, *spare, *buffer[4];
    double product = 1;
    uint64_t t = 0, i;
    size_t count;
    if (sphere_simd_pick_(desc ? &desc->exec : NULL) == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if ((status = sphere_anneal_sampling_of_(desc, &plan)) != SPHERE_OK) return status;
    memset(&r, 0, sizeof(r));
    if (n == 0) { if (report) *report = r; return SPHERE_OK; }
    if (dim == 0) return SPHERE_E_RANGE;
    if (!denoiser || !x) return SPHERE_E_NULL;
    count = sphere_size_(n, dim, 0);
    if (sphere_size_(count, 4, 64) > SIZE_MAX / 16 || sphere_anneal_sample_size(n, dim) == 0) return SPHERE_E_SIZE;
    if (!memory || bytes < sphere_anneal_sample_size(n, dim)) return SPHERE_E_MEMORY;
    if (sphere_anneal_look_(x, count) == SPHERE_E_NAN) return SPHERE_E_NAN;
    level = sphere_anneal_level_(d, 0, &t, &product);
    if (level.alpha_bar < 1e-24) return SPHERE_E_RANGE;
    arena.at = (unsigned char *)sphere_align_(memory);
    sphere_anneal_sample_lay_(&arena, count, buffer);
    now = buffer[0]; middle = buffer[1]; out = buffer[2]; spare = buffer[3];
    memset(&f, 0, sizeof(f));
    f.kernels = sphere_anneal_kernels_for_(sphere_simd_pick_(&d->exec));
    f.count = count; f.seed = d->seed;
    memcpy(now, x, count * sizeof(float));
    for (i = 0; i < d->steps; i++) {
        sphere_anneal_level next;
        sphere_anneal_parts_ p;
        double straight, noise = 0;
        if (i + 1 < d->steps) {
            /* The product of the betas begins at step 0 for each level: the table need not be stored. */
            t = 0; product = 1;
            next = sphere_anneal_level_(d, i + 1, &t, &product);
        } else { next.t = -1; next.alpha_bar = next.scale = 1; next.sigma = 0; }
        f.stream = (uint64_t)d->stream << 32 | (uint32_t)(i + 1);
        f.out = middle; f.a = 1;
        if (d->churn > 0 && level.sigma >= d->churn_min && level.sigma <= d->churn_max) {
            double gamma = d->churn / d->steps, sigma;
            if (gamma > 0.41421356237309505) gamma = 0.41421356237309505;
            sigma = level.sigma * (1 + gamma);
            sphere_parallel_(&d->exec, sphere_anneal_grains_(count), sphere_anneal_noise_task_, &f);
            sphere_anneal_blend_(&f, &d->exec, now, now, 1, middle,
                d->churn_noise * sphere_sqrt_double_(sigma * sigma - level.sigma * level.sigma), NULL, 0);
            level.sigma = sigma;
            level.alpha_bar = 1 / (1 + sigma * sigma);
            level.t = 0.25 * sphere_anneal_log_(sigma);
        }
        if ((status = sphere_anneal_predict_(&f, d, denoiser, denoiser_user, now, n, dim, &level, out, spare, &r.calls)) != SPHERE_OK) return status;
        p = sphere_anneal_parts_of_(&level, d->prediction);
        straight = next.sigma;
        if (d->solver <= SPHERE_ANNEAL_DDPM && d->eta > 0 && next.sigma > 0) {
            /* the standard deviation of the fresh noise, in the units of sigma; what is left of sigma' stays in the old direction */
            const double fresh = d->eta * sphere_sqrt_double_((1 - next.alpha_bar) / (1 - level.alpha_bar) * (1 - level.alpha_bar / next.alpha_bar) / next.alpha_bar);
            const double rest = next.sigma * next.sigma - fresh * fresh;
            straight = rest > 0 ? sphere_sqrt_double_(rest) : 0;
            noise = next.scale * fresh;
            sphere_parallel_(&d->exec, sphere_anneal_grains_(count), sphere_anneal_noise_task_, &f);
        }
        if (d->solver == SPHERE_ANNEAL_HEUN && next.sigma > 0) {
            /* Heun: half of both slopes. The first half goes into now, the second is taken at the Euler point. */
            const double step = next.sigma - level.sigma, to = next.scale;
            sphere_anneal_parts_ q = sphere_anneal_parts_of_(&next, d->prediction);
            sphere_anneal_blend_(&f, &d->exec, middle, now, to * (1 / level.scale + step * p.noise_x), out, to * step * p.noise_out, NULL, 0);
            sphere_anneal_blend_(&f, &d->exec, now, now, to * (1 / level.scale + 0.5 * step * p.noise_x), out, to * 0.5 * step * p.noise_out, NULL, 0);
            if ((status = sphere_anneal_predict_(&f, d, denoiser, denoiser_user, middle, n, dim, &next, out, spare,
                &r.calls)) != SPHERE_OK) return status;
            sphere_anneal_blend_(&f, &d->exec, now, now, 1, middle, to * 0.5 * step * q.noise_x, out, to * 0.5 * step * q.noise_out);
        } else
            sphere_anneal_blend_(&f, &d->exec, now, now, next.scale * (p.clean_x + straight * p.noise_x), out,
                next.scale * (p.clean_out + straight * p.noise_out),
                                 noise > 0 ? middle : NULL, noise);
        level = next;
        r.steps++;
        r.level = level;
        if (d->progress) {
            int answer;
            r.rows = now;
            answer = d->progress(d->user, &r);
            r.rows = NULL;
            if (answer == SPHERE_ANNEAL_ENOUGH) break;
            if (answer) return SPHERE_E_CANCEL;
        }
    }
    memcpy(x, now, count * sizeof(float));
    if (report) *report = r;
    return SPHERE_OK;
}

/* -- the exact denoiser: the rows of the data set are carriers, sharpness is 1/sigma^2; a streamed softmax over chunks of rows */

typedef struct sphere_anneal_cleaner_shard_ {
    float *x, *wanted, *sum, *part, *e, *top, *total, *chunk_top, *chunk_inverse, *keep, *take, *price, *guided;
} sphere_anneal_cleaner_shard_;
typedef struct sphere_anneal_cleaner_ {
    const sphere_anneal_kernels_ *kernels;
    const sphere_anneal_data *data;
    size_t n, dim, label_dim, stride, block, shards, span;
    const float *x;
    float *out, slope[SPHERE_ANNEAL_CHUNK_], label_slope[SPHERE_ANNEAL_CHUNK_], zero[SPHERE_ANNEAL_CHUNK_], shrink, own, mean, guidance;
    int guided;
    sphere_anneal_cleaner_shard_ shard[SPHERE_ANNEAL_SHARDS_];
} sphere_anneal_cleaner_;
static size_t sphere_anneal_cleaner_lay_(sphere_anneal_cleaner_ *job, sphere_anneal_arena_ *arena)
{
    const size_t block = sphere_anneal_tile_(job->dim);
    size_t blocks, shards, i, tile;
    blocks = job->n / block + (job->n % block != 0);
    shards = blocks > SPHERE_ANNEAL_SHARDS_ ? SPHERE_ANNEAL_SHARDS_ : blocks ? blocks : 1;
    job->block = block;
    job->span = (blocks + shards - 1) / shards * block;
    if (job->span == 0) job->span = block;
    job->shards = job->n ? (job->n - 1) / job->span + 1 : 1;
    tile = sphere_size_(job->dim, block, 0);
    for (i = 0; i < job->shards; i++) {
        sphere_anneal_cleaner_shard_ *s = job->shard + i;
        s->x = (float *)sphere_anneal_take_(arena, tile, 4);
        s->wanted = (float *)sphere_anneal_take_(arena, sphere_size_(job->label_dim, block, 0), 4);
        s->sum = (float *)sphere_anneal_take_(arena, tile, 4);
        s->part = (float *)sphere_anneal_take_(arena, tile, 4);
        s->guided = (float *)sphere_anneal_take_(arena, tile, 4);
        s->e = (float *)sphere_anneal_take_(arena, SPHERE_ANNEAL_CHUNK_ * block, 4);
        s->top = (float *)sphere_anneal_take_(arena, block, 4);
        s->total = (float *)sphere_anneal_take_(arena, block, 4);
        s->chunk_top = (float *)sphere_anneal_take_(arena, block, 4);
        s->chunk_inverse = (float *)sphere_anneal_take_(arena, block, 4);
        s->keep = (float *)sphere_anneal_take_(arena, block, 4);
        s->take = (float *)sphere_anneal_take_(arena, block, 4);
        s->price = (float *)sphere_anneal_take_(arena, SPHERE_ANNEAL_CHUNK_, 4);
    }
    return sphere_anneal_total_(arena);
}
SPHERE_ANNEAL_API size_t sphere_anneal_denoise_size(size_t n, size_t dim, size_t label_dim)
{
    sphere_anneal_cleaner_ job;
    sphere_anneal_arena_ arena = { NULL, 0 };
    if (sphere_size_(sphere_size_(n, dim, 0), 4, 0) > SIZE_MAX / 2) return 0;
    memset(&job, 0, sizeof(job));
    job.n = n; job.dim = dim; job.label_dim = label_dim;
    return sphere_anneal_cleaner_lay_(&job, &arena);
}
/* Stream all rows past a block of m samples (a multiple of 16): sum becomes the weighted mean of the rows, component by component. */
static void sphere_anneal_stream_(const sphere_anneal_cleaner_ *job, sphere_anneal_cleaner_shard_ *s, size_t m, int labelled)
{
    const sphere_anneal_data *data = job->data;
    const size_t ld = job->block, dim = job->dim;
    size_t first, i, a;
    for (i = 0; i < m; i++) { s->top[i] = -sphere_inf_(); s->total[i] = 0; }
    for (a = 0; a < dim; a++) memset(s->sum + a * ld, 0, m * sizeof(float));
    for (first = 0; first < data->n; first += SPHERE_ANNEAL_CHUNK_) {
        const size_t rows = data->n - first < SPHERE_ANNEAL_CHUNK_ ? data->n - first : SPHERE_ANNEAL_CHUNK_;
        const float *from = data->rows + first * job->stride;
        if (labelled) job->kernels->logits(s->e, ld, s->wanted, ld, m, data->labels + first * data->label_dim, data->label_dim, rows,
            data->label_dim, job->zero, job->label_slope, 0);
        job->kernels->logits(s->e, ld, s->x, ld, m, from, job->stride, rows, dim, labelled ? NULL : job->zero, job->slope, 0);
        job->kernels->exps(s->e, ld, m, rows, SPHERE_ANNEAL_LEAST_, s->chunk_top, s->chunk_inverse);
        job->kernels->mix(s->part, ld, s->e, ld, m, NULL, from, job->stride, rows, dim);
        for (i = 0; i < m; i++) {
            const float most = s->chunk_top[i] > s->top[i] ? s->chunk_top[i] : s->top[i];
            /* Where both are -infinity, everything is infinitely far and weighs the same. */
            s->keep[i] = s->top[i] == most ? 1.0f : sphere_anneal_exp2_(s->top[i] - most, SPHERE_ANNEAL_LEAST_);
            s->take[i] = s->chunk_top[i] == most ? 1.0f : sphere_anneal_exp2_(s->chunk_top[i] - most, SPHERE_ANNEAL_LEAST_);
            s->total[i] = s->keep[i] * s->total[i] + s->take[i] / s->chunk_inverse[i];
            s->top[i] = most;
        }
        for (a = 0; a < dim; a++) job->kernels->merge(s->sum + a * ld, s->part + a * ld, s->keep, s->take, m);
    }
    for (a = 0; a < dim; a++) for (i = 0; i < m; i++) s->sum[a * ld + i] = s->sum[a * ld + i] / s->total[i];
}
static void sphere_anneal_cleaner_task_(void *context, size_t task)
{
    sphere_anneal_cleaner_ *job = (sphere_anneal_cleaner_ *)context;
    sphere_anneal_cleaner_shard_ *s = job->shard + task;
    const sphere_anneal_data *data = job->data;
    const size_t end = job->n - task * job->span < job->span ? job->n : (task + 1) * job->span, dim = job->dim, ld = job->block;
    size_t at, i, a;
    for (at = task * job->span; at < end; at += job->block) {
        const size_t real = end - at < job->block ? end - at : job->block, m = (real + 15) & ~(size_t)15;
        const int labelled = data->labels != NULL && data->label_dim > 0;
        for (a = 0; a < dim; a++) for (i = 0; i < m; i++) s->x[a * ld + i] = i < real ? job->x[(at + i) * dim + a] * job->shrink : 0;
        if (labelled) for (a = 0; a < data->label_dim; a++) for (i = 0; i < m; i++)
            s->wanted[a * ld + i] = i < real ? data->wanted[(data->wanted_n == 1 ? 0 : at + i) * data->label_dim + a] : 0;
        sphere_anneal_stream_(job, s, m, labelled);
        if (labelled && job->guided) {
            for (a = 0; a < dim; a++) memcpy(s->guided + a * ld, s->sum + a * ld, m * sizeof(float));
            sphere_anneal_stream_(job, s, m, 0);
            for (a = 0; a < dim; a++) for (i = 0; i < m; i++)
                s->sum[a * ld + i] = s->sum[a * ld + i] + job->guidance * (s->guided[a * ld + i] - s->sum[a * ld + i]);
        }
        for (a = 0; a < dim; a++) for (i = 0; i < real; i++)
            job->out[(at + i) * dim + a] = sphere_canonical_(job->own == 0 ? s->sum[a * ld + i] :
                job->own * s->x[a * ld + i] + job->mean * s->sum[a * ld + i]);
    }
}
static sphere_status sphere_anneal_clean_(const sphere_anneal_data *data, const float *x, size_t n, double scale, double sigma, float *out)
{
    sphere_anneal_cleaner_ job;
    sphere_anneal_arena_ arena = { NULL, 0 };
    double variance;
    size_t i, need, data_bytes, labels_bytes, bytes;
    sphere_status status[4];
    if (!data) return SPHERE_E_NULL;
    if (sphere_simd_pick_(&data->exec) == SPHERE_SIMD_BEST) return SPHERE_E_LEVEL;
    if (!(sigma == sigma) || !(data->bandwidth == data->bandwidth) || !(data->label_width == data->label_width) ||
        !(data->guidance == data->guidance)) return SPHERE_E_NAN;
    if (!(sigma > 0 && sigma <= 1e12 && sigma >= 1e-12) || !(data->bandwidth >= 0 && data->bandwidth <= 1e12) || !(data->guidance >= -1e9 &&
        data->guidance <= 1e9)) return SPHERE_E_RANGE;
    if (data->n == 0 || data->dim == 0 || (data->stride && data->stride < data->dim)) return SPHERE_E_RANGE;
    memset(&job, 0, sizeof(job));
    job.n = n; job.dim = data->dim; job.stride = data->stride ? data->stride : data->dim; job.data = data; job.x = x; job.out = out;
    if (data->labels) {
        if (data->label_dim == 0 || !(data->label_width >= 1e-12 && data->label_width <= 1e12) || (data->wanted_n != 1 &&
            data->wanted_n != n)) return SPHERE_E_RANGE;
        if (!data->wanted) return SPHERE_E_NULL;
        job.label_dim = data->label_dim;
    }
    if (n == 0) return SPHERE_OK;
    bytes = sphere_size_(sphere_size_(n, data->dim, 0), 4, 0);
    data_bytes = sphere_size_(sphere_size_(data->n - 1, job.stride, data->dim), 4, 0);
    labels_bytes = sphere_size_(sphere_size_(data->n, job.label_dim, 0), 4, 0);
    need = sphere_anneal_denoise_size(n, data->dim, job.label_dim);
    if (bytes > SIZE_MAX / 2 || data_bytes > SIZE_MAX / 2 || labels_bytes > SIZE_MAX / 2 || need == 0) return SPHERE_E_SIZE;
    if (!x || !out || !data->rows) return SPHERE_E_NULL;
    if (sphere_overlap_(out, bytes, x, bytes) || sphere_overlap_(out, bytes, data->rows, data_bytes) || sphere_overlap_(out, bytes, data->labels,
        labels_bytes) ||
        sphere_overlap_(out, bytes, data->wanted, data->wanted_n * job.label_dim * 4)) return SPHERE_E_OVERLAP;
    if (!data->memory || data->bytes < need) return SPHERE_E_MEMORY;
    status[0] = sphere_anneal_look_(x, n * data->dim);
    for (status[1] = SPHERE_OK, i = 0; i < data->n && status[1] != SPHERE_E_NAN; i++) {
        const sphere_status row = sphere_anneal_look_(data->rows + i * job.stride, data->dim);
        if (row != SPHERE_OK) status[1] = row;
    }
    status[2] = sphere_anneal_look_(data->labels, data->n * job.label_dim);
    status[3] = sphere_anneal_look_(data->wanted, job.label_dim ? data->wanted_n * job.label_dim : 0);
    for (i = 0; i < 4; i++) if (status[i] == SPHERE_E_NAN) return SPHERE_E_NAN;
    for (i = 0; i < 4; i++) if (status[i] != SPHERE_OK) return status[i];
    job.kernels = sphere_anneal_kernels_for_(sphere_simd_pick_(&data->exec));
    arena.at = (unsigned char *)sphere_align_(data->memory);
    sphere_anneal_cleaner_lay_(&job, &arena);
    variance = sigma * sigma + data->bandwidth * data->bandwidth;
    job.shrink = (float)(1 / scale);
    job.own = (float)(data->bandwidth * data->bandwidth / variance);
    job.mean = (float)(sigma * sigma / variance);
    job.guidance = data->guidance == 0 ? 1.0f : (float)data->guidance;
    job.guided = job.guidance != 1.0f;
    for (i = 0; i < SPHERE_ANNEAL_CHUNK_; i++) {
        job.slope[i] = sphere_anneal_narrow_(0.5 / variance * SPHERE_ANNEAL_LOG2E_);
        job.label_slope[i] = job.label_dim ? sphere_anneal_narrow_(0.5 / (data->label_width * data->label_width) * SPHERE_ANNEAL_LOG2E_) : 0;
        job.zero[i] = 0;
    }
    sphere_parallel_(&data->exec, job.shards, sphere_anneal_cleaner_task_, &job);
    return SPHERE_OK;
}
SPHERE_ANNEAL_API sphere_status sphere_anneal_denoise(const sphere_anneal_data *data, const float *x, size_t n, double sigma, float *out)
{ return sphere_anneal_clean_(data, x, n, 1, sigma, out); }
SPHERE_ANNEAL_API sphere_status sphere_anneal_denoise_exact(void *user, const float *x, size_t n, size_t dim, const sphere_anneal_level *level,
    float *out)
{
    const sphere_anneal_data *data = (const sphere_anneal_data *)user;
    if (!data || !level) return SPHERE_E_NULL;
    if (dim != data->dim || !(level->scale > 0)) return SPHERE_E_RANGE;
    return sphere_anneal_clean_(data, x, n, level->scale, level->sigma, out);
}

/* sphere-core begin 3 */
#if defined(__clang__)
#pragma STDC FP_CONTRACT DEFAULT
#elif defined(__GNUC__)
#pragma GCC pop_options
#endif
/* sphere-core end 3 */

#endif /* SPHERE_ANNEAL_IMPLEMENTATION */

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
