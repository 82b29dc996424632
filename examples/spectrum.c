/* examples/spectrum.c - the angular power spectrum of a world map, and the map again with only its coarse features.

     cc -O2 -pthread -o spectrum examples/spectrum.c && ./spectrum     land and sea: spectrum.svg, spectrum.png, spectrum.csv
     ./spectrum --file relief.npy                      a table of your own: rows from north to south, columns once around
     ./spectrum --file climate.npy --poles             its first and last row are the poles
     ./spectrum --window hann                          the maps without ringing at the coasts
     ./spectrum --help

   A field on the sphere is a sum of harmonics a(l, m) Y_lm; degree l has features of 180/l degrees. The power of a degree is what it adds
   to the mean square of the field: sum over m of a(l, m)^2 / 4 pi. Rows at mid-points, (i + 1/2) pi/n, are the nodes of Fejer's
   first rule, rows that include the poles those of Clenshaw and Curtis: both give every field of degree (n - 1)/2 back exactly, so the round
   trip table -> a -> field -> a has no error but rounding. The maps are synthesised straight into the rows of a Mollweide map: each row of
   pixels is a ring of samples of its own length, which the transform takes as it takes any rings.

   Contents: grep for the tag
     >>numbers    root, logarithm, sums that keep what rounding takes
     >>engine     the transform in float or double
     >>spectrum   analysis, powers, round trip, the slope
     >>maps       spectrum.png
     >>graph      spectrum.svg
     >>report     spectrum.csv, table, main

   No function of libm is called: text and pictures are the same bytes from every compiler, on every machine, for any number of threads.
   Exit codes: 0, 1 when the machine fails (memory, disk), 2 when the file or the command line is wrong. */
#define SPHERE_IMPLEMENTATION
#define SPHERE_STATIC                  /* what is not called is not compiled */
#define SPHERE_SH_IMPLEMENTATION
#define SPHERE_SH_STATIC
#include "common.h"
#include "../sphere_sh.h"
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif

/* >>numbers --------------------------------------------------------------------------------------------------------- */

static const double pi = 3.141592653589793;

/* Square root by Newton's method from a guess with half the exponent: additions and divisions alone, the same everywhere. x >= 0. */
static double root(double x)
{
    uint64_t bits;
    double y;
    int i;
    if (!(x > 1e-300)) return 0;
    memcpy(&bits, &x, 8);
    bits = (bits >> 1) + ((uint64_t)1023 << 51);
    memcpy(&y, &bits, 8);
    for (i = 0; i < 5; i++) y = 0.5 * (y + x / y);               /* the guess is within 6 %: four steps would do */
    return y;
}

/* log10 of a normal number > 0: exponent, and 2 artanh((m - 1)/(m + 1)) for the rest m in .7..1.4. Terms left out are below 1e-18. */
static double log10_of(double x)
{
    uint64_t bits;
    double m, s, sum = 0;
    int e, k;
    memcpy(&bits, &x, 8);
    e = (int)(bits >> 52) - 1023;
    bits = (bits & 0xfffffffffffffu) | (uint64_t)1023 << 52;
    memcpy(&m, &bits, 8);
    if (m > 1.4142135623730951) { m *= 0.5; e++; }
    s = (m - 1) / (m + 1);
    for (k = 23; k >= 1; k -= 2) sum = sum * (s * s) + 1.0 / k;
    return (2 * s * sum + e * 0.6931471805599453) * 0.4342944819032518;
}

static double power_of_ten(int n)
{
    double x = 1;
    for (; n > 0; n--) x *= 10;
    for (; n < 0; n++) x /= 10;
    return x;
}
static double magnitude(double x) { return x < 0 ? -x : x; }
static int to_int(double x) { return (int)(x < 0 ? x - 0.5 : x + 0.5); }
static int floor_int(double x) { int i = (int)x; return (double)i > x ? i - 1 : i; }

/* A sum that carries along what each addition rounded away (Neumaier). */
typedef struct total { double sum, rest; } total;
static void add(total *t, double x)
{
    const double sum = t->sum + x;
    t->rest += magnitude(t->sum) >= magnitude(x) ? (t->sum - sum) + x : (x - sum) + t->sum;
    t->sum = sum;
}

/* >>engine ---------------------------------------------------------------------------------------------------------- */

/* A plan with its memory, in one of the two precisions. Arrays are of that type, as void *, and `get` reads a number of them. */
typedef struct engine {
    int              wide;             /* double                                                                       */
    size_t           degree, values, size;                       /* size: bytes of a number                            */
    sphere_sh_plan   narrow_plan;
    sphere_shd_plan  wide_plan;
    const sphere_sh_ring *ring;
    void            *memory, *scratch;
    size_t           scratch_bytes;
    const sphere_exec *exec;
} engine;

static double get(const void *array, size_t i, int wide)
{
    return wide ? ((const double *)array)[i] : (double)((const float *)array)[i];
}

static void engine_begin(engine *e, int wide, size_t degree, const sphere_sh_plan_desc *desc, const sphere_exec *exec)
{
    const size_t bytes = wide ? sphere_shd_plan_size(degree, desc) : sphere_sh_plan_size(degree, desc);
    if (!bytes) ex_fail(EX_FAULT, "the transform of degree %llu cannot be prepared: its grid is too large.", (unsigned long long)degree);
    memset(e, 0, sizeof *e);
    e->wide = wide;
    e->degree = degree;
    e->size = wide ? sizeof(double) : sizeof(float);
    e->exec = exec;
    e->memory = ex_alloc(bytes, "the transform");
    if (wide) {
        ex_check(sphere_shd_plan_init(&e->wide_plan, degree, desc, e->memory, bytes), "preparing the transform");
        e->values = e->wide_plan.values;
        e->ring = e->wide_plan.ring;
        e->scratch_bytes = sphere_shd_transform_size(&e->wide_plan);
    } else {
        ex_check(sphere_sh_plan_init(&e->narrow_plan, degree, desc, e->memory, bytes), "preparing the transform");
        e->values = e->narrow_plan.values;
        e->ring = e->narrow_plan.ring;
        e->scratch_bytes = sphere_sh_transform_size(&e->narrow_plan);
    }
    e->scratch = ex_alloc(e->scratch_bytes, "the transform");
}
static void engine_end(engine *e)
{
    free(e->memory);
    free(e->scratch);
}
static void engine_analysis(const engine *e, const void *values, void *coefficients)
{
    ex_check(e->wide ? sphere_shd_analysis(&e->wide_plan, (const double *)values, 0, (double *)coefficients, 0, 1, e->scratch, e->scratch_bytes, e->exec)
                     : sphere_sh_analysis(&e->narrow_plan, (const float *)values, 0, (float *)coefficients, 0, 1, e->scratch, e->scratch_bytes, e->exec), "the analysis");
}
static void engine_synthesis(const engine *e, const void *coefficients, void *values)
{
    ex_check(e->wide ? sphere_shd_synthesis(&e->wide_plan, (const double *)coefficients, 0, (double *)values, 0, 1, e->scratch, e->scratch_bytes, e->exec)
                     : sphere_sh_synthesis(&e->narrow_plan, (const float *)coefficients, 0, (float *)values, 0, 1, e->scratch, e->scratch_bytes, e->exec), "the synthesis");
}

