from typing import TYPE_CHECKING, Any

from django.db import models


class HashField(models.BinaryField):
    """A hash of `size` bytes, kept as bytes and seen as lower-case hex: half the index, one spelling."""

    if TYPE_CHECKING:  # where django-stubs look for what a model's attribute takes and gives
        _pyi_private_set_type: str
        _pyi_private_get_type: str  # type: ignore[assignment]  # BinaryField gives bytes
        _pyi_lookup_exact_type: Any

    def __init__(self, size: int, *args: Any, **kwargs: Any):
        self.size = size
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, [self.size, *args], kwargs

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if isinstance(value, str):
            value = bytes.fromhex(value)
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> str | None:
        return None if value is None else bytes(value).hex()

    def to_python(self, value: Any) -> str | None:
        return value if value is None or isinstance(value, str) else bytes(value).hex()

    def value_to_string(self, obj: models.Model) -> str:
        return str(self.value_from_object(obj))
