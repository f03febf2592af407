"""How people recognise their devices: a short name read from what a client says it is."""

import re

UNKNOWN = "Unknown device"
MAX_NAME = 40
# The first match wins: browsers also name those they descend from.
_PROGRAMS = (
    (re.compile(r"\bEdg(?:e|A|iOS)?/"), "Edge"),
    (re.compile(r"\bOPR/|\bOpera\b"), "Opera"),
    (re.compile(r"\bFirefox/|\bFxiOS/"), "Firefox"),
    (re.compile(r"\bChrome/|\bCriOS/|\bChromium/"), "Chrome"),
    (re.compile(r"\bSafari/"), "Safari"),
)
_SYSTEMS = (
    (re.compile(r"\biPhone\b"), "iPhone"),
    (re.compile(r"\biPad\b"), "iPad"),
    (re.compile(r"\bAndroid\b"), "Android"),
    (re.compile(r"\bWindows\b"), "Windows"),
    (re.compile(r"\bMac OS X\b|\bMacintosh\b"), "macOS"),
    (re.compile(r"\bCrOS\b"), "ChromeOS"),
    (re.compile(r"\bLinux\b"), "Linux"),
)
_PRODUCT = re.compile(r"[A-Za-z][\w .-]*")


def device_name(user_agent: str) -> str:
    """`Firefox on Linux`, `Safari on iPhone`; for other clients the product they name first."""
    program = _first(_PROGRAMS, user_agent)
    system = _first(_SYSTEMS, user_agent)
    if program or system:
        return f"{program or 'App'} on {system or 'another system'}"
    product = _PRODUCT.match(user_agent)
    return product[0].strip()[:MAX_NAME] if product else UNKNOWN


def _first(names: tuple[tuple[re.Pattern[str], str], ...], text: str) -> str | None:
    return next((name for pattern, name in names if pattern.search(text)), None)
