"""A witness for Privet's audit logs: `PYTHONPATH=. python deploy/witness.py --help` in a checkout.

Run it on a machine that the log's operators can't reach into. It needs Python, the folder `audit`
and `cryptography`, nothing else. It speaks plain HTTP: put TLS in front of it.

    python -m audit keygen witness witness.example/w1 --out keys
    export PYTHONPATH=.
    python deploy/witness.py --name witness.example/w1 --key keys/w1.key --logs log.pub --state seen
"""

from __future__ import annotations

import argparse
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from audit.keys import load_signing_key, load_verifier_keys
from audit.witnessing import MOST_BYTES, Reply, Witness


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--name", required=True, help="as in the witness key, without a scheme")
    parser.add_argument("--key", type=Path, required=True, help="private key, Ed25519 PEM")
    parser.add_argument("--logs", type=Path, required=True, help="verifier keys, one per line")
    parser.add_argument("--state", type=Path, required=True, help="folder of what was seen")
    parser.add_argument("--listen", default="127.0.0.1:8090", metavar="HOST:PORT")
    chosen = parser.parse_args()
    host, _, port = chosen.listen.rpartition(":")
    logs = load_verifier_keys(chosen.logs)
    key = load_signing_key(chosen.key)
    witness = Witness(chosen.state, chosen.name, key, logs, lambda: int(time.time()))
    with serve(witness, host, int(port)) as server:
        sys.stdout.write(f"witness {chosen.name} on http://{host}:{server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever()


def serve(witness: Witness, host: str, port: int) -> ThreadingHTTPServer:
    """A server that answers for a witness; not running yet."""

    class Handler(BaseHTTPRequestHandler):
        """POST /add-checkpoint, and nothing else."""

        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_POST(self) -> None:
            """Answer one request."""
            length = self.headers.get("Content-Length", "")
            if self.path != "/add-checkpoint":
                self._answer(Reply(404, "POST /add-checkpoint\n"))
            elif not length.isdecimal() or int(length) > MOST_BYTES:
                self._answer(Reply(413, "too long, or of unknown length\n"))
            else:
                self._answer(witness.add_checkpoint(self.rfile.read(int(length))))

        def _answer(self, reply: Reply) -> None:
            data = reply.body.encode()
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return ThreadingHTTPServer((host, port), Handler)


if __name__ == "__main__":
    main()
