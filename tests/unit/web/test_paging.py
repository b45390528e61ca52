"""Long lists are shown page by page."""

from __future__ import annotations

import pytest
from starlette.datastructures import QueryParams

from connector.web.launched.paging import PAGE, Page, page_of


@pytest.mark.parametrize(
    ("asked", "count", "page"),
    [
        ("", 0, Page(1, 1)),
        ("page=2", PAGE + 1, Page(2, 2)),
        ("page=3", PAGE + 1, Page(2, 2)),
        ("page=0", PAGE, Page(1, 1)),
        ("page=-1", PAGE + 1, Page(1, 2)),
        ("page=%C2%B2", PAGE + 1, Page(1, 2)),
        ("page=99999999999999999999", PAGE + 1, Page(1, 2)),
    ],
)
def test_whatever_is_asked_for_there_is_a_page(asked: str, count: int, page: Page) -> None:
    """Beyond the end it is the last one; what is no number asks for the first."""
    assert page_of(QueryParams(asked), count) == page
    assert list(range(count))[page.part] == list(range(page.first, min(count, page.first + PAGE)))
