/* examples/geomag.c - where a compass points: the World Magnetic Model, 2025 to 2030, on a computer or a microcontroller.

     cc -O2 -o geomag examples/geomag.c && ./geomag                    a table of the world, and a map in geomag.svg
     ./geomag --at 59.33 18.07 --alt 0.1 --year 2026.5                 one place
     ./geomag --csv places.csv >field.csv                              lines of year,altitude,latitude,longitude
     ./geomag --help

   The field outside its sources is the gradient of a potential, and the potential a sum of solid harmonics:
     V = a sum over degree n and order m of (a/r)^(n+1) (g cos m phi + h sin m phi) P(n, m, cos theta),    B = -grad V
   with Schmidt's semi-normalised P and a = 6371.2 km. g and h drift linearly over the five years of a model. sphere_sh_solid_sum
   gives grad V as a vector along the axes, so that no rotation from geocentric to geodetic directions is needed: north, east and down
   of the ellipsoid are three dot products. All of >>field is what a firmware needs (4 KB of RAM with the stack, no heap):
     ./geomag --table >geomag_table.h       the coefficients as C arrays
     arm-none-eabi-gcc -DGEOMAG_FIRMWARE examples/geomag.c ...         see tests/geomag.sh; the bits are those of a computer
   Source of the model: NOAA NCEI and British Geological Survey, The US/UK World Magnetic Model for 2025-2030.

   Contents: grep for the tag
     >>field      place and date in, field out, in float; >>double the same in double
     >>firmware   main of the microcontroller
     >>read       .COF and .csv readers
     >>poles      where the field is vertical
     >>map        geomag.svg
     >>report     tables, main

   Exit codes: 0, 1 when something is wrong with the data or the machine, 2 when the command line is. */
#define SPHERE_IMPLEMENTATION
#define SPHERE_SH_IMPLEMENTATION
#define SPHERE_STATIC                  /* what is not called is not there */
#define SPHERE_SH_STATIC
#ifdef GEOMAG_FIRMWARE
#include <stdio.h>
#include "../sphere.h"
#include "geomag_table.h"              /* made by --table: the degree, the coefficients, perhaps places */
#else
#include "common.h"
#endif
#include "../sphere_sh.h"

/* What follows must not be fused either: a Cortex-M4F has a fused multiply-add, and gcc uses it unless told. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif

/* The largest degree that fits: 12 is what the World Magnetic Model has; -DGEOMAG_DEGREE=133 takes its high-resolution sibling. */
#ifndef GEOMAG_DEGREE
#define GEOMAG_DEGREE 12
#endif
#define GEOMAG_TERMS ((GEOMAG_DEGREE + 1) * (GEOMAG_DEGREE + 1))
/* Room for a plan, where memory has to be set aside by the compiler: sphere_sh_points_size or a little more; the plan's init checks it. */
#define GEOMAG_PLAN_NUMBERS (2 * (GEOMAG_DEGREE + 1) * (GEOMAG_DEGREE + 2) + GEOMAG_DEGREE + 64)

/* >>field ----------------------------------------------------------------------------------------------------------- */

/* Everything the evaluation keeps: 2.5 KB at degree 12. It must not move after geomag_begin, since the plan points into `memory`. */
typedef struct geomag {
    sphere_sh_points plan;
    const float     *epoch, *drift;               /* (degree + 1)^2 coefficients at the epoch, and their change per year      */
    float            now[GEOMAG_TERMS];           /* the coefficients at the date                                             */
    int              degree;
    float            memory[GEOMAG_PLAN_NUMBERS];
} geomag;

/* Field at one place. x points to geographic north, y to east, z down, all in nT; h is the horizontal part, f the whole. */
typedef struct geomag_field { float x, y, z, h, f, inclination, declination; } geomag_field;

/* Go to a date. years (since the epoch) rather than the year: as a float, 2027.3 would be off by half an hour, and 2.3 is not. */
static void geomag_date(geomag *g, float years)
{
    int i, terms = (g->degree + 1) * (g->degree + 1);
    for (i = 0; i < terms; i++) g->now[i] = g->epoch[i] + years * g->drift[i];
}

/* Begin with a model, at its epoch. The coefficient of cos(m phi) in degree n is at n*n + n + m, that of sin(m phi) at n*n + n - m. */
static sphere_status geomag_begin(geomag *g, int degree, const float *epoch, const float *drift)
{
    sphere_sh_desc desc;
    memset(&desc, 0, sizeof desc);
    desc.norm = SPHERE_SH_SCHMIDT;
    g->degree = degree;
    g->epoch = epoch;
    g->drift = drift;
    geomag_date(g, 0);
    return sphere_sh_points_init(&g->plan, degree, &desc, NULL, g->memory, sizeof g->memory);
}

/* The field at a geodetic latitude and longitude in degrees, at a height above the WGS84 ellipsoid in km. At a pole, north is the
   direction in which the given longitude arrives there. */
static sphere_status geomag_at(const geomag *g, float latitude, float longitude, float height, geomag_field *out)
{
    const float degree = 0.0174532925f, reference = 6371.2f, equator = 6378.137f, squash = 0.00669437999f;
    float theta[2], phi[2], x[2], y[2], z[2], r[2], cos_lat, sin_lat, cos_lon, sin_lon, u, across, px, py, pz, gx, gy, gz, level;
    sphere_status status;
    /* two directions give all four sines and cosines: (theta, 0) is (sin theta, 0, cos theta), (pi/2, phi) is (cos phi, sin phi, 0) */
    theta[0] = (90 - latitude) * degree;
    theta[1] = 1.57079633f;
    phi[0] = 0;
    phi[1] = longitude * degree;
    status = sphere_to_cartesian(NULL, theta, phi, x, y, z, 2, NULL);
    if (status) return status;
    cos_lat = x[0];
    sin_lat = z[0];
    cos_lon = x[1];
    sin_lon = y[1];
    /* Radius of curvature across the meridian, equator / sqrt(1 - u): u < .0067, and the term left out, 63/256 u^5, is below 4e-12. */
    u = squash * (sin_lat * sin_lat);
    across = equator * (1 + u * (0.5f + u * (0.375f + u * (0.3125f + u * 0.2734375f))));
    px = (across + height) * cos_lat * cos_lon;
    py = (across + height) * cos_lat * sin_lon;
    pz = (across * (1 - squash) + height) * sin_lat;
    status = sphere_sh_solid_sum(&g->plan, SPHERE_SH_IRREGULAR, reference, g->now, 1, 0, &px, &py, &pz, 1, NULL, &gx, &gy, &gz);
    if (status) return status;
    level = gx * cos_lon + gy * sin_lon;           /* away from the axis */
    out->x = (level * sin_lat - gz * cos_lat) * reference;        /* the field is minus the gradient: the signs are turned here */
    out->y = (gx * sin_lon - gy * cos_lon) * reference;
    out->z = (level * cos_lat + gz * sin_lat) * reference;
    /* declination is the azimuth of (x, y, z), inclination 90 degrees less the angle from straight down; h is the length of (x, y, 0) */
    x[0] = x[1] = out->x;
    y[0] = y[1] = out->y;
    z[0] = out->z;
    z[1] = 0;
    status = sphere_to_spherical(x, y, z, r, theta, phi, 2, NULL);
    if (status) return status;
    out->f = r[0];
    out->h = r[1];
    out->inclination = 90 - theta[0] * 57.2957795f;
    out->declination = phi[0] * 57.2957795f;
    if (out->declination > 180) out->declination -= 360;
    return SPHERE_OK;
}

#ifdef GEOMAG_FIRMWARE
/* >>firmware -------------------------------------------------------------------------------------------------------- */

/* Prints the bits of the seven numbers of every place, and on a bare machine how much memory all of it took. */
#ifndef GEOMAG_PLACES
#define GEOMAG_PLACES { 0, 0, 59.33f, 18.07f }, { 2.5f, 10, -33.87f, 151.21f }, { 5, 0, 85.8f, 139.3f }
#endif
/* years since the epoch, height, latitude, longitude */
static const float places[][4] = { GEOMAG_PLACES };
static geomag field_model;

/* A few bytes of stack, where printf would take hundreds. */
static void print_hex(uint32_t value, int end)
{
    int i;
    for (i = 28; i >= 0; i -= 4) putchar("0123456789abcdef"[value >> i & 15]);
    putchar(end);
}

#ifdef GEOMAG_BARE
/* What the linker script of picolibc names: data and zeroed data lie from the start of the RAM to the heap, the stack grows down
   from the end. The room between is painted before, and afterwards the paint tells how deep the stack went. */
extern unsigned char __data_start[], __heap_start[], __stack[];
static void paint_stack(void)
{
    volatile unsigned char here = 0, *p, *end = &here - 64;
    for (p = __heap_start; p < end; p++) *p = 0xa5;
}
static uint32_t stack_used(void)
{
    const volatile unsigned char *p = __heap_start;
    while (p < __stack && *p == 0xa5) p++;
    return (uint32_t)(__stack - p);
}
#endif

