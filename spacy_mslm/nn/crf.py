"""A linear-chain CRF over BIO tags (Lafferty et al. 2001), all chains at once.

Sums over paths run in probabilities, scaled at every word (Rabiner 1989, section V.A),
so that a step of all chains is one product with the (L, L) transitions; a transition
that BIO forbids is an exact 0. Words of unknown tag are summed over (marginalised).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .bio import BEGIN, INSIDE, MISSING, OUTSIDE
from .shapes import Bool, Float, Int

# A tag whose score is so far (in nats) below its word's best counts as this far: some
# path stays possible in float32, whatever the scores.
LEAST = -80.0


@dataclass(frozen=True)
class Chains:
    """Flat words as padded chains. `place` (S, T): index of each word, 0 where there is
    none; `there` (S, T): where there is one."""

    place: Int[Tensor, "S T"]
    there: Bool[Tensor, "S T"]

    @classmethod
    def of(cls, lengths: Sequence[int], device: torch.device) -> "Chains":
        """Chains that follow each other; each has a word at least."""
        sizes = torch.tensor(list(lengths), dtype=torch.long, device=device)
        longest = int(sizes.max()) if len(sizes) else 1
        steps = torch.arange(longest, device=device)
        there = steps < sizes[:, None]
        place = (sizes.cumsum(0) - sizes)[:, None] + steps
        return cls(place * there, there)

    @property
    def last(self) -> Int[Tensor, " S"]:
        """The step of each chain's last word."""
        return self.there.sum(1) - 1


