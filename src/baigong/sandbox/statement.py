"""What a statement may be: exactly one SELECT, reading only tables, built from known table functions.

Looked at as DuckDB's own syntax tree, never as text. This is the polite wall (it makes good messages, and keeps
people from functions that take raw pointers); the walls that hold are those of ``walls``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

# Table functions that neither open files nor take addresses nor run text. Others are refused by name:
# arrow_scan and pandas_scan dereference numbers, query() and json_execute_serialized_sql() run hidden statements.
TABLE_FUNCTIONS = frozenset(
    {
        "range", "generate_series", "unnest", "repeat", "repeat_row", "summary", "histogram", "histogram_values",
        "json_each", "json_tree", "pg_timezone_names", "icu_calendar_names", "pragma_table_info", "duckdb_tables",
        "duckdb_columns", "duckdb_views", "duckdb_types", "duckdb_functions", "duckdb_keywords",
    }
)  # fmt: skip
# Of no use to people: they tell statistics of a scan (also of rows behind a wall), addresses of the process, folders
# of the server, and the text of views (pg_get_viewdef asks duckdb_views() where no tree shows it).
_NO_FUNCTIONS = frozenset(
    {"stats", "json_serialize_plan", "write_log", "current_setting", "pg_get_viewdef", "pg_get_constraintdef"}
)
_NO_TABLES = frozenset({"pg_settings", "pg_prepared_statements", "duckdb_logs"})  # views over what is refused above
_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE", "CTE_QUERY_NODE"})
_CATALOGUES = ("information_schema", "pg_catalog")
_CATALOGUE_TABLES = ("duckdb_", "pg_", "sqlite_", "pragma_")


class Refused(Exception):
    """The statement asks for what nobody may."""


class Invalid(Exception):
    """The statement does not parse."""


def check(tree: dict[str, Any]) -> None:
    """Judge the tree that ``json_serialize_sql`` made of the whole text."""
    if tree.get("error"):
        message = str(tree.get("error_message", "not a statement"))
        if tree.get("error_type") == "not implemented" or message.startswith("Only SELECT"):
            raise Refused("only SELECT is allowed")
        raise Invalid(f"{message} (at character {tree['position']})" if "position" in tree else message)
    statements = tree.get("statements", [])
    if len(statements) != 1:
        raise Refused(f"exactly one statement is allowed, not {len(statements)}")
    for node in _nodes(statements):
        _check_node(node)


def asks_catalogue(tree: dict[str, Any]) -> bool:
    """Tell whether a checked statement asks which tables there are; what is in them it may not ask as well.

    The catalogue is shown in a place that holds nothing else (``sqlchild``): beside the tables themselves it would
    tell how they are made, from which files and for whom.
    """
    nodes = list(_nodes(tree))
    known = {entry.get("key") for node in nodes for entry in (node.get("cte_map") or {}).get("map", ())}
    asked = any(map(_is_of_catalogue, nodes))
    read = [n for n in nodes if n.get("type") == "BASE_TABLE" and not _is_of_catalogue(n)]
    if asked and any(node.get("table_name") not in known for node in read):
        raise Refused("ask which tables and columns there are in a statement of its own")
    return asked


def _is_of_catalogue(node: dict[str, Any]) -> bool:
    kind, name = node.get("type"), str(node.get("table_name", "")).lower()
    if kind == "BASE_TABLE":
        return str(node.get("schema_name", "")).lower() in _CATALOGUES or name.startswith(_CATALOGUE_TABLES)
    if kind == "SHOW_REF":
        return not node.get("query")
    function = str((node.get("function") or {}).get("function_name", "")).lower()
    return kind == "TABLE_FUNCTION" and function.startswith(_CATALOGUE_TABLES) and function != "pg_timezone_names"


def _nodes(root: Any) -> Iterator[dict[str, Any]]:
    waiting = [root]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            yield item
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def _check_node(node: dict[str, Any]) -> None:
    kind = node.get("type")
    if not isinstance(kind, str):
        return
    if kind.endswith("_NODE") and kind not in _NODES:
        verb = kind.removesuffix("_NODE").removesuffix("_QUERY")
        raise Refused(f"{verb} inside a SELECT is not allowed")
    if kind == "TABLE_FUNCTION":
        name = str((node.get("function") or {}).get("function_name", "")).lower()
        if name not in TABLE_FUNCTIONS:
            raise Refused(f"the table function {name}() is not allowed")
    if kind == "FUNCTION":
        name = str(node.get("function_name", "")).lower()
        if name in _NO_FUNCTIONS:
            raise Refused(f"the function {name}() is not allowed")
    if kind == "BASE_TABLE":
        name = str(node.get("table_name", ""))
        if name.lower() in _NO_TABLES:
            raise Refused(f"{name} is not shown")
        if any(mark in name for mark in "/\\*?:") or name.lower().endswith((".parquet", ".csv", ".json", ".db")):
            raise Refused("files cannot be named as tables")