/* Mean over the sphere of the square of a - b, by the weights of the rings; b may be NULL. The rings have `columns` samples each. */
static double mean_square(const engine *e, size_t rows, size_t columns, const void *a, const void *b)
{
    total all = { 0, 0 };
    size_t i, j;
    for (i = 0; i < rows; i++) {
        total row = { 0, 0 };
        for (j = i * columns; j < (i + 1) * columns; j++) {
            const double v = get(a, j, e->wide) - (b ? get(b, j, e->wide) : 0);
            add(&row, v * v);
        }
        add(&all, (row.sum + row.rest) / (double)columns * e->ring[i].weight);
    }
    return (all.sum + all.rest) / (4 * pi);
}

/* >>spectrum -------------------------------------------------------------------------------------------------------- */

enum { PANELS = 4, NO_WINDOW = 0 };

typedef struct panel {
    size_t degree;
    double least, most, residual, share;           /* of the map at the table's places; rms of what it leaves out; of the variance */
} panel;

typedef struct spectrum {
    const char *path, *name;
    size_t      rows, columns, degree, fit_from, fit_to;
    int         poles, wide, window, shipped;
    double      scale, least, most;                /* of the table, after the scaling                                    */
    void       *values, *coefficients;             /* in the precision that was asked for                                */
    double     *power, *cumulative;                /* (degree + 1); cumulative share of the variance, without degree 0      */
    double      variance, mean, table_square;
    double      round_trip[2], parseval[2];        /* in float, in double                                                */
    double      slope, at_one;                     /* log10 power = at_one + slope log10 l                               */
    int         fitted;
    double      lowest, highest;                   /* of the powers from degree 1 on that are not rounding; highest 0: there are none */
    panel       panels[PANELS];
    sphere_exec exec;
} spectrum;

static sphere_sh_plan_desc table_grid(const spectrum *s)
{
    sphere_sh_plan_desc desc;
    memset(&desc, 0, sizeof desc);
    desc.grid = s->poles ? SPHERE_SH_CLENSHAW_CURTIS : SPHERE_SH_FEJER;
    desc.latitudes = s->rows;
    desc.longitudes = s->columns;
    return desc;
}

/* The table as numbers of one precision, times the scale. */
static void *scaled(const spectrum *s, const float *from, int wide)
{
    const size_t n = s->rows * s->columns;
    void *out = ex_alloc_array(n, wide ? sizeof(double) : sizeof(float), "the table");
    size_t i;
    for (i = 0; i < n; i++) {
        const double v = (double)from[i] * s->scale;
        if (wide) ((double *)out)[i] = v;
        else ((float *)out)[i] = (float)v;
    }
    return out;
}

/* Power of each degree. In double for both precisions: squares of floats would overflow early. */
static void powers(const spectrum *s, const void *coefficients, int wide, double *power)
{
    const size_t n = (s->degree + 1) * (s->degree + 1);
    double *a = (double *)ex_alloc_array(n, sizeof *a, "the spectrum");
    size_t i;
    for (i = 0; i < n; i++) a[i] = get(coefficients, i, wide);
    ex_check(sphere_shd_spectrum((int)s->degree, a, NULL, power, &s->exec), "the spectrum");
    for (i = 0; i <= s->degree; i++) power[i] /= 4 * pi;
    free(a);
}

/* Analyse the table in one precision, go to the field and back. What belongs to the precision that was asked for is kept. */
static void analyse(spectrum *s, const float *from, int wide)
{
    const sphere_sh_plan_desc desc = table_grid(s);
    const size_t n = (s->degree + 1) * (s->degree + 1);
    double *power = (double *)ex_alloc_array(s->degree + 1, sizeof *power, "the spectrum"), largest = 0, worst = 0, square;
    void *values = scaled(s, from, wide), *field, *a, *again;
    total sum = { 0, 0 };
    engine e;
    size_t i;
    engine_begin(&e, wide, s->degree, &desc, &s->exec);
    a = ex_alloc_array(n, e.size, "the coefficients");
    again = ex_alloc_array(n, e.size, "the coefficients");
    field = ex_alloc_array(e.values, e.size, "the field");
    engine_analysis(&e, values, a);
    engine_synthesis(&e, a, field);
    engine_analysis(&e, field, again);
    for (i = 0; i < n; i++) {
        const double size = magnitude(get(a, i, wide)), off = magnitude(get(again, i, wide) - get(a, i, wide));
        if (size > largest) largest = size;
        if (off > worst) worst = off;
    }
    s->round_trip[wide] = largest > 0 ? worst / largest : 0;
    /* Parseval: the powers add up to the mean square. The square of the field has twice its degree, for which the rows are just enough. */
    powers(s, a, wide, power);
    for (i = 0; i <= s->degree; i++) add(&sum, power[i]);
    square = mean_square(&e, s->rows, s->columns, field, NULL);
    s->parseval[wide] = square > 0 ? magnitude(sum.sum + sum.rest - square) / square : 0;
    free(field);
    free(again);
    if (wide == s->wide) {
        s->table_square = mean_square(&e, s->rows, s->columns, values, NULL);
        s->mean = get(a, 0, wide) / root(4 * pi);
        s->values = values;
        s->coefficients = a;
        s->power = power;
    } else {
        free(values);
        free(a);
        free(power);
    }
    engine_end(&e);
}

/* Cumulative shares, the range of the powers and the slope: a straight line through log10 of degree and power by least squares, degree l with
   weight 1/l, so that every octave counts the same. */
