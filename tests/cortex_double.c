/* Addition and subtraction of doubles in integers, rounded correctly, for processors whose compiler does them in software.
   libgcc 12 rounds some a - b the wrong way on Arm without a double unit (Cortex-M3, M4F, M33 ...) when b is smaller than a
   by 2^33 in exponent and the difference falls below the power of two of a: its round bit is taken for a sticky one. The last bit of such a
   difference then is not the one of other machines. Firmware that wants the same bits of functions that work in double links this
   file and hands the calls of the compiler over to it:
     arm-none-eabi-gcc ... cortex_double.c -Wl,--wrap=__aeabi_dadd -Wl,--wrap=__aeabi_dsub
   With -DCORTEX_DOUBLE_TEST it is a program that compares itself with the machine's own arithmetic; tests/matrix.sh runs it and, with these
   options, the hash program. */
#include <stdint.h>

static uint64_t cortex_add(uint64_t a, uint64_t b)
{
    const uint64_t top = (uint64_t)1 << 63, infinity = (uint64_t)0x7ff << 52, hidden = (uint64_t)1 << 52;
    uint64_t x = a & ~top, y = b & ~top, m, n, rest;
    int e, f, d;
    if (x < y) { const uint64_t t = a; a = b; b = t; x = a & ~top; y = b & ~top; }     /* |a| >= |b| */
    if (x >= infinity) {
        if (x > infinity) return a | hidden >> 1;                        /* a NaN, made quiet */
        return y == infinity && a != b ? infinity | hidden >> 1 : a;     /* infinity minus infinity */
    }
    e = (int)(x >> 52); f = (int)(y >> 52);
    m = (x & (hidden - 1)) | (e ? hidden : 0); n = (y & (hidden - 1)) | (f ? hidden : 0);
    if (!e) e = 1;                                                       /* subnormals have the exponent of the least normal number */
    if (!f) f = 1;
    /* Three bits more: with the last one sticky they are enough, since where the difference loses more than one bit, d <= 1 and all are exact. */
    m <<= 3; n <<= 3; d = e - f;
    if (d) n = d < 60 ? n >> d | (n << (64 - d) != 0) : n != 0;
    if ((a ^ b) & top) {
        m -= n;
        if (!m) return 0;
        d = __builtin_clzll(m) - 8;
        if (d > e - 1) d = e - 1;
        m <<= d; e -= d;
    } else {
        m += n;
        if (m >> 56) { m = m >> 1 | (m & 1); e++; }
        if (e >= 0x7ff) return (a & top) | infinity;
    }
    rest = m & 7; m >>= 3;
    m += (uint64_t)(e - 1) << 52;                                        /* the hidden bit makes it e; a carry of the rounding goes there, too */
    if (rest > 4 || (rest == 4 && (m & 1))) m++;
    return (a & top) | m;
}

/* The doubles come in core registers, whatever the float ABI is, as 64-bit integers do. */
uint64_t __wrap___aeabi_dadd(uint64_t a, uint64_t b);
uint64_t __wrap___aeabi_dsub(uint64_t a, uint64_t b);
uint64_t __wrap___aeabi_dadd(uint64_t a, uint64_t b) { return cortex_add(a, b); }
uint64_t __wrap___aeabi_dsub(uint64_t a, uint64_t b) { return cortex_add(a, b ^ (uint64_t)1 << 63); }

#ifdef CORTEX_DOUBLE_TEST
#include <stdio.h>
#include <string.h>
static uint64_t state = 88172645463325252u;
static uint64_t bits(void) { state ^= state << 13; state ^= state >> 7; state ^= state << 17; return state; }
static unsigned long tried, wrong, by33;
static void compare(uint64_t a, uint64_t b)
{
    volatile double x, y, sum, difference;
    uint64_t want[2], got[2];
    int k;
    memcpy((void *)&x, &a, 8); memcpy((void *)&y, &b, 8);
    sum = x + y; difference = x - y;
    memcpy(&want[0], (const void *)&sum, 8); memcpy(&want[1], (const void *)&difference, 8);
    got[0] = __wrap___aeabi_dadd(a, b); got[1] = __wrap___aeabi_dsub(a, b);
    for (k = 0; k < 2; k++) {
        /* any quiet NaN for a NaN */
        if ((want[k] << 1) > (uint64_t)0xffe << 52 ? (got[k] << 1) >= (uint64_t)0xfff << 52 : got[k] == want[k]) continue;
        if (wrong++ < 10) printf("not ok - %s of %016llx %016llx is %016llx, not %016llx\n", k ? "difference" : "sum", (unsigned long long)a, (unsigned long long)b, (unsigned long long)got[k], (unsigned long long)want[k]);
    }
    tried++;
}
int main(void)
{
    /* zeros, the ends of subnormal, normal and infinite, NaNs, ones and their neighbours: every one with every one */
    static const uint64_t magnitude[] = { 0, 1, 2, 3, 0x000ffffffffffffeu, 0x000fffffffffffffu, 0x0010000000000000u, 0x0010000000000001u, 0x001fffffffffffffu, 0x0020000000000000u,
        0x0020000000000001u, 0x0350000000000000u, 0x3c9fffffffffffffu, 0x3ca0000000000000u, 0x3ca0000000000001u, 0x3cb0000000000000u, 0x3fe0000000000000u, 0x3fefffffffffffffu, 0x3ff0000000000000u,
        0x3ff0000000000001u, 0x3ffffffffffffffeu, 0x3fffffffffffffffu, 0x4000000000000000u, 0x4340000000000000u, 0x7fdfffffffffffffu, 0x7fe0000000000000u, 0x7feffffffffffffeu, 0x7fefffffffffffffu,
        0x7c8fffffffffffffu, 0x7c90000000000000u, 0x7c90000000000001u, 0x7ff0000000000000u, 0x7ff0000000000001u, 0x7ff8000000000000u, 0x7fffffffffffffffu };
    enum { COUNT = sizeof(magnitude) / sizeof(magnitude[0]) };
    const uint64_t fraction = ((uint64_t)1 << 52) - 1, top = (uint64_t)1 << 63;
    unsigned long i;
    int k, j;
    for (k = 0; k < 2 * COUNT; k++) for (j = 0; j < 2 * COUNT; j++) compare(magnitude[k / 2] ^ (k & 1 ? top : 0), magnitude[j / 2] ^ (j & 1 ? top : 0));
    for (i = 0; i < 10000000; i++) {
        const uint64_t a = bits(), b = bits(), r = bits();
        const uint64_t exponent = a >> 52 & 0x7ff, lower = exponent > r % 70 ? exponent - r % 70 : 0;
        switch (i % 5) {
        case 0: compare(a, b); break;
        case 1: compare(a, (b & ~((uint64_t)0x7ff << 52)) | lower << 52); break;                                                  /* exponents near each other */
        case 2: compare(a & ~fraction, (b & (fraction | top)) | lower << 52); break;                                              /* a power of two, where a difference loses a bit */
        case 3: compare((a & ~fraction) | (a & fraction) >> r % 53, (b & top) | lower << 52 | ((b << (r >> 8) % 53) & fraction)); break;   /* few bits set: ties */
        default: compare(a, a ^ (b >> 12 >> r % 52) ^ (b & 1 ? top : 0)); break;                                                  /* nearly equal: cancellation */
        }
        by33 += i % 5 == 2 && exponent > 33 && r % 70 == 33;
    }
    printf("%lu pairs, %lu of them a power of two and a number smaller by 2^33\n", tried, by33);
    printf("%d passed, %lu failed\n", wrong ? 0 : 1, wrong);
    return wrong != 0;
}
#endif
