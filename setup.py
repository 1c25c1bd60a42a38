"""Which folders become which packages; everything else about the distribution is in ``pyproject.toml``.

``backend/geopix_backend`` and ``model/geopix_model`` are installed under their own names, so that the wheel does not
claim the generic names ``backend`` and ``model``.
"""

from setuptools import find_packages, setup

SOURCES = {"geopix_qgis": ".", "geopix_backend": "backend", "geopix_model": "model"}

setup(
    packages=[
        package for name, folder in SOURCES.items() for package in find_packages(folder, include=[name, f"{name}.*"])
    ],
    package_dir={name: name if folder == "." else f"{folder}/{name}" for name, folder in SOURCES.items()},
    package_data={
        "geopix_qgis": [
            "metadata.txt",
            "py.typed",
            "*.svg",
            "**/*.svg",
            "**/*.png",
            "**/*.qml",
            "**/*.qss",
            "i18n/*.ts",
        ],
        "geopix_backend": ["py.typed"],
        "geopix_model": ["py.typed", "weights/**/*"],
    },
    include_package_data=False,
    zip_safe=False,
)