static void summarise(spectrum *s)
{
    const double noise = s->wide ? 1e-28 : 1e-13;                /* powers that much below the largest are rounding */
    double largest = 0, w = 0, wx = 0, wy = 0, wxx = 0, wxy = 0;
    total sum = { 0, 0 };
    size_t l, used = 0;
    s->cumulative = (double *)ex_alloc_array(s->degree + 1, sizeof(double), "the spectrum");
    for (l = 0; l <= s->degree; l++) {
        if (s->power[l] > largest) largest = s->power[l];
        if (l) add(&sum, s->power[l]);
        s->cumulative[l] = sum.sum + sum.rest;
    }
    s->variance = s->cumulative[s->degree];
    if (!(s->variance > noise * largest)) s->variance = 0;       /* a constant field has rounding alone */
    s->highest = s->lowest = 0;
    for (l = 0; l <= s->degree; l++) {
        s->cumulative[l] = s->variance > 0 ? s->cumulative[l] / s->variance : 0;
        if (l && s->power[l] > noise * largest && s->power[l] > 1e-290) {
            const double x = log10_of((double)l), y = log10_of(s->power[l]), weight = 1 / (double)l;
            if (s->power[l] > s->highest) s->highest = s->power[l];
            if (!(s->lowest > 0) || s->power[l] < s->lowest) s->lowest = s->power[l];
            if (l < s->fit_from || l > s->fit_to) continue;
            w += weight;
            wx += weight * x;
            wy += weight * y;
            wxx += weight * x * x;
            wxy += weight * x * y;
            used++;
        }
    }
    s->fitted = used > 2;
    if (s->fitted) {
        s->slope = (w * wxy - wx * wy) / (w * wxx - wx * wx);
        s->at_one = (wy - s->slope * wx) / w;
    }
}

/* The coefficients up to a degree, through the window. Those of the lower degrees come first, so cutting off is taking fewer. */
static void *band(const spectrum *s, size_t degree, const void *from)
{
    const size_t n = (degree + 1) * (degree + 1);
    const int kind = s->window == 1 ? SPHERE_SH_WINDOW_HANN : SPHERE_SH_WINDOW_LANCZOS;
    double *factor = (double *)ex_alloc_array(degree + 1, sizeof *factor, "the window");
    float *narrow = (float *)ex_alloc_array(degree + 1, sizeof *narrow, "the window");
    void *out = ex_alloc_array(n, s->wide ? sizeof(double) : sizeof(float), "the coefficients");
    size_t i;
    if (s->window != NO_WINDOW) ex_check(sphere_shd_window((int)degree, (sphere_sh_window_kind)kind, 0, factor), "the window");
    for (i = 0; i <= degree; i++) {
        if (s->window == NO_WINDOW) factor[i] = 1;
        narrow[i] = (float)factor[i];
    }
    if (s->wide) ex_check(sphere_shd_filter((int)degree, (const double *)from, factor, (double *)out), "the window");
    else ex_check(sphere_sh_filter((int)degree, (const float *)from, narrow, (float *)out), "the window");
    free(factor);
    free(narrow);
    return out;
}

/* What a map of one degree is like, at the places of the table. */
static void measure(const spectrum *s, panel *p)
{
    const sphere_sh_plan_desc desc = table_grid(s);
    void *a = band(s, p->degree, s->coefficients), *field;
    engine e;
    size_t i;
    engine_begin(&e, s->wide, p->degree, &desc, &s->exec);
    field = ex_alloc_array(e.values, e.size, "the field");
    engine_synthesis(&e, a, field);
    p->least = p->most = get(field, 0, s->wide);
    for (i = 0; i < e.values; i++) {
        const double v = get(field, i, s->wide);
        if (v < p->least) p->least = v;
        if (v > p->most) p->most = v;
    }
    p->residual = root(mean_square(&e, s->rows, s->columns, field, s->values));
    p->share = s->cumulative[p->degree];
    engine_end(&e);
    free(field);
    free(a);
}

/* >>maps ------------------------------------------------------------------------------------------------------------ */

enum {
    MAP_HEIGHT = 312, MAP_WIDTH = 2 * MAP_HEIGHT, GAP = 24, TOP = 18, BAR = 64, BAR_WIDTH = 560, BAR_HEIGHT = 14,
    STEPS = 20,                        /* colours from least to most: contours at every 5 per cent, and a picture that packs well */
    PNG_WIDTH = 2 * MAP_WIDTH + 3 * GAP, PNG_HEIGHT = TOP + 2 * MAP_HEIGHT + 16 + BAR
};
static const double beyond = 0.25;                 /* so many times the range of the table have a colour of their own below and above it */
static const unsigned char paper[3] = { 253, 252, 249 }, ink[3] = { 60, 58, 54 };

/* Colour of a value, 0 = least of the table, 1 = most. Within the table's range it goes from dark to light; what is outside, where the sum
   of a few harmonics shoots over, turns to violet below and to red above, so that ringing cannot be taken for features. */
static void colour(double t, unsigned char out[3])
{
    static const double at[9] = { -0.25, -0.12, 0, 0.25, 0.5, 0.75, 1, 1.12, 1.25 };
    static const unsigned char rgb[9][3] = { { 236, 120, 214 }, { 128, 58, 158 }, { 16, 42, 84 }, { 26, 96, 128 }, { 82, 154, 140 }, { 190, 204, 142 },
                                             { 250, 238, 200 }, { 243, 146, 56 }, { 170, 26, 32 } };
    int i = 0, k;
    if (!(t > at[0])) t = at[0];
    if (t > at[8]) t = at[8];
    t = to_int(t * STEPS) / (double)STEPS;
    while (i < 7 && t > at[i + 1]) i++;
    t = (t - at[i]) / (at[i + 1] - at[i]);
    for (k = 0; k < 3; k++) out[k] = (unsigned char)(rgb[i][k] + t * (rgb[i + 1][k] - rgb[i][k]) + 0.5);
}

static void blend(unsigned char *pixel, const unsigned char with[3], double share)
{
    int k;
    for (k = 0; k < 3; k++) pixel[k] = (unsigned char)(pixel[k] + share * ((double)with[k] - pixel[k]) + 0.5);
}

