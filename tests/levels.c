/* The same bits at every SIMD level: every kernel (tests/kernels.inc) and every public function, against the portable version.

   Each kernel runs at each level for all sizes 0..130 and a few larger ones, at every misalignment, with ordinary and with
   awkward numbers, between guard bytes and flush against a page that may not be touched. The program also prints one digest of
   the portable results for each kernel: tests/run.sh compares the digests of different compilers and machines, so that
   "portable" means the same everywhere too.

   Plain C, because it also runs where no test library exists. The last line is "N passed, M failed". */
#if defined(__unix__)
#define _DEFAULT_SOURCE                      /* MAP_ANONYMOUS under -std=c99 */
#endif
#define SPHERE_IMPLEMENTATION
#include "../sphere.h"
#define SPHERE_FILL_IMPLEMENTATION
#include "../sphere_fill.h"
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
static void check(int good, const char *what, const char *detail)
{
    if (good) passed++;
    else {
        failed++;
        printf("not ok - %s%s%s\n", what, detail[0] ? ": " : "", detail);
    }
}
static const char *level_name(sphere_simd level)
{
    return level == SPHERE_SIMD_AVX512 ? "avx512" : level == SPHERE_SIMD_AVX2 ? "avx2" : level == SPHERE_SIMD_NEON ? "neon" : "portable";
}

/* SplitMix64: the inputs are the same on every machine, because only integers make them. Source: Steele, Lea, Flood 2014. */
static uint64_t random_state;
static uint32_t random_word(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)(z >> 32);
}

/* What the numbers are like. */
enum { ORDINARY, WIDE, FEW, AWKWARD, TINY_AND_HUGE, ANY_BITS, WEATHERS };
static float random_float(int weather)
{
    static const uint32_t awkward[] = {
        0x00000000u, 0x80000000u, 0x00000001u, 0x80000001u, 0x007fffffu, 0x807fffffu, 0x00800000u, 0x80800000u,   /* around 0 */
        0x3f800000u, 0xbf800000u, 0x3f7fffffu, 0x3f800001u, 0x40490fdbu, 0xc0490fdbu, 0x3fc90fdbu, 0x46400000u,   /* 1, pi    */
        0x7f7fffffu, 0xff7fffffu, 0x7f800000u, 0xff800000u, 0x5f800000u, 0x1f800000u, 0x7f000000u, 0x4b000000u,   /* the end  */
        0x7fc00000u, 0xffc00000u, 0x7fa00001u, 0xff812345u                                                        /* NaN      */
    };
    uint32_t w = random_word();
    float ordinary = ((float)(w >> 8) - 8388608.0f) / 8388608.0f;                               /* [-1, 1), exact    */
    switch (weather) {
    case WIDE:          return sphere_from_bits_((w & 0x80ffffffu) | (87u + (w >> 24 & 0x7fu) * 80u / 127u) << 23);   /* 2^-40..2^40 */
    case FEW:           return (float)(int)(w >> 29) - 3.0f;                                    /* ties              */
    case AWKWARD:       return w & 3u ? ordinary : sphere_from_bits_(awkward[(w >> 2) % (sizeof(awkward) / sizeof(awkward[0]))]);
    case TINY_AND_HUGE: return sphere_from_bits_(awkward[(w & 1u ? 0u : 16u) + (w >> 2) % 8u]);
    case ANY_BITS:      return sphere_from_bits_(w);
    default:            return ordinary;
    }
}

/* An operand lives in a region of its own. Behind the region lies a page that must not be touched. */
enum { REGION = 1 << 18, GUARD = 64, PAGE = 1 << 16, OPERANDS = 12 };
static unsigned char *region[OPERANDS];
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
static unsigned char *place(int operand, size_t bytes, int placement)
{
    if (placement == FLUSH) return region[operand] + REGION - bytes;
    if (placement == ODD_ADDRESS) return region[operand] + GUARD + (ODD ? 1 + 2 * (operand % 7) : 0);
    return region[operand] + GUARD + 4 * ((placement + 3 * operand) % 8);
}