int main(void)
{
    size_t i, j;
    sphere_status status;
#ifdef GEOMAG_BARE
    paint_stack();
#endif
    status = geomag_begin(&field_model, GEOMAG_DEGREE, geomag_epoch, geomag_drift);
    for (i = 0; !status && i < sizeof places / sizeof *places; i++) {
        geomag_field field;
        uint32_t bits[7];
        geomag_date(&field_model, places[i][0]);
        status = geomag_at(&field_model, places[i][2], places[i][3], places[i][1], &field);
        memcpy(bits, &field, sizeof bits);
        for (j = 0; !status && j < 7; j++) print_hex(bits[j], j < 6 ? ' ' : '\n');
    }
#ifdef GEOMAG_BARE
    putchar('#');
    print_hex((uint32_t)(__heap_start - __data_start), ' ');
    print_hex(stack_used(), '\n');
#endif
    return status ? 1 : 0;
}

#else

/* >>double ---------------------------------------------------------------------------------------------------------- */

/* A model as it was read. */
typedef struct geomag_model {
    char   name[32];
    double year;                                   /* its epoch; it is made for the five years from there                     */
    int    degree;
    double epoch[GEOMAG_TERMS], drift[GEOMAG_TERMS];
} geomag_model;
enum { MODEL_YEARS = 5 };

/* The same field in double: a hundred thousand times closer to the sum than the model is to the Earth; for checking, and for --double. */
typedef struct geomag_wide {
    sphere_shd_points   plan;
    const geomag_model *model;
    double              now[GEOMAG_TERMS];
    double              memory[GEOMAG_PLAN_NUMBERS];
} geomag_wide;
typedef struct geomag_wide_field { double x, y, z, h, f, inclination, declination; } geomag_wide_field;

/* Sine and cosine of an angle in degrees, |degrees| < 1e6: multiples of 45 come out as they should, since the reduction is exact. */
static void sincos_degrees(double degrees, double *sine, double *cosine)
{
    int quarter = (int)(degrees / 90 + (degrees < 0 ? -0.5 : 0.5)), k;
    double r = (degrees - 90.0 * quarter) * 0.017453292519943295, square = r * r, s = 1, c = 1;
    for (k = 16; k > 0; k -= 2) {                  /* Taylor series, from the far end; |r| <= pi/4, so r^17/17! is below 1e-16 */
        s = 1 - s * square / (k * (k + 1));
        c = 1 - c * square / ((k - 1) * k);
    }
    s *= r;
    quarter &= 3;
    *sine = quarter == 0 ? s : quarter == 1 ? c : quarter == 2 ? -s : -c;
    *cosine = quarter == 0 ? c : quarter == 1 ? -s : quarter == 2 ? -c : s;
}

/* Length of (x, y) and its angle in degrees, -180..180: the float angle, and one step that squares its error of 1e-7. */
static double length_and_angle(double x, double y, double *degrees)
{
    float fx = (float)x, fy = (float)y, fz = 0, r, theta, phi;
    double s, c, along, aside, length, angle;
    ex_check(sphere_to_spherical(&fx, &fy, &fz, &r, &theta, &phi, 1, NULL), "an angle");
    angle = (double)phi * 57.29577951308232;
    sincos_degrees(angle, &s, &c);
    along = x * c + y * s;
    aside = y * c - x * s;
    if (along > 0) angle += aside / along * 57.29577951308232;
    if (angle > 180) angle -= 360;
    *degrees = angle;
    /* the root of x^2 + y^2 likewise, by a step of Newton's */
    length = (double)r;
    return length > 0 ? 0.5 * (length + (x * x + y * y) / length) : 0;
}

static void wide_date(geomag_wide *g, double years)
{
    int i, terms = (g->model->degree + 1) * (g->model->degree + 1);
    for (i = 0; i < terms; i++) g->now[i] = g->model->epoch[i] + years * g->model->drift[i];
}

static void wide_begin(geomag_wide *g, const geomag_model *model)
{
    sphere_sh_desc desc;
    memset(&desc, 0, sizeof desc);
    desc.norm = SPHERE_SH_SCHMIDT;
    g->model = model;
    wide_date(g, 0);
    ex_check(sphere_shd_points_init(&g->plan, model->degree, &desc, NULL, g->memory, sizeof g->memory), "preparing the model");
}

static void wide_at(const geomag_wide *g, double latitude, double longitude, double height, geomag_wide_field *out)
{
    const double reference = 6371.2, equator = 6378.137, squash = 0.0066943799901413165;
    double cos_lat, sin_lat, cos_lon, sin_lon, u, across, px, py, pz, gx, gy, gz, level;
    int k;
    sincos_degrees(latitude, &sin_lat, &cos_lat);
    sincos_degrees(longitude, &sin_lon, &cos_lon);
    u = squash * (sin_lat * sin_lat);
    for (across = 1, k = 8; k > 0; k--) across = 1 + across * u * (2 * k - 1) / (2 * k);       /* 1 / sqrt(1 - u) */
    across *= equator;
    px = (across + height) * cos_lat * cos_lon;
    py = (across + height) * cos_lat * sin_lon;
    pz = (across * (1 - squash) + height) * sin_lat;
    ex_check(sphere_shd_solid_sum(&g->plan, SPHERE_SH_IRREGULAR, reference, g->now, 1, 0, &px, &py, &pz, 1, NULL, &gx, &gy, &gz), "the field");
    level = gx * cos_lon + gy * sin_lon;
    out->x = (level * sin_lat - gz * cos_lat) * reference;
    out->y = (gx * sin_lon - gy * cos_lon) * reference;
    out->z = (level * cos_lat + gz * sin_lat) * reference;
    out->h = length_and_angle(out->x, out->y, &out->declination);
    out->f = length_and_angle(out->h, out->z, &out->inclination);
}

/* Whichever precision was asked for, behind one function. */
typedef struct evaluator {
    const geomag_model *model;
    int                 use_double;
    float               epoch[GEOMAG_TERMS], drift[GEOMAG_TERMS];
    geomag              narrow;
    geomag_wide         wide;
} evaluator;

static void evaluator_begin(evaluator *e, const geomag_model *model, int use_double)
{
    int i;
    e->model = model;
    e->use_double = use_double;
    for (i = 0; i < GEOMAG_TERMS; i++) {
        e->epoch[i] = (float)model->epoch[i];
        e->drift[i] = (float)model->drift[i];
    }
    ex_check(geomag_begin(&e->narrow, model->degree, e->epoch, e->drift), "preparing the model");
    wide_begin(&e->wide, model);
}
static void evaluator_date(evaluator *e, double year)
{
    geomag_date(&e->narrow, (float)(year - e->model->year));
    wide_date(&e->wide, year - e->model->year);
}
static void evaluate(const evaluator *e, double latitude, double longitude, double height, geomag_wide_field *out)
{
    geomag_field field = { 0, 0, 0, 0, 0, 0, 0 };
    if (e->use_double) { wide_at(&e->wide, latitude, longitude, height, out); return; }
    ex_check(geomag_at(&e->narrow, (float)latitude, (float)longitude, (float)height, &field), "the field");
    out->x = (double)field.x;
    out->y = (double)field.y;
    out->z = (double)field.z;
    out->h = (double)field.h;
    out->f = (double)field.f;
    out->inclination = (double)field.inclination;
    out->declination = (double)field.declination;
}

/* >>read ------------------------------------------------------------------------------------------------------------ */

static const double lowest_height = -1, highest_height = 850;      /* km: what the model is specified for */

/* All lines of a file that can be read; the exit code of a file that cannot is 1. */
static void read_lines(const char *path, ex_lines *lines)
{
    struct stat info;
    FILE *f = fopen(path, "rb");
    if (!f) ex_fail(EX_FAULT, "cannot open '%s': %s.", path, strerror(errno));
    if (fstat(fileno(f), &info) == 0 && S_ISDIR(info.st_mode)) ex_fail(EX_FAULT, "'%s' is a directory, not a file.", path);
    fclose(f);
    ex_read_lines(path, lines);
}
static void free_lines(ex_lines *lines)
{
    free(lines->text);
    free(lines->start);
    free(lines->length);
}

/* Text between two positions, without the blanks around it. */
typedef struct span { const char *p; size_t length; } span;

static int is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/* The next word of a line, ended by blanks; 0 when there is none. */
static int next_word(const char **p, const char *end, span *word)
{
    while (*p < end && is_blank(**p)) ++*p;
    word->p = *p;
    while (*p < end && !is_blank(**p)) ++*p;
    word->length = (size_t)(*p - word->p);
    return word->length > 0;
}
/* The next field of a line, ended by a comma; 0 when there is none. */
static int next_field(const char **p, const char *end, span *field)
{
    const char *stop;
    if (!*p) return 0;
    stop = (const char *)memchr(*p, ',', (size_t)(end - *p));
    field->p = *p;
    field->length = (size_t)((stop ? stop : end) - *p);
    *p = stop ? stop + 1 : NULL;
    while (field->length && is_blank(*field->p)) { field->p++; field->length--; }
    while (field->length && is_blank(field->p[field->length - 1])) field->length--;
    return 1;
}

