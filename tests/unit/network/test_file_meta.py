"""The file meta information that is written by hand is what pydicom writes."""

from __future__ import annotations

from io import BytesIO

import pytest
from pydicom.filereader import read_file_meta_info
from pydicom.uid import CTImageStorage, JPEG2000Lossless

from pellucid.network.dimse.tuning import file_meta


@pytest.mark.parametrize("uid", ["1.2", "1.2.3", "1." + "9" * 62])
def test_pydicom_reads_it(uid, tmp_path) -> None:
    written = file_meta(
        sop_class_uid=CTImageStorage, sop_instance_uid=uid, transfer_syntax=JPEG2000Lossless, implementation="1.2.3.4"
    )
    path = tmp_path / "file"
    path.write_bytes(bytes(128) + b"DICM" + written)
    meta = read_file_meta_info(path)
    assert (meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID) == (CTImageStorage, uid)
    assert (meta.TransferSyntaxUID, meta.ImplementationClassUID) == (JPEG2000Lossless, "1.2.3.4")
    assert meta.FileMetaInformationGroupLength == len(written) - 12
    assert meta.FileMetaInformationVersion == b"\0\1" and BytesIO(written).read(4) == b"\2\0\0\0"
