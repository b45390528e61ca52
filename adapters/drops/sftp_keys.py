"""Keys of SSH: which servers are known, and with which private key this service logs in."""

from __future__ import annotations

import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_ssh_private_key,
)
from paramiko import ECDSAKey, Ed25519Key, HostKeys, MissingHostKeyPolicy, PKey, RSAKey, SSHClient
from paramiko.ssh_exception import SSHException

from connector.domain.errors import AccessRefused, SettingsError

_KINDS: Mapping[type, tuple[type[PKey], PrivateFormat]] = {
    Ed25519PrivateKey: (Ed25519Key, PrivateFormat.OpenSSH),
    EllipticCurvePrivateKey: (ECDSAKey, PrivateFormat.TraditionalOpenSSL),
    RSAPrivateKey: (RSAKey, PrivateFormat.TraditionalOpenSSL),
}


@dataclass(frozen=True)
class OnlyThese(MissingHostKeyPolicy):
    """Trust a server that no file knows only by its key's fingerprint (``SHA256:…``, as OpenSSH writes it)."""

    fingerprints: Collection[str]

    def missing_host_key(self, client: SSHClient, hostname: str, key: PKey) -> None:  # noqa: ARG002
        """Raise AccessRefused unless the key is one of them."""
        if key.fingerprint.rstrip("=") not in {one.rstrip("=") for one in self.fingerprints}:
            raise AccessRefused(
                f"sftp {hostname}: the server shows a key ({key.get_name()} {key.fingerprint}) that is not known. "
                "It may be another machine: ask who runs it, and set host_keys or known_hosts only then."
            )


def known_hosts_of(path: Path) -> HostKeys:
    """Read a file of OpenSSH's form. Raises SettingsError where it cannot be read, or has what is not understood."""
    try:
        text = path.read_text("utf-8")
        if any(line.lstrip().startswith("@") for line in text.splitlines()):
            raise SettingsError(f"known_hosts {path}: @revoked and @cert-authority are not understood; take them out.")
        known = HostKeys(str(path))
    except (OSError, ValueError, SSHException) as error:
        raise SettingsError(f"known_hosts {path}: it cannot be read ({type(error).__name__}).") from error
    if not known:
        raise SettingsError(f"known_hosts {path}: there is no key in it.")
    return known


def private_key(path: Path, passphrase: str | None) -> PKey:
    """Read the key, in OpenSSH's form or PEM. Raises SettingsError where it cannot be used or all may read it.

    It is read by cryptography and only then given to paramiko, in the form that paramiko reads without fail: its own
    reader takes an OpenSSH key for invalid whose comment happens to leave no padding (paramiko issue 2445).
    """
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o007:
            raise SettingsError(f"key_file {path}: everybody on this computer may read it. Change that (chmod 600).")
        content = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"key_file {path}: it cannot be read ({error.strerror}).") from error
    try:
        key = _read(content, passphrase.encode() if passphrase else None)
        made, form = next(how for kind, how in _KINDS.items() if isinstance(key, kind))
        text = key.private_bytes(Encoding.PEM, form, NoEncryption()).decode("ascii")
        return made.from_private_key(StringIO(text))
    except (UnsupportedAlgorithm, SSHException, ValueError, TypeError, StopIteration):
        raise SettingsError(
            f"key_file {path}: no Ed25519, ECDSA or RSA key can be read from it. Either it is none, "
            "or its passphrase is wrong, missing, or given though there is none."
        ) from None


def _read(content: bytes, passphrase: bytes | None) -> Any:
    if b"BEGIN OPENSSH" in content:
        return load_ssh_private_key(content, passphrase)
    return load_pem_private_key(content, passphrase)