/* A decimal number and nothing else: no "nan", no "inf", no hexadecimal, nothing that overflows. */
static int read_number(span text, double *value)
{
    char copy[64], *end;
    if (!text.length || text.length >= sizeof copy) return 0;
    memcpy(copy, text.p, text.length);
    copy[text.length] = 0;
    if (strspn(copy, "0123456789.eE+-") != text.length) return 0;
    *value = strtod(copy, &end);
    return !*end && *value - *value == 0;
}
/* For messages: a field cut to a readable length. */
static int shown(span text) { return text.length > 40 ? 40 : (int)text.length; }

/* A .COF file: "epoch name date", then lines "n m g h g-per-year h-per-year" in order, then a line of nines. */
static void read_model(const char *path, geomag_model *model)
{
    ex_lines lines;
    size_t i;
    int n = 1, m = 0, ended = 0;
    memset(model, 0, sizeof *model);
    read_lines(path, &lines);
    for (i = 0; i < lines.count; i++) {
        const char *p = lines.text + lines.start[i], *end = p + lines.length[i];
        unsigned long long row = i + 1;
        span word[6], extra;
        double number[6];
        int k, count = 0;
        while (count < 6 && next_word(&p, end, &word[count])) count++;
        if (i == 0) {
            if (count < 2 || !read_number(word[0], &model->year) || !(model->year >= 1500 && model->year <= 3000))
                ex_fail(EX_FAULT, "'%s' is not a model: its first line must be an epoch such as 2025.0 and a name.", path);
            memcpy(model->name, word[1].p, word[1].length < sizeof model->name ? word[1].length : sizeof model->name - 1);
            continue;
        }
        if (!count) continue;
        if (word[0].length >= 4 && !memcmp(word[0].p, "9999", 4)) { ended = 1; continue; }
        if (ended) ex_fail(EX_FAULT, "'%s', line %llu: there is text after the line of nines that ends a model.", path, row);
        if (count < 6) ex_fail(EX_FAULT, "'%s', line %llu has %d numbers; degree, order, g, h and their changes make six.", path, row, count);
        if (next_word(&p, end, &extra)) ex_fail(EX_FAULT, "'%s', line %llu has more than six numbers.", path, row);
        for (k = 0; k < 6; k++) if (!read_number(word[k], &number[k]))
            ex_fail(EX_FAULT, "'%s', line %llu: '%.*s' is not a finite decimal number.", path, row, shown(word[k]), word[k].p);
        if (number[0] > GEOMAG_DEGREE && number[0] < 1e6)
            ex_fail(EX_FAULT, "'%s', line %llu: degree %.10g is too large for this program, which was built for %d (-DGEOMAG_DEGREE=%d takes more).",
                    path, row, number[0], GEOMAG_DEGREE, (int)number[0]);
        if (number[0] != n || number[1] != m)
            ex_fail(EX_FAULT, "'%s', line %llu has degree %.10g and order %.10g where %d and %d are due.", path, row, number[0], number[1], n, m);
        for (k = 2; k < 6; k++) if (!(number[k] >= -1e6 && number[k] <= 1e6))
            ex_fail(EX_FAULT, "'%s', line %llu: %.*s nT is not a coefficient of the Earth's field.", path, row, shown(word[k]), word[k].p);
        if (m == 0 && (number[3] != 0 || number[5] != 0))
            ex_fail(EX_FAULT, "'%s', line %llu: the h of order 0 multiplies nothing and must be 0.", path, row);
        model->epoch[n * n + n + m] = number[2];
        model->drift[n * n + n + m] = number[4];
        if (m) {
            model->epoch[n * n + n - m] = number[3];
            model->drift[n * n + n - m] = number[5];
        }
        if (m++ == n) {
            model->degree = n++;
            m = 0;
        }
    }
    if (!ended) ex_fail(EX_FAULT, "'%s' is truncated: no line of nines ends the model.", path);
    if (m || !model->degree) ex_fail(EX_FAULT, "'%s' is truncated: degree %d ends before its order %d.", path, n, m);
    free_lines(&lines);
}

static void check_year(const geomag_model *model, double year, const char *where)
{
    if (!(year >= model->year && year <= model->year + MODEL_YEARS))
        ex_fail(EX_FAULT, "%s%.10g is outside the years %.10g to %.10g that %s is made for; --cof takes the model of other years.", where, year,
                model->year, model->year + MODEL_YEARS, model->name);
}

typedef struct place { double year, height, latitude, longitude; span text[4]; } place;

/* The lines of a .csv file: year, height, latitude, longitude; more columns, empty lines and one line of titles are passed over. */
static place *read_places(const char *path, const geomag_model *model, ex_lines *lines, size_t *count)
{
    static const char *const what[4] = { "year", "height", "latitude", "longitude" };
    place *places;
    size_t i, used = 0;
    int seen = 0;
    read_lines(path, lines);
    places = (place *)ex_alloc_array(lines->count, sizeof *places, "the places");
    for (i = 0; i < lines->count; i++) {
        const char *p = lines->text + lines->start[i], *end = p + lines->length[i];
        place *q = &places[used];
        unsigned long long row = i + 1;
        double number[4];
        char where[64];
        int k = 0;
        if (i == 0 && end - p >= 3 && !memcmp(p, "\xef\xbb\xbf", 3)) p += 3;     /* the mark that some programs put first */
        while (p < end && is_blank(*p)) p++;
        if (p == end) continue;
        if (!seen++ && !memchr("0123456789.+-,", *p, 14)) continue;              /* titles */
        while (k < 4 && next_field(&p, end, &q->text[k])) k++;
        if (k < 4) ex_fail(EX_FAULT, "'%s', line %llu has %d of the four columns year, height, latitude, longitude.", path, row, k);
        for (k = 0; k < 4; k++) if (!read_number(q->text[k], &number[k]))
            ex_fail(EX_FAULT, "'%s', line %llu: the %s '%.*s' is not a decimal number.", path, row, what[k], shown(q->text[k]), q->text[k].p);
        q->year = number[0];
        q->height = number[1];
        q->latitude = number[2];
        q->longitude = number[3];
        snprintf(where, sizeof where, "', line %llu: the year ", row);
        if (!(q->year >= model->year && q->year <= model->year + MODEL_YEARS)) {
            char *start = ex_join("'", path, where);
            check_year(model, q->year, start);
        }
        if (!(q->height >= lowest_height && q->height <= highest_height))
            ex_fail(EX_FAULT, "'%s', line %llu: the height %.10g km is outside %g to %g km above the ellipsoid, where the model holds.",
                    path, row, q->height, lowest_height, highest_height);
        if (!(q->latitude >= -90 && q->latitude <= 90))
            ex_fail(EX_FAULT, "'%s', line %llu: the latitude %.10g is not between -90 and 90 degrees.", path, row, q->latitude);
        if (!(q->longitude >= -180 && q->longitude <= 360))
            ex_fail(EX_FAULT, "'%s', line %llu: the longitude %.10g is not between -180 and 360 degrees.", path, row, q->longitude);
        used++;
    }
    *count = used;
    return places;
}

/* >>poles ----------------------------------------------------------------------------------------------------------- */

typedef struct spot { double latitude, longitude; } spot;

/* Where the field of one hemisphere is vertical (sign 1: north): the least horizontal field on a grid, then ever smaller steps. */
static spot find_dip_pole(const evaluator *e, int sign)
{
    geomag_wide_field field;
    spot best = { 0, 0 };
    double least = 1e30, step = 5;
    int i, j;
    for (i = 45; i <= 90; i += 5) for (j = -180; j < 180; j += 5) {
        wide_at(&e->wide, sign * i, j, 0, &field);
        if (field.h < least) { least = field.h; best.latitude = sign * i; best.longitude = j; }
    }
    while (step > 1e-6) {
        static const int way[4][2] = { { 1, 0 }, { -1, 0 }, { 0, 1 }, { 0, -1 } };
        spot from = best;
        double sine, cosine;
        sincos_degrees(from.latitude, &sine, &cosine);
        for (i = 0; i < 4; i++) {
            spot try = from;
            try.latitude += step * way[i][0];
            try.longitude += step * way[i][1] / (cosine > 0.001 ? cosine : 0.001);
            if (try.latitude > 90 || try.latitude < -90) continue;
            if (try.longitude > 180) try.longitude -= 360;
            if (try.longitude < -180) try.longitude += 360;
            wide_at(&e->wide, try.latitude, try.longitude, 0, &field);
            if (field.h < least) { least = field.h; best = try; }
        }
        if (best.latitude == from.latitude && best.longitude == from.longitude) step *= 0.5;
    }
    return best;
}

