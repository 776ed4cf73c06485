"""Files of arrays that are small and say that they hold more than any memory does."""

import io
import zipfile

import numpy as np

ROWS = 10**12


def claim():
    """The beginning of an .npy file of so many numbers, without the numbers."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": (ROWS,)})
    return file.getvalue()


def write_claim(path, name="x"):
    """An archive that holds such a beginning."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.npy", claim())


def write_nameless(path):
    """One array as numpy.save writes it, whatever the file is called."""
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
