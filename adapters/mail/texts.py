"""What notices say, in each language. A test holds that every kind of notice has its sentence in all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connector.domain.notices import Language, NoticeKind


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the sentences. ``why`` takes {site}."""

    new: str
    again: str
    over: str
    why: str


FRAMES: Mapping[Language, Frame] = {
    "en": Frame(
        "Something needs you",
        "Still waiting",
        "Settled",
        "You get this mail because you look after moodle-connector for {site}.",
    ),
    "fr": Frame(
        "Votre attention est requise",
        "Toujours en attente",
        "Réglé",
        "Vous recevez ce message parce que vous gérez moodle-connector pour {site}.",
    ),
    "vi": Frame(
        "Cần bạn xử lý",
        "Vẫn đang chờ",
        "Đã giải quyết",
        "Bạn nhận được thư này vì bạn phụ trách moodle-connector cho {site}.",
    ),
    "zh-TW": Frame(
        "需要您處理",
        "仍在等待",
        "已解決",
        "您收到此信，因為您負責 {site} 的 moodle-connector。",
    ),
}

HOPS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "changes": "what is new: reports are that old",
        "everything": "all of it: regrades, resets and deletions since then are missing",
    },
    "fr": {
        "changes": "nouveautés : les rapports datent",
        "everything": "lecture complète : les renotations, réinitialisations et suppressions manquent depuis",
    },
    "vi": {
        "changes": "thay đổi: báo cáo cũng cũ như vậy",
        "everything": "toàn bộ: từ đó thiếu các điểm chấm lại, đặt lại và xóa",
    },
    "zh-TW": {
        "changes": "異動讀取，報表也停留在那時",
        "everything": "完整讀取，此後的重新評分、重設與刪除尚未反映",
    },
}
"""Which reading of Moodle a notice is about, and what that means, by the hop that it names."""

SENTENCES: Mapping[Language, Mapping[NoticeKind, str]] = {
    "en": {
        NoticeKind.HOLD_WAITING: (
            "{count} changes of the class {class} wait for approval (limit {limit}, plan {plan})."
        ),
        NoticeKind.FEED_REFUSED: "A feed of {source} was refused ({feed}, reasons: {reasons}).",
        NoticeKind.CASES_OPEN: "Cases to decide: {count}.",
        NoticeKind.FEED_LATE: "No good feed of {source} has come for {hours} hours.",
        NoticeKind.MIRROR_BEHIND: "Moodle was last read {hours} hours ago ({hop}).",
        NoticeKind.JOB_FAILING: "The job {job} has failed {failures} times in a row ({error}).",
        NoticeKind.TEST: "This is a test: notices arrive.",
    },
    "fr": {
        NoticeKind.HOLD_WAITING: (
            "{count} changements de la classe {class} attendent une approbation (limite {limit}, plan {plan})."
        ),
        NoticeKind.FEED_REFUSED: "Un fichier de {source} a été refusé ({feed}, motifs : {reasons}).",
        NoticeKind.CASES_OPEN: "Cas à trancher : {count}.",
        NoticeKind.FEED_LATE: "Aucun fichier valable de {source} depuis {hours} heures.",
        NoticeKind.MIRROR_BEHIND: "Moodle a été lu pour la dernière fois il y a {hours} heures ({hop}).",
        NoticeKind.JOB_FAILING: "La tâche {job} a échoué {failures} fois de suite ({error}).",
        NoticeKind.TEST: "Ceci est un essai : les avis arrivent.",
    },
    "vi": {
        NoticeKind.HOLD_WAITING: (
            "{count} thay đổi thuộc loại {class} đang chờ duyệt (giới hạn {limit}, kế hoạch {plan})."
        ),
        NoticeKind.FEED_REFUSED: "Một tệp của {source} đã bị từ chối ({feed}, số lý do: {reasons}).",
        NoticeKind.CASES_OPEN: "Số trường hợp cần quyết định: {count}.",
        NoticeKind.FEED_LATE: "Đã {hours} giờ không có tệp hợp lệ nào của {source}.",
        NoticeKind.MIRROR_BEHIND: "Moodle được đọc lần cuối cách đây {hours} giờ ({hop}).",
        NoticeKind.JOB_FAILING: "Tác vụ {job} đã thất bại {failures} lần liên tiếp ({error}).",
        NoticeKind.TEST: "Đây là thư thử: thông báo đến nơi.",
    },
    "zh-TW": {
        NoticeKind.HOLD_WAITING: "{class} 類有 {count} 項變更等待核准（上限 {limit}，計畫 {plan}）。",
        NoticeKind.FEED_REFUSED: "{source} 的一份檔案遭拒收（{feed}，原因 {reasons} 項）。",
        NoticeKind.CASES_OPEN: "待裁決的個案：{count} 件。",
        NoticeKind.FEED_LATE: "已有 {hours} 小時沒有收到 {source} 的可用檔案。",
        NoticeKind.MIRROR_BEHIND: "上次讀取 Moodle 是 {hours} 小時前（{hop}）。",
        NoticeKind.JOB_FAILING: "工作 {job} 已連續失敗 {failures} 次（{error}）。",
        NoticeKind.TEST: "這是測試：通知可以送達。",
    },
}