/* Letters as strokes: pairs of digits are points (x, y), blanks end a stroke. Capital height 0..6, small letters 2..6, descenders to 8. */
static const struct glyph { char letter; unsigned char width; const char *strokes; } glyphs[] = {
    { '0', 6, "103041453616050110" }, { '1', 4, "112026" }, { '2', 6, "01103041420646" }, { '3', 6, "01103041423313 334445361605" }, { '4', 6, "36300444" },
    { '5', 6, "400002324345361605" }, { '6', 6, "3010010516364544331304" }, { '7', 6, "004016" }, { '8', 6, "103041423313020110 3344453616050413" },
    { '9', 6, "1636454130100102133342" }, { '-', 5, "0333" }, { '+', 6, "0343 2125" }, { '.', 3, "0606" }, { 'a', 6, "4332120305163645 4246" },
    { 'c', 6, "4332120305163645" }, { 'd', 6, "4332120305163645 4046" }, { 'e', 6, "04444332120305163645" }, { 'g', 6, "4332120305163645 4247381807" },
    { 'h', 6, "0006 0312324346" }, { 'l', 3, "000516" }, { 'n', 6, "0206 0312324346" }, { 'o', 6, "123243453616050312" }, { 'r', 5, "0206 031232" },
    { 's', 6, "433212031434453616 05" }, { 't', 5, "10152636 0232" }, { 'u', 6, "0205163645 4246" }, { 'v', 6, "022642" }, { 'z', 6, "02420646" }
};
enum { GLYPHS = sizeof glyphs / sizeof *glyphs };

static double distance(double x, double y, const double a[2], const double b[2])
{
    const double ux = b[0] - a[0], uy = b[1] - a[1], length = ux * ux + uy * uy;
    double t = length > 0 ? ((x - a[0]) * ux + (y - a[1]) * uy) / length : 0;
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    x -= a[0] + t * ux;
    y -= a[1] + t * uy;
    return root(x * x + y * y);
}

/* Text with its upper left corner at (x, y), `scale` pixels for each step of the glyphs; align 0 left, 1 middle, 2 right. A pixel is as dark as a
   pen of 1.7 pixels covers it. Letters that are not in the table are gaps. */
static void write_text(unsigned char *picture, double x, double y, double scale, int align, const char *text)
{
    const double half = 0.85;
    const char *c;
    int i, px, py, width = 0;
    for (c = text; *c; c++) {
        for (i = 0; i < GLYPHS && glyphs[i].letter != *c; i++) { }
        width += i < GLYPHS ? glyphs[i].width : 3;
    }
    x -= 0.5 * align * scale * width;
    for (c = text; *c; c++) {
        for (i = 0; i < GLYPHS && glyphs[i].letter != *c; i++) { }
        if (i == GLYPHS) { x += 3 * scale; continue; }
        for (py = (int)y - 2; py < (int)(y + 8 * scale) + 3; py++) for (px = (int)x - 2; px < (int)(x + 4 * scale) + 3; px++) {
            double nearest = 1e9, a[2], b[2];
            const char *p = glyphs[i].strokes;
            for (; p[0] && p[1]; p += 2) {
                if (*p == ' ') p++;
                b[0] = x + scale * (p[0] - '0');
                b[1] = y + scale * (p[1] - '0');
                if (p != glyphs[i].strokes && p[-1] != ' ') {
                    const double d = distance(px + 0.5, py + 0.5, a, b);
                    if (d < nearest) nearest = d;
                }
                memcpy(a, b, sizeof a);
            }
            nearest = 0.5 + half - nearest;
            if (nearest > 0 && px >= 0 && px < PNG_WIDTH && py >= 0 && py < PNG_HEIGHT)
                blend(picture + 3 * ((size_t)py * PNG_WIDTH + (size_t)px), ink, nearest < 1 ? nearest : 1);
        }
        x += scale * glyphs[i].width;
    }
}

/* One map in Mollweide's projection, which keeps areas. At height y, -1..1, an auxiliary angle t has sin t = y; sin(latitude) =
   (2 t + sin 2 t)/pi, and the row is cos t times as long as the equator. Each row of pixels is one ring with a sample for each pixel. */
static void draw_map(const spectrum *s, const panel *p, unsigned char *picture, int left, int top)
{
    sphere_sh_ring *rings = (sphere_sh_ring *)ex_alloc_array(MAP_HEIGHT, sizeof *rings, "the map");
    double half[MAP_HEIGHT];
    const double range = s->most > s->least ? s->most - s->least : 0;
    void *a = band(s, p->degree, s->coefficients), *field;
    sphere_sh_plan_desc desc;
    engine e;
    size_t k = 0;
    int i, j;
    for (i = 0; i < MAP_HEIGHT; i++) {
        const double y = 1 - (i + 0.5) * 2 / MAP_HEIGHT, across = root((1 - y) * (1 + y));
        float x[1], zero[1] = { 0 }, z[1], r[1], angle[1], phi[1];
        double t, up;
        x[0] = (float)across;
        z[0] = (float)y;
        ex_check(sphere_to_spherical(x, zero, z, r, angle, phi, 1, NULL), "the map");
        t = pi / 2 - (double)angle[0];
        up = (2 * t + 2 * y * across) / pi;
        x[0] = (float)root((1 - up) * (1 + up));
        z[0] = (float)up;
        ex_check(sphere_to_spherical(x, zero, z, r, angle, phi, 1, NULL), "the map");
        half[i] = across * MAP_HEIGHT;
        rings[i].theta = (double)angle[0];
        rings[i].count = 2 * (size_t)(half[i] + 0.999);
        rings[i].phi = pi / (double)rings[i].count - pi / (double)s->columns;        /* 0 is the middle of the table's first column */
        rings[i].weight = 0;                                     /* nothing is analysed on these rings */
    }
    memset(&desc, 0, sizeof desc);
    desc.grid = SPHERE_SH_RINGS;
    desc.latitudes = MAP_HEIGHT;
    desc.rings = rings;
    engine_begin(&e, s->wide, p->degree, &desc, &s->exec);
    field = ex_alloc_array(e.values, e.size, "the map");
    engine_synthesis(&e, a, field);
    for (i = 0; i < MAP_HEIGHT; i++) {
        const int count = (int)rings[i].count;
        for (j = 0; j < count; j++, k++) {
            const double outside = count / 2 - half[i];          /* how much of the outermost pixel is not covered */
            unsigned char rgb[3];
            colour(range > 0 ? (get(field, k, s->wide) - s->least) / range : 0.5, rgb);
            blend(picture + 3 * ((size_t)(top + i) * PNG_WIDTH + (size_t)(left + MAP_HEIGHT - count / 2 + j)), rgb,
                  (j == 0 || j == count - 1) && outside > 0 ? 1 - outside : 1);
        }
    }
    engine_end(&e);
    free(field);
    free(a);
    free(rings);
}

