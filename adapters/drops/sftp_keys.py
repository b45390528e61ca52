"""Keys of SSH: which servers are known, and with which private key this service logs in."""

from __future__ import annotations

import stat
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from paramiko import HostKeys, MissingHostKeyPolicy, PKey, SSHClient
from paramiko.pkey import UnknownKeyType
from paramiko.ssh_exception import SSHException

from connector.domain.errors import AccessRefused, SettingsError


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
    """Read the key, in OpenSSH's form or PEM. Raises SettingsError where it cannot be used or all may read it."""
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o007:
            raise SettingsError(f"key_file {path}: everybody on this computer may read it. Change that (chmod 600).")
        secret = passphrase.encode() if passphrase else None
        return PKey.from_path(path, secret)  # type: ignore[arg-type]  # it says str, and takes bytes only
    except OSError as error:
        raise SettingsError(f"key_file {path}: it cannot be read ({error.strerror}).") from error
    except (UnknownKeyType, UnsupportedAlgorithm, SSHException, ValueError, TypeError):
        raise SettingsError(
            f"key_file {path}: no Ed25519, ECDSA or RSA key can be read from it. Either it is none, "
            "or its passphrase is wrong, missing, or given though there is none."
        ) from None
