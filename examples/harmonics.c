/* examples/harmonics.c - a picture of the first spherical harmonics, with the numbers and signs that programs give them.

     cc -O2 -o harmonics examples/harmonics.c && ./harmonics           harmonics-out/harmonics.svg and the table below it
     ./harmonics --degree 5 --turn 40
     ./harmonics --help

   Each ball shows one harmonic: warm where it is positive, cold where it is negative, seen from above the x and y axes. Under it
   stand degree and order, the index l*l + l + m of this library (the channel number of ambisonics), and the polynomial in x, y, z whose
   multiple it is. The table says where other programs keep the same number and whether they negate it; it is found by converting each
   unit vector, not written down. Everything is the same to the bit on every machine; no mathematical library is linked. */
#define SPHERE_IMPLEMENTATION
#define SPHERE_SH_IMPLEMENTATION
#include "common.h"
#include "../sphere_sh.h"

enum { MOST_DEGREE = 6, MOST = (MOST_DEGREE + 1) * (MOST_DEGREE + 1), PIXELS = 72, LEVELS = 6, BALL = 96, COLUMN = 118, ROW = 150, LEFT = 26, TOP = 58 };

static const char *const polynomials[16] = {
    "1", "y", "z", "x", "xy", "yz", "3z\xc2\xb2 \xe2\x88\x92 1", "xz", "x\xc2\xb2 \xe2\x88\x92 y\xc2\xb2", "y(3x\xc2\xb2 \xe2\x88\x92 y\xc2\xb2)", "xyz",
    "y(5z\xc2\xb2 \xe2\x88\x92 1)", "z(5z\xc2\xb2 \xe2\x88\x92 3)", "x(5z\xc2\xb2 \xe2\x88\x92 1)", "z(x\xc2\xb2 \xe2\x88\x92 y\xc2\xb2)", "x(x\xc2\xb2 \xe2\x88\x92 3y\xc2\xb2)"
};
/* Light to full colour, positive and negative. */
static const char *const colors[2][LEVELS] = {
    { "#fdeee4", "#fbd3b7", "#f6ad80", "#ec8350", "#d9592a", "#b33a14" }, { "#e8f0f9", "#c4daf0", "#94bee3", "#5f9bd0", "#3577b5", "#1c548c" }
};

/* The visible half of the ball, pixel by pixel, as points of the unit sphere: x, y, z of pixel (column, row), or none. */
typedef struct view { float *x, *y, *z; unsigned char *seen; double right[3], up[3], to[3]; } view;

static void look(view *v, double turn, double tilt)
{
    double ct, st, ca, sa;
    size_t i, n = 0;
    int column, row;
    ex_turn(turn / 360, &sa, &ca);
    ex_turn(tilt / 360, &st, &ct);
    v->right[0] = -sa; v->right[1] = ca; v->right[2] = 0;
    v->up[0] = -st * ca; v->up[1] = -st * sa; v->up[2] = ct;
    v->to[0] = ct * ca; v->to[1] = ct * sa; v->to[2] = st;
    v->x = (float *)ex_alloc_array(PIXELS * PIXELS, sizeof(float), "the view");
    v->y = (float *)ex_alloc_array(PIXELS * PIXELS, sizeof(float), "the view");
    v->z = (float *)ex_alloc_array(PIXELS * PIXELS, sizeof(float), "the view");
    v->seen = (unsigned char *)ex_alloc(PIXELS * PIXELS, "the view");
    for (row = 0; row < PIXELS; row++) for (column = 0; column < PIXELS; column++, n++) {
        const double a = (2.0 * column + 1 - PIXELS) / PIXELS, b = (PIXELS - 1 - 2.0 * row) / PIXELS, rest = 1 - a * a - b * b;
        double p[3];
        float root = (float)(rest > 0 ? rest : 0);
        root = sphere_sqrt_(root);
        for (i = 0; i < 3; i++) p[i] = a * v->right[i] + b * v->up[i] + (double)root * v->to[i];
        v->seen[n] = rest >= 0;
        v->x[n] = (float)(rest >= 0 ? p[0] : 0); v->y[n] = (float)(rest >= 0 ? p[1] : 0); v->z[n] = (float)(rest >= 0 ? p[2] : 1);
    }
    ex_check(sphere_unit(v->x, v->y, v->z, PIXELS * PIXELS, NULL), "the view");
}

