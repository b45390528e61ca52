"""Webhook: notices as signed JSON to one address."""

from adapters.webhook.webhook import Webhook
from connector.domain.signing import signature

__all__ = ["Webhook", "signature"]
