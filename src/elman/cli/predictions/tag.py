"""What `elman predict` shows of a tagger: the tags, and in a sentence the spans that they mark."""

import sys
from typing import TYPE_CHECKING, Any

from elman.cli.predictions.prediction import Prediction

if TYPE_CHECKING:
    import pandas as pd

    from elman.cli.columns import Table
    from elman.tasks import Tagger


def _records(estimator: "Tagger", table: "Table", flags: dict[str, Any]) -> list[dict[str, Any]]:
    from elman.cli.targets import GROUP
    from elman.codecs.tags import PLAIN, spans

    name = GROUP if GROUP in table.frame.columns else "sequence"
    records = []
    for k, (x, tags) in enumerate(zip(table.X, estimator.predict(table.X), strict=True)):
        words = x if isinstance(x, list) else None
        record: dict[str, Any] = {name: table.keys[k]} if words is None else {"text": " ".join(words)}
        if words is not None:
            record["words"] = words
        record["tags"] = tags
        if estimator.codecs_["output"].scheme != PLAIN:
            steps = [(one.kind, one.start, one.stop) for one in spans(tags)]
            text = [{} if words is None else {"text": " ".join(words[start:stop])} for _, start, stop in steps]
            record["spans"] = [
                {**own, "kind": kind, "start": start, "stop": stop}
                for own, (kind, start, stop) in zip(text, steps, strict=True)
            ]
        records.append(record)
    return records


def _line(record: dict[str, Any]) -> list[str]:
    """For a person the sentence with its spans marked; for a program, and of numbers, the tags."""
    tags = [str(one) for one in record["tags"]]
    if "words" not in record or not sys.stdout.isatty():
        return [str(next(iter(record.values()))), " ".join(tags)]
    return [marked(record["words"], tags, record.get("spans"))]


def marked(words: list[str], tags: list[str], spans: list[dict[str, Any]] | None) -> str:
    """A sentence with its spans in brackets, or where there are none with the tag of each word."""
    if spans is None:
        return " ".join(f"{word}/{tag}" for word, tag in zip(words, tags, strict=True))
    shown = list(words)
    for one in spans:
        shown[one["start"]] = f"[{shown[one['start']]}"
        shown[one["stop"] - 1] += f": {one['kind']}]"
    return " ".join(shown)


def _frame(records: list[dict[str, Any]], table: "Table", estimator: "Tagger") -> "pd.DataFrame":
    """A row for each sequence; in the long form for each word or step."""
    import pandas as pd

    from elman.cli.targets import GROUP, ORDER

    if table.rows is None:
        name = next(iter(records[0]), "text") if records else "text"
        return pd.DataFrame([{name: one[name], "tags": " ".join(map(str, one["tags"]))} for one in records])
    text = () if table.columns.text is None else (table.columns.text,)
    names = [name for name in (GROUP, ORDER, *text) if name in table.frame]
    parts = [table.frame[names].iloc[rows] for rows in table.rows]
    tags = [str(tag) for one in records for tag in one["tags"]]
    title = "predicted_tag" if "tag" in names else "tag"
    return pd.concat(parts).assign(**{title: tags}).sort_index(kind="stable")


PREDICTION = Prediction(_records, _line, _frame)
