"""`govbus log mirror` and `govbus log consistency`: keep the log, and what its checkpoints have to do with another."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from govbus.contracts import strict_json
from govbus.sdk.cli.output import say, say_json
from govbus.sdk.cli.progress import tell
from govbus.sdk.cli.session import DEFAULT, OK, Keys, Options, PolicyFile, session, trusted
from govbus.sdk.failures import NotProved
from govbus.sdk.translog.checkpoint_pair import read_consistency
from govbus.sdk.translog.log_folder import LogFolder
from govbus.sdk.translog.log_reading import LogReader
from govbus.sdk.translog.mirror import Mirror

_READERS = ("viewer", "operator", "auditor")


def mirror(folder: Path, /, *, key: Keys = (), policy: PolicyFile = None, options: Options = DEFAULT) -> int:
    """Bring a folder to the log's newest checkpoint, verifying what is new; `govbus verify FOLDER` needs no network.

    Parameters
    ----------
    folder
        Where the log is kept; begun when absent, gone on with when it was interrupted.
    key
        The log's vkey to believe, or a file of vkeys; may be given more than once.
    policy
        A C2SP tlog-policy file: its witnesses must have cosigned the newest checkpoint.
    """
    trust = trusted(key, policy)
    with session(options) as opened:
        reader = LogReader(opened.transport, opened.token(*_READERS))
        report = Mirror(LogFolder(folder), reader, trust, tell).update()
    if options.json:
        before = {"size_before": report.before, "fetched_count": report.fetched_count}
        say_json({"folder": str(folder), "origin": report.origin, "size": report.size, **before})
        return OK
    grown = "" if report.before is None else f", {report.size - report.before} of them new"
    say(f"{report.origin}: {report.size} entries in {folder}{grown}; {report.fetched_count} files fetched and verified")
    say(f"  without any network: govbus verify {folder} --key {trust.keys[0]}")
    return OK


def consistency(
    older: Annotated[int, Parameter(validator=Number(gte=0))],
    newer: Annotated[int, Parameter(validator=Number(gte=0))],
    /,
    *,
    output: Annotated[Path, Parameter(name=("--output", "-o"))],
    options: Options = DEFAULT,
) -> int:
    """Write the proof that the tree of size NEWER begins with that of size OLDER: `govbus verify --consistency`.

    Parameters
    ----------
    older
        The size that the older checkpoint speaks of.
    newer
        The size that the newer one speaks of.
    output
        Where to: base64 hashes, one a line.
    """
    with session(options) as opened:
        found = LogReader(opened.transport, opened.token(*_READERS)).consistency(older, newer)
    hashes = found.get("hashes")
    if not isinstance(hashes, list):
        raise NotProved("the log's answer holds no hashes")
    read_consistency(strict_json.dump(found), "the log's answer")
    output.write_text("".join(f"{one}\n" for one in hashes), encoding="ascii")
    if options.json:
        say_json({"file": str(output), "hashes_count": len(hashes)})
    else:
        say(f"proof of {len(hashes)} hashes written to {output}: govbus verify OLD NEW --consistency {output}")
    return OK
