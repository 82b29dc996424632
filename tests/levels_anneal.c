/* The kernels of sphere_anneal.h: the same bits at every SIMD level, against the portable version.

   Each kernel runs at each level for all numbers of oscillators 0..130 and a few larger ones, at every misalignment, with several numbers
   of carriers and components, ordinary and awkward numbers, between guard bytes and flush against a page that may not be touched. What
   the contract of a kernel leaves out (a NaN in positions and prices) is not among the inputs. The program prints a digest of the
   portable results for each kernel, to compare compilers and machines.

   Plain C, because it also runs where no test library exists. The last line is "N passed, M failed". */
#if defined(__unix__)
#define _DEFAULT_SOURCE                      /* MAP_ANONYMOUS under -std=c99 */
#endif
#define SPHERE_ANNEAL_IMPLEMENTATION
#include "../sphere_anneal.h"
#include <stdio.h>
#include <stdlib.h>
#if defined(__unix__)
#include <sys/mman.h>
#endif

/* A pointer at an odd address is normal input for the headers, but by the letter of C it is undefined: sanitizers stop there. */
#if defined(__SANITIZE_ADDRESS__)
#define ODD 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ODD 0
#else
#define ODD 1
#endif
#else
#define ODD 1
#endif

static int passed, failed;
static const char *level_name(sphere_simd level) { return level == SPHERE_SIMD_AVX512 ? "avx512" : level == SPHERE_SIMD_AVX2 ? "avx2" : level == SPHERE_SIMD_NEON ? "neon" : "portable"; }

/* SplitMix64: the inputs are the same on every machine, because only integers make them. Source: Steele, Lea, Flood 2014. */
static uint64_t random_state;
static uint32_t random_word(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)(z >> 32);
}
/* What the numbers are like: in [-1, 1); 80 powers of two; seven values, so that results tie; subnormals, zeros of both signs and
   1e18 among ordinary ones; any bits of a number; any bits, with infinities and (quiet) NaN. */
enum { ORDINARY, WIDE, FEW, AWKWARD, ANY_NUMBER, ANY_BITS, WEATHERS };
static float random_float(int weather)
{
    static const uint32_t awkward[12] = { 0, 0x80000000u, 1, 0x80000001u, 0x007fffffu, 0x00800000u, 0x3f800000u, 0xbf800000u, 0x5d5e0b6bu, 0xdd5e0b6bu, 0x33800000u, 0x4b000000u };
    uint32_t w = random_word();
    const float ordinary = ((float)(w >> 8) - 8388608.0f) / 8388608.0f;
    switch (weather) {
    case WIDE:       return sphere_from_bits_((w & 0x80ffffffu) | (87u + (w >> 24 & 0x7fu) * 80u / 127u) << 23);
    case FEW:        return (float)(int)(w >> 29) - 3.0f;
    case AWKWARD:    return w & 3u ? ordinary : sphere_from_bits_(awkward[(w >> 2) % 12u]);
    case ANY_NUMBER: return sphere_from_bits_((w & 0x7f800000u) == 0x7f800000u ? w & 0x807fffffu : w);
    case ANY_BITS:   if ((w & 0x7fffffffu) > 0x7f800000u) w |= 0x400000u; return sphere_from_bits_(w);
    default:         return ordinary;
    }
}
/* Positions and centres: up to 1e18 in magnitude, as the public functions ensure. */
static float random_position(int weather)
{
    const float v = random_float(weather == ANY_BITS ? ANY_NUMBER : weather);
    return sphere_abs_(v) <= 1e18f ? v : sphere_from_bits_((sphere_bits_(v) & 0x807fffffu) | 0x3f800000u);
}
static float random_weight(int weather) { (void)weather; return (float)((random_word() >> 8) + 1u) * 5.9604644775390625e-08f; }
static float random_price(int weather) { const float v = random_position(weather); return random_word() % 11u ? v : -3e38f; }
static float random_slope(int weather) { return sphere_abs_(random_position(weather)) + 1e-30f; }

