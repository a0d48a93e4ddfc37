"""Which decoder reads which transfer syntax. Runs inside a worker.

pydicom with its permissive plug-ins reads nearly everything; imagecodecs adds 12-bit and lossless JPEG and
the two retired JPEG processes. GDCM is not used, not even as it is built into SimpleITK: it was seen to
return wrong pixels for valid files and to crash on damaged ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from pellucid import __version__
from pellucid.dicom.codestreams import stream_of
from pellucid.dicom.parsing import NATIVE
from pellucid.language import mark, tr

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom.pixels.decoders.base import DecodeRunner

_JPEG = "1.2.840.10008.1.2.4."
JPEG_EXTENDED = _JPEG + "51"
JPEG_LOSSLESS = frozenset({_JPEG + "57", _JPEG + "70"})
RETIRED_JPEG = frozenset({_JPEG + "53", _JPEG + "55"})
LOSSY = frozenset(_JPEG + n for n in ("50", "51", "53", "55", "81", "91", "203"))
"""What may lose something; JPEG 2000 and HTJ2K of these two need not."""
BUNDLED = {
    "1.2.840.10008.1.2": mark("implicit little endian"),
    "1.2.840.10008.1.2.1": mark("explicit little endian"),
    "1.2.840.10008.1.2.1.99": "deflated",
    "1.2.840.10008.1.2.2": mark("explicit big endian"),
    "1.2.840.10008.1.2.5": "RLE",
    _JPEG + "50": mark("JPEG baseline"),
    _JPEG + "51": mark("JPEG extended"),
    _JPEG + "53": mark("JPEG spectral selection (retired)"),
    _JPEG + "55": mark("JPEG full progression (retired)"),
    _JPEG + "57": mark("JPEG lossless"),
    _JPEG + "70": mark("JPEG lossless, first-order prediction"),
    _JPEG + "80": mark("JPEG-LS lossless"),
    _JPEG + "81": mark("JPEG-LS near-lossless"),
    _JPEG + "90": mark("JPEG 2000 lossless"),
    _JPEG + "91": mark("JPEG 2000"),
    _JPEG + "201": mark("HTJ2K lossless"),
    _JPEG + "202": mark("HTJ2K lossless, resolution order"),
    _JPEG + "203": "HTJ2K",
}
"""The transfer syntaxes that can be read, with their common names."""
_KNOWN_UNREADABLE = {
    _JPEG + "100": mark("MPEG-2 video"), _JPEG + "101": mark("MPEG-2 video"), _JPEG + "102": mark("MPEG-4 video"),
    _JPEG + "103": mark("MPEG-4 video"), _JPEG + "104": mark("MPEG-4 video"), _JPEG + "105": mark("MPEG-4 video"),
    _JPEG + "106": mark("MPEG-4 video"), _JPEG + "107": mark("HEVC video"), _JPEG + "108": mark("HEVC video"),
    _JPEG + "92": mark("JPEG 2000 multi-component"), _JPEG + "93": mark("JPEG 2000 multi-component"),
    _JPEG + "94": mark("JPIP (pixels on a server)"), _JPEG + "95": mark("JPIP (pixels on a server)"),
    _JPEG + "110": mark("JPEG XL"), _JPEG + "111": mark("JPEG XL"), _JPEG + "112": mark("JPEG XL"),
}  # fmt: skip
DECODER_DEPENDENCIES = dict.fromkeys((JPEG_EXTENDED, *JPEG_LOSSLESS), ("imagecodecs",))
"""Read by pydicom: what this module needs as a decoding plug-in."""
_UNKNOWN = mark("an unknown transfer syntax")
_UID = re.compile(r"[0-9.]{1,64}")
_PLUGIN = "pellucid"
_PILLOW, _IMAGECODECS = ("pillow", "pillow", "PIL"), (_PLUGIN, "imagecodecs", "imagecodecs")
_CHARLS, _OPENJPEG = ("pyjpegls", "pyjpegls", "jpeg_ls"), ("pylibjpeg", "pylibjpeg-openjpeg", "openjpeg")
_DECODED_BY = {
    "1.2.840.10008.1.2.5": ("pydicom", "pydicom", "pydicom"),
    _JPEG + "50": _PILLOW,
    **dict.fromkeys((JPEG_EXTENDED, *JPEG_LOSSLESS, *RETIRED_JPEG), _IMAGECODECS),
    **dict.fromkeys((_JPEG + "80", _JPEG + "81"), _CHARLS),
    **dict.fromkeys((_JPEG + n for n in ("90", "91", "201", "202", "203")), _OPENJPEG),
}
"""What decodes each compressed syntax and nothing else: plug-in of pydicom, package, and module to look for."""


@dataclass(frozen=True)
class Support:
    """A transfer syntax with what decodes it; ``version`` is empty where the package is missing or hides it."""

    syntax: str
    name: str
    package: str
    version: str = ""
    missing: bool = False


def supported() -> tuple[Support, ...]:
    """Return every transfer syntax that can be read, with the package that does it."""
    found = []
    for syntax, name in BUNDLED.items():
        if syntax not in _DECODED_BY:
            found.append(Support(syntax, tr(name), "Pellucid", __version__))
            continue
        _, package, _ = _DECODED_BY[syntax]
        missing = _missing(syntax)
        found.append(Support(syntax, tr(name), package, "" if missing else _version(package), bool(missing)))
    return tuple(found)


def _missing(syntax: str) -> str:
    """Return the package that a transfer syntax needs and that is not installed, or nothing."""
    _, package, module = _DECODED_BY.get(syntax, ("", "", "sys"))
    return "" if find_spec(module) is not None else package


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def unreadable(syntax: str) -> str:
    """Return what is wrong with a transfer syntax as a sentence, empty when it can be read."""
    if syntax in BUNDLED:
        package = _missing(syntax)
        if not package:
            return ""
        return tr(
            "its pixels are stored as {name} ({syntax}), and what decodes that is not installed. Install the package "
            "{package}, or convert it to an uncompressed form with another tool.",
            name=tr(BUNDLED[syntax]),
            syntax=syntax,
            package=package,
        )
    name = tr(_KNOWN_UNREADABLE.get(syntax, _UNKNOWN))
    return tr(
        "its pixels are stored as {name} ({syntax}), which Pellucid cannot read. Convert it "
        "to an uncompressed form with another tool.",
        name=name,
        syntax=syntax if _UID.fullmatch(syntax) else tr("not stated in a way that can be read"),
    )


def is_available(uid: str) -> bool:
    """Tell pydicom whether this plug-in decodes a transfer syntax."""
    return uid in DECODER_DEPENDENCIES


def decode(source: bytes, runner: DecodeRunner) -> bytearray:
    """Decode one JPEG frame for pydicom: lossless, or extended with 8 or 12 bits."""
    import imagecodecs
    import numpy as np

    if runner.transfer_syntax == JPEG_EXTENDED:
        stream = stream_of(source)
        array = jpeg(source, as_stored=runner.samples_per_pixel == 3 and not (stream and stream.mixed))
    else:
        array = np.ascontiguousarray(imagecodecs.jpegsof3_decode(source))
    runner.set_option("bits_allocated", array.itemsize * 8)
    runner.set_option("planar_configuration", 0)
    return bytearray(array.tobytes())


def decoder(syntax: str) -> Any:
    """Return pydicom's decoder of a transfer syntax with our plug-in registered."""
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.uid import UID

    found = get_decoder(UID(syntax))
    if syntax in DECODER_DEPENDENCIES and _PLUGIN not in found.available_plugins:
        found.add_plugin(_PLUGIN, (__name__, "decode"))
    return found


def plugin(syntax: str) -> str:
    """Return the plug-in to insist on: pydicom must never choose, it would take GDCM where that is installed."""
    return _DECODED_BY[syntax][0]


def jpeg(source: bytes, *, as_stored: bool) -> NDArray[Any]:
    """Decode a JPEG picture of 8 or 12 bits, of any process; its colours ``as_stored`` or as it says they are."""
    import imagecodecs
    import numpy as np

    space = "YCBCR" if as_stored else None
    return np.ascontiguousarray(imagecodecs.jpeg_decode(source, colorspace=space, outcolorspace=space))


def is_native(syntax: str) -> bool:
    """Return whether pixels of a transfer syntax are not compressed."""
    return syntax in NATIVE
