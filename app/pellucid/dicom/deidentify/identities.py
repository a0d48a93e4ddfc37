"""New UIDs, patients and dates: keyed hashes of the old ones, so that every worker and every file finds the same.

The secret is made for one run and forgotten: nobody can compute the old values, or test a guess.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import date, timedelta
from functools import cache

_LONGEST_SHIFT_DAYS = 3650
_LEAST_SHIFT_DAYS = 365
_DATE = re.compile(r"(\d{4})(\d{2})?(\d{2})?(.*)", re.DOTALL)


def new_secret() -> str:
    """Return a secret for one run."""
    return secrets.token_hex(32)


def digest(secret: str, *parts: str) -> bytes:
    """Return 32 bytes that depend on the secret and the parts and tell neither."""
    joined = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hmac.new(bytes.fromhex(secret), joined, hashlib.sha256).digest()


def new_uid(secret: str, old: str) -> str:
    """Return the UID that takes the place of one; well-known UIDs of the standard stay."""
    old = old.strip(" \0")
    if not old or old in _well_known():
        return old
    number = int.from_bytes(digest(secret, "uid", old)[:16], "big")
    version_4 = (number & ~(0xF << 76) & ~(3 << 62)) | 4 << 76 | 2 << 62
    return f"2.25.{version_4}"


def patient_key(secret: str, patient_id: str, issuer: str, name: str, birth_date: str) -> str:
    """Return what tells patients apart without saying who they are."""
    parts = (patient_id, issuer) if patient_id else (name, birth_date)
    return digest(secret, "patient", *(part.strip().casefold() for part in parts)).hex()[:32]


def shift_days(secret: str, key: str) -> int:
    """Return by how many days the dates of a patient go back: between one year and ten."""
    number = int.from_bytes(digest(secret, "shift", key)[:8], "big")
    return _LEAST_SHIFT_DAYS + number % (_LONGEST_SHIFT_DAYS - _LEAST_SHIFT_DAYS)


def shifted(value: str, days: int) -> str | None:
    """Return a date or date and time moved back; None where it is none. What is not stated stays not stated."""
    found = _DATE.fullmatch(value.strip().replace(".", "") if re.fullmatch(r"\d{4}\.\d\d\.\d\d\s*", value) else
                            value.strip())  # fmt: skip
    if found is None:
        return None
    year, month, day, rest = found.groups()
    if rest and (day is None or not re.fullmatch(r"[0-9.]*([+-]\d{4})?", rest)):
        return None
    try:
        moved = date(int(year), int(month or 7), int(day or 1)) - timedelta(days=days)
    except (ValueError, OverflowError):
        return None
    whole = f"{moved.year:04d}" + (f"{moved.month:02d}" if month else "") + (f"{moved.day:02d}" if day else "")
    return whole + rest


@cache
def _well_known() -> frozenset[str]:
    from pydicom._uid_dict import UID_dictionary

    return frozenset(UID_dictionary)
