"""``scripts/screenshots``: the guide's pictures from real QGISes, one in each theme; into the folder that is named."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.qgis.desktop import full_qgis

# A theme of QGIS, what is shown, and further variables: pip reaches no index, so that its failed step is a real one.
SHOWS = (
    ("", {"show": "tour"}, {}),
    ("Night Mapping", {"show": "dock", "name": "dark"}, {}),
    ("", {"show": "setup"}, {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_FIND_LINKS": "", "PIP_RETRIES": "1"}),
)
LIMIT_S = 900  # of one QGIS, on a machine that has other things to do as well


def main(target: Path) -> int:
    """Gives an exit code; what went wrong is on standard error."""
    if full_qgis.missing():
        print(f"screenshots: {', '.join(full_qgis.missing())} not found; run scripts/install.", file=sys.stderr)
        return 1
    for number, (theme, show, more) in enumerate(SHOWS):
        with tempfile.TemporaryDirectory(prefix="geopix-screenshots-") as name, full_qgis.screen() as display:
            folder = Path(name)
            images = folder / "aerial_images" / "yellowstone_park"  # the end of this path is seen in a picture
            images.mkdir(parents=True)
            job = {**show, "raster": str(full_qgis.place_scene(images / "yellowstone.tif")), "pictures": str(target)}
            (folder / "bundle").symlink_to(full_qgis.BUNDLE)
            job.update(bundle=str(folder / "bundle"), home=str(folder / "geopix"))
            profile = full_qgis.make_profile(folder / "profiles", theme)
            report, done = full_qgis.run(
                Path(__file__).with_name("pose.py"), job, folder, display, profile, limit_s=LIMIT_S, **more
            )
            if report["errors"] or done.returncode:
                problem = "\n".join(report["errors"]) or f"QGIS ended with code {done.returncode}\n{done.stderr}"
                print(f"screenshots: part {number + 1} of {len(SHOWS)} failed.\n{problem}", file=sys.stderr)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
