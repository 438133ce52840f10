"""Vault: secrets that must be had again, encrypted with the platform's secret."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet


class Vault:
    """Encrypts (Fernet: AES-128-CBC with HMAC-SHA256) what others must not read in the database."""

    def __init__(self, secret: bytes) -> None:
        key = hashlib.sha256(b"switchroom telephony vault\0" + secret).digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def encrypt(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, encrypted: str) -> str:
        """Raises cryptography's InvalidToken for what another secret has encrypted."""
        return self._fernet.decrypt(encrypted.encode()).decode()
