"""Webhook: notices as signed JSON to one address."""

from adapters.webhook.webhook import Webhook, signature

__all__ = ["Webhook", "signature"]
