"""Parameters of learned rewards: what is demanded of an image classifier, and how one is trained."""

from __future__ import annotations

from dataclasses import dataclass

from robot_rl.config.param import param
from robot_rl.core.reward_figures import Figures


@dataclass(frozen=True, kw_only=True)
class BoundConfig:
    """What held-out figures a classifier must reach to be served, or written at all."""

    min_precision: float = param(0.9, "lowest precision of single observations", ge=0.0, le=1.0)
    min_recall: float = param(0.7, "lowest recall of single observations", ge=0.0, le=1.0)
    max_false_episodes: float = param(0.05, "largest share of false ones among announced successes", ge=0.0, le=1.0)
    min_episodes: int = param(5, "successful, and other, held-out episodes below which figures mean nothing", ge=1)

    def shortcoming(self, figures: Figures) -> str:
        """The first thing in which `figures` miss the bound, with the remedy, or ''."""
        others = figures.episodes - figures.successes
        if min(figures.successes, others) < self.min_episodes:
            return (
                f"{figures.successes} successful and {others} other held-out episodes are too few to judge by, "
                f"{self.min_episodes} of each are needed: record more"
            )
        remedy = "record more episodes, of what it mistakes above all"
        if not figures.precision >= self.min_precision:
            return f"precision {figures.precision:.3f} is below {self.min_precision:g}: {remedy}"
        if not figures.recall >= self.min_recall:
            return f"recall {figures.recall:.3f} is below {self.min_recall:g}: {remedy}"
        if figures.false_share > self.max_false_episodes:
            false = figures.false_successes + figures.early_successes
            return (
                f"{false} of {figures.announced} announced successes are false, more than a share of "
                f"{self.max_false_episodes:g}: {remedy}"
            )
        return ""


@dataclass(frozen=True, kw_only=True)
class ClassifierConfig:
    """Data, threshold and training of a reward classifier."""

    last: int = param(1, "observations at the end of a successful episode that show success", ge=1)
    margin: int = param(2, "observations just before success that are left out, as nobody could tell them", ge=0)
    frames: int = param(2, "observations in a row that must show success before it counts", ge=1)
    held_out: float = param(0.3, "share of episodes that is kept from training", ge=0.05, le=0.9)
    precision: float = param(0.97, "precision on held-out observations that the threshold is for", ge=0.5, le=1.0)
    members: int = param(3, "networks, the most doubtful of which counts", ge=1, le=16)
    steps: int = param(400, "training steps of each network", ge=1)
    batch_size: int = param(64, "images in a training step, half of them of success", ge=2)
    learning_rate: float = param(1e-3, "Adam step size", ge=0.0)
    weight_decay: float = param(1e-3, "decay of the weights", ge=0.0)
    dropout: float = param(0.1, "share of features left out in training", ge=0.0, le=0.9)
    shift: int = param(2, "largest random shift of the images", ge=0, unit="px")
    jitter: float = param(0.1, "largest random change of brightness and contrast", ge=0.0, le=1.0)
    seed: int = param(0, "seed of the split, of initialisation and of training", ge=0)
    bound: BoundConfig = param(BoundConfig(), "what the classifier must reach")
