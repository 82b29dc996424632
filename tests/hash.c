/* One line per public function: its name and a hash of what it gives for a fixed set of inputs, edge cases among them. Two
   machines that print the same lines compute the same bits; tests/matrix.sh runs this on many of them and compares with
   tests/golden/hashes.txt. The lines themselves are in tests/hash.inc.

     hash [portable|best|avx2] [FILL]     FILL (0..255) is what output arrays and working memory hold before each call

   Plain C99 without libm, small enough for a firmware image with 1 MB of RAM. Options, for the compiler:
     HASH_SMALL     leave out the lines on large arrays (their names end in .large)
     HASH_THREADS   run the tasks on four POSIX threads */
#if defined(HASH_THREADS)
#define _POSIX_C_SOURCE 200809L
#endif
#define SPHERE_IMPLEMENTATION
#include "../sphere.h"
#define SPHERE_SH_IMPLEMENTATION
#include "../sphere_sh.h"
#define SPHERE_FILL_IMPLEMENTATION
#include "../sphere_fill.h"
#define SPHERE_ANNEAL_IMPLEMENTATION
#include "../sphere_anneal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(HASH_THREADS)
#include <pthread.h>
#endif
#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#define HASH_MSAN 1
#endif
#endif
#if !defined(HASH_MSAN)
#define HASH_MSAN 0
#endif

/* FNV-1a, one byte at a time through shifts, so that the order of bytes in memory does not matter. */
static uint64_t sum;
static int broken;                                       /* a fault of this program or of a shape: the line says so */
static void take_byte(unsigned byte) { sum = (sum ^ (byte & 255u)) * 0x100000001b3u; }
static void take32(uint32_t v) { int j; for (j = 0; j < 32; j += 8) take_byte((unsigned)(v >> j)); }
static void take64(uint64_t v) { take32((uint32_t)v); take32((uint32_t)(v >> 32)); }
/* What a function left unwritten must not be hashed: the memory sanitizer stops here, other machines print another hash. */
static void look(const void *p, size_t bytes)
{
#if HASH_MSAN
    __msan_check_mem_is_initialized(p, bytes);
#else
    (void)p; (void)bytes;
#endif
}

/* What the lines of hash.inc hash: S a status, Z a size or a flag, F floats, D doubles, B bytes, H, W, Q unsigned integers of 16,
   32 and 64 bits, N size_t. Floats count bit for bit, NaN too: there is one NaN. */
static void S(sphere_status status) { take32((uint32_t)(int32_t)status); }
static void Z(size_t value) { take64((uint64_t)value); }
static void F(const float *p, size_t n) { look(p, n * sizeof(*p)); for (; n; n--) { uint32_t u; memcpy(&u, p++, 4); take32(u); } }
static void W(const uint32_t *p, size_t n) { look(p, n * sizeof(*p)); for (; n; n--) take32(*p++); }
static void N(const size_t *p, size_t n) { look(p, n * sizeof(*p)); for (; n; n--) take64((uint64_t)*p++); }
static void T(const char *text) { while (*text) take_byte((unsigned char)*text++); take_byte(0); }
static void D(const double *p, size_t n) { look(p, n * sizeof(*p)); for (; n; n--) { uint64_t u; memcpy(&u, p++, 8); take64(u); } }
static void B(const uint8_t *p, size_t n) { look(p, n); for (; n; n--) take_byte(*p++); }
static void Q(const uint64_t *p, size_t n) { look(p, n * sizeof(*p)); for (; n; n--) take64(*p++); }

/* SplitMix64: the inputs are the same on every machine, because only integers make them. Source: Steele, Lea, Flood 2014. */
static uint64_t random_state;
static uint32_t random_word(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)(z >> 32);
}
/* What the numbers are like: in [-1, 1); over 80 powers of two; seven values, so that results tie; ordinary ones with one edge
   case in four; only the smallest and the largest; any bits at all. NaNs are among the last three. */
