"""The stages of a project and the moves between them."""

from enum import StrEnum
from types import MappingProxyType


class Stage(StrEnum):
    """Where a project stands, from a lead to its performance evaluation."""

    LEAD = "lead"
    NEGOTIATING = "negotiating"
    REPORTED = "reported"
    PRE_ASSESSED = "pre_assessed"
    SITING = "siting"
    CHOSEN = "chosen"
    REVIEW = "review"
    OPINION = "opinion"
    AGREEMENT = "agreement"
    LAND = "land"
    PERMITS = "permits"
    STARTED = "started"
    COMPLETED = "completed"
    CAPACITY = "capacity"
    EVALUATED = "evaluated"
    LOST = "lost"
    WITHDRAWN = "withdrawn"


_LINE = (
    Stage.LEAD, Stage.NEGOTIATING, Stage.REPORTED, Stage.PRE_ASSESSED, Stage.SITING, Stage.CHOSEN, Stage.REVIEW,
    Stage.OPINION, Stage.AGREEMENT, Stage.LAND, Stage.PERMITS, Stage.STARTED, Stage.COMPLETED, Stage.CAPACITY,
    Stage.EVALUATED,
)  # fmt: skip

#: Stages whose projects take part in the board: reported, but not yet bound to land by an agreement.
ON_THE_BOARD = (Stage.REPORTED, Stage.PRE_ASSESSED, Stage.SITING, Stage.CHOSEN, Stage.REVIEW, Stage.OPINION)

#: Stages in which the placement is settled and only blocks its sites.
SETTLED = (Stage.AGREEMENT, Stage.LAND, Stage.PERMITS, Stage.STARTED, Stage.COMPLETED, Stage.CAPACITY, Stage.EVALUATED)

_BACK = {
    Stage.SITING: (Stage.PRE_ASSESSED,),
    Stage.CHOSEN: (Stage.SITING,),
    Stage.REVIEW: (Stage.SITING, Stage.CHOSEN),
    Stage.OPINION: (Stage.SITING,),  # the opinion expired, or another bidder won the land
    Stage.AGREEMENT: (Stage.SITING,),
    Stage.LAND: (Stage.SITING,),
}

#: stage → the stages that may follow it. A project in negotiation may be lost or withdrawn at every stage before start.
TRANSITIONS = MappingProxyType(
    {
        stage: (
            *_LINE[i + 1 : i + 2],
            *_BACK.get(stage, ()),
            *((Stage.LOST, Stage.WITHDRAWN) if i < _LINE.index(Stage.STARTED) else ()),
        )
        for i, stage in enumerate(_LINE)
    }
    | {Stage.LOST: (Stage.NEGOTIATING,), Stage.WITHDRAWN: (Stage.NEGOTIATING,)}
)


def may_follow(stage: Stage, following: Stage) -> bool:
    """Whether a project may move from one stage to another.

    >>> may_follow(Stage.LEAD, Stage.NEGOTIATING), may_follow(Stage.LEAD, Stage.STARTED)
    (True, False)
    """
    return following in TRANSITIONS[stage]