static void write_maps(const spectrum *s, const char *directory)
{
    static const char *const window_names[3] = { "", "hann", "lanczos" };
    unsigned char *picture = (unsigned char *)ex_alloc((size_t)3 * PNG_WIDTH * PNG_HEIGHT, "the picture");
    const int x0 = (PNG_WIDTH - BAR_WIDTH) / 2, y0 = PNG_HEIGHT - BAR + 12;
    char text[64];
    int i, j, k;
    for (i = 0; i < PNG_WIDTH * PNG_HEIGHT; i++) memcpy(picture + 3 * i, paper, 3);
    for (k = 0; k < PANELS; k++) {
        const int left = GAP + (k & 1) * (MAP_WIDTH + GAP), top = TOP + (k >> 1) * (MAP_HEIGHT + 16);
        draw_map(s, &s->panels[k], picture, left, top);
        snprintf(text, sizeof text, "degree %llu", (unsigned long long)s->panels[k].degree);
        write_text(picture, left, top + 2, 2.2, 0, text);
        if (s->window != NO_WINDOW) write_text(picture, left, top + 26, 1.8, 0, window_names[s->window]);
    }
    for (j = 0; j < BAR_WIDTH; j++) {
        unsigned char rgb[3];
        colour((j + 0.5) / BAR_WIDTH * (1 + 2 * beyond) - beyond, rgb);
        for (i = 0; i < BAR_HEIGHT; i++) memcpy(picture + 3 * ((size_t)(y0 + i) * PNG_WIDTH + (size_t)(x0 + j)), rgb, 3);
    }
    for (k = 0; k <= 2; k++) {                                   /* least, middle and most of the table */
        const int at = x0 + to_int(BAR_WIDTH * (beyond + 0.5 * k) / (1 + 2 * beyond));
        for (i = 0; i < 5; i++) memcpy(picture + 3 * ((size_t)(y0 + BAR_HEIGHT + i) * PNG_WIDTH + (size_t)at), ink, 3);
        snprintf(text, sizeof text, "%.4g", s->least + 0.5 * k * (s->most - s->least));
        write_text(picture, at, y0 + BAR_HEIGHT + 9, 2, 1, text);
    }
    write_text(picture, x0 - 12, y0, 2, 2, "undershoot");
    write_text(picture, x0 + BAR_WIDTH + 12, y0, 2, 0, "overshoot");
    ex_write_png(ex_create_file(directory, "spectrum.png"), picture, PNG_WIDTH, PNG_HEIGHT, 3);
    free(picture);
}

/* >>graph ----------------------------------------------------------------------------------------------------------- */

enum { WIDTH = 1000, HEIGHT = 700, X0 = 92, X1 = 964, Y0 = 124, Y1 = 580, STRIP = 34, LINE = 17 };      /* STRIP: for labels, below the lowest power */

typedef struct axes { double x_low, x_high; int low, high; } axes;       /* log10 of the degree; whole decades of the power */

static double x_of(const axes *a, double log_degree) { return X0 + (X1 - X0) * (log_degree - a->x_low) / (a->x_high - a->x_low); }
static double y_of(const axes *a, double log_power) { return Y1 - STRIP - (Y1 - STRIP - Y0) * (log_power - a->low) / (a->high - a->low); }

/* 10 to the n, with the exponent raised, as character references. */
static void write_power_of_ten(ex_file *f, int n)
{
    static const char *const digit[10] = { "&#8304;", "&#185;", "&#178;", "&#179;", "&#8308;", "&#8309;", "&#8310;", "&#8311;", "&#8312;", "&#8313;" };
    char text[16];
    const char *c;
    snprintf(text, sizeof text, "%d", n);
    ex_puts(f, "10");
    for (c = text; *c; c++) ex_puts(f, *c == '-' ? "&#8315;" : digit[*c - '0']);
}

/* Grid, ticks and labels: degrees below, the size of their features above, powers of ten at the left. */
static void draw_axes(ex_file *f, const spectrum *s, const axes *a)
{
    const double top = (double)s->degree;
    int decade, i, every = (a->high - a->low + 7) / 8;
    ex_puts(f, "<path class=\"m\" d=\"");
    for (decade = 0; decade < 5; decade++) for (i = 2; i < 10; i++) {
        const double l = i * power_of_ten(decade);
        if (l < top) ex_printf(f, "M%.1f %dV%d", x_of(a, log10_of(l)), Y0, Y1);
    }
    ex_puts(f, "\"/>\n<path class=\"g\" d=\"");
    for (i = a->low; i <= a->high; i++) ex_printf(f, "M%d %.1fH%d", X0, y_of(a, i), X1);
    for (decade = 1; power_of_ten(decade) < top; decade++) ex_printf(f, "M%.1f %dV%d", x_of(a, decade), Y0, Y1);
    ex_printf(f, "\"/>\n<path class=\"x\" d=\"M%d %dH%dV%dH%dz\"/>\n", X0, Y0, X1, Y1, X0);
    for (decade = 0; decade < 5; decade++) for (i = 1; i < 10; i += i < 2 ? 1 : i == 2 ? 3 : 5) {         /* 1 2 5 */
        const double l = i * power_of_ten(decade);
        if (l <= top * 1.0001) ex_printf(f, "<text class=\"k\" x=\"%.1f\" y=\"%d\">%.0f</text>\n", x_of(a, log10_of(l)), Y1 + 20, l);
    }
    for (decade = -2; decade < 3; decade++) for (i = 1; i < 10; i += i < 2 ? 1 : i == 2 ? 3 : 5) {
        const double angle = i * power_of_ten(decade), l = 180 / angle;
        if (l < 0.999 || l > top * 1.0001) continue;
        ex_printf(f, "<path class=\"x\" d=\"M%.1f %dv-5\"/><text class=\"k\" x=\"%.1f\" y=\"%d\">%.10g&#176;</text>\n", x_of(a, log10_of(l)), Y0, x_of(a, log10_of(l)), Y0 - 10,
                  angle);
    }
    for (i = a->high; i >= a->low; i -= every) {
        ex_printf(f, "<text class=\"k e\" x=\"%d\" y=\"%.1f\">", X0 - 9, y_of(a, i) + 4);
        write_power_of_ten(f, i);
        ex_puts(f, "</text>\n");
    }
    ex_printf(f, "<text class=\"k\" x=\"%d\" y=\"%d\">degree l</text>\n", (X0 + X1) / 2, Y1 + 42);
    ex_printf(f, "<text class=\"k\" x=\"%d\" y=\"%d\">size of the features, 180&#176;/l</text>\n", (X0 + X1) / 2, Y0 - 32);
    ex_printf(f, "<text class=\"k\" transform=\"translate(30 %d) rotate(-90)\">power of the degree: its part of the mean square</text>\n", (Y0 + Y1) / 2);
}

