"""Rows below a row, to look at."""

from typing import Any

from unfold.admin import TabularInline

from accounts.requests import ActorRequest


class ShowOnlyInline(TabularInline):
    extra = 0

    def has_add_permission(self, request: ActorRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: ActorRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: ActorRequest, obj: Any = None) -> bool:
        return False
