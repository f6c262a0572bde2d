"""Who may use the admin API (http.md, "Admin API")."""

import hmac

from werkzeug.exceptions import Unauthorized

import settings


def check_admin_token(given: str | None) -> None:
    """Raises 401 unless `given` is the admin token; without ADMIN_TOKEN nobody gets in."""
    token = settings.current().admin_token
    if not token or not hmac.compare_digest((given or "").encode(), token.encode()):
        raise Unauthorized("The admin API needs ADMIN_TOKEN as password.")