static const char *grid_name(const spectrum *s) { return s->poles ? "rows with the poles" : "rows at mid-points"; }

static void write_graph(const spectrum *s, const char *directory)
{
    ex_file *f = ex_create_file(directory, "spectrum.svg");
    axes a;
    size_t l;
    int k, drawn = 0;
    a.x_low = 0;
    a.x_high = log10_of((double)s->degree > 1 ? (double)s->degree : 10);
    a.high = s->highest > 0 ? floor_int(log10_of(s->highest)) + 1 : 0;
    a.low = s->highest > 0 ? floor_int(log10_of(s->lowest)) : -3;
    if (a.high - a.low < 2) a.low = a.high - 2;

    ex_printf(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Angular power spectrum\">\n<style>\n", WIDTH, HEIGHT);
    ex_puts(f, "text{font:13px system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;fill:#3c3a36}.b{fill:#fdfcf9}"
            ".t{font:600 26px Palatino,'Palatino Linotype','Book Antiqua',Georgia,serif;fill:#1d1b18}.n{fill:#6b665d}.k{font-size:12px;text-anchor:middle}.e{text-anchor:end}\n"
            ".m,.g,.x,.p,.f{fill:none}.m{stroke:#1d1b18;stroke-opacity:.06}.g{stroke:#1d1b18;stroke-opacity:.14}.x{stroke:#1d1b18;stroke-opacity:.55}\n"
            ".p{stroke:#1f5584;stroke-width:1.6px;stroke-linejoin:round}.d{fill:#1f5584}.f{stroke:#a34a12;stroke-width:1.8px;stroke-dasharray:7 4}.o{fill:#fdfcf9;stroke:#1d1b18;stroke-width:1.6px}\n"
            ".v{paint-order:stroke;stroke:#fdfcf9;stroke-width:4px;stroke-linejoin:round}.s{fill:#8f3f0d;font-weight:600}\n"
            "@media(prefers-color-scheme:dark){text{fill:#cfcac0}.b{fill:#12141a}.t{fill:#f1eee7}.n{fill:#a29d93}.m,.g,.x{stroke:#e9e6df}.p{stroke:#8dc1ea}.d{fill:#8dc1ea}"
            ".f{stroke:#f0b27c}.o{fill:#12141a;stroke:#f1eee7}.v{stroke:#12141a}.s{fill:#f2c397}}\n</style>\n");
    ex_printf(f, "<rect class=\"b\" width=\"%d\" height=\"%d\" rx=\"10\"/>\n<text class=\"t\" x=\"40\" y=\"46\">", WIDTH, HEIGHT);
    ex_puts(f, s->shipped ? "Power spectrum of land and sea" : "Angular power spectrum");
    ex_puts(f, "</text>\n<text class=\"n\" x=\"40\" y=\"68\">");
    ex_write_xml(f, s->name, strlen(s->name), 60);
    ex_printf(f, ", %llu &#215; %llu, %s, to degree %llu, in %s</text>\n", (unsigned long long)s->rows, (unsigned long long)s->columns, grid_name(s), (unsigned long long)s->degree,
              s->wide ? "double" : "float");
    draw_axes(f, s, &a);

    ex_printf(f, "<path class=\"p\"%s d=\"", s->degree > 400 ? " style=\"stroke-width:.7px\"" : "");
    for (l = 1; l <= s->degree; l++) if (s->power[l] >= s->lowest && s->highest > 0) {
        ex_printf(f, "%c%.1f %.1f", drawn ? 'L' : 'M', x_of(&a, log10_of((double)l)), y_of(&a, log10_of(s->power[l])));
        drawn = 1;
    } else drawn = 0;                                            /* degrees without power are gaps */
    ex_puts(f, "\"/>\n<g class=\"d\">");
    for (l = 1; l <= s->degree && l <= 200; l++) if (s->power[l] >= s->lowest && s->highest > 0)
        ex_printf(f, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%s\"/>", x_of(&a, log10_of((double)l)), y_of(&a, log10_of(s->power[l])), l < 10 ? "3" : l < 50 ? "2" : "1.5");
    ex_puts(f, "</g>\n");
    if (!(s->highest > 0)) ex_printf(f, "<text class=\"k\" x=\"%d\" y=\"%d\">The field is the same everywhere: all power is in degree 0.</text>\n", (X0 + X1) / 2, (Y0 + Y1) / 2);
    if (s->fitted) {
        const double from = log10_of((double)s->fit_from), to = log10_of((double)s->fit_to);
        ex_printf(f, "<path class=\"f\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", x_of(&a, from), y_of(&a, s->at_one + s->slope * from), x_of(&a, to), y_of(&a, s->at_one + s->slope * to));
        ex_printf(f, "<path class=\"f\" d=\"M%d 63h46\"/><text class=\"s\" x=\"%d\" y=\"68\">power &#8764; l<tspan dy=\"-6\" font-size=\"11\">%s%.2f</tspan></text>\n", X1 - 154, X1 - 98,
                  s->slope < 0 ? "&#8722;" : "", magnitude(s->slope));
    }
    /* where the four maps end, and how much of the variance they have; two lines where the degrees are close together on the axis */
    for (k = 0; k < PANELS; k++) {
        const size_t d = s->panels[k].degree;
        double x, y, foot = Y1 - 10 - (s->degree > 400 && k & 1 ? LINE : 0);
        if (!d || !(s->power[d] >= s->lowest) || !(s->highest > 0) || (k && d == s->panels[k - 1].degree)) continue;
        x = x_of(&a, log10_of((double)d));
        y = y_of(&a, log10_of(s->power[d]));
        ex_printf(f, "<path class=\"x\" d=\"M%.1f %.1fV%.1f\"/><circle class=\"o\" cx=\"%.1f\" cy=\"%.1f\" r=\"5\"/>", x, y, foot - 14, x, y);
        ex_printf(f, "<text class=\"v k%s\" x=\"%.1f\" y=\"%.1f\">l &#8804; %llu: %.1f %%</text>\n", d == s->degree ? " e" : "", x - (d == s->degree ? 6 : 0), foot,
                  (unsigned long long)d, 100 * s->cumulative[d]);
    }
    ex_printf(f, "<text class=\"n\" x=\"40\" y=\"%d\">", HEIGHT - 46);
    if (s->fitted) ex_printf(f, "Dashed: least squares over degrees %llu to %llu, every octave with the same weight. ", (unsigned long long)s->fit_from, (unsigned long long)s->fit_to);
    ex_puts(f, "Per cent: share of the variance.</text>\n");
    ex_printf(f, "<text class=\"n\" x=\"40\" y=\"%d\">Round trip (analysis, synthesis, analysis), largest error by the largest coefficient: %.1e in float, %.1e in double. "
              "Parseval, sum of powers</text>\n", HEIGHT - 28, s->round_trip[0], s->round_trip[1]);
    ex_printf(f, "<text class=\"n\" x=\"40\" y=\"%d\">and mean square of the synthesised field, relative difference: %.1e in float, %.1e in double.</text>\n</svg>\n", HEIGHT - 10,
              s->parseval[0], s->parseval[1]);
}

