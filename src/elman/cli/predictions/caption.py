"""What `elman predict` shows of a captioner: the best caption, and the other hypotheses."""

from typing import TYPE_CHECKING, Any

from elman.cli.predictions.prediction import Prediction, named

if TYPE_CHECKING:
    from elman.cli.columns import Table
    from elman.tasks import Captioner


def _records(estimator: "Captioner", table: "Table", flags: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            **name,
            "caption": found[0].text,
            "score": found[0].score,
            "hypotheses": [{"text": one.text, "score": one.score} for one in found],
        }
        for name, found in zip(named(table), estimator.hypotheses(table.X, beam=flags.get("beam")), strict=True)
    ]


def _line(record: dict[str, Any]) -> list[str]:
    return [str(next(iter(record.values()))), record["caption"]]


PREDICTION = Prediction(_records, _line, flags=("beam", "pictures"))
