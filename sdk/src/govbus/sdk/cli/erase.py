"""`govbus erase`: makes everything that was said of a person unreadable, for good."""

from govbus.sdk.cli.output import say, say_json
from govbus.sdk.cli.session import DEFAULT, OK, Options, session

_ERASERS = ("admin",)


def erase(person: str, /, *, reason: str, options: Options = DEFAULT) -> int:
    """Erase a person: their key is deleted, so that no copy of their words opens again; the record stays provable.

    Parameters
    ----------
    person
        The pseudonym that facts name them by, or fact-<position> for a fact that names nobody.
    reason
        Why; goes on record, so it names nobody.
    """
    with session(options) as opened:
        asked = {"person": person, "reason": reason}
        receipt = opened.transport.post("/v1/erasures", opened.token(*_ERASERS), asked).document()
    if options.json:
        say_json(receipt)
        return OK
    was = "was erased before" if receipt.get("already_erased") else "is erased"
    say(f"{person} {was}, at {receipt.get('erased_at')}; keys deleted: {', '.join(receipt.get('key_ids', []))}")
    return OK
