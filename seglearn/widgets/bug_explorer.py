"""Which bug is this? Cards with the curves of real trainings, played epoch by epoch, and a diagnosis to dare early."""

import math
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import torch
import traitlets

from seglearn.labels import IGNORE, INK, STREETS, colorize
from seglearn.widgets.bug_cards import BUGS, NAMES, SILENT, dealt, measured
from seglearn.widgets.controls import Control, Goal, Grid
from seglearn.widgets.explorable import Explorable, module_source, style_source

OPEN = -1  # no bug has been named yet
GOALS = (
    Goal("Name the bug of three cards rightly.", (("right", ">=", 3),)),
    Goal(
        "Name 8 bugs of one deal rightly, watching at most 10 epochs of a card on average.",
        (("right", ">=", 8), ("watched_per_card", "<=", 10)),
    ),
)


def facts(params: dict) -> dict:
    """Return what the open card shows at this epoch, and how the deal stands.

        first_ratio      = first loss / ln K: close to 1 for a net that knows nothing yet
        watched          = epochs that were seen of this card before it was named
        watched_per_card = their mean over the cards that were named; 0 before the first

    `still` lists the blocks without a gradient, `classes_said` counts the classes in the predicted mask, and `on_void`
    is what it mostly says where the truth is void. What is not named yet has truth None: the card keeps its secret.

    Params:
        runs, deals (places in runs), mask, classes, blocks; deal, card, epoch (from 1); seen, named: a number per card
    """
    card, epoch, named = params["card"], params["epoch"], [math.floor(n) for n in params["named"]]
    order = params["deals"][params["deal"]]
    run, keys = params["runs"][order[card]], [bug.key for bug in BUGS]
    truths = [keys.index(params["runs"][place].bug) for place in order]
    seen = [math.floor(count) for count in params["seen"]]
    done = [index for index, name in enumerate(named) if name != OPEN]
    right = sum(named[index] == truths[index] for index in done)
    norms, pred = run.norms[epoch - 1], run.preds[epoch - 1]
    bonnet = np.bincount(pred[params["mask"] == IGNORE], minlength=params["classes"])
    is_named = named[card] != OPEN
    return {
        "deal": params["deal"],
        "card": card,
        "cards": len(order),
        "epoch": epoch,
        "epochs": len(run.loss),
        "first_loss": run.first_loss,
        "first_ratio": run.first_loss / math.log(params["classes"]),
        "loss": run.loss[epoch - 1],
        "val_loss": run.val_loss[epoch - 1],
        "score": run.score[epoch - 1],
        "norms": norms,
        "still": [block for block, norm in zip(params["blocks"], norms, strict=True) if norm == 0],
        "classes_said": len(np.unique(pred)),
        "on_void": STREETS.names[int(bonnet.argmax())],
        "watched": seen[card],
        "said": NAMES[named[card]] if is_named else None,
        "truth": NAMES[truths[card]] if is_named else None,
        "named": len(done),
        "right": right,
        "watched_per_card": sum(seen[index] for index in done) / len(done) if done else 0.0,
    }


def describe(facts: dict) -> str:
    """Return the facts as one sentence."""
    norms = facts["norms"]
    still = f", none in {', '.join(facts['still'])}" if facts["still"] else ""
    if facts["said"] is None:
        verdict = "Not named yet"
    elif facts["said"] == facts["truth"]:
        verdict = f"Named rightly: {facts['truth']}"
    else:
        verdict = f"You said {facts['said']}, but it is {facts['truth']}"
    classes = "1 class" if facts["classes_said"] == 1 else f"{facts['classes_said']} classes"
    return (
        f"Card {facts['card'] + 1} of {facts['cards']}, epoch {facts['epoch']} of {facts['epochs']}: first loss "
        f"{facts['first_loss']:.3f}, {facts['first_ratio']:.3f} times ln K; loss {facts['loss']:.3f}, validation loss "
        f"{facts['val_loss']:.3f}, mean IoU {facts['score']:.3f}; gradient norms from {min(norms):.3f} to "
        f"{max(norms):.3f}{still}; the mask has {classes}, and on the void bonnet mostly "
        f"{facts['on_void']}. {verdict}; {facts['right']} right of {facts['named']} named, "
        f"{facts['watched_per_card']:.1f} epochs watched per card."
    )


