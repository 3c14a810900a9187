"""Logins, sessions and the second factor, told in every answer's example."""

WORK_PLACES = [{"slug": "malabar", "name": "Malabar Lantern House", "role": "frontdesk"}]
LOGIN = {"email": "frontdesk@malabar.example", "password": "holdfast-demo"}
SESSION = {
    "access_token": "mE1XK0fWZr3t7b6s2dQp9LwVnYc4uHgA8jTiSoRx5vU",
    "expires_at": "2026-12-02T08:00:00Z",
    "hotels": WORK_PLACES,
}
ME = {
    "email": "frontdesk@malabar.example",
    "name": "Front desk",
    "expires_at": "2026-12-02T08:00:00Z",
    "totp": False,
    "hotels": WORK_PLACES,
}
SESSION_ID = "6f1c2a9e-4b7d-4c35-9e0a-2d8f5b7c1e43"
SESSIONS = {
    "items": [
        {
            "id": SESSION_ID,
            "logged_in_at": "2026-12-01T08:00:00Z",
            "last_used_at": "2026-12-01T09:40:00Z",
            "expires_at": "2026-12-02T08:00:00Z",
            "current": True,
        }
    ]
}
TOTP_BEGUN = {
    "secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    "otpauth_uri": "otpauth://totp/Holdfast:frontdesk%40malabar.example"
    "?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Holdfast",
}
RECOVERY_CODES = {
    "recovery_codes": [
        "K7MQ2-9XWPA",
        "3FTHV-6BNRC",
        "QZ4D8-JY5SL",
        "W2GEX-7PKMU",
        "8RCVA-N3TQH",
        "5LJBY-FD9ZW",
        "HX6P4-KS2EG",
        "T9MUN-R7VC3",
    ]
}
TOTP_END = {"password": "holdfast-demo", "code": "492039"}
