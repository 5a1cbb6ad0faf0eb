"""The report as a PDF, for whoever files it: the same page, set by WeasyPrint (`privet[pdf]`).

Nothing is fetched while it is set: the page names no address, and one would not be followed.
"""

from __future__ import annotations

import logging

from audit.errors import AuditError


def pdf(page: str) -> bytes:
    """A page of summary_html.py as PDF; raises AuditError where WeasyPrint or Pango is missing."""
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except (ImportError, OSError) as error:
        raise AuditError(
            "a PDF needs the extra privet[pdf] and the system's Pango library; a browser prints "
            f"the page of --html as well ({error})"
        ) from error
    logging.getLogger("weasyprint").setLevel(logging.ERROR)  # what it leaves out is for screens
    nowhere = URLFetcher(allowed_protocols=(), fail_on_errors=True)
    return bytes(HTML(string=page, url_fetcher=nowhere).write_pdf())
