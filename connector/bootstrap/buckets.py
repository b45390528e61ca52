"""Buckets by their settings."""

from __future__ import annotations

from typing import Any

from connector.settings.parts import BucketSettings
from connector.settings.sources import secret

_SECRETS = ("access_key", "secret_key", "session_token")


def told(part: str, settings: BucketSettings) -> dict[str, Any]:
    """What a bucket is built from; ``part`` names the table of the settings. Raises SettingsError for a secret."""
    secrets = {
        name: secret(f"{part}.s3.{name}", getattr(settings, name), getattr(settings, f"{name}_file"))
        for name in _SECRETS
    }
    return {**settings.model_dump(exclude={*_SECRETS, *(f"{name}_file" for name in _SECRETS)}), **secrets}