/* An operand lives in a region of its own. Behind the region lies a page that must not be touched. */
enum { REGION = 1 << 19, GUARD = 64, PAGE = 1 << 16, OPERANDS = 6 };
static unsigned char *region[OPERANDS];
static unsigned char kept[2][REGION];
static void make_regions(void)
{
    int k;
    for (k = 0; k < OPERANDS; k++) {
#if defined(__unix__)
        void *p = mmap(NULL, REGION + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED || mprotect((char *)p + REGION, PAGE, PROT_NONE)) { puts("no memory\n0 passed, 1 failed"); exit(1); }
#else
        void *p = malloc(REGION);
        if (!p) { puts("no memory\n0 passed, 1 failed"); exit(1); }
#endif
        region[k] = (unsigned char *)p;
    }
}
/* Where an operand of so many bytes begins. Placement 0..7: so many floats behind a multiple of 32 bytes, different for each
   operand; 8: the last byte is the last of the region; 9: an odd address. */
enum { FLUSH = 8, ODD_ADDRESS = 9, PLACEMENTS = 10 };
static float *place(int operand, size_t floats, int placement)
{
    unsigned char *p;
    if (floats * 4 > REGION - 2 * GUARD) { puts("an operand is too large\n0 passed, 1 failed"); exit(1); }
    if (placement == FLUSH) p = region[operand] + REGION - floats * 4;
    else if (placement == ODD_ADDRESS) p = region[operand] + GUARD + (ODD ? 1 + 2 * (operand % 7) : 0);
    else p = region[operand] + GUARD + 4 * ((placement + 3 * operand) % 8);
    return (float *)(void *)p;
}
static void fill(float *p, size_t n, int weather, float (*value)(int weather))
{
    size_t i;
    for (i = 0; i < n; i++) { const float v = value(weather); memcpy((char *)p + 4 * i, &v, 4); }
}

/* A kernel under test: up to two outputs of so many floats. The row makes its inputs from random_state and calls the kernel. */
typedef struct shape { size_t m, k, dim, ld; int weather, placement, variant; } shape;
typedef struct kernel_row {
    const char *name;
    int         variants, outputs;
    size_t    (*floats)(const shape *s, int output);
    void      (*run)(const sphere_anneal_kernels_ *kernels, const shape *s, float **out);
    int         begins;                      /* the first output is read, too: it begins with random numbers */
} kernel_row;
static float *input(int operand, const shape *s, size_t n, float (*value)(int weather))
{
    float *p = place(operand, n, s->placement);
    fill(p, n, s->weather, value);
    return p;
}
/* A plane of ld floats, the last one no longer than it must be. */
static size_t planes(const shape *s, size_t count) { return count ? (count - 1) * s->ld + s->m : 0; }
static size_t pairs(const shape *s, int output) { (void)output; return planes(s, s->k); }
static size_t exps_floats(const shape *s, int output) { return output == 0 ? planes(s, s->k) : s->m; }
static size_t tile(const shape *s, int output) { (void)output; return planes(s, s->dim); }
static size_t sums(const shape *s, int output) { (void)output; return s->k * (s->variant ? s->dim : 1); }
static size_t line(const shape *s, int output) { (void)output; return s->m; }
static size_t fours(const shape *s, int output) { (void)output; return 4 * s->m; }

