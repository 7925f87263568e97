"""What routes accept, as data: a vendor that differs is a row here, never an `if` elsewhere."""

from structkit.dialects.dialect import MODES, Dialect, ModeName, Size
from structkit.dialects.find import find_dialect, find_host_dialect, get_dialect
from structkit.dialects.route import Route, route_from_json, route_to_json
from structkit.dialects.rows import CORE, DIALECTS, OPENAI, UNKNOWN
from structkit.dialects.signs import identify_owner, identify_route

__all__ = [
    "CORE",
    "DIALECTS",
    "MODES",
    "OPENAI",
    "UNKNOWN",
    "Dialect",
    "ModeName",
    "Route",
    "Size",
    "find_dialect",
    "find_host_dialect",
    "get_dialect",
    "identify_owner",
    "identify_route",
    "route_from_json",
    "route_to_json",
]
