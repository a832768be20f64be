"""The page from which files are uploaded."""

from tests.browser.scene import Scene


def pages(scene: Scene) -> dict[str, str]:
    return {
        "upload": f"{scene.model.get_absolute_url()}/upload/main/onnx",
        "upload-first": f"{scene.empty.get_absolute_url()}/upload/main",
    }