/* Where the axis of the dipole, the part of degree 1, leaves the ellipsoid in the north; the other end is opposite. */
static spot find_dipole_pole(const evaluator *e)
{
    spot pole;
    double level = length_and_angle(-e->wide.now[3], -e->wide.now[1], &pole.longitude);      /* g(1,1), h(1,1) */
    length_and_angle(level * (1 - 0.0066943799901413165), -e->wide.now[2], &pole.latitude);  /* g(1,0); the factor makes it geodetic */
    return pole;
}

typedef struct poles { spot dip[2], dipole[2]; } poles;         /* north, south */

static void find_poles(const evaluator *e, poles *p)
{
    p->dip[0] = find_dip_pole(e, 1);
    p->dip[1] = find_dip_pole(e, -1);
    p->dipole[0] = find_dipole_pole(e);
    p->dipole[1].latitude = -p->dipole[0].latitude;
    p->dipole[1].longitude = p->dipole[0].longitude > 0 ? p->dipole[0].longitude - 180 : p->dipole[0].longitude + 180;
}

/* >>map ------------------------------------------------------------------------------------------------------------- */

enum {
    ROWS = 181, COLUMNS = 361, NODES = ROWS * COLUMNS,          /* one degree; both ends of both ranges                      */
    EDGES = 2 * NODES,                                          /* node k begins edge k to the east, edge NODES + k to the north */
    WIDTH = 1200, HEIGHT = 1046, CENTRE_X = 600, CENTRE_Y = 386,   /* the world                                              */
    POLAR_X = 220, POLAR_Y = 868, POLAR_RADIUS = 138, RIM = 60, /* one view from above each pole, down to this latitude      */
    MOST_BOXES = 400, SHADES = 9
};
static const double map_scale = 203;

static const struct city { const char *name; double latitude, longitude; } cities[] = {
    { "Reykjavik", 64.15, -21.94 }, { "London", 51.51, -0.13 }, { "Moscow", 55.76, 37.62 }, { "Istanbul", 41.01, 28.98 }, { "Cairo", 30.04, 31.24 },
    { "Lagos", 6.52, 3.38 }, { "Nairobi", -1.29, 36.82 }, { "Cape Town", -33.92, 18.42 }, { "Delhi", 28.61, 77.21 }, { "Novosibirsk", 55.01, 82.93 },
    { "Singapore", 1.35, 103.82 }, { "Beijing", 39.90, 116.41 }, { "Tokyo", 35.68, 139.69 }, { "Perth", -31.95, 115.86 }, { "Sydney", -33.87, 151.21 },
    { "Auckland", -36.85, 174.76 }, { "Honolulu", 21.31, -157.86 }, { "Anchorage", 61.22, -149.90 }, { "San Francisco", 37.77, -122.42 },
    { "Mexico City", 19.43, -99.13 }, { "New York", 40.71, -74.01 }, { "Bogota", 4.71, -74.07 }, { "Sao Paulo", -23.55, -46.63 },
    { "Ushuaia", -54.80, -68.30 }, { "Nuuk", 64.18, -51.72 }, { "Longyearbyen", 78.22, 15.65 }, { "McMurdo", -77.85, 166.67 }
};
enum { CITIES = sizeof cities / sizeof *cities };

typedef struct map {
    const evaluator *e;
    int       view;                    /* 0 the world, 1 from above the north pole, -1 the south pole                 */
    int       low, high;               /* its rows                                                                    */
    float    *x, *y;                   /* (NODES) the horizontal field, in nT                                         */
    float    *f, *keep;                /* (NODES) a line is drawn where f = 0, as far as keep > 0                     */
    int32_t (*link)[2];                /* (EDGES) the edges on which the line goes on, -1 where it does not           */
    double  (*line)[2];                /* (EDGES + 1) one line, in pixels                                             */
    int       box[MOST_BOXES][4], boxes;
    ex_file  *file;
    char      late[65536];             /* what is drawn over everything else: labels                                  */
    size_t    late_used;
} map;

/* Text for the end of the picture; what does not fit any more is left out. */
EX_PRINTF(2, 3)
static void later(map *m, const char *format, ...)
{
    va_list list;
    int count;
    va_start(list, format);
    count = vsnprintf(m->late + m->late_used, sizeof m->late - m->late_used, format, list);
    va_end(list);
    if (count > 0 && (size_t)count < sizeof m->late - m->late_used) m->late_used += (size_t)count;
}

/* The world in the Natural Earth projection (Patterson 2012, Savric 2015), a polynomial of the latitude; the poles in the azimuthal
   projection that keeps distances from the centre, with longitude 0 towards the middle of the picture's bottom or top. */
static void project(const map *m, double latitude, double longitude, double out[2])
{
    const double radians = 0.017453292519943295;
    double p = latitude * radians, q = p * p, r = q * q, along, up, sine, cosine;
    if (m->view) {
        r = POLAR_RADIUS * (90 - m->view * latitude) / (90 - RIM);
        sincos_degrees(longitude, &sine, &cosine);
        out[0] = (m->view > 0 ? POLAR_X : WIDTH - POLAR_X) + r * sine;
        out[1] = POLAR_Y + m->view * r * cosine;
        return;
    }
    along = 0.8707 + q * (-0.131979 + q * (-0.013791 + r * q * (0.003971 - 0.001529 * q)));
    up = 1.007226 + q * (0.015085 + r * (-0.044475 + 0.028874 * q - 0.005916 * r));
    out[0] = CENTRE_X + map_scale * along * longitude * radians;
    out[1] = CENTRE_Y - map_scale * up * p;
}
static void set_view(map *m, int view)
{
    m->view = view;
    m->low = view > 0 ? 90 + RIM : 0;
    m->high = view < 0 ? 90 - RIM : ROWS - 1;
}

static int to_int(double x) { return (int)(x < 0 ? x - 0.5 : x + 0.5); }

/* A path in tenths of a pixel, relative: the shortest text. */
static void draw_path(ex_file *file, const double (*points)[2], int count, int closed)
{
    int i, x = 0, y = 0, drawn = 0;
    for (i = 0; i < count; i++) {
        int to_x = to_int(points[i][0] * 10), to_y = to_int(points[i][1] * 10);
        if (drawn && to_x == x && to_y == y) continue;
        ex_printf(file, drawn == 0 ? "M%d" : drawn == 1 ? "l%d" : to_x - x < 0 ? "%d" : " %d", to_x - x);
        ex_printf(file, to_y - y < 0 ? "%d" : " %d", to_y - y);
        x = to_x;
        y = to_y;
        drawn++;
    }
    if (closed) ex_puts(file, "z");
}

/* Take room for a label, unless something is there already or the room is outside the picture. */
static int take_room(map *m, double x, double y, double width, double height)
{
    int i, b[4];
    b[0] = to_int(x);
    b[1] = to_int(y);
    b[2] = to_int(x + width);
    b[3] = to_int(y + height);
    if (b[0] < 4 || b[2] > WIDTH - 4 || m->boxes == MOST_BOXES) return 0;
    for (i = 0; i < m->boxes; i++) if (b[0] < m->box[i][2] && m->box[i][0] < b[2] && b[1] < m->box[i][3] && m->box[i][1] < b[3]) return 0;
    memcpy(m->box[m->boxes++], b, sizeof b);
    return 1;
}

/* Where the line crosses an edge. */
static void crossing(const map *m, int edge, double out[2])
{
    int node = edge % NODES, other = edge < NODES ? node + 1 : node + COLUMNS;
    double t = (double)m->f[node] / ((double)m->f[node] - (double)m->f[other]), row = node / COLUMNS - 90, column = node % COLUMNS - 180;
    if (edge < NODES) column += t;
    else row += t;
    project(m, row, column, out);
}
static int is_kept(const map *m, int edge)
{
    int node = edge % NODES, other = edge < NODES ? node + 1 : node + COLUMNS;
    double t = (double)m->f[node] / ((double)m->f[node] - (double)m->f[other]);
    return (1 - t) * (double)m->keep[node] + t * (double)m->keep[other] > 0;
}
static void join(map *m, int a, int b)
{
    if (!is_kept(m, a) || !is_kept(m, b)) return;
    m->link[a][m->link[a][0] >= 0] = b;
    m->link[b][m->link[b][0] >= 0] = a;
}

/* Follow a line from an edge, taking its links away. Returns how many points it has. */
static int follow(map *m, int edge)
{
    int count = 0, from = -1;
    while (edge >= 0) {
        int next = m->link[edge][0] >= 0 && m->link[edge][0] != from ? m->link[edge][0] : m->link[edge][1] != from ? m->link[edge][1] : -1;
        crossing(m, edge, m->line[count++]);
        m->link[edge][0] = m->link[edge][1] = -1;
        from = edge;
        edge = next;
        if (edge >= 0 && m->link[edge][0] < 0) { crossing(m, edge, m->line[count++]); break; }      /* round: back at the start */
    }
    return count;
}

