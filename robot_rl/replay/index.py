"""Where episodes begin and which rows begin a transition, kept up to date as rows arrive."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from robot_rl.core.record import Source

INDEX_FIELDS = ("run_id", "episode", "index", "source", "is_first", "is_last")
_PRIOR = np.isin(np.arange(256), [source for source in Source if source.is_prior])  # by the source's number


class Growable:
    """A one-dimensional array that grows at its end in amortised constant time a value."""

    def __init__(self, dtype: type[np.generic]) -> None:
        self._data = np.empty(1024, dtype)
        self.size = 0

    def extend(self, values: np.ndarray) -> None:
        """Append `values` (n,)."""
        total = self.size + len(values)
        if total > len(self._data):
            self._data = np.concatenate([self._data[: self.size], np.empty(2 * total - self.size, self._data.dtype)])
        self._data[self.size : total] = values
        self.size = total

    @property
    def values(self) -> np.ndarray:
        """View of what is in it; not updated by later growth."""
        return self._data[: self.size]


class EpisodeIndex:
    """Pieces of consecutive steps of one episode, and the transitions in them.

    A piece ends where its episode ends, or where its writer stopped or a step was lost: nothing ever crosses its end.
    The newest row of a piece begins no transition, having no successor. A damaged row is a piece of its own, without
    any.
    """

    def __init__(self) -> None:
        self.rows = 0
        self._starts = Growable(np.int64)
        self._piece = Growable(np.int64)
        self._transitions = Growable(np.int64)
        self._prior = Growable(np.int64)
        self._takeovers = Growable(np.int64)
        self._damaged = Growable(np.int64)
        self._ends_damaged = False
        self._last: Mapping[str, np.ndarray] | None = None

    def extend(self, fields: Mapping[str, np.ndarray], damaged: np.ndarray | None = None) -> None:
        """Take in new rows: arrays (n,) of INDEX_FIELDS that follow the rows already seen, and which are `damaged`."""
        count = len(fields["index"])
        if not count:
            return
        bad = np.zeros(count, bool) if damaged is None else damaged
        begins = self._begins(fields) | bad | np.concatenate([[self._ends_damaged], bad[:-1]])
        before = fields["source"][:1] if self._last is None else self._last["source"]
        prior = _PRIOR[np.concatenate([before, fields["source"][:-1]])]
        new = self.rows + np.arange(count)
        self._takeovers.extend(new[~begins & ~prior & _PRIOR[fields["source"]]])
        self._piece.extend(self._starts.size - 1 + np.cumsum(begins))
        self._starts.extend(new[begins])
        self._transitions.extend(new[~begins] - 1)
        self._prior.extend(new[~begins & prior] - 1)
        self._damaged.extend(new[bad])
        self._ends_damaged = bool(bad[-1])
        self._last = {name: fields[name][-1:].copy() for name in INDEX_FIELDS}
        self.rows += count

    def _begins(self, after: Mapping[str, np.ndarray]) -> np.ndarray:
        """Mask (n,) of new rows that do not continue the row before them."""
        first = self._last or {name: after[name][:1] for name in INDEX_FIELDS}
        before = {name: np.concatenate([first[name], after[name][:-1]]) for name in INDEX_FIELDS}
        begins: np.ndarray = (
            (after["is_first"] != 0)
            | (before["is_last"] != 0)
            | (after["run_id"] != before["run_id"])
            | (after["episode"] != before["episode"])
            | (after["index"] != before["index"] + np.uint32(1))
        )
        begins[0] |= self._last is None
        return begins

    @property
    def transitions(self) -> np.ndarray:
        """Rows (n,) that begin a transition, in order."""
        return self._transitions.values

    @property
    def prior(self) -> np.ndarray:
        """Those of `transitions` whose action came from a demonstration or an intervention."""
        return self._prior.values

    def takeover(self, rows: np.ndarray) -> np.ndarray:
        """First row (n,) after each of `rows` (n,) at which a person took over within an episode, else a huge number.

        There, what an action leads to is no longer the doing of who chose it.
        """
        known = np.append(self._takeovers.values, np.iinfo(np.int64).max)
        following: np.ndarray = known[np.searchsorted(known, rows, side="right")]
        return following

    @property
    def starts(self) -> np.ndarray:
        """First row of each piece (p,)."""
        return self._starts.values

    def first(self, rows: np.ndarray) -> np.ndarray:
        """First row (n,) of the piece that each of `rows` (n,) lies in."""
        return self.starts[self._piece.values[rows]]

    @property
    def damaged(self) -> np.ndarray:
        """Rows (n,) that are left out, in order; each is one of `starts`."""
        return self._damaged.values

    def last(self, rows: np.ndarray) -> np.ndarray:
        """Last row (n,), so far, of the piece that each of `rows` (n,) lies in."""
        piece, starts = self._piece.values[rows] + 1, self.starts
        following = np.where(piece < len(starts), starts[np.minimum(piece, len(starts) - 1)], self.rows)
        last: np.ndarray = following - 1
        return last