enum { ORDINARY, WIDE, FEW, AWKWARD, TINY_AND_HUGE, ANY_BITS, WEATHERS };
static float random_float(int weather)
{
    static const uint32_t awkward[] = {
        0x00000000u, 0x80000000u, 0x00000001u, 0x80000001u, 0x007fffffu, 0x807fffffu, 0x00800000u, 0x80800000u,   /* around 0 */
        0x3f800000u, 0xbf800000u, 0x3f7fffffu, 0x3f800001u, 0x40490fdbu, 0xc0490fdbu, 0x3fc90fdbu, 0x46400000u,   /* 1, pi    */
        0x7f7fffffu, 0xff7fffffu, 0x7f800000u, 0xff800000u, 0x5f800000u, 0x1f800000u, 0x7f000000u, 0x4b000000u,   /* the end  */
        0x7fc00000u, 0xffc00000u, 0x7fa00001u, 0xff812345u                                                        /* NaN      */
    };
    const uint32_t w = random_word();
    uint32_t bits = 0;
    float value;
    switch (weather) {
    case WIDE: bits = (w & 0x80ffffffu) | (87u + (w >> 24 & 0x7fu) * 80u / 127u) << 23; break;
    case FEW: return (float)(int)(w >> 29) - 3.0f;
    case AWKWARD: if (w & 3u) return ((float)(w >> 8) - 8388608.0f) / 8388608.0f; bits = awkward[(w >> 2) % 28u]; break;
    case TINY_AND_HUGE: bits = awkward[(w & 1u ? 0u : 16u) + (w >> 2) % 8u]; break;
    case ANY_BITS: bits = w; break;
    default: return ((float)(w >> 8) - 8388608.0f) / 8388608.0f;
    }
    memcpy(&value, &bits, 4);
    return value;
}

/* Everything lies in static arrays: x, y, z and data and query are inputs (or in place), o1, o2, o3, index, count outputs. */
#if defined(HASH_SMALL)
enum { MANY = 300, MOST = 16800, ARENA = 163840 };
#else
enum { MANY = 70001, MOST = 262157, ARENA = 12 << 20 };
#endif
enum { POINTS = 300, ROWS = 160, QUERIES = 70, WIDEST = 100, SHELLS = 37, INDICES = 4096, FEWEST = 16800 };
static float    x[MANY], y[MANY], z[MANY], o1[MOST], o2[MANY], o3[MANY], data[MOST], query[QUERIES * WIDEST];
static uint16_t half[MANY];
#if defined(HASH_SMALL)
static uint32_t index32[INDICES];
#else
static uint32_t index32[MOST];
#endif
static size_t   count[QUERIES];
static unsigned char arena[ARENA + 1];
static unsigned fill_byte = 0xa5;
static sphere_exec exec_used;
static sphere_simd level_used;
static const sphere_exec *const exec = &exec_used;

