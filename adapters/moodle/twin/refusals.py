"""How Moodle says no: an exception class, an errorcode and a message, with debugging off as in production."""

from __future__ import annotations

from adapters.moodle.twin.versions import Version

_TABLE_CODES = {"user": ("invaliduser", "Invalid user")}


FIELDS = {
    "useremailinvalid": "email",
    "useremailduplicate": "email",
    "alreadylinked": "username",
    "idnumbertaken": "idnumber",
    "wsusercannotassign": "roleid",
    "wsnoinstance": "courseid",
    "errorcoursecontextnotvalid": "courseid",
}
"""What is wrong, by codes that are about one field."""
TABLES = {
    "user": "userid",
    "course": "courseid",
    "cohort": "cohortid",
    "groups": "groupid",
    "oauth2_issuer": "issuerid",
}
"""What is wrong where something is not found."""


class Refusal(Exception):
    """A Moodle exception; ``module`` is the component that names it, as in the link to the documentation.

    ``field`` is what is wrong, which our plugin alone tells.
    """

    def __init__(
        self,
        code: str,
        message: str,
        kind: str = "core\\exception\\moodle_exception",
        module: str = "error",
        field: str = "",
    ):
        super().__init__(message)
        self.code = code
        self.message = message
        self.kind = kind
        self.module = module
        self.field = field or FIELDS.get(code, "")

    def body(self) -> dict[str, str]:
        """The answer of the REST server."""
        return {"exception": self.kind, "errorcode": self.code, "message": self.message}

    def nested(self, site: str, version: Version) -> dict[str, str]:
        """The exception within ``tool_mobile_call_external_functions``."""
        if self.code == "accessexception":
            return {"errorcode": self.code, "module": self.module}
        more = f"https://docs.moodle.org/{version.branch}/en/error/{self.module}/{self.code}"
        return {"message": self.message, "errorcode": self.code, "link": f"{site}/", "moreinfourl": more}


def invalid_parameter(field: str = "") -> Refusal:
    """Names neither the row nor the field, but to our plugin: what makes splitting batches necessary."""
    kind = "core\\exception\\invalid_parameter_exception"
    return Refusal("invalidparameter", "Invalid parameter value detected", kind, "debug", field)


def missing_record(version: Version, table: str) -> Refusal:
    """``dml_missing_record_exception`` of lib/dmllib.php, for each version."""
    kind = "dml_missing_record_exception"
    if not version.names_tables:
        text = "Can't find data record in database."
        return Refusal("invalidrecordunknown", text, kind, field=TABLES.get(table, ""))
    code, message = _TABLE_CODES.get(table, ("invalidrecord", f"Can't find data record in database table {table}."))
    return Refusal(code, message, kind, field=TABLES.get(table, ""))


def write_failed() -> Refusal:
    """A unique index or a column's length said no."""
    return Refusal("dmlwriteexception", "Error writing to database", "dml_write_exception")


def coding_error(message: str) -> Refusal:
    """``coding_exception``."""
    text = f"Coding error detected, it must be fixed by a programmer: {message}"
    return Refusal("codingerror", text, "core\\exception\\coding_exception", "debug")
