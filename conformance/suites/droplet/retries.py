"""Trying again: what may help is tried again, with growing waits; what cannot help is not."""

from itertools import pairwise
from typing import Final

from udckit.conformance import NotApplicable, NotObserved, verifies
from udckit.conformance.scenario import (
    Call,
    Pulled,
    Recording,
    Recordings,
    callbacks,
    hold,
    launched,
    played,
    pulled,
    pulled_once,
)

_MOST: Final = 4
_LEAST_WAIT: Final = 0.5
_LONGEST_WAIT: Final = 12.0
_WITHIN: Final = 60.0


@verifies("ERR-007")
def a_call_that_failed_is_tried_again(recordings: Recordings) -> None:
    """A peer call that fails twice for a moment succeeds, in three attempts, four at most."""
    refused = recordings.get("token-refused")
    for calls in _outcomes(refused) if refused is not None and refused.trouble is None else ():
        late = [call for call in calls if call.at - calls[0].at > _WITHIN]
        if len(calls) - len(late) > 1:
            hold(
                recordings,
                calls[-1],
                len(calls) - len(late) <= _MOST,
                expected=f"{_MOST} attempts at most for one outcome, within a minute",
                observed=f"{len(calls)} callbacks",
            )
    each = pulled_once(recordings.get("peers"), "peer flaky")
    tried = _same(each)
    if not tried:
        raise NotObserved("no call reached the peer")
    if tried[0].method != "GET" and len(tried) == 1:
        raise NotObserved("it calls by POST, which need not be repeated after an answer")

    for one in pulled(recordings.get("peers"), "peer hangs"):
        for call in _same(one)[-1:]:
            hold(
                recordings,
                call,
                len(_same(one)) <= _MOST,
                expected=f"{_MOST} attempts at most",
                observed=f"{len(_same(one))} at what is never answered",
            )
    hold(
        recordings,
        tried[-1],
        1 < len(tried) <= _MOST and each.right,
        expected="two or three further attempts, four in all at most, and success",
        observed=f"{len(tried)} in all, and {each}",
    )


@verifies("ERR-018")
def a_callback_that_failed_is_tried_again(recording: Recording) -> None:
    """A callback that is answered 503 comes again."""
    outcomes = _outcomes(launched(played(recording)))
    if not outcomes:
        raise NotApplicable("it called nobody back")

    hold(
        recording,
        outcomes[0][-1],
        len(outcomes[0]) > 1,
        expected="another attempt after a 503",
        observed="one attempt, and no more",
    )


@verifies("ERR-008")
def waits_grow(recordings: Recordings) -> None:
    """Between attempts lie waits of 1 to 10 s that grow, or that chance spreads over them."""
    groups = []
    refused, peers = recordings.get("token-refused"), recordings.get("peers")
    if refused is not None and refused.trouble is None:
        groups += _outcomes(refused)
    if peers is not None and peers.at("first call answered") is not None:
        groups += [list(_same(each)) for each in pulled(peers, "peer flaky")]
    retried = [group for group in groups if len(group) > 1]
    if not retried:
        raise NotObserved("no attempt was repeated", blocked_by="ERR-018")

    for group in retried:
        for before, after in pairwise(group):
            wait = after.at - (before.released or before.at)
            hold(
                recordings,
                after,
                _LEAST_WAIT <= wait <= _LONGEST_WAIT,
                expected=f"a wait of {_LEAST_WAIT:g} to {_LONGEST_WAIT:g} s before an attempt",
                observed=f"{wait:.2f} s before {after}",
            )


@verifies("ERR-009")
def what_was_refused_is_not_repeated(recordings: Recordings) -> None:
    """A request that was answered 4xx is not sent again, nor one with a token that was refused."""
    refused, peers = recordings.get("token-refused"), recordings.get("peers")
    if refused is not None and refused.trouble is None:
        since = refused.named("refused message")
        for calls in _outcomes(refused.between(since[0].at)) if since else ():
            _once(recordings, calls)
    if peers is not None and peers.at("first call answered") is not None:
        for each in pulled(peers, "peer refuses the request"):
            _once(recordings, list(_same(each)))
        for each in pulled(peers, "peer refuses the token"):
            first, *more = _same(each) or (None,)
            for call in more:
                hold(
                    recordings,
                    call,
                    first is None or first.token is None or call.token != first.token,
                    expected="another token after a 401",
                    observed=f"{call} with the same token again",
                )
            if first is not None and not more:
                hold(recordings, first, True, expected="")


def _once(recordings: Recordings, calls: list[Call]) -> None:
    for call in calls[-1:]:
        hold(
            recordings,
            call,
            len(calls) == 1,
            expected="one attempt at what is answered 400",
            observed=f"{len(calls)} attempts",
        )


@verifies("ERR-010")
def what_may_have_arrived_is_not_repeated(recording: Recording) -> None:
    """A POST that was read and not answered is not sent again."""
    posts = [
        call
        for name in ("peer hangs", "message that hangs")
        for each in pulled(recording, name)
        for call in each.calls
        if call.method == "POST" and call.fault == "hang"
    ]
    if not posts:
        raise NotObserved("no trigger made it send a POST that hung: one that does would show it")

    for call in posts:
        same = [each for each in posts if (each.path, each.body) == (call.path, call.body)]
        hold(
            recording,
            call,
            len(same) == 1,
            expected="one attempt at a POST that may have arrived",
            observed=f"{len(same)} of {call.method} {call.path}",
        )


def _same(each: Pulled) -> tuple[Call, ...]:
    """Give the attempts at the first thing that the peer was asked."""
    calls = each.to_peer
    return tuple(one for one in calls if (one.method, one.path) == (calls[0].method, calls[0].path))


def _outcomes(recording: Recording) -> list[list[Call]]:
    """Give callbacks by the outcome that they tell, in order; a text that is none is alone."""
    groups: dict[str, list[Call]] = {}
    for call in callbacks(recording):
        if call.method == "POST" and call.path.startswith("/callback"):
            groups.setdefault(f"{call.member('message_id')}", []).append(call)
    return list(groups.values())
