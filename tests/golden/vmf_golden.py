#!/usr/bin/python3
"""Write reference values of the von Mises-Fisher distribution to standard output, as CSV (mpmath, 50 digits).

   python3 vmf_golden.py > vmf.csv          about two minutes

Columns: dim, kappa, log C_d(kappa), A = I_(d/2)(kappa) / I_(d/2-1)(kappa), 1 - A, then three times an angle and the share of the
mass within it. C_d = kappa^(d/2-1) / ((2 pi)^(d/2) I_(d/2-1)(kappa)). The angles are the mode of the angle's own density
exp(kappa cos t) sin^(d-2) t and points 2.5 widths inside and outside it, rounded to six digits, so that both tails are tested."""
import sys
from mpmath import mp, mpf, besseli, log, exp, cos, sin, sqrt, acos, pi, gamma, quad, nstr, loggamma

mp.dps = 50
DIMS = [2, 3, 4, 5, 8, 16, 33, 100, 300, 768, 1024, 4096]
KAPPAS = ['0', '1e-6', '1e-2', '0.5', '1', '4', '20', '75', '300', '2500', '30000', '1000000']


def constants(dim, kappa):
    nu = mpf(dim) / 2 - 1
    if kappa == 0:
        return loggamma(mpf(dim) / 2) - log(2) - mpf(dim) / 2 * log(pi), mpf(0)
    low, high = besseli(nu, kappa, maxterms=10**8), besseli(nu + 1, kappa, maxterms=10**8)
    return nu * log(kappa) - mpf(dim) / 2 * log(2 * pi) - log(low), high / low


def spread(dim, kappa):
    """Mode and width of the density of the angle."""
    d = mpf(dim - 2)
    if kappa == 0 and d == 0:
        return mpf(0), mpf(1)
    c = (sqrt(d * d + 4 * kappa * kappa) - d) / (2 * kappa) if kappa else mpf(0)
    s2 = 1 - c * c
    mode = acos(c) if d else mpf(0)
    return mode, 1 / sqrt(kappa * c + (d / s2 if d else 0))


def mass(dim, kappa, low, high, mode, width, top):
    """Integral of the density from low to high, divided by exp(top)."""
    def h(t):
        return exp(kappa * cos(t) + (dim - 2) * log(sin(t)) - top) if dim > 2 else exp(kappa * cos(t) - top)
    cuts = sorted({low, high} | {mode + k * width for k in (-24, -12, -6, -3, 0, 3, 6, 12, 24) if low < mode + k * width < high})
    return quad(h, cuts)


def main():
    print("dim,kappa,log_norm,resultant,gap,angle1,share1,angle2,share2,angle3,share3")
    for dim in DIMS:
        for text in KAPPAS:
            kappa = mpf(text)
            norm, ratio = constants(dim, kappa)
            mode, width = spread(dim, kappa)
            top = kappa * cos(mode) + ((dim - 2) * log(sin(mode)) if dim > 2 else 0)
            fields = [str(dim), text, nstr(norm, 25), nstr(ratio, 25), nstr(1 - ratio, 25)]
            for k in (mpf('-2.5'), mpf(0), mpf('2.5')):
                angle = mode + k * width
                if angle <= 0:
                    angle = (mode if mode > 0 else width) * (mpf('0.1') if k < 0 else mpf('0.7'))
                if angle >= pi:
                    angle = mpf('3.1')
                angle = mpf(nstr(angle, 6))
                mp.dps = 30                                   # enough digits for the integrals, and much faster
                inside, outside = mass(dim, kappa, mpf(0), angle, mode, width, top), mass(dim, kappa, angle, +pi, mode, width, top)
                share = inside / (inside + outside)
                mp.dps = 50
                fields += [nstr(angle, 6), nstr(share, 20)]
            print(','.join(fields))
            sys.stdout.flush()


main()