class BugExplorer(Explorable):
    """Look at the curves of a training, epoch by epoch, and name its bug as early as you dare.

    All cards are real trainings of one small net on drawn streets (benchmarks/bugs.py). A deal holds every bug once and
    one healthy run; a bug that is named stays named, and the next deal has the same bugs from another seed.

    Arguments:
        seed   another number deals the cards in another order
        goal   one Goal or several, solved one after another

    Raises:
        ValueError: a control is set to what it does not have.
    """

    title = "Which bug is this?"
    compute = staticmethod(facts)
    describe = staticmethod(describe)
    _esm = module_source("bug_curves.js", "bug_explorer.js")
    _css = style_source("bug_explorer.css")

    deal = traitlets.Int().tag(sync=True)
    card = traitlets.Int().tag(sync=True)
    epoch = traitlets.Int().tag(sync=True)
    seen = traitlets.List(traitlets.Int()).tag(sync=True)
    named = traitlets.List(traitlets.Int()).tag(sync=True)

    def __init__(self, *, seed: int = 0, goal: Goal | Sequence[Goal] = GOALS):
        found, deals = measured(), dealt(seed)
        runs, count, epochs = found["runs"], len(deals[0]), found["epochs"]
        given = {"runs": runs, "deals": deals, **{name: found[name] for name in ("mask", "classes", "blocks")}}
        told = [{key: value for key, value in asdict(run).items() if key != "preds"} for run in runs]
        super().__init__(
            given=given,
            controls=(
                Control("deal", "Deal", 0, len(deals) - 1, by="stage"),
                Control("card", "Card", 0, count - 1, by="stage"),
                Control("epoch", "Epoch", 1, epochs, by="stage"),
                Grid("seen", "Epochs seen", 1, count, low=1, high=epochs, by="stage"),
                Grid("named", "Named", 1, count, low=OPEN, high=len(BUGS) - 1, by="stage"),
            ),
            goals=(goal,) if isinstance(goal, Goal) else goal,
            start={"deal": 0, "card": 0, "epoch": 1, "seen": [1] * count, "named": [OPEN] * count},
            height=found["size"][0],
            width=found["size"][1],
            epochs=epochs,
            classes=found["classes"],
            blocks=found["blocks"],
            deals=deals,
            bugs=[asdict(bug) for bug in BUGS],
            silent=[asdict(bug) for bug in SILENT],
            runs=told,
            names=list(STREETS.names),
            colors=[list(color) for color in STREETS.colors],
            ink=list(INK),
            image=found["image"].tobytes(),
            mask=found["mask"].tobytes(),
            preds=b"".join(run.preds.tobytes() for run in runs),
        )

    @traitlets.validate("deal", "card", "epoch", "seen", "named")
    def _in_range(self, proposal):
        return self.checked(proposal)

    @traitlets.observe("epoch")
    def _watch(self, _change) -> None:
        """Remember the furthest epoch of a card as long as it is not named."""
        if self.named and self.named[self.card] == OPEN and self.epoch > self.seen[self.card]:
            self.seen = [max(n, self.epoch) if i == self.card else n for i, n in enumerate(self.seen)]

    @property
    def run(self):
        """The measured run behind the open card, as `bug_cards.Run`."""
        return self.given["runs"][self.given["deals"][self.deal][self.card]]

    def name(self, bug: str) -> None:
        """Name the bug of the open card, by one of `bug_cards.NAMES`; the first word counts."""
        if bug not in NAMES:
            raise ValueError(f"BugExplorer: bug must be one of {'; '.join(NAMES)}, got {bug!r}.")
        if self.named[self.card] == OPEN:
            self.named = [NAMES.index(bug) if i == self.card else n for i, n in enumerate(self.named)]

    def draw(self, figure) -> None:
        """Draw both curves up to this epoch, the gradient norms, and the prediction beside the truth."""
        found, run, shown = self.facts, self.run, range(1, self.epoch + 1)
        (losses, norms), (scores, pictures) = figure.subplots(2, 2, width_ratios=(1.6, 1))
        line = math.log(self.given["classes"])
        losses.plot(shown, run.loss[: self.epoch], "o-", color="#0072B2", markersize=3, label="training")
        losses.plot(shown, run.val_loss[: self.epoch], "s--", color="#D55E00", markersize=3, label="validation")
        losses.axhline(line, color="gray", linewidth=0.8, linestyle=":")
        losses.text(found["epochs"], line, "ln K", ha="right", va="bottom", fontsize=8, color="gray")
        losses.set(xlim=(0, found["epochs"] + 1), ylim=(0, 3), title=f"Loss, card {self.card + 1}")
        losses.legend(fontsize=7, frameon=False, loc="lower left", ncols=2)
        scores.plot(shown, run.score[: self.epoch], "o-", color="#0072B2", markersize=3)
        scores.set(xlim=(0, found["epochs"] + 1), ylim=(0, 0.6), title="Validation mean IoU")
        bars = norms.barh(self.given["blocks"], found["norms"], color="#5f6b7a")
        norms.bar_label(bars, fmt="%.3g", padding=3, fontsize=7)
        norms.set(xlim=(0, 1.3 * max(*found["norms"], 0.1)), title="Gradient norms")
        norms.invert_yaxis()
        masks = [torch.from_numpy(mask.copy()).long() for mask in (run.preds[self.epoch - 1], measured()["mask"])]
        pair = [colorize(mask, STREETS).numpy() for mask in masks]
        gap = np.full((len(pair[0]), 2, 3), 255, dtype=np.uint8)
        pictures.imshow(np.concatenate([pair[0], gap, pair[1]], axis=1), interpolation="nearest")
        pictures.set(xticks=[], yticks=[], title="Prediction | truth")
        for ax in (losses, norms, scores, pictures):
            ax.title.set_fontsize(8)
            ax.tick_params(labelsize=7)
