from tests.models_registry.formats.conftest import real_upload

__all__ = ["real_upload"]