/* Labels along a line of the map: in the middle, and further ones where it is long. */
static void label_line(map *m, int count, const char *text)
{
    const double every = 300, half = 21;
    double length = 0, done = 0, next;
    int i;
    for (i = 1; i < count; i++) {
        double dx = m->line[i][0] - m->line[i - 1][0], dy = m->line[i][1] - m->line[i - 1][1], turned;
        length += length_and_angle(dx, dy, &turned);
    }
    if (length < 90) return;
    next = length < 2 * every ? length / 2 : every / 2;
    for (i = 1; i < count; i++) {
        double dx = m->line[i][0] - m->line[i - 1][0], dy = m->line[i][1] - m->line[i - 1][1], turned;
        done += length_and_angle(dx, dy, &turned);
        if (done < next) continue;
        /* the direction over a few points, upright */
        if (i + 3 < count && i > 3) length_and_angle(m->line[i + 3][0] - m->line[i - 3][0], m->line[i + 3][1] - m->line[i - 3][1], &turned);
        if (turned > 90) turned -= 180;
        if (turned < -90) turned += 180;
        if (!take_room(m, m->line[i][0] - half, m->line[i][1] - half, 2 * half, 2 * half)) { next = done + 12; continue; }
        later(m, "<text class=\"v\" transform=\"translate(%d %d) rotate(%d)\" y=\"4\">%s</text>\n", to_int(m->line[i][0]), to_int(m->line[i][1]),
                  to_int(turned), text);
        next = done + every;
    }
}

/* Marching squares: draw where f is 0 and keep > 0, with one class of line; text may be NULL. */
static void draw_lines(map *m, const char *class_name, const char *text)
{
    int i, j, k, edge;
    for (i = 0; i < EDGES; i++) m->link[i][0] = m->link[i][1] = -1;
    for (i = m->low; i < m->high; i++) for (j = 0; j + 1 < COLUMNS; j++) {
        int node = i * COLUMNS + j, cut[4], cuts = 0;
        int a = m->f[node] >= 0, b = m->f[node + 1] >= 0, c = m->f[node + COLUMNS + 1] >= 0, d = m->f[node + COLUMNS] >= 0;
        if (a != b) cut[cuts++] = node;                          /* south, east, north, west */
        if (b != c) cut[cuts++] = NODES + node + 1;
        if (c != d) cut[cuts++] = node + COLUMNS;
        if (d != a) cut[cuts++] = NODES + node;
        if (cuts == 2) join(m, cut[0], cut[1]);
        else if (cuts == 4) {                                    /* a saddle: the middle belongs to one pair of corners or to the other */
            float middle = m->f[node] + m->f[node + 1] + m->f[node + COLUMNS] + m->f[node + COLUMNS + 1];
            int other = (middle >= 0) == a;
            join(m, cut[0], cut[other ? 1 : 3]);
            join(m, cut[2], cut[other ? 3 : 1]);
        }
    }
    /* lines with ends first, then those that are closed; the label follows each, on a halo of its own */
    for (k = 0; k < 2; k++) for (edge = 0; edge < EDGES; edge++) {
        int count;
        if (m->link[edge][0] < 0 || (k == 0 && m->link[edge][1] >= 0)) continue;
        count = follow(m, edge);
        if (count < 3) continue;
        ex_printf(m->file, "<path class=\"%s\" d=\"", class_name);
        draw_path(m->file, (const double (*)[2])m->line, count, 0);
        ex_puts(m->file, "\"/>\n");
        if (text) label_line(m, count, text);
    }
}

/* f = H sin(D - level), so that it is smooth where the declination jumps; keep = H cos(D - level) chooses the half. */
static void set_level(map *m, double level)
{
    double s, c;
    int i;
    sincos_degrees(level, &s, &c);
    for (i = 0; i < NODES; i++) {
        m->f[i] = (float)((double)m->y[i] * c - (double)m->x[i] * s);
        m->keep[i] = (float)((double)m->x[i] * c + (double)m->y[i] * s);
    }
}

/* Bounds of the shades on the east side; the west is the mirror. */
static const int shade_bound[SHADES + 1] = { 0, 10, 20, 30, 40, 50, 60, 90, 120, 180 };

/* The polygon of (x, y, longitude, latitude) corners, cut to the side of a direction (c, s) of the field on which it has turned further. */
static int cut_polygon(double (*p)[4], int count, double c, double s, int side, double (*out)[4])
{
    int i, k, made = 0;
    for (i = 0; i < count; i++) {
        const double *a = p[i], *b = p[(i + 1) % count];
        double fa = (a[1] * c - a[0] * s) * side, fb = (b[1] * c - b[0] * s) * side;
        if (fa >= 0) { memcpy(out[made++], a, sizeof *out); }
        if ((fa >= 0) != (fb >= 0)) {
            double t = fa / (fa - fb);
            for (k = 0; k < 4; k++) out[made][k] = a[k] + t * (b[k] - a[k]);
            made++;
        }
    }
    return made;
}

/* The outline of the cells from one column to another in one row; in steps, since a parallel seen from above the pole is an arc. */
static void draw_run(map *m, int south, int north, int from, int to, int step)
{
    int j, count = 0;
    for (j = from; j <= to; j += step) project(m, south - 90, j - 180, m->line[count++]);
    for (j = to; j >= from; j -= step) project(m, north - 90, j - 180, m->line[count++]);
    draw_path(m->file, (const double (*)[2])m->line, count, 1);
}

/* Fill where the declination lies between two angles less than 180 degrees apart: cells of three degrees are cut to what lies between, and
   whole ones joined along a row. The lines drawn over the seams are finer. */
static void draw_shade(map *m, double low, double high, const char *class_name)
{
    enum { CELL = 3 };
    static const int corner[4][2] = { { 0, 0 }, { 0, CELL }, { CELL, CELL }, { CELL, 0 } };
    double s[2], c[2];
    int i, j, k;
    sincos_degrees(low, &s[0], &c[0]);
    sincos_degrees(high, &s[1], &c[1]);
    ex_printf(m->file, "<path class=\"%s\" d=\"", class_name);
    for (i = m->low; i < m->high; i += CELL) {
        int run = -1;
        for (j = 0; j < COLUMNS; j += CELL) {
            double p[4][4], once[6][4], twice[8][4], pixel[8][2];
            int inside = 0, count, last = j + CELL >= COLUMNS;
            for (k = 0; k < 4 && !last; k++) {
                int row = i + corner[k][0], column = j + corner[k][1];
                p[k][0] = (double)m->x[row * COLUMNS + column];
                p[k][1] = (double)m->y[row * COLUMNS + column];
                p[k][2] = column - 180;
                p[k][3] = row - 90;
                inside += p[k][1] * c[0] - p[k][0] * s[0] >= 0 && p[k][1] * c[1] - p[k][0] * s[1] < 0;
            }
            if (inside == 4) { if (run < 0) run = j; continue; }
            if (run >= 0) {
                draw_run(m, i, i + CELL, run, j, m->view ? CELL : j - run);
                run = -1;
            }
            if (last) break;
            count = cut_polygon(p, 4, c[0], s[0], 1, once);
            if (count > 2) count = cut_polygon(once, count, c[1], s[1], -1, twice);
            if (count < 3) continue;
            for (k = 0; k < count; k++) project(m, twice[k][3], twice[k][2], pixel[k]);
            draw_path(m->file, (const double (*)[2])pixel, count, 1);
        }
    }
    ex_puts(m->file, "\"/>\n");
}

/* Outline and graticule are curves of constant latitude or longitude. */
static void draw_arc(map *m, double lat0, double lon0, double lat1, double lon1, int steps, int first)
{
    double p[2];
    int i;
    for (i = 0; i <= steps; i++) {
        project(m, lat0 + (lat1 - lat0) * i / steps, lon0 + (lon1 - lon0) * i / steps, p);
        ex_printf(m->file, i || !first ? "L%d %d" : "M%d %d", to_int(p[0] * 10), to_int(p[1] * 10));
    }
}

/* As in 12 E, with a degree sign; character references keep the file plain ASCII. */
static void say_degrees(char text[32], double degrees, const char *positive, const char *negative)
{
    int whole = to_int(degrees < 0 ? -degrees : degrees);
    snprintf(text, 32, "%d&#176;%s", whole, whole && whole < 180 ? degrees < 0 ? negative : positive : "");
}

/* 2025 as 2025.0, and other dates as they are. */
static const char *say_year(char text[32], double year)
{
    snprintf(text, 32, year * 10 - (double)(int)(year * 10) == 0 ? "%.1f" : "%.10g", year);
    return text;
}