/* >>report ---------------------------------------------------------------------------------------------------------- */

/* Which degrees the printed table has: all up to 12, then about seven in each doubling, the four maps and the last. */
static int is_listed(const spectrum *s, size_t l)
{
    static const unsigned steps[] = { 14, 16, 18, 20, 22, 25, 28, 32, 36, 40, 45, 50, 56, 63, 70, 80, 90, 100, 110, 125, 0 };
    size_t decade;
    int k;
    if (l <= 12 || l == s->degree) return 1;
    for (k = 0; k < PANELS; k++) if (l == s->panels[k].degree) return 1;
    for (decade = 1; decade <= l; decade *= 10) for (k = 0; steps[k]; k++) if (l == steps[k] * decade) return 1;
    return 0;
}

static void write_csv(const spectrum *s, const char *directory)
{
    ex_file *f = ex_create_file(directory, "spectrum.csv");
    size_t l;
    ex_puts(f, "degree,power,cumulative_share\n");
    for (l = 0; l <= s->degree; l++) ex_printf(f, "%llu,%.9g,%.9f\n", (unsigned long long)l, s->power[l], s->cumulative[l]);
}

/* FNV-1a over the bits of the coefficients. */
static uint32_t fingerprint(const spectrum *s)
{
    const size_t n = (s->degree + 1) * (s->degree + 1);
    uint32_t sum = 2166136261u;
    size_t i;
    int k;
    for (i = 0; i < n; i++) {
        uint64_t bits = 0;
        uint32_t low;
        if (s->wide) memcpy(&bits, (const double *)s->coefficients + i, 8);
        else {
            memcpy(&low, (const float *)s->coefficients + i, 4);
            bits = low;
        }
        for (k = 0; k < (s->wide ? 64 : 32); k += 8) sum = (sum ^ (uint32_t)(bits >> k & 255)) * 16777619u;
    }
    return sum;
}

static void report(const spectrum *s, const char *directory)
{
    const char *slash = strcmp(directory, ".") ? "/" : "", *folder = strcmp(directory, ".") ? directory : "";
    size_t l;
    int k;
    ex_print_text(stdout, s->name, strlen(s->name));
    printf(": %llu x %llu, %s, %.6g to %.6g, degree %llu in %s\n", (unsigned long long)s->rows, (unsigned long long)s->columns, grid_name(s), s->least, s->most,
           (unsigned long long)s->degree, s->wide ? "double" : "float");
    if (!s->poles && s->columns == 2 * (s->rows - 1)) printf("note: one row more than half of the columns: if the first and the last row are the poles, say --poles.\n");
    if (s->poles && s->columns == 2 * s->rows) printf("note: half as many rows as columns: such tables have their rows at mid-points as a rule, without --poles.\n");
    printf("\n  degree         power   cumulative share\n");
    for (l = 0; l <= s->degree; l++) if (is_listed(s, l)) {
        printf("  %6llu  %12.5e", (unsigned long long)l, s->power[l]);
        if (l) printf("  %16.6f\n", s->cumulative[l]);
        else puts("            (mean)");
    }
    printf("\n  mean %.6f, variance %.6f to this degree, %.6f in the table itself\n", s->mean, s->variance, s->table_square - s->mean * s->mean);
    if (s->fitted) printf("  power ~ l^%.3f from degree %llu to %llu\n", s->slope, (unsigned long long)s->fit_from, (unsigned long long)s->fit_to);
    printf("  round trip   %.2e in float, %.2e in double, of the largest coefficient\n", s->round_trip[0], s->round_trip[1]);
    printf("  Parseval     %.2e in float, %.2e in double, of the mean square\n\n", s->parseval[0], s->parseval[1]);
    printf("  map of degree   share     lowest    highest   rms left out%s\n", s->window == 1 ? "   (Hann window)" : s->window == 2 ? "   (Lanczos window)" : "");
    for (k = 0; k < PANELS; k++) {
        const panel *p = &s->panels[k];
        printf("  %13llu  %6.4f %10.4g %10.4g   %12.4g\n", (unsigned long long)p->degree, p->share, p->least, p->most, p->residual);
    }
    printf("\n  files: %s%sspectrum.svg, %s%sspectrum.png, %s%sspectrum.csv\n\n", folder, slash, folder, slash, folder, slash);
    printf("spectrum: ");
    ex_print_text(stdout, s->name, strlen(s->name));
    printf(", degree %llu, %s, mean %.6f, variance %.6f, slope %.3f, sum %08lx\n", (unsigned long long)s->degree, s->wide ? "double" : "float", s->mean, s->variance, s->fitted ? s->slope : 0.0,
           (unsigned long)fingerprint(s));
}

/* Shape and size of what was read, and the degree. */
static void check_table(spectrum *s, const ex_matrix *table, uint64_t degree)
{
    const unsigned long long rows = table->n, columns = table->dim;
    const size_t by_rows = (table->n - 1) / 2, by_columns = (table->dim - 1) / 2;
    size_t i, most = by_rows < by_columns ? by_rows : by_columns;
    if (rows < 3) ex_fail(EX_BAD_INPUT, "'%s' has %llu row%s; a map has at least 3, from north to south.", s->path, rows, rows == 1 ? "" : "s");
    if (columns & 1) ex_fail(EX_BAD_INPUT, "'%s' has %llu column%s; an even number is needed. If the last one repeats the first, leave it out.", s->path, columns,
                              columns == 1 ? "" : "s");
    if (columns < 4) ex_fail(EX_BAD_INPUT, "'%s' has %llu columns; a map has at least 4, once around.", s->path, columns);
    if (most > SPHERE_SH_MAX_TRANSFORM_DEGREE) most = SPHERE_SH_MAX_TRANSFORM_DEGREE;
    if (degree > most) ex_fail(EX_BAD_INPUT, "--degree %llu: %llu rows and %llu columns determine degree %llu at most.", (unsigned long long)degree, rows, columns, (unsigned long long)most);
    s->rows = table->n;
    s->columns = table->dim;
    s->degree = degree ? (size_t)degree : most;
    s->least = s->most = (double)table->data[0] * s->scale;
    for (i = 0; i < table->n * table->dim; i++) {
        const double v = (double)table->data[i] * s->scale;
        if (v < s->least) s->least = v;
        if (v > s->most) s->most = v;
    }
    if (s->most > 1e30 || s->least < -1e30) ex_fail(EX_BAD_INPUT, "'%s' holds numbers up to %.3g, after the scaling; 1e30 is the limit.", s->path, s->most > -s->least ? s->most : s->least);
}

