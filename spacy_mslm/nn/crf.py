"""A linear-chain CRF over BIO tags (Lafferty et al. 2001), all chains at once.

A transition that BIO forbids is an exact 0 in every sum. Words of unknown tag are
summed over (marginalised).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .bio import MISSING, OUTSIDE
from .messages import Chains, Messages, Odds
from .shapes import Bool, Float, Int


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
        chain without a known tag costs 0. Tags must be valid where `valid` is set.

        It is a difference of two log sums, over all paths and over those that agree
        with the known tags; and the gradient of a log sum is what is expected of each
        score, so no tape of the words is kept.
        """
        unknown = (tags == MISSING)[:, None]
        wanted = torch.arange(self.n_tags, device=tags.device) == tags[:, None]
        agree = (wanted | unknown)[chains.place]
        with torch.no_grad():
            scores = logits[chains.place].repeat(2, 1, 1)
            allowed = torch.cat((torch.ones_like(agree), agree))
            both = Messages.of(scores, allowed, self._odds(logits), chains.twice())
            # Word by word, so that what both sums share cancels exactly.
            cost = _difference(both.log_sums()).sum(1)
            words, pairs = _difference(both.tags()), _difference(both.pairs())
        # Its value is dropped, its gradient is the cost's.
        linear = (
            (words * F.embedding(chains.place, logits)).sum((1, 2))
            + (pairs * self.transitions).sum((1, 2))
            + words[:, 0] @ self.start
            + chains.at_last(words) @ self.end
        )
        return cost + (linear - linear.detach())

    def decode(self, logits: Float[Tensor, "W L"], chains: Chains) -> Int[Tensor, " W"]:
        """The most probable tags of all words (Viterbi); O where no chain is."""
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

    def messages(self, logits: Float[Tensor, "W L"], chains: Chains) -> Messages:
        """All that probabilities of tags and spans are made of, in double precision."""
        with torch.no_grad():
            scores = logits[chains.place].double()
            return Messages.of(scores, None, self._odds(scores), chains)

    def _odds(self, like: Tensor) -> Odds:
        return Odds(
            self.start.to(like.dtype).exp() * self.legal_start,
            self.transitions.to(like.dtype).exp() * self.legal,
            self.end.to(like.dtype).exp(),
        )

    def _log(self, scores: Tensor, legal: Bool[Tensor, "..."]) -> Tensor:
        return scores.masked_fill(~legal, -torch.inf)

    def _tags(self, like: Int[Tensor, "S L"]) -> Int[Tensor, "S L"]:
        return torch.arange(self.n_tags, device=like.device).expand_as(like)


def _difference(of_both: Tensor) -> Tensor:
    """What the first half has more than the second."""
    first, second = of_both.chunk(2)
    return first - second
