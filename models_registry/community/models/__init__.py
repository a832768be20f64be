from models_registry.community.models.like import Like

__all__ = ["Like"]
