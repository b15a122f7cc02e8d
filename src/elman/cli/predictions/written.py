"""What `elman predict` shows of tasks that write a text about what they are given: the best one, and the others."""

from typing import TYPE_CHECKING, Any

from elman.cli.predictions.prediction import Prediction, named

if TYPE_CHECKING:
    from elman.cli.columns import Table
    from elman.tasks.text_writer import TextWriter


def written(column: str) -> Prediction:
    """What is shown of such a task; `column` is what its texts are called."""

    def records(estimator: "TextWriter", table: "Table", flags: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {
                **name,
                column: found[0].text,
                "score": found[0].score,
                "hypotheses": [{"text": one.text, "score": one.score} for one in found],
            }
            for name, found in zip(named(table), estimator.hypotheses(table.X, beam=flags.get("beam")), strict=True)
        ]

    def line(record: dict[str, Any]) -> list[str]:
        return [str(next(iter(record.values()))), record[column]]

    return Prediction(records, line, flags=("beam", "pictures"))