static void draw_pole(map *m, spot at, const char *symbol, const char *name)
{
    double p[2], wide = 7.3 * (double)strlen(name), text_x;
    int i;
    project(m, at.latitude, at.longitude, p);
    take_room(m, p[0] - 9, p[1] - 9, 18, 18);
    later(m, "<use href=\"#%s\" x=\"%d\" y=\"%d\"/>\n", symbol, to_int(p[0]), to_int(p[1]));
    for (i = 0; i < 24; i++) {                                   /* right or left of it, and then further up and down */
        double y = p[1] + ((i / 2) & 1 ? -1 : 1) * ((i / 2 + 1) / 2) * 7.0;
        int left = i & 1;
        text_x = left ? p[0] - 13 : p[0] + 13;
        if (!take_room(m, left ? text_x - wide : text_x, y - 9, wide, 18)) continue;
        later(m, "<text class=\"p\" x=\"%d\" y=\"%d\"%s>%s</text>\n", to_int(text_x), to_int(y + 4.5), left ? " text-anchor=\"end\"" : "", name);
        return;
    }
}

static void draw_city(map *m, const struct city *city)
{
    geomag_wide_field field;
    double p[2], wide;
    char degrees[32];
    int i;
    if (m->view * city->latitude < RIM + 3 && m->view) return;
    evaluate(m->e, city->latitude, city->longitude, 0, &field);
    say_degrees(degrees, field.declination, "E", "W");
    wide = 7.0 * (double)(strlen(city->name) + 5);
    project(m, city->latitude, city->longitude, p);
    for (i = 0; i < 2; i++) {
        double x = i ? p[0] - 7 - wide : p[0] + 7;
        if (!take_room(m, x < p[0] ? x : p[0] - 4, p[1] - 8, wide + 11, 16)) continue;
        later(m, "<circle class=\"o\" cx=\"%d\" cy=\"%d\" r=\"2.4\"/>", to_int(p[0]), to_int(p[1]));
        later(m, "<text class=\"c\" x=\"%d\" y=\"%d\"%s>%s <tspan class=\"d\">%s</tspan></text>\n", to_int(i ? p[0] - 7 : p[0] + 7), to_int(p[1] + 4),
              i ? " text-anchor=\"end\"" : "", city->name, degrees);
        return;
    }
}

/* Shades with their bounds, and what the signs mean. */
static void draw_legend(map *m)
{
    enum { LEFT = 384, TOP = 752, STEP = 24, TALL = 14, KEYS = 838, GAP = 30 };
    static const char *const key[5][2] = {
        { "<path class=\"a\" style=\"stroke-width:3.4px\" d=\"M-19 0h38\"/>", "agonic line: a compass points to true north" },
        { "<path class=\"z\" style=\"stroke-width:1.2px;stroke-dasharray:5 3.4\" d=\"M-19 0h38\"/>", "horizontal field 2000 nT: inside, compasses fail" },
        { "<use href=\"#dip\"/>", "dip pole: the field is vertical" },
        { "<use href=\"#dipole\"/>", "geomagnetic pole: axis of the dipole part" },
        { "<circle class=\"o\" r=\"2.4\"/>", "towns and stations with their declination" }
    };
    int i;
    char text[32];
    ex_printf(m->file, "<text class=\"n\" x=\"%d\" y=\"%d\">compass points west of north</text>", LEFT, TOP - 9);
    ex_printf(m->file, "<text class=\"n\" x=\"%d\" y=\"%d\" text-anchor=\"end\">east of north</text>\n", LEFT + 2 * SHADES * STEP, TOP - 9);
    for (i = 0; i < 2 * SHADES; i++)
        ex_printf(m->file, "<rect class=\"%c%d\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>", i < SHADES ? 'w' : 'e',
                  i < SHADES ? SHADES - 1 - i : i - SHADES, LEFT + i * STEP, TOP, STEP, TALL);
    for (i = 0; i <= 2 * SHADES; i++) {
        int bound = shade_bound[i < SHADES ? SHADES - i : i - SHADES];
        if ((bound % 30 && bound != 10) || bound == 120) continue;
        say_degrees(text, bound, "", "");
        ex_printf(m->file, "<text class=\"n k\" x=\"%d\" y=\"%d\">%s</text>", LEFT + i * STEP, TOP + TALL + 15, text);
    }
    for (i = 0; i < 5; i++) {
        ex_printf(m->file, "\n<g transform=\"translate(%d %d)\">%s</g>", LEFT + 87, KEYS + i * GAP, key[i][0]);
        ex_printf(m->file, "<text x=\"%d\" y=\"%d\">%s</text>", LEFT + 124, KEYS + i * GAP + 4, key[i][1]);
    }
    ex_puts(m->file, "\n");
}

/* One view: shades, graticule, lines and rim; labels are put aside for later. */
static void draw_view(map *m, int view, const poles *where)
{
    static const int shown_levels[] = { 10, 20, 30, 40, 50, 60, 90, 120, 150 };
    enum { LEVELS = sizeof shown_levels / sizeof *shown_levels };
    char text[32], class_name[8];
    int i, k;
    set_view(m, view);
    ex_puts(m->file, "<g transform=\"scale(.1)\">\n");
    for (i = SHADES - 1; i >= 0; i--) {
        snprintf(class_name, sizeof class_name, "e%d", i);
        draw_shade(m, shade_bound[i], shade_bound[i + 1], class_name);
        class_name[0] = 'w';
        draw_shade(m, -shade_bound[i + 1], -shade_bound[i], class_name);
    }
    ex_puts(m->file, "<path class=\"g\" d=\"");
    if (view == 0) {
        for (i = -150; i <= 150; i += 30) draw_arc(m, -90, i, 90, i, 36, 1);
        for (i = -60; i <= 60; i += 30) draw_arc(m, i, -180, i, 180, 1, 1);
    } else {
        for (i = -180; i < 180; i += 30) draw_arc(m, view * 80, i, view * RIM, i, 1, 1);
        for (i = RIM + 10; i < 90; i += 10) draw_arc(m, view * i, -180, view * i, 180, 120, 1);
    }
    ex_puts(m->file, "\"/>\n");

    /* what must have its label takes room first, and the labels of lines go round that */
    for (i = 0; i < 2; i++) {
        if (view && i != (view < 0)) continue;
        draw_pole(m, where->dip[i], "dip", view ? "dip pole" : i ? "south dip pole" : "north dip pole");
        draw_pole(m, where->dipole[i], "dipole", view ? "geomagnetic pole" : i ? "south geomagnetic pole" : "north geomagnetic pole");
    }
    for (i = 0; i < CITIES; i++) draw_city(m, &cities[i]);
    for (k = 0; k < LEVELS; k++) for (i = 1; i >= -1; i -= 2) {
        set_level(m, shown_levels[k] * i);
        say_degrees(text, shown_levels[k] * i, "E", "W");
        draw_lines(m, shown_levels[k] > 60 ? i > 0 ? "l le f" : "l lw f" : i > 0 ? "l le" : "l lw", text);
    }
    set_level(m, 180);
    draw_lines(m, "l lw f", NULL);
    set_level(m, 0);
    draw_lines(m, "a", "0&#176;");
    for (i = 0; i < NODES; i++) {
        m->f[i] = m->x[i] * m->x[i] + m->y[i] * m->y[i] - 4e6f;
        m->keep[i] = 1;
    }
    draw_lines(m, "z", NULL);
    ex_puts(m->file, "<path class=\"r\" d=\"");
    if (view == 0) {
        draw_arc(m, -90, -180, 90, -180, 36, 1);
        draw_arc(m, 90, -180, 90, 180, 1, 0);
        draw_arc(m, 90, 180, -90, 180, 36, 0);
    } else draw_arc(m, view * RIM, -180, view * RIM, 180, 120, 1);
    ex_puts(m->file, "z\"/>\n</g>\n");
}

/* Degrees round a view. */
static void draw_rim_labels(map *m, int view)
{
    static const char *const anchor[4] = { "middle", "start", "middle", "end" };
    char text[32];
    double p[2];
    int i;
    set_view(m, view);
    for (i = view ? 0 : -150; i <= (view ? 270 : 150); i += view ? 90 : 30) {
        double longitude = i > 180 ? i - 360 : i;
        project(m, view ? view * (RIM - 1.5) : -90, longitude, p);
        say_degrees(text, longitude, "E", "W");
        ex_printf(m->file, "<text class=\"n\" x=\"%d\" y=\"%d\" text-anchor=\"%s\">%s</text>\n", to_int(p[0]),
                  to_int(p[1]) + (view == 0 ? 17 : i % 180 ? 4 : (i == 0) == (view > 0) ? 9 : 1), anchor[view ? i / 90 : 0], text);
    }
    if (view) {
        ex_printf(m->file, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">from above the %s pole, to latitude %d</text>\n",
                  view > 0 ? POLAR_X : WIDTH - POLAR_X, POLAR_Y + POLAR_RADIUS + 33, view > 0 ? "north" : "south", RIM);
        return;
    }
    for (i = -60; i <= 60; i += 30) {
        project(m, i, -180, p);
        say_degrees(text, i, "N", "S");
        ex_printf(m->file, "<text class=\"n\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", to_int(p[0] - 7), to_int(p[1] + 4), text);
    }
}