static void forget(void *p, size_t bytes)
{
    memset(p, (int)fill_byte, bytes);
#if HASH_MSAN
    __msan_poison(p, bytes);
#endif
}
/* The arrays that a line writes to hold the fill before it. */
static void forget_outputs(void)
{
    const size_t many = POINTS * sizeof(float);
    forget(o1, FEWEST * sizeof(float)); forget(o2, many); forget(o3, many); forget(index32, INDICES * sizeof(uint32_t)); forget(count, sizeof(count));
}
/* Working memory of exactly so many bytes, at an odd address and with the fill in it. */
static void *memory(size_t bytes)
{
    if (bytes == 0 || bytes > ARENA) { broken = 1; return NULL; }
    forget(arena, bytes + 1);
    return arena + 1;
}
static void points(int weather, size_t n)
{
    size_t j;
    for (j = 0; j < n; j++) { x[j] = random_float(weather); y[j] = random_float(weather); z[j] = random_float(weather); }
}
/* Points that are far from the origin and lie next to the unit sphere, for functions that want directions. */
static void directions(size_t n)
{
    points(ORDINARY, n);
    x[0] += 2.0f;
    sphere_unit(x, y, z, n, exec);
}
/* A matrix of n rows; some rows are repeated, so that scores tie, and one is zero. */
static sphere_rows rows_of(int weather, size_t n, size_t dim, size_t stride)
{
    sphere_rows r;
    const size_t step = stride ? stride : dim;
    size_t j;
    if (n * step > MOST) { broken = 1; n = 0; }
    for (j = 0; j < n * step; j++) data[j] = random_float(weather);
    for (j = 13; j < n; j += 13) memcpy(data + j * step, data + (j / 2) * step, dim * sizeof(float));
    if (n > 5) memset(data + 5 * step, 0, dim * sizeof(float));
    r.data = data; r.n = n; r.dim = dim; r.stride = stride;
    return r;
}
/* Queries hold no NaN: that is an error, tested elsewhere. */
static sphere_rows queries_of(int weather, size_t n, size_t dim)
{
    sphere_rows r;
    size_t j;
    for (j = 0; j < n * dim; j++) query[j] = random_float(weather == AWKWARD || weather == ANY_BITS ? ORDINARY : weather);
    for (j = 0; j < n * dim; j++) if (!(query[j] == query[j])) query[j] = 0;
    r.data = query; r.n = n; r.dim = dim; r.stride = 0;
    return r;
}
static sphere_search_desc search_desc(sphere_metric metric)
{
    sphere_search_desc desc;
    memset(&desc, 0, sizeof(desc));
    desc.metric = metric;
    desc.exec = *exec;
    return desc;
}
/* Rows of bit patterns: any ones in half of the weathers, infinities and NaN with them, else moderate ones. */
static uint16_t packed16[ROWS * WIDEST];
static int8_t   packed8[ROWS * WIDEST];
static sphere_packed packed_of(size_t type, int weather, size_t n, size_t dim)
{
    sphere_packed rows;
    size_t i;
    for (i = 0; i < n * dim; i++) {
        const uint32_t w = random_word();
        packed16[i] = (uint16_t)(weather & 1 ? w : (w & 0xbfffu) - (w >> 2 & 0x1000u));
        packed8[i] = (int8_t)((int)(w >> 16 & 255u) - 128);
    }
    for (i = 0; i < n; i++) z[i] = random_float(weather);
    rows.data = type == (size_t)SPHERE_INT8 ? (const void *)packed8 : (const void *)packed16;
    rows.n = n;
    rows.dim = dim;
    rows.stride = 0;
    rows.type = (sphere_type)type;
    rows.scale = z;
    return rows;
}
static void take_report(const sphere_search_report *report) { take64(report->scores); take64(report->nan_scores); }
/* Any numbers; and numbers of which none is a NaN or infinite: those become subnormals and zeros of the same sign. By bits, because
   a NaN that signals must not pass through arithmetic here. */
static void numbers(int weather, float *p, size_t n) { for (; n; n--) *p++ = random_float(weather); }
static void make_finite(float *p, size_t n)
{
    for (; n; n--, p++) {
        uint32_t u;
        memcpy(&u, p, 4);
        if ((u >> 23 & 255u) == 255u) { u &= 0x807fffffu; memcpy(p, &u, 4); }
    }
}
/* Directions in any weather: what has none is the north pole. Signed zeros and subnormals remain among the coordinates. */
static void any_directions(int weather, size_t n)
{
    size_t j;
    points(weather, n);
    make_finite(x, n); make_finite(y, n); make_finite(z, n);
    sphere_unit(x, y, z, n, exec);
    for (j = 0; j < n; j++) if (!(x[j] * x[j] + y[j] * y[j] + z[j] * z[j] > 0.5f)) { x[j] = y[j] = 0; z[j] = 1; }
}
static sphere_rows part_of(sphere_rows r, size_t first, size_t n)
{
    r.data += first * (r.stride ? r.stride : r.dim);
    r.n = n;
    return r;
}
/* Three sets of n rows, one behind the other in data, n > 7. Some rows of the second are those of the first, their opposites, and next
   to their opposites; in the first row 5 is zero, in the second row 6. one is a row for all of them. */
