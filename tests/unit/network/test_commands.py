"""Commands that are read and written by hand are those of pynetdicom; what is no command is refused."""

from __future__ import annotations

import random
from io import BytesIO

import pytest
from pydicom.uid import CTImageStorage
from pynetdicom.dimse_messages import C_GET_RSP, C_STORE_RQ, C_STORE_RSP, DIMSEMessage
from pynetdicom.dimse_primitives import C_GET, C_STORE
from pynetdicom.dsutils import encode

from pellucid.network.dimse import commands

pytestmark = pytest.mark.hazard("H40")


def encoded(message: DIMSEMessage, primitive: object) -> bytes:
    message.primitive_to_message(primitive)
    found = encode(message.command_set, True, True)
    assert found is not None
    return found


def request(uid: str = "1.2.3.4") -> bytes:
    asked = C_STORE()
    asked.MessageID, asked.Priority = 4711, 2
    asked.AffectedSOPClassUID, asked.AffectedSOPInstanceUID = CTImageStorage, uid
    asked.MoveOriginatorApplicationEntityTitle, asked.MoveOriginatorMessageID = "SOMEBODY", 7
    asked.DataSet = BytesIO(b"x")
    return encoded(C_STORE_RQ(), asked)


@pytest.mark.parametrize("uid", ["1.2.3.4", "1.2.3", "1." + "9" * 62])
def test_a_store_is_read(uid) -> None:
    found = commands.read(request(uid))
    assert (found.field, found.message, found.has_data) == (commands.STORE, 4711, True)
    assert (found.sop_class, found.sop_uid) == (CTImageStorage, uid)


@pytest.mark.parametrize("uid", ["1.2.3.4", "1.2.3"])
@pytest.mark.parametrize("status", [0x0000, 0xA700, 0xC000, 0x0122])
def test_the_answer_to_a_store_is_what_pynetdicom_says(uid, status) -> None:
    said = C_STORE()
    said.MessageIDBeingRespondedTo, said.Status = 4711, status
    said.AffectedSOPClassUID, said.AffectedSOPInstanceUID = CTImageStorage, uid
    assert commands.store_answer(commands.read(request(uid)), status) == encoded(C_STORE_RSP(), said)


def test_the_answer_to_a_get_is_read() -> None:
    said = C_GET()
    said.MessageIDBeingRespondedTo, said.Status, said.NumberOfRemainingSuboperations = 1, 0xFF00, 12
    found = commands.read(encoded(C_GET_RSP(), said))
    assert (found.field, found.status, found.has_data) == (commands.GET_ANSWER, commands.PENDING, False)


def test_what_is_no_command_is_refused_and_nothing_else_happens() -> None:
    good, random_ = request(), random.Random(40)
    for _ in range(3000):
        odd = bytearray(good)
        for _ in range(random_.randint(1, 6)):
            odd[random_.randrange(len(odd))] = random_.randrange(256)
        odd = odd[: random_.randint(0, len(odd))]
        try:
            found = commands.read(bytes(odd))
        except commands.Odd:
            continue
        assert len(found.sop_uid) <= 64 and 0 <= found.field <= 0xFFFF
