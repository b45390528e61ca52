"""The words that stand on a certificate, in each of its languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connector.domain.notices import Language


@dataclass(frozen=True, slots=True)
class Words:
    """``certifies`` stands before the name, ``has`` after it; ``locale`` is that of dates."""

    locale: str
    certifies: str
    has: str
    issued: str
    until: str
    for_ever: str
    number: str
    code: str
    verify: str


WORDS: Mapping[Language, Words] = {
    "en": Words(
        "en",
        "This is to certify that",
        "has met all its requirements.",
        "Issued on",
        "Valid until",
        "no expiry",
        "Number",
        "Verification code",
        "Verify this certificate:",
    ),
    "fr": Words(
        "fr",
        "Nous certifions que",
        "a satisfait à toutes les exigences.",
        "Délivré le",
        "Valable jusqu’au",
        "sans limite",
        "Numéro",
        "Code de vérification",
        "Vérifier ce certificat\u00a0:",
    ),
    "vi": Words(
        "vi",
        "Chứng nhận",
        "đã hoàn thành mọi yêu cầu.",
        "Ngày cấp",
        "Có giá trị đến",
        "không thời hạn",
        "Số",
        "Mã xác minh",
        "Xác minh chứng nhận này:",
    ),
    "zh-TW": Words(
        "zh_Hant_TW",
        "茲證明",
        "已達成所有要求。",
        "發證日期",
        "有效期限",
        "無期限",
        "證書編號",
        "驗證碼",
        "驗證本證書：",
    ),
}
