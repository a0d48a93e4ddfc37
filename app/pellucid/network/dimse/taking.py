"""Objects that come by C-STORE, taken in the thread that hears them: their data sets go to files as they are.

pynetdicom would hand each of them to another thread and wait for its answer, which costs a busy machine more than the
object itself. Everything else that comes is left to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pellucid.network.dimse import commands
from pellucid.network.dimse.inbox import NOT_UNDERSTOOD, OUT_OF_RESOURCES, Header, Inbox, Parcel
from pellucid.network.dimse.tuning import file_meta

if TYPE_CHECKING:
    from pathlib import Path

    from pynetdicom.association import Association
    from pynetdicom.pdu_primitives import P_DATA

NOT_AGREED_ON = 0x0122
_LAST, _COMMAND = 2, 1
_PREAMBLE = bytes(128) + b"DICM"

Taker = Callable[["Path", Header], int]


def take_objects(link: Association, inbox: Inbox, taken: Taker) -> Taking:
    """Take what comes over an association: ``taken`` gets each file that can be read and returns a status."""
    taking = Taking(link, inbox, taken)
    link.dimse.receive_primitive = taking.hear  # type: ignore[method-assign]
    return taking


class Taking:
    """What is being received over one association."""

    def __init__(self, link: Association, inbox: Inbox, taken: Taker) -> None:
        from pynetdicom import PYNETDICOM_IMPLEMENTATION_UID

        self._link, self._inbox, self._taken = link, inbox, taken
        self._others = link.dimse.receive_primitive
        self._implementation = str(PYNETDICOM_IMPLEMENTATION_UID)
        self._command = bytearray()
        self._object: commands.Command | None = None
        self._parcel: Parcel | None = None
        self._status = 0

    def hear(self, primitive: P_DATA) -> None:
        """Take fragments that belong to an object, and leave the others to pynetdicom."""
        try:
            for context, fragment in primitive.presentation_data_value_list:
                self._heard(context, fragment)
        except Exception:  # peers can send anything; the association is aborted, as pynetdicom does
            self.drop()
            self._link.dul.event_queue.put("Evt19")

    def drop(self) -> None:
        """Remove what is not whole when the connection ends."""
        if self._parcel is not None:
            self._parcel.drop()
        self._object = self._parcel = None

    def _heard(self, context: int, fragment: bytes) -> None:
        control = fragment[0]
        if control & _COMMAND:
            self._command += memoryview(fragment)[1:]
            if len(self._command) > commands.LARGEST:
                raise commands.Odd
            if control & _LAST:
                command, self._command = bytes(self._command), bytearray()
                self._commanded(context, command)
        elif self._object is None:
            self._leave(context, fragment)
        else:
            self._add(memoryview(fragment)[1:])
            if control & _LAST:
                self._answer(context, self._object)

    def _commanded(self, context: int, data: bytes) -> None:
        command = commands.read(data)
        if self._object is not None:
            raise commands.Odd
        if command.field == commands.GET_ANSWER and command.status == commands.PENDING and not command.has_data:
            return
        if command.field == commands.STORE and command.has_data:
            self._object = command
            self._status = self._begun(context, command)
        else:
            self._leave(context, bytes([_COMMAND | _LAST]) + data)

    def _leave(self, context: int, fragment: bytes) -> None:
        """Leave a fragment to pynetdicom."""
        from pynetdicom.pdu_primitives import P_DATA

        primitive: Any = P_DATA()
        primitive.presentation_data_value_list = [[context, fragment]]
        self._others(primitive)

    def _begun(self, context: int, command: commands.Command) -> int:
        """Begin a file; return a status that is not 0 when it will not be taken."""
        agreed = self._link._accepted_cx.get(context)
        self._status = 0
        if agreed is None or not agreed.as_scp or str(agreed.abstract_syntax) != command.sop_class:
            return NOT_AGREED_ON
        meta = file_meta(
            sop_class_uid=command.sop_class, sop_instance_uid=command.sop_uid,
            transfer_syntax=str(agreed.transfer_syntax[0]), implementation=self._implementation,
        )  # fmt: skip
        try:
            self._parcel = self._inbox.parcel()
        except OSError:
            return self._full()
        self._add(_PREAMBLE + meta)
        return self._status

    def _add(self, data: bytes | memoryview) -> None:
        if self._parcel is None:
            return
        try:
            self._parcel.write(data)
        except OSError:
            self._parcel.drop()
            self._parcel = None
            self._status = self._full()

    def _full(self) -> int:
        self._inbox.full = "disk"
        return OUT_OF_RESOURCES

    def _answer(self, context: int, command: commands.Command) -> None:
        status = self._ended()
        self._object = None
        self._say(context, commands.store_answer(command, status))

    def _ended(self) -> int:
        """Put what is whole to its place; return the status."""
        if self._parcel is None:
            return self._status
        parcel, self._parcel = self._parcel, None
        try:
            parcel.close()
            found = self._inbox.checked(parcel.path)
            return NOT_UNDERSTOOD if found is None else self._taken(parcel.path, found)
        except OSError:
            parcel.drop()
            return self._full()

    def _say(self, context: int, command: bytes) -> None:
        """Send a command in pieces the peer takes."""
        from pynetdicom.pdu_primitives import P_DATA

        room = max((self._link.dimse.maximum_pdu_size or commands.LARGEST) - 6, 1)
        for place in range(0, len(command), room):
            last = _LAST if place + room >= len(command) else 0
            primitive: Any = P_DATA()
            primitive.presentation_data_value_list = [
                [context, bytes([_COMMAND | last]) + command[place : place + room]]
            ]
            self._link.dul.send_pdu(primitive)
