/* The transform of sphere_sh.h gives the same bits at every SIMD level and for 1, 2, 3 and 8 threads. Prints "N passed, M failed".
   Options: --quick leaves out the larger degrees (for emulators). Build: cc -O2 tests/levels_sh_transform.c -lpthread */
#define _POSIX_C_SOURCE 200809L
#define SPHERE_SH_IMPLEMENTATION
#include "../sphere_sh.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static int passed, failed;
static void check(int good, const char *what, size_t degree, int grid, int layout, size_t orders, size_t longitudes)
{
    if (good) { passed++; return; }
    failed++;
    printf("differs: %s, degree %lu, grid %d, layout %d, orders %lu, longitudes %lu\n", what, (unsigned long)degree, grid, layout, (unsigned long)orders, (unsigned long)longitudes);
}
/* Of what the portable code gives; equal for every compiler and machine. Source of the function: Fowler, Noll, Vo 1991. */
static uint64_t sum = 0xcbf29ce484222325u;
static void take(const void *p, size_t bytes)
{
    const unsigned char *byte = (const unsigned char *)p;
    for (; bytes; bytes--) sum = (sum ^ *byte++) * 0x100000001b3u;
}
/* What a function leaves unwritten is not by chance the same, and no more alignment is given away than must be: that of a number for
   arrays, none for working memory. */
static void *get_at(size_t bytes, size_t offset)
{
    unsigned char *p = (unsigned char *)malloc(bytes + offset);
    if (!p) { printf("out of memory\n"); exit(1); }
    memset(p, 0xa5, bytes + offset);
    return p + offset;
}
static void *get(size_t bytes) { return get_at(bytes, sizeof(double)); }
static void *get_memory(size_t bytes) { return get_at(bytes, 1); }
static void put_back(void *p) { free((unsigned char *)p - sizeof(double)); }
static void put_memory_back(void *p) { free((unsigned char *)p - 1); }
static uint64_t random_state = 7;
static double random_value(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u; z = (z ^ z >> 27) * 0x94d049bb133111ebu; z ^= z >> 31;
    return (double)(z >> 11) / 4503599627370496.0 - 1;
}
typedef struct strand { size_t first, step, tasks; void (*task)(void *context, size_t index); void *context; } strand;
static void *run_strand(void *argument)
{
    const strand *s = (const strand *)argument;
    size_t i;
    for (i = s->first; i < s->tasks; i += s->step) s->task(s->context, s->tasks - 1 - i);
    return NULL;
}
static void run_threads(void *user, size_t tasks, void (*task)(void *context, size_t index), void *context)
{
    const size_t threads = *(const size_t *)user;
    pthread_t thread[8];
    strand s[8];
    size_t i;
    for (i = 0; i < threads; i++) {
        s[i].first = i; s[i].step = threads; s[i].tasks = tasks; s[i].task = task; s[i].context = context;
        if (pthread_create(&thread[i], NULL, run_strand, &s[i])) { printf("no thread\n"); exit(1); }
    }
    for (i = 0; i < threads; i++) pthread_join(thread[i], NULL);
}

/* Ways 0: portable, 1: best, 2: AVX2 where the best is wider, 3..6: best with 1, 2, 3, 8 threads. */
enum { WAYS = 7 };
static size_t thread_count[WAYS] = { 0, 0, 0, 1, 2, 3, 8 };
static sphere_exec way(int k)
{
    sphere_exec e;
    memset(&e, 0, sizeof(e));
    if (k == 0) e.simd = SPHERE_SIMD_PORTABLE;
    if (k == 2 && sphere_simd_best_() == SPHERE_SIMD_AVX512) e.simd = SPHERE_SIMD_AVX2;
    if (k >= 3) { e.parallel.run = run_threads; e.parallel.user = &thread_count[k]; }
    return e;
}
static sphere_sh_ring some_rings[64];
static size_t rings = 40;

