"""Which servers the user knows: DIMSE nodes (PACS) and DICOMweb servers, as they are kept in the settings.

Nodes hold no passwords; ``passwords`` does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from pellucid.language import mark, tr
from pellucid.model.findings import Refused

if TYPE_CHECKING:
    from pellucid.settings import Settings

OWN_TITLE = "PELLUCID"
LISTENING_PORT = 11112


def _clean_title(text: str) -> str:
    text = text.strip()
    if not 0 < len(text) <= 16 or not all(" " <= c <= "~" and c != "\\" for c in text):
        raise ValueError(
            tr("An AE title has 1 to 16 characters: letters, digits, spaces and signs of ASCII, no backslash.")
        )
    return text


def _clean_host(text: str) -> str:
    text = text.strip()
    if not text or any(c.isspace() or c in "/\\@" for c in text):
        raise ValueError(tr("A host is a name or an address like pacs.example.org or 192.168.1.20, without a path."))
    return text


def _clean_url(text: str) -> str:
    text = text.strip().rstrip("/")
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(tr("The address of a DICOMweb server begins with https:// or http:// and names a host."))
    if "@" in parts.netloc:
        raise ValueError(tr("An address holds no user name or password: they are entered beside it."))
    if parts.query or parts.fragment:
        raise ValueError(tr("The address of a DICOMweb server ends with its path, without ? or #."))
    return text


AeTitle = Annotated[str, AfterValidator(_clean_title)]
Host = Annotated[str, AfterValidator(_clean_host)]
Port = Annotated[int, Field(ge=1, le=65535)]
Name = Annotated[str, Field(min_length=1, max_length=80)]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class Tls(_Frozen):
    """How a connection is encrypted; files are PEM, an empty name means: those of the system, or none."""

    on: bool = False
    verify: bool = True
    authority: str = ""
    """The file of the certificates that are trusted."""
    certificate: str = ""
    """Our own certificate, for servers that ask for one."""
    key: str = ""


class DimseNode(_Frozen):
    """A PACS that is spoken to in DIMSE."""

    kind: Literal["dimse"] = "dimse"
    name: Name
    title: AeTitle
    """What the server is called (the called AE title)."""
    host: Host
    port: Port = 104
    tls: Tls = Tls()
    own_title: Literal[""] | AeTitle = ""
    """What this program is called when it speaks to this server; empty: as everywhere."""
    retrieve: Literal["get", "move"] = "get"
    """C-GET brings images over the same connection, C-MOVE lets the server connect to our listener."""
    characters: Literal["auto", "ISO_IR 6", "ISO_IR 100", "ISO_IR 192"] = "auto"
    """The character set of questions; answers say theirs."""

    @property
    def address(self) -> str:
        """Return how the node is written in one line."""
        return f"{self.title}@{self.host}:{self.port}"

    @property
    def key(self) -> str:
        """Return what a secret of this node is kept under."""
        return _digest("dimse", self.title, self.host, str(self.port))


class WebNode(_Frozen):
    """A DICOMweb server; a prefix is the path of one service behind the address."""

    kind: Literal["web"] = "web"
    name: Name
    url: Annotated[str, AfterValidator(_clean_url)]
    auth: Literal["none", "basic", "bearer"] = "none"
    user: str = Field(default="", max_length=256)
    verify: bool = True
    authority: str = ""
    qido: str = ""
    wado: str = ""
    stow: str = ""

    @property
    def address(self) -> str:
        """Return how the node is written in one line."""
        return self.url

    @property
    def key(self) -> str:
        """Return what a secret of this node is kept under."""
        return _digest("web", self.url, self.auth, self.user)

    def service(self, prefix: str) -> str:
        """Return the address of a service with one of the prefixes."""
        return "/".join(part for part in (self.url, prefix.strip("/")) if part)


class ListenerSettings(_Frozen):
    """The storage listener: nothing listens until it is started, and then on this machine only unless told so."""

    host: Host = "127.0.0.1"
    port: Port = LISTENING_PORT
    callers: tuple[AeTitle, ...] = ()
    """The AE titles that may send; nobody else is let in. Those of the nodes are always among them."""
    tls: Tls = Tls()
    quota_mb: int = Field(default=20_000, ge=1)
    """What it receives altogether until it is stopped."""
    keep_free_mb: int = Field(default=2_000, ge=0)
    """What stays free on the disk."""


Node = DimseNode | WebNode
_Kind = TypeVar("_Kind", bound=_Frozen)
_NODE: TypeAdapter[Node] = TypeAdapter(Annotated[Node, Field(discriminator="kind")])


def nodes_of(settings: Settings) -> tuple[Node, ...]:
    """Return the nodes the user knows; what is not valid is left out."""
    found: list[Node] = []
    for values in settings.nodes:
        try:
            found.append(_NODE.validate_python(values))
        except ValidationError:
            continue
    return tuple(found)


def keep_nodes(settings: Settings, nodes: Iterable[Node]) -> None:
    """Put nodes into the settings; whoever calls saves them."""
    settings.nodes = [node.model_dump(mode="json", exclude_defaults=True) | {"kind": node.kind} for node in nodes]


def listener_of(settings: Settings) -> ListenerSettings:
    """Return how the user wants to listen, the defaults where that is not valid."""
    try:
        return ListenerSettings.model_validate(settings.listener)
    except ValidationError:
        return ListenerSettings()


def keep_listener(settings: Settings, listener: ListenerSettings) -> None:
    """Put the settings of the listener into the settings; whoever calls saves them."""
    settings.listener = listener.model_dump(mode="json", exclude_defaults=True)


def own_title_of(settings: Settings) -> str:
    """Return our own AE title."""
    try:
        return _clean_title(settings.ae_title)
    except ValueError:
        return OWN_TITLE


def named(nodes: Iterable[Node], name: str) -> Node:
    """Return the node of a name; raise Refused when there is none."""
    known = {node.name: node for node in nodes}
    if name in known:
        return known[name]
    raise Refused(
        tr("No server is called “{name}”. Known are: {names}.", name=name, names=", ".join(known) or tr("none"))
    )


def address(text: str) -> DimseNode:
    """Return the node that ``TITLE@host:port`` means; raise Refused with a sentence."""
    title, _, place = text.rpartition("@")
    host, _, port = place.rpartition(":")
    values = {"name": text, "title": title, "host": host.strip("[]"), "port": port}
    return made(DimseNode, values)


def made(kind: type[_Kind], values: dict[str, Any]) -> _Kind:
    """Return a node or listener made of what somebody entered; raise Refused with one sentence on what is wrong."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
    if problem["type"] == "value_error":
        raise Refused(str(problem["ctx"]["error"]))
    field = str(problem["loc"][0]) if problem["loc"] else ""
    if field == "port":
        raise Refused(tr("A port is a number from 1 to 65535."))
    raise Refused(tr("The {field} of the server cannot be used as it is.", field=tr(_WORDS.get(field, field))))


_WORDS = {
    "title": mark("AE title"), "own_title": mark("AE title"), "callers": mark("AE title"), "host": mark("host"),
    "port": mark("port"), "url": mark("address"), "name": mark("name"), "user": mark("user"),
}  # fmt: skip


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]