static void run_logits(const sphere_anneal_kernels_ *kernels, const shape *s, float **out)
{
    const float *x = input(2, s, planes(s, s->dim), random_position), *c = input(3, s, s->k * (s->dim + 1), random_position);
    const float *price = input(4, s, s->k, random_price), *slope = input(5, s, s->k, random_slope);
    kernels->logits(out[0], s->ld, x, s->ld, s->m, c, s->dim + 1, s->k, s->dim, s->variant & 1 ? NULL : price, slope, s->variant & 2);
}
static void run_exps(const sphere_anneal_kernels_ *kernels, const shape *s, float **out)
{
    float *other = place(2, s->m, s->placement);
    kernels->exps(out[0], s->ld, s->m, s->k, s->k & 1 ? -100.0f : -56.0f, s->variant ? other : out[1], s->variant ? out[1] : other);      /* top or inverse is looked at */
}
static void run_mix(const sphere_anneal_kernels_ *kernels, const shape *s, float **out)
{
    const float *e = input(2, s, planes(s, s->k), s->variant & 2 ? random_float : random_weight), *scale = input(3, s, s->m, random_float);
    const float *c = input(4, s, s->k * (s->dim + 1), random_float);
    kernels->mix(out[0], s->ld, e, s->ld, s->m, s->variant & 1 ? NULL : scale, c, s->dim + 1, s->k, s->dim);
}
static void run_dots(const sphere_anneal_kernels_ *kernels, const shape *s, float **out)
{
    const float *e = input(2, s, planes(s, s->k), random_float), *scale = input(3, s, s->m, random_float), *y = input(4, s, planes(s, s->dim), random_float);
    kernels->dots(out[0], e, s->ld, s->m, scale, s->k, s->variant ? y : NULL, s->ld, s->variant ? s->dim : 1);
}
static void run_spread(const sphere_anneal_kernels_ *kernels, const shape *s, float **out)
{
    const float *e = input(2, s, planes(s, s->k), random_weight), *d = input(3, s, planes(s, s->k), random_float), *scale = input(4, s, s->m, random_float);
    kernels->spread(out[0], out[1], e, d, s->ld, s->m, scale, s->k);
}
static void run_pull(const sphere_anneal_kernels_ *kernels, const shape *s, float **out)
{
    const float *t = input(2, s, s->m, random_float), *xi = input(3, s, s->m, random_float), keep = random_float(s->weather), noise = random_float(s->weather);
    kernels->pull(out[0], t, s->variant ? NULL : xi, s->m, keep, noise);
}
/* Variants: with noise and without; directions of any length, noise so large that an angle needs the long reduction, targets at x. */
static void run_turn(const sphere_anneal_kernels_ *kernels, const shape *s, float **out)
{
    float *t = input(2, s, planes(s, s->dim), random_position), *xi = input(3, s, planes(s, s->dim), random_float);
    const float fraction = s->variant == 3 ? random_position(s->weather) : random_weight(0), noise = s->variant == 2 ? 1e5f : random_weight(0);
    size_t i;
    if (s->variant == 3) for (i = 0; i < planes(s, s->dim); i += 3) memcpy((char *)t + 4 * i, (char *)out[0] + 4 * i, 4);
    kernels->turn(out[0], s->ld, t, s->variant == 1 ? NULL : xi, s->ld, s->m, s->dim, fraction, noise);
}
static void run_blend(const sphere_anneal_kernels_ *kernels, const shape *s, float **out)
{
    const float *x = input(2, s, s->m, random_float), *y = input(3, s, s->m, random_float), *z = input(4, s, s->m, random_float);
    const float a = random_float(s->weather), b = random_float(s->weather), c = random_float(s->weather);
    kernels->blend(out[0], s->variant == 2 ? out[0] : x, y, s->variant == 1 ? NULL : z, s->m, a, b, c);
}
static void run_merge(const sphere_anneal_kernels_ *kernels, const shape *s, float **out)
{
    const float *part = input(2, s, s->m, random_float), *a = input(3, s, s->m, random_float), *b = input(4, s, s->m, random_float);
    kernels->merge(out[0], part, a, b, s->m);
}
static void run_normals(const sphere_anneal_kernels_ *kernels, const shape *s, float **out)
{
    const uint64_t seed = (uint64_t)random_word() << 32 | random_word(), stream = (uint64_t)random_word() << 32 | random_word();
    uint64_t first = (uint64_t)random_word() << 32 | random_word();
    if (s->variant) first |= 0xffffffc0u;                                /* a carry on the way */
    kernels->normals(out[0], first, s->m, seed, stream);
}
static const kernel_row rows[] = {
    { "logits",  4, 1, pairs,       run_logits,  1 },
    { "exps",    2, 2, exps_floats, run_exps,    1 },
    { "mix",     4, 1, tile,        run_mix,     0 },
    { "dots",    2, 1, sums,        run_dots,    0 },
    { "spread",  1, 2, line,        run_spread,  0 },
    { "pull",    2, 1, line,        run_pull,    1 },
    { "turn",    4, 1, tile,        run_turn,    1 },
    { "blend",   3, 1, line,        run_blend,   1 },
    { "merge",   1, 1, line,        run_merge,   1 },
    { "normals", 2, 1, fours,       run_normals, 0 },
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void run_case(const kernel_row *row, const shape *s, uint64_t seed, sphere_simd level, size_t floats[2], float *out[2])
{
    int o;
    random_state = seed;
    for (o = 0; o < row->outputs; o++) {
        floats[o] = row->floats(s, o);
        out[o] = place(o, floats[o], s->placement);
        memset((unsigned char *)out[o] - GUARD, 0xa5, floats[o] * 4 + (s->placement == FLUSH ? GUARD : 2 * GUARD));
        if (o == 0 && row->begins) fill(out[0], floats[0], s->weather, row->run == run_logits ? random_position : random_float);
    }
    row->run(sphere_anneal_kernels_for_(level), s, out);
}
static const char *compare(const kernel_row *row, const shape *s, uint64_t seed, sphere_simd level, uint64_t *sum)
{
    size_t floats[2], bytes, j;
    float *out[2];
    int o, k;
    run_case(row, s, seed, SPHERE_SIMD_PORTABLE, floats, out);
    for (o = 0; o < row->outputs; o++) {
        bytes = floats[o] * 4 + (s->placement == FLUSH ? GUARD : 2 * GUARD);
        memcpy(kept[o], (unsigned char *)out[o] - GUARD, bytes);
        for (j = 0; j < bytes; j++) if ((j < GUARD || j >= GUARD + floats[o] * 4) && kept[o][j] != 0xa5) return "the portable version writes outside its output";
        for (j = 0; j < floats[o]; j++) {
            uint32_t u;
            memcpy(&u, (unsigned char *)out[o] + 4 * j, 4);
            /* What lies between two planes belongs to nobody; inputs that stand there may be any NaN. */
            if ((u & 0x7fffffffu) > 0x7f800000u && u != 0x7fc00000u && u != 0xa5a5a5a5u && !(row->begins && s->weather == ANY_BITS)) return "a NaN that is not 0x7fc00000";
            for (k = 0; k < 32; k += 8) *sum = (*sum ^ (u >> k & 255u)) * 0x100000001b3u;
        }
    }
    if (level == SPHERE_SIMD_PORTABLE) return NULL;
    run_case(row, s, seed, level, floats, out);
    for (o = 0; o < row->outputs; o++)
        if (memcmp(kept[o], (unsigned char *)out[o] - GUARD, floats[o] * 4 + (s->placement == FLUSH ? GUARD : 2 * GUARD))) return "other bits than the portable version";
    return NULL;
}
static void check(const kernel_row *row, sphere_simd level)
{
    static const size_t more[4] = { 255, 256, 257, 1000 }, ks[6] = { 1, 2, 3, 7, 16, 19 }, dims[5] = { 1, 2, 3, 8, 5 };
    uint64_t sum = 0xcbf29ce484222325u;
    const char *wrong = NULL;
    shape s, at;
    size_t step;
    int turn;
    memset(&at, 0, sizeof(at));
    for (step = 0; step < 135; step++) for (turn = 0; turn < PLACEMENTS * WEATHERS / 4; turn++) {
        const char *now;
        s.m = step < 131 ? step : more[step - 131];
        s.placement = turn % PLACEMENTS;
        s.weather = (turn + (int)step) % WEATHERS;
        s.variant = (turn / 2 + (int)step) % row->variants;
        s.k = ks[((size_t)turn * 5 + step) % 6];
        s.dim = dims[((size_t)turn * 3 + step) % 5];
        s.ld = s.m + (size_t)turn % 3 * 5;
        now = compare(row, &s, (uint64_t)step * 1000003u + (uint64_t)turn, level, &sum);
        if (now && !wrong) { wrong = now; at = s; }
    }
    if (wrong) {
        failed++;
        printf("not ok - %s %s: %s (m %u, k %u, dim %u, weather %d, placement %d, variant %d)\n", row->name, level_name(level), wrong, (unsigned)at.m, (unsigned)at.k,
               (unsigned)at.dim, at.weather, at.placement, at.variant);
    } else passed++;
    if (level == SPHERE_SIMD_PORTABLE) printf("digest anneal_%s %08lx%08lx\n", row->name, (unsigned long)(sum >> 32), (unsigned long)(sum & 0xffffffffu));
}
int main(void)
{
    const sphere_simd best = sphere_simd_best_();
    int r;
    make_regions();
    printf("best level: %s\n", level_name(best));
    if (sizeof(sphere_anneal_kernels_) / sizeof(void (*)(void)) == ROWS) passed++; else { failed++; puts("not ok - a row for each kernel"); }
    for (r = 0; r < ROWS; r++) {
        check(rows + r, SPHERE_SIMD_PORTABLE);
        if (best != SPHERE_SIMD_PORTABLE) check(rows + r, best);
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