static sphere_rows set_a, set_b, set_c, one;
static void three_sets(int weather, size_t n, size_t dim, size_t stride)
{
    const sphere_rows all = rows_of(weather, 3 * n, dim, stride);
    size_t j, k;
    for (j = 1; j < 5; j++) for (k = 0; k < dim; k++) {
        uint32_t u;
        memcpy(&u, data + j * all.stride + k, 4);
        if (j > 1) u ^= 0x80000000u;
        if (j > 2 && k == 0) u ^= j == 3 ? 1u : 0x1000u;
        memcpy(data + (n + j) * all.stride + k, &u, 4);
    }
    memset(data + (n + 6) * all.stride, 0, dim * sizeof(float));
    set_a = part_of(all, 0, n); set_b = part_of(all, n, n); set_c = part_of(all, 2 * n, n); one = part_of(all, n + 7, 1);
}
/* Two sets of n rows without NaN, infinity or zero row. */
static void two_finite_sets(int weather, size_t n, size_t dim, size_t stride)
{
    size_t j;
    three_sets(weather, n < 8 ? 8 : n, dim, stride);
    make_finite(data, 3 * set_a.n * set_a.stride);
    for (j = 0; j < 3 * set_a.n; j++) if (!(sphere_norm(data + j * set_a.stride, dim) > 0)) data[j * set_a.stride] = 1;
    set_a.n = set_b.n = n;
}
/* The rows of an output whose stride leaves gaps. */
static void F_rows(const float *p, size_t n, size_t dim, size_t stride) { for (; n; n--, p += stride) F(p, dim); }
/* A function f that makes n rows: apart, with gaps between the rows of the output, in place. */
#define APART(n, f, ...) S(f(__VA_ARGS__, o1, 0, exec)); F(o1, (n) * dims[d]);
#define GAPS(n, f, ...) S(f(__VA_ARGS__, o1, dims[d] + 1, exec)); F_rows(o1, n, dims[d], dims[d] + 1);
#define IN_PLACE(n, f, ...) S(f(__VA_ARGS__, data, set_a.stride, exec)); F(data, (n) * set_a.stride);
static const size_t dims[] = { 1, 3, 7, 16, 33, WIDEST };
enum { DIMS = sizeof(dims) / sizeof(dims[0]) };
/* So large that no size of working memory exists. */
static sphere_rows endless(void)
{
    sphere_rows r;
    r.data = data; r.n = SIZE_MAX; r.dim = SIZE_MAX; r.stride = 0;
    return r;
}
/* For the von Mises-Fisher functions. */
static const size_t vmf_dims[] = { 2, 3, 4, 17, 768, 65536 };
static const double kappas[] = { 0, 5e-324, 1e-310, 1e-9, .125, 1, 9.75, 333, 1e5, 1e12 };
enum { VMF_DIMS = sizeof(vmf_dims) / sizeof(vmf_dims[0]), KAPPAS = sizeof(kappas) / sizeof(kappas[0]) };
static sphere_cone cone_of(int weather, unsigned kind)
{
    sphere_cone c;
    memset(&c, 0, sizeof(c));
    numbers(weather, c.axis, 3);
    if (kind != 3) make_finite(c.axis, 3);
    c.cosine = kind ? random_float(ORDINARY) : 0.25f;
    c.r = kind & 1u ? query : NULL;
    c.r0 = -0.25f; c.r1 = kind == 3 ? sphere_inf_() : 0.75f;
    return c;
}
static sphere_width_law law_of(unsigned kind)
{
    static const sphere_width_law laws[3] = { { 0.785398185f, 1, 5, 0.01f, 1.5f }, { 1e30f, 1e-38f, 0, 0, 3e38f }, { 0, 3e38f, 1e20f, 0, 0.5f } };
    return laws[kind];
}
/* A shape so large that its size overflows size_t on any machine. */
static sphere_rows too_large(void)
{
    sphere_rows r;
    r.data = data; r.n = SIZE_MAX / 16; r.dim = 64; r.stride = 0;
    return r;
}
static double   radii[SHELLS];
static uint64_t quota[SHELLS];
static sphere_fill_desc fill_desc(int kind)
{
    static const double exponents[4] = { 0, 2, SPHERE_FILL_EQUAL, 0.5 };
    sphere_fill_desc desc;
    memset(&desc, 0, sizeof(desc));
    desc.spacing = (sphere_fill_spacing)(kind % 7);
    desc.exponent = exponents[kind % 4];
    desc.nan_last = 1;
    desc.exec = *exec;
    return desc;
}
static sphere_fill_layout_desc layout_desc(unsigned epochs)
{
    sphere_fill_layout_desc desc;
    memset(&desc, 0, sizeof(desc));
    desc.epochs = epochs;
    desc.exec = *exec;
    return desc;
}
static sphere_fill_equalize_desc equalize_desc(unsigned axes)
{
    sphere_fill_equalize_desc desc;
    memset(&desc, 0, sizeof(desc));
    desc.axes = axes;
    desc.exec = *exec;
    return desc;
}
/* Neighbour lists without a search: any indices will do. */
static void neighbours(size_t n, size_t m, size_t k)
{
    size_t j;
    for (j = 0; j < m * k; j++) { index32[j] = random_word() % (uint32_t)n; o1[j] = 1.0f - (float)(random_word() >> 8) * 5.9604644775390625e-08f; }
}