/* One ball: for each colour one path whose strokes are the runs of that colour along the rows. */
static void draw_ball(ex_file *file, const view *v, const float *values, double left, double top)
{
    double most = 0;
    size_t i;
    int sign, level, row, column;
    for (i = 0; i < PIXELS * PIXELS; i++) {
        const double a = (double)values[i] < 0 ? -(double)values[i] : (double)values[i];
        if (v->seen[i] && a > most) most = a;
    }
    ex_printf(file, "<g transform=\"translate(%.4g %.4g) scale(%.5g)\" stroke-width=\"1.06\">\n", left, top, (double)BALL / PIXELS);
    for (sign = 0; sign < 2; sign++) for (level = 0; level < LEVELS; level++) {
        int open = 0;
        for (row = 0; row < PIXELS; row++) for (column = 0; column < PIXELS; ) {
            int end = column;
            for (; end < PIXELS; end++) {
                const size_t at = (size_t)(row * PIXELS + end);
                const double value = sign ? -(double)values[at] : (double)values[at];
                const int here = (int)(value / most * (LEVELS - 0.02));
                if (!v->seen[at] || (sign ? !(value > 0) : !(value >= 0)) || here != level) break;
            }
            if (end == column) { column++; continue; }
            if (!open) ex_printf(file, "<path stroke=\"%s\" d=\"", colors[sign][level]);
            open = 1;
            ex_printf(file, "M%d %d.5h%d", column, row, end - column);
            column = end;
        }
        if (open) ex_puts(file, "\"/>\n");
    }
    ex_puts(file, "</g>\n");
}

static void draw_axes(ex_file *file, const view *v, double x, double y, double length)
{
    static const char *const names[3] = { "x", "y", "z" };
    int i;
    for (i = 0; i < 3; i++) {
        const double dx = length * v->right[i], dy = -length * v->up[i];
        ex_printf(file, "<path stroke=\"#555\" d=\"M%.4g %.4gl%.4g %.4g\"/><text class=\"axis\" x=\"%.4g\" y=\"%.4g\">%s</text>\n", x, y, dx, dy, x + 1.25 * dx, y + 1.25 * dy + 4, names[i]);
    }
}

/* Where a harmonic is in another convention, from the conversion of its unit vector, and its sign there. */
static void find(int degree, size_t index, sphere_sh_name name, int *place, char *sign)
{
    const sphere_sh_convention c = sphere_sh_convention_of(name);
    float in[MOST] = { 0 }, out[2 * MOST];
    const size_t size = sphere_sh_convention_size(degree, &c);
    size_t i;
    in[index] = 1;
    *place = -1; *sign = ' ';
    if (!size) return;
    ex_check(sphere_sh_convert(degree, NULL, in, &c, out, 1), "converting");
    for (i = size; i-- > 0; ) if (out[i] > 0 || out[i] < 0) { *place = (int)i; *sign = out[i] < 0 ? '-' : '+'; }
}