#define DEFINE_CASE(name, sh, real) \
static void name(size_t degree, int grid, int layout, size_t orders, size_t longitudes, int ways, int spoil) \
{ \
    sphere_sh_plan_desc desc; \
    sphere_##sh##_plan plan; \
    size_t bytes, more, k, w; \
    void *memory, *work; \
    real *in, *field[2], *back[2], *gt[2], *gp[2], *density[2]; \
    sphere_sh_peak peak[2]; \
    memset(peak, 0, sizeof(peak)); \
    memset(&desc, 0, sizeof(desc)); \
    desc.grid = (sphere_sh_grid)grid; desc.layout = (sphere_sh_layout)layout; desc.orders = orders; desc.longitudes = longitudes; \
    if (grid == SPHERE_SH_RINGS) { desc.rings = some_rings; desc.latitudes = rings; } \
    bytes = sphere_##sh##_plan_size(degree, &desc); memory = get_memory(bytes); \
    if (sphere_##sh##_plan_init(&plan, degree, &desc, memory, bytes)) { check(0, #sh " init", degree, grid, layout, orders, longitudes); return; } \
    more = sphere_##sh##_interference_size(&plan); work = get_memory(more); \
    in = (real *)get(2 * plan.coefficients * sizeof(real)); \
    for (k = 0; k < 2; k++) { \
        field[k] = (real *)get(2 * plan.values * sizeof(real)); back[k] = (real *)get(2 * plan.coefficients * sizeof(real)); \
        gt[k] = (real *)get(plan.values * sizeof(real)); gp[k] = (real *)get(plan.values * sizeof(real)); density[k] = (real *)get(plan.values * sizeof(real)); \
    } \
    for (k = 0; k < 2 * plan.coefficients; k++) in[k] = (real)random_value(); \
    if (spoil) { in[plan.coefficients / 2] = (real)(1e308 * 10); in[0] = in[plan.coefficients / 2] - in[plan.coefficients / 2]; } \
    for (w = 0; (int)w < ways; w++) { \
        const sphere_exec exec = way((int)w); \
        const size_t o = w ? 1 : 0; \
        int bad = 0; \
        memset(work, 0x41 + (int)w, more);           /* 12.1, 49, ...: seen where it is added to */ \
        bad |= sphere_##sh##_synthesis(&plan, in, 0, field[o], 0, 2, work, more, &exec); \
        bad |= sphere_##sh##_analysis(&plan, field[o], 0, back[o], 0, 2, work, more, &exec); \
        bad |= sphere_##sh##_gradient_synthesis(&plan, in, 0, gt[o], gp[o], 0, 1, work, more, &exec); \
        bad |= sphere_##sh##_interference(&plan, field[o] + plan.values, density[o], &peak[o], work, more, &exec); \
        check(!bad, #sh " status", degree, grid, layout, orders, longitudes); \
        if (w == 0) { \
            take(field[0], 2 * plan.values * sizeof(real)); take(back[0], 2 * plan.coefficients * sizeof(real)); \
            take(gt[0], plan.values * sizeof(real)); take(gp[0], plan.values * sizeof(real)); take(density[0], plan.values * sizeof(real)); \
            continue; \
        } \
        check(!memcmp(field[0], field[1], 2 * plan.values * sizeof(real)), #sh " synthesis", degree, grid, layout, orders, longitudes); \
        check(!memcmp(back[0], back[1], 2 * plan.coefficients * sizeof(real)), #sh " analysis", degree, grid, layout, orders, longitudes); \
        check(!memcmp(gt[0], gt[1], plan.values * sizeof(real)) && !memcmp(gp[0], gp[1], plan.values * sizeof(real)), #sh " gradient", degree, grid, layout, orders, longitudes); \
        check(!memcmp(density[0], density[1], plan.values * sizeof(real)) && !memcmp(&peak[0], &peak[1], sizeof(peak[0])), #sh " interference", degree, grid, layout, orders, longitudes); \
    } \
    for (k = 0; k < 2; k++) { put_back(field[k]); put_back(back[k]); put_back(gt[k]); put_back(gp[k]); put_back(density[k]); } \
    put_memory_back(memory); put_memory_back(work); put_back(in); \
}
DEFINE_CASE(single, sh, float)
DEFINE_CASE(twice, shd, double)

int main(int argc, char **argv)
{
    static const size_t degrees[] = { 0, 1, 2, 3, 5, 8, 15, 16, 20, 31, 32, 33, 63, 64, 65, 100, 127, 200, 300, 515 };
    static const size_t counts[] = { 1, 2, 3, 4, 5, 7, 13, 30, 41, 60, 64, 77 };
    const int quick = argc > 1 && !strcmp(argv[1], "--quick");
    size_t i;
    int grid, layout;
    printf("best level: %s\n", sphere_simd_best_() == SPHERE_SIMD_AVX512 ? "avx512" : sphere_simd_best_() == SPHERE_SIMD_AVX2 ? "avx2" : sphere_simd_best_() == SPHERE_SIMD_NEON ? "neon" : "portable");
    for (i = 0; i < 40; i++) {
        const double theta = ((double)(i < 20 ? i : 39 - i) + 0.3) * 0.077;
        some_rings[i].theta = i < 20 ? theta : 3.141592653589793 - theta; some_rings[i].phi = i % 3 == 0 ? 0 : 0.1 * (double)(i < 20 ? i : 39 - i);
        some_rings[i].weight = 0.3; some_rings[i].count = 1 + (i < 20 ? i : 39 - i) * 3;
    }
    for (i = 0; i < sizeof(degrees) / sizeof(degrees[0]); i++) {
        if (quick && degrees[i] > 130) continue;
        single(degrees[i], SPHERE_SH_GAUSS, SPHERE_SH_ROWS, 0, 0, WAYS, 0); twice(degrees[i], SPHERE_SH_GAUSS, SPHERE_SH_ROWS, 0, 0, WAYS, 0);
    }
    for (grid = 0; grid <= SPHERE_SH_RINGS; grid++) for (layout = 0; layout < (grid == SPHERE_SH_RINGS ? 1 : 2); layout++) {
        single(21, grid, layout, 0, 0, WAYS, 0); twice(21, grid, layout, 0, 0, WAYS, 0);
        single(70, grid, layout, 9, 0, WAYS, 0); twice(70, grid, layout, 9, 0, WAYS, 0);
    }
    for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) { single(17, SPHERE_SH_GAUSS, SPHERE_SH_ROWS, 0, counts[i], 3, 0); twice(17, SPHERE_SH_GAUSS, SPHERE_SH_ROWS, 0, counts[i], 3, 0); }
    for (i = 0; i < 40; i++) {                           /* a block of two kinds, far from the equator: high orders count only after many steps */
        const size_t k = i < 20 ? i : 39 - i;
        const double theta = k < 16 ? ((double)k + 5) * 0.02 : ((double)k - 12) * 0.15;
        some_rings[i].theta = i < 20 ? theta : 3.141592653589793 - theta; some_rings[i].phi = 0; some_rings[i].count = 40;
    }
    single(400, SPHERE_SH_RINGS, SPHERE_SH_ROWS, 0, 0, quick ? 3 : WAYS, 0); twice(400, SPHERE_SH_RINGS, SPHERE_SH_ROWS, 0, 0, quick ? 3 : WAYS, 0);
    for (i = 0; i < 64; i++) {                           /* two blocks next to the equator, of which one is out of range longer */
        some_rings[i].theta = (i < 32 ? 1.205 : 1.2145) + (double)(i % 32) / 3300; some_rings[i].phi = 0; some_rings[i].weight = 0.3; some_rings[i].count = 40;
    }
    rings = 64;
    if (!quick) single(1600, SPHERE_SH_RINGS, SPHERE_SH_ROWS, 0, 0, 3, 0);
    single(40, SPHERE_SH_GAUSS, SPHERE_SH_ROWS, 0, 0, WAYS, 1); twice(40, SPHERE_SH_GAUSS, SPHERE_SH_ROWS, 0, 0, WAYS, 1);
    printf("digest sh_transform %08lx%08lx\n", (unsigned long)(sum >> 32), (unsigned long)(sum & 0xffffffffu));
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
