"""Sums over all paths through chains of tags, by messages in both directions.

Messages are probabilities, scaled at every word (Rabiner 1989, section V.A), so that a
step of all chains is one product with the (L, L) odds of the steps. A chain read from
its end is a chain, so both directions run in one loop over the words.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..types import IntArray
from .bio import BEGIN, INSIDE
from .shapes import Bool, Float, Int

# A tag whose score is so far (in nats) below its word's best counts as this far: some
# path stays possible in float32, whatever the scores.
LEAST = -60.0


@dataclass(frozen=True)
class Chains:
    """Flat words as padded chains. `place` (S, T): index of each word, 0 where there is
    none; `there` (S, T): where there is one."""

    place: Int[Tensor, "S T"]
    there: Bool[Tensor, "S T"]

    @classmethod
    def of(
        cls,
        lengths: Sequence[int] | IntArray,
        device: torch.device,
        *,
        firsts: IntArray | None = None,
    ) -> "Chains":
        """Chains of a word or more, which begin at the words `firsts`; without them
        they follow each other."""
        sizes = torch.as_tensor(np.asarray(lengths, dtype=np.int64), device=device)
        begins = sizes.cumsum(0) - sizes
        if firsts is not None:
            begins = torch.from_numpy(firsts).to(device)
        longest = int(sizes.max()) if len(sizes) else 1
        steps = torch.arange(longest, device=device)
        there = steps < sizes[:, None]
        return cls((begins[:, None] + steps) * there, there)

    def twice(self) -> "Chains":
        """These chains, and the same again."""
        return Chains(self.place.repeat(2, 1), self.there.repeat(2, 1))

    @property
    def last(self) -> Int[Tensor, " S"]:
        """The step of each chain's last word."""
        return self.there.sum(1) - 1

    def at_last(self, values: Float[Tensor, "S T *X"]) -> Float[Tensor, "S *X"]:
        """Of each chain what stands at its last word."""
        return values[torch.arange(len(values), device=values.device), self.last]

    def reversed(self, values: Float[Tensor, "S T L"]) -> Float[Tensor, "S T L"]:
        """Each chain from its last word to its first, padding behind them again."""
        steps = torch.arange(values.shape[1], device=values.device)
        turned = (self.last[:, None] - steps) % values.shape[1]
        return values.gather(1, turned[:, :, None].expand_as(values))


@dataclass(frozen=True)
class Odds:
    """Exponentials of a CRF's scores, exact zeros where a tag is forbidden: of a first
    tag, of a tag (column) after another (row), of a last tag."""

    first: Float[Tensor, " L"]
    step: Float[Tensor, "L L"]
    last: Float[Tensor, " L"]