int main(int argc, char **argv)
{
    uint64_t degree_wanted = 3;
    double turn = 30, tilt = 25, worst = 0;
    const char *directory = "harmonics-out", *argument = NULL;
    const ex_option options[] = {
        { "degree", "L", EX_COUNT, &degree_wanted, 0, MOST_DEGREE, NULL, "the last row of the picture (3)" },
        { "turn", "DEGREES", EX_NUMBER, &turn, -360, 360, NULL, "where the eye is: from the x axis towards the y axis (30)" },
        { "tilt", "DEGREES", EX_NUMBER, &tilt, -89, 89, NULL, "and above the plane of x and y (25)" },
        { "out", "DIR", EX_TEXT, &directory, 0, 0, NULL, "where the picture goes (harmonics-out)" }
    };
    sphere_sh_points plan;
    sphere_sh_desc desc;
    sphere_sh_product product;
    view v;
    float *values;
    void *memory, *tables, *work;
    size_t bytes, count, i, j;
    ex_file *file;
    int degree, l, m, width, height;

    ex_begin("harmonics");
    ex_parse_options(argc, argv, "harmonics [options]", "Draws the spherical harmonics to a degree as balls, and writes DIR/harmonics.svg.", options,
                     sizeof options / sizeof options[0], &argument);
    if (argument) ex_fail(EX_BAD_INPUT, "there is no input file, and '%s' is not an option; --help lists them.", argument);
    if (!*directory) ex_fail(EX_BAD_INPUT, "--out needs the name of a directory.");
    degree = (int)degree_wanted;
    count = (size_t)((degree + 1) * (degree + 1));
    ex_make_directory(directory);

    /* All harmonics at all pixels: one plane per harmonic. */
    look(&v, turn, tilt);
    memset(&desc, 0, sizeof desc);
    desc.layout = SPHERE_SH_BASIS_PLANES;
    bytes = sphere_sh_points_size(degree);
    memory = ex_alloc(bytes, "the harmonics");
    ex_check(sphere_sh_points_init(&plan, degree, &desc, NULL, memory, bytes), "preparing the harmonics");
    values = (float *)ex_alloc_array(count * PIXELS * PIXELS, sizeof(float), "the harmonics");
    ex_check(sphere_sh_values(&plan, v.x, v.y, v.z, PIXELS * PIXELS, values), "the harmonics");

    width = 2 * LEFT + (2 * degree + 1) * COLUMN;
    height = TOP + (degree + 1) * ROW + 12;
    if (width < 420) width = 420;
    file = ex_create_file(directory, "harmonics.svg");
    ex_printf(file, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" text-anchor=\"middle\">\n"
        "<title>Real spherical harmonics to degree %d</title>\n"
        "<style>text{fill:#333;font-size:12px}.head{font-size:17px;text-anchor:start}.index{font-weight:bold;font-size:14px}.note{fill:#666;font-size:11px}.axis{fill:#555;font-size:11px}</style>\n"
        "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n<text class=\"head\" x=\"%d\" y=\"28\">Real spherical harmonics to degree %d</text>\n", width, height, width, height, degree, width, height, LEFT, degree);
    ex_printf(file, "<text class=\"note\" x=\"%d\" y=\"46\" text-anchor=\"start\">number = l\xc2\xb2 + l + m (ACN); "
        "<tspan fill=\"%s\">positive</tspan>, <tspan fill=\"%s\">negative</tspan>; no Condon-Shortley sign</text>\n", LEFT, colors[0][5], colors[1][5]);
    draw_axes(file, &v, width - 50, 52, 26);
    for (l = 0; l <= degree; l++) for (m = -l; m <= l; m++) {
        const double middle = width / 2.0 + m * COLUMN, top = TOP + l * ROW + 8;
        i = (size_t)(l * l + l + m);
        draw_ball(file, &v, values + i * PIXELS * PIXELS, middle - BALL / 2.0, top);
        ex_printf(file, "<circle cx=\"%.5g\" cy=\"%.5g\" r=\"%.4g\" fill=\"none\" stroke=\"#888\" stroke-width=\"1.4\"/>\n", middle, top + BALL / 2.0, BALL / 2.0);
        ex_printf(file, "<text x=\"%.5g\" y=\"%.5g\"><tspan class=\"index\">%d</tspan>  l = %d, m = %s%d</text>\n", middle, top + BALL + 17, (int)i, l, m < 0 ? "\xe2\x88\x92" : "", m < 0 ? -m : m);
        if (i < 16) ex_printf(file, "<text class=\"note\" x=\"%.5g\" y=\"%.5g\">%s</text>\n", middle, top + BALL + 32, polynomials[i]);
    }
    ex_puts(file, "</svg>\n");
    ex_commit_files();

    /* The table, and whether the harmonics are orthonormal: the coefficient 0 of a product is its integral over sqrt(4 pi). */
    printf("number  l  m   DirectX, Unreal   Unity, Filament   g/h pairs   healpy (complex)\n");
    for (l = 0; l <= degree; l++) for (m = -l; m <= l; m++) {
        int place[4];
        char sign[4], text[4][16];
        i = (size_t)(l * l + l + m);
        find(degree, i, SPHERE_SH_DIRECTX, &place[0], &sign[0]);
        find(l <= 2 ? 2 : degree, i, SPHERE_SH_UNITY, &place[1], &sign[1]);
        find(degree, i, SPHERE_SH_GEOMAGNETIC, &place[2], &sign[2]);
        find(degree, i, SPHERE_SH_HEALPY, &place[3], &sign[3]);
        for (j = 0; j < 4; j++) {
            if (place[j] < 0) snprintf(text[j], sizeof text[j], "-");
            else if (j == 3) snprintf(text[j], sizeof text[j], "%c%s %d", sign[j], place[j] & 1 ? "im" : "re", place[j] / 2);
            else snprintf(text[j], sizeof text[j], "%c%d", sign[j], place[j]);
        }
        printf("%6d %2d %2d   %15s   %15s   %9s   %16s\n", (int)i, l, m, text[0], text[1], text[2], text[3]);
    }
    bytes = sphere_sh_product_size(degree, degree, 0);
    tables = ex_alloc(bytes, "the product");
    ex_check(sphere_sh_product_init(&product, degree, degree, 0, NULL, tables, bytes), "preparing the product");
    bytes = sphere_sh_multiply_size(&product);
    work = ex_alloc(bytes, "the product");
    for (i = 0; i < count; i++) for (j = 0; j <= i; j++) {
        float a[MOST] = { 0 }, b[MOST] = { 0 }, c = 0;
        double off;
        a[i] = 1; b[j] = 1;
        ex_check(sphere_sh_multiply(&product, a, b, &c, 1, work, bytes), "the product");
        off = (double)c * 3.5449077018110318 - (i == j);
        if (off < 0) off = -off;
        if (off > worst) worst = off;
    }
    printf("harmonics: %d harmonics in %s/harmonics.svg, orthonormal within %.1e\n", (int)count, directory, worst);
    free(work); free(tables); free(values); free(memory); free(v.x); free(v.y); free(v.z); free(v.seen);
    return fflush(stdout) ? EX_FAULT : 0;
}
