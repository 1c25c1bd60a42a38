"""A hub on a real socket of this machine, with the addresses, headers and refusals of the real one, and its bad days.

Large files are answered with a redirect to a second server, as the real hub does; ``test_hub_protocol`` lets the hub's
own client download from here.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

LARGE = 1000  # bytes from which a file is kept apart from git


@dataclass
class FakeHub:
    """Repositories and what goes wrong with them.

    Attributes:
        branches: repository -> branch -> commit.
        commits: commit -> path -> bytes.
        cuts: path -> after how many bytes the connection is cut, once for each number.
        bytes_of: path -> what is sent instead of the file.
        token: What a request must carry, "" for nothing.
        status: Refuses everything with it, 0 for nothing.
        ignores_ranges: Sends all of a file whatever is asked.
        pause: If set, is waited for after the first half of each large file.
        requests: (method, path, range, authorization) of all requests.
    """

    branches: dict[str, dict[str, str]] = field(default_factory=dict)
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    cuts: dict[str, list[int]] = field(default_factory=dict)
    bytes_of: dict[str, bytes] = field(default_factory=dict)
    token: str = ""
    status: int = 0
    ignores_ranges: bool = False
    pause: threading.Event | None = None
    requests: list[tuple[str, str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._servers = [_Server(("127.0.0.1", 0), _handler(self, role)) for role in ("hub", "cdn")]
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        self.endpoint, self.cdn = (f"http://127.0.0.1:{server.server_port}" for server in self._servers)

    def publish(self, repository: str, files: dict[str, bytes], branch: str = "main") -> str:
        """A new commit on a branch; returns its hash."""
        number = f"{repository}{branch}{len(self.commits)}"
        commit = hashlib.sha1(number.encode(), usedforsecurity=False).hexdigest()
        self.commits[commit] = dict(files)
        self.branches.setdefault(repository, {})[branch] = commit
        return commit

    def sent(self, path: str) -> list[str]:
        """The ranges that were asked for of a file, "" for all of it."""
        return [wanted for method, asked, wanted, _ in self.requests if method == "GET" and asked.endswith(f"/{path}")]

    def close(self) -> None:
        """Stops answering."""
        for server in self._servers:
            server.shutdown()
            server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Readers go away in these tests, which is no news."""


def git_sha1(content: bytes) -> str:
    """As git names a blob."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _handler(hub: FakeHub, role: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer()

        def do_HEAD(self) -> None:
            self._answer()

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

        def _answer(self) -> None:
            path = unquote(self.path.split("?")[0])
            authorization = self.headers.get("authorization", "")
            hub.requests.append((self.command, f"{role}:{path}", self.headers.get("range", ""), authorization))
            if role == "cdn":
                _, commit, name = path.split("/", 2)
                self._send_file(name, hub.commits[commit][name], {})
            elif hub.status:
                self._refuse(hub.status, "")
            elif hub.token and authorization != f"Bearer {hub.token}":
                self._refuse(401, "GatedRepo")
            elif found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/revision/(.+)", path):
                self._describe(found[1], found[2])
            elif found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/tree/([^/]+)", path):
                self._describe(found[1], found[2], tree=True)
            elif found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
                self._resolve(found[1], found[2], found[3])
            else:
                self._refuse(404, "")

        def _commit(self, repository: str, revision: str) -> str | None:
            if repository not in hub.branches:
                self._refuse(401, "RepoNotFound")
                return None
            commit = hub.branches[repository].get(revision, revision)
            if commit not in hub.commits:
                self._refuse(404, "RevisionNotFound")
                return None
            return commit

        def _describe(self, repository: str, revision: str, tree: bool = False) -> None:
            commit = self._commit(repository, revision)
            if commit is None:
                return
            entries = []
            for path, content in hub.commits[commit].items():
                digest = hashlib.sha256(content).hexdigest()
                large = len(content) >= LARGE
                entry: dict[str, object] = {"size": len(content)}
                if tree:
                    entry |= {"type": "file", "path": path, "oid": git_sha1(content)}
                    entry |= {"lfs": {"oid": digest, "size": len(content), "pointerSize": 130}} if large else {}
                else:
                    entry |= {"rfilename": path, "blobId": git_sha1(content)}
                    entry |= {"lfs": {"sha256": digest, "size": len(content), "pointerSize": 130}} if large else {}
                entries.append(entry)
            said: object = entries if tree else {"id": repository, "sha": commit, "siblings": entries}
            self._send(200, {"Content-Type": "application/json"}, json.dumps(said).encode())

        def _resolve(self, repository: str, revision: str, name: str) -> None:
            commit = self._commit(repository, revision)
            if commit is None:
                return
            content = hub.commits[commit].get(name)
            if content is None:
                self._refuse(404, "EntryNotFound")
            elif len(content) >= LARGE:
                said = {
                    "Location": f"{hub.cdn}/{commit}/{name}",
                    "X-Repo-Commit": commit,
                    "X-Linked-ETag": f'"{hashlib.sha256(content).hexdigest()}"',
                    "X-Linked-Size": str(len(content)),
                }
                self._send(302, said, b"")
            else:
                self._send_file(name, content, {"X-Repo-Commit": commit, "ETag": f'"{git_sha1(content)}"'})

        def _send_file(self, name: str, content: bytes, headers: dict[str, str]) -> None:
            content = hub.bytes_of.get(name, content)
            wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("range", ""))
            start = int(wanted[1]) if wanted and not hub.ignores_ranges else 0
            if start:
                headers = {**headers, "Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
            self._send(206 if start else 200, headers, content[start:], name)

        def _refuse(self, status: int, code: str) -> None:
            self._send(status, {"X-Error-Code": code} if code else {}, b"")

        def _send(self, status: int, headers: dict[str, str], body: bytes, name: str = "") -> None:
            self.send_response(status)
            for header, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(header, value)
            self.end_headers()
            if self.command == "HEAD":
                return
            cut = hub.cuts.get(name)
            if cut:
                self.wfile.write(body[: cut.pop(0)])
                self.wfile.flush()
                self.close_connection = True
                return
            if hub.pause is not None and name and len(body) >= LARGE:
                self.wfile.write(body[: len(body) // 2])
                self.wfile.flush()
                hub.pause.wait(30)
                body = body[len(body) // 2 :]
            self.wfile.write(body)

    return Handler