/* How many elements an operand has, and how wide one is: see the letters in kernels.inc. */
typedef struct shape { size_t n, dim, stride; } shape;
static size_t operand_count(char letter, const shape *s)
{
    switch (letter) {
    case 'n': case 'N': case 's': case 'h': case 'u': case 'v': case 'w': case 'j': case 'b': case 'y': return s->n;
    case 'e': return (s->n + 31) / 32;
    case 'r': case 'R': return s->n ? (s->n - 1) * s->stride + s->dim : 0;      /* nothing behind the last row */
    case 'd': return s->dim;
    case 't': return 16 * s->n;
    case 'i': case 'O': return 8 * s->n;
    case 'p': case 'l': case 'k': case 'C': return 16 * s->dim;
    case 'D': case 'S': return 8 * s->dim;
    case 'f': case 'F': return 16;
    case '3': case 'm': return 3;
    case '2': return 2;
    case '4': return 4;
    case '6': return 6;
    case 'q': return 256;
    case 'T': case 'B': return 1024;
    default: printf("kernels.inc: unknown letter %c\n0 passed, 1 failed\n", letter); exit(1);
    }
}
static size_t operand_width(char letter) { return letter == 'b' || letter == 'y' ? 1 : letter == 'h' || letter == 'u' ? 2 : 4; }
static int operand_is_float(char letter) { return !strchr("huvwjikCmTBbey", letter); }
static int operand_is_read_and_written(char letter) { return strchr("NSCBF", letter) != NULL; }
static void fill_operand(char letter, unsigned char *to, size_t count, int weather)
{
    size_t j;
    for (j = 0; j < count; j++) {
        uint16_t half;
        uint32_t word;
        float value;
        switch (letter) {
        case 'h': half = (uint16_t)random_word(); memcpy(to + 2 * j, &half, 2); break;
        case 'y': to[j] = (unsigned char)random_word(); break;
        case 'T': word = random_word() & 0x80ffffffu; memcpy(to + 4 * j, &word, 4); break;
        case 'j': word = random_word() & 0x3ffffu; memcpy(to + 4 * j, &word, 4); break;
        case 'k': case 'C': case 'B': case 'i': word = random_word() & 63u; memcpy(to + 4 * j, &word, 4); break;
        case 'l': value = random_float(weather == ORDINARY || weather == WIDE ? FEW : weather); memcpy(to + 4 * j, &value, 4); break;
        case 's': value = sphere_abs_(random_float(weather)); memcpy(to + 4 * j, &value, 4); break;
        default: value = random_float(weather); memcpy(to + 4 * j, &value, 4); break;
        }
    }
}

typedef struct kernel_row {
    const char *name, *outputs, *inputs;
    size_t      offset;                      /* of the member in its table */
    size_t    (*run)(const void *table, void *const *o, const void *const *i, size_t n, size_t dim, size_t stride, float x);
    int         header;
} kernel_row;

/* One function for each row, so that the call in kernels.inc is type-checked against the table. */
#define RUN_(table_type, prefix, name, call) \
    static size_t run_##prefix##name(const void *table, void *const *o, const void *const *i, size_t n, size_t dim, size_t stride, float x) \
    { \
        const table_type *k = (const table_type *)table; \
        size_t result = 0; \
        (void)o; (void)i; (void)n; (void)dim; (void)stride; (void)x; \
        call; \
        return result; \
    }
