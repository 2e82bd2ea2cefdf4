"""Brings the front-end files of others into static/vendor by package name, and checks them against the lock.

    python tools/vendor.py          fetch what the lock names, refuse what has another hash
    python tools/vendor.py --lock   write the lock anew for the packages below
"""

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "src" / "yipanqi_web" / "static" / "vendor"
LOCK = FOLDER / "lock.json"
#: package@version → the files taken from it, and its licence.
PACKAGES = {
    "htmx.org@2.0.11": ["dist/htmx.min.js", "LICENSE"],
    "@tabler/core@1.6.1": ["dist/css/tabler.min.css"],
    "maplibre-gl@6.17.0": [
        "dist/maplibre-gl.mjs", "dist/maplibre-gl-worker.mjs", "dist/maplibre-gl.css", "LICENSE.txt",
    ],
}


def fetched(package: str, folder: Path) -> dict[str, bytes]:
    """The wanted files of a package, as the registry's client brings it."""
    name = subprocess.check_output(["npm", "pack", "--silent", package], cwd=folder, text=True).split()[-1]
    with tarfile.open(folder / name) as archive:
        members = {wanted: archive.extractfile(f"package/{wanted}") for wanted in PACKAGES[package]}
        return {wanted: member.read() for wanted, member in members.items() if member is not None}


def main(lock: bool) -> int:
    """Write the files; the number of those that are not what the lock says."""
    known = {} if lock else json.loads(LOCK.read_text(encoding="utf-8"))
    found, wrong = {}, 0
    with tempfile.TemporaryDirectory() as name:
        for package in PACKAGES:
            for wanted, content in fetched(package, Path(name)).items():
                target = package.rpartition("@")[0].strip("@").replace("/", "-") + "/" + Path(wanted).name
                digest = hashlib.sha256(content).hexdigest()
                found[target] = {"package": package, "sha256": digest}
                if not lock and known.get(target, {}).get("sha256") != digest:
                    print(f"{target}: not the file of the lock", file=sys.stderr)
                    wrong += 1
                    continue
                (FOLDER / target).parent.mkdir(parents=True, exist_ok=True)
                (FOLDER / target).write_bytes(content)
    if lock:
        LOCK.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return wrong


if __name__ == "__main__":
    sys.exit(main("--lock" in sys.argv[1:]))