/* Each row of hash*.inc becomes a function; w is the weather, j, d and bytes are at its disposal. */
#define EACH_WEATHER for (w = 0; w < WEATHERS; w++)
#define EACH_DIM for (d = 0; d < DIMS; d++)
#define LINE(name, ...) static void line_##name(void) \
    { int w = 0; size_t j = 0, d = 0, bytes = 0; (void)w; (void)j; (void)d; (void)bytes; __VA_ARGS__ }
#define LARGE(name, ...) LINE(large_##name, __VA_ARGS__)
/* A private scalar function of the core, v in, over every weather. */
#define CORE(name, call) LINE(core_##name, EACH_WEATHER for (j = 0; j < 1500; j++) { const float v = random_float(w); o1[0] = call; F(o1, 1); })
#include "hash.inc"
#include "hash_sh_points.inc"
#include "hash_sh_coefficients.inc"
#include "hash_sh_transform.inc"
#include "hash_anneal.inc"
#undef LINE
#undef LARGE
typedef struct line { const char *name, *suffix; void (*run)(void); } line;
#define LINE(name, ...) { #name, "", line_##name },
#define LARGE(name, ...) { #name, ".large", line_large_##name },
static const line lines[] = {
#include "hash.inc"
#include "hash_sh_points.inc"
#include "hash_sh_coefficients.inc"
#include "hash_sh_transform.inc"
#include "hash_anneal.inc"
    { NULL, NULL, NULL }
};

#if defined(HASH_THREADS)
/* Four threads that take the next task until none is left. */
typedef struct pool { pthread_mutex_t lock; size_t next, tasks; void (*task)(void *context, size_t index); void *context; } pool;
static void *work(void *user)
{
    pool *p = (pool *)user;
    for (;;) {
        size_t mine;
        pthread_mutex_lock(&p->lock);
        mine = p->next++;
        pthread_mutex_unlock(&p->lock);
        if (mine >= p->tasks) return NULL;
        p->task(p->context, mine);
    }
}
static unsigned long shared_runs;
static void run_on_threads(void *user, size_t tasks, void (*task)(void *context, size_t index), void *context)
{
    pool p;
    pthread_t thread[4];
    int j;
    (void)user;
    shared_runs++;
    p.next = 0; p.tasks = tasks; p.task = task; p.context = context;
    pthread_mutex_init(&p.lock, NULL);
    for (j = 0; j < 4; j++) if (pthread_create(&thread[j], NULL, work, &p)) { broken = 1; exit(1); }
    for (j = 0; j < 4; j++) pthread_join(thread[j], NULL);
    pthread_mutex_destroy(&p.lock);
}
#endif

int main(int argc, char **argv)
{
    const line *l;
    int faults = 0;
    memset(&exec_used, 0, sizeof(exec_used));
    if (argc > 1 && !strcmp(argv[1], "portable")) exec_used.simd = SPHERE_SIMD_PORTABLE;
    if (argc > 1 && !strcmp(argv[1], "avx2")) exec_used.simd = SPHERE_SIMD_AVX2;
    level_used = exec_used.simd;
    if (argc > 2) fill_byte = (unsigned)atoi(argv[2]) & 255u;
#if defined(HASH_THREADS)
    exec_used.parallel.run = run_on_threads;
#endif
    {
        static const char *const names[] = { "best", "portable", "avx2", "neon", "avx512" };
        printf("# level %s\n", names[exec_used.simd == SPHERE_SIMD_BEST ? sphere_simd_best() : exec_used.simd]);
    }
    for (l = lines; l->name; l++) {
        const char *c;
        /* Every line has random numbers of its own: a new line changes no other. */
        sum = 0xcbf29ce484222325u;
        for (c = l->name; *c; c++) take_byte((unsigned char)*c);
        random_state = sum;
        broken = 0;
        forget_outputs();
        l->run();
        faults += broken;
        printf("%s%s %08lx%08lx%s\n", l->name, l->suffix, (unsigned long)(sum >> 32), (unsigned long)(sum & 0xffffffffu), broken ? " broken" : "");
        fflush(stdout);
    }
#if defined(HASH_THREADS)
    printf("# parallel runs %lu\n", shared_runs);
#endif
    return faults != 0;
}