static void write_map(const evaluator *e, double year, const poles *where, const char *directory, float *x, float *y)
{
    static const char *const light[2][SHADES] = {
        { "#fbf1e6", "#f8e2cb", "#f4d0ab", "#efbb89", "#e8a468", "#de8b4b", "#cf7233", "#b95a25", "#98441d" },
        { "#e9f1f6", "#d3e3ee", "#b8d2e4", "#9abfd8", "#7ba9ca", "#5d92ba", "#447ba8", "#326492", "#254d78" } };
    static const char *const dark[2][SHADES] = {
        { "#2a2520", "#3a2e22", "#4c3824", "#5f4327", "#744f2a", "#8a5b2d", "#a16932", "#b97839", "#d28a45" },
        { "#1f262d", "#21303c", "#243c4e", "#284961", "#2d5675", "#346489", "#3d739d", "#4a83b0", "#5b94c1" } };
    static map m;
    char text[32];
    int i;
    m.e = e;
    m.x = x;
    m.y = y;
    m.f = (float *)ex_alloc_array(NODES, sizeof *m.f, "the map");
    m.keep = (float *)ex_alloc_array(NODES, sizeof *m.keep, "the map");
    m.link = (int32_t (*)[2])ex_alloc_array(EDGES, sizeof *m.link, "the map");
    m.line = (double (*)[2])ex_alloc_array(EDGES + 1, sizeof *m.line, "the map");
    m.file = ex_create_file(directory, "geomag.svg");

    ex_printf(m.file, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" ", WIDTH, HEIGHT);
    ex_printf(m.file, "aria-label=\"Map of magnetic declination in %s\">\n<style>\n", say_year(text, year));
    ex_puts(m.file, "text{font:12px system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;fill:#3c3a36}.b{fill:#fdfcf9}"
            ".t{font:600 27px Palatino,'Palatino Linotype','Book Antiqua',Georgia,serif;fill:#1d1b18}.n{fill:#6b665d}.k{font-size:11px;text-anchor:middle}\n"
            ".g{fill:none;stroke:#1d1b18;stroke-opacity:.13;stroke-width:8px}.r{fill:none;stroke:#1d1b18;stroke-opacity:.45;stroke-width:12px}\n"
            ".l{fill:none;stroke-width:11px;stroke-linejoin:round}.le{stroke:#a34a12}.lw{stroke:#1f5584}.f{stroke-opacity:.55;stroke-width:8px}\n"
            ".a{fill:none;stroke:#14794f;stroke-width:34px;stroke-linejoin:round}.z{fill:none;stroke:#5b2a6e;stroke-width:12px;stroke-dasharray:50 34}\n"
            ".v,.p,.c{paint-order:stroke;stroke:#fdfcf9;stroke-opacity:.88;stroke-width:3.5px;stroke-linejoin:round}.v{font-size:11px;text-anchor:middle}\n"
            ".p{font-weight:600;fill:#1d1b18}.c{font-size:11.5px}.d{fill:#7a3a12;font-weight:600}.o{fill:#1d1b18}"
            ".s{fill:#1d1b18;stroke:#fdfcf9;stroke-width:1.5px}"
            ".q{fill:#fdfcf9;stroke:#1d1b18;stroke-width:2px}\n");
    for (i = 0; i < SHADES; i++) ex_printf(m.file, ".e%d{fill:%s}.w%d{fill:%s}", i, light[0][i], i, light[1][i]);
    ex_puts(m.file, "\n@media(prefers-color-scheme:dark){text{fill:#cfcac0}.b{fill:#12141a}.t{fill:#f1eee7}.n{fill:#a29d93}.g,.r{stroke:#e9e6df}"
            ".le{stroke:#f0b27c}.lw{stroke:#8dc1ea}.a{stroke:#4fd39b}.z{stroke:#c99be0}.v,.p,.c{stroke:#12141a}.p{fill:#f1eee7}.d{fill:#f2c397}.o{fill:#f1eee7}"
            ".s{fill:#f1eee7;stroke:#12141a}.q{fill:#12141a;stroke:#f1eee7}\n");
    for (i = 0; i < SHADES; i++) ex_printf(m.file, ".e%d{fill:%s}.w%d{fill:%s}", i, dark[0][i], i, dark[1][i]);
    ex_printf(m.file, "}\n</style>\n<defs><circle id=\"dip\" class=\"s\" r=\"6\"/><path id=\"dipole\" class=\"q\" d=\"M0-6.5 6.5 0 0 6.5-6.5 0z\"/></defs>\n"
              "<rect class=\"b\" width=\"%d\" height=\"%d\" rx=\"10\"/>\n", WIDTH, HEIGHT);
    ex_puts(m.file, "<text class=\"t\" x=\"40\" y=\"50\">Magnetic declination</text>\n"
            "<text class=\"n\" x=\"40\" y=\"73\">how far a compass points east or west of true north, at height 0 of the WGS84 ellipsoid</text>\n"
            "<text x=\"1160\" y=\"50\" text-anchor=\"end\" style=\"font-size:15px\">");
    ex_write_xml(m.file, e->model->name, strlen(e->model->name), 32);
    ex_printf(m.file, ", %s</text>\n", say_year(text, year));
    ex_printf(m.file, "<text class=\"n\" x=\"1160\" y=\"73\" text-anchor=\"end\">degree %d, valid %s", e->model->degree, say_year(text, e->model->year));
    ex_printf(m.file, " to %s</text>\n", say_year(text, e->model->year + MODEL_YEARS));

    for (i = 0; i < 3; i++) {
        draw_view(&m, i == 2 ? -1 : i, where);
        draw_rim_labels(&m, i == 2 ? -1 : i);
    }
    ex_write(m.file, m.late, m.late_used);
    draw_legend(&m);
    ex_puts(m.file, "</svg>\n");
    free(m.f);
    free(m.keep);
    free(m.link);
    free(m.line);
}

/* >>report ---------------------------------------------------------------------------------------------------------- */

static void print_field(const char *name, double latitude, double longitude, const geomag_wide_field *field)
{
    printf("  %-16s %8.2f %8.2f  %9.1f %9.1f %9.1f %9.1f %9.1f %8.2f %8.2f", name, latitude, longitude, field->x, field->y, field->z, field->h, field->f,
           field->inclination, field->declination);
}

/* How fast the declination changes, in degrees per year: the difference over one year, the shorter way round. */
static double declination_change(evaluator *e, double year, double latitude, double longitude, double height)
{
    geomag_wide_field before, after;
    double change;
    wide_date(&e->wide, year - 0.5 - e->model->year);
    wide_at(&e->wide, latitude, longitude, height, &before);
    wide_date(&e->wide, year + 0.5 - e->model->year);
    wide_at(&e->wide, latitude, longitude, height, &after);
    wide_date(&e->wide, year - e->model->year);
    change = after.declination - before.declination;
    return change > 180 ? change - 360 : change < -180 ? change + 360 : change;
}

/* The whole world: table, poles, how float and double agree, geomag.svg, and a last line that a test can compare. */
static void report_world(evaluator *e, double year, const char *directory)
{
    float *x = (float *)ex_alloc_array(NODES, sizeof *x, "the map"), *y = (float *)ex_alloc_array(NODES, sizeof *y, "the map");
    float *z = (float *)ex_alloc_array(NODES, sizeof *z, "the map");
    poles where;
    geomag_wide_field field;
    double difference = 0;
    uint32_t sum = 2166136261u;
    size_t i, j, k;
    char text[32];
    static const char *const pole_names[2][2] = { { "north dip pole", "south dip pole" }, { "north geomagnetic", "south geomagnetic" } };

    find_poles(e, &where);
    for (i = 0; i < ROWS; i++) for (j = 0; j < COLUMNS; j++) {
        geomag_wide_field exact;
        double d[3];
        k = i * COLUMNS + j;
        evaluate(e, (double)i - 90, (double)j - 180, 0, &field);
        x[k] = (float)field.x;
        y[k] = (float)field.y;
        z[k] = (float)field.z;
        if (j % 5) continue;
        wide_at(&e->wide, (double)i - 90, (double)j - 180, 0, &exact);
        d[0] = field.x - exact.x;
        d[1] = field.y - exact.y;
        d[2] = field.z - exact.z;
        for (k = 0; k < 3; k++) if ((d[k] < 0 ? -d[k] : d[k]) > difference) difference = d[k] < 0 ? -d[k] : d[k];
    }
    for (i = 0; i < NODES; i++) for (j = 0; j < 3; j++) {        /* FNV-1a over the bits */
        uint32_t bits;
        memcpy(&bits, j == 0 ? &x[i] : j == 1 ? &y[i] : &z[i], 4);
        for (k = 0; k < 32; k += 8) sum = (sum ^ (bits >> k & 255)) * 16777619u;
    }
    write_map(e, year, &where, directory, x, y);
    ex_commit_files();

    printf("%s, degree %d, at %s", e->model->name, e->model->degree, say_year(text, year));
    printf(", height 0 km (valid %s", say_year(text, e->model->year));
    printf(" to %s)\n\n", say_year(text, e->model->year + MODEL_YEARS));
    printf("  %-16s %8s %8s  %9s %9s %9s %9s %9s %8s %8s %9s\n", "place", "lat", "lon", "north nT", "east nT", "down nT", "level nT",
           "total nT", "inclin.", "declin.", "a year");
    for (i = 0; i < CITIES; i++) {
        evaluate(e, cities[i].latitude, cities[i].longitude, 0, &field);
        print_field(cities[i].name, cities[i].latitude, cities[i].longitude, &field);
        printf(" %+9.3f\n", declination_change(e, year, cities[i].latitude, cities[i].longitude, 0));
    }
    printf("\n");
    for (i = 0; i < 2; i++) for (j = 0; j < 2; j++) {
        const spot *at = i ? &where.dipole[j] : &where.dip[j];
        printf("  %-18s %9.4f %9.4f   %s\n", pole_names[i][j], at->latitude, at->longitude, i ? "axis of the dipole" : "field vertical");
    }
    printf("  float and double differ by at most %.4f nT\n  map: %s%sgeomag.svg\n\n", e->use_double ? 0.0 : difference, strcmp(directory, ".") ? directory : "",
           strcmp(directory, ".") ? "/" : "");
    printf("geomag: %s %s, dip poles %.3f %.3f and %.3f %.3f, sum %08lx\n", e->model->name, say_year(text, year), where.dip[0].latitude,
           where.dip[0].longitude, where.dip[1].latitude, where.dip[1].longitude, (unsigned long)sum);
    free(x);
    free(y);
    free(z);
}

