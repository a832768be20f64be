"""The walls are tried from the inside, by a program that runs where the harness would."""

import json
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from evaluations import sandbox
from evaluations.sandbox import Backend, SandboxUnavailableError
from tests.evaluations.running import need_bwrap

LOOK_AROUND = """
import json, os, socket, sys
def attempt(act):
    try:
        act()
    except OSError as error:
        return type(error).__name__
    return "done"
skipped = {"/proc", "/sys", "/dev", "/usr", *json.loads(sys.argv[1])}
files = []
for folder, folders, names in os.walk("/"):
    folders[:] = [name for name in folders if os.path.join(folder, name) not in skipped]
    files += [os.path.join(folder, name) for name in names]
print(json.dumps({
    "files": sorted(files),
    "environment": sorted(os.environ),
    "processes": len([name for name in os.listdir("/proc") if name.isdigit()]),
    "interfaces": [name for _, name in socket.if_nameindex()],
    "network": attempt(lambda: socket.create_connection(("127.0.0.1", int(sys.argv[2])), timeout=2)),
    "write the model": attempt(lambda: open("/job/model/model.onnx", "ab")),
    "write the root": attempt(lambda: open("/planted", "wb")),
    "write a device folder": attempt(lambda: open("/dev/planted", "wb")),
    "write the predictions": attempt(lambda: open("/job/predictions.npy", "wb").write(b"x")),
    "write scratch": attempt(lambda: open("/tmp/x", "wb").write(b"x")),
    "mount": attempt(lambda: os.chroot("/tmp")),
}))
"""


def inside(folder: Path, program: str, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a program in place of the harness, behind the same walls."""
    need_bwrap()
    outside = sandbox.Places(folder / "job.json", folder / "model", folder / "inputs.npy", folder / "predictions.npy")
    outside.model.mkdir()
    for place in (outside.job, outside.inputs, outside.predictions, outside.model / "model.onnx"):
        place.write_bytes(b"")
    command = sandbox.command(Backend.BWRAP, outside, messages=2, device="cpu")
    command = [*command[: command.index("-m")], "-c", program, *arguments]
    environment = sandbox.environment(Backend.BWRAP, seed=0, threads=1)
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False, **options)


def test_the_child_sees_its_model_its_inputs_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("S3_SECRET_ACCESS_KEY", "not-for-models")
    (tmp_path / "labels.npy").write_bytes(b"hidden")
    with socket.create_server(("127.0.0.1", 0)) as server:
        python_folders = json.dumps(sandbox._python_folders())
        done = inside(tmp_path, LOOK_AROUND, python_folders, str(server.getsockname()[1]))
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    expected = {"/job/job.json", "/job/inputs.npy", "/job/predictions.npy", "/job/model/model.onnx"}
    rest = {path for path in seen["files"] if not path.startswith(("/job/code/evaluations/harness/", "/etc/"))}
    assert rest == expected | {"/job/code/evaluations/__init__.py"}
    assert not [path for path in seen["files"] if "label" in path or "suites" in path or path.endswith(".sqlite3")]
    assert "S3_SECRET_ACCESS_KEY" not in seen["environment"]
    assert seen["interfaces"] == ["lo"]
    assert seen["network"] != "done"
    assert seen["processes"] <= 3
    assert seen["write the predictions"] == seen["write scratch"] == "done"
    refused = ["write the model", "write the root", "write a device folder", "mount"]
    assert all(seen[act] in {"OSError", "PermissionError"} for act in refused), seen


OPEN_KERNEL_SETTINGS = """
import os
for folder, _, names in os.walk("/proc/sys"):
    for name in names:
        try:  # opened and never written: a setting is the whole machine's
            os.close(os.open(os.path.join(folder, name), os.O_WRONLY))
        except OSError:
            continue
        print(os.path.join(folder, name))
"""


def test_the_child_can_change_no_setting_of_the_kernel_even_where_the_worker_is_root(tmp_path: Path):
    done = inside(tmp_path, OPEN_KERNEL_SETTINGS)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_no_label_is_anywhere_the_child_could_read(tmp_path: Path):
    hidden = tmp_path.parent / "hidden"
    hidden.mkdir()
    (hidden / "labels.npy").write_bytes(b"hidden")
    done = inside(tmp_path, f"print(open({str(hidden / 'labels.npy')!r}).read())")
    assert "FileNotFoundError" in done.stderr
    data = Path(sandbox.CODE, "evaluations", "suites", "data", "digits-8x8.labels.npy")
    assert data.is_file()
    (tmp_path / "second").mkdir()
    assert "FileNotFoundError" in inside(tmp_path / "second", f"open({str(data)!r})").stderr


def test_whoever_may_not_have_bubblewrap_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sandbox, "bwrap_works", lambda: False)
    with pytest.raises(SandboxUnavailableError, match="does not work on this worker"):
        sandbox.choose("bwrap", embedded=True, trusted=True)
    with pytest.raises(SandboxUnavailableError, match="nothing but its own machine"):
        sandbox.choose("auto", embedded=False, trusted=True)
    with pytest.raises(SandboxUnavailableError, match="Install bubblewrap"):
        sandbox.choose("auto", embedded=True, trusted=False)
    assert sandbox.choose("auto", embedded=True, trusted=True) is Backend.NONE


def test_none_is_for_a_hub_of_one_machine_and_its_operators_models():
    with pytest.raises(SandboxUnavailableError):
        sandbox.choose("none", embedded=False, trusted=True)
    with pytest.raises(SandboxUnavailableError):
        sandbox.choose("none", embedded=True, trusted=False)
    assert sandbox.choose("none", embedded=True, trusted=True) is Backend.NONE
    assert sandbox.choose("container", embedded=False, trusted=False) is Backend.CONTAINER


def test_auto_takes_bubblewrap_where_it_works():
    need_bwrap()
    assert sandbox.choose("auto", embedded=False, trusted=False) is Backend.BWRAP


@pytest.mark.parametrize(("device", "is_let_in"), [("cpu", False), ("cuda", True), ("cuda:1", True)])
def test_the_gpu_is_let_in_for_jobs_on_it_alone(
    device: str, is_let_in: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    nodes = [Path("/dev/nvidia0"), Path("/dev/nvidiactl")]
    monkeypatch.setattr(Path, "glob", lambda folder, pattern: nodes if str(folder) == "/dev" else [])
    outside = sandbox.Places(*(tmp_path / name for name in ("job.json", "model", "inputs.npy", "predictions.npy")))
    command = sandbox.command(Backend.BWRAP, outside, messages=3, device=device)
    bound = [command[place + 1 : place + 3] for place, word in enumerate(command) if word == "--dev-bind"]
    assert bound == ([[str(node)] * 2 for node in nodes] if is_let_in else [])
