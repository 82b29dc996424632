#!/usr/bin/python3
"""Write reference values of the real spherical harmonics (mpmath, 70 digits inside, 50 or more of them right).

   python3 sh_golden.py [DIRECTORY]         about half a minute; writes sh_all64.csv, sh_samples_f32.csv and sh_samples_f64.csv

Real, orthonormal, no Condon-Shortley sign: with k = sqrt(2) for m != 0 and 1 for m = 0,
   Y_lm = k sqrt((2 l + 1)/(4 pi) (l - |m|)!/(l + |m|)!) P_l^|m|(cos theta) times cos(m phi) (m >= 0) or sin(|m| phi) (m < 0).
A direction is given as x, y, z, exactly floats (f32, all64) or doubles (f64), printed with 17 digits: strtod gives them back exactly.
The reference belongs to the ray through exactly this x, y, z: theta = atan2(sqrt(x^2 + y^2), z), phi = atan2(y, x), and phi = 0 at the
poles. The triples were searched so that x^2 + y^2 + z^2 = 1 within 1e-11 (f32) or 1e-19 (f64), where a direction allows it (beside the
poles 1 - z is below half a unit in the last place of 1, and z = 1 is off by theta^2 / 2): the last digits of the input do not blur the comparison."""
import random
import struct
import sys
from mpmath import mp, mpf, sqrt, pi, cos, sin, atan2, nstr, factorial

mp.dps = 70


def f32(v):
    return struct.unpack('f', struct.pack('f', v))[0]


def unit(theta, phi, single):
    """A triple near this direction whose exact norm is as near 1 as a few thousand trials get it."""
    rng = random.Random(repr((theta, phi, single)))
    t, p = mpf(theta), mpf(phi)
    ideal = [float(sin(t) * cos(p)), float(sin(t) * sin(p)), float(cos(t))]
    rounded = f32 if single else float
    best = None
    step = 2.0 ** -22 if single else 2.0 ** -51
    from fractions import Fraction
    for trial in range(4000):
        jitter = 0 if trial == 0 else 1
        a = [rounded(c * (1 + jitter * step * rng.randint(-8, 8))) for c in ideal]
        gap = abs(sum(Fraction(c) ** 2 for c in a) - 1)
        if best is None or gap < best[0]:
            best = (gap, a)
    return best[1]


def legendre(m, degrees, x, y, z):
    """{l: (p, dp/dtheta, p / sin theta)} for the given degrees >= m; p holds the factor sqrt(2)."""
    x, y, z = mpf(x), mpf(y), mpf(z)
    r = sqrt(x * x + y * y + z * z)
    c, s = z / r, sqrt(x * x + y * y) / r
    wanted, top, out = set(degrees), max(degrees), {}
    if s == 0:
        for l in wanted:
            sign = 1 if c > 0 else (-1) ** l
            n = sqrt(mpf(2 * l + 1) / (4 * pi))
            if m == 0:
                out[l] = (n * sign, mpf(0), mpf(0))
            elif m == 1:                                  # P_l^1 = l (l + 1)/2 sin theta at the north pole, (-1)^(l + 1) times it at the south pole
                slope = n * sqrt(mpf(2)) * sqrt(mpf(l * (l + 1))) / 2
                out[l] = (mpf(0), slope * sign, slope * (sign if c > 0 else -sign))
            else:
                out[l] = (mpf(0), mpf(0), mpf(0))
        return out
    p = sqrt((1 if m == 0 else 2) * mpf(2 * m + 1) / (4 * pi)) * s ** m          # times sqrt((2 m - 1)!! / (2 m)!!)
    ratio = mpf(1)
    for k in range(1, m + 1):
        ratio *= mpf(2 * k - 1) / (2 * k)
    p *= sqrt(ratio)
    before = mpf(0)
    for l in range(m, top + 1):
        if l in wanted:
            factor = sqrt(mpf(l * l - m * m) * (2 * l + 1) / (2 * l - 1)) if l > m else mpf(0)
            out[l] = (p, (l * c * p - factor * before) / s, p / s)
        a = sqrt(mpf((2 * l + 1) * (2 * l + 3)) / mpf((l + 1) ** 2 - m * m))
        b = sqrt(mpf(2 * l + 3) * (l * l - m * m) / mpf((2 * l - 1) * ((l + 1) ** 2 - m * m))) if l > m else mpf(0)
        p, before = a * c * p - b * before, p
    return out


def harmonic(l, m, x, y, z, table=None):
    """Y, dY/dtheta, 1/sin(theta) dY/dphi."""
    k = abs(m)
    p, dp, over = (table or legendre(k, [l], x, y, z))[l]
    phi = atan2(mpf(y), mpf(x)) if (x or y) else mpf(0)
    cc, ss = cos(k * phi), sin(k * phi)
    if m >= 0:
        return p * cc, dp * cc, -k * over * ss
    return p * ss, dp * ss, k * over * cc


