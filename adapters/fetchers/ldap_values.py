"""What stands in a directory's attributes, as text; and whether an account is disabled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

_DISABLED = 0x2
"""The bit ACCOUNTDISABLE of AD's userAccountControl."""
_GUIDS = ("objectguid", "ms-ds-consistencyguid")
_ALWAYS_LISTS = ("memberof", "objectclass", "proxyaddresses", "othertelephone", "othermailbox", "directreports")


def texts(name: str, values: Sequence[bytes]) -> str | list[str] | None:
    """None for no value, text for one, a list for several; attributes that are lists by their nature stay so."""
    plain = [_text(name, value) for value in values]
    if len(plain) > 1 or name.lower() in _ALWAYS_LISTS:
        return sorted(plain)  # a directory's values have no order, and may come in another one each time
    return plain[0] if plain else None


def disabled(raw: Mapping[str, Sequence[bytes]]) -> bool:
    """Whether one of the flags says so; ``raw`` has the attributes by names in lower case."""
    control = _first(raw, "useraccountcontrol")
    locked = _first(raw, "pwdaccountlockedtime")
    # OpenLDAP's ppolicy writes this time for accounts that an administrator has locked for good.
    for_good = locked.startswith("000001010000")
    by_flag = _first(raw, "nsaccountlock").lower() == "true"
    return by_flag or for_good or (control.isdecimal() and bool(int(control) & _DISABLED))


def _first(raw: Mapping[str, Sequence[bytes]], name: str) -> str:
    values = raw.get(name) or [b""]
    return values[0].decode("ascii", "replace")


def _text(name: str, value: bytes) -> str:
    if name.lower() in _GUIDS and len(value) == 16:
        return str(UUID(bytes_le=value))
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return value.hex()
    return value.hex() if "\0" in text else text
