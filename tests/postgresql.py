"""A PostgreSQL server of the tests' own: in a folder of /tmp, on a free port of 127.0.0.1."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

USER, DATABASE = "quoter", "desks"
MISSING = "there is no PostgreSQL server here (Debian: apt install postgresql)"
_DEBIAN = Path("/usr/lib/postgresql")
POOLER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin") or ""


def programs() -> Path | None:
    """Find the folder of PostgreSQL's programs: Debian has them off the PATH."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else sorted(_DEBIAN.glob("*/bin"), reverse=True)
    return next(
        (each for each in folders if (each / "initdb").exists() and (each / "postgres").exists()), None
    )


class Server:
    """A server that runs from `start` to `stop`, or until it is killed. Root's is run by another user.

    With `mebibytes`, its files are on a disk of their own of that size, which this process must be able to
    mount.
    """

    def __init__(self, mebibytes: int = 0) -> None:
        found = programs()
        assert found, MISSING
        self._programs = found
        self.folder = Path(tempfile.mkdtemp(prefix="pullquote-postgresql-"))
        self._has_own_disk = mebibytes > 0
        if self._has_own_disk:
            subprocess.run(
                ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", self.folder], check=True
            )
        self.password = secrets.token_urlsafe(8)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None
        self._as: dict[str, str | int] = {}
        if os.getuid() == 0:  # whom PostgreSQL refuses
            user = next(
                each for each in ("postgres", "nobody") if each in {who.pw_name for who in pwd.getpwall()}
            )
            self._as = {"user": user, "group": pwd.getpwnam(user).pw_gid}
            shutil.chown(self.folder, user)
        password = self.folder / "password"
        password.write_text(self.password)
        if self._as:
            shutil.chown(password, user)
        self._run("initdb", "--no-sync", "-U", USER, "-A", "scram-sha-256", "--pwfile", str(password),
                  "-E", "UTF8", "--no-locale", "-D", str(self.data))  # fmt: skip
        try:
            self.start()
            self.sql(f"CREATE DATABASE {DATABASE}", database="postgres")
        except BaseException:
            self.stop()
            raise

    @property
    def data(self) -> Path:
        """Where it keeps its files."""
        return self.folder / "data"

    def address(self, user: str = USER, database: str = DATABASE) -> str:
        """Give the address of a desk on it."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def sql(self, statement: str, database: str = DATABASE) -> str:
        """Run a statement by PostgreSQL's own program, and give what it prints."""
        done = subprocess.run(
            [self._programs / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.address(database=database),
             "-c", statement],
            env=os.environ | {"PGPASSWORD": self.password}, check=True, capture_output=True, text=True,
        )  # fmt: skip
        return done.stdout.strip()

    def dump(self, schema: str) -> str:
        """Return a backup of a schema, and of the extension that its indexes use, as SQL."""
        return self._client(
            "pg_dump", "--schema", schema, "--extension", "pg_trgm", "-d", self.address()
        ).stdout

    def restore(self, dump: str, database: str) -> None:
        """Restore a backup into a new database."""
        self.sql(f"CREATE DATABASE {database}", database="postgres")
        address = self.address(database=database)
        self._client("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", address, given=dump)

    def _client(self, program: str, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._programs / program, *arguments], env=os.environ | {"PGPASSWORD": self.password},
            check=True, capture_output=True, text=True, input=given,
        )  # fmt: skip

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = self._started()
        until = time.monotonic() + 60
        ready = [self._programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while subprocess.run(ready, check=False).returncode != 0:
            if time.monotonic() > until:
                raise RuntimeError((self.folder / "log").read_text()[-2000:])
            time.sleep(0.05)
            if self._process.poll() is not None:  # what was killed still held its memory
                self._process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [self._programs / "postgres", "-D", self.data, "-p", str(self.port), "-k", self.folder,
                 "-c", "listen_addresses=127.0.0.1",
                 "-c", "full_page_writes=off"],  # only a machine that fails needs them, no killed process
                stdout=log, stderr=log, cwd=self.folder, **self._as,  # type: ignore[call-overload]
            )  # fmt: skip

    @contextlib.contextmanager
    def pooled(self, sessions: int) -> Iterator[str]:
        """Yield its address behind PgBouncer, which gives each transaction one of some sessions."""
        folder = Path(tempfile.mkdtemp(prefix="pullquote-pgbouncer-"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        (folder / "users").write_text(f'"{USER}" "{self.password}"')
        (folder / "settings").write_text(
            f"[databases]\n* = host=127.0.0.1 port={self.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
            f"listen_port = {port}\nunix_socket_dir =\nauth_type = scram-sha-256\n"
            f"auth_file = {folder}/users\npool_mode = transaction\ndefault_pool_size = {sessions}\n"
            "max_prepared_statements = 0\n"
        )
        for path in (folder, *folder.iterdir()):
            if self._as:
                shutil.chown(path, self._as["user"])
        pooler = subprocess.Popen([POOLER, folder / "settings"], **self._as)  # type: ignore[call-overload]
        try:
            while not _answers(port):
                assert pooler.poll() is None
                time.sleep(0.05)
            yield f"postgresql://{USER}@127.0.0.1:{port}/{DATABASE}"
        finally:
            pooler.terminate()
            pooler.wait(60)
            shutil.rmtree(folder)

    def kill(self) -> None:
        """Kill it with all of its processes, as a power cut would."""
        assert self._process
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        self._process.kill()
        for child in map(int, children):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        self._process.wait()

    def has_ended(self) -> bool:
        """Return whether it has ended by itself."""
        return self._process is not None and self._process.poll() is not None

    def stop(self) -> None:
        """End it, and remove its files."""
        assert self._process
        self._process.send_signal(signal.SIGINT)  # open connections are cut
        self._process.wait(60)
        if self._has_own_disk:
            subprocess.run(["umount", "--lazy", self.folder], check=True)
        shutil.rmtree(self.folder)

    def _run(self, program: str, *arguments: str) -> None:
        command = [self._programs / program, *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, **self._as)  # type: ignore[call-overload]


def _answers(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0
