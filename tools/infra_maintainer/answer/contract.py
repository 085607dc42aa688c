"""The contract of an answer as a JSON schema, for whoever fills it in: what it asks for, and every allowed word."""

from typing import Any, cast

from infra_maintainer.answer.model import Answer


def contract() -> dict[str, Any]:
    """The schema of a structured answer. Titles, which only repeat the names, are left out."""
    return cast("dict[str, Any]", _without_titles(Answer.model_json_schema()))


def _without_titles(node: object) -> object:
    if isinstance(node, list):
        return [_without_titles(each) for each in cast("list[object]", node)]
    if not isinstance(node, dict):
        return node
    named = cast("dict[str, object]", node)
    return {name: _without_titles(each) for name, each in named.items() if name != "title" or not isinstance(each, str)}
