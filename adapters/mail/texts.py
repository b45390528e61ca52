"""What notices say, in each language. A test holds that every kind of notice has its sentence in all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connector.domain.notices import Language, NoticeKind
from connector.domain.plan import GuardClass


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
        "changes": "nouveautés\u00a0: les rapports datent",
        "everything": "lecture complète\u00a0: les renotations, réinitialisations et suppressions manquent depuis",
    },
    "vi": {
        "changes": "phần thay đổi: báo cáo chỉ phản ánh đến lúc đó",
        "everything": "toàn bộ dữ liệu: việc chấm lại điểm, đặt lại và xóa từ lúc đó chưa được ghi nhận",
    },
    "zh-TW": {
        "changes": "異動讀取，報表也停留在那時",
        "everything": "完整讀取，此後的重新評分、重設與刪除尚未反映",
    },
}
"""Which reading of Moodle a notice is about, and what that means, by the hop that it names."""

CLASSES: Mapping[Language, Mapping[GuardClass, str]] = {
    "en": {
        GuardClass.CREATE: "create accounts",
        GuardClass.SUSPEND: "suspend accounts",
        GuardClass.IDENTITY: "change user names and e-mail addresses",
        GuardClass.AUTH: "change sign-in methods",
        GuardClass.MANAGER: "change managers",
        GuardClass.REMOVE_ROLE: "take roles away",
        GuardClass.REMOVE_GRANT: "take courses and cohorts away",
        GuardClass.DELETE: "delete accounts",
        GuardClass.UNDONE: "do again what was taken back",
    },
    "fr": {
        GuardClass.CREATE: "créer des comptes",
        GuardClass.SUSPEND: "suspendre des comptes",
        GuardClass.IDENTITY: "changer des noms d’utilisateur et des adresses de courriel",
        GuardClass.AUTH: "changer des méthodes d’authentification",
        GuardClass.MANAGER: "changer des responsables",
        GuardClass.REMOVE_ROLE: "retirer des rôles",
        GuardClass.REMOVE_GRANT: "retirer des cours et des cohortes",
        GuardClass.DELETE: "supprimer des comptes",
        GuardClass.UNDONE: "refaire ce qui avait été annulé",
    },
    "vi": {
        GuardClass.CREATE: "tạo tài khoản",
        GuardClass.SUSPEND: "tạm khóa tài khoản",
        GuardClass.IDENTITY: "đổi tên đăng nhập và địa chỉ e-mail",
        GuardClass.AUTH: "đổi cách đăng nhập",
        GuardClass.MANAGER: "đổi người quản lý",
        GuardClass.REMOVE_ROLE: "thu hồi vai trò",
        GuardClass.REMOVE_GRANT: "thu hồi khóa học và nhóm người học",
        GuardClass.DELETE: "xóa tài khoản",
        GuardClass.UNDONE: "làm lại những gì đã được hoàn tác",
    },
    "zh-TW": {
        GuardClass.CREATE: "建立帳號",
        GuardClass.SUSPEND: "停用帳號",
        GuardClass.IDENTITY: "變更使用者名稱與電子郵件",
        GuardClass.AUTH: "變更登入方式",
        GuardClass.MANAGER: "變更主管",
        GuardClass.REMOVE_ROLE: "移除角色",
        GuardClass.REMOVE_GRANT: "移除課程與全站群組",
        GuardClass.DELETE: "刪除帳號",
        GuardClass.UNDONE: "重做已復原的變更",
    },
}
"""What is held, in words."""

SENTENCES: Mapping[Language, Mapping[NoticeKind, str]] = {
    "en": {
        NoticeKind.HOLD_WAITING: "Waiting for approval: {class} ({count}, limit {limit}, plan {plan}).",
        NoticeKind.FEED_REFUSED: "A feed of {source} was refused ({feed}, reasons: {reasons}; see `hold list`).",
        NoticeKind.CASES_OPEN: "Cases to decide: {count} (see `case list`).",
        NoticeKind.FEED_LATE: "No good feed of {source} has come for more than {hours} h.",
        NoticeKind.MIRROR_BEHIND: "Moodle was last read {hours} h ago ({hop}).",
        NoticeKind.JOB_FAILING: "The job {job} has failed, {failures} × in a row ({error}).",
        NoticeKind.JOB_QUARANTINED: (
            "The job {job} is in quarantine after {failures} failures in a row ({error}): "
            "it is tried once a day from now on (see `job list`)."
        ),
        NoticeKind.JOB_STILL_QUARANTINED: ("The job {job} is still in quarantine, for {days} days ({error})."),
        NoticeKind.JOB_GIVEN_UP: (
            "The job {job} has failed for {days} days ({error}) and is not tried any more: see `job release`."
        ),
        NoticeKind.CIRCUIT_OPEN: (
            "Moodle refuses so many changes that the job {job} was stopped. "
            "Nothing more is sent until it is tried again."
        ),
        NoticeKind.TEST: "This is a test: notices arrive.",
    },
    "fr": {
        NoticeKind.HOLD_WAITING: ("En attente d’approbation\u00a0: {class} ({count}, limite {limit}, plan {plan})."),
        NoticeKind.FEED_REFUSED: (
            "Un fichier de {source} a été refusé ({feed}, motifs\u00a0: {reasons}\u00a0; voir `hold list`)."
        ),
        NoticeKind.CASES_OPEN: "Cas à trancher\u00a0: {count} (voir `case list`).",
        NoticeKind.FEED_LATE: "Aucun fichier valable de {source} depuis plus de {hours}\u00a0h.",
        NoticeKind.MIRROR_BEHIND: "Dernière lecture de Moodle il y a {hours}\u00a0h ({hop}).",
        NoticeKind.JOB_FAILING: "La tâche {job} a échoué {failures} fois de suite ({error}).",
        NoticeKind.JOB_QUARANTINED: (
            "La tâche {job} est en quarantaine après {failures} échecs de suite ({error})\u00a0: "
            "un seul essai par jour désormais (voir `job list`)."
        ),
        NoticeKind.JOB_STILL_QUARANTINED: (
            "La tâche {job} est toujours en quarantaine, depuis {days} jours ({error})."
        ),
        NoticeKind.JOB_GIVEN_UP: (
            "La tâche {job} échoue depuis {days} jours ({error}) et n’est plus tentée\u00a0: voir `job release`."
        ),
        NoticeKind.CIRCUIT_OPEN: (
            "Moodle refuse tant de changements que la tâche {job} a été arrêtée. "
            "Rien n’est envoyé avant le prochain essai."
        ),
        NoticeKind.TEST: "Ceci est un essai : les avis arrivent.",
    },
    "vi": {
        NoticeKind.HOLD_WAITING: "Đang chờ duyệt: {class} ({count}, giới hạn {limit}, kế hoạch {plan}).",
        NoticeKind.FEED_REFUSED: "Một tệp của {source} đã bị từ chối ({feed}, số lý do: {reasons}; xem `hold list`).",
        NoticeKind.CASES_OPEN: "Số trường hợp cần quyết định: {count} (xem `case list`).",
        NoticeKind.FEED_LATE: "Đã hơn {hours} giờ chưa nhận được tệp hợp lệ nào từ {source}.",
        NoticeKind.MIRROR_BEHIND: "Moodle được đọc lần cuối cách đây {hours} giờ ({hop}).",
        NoticeKind.JOB_FAILING: "Tác vụ {job} đã thất bại {failures} lần liên tiếp ({error}).",
        NoticeKind.JOB_QUARANTINED: (
            "Tác vụ {job} bị cách ly sau {failures} lần thất bại liên tiếp ({error}): "
            "từ nay mỗi ngày chỉ thử lại một lần (xem `job list`)."
        ),
        NoticeKind.JOB_STILL_QUARANTINED: ("Tác vụ {job} vẫn đang bị cách ly, đã {days} ngày ({error})."),
        NoticeKind.JOB_GIVEN_UP: (
            "Tác vụ {job} đã thất bại suốt {days} ngày ({error}) và sẽ không được thử lại nữa: xem `job release`."
        ),
        NoticeKind.CIRCUIT_OPEN: (
            "Moodle từ chối quá nhiều thay đổi nên tác vụ {job} đã bị dừng. "
            "Sẽ không gửi thêm thay đổi nào cho đến lần thử tiếp theo."
        ),
        NoticeKind.TEST: "Đây là tin thử nghiệm: thông báo đến nơi bình thường.",
    },
    "zh-TW": {
        NoticeKind.HOLD_WAITING: "等待核准：{class}（{count} 項，上限 {limit}，計畫 {plan}）。",
        NoticeKind.FEED_REFUSED: "{source} 的一份檔案遭拒收（{feed}，原因 {reasons} 項；請見 `hold list`）。",
        NoticeKind.CASES_OPEN: "待決定的個案：{count} 件（請見 `case list`）。",
        NoticeKind.FEED_LATE: "已有 {hours} 小時沒有收到 {source} 的可用檔案。",
        NoticeKind.MIRROR_BEHIND: "上次讀取 Moodle 是 {hours} 小時前（{hop}）。",
        NoticeKind.JOB_FAILING: "工作 {job} 已連續失敗 {failures} 次（{error}）。",
        NoticeKind.JOB_QUARANTINED: (
            "工作 {job} 連續失敗 {failures} 次（{error}），已進入隔離：此後每天只嘗試一次（請見 `job list`）。"
        ),
        NoticeKind.JOB_STILL_QUARANTINED: ("工作 {job} 仍在隔離中，已 {days} 天（{error}）。"),
        NoticeKind.JOB_GIVEN_UP: ("工作 {job} 已失敗 {days} 天（{error}），不再自動嘗試：請見 `job release`。"),
        NoticeKind.CIRCUIT_OPEN: ("Moodle 拒絕的變更過多，工作 {job} 已停止。再次嘗試之前不會再送出任何變更。"),
        NoticeKind.TEST: "這是測試：通知可以送達。",
    },
}