static void report_place(evaluator *e, double year, double latitude, double longitude, double height)
{
    geomag_wide_field field;
    char text[32];
    evaluate(e, latitude, longitude, height, &field);
    printf("%s at %s, latitude %.10g, longitude %.10g, %.10g km above the ellipsoid\n", e->model->name, say_year(text, year), latitude, longitude, height);
    printf("  north        %12.1f nT\n  east         %12.1f nT\n  down         %12.1f nT\n", field.x, field.y, field.z);
    printf("  horizontal   %12.1f nT\n  total        %12.1f nT\n", field.h, field.f);
    printf("  inclination  %12.2f degrees\n  declination  %12.2f degrees, %+.3f a year\n", field.inclination, field.declination,
           declination_change(e, year, latitude, longitude, height));
    if (field.h < 6000)
        printf("  The horizontal field is below %d nT: a compass %s here.\n", field.h < 2000 ? 2000 : 6000, field.h < 2000 ? "cannot be used" : "is unreliable");
}

static void report_places(evaluator *e, const char *path)
{
    ex_lines lines;
    size_t count, i;
    int k;
    place *places = read_places(path, e->model, &lines, &count);
    puts("year,alt_km,lat,lon,x,y,z,h,f,inclination,declination");
    for (i = 0; i < count; i++) {
        const place *q = &places[i];
        geomag_wide_field f;
        evaluator_date(e, q->year);
        evaluate(e, q->latitude, q->longitude, q->height, &f);
        for (k = 0; k < 4; k++) printf("%.*s,", (int)q->text[k].length, q->text[k].p);
        printf("%.4f,%.4f,%.4f,%.4f,%.4f,%.4f,%.4f\n", f.x, f.y, f.z, f.h, f.f, f.inclination, f.declination);
    }
    free(places);
    free_lines(&lines);
}

/* C arrays for -DGEOMAG_FIRMWARE. Nine digits give every float back. */
static void print_table(const evaluator *e)
{
    int i, j, terms = (e->model->degree + 1) * (e->model->degree + 1);
    const char *c;
    printf("/* ");
    for (c = e->model->name; *c; c++)               /* the name must not end the comment */
        putchar((*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') || *c == '.' || *c == '-' ? *c : '_');
    printf(", made by geomag --table: nT at %.10g, and nT per year */\n#define GEOMAG_DEGREE %d\n", e->model->year, e->model->degree);
    for (j = 0; j < 2; j++) {
        printf("static const float geomag_%s[%d] = {", j ? "drift" : "epoch", terms);
        for (i = 0; i < terms; i++) {
            char text[32];
            snprintf(text, sizeof text, "%.9g", (double)(j ? e->drift : e->epoch)[i]);
            printf("%s%s%sf%s", i % 10 ? " " : "\n    ", text, strpbrk(text, ".e") ? "" : ".0", i + 1 < terms ? "," : "");
        }
        printf("\n};\n");
    }
}

int main(int argc, char **argv)
{
    static geomag_model model;
    static evaluator e;
    static double year = -1, height = 0, latitude = 0, longitude = 0;
    static const char *csv = NULL, *cof = NULL, *at = NULL, *directory = ".";
    static const ex_option options[] = {
        { "at", "LAT LON", EX_TEXT, &at, 0, 0, NULL, "the field at one place, in degrees, north and east positive" },
        { "alt", "KM", EX_NUMBER, &height, -1, 850, NULL, "height of that place above the WGS84 ellipsoid (0)" },
        { "year", "Y", EX_NUMBER, &year, 1500, 3000, NULL, "date as a decimal year (the model's first day)" },
        { "csv", "FILE", EX_TEXT, &csv, 0, 0, NULL, "lines of year,alt_km,lat,lon; prints them with the field" },
        { "cof", "FILE", EX_TEXT, &cof, 0, 0, NULL, "another model (WMM2025.COF)" },
        { "out", "DIR", EX_TEXT, &directory, 0, 0, NULL, "where geomag.svg goes (.)" },
        { "double", "", EX_TEXT, NULL, 0, 0, NULL, "work in double instead of float" },
        { "table", "", EX_TEXT, NULL, 0, 0, NULL, "print the model as C arrays, for a firmware" }
    };
    static const ex_option at_latitude = { "at LAT LON: LAT", "", EX_NUMBER, &latitude, -90, 90, NULL, NULL };
    static const ex_option at_longitude = { "at LAT LON: LON", "", EX_NUMBER, &longitude, -180, 360, NULL, NULL };
    const char *argument = NULL;
    char **rest = (char **)ex_alloc_array((size_t)argc + 1, sizeof *rest, "the options"), *found;
    int i, count = 0, use_double = 0, table = 0, place_given = 0;
    ex_begin("geomag");
    /* options with no value or with two, which the table of options does not know */
    for (i = 0; i < argc; i++) {
        if (i && !strcmp(argv[i], "--double")) use_double = 1;
        else if (i && !strcmp(argv[i], "--table")) table = 1;
        else if (i && !strcmp(argv[i], "--at")) {
            if (i + 2 >= argc) ex_fail(EX_BAD_INPUT, "--at needs two numbers, latitude and longitude in degrees.");
            ex_set_option(&at_latitude, argv[++i]);
            ex_set_option(&at_longitude, argv[++i]);
            place_given = 1;
        } else if (i && (!strncmp(argv[i], "--at=", 5) || !strncmp(argv[i], "--double=", 9) || !strncmp(argv[i], "--table=", 8)))
            ex_fail(EX_BAD_INPUT, "write --at LAT LON, --double and --table without '='.");
        else {
            rest[count++] = argv[i];
            if (i && i + 1 < argc && !strncmp(argv[i], "--", 2) && !strchr(argv[i], '=') && strcmp(argv[i], "--help")) rest[count++] = argv[++i];
        }
    }
    ex_parse_options(count, rest, "geomag [--at LAT LON | --csv FILE | --table] [options]",
                     "The Earth's magnetic field from the World Magnetic Model. Without an argument: a table of the world and a map of the\n"
                     "declination, geomag.svg.", options, sizeof options / sizeof *options, &argument);
    if (argument) ex_fail(EX_BAD_INPUT, "'%s' is not an option; a file of places goes behind --csv, a model behind --cof.", argument);
    if ((csv != NULL) + place_given + table > 1) ex_fail(EX_BAD_INPUT, "--at, --csv and --table exclude each other.");
    if (csv && year >= 0) ex_fail(EX_BAD_INPUT, "--year does not go with --csv, where every line has its own.");
    if (!place_given && height != 0) ex_fail(EX_BAD_INPUT, "--alt needs --at.");

    if (cof) read_model(cof, &model);
    else {
        found = ex_find_data(argv[0], "WMM2025.COF");
        if (!found) ex_fail(EX_FAULT, "the shipped WMM2025.COF is not in examples/data here or beside the program; name a model with --cof.");
        read_model(found, &model);
        free(found);
    }
    evaluator_begin(&e, &model, use_double);
    if (year < 0) year = model.year;
    check_year(&model, year, "the year ");
    evaluator_date(&e, year);
    if (csv) report_places(&e, csv);
    else if (table) print_table(&e);
    else if (place_given) report_place(&e, year, latitude, longitude, height);
    else report_world(&e, year, directory);
    free(rest);
    if (fflush(stdout) || ferror(stdout)) ex_fail(EX_FAULT, "cannot write the report: %s.", strerror(errno));
    return 0;
}
#endif