class LinearChainCrf(nn.Module):
    """Scores of a first tag, of a tag after another, and of a last tag.

    With `valid`, an I that does not follow B or I of its type has probability 0, in
    training and in prediction.
    """

    legal: Tensor
    legal_start: Tensor

    def __init__(self, n_tags: int, *, valid: bool = True) -> None:
        super().__init__()
        self.valid = valid
        self.start = nn.Parameter(torch.zeros(n_tags))
        self.transitions = nn.Parameter(torch.zeros(n_tags, n_tags))
        self.end = nn.Parameter(torch.zeros(n_tags))
        tags = torch.arange(n_tags)
        inside = (tags != OUTSIDE) & (tags % 2 == 0)
        before, after = tags[:, None], tags[None, :]
        follows = (before == after) | (before == after - 1)
        legal = ~inside[None, :] | follows if valid else torch.ones(n_tags, n_tags)
        start = ~inside if valid else torch.ones(n_tags)
        self.register_buffer("legal", legal.bool(), persistent=False)
        self.register_buffer("legal_start", start.bool(), persistent=False)

    @property
    def n_tags(self) -> int:
        return len(self.start)

    def widened(self, n_new: int) -> "LinearChainCrf":
        """A copy with `n_new` fresh tags after the others; the rest is kept."""
        n_old = self.n_tags
        wider = LinearChainCrf(n_old + n_new, valid=self.valid).to(self.start.device)
        with torch.no_grad():
            wider.start[:n_old] = self.start
            wider.transitions[:n_old, :n_old] = self.transitions
            wider.end[:n_old] = self.end
        return wider

    def neg_log_likelihood(
        self, logits: Float[Tensor, "W L"], tags: Int[Tensor, " W"], chains: Chains
    ) -> Float[Tensor, " S"]:
        """-log P(the known tags) of each chain; `MISSING` tags are summed over, and a
        chain without a known tag costs 0. Tags must be valid where `valid` is set."""
        known = (tags != MISSING)[:, None]
        wanted = torch.arange(self.n_tags, device=tags.device) == tags[:, None]
        allowed = wanted | ~known
        # Both sums in one pass over the words.
        twice = Chains(chains.place.repeat(2, 1), chains.there.repeat(2, 1))
        all_tags = torch.ones_like(allowed[chains.place])
        logs = self._log_sums(
            logits, twice, torch.cat((all_tags, allowed[chains.place]))
        )
        every, right = logs.chunk(2)
        # Step by step, so that what both sums share cancels exactly.
        return (every - right).sum(1)

    def decode(self, logits: Float[Tensor, "W L"], chains: Chains) -> Int[Tensor, " W"]:
        """The most probable tags of all words (Viterbi)."""
        scores = logits[chains.place]
        steps = self._log(self.transitions, self.legal)
        best = scores[:, 0] + self._log(self.start, self.legal_start)
        came = []
        for t in range(1, scores.shape[1]):
            ways = best[:, :, None] + steps
            value, before = ways.max(1)
            here = chains.there[:, t, None]
            best = torch.where(here, value + scores[:, t], best)
            # Past its end a chain stays where it is.
            came.append(torch.where(here, before, self._tags(before)))
        tag = (best + self.end).argmax(1)
        path = [tag]
        for before in reversed(came):
            tag = before.gather(1, tag[:, None]).squeeze(1)
            path.append(tag)
        tags = torch.stack(path[::-1], 1)
        flat = tag.new_zeros(len(logits))
        flat[chains.place[chains.there]] = tags[chains.there]
        return flat

    def marginals(self, logits: Float[Tensor, "W L"], chains: Chains) -> "Marginals":
        """All that probabilities of spans are made of, in double precision."""
        with torch.no_grad():
            odds = self._odds(logits.double(), chains, None)[0]
            step = self._exp(self.transitions.double(), self.legal)
            forward, scales = self._forward(odds, chains, step)
            backward = self._backward(odds, chains, step, forward, scales)
        return Marginals(odds, step, forward, backward, scales, chains)

    def _log_sums(
        self,
        logits: Float[Tensor, "W L"],
        chains: Chains,
        allowed: Bool[Tensor, "S T L"],
    ) -> Float[Tensor, "S T1"]:
        """What each word, and the end, adds to the log of the sum over all allowed
        paths of the exponentials of their scores."""
        odds, tops = self._odds(logits, chains, allowed)
        step = self._exp(self.transitions, self.legal)
        forward, scales = self._forward(odds, chains, step)
        last = forward[torch.arange(len(forward)), chains.last]
        ends = (last * self.end.exp()).sum(1, keepdim=True).log()
        return torch.cat(((scales.log() + tops) * chains.there, ends), 1)

    def _odds(
        self,
        logits: Float[Tensor, "W L"],
        chains: Chains,
        allowed: Bool[Tensor, "S T L"] | None,
    ) -> tuple[Float[Tensor, "S T L"], Float[Tensor, "S T"]]:
        """Exponentials of the words' scores beside each word's highest, and these; the
        first word's with those of a first tag."""
        scores = logits[chains.place]
        if allowed is not None:
            scores = scores.masked_fill(~allowed, -torch.inf)
        highest = scores.detach().amax(2, keepdim=True)
        odds = (scores - highest).clamp(min=LEAST).exp()
        if allowed is not None:
            odds = odds * allowed
        first = self._exp(self.start, self.legal_start)
        odds = torch.cat((odds[:, :1] * first, odds[:, 1:]), 1)
        return odds, highest.squeeze(2)

    def _forward(
        self, odds: Float[Tensor, "S T L"], chains: Chains, step: Float[Tensor, "L L"]
    ) -> tuple[Float[Tensor, "S T L"], Float[Tensor, "S T"]]:
        """P(tag | words up to here), and the scale that makes it sum to 1."""
        scale = odds[:, 0].sum(1, keepdim=True)
        state = odds[:, 0] / scale
        states, scales = [state], [scale]
        for t in range(1, odds.shape[1]):
            reached = (state @ step) * odds[:, t]
            here = chains.there[:, t, None]
            scale = torch.where(here, reached.sum(1, keepdim=True), 1.0)
            state = torch.where(here, reached / scale, state)
            states.append(state)
            scales.append(scale)
        return torch.stack(states, 1), torch.cat(scales, 1)

    def _backward(
        self,
        odds: Float[Tensor, "S T L"],
        chains: Chains,
        step: Float[Tensor, "L L"],
        forward: Float[Tensor, "S T L"],
        scales: Float[Tensor, "S T"],
    ) -> Float[Tensor, "S T L"]:
        """Such that forward times backward is P(tag | all words)."""
        end = self.end.double().exp()
        rows = torch.arange(len(odds))
        total = (forward[rows, chains.last] * end).sum(1, keepdim=True)
        after = end / total
        states = [after]
        for t in range(odds.shape[1] - 1, 0, -1):
            back = (odds[:, t] * after) @ step.T / scales[:, t, None]
            after = torch.where(chains.there[:, t, None], back, after)
            states.append(after)
        return torch.stack(states[::-1], 1)

    def _exp(self, scores: Tensor, legal: Bool[Tensor, "..."]) -> Tensor:
        return scores.exp() * legal

    def _log(self, scores: Tensor, legal: Bool[Tensor, "..."]) -> Tensor:
        return scores.masked_fill(~legal, -torch.inf)

    def _tags(self, like: Int[Tensor, "S L"]) -> Int[Tensor, "S L"]:
        return torch.arange(self.n_tags, device=like.device).expand_as(like)


@dataclass(frozen=True)
class Marginals:
    """Messages of both directions; see `LinearChainCrf`."""

    odds: Float[Tensor, "S T L"]
    step: Float[Tensor, "L L"]
    forward: Float[Tensor, "S T L"]
    backward: Float[Tensor, "S T L"]
    scales: Float[Tensor, "S T"]
    chains: Chains

    def tags(self) -> Float[Tensor, "S T L"]:
        """P(tag) of each word."""
        return self.forward * self.backward

    def span(self, chain: int, start: int, end: int, kind: int) -> float:
        """P(exactly this span of the chain's words): B, then I ..., then no I."""
        begin, inside = BEGIN + 2 * kind, INSIDE + 2 * kind
        odds, scales = self.odds[chain], self.scales[chain]
        value = self.forward[chain, start, begin]
        tag = begin
        for t in range(start + 1, end):
            value = value * self.step[tag, inside] * odds[t, inside] / scales[t]
            tag = inside
        if end > int(self.chains.last[chain]):
            return float(value * self.backward[chain, end - 1, tag])
        stops = self.step[tag] * odds[end] * self.backward[chain, end] / scales[end]
        stops[inside] = 0.0
        return float(value * stops.sum())