#define KERNEL(name, outputs, inputs, bytes, flops, call) RUN_(sphere_kernels_, , name, call)
#define VARIANT(name, variant, outputs, inputs, call) RUN_(sphere_kernels_, , name##_##variant, call)
#define FILL_KERNEL(name, outputs, inputs, bytes, flops, call) RUN_(sphere_fill_kernels_, fill_, name, call)
#define FILL_VARIANT(name, variant, outputs, inputs, call) RUN_(sphere_fill_kernels_, fill_, name##_##variant, call)
#include "kernels.inc"
#undef KERNEL
#undef VARIANT
#define KERNEL(name, outputs, inputs, bytes, flops, call) { #name, outputs, inputs, offsetof(sphere_kernels_, name), run_##name, 0 },
#define VARIANT(name, variant, outputs, inputs, call) { #name "_" #variant, outputs, inputs, NO_MEMBER, run_##name##_##variant, 0 },
#undef FILL_KERNEL
#undef FILL_VARIANT
#define FILL_KERNEL(name, outputs, inputs, bytes, flops, call) \
    { "fill_" #name, outputs, inputs, offsetof(sphere_fill_kernels_, name), run_fill_##name, 1 },
#define FILL_VARIANT(name, variant, outputs, inputs, call) \
    { "fill_" #name "_" #variant, outputs, inputs, NO_MEMBER, run_fill_##name##_##variant, 1 },
#define NO_MEMBER ((size_t)-1)               /* a variant of a kernel that has its row already */
static const kernel_row kernel_rows[] = {
#include "kernels.inc"
    { NULL, NULL, NULL, 0, NULL, 0 }
};
static const void *table_for(int header, sphere_simd level)
{
    if (header == 1) return sphere_fill_kernels_for_(level);
    (void)header;
    return sphere_kernels_for_(level);
}
/* A row for every member of the tables, and no row twice. */
static void check_rows(void)
{
    static const size_t members[] = {
        sizeof(sphere_kernels_) / sizeof(void (*)(void)),
        sizeof(sphere_fill_kernels_) / sizeof(void (*)(void)),
    };
    size_t header, rows;
    char detail[80];
    const kernel_row *a, *b;
    for (header = 0; header < sizeof(members) / sizeof(members[0]); header++) {
        rows = 0;
        for (a = kernel_rows; a->name; a++) if (a->header == (int)header && a->offset != NO_MEMBER) {
            rows++;
            for (b = kernel_rows; b < a; b++) if (b->header == a->header && b->offset == a->offset) check(0, "two rows for one kernel", a->name);
        }
        sprintf(detail, "header %u: %u rows, %u kernels", (unsigned)header, (unsigned)rows, (unsigned)members[header]);
        check(rows == members[header], "tests/kernels.inc has a row for each kernel", detail);
    }
}

/* FNV-1a over the values, not the bytes, so that the order of bytes in memory does not show. */
static uint64_t digest(uint64_t state, uint32_t word)
{
    int k;
    for (k = 0; k < 4; k++, word >>= 8) state = (state ^ (word & 255u)) * 0x100000001b3u;
    return state;
}

/* Run one kernel once at one level; outputs begin with the same bytes each time. Returns what the kernel returned. */
typedef struct kernel_case { const kernel_row *row; shape s; int weather, placement; uint64_t seed; } kernel_case;
static size_t run_case(const kernel_case *c, sphere_simd level)
{
    void *o[4] = { NULL, NULL, NULL, NULL };
    const void *i[8] = { NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL };
    int k, operand = 0;
    float x;
    random_state = c->seed;
    for (k = 0; c->row->outputs[k]; k++, operand++) {
        const char letter = c->row->outputs[k];
        const size_t count = operand_count(letter, &c->s), bytes = count * operand_width(letter);
        unsigned char *to = place(operand, bytes, c->placement);
        memset(to - GUARD, 0xa5, bytes + (c->placement == FLUSH ? GUARD : 2 * GUARD));
        if (operand_is_read_and_written(letter)) fill_operand(letter, to, count, c->weather);
        o[k] = to;
    }
    for (k = 0; c->row->inputs[k]; k++, operand++) {
        const char letter = c->row->inputs[k];
        const size_t count = operand_count(letter, &c->s);
        unsigned char *to = place(operand, count * operand_width(letter), c->placement);
        fill_operand(letter, to, count, c->weather);
        i[k] = to;
    }
    x = random_float(c->weather);
    return c->row->run(table_for(c->row->header, level), o, i, c->s.n, c->s.dim, c->s.stride, x);
}

/* One case at the portable level and at another one (or the same): the outputs with the guards around them must agree, the guards
   must be as they were, and a NaN must be the one NaN. Returns what is wrong, or NULL. */
static const char *compare_case(const kernel_case *c, sphere_simd level, uint64_t *sum)
{
    static unsigned char kept[4][REGION];
    size_t bytes[4], returned, again, j;
    const char *wrong = NULL;
    int k;
    returned = run_case(c, SPHERE_SIMD_PORTABLE);
    *sum = digest(*sum, (uint32_t)returned);
    for (k = 0; c->row->outputs[k]; k++) {
        const char letter = c->row->outputs[k];
        const size_t count = operand_count(letter, &c->s), width = operand_width(letter);
        const unsigned char *from;
        bytes[k] = count * width;
        from = place(k, bytes[k], c->placement);
        memcpy(kept[k], from - GUARD, bytes[k] + (c->placement == FLUSH ? GUARD : 2 * GUARD));
        for (j = 0; j < (c->placement == FLUSH ? GUARD : 2 * GUARD); j++)
            if (kept[k][j < GUARD ? j : j + bytes[k]] != 0xa5) wrong = "the portable version writes outside its output";
        for (j = 0; j < count; j++) {
            uint32_t word = 0;
            uint16_t half;
            if (width == 1) word = from[j];
            else if (width == 2) { memcpy(&half, from + 2 * j, 2); word = half; }
            else memcpy(&word, from + 4 * j, 4);
            /* What lies behind the returned number of places belongs to nobody. */
            if (!strchr("uw", letter) || j < returned) *sum = digest(*sum, word);
            if (operand_is_float(letter) && (word & 0x7fffffffu) > 0x7f800000u && word != 0x7fc00000u) wrong = "a NaN that is not 0x7fc00000";
        }
    }
    if (level == SPHERE_SIMD_PORTABLE) return wrong;
    again = run_case(c, level);
    if (again != returned) return "another return value";
    for (k = 0; c->row->outputs[k]; k++) {
        const unsigned char *now = place(k, bytes[k], c->placement) - GUARD;
        const size_t counts = strchr("uw", c->row->outputs[k]) ? returned * operand_width(c->row->outputs[k]) : bytes[k];
        if (memcmp(kept[k], now, GUARD + counts)) wrong = "other bits than the portable version, or a guard byte in front overwritten";
        if (c->placement != FLUSH && memcmp(kept[k] + GUARD + bytes[k], now + GUARD + bytes[k], GUARD)) wrong = "a guard byte behind overwritten";
    }
    return wrong;
}

static void check_kernel(const kernel_row *row, sphere_simd level)
{
    static const size_t more[] = { 255, 256, 257, 1000 };
    const int two = strpbrk(row->inputs, "rRdlkp") != NULL;                     /* dim matters       */
    char what[120], detail[200] = "";
    uint64_t sum = 0xcbf29ce484222325u;
    size_t step, cases = 0;
    int turn, variant;
    for (step = 0; step < 131 + sizeof(more) / sizeof(more[0]); step++) for (turn = 0; turn <= two; turn++) {
        const size_t size = step < 131 ? step : more[step - 131];
        /* All weathers at one placement, then all placements in turn with the weathers. */
        for (variant = 0; variant < WEATHERS + PLACEMENTS; variant++) {
            kernel_case c;
            const char *wrong;
            c.row = row;
            c.weather = variant < WEATHERS ? variant : (variant + (int)step) % WEATHERS;
            c.placement = variant < WEATHERS ? (int)(step % PLACEMENTS) : variant - WEATHERS;
            c.s.n = turn ? (step + (size_t)variant) % 10 : size;
            c.s.dim = turn ? size : two ? (step + 5 * (size_t)variant) % 19 : 0;
            if (c.s.dim == 0 && strchr(row->inputs, 'R')) c.s.dim = 1;
            c.s.stride = c.s.dim + (size_t)variant % 3;
            c.seed = (uint64_t)size * 1000003u + (uint64_t)variant * 1009u + (uint64_t)turn;
            wrong = compare_case(&c, level, &sum);
            cases++;
            if (wrong && !detail[0])
                sprintf(detail, "n %u, dim %u, stride %u, numbers %d, placement %d: %s", (unsigned)c.s.n, (unsigned)c.s.dim, (unsigned)c.s.stride,
                        c.weather, c.placement, wrong);
        }
    }
    sprintf(what, "kernel %s at %s, %u cases", row->name, level_name(level), (unsigned)cases);
    check(!detail[0], what, detail);
    if (level == SPHERE_SIMD_PORTABLE) printf("digest %s %08lx%08lx\n", row->name, (unsigned long)(sum >> 32), (unsigned long)(sum & 0xffffffffu));
}

/* Public functions, end to end ------------------------------------------------------------------------------------- */

/* What one run of a public function gave: statuses and outputs, word by word. */
enum { LOG = 1 << 20 };
static uint32_t log_words[2][LOG];
static uint32_t *log_to;
static size_t log_count;
static void keep(const void *words, size_t count)
{
    if (log_count + count > LOG) { puts("levels.c: the log is too small\n0 passed, 1 failed"); exit(1); }
    memcpy(log_to + log_count, words, 4 * count);
    log_count += count;
}
static void keep_status(sphere_status status) { const int32_t word = (int32_t)status; keep(&word, 1); }
static void keep_size(size_t size) { const uint32_t word = (uint32_t)size; keep(&word, 1); }

/* Tasks in the opposite order; the size of the split must not depend on who runs it. */
static void run_backwards(void *user, size_t tasks, void (*task)(void *context, size_t index), void *context)
{
    (void)user;
    while (tasks--) task(context, tasks);
}

enum { POINTS = 777, ROWS = 301, DIM = 100, QUERIES = 70, BEST_K = 10 };
static float px[POINTS], py[POINTS], pz[POINTS], out_a[ROWS * DIM + POINTS], out_b[ROWS * DIM], out_c[ROWS * DIM];
static float data_rows[ROWS * (DIM + 3)], data_queries[QUERIES * DIM];
static uint16_t halves[POINTS];
static uint32_t index_out[ROWS * BEST_K + QUERIES * 20];
static size_t counts[QUERIES];

static void fill_points(int weather, int unit)
{
    size_t j;
    for (j = 0; j < POINTS; j++) { px[j] = random_float(weather); py[j] = random_float(weather); pz[j] = random_float(weather); halves[j] = (uint16_t)random_word(); }
    if (unit) sphere_unit(px, py, pz, POINTS, NULL);
}
/* Rows with repetitions, so that scores tie, and a zero row. */
static void fill_rows(int weather, size_t dim, size_t stride)
{
    size_t j;
    for (j = 0; j < ROWS * stride; j++) data_rows[j] = random_float(weather);
    for (j = 0; j < QUERIES * dim; j++) data_queries[j] = random_float(weather == FEW ? FEW : ORDINARY);
    for (j = 0; j < ROWS; j += 13) if (j) memcpy(data_rows + j * stride, data_rows + (j / 2) * stride, dim * sizeof(float));
    memset(data_rows + 5 * stride, 0, dim * sizeof(float));
}
/* Working memory of exactly the size asked for, at an odd address. */
static void *memory_base;
static void *memory_of(size_t bytes)
{
    memory_base = malloc(bytes + 1);
    if (!memory_base) { puts("no memory\n0 passed, 1 failed"); exit(1); }
    return (char *)memory_base + 1;
}

static void public_coordinates(const sphere_exec *exec)
{
    int weather;
    for (weather = 0; weather < WEATHERS; weather++) {
        fill_points(weather, 0);
        keep_status(sphere_to_spherical(px, py, pz, out_a, out_b, out_c, POINTS, exec));
        keep(out_a, POINTS); keep(out_b, POINTS); keep(out_c, POINTS);
        keep_status(sphere_to_cartesian(out_a, out_b, out_c, out_a, out_b, out_c, POINTS, exec));            /* in place      */
        keep(out_a, POINTS); keep(out_b, POINTS); keep(out_c, POINTS);
        keep_status(sphere_to_spherical(px, py, pz, NULL, out_b, out_c, POINTS, exec));                      /* without r     */
        keep(out_b, POINTS); keep(out_c, POINTS);
        keep_status(sphere_to_cartesian(NULL, px, py, out_a, out_b, out_c, POINTS, exec));                   /* any angles    */
        keep(out_a, POINTS); keep(out_b, POINTS); keep(out_c, POINTS);
        keep_status(sphere_angles(px, py, pz, out_a, out_b, out_c, out_a, POINTS, exec));
        keep(out_a, POINTS);
        keep_status(sphere_half_to_float(halves, out_a, POINTS, exec));
        keep(out_a, POINTS);
        keep_status(sphere_unit(px, py, pz, POINTS, exec));
        keep(px, POINTS); keep(py, POINTS); keep(pz, POINTS);
        keep_status(sphere_cells(px, py, pz, POINTS, 10, 20, index_out, exec));
        keep(index_out, POINTS);
        keep_status(sphere_to_spherical(px, py, pz, px, py, pz, POINTS, exec));
        keep(px, POINTS); keep(py, POINTS); keep(pz, POINTS);
    }
}
static void public_rows(const sphere_exec *exec)
{
    static const size_t dims[] = { 1, 3, 7, 16, 33, 100 };
    size_t d, j;
    int weather;
    for (d = 0; d < sizeof(dims) / sizeof(dims[0]); d++) for (weather = 0; weather < WEATHERS; weather++) {
        sphere_rows rows;
        rows.data = data_rows; rows.n = ROWS; rows.dim = dims[d]; rows.stride = dims[d] + d % 3;
        fill_rows(weather, rows.dim, rows.stride);
        keep_status(sphere_row_dot(&rows, data_queries, out_a, exec)); keep(out_a, ROWS);
        keep_status(sphere_row_cosine(&rows, data_queries, out_a, exec)); keep(out_a, ROWS);
        keep_status(sphere_row_norm(&rows, out_a, exec)); keep(out_a, ROWS);
        keep_status(sphere_row_variance(&rows, out_a, exec)); keep(out_a, ROWS);
        keep_status(sphere_row_mean(&rows, out_a, exec)); keep(out_a, rows.dim);
        keep_status(sphere_row_normalize(&rows, out_b, 0, exec)); keep(out_b, ROWS * rows.dim);
        for (j = 0; j < 8; j++) {
            out_a[2 * j] = sphere_dot(data_rows + j * rows.stride, data_queries, rows.dim);
            out_a[2 * j + 1] = sphere_norm(data_rows + j * rows.stride, rows.dim);
        }
        keep(out_a, 16);
    }
}
static void public_search(const sphere_exec *exec)
{
    static const size_t dims[] = { 3, 16, 100 }, queries_of[] = { 1, 17, QUERIES };
    size_t d, m, metric, bytes;
    int weather;
    for (d = 0; d < 3; d++) for (m = 0; m < 3; m++) for (metric = 0; metric < 2; metric++) for (weather = 0; weather < WEATHERS; weather++) {
        sphere_rows rows, queries;
        sphere_search_desc desc;
        sphere_search_report report;
        if ((d + m + metric + (size_t)weather) & 1u) continue;              /* half of the combinations: emulators are slow */
        memset(&desc, 0, sizeof(desc));
        memset(&report, 0, sizeof(report));
        memset(index_out, 0, sizeof(index_out));
        memset(out_a, 0, sizeof(out_a));
        memset(counts, 0, sizeof(counts));
        rows.data = data_rows; rows.n = ROWS; rows.dim = dims[d]; rows.stride = dims[d] + m;
        queries.data = data_queries; queries.n = queries_of[m]; queries.dim = dims[d]; queries.stride = 0;
        fill_rows(weather, rows.dim, rows.stride);
        if (exec) desc.exec = *exec;
        desc.metric = metric ? SPHERE_COSINE : SPHERE_DOT;
        if (metric && weather & 2) { sphere_row_norm(&rows, out_b, exec); desc.norms = out_b; }
        bytes = sphere_search_size(&rows, &queries, BEST_K, &desc);
        keep_status(sphere_search_topk(&rows, &queries, BEST_K, &desc, index_out, out_a, &report, memory_of(bytes), bytes));
        free(memory_base);
        keep(index_out, queries.n * BEST_K); keep(out_a, queries.n * BEST_K); keep_size((size_t)report.nan_scores); keep_size((size_t)report.scores);
        bytes = sphere_search_size(&rows, &queries, 20, &desc);
        keep_status(sphere_search_cone(&rows, &queries, .125f, 20, &desc, index_out, out_a, counts, &report, memory_of(bytes), bytes));
        free(memory_base);
        keep(index_out, queries.n * 20); keep(out_a, queries.n * 20); keep_size((size_t)report.nan_scores);
        for (bytes = 0; bytes < queries.n; bytes++) keep_size(counts[bytes]);
    }
}
static void public_graph_and_quality(const sphere_exec *exec)
{
    static const size_t dims[] = { 3, 20, 100 };
    size_t d, bytes;
    int weather;
    for (d = 0; d < 3; d++) for (weather = ORDINARY; weather <= FEW; weather++) {
        sphere_rows rows;
        sphere_evenness_desc even;
        sphere_evenness evenness;
        sphere_fidelity_desc faith;
        sphere_fidelity fidelity;
        rows.data = data_rows; rows.n = ROWS; rows.dim = dims[d]; rows.stride = dims[d] + d;
        fill_rows(weather, rows.dim, rows.stride);
        fill_points(ORDINARY, 1);
        bytes = sphere_graph_size(&rows, 7);
        keep_status(sphere_graph(&rows, 7, index_out, out_a, exec, memory_of(bytes), bytes));
        free(memory_base);
        keep(index_out, ROWS * 7); keep(out_a, ROWS * 7);
        memset(&even, 0, sizeof(even)); memset(&evenness, 0, sizeof(evenness));
        memset(&faith, 0, sizeof(faith)); memset(&fidelity, 0, sizeof(fidelity));
        even.axes = 40;
        faith.samples = d ? 100 : 0;
        if (exec) { even.exec = *exec; faith.exec = *exec; }
        bytes = sphere_evenness_size(POINTS, &even);
        keep_status(sphere_measure_evenness(px, py, pz, POINTS, &even, &evenness, memory_of(bytes), bytes));
        free(memory_base);
        keep(&evenness.cell_max, 1); keep(&evenness.cell_cv, 1); keep(&evenness.cap_discrepancy, 1);
        bytes = sphere_fidelity_size(&rows, &faith);
        keep_status(sphere_measure_fidelity(&rows, px, py, pz, &faith, &fidelity, memory_of(bytes), bytes));
        free(memory_base);
        keep(&fidelity.recall, 1); keep(&fidelity.trust, 1); keep(fidelity.cone, 4); keep_size(fidelity.samples);
    }
}
static void public_fill(const sphere_exec *exec)
{
    static const float exponents[] = { 0, 2, -1 };
    static double radii[37];
    static uint64_t quota[37];
    size_t j, bytes;
    int weather;
    for (weather = 0; weather < WEATHERS; weather++) {
        sphere_fill_desc desc;
        sphere_fill_report report;
        memset(&desc, 0, sizeof(desc));
        memset(&report, 0, sizeof(report));
        memset(index_out, 0, sizeof(index_out));
        desc.exponent = exponents[weather % 3];
        desc.nan_last = 1;
        desc.spacing = (sphere_fill_spacing)(weather % 7);
        if (exec) desc.exec = *exec;
        fill_rows(weather, 20, 21);
        keep_status(sphere_fill_scores(data_rows, ROWS, 20, 21, weather & 1 ? SPHERE_FILL_NORM_VARIANCE : SPHERE_FILL_NORM, out_a, exec));
        keep(out_a, ROWS);
        for (j = 0; j < POINTS; j++) out_a[j] = random_float(weather);
        keep_status(sphere_fill_radii(POINTS, 37, &desc, radii)); keep(radii, 2 * 37);
        keep_status(sphere_fill_quota(POINTS, 37, radii, &desc, quota)); keep(quota, 2 * 37);
        bytes = weather & 1 ? sphere_fill_size(POINTS, 37, &desc) : sphere_fill_size_min(POINTS, 37, &desc);
        keep_status(sphere_fill(out_a, POINTS, quota, 37, &desc, index_out, &report, memory_of(bytes), bytes));
        free(memory_base);
        keep(index_out, POINTS);
    }
}
static void public_layout(const sphere_exec *exec)
{
    sphere_rows rows;
    sphere_fill_layout_desc layout;
    sphere_fill_equalize_desc equal;
    size_t bytes;
    memset(&layout, 0, sizeof(layout));
    memset(&equal, 0, sizeof(equal));
    layout.epochs = 12;
    equal.axes = 20;
    if (exec) { layout.exec = *exec; equal.exec = *exec; }
    rows.data = data_rows; rows.n = ROWS; rows.dim = 20; rows.stride = 22;
    fill_rows(ORDINARY, 20, 22);
    bytes = sphere_graph_size(&rows, BEST_K);
    keep_status(sphere_graph(&rows, BEST_K, index_out, out_a, exec, memory_of(bytes), bytes));
    free(memory_base);
    bytes = sphere_fill_start_size(ROWS, 20);
    keep_status(sphere_fill_start(data_rows, ROWS, 20, 22, px, py, pz, exec, memory_of(bytes), bytes));
    free(memory_base);
    keep(px, ROWS); keep(py, ROWS); keep(pz, ROWS);
    bytes = sphere_fill_layout_size(ROWS, BEST_K);
    keep_status(sphere_fill_layout(index_out, out_a, ROWS, BEST_K, &layout, px, py, pz, memory_of(bytes), bytes));
    free(memory_base);
    keep(px, ROWS); keep(py, ROWS); keep(pz, ROWS);
    bytes = sphere_fill_equalize_size(ROWS);
    keep_status(sphere_fill_equalize(px, py, pz, ROWS, &equal, memory_of(bytes), bytes));
    free(memory_base);
    keep(px, ROWS); keep(py, ROWS); keep(pz, ROWS);
    keep_status(sphere_fill_place(px, py, pz, ROWS, index_out, 50, BEST_K, out_a, out_b, out_c, exec));
    keep(out_a, 50); keep(out_b, 50); keep(out_c, 50);
}

static void check_public(sphere_simd best)
{
    static const struct { const char *name; void (*run)(const sphere_exec *exec); } parts[] = {
        { "coordinates", public_coordinates }, { "rows", public_rows }, { "search", public_search },
        { "graph_and_quality", public_graph_and_quality },
        { "fill", public_fill }, { "layout", public_layout },
    };
    /* level x order of tasks; the first one is the specification */
    const sphere_simd levels[2] = { SPHERE_SIMD_PORTABLE, best };
    size_t part, count, j;
    for (part = 0; part < sizeof(parts) / sizeof(parts[0]); part++) {
        uint64_t sum = 0xcbf29ce484222325u;
        int way;
        count = 0;
        for (way = 0; way < 4; way++) {
            sphere_exec exec;
            char what[100], detail[100] = "";
            memset(&exec, 0, sizeof(exec));
            exec.simd = levels[way / 2];
            if (way & 1) exec.parallel.run = run_backwards;
            random_state = part;
            log_to = log_words[way != 0];
            log_count = 0;
            parts[part].run(&exec);
            sprintf(what, "public %s at %s%s", parts[part].name, level_name(levels[way / 2]), way & 1 ? ", tasks backwards" : "");
            if (way == 0) {
                count = log_count;
                for (j = 0; j < count; j++) sum = digest(sum, log_words[0][j]);
                printf("digest public_%s %08lx%08lx\n", parts[part].name, (unsigned long)(sum >> 32), (unsigned long)(sum & 0xffffffffu));
            }
            if (log_count != count) sprintf(detail, "%u words, portable gave %u", (unsigned)log_count, (unsigned)count);
            for (j = 0; j < count && !detail[0]; j++) if (log_words[0][j] != log_words[way != 0][j])
                sprintf(detail, "word %u of %u is %08lx, portable gave %08lx", (unsigned)j, (unsigned)count, (unsigned long)log_words[1][j], (unsigned long)log_words[0][j]);
            check(!detail[0], what, detail);
        }
    }
}

int main(void)
{
    const sphere_simd best = sphere_simd_best();
    const kernel_row *row;
    make_regions();
    check_rows();
    printf("best level: %s\n", level_name(best));
    for (row = kernel_rows; row->name; row++) {
        check_kernel(row, SPHERE_SIMD_PORTABLE);
        if (best != SPHERE_SIMD_PORTABLE) check_kernel(row, best);
    }
    check_public(best);
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
