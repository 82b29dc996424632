#!/usr/bin/env python3
"""Make land.npy: the share of land, 0..255, of each half degree of the Earth, 360 rows from north to south, 720 columns from 180 W.

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz && python3 land.py package/land-50m.json land.npy

The source is Natural Earth 1:50m land (public domain), in the TopoJSON form of the npm package world-atlas. Each cell is 8 x 8 samples."""
import json
import sys

import numpy as np

ROWS, COLUMNS, SUB = 360, 720, 8
topology = json.load(open(sys.argv[1]))
scale, translate = topology['transform']['scale'], topology['transform']['translate']


def arc(i):
    points = np.cumsum(np.array(topology['arcs'][i if i >= 0 else ~i], float), axis=0) * scale + translate
    return points if i >= 0 else points[::-1]


rings = []
for geometry in topology['objects']['land']['geometries']:
    polygons = geometry['arcs'] if geometry['type'] == 'MultiPolygon' else [geometry['arcs']]
    for polygon in polygons:
        for ring in polygon:
            rings.append(np.concatenate([arc(i) for i in ring]))
fine = np.zeros((ROWS * SUB, COLUMNS * SUB), np.uint8)
# Even-odd rule along each meridian from the north pole, which is sea, so that a ring around the south pole needs no special care.
crossings = [[] for _ in range(COLUMNS * SUB)]
for ring in rings:
    for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0)):
        x1 -= 360 * np.rint((x1 - x0) / 360)            # the short way, over the antimeridian too
        if x1 < x0:
            x0, y0, x1, y1 = x1, y1, x0, y0
        first = int(np.ceil((x0 + 180) * COLUMNS * SUB / 360 - 0.5))
        last = int(np.ceil((x1 + 180) * COLUMNS * SUB / 360 - 0.5))
        for column in range(first, last):
            x = (column + 0.5) * 360 / (COLUMNS * SUB) - 180
            crossings[column % (COLUMNS * SUB)].append(y0 + (x - x0) * (y1 - y0) / (x1 - x0))
for column, ys in enumerate(crossings):
    rows = np.sort(np.ceil((90 - np.array(ys)) * ROWS * SUB / 180 - 0.5).astype(int))
    for row in rows:
        fine[max(row, 0):, column] ^= 1
share = fine.reshape(ROWS, SUB, COLUMNS, SUB).mean(axis=(1, 3))
np.save(sys.argv[2], np.rint(share * 255).astype(np.uint8))
weights = np.cos(np.deg2rad(90 - (np.arange(ROWS) + 0.5) * 180 / ROWS))
print('share of the surface that is land: %.4f' % ((share.mean(axis=1) * weights).sum() / weights.sum()))
