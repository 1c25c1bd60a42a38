"""gdal.Polygonize on an array, for the Python that has GDAL's bindings: ``gdal_worker.py ARRAY.npy OUT.wkb DEVIATION``.

Answers each line of its input with a line: "run" with the seconds that it took, "keep" after writing the polygons.
"""

import json
import sys
import time

import numpy as np
from osgeo import gdal, ogr

gdal.UseExceptions()


def dataset_of(pixels):
    """The array as a raster in memory."""
    kind = {1: gdal.GDT_Byte, 2: gdal.GDT_UInt16}[pixels.itemsize]
    dataset = gdal.GetDriverByName("MEM").Create("", pixels.shape[1], pixels.shape[0], 1, kind)
    dataset.SetGeoTransform([0, 1, 0, 0, 0, 1])
    dataset.GetRasterBand(1).WriteArray(pixels)
    return dataset


def polygons(band, deviation):
    """Valid simplified geometries."""
    store = ogr.GetDriverByName("Memory").CreateDataSource("")
    layer = store.CreateLayer("found", None, ogr.wkbPolygon)
    layer.CreateField(ogr.FieldDefn("value", ogr.OFTInteger))
    gdal.Polygonize(band, band, layer, 0, [])
    found = []
    for feature in layer:
        geometry = feature.GetGeometryRef().Simplify(deviation)
        found.append(geometry if geometry.IsValid() else geometry.MakeValid())
    return found


def main():
    """Answers until its input ends."""
    path, out, deviation = sys.argv[1], sys.argv[2], float(sys.argv[3])
    dataset = dataset_of(np.load(path))
    print(json.dumps(gdal.__version__), flush=True)
    found = []
    for line in sys.stdin:
        if line.strip() == "run":
            found = []
            began = time.process_time()
            found = polygons(dataset.GetRasterBand(1), deviation)
            print(json.dumps(time.process_time() - began), flush=True)
        else:
            with open(out, "w") as file:
                file.writelines(bytes(geometry.ExportToWkb()).hex() + "\n" for geometry in found)
            print("true", flush=True)


main()
