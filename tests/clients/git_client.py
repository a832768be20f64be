"""The real git and git-lfs, each with a home of its own and a token that its credential helper gives."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.live import LiveHub, Member


@dataclass(frozen=True)
class Git:
    """Runs git in a folder, as a member or as nobody."""

    hub: LiveHub
    member: Member | None
    home: Path

    def environment(self, **more: str) -> dict[str, str]:
        token = self.member.token if self.member else ""
        helper = f"!f() {{ echo username=anything; echo password={token}; }}; f"
        settings = {
            "user.name": self.member.name if self.member else "Nobody",
            "user.email": f"{self.member.name if self.member else 'nobody'}@example.org",
            "init.defaultBranch": "main",
            "advice.detachedHead": "false",
            "protocol.file.allow": "always",
            "commit.gpgsign": "false",
            **({"credential.helper": helper} if self.member else {}),
        }
        found = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "LC_ALL": "C.UTF-8",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_COUNT": str(len(settings)),
        }
        for number, (name, value) in enumerate(settings.items()):
            found |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
        return found | more

    def run(self, *arguments: str | Path, at: Path | None = None, **more: str) -> "subprocess.CompletedProcess[str]":
        self.home.mkdir(parents=True, exist_ok=True)
        return subprocess.run(
            ["git", *arguments], cwd=at or self.home, env=self.environment(**more), capture_output=True, text=True,
            check=False, timeout=200,
        )  # fmt: skip

    def __call__(self, *arguments: str | Path, at: Path | None = None, **more: str) -> str:
        done = self.run(*arguments, at=at, **more)
        assert done.returncode == 0, f"git {' '.join(map(str, arguments))}:\n{done.stdout}\n{done.stderr}"
        return done.stdout.strip()

    def refused(self, *arguments: str | Path, at: Path | None = None, **more: str) -> str:
        """What git says when it fails."""
        done = self.run(*arguments, at=at, **more)
        assert done.returncode != 0, f"git {' '.join(map(str, arguments))} should fail:\n{done.stdout}\n{done.stderr}"
        return done.stderr

    def clone(self, repository: str, *options: str, to: str = "clone", suffix: str = ".git") -> Path:
        target = self.home / to
        self("clone", "--quiet", *options, f"{self.hub.address}/{repository}{suffix}", target)
        return target

    def commit(self, folder: Path, files: dict[str, bytes | str], message: str = "a commit") -> str:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        self("add", "--all", at=folder)
        self("commit", "--quiet", "--message", message, at=folder)
        return self("rev-parse", "HEAD", at=folder)
