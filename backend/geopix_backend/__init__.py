"""The model process of GeoPix: rasters in, answers with georeferenced polygons out.  Start reading at ``engine.py``."""