@dataclass(frozen=True)
class Messages:
    """All that probabilities are made of. `words` (S, T, L): odds of the tags beside
    `tops` (S, T), the log of each word's highest; 1 where there is no word. `ahead`:
    P(tag | words up to here), `scales` (S, T) what made it sum to 1. `behind`: in
    proportion to P(word and those after it | tag); `after` to P(those after it | tag),
    with which `ahead` times `after` sums to `totals` (S, T)."""

    chains: Chains
    odds: Odds
    words: Float[Tensor, "S T L"]
    tops: Float[Tensor, "S T"]
    ahead: Float[Tensor, "S T L"]
    scales: Float[Tensor, "S T"]
    behind: Float[Tensor, "S T L"]
    after: Float[Tensor, "S T L"]
    totals: Float[Tensor, "S T"]

    @classmethod
    def of(
        cls,
        scores: Float[Tensor, "S T L"],
        allowed: Bool[Tensor, "S T L"] | None,
        odds: Odds,
        chains: Chains,
    ) -> "Messages":
        """Over all paths, or over those of allowed tags alone (one a word at least)."""
        words, tops = _beside_highest(scores, allowed, chains)
        ahead, back, scales = _both_ways(words, odds, chains)
        behind = chains.reversed(back)
        following = torch.cat((behind[:, 1:], behind[:, :1]), 1) @ odds.step.T
        steps = torch.arange(scores.shape[1], device=scores.device)
        ends = (steps == chains.last[:, None])[:, :, None]
        after = torch.where(ends, odds.last, following)
        totals = (ahead * after).sum(2)
        return cls(chains, odds, words, tops, ahead, scales, behind, after, totals)

    def log_sums(self) -> Float[Tensor, "S T1"]:
        """What each word, and the end, adds to the log of the sum over all paths of the
        exponentials of their scores."""
        logs = (self.scales.log() + self.tops) * self.chains.there
        ends = self.chains.at_last(self.totals).log()
        return torch.cat((logs, ends[:, None]), 1)

    def tags(self) -> Float[Tensor, "S T L"]:
        """P(tag) of each word, 0 where there is none."""
        shares = self.ahead * self.after / self.totals[:, :, None]
        return shares * self.chains.there[:, :, None]

    def pairs(self) -> Float[Tensor, "S L L"]:
        """How often a tag (column) is expected to follow another (row)."""
        weight = self.chains.there[:, 1:] / self.totals[:, :-1]
        before = self.ahead[:, :-1] * weight[:, :, None]
        return before.transpose(1, 2) @ self.behind[:, 1:] * self.odds.step

    def spans(self, spans: Int[Tensor, "N 4"]) -> Float[Tensor, " N"]:
        """P(exactly this span) for rows of chain, start, end, type: B at the start,
        then I up to the end, then no I."""
        chain, start, end, kind = spans.unbind(1)
        begin, inside = BEGIN + 2 * kind, INSIDE + 2 * kind
        final, more = end - 1, end - start - 1
        # log of what each word but the first multiplies the path by if it is I.
        grows = self.words[:, :, INSIDE::2].log() - self.scales.log()[:, :, None]
        grown = grows.cumsum(1)
        steps = self.odds.step.log()
        path = grown[chain, final, kind] - grown[chain, start, kind]
        path = path + torch.where(more > 0, steps[begin, inside], 0.0)
        path = path + torch.where(more > 1, steps[inside, inside] * (more - 1), 0.0)
        tag = torch.where(more > 0, inside, begin)
        following = end.clamp(max=self.words.shape[1] - 1)
        others = self.odds.step[tag] * self.behind[chain, following]
        others = others.scatter(1, inside[:, None], 0.0).sum(1)
        closed = final == self.chains.last[chain]
        stops = torch.where(closed, self.odds.last[tag], others)
        reached = self.ahead[chain, start, begin] * path.exp()
        return reached * stops / self.totals[chain, final]


def _beside_highest(
    scores: Float[Tensor, "S T L"],
    allowed: Bool[Tensor, "S T L"] | None,
    chains: Chains,
) -> tuple[Float[Tensor, "S T L"], Float[Tensor, "S T"]]:
    """Odds of the tags of each word beside its best, and the log of the best's."""
    if allowed is not None:
        scores = scores.masked_fill(~allowed, -torch.inf)
    highest = scores.amax(2, keepdim=True)
    words = (scores - highest).clamp(min=LEAST).exp()
    if allowed is not None:
        words = words * allowed
    nothing = ~chains.there[:, :, None]
    return words.masked_fill(nothing, 1.0), highest.squeeze(2)


def _both_ways(
    words: Float[Tensor, "S T L"], odds: Odds, chains: Chains
) -> tuple[Float[Tensor, "S T L"], Float[Tensor, "S T L"], Float[Tensor, "S T"]]:
    """Messages from the first word on, and from the last word back (in that order),
    each summing to 1; and what the former were divided by."""
    both = torch.stack((words, chains.reversed(words)))  # (2, S, T, L)
    steps = torch.stack((odds.step, odds.step.T))
    reached = torch.stack((odds.first, odds.last))[:, None]
    states, scales = [], []
    for word in both.unbind(2):
        found = reached * word
        scale = found.sum(2, keepdim=True)
        state = found / scale
        states.append(state)
        scales.append(scale[0])
        reached = torch.bmm(state, steps)
    ahead, back = torch.stack(states, 2)
    return ahead, back, torch.cat(scales, 1)
