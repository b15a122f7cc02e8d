"""What a model is, in words and plain text, from its configuration alone: no torch."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from elman.equations import Cell

WIRINGS = {
    "ManyToOne": "many to one",
    "InStep": "many to many, in step",
    "OneToMany": "one to many, with attention over regions",
    "EncoderDecoder": "encoder then decoder, with attention",
    "StepsAhead": "many to many in step, several steps ahead",
    "Feedforward": "feedforward on a window",
}
PARTS = {
    "weight_ih": "W_xh",
    "weight_hh": "W_hh",
    "readout.weight": "W_ho",
    "hidden.weight": "W_xh",
    "attention.projection.weight": "W_a",
    "attention.score.weight": "v",
}


def network_equations(cell: "Cell | None", config: dict[str, Any]) -> list[str]:
    """The equations of a model as plain text: its cell's, and the output's.

    Args:
        cell: None for a network without memory.
        config: the model's configuration.
    """
    from elman.equations.plain import plain_equations

    ends = ("x_{t-(W-1)/2}", "x_{t+W/2}") if config.get("centred") else ("x_{t-W+1}", "x_t")
    window = f"h_t = tanh(W_xh [{' ... '.join(ends)}] + b_h)"
    hidden = [window] if cell is None or config["kind"] == "Feedforward" else plain_equations(cell)
    spelt = ["x_t = [E_word; states after the word's characters, read from both ends]"]
    field = ["tags = argmax over legal k_1 ... k_T of sum_t y_t[k_t] + A[k_{t-1}, k_t]"]
    return [
        *(spelt if config.get("num_characters") else []),
        *hidden,
        *_output(config),
        *(field if config.get("crf") else []),
    ]


def letter(tensor: str) -> str:
    """What the textbook calls a tensor, such as W_hh; empty where it has no name for it."""
    return next((letter for part, letter in PARTS.items() if part in tensor), "")


def codec_facts(config: dict[str, Any]) -> dict[str, Any]:
    """What is worth knowing of a codec, from what its `to_config` gave."""
    if config["kind"] == "text":
        facts = {"kind": "text", "level": config["level"], "symbols": len(config["symbols"])}
        return {**facts, "pretrained": config["pretrained"]} if "pretrained" in config else facts
    if config["kind"] == "label":
        return {"kind": "label", "classes": config["classes"]}
    if config["kind"] == "audio":
        about = {"kind": "audio", "sample_rate": config["sample_rate"], "channels": len(config["mean"])}
        return {**about, "stack": config.get("stack", 1)}
    if config["kind"] == "image":
        return {"kind": "image", "side": config["side"]}
    if config["kind"] == "tags":
        return {"kind": "tags", "scheme": config["scheme"], "tags": config["tags"]}
    if config["kind"] == "tokens":
        counts = [len(config[part]["symbols"]) if config[part] else 0 for part in ("words", "characters")]
        return {"kind": "tokens", "words": counts[0], "characters": counts[1]}
    if config["kind"] == "calendar":
        return {name: config[name] for name in ("kind", "freq", "circles", "seasons")}
    if config["kind"] == "scales":
        return {"kind": "scales", "series": len(config["scales"])}
    facts = {"kind": config["kind"], "channels": len(config["mean"]), "may_be_missing": len(config["indicators"])}
    return {**facts, "names": config["names"]} if "names" in config else facts


def codec_line(codec: dict[str, Any]) -> str:
    """What `codec_facts` found, as a line."""
    if codec["kind"] == "text":
        pretrained = f", {codec['pretrained']:,} of them with word vectors" if "pretrained" in codec else ""
        return f"text, {codec['symbols']:,} {codec['level']}{pretrained}"
    if codec["kind"] == "audio":
        steps = f", {codec['stack']} frames a step" if codec["stack"] > 1 else ""
        return f"sound at {codec['sample_rate']:,} Hz, {codec['channels']} log-mel channels every 10 ms{steps}"
    if codec["kind"] == "image":
        return f"images of {codec['side']} x {codec['side']} pixels, three colours"
    if codec["kind"] == "tokens":
        return f"words, {codec['words']:,}" + (f", of {codec['characters']} characters" if codec["characters"] else "")
    if codec["kind"] in ("label", "tags"):
        names = codec["classes" if codec["kind"] == "label" else "tags"]
        what = "classes" if codec["kind"] == "label" else f"tags ({codec['scheme']})"
        return f"{len(names)} {what}: {', '.join(map(str, names[:6]))}" + (", ..." if len(names) > 6 else "")
    if codec["kind"] == "calendar":
        told = ", ".join(codec["circles"]) or "nothing"
        return f"frequency {codec['freq']}, seasons of {', '.join(map(str, codec['seasons']))} steps; reads {told}"
    if codec["kind"] == "scales":
        return f"the scales of {codec['series']:,} series"
    marked = codec["may_be_missing"]
    if not codec["channels"]:
        return "nothing"
    names = f": {', '.join(codec['names'])}" if "names" in codec else ""
    return f"{codec['channels']} number{'s' if codec['channels'] > 1 else ''} at a time{names}" + (
        f", {marked} with missing values" if marked else ""
    )


def _output(config: dict[str, Any]) -> list[str]:
    if config["kind"] in ("EncoderDecoder", "OneToMany"):
        return ["y_t = W_ho tanh(W_c [context_t, h_t]) + b_o"]
    if config["kind"] == "StepsAhead":
        z = "z_k = silu(W_k h_t + U x_{t+k} + V s_k + b_k), k = 1 ... h"
        return [z, "y_{t+k} = reference_{t+k} + W_o (z_k + silu(M z_k)) + o_k"]
    both = config.get("bidirectional", False)
    step = "[h_t forward; h_t reverse]" if both else "h_t"
    if config["kind"] == "ManyToOne":
        last = "[h_T forward; h_1 reverse]" if both else "h_T"
        steps = f"{step}, t = 1 ... T" if both else "h_1 ... h_T"
        if config["pooling"] == "attention":
            scores = f"a_t = softmax_t(v^T tanh(W_a {step} + b_a))"
            return [scores, f"y = W_ho sum_t a_t {step} + b_o"]
        pooled = {"last": last, "mean": f"mean({steps})", "max": f"max({steps})"}[config["pooling"]]
        return [f"y = W_ho {pooled} + b_o"]
    if config.get("tie_embeddings"):
        projection = "" if config["embedding_size"] == config["hidden_size"] else "P "
        return [f"y_t = E {projection}{step} + b_o, with E the embedding"]
    return [f"y_t = W_ho {step} + b_o"]