int main(int argc, char **argv)
{
    static spectrum s;
    static ex_pool pool;
    uint64_t degree = 0, fit_from = 0, fit_to = 0, threads = ex_cpu_count() < 256 ? ex_cpu_count() : 256;
    const char *file = NULL, *argument = NULL, *directory = ".";
    double scale = 0;
    const ex_option options[] = {
        { "file", "FILE.npy", EX_TEXT, &file, 0, 0, NULL, "table of rows from north to south (the shipped land.npy)" },
        { "poles", "", EX_TEXT, NULL, 0, 0, NULL, "its first and last row are the poles, not mid-points" },
        { "degree", "L", EX_COUNT, &degree, 1, SPHERE_SH_MAX_TRANSFORM_DEGREE, NULL, "highest degree (as high as the table determines)" },
        { "scale", "X", EX_NUMBER, &scale, -1e30, 1e30, NULL, "multiplies the table (1; the shipped bytes: 1/255)" },
        { "window", "W", EX_CHOICE, &s.window, 0, 0, "none|hann|lanczos", "of the maps: none, hann or lanczos (none)" },
        { "fit-from", "L", EX_COUNT, &fit_from, 1, SPHERE_SH_MAX_TRANSFORM_DEGREE, NULL, "the slope is that from this degree (3)" },
        { "fit-to", "L", EX_COUNT, &fit_to, 1, SPHERE_SH_MAX_TRANSFORM_DEGREE, NULL, "to this degree (two thirds of the highest)" },
        { "double", "", EX_TEXT, NULL, 0, 0, NULL, "spectrum and maps in double instead of float" },
        { "threads", "N", EX_COUNT, &threads, 1, 256, NULL, "the result does not depend on it (one per processor)" },
        { "out", "DIR", EX_TEXT, &directory, 0, 0, NULL, "where spectrum.svg, .png and .csv go (.)" }
    };
    char **rest = (char **)ex_alloc_array((size_t)argc + 1, sizeof *rest, "the options"), *found = NULL;
    ex_matrix table = { NULL, 0, 0, NULL };
    int i, k, count = 0;
    ex_begin("spectrum");
    for (i = 0; i < argc; i++) {                                 /* the two options without a value, which the table does not know */
        if (i && !strcmp(argv[i], "--double")) s.wide = 1;
        else if (i && !strcmp(argv[i], "--poles")) s.poles = 1;
        else if (i && (!strncmp(argv[i], "--double=", 9) || !strncmp(argv[i], "--poles=", 8))) ex_fail(EX_BAD_INPUT, "--double and --poles have no value.");
        else rest[count++] = argv[i];
    }
    ex_parse_options(count, rest, "spectrum [--file FILE.npy] [options]",
                     "Angular power spectrum of a map of the world or the sky, and the map with its coarse features alone, at four degrees:\n"
                     "DIR/spectrum.svg, DIR/spectrum.png and DIR/spectrum.csv.", options, sizeof options / sizeof *options, &argument);
    free(rest);
    if (argument && file) ex_fail(EX_BAD_INPUT, "two input files: '%s' and '%s'.", file, argument);
    if (argument) file = argument;
    if (file && !*file) ex_fail(EX_BAD_INPUT, "--file needs the name of a file.");
    if (!*directory) ex_fail(EX_BAD_INPUT, "--out needs the name of a directory.");
    if (s.poles && !file) ex_fail(EX_BAD_INPUT, "--poles needs --file: the rows of the shipped table are at mid-points.");
    if (!file) {
        found = ex_find_data(argv[0], "land.npy");
        if (!found) ex_fail(EX_FAULT, "the shipped land.npy is not in examples/data here or beside the program; name a table with --file.");
        s.shipped = 1;
    }
    s.path = file ? file : found;
    s.name = ex_base_name(s.path);
    s.scale = scale < 0 || scale > 0 ? scale : file ? 1 : 1.0 / 255;
    ex_read_npy(s.path, &table);
    check_table(&s, &table, degree);
    s.fit_to = fit_to ? (size_t)fit_to : (2 * s.degree + 2) / 3;
    s.fit_from = fit_from ? (size_t)fit_from : s.fit_to > 6 ? 3 : 1;
    if (s.fit_to > s.degree || s.fit_from >= s.fit_to)
        { if (fit_from || fit_to) ex_fail(EX_BAD_INPUT, "--fit-from and --fit-to: degrees %llu to %llu are no range within 1 to %llu.", (unsigned long long)s.fit_from,
                                          (unsigned long long)s.fit_to, (unsigned long long)s.degree); }
    ex_make_directory(directory);
    ex_pool_open(&pool, (size_t)threads);
    s.exec.parallel = ex_pool_hook(&pool);

    for (k = 0; k < 2; k++) {
        ex_progress((void *)(uintptr_t)(k ? "analysis in double" : "analysis in float"), 0, 0);
        analyse(&s, table.data, k);
    }
    free(table.data);
    summarise(&s);
    for (k = 0; k < PANELS; k++) {
        static const size_t divisor[PANELS] = { 36, 9, 3, 1 };   /* a coarse one, and then three times as fine each */
        s.panels[k].degree = (s.degree + divisor[k] / 2) / divisor[k];
        ex_progress((void *)(uintptr_t)"maps", (size_t)k, PANELS);
        measure(&s, &s.panels[k]);
    }
    write_maps(&s, directory);
    write_graph(&s, directory);
    write_csv(&s, directory);
    ex_progress_end();
    ex_commit_files();
    report(&s, directory);
    ex_pool_close(&pool);
    free(s.values);
    free(s.coefficients);
    free(s.power);
    free(s.cumulative);
    free(found);
    if (fflush(stdout) || ferror(stdout)) ex_fail(EX_FAULT, "cannot write the report: %s.", strerror(errno));
    return 0;
}