def check():
    """Against the defining sum of P_l^m, for small degrees, and against the closed form of degree 1."""
    for theta, phi in ((mpf('0.3'), mpf('1.1')), (mpf('2.5'), mpf(-2))):
        x, y, z = sin(theta) * cos(phi), sin(theta) * sin(phi), cos(theta)
        for l in range(8):
            for m in range(-l, l + 1):
                k = abs(m)
                rodrigues = sum((-1) ** j * factorial(2 * l - 2 * j) / (factorial(j) * factorial(l - j) * factorial(l - 2 * j - k)) * z ** (l - 2 * j - k)
                                for j in range((l - k) // 2 + 1)) / mpf(2) ** l * sin(theta) ** k
                n = sqrt((2 if k else 1) * mpf(2 * l + 1) / (4 * pi) * factorial(l - k) / factorial(l + k))
                want = n * rodrigues * (cos(k * phi) if m >= 0 else sin(k * phi))
                got = harmonic(l, m, x, y, z)[0]
                assert abs(got - want) < mpf(10) ** -55, (l, m)
        assert abs(harmonic(1, -1, x, y, z)[0] - sqrt(3 / (4 * pi)) * y) < mpf(10) ** -60


TINY = [1e-4, 3e-4, 1e-3, 1e-2, 0.05]


def angles(count, seed):
    """Random directions after the special ones: poles, axes, diagonals, beside the poles and beside the equator."""
    rng = random.Random(seed)
    out = [(0.0, 0.0, 1.0), (0.0, 0.0, -1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (-1.0, 0.0, 0.0), (0.0, -1.0, 0.0)]
    for i, t in enumerate(TINY):
        out += [(t, 0.7 + 1.9 * i), (3.141592653589793 - t, 2.9 - 1.3 * i)]
    out += [(1.5707, 2.1), (1.5709, -0.4), (0.1, 0.001), (3.0, -3.1415), (0.7853981633974483, 0.7853981633974483)]
    while len(out) < count:
        out.append((mp.acos(2 * mpf(rng.random()) - 1), rng.uniform(-3.14, 3.14)))
    return out


def directions(count, seed, single):
    return [d if len(d) == 3 else tuple(unit(d[0], d[1], single)) for d in angles(count, seed)]


def text(v):
    return nstr(v, 20, strip_zeros=True, min_fixed=0, max_fixed=0) if v else '0'


def write_all(path, degree, chosen):
    with open(path, 'w') as out:
        out.write('# every Y_lm to degree %d: a line "direction,x,y,z" (floats, exact), then %d lines, line l with the 2 l + 1 values m = -l..l, '
                  '18 digits; conventions in sh_golden.py\n' % (degree, degree + 1))
        for x, y, z in chosen:
            table = [legendre(m, range(m, degree + 1), x, y, z) for m in range(degree + 1)]
            out.write('direction,%.17g,%.17g,%.17g\n' % (x, y, z))
            for l in range(degree + 1):
                row = [harmonic(l, m, x, y, z, table[abs(m)])[0] for m in range(-l, l + 1)]
                out.write(','.join(nstr(v, 18, strip_zeros=True, min_fixed=0, max_fixed=0) if v else '0' for v in row) + '\n')


def write_samples(path, single, seed, plan):
    rng = random.Random(seed)
    dirs = directions(30, seed, single)
    with open(path, 'w') as out:
        out.write('# l,m,x,y,z,Y,dY/dtheta,1/sin(theta) dY/dphi: 20 digits; x, y, z exactly %s; a value below 1e-308 is smaller than any normal double; '
                  'conventions in sh_golden.py\n' % ('floats' if single else 'doubles'))
        for top, orders, degrees_each in plan:
            for x, y, z in dirs:
                s = (x * x + y * y) ** 0.5
                for j in range(orders):
                    # Orders where the harmonics are not negligible: up to about l sin(theta), and one order anywhere.
                    reach = top if j == orders - 1 else min(top, int(top * s * 1.2) + 3)
                    m = 0 if j == 0 else 1 if j == 1 else rng.randint(0, reach)
                    degrees = sorted({top, max(m, top - 1)} | {rng.randint(max(m, 1), top) for _ in range(degrees_each - 2)}) if j else \
                        sorted({top} | {rng.randint(0, top) for _ in range(degrees_each - 1)})
                    table = legendre(m, degrees, x, y, z)
                    for l in degrees:
                        order = m if rng.random() < 0.5 else -m
                        out.write('%d,%d,%.17g,%.17g,%.17g,%s\n' % (l, order, x, y, z, ','.join(text(v) for v in harmonic(l, order, x, y, z, table))))
            out.flush()


def main():
    where = sys.argv[1] if len(sys.argv) > 1 else '.'
    check()
    chosen = directions(30, 1, True)
    picks = [0, 2, 5, 6, 9, 10, 16, 18, 20, 21]           # a pole, two axes, theta 1e-4, pi - 3e-4, 1e-3, the equator, .1 and two random ones
    write_all(where + '/sh_all64.csv', 64, [chosen[i] for i in picks])
    plan = [(19, 3, 3), (100, 4, 3), (1000, 5, 3), (4000, 4, 2)]
    write_samples(where + '/sh_samples_f32.csv', True, 2, plan)
    write_samples(where + '/sh_samples_f64.csv', False, 3, plan)


if __name__ == '__main__':
    main()
